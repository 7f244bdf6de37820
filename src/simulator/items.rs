//! Work items: what each team finished week by week, what is in progress, and what waits for the portfolio's projects.

use std::collections::BTreeMap;

use super::aims::{PROJECTS, ProjectRow};
use super::calendar::{Calendar, WEEKS};
use super::cast::{FIRST, LABS_DAYS_AGO, SERVICES, TEAMS, TeamRow, member, team};
use super::changes::{Planned, WEEKS_AFTER, rates};
use super::plan;
use super::random::Random;
use super::words::{self, Text};
use crate::domain::event::Item;
use crate::domain::time::{At, DAY};

/// How long before work on an item begins it is somebody's.
const SOON: i64 = 5 * DAY;
/// Days since people of other teams began to try what Labs now does.
const PROTOTYPE_DAYS_AGO: u64 = 119;
/// How often a change that names no item at first has none in the end.
const FORGOTTEN: f64 = 0.12;

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
            let mut flowing = flow(seed, &mut random, calendar, team);
            plan::assign(seed, calendar, team, &mut flowing);
            let mut items: Vec<Item> = flowing.into_iter().map(|(item, _)| item).collect();
            if team.id == "labs" {
                items.extend(prototype(seed, calendar, team));
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
        let mut work = Self { planned };
        work.add_backlogs(seed, calendar);
        work
    }

    /// What waits and what rests, which depends on what all teams do for a project.
    fn add_backlogs(&mut self, seed: u64, calendar: &Calendar) {
        for project in PROJECTS {
            let mut random = Random::stream(seed, &format!("backlog of {}", project.id));
            let all: Vec<Item> = self.planned.values().flatten().filter(|item| !is_epic(item)).cloned().collect();
            let thought_of = plan::backlog(&mut random, calendar, project, &all);
            let (team, key) = (team(project.team), project.epic.split('-').next().unwrap_or_default());
            let items = self.planned.entry(project.team).or_default();
            for (at, created) in thought_of.into_iter().enumerate() {
                let mut item =
                    Item { id: format!("{key}-{}", items.len() + 1), created_at: Some(created), ..named(&mut random, team, true) };
                plan::say(&mut random, &mut item, project);
                if at < project.resting {
                    let begun = calendar.at(calendar.work(calendar.midnight_ago(55)) + random.between(0.0, 90.0));
                    item.started_at = Some(begun.max(created));
                    item.assignee = Some(member(&mut random, team.id, calendar.days_ago(begun)).into());
                }
                items.push(item);
            }
        }
    }

    /// An item that the team had in progress then.
    pub fn in_progress(&self, random: &mut Random, team: &str, at: At) -> Option<String> {
        let going = self.going(team, at);
        if going.is_empty() { None } else { Some(random.pick(&going).id.clone()) }
    }

    /// The items of a team that are worked on then; what rests is not.
    fn going(&self, team: &str, at: At) -> Vec<&Item> {
        let is_going = |item: &&Item| item.started_at.is_some_and(|started| started <= at) && item.done_at.is_some_and(|done| at <= done);
        self.planned.get(team).into_iter().flatten().filter(is_going).collect()
    }

    /// What a team works on then; where that is nothing, what it does next.
    fn at_hand(&self, team: &str, at: At) -> Vec<&Item> {
        let going = self.going(team, at);
        if !going.is_empty() {
            return going;
        }
        let next = self.planned.get(team).into_iter().flatten().filter(|item| item.done_at.is_some() && item.started_at >= Some(at));
        next.min_by_key(|item| item.started_at).into_iter().collect()
    }

    /// Links changes to the items that their authors work on, and more of them than name one at first.
    pub fn link(&self, seed: u64, calendar: &Calendar, changes: &mut [Planned]) {
        let mut random = Random::stream(seed, "links of changes");
        for Planned { service, change, .. } in changes.iter_mut().filter(|planned| !planned.change.bot) {
            let (Some(opened), Some(author)) = (change.opened_at, change.author.as_deref()) else { continue };
            let forgotten = random.chance(FORGOTTEN);
            if change.item.is_some() || !forgotten {
                let days_ago = calendar.days_ago(opened);
                let team = SERVICES[*service].owner(days_ago);
                let found = plan::link(&mut random, &self.at_hand(team, opened), team, author, days_ago);
                change.item = found.map(|item| item.id.clone());
            }
        }
    }

    /// The items as they are known now.
    pub fn known(&self, random: &mut Random, now: At) -> Vec<Item> {
        let mut known = self.cut(random, now);
        // One that leads to an objective and one that leads nowhere: the newest in progress, else the newest that waits.
        let (first, team) = FIRST;
        let key = super::cast::team(team).key.unwrap_or_default();
        for planned in [true, false] {
            let open = |item: &&mut Item| {
                let own = item.id.split('-').next() == Some(key) && !is_epic(item);
                own && plan::leads(item) == planned && item.done_at.is_none()
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
                let going = if !is_epic(&item) && random.chance(0.25) { "in_review" } else { "in_progress" };
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

/// What a team finished in each week; begun so much earlier as its work takes. With each item whether it came planned.
fn flow(seed: u64, random: &mut Random, calendar: &Calendar, team: &TeamRow) -> Vec<(Item, bool)> {
    let mut items = Vec::new();
    for (week, rate) in rates(seed, team.id).iter().enumerate().take(WEEKS + WEEKS_AFTER) {
        let (from, until, slow) = calendar.week(week);
        for _ in 0..random.poisson(team.items_per_week * rate * slow) {
            let done = random.between(from, until);
            let planned = random.chance(team.planned);
            let item = finished(random, calendar, team, planned, done);
            if team.id != "labs" || item.created_at >= Some(calendar.midnight_ago(LABS_DAYS_AGO)) {
                items.push((item, planned));
            }
        }
    }
    items
}

fn finished(random: &mut Random, calendar: &Calendar, team: &TeamRow, planned: bool, done: f64) -> Item {
    let started = done - random.lognormal(team.item_hours, 0.85);
    let created = started - random.lognormal(30.0, 1.0);
    let days_ago = calendar.days_ago(calendar.at(started));
    Item {
        created_at: Some(calendar.at(created)),
        started_at: Some(calendar.at(started)),
        done_at: Some(calendar.at(done)),
        assignee: Some(member(random, team.id, days_ago).into()),
        ..named(random, team, planned)
    }
}

/// What two people of other teams tried before there was Labs.
fn prototype(seed: u64, calendar: &Calendar, team: &TeamRow) -> Vec<Item> {
    let mut random = Random::stream(seed, "prototype of labs");
    let begin = calendar.work(calendar.midnight_ago(PROTOTYPE_DAYS_AGO));
    let length = calendar.work(calendar.midnight_ago(LABS_DAYS_AGO)) - begin;
    let count = 22_u32;
    (0..count)
        .map(|number| {
            let done = begin + length * (f64::from(number) + random.unit()) / f64::from(count);
            let mut item = finished(&mut random, calendar, team, true, done);
            item.assignee = Some((*random.pick(&["u38", "u39"])).into());
            item.started_at = item.started_at.max(Some(calendar.at(begin)));
            let thought_of = calendar.at(begin + random.between(0.0, 2.0));
            item.created_at =
                if random.chance(0.85) { Some(thought_of) } else { item.created_at.max(Some(thought_of)) }.min(item.started_at);
            if let Some(project) = PROJECTS.iter().find(|project| project.team == team.id) {
                plan::say(&mut random, &mut item, project);
            }
            item
        })
        .collect()
}

/// An item with its kind and title. Of those that come planned, a few pay debts.
fn named(random: &mut Random, team: &TeamRow, planned: bool) -> Item {
    let (kind, text) = *random.weighted(&[
        (("story", Text::Story), if planned { 0.6 } else { 0.15 }),
        (("bug", Text::Bug), if planned { 0.15 } else { 0.5 }),
        (("task", Text::Task), 0.25),
    ]);
    let title = Some(words::text(random, text, team.nouns));
    let labels = if planned && random.chance(0.1) { vec!["tech-debt".into()] } else { Vec::new() };
    Item { kind: Some(kind.into()), title, labels, ..Item::default() }
}

fn is_epic(item: &Item) -> bool {
    item.kind.as_deref() == Some("epic")
}

fn epic(calendar: &Calendar, team: &TeamRow, project: &ProjectRow) -> Item {
    let began = calendar.midnight_ago(if team.id == "labs" { PROTOTYPE_DAYS_AGO } else { 384 });
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
