//! Subscriptions: which channel hears what, when, and who asked for it.

use anyhow::{Context, Result};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::Store;
use super::outbox::{self, Wanted};
use crate::domain::subscription::{State, Subscription};
use crate::domain::time::At;

const COLUMNS: &str = "id, kind, channel, crontab, zone, settings, memory, author, created_at, changed_at, state, until_at, why";

impl Store {
    /// Keeps a subscription: a new one, or one that was changed. Its memory is kept only where it is new: slots alone change it.
    pub async fn keep_subscription(&self, subscription: Subscription) -> Result<()> {
        self.writer
            .write_unread(move |conn| {
                let it = subscription.clone();
                Box::pin(async move {
                    let (state, until, why) = written(&it.state);
                    let sql = "insert into subscription (id, kind, channel, crontab, zone, settings, memory, author, created_at, changed_at, state, until_at, why) \
                               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) on conflict (id) do update set channel = excluded.channel, \
                               crontab = excluded.crontab, zone = excluded.zone, settings = excluded.settings, changed_at = excluded.changed_at, \
                               state = excluded.state, until_at = excluded.until_at, why = excluded.why";
                    sqlx::query(sql)
                        .bind(it.id)
                        .bind(it.kind)
                        .bind(it.channel)
                        .bind(it.crontab)
                        .bind(it.zone.name().to_owned())
                        .bind(it.settings.to_string())
                        .bind(if it.memory.is_null() { String::new() } else { it.memory.to_string() })
                        .bind(it.author)
                        .bind(it.created_at.0)
                        .bind(it.changed_at.0)
                        .bind(state)
                        .bind(until)
                        .bind(why)
                        .execute(conn)
                        .await?;
                    Ok(())
                })
            })
            .await
            .context("keeping a subscription")
    }

    /// Lets a subscription speak or be silent, and changes nothing else of it; false where it has ended.
    pub async fn set_subscription_state(&self, id: &str, state: State, now: At) -> Result<bool> {
        let id = id.to_owned();
        self.writer
            .write_unread(move |conn| {
                let (id, (state, until, why)) = (id.clone(), written(&state));
                Box::pin(async move {
                    let sql = "update subscription set state = $1, until_at = $2, why = $3, changed_at = $4 where id = $5";
                    let done = sqlx::query(sql).bind(state).bind(until).bind(why).bind(now.0).bind(id).execute(conn).await?;
                    Ok(done.rows_affected() == 1)
                })
            })
            .await
            .context("pausing a subscription, or letting it go on")
    }

    /// Forgets a subscription. What it said stays in Slack.
    pub async fn end_subscription(&self, id: &str) -> Result<()> {
        let id = id.to_owned();
        self.writer
            .write_unread(move |conn| {
                let id = id.clone();
                Box::pin(async move {
                    sqlx::query("delete from subscription where id = $1").bind(id).execute(conn).await?;
                    Ok(())
                })
            })
            .await
            .context("ending a subscription")
    }

    /// The subscription of that id.
    pub async fn subscription(&self, id: &str) -> Result<Option<Subscription>> {
        let sql = format!("select {COLUMNS} from subscription where id = $1");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id.to_lowercase()).fetch_optional(&self.pool).await;
        row.context("reading a subscription")?.as_ref().map(read).transpose()
    }

    /// Every subscription, in the order they were made. A row that can't be read is left out, and the log says which: it stops no
    /// other.
    pub async fn subscriptions(&self) -> Result<Vec<Subscription>> {
        let sql = format!("select {COLUMNS} from subscription order by created_at, id");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&self.pool).await.context("reading subscriptions")?;
        let readable = |row: &AnyRow| {
            let read = read(row);
            let _ = read.as_ref().inspect_err(|error| {
                tracing::error!(subscription = row.try_get::<String, _>(0).unwrap_or_default(), "a subscription can't be read: {error:#}");
            });
            read.ok()
        };
        Ok(rows.iter().filter_map(readable).collect())
    }

    /// Stops a subscription whose channel can't be reached, with a note to whoever subscribed it. False, and no note, where it is
    /// stopped already.
    pub async fn stop_subscription(&self, id: &str, why: &str, note: Option<Wanted>, now: At) -> Result<bool> {
        let (id, why) = (id.to_owned(), why.to_owned());
        let stopped = self
            .writer
            .write_unread(move |conn| {
                let (id, why, note) = (id.clone(), why.clone(), note.clone());
                Box::pin(async move {
                    let sql = "update subscription set state = 'stopped', until_at = null, why = $1, changed_at = $2 \
                               where id = $3 and state <> 'stopped'";
                    let done = sqlx::query(sql).bind(why).bind(now.0).bind(id).execute(&mut *conn).await?;
                    if done.rows_affected() == 1 {
                        outbox::put(conn, note.into_iter().collect(), now).await?;
                    }
                    Ok(done.rows_affected() == 1)
                })
            })
            .await
            .context("stopping a subscription")?;
        self.said.notify_one();
        Ok(stopped)
    }
}

fn written(state: &State) -> (&'static str, Option<i64>, Option<String>) {
    match state {
        State::Active => ("active", None, None),
        State::Paused { until, by } => ("paused", until.map(|at| at.0), Some(by.clone())),
        State::Stopped { why } => ("stopped", None, Some(why.clone())),
    }
}

fn read(row: &AnyRow) -> Result<Subscription> {
    let text = |at: usize| row.try_get::<String, _>(at);
    let json = |text: String| if text.is_empty() { Ok(serde_json::Value::Null) } else { serde_json::from_str(&text) };
    let why = row.try_get::<Option<String>, _>(12)?.unwrap_or_default();
    let state = match text(10)?.as_str() {
        "active" => State::Active,
        "paused" => State::Paused { until: row.try_get::<Option<i64>, _>(11)?.map(At), by: why },
        _ => State::Stopped { why },
    };
    Ok(Subscription {
        id: text(0)?,
        kind: text(1)?,
        channel: text(2)?,
        crontab: text(3)?,
        zone: text(4)?.parse().unwrap_or(chrono_tz::UTC),
        settings: json(text(5)?).context("reading a subscription's settings")?,
        memory: json(text(6)?).context("reading what a subscription keeps in mind")?,
        author: text(7)?,
        created_at: At(row.try_get(8)?),
        changed_at: At(row.try_get(9)?),
        state,
    })
}
