//! [`Capacity`]: how much a scope can work on each day: its working days, and where its people are declared, how many of them are there.
//!
//! A week in which half the team is away says of the pace what half a week does, and a forecast across it must know. A day's capacity is 1
//! where nobody is declared, else the sum of the people's parts of full time without those who are away. Sums only: never to be asked for
//! one person, and never shown as somebody's absence.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use super::calendar::WorkCalendar;
use super::card::Scope;
use super::forecast::throughput::Span as Week;
use super::org::{Org, Span};
use super::time::At;
use super::window::local;

/// More days than a year of forecasts with all its holidays.
const FURTHEST: usize = 800;

/// What a scope can do, day by day.
#[derive(Debug, Clone, PartialEq)]
pub struct Capacity {
    calendar: WorkCalendar,
    people: Vec<Part>,
    /// What a day without absences has.
    day: f64,
}

/// Somebody's part of full time, when they belonged, when they are away.
type Part = (f64, Vec<Span>, Vec<(NaiveDate, NaiveDate)>);

impl Capacity {
    /// Of working days alone.
    pub fn of_days(calendar: WorkCalendar) -> Self {
        Self { calendar, people: Vec::new(), day: 1.0 }
    }

    /// Of a team's declared people, as it stands at an instant; of working days alone where the scope is no team or nobody is in it then.
    pub fn of(scope: &Scope, org: &Org, now: At) -> Self {
        let calendar = WorkCalendar::new(&org.calendar, org.zone_for(scope));
        let mut spans: BTreeMap<String, Vec<Span>> = BTreeMap::new();
        for (_, person, span) in scope.teams().iter().flat_map(|team| org.persons_of(team)) {
            spans.entry(person).or_default().push(span);
        }
        let person = |(id, spans): (String, Vec<Span>)| {
            let known = org.people.get(&id);
            let fte = if known.is_some_and(|known| known.bot) { 0.0 } else { known.and_then(|known| known.fte).unwrap_or(1.0) };
            (fte, spans, known.map(|known| known.away.clone()).unwrap_or_default())
        };
        let people: Vec<Part> = spans.into_iter().map(person).filter(|(fte, ..)| *fte > 0.0).collect();
        let day = people.iter().filter(|(_, spans, _)| spans.iter().any(|span| span.holds(now))).map(|(fte, ..)| fte).sum();
        if day > 0.0 { Self { calendar, people, day } } else { Self::of_days(calendar) }
    }

    /// The days it goes by.
    pub fn calendar(&self) -> &WorkCalendar {
        &self.calendar
    }

    /// What a day has.
    fn on(&self, date: NaiveDate) -> f64 {
        if !self.calendar.is_working(date) {
            return 0.0;
        }
        if self.people.is_empty() {
            return self.day;
        }
        let noon = self.calendar.morning(date);
        let here = |spans: &[Span], away: &[(NaiveDate, NaiveDate)]| {
            spans.iter().any(|span| span.holds(noon)) && !away.iter().any(|(from, to)| (*from..=*to).contains(&date))
        };
        self.people.iter().filter(|(_, spans, away)| here(spans, away)).map(|(fte, ..)| fte).sum()
    }

    /// The whole weeks that are over, as [`WorkCalendar::weeks`], with what each had.
    pub fn weeks(&self, from: At, until: At) -> Vec<Week> {
        let zone = self.calendar.zone();
        let week = |week: Week| {
            let monday = local::wall(zone, week.from).date();
            Week { days: monday.iter_days().take(7).map(|day| self.on(day)).sum(), ..week }
        };
        self.calendar.weeks(from, until).into_iter().map(week).collect()
    }

    /// What an ordinary week has.
    pub fn full_week(&self) -> f64 {
        self.calendar.full_week() * self.day
    }

    /// The full weeks from the day after an instant to the day before another, that other's own day too unless it begins then.
    pub fn weeks_until(&self, now: At, until: At) -> f64 {
        let zone = self.calendar.zone();
        let (today, last) = (local::wall(zone, now).date(), local::wall(zone, until.plus(-1)).date());
        let days = today.iter_days().skip(1).take(FURTHEST).take_while(|day| *day <= last);
        days.map(|day| self.on(day)).sum::<f64>() / self.full_week()
    }

    /// The day on which so many full weeks have passed since the day of an instant.
    pub fn day_after(&self, now: At, weeks: u32) -> NaiveDate {
        let today = local::wall(self.calendar.zone(), now).date();
        // Room for rounding of parts of full time.
        let need = f64::from(weeks) * self.full_week() - 1e-6;
        let mut had = 0.0;
        for day in today.iter_days().skip(usize::from(weeks > 0)).take(FURTHEST) {
            had += if weeks > 0 { self.on(day) } else { 0.0 };
            if had >= need {
                return day;
            }
        }
        today + Days::new(FURTHEST as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::org::OrgFile;

    fn at(text: &str) -> At {
        At::parse(text).unwrap()
    }

    fn capacity(toml: &str, scope: &Scope) -> Capacity {
        Capacity::of(scope, &OrgFile::parse(toml).unwrap_or_else(|error| panic!("{error}")).declared, at("2026-11-24T12:00:00Z"))
    }

    #[test]
    fn weeks_ahead_leave_out_holidays_and_weekends() {
        let days = capacity("[calendar]\nholidays = ['2026-12-25', '2027-01-01']", &Scope::Organisation);
        let now = at("2026-11-24T12:00:00Z"); // a Tuesday
        let day = |weeks: u32| days.day_after(now, weeks).to_string();
        assert_eq!((day(0), day(1), day(2)), ("2026-11-24".into(), "2026-12-01".into(), "2026-12-08".into()));
        assert_eq!(day(5), "2026-12-30", "a holiday between");
        assert_eq!(day(6), "2027-01-07", "two of them");
        let until = |text: &str| days.weeks_until(now, at(text));
        assert!((until("2026-12-02T00:00:00Z") - 1.0).abs() < 1e-12 && (until("2026-12-01T12:00:00Z") - 1.0).abs() < 1e-12);
        assert!((until("2026-12-26T00:00:00Z") - 22.0 / 5.0).abs() < 1e-12);
        assert!(until("2026-11-24T23:00:00Z").abs() < 1e-12);
    }

    #[test]
    fn people_who_are_away_or_work_part_time_make_weeks_shorter() {
        let toml = "[[people]]\nid='a'\n[[people]]\nid='b'\nfte=0.5\n[[people]]\nid='c'\naway=[{from='2026-12-07', until='2026-12-11'}]\n\
                    [[people]]\nid='robot'\nbot=true\n[[teams]]\nid='t'\nmembers=['a','b','c','robot']";
        let team = capacity(toml, &Scope::Team("t".into()));
        assert!((team.full_week() - 12.5).abs() < 1e-12);
        let weeks: Vec<f64> = team.weeks(at("2026-11-30T12:00:00Z"), at("2026-12-14T00:00:00Z")).iter().map(|week| week.days).collect();
        assert_eq!(weeks, [12.5, 7.5]);
        let now = at("2026-12-04T12:00:00Z"); // a Friday before that week: 7.5 of 12.5 in it, two whole days of 2.5 more
        assert_eq!(team.day_after(now, 1).to_string(), "2026-12-15");
        assert!((team.weeks_until(now, at("2026-12-12T00:00:00Z")) - 0.6).abs() < 1e-12);
    }
}
