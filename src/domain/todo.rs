//! What is open at an instant: changes that nobody merged or closed, and work items that are not done. The to-do lists of
//! `waiting` and `mywork` are made of these.
//!
//! For the person whom it concerns, and for nobody else: never to be counted up by person.

use super::time::At;

/// A change that is open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenChange {
    /// Which source tells of it.
    pub source: String,
    /// As in `org/app#12`.
    pub id: String,
    /// `owner/name`.
    pub repository: Option<String>,
    /// Outside text.
    pub title: Option<String>,
    /// Where a person looks at it: outside text.
    pub url: Option<String>,
    /// Who made it, as that tool names people.
    pub author: Option<String>,
    /// Not ready for review.
    pub draft: bool,
    /// When it was opened.
    pub opened_at: At,
    /// When it became ready for review, where that is known.
    pub ready_at: Option<At>,
    /// The first review, where the sender states it.
    pub first_review_at: Option<At>,
    /// Who is asked to review it and has not yet, as that tool names people.
    pub reviewers: Vec<String>,
    /// When that was so: the sender's version of the change, where it has one.
    pub stated_at: Option<At>,
    /// The work item it belongs to.
    pub item: Option<String>,
    /// By people, in order of time.
    pub reviews: Vec<Given>,
}

/// A review that somebody gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Who, as that tool names people.
    pub reviewer: String,
    /// When.
    pub at: At,
    /// `approved`, `changes_requested`, `commented`, `dismissed`.
    pub state: String,
}

/// A work item that is not done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenItem {
    /// Which source tells of it.
    pub source: String,
    /// The item itself.
    pub own: Place,
    /// Outside text.
    pub title: Option<String>,
    /// Where a person looks at it: outside text.
    pub url: Option<String>,
    /// As the tool names it: outside text.
    pub status: Option<String>,
    /// Who it is assigned to, as that tool names people.
    pub assignee: String,
    /// When it was created.
    pub created_at: Option<At>,
    /// When work on it began.
    pub started_at: Option<At>,
    /// The items above it, the nearest first.
    pub above: Vec<Place>,
}

/// Where an item stands in the tree of work.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// Its id.
    pub id: String,
    /// What people name it by, where that is not its id.
    pub key: Option<String>,
    /// The item above it.
    pub parent: Option<String>,
    /// Its project, as the tool says.
    pub project: Option<String>,
    /// Its labels.
    pub labels: Vec<String>,
}

impl Place {
    /// What people name it by.
    pub fn name(&self) -> &str {
        self.key.as_deref().unwrap_or(&self.id)
    }

    /// Whether a name is its own.
    pub fn is(&self, name: &str) -> bool {
        [Some(self.id.as_str()), self.key.as_deref()].into_iter().flatten().any(|own| own.eq_ignore_ascii_case(name))
    }
}
