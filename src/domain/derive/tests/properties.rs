//! What must hold for every history: small random ones, with random deployments and incidents.

use std::collections::{BTreeSet, HashSet};

use proptest::prelude::*;
use proptest::sample::subsequence;

use super::super::*;

/// Hours in which everything happens.
const HOURS: i64 = 40;
const SUBJECTS: [&str; 6] = ["Add", "Fix", "Revert \"Add\"", "Revert \"Fix\"", "Revert \"Revert \"Add\"\"", "Tidy"];

fn hour(hours: i64) -> At {
    At(hours * HOUR)
}

/// A commit after `place` others: up to two parents among them.
fn commit(place: usize) -> impl Strategy<Value = CommitRow> {
    let parents = subsequence((0..place).collect::<Vec<_>>(), 0..=place.min(2));
    (parents, 0..HOURS, prop::sample::select(&SUBJECTS[..]), 0..10_u8).prop_map(move |(parents, at, subject, odd)| CommitRow {
        sha: format!("c{place:02}"),
        authored_at: Some(hour(at)),
        bot: odd == 0,
        subject: Some(subject.into()),
        reverts: if odd == 1 && place > 0 { vec![format!("c{:02}", place / 2)] } else { Vec::new() },
        parents: Some(parents.into_iter().map(|parent| format!("c{parent:02}")).collect()),
        exact: true,
        ..CommitRow::default()
    })
}

fn deployment(place: usize) -> impl Strategy<Value = DeploymentRow> {
    (0..14_usize, 0..HOURS, 0..16_u8).prop_map(move |(commit, at, odd)| DeploymentRow {
        source: "t".into(),
        id: format!("d{place}"),
        environment: (odd == 0).then(|| "staging".into()).or((odd == 1).then(|| "prod-eu".into())),
        production: None,
        via: "deployment".into(),
        status: if odd == 2 { Status::Failure } else { Status::Success },
        finished_at: Some(hour(at)),
        sha: Some(format!("c{commit:02}")),
        commits: (odd == 3).then(|| vec![format!("c{commit:02}"), "c01".into()]),
        hotfix: odd == 4,
        rollback: odd == 5,
        seq: 1,
        ..DeploymentRow::default()
    })
}

fn incident(place: usize) -> impl Strategy<Value = IncidentRow> {
    (0..HOURS, prop::option::of(0..10_i64), prop::option::of(0..10_usize)).prop_map(move |(from, lasted, reference)| IncidentRow {
        source: "t".into(),
        id: format!("i{place}"),
        started_at: hour(from),
        resolved_at: lasted.map(|lasted| hour(from + lasted)),
        deployment: reference.filter(|at| *at < 4).map(|at| format!("d{at}")),
        title: None,
        seq: 1,
    })
}

prop_compose! {
    fn history()(
        commits in (1..14_usize).prop_flat_map(|n| (0..n).map(commit).collect::<Vec<_>>()),
        deployments in (0..10_usize).prop_flat_map(|n| (0..n).map(deployment).collect::<Vec<_>>()),
        incidents in (0..4_usize).prop_flat_map(|n| (0..n).map(incident).collect::<Vec<_>>()),
    ) -> ServiceFacts {
        ServiceFacts { service: "checkout".into(), commits, deployments, incidents, ..ServiceFacts::default() }
    }
}

/// The same history in another order, with each commit told twice.
fn turned() -> impl Strategy<Value = (ServiceFacts, ServiceFacts)> {
    history().prop_flat_map(|facts| {
        let twice: Vec<CommitRow> = facts.commits.iter().chain(&facts.commits).cloned().collect();
        (Just(facts.clone()), Just(twice).prop_shuffle(), Just(facts.deployments).prop_shuffle(), Just(facts.incidents).prop_shuffle())
            .prop_map(|(facts, commits, deployments, incidents)| (facts.clone(), ServiceFacts { deployments, commits, incidents, ..facts }))
    })
}

/// Everything reachable from a commit, by the plainest walk.
fn reachable<'a>(facts: &'a ServiceFacts, sha: &'a str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut ahead = vec![sha];
    while let Some(sha) = ahead.pop() {
        let Some(commit) = facts.commits.iter().find(|commit| commit.sha == sha) else { continue };
        if found.insert(commit.sha.as_str()) {
            ahead.extend(commit.parents.iter().flatten().map(String::as_str));
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_and_repetition_change_nothing((facts, turned) in turned()) {
        prop_assert_eq!(derive(&facts, At(i64::MAX)), derive(&turned, At(i64::MAX)));
    }

    #[test]
    fn a_commit_counts_at_most_once_and_where_it_is_reachable(facts in history()) {
        let derived = derive(&facts, At(i64::MAX));
        let mut seen = HashSet::new();
        for shipped in &derived.deployments {
            let inside = reachable(&facts, shipped.sha.as_deref().unwrap());
            let listed = facts.deployments.iter().any(|row| row.id == shipped.id && row.commits.is_some());
            for sha in shipped.commits() {
                prop_assert!(seen.insert(sha.to_string()), "{} twice", sha);
                prop_assert!(listed || inside.contains(sha), "{} is not in {}", sha, shipped.id);
            }
            prop_assert!(shipped.leads.iter().all(|lead| lead.micros >= 0));
            prop_assert!(shipped.reason == Reason::Known || shipped.commits().next().is_none());
        }
    }

    #[test]
    fn contents_are_what_set_arithmetic_says(mut facts in history()) {
        for row in &mut facts.deployments {
            (row.environment, row.commits) = (None, None);
        }
        let mut before: Vec<&str> = Vec::new();
        for shipped in &derive(&facts, At(i64::MAX)).deployments {
            let tip = shipped.sha.as_deref().unwrap();
            let inside = reachable(&facts, tip);
            let known: BTreeSet<&str> = before.iter().flat_map(|sha| reachable(&facts, sha)).collect();
            let expect = match () {
                () if before.contains(&tip) => Reason::Known,
                () if inside.is_empty() => Reason::UnknownCommit,
                () if before.iter().any(|sha| inside.contains(sha)) => Reason::Known,
                () => Reason::NoBaseline,
            };
            prop_assert_eq!(shipped.reason, expect, "{}", &shipped.id);
            let new: BTreeSet<&str> = if expect == Reason::Known { inside.difference(&known).copied().collect() } else { BTreeSet::new() };
            prop_assert_eq!(shipped.commits().collect::<BTreeSet<_>>(), new, "{}", &shipped.id);
            before.push(tip);
        }
    }

    #[test]
    fn as_of_an_instant_is_what_the_facts_of_then_say(facts in history(), hours in 0..HOURS) {
        let now = hour(hours);
        let mut then = facts.clone();
        then.deployments.retain(|row| row.finished_at <= Some(now));
        then.incidents.retain(|row| row.started_at <= now);
        for incident in &mut then.incidents {
            incident.resolved_at = incident.resolved_at.filter(|at| *at <= now);
        }
        let (as_of, mut of_then) = (derive(&facts, now), derive(&then, At(i64::MAX)));
        for shipped in &mut of_then.deployments {
            for cause in &mut shipped.causes {
                // The row keeps its later end; what counts is the recovery, which must not know it.
                if let Cause::Incident(incident) = cause {
                    incident.resolved_at = facts.incidents.iter().find(|row| row.id == incident.id).and_then(|row| row.resolved_at);
                }
            }
        }
        for incident in &mut of_then.unlinked {
            incident.resolved_at = facts.incidents.iter().find(|row| row.id == incident.id).and_then(|row| row.resolved_at);
        }
        prop_assert_eq!(as_of, of_then);
    }

    #[test]
    fn what_comes_later_changes_no_earlier_contents(facts in history(), hours in 0..HOURS) {
        let (then, now) = (derive(&facts, hour(hours)), derive(&facts, At(i64::MAX)));
        for (then, now) in then.deployments.iter().zip(&now.deployments) {
            prop_assert_eq!((&then.id, &then.leads, then.reason, then.rollback), (&now.id, &now.leads, now.reason, now.rollback));
            prop_assert!(then.causes.iter().all(|cause| now.causes.contains(cause)), "a failure can't be undone by what comes later");
        }
    }

    #[test]
    fn a_failure_has_a_cause_and_an_end_or_is_open(facts in history()) {
        let derived = derive(&facts, At(i64::MAX));
        let counted = derived.deployments.iter().filter(|it| !it.rollback);
        let failed = counted.clone().filter(|it| !it.causes.is_empty()).count();
        prop_assert!(failed <= counted.count());
        for shipped in &derived.deployments {
            prop_assert_eq!(shipped.recovery.is_some(), !shipped.causes.is_empty());
            prop_assert!(!shipped.rollback || !shipped.rework.is_empty(), "a rollback is rework");
        }
        let incidents: usize = derived.deployments.iter().flat_map(|it| &it.causes).filter(|cause| matches!(cause, Cause::Incident(_))).count();
        prop_assert_eq!(incidents + derived.unlinked.len(), facts.incidents.len(), "each incident links or is told as unlinked");
    }
}
