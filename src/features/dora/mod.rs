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
mod reading;

pub use card::{NAMES, capitalised, exclusion, join, shown};

use std::collections::BTreeMap;

use futures::future::BoxFuture;

use super::{Command, Cx, Reply};
use crate::domain::ask::{Ask, Words};
use crate::domain::card::{Card, Scope};
use crate::domain::derive::DEFINITIONS;
use crate::domain::org::Org;
use crate::domain::time::At;
use crate::domain::window::Window;
use crate::error::{Failure, Kind, UserError};
use crate::store::receipts::{Receipt, new_id};
use compute::{Dora, compute};

/// The registration.
pub const COMMAND: Command = Command {
    name: "dora",
    usage: "[team:T|service:S] [WINDOW]",
    summary: "the five DORA metrics, with intervals, bands, targets and what changed",
    example: "dora team:payments 90d",
    private: false,
    words: Words::None,
    run: |cx, ask| -> BoxFuture<'_, _> { Box::pin(run(cx, ask)) },
};

async fn run(cx: &Cx, ask: Ask) -> Result<Reply, Failure> {
    if let Scope::Project(id) = &ask.scope {
        let hint = "Ask for a team or a service, as in `/metrics dora team:payments`.";
        return Err(UserError::new(
            Kind::NotUnderstood,
            format!("`dora` is about what is deployed; project `{id}` is about work items."),
            hint,
        )
        .into());
    }
    let dora = load(cx, &ask.scope, &ask.window, cx.now, &cx.org.org).await?;
    let receipt = Receipt {
        id: new_id(),
        command: ask.canonical(),
        scope: ask.scope.clone(),
        window: ask.window.clone(),
        asked_at: cx.now,
        org_version: cx.org.version,
        watermark: cx.store.watermark().await?,
        definitions: DEFINITIONS,
        metrics: dora.metrics.clone(),
    };
    let card = build(cx, &dora, &ask.scope, &ask.window, &receipt.id).await?;
    cx.store.keep_receipt(receipt).await?;
    Ok(Reply::Card(Box::new(card)))
}

/// The figures of a scope and window as of an instant, under an organisation.
pub(super) async fn load(cx: &Cx, scope: &Scope, window: &Window, now: At, org: &Org) -> Result<Dora, Failure> {
    let services = super::scope::services(&cx.store, scope, org).await?;
    let pool = cx.store.pool(&services, window.previous().from, window, now, org).await?;
    let targets =
        if let Scope::Team(id) = scope { org.teams.get(id).map(|team| team.targets.clone()).unwrap_or_default() } else { BTreeMap::new() };
    Ok(compute(&pool, window, &targets))
}

async fn build(cx: &Cx, dora: &Dora, scope: &Scope, window: &Window, receipt: &str) -> Result<Card, Failure> {
    let health = cx.store.freshness(cx.now).await?.into_iter().map(|source| source.health).collect();
    let name = cx.org.org.scope_name(scope);
    Ok(card::card(&card::About { dora, scope, name: &name, window, receipt, health }))
}

/// The card of a receipt, as it was answered: for sharing.
pub(super) async fn again(cx: &Cx, receipt: &Receipt) -> Result<Card, Failure> {
    let org = cx.store.org_version(receipt.org_version).await?;
    let dora = load(cx, &receipt.scope, &receipt.window, receipt.asked_at, &org.org).await?;
    build(cx, &dora, &receipt.scope, &receipt.window, &receipt.id).await
}

#[cfg(test)]
mod tests;
