//! The outbox: every message that should stand in Slack, a row each, before any call is made.

use anyhow::{Context, Result};
use sqlx::AnyConnection;

use super::Store;
use crate::domain::time::At;

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
            .context("putting messages into the outbox")
    }
}

/// A row for each message that is new or has other words.
pub(super) async fn put(conn: &mut AnyConnection, posts: Vec<Wanted>, now: At) -> Result<()> {
    for post in posts {
        let sql = "insert into outbox (key, subscription, channel, thread_of, body, revision, sent_revision, state, not_before, said_at, tries, fence) \
                   values ($1, $2, $3, $4, $5, 1, 0, 'waiting', $6, $7, 0, 0) on conflict (key) do update set body = excluded.body, \
                   revision = outbox.revision + 1, said_at = excluded.said_at, state = case when outbox.state = 'sent' then 'waiting' else outbox.state end \
                   where outbox.body <> excluded.body";
        sqlx::query(sql)
            .bind(post.key)
            .bind(post.subscription)
            .bind(post.channel)
            .bind(post.thread_of)
            .bind(post.body)
            .bind(post.not_before.0)
            .bind(now.0)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}
