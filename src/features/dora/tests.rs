//! What must hold for every pool and every window.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use proptest::prelude::*;

use super::compute::{Dora, compute};
use crate::domain::card::Metric;
use crate::domain::derive::day::{LeftOut, Packed, PackedRecovery};
use crate::domain::pool::Pool;
use crate::domain::time::{At, HOUR};
use crate::domain::window::Window;

const HOURS: i64 = 24 * 60;

fn deployment() -> impl Strategy<Value = Packed> {
    let flags = (any::<bool>(), any::<bool>(), 0..4_u8, 0..3_u8);
    let left_out = || (0..3_u32).prop_map(|count| LeftOut { count, keys: Vec::new() });
    (0..HOURS, flags, prop::collection::vec(0..100 * HOUR, 0..4), (left_out(), left_out(), left_out()), 0..2_u32, -2..20_i64).prop_map(
        |(at, (rollback, rework, reason, failed), leads, (merges, bots, negative), unmatched_reverts, lasted)| Packed {
            at: at * HOUR,
            rollback,
            rework: rework || rollback,
            failed: failed == 0,
            inferred: false,
            recovery: match (failed, lasted) {
                (0, 19) => PackedRecovery::Open,
                (0, lasted) => PackedRecovery::After(lasted * HOUR),
                _ => PackedRecovery::None,
            },
            reason,
            leads: if reason == 0 { leads } else { Vec::new() },
            keys: Vec::new(),
            merges,
            bots,
            negative,
            unmatched_reverts,
        },
    )
}

prop_compose! {
    fn pool()(mut deployments in prop::collection::vec(deployment(), 0..30), unlinked in prop::collection::vec(0..HOURS, 0..4)) -> Pool {
        deployments.sort_by_key(|it| it.at);
        let first_event = deployments.first().map(Packed::finished_at);
        let unlinked = unlinked.into_iter().map(|hours| At(hours * HOUR)).collect();
        Pool { services: 1, ever_deployed: !deployments.is_empty(), deployments, unlinked, first_event, alive: true, evidence: true, ..Pool::default() }
    }
}

fn over(pool: &Pool, from: i64, to: i64) -> Dora {
    let window = Window { from: At(from * HOUR), to: At(to * HOUR), zone: Tz::UTC, label: String::new() };
    compute(pool, &window, &BTreeMap::new())
}

/// Everything that is counted: `n` and what was left out of each metric, and how many hits a share has.
fn counts(dora: &Dora) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for metric in &dora.metrics {
        counts.insert(metric.id.clone(), metric.n);
        for (code, count) in &metric.excluded {
            counts.insert(format!("{} without {code}", metric.id), *count);
        }
        if let (Some(share), "fraction") = (metric.value, metric.unit.as_str()) {
            #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count under 30")]
            counts.insert(format!("{} hits", metric.id), (share * metric.n as f64).round() as u64);
        }
    }
    counts.retain(|_, count| *count > 0);
    counts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn splitting_a_window_adds_up(pool in pool(), from in 0..HOURS, first in 1..HOURS, second in 1..HOURS) {
        let (middle, to) = (from + first, from + first + second);
        let mut halves = counts(&over(&pool, from, middle));
        for (what, count) in counts(&over(&pool, middle, to)) {
            *halves.entry(what).or_default() += count;
        }
        prop_assert_eq!(halves, counts(&over(&pool, from, to)));
    }

    #[test]
    fn shares_stay_within_0_and_1_and_intervals_hold_their_value(pool in pool(), from in 0..HOURS, length in 1..HOURS) {
        for metric in &over(&pool, from, from + length).metrics {
            let Some(value) = metric.value else { continue };
            prop_assert!(value >= 0.0, "{}: {}", &metric.id, value);
            prop_assert!(metric.unit != "fraction" || value <= 1.0, "{}: {}", &metric.id, value);
            if let Some([low, high]) = metric.interval {
                prop_assert!(low <= value + 1e-9 && value <= high + 1e-9, "{}: {} not in {}..{}", &metric.id, value, low, high);
                prop_assert!(low >= 0.0 && (metric.unit != "fraction" || high <= 1.0));
            }
        }
    }
}

/// A pool of a live service with evidence, known since hour 0, that deploys at those hours.
fn live(hours: impl IntoIterator<Item = i64>) -> Pool {
    Pool {
        services: 1,
        deployments: hours.into_iter().map(|hour| Packed { at: hour * HOUR, ..Packed::default() }).collect(),
        first_event: Some(At(0)),
        ever_deployed: true,
        alive: true,
        evidence: true,
        ..Pool::default()
    }
}

/// Value (whether there is one) and reason of each of the five over hours 200 to 400.
fn reasons(pool: &Pool) -> Vec<String> {
    let told = |metric: &Metric| match (&metric.value, &metric.reason) {
        (Some(_), None) => "value".into(),
        (Some(_), Some(reason)) => format!("value, {reason}"),
        (None, reason) => reason.clone().unwrap_or_else(|| "nothing said".into()),
    };
    over(pool, 200, 400).metrics.iter().map(told).collect()
}

#[test]
fn each_figure_without_a_value_or_a_comparison_says_why() {
    let none = Pool { ever_deployed: false, ..live([]) };
    assert_eq!(reasons(&none), ["no_data"; 5], "never deployed");
    let dead = Pool { alive: false, ..live([]) };
    assert_eq!(reasons(&dead), ["no_data"; 5], "nothing was heard since the window began");
    assert_eq!(reasons(&live([])), ["value, too_few", "no_data", "no_data", "no_data", "no_data"]);
    assert_eq!(over(&live([]), 200, 400).metrics[0].value, Some(0.0), "a live service that did not deploy");
    let silent = Pool { evidence: false, ..live(210..220) };
    assert_eq!(reasons(&silent), ["value", "no_data", "no_incident_source", "no_incident_source", "no_incident_source"]);
    assert_eq!(reasons(&live(210..214)), ["value, too_few", "no_data", "no_data", "value, too_few", "value, too_few"]);
    let young = Pool { first_event: Some(At(201 * HOUR)), ..live(210..220) };
    assert_eq!(reasons(&young), ["value, before_data", "no_data", "no_data", "value, before_data", "value, before_data"]);
    assert!(over(&young, 200, 400).metrics.iter().all(|metric| metric.band.is_none()));
}

#[test]
fn the_period_before_is_compared_only_where_it_was_seen_whole() {
    let previous = |first: i64| over(&Pool { first_event: Some(At(first * HOUR)), ..live(10..240) }, 200, 400).metrics[0].previous.clone();
    assert_eq!(previous(0).map(|it| (it.n, it.reason)), Some((190, None)));
    let partial = previous(1).expect("a part of it has data");
    assert_eq!((partial.value.is_some(), partial.n, partial.reason.as_deref()), (true, 190, Some("before_data")));
    let compared = |first: i64| over(&Pool { first_event: Some(At(first * HOUR)), ..live(10..240) }, 200, 400).before.is_some();
    assert!(compared(0) && !compared(1), "told, and compared with nothing");
    assert_eq!(previous(200), None, "nothing of it has data");
}

#[test]
fn many_commits_of_few_deployments_are_too_few_to_judge() {
    let mut pool = live(210..215);
    for deployment in &mut pool.deployments {
        deployment.leads = vec![HOUR, 2 * HOUR];
    }
    let lead = |pool: &Pool| over(pool, 200, 400).metrics[1].clone();
    let few = lead(&pool);
    assert_eq!((few.n, few.value.is_some(), few.interval, few.band.is_none()), (10, true, None, true));
    assert_eq!(few.reason.as_deref(), Some("too_few"));
    pool.deployments.push(Packed { at: 216 * HOUR, leads: vec![HOUR], ..Packed::default() });
    let enough = lead(&pool);
    assert_eq!((enough.reason, enough.interval.is_some()), (None, true));
}

#[test]
fn an_open_failure_has_an_age() {
    let mut pool = Pool { as_of: At(500 * HOUR), ..live(210..230) };
    for (place, recovery) in [(0, PackedRecovery::Open), (3, PackedRecovery::After(HOUR)), (5, PackedRecovery::Open)] {
        (pool.deployments[place].failed, pool.deployments[place].recovery) = (true, recovery);
    }
    let dora = over(&pool, 200, 400);
    assert_eq!(dora.open_ages().map(|secs| secs / 3_600.0).collect::<Vec<_>>(), [290.0, 285.0], "until the instant of asking");
    let detail = super::shown(&dora, 2).detail;
    assert_eq!(detail, "1 recovered failure, 2 still open for 12 days, 12 days");
}

#[test]
fn faster_and_safer_is_not_said_while_recovery_got_worse() {
    use super::compute::Five;
    use super::reading::question;
    use crate::domain::figure::Figure;
    let figure = |value: f64| Figure { value: Some(value), n: 100, interval: Some([value * 0.9, value * 1.1]), ..Figure::default() };
    let five = |frequency, recovery, fail| Five {
        deployment_frequency: figure(frequency),
        change_lead_time: figure(10.0),
        failed_deployment_recovery_time: figure(recovery),
        change_fail_rate: figure(fail),
        deployment_rework_rate: figure(0.1),
    };
    let asked = |recovery: f64| {
        let dora = Dora { now: five(20.0, recovery, 0.1), before: Some(five(5.0, 100.0, 0.5)), ..over(&live(210..220), 200, 400) };
        question(&dora).unwrap_or_default()
    };
    assert!(asked(100.0).starts_with("Delivery got faster and safer together"));
    assert!(asked(900.0).starts_with("Recovery takes longer than before"), "{}", asked(900.0));
}

#[test]
fn rollbacks_are_left_out_of_the_fail_rate_alone() {
    let mut pool = live(210..220);
    pool.deployments[3].failed = true;
    (pool.deployments[4].rollback, pool.deployments[4].rework, pool.deployments[4].failed) = (true, true, true);
    let dora = over(&pool, 200, 400);
    let told = |place: usize| (dora.metrics[place].value, dora.metrics[place].n);
    assert_eq!((told(0).1, told(3), told(4)), (10, (Some(1.0 / 9.0), 9), (Some(0.1), 10)));
}

#[test]
fn an_open_failure_unsettles_the_median_from_above_and_from_below() {
    let unsettled = |hours: &[i64], open_at: i64| {
        let mut pool = live(0..300);
        for (deployment, hours) in pool.deployments[210..].iter_mut().zip(hours) {
            (deployment.failed, deployment.recovery) = (true, PackedRecovery::After(hours * HOUR));
        }
        let open = &mut pool.deployments[usize::try_from(open_at).unwrap()];
        (open.failed, open.recovery) = (true, PackedRecovery::Open);
        let dora = over(&pool, 200, 300);
        assert_eq!(dora.metrics[2].excluded.get("open"), Some(&1));
        let unsettled = dora.now.failed_deployment_recovery_time.unsettled;
        assert_eq!((dora.metrics[2].reason.as_deref(), unsettled), (unsettled.then_some("too_few"), unsettled), "scripts read it too");
        dora.now.failed_deployment_recovery_time.unsettled
    };
    assert!(!unsettled(&[5; 9], 290));
    assert!(unsettled(&[5, 5, 5, 5, 5, 9, 9, 9, 9], 205), "without end");
    assert!(unsettled(&[1, 1, 1, 1, 5, 5, 5, 5, 5], 298), "over two hours after it");
    assert!(!unsettled(&[1, 1, 1, 1, 5, 5, 5, 5, 5], 205), "95 hours old: it can't end sooner");
}
