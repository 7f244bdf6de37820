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
use crate::domain::part::{Of, Part, Step, whole};
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
        let mut version = version(stated, 0);
        if it.step.earliest_wins() {
            version.updated_at = it.at.0.saturating_neg(); // the earliest is the greatest
        }
        let row = || {
            let body = serde_json::to_string(it).unwrap_or_default();
            let (updated_at, hash) = (version.updated_at, version.hash.as_str());
            vec![batch.source.into(), id.as_str().into(), fact(it).into(), body.into(), updated_at.into(), hash.into(), batch.seq.into()]
        };
        if winners.take(&mut known, id, version.clone(), tally, row) || !batch.said.is_empty() {
            facts.insert(fact(it));
        }
    }
    touched.outranked(known.outranked);
    PART.upsert(conn, winners.into_rows()).await?;
    recompute(conn, batch, &facts, names, touched).await
}

/// Computes these facts anew from the parts that are known, and writes them whatever stood there.
pub(super) async fn recompute(
    conn: &mut AnyConnection,
    batch: &Batch<'_>,
    facts: &BTreeSet<String>,
    names: &Names,
    touched: &mut Touched,
) -> Result<()> {
    let computed = compute(conn, batch.source, facts).await?;
    let whole = Batch { over: Over::All, events: &computed, ..*batch };
    let mut uncounted = Tally::default();
    registers::incidents(conn, &whole, names, &mut uncounted, touched).await?;
    registers::changes(conn, &whole, names, &mut uncounted, touched).await?;
    work::items(conn, &whole, &mut uncounted, touched).await
}

/// Kind and id of the fact a part belongs to.
fn fact(part: &Part) -> String {
    format!("{} {}", part.of.as_str(), part.id)
}

/// Lays the steps that are told apart over facts that are stated whole, as [`whole`] does: when work on an item began (the
/// earlier counts), when a draft became ready. Done for each fact and each such step of a batch, so that either may come first.
pub(super) async fn lay_over(conn: &mut AnyConnection, batch: &Batch<'_>, touched: &mut Touched) -> Result<()> {
    let mut keys: BTreeSet<String> = BTreeSet::new();
    for stated in batch.events {
        match &stated.event {
            Event::Item(item) => drop(keys.insert(key(Of::Item, &item.id, Step::Started))),
            Event::Change(change) => drop(keys.insert(key(Of::Change, &change.id, Step::Ready))),
            Event::Part(part) if part.step.joins_a_whole() => {
                keys.insert(key(part.of, &part.id, part.step));
                if part.of == Of::Change {
                    touched.changed(&part.id);
                }
            }
            _ => {}
        }
    }
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    for row in bulk::select_in(conn, "select body from part where source = $1 and id in ({keys})", batch.source, &keys).await? {
        let part: Part = serde_json::from_str(&row.try_get::<String, _>(0)?)?;
        let sql = match part.of {
            Of::Item => "update item set started_at = $1 where source = $2 and id = $3 and (started_at is null or started_at > $1)",
            Of::Change => "update change set ready_at = $1 where source = $2 and id = $3",
            Of::Incident => continue,
        };
        sqlx::query(sql).bind(part.at.0).bind(batch.source.to_string()).bind(part.id).execute(&mut *conn).await?;
    }
    Ok(())
}

/// A part's id.
fn key(of: Of, id: &str, step: Step) -> String {
    format!("{} {id} {}", of.as_str(), step.as_str())
}

/// The facts that the parts known now make. Those that join a whole alone make none.
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
        if parts.iter().all(|(part, _)| part.step.joins_a_whole()) {
            continue;
        }
        let updated_at = parts.iter().filter_map(|(_, version)| *version).max();
        stated.extend(whole(None, parts).map(|event| Stated { event, updated_at, line: 0 }));
    }
    Ok(stated)
}
