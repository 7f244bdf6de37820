//! The rows behind an answer of `flow`: each merged change with its stages, each work item that was finished or is in
//! progress. Never who did them.

use std::collections::BTreeSet;

use chrono_tz::Tz;
use serde_json::json;

use crate::domain::card::Scope;
use crate::domain::derive::changes::Merged;
use crate::domain::figure::to_f64;
use crate::domain::flow::ItemSpan;
use crate::domain::time::At;
use crate::domain::words;
use crate::error::Failure;
use crate::features::receipts::{Evidence, Listing, Row};
use crate::features::{Cx, access, scope};
use crate::store::receipts::{Receipt, Rests};

/// The rows of a receipt as `why` shows them.
pub async fn evidence(cx: &Cx, receipt: &Receipt) -> Result<Evidence, Failure> {
    let org = cx.store.org_version(receipt.org_version).await?;
    let services = scope::services(&cx.store, &receipt.scope, &org.org).await?;
    let (window, zone, now) = (&receipt.window, receipt.window.zone, cx.now);
    let mut changes: Vec<(Merged, bool)> = Vec::new();
    let mut seen = BTreeSet::new();
    for (service, spans) in &services {
        let closed = access::check(cx, &Scope::Service(service.clone())).is_err();
        let derived = cx.store.derived(service, receipt.asked_at, &org.org).await?;
        let own = derived
            .changes
            .into_iter()
            .filter(|change| window.holds(change.merged_at) && spans.iter().any(|span| span.holds(change.merged_at)));
        changes.extend(own.filter(|change| seen.insert((change.source.clone(), change.id.clone()))).map(|change| (change, closed)));
    }
    changes.sort_by(|(a, _), (b, _)| (a.merged_at, &a.id).cmp(&(b.merged_at, &b.id)));
    let until = window.to.min(receipt.asked_at);
    let whose = super::whose(&receipt.scope, &org.org);
    let items = cx.store.item_rows(&whose, window.from, until, &org.org).await?;
    let open = items.iter().filter(|(_, span)| span.done_at.is_none()).count();
    let summary = format!(
        "{} of {} merged, {} finished, {} in progress",
        words::count(changes.len() as u64, "change", "changes"),
        cx.org.org.scope_name(&receipt.scope),
        words::count((items.len() - open) as u64, "item", "items"),
        words::number(open as u64)
    );
    let merged = Listing {
        heading: "Changes",
        empty: "No change was merged in this period.",
        columns: vec![("Merged", false), ("Change", false), ("Coding", true), ("Pickup", true), ("Review", true), ("Deploy", true)],
        rows: changes.iter().map(|(change, closed)| of_change(change, *closed, now, zone)).collect(),
    };
    let worked = Listing {
        heading: "Items",
        empty: "No work item was finished or is in progress.",
        columns: vec![("Done", false), ("Item", false), ("Took", true)],
        rows: items.iter().map(|(name, span)| of_item(name, *span, until, now, zone)).collect(),
    };
    let services = services.into_iter().map(|(name, _)| name).collect();
    let rests = Rests { services, flow: Some(whose) };
    Ok(Evidence { summary, listings: vec![merged, worked], more: Vec::new(), data: serde_json::Map::new(), rests })
}

fn of_change(change: &Merged, closed: bool, now: At, zone: Tz) -> Row {
    let id = if closed { "(its team's own)".to_string() } else { change.id.clone() };
    let told = |span: Option<i64>| match span {
        None => String::new(),
        Some(span) if span < 0 => "negative".into(),
        Some(span) => words::duration(seconds(span)),
    };
    let name = if change.bot { format!("{id} (bot)") } else { id.clone() };
    Row {
        cells: vec![
            words::moment(change.merged_at, now, zone),
            name,
            told(change.coding),
            told(change.pickup),
            told(change.review),
            told(change.deploy),
        ],
        story: None,
        data: json!({
            "change": id,
            "merged_at": change.merged_at,
            "bot": change.bot,
            "coding_seconds": change.coding.map(seconds),
            "pickup_seconds": change.pickup.map(seconds),
            "review_seconds": change.review.map(seconds),
            "deploy_seconds": change.deploy.map(seconds),
            "cycle_seconds": change.cycle.map(seconds),
            "lines": change.lines,
            "ai_assisted": change.ai,
        }),
    }
}

fn of_item(name: &str, span: ItemSpan, until: At, now: At, zone: Tz) -> Row {
    let done = span.done_at.map_or_else(|| "in progress".into(), |at| words::moment(at, now, zone));
    let took = span.started_at.map(|from| span.done_at.unwrap_or(until).since(from)).filter(|micros| *micros >= 0);
    Row {
        cells: vec![done, name.to_string(), took.map(|micros| words::duration(seconds(micros))).unwrap_or_default()],
        story: None,
        data: json!({"item": name, "started_at": span.started_at, "done_at": span.done_at}),
    }
}

fn seconds(micros: i64) -> f64 {
    let whole = to_f64(micros.unsigned_abs()) / 1e6;
    if micros < 0 { -whole } else { whole }
}
