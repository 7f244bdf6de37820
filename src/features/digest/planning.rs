//! The planning template: what gets finished in a week, what is in progress and how old it is, what is stuck. Pure.
//!
//! Facts for a conversation about what fits, never a quota: nobody's share of it is known here.

use super::card::{Said, changed, frame, looks};
use super::change::Judged;
use crate::domain::card::{Card, Line, Part};
use crate::domain::figure::Figure;
use crate::domain::metric::FLOW;
use crate::domain::words;
use crate::features::flow::compute::WorkOf;

/// The card.
pub fn card(said: &Said<'_>) -> Card {
    let mut parts = vec![Part::Heading("To plan with".into()), Part::List(facts(said), None)];
    parts.extend(looks(said.digest));
    parts.extend(changed(said));
    frame(said, "For planning", verdict(said), parts)
}

/// What is finished a week: items, or changes where no tracker tells of items.
fn throughput<'a>(said: &Said<'a>) -> Option<(&'a Judged, &'static str)> {
    let of = |id: &str| said.digest.of(id).filter(|it| it.now.value.is_some());
    let what = |it: &Judged, known: &'static str| (it.now.n > 0).then_some(known);
    of("items_done").and_then(|it| Some((it, what(it, "items")?))).or_else(|| of("changes_merged").map(|it| (it, "changes")))
}

fn figure<'a>(said: &Said<'a>, id: &str) -> Option<&'a Figure> {
    FLOW.iter().position(|metric| metric.id == id).map(|place| &said.facts.flow.now.now[place])
}

fn verdict(said: &Said<'_>) -> Line {
    let name = words::capitalised(&said.facts.name);
    let Some((done, what)) = throughput(said) else {
        return Line::plain(format!("Nothing is known of what {name} finished in these 4 weeks."));
    };
    let pace = done.now.value.map(words::short).unwrap_or_default();
    let wip = figure(said, "wip").filter(|wip| wip.value.is_some());
    let progress = wip.map_or_else(String::new, |wip| format!(", with {} in progress", pieces(said, wip.n)));
    Line::plain(format!("{name} finishes about {pace} {what} a week{progress}."))
}

/// "4 items", or changes where no tracker tells of items.
fn pieces(said: &Said<'_>, n: u64) -> String {
    match said.facts.flow.now.work_of {
        WorkOf::Items => words::count(n, "item", "items"),
        WorkOf::Changes => words::count(n, "change", "changes"),
    }
}

fn facts(said: &Said<'_>) -> Vec<Line> {
    let flow = &said.facts.flow.now;
    let mut lines = Vec::new();
    if let Some((done, what)) = throughput(said) {
        let weeks = FLOW.iter().position(|metric| metric.id == done.definition.id).map(|place| &flow.weekly[place]);
        let weeks: Vec<String> = weeks.into_iter().flatten().flatten().map(|rate| words::short(*rate)).collect();
        let before = done.before.value.map_or_else(String::new, |rate| format!("; {} a week in the 12 before", words::short(rate)));
        lines.push(
            Line::default()
                .strong("Throughput: ")
                .and(format!("{} {what} finished in the last 4 weeks ({}){before} ", words::number(done.now.n), weeks.join(", ")))
                .code(&said.kept.flow),
        );
    }
    if let Some((wip, age)) = figure(said, "wip").zip(figure(said, "wip_age")).filter(|(wip, _)| wip.n > 0) {
        let half = age.value.map_or_else(String::new, |secs| format!(", half of them for longer than {}", words::duration(secs)));
        lines.push(Line::default().strong("In progress: ").and(format!("{}{half}", pieces(said, wip.n))));
        let p85 = age.percentiles.as_ref().and_then(|known| known.get("85"));
        if let Some((aged, p85)) = flow.aged.zip(p85).filter(|(aged, _)| *aged > 0) {
            let old = pieces(said, aged);
            let line = format!("{old} in progress for longer than 85 % of finished ones took ({})", words::duration(*p85));
            lines.push(Line::default().strong("Stuck: ").and(line));
        }
    }
    if let Some(cycle) = said.digest.of("cycle_time").and_then(|it| it.now.value) {
        lines.push(
            Line::default().strong("A change takes: ").and(format!("{} from first commit to production (median)", words::duration(cycle))),
        );
    }
    if lines.is_empty() {
        lines.push(Line::plain("No item and no change is known: ").code("/metrics health").and(" says what is missing."));
    }
    lines
}
