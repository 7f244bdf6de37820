//! Reading what a tool holds already, page by page, pure: a source says what to ask next and reads the answer;
//! [`backfill`](crate::backfill) asks.
//!
//! A page is stored as a delivery of its source, with the [`Ask`] that brought it under the header [`ASKED`]; [`stored`] reads
//! it by that, so that `pacer replay` heals a page as it heals a webhook. The ask is all the state there is: kept after each
//! page, it is the cursor at which a cut-off run goes on.
//!
//! What a reader may count on: an ask is answered at least once, and what it brought is stored before the next one. What
//! it must see to: a list moves while it is read. A thing that moves towards pages already read must be found all the
//! same. And where the first page of a stream lists or counts what is in it, it must change whenever anything in the stream
//! does: the next run asks for it with its `ETag`, and 304 ends the stream.

use std::borrow::Cow;
use std::io::Read as _;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Fact, Headers, Outcome, Read, needed};
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
    /// What an answer says, and what to ask next; else why it can't be read. A stored page is read by it too, for its facts
    /// alone: then the answer has none of its own headers.
    pub read: fn(ask: &Ask, answer: &Answer) -> Result<Page, String>,
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

impl Ask {
    /// Another ask of the same stream and scope, with nothing to remember.
    #[must_use]
    pub fn to(&self, path: impl Into<String>) -> Self {
        Self { stream: self.stream.clone(), scope: self.scope.clone(), path: path.into(), ..Self::default() }
    }

    /// The same ask, remembering that; nothing where that is empty.
    #[must_use]
    pub fn remembering(self, memory: &impl Serialize) -> Self {
        Self { memory: serde_json::to_string(memory).ok().filter(|json| json != "{}"), ..self }
    }

    /// What it remembers; an error where it is not of that form, as another version of pacer may have kept it.
    pub fn remembered<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_str(self.memory.as_deref().unwrap_or("{}"))
            .map_err(|error| format!("another version of pacer kept the ask, so `--again` must read all of it: {error}"))
    }

    /// The value of a field in its path's query.
    pub fn query(&self, name: &str) -> Option<String> {
        let fields: Vec<(String, String)> = serde_urlencoded::from_str(self.path.split_once('?')?.1).ok()?;
        fields.into_iter().find_map(|(known, value)| (known == name).then_some(value))
    }

    /// The same ask from a place further on, which a field of its body says: `field` of the object at `pointer`.
    pub fn from(&self, pointer: &str, field: &str, place: Value) -> Result<Self, String> {
        let mut body: Value = self.body.as_deref().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
        let object = needed(body.pointer_mut(pointer).and_then(Value::as_object_mut), "body that was sent")?;
        if object.get(field) == Some(&place) {
            return Err(format!("it gives the same {field} again, so it has no end"));
        }
        object.insert(field.into(), place);
        Ok(Self { body: Some(body.to_string()), ..self.clone() })
    }
}

/// An answer of 2xx, whole; or a refusal, by its [`STATUS`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// In lower case.
    pub headers: Headers,
    /// As it came.
    pub body: Vec<u8>,
}

impl Answer {
    /// The status of a refusal; none for an answer.
    pub fn refused(&self) -> Option<u16> {
        self.headers.get(STATUS)?.parse().ok()
    }

    /// Whether it is a page that was stored: what comes behind it is not asked for.
    pub fn is_stored(&self) -> bool {
        self.headers.get(ASKED).is_some()
    }

    /// The URL that its `Link` header gives for `rel`, as GitHub and GitLab send it.
    pub fn link(&self, rel: &str) -> Option<&str> {
        self.headers.get("link")?.split(',').find_map(|part| {
            let (url, rest) = part.trim().strip_prefix('<')?.split_once('>')?;
            rest.split(';').any(|word| word.trim().eq_ignore_ascii_case(&format!("rel=\"{rel}\""))).then_some(url)
        })
    }
}

/// What a page holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// The facts in it.
    pub events: Vec<Stated>,
    /// The things on it that could not be read.
    pub rejected: Vec<Rejected>,
    /// The next page of the same stream; none: the stream is at its end.
    pub next: Option<Ask>,
    /// What must be asked about things on this page (the reviews of a pull request), before the next page.
    pub inner: Vec<Ask>,
    /// How many things the source says that the stream holds in all, where it says so.
    pub total: Option<u64>,
    /// How many things this page listed, for the reconciliation: those of `total`, not of `events`.
    pub listed: u64,
}

impl Page {
    /// Takes what a thing on the page says, or why it can't be read; things are counted from 1.
    pub(super) fn take(&mut self, thing: u64, said: Read) {
        match said {
            Ok(Outcome::Facts(facts)) => self.facts(thing, facts),
            Ok(Outcome::Ignored(_)) => {}
            Err(reason) => self.rejected.push(Rejected { line: thing, reason }),
        }
    }

    /// Takes the facts of a thing on the page.
    pub(super) fn facts(&mut self, thing: u64, facts: impl IntoIterator<Item = Fact>) {
        self.events.extend(facts.into_iter().map(|(event, updated_at)| Stated { event, updated_at, line: thing }));
    }

    /// As the store takes it.
    pub fn parsed(self, ask: &Ask) -> Parsed {
        let named = |rejected: Rejected| Rejected { reason: format!("{}: {}", ask.stream, rejected.reason), ..rejected };
        Parsed { read: self.listed, events: self.events, rejected: self.rejected.into_iter().map(named).collect(), ignored: None }
    }
}

/// What a stored page says; none for a webhook's delivery.
pub fn stored(pages: &Pages, headers: &Headers, body: &[u8]) -> Option<Parsed> {
    let ask: Ask = serde_json::from_str(headers.get(ASKED)?).ok()?;
    let answer = Answer { headers: headers.clone(), body: body.to_vec() };
    Some((pages.read)(&ask, &answer).map_or_else(
        |reason| Parsed { read: 1, rejected: vec![Rejected { line: 1, reason: format!("{}: {reason}", ask.stream) }], ..Parsed::default() },
        |page| page.parsed(&ask),
    ))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_found_by_its_relation() {
        let sent = "<https://api.github.com/x?page=2&per_page=100>; rel=\"next\", <https://api.github.com/x?page=9>; rel=\"last\"";
        let answer = Answer { headers: Headers([("link".to_owned(), sent.to_owned())].into()), body: Vec::new() };
        assert_eq!(answer.link("next"), Some("https://api.github.com/x?page=2&per_page=100"));
        assert_eq!(answer.link("last"), Some("https://api.github.com/x?page=9"));
        assert_eq!(answer.link("prev"), None);
        assert_eq!(Answer::default().link("next"), None);
    }

    #[test]
    fn an_ask_goes_on_from_a_place_in_its_body_and_never_twice_from_the_same() {
        let ask = Ask { body: Some("{\"a\":{\"x\":1}}".into()), path: "/p?page=2&after=a%20b".into(), ..Ask::default() };
        let next = ask.from("/a", "after", "c1".into()).expect("further on");
        assert_eq!(next.body.as_deref(), Some("{\"a\":{\"after\":\"c1\",\"x\":1}}"));
        assert_eq!(next.from("/a", "after", "c1".into()).expect_err("no end"), "it gives the same after again, so it has no end");
        assert!(next.from("/a", "after", "c2".into()).is_ok());
        assert_eq!(ask.from("/b", "after", "c1".into()).expect_err("not there"), "it has no body that was sent");
        assert_eq!((ask.query("after").as_deref(), ask.query("page").as_deref(), ask.query("x")), (Some("a b"), Some("2"), None));
        assert!(ask.remembered::<u8>().expect_err("no number").contains("`--again`"));
        assert_eq!(ask.remembering(&std::collections::BTreeMap::<String, u8>::new()).memory, None);
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
