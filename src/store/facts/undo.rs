//! Takes back the facts of one delivery, and lets those that they had outranked stand again.
//!
//! Registers hold the winning version alone, so that the others come from their own raw deliveries, parsed again: which those
//! are is noted as versions win ([`Touched::outranked`]). What is older than the retention of raw deliveries can't come back,
//! nor what git told, whose repository is its own record: commits that git knows stay as they are.

use std::collections::BTreeSet;

use anyhow::Result;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::super::org;
use super::touched::Touched;
use super::{Batch, Origin, Over, inner_commits, parts};
use crate::domain::event::Parsed;
use crate::domain::time::At;

/// Removes the facts of a delivery: how many. The outranked ones are applied by the caller, in the same transaction.
pub(in crate::store) async fn undo(conn: &mut AnyConnection, origin: &Origin<'_>, parsed: &Parsed) -> Result<u64> {
    let seq = origin.seq;
    let mut touched = Touched::default();
    touch(conn, seq, parsed, &mut touched).await?;
    // Words about facts and traces of them are no facts.
    let beside = "delete from part where seq = $1 and (fact like 'said %' or fact like 'left %')";
    sqlx::query(beside).bind(seq).execute(&mut *conn).await?;
    let mut facts: BTreeSet<String> = BTreeSet::new();
    for row in sqlx::query("select fact from part where seq = $1").bind(seq).fetch_all(&mut *conn).await? {
        facts.insert(row.try_get(0)?);
    }
    let mut removed = 0;
    for table in ["deployment", "incident", "change", "review", "item", "run", "activity", "part"] {
        let sql = format!("delete from {table} where seq = $1");
        removed += sqlx::query(AssertSqlSafe(sql)).bind(seq).execute(&mut *conn).await?.rows_affected();
    }
    removed += forget_commits(conn, parsed).await?;
    let names = org::names(conn, parsed).await?;
    let batch = Batch { source: origin.source, seq, over: Over::All, events: &[], said: &origin.said, at: origin.received_at };
    parts::recompute(conn, &batch, &facts, &names, &mut touched).await?;
    touched.mark(conn).await?;
    Ok(removed)
}

/// Commits are merged from all that tell of them, so that each one of this delivery goes, and comes back from the others.
async fn forget_commits(conn: &mut AnyConnection, parsed: &Parsed) -> Result<u64> {
    let shas: BTreeSet<&str> =
        parsed.events.iter().flat_map(|stated| inner_commits(&stated.event)).map(|(commit, _)| commit.sha.as_str()).collect();
    let mut removed = 0;
    for sha in shas {
        let sql = "delete from commits where sha = $1 and exact = 0";
        removed += sqlx::query(sql).bind(sha.to_string()).execute(&mut *conn).await?.rows_affected();
    }
    Ok(removed)
}

/// Whose figures the facts of a delivery are in.
async fn touch(conn: &mut AnyConnection, seq: i64, parsed: &Parsed, touched: &mut Touched) -> Result<()> {
    for sql in ["select service, id from deployment where seq = $1", "select coalesce(service, ''), id from incident where seq = $1"] {
        for row in sqlx::query(sql).bind(seq).fetch_all(&mut *conn).await? {
            touched.service(&row.try_get::<String, _>(0)?);
        }
    }
    for row in sqlx::query("select id from deployment where seq = $1").bind(seq).fetch_all(&mut *conn).await? {
        touched.deployment(&row.try_get::<String, _>(0)?);
    }
    for row in
        sqlx::query("select deployment from incident where seq = $1 and deployment is not null").bind(seq).fetch_all(&mut *conn).await?
    {
        touched.reference(&row.try_get::<String, _>(0)?);
    }
    for sql in ["select repository from deployment where seq = $1", "select repository from change where seq = $1"] {
        for row in sqlx::query(sql).bind(seq).fetch_all(&mut *conn).await? {
            touched.repository(row.try_get::<Option<String>, _>(0)?.as_deref());
        }
    }
    for (commit, repository) in parsed.events.iter().flat_map(|stated| inner_commits(&stated.event)) {
        touched.commit(&commit.sha, repository);
        touched.listed_commit();
    }
    for row in sqlx::query("select change from review where seq = $1").bind(seq).fetch_all(&mut *conn).await? {
        touched.changed(&row.try_get::<String, _>(0)?);
    }
    for row in sqlx::query("select repository, finished_at from run where seq = $1").bind(seq).fetch_all(&mut *conn).await? {
        touched.run(row.try_get::<Option<String>, _>(0)?.as_deref(), row.try_get::<Option<i64>, _>(1)?.map(At));
    }
    Ok(())
}
