//! Percentiles of Student's t distribution: what replaces 1.96 and 1.64 where a spread was estimated from few values.

use super::{Z_90, Z_95, real_len};

/// Degrees of freedom 1 to 12, where the expansion below is not yet good to six digits.
const FEW: [f64; 12] = [
    12.706_204_736,
    4.302_652_730,
    3.182_446_305,
    2.776_445_105,
    2.570_581_836,
    2.446_911_851,
    2.364_624_252,
    2.306_004_135,
    2.262_157_163,
    2.228_138_852,
    2.200_985_160,
    2.178_812_830,
];

/// The same of the 95th percentile.
const FEW_90: [f64; 12] = [
    6.313_751_515,
    2.919_985_580,
    2.353_363_435,
    2.131_846_786,
    2.015_048_373,
    1.943_180_281,
    1.894_578_605,
    1.859_548_038,
    1.833_112_933,
    1.812_461_123,
    1.795_884_819,
    1.782_287_556,
];

/// The 97.5th percentile at this many degrees of freedom; at none, as at one.
pub(super) fn student_95(degrees: usize) -> f64 {
    FEW.get(degrees.saturating_sub(1)).copied().unwrap_or_else(|| expansion(Z_95, degrees))
}

/// The 95th percentile at this many degrees of freedom; at none, as at one.
pub(super) fn student_90(degrees: usize) -> f64 {
    FEW_90.get(degrees.saturating_sub(1)).copied().unwrap_or_else(|| expansion(Z_90, degrees))
}

/// Fisher and Cornish's expansion in 1 / degrees of the percentile that is `z` in a normal distribution.
fn expansion(z: f64, degrees: usize) -> f64 {
    let v = real_len(degrees);
    let g1 = (z.powi(3) + z) / 4.0;
    let g2 = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
    let g3 = (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0;
    let g4 = (79.0 * z.powi(9) + 776.0 * z.powi(7) + 1482.0 * z.powi(5) - 1920.0 * z.powi(3) - 945.0 * z) / 92_160.0;
    z + (g1 + (g2 + (g3 + g4 / v) / v) / v) / v
}

#[cfg(test)]
mod tests {
    use super::super::oracle;
    use super::*;

    #[test]
    fn agrees_with_scipy() {
        let cases = oracle::cases("student_95");
        assert!(cases.len() >= 50);
        for case in cases {
            let degrees = usize::try_from(oracle::count(&case["degrees"])).unwrap();
            oracle::close(Some(student_95(degrees)), &case["value"], 1e-6);
        }
        let cases = oracle::cases("student_90");
        assert!(cases.len() >= 20);
        for case in cases {
            let degrees = usize::try_from(oracle::count(&case["degrees"])).unwrap();
            oracle::close(Some(student_90(degrees)), &case["value"], 1e-6);
        }
    }
}
