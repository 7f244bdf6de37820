//! What warnings of late projects would have said in each past week, and how that turned out: in words and as JSON.
//!
//! Each week's warning is made from what was known by then: items, how far the project's own rates had drifted, what the slow end of
//! projects that were over had cost. A commitment date and what belongs to which project are as they are now. What items do not tell (focus,
//! investment, survey) is left out. Of a small portfolio it is said that it proves nothing. Never to be used to judge the people of a project.

use std::cell::RefCell;
use std::collections::BTreeMap;

use anyhow::Result;
use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::domain::calendar::WorkCalendar;
use crate::domain::forecast::backtest::{self, PastWeek};
use crate::domain::forecast::calibrate::{self, UNLEARNT};
use crate::domain::forecast::drift::Spread;
use crate::domain::forecast::project::{self, Life};
use crate::domain::forecast::scope::{self, TAIL_UNKNOWN};
use crate::domain::forecast::throughput::weekly;
use crate::domain::risk::{self, FEWEST, Facts, Resolved, Tried, known_by, replay};
use crate::domain::time::At;
use crate::domain::words;

/// A project of the portfolio: its items that count, and the last day on which it is in time.
pub struct Planned {
    pub id: String,
    pub lives: Vec<Life>,
    pub due: Option<NaiveDate>,
}

/// What came of warnings.
pub struct Warned {
    /// Projects with a date.
    dated: usize,
    tried: Tried,
}

/// Asks the past of a portfolio.
pub fn warn(projects: &[Planned], calendar: &WorkCalendar, now: At) -> Result<Warned> {
    let tails = RefCell::new(BTreeMap::new());
    let tail = |at: At| *tails.borrow_mut().entry(at).or_insert_with(|| tail(projects, calendar, at));
    let mut all: Vec<Resolved> = Vec::new();
    for Planned { id, lives, due } in projects {
        let Some(due) = *due else { continue };
        let ended = own(&known_by(lives, now), calendar, now)?;
        let facts = Facts {
            project: id,
            lives,
            calendar,
            due,
            spread: Spread::even(UNLEARNT),
            tail: TAIL_UNKNOWN,
            beside: Vec::new(),
            forecast: None,
        };
        let spread = |at: At| calibrate::learn(&ended, at).spread;
        all.extend(replay(&facts, |facts, at| Facts { spread: spread(at), tail: tail(at), ..facts }, now)?);
    }
    Ok(Warned { dated: projects.iter().filter(|project| project.due.is_some()).count(), tried: risk::backtest(&all)? })
}

/// How forecasts of a project's own weeks ended: what its rates' drift is learnt from, as forecasts do.
fn own(lives: &[Life], calendar: &WorkCalendar, now: At) -> Result<Vec<calibrate::Resolved>> {
    let first = lives.iter().filter_map(Life::born).min();
    let spans = first.map(|first| calendar.weeks(first, now)).unwrap_or_default();
    let done: Vec<At> = lives.iter().filter_map(|life| life.done_at).collect();
    // Weeks after its last item say nothing of its rates.
    let until = done.iter().max().map_or(0, |last| spans.iter().take_while(|week| week.from <= *last).count());
    let weeks = PastWeek::all(&spans[..until], &weekly(&done, &spans[..until], now));
    Ok(backtest::replay(&weeks, calendar.full_week())?.resolved)
}

/// What the slow end costs, from projects that were over by an instant.
fn tail(projects: &[Planned], calendar: &WorkCalendar, at: At) -> f64 {
    let over: Vec<Vec<u32>> = projects.iter().filter_map(|project| project::ended(&known_by(&project.lives, at), calendar, at)).collect();
    scope::tail(&over)
}

impl Warned {
    /// All of it for a terminal.
    pub fn lines(&self) -> Vec<String> {
        let tried = &self.tried;
        let count = |n: usize, one: &str, many: &str| words::count(n as u64, one, many);
        let mut lines = vec![
            String::new(),
            format!(
                "Warnings of late projects, each from what was known then: {}, {} past it with history, of them {} late.",
                count(self.dated, "project with a date", "projects with a date"),
                tried.projects,
                tried.missed
            ),
            format!("  {}", tried.verdict()),
        ];
        if tried.projects < FEWEST {
            lines.push("  A portfolio as small proves nothing either way: rely on the reasons of a warning, not on its chance.".to_owned());
            return lines;
        }
        let at: Vec<String> = tried.area_at.iter().map(|(weeks, area)| format!("{weeks} weeks {}", share(*area))).collect();
        lines.push(format!("  Pairs in order, so long before the date: {}.", words::join(&at)));
        let first: Vec<String> = tried.precision.iter().map(|(k, late)| format!("of {k} {}", share(*late))).collect();
        lines.push(format!(
            "  Late among those with the highest chances of a week: {}; of all, {}.",
            words::join(&first),
            share(self.late())
        ));
        if let Some(brier) = &tried.brier {
            let skill = brier.skill.map_or("none to tell".to_owned(), |skill| format!("{skill:.2} (0 is guessing, 1 is knowing)"));
            lines.push(format!("  Chances: Brier score {:.3}, skill {skill}, over {}.", brier.score, count(tried.weeks, "week", "weeks")));
        }
        let days = tried.days.map_or(String::new(), |days| format!(", {days:.0} days before the date (median)"));
        lines.push(format!("  Warned of in time: {} of {} late projects{days}.", tried.warned, tried.missed));
        let rate = tried.false_per_quarter.map_or(String::new(), |rate| format!("; {rate:.2} for each project and quarter"));
        lines.push(format!("  False alarms: {} of {} projects in time{rate}.", tried.false_alarms, tried.projects - tried.missed));
        if let Some(control) = &tried.control {
            lines.push(format!(
                "  Control, outcomes dealt to other projects: {} of pairs, skill {:.2}; {} of deals as good as the truth.",
                share(Some(control.area)),
                control.skill,
                share(Some(control.as_good))
            ));
        }
        lines
    }

    /// The same for scripts; without scores where projects are too few.
    pub fn json(&self) -> Value {
        let tried = &self.tried;
        let told = tried.projects >= FEWEST;
        let scores = || {
            json!({
                "auc": tried.area.map(|(area, interval)| json!({ "value": area, "interval": interval })),
                "auc_before": tried.area_at.iter().map(|(weeks, area)| json!({ "weeks": weeks, "value": area })).collect::<Vec<_>>(),
                "precision": tried.precision.iter().map(|(k, late)| json!({ "first": k, "late": late })).collect::<Vec<_>>(),
                "brier": tried.brier.as_ref().map(|brier| json!({ "score": brier.score, "skill": brier.skill })),
                "weeks": tried.weeks,
                "warned": tried.warned,
                "days_of_warning": tried.days,
                "false_alarms": tried.false_alarms,
                "false_alarms_per_project_quarter": tried.false_per_quarter,
                "control": tried.control.map(|it| json!({ "auc": it.area, "skill": it.skill, "as_good": it.as_good, "holds": it.holds() })),
            })
        };
        json!({
            "dated": self.dated,
            "over": tried.projects,
            "late": tried.missed,
            "needs": FEWEST,
            "verdict": tried.verdict(),
            "scores": told.then(scores),
        })
    }

    /// The share that was late.
    fn late(&self) -> Option<f64> {
        let of = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
        (self.tried.projects > 0).then(|| of(self.tried.missed) / of(self.tried.projects))
    }
}

/// In %.
fn share(of: Option<f64>) -> String {
    of.map_or("-".to_owned(), |share| format!("{:.0} %", 100.0 * share))
}
