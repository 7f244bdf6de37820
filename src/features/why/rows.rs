//! The rows behind a receipt: each production deployment of its scope and period, with what followed from it.

use std::collections::HashSet;

use serde::Serialize;

use crate::domain::derive::{Cause, IncidentRow, Reason, Recovery, Rework, Shipped};
use crate::domain::org::Span;
use crate::domain::time::{At, SECOND};
use crate::error::Failure;
use crate::features::Cx;
use crate::store::figures::Services;
use crate::store::receipts::Receipt;

/// A deployment as a receipt lists it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Its service.
    pub service: String,
    /// Its id, as the sender names it.
    pub deployment: String,
    /// Its source.
    pub source: String,
    /// Its environment.
    pub environment: String,
    /// When it was done.
    pub finished_at: At,
    /// The commit deployed.
    pub commit: Option<String>,
    /// Each counted commit's lead time.
    pub lead_seconds: Vec<f64>,
    /// Commits left out.
    pub excluded: std::collections::BTreeMap<&'static str, usize>,
    /// Why its commits are not known.
    pub reason: Option<&'static str>,
    /// Whether it is left out of the fail rate.
    pub rollback: bool,
    /// Why it is rework.
    pub rework: Vec<&'static str>,
    /// Why it failed.
    pub failed: Vec<String>,
    /// From its finish to recovery.
    pub recovery_seconds: Option<f64>,
    /// Whether its failure is open.
    pub open: bool,
}

/// What a receipt rests on.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rows {
    /// In order of time.
    pub deployments: Vec<Row>,
    /// Incidents that link to no deployment: service and incident.
    pub unlinked: Vec<(String, IncidentRow)>,
}

/// Derives the rows of a receipt.
pub async fn load(cx: &Cx, receipt: &Receipt, services: &Services) -> Result<Rows, Failure> {
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
            rows.deployments.push(row(service, &shipped));
        }
    }
    Ok(rows)
}

fn row(service: String, shipped: &Shipped) -> Row {
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
        reason: Reason::code(shipped.reason),
        rollback: shipped.rollback,
        rework: shipped.rework.iter().map(|rework| rework_word(*rework)).collect(),
        failed: shipped.causes.iter().map(cause_word).collect(),
        recovery_seconds: recovery.filter(|secs| *secs >= 0.0),
        open: shipped.recovery == Some(Recovery::Open),
    }
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
