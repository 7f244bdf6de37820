//! By how much one sample lies above another: the shift of Hodges and Lehmann (1963), with Moses' interval.
//!
//! The shift is the median of all differences between a value after and a value before. Its interval lies between two of those
//! differences, by the ranks that the rank sum test leaves. One wild week moves it little, and it is in the unit of the values.
//!
//! The ranks are right for values that do not know of each other. Weeks do: so a caller gives the factor by which the variance of a
//! difference of means is larger than that of independent values (`autocorrelation::inflation`), and the interval widens by its root. Where
//! it would be wider than all differences there is none.
//!
//! Never to be read as what caused the shift.

use super::normal::normal_below;
use super::student::student_90;
use super::{Z_90, quantile, real_len};

/// A value and the 90 % interval that it lies in, where one can be given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// Its 90 % interval; it holds the value.
    pub interval: Option<[f64; 2]>,
}

impl Estimate {
    /// The chance of a value as far on the side of `sign` (1 or -1) where there is nothing: .05 where the interval just reaches 0, and by the
    /// normal distribution from there.
    pub fn chance(&self, sign: f64) -> f64 {
        let Some([low, high]) = self.interval else { return 1.0 };
        let near = if sign > 0.0 { self.value - low } else { high - self.value };
        if self.value * sign <= 0.0 {
            return 1.0;
        }
        if near <= 0.0 {
            return 0.0; // an interval without width, as of weeks that are all the same
        }
        normal_below(-Z_90 * self.value.abs() / near)
    }

    /// Whether the whole interval lies above 0 (for `sign` 1) or below it (for -1); not where there is none.
    pub fn is_clearly(&self, sign: f64) -> bool {
        self.interval.is_some_and(|[low, high]| (low * sign).min(high * sign) > 0.0)
    }

    /// This less another, which knows nothing of it; the interval by MOVER (Zou and Donner 2008).
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        let value = self.value - other.value;
        let interval = self.interval.zip(other.interval).map(|([low, high], [other_low, other_high])| {
            let down = (self.value - low).hypot(other_high - other.value);
            let up = (high - self.value).hypot(other.value - other_low);
            [value - down, value + up]
        });
        Self { value, interval }
    }
}

/// How far `after` lies above `before`; none where either is empty. `inflation`: 1 for independent values.
pub fn hodges_lehmann(before: &[f64], after: &[f64], inflation: f64) -> Option<Estimate> {
    let mut differences: Vec<f64> = after.iter().flat_map(|late| before.iter().map(move |early| late - early)).collect();
    differences.sort_unstable_by(f64::total_cmp);
    let value = quantile(&differences, 0.5)?;
    let (m, n) = (real_len(before.len()), real_len(after.len()));
    let reach = Z_90 * (inflation.max(0.0) * m * n * (m + n + 1.0) / 12.0).sqrt();
    let rank = m * n / 2.0 + 0.5 - reach;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at least 1 and at most half of a length")]
    let interval = (rank >= 1.0).then(|| {
        let rank = rank.floor() as usize;
        [differences[rank - 1], differences[differences.len() - rank]]
    });
    Some(Estimate { value, interval })
}

/// The mean of values that know nothing of each other, with Student's interval; none under two.
pub fn mean_of(values: &[f64]) -> Option<Estimate> {
    let n = real_len(values.len());
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() >= 2).then(|| {
        let half = student_90(values.len() - 1) * (squares / (n - 1.0) / n).sqrt();
        Estimate { value: mean, interval: Some([mean - half, mean + half]) }
    })
}

#[cfg(test)]
mod tests {
    use super::super::oracle::{self, numbers};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shifts_agree_with_numpy() {
        for case in oracle::cases("hodges_lehmann") {
            let shift = hodges_lehmann(&numbers(&case["before"]), &numbers(&case["after"]), 1.0).map(|shift| shift.value);
            oracle::close(shift, &case["value"], 1e-12);
        }
    }

    /// Each difference is its own rank where values are spaced so that no two differences are equal.
    #[test]
    fn the_interval_ends_within_a_rank_of_the_exact_one() {
        let cases = oracle::cases("rank_sum_rank");
        assert!(cases.len() >= 8);
        for case in cases {
            let size = |name: &str| u32::try_from(oracle::count(&case[name])).unwrap();
            let (m, n) = (size("before"), size("after"));
            let before: Vec<f64> = (0..m).map(f64::from).collect();
            let after: Vec<f64> = (0..n).map(|at| f64::from(at * m)).collect();
            let [low, high] = hodges_lehmann(&before, &after, 1.0).unwrap().interval.unwrap();
            let rank = low + f64::from(m); // differences are 1 - m, 2 - m, ...
            let exact = oracle::number(&case["rank"]);
            assert!((rank - exact).abs() <= 1.0, "{m} and {n}: rank {rank}, exact {exact}");
            assert!((high - (f64::from(m * n) - rank - f64::from(m) + 1.0)).abs() < 1e-9, "the same from above");
        }
    }

    #[test]
    fn means_agree_with_scipy() {
        for case in oracle::cases("mean_of") {
            let interval = mean_of(&numbers(&case["values"])).unwrap().interval.unwrap();
            for (ours, recorded) in interval.into_iter().zip(numbers(&case["interval"])) {
                assert!((ours - recorded).abs() < 1e-6, "{case} {interval:?}");
            }
        }
        assert_eq!(mean_of(&[1.0]), None);
    }

    #[test]
    fn nothing_has_no_shift_and_too_wide_an_interval_is_none() {
        assert_eq!(hodges_lehmann(&[], &[1.0], 1.0), None);
        let few = hodges_lehmann(&[1.0, 2.0], &[3.0], 1.0).unwrap();
        assert!((few.value - 1.5).abs() < 1e-12 && few.interval.is_none() && !few.is_clearly(1.0));
        assert!(few.chance(1.0) >= 1.0);
    }

    #[test]
    fn the_chance_is_a_twentieth_where_the_interval_just_reaches_nothing() {
        let at = |interval: [f64; 2]| Estimate { value: 2.0, interval: Some(interval) };
        assert!((at([0.0, 9.0]).chance(1.0) - 0.05).abs() < 1e-12);
        assert!(at([0.1, 9.0]).chance(1.0) < 0.05 && at([-0.1, 9.0]).chance(1.0) > 0.05);
        assert!(at([1.0, 3.0]).chance(-1.0) >= 1.0, "it lies on the other side");
        assert!(at([2.0, 2.0]).chance(1.0) <= 0.0 && at([2.0 - 1e-12, 3.0]).chance(1.0) < 1e-9);
    }

    proptest! {
        #[test]
        fn holds_the_value_widens_and_turns_with_its_sign(
            before in prop::collection::vec(-9.0..9.0f64, 8..20),
            after in prop::collection::vec(-9.0..9.0f64, 4..20),
        ) {
            let plain = hodges_lehmann(&before, &after, 1.0).unwrap();
            let wide = hodges_lehmann(&before, &after, 2.0).unwrap();
            let [low, high] = plain.interval.unwrap();
            prop_assert!(low <= plain.value && plain.value <= high);
            prop_assert!(wide.interval.is_none_or(|ends| ends[0] <= low && high <= ends[1]));
            let back = hodges_lehmann(&after, &before, 1.0).unwrap();
            prop_assert!((back.value + plain.value).abs() < 1e-9 && (back.interval.unwrap()[0] + high).abs() < 1e-9);
        }
    }
}
