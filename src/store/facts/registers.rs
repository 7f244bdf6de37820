//! The tables in which a fact has one row, and the greatest version wins.

use std::collections::{BTreeSet, HashMap, HashSet};

use anyhow::Result;
use sqlx::{AnyConnection, Row};

use super::super::bulk::{self, Val};
use super::super::org::Names;
use super::left::Before;
use super::touched::Touched;
use super::{Batch, Known, Over, Tally, Version, Winners, said, version};
use crate::domain::event::{Commit, Event, Status};

/// A table of registers.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [&'static str],
}

impl Table {
    pub(super) async fn upsert(&self, conn: &mut AnyConnection, rows: Vec<Vec<Val>>) -> Result<()> {
        let head = format!("insert into {} ({})", self.name, self.columns.join(", "));
        let set: Vec<String> = self.columns[2..].iter().map(|column| format!("{column} = excluded.{column}")).collect();
        let tail = format!("on conflict (source, id) do update set {}", set.join(", "));
        bulk::insert(conn, &head, &tail, rows).await
    }

    /// The versions of those ids; `rank` is the column or 0.
    pub(super) async fn known(&self, conn: &mut AnyConnection, batch: &Batch<'_>, ids: &[&str], rank: &str) -> Result<Known> {
        let sql = format!("select id, updated_at, {rank}, hash, seq from {} where source = $1 and id in ({{keys}})", self.name);
        let mut known = Known {
            standing: HashMap::new(),
            own: HashMap::new(),
            from: HashMap::new(),
            seq: batch.seq,
            outranked: BTreeSet::new(),
            moved: HashSet::new(),
        };
        for row in bulk::select_in(conn, &sql, batch.source, ids).await? {
            let seq: i64 = row.try_get(4)?;
            let version = Version { updated_at: row.try_get(1)?, rank: row.try_get(2)?, hash: row.try_get(3)? };
            match batch.over {
                Over::All => {}
                Over::Own if seq == batch.seq => drop(known.own.insert(row.try_get(0)?, version)),
                Over::Own | Over::Nothing => {
                    known.from.insert(row.try_get(0)?, seq);
                    known.standing.insert(row.try_get(0)?, version);
                }
            }
        }
        Ok(known)
    }
}

const DEPLOYMENT: Table = Table {
    name: "deployment",
    columns: &[
        "source",
        "id",
        "service",
        "stated_service",
        "repository",
        "environment",
        "production",
        "via",
        "status",
        "started_at",
        "finished_at",
        "sha",
        "commits",
        "hotfix",
        "rollback",
        "updated_at",
        "rank",
        "hash",
        "seq",
    ],
};

pub(super) async fn deployments(
    conn: &mut AnyConnection,
    batch: &Batch<'_>,
    names: &Names,
    tally: &mut Tally,
    touched: &mut Touched,
) -> Result<()> {
    let all: Vec<_> = batch
        .events
        .iter()
        .filter_map(|stated| if let Event::Deployment(it) = &stated.event { Some((stated, it)) } else { None })
        .collect();
    if all.is_empty() {
        return Ok(());
    }
    let ids: Vec<&str> = all.iter().map(|(_, it)| it.id.as_str()).collect();
    let mut known = DEPLOYMENT.known(conn, batch, &ids, "rank").await?;
    let words = said::words(conn, batch, "deployment", &ids).await?;
    known.moved.clone_from(&words.moved);
    let mut before = Before::of_deployments(conn, batch, &ids, touched).await?;
    let mut winners = Winners::default();
    for (stated, it) in all {
        let version = version(stated, i64::from(it.status != Status::Pending));
        let it = &words.of(&it.id).over_deployment(it);
        let service = names.service(it.service.as_deref(), it.repository.as_deref());
        let row = || {
            let row: Vec<Val> = vec![
                batch.source.into(),
                it.id.as_str().into(),
                service.as_str().into(),
                it.service.clone().into(),
                it.repository.clone().into(),
                it.environment.clone().into(),
                it.production.map(i64::from).into(),
                it.via.as_str().into(),
                it.status.as_str().into(),
                it.started_at.into(),
                it.finished_at.into(),
                it.sha.clone().into(),
                it.commits.as_deref().map(shas).into(),
                it.hotfix.into(),
                it.rollback.into(),
                version.updated_at.into(),
                version.rank.into(),
                version.hash.as_str().into(),
                batch.seq.into(),
            ];
            row
        };
        if winners.take(&mut known, &it.id, version.clone(), tally, row) {
            touched.service(&service);
            touched.deployment(&it.id);
            before.now(batch, &it.id, &service, it.finished_at.map(|at| at.0), None);
            if it.service.is_none() {
                touched.repository(it.repository.as_deref()); // it may be any service's there
            }
        }
    }
    touched.outranked(known.outranked);
    DEPLOYMENT.upsert(conn, winners.into_rows()).await?;
    // Of what else was said, the rows stand at a newer version than this delivery's.
    for id in known.moved {
        if let Some(service) = &words.of(&id).service {
            touched.outranked(known.from.get(&id).map(|other| (*other, batch.seq)));
            touched.service(service);
            touched.deployment(&id);
            before.moves(batch, &id, service);
            let sql = "update deployment set service = $1, stated_service = $1, seq = $2 where source = $3 and id = $4";
            let done = sqlx::query(sql).bind(service.clone()).bind(batch.seq).bind(batch.source.to_string()).bind(id);
            done.execute(&mut *conn).await?;
        }
    }
    before.keep(conn).await
}

const INCIDENT: Table = Table {
    name: "incident",
    columns: &[
        "source",
        "id",
        "service",
        "stated_service",
        "repository",
        "started_at",
        "resolved_at",
        "deployment",
        "severity",
        "title",
        "updated_at",
        "hash",
        "seq",
    ],
};

pub(super) async fn incidents(
    conn: &mut AnyConnection,
    batch: &Batch<'_>,
    names: &Names,
    tally: &mut Tally,
    touched: &mut Touched,
) -> Result<()> {
    let all: Vec<_> =
        batch.events.iter().filter_map(|stated| if let Event::Incident(it) = &stated.event { Some((stated, it)) } else { None }).collect();
    if all.is_empty() {
        return Ok(());
    }
    let ids: Vec<&str> = all.iter().map(|(_, it)| it.id.as_str()).collect();
    let mut known = INCIDENT.known(conn, batch, &ids, "cast(0 as bigint)").await?;
    let words = said::words(conn, batch, "incident", &ids).await?;
    known.moved.clone_from(&words.moved);
    let mut before = Before::of_incidents(conn, batch, &ids, touched).await?;
    let mut winners = Winners::default();
    for (stated, it) in all {
        let version = version(stated, 0);
        let own = words.of(&it.id).service_of(it);
        let service = match (own, &it.repository) {
            (None, None) => None,
            (service, repository) => Some(names.service(service, repository.as_deref())),
        };
        let row = || {
            vec![
                batch.source.into(),
                it.id.as_str().into(),
                service.clone().into(),
                own.map(str::to_owned).into(),
                it.repository.clone().into(),
                it.started_at.0.into(),
                it.resolved_at.into(),
                it.deployment.clone().into(),
                it.severity.clone().into(),
                it.title.clone().into(),
                version.updated_at.into(),
                version.hash.as_str().into(),
                batch.seq.into(),
            ]
        };
        if winners.take(&mut known, &it.id, version.clone(), tally, row) {
            touched.service(service.as_deref().unwrap_or(""));
            before.now(batch, &it.id, service.as_deref().unwrap_or(""), Some(it.started_at.0), it.deployment.as_deref());
            if let Some(deployment) = &it.deployment {
                touched.reference(deployment);
            }
        }
    }
    touched.outranked(known.outranked);
    INCIDENT.upsert(conn, winners.into_rows()).await?;
    for id in known.moved {
        if let Some(service) = &words.of(&id).service {
            touched.outranked(known.from.get(&id).map(|other| (*other, batch.seq)));
            touched.service(service);
            before.moves(batch, &id, service);
            let sql = "update incident set service = $1, stated_service = $1, seq = $2 where source = $3 and id = $4";
            let done = sqlx::query(sql).bind(service.clone()).bind(batch.seq).bind(batch.source.to_string()).bind(id);
            done.execute(&mut *conn).await?;
        }
    }
    before.keep(conn).await
}

const CHANGE: Table = Table {
    name: "change",
    columns: &[
        "source",
        "id",
        "repository",
        "opened_at",
        "ready_at",
        "first_review_at",
        "merged_at",
        "closed_at",
        "merge_commit",
        "head",
        "commits",
        "author",
        "bot",
        "draft",
        "title",
        "labels",
        "lines_added",
        "lines_removed",
        "item",
        "service",
        "branch",
        "reviewers",
        "paths",
        "url",
        "updated_at",
        "hash",
        "seq",
    ],
};

pub(super) async fn changes(
    conn: &mut AnyConnection,
    batch: &Batch<'_>,
    names: &Names,
    tally: &mut Tally,
    touched: &mut Touched,
) -> Result<()> {
    let all: Vec<_> =
        batch.events.iter().filter_map(|stated| if let Event::Change(it) = &stated.event { Some((stated, it)) } else { None }).collect();
    if all.is_empty() {
        return Ok(());
    }
    let ids: Vec<&str> = all.iter().map(|(_, it)| it.id.as_str()).collect();
    let mut known = CHANGE.known(conn, batch, &ids, "cast(0 as bigint)").await?;
    let mut winners = Winners::default();
    for (stated, it) in all {
        let version = version(stated, 0);
        let row = || {
            vec![
                batch.source.into(),
                it.id.as_str().into(),
                it.repository.clone().into(),
                it.opened_at.into(),
                it.ready_at.into(),
                it.first_review_at.into(),
                it.merged_at.into(),
                it.closed_at.into(),
                it.merge_commit.clone().into(),
                it.head.clone().into(),
                it.commits.as_deref().map(shas).into(),
                it.author.clone().into(),
                it.bot.into(),
                it.draft.into(),
                it.title.clone().into(),
                list(&it.labels).into(),
                it.lines_added.into(),
                it.lines_removed.into(),
                it.item.clone().into(),
                it.service.clone().into(),
                it.branch.clone().into(),
                (!it.reviewers.is_empty()).then(|| list(&it.reviewers)).into(),
                it.paths.as_deref().map(lines).into(),
                it.url.clone().into(),
                version.updated_at.into(),
                version.hash.as_str().into(),
                batch.seq.into(),
            ]
        };
        if winners.take(&mut known, &it.id, version.clone(), tally, row) {
            touched.repository(it.repository.as_deref());
            if let Some(repository) = &it.repository {
                touched.home(&names.service(it.service.as_deref(), Some(repository)), repository);
            }
        }
    }
    touched.outranked(known.outranked);
    CHANGE.upsert(conn, winners.into_rows()).await
}

/// A JSON list of texts.
pub(super) fn list(texts: &[String]) -> String {
    serde_json::to_string(texts).unwrap_or_else(|_| "[]".into())
}

/// A JSON list of object names.
fn shas(commits: &[Commit]) -> String {
    let shas: Vec<&str> = commits.iter().map(|commit| commit.sha.as_str()).collect();
    serde_json::to_string(&shas).unwrap_or_else(|_| "[]".into())
}

/// The most files that are kept of a commit or a change: which services it touches is plain by then.
const MOST_PATHS: usize = 500;

/// Texts in order, one a line.
pub(super) fn lines(paths: &[String]) -> String {
    let plain: BTreeSet<String> = paths.iter().map(|path| path.replace(['\n', '\r', '\0'], " ")).collect();
    plain.into_iter().take(MOST_PATHS).collect::<Vec<_>>().join("\n")
}
