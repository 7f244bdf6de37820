//! The tables of people's work and of machines': reviews, items, activities, runs.

use std::collections::HashMap;

use anyhow::Result;
use sqlx::{AnyConnection, Row};

use super::super::bulk::{self, Val};
use super::super::org::Names;
use super::registers::{Table, list};
use super::touched::Touched;
use super::{Batch, Tally, Winners, version};
use crate::domain::event::{Event, Outcome};

const REVIEW: Table =
    Table { name: "review", columns: &["source", "id", "change", "reviewer", "bot", "at", "state", "updated_at", "hash", "seq"] };

pub(super) async fn reviews(conn: &mut AnyConnection, batch: &Batch<'_>, tally: &mut Tally, touched: &mut Touched) -> Result<()> {
    let all: Vec<_> =
        batch.events.iter().filter_map(|stated| if let Event::Review(it) = &stated.event { Some((stated, it)) } else { None }).collect();
    if all.is_empty() {
        return Ok(());
    }
    let ids: Vec<&str> = all.iter().map(|(_, it)| it.id.as_str()).collect();
    let mut known = REVIEW.known(conn, batch, &ids, "cast(0 as bigint)").await?;
    let mut winners = Winners::default();
    for (stated, it) in all {
        let version = version(stated, 0);
        let taken = winners.take(&mut known, &it.id, version.clone(), tally, || {
            vec![
                batch.source.into(),
                it.id.as_str().into(),
                it.change.as_str().into(),
                it.reviewer.clone().into(),
                it.bot.into(),
                it.at.0.into(),
                it.state.as_str().into(),
                version.updated_at.into(),
                version.hash.as_str().into(),
                batch.seq.into(),
            ]
        });
        if taken {
            touched.changed(&it.change);
        }
    }
    touched.outranked(known.outranked);
    REVIEW.upsert(conn, winners.into_rows()).await
}

const ITEM: Table = Table {
    name: "item",
    columns: &[
        "source",
        "id",
        "project",
        "parent",
        "kind",
        "labels",
        "title",
        "created_at",
        "started_at",
        "done_at",
        "status",
        "assignee",
        "key",
        "url",
        "updated_at",
        "hash",
        "seq",
    ],
};

pub(super) async fn items(conn: &mut AnyConnection, batch: &Batch<'_>, tally: &mut Tally, touched: &mut Touched) -> Result<()> {
    let all: Vec<_> =
        batch.events.iter().filter_map(|stated| if let Event::Item(it) = &stated.event { Some((stated, it)) } else { None }).collect();
    if all.is_empty() {
        return Ok(());
    }
    let ids: Vec<&str> = all.iter().map(|(_, it)| it.id.as_str()).collect();
    let mut known = ITEM.known(conn, batch, &ids, "cast(0 as bigint)").await?;
    let mut winners = Winners::default();
    for (stated, it) in all {
        let version = version(stated, 0);
        winners.take(&mut known, &it.id, version.clone(), tally, || {
            vec![
                batch.source.into(),
                it.id.as_str().into(),
                it.project.clone().into(),
                it.parent.clone().into(),
                it.kind.clone().into(),
                list(&it.labels).into(),
                it.title.clone().into(),
                it.created_at.into(),
                it.started_at.into(),
                it.done_at.into(),
                it.status.clone().into(),
                it.assignee.clone().into(),
                it.key.clone().into(),
                it.url.clone().into(),
                version.updated_at.into(),
                version.hash.as_str().into(),
                batch.seq.into(),
            ]
        });
    }
    touched.outranked(known.outranked);
    ITEM.upsert(conn, winners.into_rows()).await?;
    let keys = batch.events.iter().filter_map(|stated| if let Event::Item(it) = &stated.event { Some(it) } else { None });
    let keys = keys.flat_map(|it| it.key.iter().chain(&it.former_keys).map(|key| (key.as_str(), it.id.as_str())));
    let rows = keys.map(|(key, id)| vec![batch.source.into(), key.into(), id.into()]).collect();
    bulk::insert(conn, "insert into item_key (source, key, id)", "on conflict do nothing", rows).await
}

const RUN: Table = Table {
    name: "run",
    columns: &[
        "source",
        "id",
        "repository",
        "workflow",
        "branch",
        "sha",
        "outcome",
        "started_at",
        "finished_at",
        "updated_at",
        "rank",
        "hash",
        "seq",
    ],
};

pub(super) async fn runs(
    conn: &mut AnyConnection,
    batch: &Batch<'_>,
    names: &Names,
    tally: &mut Tally,
    touched: &mut Touched,
) -> Result<()> {
    let all: Vec<_> =
        batch.events.iter().filter_map(|stated| if let Event::Run(it) = &stated.event { Some((stated, it)) } else { None }).collect();
    if all.is_empty() {
        return Ok(());
    }
    let ids: Vec<&str> = all.iter().map(|(_, it)| it.id.as_str()).collect();
    let mut known = RUN.known(conn, batch, &ids, "rank").await?;
    touched.days_of_runs(conn, batch.source, &ids).await?;
    let mut winners = Winners::default();
    for (stated, it) in all {
        let version = version(stated, i64::from(it.outcome != Outcome::Running));
        let row = || {
            vec![
                batch.source.into(),
                it.id.as_str().into(),
                it.repository.clone().into(),
                it.workflow.clone().into(),
                it.branch.clone().into(),
                it.sha.clone().into(),
                it.outcome.as_str().into(),
                it.started_at.into(),
                it.finished_at.into(),
                version.updated_at.into(),
                version.rank.into(),
                version.hash.as_str().into(),
                batch.seq.into(),
            ]
        };
        if winners.take(&mut known, &it.id, version.clone(), tally, row) {
            touched.run(it.repository.as_deref(), it.finished_at);
            touched.known(&names.service(None, it.repository.as_deref()));
        }
    }
    touched.outranked(known.outranked);
    RUN.upsert(conn, winners.into_rows()).await
}

pub(super) async fn activities(conn: &mut AnyConnection, batch: &Batch<'_>, tally: &mut Tally, touched: &mut Touched) -> Result<()> {
    let mut fresh: HashMap<String, Vec<Val>> = HashMap::new();
    for stated in batch.events {
        if let Event::Activity(it) = &stated.event {
            let hash = super::content_hash(&stated.event);
            let row = vec![
                batch.source.into(),
                hash.as_str().into(),
                it.person.as_str().into(),
                it.kind.as_str().into(),
                it.item.clone().into(),
                it.at.0.into(),
                batch.seq.into(),
            ];
            if fresh.insert(hash, row).is_some() {
                tally.duplicate += 1;
            }
        }
    }
    if fresh.is_empty() {
        return Ok(());
    }
    let hashes: Vec<&str> = fresh.keys().map(String::as_str).collect();
    let known =
        bulk::select_in(conn, "select hash, seq from activity where source = $1 and hash in ({keys})", batch.source, &hashes).await?;
    for row in known {
        let (hash, seq): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
        touched.outranked([(batch.seq, seq)]);
        if fresh.remove(&hash).is_some() {
            tally.duplicate += 1;
        }
    }
    tally.new += fresh.len() as u64;
    bulk::insert(conn, "insert into activity (source, hash, person, kind, item, at, seq)", "", fresh.into_values().collect()).await
}
