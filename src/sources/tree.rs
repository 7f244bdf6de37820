//! [`Tree`]: a vendor's JSON, read by path: `event/data/service/summary` is the vendor's own notation for what is needed.
//!
//! Why not a struct a payload, as for GitHub: of a pager's forty kinds of delivery pacer reads five fields each, and a field
//! that it does not read must never cost the delivery. Here what has another type than expected is as good as absent, and
//! what is needed is asked for where it is used, so that the reason names the path. It holds outside text, so it never
//! decides on its own what a delivery means.

use chrono::DateTime;
use serde_json::Value;

use super::{Outcome, needed, without_nul};
use crate::domain::event::Parsed;
use crate::domain::time::At;

/// Microseconds in a millisecond.
const MILLI: i64 = 1_000;

/// A part of a payload.
#[derive(Debug, Clone, Copy)]
pub struct Tree<'a>(&'a Value);

/// The body as JSON, or why it is none.
pub fn read(body: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(&without_nul(body)).map_err(|error| format!("it cannot be read: {error}"))
}

/// What one delivery comes to, whose kind stands at a path.
pub fn parsed(body: &[u8], kind: &str, outcome: fn(Tree<'_>) -> Result<Outcome, String>) -> Parsed {
    match read(body) {
        Ok(value) => {
            let sent = Tree(&value);
            Outcome::parsed(outcome(sent), sent.text(kind).as_deref().unwrap_or("event"))
        }
        Err(reason) => Outcome::parsed(Err(reason), "event"),
    }
}

impl<'a> Tree<'a> {
    /// All of it.
    pub fn new(value: &'a Value) -> Self {
        Self(value)
    }

    /// What lies at a path, the empty one being here; `null` where there is nothing.
    pub fn at(self, path: &str) -> Self {
        path.split('/').filter(|name| !name.is_empty()).fold(self, |tree, name| Self(tree.0.get(name).unwrap_or(&Value::Null)))
    }

    /// Whether there is anything.
    pub fn is_some(self) -> bool {
        !self.0.is_null()
    }

    /// The text at a path, where it says something; a number is taken as it is written.
    pub fn text(self, path: &str) -> Option<String> {
        match self.at(path).0 {
            Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// The text at a path, or that it is missing.
    pub fn need(self, path: &str) -> Result<String, String> {
        needed(self.text(path), &path.replace('/', "."))
    }

    /// The text at a path, for comparison with known words; empty where there is none.
    pub fn word(self, path: &str) -> &'a str {
        self.at(path).0.as_str().unwrap_or_default()
    }

    /// The instant at a path: RFC 3339, an offset without its colon, or milliseconds since 1970. What is none of these, or
    /// before 1970 as senders write "never", is absent.
    pub fn time(self, path: &str) -> Option<At> {
        let at = match self.at(path).0 {
            Value::String(text) => {
                At::parse(text).or_else(|| Some(DateTime::parse_from_str(text.trim(), "%Y-%m-%dT%H:%M:%S%.f%z").ok()?.to_utc().into()))?
            }
            Value::Number(number) => At(number.as_i64()?.saturating_mul(MILLI)),
            _ => return None,
        };
        (at > At(0)).then_some(at)
    }

    /// The instant at a path, or that it is missing.
    pub fn need_time(self, path: &str) -> Result<At, String> {
        self.time(path).ok_or_else(|| match (path.replace('/', "."), self.text(path)) {
            (path, Some(text)) => format!("{path} is no time: `{}`", text.chars().take(40).collect::<String>()),
            (path, None) => format!("it has no {path}"),
        })
    }

    /// Whether `true` stands at a path.
    pub fn truth(self, path: &str) -> bool {
        self.at(path).0.as_bool() == Some(true)
    }

    /// The whole number at a path.
    pub fn number(self, path: &str) -> Option<i64> {
        self.at(path).0.as_i64()
    }

    /// The entries of the list at a path.
    pub fn list(self, path: &str) -> impl DoubleEndedIterator<Item = Self> + use<'a> {
        self.at(path).0.as_array().map(Vec::as_slice).unwrap_or_default().iter().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_of_another_type_is_absent() {
        let value = json!({"a": {"b": "x", "n": 7, "l": [{"c": " "}, {"c": "y"}], "t": true}, "s.d": "dotted", "null": null});
        let tree = Tree::new(&value);
        assert_eq!(
            (tree.text("a/b"), tree.text("a/n"), tree.text("a/l"), tree.text("a/b/c")),
            (Some("x".into()), Some("7".into()), None, None)
        );
        assert_eq!((tree.word("s.d"), tree.word("a"), tree.number("a/n"), tree.truth("a/t")), ("dotted", "", Some(7), true));
        assert_eq!(tree.list("a/l").map(|entry| entry.text("c")).collect::<Vec<_>>(), [None, Some("y".into())]);
        assert_eq!(tree.list("a/b").count() + usize::from(tree.at("null").is_some()), 0);
        assert_eq!(tree.need("a/z").expect_err("absent"), "it has no a.z");
    }

    #[test]
    fn times_are_read_as_vendors_write_them() {
        let check = |written: Value, expect: Option<&str>| {
            let value = json!({ "at": written });
            let found = Tree::new(&value).time("at").map(At::rfc3339);
            assert_eq!(found.as_deref(), expect, "{value}");
            assert_eq!(Tree::new(&value).need_time("at").is_err(), expect.is_none(), "{value}");
        };
        check(json!("2026-05-01T12:00:00+02:00"), Some("2026-05-01T10:00:00Z"));
        check(json!("2019-03-01T10:37:14+0100"), Some("2019-03-01T09:37:14Z")); // Bitbucket Data Center
        check(json!("2014-05-02T19:17:13.3309587Z"), Some("2014-05-02T19:17:13.330958Z")); // Azure DevOps
        check(json!(1_551_432_675_860_i64), Some("2019-03-01T09:31:15.860Z"));
        check(json!("0001-01-01T00:00:00"), None);
        check(json!("0001-01-01T00:00:00Z"), None);
        check(json!("yesterday"), None);
        check(json!({}), None);
        check(json!(u64::MAX), None);
    }
}
