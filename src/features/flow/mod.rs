//! `flow`: where does the time of a change go, how much is in progress, and does it get finished?
//!
//! Cycle time by stage, throughput, work in progress and its age, batch size, the spread of reviews, CI, and the share of
//! AI-assisted changes by explicit evidence, as `metrics.md` defines them. Medians, since a few stuck changes say little
//! about the rest; no targets of our own, since a good cycle time depends on the work.
//!
//! Never to be used to rank teams or judge people: the spread of reviews is told of a group of three or more, never of one, and
//! so are items, which belong to a team by who is in it: of fewer than three people there is no value (`too_few_people`).
//!
//! JSON: `metrics` with the ids of [`FLOW`](crate::domain::metric::FLOW), whose `wip_age` carries in `percentiles` what
//! finished work took; `wip_of` is `items` or `changes`; `review_spread` has `n`, `reviewers` and `effective`; `ci_seconds`.

mod card;
pub mod compute;
mod evidence;

use std::collections::BTreeMap;

use futures::future::BoxFuture;

use super::access::{Shown, Sight};
use super::receipts::{self, Recount};
use super::{Command, Cx, PERIOD, Reply};
use crate::domain::ask::{Ask, Words};
use crate::domain::card::{Card, Scope};
use crate::domain::flow::FlowPool;
use crate::domain::org::Org;
use crate::domain::time::At;
use crate::domain::window::Window;
use crate::error::Failure;
use crate::store::flow::Whose;
use crate::store::receipts::Receipt;
pub(super) use card::{is_told, shown};
use compute::{Flow, compute};
pub(super) use evidence::evidence;

/// The registration.
pub const COMMAND: Command = Command {
    name: "flow",
    usage: "[team:T|service:S|project:P] [WINDOW]",
    summary: "cycle time by stage, review pickup, batch size, work in progress and its age, throughput, CI",
    example: "flow team:payments 90d",
    private: false,
    words: Words::None,
    period: PERIOD,
    recount: Some(Recount {
        compares: true,
        card: |cx, receipt| -> BoxFuture<'_, _> { Box::pin(again(cx, receipt)) },
        evidence: |cx, receipt| -> BoxFuture<'_, _> { Box::pin(evidence(cx, receipt)) },
    }),
    run: |cx, ask| -> BoxFuture<'_, _> { Box::pin(run(cx, ask)) },
};

async fn run(cx: &Cx, ask: Ask) -> Result<Reply, Failure> {
    let flow = load(cx, &ask.scope, &ask.window, cx.now, &cx.org.org).await?;
    let receipt = receipts::receipt(cx, &ask, &flow.metrics).await?;
    let card = build(cx, &flow, &receipt).await?;
    cx.store.keep_receipt(receipt).await?;
    Ok(Reply::Card(Box::new(card)))
}

/// The figures of a scope and window as of an instant, under an organisation.
pub(super) async fn load(cx: &Cx, scope: &Scope, window: &Window, now: At, org: &Org) -> Result<Flow, Failure> {
    let pool = pool(cx, scope, window.previous().from, window, now, org).await?;
    Ok(compute(&pool, window, &targets(scope, org)))
}

/// What flowed through a scope from an instant to the end of a window.
pub(super) async fn pool(cx: &Cx, scope: &Scope, from: At, window: &Window, now: At, org: &Org) -> Result<FlowPool, Failure> {
    Sight::of(cx).check_people(scope, org, Shown { from, to: window.to, compares: false })?;
    let services = super::scope::services(&cx.store, scope, org).await?;
    let pool = cx.store.flow_pool(&services, &whose(scope, org), from, window, now, org).await?;
    Ok(FlowPool { people: org.people_in(scope), ..pool })
}

/// Whose work items a scope holds.
pub(super) fn whose(scope: &Scope, org: &Org) -> Whose {
    match scope {
        Scope::Organisation => Whose::All,
        Scope::Team(_) | Scope::Teams(_) => Whose::People(scope.teams().iter().flat_map(|id| org.people_of(id)).collect()),
        Scope::Project(id) => Whose::Project(id.clone()),
        Scope::Service(_) => Whose::Nobody,
    }
}

/// A team's own targets.
pub(super) fn targets(scope: &Scope, org: &Org) -> BTreeMap<String, f64> {
    if let Scope::Team(id) = scope { org.teams.get(id).map(|team| team.targets.clone()).unwrap_or_default() } else { BTreeMap::new() }
}

async fn build(cx: &Cx, flow: &Flow, receipt: &Receipt) -> Result<Card, Failure> {
    let health = cx.health(cx.now).await?;
    let scope = &receipt.scope;
    let name = cx.org.org.scope_name(scope);
    Ok(card::card(&card::About { flow, scope, name: &name, window: &receipt.window, receipt: &receipt.id, health }))
}

/// The card of a receipt, counted again.
async fn again(cx: &Cx, receipt: &Receipt) -> Result<Card, Failure> {
    let org = cx.store.org_version(receipt.org_version).await?;
    let flow = load(cx, &receipt.scope, &receipt.window, receipt.asked_at, &org.org).await?;
    build(cx, &flow, receipt).await
}

#[cfg(test)]
mod tests;
