//! What deliveries named so far, for forms to offer: repositories, environments, workflows, and which source told of what.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use sqlx::{AssertSqlSafe, Row};

use super::Store;

/// Tables with an index that begins with the repository.
const WITH_REPOSITORY: [&str; 4] = ["deployment", "commits", "change", "run"];

impl Store {
    /// Every repository that deliveries named, in order.
    pub async fn seen_repositories(&self) -> Result<BTreeSet<String>> {
        let mut found = BTreeSet::new();
        for table in WITH_REPOSITORY {
            // One step of the index a repository, rather than all rows.
            let sql = format!(
                "with recursive found(repository) as (select min(repository) from {table} union all \
                 select (select min(t.repository) from {table} t where t.repository > found.repository) from found \
                 where found.repository is not null) select repository from found where repository is not null"
            );
            for row in sqlx::query(AssertSqlSafe(sql)).fetch_all(&self.pool).await.context("reading repositories")? {
                found.insert(row.try_get(0)?);
            }
        }
        found.remove("");
        Ok(found)
    }

    /// The repositories in which a service lies.
    pub async fn repositories_of(&self, service: &str) -> Result<BTreeSet<String>> {
        let sql = "select repository from service_repository where service = $1 and repository <> '' \
                   union select repository from deployment where service = $1 and repository is not null and repository <> ''";
        self.texts(sql, service).await
    }

    /// The environments into which a service was deployed.
    pub async fn environments_of(&self, service: &str) -> Result<BTreeSet<String>> {
        self.texts(
            "select distinct environment from deployment where service = $1 and environment is not null and environment <> ''",
            service,
        )
        .await
    }

    /// The workflows that ran in a repository.
    pub async fn workflows_of(&self, repository: &str) -> Result<BTreeSet<String>> {
        self.texts("select distinct workflow from run where repository = $1 and workflow is not null and workflow <> ''", repository).await
    }

    /// The sources that told of a service or of its repository.
    pub async fn sources_of(&self, service: &str, repository: Option<&str>) -> Result<BTreeSet<String>> {
        let mut found = self.texts("select distinct source from deployment where service = $1", service).await?;
        if let Some(repository) = repository {
            let sql = "select distinct source from deployment where repository = $1 union select distinct source from change where repository = $1 \
                       union select distinct source from run where repository = $1";
            found.extend(self.texts(sql, repository).await?);
        }
        Ok(found)
    }

    async fn texts(&self, sql: &'static str, bound: &str) -> Result<BTreeSet<String>> {
        let rows = sqlx::query(sql).bind(bound.to_owned()).fetch_all(&self.pool).await.context("reading what deliveries named")?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }
}
