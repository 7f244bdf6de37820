//! Leases: one row a slot of a job, so that of many replicas one runs it.

use anyhow::{Context, Result};

use super::Store;
use crate::domain::time::At;

impl Store {
    /// Takes the slot of a job; false where somebody has it.
    pub async fn take_lease(&self, job: &str, due_at: At, holder: &str, now: At) -> Result<bool> {
        let (job, holder) = (job.to_string(), holder.to_string());
        self.writer
            .write(move |conn| {
                let (job, holder) = (job.clone(), holder.clone());
                Box::pin(async move {
                    let sql =
                        "insert into lease (job, due_at, holder, taken_at) values ($1, $2, $3, $4) on conflict (job, due_at) do nothing";
                    let done = sqlx::query(sql).bind(job).bind(due_at.0).bind(holder).bind(now.0).execute(conn).await?;
                    Ok(done.rows_affected() == 1)
                })
            })
            .await
            .context("taking a lease")
    }

    /// Notes that the slot's work is done, and forgets slots that are a month old.
    pub async fn finish_lease(&self, job: &str, due_at: At, now: At) -> Result<()> {
        let job = job.to_string();
        self.writer
            .write(move |conn| {
                let job = job.clone();
                Box::pin(async move {
                    sqlx::query("update lease set done_at = $1 where job = $2 and due_at = $3")
                        .bind(now.0)
                        .bind(job.clone())
                        .bind(due_at.0)
                        .execute(&mut *conn)
                        .await?;
                    let old = now.plus(-30 * crate::domain::time::DAY);
                    sqlx::query("delete from lease where job = $1 and due_at < $2").bind(job).bind(old.0).execute(conn).await?;
                    Ok(())
                })
            })
            .await
            .context("finishing a lease")
    }
}
