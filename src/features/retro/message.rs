//! A note as a card, and the question on its review date. What became of the decision is told in words, with the names of who said so.

use crate::domain::calendar::WorkCalendar;
use crate::domain::card::{Button, Card, Line, Part, Scope};
use crate::domain::metric;
use crate::domain::post::Post;
use crate::domain::time::{At, DAY};
use crate::domain::words;
use crate::features::Cx;
use crate::features::retention::MESSAGES_DAYS;
use crate::features::typed::today;
use crate::store::notes::Note;

use super::VERDICT;

/// Whether a decision worked: as it is kept, and as people read it.
pub const WORDS: [(&str, &str); 3] = [("yes", "Yes"), ("partly", "Partly"), ("no", "No")];

fn scope(note: &Note) -> Scope {
    Scope::Team(note.team.clone())
}

/// The day it was written.
pub fn day(cx: &Cx, note: &Note) -> String {
    words::date(note.at, cx.now, cx.org.org.zone_for(&scope(note)))
}

/// Whether its review date is here.
pub fn is_due(cx: &Cx, note: &Note) -> bool {
    note.review_on <= today(cx, &scope(note))
}

fn morning(cx: &Cx, note: &Note) -> At {
    let org = &cx.org.org;
    WorkCalendar::new(&org.calendar, org.zone_for(&scope(note))).morning(note.review_on)
}

/// Whether the message on its review date is still known, so that it can be edited.
pub fn is_known(cx: &Cx, note: &Note) -> bool {
    cx.now.since(morning(cx, note)) < (MESSAGES_DAYS - 1) * DAY
}

/// Whether the summary in the channel is still known.
pub fn is_fresh(cx: &Cx, note: &Note) -> bool {
    cx.now.since(note.at) < (MESSAGES_DAYS - 1) * DAY
}

/// The whole note.
pub fn card(cx: &Cx, note: &Note) -> Card {
    let name = cx.org.org.scope_name(&scope(note));
    let said = [("Went well", &note.well), ("Hurt", &note.hurt), ("Surprised us", &note.surprise)];
    let said = said.into_iter().filter(|(_, text)| !text.is_empty());
    let mut parts: Vec<Part> = said.map(|(what, text)| Part::Text(Line::default().strong(format!("{what}: ")).and(text))).collect();
    let metrics: Vec<String> = note.metrics.iter().filter_map(|id| metric::find(id)).map(|known| known.name.to_owned()).collect();
    if !metrics.is_empty() {
        let line = Line::default().strong("Explains: ").and(words::join(&metrics)).and(". It is marked in ");
        parts.push(Part::Text(line.code(format!("/metrics trend {} team:{}", note.metrics[0], note.team)).and(".")));
    }
    let review = words::day(note.review_on, today(cx, &scope(note)));
    Card {
        command: "retro".into(),
        title: format!("Retrospective - {} - {}", words::capitalised(&name), day(cx, note)),
        scope: scope(note),
        verdict: Line::plain("Decided: ").strong(&note.decision).and(" · ").mention(&note.owner).and(format!(" · {}", became(cx, note))),
        parts,
        notes: vec![Line::plain("Written by ").mention(&note.author).and(format!(". Review on {review}."))],
        ..Card::default()
    }
}

/// What became of the decision: "worked for 2, partly for 1".
pub fn became(cx: &Cx, note: &Note) -> String {
    let of = |word: &str| note.verdicts.iter().filter(|(_, said)| said == word).count();
    let told = [("yes", "worked for"), ("partly", "partly for"), ("no", "did not for")];
    let told: Vec<String> = told.iter().filter(|(word, _)| of(word) > 0).map(|(word, said)| format!("{said} {}", of(word))).collect();
    if !told.is_empty() {
        return told.join(", ");
    }
    let review = words::day(note.review_on, today(cx, &scope(note)));
    if is_due(cx, note) { "nobody has said yet whether it worked".into() } else { format!("review on {review}") }
}

/// Yes, partly, no.
pub fn buttons(id: &str) -> Vec<Button> {
    let button = |(word, label): (&str, &str)| Button {
        label: label.into(),
        action: VERDICT.name.into(),
        value: format!("{id} {word}"),
        primary: false,
    };
    WORDS.map(button).to_vec()
}

/// The summary in the channel.
pub fn summary(cx: &Cx, note: &Note, channel: &str) -> Post {
    let key = format!("retro/{}", note.id);
    Post { key, channel: channel.to_owned(), thread_of: None, card: card(cx, note), not_before: None, reminds_of: None }
}

/// The question on the review date: in the channel where the note is shared, else to who owns the decision. Its key names the day:
/// on another one it is asked anew.
pub fn review(cx: &Cx, note: &Note) -> Post {
    let name = words::capitalised(&cx.org.org.scope_name(&scope(note)));
    let said = |(word, label): (&str, &str)| {
        let people = note.verdicts.iter().filter(|(_, said)| said == word).map(|(person, _)| person);
        let line = people.enumerate().fold(Line::default(), |line, (at, person)| line.and(if at == 0 { "" } else { ", " }).mention(person));
        (!line.is_empty()).then(|| Line([Line::default().strong(format!("{label}: ")).0, line.0].concat()))
    };
    let card = Card {
        title: "Did it work?".into(),
        scope: scope(note),
        verdict: Line::plain(format!("On {} {name} decided: ", day(cx, note)))
            .strong(&note.decision)
            .and(" · ")
            .mention(&note.owner)
            .and(". Did it work?"),
        parts: WORDS.into_iter().filter_map(said).map(Part::Text).collect(),
        buttons: buttons(&note.id),
        ..Card::default()
    };
    Post {
        key: format!("retro/{}/{}/review", note.id, note.review_on),
        channel: note.channel.clone().unwrap_or_else(|| note.owner.clone()),
        thread_of: None,
        card,
        not_before: Some(morning(cx, note)),
        reminds_of: None,
    }
}
