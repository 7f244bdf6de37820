//! An action is written or changed: what we do, who, until when; or why there is none.

use chrono::Days;

use super::press::{LEAST_REASON, reason};
use super::{SENT, category_name, cell_name, may_add, open, reminder, scope_of, told, too_late};
use crate::domain::card::{Card, Line};
use crate::domain::form::{Field, Form, Input};
use crate::domain::words;
use crate::error::{Failure, Kind, UserError};
use crate::features::typed::{Typed, field, today};
use crate::features::{Cx, Effect, Press};
use crate::store::receipts::new_id;
use crate::store::survey::{ActionItem, Frozen, Standing, State};

/// Characters of what we do.
const TEXT: usize = 300;
/// Days ahead that a date may be, and the one that is offered.
const AHEAD: u64 = 180;
const OFFERED: u64 = 28;
/// Before the id of an action that is not kept yet.
const NEW: &str = "new:";

/// What a form is about.
struct About {
    wave: String,
    cell: String,
    frozen: Frozen,
    /// The action's id: the form says which it will have, so that one that is sent twice is one action.
    id: String,
    /// The action that it changes.
    seen: Option<ActionItem>,
}

/// "Add an action".
pub async fn add(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let state = format!("{} {NEW}{}", press.value, new_id());
    let about = about(cx, &state).await?;
    let due = today(cx, &scope_of(&about.cell)).checked_add_days(Days::new(OFFERED)).unwrap_or_default();
    let first = categories(&about.frozen).into_iter().next().unwrap_or_default();
    let values = [first, String::new(), cx.user(), due.to_string(), String::new()];
    Ok(Effect::Form(form(cx, &about, &state, &values)))
}

/// "Change".
pub async fn change(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let it = open(cx, press.value.split(' ').next().unwrap_or_default()).await?;
    let state = format!("{} {} {}", it.wave, it.node, it.id);
    let about = about(cx, &state).await?;
    let values = [it.category, it.text, it.owner, it.due.to_string(), String::new()];
    Ok(Effect::Form(form(cx, &about, &state, &values)))
}

/// What the state names, if the asker may write there.
async fn about(cx: &Cx, state: &str) -> Result<About, Failure> {
    let hint = "`/metrics pulse actions` lists what was promised, and what waits for an action.";
    let refused = |kind: Kind, message: &str| Failure::from(UserError::new(kind, message, hint));
    let words: Vec<&str> = state.split(' ').collect();
    let [wave, cell, id] = &words[..] else { return Err(refused(Kind::NotUnderstood, "This button names no survey.")) };
    let is_closed = cx.store.wave(wave).await?.is_some_and(|it| it.state == State::Closed);
    let frozen = cx.store.frozen_wave(wave).await?.filter(|it| it.tree.find(cell).is_some());
    let Some(frozen) = frozen.filter(|_| is_closed) else {
        return Err(refused(Kind::NotUnderstood, "This survey is not closed, or has no such group, so there is nothing to act on."));
    };
    let (id, seen) = match id.strip_prefix(NEW) {
        Some(id) => (id, None),
        None => (*id, Some(open(cx, id).await?)),
    };
    if seen.is_none() && !may_add(cx, &frozen, cell) {
        let message = format!("An action for {} is for those who count in it, for its leads and for admins.", cell_name(cx, cell));
        return Err(refused(Kind::NotAllowed, &message));
    }
    Ok(About { wave: (*wave).to_owned(), cell: (*cell).to_owned(), frozen, id: id.to_owned(), seen })
}

/// The categories of a wave, in the order they were asked.
fn categories(frozen: &Frozen) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for item in &frozen.rules.items {
        if !all.contains(&item.category) {
            all.push(item.category.clone());
        }
    }
    all
}

fn form(cx: &Cx, about: &About, state: &str, [category, text, owner, due, why]: &[String; 5]) -> Form {
    let options = categories(&about.frozen).into_iter().map(|id| (id.clone(), category_name(cx, &id))).collect();
    let owner = Some(owner.clone()).filter(|owner| !owner.is_empty()).into_iter().collect();
    let is_new = about.seen.is_none();
    let because = format!("Instead of an action, in at least {LEAST_REASON} characters. Everybody reads it.");
    let mut fields: Vec<Field> = vec![
        field(
            "category",
            "About",
            &format!("What was asked of {}.", cell_name(cx, &about.cell)),
            false,
            Input::Select(options, Some(category.clone())),
        ),
        field("text", "What we do", "One step that can be seen when it is done.", is_new, Input::Lines(text.clone())),
        field("owner", "Owner", "One person. They hear of it once, on the morning it is due.", is_new, Input::People(owner)),
        field("due", "Due", "", is_new, Input::Date(due.parse().ok())),
    ];
    if is_new {
        fields.push(field("why", "Or: no action, because", &because, true, Input::Lines(why.clone())));
    }
    let title = if is_new { "You said, we do" } else { "Change an action" };
    Form { title: title.into(), submit: "Keep it".into(), action: SENT.name.into(), state: state.to_owned(), fields }
}

/// The form sent.
pub async fn sent(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let about = about(cx, &press.value).await?;
    let mut typed = Typed::of(&press);
    let it = read(cx, &about, &mut typed);
    if typed.is_wrong() {
        let values = ["category", "text", "owner", "due", "why"].map(|field| typed.raw(field).to_owned());
        return Ok(Effect::Wrong(form(cx, &about, &press.value, &values), typed.into_wrong()));
    }
    match &about.seen {
        Some(seen) if !cx.store.change_action(seen, it.clone()).await? => return Err(too_late().into()),
        Some(_) => {}
        None if cx.store.actions().await?.iter().any(|known| known.id == it.id) => {} // sent twice
        None => cx.store.keep_action(it.clone()).await?,
    }
    let mut posts = told(cx, &it.wave).await?;
    if it.standing == Standing::Open {
        posts.push(reminder::post(cx, &it));
    }
    Ok(Effect::Say(posts, Box::new(Effect::Modal(Box::new(kept(cx, &it))))))
}

fn read(cx: &Cx, about: &About, typed: &mut Typed<'_>) -> ActionItem {
    let category = categories(&about.frozen).into_iter().find(|id| id == typed.raw("category")).unwrap_or_default();
    if category.is_empty() {
        typed.wrong("category", "Choose what it is about.");
    }
    let today = today(cx, &scope_of(&about.cell));
    let author = about.seen.as_ref().map_or_else(|| cx.user(), |seen| seen.author.clone());
    let it = ActionItem {
        id: about.id.clone(),
        wave: about.wave.clone(),
        node: about.cell.clone(),
        category,
        text: String::new(),
        owner: author.clone(),
        due: today,
        standing: Standing::None,
        author,
        why: String::new(),
        settled_on: None,
    };
    let (has_text, has_why) = (!typed.raw("text").is_empty(), !typed.raw("why").is_empty());
    if has_text && has_why {
        typed.wrong("why", "Either what we do, or why there is no action: clear one of the two.");
        return it;
    }
    if has_why && about.seen.is_none() {
        return ActionItem { text: reason(typed, "why"), ..it };
    }
    let text = typed.needed("text", TEXT, "Say what will be done, or below why there is no action.");
    let owner = typed.person("owner", &cx.org.org);
    ActionItem { text, owner, due: typed.day("due", today, AHEAD), standing: Standing::Open, ..it }
}

fn kept(cx: &Cx, it: &ActionItem) -> Card {
    let name = cell_name(cx, &it.node);
    let verdict = if it.standing == Standing::Open {
        let due = words::day(it.due, today(cx, &scope_of(&it.node)));
        Line::plain(format!("{name}: ")).strong(&it.text).and(", by ").mention(&it.owner).and(format!(", due {due}."))
    } else {
        Line::plain(format!("{name}: no action, because ")).strong(&it.text).and(".")
    };
    let next = Line::plain("The results say so too. ").code("/metrics pulse actions").and(" lists what was promised.");
    Card { title: "Kept".into(), verdict, notes: vec![next], ..Card::default() }
}
