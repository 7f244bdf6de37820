//! Leases: one row a slot of a job or subscription, so that of many replicas one runs it, and what came of it.

use anyhow::{Context, Result};
use sqlx::Row;

use super::Store;
use super::outbox::{self, Wanted};
use crate::domain::time::{At, DAY};

/// What came of a slot; stored with its end or not at all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// What should stand in Slack.
    pub posts: Vec<Wanted>,
    /// The subscription whose memory this becomes.
    pub memory: Option<(String, String)>,
    /// `said`, `quiet`, `skipped`, `failed`.
    pub word: &'static str,
    /// One sentence: why it said nothing, or what failed.
    pub note: Option<String>,
}

impl Store {
    /// Takes the slot of a job; false where somebody has it.
    pub async fn take_lease(&self, job: &str, due_at: At, holder: &str, now: At) -> Result<bool> {
        let (job, holder) = (job.to_string(), holder.to_string());
        self.writer
            .write_unread(move |conn| {
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

    /// Ends a slot with all that came of it, and forgets slots of the job that are a month old.
    pub async fn finish_lease(&self, job: &str, due_at: At, outcome: Outcome, now: At) -> Result<()> {
        let job = job.to_string();
        self.writer
            .write_unread(move |conn| {
                let (job, outcome) = (job.clone(), outcome.clone());
                Box::pin(async move {
                    sqlx::query("update lease set done_at = $1, outcome = $4, note = $5 where job = $2 and due_at = $3")
                        .bind(now.0)
                        .bind(job.clone())
                        .bind(due_at.0)
                        .bind(outcome.word)
                        .bind(outcome.note)
                        .execute(&mut *conn)
                        .await?;
                    outbox::put(conn, outcome.posts, now).await?;
                    if let Some((subscription, memory)) = outcome.memory {
                        sqlx::query("update subscription set memory = $1 where id = $2")
                            .bind(memory)
                            .bind(subscription)
                            .execute(&mut *conn)
                            .await?;
                    }
                    let old = now.plus(-30 * DAY);
                    sqlx::query("delete from lease where job = $1 and due_at < $2").bind(job).bind(old.0).execute(conn).await?;
                    Ok(())
                })
            })
            .await
            .context("finishing a lease")
    }

    /// What came of the latest slots of a job, the newest first: when it was due, the word, the note.
    pub async fn outcomes(&self, job: &str, count: i64) -> Result<Vec<(At, Option<String>, Option<String>)>> {
        let sql = "select due_at, outcome, note from lease where job = $1 order by due_at desc limit $2";
        let rows = sqlx::query(sql).bind(job.to_owned()).bind(count).fetch_all(&self.pool).await.context("reading what came of slots")?;
        rows.iter().map(|row| Ok((At(row.try_get(0)?), row.try_get(1)?, row.try_get(2)?))).collect()
    }
}
