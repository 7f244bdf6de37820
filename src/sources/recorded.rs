//! Recorded webhooks, for `pacer import SOURCE FILE|FOLDER`: a file that holds one body and whose name starts with the
//! event kind, or JSON lines of `{"headers":{},"body":{}}`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::generic::{row::not_json, texts::Texts};
use super::{Headers, Source};
use crate::domain::event::Rejected;

/// One recorded delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// As recorded, else as the file name implies.
    pub headers: Headers,
    /// The bytes to parse.
    pub body: Vec<u8>,
    /// The line of the file that it began on, from 1.
    pub line: u64,
}

#[derive(Deserialize)]
struct Line<'a> {
    headers: BTreeMap<String, Value>,
    #[serde(borrow)]
    body: &'a RawValue,
}

/// The deliveries in a file of that name. Lines that are no delivery are told with their reason.
pub fn split(source: &Source, file_name: &str, bytes: &[u8]) -> Vec<Result<Delivery, Rejected>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut texts = Texts::new(bytes);
    let mut found = Vec::new();
    while let Some(text) = texts.next_text().unwrap_or_default() {
        let recorded = match serde_json::from_slice::<Line<'_>>(text.bytes) {
            Ok(line) => Ok(delivery(&line, text.line)),
            Err(_) if found.is_empty() => {
                // The first text is no recorded line: the file is one body.
                return vec![Ok(Delivery { headers: (source.recorded)(file_name), body: bytes.to_vec(), line: 1 })];
            }
            Err(error) => Err(Rejected { line: text.line, reason: reason(&error) }),
        };
        found.push(recorded);
    }
    found
}

/// The header that names the event kind, from a file name that begins with it, as in `deployment_status.created.1.json`.
pub fn kind(header: &str, file_name: &str) -> Headers {
    let end = file_name.find(|letter: char| !letter.is_ascii_lowercase() && letter != '_').unwrap_or(file_name.len());
    let kind = file_name[..end].trim_end_matches('_');
    if kind.is_empty() { Headers::default() } else { Headers([(header.to_owned(), kind.to_owned())].into()) }
}

fn reason(error: &serde_json::Error) -> String {
    if error.is_data() { format!("it is not `{{\"headers\":{{}},\"body\":{{}}}}`: {error}") } else { not_json(error) }
}

fn delivery(line: &Line<'_>, at: u64) -> Delivery {
    let value = |value: &Value| match value {
        Value::String(text) => text.clone(),
        // Some recorders keep every value of a header in a list.
        Value::Array(list) => list.first().and_then(Value::as_str).unwrap_or_default().to_owned(),
        other => other.to_string(),
    };
    let headers = line.headers.iter().map(|(name, held)| (name.to_lowercase(), value(held))).collect();
    // A body that was kept as a text is the bytes themselves.
    let raw = line.body.get();
    let body = serde_json::from_str::<String>(raw).unwrap_or_else(|_| raw.to_owned());
    Delivery { headers: Headers(headers), body: body.into_bytes(), line: at }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::github;

    fn check(file_name: &str, text: &str, expect: &[(&str, &str, u64)]) {
        let found = split(&github::SOURCE, file_name, text.as_bytes());
        let found: Vec<_> = found
            .iter()
            .map(|found| match found {
                Ok(found) => (
                    found.headers.get("x-github-event").unwrap_or("none").to_owned(),
                    String::from_utf8_lossy(&found.body).into_owned(),
                    found.line,
                ),
                Err(rejected) => ("rejected".into(), rejected.reason.clone(), rejected.line),
            })
            .collect();
        let expect: Vec<_> = expect.iter().map(|(kind, body, line)| ((*kind).to_owned(), (*body).to_owned(), *line)).collect();
        assert_eq!(found, expect, "{file_name}: {text}");
    }

    #[test]
    fn a_file_is_one_body_or_recorded_lines() {
        check("deployment_status.created.1.json", "{\n \"a\": 1\n}", &[("deployment_status", "{\n \"a\": 1\n}", 1)]);
        check("push_2.json", "{}", &[("push", "{}", 1)]);
        check("2026-push.json", "{}", &[("none", "{}", 1)]);
        check("push.json", "{cut", &[("push", "{cut", 1)]);
        check("empty.jsonl", "\n", &[]);
        check(
            "all.jsonl",
            "{\"headers\":{\"X-GitHub-Event\":\"ping\"},\"body\":{\"a\": 1}}\n\n{\"headers\":{\"X-Github-Event\":[\"push\"]},\"body\":\"a=b\"}\n",
            &[("ping", "{\"a\": 1}", 1), ("push", "a=b", 3)],
        );
        let lines = "{\"headers\":{},\"body\":{}}\n{\"body\":1}\n{\"headers\"";
        let found = split(&github::SOURCE, "x.jsonl", lines.as_bytes());
        let reasons: Vec<_> = found.into_iter().filter_map(Result::err).map(|row| row.reason).collect();
        assert!(reasons[0].starts_with("it is not `{\"headers\"") && reasons[1].starts_with("it is not JSON"), "{reasons:?}");
    }
}
