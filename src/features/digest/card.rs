//! The message of a digest: one card a template, short enough to be read at 9 on a Monday; and the figures in its thread. Pure.
//!
//! Names of persons never stand in it. Teams stand side by side for leadership alone, by name, each against itself: never a ranking.

use super::change::{Family, Judged, Outcome};
use super::compute::{Digest, MOST, counted};
use super::facts::{Facts, Kept};
use super::settings::Template;
use crate::domain::ask::scope_text;
use crate::domain::card::{Button, Card, Line, Part, Scope, Tone};
use crate::domain::metric::FLOW;
use crate::domain::words::{self, join};
use crate::features::dora::{self, compute::Dora};
use crate::features::flow;
use crate::features::verdict::lowered;

/// What is said of one scope.
pub struct Said<'a> {
    pub facts: &'a Facts,
    pub digest: &'a Digest,
    pub kept: &'a Kept,
}

/// The message; `id` is the subscription's, for its buttons; empty: a preview without any.
pub fn card(template: Template, all: &[Said<'_>], id: &str) -> Option<Card> {
    let first = all.first()?;
    let card = match template {
        Template::Team => team(first),
        Template::Leadership => super::leadership::card(all),
        Template::Planning => super::planning::card(first),
        Template::Retrospective => retrospective(first),
    };
    let details = if let [only] = all { Some(only.kept.dora.as_str()) } else { None };
    Some(Card { command: "digest".into(), buttons: if id.is_empty() { Vec::new() } else { buttons(id, details) }, ..card })
}

/// Each by name, so that a press of it names the subscription; the answer is private.
fn buttons(id: &str, details: Option<&str>) -> Vec<Button> {
    let button = |label: &str, action: &str, value: String| Button { label: label.into(), action: action.into(), value, primary: false };
    let here = format!("{id}:said"); // pressed below the message, which stays as it is
    let mut buttons: Vec<Button> = details.map(|receipt| button("Details", "digest_details", receipt.into())).into_iter().collect();
    buttons.push(button("Useful", "digest_useful", here.clone()));
    buttons.push(button("Less often", "digest_less", here.clone()));
    buttons.push(button("Snooze a week", "digest_snooze", here));
    buttons
}

/// The frame that every template has.
pub fn frame(said: &Said<'_>, what: &str, verdict: Line, parts: Vec<Part>) -> Card {
    let facts = said.facts;
    Card {
        title: format!("{what} - {} - {}", words::capitalised(&facts.name), facts.windows.now.title()),
        scope: facts.scope.clone(),
        window: Some(facts.windows.now.clone()),
        verdict,
        parts,
        metrics: facts.dora.now.metrics.iter().chain(&facts.flow.now.metrics).cloned().collect(),
        notes: notes(said),
        health: facts.health.clone(),
        ..Card::default()
    }
}

fn team(said: &Said<'_>) -> Card {
    let mut parts = changed(said);
    parts.extend(looks(said.digest));
    parts.extend(said.digest.thanks.as_ref().map(|(_, text)| Part::Text(Line::default().strong("Thank you: ").and(text))));
    parts.extend(asks(said.digest, "For the retrospective: "));
    frame(said, "Digest", verdict(said), parts)
}

fn retrospective(said: &Said<'_>) -> Card {
    let mut parts = changed(said);
    parts.extend(looks(said.digest));
    parts.extend(asks(said.digest, "The question: "));
    parts.push(Part::Heading("To bring".into()));
    parts.push(Part::List(bring(said), None));
    parts.extend(said.digest.thanks.as_ref().map(|(_, text)| Part::Text(Line::default().strong("To celebrate: ").and(text))));
    frame(said, "For the retrospective", verdict(said), parts)
}

/// What to have at hand in the meeting: commands that show it.
fn bring(said: &Said<'_>) -> Vec<Line> {
    let (digest, scope) = (said.digest, scope_text(&said.facts.scope));
    let mut lines = Vec::new();
    if let Some(it) = digest.changes.first().or(digest.still.first()).map(|place| &digest.judged[*place]) {
        let line = Line::plain(format!("The weeks of the {}: ", lowered(it.name())));
        lines.push(line.code(format!("/metrics trend {} {scope}", it.definition.id)));
    }
    let failed = failures(&said.facts.dora.now);
    if failed > 0 {
        let line = Line::plain(format!("The {}: ", words::count(failed, "failed deployment", "failed deployments")));
        lines.push(line.code(format!("/metrics why {}", said.kept.dora)));
    }
    if digest.looks.iter().any(|look| look.family == Some(Family::Flow)) {
        lines.push(Line::plain("What is in progress, and since when: ").code(format!("/metrics why {}", said.kept.flow)));
    }
    lines.push(Line::plain("Where a change spends its time: ").code(format!("/metrics flow {scope} 4w")));
    lines.truncate(MOST);
    lines
}

/// Deployments that failed.
pub fn failures(dora: &Dora) -> u64 {
    let fail = &dora.now.change_fail_rate;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count is that count at most")]
    fail.value.map_or(0, |share| (share * crate::domain::figure::to_f64(fail.n)).round() as u64)
}

/// One sentence that stands alone: what was delivered, with its numbers, and what that means against the weeks before.
fn verdict(said: &Said<'_>) -> Line {
    let (facts, digest) = (said.facts, said.digest);
    let five = &facts.dora.now.now;
    let mut did = Vec::new();
    if five.deployment_frequency.value.is_some() {
        did.push(format!("deployed {}", words::count(five.deployment_frequency.n, "time", "times")));
    }
    if let Some(secs) = five.change_lead_time.value {
        did.push(format!("took {} from commit to production", words::duration(secs)));
    }
    if did.is_empty() {
        let merged = digest.of("changes_merged").filter(|it| it.now.value.is_some());
        did.extend(merged.map(|it| format!("merged {}", counted("changes_merged", it.now.n))));
        let done = digest.of("items_done").filter(|it| it.now.value.is_some());
        did.extend(done.map(|it| format!("finished {}", counted("items_done", it.now.n))));
    }
    if five.change_fail_rate.value.is_some() {
        let failed = failures(&facts.dora.now);
        let failed = if failed == 0 { "none".to_owned() } else { words::number(failed) };
        did.push(format!("had {failed} of {} fail", words::count(five.change_fail_rate.n, "deployment", "deployments")));
    }
    let name = words::capitalised(&facts.name);
    if did.is_empty() {
        return Line::plain(format!("Nothing is known of what {name} delivered in these 4 weeks."));
    }
    Line::plain(format!("{name} {} in the last 4 weeks: {}.", join(&did), outcome(digest)))
}

/// "change lead time got worse, the rest is as it was".
fn outcome(digest: &Digest) -> String {
    let names = |tone: Tone| -> Vec<String> {
        let all = digest.changes.iter().map(|place| &digest.judged[*place]).filter(|it| it.tone() == tone);
        all.map(|it| lowered(it.name())).collect()
    };
    let (better, worse) = (names(Tone::Good), names(Tone::Bad));
    match (better.is_empty(), worse.is_empty()) {
        (true, true) if digest.still.is_empty() => "no figure changed by more than chance".into(),
        (true, true) => "nothing changed since the last digest".into(),
        (false, true) => format!("{} got better, nothing got worse", join(&better)),
        (true, false) => format!("{} got worse, nothing got better", join(&worse)),
        (false, false) => format!("{} got better, {} got worse", join(&better), join(&worse)),
    }
}

/// "What changed", at most three.
pub fn changed(said: &Said<'_>) -> Vec<Part> {
    let digest = said.digest;
    if digest.changes.is_empty() {
        return improvements(digest.verdicts.iter().map(Line::plain));
    }
    let shown = digest.changes.iter().take(MOST).map(|place| &digest.judged[*place]);
    let shown = shown.flat_map(|it| change(it, said.kept).into_iter().chain(noted(it, said.facts)));
    let mut parts = vec![Part::Heading("What changed".into()), Part::List(shown.collect(), None)];
    if digest.changes.len() > MOST {
        let more = digest.changes[MOST..].iter().map(|place| lowered(digest.judged[*place].name()));
        parts.push(Part::Text(Line::plain(format!("And {}: see the thread.", join(&more.collect::<Vec<_>>())))));
    }
    parts.extend(improvements(digest.verdicts.iter().map(Line::plain)));
    parts
}

/// Improvements that are taking hold, or reversing, since the last digest; at most three.
pub fn improvements(verdicts: impl Iterator<Item = Line>) -> Vec<Part> {
    let lines: Vec<Line> = verdicts.take(MOST).collect();
    if lines.is_empty() {
        return Vec::new();
    }
    vec![Part::Heading("Is it taking hold?".into()), Part::List(lines, Some("/metrics goals".into()))]
}

/// What the team itself said of a change: its last note that names the metric.
fn noted(it: &Judged, facts: &Facts) -> Option<Line> {
    let of = |(metrics, _): &&(Vec<String>, String)| metrics.iter().any(|id| id == it.definition.id);
    facts.noted.iter().rfind(of).map(|(_, said)| Line::plain(said))
}

/// "Change lead time: 3.1 days, was 1.9 days (↑ 63 % worse, 45 commits), `7f3a9c2k`".
fn change(it: &Judged, kept: &Kept) -> Option<Line> {
    let Outcome::Changed { words: how, .. } = &it.outcome else { return None };
    let (now, before) = (it.words(it.now.value?), it.words(it.before.value?));
    let n = counted(it.definition.id, it.now.n);
    let line = Line::default().strong(it.name()).and(format!(": {now}, was {before} ({how}, {n}) "));
    Some(line.code(kept.of(it.family)))
}

/// "Needs a look", at most three.
pub fn looks(digest: &Digest) -> Vec<Part> {
    if digest.looks.is_empty() {
        return Vec::new();
    }
    let lines = digest.looks.iter().take(MOST).map(|look| {
        let again = if look.news { "" } else { " (as before)" };
        Line::sentence(&format!("{}{again}", look.text))
    });
    vec![Part::Heading("Needs a look".into()), Part::List(lines.collect(), None)]
}

fn asks(digest: &Digest, head: &str) -> Option<Part> {
    let question = digest.question.as_ref()?;
    Some(Part::Text(Line::default().strong(head).and(question)))
}

/// What did not change, what it is held against, and the receipts.
fn notes(said: &Said<'_>) -> Vec<Line> {
    let (digest, kept) = (said.digest, said.kept);
    let (same, unknown) = digest.unchanged();
    let mut counts = vec![words::count(same, "metric unchanged", "metrics unchanged")];
    if unknown > 0 {
        counts.push(format!("{} with too few data to tell", words::number(unknown)));
    }
    if !digest.still.is_empty() {
        let still = digest.still.iter().map(|place| {
            let it = &digest.judged[*place];
            format!("{} ({})", lowered(it.name()), if it.tone() == Tone::Good { "better" } else { "worse" })
        });
        counts.push(format!("still as told before: {}", join(&still.collect::<Vec<_>>())));
    }
    let mut notes = vec![Line::plain(format!("{}. 4 weeks against the 12 before.", counts.join(", ")))];
    if kept.dora.is_empty() {
        return notes;
    }
    let mut line = Line::plain("Receipts: ").code(&kept.dora).and(" delivery, ").code(&kept.flow).and(" flow");
    for (before, what) in [(&kept.dora_before, "delivery"), (&kept.flow_before, "flow")] {
        line = before.iter().fold(line, |line, id| line.and(", ").code(id).and(format!(" {what} of the 12 weeks before")));
    }
    notes.push(line.and(". ").code("/metrics why ID").and(" lists the rows behind one."));
    notes
}

/// The figures in the thread of the message: DORA's five, then those of flow, each against the twelve weeks before.
pub fn details(said: &Said<'_>) -> Card {
    let (facts, digest) = (said.facts, said.digest);
    let against = |id: &str| {
        digest.of(id).and_then(|it| match &it.outcome {
            Outcome::Changed { tone, words, .. } => Some((*tone, words.clone())),
            Outcome::Same => Some((Tone::Neutral, "no clear change".into())),
            Outcome::Unknown => None,
        })
    };
    let five = (0..facts.dora.now.metrics.len()).map(|place| {
        let id = facts.dora.now.metrics[place].id.as_str();
        crate::domain::card::Figure { change: against(id), spark: Vec::new(), ..dora::shown(&facts.dora.now, place) }
    });
    let flows = (0..FLOW.len()).filter(|place| flow::is_told(&facts.flow.now, *place)).map(|place| {
        let figure = flow::shown(&facts.flow.now, place);
        crate::domain::card::Figure { change: against(FLOW[place].id), spark: Vec::new(), ..figure }
    });
    let verdict = Line::plain(format!("All figures of {}, 4 weeks against the 12 before.", facts.name));
    let parts = vec![Part::Figures(five.collect()), Part::Figures(flows.collect())];
    let notes = vec![Line::plain(format!("Times in {}. Weekly: ", facts.windows.now.zone.name())).code(trend(&facts.scope))];
    Card { command: "digest".into(), notes, ..frame(said, "Details", verdict, parts) }
}

fn trend(scope: &Scope) -> String {
    format!("/metrics trend {}", scope_text(scope))
}
