//! The card of `risk`: the verdict, then each project that may need intervention with its reasons and what would change it, then the rest in
//! lines, the record last.
//!
//! The chance and its words are the forecast's; a mark beside red and amber does not rest on colour. Who has seen to a project stands beside it, and it is quieter: one reason, no question. A snoozed one stands apart in a line. At most
//! eight stand in full, since a message has so much room.

use serde_json::{Map, Value, json};

use super::load::{Judged, Project, Seen, State};
use crate::domain::card::{Button, Card, Line, Part, Scope, SourceHealth};
use crate::domain::risk::{self, Band};
use crate::domain::time::At;
use crate::domain::words;
use crate::features::Cx;
use crate::features::forecast::rounded;
use crate::store::receipts::Receipt;

/// Projects that stand in full.
const IN_FULL: usize = 8;
/// Names in one line.
const NAMES: usize = 20;
/// How an admin gives a project a date.
const HOW_DATE: &str = "An admin adds a date in `/metrics setup` (\"Change the portfolio\"), or as `due = 2027-02-01` under `[[projects]]` in the organisation file.";

/// What it is made of.
pub struct About<'a> {
    pub cx: &'a Cx,
    pub seen: &'a Seen,
    pub receipt: &'a Receipt,
    pub health: Vec<SourceHealth>,
}

/// The card.
pub fn card(about: &About<'_>) -> Card {
    let (seen, org) = (about.seen, &about.cx.org.org);
    let zone = org.zone_for(&Scope::Organisation);
    let mut troubled: Vec<&Project> = seen.projects.iter().filter(|it| it.band().is_some_and(|band| band >= Band::Amber)).collect();
    // Late ones first, then red, then amber; each by its score.
    let score = |it: &Project| if let State::Judged(judged) = &it.state { judged.score.score } else { 1.0 };
    let key = |it: &Project| (!matches!(it.state, State::Late { .. }), std::cmp::Reverse(it.band()));
    troubled.sort_by(|a, b| key(a).cmp(&key(b)).then(score(b).total_cmp(&score(a))));
    let (snoozed, open): (Vec<&Project>, Vec<&Project>) = troubled.iter().copied().partition(|it| seen.snoozed(it).is_some());
    let mut parts = Vec::new();
    for project in open.iter().take(IN_FULL) {
        parts.extend(in_full(about, project));
    }
    if open.len() > IN_FULL {
        parts.push(Part::Text(named("And also", &open[IN_FULL..])));
    }
    if !snoozed.is_empty() {
        let line = |it: &&&Project| {
            let label = seen.snoozed(it)?;
            let until = words::date(label.until?, seen.now, zone);
            Some(Line::default().strong(&it.name).and(format!(", {}, until {until} by ", stands(it))).mention(&label.person))
        };
        parts.push(Part::Heading("Snoozed".into()));
        for project in &snoozed {
            parts.extend(line(&project).map(Part::Text));
            parts.push(Part::Buttons(own_buttons(project, Stage::Snoozed)));
        }
    }
    parts.extend(quiet(seen));
    parts.push(Part::Text(Line::plain(seen.record.said())));
    let name = words::capitalised(&org.scope_name(&seen.scope));
    let mut data = Map::new();
    data.insert("projects".into(), seen.projects.iter().map(|it| of_project(seen, it)).collect());
    let record = seen.record;
    data.insert(
        "record".into(),
        json!({"ended": record.ended, "flagged": record.flagged, "slipped": record.slipped, "unseen": record.unseen,
               "days": record.days, "stands": record.stands()}),
    );
    data.insert("learnt_from".into(), json!(seen.model.learnt_from));
    Card {
        command: "risk".into(),
        title: format!("Risk - {name} - {}", words::date(seen.now, seen.now, zone)),
        scope: seen.scope.clone(),
        zone: Some(zone),
        verdict: verdict(seen, &open, snoozed.len()),
        parts,
        metrics: seen.metrics(),
        notes: notes(seen),
        health: about.health.clone(),
        receipt: Some(about.receipt.id.clone()),
        buttons: buttons(&about.receipt.id),
        data,
        ..Card::default()
    }
}

fn buttons(receipt: &str) -> Vec<Button> {
    let button = |label: &str, action: &str, primary| Button { label: label.into(), action: action.into(), value: receipt.into(), primary };
    vec![button("Share to channel", "share", true), button("Why these numbers", "why", false)]
}

/// "Two of nine projects may need intervention: Search and Wallet; one more is snoozed."
fn verdict(seen: &Seen, open: &[&Project], snoozed: usize) -> Line {
    let all = seen.projects.iter().filter(|it| it.band().is_some()).count();
    let apart = match snoozed {
        0 => String::new(),
        1 => "; one more is snoozed".to_owned(),
        many => format!("; {} more are snoozed", in_words(many)),
    };
    let alone = || seen.projects.iter().find(|it| it.band().is_some()).map_or("", |it| it.name.as_str());
    if seen.projects.is_empty() {
        return Line::sentence(&format!("There is no portfolio project here yet. {HOW_DATE}"));
    }
    match (open.len(), all) {
        (_, 0) if seen.projects.iter().all(|it| matches!(it.state, State::Done)) => Line::plain("All that was planned is done."),
        (_, 0) => Line::plain("No project can be judged yet: each lacks a date or a history."),
        (0, 1) if snoozed == 1 => Line::plain(format!("{} is snoozed.", alone())),
        (0, 1) => Line::plain(format!("{} needs no intervention now.", alone())),
        (0, all) => Line::plain(format!("None of {} projects needs intervention now{apart}.", in_words(all))),
        (_, 1) => Line::plain(format!("{} may need intervention.", alone())),
        (some, all) => {
            let (some, all) = (words::capitalised(&in_words(some)), in_words(all));
            let names = join(open.iter().map(|it| it.name.clone()), IN_FULL);
            Line::plain(format!("{some} of {all} projects may need intervention: {names}{apart}."))
        }
    }
}

/// Up to nine as a word.
fn in_words(n: usize) -> String {
    let words = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    words.get(n).map_or_else(|| n.to_string(), |word| (*word).to_owned())
}

/// "red, 22 % to make 1 Feb".
fn stands(project: &Project) -> String {
    let due = project.due.map_or_else(String::new, |due| due.format("%-d %b %Y").to_string());
    match &project.state {
        State::Late { remaining, .. } => format!("late: {due} has passed and {} open", are(*remaining)),
        State::Judged(judged) => {
            format!("{}, {}, {} to make {due}", judged.score.band.name(), words_of(judged), chance(judged))
        }
        _ => String::new(),
    }
}

/// The forecast's words.
fn words_of(judged: &Judged) -> &'static str {
    risk::prospect(judged.score.chance).words()
}

/// The chance to meet the date, as the forecast shows it.
fn chance(judged: &Judged) -> String {
    words::percent(rounded(judged.meets_date()))
}

/// What stands before a name, beside the colour: two marks for red, one for amber.
fn mark(project: &Project) -> &'static str {
    match project.band() {
        Some(Band::Red) => "!! ",
        Some(Band::Amber) => "! ",
        _ => "",
    }
}

fn are(items: u32) -> String {
    format!("{} {}", words::count(items.into(), "item", "items"), if items == 1 { "is" } else { "are" })
}

/// A project that may need intervention.
fn in_full(about: &About<'_>, project: &Project) -> Vec<Part> {
    let seen = about.seen;
    let acknowledged = seen.acknowledged(project);
    let priority = project.priority.map_or_else(String::new, |priority| format!(" (priority {priority})"));
    let mut line = Line::plain(mark(project)).strong(&project.name).and(format!("{priority}: {}.", stands(project)));
    let zone = about.cx.org.org.zone_for(&Scope::Organisation);
    if let Some(label) = acknowledged {
        let since = words::date(label.at, seen.now, zone);
        line = line.and(" Seen to by ").mention(&label.person).and(format!(" since {since}."));
    }
    if let Some(label) = seen.label(project, "wrong") {
        line = line.and(" Called wrong by ").mention(&label.person).and(format!(" on {}.", words::date(label.at, seen.now, zone)));
    }
    let mut parts = vec![Part::Text(line)];
    if let State::Judged(judged) = &project.state {
        let mut reasons = risk::reasons(&judged.score, judged.taken.added());
        reasons.truncate(if acknowledged.is_some() { 1 } else { reasons.len() });
        let mut lines: Vec<Line> = reasons.into_iter().map(Line::plain).collect();
        if acknowledged.is_none() {
            lines.extend(judged.flip.map(|flip| Line::default().strong(flip.said())));
        }
        if !lines.is_empty() {
            parts.push(Part::List(lines, None));
        }
    }
    let stage = if acknowledged.is_some() { Stage::Acknowledged } else { Stage::Open };
    parts.push(Part::Buttons(own_buttons(project, stage)));
    parts
}

/// What people have said of a project.
#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Open,
    Acknowledged,
    Snoozed,
}

fn own_buttons(project: &Project, stage: Stage) -> Vec<Button> {
    let value = format!("{} {}", project.late_from().unwrap_or_default().0, project.id);
    let button =
        |label: &str, action: &str, value: &str| Button { label: label.into(), action: action.into(), value: value.into(), primary: false };
    let mut buttons = Vec::new();
    if stage == Stage::Open {
        buttons.push(button("Acknowledge", super::ACKNOWLEDGE.name, &value));
    }
    if stage == Stage::Snoozed {
        buttons.push(button("Wake", super::WAKE.name, &value));
    } else {
        buttons.push(button("Snooze", super::SNOOZE.name, &value));
        buttons.push(button("Wrong?", super::WRONG.name, &value));
    }
    let about = crate::domain::ask::scope_text(&Scope::Project(project.id.clone()));
    buttons.push(button("Forecast", "ask", &format!("forecast {about}")));
    buttons.push(button("What if", "ask", &format!("whatif {about}")));
    buttons
}

/// The rest: green ones, done ones, those that can't be judged and what is missing.
fn quiet(seen: &Seen) -> Vec<Part> {
    let of = |wanted: &dyn Fn(&Project) -> bool| seen.projects.iter().filter(|it| wanted(it)).collect::<Vec<&Project>>();
    let mut lines = Vec::new();
    let green = of(&|it| it.band() == Some(Band::Green));
    if !green.is_empty() {
        let one = |it: &&Project| match &it.state {
            State::Judged(judged) => format!("{} ({}, {})", it.name, chance(judged), words_of(judged)),
            _ => it.name.clone(),
        };
        lines.push(Line::plain(format!("No intervention needed now: {}.", join(green.iter().map(one), NAMES))));
    }
    let done = of(&|it| matches!(it.state, State::Done));
    if !done.is_empty() {
        lines.push(named("Done:", &done));
    }
    let no_date = of(&|it| it.declared && matches!(it.state, State::NoDate));
    if !no_date.is_empty() {
        let mut line = named("Without a commitment date:", &no_date).and(" ");
        line.0.extend(Line::sentence(HOW_DATE).0);
        lines.push(line);
    }
    let others = of(&|it| !it.declared).len();
    if others > 0 {
        let what = if others == 1 { "project of a tracker is" } else { "projects of trackers are" };
        lines.push(Line::plain(format!("{others} {what} not in the portfolio, so without a date.")));
    }
    let empty = of(&|it| matches!(it.state, State::NoItems));
    if !empty.is_empty() {
        let how = " Name its epics or labels in the organisation file, or let items carry its id as their project.";
        lines.push(named("Without any item:", &empty).and(how));
    }
    let unknown = of(&|it| matches!(it.state, State::NoHistory(_)));
    if !unknown.is_empty() {
        let why = |it: &&Project| if let State::NoHistory(why) = &it.state { format!("{} ({why})", it.name) } else { String::new() };
        let all = words::join(&unknown.iter().map(why).collect::<Vec<_>>());
        lines.push(Line::plain(format!("Can't be judged yet: {all}.")));
    }
    lines.into_iter().map(Part::Text).collect()
}

/// "Done: Search, Wallet and 3 more."
fn named(what: &str, projects: &[&Project]) -> Line {
    Line::plain(format!("{what} {}.", join(projects.iter().map(|it| it.name.clone()), NAMES)))
}

/// The first of them in words, and how many more there are.
fn join(all: impl ExactSizeIterator<Item = String>, most: usize) -> String {
    let rest = all.len().saturating_sub(most);
    let mut names: Vec<String> = all.take(most).collect();
    if rest > 0 {
        names.push(format!("{rest} more"));
    }
    words::join(&names)
}

fn notes(seen: &Seen) -> Vec<Line> {
    let mut notes = Vec::new();
    let judged: Vec<&Judged> =
        seen.projects.iter().filter_map(|it| if let State::Judged(judged) = &it.state { Some(&**judged) } else { None }).collect();
    if judged.is_empty() {
        return notes;
    }
    notes.push(Line::sentence("Chances are those of `/metrics forecast`: amber (!) is unlikely, at most 50 % to make the date; red (!!) is very unlikely, at most 25 %. The reasons order projects within a band."));
    notes.push(if seen.model.learnt_from == 0 {
        Line::plain(format!("Weights as published; learnt from this portfolio once {} dates have passed.", risk::LEARNT_FROM))
    } else {
        Line::plain(format!("Weights learnt from {} commitments of this portfolio whose date has passed.", seen.model.learnt_from))
    });
    let missing: Vec<&str> = judged
        .iter()
        .map(|judged| risk::missing(&judged.taken.snapshot))
        .reduce(|all, one| all.into_iter().filter(|it| one.contains(it)).collect())
        .unwrap_or_default();
    if !missing.is_empty() {
        let missing: Vec<String> = missing.into_iter().map(str::to_owned).collect();
        notes.push(Line::plain(format!("Not known of any of them, and left out: {}.", words::join(&missing))));
    }
    notes
}

/// A project as JSON.
fn of_project(seen: &Seen, project: &Project) -> Value {
    let judged = if let State::Judged(judged) = &project.state { Some(&**judged) } else { None };
    let remaining =
        if let State::Late { remaining, .. } = project.state { Some(remaining) } else { judged.map(|it| it.taken.snapshot.remaining) };
    let features = |judged: &Judged| -> Vec<Value> { judged.score.parts.iter().map(super::evidence::of_part).collect() };
    let flip = judged
        .and_then(|it| it.flip)
        .map(|flip| json!({"to": flip.to.name(), "items": flip.items, "people": flip.people, "pace": flip.pace, "weeks": flip.weeks}));
    let at = |at: At| at.rfc3339();
    json!({
        "id": project.id,
        "name": project.name,
        "priority": project.priority,
        "due": project.due.map(|due| due.to_string()),
        "state": project.word(),
        "prospect": judged.map(words_of),
        "score": judged.map(|it| it.score.score),
        "chance_to_miss": judged.map(|it| it.score.chance),
        "meets_date": judged.map(Judged::meets_date),
        "done": judged.map(|it| it.taken.snapshot.done),
        "remaining": remaining,
        "reasons": judged.map(|it| risk::reasons(&it.score, it.taken.added())).unwrap_or_default(),
        "flip": flip,
        "features": judged.map(features).unwrap_or_default(),
        "missing": judged.map(|it| risk::missing(&it.taken.snapshot)).unwrap_or_default(),
        "acknowledged": seen.acknowledged(project).map(|label| json!({"by": label.person, "at": at(label.at)})),
        "snoozed": seen.snoozed(project).map(|label| json!({"by": label.person, "until": label.until.map(at)})),
        "called_wrong": seen.label(project, "wrong").is_some(),
    })
}
