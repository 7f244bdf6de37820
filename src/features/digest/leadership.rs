//! The leadership template: in business words, each team or the whole against itself. Pure.
//!
//! Never a league table: teams stand by name, no figure of one is held against another's, and none is called best.

use super::card::{Said, frame, improvements};
use super::change::{Family, Judged, Outcome};
use super::compute::{Digest, MOST};
use crate::domain::card::{Card, Line, Part, Tone};
use crate::domain::words::{self, join};

/// A figure in a business's words.
struct Word {
    id: &'static str,
    name: &'static str,
    better: &'static str,
    worse: &'static str,
    /// What its value is of.
    of: &'static str,
}

const WORDS: [Word; 4] = [
    Word { id: "change_lead_time", name: "Speed", better: "faster", worse: "slower", of: "from commit to customers" },
    Word { id: "deployment_frequency", name: "Releases", better: "releasing more often", worse: "releasing less often", of: "released" },
    Word { id: "change_fail_rate", name: "Safety", better: "failing less", worse: "failing more", of: "of releases fail" },
    Word {
        id: "failed_deployment_recovery_time",
        name: "Recovery",
        better: "recovering sooner",
        worse: "recovering later",
        of: "to recover from a failed release",
    },
];
/// Told of each in any case; the others where they changed.
const ALWAYS: [&str; 2] = ["change_lead_time", "change_fail_rate"];

/// The card.
pub fn card(all: &[Said<'_>]) -> Card {
    let Some(first) = all.first() else { return Card::default() };
    let mut parts = Vec::new();
    if all.len() == 1 {
        parts.push(Part::List(WORDS.iter().filter_map(|word| sentence(word, first.digest)).collect(), None));
    } else {
        parts.push(Part::Heading("Each against itself".into()));
        parts.push(Part::List(all.iter().map(of_team).collect(), None));
    }
    let whose = |said: &Said<'_>| if all.len() > 1 { format!("{}: ", words::capitalised(&said.facts.name)) } else { String::new() };
    let verdicts =
        all.iter().flat_map(|said| said.digest.verdicts.iter().map(move |verdict| Line::plain(format!("{}{verdict}", whose(said)))));
    parts.extend(improvements(verdicts));
    let looks = all.iter().flat_map(|said| {
        let whose = whose(said);
        said.digest.looks.iter().map(move |look| Line::sentence(&format!("{whose}{}", look.text)))
    });
    let mut looks: Vec<Line> = looks.take(MOST).collect();
    let spread: Vec<String> = all.iter().filter_map(|said| said.facts.spread.clone()).collect();
    looks.extend(spread.first().map(|first| focus(first, spread.len() - 1)));
    if !looks.is_empty() {
        parts.push(Part::Heading("Needs a look".into()));
        parts.push(Part::List(looks, None));
    }
    let thanks = all.iter().filter_map(|said| said.digest.thanks.as_ref()).find(|(family, _)| *family == Family::Dora);
    parts.extend(thanks.map(|(_, text)| Part::Text(Line::default().strong("Worth a thank-you: ").and(text))));
    let mut card = frame(first, "Delivery", verdict(all), parts);
    if all.len() > 1 {
        let names: Vec<String> = all.iter().map(|said| words::capitalised(&said.facts.name)).collect();
        card.title = format!("Delivery - {} - {}", join(&names), first.facts.windows.now.title());
        card.metrics = Vec::new();
        let line = Line::plain("4 weeks of each team against its own 12 before, never against another. Receipts: ");
        let receipt = |(line, at): (Line, usize), said: &Said<'_>| {
            (line.and(if at == 0 { "" } else { ", " }).code(&said.kept.dora).and(format!(" {}", said.facts.name)), at + 1)
        };
        card.notes = vec![all.iter().fold((line, 0), receipt).0];
    }
    card
}

/// The one line on focus, however many teams it is of.
fn focus(first: &str, others: usize) -> Line {
    let rest = if others > 0 { format!("; and {}", words::count(others as u64, "other team", "other teams")) } else { String::new() };
    Line::plain(format!("{first}{rest}: ")).code("/metrics focus")
}

/// How each figure changed, in few words, the better ones first.
fn moved(digest: &Digest) -> (Vec<String>, Vec<String>) {
    let tone = |word: &Word| digest.of(word.id).map_or(Tone::Neutral, Judged::tone);
    let better = WORDS.iter().filter(|word| tone(word) == Tone::Good).map(|word| word.better.to_owned());
    let worse = WORDS.iter().filter(|word| tone(word) == Tone::Bad).map(|word| word.worse.to_owned());
    (better.collect(), worse.collect())
}

/// "faster, but failing more"; "steady".
fn how(digest: &Digest) -> String {
    let (better, worse) = moved(digest);
    match (better.is_empty(), worse.is_empty()) {
        (true, true) => "steady".to_owned(),
        (false, true) => join(&better),
        (true, false) => join(&worse),
        (false, false) => format!("{}, but {}", join(&better), join(&worse)),
    }
}

fn verdict(all: &[Said<'_>]) -> Line {
    if let [only] = all {
        let name = words::capitalised(&only.facts.name);
        let numbers: Vec<String> = ALWAYS.iter().filter_map(|id| value(word(id)?, only.digest)).collect();
        let numbers = if numbers.is_empty() { String::new() } else { format!(": {}", join(&numbers)) };
        return Line::plain(format!("{name} is {} in the last 4 weeks{numbers}.", how(only.digest)));
    }
    let worse = all.iter().filter(|said| !moved(said.digest).1.is_empty()).count();
    let better = all.iter().filter(|said| moved(said.digest).1.is_empty() && !moved(said.digest).0.is_empty()).count();
    let told = [(better, "got better"), (worse, "got worse in something"), (all.len() - better - worse, "held steady")];
    let told: Vec<String> = told.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", words::number(*n as u64))).collect();
    Line::plain(format!("Of {} teams {} in the last 4 weeks, each against itself.", words::number(all.len() as u64), join(&told)))
}

fn word(id: &str) -> Option<&'static Word> {
    WORDS.iter().find(|word| word.id == id)
}

/// "1.9 days from commit to customers".
fn value(word: &Word, digest: &Digest) -> Option<String> {
    let it = digest.of(word.id)?;
    let value = words::value(it.definition.unit, it.now.value?);
    Some(if word.of == "released" { format!("{} {value}", word.of) } else { format!("{value} {}", word.of) })
}

/// What it was, where it changed.
fn was(it: &Judged) -> Option<String> {
    let before = it.before.value.filter(|_| it.tone() != Tone::Neutral)?;
    Some(words::value(it.definition.unit, before))
}

/// "Speed: 1.9 days from commit to customers, faster (was 3.1 days)".
fn sentence(word: &Word, digest: &Digest) -> Option<Line> {
    let it = digest.of(word.id)?;
    let how = match (&it.outcome, was(it)) {
        (Outcome::Changed { tone: Tone::Good, .. }, Some(was)) => format!("{} (was {was})", word.better),
        (Outcome::Changed { .. }, Some(was)) => format!("{} (was {was})", word.worse),
        (Outcome::Same, _) => "as before".to_owned(),
        _ => "too few to compare".to_owned(),
    };
    let said = value(word, digest)?;
    let said = said.strip_prefix("released ").unwrap_or(&said);
    Some(Line::default().strong(word.name).and(format!(": {said}, {how}")))
}

/// "Payments: faster; 1.9 days from commit to customers (was 3.1 days) and 6 % of releases fail".
fn of_team(said: &Said<'_>) -> Line {
    let number = |word: &Word| {
        let it = said.digest.of(word.id).filter(|it| ALWAYS.contains(&word.id) || it.tone() != Tone::Neutral)?;
        let was = was(it).map_or_else(String::new, |was| format!(" (was {was})"));
        Some(format!("{}{was}", value(word, said.digest)?))
    };
    let numbers: Vec<String> = WORDS.iter().filter_map(number).collect();
    let line = Line::default().strong(words::capitalised(&said.facts.name));
    if numbers.is_empty() {
        line.and(": nothing known of these weeks")
    } else {
        line.and(format!(": {}; {}", how(said.digest), join(&numbers)))
    }
}
