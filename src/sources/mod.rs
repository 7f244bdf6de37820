//! Sources: bytes from one tool to [events](crate::domain::event). Pure: no clock, no network, no files.
//!
//! To add one: a file here and a line in [`SOURCES`].

pub mod azure;
pub mod bitbucket;
pub mod cdevents;
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
pub mod object;
pub mod pagerduty;
pub mod pages;
pub mod recorded;
pub mod rootly;
pub mod signature;
pub mod standard;
mod tree;

use std::borrow::Cow;

use crate::domain::event::{Event, Parsed, Rejected, Stated};
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

/// `PostgreSQL` keeps no NUL in a text. JSON can only write one as an escape, which is replaced before it is read.
fn without_nul(json: &[u8]) -> Cow<'_, [u8]> {
    match std::str::from_utf8(json) {
        Ok(text) if text.contains("\\u0000") => Cow::Owned(text.replace("\\u0000", "\\ufffd").into_bytes()),
        _ => Cow::Borrowed(json),
    }
}

/// What a delivery of a webhook comes to.
enum Outcome {
    /// Facts, each with its version.
    Facts(Vec<(Event, Option<At>)>),
    /// Nothing that pacer uses, and why.
    Ignored(String),
}

impl Outcome {
    fn one(event: Event, version: Option<At>) -> Self {
        Self::Facts(vec![(event, version)])
    }

    fn ignored(why: impl Into<String>) -> Self {
        Self::Ignored(why.into())
    }

    /// One delivery that came to this, or could not be read; `kind` names it in the reason.
    fn parsed(outcome: Result<Self, String>, kind: &str) -> Parsed {
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

/// The source of that slug.
pub fn source(slug: &str) -> Option<&'static Source> {
    SOURCES.iter().find(|source| source.slug == slug)
}

/// Recorded payloads in `tests/fixtures/`, and what the sources make of them.
#[cfg(test)]
mod golden {
    use super::pages::{ASKED, Answer, Ask};
    use super::{Headers, Source, recorded};
    use crate::domain::event::Stated;
    use crate::domain::time::At;

    /// Each payload of the folder, parsed: its name, then one line an event, or why there is none.
    pub fn walk(source: &Source) -> Vec<String> {
        let folder = format!("{}/tests/fixtures/{}", env!("CARGO_MANIFEST_DIR"), source.slug);
        let mut names: Vec<String> = std::fs::read_dir(&folder)
            .expect("the fixtures")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
            .collect();
        names.retain(|name| std::path::Path::new(name).extension().is_some_and(|end| end == "json"));
        names.sort();
        names.iter().flat_map(|name| one(source, name, &std::fs::read(format!("{folder}/{name}")).expect("a file"))).collect()
    }

    fn one(source: &Source, name: &str, bytes: &[u8]) -> Vec<String> {
        let delivery = recorded::split(source, name, bytes).remove(0).expect("one body");
        assert_eq!((source.check)(&delivery.headers, &delivery.body), Ok(()), "{name}");
        let parsed = (source.parse)(&delivery.headers, &delivery.body);
        assert_eq!((parsed.rejected.as_slice(), parsed.read), (&[][..], 1), "{name}");
        if let Some(why) = &parsed.ignored {
            assert!(parsed.events.is_empty() && !why.is_empty(), "{name}: used and ignored");
            return vec![format!("{name} ignored: {why}")];
        }
        assert!(!parsed.events.is_empty(), "{name}: nothing and no reason");
        parsed.events.iter().map(|stated| format!("{name} {}", line(stated))).collect()
    }

    /// A stream of pages, read from its first ask on: each recorded answer of that beginning of a name, in order, answers the
    /// next ask, and what is asked about things on a page comes before the next page.
    pub fn stream(source: &Source, first: Ask, beginning: &str) -> Vec<String> {
        let folder = format!("{}/tests/fixtures/{}/pages", env!("CARGO_MANIFEST_DIR"), source.slug);
        let entries = std::fs::read_dir(&folder).expect("the fixtures");
        let mut names: Vec<String> = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name")).collect();
        names.retain(|name| name.starts_with(beginning));
        names.sort();
        let (mut asks, mut lines) = (vec![first], Vec::new());
        for name in names {
            let ask = asks.pop().expect("an ask for each answer");
            lines.push(format!("ask {}", serde_json::to_string(&ask).expect("plain data")));
            let body = std::fs::read(format!("{folder}/{name}")).expect("a file");
            let read = source.pages.as_ref().expect("pages").read;
            let page =
                read(&ask, &Answer { headers: Headers::default(), body: body.clone() }).unwrap_or_else(|why| panic!("{name}: {why}"));
            lines.push(format!("{name} lists {} of {:?}", page.listed, page.total));
            lines.extend(page.events.iter().map(line));
            let stored = Headers([(ASKED.to_owned(), serde_json::to_string(&ask).expect("plain data"))].into());
            assert_eq!((source.parse)(&stored, &body).events, page.events, "{name}: a stored page says the same");
            asks.extend(page.next);
            asks.extend(page.inner.into_iter().rev());
        }
        assert_eq!(asks, [], "each ask has an answer");
        lines
    }

    /// An event in one line, as snapshots hold it.
    pub fn line(stated: &Stated) -> String {
        let version = stated.updated_at.map_or_else(|| "-".into(), At::rfc3339);
        let mut fact = serde_json::to_value(&stated.event).expect("plain data");
        fact.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        format!("@{version} {fact}")
    }

    /// Compares with the snapshot in `tests/snapshots/`.
    pub fn same_as_snapshot(name: &str, lines: &[String]) {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(format!("{}/tests/snapshots", env!("CARGO_MANIFEST_DIR")));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, lines.join("\n")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_unique_and_fit_a_path() {
        for (at, source) in SOURCES.iter().enumerate() {
            assert!(source.slug.bytes().all(|byte| byte.is_ascii_lowercase()), "{}", source.slug);
            assert!(SOURCES[..at].iter().all(|other| other.slug != source.slug), "{}", source.slug);
        }
    }

    /// Tries all that is done with a delivery.
    fn handle(source: &Source, headers: &Headers, body: &[u8]) {
        let _ = (source.check)(headers, body);
        let _ = (source.delivery_id)(headers, body);
        let _ = (source.parse)(headers, body);
        let _ = (source.verify)(headers, body, &["secret".into(), "whsec_".into(), ":".into()], At(0));
    }

    #[test]
    fn no_bytes_make_a_source_panic() {
        let mut bodies: Vec<Vec<u8>> =
            [&b""[..], b"{", b"[", b"{}", b"[]", b"[null, {}, 1]", b"\xff\xfe\0", b"null", b"{\"payload\":1e999}"].map(Into::into).into();
        bodies.extend(["jira:issue_updated", "comment_created"].map(|kind| format!("{{\"webhookEvent\":\"{kind}\"}}").into_bytes()));
        bodies.extend(["Issue", "Comment"].map(|kind| format!("{{\"type\":\"{kind}\",\"action\":\"create\"}}").into_bytes()));
        let github = ["", "push", "deployment_status", "issues", "pull_request", "release", "workflow_run", "pull_request_review"];
        let gitlab = ["push", "tag_push", "merge_request", "note", "issue", "work_item", "deployment", "pipeline", "release", "build"];
        let kinds = github.map(|kind| ("x-github-event", kind.to_owned())).into_iter();
        let kinds = kinds.chain(gitlab.map(|kind| ("x-gitlab-event", kind.to_owned())));
        let asks: Vec<_> = SOURCES.iter().filter_map(|source| source.pages.as_ref()).flat_map(|pages| (pages.begin)("a/b", None)).collect();
        let asked = asks.iter().map(|ask| (pages::ASKED, serde_json::to_string(ask).expect("plain data")));
        let kinds: Vec<(&str, String)> = kinds.chain(asked).chain([(pages::ASKED, "{".to_owned())]).collect();
        let keys = [
            "",
            "repo:push",
            "pullrequest:fulfilled",
            "pullrequest:approved",
            "repo:commit_status_created",
            "issue:updated",
            "pr:merged",
            "repo:refs_changed",
        ];
        let proofs = ["", "v1=", "t=,v1=00", "t=99999999999999999999,v1=00", "sha256=0", "v1,", "v1,AAAA v1,", "Basic", "Basic Og=="];
        for source in SOURCES {
            for (body, key) in bodies.iter().flat_map(|body| keys.iter().map(move |key| (body, key))) {
                for proof in proofs {
                    let names = [
                        "x-pagerduty-signature",
                        "x-rootly-signature",
                        "x-hub-signature",
                        "webhook-signature",
                        "webhook-id",
                        "webhook-timestamp",
                        "authorization",
                    ];
                    let mut headers: std::collections::BTreeMap<_, _> = names.map(|name| (name.to_owned(), proof.to_owned())).into();
                    headers.insert("x-event-key".to_owned(), (*key).to_owned());
                    handle(source, &Headers(headers), body);
                }
            }
            for (body, (header, kind)) in bodies.iter().flat_map(|body| kinds.iter().map(move |kind| (body, kind))) {
                let headers = Headers([((*header).to_owned(), kind.clone())].into());
                handle(source, &headers, body);
            }
            let Some(pages) = &source.pages else { continue };
            let memories = [None, Some(r#"{"issues":"","issue":"1"}"#.to_owned())];
            let paths = ["", "/", "/x/statuses", "/search", "/search/jql?", "/approximate-count", "/changelog"];
            let read = |ask: &pages::Ask, body: &[u8]| {
                let _ = (pages.read)(ask, &pages::Answer { headers: Headers::default(), body: body.to_vec() });
            };
            for (body, memory) in bodies.iter().flat_map(|body| memories.iter().map(move |memory| (body, memory))) {
                for ask in (pages.begin)("\"", None) {
                    read(&ask, body);
                    for path in paths {
                        read(&pages::Ask { path: path.into(), memory: memory.clone(), body: Some("{}".into()), ..ask.clone() }, body);
                    }
                }
            }
        }
    }

    /// The paths to everything in a payload.
    fn paths(value: &serde_json::Value, at: &str, found: &mut Vec<String>) {
        let entries: Vec<(String, &serde_json::Value)> = match value {
            serde_json::Value::Object(members) => {
                members.iter().map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value)).collect()
            }
            serde_json::Value::Array(list) => list.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
            _ => Vec::new(),
        };
        for (name, value) in entries {
            found.push(format!("{at}/{name}"));
            paths(value, &format!("{at}/{name}"), found);
        }
    }

    #[test]
    fn no_field_of_another_type_makes_a_source_panic() {
        let root = format!("{}/tests/fixtures", env!("CARGO_MANIFEST_DIR"));
        let others = [
            serde_json::json!(null),
            serde_json::json!(-1.5e300),
            serde_json::json!("größer # <"),
            serde_json::json!([{}, [], 7]),
            serde_json::json!({"": {}}),
        ];
        let mut tried = 0;
        for source in SOURCES.iter().filter(|source| source.webhook) {
            for entry in std::fs::read_dir(format!("{root}/{}", source.slug)).expect("the fixtures") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    continue;
                }
                let Ok(whole) = serde_json::from_slice::<serde_json::Value>(&std::fs::read(&path).expect("a file")) else { continue };
                let mut found = Vec::new();
                paths(&whole, "", &mut found);
                if found.len() > 130 {
                    continue; // GitHub's own are large, and read into structs
                }
                let headers = (source.recorded)(&path.file_name().expect("a name").to_string_lossy());
                for (at, other) in found.iter().flat_map(|at| others.iter().map(move |other| (at, other))) {
                    let mut changed = whole.clone();
                    *changed.pointer_mut(at).expect("its own path") = other.clone();
                    handle(source, &headers, changed.to_string().as_bytes());
                    tried += 1;
                }
            }
        }
        assert!(tried > 10_000, "{tried}");
    }
}
