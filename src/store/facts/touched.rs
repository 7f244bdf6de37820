//! What a batch of facts makes stale: the services whose packed days no longer hold.

use std::collections::BTreeSet;

use anyhow::Result;
use sqlx::{AnyConnection, Row};

use super::super::bulk;
use crate::domain::time::At;

/// Collected while rows are written, marked once in the same transaction.
#[derive(Debug, Default)]
pub(super) struct Touched {
    services: BTreeSet<String>,
    /// Deployment ids that came: incidents may refer to them.
    deployments: BTreeSet<String>,
    /// Deployment ids that incidents refer to.
    references: BTreeSet<String>,
    repositories: BTreeSet<String>,
    commits: BTreeSet<String>,
    /// Whether a commit changed that was known from a list alone.
    lists: bool,
    /// Services that were seen, though nothing of theirs is stale.
    seen: BTreeSet<String>,
    /// Services with a repository in which a change came.
    homes: BTreeSet<(String, String)>,
    /// Changes whose reviews or steps are others now.
    changes: BTreeSet<String>,
    /// Repositories in which a run came or changed.
    runs: BTreeSet<String>,
    /// Days on which runs ended, by repository.
    run_days: BTreeSet<(String, i64)>,
    /// Deliveries of which a version stands behind another's: the one that lost, and the one that won.
    outranked: BTreeSet<(i64, i64)>,
}

/// Services whose deployments list their commits.
const LISTING: &str = "select distinct service from deployment where $1 <> '' and commits is not null and '' not in ({keys})";

impl Touched {
    pub(super) fn service(&mut self, name: &str) {
        if !self.services.contains(name) {
            self.services.insert(name.to_string());
        }
    }
    pub(super) fn deployment(&mut self, id: &str) {
        self.deployments.insert(id.to_string());
    }
    pub(super) fn reference(&mut self, id: &str) {
        self.references.insert(id.to_string());
    }
    pub(super) fn repository(&mut self, name: Option<&str>) {
        if let Some(name) = name {
            self.repositories.insert(name.to_string());
        }
    }
    pub(super) fn commit(&mut self, sha: &str, repository: Option<&str>) {
        self.repository(repository);
        self.commits.insert(sha.to_string());
    }

    /// Deliveries that lost a fact to another: undoing the winner brings theirs back.
    pub(super) fn outranked(&mut self, pairs: impl IntoIterator<Item = (i64, i64)>) {
        self.outranked.extend(pairs);
    }

    /// A service that exists from now on, if it did not.
    pub(super) fn known(&mut self, name: &str) {
        if !name.is_empty() {
            self.seen.insert(name.to_string());
        }
    }

    /// The service that a change of a repository belongs to, unless others claim it: it exists from now on.
    pub(super) fn home(&mut self, service: &str, repository: &str) {
        self.homes.insert((service.to_string(), repository.to_string()));
    }

    /// A change whose reviews or steps are others now.
    pub(super) fn changed(&mut self, change: &str) {
        self.changes.insert(change.to_string());
    }

    /// A run, and the day on which it ended.
    pub(super) fn run(&mut self, repository: Option<&str>, finished_at: Option<At>) {
        let Some(repository) = repository else { return };
        self.runs.insert(repository.to_string());
        if let Some(at) = finished_at {
            self.run_days.insert((repository.to_string(), at.day()));
        }
    }

    /// The days on which these runs ended before they are replaced.
    pub(super) async fn days_of_runs(&mut self, conn: &mut AnyConnection, source: &str, ids: &[&str]) -> Result<()> {
        let sql = "select repository, finished_at from run where source = $1 and id in ({keys})";
        for row in bulk::select_in(conn, sql, source, ids).await? {
            let (repository, finished_at): (Option<String>, Option<i64>) = (row.try_get(0)?, row.try_get(1)?);
            self.run(repository.as_deref(), finished_at.map(At));
        }
        Ok(())
    }

    /// A commit that so far only a list named: no repository leads to the services that list it.
    pub(super) fn listed_commit(&mut self) {
        self.lists = true;
    }

    async fn services_by(&mut self, conn: &mut AnyConnection, sql: &str, first: &str, keys: &[&str]) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        for row in bulk::select_in(conn, sql, first, keys).await? {
            let name: String = row.try_get(0)?;
            self.services.insert(name);
        }
        Ok(())
    }

    /// Marks all of it stale.
    pub(super) async fn mark(mut self, conn: &mut AnyConnection) -> Result<()> {
        self.services.extend(self.homes.iter().map(|(service, _)| service.clone()));
        let rows =
            std::mem::take(&mut self.homes).into_iter().map(|(service, repository)| vec![service.into(), repository.into()]).collect();
        bulk::insert(conn, "insert into service_repository (service, repository)", "on conflict do nothing", rows).await?;
        let lookups = [
            ("select distinct coalesce(service, '') from incident where $1 <> '' and deployment in ({keys})", self.deployments.clone()),
            (
                "select distinct service from deployment where $1 <> '' and id in (select deployment from incident where deployment in ({keys}))",
                std::mem::take(&mut self.deployments),
            ),
            ("select distinct service from deployment where $1 <> '' and id in ({keys})", std::mem::take(&mut self.references)),
            ("select distinct service from deployment where $1 <> '' and sha in ({keys})", std::mem::take(&mut self.commits)),
            ("select distinct service from deployment where $1 <> '' and repository in ({keys})", self.repositories.clone()),
            ("select service from service_repository where $1 <> '' and repository in ({keys})", std::mem::take(&mut self.repositories)),
            (
                "select service from service_repository where $1 <> '' and repository in (select repository from change where id in ({keys}))",
                std::mem::take(&mut self.changes),
            ),
            (
                "select service from service_repository where $1 <> '' and service in (select name from service where by_runs = 1) \
                 and repository in ({keys})",
                std::mem::take(&mut self.runs),
            ),
        ];
        for (sql, keys) in lookups {
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            self.services_by(conn, sql, "all", &keys).await?;
        }
        if self.lists {
            self.services_by(conn, LISTING, "all", &["all"]).await?;
        }
        let rows = std::mem::take(&mut self.outranked).into_iter().map(|(loser, winner)| vec![loser.into(), winner.into()]).collect();
        bulk::insert(conn, "insert into outranked (loser, winner)", "on conflict do nothing", rows).await?;
        let rows = self.run_days.into_iter().map(|(repository, day)| vec![repository.into(), day.into(), 1_i64.into()]).collect();
        let head = "insert into run_day (repository, day, stale)";
        bulk::insert(conn, head, "on conflict (repository, day) do update set stale = 1", rows).await?;
        insert(conn, self.seen, "on conflict (name) do nothing").await?;
        mark(conn, self.services).await
    }
}

/// Raises `stale` of those services above all that it ever was; one not known yet exists from now on.
pub async fn mark(conn: &mut AnyConnection, services: impl IntoIterator<Item = String>) -> Result<()> {
    insert(conn, services, "on conflict (name) do update set stale = abs(service.stale) + 1").await
}

async fn insert(conn: &mut AnyConnection, services: impl IntoIterator<Item = String>, tail: &str) -> Result<()> {
    let rows =
        services.into_iter().map(|name| vec![name.into(), 1_i64.into(), 0_i64.into(), 0_i64.into(), 0_i64.into(), 0_i64.into()]).collect();
    bulk::insert(conn, "insert into service (name, stale, evidence, ever_deployed, shared, derived_by)", tail, rows).await
}
