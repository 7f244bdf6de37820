//! The statistics behind the figures: quantiles, proportions, rates, medians, each with a 95 % interval; and what tells whether weeks changed:
//! shifts, ratios, trends, each with one of 90 %, and permutations of weeks.
//!
//! Pure and deterministic: the same rows give the same digits on any machine and with any version of any crate, so that a receipt can be
//! recomputed. Why our own few hundred lines and not a crate: a crate's update could move a figure that somebody has already been shown.
//! The scripts in `tests/statistics` record what `SciPy`, `NumPy` and `pymannkendall` give for the same questions; the tests here compare with
//! their output.
//!
//! An interval is `[low, high]` in the unit of the value, always holds the value, and is none where it would be a guess.

mod autocorrelation;
mod bootstrap;
mod false_discovery;
mod gamma;
mod median;
mod normal;
mod permutation;
mod proportion;
mod quantile;
mod random;
mod rate;
mod ratings;
mod shift;
mod student;
mod trend;
mod two_rates;

#[cfg(test)]
mod oracle;

pub use autocorrelation::{expected_squares, inflation, weekly_autocorrelation};
pub use bootstrap::{FEWEST as FEWEST_CLUSTERS, cluster_bootstrap_median};
pub use false_discovery::benjamini_hochberg;
pub use median::median_interval;
pub use normal::truncated_normal_below;
pub use permutation::{block_permutation, mid_ranks};
pub use proportion::wilson;
pub use quantile::{median, quantile, quantile_of_whole};
pub use random::SplitMix64;
pub use rate::{poisson_weekly, weekly_dispersion};
pub use ratings::{Ratings, answers, cliffs_delta, holm, mean_interval, mean_rating, same_mean, wilson_finite};
pub use shift::{Estimate, hodges_lehmann, mean_of};
pub use trend::{Trend, mann_kendall};
pub use two_rates::{Counted, rate_ratio, share_difference};

/// The 97.5th percentile of the standard normal distribution: half of what a 95 % interval leaves out lies above it.
pub const Z_95: f64 = 1.959_963_984_540_054;

/// The 95th percentile: half of what a 90 % interval leaves out lies above it.
pub const Z_90: f64 = 1.644_853_626_951_472_2;

/// A count as a real number.
#[allow(clippy::cast_precision_loss, reason = "counts of rows are far below 2^53, so nothing is lost")]
fn real(count: u64) -> f64 {
    count as f64
}

/// A length as a real number.
#[allow(clippy::cast_precision_loss, reason = "lengths in memory are far below 2^53, so nothing is lost")]
fn real_len(len: usize) -> f64 {
    len as f64
}

/// A whole value (microseconds) as a real number.
#[allow(clippy::cast_precision_loss, reason = "2^53 microseconds are 285 years")]
fn real_whole(value: i64) -> f64 {
    value as f64
}
