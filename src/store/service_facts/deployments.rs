//! A service's deployments: those stored under its name, those of its repositories that may be its own, and merges or runs
//! where it says that these deploy it.

use std::collections::BTreeSet;

use anyhow::Result;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::super::bulk;
use super::texts;
use crate::domain::derive::DeploymentRow;
use crate::domain::event::Status;
use crate::domain::time::At;

const COLUMNS: &str = "select source, id, environment, production, via, status, finished_at, sha, commits, hotfix, rollback, seq, repository, \
                       cast(case when stated_service is null then 0 else 1 end as bigint) from deployment";

/// Those stored under the service's name.
pub(super) async fn own(conn: &mut AnyConnection, service: &str) -> Result<Vec<DeploymentRow>> {
    let sql = format!("{COLUMNS} where service = $1");
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(service.to_string()).fetch_all(&mut *conn).await?;
    rows.iter().map(deployment).collect()
}

/// Those of repositories that serve several services and name none of them, stored under another name than the service's.
pub(super) async fn candidates(conn: &mut AnyConnection, service: &str, repositories: &[&str]) -> Result<Vec<DeploymentRow>> {
    let sql = format!("{COLUMNS} where stated_service is null and service <> $1 and repository in ({{keys}})");
    let rows = bulk::select_in(conn, &sql, service, repositories).await?;
    rows.iter().map(deployment).collect()
}

fn deployment(row: &AnyRow) -> Result<DeploymentRow> {
    let status: String = row.try_get(5)?;
    Ok(DeploymentRow {
        source: row.try_get(0)?,
        id: row.try_get(1)?,
        environment: row.try_get(2)?,
        production: row.try_get::<Option<i64>, _>(3)?.map(|flag| flag == 1),
        via: row.try_get(4)?,
        status: match status.as_str() {
            "success" => Status::Success,
            "failure" => Status::Failure,
            _ => Status::Pending,
        },
        finished_at: row.try_get::<Option<i64>, _>(6)?.map(At),
        sha: row.try_get(7)?,
        commits: texts(row.try_get(8)?),
        hotfix: row.try_get::<i64, _>(9)? == 1,
        rollback: row.try_get::<i64, _>(10)? == 1,
        seq: row.try_get(11)?,
        repository: row.try_get(12)?,
        stated: row.try_get::<i64, _>(13)? == 1,
    })
}

/// For services that deploy by merging: each merge is a deployment.
pub(super) async fn merges(conn: &mut AnyConnection, repositories: &BTreeSet<String>) -> Result<Vec<DeploymentRow>> {
    let keys: Vec<&str> = repositories.iter().map(String::as_str).collect();
    let sql = "select source, id, merge_commit, merged_at, seq, repository from change where $1 <> '' and merged_at is not null and repository in ({keys})";
    let rows = bulk::select_in(conn, sql, "all", &keys).await?;
    rows.iter()
        .map(|row| {
            Ok(DeploymentRow {
                source: row.try_get(0)?,
                id: row.try_get(1)?,
                via: "merge".into(),
                status: Status::Success,
                finished_at: row.try_get::<Option<i64>, _>(3)?.map(At),
                sha: row.try_get(2)?,
                seq: row.try_get(4)?,
                repository: row.try_get(5)?,
                ..DeploymentRow::default()
            })
        })
        .collect()
}

/// For services that deploy by a workflow: each run of it that ended is a deployment, or an attempt at one.
pub(super) async fn runs(conn: &mut AnyConnection, repositories: &BTreeSet<String>, workflow: &str) -> Result<Vec<DeploymentRow>> {
    let keys: Vec<&str> = repositories.iter().map(String::as_str).collect();
    let sql = "select source, id, outcome, finished_at, sha, seq, repository from run where workflow = $1 and repository in ({keys})";
    let rows = bulk::select_in(conn, sql, workflow, &keys).await?;
    rows.iter()
        .map(|row| {
            let outcome: String = row.try_get(2)?;
            Ok(DeploymentRow {
                source: row.try_get(0)?,
                id: row.try_get(1)?,
                via: format!("workflow:{workflow}"),
                status: match outcome.as_str() {
                    "success" => Status::Success,
                    "failure" => Status::Failure,
                    _ => Status::Pending,
                },
                finished_at: row.try_get::<Option<i64>, _>(3)?.map(At),
                sha: row.try_get(4)?,
                seq: row.try_get(5)?,
                repository: row.try_get(6)?,
                stated: true, // the workflow that the service names
                ..DeploymentRow::default()
            })
        })
        .collect()
}
