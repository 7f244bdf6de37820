//! `dora`: how fast, how often, how safely does a team deliver, and how quickly does it recover?
//!
//! The five metrics of dora.dev's guide "DORA's software delivery metrics" (2026-01), defined in `metrics.md`:
//! throughput (deployment frequency, change lead time, failed deployment recovery time) and instability (change
//! fail rate, deployment rework rate), for a pool of services in production.
//!
//! Never to be used to rank teams or judge people: DORA warns against comparing unlike teams and against metrics
//! as goals. There is no per-person form of it.

mod card;
pub mod compute;
mod evidence;
pub(super) mod reading;

use std::collections::BTreeMap;

use futures::future::BoxFuture;

use super::receipts::{self, Recount};
use super::{Command, Cx, PERIOD, Reply};
use crate::domain::ask::{Ask, Words};
use crate::domain::card::{Card, Scope};
use crate::domain::org::Org;
use crate::domain::time::At;
use crate::domain::window::Window;
use crate::error::{Failure, Kind, UserError};
use crate::store::receipts::Receipt;
pub(super) use card::{brief, shown};
use compute::{Dora, compute};
pub(super) use evidence::evidence;
pub(super) use reading::question;

/// The registration.
pub const COMMAND: Command = Command {
    name: "dora",
    usage: "[team:T|service:S] [WINDOW]",
    summary: "the five DORA metrics, with intervals, bands, targets and what changed",
    example: "dora team:payments 90d",
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
    refuse_project("dora", &ask.scope)?;
    let dora = load(cx, &ask.scope, &ask.window, cx.now, &cx.org.org).await?;
    let receipt = receipts::receipt(cx, &ask, &dora.metrics).await?;
    let mut card = build(cx, &dora, &receipt).await?;
    if card.metrics.iter().any(|metric| metric.target.is_some()) {
        card.notes.splice(0..0, super::pulse::perception::banner(cx).await?);
    }
    cx.store.keep_receipt(receipt).await?;
    Ok(Reply::Card(Box::new(card)))
}

/// What is deployed belongs to services and teams.
pub(super) fn refuse_project(command: &str, scope: &Scope) -> Result<(), Failure> {
    let Scope::Project(id) = scope else { return Ok(()) };
    let message = format!("`{command}` is about what is deployed; project `{id}` is about work items.");
    let hint = format!("Ask for a team or a service, as in `/metrics {command} team:NAME`.");
    Err(UserError::new(Kind::NotUnderstood, message, hint).into())
}

/// The figures of a scope and window as of an instant, under an organisation.
pub(super) async fn load(cx: &Cx, scope: &Scope, window: &Window, now: At, org: &Org) -> Result<Dora, Failure> {
    let services = super::scope::services(&cx.store, scope, org).await?;
    let pool = cx.store.pool(&services, window.previous().from, window, now, org).await?;
    let targets =
        if let Scope::Team(id) = scope { org.teams.get(id).map(|team| team.targets.clone()).unwrap_or_default() } else { BTreeMap::new() };
    Ok(compute(&pool, window, &targets))
}

async fn build(cx: &Cx, dora: &Dora, receipt: &Receipt) -> Result<Card, Failure> {
    let health = cx.health(cx.now).await?;
    let (scope, window) = (&receipt.scope, &receipt.window);
    let name = cx.org.org.scope_name(scope);
    Ok(card::card(&card::About { dora, scope, name: &name, window, receipt: &receipt.id, health }))
}

/// The card of a receipt, counted again.
async fn again(cx: &Cx, receipt: &Receipt) -> Result<Card, Failure> {
    let org = cx.store.org_version(receipt.org_version).await?;
    let dora = load(cx, &receipt.scope, &receipt.window, receipt.asked_at, &org.org).await?;
    build(cx, &dora, receipt).await
}

#[cfg(test)]
mod tests;
