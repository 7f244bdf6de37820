//! [`Calendar`]: when the sample's people work, in Europe/Berlin.
//!
//! Times are simulated on an axis of *working hours*: nine a working day, none at night, at weekends or on holidays. A
//! review that takes six working hours from Friday 16:00 so ends on Monday at 13:00, and all times fall where people work.
//! The axis reaches past both ends of the history, for work begun before it and work that is not finished yet.

use chrono::{Datelike, Days, NaiveDate, TimeZone, Weekday};
use chrono_tz::{Europe::Berlin, Tz};

use crate::domain::time::{At, DAY, HOUR, SECOND};

/// The organisation's zone.
pub const ZONE: Tz = Berlin;
/// Weeks of history: twelve months and a little, so that a window of twelve months is full.
pub const WEEKS: usize = 55;
/// Working hours in a working day, from 9:00.
pub const WORKDAY_HOURS: f64 = 9.0;
const DAYS_AROUND: u64 = 150;

/// The working days around the history that ends now.
#[derive(Debug)]
pub struct Calendar {
    /// The end of the history.
    pub now: At,
    today: NaiveDate,
    days: Vec<Day>,
    /// Indices of the working days.
    working: Vec<usize>,
}

#[derive(Debug)]
struct Day {
    midnight: At,
    nine: At,
    /// Working days before this one.
    before: usize,
    working: bool,
    /// How much of the usual work is done: holidays of the many make less of it.
    pace: f64,
}

impl Calendar {
    /// The calendar of the history that ends at `now`.
    pub fn new(now: At) -> Self {
        let today = now.utc().with_timezone(&ZONE).date_naive();
        let first = ago(today, days_of_weeks() - 1 + DAYS_AROUND);
        let mut days: Vec<Day> = Vec::new();
        let mut working = Vec::new();
        for (index, date) in first.iter_days().take(usize::try_from(days_of_weeks() + 2 * DAYS_AROUND).unwrap_or_default()).enumerate() {
            let is_working = !matches!(date.weekday(), Weekday::Sat | Weekday::Sun) && !is_holiday(date);
            days.push(Day { midnight: local(date, 0), nine: local(date, 9), before: working.len(), working: is_working, pace: pace(date) });
            if is_working {
                working.push(index);
            }
        }
        Self { now, today, days, working }
    }

    /// The date in Berlin so many days ago.
    pub fn date_ago(&self, days: u64) -> NaiveDate {
        ago(self.today, days)
    }

    /// The date in Berlin in so many days.
    pub fn date_in(&self, days: u64) -> NaiveDate {
        self.today.checked_add_days(Days::new(days)).unwrap_or(self.today)
    }

    /// The last working day before today that is a Tuesday, Wednesday or Thursday: when pulses begin.
    pub fn last_midweek_day(&self) -> NaiveDate {
        let at = self.days.partition_point(|day| day.midnight <= self.now).saturating_sub(1);
        let is_midweek = |index: &&usize| {
            let day = self.date_ago((at - **index) as u64).weekday();
            matches!(day, Weekday::Tue | Weekday::Wed | Weekday::Thu)
        };
        let before = self.working.iter().rev().skip_while(|index| **index >= at).find(is_midweek).copied().unwrap_or(0);
        self.date_ago((at - before) as u64)
    }

    /// The Tuesday of the week so many days ago: when surveys begin.
    pub fn tuesday_ago(&self, days: u64) -> NaiveDate {
        let date = self.date_ago(days);
        ago(date, u64::from(date.weekday().num_days_from_monday())).checked_add_days(Days::new(1)).unwrap_or(date)
    }

    /// The midnight in Berlin that began the day so many days ago.
    pub fn midnight_ago(&self, days: u64) -> At {
        local(self.date_ago(days), 0)
    }

    /// How many days before now an instant is; negative for one to come.
    #[allow(clippy::cast_precision_loss, reason = "a year of microseconds fits a double")]
    pub fn days_ago(&self, at: At) -> f64 {
        self.now.since(at) as f64 / DAY as f64
    }

    /// The instant at a place on the axis, to the second.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the days there are")]
    pub fn at(&self, work: f64) -> At {
        let day = ((work / WORKDAY_HOURS).max(0.0) as usize).min(self.working.len() - 1);
        #[allow(clippy::cast_precision_loss, reason = "a few hundred days")]
        let into = (work - day as f64 * WORKDAY_HOURS).clamp(0.0, WORKDAY_HOURS);
        self.days[self.working[day]].nine.plus(hours(into))
    }

    /// The place of an instant on the axis: one outside working time is at the next beginning of work.
    #[allow(clippy::cast_precision_loss, reason = "a few hundred days, a day of microseconds")]
    pub fn work(&self, at: At) -> f64 {
        let day = &self.days[self.days.partition_point(|day| day.midnight <= at).saturating_sub(1)];
        let into = at.since(day.nine) as f64 / HOUR as f64;
        day.before as f64 * WORKDAY_HOURS + if day.working { into.clamp(0.0, WORKDAY_HOURS) } else { 0.0 }
    }

    /// Where the week lies on the axis, and how much of a usual week's work is done in it.
    #[allow(clippy::cast_precision_loss, reason = "a few hundred days")]
    pub fn week(&self, week: usize) -> (f64, f64, f64) {
        let first = usize::try_from(DAYS_AROUND).unwrap_or_default() + week * 7;
        let days = &self.days[first..first + 7];
        let begin = days[0].before as f64 * WORKDAY_HOURS;
        let work: f64 = days.iter().filter(|day| day.working).map(|day| day.pace).sum();
        let length = days.iter().filter(|day| day.working).count() as f64 * WORKDAY_HOURS;
        (begin, begin + length, work / 5.0)
    }

    /// The public holidays of the years that the history touches, and the next.
    pub fn holidays(&self) -> Vec<NaiveDate> {
        let first = self.date_ago(days_of_weeks()).year();
        (first..=self.today.year() + 1).flat_map(holidays).collect()
    }

    /// The year and quarter of today, as `2026-Q4`.
    pub fn quarter(&self) -> String {
        format!("{}-Q{}", self.today.year(), self.today.month0() / 3 + 1)
    }
}

/// Hours as microseconds, whole seconds.
#[allow(clippy::cast_possible_truncation, reason = "spans of days")]
pub fn hours(hours: f64) -> i64 {
    (hours * 3_600.0).round() as i64 * SECOND
}

fn days_of_weeks() -> u64 {
    WEEKS as u64 * 7
}

fn ago(today: NaiveDate, days: u64) -> NaiveDate {
    today.checked_sub_days(Days::new(days)).unwrap_or(today)
}

/// An hour of a day in Berlin.
pub fn local(date: NaiveDate, hour: u32) -> At {
    let naive = date.and_hms_opt(hour, 0, 0).unwrap_or_default();
    ZONE.from_local_datetime(&naive).earliest().map_or(At::default(), |at| At::from(at.to_utc()))
}

/// The summer and the weeks around Christmas are slower.
pub fn pace(date: NaiveDate) -> f64 {
    match (date.month(), date.day()) {
        (12, 22..) | (1, ..=3) => 0.12,
        (12, 15..) | (1, ..=7) => 0.7,
        (7, 20..) | (8, ..=20) => 0.6,
        _ => 1.0,
    }
}

pub fn is_holiday(date: NaiveDate) -> bool {
    holidays(date.year()).contains(&date)
}

/// The public holidays of Berlin.
fn holidays(year: i32) -> Vec<NaiveDate> {
    let easter = easter(year);
    let fixed = [(1, 1), (3, 8), (5, 1), (10, 3), (12, 25), (12, 26)];
    let moving = [-2_i64, 1, 39, 50].map(|days| easter + chrono::Duration::days(days));
    let mut all: Vec<NaiveDate> = fixed.iter().filter_map(|(month, day)| NaiveDate::from_ymd_opt(year, *month, *day)).collect();
    all.extend(moving);
    all.sort_unstable();
    all
}

/// Easter Sunday, by Butcher's rule.
fn easter(year: i32) -> NaiveDate {
    let (golden, century, rest) = (year % 19, year / 100, year % 100);
    let epact = (19 * golden + century - century / 4 - (century - (century + 8) / 25 + 1) / 3 + 15) % 30;
    let sunday = (32 + 2 * (century % 4) + 2 * (rest / 4) - epact - rest % 4) % 7;
    let late = (golden + 11 * epact + 22 * sunday) / 451;
    let days = u32::try_from(epact + sunday - 7 * late + 114).unwrap_or(125);
    NaiveDate::from_ymd_opt(year, days / 31, days % 31 + 1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easter_is_where_it_was() {
        let check = |year: i32, expect: &str| assert_eq!(easter(year).to_string(), expect);
        check(2024, "2024-03-31");
        check(2025, "2025-04-20");
        check(2026, "2026-04-05");
        check(2038, "2038-04-25");
    }

    #[test]
    fn working_hours_skip_nights_weekends_and_holidays() {
        let calendar = Calendar::new(At::parse("2026-11-24T04:00:00Z").unwrap());
        let check = |from: &str, hours: f64, expect: &str| {
            let work = calendar.work(At::parse(from).unwrap()) + hours;
            assert_eq!(calendar.at(work), At::parse(expect).unwrap(), "{from} and {hours} hours");
        };
        check("2026-11-20T16:00:00+01:00", 6.0, "2026-11-23T13:00:00+01:00");
        check("2026-11-20T22:00:00+01:00", 1.0, "2026-11-23T10:00:00+01:00");
        check("2026-10-23T17:00:00+02:00", 2.0, "2026-10-26T10:00:00+01:00"); // the clock went back
        check("2026-10-02T17:30:00+02:00", 1.0, "2026-10-05T09:30:00+02:00");
        check("2026-11-23T12:00:00+01:00", -4.0, "2026-11-20T17:00:00+01:00");
    }

    #[test]
    fn weeks_are_slower_at_christmas_and_in_summer() {
        let calendar = Calendar::new(At::parse("2026-11-24T04:00:00Z").unwrap());
        let paces: Vec<f64> = (0..WEEKS).map(|week| calendar.week(week).2).collect();
        assert_eq!(paces.iter().filter(|pace| **pace < 0.5).count(), 3, "{paces:?}");
        assert!(paces.iter().filter(|pace| (0.5..0.75).contains(*pace)).count() >= 4, "{paces:?}");
    }
}
