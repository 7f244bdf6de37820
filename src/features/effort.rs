//! [`Effort`]: all person-days of a span, shared out by `alloc v1` ([`alloc`](crate::domain::alloc)): the one basis of investment, focus and risk.
//!
//! Loaded once an answer and memoised: a ledger is of the whole organisation, since a day of somebody in two teams is one day.
//! Never to be asked for a person.

use std::sync::Arc;

use chrono::NaiveDate;

use super::Cx;
use crate::domain::alloc::Ledger;
use crate::domain::card::Scope;
use crate::domain::org::Org;
use crate::domain::time::At;
use crate::error::Failure;

/// The ledger of a span with what is wrong with the rules that made it.
#[derive(Default)]
pub(super) struct Effort {
    pub ledger: Ledger,
    /// Sentences for the person who can mend them.
    pub problems: Vec<String>,
}

/// The effort from `from` to `until`, as known at `now`.
pub(super) async fn load(_cx: &Cx, _org: &Org, [_from, _until]: [At; 2], _now: At) -> Result<Arc<Effort>, Failure> {
    Ok(Arc::new(Effort::default()))
}

/// Whether a person of the ledger belongs to a scope on a day: the closure that `Ledger::weeks` and `focus::weeks` take.
pub(super) fn within(_org: &Org, scope: &Scope) -> impl Fn(&str, NaiveDate) -> bool {
    let everybody = *scope == Scope::Organisation;
    move |_, _| everybody
}
