//! The card of `dora`: verdict, five figures, the reading, small print.

use serde_json::json;

use super::compute::Dora;
use super::reading;
use crate::domain::card::{Card, Figure as Shown, Line, Metric, Part, Scope, SourceHealth, Tone};
use crate::domain::figure::{FEW_OF_MEDIAN, Figure};
use crate::domain::metric::DORA;
use crate::domain::window::Window;
use crate::domain::words;
use crate::features::left_out::{self, either, join};
use crate::features::{receipts, verdict};

/// Ages of open failures that are said; the rest are counted.
const AGES: usize = 3;

/// What the card is about.
pub struct About<'a> {
    pub dora: &'a Dora,
    pub scope: &'a Scope,
    pub name: &'a str,
    pub window: &'a Window,
    pub receipt: &'a str,
    pub health: Vec<SourceHealth>,
}

/// The card.
pub fn card(about: &About<'_>) -> Card {
    let dora = about.dora;
    let figures = (0..DORA.len()).map(|place| shown(dora, place)).collect();
    let mut parts = vec![Part::Figures(figures)];
    if let Some(question) = reading::question(dora) {
        parts.push(Part::Text(Line::default().strong("Worth asking: ").and(question)));
    }
    let mut data = serde_json::Map::new();
    let open = dora.open.iter().zip(dora.open_ages()).map(|(at, age)| json!({"since": at, "age_seconds": age}));
    data.insert("open_failures".into(), open.collect());
    Card {
        zone: None,
        command: "dora".into(),
        title: format!("DORA - {} - {}", words::capitalised(about.name), about.window.title()),
        scope: about.scope.clone(),
        window: Some(about.window.clone()),
        verdict: verdict(about),
        parts,
        metrics: dora.metrics.clone(),
        notes: notes(about),
        health: about.health.clone(),
        receipt: Some(about.receipt.to_string()),
        buttons: receipts::buttons(about.receipt, Some("")),
        data,
    }
}

/// One sentence that stands alone: what happened, with the numbers, then what moved.
fn verdict(about: &About<'_>) -> Line {
    let dora = about.dora;
    let name = about.name;
    let [frequency, lead, recovery, fail, _] = dora.now.all();
    let Some(rate) = frequency.value else {
        if !dora.owned.any_in(about.window) {
            return verdict::owned_nothing(name);
        }
        if let Some(first) = dora.first_event.filter(|_| frequency.reason == Some("before_data")) {
            return verdict::before_data(name, first, about.window);
        }
        return verdict::no_deployment(name);
    };
    if frequency.n == 0 {
        return Line::plain(format!("No deployment of {name} in this period: the sources are alive, and nothing was released."));
    }
    let mut said = vec![format!("{} {}", words::capitalised(name), deploys(rate, frequency.n))];
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

/// A team in one line, for the Home tab: its figures, and what clearly moved.
pub fn brief(dora: &Dora, name: &str) -> Line {
    let [frequency, lead, recovery, fail, _] = dora.now.all();
    let line = Line::default().strong(words::capitalised(name));
    let Some(rate) = frequency.value.filter(|_| frequency.n > 0) else { return line.and(": no deployment in 90 days.") };
    let mut said = vec![deploys(rate, frequency.n).replace(" in this period", " in 90 days")];
    said.extend(lead.value.map(|secs| format!("lead time {}", words::duration(secs))));
    said.extend(fail.value.map(|share| format!("{} fail", words::percent(share))));
    said.extend(recovery.value.map(|secs| format!("recovery {}", words::duration(secs))));
    let moved = DORA.iter().enumerate().filter_map(|(place, metric)| {
        let (tone, change) = reading::moved(dora, place)?;
        (tone != Tone::Neutral).then(|| format!("{} {change}", verdict::lowered(metric.name)))
    });
    let moved: Vec<String> = moved.collect();
    let moved = if moved.is_empty() { String::new() } else { format!(" {}.", words::capitalised(&join(&moved))) };
    line.and(format!(" {}.{moved}", said.join(", ")))
}

/// "deploys 4.3 times a week", or the count where there are too few for a pace.
fn deploys(rate: f64, n: u64) -> String {
    if n < 5 {
        format!("deployed {} in this period", words::count(n, "time", "times"))
    } else {
        format!("deploys {}", words::times(rate, "time", "times"))
    }
}

fn moved(dora: &Dora, line: Line) -> Line {
    let figures = DORA.iter().enumerate().map(|(place, metric)| (metric.name, reading::moved(dora, place)));
    verdict::moved(line, dora.before.is_some(), figures)
}

/// One of the five as people read it.
pub fn shown(dora: &Dora, place: usize) -> Shown {
    let (figure, metric) = (dora.now.all()[place], &dora.metrics[place]);
    Shown {
        name: DORA[place].name.into(),
        value: figure.value.map_or_else(|| left_out::absent(figure.reason), |value| words::value(DORA[place].unit, value)),
        change: figure.value.and_then(|_| reading::moved(dora, place)),
        spark: dora.weekly[place].clone(),
        band: band(figure, metric),
        target: metric.target.as_ref().map(|target| receipts::aim(metric, target)),
        detail: detail(dora, metric, place),
    }
}

fn band(figure: &Figure, metric: &Metric) -> Option<String> {
    if figure.unsettled {
        return Some("no band: open failures could move the median".into());
    }
    match metric.reason.as_deref() {
        Some("too_few") if figure.n >= FEW_OF_MEDIAN && figure.interval.is_none() => {
            return Some("no band: they came in too few deployments to tell how sure that is".into());
        }
        Some("too_few") => return Some("too few for a band".into()),
        Some("before_data") if figure.value.is_some() => return Some("no band: the period begins before the data".into()),
        Some(_) => return None,
        None => {}
    }
    let band = metric.band.as_ref()?;
    Some(match &band.name {
        Some(name) => format!("{name} ({})", band.source),
        None => format!("{}: not separable ({})", either(&band.candidates), band.source),
    })
}

fn detail(dora: &Dora, metric: &Metric, place: usize) -> String {
    let figure = dora.now.all()[place];
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
    if place == 2 && !dora.open.is_empty() {
        let ages: Vec<String> = dora.open_ages().take(AGES).map(words::duration).collect();
        let more = dora.open.len() - ages.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        said.push(format!("{} still open for {}{more}", dora.open.len(), ages.join(", ")));
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
        (Scope::Teams(_), n) => {
            Some(format!("{} of these teams and the teams below them, together", words::count(n as u64, "service", "services")))
        }
        (_, n) => Some(format!("{} together", words::count(n as u64, "service", "services"))),
    };
    let benchmark = dora.metrics.iter().any(|metric| metric.band.is_some()).then_some("Bands: DORA 2024, as context, not as a goal");
    let zone = format!("Times in {}", about.window.zone.name());
    notes.extend(dora.owned.note(about.name, about.window).map(|said| Line::plain(format!("{said}."))));
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
    let mut said: Vec<String> =
        left_out::of(&dora.metrics).into_iter().filter(|(code, _)| *code != "open").map(|(_, words)| words).collect();
    if dora.attempts > 0 {
        said.push(words::count(dora.attempts, "failed attempt", "failed attempts"));
    }
    said
}
