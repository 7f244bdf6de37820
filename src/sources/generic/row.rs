//! One generic event as it is written, and the checks that make it a fact. JSON and CSV both come through here.
//!
//! Why a flat struct of all fields: serde reads it in one pass without a tree, which a million rows need; a row that
//! does not fit is read again as a tree, to name the field.

use std::fmt;

use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

use super::fields::explain;
use crate::domain::event::{Rejected, Stated};
use crate::domain::time::At;
use crate::sources::without_nul;

/// The most characters a name may have: ids, services, people.
pub const LONGEST: usize = 512;
/// The first instant that is believed: the year 1970.
const EARLIEST: At = At(0);
/// The first instant that is believed no more: the year 2201.
const LATEST: At = At(7_289_654_400 * crate::domain::time::SECOND);

/// A time between 1970 and 2200.
#[derive(Debug, Clone, Copy)]
pub struct Time(At);

impl Time {
    /// Reads RFC 3339; else says what the text is not.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        match At::parse(text) {
            None => Err("is not an RFC 3339 time"),
            Some(at) if at < EARLIEST || at >= LATEST => Err("is not between the years 1970 and 2200"),
            Some(at) => Ok(Self(at)),
        }
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Time;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an RFC 3339 time")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Time, E> {
                Time::parse(text).map_err(E::custom)
            }
        }
        from.deserialize_str(Text)
    }
}

/// Any generic event.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Row {
    #[serde(rename = "type")]
    pub(super) event: Option<String>,
    pub(super) id: Option<String>,
    pub(super) updated_at: Option<Time>,
    pub(super) service: Option<String>,
    pub(super) repository: Option<String>,
    pub(super) environment: Option<String>,
    pub(super) status: Option<String>,
    pub(super) started_at: Option<Time>,
    pub(super) finished_at: Option<Time>,
    pub(super) commit: Option<String>,
    pub(super) commits: Option<Vec<RowCommit>>,
    pub(super) flags: Option<Vec<String>>,
    pub(super) previous: Option<String>,
    pub(super) opened_at: Option<Time>,
    pub(super) ready_at: Option<Time>,
    pub(super) first_review_at: Option<Time>,
    pub(super) merged_at: Option<Time>,
    pub(super) closed_at: Option<Time>,
    pub(super) merge_commit: Option<String>,
    pub(super) head: Option<String>,
    pub(super) author: Option<String>,
    pub(super) bot: Option<bool>,
    pub(super) draft: Option<bool>,
    pub(super) title: Option<String>,
    pub(super) labels: Option<Vec<String>>,
    pub(super) lines_added: Option<i64>,
    pub(super) lines_removed: Option<i64>,
    pub(super) item: Option<String>,
    pub(super) resolved_at: Option<Time>,
    pub(super) deployment: Option<String>,
    pub(super) severity: Option<String>,
    pub(super) project: Option<String>,
    pub(super) parent: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) created_at: Option<Time>,
    pub(super) done_at: Option<Time>,
    pub(super) assignee: Option<String>,
    pub(super) person: Option<String>,
    pub(super) at: Option<Time>,
    pub(super) change: Option<String>,
    pub(super) reviewer: Option<String>,
    pub(super) state: Option<String>,
    pub(super) workflow: Option<String>,
    pub(super) branch: Option<String>,
    pub(super) reviewers: Option<Vec<String>>,
    pub(super) paths: Option<Vec<String>>,
    pub(super) key: Option<String>,
    pub(super) url: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RowCommit {
    pub(super) sha: Option<String>,
    pub(super) authored_at: Option<Time>,
    pub(super) committed_at: Option<Time>,
    pub(super) author: Option<String>,
    pub(super) bot: Option<bool>,
    pub(super) message: Option<String>,
    pub(super) email: Option<String>,
    pub(super) paths: Option<Vec<String>>,
}

/// Reads one event. The reason names the field that is wrong. `placed`: its service was said beside it.
pub fn parse_text(bytes: &[u8], line: u64, placed: bool) -> Result<Stated, Rejected> {
    let rejected = |reason: String| Rejected { line, reason };
    let bytes = without_nul(bytes);
    let text = std::str::from_utf8(&bytes).map_err(|_| rejected("it is not valid UTF-8".into()))?;
    // serde would read a list as the fields in their order.
    let read = if text.trim_start().starts_with('{') { serde_json::from_str(text).map_err(Some) } else { Err(None) };
    let row: Row = read.map_err(|error| rejected(reason_for(text, error.as_ref())))?;
    row.stated(line, placed).map_err(rejected)
}

/// Reads one event from a tree, as the CSV reader makes it.
pub fn parse_value(value: Value, line: u64, placed: bool) -> Result<Stated, Rejected> {
    let rejected = |reason: String| Rejected { line, reason };
    if let Some(reason) = explain(&value) {
        return Err(rejected(reason));
    }
    let row: Row = serde_json::from_value(value).map_err(|error| rejected(format!("it cannot be read: {error}")))?;
    row.stated(line, placed).map_err(rejected)
}

/// The sentence for a text that is no row: that it is not JSON, else which field is wrong.
fn reason_for(text: &str, error: Option<&serde_json::Error>) -> String {
    match serde_json::from_str::<Value>(text) {
        Ok(value) => explain(&value).unwrap_or_else(|| error.map_or_else(String::new, |error| format!("it cannot be read: {error}"))),
        Err(syntax) => not_json(&syntax),
    }
}

/// What serde says about a syntax error, as a sentence.
pub fn not_json(error: &serde_json::Error) -> String {
    format!("it is not JSON: {error}")
}

/// Trimmed, and none where nothing is left.
pub(super) fn filled(text: Option<String>) -> Option<String> {
    let text = text?;
    let trimmed = text.trim();
    match trimmed.len() {
        0 => None,
        length if length == text.len() => Some(text),
        _ => Some(trimmed.to_owned()),
    }
}

/// A short name, if there is one.
pub(super) fn name(field: &str, text: Option<String>) -> Result<Option<String>, String> {
    let text = filled(text);
    if text.as_ref().is_some_and(|text| text.len() > LONGEST && text.chars().count() > LONGEST) {
        return Err(format!("\"{field}\" is longer than {LONGEST} characters"));
    }
    Ok(text)
}

pub(super) fn needed<T>(event: &str, field: &str, value: Option<T>) -> Result<T, String> {
    value.ok_or_else(|| {
        let article = if event.starts_with(['a', 'i']) { "an" } else { "a" };
        format!("{article} {event} needs \"{field}\"")
    })
}

/// A sha as git writes it.
pub(super) fn sha(field: &str, text: Option<String>) -> Result<Option<String>, String> {
    Ok(name(field, text)?.map(|mut sha| {
        if sha.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            sha.make_ascii_lowercase();
        }
        sha
    }))
}

pub(super) fn lines(field: &str, count: Option<i64>) -> Result<Option<i64>, String> {
    match count {
        Some(count) if count < 0 => Err(format!("\"{field}\" is below zero: {count}")),
        count => Ok(count),
    }
}

pub(super) fn at(time: Option<Time>) -> Option<At> {
    time.map(|Time(at)| at)
}
