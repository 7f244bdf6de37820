//! An issue as Jira states it, in a webhook or on a page, and the facts that it and its changes make.
//!
//! An issue is known by its number, which never changes; its key does when it moves to another project.
//!
//! When it is done is stated: by `resolutiondate`, or by the day its status came into the category `done`. When work on it
//! began is not: Jira keeps only the last change of category. So each delivery tells the moments that it knows of at which
//! the issue was in progress, and the [earliest](Step::Started) counts. A status is told by its id, for its name is free;
//! of which category it is, is said only for the status that the issue has, else by [`Started`].

use std::collections::BTreeSet;

use crate::domain::event::{Event, Item};
use crate::domain::part::{Of, Part, Step};
use crate::domain::time::At;
use crate::sources::object::Object;
use crate::sources::{Fact, acted};

/// The ids of statuses that are known to be of the category "in progress".
pub type Started = BTreeSet<String>;

/// Where the epic stands in projects that had no `parent` for it; the id is the same on all of Jira Cloud.
pub const EPIC_LINK: &str = "customfield_10014";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Category {
    ToDo,
    InProgress,
    Done,
    Unknown,
}

/// An issue.
pub struct Issue {
    /// As stated, without what its changes tell.
    pub item: Item,
    /// When Jira last changed it.
    pub updated: Option<At>,
    status: Option<String>,
    category: Category,
    /// When its status came into that category; Data Center does not say.
    since: Option<At>,
    resolved: Option<At>,
}

/// One change of an issue that pacer uses.
pub enum Change {
    /// Its status changed.
    Status {
        /// None: the issue was created with the status.
        from: Option<String>,
        /// The status that it has now.
        to: Option<String>,
        /// When.
        at: At,
        /// Who did it; none for a program.
        person: Option<String>,
    },
    /// It had this key before.
    Key(String),
}

/// What a changelog's entry lists, done by a person at a moment.
pub fn changes(items: &[Object<'_>], at: At, person: Option<&str>) -> Result<Vec<Change>, String> {
    let mut found = Vec::new();
    for item in items {
        if item.is("fieldtype", "custom")? {
            continue; // a field that people made may be called "Status" too
        }
        let field = item.word("field")?.to_lowercase(); // a new issue's is "Status"
        if field == "status" {
            found.push(Change::Status { from: item.id("from")?, to: item.id("to")?, at, person: person.map(Into::into) });
        } else if field == "key" {
            found.extend(item.text("fromString")?.map(Change::Key));
        }
    }
    Ok(found)
}

impl Issue {
    /// Reads an issue of the REST API, which is also that of a webhook.
    pub fn read(issue: &Object<'_>) -> Result<Self, String> {
        let (id, key, fields) = (issue.need_id("id")?, issue.need_text("key")?, issue.object("fields")?);
        issue.needed("fields", fields.is_some().then_some(()))?;
        // On sites where the field is another one, it may hold anything.
        let epic = if fields.is_text(EPIC_LINK) { fields.text(EPIC_LINK)? } else { None };
        Ok(Self {
            updated: fields.time("updated")?,
            status: fields.id("status/id")?,
            category: match fields.word("status/statusCategory/key")?.as_str() {
                "new" => Category::ToDo,
                "indeterminate" => Category::InProgress,
                "done" => Category::Done,
                _ => Category::Unknown,
            },
            since: fields.time("statuscategorychangedate")?,
            resolved: fields.time("resolutiondate")?,
            item: Item {
                id,
                project: fields.text("project/key")?,
                parent: fields.text("parent/key")?.or(epic),
                kind: fields.text("issuetype/name")?.map(|kind| kind.to_lowercase()),
                labels: fields.texts("labels")?.unwrap_or_default(),
                title: fields.text("summary")?,
                created_at: fields.time("created")?,
                status: fields.text("status/name")?,
                assignee: account(&fields.object("assignee")?)?,
                url: browse(issue.text("self")?.as_deref(), &key),
                key: Some(key),
                ..Item::default()
            },
        })
    }

    /// The facts that it and its changes make. `from_creation`: these are all of them.
    pub fn facts(mut self, changes: &[Change], started: &Started, from_creation: bool) -> Vec<Fact> {
        self.item.done_at = self.done_at(changes);
        self.item.former_keys = former_keys(changes);
        let own = |status: &str| self.category == Category::InProgress && self.status.as_deref() == Some(status);
        let began = began(changes, |status| own(status) || started.contains(status));
        let first = changes
            .iter()
            .filter_map(|change| if let Change::Status { from, at, .. } = change { Some((*at, from)) } else { None })
            .filter(|(_, from)| from.is_some())
            .min();
        let from_the_first = match first {
            Some((_, from)) => from.as_deref().is_some_and(|status| own(status) || started.contains(status)),
            None => self.category == Category::InProgress,
        };
        let since = self.since.filter(|_| self.category == Category::InProgress);
        let created = self.item.created_at.filter(|_| from_creation && from_the_first);
        let start = [began, since, created].into_iter().flatten().min();
        let id = self.item.id.clone();
        let mut facts = vec![(Event::Item(self.item), self.updated)];
        facts.extend(start.map(|at| (start_of(&id, at), self.updated)));
        facts.extend(transitions(&id, changes));
        facts
    }

    /// The fact of an issue that was deleted then: what was open ended so. Its version is that moment, past its last change.
    pub fn deleted(mut self, at: At) -> Fact {
        self.item.done_at = self.done_at(&[]).or(Some(at));
        self.item.status = Some("deleted".into());
        (Event::Item(self.item), Some(at).max(self.updated))
    }

    /// A reopened issue is not done, be it that its resolution was forgotten.
    fn done_at(&self, changes: &[Change]) -> Option<At> {
        match self.category {
            Category::ToDo | Category::InProgress => None,
            Category::Unknown => self.resolved,
            Category::Done => {
                let entered = changes.iter().filter_map(|change| match change {
                    Change::Status { to, at, .. } if *to == self.status => Some(*at),
                    _ => None,
                });
                self.resolved.or(self.since).or_else(|| entered.max()).or(self.updated)
            }
        }
    }
}

/// What changes alone tell, where the issue was stated before. A former key is told by an item without a version, which
/// outranks nothing.
pub fn told_apart(id: &str, changes: &[Change], started: &Started) -> Vec<Fact> {
    let former_keys = former_keys(changes);
    let mut facts = Vec::new();
    if !former_keys.is_empty() {
        facts.push((Event::Item(Item { id: id.into(), former_keys, ..Item::default() }), None));
    }
    facts.extend(began(changes, |status| started.contains(status)).map(|at| (start_of(id, at), None)));
    facts.extend(transitions(id, changes));
    facts
}

fn former_keys(changes: &[Change]) -> Vec<String> {
    let keys: BTreeSet<&String> =
        changes.iter().filter_map(|change| if let Change::Key(key) = change { Some(key) } else { None }).collect();
    keys.into_iter().cloned().collect()
}

/// The first change to a status that is in progress.
fn began(changes: &[Change], in_progress: impl Fn(&str) -> bool) -> Option<At> {
    let moments = changes.iter().filter_map(|change| match change {
        Change::Status { to: Some(to), at, .. } if in_progress(to) => Some(*at),
        _ => None,
    });
    moments.min()
}

fn start_of(id: &str, at: At) -> Event {
    Event::Part(Part::new(Of::Item, id, Step::Started, at))
}

/// A transition is one from a status to another, by a person.
fn transitions(id: &str, changes: &[Change]) -> Vec<Fact> {
    let acts = changes.iter().filter_map(|change| match change {
        Change::Status { from: Some(_), at, person: Some(person), .. } => Some(acted(person.clone(), "transition", id.into(), *at)),
        _ => None,
    });
    acts.collect()
}

/// The name of an account: on Jira Cloud its id, on Data Center the name that people log in with.
fn account(user: &Object<'_>) -> Result<Option<String>, String> {
    user.first_text(&["accountId", "name", "key"])
}

/// The person that a user is; none for an app, which works on no one's time.
pub fn person(user: &Object<'_>) -> Result<Option<String>, String> {
    if user.is("accountType", "app")? { Ok(None) } else { account(user) }
}

/// Where people look at it: on the site whose API states it. The gateway for scoped tokens has no pages for people.
fn browse(own: Option<&str>, key: &str) -> Option<String> {
    let (site, _) = own?.split_once("/rest/")?;
    let is_site = (site.starts_with("https://") || site.starts_with("http://")) && !site.starts_with("https://api.atlassian.com/");
    let is_plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    (is_site && is_plain).then(|| format!("{site}/browse/{key}"))
}
