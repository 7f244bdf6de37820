//! What must hold for every pool and every window.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use proptest::prelude::*;

use super::compute::{Dora, compute};
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
