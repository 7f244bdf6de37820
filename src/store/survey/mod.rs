//! Surveys: launch, ballots, close, what goes when. How little is kept is the point of it.
//!
//! | file | does |
//! |---|---|
//! | `ballot` | one person's answers, sealed before they are written |
//! | `close` | ballots become a tally in one transaction; then the key goes, then the files are cleaned |
//! | `tend` | what goes on after a crash, is void after a while, or is forgotten |
//! | `read` | what is kept of a closed wave: cells, counts, comments |
//! | `actions` | what was promised after it, by whom, until when |
//! | `audit` | what was done to surveys, when; without any content, and never by whom |
//! | `evidence` | what stands in the database of all this, for `pacer privacy attack` |
//! | `scan` | whether a database's files still hold ballots |
//! | `frozen` | a wave as it was launched, and who was in which cell when it was last shown |
//!
//! **Invariants**: answers are written sealed or not at all; a wave has ballots or a tally, never both; nothing says who answered or when
//! but a tag that only the key explains; minima rise, and not while a wave is under way. Write transactions are serial over all replicas,
//! which is the lock that submitting and closing share. Why refusals are not errors: each has a sentence for whoever pressed a button.

mod actions;
mod audit;
mod ballot;
mod close;
mod evidence;
mod frozen;
mod read;
pub mod scan;
mod tend;

use anyhow::{Context, Result};
use chrono::NaiveDate;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

pub use actions::{ActionItem, Standing};
pub use audit::{Audited, Entry};
pub use ballot::Marked;
pub use close::Scrub;
pub use evidence::{Evidence, Reminder, Sealed, WaveEvidence};
pub use frozen::{Frozen, NewWave};
pub use tend::{COMMENTS_FOR, INVITES_FOR, Stored, Trouble};

use super::Store;
use super::keys::KeyDir;
use crate::domain::survey::Minima;
use crate::domain::survey::tally::Kept;
use crate::domain::survey::wave::Length;
use crate::domain::time::At;

/// Why a survey did not do what it was asked; a sentence for whoever asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each says what it is")]
pub enum Refusal {
    #[error("There is no such survey. It may have been removed: ask whoever sent it.")]
    Unknown,
    #[error("This survey is closed: what you gave before is counted, this press is not.")]
    NotOpen,
    #[error("This survey was voided: all its answers were destroyed unread, and nothing can be answered any more.")]
    Voided,
    #[error("You are not among those asked this time, so nothing was stored. Nothing is wrong: the next survey may ask you.")]
    NotInvited,
    #[error("This survey can't take answers just now: its key is missing. Nothing was stored. Ask an admin to run `pacer doctor`.")]
    Suspended,
    #[error("That is no question of this survey, or no answer to it. Nothing was stored: open the survey again.")]
    NoSuchQuestion,
    #[error("A comment has at most 3,000 characters. Nothing was stored: shorten it and send it again.")]
    TooLong,
    #[error("{0}")]
    Minima(String),
    #[error("A wave of this survey is under way: people answer under its least groups. Change them once it is closed.")]
    UnderWay,
    #[error("A wave can be launched once. Make a new one.")]
    Launched,
    #[error("A wave of this survey is open already. Wait until it is closed, or close it: the next one can be launched then.")]
    OneAtATime,
    #[error(
        "Another survey was launched meanwhile that asks some of these people, and nobody is asked twice in 12 days. Nothing was stored: begin again."
    )]
    AskedMeanwhile,
    #[error(
        "What was frozen when this wave was launched is not what the database holds now, or a ballot was changed in it. It can't be added up: an admin can void it."
    )]
    Tampered,
    #[error("{0}")]
    NoWave(String),
}

/// A survey as it is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "as the table's columns say")]
pub struct Survey {
    pub id: String,
    pub title: String,
    pub kind: Length,
    /// The team whose people it asks; none: the whole organisation.
    pub root: Option<String>,
    /// Slack id of the channel that hears what all together say.
    pub channel: Option<String>,
    pub minima: Minima,
    /// Slack user id.
    pub created_by: String,
}

const SURVEY: &str = "select id, title, kind, k_score, k_hist, k_text, created_by, root, channel from survey";

fn survey(row: &AnyRow) -> Result<Survey> {
    Ok(Survey {
        id: row.try_get(0)?,
        title: row.try_get(1)?,
        kind: {
            let word: String = row.try_get(2)?;
            Length::of(&word).with_context(|| format!("a survey is of the kind `{word}`, which this pacer does not know"))?
        },
        minima: minima(row, 3)?,
        created_by: row.try_get(6)?,
        root: row.try_get(7)?,
        channel: row.try_get(8)?,
    })
}

/// Where a wave stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "plain names")]
pub enum State {
    Draft,
    Open,
    Closing,
    Closed,
    Void,
}

impl State {
    /// Why a wave in a state that is not open takes no answer.
    pub fn refusal(self) -> Refusal {
        if self == Self::Void { Refusal::Voided } else { Refusal::NotOpen }
    }

    /// As the table keeps it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Closing => "closing",
            Self::Closed => "closed",
            Self::Void => "void",
        }
    }

    fn read(word: &str) -> Result<Self> {
        let known = [Self::Draft, Self::Open, Self::Closing, Self::Closed, Self::Void].into_iter().find(|known| known.word() == word);
        known.with_context(|| format!("a wave is in the state `{word}`, which this pacer does not know"))
    }
}

/// A wave, without what is inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "as the table's columns say")]
pub struct Wave {
    pub id: String,
    pub survey: String,
    pub state: State,
    pub opens_on: NaiveDate,
    pub closes_on: NaiveDate,
    /// When its answers became counts.
    pub closed_at: Option<At>,
    pub suspended_on: Option<NaiveDate>,
    pub cleaned: bool,
}

const WAVE: &str = "select id, survey_id, state, opens_on, closes_on, suspended_on, cleaned, closed_at from wave";

fn wave(row: &AnyRow) -> Result<Wave> {
    let date = |text: String| text.parse::<NaiveDate>().with_context(|| format!("`{text}` is not a date"));
    Ok(Wave {
        id: row.try_get(0)?,
        survey: row.try_get(1)?,
        state: State::read(&row.try_get::<String, _>(2)?)?,
        opens_on: date(row.try_get(3)?)?,
        closes_on: date(row.try_get(4)?)?,
        suspended_on: row.try_get::<Option<String>, _>(5)?.map(date).transpose()?,
        cleaned: row.try_get::<i64, _>(6)? != 0,
        closed_at: row.try_get::<Option<i64>, _>(7)?.map(At),
    })
}

/// Keeps a survey, within a transaction.
async fn keep(conn: &mut AnyConnection, it: Survey) -> Result<Result<(), Refusal>> {
    let known =
        sqlx::query("select k_score, k_hist, k_text from survey where id = $1").bind(it.id.clone()).fetch_optional(&mut *conn).await?;
    let now = known.map(|row| minima(&row, 0)).transpose()?;
    let raised = match now.unwrap_or_default().raised(it.minima) {
        Ok(raised) => raised,
        Err(sentence) => return Ok(Err(Refusal::Minima(sentence))),
    };
    if under_way(conn, &it.id).await? && now != Some(raised) {
        return Ok(Err(Refusal::UnderWay));
    }
    let sql = "insert into survey (id, title, kind, k_score, k_hist, k_text, created_by, root, channel) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
               on conflict (id) do update set title = excluded.title, channel = excluded.channel, k_score = excluded.k_score, k_hist = excluded.k_hist, k_text = excluded.k_text";
    let query = sqlx::query(sql).bind(it.id).bind(it.title).bind(it.kind.word());
    let query = [raised.score, raised.counts, raised.text].into_iter().fold(query, |query, least| query.bind(i64::from(least)));
    query.bind(it.created_by).bind(it.root).bind(it.channel).execute(conn).await?;
    Ok(Ok(()))
}

/// Whether a wave of a survey is open or closing, within a transaction.
async fn under_way(conn: &mut AnyConnection, survey: &str) -> Result<bool> {
    let sql = "select count(*) from wave where survey_id = $1 and state in ('open', 'closing')";
    let open: i64 = sqlx::query(sql).bind(survey.to_owned()).fetch_one(conn).await?.try_get(0)?;
    Ok(open > 0)
}

/// Who was asked by a wave that opens after a day, within a transaction.
async fn asked_after(conn: &mut AnyConnection, day: NaiveDate) -> Result<std::collections::BTreeSet<String>> {
    let sql = "select i.user_id from invite i join wave w on w.id = i.wave_id where w.opens_on > $1";
    let rows = sqlx::query(sql).bind(day.to_string()).fetch_all(conn).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// The state of a wave, within a transaction.
async fn state(conn: &mut AnyConnection, id: &str) -> Result<Option<State>> {
    let row = sqlx::query("select state from wave where id = $1").bind(id.to_owned()).fetch_optional(conn).await?;
    row.map(|row| State::read(&row.try_get::<String, _>(0)?)).transpose()
}

impl Store {
    /// Keeps a survey's title and minima: a new one, or one that was changed. Minima only rise, and not while a wave is under way.
    pub async fn keep_survey(&self, survey: Survey) -> Result<Result<(), Refusal>> {
        self.writer
            .write_unread(move |conn| {
                let it = survey.clone();
                Box::pin(async move { keep(conn, it).await })
            })
            .await
            .context("keeping a survey")
    }

    /// Every survey.
    pub async fn surveys(&self) -> Result<Vec<Survey>> {
        let sql = format!("{SURVEY} order by id");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&self.pool).await.context("reading surveys")?;
        rows.iter().map(survey).collect()
    }

    /// One survey.
    pub async fn survey(&self, id: &str) -> Result<Option<Survey>> {
        let sql = format!("{SURVEY} where id = $1");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id.to_owned()).fetch_optional(&self.pool).await.context("reading a survey")?;
        row.as_ref().map(survey).transpose()
    }

    /// Every wave, the oldest first.
    pub async fn waves(&self) -> Result<Vec<Wave>> {
        let sql = format!("{WAVE} order by closes_on, id");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&self.pool).await.context("reading waves")?;
        rows.iter().map(wave).collect()
    }

    /// One wave.
    pub async fn wave(&self, id: &str) -> Result<Option<Wave>> {
        let sql = format!("{WAVE} where id = $1");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id.to_owned()).fetch_optional(&self.pool).await.context("reading a wave")?;
        row.as_ref().map(wave).transpose()
    }

    /// When each person was last asked by any survey.
    pub async fn last_asked(&self) -> Result<std::collections::BTreeMap<String, NaiveDate>> {
        let sql = "select i.user_id, max(w.opens_on) from invite i join wave w on w.id = i.wave_id group by i.user_id";
        let rows = sqlx::query(sql).fetch_all(&self.pool).await.context("reading when people were last asked")?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get::<String, _>(1)?.parse()?))).collect()
    }
}

/// How a tally's value is written: its word and number. Counts are five of them.
fn words(kept: &Kept) -> Vec<(String, u64)> {
    match kept {
        Kept::Counts(ratings) => ratings.iter().zip(1..).map(|(n, value)| (i32::to_string(&value), *n)).collect(),
        Kept::Edge { high, answers } => vec![(if *high { "high" } else { "low" }.to_owned(), *answers)],
        Kept::Band { band, answers } => vec![(format!("band{}", band.number()), *answers)],
    }
}

fn minima(row: &AnyRow, at: usize) -> Result<Minima> {
    let least = |at: usize| -> Result<u32> { Ok(u32::try_from(row.try_get::<i64, _>(at)?)?) };
    Ok(Minima { score: least(at)?, counts: least(at + 1)?, text: least(at + 2)? }.floored())
}
