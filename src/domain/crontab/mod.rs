//! [`Crontab`]: when something is due, in five fields and the wall clock of a zone.
//!
//! The fields are Vixie cron's: names in any case, 0 to 7 for weekdays, lists, steps, ranges that wrap, `@weekly` and its kin; where
//! day of month and weekday are both restricted (neither begins with `*`) either is enough. [`fields`] reads them and says in a
//! sentence what is wrong; [`describe`] says them in words.
//!
//! Why not the `cron` crate as it is: it walks instants, so that a job at 02:30 is lost on the day the clock jumps ahead and done
//! twice on the day it is set back; it numbers weekdays from 1 = Sunday, knows no range that wraps, and wants both days to match.
//! Here it gets lists of plain numbers, one or two schedules of them, and walks the wall clock alone;
//! [`local::instant`](super::window::local) says when that clock shows a time: in a gap at the old offset, of a repeated time the
//! first. Slots are instants in strict order, whatever order their wall times have: 02:30 on the day of the jump comes after 03:00.
//!
//! Work is bounded: one slot costs what a day's slots of the crontab cost at most, however far ahead it is, and the last slot of a
//! window is looked for from its end.
//!
//! Never to be used for how long something took: wall clocks jump.

mod describe;
mod fields;

use std::collections::BTreeSet;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::time::{At, DAY, SECOND};
use super::window::local;
use fields::Fields;

/// A wall time and its instant are never further apart than this from their neighbours': the longest jump there was (Samoa left
/// out a day).
const JUMP: i64 = DAY;

/// Five fields of a crontab.
#[derive(Debug, Clone)]
pub struct Crontab {
    fields: Fields,
    /// One; two where day of month or weekday is enough.
    walks: Vec<cron::Schedule>,
}

impl Crontab {
    /// Reads five fields or a name (`@weekly`); else a sentence without its full stop that says what is wrong.
    ///
    /// # Errors
    /// Where it is no crontab, or never fires.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fields = Fields::parse(text)?;
        let walks: Result<Vec<_>, _> = fields.six().iter().map(|six| cron::Schedule::from_str(six)).collect();
        let walks = walks.map_err(|_| format!("`{text}` is not a crontab"))?;
        Ok(Self { fields, walks })
    }

    /// Whether two of its slots are ever closer together than that, the clock's own jumps aside. For a feature that would be
    /// noise if it spoke so often.
    pub fn is_oftener_than(&self, micros: i64) -> bool {
        self.fields.closest_minutes() * 60 * SECOND < micros
    }

    /// It in plain English: "Mondays at 09:00", "weekdays at 08:30"; what has no short sentence as it was typed.
    pub fn words(&self) -> String {
        describe::words(&self.fields)
    }

    /// The first slot after an instant.
    pub fn next(&self, after: At, zone: Tz) -> Option<At> {
        self.slots(after, zone).next()
    }

    /// The last slot after one instant and not after another.
    pub fn latest(&self, after: At, until: At, zone: Tz) -> Option<At> {
        let mut best: Option<At> = None;
        let from = local::wall(zone, until.plus(JUMP)).and_utc();
        for wall in self.walls_back(from) {
            let at = local::instant(zone, wall.naive_utc());
            if at <= after.plus(-JUMP) || best.is_some_and(|best| at <= best.plus(-JUMP)) {
                break;
            }
            if at > after && at <= until {
                best = best.max(Some(at));
            }
        }
        best
    }

    /// Every slot after an instant, in order.
    pub fn slots(&self, after: At, zone: Tz) -> impl Iterator<Item = At> + '_ {
        // A jump back, since it may put a later wall time at an earlier instant.
        let mut walls = self.walls(local::wall(zone, after.plus(-JUMP)).and_utc());
        let mut found: BTreeSet<At> = BTreeSet::new();
        let mut last = after;
        std::iter::from_fn(move || {
            loop {
                let is_safe = |first: At, newest: &At| *newest > first.plus(JUMP);
                if found.first().is_some_and(|first| found.last().is_some_and(|newest| is_safe(*first, newest))) {
                    break;
                }
                let Some(wall) = walls.next() else { break };
                let at = local::instant(zone, wall.naive_utc());
                if at > last {
                    found.insert(at);
                }
            }
            last = found.pop_first()?;
            Some(last)
        })
    }

    /// Wall times after one, in order.
    fn walls(&self, after: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> + '_ {
        let mut walks: Vec<_> = self.walks.iter().map(|walk| walk.after(&after).peekable()).collect();
        std::iter::from_fn(move || {
            let next = walks.iter_mut().filter_map(|walk| walk.peek().copied()).min()?;
            for walk in &mut walks {
                walk.next_if_eq(&next);
            }
            Some(next)
        })
    }

    /// Wall times before one, the latest first.
    fn walls_back(&self, before: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> + '_ {
        let mut walks: Vec<_> = self.walks.iter().map(|walk| walk.after(&before).rev().peekable()).collect();
        std::iter::from_fn(move || {
            let next = walks.iter_mut().filter_map(|walk| walk.peek().copied()).max()?;
            for walk in &mut walks {
                walk.next_if_eq(&next);
            }
            Some(next)
        })
    }
}

#[cfg(test)]
mod tests;
