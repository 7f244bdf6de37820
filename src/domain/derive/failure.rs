//! Rules 5 and 6: which deployments failed, which are rework, and when each failure was over.
//!
//! (a) an incident links to it, (b) it was rolled back, (c) a later deployment took one of its commits back.
//! Recovery ends at the last of: the finish of the rollback or of the deployment with the revert, and the ends
//! of its incidents; while one of those is open the failure is open.

use std::collections::HashMap;

use super::revert::Revert;
use super::{Cause, IncidentRow, Recovery, Rework, Shipped};
use crate::domain::time::At;

/// Rule 5(b): deploying commit A while the current success is not A and A succeeded earlier is a rollback; the
/// failed one is the first success after A's last one. With a `rollback` flag alone it is the success just before.
pub fn mark_rollbacks(deployments: &mut [Shipped], hotfixes: &[bool]) {
    let mut streams: HashMap<String, Vec<usize>> = HashMap::new();
    for place in 0..deployments.len() {
        let stream = streams.entry(deployments[place].environment.clone()).or_default();
        let failed = match rolled_back(deployments, stream, place) {
            Some(failed) => {
                deployments[place].rollback = true;
                deployments[place].rework.push(Rework::RolledBack);
                Some(failed)
            }
            None if deployments[place].rollback => stream.last().copied(),
            None => None,
        };
        if deployments[place].rollback && !deployments[place].rework.contains(&Rework::RolledBack) {
            deployments[place].rework.push(Rework::RollbackFlag);
        }
        if hotfixes[place] {
            deployments[place].rework.push(Rework::HotfixFlag);
        }
        if let Some(failed) = failed {
            let (id, at) = (deployments[place].id.clone(), deployments[place].finished_at);
            deployments[failed].causes.push(Cause::RolledBack(id));
            over(&mut deployments[failed], at);
        }
        stream.push(place);
    }
}

/// The deployment that a return to an earlier commit takes back.
fn rolled_back(deployments: &[Shipped], stream: &[usize], place: usize) -> Option<usize> {
    let version = deployments[place].version.as_ref()?;
    if deployments[*stream.last()?].version.as_ref() == Some(version) {
        return None; // A, A is a redeploy
    }
    let last = stream.iter().rposition(|earlier| deployments[*earlier].version.as_ref() == Some(version))?;
    stream.get(last + 1).copied()
}

/// Rule 5(c).
pub fn mark_reverts(deployments: &mut [Shipped], reverts: &[Revert]) {
    for revert in reverts {
        let by = match revert {
            Revert::Of { failed, by, sha } => {
                let cause = Cause::Reverted { revert: sha.clone(), by: deployments[*by].id.clone() };
                let at = deployments[*by].finished_at;
                deployments[*failed].causes.push(cause);
                over(&mut deployments[*failed], at);
                *by
            }
            Revert::Older { by } => *by,
            Revert::Unmatched { by } => {
                deployments[*by].unmatched_reverts += 1;
                continue;
            }
        };
        if !deployments[by].rework.contains(&Rework::Revert) {
            deployments[by].rework.push(Rework::Revert);
        }
    }
}

/// Rule 5(a): links each incident, and returns those that link to nothing.
pub fn mark_incidents(deployments: &mut [Shipped], incidents: &[&IncidentRow], window_micros: i64) -> Vec<IncidentRow> {
    let mut unlinked = Vec::new();
    let mut ordered = incidents.to_vec();
    ordered.sort_by(|a, b| (a.started_at, &a.source, &a.id).cmp(&(b.started_at, &b.source, &b.id)));
    for incident in ordered {
        let failed = match &incident.deployment {
            Some(reference) => referenced(deployments, &incident.source, reference),
            None => blamed(deployments, incident.started_at, window_micros),
        };
        match failed {
            Some(failed) => deployments[failed].causes.push(Cause::Incident(incident.clone())),
            None => unlinked.push(incident.clone()),
        }
    }
    unlinked
}

/// The deployment an incident names: of the same source first.
fn referenced(deployments: &[Shipped], source: &str, id: &str) -> Option<usize> {
    let same = deployments.iter().position(|shipped| shipped.id == id && shipped.source == source);
    same.or_else(|| deployments.iter().position(|shipped| shipped.id == id))
}

/// The latest success at or before the incident began, rollbacks skipped, and not more than the window before.
fn blamed(deployments: &[Shipped], started_at: At, window_micros: i64) -> Option<usize> {
    let after = deployments.partition_point(|shipped| shipped.finished_at <= started_at);
    let latest = deployments[..after].iter().rposition(|shipped| !shipped.rollback)?;
    (started_at.since(deployments[latest].finished_at) <= window_micros).then_some(latest)
}

/// Rule 6: a failure is not over before `at`. Why at once: an id alone does not say which deployment ended it, as
/// two sources may use the same one.
fn over(failed: &mut Shipped, at: At) {
    let known = if let Some(Recovery::At(known)) = failed.recovery { known.max(at) } else { at };
    failed.recovery = Some(Recovery::At(known));
}

/// Rule 6: the ends of incidents, beside the rollbacks and reverts noted already.
pub fn mark_recoveries(deployments: &mut [Shipped], as_of: At) {
    for shipped in deployments {
        let ends: Vec<Option<At>> = shipped
            .causes
            .iter()
            .filter_map(
                |cause| if let Cause::Incident(incident) = cause { Some(incident.resolved_at.filter(|at| *at <= as_of)) } else { None },
            )
            .collect();
        for at in ends.iter().flatten() {
            over(shipped, *at);
        }
        if ends.contains(&None) {
            shipped.recovery = Some(Recovery::Open);
        }
    }
}
