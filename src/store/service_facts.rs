//! Everything known about one service, as [`ServiceFacts`].

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::bulk;
use crate::domain::derive::{ChangeRow, CommitRow, DeploymentRow, IncidentRow, Rules, ServiceFacts};
use crate::domain::event::Status;
use crate::domain::org::Org;
use crate::domain::time::{At, HOUR};

/// A service's facts, with the repositories its commits lie in.
pub(super) struct Loaded {
    pub facts: ServiceFacts,
    pub repositories: BTreeSet<String>,
}

/// How the organisation says a service's events are read.
pub(super) fn rules(org: &Org, service: &str) -> Rules {
    let declared = org.services.get(service);
    let mut rules = Rules::default();
    if let Some(declared) = declared {
        rules.environments.clone_from(&declared.environments);
        rules.incident_window = declared.incident_window.unwrap_or(24 * HOUR);
        if let Some(kind) = &declared.deploys_by {
            rules.deploys_by.clone_from(kind);
        }
    }
    rules
}

/// Loads a service's facts. The service `""` holds the incidents that name none.
pub(super) async fn load(conn: &mut AnyConnection, service: &str, org: &Org) -> Result<Loaded> {
    let rules = rules(org, service);
    let mut deployments = deployments(conn, service).await.context("reading deployments")?;
    let repositories = repositories(conn, service, org, &deployments).await.context("reading repositories")?;
    let changes = changes(conn, &repositories).await.context("reading changes")?;
    if rules.deploys_by == "merge" {
        deployments.extend(merges(conn, &repositories).await.context("reading merges")?);
    }
    if let Some(workflow) = rules.deploys_by.strip_prefix("workflow:") {
        deployments.extend(runs(conn, &repositories, workflow).await.context("reading runs")?);
    }
    let commits = commits(conn, &repositories, &deployments, &changes).await.context("reading commits")?;
    let incidents = incidents(conn, service).await.context("reading incidents")?;
    let facts = ServiceFacts { service: service.to_string(), rules, deployments, commits, changes, incidents };
    Ok(Loaded { facts, repositories })
}

async fn deployments(conn: &mut AnyConnection, service: &str) -> Result<Vec<DeploymentRow>> {
    let sql = "select source, id, environment, production, via, status, finished_at, sha, commits, hotfix, rollback, seq from deployment where service = $1";
    let rows = sqlx::query(sql).bind(service.to_string()).fetch_all(&mut *conn).await?;
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
    })
}

/// The repositories named by the deployments, by the organisation, and those that hold the deployed commits.
async fn repositories(conn: &mut AnyConnection, service: &str, org: &Org, deployments: &[DeploymentRow]) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    if let Some(repository) = org.services.get(service).and_then(|declared| declared.repository.clone()) {
        found.insert(repository);
    }
    let rows = sqlx::query("select distinct repository from deployment where service = $1 and repository is not null")
        .bind(service.to_string())
        .fetch_all(&mut *conn)
        .await?;
    for row in rows {
        found.insert(row.try_get(0)?);
    }
    let shas: BTreeSet<&str> = deployments.iter().filter_map(|row| row.sha.as_deref()).collect();
    let shas: Vec<&str> = shas.into_iter().collect();
    let sql = "select distinct repository from commits where $1 <> '' and repository is not null and sha in ({keys})";
    for row in bulk::select_in(conn, sql, "all", &shas).await? {
        found.insert(row.try_get(0)?);
    }
    Ok(found)
}

async fn changes(conn: &mut AnyConnection, repositories: &BTreeSet<String>) -> Result<Vec<ChangeRow>> {
    let keys: Vec<&str> = repositories.iter().map(String::as_str).collect();
    let sql = "select merge_commit, head, commits, merged_at from change where $1 <> '' and merged_at is not null and merge_commit is not null and repository in ({keys})";
    let rows = bulk::select_in(conn, sql, "all", &keys).await?;
    rows.iter()
        .map(|row| {
            Ok(ChangeRow {
                merge_commit: row.try_get(0)?,
                head: row.try_get(1)?,
                commits: texts(row.try_get(2)?),
                merged_at: row.try_get::<Option<i64>, _>(3)?.map(At),
            })
        })
        .collect()
}

/// For services that deploy by merging: each merge is a deployment.
async fn merges(conn: &mut AnyConnection, repositories: &BTreeSet<String>) -> Result<Vec<DeploymentRow>> {
    let keys: Vec<&str> = repositories.iter().map(String::as_str).collect();
    let sql =
        "select source, id, merge_commit, merged_at, seq from change where $1 <> '' and merged_at is not null and repository in ({keys})";
    let rows = bulk::select_in(conn, sql, "all", &keys).await?;
    rows.iter()
        .map(|row| {
            Ok(DeploymentRow {
                source: row.try_get(0)?,
                id: row.try_get(1)?,
                environment: None,
                production: None,
                via: "merge".into(),
                status: Status::Success,
                finished_at: row.try_get::<Option<i64>, _>(3)?.map(At),
                sha: row.try_get(2)?,
                commits: None,
                hotfix: false,
                rollback: false,
                seq: row.try_get(4)?,
            })
        })
        .collect()
}

/// For services that deploy by a workflow: each run of it that ended is a deployment, or an attempt at one.
async fn runs(conn: &mut AnyConnection, repositories: &BTreeSet<String>, workflow: &str) -> Result<Vec<DeploymentRow>> {
    let keys: Vec<&str> = repositories.iter().map(String::as_str).collect();
    let sql = "select source, id, outcome, finished_at, sha, seq from run where workflow = $1 and repository in ({keys})";
    let rows = bulk::select_in(conn, sql, workflow, &keys).await?;
    rows.iter()
        .map(|row| {
            let outcome: String = row.try_get(2)?;
            Ok(DeploymentRow {
                source: row.try_get(0)?,
                id: row.try_get(1)?,
                environment: None,
                production: None,
                via: format!("workflow:{workflow}"),
                status: match outcome.as_str() {
                    "success" => Status::Success,
                    "failure" => Status::Failure,
                    _ => Status::Pending,
                },
                finished_at: row.try_get::<Option<i64>, _>(3)?.map(At),
                sha: row.try_get(4)?,
                commits: None,
                hotfix: false,
                rollback: false,
                seq: row.try_get(5)?,
            })
        })
        .collect()
}

const COMMIT: &str = "select sha, authored_at, bot, subject, reverts, parents, exact, shallow from commits where $1 <> '' and";

/// The commits of the repositories, and those that lists name.
async fn commits(
    conn: &mut AnyConnection,
    repositories: &BTreeSet<String>,
    deployments: &[DeploymentRow],
    changes: &[ChangeRow],
) -> Result<Vec<CommitRow>> {
    let keys: Vec<&str> = repositories.iter().map(String::as_str).collect();
    let mut found: BTreeMap<String, CommitRow> = BTreeMap::new();
    for row in bulk::select_in(conn, &format!("{COMMIT} repository in ({{keys}})"), "all", &keys).await? {
        let commit = commit(&row)?;
        found.insert(commit.sha.clone(), commit);
    }
    let listed =
        deployments.iter().flat_map(|row| row.commits.iter().flatten()).chain(changes.iter().flat_map(|row| row.commits.iter().flatten()));
    let missing: BTreeSet<&str> = listed.map(String::as_str).filter(|sha| !found.contains_key(*sha)).collect();
    let missing: Vec<&str> = missing.into_iter().collect();
    for row in bulk::select_in(conn, &format!("{COMMIT} sha in ({{keys}})"), "all", &missing).await? {
        let commit = commit(&row)?;
        found.insert(commit.sha.clone(), commit);
    }
    Ok(found.into_values().collect())
}

fn commit(row: &AnyRow) -> Result<CommitRow> {
    let words =
        |text: Option<String>| text.map(|text| text.split(' ').filter(|word| !word.is_empty()).map(str::to_string).collect::<Vec<_>>());
    Ok(CommitRow {
        sha: row.try_get(0)?,
        authored_at: row.try_get::<Option<i64>, _>(1)?.map(At),
        bot: row.try_get::<Option<i64>, _>(2)? == Some(1),
        subject: row.try_get(3)?,
        reverts: words(row.try_get(4)?).unwrap_or_default(),
        parents: words(row.try_get(5)?),
        exact: row.try_get::<i64, _>(6)? == 1,
        shallow: row.try_get::<i64, _>(7)? == 1,
    })
}

/// The incidents that concern a service: each belongs to one, so that it can fail one deployment only.
async fn incidents(conn: &mut AnyConnection, service: &str) -> Result<Vec<IncidentRow>> {
    const COLUMNS: &str = "select source, id, started_at, resolved_at, deployment, title, seq, coalesce(service, '') from incident";
    let own = format!("{COLUMNS} where started_at is not null and coalesce(service, '') = $1");
    let referring = format!(
        "{COLUMNS} where started_at is not null and coalesce(service, '') <> $1 and deployment in (select id from deployment where service = $1)"
    );
    let mut found: Vec<(IncidentRow, String)> = Vec::new();
    for sql in [own, referring] {
        for row in sqlx::query(sqlx::AssertSqlSafe(sql)).bind(service.to_string()).fetch_all(&mut *conn).await? {
            found.push((incident(&row)?, row.try_get(7)?));
        }
    }
    let references: BTreeSet<&str> = found.iter().filter_map(|(row, _)| row.deployment.as_deref()).collect();
    let references: Vec<&str> = references.into_iter().collect();
    let mut holders: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new(); // by id: service, source
    let sql = "select id, service, source from deployment where $1 <> '' and id in ({keys})";
    for row in bulk::select_in(conn, sql, "all", &references).await? {
        holders.entry(row.try_get(0)?).or_default().insert((row.try_get(1)?, row.try_get(2)?));
    }
    found.retain(|(row, own)| {
        let named = row.deployment.as_ref().and_then(|reference| holders.get(reference));
        belongs_to(named, &row.source, own) == service
    });
    let mut rows: Vec<IncidentRow> = found.into_iter().map(|(row, _)| row).collect();
    rows.sort_by(|a, b| (&a.source, &a.id).cmp(&(&b.source, &b.id)));
    Ok(rows)
}

/// The service of the deployment that an incident names: of its own source first, then of its own service, as ids may
/// repeat across sources. Where nobody has a deployment of that id, the incident stays with its own service.
fn belongs_to<'a>(named: Option<&'a BTreeSet<(String, String)>>, source: &str, own: &'a str) -> &'a str {
    let Some(named) = named else { return own };
    let of_source = named.iter().find(|(_, known)| known == source);
    let of_service = || named.iter().find(|(service, _)| service == own);
    of_source.or_else(of_service).or_else(|| named.first()).map_or(own, |(service, _)| service)
}

fn incident(row: &AnyRow) -> Result<IncidentRow> {
    Ok(IncidentRow {
        source: row.try_get(0)?,
        id: row.try_get(1)?,
        started_at: At(row.try_get(2)?),
        resolved_at: row.try_get::<Option<i64>, _>(3)?.map(At),
        deployment: row.try_get(4)?,
        title: row.try_get(5)?,
        seq: row.try_get(6)?,
    })
}

/// A JSON list of texts.
fn texts(text: Option<String>) -> Option<Vec<String>> {
    text.and_then(|text| serde_json::from_str(&text).ok())
}
