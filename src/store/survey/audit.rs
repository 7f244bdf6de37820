//! What was done to surveys, and when: launched, closed, voided, forgotten, a comment hidden, a key found missing.
//!
//! Without content, and without a name: who forgets themselves is nobody's business, and who launched a survey stands at the survey. Of
//! what people do about themselves the day is kept and no time, so that it can't be laid beside a log. There is no number
//! and no order of rows: two who are forgotten on one day are one line. Written within the transaction of what it tells, so that neither stands without the other.

use anyhow::{Context, Result};
use sqlx::{AnyConnection, Row};

use super::Store;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "plain names")]
pub enum Audited {
    Launched,
    Closed,
    Voided,
    Forgotten,
    CommentHidden,
    KeyMissing,
    TalkedAbout,
}

impl Audited {
    const ALL: [(&'static str, Self, &'static str); 7] = [
        ("launched", Self::Launched, "launched, by an admin"),
        ("closed", Self::Closed, "closed and added up"),
        ("voided", Self::Voided, "made void, its answers destroyed"),
        ("forgotten", Self::Forgotten, "somebody had themselves forgotten"),
        ("comment_hidden", Self::CommentHidden, "a comment was hidden"),
        ("key_missing", Self::KeyMissing, "suspended, since its key is missing"),
        ("talked_about", Self::TalkedAbout, "what it said of metrics was talked about, as an admin says"),
    ];

    fn word(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, known, _)| *known == self).map_or("", |(word, ..)| word)
    }

    /// In a few words, behind the wave's name.
    pub fn said(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, known, _)| *known == self).map_or("", |(.., said)| said)
    }
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// An ISO instant, or a day.
    pub at: String,
    /// What was done.
    pub what: Audited,
    /// To which wave; none: not to one.
    pub wave: Option<String>,
}

impl Store {
    /// Notes what was done. `at` is an instant, or a day where a person did it about themselves.
    pub async fn audit(&self, what: Audited, wave: Option<&str>, at: &str) -> Result<()> {
        let (wave, at) = (wave.map(str::to_owned), at.to_owned());
        self.writer
            .write_unread(move |conn| {
                let (wave, at) = (wave.clone(), at.clone());
                Box::pin(async move { note(conn, what, wave.as_deref(), at).await })
            })
            .await
            .context("noting what was done")
    }

    /// Whether something was done to a wave.
    pub async fn was_audited(&self, what: Audited, wave: &str) -> Result<bool> {
        let sql = "select count(*) from survey_audit where what = $1 and wave = $2";
        let row = sqlx::query(sql).bind(what.word()).bind(wave.to_owned()).fetch_one(&self.pool).await.context("looking what was done")?;
        Ok(row.try_get::<i64, _>(0)? > 0)
    }

    /// The last lines of the log, the newest first.
    pub async fn audited(&self, limit: i64) -> Result<Vec<Entry>> {
        let sql = "select at, what, wave from survey_audit order by at desc, what, wave limit $1";
        let rows = sqlx::query(sql).bind(limit).fetch_all(&self.pool).await.context("reading what was done")?;
        let entry = |row: &sqlx::any::AnyRow| -> Result<Option<Entry>> {
            let word: String = row.try_get(1)?;
            let known = Audited::ALL.into_iter().find(|(known, ..)| *known == word);
            Ok(known
                .map(|(_, what, _)| {
                    Ok::<_, sqlx::Error>(Entry {
                        at: row.try_get(0)?,
                        what,
                        wave: row.try_get::<String, _>(2).map(|wave| Some(wave).filter(|wave| !wave.is_empty()))?,
                    })
                })
                .transpose()?)
        };
        rows.iter().filter_map(|row| entry(row).transpose()).collect()
    }
}

/// The same within a transaction.
pub(super) async fn note(conn: &mut AnyConnection, what: Audited, wave: Option<&str>, at: String) -> Result<()> {
    sqlx::query("insert into survey_audit (at, what, wave) values ($1, $2, $3) on conflict do nothing")
        .bind(at)
        .bind(what.word())
        .bind(wave.unwrap_or_default().to_owned())
        .execute(conn)
        .await?;
    Ok(())
}
