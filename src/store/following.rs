//! How the last reading of each Slack user group went that a team follows. Numbers of people only, never who.

use anyhow::{Context, Result};
use sqlx::Row;

use super::Store;
use crate::domain::org::follow::Following;
use crate::domain::time::At;

/// A team that follows a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// The team.
    pub team: String,
    /// The group's id.
    pub group: String,
    /// `payments`; empty: Slack knows no such group.
    pub handle: String,
    /// People who count now.
    pub people: u64,
    /// Bots and deactivated members in it.
    pub not_counted: u64,
    /// When Slack last told its members.
    pub read_at: Option<At>,
    /// Why it did not at the last try, in a sentence without its full stop.
    pub problem: Option<String>,
}

impl Store {
    /// Keeps how a reading went. Teams that follow no group any more are forgotten; what is known of a group that could not be
    /// read stays.
    pub async fn keep_followed(&self, followings: Vec<Following>, now: At) -> Result<()> {
        self.writer
            .write_unread(move |conn| {
                let followings = followings.clone();
                Box::pin(async move {
                    let known = sqlx::query("select team, slack_group from slack_group").fetch_all(&mut *conn).await?;
                    for row in &known {
                        let (team, group): (String, String) = (row.try_get(0)?, row.try_get(1)?);
                        if !followings.iter().any(|it| it.team == team && it.group == group) {
                            sqlx::query("delete from slack_group where team = $1").bind(team).execute(&mut *conn).await?;
                        }
                    }
                    for it in followings {
                        let sql = "insert into slack_group (team, slack_group, handle, people, not_counted, read_at, problem) values ($1, $2, $3, $4, $5, $6, $7) \
                                   on conflict (team) do update set people = excluded.people, problem = excluded.problem, \
                                   handle = case when excluded.handle = '' then slack_group.handle else excluded.handle end, \
                                   not_counted = case when excluded.problem is null then excluded.not_counted else slack_group.not_counted end, \
                                   read_at = coalesce(excluded.read_at, slack_group.read_at)";
                        sqlx::query(sql)
                            .bind(it.team)
                            .bind(it.group)
                            .bind(it.handle)
                            .bind(i64::try_from(it.people).unwrap_or(i64::MAX))
                            .bind(i64::try_from(it.not_counted).unwrap_or(i64::MAX))
                            .bind(it.problem.is_none().then_some(now.0))
                            .bind(it.problem)
                            .execute(&mut *conn)
                            .await?;
                    }
                    Ok(())
                })
            })
            .await
            .context("keeping how Slack's user groups were read")
    }

    /// Every team that follows a group, by id, as of the last reading.
    pub async fn followed(&self) -> Result<Vec<Followed>> {
        let sql = "select team, slack_group, handle, people, not_counted, read_at, problem from slack_group order by team";
        let rows = sqlx::query(sql).fetch_all(&self.pool).await.context("reading how Slack's user groups were read")?;
        rows.iter()
            .map(|row| {
                Ok(Followed {
                    team: row.try_get(0)?,
                    group: row.try_get(1)?,
                    handle: row.try_get(2)?,
                    people: row.try_get::<i64, _>(3)?.unsigned_abs(),
                    not_counted: row.try_get::<i64, _>(4)?.unsigned_abs(),
                    read_at: row.try_get::<Option<i64>, _>(5)?.map(At),
                    problem: row.try_get(6)?,
                })
            })
            .collect()
    }
}
