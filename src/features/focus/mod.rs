//! `focus`: over how many projects is a team's work spread?

use futures::future::BoxFuture;

use super::{Command, Cx, PERIOD, Reply};
use crate::domain::ask::{Ask, Words};
use crate::error::Failure;

/// The registration.
pub const COMMAND: Command = Command {
    name: "focus",
    usage: "[team:T] [WINDOW]",
    summary: "over how many projects work is spread, and whether people work on one at a time",
    example: "focus team:payments 12w",
    private: false,
    words: Words::None,
    period: PERIOD,
    recount: None,
    run: |cx, ask| -> BoxFuture<'_, _> { Box::pin(run(cx, ask)) },
};

async fn run(_cx: &Cx, _ask: Ask) -> Result<Reply, Failure> {
    Err(anyhow::anyhow!("not built yet").into())
}
