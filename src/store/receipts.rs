//! Receipts: what was asked and answered, frozen with the organisation as it was.

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use sqlx::Row;

use super::Store;
pub use super::late::{Late, Rests};
use crate::domain::ask::Ask;
use crate::domain::card::{Metric, Scope};
use crate::domain::time::At;
use crate::domain::window::Window;

/// Letters of an id: base 32 without those that look alike when read aloud.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A frozen answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// Eight base-32 characters.
    pub id: String,
    /// Text that asks the same.
    pub command: String,
    /// What it was about.
    pub scope: Scope,
    /// Its period.
    pub window: Window,
    /// When it was asked: facts later than this did not exist.
    pub asked_at: At,
    /// The organisation it was answered under.
    pub org_version: i64,
    /// The last delivery it saw.
    pub watermark: i64,
    /// Version of the definitions.
    pub definitions: i64,
    /// The figures as answered.
    pub metrics: Vec<Metric>,
}

/// A new id.
pub fn new_id() -> String {
    (0..8).map(|_| char::from(LETTERS[usize::from(rand::random::<u8>() & 31)])).collect()
}

/// An id made of what it is of, so that the same answer given again has the same one.
pub fn stable_id(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().iter().take(8).map(|byte| char::from(LETTERS[usize::from(byte & 31)])).collect()
}

/// The periods that commands take where none is named.
const DEFAULTS: [&str; 3] = ["", "6m", "13w"];

/// The window under the name it was asked by; where that no longer means the same period, under its two instants. `behind`
/// is what stands behind the scope: the period, where one was named, then other words.
fn named(mut window: Window, behind: &str, asked_at: At) -> Window {
    let ends = behind.match_indices(' ').map(|(end, _)| end).chain([behind.len()]);
    let said = ends.map(|end| &behind[..end]).filter(|said| !said.is_empty());
    let ahead = window.to > asked_at;
    let read = |said: &str| if ahead { Window::ahead(said, asked_at, window.zone) } else { Window::parse(said, asked_at, window.zone) };
    let mut again = DEFAULTS.into_iter().chain(said).filter_map(|said| read(said).ok());
    let same = again.rfind(|again| (again.from, again.to) == (window.from, window.to));
    window.label = same.map_or_else(|| window.instants(), |again| again.label);
    window
}

impl Store {
    /// The last delivery whose facts, and those of all before it, an answer sees.
    pub async fn watermark(&self) -> Result<i64> {
        Ok(self.current().await?.watermark)
    }

    /// Keeps a receipt.
    pub async fn keep_receipt(&self, receipt: Receipt) -> Result<()> {
        self.writer
            .write_unread(move |conn| {
                let receipt = receipt.clone();
                Box::pin(async move {
                    let sql = "insert into receipt (id, command, scope, from_at, to_at, zone, asked_at, org_version, watermark, definitions, metrics) \
                               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
                    sqlx::query(sql)
                        .bind(receipt.id)
                        .bind(receipt.command)
                        .bind(serde_json::to_string(&receipt.scope)?)
                        .bind(receipt.window.from.0)
                        .bind(receipt.window.to.0)
                        .bind(receipt.window.zone.name().to_string())
                        .bind(receipt.asked_at.0)
                        .bind(receipt.org_version)
                        .bind(receipt.watermark)
                        .bind(receipt.definitions)
                        .bind(serde_json::to_string(&receipt.metrics)?)
                        .execute(conn)
                        .await?;
                    Ok(())
                })
            })
            .await
            .context("keeping a receipt")
    }

    /// The receipt of that id.
    pub async fn receipt(&self, id: &str) -> Result<Option<Receipt>> {
        let sql = "select command, scope, from_at, to_at, zone, asked_at, org_version, watermark, definitions, metrics from receipt where id = $1";
        let Some(row) = sqlx::query(sql).bind(id.to_lowercase()).fetch_optional(&self.pool).await.context("reading a receipt")? else {
            return Ok(None);
        };
        let (scope, zone, metrics): (String, String, String) = (row.try_get(1)?, row.try_get(4)?, row.try_get(9)?);
        let command: String = row.try_get(0)?;
        let scope: Scope = serde_json::from_str(&scope).context("reading a receipt's scope")?;
        let asked_at = At(row.try_get(5)?);
        let window = Window {
            from: At(row.try_get(2)?),
            to: At(row.try_get(3)?),
            zone: zone.parse().unwrap_or(chrono_tz::UTC),
            label: String::new(),
        };
        Ok(Some(Receipt {
            id: id.to_lowercase(),
            window: named(window, Ask::behind_scope(&command, &scope), asked_at),
            scope,
            asked_at,
            org_version: row.try_get(6)?,
            watermark: row.try_get(7)?,
            definitions: row.try_get(8)?,
            metrics: serde_json::from_str(&metrics).context("reading a receipt's figures")?,
            command,
        }))
    }
}
