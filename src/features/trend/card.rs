//! The card of `trend`: the verdict on the two halves, the weeks, what changed in between.

use serde_json::{Value, json};

use super::compute::{Point, Trend, Uncompared};
use crate::domain::card::{Card, Figure as Shown, Line, Part, SourceHealth, Table, Tone};
use crate::domain::chart::{Chart, Lines, Steps};
use crate::domain::words;
use crate::features::verdict::{self, lowered};
use crate::features::{left_out, receipts};
use crate::store::notes::Note;
use crate::store::receipts::Receipt;

/// Weeks listed in a message.
const LISTED: usize = 8;

/// What the card is about.
pub struct About<'a> {
    /// One or more, over the same period.
    pub trends: &'a [Trend],
    pub receipt: &'a Receipt,
    pub name: &'a str,
    pub health: Vec<SourceHealth>,
    /// What the teams noted of these metrics, oldest first.
    pub notes: &'a [Note],
    /// Whether improvements that watch the metric are taking hold: as sentences, and in machine form.
    pub holds: (Vec<Line>, Vec<Value>),
}

/// The card.
pub fn card(about: &About<'_>) -> Card {
    let (receipt, trends) = (about.receipt, about.trends);
    let what = if let [only] = trends { only.definition.name } else { "DORA" };
    let mut parts = vec![Part::Figures(trends.iter().map(shown).collect())];
    if !about.holds.0.is_empty() {
        parts.push(Part::Heading("Is it taking hold?".into()));
        parts.push(Part::List(about.holds.0.clone(), Some("/metrics goals".into())));
    }
    let mut buttons = receipts::buttons(&receipt.id, None);
    if let [only] = trends {
        parts.push(Part::Chart(chart(only, about)));
        parts.push(Part::Table(weeks(only, about)));
        buttons.push(receipts::chart_button(&receipt.id));
    }
    let marks = trends.first().map(|trend| trend.marks.as_slice()).unwrap_or_default();
    if !marks.is_empty() {
        parts.push(Part::Heading("What changed in between".into()));
        let line = |mark: &super::compute::Mark| {
            Line::plain(format!("{}: {}", words::date(mark.at, receipt.window.to, receipt.window.zone), mark.what))
        };
        parts.push(Part::List(marks.iter().map(line).collect(), None));
    }
    if !about.notes.is_empty() {
        parts.push(Part::Heading("What the team noted".into()));
        let line = |(at, note): (usize, &Note)| {
            let day = words::date(note.at, receipt.window.to, receipt.window.zone);
            Line::default().strong(number(at)).and(format!(" · {day}: {}", note.decision))
        };
        parts.push(Part::List(about.notes.iter().enumerate().map(line).collect(), Some("/metrics retro".into())));
    }
    let mut data = serde_json::Map::new();
    let series: serde_json::Map<String, Value> =
        trends.iter().map(|trend| (trend.definition.id.to_string(), trend.points.iter().map(point).collect())).collect();
    data.insert("series".into(), Value::Object(series));
    let halves: serde_json::Map<String, Value> = trends.iter().map(|trend| (trend.definition.id.to_string(), halves(trend))).collect();
    data.insert("halves".into(), Value::Object(halves));
    data.insert("annotations".into(), about.notes.iter().enumerate().map(annotation).collect());
    data.insert("improvements".into(), about.holds.1.iter().cloned().collect());
    data.insert("marks".into(), marks.iter().map(|mark| json!({"at": mark.at, "what": mark.what})).collect());
    Card {
        zone: None,
        command: "trend".into(),
        title: format!("{what} - {} - {}", words::capitalised(about.name), receipt.window.title()),
        scope: receipt.scope.clone(),
        window: Some(receipt.window.clone()),
        verdict: verdict(about),
        parts,
        metrics: trends.iter().map(|trend| trend.metric.clone()).collect(),
        notes: notes(about),
        health: about.health.clone(),
        receipt: Some(receipt.id.clone()),
        buttons,
        data,
    }
}

/// A note's number in the picture and below it.
fn number(at: usize) -> String {
    (at + 1).to_string()
}

fn annotation((at, note): (usize, &Note)) -> Value {
    json!({"number": at + 1, "id": note.id, "at": note.at, "team": note.team, "metrics": note.metrics, "decision": note.decision})
}

fn point(point: &Point) -> Value {
    let figure = &point.figure;
    json!({"from": point.from, "to": point.to, "value": figure.value, "n": figure.n, "interval": figure.interval, "reason": figure.reason})
}

fn halves(trend: &Trend) -> Value {
    let half = |figure: &crate::domain::figure::Figure| json!({"value": figure.value, "n": figure.n, "interval": figure.interval});
    json!({"weeks": trend.half_weeks, "earlier": trend.earlier.as_ref().map(half), "later": half(&trend.later)})
}

/// One sentence a metric: what it was, what it is, whether they can be told apart.
fn verdict(about: &About<'_>) -> Line {
    let (trends, name, window) = (about.trends, about.name, &about.receipt.window);
    if let Some(first) = trends.first().filter(|_| trends.iter().all(|trend| trend.metric.value.is_none())) {
        if !first.owned.any_in(window) {
            return verdict::owned_nothing(name);
        }
        if let Some(begin) = first.first.filter(|begin| window.to <= *begin) {
            return verdict::before_data(name, begin, window);
        }
    }
    if let [only] = trends {
        return of_one(only, name);
    }
    let title = words::capitalised(name);
    if let Some(why) = trends.first().and_then(|trend| trend.uncompared) {
        return Line::plain(format!("{title}, week by week. {}", apart(why)));
    }
    let (mut better, mut worse) = (Vec::new(), Vec::new());
    for trend in trends {
        match trend.moved() {
            Some((Tone::Good, change)) => better.push(format!("{} ({change})", lowered(trend.definition.name))),
            Some((Tone::Bad, change)) => worse.push(format!("{} ({change})", lowered(trend.definition.name))),
            _ => {}
        }
    }
    let halves = trends.first().map_or(0, |trend| trend.half_weeks);
    let line = Line::plain(format!("{title}, the last {} against the {halves} before: ", words::count(halves as u64, "week", "weeks")));
    match (better.is_empty(), worse.is_empty()) {
        (true, true) if trends.iter().all(|trend| trend.moved().is_none()) => line.and("there is no figure of both to compare."),
        (true, true) => line.and("no clear change in any of the five."),
        (false, true) => line.strong("better ").and(format!("in {}; nothing got clearly worse.", left_out::join(&better))),
        (true, false) => line.strong("worse ").and(format!("in {}; nothing got clearly better.", left_out::join(&worse))),
        (false, false) => line
            .strong("better ")
            .and(format!("in {}, ", left_out::join(&better)))
            .strong("worse ")
            .and(format!("in {}.", left_out::join(&worse))),
    }
}

fn of_one(trend: &Trend, name: &str) -> Line {
    let (unit, what) = (trend.definition.unit, trend.definition.name);
    if trend.later.reason == Some("too_few_people") {
        let few = "of fewer than 3 people it would be a figure of persons";
        return Line::plain(format!("{what} of {name} is not shown in the later half of this period: {few}."));
    }
    let Some(later) = trend.later.value else {
        return Line::plain(format!(
            "There is no {} of {name} in the later half of this period, so there is no trend to see.",
            lowered(what)
        ));
    };
    let weeks = words::count(trend.half_weeks as u64, "week", "weeks");
    let value = words::value(unit, later);
    let said =
        if trend.half_weeks == 0 { format!("{what} of {name}: {value}") } else { format!("{what} of {name}: {value} in the last {weeks}") };
    if let (Some(earlier), Some((tone, change))) = (&trend.earlier, trend.moved()) {
        let before = earlier.value.map(|value| words::value(unit, value)).unwrap_or_default();
        let line = Line::plain(format!("{said}, {before} in the {weeks} before: "));
        return if tone == Tone::Neutral { line.and(format!("{change}.")) } else { line.strong(format!("{change}.")) };
    }
    let why = trend.uncompared.map_or("There is no such figure in the earlier half to compare with.", apart);
    Line::plain(format!("{said}. {why}"))
}

/// Why the halves are not compared.
fn apart(why: Uncompared) -> &'static str {
    match why {
        Uncompared::Short => "The period is shorter than two weeks, so there are no halves to compare.",
        Uncompared::BeforeData => "The data begins within this period, so there is no earlier half to compare with.",
        Uncompared::NotOwned => "It owned no service in one half of this period, so there is nothing to compare.",
    }
}

fn shown(trend: &Trend) -> Shown {
    let unit = trend.definition.unit;
    let metric = &trend.metric;
    let mut said = vec![format!("n {} over the whole period", words::number(metric.n))];
    if let (Some(value), Some(interval)) = (metric.value, metric.interval) {
        said.push(format!("95 % {}", words::interval(unit, value, interval)));
    }
    Shown {
        name: trend.definition.name.into(),
        value: metric.value.map_or_else(|| left_out::absent(metric.reason.as_deref()), |value| words::value(unit, value)),
        change: trend.moved(),
        spark: trend.points.iter().map(|point| point.figure.value).collect(),
        band: None,
        target: metric.target.as_ref().map(|target| receipts::aim(metric, target)),
        detail: said.join(", "),
    }
}

/// The weeks as a line with their intervals, what is aimed at, and what changed.
fn chart(trend: &Trend, about: &About<'_>) -> Chart {
    let window = &about.receipt.window;
    let (definition, points) = (trend.definition, &trend.points);
    let steps = Steps::time(points.iter().map(|point| point.from), window.zone);
    let name = words::capitalised(about.name);
    let values = points.iter().map(|point| point.figure.value).collect();
    let mut lines = Lines::new(definition.unit, steps, name, values)
        .band("95 % interval", points.iter().map(|point| point.figure.interval.filter(|_| point.figure.value.is_some())).collect());
    if let Some(target) = &trend.metric.target {
        lines = lines.target(target.value, "target");
    }
    lines = trend.marks.iter().fold(lines, |lines, mark| lines.mark(mark.at, mark.what.clone()));
    lines = about.notes.iter().enumerate().fold(lines, |lines, (at, note)| lines.mark(note.at, format!("note {}", number(at))));
    Chart::new(definition.name, lines).subtitle("by week")
}

/// The latest weeks, newest first.
fn weeks(trend: &Trend, about: &About<'_>) -> Table {
    let window = &about.receipt.window;
    let row = |point: &Point| {
        let figure = &point.figure;
        let value = figure.value.map_or_else(|| left_out::absent(figure.reason), |value| words::value(trend.definition.unit, value));
        let interval = figure.value.zip(figure.interval).map(|(value, interval)| words::interval(trend.definition.unit, value, interval));
        let n = if figure.value.is_some() { figure.n.to_string() } else { String::new() };
        vec![words::date(point.to.plus(-1), window.to, window.zone), value, n, interval.unwrap_or_default()]
    };
    Table {
        columns: ["Week to", "Value", "n", "95 %"].map(str::to_string).to_vec(),
        numeric: vec![false, true, true, true],
        rows: trend.points.iter().rev().take(LISTED).map(row).collect(),
        more: None,
    }
}

fn notes(about: &About<'_>) -> Vec<Line> {
    let zone = about.receipt.window.zone.name();
    let mut notes = vec![Line::plain(format!("A week is 7 days counted back from the end of the period. Times in {zone}."))];
    let note = about.trends.first().and_then(|trend| trend.owned.note(about.name, &about.receipt.window));
    notes.extend(note.map(|said| Line::plain(format!("{said}."))));
    if let [_, _, ..] = about.trends {
        notes.push(
            Line::plain("One of them week by week: ")
                .code("/metrics trend change_lead_time")
                .and(". Those of ")
                .code("/metrics flow")
                .and(" too."),
        );
    }
    notes
}
