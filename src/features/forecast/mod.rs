//! `forecast`: when will a project be done, and how many items by a date, with the record of past forecasts?

use futures::future::BoxFuture;

use super::{Command, Cx, PERIOD, Reply};
use crate::domain::ask::{Ask, Words};
use crate::error::Failure;

/// The registration.
pub const COMMAND: Command = Command {
    name: "forecast",
    usage: "[PROJECT|project:P|team:T] [HORIZON]",
    summary: "when a project will be done, or how many items a team finishes, and how often such forecasts held",
    example: "forecast project:wallet 13w",
    private: false,
    words: Words::Names,
    period: PERIOD,
    recount: None,
    run: |cx, ask| -> BoxFuture<'_, _> { Box::pin(run(cx, ask)) },
};

async fn run(_cx: &Cx, _ask: Ask) -> Result<Reply, Failure> {
    Err(anyhow::anyhow!("not built yet").into())
}
