//! From a scope and a period to a [`Pool`]: packed days where they hold, else derived on the spot.
//!
//! Days are packed from all facts under the newest organisation file. They hold for an answer at `now` unless a fact
//! is later than `now` or the file declares the service otherwise since, as when the clock stands in the past or a
//! receipt is recomputed: then the service is derived from the facts up to `now` under the file of that time. Both ways
//! give the same pool.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use anyhow::{Context, Result};
use sqlx::Row;

use super::current::{Current, Days};
use super::{Store, bulk, service_facts};
use crate::domain::derive::day::{Packed, commit_key, packed};
use crate::domain::derive::{Derived, ServiceFacts, derive};
use crate::domain::org::{Org, Owned, Span};
use crate::domain::pool::Pool;
use crate::domain::time::At;
use crate::domain::window::Window;

/// The services of a scope, each with the spans in which its deployments count. The organisation's own pool also
/// holds `""`, the incidents that name no service.
pub type Services = Vec<(String, Vec<Span>)>;

/// How many services counted at some time of a window.
pub(super) fn owned_in(services: &Services, window: &Window) -> usize {
    services.iter().filter(|(name, spans)| !name.is_empty() && Owned::of([spans.as_slice()]).any_in(window)).count()
}

/// How often services are derived anew for one answer, at most: facts may come faster than it.
const ROUNDS: usize = 3;

impl Store {
    /// The pool of some services from `from` to the end of `window`. Facts later than `now` do not exist.
    pub async fn pool(&self, services: &Services, from: At, window: &Window, now: At, org: &Org) -> Result<Pool> {
        let names: Vec<String> = services.iter().map(|(name, _)| name.clone()).collect();
        let current = self.derived_anew(&names).await?;
        let mut pool = Pool { services: owned_in(services, window), as_of: now, ..Pool::default() };
        pool.alive = self.freshness(now).await?.iter().any(|source| source.last_received >= window.from);
        pool.owned = Owned::of(services.iter().map(|(_, spans)| spans.as_slice()));
        pool.evidence = self.any_incident(now).await?;
        let days = current.days(&self.pool, &names, from.day(), window.to.day()).await?;
        let on_the_spot = self.on_the_spot(&current, &names, now, org).await?;
        let mut shared: Vec<&str> = Vec::new();
        let mut taken: Vec<Taken> = Vec::new();
        for ((name, spans), days) in services.iter().zip(days) {
            let Some(state) = current.state(name) else { continue };
            let own = if on_the_spot.contains(name) {
                let derived = self.derived(name, now, org).await?;
                pool.evidence |= derived.evidence;
                let first = derived.first_event;
                pool.note(first, !derived.deployments.is_empty());
                Taken::derived(name, &derived, from, window.to, spans)
            } else {
                pool.note(state.first_event, state.ever_deployed);
                pool.evidence |= state.evidence;
                if state.shared {
                    shared.push(name);
                }
                Taken::days(name, &days, from, window.to, spans)
            };
            taken.push(own);
        }
        if taken.len() > 1 {
            let spot: Vec<&str> = on_the_spot.iter().map(String::as_str).collect();
            let earlier = self.shared_leads(&shared, &spot, from, window.to).await?;
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

    /// What is current, with the days of these services derived anew where they were stale.
    pub(super) async fn derived_anew(&self, names: &[String]) -> Result<Arc<Current>> {
        let mut current = self.current().await?;
        // Deriving a service may tell that another shares its repository, which is then derived again.
        for _ in 0..ROUNDS {
            if !current.is_stale(names) {
                break;
            }
            self.refresh(Some(names)).await?;
            current = self.reader.current().await?;
        }
        Ok(current)
    }

    /// Those of some services that must be derived on the spot for an answer at `now` under a file: where a fact is later
    /// than `now`; where the file reads the service otherwise than the newest one does, or another one that it shares a place
    /// with, since what one takes the other does not have; all where it declares other bots.
    pub(super) async fn on_the_spot(&self, current: &Current, names: &[String], now: At, org: &Org) -> Result<BTreeSet<String>> {
        let has_later = |name: &&String| current.state(name).is_some_and(|state| state.last_fact.is_some_and(|at| at > now));
        let mut found: BTreeSet<String> = names.iter().filter(has_later).cloned().collect();
        let newest = self.org(At(i64::MAX)).await?;
        if org.bots() != newest.org.bots() {
            return Ok(names.iter().cloned().collect());
        }
        if org.services == newest.org.services {
            return Ok(found);
        }
        let declared = org.services.keys().chain(newest.org.services.keys());
        let changed: BTreeSet<&str> =
            declared.filter(|name| org.services.get(*name) != newest.org.services.get(*name)).map(String::as_str).collect();
        let mut places: BTreeSet<String> = changed
            .iter()
            .flat_map(|name| [org.services.get(*name), newest.org.services.get(*name)])
            .filter_map(|service| service?.repository.clone())
            .collect();
        let mut conn = self.pool.acquire().await?;
        let keys: Vec<&str> = changed.iter().copied().collect();
        for row in
            bulk::select_in(&mut conn, "select repository from service_repository where $1 <> '' and service in ({keys})", "all", &keys)
                .await?
        {
            places.insert(row.try_get(0)?);
        }
        let keys: Vec<&str> = places.iter().map(String::as_str).collect();
        let mut touched: BTreeSet<String> = changed.iter().map(|name| (*name).to_string()).collect();
        for row in
            bulk::select_in(&mut conn, "select service from service_repository where $1 <> '' and repository in ({keys})", "all", &keys)
                .await?
        {
            touched.insert(row.try_get(0)?);
        }
        found.extend(names.iter().filter(|name| touched.contains(*name)).cloned());
        Ok(found)
    }

    async fn any_incident(&self, now: At) -> Result<bool> {
        match self.current().await?.some_incident {
            None => Ok(false),
            Some(at) if at <= now => Ok(true),
            Some(_) => {
                let row =
                    sqlx::query("select count(*) from (select 1 as one from incident where started_at <= $1 limit 1) as any_incident");
                Ok(row.bind(now.0).fetch_one(&self.pool).await.context("looking for incidents")?.try_get::<i64, _>(0)? > 0)
            }
        }
    }

    /// For commits that reached production in the period by any of these services: all their deployments by those of
    /// `services`, ever. Those derived on the spot bring their own.
    async fn shared_leads(&self, services: &[&str], on_the_spot: &[&str], from: At, to: At) -> Result<Vec<(i64, String, At)>> {
        let mut found = Vec::new();
        let mut conn = self.pool.acquire().await?;
        for service in services.iter().chain(on_the_spot) {
            let sql = "select distinct l.commit_key, l.service, l.finished_at from shared_lead e join shared_lead l on l.commit_key = e.commit_key \
                       where e.service = $1 and e.finished_at >= $2 and e.finished_at < $3";
            for row in sqlx::query(sql).bind((*service).to_string()).bind(from.0).bind(to.0).fetch_all(&mut *conn).await? {
                let name: String = row.try_get(1)?;
                if services.contains(&name.as_str()) {
                    found.push((row.try_get(0)?, name, At(row.try_get(2)?)));
                }
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
    /// What lies in the period and in a span in which the service counts.
    fn derived(service: &str, derived: &Derived, from: At, to: At, spans: &[Span]) -> Self {
        let firsts = derived
            .deployments
            .iter()
            .flat_map(|shipped| shipped.commits().map(|sha| (commit_key(sha).cast_signed(), shipped.finished_at)))
            .collect();
        let holds = |at: At| from <= at && at < to && spans.iter().any(|span| span.holds(at));
        Self {
            service: service.to_string(),
            deployments: derived.deployments.iter().filter(|it| holds(it.finished_at)).map(|shipped| packed(shipped, 0, true)).collect(),
            attempts: derived.attempts.iter().copied().filter(|at| holds(*at)).collect(),
            unlinked: derived.unlinked.iter().map(|incident| incident.started_at).filter(|at| holds(*at)).collect(),
            firsts,
        }
    }

    /// What lies in the period and in a span in which the service counts.
    fn days(service: &str, days: &Days, from: At, to: At, spans: &[Span]) -> Self {
        let holds = |at: At| from <= at && at < to && spans.iter().any(|span| span.holds(at));
        let begin = days.deployments.partition_point(|it| it.finished_at() < from);
        let end = days.deployments.partition_point(|it| it.finished_at() < to);
        Self {
            service: service.to_string(),
            deployments: days.deployments[begin..end.max(begin)].iter().filter(|it| holds(it.finished_at())).cloned().collect(),
            attempts: days.attempts.iter().copied().filter(|at| holds(*at)).collect(),
            unlinked: days.unlinked.iter().copied().filter(|at| holds(*at)).collect(),
            firsts: Vec::new(),
        }
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
