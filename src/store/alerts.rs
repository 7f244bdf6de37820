//! What people say below alerts, that they have seen to it or that it is wrong; and how many alerts a channel heard.

use anyhow::{Context, Result};
use sqlx::Row;

use super::Store;
use super::outbox::Wanted;
use crate::domain::time::{At, WEEK};

/// What somebody said of an episode of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// When the episode began.
    pub episode: At,
    /// `acknowledged` or `wrong`.
    pub kind: String,
    /// Slack id.
    pub person: String,
    /// When.
    pub at: At,
    /// Of a wrong one: `too_sensitive`, `wrong_data`, `expected`.
    pub choice: Option<String>,
    /// Why, in that person's words.
    pub words: Option<String>,
}

impl Store {
    /// Keeps what somebody said. Said again by the same person it takes the place of what they said before, but keeps its time.
    pub async fn keep_mark(&self, alert: &str, mark: Mark) -> Result<()> {
        let alert = alert.to_owned();
        self.writer
            .write_unread(move |conn| {
                let (alert, mark) = (alert.clone(), mark.clone());
                Box::pin(async move {
                    let sql = "insert into alert_mark (subscription, episode, kind, person, at, choice, words) values ($1, $2, $3, $4, $5, $6, $7) \
                               on conflict (subscription, episode, kind, person) do update set choice = excluded.choice, words = excluded.words";
                    sqlx::query(sql)
                        .bind(alert)
                        .bind(mark.episode.0)
                        .bind(mark.kind)
                        .bind(mark.person)
                        .bind(mark.at.0)
                        .bind(mark.choice)
                        .bind(mark.words)
                        .execute(conn)
                        .await?;
                    Ok(())
                })
            })
            .await
            .context("keeping what somebody said of an alert")
    }

    /// What people said of an alert, in the order they said it.
    pub async fn marks(&self, alert: &str) -> Result<Vec<Mark>> {
        let sql = "select episode, kind, person, at, choice, words from alert_mark where subscription = $1 order by at, person, kind";
        let rows = sqlx::query(sql).bind(alert.to_owned()).fetch_all(&self.pool).await.context("reading what people said of an alert")?;
        let mark = |row: &sqlx::any::AnyRow| {
            Ok(Mark {
                episode: At(row.try_get(0)?),
                kind: row.try_get(1)?,
                person: row.try_get(2)?,
                at: At(row.try_get(3)?),
                choice: row.try_get(4)?,
                words: row.try_get(5)?,
            })
        };
        rows.iter().map(mark).collect()
    }

    /// Takes a place for a message among those that a channel hears in seven days; false where it heard `most` already. Asked
    /// again for the same message the answer stays the same.
    pub async fn take_alert_place(&self, channel: &str, key: &str, most: u64, now: At) -> Result<bool> {
        let (channel, key) = (channel.to_owned(), key.to_owned());
        self.writer
            .write_unread(move |conn| {
                let (channel, key) = (channel.clone(), key.clone());
                Box::pin(async move {
                    let row = sqlx::query("select count(*) from alert_told where key = $1").bind(key.clone()).fetch_one(&mut *conn).await?;
                    if row.try_get::<i64, _>(0)? > 0 {
                        return Ok(true);
                    }
                    let heard = "select count(*) from alert_told where channel = $1 and at > $2";
                    let row = sqlx::query(heard).bind(channel.clone()).bind(now.plus(-WEEK).0).fetch_one(&mut *conn).await?;
                    if row.try_get::<i64, _>(0)? >= i64::try_from(most)? {
                        return Ok(false);
                    }
                    let sql = "insert into alert_told (key, channel, at) values ($1, $2, $3)";
                    sqlx::query(sql).bind(key).bind(channel.clone()).bind(now.0).execute(&mut *conn).await?;
                    let sql = "delete from alert_told where channel = $1 and at < $2";
                    sqlx::query(sql).bind(channel).bind(now.plus(-5 * WEEK).0).execute(conn).await?;
                    Ok(true)
                })
            })
            .await
            .context("taking a place among a channel's alerts")
    }

    /// Every message of an alert, in the order of their keys.
    pub async fn alert_messages(&self) -> Result<Vec<Wanted>> {
        let sql = "select key, subscription, channel, thread_of, body, not_before from outbox where key like 'alert/%' order by key";
        let rows = sqlx::query(sql).fetch_all(&self.pool).await.context("reading the messages of alerts")?;
        let wanted = |row: &sqlx::any::AnyRow| {
            Ok(Wanted {
                key: row.try_get(0)?,
                subscription: row.try_get(1)?,
                channel: row.try_get(2)?,
                thread_of: row.try_get(3)?,
                body: row.try_get(4)?,
                not_before: At(row.try_get(5)?),
                reminds_of: None,
            })
        };
        rows.iter().map(wanted).collect()
    }
}
