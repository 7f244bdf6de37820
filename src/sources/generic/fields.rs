//! The fields of generic events and what each must hold: [`explain`] finds the field that does not, for the person who
//! sent it, and the CSV reader learns from here how to read a cell.

use serde_json::Value;

use super::row::{LONGEST, Time};

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Any text.
    Text,
    /// A text that names something: kept short.
    Name,
    /// An RFC 3339 time.
    Time,
    /// `true` or `false`.
    Truth,
    /// A whole number.
    Whole,
    /// A list of texts.
    Texts,
    /// A list of commits.
    Commits,
}

/// Every field of every generic event.
pub const FIELDS: &[(&str, Holds)] = &[
    ("type", Holds::Name),
    ("id", Holds::Name),
    ("updated_at", Holds::Time),
    ("service", Holds::Name),
    ("repository", Holds::Name),
    ("environment", Holds::Name),
    ("status", Holds::Name),
    ("started_at", Holds::Time),
    ("finished_at", Holds::Time),
    ("commit", Holds::Name),
    ("commits", Holds::Commits),
    ("flags", Holds::Texts),
    ("previous", Holds::Name),
    ("opened_at", Holds::Time),
    ("ready_at", Holds::Time),
    ("first_review_at", Holds::Time),
    ("merged_at", Holds::Time),
    ("closed_at", Holds::Time),
    ("merge_commit", Holds::Name),
    ("head", Holds::Name),
    ("author", Holds::Name),
    ("bot", Holds::Truth),
    ("draft", Holds::Truth),
    ("title", Holds::Text),
    ("labels", Holds::Texts),
    ("lines_added", Holds::Whole),
    ("lines_removed", Holds::Whole),
    ("item", Holds::Name),
    ("resolved_at", Holds::Time),
    ("deployment", Holds::Name),
    ("severity", Holds::Name),
    ("project", Holds::Name),
    ("parent", Holds::Name),
    ("kind", Holds::Name),
    ("created_at", Holds::Time),
    ("done_at", Holds::Time),
    ("assignee", Holds::Name),
    ("person", Holds::Name),
    ("at", Holds::Time),
    ("change", Holds::Name),
    ("reviewer", Holds::Name),
    ("state", Holds::Name),
    ("workflow", Holds::Name),
    ("branch", Holds::Name),
    ("reviewers", Holds::Texts),
    ("paths", Holds::Texts),
    ("key", Holds::Name),
    ("url", Holds::Text),
];

/// The fields of a commit in `commits`.
const COMMIT_FIELDS: &[(&str, Holds)] = &[
    ("sha", Holds::Name),
    ("authored_at", Holds::Time),
    ("committed_at", Holds::Time),
    ("author", Holds::Name),
    ("bot", Holds::Truth),
    ("message", Holds::Text),
    ("email", Holds::Name),
    ("paths", Holds::Texts),
];

/// What the field of that name holds, if it is one.
pub fn holds(name: &str) -> Option<(&'static str, Holds)> {
    FIELDS.iter().find(|(known, _)| *known == name).copied()
}

/// Why this value is no event, as far as single fields go: the first field that holds something else than it must.
pub fn explain(value: &Value) -> Option<String> {
    let Value::Object(members) = value else {
        return Some(format!("an event is a JSON object, not {}", kind(value)));
    };
    FIELDS.iter().find_map(|(name, holds)| members.get(*name).and_then(|value| wrong(name, *holds, value)))
}

fn wrong(name: &str, holds: Holds, value: &Value) -> Option<String> {
    match (holds, value) {
        (_, Value::Null) | (Holds::Text, Value::String(_)) | (Holds::Truth, Value::Bool(_)) => None,
        (Holds::Name, Value::String(text)) => {
            (text.chars().count() > LONGEST).then(|| format!("\"{name}\" is longer than {LONGEST} characters"))
        }
        (Holds::Time, Value::String(text)) => Time::parse(text).err().map(|why| format!("\"{name}\" {why}: \"{}\"", short(text))),
        (Holds::Whole, Value::Number(number)) if number.is_i64() => None,
        (Holds::Texts, Value::Array(list)) => list
            .iter()
            .find(|entry| !entry.is_string())
            .map(|entry| format!("\"{name}\" must be a list of texts, and holds {}", kind(entry))),
        (Holds::Commits, Value::Array(list)) => {
            list.iter().enumerate().find_map(|(at, entry)| wrong_commit(&format!("{name}[{at}]"), entry))
        }
        (Holds::Text | Holds::Name, _) => Some(format!("\"{name}\" must be a text, not {}", kind(value))),
        (Holds::Time, _) => Some(format!("\"{name}\" must be an RFC 3339 time in quotes, not {}", kind(value))),
        (Holds::Truth, _) => Some(format!("\"{name}\" must be true or false, not {}", kind(value))),
        (Holds::Whole, _) => Some(format!("\"{name}\" must be a whole number, not {}", kind(value))),
        (Holds::Texts, _) => Some(format!("\"{name}\" must be a list of texts, not {}", kind(value))),
        (Holds::Commits, _) => Some(format!("\"{name}\" must be a list of commits, not {}", kind(value))),
    }
}

fn wrong_commit(place: &str, value: &Value) -> Option<String> {
    let Value::Object(members) = value else {
        return Some(format!("\"{place}\" must be an object with a \"sha\", not {}", kind(value)));
    };
    COMMIT_FIELDS.iter().find_map(|(name, holds)| members.get(*name).and_then(|value| wrong(&format!("{place}.{name}"), *holds, value)))
}

fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => format!("the number {}", short(&number.to_string())),
        Value::String(text) => format!("\"{}\"", short(text)),
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "an object".into(),
    }
}

/// The beginning of a text from outside, for a message.
pub fn short(text: &str) -> String {
    let mut start: String = text.chars().take(60).map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if text.chars().nth(60).is_some() {
        start.push('…');
    }
    start
}
