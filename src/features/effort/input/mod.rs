//! From the traces of a span to the input of `alloc v1`: whose they are, and on which item. Pure.
//!
//! The item of a change is the work item that it names; else the change itself. A commit is its change's, else that of a known item which
//! its first line names, else its repository's. An activity that a commit or review tells of already (the same person at the same
//! instant, or on the same item in the same hour or day) counts once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{NaiveDate, NaiveDateTime, Timelike};
use chrono_tz::Tz;

use super::people::{Name, People, Who};
use crate::domain::alloc::{Assigned, Category, Input, Item, Kind, Project, Rules, Signal};
use crate::domain::item_link::key_in;
use crate::domain::org::Org;
use crate::domain::time::At;
use crate::domain::traces::{Acted, Made, Traces, Written};
use crate::domain::window::local;
use crate::domain::work::WorkItem;

/// Labels and kinds that mean that an item came unplanned, where the organisation does not name its own.
const UNPLANNED: [&str; 3] = ["bug", "incident", "hotfix"];

/// All but the workers.
pub fn input(traces: &Traces, work: &[WorkItem], org: &Org, people: &People<'_>) -> Input {
    let zone = org.time_zone.unwrap_or(Tz::UTC);
    let mut made = Making::new(traces, work, zone, people);
    for change in &traces.changes {
        made.change(change);
    }
    for commit in &traces.commits {
        made.commit(commit);
    }
    for review in &traces.reviews {
        let place = made.changes.get(&(review.source.as_str(), review.change.as_str())).cloned();
        let item = place.unwrap_or_else(|| review.change.clone());
        let person = Name { word: &review.reviewer, email: None, source: Some(&review.source) };
        made.signal(&[person], review.at, Kind::Review, &item, Some(&review.change));
    }
    for acted in &traces.activities {
        made.activity(acted);
    }
    let assigned = work.iter().filter(|item| !item.dropped).filter_map(|item| made.assigned(item)).collect();
    let items = made.items(work, org);
    Input { workers: Vec::new(), signals: made.signals, assigned, items, rules: rules(org) }
}

/// What the organisation says of projects and categories.
fn rules(org: &Org) -> Rules {
    let categories = |map: &BTreeMap<String, String>| -> Vec<(String, Category)> {
        map.iter().filter_map(|(name, category)| Some((name.clone(), Category::parse(category)?))).collect()
    };
    let project = |(id, project): (&String, &crate::domain::org::Project)| Project {
        id: id.clone(),
        epics: project.epics.clone(),
        labels: project.labels.clone(),
        repositories: project.repositories.clone(),
        paths: project.paths.clone(),
        category: project.category.as_deref().and_then(Category::parse),
    };
    let mut rules = Rules {
        projects: org.projects.iter().map(project).collect(),
        labels: categories(&org.investment.labels),
        repositories: categories(&org.investment.repositories),
        ..Rules::default()
    };
    let own = categories(&org.investment.commit_types);
    rules.commit_types.retain(|(name, _)| own.iter().all(|(known, _)| !known.eq_ignore_ascii_case(name)));
    rules.commit_types.extend(own);
    rules
}

/// The type of a title as Conventional Commits write it: `feat` of "feat(cart)!: add".
fn commit_type(title: &str) -> Option<&str> {
    let (head, _) = title.split_once(": ")?;
    let name = head.split('(').next().unwrap_or(head).trim_end_matches('!');
    (!name.is_empty() && name.len() < 20 && name.bytes().all(|letter| letter.is_ascii_alphabetic())).then_some(name)
}

/// What the changes of an item tell of it.
#[derive(Debug, Default)]
struct Seen {
    repositories: BTreeSet<String>,
    paths: BTreeSet<String>,
    /// Of some change nothing is known of its files.
    unlisted: bool,
    types: BTreeSet<String>,
    labels: BTreeSet<String>,
}

/// The signals, as they are made.
struct Making<'a> {
    people: &'a People<'a>,
    zone: Tz,
    /// The id under which effort knows each work item, in their order.
    ids: Vec<String>,
    /// Work items by each name that they have or had, in lower case, with their source.
    names: HashMap<String, Vec<(&'a str, usize)>>,
    /// The item of each change.
    changes: HashMap<(&'a str, &'a str), String>,
    /// Source and id of the change of each commit.
    commits: HashMap<&'a str, (&'a str, &'a str)>,
    paths: HashMap<&'a str, &'a [String]>,
    seen: BTreeMap<String, Seen>,
    signals: Vec<Signal>,
    /// What commits and reviews tell of already.
    told: BTreeSet<(String, Told)>,
}

/// One telling of a commit or review.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    Instant(NaiveDateTime, u8),
    Hour(String, NaiveDate, u32),
    Day(String, NaiveDate),
}

impl<'a> Making<'a> {
    fn new(traces: &'a Traces, work: &'a [WorkItem], zone: Tz, people: &'a People<'a>) -> Self {
        let mut uses: HashMap<&str, usize> = HashMap::new();
        for item in work {
            *uses.entry(item.name()).or_default() += 1;
        }
        let id = |item: &WorkItem| if uses[item.name()] > 1 { format!("{}:{}", item.source, item.id) } else { item.name().to_owned() };
        let at: HashMap<(&str, &str), usize> =
            work.iter().enumerate().map(|(at, item)| ((item.source.as_str(), item.id.as_str()), at)).collect();
        let mut names: HashMap<String, Vec<(&str, usize)>> = HashMap::new();
        let own = work.iter().enumerate().flat_map(|(at, item)| std::iter::once(&item.id).chain(&item.key).map(move |name| (name, at)));
        let former = traces.keys.iter().filter_map(|(key, source, id)| Some((key, *at.get(&(source.as_str(), id.as_str()))?)));
        for (name, at) in own.chain(former) {
            names.entry(name.to_lowercase()).or_default().push((&work[at].source, at));
        }
        let of_change =
            |change: &'a Made| change.commits.iter().map(move |sha| (sha.as_str(), (change.source.as_str(), change.id.as_str())));
        let paths = traces.commits.iter().filter_map(|commit| Some((commit.sha.as_str(), commit.paths.as_deref()?)));
        Self {
            people,
            zone,
            ids: work.iter().map(id).collect(),
            names,
            changes: HashMap::new(),
            commits: traces.changes.iter().flat_map(of_change).collect(),
            paths: paths.collect(),
            seen: BTreeMap::new(),
            signals: Vec::new(),
            told: BTreeSet::new(),
        }
    }

    /// The id of the work item that a name means: one of the same source goes first.
    fn known(&self, name: &str, source: &str) -> Option<String> {
        let all = self.names.get(&name.to_lowercase())?;
        let (_, at) = all.iter().find(|(known, _)| *known == source).or_else(|| all.first())?;
        Some(self.ids[*at].clone())
    }

    fn signal(&mut self, names: &[Name<'_>], at: At, kind: Kind, item: &str, change: Option<&str>) {
        let person = |name: &Name<'_>| match self.people.who(*name) {
            Who::Nobody => None,
            Who::Person(id) => Some(id),
            // Somebody outside has a part in a commit, and no day to share out.
            Who::Stranger(word) => Some(format!("? {word}")),
        };
        let people: Vec<String> = names.iter().filter_map(person).collect();
        if people.is_empty() {
            return;
        }
        let at = local::wall(self.zone, at);
        for person in people.iter().filter(|_| matches!(kind, Kind::Commit | Kind::Review)) {
            let near = match kind {
                Kind::Commit => Told::Hour(item.to_owned(), at.date(), at.hour()),
                _ => Told::Day(item.to_owned(), at.date()),
            };
            self.told.insert((person.clone(), Told::Instant(at, kind as u8)));
            self.told.insert((person.clone(), near));
        }
        self.signals.push(Signal { people, at, kind, item: item.to_owned(), change: change.map(str::to_owned) });
    }

    fn change(&mut self, change: &'a Made) {
        let named = change.item.as_deref().filter(|name| !name.is_empty());
        let item = named.map_or_else(|| change.id.clone(), |name| self.known(name, &change.source).unwrap_or_else(|| name.to_owned()));
        let seen = self.seen.entry(item.clone()).or_default();
        seen.repositories.extend(change.repository.clone());
        let of_commits: Vec<&[String]> = change.commits.iter().filter_map(|sha| self.paths.get(sha.as_str()).copied()).collect();
        seen.unlisted |= change.paths.is_none() && of_commits.is_empty();
        match &change.paths {
            Some(paths) => seen.paths.extend(paths.iter().cloned()),
            None => seen.paths.extend(of_commits.into_iter().flatten().cloned()),
        }
        seen.types.extend(change.title.as_deref().and_then(commit_type).map(str::to_lowercase));
        seen.labels.extend(change.labels.iter().cloned());
        self.changes.insert((&change.source, &change.id), item.clone());
        let author = Name { word: change.author.as_deref().unwrap_or_default(), email: None, source: Some(&change.source) };
        for (at, kind) in [(change.opened_at, Kind::Opened), (change.merged_at, Kind::Merged)] {
            if let Some(at) = at.filter(|_| !change.bot) {
                self.signal(&[author], at, kind, &item, Some(&change.id));
            }
        }
    }

    fn commit(&mut self, commit: &Written) {
        if commit.bot {
            return;
        }
        let change = self.commits.get(commit.sha.as_str()).copied();
        let item = change.and_then(|change| self.changes.get(&change).cloned());
        let named = || self.known(&key_in(commit.subject.as_deref()?)?, "");
        let Some(item) = item.or_else(named).or_else(|| commit.repository.clone()) else { return };
        if change.is_none() {
            self.seen.entry(item.clone()).or_default().repositories.extend(commit.repository.clone());
        }
        let author = Name { word: commit.author.as_deref().unwrap_or_default(), email: commit.email.as_deref(), source: None };
        let along = commit.coauthors.iter().map(|who| {
            let (name, email) = who.split_once('<').unwrap_or((who, ""));
            Name { word: name.trim(), email: Some(email.trim_end_matches('>').trim()), source: None }
        });
        let people: Vec<Name<'_>> = std::iter::once(author).chain(along).collect();
        self.signal(&people, commit.at, Kind::Commit, &item, change.map(|(_, id)| id));
    }

    fn activity(&mut self, acted: &Acted) {
        let kind = match acted.kind.as_str() {
            "commit" => Kind::Commit,
            "review" => Kind::Review,
            "comment" => Kind::Comment,
            "transition" => Kind::Transition,
            _ => return,
        };
        let Some(name) = acted.item.as_deref().filter(|name| !name.is_empty()) else { return };
        let of_change = || self.changes.get(&(acted.source.as_str(), name)).cloned();
        let item = self.known(name, &acted.source).or_else(of_change).unwrap_or_else(|| name.to_owned());
        let person = Name { word: &acted.person, email: None, source: Some(&acted.source) };
        if let (Kind::Commit | Kind::Review, Who::Person(id)) = (kind, self.people.who(person)) {
            let at = local::wall(self.zone, acted.at);
            let near =
                if kind == Kind::Commit { Told::Hour(item.clone(), at.date(), at.hour()) } else { Told::Day(item.clone(), at.date()) };
            if self.told.contains(&(id.clone(), Told::Instant(at, kind as u8))) || self.told.contains(&(id, near)) {
                return;
            }
        }
        self.signal(&[person], acted.at, kind, &item, None);
    }

    /// When an item was in progress and somebody had it.
    fn assigned(&self, item: &WorkItem) -> Option<Assigned> {
        let name = Name { word: item.assignee.as_deref()?, email: None, source: Some(&item.source) };
        let Who::Person(person) = self.people.who(name) else { return None };
        let day = |at: At| local::wall(self.zone, at).date();
        Some(Assigned {
            person,
            item: self.known(&item.id, &item.source)?,
            from: day(item.started_at?),
            until: item.done_at.and_then(|at| day(at).succ_opt()),
        })
    }

    /// What is known of each item.
    fn items(&mut self, work: &[WorkItem], org: &Org) -> Vec<Item> {
        let words: Vec<String> = org.investment.unplanned.clone().unwrap_or_else(|| UNPLANNED.map(str::to_owned).to_vec());
        let unplanned = |labels: &[String], kind: Option<&str>| {
            labels.iter().map(String::as_str).chain(kind).any(|word| words.iter().any(|known| known.eq_ignore_ascii_case(word)))
        };
        let mut items = Vec::new();
        for (item, id) in work.iter().zip(&self.ids) {
            let own = Item {
                id: id.clone(),
                key: Some(item.id.clone()).filter(|key| key != id),
                parent: item.parent.as_deref().map(|parent| self.known(parent, &item.source).unwrap_or_else(|| parent.to_owned())),
                labels: item.labels.clone(),
                project: item.project.clone(),
                unplanned: Some(unplanned(&item.labels, item.kind.as_deref())),
                ..Item::default()
            };
            let seen = self.seen.remove(id).unwrap_or_default();
            items.push(Item { labels: own.labels.clone(), ..with(own, seen) });
        }
        for (id, seen) in std::mem::take(&mut self.seen) {
            let item = with(Item { id, ..Item::default() }, seen);
            items.push(Item { unplanned: unplanned(&item.labels, None).then_some(true), ..item });
        }
        items
    }
}

/// An item with what its changes tell.
fn with(item: Item, seen: Seen) -> Item {
    let one = |mut of: BTreeSet<String>| of.pop_first().filter(|_| of.is_empty());
    let paths = if seen.unlisted || seen.repositories.len() > 1 { BTreeSet::new() } else { seen.paths };
    Item {
        labels: seen.labels.into_iter().collect(),
        repository: one(seen.repositories),
        paths: paths.into_iter().collect(),
        commit_type: one(seen.types),
        ..item
    }
}

#[cfg(test)]
mod tests;
