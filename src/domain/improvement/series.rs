//! [`Series`]: the weeks of a figure with their dates, made of the same figures that `trend` shows.
//!
//! A week of which nothing is known has no value and is never 0: before the data begins, while a scope owned no service, of fewer than
//! three people. Counts have no sign for that, so such weeks are left out of them. Never to be fed a week that has not ended.

use serde::{Deserialize, Serialize};

use super::weekly::Weekly;
use crate::domain::figure::Figure;
use crate::domain::time::At;

/// Weeks with their dates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// The first instant of each week.
    pub from: Vec<At>,
    /// Their figures.
    pub weekly: Weekly,
}

impl Series {
    /// Of a metric's figures by week, oldest first: medians and levels are values, what is told a week counts, fractions are shares.
    pub fn of(unit: &str, weeks: &[(At, Figure)]) -> Self {
        let all = || weeks.iter().map(|(from, _)| *from).collect();
        match unit {
            "per_week" => {
                let known: Vec<&(At, Figure)> = weeks.iter().filter(|(_, figure)| figure.value.is_some()).collect();
                let counts = known.iter().map(|(_, figure)| figure.n).collect();
                Self { from: known.iter().map(|(from, _)| *from).collect(), weekly: Weekly::Counts(counts) }
            }
            "fraction" => Self { from: all(), weekly: Weekly::Shares(weeks.iter().map(|(_, figure)| share(figure)).collect()) },
            _ => Self { from: all(), weekly: Weekly::Values(weeks.iter().map(|(_, figure)| figure.value).collect()) },
        }
    }

    /// Without the weeks before the first that says something: weeks are dealt out by chance, and empty ones would make any order as likely.
    #[must_use]
    pub fn since_known(self) -> Self {
        let first = self.points().first().map(|(from, _)| *from);
        let skip = self.from.iter().take_while(|from| first.is_none_or(|first| **from < first)).count();
        Self { weekly: self.weekly.last(self.weekly.len() - skip), from: self.from[skip..].to_vec() }
    }

    /// Each week that says something: its first instant and its value.
    pub fn points(&self) -> Vec<(At, f64)> {
        self.weekly.points().into_iter().filter_map(|(week, value)| Some((*self.from.get(week as usize)?, value))).collect()
    }
}

/// Hits and trials of a share.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a share of a count is within it")]
fn share(figure: &Figure) -> [u64; 2] {
    figure.value.map_or([0, 0], |value| [(value * figure.n as f64).round() as u64, figure.n])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::WEEK;

    fn weeks(figures: Vec<Figure>) -> Vec<(At, Figure)> {
        (0..).map(|week| At(week * WEEK)).zip(figures).collect()
    }

    #[test]
    fn a_week_of_which_nothing_is_known_is_never_zero() {
        let none = || Figure::none("before_data");
        let count = |n| Figure { value: Some(0.0), n, ..Figure::default() };
        let counts = Series::of("per_week", &weeks(vec![none(), count(3), none(), count(0)]));
        assert_eq!(counts, Series { from: vec![At(WEEK), At(3 * WEEK)], weekly: Weekly::Counts(vec![3, 0]) });
        assert_eq!(counts.points(), [(At(WEEK), 3.0), (At(3 * WEEK), 0.0)]);
        let shares = Series::of("fraction", &weeks(vec![none(), Figure::share(1, 3), Figure::share(0, 7)]));
        assert_eq!(shares.weekly, Weekly::Shares(vec![[0, 0], [1, 3], [0, 7]]));
        assert_eq!(shares.points().len(), 2);
        let median = Figure { value: Some(90.0), n: 2, ..Figure::default() };
        let values = Series::of("seconds", &weeks(vec![none(), median]));
        assert_eq!((values.weekly.known(), values.points()), (1, vec![(At(WEEK), 90.0)]));
        assert_eq!(values.since_known(), Series { from: vec![At(WEEK)], weekly: Weekly::Values(vec![Some(90.0)]) });
        assert_eq!(Series::of("seconds", &weeks(vec![none(), none()])).since_known().from, []);
    }

    #[test]
    fn every_share_of_a_count_is_read_back_whole() {
        for n in 1..300 {
            assert!((0..=n).all(|hits| share(&Figure::share(hits, n)) == [hits, n]));
        }
    }
}
