//! `digest`: a channel hears by itself, once a week, what changed for its team, what needs a look, and one question to talk about.
//!
//! Weekly for a meeting or a Monday, of a team, of several together, or for leadership each against itself. One message a slot: the
//! verdict, at most three changes with size, n and receipt, at most three things that need a look, a thank-you to the team, a question;
//! all figures in its thread. Where nothing is new nothing is posted, and the list here says so. What counts as a change stands in
//! `change.rs`, what is told again in `compute.rs`.
//!
//! Anybody in a channel subscribes it, and may pause it, snooze it for a week or make it rarer: a message that nobody can quiet is noise.
//! Whoever subscribed it, and admins, may change or end it. A digest of a team that keeps its figures to its members can be subscribed
//! by one of them or an admin only; then everybody in that channel reads it, and the form says so.
//!
//! Never to be used to report on persons: nothing in it is about one, and who pressed "Useful" is not kept.
//!
//! JSON: `subscriptions`, each `{"id","channel","about","template","when","crontab","zone","author","state","until","next","last":{"at","outcome","note"},"useful"}`.

mod card;
mod change;
mod compute;
mod facts;
mod form;
mod leadership;
mod list;
mod planning;
mod press;
mod settings;
mod slot;
mod when;

use futures::future::BoxFuture;

use super::{Command, Cx, PERIOD, Reply, Subscribed};
use crate::domain::ask::{Ask, Words};
use crate::domain::time::DAY;
use crate::error::Failure;
pub use form::{CHANGE, SENT, SUBSCRIBE};
pub use press::{DETAILS, END, LESS, ONE, PAUSE, PREVIEW, RESUME, SNOOZE, USEFUL};

/// The registration.
pub const COMMAND: Command = Command {
    name: "digest",
    usage: "[ID]",
    summary: "what this channel hears each week, and forms to subscribe it, change it or quiet it",
    example: "digest",
    private: false,
    words: Words::Names,
    period: PERIOD,
    recount: None,
    run: |cx, ask| -> BoxFuture<'_, _> { Box::pin(run(cx, ask)) },
};

/// The registration of its slots. One that was missed is made up for within a day.
pub const SUBSCRIBED: Subscribed =
    Subscribed { kind: KIND, grace: DAY, describe: list::described, run: |cx, due| -> BoxFuture<'_, _> { Box::pin(slot::run(cx, due)) } };

/// The kind of its subscriptions.
const KIND: &str = "digest";

async fn run(cx: &Cx, ask: Ask) -> Result<Reply, Failure> {
    if let Some(id) = ask.words.first() {
        let subscription = press::subscription(cx, id).await?;
        return Ok(Reply::Card(Box::new(list::one(cx, &subscription).await?)));
    }
    Ok(Reply::Card(Box::new(list::all(cx).await?)))
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
