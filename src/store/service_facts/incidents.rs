//! The incidents that concern a service.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::super::bulk;
use crate::domain::derive::IncidentRow;
use crate::domain::time::At;

/// The incidents that concern a service: each belongs to one, so that it can fail one deployment only.
/// `candidates` are deployments that may be the service's own although they are stored under another name.
pub(super) async fn incidents(
    conn: &mut AnyConnection,
    service: &str,
    candidates: &BTreeSet<String>,
    claimants: &BTreeSet<String>,
) -> Result<Vec<IncidentRow>> {
    const COLUMNS: &str = "select source, id, started_at, resolved_at, deployment, title, seq, coalesce(service, '') from incident";
    let own = format!("{COLUMNS} where started_at is not null and coalesce(service, '') = $1");
    let referring = format!(
        "{COLUMNS} where started_at is not null and coalesce(service, '') <> $1 and deployment in (select id from deployment where service = $1)"
    );
    let mut found: Vec<(IncidentRow, String)> = Vec::new();
    for sql in [own, referring] {
        for row in sqlx::query(sqlx::AssertSqlSafe(sql)).bind(service.to_string()).fetch_all(&mut *conn).await? {
            found.push((incident(&row)?, row.try_get(7)?));
        }
    }
    let sql = format!("{COLUMNS} where started_at is not null and coalesce(service, '') <> $1 and deployment in ({{keys}})");
    let keys: Vec<&str> = candidates.iter().map(String::as_str).collect();
    for row in bulk::select_in(conn, &sql, service, &keys).await? {
        found.push((incident(&row)?, row.try_get(7)?));
    }
    let references: BTreeSet<&str> = found.iter().filter_map(|(row, _)| row.deployment.as_deref()).collect();
    let references: Vec<&str> = references.into_iter().collect();
    let mut holders: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new(); // by id: service, source
    let sql = "select id, service, source from deployment where $1 <> '' and id in ({keys})";
    for row in bulk::select_in(conn, sql, "all", &references).await? {
        holders.entry(row.try_get(0)?).or_default().insert((row.try_get(1)?, row.try_get(2)?));
    }
    found.retain(|(row, own)| {
        // Of a deployment that may be several services', it is the incident's own service that tells, if it is one of them.
        if row.deployment.as_ref().is_some_and(|reference| candidates.contains(reference)) {
            return own == service || !claimants.contains(own);
        }
        let named = row.deployment.as_ref().and_then(|reference| holders.get(reference));
        belongs_to(named, &row.source, own) == service
    });
    let mut rows: Vec<IncidentRow> = found.into_iter().map(|(row, _)| row).collect();
    rows.sort_by(|a, b| (&a.source, &a.id).cmp(&(&b.source, &b.id)));
    rows.dedup_by(|a, b| (&a.source, &a.id) == (&b.source, &b.id)); // a padded key list may name one twice
    Ok(rows)
}

/// The service of the deployment that an incident names: of its own source first, then of its own service, as ids may
/// repeat across sources. Where nobody has a deployment of that id, the incident stays with its own service.
fn belongs_to<'a>(named: Option<&'a BTreeSet<(String, String)>>, source: &str, own: &'a str) -> &'a str {
    let Some(named) = named else { return own };
    let of_source = named.iter().find(|(_, known)| known == source);
    let of_service = || named.iter().find(|(service, _)| service == own);
    of_source.or_else(of_service).or_else(|| named.first()).map_or(own, |(service, _)| service)
}

fn incident(row: &AnyRow) -> Result<IncidentRow> {
    Ok(IncidentRow {
        source: row.try_get(0)?,
        id: row.try_get(1)?,
        started_at: At(row.try_get(2)?),
        resolved_at: row.try_get::<Option<i64>, _>(3)?.map(At),
        deployment: row.try_get(4)?,
        title: row.try_get(5)?,
        seq: row.try_get(6)?,
    })
}
