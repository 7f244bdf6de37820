//! What people say of facts on the command line ([`Said`]), kept as registers beside them in `part`.
//!
//! Each word is one row: `id` is the word and the fact, `fact` is "said" and the fact, `body` the word itself, `updated_at`
//! the moment of saying. The rows of facts are written with what holds for them laid over.

use std::collections::{HashMap, HashSet};

use anyhow::Result;
use sqlx::{AnyConnection, Row};

use super::super::bulk;
use super::Batch;
use super::registers::Table;
use crate::domain::said::Said;

const PART: Table = Table { name: "part", columns: &["source", "id", "fact", "body", "updated_at", "hash", "seq"] };

/// What holds for the facts of a batch.
#[derive(Default)]
pub(super) struct Words {
    said: HashMap<String, Said>,
    nothing: Said,
    /// Facts of which another word holds since this batch: their rows are written again, though their versions are not new.
    pub(super) moved: HashSet<String>,
}

impl Words {
    /// What holds for a fact.
    pub(super) fn of(&self, id: &str) -> &Said {
        self.said.get(id).unwrap_or(&self.nothing)
    }
}

/// Keeps what the batch's delivery says of these facts, and gives what holds for each.
pub(super) async fn words(conn: &mut AnyConnection, batch: &Batch<'_>, kind: &str, ids: &[&str]) -> Result<Words> {
    let facts: Vec<String> = ids.iter().map(|id| format!("said {kind} {id}")).collect();
    let keys: Vec<&str> = facts.iter().map(String::as_str).collect();
    let mut known: HashMap<String, (i64, String)> = HashMap::new();
    let sql = "select id, updated_at, body from part where source = $1 and fact in ({keys})";
    for row in bulk::select_in(conn, sql, batch.source, &keys).await? {
        known.insert(row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?));
    }
    let mut words = Words::default();
    if known.is_empty() && batch.said.is_empty() {
        return Ok(words);
    }
    let mut rows = Vec::new();
    let mut seen = HashSet::new();
    for (id, fact) in ids.iter().zip(&facts).filter(|(id, _)| seen.insert(**id)) {
        let mut holds = Said::default();
        for (name, now, then) in
            [("service", &batch.said.service, &mut holds.service), ("environment", &batch.said.environment, &mut holds.environment)]
        {
            let key = format!("{name} of {fact}");
            let before = known.remove(&key);
            *then = before.as_ref().map(|(_, word)| word.clone());
            let said = now.as_ref().map(|word| (batch.at.0, word.clone())).filter(|said| Some(said) > before.as_ref());
            let Some((at, word)) = said else { continue };
            if before.as_ref().is_none_or(|(_, before)| *before != word) {
                words.moved.insert((*id).to_string());
            }
            rows.push(vec![
                batch.source.into(),
                key.into(),
                fact.as_str().into(),
                word.as_str().into(),
                at.into(),
                "".into(),
                batch.seq.into(),
            ]);
            *then = Some(word);
        }
        if !holds.is_empty() {
            words.said.insert((*id).to_string(), holds);
        }
    }
    PART.upsert(conn, rows).await?;
    Ok(words)
}
