//! What an apply would change, in lines for the person who is about to do it. The same organisation twice gives no line.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::quantity::target_text;
use super::{Org, Person, Project, Span, Team};
use crate::domain::survey::file::OwnQuestions;
use crate::domain::time::At;
use crate::domain::window::local;
use crate::domain::words;

/// Lines such as "checkout moves from payments to search from 2026-05-01", from the organisation before to that after.
pub fn preview(old: &Org, new: &Org) -> Vec<String> {
    let mut lines = Vec::new();
    if old.time_zone != new.time_zone {
        lines.push(format!("the time zone becomes {}", new.time_zone.map_or("UTC", chrono_tz::Tz::name)));
    }
    for (id, team) in &new.teams {
        team_lines(id, old.teams.get(id), team, &mut lines);
    }
    entry_lines(old, new, |team| &team.services, &mut lines);
    entry_lines(old, new, |team| &team.members, &mut lines);
    channel_lines(old, new, &mut lines);
    lead_lines(old, new, &mut lines);
    declared_lines("service", &old.services, &new.services, &mut lines);
    declared_lines("person", &at_work(own(old)), &at_work(own(new)), &mut lines);
    away_lines(&own(old), &own(new), &mut lines);
    declared_lines("objective", &old.objectives, &new.objectives, &mut lines);
    project_lines(&old.projects, &new.projects, &mut lines);
    if old.calendar != new.calendar {
        lines.push("the calendar changes".into());
    }
    question_lines(&old.survey, &new.survey, &mut lines);
    if old.investment != new.investment {
        lines.push("what effort is for changes: the table `investment`".into());
    }
    lines
}

/// People without their absences, which have lines of their own.
fn at_work(people: BTreeMap<String, Person>) -> BTreeMap<String, Person> {
    people.into_iter().map(|(id, person)| (id, Person { away: Vec::new(), ..person })).collect()
}

fn away_lines(old: &BTreeMap<String, Person>, new: &BTreeMap<String, Person>, lines: &mut Vec<String>) {
    let days = |(from, until): &(chrono::NaiveDate, chrono::NaiveDate)| {
        if from == until { format!("on {from}") } else { format!("from {from} to {until}") }
    };
    for (id, person) in new {
        let before = old.get(id).map_or(&[][..], |person| &person.away);
        lines.extend(before.iter().filter(|it| !person.away.contains(it)).map(|it| format!("{id} is no longer away {}", days(it))));
        lines.extend(person.away.iter().filter(|it| !before.contains(it)).map(|it| format!("{id} is away {}", days(it))));
    }
}

/// Who leads what: their answers in surveys count in the team above.
fn lead_lines(old: &Org, new: &Org, lines: &mut Vec<String>) {
    for (id, team) in new.live_teams() {
        let before = old.teams.get(id).map_or(&[][..], |team| &team.leads);
        lines.extend(before.iter().filter(|it| !team.leads.contains(it)).map(|lead| format!("{lead} leads {id} no more")));
        lines.extend(team.leads.iter().filter(|it| !before.contains(it)).map(|lead| format!("{lead} leads {id}")));
    }
}

/// What surveys ask from their next wave on. A question that changes its words under its old id is told as that.
fn question_lines(old: &OwnQuestions, new: &OwnQuestions, lines: &mut Vec<String>) {
    for item in old.questions().filter(|item| !new.questions().any(|it| it.id == item.id)) {
        lines.push(format!("surveys ask `{}` no more", item.id));
    }
    for item in new.questions() {
        match old.questions().find(|it| it.id == item.id) {
            None => lines.push(format!("surveys ask `{}` in {}: {}", item.id, item.category, item.text)),
            Some(before) if before != item => lines.push(format!(
                "the question `{}` becomes another one, so its past and its next waves can't be compared: {}",
                item.id, item.text
            )),
            Some(_) => {}
        }
    }
    for category in &new.categories {
        match old.categories.iter().find(|it| it.id == category.id) {
            Some(before) if before.name != category.name => {
                lines.push(format!("the category {} of surveys is now called {}", category.id, category.name));
            }
            None => lines.push(format!("surveys have a category {}, {}", category.name, said(category.core))),
            Some(_) => {}
        }
        if old.categories.iter().any(|it| it.id == category.id && it.core != category.core) {
            lines.push(format!("the category {} of surveys is now {}", category.id, said(category.core)));
        }
    }
}

fn said(core: bool) -> &'static str {
    if core { "asked in each full wave" } else { "asked in turn" }
}

/// People but those whom only a Slack group brought: these are counted with it.
fn own(org: &Org) -> BTreeMap<String, Person> {
    let brought: BTreeSet<&str> = org.teams.values().flat_map(|team| &team.followed).map(|(slack, _)| slack.as_str()).collect();
    let bare = |id: &str| Person { slack: Some(id.to_owned()), ..Person::default() };
    let of_group = |id: &str, person: &Person| brought.contains(id) && *person == bare(id);
    org.people.iter().filter(|(id, person)| !of_group(id, person)).map(|(id, person)| (id.clone(), person.clone())).collect()
}

fn team_lines(id: &str, old: Option<&Team>, new: &Team, lines: &mut Vec<String>) {
    let bare = Team { name: id.to_owned(), parent: new.parent.clone(), dissolved: new.dissolved, ..Team::default() };
    let was = old.unwrap_or(&bare);
    if old.is_none() {
        let below = new.parent.as_ref().map_or_else(String::new, |parent| format!(" in {parent}"));
        lines.push(format!("team {id} is new{below}"));
    }
    let now = if old.is_none() { "" } else { "now " };
    let old = was;
    match (old.dissolved, new.dissolved) {
        (None, Some(_)) => lines.push(format!("team {id} is dissolved; its past is kept")),
        (Some(_), None) => lines.push(format!("team {id} comes back")),
        _ => {}
    }
    if old.name != new.name {
        lines.push(format!("team {id} is {now}called {}", new.name));
    }
    if old.parent != new.parent {
        let place = |parent: &Option<String>| parent.as_deref().unwrap_or("the top").to_owned();
        lines.push(format!("team {id} moves from {} to {}", place(&old.parent), place(&new.parent)));
    }
    for metric in old.targets.keys().chain(new.targets.keys()).collect::<BTreeSet<_>>() {
        if old.targets.get(metric) != new.targets.get(metric) {
            let what = new.targets.get(metric).map_or_else(|| "removed".to_owned(), |it| format!("{now}{}", target_text(metric, *it)));
            lines.push(format!("the target {metric} of team {id} is {what}"));
        }
    }
    if old.time_zone != new.time_zone {
        lines.push(format!("team {id} counts its days in {}", new.time_zone.map_or("the organisation's zone", chrono_tz::Tz::name)));
    }
    followed_lines(id, old, new, lines);
}

/// Who sees a team's figures, and whom a Slack group brings and takes: how many, for a group may be large.
fn followed_lines(id: &str, old: &Team, new: &Team, lines: &mut Vec<String>) {
    let closed = |team: &Team| team.visibility.as_deref() == Some("team");
    if closed(old) != closed(new) {
        lines.push(format!("team {id} shows its figures to {}", if closed(new) { "its members only" } else { "everybody" }));
    }
    if old.slack_group != new.slack_group {
        lines.push(match &new.slack_group {
            Some(group) => format!("team {id} follows the Slack group {group}: who is in it counts here, too"),
            None => format!("team {id} follows no Slack group any more"),
        });
    }
    let now = |team: &Team| -> BTreeSet<String> {
        team.followed.iter().filter(|(_, span)| span.until.is_none()).map(|(slack, _)| slack.clone()).collect()
    };
    let (before, after) = (now(old), now(new));
    for (count, verb) in [(after.difference(&before).count(), "join"), (before.difference(&after).count(), "leave")] {
        if count > 0 {
            lines.push(format!("{} {verb} {id} by its Slack group", words::count(count as u64, "person", "people")));
        }
    }
}

fn channel_lines(old: &Org, new: &Org, lines: &mut Vec<String>) {
    let channels = |org: &Org| -> BTreeMap<String, String> {
        org.live_teams().flat_map(|(id, team)| team.channels.iter().map(move |channel| (channel.clone(), id.to_owned()))).collect()
    };
    let (before, after) = (channels(old), channels(new));
    for channel in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        match (before.get(channel), after.get(channel)) {
            (one, two) if one == two => {}
            (_, Some(team)) => lines.push(format!("channel {channel} means team {team}")),
            (_, None) => lines.push(format!("channel {channel} means no team any more")),
        }
    }
}

/// The keys of a declaration that differ: "paths, repository".
fn keys<T: Serialize>(old: &T, new: &T) -> String {
    let (old, new) = (members(old), members(new));
    new.iter().filter(|(key, value)| old.get(*key) != Some(*value)).map(|(key, _)| key.as_str()).collect::<Vec<_>>().join(", ")
}

/// A declaration, key by key.
fn members<T: Serialize>(it: &T) -> serde_json::Map<String, Value> {
    serde_json::to_value(it).ok().and_then(|value| value.as_object().cloned()).unwrap_or_default()
}

fn declared_lines<T: PartialEq + Serialize>(what: &str, old: &BTreeMap<String, T>, new: &BTreeMap<String, T>, lines: &mut Vec<String>) {
    for id in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        match (old.get(id), new.get(id)) {
            (None, Some(_)) => lines.push(format!("{what} {id} is declared")),
            (Some(_), None) => lines.push(format!("{what} {id} is no longer declared")),
            (Some(old), Some(new)) if old != new => {
                lines.push(format!("the declaration of {what} {id} changes: {}", keys(old, new)));
            }
            _ => {}
        }
    }
}

/// The portfolio, key by key: what it should get is worth more than that something changes.
fn project_lines(old: &BTreeMap<String, Project>, new: &BTreeMap<String, Project>, lines: &mut Vec<String>) {
    let bare = |id: &str| Project { name: id.to_owned(), ..Project::default() };
    for id in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let Some(project) = new.get(id) else {
            lines.push(format!("project {id} leaves the portfolio; its past is kept"));
            continue;
        };
        if !old.contains_key(id) {
            lines.push(format!("project {id} joins the portfolio"));
        }
        let before = members(&old.get(id).cloned().unwrap_or_else(|| bare(id)));
        for (key, value) in members(project).iter().filter(|(key, value)| before.get(*key) != Some(*value)) {
            let what = if key == "due" { "commitment date".to_owned() } else { key.replace('_', " ") };
            let (verb, value) = (if matches!(value, Value::Array(_)) { "are" } else { "is" }, said_value(key, value));
            lines.push(format!("the {what} of project {id} {verb} {value}"));
        }
    }
}

/// A declared value in words.
fn said_value(key: &str, value: &Value) -> String {
    match value {
        Value::Null => "left open".into(),
        Value::String(text) => text.clone(),
        Value::Array(all) if all.is_empty() => "none".into(),
        Value::Array(all) => words::join(&all.iter().map(|one| said_value(key, one)).collect::<Vec<_>>()),
        Value::Number(share) if key == "planned_share" => format!("{} %", (share.as_f64().unwrap_or_default() * 1e6).round() / 1e4),
        other => other.to_string(),
    }
}

/// What happens to one name, team by team.
#[derive(Default)]
struct Moves<'a> {
    ended: Vec<(&'a str, At)>,
    began: Vec<(&'a str, Span)>,
    other: Vec<String>,
}

fn entry_lines<'a>(old: &'a Org, new: &'a Org, list: impl Fn(&'a Team) -> &'a Vec<(String, Span)>, lines: &mut Vec<String>) {
    let date = |at: At| day(new, at);
    let mut names: BTreeMap<&str, Moves<'_>> = BTreeMap::new();
    for (id, team) in &new.teams {
        let before = old.teams.get(id).map_or(&[][..], |team| list(team).as_slice());
        let after = list(team).as_slice();
        let mut spans: BTreeMap<&str, [Vec<Span>; 2]> = BTreeMap::new();
        for (side, entries) in [before, after].into_iter().enumerate() {
            for (name, span) in entries {
                spans.entry(name).or_default()[side].push(*span);
            }
        }
        for (name, [before, after]) in spans {
            compare(name, id, &before, &after, names.entry(name).or_default(), date);
        }
    }
    for (name, mut moves) in names {
        for (team, until) in moves.ended {
            if let Some(index) = moves.began.iter().position(|(_, span)| span.from == Some(until)) {
                let (to, span) = moves.began.remove(index);
                lines.push(format!("{name} moves from {team} to {to} from {}{}", date(until), ending(span, date)));
            } else {
                lines.push(format!("{name} leaves {team} from {}", date(until)));
            }
        }
        for (team, span) in moves.began {
            lines.push(format!("{name} joins {team} from {}{}", beginning(span, date), ending(span, date)));
        }
        lines.append(&mut moves.other);
    }
}

fn compare<'a>(name: &str, team: &'a str, old: &[Span], new: &[Span], moves: &mut Moves<'a>, date: impl Fn(At) -> String + Copy) {
    let mut began: Vec<Span> = new.iter().filter(|span| old.iter().all(|held| held.from != span.from)).copied().collect();
    for held in old.iter().copied() {
        match new.iter().find(|span| span.from == held.from) {
            Some(span) if span.until == held.until => {}
            Some(Span { until: Some(until), .. }) => moves.ended.push((team, *until)),
            Some(_) => moves.other.push(format!("{name} stays in {team} without an end")),
            None if began.is_empty() => moves.other.push(format!("{name} no longer joins {team} from {}", beginning(held, date))),
            None => {
                let span = began.remove(0);
                let (now, before) = (beginning(span, date), beginning(held, date));
                moves.other.push(format!("{name} counts in {team} from {now}{}, no longer from {before}", ending(span, date)));
            }
        }
    }
    moves.began.extend(began.into_iter().map(|span| (team, span)));
}

fn beginning(span: Span, date: impl Fn(At) -> String) -> String {
    span.from.map_or_else(|| "the beginning".into(), date)
}

fn ending(span: Span, date: impl Fn(At) -> String) -> String {
    span.until.map_or_else(String::new, |until| format!(" until {}", date(until)))
}

/// When, in the organisation's zone.
fn day(org: &Org, at: At) -> String {
    local::text(org.time_zone.unwrap_or(chrono_tz::Tz::UTC), at)
}
