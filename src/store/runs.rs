//! Runs of continuous integration by repository, packed by day, and those of a scope: a repository's runs are its services',
//! each while that service counted for the scope. Never who started one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::{Context, Result};
use sqlx::{AnyConnection, Row};

use super::Store;
use super::bulk::{self, Val};
use super::current::Current;
use super::figures::Services;
use super::flow::{earliest, repositories};
use super::refresh::{decode, encode};
use crate::domain::derive::change_day::{PackedRun, RunDay};
use crate::domain::org::Span;
use crate::domain::time::{At, DAY};

/// Where runs are: a repository, the services of the scope in it, and when those counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunPlace {
    /// Its name.
    pub repository: String,
    /// The services in it; of a scope, its own.
    pub services: BTreeSet<String>,
    spans: Vec<Span>,
}

impl RunPlace {
    pub(super) fn holds(&self, at: At) -> bool {
        self.spans.iter().any(|span| span.holds(at))
    }
}

impl Store {
    /// Runs of the services' repositories while a service of theirs counted, or of all repositories, by repository.
    pub async fn run_rows(&self, services: Option<&Services>, from: At, to: At) -> Result<Vec<(RunPlace, Vec<PackedRun>)>> {
        let current = self.current().await?;
        let mut rows = self.runs(&mut None, &current, services, (from, to)).await?;
        for (place, runs) in &mut rows {
            runs.retain(|run| place.holds(At(run.at)));
        }
        Ok(rows)
    }

    pub(super) async fn runs(
        &self,
        first: &mut Option<At>,
        current: &Arc<Current>,
        services: Option<&Services>,
        (from, to): (At, At),
    ) -> Result<Vec<(RunPlace, Vec<PackedRun>)>> {
        let mut conn = self.pool.acquire().await?;
        let of_services = match services {
            Some(services) => repositories(&mut conn, &services.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>()).await?,
            None => all_repositories(&mut conn).await?,
        };
        drop(conn);
        let mut found = Vec::new();
        for (repository, names) in of_services {
            let spans = match services {
                None => vec![Span::ALWAYS],
                Some(services) => services.iter().filter(|(name, _)| names.contains(name)).flat_map(|(_, spans)| spans.clone()).collect(),
            };
            let since = "select min(day) from run_day where repository = $1";
            let since: Option<i64> = sqlx::query(since).bind(repository.clone()).fetch_one(&self.pool).await?.try_get(0)?;
            earliest(first, since.map(|day| At(day * DAY)));
            let runs = self.runs_of(current, &repository, (from.day(), to.day())).await?;
            let begin = runs.partition_point(|run| run.at < from.0);
            let end = runs.partition_point(|run| run.at < to.0);
            found.push((RunPlace { repository, services: names, spans }, runs[begin..end.max(begin)].to_vec()));
        }
        Ok(found)
    }

    async fn runs_of(&self, current: &Arc<Current>, repository: &str, days: (i64, i64)) -> Result<Arc<Vec<PackedRun>>> {
        if let Some(kept) = current.flow.runs.get(repository, days) {
            return Ok(kept);
        }
        let sql = "select day, packed from run_day where repository = $1 and day >= $2 and day <= $3 and stale = 0 order by day";
        let rows = sqlx::query(sql).bind(repository.to_string()).bind(days.0).bind(days.1).fetch_all(&self.pool).await?;
        let mut runs = Vec::new();
        for row in rows {
            let (day, bytes): (i64, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
            let packed: RunDay = decode(&bytes).with_context(|| format!("reading the runs of {repository}"))?;
            runs.extend(packed.0.into_iter().map(|run| PackedRun { at: run.at + day * DAY, ..run }));
        }
        let runs = Arc::new(runs);
        current.flow.runs.put(repository, days, &runs);
        Ok(runs)
    }

    /// Packs the days on which runs came or changed.
    pub(super) async fn pack_runs(&self) -> Result<()> {
        let sql = "select repository, day from run_day where stale > 0 order by repository, day";
        let stale = sqlx::query(sql).fetch_all(&self.pool).await.context("looking for days of runs")?;
        let stale: Vec<(String, i64)> = stale.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_>>()?;
        for chunk in stale.chunks(500) {
            let days = chunk.to_vec();
            self.writer
                .write(move |conn| {
                    let days = days.clone();
                    Box::pin(async move {
                        for (repository, day) in &days {
                            pack_run_day(conn, repository, *day).await?;
                        }
                        Ok(())
                    })
                })
                .await
                .context("packing days of runs")?;
        }
        Ok(())
    }
}

async fn pack_run_day(conn: &mut AnyConnection, repository: &str, day: i64) -> Result<()> {
    let sql = "select finished_at, started_at, outcome from run where repository = $1 and finished_at >= $2 and finished_at < $3 \
               and outcome in ('success', 'failure') order by finished_at, source, id";
    let rows = sqlx::query(sql).bind(repository.to_string()).bind(day * DAY).bind((day + 1) * DAY).fetch_all(&mut *conn).await?;
    let mut packed = RunDay::default();
    for row in rows {
        let (finished_at, started_at, outcome): (i64, Option<i64>, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        packed.0.push(PackedRun {
            at: finished_at - day * DAY,
            span: started_at.map(|started_at| finished_at - started_at),
            passed: outcome == "success",
        });
    }
    let row: Vec<Val> = vec![repository.into(), day.into(), 0_i64.into(), Val::Bytes(encode(&packed)?)];
    let tail = "on conflict (repository, day) do update set stale = 0, packed = excluded.packed";
    bulk::insert(conn, "insert into run_day (repository, day, stale, packed)", tail, vec![row]).await
}

/// Every repository with runs, and the services in it.
async fn all_repositories(conn: &mut AnyConnection) -> Result<BTreeMap<String, BTreeSet<String>>> {
    // One step of the index a repository, rather than all days.
    let sql = "with recursive found(repository) as (select min(repository) from run_day union all \
               select (select min(d.repository) from run_day d where d.repository > found.repository) from found \
               where found.repository is not null) \
               select found.repository, s.service from found left join service_repository s on s.repository = found.repository \
               where found.repository is not null";
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in sqlx::query(sql).fetch_all(&mut *conn).await? {
        found.entry(row.try_get(0)?).or_default().extend(row.try_get::<Option<String>, _>(1)?);
    }
    Ok(found)
}
