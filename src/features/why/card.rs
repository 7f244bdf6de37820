//! The card of `why`: whether the figures still hold, the rows of a page, what was left out, the definitions.

use serde_json::json;

use super::Checked;
use super::rows::{Row, Rows};
use crate::domain::card::{Button, Card, Line, Part, Table};
use crate::domain::time::At;
use crate::domain::words;
use crate::features::dora::exclusion;
use crate::store::receipts::Receipt;

/// Rows a page.
const PAGE: usize = 12;
/// Rows in the machine form at most.
const ALL: usize = 20_000;

/// What the card is about.
pub struct About<'a> {
    pub receipt: &'a Receipt,
    pub checked: &'a Checked,
    pub rows: &'a Rows,
    pub name: &'a str,
    pub now: At,
}

/// A page of the card, from 1.
pub fn card(about: &About<'_>, page: usize) -> Card {
    let (receipt, rows) = (about.receipt, about.rows);
    let pages = rows.deployments.len().div_ceil(PAGE).max(1);
    let page = page.clamp(1, pages);
    let mut parts = Vec::new();
    if page == 1 {
        parts.extend(figures(about));
        parts.extend(left_out(about));
    }
    parts.extend(listing(about, page, pages));
    if page == 1 {
        parts.extend(unlinked(about));
        parts.push(Part::Heading("Definitions".into()));
        parts.push(Part::List(
            DEFINITIONS.iter().map(|(name, text)| Line::default().strong(*name).and(format!(": {text}"))).collect(),
            None,
        ));
    }
    let mut data = serde_json::Map::new();
    data.insert("rows".into(), json!(rows.deployments.iter().take(ALL).collect::<Vec<_>>()));
    data.insert("rows_total".into(), json!(rows.deployments.len()));
    data.insert(
        "unlinked".into(),
        json!(
            rows.unlinked
                .iter()
                .map(|(service, it)| json!({"service": service, "incident": it.id, "started_at": it.started_at}))
                .collect::<Vec<_>>()
        ),
    );
    data.insert("equal".into(), json!(about.checked.differs.is_empty()));
    data.insert("definitions".into(), json!(receipt.definitions));
    Card {
        command: "why".into(),
        title: format!("Why these numbers - {}", receipt.id),
        scope: receipt.scope.clone(),
        window: Some(receipt.window.clone()),
        verdict: verdict(about),
        parts,
        metrics: receipt.metrics.clone(),
        notes: notes(about),
        receipt: Some(receipt.id.clone()),
        buttons: paging(&receipt.id, page, pages),
        data,
        ..Card::default()
    }
}

fn verdict(about: &About<'_>) -> Line {
    let rows = &about.rows.deployments;
    let commits: usize = rows.iter().map(|row| row.lead_seconds.len()).sum();
    let failed = rows.iter().filter(|row| !row.failed.is_empty()).count();
    let line = Line::plain(format!(
        "{} of {}, {} counted, {}. ",
        words::count(rows.len() as u64, "deployment", "deployments"),
        about.name,
        words::count(commits as u64, "commit", "commits"),
        words::count(failed as u64, "failure", "failures"),
    ));
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
    for (then, now) in about.receipt.metrics.iter().zip(&about.checked.dora.metrics) {
        let say = |value: Option<f64>| {
            value.map_or_else(|| then.reason.clone().unwrap_or_else(|| "none".into()), |value| words::value(&then.unit, value))
        };
        let mut row = vec![then.id.replace('_', " "), say(then.value), then.n.to_string()];
        if changed {
            row.push(say(now.value));
        }
        table.rows.push(row);
    }
    let mut parts = vec![Part::Table(table)];
    if !about.checked.late.is_empty() {
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

fn left_out(about: &About<'_>) -> Vec<Part> {
    let mut lines = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for metric in &about.receipt.metrics {
        for (code, count) in &metric.excluded {
            if seen.insert(code.as_str()) {
                lines.push(Line::default().strong(exclusion(code, *count)).and(format!(": {}", explained(code))));
            }
        }
    }
    if lines.is_empty() { Vec::new() } else { vec![Part::Heading("Left out".into()), Part::List(lines, None)] }
}

/// Why a code is left out, and what would bring it in.
fn explained(code: &str) -> &'static str {
    match code {
        "merge" => "merge commits carry no work of their own",
        "bot" => "commits by bots are not a team's lead time",
        "negative_span" => {
            "the clock of the author or of the incident is off, or dates were rewritten; a negative span is left out, never rounded up"
        }
        "no_baseline" => {
            "no earlier deployment of the service is an ancestor, so which commits are new can't be told: the first deployment, a backport"
        }
        "unknown_commit" => "its commit is in no history that pacer has; `pacer import git PATH --no-deployments` brings the history",
        "shallow" => "the clone is shallow: import a full one (`git fetch --unshallow`)",
        "open" => "an incident of it is not resolved yet; it has an age, not a recovery time",
        "unlinked" => "no deployment of the service within the incident window before it, or an unknown reference",
        "revert_unmatched" => "the commit that it takes back can't be told",
        _ => "see the definitions",
    }
}

fn listing(about: &About<'_>, page: usize, pages: usize) -> Vec<Part> {
    let rows = &about.rows.deployments;
    if rows.is_empty() {
        return vec![Part::Text("No production deployment lies in this period.".into())];
    }
    let zone = about.receipt.window.zone;
    let heading = if pages > 1 { format!("Deployments, page {page} of {pages}") } else { "Deployments".into() };
    let page_rows: Vec<&Row> = rows.iter().skip((page - 1) * PAGE).take(PAGE).collect();
    let columns = ["Finished", "Deployment", "Commits", "Lead", "Outcome"].map(str::to_string).to_vec();
    let mut table = Table { columns, numeric: vec![false, false, true, true, false], ..Table::default() };
    for row in &page_rows {
        let mut leads = row.lead_seconds.clone();
        leads.sort_by(f64::total_cmp);
        let median = crate::domain::stats::median(&leads).map(words::duration).unwrap_or_default();
        let commits = if row.reason.is_some() { "?".to_string() } else { row.lead_seconds.len().to_string() };
        table.rows.push(vec![words::moment(row.finished_at, about.now, zone), named(row), commits, median, outcome(row).to_string()]);
    }
    let mut parts = vec![Part::Heading(heading), Part::Table(table)];
    let told: Vec<Line> = page_rows.iter().filter_map(|row| story(row)).collect();
    if !told.is_empty() {
        parts.push(Part::List(told, None));
    }
    parts
}

/// A deployment as its sender names it, with its service where the name does not say it.
fn named(row: &Row) -> String {
    if row.deployment.contains(&row.service) { row.deployment.clone() } else { format!("{} {}", row.service, row.deployment) }
}

/// What became of it, in a word.
fn outcome(row: &Row) -> &'static str {
    match row {
        Row { open: true, .. } => "failed, open",
        Row { failed, .. } if !failed.is_empty() => "failed",
        Row { rollback: true, .. } => "rollback",
        Row { rework, .. } if !rework.is_empty() => "rework",
        _ => "ok",
    }
}

/// What there is to say beside the table.
fn story(row: &Row) -> Option<Line> {
    let mut said = Vec::new();
    if let Some(reason) = row.reason {
        said.push(format!("commits not counted: {}", reason.replace('_', " ")));
    }
    if !row.failed.is_empty() {
        let end = match row.recovery_seconds {
            Some(secs) => format!("recovered in {}", words::duration(secs)),
            None if row.open => "still open".into(),
            None => "no recovery time".into(),
        };
        said.push(format!("{}; {end}", row.failed.join(", ")));
    }
    if !row.rework.is_empty() {
        said.push(format!("rework: {}", row.rework.join(", ")));
    }
    (!said.is_empty()).then(|| Line::default().strong(named(row)).and(format!(": {}", said.join("; "))))
}

fn unlinked(about: &About<'_>) -> Vec<Part> {
    if about.rows.unlinked.is_empty() {
        return Vec::new();
    }
    let zone = about.receipt.window.zone;
    let lines = about.rows.unlinked.iter().map(|(service, it)| {
        let place = if service.is_empty() { "no service".to_string() } else { service.clone() };
        Line::default().code(it.id.clone()).and(format!(" {place}, began {}", words::moment(it.started_at, about.now, zone)))
    });
    vec![Part::Heading("Incidents without a deployment".into()), Part::List(lines.collect(), None)]
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

/// Each metric as it is defined here. Source: dora.dev, "DORA's software delivery metrics", 2026-01.
const DEFINITIONS: [(&str, &str); 5] = [
    ("Deployment frequency", "successful production deployments a week. Interval: Poisson, widened by how much the weeks differ."),
    (
        "Change lead time",
        "from a commit's author date to the finish of the first production deployment that contains it; median. Interval: bootstrap over deployments.",
    ),
    (
        "Failed deployment recovery time",
        "from the finish of a failed deployment to the last of its rollback, its revert and the ends of its incidents; median. Interval: by order statistics.",
    ),
    (
        "Change fail rate",
        "failed deployments out of all but rollbacks. Failed: an incident links to it, it was rolled back, or one of its commits was reverted later. Interval: Wilson.",
    ),
    ("Deployment rework rate", "deployments made because of a production problem (hotfix, rollback, revert) out of all. Interval: Wilson."),
];
