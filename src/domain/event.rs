//! [`Event`]: a fact from outside, in the one shape that every source parses to and the store keeps.
//!
//! Facts are **order-immaterial**: a store that saw the same events in any order, any number of times, holds
//! the same state. Deployments, changes, incidents and items are registers under (source, id) in which the
//! greatest version wins; commits and reviews only grow. A sender that tells a fact in steps, never whole, sends
//! [`Part`]s, which the store keeps and lays over each other.

use serde::{Deserialize, Serialize};

use super::part::Part;
use super::time::At;

/// A fact from outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A release of a service into an environment, or an attempt at one.
    Deployment(Deployment),
    /// A commit, as far as the source knows it.
    Commit(Commit),
    /// A pull request, merge request or patch.
    Change(Change),
    /// One review of a change.
    Review(Review),
    /// A production problem.
    Incident(Incident),
    /// A work item: an issue, ticket, story.
    Item(Item),
    /// Something that somebody did on an item, at a moment.
    Activity(Activity),
    /// A run of continuous integration.
    Run(Run),
    /// One step in the life of an incident, a change or an item.
    Part(Part),
}

/// How a deployment ended, if it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not ended yet: created, queued, running.
    #[default]
    Pending,
    /// The attempt failed; nothing was deployed.
    Failure,
    /// It is in the environment.
    Success,
}

impl Status {
    /// As the store keeps it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Failure => "failure",
            Self::Success => "success",
        }
    }
}

/// A deployment. Identity: (source, `id`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Deployment {
    /// The sender's id.
    pub id: String,
    /// The service by its own name, where the event says one.
    pub service: Option<String>,
    /// `owner/name`; a service without a name is called after it, without the owner.
    pub repository: Option<String>,
    /// Lower- or upper-case as sent; none or empty is production for a generic event.
    pub environment: Option<String>,
    /// The sender's own word on whether the environment is production (GitHub's `production_environment`).
    pub production: Option<bool>,
    /// How it ended.
    pub status: Status,
    /// When it began.
    pub started_at: Option<At>,
    /// When it ended. A success always has it.
    pub finished_at: Option<At>,
    /// The commit deployed.
    pub sha: Option<String>,
    /// The commits it contains, where the sender lists them: then no ancestry is needed.
    pub commits: Option<Vec<Commit>>,
    /// Flag: an unplanned fix.
    pub hotfix: bool,
    /// Flag: a return to an earlier version.
    pub rollback: bool,
    /// The id of the deployment it replaced, where the sender says.
    pub previous: Option<String>,
    /// What kind of event it was read from: `deployment`, `release`, `workflow:NAME`, `tag`. A service takes one kind.
    pub via: String,
}

impl Deployment {
    /// One that has only an id and a kind so far.
    pub fn new(id: impl Into<String>, via: &str) -> Self {
        Self { id: id.into(), via: via.into(), ..Self::default() }
    }
}

/// A commit. Identity: its sha, across sources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Commit {
    /// The object name.
    pub sha: String,
    /// `owner/name` or the folder's name, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// When it was written; lead time begins here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authored_at: Option<At>,
    /// When it was committed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed_at: Option<At>,
    /// Who wrote it, as that tool names people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// The author's e-mail address: joins people across tools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether a bot wrote it: said by the sender or told from name and e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot: Option<bool>,
    /// Its whole message, where the source has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The files it touches, where the source lists them: they tell which service of a monorepo it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paths: Option<Vec<String>>,
    /// Its parents. `None`: not known. With `exact_parents` these are all of them (two or more: a merge).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parents: Option<Vec<String>>,
    /// True where `parents` are git's own; false where they are the order of a push.
    #[serde(default)]
    pub exact_parents: bool,
    /// True for a commit at the edge of a shallow clone: what lies behind it is not known.
    #[serde(default)]
    pub shallow: bool,
}

/// What the name of a team begins with among those who are asked to review.
pub const ASKED_TEAM: char = '@';

/// A pull request or merge request. Identity: (source, `id`), as in `org/app#12`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[allow(missing_docs, reason = "each field is named as in the generic event, which sources.md documents")]
pub struct Change {
    pub id: String,
    pub repository: Option<String>,
    pub opened_at: Option<At>,
    pub ready_at: Option<At>,
    pub first_review_at: Option<At>,
    pub merged_at: Option<At>,
    pub closed_at: Option<At>,
    /// The commit on the target branch that the merge made.
    pub merge_commit: Option<String>,
    /// The last commit of the branch.
    pub head: Option<String>,
    /// Its commits, where listed.
    pub commits: Option<Vec<Commit>>,
    pub author: Option<String>,
    pub bot: bool,
    pub draft: bool,
    pub title: Option<String>,
    pub labels: Vec<String>,
    pub lines_added: Option<i64>,
    pub lines_removed: Option<i64>,
    /// The work item it belongs to.
    pub item: Option<String>,
    /// The service by its own name, where the event says one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The branch it is made on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Who is asked to review it and has not yet, as that tool names people; [`ASKED_TEAM`] and its name for a whole team.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reviewers: Vec<String>,
    /// The files it touches, where the source lists them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paths: Option<Vec<String>>,
    /// Where a person looks at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// One review. Identity: (source, `id`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "plain names")]
pub struct Review {
    pub id: String,
    /// The change's id.
    pub change: String,
    pub reviewer: Option<String>,
    pub bot: bool,
    pub at: At,
    /// One of [`Review::STATES`].
    pub state: String,
}

impl Review {
    /// The reviewer agrees.
    pub const APPROVED: &str = "approved";
    /// The reviewer wants it otherwise.
    pub const CHANGES_REQUESTED: &str = "changes_requested";
    /// The reviewer said something, and decided nothing.
    pub const COMMENTED: &str = "commented";
    /// What was decided was taken back.
    pub const DISMISSED: &str = "dismissed";
    /// All that a review may say.
    pub const STATES: [&str; 4] = [Self::APPROVED, Self::CHANGES_REQUESTED, Self::COMMENTED, Self::DISMISSED];
}

/// A production problem. Identity: (source, `id`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// The sender's id.
    pub id: String,
    /// The service it is on, where said.
    pub service: Option<String>,
    /// `owner/name`, for issue trackers that only know the repository.
    pub repository: Option<String>,
    /// When it began.
    pub started_at: At,
    /// When it ended; none while open.
    pub resolved_at: Option<At>,
    /// The deployment that caused it, by the sender's id.
    pub deployment: Option<String>,
    /// As the tool names it.
    pub severity: Option<String>,
    /// Its title: outside text, escaped wherever it is shown.
    pub title: Option<String>,
}

/// A work item. Identity: (source, `id`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[allow(missing_docs, reason = "each field is named as in the generic event, which sources.md documents")]
pub struct Item {
    pub id: String,
    pub project: Option<String>,
    pub parent: Option<String>,
    pub kind: Option<String>,
    pub labels: Vec<String>,
    pub title: Option<String>,
    pub created_at: Option<At>,
    pub started_at: Option<At>,
    pub done_at: Option<At>,
    pub status: Option<String>,
    pub assignee: Option<String>,
    /// The key that people and changes name it by, where that may change and `id` does not (Jira).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Keys that it had before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_keys: Vec<String>,
    /// Where a person looks at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// How a run of continuous integration ended, if it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Not ended yet.
    Running,
    /// It was stopped, or skipped: neither passed nor failed.
    Cancelled,
    /// It found something wrong.
    Failure,
    /// It passed.
    Success,
}

impl Outcome {
    /// As the store keeps it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Cancelled => "cancelled",
            Self::Failure => "failure",
            Self::Success => "success",
        }
    }
}

/// A run of continuous integration: a workflow run, a pipeline, a build. Identity: (source, `id`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The sender's id.
    pub id: String,
    /// `owner/name`.
    pub repository: Option<String>,
    /// The workflow's or pipeline's name; a service may say that it deploys by it.
    pub workflow: Option<String>,
    /// The branch it ran on.
    pub branch: Option<String>,
    /// The commit it ran on.
    pub sha: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// When it began.
    pub started_at: Option<At>,
    /// When it ended; none while it runs.
    pub finished_at: Option<At>,
}

/// Something done on an item. Identity: all of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each field is named as in the generic event, which sources.md documents")]
pub struct Activity {
    pub person: String,
    /// `commit`, `review`, `comment`, `transition`.
    pub kind: String,
    pub item: Option<String>,
    pub at: At,
}

/// An event with what decides between two versions of the same fact.
#[derive(Debug, Clone, PartialEq)]
pub struct Stated {
    /// The fact.
    pub event: Event,
    /// When the sender last changed it; the greatest wins, absent is least.
    pub updated_at: Option<At>,
    /// Where in the input it stood, for messages: the line from 1 of a file, the index from 1 of a batch.
    pub line: u64,
}

/// A row that could not be taken, and why: one sentence for the person who sent it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// Line or index from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// What a source made of one delivery.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parsed {
    /// The facts in it.
    pub events: Vec<Stated>,
    /// The rows refused.
    pub rejected: Vec<Rejected>,
    /// Set where the kind of delivery carries nothing that pacer uses: the reason, for `health`.
    pub ignored: Option<String>,
    /// How many rows or deliveries were read; `events` may be more (a push has many commits) or fewer.
    pub read: u64,
}
