//! What an answer of `focus` rests on: of each week and portfolio project how many items and signs of work, in groups of three or more. Never who.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::json;

use crate::domain::alloc::{Ledger, Week};
use crate::domain::card::Scope;
use crate::domain::words;
use crate::error::Failure;
use crate::features::access::Sight;
use crate::features::receipts::{Evidence, Listing, Row};
use crate::features::{Cx, effort, flow};
use crate::store::receipts::{Receipt, Rests};

/// Items that a row lists by id.
const ITEMS: usize = 200;

/// What a project got in a week.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// By id.
    pub items: Vec<String>,
    /// Signs of work: commits, changes, reviews, comments, transitions.
    pub signals: u64,
}

/// By week and portfolio project; what belongs to none, and what fewer than three people worked on, is not here.
pub fn seen(weeks: &[Week]) -> BTreeMap<(NaiveDate, String), Seen> {
    let mut all: BTreeMap<(NaiveDate, String), Seen> = BTreeMap::new();
    for week in weeks {
        for leaf in week.figures.iter().flat_map(|figures| &figures.leaves) {
            let Some(project) = &leaf.project else { continue };
            let row = all.entry((week.monday, project.clone())).or_default();
            row.items.extend(leaf.items.iter().cloned());
            row.signals += leaf.signals.iter().copied().map(u64::from).sum::<u64>();
        }
    }
    for row in all.values_mut() {
        row.items.sort();
        row.items.dedup();
    }
    all
}

/// The rows of a receipt as `why` shows them.
pub async fn evidence(cx: &Cx, receipt: &Receipt) -> Result<Evidence, Failure> {
    let org = cx.store.org_version(receipt.org_version).await?;
    let org = &org.org;
    let read = super::load(cx, &receipt.scope, &receipt.window, receipt.asked_at, org).await?;
    let sight = Sight::of(cx);
    let kept: Vec<Scope> = org.teams.keys().filter(|team| sight.hides_team(team)).map(|team| Scope::Team(team.clone())).collect();
    let hidden: Vec<_> = kept.iter().map(|team| effort::within(org, team)).collect();
    let within = effort::within(org, &receipt.scope);
    let rows = |shown: &dyn Fn(&str, NaiveDate) -> bool| rows(&read.effort.ledger, &read.asked.now, shown);
    let all = rows(&|person, date| within(person, date));
    let shown = rows(&|person, date| within(person, date) && !hidden.iter().any(|of| of(person, date)));
    let name = words::capitalised(&cx.org.org.scope_name(&receipt.scope));
    let signals: u64 = all.values().map(|row| row.signals).sum();
    let summary = format!(
        "{name}: {} of portfolio projects, in {}",
        words::count(signals, "sign of work", "signs of work"),
        words::count(read.asked.now.len() as u64, "week", "weeks")
    );
    let listing = Listing {
        heading: "Projects by week",
        empty: "Nothing of three or more people is known of these weeks.",
        columns: vec![("Week of", false), ("Project", false), ("Items", true), ("Signs of work", true)],
        withheld: (all.len().saturating_sub(shown.len())) as u64,
        rows: shown.into_iter().map(|((monday, project), seen)| row(monday, &project, &seen)).collect(),
        nouns: ("project in a week", "projects in a week"),
    };
    let rests = Rests { services: Vec::new(), flow: Some(flow::whose(&receipt.scope, org)) };
    Ok(Evidence { summary, listings: vec![listing], more: Vec::new(), data: serde_json::Map::new(), rests, partial: !kept.is_empty() })
}

fn rows(ledger: &Ledger, mondays: &[NaiveDate], within: &dyn Fn(&str, NaiveDate) -> bool) -> BTreeMap<(NaiveDate, String), Seen> {
    let weeks: Vec<Week> = ledger.weeks(within).into_iter().filter(|week| mondays.contains(&week.monday)).collect();
    seen(&weeks)
}

fn row(monday: NaiveDate, project: &str, seen: &Seen) -> Row {
    let items = &seen.items[..seen.items.len().min(ITEMS)];
    Row {
        cells: vec![monday.to_string(), project.to_owned(), seen.items.len().to_string(), words::number(seen.signals)],
        story: None,
        data: json!({"week": monday, "project": project, "items": items, "items_total": seen.items.len(), "signals": seen.signals}),
    }
}
