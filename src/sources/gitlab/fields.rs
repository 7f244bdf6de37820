//! GitLab's JSON, field by field: what is there is read as what it must be, and named with the way to it where it is
//! something else. Nothing is read that no caller asks for.
//!
//! Why not serde's structs: their error tells a column, not the field, and the same fact comes in three shapes (an old
//! webhook, a new one, the API) whose common fields are read by one function here.

use chrono::DateTime;
use serde_json::{Map, Value};

use super::super::generic::fields::short;
use super::super::{filled, needed};
use crate::domain::time::At;

/// An object of a payload. One that is absent reads as one without fields.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    members: Option<&'a Map<String, Value>>,
    /// The way to it, with a dot at its end; empty at the top.
    path: String,
}

impl<'a> Fields<'a> {
    /// The payload itself, or an entry of a list.
    pub fn of(value: &'a Value) -> Result<Self, String> {
        Self::at(value, String::new())
    }

    fn at(value: &'a Value, path: String) -> Result<Self, String> {
        match value {
            Value::Object(members) => Ok(Self { members: Some(members), path }),
            other => Err(wrong(path.trim_end_matches('.'), "an object", other)),
        }
    }

    /// A field that says something; `null` is absent.
    fn get(&self, name: &str) -> Option<&'a Value> {
        self.members?.get(name).filter(|value| !value.is_null())
    }

    fn read<T>(&self, name: &str, must_be: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Result<Option<T>, String> {
        let Some(value) = self.get(name) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| wrong(&format!("{}{name}", self.path), must_be, value))
    }

    /// A field's value where the fact can't do without it; its lack is the payload's own error.
    pub fn needed<T>(&self, name: &str, value: Option<T>) -> Result<T, String> {
        needed(value, &format!("{}{name}", self.path))
    }

    /// A text; an empty one is absent.
    pub fn text(&self, name: &str) -> Result<Option<String>, String> {
        self.read(name, "a text", |value| value.as_str().map(str::to_owned)).map(filled)
    }

    /// An id or a count.
    pub fn number(&self, name: &str) -> Result<Option<u64>, String> {
        self.read(name, "a whole number", Value::as_u64)
    }

    /// `true` or `false`.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, String> {
        self.read(name, "true or false", Value::as_bool)
    }

    /// A time in any of GitLab's formats.
    pub fn time(&self, name: &str) -> Result<Option<At>, String> {
        self.read(name, "a time", |value| value.as_str().filter(|text| !text.is_empty()).and_then(time_of))
    }

    /// An object within; one without fields where it is absent.
    pub fn object(&self, name: &str) -> Result<Self, String> {
        let path = format!("{}{name}.", self.path);
        self.get(name).map_or(Ok(Self { members: None, path: path.clone() }), |value| Self::at(value, path.clone()))
    }

    /// The entries of a list; none where it is absent.
    fn list(&self, name: &str) -> Result<impl Iterator<Item = (String, &'a Value)>, String> {
        let list = self.read(name, "a list", Value::as_array)?;
        let path = format!("{}{name}", self.path);
        Ok(list.into_iter().flatten().enumerate().map(move |(at, value)| (format!("{path}[{at}]"), value)))
    }

    /// A list of objects.
    pub fn objects(&self, name: &str) -> Result<Vec<Self>, String> {
        self.list(name)?.map(|(place, value)| Self::at(value, format!("{place}."))).collect()
    }

    /// A list of texts; none where it is absent.
    pub fn texts(&self, name: &str) -> Result<Option<Vec<String>>, String> {
        if self.get(name).is_none() {
            return Ok(None);
        }
        let text = |(place, value): (String, &Value)| value.as_str().map(str::to_owned).ok_or_else(|| wrong(&place, "a text", value));
        self.list(name)?.map(text).collect::<Result<_, _>>().map(Some)
    }

    /// The names of labels: texts in the API, objects with a `title` in webhooks.
    pub fn labels(&self) -> Result<Vec<String>, String> {
        let name = |(place, value): (String, &'a Value)| match value {
            Value::String(label) => Ok(Some(label.clone())),
            other => Self::at(other, format!("{place}."))?.text("title"),
        };
        self.list("labels")?.filter_map(|entry| name(entry).transpose()).collect()
    }
}

fn wrong(place: &str, must_be: &str, value: &Value) -> String {
    let place = if place.is_empty() { "it" } else { place };
    format!("{place} must be {must_be}, not {}", short(&value.to_string()))
}

/// RFC 3339, or a time and `UTC` or an offset apart: `2023-11-27 12:00:00 +0200`.
fn time_of(text: &str) -> Option<At> {
    At::parse(text).or_else(|| {
        let text = text.trim();
        let numeric = text.strip_suffix(" UTC").map(|text| format!("{text} +0000"));
        DateTime::parse_from_str(numeric.as_deref().unwrap_or(text), "%Y-%m-%d %H:%M:%S%.f %z").ok().map(|at| At(at.timestamp_micros()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn three_formats_of_time_are_read() {
        let check = |text: &str, expect: Option<&str>| assert_eq!(time_of(text).map(At::rfc3339).as_deref(), expect, "{text}");
        check("2023-11-27 12:00:00 UTC", Some("2023-11-27T12:00:00Z"));
        check("2023-11-27 12:00:00 +0200", Some("2023-11-27T10:00:00Z"));
        check("2023-11-27 12:00:00 -0730", Some("2023-11-27T19:30:00Z"));
        check("2023-11-27 12:00:00.25 UTC", Some("2023-11-27T12:00:00.250Z"));
        check("2023-11-27T12:00:00Z", Some("2023-11-27T12:00:00Z"));
        check("2023-11-27T12:00:00.123+02:00", Some("2023-11-27T10:00:00.123Z"));
        check("2023-11-27 12:00:00", None);
        check("2023-11-27", None);
        check("2023-11-27 12:00:00 CET", None);
        check("yesterday", None);
    }

    #[test]
    fn a_field_that_holds_something_else_is_named() {
        let payload = json!({"a": {"b": [{"c": 5}, 6]}, "n": "1", "f": "x", "t": "soon", "labels": [{"title": 3}]});
        let root = Fields::of(&payload).expect("an object");
        let a = root.object("a").expect("an object");
        let first = a.objects("b").err();
        assert_eq!(first.as_deref(), Some("a.b[1] must be an object, not 6"));
        assert_eq!(a.text("b").err().as_deref(), Some("a.b must be a text, not [{\"c\":5},6]"));
        assert_eq!(a.texts("b").err().as_deref(), Some("a.b[0] must be a text, not {\"c\":5}"));
        assert_eq!(root.number("n").err().as_deref(), Some("n must be a whole number, not \"1\""));
        assert_eq!(root.flag("f").err().as_deref(), Some("f must be true or false, not \"x\""));
        assert_eq!(root.time("t").err().as_deref(), Some("t must be a time, not \"soon\""));
        assert_eq!(root.labels().err().as_deref(), Some("labels[0].title must be a text, not 3"));
        assert_eq!(root.object("n").err().as_deref(), Some("n must be an object, not \"1\""));
        assert_eq!(Fields::of(&json!([1])).err().as_deref(), Some("it must be an object, not [1]"));
    }

    #[test]
    fn what_is_absent_null_or_empty_says_nothing() {
        let payload = json!({"a": null, "b": "", "c": " ", "labels": ["x", {"title": "y"}, {}]});
        let root = Fields::of(&payload).expect("an object");
        assert_eq!((root.text("a"), root.text("b"), root.text("c"), root.text("d")), (Ok(None), Ok(None), Ok(None), Ok(None)));
        assert_eq!(root.object("a").and_then(|a| a.object("x")?.number("y")), Ok(None));
        assert_eq!(root.objects("a").map(|list| list.len()), Ok(0));
        assert_eq!(root.labels(), Ok(vec!["x".to_owned(), "y".to_owned()]));
    }
}
