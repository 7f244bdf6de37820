//! Reading what a tool holds already, page by page, pure: a source says what to ask next and reads the answer;
//! [`backfill`](crate::backfill) asks.
//!
//! A page is stored as a delivery of its source, with the [`Ask`] that brought it under the header [`ASKED`]; the source's
//! `parse` reads it by that, so that `pacer replay` heals a page as it heals a webhook. The ask is all the state there is:
//! kept after each page, it is the cursor at which a cut-off run goes on.

use serde::{Deserialize, Serialize};

use super::Headers;
use crate::domain::event::{Parsed, Rejected, Stated};
use crate::domain::time::At;

/// The header under which a stored page keeps the ask that brought it, as JSON.
pub const ASKED: &str = "x-pacer-asked";

/// The header under which a reader is told that an ask was refused, and with which status. A refusal has no body, so that a
/// reader that does not know the header fails to read it; one that knows what it means returns a page.
pub const STATUS: &str = ":status";

/// How a source's API is read.
pub struct Pages {
    /// The public API, without a slash at its end; empty where each installation has its own (Jira): then the setting
    /// `PACER_<SOURCE>_URL` is needed.
    pub url: &'static str,
    /// The headers that carry the token, and those that every request needs.
    pub headers: fn(token: &str) -> Vec<(&'static str, String)>,
    /// What a scope is called: "repository", "project", "service".
    pub scope: &'static str,
    /// The first ask of each stream of a scope (pull requests, deployments, ...), for what changed since an instant.
    pub begin: fn(scope: &str, since: Option<At>) -> Vec<Ask>,
    /// What an answer says, and what to ask next.
    pub read: fn(ask: &Ask, answer: &Answer) -> Result<Page, Unread>,
}

/// One request, described.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Ask {
    /// Which stream it belongs to: "pull requests". Shown to people, and the key of its cursor.
    pub stream: String,
    /// The scope it belongs to: `owner/name`, a project's key.
    pub scope: String,
    /// Path and query below the API's URL, or a whole URL of the same host (as `Link` headers give).
    pub path: String,
    /// A JSON body: then it is a POST.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// What the reader needs to remember from the asks before (a pull request's number, a cursor): ids only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
}

/// An answer of 2xx, whole; or a refusal, by its [`STATUS`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// In lower case.
    pub headers: Headers,
    /// As it came.
    pub body: Vec<u8>,
}

/// What a page holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// The facts in it.
    pub events: Vec<Stated>,
    /// The next page of the same stream; none: the stream is at its end.
    pub next: Option<Ask>,
    /// What must be asked about things on this page (the reviews of a pull request), before the next page.
    pub inner: Vec<Ask>,
    /// How many things the source says that the stream holds in all, where it says so.
    pub total: Option<u64>,
    /// How many things this page listed, for the reconciliation: those of `total`, not of `events`.
    pub listed: u64,
}

/// Why an answer could not be read: a sentence for the person who runs the backfill.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unread(pub String);

/// The ask under which a stored page was brought; none for a webhook's delivery.
pub fn asked(headers: &Headers) -> Option<Ask> {
    serde_json::from_str(headers.get(ASKED)?).ok()
}

/// The status of a refusal; none for an answer.
pub fn refused(answer: &Answer) -> Option<u16> {
    answer.headers.get(STATUS)?.parse().ok()
}

/// What a stored page says: its facts, and the things on it that could not be read.
pub fn parsed(found: Result<(Page, Vec<Rejected>), Unread>) -> Parsed {
    match found {
        Ok((page, rejected)) => Parsed { read: page.listed, events: page.events, rejected, ignored: None },
        Err(Unread(reason)) => Parsed { read: 1, rejected: vec![Rejected { line: 1, reason }], ..Parsed::default() },
    }
}

/// A text as part of a path or a query: everything but letters, digits and `-._~` is written as `%XX`.
pub fn encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// The URL that a `Link` header gives for `rel`, as GitHub and GitLab send it.
pub fn link<'a>(headers: &'a Headers, rel: &str) -> Option<&'a str> {
    headers.get("link")?.split(',').find_map(|part| {
        let (url, rest) = part.trim().strip_prefix('<')?.split_once('>')?;
        rest.split(';').any(|word| word.trim().eq_ignore_ascii_case(&format!("rel=\"{rel}\""))).then_some(url)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_found_by_its_relation() {
        let sent = "<https://api.github.com/x?page=2&per_page=100>; rel=\"next\", <https://api.github.com/x?page=9>; rel=\"last\"";
        let headers = Headers([("link".to_owned(), sent.to_owned())].into());
        assert_eq!(link(&headers, "next"), Some("https://api.github.com/x?page=2&per_page=100"));
        assert_eq!(link(&headers, "last"), Some("https://api.github.com/x?page=9"));
        assert_eq!(link(&headers, "prev"), None);
        assert_eq!(link(&Headers::default(), "next"), None);
    }
}
