//! Where the rows of a period count, and where they would under an organisation that is not in force: for `preview`.
//!
//! Services whose declaration would change, and those that share a repository with them, are derived twice from the facts, as
//! any answer would; nothing is written. Reading all of it is the price of being right: a preview is asked for seldom.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use futures::TryStreamExt;
use sqlx::Row;

use super::org::{Mapping, mappings, redrawn};
use super::{Store, service_facts};
use crate::domain::card::Scope;
use crate::domain::derive::claims::Claim;
use crate::domain::derive::{Derived, derive};
use crate::domain::org::moves::{Assignees, Kind, Owners, Place, Placed, Unmatched};
use crate::domain::org::{Org, Span};
use crate::domain::time::At;

/// Where each row counts before and after, by what it is.
type Rows = BTreeMap<(Kind, String, String), (BTreeSet<Place>, BTreeSet<Place>)>;

/// What a change would do to the rows of a period.
#[derive(Debug, Default)]
pub struct Moves {
    /// Rows of services and people that the change touches.
    pub rows: Vec<Placed>,
    /// Services that were deployed to production at any time, as the organisation would read them.
    pub deployed: BTreeSet<String>,
}

impl Store {
    /// What `new` would do to the deployments, changes and items from `from` to `now`, where `old` is in force.
    pub async fn moves(&self, old: &Org, new: &Org, from: At, now: At) -> Result<Moves> {
        let mut conn = self.pool.acquire().await?;
        let mappings = mappings(&mut conn, new).await.context("reading which repository is which service")?;
        let mut derived_twice = redrawn(&mut conn, old, new).await.context("reading what a change touches")?;
        derived_twice.extend(mappings.iter().filter(|it| it.old != it.new).flat_map(|it| [it.old.clone(), it.new.clone()]));
        drop(conn);
        let (before, after) = (Owners::of(old), Owners::of(new));
        let mut moves = Moves::default();
        moves.deployed.extend(self.current().await?.states.iter().filter(|it| it.ever_deployed).map(|it| it.name.clone()));
        let mut rows = Rows::new();
        for name in derived_twice.union(&before.differ(&after, Span { from: Some(from), until: Some(now) })) {
            let then = self.derived(name, now, old).await?;
            let next = if derived_twice.contains(name) { &self.derived_under(name, now, new, &mappings).await? } else { &then };
            place(&mut rows, &then, from, |at| before.places(name, at), |row| &mut row.0);
            place(&mut rows, next, from, |at| after.places(name, at), |row| &mut row.1);
            if next.deployments.is_empty() {
                moves.deployed.remove(name);
            } else {
                moves.deployed.insert(name.clone());
            }
        }
        moves.rows.extend(rows.into_iter().map(|((kind, ..), (before, after))| Placed { kind, before, after }));
        let (before, after) = (Assignees::of(old), Assignees::of(new));
        if before != after {
            moves.rows.extend(self.assigned(from, now, &before, &after).await?);
        }
        Ok(moves)
    }

    async fn derived_under(&self, service: &str, now: At, org: &Org, mappings: &[Mapping]) -> Result<Derived> {
        let mut conn = self.pool.acquire().await?;
        let facts = service_facts::load_mapped(&mut conn, service, org, mappings).await?.facts;
        drop(conn);
        tokio::task::spawn_blocking(move || derive(&facts, now)).await.context("deriving a service")
    }

    /// Items done in the period or still open, by the teams of whom they are assigned to.
    async fn assigned(&self, from: At, now: At, before: &Assignees, after: &Assignees) -> Result<Vec<Placed>> {
        let sql = "select source, assignee, done_at from item where assignee is not null and assignee <> '' \
                   and ((done_at >= $1 and done_at <= $2) or (done_at is null and started_at <= $2))";
        let rows = sqlx::query(sql).bind(from.0).bind(now.0).fetch_all(&self.pool).await.context("reading items")?;
        let placed = rows.iter().map(|row| {
            let (source, assignee): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            let at = row.try_get::<Option<i64>, _>(2)?.map_or(now, At);
            let [before, after] = [before, after].map(|it| it.places(&assignee, &source, at));
            Ok(Placed { kind: Kind::Item, before, after })
        });
        placed.collect()
    }

    /// Globs of `paths` that match no known file, of the services named. Files are read once a repository, under each of its
    /// names, as they come, and no further than to the file that the last glob matches.
    pub async fn unmatched(&self, org: &Org, services: &BTreeSet<String>) -> Result<Vec<Unmatched>> {
        let mut by_repository: BTreeMap<&str, Vec<(&String, &String, Claim)>> = BTreeMap::new();
        for (name, service) in org.services.iter().filter(|(name, _)| services.contains(*name)) {
            let Some(repository) = &service.repository else { continue };
            for glob in &service.paths {
                let claim = Claim::declared(name, std::slice::from_ref(glob), &[]).map_err(anyhow::Error::msg)?;
                by_repository.entry(repository).or_default().push((name, glob, claim));
            }
        }
        let called = org.repository_names();
        let mut found = Vec::new();
        for (repository, mut left) in by_repository {
            let mut files_known = false;
            for name in called.get(repository).into_iter().flatten() {
                for sql in [
                    "select paths from commits where repository = $1 and paths is not null and paths <> ''",
                    "select paths from change where repository = $1 and paths is not null and paths <> ''",
                ] {
                    let mut rows = sqlx::query(sql).bind((*name).to_owned()).fetch(&self.pool);
                    while !left.is_empty()
                        && let Some(row) = rows.try_next().await.context("reading known files")?
                    {
                        let files: String = row.try_get(0)?;
                        files_known = true;
                        left.retain(|(.., claim)| !files.lines().any(|file| claim.owns(file)));
                    }
                }
            }
            let unmatched = |(service, glob, _): (&String, &String, Claim)| Unmatched {
                service: service.clone(),
                glob: glob.clone(),
                repository: repository.to_owned(),
                files_known,
            };
            found.extend(left.into_iter().map(unmatched));
        }
        found.sort_by(|one, other| one.service.cmp(&other.service));
        Ok(found)
    }

    /// How many receipts were given since, by what they were about.
    pub async fn receipts_since(&self, from: At) -> Result<Vec<(Scope, u64)>> {
        let sql = "select scope, count(*) from receipt where asked_at >= $1 group by scope order by count(*) desc, scope";
        let rows = sqlx::query(sql).bind(from.0).fetch_all(&self.pool).await.context("counting receipts")?;
        rows.iter()
            .map(|row| Ok((serde_json::from_str(&row.try_get::<String, _>(0)?)?, row.try_get::<i64, _>(1)?.unsigned_abs())))
            .collect()
    }
}

fn place(
    rows: &mut Rows,
    derived: &Derived,
    from: At,
    places: impl Fn(At) -> BTreeSet<Place>,
    side: impl Fn(&mut (BTreeSet<Place>, BTreeSet<Place>)) -> &mut BTreeSet<Place>,
) {
    for it in derived.deployments.iter().filter(|it| it.finished_at >= from) {
        let row = rows.entry((Kind::Deployment, it.source.clone(), it.id.clone())).or_default();
        side(row).extend(places(it.finished_at));
    }
    for it in derived.changes.iter().filter(|it| it.merged_at >= from && !it.bot) {
        let row = rows.entry((Kind::Change, it.source.clone(), it.id.clone())).or_default();
        side(row).extend(places(it.merged_at));
    }
}
