//! Parts of facts: each a register of its own; the fact's row is computed from all that are known.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use sqlx::{AnyConnection, Row};

use super::super::bulk;
use super::super::org::Names;
use super::registers::{self, Table};
use super::touched::Touched;
use super::{Batch, Over, Tally, Winners, version, work};
use crate::domain::event::{Event, Stated};
use crate::domain::part::{Part, Step, whole};
use crate::domain::time::At;

const PART: Table = Table { name: "part", columns: &["source", "id", "fact", "body", "updated_at", "hash", "seq"] };

pub(super) async fn parts(
    conn: &mut AnyConnection,
    batch: &Batch<'_>,
    names: &Names,
    tally: &mut Tally,
    touched: &mut Touched,
) -> Result<()> {
    let all: Vec<_> =
        batch.events.iter().filter_map(|stated| if let Event::Part(it) = &stated.event { Some((stated, it)) } else { None }).collect();
    if all.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = all.iter().map(|(_, it)| format!("{} {}", fact(it), it.step.as_str())).collect();
    let keys: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut known = PART.known(conn, batch, &keys, "cast(0 as bigint)").await?;
    let mut winners = Winners::default();
    let mut facts = BTreeSet::new();
    for ((stated, it), id) in all.iter().zip(&ids) {
        let version = version(stated, 0);
        let row = || {
            let body = serde_json::to_string(it).unwrap_or_default();
            let (updated_at, hash) = (version.updated_at, version.hash.as_str());
            vec![batch.source.into(), id.as_str().into(), fact(it).into(), body.into(), updated_at.into(), hash.into(), batch.seq.into()]
        };
        if winners.take(&mut known, id, version.clone(), tally, row) || !batch.said.is_empty() {
            facts.insert(fact(it));
        }
    }
    PART.upsert(conn, winners.into_rows()).await?;
    let computed = compute(conn, batch.source, &facts).await?;
    let whole = Batch { over: Over::All, events: &computed, ..*batch };
    let mut uncounted = Tally::default();
    registers::incidents(conn, &whole, names, &mut uncounted, touched).await?;
    registers::changes(conn, &whole, names, &mut uncounted, touched).await?;
    work::items(conn, &whole, &mut uncounted).await
}

/// Kind and id of the fact a part belongs to.
fn fact(part: &Part) -> String {
    format!("{} {}", part.of.as_str(), part.id)
}

/// The facts that the parts known now make. A draft's readiness alone makes none: it belongs to a change that is
/// stated whole.
async fn compute(conn: &mut AnyConnection, source: &str, facts: &BTreeSet<String>) -> Result<Vec<Stated>> {
    let keys: Vec<&str> = facts.iter().map(String::as_str).collect();
    let mut known: BTreeMap<String, Vec<(Part, Option<At>)>> = BTreeMap::new();
    for row in
        bulk::select_in(conn, "select fact, body, updated_at from part where source = $1 and fact in ({keys})", source, &keys).await?
    {
        let (fact, body): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let version: i64 = row.try_get(2)?;
        known.entry(fact).or_default().push((serde_json::from_str(&body)?, (version != i64::MIN).then_some(At(version))));
    }
    let mut stated = Vec::new();
    for parts in known.values_mut() {
        parts.sort_by_key(|(part, _)| part.step);
        parts.dedup_by_key(|(part, _)| part.step); // a padded key list may name a fact twice
        if parts.iter().all(|(part, _)| part.step == Step::Ready) {
            continue;
        }
        let updated_at = parts.iter().filter_map(|(_, version)| *version).max();
        stated.extend(whole(None, parts).map(|event| Stated { event, updated_at, line: 0 }));
    }
    Ok(stated)
}
