//! [`Form`]: a question back to the person, shown as a modal. Its submission comes back as a press of `action`.

use chrono::NaiveDate;

use super::card::Line;

/// A modal with inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// At most 24 characters.
    pub title: String,
    /// At most 24 characters.
    pub submit: String,
    /// The name in ACTIONS that receives the values.
    pub action: String,
    /// Ids only; comes back with the values.
    pub state: String,
    /// What is asked, in order.
    pub fields: Vec<Field>,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The name its value comes back under.
    pub id: String,
    /// What the person reads.
    pub label: String,
    /// A sentence below it.
    pub hint: Option<String>,
    /// Whether it may stay empty.
    pub optional: bool,
    /// What is put in.
    pub input: Input,
}

/// What is put in. Several values come back as lines of one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// One line of text, with what stands in it first.
    Text(String),
    /// Several lines of text, likewise.
    Lines(String),
    /// One of (value, label); the initial value, if any.
    Select(Vec<(String, String)>, Option<String>),
    /// One of at most ten, all shown: (value, label); the initial value, if any.
    Choice(Vec<(String, String)>, Option<String>),
    /// A day; the initial one, if any. Comes back as `2026-12-24`.
    Date(Option<NaiveDate>),
    /// A channel of Slack, by id; the initial one, if any.
    Channel(Option<String>),
    /// People of Slack, by id, with those who are chosen at first.
    People(Vec<String>),
    /// Nothing: lines to be read.
    Note(Vec<Line>),
}
