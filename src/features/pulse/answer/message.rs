//! The direct message: who asks and why, a question with five buttons, the next one, thanks. Pure.
//!
//! Never an answer in it: a tap is followed by the next question and not by what was tapped. A button's value is ids and a number.

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::{ASK_AGAIN, GROUPS, LATER, NEXT, RESUME, Round, SKIP, START, STOP, TAP};
use crate::domain::card::{Button, Card, Line, Part};
use crate::domain::survey::items::{Item, Kind};
use crate::domain::survey::tally::Rules;
use crate::domain::survey::wave::Length;
use crate::domain::words;
use crate::store::survey::{Refusal, Survey};

/// Seconds that a rated question takes, and one in own words.
const RATED_SECS: u64 = 10;
const TEXT_SECS: u64 = 40;

/// A wave, as messages and pages need it.
#[derive(Clone, Copy)]
pub struct About<'a> {
    /// Its id.
    pub wave: &'a str,
    /// Of which survey.
    pub survey: &'a Survey,
    /// Its last day.
    pub closes_on: NaiveDate,
    /// The organisation's zone, by which it closes.
    pub zone: Tz,
    /// What it asks.
    pub rules: &'a Rules,
}

impl About<'_> {
    /// Whether it is answered by taps in the message.
    pub fn is_pulse(&self) -> bool {
        self.survey.kind == Length::Pulse
    }

    fn card(&self, verdict: Line) -> Card {
        Card { command: "pulse".into(), title: self.survey.title.clone(), verdict, ..Card::default() }
    }

    fn button(&self, label: &str, action: &str) -> Button {
        Button { label: label.into(), action: action.into(), value: self.wave.to_owned(), primary: false }
    }

    /// The button that leads back to the questions from the direct message.
    fn way_back(&self, label: &str) -> Button {
        self.button(label, if self.is_pulse() { ASK_AGAIN } else { START }.name)
    }

    /// "Thursday 3 December, 17:00 (Europe/Berlin)".
    pub fn until(&self) -> String {
        until(self.closes_on, self.zone)
    }

    /// "3 questions, under a minute, until Thursday 3 December, 17:00 (Europe/Berlin)".
    fn size(&self) -> String {
        let secs = RATED_SECS * self.rules.rated().count() as u64 + TEXT_SECS * self.rules.texts().count() as u64;
        let takes = match secs {
            ..60 => "under a minute".to_owned(),
            secs => format!("about {}", words::count(secs.div_ceil(60), "minute", "minutes")),
        };
        let questions = words::count(self.rules.items.len() as u64, "question", "questions");
        format!("{questions}, {takes}, until {}", self.until())
    }
}

/// "Thursday 3 December, 17:00 (Europe/Berlin)": surveys close at that time in the organisation's zone.
pub fn until(closes_on: NaiveDate, zone: Tz) -> String {
    format!("{} ({zone})", closes_on.format("%A %-d %B, 17:00"))
}

/// What is asked, with the time it is about.
pub fn question(item: &Item) -> String {
    if item.kind == Kind::Often { format!("{} (in the past two weeks)", item.text) } else { item.text.clone() }
}

/// The first message, or a reminder.
pub fn invitation(about: &About<'_>, counts_in: &Line, round: Round) -> Card {
    let why = " asks how your work goes, so that what gets in its way is seen and changed: ";
    let verdict = Line::default().mention(&about.survey.created_by).and(format!("{why}{}.", about.size()));
    let mut card = about.card(verdict);
    let sent = "it goes to whoever has neither answered nor skipped, and nobody is told who that is.";
    match round {
        Round::Invitation => {}
        Round::Reminder { last: false } => card.parts.push(Part::Text(format!("This is the first of two reminders: {sent}").into())),
        Round::Reminder { last: true } => card.parts.push(Part::Text(format!("This is the last of two reminders: {sent}").into())),
    }
    card.parts.push(Part::Text(counts_in.clone()));
    match about.rules.rated().next() {
        Some(item) if about.is_pulse() => card.parts.extend(ask(about, item)),
        _ => card.buttons.push(Button { primary: true, ..about.button("Start", START.name) }),
    }
    card.buttons.extend([
        about.button("Not now", LATER.name),
        about.button("Skip this one", SKIP.name),
        about.button("Stop", STOP.name),
        about.button("Who sees what", GROUPS.name),
    ]);
    let small = "Not now: nothing is stored, and a reminder asks again. Skip this one: no reminder, and you may still answer with ";
    card.notes.push(Line::plain(small).code("/metrics pulse").and(". Stop: you are not asked any more."));
    card
}

/// A question with its buttons.
fn ask(about: &About<'_>, item: &Item) -> [Part; 2] {
    let rated: Vec<&Item> = about.rules.rated().collect();
    let at = rated.iter().position(|known| known.id == item.id).unwrap_or_default() + 1;
    let line = Line::plain(format!("Question {at} of {}: ", rated.len())).strong(question(item));
    let tap = |(label, number): (&str, u8)| Button {
        label: label.into(),
        action: TAP.name.into(),
        value: format!("{} {} {number}", about.wave, item.id),
        primary: false,
    };
    [Part::Text(line), Part::Buttons(item.labels().unwrap_or_default().into_iter().zip(1..).map(tap).collect())]
}

/// What stands in the place of a question: the next one, or thanks. `saved`: whether the one before was answered.
pub fn after(about: &About<'_>, item: &str, saved: bool) -> Card {
    let Some(next) = about.rules.rated().skip_while(|known| known.id != item).nth(1) else { return thanks(about) };
    let mut card = about.card(Line::plain(if saved { "Saved, sealed." } else { "Left out." }));
    card.parts.extend(ask(about, next));
    let leave_out = Button { value: format!("{} {}", about.wave, next.id), ..about.button("Leave this one out", NEXT.name) };
    card.buttons = vec![leave_out, about.button("Who sees what", GROUPS.name)];
    card
}

/// The first question again, after "Not now".
pub fn first(about: &About<'_>) -> Option<Card> {
    let item = about.rules.rated().next()?;
    let mut card = about.card(Line::plain(format!("{}.", words::capitalised(&about.size()))));
    card.parts.extend(ask(about, item));
    card.buttons = [("Not now", LATER), ("Skip this one", SKIP), ("Stop", STOP), ("Who sees what", GROUPS)]
        .map(|(label, action)| about.button(label, action.name))
        .into();
    Some(card)
}

/// After the last question.
pub fn thanks(about: &About<'_>) -> Card {
    let closes = about.until();
    let next = format!(
        "Thank you. You may change your answers until {closes}. Then they become counts of groups, and the key to them is destroyed. Your team's channel \
         gets its result at once, everybody else a day later, and then what will be done about it."
    );
    let mut card = about.card(next.into());
    card.buttons = vec![about.button("Change an answer", START.name), about.button("Who sees what", GROUPS.name)];
    card
}

/// The line that "Not now" leaves.
pub fn later(about: &About<'_>) -> Card {
    let mut card = about.card(Line::plain(format!("Not now: nothing was stored. It is open until {}.", about.until())));
    card.buttons = vec![about.way_back("Answer")];
    card
}

/// After "Skip this one".
pub fn skipped(about: &About<'_>) -> Card {
    let line = Line::plain("Skipped: you are not reminded of this one. You may still answer with ").code("/metrics pulse");
    let mut card = about.card(line.and(format!(" until {}.", about.until())));
    card.buttons = vec![about.way_back("Answer after all")];
    card
}

/// After "Stop"; `scope` is the survey, or `all`.
pub fn stopped(about: &About<'_>, scope: &str) -> Card {
    let says = if scope == "all" { "No survey asks you any more." } else { "This survey does not ask you any more." };
    let mut card = about.card(Line::plain(format!("{says} Start again at any time: ")).code("/metrics privacy").and("."));
    card.buttons = vec![Button { value: format!("{} {scope}", about.wave), ..about.button("Ask me again", RESUME.name) }];
    card
}

/// After "Ask me again".
pub fn resumed(about: &About<'_>) -> Card {
    let mut card = about.card(Line::plain(format!("You are asked again. This one is open until {}.", about.until())));
    card.buttons = vec![about.way_back("Answer")];
    card
}

/// Why nothing was stored.
pub fn refused(title: &str, refusal: &Refusal) -> Card {
    Card { command: "pulse".into(), title: title.into(), verdict: Line::sentence(&refusal.to_string()), ..Card::default() }
}
