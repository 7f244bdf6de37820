//! An action ends: it is done, or dropped and why. Below the list the list is shown again; below the reminder, that it was taken.

use super::{DROPPED, list, open, reminder, told, too_late};
use crate::domain::card::{Card, Line};
use crate::domain::form::{Form, Input};
use crate::domain::post::Post;
use crate::error::Failure;
use crate::features::typed::{Typed, field, today};
use crate::features::{Cx, Effect, Press, default_scope};
use crate::store::survey::{ActionItem, Standing};

/// Characters of a reason; the least of them.
pub const REASON: usize = 300;
pub const LEAST_REASON: usize = 10;

/// The id, and whether it was pressed in the reminder.
fn read(value: &str) -> (&str, bool) {
    value.split_once(' ').map_or((value, false), |(id, _)| (id, true))
}

/// "Done".
pub async fn done(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (id, said) = read(&press.value);
    let seen = open(cx, id).await?;
    let it = ActionItem { standing: Standing::Done, ..seen.clone() };
    let (posts, it) = settle(cx, &seen, it).await?;
    let then = if said { Effect::Answer(ended(&it)) } else { Effect::Replace(Box::new(list::load(cx, &default_scope(cx)).await?)) };
    Ok(Effect::Say(posts, Box::new(then)))
}

/// "Drop": asks why.
pub async fn drop(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    open(cx, read(&press.value).0).await?;
    Ok(Effect::Form(form(press.value, "")))
}

fn form(value: String, why: &str) -> Form {
    Form {
        title: "Drop this action".into(),
        submit: "Drop it".into(),
        action: DROPPED.name.into(),
        state: value,
        fields: vec![field("why", "Why it is dropped", "Everybody who sees the action reads this.", false, Input::Lines(why.into()))],
    }
}

/// Why it is dropped.
pub async fn dropped(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let seen = open(cx, read(&press.value).0).await?;
    let mut typed = Typed::of(&press);
    let why = reason(&mut typed, "why");
    if typed.is_wrong() {
        return Ok(Effect::Wrong(form(press.value.clone(), &why), typed.into_wrong()));
    }
    let (posts, it) = settle(cx, &seen, ActionItem { standing: Standing::Dropped, why, ..seen.clone() }).await?;
    Ok(Effect::Say(posts, Box::new(Effect::Modal(ended(&it)))))
}

/// A reason that says something.
pub fn reason(typed: &mut Typed<'_>, field: &str) -> String {
    let why = typed.text(field, REASON);
    if why.chars().count() < LEAST_REASON {
        typed.wrong(field, format!("Say why in at least {LEAST_REASON} characters: people took the time to answer."));
    }
    why
}

async fn settle(cx: &Cx, seen: &ActionItem, it: ActionItem) -> Result<(Vec<Post>, ActionItem), Failure> {
    let it = ActionItem { settled_on: Some(today(cx, &super::scope_of(&it.node))), ..it };
    if !cx.store.change_action(seen, it.clone()).await? {
        return Err(too_late().into());
    }
    let mut posts = told(cx, &it.wave).await?;
    posts.extend(reminder::ended(cx, &it));
    Ok((posts, it))
}

fn ended(it: &ActionItem) -> Box<Card> {
    let said = if it.standing == Standing::Done { " is done. Thank you." } else { " is dropped, and the reason stands beside it." };
    Box::new(Card {
        command: "pulse".into(),
        title: "You said, we do".into(),
        verdict: Line::default().strong(&it.text).and(said),
        ..Card::default()
    })
}
