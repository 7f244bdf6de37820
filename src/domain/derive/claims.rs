//! Rule 9: which service of a repository something belongs to, where the repository serves several.
//!
//! In order: the service that the event names; the environments that services declare; the files that its commits touch,
//! against the globs of `paths`; labels that name a service; else the one service that declares the repository and no
//! paths; else the service named after the repository, which nobody owns until somebody says so.
//! A deployment that touches several services is a deployment of each.

use globset::{GlobSet, GlobSetBuilder};

use super::contents::Contents;
use super::graph::{Graph, Node};
use super::{DeploymentRow, Reason, ServiceFacts};
use crate::domain::glob;

/// A service's claim on a repository.
#[derive(Debug, Clone, Default)]
pub struct Claim {
    /// The service.
    pub service: String,
    /// Which files are its own; none: it declares no paths.
    paths: Option<GlobSet>,
    /// Its environments in lower case; empty: by the rules.
    environments: Vec<String>,
    /// Whether the organisation file declares it; else deployments name it.
    declared: bool,
}

impl Claim {
    /// Of a service that the organisation file declares.
    ///
    /// # Errors
    /// The sentence for a glob that is none.
    pub fn declared(service: &str, paths: &[String], environments: &[String]) -> Result<Self, String> {
        let mut globs = GlobSetBuilder::new();
        for path in paths {
            globs.add(glob::files(path)?);
        }
        let globs = globs.build().map_err(|error| format!("the globs of `{service}` are too many: {error}"))?;
        Ok(Self {
            service: service.to_string(),
            paths: (!paths.is_empty()).then_some(globs),
            environments: environments.iter().map(|name| name.trim().to_lowercase()).collect(),
            declared: true,
        })
    }

    /// Of a service that only deployments name.
    pub fn seen(service: &str) -> Self {
        Self { service: service.to_string(), ..Self::default() }
    }

    /// Whether a file is its own.
    pub fn owns(&self, file: &str) -> bool {
        self.paths.as_ref().is_some_and(|paths| paths.is_match(file))
    }

    /// It takes what no other claims.
    fn takes_the_rest(&self) -> bool {
        self.declared && self.paths.is_none()
    }
}

/// All claims on one repository.
#[derive(Debug, Clone, Default)]
pub struct Claims {
    claims: Vec<Claim>,
    /// The service of what nobody claims.
    default: String,
}

impl Claims {
    /// `named` is the service named after the repository.
    pub fn new(claims: Vec<Claim>, named: &str) -> Self {
        let mut rest = claims.iter().filter(|claim| claim.takes_the_rest());
        let default = match (rest.next(), rest.next()) {
            (Some(only), None) => only.service.clone(),
            _ => named.to_string(),
        };
        Self { claims, default }
    }

    /// The service of what nobody claims.
    pub fn default_service(&self) -> &str {
        &self.default
    }

    /// The services that claim something.
    pub fn claimants(&self) -> impl Iterator<Item = &str> {
        self.claims.iter().map(|claim| claim.service.as_str())
    }

    /// Whether files or environments decide anything in this repository.
    pub fn decide(&self) -> bool {
        self.by_files() || self.claims.iter().filter(|claim| claim.declared).count() > 1
    }

    /// Whether files decide anything.
    pub fn by_files(&self) -> bool {
        self.claims.iter().any(|claim| claim.paths.is_some())
    }

    /// Whether a service declares paths here.
    fn has_paths(&self, service: &str) -> bool {
        self.claims.iter().any(|claim| claim.service == service && claim.paths.is_some())
    }

    /// Whether one of the files is the service's; for the default one, whether one is nobody's.
    fn touches(&self, service: &str, files: &str) -> bool {
        let own = |file: &str| self.claims.iter().any(|claim| claim.service == service && claim.owns(file));
        let nobodys = |file: &str| !self.claims.iter().any(|claim| claim.owns(file));
        let by_default = service == self.default && !self.has_paths(service);
        files.lines().any(|file| own(file) || (by_default && nobodys(file)))
    }

    /// The services of a change.
    pub fn of_change<'a>(&'a self, stated: Option<&'a str>, files: Option<&str>, labels: &[String]) -> Vec<&'a str> {
        if let Some(service) = stated {
            return vec![service];
        }
        let owners = |holds: &dyn Fn(&Claim) -> bool| -> Vec<&'a str> {
            self.claims.iter().filter(|claim| holds(claim)).map(|claim| claim.service.as_str()).collect()
        };
        let by_file = files.map_or_else(Vec::new, |files| owners(&|claim| files.lines().any(|file| claim.owns(file))));
        if !by_file.is_empty() {
            return by_file;
        }
        let by_label = owners(&|claim| labels.iter().any(|label| names(label, &claim.service)));
        if !by_label.is_empty() {
            return by_label;
        }
        // Services that share a repository and draw no line in it share its changes.
        let sharing = owners(&|claim| claim.paths.is_none());
        if sharing.is_empty() { vec![self.default.as_str()] } else { sharing }
    }

    /// Whether a deployment that names no service is one of `service`, by its environment alone: `None` where its
    /// environment says nothing.
    fn by_environment(&self, service: &str, row: &DeploymentRow) -> Option<bool> {
        let environment = row.environment_name();
        let named = |claim: &Claim| claim.environments.contains(&environment);
        let any = self.claims.iter().any(named);
        any.then(|| self.claims.iter().any(|claim| claim.service == service && named(claim)))
    }
}

/// Whether a label names a service: `checkout`, `service:checkout`, `service/checkout`.
fn names(label: &str, service: &str) -> bool {
    let label = label.trim();
    let bare = ["service:", "service/", "component:", "component/"].iter().find_map(|start| label.strip_prefix(start)).unwrap_or(label);
    bare.trim().eq_ignore_ascii_case(service)
}

/// Leaves of a service's deployments those that are its own, and of each the commits that are.
pub fn restrict<'a>(
    contents: Contents,
    rows: Vec<&'a DeploymentRow>,
    facts: &ServiceFacts,
    graph: &Graph<'_>,
) -> (Contents, Vec<&'a DeploymentRow>) {
    if facts.claims.values().all(|claims| !claims.decide()) {
        return (contents, rows);
    }
    let own: Vec<bool> = {
        let mut own = Vec::with_capacity(rows.len());
        for place in 0..rows.len() {
            let is_own = belongs(place, &rows, &contents, facts, graph, &own);
            own.push(is_own);
        }
        own
    };
    let mut kept = Contents { shipped: Vec::new(), brought: Vec::new() };
    let mut kept_rows = Vec::new();
    let versions = versions(&rows, &own);
    for ((((mut shipped, mut brought), row), own), version) in
        contents.shipped.into_iter().zip(contents.brought).zip(rows).zip(own).zip(versions)
    {
        if !own {
            continue;
        }
        shipped.version = version;
        if let Some(claims) = claims_of(row, facts).filter(|claims| claims.has_paths(&facts.service)) {
            let counts = |node: Node| {
                graph.commit(node).and_then(|commit| commit.paths.as_deref()).is_none_or(|files| claims.touches(&facts.service, files))
            };
            shipped.retain_commits(|sha| graph.find(sha).is_none_or(counts));
            brought.retain(|node| counts(*node));
        }
        kept.shipped.push(shipped);
        kept.brought.push(brought);
        kept_rows.push(row);
    }
    (kept, kept_rows)
}

/// What code of the service each deployment put there. One that returns to an earlier commit returns to what the service was
/// then: the last commit deployed by then that was its own.
fn versions(rows: &[&DeploymentRow], own: &[bool]) -> Vec<Option<String>> {
    let mut versions: Vec<Option<String>> = Vec::with_capacity(rows.len());
    for (place, row) in rows.iter().enumerate() {
        let before = (0..place).rev().find(|earlier| row.sha.is_some() && rows[*earlier].sha == row.sha);
        let then = before.and_then(|before| (0..=before).rev().find(|earlier| own[*earlier]));
        versions.push(then.and_then(|then| versions[then].clone()).or_else(|| row.sha.clone()));
    }
    versions
}

fn claims_of<'f>(row: &DeploymentRow, facts: &'f ServiceFacts) -> Option<&'f Claims> {
    facts.claims.get(row.repository.as_deref()?).filter(|claims| claims.decide())
}

/// Whether the deployment at a place is one of the service; `before` says it of those before.
fn belongs(place: usize, rows: &[&DeploymentRow], contents: &Contents, facts: &ServiceFacts, graph: &Graph<'_>, before: &[bool]) -> bool {
    let (row, service) = (rows[place], facts.service.as_str());
    let Some(claims) = claims_of(row, facts).filter(|_| !row.stated) else { return true };
    let by_environment = claims.by_environment(service, row);
    match by_environment {
        Some(false) => return false,
        Some(true) if !claims.has_paths(service) => return true,
        _ => {}
    }
    if !claims.by_files() {
        return by_environment.unwrap_or(service == claims.default_service());
    }
    // The same commit again deploys what it deployed; an earlier one takes back what came after it.
    if let Some(first) = (0..place).rev().find(|earlier| row.sha.is_some() && rows[*earlier].sha == row.sha) {
        return if first + 1 == place { before[first] } else { before[first + 1..place].contains(&true) };
    }
    match contents.shipped[place].reason {
        Reason::NoBaseline => return claims.has_paths(service) || service == claims.default_service(), // the first: all of it
        Reason::UnknownCommit | Reason::Shallow => return service == claims.default_service(),
        Reason::Known => {}
    }
    let files = || contents.brought[place].iter().filter_map(|node| graph.commit(*node)?.paths.as_deref());
    if claims.has_paths(service) {
        return files().any(|files| claims.touches(service, files));
    }
    let claimed = files().any(|files| claims.claims.iter().any(|claim| files.lines().any(|file| claim.owns(file))));
    let declared_rest = claims.claims.iter().any(|claim| claim.service == service && claim.takes_the_rest());
    service == claims.default_service() && (!claimed || (declared_rest && files().any(|files| claims.touches(service, files))))
}

/// Whether an attempt, or a deployment elsewhere, that names no service counts for this one.
pub fn attempted_by(row: &DeploymentRow, facts: &ServiceFacts) -> bool {
    let Some(claims) = claims_of(row, facts).filter(|_| !row.stated) else { return true };
    claims.by_environment(&facts.service, row).unwrap_or(facts.service == claims.default_service())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        let declared = |service: &str, paths: &[&str], environments: &[&str]| {
            let owned = |list: &[&str]| list.iter().map(|text| (*text).to_string()).collect::<Vec<_>>();
            Claim::declared(service, &owned(paths), &owned(environments)).expect("globs")
        };
        Claims::new(vec![declared("pay", &["pay/**", "libs/money/*.rs"], &[]), declared("web", &["apps/web/**"], &[])], "mono")
    }

    #[test]
    fn a_change_belongs_to_whom_it_names_touches_or_is_labelled_for() {
        let check = |stated: Option<&str>, files: Option<&str>, labels: &[&str], expect: &[&str]| {
            let labels: Vec<String> = labels.iter().map(|label| (*label).to_string()).collect();
            assert_eq!(claims().of_change(stated, files, &labels), expect, "{stated:?} {files:?} {labels:?}");
        };
        check(Some("ops"), Some("pay/a.rs"), &[], &["ops"]);
        check(None, Some("pay/src/a.rs"), &[], &["pay"]);
        check(None, Some("README.md\npay/a.rs\napps/web/b.ts"), &["web"], &["pay", "web"]);
        check(None, Some("libs/money/a.rs"), &[], &["pay"]);
        check(None, Some("libs/money/deep/a.rs"), &[], &["mono"]);
        check(None, Some("README.md"), &["service:web"], &["web"]);
        check(None, None, &["PAY"], &["pay"]);
        check(None, None, &["bug"], &["mono"]);
    }

    #[test]
    fn one_service_without_paths_takes_the_rest_and_several_share() {
        let rest = Claim::declared("core", &[], &[]).expect("no globs");
        let mut all = claims().claims;
        all.push(rest);
        let one = Claims::new(all.clone(), "mono");
        assert_eq!((one.default_service(), one.of_change(None, Some("README.md"), &[])), ("core", vec!["core"]));
        all.push(Claim::seen("jobs"));
        assert_eq!(Claims::new(all, "mono").of_change(None, None, &[]), ["core", "jobs"]);
    }
}
