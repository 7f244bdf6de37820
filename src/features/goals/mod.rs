//! `goals`: improvements that were declared, and whether they are taking hold.

use futures::future::BoxFuture;

use super::{Command, Cx, PERIOD, Reply};
use crate::domain::ask::{Ask, Words};
use crate::error::Failure;

/// The registration.
pub const COMMAND: Command = Command {
    name: "goals",
    usage: "[improvement ID] [team:T]",
    summary: "improvements that a team declared, and whether each is taking hold",
    example: "goals",
    private: false,
    words: Words::Names,
    period: PERIOD,
    recount: None,
    run: |cx, ask| -> BoxFuture<'_, _> { Box::pin(run(cx, ask)) },
};

async fn run(_cx: &Cx, _ask: Ask) -> Result<Reply, Failure> {
    Err(anyhow::anyhow!("not built yet").into())
}
