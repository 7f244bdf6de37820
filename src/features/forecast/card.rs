//! The card of `forecast`: the verdict, the dates and counts, what they rest on, how old work is, the record, a picture.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::answer::{Asked, CHANCES};
use super::compute::{Basis, Plan, mean};
use super::overview::{Overview, Row};
use crate::domain::card::{Button, Card, Figure, Line, Part, Scope, Table, Tone};
use crate::domain::chart::{Chart, Lines, Steps};
use crate::domain::forecast::backtest::Record;
use crate::domain::forecast::engine::whole_weeks;
use crate::domain::forecast::score::Coverage;
use crate::domain::org::Org;
use crate::domain::time::WEEK;
use crate::domain::window::local;
use crate::domain::words;
use crate::features::receipts;
use crate::store::receipts::Receipt;

/// Old items that are named.
const NAMED: usize = 5;
/// The chances in words.
pub const SAID: [&str; 3] = ["As likely as not (50 %)", "Likely (85 %)", "Almost sure (95 %)"];

/// The card.
pub fn card(asked: &Asked, receipt: &Receipt, org: &Org) -> Card {
    let mut parts = vec![Part::Figures(figures(asked)), Part::Table(promises(asked))];
    let mut reasons = Vec::new();
    if let Some(plan) = &asked.forecast.plan {
        reasons.extend(remains(asked, plan));
    }
    reasons.extend(basis(asked, org));
    parts.push(Part::List(reasons.into_iter().map(Line::plain).collect(), None));
    parts.push(Part::Text(ages(asked)));
    if let Some(overview) = asked.projects.as_ref().filter(|overview| !overview.rows.is_empty()) {
        parts.push(Part::Heading("Projects".into()));
        parts.push(Part::Table(projects(overview, asked)));
    }
    parts.push(Part::Text(Line::default().strong("Record: ").and(record(asked))));
    parts.extend(chart(asked).map(Part::Chart));
    let mut buttons: Vec<Button> = receipts::buttons(&receipt.id, None).into_iter().filter(|button| button.action != "period").collect();
    if let Scope::Project(_) = asked.scope
        && asked.answer.dates.is_some()
    {
        buttons.push(Button { label: "What if".into(), action: "whatif".into(), value: receipt.id.clone(), primary: false });
    }
    buttons.push(receipts::chart_button(&receipt.id));
    Card {
        zone: None,
        command: "forecast".into(),
        title: format!("Forecast - {} - {}", words::capitalised(&asked.name), asked.window.title()),
        scope: asked.scope.clone(),
        window: Some(asked.window.clone()),
        verdict: verdict(asked),
        parts,
        metrics: receipt.metrics.clone(),
        notes: notes(asked),
        health: asked.health.clone(),
        receipt: Some(receipt.id.clone()),
        buttons,
        data: data(asked),
    }
}

/// A day, said from the day of the forecast.
fn day(asked: &Asked, day: NaiveDate) -> String {
    words::day(day, local::wall(asked.window.zone, asked.forecast.now).date())
}

fn by(asked: &Asked, date: Option<NaiveDate>) -> String {
    date.map_or_else(|| "not within a year".into(), |date| day(asked, date))
}

fn verdict(asked: &Asked) -> Line {
    let (answer, name) = (&asked.answer, words::capitalised(&asked.name));
    let Some(plan) = &asked.forecast.plan else {
        let until = day(asked, asked.window.last_day());
        let [evenly, likely, _] = answer.items.map(|items| words::count(u64::from(items), "item", "items"));
        return Line::plain(format!("{name} will likely finish at least {likely} by {until} (85 %), as likely as not {evenly}."));
    };
    let Some([evenly, likely, _]) = answer.dates else {
        let ended = plan.ended.map_or_else(String::new, |at| format!(" since {}", words::date(at, asked.forecast.now, asked.window.zone)));
        let items = words::count(u64::from(plan.done), "item is", "items are");
        return Line::plain(format!("{name} is done{ended}: its {items} finished, nothing remains.")).and(kept(asked, plan));
    };
    let line = match (evenly, likely) {
        (Some(evenly), Some(likely)) => {
            format!("{name}: likely done by {} (85 %), as likely as not by {}.", day(asked, likely), day(asked, evenly))
        }
        (Some(evenly), None) => {
            format!("{name}: as likely as not done by {}; within a year is not likely enough to promise.", day(asked, evenly))
        }
        (None, _) => format!("{name} is not likely to be done within a year at its present pace."),
    };
    let line = Line::plain(line);
    let (Some(due), Some(chance)) = (plan.due, answer.chance) else { return line };
    let due = day(asked, due);
    if asked.forecast.due().is_some_and(|due| due <= asked.forecast.now) {
        let left = words::count(u64::from(plan.scope.items), "item remains", "items remain");
        return line.and(format!(" Due {due}: ")).strong("past").and(format!(", and {left}."));
    }
    line.and(format!(" Due {due}: ")).strong(stands(chance)).and(format!(" ({} to meet it).", words::percent(rounded(chance))))
}

/// How a promise stands.
pub fn stands(chance: f64) -> &'static str {
    match chance {
        chance if chance >= 0.85 => "on track",
        chance if chance >= 0.5 => "at risk",
        _ => "unlikely to be met",
    }
}

/// Whole percents: no more is known.
pub fn rounded(chance: f64) -> f64 {
    ((chance * 100.0).round() / 100.0).clamp(0.0, 0.99)
}

/// Whether a project that is done kept its date.
fn kept(asked: &Asked, plan: &Plan) -> String {
    let (Some(due), Some(until), Some(ended)) = (plan.due, asked.forecast.due(), plan.ended) else { return String::new() };
    format!(" It was due {}: {}.", day(asked, due), if ended < until { "kept" } else { "late" })
}

fn figures(asked: &Asked) -> Vec<Figure> {
    let answer = &asked.answer;
    let until = day(asked, asked.window.last_day());
    let figure = |name: &str, value: String, detail: String| Figure { name: name.into(), value, detail, ..Figure::default() };
    let mut shown = Vec::new();
    if let Some(dates) = answer.dates {
        shown.push(figure("Likely done by", by(asked, dates[1]), format!("as likely as not by {}", by(asked, dates[0]))));
    }
    if let (Some(chance), Some(due)) = (answer.chance, asked.forecast.plan.as_ref().and_then(|plan| plan.due)) {
        let tone = if chance >= 0.85 { Tone::Good } else { Tone::Bad };
        let band = Some((tone, stands(chance).to_owned()));
        shown.push(Figure {
            target: band,
            ..figure("Chance to meet the date", words::percent(rounded(chance)), format!("due {}", day(asked, due)))
        });
    }
    let items = |items: [u32; 3]| (format!("at least {}", items[1]), format!("85 %; as likely as not {}", items[0]));
    let (value, detail) = items(answer.items);
    shown.push(figure(&format!("Items by {until}"), value, detail));
    if asked.forecast.plan.is_none() {
        let (value, detail) = items(answer.four);
        shown.push(figure("Items in 4 weeks", value, detail));
    }
    shown
}

fn promises(asked: &Asked) -> Table {
    let dates = asked.answer.dates;
    let head = ["Chance".to_owned()].into_iter().chain(dates.map(|_| "Done by".to_owned()));
    let head = head.chain([format!("Items by {}", day(asked, asked.window.last_day()))]);
    let row = |at: usize| {
        let date = dates.map(|dates| by(asked, dates[at]));
        [SAID[at].to_owned()].into_iter().chain(date).chain([format!("{} or more", asked.answer.items[at])]).collect()
    };
    let columns: Vec<String> = head.collect();
    let numeric = (0..columns.len()).map(|at| at + 1 == columns.len()).collect();
    Table { numeric, columns, rows: (0..3).map(row).collect(), more: None }
}

/// What remains, and what is usually added.
fn remains(asked: &Asked, plan: &Plan) -> Vec<String> {
    let left = words::count(u64::from(plan.scope.items), "item remains", "items remain");
    let mut said = vec![format!("{left}, {} of them in work; {} done.", plan.in_work, words::count(u64::from(plan.done), "is", "are"))];
    if asked.answer.dates.is_none() {
        return said;
    }
    let more = mean(&plan.scope.growth);
    match plan.flow {
        Some((finished, added)) => {
            let counted = format!(
                "{} while {} finished",
                words::count(u64::from(added), "item was added", "items were added"),
                words::count(u64::from(finished), "was", "were")
            );
            said.push(if more > 0.0 {
                format!("Scope grows: {counted}. The dates expect that to go on.")
            } else {
                format!("Scope stands: {counted}.")
            });
        }
        None if mean(&plan.scope.splitting) > 1.0 => {
            let times = words::short(mean(&plan.scope.splitting));
            said.push(format!(
                "Nothing is known yet of what is added to it: projects that ended had {times} times the items they began with."
            ));
        }
        None => said.push("Nothing is known yet of what is added to it: the dates are of the list as it is.".into()),
    }
    said
}

/// What the pace is of.
fn basis(asked: &Asked, org: &Org) -> Option<String> {
    let outlook = asked.forecast.outlook.as_ref().ok()?;
    let pace = words::times(outlook.mean(), "item is finished", "items are finished");
    Some(match &asked.forecast.basis {
        Basis::Own => format!(
            "{} of late, by {} of past whole weeks.",
            words::capitalised(&pace),
            words::count(asked.forecast.rests, "item", "items")
        ),
        Basis::Share(team, share) => {
            let whose = team.as_ref().map_or_else(|| "all teams".into(), |team| org.scope_name(&Scope::Team(team.clone())));
            format!(
                "Its own weeks are too few: this is the pace of {whose}, of whose finished items {} were its own lately.",
                words::percent(*share)
            )
        }
    })
}

fn ages(asked: &Asked) -> Line {
    let ages = &asked.forecast.ages;
    let line = Line::default().strong("Age: ");
    if ages.hidden {
        return line.and("not shown, since fewer than 3 people work on it and it would be a figure of persons.");
    }
    let level = match &ages.level {
        Ok(level) => level,
        Err(few) => return line.and(format!("how long an item takes is not known yet ({few} that have a beginning).")),
    };
    #[allow(clippy::cast_possible_truncation, reason = "microseconds of working time")]
    let within = words::working_time(level.expectation() as i64);
    let line = line.and(format!("85 % of items took up to {within}. "));
    if ages.old.is_empty() {
        return line.and(format!("None of the {} in work is older.", ages.in_work));
    }
    let older = words::count(ages.old.len() as u64, "is", "are");
    let line = line.and(format!("Of {} in work {older} older", ages.in_work));
    if asked.forecast.plan.is_none() || asked.old.is_empty() {
        return line.and(".");
    }
    let shown = asked.old.iter().take(NAMED).enumerate();
    let line = shown.fold(line.and(": "), |line, (at, (name, age))| {
        line.and(if at == 0 { "" } else { ", " }).code(name.clone()).and(format!(" ({})", words::working_time(*age)))
    });
    line.and(".")
}

/// How past forecasts held, and of which kind they are.
fn record(asked: &Asked) -> String {
    let replayed = asked.forecast.replay.records.iter().rfind(|record| record.made > 0);
    let worth = replayed.filter(|record| record.is_no_better()).map_or("", |_| " No better than a simple average here.");
    if let Some((held, of)) = asked.issued {
        return format!("our 85 % promises: {held} of {of} held, each issued before its outcome.{worth}");
    }
    let share = |held: &Coverage| format!("{} of {} held", held.held, held.of);
    let of_items = |record: &Record| format!("{} weeks ahead {}", record.weeks, share(&record.held[1]));
    let counts = asked.forecast.replay.records.iter().filter(|record| record.made > 0).map(of_items).collect::<Vec<_>>();
    let dates = replayed.map(|record| &record.dates_held[1]).filter(|held| held.of > 0);
    let dates = dates.map_or_else(String::new, |held| format!("our 85 % dates: {}. ", share(held)));
    if counts.is_empty() {
        return "none yet: no past week leaves room for a forecast and its outcome.".into();
    }
    let asked_again = "Asked again at the end of past weeks with nothing later in sight, since fewer than 10 issued forecasts have ended.";
    format!("{dates}{}: {}. {asked_again}{worth}", if dates.is_empty() { "our 85 % counts" } else { "Counts" }, words::join(&counts))
}

fn projects(overview: &Overview, asked: &Asked) -> Table {
    let row = |row: &Row| {
        let name = if row.declared { row.name.clone() } else { format!("{} (not in the portfolio)", row.name) };
        let due = row.due.map(|due| day(asked, due)).unwrap_or_default();
        let (done, stand) = match &row.answer {
            Ok(answer) => (
                by(asked, answer.dates.and_then(|dates| dates[1])),
                answer.chance.map(|chance| stands(chance).to_owned()).unwrap_or_default(),
            ),
            Err(why) => (why.clone(), String::new()),
        };
        vec![name, row.remaining.to_string(), done, due, stand]
    };
    let mut rows: Vec<Vec<String>> = overview.rows.iter().map(row).collect();
    if overview.more > 0 {
        rows.push(vec![format!("and {} more", overview.more), String::new(), String::new(), String::new(), String::new()]);
    }
    let columns = ["Project", "Remain", "Likely done by", "Due", ""].map(str::to_owned).to_vec();
    Table { columns, numeric: vec![false, true, false, false, false], rows, more: None }
}

/// Of a project the chance to be done by each week; of a team how many by each week.
fn chart(asked: &Asked) -> Option<Chart> {
    let (forecast, zone) = (&asked.forecast, asked.window.zone);
    let mut outlook = forecast.outlook.clone().ok()?;
    let name = words::capitalised(&asked.name);
    let at = |week: i64| forecast.now.plus(week * WEEK);
    if let Some(dates) = forecast.dates(&mut outlook) {
        let chance = |week: i64| dates.chance_by(whole_weeks(forecast.capacity.weeks_until(forecast.now, at(week))));
        let last = (1..=52).find(|week| chance(*week) >= 0.95).unwrap_or(52);
        let steps = Steps::time((0..=last).map(at), zone);
        let values = (0..=last).map(|week| Some(if week == 0 { 0.0 } else { chance(week) })).collect();
        let lines = Lines::new("fraction", steps, name, values).target(0.85, "likely");
        let lines = forecast.due().iter().fold(lines, |lines, due| lines.mark(due.plus(-1), "due"));
        return Some(Chart::new("Chance to be done by week", lines).subtitle("all remaining items"));
    }
    forecast.plan.is_none().then(|| {
        let until = (asked.window.to.since(forecast.now) / WEEK).clamp(1, 52);
        let count = |week: i64| outlook.how_many(forecast.capacity.weeks_until(forecast.now, at(week)), 1.0);
        let told: Vec<_> = (1..=until).map(count).collect();
        let steps = Steps::time((1..=until).map(at), zone);
        let values = told.iter().map(|counts| Some(f64::from(counts.at_least(0.5)))).collect();
        let band = told.iter().map(|counts| Some([f64::from(counts.at_least(0.85)), f64::from(counts.at_least(0.15))])).collect();
        Chart::new("Items finished by week", Lines::new("count", steps, name, values).band("70 % of outcomes", band))
            .subtitle("from now on")
    })
}

fn notes(asked: &Asked) -> Vec<Line> {
    let zone = asked.window.zone.name();
    let mut notes = vec![Line::plain(format!(
        "Counted items, no estimates; epics and what was dropped do not count. Whole past weeks, recent ones count more; the rate may drift as it has. Working days and holidays as declared, times in {zone}."
    ))];
    if asked.projects.is_some() {
        notes.push(Line::plain("One project in full: ").code("/metrics forecast project:NAME").and("."));
    }
    notes
}

fn data(asked: &Asked) -> serde_json::Map<String, Value> {
    let (forecast, answer) = (&asked.forecast, &asked.answer);
    let mut data = serde_json::Map::new();
    if let Some(plan) = &forecast.plan {
        let (finished, added) = plan.flow.unzip();
        data.insert(
            "plan".into(),
            json!({"done": plan.done, "remaining": plan.scope.items, "in_work": plan.in_work, "done_at": plan.ended, "due": plan.due,
                   "added": added, "finished_meanwhile": finished, "tail": plan.scope.tail}),
        );
    } else {
        let four: serde_json::Map<String, Value> =
            CHANCES.iter().zip(answer.four).map(|(chance, items)| ((*chance).to_owned(), json!(items))).collect();
        data.insert("items_in_4_weeks".into(), Value::Object(four));
    }
    let rate = forecast.outlook.as_ref().ok().map(crate::domain::forecast::engine::Outlook::mean);
    let (of, share) = match &forecast.basis {
        Basis::Own => ("own", None),
        Basis::Share(..) if rate.is_none() => ("own", None),
        Basis::Share(team, share) => (team.as_deref().unwrap_or("organisation"), Some(share)),
    };
    data.insert("pace".into(), json!({"items_a_week": rate, "of": of, "share": share}));
    let level = forecast.ages.level.as_ref().ok().filter(|_| !forecast.ages.hidden);
    let old: Option<Vec<&str>> = forecast.plan.is_some().then(|| asked.old.iter().map(|(name, _)| name.as_str()).collect());
    data.insert(
        "service_level".into(),
        json!(level.map(
            |level| json!({"working_seconds": level.within.map(|within| within / 1e6), "n": level.n, "in_work": forecast.ages.in_work,
                                       "older": forecast.ages.old.len(), "items": old})
        )),
    );
    let replayed: Vec<Value> = forecast
        .replay
        .records
        .iter()
        .map(|it| json!({"weeks": it.weeks, "made": it.made, "held": it.held[1].held, "of": it.held[1].of, "dates_held": it.dates_held[1].held, "dates_of": it.dates_held[1].of, "no_better": it.is_no_better()}))
        .collect();
    let issued = asked.issued.map(|(held, of)| json!({"held": held, "of": of}));
    data.insert("record".into(), json!({"issued": issued, "replayed": replayed}));
    if let Some(overview) = &asked.projects {
        data.insert("projects".into(), overview.rows.iter().map(Row::json).collect());
    }
    data
}
