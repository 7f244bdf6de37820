//! How fresh each source is.

use anyhow::{Context, Result};
use sqlx::{AnyConnection, Row};

use super::Store;
use crate::domain::card::SourceHealth;
use crate::domain::time::At;

/// A source's latest sign of life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freshness {
    /// The latest event's own time.
    pub health: SourceHealth,
    /// When anything arrived last.
    pub last_received: At,
}

/// Notes that a source was heard.
pub(super) async fn seen(conn: &mut AnyConnection, source: &str, last_event: Option<At>, received_at: At) -> Result<()> {
    let sql = "insert into source_state (source, last_event, last_received) values ($1, $2, $3) on conflict (source) do update set \
               last_event = case when source_state.last_event is null or excluded.last_event > source_state.last_event then coalesce(excluded.last_event, source_state.last_event) else source_state.last_event end, \
               last_received = case when excluded.last_received > source_state.last_received then excluded.last_received else source_state.last_received end";
    sqlx::query(sql).bind(source.to_string()).bind(last_event.map(|at| at.0)).bind(received_at.0).execute(conn).await?;
    Ok(())
}

impl Store {
    /// Each source that was ever heard, by name. An event later than `now` does not exist yet.
    pub async fn freshness(&self, now: At) -> Result<Vec<Freshness>> {
        let rows = sqlx::query("select source, last_event, last_received from source_state order by source")
            .fetch_all(&self.pool)
            .await
            .context("reading sources")?;
        let mut all = Vec::new();
        for row in rows {
            let source: String = row.try_get(0)?;
            let mut last_event = row.try_get::<Option<i64>, _>(1)?.map(At);
            if last_event.is_some_and(|at| at > now) {
                last_event = self.last_event_before(&source, now).await?;
            }
            all.push(Freshness { health: SourceHealth { source, last_event }, last_received: At(row.try_get(2)?) });
        }
        Ok(all)
    }

    async fn last_event_before(&self, source: &str, now: At) -> Result<Option<At>> {
        let sql = "select max(at) from (select max(finished_at) as at from deployment where source = $1 and finished_at <= $2 \
                   union all select max(started_at) from incident where source = $1 and started_at <= $2 \
                   union all select max(merged_at) from change where source = $1 and merged_at <= $2) as latest";
        let row =
            sqlx::query(sql).bind(source.to_string()).bind(now.0).fetch_one(&self.pool).await.context("reading a source's last event")?;
        Ok(row.try_get::<Option<i64>, _>(0)?.map(At))
    }
}
