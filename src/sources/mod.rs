//! Sources: bytes from one tool to [events](crate::domain::event). Pure: no clock, no network, no files.
//!
//! To add one: a file here and a line in [`SOURCES`]. What it may build on:
//!
//! | file | has |
//! |---|---|
//! | [`object`] | a payload, read field by field |
//! | [`times`] | times in every vendor's form |
//! | [`commits`] | names of commits and branches, the order of a push |
//! | [`incidents`], [`incident_label`] | what incidents of several services are, and which work items are incidents |
//! | [`signature`] | the proofs of origin |
//! | [`pages`] | an API, read page by page |
//! | [`recorded`] | deliveries in files |
//!
//! Why GitHub is read into structs: its webhooks, REST lists and GraphQL answers name their fields alike, so one struct reads
//! all three. Why `CDEvents` too: a specification fixes their types. Generic events have a schema of our own ([`generic`]).

pub mod azure;
pub mod bitbucket;
pub mod cdevents;
mod commits;
pub mod csv;
pub mod generic;
pub mod git;
pub mod github;
pub mod gitlab;
mod incident_label;
pub mod incidentio;
mod incidents;
pub mod jira;
pub mod linear;
mod object;
pub mod pagerduty;
pub mod pages;
pub mod recorded;
pub mod rootly;
pub mod signature;
pub mod standard;
mod times;

use std::borrow::Cow;

use serde::Deserialize;

use crate::domain::event::{Activity, Event, Parsed, Rejected, Stated};
use crate::domain::time::At;

/// Header names in lower case with their values, as they came.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Headers(pub std::collections::BTreeMap<String, String>);

impl Headers {
    /// The value of a header, by its lower-case name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// Why a delivery was refused before it was stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// 401: the proof of origin is missing or wrong.
    #[error("{0}")]
    Origin(String),
    /// 400: it is not what this source sends (not JSON, cut off, no event kind).
    #[error("{0}")]
    Syntax(String),
    /// 413: it carries more than one request may.
    #[error("{0}")]
    TooLarge(String),
}

/// Refuses a body that is not one JSON object.
fn check_object(body: &[u8]) -> Result<(), Refused> {
    let refused = |sentence: String| Err(Refused::Syntax(sentence));
    if let Err(error) = std::str::from_utf8(body) {
        return refused(format!("the body is not valid UTF-8 from byte {} on", error.valid_up_to() + 1));
    }
    if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(body) {
        return refused(format!("the body is not JSON: {error}"));
    }
    if body.trim_ascii_start().starts_with(b"{") { Ok(()) } else { refused("the body is not a JSON object".into()) }
}

/// Refuses a delivery without the header that names its kind.
fn check_kind(headers: &Headers, header: &str) -> Result<(), Refused> {
    if headers.get(&header.to_ascii_lowercase()).is_none_or(|kind| kind.trim().is_empty()) {
        return Err(Refused::Syntax(format!("the header {header} is missing; it names the kind of delivery")));
    }
    Ok(())
}

/// `PostgreSQL` keeps no NUL in a text. JSON can only write one as an escape, which is replaced before it is read.
fn without_nul(json: &[u8]) -> Cow<'_, [u8]> {
    match std::str::from_utf8(json) {
        Ok(text) if text.contains("\\u0000") => Cow::Owned(text.replace("\\u0000", "\\ufffd").into_bytes()),
        _ => Cow::Borrowed(json),
    }
}

/// A fact and its version.
type Fact = (Event, Option<At>);

/// JSON as something, or why it is not that.
fn read<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(json).map_err(|error| format!("it cannot be read: {error}"))
}

/// What a delivery of a webhook, or a thing on a page, comes to.
enum Outcome {
    /// Facts, each with its version.
    Facts(Vec<Fact>),
    /// Nothing that pacer uses, and why.
    Ignored(String),
}

/// What it comes to, or why it can't be read.
type Read = Result<Outcome, String>;

impl Outcome {
    fn one(event: Event, version: Option<At>) -> Self {
        Self::Facts(vec![(event, version)])
    }

    fn ignored(why: impl Into<String>) -> Self {
        Self::Ignored(why.into())
    }

    /// One delivery that came to this, or could not be read; `kind` names it in the reason.
    fn parsed(outcome: Read, kind: &str) -> Parsed {
        let mut parsed = Parsed { read: 1, ..Parsed::default() };
        match outcome {
            Ok(Self::Facts(facts)) => {
                parsed.events = facts.into_iter().map(|(event, updated_at)| Stated { event, updated_at, line: 1 }).collect();
            }
            Ok(Self::Ignored(why)) => parsed.ignored = Some(why),
            Err(reason) => parsed.rejected.push(Rejected { line: 1, reason: format!("{kind}: {reason}") }),
        }
        parsed
    }
}

/// What a person did on an item, which is named by its id: its key may be another by now.
fn acted(person: String, kind: &str, item: String, at: At) -> Fact {
    (Event::Activity(Activity { person, kind: kind.into(), item: Some(item), at }), None)
}

/// A payload's own error: the field that it lacks.
fn needed<T>(value: Option<T>, field: &str) -> Result<T, String> {
    value.ok_or_else(|| format!("it has no {field}"))
}

/// A text that says something.
fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

/// The check of a delivery's origin, at a time.
pub type Verify = fn(headers: &Headers, body: &[u8], secrets: &[String], now: At) -> Result<(), Refused>;

/// A tool that sends deliveries.
pub struct Source {
    /// Its name in the path, the command line and, in capitals, the setting.
    pub slug: &'static str,
    /// As people write it.
    pub name: &'static str,
    /// Checks the proof of origin against any of the secrets (rotation), in constant time.
    pub verify: Verify,
    /// The sender's own delivery id, where it gives one; else the store uses a hash of the content.
    pub delivery_id: fn(headers: &Headers, body: &[u8]) -> Option<String>,
    /// Syntax check before the delivery is stored: 400 where it fails.
    pub check: fn(headers: &Headers, body: &[u8]) -> Result<(), Refused>,
    /// Bytes to events. What it can't use it ignores or rejects with a reason; it never panics.
    pub parse: fn(headers: &Headers, body: &[u8]) -> Parsed,
    /// Whether `POST /hooks/{slug}` exists.
    pub webhook: bool,
    /// Headers that a recorded file implies: `deployment_status.created.1.json` gives GitHub's event kind.
    pub recorded: fn(file_name: &str) -> Headers,
    /// How its API is read by `pacer backfill`; none: it has none that pacer reads.
    pub pages: Option<pages::Pages>,
}

/// Every source. The one registry: command line, paths, settings, README and tests read it.
pub const SOURCES: &[Source] = &[
    git::SOURCE,
    generic::SOURCE,
    csv::SOURCE,
    cdevents::SOURCE,
    github::SOURCE,
    gitlab::SOURCE,
    jira::SOURCE,
    linear::SOURCE,
    pagerduty::SOURCE,
    incidentio::SOURCE,
    standard::SOURCE,
    rootly::SOURCE,
    bitbucket::SOURCE,
    azure::SOURCE,
];

/// The slugs of those sources, as help and errors list them.
pub fn slugs(which: impl Fn(&Source) -> bool) -> String {
    SOURCES.iter().filter(|source| which(source)).map(|source| source.slug).collect::<Vec<_>>().join(", ")
}

/// The source of that slug.
pub fn source(slug: &str) -> Option<&'static Source> {
    SOURCES.iter().find(|source| source.slug == slug)
}

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;
