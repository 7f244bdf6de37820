//! `whatif`: the same forecast with other scope, people, work in progress, or without another project.

use futures::future::BoxFuture;

use super::{Command, Cx, Reply};
use crate::domain::ask::{Ask, Words};
use crate::error::Failure;

/// The registration.
pub const COMMAND: Command = Command {
    name: "whatif",
    usage: "PROJECT [CHANGES]",
    summary: "a project's forecast with other scope, people, limit of work in progress, or without another project",
    example: "whatif project:wallet items:-9",
    private: false,
    words: Words::Ahead,
    period: "13w",
    recount: None,
    run: |cx, ask| -> BoxFuture<'_, _> { Box::pin(run(cx, ask)) },
};

async fn run(_cx: &Cx, _ask: Ask) -> Result<Reply, Failure> {
    Err(anyhow::anyhow!("not built yet").into())
}
