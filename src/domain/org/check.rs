//! What may not stand in an organisation file although each piece of it can be read.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::{Spanned, Value};

use super::file::{Problems, RawCalendar, RawFile, RawProject, RawService, RawTeam};
use super::{Org, Span, quantity, read};
use crate::domain::alloc::{self, Category, Planned};
use crate::domain::derive::claims::Claim;

/// `team:all` is the whole organisation.
pub const EVERYTHING: &str = "all";

/// Notes what no file may have that does not have it already: rules that came after files were taken.
pub(super) fn strictly(raw: &RawFile, declared: &Org, known: &Org, problems: &mut Problems) {
    plain_ids("team", raw.teams.iter().map(|team| &team.id), |id| known.teams.contains_key(id), problems);
    plain_ids("service", raw.services.iter().map(|service| &service.id), |id| known.services.contains_key(id), problems);
    plain_ids("person", raw.people.iter().map(|person| &person.id), |id| known.people.contains_key(id), problems);
    plain_ids("objective", raw.objectives.iter().map(|objective| &objective.id), |id| known.objectives.contains_key(id), problems);
    plain_ids("project", raw.projects.iter().map(|project| &project.id), |id| known.projects.contains_key(id), problems);
    let id = |service: &RawService| service.id.get_ref().clone();
    for service in
        raw.services.iter().filter(|it| known.services.get(&id(it)).is_none_or(|known| declared.services.get(&id(it)) != Some(known)))
    {
        rules(service, problems);
    }
    let is_new = |it: &&RawProject| known.projects.get(it.id.get_ref()) != declared.projects.get(it.id.get_ref());
    for project in raw.projects.iter().filter(is_new) {
        portfolio(project, problems);
    }
    if known.projects != declared.projects {
        shares(raw, problems);
    }
    if known.investment != declared.investment {
        let said = &raw.investment;
        said.labels.values().chain(said.commit_types.values()).chain(said.repositories.values()).for_each(|it| category(it, problems));
        for word in said.unplanned.iter().flatten().filter(|word| word.get_ref().trim().is_empty()) {
            problems.add(word.span(), "an entry of `unplanned` is empty: write a label or a kind of item");
        }
    }
    if known.calendar != declared.calendar {
        twice(&raw.calendar, problems);
    }
}

/// Letters that would mean something where an id is shown, or are not seen at all.
fn plain_ids<'a>(what: &str, ids: impl Iterator<Item = &'a Spanned<String>>, known: impl Fn(&str) -> bool, problems: &mut Problems) {
    let odd = |letter: char| matches!(letter, '<' | '>' | '&' | '!') || is_unseen(letter);
    for id in ids.filter(|id| !known(id.get_ref()) && id.get_ref().chars().any(odd)) {
        let shown = id.get_ref().escape_debug();
        problems
            .add(id.span(), format!("the id `{shown}` of a {what} has one of `<`, `>`, `&` and `!` in it, or a letter that nobody sees"));
    }
}

/// Marks that turn the direction of text around, and letters without a width.
fn is_unseen(letter: char) -> bool {
    matches!(letter, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// What of a service's rules could never hold.
fn rules(service: &RawService, problems: &mut Problems) {
    let id = service.id.get_ref();
    for path in &service.paths {
        let glob = path.get_ref().trim();
        let never = match () {
            () if glob.is_empty() => "an empty path matches no file",
            () if glob.starts_with('!') => "a path that begins with `!` matches no file: list the service's own files only",
            () if glob.split('/').any(|part| part == "..") => "a path with `..` matches no file: write it as it stands in the repository",
            () => continue,
        };
        problems.add(path.span(), format!("`{glob}` in `paths` of service `{id}`: {never}"));
    }
    if let Some(first) = service.paths.first().filter(|_| service.repository.as_ref().is_none_or(|name| name.trim().is_empty())) {
        problems
            .add(first.span(), format!("the `paths` of service `{id}` need its `repository`, such as `acme/shop`: they are files in it"));
    }
    if let Some(window) = service.incident_window.as_ref().filter(|text| quantity::duration(text.get_ref()) == Ok(0)) {
        problems
            .add(window.span(), format!("`incident_window` of service `{id}` is no time at all: write one such as `24h`, or leave it out"));
    }
}

/// What of a portfolio project could never hold.
fn portfolio(project: &RawProject, problems: &mut Problems) {
    let id = project.id.get_ref();
    if let Some(said) = &project.category {
        category(said, problems);
    }
    for (list, texts) in [("epics", &project.epics), ("labels", &project.labels)] {
        for text in texts.iter().filter(|text| text.get_ref().trim().is_empty()) {
            problems.add(text.span(), format!("an entry of `{list}` of project `{id}` is empty: name one, or leave it out"));
        }
    }
    for name in project.repositories.iter().filter(|name| !name.get_ref().contains('/')) {
        let message = format!(
            "`{}` in `repositories` of project `{id}` is no repository: write it with its owner, such as `acme/shop`",
            name.get_ref()
        );
        problems.add(name.span(), message);
    }
}

/// Shares of nothing, and shares that are more than there is. A share that is no fraction was told before.
fn shares(raw: &RawFile, problems: &mut Problems) {
    let all = || raw.projects.iter().filter_map(|project| Some((project, project.planned_share.as_ref()?)));
    let planned = |(project, said): (&RawProject, &Spanned<Value>)| {
        let id = project.id.get_ref();
        Some(Planned { project: id.clone(), priority: None, share: Some(read::share(id, said.get_ref()).ok()?) })
    };
    let Some(plan) = all().map(planned).collect::<Option<Vec<Planned>>>() else { return };
    for message in alloc::problems(&plan) {
        let own = all().find(|(project, _)| message.starts_with(&format!("`{}` ", project.id.get_ref())));
        if let Some((_, share)) = own.or_else(|| all().next_back()) {
            let message = message.trim_end_matches('.').replacen("The planned", "the planned", 1);
            problems.add(share.span(), message);
        }
    }
}

fn category(said: &Spanned<String>, problems: &mut Problems) {
    if Category::parse(said.get_ref()).is_none() {
        let message = format!("`{}` is no category: write `ktlo`, `new`, `improving` or `productivity`", said.get_ref().escape_debug());
        problems.add(said.span(), message);
    }
}

/// Days that the calendar has twice.
fn twice(calendar: &RawCalendar, problems: &mut Problems) {
    let mut seen = BTreeSet::new();
    for day in &calendar.holidays {
        if let Some(date) = quantity::date(day.get_ref()).ok().filter(|date| !seen.insert(*date)) {
            problems.add(day.span(), format!("`{date}` stands in `holidays` twice"));
        }
    }
    let mut seen = BTreeSet::new();
    for day in &calendar.working_days {
        if !seen.insert(day.get_ref().to_lowercase().chars().take(3).collect::<String>()) {
            problems.add(day.span(), format!("`{}` stands in `working_days` twice", day.get_ref()));
        }
    }
}

/// Notes every mistake.
pub(super) fn all(raw: &RawFile, declared: &Org, problems: &mut Problems) {
    ids("team", raw.teams.iter().map(|team| &team.id), problems);
    ids("service", raw.services.iter().map(|service| &service.id), problems);
    ids("person", raw.people.iter().map(|person| &person.id), problems);
    ids("objective", raw.objectives.iter().map(|objective| &objective.id), problems);
    ids("project", raw.projects.iter().map(|project| &project.id), problems);
    for team in &raw.teams {
        reserved(team, problems);
        entries(team, declared, problems);
        if let Some(group) = team.slack_group.as_ref().filter(|group| !is_slack_id(group.get_ref(), &['S'])) {
            let message = format!(
                "`{}` is not the id of a Slack user group, such as `S0123ABCD`: `/metrics setup` lists the groups",
                group.get_ref()
            );
            problems.add(group.span(), message);
        }
    }
    parents(raw, problems);
    channels(raw, problems);
    leads(raw, declared, problems);
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

fn ids<'a>(what: &str, ids: impl Iterator<Item = &'a Spanned<String>>, problems: &mut Problems) {
    let mut seen = BTreeSet::new();
    for id in ids {
        well_formed(what, id.get_ref(), id.span(), problems);
        if !seen.insert(id.get_ref().to_lowercase()) {
            problems.add(id.span(), format!("the {what} `{}` is declared twice", id.get_ref()));
        }
    }
}

fn well_formed(what: &str, id: &str, at: Range<usize>, problems: &mut Problems) {
    if id.is_empty() || id.chars().any(|letter| letter.is_whitespace() || letter.is_control() || matches!(letter, '"' | '`')) {
        problems.add(at, format!("the id `{}` of a {what} is empty or has a space or quote in it", id.escape_debug()));
    }
}

fn reserved(team: &RawTeam, problems: &mut Problems) {
    if team.id.get_ref().eq_ignore_ascii_case(EVERYTHING) {
        problems.add(team.id.span(), format!("no team may have the id `{EVERYTHING}`: `team:{EVERYTHING}` is the whole organisation"));
    }
}

/// Unknown parents, and rings of parents, each of which is told once, at its first team by id.
fn parents(raw: &RawFile, problems: &mut Problems) {
    let above: BTreeMap<&str, Option<&Spanned<String>>> =
        raw.teams.iter().map(|team| (team.id.get_ref().as_str(), team.parent.as_ref())).collect();
    let mut done = BTreeSet::new();
    for (id, parent) in &above {
        if let Some(parent) = parent.filter(|parent| !above.contains_key(parent.get_ref().as_str())) {
            problems.add(parent.span(), format!("the parent `{}` of team `{id}` is not in `[[teams]]`", parent.get_ref()));
        }
        // Up to a team that an earlier walk came by, or that this one does twice.
        let (mut walk, mut places) = (Vec::new(), BTreeMap::new());
        let mut next = Some(*id);
        while let Some(team) = next.filter(|team| !done.contains(team)) {
            if let Some(begin) = places.insert(team, walk.len()) {
                ring(&walk[begin..], &above, problems);
                break;
            }
            walk.push(team);
            next = above.get(team).copied().flatten().map(|parent| parent.get_ref().as_str());
        }
        done.extend(walk);
    }
}

fn ring(teams: &[&str], above: &BTreeMap<&str, Option<&Spanned<String>>>, problems: &mut Problems) {
    let first = teams.iter().enumerate().min_by_key(|(_, id)| **id).map_or(0, |(index, _)| index);
    let (before, from) = teams.split_at(first);
    let ring: Vec<String> = from.iter().chain(before).chain(from.first()).map(|id| format!("`{id}`")).collect();
    if let Some(parent) = from.first().and_then(|id| above.get(id).copied().flatten()) {
        problems.add(parent.span(), format!("teams are in a ring of parents: {}", ring.join(" in ")));
    }
}

fn entries(team: &RawTeam, declared: &Org, problems: &mut Problems) {
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

/// What ids of people begin with in Slack.
const PEOPLE: [char; 2] = ['U', 'W'];

/// Whether a text is the id of a person as Slack gives them.
pub fn is_slack_person(text: &str) -> bool {
    text.len() > 2 && is_slack_id(text, &PEOPLE)
}

/// Whether a text is an id as Slack gives them, of one of these kinds.
fn is_slack_id(text: &str, kinds: &[char]) -> bool {
    text.starts_with(kinds) && text.len() > 1 && text.bytes().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit())
}

/// A channel means one team.
fn channels(raw: &RawFile, problems: &mut Problems) {
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

/// A lead is somebody: a person of the file, a member of a team, or a Slack user.
fn leads(raw: &RawFile, declared: &Org, problems: &mut Problems) {
    let members: BTreeSet<&str> = declared.teams.values().flat_map(|team| &team.members).map(|(person, _)| person.as_str()).collect();
    for team in &raw.teams {
        let mut seen = BTreeSet::new();
        for lead in &team.leads {
            let (id, team) = (lead.get_ref().as_str(), team.id.get_ref());
            if !declared.people.contains_key(id) && !members.contains(id) && !is_slack_person(id) {
                let message = format!(
                    "the lead `{}` of team `{team}` is not in `[[people]]` and no member of a team: write such an id, or a Slack user's such as `U0123ABCD`",
                    id.escape_debug()
                );
                problems.add(lead.span(), message);
            }
            if !seen.insert(id) {
                problems.add(lead.span(), format!("`{id}` stands in `leads` of team `{team}` twice"));
            }
        }
    }
}

/// One Slack user, one e-mail address and one alias at a tool is one person.
fn identities(raw: &RawFile, problems: &mut Problems) {
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
