//! One person's work items, each with the portfolio project and the objective that it leads to. Pure.

use crate::domain::calendar::WorkCalendar;
use crate::domain::org::Org;
use crate::domain::portfolio::{self, Clue, Portfolio};
use crate::domain::time::At;
use crate::domain::todo::{OpenChange, OpenItem, Place};
use crate::features::waiting::compute::{Standing, standing};

/// Ways named to connect an item at most.
const WAYS: usize = 2;

/// Where an item leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lead {
    /// To a portfolio project, by id.
    Project(String),
    /// To none.
    Nowhere,
}

/// A work item of the asker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The item.
    pub item: OpenItem,
    /// Whether work on it began: the tool says so, or the asker has an open change for it.
    pub begun: bool,
    /// Since when it is in progress, else since it was created.
    pub since: Option<At>,
    /// For how long, in working time.
    pub age: i64,
    /// Where it leads.
    pub lead: Lead,
}

/// An open change of the asker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    /// The change.
    pub change: OpenChange,
    /// How it stands.
    pub standing: Standing,
    /// How old it is, in working time.
    pub age: i64,
}

/// A way to connect an item to a portfolio project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The project, by id.
    pub project: String,
    /// A label that leads to it.
    pub label: Option<String>,
    /// An epic that leads to it.
    pub epic: Option<String>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MyWork {
    /// In progress, the oldest first.
    pub begun: Vec<Row>,
    /// Assigned and not begun, the newest first.
    pub next: Vec<Row>,
    /// The asker's open changes, the oldest first.
    pub changes: Vec<Own>,
    /// How an item that leads nowhere can be connected; empty where none does.
    pub ways: Vec<Way>,
}

/// Of the items assigned to somebody and their open changes.
pub fn compute(items: Vec<OpenItem>, changes: Vec<OpenChange>, org: &Org, calendar: &WorkCalendar, now: At) -> MyWork {
    let mut work = MyWork::default();
    for item in items {
        let change = changes.iter().filter(|change| change.item.as_deref().is_some_and(|name| item.own.is(name)));
        let began = item.started_at.into_iter().chain(change.map(|change| change.opened_at)).min();
        let since = began.or(item.created_at);
        let age = since.map_or(0, |since| calendar.between(since, now));
        let row = Row { begun: began.is_some(), since, age, lead: lead(org, &item), item };
        if row.begun { work.begun.push(row) } else { work.next.push(row) }
    }
    work.begun.sort_by(|a, b| (a.since, &a.item.own.id).cmp(&(b.since, &b.item.own.id)));
    work.next.sort_by(|a, b| (b.since, &a.item.own.id).cmp(&(a.since, &b.item.own.id)));
    work.changes = changes
        .into_iter()
        .map(|change| Own { standing: standing(&change).0, age: calendar.between(change.opened_at, now), change })
        .collect();
    work.changes.sort_by(|a, b| (a.change.opened_at, &a.change.id).cmp(&(b.change.opened_at, &b.change.id)));
    if work.rows().any(|row| row.lead == Lead::Nowhere) {
        work.ways = ways(org, &work);
    }
    work
}

impl MyWork {
    /// All items.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.begun.iter().chain(&self.next)
    }
}

/// The portfolio project of an item, by the rule that all answers share; a project of the tracker that nobody declared leads nowhere.
fn lead(org: &Org, item: &OpenItem) -> Lead {
    let items = std::iter::once(&item.own).chain(&item.above).map(clue).collect();
    let project = Portfolio::new(portfolio::declared(org), items).place(clue(&item.own)).project;
    project.filter(|id| org.projects.contains_key(*id)).map_or(Lead::Nowhere, |id| Lead::Project(id.to_owned()))
}

fn clue(place: &Place) -> Clue<'_> {
    Clue {
        id: &place.id,
        key: place.key.as_deref(),
        parent: place.parent.as_deref(),
        project: place.project.as_deref(),
        labels: &place.labels,
        ..Clue::default()
    }
}

/// Portfolio projects, the most important first.
fn by_rank(org: &Org) -> impl Iterator<Item = &str> {
    let mut ids: Vec<(u32, &str)> = org.projects.iter().map(|(id, project)| (project.priority.unwrap_or(u32::MAX), id.as_str())).collect();
    ids.sort_unstable();
    ids.into_iter().map(|(_, id)| id)
}

/// Ways to the projects that the asker works on already, then to those with an epic in the tracker project of an item that
/// leads nowhere, then to the most important ones.
fn ways(org: &Org, work: &MyWork) -> Vec<Way> {
    let prefix = |name: &str| name.rsplit_once(['-', '#']).map(|(prefix, _)| prefix.to_lowercase());
    let lost: Vec<Option<String>> = work.rows().filter(|row| row.lead == Lead::Nowhere).map(|row| prefix(row.item.own.name())).collect();
    let works_on = |id: &str| work.rows().any(|row| row.lead == Lead::Project(id.to_string()));
    let is_near = |id: &str| org.projects[id].epics.iter().any(|epic| prefix(epic).is_some_and(|prefix| lost.contains(&Some(prefix))));
    let way = |id: &str| {
        let project = &org.projects[id];
        let (label, epic) = (project.labels.first().cloned(), project.epics.first().cloned());
        (label.is_some() || epic.is_some()).then(|| Way { project: id.to_string(), label, epic })
    };
    let mut ids: Vec<&str> = by_rank(org).collect();
    ids.sort_by_key(|id| (!works_on(id), !is_near(id))); // stable: the rank stays within each
    ids.into_iter().filter_map(way).take(WAYS).collect()
}
