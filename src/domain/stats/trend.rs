//! Whether values rise or fall over weeks, and how fast: Mann and Kendall's test with the variance of Hamed and Rao (1998), and the slope of
//! Theil and Sen.
//!
//! The test counts which of all pairs of weeks rose; the slope is the median of all pairs' slopes. Weeks that resemble each other make runs
//! that look like a trend: with independence assumed, the test is wrong 20 % of the time at a lag-1 autocorrelation of .4. Hamed and Rao
//! multiply its variance by what the autocorrelations of the ranks tell, of those lags at which it is significant. In a dozen weeks hardly any
//! lag is, whatever the truth; so a caller also gives the lag-1 autocorrelation that it believes in, and the greater factor counts. The factor
//! never falls under 1: weeks that alternate are no reason to be surer.
//!
//! Never alone a proof that something holds: a slow wave looks like a trend while it lasts.

use super::normal::normal_below;
use super::{Estimate, Z_90, Z_95, mid_ranks, quantile, real_len};

/// What the test says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// Pairs that rose less pairs that fell.
    pub score: f64,
    /// The variance of that where there is no trend.
    pub variance: f64,
    /// The chance of a score as far from 0 where there is no trend.
    pub chance: f64,
    /// The median slope a week, with its 90 % interval.
    pub slope: Estimate,
}

/// The trend of values in weeks, given as (week, value) in order; none under four. `rho`: what is believed of their lag-1 autocorrelation; 0: only
/// what they tell themselves.
pub fn mann_kendall(weeks: &[(u32, f64)], rho: f64) -> Option<Trend> {
    let values: Vec<f64> = weeks.iter().map(|(_, value)| *value).collect();
    if values.len() < 4 {
        return None;
    }
    let slopes = pair_slopes(weeks);
    let middle = quantile(&slopes, 0.5)?;
    let rise = |(early, late): (f64, f64)| late.partial_cmp(&early).map_or(0.0, |order| f64::from(order as i8));
    let score = pairs(&values).map(rise).sum::<f64>();
    let plain = plain_variance(&values);
    let level: Vec<f64> = weeks.iter().map(|(week, value)| value - f64::from(*week) * middle).collect();
    let bound = Z_95 / real_len(values.len()).sqrt();
    let told = autocorrelations(&mid_ranks(&level)).into_iter().map(|r| if r.abs() > bound { r } else { 0.0 });
    // What AR(1) of this lag-1 autocorrelation has among its ranks.
    let believed = std::iter::successors(Some(rho), |power| Some(power * rho)).map(|r| 6.0 / std::f64::consts::PI * (r / 2.0).asin());
    let factor = factor(values.len(), told).max(factor(values.len(), believed)).max(1.0);
    let variance = plain * factor;
    let z = if variance > 0.0 { (score.abs() - 1.0).max(0.0) / variance.sqrt() } else { 0.0 };
    let interval = slope_interval(&slopes, variance);
    Some(Trend { score, variance, chance: 2.0 * normal_below(-z), slope: Estimate { value: middle, interval } })
}

/// All pairs of an earlier and a later value.
fn pairs(values: &[f64]) -> impl Iterator<Item = (f64, f64)> {
    values.iter().enumerate().flat_map(|(at, early)| values[at + 1..].iter().map(move |late| (*early, *late)))
}

/// The slopes of all pairs, from least to greatest.
fn pair_slopes(weeks: &[(u32, f64)]) -> Vec<f64> {
    let slope = |(early, late): ((u32, f64), (u32, f64))| (late.1 - early.1) / (f64::from(late.0) - f64::from(early.0));
    let mut slopes: Vec<f64> =
        weeks.iter().enumerate().flat_map(|(at, early)| weeks[at + 1..].iter().map(move |late| slope((*early, *late)))).collect();
    slopes.sort_unstable_by(f64::total_cmp);
    slopes
}

/// The variance of the score for independent values, ties counted in.
fn plain_variance(values: &[f64]) -> f64 {
    let of = |n: f64| n * (n - 1.0) * (2.0 * n + 5.0) / 18.0;
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let tied: f64 = sorted.chunk_by(|a, b| a.total_cmp(b).is_eq()).map(|same| of(real_len(same.len()))).sum();
    of(real_len(values.len())) - tied
}

/// The autocorrelations at lags 1, 2, ... up to one less than the length.
fn autocorrelations(values: &[f64]) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / real_len(values.len());
    let rest: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let squares: f64 = rest.iter().map(|value| value * value).sum();
    let together = |lag: usize| rest.iter().zip(&rest[lag..]).map(|(one, other)| one * other).sum::<f64>();
    (1..values.len()).map(|lag| if squares > 0.0 { together(lag) / squares } else { 0.0 }).collect()
}

/// Hamed and Rao's factor from the autocorrelations of ranks at lags 1, 2, ...
fn factor(length: usize, autocorrelations: impl IntoIterator<Item = f64>) -> f64 {
    let n = real_len(length);
    let weigh = |(lag, r): (usize, f64)| {
        let left = n - real_len(lag);
        left * (left - 1.0) * (left - 2.0) * r
    };
    1.0 + 2.0 / (n * (n - 1.0) * (n - 2.0)) * (1..length).zip(autocorrelations).map(weigh).sum::<f64>()
}

/// Sen's interval: the slopes whose ranks lie within the score's spread; none where that is more than all of them.
fn slope_interval(slopes: &[f64], variance: f64) -> Option<[f64; 2]> {
    let pairs = real_len(slopes.len());
    let below = ((pairs - Z_90 * variance.sqrt()) / 2.0).round_ties_even() - 1.0;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at least 0 and under half of a length")]
    (below >= 0.0).then(|| {
        let rank = below as usize;
        [slopes[rank], slopes[slopes.len() - 1 - rank]]
    })
}

#[cfg(test)]
mod tests {
    use super::super::oracle::{self, number, numbers};
    use super::*;

    fn weekly(values: &[f64]) -> Vec<(u32, f64)> {
        (0..).zip(values.iter().copied()).collect()
    }

    #[test]
    fn agrees_with_pymannkendall() {
        let (mut raised, cases) = (0, oracle::cases("mann_kendall"));
        assert!(cases.len() >= 10);
        for case in cases {
            let ours = mann_kendall(&weekly(&numbers(&case["values"])), 0.0).unwrap();
            oracle::close(Some(ours.score), &case["score"], 1e-12);
            assert!((ours.slope.value - number(&case["slope"])).abs() < 1e-12, "{case}");
            // Where its factor is below 1, ours is 1: the plain test.
            let factor = number(&case["factor"]);
            let [variance, chance] = if factor < 1.0 { ["plain", "plain_chance"] } else { ["variance", "chance"] };
            oracle::close(Some(ours.variance), &case[variance], 1e-10);
            assert!((ours.chance - number(&case[chance])).abs() < 1e-10, "{case} {}", ours.chance);
            raised += u32::from(factor > 1.2);
        }
        assert!(raised >= 3, "cases whose variance grows");
    }

    #[test]
    fn slopes_agree_with_scipy() {
        let cases = oracle::cases("theil_sen");
        assert!(cases.len() >= 12);
        for case in cases {
            let weeks = oracle::counts(&case["weeks"]).into_iter().map(|week| u32::try_from(week).unwrap());
            let points: Vec<(u32, f64)> = weeks.zip(numbers(&case["values"])).collect();
            let slopes = pair_slopes(&points);
            let values: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
            let interval = slope_interval(&slopes, plain_variance(&values));
            assert!((quantile(&slopes, 0.5).unwrap() - number(&case["slope"])).abs() < 1e-12);
            for (ours, recorded) in interval.unwrap().into_iter().zip(numbers(&case["interval"])) {
                assert!((ours - recorded).abs() < 1e-12, "{case} {interval:?}");
            }
        }
    }

    #[test]
    fn what_is_believed_of_weeks_makes_a_trend_less_sure() {
        let values = weekly(&[1.0, 2.0, 1.5, 3.0, 2.5, 4.0, 3.5, 5.0, 4.5, 6.0]);
        let chances = [0.0, 0.4, 0.7].map(|rho| mann_kendall(&values, rho).unwrap().chance);
        assert!(chances[0] < chances[1] && chances[1] < chances[2], "{chances:?}");
    }

    #[test]
    fn three_weeks_have_no_trend_and_equal_ones_no_chance_of_any() {
        assert_eq!(mann_kendall(&weekly(&[1.0, 2.0, 3.0]), 0.0), None);
        let flat = mann_kendall(&weekly(&[2.0; 8]), 0.5).unwrap();
        assert!(flat.score.abs() < 1e-12 && flat.chance > 0.99 && flat.slope.value.abs() < 1e-12);
    }
}
