//! The card of `health`: the verdict, each source, what needs a look with what mends it, what is ignored.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use serde_json::{Value, json};

use super::compute::{Finding, Health, Source, State, commonest};
use crate::domain::ask::Ask;
use crate::domain::card::{Card, Line, Part, Scope, SourceHealth, Table};
use crate::domain::time::{At, DAY, SECOND};
use crate::domain::words;
use crate::store::quality::{Fate, NEWEST};

/// Findings that the verdict names.
const NAMED: usize = 3;

/// What the card is about.
pub struct About<'a> {
    pub health: &'a Health,
    pub ignored: &'a BTreeMap<String, Fate>,
    pub ask: &'a Ask,
    pub name: &'a str,
    pub now: At,
}

/// The card.
pub fn card(about: &About<'_>) -> Card {
    let (health, window) = (about.health, &about.ask.window);
    let mut parts = Vec::new();
    if !health.findings.is_empty() {
        parts.push(Part::List(health.findings.iter().map(|finding| line(finding, about)).collect(), None));
    }
    if !health.sources.is_empty() {
        parts.push(Part::Heading("Sources".into()));
        parts.push(Part::Table(sources(&health.sources, about.now, window.zone)));
    }
    if !about.ignored.is_empty() {
        parts.push(Part::Heading("Ignored, since it carries nothing that pacer uses".into()));
        parts.push(Part::List(about.ignored.iter().map(ignored).collect(), None));
    }
    let mut data = serde_json::Map::new();
    data.insert("findings".into(), health.findings.iter().map(finding_json).collect());
    data.insert("sources".into(), health.sources.iter().map(source_json).collect());
    data.insert(
        "ignored".into(),
        about.ignored.iter().map(|(source, fate)| json!({"source": source, "count": fate.deliveries, "reasons": fate.reasons})).collect(),
    );
    Card {
        command: "health".into(),
        title: format!("Data health - {} - {}", words::capitalised(about.name), window.title()),
        scope: about.ask.scope.clone(),
        window: Some(window.clone()),
        verdict: verdict(health),
        parts,
        notes: notes(about),
        health: health.sources.iter().map(|it| SourceHealth { source: it.heard.source.clone(), last_event: it.heard.last_event }).collect(),
        data,
        ..Card::default()
    }
}

/// How much needs a look, and the first of it.
pub fn verdict(health: &Health) -> Line {
    let unclear = health.sources.iter().filter(|source| source.state == State::Unclear).count();
    let begin = match health.findings.as_slice() {
        [] if unclear == 0 => return Line::plain("All sources are fresh, and nothing is missing."),
        [] => return Line::plain("Nothing is missing, but how often some sources are fed can't be told yet."),
        [only] if only.kind == "no_source" => return Line::plain("Nothing has been read yet: begin with ").code(&only.mend).and("."),
        [_] => "1 thing needs a look".to_string(),
        all => format!("{} things need a look", all.len()),
    };
    let mut named: Vec<String> = health.findings.iter().take(NAMED).map(|finding| finding.what.clone()).collect();
    if let Some(more) = health.findings.len().checked_sub(NAMED).filter(|more| *more > 0) {
        named.push(format!("and {more} more"));
    }
    let fresh = health.sources.iter().all(|source| source.state == State::Fresh);
    Line::plain(format!("{begin}: {}.{}", named.join("; "), if fresh { " All sources are fresh." } else { "" }))
}

fn line(finding: &Finding, about: &About<'_>) -> Line {
    let since = finding.since.map(|at| format!(" (since {})", words::date(at, about.now, about.ask.window.zone))).unwrap_or_default();
    // The name of a source stays as it is.
    let named = !finding.subject.is_empty() && finding.what.starts_with(&finding.subject);
    let what = if named { finding.what.clone() } else { words::capitalised(&finding.what) };
    let mut line = Line::default().strong(what).and(format!("{since}. "));
    line.0.extend(finding.told.0.iter().cloned());
    line.and(" → ").code(&finding.mend)
}

fn sources(sources: &[Source], now: At, zone: Tz) -> Table {
    let row = |source: &Source| {
        let state = match source.state {
            State::Fresh => "fresh",
            State::Silent => "silent",
            State::Unclear => "too few days to tell",
        };
        vec![
            source.heard.source.clone(),
            source.heard.last_event.map_or_else(|| "none yet".into(), |at| words::moment(at, now, zone)),
            words::age(source.heard.last_received, now),
            source.usual.map(|usual| words::working_time(usual.max(DAY))).unwrap_or_default(),
            state.to_string(),
        ]
    };
    Table {
        columns: ["Source", "Latest event", "Heard", "Usually within", "State"].map(str::to_string).to_vec(),
        numeric: vec![false; 5],
        rows: sources.iter().map(row).collect(),
        more: None,
    }
}

fn ignored((source, fate): (&String, &Fate)) -> Line {
    let count = words::count(fate.deliveries, "delivery", "deliveries");
    let more = if fate.deliveries >= NEWEST.unsigned_abs() { " or more" } else { "" };
    Line::default().strong(source.as_str()).and(format!(": {count}{more}. {}", commonest(fate).join("; ")))
}

fn notes(about: &About<'_>) -> Vec<Line> {
    let silent = "A source is silent when it was not heard for longer than 95 % of its own gaps in 90 days, and a day more: at least 2 \
                  working days, weekends and holidays aside.";
    let mut notes = vec![Line::plain(silent)];
    if about.ask.scope != Scope::Organisation {
        let line = Line::plain("Sources and deliveries serve everybody. Names and services of nobody are in ");
        notes.push(line.code("/metrics health team:all").and("."));
    }
    notes
}

fn finding_json(finding: &Finding) -> Value {
    json!({"kind": finding.kind, "subject": finding.subject, "count": finding.count, "at_least": finding.at_least,
        "since": finding.since, "mend": finding.mend})
}

fn source_json(source: &Source) -> Value {
    let state = match source.state {
        State::Fresh => "fresh",
        State::Silent => "silent",
        State::Unclear => "unclear",
    };
    json!({"source": source.heard.source, "last_event": source.heard.last_event, "last_received": source.heard.last_received,
        "usual_gap_working_seconds": source.usual.map(|usual| usual / SECOND), "silent_working_seconds": source.silence / SECOND,
        "state": state})
}

#[cfg(test)]
mod tests {
    use super::super::compute::Facts;
    use super::super::tests::{daily, day, health, heard, troubled};
    use super::*;
    use crate::domain::window::Window;
    use crate::render;

    fn shown(facts: &Facts, scope: Scope) -> String {
        let health = health(facts, day(0));
        let window = Window::days(90, day(0), Tz::UTC);
        let ask = Ask { command: "health".into(), scope, window, window_named: false, words: Vec::new() };
        render::text(
            &card(&About { health: &health, ignored: &facts.ignored, ask: &ask, name: "the whole organisation", now: day(0) }),
            false,
            110,
        )
    }

    #[test]
    fn the_card_says_what_needs_a_look_and_what_mends_it() {
        insta::assert_snapshot!(shown(&troubled(), Scope::Organisation));
    }

    #[test]
    fn where_all_is_well_it_says_so() {
        let well = Facts { sources: vec![heard("github", daily())], ..Facts::default() };
        insta::assert_snapshot!(shown(&well, Scope::Team("payments".into())));
        let one = Facts { unassigned: vec!["cart".into()], ..well };
        let one = shown(&one, Scope::Organisation);
        assert!(one.contains("1 thing needs a look: 1 service belongs to no team. All sources are fresh."), "{one}");
        let nothing = shown(&Facts::default(), Scope::Organisation);
        assert!(nothing.contains("Nothing has been read yet: begin with pacer import git PATH."), "{nothing}");
        let unclear = shown(&Facts { sources: vec![heard("csv", [-40])], ..Facts::default() }, Scope::Organisation);
        assert!(unclear.contains("how often some sources are fed can't be told yet"), "{unclear}");
    }

    #[test]
    fn names_of_people_are_for_admins() {
        let told = |facts: &Facts| shown(facts, Scope::Organisation);
        assert!(told(&troubled()).contains("cy-2 (github), dan (github) and 5f1 (jira)"));
        let hidden = told(&Facts { shows_names: false, ..troubled() });
        assert!(!hidden.contains("cy-2") && !hidden.contains("5f1") && hidden.contains("3 names belong to nobody"), "{hidden}");
    }
}
