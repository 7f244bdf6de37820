//! The card of `trend`: the verdict on the two halves, the weeks, what changed in between.

use serde_json::{Value, json};

use super::compute::{Point, Trend, Uncompared};
use crate::domain::card::{Card, Figure as Shown, Line, Part, SourceHealth, Table, Tone};
use crate::domain::chart::{Chart, Lines, Steps};
use crate::domain::metric::DORA;
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
    let is_fed = trends.iter().any(Trend::is_fed);
    let mut parts = Vec::new();
    if is_fed {
        parts.push(Part::Figures(trends.iter().map(shown).collect()));
    }
    if !about.holds.0.is_empty() {
        parts.push(Part::Heading("Is it taking hold?".into()));
        parts.push(Part::List(about.holds.0.clone(), Some("/metrics goals".into())));
    }
    let mut buttons = receipts::buttons(&receipt.id, None);
    if let [only] = trends
        && is_fed
    {
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
        if !trends.iter().any(Trend::is_fed) {
            let of_dora = DORA.iter().any(|known| known.id == first.definition.id);
            return if of_dora { verdict::no_deployment(name) } else { verdict::no_work(name) };
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

/// The figure that the verdict tells, which is the later half's, and behind it that of the whole period, each by its name.
fn shown(trend: &Trend) -> Shown {
    let unit = trend.definition.unit;
    let metric = &trend.metric;
    let is_half = trend.half_weeks > 0 && trend.later.value.is_some();
    let (value, n, interval) =
        if is_half { (trend.later.value, trend.later.n, trend.later.interval) } else { (metric.value, metric.n, metric.interval) };
    let weeks = words::count(trend.half_weeks as u64, "week", "weeks");
    let mut said = vec![if is_half { format!("last {weeks}, n {}", words::number(n)) } else { format!("n {}", words::number(n)) }];
    if let (Some(value), Some(interval)) = (value, interval) {
        said.push(format!("95 % {}", words::interval(unit, value, interval)));
    }
    if let Some(whole) = metric.value.filter(|_| is_half) {
        said.push(format!("whole period {} (n {})", words::value(unit, whole), words::number(metric.n)));
    } else if !is_half {
        said.push("whole period".to_owned());
    }
    Shown {
        name: trend.definition.name.into(),
        value: value.map_or_else(|| left_out::absent(metric.reason.as_deref()), |value| words::value(unit, value)),
        change: trend.moved(),
        spark: trend.points.iter().map(|point| point.figure.value).collect(),
        band: None,
        target: trend.target.as_ref().map(|target| receipts::aim(metric, target)),
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
        let interval = figure.value.map(|value| match figure.interval {
            Some(interval) => words::interval(trend.definition.unit, value, interval),
            None if matches!(trend.definition.unit, "seconds" | "fraction" | "per_week") => "too few".to_owned(),
            None => String::new(),
        });
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::card::Scope;
    use crate::domain::derive::day::Packed;
    use crate::domain::metric;
    use crate::domain::pool::Pool;
    use crate::domain::time::{At, DAY, WEEK};
    use crate::domain::window::Window;
    use crate::features::trend::compute;

    fn window() -> Window {
        Window { from: At(74 * WEEK), to: At(100 * WEEK), zone: chrono_tz::Tz::UTC, label: String::new() }
    }

    /// The card of a metric of a team, whose receipt has no figures at all.
    fn told(pool: &Pool, id: &str) -> Card {
        let targets = BTreeMap::from([("deployment_frequency".to_owned(), 8.0)]);
        let trends = compute::of_dora(pool, &[metric::find(id).expect("known")], &window(), &targets, &[]);
        let receipt = Receipt {
            id: "abcdefgh".into(),
            command: String::new(),
            scope: Scope::Team("pay".into()),
            window: window(),
            asked_at: window().to,
            org_version: 0,
            watermark: 0,
            definitions: 0,
            metrics: Vec::new(),
        };
        card(&About { trends: &trends, receipt: &receipt, name: "Payments", health: Vec::new(), notes: &[], holds: Default::default() })
    }

    fn deploying(each: impl Fn(i64) -> i64) -> Pool {
        let times = (50..100).flat_map(|week| (0..each(week)).map(move |n| week * WEEK + n * DAY / 2));
        let deployments: Vec<Packed> = times.map(|at| Packed { at, ..Packed::default() }).collect();
        let first_event = deployments.first().map(Packed::finished_at);
        Pool { services: 1, first_event, deployments, ever_deployed: true, alive: true, ..Pool::default() }
    }

    #[test]
    fn the_tile_is_the_figure_of_the_verdict_and_its_target_is_held_against_it() {
        let card = told(&deploying(|week| if week < 87 { 3 } else { 12 }), "deployment_frequency");
        assert!(card.verdict.text().contains("12 a week in the last 13 weeks, 3 a week in the 13 weeks before"), "{}", card.verdict.text());
        let Some(Part::Figures(figures)) = card.parts.first() else { panic!("{:?}", card.parts) };
        assert_eq!(figures[0].value, "12 a week");
        assert!(figures[0].detail.starts_with("last 13 weeks, n 156, 95 % "), "{}", figures[0].detail);
        assert!(figures[0].detail.ends_with(", whole period 7.5 a week (n 195)"), "{}", figures[0].detail);
        assert_eq!(figures[0].target, Some((Tone::Good, "target 8 a week or more: met".into())));
        assert_eq!((card.metrics[0].value, card.metrics[0].n), (Some(7.5), 195), "counted now, not read from the receipt");
    }

    #[test]
    fn without_any_deployment_it_is_one_sentence_that_says_what_to_do() {
        for id in ["deployment_frequency", "change_lead_time"] {
            let card = told(&Pool { services: 1, ..Pool::default() }, id);
            let said = card.verdict.text();
            assert!(said.starts_with("No production deployment of Payments is known") && said.contains("pacer import git PATH"), "{said}");
            assert_eq!(card.parts, []);
        }
    }
}
