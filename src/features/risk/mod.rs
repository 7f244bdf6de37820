//! `risk`: which projects may need intervention, why, and what would change it?

use futures::future::BoxFuture;

use super::{Command, Cx, PERIOD, Reply};
use crate::domain::ask::{Ask, Words};
use crate::error::Failure;

/// The registration.
pub const COMMAND: Command = Command {
    name: "risk",
    usage: "[team:T|project:P]",
    summary: "projects that may need intervention, why, what would change it, and how past warnings turned out",
    example: "risk",
    private: false,
    words: Words::Names,
    period: PERIOD,
    recount: None,
    run: |cx, ask| -> BoxFuture<'_, _> { Box::pin(run(cx, ask)) },
};

async fn run(_cx: &Cx, _ask: Ask) -> Result<Reply, Failure> {
    Err(anyhow::anyhow!("not built yet").into())
}
