//! The one direct message to the owner of an action, on the morning it is due; before it leaves it is taken back where the action
//! changes or ends ([`keep_action`](crate::store::Store::keep_action)).

use crate::domain::calendar::WorkCalendar;
use crate::domain::card::{Button, Card, Line};
use crate::domain::post::Post;
use crate::domain::time::{At, DAY};
use crate::error::Failure;
use crate::features::Cx;
use crate::features::retention::MESSAGES_DAYS;
use crate::store::survey::{ActionItem, Standing};

use super::{CHANGE, DONE, DROP, category_name, cell_name, scope_of};

/// When it leaves.
fn morning(cx: &Cx, it: &ActionItem) -> At {
    let org = &cx.org.org;
    WorkCalendar::new(&org.calendar, org.zone_for(&scope_of(&it.node))).morning(it.due)
}

/// The message as it should stand. Its key names owner and day: who owns it later, or until another day, hears of that.
pub fn post(cx: &Cx, it: &ActionItem) -> Post {
    let name = format!("{}, {}", cell_name(cx, &it.node), category_name(cx, &it.category));
    let card = match it.standing {
        Standing::Open => Card {
            title: "Due today".into(),
            verdict: Line::plain("After the survey you took on: ").strong(&it.text).and(format!(" ({name}). Is it done?")),
            buttons: buttons(&format!("{} said", it.id)),
            ..Card::default()
        },
        _ => Card {
            title: "An action of yours".into(),
            verdict: Line::default().strong(&it.text).and(format!(" ({name}) is {}.", it.standing.word())),
            ..Card::default()
        },
    };
    Post {
        key: format!("action/{}/{}/{}", it.id, it.due, it.owner),
        channel: it.owner.clone(),
        thread_of: None,
        card,
        not_before: Some(morning(cx, it)),
        reminds_of: None,
    }
}

/// The message of an action that ended, where its owner has it before them.
pub fn ended(cx: &Cx, it: &ActionItem) -> Option<Post> {
    let age = cx.now.since(morning(cx, it));
    (cx.user() == it.owner && (0..(MESSAGES_DAYS - 1) * DAY).contains(&age)).then(|| post(cx, it))
}

/// The reminders of open actions that were never put into the outbox; a day after its morning it is too late for one.
pub async fn lost(cx: &Cx) -> Result<Vec<Post>, Failure> {
    let mut posts = Vec::new();
    let is_ahead = |it: &ActionItem| it.standing == Standing::Open && cx.now.since(morning(cx, it)) < DAY;
    for it in cx.store.actions().await?.iter().filter(|it| is_ahead(it)) {
        let post = post(cx, it);
        if !cx.store.said_any(&post.key).await? {
            posts.push(post);
        }
    }
    Ok(posts)
}

/// What one can do with an open action.
pub fn buttons(value: &str) -> Vec<Button> {
    let button = |label: &str, action: &str| Button { label: label.into(), action: action.into(), value: value.into(), primary: false };
    vec![button("Done", DONE.name), button("Change", CHANGE.name), button("Drop", DROP.name)]
}
