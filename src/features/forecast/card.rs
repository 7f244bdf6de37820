//! The card of `forecast`: the verdict, the dates and counts, what they rest on, how old work is, the record, a picture.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::answer::{Asked, CHANCES};
use super::compute::{Basis, Plan, mean};
use super::overview::{Overview, Row};
use super::{picture, said};
use crate::domain::card::{Button, Card, Figure, Line, Part, Scope, Table, Tone};
use crate::domain::forecast::prospect::Prospect;
use crate::domain::org::Org;
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
    let shown = figures(asked);
    let mut parts = if shown.is_empty() { Vec::new() } else { vec![Part::Figures(shown), Part::Table(promises(asked))] };
    let mut reasons = Vec::new();
    if let Some(plan) = &asked.forecast.plan {
        reasons.extend(remains(asked, plan));
        reasons.extend(beyond(asked, plan));
    }
    reasons.extend(basis(asked, org));
    parts.push(Part::List(reasons.into_iter().map(Line::plain).collect(), None));
    parts.push(Part::Text(ages(asked)));
    if let Some(overview) = asked.projects.as_ref().filter(|overview| !overview.rows.is_empty()) {
        parts.push(Part::Heading("Projects".into()));
        parts.push(Part::Table(projects(overview, asked)));
    }
    parts.push(Part::Text(Line::default().strong("Record: ").and(said::record(&asked.forecast.replay.records, asked.issued))));
    parts.extend(picture::chart(asked).map(Part::Chart));
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
pub fn day(asked: &Asked, day: NaiveDate) -> String {
    words::day(day, local::wall(asked.window.zone, asked.forecast.now).date())
}

fn by(asked: &Asked, date: Option<NaiveDate>) -> String {
    date.map_or_else(|| "not within a year".into(), |date| day(asked, date))
}

fn verdict(asked: &Asked) -> Line {
    let (answer, name) = (&asked.answer, words::capitalised(&asked.name));
    let Some(plan) = &asked.forecast.plan else {
        let dated = asked.projects.iter().flat_map(|overview| &overview.rows);
        let dated: Vec<(&str, f64)> = dated.filter_map(|row| Some((row.name.as_str(), row.answer.as_ref().ok()?.chance?))).collect();
        if !dated.is_empty() {
            return said::dates(&name, &dated);
        }
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
    line.and(format!(" Due {due}: "))
        .strong(Prospect::of(chance).words())
        .and(format!(" ({} to meet it).", words::percent(rounded(chance))))
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
    if asked.forecast.plan.is_some() && answer.dates.is_none() {
        return shown;
    }
    if let Some(dates) = answer.dates {
        shown.push(figure("Likely done by", by(asked, dates[1]), format!("as likely as not by {}", by(asked, dates[0]))));
    }
    if let (Some(chance), Some(due)) = (answer.chance, asked.forecast.plan.as_ref().and_then(|plan| plan.due)) {
        let prospect = Prospect::of(chance);
        let tone = if prospect == Prospect::Likely { Tone::Good } else { Tone::Bad };
        let band = Some((tone, prospect.words().to_owned()));
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
    let in_work = match (plan.scope.items, plan.in_work) {
        (1, 1) => "in work".to_owned(),
        (1, 0) => "not begun".to_owned(),
        (_, some) => format!("{} of them in work", words::number(u64::from(some))),
    };
    let mut said = vec![format!("{left}, {in_work}; {} done.", words::count(u64::from(plan.done), "is", "are"))];
    if asked.answer.dates.is_none() {
        return said;
    }
    match plan.flow {
        Some((finished, added)) => {
            let since = plan.since.map(|at| words::date(at, asked.forecast.now, asked.window.zone));
            said.push(said::growth(since.as_deref(), finished, added));
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

/// Why there may be more items by then than remain.
fn beyond(asked: &Asked, plan: &Plan) -> Option<String> {
    let until = day(asked, asked.window.last_day());
    (asked.answer.items[0] > plan.scope.items)
        .then(|| format!("Items by {until} count what is added until then too, so that they can be more than remain."))
}

/// What the pace is of.
fn basis(asked: &Asked, org: &Org) -> Option<String> {
    let outlook = asked.forecast.outlook.as_ref().ok()?;
    let pace = words::times(outlook.mean(), "item", "items");
    Some(match &asked.forecast.basis {
        Basis::Own => {
            format!(
                "{pace} lately, counted from {} of past whole weeks.",
                words::count(asked.forecast.rests, "finished item", "finished items")
            )
        }
        Basis::Share(team, share) => {
            let whose = team.as_ref().map_or_else(|| "all teams".into(), |team| org.scope_name(&Scope::Team(team.clone())));
            format!(
                "Its own weeks are too few: {pace} are its part of the pace of {whose}, of whose finished items {} were its own lately.",
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
    let line = line.and(said::older(ages.old.len(), ages.in_work));
    if ages.old.is_empty() {
        return line.and(".");
    }
    if asked.forecast.plan.is_none() || asked.old.is_empty() {
        return line.and(".");
    }
    let shown = asked.old.iter().take(NAMED).enumerate();
    let line = shown.fold(line.and(": "), |line, (at, (name, age))| {
        line.and(if at == 0 { "" } else { ", " }).code(name.clone()).and(format!(" ({})", words::working_time(*age)))
    });
    line.and(".")
}

fn projects(overview: &Overview, asked: &Asked) -> Table {
    let row = |row: &Row| {
        let name = if row.declared { row.name.clone() } else { format!("{} (undeclared)", row.name) };
        let due = row.due.map(|due| day(asked, due)).unwrap_or_default();
        let done = match row.answer.as_ref().map(|answer| answer.dates.and_then(|dates| dates[1])) {
            Ok(Some(date)) => day(asked, date),
            Ok(None) => "over a year".into(),
            Err(_) => "not known".into(),
        };
        let chance = row.answer.as_ref().ok().and_then(|answer| answer.chance);
        vec![name, row.remaining.to_string(), done, due, chance.map(said::in_time).unwrap_or_default()]
    };
    let mut rows: Vec<Vec<String>> = overview.rows.iter().map(row).collect();
    if overview.more > 0 {
        rows.push(vec![format!("and {} more", overview.more), String::new(), String::new(), String::new(), String::new()]);
    }
    let columns = ["Project", "Left", "85 % by", "Due", "In time"].map(str::to_owned).to_vec();
    Table { columns, numeric: vec![false, true, false, false, false], rows, more: None }
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
