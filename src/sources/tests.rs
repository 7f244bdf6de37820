//! The registry, and what no source may do whatever it is sent: panic.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::pages::{ASKED, Answer, Ask, STATUS};
use super::*;

#[test]
fn slugs_are_unique_and_fit_a_path() {
    for (at, source) in SOURCES.iter().enumerate() {
        assert!(source.slug.bytes().all(|byte| byte.is_ascii_lowercase()), "{}", source.slug);
        assert!(SOURCES[..at].iter().all(|other| other.slug != source.slug), "{}", source.slug);
    }
}

/// How many bytes are tried on a source, so that the test takes seconds in a debug build.
const MOST: usize = 1_500_000;

/// Bodies of the sources that have nothing recorded, or no page.
const OURS: [(&str, &str); 5] = [
    (
        "json",
        r#"[{"type":"deployment","id":"d","service":"s","status":"success","finished_at":"2026-05-01T10:00:00Z","flags":["hotfix"],"commits":[{"sha":"a","paths":["x"]}]},{"type":"run","id":"r","repository":"o/r","status":"running"}]"#,
    ),
    (
        "json",
        "{\"type\":\"change\",\"id\":\"c\",\"repository\":\"o/r\",\"lines_added\":1,\"labels\":[\"x\"]}\n{\"type\":\"item\",\"id\":\"i\"}\n",
    ),
    ("csv", "type;id;service;status;finished_at;labels\r\ndeployment;d;s;success;2026-05-01T10:00:00Z;\"a;b\"\r\n"),
    (
        "pagerduty",
        r#"{"incidents":[{"id":"P1","type":"incident","status":"resolved","created_at":"2026-05-01T10:00:00Z","service":{"summary":"s"},"resolve_reason":{"type":"merge_resolve_reason","incident":{"id":"P2"}}}],"more":true,"total":1}"#,
    ),
    ("pagerduty", r#"{"incidents":[],"more":false}"#),
];

fn ours(source: &Source) -> impl Iterator<Item = Vec<u8>> {
    OURS.iter().filter(|(slug, _)| *slug == source.slug).map(|(_, body)| body.as_bytes().to_vec())
}

/// The source's own deliveries.
fn deliveries(source: &Source) -> Vec<(Headers, Vec<u8>)> {
    let recorded = golden::names(source, "").into_iter().map(|name| ((source.recorded)(&name), golden::file(source, &name)));
    recorded.chain(ours(source).map(|body| (Headers::default(), body))).collect()
}

/// The source's own pages, each with the asks that may bring it: those that the first ones lead to, one of each form.
fn pages_of(source: &Source) -> Vec<(Ask, Vec<u8>)> {
    let Some(pages) = &source.pages else { return Vec::new() };
    let recorded = golden::names(source, "pages").into_iter().map(|name| golden::file(source, &format!("pages/{name}")));
    let bodies: Vec<Vec<u8>> = recorded.chain(ours(source)).collect();
    let gone = Answer { headers: Headers([(STATUS.to_owned(), "404".to_owned())].into()), body: Vec::new() };
    let link = "<https://x/y?page=2>; rel=\"next\", <https://x/y?page=9>; rel=\"last\"";
    let headers = Headers(
        [("link", link), ("date", "Fri, 01 May 2026 10:00:00 GMT")].map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
    );
    let answers: Vec<Answer> = bodies.iter().map(|body| Answer { headers: headers.clone(), body: body.clone() }).chain([gone]).collect();
    let form = |ask: &Ask| {
        let path = ask.path.replace("/3/", "/cloud/"); // Jira's two APIs differ by a digit
        format!("{} {path} {:?}", ask.stream, ask.memory).replace(|letter: char| letter.is_ascii_digit(), "")
    };
    let mut asks: Vec<Ask> = Vec::new();
    let mut new: VecDeque<Ask> =
        [None, At::parse("2026-05-01T00:00:00Z"), Some(At(i64::MAX))].into_iter().flat_map(|since| (pages.begin)("a/b", since)).collect();
    while let Some(ask) = new.pop_front() {
        if asks.len() < 60 && asks.iter().all(|known| form(known) != form(&ask)) {
            let read = answers.iter().filter_map(|answer| (pages.read)(&ask, answer).ok());
            new.extend(read.flat_map(|page| page.inner.into_iter().chain(page.next)));
            asks.push(ask);
        }
    }
    asks.iter().flat_map(|ask| bodies.iter().map(move |body| (ask.clone(), body.clone()))).collect()
}

/// The paths to everything in a payload.
fn paths(value: &Value, at: &str, found: &mut Vec<String>) {
    let entries: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (name, value) in entries {
        found.push(format!("{at}/{name}"));
        paths(value, &format!("{at}/{name}"), found);
    }
}

/// What a body may become: cut off, in another encoding, something else altogether, and, as far as `most` bytes go, with
/// one field of another type.
fn spoilt(body: &[u8], most: usize) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = (0..8).map(|eighth| body[..body.len() * eighth / 8].to_vec()).collect();
    let with = |byte: u8| [&body[..body.len() / 2], &[byte][..], &body[body.len() / 2..]].concat();
    all.extend([with(0xff), with(0), [b"\xef\xbb\xbf", body].concat(), body.iter().flat_map(|byte| [*byte, 0]).collect()]);
    all.extend(["[]", "{}", "null", "[null,{},1]", "{\"a\":1e999}", "\"\\u0000\"", "\u{0}"].map(Vec::from));
    let Ok(whole) = serde_json::from_slice::<Value>(body) else { return all };
    let others =
        [json!(null), json!(-1.5e300), json!(i64::MAX), json!("größer # <\u{0}"), json!([{}, [], 7]), json!({"": {}}), json!(true)];
    let mut fields = Vec::new();
    paths(&whole, "", &mut fields);
    let step = (fields.len() * others.len() * body.len() / most.max(1)).max(1);
    let step = if step.is_multiple_of(others.len()) { step + 1 } else { step };
    for at in (0..fields.len() * others.len()).step_by(step) {
        let place = (fields[at / others.len()].as_str(), others[at % others.len()].clone());
        all.push(golden::changed(whole.clone(), &[place]).to_string().into_bytes());
    }
    all
}

/// Headers that say of the body what is not so.
fn misleading(headers: &Headers) -> Headers {
    let odd = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("content-encoding", "gzip"),
        ("ce-type", "dev.cdevents."),
        ("ce-time", "soon"),
        (ASKED, "{"),
    ];
    Headers(headers.0.clone().into_iter().chain(odd.map(|(name, value)| (name.to_owned(), value.to_owned()))).collect())
}

#[test]
fn nothing_that_is_sent_makes_a_source_panic() {
    let mut tried = 0;
    for source in SOURCES {
        let (deliveries, pages) = (deliveries(source), pages_of(source));
        let each = MOST / (deliveries.len() + pages.len()).max(1);
        assert!(source.pages.is_none() || pages.len() > 5, "{}: {} pages", source.slug, pages.len());
        for (headers, body) in &deliveries {
            for (at, body) in spoilt(body, each).iter().enumerate() {
                tried += 1;
                let headers = if at % 4 == 3 { &misleading(headers) } else { headers };
                let _ = (source.check)(headers, body);
                let _ = (source.delivery_id)(headers, body);
                let parsed = (source.parse)(headers, body);
                assert!(parsed.ignored.is_none() || parsed.events.is_empty(), "{}: used and ignored", source.slug);
            }
        }
        for (ask, body) in pages {
            for body in spoilt(&body, each) {
                tried += 1;
                let _ = (source.parse)(&golden::asked(&ask), &body);
                let _ = golden::page(source, &ask, &[("link", "<>; rel=\"next\""), ("date", "never")], body);
            }
        }
        let names = [
            "x-pagerduty-signature",
            "x-rootly-signature",
            "x-hub-signature",
            "x-hub-signature-256",
            "x-gitlab-token",
            "linear-signature",
            "webhook-signature",
            "webhook-id",
            "webhook-timestamp",
            "authorization",
        ];
        for proof in
            ["", "v1=", "t=,v1=00", "t=99999999999999999999,v1=00", "sha256=0", "v1,", "v1,AAAA v1,", "Basic", "Basic Og==", "Bearer"]
        {
            let headers = Headers(names.map(|name| (name.to_owned(), proof.to_owned())).into());
            for body in [&b""[..], b"{", b"{\"webhookTimestamp\":-9223372036854775808}"] {
                let _ = (source.verify)(&headers, body, &["secret".into(), "whsec_".into(), ":".into(), String::new()], At(i64::MIN));
            }
        }
    }
    assert!(tried > 20_000, "{tried}");
}
