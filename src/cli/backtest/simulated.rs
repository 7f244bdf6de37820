//! The portfolio that the simulator makes of a seed, as a past to look back on: what warnings are worth where the truth is known.
//!
//! Its slips and improvements are planted, so that it shows whether a method sees what it should. Never a record of real work: the report says
//! in its first line that it is made up.

use chrono_tz::Europe::Berlin;

use super::placebos::Figures;
use super::warnings::Planned;
use super::{Past, Series};
use crate::domain::calendar::WorkCalendar;
use crate::domain::forecast::backtest::PastWeek;
use crate::domain::forecast::throughput::Week;
use crate::domain::improvement::{Wanted, Weekly};
use crate::domain::org::Calendar;
use crate::domain::time::{At, HOUR};
use crate::domain::window::local;
use crate::simulator::portfolio::{Config, Team, portfolio};

/// The past of a seed, and when it ends.
pub fn past(seed: u64, config: Config) -> (Past, At) {
    let made = portfolio(seed, config);
    let calendar = WorkCalendar::new(&Calendar::default(), Berlin);
    let weeks = |team: &Team| -> Vec<PastWeek> {
        let weeks: Vec<Week> =
            made.calendar.iter().zip(&team.finished).map(|(span, finished)| Week { finished: *finished, days: span.days }).collect();
        PastWeek::all(&made.calendar, &weeks)
    };
    let series = made.teams.iter().enumerate().map(|(at, team)| Series {
        name: format!("Team {}", at + 1),
        scope: None,
        weeks: Ok(weeks(team)),
        full_week: calendar.full_week(),
    });
    // A date is midnight at the end of its last day; summer time moves it by an hour.
    let projects = made.projects.iter().enumerate().map(|(at, project)| Planned {
        id: format!("p{:03}", at + 1),
        lives: project.lives.clone(),
        due: Some(local::wall(Berlin, project.due.plus(-2 * HOUR)).date()),
    });
    let counts = made.teams.iter().map(|team| Weekly::Counts(team.finished.iter().map(|count| u64::from(*count)).collect()));
    let figures = vec![Figures { name: "Items done".to_owned(), wanted: Wanted::More, weeks: counts.collect() }];
    let now = made.calendar.last().map(|week| week.to).unwrap_or_default();
    (Past { series: series.collect(), projects: projects.collect(), figures, calendar }, now)
}
