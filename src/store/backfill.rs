//! Where each stream of a source's API stands, and the pages that brought it there: stored together, or not at all.

use std::sync::Arc;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::deliveries::{Delivery, Tally, insert, settle};
use super::{Store, facts};
use crate::domain::event::Parsed;
use crate::domain::time::At;

/// Where a stream stands, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The source's slug.
    pub source: String,
    /// A repository, a project.
    pub scope: String,
    /// As people call it.
    pub stream: String,
    /// JSON: what is still to be asked; none at the stream's end.
    pub asks: Option<String>,
    /// The version of the first page, and what was asked for it.
    pub etag: Option<(String, String)>,
    /// Things listed by this run.
    pub listed: u64,
    /// Things that the source counts.
    pub total: Option<u64>,
    /// What the source calls the scope now, where that is something else.
    pub called: Option<String>,
    /// When this run began.
    pub began_at: At,
    /// From when on it reads.
    pub since: Option<At>,
    /// When the last run began that came to the end.
    pub complete_to: Option<At>,
}

const COLUMNS: &str = "source, scope, stream, asks, etag, etag_path, listed, total, called, began_at, since, complete_to";

impl Store {
    /// Makes a page, its facts and the place behind it durable, in one transaction. Without a delivery only the place.
    pub async fn page(&self, delivery: Option<Delivery>, parsed: Parsed, cursor: Cursor, now: At) -> Result<Tally> {
        let cursor = Arc::new(cursor);
        let Some(delivery) = delivery else {
            self.writer
                .write_unread(move |conn| {
                    let cursor = cursor.clone();
                    Box::pin(async move { save(conn, &cursor, now).await })
                })
                .await
                .context("storing the place of a backfill")?;
            return Ok(Tally { read: parsed.read, ..Tally::default() });
        };
        let headers = serde_json::to_string(&delivery.headers).unwrap_or_else(|_| "{}".into());
        // The same answer to the same ask is one delivery: a list that is empty twice is not.
        let name = Sha256::new_with_prefix(headers.as_bytes()).chain_update(&delivery.body).finalize();
        let delivery = Arc::new(Delivery { key: Some(format!("page:{}", hex::encode(name))), ..delivery });
        let (headers, parsed) = (Arc::new(headers), Arc::new(parsed));
        self.writer
            .write(move |conn| {
                let (delivery, headers, parsed, cursor) = (delivery.clone(), headers.clone(), parsed.clone(), cursor.clone());
                Box::pin(async move {
                    let (seq, recorded) = insert(conn, &delivery, &headers).await?;
                    let tally = facts::apply(conn, &delivery.origin(seq), &parsed, false).await?;
                    settle(conn, seq, &parsed).await?;
                    save(conn, &cursor, now).await?;
                    Ok(Tally { batch: recorded.batch, ..tally })
                })
            })
            .await
            .context("storing a page of a backfill")
    }

    /// Where the streams of a source stand.
    pub async fn cursors(&self, source: &str) -> Result<Vec<Cursor>> {
        let sql = format!("select {COLUMNS} from backfill where source = $1 order by scope, stream");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(source.to_string()).fetch_all(&self.pool).await;
        rows.context("reading where a backfill stands")?.iter().map(cursor).collect()
    }

    /// How many facts of a scope are stored that a stream of that name brings; none for a stream of another kind.
    pub async fn stored(&self, source: &str, scope: &str, stream: &str) -> Result<Option<u64>> {
        // The names that sources give their streams.
        let (table, place) = match stream {
            "pull requests" | "merge requests" => ("change", "repository"),
            "deployments" => ("deployment", "via = 'deployment' and repository"),
            "releases" => ("deployment", "via = 'release' and repository"),
            "workflow runs" | "pipelines" => ("run", "repository"),
            "issues" => ("item", "project"),
            "incidents" if scope == "account" => ("incident", "'account'"),
            _ => return Ok(None),
        };
        let sql = format!("select count(*) from {table} where source = $1 and {place} = $2");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(source.to_string()).bind(scope.to_string()).fetch_one(&self.pool).await;
        let count: i64 = row.context("counting what is stored")?.try_get(0)?;
        Ok(Some(count.unsigned_abs()))
    }

    /// The repositories that facts of each source name: source and repository, in order.
    pub async fn repositories(&self) -> Result<Vec<(String, String)>> {
        let sql = "select source, repository from change where repository is not null \
                   union select source, repository from deployment where repository is not null \
                   union select source, repository from run where repository is not null \
                   union select source, repository from incident where repository is not null order by 1, 2";
        let rows = sqlx::query(sql).fetch_all(&self.pool).await.context("reading which repositories are known")?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    }

    /// The projects that items of a source name.
    pub async fn projects_of(&self, source: &str) -> Result<Vec<String>> {
        let sql = "select distinct project from item where source = $1 and project is not null order by 1";
        let rows = sqlx::query(sql).bind(source.to_string()).fetch_all(&self.pool).await.context("reading which projects are known")?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }
}

fn cursor(row: &AnyRow) -> Result<Cursor> {
    let (etag, path): (Option<String>, Option<String>) = (row.try_get(4)?, row.try_get(5)?);
    let at = |column: usize| -> Result<Option<At>> { Ok(row.try_get::<Option<i64>, _>(column)?.map(At)) };
    Ok(Cursor {
        source: row.try_get(0)?,
        scope: row.try_get(1)?,
        stream: row.try_get(2)?,
        asks: row.try_get(3)?,
        etag: etag.zip(path),
        listed: row.try_get::<i64, _>(6)?.unsigned_abs(),
        total: row.try_get::<Option<i64>, _>(7)?.map(i64::unsigned_abs),
        called: row.try_get(8)?,
        began_at: At(row.try_get(9)?),
        since: at(10)?,
        complete_to: at(11)?,
    })
}

async fn save(conn: &mut AnyConnection, cursor: &Cursor, now: At) -> Result<()> {
    let sql = format!(
        "insert into backfill ({COLUMNS}, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
         on conflict (source, scope, stream) do update set asks = excluded.asks, etag = excluded.etag, etag_path = excluded.etag_path, \
         listed = excluded.listed, total = excluded.total, called = excluded.called, began_at = excluded.began_at, since = excluded.since, \
         complete_to = excluded.complete_to, updated_at = excluded.updated_at"
    );
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let (etag, path) = cursor.etag.clone().unzip();
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(cursor.source.clone())
        .bind(cursor.scope.clone())
        .bind(cursor.stream.clone())
        .bind(cursor.asks.clone())
        .bind(etag)
        .bind(path)
        .bind(count(cursor.listed))
        .bind(cursor.total.map(count))
        .bind(cursor.called.clone())
        .bind(cursor.began_at.0)
        .bind(cursor.since.map(|at| at.0))
        .bind(cursor.complete_to.map(|at| at.0))
        .bind(now.0)
        .execute(conn)
        .await?;
    Ok(())
}
