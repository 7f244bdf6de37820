//! Single items: in what time 85 % are done, and which of those in work are older than that.
//!
//! A service level expectation is a sentence about the past said as a promise: "85 % of items take up to 6 working days". The age of an
//! item in work is compared with finished ones that reached the same stage, since one that is already in review has most behind it. Never
//! to compare people: the ages are of items, and no one's name belongs beside them.

use super::super::stats::quantile_of_whole;
use super::PROMISES;

/// Fewest finished items that say something.
pub const FEWEST: usize = 10;

/// What finished items took, in microseconds of working time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ServiceLevel {
    /// P50, P85, P95.
    pub within: [f64; 3],
    /// How many items it rests on.
    pub n: usize,
}

/// How old an item is among those that were finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Age {
    /// Not older than the median.
    Usual,
    /// Older than half of them were when they were done.
    OlderThanHalf,
    /// Older than 85 %: the expectation is missed.
    OlderThanExpected,
    /// Older than 95 %.
    OlderThanAlmostAll,
}

impl ServiceLevel {
    /// Of the cycle times of finished items, those that reached the stage in question; negative ones are clock errors and left out. None
    /// under [`FEWEST`].
    pub fn learn(cycle_times: &[i64]) -> Result<Self, TooFew> {
        let mut sorted: Vec<i64> = cycle_times.iter().copied().filter(|time| *time >= 0).collect();
        sorted.sort_unstable();
        let n = sorted.len();
        let too_few = TooFew { have: n, need: FEWEST };
        if n < FEWEST {
            return Err(too_few);
        }
        let [median, likely, almost] = PROMISES.map(|p| quantile_of_whole(&sorted, p));
        median.zip(likely).zip(almost).map(|((median, likely), almost)| Self { within: [median, likely, almost], n }).ok_or(too_few)
    }

    /// The expectation: the time within which 85 % are done.
    pub fn expectation(&self) -> f64 {
        self.within[1]
    }

    /// How old that is.
    #[allow(clippy::cast_precision_loss, reason = "2^53 microseconds are 285 years")]
    pub fn age(&self, age: i64) -> Age {
        let age = age as f64;
        match self.within.map(|within| age > within) {
            [_, _, true] => Age::OlderThanAlmostAll,
            [_, true, _] => Age::OlderThanExpected,
            [true, ..] => Age::OlderThanHalf,
            _ => Age::Usual,
        }
    }
}

/// Too few finished items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not enough history: have {have} finished items, need {need}")]
pub struct TooFew {
    /// How many there are.
    pub have: usize,
    /// How many it takes.
    pub need: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(cycle_times: &[i64], age: i64, expect: Result<(f64, Age), &str>) {
        let ours = ServiceLevel::learn(cycle_times).map(|level| (level.expectation(), level.age(age))).map_err(|few| few.to_string());
        match (ours, expect) {
            (Ok((time, age)), Ok((expected, expected_age))) => {
                assert!((time - expected).abs() < 1e-9, "{time}");
                assert_eq!(age, expected_age);
            }
            (ours, expect) => assert_eq!(ours, expect.map_err(str::to_string)),
        }
    }

    #[test]
    fn ages_stand_against_what_finished_items_took() {
        let times = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110]; // P50 60, P85 95, P95 105
        check(&times, 60, Ok((95.0, Age::Usual)));
        check(&times, 61, Ok((95.0, Age::OlderThanHalf)));
        check(&times, 96, Ok((95.0, Age::OlderThanExpected)));
        check(&times, 106, Ok((95.0, Age::OlderThanAlmostAll)));
        check(&[5; 10], 5, Ok((5.0, Age::Usual)));
    }

    #[test]
    fn too_few_and_clock_errors_are_no_history() {
        check(&[], 1, Err("not enough history: have 0 finished items, need 10"));
        check(&[7; 9], 1, Err("not enough history: have 9 finished items, need 10"));
        check(&[7, 7, 7, 7, 7, 7, 7, 7, 7, -86_400], 1, Err("not enough history: have 9 finished items, need 10"));
    }

    proptest! {
        #[test]
        fn levels_are_ordered_and_an_older_item_is_never_younger(times in prop::collection::vec(0..1_000_000_i64, 10..60), a in 0..1_200_000_i64, b in 0..1_200_000_i64) {
            let level = ServiceLevel::learn(&times).unwrap();
            prop_assert!(level.within.is_sorted());
            prop_assert!(level.age(a.min(b)) <= level.age(a.max(b)));
        }
    }
}
