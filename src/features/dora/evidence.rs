//! The rows behind an answer of `dora`: each production deployment of its scope and period, with what followed from it.

use std::collections::HashSet;

use chrono_tz::Tz;
use serde::Serialize;
use serde_json::json;

use crate::domain::card::{Line, Part};
use crate::domain::derive::{Cause, IncidentRow, Reason, Recovery, Rework, Shipped};
use crate::domain::org::Span;
use crate::domain::time::{At, SECOND};
use crate::domain::words;
use crate::error::Failure;
use crate::features::access::Sight;
use crate::features::receipts::{self, Evidence, Listing, Row as Shown};
use crate::features::{Cx, scope};
use crate::store::figures::Services;
use crate::store::receipts::{Receipt, Rests};

/// A deployment as a receipt lists it.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Row {
    /// Its service.
    service: String,
    /// Its id, as the sender names it.
    deployment: String,
    /// Its source.
    source: String,
    /// Its environment.
    environment: String,
    /// When it was done.
    finished_at: At,
    /// The commit deployed.
    commit: Option<String>,
    /// Each counted commit's lead time.
    lead_seconds: Vec<f64>,
    /// Commits left out.
    excluded: std::collections::BTreeMap<&'static str, usize>,
    /// Why its commits are not known.
    reason: Option<&'static str>,
    /// Whether it is left out of the fail rate.
    rollback: bool,
    /// Why it is rework.
    rework: Vec<&'static str>,
    /// Why it failed.
    failed: Vec<String>,
    /// From its finish to recovery.
    recovery_seconds: Option<f64>,
    /// Whether its failure is open.
    open: bool,
    /// For how long its failure has been open.
    open_seconds: Option<f64>,
    /// Why its commits are not counted, as people say it.
    #[serde(skip)]
    uncounted: Option<String>,
}

/// What a receipt rests on.
#[derive(Debug, Clone, PartialEq, Default)]
struct Rows {
    /// In order of time.
    deployments: Vec<Row>,
    /// Incidents that link to no deployment: service and incident.
    unlinked: Vec<(String, IncidentRow)>,
}

impl Rows {
    /// Takes out what the asker may not see: how many deployments and incidents that is, so that the rows and those still
    /// recount to the value.
    fn withhold(&mut self, hides: impl Fn(&str, At) -> bool) -> (u64, u64) {
        let all = (self.deployments.len(), self.unlinked.len());
        self.deployments.retain(|row| !hides(&row.service, row.finished_at));
        self.unlinked.retain(|(service, incident)| !hides(service, incident.started_at));
        ((all.0 - self.deployments.len()) as u64, (all.1 - self.unlinked.len()) as u64)
    }
}

/// The rows of a receipt as `why` shows them.
pub async fn evidence(cx: &Cx, receipt: &Receipt) -> Result<Evidence, Failure> {
    let org = cx.store.org_version(receipt.org_version).await?;
    let services = scope::services(&cx.store, &receipt.scope, &org.org).await?;
    let mut rows = load(cx, receipt, &services).await?;
    let about = cx.org.org.scope_name(&receipt.scope);
    let (zone, now) = (receipt.window.zone, cx.now);
    let commits: usize = rows.deployments.iter().map(|row| row.lead_seconds.len()).sum();
    let failed = rows.deployments.iter().filter(|row| !row.failed.is_empty()).count();
    let summary = format!(
        "{} of {about}, {} counted, {}",
        words::count(rows.deployments.len() as u64, "deployment", "deployments"),
        words::count(commits as u64, "commit", "commits"),
        words::count(failed as u64, "failure", "failures"),
    );
    let sight = Sight::of(cx);
    let (withheld, strays_withheld) = rows.withhold(|service, at| sight.hides(service, at));
    let mut data = serde_json::Map::new();
    let unlinked = |(service, it): &(String, IncidentRow)| json!({"service": service, "incident": it.id, "started_at": it.started_at});
    data.insert("unlinked".into(), rows.unlinked.iter().map(unlinked).collect());
    data.insert("unlinked_withheld".into(), json!(strays_withheld));
    let more = strays(&rows, strays_withheld, now, zone);
    let listing = Listing {
        heading: "Deployments",
        empty: "No production deployment lies in this period.",
        columns: vec![("Finished", false), ("Deployment", false), ("Commits", true), ("Lead", true), ("Outcome", false)],
        rows: rows.deployments.iter().map(|row| shown(row, now, zone)).collect(),
        withheld,
        nouns: ("deployment", "deployments"),
    };
    let services: Vec<String> = services.into_iter().map(|(name, _)| name).collect();
    let partial = services.iter().any(|service| sight.hides_in(service, receipt.window.from, receipt.window.to));
    Ok(Evidence { summary, listings: vec![listing], more, data, rests: Rests { services, flow: None }, partial })
}

fn shown(row: &Row, now: At, zone: Tz) -> Shown {
    let mut leads = row.lead_seconds.clone();
    leads.sort_by(f64::total_cmp);
    let median = crate::domain::stats::median(&leads).map(words::duration).unwrap_or_default();
    let commits = if row.reason.is_some() { "?".to_string() } else { row.lead_seconds.len().to_string() };
    Shown {
        cells: vec![words::moment(row.finished_at, now, zone), named(row), commits, median, outcome(row).to_string()],
        story: story(row),
        data: json!(row),
    }
}

/// Derives the rows of a receipt.
async fn load(cx: &Cx, receipt: &Receipt, services: &Services) -> Result<Rows, Failure> {
    let org = cx.store.org_version(receipt.org_version).await?;
    let mut all: Vec<(String, Shipped)> = Vec::new();
    let mut rows = Rows::default();
    for (service, spans) in services {
        let derived = cx.store.derived(service, receipt.asked_at, &org.org).await?;
        let counts = |at: At| spans.iter().any(|span: &Span| span.holds(at));
        all.extend(derived.deployments.into_iter().filter(|it| counts(it.finished_at)).map(|it| (service.clone(), it)));
        let unlinked = derived.unlinked.into_iter().filter(|it| receipt.window.holds(it.started_at) && counts(it.started_at));
        rows.unlinked.extend(unlinked.map(|it| (service.clone(), it)));
    }
    all.sort_by(|(a_service, a), (b_service, b)| (a.finished_at, a_service, &a.id).cmp(&(b.finished_at, b_service, &b.id)));
    let mut counted: HashSet<String> = HashSet::new(); // a pool counts a commit once, at its earliest
    for (service, mut shipped) in all {
        shipped.retain_commits(|sha| counted.insert(sha.to_string()));
        if receipt.window.holds(shipped.finished_at) {
            rows.deployments.push(row(service, &shipped, receipt.asked_at));
        }
    }
    Ok(rows)
}

fn row(service: String, shipped: &Shipped, now: At) -> Row {
    let codes = [
        ("merge", shipped.merges.len()),
        ("bot", shipped.bots.len()),
        ("negative_span", shipped.negative.len()),
        ("revert_unmatched", shipped.unmatched_reverts as usize),
    ];
    let recovery = match shipped.recovery {
        Some(Recovery::At(at)) => Some(seconds(at.since(shipped.finished_at))),
        _ => None,
    };
    Row {
        service,
        deployment: shipped.id.clone(),
        source: shipped.source.clone(),
        environment: shipped.environment.clone(),
        finished_at: shipped.finished_at,
        commit: shipped.sha.clone(),
        lead_seconds: shipped.leads.iter().map(|lead| seconds(lead.micros)).collect(),
        excluded: codes.into_iter().filter(|(_, count)| *count > 0).collect(),
        reason: Reason::code(shipped.left_out()),
        rollback: shipped.rollback,
        rework: shipped.rework.iter().map(|rework| rework_word(*rework)).collect(),
        failed: shipped.causes.iter().map(cause_word).collect(),
        recovery_seconds: recovery.filter(|secs| *secs >= 0.0),
        open: shipped.recovery == Some(Recovery::Open),
        open_seconds: (shipped.recovery == Some(Recovery::Open)).then(|| seconds(now.since(shipped.finished_at).max(0))),
        uncounted: uncounted(shipped),
    }
}

/// Why commits of it are not counted.
fn uncounted(shipped: &Shipped) -> Option<String> {
    let why = match (shipped.left_out(), shipped.reason) {
        (Reason::Known, _) => return None,
        (Reason::UnknownCommit, Reason::Known) => {
            let undated = words::count(u64::from(shipped.undated), "of its commits is", "of its commits are");
            return Some(format!("{undated} known by name alone, without a date"));
        }
        (Reason::UnknownCommit, _) if shipped.sha.is_none() => "it names no commit",
        (Reason::UnknownCommit, _) => "its commit is in no history that pacer has",
        (Reason::NoBaseline, _) => "no earlier deployment is its ancestor, so which commits are new can't be told",
        (Reason::Shallow, _) => "the history is cut off before an earlier deployment",
    };
    Some(format!("commits not counted: {why}"))
}

fn rework_word(rework: Rework) -> &'static str {
    match rework {
        Rework::HotfixFlag => "hotfix flag",
        Rework::RollbackFlag => "rollback flag",
        Rework::RolledBack => "returns to an earlier commit",
        Rework::Revert => "brings a revert",
    }
}

fn cause_word(cause: &Cause) -> String {
    match cause {
        Cause::Incident(incident) => format!("incident {}", incident.id),
        Cause::RolledBack(by) => format!("rolled back by {by}"),
        Cause::Reverted { by, revert } => format!("reverted by {} in {by}", revert.get(..10).unwrap_or(revert)),
    }
}

#[allow(clippy::cast_precision_loss, reason = "spans stay far below 2^53 microseconds")]
fn seconds(micros: i64) -> f64 {
    micros as f64 / SECOND as f64
}

/// A deployment as its sender names it, with its service where the name does not say it.
fn named(row: &Row) -> String {
    if row.deployment.contains(&row.service) { row.deployment.clone() } else { format!("{} {}", row.service, row.deployment) }
}

/// What became of it, in a word.
fn outcome(row: &Row) -> &'static str {
    match row {
        Row { open: true, .. } => "failed, open",
        Row { failed, .. } if !failed.is_empty() => "failed",
        Row { rollback: true, .. } => "rollback",
        Row { rework, .. } if !rework.is_empty() => "rework",
        _ => "ok",
    }
}

/// What there is to say beside the table.
fn story(row: &Row) -> Option<Line> {
    let mut said = Vec::new();
    said.extend(row.uncounted.clone());
    if !row.failed.is_empty() {
        let end = match row.recovery_seconds {
            Some(secs) => format!("recovered in {}", words::duration(secs)),
            None if row.open => match row.open_seconds {
                Some(secs) => format!("still open after {}", words::duration(secs)),
                None => "still open".into(),
            },
            None => "no recovery time".into(),
        };
        said.push(format!("{}; {end}", row.failed.join(", ")));
    }
    if !row.rework.is_empty() {
        said.push(format!("rework: {}", row.rework.join(", ")));
    }
    (!said.is_empty()).then(|| Line::default().strong(named(row)).and(format!(": {}", said.join("; "))))
}

/// Incidents that link to no deployment.
fn strays(rows: &Rows, withheld: u64, now: At, zone: Tz) -> Vec<Part> {
    if rows.unlinked.is_empty() && withheld == 0 {
        return Vec::new();
    }
    let hidden = (withheld > 0).then(|| Line::plain(format!("{}.", receipts::kept_back(withheld, ("incident", "incidents")))));
    let lines = rows.unlinked.iter().map(|(service, it)| {
        let place = if service.is_empty() { "no service".to_string() } else { service.clone() };
        Line::default().code(it.id.clone()).and(format!(" {place}, began {}", words::moment(it.started_at, now, zone)))
    });
    vec![Part::Heading("Incidents without a deployment".into()), Part::List(lines.chain(hidden).collect(), None)]
}
