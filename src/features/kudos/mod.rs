//! `kudos`: thanks somebody for a decision made on data; stopping a metric counts.
//!
//! Who is thanked is asked first, and only with their word does it stand in the channel. Whoever thanks hears nothing of another answer.
//! No counts, no ranking, no list by person: `kudos` alone shows what was shared in this channel. What is not answered is forgotten
//! after [`DAYS`]; what is declined, or kept between the two, at once.
//!
//! | file | does |
//! |---|---|
//! | `form` | to whom, for what, by which evidence, where |
//! | `message` | the question to who is thanked, and what stands in the channel |
//!
//! JSON: `kudos`, each `{"at","giver","receiver","decision","evidence"}`.

mod form;
mod message;

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::{Action, Command, Cx, Effect, PERIOD, Press, Reply};
use crate::domain::ask::{Ask, Words};
use crate::domain::card::{Button, Card, Line, Part};
use crate::domain::words;
use crate::error::{Failure, Kind, UserError};
use crate::store::notes::Kudos;

/// The registration.
pub const COMMAND: Command = Command {
    name: "kudos",
    usage: "[@WHO for DECISION]",
    summary: "thanks somebody for a decision made on data, in a channel if they agree; nothing is counted",
    example: "kudos",
    private: false,
    words: Words::Prose,
    period: PERIOD,
    recount: None,
    run: |cx, ask| -> BoxFuture<'_, _> { Box::pin(run(cx, ask)) },
};

/// "Thank somebody".
pub const THANK: Action = Action {
    name: "kudos_thank",
    run: |cx, _| -> BoxFuture<'_, _> { Box::pin(std::future::ready(Ok(Effect::Form(form::typed(cx, &[]))))) },
};
/// The form. State: the id that it will have.
pub const SENT: Action = Action { name: "kudos_sent", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(form::sent(cx, press)) } };
/// "Yes, share". Value: its id, as of the next two.
pub const SHARE: Action =
    Action { name: "kudos_share", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(answered(cx, press, message::Answer::Share)) } };
/// "Keep it between us".
pub const KEEP: Action =
    Action { name: "kudos_keep", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(answered(cx, press, message::Answer::Keep)) } };
/// "No, thanks".
pub const DECLINE: Action =
    Action { name: "kudos_decline", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(answered(cx, press, message::Answer::Decline)) } };

/// What is not answered for so long is forgotten.
pub const DAYS: i64 = 30;
/// Those that are shown of a channel.
const SHOWN: i64 = 10;

async fn run(cx: &Cx, ask: Ask) -> Result<Reply, Failure> {
    if ask.words.is_empty() {
        return Ok(Reply::Card(Box::new(list(cx).await?)));
    }
    if cx.asker.is_none() {
        let hint = "Type it there: `/metrics kudos`.";
        return Err(UserError::new(Kind::NotAllowed, "Somebody is thanked in Slack.", hint).into());
    }
    Ok(Reply::Form(form::typed(cx, &ask.words)))
}

/// The channel in which it is asked; none in a direct message or a terminal.
fn here(cx: &Cx) -> Option<&str> {
    cx.asker.as_ref().and_then(|asker| asker.channel.as_deref()).filter(|channel| channel.starts_with(['C', 'G']))
}

async fn list(cx: &Cx) -> Result<Card, Failure> {
    let shared = match here(cx) {
        Some(channel) => cx.store.shared_kudos(channel, SHOWN).await?,
        None => Vec::new(),
    };
    let verdict = match here(cx) {
        None => Line::plain("In a channel this shows what was shared there."),
        Some(_) if shared.is_empty() => Line::plain("Nothing was shared in this channel yet."),
        Some(channel) => Line::plain("Shared in ").mention(channel).and(" last:"),
    };
    let zone = cx.org.org.time_zone.unwrap_or_default();
    let line = |it: &Kudos| {
        let line = Line::plain(format!("{} · ", words::date(it.at, cx.now, zone))).mention(&it.giver).and(" thanks ");
        line.mention(&it.receiver).and(" for ").strong(&it.decision)
    };
    let what = "For a decision made on data, such as to stop a metric that misled. They are asked first; nothing is counted.";
    let button = Button { label: "Thank somebody".into(), action: THANK.name.into(), value: String::new(), primary: true };
    let mut data = serde_json::Map::new();
    data.insert("kudos".into(), shared.iter().map(row).collect());
    Ok(Card {
        command: "kudos".into(),
        title: "Kudos".into(),
        verdict,
        parts: if shared.is_empty() { Vec::new() } else { vec![Part::List(shared.iter().map(line).collect(), None)] },
        notes: vec![Line::plain(what)],
        buttons: if cx.asker.is_some() { vec![button] } else { Vec::new() },
        data,
        ..Card::default()
    })
}

fn row(it: &Kudos) -> Value {
    json!({"at": it.at, "giver": it.giver, "receiver": it.receiver, "decision": it.decision, "evidence": it.evidence})
}

/// What the receiver says; said twice it is said once.
async fn answered(cx: &Cx, press: Press, answer: message::Answer) -> Result<Effect, Failure> {
    let share = answer == message::Answer::Share;
    let Some(it) = cx.store.answer_kudos(&press.value, &cx.user(), share, cx.now).await? else {
        let hint = format!("What waits for longer than {DAYS} days is forgotten.");
        return Err(UserError::new(Kind::NotUnderstood, "This was answered already, is forgotten, or is not for you.", hint).into());
    };
    if it.shared && !share {
        let hint = "Ask whoever may delete messages there to take it out of the channel.";
        return Err(UserError::new(Kind::NotAllowed, "You shared this already, so it stands in the channel.", hint).into());
    }
    let mut posts = vec![message::question(&it, Some(answer))];
    if share {
        posts.push(message::shared(&it));
    }
    let card = Card { title: "Kudos".into(), verdict: message::said(&it, answer), ..Card::default() };
    Ok(Effect::Say(posts, Box::new(Effect::Answer(Box::new(card)))))
}
