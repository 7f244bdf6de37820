//! The rows behind an answer of `investment`: the items that effort went to, with the project and category of each, and how many signals
//! of each kind there are. Never whose, never how much of an item, and only of groups of three people or more.

use std::collections::BTreeMap;

use serde_json::json;

use super::compute::visible;
use crate::domain::alloc::{Category, Kind, Week};
use crate::domain::card::Scope;
use crate::domain::words;
use crate::error::Failure;
use crate::features::access::Sight;
use crate::features::receipts::{Evidence, Listing, Row};
use crate::features::{Cx, scope};
use crate::store::flow::Whose;
use crate::store::receipts::{Receipt, Rests};

/// Signals by kind, as counted.
const KINDS: [&str; Kind::ALL.len()] = ["Commits", "Opened", "Merged", "Reviews", "Comments", "Moves"];

type Place = (Option<String>, Option<Category>);

/// The rows of a receipt as `why` shows them.
pub async fn evidence(cx: &Cx, receipt: &Receipt) -> Result<Evidence, Failure> {
    let version = cx.store.org_version(receipt.org_version).await?;
    let org = &version.org;
    let loaded = super::load(cx, &receipt.scope, &receipt.window, receipt.asked_at, org).await?;
    let sight = Sight::of(cx);
    let hides = |team: &str| sight.hides_team(team);
    let basis = loaded.basis(org, &receipt.scope, &hides);
    let all = items(&super::compute(&basis).weeks, &receipt.scope);
    let shown = items(&visible(&basis), &receipt.scope);
    let withheld = all.keys().filter(|item| !shown.contains_key(*item)).count() as u64;
    let project = |id: &Option<String>| id.as_deref().map_or_else(|| "none".to_owned(), |id| org.project_name(id));
    let category = |category: Option<Category>| category.map_or("none", Category::name);
    let row = |(item, (id, of)): (&String, &Place)| Row {
        cells: vec![item.clone(), project(id), category(*of).to_owned()],
        story: None,
        data: json!({"item": item, "project": id, "category": of.map(Category::id)}),
    };
    let listing = Listing {
        heading: "Items",
        empty: "No item is known of three people or more.",
        columns: vec![("Item", false), ("Project", false), ("Category", false)],
        rows: shown.iter().map(row).collect(),
        withheld,
        nouns: ("item", "items"),
    };
    let counted = signals(&visible(&basis), &receipt.scope);
    let signal = |((id, of), (items, counts)): (&Place, &(usize, [u32; Kind::ALL.len()]))| Row {
        cells: [project(id), category(*of).to_owned(), items.to_string()].into_iter().chain(counts.iter().map(u32::to_string)).collect(),
        story: None,
        data: json!({"project": id, "category": of.map(Category::id), "items": items, "signals": counts}),
    };
    let heads = [("Project", false), ("Category", false), ("Items", true)].into_iter().chain(KINDS.map(|kind| (kind, true)));
    let signals = Listing {
        heading: "Signals",
        empty: "No signal is known of three people or more.",
        columns: heads.collect(),
        rows: counted.iter().map(signal).collect(),
        ..Listing::default()
    };
    let services = scope::services(&cx.store, &Scope::Organisation, org).await?.into_iter().map(|(name, _)| name).collect();
    let name = words::capitalised(&org.scope_name(&receipt.scope));
    Ok(Evidence {
        summary: format!("{name}: effort on {}", words::count(all.len() as u64, "item", "items")),
        listings: vec![listing, signals],
        more: Vec::new(),
        data: serde_json::Map::new(),
        rests: Rests { services, flow: Some(Whose::All) },
        partial: withheld > 0,
    })
}

/// Whether a leaf is of what was asked about.
fn is_own(scope: &Scope, project: Option<&str>) -> bool {
    if let Scope::Project(id) = scope { project == Some(id) } else { true }
}

/// Every item that is shown, with its project and category.
fn items(weeks: &[Week], scope: &Scope) -> BTreeMap<String, Place> {
    let leaves = weeks.iter().filter_map(|week| week.figures.as_ref()).flat_map(|figures| &figures.leaves);
    let own = leaves.filter(|leaf| is_own(scope, leaf.project.as_deref()));
    own.flat_map(|leaf| leaf.items.iter().map(|item| (item.clone(), (leaf.project.clone(), leaf.category)))).collect()
}

/// How many items and signals of each kind each project and category has, over weeks.
fn signals(weeks: &[Week], scope: &Scope) -> BTreeMap<Place, (usize, [u32; Kind::ALL.len()])> {
    let all = crate::domain::alloc::period(weeks).and_then(|all| all.figures).unwrap_or_default();
    let own = all.leaves.into_iter().filter(|leaf| is_own(scope, leaf.project.as_deref()));
    own.map(|leaf| ((leaf.project, leaf.category), (leaf.items.len(), leaf.signals))).collect()
}
