//! The rows behind an answer of `flow`: each merged change with its stages, each work item that was finished or is in
//! progress, the runs of each day. Never who did them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde_json::json;

use crate::domain::derive::changes::Merged;
use crate::domain::figure::to_f64;
use crate::domain::flow::ItemSpan;
use crate::domain::org::Org;
use crate::domain::time::At;
use crate::domain::words;
use crate::error::Failure;
use crate::features::access::Sight;
use crate::features::receipts::{Evidence, Listing, Row};
use crate::features::{Cx, scope};
use crate::store::figures::Services;
use crate::store::flow::Whose;
use crate::store::receipts::{Receipt, Rests};

/// Metrics that count work items, where a tracker tells of them.
const OF_ITEMS: [&str; 3] = ["items_done", "wip", "wip_age"];

/// The rows of a receipt as `why` shows them: of the kinds that its figures count.
pub async fn evidence(cx: &Cx, receipt: &Receipt) -> Result<Evidence, Failure> {
    let org = cx.store.org_version(receipt.org_version).await?;
    let services = scope::services(&cx.store, &receipt.scope, &org.org).await?;
    let whose = super::whose(&receipt.scope, &org.org);
    let about = About { cx, receipt, org: &org.org, sight: Sight::of(cx), services: &services, whose: &whose };
    let counts = |ids: &dyn Fn(&str) -> bool| receipt.metrics.iter().any(|metric| ids(&metric.id));
    let (worked, items) = about.items().await?;
    // Without a tracker work in progress is of changes.
    let by_changes = items.is_none() && counts(&|id| ["wip", "wip_age"].contains(&id));
    let (mut listings, mut said) = (Vec::new(), Vec::new());
    if by_changes || counts(&|id| !OF_ITEMS.contains(&id) && id != "ci_pass_rate") {
        let (merged, count) = about.changes().await?;
        said.push(words::count(count, "change merged", "changes merged"));
        listings.push(merged);
    }
    if counts(&|id| OF_ITEMS.contains(&id)) {
        said.extend(items);
        listings.push(worked);
    }
    if counts(&|id| id == "ci_pass_rate") {
        let (ran, summary) = about.runs().await?;
        said.push(summary);
        listings.push(ran);
    }
    let summary = format!("{}: {}", words::capitalised(&cx.org.org.scope_name(&receipt.scope)), words::join(&said));
    let window = &receipt.window;
    let hidden = |service: &String| about.sight.hides_in(service, window.from, window.to);
    let partial = listings.iter().any(|listing| listing.withheld > 0) || services.iter().any(|(service, _)| hidden(service));
    let rests = Rests { services: services.iter().map(|(name, _)| name.clone()).collect(), flow: Some(whose.clone()) };
    Ok(Evidence { summary, listings, more: Vec::new(), data: serde_json::Map::new(), rests, partial })
}

/// What the rows are of, and who looks.
struct About<'a> {
    cx: &'a Cx,
    receipt: &'a Receipt,
    org: &'a Org,
    sight: Sight<'a>,
    services: &'a Services,
    whose: &'a Whose,
}

impl About<'_> {
    /// Merged changes, and how many they are with those that are hidden.
    async fn changes(&self) -> Result<(Listing, u64), Failure> {
        let (window, now) = (&self.receipt.window, self.cx.now);
        let mut changes: Vec<(Merged, bool)> = Vec::new();
        let mut seen = BTreeSet::new();
        for (service, spans) in self.services {
            let derived = self.cx.store.derived(service, self.receipt.asked_at, self.org).await?;
            let counts = |change: &Merged| window.holds(change.merged_at) && spans.iter().any(|span| span.holds(change.merged_at));
            let own = derived.changes.into_iter().filter(counts).filter(|change| seen.insert((change.source.clone(), change.id.clone())));
            changes
                .extend(own.map(|change| (self.sight.hides(service, change.merged_at), change)).map(|(hidden, change)| (change, hidden)));
        }
        let count = changes.len() as u64;
        changes.retain(|(_, hidden)| !hidden);
        changes.sort_by(|(a, _), (b, _)| (a.merged_at, &a.id).cmp(&(b.merged_at, &b.id)));
        let listing = Listing {
            heading: "Changes",
            empty: "No change was merged in this period.",
            columns: vec![("Merged", false), ("Change", false), ("Coding", true), ("Pickup", true), ("Review", true), ("Deploy", true)],
            withheld: count - changes.len() as u64,
            rows: changes.iter().map(|(change, _)| of_change(change, now, window.zone)).collect(),
            nouns: ("change", "changes"),
        };
        Ok((listing, count))
    }

    /// Work items, and how many they are; none where there are none to tell of.
    async fn items(&self) -> Result<(Listing, Option<String>), Failure> {
        let (window, now) = (&self.receipt.window, self.cx.now);
        let columns = vec![("Done", false), ("Item", false), ("Took", true)];
        let empty = Listing { heading: "Items", columns, nouns: ("item", "items"), ..Listing::default() };
        let figures = self.receipt.metrics.iter().filter(|metric| OF_ITEMS.contains(&metric.id.as_str()));
        if figures.clone().any(|metric| metric.reason.as_deref() == Some("too_few_people")) {
            let empty = Listing { empty: "Items of fewer than 3 people are not listed: they would tell of persons.", ..empty };
            return Ok((empty, Some("items not listed".into())));
        }
        let until = window.to.min(self.receipt.asked_at);
        let hidden = self.sight.hidden_people();
        let items = self.cx.store.item_rows(self.whose, window.from, until, self.org, &hidden).await?;
        let open = items.iter().filter(|(_, span)| span.done_at.is_none()).count();
        let finished = words::count((items.len() - open) as u64, "item finished", "items finished");
        let told = (!items.is_empty()).then(|| format!("{finished}, {} in progress", words::number(open as u64)));
        let withheld = items.iter().filter(|(name, _)| name.is_none()).count() as u64;
        let named = items.iter().filter_map(|(name, span)| Some((name.as_ref()?, *span)));
        let rows = named.map(|(name, span)| of_item(name, span, until, now, window.zone)).collect();
        Ok((Listing { empty: "No work item was finished or is in progress.", rows, withheld, ..empty }, told))
    }

    /// Runs by day and repository, and how many they are.
    async fn runs(&self) -> Result<(Listing, String), Failure> {
        let (window, now) = (&self.receipt.window, self.cx.now);
        let until = window.to.min(self.receipt.asked_at);
        let services = (*self.whose != Whose::All).then_some(self.services);
        let (mut days, mut passed, mut all, mut withheld) = (BTreeMap::new(), 0, 0, 0);
        for (place, runs) in self.cx.store.run_rows(services, window.from, until).await? {
            for run in runs {
                all += 1;
                passed += u64::from(run.passed);
                if place.services.iter().any(|service| self.sight.hides(service, At(run.at))) {
                    withheld += 1;
                    continue;
                }
                let day = At(run.at).utc().with_timezone(&window.zone).date_naive();
                let of_day: &mut (At, u64, u64) = days.entry((day, place.repository.clone())).or_insert((At(run.at), 0, 0));
                of_day.1 += 1;
                of_day.2 += u64::from(run.passed);
            }
        }
        let row = |((day, repository), (at, runs, passed)): ((NaiveDate, String), (At, u64, u64))| Row {
            cells: vec![words::date(at, now, window.zone), repository.clone(), runs.to_string(), passed.to_string()],
            story: None,
            data: json!({"day": day.to_string(), "repository": repository, "runs": runs, "passed": passed}),
        };
        let listing = Listing {
            heading: "Runs",
            empty: "No run ended in this period.",
            columns: vec![("Day", false), ("Repository", false), ("Runs", true), ("Passed", true)],
            rows: days.into_iter().map(row).collect(),
            withheld,
            nouns: ("run", "runs"),
        };
        Ok((listing, format!("{}, of which {} passed", words::count(all, "run", "runs"), words::number(passed))))
    }
}

fn of_change(change: &Merged, now: At, zone: Tz) -> Row {
    let id = change.id.clone();
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
