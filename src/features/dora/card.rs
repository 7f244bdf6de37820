//! The card of `dora`: verdict, five figures, the reading, small print.

use super::compute::{Dora, Figure, METRICS};
use super::reading;
use crate::domain::card::{Button, Card, Figure as Shown, Line, Metric, Part, Scope, SourceHealth, Tone};
use crate::domain::window::Window;
use crate::domain::words;

/// What the card is about.
pub struct About<'a> {
    pub dora: &'a Dora,
    pub scope: &'a Scope,
    pub name: &'a str,
    pub window: &'a Window,
    pub receipt: &'a str,
    pub health: Vec<SourceHealth>,
}

/// Names as people say them, in the order of [`METRICS`].
pub const NAMES: [&str; 5] =
    ["Deployment frequency", "Change lead time", "Failed deployment recovery time", "Change fail rate", "Deployment rework rate"];

/// The card.
pub fn card(about: &About<'_>) -> Card {
    let dora = about.dora;
    let figures = (0..METRICS.len()).map(|place| shown(dora, place)).collect();
    let mut parts = vec![Part::Figures(figures)];
    if let Some(question) = reading::question(dora) {
        parts.push(Part::Text(Line::default().strong("Worth asking: ").and(question)));
    }
    Card {
        command: "dora".into(),
        title: format!("DORA - {} - {}", capitalised(about.name), about.window.title()),
        scope: about.scope.clone(),
        window: Some(about.window.clone()),
        verdict: verdict(about),
        parts,
        metrics: dora.metrics.clone(),
        notes: notes(about),
        health: about.health.clone(),
        receipt: Some(about.receipt.to_string()),
        buttons: buttons(about.receipt),
        ..Card::default()
    }
}

fn buttons(receipt: &str) -> Vec<Button> {
    let button = |label: &str, action: &str, primary| Button { label: label.into(), action: action.into(), value: receipt.into(), primary };
    vec![button("Share to channel", "share", true), button("Why these numbers", "why", false), button("Change period", "period", false)]
}

/// One sentence that stands alone: what happened, with the numbers, then what moved.
fn verdict(about: &About<'_>) -> Line {
    let dora = about.dora;
    let name = about.name;
    let [frequency, lead, recovery, fail, _] = dora.now.all();
    let Some(rate) = frequency.value else {
        let line = Line::plain(format!("No production deployment of {name} is known in this period, so there is nothing to measure yet. "));
        return line.and("Feed deployments with ").code("pacer import git PATH").and(", a webhook or ").code("POST /v1/events").and(".");
    };
    if frequency.n == 0 {
        return Line::plain(format!("No deployment of {name} in this period: the sources are alive, and nothing was released."));
    }
    let mut said = vec![format!("{} {}", capitalised(name), deploys(rate, frequency.n))];
    if let Some(secs) = lead.value {
        said.push(format!("a commit takes {} to production (median)", words::duration(secs)));
    }
    if let Some(share) = fail.value {
        said.push(format!("{} of deployments fail", words::percent(share)));
    }
    if let Some(secs) = recovery.value {
        said.push(format!("recovery takes {} (median)", words::duration(secs)));
    }
    let line = Line::plain(format!("{}. ", join(&said)));
    moved(dora, line)
}

/// "deploys 4.3 times a week", or the count where there are too few for a pace.
fn deploys(rate: f64, n: u64) -> String {
    if n < 5 {
        format!("deployed {} in this period", words::count(n, "time", "times"))
    } else {
        format!("deploys {}", words::per_week(rate).replacen(" a ", " times a ", 1))
    }
}

fn moved(dora: &Dora, line: Line) -> Line {
    if dora.before.is_none() {
        return line.and("There is no full period before this one to compare with.");
    }
    let (mut better, mut worse) = (Vec::new(), Vec::new());
    for (place, name) in NAMES.iter().enumerate() {
        match reading::moved(dora, place) {
            Some((Tone::Good, change)) => better.push(format!("{} ({change})", name.to_lowercase())),
            Some((Tone::Bad, change)) => worse.push(format!("{} ({change})", name.to_lowercase())),
            _ => {}
        }
    }
    match (better.is_empty(), worse.is_empty()) {
        (true, true) => line.and("No clear change against the period before."),
        (false, true) => line.strong("Better: ").and(format!("{}. Nothing got clearly worse.", join(&better))),
        (true, false) => line.strong("Worse: ").and(format!("{}. Nothing got clearly better.", join(&worse))),
        (false, false) => line.strong("Better: ").and(format!("{}. ", join(&better))).strong("Worse: ").and(format!("{}.", join(&worse))),
    }
}

/// One of the five as people read it.
pub fn shown(dora: &Dora, place: usize) -> Shown {
    let (figure, metric) = (dora.now.all()[place], &dora.metrics[place]);
    let (_, unit) = METRICS[place];
    Shown {
        name: NAMES[place].into(),
        value: figure.value.map_or_else(|| absent(figure.reason).to_string(), |value| words::value(unit, value)),
        change: figure.value.and_then(|_| reading::moved(dora, place)),
        spark: dora.weekly[place].clone(),
        band: band(figure, metric),
        target: metric.target.as_ref().map(|target| aim(metric, target.value, target.status.as_deref())),
        detail: detail(figure, metric, place),
    }
}

/// Why there is no value, as people say it.
pub fn absent(reason: Option<&str>) -> &'static str {
    match reason {
        Some("no_incident_source") => "not known: no incident source",
        _ => "no data",
    }
}

fn band(figure: &Figure, metric: &Metric) -> Option<String> {
    match metric.reason.as_deref() {
        Some("too_few") => return Some("too few for a band".into()),
        Some("before_data") => return Some("no band: the period begins before the data".into()),
        Some(_) => return None,
        None => {}
    }
    if figure.unsettled {
        return Some("no band: open failures could move the median".into());
    }
    let band = metric.band.as_ref()?;
    Some(match &band.name {
        Some(name) => format!("{name} ({})", band.source),
        None => format!("{}: not separable ({})", either(&band.candidates), band.source),
    })
}

fn aim(metric: &Metric, target: f64, status: Option<&str>) -> (Tone, String) {
    let value = words::value(&metric.unit, target);
    let goal = if metric.id == "deployment_frequency" { format!("target {value} or more") } else { format!("target {value} or less") };
    match status {
        Some("met") => (Tone::Good, format!("{goal}: met")),
        Some("missed") => (Tone::Bad, format!("{goal}: missed")),
        Some(_) => (Tone::Neutral, format!("{goal}: not separable yet")),
        None => (Tone::Neutral, goal),
    }
}

fn detail(figure: &Figure, metric: &Metric, place: usize) -> String {
    let counted = match place {
        1 => words::count(figure.n, "commit", "commits"),
        2 => words::count(figure.n, "recovered failure", "recovered failures"),
        3 => words::count(figure.n, "deployment, rollbacks aside", "deployments, rollbacks aside"),
        _ => words::count(figure.n, "deployment", "deployments"),
    };
    let mut said = vec![counted];
    if let (Some(value), Some(interval)) = (figure.value, figure.interval) {
        said.push(format!("95 % {}", words::interval(&metric.unit, value, interval)));
    }
    if let Some(open) = figure.excluded.get("open") {
        said.push(format!("{open} still open"));
    }
    if figure.inferred {
        said.push("inferred from reverts".into());
    }
    said.join(", ")
}

fn notes(about: &About<'_>) -> Vec<Line> {
    let dora = about.dora;
    let mut notes = Vec::new();
    let pool = match (about.scope, dora.services) {
        (Scope::Service(_), _) => None,
        (Scope::Team(_), n) => Some(format!("{} of this team and the teams below it", words::count(n as u64, "service", "services"))),
        (_, n) => Some(format!("{} together", words::count(n as u64, "service", "services"))),
    };
    let benchmark = dora.metrics.iter().any(|metric| metric.band.is_some()).then_some("Bands: DORA 2024, as context, not as a goal");
    let zone = format!("Times in {}", about.window.zone.name());
    let first = [pool, benchmark.map(str::to_string), Some(zone)].into_iter().flatten().collect::<Vec<_>>().join(". ");
    notes.push(Line::plain(format!("{first}.")));
    let left_out = left_out(dora);
    if !left_out.is_empty() {
        notes.push(Line::plain(format!("Left out: {}.", join(&left_out))));
    }
    notes
}

/// What was left out, as people say it.
fn left_out(dora: &Dora) -> Vec<String> {
    let mut said = Vec::new();
    let [_, lead, recovery, fail, _] = dora.now.all();
    for (figure, code) in [
        (lead, "merge"),
        (lead, "bot"),
        (lead, "negative_span"),
        (lead, "no_baseline"),
        (lead, "unknown_commit"),
        (lead, "shallow"),
        (recovery, "negative_span"),
        (fail, "unlinked"),
        (fail, "revert_unmatched"),
    ] {
        if let Some(count) = figure.excluded.get(code) {
            said.push(exclusion(code, *count));
        }
    }
    if dora.attempts > 0 {
        said.push(words::count(dora.attempts, "failed attempt", "failed attempts"));
    }
    said
}

/// An exclusion in words: "12 merge commits".
pub fn exclusion(code: &str, count: u64) -> String {
    let (one, many) = match code {
        "merge" => ("merge commit", "merge commits"),
        "bot" => ("commit by a bot", "commits by bots"),
        "negative_span" => ("span that ends before it begins", "spans that end before they begin"),
        "no_baseline" => ("deployment without an earlier one to compare with", "deployments without an earlier one to compare with"),
        "unknown_commit" => ("deployment of an unknown commit", "deployments of unknown commits"),
        "shallow" => ("deployment beyond a shallow history", "deployments beyond a shallow history"),
        "open" => ("open failure", "open failures"),
        "unlinked" => ("incident without a deployment", "incidents without a deployment"),
        "revert_unmatched" => ("revert of an unknown commit", "reverts of unknown commits"),
        other => return format!("{count} {other}"),
    };
    words::count(count, one, many)
}

/// "elite or high", "elite, high or medium".
fn either(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// "a, b and c".
pub fn join(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// With a capital first letter.
pub fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
