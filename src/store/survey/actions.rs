//! What was promised after a wave: an action, its owner, its date; or that there will be none, and why. Named and public, by whoever writes it.

use anyhow::{Context, Result};
use chrono::NaiveDate;
use sqlx::Row;

use super::Store;

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
}

impl Store {
    /// Keeps an action, new or changed.
    pub async fn keep_action(&self, action: ActionItem) -> Result<()> {
        self.writer
            .write_unread(move |conn| {
                let it = action.clone();
                Box::pin(async move {
                    let sql = "insert into action_item (id, wave_id, node_id, category, text, owner, due, state) values ($1, $2, $3, $4, $5, $6, $7, $8) \
                               on conflict (id) do update set category = excluded.category, text = excluded.text, owner = excluded.owner, \
                               due = excluded.due, state = excluded.state";
                    let query = [it.id, it.wave, it.node, it.category, it.text, it.owner, it.due.to_string(), it.standing.word().to_owned()];
                    query.into_iter().fold(sqlx::query(sql), |query, value| query.bind(value)).execute(conn).await?;
                    Ok(())
                })
            })
            .await
            .context("keeping an action")
    }

    /// Every action, by date.
    pub async fn actions(&self) -> Result<Vec<ActionItem>> {
        let sql = "select id, wave_id, node_id, category, text, owner, due, state from action_item order by due, id";
        let rows = sqlx::query(sql).fetch_all(&self.pool).await.context("reading actions")?;
        let action = |row: &sqlx::any::AnyRow| {
            Ok(ActionItem {
                id: row.try_get(0)?,
                wave: row.try_get(1)?,
                node: row.try_get(2)?,
                category: row.try_get(3)?,
                text: row.try_get(4)?,
                owner: row.try_get(5)?,
                due: row.try_get::<String, _>(6)?.parse().context("an action's date")?,
                standing: Standing::read(&row.try_get::<String, _>(7)?)?,
            })
        };
        rows.iter().map(action).collect()
    }
}
