//! What people say in their own words: notes of retrospectives with what became of them, and a thank-you until it is answered.
//!
//! Named and kept as they were written; the texts are data. A thank-you that is declined, or kept between the two, leaves no row, and
//! one that is not answered is forgotten. Never to be counted by person: no query here does.

use anyhow::{Context, Result};
use chrono::NaiveDate;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::Store;
use super::outbox::take_back;
use crate::domain::time::At;

/// A note of a retrospective.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "as the table's columns say")]
pub struct Note {
    pub id: String,
    pub team: String,
    pub at: At,
    pub author: String,
    pub well: String,
    pub hurt: String,
    pub surprise: String,
    /// Ids of metrics that it explains.
    pub metrics: Vec<String>,
    pub decision: String,
    pub owner: String,
    pub review_on: NaiveDate,
    /// Where it is shared.
    pub channel: Option<String>,
    /// Whether the decision worked, by whom: yes, partly, no. In the order of people's ids.
    pub verdicts: Vec<(String, String)>,
}

/// A thank-you.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "as the table's columns say")]
pub struct Kudos {
    pub id: String,
    pub giver: String,
    pub receiver: String,
    pub channel: String,
    pub decision: String,
    pub evidence: String,
    pub at: At,
    pub shared: bool,
}

const NOTE: &str = "select id, team, at, author, well, hurt, surprise, metrics, decision, owner, review_on, channel from retro_note";
const VERDICT: &str = "select note, person, word from retro_verdict";
const KUDOS: &str = "select id, giver, receiver, channel, decision, evidence, at, shared from kudos";

impl Store {
    /// Keeps a note; one that is kept already stays as it is.
    pub async fn keep_note(&self, note: Note) -> Result<()> {
        self.writer
            .write_unread(move |conn| {
                let it = note.clone();
                Box::pin(async move {
                    let sql = "insert into retro_note (id, team, at, author, well, hurt, surprise, metrics, decision, owner, review_on, channel) \
                               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict (id) do nothing";
                    let query = sqlx::query(sql).bind(it.id).bind(it.team).bind(it.at.0).bind(it.author);
                    let (metrics, day) = (it.metrics.join(" "), it.review_on.to_string());
                    let texts = [it.well, it.hurt, it.surprise, metrics, it.decision, it.owner, day];
                    let query = texts.into_iter().fold(query, sqlx::query::Query::bind);
                    query.bind(it.channel).execute(conn).await?;
                    Ok(())
                })
            })
            .await
            .context("keeping a note")
    }

    /// Keeps a note as it was changed; false: it was removed meanwhile. Words on whether another decision worked go, and so does the
    /// question that waits to be asked of it, which is one transaction.
    pub async fn change_note(&self, note: Note) -> Result<bool> {
        self.writer
            .write_unread(move |conn| {
                let it = note.clone();
                Box::pin(async move {
                    take_back(conn, &format!("retro/{}/", it.id)).await?;
                    let sql = "delete from retro_verdict where note = $1 and not exists (select 1 from retro_note where id = $1 and decision = $2)";
                    sqlx::query(sql).bind(it.id.clone()).bind(it.decision.clone()).execute(&mut *conn).await?;
                    let sql = "update retro_note set well = $2, hurt = $3, surprise = $4, metrics = $5, decision = $6, owner = $7, review_on = $8, \
                               channel = $9 where id = $1";
                    let (metrics, day) = (it.metrics.join(" "), it.review_on.to_string());
                    let texts = [it.id, it.well, it.hurt, it.surprise, metrics, it.decision, it.owner, day];
                    let query = texts.into_iter().fold(sqlx::query(sql), sqlx::query::Query::bind);
                    Ok(query.bind(it.channel).execute(conn).await?.rows_affected() == 1)
                })
            })
            .await
            .context("changing a note")
    }

    /// Removes a note with what was said of it, and the question that waits to be asked.
    pub async fn remove_note(&self, id: &str) -> Result<()> {
        let id = id.to_owned();
        self.writer
            .write_unread(move |conn| {
                let id = id.clone();
                Box::pin(async move {
                    take_back(conn, &format!("retro/{id}/")).await?;
                    for sql in ["delete from retro_verdict where note = $1", "delete from retro_note where id = $1"] {
                        sqlx::query(sql).bind(id.clone()).execute(&mut *conn).await?;
                    }
                    Ok(())
                })
            })
            .await
            .context("removing a note")
    }

    /// A note.
    pub async fn note(&self, id: &str) -> Result<Option<Note>> {
        let sql = sqlx::AssertSqlSafe(format!("{NOTE} where id = $1"));
        let row = sqlx::query(sql).bind(id.to_owned()).fetch_optional(&self.pool).await.context("reading a note")?;
        let sql = sqlx::AssertSqlSafe(format!("{VERDICT} where note = $1 order by person"));
        let said = sqlx::query(sql).bind(id.to_owned()).fetch_all(&self.pool).await.context("reading whether a decision worked")?;
        let verdicts = said.iter().map(verdict).collect::<Result<Vec<_>>>()?;
        row.map(|row| note(&row, &verdicts)).transpose()
    }

    /// The notes of teams that were written in `[from, to]`, the oldest first.
    pub async fn notes(&self, teams: &[String], from: At, to: At) -> Result<Vec<Note>> {
        if teams.is_empty() {
            return Ok(Vec::new());
        }
        let places: Vec<String> = (0..teams.len()).map(|at| format!("${}", at + 3)).collect();
        let which = format!("where at >= $1 and at <= $2 and team in ({})", places.join(", "));
        let bound = |sql: String| {
            let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(from.0).bind(to.0);
            teams.iter().cloned().fold(query, sqlx::query::Query::bind)
        };
        let rows = bound(format!("{NOTE} {which} order by at, id")).fetch_all(&self.pool).await.context("reading notes")?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let said = bound(format!("{VERDICT} where note in (select id from retro_note {which}) order by note, person"));
        let said = said.fetch_all(&self.pool).await.context("reading whether decisions worked")?;
        let verdicts = said.iter().map(verdict).collect::<Result<Vec<_>>>()?;
        rows.iter().map(|row| note(row, &verdicts)).collect()
    }

    /// Keeps whether a decision worked, in one word of one person: the last one counts.
    pub async fn keep_verdict(&self, note: &str, person: &str, word: &'static str) -> Result<()> {
        let (note, person) = (note.to_owned(), person.to_owned());
        self.writer
            .write_unread(move |conn| {
                let (note, person) = (note.clone(), person.clone());
                Box::pin(async move {
                    let sql = "insert into retro_verdict (note, person, word) values ($1, $2, $3) \
                               on conflict (note, person) do update set word = excluded.word";
                    sqlx::query(sql).bind(note).bind(person).bind(word).execute(conn).await?;
                    Ok(())
                })
            })
            .await
            .context("keeping whether a decision worked")
    }

    /// Keeps a thank-you that waits for its receiver; false where another one of this giver waits for them: nobody is pressed.
    pub async fn keep_kudos(&self, kudos: Kudos) -> Result<bool> {
        self.writer
            .write_unread(move |conn| {
                let it = kudos.clone();
                Box::pin(async move {
                    let sql = "select count(*) from kudos where giver = $1 and receiver = $2 and shared = 0 and id <> $3";
                    let query = sqlx::query(sql).bind(it.giver.clone()).bind(it.receiver.clone()).bind(it.id.clone());
                    if query.fetch_one(&mut *conn).await?.try_get::<i64, _>(0)? > 0 {
                        return Ok(false);
                    }
                    let sql = "insert into kudos (id, giver, receiver, channel, decision, evidence, at, shared) \
                               values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (id) do nothing";
                    let texts = [it.id, it.giver, it.receiver, it.channel, it.decision, it.evidence];
                    let query = texts.into_iter().fold(sqlx::query(sql), sqlx::query::Query::bind);
                    query.bind(it.at.0).bind(i64::from(it.shared)).execute(conn).await?;
                    Ok(true)
                })
            })
            .await
            .context("keeping a thank-you")
    }

    /// The receiver's answer: to share it, or else nothing of it is kept. The thank-you, if it waited for this person or is shared
    /// already; none where it was answered otherwise, or forgotten.
    pub async fn answer_kudos(&self, id: &str, receiver: &str, share: bool, now: At) -> Result<Option<Kudos>> {
        let (id, receiver) = (id.to_owned(), receiver.to_owned());
        self.writer
            .write_unread(move |conn| {
                let (id, receiver) = (id.clone(), receiver.clone());
                Box::pin(async move {
                    let sql = sqlx::AssertSqlSafe(format!("{KUDOS} where id = $1 and receiver = $2"));
                    let row = sqlx::query(sql).bind(id.clone()).bind(receiver).fetch_optional(&mut *conn).await?;
                    let Some(it) = row.as_ref().map(kudos).transpose()? else { return Ok(None) };
                    if it.shared {
                        return Ok(Some(it));
                    }
                    if !share {
                        sqlx::query("delete from kudos where id = $1").bind(id).execute(conn).await?;
                        return Ok(Some(it));
                    }
                    sqlx::query("update kudos set shared = 1, at = $2 where id = $1").bind(id).bind(now.0).execute(conn).await?;
                    Ok(Some(Kudos { shared: true, at: now, ..it }))
                })
            })
            .await
            .context("keeping the answer to a thank-you")
    }

    /// What was shared in a channel last, the newest first.
    pub async fn shared_kudos(&self, channel: &str, most: i64) -> Result<Vec<Kudos>> {
        let sql = sqlx::AssertSqlSafe(format!("{KUDOS} where channel = $1 and shared = 1 order by at desc, id limit $2"));
        let rows = sqlx::query(sql).bind(channel.to_owned()).bind(most).fetch_all(&self.pool).await.context("reading thank-yous")?;
        rows.iter().map(kudos).collect()
    }

    /// Forgets each thank-you that was written before an instant and never answered.
    pub async fn forget_kudos(&self, before: At) -> Result<u64> {
        self.writer
            .write_unread(move |conn| {
                Box::pin(async move {
                    let sql = "delete from kudos where shared = 0 and at < $1";
                    Ok(sqlx::query(sql).bind(before.0).execute(conn).await?.rows_affected())
                })
            })
            .await
            .context("forgetting thank-yous")
    }
}

fn verdict(row: &AnyRow) -> Result<(String, String, String)> {
    Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
}

fn note(row: &AnyRow, verdicts: &[(String, String, String)]) -> Result<Note> {
    let id: String = row.try_get(0)?;
    let of_note = verdicts.iter().filter(|(note, ..)| *note == id);
    Ok(Note {
        team: row.try_get(1)?,
        at: At(row.try_get(2)?),
        author: row.try_get(3)?,
        well: row.try_get(4)?,
        hurt: row.try_get(5)?,
        surprise: row.try_get(6)?,
        metrics: row.try_get::<String, _>(7)?.split(' ').filter(|id| !id.is_empty()).map(str::to_owned).collect(),
        decision: row.try_get(8)?,
        owner: row.try_get(9)?,
        review_on: row.try_get::<String, _>(10)?.parse().context("a note's date")?,
        channel: row.try_get(11)?,
        verdicts: of_note.map(|(_, person, word)| (person.clone(), word.clone())).collect(),
        id,
    })
}

fn kudos(row: &AnyRow) -> Result<Kudos> {
    Ok(Kudos {
        id: row.try_get(0)?,
        giver: row.try_get(1)?,
        receiver: row.try_get(2)?,
        channel: row.try_get(3)?,
        decision: row.try_get(4)?,
        evidence: row.try_get(5)?,
        at: At(row.try_get(6)?),
        shared: row.try_get::<i64, _>(7)? != 0,
    })
}
