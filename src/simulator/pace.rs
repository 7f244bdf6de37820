//! [`pace`]: how each service's work flows, and where it changes: the effects that the sample is made to show.

use super::cast::{DECLINED_DAYS_AGO, IMPROVED_DAYS_AGO, LABS_DAYS_AGO};

/// How a service's work flows. Spans are medians in working hours, except `recovery`, which runs by the clock.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Changes in a usual week.
    pub changes: f64,
    pub coding: f64,
    pub pickup: f64,
    pub review: f64,
    pub cadence: Cadence,
    /// Commits of a change, mean.
    pub commits: f64,
    /// Lines added by a change, median.
    pub lines: f64,
    /// Share of the deployments that fail.
    pub fails: f64,
    /// Hours from a failed deployment to recovery.
    pub recovery: f64,
}

/// When merged work is deployed.
#[derive(Debug, Clone, Copy)]
pub enum Cadence {
    /// After that many working hours, with all that was merged meanwhile.
    After(f64),
    /// Every second week, with what was merged by some working hours before.
    Train(f64),
    /// On these days before now.
    Days(&'static [u64]),
}

/// Mean changes a week by bots, per service.
pub const BOT_CHANGES: f64 = 0.55;

/// The deviation of the logarithm of a team's weekly rate, and how much of it stays from week to week. With some ten to
/// twenty events a week they give counts a variance of three to nine times the mean and a lag-1 autocorrelation between
/// .24 and .80, as the real series have that `run-phase.md` measured.
pub const RATE_SIGMA: f64 = 0.62;
/// See [`RATE_SIGMA`].
pub const RATE_PERSISTENCE: f64 = 0.75;

/// The pace of a service so many days ago.
pub fn pace(service: &str, days_ago: f64) -> Pace {
    let since = |days: u64| days_ago <= f64::from(u32::try_from(days).unwrap_or(u32::MAX));
    let improved = since(IMPROVED_DAYS_AGO);
    let declined = since(DECLINED_DAYS_AGO);
    let payments = if improved {
        Pace { coding: 5.5, pickup: 3.4, review: 4.4, cadence: Cadence::After(5.8), commits: 2.2, lines: 45.0, fails: 0.08, ..usual(9.5) }
    } else {
        Pace { coding: 9.0, pickup: 7.0, review: 7.0, cadence: Cadence::After(20.0), commits: 3.6, lines: 110.0, fails: 0.12, ..usual(7.5) }
    };
    let search = Pace { cadence: Cadence::After(9.0), commits: 3.0, ..usual(7.5) };
    let search = if declined { Pace { fails: 0.24, recovery: 13.0, ..search } } else { Pace { fails: 0.085, recovery: 4.5, ..search } };
    let platform = Pace {
        coding: 1.2,
        pickup: 0.4,
        review: 0.5,
        cadence: Cadence::After(0.6),
        commits: 2.2,
        lines: 40.0,
        fails: 0.042,
        recovery: 0.6,
        ..usual(9.5)
    };
    match service {
        "payments-api" => payments,
        "ledger" => Pace { changes: payments.changes * 0.7, ..payments },
        "cart" => Pace { changes: 6.0, ..usual(6.0) },
        "notifications" => Pace { changes: 4.0, fails: 0.06, ..usual(4.0) },
        "search-api" => search,
        "search-indexer" => Pace { changes: search.changes * 0.7, ..search },
        "identity" => platform,
        "gateway" => Pace { changes: 10.5, ..platform },
        "mobile-app" => Pace {
            coding: 12.0,
            pickup: 8.0,
            review: 9.0,
            cadence: Cadence::Train(30.0),
            commits: 3.2,
            lines: 140.0,
            fails: 0.2,
            recovery: 30.0,
            ..usual(13.0)
        },
        "assistant" => Pace { cadence: Cadence::Days(&[25, 14, 6]), fails: 0.0, ..usual(if since(LABS_DAYS_AGO) { 6.0 } else { 0.0 }) },
        _ => usual(8.5),
    }
}

/// Checkout's pace, from which the others differ.
fn usual(changes: f64) -> Pace {
    Pace {
        changes,
        coding: 5.0,
        pickup: 4.0,
        review: 4.5,
        cadence: Cadence::After(14.0),
        commits: 3.0,
        lines: 70.0,
        fails: 0.1,
        recovery: 3.5,
    }
}
