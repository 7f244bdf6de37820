//! Forms: their fields, and what people write into them in their own words: read within limits, each mistake a sentence under its field.
//!
//! The text stays data: renderers escape it, so a mention in it calls nobody. Never to be used for what is chosen from a list.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use super::{Cx, Press};
use crate::domain::card::{Line, Scope};
use crate::domain::form::{Field, Input};
use crate::domain::org::{Org, is_slack_person};
use crate::domain::window::local;

/// A form's values as they are read, and what is wrong with them.
pub struct Typed<'a> {
    fields: &'a BTreeMap<String, String>,
    wrong: Vec<(String, String)>,
}

impl<'a> Typed<'a> {
    /// Of a form that was sent.
    pub fn of(press: &'a Press) -> Self {
        Self { fields: &press.fields, wrong: Vec::new() }
    }

    /// As it came, without blanks around it.
    pub fn raw(&self, field: &str) -> &'a str {
        self.fields.get(field).map(|text| text.trim()).unwrap_or_default()
    }

    /// Notes that a field is wrong.
    pub fn wrong(&mut self, field: &str, sentence: impl Into<String>) {
        self.wrong.push((field.to_owned(), sentence.into()));
    }

    /// A text of at most so many characters; it may be empty.
    pub fn text(&mut self, field: &str, most: usize) -> String {
        let text = self.raw(field);
        let letters = text.chars().count();
        if letters > most {
            self.wrong(field, format!("That is {letters} characters, and here is room for {most}: say it shorter."));
        } else if text.chars().any(|letter| letter.is_control() && !letter.is_whitespace()) {
            self.wrong(field, "There are control characters in it: type it anew by hand.");
        }
        text.to_owned()
    }

    /// A text that must say something.
    pub fn needed(&mut self, field: &str, most: usize, missing: &str) -> String {
        let text = self.text(field, most);
        if text.is_empty() {
            self.wrong(field, missing);
        }
        text
    }

    /// One person, by Slack id, who is no bot as far as the organisation file knows.
    pub fn person(&mut self, field: &str, org: &Org) -> String {
        let mut people = self.raw(field).lines();
        let (first, second) = (people.next().unwrap_or_default(), people.next());
        if second.is_some() {
            self.wrong(field, "One person, please: what belongs to many is done by nobody.");
        } else if !is_slack_person(first) {
            self.wrong(field, "Choose a person.");
        } else if first == "USLACKBOT" || org.person_by_slack(first).is_some_and(|(_, person)| person.bot) {
            self.wrong(field, "That is a bot: choose a person.");
        }
        first.to_owned()
    }

    /// The same, who is no bot and not deactivated as far as Slack says; where it says nothing, the choice stands.
    pub async fn colleague(&mut self, field: &str, cx: &Cx) -> String {
        let before = self.wrong.len();
        let user = self.person(field, &cx.org.org);
        let Some(reader) = cx.host.slack_people.as_ref().filter(|_| self.wrong.len() == before) else { return user };
        match (reader.0)([user.clone()].into()).await {
            Ok(known) => match known.get(&user) {
                Some(it) if it.bot => self.wrong(field, "That is a bot: choose a person."),
                Some(it) if it.deactivated => self.wrong(field, "Slack no longer lets them in: choose somebody else."),
                _ => {}
            },
            Err(why) => tracing::warn!("whether somebody is a bot can't be told: {why}"),
        }
        user
    }

    /// A day from today on, at most so many days ahead.
    pub fn day(&mut self, field: &str, today: NaiveDate, most: u64) -> NaiveDate {
        let last = today.checked_add_days(Days::new(most)).unwrap_or(today);
        match self.raw(field).parse::<NaiveDate>() {
            Ok(day) if day < today => self.wrong(field, "That day is over: choose today or a later one."),
            Ok(day) if day > last => self.wrong(field, format!("That is more than {most} days ahead: choose a day until {last}.")),
            Ok(day) => return day,
            Err(_) => self.wrong(field, "Choose a day."),
        }
        today
    }

    /// Whether something is wrong.
    pub fn is_wrong(&self) -> bool {
        !self.wrong.is_empty()
    }

    /// What is wrong, by field.
    pub fn into_wrong(self) -> Vec<(String, String)> {
        self.wrong
    }
}

/// A field of a form.
pub fn field(id: &str, label: &str, hint: &str, optional: bool, input: Input) -> Field {
    Field { id: id.into(), label: label.into(), hint: (!hint.is_empty()).then(|| hint.to_owned()), optional, input }
}

/// Lines to be read, under a heading.
pub fn note(id: &str, label: &str, lines: Vec<Line>) -> Field {
    field(id, label, "", true, Input::Note(lines))
}

/// The day it is in the zone of a scope.
pub fn today(cx: &Cx, scope: &Scope) -> NaiveDate {
    local::wall(cx.org.org.zone_for(scope), cx.now).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(value: &str) -> Press {
        Press { fields: [("it".to_owned(), value.to_owned())].into(), ..Press::default() }
    }

    #[test]
    fn a_text_has_room_and_no_control_characters() {
        let check = |text: &str, expect: Option<&str>| {
            let (press, said) = (press(text), text.trim().to_owned());
            let mut typed = Typed::of(&press);
            assert_eq!(typed.text("it", 20), said);
            let wrong = typed.into_wrong();
            assert_eq!(wrong.is_empty(), expect.is_none(), "{text:?}: {wrong:?}");
            assert!(wrong.iter().all(|(_, sentence)| expect.is_some_and(|expect| sentence.contains(expect))), "{wrong:?}");
        };
        check("", None);
        check(" two\nlines\tand a tab ", None);
        check("<!channel> <@U0ANA>", None); // data like any other: the renderers escape it
        check(&"x".repeat(20), None);
        check(&"x".repeat(10_000), Some("That is 10000 characters, and here is room for 20"));
        check("bell\u{7}", Some("control characters"));
        check("esc\u{1b}[2J", Some("control characters"));
    }

    #[test]
    fn a_person_is_one_and_no_bot() {
        let file = "[[people]]\nid='robo'\nslack='U0ROBO'\nbot=true\n[[people]]\nid='ben'\nslack='U0BEN'\n";
        let org = crate::domain::org::apply(
            &Org::default(),
            crate::domain::org::OrgFile::parse(file).expect("a file"),
            crate::domain::time::At(0),
        );
        let org = org.expect("applies");
        let check = |value: &str, expect: Option<&str>| {
            let press = press(value);
            let mut typed = Typed::of(&press);
            typed.person("it", &org);
            let wrong: Vec<String> = typed.into_wrong().into_iter().map(|(_, sentence)| sentence).collect();
            assert_eq!(wrong.first().is_some_and(|it| it.contains(expect.unwrap_or("-"))), expect.is_some(), "{value}: {wrong:?}");
        };
        check("U0BEN", None);
        check("W0STRANGER", None);
        check("U0BEN\nU0CHEN", Some("One person"));
        check("", Some("Choose a person"));
        check("C0GENERAL", Some("Choose a person"));
        check("U0<!channel>", Some("Choose a person"));
        check("U0ROBO", Some("bot"));
        check("USLACKBOT", Some("bot"));
    }

    #[test]
    fn a_day_is_neither_over_nor_far_away() {
        let today: NaiveDate = "2026-11-23".parse().expect("a day");
        let check = |value: &str, expect: Option<&str>| {
            let press = press(value);
            let mut typed = Typed::of(&press);
            typed.day("it", today, 180);
            let wrong: Vec<String> = typed.into_wrong().into_iter().map(|(_, sentence)| sentence).collect();
            assert_eq!(wrong.first().is_some_and(|it| it.contains(expect.unwrap_or("-"))), expect.is_some(), "{value}: {wrong:?}");
        };
        check("2026-11-23", None);
        check("2027-05-22", None);
        check("2026-11-22", Some("is over"));
        check("2027-05-23", Some("until 2027-05-22"));
        check("tomorrow", Some("Choose a day"));
        check("", Some("Choose a day"));
    }
}
