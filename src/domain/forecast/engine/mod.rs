//! [`Outlook`]: the exact answers to "how many in h weeks" and "when will n be done".
//!
//! A count is the sum of weeks from the urn of past ones ([`super::urn`]) times a factor for the rate's drift ([`super::drift`]), over a
//! grid of factors; a date is the first week by which the count reaches what is needed ([`super::scope`]), over a grid of needs. Everything
//! is added up, nothing drawn: the same weeks give the same digits, and two answers differ only by what was changed between them. A
//! simulation of the same model stays in the tests as the cross-check. A year of weeks for 110 items takes about a millisecond (release).
//!
//! A week here is one of full working days from now on; the caller turns it into a date by the calendar. Never for more than a year ahead:
//! nothing was measured there.

use super::drift::Spread;
use super::scope::Scope;
use super::throughput::Pace;
use super::urn::Sums;
use super::{HAIR, PROMISES, real, whole};

/// The last week a date may fall in.
pub const LONGEST: u32 = 52;
/// Dates are worked out until so much of the chance has come.
pub const ENOUGH: f64 = 0.97;
/// Counts above this are this.
const MOST: u32 = 100_000;

/// The weeks that count for a date: those that are whole by then.
pub fn whole_weeks(weeks: f64) -> u32 {
    whole(weeks + HAIR)
}

/// What a team's past says about its coming weeks.
#[derive(Debug, Clone)]
pub struct Outlook {
    pace: Pace,
    spread: Spread,
    sums: Sums,
    share: f64,
}

/// How many items: the chance of each count.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts(Vec<f64>);

/// When: the chance that it is done by the end of each week, from week 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Dates(Vec<f64>);

impl Outlook {
    /// Of a pace and of how far rates drift.
    pub fn new(pace: Pace, spread: Spread) -> Self {
        let sums = Sums::new(pace.atoms());
        Self { pace, spread, sums, share: 1.0 }
    }

    /// Of a part of the work that the pace is of: that share of it.
    #[must_use]
    pub fn of_share(self, share: f64) -> Self {
        Self { share, ..self }
    }

    /// Items a week, on average.
    pub fn mean(&self) -> f64 {
        self.pace.mean() * self.share
    }

    /// The pace it rests on.
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// How many items will be finished in so many weeks, parts of weeks included, at `speed` times the pace.
    pub fn how_many(&mut self, weeks: f64, speed: f64) -> Counts {
        let weeks = weeks.max(0.0).min(f64::from(LONGEST));
        if weeks <= 0.0 || speed <= 0.0 {
            return Counts(vec![1.0]);
        }
        let whole_weeks = weeks.ceil();
        // A part of a week is the whole one, as much smaller.
        let scale = weeks / whole_weeks * speed * self.share * f64::from(self.pace.unit());
        let chances = self.sums.chances(whole(whole_weeks) as usize);
        let mut counts = Vec::new();
        let mut add = |count: u32, chance: f64| {
            let at = count.min(MOST) as usize;
            if counts.len() <= at {
                counts.resize(at + 1, 0.0);
            }
            counts[at] += chance;
        };
        for (factor, of_factor) in self.spread.factors(weeks) {
            for (sum, of_sum) in chances.iter().enumerate() {
                let scaled = real(sum) * factor * scale;
                let (count, above, chance) = (whole(scaled), scaled - scaled.floor(), of_factor * of_sum);
                add(count, chance * (1.0 - above));
                if above > 0.0 {
                    add(count.saturating_add(1), chance * above);
                }
            }
        }
        Counts(counts)
    }

    /// By which week the scope will be done, at `speed` times the pace.
    pub fn when(&mut self, scope: &Scope, speed: f64) -> Dates {
        self.until(scope, speed, LONGEST)
    }

    /// The chance that it is done within so many weeks, of which whole ones count: to the digit that of [`Self::when`], and no further.
    pub fn chance_within(&mut self, scope: &Scope, speed: f64, weeks: f64) -> f64 {
        let week = whole_weeks(weeks);
        self.until(scope, speed, week.min(LONGEST)).chance_by(week)
    }

    fn until(&mut self, scope: &Scope, speed: f64, last: u32) -> Dates {
        let needs = scope.needs();
        let mut by = vec![needs.iter().filter(|(need, _)| *need == 0).map(|(_, chance)| chance).sum::<f64>()];
        if speed <= 0.0 {
            return Dates(by);
        }
        for week in 1..=last {
            let before = by[by.len() - 1];
            if before >= ENOUGH {
                break;
            }
            let mut chance = 0.0;
            for (factor, of_factor) in self.spread.factors(f64::from(week)) {
                let factor = factor * speed * self.share * f64::from(self.pace.unit());
                let reached = needs.iter().map(|(need, of_need)| of_need * self.sums.reaches(week as usize, factor, *need));
                chance += of_factor * reached.sum::<f64>();
            }
            // What is done stays done.
            by.push(chance.clamp(before, 1.0));
        }
        Dates(by)
    }
}

impl Counts {
    /// Of chances of each count from 0 up, at least one.
    pub fn new(chances: Vec<f64>) -> Self {
        Self(if chances.is_empty() { vec![1.0] } else { chances })
    }

    /// The chance of each count, from 0 up.
    pub fn chances(&self) -> &[f64] {
        &self.0
    }

    /// The chance of at least so many.
    pub fn chance_of(&self, least: u32) -> f64 {
        if least == 0 { 1.0 } else { self.0.iter().skip(least as usize).sum() }
    }

    /// The largest count that is reached with this chance.
    pub fn at_least(&self, promise: f64) -> u32 {
        let (mut below, mut count) = (0.0, 0);
        for chance in &self.0[..self.0.len() - 1] {
            below += chance;
            if 1.0 - below < promise - HAIR {
                break;
            }
            count += 1;
        }
        count
    }

    /// The counts of the three promises, greatest first.
    pub fn promised(&self) -> [u32; 3] {
        PROMISES.map(|promise| self.at_least(promise))
    }
}

impl Dates {
    /// The chance that it is done by the end of a week from now; beyond what was worked out, at least this.
    pub fn chance_by(&self, week: u32) -> f64 {
        self.0[(week as usize).min(self.0.len() - 1)]
    }

    /// The first week by which it is done with this chance; none within a year.
    pub fn by(&self, promise: f64) -> Option<u32> {
        (0..).zip(&self.0).find(|(_, chance)| **chance >= promise - HAIR).map(|(week, _)| week)
    }

    /// The weeks of the three promises, earliest first.
    pub fn promised(&self) -> [Option<u32>; 3] {
        PROMISES.map(|promise| self.by(promise))
    }
}

#[cfg(test)]
mod tests;
