//! The past from the store: weeks of finished items of the organisation, each team and portfolio project; the projects; figures of teams.
//!
//! An item counts for a team where it was assigned to somebody who belonged to it when it was finished; containers and what was dropped
//! count for nobody. Weeks begin with the first finished item and are those of the scope's own calendar.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};

use super::warnings::Planned;
use super::{Past, Series, placebos};
use crate::domain::alloc::FEWEST_PEOPLE;
use crate::domain::calendar::WorkCalendar;
use crate::domain::card::Scope;
use crate::domain::forecast::backtest::PastWeek;
use crate::domain::forecast::project::Life;
use crate::domain::forecast::throughput::weekly;
use crate::domain::members::Members;
use crate::domain::org::Org;
use crate::domain::portfolio::projects_of;
use crate::domain::time::At;
use crate::domain::words;
use crate::domain::work::WorkItem;
use crate::features::Cx;

/// The past of everything; of one team or project only its weeks.
pub async fn read(cx: &Cx, only: Option<&str>) -> Result<Past> {
    let (org, now) = (&cx.org.org, cx.now);
    let items = cx.store.work_items(now).await?;
    let projects = projects_of(&items, org);
    let scopes = match only {
        None => everything(org, &projects),
        Some(text) => vec![named(org, &projects, text)?],
    };
    let done: Vec<(&WorkItem, Option<&str>)> = items
        .iter()
        .zip(&projects)
        .filter(|(item, _)| item.done_at.is_some() && item.counts())
        .map(|(item, project)| (item, project.as_deref()))
        .collect();
    let series = scopes.iter().map(|scope| series(org, &done, scope, now)).collect();
    let calendar = WorkCalendar::new(&org.calendar, org.zone_for(&Scope::Organisation));
    let (mut planned, mut figures) = (Vec::new(), Vec::new());
    if only.is_none() {
        planned = portfolio(org, &items, &projects);
        figures = placebos::read(cx).await?;
    }
    Ok(Past { series, projects: planned, figures, calendar })
}

/// Every portfolio project with its items that count.
fn portfolio(org: &Org, items: &[WorkItem], projects: &[Option<String>]) -> Vec<Planned> {
    let mut lives: BTreeMap<&String, Vec<Life>> = BTreeMap::new();
    for (item, project) in items.iter().zip(projects).filter(|(item, _)| item.counts()) {
        if let Some(project) = project {
            lives.entry(project).or_default().push(Life::of(item));
        }
    }
    let due = |id: &String| org.projects.get(id).and_then(|project| project.due);
    lives.into_iter().map(|(id, lives)| Planned { id: id.clone(), lives, due: due(id) }).collect()
}

fn everything(org: &Org, projects: &[Option<String>]) -> Vec<Scope> {
    let teams = org.live_teams().map(|(id, _)| Scope::Team(id.to_owned()));
    let known: BTreeSet<&String> = projects.iter().flatten().collect();
    let projects = known.into_iter().map(|id| Scope::Project(id.clone()));
    std::iter::once(Scope::Organisation).chain(teams).chain(projects).collect()
}

/// `team:T` or `project:P`, by id or name.
fn named(org: &Org, projects: &[Option<String>], text: &str) -> Result<Scope> {
    let listed = |ids: Vec<&str>| match ids.len() {
        0 => "none is known yet: apply an organisation file or feed work items first".to_owned(),
        _ => format!("there are {}", words::join(&ids.into_iter().map(|id| format!("`{id}`")).collect::<Vec<_>>())),
    };
    match text.split_once(':') {
        Some(("team", name)) => match org.team_by(name) {
            Some((id, _)) => Ok(Scope::Team(id.to_owned())),
            None => bail!("there is no team `{name}`; {}", listed(org.live_teams().map(|(id, _)| id).collect())),
        },
        Some(("project", name)) => {
            let known: BTreeSet<&str> =
                projects.iter().flatten().map(String::as_str).chain(org.projects.keys().map(String::as_str)).collect();
            let is_it =
                |id: &&str| id.eq_ignore_ascii_case(name) || org.projects.get(*id).is_some_and(|it| it.name.eq_ignore_ascii_case(name));
            match known.iter().copied().find(|id| is_it(id)) {
                Some(id) => Ok(Scope::Project(id.to_owned())),
                None => bail!("there is no project `{name}`; {}", listed(known.into_iter().collect())),
            }
        }
        _ => bail!("`{text}` is neither team:NAME nor project:NAME"),
    }
}

fn series(org: &Org, done: &[(&WorkItem, Option<&str>)], scope: &Scope, now: At) -> Series {
    let calendar = WorkCalendar::new(&org.calendar, org.zone_for(scope));
    let (name, key) = match scope {
        Scope::Team(id) => (format!("Team {}", org.scope_name(scope)), Some(format!("team:{id}"))),
        Scope::Project(id) => {
            (format!("Project {}", org.projects.get(id).map_or(id, |project| &project.name)), Some(format!("project:{id}")))
        }
        _ => ("The whole organisation".to_owned(), None),
    };
    let own: Vec<&WorkItem> = match scope {
        Scope::Team(_) => {
            let members = Members::of(scope, org);
            done.iter().map(|(item, _)| *item).filter(|item| item.done_at.is_some_and(|at| members.has(item, at))).collect()
        }
        Scope::Project(id) => done.iter().filter(|(_, project)| *project == Some(id)).map(|(item, _)| *item).collect(),
        _ => done.iter().map(|(item, _)| *item).collect(),
    };
    let weeks = match few(org, scope, &own, now) {
        Some(people) => Err(format!("fewer than {FEWEST_PEOPLE} people ({people}): figures would be theirs")),
        None => Ok(weeks(&own, &calendar, now)),
    };
    Series { name, scope: key, weeks, full_week: calendar.full_week() }
}

/// How many people it would be about, where they are too few. Of the organisation nothing is told that others do not tell.
fn few(org: &Org, scope: &Scope, own: &[&WorkItem], now: At) -> Option<usize> {
    let named = || own.iter().filter_map(|item| item.assignee.as_ref().map(|name| (&item.source, name.to_lowercase())));
    let people = Members::count(scope, org, now).unwrap_or_else(|| named().collect::<BTreeSet<_>>().len());
    // Work that names nobody is nobody's figure.
    (people < FEWEST_PEOPLE && (people > 0 || matches!(scope, Scope::Team(_)))).then_some(people)
}

fn weeks(own: &[&WorkItem], calendar: &WorkCalendar, now: At) -> Vec<PastWeek> {
    let finished: Vec<At> = own.iter().filter_map(|item| item.done_at).collect();
    let spans = finished.iter().min().map(|first| calendar.weeks(*first, now)).unwrap_or_default();
    PastWeek::all(&spans, &weekly(&finished, &spans, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_where_there_is_none_ends_in_a_whole_sentence() {
        for (text, what) in [("team:nope", "team"), ("project:nope", "project")] {
            let said = named(&Org::default(), &[], text).expect_err(text).to_string();
            assert!(said.starts_with(&format!("there is no {what} `nope`; none is known yet: ")), "{said}");
        }
        let said = named(&Org::default(), &[Some("wallet".to_owned())], "project:nope").expect_err("unknown").to_string();
        assert_eq!(said, "there is no project `nope`; there are `wallet`");
    }
}
