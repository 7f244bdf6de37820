//! What was promised after a wave: an action, its owner, its date; or that there will be none, and why. Named and public, by whoever writes it.

use anyhow::{Context, Result};
use chrono::NaiveDate;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::Store;
use crate::store::outbox::take_back;

/// Where an action stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "plain names")]
pub enum Standing {
    Open,
    Done,
    Dropped,
    /// There will be no action, and its text says why.
    None,
}

impl Standing {
    /// As the table keeps it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Dropped => "dropped",
            Self::None => "none",
        }
    }

    fn read(word: &str) -> Result<Self> {
        let known = [Self::Open, Self::Done, Self::Dropped, Self::None].into_iter().find(|known| known.word() == word);
        known.with_context(|| format!("an action is `{word}`, which this pacer does not know"))
    }
}

/// An action.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "as the table's columns say")]
pub struct ActionItem {
    pub id: String,
    pub wave: String,
    /// The cell that it is for.
    pub node: String,
    pub category: String,
    pub text: String,
    /// Slack user id.
    pub owner: String,
    pub due: NaiveDate,
    pub standing: Standing,
    /// Slack user id of who wrote it.
    pub author: String,
    /// Why it was dropped.
    pub why: String,
    /// Since when it is done or dropped.
    pub settled_on: Option<NaiveDate>,
}

const COLUMNS: &str = "id, wave_id, node_id, category, text, owner, due, state, author, why, settled_on";

impl Store {
    /// Keeps an action, new or changed; what waits in the outbox about it as it was is not sent any more, which is one transaction.
    pub async fn keep_action(&self, action: ActionItem) -> Result<()> {
        self.writer
            .write_unread(move |conn| {
                let it = action.clone();
                Box::pin(async move { put(conn, it).await })
            })
            .await
            .context("keeping an action")
    }

    /// Keeps a changed action, if it still stands as whoever changed it saw it; false: somebody else was faster.
    pub async fn change_action(&self, seen: &ActionItem, action: ActionItem) -> Result<bool> {
        let seen = seen.clone();
        self.writer
            .write_unread(move |conn| {
                let (seen, it) = (seen.clone(), action.clone());
                Box::pin(async move {
                    let row = sqlx::query(select("where id = $1")).bind(seen.id.clone()).fetch_optional(&mut *conn).await?;
                    if row.as_ref().map(read).transpose()? != Some(seen) {
                        return Ok(false);
                    }
                    put(conn, it).await.map(|()| true)
                })
            })
            .await
            .context("changing an action")
    }

    /// Every action, by date.
    pub async fn actions(&self) -> Result<Vec<ActionItem>> {
        let rows = sqlx::query(select("order by due, id")).fetch_all(&self.pool).await.context("reading actions")?;
        rows.iter().map(read).collect()
    }
}

fn select(rest: &str) -> sqlx::AssertSqlSafe<String> {
    sqlx::AssertSqlSafe(format!("select {COLUMNS} from action_item {rest}"))
}

async fn put(conn: &mut AnyConnection, it: ActionItem) -> Result<()> {
    take_back(conn, &format!("action/{}/", it.id)).await?;
    let sql = format!(
        "insert into action_item ({COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (id) do update set \
         category = excluded.category, text = excluded.text, owner = excluded.owner, due = excluded.due, state = excluded.state, \
         why = excluded.why, settled_on = excluded.settled_on"
    );
    let (due, state) = (it.due.to_string(), it.standing.word().to_owned());
    let values = [it.id, it.wave, it.node, it.category, it.text, it.owner, due, state, it.author, it.why];
    let query = values.into_iter().fold(sqlx::query(sqlx::AssertSqlSafe(sql)), sqlx::query::Query::bind);
    query.bind(it.settled_on.map(|day| day.to_string())).execute(conn).await?;
    Ok(())
}

fn read(row: &AnyRow) -> Result<ActionItem> {
    let date = |text: String| text.parse::<NaiveDate>().with_context(|| format!("`{text}` is not a date"));
    Ok(ActionItem {
        id: row.try_get(0)?,
        wave: row.try_get(1)?,
        node: row.try_get(2)?,
        category: row.try_get(3)?,
        text: row.try_get(4)?,
        owner: row.try_get(5)?,
        due: date(row.try_get(6)?)?,
        standing: Standing::read(&row.try_get::<String, _>(7)?)?,
        author: row.try_get(8)?,
        why: row.try_get(9)?,
        settled_on: row.try_get::<Option<String>, _>(10)?.map(date).transpose()?,
    })
}
