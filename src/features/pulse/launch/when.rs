//! When each is asked and reminded: at ten of their own clock, on days that the organisation works.
//!
//! Never at night, at a weekend or on a holiday, and never after the survey is closed. Pure: the instant of asking is an argument.

use chrono::{Datelike, NaiveDate, NaiveTime, Timelike, Weekday};
use chrono_tz::Tz;

use crate::domain::calendar::{MORNING, WorkCalendar};
use crate::domain::time::At;
use crate::domain::window::local;

/// Between these hours of a working day somebody is at work.
const AT_WORK: std::ops::Range<u32> = 9..17;
/// The hour at which a survey closes on its last day, in the organisation's zone.
const CLOSES: u32 = 17;
/// On which working day after the invitation it is reminded.
const REMINDED: [usize; 2] = [2, 4];
/// How far ahead a day is looked for: a calendar may hold long holidays.
const AHEAD: usize = 60;

fn at(zone: Tz, day: NaiveDate, hour: u32) -> At {
    local::instant(zone, day.and_time(NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default()))
}

/// A day as people say it: "Tuesday 24 November".
pub fn day(day: NaiveDate) -> String {
    day.format("%A %-d %B").to_string()
}

/// The next Tuesday, Wednesday or Thursday on which people work and it is not yet ten in any of the zones; where a calendar has none, the
/// next working day.
pub fn midweek(calendar: &WorkCalendar, zones: &[Tz], now: At) -> Option<NaiveDate> {
    let today = local::wall(calendar.zone(), now).date();
    let ahead = |day: &NaiveDate| calendar.is_working(*day) && zones.iter().all(|zone| at(*zone, *day, MORNING) > now);
    let is_midweek = |day: &NaiveDate| matches!(day.weekday(), Weekday::Tue | Weekday::Wed | Weekday::Thu);
    let days: Vec<NaiveDate> = today.iter_days().take(AHEAD).filter(ahead).collect();
    days.iter().copied().find(is_midweek).or(days.first().copied())
}

/// When somebody is at work next: now, or at ten on the next working day of their clock.
pub fn at_work(calendar: &WorkCalendar, zone: Tz, now: At) -> At {
    let wall = local::wall(zone, now);
    if calendar.is_working(wall.date()) && AT_WORK.contains(&wall.hour()) {
        return now;
    }
    let days = wall.date().iter_days().take(AHEAD).filter(|day| calendar.is_working(*day));
    days.map(|day| at(zone, day, MORNING)).find(|at| *at > now).unwrap_or(now)
}

/// When somebody is asked by a wave that opens on a day: at ten of that day, or when they are at work next where that is past.
pub fn on(calendar: &WorkCalendar, zone: Tz, opens_on: NaiveDate, now: At) -> At {
    let ten = at(zone, opens_on, MORNING);
    if ten > now { ten } else { at_work(calendar, zone, now) }
}

/// The last of so many working days, the first one included.
pub fn last_day(calendar: &WorkCalendar, opens_on: NaiveDate, working_days: usize) -> NaiveDate {
    let mut days = opens_on.iter_days().take(AHEAD).filter(|day| calendar.is_working(*day));
    days.nth(working_days.saturating_sub(1)).unwrap_or(opens_on)
}

/// When a wave closes that has this last day.
pub fn closes_at(zone: Tz, closes_on: NaiveDate) -> At {
    at(zone, closes_on, CLOSES)
}

/// When somebody is reminded who was asked at an instant: at most twice, before the close.
pub fn reminders(calendar: &WorkCalendar, zone: Tz, asked_at: At, closes_at: At) -> Vec<At> {
    let first = local::wall(zone, asked_at).date();
    let after: Vec<NaiveDate> = first.iter_days().skip(1).take(AHEAD).filter(|day| calendar.is_working(*day)).collect();
    let days = REMINDED.iter().filter_map(|nth| after.get(nth - 1));
    days.map(|day| at(zone, *day, MORNING)).filter(|at| *at < closes_at).collect()
}

#[cfg(test)]
mod tests {
    use chrono::Days;

    use super::*;
    use crate::domain::org::Calendar;
    use crate::domain::time::DAY;

    /// The week of Thanksgiving and a bridge: the 26th and 27th are free.
    fn calendar() -> WorkCalendar {
        let holidays = vec![date("2026-11-26"), date("2026-12-25")];
        WorkCalendar::new(&Calendar { holidays, working_days: Vec::new() }, Tz::Europe__Berlin)
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn zone(name: &str) -> Tz {
        name.parse().unwrap()
    }

    fn instant(text: &str) -> At {
        At::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn the_next_midweek_day_that_is_a_working_day_and_still_ahead_everywhere() {
        let check = |now: &str, zones: &[&str], expect: &str| {
            let zones: Vec<Tz> = zones.iter().map(|name| zone(name)).collect();
            assert_eq!(midweek(&calendar(), &zones, instant(now)), Some(date(expect)), "{now} {zones:?}");
        };
        check("2026-11-23T12:00:00Z", &["Europe/Berlin"], "2026-11-24"); // Monday: tomorrow
        check("2026-11-24T08:59:00Z", &["Europe/Berlin"], "2026-11-24"); // a minute before ten
        check("2026-11-24T09:00:00Z", &["Europe/Berlin"], "2026-11-25");
        check("2026-11-24T08:59:00Z", &["Europe/Berlin", "Asia/Tokyo"], "2026-11-25"); // in Tokyo it is past ten
        check("2026-11-25T12:00:00Z", &["Europe/Berlin"], "2026-12-01"); // Thursday is a holiday, Friday no day for it
        check("2026-11-27T12:00:00Z", &["Europe/Berlin"], "2026-12-01");
        check("2026-11-28T12:00:00Z", &[], "2026-12-01");
        let weekend = Calendar { working_days: vec!["sat".into(), "sun".into()], holidays: Vec::new() };
        let weekend = WorkCalendar::new(&weekend, Tz::UTC);
        assert_eq!(midweek(&weekend, &[Tz::UTC], instant("2026-11-23T12:00:00Z")), Some(date("2026-11-28")));
    }

    #[test]
    fn who_is_at_work_is_asked_now_and_others_at_ten_of_their_next_working_day() {
        let check = |now: &str, name: &str, expect: &str| {
            assert_eq!(at_work(&calendar(), zone(name), instant(now)), instant(expect), "{now} {name}");
        };
        check("2026-11-24T13:30:00Z", "Europe/Berlin", "2026-11-24T13:30:00Z");
        check("2026-11-24T15:59:00Z", "Europe/Berlin", "2026-11-24T15:59:00Z"); // 16:59
        check("2026-11-24T16:00:00Z", "Europe/Berlin", "2026-11-25T09:00:00Z"); // 17:00
        check("2026-11-24T07:59:00Z", "Europe/Berlin", "2026-11-24T09:00:00Z"); // 8:59: at ten
        check("2026-11-24T13:30:00Z", "Asia/Tokyo", "2026-11-25T01:00:00Z");
        check("2026-11-24T13:30:00Z", "America/Los_Angeles", "2026-11-24T18:00:00Z"); // 5:30
        check("2026-11-25T16:30:00Z", "Europe/Berlin", "2026-11-27T09:00:00Z"); // over the holiday
        check("2026-11-27T23:30:00Z", "America/Los_Angeles", "2026-11-27T23:30:00Z"); // Friday 15:30
        check("2026-11-28T00:30:00Z", "Asia/Tokyo", "2026-11-30T01:00:00Z"); // Saturday there
        assert_eq!(
            on(&calendar(), Tz::Europe__Berlin, date("2026-12-01"), instant("2026-11-24T13:30:00Z")),
            instant("2026-12-01T09:00:00Z")
        );
        assert_eq!(
            on(&calendar(), Tz::Europe__Berlin, date("2026-11-24"), instant("2026-11-24T13:30:00Z")),
            instant("2026-11-24T13:30:00Z")
        );
    }

    #[test]
    fn it_lasts_so_many_working_days() {
        let check =
            |from: &str, days: usize, expect: &str| assert_eq!(last_day(&calendar(), date(from), days), date(expect), "{from} {days}");
        check("2026-11-24", 1, "2026-11-24");
        check("2026-11-24", 3, "2026-11-27"); // the 26th is free
        check("2026-11-24", 5, "2026-12-01");
        check("2026-11-24", 7, "2026-12-03");
        check("2026-11-29", 1, "2026-11-30"); // a Sunday counts for nothing
        assert_eq!(closes_at(Tz::Europe__Berlin, date("2026-12-03")), instant("2026-12-03T16:00:00Z"));
    }

    #[test]
    fn two_reminders_on_working_days_before_the_close() {
        let check = |asked: &str, name: &str, closes: &str, expect: &[&str]| {
            let found = reminders(&calendar(), zone(name), instant(asked), instant(closes));
            assert_eq!(found, expect.iter().map(|at| instant(at)).collect::<Vec<_>>(), "{asked} {name}");
        };
        // Tuesday; the second working day after is Friday, since Thursday is free; the fourth is Tuesday.
        check("2026-11-24T09:00:00Z", "Europe/Berlin", "2026-12-03T16:00:00Z", &["2026-11-27T09:00:00Z", "2026-12-01T09:00:00Z"]);
        check("2026-11-24T18:00:00Z", "America/Los_Angeles", "2026-12-03T16:00:00Z", &["2026-11-27T18:00:00Z", "2026-12-01T18:00:00Z"]);
        // On the last day itself it is ten in Berlin before the close, and in Los Angeles after it.
        check("2026-11-24T09:00:00Z", "Europe/Berlin", "2026-12-01T16:00:00Z", &["2026-11-27T09:00:00Z", "2026-12-01T09:00:00Z"]);
        check("2026-11-24T18:00:00Z", "America/Los_Angeles", "2026-12-01T16:00:00Z", &["2026-11-27T18:00:00Z"]);
        check("2026-11-24T09:00:00Z", "Europe/Berlin", "2026-11-25T16:00:00Z", &[]);
    }

    proptest::proptest! {
        #[test]
        fn nobody_hears_at_night_at_a_weekend_or_on_a_holiday(minutes in 0..80_000_i64, zone in 0..chrono_tz::TZ_VARIANTS.len(), lasts in 1..11_usize) {
            let (calendar, zone) = (calendar(), chrono_tz::TZ_VARIANTS[zone]);
            let now = instant("2026-11-01T00:00:00Z").plus(minutes * 60_000_000);
            let day = midweek(&calendar, &[zone], now).unwrap();
            proptest::prop_assert!(day <= local::wall(Tz::Europe__Berlin, now).date().checked_add_days(Days::new(9)).unwrap());
            let closes = closes_at(Tz::Europe__Berlin, last_day(&calendar, day, lasts));
            for first in [on(&calendar, zone, day, now), at_work(&calendar, zone, now)] {
                proptest::prop_assert!(first >= now && first.since(now) < 10 * DAY);
                for at in reminders(&calendar, zone, first, closes).into_iter().chain([first]) {
                    let wall = local::wall(zone, at);
                    proptest::prop_assert!(calendar.is_working(wall.date()) && (9..17).contains(&wall.hour()), "{} in {}", wall, zone);
                }
            }
        }
    }
}
