//! Sources: bytes from one tool to [`Event`](crate::domain::event::Event)s. Pure: no clock, no network, no files.
//!
//! To add one: a file here and a line in [`SOURCES`].

pub mod cdevents;
pub mod csv;
pub mod generic;
pub mod git;
pub mod github;
pub mod signature;

use crate::domain::event::Parsed;

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
}

/// A tool that sends deliveries.
pub struct Source {
    /// Its name in the path, the command line and, in capitals, the setting.
    pub slug: &'static str,
    /// As people write it.
    pub name: &'static str,
    /// Checks the proof of origin against any of the secrets (rotation), in constant time.
    pub verify: fn(headers: &Headers, body: &[u8], secrets: &[String], now: crate::domain::time::At) -> Result<(), Refused>,
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
}

/// Every source. The one registry: command line, paths, settings, README and tests read it.
pub const SOURCES: &[Source] = &[git::SOURCE, generic::SOURCE, csv::SOURCE, cdevents::SOURCE, github::SOURCE];

/// The source of that slug.
pub fn source(slug: &str) -> Option<&'static Source> {
    SOURCES.iter().find(|source| source.slug == slug)
}
