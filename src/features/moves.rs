//! What a change of the organisation does, told before it is made: `pacer org preview`, and the forms of `setup`.
//!
//! Beside what is declared otherwise: how many rows of the last 90 days would count for another service or team, that receipts
//! stay as they were, and what in the new organisation is worth a look. Nothing is written.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;

use crate::domain::card::Scope;
use crate::domain::org::moves::{self, Doubt};
use crate::domain::org::{Org, preview};
use crate::domain::portfolio::projects_of;
use crate::domain::time::{At, DAY};
use crate::domain::window::local;
use crate::domain::words;
use crate::error::Failure;
use crate::store::Store;

/// How far back rows are counted.
const PERIOD: i64 = 90 * DAY;

/// What was found, in lines.
#[derive(Debug, Default)]
pub struct Look {
    /// What is declared otherwise; none: nothing changes.
    pub changes: Vec<String>,
    /// What would count elsewhere.
    pub moves: Vec<String>,
    /// That receipts stay, where there are any.
    pub receipts: Option<String>,
    /// What is worth a look, whether it changes or not.
    pub doubts: Vec<Doubt>,
}

/// Looks at what `new` would do where `old` is in force.
pub async fn look(store: &Store, old: &Org, new: &Org, now: At) -> Result<Look, Failure> {
    let from = now.plus(-PERIOD);
    let since = local::wall(new.time_zone.unwrap_or(Tz::UTC), from).date();
    let changes = preview(old, new);
    let counted = store.moves(old, new, from, now).await?;
    let declared: BTreeSet<String> = new.services.keys().cloned().collect();
    let unmatched = store.unmatched(new, &declared).await?;
    let receipts = if changes.is_empty() { None } else { receipts(&store.receipts_since(from).await?, new) };
    let doubts = moves::doubts(new, &counted.deployed, &unmatched, now);
    let mut lines = moves::lines(counted.rows, since);
    if old.projects != new.projects {
        let items = store.work_items(now).await?;
        lines.extend(between_projects(projects_of(&items, old), projects_of(&items, new)));
    }
    Ok(Look { moves: lines, changes, receipts, doubts })
}

/// "12 work items move from project PAY to project wallet": of each item its project before and after.
fn between_projects(before: Vec<Option<String>>, after: Vec<Option<String>>) -> Vec<String> {
    let mut counts: BTreeMap<(Option<String>, Option<String>), u64> = BTreeMap::new();
    for pair in before.into_iter().zip(after).filter(|(before, after)| before != after) {
        *counts.entry(pair).or_default() += 1;
    }
    let place = |project: Option<String>| project.map_or_else(|| "no project".to_owned(), |id| format!("project {id}"));
    let line = |((from, to), n): ((Option<String>, Option<String>), u64)| {
        format!("{} from {} to {}", words::count(n, "work item moves", "work items move"), place(from), place(to))
    };
    counts.into_iter().map(line).collect()
}

/// "12 receipts of the last 90 days stay as they were (payments 9, everything 3): each keeps the organisation of its day".
fn receipts(given: &[(Scope, u64)], org: &Org) -> Option<String> {
    let all: u64 = given.iter().map(|(_, n)| n).sum();
    let named = given.iter().take(5).map(|(scope, n)| format!("{} {}", org.scope_name(scope), words::number(*n))).collect::<Vec<_>>();
    let (stay, each) = if all == 1 { ("stays as it was", "it keeps") } else { ("stay as they were", "each keeps") };
    (all > 0).then(|| {
        let count = words::count(all, "receipt", "receipts");
        format!("{count} of the last 90 days {stay} ({}): {each} the organisation of its day", named.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_items_are_told_by_the_project_that_they_leave_and_join() {
        let of = |text: &str| text.split(' ').map(|id| (id != "-").then(|| id.to_owned())).collect::<Vec<_>>();
        let check = |before: &str, after: &str, expect: &[&str]| assert_eq!(between_projects(of(before), of(after)), expect);
        check("PAY - wallet", "PAY - wallet", &[]);
        check(
            "PAY PAY - old",
            "wallet wallet wallet -",
            &[
                "1 work item moves from no project to project wallet",
                "2 work items move from project PAY to project wallet",
                "1 work item moves from project old to no project",
            ],
        );
    }

    #[test]
    fn receipts_are_counted_by_what_they_were_about() {
        let org = Org::default();
        let team = |id: &str, n| (Scope::Team(id.into()), n);
        assert_eq!(receipts(&[], &org), None);
        assert_eq!(
            receipts(&[team("payments", 9), (Scope::Organisation, 3)], &org).as_deref(),
            Some(
                "12 receipts of the last 90 days stay as they were (payments 9, the whole organisation 3): each keeps the organisation of its day"
            )
        );
        assert!(
            receipts(&[team("payments", 1)], &org).is_some_and(|line| line.starts_with("1 receipt of the last 90 days stays as it was"))
        );
    }
}
