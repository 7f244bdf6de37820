//! Where rows were before an update: the services that it makes stale, and the trace that it leaves where it takes a row to
//! another service or to another time, so that a receipt which saw it there can say so ([`late`](super::super::late)).

use std::collections::{BTreeSet, HashMap};

use anyhow::Result;
use sqlx::{AnyConnection, Row};

use super::super::bulk::{self, Val};
use super::super::late::trace;
use super::Batch;
use super::registers::Table;
use super::touched::Touched;

const PART: Table = Table { name: "part", columns: &["source", "id", "fact", "body", "updated_at", "hash", "seq"] };

/// Where a row stands.
#[derive(Default)]
struct Place {
    service: String,
    /// The time by which it is counted.
    at: Option<i64>,
    /// The deployment that an incident names, and the services of deployments of that id.
    reference: Option<String>,
    blamed: Vec<String>,
}

/// Where the rows of a batch stood before, by id.
pub(super) struct Before {
    kind: &'static str,
    places: HashMap<String, Place>,
    traces: Vec<Vec<Val>>,
}

impl Before {
    /// Of deployments.
    pub(super) async fn of_deployments(conn: &mut AnyConnection, batch: &Batch<'_>, ids: &[&str], touched: &mut Touched) -> Result<Self> {
        let sql = "select id, service, finished_at from deployment where source = $1 and id in ({keys})";
        let mut before = Self { kind: "deployment", places: HashMap::new(), traces: Vec::new() };
        for row in bulk::select_in(conn, sql, batch.source, ids).await? {
            let place = Place { service: row.try_get(1)?, at: row.try_get(2)?, ..Place::default() };
            touched.service(&place.service);
            before.places.insert(row.try_get(0)?, place);
        }
        Ok(before)
    }

    /// Of incidents, which also stand with the service of the deployment that they name.
    pub(super) async fn of_incidents(conn: &mut AnyConnection, batch: &Batch<'_>, ids: &[&str], touched: &mut Touched) -> Result<Self> {
        let sql = "select i.id, coalesce(i.service, ''), i.started_at, i.deployment, d.service from incident i \
                   left join deployment d on d.id = i.deployment where i.source = $1 and i.id in ({keys})";
        let mut before = Self { kind: "incident", places: HashMap::new(), traces: Vec::new() };
        for row in bulk::select_in(conn, sql, batch.source, ids).await? {
            let place: &mut Place = before.places.entry(row.try_get(0)?).or_default();
            (place.service, place.at, place.reference) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
            place.blamed.extend(row.try_get::<Option<String>, _>(4)?);
            for service in std::iter::once(&place.service).chain(&place.blamed) {
                touched.service(service);
            }
        }
        Ok(before)
    }

    /// A row is written: it leaves a trace where it stood elsewhere before.
    pub(super) fn now(&mut self, batch: &Batch<'_>, id: &str, service: &str, at: Option<i64>, reference: Option<&str>) {
        let now = Place { service: service.to_string(), at, reference: reference.map(str::to_string), blamed: Vec::new() };
        let Some(before) = self.places.insert(id.to_string(), now) else { return };
        let Some(then) = before.at else { return };
        let moved = before.service != service || before.at != at;
        let mut left: BTreeSet<&str> = moved.then_some(before.service.as_str()).into_iter().collect();
        if before.reference.as_deref() != reference || before.at != at {
            left.extend(before.blamed.iter().map(String::as_str));
        }
        let body = serde_json::to_string(&(self.kind, id, service)).unwrap_or_default();
        for from in left {
            let key = format!("left {from} {} {id} {}", self.kind, batch.seq);
            let row: Vec<Val> =
                vec![batch.source.into(), key.into(), trace(from).into(), body.as_str().into(), then.into(), "".into(), batch.seq.into()];
            self.traces.push(row);
        }
    }

    /// A row goes to another service as it is.
    pub(super) fn moves(&mut self, batch: &Batch<'_>, id: &str, service: &str) {
        let place = self.places.get(id);
        let (at, reference) = (place.and_then(|place| place.at), place.and_then(|place| place.reference.clone()));
        self.now(batch, id, service, at, reference.as_deref());
    }

    /// Keeps the traces.
    pub(super) async fn keep(self, conn: &mut AnyConnection) -> Result<()> {
        PART.upsert(conn, self.traces).await
    }
}
