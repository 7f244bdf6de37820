//! Quantiles by linear interpolation between the two nearest ranks: type 7, as spreadsheets, R and `NumPy` have by default.

use super::{real_len, real_whole};

/// The `p` quantile of values sorted from least to greatest; none of nothing. `p` outside 0 to 1 is its nearest end.
pub fn quantile(sorted: &[f64], p: f64) -> Option<f64> {
    interpolate(sorted.len(), p, |index| sorted[index])
}

/// The same of whole values, such as microseconds.
pub fn quantile_of_whole(sorted: &[i64], p: f64) -> Option<f64> {
    interpolate(sorted.len(), p, |index| real_whole(sorted[index]))
}

/// The 50th percentile of values sorted from least to greatest.
pub fn median(sorted: &[f64]) -> Option<f64> {
    quantile(sorted, 0.5)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the rank is floored and lies within 0..len")]
fn interpolate(len: usize, p: f64, at: impl Fn(usize) -> f64) -> Option<f64> {
    let last = len.checked_sub(1)?;
    let rank = p.clamp(0.0, 1.0) * real_len(last);
    let below = (rank.floor() as usize).min(last);
    let (low, high) = (at(below), at((below + 1).min(last)));
    // Held to `high`, since rounding may carry the sum a digit past it and put two quantiles in the wrong order.
    Some((low + (high - low) * (rank - rank.floor())).min(high))
}

#[cfg(test)]
mod tests {
    use super::super::oracle;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn agrees_with_numpy() {
        let cases = oracle::cases("quantile");
        assert!(cases.len() >= 20);
        for case in cases {
            let sorted = oracle::numbers(&case["sorted"]);
            oracle::close(quantile(&sorted, oracle::number(&case["p"])), &case["value"], 1e-14);
        }
    }

    #[test]
    fn nothing_has_no_quantile_and_one_value_is_all_of_them() {
        assert_eq!(median(&[]), None);
        assert_eq!(quantile_of_whole(&[], 0.75), None);
        assert_eq!([0.0, 0.3, 1.0].map(|p| quantile_of_whole(&[7], p)), [Some(7.0); 3]);
    }

    #[test]
    fn whole_values_do_not_overflow_between_extremes() {
        let far = 1 << 52;
        assert_eq!(quantile_of_whole(&[-far, far], 0.5), Some(0.0));
    }

    proptest! {
        #[test]
        fn quantiles_are_ordered_and_within(mut values in prop::collection::vec(-1e12..1e12f64, 1..60), a in 0.0..=1.0f64, b in 0.0..=1.0f64) {
            values.sort_by(f64::total_cmp);
            let (low, high) = (quantile(&values, a.min(b)).unwrap(), quantile(&values, a.max(b)).unwrap());
            prop_assert!(values[0] <= low && low <= high && high <= values[values.len() - 1]);
        }
    }
}
