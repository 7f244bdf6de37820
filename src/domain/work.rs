//! [`WorkItem`]: a work item as it was known at an instant: what forecasts count, what effort goes to, what a portfolio project is made of.
//!
//! Facts later than the instant do not exist: an item that was done since is open here, one created since is none. What a tracker tells only
//! as it is now (its project, parent, labels, who has it) is told as it is now: older versions are not kept.

use super::time::At;

/// A work item as of an instant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "plain names, as in the generic event")]
pub struct WorkItem {
    pub source: String,
    pub id: String,
    /// What people name it by, where that is not its id.
    pub key: Option<String>,
    /// The tracker's own project.
    pub project: Option<String>,
    /// The id or key of the item that it belongs to.
    pub parent: Option<String>,
    pub kind: Option<String>,
    pub labels: Vec<String>,
    pub title: Option<String>,
    pub url: Option<String>,
    pub status: Option<String>,
    /// Who has it, as that tool names people.
    pub assignee: Option<String>,
    pub created_at: Option<At>,
    pub started_at: Option<At>,
    pub done_at: Option<At>,
    /// Over without having been done: it counts for nothing, and is no longer to be done.
    pub dropped: bool,
}

impl WorkItem {
    /// What people name it by.
    pub fn name(&self) -> &str {
        self.key.as_deref().unwrap_or(&self.id)
    }

    /// Whether it counts: no container, and not dropped.
    pub fn counts(&self) -> bool {
        !self.dropped && !self.is_container()
    }

    /// Whether it is a container of others, which is never counted: an epic, an initiative.
    pub fn is_container(&self) -> bool {
        self.kind.as_deref().is_some_and(|kind| ["epic", "initiative", "theme"].iter().any(|known| kind.eq_ignore_ascii_case(known)))
    }
}
