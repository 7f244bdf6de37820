//! Several questions asked at once: Benjamini and Hochberg's adjustment (1995).
//!
//! Who watches ten metrics sees one of them move by chance. Adjusted chances up to .05 hold at most 5 % false ones among those called. Holm's, which
//! lets no false one through at all, is for surveys; here it would cost the power that a few weeks leave.

use super::real_len;

/// The chances adjusted, in the order given.
pub fn benjamini_hochberg(chances: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..chances.len()).collect();
    order.sort_by(|a, b| chances[*b].total_cmp(&chances[*a]));
    let (mut adjusted, mut lowest) = (vec![1.0; chances.len()], 1.0_f64);
    for (from_top, at) in order.into_iter().enumerate() {
        let rank = real_len(chances.len() - from_top);
        lowest = lowest.min(chances[at] * real_len(chances.len()) / rank);
        adjusted[at] = lowest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::super::oracle::{self, numbers};
    use super::*;

    #[test]
    fn agrees_with_scipy() {
        let cases = oracle::cases("benjamini_hochberg");
        assert!(cases.len() >= 5);
        for case in cases {
            for (ours, recorded) in benjamini_hochberg(&numbers(&case["chances"])).into_iter().zip(case["adjusted"].as_array().unwrap()) {
                oracle::close(Some(ours), recorded, 1e-12);
            }
        }
        assert!(benjamini_hochberg(&[]).is_empty());
    }
}
