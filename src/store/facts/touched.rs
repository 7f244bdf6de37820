//! What a batch of facts makes stale: the services whose packed days no longer hold.

use std::collections::BTreeSet;

use anyhow::Result;
use sqlx::{AnyConnection, Row};

use super::super::bulk;

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
}

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

    /// The services that these deployments had before they are replaced.
    pub(super) async fn services_of_deployments(&mut self, conn: &mut AnyConnection, source: &str, ids: &[&str]) -> Result<()> {
        self.services_by(conn, "select distinct service from deployment where source = $1 and id in ({keys})", source, ids).await
    }

    /// The services that these incidents had before they are replaced.
    pub(super) async fn services_of_incidents(&mut self, conn: &mut AnyConnection, source: &str, ids: &[&str]) -> Result<()> {
        self.services_by(conn, "select distinct coalesce(service, '') from incident where source = $1 and id in ({keys})", source, ids)
            .await
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
        let lookups = [
            (
                "select distinct coalesce(service, '') from incident where $1 <> '' and deployment in ({keys})",
                std::mem::take(&mut self.deployments),
            ),
            ("select distinct service from deployment where $1 <> '' and id in ({keys})", std::mem::take(&mut self.references)),
            ("select distinct service from deployment where $1 <> '' and sha in ({keys})", std::mem::take(&mut self.commits)),
            ("select distinct service from deployment where $1 <> '' and repository in ({keys})", self.repositories.clone()),
            ("select service from service_repository where $1 <> '' and repository in ({keys})", std::mem::take(&mut self.repositories)),
        ];
        for (sql, keys) in lookups {
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            self.services_by(conn, sql, "all", &keys).await?;
        }
        mark(conn, self.services).await
    }
}

/// Raises `stale` of those services; one not known yet exists from now on.
pub async fn mark(conn: &mut AnyConnection, services: impl IntoIterator<Item = String>) -> Result<()> {
    let rows =
        services.into_iter().map(|name| vec![name.into(), 1_i64.into(), 0_i64.into(), 0_i64.into(), 0_i64.into(), 0_i64.into()]).collect();
    let head = "insert into service (name, stale, evidence, ever_deployed, shared, derived_by)";
    bulk::insert(conn, head, "on conflict (name) do update set stale = service.stale + 1", rows).await
}
