//! The rows behind a forecast: what was finished in each past week, and what remains, by what people call it. Never who did it.

use serde_json::json;

use super::known;
use crate::domain::capacity::Capacity;
use crate::domain::card::Scope;
use crate::domain::forecast::throughput::WINDOW;
use crate::domain::members::Members;
use crate::domain::time::WEEK;
use crate::domain::words;
use crate::domain::work::WorkItem;
use crate::error::Failure;
use crate::features::access::Sight;
use crate::features::receipts::{Evidence, Listing, Row};
use crate::features::{Cx, flow};
use crate::store::receipts::{Receipt, Rests};

/// The rows of a receipt.
pub async fn evidence(cx: &Cx, receipt: &Receipt) -> Result<Evidence, Failure> {
    let version = cx.store.org_version(receipt.org_version).await?;
    let (org, now) = (&version.org, receipt.asked_at);
    let known = known(cx, now, org).await?;
    let work = &known.work;
    let members = Members::of(&receipt.scope, org);
    let items: Vec<&WorkItem> = match &receipt.scope {
        Scope::Project(id) => work.of_project(id).collect(),
        _ => work.items.iter().filter(|item| item.counts() && members.has(item, item.done_at.unwrap_or(now))).collect(),
    };
    let hidden = Sight::of(cx).hidden_members();
    let is_hidden = |item: &WorkItem| hidden.has(item, item.done_at.unwrap_or(now));
    let names = |items: &[&WorkItem]| -> Vec<String> {
        let mut names: Vec<String> = items.iter().filter(|item| !is_hidden(item)).map(|item| item.name().to_owned()).collect();
        names.sort();
        names
    };
    let zone = receipt.window.zone;
    let read = i64::try_from(WINDOW).unwrap_or(0);
    let weeks = Capacity::of(&receipt.scope, org, now).weeks(now.plus(-(read + 1) * WEEK), now);
    let mut finished = 0;
    let rows: Vec<Row> = weeks[weeks.len().saturating_sub(WINDOW)..]
        .iter()
        .map(|week| {
            let done: Vec<&WorkItem> =
                items.iter().copied().filter(|item| item.done_at.is_some_and(|at| week.from <= at && at < week.to)).collect();
            finished += done.len() as u64;
            let names = names(&done);
            Row {
                cells: vec![words::date(week.from, now, zone), done.len().to_string(), names.join(", ")],
                story: None,
                data: json!({"week": week.from, "days": week.days, "finished": done.len(), "items": names}),
            }
        })
        .collect();
    let by_week = Listing {
        heading: "Finished by week",
        empty: "No whole week has passed.",
        columns: vec![("Week from", false), ("Items", true), ("Which", false)],
        rows,
        withheld: 0,
        nouns: ("week", "weeks"),
    };
    let mut left: Vec<&WorkItem> = items.iter().copied().filter(|item| item.done_at.is_none()).collect();
    left.sort_by(|a, b| (a.started_at.is_none(), a.started_at, a.name()).cmp(&(b.started_at.is_none(), b.started_at, b.name())));
    let remaining = left.len() as u64;
    left.retain(|item| !is_hidden(item));
    let of_item = |item: &&WorkItem| Row {
        cells: vec![
            item.name().to_owned(),
            item.started_at.map_or_else(|| "not begun".into(), |at| format!("since {}", words::date(at, now, zone))),
        ],
        story: None,
        data: json!({"item": item.name(), "created_at": item.created_at, "started_at": item.started_at}),
    };
    let listing = Listing {
        heading: "Remaining",
        empty: "Nothing remains.",
        columns: vec![("Item", false), ("In work", false)],
        rows: left.iter().map(of_item).collect(),
        withheld: remaining - left.len() as u64,
        nouns: ("item", "items"),
    };
    let summary = format!(
        "{}: {} finished in the last {WINDOW} whole weeks, {} to do",
        words::capitalised(&org.scope_name(&receipt.scope)),
        words::count(finished, "item", "items"),
        words::count(remaining, "item", "items")
    );
    let rests = Rests { services: Vec::new(), flow: Some(flow::whose(&receipt.scope, org)) };
    let partial = items.iter().any(|item| is_hidden(item));
    Ok(Evidence { summary, listings: vec![by_week, listing], more: Vec::new(), data: serde_json::Map::new(), rests, partial })
}
