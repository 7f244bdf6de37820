//! The card of `benchmark`: verdict, the five among the survey's answers, the spread of our own teams, small print.

use super::compute::{Against, Benchmark, Compared};
use super::data;
use crate::domain::ask::Ask;
use crate::domain::benchmark::quick_check::Group;
use crate::domain::card::{Button, Card, Figure, Line, Part, SourceHealth, Table};
use crate::domain::metric::DORA;
use crate::domain::words;
use crate::features::dora::compute::Dora;
use crate::features::{dora, left_out, receipts};

/// What the card is about.
pub struct About<'a> {
    pub ask: &'a Ask,
    pub name: &'a str,
    pub dora: &'a Dora,
    pub benchmark: &'a Benchmark,
    pub receipt: &'a str,
    pub health: Vec<SourceHealth>,
}

/// As the licence asks: whose, under what, what was changed.
const ATTRIBUTION: &str =
    "Google LLC, dora.dev, CC BY 4.0 (creativecommons.org/licenses/by/4.0), unchanged but for turning every scale so that 10 is best";
const CAVEAT_OF_PERCENTILES: &str = "People answered a survey about themselves, so take it as context, not as a goal; a percentile assumes a normal curve of the published mean and deviation, cut off at 0 and 10.";

/// What being ahead means, in the order of [`DORA`].
const AHEAD: [&str; 5] =
    ["deploys more often than", "ships a commit faster than", "recovers faster than", "has fewer failures than", "has less rework than"];
/// Names that leave room for numbers, in the order of [`DORA`].
const SHORT: [&str; 5] = ["Deployments", "Lead time", "Recovery", "Fail rate", "Rework"];

/// The card.
pub fn card(about: &About<'_>) -> Card {
    let figures = (0..DORA.len()).map(|place| figure(about, place)).collect();
    let mut parts = vec![Part::Figures(figures)];
    if !about.benchmark.spread.is_empty() {
        parts.push(Part::Heading("Spread of our own teams".into()));
        parts.push(Part::Table(spread(about.benchmark)));
    }
    let mut notes = vec![CAVEAT_OF_PERCENTILES.into()];
    if about.dora.metrics.iter().any(|metric| metric.band.is_some()) {
        notes.push("Bands: DORA 2024, the last with tiers.".into());
    }
    Card { parts, ..frame(about, "Benchmark", verdict(about), notes) }
}

/// What both cards share: all but the body.
pub fn frame(about: &About<'_>, title: &str, verdict: Line, mut notes: Vec<Line>) -> Card {
    let (ask, choice) = (about.ask, &about.benchmark.choice);
    let mut small = vec![Line::plain(format!("{}: {ATTRIBUTION}. Times in {}.", choice.source(), ask.window.zone.name()))];
    if choice.industry.is_some() && choice.size.is_some() {
        small.push("Industry and size are published apart, so each is compared with on its own.".into());
    }
    if choice.size.is_some() && choice.edition.year == 2025 {
        small.push("Recovery by size is published the other way round in 2025, and turned back here.".into());
    }
    small.append(&mut notes);
    if about.dora.services > 1 {
        let services = words::count(about.dora.services as u64, "service", "services");
        let note = format!("The survey asks about one application or service; {services} together deploy more often than one. For one: ");
        small.push(Line::plain(note).code("service:NAME").and("."));
    }
    Card {
        command: "benchmark".into(),
        title: format!("{title} - {} - {}", words::capitalised(about.name), ask.window.title()),
        scope: ask.scope.clone(),
        window: Some(ask.window.clone()),
        verdict,
        metrics: about.dora.metrics.clone(),
        notes: small,
        health: about.health.clone(),
        receipt: Some(about.receipt.to_string()),
        buttons: buttons(about),
        data: data::members(about.dora, about.benchmark),
        ..Card::default()
    }
}

/// Those of every answer, and the other of the two cards.
fn buttons(about: &About<'_>) -> Vec<Button> {
    let mut other = about.ask.clone();
    let label = if about.benchmark.choice.quick_check { "Compare" } else { "Quick Check answers" };
    other.words = about.benchmark.choice.typed(!about.benchmark.choice.quick_check);
    let button = |label: &str, action: &str, value: String| Button { label: label.into(), action: action.into(), value, primary: false };
    let mut buttons = receipts::buttons(about.receipt, None);
    buttons.push(button(label, "ask", other.canonical()));
    buttons
}

/// "Among respondents in Technology (DORA Quick Check 2025), Payments deploys more often than about 52 %, ..."
fn verdict(about: &About<'_>) -> Line {
    let benchmark = about.benchmark;
    let choice = &benchmark.choice;
    let who = choice.groups().next().unwrap_or(choice.edition.everybody()).place();
    let (mut placed, mut inseparable, mut little, mut unknown, mut unasked) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (place, compared) in benchmark.compared.iter().enumerate() {
        match (compared.answer, compared.against.first().copied().flatten()) {
            (None, _) => unknown.push(place),
            (_, None) => unasked.push(place),
            (_, Some(Against { percentile: Some(_), range: Some(range), .. })) => {
                placed.push(format!("{} about {}", AHEAD[place], percents(range)));
            }
            (_, Some(against)) if against.range.is_some() => inseparable.push(place),
            _ => little.push(place),
        }
    }
    let line = Line::plain(format!("Among respondents {who} ({}), ", choice.source()));
    let mut line = if placed.is_empty() {
        line.and(format!("{} has no figure yet that can be placed.", about.name))
    } else {
        line.and(format!("{} {}.", about.name, left_out::join(&placed)))
    };
    let unasked_said = format!("Not asked in {}", choice.edition.year);
    let rest = [(inseparable, "Not separable"), (little, "Too little data to place"), (unknown, "Not known"), (unasked, &unasked_said)];
    for (places, said) in rest {
        if !places.is_empty() {
            line = line.and(format!(" {said}: {}.", named(&places)));
        }
    }
    line
}

/// "change fail rate and deployment rework rate".
pub fn named(places: &[usize]) -> String {
    left_out::join(&places.iter().map(|place| DORA[*place].name.to_lowercase()).collect::<Vec<_>>())
}

/// The figure as `dora` has it, without what is of the team itself; then the answer and the groups.
fn figure(about: &About<'_>, place: usize) -> Figure {
    let (compared, shown) = (&about.benchmark.compared[place], dora::shown(about.dora, place));
    let answer = compared.answer.map(|answer| {
        let score = words::short(answer.score());
        format!("answer “{}”, {score} of 10", answer.text(DORA[place].id))
    });
    let band = [shown.band.clone(), answer].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let mut detail = vec![shown.detail.clone()];
    detail
        .extend(about.benchmark.choice.groups().zip(&compared.against).filter_map(|(group, against)| standing(compared, group, *against)));
    Figure {
        change: None,
        spark: Vec::new(),
        target: None,
        band: Some(band).filter(|band| !band.is_empty()),
        detail: detail.join("; "),
        ..shown
    }
}

/// "in Technology mean 5.7, ahead of about 52 %".
fn standing(compared: &Compared, group: &Group, against: Option<Against>) -> Option<String> {
    let against = against?;
    let mean = format!("{} mean {}", group.place(), words::short(against.mean));
    Some(match (compared.answer, against.percentile, against.range) {
        (Some(_), Some(_), Some(range)) => format!("{mean}, ahead of about {}", percents(range)),
        (Some(_), None, Some(range)) => format!("{mean}, not separable: ahead of {}", percents(range)),
        _ => mean,
    })
}

/// "52 %", "44 to 60 %"; never all nor none.
fn percents([low, high]: [f64; 2]) -> String {
    let held = |percentile: f64| percentile.clamp(1.0, 99.0).round();
    let (low, high) = (held(low), held(high));
    if high - low < 1.0 { format!("{low} %") } else { format!("{low} to {high} %") }
}

fn spread(benchmark: &Benchmark) -> Table {
    let rows = benchmark.spread.iter().map(|spread| {
        let (unit, [least, lower, median, upper, greatest]) = (DORA[spread.place].unit, spread.points);
        let cell = |value: f64| words::value(unit, value);
        let half = words::interval(unit, median, [lower, upper]);
        vec![SHORT[spread.place].into(), cell(least), half, cell(median), cell(greatest), words::number(spread.teams as u64)]
    });
    Table {
        columns: ["", "Lowest", "Middle half", "Median", "Highest", "Teams"].map(str::to_string).to_vec(),
        numeric: vec![false, true, true, true, true, true],
        rows: rows.collect(),
        more: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::survey;
    use super::super::tests::{asked, benchmark, eventful, spread_out};
    use super::*;
    use crate::domain::card::Scope;
    use crate::render;

    /// The card as a terminal shows it.
    fn shown(words: &str, of: fn(&About<'_>) -> Card) -> String {
        let dora = eventful();
        let benchmark = benchmark(&dora, words, &spread_out());
        let ask = asked(words, Scope::Team("payments".into()));
        let about = About { ask: &ask, name: "Payments", dora: &dora, benchmark: &benchmark, receipt: "7f3a9c2k", health: Vec::new() };
        render::text(&of(&about), false, 100)
    }

    #[test]
    fn the_five_among_the_answers() {
        insta::assert_snapshot!(shown("technology 1000-4999", card));
    }

    #[test]
    fn a_year_without_a_question() {
        insta::assert_snapshot!(shown("2024", card));
    }

    #[test]
    fn the_answers_to_enter() {
        insta::assert_snapshot!(shown("quick-check technology", survey::card));
    }
}
