//! The rows that arrived or changed after a receipt and lie at or before its instant: why a figure differs now.
//!
//! A row that an update took elsewhere (to another service, or to another time) is no longer found where the receipt saw it.
//! So each update that does this leaves a trace in `part` under the service it left: `fact` is "left" and the service,
//! `body` where the row went, `updated_at` the time it had.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::Store;
use super::flow::{ITEM, Whose};
use super::receipts::Receipt;
use crate::domain::time::At;

/// What an answer rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rests {
    /// The services whose deployments, incidents, changes and commits it counts.
    pub services: Vec<String>,
    /// Where it counts the flow of work too (changes under way, reviews, runs): whose items.
    pub flow: Option<Whose>,
}

/// A row that arrived after a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Late {
    /// `deployment`, `incident`, `change`, `commit`, `review`, `run` or `item`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its service, or its repository; where it went, if it was moved.
    pub place: String,
    /// Its own time.
    pub at: Option<At>,
}

/// The repositories of a service.
const OWN: &str = "(select repository from service_repository where service = $2 and repository <> '')";

/// What a service's DORA figures rest on. $1: the watermark, $2: the service, $3: the instant.
fn of_service() -> String {
    format!(
        "select 'deployment', id, service, finished_at from deployment where seq > $1 and service = $2 and (finished_at is null or finished_at <= $3) \
         union all select 'incident', id, coalesce(service, ''), started_at from incident where seq > $1 and (service = $2 or service is null \
         or deployment in (select id from deployment where service = $2)) and started_at <= $3 \
         union all select 'change', id, coalesce(repository, ''), merged_at from change where seq > $1 and repository in {OWN} and merged_at <= $3 \
         union all select 'run', id, coalesce(repository, ''), finished_at from run where seq > $1 and repository in {OWN} and finished_at <= $3 \
         and exists (select 1 from service where name = $2 and by_runs = 1) \
         union all select 'commit', sha, coalesce(repository, ''), authored_at from commits where seq > $1 and repository in {OWN} \
         and coalesce(committed_at, authored_at, 0) <= $3"
    )
}

/// What a service's flow rests on besides. $1 to $3 likewise.
fn of_flow() -> String {
    format!(
        "select 'change', id, coalesce(repository, ''), coalesce(merged_at, closed_at, opened_at) from change where seq > $1 and repository in {OWN} \
         and opened_at <= $3 \
         union all select 'review', r.id, r.change, r.at from review r join change c on c.source = r.source and c.id = r.change \
         where r.seq > $1 and c.repository in {OWN} and r.at <= $3 \
         union all select 'run', id, coalesce(repository, ''), finished_at from run where seq > $1 and repository in {OWN} and finished_at <= $3"
    )
}

impl Store {
    /// Rows of what an answer rests on that arrived or changed after its receipt and lie at or before its instant. `known_now`:
    /// it had no source of incidents, and there is one now; then any service's first incident is such a row.
    pub async fn late_rows(&self, rests: &Rests, receipt: &Receipt, known_now: bool, limit: usize) -> Result<Vec<Late>> {
        let sources: Vec<String> = self.current().await?.sources.iter().map(|(source, ..)| source.clone()).collect();
        let mut late = Vec::new();
        let mut conn = self.pool.acquire().await?;
        let (after, until) = (receipt.watermark, receipt.asked_at.0);
        let of_service = of_service();
        let of_flow = rests.flow.as_ref().map(|_| of_flow());
        for service in &rests.services {
            for sql in [Some(&of_service), of_flow.as_ref()].into_iter().flatten() {
                let rows = sqlx::query(AssertSqlSafe(sql.clone())).bind(after).bind(service.clone()).bind(until);
                for row in rows.fetch_all(&mut *conn).await.context("looking for late rows")? {
                    late.push(read(&row)?);
                }
            }
            late.extend(left(&mut conn, &sources, service, after, until).await?);
        }
        if known_now {
            let sql = "select 'incident', id, coalesce(service, ''), started_at from incident where seq > $1 and started_at <= $2 \
                       order by started_at, id limit 1";
            for row in sqlx::query(sql).bind(after).bind(until).fetch_all(&mut *conn).await? {
                late.push(read(&row)?);
            }
        }
        if let Some(whose) = &rests.flow {
            if *whose == Whose::All {
                let sql = "select 'run', id, coalesce(repository, ''), finished_at from run where seq > $1 and finished_at <= $2";
                for row in sqlx::query(sql).bind(after).bind(until).fetch_all(&mut *conn).await? {
                    late.push(read(&row)?);
                }
            }
            // Whose items are asked for is read apart: two connections held by each of many would leave none for any.
            drop(conn);
            late.extend(self.late_items(whose, receipt).await?);
        }
        late.sort_by(|a, b| (a.at, &a.kind, &a.id).cmp(&(b.at, &b.kind, &b.id)));
        let mut seen = BTreeSet::new();
        late.retain(|row| seen.insert((row.kind.clone(), row.id.clone())));
        late.truncate(limit);
        Ok(late)
    }

    /// Items that changed. Whose an item was before is not kept: where none of the changed ones is of those asked for now, all
    /// are told.
    async fn late_items(&self, whose: &Whose, receipt: &Receipt) -> Result<Vec<Late>> {
        if *whose == Whose::Nobody {
            return Ok(Vec::new());
        }
        let org = self.org_version(receipt.org_version).await?;
        let held = self.held(whose, receipt.asked_at, &org.org).await?;
        let sql = format!("select {ITEM} from item where seq > $1 and coalesce(created_at, started_at, done_at, 0) <= $2");
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for row in sqlx::query(AssertSqlSafe(sql)).bind(receipt.watermark).bind(receipt.asked_at.0).fetch_all(&self.pool).await? {
            let at = [row.try_get::<Option<i64>, _>(1)?, row.try_get::<Option<i64>, _>(0)?].into_iter().flatten().next().map(At);
            let (project, id, key): (Option<String>, String, Option<String>) = (row.try_get(4)?, row.try_get(5)?, row.try_get(6)?);
            let late = Late { kind: "item".into(), id: key.unwrap_or(id), place: project.unwrap_or_default(), at };
            let is_own = held.has(&row, at.unwrap_or(receipt.asked_at))?;
            if is_own { own.push(late) } else { others.push(late) }
        }
        Ok(if own.is_empty() { others } else { own })
    }
}

fn read(row: &AnyRow) -> Result<Late> {
    let at = row.try_get::<Option<i64>, _>(3)?.map(At);
    Ok(Late { kind: row.try_get(0)?, id: row.try_get(1)?, place: row.try_get(2)?, at })
}

/// Rows that an update took away from a service.
async fn left(conn: &mut AnyConnection, sources: &[String], service: &str, after: i64, until: i64) -> Result<Vec<Late>> {
    let mut found = Vec::new();
    for source in sources {
        let sql = "select body, updated_at from part where source = $1 and fact = $2 and seq > $3 and updated_at <= $4";
        let rows = sqlx::query(sql).bind(source.clone()).bind(trace(service)).bind(after).bind(until);
        for row in rows.fetch_all(&mut *conn).await? {
            let (body, at): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
            let (kind, id, place): (String, String, String) = serde_json::from_str(&body).context("reading where a row went")?;
            found.push(Late { kind, id, place, at: Some(At(at)) });
        }
    }
    Ok(found)
}

/// Under which a service's traces stand.
pub(super) fn trace(service: &str) -> String {
    format!("left {service}")
}
