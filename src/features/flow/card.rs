//! The card of `flow`: verdict, the stages of a change, throughput and what is in progress, small print.

use serde_json::json;

use super::compute::{Flow, WorkOf};
use crate::domain::card::{Card, Figure as Shown, Line, Metric, Part, Scope, SourceHealth, Tone};
use crate::domain::figure::{self, Figure};
use crate::domain::metric::FLOW;
use crate::domain::window::Window;
use crate::domain::words;
use crate::features::left_out::{self, join};
use crate::features::{receipts, verdict};

/// What the card is about.
pub struct About<'a> {
    pub flow: &'a Flow,
    pub scope: &'a Scope,
    pub name: &'a str,
    pub window: &'a Window,
    pub receipt: &'a str,
    pub health: Vec<SourceHealth>,
}

/// The card.
pub fn card(about: &About<'_>) -> Card {
    let flow = about.flow;
    let mut parts = Vec::new();
    let stages = ["cycle_time", "coding_time", "pickup_time", "review_time", "deploy_time"];
    let amounts = ["changes_merged", "items_done", "wip", "wip_age", "batch_size", "ci_pass_rate", "ai_assisted_share"];
    for ids in [&stages[..], &amounts[..]] {
        let shown: Vec<Shown> = places(ids).into_iter().filter(|place| is_told(flow, *place)).map(|place| shown(flow, place)).collect();
        if !shown.is_empty() {
            parts.push(Part::Figures(shown));
        }
    }
    if let Some(line) = reviews(flow) {
        parts.push(Part::Text(line));
    }
    if let Some(question) = question(flow) {
        parts.push(Part::Text(Line::default().strong("Worth asking: ").and(question)));
    }
    let mut data = serde_json::Map::new();
    data.insert("wip_of".into(), json!(if flow.work_of == WorkOf::Items { "items" } else { "changes" }));
    data.insert(
        "review_spread".into(),
        json!(flow.reviews.map(|it| json!({"n": it.n, "reviewers": it.reviewers, "effective": it.effective}))),
    );
    data.insert("ci_seconds".into(), json!(flow.ci_secs));
    Card {
        zone: None,
        command: "flow".into(),
        title: format!("Flow - {} - {}", words::capitalised(about.name), about.window.title()),
        scope: about.scope.clone(),
        window: Some(about.window.clone()),
        verdict: verdict(about),
        parts,
        metrics: flow.metrics.clone(),
        notes: notes(about),
        health: about.health.clone(),
        receipt: Some(about.receipt.to_string()),
        buttons: receipts::buttons(about.receipt, Some("cycle_time")),
        data,
    }
}

/// The places of ids in the order given.
fn places(ids: &[&str]) -> Vec<usize> {
    ids.iter().filter_map(|id| FLOW.iter().position(|metric| metric.id == *id)).collect()
}

fn of<'a>(flow: &'a Flow, id: &str) -> Option<&'a Figure> {
    FLOW.iter().position(|metric| metric.id == id).map(|place| &flow.now[place])
}

/// Figures that nothing feeds are left out, but those that one looks for.
pub fn is_told(flow: &Flow, place: usize) -> bool {
    let sought = ["cycle_time", "changes_merged", "wip"];
    flow.now[place].value.is_some() || flow.now[place].reason == Some("too_few_people") || sought.contains(&FLOW[place].id)
}

/// One sentence that stands alone: how long a change takes and where, how much is finished, then what moved.
fn verdict(about: &About<'_>) -> Line {
    let flow = about.flow;
    let (cycle, merged, wip) = (of(flow, "cycle_time"), of(flow, "changes_merged"), of(flow, "wip"));
    let value = |figure: Option<&Figure>| figure.and_then(|figure| figure.value);
    let name = words::capitalised(about.name);
    if value(merged).is_none() && value(wip).is_none() && value(of(flow, "items_done")).is_none() {
        if !flow.owned.any_in(about.window) {
            let line = verdict::owned_nothing(about.name);
            return if hides_items(flow) { line.and(format!(" {FEW_PEOPLE}.")) } else { line };
        }
        let early = merged.is_some_and(|figure| figure.reason == Some("before_data"));
        if let Some(first) = flow.first_change.filter(|_| early) {
            return verdict::before_data(about.name, first, about.window);
        }
        return verdict::no_work(about.name);
    }
    let mut said = Vec::new();
    if let Some(secs) = value(cycle) {
        let longest =
            longest_stage(flow).map_or_else(String::new, |(name, secs)| format!(", longest in {name} ({})", words::duration(secs)));
        said.push(format!("a change takes {} from first commit to production{longest}", words::duration(secs)));
    }
    if let Some(rate) = value(merged) {
        said.push(passive(&words::times(rate, "change", "changes"), "merged"));
    }
    if let Some(rate) = value(of(flow, "items_done")) {
        said.push(passive(&words::times(rate, "item", "items"), "finished"));
    }
    if let Some(wip) = wip.filter(|wip| wip.value.is_some()) {
        said.push(passive(&in_words(flow, wip.n), "in progress"));
    }
    let line = Line::plain(format!("{name}: {}. ", join(&said)));
    moved(flow, line)
}

/// "1 change is merged", "4 changes are merged".
fn passive(counted: &str, done: &str) -> String {
    format!("{counted} {} {done}", if counted.starts_with("1 ") { "is" } else { "are" })
}

/// What work in progress counts, counted.
fn in_words(flow: &Flow, n: u64) -> String {
    if flow.work_of == WorkOf::Items { words::count(n, "item", "items") } else { words::count(n, "change", "changes") }
}

/// Said where items are withheld.
const FEW_PEOPLE: &str = "Its items are not shown: of fewer than 3 people they would be figures of persons";

fn hides_items(flow: &Flow) -> bool {
    flow.now.iter().any(|figure| figure.reason == Some("too_few_people"))
}

/// The longest stage of the four, and its median.
fn longest_stage(flow: &Flow) -> Option<(&'static str, f64)> {
    let stages = [
        ("coding_time", "coding"),
        ("pickup_time", "waiting for review"),
        ("review_time", "review"),
        ("deploy_time", "waiting for deployment"),
    ];
    let known = stages.into_iter().filter_map(|(id, name)| Some((name, of(flow, id)?.value?)));
    known.max_by(|a, b| a.1.total_cmp(&b.1))
}

fn change(flow: &Flow, place: usize) -> Option<(Tone, String)> {
    figure::moved(&FLOW[place], &flow.now[place], flow.before[place].as_ref()?)
}

fn moved(flow: &Flow, line: Line) -> Line {
    let compared = flow.before.iter().any(Option::is_some);
    verdict::moved(line, compared, FLOW.iter().enumerate().map(|(place, metric)| (metric.name, change(flow, place))))
}

pub fn shown(flow: &Flow, place: usize) -> Shown {
    let (figure, metric) = (&flow.now[place], &flow.metrics[place]);
    Shown {
        name: FLOW[place].name.into(),
        value: figure.value.map_or_else(|| left_out::absent(figure.reason), |value| amount(flow, place, value)),
        change: change(flow, place).filter(|_| figure.value.is_some()),
        spark: flow.weekly[place].clone(),
        band: match metric.reason.as_deref().filter(|_| figure.value.is_some()) {
            Some("too_few") => Some("too few to say much".into()),
            Some("before_data") => Some("the period begins before the data".into()),
            _ => None,
        },
        target: metric.target.as_ref().map(|target| receipts::aim(metric, target)),
        detail: detail(flow, figure, metric),
    }
}

/// A value in words, with what it counts.
fn amount(flow: &Flow, place: usize, value: f64) -> String {
    let said = words::value(FLOW[place].unit, value);
    match FLOW[place].id {
        "batch_size" => format!("{said} {}", if said == "1" { "line" } else { "lines" }),
        "wip" => in_words(flow, flow.now[place].n),
        _ => said,
    }
}

fn detail(flow: &Flow, figure: &Figure, metric: &Metric) -> String {
    let counted = match metric.id.as_str() {
        "wip" => None,
        "items_done" => Some(words::count(figure.n, "item", "items")),
        "wip_age" => Some(in_words(flow, figure.n)),
        "ci_pass_rate" => Some(words::count(figure.n, "run", "runs")),
        _ => Some(words::count(figure.n, "change", "changes")),
    };
    let mut said: Vec<String> = counted.filter(|_| figure.value.is_some()).into_iter().collect();
    if let (Some(value), Some(interval)) = (figure.value, figure.interval) {
        said.push(format!("95 % {}", words::interval(&metric.unit, value, interval)));
    }
    match metric.id.as_str() {
        "wip" if figure.value.is_some() => {
            said.push(if flow.work_of == WorkOf::Items { "items begun and not done".into() } else { "open changes".into() });
        }
        "wip_age" => {
            if let Some(p85) = figure.percentiles.as_ref().and_then(|known| known.get("85")) {
                said.push(format!("85 % of finished ones took under {}", words::duration(*p85)));
            }
            if let Some(aged) = flow.aged {
                said.push(format!("{} in progress for longer", words::number(aged)));
            }
        }
        "ci_pass_rate" => {
            said.extend(flow.ci_secs.map(|secs| format!("a run takes {} (median)", words::duration(secs))));
        }
        _ => {}
    }
    said.join(", ")
}

fn reviews(flow: &Flow) -> Option<Line> {
    let spread = flow.reviews?;
    let whole = words::count(spread.reviewers, "person reviews", "people review");
    let line = Line::default().strong("Reviews: ").and(format!(
        "{whole}, {} in all; it is as if {} shared them equally.",
        words::count(spread.n, "review", "reviews"),
        words::short(spread.effective)
    ));
    Some(line)
}

/// The question to ask, where figures say one together.
fn question(flow: &Flow) -> Option<&'static str> {
    let value = |id: &str| of(flow, id).and_then(|figure| figure.value);
    let reviewed_late =
        value("pickup_time").zip(value("review_time")).is_some_and(|(pickup, review)| pickup > 2.0 * review && pickup > 86_400.0);
    let few_review = flow.reviews.is_some_and(|it| it.effective < 0.5 * figure::to_f64(it.reviewers));
    let aged = flow.aged.zip(value("wip")).is_some_and(|(aged, wip)| figure::to_f64(aged) > 0.3 * wip && aged > 2);
    Some(match () {
        () if reviewed_late && few_review => {
            "Changes wait longer for a first review than the review takes, and few people do most of them. Who else could review what?"
        }
        () if reviewed_late => "Changes wait longer for a first review than the review takes. Would an agreement on when to look help?",
        () if aged => "Much of what is in progress is older than nearly all finished work took. What is stuck, and does it still matter?",
        () if few_review => "A few people do most of the reviews. Is that chosen, or has it come about?",
        () => return None,
    })
}

fn notes(about: &About<'_>) -> Vec<Line> {
    let pool = match about.scope {
        Scope::Team(_) => Some(format!(
            "Changes of {} of this team and the teams below it; items assigned to their members",
            words::count(about.flow.services as u64, "service", "services")
        )),
        Scope::Teams(_) => Some(format!(
            "Changes of {} of these teams and the teams below them, together; items assigned to their members",
            words::count(about.flow.services as u64, "service", "services")
        )),
        Scope::Organisation => Some(format!("{} together", words::count(about.flow.services as u64, "service", "services"))),
        Scope::Service(_) | Scope::Project(_) => None,
    };
    let zone = Some(format!("Times in {}", about.window.zone.name()));
    let first = [pool, zone].into_iter().flatten().collect::<Vec<_>>().join(". ");
    let mut notes: Vec<Line> =
        about.flow.owned.note(about.name, about.window).map(|said| Line::plain(format!("{said}."))).into_iter().collect();
    if hides_items(about.flow) {
        notes.push(Line::plain(format!("{FEW_PEOPLE}.")));
    }
    notes.push(Line::plain(format!("{first}. Calendar time, nights and weekends included.")));
    let left_out: Vec<String> = left_out::of(&about.flow.metrics).into_iter().map(|(_, words)| words).collect();
    if !left_out.is_empty() {
        notes.push(Line::plain(format!("Left out of the stage they miss: {}.", join(&left_out))));
    }
    notes
}
