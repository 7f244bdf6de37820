//! `retention`: how long are raw deliveries kept? The facts made from them stay.

use futures::future::BoxFuture;

use super::{Cx, Job};
use crate::domain::time::DAY;
use crate::error::Failure;

/// The registration: nightly.
pub const JOB: Job = Job { name: "retention", cron: "40 3 * * *", run: |cx| -> BoxFuture<'_, _> { Box::pin(run(cx)) } };

async fn run(cx: &Cx) -> Result<(), Failure> {
    let gone = cx.store.forget_deliveries(cx.now.plus(-i64::from(cx.retention_days) * DAY)).await?;
    tracing::info!(gone, days = cx.retention_days, "old raw deliveries deleted");
    Ok(())
}
