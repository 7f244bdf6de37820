//! [`Current`]: what answers read, kept in memory at one version of the facts.
//!
//! Why: most answers are asked of facts that did not change since the last one, and reading, unpacking and sorting the
//! same rows again is nearly all that an answer costs. Every write transaction adds one to `facts_version` (but those
//! that only keep receipts and leases), whoever writes: another replica or `pacer import` too. So one tiny query tells
//! whether what is kept still holds. The version is read before the rows are, hence rows may be newer than their
//! version, never older.
//!
//! Why a task: questions that come while the version is being asked for wait for the next asking, and share it.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use sqlx::{AnyConnection, AnyPool, Row};
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::TaskTracker;

use super::kept::{Kept, Weigh};
use super::org::basename;
use super::refresh::{SHARED, decode};
use crate::domain::derive::DEFINITIONS;
use crate::domain::derive::day::{Day, Packed};
use crate::domain::time::{At, DAY};

/// Questions answered by one asking at most.
const GROUP: usize = 1_024;
/// Deployments and lead times kept unpacked at most: some 50 MiB.
const ROOM: usize = 500_000;

/// What the service's row says.
#[allow(clippy::struct_excessive_bools, reason = "each is a column of its own")]
pub(super) struct State {
    pub(super) name: String,
    pub(super) stale: bool,
    pub(super) first_event: Option<At>,
    pub(super) last_fact: Option<At>,
    pub(super) evidence: bool,
    pub(super) ever_deployed: bool,
    /// Another service brings a commit of its own too.
    pub(super) shared: bool,
    pub(super) first_change: Option<At>,
    /// No fact names it: only a repository's name, whose changes belong to others, or one that its facts have left.
    pub(super) hollow: bool,
}

/// A service's packed days, unpacked: in order of time, with instants since 1970.
#[derive(Debug, Default)]
pub(super) struct Days {
    pub(super) deployments: Vec<Packed>,
    pub(super) attempts: Vec<At>,
    pub(super) unlinked: Vec<At>,
}

impl Weigh for Days {
    fn weight(&self) -> usize {
        self.attempts.len() + self.unlinked.len() + self.deployments.iter().map(|it| 4 + it.leads.len() + it.keys.len()).sum::<usize>()
    }
}

/// What answers read, at one version.
pub(super) struct Current {
    version: i64,
    /// The last delivery before which none waits: facts of later ones may not have been seen.
    pub(super) watermark: i64,
    /// In order of name.
    pub(super) states: Vec<State>,
    pub(super) projects: Vec<String>,
    /// (version, when applied), oldest first.
    pub(super) orgs: Vec<(i64, At)>,
    /// (source, latest event, when heard), in order of name.
    pub(super) sources: Vec<(String, Option<At>, At)>,
    /// The beginning of any one incident.
    pub(super) some_incident: Option<At>,
    days: Kept<Days>,
    /// Merged changes by service, and runs by repository.
    pub(super) flow: super::flow::KeptFlow,
}

impl Current {
    /// The row of a service.
    pub(super) fn state(&self, name: &str) -> Option<&State> {
        self.states.binary_search_by(|state| state.name.as_str().cmp(name)).ok().map(|place| &self.states[place])
    }

    /// Whether packed days of these services, or of the incidents that name none, must be derived anew.
    pub(super) fn is_stale(&self, names: &[String]) -> bool {
        self.states.iter().any(|state| state.stale && (state.name.is_empty() || names.contains(&state.name)))
    }

    /// The days of each service, unpacked; at least those from `from` to `to`.
    pub(super) async fn days(&self, pool: &AnyPool, names: &[String], from: i64, to: i64) -> Result<Vec<Arc<Days>>> {
        let mut conn = None;
        let mut found = Vec::with_capacity(names.len());
        for name in names {
            if let Some(days) = self.days.get(name, (from, to)) {
                found.push(days);
                continue;
            }
            let conn = match &mut conn {
                Some(conn) => conn,
                None => conn.insert(pool.acquire().await?),
            };
            let days = Arc::new(unpacked(conn, name, from, to).await.with_context(|| format!("reading the days of {name}"))?);
            self.days.put(name, (from, to), &days);
            found.push(days);
        }
        Ok(found)
    }
}

async fn unpacked(conn: &mut AnyConnection, name: &str, from: i64, to: i64) -> Result<Days> {
    let sql = "select day, packed from service_day where service = $1 and day >= $2 and day <= $3 order by day";
    let mut days = Days::default();
    for row in sqlx::query(sql).bind(name.to_string()).bind(from).bind(to).fetch_all(&mut *conn).await? {
        let (day, bytes): (i64, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
        let packed: Day = decode(&bytes)?;
        let start = day * DAY;
        days.deployments.extend(packed.deployments.into_iter().map(|it| Packed { at: it.at + start, ..it }));
        days.attempts.extend(packed.attempts.into_iter().map(|at| At(at + start)));
        days.unlinked.extend(packed.unlinked.into_iter().map(|at| At(at + start)));
    }
    Ok(days)
}

type Question = oneshot::Sender<Result<Arc<Current>>>;

/// The way to what is current.
#[derive(Clone)]
pub(super) struct Reader(mpsc::Sender<Question>);

impl Reader {
    /// Starts the task; it ends with the last clone.
    pub(super) fn start(pool: AnyPool, tasks: &TaskTracker) -> Self {
        let (ask, questions) = mpsc::channel(GROUP);
        tasks.spawn(run(pool, questions));
        Self(ask)
    }

    /// What answers read, as of now: nothing committed before this call is missing.
    pub(super) async fn current(&self) -> Result<Arc<Current>> {
        let (ask, answer) = oneshot::channel();
        self.0.send(ask).await.map_err(|_| anyhow!("the store is closed"))?;
        answer.await.map_err(|_| anyhow!("the store is closed"))?
    }
}

async fn run(pool: AnyPool, mut questions: mpsc::Receiver<Question>) {
    let mut known: Option<Arc<Current>> = None;
    let mut group = Vec::new();
    while questions.recv_many(&mut group, GROUP).await > 0 {
        let checked = check(&pool, known.as_ref()).await;
        if let Ok(current) = &checked {
            known = Some(Arc::clone(current));
        }
        for question in group.drain(..) {
            let answer = checked.as_ref().map(Arc::clone).map_err(|error| anyhow!("{error:#}"));
            let _ = question.send(answer); // who asked may have gone
        }
    }
}

/// What is known if it still holds, else what is so now.
async fn check(pool: &AnyPool, known: Option<&Arc<Current>>) -> Result<Arc<Current>> {
    let mut conn = pool.acquire().await.context("taking a connection to read")?;
    let version: i64 =
        sqlx::query("select version from facts_version").fetch_one(&mut *conn).await.context("asking whether facts changed")?.try_get(0)?;
    if let Some(known) = known.filter(|known| known.version == version) {
        return Ok(Arc::clone(known));
    }
    Ok(Arc::new(load(&mut conn, version).await.context("reading what is current")?))
}

async fn load(conn: &mut AnyConnection, version: i64) -> Result<Current> {
    let sql = "select coalesce((select min(seq) - 1 from delivery where state = 'pending'), (select max(seq) from delivery), 0)";
    let watermark = sqlx::query(sql).fetch_one(&mut *conn).await?.try_get(0)?;
    let sql = "select name, stale, derived_by, first_event, last_fact, evidence, ever_deployed, shared, first_change, \
               cast(case when first_change is not null or (stale <= 0 and (ever_deployed = 1 or first_event is not null)) then 0 \
               when exists (select 1 from deployment d where d.service = s.name) then 0 \
               when exists (select 1 from incident i where i.service = s.name) then 0 else 1 end as bigint), \
               cast(case when exists (select 1 from service_repository r where r.service = s.name) then 1 else 0 end as bigint) from service s";
    let states = sqlx::query(sql).fetch_all(&mut *conn).await?;
    let mut running: Option<BTreeSet<String>> = None;
    let mut all: Vec<State> = Vec::with_capacity(states.len());
    for row in &states {
        let (mut hollow, has_places) = (row.try_get::<i64, _>(9)? == 1, row.try_get::<i64, _>(10)? == 1);
        if hollow && !has_places {
            let running = match &mut running {
                Some(running) => running,
                None => running.insert(named_by_runs(conn).await?),
            };
            hollow = !running.contains(row.try_get::<&str, _>(0)?);
        }
        all.push(State {
            name: row.try_get(0)?,
            stale: row.try_get::<i64, _>(1)? > 0 || row.try_get::<i64, _>(2)? != DEFINITIONS,
            first_event: row.try_get::<Option<i64>, _>(3)?.map(At),
            last_fact: row.try_get::<Option<i64>, _>(4)?.map(At),
            evidence: row.try_get::<i64, _>(5)? == 1,
            ever_deployed: row.try_get::<i64, _>(6)? == 1,
            shared: row.try_get::<i64, _>(7)? == SHARED,
            first_change: row.try_get::<Option<i64>, _>(8)?.map(At),
            hollow,
        });
    }
    let mut states = all;
    states.sort_by(|a, b| a.name.cmp(&b.name)); // in our order, whatever the database's collation is
    // One step of the index a project, rather than all items.
    let sql = "with recursive found(project) as (select min(project) from item union all \
               select (select min(item.project) from item where item.project > found.project) from found where found.project is not null) \
               select project from found where project is not null";
    let projects = sqlx::query(sql).fetch_all(&mut *conn).await?.iter().map(|row| row.try_get(0)).collect::<sqlx::Result<_>>()?;
    let orgs = sqlx::query("select version, applied_at from org_version order by version").fetch_all(&mut *conn).await?;
    let sources = sqlx::query("select source, last_event, last_received from source_state order by source").fetch_all(&mut *conn).await?;
    let incident = sqlx::query("select started_at from incident where started_at is not null limit 1").fetch_optional(&mut *conn).await?;
    Ok(Current {
        version,
        watermark,
        states,
        projects,
        orgs: orgs.iter().map(|row| Ok((row.try_get(0)?, At(row.try_get(1)?)))).collect::<Result<_>>()?,
        sources: sources
            .iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get::<Option<i64>, _>(1)?.map(At), At(row.try_get(2)?))))
            .collect::<Result<_>>()?,
        some_incident: incident.map(|row| row.try_get(0).map(At)).transpose()?,
        days: Kept::new(ROOM),
        flow: super::flow::KeptFlow::default(),
    })
}

/// The services that runs alone make known: those that their repositories are.
async fn named_by_runs(conn: &mut AnyConnection) -> Result<BTreeSet<String>> {
    // One step of the index a repository, rather than all runs.
    let sql = "with recursive found(repository) as (select min(repository) from run union all \
               select (select min(run.repository) from run where run.repository > found.repository) from found where found.repository is not null) \
               select f.repository, m.service from found f left join service_mapping m on m.repository = f.repository where f.repository is not null";
    let mut names = BTreeSet::new();
    for row in sqlx::query(sql).fetch_all(conn).await? {
        let (repository, mapped): (String, Option<String>) = (row.try_get(0)?, row.try_get(1)?);
        names.insert(mapped.unwrap_or_else(|| basename(&repository).to_string()));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio_util::task::TaskTracker;

    use super::super::Store;
    use crate::domain::time::At;
    use crate::ingest::Ingest;

    const NOW: At = At(1_700_000_000_000_000);

    async fn deploy(store: &Store, id: &str, service: &str) {
        let line =
            format!(r#"{{"type":"deployment","id":"{id}","service":"{service}","status":"success","finished_at":"2023-11-01T00:00:00Z"}}"#);
        let tally = Ingest::new(store.clone()).events(line.into_bytes(), NOW).await.expect("stored");
        assert_eq!(tally.new, 1);
    }

    #[tokio::test]
    async fn what_another_process_writes_is_seen_and_what_is_pinned_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}/pacer.db", folder.path().display());
        let ours = Store::open(&url, &TaskTracker::new()).await.expect("a database");
        let other = Store::open(&url, &TaskTracker::new()).await.expect("the same database");
        deploy(&ours, "d1", "checkout").await;
        let pinned = ours.reading().await.expect("reads");
        assert_eq!(ours.services().await.expect("reads"), ["checkout"]);
        deploy(&other, "d2", "payments").await;
        assert_eq!(ours.services().await.expect("reads"), ["checkout", "payments"]);
        assert_eq!(pinned.services().await.expect("reads"), ["checkout"]);
    }

    #[tokio::test]
    async fn unchanged_facts_are_not_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}/pacer.db", folder.path().display());
        let store = Store::open(&url, &TaskTracker::new()).await.expect("a database");
        deploy(&store, "d1", "checkout").await;
        let first = store.current().await.expect("reads");
        store.take_lease("job", NOW, "us", NOW, NOW).await.expect("a lease");
        assert!(Arc::ptr_eq(&first, &store.current().await.expect("reads")));
        deploy(&store, "d2", "checkout").await;
        assert!(!Arc::ptr_eq(&first, &store.current().await.expect("reads")));
    }
}
