//! Leases: one row a slot of a job or subscription, so that of many replicas one runs it, and what came of it.
//!
//! A lease ends by itself: a slot that was taken and not finished until `again_at` may be taken by another, under a fence that grows
//! with each taking. Only the last fence finishes a slot: whoever was paused meanwhile changes nothing, says nothing and keeps
//! nothing in mind. Not for mutual exclusion while something runs: two may run at one time, but only one of them is heard.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::Store;
use super::outbox::{self, Wanted};
use crate::domain::time::{At, DAY};

/// How long rows of slots are kept.
const KEPT: i64 = 30 * DAY;

/// A slot that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Shown again when it is finished.
    pub fence: i64,
    /// How often it was taken, this time included.
    pub tries: i64,
}

/// A slot as it is kept, for who wonders why a channel is quiet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// When it was due.
    pub due_at: At,
    /// `said`, `quiet`, `skipped`, `failed`; none: under way.
    pub outcome: Option<String>,
    /// Why it said nothing, or what failed: one sentence.
    pub note: Option<String>,
}

/// What came of a slot; stored with its end or not at all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// What should stand in Slack.
    pub posts: Vec<Wanted>,
    /// The subscription behind it. Where it was paused, stopped or ended meanwhile, nothing is said and nothing kept in mind.
    pub subscription: Option<String>,
    /// What the subscription keeps in mind; none: as before.
    pub memory: Option<String>,
    /// `said`, `quiet`, `skipped`, `failed`.
    pub word: &'static str,
    /// One sentence: why it said nothing, or what failed.
    pub note: Option<String>,
    /// A failed slot is tried again then; none: this is its end.
    pub again_at: Option<At>,
}

impl Store {
    /// Takes the slot of a job until an instant; none where it is done, or somebody has it.
    pub async fn take_lease(&self, job: &str, due_at: At, holder: &str, until: At, now: At) -> Result<Option<Lease>> {
        let (job, holder) = (job.to_string(), holder.to_string());
        self.writer
            .write_unread(move |conn| {
                let (job, holder) = (job.clone(), holder.clone());
                Box::pin(async move {
                    let sql = "insert into lease (job, due_at, holder, taken_at, fence, tries, again_at) values ($1, $2, $3, $4, 1, 1, $5) \
                               on conflict (job, due_at) do update set holder = excluded.holder, taken_at = excluded.taken_at, \
                               fence = lease.fence + 1, tries = lease.tries + 1, again_at = excluded.again_at \
                               where lease.done_at is null and lease.again_at <= excluded.taken_at returning fence, tries";
                    let taken =
                        sqlx::query(sql).bind(job).bind(due_at.0).bind(holder).bind(now.0).bind(until.0).fetch_optional(conn).await?;
                    taken.map(|row| Ok(Lease { fence: row.try_get(0)?, tries: row.try_get(1)? })).transpose()
                })
            })
            .await
            .context("taking a lease")
    }

    /// Ends a slot with all that came of it, and forgets slots of the job that are a month old. False where the slot was taken over:
    /// then nothing is changed.
    pub async fn finish_lease(&self, job: &str, due_at: At, fence: i64, outcome: Outcome, now: At) -> Result<bool> {
        let job = job.to_string();
        let done = self
            .writer
            .write_unread(move |conn| {
                let (job, outcome) = (job.clone(), outcome.clone());
                Box::pin(async move { finish(conn, job, due_at, fence, outcome, now).await })
            })
            .await
            .context("finishing a lease")?;
        self.said.notify_one();
        Ok(done)
    }

    /// The latest slot of each job that is done and not later than an instant.
    pub async fn last_slots(&self, until: At) -> Result<BTreeMap<String, At>> {
        let sql = "select job, max(due_at) from lease where done_at is not null and due_at <= $1 group by job";
        let rows = sqlx::query(sql).bind(until.0).fetch_all(&self.pool).await.context("reading slots that are done")?;
        rows.iter().map(|row| Ok((row.try_get(0)?, At(row.try_get(1)?)))).collect()
    }

    /// The latest slots of a job, the newest first.
    pub async fn outcomes(&self, job: &str, count: i64) -> Result<Vec<Slot>> {
        let sql = "select due_at, outcome, note from lease where job = $1 order by due_at desc limit $2";
        let rows = sqlx::query(sql).bind(job.to_owned()).bind(count).fetch_all(&self.pool).await.context("reading what came of slots")?;
        rows.iter().map(slot).collect()
    }

    /// The last slot of each job of which something came.
    pub async fn last_outcomes(&self) -> Result<BTreeMap<String, Slot>> {
        let sql = "select l.due_at, l.outcome, l.note, l.job from lease l join (select job, max(due_at) as due_at from lease \
                   where outcome is not null group by job) last on last.job = l.job and last.due_at = l.due_at";
        let rows = sqlx::query(sql).fetch_all(&self.pool).await.context("reading the last slots")?;
        rows.iter().map(|row| Ok((row.try_get(3)?, slot(row)?))).collect()
    }

    /// How many slots somebody has now, or will try again.
    pub async fn leases_under_way(&self, now: At) -> Result<u64> {
        let sql = "select count(*) from lease where done_at is null and again_at > $1";
        let row = sqlx::query(sql).bind(now.0).fetch_one(&self.pool).await.context("counting leases")?;
        Ok(row.try_get::<i64, _>(0)?.unsigned_abs())
    }
}

fn slot(row: &AnyRow) -> Result<Slot> {
    Ok(Slot { due_at: At(row.try_get(0)?), outcome: row.try_get(1)?, note: row.try_get(2)? })
}

async fn finish(conn: &mut AnyConnection, job: String, due_at: At, fence: i64, outcome: Outcome, now: At) -> Result<bool> {
    let heard = match &outcome.subscription {
        Some(id) => speaks(conn, id, now).await?,
        None => true,
    };
    let (word, note) =
        if heard { (outcome.word, outcome.note) } else { ("skipped", Some("It was paused, stopped or ended while this ran.".to_owned())) };
    let done_at = if outcome.again_at.is_some() && heard { None } else { Some(now.0) };
    let sql = "update lease set done_at = $1, outcome = $2, note = $3, again_at = $4 \
               where job = $5 and due_at = $6 and fence = $7 and done_at is null";
    let ended = sqlx::query(sql)
        .bind(done_at)
        .bind(word)
        .bind(note)
        .bind(outcome.again_at.unwrap_or(now).0)
        .bind(job.clone())
        .bind(due_at.0)
        .bind(fence)
        .execute(&mut *conn)
        .await?;
    if ended.rows_affected() == 0 {
        return Ok(false);
    }
    if heard {
        outbox::put(conn, outcome.posts, now).await?;
        if let (Some(id), Some(memory)) = (outcome.subscription, outcome.memory) {
            sqlx::query("update subscription set memory = $1 where id = $2").bind(memory).bind(id).execute(&mut *conn).await?;
        }
    }
    let old = now.plus(-KEPT);
    sqlx::query("delete from lease where job = $1 and due_at < $2").bind(job).bind(old.0).execute(conn).await?;
    Ok(true)
}

/// Whether a subscription is there and speaks now.
async fn speaks(conn: &mut AnyConnection, id: &str, now: At) -> Result<bool> {
    let sql = "select 1 from subscription where id = $1 and (state = 'active' or (state = 'paused' and until_at <= $2))";
    Ok(sqlx::query(sql).bind(id.to_owned()).bind(now.0).fetch_optional(conn).await?.is_some())
}
