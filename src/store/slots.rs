//! What came of the last slot of each subscription, for who wonders why it is quiet.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use sqlx::Row;

use super::Store;
use crate::domain::time::At;

/// A slot that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// When it was due.
    pub due_at: At,
    /// `said`, `quiet`, `skipped`, `failed`.
    pub word: String,
    /// Why it said nothing, or what failed: one sentence.
    pub note: Option<String>,
}

impl Store {
    /// The last slot that ended of each subscription, by `KIND/ID`.
    pub async fn last_outcomes(&self) -> Result<BTreeMap<String, Slot>> {
        let sql = "select l.job, l.due_at, l.outcome, l.note from lease l join (select job, max(due_at) as due_at from lease \
                   where outcome is not null group by job) last on last.job = l.job and last.due_at = l.due_at";
        let rows = sqlx::query(sql).fetch_all(&self.pool).await.context("reading the last slots")?;
        let read = |row: &sqlx::any::AnyRow| -> Result<(String, Slot)> {
            Ok((row.try_get(0)?, Slot { due_at: At(row.try_get(1)?), word: row.try_get(2)?, note: row.try_get(3)? }))
        };
        rows.iter().map(read).collect()
    }
}
