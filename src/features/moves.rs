//! What a change of the organisation does, told before it is made: `pacer org preview`, and the forms of `setup`.
//!
//! Beside what is declared otherwise: how many rows of the last 90 days would count for another service or team, that receipts
//! stay as they were, and what in the new organisation is worth a look. Nothing is written.

use std::collections::BTreeSet;

use chrono_tz::Tz;

use crate::domain::card::Scope;
use crate::domain::org::moves::{self, Doubt};
use crate::domain::org::{Org, preview};
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
    Ok(Look { moves: moves::lines(counted.rows, since), changes, receipts, doubts })
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
