//! What an allocation is made of: people with their working days, signals of work, items with what they belong to. Plain rows, in any order.
//!
//! Names of people are those of the organisation, joined across tools before they come here. Times are those of the clock on the wall where
//! the organisation is, so that a day and an hour are what people mean by them.

use chrono::{NaiveDate, NaiveDateTime};

/// The micro-days of one person-day.
pub const PERSON_DAY: i64 = 1_000_000;

/// Everything.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "plain names")]
pub struct Input {
    pub workers: Vec<Worker>,
    pub signals: Vec<Signal>,
    pub assigned: Vec<Assigned>,
    pub items: Vec<Item>,
    pub rules: Rules,
}

/// Somebody with their working days.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Worker {
    /// As the organisation names them.
    pub id: String,
    /// A machine: it has no capacity, whatever `days` says.
    pub bot: bool,
    /// Days with the capacity of each in micro-days, of which a day has at most [`PERSON_DAY`]; a day that is not here has none.
    pub days: Vec<(NaiveDate, i64)>,
}

/// A kind of signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A commit: one counts for each change and hour.
    Commit,
    /// A change opened by its author.
    Opened,
    /// A change of the author's merged.
    Merged,
    /// Reviews: one counts for each change and day.
    Review,
    /// A comment.
    Comment,
    /// A transition of an item, made by the person.
    Transition,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Commit, Self::Opened, Self::Merged, Self::Review, Self::Comment, Self::Transition];

    /// How much one counts.
    pub fn points(self) -> i64 {
        match self {
            Self::Commit | Self::Opened | Self::Merged => 3,
            Self::Review => 2,
            Self::Comment | Self::Transition => 1,
        }
    }
}

/// A sign that somebody worked on an item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signal {
    /// Who did it; several where a commit has co-authors. Machines may be among them: they take no part.
    pub people: Vec<String>,
    /// When.
    pub at: NaiveDateTime,
    /// What.
    pub kind: Kind,
    /// The item it was done on: the issue that the change names, else the change itself, else the repository.
    pub item: String,
    /// The change it belongs to.
    pub change: Option<String>,
}

/// A time in which an item was in progress and assigned to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assigned {
    /// To whom.
    pub person: String,
    /// Which item.
    pub item: String,
    /// The first day.
    pub from: NaiveDate,
    /// The first day that it no longer was; none: still.
    pub until: Option<NaiveDate>,
}

/// An item with what tells its project. Of an item that no row tells of nothing is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "plain names")]
pub struct Item {
    pub id: String,
    /// What others may name it by besides.
    pub key: Option<String>,
    /// The item it belongs to: an epic, an initiative.
    pub parent: Option<String>,
    pub labels: Vec<String>,
    /// The tracker's own project.
    pub project: Option<String>,
    /// The one repository that its changes are in.
    pub repository: Option<String>,
    /// The files that its changes touch.
    pub paths: Vec<String>,
    /// As in Conventional Commits: `feat`, `fix`.
    pub commit_type: Option<String>,
    /// Whether it came unplanned; none: not known.
    pub unplanned: Option<bool>,
}

/// What effort is for. Each item has at most one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// Keeping the lights on: repair, upgrades, operation.
    Ktlo,
    /// Something that was not there before.
    New,
    /// Something that was there, made better.
    Improving,
    /// What makes the engineers' own work easier.
    Productivity,
}

impl Category {
    /// All of them, as shown.
    pub const ALL: [Self; 4] = [Self::Ktlo, Self::New, Self::Improving, Self::Productivity];

    /// As it is shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ktlo => "Keeping the lights on",
            Self::New => "New things",
            Self::Improving => "Improving things",
            Self::Productivity => "Productivity",
        }
    }

    /// As the organisation file and JSON name it.
    pub fn id(self) -> &'static str {
        match self {
            Self::Ktlo => "ktlo",
            Self::New => "new",
            Self::Improving => "improving",
            Self::Productivity => "productivity",
        }
    }

    /// Reads one as the organisation file names it.
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().to_lowercase().as_str() {
            "ktlo" | "keeping the lights on" => Some(Self::Ktlo),
            "new" | "new things" => Some(Self::New),
            "improving" | "improving things" => Some(Self::Improving),
            "productivity" => Some(Self::Productivity),
            _ => None,
        }
    }
}

/// A portfolio project, as far as it tells items.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "each field is named as in the organisation file")]
pub struct Project {
    pub id: String,
    pub epics: Vec<String>,
    pub labels: Vec<String>,
    pub repositories: Vec<String>,
    pub paths: Vec<String>,
    pub category: Option<Category>,
}

/// How items come to projects and categories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The portfolio.
    pub projects: Vec<Project>,
    /// Labels that tell a category.
    pub labels: Vec<(String, Category)>,
    /// Repositories, `owner/name`, that tell a category.
    pub repositories: Vec<(String, Category)>,
    /// Types of commits that tell a category.
    pub commit_types: Vec<(String, Category)>,
}

impl Default for Rules {
    fn default() -> Self {
        let types = [
            ("feat", Category::New),
            ("fix", Category::Ktlo),
            ("revert", Category::Ktlo),
            ("chore", Category::Ktlo),
            ("perf", Category::Improving),
            ("refactor", Category::Improving),
            ("build", Category::Productivity),
            ("ci", Category::Productivity),
            ("test", Category::Productivity),
            ("docs", Category::Productivity),
        ];
        let commit_types = types.map(|(name, category)| (name.to_owned(), category)).to_vec();
        Self { projects: Vec::new(), labels: Vec::new(), repositories: Vec::new(), commit_types }
    }
}
