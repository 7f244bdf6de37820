//! What may not stand in an organisation file although each piece of it can be read.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::Spanned;

use super::file::{Problems, RawFile, RawTeam};
use super::{Org, Span};
use crate::domain::derive::claims::Claim;

/// `team:all` is the whole organisation.
pub const EVERYTHING: &str = "all";

/// Notes every mistake.
pub(super) fn all(raw: &RawFile, declared: &Org, problems: &mut Problems<'_>) {
    ids("team", raw.teams.iter().map(|team| &team.id), problems);
    ids("service", raw.services.iter().map(|service| &service.id), problems);
    ids("person", raw.people.iter().map(|person| &person.id), problems);
    ids("objective", raw.objectives.iter().map(|objective| &objective.id), problems);
    ids("project", raw.projects.iter().map(|project| &project.id), problems);
    for team in &raw.teams {
        reserved(team, problems);
        parent(team, declared, problems);
        entries(team, declared, problems);
        if let Some(group) = team.slack_group.as_ref().filter(|group| !is_slack_id(group.get_ref(), &['S'])) {
            let message = format!(
                "`{}` is not the id of a Slack user group, such as `S0123ABCD`: `/metrics setup` lists the groups",
                group.get_ref()
            );
            problems.add(group.span(), message);
        }
    }
    channels(raw, problems);
    for service in &raw.services {
        for path in &service.paths {
            problems.keep(path.span(), Claim::declared("", std::slice::from_ref(path.get_ref()), &[]));
        }
    }
    identities(raw, problems);
    for project in &raw.projects {
        if let Some(objective) = &project.objective
            && !declared.objectives.contains_key(objective.get_ref())
        {
            let message =
                format!("the objective `{}` of project `{}` is not in `[[objectives]]`", objective.get_ref(), project.id.get_ref());
            problems.add(objective.span(), message);
        }
    }
}

fn ids<'a>(what: &str, ids: impl Iterator<Item = &'a Spanned<String>>, problems: &mut Problems<'_>) {
    let mut seen = BTreeSet::new();
    for id in ids {
        well_formed(what, id.get_ref(), id.span(), problems);
        if !seen.insert(id.get_ref().to_lowercase()) {
            problems.add(id.span(), format!("the {what} `{}` is declared twice", id.get_ref()));
        }
    }
}

fn well_formed(what: &str, id: &str, at: Range<usize>, problems: &mut Problems<'_>) {
    if id.is_empty() || id.chars().any(|letter| letter.is_whitespace() || letter.is_control() || matches!(letter, '"' | '`')) {
        problems.add(at, format!("the id `{}` of a {what} is empty or has a space or quote in it", id.escape_debug()));
    }
}

fn reserved(team: &RawTeam, problems: &mut Problems<'_>) {
    if team.id.get_ref().eq_ignore_ascii_case(EVERYTHING) {
        problems.add(team.id.span(), format!("no team may have the id `{EVERYTHING}`: `team:{EVERYTHING}` is the whole organisation"));
    }
}

/// An unknown parent, or a ring of parents, which is told once, at its first team by id.
fn parent(team: &RawTeam, declared: &Org, problems: &mut Problems<'_>) {
    let Some(parent) = &team.parent else { return };
    if !declared.teams.contains_key(parent.get_ref()) {
        problems.add(parent.span(), format!("the parent `{}` of team `{}` is not in `[[teams]]`", parent.get_ref(), team.id.get_ref()));
        return;
    }
    let first = team.id.get_ref().as_str();
    let mut ring = vec![first];
    let mut above = Some(parent.get_ref().as_str());
    while let Some(id) = above {
        if id == first {
            if ring.iter().all(|other| first <= *other) {
                let ring: Vec<String> = ring.iter().chain([&first]).map(|id| format!("`{id}`")).collect();
                problems.add(parent.span(), format!("teams are in a ring of parents: {}", ring.join(" in ")));
            }
            return;
        }
        if ring.contains(&id) {
            return;
        }
        ring.push(id);
        above = declared.teams.get(id).and_then(|team| team.parent.as_deref());
    }
}

fn entries(team: &RawTeam, declared: &Org, problems: &mut Problems<'_>) {
    let Some(read) = declared.teams.get(team.id.get_ref()) else { return };
    for (list, entries, raw) in [("services", &read.services, &team.services), ("members", &read.members, &team.members)] {
        let at = raw.first().map_or_else(|| team.id.span(), Spanned::span);
        let mut by_name: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
        for (name, span) in entries {
            by_name.entry(name).or_default().push(*span);
        }
        for (name, mut spans) in by_name {
            well_formed(if list == "services" { "service" } else { "person" }, name, at.clone(), problems);
            spans.sort_by_key(|span| span.from);
            if spans.windows(2).any(|two| !two[0].both(two[1]).is_empty()) {
                problems.add(at.clone(), format!("`{name}` stands in `{list}` of team `{}` twice at the same time", team.id.get_ref()));
            }
        }
    }
}

/// Whether a text is an id as Slack gives them, of one of these kinds.
fn is_slack_id(text: &str, kinds: &[char]) -> bool {
    text.starts_with(kinds) && text.len() > 1 && text.bytes().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit())
}

/// A channel means one team.
fn channels(raw: &RawFile, problems: &mut Problems<'_>) {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for team in &raw.teams {
        for channel in &team.channels {
            let (id, team) = (channel.get_ref().as_str(), team.id.get_ref().as_str());
            if !is_slack_id(id, &['C', 'G']) {
                let where_it_is = "Slack shows it at the end of the channel's details, such as `C0123ABCD`";
                problems.add(channel.span(), format!("`{id}` is not the id of a channel: {where_it_is}"));
            }
            if let Some(other) = seen.insert(id, team)
                && other != team
            {
                problems.add(channel.span(), format!("the channel `{id}` stands with two teams, `{other}` and `{team}`"));
            }
        }
    }
}

/// One Slack user, one e-mail address and one alias at a tool is one person.
fn identities(raw: &RawFile, problems: &mut Problems<'_>) {
    let mut seen: BTreeMap<(&str, String), &str> = BTreeMap::new();
    for person in &raw.people {
        let anywhere = person.slack.iter().chain(&person.emails).map(|identity| ("", identity));
        for (tool, identity) in anywhere.chain(person.aliases.iter().map(|(tool, alias)| (tool.as_str(), alias))) {
            let id = person.id.get_ref().as_str();
            if let Some(other) = seen.insert((tool, identity.to_lowercase()), id)
                && other != id
            {
                let at = if tool.is_empty() { String::new() } else { format!(" at `{tool}`") };
                problems.add(person.id.span(), format!("`{identity}`{at} stands with two people, `{other}` and `{id}`"));
            }
        }
    }
}
