//! [`flip`]: the smallest single change that moves a project to a better band: items cut, people added, the date moved.
//!
//! Found by computing the forecast again with the change made, so that `whatif` with that very change gives the same chance. Items are whole, people tenths of a full-time one, the date whole weeks. People change the pace in proportion,
//! which is the most they can: new ones slow a team down first. Where it is not known how many people work on it, the pace is told in steps
//! of 5 %. More than half a year, or than doubling, is no small change and is not said.

use super::super::forecast::engine::{LONGEST, whole_weeks};
use super::score::Band;
use super::snapshot::{Taken, miss_chance};

/// The date moves at most so many weeks.
const MOST_WEEKS: u32 = 26;
/// Full-time people are told in such parts, the pace in others.
const TENTHS: f64 = 10.0;
const TWENTIETHS: f64 = 20.0;

/// What moves a project to a better band; each by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flip {
    /// The band that it moves to: the next better one.
    pub to: Band,
    /// Items to cut.
    pub items: Option<u32>,
    /// Full-time people to add, where it is known how many there are.
    pub people: Option<f64>,
    /// By how much its pace would have to rise, as a part of it, where that is not known.
    pub pace: Option<f64>,
    /// Weeks by which the date would have to move.
    pub weeks: Option<u32>,
}

/// A change to a project.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Change {
    pub cut: u32,
    pub speed: f64,
    pub weeks: u32,
}

const NONE: Change = Change { cut: 0, speed: 1.0, weeks: 0 };

/// The band of a project with a change made; none without a forecast.
pub(super) fn changed(taken: &Taken, by: Change) -> Option<Band> {
    miss_chance(&taken.ahead, taken.left + f64::from(by.weeks), by.cut, by.speed).map(Band::of)
}

/// What moves a project to the next better band; none where it is green, or has no forecast. `people`: full-time people who work on it.
pub fn flip(taken: &Taken, people: Option<f64>) -> Option<Flip> {
    let to = match changed(taken, NONE)? {
        Band::Green => return None,
        Band::Amber => Band::Green,
        Band::Red => Band::Amber,
    };
    let moves = |change: Change| changed(taken, change).is_some_and(|band| band <= to);
    let items = least(taken.ahead.remaining, |cut| moves(Change { cut, ..NONE }));
    let weeks = least(MOST_WEEKS.min(LONGEST.saturating_sub(whole_weeks(taken.left.ceil()))), |weeks| moves(Change { weeks, ..NONE }));
    let people = people.filter(|people| *people > 0.0);
    let tenths = people.and_then(|have| {
        let most = (1..10_000).take_while(|tenths| f64::from(*tenths) <= have * TENTHS).count();
        least(u32::try_from(most).unwrap_or(0), |tenths| moves(Change { speed: 1.0 + f64::from(tenths) / TENTHS / have, ..NONE }))
    });
    let twentieths =
        if people.is_none() { least(20, |steps| moves(Change { speed: 1.0 + f64::from(steps) / TWENTIETHS, ..NONE })) } else { None };
    Some(Flip {
        to,
        items,
        people: tenths.map(|tenths| f64::from(tenths) / TENTHS),
        pace: twentieths.map(|steps| f64::from(steps) / TWENTIETHS),
        weeks,
    })
}

/// The least number from 1 to `most` from which on it holds.
fn least(most: u32, holds: impl Fn(u32) -> bool) -> Option<u32> {
    if most == 0 || !holds(most) {
        return None;
    }
    let (mut no, mut yes) = (0, most);
    while yes - no > 1 {
        let middle = no + (yes - no) / 2;
        if holds(middle) {
            yes = middle;
        } else {
            no = middle;
        }
    }
    Some(yes)
}

impl Flip {
    /// The better words, as `forecast` has them.
    fn meaning(&self) -> &'static str {
        if self.to == Band::Green { "no longer unlikely" } else { "no longer very unlikely" }
    }

    /// "No longer very unlikely if 9 items are cut, or 0.8 full-time people are added, or the date moves by 3 weeks."
    pub fn said(&self) -> String {
        let plural = |n: &str, one: &str, many: &str| format!("{n} {}", if n == "1" { one } else { many });
        let ways: Vec<String> = [
            self.items.map(|items| plural(&items.to_string(), "item is cut", "items are cut")),
            self.people
                .map(|people| plural(&super::super::words::short(people), "full-time person is added", "full-time people are added")),
            self.pace.map(|pace| format!("its pace rises by {:.0} %", pace * 100.0)),
            self.weeks.map(|weeks| format!("the date moves by {}", plural(&weeks.to_string(), "week", "weeks"))),
        ]
        .into_iter()
        .flatten()
        .collect();
        if ways.is_empty() {
            return format!("No single change makes it {}: not fewer items, twice the pace or half a year more.", self.meaning());
        }
        let name = self.meaning();
        format!("{} if {}.", super::super::words::capitalised(name), ways.join(", or "))
    }
}

#[cfg(test)]
mod tests {
    use chrono::{Days, NaiveDate};
    use proptest::prelude::*;

    use super::super::snapshot::{Facts, take};
    use super::*;
    use crate::domain::calendar::WorkCalendar;
    use crate::domain::forecast::drift::Spread;
    use crate::domain::forecast::project::Life;
    use crate::domain::org::Calendar;
    use crate::domain::time::{At, DAY};

    const BEGIN: i64 = 20_500 * DAY; // a Monday

    /// A project of `all` items known from the start of which `pace` are finished a week, after twelve weeks, due in `due` weeks.
    fn project(all: usize, pace: usize, due: u64) -> Taken {
        let at = |day: i64| At(BEGIN + day * DAY);
        let begun = u64::try_from(BEGIN / DAY).unwrap();
        let lives: Vec<Life> = (0..all)
            .map(|item| {
                let done = i64::try_from(item / pace).unwrap() * 7 + 3;
                let known = (done < 84).then(|| at(done));
                Life { created_at: Some(at(0)), started_at: known.map(|done| done.plus(-2 * DAY)), done_at: known }
            })
            .collect();
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
        let monday = epoch.checked_add_days(Days::new(begun + 84)).unwrap();
        let calendar = WorkCalendar::new(&Calendar::default(), chrono_tz::UTC);
        let due = monday.checked_add_days(Days::new(7 * due)).unwrap();
        let facts = Facts {
            project: "p",
            lives: &lives,
            calendar: &calendar,
            due,
            spread: Spread::even(0.4),
            tail: 0.05,
            beside: vec![],
            forecast: None,
        };
        take(&facts, at(84)).unwrap()
    }

    /// Each lever moves the band, and one step less does not.
    fn check(taken: &Taken, people: Option<f64>) -> Option<Flip> {
        let flip = flip(taken, people)?;
        let band = |change: Change| changed(taken, change).unwrap();
        let steps = |to: Change, less: Change| {
            assert!(band(to) <= flip.to, "{flip:?} {to:?}");
            assert!(band(less) > flip.to, "{flip:?} {less:?}");
        };
        if let Some(cut) = flip.items {
            steps(Change { cut, ..NONE }, Change { cut: cut - 1, ..NONE });
        }
        if let Some(weeks) = flip.weeks {
            steps(Change { weeks, ..NONE }, Change { weeks: weeks - 1, ..NONE });
        }
        if let (Some(more), Some(have)) = (flip.people, people) {
            let speed = |more: f64| Change { speed: 1.0 + more / have, ..NONE };
            steps(speed(more), speed(more - 0.1));
        }
        if let Some(more) = flip.pace {
            let speed = |more: f64| Change { speed: 1.0 + more, ..NONE };
            steps(speed(more), speed(more - 0.05));
        }
        Some(flip)
    }

    #[test]
    fn applying_it_moves_the_band_and_one_less_does_not() {
        let red = check(&project(60, 3, 6), Some(3.0)).unwrap();
        assert_eq!(red.to, Band::Amber);
        assert!(red.items.is_some() && red.people.is_some() && red.weeks.is_some() && red.pace.is_none(), "{red:?}");
        let without = check(&project(60, 3, 6), None).unwrap();
        assert_eq!((without.items, without.weeks), (red.items, red.weeks));
        assert!(without.pace.is_some() && without.people.is_none());
        assert_eq!(check(&project(40, 3, 12), Some(3.0)), None, "green");
    }

    #[test]
    fn the_sentence_names_each_change_by_itself() {
        let said = |items, people, pace, weeks| Flip { to: Band::Amber, items, people, pace, weeks }.said();
        assert_eq!(
            said(Some(9), Some(0.8), None, Some(3)),
            "No longer very unlikely if 9 items are cut, or 0.8 full-time people are added, or the date moves by 3 weeks."
        );
        assert_eq!(
            said(Some(1), None, Some(0.15), Some(1)),
            "No longer very unlikely if 1 item is cut, or its pace rises by 15 %, or the date moves by 1 week."
        );
        assert_eq!(
            said(None, None, None, None),
            "No single change makes it no longer very unlikely: not fewer items, twice the pace or half a year more."
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn whatever_the_project(all in 40..90_usize, pace in 1..4_usize, due in 2..20_u64, people in 1..9_u32) {
            check(&project(all, pace, due), Some(f64::from(people)));
        }
    }
}
