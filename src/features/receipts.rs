//! What answers with a receipt share: keeping it, and counting it again for `why`, `verify` and "Share".
//!
//! A command that gives receipts says in its [`Recount`] how its card is made again under one, and which rows it rests on;
//! everything else is the same for all of them.

use futures::future::BoxFuture;
use serde_json::Value;

use super::{COMMANDS, Cx};
use crate::domain::ask::Ask;
use crate::domain::card::{Button, Card, Line, Metric, Part, Target, Tone};
use crate::domain::derive::DEFINITIONS;
use crate::domain::metric;
use crate::domain::words::{self, Better};
use crate::error::Failure;
use crate::store::receipts::{Receipt, Rests, new_id};

/// How an answer is counted again under its receipt.
pub struct Recount {
    /// Whether it shows the period before beside its own.
    pub compares: bool,
    /// The card as it was answered, from the facts as they are now.
    pub card: for<'a> fn(&'a Cx, &'a Receipt) -> BoxFuture<'a, Result<Card, Failure>>,
    /// The rows behind it, in order; those that the asker may not see without their names.
    pub evidence: for<'a> fn(&'a Cx, &'a Receipt) -> BoxFuture<'a, Result<Evidence, Failure>>,
}

/// The rows behind an answer.
pub struct Evidence {
    /// What they are, counted: "100 deployments of Payments, 638 commits counted, 8 failures".
    pub summary: String,
    /// The kinds of rows, each a table.
    pub listings: Vec<Listing>,
    /// Further parts of the first page.
    pub more: Vec<Part>,
    /// Further members of the JSON answer.
    pub data: serde_json::Map<String, Value>,
    /// What it rests on: rows that came late are looked for there.
    pub rests: Rests,
    /// Whether some of that is hidden from the asker: then rows that came late are counted and not named.
    pub partial: bool,
}

/// Rows of one kind.
#[derive(Default)]
pub struct Listing {
    /// "Deployments".
    pub heading: &'static str,
    /// What is said where there are none.
    pub empty: &'static str,
    /// Column heads, and whether a column is numbers.
    pub columns: Vec<(&'static str, bool)>,
    /// In order of time.
    pub rows: Vec<Row>,
    /// Further rows, which the asker may not see: how many.
    pub withheld: u64,
    /// What one and what several of those are.
    pub nouns: (&'static str, &'static str),
}

impl Listing {
    /// "20 deployments of teams that keep their figures to themselves", where there are any.
    pub fn kept_back(&self) -> Option<String> {
        (self.withheld > 0).then(|| kept_back(self.withheld, self.nouns))
    }
}

/// Rows that the asker may not see, in one line.
pub fn kept_back(count: u64, (one, many): (&str, &str)) -> String {
    format!("{} of teams that keep their figures to themselves", words::count(count, one, many))
}

/// One row.
pub struct Row {
    /// A cell a column.
    pub cells: Vec<String>,
    /// What there is to say beside the table.
    pub story: Option<Line>,
    /// In machine form.
    pub data: Value,
}

/// The receipt of an answer given now; to be kept with [`Store::keep_receipt`](crate::store::Store::keep_receipt).
pub async fn receipt(cx: &Cx, ask: &Ask, metrics: &[Metric]) -> Result<Receipt, Failure> {
    Ok(Receipt {
        id: new_id(),
        command: ask.canonical(),
        scope: ask.scope.clone(),
        window: ask.window.clone(),
        asked_at: cx.now,
        org_version: cx.org.version,
        watermark: cx.store.watermark().await?,
        definitions: DEFINITIONS,
        metrics: metrics.to_vec(),
    })
}

/// How the answer of a receipt is counted again.
pub fn recount(receipt: &Receipt) -> Result<&'static Recount, Failure> {
    let name = receipt.command.split(' ').next().unwrap_or_default();
    let known = COMMANDS.iter().find(|command| command.name == name).and_then(|command| command.recount.as_ref());
    Ok(known.ok_or_else(|| anyhow::anyhow!("no command `{name}` counts a receipt again"))?)
}

/// The buttons below an answer with a receipt. `trend`: the metric that the button "Trend" shows, or "" for DORA's five; none:
/// there is no such button.
pub fn buttons(receipt: &str, trend: Option<&str>) -> Vec<Button> {
    let button = |label: &str, action: &str, value: String, primary| Button { label: label.into(), action: action.into(), value, primary };
    let mut buttons =
        vec![button("Share to channel", "share", receipt.into(), true), button("Why these numbers", "why", receipt.into(), false)];
    buttons.extend(trend.map(|metric| button("Trend", "trend", format!("{receipt}:{metric}"), false)));
    buttons.push(button("Change period", "period", receipt.into(), false));
    buttons
}

/// The button below an answer whose picture stands in letters where Slack shows none.
pub fn chart_button(receipt: &str) -> Button {
    Button { label: "Chart".into(), action: "chart".into(), value: receipt.into(), primary: false }
}

/// A team's own target in words, with how the figure stands to it.
pub fn aim(metric: &Metric, target: &Target) -> (Tone, String) {
    let value = words::value(&metric.unit, target.value);
    let more = metric::find(&metric.id).is_some_and(|known| known.better == Better::Higher);
    let goal = if more { format!("target {value} or more") } else { format!("target {value} or less") };
    match target.status.as_deref() {
        Some("met") => (Tone::Good, format!("{goal}: met")),
        Some("missed") => (Tone::Bad, format!("{goal}: missed")),
        Some(_) => (Tone::Neutral, format!("{goal}: not separable yet")),
        None => (Tone::Neutral, goal),
    }
}
