//! `retention`: how long are raw deliveries kept, and messages that pacer sent? The facts made from deliveries stay, and so do the
//! messages in Slack.

use futures::future::BoxFuture;

use super::{Cx, Job};
use crate::domain::time::DAY;
use crate::error::Failure;

/// The registration: nightly.
pub const JOB: Job = Job { name: "retention", cron: "40 3 * * *", run: |cx| -> BoxFuture<'_, _> { Box::pin(run(cx)) } };

/// Days after which a message that stands is not edited any more, and its row forgotten.
pub(super) const MESSAGES_DAYS: i64 = 30;

async fn run(cx: &Cx) -> Result<(), Failure> {
    let gone = cx.store.forget_deliveries(cx.now.plus(-i64::from(cx.retention_days) * DAY)).await?;
    tracing::info!(gone, days = cx.retention_days, "old raw deliveries deleted");
    let gone = cx.store.forget_messages(cx.now.plus(-MESSAGES_DAYS * DAY)).await?;
    tracing::info!(gone, days = MESSAGES_DAYS, "old messages forgotten");
    Ok(())
}
