//! The alerts of a channel: what each watches, how it stands, how often it fired, who set it. Pure.

use chrono_tz::Tz;
use serde_json::{Value, json};

use super::budget;
use super::memory::{Episode, Held, Last};
use super::message::{lasted, looked_at};
use super::row::Row;
use super::rule::{self, Rule};
use crate::domain::ask::scope_text;
use crate::domain::card::{Button, Card, Line, Part};
use crate::domain::org::Org;
use crate::domain::subscription::State;
use crate::domain::time::{At, DAY};
use crate::domain::words;

/// Days over which it is told how often an alert fired.
const DAYS: i64 = 90;
/// Alerts that have a button of their own.
const MANAGED: usize = 20;

/// What the list is made for.
pub struct About<'a> {
    pub org: &'a Org,
    pub now: At,
    /// The channel; none: every channel's, for the terminal.
    pub channel: Option<&'a str>,
}

/// The list.
pub fn card(rows: &[Row], about: &About<'_>) -> Card {
    let held: u64 = rows.iter().map(|row| budget::held_back(&row.memory, about.now)).sum();
    let mut parts = Vec::new();
    if !rows.is_empty() {
        parts.push(Part::List(rows.iter().enumerate().map(|(at, row)| line(at + 1, row, about)).collect(), None));
    }
    if held > 0 {
        let most = rows.iter().map(|row| row.settings.weekly).max().unwrap_or_default();
        let hears = words::count(most, "alert", "alerts");
        parts.push(Part::Text(Line::plain(format!(
            "{} held back in the last seven days: this channel hears at most {hears} a week.",
            words::count(held, "alert was", "alerts were")
        ))));
    }
    let mut data = serde_json::Map::new();
    data.insert("alerts".into(), rows.iter().map(|row| machine(row, about.now)).collect());
    Card {
        command: "alert".into(),
        title: if about.channel.is_some() { "Alerts of this channel" } else { "Alerts" }.into(),
        verdict: verdict(rows),
        parts,
        notes: vec![
            Line::plain("Each is looked at hourly; one message an episode, edited when it is over. Typed: ")
                .code("/metrics alert change_fail_rate above 15% team:NAME"),
        ],
        buttons: if about.channel.is_some() { buttons(rows) } else { Vec::new() },
        data,
        ..Card::default()
    }
}

fn verdict(rows: &[Row]) -> Line {
    if rows.is_empty() {
        return "No alert is set here yet. One watches a metric of a team or service and tells this channel when it leaves its limit or its own range.".into();
    }
    let firing = rows.iter().filter(|row| row.memory.open().is_some()).count() as u64;
    Line::plain(match (rows.len() as u64, firing) {
        (1, 0) => "1 alert, not beyond its limit now.".to_owned(),
        (1, _) => "1 alert, beyond its limit now.".to_owned(),
        (all, 0) => format!("{} alerts, none of them beyond its limit now.", words::number(all)),
        (all, 1) => format!("{} alerts, 1 of them beyond its limit now.", words::number(all)),
        (all, firing) => format!("{} alerts, {} of them beyond their limit now.", words::number(all), words::number(firing)),
    })
}

/// One alert: rule, state, how often, who.
pub fn line(number: usize, row: &Row, about: &About<'_>) -> Line {
    let settings = &row.settings;
    let zone = about.org.zone_for(&settings.scope);
    let name = about.org.scope_name(&settings.scope);
    let line = Line::plain(format!("{number}. ")).strong(words::capitalised(&settings.said())).and(format!(" of {name}"));
    let line = match settings.definition() {
        Some(known) => line.and(format!(" ({}). ", looked_at(settings, known))),
        None => line.and(". "),
    };
    let line = paused(line, row, about.now, zone);
    let line = if row.open { stands(line, row, about.now, zone) } else { line.and("Its figures are its team's own. ") };
    let line = if about.channel.is_none() { line.and("In ").mention(&row.it.channel).and(". ") } else { line };
    line.and("Set by ").mention(&row.it.author).and(".")
}

/// That it is silent, until when, and who wants so.
fn paused(line: Line, row: &Row, now: At, zone: Tz) -> Line {
    match &row.it.state {
        State::Paused { until: None, by } => line.strong("Paused").and(" by ").mention(by).and(". "),
        State::Paused { until: Some(until), by } if *until > now => {
            line.strong("Snoozed").and(" by ").mention(by).and(format!(" until {}. ", words::moment(*until, now, zone)))
        }
        State::Stopped { why } => line.strong("Stopped").and(format!(": Slack says {why}. ")),
        State::Active | State::Paused { .. } => line,
    }
}

/// "Now 9.5 % (n 42), inside. Fired 3 times in 90 days, last from 12 Nov for 3 days, 24 % at worst."
fn stands(line: Line, row: &Row, now: At, zone: Tz) -> Line {
    let Some(known) = row.settings.definition() else { return line };
    let value = |value: f64| rule::value(known.unit, value);
    let line = match (&row.memory.last, row.memory.open()) {
        (None, _) => line.and("Not looked at yet. "),
        (Some(Last { value: Some(figure), n, limit, .. }), open) => {
            let edge = match limit {
                Some(limit) if row.settings.rule == Rule::OwnRange => format!(", edge of its range {}", value(*limit)),
                _ => String::new(),
            };
            let state = match open {
                Some(open) => format!("beyond since {}{}", words::moment(open.since, now, zone), untold(open)),
                None => "inside".to_owned(),
            };
            line.and("Now ").strong(value(*figure)).and(format!(" (n {}{edge}), {state}. ", words::number(*n)))
        }
        (Some(Last { why, .. }), _) => line.and(format!("Not judged now: {}. ", why.as_deref().unwrap_or("no data"))),
    };
    let recent: Vec<&Episode> = row.memory.episodes.iter().filter(|episode| now.since(episode.start) < DAYS * DAY).collect();
    let Some(last) = recent.last() else { return line.and(format!("Did not fire in {DAYS} days. ")) };
    let end = last.over.as_ref().map_or(now, |over| over.at);
    let line = line.and(format!(
        "Fired {} in {DAYS} days, last from {} for {}, {} at worst. ",
        words::count(recent.len() as u64, "time", "times"),
        words::date(last.since, now, zone),
        lasted(last, end),
        value(last.worst)
    ));
    let wrong = row.marks.iter().filter(|mark| mark.kind == "wrong").count() as u64;
    if wrong > 0 { line.and(format!("{} it wrong. ", words::count(wrong, "person called", "people called"))) } else { line }
}

/// Why the channel has not heard of an episode under way.
fn untold(open: &Episode) -> &'static str {
    match (open.told, open.held) {
        (Some(_), _) => "",
        (None, Some(Held::Quiet)) => ", told on the next working morning",
        (None, Some(Held::Budget)) => ", held back",
        (None, None) => ", not told yet",
    }
}

fn machine(row: &Row, now: At) -> Value {
    let settings = &row.settings;
    let state = match &row.it.state {
        State::Stopped { .. } => "stopped",
        State::Paused { until, .. } if until.is_none_or(|until| until > now) => "paused",
        _ if row.memory.open().is_some() => "beyond",
        _ => match &row.memory.last {
            Some(Last { value: Some(_), .. }) => "inside",
            _ => "not_judged",
        },
    };
    let last = row.memory.last.as_ref().filter(|_| row.open);
    let fired = row.memory.episodes.iter().filter(|episode| now.since(episode.start) < DAYS * DAY).count();
    let held = budget::held_back(&row.memory, now);
    let since = row.memory.open().map(|open| open.since);
    json!({
        "id": row.it.id, "channel": row.it.channel, "metric": settings.metric, "scope": scope_text(&settings.scope), "rule": settings.rule,
        "least": settings.least, "any_hour": settings.any_hour, "weekly": settings.weekly, "state": state, "since": since,
        "value": last.and_then(|last| last.value), "n": last.map(|last| last.n), "limit": last.and_then(|last| last.limit),
        "why": last.and_then(|last| last.why.clone()), "at": last.map(|last| last.at), "fired_90_days": fired, "held_back": held,
        "author": row.it.author,
    })
}

fn button(label: &str, action: &str, value: &str, primary: bool) -> Button {
    Button { label: label.into(), action: action.into(), value: value.into(), primary }
}

/// Below the list: to set one, and those of the only alert, or one for each that leads to its own.
fn buttons(rows: &[Row]) -> Vec<Button> {
    let mut buttons = vec![button("Set an alert", "alert_set", "", true)];
    match rows {
        [only] => buttons.extend(of_one(only)),
        _ => buttons.extend(
            rows.iter().take(MANAGED).enumerate().map(|(at, row)| button(&format!("Manage {}", at + 1), "alert_manage", &row.it.id, false)),
        ),
    }
    buttons
}

/// What one can do with an alert.
pub fn of_one(row: &Row) -> Vec<Button> {
    let id = &row.it.id;
    let silent = matches!(row.it.state, State::Paused { .. } | State::Stopped { .. });
    vec![
        button("Change", "alert_change", id, false),
        if silent { button("Go on", "alert_go_on", id, false) } else { button("Pause", "alert_pause", id, false) },
        button("Snooze", "alert_snooze", &format!("{id}:"), false),
        button("Preview", "alert_preview", id, false),
        button("Remove", "alert_remove", id, false),
    ]
}

/// One alert, with what one can do with it.
pub fn one(row: &Row, about: &About<'_>, verdict: Line, parts: Vec<Part>) -> Card {
    let mut all = parts;
    all.push(Part::List(vec![line(1, row, about)], None));
    let mut buttons = of_one(row);
    buttons.push(button("All alerts", "alert_list", "", false));
    Card { command: "alert".into(), title: "Alert".into(), verdict, parts: all, buttons, ..Card::default() }
}
