//! How much a week resembles the one before it, and what that does to a comparison of two spans of weeks.
//!
//! Weekly figures of real teams have a lag-1 autocorrelation of .24 to .80. Weeks that resemble each other tell less: under .7 a mean of
//! twelve of them is as sure as one of three independent weeks. Few weeks do not tell their autocorrelation well, and tell it too low. So
//! it is mended for its bias (Kendall 1954) and drawn towards what real series have, as if [`WEIGHT`] weeks of [`USUAL`] were known already.
//!
//! Never to be shown: it is a step on the way to an interval.

use super::{median, real_len};

/// The middle of the autocorrelations of real series.
const USUAL: f64 = 0.5;
/// For how many weeks that counts: what makes its deviation .2, as among real series.
const WEIGHT: f64 = 19.0;
/// Most that is believed.
const MOST: f64 = 0.9;

/// The lag-1 autocorrelation of values that vary about one level in each of some spans.
pub fn weekly_autocorrelation(spans: &[&[f64]]) -> f64 {
    let (mut together, mut squares, mut weeks) = (0.0, 0.0, 0.0);
    for span in spans {
        let rest = about_level(span);
        together += rest.windows(2).map(|pair| pair[0] * pair[1]).sum::<f64>();
        squares += rest.iter().map(|value| value * value).sum::<f64>();
        weeks += real_len(rest.len());
    }
    let levels = real_len(spans.len());
    let told = if squares > 0.0 { together / squares } else { 0.0 };
    // A level taken from the span itself draws the estimate down by (1 + 3 rho) / n for each level, and by rho / n for the pairs missing.
    let mended = if weeks > 8.0 * levels { (told * weeks + levels) / (weeks - 4.0 * levels) } else { USUAL };
    ((mended * weeks + USUAL * WEIGHT) / (weeks + WEIGHT)).clamp(0.0, MOST)
}

/// The values less their level, wild ones held in.
fn about_level(span: &[f64]) -> Vec<f64> {
    let middle = |values: &[f64]| {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        median(&sorted).unwrap_or(0.0)
    };
    let level = middle(span);
    let far: Vec<f64> = span.iter().map(|value| (value - level).abs()).collect();
    let reach = 4.0 * middle(&far);
    let held: Vec<f64> = span.iter().map(|value| if reach > 0.0 { (value - level).clamp(-reach, reach) } else { value - level }).collect();
    let mean = held.iter().sum::<f64>() / real_len(held.len().max(1));
    held.into_iter().map(|value| value - mean).collect()
}

/// How many times the variance of (mean after less mean before) is that of independent weeks, for weeks in a row.
pub fn inflation(before: usize, after: usize, rho: f64) -> f64 {
    let weight = |at: usize| if at < before { -1.0 / real_len(before) } else { 1.0 / real_len(after) };
    let weeks = before + after;
    let (mut correlated, mut independent) = (0.0, 0.0);
    for one in 0..weeks {
        independent += weight(one) * weight(one);
        let mut power = 2.0;
        for other in one + 1..weeks {
            power *= rho;
            correlated += power * weight(one) * weight(other);
        }
    }
    if independent > 0.0 { 1.0 + correlated / independent } else { 1.0 }
}

/// The sum of squares about its own mean that a span of weeks of variance 1 has on average: weeks that resemble each other stay together.
pub fn expected_squares(weeks: usize, rho: f64) -> f64 {
    let n = real_len(weeks);
    let (mut mean, mut power) = (0.0, 1.0);
    for lag in 0..weeks {
        mean += if lag == 0 { n } else { 2.0 * (n - real_len(lag)) } * power;
        power *= rho;
    }
    if weeks > 0 { n - mean / n } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::super::{SplitMix64, oracle};
    use super::*;

    fn length(value: &serde_json::Value) -> usize {
        usize::try_from(oracle::count(value)).unwrap()
    }

    #[test]
    fn inflation_agrees_with_numpy() {
        for case in oracle::cases("inflation") {
            let ours = inflation(length(&case["before"]), length(&case["after"]), oracle::number(&case["rho"]));
            oracle::close(Some(ours), &case["value"], 1e-12);
        }
    }

    #[test]
    fn expected_squares_agree_with_numpy() {
        for case in oracle::cases("expected_squares") {
            let (ours, recorded) = (expected_squares(length(&case["weeks"]), oracle::number(&case["rho"])), oracle::number(&case["value"]));
            assert!((ours - recorded).abs() < 1e-10, "{case} {ours}");
        }
    }

    /// The mean estimate over 400 series of two spans.
    fn mean_estimate(rho: f64, spans: [usize; 2]) -> f64 {
        let mut random = SplitMix64::new(3);
        let mut sum = 0.0;
        for _ in 0..400 {
            let mut value = random.normal();
            let mut next = || {
                value = rho * value + (1.0 - rho * rho).sqrt() * random.normal();
                value
            };
            let [before, after] = spans.map(|weeks| (0..weeks).map(|_| next()).collect::<Vec<f64>>());
            sum += weekly_autocorrelation(&[&before, &after]);
        }
        sum / 400.0
    }

    #[test]
    fn is_drawn_towards_the_usual_and_less_so_by_many_weeks() {
        for (rho, few, many) in [(0.0, 0.1..0.35, 0.0..0.2), (0.5, 0.4..0.6, 0.42..0.58), (0.8, 0.5..0.75, 0.65..0.85)] {
            let [short, long] = [[13, 6], [80, 60]].map(|spans| mean_estimate(rho, spans));
            assert!(few.contains(&short) && many.contains(&long), "{rho}: {short} {long}");
        }
    }

    #[test]
    fn too_few_or_all_the_same_is_the_usual() {
        assert!((weekly_autocorrelation(&[&[1.0, 5.0], &[2.0]]) - USUAL).abs() < 1e-12);
        let flat = weekly_autocorrelation(&[&[7.0; 30], &[7.0; 20]]);
        assert!((0.0..USUAL).contains(&flat), "{flat}");
    }
}
