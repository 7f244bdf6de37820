//! Reading what a tool holds already, page by page, pure: a source says what to ask next and reads the answer;
//! [`backfill`](crate::backfill) asks.
//!
//! A page is stored as a delivery of its source, with the [`Ask`] that brought it under the header [`ASKED`]; the source's
//! `parse` reads it by that, so that `pacer replay` heals a page as it heals a webhook. The ask is all the state there is:
//! kept after each page, it is the cursor at which a cut-off run goes on.
//!
//! What a reader may count on: an ask is answered at least once, and what it brought is stored before the next one. What
//! it must see to: a list moves while it is read. A thing that moves towards pages already read must be found all the
//! same. And where the first page of a stream lists or counts what is in it, it must change whenever anything in the stream
//! does: the next run asks for it with its `ETag`, and 304 ends the stream.

use std::borrow::Cow;
use std::io::Read;

use serde::{Deserialize, Serialize};

use super::Headers;
use crate::domain::event::{Parsed, Rejected, Stated};
use crate::domain::time::At;

/// The header under which a stored page keeps the ask that brought it, as JSON.
pub const ASKED: &str = "x-pacer-asked";

/// The header under which a reader is told that an ask was refused, and with which status (403 to 410). A refusal has no
/// body, so that a reader that does not know the header fails to read it: then it counts as a refusal, or, for an ask about
/// one thing on a page (404, 410), the thing is gone. A reader that knows what it means there returns a page.
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
    /// What the reader needs to remember from the asks before: ids, cursors, instants, and what an answer does not repeat.
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

/// A body as the source wrote it: inflated where it was sent as gzip. `None`: it is cut off, or larger than `most` bytes.
pub fn plain<'a>(headers: &Headers, body: &'a [u8], most: usize) -> Option<Cow<'a, [u8]>> {
    if !headers.get("content-encoding").is_some_and(|coding| coding.trim().eq_ignore_ascii_case("gzip")) {
        return (body.len() <= most).then_some(Cow::Borrowed(body));
    }
    let mut inflated = Vec::new();
    flate2::read::MultiGzDecoder::new(body).take((most as u64).saturating_add(1)).read_to_end(&mut inflated).ok()?;
    (inflated.len() <= most).then_some(Cow::Owned(inflated))
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

    #[test]
    fn gzip_is_inflated_up_to_a_limit_and_whole_or_not_at_all() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, &[b'x'; 5_000]).expect("memory");
        let packed = packed.finish().expect("memory");
        let gzip = Headers([("content-encoding".to_owned(), "gzip".to_owned())].into());
        assert_eq!(plain(&gzip, &packed, 5_000).as_deref(), Some([b'x'; 5_000].as_slice()));
        assert_eq!(plain(&gzip, &packed, 4_999), None, "larger than allowed");
        assert_eq!(plain(&gzip, &packed[..packed.len() - 9], 5_000), None, "cut off");
        assert_eq!(plain(&Headers::default(), b"[]", 2).as_deref(), Some(b"[]".as_slice()));
        assert_eq!(plain(&Headers::default(), b"[1]", 2), None);
    }
}
