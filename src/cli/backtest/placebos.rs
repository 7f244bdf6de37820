//! How often an improvement that nobody declared would have been called *taking hold*, on the weekly figures of teams: in words and as JSON.
//!
//! The figures are those that `goals` judges. On them as they were each such verdict is false, unless the level really moved just then; with a
//! shift planted at the start each one missed is a miss. It tells of the method, all teams together: never of a team, nor of an improvement.

use anyhow::Result;
use serde_json::{Value, json};

use crate::domain::alloc::FEWEST_PEOPLE;
use crate::domain::calendar::WorkCalendar;
use crate::domain::card::Scope;
use crate::domain::improvement::placebo::{Look, Placebo, Said, placebo};
use crate::domain::improvement::{Series, Wanted, Weekly};
use crate::domain::members::Members;
use crate::domain::metric::{DORA, Definition, FLOW};
use crate::domain::time::WEEK;
use crate::features::{Cx, goals};

/// The figures that are tried: counts and medians, of delivery and of work.
const TRIED: [(&str, Wanted); 3] =
    [("deployment_frequency", Wanted::More), ("items_done", Wanted::More), ("change_lead_time", Wanted::Less)];
/// Weeks of the past that are read.
const READ: i64 = 104;
/// Fewest weeks before a start, and weeks after it: a half year and a quarter.
const BEFORE: usize = 26;
const AFTER: usize = 13;
const SEED: u64 = 8_112_026;

/// A figure of several teams.
pub struct Figures {
    pub name: String,
    pub wanted: Wanted,
    pub weeks: Vec<Weekly>,
}

/// What was found of one.
pub struct Tried {
    name: String,
    series: usize,
    found: Placebo,
}

/// The figures of the teams that have none below them (a team would count twice) and three people.
pub async fn read(cx: &Cx) -> Result<Vec<Figures>> {
    let (org, now) = (&cx.org.org, cx.now);
    let known = |id: &str| DORA.iter().chain(&FLOW).find(|it| it.id == id);
    let wanted: Vec<(&'static Definition, Wanted)> = TRIED.iter().filter_map(|(id, wanted)| Some((known(id)?, *wanted))).collect();
    let definitions: Vec<&'static Definition> = wanted.iter().map(|(definition, _)| *definition).collect();
    let mut all: Vec<Figures> =
        wanted.iter().map(|(it, wanted)| Figures { name: it.name.to_owned(), wanted: *wanted, weeks: Vec::new() }).collect();
    for id in org.lowest_teams() {
        let scope = Scope::Team(id.to_owned());
        if Members::count(&scope, org, now).is_none_or(|people| people < FEWEST_PEOPLE) {
            continue;
        }
        let calendar = WorkCalendar::new(&org.calendar, org.zone_for(&scope));
        let weeks: Vec<_> = calendar.weeks(now.plus(-READ * WEEK), now).into_iter().map(|week| (week.from, week.to)).collect();
        let figures = goals::figures(cx, &scope, &definitions, &weeks, (now, org)).await?;
        for ((told, definition), figures) in all.iter_mut().zip(&definitions).zip(figures) {
            told.weeks.push(begun(Series::of(definition.unit, &figures).since_known().weekly));
        }
    }
    Ok(all)
}

/// Weeks from the first in which anything was counted: before it there was nothing to count.
fn begun(weeks: Weekly) -> Weekly {
    match &weeks {
        Weekly::Counts(counts) => weeks.last(counts.iter().skip_while(|count| **count == 0).count()),
        Weekly::Values(_) | Weekly::Shares(_) => weeks,
    }
}

/// Pretends starts at every week.
pub fn pretend(figures: &[Figures]) -> Vec<Tried> {
    let one = |it: &Figures| {
        let look = Look { before: BEFORE, after: AFTER, wanted: it.wanted };
        let long = it.weeks.iter().filter(|weeks| weeks.len() >= BEFORE + AFTER).count();
        Tried { name: it.name.clone(), series: long, found: placebo(&it.weeks, look, SEED) }
    };
    figures.iter().map(one).collect()
}

/// All of it for a terminal.
pub fn lines(all: &[Tried]) -> Vec<String> {
    let mut lines = vec![
        String::new(),
        format!(
            "Improvements that nobody declared, begun at every week with {BEFORE} before and {AFTER} after it: how often \"taking hold\"."
        ),
    ];
    if all.iter().all(|one| one.found.unchanged.starts == 0) {
        lines.push(format!("  No team of {FEWEST_PEOPLE} or more people has the {} whole weeks that it takes.", BEFORE + AFTER));
        return lines;
    }
    let row = |[name, series, starts, apart, said, seen]: [&str; 6]| {
        format!("  {name:<22} {series:>5} {starts:>6} {apart:>5}  {said:<13} {seen}").trim_end().to_owned()
    };
    lines.push(row(["", "teams", "starts", "apart", "false, %", "of a shift of 2 deviations, %"]));
    for one in all {
        let Placebo { unchanged, planted } = &one.found;
        let counts = [one.series as u64, unchanged.starts, unchanged.independent].map(|n| n.to_string());
        let [series, starts, apart] = counts.each_ref().map(String::as_str);
        lines.push(row([&one.name, series, starts, apart, &percent(unchanged), &percent(planted)]));
    }
    lines.push("  Of neighbouring starts only those apart count for the 95 % interval. Few of them prove little.".to_owned());
    lines
}

/// A share with its interval, in %.
fn percent(said: &Said) -> String {
    let [low, high] = said.interval.map(|end| 100.0 * end);
    share(said).map_or("-".to_owned(), |share| format!("{:.0} ({low:.0}-{high:.0})", 100.0 * share))
}

#[allow(clippy::cast_precision_loss, reason = "starts are weeks of teams")]
fn share(said: &Said) -> Option<f64> {
    (said.starts > 0).then(|| said.holds as f64 / said.starts as f64)
}

/// The same for scripts.
pub fn json(all: &[Tried]) -> Value {
    let said = |said: &Said| json!({ "holds": said.holds, "share": share(said), "interval": said.interval });
    let one = |one: &Tried| {
        json!({
            "name": one.name,
            "teams": one.series,
            "starts": one.found.unchanged.starts,
            "apart": one.found.unchanged.independent,
            "false": said(&one.found.unchanged),
            "planted": said(&one.found.planted),
        })
    };
    json!({ "before": BEFORE, "after": AFTER, "figures": all.iter().map(one).collect::<Vec<_>>() })
}
