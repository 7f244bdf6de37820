//! Work items: what each team finished week by week, what is in progress, and what waits for the portfolio's projects.

use std::collections::BTreeMap;

use super::calendar::{Calendar, WEEKS};
use super::cast::{FIRST, LABS_DAYS_AGO, PROJECTS, ProjectRow, TEAMS, TeamRow, member};
use super::changes::{WEEKS_AFTER, rates};
use super::random::Random;
use super::words::{self, Text};
use crate::domain::event::Item;
use crate::domain::time::{At, DAY};

/// How long before work on an item begins it is somebody's.
const SOON: i64 = 5 * DAY;

/// All items, by the team that works on them.
#[derive(Debug, Default)]
pub struct Work {
    /// Also those that will be done after now.
    planned: BTreeMap<&'static str, Vec<Item>>,
}

impl Work {
    /// The items of the sample.
    pub fn new(seed: u64, calendar: &Calendar) -> Self {
        let mut planned = BTreeMap::new();
        for team in TEAMS {
            let Some(key) = team.key else { continue };
            let mut random = Random::stream(seed, &format!("items of {}", team.id));
            let projects: Vec<&'static ProjectRow> = PROJECTS.iter().filter(|project| project.team == team.id).collect();
            let mut items = flow(seed, &mut random, calendar, team, &projects);
            for project in &projects {
                items.extend((0..project.backlog).map(|_| waiting(&mut random, calendar, team, project)));
            }
            items.sort_by_key(|item| item.created_at);
            for (index, item) in items.iter_mut().enumerate() {
                item.id = format!("{key}-{}", index + 1 + projects.len());
            }
            if team.id == "checkout"
                && let Some(loud) = items.iter_mut().rev().find(|item| item.done_at.is_some_and(|at| at <= calendar.now))
            {
                loud.title = Some(words::LOUD_ITEM.into());
            }
            items.extend(projects.iter().map(|project| epic(calendar, team, project)));
            planned.insert(team.id, items);
        }
        Self { planned }
    }

    /// An item that the team had in progress then.
    pub fn in_progress(&self, random: &mut Random, team: &str, at: At) -> Option<String> {
        let going = |item: &Item| {
            item.kind.as_deref() != Some("epic")
                && item.started_at.is_some_and(|started| started <= at)
                && item.done_at.is_none_or(|done| at <= done)
        };
        let going: Vec<&Item> = self.planned.get(team)?.iter().filter(|item| going(item)).collect();
        if going.is_empty() { None } else { Some(random.pick(&going).id.clone()) }
    }

    /// The items as they are known now.
    pub fn known(&self, random: &mut Random, now: At) -> Vec<Item> {
        let mut known = self.cut(random, now);
        // One that leads to an objective and one that leads nowhere: the newest in progress, else the newest that waits.
        let (first, team) = FIRST;
        let key = super::cast::team(team).key.unwrap_or_default();
        for planned in [true, false] {
            let open = |item: &&mut Item| {
                let leads = item.project.is_some() || item.parent.is_some() || !item.labels.is_empty();
                let own = item.id.split('-').next() == Some(key) && item.kind.as_deref() != Some("epic");
                own && leads == planned && item.done_at.is_none()
            };
            if let Some(item) = known.iter_mut().filter(open).max_by_key(|item| (item.started_at, item.created_at)) {
                item.assignee = Some(first.into());
            }
        }
        known
    }

    fn cut(&self, random: &mut Random, now: At) -> Vec<Item> {
        let created = self.planned.values().flatten().filter(|item| item.created_at.is_some_and(|at| at <= now));
        // What begins within days has its owner already.
        let soon = |item: &Item| item.started_at.is_some_and(|at| at <= now.plus(SOON));
        created
            .map(|item| {
                let assigned = soon(item);
                let mut item = item.clone();
                item.started_at = item.started_at.filter(|at| *at <= now);
                item.done_at = item.done_at.filter(|at| *at <= now);
                let going = if item.kind.as_deref() != Some("epic") && random.chance(0.25) { "in_review" } else { "in_progress" };
                let status = match (item.started_at, item.done_at) {
                    (_, Some(_)) => "done",
                    (Some(_), None) => going,
                    (None, None) => "todo",
                };
                item.status = Some(status.into());
                item.assignee = item.assignee.filter(|_| assigned);
                item
            })
            .collect()
    }
}

/// What a team finished in each week; begun so much earlier as its work takes.
fn flow(seed: u64, random: &mut Random, calendar: &Calendar, team: &TeamRow, projects: &[&'static ProjectRow]) -> Vec<Item> {
    let mut shares: Vec<(Option<&'static ProjectRow>, f64)> = projects.iter().map(|project| (Some(*project), project.share)).collect();
    shares.push((None, 1.0 - projects.iter().map(|project| project.share).sum::<f64>()));
    let mut items = Vec::new();
    for (week, rate) in rates(seed, team.id).iter().enumerate().take(WEEKS + WEEKS_AFTER) {
        let (from, until, slow) = calendar.week(week);
        for _ in 0..random.poisson(team.items_per_week * rate * slow) {
            let done = random.between(from, until);
            let project = *random.weighted(&shares);
            let item = finished(random, calendar, team, project, done);
            if team.id != "labs" || item.created_at >= Some(calendar.midnight_ago(LABS_DAYS_AGO)) {
                items.push(item);
            }
        }
    }
    items
}

fn finished(random: &mut Random, calendar: &Calendar, team: &TeamRow, project: Option<&ProjectRow>, done: f64) -> Item {
    let started = done - random.lognormal(team.item_hours, 0.85);
    let created = started - random.lognormal(30.0, 1.0);
    let days_ago = calendar.days_ago(calendar.at(started));
    Item {
        created_at: Some(calendar.at(created)),
        started_at: Some(calendar.at(started)),
        done_at: Some(calendar.at(done)),
        assignee: Some(member(random, team.id, days_ago).into()),
        ..named(random, team, project)
    }
}

/// An item of a project's backlog.
fn waiting(random: &mut Random, calendar: &Calendar, team: &TeamRow, project: &ProjectRow) -> Item {
    let oldest = if team.id == "labs" { calendar.midnight_ago(LABS_DAYS_AGO) } else { calendar.midnight_ago(130) };
    let created = random.between(calendar.work(oldest), calendar.work(calendar.now) - 1.0);
    Item { created_at: Some(calendar.at(created)), ..named(random, team, Some(project)) }
}

fn named(random: &mut Random, team: &TeamRow, project: Option<&ProjectRow>) -> Item {
    let (kind, text) = *random.weighted(&[
        (("story", Text::Story), if project.is_some() { 0.6 } else { 0.15 }),
        (("bug", Text::Bug), if project.is_some() { 0.15 } else { 0.5 }),
        (("task", Text::Task), 0.25),
    ]);
    let title = Some(words::text(random, text, team.nouns));
    let mut item = Item { kind: Some(kind.into()), title, ..Item::default() };
    if let Some(project) = project {
        // Three ways to say what an item is for: the project, its epic alone, its label alone.
        let way = random.unit();
        item.project = (way < 0.85).then(|| project.id.into());
        item.parent = (way < 0.95).then(|| project.epic.into());
        item.labels = if way < 0.95 { Vec::new() } else { vec![project.id.into()] };
    }
    item
}

fn epic(calendar: &Calendar, team: &TeamRow, project: &ProjectRow) -> Item {
    let began = calendar.midnight_ago(if team.id == "labs" { LABS_DAYS_AGO } else { 384 });
    Item {
        id: project.epic.into(),
        project: Some(project.id.into()),
        kind: Some("epic".into()),
        title: Some(project.name.into()),
        created_at: Some(calendar.at(calendar.work(began))),
        started_at: Some(calendar.at(calendar.work(began) + 3.0)),
        ..Item::default()
    }
}
