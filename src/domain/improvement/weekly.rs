//! [`Weekly`]: one figure a week, of one of three kinds, and how two spans of such weeks are compared.
//!
//! | kind | effect | what is dealt out |
//! |---|---|---|
//! | values (a median lead time) | shift of Hodges and Lehmann, in the unit of the values | ranks of weeks |
//! | counts (deployments) | ratio of two Poisson rates | ranks of weeks |
//! | shares (failed of all deployments) | difference by Newcombe, in fractions | pooled share |
//!
//! All three intervals widen by the same: how uneven the weeks are, how much a week resembles the one before it, and [`GUESSED`], since both
//! are guesses from few weeks. Whole weeks only: a week that has not ended would look like a fall.

use serde::{Deserialize, Serialize};

use crate::domain::stats::{
    Counted, Estimate, expected_squares, hodges_lehmann, inflation, median, mid_ranks, rate_ratio, share_difference, weekly_autocorrelation,
};

/// By how much the variance grows because spread and autocorrelation are guesses: about the least that keeps the promise of the simulation.
const GUESSED: f64 = 1.35;
/// The same for counts and shares, of which the dispersion is guessed too.
const GUESSED_DISPERSION: f64 = 1.6;

/// One figure a week, in order, every week of a span.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weekly {
    /// Such as a median; none where a week had nothing to take it of.
    Values(Vec<Option<f64>>),
    /// Events of the week.
    Counts(Vec<u64>),
    /// Hits and trials of the week.
    Shares(Vec<[u64; 2]>),
}

/// A figure of weeks in an order.
pub(super) type Statistic = Box<dyn Fn(&[usize]) -> f64>;

/// What moved, between two levels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// What the figure was before and what it is after: median week, mean week, pooled share.
    pub levels: [f64; 2],
    /// The shift, the ratio less 1, or the difference of shares; with its 90 % interval.
    pub moved: Estimate,
    /// Whether `moved` is in parts of the level before (a ratio) and not in the figure's unit.
    pub is_ratio: bool,
}

impl Effect {
    /// The effect in terms that teams with different levels share: parts of the level before; for shares as it is.
    pub(super) fn comparable(&self, is_share: bool) -> Option<Estimate> {
        let scale = if self.is_ratio || is_share { 1.0 } else { self.levels[0].abs() };
        let interval = self.moved.interval.map(|ends| ends.map(|end| end / scale));
        (scale > 0.0).then_some(Estimate { value: self.moved.value / scale, interval })
    }
}

impl Weekly {
    /// How many weeks.
    pub fn len(&self) -> usize {
        match self {
            Self::Values(weeks) => weeks.len(),
            Self::Counts(weeks) => weeks.len(),
            Self::Shares(weeks) => weeks.len(),
        }
    }

    /// Whether there is no week.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many weeks say something.
    pub fn known(&self) -> usize {
        match self {
            Self::Values(weeks) => weeks.iter().flatten().count(),
            Self::Counts(weeks) => weeks.len(),
            Self::Shares(weeks) => weeks.iter().filter(|week| week[1] > 0).count(),
        }
    }

    /// Its first weeks, up to this many.
    pub(super) fn first(&self, weeks: usize) -> Self {
        match self {
            Self::Values(all) => Self::Values(all.iter().take(weeks).copied().collect()),
            Self::Counts(all) => Self::Counts(all.iter().take(weeks).copied().collect()),
            Self::Shares(all) => Self::Shares(all.iter().take(weeks).copied().collect()),
        }
    }

    /// Its last weeks, up to this many.
    #[must_use]
    pub fn last(&self, weeks: usize) -> Self {
        let skip = self.len().saturating_sub(weeks);
        match self {
            Self::Values(all) => Self::Values(all[skip..].to_vec()),
            Self::Counts(all) => Self::Counts(all[skip..].to_vec()),
            Self::Shares(all) => Self::Shares(all[skip..].to_vec()),
        }
    }

    /// Each week that says something, with its number.
    pub(super) fn points(&self) -> Vec<(u32, f64)> {
        let values: Vec<Option<f64>> = match self {
            Self::Values(weeks) => weeks.clone(),
            Self::Counts(weeks) => weeks.iter().map(|count| Some(real(*count))).collect(),
            Self::Shares(weeks) => weeks.iter().map(|[hits, trials]| (*trials > 0).then(|| real(*hits) / real(*trials))).collect(),
        };
        (0..).zip(values).filter_map(|(week, value)| Some((week, value?))).collect()
    }

    /// The figures as they vary about their level, on one scale.
    fn varying(&self) -> Vec<f64> {
        let Self::Shares(weeks) = self else { return self.points().into_iter().map(|(_, value)| value).collect() };
        let share = pooled(weeks).unwrap_or(0.0);
        let told = weeks.iter().filter(|week| week[1] > 0);
        told.map(|[hits, trials]| (real(*hits) - share * real(*trials)) / real(*trials).sqrt()).collect()
    }

    /// The squares of the weeks about their level, in the variance that independent events would have.
    fn excess(&self) -> f64 {
        match self {
            Self::Values(_) => 0.0,
            Self::Counts(weeks) => {
                let mean = weeks.iter().copied().map(real).sum::<f64>() / real(weeks.len() as u64);
                weeks.iter().map(|count| if mean > 0.0 { (real(*count) - mean).powi(2) / mean } else { 0.0 }).sum()
            }
            Self::Shares(weeks) => {
                let share = pooled(weeks).unwrap_or(0.0);
                let spread = share * (1.0 - share);
                self.varying().iter().map(|rest| if spread > 0.0 { rest * rest / spread } else { 0.0 }).sum()
            }
        }
    }

    /// The lag-1 autocorrelation that two spans are believed to have.
    pub(super) fn autocorrelation(before: &Self, after: &Self) -> f64 {
        weekly_autocorrelation(&[&before.varying(), &after.varying()])
    }

    /// What moved between two spans of the same kind; none where either says nothing.
    pub fn effect(before: &Self, after: &Self) -> Option<Effect> {
        let known = [before.known(), after.known()];
        let rho = Self::autocorrelation(before, after);
        let together = inflation(known[0], known[1], rho);
        let expected = expected_squares(known[0], rho) + expected_squares(known[1], rho);
        let dispersion = if expected > 0.0 { (before.excess() + after.excess()) / expected } else { 1.0 };
        let weight = GUESSED_DISPERSION * together * dispersion.max(1.0);
        match (before, after) {
            (Self::Values(_), Self::Values(_)) => {
                let [early, late] = [before, after].map(Self::varying);
                let level = |values: &[f64]| {
                    let mut sorted = values.to_vec();
                    sorted.sort_unstable_by(f64::total_cmp);
                    median(&sorted)
                };
                let levels = [level(&early)?, level(&late)?];
                Some(Effect { levels, moved: hodges_lehmann(&early, &late, GUESSED * together)?, is_ratio: false })
            }
            (Self::Counts(early), Self::Counts(late)) => {
                let counted = |weeks: &[u64]| Counted { events: weeks.iter().sum(), weeks: real(weeks.len() as u64) };
                let (early, late) = (counted(early), counted(late));
                let ratio = rate_ratio(early, late, weight)?;
                let moved = Estimate { value: ratio.value - 1.0, interval: ratio.interval.map(|ends| ends.map(|end| end - 1.0)) };
                Some(Effect { levels: [early, late].map(|span| real(span.events) / span.weeks), moved, is_ratio: true })
            }
            (Self::Shares(early), Self::Shares(late)) => {
                let moved = share_difference(summed(early), summed(late), weight)?;
                Some(Effect { levels: [pooled(early)?, pooled(late)?], moved, is_ratio: false })
            }
            _ => None,
        }
    }

    /// A statistic of weeks in an order, those from `split` on being held against the others: what the permutation asks about.
    pub(super) fn statistic(before: &Self, after: &Self) -> Statistic {
        let split = before.len();
        if let (Self::Shares(early), Self::Shares(late)) = (before, after) {
            let weeks = [early.as_slice(), late].concat();
            return Box::new(move |order| {
                let of = |part: &[usize]| part.iter().fold([0, 0], |sum, week| [sum[0] + weeks[*week][0], sum[1] + weeks[*week][1]]);
                let share = |[hits, trials]: [u64; 2]| if trials > 0 { real(hits) / real(trials) } else { 0.0 };
                share(of(&order[split..])) - share(of(&order[..split]))
            });
        }
        let behind = after.points().into_iter().map(|(week, value)| (week as usize + split, value));
        let known: Vec<(usize, f64)> = before.points().into_iter().map(|(week, value)| (week as usize, value)).chain(behind).collect();
        let ranks = mid_ranks(&known.iter().map(|(_, value)| *value).collect::<Vec<_>>());
        let mut by_week = vec![None; before.len() + after.len()];
        for ((week, _), rank) in known.into_iter().zip(ranks) {
            by_week[week] = Some(rank);
        }
        Box::new(move |order| {
            let (sum, n) = order[split..].iter().filter_map(|week| by_week[*week]).fold((0.0, 0.0), |(sum, n), rank| (sum + rank, n + 1.0));
            if n > 0.0 { sum / n } else { 0.0 }
        })
    }
}

/// Hits and trials of all weeks.
fn summed(weeks: &[[u64; 2]]) -> [u64; 2] {
    weeks.iter().fold([0, 0], |sum, week| [sum[0] + week[0], sum[1] + week[1]])
}

/// The share of all weeks together; none without a trial.
fn pooled(weeks: &[[u64; 2]]) -> Option<f64> {
    let [hits, trials] = summed(weeks);
    (trials > 0).then(|| real(hits) / real(trials))
}

/// A count as a real number.
#[allow(clippy::cast_precision_loss, reason = "counts of rows are far below 2^53, so nothing is lost")]
fn real(count: u64) -> f64 {
    count as f64
}
