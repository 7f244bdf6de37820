//! The card of `why`: whether the figures still hold, the rows of a page, what was left out, the definitions.

use serde_json::{Value, json};

use super::Checked;
use crate::domain::card::{Button, Card, Line, Part, SourceHealth, Table};
use crate::domain::metric;
use crate::domain::time::At;
use crate::domain::words;
use crate::features::left_out;
use crate::features::receipts::{Evidence, Listing, Row};
use crate::store::receipts::Receipt;

/// Rows a page.
const PAGE: usize = 12;
/// Rows in the machine form at most.
const ALL: usize = 20_000;

/// What the card is about.
pub struct About<'a> {
    pub receipt: &'a Receipt,
    pub checked: &'a Checked,
    pub evidence: &'a Evidence,
    /// How fresh each source was at the instant of asking.
    pub health: Vec<SourceHealth>,
    pub now: At,
}

/// A page of the card, from 1.
pub fn card(about: &About<'_>, page: usize) -> Card {
    let (receipt, evidence) = (about.receipt, about.evidence);
    let pages = evidence.listings.iter().map(|listing| listing.rows.len().div_ceil(PAGE)).max().unwrap_or(0).max(1);
    let page = page.clamp(1, pages);
    let mut parts = Vec::new();
    if page == 1 {
        parts.extend(figures(about));
        parts.extend(left_out(receipt));
    }
    for listing in &evidence.listings {
        parts.extend(listed(listing, page));
    }
    if page == 1 {
        parts.extend(evidence.more.iter().cloned());
        parts.push(Part::Heading("Definitions".into()));
        let defined = receipt.metrics.iter().filter_map(|known| metric::find(&known.id));
        parts.push(Part::List(defined.map(|known| Line::default().strong(known.name).and(format!(": {}", known.text))).collect(), None));
    }
    let mut data = evidence.data.clone();
    let rows = |listing: &Listing| -> Value { listing.rows.iter().take(ALL).map(|row| row.data.clone()).collect() };
    for (place, listing) in evidence.listings.iter().enumerate() {
        let name = if place == 0 { "rows".into() } else { listing.heading.to_lowercase().replace(' ', "_") };
        data.insert(format!("{name}_total"), json!(listing.rows.len()));
        data.insert(format!("{name}_withheld"), json!(listing.withheld));
        data.insert(name, rows(listing));
    }
    data.insert("equal".into(), json!(about.checked.differs.is_empty()));
    data.insert("definitions".into(), json!(receipt.definitions));
    Card {
        zone: None,
        command: "why".into(),
        title: format!("Why these numbers - {}", receipt.id),
        scope: receipt.scope.clone(),
        window: Some(receipt.window.clone()),
        verdict: verdict(about),
        parts,
        metrics: receipt.metrics.clone(),
        notes: notes(about),
        health: about.health.clone(),
        receipt: Some(receipt.id.clone()),
        buttons: paging(&receipt.id, page, pages),
        data,
    }
}

fn verdict(about: &About<'_>) -> Line {
    let line = Line::plain(format!("{}. ", about.evidence.summary));
    if about.checked.differs.is_empty() {
        return line.and("Recomputed just now from these rows: the figures are the same.");
    }
    let late = words::count(about.checked.late.len() as u64, "row arrived", "rows arrived");
    line.strong("The figures changed since: ").and(format!("{late} later. What was answered is listed beside what the rows say now."))
}

fn figures(about: &About<'_>) -> Vec<Part> {
    let mut table =
        Table { columns: vec!["Figure".into(), "Answered".into(), "n".into()], numeric: vec![false, true, true], ..Table::default() };
    let changed = !about.checked.differs.is_empty();
    if changed {
        table.columns.push("Now".into());
        table.numeric.push(true);
    }
    for (then, now) in about.receipt.metrics.iter().zip(&about.checked.metrics) {
        let say = |value: Option<f64>, reason: Option<&str>| {
            value.map_or_else(|| left_out::absent(reason), |value| words::value(&then.unit, value))
        };
        let mut row = vec![then.id.replace('_', " "), say(then.value, then.reason.as_deref()), then.n.to_string()];
        if changed {
            row.push(say(now.value, now.reason.as_deref()));
        }
        table.rows.push(row);
    }
    let mut parts = vec![Part::Table(table)];
    if changed {
        let told = about.checked.differs.iter().map(|it| Line::default().strong(it.id.replace('_', " ")).and(format!(": {}", it.text())));
        parts.push(Part::List(told.collect(), None));
    }
    if !about.checked.late.is_empty() && !about.evidence.partial {
        parts.push(Part::Heading("Arrived later".into()));
        let late = about
            .checked
            .late
            .iter()
            .take(10)
            .map(|late| Line::plain(format!("{} ", late.kind)).code(late.id.clone()).and(format!(" {}", late.place)));
        parts.push(Part::List(late.collect(), Some(format!("pacer verify {}", about.receipt.id))));
    }
    parts
}

fn left_out(receipt: &Receipt) -> Vec<Part> {
    let lines: Vec<Line> = left_out::of(&receipt.metrics)
        .into_iter()
        .map(|(code, words)| Line::default().strong(words).and(format!(": {}", left_out::explained(code))))
        .collect();
    if lines.is_empty() { Vec::new() } else { vec![Part::Heading("Left out".into()), Part::List(lines, None)] }
}

/// The page's rows of one kind.
fn listed(listing: &Listing, page: usize) -> Vec<Part> {
    let kept_back = listing.kept_back().map(|said| Part::Text(Line::plain(format!("{said}."))));
    if listing.rows.is_empty() {
        let said = kept_back.unwrap_or_else(|| Part::Text(listing.empty.into()));
        return if page == 1 { vec![said] } else { Vec::new() };
    }
    let pages = listing.rows.len().div_ceil(PAGE);
    let rows: Vec<&Row> = listing.rows.iter().skip((page - 1) * PAGE).take(PAGE).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let heading = if pages > 1 { format!("{}, page {page} of {pages}", listing.heading) } else { listing.heading.into() };
    let table = Table {
        columns: listing.columns.iter().map(|(name, _)| (*name).to_string()).collect(),
        numeric: listing.columns.iter().map(|(_, numeric)| *numeric).collect(),
        rows: rows.iter().map(|row| row.cells.clone()).collect(),
        more: None,
    };
    let mut parts = vec![Part::Heading(heading), Part::Table(table)];
    let told: Vec<Line> = rows.iter().filter_map(|row| row.story.clone()).collect();
    if !told.is_empty() {
        parts.push(Part::List(told, None));
    }
    parts.extend(kept_back);
    parts
}

fn notes(about: &About<'_>) -> Vec<Line> {
    let receipt = about.receipt;
    let asked = words::moment(receipt.asked_at, about.now, receipt.window.zone);
    vec![Line::plain(format!("Asked {asked} ({}) as ", receipt.window.zone.name())).code(receipt.command.clone()).and(format!(
        ". Definitions version {}, organisation version {}, facts up to delivery {}.",
        receipt.definitions, receipt.org_version, receipt.watermark
    ))]
}

fn paging(id: &str, page: usize, pages: usize) -> Vec<Button> {
    let to = |label: &str, page: usize| Button { label: label.into(), action: "why".into(), value: format!("{id}:{page}"), primary: false };
    let back = (page > 1).then(|| to("Earlier page", page - 1));
    let on = (page < pages).then(|| to("Next page", page + 1));
    back.into_iter().chain(on).collect()
}
