//! The placebo study: starts that nobody declared, at every past week of stored series, and how often the verdict is *taking hold* there.
//!
//! On the series as it is each of those is false, unless the level really moved just then; with a shift planted at the start each one
//! missed is a miss. Neighbouring starts share nearly all of their weeks, so that the interval counts only starts whose weeks after do not
//! overlap: as many as fit. Never to be used as proof that a declared improvement is false: it tells of the method.

use super::judge::{FEWEST_AFTER, FEWEST_BEFORE, MOST_BEFORE, Verdict, Wanted, Watched, judge};
use super::weekly::Weekly;
use crate::domain::stats::wilson;

/// How far a planted shift is, in standard deviations of the weeks before.
const PLANTED: f64 = 2.0;

/// How the study looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Fewest weeks before a start.
    pub before: usize,
    /// Weeks after it.
    pub after: usize,
    /// Which way the figure should move.
    pub wanted: Wanted,
}

/// How often it was said, of all starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Said {
    /// Starts that were called *taking hold*.
    pub holds: u64,
    /// All starts.
    pub starts: u64,
    /// Starts whose weeks after do not overlap.
    pub independent: u64,
    /// The share of `holds` in `starts` with the 95 % interval that so many independent ones give; 0 to 1 where there is none.
    pub interval: [f64; 2],
}

/// What a study found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placebo {
    /// On the weeks as they were.
    pub unchanged: Said,
    /// With a shift of two standard deviations in the wanted direction from the start on.
    pub planted: Said,
}

/// Pretends a start at every week of each series that has enough weeks before and after.
pub fn placebo(series: &[Weekly], look: Look, seed: u64) -> Placebo {
    let look = Look { before: look.before.clamp(FEWEST_BEFORE, MOST_BEFORE), after: look.after.max(FEWEST_AFTER), ..look };
    let (mut unchanged, mut planted, mut starts, mut independent) = (0, 0, 0, 0);
    for weeks in series {
        let places = (weeks.len() + 1).saturating_sub(look.before + look.after);
        independent += places.div_ceil(look.after) as u64;
        for place in 0..places {
            let start = look.before + place;
            let (before, after) = (weeks.first(start).last(MOST_BEFORE), weeks.first(start + look.after).last(look.after));
            let shifted = shifted(&before, &after, look.wanted);
            let holds = |after: Weekly| {
                let watched = Watched { before: before.clone(), after, wanted: look.wanted, others: Vec::new() };
                let found = judge(&[watched], seed.wrapping_add(start as u64));
                u64::from(found.first().is_some_and(|finding| finding.verdict == Verdict::TakingHold))
            };
            starts += 1;
            unchanged += holds(after);
            planted += holds(shifted);
        }
    }
    let said = |holds| Said { holds, starts, independent, interval: interval(holds, starts, independent) };
    Placebo { unchanged: said(unchanged), planted: said(planted) }
}

/// The interval of a share of all starts, as if only the independent ones had been looked at.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a share of a count is within it")]
fn interval(holds: u64, starts: u64, independent: u64) -> [f64; 2] {
    if starts == 0 {
        return wilson(0, 0);
    }
    wilson((holds as f64 / starts as f64 * independent as f64).round() as u64, independent)
}

/// The weeks after, moved by two standard deviations of the weeks before; never below nothing, nor a share above all.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "counts of weeks are small and not below 0"
)]
fn shifted(before: &Weekly, after: &Weekly, wanted: Wanted) -> Weekly {
    let by = PLANTED * deviation(before) * if wanted == Wanted::More { 1.0 } else { -1.0 };
    match after {
        Weekly::Values(weeks) => Weekly::Values(weeks.iter().map(|week| week.map(|value| (value + by).max(0.0))).collect()),
        Weekly::Counts(weeks) => Weekly::Counts(weeks.iter().map(|count| (*count as f64 + by).round().max(0.0) as u64).collect()),
        Weekly::Shares(weeks) => {
            let moved = |[hits, trials]: [u64; 2]| {
                let share = if trials > 0 { hits as f64 / trials as f64 } else { 0.0 };
                [((share + by).clamp(0.0, 1.0) * trials as f64).round() as u64, trials]
            };
            Weekly::Shares(weeks.iter().copied().map(moved).collect())
        }
    }
}

/// The standard deviation of weeks; 0 of fewer than two.
#[allow(clippy::cast_precision_loss, reason = "weeks are few")]
fn deviation(weeks: &Weekly) -> f64 {
    let values: Vec<f64> = weeks.points().into_iter().map(|(_, value)| value).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    if values.len() < 2 { 0.0 } else { (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::stats::SplitMix64;

    const LOOK: Look = Look { before: 26, after: 13, wanted: Wanted::Less };

    fn noise(weeks: usize, seed: u64) -> Weekly {
        let mut random = SplitMix64::new(seed);
        Weekly::Values((0..weeks).map(|_| Some(10.0 + random.normal())).collect())
    }

    #[test]
    fn of_noise_few_starts_hold_and_of_a_planted_shift_most_do() {
        let series: Vec<Weekly> = (0..4).map(|seed| noise(72, seed)).collect();
        let found = placebo(&series, LOOK, 1);
        // 72 weeks: starts after 26 to 59 of them, each with 13 after; of these 34 three do not overlap.
        assert_eq!((found.unchanged.starts, found.unchanged.independent), (4 * 34, 4 * 3));
        assert!(found.unchanged.holds <= 14, "{found:?}");
        assert!(found.planted.holds >= 109, "at least 80 %: {found:?}");
        assert_eq!(found, placebo(&series, LOOK, 1), "the same seed says the same");
        assert!(found.unchanged.interval[0] < 0.05 && found.planted.interval[1] > 0.8);
    }

    #[test]
    fn short_series_have_no_start_and_so_say_nothing() {
        let check = |weeks: usize, starts: u64| {
            let found = placebo(&[noise(weeks, 1)], LOOK, 1);
            assert_eq!((found.unchanged.starts, found.unchanged.independent), (starts, starts));
            found
        };
        assert!(check(38, 0).planted.interval[1] > 0.999);
        check(39, 1);
        assert_eq!(placebo(&[], LOOK, 1).unchanged.starts, 0);
    }

    #[test]
    fn a_shift_is_two_deviations_and_stays_what_it_counts() {
        // 4, 6, 4, 6: the mean is 5, the squares about it are 1 each, so that the deviation is the root of 4/3.
        let before = Weekly::Counts(vec![4, 6, 4, 6]);
        assert!((deviation(&before) - (4.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert_eq!(shifted(&before, &Weekly::Counts(vec![5, 1]), Wanted::Less), Weekly::Counts(vec![3, 0]));
        let shares = Weekly::Shares(vec![[1, 10], [3, 10]]);
        assert_eq!(shifted(&shares, &Weekly::Shares(vec![[9, 10], [0, 0]]), Wanted::More), Weekly::Shares(vec![[10, 10], [0, 0]]));
        assert_eq!(shifted(&shares, &Weekly::Values(vec![None]), Wanted::More), Weekly::Values(vec![None]));
    }
}
