//! The leadership template: in business words, each team or the whole against itself. Pure.
//!
//! Never a league table: teams stand by name, no figure of one is held against another's, and none is called best.

use super::card::{Said, frame};
use super::change::{Judged, Outcome};
use super::compute::{Digest, MOST};
use crate::domain::card::{Card, Line, Part, Tone};
use crate::domain::words::{self, join};

/// How delivery goes, in a business's words: what is said for better and for worse, and of which figure.
const WORDS: [(&str, &str, &str, &str); 5] = [
    ("change_lead_time", "faster", "slower", "from commit to customers"),
    ("deployment_frequency", "releasing more often", "releasing less often", "releases"),
    ("change_fail_rate", "failing less", "failing more", "of releases fail"),
    ("failed_deployment_recovery_time", "recovering sooner", "recovering later", "to recover from a failed release"),
    ("deployment_rework_rate", "mending less", "mending more", "of releases are repairs"),
];

/// The card.
pub fn card(all: &[Said<'_>]) -> Card {
    let mut parts = Vec::new();
    if let [only] = all {
        parts.push(Part::List(sentences(only.digest), None));
    } else {
        parts.push(Part::Heading("Each against itself".into()));
        parts.push(Part::List(all.iter().map(|said| of_team(said)).collect(), None));
    }
    let looks: Vec<Line> = all
        .iter()
        .flat_map(|said| said.digest.looks.iter().map(move |look| (said, look)))
        .take(MOST)
        .map(|(said, look)| {
            let whose = if all.len() > 1 { format!("{}: ", words::capitalised(&said.facts.name)) } else { String::new() };
            Line::sentence(&format!("{whose}{}", look.text))
        })
        .collect();
    if !looks.is_empty() {
        parts.push(Part::Heading("Needs a look".into()));
        parts.push(Part::List(looks, None));
    }
    let thanks = all.iter().find_map(|said| said.digest.thanks.as_ref());
    parts.extend(thanks.map(|text| Part::Text(Line::default().strong("Worth a thank-you: ").and(text))));
    let Some(first) = all.first() else { return Card::default() };
    let mut card = frame(first, "Delivery", verdict(all), parts);
    if all.len() > 1 {
        let names: Vec<String> = all.iter().map(|said| words::capitalised(&said.facts.name)).collect();
        card.title = format!("Delivery - {} - {}", join(&names), first.facts.windows.now.title());
        card.metrics = Vec::new();
        let mut line = Line::plain("Each team against its own 12 weeks before, never against another. Receipts: ");
        for (at, said) in all.iter().enumerate() {
            line = line.and(if at == 0 { "" } else { ", " }).code(&said.kept.dora).and(format!(" {}", said.facts.name));
        }
        card.notes = vec![line];
    }
    card
}

/// What changed for better or for worse, in few words.
fn moved(digest: &Digest) -> (Vec<&'static str>, Vec<&'static str>) {
    let (mut better, mut worse) = (Vec::new(), Vec::new());
    for (id, good, bad, _) in WORDS {
        match digest.of(id).map_or(Tone::Neutral, Judged::tone) {
            Tone::Good => better.push(good),
            Tone::Bad => worse.push(bad),
            Tone::Neutral => {}
        }
    }
    (better, worse)
}

fn verdict(all: &[Said<'_>]) -> Line {
    if let [only] = all {
        let name = words::capitalised(&only.facts.name);
        let owned = |words: Vec<&str>| words.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let (better, worse) = moved(only.digest);
        let how = match (better.is_empty(), worse.is_empty()) {
            (true, true) => "steady".to_owned(),
            (false, true) => join(&owned(better)),
            (true, false) => join(&owned(worse)),
            (false, false) => format!("{}, but {}", join(&owned(better)), join(&owned(worse))),
        };
        let numbers: Vec<String> = [0, 2].into_iter().filter_map(|at| now(only.digest, at)).collect();
        let numbers = if numbers.is_empty() { String::new() } else { format!(": {}", join(&numbers)) };
        return Line::plain(format!("{name} is {how} in the last 4 weeks{numbers}."));
    }
    let count = |wanted: fn(&(Vec<&str>, Vec<&str>)) -> bool| all.iter().filter(|said| wanted(&moved(said.digest))).count() as u64;
    let (better, worse) = (count(|(better, worse)| !better.is_empty() && worse.is_empty()), count(|(_, worse)| !worse.is_empty()));
    let steady = all.len() as u64 - better - worse;
    Line::plain(format!(
        "Of {} {} got better in the last 4 weeks, {} got worse somewhere, {} held steady, each against itself.",
        words::count(all.len() as u64, "team", "teams"),
        words::number(better),
        words::number(worse),
        words::number(steady)
    ))
}

/// "1.9 days from commit to customers".
fn now(digest: &Digest, at: usize) -> Option<String> {
    let (id, .., what) = WORDS[at];
    let it = digest.of(id)?;
    Some(format!("{} {what}", words::value(it.definition.unit, it.now.value?)))
}

/// Each figure as a sentence: what it is, and what it was where it changed.
fn sentences(digest: &Digest) -> Vec<Line> {
    let sentence = |at: usize| {
        let (id, good, bad, _) = WORDS[at];
        let it = digest.of(id)?;
        let now = now(digest, at)?;
        Some(match (&it.outcome, it.before.value) {
            (Outcome::Changed { tone, .. }, Some(before)) => {
                let how = if *tone == Tone::Good { good } else { bad };
                Line::default().strong(words::capitalised(how)).and(format!(": {now}, was {}", words::value(it.definition.unit, before)))
            }
            (Outcome::Same, _) => Line::plain(format!("As before: {now}")),
            _ => Line::plain(format!("{now}, too few to compare")),
        })
    };
    (0..4).filter_map(sentence).collect()
}

fn of_team(said: &Said<'_>) -> Line {
    let (better, worse) = moved(said.digest);
    let how: Vec<String> = better.into_iter().chain(worse).map(str::to_owned).collect();
    let how = if how.is_empty() { "steady".to_owned() } else { join(&how) };
    let was = |at: usize| {
        let it = said.digest.of(WORDS[at].0)?;
        let before = it.before.value.filter(|_| it.tone() != Tone::Neutral);
        let was = before.map_or_else(String::new, |before| format!(" (was {})", words::value(it.definition.unit, before)));
        Some(format!("{}{was}", now(said.digest, at)?))
    };
    let numbers: Vec<String> = (0..4)
        .filter(|at| *at != 1 && *at != 3 || said.digest.of(WORDS[*at].0).is_some_and(|it| it.tone() != Tone::Neutral))
        .filter_map(was)
        .collect();
    let line = Line::default().strong(words::capitalised(&said.facts.name));
    if numbers.is_empty() { line.and(": nothing known of these weeks") } else { line.and(format!(": {how}; {}", join(&numbers))) }
}
