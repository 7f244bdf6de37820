//! Recorded payloads in `tests/fixtures/`, and what the sources make of them. For the sources' tests alone.

use serde_json::Value;

use super::pages::{ASKED, Answer, Ask, Page};
use super::{Headers, Source, recorded};
use crate::domain::event::{Parsed, Stated};
use crate::domain::time::At;

/// A recorded file of a source, by its path below the source's folder.
pub fn file(source: &Source, path: &str) -> Vec<u8> {
    let path = format!("{}/tests/fixtures/{}/{path}", env!("CARGO_MANIFEST_DIR"), source.slug);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A recorded payload of a source, by its name without `.json`.
pub fn payload(source: &Source, name: &str) -> Value {
    serde_json::from_slice(&file(source, &format!("{name}.json"))).expect(name)
}

/// The names of the files in one of a source's folders that end in `.json`, in order.
pub fn names(source: &Source, folder: &str) -> Vec<String> {
    let path = format!("{}/tests/fixtures/{}/{folder}", env!("CARGO_MANIFEST_DIR"), source.slug);
    let entries = std::fs::read_dir(&path).into_iter().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name")).collect();
    names.retain(|name| std::path::Path::new(name).extension().is_some_and(|end| end == "json"));
    names.sort();
    names
}

/// A payload with other values at those places.
pub fn changed(mut payload: Value, places: &[(&str, Value)]) -> Value {
    for (place, value) in places {
        *payload.pointer_mut(place).unwrap_or_else(|| panic!("nothing at {place}")) = value.clone();
    }
    payload
}

/// A delivery with those headers, parsed.
pub fn parsed(source: &Source, headers: &Headers, payload: &Value) -> Parsed {
    (source.parse)(headers, payload.to_string().as_bytes())
}

/// The facts of a delivery that is used, all of it.
pub fn facts(parsed: Parsed) -> Vec<Stated> {
    assert_eq!((parsed.rejected.as_slice(), &parsed.ignored), (&[][..], &None));
    parsed.events
}

/// Why rows were rejected.
pub fn reasons(parsed: &Parsed) -> Vec<&str> {
    parsed.rejected.iter().map(|row| row.reason.as_str()).collect()
}

/// Sees that one row was rejected, for a reason that says so.
pub fn assert_rejected(parsed: &Parsed, expect: &str) {
    let reasons = reasons(parsed);
    assert!(reasons.len() == 1 && reasons[0].contains(expect), "{reasons:?} does not say {expect:?}");
}

/// The headers of a page as it is stored.
pub fn asked(ask: &Ask) -> Headers {
    Headers([(ASKED.to_owned(), serde_json::to_string(ask).expect("plain data"))].into())
}

/// The first ask of each stream of a scope, for what changed since an instant.
pub fn begin(source: &Source, scope: &str, since: Option<&str>) -> Vec<Ask> {
    (source.pages.as_ref().expect("pages").begin)(scope, since.map(|at| At::parse(at).expect("an instant")))
}

/// What an answer says, with those headers.
pub fn page(source: &Source, ask: &Ask, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Result<Page, String> {
    let headers = Headers(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect());
    (source.pages.as_ref().expect("pages").read)(ask, &Answer { headers, body: body.into() })
}

/// Each payload of the folder, parsed: its name, then one line an event, or why there is none.
pub fn walk(source: &Source) -> Vec<String> {
    names(source, "").iter().flat_map(|name| one(source, name, &file(source, name))).collect()
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
    let (mut asks, mut lines) = (vec![first], Vec::new());
    for name in names(source, "pages").iter().filter(|name| name.starts_with(beginning)) {
        let ask = asks.pop().expect("an ask for each answer");
        lines.push(format!("ask {}", serde_json::to_string(&ask).expect("plain data")));
        let body = file(source, &format!("pages/{name}"));
        let page = page(source, &ask, &[], body.clone()).unwrap_or_else(|why| panic!("{name}: {why}"));
        lines.push(format!("{name} lists {} of {:?}", page.listed, page.total));
        lines.extend(page.events.iter().map(line));
        assert_eq!((source.parse)(&asked(&ask), &body), page.clone().parsed(&ask), "{name}: a stored page says the same");
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
