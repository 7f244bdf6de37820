//! The interval of a proportion: Wilson's score interval.
//!
//! Why Wilson: it never leaves 0 to 1, never collapses to a point at 0 of 20, and over p from .02 to .98 it covers 94.6 to 95.6 % on
//! average for n from 5 to 200, where the textbook "p plus or minus" covers 66 % (n = 5) and 87 % (n = 20). These are exact sums, in the
//! tests. At a single unlucky p near 0 or 1 it may still cover less.

use super::{Z_95, real};

/// The 95 % interval of `successes` in `n`. Of no trials nothing is known: 0 to 1.
pub fn wilson(successes: u64, n: u64) -> [f64; 2] {
    if n == 0 {
        return [0.0, 1.0];
    }
    let successes = successes.min(n);
    let [low, high] = score_interval(real(successes), real(n), Z_95);
    // At the edges they are exact.
    [if successes == 0 { 0.0 } else { low }, if successes == n { 1.0 } else { high }]
}

/// The score interval of `hits` in `trials` (above 0), that reaches `z` standard errors; events of a weight need not be whole.
pub(super) fn score_interval(hits: f64, trials: f64, z: f64) -> [f64; 2] {
    let share = hits / trials;
    let z2 = z * z;
    let centre = (hits + z2 / 2.0) / (trials + z2);
    let half = z / (trials + z2) * (hits * (trials - hits) / trials + z2 / 4.0).sqrt();
    // Rounding alone could put the ends a digit outside.
    [(centre - half).clamp(0.0, share), (centre + half).clamp(share, 1.0)]
}

#[cfg(test)]
mod tests {
    use super::super::oracle;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn agrees_with_scipy() {
        let cases = oracle::cases("wilson");
        assert!(cases.len() >= 15);
        for case in cases {
            let interval = wilson(oracle::count(&case["successes"]), oracle::count(&case["n"]));
            oracle::close_interval(Some(interval), &case["interval"], 1e-12);
        }
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "the edges are exact by promise")]
    fn edges_are_exact() {
        assert_eq!(wilson(0, 0), [0.0, 1.0]);
        assert_eq!(wilson(0, 7)[0], 0.0);
        assert_eq!(wilson(7, 7)[1], 1.0);
        assert_eq!(wilson(9, 7), wilson(7, 7));
    }

    /// The mean coverage over p = .02 to .98, exactly: every outcome weighed by its binomial probability.
    fn coverage(n: u64, interval: impl Fn(u64) -> [f64; 2]) -> f64 {
        let at = |p: f64| {
            let mut weight = (1.0 - p).powf(real(n));
            (0..=n)
                .map(|k| {
                    let [low, high] = interval(k);
                    let counted = if low <= p && p <= high { weight } else { 0.0 };
                    weight *= real(n - k) / real(k + 1) * p / (1.0 - p);
                    counted
                })
                .sum::<f64>()
        };
        (20..=980).map(|thousandths| at(real(thousandths) / 1000.0)).sum::<f64>() / 961.0
    }

    #[test]
    fn covers_ninety_three_percent_on_average() {
        for n in [5, 10, 20, 50, 200] {
            let covered = coverage(n, |k| wilson(k, n));
            println!("n {n}: wilson {covered:.4}");
            assert!(covered >= 0.93, "n {n}: {covered}");
        }
    }

    #[test]
    fn the_textbook_interval_would_fail_that_test() {
        let textbook = |k, n| {
            let p = real(k) / real(n);
            let half = Z_95 * (p * (1.0 - p) / real(n)).sqrt();
            [p - half, p + half]
        };
        for n in [5, 20] {
            let covered = coverage(n, |k| textbook(k, n));
            println!("n {n}: textbook {covered:.4}");
            assert!(covered < 0.9, "n {n}: {covered}");
        }
    }

    proptest! {
        #[test]
        fn holds_the_value_within_bounds(n in 1..2_000_000u64, part in 0.0..=1.0f64) {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0..=n")]
            let k = (part * real(n)).round() as u64;
            let [low, high] = wilson(k, n);
            let share = real(k) / real(n);
            prop_assert!(0.0 <= low && low <= share && share <= high && high <= 1.0 && low < high);
        }
    }
}
