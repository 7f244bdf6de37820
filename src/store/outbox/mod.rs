//! The outbox: every message that should stand in Slack, a row each, before any call is made.
//!
//! A row is `waiting` until it is claimed ([`sending`]), `sending` while Slack is called, `sent` once it stands as it should,
//! `parked` where it is not known whether it stands or Slack refuses it, and a person decides; `dropped` where it is not sent any
//! more. Said again with other words it waits again, to be edited; parked and dropped rows are not revived by that, but for a parked
//! one that surely was refused.
//!
//! Never to be used for answers to a press or command: those go out at once.

mod sending;

use anyhow::{Context, Result};
use sqlx::{AnyConnection, Row};

use super::Store;
use crate::domain::time::{At, DAY};

pub use sending::{Claim, Fate, Hold, Pace, WORKSPACE};

/// A message as it should stand, rendered.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Names the message.
    pub key: String,
    /// The subscription that says it.
    pub subscription: Option<String>,
    /// Slack id of a channel or person.
    pub channel: String,
    /// The key of the message in whose thread it stands.
    pub thread_of: Option<String>,
    /// Block Kit JSON.
    pub body: String,
    /// Not sent before.
    pub not_before: At,
    /// The wave of a survey of which it reminds whoever has not answered.
    pub reminds_of: Option<String>,
}

/// The outbox in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Depth {
    /// Messages that should have gone out by now.
    pub waiting: u64,
    /// Since when the first of them does.
    pub oldest: Option<At>,
    /// Messages of which a person must decide.
    pub parked: u64,
    /// Messages that were dropped since [`DROPPED_DAYS`] ago.
    pub dropped: u64,
    /// Why none leaves now, where that is so.
    pub held: Option<String>,
}

/// Dropped messages are told of for so long.
pub const DROPPED_DAYS: i64 = 7;

/// A message of which a person must decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// Names it.
    pub key: String,
    /// The subscription that says it.
    pub subscription: Option<String>,
    /// Slack id of a channel or person.
    pub channel: String,
    /// The key of the message in whose thread it stands.
    pub thread_of: Option<String>,
    /// When it was said.
    pub said_at: At,
    /// Why it is parked.
    pub problem: String,
    /// Whether it may stand in Slack already.
    pub may_stand: bool,
}

impl Store {
    /// Says messages that no slot stands behind: the answer to a press.
    pub async fn say(&self, posts: Vec<Wanted>, now: At) -> Result<()> {
        self.writer
            .write_unread(move |conn| {
                let posts = posts.clone();
                Box::pin(async move { put(conn, posts, now).await })
            })
            .await
            .context("putting messages into the outbox")?;
        self.said.notify_one();
        Ok(())
    }

    /// Whether any message has a key that begins so; letters, digits, `-` and `/` in it.
    pub async fn said_any(&self, prefix: &str) -> Result<bool> {
        let sql = "select count(*) from outbox where key like $1";
        let row = sqlx::query(sql).bind(format!("{prefix}%")).fetch_one(&self.pool).await.context("looking for messages")?;
        Ok(row.try_get::<i64, _>(0)? > 0)
    }

    /// Drops what is still to be sent under keys that begin so, and says why. Of a reminder nothing is left: what its row said would
    /// differ from the rows of those that are done.
    pub async fn unsay(&self, prefix: &str, problem: &str) -> Result<u64> {
        let (like, problem) = (format!("{prefix}%"), problem.to_owned());
        self.writer
            .write_unread(move |conn| {
                let (like, problem) = (like.clone(), problem.clone());
                Box::pin(async move {
                    let sql = "delete from outbox where key like $1 and state in ('waiting', 'parked') and reminds_of is not null";
                    let gone = sqlx::query(sql).bind(like.clone()).execute(&mut *conn).await?.rows_affected();
                    let sql = "update outbox set state = 'dropped', problem = $1 where key like $2 and state in ('waiting', 'parked')";
                    Ok(gone + sqlx::query(sql).bind(problem).bind(like).execute(conn).await?.rows_affected())
                })
            })
            .await
            .context("taking messages back")
    }

    /// Waits until this process puts something into the outbox.
    pub async fn something_said(&self) {
        self.said.notified().await;
    }

    /// The outbox in numbers.
    pub async fn outbox_depth(&self, now: At) -> Result<Depth> {
        let sql = "select count(case when state in ('waiting', 'sending') and not_before <= $1 then 1 end), \
                   min(case when state in ('waiting', 'sending') and not_before <= $1 \
                   then case when not_before > said_at then not_before else said_at end end), \
                   count(case when state = 'parked' then 1 end), count(case when state = 'dropped' and said_at > $2 then 1 end) \
                   from outbox where state <> 'sent'";
        let since = now.plus(-DROPPED_DAYS * DAY);
        let row = sqlx::query(sql).bind(now.0).bind(since.0).fetch_one(&self.pool).await.context("counting the outbox")?;
        let count = |at: usize| row.try_get::<i64, _>(at).map(i64::unsigned_abs);
        Ok(Depth {
            waiting: count(0)?,
            oldest: row.try_get::<Option<i64>, _>(1)?.map(At),
            parked: count(2)?,
            dropped: count(3)?,
            held: self.hold_of(WORKSPACE).await?.and_then(|hold| hold.problem),
        })
    }

    /// Messages of which a person must decide, the oldest first.
    pub async fn parked(&self) -> Result<Vec<Parked>> {
        let sql = "select key, subscription, channel, said_at, problem, asked_at, thread_of from outbox where state = 'parked' order by seq limit 1000";
        let rows = sqlx::query(sql).fetch_all(&self.pool).await.context("reading parked messages")?;
        let parked = |row: &sqlx::any::AnyRow| {
            Ok(Parked {
                key: row.try_get(0)?,
                subscription: row.try_get(1)?,
                channel: row.try_get(2)?,
                said_at: At(row.try_get(3)?),
                problem: row.try_get::<Option<String>, _>(4)?.unwrap_or_default(),
                thread_of: row.try_get(6)?,
                may_stand: row.try_get::<Option<i64>, _>(5)?.is_some(),
            })
        };
        rows.iter().map(parked).collect()
    }

    /// Sends a parked message again, and with it the parked ones of its thread; false where none of that key is parked.
    pub async fn resend(&self, key: &str, now: At) -> Result<bool> {
        // Said now: else it might be dropped at once for being late.
        let sql = "update outbox set state = 'waiting', asked_at = null, problem = null, tries = 0, said_at = $2 \
                   where state = 'parked' and (key = $1 or thread_of = $1)";
        self.decide(sql, key, now).await
    }

    /// Gives up a parked message and its thread; false where none of that key is parked.
    pub async fn give_up(&self, key: &str, now: At) -> Result<bool> {
        let sql = "update outbox set state = 'dropped', said_at = $2, problem = 'Somebody gave it up.' \
                   where state = 'parked' and (key = $1 or thread_of = $1)";
        self.decide(sql, key, now).await
    }

    async fn decide(&self, sql: &'static str, key: &str, now: At) -> Result<bool> {
        let key = key.to_owned();
        let done = self
            .writer
            .write_unread(move |conn| {
                let key = key.clone();
                Box::pin(async move { Ok(sqlx::query(sql).bind(key).bind(now.0).execute(conn).await?.rows_affected() > 0) })
            })
            .await
            .context("deciding of a parked message")?;
        self.said.notify_one();
        Ok(done)
    }

    /// Drops what is still to be sent to a channel, and says why.
    pub async fn drop_messages(&self, channel: &str, problem: &str) -> Result<u64> {
        let (channel, problem) = (channel.to_owned(), problem.to_owned());
        self.writer
            .write_unread(move |conn| {
                let (channel, problem) = (channel.clone(), problem.clone());
                Box::pin(async move {
                    let sql = "update outbox set state = 'dropped', problem = $1 where channel = $2 and state in ('waiting', 'parked')";
                    Ok(sqlx::query(sql).bind(problem).bind(channel).execute(conn).await?.rows_affected())
                })
            })
            .await
            .context("dropping messages")
    }

    /// Forgets messages that were sent or dropped before an instant, and no message of their thread waits. Said once more, such a
    /// message is posted anew.
    pub async fn forget_messages(&self, before: At) -> Result<u64> {
        self.writer
            .write_unread(move |conn| {
                Box::pin(async move {
                    let sql = "delete from outbox where state in ('sent', 'dropped') and said_at < $1 and coalesce(sent_at, 0) < $1 \
                               and not exists (select 1 from outbox reply where reply.thread_of = outbox.key and reply.state not in ('sent', 'dropped'))";
                    let gone = sqlx::query(sql).bind(before.0).execute(&mut *conn).await?.rows_affected();
                    sqlx::query("delete from outbox_channel where free_at < $1 and channel <> ''").bind(before.0).execute(conn).await?;
                    Ok(gone)
                })
            })
            .await
            .context("forgetting old messages")
    }
}

/// Takes back what Slack was never asked to post, of all messages whose key begins so: what they say is true no more.
pub(super) async fn take_back(conn: &mut AnyConnection, keys: &str) -> Result<()> {
    let sql = "delete from outbox where key like $1 and state = 'waiting' and ts is null and asked_at is null";
    sqlx::query(sql).bind(format!("{keys}%")).execute(conn).await?;
    Ok(())
}

/// A row for each message that is new or has other words.
pub(super) async fn put(conn: &mut AnyConnection, posts: Vec<Wanted>, now: At) -> Result<()> {
    for post in posts {
        let sql = "insert into outbox (key, seq, subscription, channel, thread_of, body, revision, sent_revision, state, not_before, said_at, tries, fence, reminds_of) \
                   values ($1, (select coalesce(max(seq), 0) + 1 from outbox), $2, $3, $4, $5, 1, 0, 'waiting', $6, $7, 0, 0, $8) \
                   on conflict (key) do update set body = excluded.body, revision = outbox.revision + 1, said_at = excluded.said_at, \
                   not_before = excluded.not_before, state = case when outbox.state = 'sent' then 'waiting' \
                   when outbox.state = 'parked' and outbox.asked_at is null then 'waiting' else outbox.state end \
                   where outbox.body <> excluded.body";
        sqlx::query(sql)
            .bind(post.key)
            .bind(post.subscription)
            .bind(post.channel)
            .bind(post.thread_of)
            .bind(post.body)
            .bind(post.not_before.0)
            .bind(now.0)
            .bind(post.reminds_of)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}
