//! Two spans compared by what was counted in them: the ratio of two rates of events, and the difference of two shares.
//!
//! The ratio: of all events those after are binomial, and the score interval (Wilson) of their share turns into one of the ratio. The
//! difference is Newcombe's (1998, method 10): both score intervals joined. Both are for events that do not know of each other; `weight`,
//! at least 1, says for how many events one counts, as where weeks are uneven or resemble each other. All intervals are of 90 %.
//!
//! Never to be read as what caused the change.

use super::proportion::score_interval;
use super::{Estimate, Z_90, real};

/// Events and the weeks they were counted in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counted {
    /// How many.
    pub events: u64,
    /// In how many weeks.
    pub weeks: f64,
}

/// The rate after over the rate before; none where there was no event or no time before.
pub fn rate_ratio(before: Counted, after: Counted, weight: f64) -> Option<Estimate> {
    if before.events == 0 || before.weeks <= 0.0 || after.weeks <= 0.0 {
        return None;
    }
    let (early, late) = (real(before.events), real(after.events));
    let exposure = before.weeks / after.weeks;
    let odds = |share: f64| if share < 1.0 { share / (1.0 - share) * exposure } else { f64::INFINITY };
    let interval = score_interval(late / weight, (early + late) / weight, Z_90).map(odds);
    Some(Estimate { value: late / early * exposure, interval: Some(interval) })
}

/// The share after less the share before, each given as hits and trials; none where either had no trial.
pub fn share_difference(before: [u64; 2], after: [u64; 2], weight: f64) -> Option<Estimate> {
    let share = |[hits, trials]: [u64; 2]| {
        let (hits, trials) = (real(hits.min(trials)), real(trials));
        let interval = (trials > 0.0).then(|| score_interval(hits / weight, trials / weight, Z_90))?;
        Some(Estimate { value: hits / trials, interval: Some(interval) })
    };
    Some(share(after)?.less(share(before)?))
}

#[cfg(test)]
mod tests {
    use super::super::oracle::{self, counts, number};
    use super::*;

    fn counted(value: &serde_json::Value) -> Counted {
        let both = counts(value);
        Counted { events: both[0], weeks: real(both[1]) }
    }

    #[test]
    fn ratios_agree_with_scipy() {
        let cases = oracle::cases("rate_ratio");
        assert!(cases.len() >= 4);
        for case in cases {
            let ours = rate_ratio(counted(&case["before"]), counted(&case["after"]), 1.0).unwrap();
            oracle::close(Some(ours.value), &case["ratio"], 1e-12);
            for (end, recorded) in ours.interval.unwrap().into_iter().zip(oracle::numbers(&case["interval"])) {
                assert!((end - recorded).abs() < 1e-9, "{case} {ours:?}");
            }
        }
    }

    #[test]
    fn differences_agree_with_scipy() {
        for case in oracle::cases("share_difference") {
            let pair = |name: &str| -> [u64; 2] { counts(&case[name]).try_into().unwrap() };
            let ours = share_difference(pair("before"), pair("after"), 1.0).unwrap();
            assert!((ours.value - number(&case["difference"])).abs() < 1e-12);
            for (end, recorded) in ours.interval.unwrap().into_iter().zip(oracle::numbers(&case["interval"])) {
                assert!((end - recorded).abs() < 1e-9, "{case} {ours:?}");
            }
        }
    }

    #[test]
    fn nothing_before_has_no_ratio_and_weight_widens() {
        let weeks = |events| Counted { events, weeks: 8.0 };
        assert_eq!(rate_ratio(weeks(0), weeks(5), 1.0), None);
        assert_eq!(share_difference([0, 0], [1, 2], 1.0), None);
        let [plain, wide] = [1.0, 4.0].map(|weight| rate_ratio(weeks(40), weeks(60), weight).unwrap().interval.unwrap());
        assert!(wide[0] < plain[0] && plain[1] < wide[1]);
    }
}
