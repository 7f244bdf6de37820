//! The normal distribution: how much of it lies below a value, whole or cut off at two ends.

use super::gamma::{normal_tail, within_gamma};

/// The probability that a standard normal variable is below `z`.
pub(super) fn normal_below(z: f64) -> f64 {
    // z squared over 2 is a gamma variable of shape 1/2; far out, the tail alone keeps its digits.
    let beyond = if z.abs() < 1.8 { 0.5 - 0.5 * within_gamma(0.5, z * z / 2.0) } else { normal_tail(z.abs()) };
    if z > 0.0 { 1.0 - beyond } else { beyond }
}

/// The probability that a normal variable of this mean and deviation (above 0), known to lie within `ends`, is below `x`.
pub fn truncated_normal_below(x: f64, mean: f64, deviation: f64, ends: [f64; 2]) -> f64 {
    let below = |at: f64| normal_below((at - mean) / deviation);
    let [low, high] = ends.map(below);
    ((below(x.clamp(ends[0], ends[1])) - low) / (high - low)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::super::oracle::{self, number};
    use super::*;

    #[test]
    fn agrees_with_scipy() {
        let cases = oracle::cases("normal_below");
        assert!(cases.len() >= 10);
        for case in cases {
            oracle::close(Some(normal_below(number(&case["z"]))), &case["value"], 1e-12);
        }
    }

    #[test]
    fn cut_off_agrees_with_scipy() {
        let cases = oracle::cases("truncated_normal_below");
        assert!(cases.len() >= 20);
        for case in cases {
            let ours = truncated_normal_below(number(&case["x"]), number(&case["mean"]), number(&case["deviation"]), [0.0, 10.0]);
            oracle::close(Some(ours), &case["value"], 1e-11);
        }
    }

    #[test]
    fn all_of_it_lies_between_the_ends() {
        let below = |x| truncated_normal_below(x, 1.9, 2.1, [0.0, 10.0]);
        assert!(below(-1.0).abs() + below(0.0).abs() < 1e-15 && (below(10.0) - 1.0).abs() + (below(11.0) - 1.0).abs() < 1e-15);
    }
}
