//! What stands in the database of all that surveys keep, as whoever holds it can read it: what `pacer privacy attack` works with.
//!
//! Read raw, without the floors and filters of everyday reading, since those would hide what somebody planted. Never shown as it is.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use sqlx::{AnyConnection, Row};

use super::{Frozen, KeyDir, State, Store, Wave, frozen};
use crate::domain::survey::Minima;
use crate::domain::survey::attack::readable;
use crate::domain::survey::seal::{LONG_SEAL, SEAL, TAG};
use crate::domain::survey::tally::{Cell, Row as TallyRow};
use crate::store::Dialect;

/// The tables of which no row's place may tell when it came.
const BY_KEY: [&str; 7] = ["invite", "ballot", "ballot_text", "cell", "tally", "comment", "survey_optout"];

/// All of it.
pub struct Evidence {
    /// The columns of each table by key, in order.
    pub columns: BTreeMap<&'static str, Vec<String>>,
    /// Tables by key that keep the order in which rows came; none: the database can't say.
    pub in_order: Option<Vec<&'static str>>,
    /// Least groups of each survey as they are written, by id.
    pub surveys: Vec<(String, Minima)>,
    /// Every wave, the oldest first.
    pub waves: Vec<WaveEvidence>,
    /// Every reminder.
    pub reminders: Vec<Reminder>,
    /// How many wait to be forgotten whom no wave holds any more.
    pub overdue: i64,
}

/// Of a wave.
pub struct WaveEvidence {
    /// Its row.
    pub wave: Wave,
    /// As it was launched.
    pub frozen: Frozen,
    /// Whether what it froze is what its key's file has seen; none: there is no key.
    pub untouched: Option<bool>,
    /// Sealed ratings.
    pub ratings: Sealed,
    /// Sealed comments.
    pub texts: Sealed,
    /// What is shown of it.
    pub cells: Vec<Cell>,
    /// What is kept of its answers.
    pub rows: Vec<TallyRow>,
    /// The cell of each comment that has words.
    pub comments: Vec<String>,
}

/// Rows of sealed answers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sealed {
    /// How many.
    pub rows: usize,
    /// How many have another length than a tag and a seal have.
    pub odd: usize,
    /// How many have something in them that can be read.
    pub readable: usize,
}

/// A reminder's row of the outbox.
pub struct Reminder {
    /// Its wave.
    pub wave: String,
    /// Names the message.
    pub key: String,
    /// Whether it is done.
    pub done: bool,
    /// Whether something in it says that Slack took it, or did not.
    pub tells: bool,
}

impl Store {
    /// Reads all of it.
    pub async fn survey_evidence(&self, keys: &KeyDir) -> Result<Evidence> {
        let mut conn = self.pool.acquire().await.context("taking a connection")?;
        let mut columns = BTreeMap::new();
        for table in BY_KEY {
            columns.insert(table, columns_of(&mut conn, self.dialect, table).await?);
        }
        let in_order = match self.dialect {
            Dialect::Sqlite => Some(in_order(&mut conn).await?),
            Dialect::Postgres => None,
        };
        let mut surveys = Vec::new();
        for row in sqlx::query("select id, k_score, k_hist, k_text from survey order by id").fetch_all(&mut *conn).await? {
            let least = |at: usize| -> Result<u32> { Ok(u32::try_from(row.try_get::<i64, _>(at)?).unwrap_or(0)) };
            surveys.push((row.try_get(0)?, Minima { score: least(1)?, counts: least(2)?, text: least(3)? }));
        }
        let mut waves = Vec::new();
        for wave in self.waves().await? {
            let frozen = frozen::read(&mut conn, &wave.id).await?.with_context(|| format!("the wave {} is gone", wave.id))?;
            // A key that can't be read is another check's.
            let untouched = keys.read(&wave.id).ok().flatten().map(|key| key.frozen == frozen.digest);
            let ratings = sealed(&mut conn, "select tag, seal from ballot where wave_id = $1", &wave.id, SEAL).await?;
            let texts = sealed(&mut conn, "select tag2, seal from ballot_text where wave_id = $1", &wave.id, LONG_SEAL).await?;
            let (cells, rows) = (self.cells(&wave.id).await?, self.tally(&wave.id).await?);
            let sql = "select cell_id from comment where wave_id = $1 and body <> ''";
            let comments = sqlx::query(sql).bind(wave.id.clone()).fetch_all(&mut *conn).await?;
            let comments = comments.iter().map(|row| Ok(row.try_get(0)?)).collect::<Result<_>>()?;
            waves.push(WaveEvidence { wave, frozen, untouched, ratings, texts, cells, rows, comments });
        }
        let reminders = reminders(&mut conn).await?;
        let sql = "select count(*) from survey_optout where scope = 'forget' and user_id not in (select user_id from invite)";
        let overdue = sqlx::query(sql).fetch_one(&mut *conn).await?.try_get(0)?;
        Ok(Evidence { columns, in_order, surveys, waves, reminders, overdue })
    }

    /// How many surveys run, wait for their key, and are over but not cleaned yet: nothing of what is in them.
    pub async fn survey_counts(&self) -> Result<(u64, u64, u64)> {
        let waves = self.waves().await?;
        let count = |is: fn(&Wave) -> bool| waves.iter().filter(|wave| is(wave)).count() as u64;
        let suspended = count(|wave| wave.state == State::Open && wave.suspended_on.is_some());
        let dirty = count(|wave| matches!(wave.state, State::Closed | State::Void) && !wave.cleaned);
        Ok((count(|wave| wave.state == State::Open), suspended, dirty))
    }
}

async fn columns_of(conn: &mut AnyConnection, dialect: Dialect, table: &'static str) -> Result<Vec<String>> {
    let sql = match dialect {
        Dialect::Sqlite => "select name from pragma_table_info($1) order by name",
        Dialect::Postgres => {
            "select cast(column_name as text) from information_schema.columns where table_name = $1 and table_schema = current_schema() order by 1"
        }
    };
    let rows = sqlx::query(sql).bind(table).fetch_all(conn).await.context("reading the columns of a table")?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// SQLite's tables that are stored by the order in which rows came.
async fn in_order(conn: &mut AnyConnection) -> Result<Vec<&'static str>> {
    let sql = "select name from sqlite_master where type = 'table' and lower(sql) like '%without rowid%'";
    let rows = sqlx::query(sql).fetch_all(conn).await.context("reading how tables are stored")?;
    let by_key = rows.iter().map(|row| Ok(row.try_get(0)?)).collect::<Result<Vec<String>>>()?;
    Ok(BY_KEY.into_iter().filter(|table| !by_key.iter().any(|known| known == table)).collect())
}

async fn sealed(conn: &mut AnyConnection, sql: &'static str, wave: &str, length: usize) -> Result<Sealed> {
    let mut sealed = Sealed::default();
    for row in sqlx::query(sql).bind(wave.to_owned()).fetch_all(conn).await.context("reading sealed ballots")? {
        let (tag, seal): (Vec<u8>, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
        sealed.rows += 1;
        sealed.odd += usize::from(tag.len() != TAG || seal.len() != length);
        sealed.readable += usize::from(readable(&tag) || readable(&seal));
    }
    Ok(sealed)
}

async fn reminders(conn: &mut AnyConnection) -> Result<Vec<Reminder>> {
    let sql = "select reminds_of, key, state, case when ts is null and place is null and problem is null and asked_at is null and tries = 0 \
               then 0 else 1 end from outbox where reminds_of is not null order by key";
    let rows = sqlx::query(sql).fetch_all(conn).await.context("reading reminders")?;
    let reminder = |row: &sqlx::any::AnyRow| {
        let (state, told): (String, i64) = (row.try_get(2)?, row.try_get(3).or_else(|_| row.try_get::<i32, _>(3).map(i64::from))?);
        let done = !["waiting", "sending"].contains(&state.as_str());
        Ok(Reminder { wave: row.try_get(0)?, key: row.try_get(1)?, done, tells: done && (told != 0 || state != "sent") })
    };
    rows.iter().map(reminder).collect()
}
