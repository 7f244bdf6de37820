//! [`Object`]: a JSON object from outside, read field by field, so that a field of a wrong type is refused by its name, and
//! what nobody asks for (a description of a megabyte) is stepped over. For payloads of which pacer needs a few fields far
//! down.
//!
//! Why not one struct with serde: it says which type it missed, not where.

use std::collections::BTreeMap;

use chrono::DateTime;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{filled, needed};
use crate::domain::time::At;

/// Fields by their names, not read yet, and where in the body they stand.
pub struct Object<'a> {
    place: String,
    fields: BTreeMap<String, &'a RawValue>,
}

/// An id as some senders write it in quotes and some without.
#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Whole(i64),
}

impl<'a> Object<'a> {
    /// A whole body.
    pub fn parse(json: &'a [u8]) -> Result<Self, String> {
        let fields = serde_json::from_slice(json).map_err(|error| format!("it cannot be read: {error}"))?;
        Ok(Self { place: String::new(), fields })
    }

    /// A whole body that is a list.
    pub fn parse_list(json: &'a [u8]) -> Result<Vec<Self>, String> {
        let list: Vec<&RawValue> = serde_json::from_slice(json).map_err(|error| format!("it cannot be read: {error}"))?;
        members("", &list)
    }

    /// The name of a field, from the body's beginning.
    pub fn name(&self, field: &str) -> String {
        format!("{}{field}", self.place)
    }

    /// Whether the field is there, be it null.
    pub fn has(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }

    fn read<T: Deserialize<'a>>(&self, field: &str, kind: &str) -> Result<Option<T>, String> {
        let Some(raw) = self.fields.get(field) else { return Ok(None) };
        serde_json::from_str(raw.get()).map_err(|_| format!("{} is not {kind}", self.name(field)))
    }

    /// What must be there.
    pub fn needed<T>(&self, value: Option<T>, field: &str) -> Result<T, String> {
        needed(value, &self.name(field))
    }

    /// A text that says something.
    pub fn text(&self, field: &str) -> Result<Option<String>, String> {
        Ok(filled(self.read(field, "a text")?))
    }

    /// An id.
    pub fn id(&self, field: &str) -> Result<Option<String>, String> {
        Ok(self.read(field, "a text or a whole number")?.and_then(|id| match id {
            Id::Text(text) => filled(Some(text)),
            Id::Whole(number) => Some(number.to_string()),
        }))
    }

    /// A whole number.
    pub fn whole(&self, field: &str) -> Result<Option<i64>, String> {
        self.read(field, "a whole number")
    }

    /// `true` or `false`.
    pub fn truth(&self, field: &str) -> Result<Option<bool>, String> {
        self.read(field, "true or false")
    }

    /// Texts; none where the field is absent.
    pub fn texts(&self, field: &str) -> Result<Vec<String>, String> {
        Ok(self.read(field, "a list of texts")?.unwrap_or_default())
    }

    /// An instant in RFC 3339, or with an offset without a colon, as Jira writes it.
    pub fn at(&self, field: &str) -> Result<Option<At>, String> {
        let Some(text) = self.text(field)? else { return Ok(None) };
        let loose = || DateTime::parse_from_str(text.trim(), "%Y-%m-%dT%H:%M:%S%.f%z").ok().map(|at| At(at.timestamp_micros()));
        let at = At::parse(&text).or_else(loose).ok_or_else(|| format!("{} is not a time", self.name(field)))?;
        Ok(Some(at))
    }

    /// An instant in milliseconds since 1970.
    pub fn millis(&self, field: &str) -> Result<Option<At>, String> {
        let millis: Option<i64> = self.read(field, "a time in milliseconds")?;
        Ok(millis.map(|millis| At(millis.saturating_mul(1_000))))
    }

    /// An object in the object.
    pub fn object(&self, field: &str) -> Result<Option<Self>, String> {
        let fields = self.read(field, "an object")?;
        Ok(fields.map(|fields| Self { place: format!("{}.", self.name(field)), fields }))
    }

    /// Objects in a list; none where the field is absent.
    pub fn objects(&self, field: &str) -> Result<Vec<Self>, String> {
        let list: Vec<&RawValue> = self.read(field, "a list")?.unwrap_or_default();
        members(&self.name(field), &list)
    }
}

fn members<'a>(name: &str, list: &[&'a RawValue]) -> Result<Vec<Object<'a>>, String> {
    let member = |(index, raw): (usize, &&'a RawValue)| {
        let place = format!("{name}[{index}]");
        let fields = serde_json::from_str(raw.get()).map_err(|_| format!("{place} is not an object"))?;
        Ok(Object { place: format!("{place}."), fields })
    };
    list.iter().enumerate().map(member).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_named_from_the_beginning() {
        let body = br#"{"a": {"b": [{"c": 5, "d": "x", "e": null, "f": [1]}, 7]}}"#;
        let a = Object::parse(body).expect("an object").object("a").expect("an object").expect("there");
        assert_eq!(a.objects("b").err().as_deref(), Some("a.b[1] is not an object"));
        let body = br#"{"a": {"b": [{"c": 5, "d": "x", "e": null, "f": [1]}]}}"#;
        let a = Object::parse(body).expect("an object").object("a").expect("an object").expect("there");
        let c = a.objects("b").expect("a list").remove(0);
        let wrong = [
            c.text("c").err(),
            c.whole("d").err(),
            c.truth("c").err(),
            c.texts("f").err(),
            c.texts("d").err(),
            c.at("d").err(),
            c.at("c").err(),
            c.millis("d").err(),
            c.object("c").err(),
            c.objects("d").err(),
            c.needed(c.text("e").expect("null is none"), "e").err(),
            c.id("f").err(),
        ];
        let expect = [
            "a.b[0].c is not a text",
            "a.b[0].d is not a whole number",
            "a.b[0].c is not true or false",
            "a.b[0].f is not a list of texts",
            "a.b[0].d is not a list of texts",
            "a.b[0].d is not a time",
            "a.b[0].c is not a text",
            "a.b[0].d is not a time in milliseconds",
            "a.b[0].c is not an object",
            "a.b[0].d is not a list",
            "it has no a.b[0].e",
            "a.b[0].f is not a text or a whole number",
        ];
        assert_eq!(wrong.map(Option::unwrap_or_default), expect);
        assert_eq!((c.id("c"), c.id("d"), c.text("none")), (Ok(Some("5".into())), Ok(Some("x".into())), Ok(None)));
        assert_eq!(Object::parse_list(b"[1]").err().as_deref(), Some("[0] is not an object"));
        assert!(Object::parse(b"[]").is_err() && Object::parse(b"{").is_err() && Object::parse_list(b"{}").is_err());
    }

    #[test]
    fn offsets_may_lack_their_colon() {
        let check = |text: &str, expect: Option<&str>| {
            let body = format!("{{\"at\": {text:?}}}");
            let at = Object::parse(body.as_bytes()).expect("an object").at("at").ok().flatten();
            assert_eq!(at, expect.and_then(At::parse), "{text}");
        };
        check("2026-05-01T10:00:00.000+0200", Some("2026-05-01T08:00:00Z"));
        check("2026-05-01T10:00:00.123-0530", Some("2026-05-01T15:30:00.123Z"));
        check("2026-05-01T10:00:00+02:00", Some("2026-05-01T08:00:00Z"));
        check("2026-05-01T10:00:00.5Z", Some("2026-05-01T10:00:00.5Z"));
        check("2026-05-01", None);
        check("2019-2-27 13:30:21,620", None);
    }
}
