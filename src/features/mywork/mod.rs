//! `mywork`: what am I working on, and what is it for?
//!
//! Work items assigned to the asker: those in progress (the tool says so, or the asker has an open change for them), then those
//! not begun; each with its age in working time, its portfolio project and the objective behind that. Where an item
//! leads is told by the one rule of [`portfolio`](crate::domain::portfolio); a project of the tracker that nobody declared leads nowhere. An
//! item that leads nowhere says how it can be connected, since goals without work and work without goals are what a programme runs aground on.
//!
//! Private: shown to the asker alone, never shared, never asked about somebody else. Never to be used to count what anybody
//! does.
//!
//! JSON: `items`, each `{"source","id","title","url","status","begun","since","working_seconds","project","objective"}`, and
//! `changes`, each `{"source","id","repository","title","url","item","standing","working_seconds"}`; a working day has 86,400
//! seconds. `window` is the instant of asking. Where the asker is not known, `known` is false.

mod card;
mod compute;

use futures::future::BoxFuture;

use super::{Command, Cx, PERIOD, Reply, me};
use crate::domain::ask::{Ask, Words};
use crate::error::Failure;

/// The registration.
pub const COMMAND: Command = Command {
    name: "mywork",
    usage: "",
    summary: "for your eyes only: your work in progress, its project, and the objective behind it",
    example: "mywork",
    private: true,
    words: Words::None,
    period: PERIOD,
    recount: None,
    run: |cx, ask| -> BoxFuture<'_, _> { Box::pin(run(cx, ask)) },
};

async fn run(cx: &Cx, ask: Ask) -> Result<Reply, Failure> {
    me::refuse_arguments(cx, &ask)?;
    let Some(me) = me::me(cx).await? else { return Ok(me::unknown(cx, &ask.command)) };
    let items = cx.store.open_items_of(&me.met, cx.now).await?;
    let changes = cx.store.open_changes_of(cx.now, |change| me.made(change)).await?;
    let work = compute::compute(items, changes, &cx.org.org, &me.calendar, cx.now);
    let health = cx.health(cx.now).await?;
    Ok(Reply::Card(Box::new(card::card(&work, &cx.org.org, me.note(), me.instant(cx.now), health))))
}

#[cfg(test)]
mod tests;
