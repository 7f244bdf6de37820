//! [`Traces`]: what people did, as tools tell it and by the names that tools have for them: the raw rows that effort is made of.
//!
//! As known at an instant: nothing that happened later is in them. Which commits a change has and which item it names is told as it is now,
//! since older versions are not kept. Never to be shown: they tell of persons.

use super::time::At;

/// All traces of a span.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "plain names")]
pub struct Traces {
    pub commits: Vec<Written>,
    pub changes: Vec<Made>,
    pub reviews: Vec<Reviewed>,
    pub activities: Vec<Acted>,
    /// Every name that items have or had, with source and id of the item.
    pub keys: Vec<(String, String, String)>,
}

/// A commit, merges aside.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "plain names, as in an event")]
pub struct Written {
    pub sha: String,
    pub repository: Option<String>,
    pub at: At,
    pub author: Option<String>,
    pub email: Option<String>,
    pub bot: bool,
    /// The first line of its message.
    pub subject: Option<String>,
    /// `Name <address>` of each who wrote along.
    pub coauthors: Vec<String>,
    pub paths: Option<Vec<String>>,
}

/// A change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "plain names, as in an event")]
pub struct Made {
    pub source: String,
    pub id: String,
    pub repository: Option<String>,
    pub opened_at: Option<At>,
    pub merged_at: Option<At>,
    pub author: Option<String>,
    pub bot: bool,
    pub title: Option<String>,
    pub labels: Vec<String>,
    /// The item that it names.
    pub item: Option<String>,
    /// Its commits, the merge of it among them.
    pub commits: Vec<String>,
    pub paths: Option<Vec<String>>,
}

/// A review by a person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "plain names, as in an event")]
pub struct Reviewed {
    pub source: String,
    pub change: String,
    pub reviewer: String,
    pub at: At,
}

/// Something done on an item.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "plain names, as in an event")]
pub struct Acted {
    pub source: String,
    pub person: String,
    /// `commit`, `review`, `comment`, `transition`.
    pub kind: String,
    pub item: Option<String>,
    pub at: At,
}
