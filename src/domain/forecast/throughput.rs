//! [`Pace`]: what the past weeks say about a week of this team's work; or, as a [`Refusal`], why they say too little.
//!
//! A week is the items finished in it and the working days it had, so that a week with two holidays counts as what it would have been
//! without them, at less weight. The week that is not over is left out: half a week looks like a slow one.
//!
//! The last [`WINDOW`] weeks are read, and a week counts half as much as one [`HALF_LIFE`] weeks later: rates drift, and yesterday says
//! more than last spring. Both numbers were chosen on other projects than those the forecasts are scored on (see [`super::backtest`]):
//! against twelve weeks of equal weight they cut the error a quarter ahead by 6 %, and half-lives of 4 to 8 weeks do about as well.
//!
//! Never for a person's items.

use std::collections::BTreeMap;
use std::fmt;

use super::super::stats::quantile;
use super::super::time::At;
use super::{real, whole};

/// How many past weeks are read.
pub const WINDOW: usize = 26;
/// After how many weeks a week counts half.
pub const HALF_LIFE: f64 = 5.0;
/// Fewest weeks with a finished item.
pub const FEWEST_WEEKS: u32 = 6;
/// Fewest finished items.
pub const FEWEST_ITEMS: u32 = 10;
/// After how many weeks without a finished item work counts as having stopped.
pub const SILENCE: usize = 6;

/// A week above so many items is counted in lumps, so that the cost of an answer does not grow with the size of a team.
const FINEST: f64 = 64.0;
/// A usual week has at least so many lumps, so that one very full week (a tracker that was tidied up) does not blur all others.
const USUAL: f64 = 8.0;
/// A week has at most so many lumps: beyond, it says no more than that it was very full.
const FULLEST: f64 = 1_000.0;

/// One past week.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Week {
    /// Items finished in it.
    pub finished: u32,
    /// Working days it had; where people's absences are known, person-days.
    pub days: f64,
}

/// A week of the calendar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// Its first instant.
    pub from: At,
    /// The first instant after it.
    pub to: At,
    /// Its working days.
    pub days: f64,
}

/// What was finished in each week of the calendar that is over; order and instants outside the weeks are immaterial.
pub fn weekly(finished: &[At], calendar: &[Span], now: At) -> Vec<Week> {
    let mut sorted = finished.to_vec();
    sorted.sort_unstable();
    let before = |at: At| sorted.partition_point(|done| *done < at);
    let over = calendar.iter().filter(|week| week.to <= now);
    over.map(|week| {
        let count = before(week.to).saturating_sub(before(week.from));
        Week { finished: u32::try_from(count).unwrap_or(u32::MAX), days: week.days }
    })
    .collect()
}

/// What there is too little of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacking {
    /// Weeks with a finished item.
    Weeks,
    /// Finished items.
    Items,
    /// Weeks with a finished item among the last [`SILENCE`].
    Lately,
}

/// Why there is no forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Of what.
    pub lacking: Lacking,
    /// How many there are.
    pub have: u32,
    /// How many it takes.
    pub need: u32,
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lacking, have, need } = self;
        match lacking {
            Lacking::Weeks => write!(out, "not enough history: have {have} weeks with finished items in the last {WINDOW}, need {need}"),
            Lacking::Items => write!(out, "not enough history: have {have} finished items in the last {WINDOW} weeks, need {need}"),
            Lacking::Lately => {
                write!(out, "nothing was finished in the last {SILENCE} weeks, so older weeks say nothing about the next ones")
            }
        }
    }
}

/// A week of work as the past has it: how many items, and how much evidence there is for each number.
#[derive(Debug, Clone, PartialEq)]
pub struct Pace {
    atoms: Vec<(u32, f64)>,
    unit: u32,
    mean: f64,
}

impl Pace {
    /// Of past weeks, oldest first, for coming weeks of `full` working days.
    pub fn learn(weeks: &[Week], full: f64) -> Result<Self, Refusal> {
        let read = &weeks[weeks.len().saturating_sub(WINDOW)..];
        let worked = with_working_days(read);
        refuse(&worked)?;
        let equivalents: Vec<(f64, f64)> = worked
            .iter()
            .map(|(age, week)| {
                (f64::from(week.finished) * full / week.days, 0.5_f64.powf(real(*age) / HALF_LIFE) * (week.days / full).min(1.0))
            })
            .collect();
        let most = equivalents.iter().fold(0.0_f64, |most, (items, _)| most.max(*items));
        let mut filled: Vec<f64> = equivalents.iter().map(|(items, _)| *items).filter(|items| *items > 0.0).collect();
        filled.sort_unstable_by(f64::total_cmp);
        let usual = quantile(&filled, 0.5).unwrap_or(0.0);
        let unit = whole((most / FINEST).ceil().min((usual / USUAL).ceil())).max(1);
        let mut atoms: BTreeMap<u32, f64> = BTreeMap::new();
        for (items, weight) in &equivalents {
            // Between two whole numbers the weight is shared, so that the mean is kept.
            let lumps = (items / f64::from(unit)).min(FULLEST);
            let above = lumps - lumps.floor();
            *atoms.entry(whole(lumps)).or_default() += weight * (1.0 - above);
            if above > 0.0 {
                *atoms.entry(whole(lumps) + 1).or_default() += weight * above;
            }
        }
        let evidence: f64 = equivalents.iter().map(|(_, weight)| weight).sum();
        let mean = equivalents.iter().map(|(items, weight)| items * weight).sum::<f64>() / evidence;
        Ok(Self { atoms: atoms.into_iter().filter(|(_, weight)| *weight > 0.0).collect(), unit, mean })
    }

    /// Items a week, on average.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Lumps finished in a week, and the weight of the evidence for it.
    pub fn atoms(&self) -> &[(u32, f64)] {
        &self.atoms
    }

    /// Items in a lump; 1 unless weeks are very full.
    pub fn unit(&self) -> u32 {
        self.unit
    }
}

fn refuse(weeks: &[(usize, Week)]) -> Result<(), Refusal> {
    let filled = |weeks: &[(usize, Week)]| weeks.iter().map(|(_, week)| u32::from(week.finished > 0)).sum::<u32>();
    let items = weeks.iter().fold(0_u32, |items, (_, week)| items.saturating_add(week.finished));
    let lately = filled(&weeks[weeks.len().saturating_sub(SILENCE)..]);
    let counts = [(Lacking::Weeks, filled(weeks), FEWEST_WEEKS), (Lacking::Items, items, FEWEST_ITEMS), (Lacking::Lately, lately, 1)];
    let short = counts.into_iter().find(|(_, have, need)| have < need);
    short.map_or(Ok(()), |(lacking, have, need)| Err(Refusal { lacking, have, need }))
}

/// Weeks that had working days, each with its age; what was finished in one without counts for the next that had some, or else the last.
fn with_working_days(weeks: &[Week]) -> Vec<(usize, Week)> {
    let (mut worked, mut carried): (Vec<(usize, Week)>, u32) = (Vec::new(), 0);
    for (index, week) in weeks.iter().enumerate() {
        let finished = week.finished.saturating_add(carried);
        carried = if week.days > 0.0 { 0 } else { finished };
        if week.days > 0.0 {
            worked.push((weeks.len() - 1 - index, Week { finished, days: week.days }));
        }
    }
    if let Some((_, last)) = worked.last_mut() {
        last.finished = last.finished.saturating_add(carried);
    }
    worked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::DAY;

    fn weeks(counts: &[u32]) -> Vec<Week> {
        counts.iter().map(|&finished| Week { finished, days: 5.0 }).collect()
    }

    fn check(counts: &[u32], expect: Result<f64, &str>) {
        match (Pace::learn(&weeks(counts), 5.0), expect) {
            (Ok(pace), Ok(mean)) => assert!((pace.mean() - mean).abs() < 1e-9, "{counts:?}: {}", pace.mean()),
            (Err(refusal), Err(sentence)) => assert_eq!(refusal.to_string(), sentence, "{counts:?}"),
            (ours, expect) => panic!("{counts:?}: {ours:?}, not {expect:?}"),
        }
    }

    #[test]
    fn too_little_is_refused_with_what_there_is_and_what_it_takes() {
        check(&[], Err("not enough history: have 0 weeks with finished items in the last 26, need 6"));
        check(&[40, 30], Err("not enough history: have 2 weeks with finished items in the last 26, need 6"));
        check(&[0; 26], Err("not enough history: have 0 weeks with finished items in the last 26, need 6"));
        check(&[9, 9, 9, 9, 9], Err("not enough history: have 5 weeks with finished items in the last 26, need 6"));
        check(&[1, 2, 1, 1, 1, 3], Err("not enough history: have 9 finished items in the last 26 weeks, need 10"));
        check(&[2, 2, 1, 1, 1, 3], Ok(1.704_719_939_3));
        let mut stopped = vec![5; 20];
        stopped.extend([0; 6]);
        check(&stopped, Err("nothing was finished in the last 6 weeks, so older weeks say nothing about the next ones"));
        stopped[20] = 1;
        assert!(Pace::learn(&weeks(&stopped), 5.0).is_ok());
    }

    #[test]
    fn a_year_ago_is_not_read() {
        let mut long = vec![900; 30];
        long.extend([4; 26]);
        check(&long, Ok(4.0));
    }

    #[test]
    fn a_week_counts_half_as_much_as_one_five_weeks_later() {
        let pace = Pace::learn(&weeks(&[7, 1, 2, 3, 4, 9]), 5.0).unwrap();
        let weight = |items: u32| pace.atoms().iter().find(|(lumps, _)| *lumps == items).unwrap().1;
        assert!((weight(9) - 1.0).abs() < 1e-12 && (weight(7) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn a_short_week_counts_as_what_it_would_have_been_at_less_weight() {
        let mut short = weeks(&[4; 8]);
        short[7] = Week { finished: 2, days: 2.5 };
        assert_eq!(Pace::learn(&short, 5.0).unwrap().atoms().len(), 1, "2 in half a week are 4 in a whole one");
        short[7] = Week { finished: 2, days: 3.0 }; // 3 1/3 in a whole week: 2/3 of its weight at 3, 1/3 at 4
        let pace = Pace::learn(&short, 5.0).unwrap();
        assert!((pace.atoms()[0].1 - 0.6 * 2.0 / 3.0).abs() < 1e-12);
        let mean = pace.atoms().iter().map(|(lumps, weight)| f64::from(*lumps) * weight).sum::<f64>()
            / pace.atoms().iter().map(|(_, weight)| weight).sum::<f64>();
        assert!((mean - pace.mean()).abs() < 1e-12);
    }

    #[test]
    fn a_week_without_a_working_day_is_none_and_its_items_are_kept() {
        let mut holiday = weeks(&[4; 8]);
        holiday[3] = Week { finished: 1, days: 0.0 };
        let pace = Pace::learn(&holiday, 5.0).unwrap();
        assert_eq!(pace.atoms().iter().map(|(lumps, _)| *lumps).collect::<Vec<_>>(), [4, 5]);
        holiday[7] = Week { finished: 2, days: 0.0 };
        assert_eq!(Pace::learn(&holiday, 5.0).unwrap().atoms().last().unwrap().0, 6);
        assert!(Pace::learn(&[Week { finished: 3, days: 0.0 }; 8], 5.0).is_err());
    }

    #[test]
    fn very_full_weeks_are_counted_in_lumps_of_the_same_mean() {
        let pace = Pace::learn(&weeks(&[641, 10, 333, 120, 64, 1_000]), 5.0).unwrap();
        assert_eq!(pace.unit(), 16);
        let evidence: f64 = pace.atoms().iter().map(|(_, weight)| weight).sum();
        let mean = pace.atoms().iter().map(|(lumps, weight)| f64::from(lumps * 16) * weight).sum::<f64>() / evidence;
        assert!((mean - pace.mean()).abs() < 1e-9);
    }

    #[test]
    fn one_very_full_week_does_not_blur_the_others() {
        let mut counts = vec![4; 26];
        let plain = Pace::learn(&weeks(&counts), 5.0).unwrap();
        counts[20] = 5_000;
        let full = Pace::learn(&weeks(&counts), 5.0).unwrap();
        assert_eq!((plain.unit(), full.unit()), (1, 1));
        assert!(full.atoms().iter().all(|(lumps, _)| [4, 1_000].contains(lumps)), "{:?}", full.atoms());
        let least = |pace: Pace| {
            super::super::engine::Outlook::new(pace, super::super::drift::Spread::even(0.0)).how_many(13.0, 1.0).at_least(0.95)
        };
        assert!(least(full) >= least(plain), "more done in a week never makes a promise smaller");
    }

    #[test]
    fn the_week_that_is_not_over_and_what_is_later_are_left_out() {
        let at = |day: i64| At(day * DAY);
        let calendar: Vec<Span> = (0..4).map(|week| Span { from: at(7 * week), to: at(7 * week + 7), days: 5.0 }).collect();
        let finished = [at(8), at(0), at(6), at(7), At(14 * DAY - 1), at(15), at(-1), at(22)];
        let counts = |now: At| weekly(&finished, &calendar, now).iter().map(|week| week.finished).collect::<Vec<_>>();
        assert_eq!(counts(at(17)), [2, 3]);
        assert_eq!(counts(at(21)), [2, 3, 1]);
        assert_eq!(counts(At(21 * DAY - 1)), [2, 3]);
        assert_eq!(counts(at(0)), [0; 0]);
    }
}
