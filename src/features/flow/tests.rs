//! The figures of flow, from changes and items in a few words.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use proptest::prelude::*;

use super::compute::{Flow, WorkOf, compute};
use crate::domain::card::Metric;
use crate::domain::derive::change_day::{PackedChange, PackedRun};
use crate::domain::flow::{Firsts, FlowPool, ItemSpan, OpenChange};
use crate::domain::time::{At, HOUR};
use crate::domain::window::Window;

fn at(hours: i64) -> At {
    At(hours * HOUR)
}

fn over(pool: &FlowPool, from: i64, to: i64) -> Flow {
    let window = Window { from: at(from), to: at(to), zone: Tz::UTC, label: String::new() };
    let pool = FlowPool { open_at: Some(at(to)), ..pool.clone() };
    compute(&pool, &window, &BTreeMap::new())
}

fn metric(flow: &Flow, id: &str) -> Metric {
    flow.metrics.iter().find(|metric| metric.id == id).cloned().unwrap_or_else(|| panic!("no {id}"))
}

/// A pool known since hour 0.
fn live() -> FlowPool {
    let first = Firsts { change: Some(at(0)), item: Some(at(0)), run: Some(at(0)) };
    FlowPool { services: 1, first, tracked: true, alive: true, ..FlowPool::default() }
}

/// A change merged at an hour, its stages in hours.
fn merged(hour: i64, stages: [Option<i64>; 4]) -> PackedChange {
    let [coding, pickup, review, deploy] = stages.map(|stage| stage.map(|hours| hours * HOUR));
    let known = [coding, pickup, review, deploy].into_iter().flatten();
    PackedChange {
        at: hour * HOUR,
        key: hour.unsigned_abs(),
        coding,
        pickup,
        review,
        deploy,
        cycle: Some(known.sum()),
        ..PackedChange::default()
    }
}

#[test]
fn a_stage_is_a_median_and_a_missing_one_is_left_out_not_zero() {
    let changes = (1..=9).map(|n| merged(100 + n, [Some(n), Some(2 * n), Some(1), (n > 3).then_some(10)]));
    let flow = over(&FlowPool { merged: changes.collect(), ..live() }, 0, 200);
    let told = |id: &str| (metric(&flow, id).value.map(|secs| secs / 3_600.0), metric(&flow, id).n, metric(&flow, id).reason);
    assert_eq!(told("coding_time"), (Some(5.0), 9, None));
    assert_eq!(told("pickup_time"), (Some(10.0), 9, None));
    assert_eq!(told("review_time"), (Some(1.0), 9, None));
    assert_eq!(told("deploy_time"), (Some(10.0), 6, Some("too_few".into())));
    assert_eq!(metric(&flow, "deploy_time").excluded.get("not_deployed"), Some(&3));
    // Cycles: 4, 7, 10, then 23, 26, 29, 32, 35, 38.
    assert_eq!(told("cycle_time"), (Some(26.0), 9, None));
    assert_eq!(told("batch_size"), (None, 0, Some("no_data".into())));
}

#[test]
fn bots_and_negative_spans_are_counted_and_left_out() {
    let mut changes: Vec<PackedChange> = (0..10).map(|n| merged(100 + n, [Some(2), None, None, None])).collect();
    changes[0].bot = true;
    changes[1].coding = Some(-HOUR);
    let flow = over(&FlowPool { merged: changes, ..live() }, 0, 200);
    let coding = metric(&flow, "coding_time");
    assert_eq!((coding.n, coding.excluded.get("bot"), coding.excluded.get("negative_span")), (8, Some(&1), Some(&1)));
    assert_eq!(metric(&flow, "changes_merged").n, 9);
    assert_eq!(metric(&flow, "pickup_time").excluded.get("unreviewed"), Some(&9));
}

#[test]
fn work_in_progress_is_what_is_begun_and_not_done_at_the_end_of_the_window() {
    let item = |from: Option<i64>, to: Option<i64>| ItemSpan { started_at: from.map(at), done_at: to.map(at) };
    let mut items: Vec<ItemSpan> = (0..10).map(|n| item(Some(10 * n), Some(10 * n + 20))).collect(); // done at 20, 30, ... 110
    items.extend([item(Some(50), None), item(Some(90), None), item(Some(150), None), item(None, Some(60))]);
    let pool = FlowPool { items, ..live() };
    let told = |to: i64| {
        let flow = over(&pool, 0, to);
        (metric(&flow, "wip").value, metric(&flow, "wip_age").value.map(|secs| secs / 3_600.0), metric(&flow, "items_done").n)
    };
    assert_eq!(told(100), (Some(3.0), Some(10.0), 9)); // one begun at 90 and done at 110, those of 50 and 90; an item done at 100 is not in it
    assert_eq!(told(200), (Some(3.0), Some(110.0), 11));
    let flow = over(&pool, 0, 200);
    assert_eq!((flow.work_of, flow.aged), (WorkOf::Items, Some(3)));
    assert_eq!(metric(&flow, "wip_age").percentiles.map(|it| it["85"]), Some(20.0 * 3_600.0));
}

#[test]
fn without_a_tracker_open_changes_are_the_work_in_progress_now() {
    let open = vec![OpenChange { since: at(50), draft: false, reviewed: true }, OpenChange { since: at(80), draft: true, reviewed: false }];
    let pool = FlowPool { open, first: Firsts { change: Some(at(0)), ..Firsts::default() }, tracked: false, ..live() };
    let flow = over(&pool, 0, 100);
    assert_eq!(
        (flow.work_of, metric(&flow, "wip").value, metric(&flow, "wip").previous.and_then(|it| it.value)),
        (WorkOf::Changes, Some(2.0), None)
    );
    assert_eq!(metric(&flow, "wip_age").value, Some(35.0 * 3_600.0));
    assert_eq!(metric(&flow, "items_done").reason.as_deref(), Some("no_data"));
}

#[test]
fn reviews_are_spread_over_three_or_more_or_nothing_is_said() {
    let reviewed = |reviewers: &[&[u64]]| {
        let changes = reviewers
            .iter()
            .enumerate()
            .map(|(n, keys)| PackedChange { reviewers: keys.to_vec(), ..merged(100 + i64::try_from(n).unwrap(), [None; 4]) });
        over(&FlowPool { merged: changes.collect(), ..live() }, 0, 200)
            .reviews
            .map(|it| (it.n, it.reviewers, (it.effective * 100.0).round()))
    };
    assert_eq!(reviewed(&[&[1], &[2], &[1, 2]]), None);
    assert_eq!(reviewed(&[&[1], &[2], &[3]]), Some((3, 3, 300.0)));
    // Shares of 4/6, 1/6 and 1/6: exp(0.8676) = 2.381.
    assert_eq!(reviewed(&[&[1], &[1], &[1, 2], &[1, 3]]), Some((6, 3, 238.0)));
}

#[test]
fn assistance_needs_evidence_and_ci_only_what_passed_or_failed() {
    let mut changes: Vec<PackedChange> = (0..10).map(|n| merged(100 + n, [None; 4])).collect();
    for (n, change) in changes.iter_mut().enumerate() {
        change.ai = [Some(true), Some(false), None][n % 3];
    }
    changes[0].bot = true; // an agent's own change counts as assisted
    let runs = (0..8).map(|n| PackedRun { at: (100 + n) * HOUR, span: Some((n + 1) * HOUR), passed: n % 4 != 0 }).collect();
    let flow = over(&FlowPool { merged: changes, runs, ..live() }, 0, 200);
    let share = metric(&flow, "ai_assisted_share");
    assert_eq!((share.value, share.n, share.excluded.get("unknown_commit")), (Some(4.0 / 7.0), 7, Some(&3)));
    assert_eq!((metric(&flow, "ci_pass_rate").value, flow.ci_secs), (Some(0.75), Some(4.5 * 3_600.0)));
}

#[test]
fn each_figure_without_a_value_says_why() {
    let none = over(&FlowPool::default(), 0, 200);
    assert!(none.metrics.iter().all(|metric| metric.value.is_none() && metric.reason.as_deref() == Some("no_data")), "{:?}", none.metrics);
    let quiet = over(&live(), 100, 200);
    assert_eq!(metric(&quiet, "changes_merged").value, Some(0.0), "a live scope that merged nothing");
    let young = FlowPool {
        merged: (0..9).map(|n| merged(150 + n, [Some(1); 4])).collect(),
        first: Firsts { change: Some(at(150)), ..Firsts::default() },
        ..live()
    };
    assert_eq!(metric(&over(&young, 100, 200), "coding_time").reason.as_deref(), Some("before_data"));
}

prop_compose! {
    fn pool()(
        changes in prop::collection::vec((0..1000_i64, prop::option::of(-5..50_i64), prop::option::of(0..50_i64), any::<bool>()), 0..40),
        items in prop::collection::vec((0..1000_i64, prop::option::of(0..300_i64)), 0..40),
    ) -> FlowPool {
        let mut merged: Vec<PackedChange> = changes.into_iter().enumerate().map(|(n, (hour, coding, deploy, bot))| {
            PackedChange { key: n as u64, bot, ..merged(hour, [coding, None, None, deploy]) }
        }).collect();
        merged.sort_by_key(|change| (change.at, change.key));
        let items = items.into_iter().map(|(from, took)| ItemSpan { started_at: Some(at(from)), done_at: took.map(|took| at(from + took)) }).collect();
        FlowPool { merged, items, ..live() }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn splitting_a_window_adds_up(pool in pool(), from in 0..500_i64, first in 1..500_i64, second in 1..500_i64) {
        let (middle, to) = (from + first, from + first + second);
        let counted = ["coding_time", "changes_merged", "items_done", "deploy_time", "cycle_time"];
        for id in counted {
            let n = |from: i64, to: i64| { let it = metric(&over(&pool, from, to), id); (it.n, it.excluded.values().sum::<u64>()) };
            let (one, two, whole) = (n(from, middle), n(middle, to), n(from, to));
            prop_assert_eq!((one.0 + two.0, one.1 + two.1), whole, "{}", id);
        }
    }

    #[test]
    fn values_stay_in_their_range_and_intervals_hold_them(pool in pool(), from in 0..900_i64, length in 1..300_i64) {
        for metric in over(&pool, from, from + length).metrics {
            let Some(value) = metric.value else { continue };
            prop_assert!(value >= 0.0 && (metric.unit != "fraction" || value <= 1.0), "{}: {}", &metric.id, value);
            if let Some([low, high]) = metric.interval {
                prop_assert!(low <= value + 1e-9 && value <= high + 1e-9, "{}: {} not in {}..{}", &metric.id, value, low, high);
            }
        }
    }
}
