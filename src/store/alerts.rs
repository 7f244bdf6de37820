//! What people say below alerts: that they have seen to it, or that it is wrong.

use anyhow::{Context, Result};
use sqlx::Row;

use super::Store;
use crate::domain::time::At;

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
}
