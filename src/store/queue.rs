//! How much waits: for the figures that operators watch.

use anyhow::{Context, Result};
use sqlx::Row;

use super::Store;

impl Store {
    /// How many recorded deliveries wait to be parsed.
    pub async fn waiting(&self) -> Result<u64> {
        let row = sqlx::query("select count(*) from delivery where state = 'pending'")
            .fetch_one(&self.pool)
            .await
            .context("counting what waits")?;
        let count: i64 = row.try_get(0)?;
        Ok(count.unsigned_abs())
    }
}
