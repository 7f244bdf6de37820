//! The interval of a median of independent values, from the binomial distribution of ranks.
//!
//! Between the values of ranks r and n+1-r, r being the largest with P(Bin(n, 1/2) < r) at most .025: at least 95 % whatever the values'
//! distribution, with nothing estimated. Under n = 6 even the least and the greatest value hold the median too seldom: none.

use super::{real_len, real_whole};

/// Half of what a 95 % interval leaves out.
const TAIL: f64 = 0.025;

/// The 95 % interval of the median of values sorted from least to greatest.
pub fn median_interval(sorted: &[i64]) -> Option<[f64; 2]> {
    let rank = lower_rank(sorted.len())?;
    Some([real_whole(sorted[rank - 1]), real_whole(sorted[sorted.len() - rank])])
}

/// The largest r, from 1, with P(Bin(n, 1/2) < r) <= .025.
///
/// Works with the probabilities relative to the greatest, outwards from the middle until they no longer count: no factorial and no 2^-n,
/// so neither overflow nor underflow at any n, in about 9 sqrt(n) steps.
fn lower_rank(n: usize) -> Option<usize> {
    let middle = n / 2;
    let mut relative = Vec::new();
    let mut weight = 1.0_f64;
    let mut outcome = middle;
    while weight > 1e-20 {
        relative.push(weight);
        if outcome == 0 {
            break;
        }
        weight *= real_len(outcome) / real_len(n - outcome + 1);
        outcome -= 1;
    }
    // For an odd n the two middle outcomes are equally likely, so that the lower half is exactly one half of all.
    let lower_half: f64 = relative.iter().sum();
    let total = if n.is_multiple_of(2) { 2.0 * lower_half - 1.0 } else { 2.0 * lower_half };
    let mut below = 0.0;
    let mut rank = middle + 1 - relative.len();
    for weight in relative.iter().rev() {
        below += weight / total;
        if below > TAIL {
            break;
        }
        rank += 1;
    }
    (rank > 0).then_some(rank)
}

#[cfg(test)]
mod tests {
    use super::super::{oracle, quantile_of_whole};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranks_agree_with_scipy() {
        let cases = oracle::cases("median_rank");
        assert!(cases.len() >= 200);
        for case in cases {
            let n = usize::try_from(oracle::count(&case["n"])).unwrap();
            let rank = lower_rank(n).map(|rank| rank as u64);
            assert_eq!(rank, case["rank"].as_u64(), "n {n}");
        }
    }

    #[test]
    fn five_values_are_too_few_and_six_give_their_range() {
        assert_eq!(median_interval(&[]), None);
        assert_eq!(median_interval(&[1, 2, 3, 4, 5]), None);
        assert_eq!(median_interval(&[1, 2, 3, 4, 5, 9]), Some([1.0, 9.0]));
    }

    proptest! {
        #[test]
        fn holds_the_median(mut values in prop::collection::vec(-1_000_000..1_000_000i64, 6..80)) {
            values.sort_unstable();
            let [low, high] = median_interval(&values).unwrap();
            let middle = quantile_of_whole(&values, 0.5).unwrap();
            prop_assert!(low <= middle && middle <= high);
        }
    }
}
