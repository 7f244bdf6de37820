//! Improvements that were declared, with the weeks before their start as they were known then.
//!
//! One is never changed: it may be ended, or removed, and stays for the receipts of answers that told of it; so what it was at an instant
//! can always be told. Never to be counted by person: who declared it is kept to ask them, and no query here counts.

use anyhow::{Context, Result};
use chrono::NaiveDate;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::Store;
use crate::domain::card::Scope;
use crate::domain::improvement::{Series, Wanted};
use crate::domain::time::At;

/// An improvement as it was at an instant.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "as the table's columns say")]
pub struct Improvement {
    pub id: String,
    /// A team, a service or the organisation.
    pub scope: Scope,
    pub name: String,
    pub done: String,
    pub author: String,
    pub starts_on: NaiveDate,
    pub starts_at: At,
    pub declared_at: At,
    /// None: it was still looked at.
    pub ended_at: Option<At>,
    pub watched: Vec<Frozen>,
}

/// A metric that it should move.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "as the table's columns say")]
pub struct Frozen {
    pub metric: String,
    pub wanted: Wanted,
    /// The weeks before the start.
    pub before: Series,
}

const IMPROVEMENT: &str = "select i.id, i.scope, i.name, i.done, i.author, i.starts_on, i.starts_at, i.declared_at, i.ended_at, m.metric, m.wanted, m.weeks \
     from improvement i join improvement_metric m on m.improvement = i.id where i.declared_at <= $1 and (i.removed_at is null or i.removed_at > $1)";

impl Store {
    /// Keeps an improvement with its weeks; one that is kept already stays as it is.
    pub async fn keep_improvement(&self, improvement: Improvement) -> Result<()> {
        let scope = serde_json::to_string(&improvement.scope)?;
        let mut watched = Vec::new();
        for (place, it) in (0_i64..).zip(&improvement.watched) {
            watched.push((place, it.metric.clone(), word(it.wanted), serde_json::to_string(&it.before)?));
        }
        self.writer
            .write_unread(move |conn| {
                let (it, scope, watched) = (improvement.clone(), scope.clone(), watched.clone());
                Box::pin(async move {
                    let sql = "insert into improvement (id, scope, name, done, author, starts_on, starts_at, declared_at) \
                               values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (id) do nothing";
                    let texts = [it.id.clone(), scope, it.name, it.done, it.author, it.starts_on.to_string()];
                    let query = texts.into_iter().fold(sqlx::query(sql), sqlx::query::Query::bind);
                    if query.bind(it.starts_at.0).bind(it.declared_at.0).execute(&mut *conn).await?.rows_affected() == 0 {
                        return Ok(());
                    }
                    for (place, metric, wanted, before) in watched {
                        let sql = "insert into improvement_metric (improvement, place, metric, wanted, weeks) values ($1, $2, $3, $4, $5)";
                        let query = sqlx::query(sql).bind(it.id.clone()).bind(place).bind(metric).bind(wanted).bind(before);
                        query.execute(&mut *conn).await?;
                    }
                    Ok(())
                })
            })
            .await
            .context("keeping an improvement")
    }

    /// All improvements as they were at an instant, the newest start first.
    pub async fn improvements(&self, at: At) -> Result<Vec<Improvement>> {
        let sql = sqlx::AssertSqlSafe(format!("{IMPROVEMENT} order by i.starts_at desc, i.declared_at desc, i.id, m.place"));
        let rows = sqlx::query(sql).bind(at.0).fetch_all(&self.pool).await.context("reading improvements")?;
        let mut all: Vec<Improvement> = Vec::new();
        for row in &rows {
            let (improvement, frozen) = read(row, at)?;
            match all.last_mut().filter(|last| last.id == improvement.id) {
                Some(last) => last.watched.push(frozen),
                None => all.push(Improvement { watched: vec![frozen], ..improvement }),
            }
        }
        Ok(all)
    }

    /// The improvement of that id as it was at an instant.
    pub async fn improvement(&self, id: &str, at: At) -> Result<Option<Improvement>> {
        let sql = sqlx::AssertSqlSafe(format!("{IMPROVEMENT} and i.id = $2 order by m.place"));
        let rows = sqlx::query(sql).bind(at.0).bind(id.to_lowercase()).fetch_all(&self.pool).await.context("reading an improvement")?;
        let mut found: Option<Improvement> = None;
        for row in &rows {
            let (improvement, frozen) = read(row, at)?;
            found.get_or_insert(improvement).watched.push(frozen);
        }
        Ok(found)
    }

    /// Ends an improvement; one that has ended stays as it is.
    pub async fn end_improvement(&self, id: &str, at: At) -> Result<()> {
        self.mark_improvement("update improvement set ended_at = $2 where id = $1 and ended_at is null", id, at).await
    }

    /// Removes an improvement from all answers from now on.
    pub async fn remove_improvement(&self, id: &str, at: At) -> Result<()> {
        self.mark_improvement("update improvement set removed_at = $2 where id = $1 and removed_at is null", id, at).await
    }

    async fn mark_improvement(&self, sql: &'static str, id: &str, at: At) -> Result<()> {
        let id = id.to_owned();
        self.writer
            .write_unread(move |conn| {
                let id = id.clone();
                Box::pin(async move {
                    sqlx::query(sql).bind(id).bind(at.0).execute(conn).await?;
                    Ok(())
                })
            })
            .await
            .context("ending an improvement")
    }
}

fn word(wanted: Wanted) -> &'static str {
    if wanted == Wanted::More { "more" } else { "less" }
}

/// An improvement without its metrics, and one of them.
fn read(row: &AnyRow, at: At) -> Result<(Improvement, Frozen)> {
    let improvement = Improvement {
        id: row.try_get(0)?,
        scope: serde_json::from_str(&row.try_get::<String, _>(1)?).context("an improvement's scope")?,
        name: row.try_get(2)?,
        done: row.try_get(3)?,
        author: row.try_get(4)?,
        starts_on: row.try_get::<String, _>(5)?.parse().context("an improvement's start")?,
        starts_at: At(row.try_get(6)?),
        declared_at: At(row.try_get(7)?),
        ended_at: row.try_get::<Option<i64>, _>(8)?.map(At).filter(|ended| *ended <= at),
        watched: Vec::new(),
    };
    let wanted = if row.try_get::<String, _>(10)? == word(Wanted::More) { Wanted::More } else { Wanted::Less };
    let before = serde_json::from_str(&row.try_get::<String, _>(11)?).context("the weeks before an improvement")?;
    Ok((improvement, Frozen { metric: row.try_get(9)?, wanted, before }))
}
