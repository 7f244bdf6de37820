//! Versions of the organisation, and the names of services.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use anyhow::{Context, Result};
use sqlx::{AnyConnection, Row};

use super::facts::mark_stale;
use super::{Store, bulk};
use crate::domain::event::{Event, Parsed};
use crate::domain::org::{Org, Service, preview};
use crate::domain::time::At;

/// The organisation under its version.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OrgVersion {
    /// Grows by one with each `org apply`; 0 before the first.
    pub version: i64,
    /// When it was applied.
    pub applied_at: At,
    /// What was declared.
    pub org: Org,
}

/// Who changed the organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Author {
    /// `pacer org apply`.
    File,
    /// The members of a Slack user group.
    SlackGroup,
    /// Somebody in Slack, by id.
    Person(String),
}

impl Author {
    fn text(&self) -> &str {
        match self {
            Self::File => "file",
            Self::SlackGroup => "slack_group",
            Self::Person(id) => id,
        }
    }
    fn of(text: String) -> Self {
        match text.as_str() {
            "file" => Self::File,
            "slack_group" => Self::SlackGroup,
            _ => Self::Person(text),
        }
    }
}

/// A change of the organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrgChange {
    /// The version that it made.
    pub version: i64,
    /// When.
    pub at: At,
    /// By whom; none where that was not kept yet.
    pub author: Option<Author>,
    /// What changed, in lines.
    pub summary: Vec<String>,
}

impl Store {
    /// The latest changes of the organisation up to `now`, newest first.
    pub async fn org_changes(&self, now: At, limit: i64) -> Result<Vec<OrgChange>> {
        let sql = "select version, applied_at, author, summary from org_version where applied_at <= $1 order by version desc limit $2";
        let rows = sqlx::query(sql).bind(now.0).bind(limit).fetch_all(&self.pool).await.context("reading changes of the organisation")?;
        rows.iter()
            .map(|row| {
                let summary: Option<String> = row.try_get(3)?;
                Ok(OrgChange {
                    version: row.try_get(0)?,
                    at: At(row.try_get(1)?),
                    author: row.try_get::<Option<String>, _>(2)?.map(Author::of),
                    summary: summary.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
                })
            })
            .collect()
    }

    /// The organisation in force at `now`: the latest version applied by then, else the first, whose entries count
    /// from the beginning.
    pub async fn org(&self, now: At) -> Result<Arc<OrgVersion>> {
        let current = self.current().await?;
        let in_force = current.orgs.iter().rev().find(|(_, applied_at)| *applied_at <= now).or(current.orgs.first());
        let version = in_force.map_or(0, |(version, _)| *version);
        self.org_version(version).await
    }

    /// The newest version's number; 0 before the first.
    pub async fn newest_org(&self) -> Result<i64> {
        let row = sqlx::query("select coalesce(max(version), 0) from org_version")
            .fetch_one(&self.pool)
            .await
            .context("reading the organisation's version")?;
        Ok(row.try_get(0)?)
    }

    /// The organisation as it was under a version.
    pub async fn org_version(&self, version: i64) -> Result<Arc<OrgVersion>> {
        let cached = self.org.read().ok().and_then(|cached| cached.clone());
        if let Some(cached) = cached.filter(|cached| cached.version == version) {
            return Ok(cached);
        }
        let row =
            sqlx::query("select applied_at, body from org_version where version = $1").bind(version).fetch_optional(&self.pool).await?;
        let loaded = Arc::new(match row {
            None => OrgVersion::default(),
            Some(row) => {
                let body: String = row.try_get(1)?;
                OrgVersion {
                    version,
                    applied_at: At(row.try_get(0)?),
                    org: serde_json::from_str(&body).context("reading the organisation")?,
                }
            }
        });
        if let Ok(mut cached) = self.org.write() {
            *cached = Some(loaded.clone());
        }
        Ok(loaded)
    }

    /// Every service that is declared or that a fact names, in order.
    pub async fn services(&self) -> Result<Vec<String>> {
        let (current, newest) = (self.current().await?, self.org(At(i64::MAX)).await?);
        let declared = newest.org.service_names();
        let known = current.states.iter().filter(|state| !state.hollow || declared.contains(state.name.as_str()));
        Ok(known.filter(|state| !state.name.is_empty()).map(|state| state.name.clone()).collect())
    }

    /// Every project that items or the organisation name.
    pub async fn projects(&self) -> Result<Vec<String>> {
        Ok(self.current().await?.projects.clone())
    }

    /// Stores what a file makes of the organisation, as [`Store::change_org`] does.
    pub async fn apply_org(&self, before: &OrgVersion, org: Org, at: At) -> Result<i64> {
        let summary = preview(&before.org, &org);
        let stored = self.change_org(before, org, at, Author::File, summary).await?;
        stored.context("somebody changed the organisation meanwhile: run it again")
    }

    /// Stores a new version of the organisation, if it differs; services whose rules changed become stale. None: somebody
    /// else stored one after `before`.
    pub async fn change_org(&self, before: &OrgVersion, org: Org, at: At, author: Author, summary: Vec<String>) -> Result<Option<i64>> {
        if before.version > 0 && before.org == org {
            return Ok(Some(before.version));
        }
        let old = before.org.clone();
        let expected = before.version;
        let summary = serde_json::to_string(&summary)?;
        self.writer
            .write(move |conn| {
                let (org, before) = (org.clone(), old.clone());
                let (author, summary) = (author.text().to_owned(), summary.clone());
                Box::pin(async move {
                    let newest: i64 =
                        sqlx::query("select coalesce(max(version), 0) from org_version").fetch_one(&mut *conn).await?.try_get(0)?;
                    if newest != expected {
                        return Ok(None);
                    }
                    sqlx::query("insert into org_version (version, applied_at, body, author, summary) values ($1, $2, $3, $4, $5)")
                        .bind(newest + 1)
                        .bind(at.0)
                        .bind(serde_json::to_string(&org)?)
                        .bind(author)
                        .bind(summary)
                        .execute(&mut *conn)
                        .await?;
                    remap(conn, &org).await?;
                    let mut changed = redrawn(conn, &before, &org).await?;
                    let known = before.service_names();
                    changed.extend(org.service_names().into_iter().filter(|name| !known.contains(name)).map(str::to_owned));
                    mark_stale(conn, changed).await?;
                    deploying_by_runs(conn, &org).await?;
                    Ok(Some(newest + 1))
                })
            })
            .await
            .context("storing the organisation")
    }
}

/// The services whose facts are read otherwise under another organisation, as a preview and an apply alike need it: those that
/// are declared otherwise, those that share a repository with them, for what one declares may take from another, and all
/// where other people are bots.
pub(super) async fn redrawn(conn: &mut AnyConnection, old: &Org, new: &Org) -> Result<BTreeSet<String>> {
    let all: BTreeSet<&String> = old.services.keys().chain(new.services.keys()).collect();
    let mut found: BTreeSet<String> = all.into_iter().filter(|name| old.services.get(*name) != new.services.get(*name)).cloned().collect();
    let mut repositories: BTreeSet<&str> = BTreeSet::new();
    let mut sharing: BTreeSet<String> = BTreeSet::new();
    for org in [old, new] {
        let names = org.repository_names();
        let declared = |service: &Service| service.repository.clone().unwrap_or_default();
        let touched: BTreeSet<String> = found.iter().filter_map(|name| org.services.get(name)).map(declared).collect();
        repositories.extend(touched.iter().filter_map(|it| names.get(it.as_str())).flatten());
        sharing.extend(
            org.services.iter().filter(|(_, it)| touched.contains(&declared(it)) && it.repository.is_some()).map(|(name, _)| name.clone()),
        );
    }
    found.extend(sharing);
    let keys: Vec<&str> = repositories.into_iter().collect();
    for sql in [
        "select service from service_repository where $1 <> '' and repository in ({keys})",
        "select distinct service from deployment where $1 <> '' and repository in ({keys})",
    ] {
        for row in bulk::select_in(conn, sql, "all", &keys).await? {
            found.insert(row.try_get(0)?);
        }
    }
    if old.bots() != new.bots() {
        for row in sqlx::query("select name from service").fetch_all(&mut *conn).await? {
            found.insert(row.try_get(0)?);
        }
    }
    Ok(found)
}

/// Notes which services deploy by runs of a workflow, so that only those become stale by runs.
async fn deploying_by_runs(conn: &mut AnyConnection, org: &Org) -> Result<()> {
    sqlx::query("update service set by_runs = 0 where by_runs = 1").execute(&mut *conn).await?;
    let by_runs = |service: &Service| service.deploys_by.as_deref().is_some_and(|kind| kind.starts_with("workflow:"));
    for (name, _) in org.services.iter().filter(|(_, service)| by_runs(service)) {
        sqlx::query("update service set by_runs = 1 where name = $1").bind(name.clone()).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Repositories that the file gives to a service: events that name only the repository are that service's, those
/// already stored too. A repository of several services is left to their own words, paths and environments.
async fn remap(conn: &mut AnyConnection, org: &Org) -> Result<()> {
    let mappings = mappings(conn, org).await?;
    sqlx::query("delete from service_mapping").execute(&mut *conn).await?;
    for it in mappings.iter().filter(|it| it.new != basename(&it.repository)) {
        sqlx::query("insert into service_mapping (repository, service) values ($1, $2)")
            .bind(it.repository.clone())
            .bind(it.new.clone())
            .execute(&mut *conn)
            .await?;
    }
    for it in mappings.iter().filter(|it| it.old != it.new) {
        let unstated = [
            "update deployment set service = $1 where stated_service is null and repository = $2 and service = $3",
            "update incident set service = $1 where stated_service is null and repository = $2 and service = $3",
        ];
        for sql in unstated {
            sqlx::query(sql).bind(it.new.clone()).bind(it.repository.clone()).bind(it.old.clone()).execute(&mut *conn).await?;
        }
    }
    let moved = mappings.into_iter().filter(|it| it.old != it.new).flat_map(|it| [it.old, it.new]);
    mark_stale(conn, moved.collect::<BTreeSet<String>>()).await
}

/// A repository whose name alone is, or was, a service of another name.
#[derive(Debug, Clone)]
pub(super) struct Mapping {
    pub(super) repository: String,
    /// What named only the repository is stored under this name; any other name is an event's own word.
    pub(super) old: String,
    pub(super) new: String,
}

/// What an organisation makes of the repositories that it or the one in force gives to a service of another name.
pub(super) async fn mappings(conn: &mut AnyConnection, org: &Org) -> Result<Vec<Mapping>> {
    let called = org.repository_names();
    let mut by_repository: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, service) in org.services.iter().filter(|(_, service)| service.paths.is_empty()) {
        for repository in service.repository.as_deref().and_then(|declared| called.get(declared)).into_iter().flatten() {
            by_repository.entry(repository).or_default().push(name);
        }
    }
    let mut old: BTreeMap<String, String> = BTreeMap::new();
    for row in sqlx::query("select repository, service from service_mapping").fetch_all(&mut *conn).await? {
        old.insert(row.try_get(0)?, row.try_get(1)?);
    }
    let mut new: BTreeMap<String, String> = old.keys().map(|repository| (repository.clone(), basename(repository).to_owned())).collect();
    let declared = by_repository.into_iter().filter(|(_, names)| names.len() == 1);
    new.extend(declared.map(|(repository, names)| (repository.to_owned(), names[0].to_owned())));
    let mapping = |(repository, new): (String, String)| {
        let old = old.get(&repository).cloned().unwrap_or_else(|| basename(&repository).to_owned());
        Mapping { repository, old, new }
    };
    Ok(new.into_iter().map(mapping).collect())
}

/// How services are named.
pub(super) struct Names(HashMap<String, String>);

impl Names {
    /// The explicit name, else the repository's service, else the repository without its owner.
    pub(super) fn service(&self, stated: Option<&str>, repository: Option<&str>) -> String {
        match (stated, repository) {
            (Some(name), _) => name.to_string(),
            (None, Some(repository)) => self.0.get(repository).cloned().unwrap_or_else(|| basename(repository).to_string()),
            (None, None) => String::new(),
        }
    }
}

/// The names that these events need.
pub(super) async fn names(conn: &mut AnyConnection, parsed: &Parsed) -> Result<Names> {
    let repositories: BTreeSet<&str> = parsed
        .events
        .iter()
        .filter_map(|stated| match &stated.event {
            Event::Deployment(it) if it.service.is_none() => it.repository.as_deref(),
            Event::Incident(it) if it.service.is_none() => it.repository.as_deref(),
            Event::Run(it) => it.repository.as_deref(),
            Event::Change(it) if it.service.is_none() => it.repository.as_deref(),
            _ => None,
        })
        .collect();
    let keys: Vec<&str> = repositories.into_iter().collect();
    let mut names = HashMap::new();
    for row in
        bulk::select_in(conn, "select repository, service from service_mapping where $1 <> '' and repository in ({keys})", "all", &keys)
            .await?
    {
        names.insert(row.try_get(0)?, row.try_get(1)?);
    }
    Ok(Names(names))
}

/// A repository without its owner.
pub(super) fn basename(repository: &str) -> &str {
    repository.rsplit('/').next().unwrap_or(repository)
}
