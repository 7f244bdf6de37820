//! The two simple forecasts that ours must beat to be worth anything: the plain bootstrap that forecasting tools use, and an average.
//!
//! Both of the last [`WEEKS`] weeks with equal weight, as published. Never improved: a baseline that is tuned is none.

use super::super::real;

/// How many past weeks they read.
pub const WEEKS: usize = 12;

/// The plain bootstrap: each coming week is any of the past ones, drawn with replacement; the exact chances of their sum.
pub fn plain_bootstrap(finished: &[u32], weeks: u32) -> Vec<f64> {
    let read = &finished[finished.len().saturating_sub(WEEKS)..];
    let most = read.iter().max().map_or(0, |most| *most as usize);
    let mut chances = vec![1.0];
    for _ in 0..weeks {
        let mut longer = vec![0.0; chances.len() + most];
        for count in read {
            for (to, from) in longer[*count as usize..].iter_mut().zip(&chances) {
                *to += from / real(read.len());
            }
        }
        chances = longer;
    }
    chances
}

/// The mean of past weeks, times the weeks to come.
pub fn average(finished: &[u32], weeks: u32) -> f64 {
    let read = &finished[finished.len().saturating_sub(WEEKS)..];
    read.iter().map(|count| f64::from(*count)).sum::<f64>() / real(read.len().max(1)) * f64::from(weeks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(finished: &[u32], weeks: u32, chances: &[f64], mean: f64) {
        let ours = plain_bootstrap(finished, weeks);
        assert_eq!(ours.len(), chances.len());
        assert!(ours.iter().zip(chances).all(|(ours, expect)| (ours - expect).abs() < 1e-12), "{ours:?}");
        assert!((average(finished, weeks) - mean).abs() < 1e-12);
    }

    #[test]
    fn coins_fall_as_coins_do() {
        check(&[0, 1], 2, &[0.25, 0.5, 0.25], 1.0);
        check(&[0, 2, 2, 2], 1, &[0.25, 0.0, 0.75], 1.5);
        check(&[3], 2, &[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0], 6.0);
        check(&[9, 9, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], 1, &[0.0, 1.0], 1.0);
    }
}
