//! The card of `setup`: what is connected, and the buttons that connect more. Pure.

use chrono_tz::Tz;
use serde_json::json;

use super::overview::{Overview, ServiceRow, TeamRow};
use crate::domain::card::{Button, Card, Line, Part, Table};
use crate::domain::time::At;
use crate::domain::words;
use crate::features::{Asker, Cx};
use crate::store::org::{Author, OrgChange};

/// Services and teams listed in Slack.
const LISTED: usize = 15;
/// The button beside the portfolio.
const PORTFOLIO: &str = "Change the portfolio";
/// Lines told of one change.
const LINES: usize = 2;

/// The card, as the asker may use it.
pub fn card(overview: &Overview, cx: &Cx) -> Card {
    told(overview, cx.now, cx.org.org.time_zone.unwrap_or(Tz::UTC), cx.asker.as_ref())
}

/// The same from plain values.
pub fn told(overview: &Overview, now: At, zone: Tz, asker: Option<&Asker>) -> Card {
    let channel = asker.and_then(|asker| asker.channel.as_deref()).filter(|id| id.starts_with(['C', 'G']));
    let in_slack = asker.is_some();
    let most = if in_slack { LISTED } else { usize::MAX };
    let mut parts = Vec::new();
    if !overview.services.is_empty() {
        parts.push(Part::Heading("Services".into()));
        parts.push(Part::Table(services(&overview.services, most)));
        parts.extend(more(overview.services.len(), most, "services"));
    }
    if !overview.teams.is_empty() {
        parts.push(Part::Heading("Teams".into()));
        parts.push(Part::List(overview.teams.iter().take(most).map(|it| team(it, now, zone)).collect(), None));
        parts.extend(more(overview.teams.len(), most, "teams"));
    }
    parts.push(Part::Beside(portfolio(overview), button(PORTFOLIO, "investment_project", "", false)));
    if !overview.changes.is_empty() {
        parts.push(Part::Heading("Changed last".into()));
        parts.push(Part::List(overview.changes.iter().map(|it| change(it, now, zone)).collect(), None));
    }
    Card {
        command: "setup".into(),
        title: "Setup".into(),
        verdict: verdict(overview),
        parts,
        notes: notes(overview, in_slack),
        zone: Some(zone),
        health: overview.sources.iter().map(|it| it.health.clone()).collect(),
        buttons: if in_slack { buttons(channel) } else { Vec::new() },
        data: data(overview),
        ..Card::default()
    }
}

fn verdict(overview: &Overview) -> Line {
    if overview.sources.is_empty() && overview.services.is_empty() && overview.teams.is_empty() {
        return "Nothing is connected yet. Begin with a service: the form says where its deployments come from.".into();
    }
    let count = |n: usize, one: &str, many: &str| words::count(n as u64, one, many);
    let without = match overview.unassigned() {
        0 => String::new(),
        n => format!(", {n} of them without a team"),
    };
    let channels = overview.teams.iter().map(|it| it.channels.len()).sum::<usize>();
    Line::plain(format!(
        "{} heard, {}{without}, {}, {} connected.",
        count(overview.sources.len(), "source", "sources"),
        count(overview.services.len(), "service", "services"),
        count(overview.teams.len(), "team", "teams"),
        count(channels, "channel", "channels")
    ))
}

fn services(rows: &[ServiceRow], most: usize) -> Table {
    let row = |it: &ServiceRow| {
        let team = if it.teams.is_empty() { "no team".to_owned() } else { it.teams.join(", ") };
        let repository = it.repository.clone().unwrap_or_else(|| if it.declared { "-" } else { "seen, not declared" }.to_owned());
        vec![it.name.clone(), team, repository]
    };
    Table {
        columns: ["Service", "Team", "Repository"].map(str::to_owned).to_vec(),
        numeric: vec![false; 3],
        rows: rows.iter().take(most).map(row).collect(),
        more: None,
    }
}

/// The portfolio in one line: how many projects, and how much of the time is planned.
fn portfolio(overview: &Overview) -> Line {
    let line = Line::default().strong("Portfolio: ");
    if overview.projects.is_empty() {
        return line.and("no project yet. A project has a priority, a planned share, a commitment date and its epics.");
    }
    let shares: Vec<f64> = overview.projects.values().filter_map(|project| project.planned_share).collect();
    let planned = if shares.is_empty() {
        "no shares are planned".to_owned()
    } else {
        format!("planned shares add up to {}", words::percent(shares.iter().sum()))
    };
    line.and(format!("{}; {planned}.", words::count(overview.projects.len() as u64, "project", "projects")))
}

fn more(count: usize, most: usize, what: &str) -> Option<Part> {
    let left = count.checked_sub(most).filter(|left| *left > 0)?;
    Some(Part::Text(Line::plain(format!("and {left} more {what}; any of them opens with ")).code("/metrics setup NAME")))
}

fn team(it: &TeamRow, now: At, zone: Tz) -> Line {
    let mut line = Line::default().strong(&it.name);
    if it.name != it.id {
        line = line.and(" ").code(format!("team:{}", it.id));
    }
    if let Some(parent) = &it.parent {
        line = line.and(format!(" in {parent}"));
    }
    let mut has = vec![words::count(it.services, "service", "services"), words::count(it.people, "person", "people")];
    if it.below > 0 {
        if (it.services, it.people) == (0, 0) {
            has.clear();
        }
        has.push(words::count(it.below, "team below it", "teams below it"));
    }
    line = line.and(format!(": {}", has.join(", ")));
    line = match (&it.group, it.follows) {
        (Some(group), true) => {
            let not = match group.not_counted {
                0 => String::new(),
                n => format!(", {} not counted", words::count(n, "bot or deactivated member", "bots or deactivated members")),
            };
            let name = if group.handle.is_empty() { group.group.clone() } else { format!("@{}", group.handle) };
            let line = line.and(format!(", follows {name}{not}"));
            match (&group.problem, group.read_at) {
                (Some(problem), Some(at)) => line.and(format!(". Its members are those of {}: {problem}", words::moment(at, now, zone))),
                (Some(problem), None) => line.and(format!(". Its members are not known yet: {problem}")),
                (None, _) => line,
            }
        }
        (None, true) => line.and(", follows a Slack group that is not read yet"),
        (_, false) => line,
    };
    it.channels.iter().enumerate().fold(line, |line, (at, channel)| line.and(if at == 0 { " · " } else { " " }).mention(channel))
}

fn change(it: &OrgChange, now: At, zone: Tz) -> Line {
    let line = Line::plain(words::moment(it.at, now, zone));
    let line = match &it.author {
        Some(Author::Person(id)) => line.and(" by ").mention(id),
        Some(Author::File) => line.and(" by file"),
        Some(Author::SlackGroup) => line.and(" by a Slack group"),
        None => line,
    };
    let told = it.summary.iter().take(LINES).map(String::as_str).collect::<Vec<_>>().join("; ");
    let told = if told.is_empty() { format!("version {}", it.version) } else { told };
    let left = it.summary.len().saturating_sub(LINES);
    line.and(": ").and(told).and(if left > 0 { format!("; and {left} more") } else { String::new() })
}

fn notes(overview: &Overview, in_slack: bool) -> Vec<Line> {
    let mut notes = Vec::new();
    if overview.sources.is_empty() {
        let on: Vec<&str> = overview.feeds.iter().filter(|feed| feed.on).map(|feed| feed.name).collect();
        notes.push(if on.is_empty() {
            Line::plain("No source was heard yet, and no webhook has a secret: connect a service to see which setting it takes.")
        } else {
            Line::plain(format!("No source was heard yet; open for webhooks: {}.", on.join(", ")))
        });
    }
    notes.push(if in_slack {
        Line::plain("Rather a file? ")
            .code("pacer org export")
            .and(" prints all of this as one, ")
            .code("pacer org apply")
            .and(" takes it back.")
    } else {
        let edit = Line::plain("To change it: ").code("/metrics setup").and(" in Slack; or ").code("pacer org export > org.toml");
        edit.and(", edit it, ").code("pacer org preview org.toml").and(", ").code("pacer org apply org.toml").and(".")
    });
    notes
}

fn button(label: &str, action: &str, value: &str, primary: bool) -> Button {
    Button { label: label.into(), action: action.into(), value: value.into(), primary }
}

fn buttons(channel: Option<&str>) -> Vec<Button> {
    let mut buttons = vec![button("Connect a service", "setup_service", "", true), button("Add a team", "setup_team", "", false)];
    buttons.extend(channel.map(|id| button("Connect this channel", "setup_channel", id, false)));
    buttons
}

fn data(overview: &Overview) -> serde_json::Map<String, serde_json::Value> {
    let services = overview
        .services
        .iter()
        .map(|it| json!({"name": it.name, "teams": it.teams, "repository": it.repository, "declared": it.declared}));
    let teams = overview.teams.iter().map(|it| {
        let problem = it.group.as_ref().and_then(|group| group.problem.as_ref());
        let group = it.group.as_ref().map(|group| &group.group);
        json!({"id": it.id, "name": it.name, "services": it.services, "people": it.people, "slack_group": group, "channels": it.channels, "problem": problem})
    });
    let feeds = overview.feeds.iter().map(|it| json!({"slug": it.slug, "on": it.on}));
    let projects = overview
        .projects
        .iter()
        .map(|(id, it)| json!({"id": id, "name": it.name, "priority": it.priority, "planned_share": it.planned_share, "due": it.due}));
    [("services", services.collect()), ("teams", teams.collect()), ("projects", projects.collect()), ("feeds", feeds.collect())]
        .map(|(name, list): (&str, serde_json::Value)| (name.to_owned(), list))
        .into_iter()
        .collect()
}
