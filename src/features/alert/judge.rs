//! When an alert begins and when it is over: hysteresis, so that a figure at the edge of its limit does not flap. Pure.
//!
//! It begins where the figure is beyond its limit at two evaluations in a row, an hour apart; in a preview, whose evaluations
//! stand for a day or a week each, at one. It is over where the figure is back inside by a margin for at least a day: a fifth of
//! the limit for thresholds; for the own range the last two whole weeks inside the range as it was when it began. An evaluation
//! that can't tell (too few, a silent source) moves nothing, in either direction, and breaks no row.
//!
//! Why a margin and a day, measured in `tests.rs`: where a true rate lies exactly on the limit, the worst there is, four weeks'
//! figures cross it 13 times a year, and each crossing would be a message. Like this it is half as many, 6 at one deployment a
//! day; the preview, which counts them before an alert is set, tells whoever chose such a limit.

use serde::{Deserialize, Serialize};

use crate::domain::time::{At, DAY};

/// The part of a limit by which a figure must be back inside.
pub const MARGIN: f64 = 0.2;
/// Evaluations beyond in a row, an hour apart.
const BEYOND: u32 = 2;

/// Where a figure stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Past the limit.
    Beyond,
    /// Back, but not by the margin.
    Edge,
    /// Inside by the margin.
    Inside,
}

/// What an evaluation changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Nothing.
    Same,
    /// It begins. When it was beyond first.
    Begins(At),
    /// It is over.
    Ends,
}

/// What must be known of the evaluations before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Row {
    /// How many in a row were beyond, and since when.
    beyond: u32,
    beyond_since: Option<At>,
    /// Since when it is inside by the margin, without a break.
    inside_since: Option<At>,
}

impl Row {
    /// Takes one evaluation. `open`: an episode is under way; `sparse`: evaluations are a day or more apart.
    pub fn step(&mut self, at: At, side: Option<Side>, open: bool, sparse: bool) -> Turn {
        let Some(side) = side else { return Turn::Same };
        if side == Side::Beyond {
            self.beyond = self.beyond.saturating_add(1);
            self.beyond_since.get_or_insert(at);
        } else {
            (self.beyond, self.beyond_since) = (0, None);
        }
        self.inside_since = if side == Side::Inside { self.inside_since.or(Some(at)) } else { None };
        let needed = if sparse { 1 } else { BEYOND };
        if !open && self.beyond >= needed {
            return Turn::Begins(self.beyond_since.unwrap_or(at));
        }
        let settled = self.inside_since.is_some_and(|since| at.since(since) >= DAY);
        if open && settled { Turn::Ends } else { Turn::Same }
    }
}

/// Where a value stands to a limit. `up`: beyond is above it.
pub fn side(value: f64, limit: f64, up: bool) -> Side {
    let room = limit.abs() * MARGIN;
    let (beyond, inside) = if up { (value > limit, value <= limit - room) } else { (value < limit, value >= limit + room) };
    match (beyond, inside) {
        (true, _) => Side::Beyond,
        (_, true) => Side::Inside,
        _ => Side::Edge,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::time::HOUR;

    /// Evaluations an hour apart: `b`eyond, `e`dge, `i`nside, `?`; a number repeats the letter before it.
    fn check(text: &str, expect: &str) {
        let (mut row, mut open, mut said, mut at) = (Row::default(), false, String::new(), At(0));
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            let mut digits = String::new();
            while let Some(digit) = letters.next_if(char::is_ascii_digit) {
                digits.push(digit);
            }
            for _ in 0..digits.parse().unwrap_or(1) {
                let side = match letter {
                    'b' => Some(Side::Beyond),
                    'e' => Some(Side::Edge),
                    'i' => Some(Side::Inside),
                    _ => None,
                };
                let hours = at.0 / HOUR;
                match row.step(at, side, open, false) {
                    Turn::Begins(since) => (open, said) = (true, format!("{said} begins {hours} since {}", since.0 / HOUR)),
                    Turn::Ends => (open, said) = (false, format!("{said} ends {hours}")),
                    Turn::Same => {}
                }
                at = at.plus(HOUR);
            }
        }
        assert_eq!(said.trim(), expect, "{text}");
    }

    #[test]
    fn it_begins_at_the_second_in_a_row_and_ends_after_a_day_inside() {
        check("iibb", "begins 3 since 2");
        check("bibibi", "");
        check("bb", "begins 1 since 0");
        check("bbi24", "begins 1 since 0");
        check("bbi25", "begins 1 since 0 ends 26");
        check("bbi20ei25", "begins 1 since 0 ends 47");
        check("bbe99", "begins 1 since 0");
        check("bbi25bb", "begins 1 since 0 ends 26 begins 28 since 27");
    }

    #[test]
    fn what_can_not_be_told_moves_nothing() {
        check("?9", "");
        check("b?b", "begins 2 since 0");
        check("bb?99", "begins 1 since 0");
        check("bbi12?30i", "begins 1 since 0 ends 44");
    }

    #[test]
    fn a_day_apart_one_is_enough() {
        let mut row = Row::default();
        assert_eq!(row.step(At(0), Some(Side::Beyond), false, true), Turn::Begins(At(0)));
    }

    #[test]
    fn the_margin_is_a_fifth_of_the_limit() {
        let check = |value: f64, limit: f64, up: bool, expect: Side| assert_eq!(side(value, limit, up), expect, "{value} {limit} {up}");
        check(0.16, 0.15, true, Side::Beyond);
        check(0.15, 0.15, true, Side::Edge);
        check(0.13, 0.15, true, Side::Edge);
        check(0.12, 0.15, true, Side::Inside);
        check(1.9, 2.0, false, Side::Beyond);
        check(2.2, 2.0, false, Side::Edge);
        check(2.4, 2.0, false, Side::Inside);
        check(0.0, 0.0, true, Side::Inside);
        check(0.1, 0.0, true, Side::Beyond);
    }

    proptest! {
        #[test]
        fn within_the_margin_it_begins_once_at_most(noise in prop::collection::vec(-1.0..1.0f64, 500), limit in 0.01..100.0f64) {
            // A year of evaluations that stray around the limit by less than the margin: one episode, which never ends.
            let (mut row, mut open, mut begun, mut ended) = (Row::default(), false, 0, 0);
            for (hour, noise) in (0..).zip(noise) {
                let value = limit * (1.0 + noise * MARGIN * 0.99);
                match row.step(At(hour * HOUR), Some(side(value, limit, true)), open, false) {
                    Turn::Begins(_) => (open, begun) = (true, begun + 1),
                    Turn::Ends => (open, ended) = (false, ended + 1),
                    Turn::Same => {}
                }
            }
            prop_assert!(begun <= 1 && ended == 0, "begun {}, ended {}", begun, ended);
        }

        #[test]
        fn beginnings_and_ends_alternate_and_are_a_day_apart(sides in prop::collection::vec(0..4usize, 400)) {
            let (mut row, mut open, mut last) = (Row::default(), false, None::<At>);
            for (hour, side) in (0..).zip(sides) {
                let at = At(hour * HOUR);
                let side = [Some(Side::Beyond), Some(Side::Edge), Some(Side::Inside), None][side];
                match row.step(at, side, open, false) {
                    Turn::Begins(since) => {
                        prop_assert!(!open && since < at);
                        (open, last) = (true, Some(at));
                    }
                    Turn::Ends => {
                        prop_assert!(open && last.is_some_and(|begun| at.since(begun) >= DAY));
                        open = false;
                    }
                    Turn::Same => {}
                }
            }
        }
    }
}
