//! From facts to shipped deployments: what each one contains, whether it failed, when it recovered.
//!
//! This is the heart of the DORA figures, and it is pure: [`derive()`] takes everything known about one service
//! up to an instant, and returns each of its production deployments with its lead times, its failure and its
//! recovery. The rules are those of `metrics.md` (identity, contents, failure, recovery); each file here is
//! one of them. Order and repetition of facts change nothing.
//!
//! Why a service at a time: ancestry, rollbacks and incident links never cross services, so a change in one
//! never makes another stale, and the result packs into one row a day ([`day::Day`]).

pub mod change_day;
pub mod changes;
pub mod claims;
mod contents;
pub mod day;
mod failure;
mod graph;
mod revert;

use std::collections::BTreeMap;

use super::event::Status;
use super::time::{At, HOUR};

/// Grows when a definition changes, so that packed days are made anew and receipts name what they used.
pub const DEFINITIONS: i64 = 4;

/// How a service's events are read; from the organisation file, else the defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Names of its production environments; empty: by the event's own word, then by name.
    pub environments: Vec<String>,
    /// How long after a deployment an incident without a reference may begin, in microseconds.
    pub incident_window: i64,
    /// Which kind of event is a deployment.
    pub deploys_by: String,
}

impl Default for Rules {
    fn default() -> Self {
        Self { environments: Vec::new(), incident_window: 24 * HOUR, deploys_by: "deployment".into() }
    }
}

impl Rules {
    /// Rule 2: whether a deployment is into production. One that names no environment is, whatever the file calls its own.
    pub fn production(&self, deployment: &DeploymentRow) -> bool {
        let name = deployment.environment_name();
        if deployment.names_environment() && !self.environments.is_empty() {
            return self.environments.iter().any(|known| known.trim().to_lowercase() == name);
        }
        deployment.production.unwrap_or_else(|| ["prod", "production", "live"].iter().any(|known| name.starts_with(known)))
    }
}

/// A deployment as stored.
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(missing_docs, reason = "as in `event::Deployment`")]
pub struct DeploymentRow {
    pub source: String,
    pub id: String,
    pub repository: Option<String>,
    /// Whether the event itself named the service.
    pub stated: bool,
    pub environment: Option<String>,
    pub production: Option<bool>,
    pub via: String,
    pub status: Status,
    pub finished_at: Option<At>,
    pub sha: Option<String>,
    /// Shas of the explicit list.
    pub commits: Option<Vec<String>>,
    pub hotfix: bool,
    pub rollback: bool,
    /// The delivery that last changed it.
    pub seq: i64,
}

impl DeploymentRow {
    /// Whether it says which environment it is into.
    fn names_environment(&self) -> bool {
        self.environment.as_deref().is_some_and(|name| !name.trim().is_empty())
    }

    /// Its environment in lower case; rule 2: a missing or empty one is production.
    fn environment_name(&self) -> String {
        if !self.names_environment() {
            return "production".into();
        }
        self.environment.as_deref().unwrap_or_default().trim().to_lowercase()
    }
}

/// A commit as stored.
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(missing_docs, reason = "as in `event::Commit`")]
pub struct CommitRow {
    pub sha: String,
    pub authored_at: Option<At>,
    pub bot: bool,
    pub subject: Option<String>,
    /// Shas of its "This reverts commit" trailers.
    pub reverts: Vec<String>,
    /// None: not known.
    pub parents: Option<Vec<String>>,
    /// Whether the parents are git's own.
    pub exact: bool,
    pub shallow: bool,
    /// The files it touches, one a line; only where files decide whose it is. None: not known.
    pub paths: Option<String>,
    /// Whether an assistant wrote along; none where its message is not known.
    pub ai: Option<bool>,
}

/// A merged change as stored.
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(missing_docs, reason = "as in `event::Change`")]
pub struct ChangeRow {
    pub source: String,
    pub id: String,
    pub repository: Option<String>,
    pub opened_at: Option<At>,
    pub ready_at: Option<At>,
    pub first_review_at: Option<At>,
    pub merged_at: Option<At>,
    pub merge_commit: Option<String>,
    pub head: Option<String>,
    pub commits: Option<Vec<String>>,
    pub author: Option<String>,
    pub bot: bool,
    pub labels: Vec<String>,
    /// Lines added and removed.
    pub lines: Option<i64>,
    pub service: Option<String>,
    /// One a line.
    pub paths: Option<String>,
    /// By humans who are not its author, in order of time.
    pub reviews: Vec<ReviewRow>,
    pub seq: i64,
}

/// A review as stored.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "as in `event::Review`")]
pub struct ReviewRow {
    pub at: At,
    pub reviewer: String,
}

/// An incident as stored, already known to concern this service.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "as in `event::Incident`")]
pub struct IncidentRow {
    pub source: String,
    pub id: String,
    pub started_at: At,
    pub resolved_at: Option<At>,
    pub deployment: Option<String>,
    pub title: Option<String>,
    pub seq: i64,
}

/// Everything known about one service.
#[derive(Debug, Clone, Default)]
pub struct ServiceFacts {
    /// Its name.
    pub service: String,
    /// How its events are read.
    pub rules: Rules,
    /// All its deployment events, of every environment and outcome.
    pub deployments: Vec<DeploymentRow>,
    /// The commits of its repositories and of explicit lists.
    pub commits: Vec<CommitRow>,
    /// The merged changes of its repositories.
    pub changes: Vec<ChangeRow>,
    /// Its incidents.
    pub incidents: Vec<IncidentRow>,
    /// Who claims what in each of its repositories.
    pub claims: BTreeMap<String, claims::Claims>,
}

/// Whether a deployment's commits are known, and if not, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reason {
    /// They are.
    #[default]
    Known,
    /// No earlier production deployment of the service and environment is its ancestor.
    NoBaseline,
    /// Its commit is in no history that pacer has.
    UnknownCommit,
    /// The history is cut off before a baseline.
    Shallow,
}

impl Reason {
    /// The code under `excluded`; none where the commits are known.
    pub fn code(self) -> Option<&'static str> {
        match self {
            Self::Known => None,
            Self::NoBaseline => Some("no_baseline"),
            Self::UnknownCommit => Some("unknown_commit"),
            Self::Shallow => Some("shallow"),
        }
    }
}

/// A commit that reached production.
#[derive(Debug, Clone, PartialEq)]
pub struct Lead {
    /// Its object name.
    pub sha: String,
    /// When it was written.
    pub authored_at: At,
    /// From there to the finish of the deployment, in microseconds.
    pub micros: i64,
}

/// Why a deployment counts as failed.
#[derive(Debug, Clone, PartialEq)]
pub enum Cause {
    /// An incident links to it.
    Incident(IncidentRow),
    /// It was rolled back by the deployment of that id.
    RolledBack(String),
    /// A commit of it was reverted: the revert's sha, and the deployment that brought it.
    Reverted {
        /// The reverting commit.
        revert: String,
        /// The deployment that brought it.
        by: String,
    },
}

/// Why a deployment counts as rework.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "plain names")]
pub enum Rework {
    HotfixFlag,
    RollbackFlag,
    RolledBack,
    Revert,
}

/// When a failed deployment was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// At that instant.
    At(At),
    /// An incident of it is still open.
    Open,
}

/// A successful production deployment with all that follows from the facts.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "as in `DeploymentRow`, or said by the type")]
pub struct Shipped {
    pub source: String,
    pub id: String,
    pub environment: String,
    pub finished_at: At,
    pub sha: Option<String>,
    /// Which code of the service it put there: the commit deployed; in a repository of several services the last commit
    /// deployed by then that was a deployment of this one.
    pub version: Option<String>,
    pub seq: i64,
    pub reason: Reason,
    /// Commits counted.
    pub leads: Vec<Lead>,
    /// Commits left out, by code: their object names, since a pool counts these once too.
    pub merges: Vec<String>,
    pub bots: Vec<String>,
    pub negative: Vec<String>,
    /// Commits whose author date nobody told: no lead time can be computed.
    pub undated: u32,
    /// Reverts in it whose target could not be told.
    pub unmatched_reverts: u32,
    pub rollback: bool,
    pub rework: Vec<Rework>,
    pub causes: Vec<Cause>,
    pub recovery: Option<Recovery>,
}

impl Shipped {
    /// The code under which the deployment is left out of lead time, in whole or in part: a commit that is only a name
    /// is as unknown as the commit deployed.
    pub fn left_out(&self) -> Reason {
        if self.reason == Reason::Known && self.undated > 0 { Reason::UnknownCommit } else { self.reason }
    }

    /// Every commit that it is the first deployment of its service to contain, counted or left out.
    pub fn commits(&self) -> impl Iterator<Item = &str> {
        let left_out = [&self.merges, &self.bots, &self.negative].into_iter().flatten();
        self.leads.iter().map(|lead| &lead.sha).chain(left_out).map(String::as_str)
    }

    /// Leaves the commits that a pool counts elsewhere, counted or left out.
    pub fn retain_commits(&mut self, mut counts: impl FnMut(&str) -> bool) {
        self.leads.retain(|lead| counts(&lead.sha));
        for left_out in [&mut self.merges, &mut self.bots, &mut self.negative] {
            left_out.retain(|sha| counts(sha));
        }
    }
}

/// What [`derive()`] returns.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Derived {
    /// In order of (finish, id).
    pub deployments: Vec<Shipped>,
    /// Attempts that failed: neither deployments nor failures.
    pub attempts: Vec<At>,
    /// Incidents that link to no deployment.
    pub unlinked: Vec<IncidentRow>,
    /// The first event of the service: deployments, incidents.
    pub first_event: Option<At>,
    /// Whether its failures could be known from its own data: a flag, an identified rollback, or commit messages.
    pub evidence: bool,
    /// Deployments left out because their environment is not production, by name.
    pub elsewhere: BTreeMap<String, u64>,
    /// Its merged changes with their stages, in order of (merge, id).
    pub changes: Vec<changes::Merged>,
}

/// Derives a service's deployments from the facts up to `as_of`: later facts do not exist.
pub fn derive(facts: &ServiceFacts, as_of: At) -> Derived {
    let mut derived = Derived::default();
    let mut successes: Vec<&DeploymentRow> = Vec::new();
    for row in &facts.deployments {
        let Some(finished_at) = row.finished_at.filter(|at| *at <= as_of) else { continue };
        if row.via != facts.rules.deploys_by {
            continue;
        }
        let production = facts.rules.production(row);
        if production && row.status == Status::Success {
            successes.push(row);
        } else if claims::attempted_by(row, facts) {
            note(&mut derived.first_event, finished_at);
            if !production {
                *derived.elsewhere.entry(row.environment.clone().unwrap_or_default()).or_default() += 1;
            } else if row.status == Status::Failure {
                derived.attempts.push(finished_at);
            }
        }
    }
    successes.sort_by(|a, b| (a.finished_at, &a.id, &a.source).cmp(&(b.finished_at, &b.id, &b.source)));
    derived.attempts.sort_unstable();
    let graph = graph::Graph::new(facts, as_of);
    let contents = contents::contents(&successes, &graph);
    let (contents, successes) = claims::restrict(contents, successes, facts, &graph);
    for row in &successes {
        note(&mut derived.first_event, row.finished_at.unwrap_or_default());
    }
    let reverts = revert::find(&contents, &graph);
    derived.changes = changes::merged(facts, &graph, &contents, &successes, as_of);
    derived.deployments = contents.shipped;
    let incidents: Vec<&IncidentRow> = facts.incidents.iter().filter(|incident| incident.started_at <= as_of).collect();
    for incident in &incidents {
        note(&mut derived.first_event, incident.started_at);
    }
    let hotfixes: Vec<bool> = successes.iter().map(|row| row.hotfix).collect();
    failure::mark_rollbacks(&mut derived.deployments, &hotfixes);
    failure::mark_reverts(&mut derived.deployments, &reverts);
    derived.unlinked = failure::mark_incidents(&mut derived.deployments, &incidents, facts.rules.incident_window);
    failure::mark_recoveries(&mut derived.deployments, as_of);
    derived.evidence = successes.iter().any(|row| row.hotfix || row.rollback)
        || derived.deployments.iter().any(|shipped| shipped.rework.contains(&Rework::RolledBack))
        || graph.has_messages();
    derived
}

fn note(first: &mut Option<At>, at: At) {
    *first = Some(first.map_or(at, |known| known.min(at)));
}

#[cfg(test)]
mod tests;
