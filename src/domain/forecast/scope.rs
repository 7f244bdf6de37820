//! [`Scope`]: what has to be done before a date is reached: the items known, and what projects like this one add to them.
//!
//! Three things make a plan longer than its list: items are added while others are finished (growth), one item becomes several (splitting),
//! and the last ones are slow (the tail). Each is taken from the project's own past, the first two with their uncertainty as a grid of
//! five, so that a short past gives a wider answer rather than a wrong one. Without a past there is no growth and no splitting, which an
//! answer should say.
//!
//! Growth is per finished item, not per week: then the date is when the count reaches `items x splitting x (1 + tail) / (1 - growth)`, at
//! any pace. Never for a team's whole inflow: there about as much comes in as goes out, and nothing is ever done.

use super::{real, whole};

/// Growth above this is held here: at it a project takes ten times its list, and dates mean nothing.
pub const MOST_GROWTH: f64 = 0.9;
/// An item becomes at most so many.
const MOST_SPLITTING: f64 = 5.0;
/// The tail's least and most.
pub const TAIL: [f64; 2] = [0.02, 0.12];
/// The tail where no project has ended yet.
pub const TAIL_UNKNOWN: f64 = 0.05;
/// How many ended projects the unknown tail counts for.
const TAIL_PRIOR: f64 = 2.0;
/// Fewest items of a project that says something about tails.
const TAIL_FROM: u32 = 20;

/// Possible values with their chances.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid(Vec<(f64, f64)>);

impl Grid {
    /// One value for sure.
    pub fn sure(value: f64) -> Self {
        Self(vec![(value, 1.0)])
    }

    /// A ratio of two totals, from pairs of its parts, within limits; none where there is nothing to divide by.
    ///
    /// Five values a standard error apart, that error by the linearised ratio, since the parts of one pair go together.
    fn ratio(pairs: &[(u32, u32)], [least, most]: [f64; 2]) -> Option<Self> {
        let total = |of: fn(&(u32, u32)) -> u32| pairs.iter().map(|pair| f64::from(of(pair))).sum::<f64>();
        let (above, below, n) = (total(|pair| pair.0), total(|pair| pair.1), real(pairs.len()));
        if below <= 0.0 {
            return None;
        }
        let ratio = above / below;
        let squares: f64 = pairs.iter().map(|(a, b)| (f64::from(*a) - ratio * f64::from(*b)).powi(2)).sum();
        let error = if n < 2.0 { 0.0 } else { (n / (n - 1.0) * squares).sqrt() / below };
        let steps = [-2.0, -1.0, 0.0, 1.0, 2.0_f64];
        let densities = steps.map(|z| (-0.5 * z * z).exp());
        let all: f64 = densities.iter().sum();
        Some(Self(steps.iter().zip(densities).map(|(z, density)| ((ratio + z * error).clamp(least, most), density / all)).collect()))
    }

    /// Items added for each one finished, from the project's weeks: added, finished.
    pub fn growth(weeks: &[(u32, u32)]) -> Self {
        Self::ratio(weeks, [0.0, MOST_GROWTH]).unwrap_or(Self::sure(0.0))
    }

    /// Items that one planned item became, from those that are settled: pieces, planned.
    pub fn splitting(settled: &[(u32, u32)]) -> Self {
        Self::ratio(settled, [1.0, MOST_SPLITTING]).unwrap_or(Self::sure(1.0))
    }

    /// The values with their chances.
    pub fn values(&self) -> &[(f64, f64)] {
        &self.0
    }
}

/// What has to be done.
#[derive(Debug, Clone, PartialEq)]
pub struct Scope {
    /// Items known and not done.
    pub items: u32,
    /// Items added for each one finished.
    pub growth: Grid,
    /// Items that one becomes.
    pub splitting: Grid,
    /// What the slow end costs, as a share of all items.
    pub tail: f64,
}

impl Scope {
    /// Exactly these items.
    pub fn of(items: u32) -> Self {
        Self { items, growth: Grid::sure(0.0), splitting: Grid::sure(1.0), tail: 0.0 }
    }

    /// The counts that mean done, each with its chance, least first where the grids are.
    pub fn needs(&self) -> Vec<(u32, f64)> {
        let mut needs = Vec::with_capacity(self.growth.0.len() * self.splitting.0.len());
        for (growth, of_growth) in &self.growth.0 {
            for (pieces, of_pieces) in &self.splitting.0 {
                let count = f64::from(self.items) * pieces * (1.0 + self.tail) / (1.0 - growth.min(MOST_GROWTH));
                needs.push((whole((count - super::HAIR).ceil()), of_growth * of_pieces));
            }
        }
        needs
    }
}

/// The tail of a team, from the weekly counts of projects it has ended.
///
/// A project's own: what the pace of its middle (from a fifth to four fifths of its items) would have done in the weeks of its last tenth,
/// beyond that tenth, as a share of its items. Their mean with two at [`TAIL_UNKNOWN`], held within [`TAIL`]: a few projects say little.
pub fn tail(ended: &[Vec<u32>]) -> f64 {
    let known: Vec<f64> = ended.iter().filter_map(|weeks| tail_of(weeks)).collect();
    let mean = (TAIL_PRIOR * TAIL_UNKNOWN + known.iter().sum::<f64>()) / (TAIL_PRIOR + real(known.len()));
    mean.clamp(TAIL[0], TAIL[1])
}

fn tail_of(weeks: &[u32]) -> Option<f64> {
    let items: u32 = weeks.iter().sum();
    if items < TAIL_FROM {
        return None;
    }
    let all = f64::from(items);
    let reached = |share: f64| {
        let (mut done, target) = (0.0, share * all);
        // Within the week in which it is reached, in proportion.
        for (week, finished) in weeks.iter().enumerate() {
            let finished = f64::from(*finished);
            if done + finished >= target && finished > 0.0 {
                return real(week) + (target - done) / finished;
            }
            done += finished;
        }
        real(weeks.len())
    };
    let middle = 0.6 * all / (reached(0.8) - reached(0.2)).max(f64::MIN_POSITIVE);
    Some(((reached(1.0) - reached(0.9)) * middle / all - 0.1).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_tail(ended: &[&[u32]], expect: f64) {
        let ended: Vec<Vec<u32>> = ended.iter().map(|weeks| weeks.to_vec()).collect();
        assert!((tail(&ended) - expect).abs() < 1e-9, "{ended:?}: {}", tail(&ended));
    }

    #[test]
    fn tails_are_learnt_within_limits() {
        check_tail(&[], 0.05);
        check_tail(&[&[5, 4]], 0.05); // too small to say anything
        check_tail(&[&[10; 10]], 0.1 / 3.0); // no tail at all, against two unknown ones
        let slow: &[u32] = &[10, 10, 10, 10, 10, 10, 10, 10, 10, 5, 0, 5]; // the last tenth takes three weeks: 20 more at 10 a week
        check_tail(&[slow], 0.1);
        check_tail(&[slow, slow, slow], 0.12);
        check_tail(&[[10; 10].as_slice(); 20], 0.02);
    }

    #[test]
    fn growth_and_splitting_come_from_the_past_with_their_uncertainty() {
        assert_eq!(Grid::growth(&[]), Grid::sure(0.0));
        assert_eq!(Grid::growth(&[(3, 0)]), Grid::sure(0.0));
        assert_eq!(Grid::splitting(&[]), Grid::sure(1.0));
        let steady = Grid::growth(&[(1, 4), (2, 8), (1, 4)]);
        assert!(steady.values().iter().all(|(growth, _)| (growth - 0.25).abs() < 1e-12), "the same each week is sure: {steady:?}");
        let wild = Grid::growth(&[(0, 4), (4, 4), (1, 4), (0, 8)]);
        let mean: f64 = wild.values().iter().map(|(growth, chance)| growth * chance).sum();
        assert!(wild.values()[0].0 == 0.0 && wild.values()[4].0 > 0.5 && (mean - 0.25).abs() < 0.05, "{wild:?}");
        assert!(Grid::growth(&[(50, 10), (80, 20)]).values().iter().all(|(growth, _)| *growth <= MOST_GROWTH));
        assert!((wild.values().iter().map(|(_, chance)| chance).sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_plan_is_longer_than_its_list() {
        assert_eq!(Scope::of(40).needs(), [(40, 1.0)]);
        assert_eq!(Scope::of(0).needs(), [(0, 1.0)]);
        let scope = Scope { items: 40, growth: Grid::sure(0.2), splitting: Grid::sure(1.5), tail: 0.1 };
        assert_eq!(scope.needs(), [(83, 1.0)]); // 40 x 1.5 x 1.1 / 0.8 = 82.5
        let endless = Scope { items: 40, growth: Grid::sure(3.0), ..Scope::of(0) };
        assert_eq!(endless.needs(), [(400, 1.0)]);
    }
}
