//! When a result is told: to a team at once, to its leads and to all a day later and never at night, at a weekend or on a holiday.

use chrono::Timelike;
use chrono_tz::Tz;

use crate::domain::calendar::WorkCalendar;
use crate::domain::org::Calendar;
use crate::domain::time::{At, DAY};
use crate::domain::window::local;

/// How long a team reads its result alone.
const ALONE: i64 = DAY;
/// Hours of the day in which a message may come.
const WAKING: std::ops::Range<u32> = 8..20;

/// Whether a team has had its day.
pub fn day_over(closed_at: At, now: At) -> bool {
    now >= from(closed_at)
}

/// From when others may see it.
pub fn from(closed_at: At) -> At {
    closed_at.plus(ALONE)
}

/// When others are told: after a day, or at ten in the next working morning.
pub fn told(closed_at: At, calendar: &Calendar, zone: Tz) -> At {
    let work = WorkCalendar::new(calendar, zone);
    let wall = local::wall(zone, from(closed_at));
    let (day, hour) = (wall.date(), wall.hour());
    if work.is_working(day) && WAKING.contains(&hour) {
        return from(closed_at);
    }
    work.morning(if hour < WAKING.start { day } else { day.succ_opt().unwrap_or(day) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_later_in_working_hours() {
        let calendar = Calendar { holidays: vec!["2026-12-25".parse().unwrap()], ..Calendar::default() };
        let check = |closed: &str, expect: &str| {
            let at = told(At::parse(closed).unwrap(), &calendar, Tz::Europe__Berlin);
            assert_eq!(at.rfc3339(), At::parse(expect).unwrap().rfc3339(), "{closed}");
        };
        check("2026-12-01T17:00:00+01:00", "2026-12-02T17:00:00+01:00");
        check("2026-12-04T17:00:00+01:00", "2026-12-07T10:00:00+01:00"); // a Saturday
        check("2026-12-24T17:00:00+01:00", "2026-12-28T10:00:00+01:00"); // a holiday, then a weekend
        check("2026-12-01T22:30:00+01:00", "2026-12-03T10:00:00+01:00"); // late at night
        check("2026-12-01T05:00:00+01:00", "2026-12-02T10:00:00+01:00"); // before anybody is up
        check("2026-12-06T05:00:00+01:00", "2026-12-07T10:00:00+01:00");
        assert!(!day_over(At(0), At(DAY - 1)) && day_over(At(0), At(DAY)));
    }
}
