//! What is kept of a wave that is closed: its cells, its counts and its comments, as close wrote them. There is nothing else to read.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use sqlx::Row;

use super::{Frozen, KeyDir, State, Store, frozen};
use crate::domain::survey::release::History;
use crate::domain::survey::score::Band;
use crate::domain::survey::tally::{Cell, Comment, Kept, Row as TallyRow, Rules};

impl Store {
    /// A wave as it was launched: questions, tree, and who is asked. Its people are for counting, never for a list.
    pub async fn frozen_wave(&self, wave: &str) -> Result<Option<Frozen>> {
        let mut conn = self.pool.acquire().await.context("taking a connection")?;
        frozen::read(&mut conn, wave).await
    }

    /// What a wave asks, and under which minima: without its people, of whom there may be thousands.
    pub async fn rules(&self, wave: &str) -> Result<Option<Rules>> {
        let sql = "select rules from wave where id = $1";
        let row = sqlx::query(sql).bind(wave.to_owned()).fetch_optional(&self.pool).await.context("reading what a wave asks")?;
        row.map(|row| serde_json::from_str(&row.try_get::<String, _>(0)?).context("reading a wave's rules")).transpose()
    }

    /// Who was in each group when it was last shown by any survey: what a wave that is launched now will be held to when it closes.
    pub async fn shown_before(&self) -> Result<History> {
        let mut conn = self.pool.acquire().await.context("taking a connection")?;
        frozen::history(&mut conn).await
    }

    /// What each wave of a survey asked that was not voided, the oldest first.
    pub async fn asked_before(&self, survey: &str) -> Result<Vec<Rules>> {
        let sql = "select rules from wave where survey_id = $1 and state in ('open', 'closing', 'closed') order by closes_on, id";
        let rows = sqlx::query(sql).bind(survey.to_owned()).fetch_all(&self.pool).await.context("reading what was asked before")?;
        rows.iter().map(|row| serde_json::from_str(&row.try_get::<String, _>(0)?).context("reading a wave's rules")).collect()
    }

    /// Whether a wave asks somebody.
    pub async fn is_asked(&self, wave: &str, user: &str) -> Result<bool> {
        let sql = "select count(*) from invite where wave_id = $1 and user_id = $2";
        let query = sqlx::query(sql).bind(wave.to_owned()).bind(user.to_owned());
        let asked: i64 = query.fetch_one(&self.pool).await.context("looking whether somebody is asked")?.try_get(0)?;
        Ok(asked > 0)
    }

    /// How many a wave asks.
    pub async fn asked_by(&self, wave: &str) -> Result<u64> {
        let sql = "select count(*) from invite where wave_id = $1";
        let row = sqlx::query(sql).bind(wave.to_owned()).fetch_one(&self.pool).await.context("counting who is asked")?;
        Ok(row.try_get::<i64, _>(0)?.unsigned_abs())
    }

    /// Who stopped a survey, or all of them: they are not asked.
    pub async fn stopped(&self, survey: &str) -> Result<BTreeSet<String>> {
        let sql = "select user_id from survey_optout where scope in ('all', $1)";
        let rows = sqlx::query(sql).bind(survey.to_owned()).fetch_all(&self.pool).await.context("reading who stopped surveys")?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// Whether a wave waits for somebody: it is open, asks them, and they have neither answered, skipped nor stopped it. Only a key tells.
    pub async fn waits_for(&self, keys: &KeyDir, wave: &str, user: &str) -> Result<bool> {
        let Some(known) = self.wave(wave).await?.filter(|it| it.state == State::Open) else { return Ok(false) };
        let Some(key) = keys.read(wave)? else { return Ok(false) };
        let sql = "select count(*) from invite i where i.wave_id = $1 and i.user_id = $2 \
                   and not exists (select 1 from ballot b where b.wave_id = i.wave_id and b.tag = $3) \
                   and not exists (select 1 from survey_optout o where o.user_id = i.user_id and o.scope in ('all', 'forget', $4))";
        let query = sqlx::query(sql).bind(wave.to_owned()).bind(user.to_owned()).bind(key.keys.tag(user).to_vec()).bind(known.survey);
        let waits: i64 = query.fetch_one(&self.pool).await.context("looking whether a survey waits for somebody")?.try_get(0)?;
        Ok(waits > 0)
    }

    /// The cells of a closed wave that may be shown, by id.
    pub async fn cells(&self, wave: &str) -> Result<Vec<Cell>> {
        let sql = "select cell_id, label, n_invited, n_answered from cell where wave_id = $1 order by cell_id";
        let rows = sqlx::query(sql).bind(wave.to_owned()).fetch_all(&self.pool).await.context("reading cells")?;
        let cell = |row: &sqlx::any::AnyRow| {
            Ok(Cell {
                id: row.try_get(0)?,
                label: row.try_get(1)?,
                invited: row.try_get::<i64, _>(2)?.unsigned_abs(),
                answered: row.try_get::<Option<i64>, _>(3)?.map(i64::unsigned_abs),
            })
        };
        rows.iter().map(cell).collect()
    }

    /// The comments of a closed wave with their ids, but for those that were hidden; in an order that says nothing.
    pub async fn comments(&self, wave: &str) -> Result<Vec<(String, Comment)>> {
        let sql = "select id, cell_id, category, body from comment where wave_id = $1 and state = 'shown' order by id";
        let rows = sqlx::query(sql).bind(wave.to_owned()).fetch_all(&self.pool).await.context("reading comments")?;
        let comment = |row: &sqlx::any::AnyRow| {
            Ok((row.try_get(0)?, Comment { cell: row.try_get(1)?, category: row.try_get(2)?, body: row.try_get(3)? }))
        };
        rows.iter().map(comment).collect()
    }

    /// Hides a comment from everybody; false where there is none of that id, or it is hidden.
    pub async fn hide_comment(&self, id: &str) -> Result<bool> {
        let id = id.to_owned();
        self.writer
            .write_unread(move |conn| {
                let id = id.clone();
                Box::pin(async move {
                    let sql = "update comment set state = 'hidden', body = '' where id = $1 and state = 'shown'";
                    Ok(sqlx::query(sql).bind(id).execute(conn).await?.rows_affected() > 0)
                })
            })
            .await
            .context("hiding a comment")
    }

    /// What is kept of a closed wave, by cell and question.
    pub async fn tally(&self, wave: &str) -> Result<Vec<TallyRow>> {
        let sql = "select cell_id, item_id, value, n from tally where wave_id = $1 order by cell_id, item_id, value";
        let rows = sqlx::query(sql).bind(wave.to_owned()).fetch_all(&self.pool).await.context("reading a tally")?;
        let mut tally: Vec<TallyRow> = Vec::new();
        for row in &rows {
            let (cell, item, value): (String, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let n = row.try_get::<i64, _>(3)?.unsigned_abs();
            if let (Some(last), Ok(rating)) =
                (tally.last_mut().filter(|last| last.cell == cell && last.item == item), value.parse::<usize>())
                && let Kept::Counts(ratings) = &mut last.kept
                && let Some(place) = ratings.get_mut(rating - 1)
            {
                *place = n;
                continue;
            }
            tally.push(TallyRow { cell, item, kept: kept(&value, n).with_context(|| format!("`{value}` is no value of a tally"))? });
        }
        Ok(tally)
    }
}

fn kept(word: &str, n: u64) -> Option<Kept> {
    match word {
        "1" => Some(Kept::Counts([n, 0, 0, 0, 0])),
        "high" | "low" => Some(Kept::Edge { high: word == "high", answers: n }),
        band => Some(Kept::Band { band: Band::numbered(band.strip_prefix("band")?.parse().ok()?)?, answers: n }),
    }
}
