//! Stale services are derived anew: their packed days, and what the service's row says of them.
//!
//! Why on reading (and in the background after ingest) rather than inside each ingest: a late event can change
//! any later deployment of its service, and an import would otherwise derive the same service for every batch.
//! The facts' transaction raises `stale`; deriving puts its sign down only if it still is what it was when the facts
//! were read, so that no change is ever missed. Its size never goes back: a deriving that was overtaken by another one, and by
//! facts after that, would else find the number that it had read, and keep days that lack those facts.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::bulk::{self, Val};
use super::{Store, service_facts};
use crate::domain::derive::change_day::pack_changes;
use crate::domain::derive::day::{commit_key, pack};
use crate::domain::derive::{DEFINITIONS, Derived, derive};
use crate::domain::org::Org;
use crate::domain::time::At;

/// `service.shared`: no other service deploys from a place of its commits.
const ALONE: i64 = 0;
/// Another one does: its commits are kept apart.
const APART: i64 = 1;
/// Another one brings a commit of its own: a pool of both must ask whose it is.
pub(super) const SHARED: i64 = 2;

/// What deriving a service produced, ready to be written.
pub(super) struct Fresh {
    service: String,
    stale: i64,
    days: Vec<(i64, Vec<u8>)>,
    first_event: Option<At>,
    last_fact: Option<At>,
    evidence: bool,
    ever_deployed: bool,
    /// Another service may bring its commits: they are kept apart, each under its key.
    apart: bool,
    leads: BTreeSet<(i64, i64)>,
    places: Vec<String>,
    change_days: Vec<(i64, Vec<u8>)>,
    first_change: Option<At>,
}

impl Store {
    /// Derives stale services anew: of `names`, or all of them. Returns how many.
    pub async fn refresh(&self, names: Option<&[String]>) -> Result<usize> {
        let rows = sqlx::query("select name, stale from service where stale > 0 or derived_by <> $1 order by name")
            .bind(DEFINITIONS)
            .fetch_all(&self.pool)
            .await
            .context("looking for stale services")?;
        self.pack_runs().await?;
        let mut done = 0;
        let org = self.org_version(self.newest_org().await?).await?; // not the pinned one: it may be newer than what is read here
        for row in rows {
            let (name, stale): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
            if names.is_none_or(|names| name.is_empty() || names.contains(&name)) {
                let fresh = self.derive_service(&name, stale, &org.org).await?;
                self.keep(fresh).await?;
                done += 1;
            }
        }
        Ok(done)
    }

    pub(super) async fn derive_service(&self, name: &str, stale: i64, org: &Org) -> Result<Fresh> {
        let mut conn = self.pool.acquire().await?;
        let loaded = service_facts::load(&mut conn, name, org).await?;
        let places: Vec<String> = loaded.places.into_iter().collect();
        let apart = shares_a_place(&mut conn, name, &places).await?;
        drop(conn);
        let facts = loaded.facts;
        let (derived, last_fact) = tokio::task::spawn_blocking(move || {
            let latest = super::figures::latest(&facts);
            (derive(&facts, At(i64::MAX)), latest)
        })
        .await
        .context("deriving a service")?;
        let days = encoded(pack(&derived, apart))?;
        Ok(Fresh {
            service: name.to_string(),
            stale,
            days,
            first_event: derived.first_event,
            last_fact,
            evidence: derived.evidence,
            ever_deployed: !derived.deployments.is_empty(),
            leads: if apart { leads(&derived) } else { BTreeSet::new() },
            apart,
            places,
            change_days: encoded(pack_changes(&derived.changes))?,
            first_change: derived.changes.first().map(|change| change.merged_at),
        })
    }

    /// Writes what was derived, unless facts came meanwhile: then the service stays stale.
    pub(super) async fn keep(&self, fresh: Fresh) -> Result<()> {
        let fresh = std::sync::Arc::new(fresh);
        self.writer
            .write(move |conn| {
                let fresh = fresh.clone();
                Box::pin(async move { write(conn, &fresh).await })
            })
            .await
            .context("keeping figures")
    }
}

async fn write(conn: &mut AnyConnection, fresh: &Fresh) -> Result<()> {
    let sql = "update service set stale = -abs(stale), first_event = $1, last_fact = $2, evidence = $3, ever_deployed = $4, shared = $5, derived_by = $6, first_change = $7 \
               where name = $8 and stale = $9";
    let done = sqlx::query(sql)
        .bind(fresh.first_event.map(|at| at.0))
        .bind(fresh.last_fact.map(|at| at.0))
        .bind(i64::from(fresh.evidence))
        .bind(i64::from(fresh.ever_deployed))
        .bind(if fresh.apart { APART } else { ALONE })
        .bind(DEFINITIONS)
        .bind(fresh.first_change.map(|at| at.0))
        .bind(fresh.service.clone())
        .bind(fresh.stale)
        .execute(&mut *conn)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(());
    }
    write_days(conn, "service_day", &fresh.service, &fresh.days).await?;
    write_days(conn, "change_day", &fresh.service, &fresh.change_days).await?;
    write_leads(conn, fresh).await?;
    write_places(conn, fresh).await
}

/// Which services bring which commits when, of those that share a place; only what differs is written. Services that turn
/// out to bring the same commit are marked so.
async fn write_leads(conn: &mut AnyConnection, fresh: &Fresh) -> Result<()> {
    let service = fresh.service.as_str();
    let mut gone: BTreeSet<(i64, i64)> = BTreeSet::new();
    let sql = "select commit_key, finished_at from shared_lead where service = $1";
    for row in sqlx::query(sql).bind(service.to_string()).fetch_all(&mut *conn).await? {
        gone.insert((row.try_get(0)?, row.try_get(1)?));
    }
    let rows = fresh.leads.iter().filter(|lead| !gone.remove(lead)).map(|(key, at)| vec![(*key).into(), service.into(), (*at).into()]);
    let rows = rows.collect();
    bulk::insert(conn, "insert into shared_lead (commit_key, service, finished_at)", "on conflict do nothing", rows).await?;
    for (key, at) in gone {
        let sql = "delete from shared_lead where service = $1 and finished_at = $2 and commit_key = $3";
        sqlx::query(sql).bind(service.to_string()).bind(at).bind(key).execute(&mut *conn).await?;
    }
    if fresh.leads.is_empty() {
        return Ok(());
    }
    let sql = "select distinct l.service from shared_lead e join shared_lead l on l.commit_key = e.commit_key and l.service <> e.service \
               where e.service = $1";
    let others = sqlx::query(sql).bind(service.to_string()).fetch_all(&mut *conn).await?;
    let others: Vec<String> = others.iter().map(|row| row.try_get(0)).collect::<sqlx::Result<_>>()?;
    let own = (!others.is_empty()).then(|| service.to_string());
    for name in others.into_iter().chain(own) {
        let sql = "update service set shared = $1 where name = $2 and shared = $3";
        sqlx::query(sql).bind(SHARED).bind(name).bind(APART).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Only the days that differ are written.
async fn write_days(conn: &mut AnyConnection, table: &str, service: &str, days: &[(i64, Vec<u8>)]) -> Result<()> {
    let mut known: BTreeMap<i64, Vec<u8>> = BTreeMap::new();
    let sql = format!("select day, packed from {table} where service = $1");
    for row in sqlx::query(AssertSqlSafe(sql)).bind(service.to_string()).fetch_all(&mut *conn).await? {
        known.insert(row.try_get(0)?, row.try_get(1)?);
    }
    let mut rows: Vec<Vec<Val>> = Vec::new();
    for (day, packed) in days {
        if known.remove(day).as_ref() != Some(packed) {
            rows.push(vec![service.into(), (*day).into(), Val::Bytes(packed.clone())]);
        }
    }
    let head = format!("insert into {table} (service, day, packed)");
    bulk::insert(conn, &head, "on conflict (service, day) do update set packed = excluded.packed", rows).await?;
    let sql = format!("delete from {table} where service = $1 and day = $2");
    for day in known.keys() {
        sqlx::query(AssertSqlSafe(sql.clone())).bind(service.to_string()).bind(*day).execute(&mut *conn).await?;
    }
    Ok(())
}

fn encoded<T: Serialize>(days: BTreeMap<i64, T>) -> Result<Vec<(i64, Vec<u8>)>> {
    days.into_iter().map(|(day, packed)| Ok((day, encode(&packed)?))).collect()
}

/// Notes the places. Another service that did not know that this one deploys from one of its places must be derived anew.
async fn write_places(conn: &mut AnyConnection, fresh: &Fresh) -> Result<()> {
    let rows = fresh.places.iter().map(|place| vec![fresh.service.as_str().into(), place.as_str().into()]).collect();
    bulk::insert(conn, "insert into service_repository (service, repository)", "on conflict do nothing", rows).await?;
    for place in fresh.places.iter().filter(|_| fresh.ever_deployed) {
        let sql = "update service set stale = abs(stale) + 1 where shared = $1 and name <> $2 and name in (select service from service_repository where repository = $3)";
        sqlx::query(sql).bind(ALONE).bind(fresh.service.clone()).bind(place.clone()).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Whether another service deploys from one of these places.
async fn shares_a_place(conn: &mut AnyConnection, service: &str, places: &[String]) -> Result<bool> {
    let keys: Vec<&str> = places.iter().map(String::as_str).collect();
    let known = "select count(*) from service_repository where service <> $1 and service in (select name from service where ever_deployed = 1) \
                 and repository in ({keys})";
    let seen = "select count(*) from (select 1 as one from deployment where service <> $1 and repository in ({keys}) limit 1) as others";
    for sql in [known, seen] {
        for row in bulk::select_in(conn, sql, service, &keys).await? {
            if row.try_get::<i64, _>(0)? > 0 {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn leads(derived: &Derived) -> BTreeSet<(i64, i64)> {
    let all =
        derived.deployments.iter().flat_map(|shipped| shipped.commits().map(|sha| (commit_key(sha).cast_signed(), shipped.finished_at.0)));
    all.collect()
}

/// A packed day as stored.
pub(super) fn encode<T: Serialize>(day: &T) -> Result<Vec<u8>> {
    postcard::to_stdvec(day).context("packing a day")
}

/// A stored day.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    postcard::from_bytes(bytes).context("unpacking a day")
}
