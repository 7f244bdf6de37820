//! [`Lately`]: whose work a project is lately, and its share of what they finished.
//!
//! Counted once for all projects, since risk asks for each of a thousand. Teams of at least three people, never a person.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::alloc::FEWEST_PEOPLE;
use crate::domain::card::Scope;
use crate::domain::members::Members;
use crate::domain::org::Org;
use crate::domain::time::{At, WEEK};
use crate::domain::work::WorkItem;
use crate::features::portfolio::Work;

/// Weeks that tell whose work it is lately.
pub const LATELY: i64 = 13;

/// What some people have lately.
#[derive(Default)]
struct Part {
    /// Items they finished.
    finished: usize,
    /// Of each project: items that they have, and of these finished.
    projects: BTreeMap<String, (usize, usize)>,
}

/// What everybody and each team has lately.
pub struct Lately {
    all: Part,
    teams: Vec<(String, Part)>,
    /// How many people are seen on each project.
    people: BTreeMap<String, usize>,
}

/// Whether an item tells whose work it is lately.
fn is_lately(item: &WorkItem, now: At) -> bool {
    item.done_at.map_or(item.started_at.is_some(), |done| now.since(done) <= LATELY * WEEK)
}

impl Part {
    fn of<'a>(items: impl Iterator<Item = (&'a WorkItem, Option<&'a str>)>, members: &Members, now: At) -> Self {
        let mut part = Self::default();
        for (item, project) in items.filter(|(item, _)| members.has(item, item.done_at.unwrap_or(now))) {
            let finished = usize::from(item.done_at.is_some());
            part.finished += finished;
            if let Some(project) = project {
                let of = part.projects.entry(project.to_owned()).or_default();
                *of = (of.0 + 1, of.1 + finished);
            }
        }
        part
    }

    /// The items of a project that they have, and its share of what they finished.
    fn project(&self, id: &str) -> (usize, f64) {
        let (items, finished) = self.projects.get(id).copied().unwrap_or_default();
        (items, ratio(finished, self.finished))
    }
}

impl Lately {
    /// As of an instant.
    pub fn of(work: &Work, org: &Org, now: At) -> Self {
        let all: Vec<(&WorkItem, Option<&str>)> = items(work, now).collect();
        let part = |scope: &Scope| Part::of(all.iter().copied(), &Members::of(scope, org), now);
        let scopes = org.live_teams().map(|(id, _)| (id, Scope::Team(id.to_owned())));
        let teams = scopes.filter(|(_, scope)| Members::count(scope, org, now).is_some_and(|n| n >= FEWEST_PEOPLE));
        let teams = teams.map(|(id, scope)| (id.to_owned(), part(&scope))).collect();
        Self { all: part(&Scope::Organisation), teams, people: people(&all, org) }
    }

    /// How many people are seen on a project.
    pub fn people(&self, project: &str) -> usize {
        self.people.get(project).copied().unwrap_or(0)
    }

    /// The team that works on a project most, of at least three people, and the project's share of what it finished lately; without one
    /// the share of all that was finished.
    pub fn whose(&self, id: &str) -> (Option<String>, f64) {
        let told = self.teams.iter().map(|(team, part)| (part.project(id), team.as_str()));
        // Of a team and the one above it the narrower: its share is the greater.
        let best = told
            .filter(|((items, _), _)| *items > 0)
            .max_by(|((a, share), one), ((b, other), two)| a.cmp(b).then(share.total_cmp(other)).then(two.cmp(one)));
        best.map_or_else(|| (None, self.all.project(id).1), |((_, share), team)| (Some(team.to_owned()), share))
    }
}

/// How many people have items of each project, joined across tools; who is not declared is known by name.
fn people(items: &[(&WorkItem, Option<&str>)], org: &Org) -> BTreeMap<String, usize> {
    let directory = org.directory();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (item, project) in items {
        if let (Some(project), Some(name)) = (project, item.assignee.as_deref()) {
            let person = directory.person(name, &item.source).map_or_else(|| name.to_lowercase(), str::to_owned);
            found.entry((*project).to_owned()).or_default().insert(person);
        }
    }
    found.into_iter().map(|(project, people)| (project, people.len())).collect()
}

/// Items that count lately, with their projects.
fn items(work: &Work, now: At) -> impl Iterator<Item = (&WorkItem, Option<&str>)> {
    let all = work.items.iter().zip(&work.projects).map(|(item, project)| (item, project.as_deref()));
    all.filter(move |(item, _)| item.counts() && is_lately(item, now))
}

/// The share of a project of what a team, or without one everybody, finished lately.
pub fn share(work: &Work, org: &Org, team: Option<&str>, id: &str, now: At) -> f64 {
    let scope = team.map_or(Scope::Organisation, |team| Scope::Team(team.to_owned()));
    Part::of(items(work, now), &Members::of(&scope, org), now).project(id).1
}

#[allow(clippy::cast_precision_loss, reason = "counts of items")]
fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
