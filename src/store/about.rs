//! What stands under somebody's Slack id, in numbers: what they set up, said and promised. For that person alone, who asks.

use anyhow::{Context, Result};
use sqlx::Row;

use super::Store;

/// How many rows of each kind name somebody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "plain names")]
pub struct Written {
    pub digests: u64,
    pub alerts: u64,
    /// What they said below alerts.
    pub marks: u64,
    /// What they said of warnings of projects.
    pub warnings: u64,
    pub org_changes: u64,
    pub surveys: u64,
    /// Actions after surveys that they own or wrote.
    pub actions: u64,
    /// Notes of retrospectives that they wrote.
    pub notes: u64,
    /// Decisions of retrospectives that they own.
    pub decisions: u64,
    /// What they said of whether a decision worked.
    pub verdicts: u64,
    /// Improvements that they declared.
    pub improvements: u64,
    /// Thank-yous that wait for their answer, and those of theirs and to them that are shared. One of theirs that waits is not counted:
    /// its end would tell them of another's answer.
    pub kudos: u64,
    /// Direct messages to them, sent or planned, whose rows are kept.
    pub messages: u64,
}

impl Store {
    /// Counts what names somebody.
    pub async fn written_by(&self, user: &str) -> Result<Written> {
        let rows = [
            "select count(*) from subscription where author = $1 and kind = 'digest'",
            "select count(*) from subscription where author = $1 and kind = 'alert'",
            "select count(*) from alert_mark where person = $1",
            "select count(*) from risk_label where person = $1",
            "select count(*) from org_version where author = $1",
            "select count(*) from survey where created_by = $1",
            "select count(*) from action_item where owner = $1 or author = $1",
            "select count(*) from retro_note where author = $1",
            "select count(*) from retro_note where owner = $1",
            "select count(*) from retro_verdict where person = $1",
            "select count(*) from improvement where author = $1",
            "select count(*) from kudos where receiver = $1 or (giver = $1 and shared = 1)",
            "select count(*) from outbox where channel = $1",
        ];
        let mut counts = rows.map(|_| 0);
        for (count, sql) in counts.iter_mut().zip(rows) {
            let row = sqlx::query(sql).bind(user.to_owned()).fetch_one(&self.pool).await.context("counting what names somebody")?;
            *count = row.try_get::<i64, _>(0)?.unsigned_abs();
        }
        let [digests, alerts, marks, warnings, org_changes, surveys, actions, notes, decisions, verdicts, improvements, kudos, messages] =
            counts;
        Ok(Written {
            digests,
            alerts,
            marks,
            warnings,
            org_changes,
            surveys,
            actions,
            notes,
            decisions,
            verdicts,
            improvements,
            kudos,
            messages,
        })
    }
}
