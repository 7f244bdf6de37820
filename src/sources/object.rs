//! [`Object`]: a JSON object from outside, read field by field. The one reader of all sources that need a few fields far down
//! in payloads of which they know no schema.
//!
//! A path (`pullrequest/source/branch`) leads to a field; what is absent anywhere on the way, or null, is absent. What is
//! there must be what it is read as, else the delivery is rejected and the reason names the path. Why not treat it as absent:
//! an incident whose end was misread would stay open, and nobody would see why; what is rejected is kept and shown with its
//! reason, and `pacer replay` heals it. Where a vendor itself writes a field in two forms, the source reads both
//! ([`Object::is_text`]). A field that nobody reads costs nothing: it is stepped over, be it a megabyte long, and may hold anything.
//!
//! Why not a struct with serde: it says which type it missed, not where, and one odd field costs all of it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::generic::fields::short;
use super::{Outcome, Read, filled, needed, read, times, without_nul};
use crate::domain::event::Parsed;
use crate::domain::time::At;

/// Fields by their names, not read yet. One that is absent reads as one without fields.
pub struct Object<'a> {
    fields: Option<BTreeMap<String, &'a RawValue>>,
    /// The way to it from the body's beginning, with a dot at its end; empty at the beginning.
    place: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum TextOrNumber {
    Text(String),
    Number(i64),
}

/// What one delivery comes to. Its kind is asked for first: reasons begin with it.
pub fn parsed(
    body: &[u8],
    kind: impl FnOnce(&Object<'_>) -> Result<String, String>,
    outcome: impl FnOnce(&Object<'_>, &str) -> Read,
) -> Parsed {
    let json = without_nul(body);
    match Object::parse(&json).and_then(|sent| kind(&sent).map(|kind| (sent, kind))) {
        Ok((sent, kind)) => Outcome::parsed(outcome(&sent, &kind), &kind),
        Err(reason) => Outcome::parsed(Err(reason), "delivery"),
    }
}

/// The id at a path of a body; none where the body can't be read.
pub fn id_in(body: &[u8], path: &str) -> Option<String> {
    Object::parse(&without_nul(body)).and_then(|sent| sent.id(path)).ok().flatten()
}

impl<'a> Object<'a> {
    /// A whole body.
    pub fn parse(json: &'a [u8]) -> Result<Self, String> {
        Ok(Self { fields: Some(read(json)?), place: String::new() })
    }

    /// A whole body that is a list: each of its things, or why it is none.
    pub fn parse_list(json: &'a [u8]) -> Result<Vec<Result<Self, String>>, String> {
        let list: Vec<&RawValue> = read(json)?;
        Ok(list.into_iter().enumerate().map(|(index, raw)| Self::of(raw, &format!("[{index}]"))).collect())
    }

    fn of(raw: &'a RawValue, place: &str) -> Result<Self, String> {
        let fields = serde_json::from_str(raw.get()).map_err(|_| wrong(place, "an object", raw))?;
        Ok(Self { fields: Some(fields), place: format!("{place}.") })
    }

    /// The name of what stands at a path, from the body's beginning.
    fn name(&self, path: &str) -> String {
        format!("{}{}", self.place, path.replace('/', "."))
    }

    fn raw(&self, path: &str) -> Result<Option<&'a RawValue>, String> {
        match path.rsplit_once('/') {
            Some((way, field)) => self.object(way)?.raw(field),
            None => Ok(self.fields.as_ref().and_then(|fields| fields.get(path)).copied()),
        }
    }

    fn read<T: Deserialize<'a>>(&self, path: &str, must_be: &str) -> Result<Option<T>, String> {
        let Some(raw) = self.raw(path)? else { return Ok(None) };
        serde_json::from_str(raw.get()).map_err(|_| wrong(&self.name(path), must_be, raw))
    }

    /// What must be there.
    pub fn needed<T>(&self, path: &str, value: Option<T>) -> Result<T, String> {
        needed(value, &self.name(path))
    }

    /// Whether it is there at all.
    pub fn is_some(&self) -> bool {
        self.fields.is_some()
    }

    /// Whether it has such a field, be it null.
    pub fn has(&self, field: &str) -> bool {
        self.fields.as_ref().is_some_and(|fields| fields.contains_key(field))
    }

    /// Whether a text stands there: of a field that is written in two forms.
    pub fn is_text(&self, path: &str) -> bool {
        self.raw(path).is_ok_and(|raw| raw.is_some_and(|raw| raw.get().starts_with('"')))
    }

    /// A text that says something.
    pub fn text(&self, path: &str) -> Result<Option<String>, String> {
        Ok(filled(self.read(path, "a text")?))
    }

    /// A text that must be there.
    pub fn need_text(&self, path: &str) -> Result<String, String> {
        self.needed(path, self.text(path)?)
    }

    /// A text that says something, or that of an object's field.
    pub fn text_or(&self, path: &str, field: &str) -> Result<Option<String>, String> {
        if self.is_text(path) { self.text(path) } else { self.text(&format!("{path}/{field}")) }
    }

    /// A text to compare with known words; empty where there is none.
    pub fn word(&self, path: &str) -> Result<String, String> {
        Ok(self.text(path)?.unwrap_or_default())
    }

    /// Whether that text stands there.
    pub fn is(&self, path: &str, word: &str) -> Result<bool, String> {
        Ok(self.text(path)?.as_deref() == Some(word))
    }

    /// The first text that there is.
    pub fn first_text(&self, paths: &[&str]) -> Result<Option<String>, String> {
        paths.iter().find_map(|path| self.text(path).transpose()).transpose()
    }

    /// An id: a text or a whole number.
    pub fn id(&self, path: &str) -> Result<Option<String>, String> {
        Ok(self.read(path, "a text or a whole number")?.and_then(|id| match id {
            TextOrNumber::Text(text) => filled(Some(text)),
            TextOrNumber::Number(number) => Some(number.to_string()),
        }))
    }

    /// An id that must be there.
    pub fn need_id(&self, path: &str) -> Result<String, String> {
        self.needed(path, self.id(path)?)
    }

    /// A whole number.
    pub fn number(&self, path: &str) -> Result<Option<i64>, String> {
        self.read(path, "a whole number")
    }

    /// A whole number that is not below zero.
    pub fn count(&self, path: &str) -> Result<Option<u64>, String> {
        self.read(path, "a whole number")
    }

    /// A count that must be there.
    pub fn need_count(&self, path: &str) -> Result<u64, String> {
        self.needed(path, self.count(path)?)
    }

    /// A number of any kind.
    pub fn decimal(&self, path: &str) -> Result<Option<f64>, String> {
        self.read(path, "a number")
    }

    /// `true` or `false`.
    pub fn truth(&self, path: &str) -> Result<Option<bool>, String> {
        self.read(path, "true or false")
    }

    /// Whether `true` stands there.
    pub fn is_true(&self, path: &str) -> Result<bool, String> {
        Ok(self.truth(path)? == Some(true))
    }

    /// An instant, as [`times`] reads it. One before 1970 is absent: senders write "never" so.
    pub fn time(&self, path: &str) -> Result<Option<At>, String> {
        const MUST_BE: &str = "a time";
        let at = match self.read(path, MUST_BE)? {
            Some(TextOrNumber::Text(text)) if !text.trim().is_empty() => match times::parse(&text) {
                None => return Err(format!("{} must be {MUST_BE}, not \"{}\"", self.name(path), short(&text))),
                at => at,
            },
            Some(TextOrNumber::Number(millis)) => Some(times::from_millis(millis)),
            _ => None,
        };
        Ok(at.filter(|at| *at > At::default()))
    }

    /// An instant that must be there.
    pub fn need_time(&self, path: &str) -> Result<At, String> {
        self.needed(path, self.time(path)?)
    }

    /// An object within.
    pub fn object(&self, path: &str) -> Result<Self, String> {
        let fields = self.read(path, "an object")?;
        Ok(Self { fields, place: format!("{}.", self.name(path)) })
    }

    fn list(&self, path: &str) -> Result<Option<Vec<&'a RawValue>>, String> {
        self.read(path, "a list")
    }

    /// The objects of a list; none where it is absent.
    pub fn objects(&self, path: &str) -> Result<Vec<Self>, String> {
        let (name, list) = (self.name(path), self.list(path)?.unwrap_or_default());
        list.into_iter().enumerate().map(|(index, raw)| Self::of(raw, &format!("{name}[{index}]"))).collect()
    }

    /// The objects of a list that must be there.
    pub fn need_objects(&self, path: &str) -> Result<Vec<Self>, String> {
        self.needed(path, self.list(path)?)?;
        self.objects(path)
    }

    /// The texts of a list, be they empty.
    pub fn texts(&self, path: &str) -> Result<Option<Vec<String>>, String> {
        let (name, Some(list)) = (self.name(path), self.list(path)?) else { return Ok(None) };
        let text = |(index, raw): (usize, &'a RawValue)| {
            serde_json::from_str(raw.get()).map_err(|_| wrong(&format!("{name}[{index}]"), "a text", raw))
        };
        list.into_iter().enumerate().map(text).collect::<Result<_, _>>().map(Some)
    }

    /// The text at a path of each object of a list that has one.
    pub fn texts_of(&self, list: &str, path: &str) -> Result<Vec<String>, String> {
        self.objects(list)?.iter().filter_map(|entry| entry.text(path).transpose()).collect()
    }
}

fn wrong(name: &str, must_be: &str, raw: &RawValue) -> String {
    format!("{name} must be {must_be}, not {}", short(raw.get()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_something_else_is_named_from_the_beginning() {
        let body = br#"{"a": {"b": [{"c": 5, "d": "x", "f": [1], "g": {"h": "y"}}, 7]}, "n": "1", "t": "soon", "k": 1e3}"#;
        let root = Object::parse(body).expect("an object");
        let a = root.object("a").expect("an object");
        let wrong = [
            a.objects("b").err(),
            root.text("a/b").err(),
            root.text("a/b/c").err(),
            root.count("n").err(),
            root.number("a").err(),
            root.decimal("n").err(),
            root.truth("n").err(),
            root.id("k").err(),
            root.time("t").err(),
            root.time("k").err(),
            root.object("n").err(),
            root.texts("n").err(),
            root.texts("a/b").err(),
            root.need_text("a/none").err(),
            a.needed("x/y", None::<u8>).err(),
            root.need_objects("a/none").err(),
        ];
        let list = r#"[{"c": 5, "d": "x", "f": [1], "g": {"h": "y"}}, 7]"#;
        let expect = [
            "a.b[1] must be an object, not 7".to_owned(),
            format!("a.b must be a text, not {list}"),
            format!("a.b must be an object, not {list}"),
            "n must be a whole number, not \"1\"".into(),
            format!("a must be a whole number, not {{\"b\": {list}}}"),
            "n must be a number, not \"1\"".into(),
            "n must be true or false, not \"1\"".into(),
            "k must be a text or a whole number, not 1e3".into(),
            "t must be a time, not \"soon\"".into(),
            "k must be a time, not 1e3".into(),
            "n must be an object, not \"1\"".into(),
            "n must be a list, not \"1\"".into(),
            "a.b[0] must be a text, not {\"c\": 5, \"d\": \"x\", \"f\": [1], \"g\": {\"h\": \"y\"}}".into(),
            "it has no a.none".into(),
            "it has no a.x.y".into(),
            "it has no a.none".into(),
        ];
        assert_eq!(wrong.map(Option::unwrap_or_default), expect);
        let things: Vec<_> = Object::parse_list(b"[{}, 1]").expect("a list").into_iter().map(Result::err).collect();
        assert_eq!(things, [None, Some("[1] must be an object, not 1".into())]);
        assert!(Object::parse(b"[]").is_err() && Object::parse(b"{").is_err() && Object::parse_list(b"{}").is_err());
    }

    #[test]
    fn what_is_absent_null_or_empty_says_nothing() {
        let body = br#"{"a": null, "b": "", "c": " ", "l": [{"x": "1"}, {}, {"x": " "}]}"#;
        let root = Object::parse(body).expect("an object");
        assert_eq!((root.text("a"), root.text("b"), root.text("c"), root.text("d")), (Ok(None), Ok(None), Ok(None), Ok(None)));
        assert_eq!((root.text("a/x/y"), root.time("b"), root.texts("a"), root.id("c")), (Ok(None), Ok(None), Ok(None), Ok(None)));
        assert_eq!((root.is("a/x", "y"), root.is_true("a"), root.word("b")), (Ok(false), Ok(false), Ok(String::new())));
        assert_eq!((root.objects("a").map(|list| list.len()), root.texts_of("l", "x")), (Ok(0), Ok(vec!["1".into()])));
        assert!(root.has("a") && !root.has("z"));
        assert!(!root.object("a").expect("no object").is_some() && root.objects("l").expect("a list")[1].is_some());
    }

    #[test]
    fn a_field_of_two_forms_is_read_in_both() {
        let body = br#"{"s": "sev1", "o": {"name": "sev2", "id": 7}, "t": 1551432675860, "never": "0001-01-01T00:00:00", "zero": "0001-01-01T00:00:00Z"}"#;
        let root = Object::parse(body).expect("an object");
        assert_eq!((root.text_or("s", "name"), root.text_or("o", "name")), (Ok(Some("sev1".into())), Ok(Some("sev2".into()))));
        assert_eq!((root.id("s"), root.id("o/id")), (Ok(Some("sev1".into())), Ok(Some("7".into()))));
        assert_eq!(root.first_text(&["o/none", "o/name", "s"]), Ok(Some("sev2".into())));
        assert_eq!(root.time("t"), Ok(At::parse("2019-03-01T09:31:15.860Z")));
        assert_eq!((root.time("never"), root.time("zero")), (Ok(None), Ok(None)));
        assert_eq!(id_in(body, "o/id").as_deref(), Some("7"));
    }
}
