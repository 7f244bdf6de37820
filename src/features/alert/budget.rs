//! When a channel is told: not at night, not at weekends and holidays, and not more often than it wants. Pure.
//!
//! An episode that begins at such an hour waits, and is told at the first slot of the next working morning if it is still under way
//! then; what came and went overnight is listed by `alert`, and nobody is woken by it nor reads of it in the morning. Rejected: a
//! message that waits in the outbox, which would say "resolved" of something that nobody had heard of.
//!
//! Of what a channel hears in seven days, of all its alerts together, each message takes a place before it is told
//! ([`take_alert_place`](crate::store::Store::take_alert_place)), so that slots that run at one time are not told twice over.

use chrono::Timelike;

use super::memory::{Held, Memory};
use crate::domain::calendar::WorkCalendar;
use crate::domain::time::{At, WEEK};
use crate::domain::window::local;

/// Hours of the day in which a channel is told, on working days.
const HOURS: std::ops::Range<u32> = 8..18;

/// Whether it is night, a weekend or a holiday.
pub fn is_quiet(calendar: &WorkCalendar, now: At) -> bool {
    let wall = local::wall(calendar.zone(), now);
    !HOURS.contains(&wall.hour()) || !calendar.is_working(wall.date())
}

/// Episodes of the seven days before that were held back since the channel heard enough.
pub fn held_back(memory: &Memory, now: At) -> u64 {
    let held =
        |episode: &&super::memory::Episode| episode.told.is_none() && episode.held == Some(Held::Budget) && now.since(episode.start) < WEEK;
    memory.episodes.iter().filter(held).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::org::Calendar;

    fn calendar() -> WorkCalendar {
        let declared = Calendar { holidays: vec!["2026-12-25".parse().unwrap()], ..Calendar::default() };
        WorkCalendar::new(&declared, chrono_tz::Europe::Berlin)
    }

    #[test]
    fn nights_weekends_and_holidays_are_quiet_where_people_are() {
        let check = |at: &str, expect: bool| assert_eq!(is_quiet(&calendar(), At::parse(at).unwrap()), expect, "{at}");
        check("2026-11-23T07:59:00+01:00", true);
        check("2026-11-23T08:00:00+01:00", false);
        check("2026-11-23T17:59:00+01:00", false);
        check("2026-11-23T18:00:00+01:00", true);
        check("2026-11-21T12:00:00+01:00", true); // Saturday
        check("2026-12-25T12:00:00+01:00", true); // a holiday on a Friday
        check("2026-07-01T06:30:00Z", false); // 08:30 in summer
        check("2026-11-23T07:30:00Z", false); // 08:30 in winter
    }
}
