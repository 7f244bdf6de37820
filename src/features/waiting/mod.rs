//! `waiting`: what waits for me? Reviews that I am asked for, and my own changes whose next step is mine.
//!
//! A review waits from the moment at which the change was ready until I review it; where I am asked again, from my last review
//! on. My own change waits for me when somebody asks for changes, or approved it and it is not merged. All in working time:
//! weekends and holidays of the organisation file do not count.
//!
//! Private: shown to the asker alone, never shared, never asked about somebody else. Never to be used to tell how fast
//! anybody reviews: nothing here says who else is asked.
//!
//! JSON: `reviews`, `own` and `unreviewed`, each a list of `{"source","id","repository","title","url","since",
//! "working_seconds","again","standing"}`; a working day has 86,400 seconds. `window` is the instant of asking. Where the asker is
//! not known, `known` is false.

pub(super) mod card;
pub mod compute;

use futures::future::BoxFuture;

use super::{Command, Cx, PERIOD, Reply, me};
use crate::domain::ask::{Ask, Words};
use crate::error::Failure;

/// The registration.
pub const COMMAND: Command = Command {
    name: "waiting",
    usage: "",
    summary: "for your eyes only: reviews that wait for you, and your own changes that do",
    example: "waiting",
    private: true,
    words: Words::None,
    period: PERIOD,
    recount: None,
    run: |cx, ask| -> BoxFuture<'_, _> { Box::pin(run(cx, ask)) },
};

async fn run(cx: &Cx, ask: Ask) -> Result<Reply, Failure> {
    me::refuse_arguments(cx, &ask)?;
    let Some(me) = me::me(cx).await? else { return Ok(me::unknown(cx, &ask.command)) };
    let changes = cx.store.open_changes_of(cx.now, |change| me.is_in(change)).await?;
    let waiting = compute::compute(&changes, |word, source| me.is(word, source), &me.calendar, cx.now);
    let health = cx.health(cx.now).await?;
    Ok(Reply::Card(Box::new(card::card(&waiting, me.note(), me.instant(cx.now), health))))
}

#[cfg(test)]
mod tests;
