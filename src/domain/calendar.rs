//! [`WorkCalendar`]: which days people work, in a zone; so that what waits over a weekend has not waited for two days.
//!
//! A working day counts whole, from local midnight to local midnight: no office hours are known, and guessing them would be
//! wrong for whoever starts early or lives elsewhere. Each counts as one day however long the clock makes it, so that three
//! working days are three also in the week in which the clock changes. Without `working_days` it is Monday to Friday.
//!
//! For to-do lists, for the gaps of sources and for forecasts; never to tell how long somebody works.

use std::collections::BTreeSet;

use chrono::{Datelike, Days, NaiveDate, NaiveTime};
use chrono_tz::Tz;

use super::forecast::throughput::Span;
use super::org::{Calendar, WEEKDAYS};
use super::time::{At, DAY};
use super::window::local;

/// The hour at which pacer says in the morning what it could not say before.
pub const MORNING: u32 = 10;

/// The working days of an organisation, as a clock in a zone tells days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkCalendar {
    /// Monday first.
    week: [bool; 7],
    holidays: BTreeSet<NaiveDate>,
    zone: Tz,
}

impl WorkCalendar {
    /// Of what the organisation file declares.
    pub fn new(declared: &Calendar, zone: Tz) -> Self {
        let named = |day: &str| declared.working_days.iter().any(|known| known == day);
        let week = if declared.working_days.is_empty() { [true, true, true, true, true, false, false] } else { WEEKDAYS.map(named) };
        Self { week, holidays: declared.holidays.iter().copied().collect(), zone }
    }

    /// The zone in which its days begin.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// Whether people work on a day.
    pub fn is_working(&self, date: NaiveDate) -> bool {
        self.week[date.weekday().num_days_from_monday() as usize] && !self.holidays.contains(&date)
    }

    /// The first working day after a day. A week has one, so that there is one unless the calendar itself ends.
    pub fn next_working_day(&self, date: NaiveDate) -> Option<NaiveDate> {
        date.iter_days().skip(1).find(|day| self.is_working(*day))
    }

    /// Ten in the morning of a day, or of the first working day after it.
    pub fn morning(&self, date: NaiveDate) -> At {
        let day = if self.is_working(date) { date } else { self.next_working_day(date).unwrap_or(date) };
        local::instant(self.zone, day.and_time(NaiveTime::from_hms_opt(MORNING, 0, 0).unwrap_or_default()))
    }

    /// The whole weeks that are over by `until`, from the one that holds `from`, oldest first: Monday to Monday on the clock of the zone.
    pub fn weeks(&self, from: At, until: At) -> Vec<Span> {
        let day = local::wall(self.zone, from).date();
        let mut monday = day - Days::new(u64::from(day.weekday().num_days_from_monday()));
        let mut weeks = Vec::new();
        while let Some(next) = monday.checked_add_days(Days::new(7)) {
            let (from, to) = (local::midnight(self.zone, monday), local::midnight(self.zone, next));
            if to > until {
                break;
            }
            let days: u32 = monday.iter_days().take(7).map(|day| u32::from(self.is_working(day))).sum();
            weeks.push(Span { from, to, days: f64::from(days) });
            monday = next;
        }
        weeks
    }

    /// The working days of a week without holidays.
    pub fn full_week(&self) -> f64 {
        f64::from(self.week.iter().map(|works| u32::from(*works)).sum::<u32>())
    }

    /// The working time between two instants in microseconds, of which each working day has [`DAY`]; 0 where they are
    /// the other way round.
    pub fn between(&self, from: At, to: At) -> i64 {
        let mut worked = 0;
        let mut day = local::wall(self.zone, from).date();
        let mut begin = local::midnight(self.zone, day);
        while begin < to {
            let Some(next) = day.checked_add_days(Days::new(1)) else { break };
            let end = local::midnight(self.zone, next);
            let (length, within) = (end.since(begin), to.min(end).since(from.max(begin)).max(0));
            // A day that a zone skipped has no length.
            if self.is_working(day) && length > 0 {
                let share = i128::from(within) * i128::from(DAY) / i128::from(length);
                worked += i64::try_from(share).unwrap_or(DAY);
            }
            (day, begin) = (next, end);
        }
        worked
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::org::OrgFile;
    use crate::domain::time::HOUR;

    fn calendar(toml: &str, zone: &str) -> WorkCalendar {
        let file = OrgFile::parse(&format!("[calendar]\n{toml}")).unwrap_or_else(|error| panic!("{error}"));
        WorkCalendar::new(&file.declared.calendar, zone.parse().unwrap())
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// The working time from one instant to another as hours of a day that has 24.
    fn check(calendar: &WorkCalendar, from: &str, to: &str, hours: i64) {
        let at = |text: &str| At::parse(text).unwrap();
        assert_eq!(calendar.between(at(from), at(to)), hours * HOUR, "{from} to {to} in {}", calendar.zone());
    }

    #[test]
    fn without_a_word_people_work_from_monday_to_friday() {
        let calendar = calendar("", "UTC");
        let week: Vec<bool> = day("2026-11-23").iter_days().take(7).map(|day| calendar.is_working(day)).collect();
        assert_eq!(week, [true, true, true, true, true, false, false]);
        check(&calendar, "2026-11-23T09:00:00Z", "2026-11-23T15:00:00Z", 6);
        check(&calendar, "2026-11-20T09:00:00Z", "2026-11-23T09:00:00Z", 24); // Friday to Monday
        check(&calendar, "2026-11-21T00:00:00Z", "2026-11-22T23:00:00Z", 0); // a weekend
        check(&calendar, "2026-11-16T12:00:00Z", "2026-11-30T12:00:00Z", 240); // two weeks are ten days
        check(&calendar, "2026-11-23T09:00:00Z", "2026-11-23T09:00:00Z", 0);
        check(&calendar, "2026-11-24T09:00:00Z", "2026-11-23T09:00:00Z", 0);
    }

    #[test]
    fn holidays_are_left_out_once_also_at_a_weekend() {
        let calendar = calendar("holidays = ['2026-12-25', 2026-12-26, '2026-12-31', '2027-01-01']", "Europe/Berlin"); // the 26th is a Saturday
        assert!(!calendar.is_working(day("2026-12-25")) && calendar.is_working(day("2026-12-28")));
        check(&calendar, "2026-12-24T00:00:00+01:00", "2026-12-28T00:00:00+01:00", 24);
        check(&calendar, "2026-12-24T12:00:00+01:00", "2027-01-04T12:00:00+01:00", 12 + 3 * 24 + 12);
        let next = |from: &str| calendar.next_working_day(day(from)).map(|day| day.to_string()).unwrap_or_default();
        assert_eq!(
            (next("2026-12-23"), next("2026-12-24"), next("2026-12-30")),
            ("2026-12-24".into(), "2026-12-28".into(), "2027-01-04".into())
        );
        assert_eq!(next("2026-12-28"), "2026-12-29");
    }

    #[test]
    fn a_morning_is_that_of_a_working_day() {
        let calendar = calendar("holidays = ['2026-12-25']", "Europe/Berlin");
        let morning = |date: &str| calendar.morning(day(date)).rfc3339();
        assert_eq!(morning("2026-11-26"), "2026-11-26T09:00:00Z");
        assert_eq!(morning("2026-12-25"), "2026-12-28T09:00:00Z", "a holiday, then a weekend");
        assert_eq!(morning("2026-07-04"), "2026-07-06T08:00:00Z", "in summer");
    }

    #[test]
    fn other_weeks_than_from_monday_to_friday() {
        let calendar = calendar("working_days = ['sun', 'Monday', 'tue', 'WED', 'thursday']", "Asia/Jerusalem");
        let week: Vec<bool> = day("2026-11-23").iter_days().take(7).map(|day| calendar.is_working(day)).collect();
        assert_eq!(week, [true, true, true, true, false, false, true]);
        check(&calendar, "2026-11-26T12:00:00+02:00", "2026-11-29T12:00:00+02:00", 24); // Thursday noon to Sunday noon
        assert_eq!(calendar.next_working_day(day("2026-11-26")), Some(day("2026-11-29")));
    }

    #[test]
    fn a_day_is_a_day_however_long_the_clock_makes_it() {
        let berlin = calendar("working_days = ['sat', 'sun', 'mon']", "Europe/Berlin");
        check(&berlin, "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", 24); // 23 hours on the clock
        check(&berlin, "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", 24); // 25 hours
        check(&berlin, "2026-03-28T00:00:00+01:00", "2026-03-31T00:00:00+02:00", 72);
        let half = berlin.between(At::parse("2026-10-25T00:00:00+02:00").unwrap(), At::parse("2026-10-25T12:00:00+01:00").unwrap());
        assert_eq!(half, DAY * 13 / 25);
        let havana = calendar("working_days = ['sun']", "America/Havana"); // a day without its midnight, one with two
        check(&havana, "2026-03-08T01:00:00-04:00", "2026-03-09T00:00:00-04:00", 24);
        check(&havana, "2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00", 24);
        let apia = calendar("working_days = ['fri']", "Pacific/Apia"); // 30 December 2011 never was
        check(&apia, "2011-12-29T12:00:00-10:00", "2011-12-31T12:00:00+14:00", 0);
    }

    #[test]
    fn weeks_are_whole_and_know_their_working_days() {
        let calendar = calendar("holidays = ['2026-10-26', '2026-11-11']", "Europe/Berlin");
        let at = |text: &str| At::parse(text).unwrap();
        let weeks = calendar.weeks(at("2026-10-21T12:00:00Z"), at("2026-11-22T22:59:00Z"));
        let told: Vec<(String, f64)> = weeks.iter().map(|week| (week.from.rfc3339(), week.days)).collect();
        let expect =
            [("2026-10-18T22:00:00Z", 5.0), ("2026-10-25T23:00:00Z", 4.0), ("2026-11-01T23:00:00Z", 5.0), ("2026-11-08T23:00:00Z", 4.0)];
        assert_eq!(told, expect.map(|(from, days)| (from.to_owned(), days)), "the week that is not over is none");
        assert!(weeks.windows(2).all(|pair| pair[0].to == pair[1].from));
        assert!((calendar.full_week() - 5.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_weekend_begins_where_people_are() {
        let span = ("2026-11-20T20:00:00Z", "2026-11-22T20:00:00Z");
        check(&calendar("", "UTC"), span.0, span.1, 4);
        check(&calendar("", "Asia/Tokyo"), span.0, span.1, 5); // Saturday 05:00 to Monday 05:00
        check(&calendar("", "America/Los_Angeles"), span.0, span.1, 12); // Friday noon to Sunday noon
    }

    proptest! {
        #[test]
        fn splitting_a_span_adds_up_and_time_never_runs_backwards(from in 0..3_000_i64, first in 0..2_000_i64, second in 0..2_000_i64, zone in 0..3_usize) {
            let calendar = calendar("holidays = ['2026-04-03']", ["Europe/Berlin", "America/Havana", "Pacific/Apia"][zone]);
            let begin = At::parse("2026-01-01T00:00:00Z").unwrap().plus(from * HOUR);
            let (middle, end) = (begin.plus(first * HOUR), begin.plus((first + second) * HOUR));
            let (one, two, whole) = (calendar.between(begin, middle), calendar.between(middle, end), calendar.between(begin, end));
            prop_assert!((one + two - whole).abs() <= 1, "{} and {} are not {}", one, two, whole);
            prop_assert!(one >= 0 && two >= 0 && whole <= (first + second + 2) * HOUR * 24 / 23);
        }
    }
}
