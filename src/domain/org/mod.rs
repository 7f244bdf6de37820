//! [`Org`]: the organisation as its file declares it: teams, services, people, projects, over time.
//!
//! | file | does |
//! |---|---|
//! | `file` | the shapes of the TOML file, and [`FileError`] with a line for each mistake |
//! | `read` | from those shapes to an [`OrgFile`] |
//! | `check` | what may not stand in a file: cycles, overlaps, unknown parents |
//! | `quantity` | dates, durations and targets as people write them |
//! | `apply` | joins a file to the organisation so far: history is kept |
//! | `preview` | says in lines what that changes |
//! | `moves` | says in lines what that would count elsewhere, and what in it is worth a look |
//! | `draft` | the organisation as the text of a file, which can be changed and read again |
//! | `follow` | teams whose members are those of a Slack user group |
//! | `identity` | who is who across tools |
//! | `resolve` | who owns what and who is where, when |
//! | `owned` | when a scope owned anything at all, and who was in it |

mod apply;
mod check;
mod draft;
mod file;
pub mod follow;
pub mod identity;
pub mod moves;
mod owned;
mod preview;
mod quantity;
mod read;
mod resolve;

use std::collections::BTreeMap;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::survey::file::OwnQuestions;
use super::time::At;

pub use apply::apply;
pub use check::{EVERYTHING, is_slack_person};
pub use draft::{Draft, inline_table, quoted};
pub use file::{FileError, OrgFile, Problem};
pub use owned::Owned;
pub use preview::preview;
pub use quantity::{duration_text, target_text, typed};

/// The organisation as declared, resolved to instants. Kept whole in the store under a version; receipts name it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Org {
    /// IANA zone of the organisation; UTC where none is declared.
    pub time_zone: Option<Tz>,
    /// Teams by id.
    pub teams: BTreeMap<String, Team>,
    /// Declared services by name. A service that only appeared in events is not here.
    pub services: BTreeMap<String, Service>,
    /// People by id.
    pub people: BTreeMap<String, Person>,
    /// Objectives by id.
    pub objectives: BTreeMap<String, Objective>,
    /// Portfolio projects by id.
    pub projects: BTreeMap<String, Project>,
    /// Holidays and working days.
    pub calendar: Calendar,
    /// Own questions of surveys.
    #[serde(default)]
    pub survey: OwnQuestions,
    /// What effort is for.
    #[serde(default)]
    pub investment: Investment,
}

/// A span of time that may be open at either end: `[from, until)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
pub struct Span {
    /// None: from the beginning.
    pub from: Option<At>,
    /// None: still.
    pub until: Option<At>,
}

impl Span {
    /// From the beginning, still.
    pub const ALWAYS: Self = Self { from: None, until: None };

    /// Whether it holds the instant.
    pub fn holds(&self, at: At) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
    /// Whether there is no instant in it.
    pub fn is_empty(&self) -> bool {
        matches!((self.from, self.until), (Some(from), Some(until)) if until <= from)
    }
    /// What both hold; perhaps empty.
    #[must_use]
    pub fn both(self, other: Self) -> Self {
        let until = match (self.until, other.until) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        Self { from: self.from.max(other.from), until }
    }
}

/// A team.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[allow(missing_docs, reason = "each field is named as in the organisation file, which sources.md documents")]
pub struct Team {
    pub name: String,
    /// The team that it belongs to now.
    pub parent: Option<String>,
    /// Since when it belongs to that one; none: from the beginning.
    #[serde(default)]
    pub parent_since: Option<At>,
    /// Teams that it belonged to before, when.
    #[serde(default)]
    pub past_parents: Vec<(String, Span)>,
    /// When it vanished from the file. It stays known for the time before.
    #[serde(default)]
    pub dissolved: Option<At>,
    /// Which services it owns, when. A service may come and go several times.
    pub services: Vec<(String, Span)>,
    /// Who is in it, when, as the file declares: ids of people.
    pub members: Vec<(String, Span)>,
    /// Who is in it, when, since the Slack group that it follows has or had them: Slack user ids. They count beside `members`.
    #[serde(default)]
    pub followed: Vec<(String, Span)>,
    /// Who leads it: ids of people, or Slack user ids, as in `members`.
    #[serde(default)]
    pub leads: Vec<String>,
    pub time_zone: Option<Tz>,
    /// `organisation` (the default) or `team`.
    pub visibility: Option<String>,
    pub slack_group: Option<String>,
    /// Slack channels that mean this team to somebody without a team of their own.
    #[serde(default)]
    pub channels: Vec<String>,
    /// Metric id to target, in the metric's unit (seconds, a week, fraction).
    pub targets: BTreeMap<String, f64>,
}

/// A declared service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[allow(missing_docs, reason = "each field is named as in the organisation file, which sources.md documents")]
pub struct Service {
    pub repository: Option<String>,
    pub paths: Vec<String>,
    /// Glob of the tags that deploy it.
    pub tags: Option<String>,
    /// Names of its production environments; empty: by the rules.
    pub environments: Vec<String>,
    /// Microseconds; none: 24 hours.
    pub incident_window: Option<i64>,
    /// `deployment` (the default), `release`, `merge` or `workflow:NAME`.
    pub deploys_by: Option<String>,
}

/// A person across tools.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[allow(missing_docs, reason = "each field is named as in the organisation file, which sources.md documents")]
pub struct Person {
    pub slack: Option<String>,
    pub emails: Vec<String>,
    pub aliases: BTreeMap<String, String>,
    pub fte: Option<f64>,
    pub bot: bool,
    /// Days of absence, both included. Dates only, no reasons.
    #[serde(default)]
    pub away: Vec<(chrono::NaiveDate, chrono::NaiveDate)>,
}

/// An objective.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[allow(missing_docs, reason = "each field is named as in the organisation file, which sources.md documents")]
pub struct Objective {
    pub name: String,
    pub owner: Option<String>,
    pub period: Option<String>,
}

/// A portfolio project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[allow(missing_docs, reason = "each field is named as in the organisation file, which sources.md documents")]
pub struct Project {
    pub name: String,
    pub priority: Option<u32>,
    pub planned_share: Option<f64>,
    pub due: Option<chrono::NaiveDate>,
    pub objective: Option<String>,
    pub epics: Vec<String>,
    pub labels: Vec<String>,
    /// Repositories, `owner/name`, whose work is its unless something nearer to the work says otherwise.
    #[serde(default)]
    pub repositories: Vec<String>,
    /// Globs of files, likewise: where all files of a piece of work match.
    #[serde(default)]
    pub paths: Vec<String>,
    pub category: Option<String>,
}

/// What effort is for, where a work item's project does not say it. Categories are named as in the file: `ktlo`, `new`, `improving`,
/// `productivity`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[allow(missing_docs, reason = "each field is named as in the organisation file, which sources.md documents")]
pub struct Investment {
    /// Label to category.
    pub labels: BTreeMap<String, String>,
    /// Type of a Conventional Commit to category; each replaces the one that is usual.
    pub commit_types: BTreeMap<String, String>,
    /// Repository, `owner/name`, to category.
    pub repositories: BTreeMap<String, String>,
    /// Labels or kinds of items that mean that they came unplanned; none: the usual ones.
    pub unplanned: Option<Vec<String>>,
}

/// The days of a week as a [`Calendar`] names them.
pub const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// When people work; what follows from it is in [`calendar`](super::calendar).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[allow(missing_docs, reason = "each field is named as in the organisation file, which sources.md documents")]
pub struct Calendar {
    pub holidays: Vec<chrono::NaiveDate>,
    pub working_days: Vec<String>,
}
