//! How good forecasts were: whether promises held, how far counts were off, and whether "late" was known beforehand.
//!
//! Coverage alone is won by a forecast that promises nothing, so it stands beside two scores that only the true distribution minimises:
//! pinball of a quantile, and the continuous ranked probability score (CRPS), which is the pinball of all quantiles and for a single number
//! the absolute error. Both are in items; over the mean count they compare teams' forecasts, never teams.

use super::super::stats;
use super::{real, whole};

/// How often promises held.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coverage {
    /// Promises that held.
    pub held: u32,
    /// Promises made.
    pub of: u32,
    /// 95 % (Wilson) of the share. Forecasts that overlap count as one.
    pub interval: [f64; 2],
}

impl Coverage {
    /// Of each promise whether it held; `overlap` is how many in a row look at the same weeks.
    pub fn of(held: impl IntoIterator<Item = bool>, overlap: u32) -> Self {
        let (mut kept, mut all) = (0_u32, 0_u32);
        for held in held {
            kept += u32::from(held);
            all += 1;
        }
        let apart = if all == 0 { 0 } else { (all / overlap.max(1)).max(1) };
        let kept_apart = whole((f64::from(kept) / f64::from(all.max(1)) * f64::from(apart)).round());
        Self { held: kept, of: all, interval: stats::wilson(u64::from(kept_apart), u64::from(apart)) }
    }

    /// The share that held; none of none.
    pub fn share(&self) -> Option<f64> {
        (self.of > 0).then(|| f64::from(self.held) / f64::from(self.of))
    }
}

/// The pinball loss of a quantile for what came; its mean over many is least for the true quantile.
pub fn pinball(actual: u32, quantile: f64, p: f64) -> f64 {
    let off = f64::from(actual) - quantile;
    if off < 0.0 { (p - 1.0) * off } else { p * off }
}

/// The CRPS of the chances of each count from 0 up, for what came.
pub fn crps(chances: &[f64], actual: u32) -> f64 {
    let actual = actual as usize;
    let mut below = 0.0;
    let within: f64 = chances
        .iter()
        .enumerate()
        .map(|(count, chance)| {
            below += chance;
            let reached = if count >= actual { 1.0 } else { 0.0 };
            (below - reached).powi(2)
        })
        .sum();
    // Above the greatest count everything is below.
    within + real(actual.saturating_sub(chances.len()))
}

/// The CRPS of a single number: how far off it was.
pub fn crps_of_number(number: f64, actual: u32) -> f64 {
    (number - f64::from(actual)).abs()
}

/// How good chances of an event were.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Brier {
    /// The mean squared distance from 0 or 1: 0 is perfect.
    pub score: f64,
    /// How much of the distance of "as often as ever" is gone: 1 is perfect, 0 is no skill. None where the event always or never came.
    pub skill: Option<f64>,
}

/// Of chances and whether the event came; none of none.
pub fn brier(events: &[(f64, bool)]) -> Option<Brier> {
    let outcome = |came: bool| if came { 1.0 } else { 0.0 };
    let mean = |of: &dyn Fn(f64, bool) -> f64| events.iter().map(|(chance, came)| of(*chance, *came)).sum::<f64>() / real(events.len());
    if events.is_empty() {
        return None;
    }
    let usual = mean(&|_, came| outcome(came));
    let score = mean(&|chance, came| (chance - outcome(came)).powi(2));
    let unskilled = usual * (1.0 - usual);
    Some(Brier { score, skill: (unskilled > 0.0).then(|| 1.0 - score / unskilled) })
}

#[cfg(test)]
mod tests {
    use super::super::oracle;
    use super::*;

    fn close(ours: f64, recorded: f64) {
        assert!((ours - recorded).abs() < 1e-12 * recorded.abs().max(1.0), "{ours} {recorded}");
    }

    #[test]
    fn agrees_with_the_definitions_written_out_in_python() {
        let cases = oracle::cases("crps");
        assert!(cases.len() >= 4);
        for case in cases {
            close(crps(&oracle::numbers(&case["chances"]), oracle::count(&case["actual"])), oracle::number(&case["value"]));
        }
        for case in oracle::cases("pinball") {
            let ours = pinball(oracle::count(&case["actual"]), f64::from(oracle::count(&case["quantile"])), oracle::number(&case["p"]));
            close(ours, oracle::number(&case["value"]));
        }
        for case in oracle::cases("brier") {
            let came = case["came"].as_array().unwrap().iter().map(|came| came.as_bool().unwrap());
            let events: Vec<(f64, bool)> = oracle::numbers(&case["chances"]).into_iter().zip(came).collect();
            let ours = brier(&events).unwrap();
            close(ours.score, oracle::number(&case["score"]));
            close(ours.skill.unwrap(), oracle::number(&case["skill"]));
        }
    }

    fn check(held: u32, of: u32, overlap: u32, share: Option<f64>, interval: [f64; 2]) {
        let coverage = Coverage::of((0..of).map(|at| at < held), overlap);
        assert_eq!((coverage.held, coverage.of, coverage.share()), (held, of, share));
        assert!((0..2).all(|end| (coverage.interval[end] - interval[end]).abs() < 1e-3), "{coverage:?}");
    }

    #[test]
    fn forecasts_that_overlap_count_as_one() {
        check(0, 0, 4, None, [0.0, 1.0]);
        check(34, 41, 1, Some(34.0 / 41.0), [0.687, 0.915]);
        check(136, 164, 4, Some(136.0 / 164.0), [0.687, 0.915]);
        check(3, 3, 13, Some(1.0), [0.207, 1.0]);
        check(1, 3, 13, Some(1.0 / 3.0), [0.0, 0.793]);
    }

    #[test]
    fn a_sure_number_is_scored_by_its_distance() {
        close(crps(&[0.0, 0.0, 1.0], 9), 7.0);
        close(crps(&[0.0, 0.0, 1.0], 2), 0.0);
        close(crps(&[1.0], 3), 3.0);
        close(crps_of_number(2.5, 9), 6.5);
        assert_eq!(brier(&[]), None);
        assert_eq!(brier(&[(0.2, true)]).unwrap().skill, None);
    }
}
