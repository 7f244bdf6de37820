//! How fresh each source is.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use sqlx::{AnyConnection, Row};

use super::{Store, bulk};
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
        let mut all = Vec::new();
        for (source, last_event, last_received) in &self.current().await?.sources {
            let last_event = match last_event {
                Some(at) if *at > now => self.last_event_before(source, now).await?,
                at => *at,
            };
            all.push(Freshness { health: SourceHealth { source: source.clone(), last_event }, last_received: *last_received });
        }
        Ok(all)
    }

    /// The sources that told of these services since an instant: those of what they ship, which speak as often as people work,
    /// and those of incidents alone, which are silent while nothing breaks.
    pub async fn sources_behind(&self, services: &[&str], since: At) -> Result<(BTreeSet<String>, BTreeSet<String>)> {
        let mut conn = self.pool.acquire().await?;
        let mut found = [BTreeSet::new(), BTreeSet::new()];
        let deployed = "select distinct source from deployment where $1 <> '' and service in ({keys}) and finished_at >= SINCE";
        let merged = "select distinct c.source from change c join service_repository s on s.repository = c.repository \
                      where $1 <> '' and s.service in ({keys}) and c.merged_at >= SINCE";
        let broke = "select distinct source from incident where $1 <> '' and service in ({keys}) and started_at >= SINCE";
        for (sql, found_by) in [(deployed, 0), (merged, 0), (broke, 1)] {
            let sql = sql.replace("SINCE", &since.0.to_string());
            for row in bulk::select_in(&mut conn, &sql, "all", services).await.context("reading which sources told of services")? {
                found[found_by].insert(row.try_get(0)?);
            }
        }
        let [shipped, broke] = found;
        let broke = broke.difference(&shipped).cloned().collect();
        Ok((shipped, broke))
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
