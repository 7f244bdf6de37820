//! From a scope and a period to a [`FlowPool`]: merged changes from packed days, open ones and work items as they are, runs
//! by repository.
//!
//! Days hold for an answer as those of deployments do ([`figures`](super::figures)): where the clock stands before a fact,
//! or the file declares a service otherwise since, the service is derived from the facts up to then.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use anyhow::{Context, Result};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::bulk;
use super::current::Current;
use super::figures::Services;
use super::kept::{Kept, Weigh};
use super::refresh::{decode, encode};
use super::{Store, bulk::Val};
use crate::domain::derive::change_day::{ChangeDay, PackedChange, PackedRun, RunDay, packed_change};
use crate::domain::flow::{FlowPool, ItemSpan, OpenChange, is_dropped};
use crate::domain::org::identity::Name;
use crate::domain::org::{Org, Span};
use crate::domain::time::{At, DAY};
use crate::domain::window::Window;

/// Changes and runs kept unpacked at most: some 60 MiB.
const ROOM: usize = 500_000;

/// Unpacked days of flow.
pub(super) struct KeptFlow {
    changes: Kept<Vec<PackedChange>>,
    runs: Kept<Vec<PackedRun>>,
}

impl Default for KeptFlow {
    fn default() -> Self {
        Self { changes: Kept::new(ROOM), runs: Kept::new(ROOM) }
    }
}

impl Weigh for Vec<PackedChange> {
    fn weight(&self) -> usize {
        self.len()
    }
}

impl Weigh for Vec<PackedRun> {
    fn weight(&self) -> usize {
        self.len().div_ceil(4)
    }
}

/// The columns by which it is told whose an item is.
pub(super) const ITEM: &str = "started_at, done_at, source, assignee, project, parent, labels, id, key, status";

/// Whose work items a scope holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// Everybody's.
    All,
    /// Those assigned to people, by every name that tools know them by, while they counted.
    People(Vec<(Name, Span)>),
    /// Those of a portfolio project: by the items' own project, epics or labels.
    Project(String),
    /// Nobody's: a service has changes, not items.
    Nobody,
}

impl Store {
    /// What flowed through some services, and through the items of `whose`, from `from` to the end of `window`. Facts later
    /// than `now` do not exist.
    pub async fn flow_pool(&self, services: &Services, whose: &Whose, from: At, window: &Window, now: At, org: &Org) -> Result<FlowPool> {
        let names: Vec<String> = services.iter().map(|(name, _)| name.clone()).collect();
        let current = self.derived_anew(&names).await?;
        let until = window.to.min(now);
        let mut pool = FlowPool { services: names.iter().filter(|name| !name.is_empty()).count(), ..FlowPool::default() };
        pool.alive = self.freshness(now).await?.iter().any(|source| source.last_received >= window.from);
        self.merged(&mut pool, &current, services, (from, window.to), now, org).await?;
        self.open_changes(&mut pool, services, until, org).await?;
        pool.open_at = Some(window.to);
        let everything = matches!(whose, Whose::All);
        self.runs(&mut pool, &current, (!everything).then_some(&names), (from, until)).await?;
        if *whose != Whose::Nobody {
            self.items(&mut pool, whose, from, until, org).await?;
        }
        Ok(pool)
    }

    async fn merged(
        &self,
        pool: &mut FlowPool,
        current: &Arc<Current>,
        services: &Services,
        (from, to): (At, At),
        now: At,
        org: &Org,
    ) -> Result<()> {
        let names: Vec<String> = services.iter().map(|(name, _)| name.clone()).collect();
        let on_the_spot = self.on_the_spot(current, &names, now, org).await?;
        let mut seen = HashSet::new();
        for (name, spans) in services {
            let Some(state) = current.state(name) else { continue };
            let changes = if on_the_spot.contains(name) {
                let derived = self.derived(name, now, org).await?;
                earliest(&mut pool.first.change, derived.changes.first().map(|change| change.merged_at));
                Arc::new(derived.changes.iter().map(|change| packed_change(change, 0)).collect())
            } else {
                earliest(&mut pool.first.change, state.first_change);
                self.changes(current, name, (from.day(), to.day())).await?
            };
            let begin = changes.partition_point(|change| change.merged_at() < from);
            let end = changes.partition_point(|change| change.merged_at() < to);
            let holds = |at: At| spans.iter().any(|span| span.holds(at));
            // Services that share a repository share its changes: a pool counts each once.
            let own = changes[begin..end.max(begin)].iter().filter(|change| holds(change.merged_at()));
            pool.merged.extend(own.filter(|change| services.len() == 1 || seen.insert(change.key)).cloned());
        }
        pool.merged.sort_by_key(|change| (change.at, change.key));
        Ok(())
    }

    /// A service's merged changes in a period of days.
    async fn changes(&self, current: &Arc<Current>, service: &str, days: (i64, i64)) -> Result<Arc<Vec<PackedChange>>> {
        if let Some(kept) = current.flow.changes.get(service, days) {
            return Ok(kept);
        }
        let sql = "select day, packed from change_day where service = $1 and day >= $2 and day <= $3 order by day";
        let rows = sqlx::query(sql).bind(service.to_string()).bind(days.0).bind(days.1).fetch_all(&self.pool).await?;
        let mut changes = Vec::new();
        for row in rows {
            let (day, bytes): (i64, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
            let packed: ChangeDay = decode(&bytes).with_context(|| format!("reading the changes of {service}"))?;
            changes.extend(packed.0.into_iter().map(|change| PackedChange { at: change.at + day * DAY, ..change }));
        }
        let changes = Arc::new(changes);
        current.flow.changes.put(service, days, &changes);
        Ok(changes)
    }

    /// Changes that are open at an instant, in the repositories of the services.
    async fn open_changes(&self, pool: &mut FlowPool, services: &Services, at: At, org: &Org) -> Result<()> {
        let own: Vec<&str> =
            services.iter().filter(|(_, spans)| spans.iter().any(|span| span.holds(at))).map(|(name, _)| name.as_str()).collect();
        let mut conn = self.pool.acquire().await?;
        let repositories = repositories(&mut conn, &own).await?;
        let claims = super::service_facts::claims(&mut conn, &repositories, org).await?;
        let bots = org.bots();
        let reviewed = "case when first_review_at <= $1 or exists (select 1 from review where review.change = change.id and review.source = change.source \
                        and review.bot = 0 and review.at <= $1 and lower(coalesce(review.reviewer, '')) <> lower(coalesce(change.author, ''))) \
                        then 1 else 0 end";
        let columns = format!(
            "select repository, opened_at, ready_at, draft, service, labels, paths, source, author, cast({reviewed} as bigint) \
             from change where bot = 0 and opened_at <= $1"
        );
        // Each by an index of its own: open now, merged since, closed since.
        for sql in ["merged_at is null and closed_at is null", "merged_at > $1", "merged_at is null and closed_at > $1"] {
            let sql = format!("{columns} and {sql}");
            for row in sqlx::query(AssertSqlSafe(sql)).bind(at.0).fetch_all(&mut *conn).await? {
                let (repository, opened_at): (Option<String>, i64) = (row.try_get(0)?, row.try_get(1)?);
                let Some(claims) = repository.and_then(|repository| claims.get(&repository)) else { continue };
                let (source, author): (String, Option<String>) = (row.try_get(7)?, row.try_get(8)?);
                if author.is_some_and(|author| bots.has(&author, Some(&source))) {
                    continue;
                }
                let (stated, labels, files): (Option<String>, String, Option<String>) = (row.try_get(4)?, row.try_get(5)?, row.try_get(6)?);
                let labels: Vec<String> = serde_json::from_str(&labels).unwrap_or_default();
                if claims.of_change(stated.as_deref(), files.as_deref(), &labels).iter().any(|service| own.contains(service)) {
                    let ready_at: Option<i64> = row.try_get(2)?;
                    let draft = row.try_get::<i64, _>(3)? == 1;
                    let reviewed = row.try_get::<i64, _>(9)? == 1;
                    pool.open.push(OpenChange { since: At(ready_at.filter(|_| !draft).unwrap_or(opened_at)), draft, reviewed });
                }
            }
        }
        pool.open.sort_by_key(|change| change.since);
        Ok(())
    }

    /// Runs of the services' repositories, or of all.
    async fn runs(&self, pool: &mut FlowPool, current: &Arc<Current>, names: Option<&Vec<String>>, (from, to): (At, At)) -> Result<()> {
        let mut conn = self.pool.acquire().await?;
        let repositories: BTreeSet<String> = if let Some(names) = names {
            repositories(&mut conn, &names.iter().map(String::as_str).collect::<Vec<_>>()).await?
        } else {
            // One step of the index a repository, rather than all days.
            let sql = "with recursive found(repository) as (select min(repository) from run_day union all \
                           select (select min(d.repository) from run_day d where d.repository > found.repository) from found \
                           where found.repository is not null) select repository from found where repository is not null";
            sqlx::query(sql).fetch_all(&mut *conn).await?.iter().map(|row| row.try_get(0)).collect::<sqlx::Result<_>>()?
        };
        drop(conn);
        for repository in &repositories {
            let first = "select min(day) from run_day where repository = $1";
            let first: Option<i64> = sqlx::query(first).bind(repository.clone()).fetch_one(&self.pool).await?.try_get(0)?;
            earliest(&mut pool.first.run, first.map(|day| At(day * DAY)));
            let runs = self.runs_of(current, repository, (from.day(), to.day())).await?;
            let begin = runs.partition_point(|run| run.at < from.0);
            let end = runs.partition_point(|run| run.at < to.0);
            pool.runs.extend_from_slice(&runs[begin..end.max(begin)]);
        }
        pool.runs.sort_by_key(|run| run.at);
        Ok(())
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

    /// Work items that were done in the period or are in progress at its end.
    async fn items(&self, pool: &mut FlowPool, whose: &Whose, from: At, until: At, org: &Org) -> Result<()> {
        let first: Option<i64> = sqlx::query("select min(created_at) from item").fetch_one(&self.pool).await?.try_get(0)?;
        pool.first.item = first.map(At);
        pool.tracked = first.is_some_and(|first| first <= until.0);
        self.each_item(whose, from, until, org, |span, _| {
            pool.items.push(span);
            Ok(())
        })
        .await?;
        pool.items.sort_by_key(|item| (item.done_at, item.started_at));
        Ok(())
    }

    /// The same items by what people call them: for receipts. In order of (done, begun).
    pub async fn item_rows(&self, whose: &Whose, from: At, until: At, org: &Org) -> Result<Vec<(String, ItemSpan)>> {
        let mut rows: Vec<(String, ItemSpan)> = Vec::new();
        self.each_item(whose, from, until, org, |span, row| {
            let (id, key): (String, Option<String>) = (row.try_get(7)?, row.try_get(8)?);
            rows.push((key.unwrap_or(id), span));
            Ok(())
        })
        .await?;
        rows.sort_by(|(a_name, a), (b_name, b)| (a.done_at, a.started_at, a_name).cmp(&(b.done_at, b.started_at, b_name)));
        Ok(rows)
    }

    async fn each_item(
        &self,
        whose: &Whose,
        from: At,
        until: At,
        org: &Org,
        mut take: impl FnMut(ItemSpan, &AnyRow) -> Result<()> + Send,
    ) -> Result<()> {
        if *whose == Whose::Nobody {
            return Ok(());
        }
        let mut conn = self.pool.acquire().await?;
        let columns = format!("select {ITEM} from item");
        for (sql, bounds) in [
            (format!("{columns} where done_at >= $1 and done_at <= $2"), (from.0, until.0)),
            (format!("{columns} where done_at > $2 and started_at <= $1"), (until.0, until.0)),
            (format!("{columns} where done_at is null and started_at <= $1 and started_at <= $2"), (until.0, until.0)),
        ] {
            for row in sqlx::query(AssertSqlSafe(sql)).bind(bounds.0).bind(bounds.1).fetch_all(&mut *conn).await? {
                let span = ItemSpan {
                    started_at: row.try_get::<Option<i64>, _>(0)?.map(At),
                    done_at: row.try_get::<Option<i64>, _>(1)?.map(At).filter(|at| *at <= until),
                };
                let status: Option<String> = row.try_get(9)?;
                if !status.is_some_and(|status| is_dropped(&status)) && counts(&row, whose, span.done_at.unwrap_or(until), org)? {
                    take(span, &row)?;
                }
            }
        }
        Ok(())
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

/// Whether an item is one of those asked for, at an instant.
pub(super) fn counts(row: &AnyRow, whose: &Whose, at: At, org: &Org) -> Result<bool> {
    Ok(match whose {
        Whose::All => true,
        Whose::Nobody => false,
        Whose::People(people) => {
            let (source, assignee): (String, Option<String>) = (row.try_get(2)?, row.try_get(3)?);
            let assignee = assignee.unwrap_or_default().to_lowercase();
            people.iter().any(|(name, span)| span.holds(at) && name.is(&assignee, &source))
        }
        Whose::Project(id) => {
            let (project, parent, labels): (Option<String>, Option<String>, String) = (row.try_get(4)?, row.try_get(5)?, row.try_get(6)?);
            let (own, key): (String, Option<String>) = (row.try_get(7)?, row.try_get(8)?);
            let labels: Vec<String> = serde_json::from_str(&labels).unwrap_or_default();
            org.is_in_project(id, project.as_deref(), &[parent.as_deref(), Some(own.as_str()), key.as_deref()], &labels)
        }
    })
}

/// The repositories of services.
async fn repositories(conn: &mut AnyConnection, services: &[&str]) -> Result<BTreeSet<String>> {
    let sql = "select repository from service_repository where $1 <> '' and service in ({keys})";
    bulk::select_in(conn, sql, "all", services).await?.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

fn earliest(known: &mut Option<At>, at: Option<At>) {
    *known = match (*known, at) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
}
