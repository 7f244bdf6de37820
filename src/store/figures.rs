//! From a scope and a period to a [`Pool`]: packed days where they hold, else derived on the spot.
//!
//! Days are packed from all facts. They hold for an answer at `now` unless a fact is later than `now`, as when
//! the clock stands in the past or a receipt is recomputed: then the service is derived from the facts up to
//! `now`, since later facts do not exist.

use std::collections::{BTreeMap, HashMap, HashSet};

use anyhow::{Context, Result};
use sqlx::Row;

use super::refresh::decode;
use super::{Store, bulk, service_facts};
use crate::domain::derive::day::{Packed, commit_key, packed};
use crate::domain::derive::{Derived, ServiceFacts, derive};
use crate::domain::org::{Org, Span};
use crate::domain::pool::Pool;
use crate::domain::time::{At, DAY};
use crate::domain::window::Window;

/// The services of a scope, each with the spans in which its deployments count. The organisation's own pool also
/// holds `""`, the incidents that name no service.
pub type Services = Vec<(String, Vec<Span>)>;

/// What the service's row says.
struct State {
    first_event: Option<At>,
    last_fact: Option<At>,
    evidence: bool,
    ever_deployed: bool,
    shared: bool,
}

impl Store {
    /// The pool of some services from `from` to the end of `window`. Facts later than `now` do not exist.
    pub async fn pool(&self, services: &Services, from: At, window: &Window, now: At, org: &Org) -> Result<Pool> {
        let names: Vec<String> = services.iter().map(|(name, _)| name.clone()).collect();
        self.refresh(Some(&names)).await?;
        let states = self.states(&names).await?;
        let mut pool = Pool { services: names.iter().filter(|name| !name.is_empty()).count(), ..Pool::default() };
        pool.alive = self.freshness(now).await?.iter().any(|source| source.last_received >= window.from);
        pool.evidence = self.any_incident(now).await?;
        let packed_days = self.days(&names, from, window.to).await?;
        let mut shared: Vec<&str> = Vec::new();
        let mut taken: Vec<Taken> = Vec::new();
        for (name, spans) in services {
            let Some(state) = states.get(name) else { continue };
            let mut own = if state.last_fact.is_some_and(|at| at > now) {
                let derived = self.derived(name, now, org).await?;
                pool.evidence |= derived.evidence;
                let first = derived.first_event;
                pool.note(first, !derived.deployments.is_empty());
                Taken::derived(name, &derived)
            } else {
                pool.note(state.first_event, state.ever_deployed);
                pool.evidence |= state.evidence;
                if state.shared {
                    shared.push(name);
                }
                Taken::days(name, packed_days.get(name).map_or(&[], Vec::as_slice))
            };
            own.keep(from, window.to, spans);
            taken.push(own);
        }
        if taken.len() > 1 {
            let earlier = self.shared_leads(&shared, from, window.to).await?;
            count_once(&mut taken, services, &earlier);
        }
        for own in taken {
            pool.deployments.extend(own.deployments);
            pool.attempts.extend(own.attempts);
            pool.unlinked.extend(own.unlinked);
        }
        pool.deployments.sort_by_key(Packed::finished_at);
        Ok(pool)
    }

    /// A service derived from the facts up to `now`.
    pub async fn derived(&self, service: &str, now: At, org: &Org) -> Result<Derived> {
        let mut conn = self.pool.acquire().await?;
        let facts = service_facts::load(&mut conn, service, org).await?.facts;
        drop(conn);
        tokio::task::spawn_blocking(move || derive(&facts, now)).await.context("deriving a service")
    }

    async fn states(&self, names: &[String]) -> Result<HashMap<String, State>> {
        let keys: Vec<&str> = names.iter().map(String::as_str).collect();
        let sql = "select name, first_event, last_fact, evidence, ever_deployed, shared from service where $1 <> '' and name in ({keys})";
        let mut conn = self.pool.acquire().await?;
        let mut states = HashMap::new();
        for row in bulk::select_in(&mut conn, sql, "all", &keys).await? {
            let state = State {
                first_event: row.try_get::<Option<i64>, _>(1)?.map(At),
                last_fact: row.try_get::<Option<i64>, _>(2)?.map(At),
                evidence: row.try_get::<i64, _>(3)? == 1,
                ever_deployed: row.try_get::<i64, _>(4)? == 1,
                shared: row.try_get::<i64, _>(5)? == 1,
            };
            states.insert(row.try_get(0)?, state);
        }
        Ok(states)
    }

    async fn days(&self, names: &[String], from: At, to: At) -> Result<HashMap<String, Vec<(i64, Vec<u8>)>>> {
        let mut days: HashMap<String, Vec<(i64, Vec<u8>)>> = HashMap::new();
        let mut conn = self.pool.acquire().await?;
        for name in names {
            let sql = "select day, packed from service_day where service = $1 and day >= $2 and day <= $3 order by day";
            let rows =
                sqlx::query(sql).bind(name.clone()).bind(from.day()).bind(to.day()).fetch_all(&mut *conn).await.context("reading days")?;
            let list = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<Vec<_>>>()?;
            days.insert(name.clone(), list);
        }
        Ok(days)
    }

    async fn any_incident(&self, now: At) -> Result<bool> {
        let row = sqlx::query("select count(*) from (select 1 as one from incident where started_at <= $1 limit 1) as any_incident");
        Ok(row.bind(now.0).fetch_one(&self.pool).await.context("looking for incidents")?.try_get::<i64, _>(0)? > 0)
    }

    /// For commits that reached production in the period: all their deployments by these services, ever.
    async fn shared_leads(&self, services: &[&str], from: At, to: At) -> Result<Vec<(i64, String, At)>> {
        let mut found = Vec::new();
        let mut conn = self.pool.acquire().await?;
        for service in services {
            let sql = "select distinct l.commit_key, l.service, l.finished_at from shared_lead e join shared_lead l on l.commit_key = e.commit_key \
                       where e.service = $1 and e.finished_at >= $2 and e.finished_at < $3";
            for row in sqlx::query(sql).bind((*service).to_string()).bind(from.0).bind(to.0).fetch_all(&mut *conn).await? {
                found.push((row.try_get(0)?, row.try_get(1)?, At(row.try_get(2)?)));
            }
        }
        Ok(found)
    }
}

impl Pool {
    fn note(&mut self, first: Option<At>, deployed: bool) {
        self.first_event = match (self.first_event, first) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.ever_deployed |= deployed;
    }
}

/// A service's part of a pool.
struct Taken {
    service: String,
    deployments: Vec<Packed>,
    attempts: Vec<At>,
    unlinked: Vec<At>,
    /// Where derived on the spot: every commit's first deployment.
    firsts: Vec<(i64, At)>,
}

impl Taken {
    fn derived(service: &str, derived: &Derived) -> Self {
        let firsts = derived
            .deployments
            .iter()
            .flat_map(|shipped| shipped.commits().map(|sha| (commit_key(sha).cast_signed(), shipped.finished_at)))
            .collect();
        Self {
            service: service.to_string(),
            deployments: derived.deployments.iter().map(|shipped| packed(shipped, 0, true)).collect(),
            attempts: derived.attempts.clone(),
            unlinked: derived.unlinked.iter().map(|incident| incident.started_at).collect(),
            firsts,
        }
    }

    fn days(service: &str, days: &[(i64, Vec<u8>)]) -> Self {
        let mut own =
            Self { service: service.to_string(), deployments: Vec::new(), attempts: Vec::new(), unlinked: Vec::new(), firsts: Vec::new() };
        for (day, bytes) in days {
            let Ok(packed) = decode(bytes) else { continue };
            let start = day * DAY;
            own.deployments.extend(packed.deployments.into_iter().map(|it| Packed { at: it.at + start, ..it }));
            own.attempts.extend(packed.attempts.into_iter().map(|at| At(at + start)));
            own.unlinked.extend(packed.unlinked.into_iter().map(|at| At(at + start)));
        }
        own
    }

    /// Keeps what lies in the period and in a span in which the service counts.
    fn keep(&mut self, from: At, to: At, spans: &[Span]) {
        let holds = |at: At| from <= at && at < to && spans.iter().any(|span| span.holds(at));
        self.deployments.retain(|it| holds(it.finished_at()));
        self.attempts.retain(|at| holds(*at));
        self.unlinked.retain(|at| holds(*at));
    }
}

/// A pool counts a commit once, at its earliest deployment by a service while that service counted.
fn count_once(taken: &mut [Taken], services: &Services, shared: &[(i64, String, At)]) {
    let spans: BTreeMap<&str, &[Span]> = services.iter().map(|(name, spans)| (name.as_str(), spans.as_slice())).collect();
    let mut earliest: HashMap<i64, (At, &str)> = HashMap::new();
    let mut repeated: HashSet<i64> = HashSet::new();
    let on_the_spot = taken.iter().flat_map(|own| own.firsts.iter().map(|(key, at)| (*key, own.service.as_str(), *at)));
    let all = shared.iter().map(|(key, service, at)| (*key, service.as_str(), *at)).chain(on_the_spot);
    for (key, service, at) in all {
        let Some((known, spans)) = spans.get_key_value(service) else { continue };
        if !spans.iter().any(|span| span.holds(at)) {
            continue;
        }
        match earliest.get_mut(&key) {
            None => {
                earliest.insert(key, (at, known));
            }
            Some(first) => {
                if first.1 != *known {
                    repeated.insert(key);
                }
                *first = (*first).min((at, known));
            }
        }
    }
    let owners: HashMap<i64, (At, String)> =
        earliest.into_iter().filter(|(key, _)| repeated.contains(key)).map(|(key, (at, name))| (key, (at, name.to_string()))).collect();
    for own in taken {
        for deployment in &mut own.deployments {
            let (at, service) = (deployment.finished_at(), &own.service);
            let counts = |key: &u64| owners.get(&key.cast_signed()).is_none_or(|(first, owner)| (*first, owner) == (at, service));
            for left_out in [&mut deployment.merges, &mut deployment.bots, &mut deployment.negative] {
                left_out.retain(counts);
            }
            if deployment.keys.is_empty() || deployment.keys.iter().all(counts) {
                continue;
            }
            let kept: Vec<(i64, u64)> =
                deployment.leads.iter().copied().zip(deployment.keys.iter().copied()).filter(|(_, key)| counts(key)).collect();
            deployment.leads = kept.iter().map(|(lead, _)| *lead).collect();
            deployment.keys = kept.iter().map(|(_, key)| *key).collect();
        }
    }
}

/// The latest instant in any fact of a service.
pub(super) fn latest(facts: &ServiceFacts) -> Option<At> {
    let deployments = facts.deployments.iter().filter_map(|row| row.finished_at);
    let incidents = facts.incidents.iter().flat_map(|row| [Some(row.started_at), row.resolved_at]).flatten();
    let changes = facts.changes.iter().filter_map(|row| row.merged_at);
    deployments.chain(incidents).chain(changes).max()
}
