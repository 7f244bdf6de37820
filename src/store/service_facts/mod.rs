//! Everything known about one service, as [`ServiceFacts`].

mod changes;
mod deployments;
mod incidents;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use sqlx::{AnyConnection, Row};

use super::bulk;
use super::org::{Mapping, basename};
use crate::domain::derive::claims::{Claim, Claims};
use crate::domain::derive::{DeploymentRow, Rules, ServiceFacts};
use crate::domain::org::Org;
use crate::domain::time::HOUR;

/// A service's facts, with the places that its commits come from: its repositories, those of commits that lists name, and
/// `""` where a list names commits of no repository. Two services that may bring the same commit share a place.
pub(super) struct Loaded {
    pub facts: ServiceFacts,
    pub places: BTreeSet<String>,
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
    load_mapped(conn, service, org, &[]).await
}

/// As [`load`], under an organisation that is not in force: its mappings move deployments that are still stored otherwise.
pub(super) async fn load_mapped(conn: &mut AnyConnection, service: &str, org: &Org, mappings: &[Mapping]) -> Result<Loaded> {
    let rules = rules(org, service);
    let mut own = deployments::own(conn, service).await.context("reading deployments")?;
    let of = |row: &DeploymentRow, mapping: &Mapping| !row.stated && row.repository.as_ref() == Some(&mapping.repository);
    own.retain(|row| !mappings.iter().any(|it| it.old == service && it.new != service && of(row, it)));
    for it in mappings.iter().filter(|it| it.new == service && it.old != service) {
        let theirs = deployments::own(conn, &it.old).await.context("reading deployments")?;
        own.extend(theirs.into_iter().filter(|row| of(row, it)));
    }
    let repositories = repositories(conn, service, org, &own).await.context("reading repositories")?;
    let claims = claims(conn, &repositories, org).await.context("reading who claims a repository")?;
    let deciding: Vec<&str> = claims.iter().filter(|(_, claims)| claims.decide()).map(|(repository, _)| repository.as_str()).collect();
    let candidates = deployments::candidates(conn, service, &deciding).await.context("reading deployments of shared repositories")?;
    let known: BTreeSet<(String, String)> = own.iter().map(|row| (row.source.clone(), row.id.clone())).collect();
    own.extend(candidates.into_iter().filter(|row| mappings.is_empty() || !known.contains(&(row.source.clone(), row.id.clone()))));
    let candidates: BTreeSet<String> = own
        .iter()
        .filter(|row| !row.stated && row.repository.as_deref().is_some_and(|it| deciding.contains(&it)))
        .map(|row| row.id.clone())
        .collect();
    let bots = org.bots();
    let changes = changes::changes(conn, &repositories, &bots).await.context("reading changes")?;
    if rules.deploys_by == "merge" {
        own.extend(deployments::merges(conn, &repositories).await.context("reading merges")?);
    }
    if let Some(workflow) = rules.deploys_by.strip_prefix("workflow:") {
        own.extend(deployments::runs(conn, &repositories, workflow).await.context("reading runs")?);
    }
    let by_files = claims.values().any(Claims::by_files);
    let (commits, elsewhere) = changes::commits(conn, &repositories, &own, &changes, by_files, &bots).await.context("reading commits")?;
    let claimants = claims.values().flat_map(Claims::claimants).map(str::to_string).collect();
    let incidents = incidents::incidents(conn, service, &candidates, &claimants).await.context("reading incidents")?;
    let facts = ServiceFacts { service: service.to_string(), rules, deployments: own, commits, changes, incidents, claims };
    Ok(Loaded { facts, places: repositories.into_iter().chain(elsewhere).collect() })
}

/// The repositories named by the deployments, by the organisation, and those that hold the deployed commits.
async fn repositories(conn: &mut AnyConnection, service: &str, org: &Org, deployments: &[DeploymentRow]) -> Result<BTreeSet<String>> {
    let mut found: BTreeSet<String> = org.repositories_of(service).into_iter().map(str::to_string).collect();
    let rows = sqlx::query("select distinct repository from deployment where service = $1 and repository is not null")
        .bind(service.to_string())
        .fetch_all(&mut *conn)
        .await?;
    for row in rows {
        found.insert(row.try_get(0)?);
    }
    found.extend(own_by_name(conn, service).await?);
    let shas: BTreeSet<&str> = deployments.iter().filter_map(|row| row.sha.as_deref()).collect();
    let shas: Vec<&str> = shas.into_iter().collect();
    let sql = "select distinct repository from commits where $1 <> '' and repository is not null and sha in ({keys})";
    for row in bulk::select_in(conn, sql, "all", &shas).await? {
        found.insert(row.try_get(0)?);
    }
    Ok(found)
}

/// Repositories seen so far that are the service's by their name alone.
async fn own_by_name(conn: &mut AnyConnection, service: &str) -> Result<Vec<String>> {
    let sql = "select r.repository, m.service from service_repository r left join service_mapping m on m.repository = r.repository where r.service = $1";
    let mut found = Vec::new();
    for row in sqlx::query(sql).bind(service.to_string()).fetch_all(&mut *conn).await? {
        let (repository, mapped): (String, Option<String>) = (row.try_get(0)?, row.try_get(1)?);
        if mapped.as_deref().unwrap_or_else(|| basename(&repository)) == service {
            found.push(repository);
        }
    }
    Ok(found)
}

/// Who claims what in each repository: services that declare it, and those that deployments of it name.
pub(super) async fn claims(conn: &mut AnyConnection, repositories: &BTreeSet<String>, org: &Org) -> Result<BTreeMap<String, Claims>> {
    let keys: Vec<&str> = repositories.iter().map(String::as_str).collect();
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let sql =
        "select distinct repository, service from deployment where $1 <> '' and stated_service is not null and repository in ({keys})";
    for row in bulk::select_in(conn, sql, "all", &keys).await? {
        seen.entry(row.try_get(0)?).or_default().insert(row.try_get(1)?);
    }
    let mut all = BTreeMap::new();
    for repository in repositories {
        let mut claims = Vec::new();
        for (name, service) in org.declaring(repository) {
            seen.entry(repository.clone()).or_default().remove(name);
            claims.push(Claim::declared(name, &service.paths, &service.environments).map_err(anyhow::Error::msg)?);
        }
        claims.extend(seen.remove(repository).into_iter().flatten().map(|name| Claim::seen(&name)));
        all.insert(repository.clone(), Claims::new(claims, basename(repository)));
    }
    Ok(all)
}

/// A JSON list of texts.
fn texts(text: Option<String>) -> Option<Vec<String>> {
    text.and_then(|text| serde_json::from_str(&text).ok())
}
