//! Forecasts as they were issued, before their outcome, and what came of them: the track record.
//!
//! A row is written once and scored once; nothing is changed afterwards, and what is issued twice is one row. Never of persons.

use anyhow::{Context, Result};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::Store;
use super::receipts::stable_id;
use crate::domain::card::Scope;
use crate::domain::forecast::drift::Spread;
use crate::domain::time::At;

/// What a forecast is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// At least so many items.
    Items,
    /// All done at the latest then.
    DoneBy,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Items => "items",
            Self::DoneBy => "done_by",
        }
    }
}

/// A forecast as issued.
#[derive(Debug, Clone, PartialEq)]
pub struct Issued {
    /// Of whom.
    pub scope: Scope,
    /// Of what.
    pub kind: Kind,
    /// How many weeks ahead; 0 of a date.
    pub weeks: u32,
    /// When: nothing later was seen.
    pub issued_at: At,
    /// When its likely promise is due.
    pub until: At,
    /// The three promises: items, or instants in microseconds; none: not within a year.
    pub promised: [Option<i64>; 3],
    /// How far the rate was taken to drift.
    pub spread: Spread,
}

impl Issued {
    fn id(&self, scope: &str, week: &str) -> String {
        stable_id(&[scope, self.kind.word(), &self.weeks.to_string(), week])
    }
}

/// One that is open, by its id.
#[derive(Debug, Clone, PartialEq)]
pub struct Open {
    /// Its id.
    pub id: String,
    /// As it was issued.
    pub issued: Issued,
}

/// What came of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Its id.
    pub id: String,
    /// Items, or the instant when all was done.
    pub actual: Option<i64>,
    /// Whether the likely promise held.
    pub held: bool,
}

#[allow(clippy::cast_possible_truncation, reason = "a spread is at most 1.2")]
fn millionths(spread: f64) -> i64 {
    (spread * 1e6).round() as i64
}

#[allow(clippy::cast_precision_loss, reason = "a spread is at most 1.2")]
fn fraction(millionths: i64) -> f64 {
    millionths as f64 / 1e6
}

fn read(row: &AnyRow) -> Result<Open> {
    let (scope, kind): (String, String) = (row.try_get(1)?, row.try_get(2)?);
    let issued = Issued {
        scope: serde_json::from_str(&scope).context("reading whom a forecast is of")?,
        kind: if kind == Kind::Items.word() { Kind::Items } else { Kind::DoneBy },
        weeks: u32::try_from(row.try_get::<i64, _>(3)?)?,
        issued_at: At(row.try_get(4)?),
        until: At(row.try_get(5)?),
        promised: [row.try_get(6)?, Some(row.try_get(7)?), row.try_get(8)?],
        spread: Spread { near: fraction(row.try_get(9)?), far: fraction(row.try_get(10)?) },
    };
    Ok(Open { id: row.try_get(0)?, issued })
}

const COLUMNS: &str = "select id, scope, kind, weeks, issued_at, until_at, p50, p85, p95, spread_near, spread_far from forecast";

impl Store {
    /// Whether anything was issued in a week.
    pub async fn issued_since(&self, from: At) -> Result<bool> {
        let sql = "select 1 from forecast where issued_at >= $1 limit 1";
        Ok(sqlx::query(sql).bind(from.0).fetch_optional(&self.pool).await.context("reading issued forecasts")?.is_some())
    }

    /// Keeps forecasts of a week; one that was issued in that week stays as it is. How many are new. One without a likely promise is none.
    pub async fn issue(&self, week: &str, all: Vec<Issued>) -> Result<u64> {
        let week = week.to_owned();
        self.writer
            .write_unread(move |conn| {
                let (all, week) = (all.clone(), week.clone());
                Box::pin(async move {
                    let mut new = 0;
                    for it in all {
                        let Some(likely) = it.promised[1] else { continue };
                        let scope = serde_json::to_string(&it.scope)?;
                        let sql = "insert into forecast (id, scope, kind, weeks, issued_at, until_at, p50, p85, p95, spread_near, spread_far) \
                                   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (id) do nothing";
                        let query = sqlx::query(sql).bind(it.id(&scope, &week)).bind(scope).bind(it.kind.word().to_owned());
                        let query = query.bind(i64::from(it.weeks)).bind(it.issued_at.0).bind(it.until.0);
                        let query = query.bind(it.promised[0]).bind(likely).bind(it.promised[2]);
                        let query = query.bind(millionths(it.spread.near)).bind(millionths(it.spread.far));
                        new += query.execute(&mut *conn).await?.rows_affected();
                    }
                    Ok(new)
                })
            })
            .await
            .context("keeping forecasts")
    }

    /// Forecasts whose end is not known yet, the oldest first.
    pub async fn open_forecasts(&self) -> Result<Vec<Open>> {
        let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} where resolved_at is null order by issued_at, id"));
        let rows = sqlx::query(sql).fetch_all(&self.pool).await.context("reading open forecasts")?;
        rows.iter().map(read).collect()
    }

    /// Keeps what came of forecasts; one that is scored stays as it is.
    pub async fn score(&self, outcomes: Vec<Outcome>, now: At) -> Result<()> {
        if outcomes.is_empty() {
            return Ok(());
        }
        self.writer
            .write_unread(move |conn| {
                let outcomes = outcomes.clone();
                Box::pin(async move {
                    let sql = "update forecast set actual = $2, held = $3, resolved_at = $4 where id = $1 and resolved_at is null";
                    for it in outcomes {
                        sqlx::query(sql).bind(it.id).bind(it.actual).bind(i64::from(it.held)).bind(now.0).execute(&mut *conn).await?;
                    }
                    Ok(())
                })
            })
            .await
            .context("scoring forecasts")
    }

    /// Of a scope's forecasts that had ended by an instant, how many likely promises held, and of how many.
    pub async fn track_record(&self, scope: &Scope, now: At) -> Result<(u64, u64)> {
        let sql = "select cast(coalesce(sum(held), 0) as bigint), count(*) from forecast where scope = $1 and resolved_at <= $2";
        let query = sqlx::query(sql).bind(serde_json::to_string(scope)?).bind(now.0);
        let row = query.fetch_one(&self.pool).await.context("reading the record of forecasts")?;
        let whole = |at: usize| -> Result<u64> { Ok(u64::try_from(row.try_get::<i64, _>(at)?).unwrap_or(0)) };
        Ok((whole(0)?, whole(1)?))
    }
}
