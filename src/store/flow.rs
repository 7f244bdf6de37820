//! From a scope and a period to a [`FlowPool`]: merged changes from packed days, open ones and work items as they are, runs
//! by repository.
//!
//! Days hold for an answer as those of deployments do ([`figures`](super::figures)): where the clock stands before a fact,
//! or the file declares a service otherwise since, the service is derived from the facts up to then.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use anyhow::{Context, Result};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::Store;
use super::bulk;
use super::current::Current;
use super::figures::{Services, owned_in};
use super::kept::{Kept, Weigh};
use super::refresh::decode;
use crate::domain::derive::change_day::{ChangeDay, PackedChange, PackedRun, packed_change};
use crate::domain::flow::{FlowPool, ItemSpan, OpenChange, is_dropped};
use crate::domain::members::Members;
use crate::domain::org::identity::Name;
use crate::domain::org::{Org, Owned, Span};
use crate::domain::portfolio::projects_of;
use crate::domain::time::{At, DAY};
use crate::domain::window::Window;

/// Changes and runs kept unpacked at most: some 60 MiB.
const ROOM: usize = 500_000;

/// Unpacked days of flow.
pub(super) struct KeptFlow {
    changes: Kept<Vec<PackedChange>>,
    pub(super) runs: Kept<Vec<PackedRun>>,
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
pub(super) const ITEM: &str = "started_at, done_at, source, assignee, project, id, key, status";

/// Whose work items a scope holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// Everybody's.
    All,
    /// Those assigned to people, by every name that tools know them by, while they counted.
    People(Vec<(Name, Span)>),
    /// Those of a portfolio project, by the rule of [`portfolio`](crate::domain::portfolio).
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
        let mut pool = FlowPool { services: owned_in(services, window), ..FlowPool::default() };
        pool.alive = self.freshness(now).await?.iter().any(|source| source.last_received >= window.from);
        if matches!(whose, Whose::People(_)) {
            pool.owned = Owned::of(services.iter().map(|(_, spans)| spans.as_slice()));
        }
        self.merged(&mut pool, &current, services, (from, window.to), now, org).await?;
        self.open_changes(&mut pool, services, until, org).await?;
        pool.open_at = Some(window.to);
        let everything = matches!(whose, Whose::All);
        for (place, runs) in self.runs(&mut pool.first.run, &current, (!everything).then_some(services), (from, until)).await? {
            pool.runs.extend(runs.into_iter().filter(|run| place.holds(At(run.at))));
        }
        pool.runs.sort_by_key(|run| run.at);
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
        let claims = super::service_facts::claims(&mut conn, &repositories.into_keys().collect(), org).await?;
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

    /// The same items by what people call them: for receipts. In order of (done, begun). Those assigned to people in `hidden`
    /// have no name.
    pub async fn item_rows(
        &self,
        whose: &Whose,
        from: At,
        until: At,
        org: &Org,
        hidden: &Whose,
    ) -> Result<Vec<(Option<String>, ItemSpan)>> {
        let hidden = self.held(hidden, until, org).await?;
        let mut rows: Vec<(Option<String>, ItemSpan)> = Vec::new();
        self.each_item(whose, from, until, org, |span, row| {
            let (id, key): (String, Option<String>) = (row.try_get(5)?, row.try_get(6)?);
            let is_hidden = hidden.has(row, span.done_at.unwrap_or(until))?;
            rows.push(((!is_hidden).then(|| key.unwrap_or(id)), span));
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
        let held = self.held(whose, until, org).await?;
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
                let status: Option<String> = row.try_get(7)?;
                if !status.is_some_and(|status| is_dropped(&status)) && held.has(&row, span.done_at.unwrap_or(until))? {
                    take(span, &row)?;
                }
            }
        }
        Ok(())
    }
}

/// Those items, made ready to be asked of each row of [`ITEM`].
pub(super) enum Held {
    All,
    Nobody,
    People(Members),
    /// By source and id.
    Items(HashSet<(String, String)>),
}

impl Store {
    /// Whose items, as known at an instant.
    pub(super) async fn held(&self, whose: &Whose, now: At, org: &Org) -> Result<Held> {
        Ok(match whose {
            Whose::All => Held::All,
            Whose::Nobody => Held::Nobody,
            Whose::People(people) => Held::People(Members::people(people.iter().cloned())),
            Whose::Project(id) => {
                let items = self.work_items(now).await?;
                let projects = projects_of(&items, org);
                let own = items.into_iter().zip(projects).filter(|(_, project)| project.as_ref() == Some(id));
                Held::Items(own.map(|(item, _)| (item.source, item.id)).collect())
            }
        })
    }
}

impl Held {
    /// Whether an item is one of them, at an instant.
    pub(super) fn has(&self, row: &AnyRow, at: At) -> Result<bool> {
        Ok(match self {
            Self::All => true,
            Self::Nobody => false,
            Self::People(people) => {
                let (source, assignee): (String, Option<String>) = (row.try_get(2)?, row.try_get(3)?);
                people.have(assignee.as_deref(), &source, at)
            }
            Self::Items(items) => items.contains(&(row.try_get(2)?, row.try_get(5)?)),
        })
    }
}

/// The repositories of services, each with those of the services that are in it.
pub(super) async fn repositories(conn: &mut AnyConnection, services: &[&str]) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let sql = "select repository, service from service_repository where $1 <> '' and service in ({keys})";
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in bulk::select_in(conn, sql, "all", services).await? {
        found.entry(row.try_get(0)?).or_default().insert(row.try_get(1)?);
    }
    Ok(found)
}

pub(super) fn earliest(known: &mut Option<At>, at: Option<At>) {
    *known = match (*known, at) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
}
