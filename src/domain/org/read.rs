//! From the shapes of the file to an [`Org`] whose spans are as said. What cannot be read is noted and left out.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::de::DeserializeOwned;
use toml::{Spanned, Value};

use super::file::{Problems, RawAway, RawFile, RawInvestment, RawMember, RawOwned, RawPerson, RawProject, RawService, RawTeam};
use super::{Calendar, Investment, Objective, Org, Person, Project, Service, Span, Team, WEEKDAYS, quantity};
use crate::domain::glob;
use crate::domain::survey::file::own_questions;

/// Everything that the file declares.
pub(super) fn organisation(raw: &RawFile, problems: &mut Problems) -> Org {
    let time_zone = zone(raw.time_zone.as_ref(), problems);
    Org {
        time_zone,
        teams: raw.teams.iter().map(|raw| (raw.id.get_ref().clone(), team(raw, time_zone, problems))).collect(),
        services: raw.services.iter().map(|raw| (raw.id.get_ref().clone(), service(raw, problems))).collect(),
        people: raw.people.iter().map(|raw| (raw.id.get_ref().clone(), person(raw, problems))).collect(),
        objectives: raw
            .objectives
            .iter()
            .map(|raw| {
                let id = raw.id.get_ref().clone();
                let name = raw.name.clone().unwrap_or_else(|| id.clone());
                (id, Objective { name, owner: raw.owner.clone(), period: raw.period.clone() })
            })
            .collect(),
        projects: raw.projects.iter().map(|raw| (raw.id.get_ref().clone(), project(raw, problems))).collect(),
        calendar: calendar(raw, problems),
        survey: own_questions(&raw.survey, &mut |at, message| problems.add(at, message)),
        investment: investment(&raw.investment),
    }
}

fn zone(name: Option<&Spanned<String>>, problems: &mut Problems) -> Option<Tz> {
    let name = name?;
    let read = name.get_ref().parse().map_err(|_| format!("`{}` is not a time zone: write one such as `Europe/Berlin`", name.get_ref()));
    problems.keep(name.span(), read)
}

fn team(raw: &RawTeam, organisation: Option<Tz>, problems: &mut Problems) -> Team {
    let time_zone = zone(raw.time_zone.as_ref(), problems);
    let dates_in = time_zone.or(organisation).unwrap_or(Tz::UTC);
    let owned = |owned: RawOwned| (owned.id, owned.from, owned.until);
    let member = |member: RawMember| (member.person, member.from, member.until);
    let visibility = one_of(raw.visibility.as_ref(), &["organisation", "team"], "visibility", problems);
    let mut targets = BTreeMap::new();
    for (metric, value) in &raw.targets {
        if let Some(target) = problems.keep(value.span(), quantity::target(metric, value.get_ref())) {
            targets.insert(metric.clone(), target);
        }
    }
    Team {
        name: raw.name.clone().unwrap_or_else(|| raw.id.get_ref().clone()),
        parent: raw.parent.as_ref().map(|parent| parent.get_ref().clone()),
        services: raw.services.iter().filter_map(|value| entry(value, "services", owned, dates_in, problems)).collect(),
        members: raw.members.iter().filter_map(|value| entry(value, "members", member, dates_in, problems)).collect(),
        leads: raw.leads.iter().map(|lead| lead.get_ref().clone()).collect(),
        time_zone,
        visibility,
        slack_group: raw.slack_group.as_ref().map(|group| group.get_ref().clone()),
        channels: raw.channels.iter().map(|channel| channel.get_ref().clone()).collect(),
        targets,
        ..Team::default()
    }
}

/// `"checkout"`, or a table with `from` and `until`.
fn entry<T: DeserializeOwned>(
    value: &Spanned<Value>,
    list: &str,
    parts: impl Fn(T) -> (String, Option<Value>, Option<Value>),
    zone: Tz,
    problems: &mut Problems,
) -> Option<(String, Span)> {
    let read = || -> Result<(String, Span), String> {
        if let Value::String(name) = value.get_ref() {
            return Ok((name.clone(), Span::ALWAYS));
        }
        let table = value.get_ref().clone().try_into::<T>();
        let (name, from, until) = parts(table.map_err(|error| format!("an entry of `{list}` is wrong: {}", error.message()))?);
        let at = |value: Option<Value>| value.map(|value| quantity::instant(&value, zone)).transpose();
        let span = Span { from: at(from)?, until: at(until)? };
        if span.is_empty() { Err(format!("`{name}` in `{list}` ends before it begins")) } else { Ok((name, span)) }
    };
    problems.keep(value.span(), read())
}

fn service(raw: &RawService, problems: &mut Problems) -> Service {
    let window = raw.incident_window.as_ref().and_then(|text| problems.keep(text.span(), quantity::duration(text.get_ref())));
    let deploys_by = match &raw.deploys_by {
        Some(by) if by.get_ref().strip_prefix("workflow:").is_some_and(|name| !name.trim().is_empty()) => Some(by.get_ref().clone()),
        by => one_of(by.as_ref(), &["deployment", "release", "merge", "workflow:NAME"], "deploys_by", problems),
    };
    for path in &raw.paths {
        problems.keep(path.span(), glob::files(path.get_ref()));
    }
    if let Some(tags) = &raw.tags {
        problems.keep(tags.span(), glob::tags(tags.get_ref()));
    }
    Service {
        repository: raw.repository.clone(),
        paths: raw.paths.iter().map(|path| path.get_ref().clone()).collect(),
        tags: raw.tags.as_ref().map(|tags| tags.get_ref().clone()),
        environments: raw.environments.clone(),
        incident_window: window,
        deploys_by,
    }
}

fn one_of(value: Option<&Spanned<String>>, known: &[&str], key: &str, problems: &mut Problems) -> Option<String> {
    let value = value?;
    if known.contains(&value.get_ref().as_str()) && value.get_ref() != "workflow:NAME" {
        return Some(value.get_ref().clone());
    }
    let known: Vec<String> = known.iter().map(|known| format!("`{known}`")).collect();
    problems.add(value.span(), format!("`{key}` is `{}`: it may be {}", value.get_ref(), known.join(", ")));
    None
}

fn person(raw: &RawPerson, problems: &mut Problems) -> Person {
    if let Some(fte) = &raw.fte
        && !(0.0..=2.0).contains(fte.get_ref())
    {
        problems
            .add(fte.span(), format!("`fte` of `{}` is {}: it is a share of a full week, such as 0.8", raw.id.get_ref(), fte.get_ref()));
    }
    Person {
        slack: raw.slack.clone(),
        emails: raw.emails.clone(),
        aliases: raw.aliases.clone(),
        fte: raw.fte.as_ref().map(|fte| *fte.get_ref()),
        bot: raw.bot,
        away: away(raw, problems),
    }
}

/// Days of absence in order, both included.
fn away(raw: &RawPerson, problems: &mut Problems) -> Vec<(NaiveDate, NaiveDate)> {
    let id = raw.id.get_ref();
    let days = |value: &Value| -> Result<(NaiveDate, NaiveDate), String> {
        let read: RawAway = value.clone().try_into().map_err(|error| format!("an entry of `away` is wrong: {}", error.message()))?;
        let (from, until) = (quantity::date(&read.from)?, quantity::date(&read.until)?);
        if until < from {
            return Err(format!("the absence of `{id}` from {from} ends before it begins: `until` is its last day"));
        }
        Ok((from, until))
    };
    let mut all: Vec<_> = raw.away.iter().filter_map(|value| problems.keep(value.span(), days(value.get_ref()))).collect();
    all.sort_unstable();
    all
}

fn project(raw: &RawProject, problems: &mut Problems) -> Project {
    let id = raw.id.get_ref();
    let priority = raw.priority.as_ref().and_then(|said| {
        let read = said.get_ref().as_integer().and_then(|number| u32::try_from(number).ok());
        let wrong = || format!("`priority` of `{id}` is {}: write a whole number such as 1, which is the most urgent", said.get_ref());
        problems.keep(said.span(), read.ok_or_else(wrong))
    });
    let planned_share = raw.planned_share.as_ref().and_then(|said| problems.keep(said.span(), share(id, said.get_ref())));
    for path in &raw.paths {
        problems.keep(path.span(), glob::files(path.get_ref()));
    }
    let texts = |texts: &[Spanned<String>]| texts.iter().map(|text| text.get_ref().clone()).collect();
    Project {
        name: raw.name.clone().unwrap_or_else(|| id.clone()),
        priority,
        planned_share,
        due: raw.due.as_ref().and_then(|due| problems.keep(due.span(), quantity::date(due.get_ref()))),
        objective: raw.objective.as_ref().map(|objective| objective.get_ref().clone()),
        epics: texts(&raw.epics),
        labels: texts(&raw.labels),
        repositories: texts(&raw.repositories),
        paths: texts(&raw.paths),
        category: raw.category.as_ref().map(|category| category.get_ref().clone()),
    }
}

/// The planned share of a project.
#[allow(clippy::cast_precision_loss, reason = "a whole number that is no fraction is only shown")]
pub(super) fn share(id: &str, said: &Value) -> Result<f64, String> {
    match said.as_float().or_else(|| said.as_integer().map(|whole| whole as f64)) {
        Some(share) if (0.0..=1.0).contains(&share) => Ok(share),
        Some(share) => Err(format!("`planned_share` of `{id}` is {share}: it is a fraction between 0 and 1")),
        None => Err(format!("`planned_share` of `{id}` is {said}: write a fraction between 0 and 1, such as 0.2")),
    }
}

fn investment(raw: &RawInvestment) -> Investment {
    let said = |map: &BTreeMap<String, Spanned<String>>| map.iter().map(|(key, value)| (key.clone(), value.get_ref().clone())).collect();
    Investment {
        labels: said(&raw.labels),
        commit_types: said(&raw.commit_types),
        repositories: said(&raw.repositories),
        unplanned: raw.unplanned.as_ref().map(|all| all.iter().map(|word| word.get_ref().clone()).collect()),
    }
}

fn calendar(raw: &RawFile, problems: &mut Problems) -> Calendar {
    let holiday = |day: &Spanned<Value>| problems.keep(day.span(), quantity::date(day.get_ref()));
    let holidays = raw.calendar.holidays.iter().filter_map(holiday).collect();
    let mut working_days = Vec::new();
    for day in &raw.calendar.working_days {
        let said = day.get_ref().to_lowercase();
        match WEEKDAYS.iter().zip(LONG).find(|(short, long)| said == **short || said == *long) {
            Some((known, _)) => working_days.push((*known).to_owned()),
            None => problems.add(day.span(), format!("`{}` is not a day of the week: write `mon` to `sun`", day.get_ref())),
        }
    }
    Calendar { holidays, working_days }
}

/// The days of [`WEEKDAYS`] in full.
const LONG: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
