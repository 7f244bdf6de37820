//! `why ID`: which rows made this number, what was left out, and how is it defined?
//!
//! A receipt freezes the question, its period, the organisation and the answer. `why` derives the same period as
//! of the instant of asking, and lists each row with what followed from it; the rows recount to the value shown. Where
//! later deliveries changed the past, it says so first. Never a list of persons: rows are deployments, changes, items.

mod card;
mod differs;

use anyhow::Context;
use futures::future::BoxFuture;

pub use differs::Differs;

use super::access::{Shown, Sight};
use super::portfolio;
use super::receipts::{Evidence, recount};
use super::{Action, Command, Cx, Effect, PERIOD, Press, Reply};
use crate::domain::ask::{Ask, Words};
use crate::domain::card::{Card, Metric};
use crate::error::{Failure, Kind, UserError};
use crate::store::receipts::Receipt;

/// The registration.
pub const COMMAND: Command = Command {
    name: "why",
    usage: "ID [PAGE]",
    summary: "the rows behind a number, what was left out, and the definition",
    example: "why 7f3a9c2k",
    private: false,
    words: Words::Names,
    period: PERIOD,
    recount: None,
    run: |cx, ask| -> BoxFuture<'_, _> { Box::pin(run(cx, ask)) },
};

/// The button "Why these numbers", and the pages of its modal. Value: `ID` or `ID:PAGE`.
pub const ACTION: Action = Action { name: "why", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(pressed(cx, press)) } };

async fn run(cx: &Cx, ask: Ask) -> Result<Reply, Failure> {
    let Some(id) = ask.words.first() else {
        let hint = "Each answer ends with its receipt, eight letters and digits: `/metrics why 7f3a9c2k`.";
        return Err(UserError::new(Kind::UnknownReceipt, "`why` needs the receipt of an answer.", hint).into());
    };
    let page = ask.words.get(1).and_then(|page| page.parse().ok()).unwrap_or(1);
    Ok(Reply::Card(Box::new(explain(cx, id, page).await?)))
}

async fn pressed(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (id, page) = press.value.split_once(':').unwrap_or((&press.value, "1"));
    Ok(Effect::Modal(Box::new(explain(cx, id, page.parse().unwrap_or(1)).await?)))
}

async fn explain(cx: &Cx, id: &str, page: usize) -> Result<Card, Failure> {
    let receipt = receipt(cx, id).await?;
    let evidence = (recount(&receipt)?.evidence)(cx, &receipt).await?;
    let checked = check(cx, &receipt, &evidence).await?;
    let health = cx.health(receipt.asked_at).await?;
    Ok(card::card(&card::About { receipt: &receipt, checked: &checked, evidence: &evidence, health, now: cx.now }, page))
}

/// The receipt of that id, if the asker may see its answer.
pub async fn receipt(cx: &Cx, id: &str) -> Result<Receipt, Failure> {
    let found = cx.store.receipt(id).await?.filter(|receipt| receipt.asked_at <= cx.now);
    let Some(receipt) = found else {
        let hint = "A receipt is the eight letters and digits at the end of an answer. Ask again for a fresh one: `/metrics dora`.";
        return Err(UserError::new(Kind::UnknownReceipt, format!("No answer has the receipt `{id}`."), hint).into());
    };
    let shown = Shown { from: receipt.window.from, to: receipt.window.to, compares: recount(&receipt)?.compares };
    let org = cx.store.org_version(receipt.org_version).await?;
    Sight::of(cx).check(&receipt.scope, &org.org, shown)?;
    portfolio::check(cx, &receipt.scope).await?;
    Ok(receipt)
}

/// Late rows named at most.
const LATE: usize = 200;

/// What a recomputation found.
pub struct Checked {
    /// The figures that differ now, and in what.
    pub differs: Vec<Differs>,
    /// Rows that arrived or changed since.
    pub late: Vec<crate::store::receipts::Late>,
    /// The figures of today's facts.
    pub metrics: Vec<Metric>,
    /// Whether the definitions changed since.
    pub redefined: bool,
}

/// The figures as a receipt has them: a number that was written as JSON and read again may differ in its last bit, so
/// both sides of a comparison go that way.
fn as_kept(metrics: &[Metric]) -> anyhow::Result<Vec<Metric>> {
    let text = serde_json::to_string(metrics).context("writing figures")?;
    serde_json::from_str(&text).context("reading figures")
}

/// Recomputes a receipt from the facts as they are now, as of its instant.
pub async fn check(cx: &Cx, receipt: &Receipt, evidence: &Evidence) -> Result<Checked, Failure> {
    let metrics = (recount(receipt)?.card)(cx, receipt).await?.metrics;
    let kept = as_kept(&metrics)?;
    let pairs = || receipt.metrics.iter().zip(&kept);
    let differs: Vec<Differs> = pairs().filter_map(|(then, now)| differs::differs(then, now)).collect();
    let unknown = |metric: &Metric| metric.reason.as_deref() == Some("no_incident_source");
    let known_now = pairs().any(|(then, now)| unknown(then) && !unknown(now));
    let late = if differs.is_empty() { Vec::new() } else { cx.store.late_rows(&evidence.rests, receipt, known_now, LATE).await? };
    let redefined = receipt.definitions != crate::domain::derive::DEFINITIONS;
    Ok(Checked { differs, late, metrics, redefined })
}
