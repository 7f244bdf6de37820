//! `investment`: where did the effort go, against plan and priority?
//!
//! Of whole weeks, Monday to Monday on the organisation's clock, by `alloc v1` ([`alloc`](crate::domain::alloc)): each share is a band, from
//! what traces show for certain to all that may belong there. A team sees its projects, a team with teams below it what each of them works
//! on, the organisation its projects against their plan and its objectives; `project:P` which teams work on it, by week.
//!
//! Never to be used of persons: nothing is shown of fewer than three, and it is no time sheet.
//!
//! JSON: `projects`, each `{"id","name","declared","priority","planned","share":[low,high],"fte":[low,high],"items","standing"}`;
//! `objectives` `{"name","share"}`; `categories` `{"id","share","fte"}`; `teams` `{"id","projects":[{"name","share"}]}`; `weeks`
//! `{"monday","people","projects":[{"id","share"}]}`; `unattributed`, `unobserved`, `withheld` as fractions; `alerts` as sentences;
//! `people`, the most of a week. A `share` or `fte` is null where too few people worked on it to show it, which is not 0. `metrics`: `effort_share:PROJECT`, `effort_category:CATEGORY`, whose `interval` is the band and whose `n`
//! counts items, `effort_unattributed`, `effort_unobserved`. Where nothing may be shown `reason` is `too_few_people` or `no_data`.

mod card;
mod chart;
mod compute;
mod evidence;

use chrono::NaiveDate;
use futures::future::BoxFuture;

use super::access::{Shown, Sight};
use super::effort::{self, Effort};
use super::receipts::{self, Recount};
use super::{Command, Cx, Reply};
use crate::domain::alloc::monday;
use crate::domain::ask::{Ask, Words};
use crate::domain::calendar::WorkCalendar;
use crate::domain::card::{Card, Scope};
use crate::domain::org::Org;
use crate::domain::time::At;
use crate::domain::window::{Window, local};
use crate::error::{Failure, Kind, UserError};
use crate::store::receipts::Receipt;
use compute::{Basis, Investment, compute};

/// The registration.
pub const COMMAND: Command = Command {
    name: "investment",
    usage: "[team:T|project:P] [WINDOW]",
    summary: "where effort went: each portfolio project against its plan and priority, and by category",
    example: "investment 12w",
    private: false,
    words: Words::None,
    period: "12w",
    recount: Some(Recount {
        compares: false,
        card: |cx, receipt| -> BoxFuture<'_, _> { Box::pin(again(cx, receipt)) },
        evidence: |cx, receipt| -> BoxFuture<'_, _> { Box::pin(evidence::evidence(cx, receipt)) },
    }),
    run: |cx, ask| -> BoxFuture<'_, _> { Box::pin(run(cx, ask)) },
};

async fn run(cx: &Cx, ask: Ask) -> Result<Reply, Failure> {
    if let Scope::Service(name) = &ask.scope {
        let hint = "Ask for a team, a project or nothing: `/metrics investment team:T`, `/metrics investment project:P`.";
        return Err(UserError::new(Kind::NotUnderstood, format!("Effort is people's, and `{name}` is a service."), hint).into());
    }
    let loaded = load(cx, &ask.scope, &ask.window, cx.now, &cx.org.org).await?;
    let found = loaded.investment(cx, &cx.org.org, &ask.scope);
    let metrics = card::metrics(&found);
    let receipt = receipts::receipt(cx, &ask, &metrics).await?;
    let card = build(cx, &loaded, &found, &cx.org.org, &receipt).await?;
    if found.period.is_some() {
        cx.store.keep_receipt(receipt).await?;
    }
    Ok(Reply::Card(Box::new(card)))
}

/// The effort behind an answer.
struct Loaded {
    effort: std::sync::Arc<Effort>,
    /// The first Monday, and the one after the last week.
    mondays: [NaiveDate; 2],
}

/// The effort of the whole weeks of a window that were over at an instant.
async fn load(cx: &Cx, scope: &Scope, window: &Window, now: At, org: &Org) -> Result<Loaded, Failure> {
    Sight::of(cx).check_people(scope, org, Shown { from: window.from, to: window.to, compares: false })?;
    let zone = org.zone_for(&Scope::Organisation);
    let weeks = WorkCalendar::new(&org.calendar, zone).weeks(window.from, window.to.min(now));
    let (Some(first), Some(last)) = (weeks.first(), weeks.last()) else {
        let hint = "Effort is shown of whole weeks, Monday to Sunday: ask for `4w` or more.";
        return Err(UserError::new(Kind::BadWindow, "No whole week ended in this period.", hint).into());
    };
    let effort = effort::load(cx, org, [first.from, last.to], now).await?;
    Ok(Loaded { effort, mondays: [first.from, last.to].map(|at| monday(local::wall(zone, at).date())) })
}

impl Loaded {
    /// The answer as anybody may see it with whom it is shared: to the whole organisation a closed team tells nothing of its own; who sees a
    /// closed team sees those below it.
    fn investment(&self, cx: &Cx, org: &Org, scope: &Scope) -> Investment {
        let outsider = Sight::outsider(cx);
        let sight = if scope.teams().iter().any(|team| outsider.hides_team(team)) { Sight::of(cx) } else { outsider };
        compute(&self.basis(org, scope, &|team| sight.hides_team(team)))
    }

    fn basis<'a>(&'a self, org: &'a Org, scope: &'a Scope, hides: &'a (dyn Fn(&str) -> bool + Sync)) -> Basis<'a> {
        Basis { effort: &self.effort, org, scope, mondays: self.mondays, hides }
    }
}

async fn build(cx: &Cx, loaded: &Loaded, found: &Investment, org: &Org, receipt: &Receipt) -> Result<Card, Failure> {
    let health = cx.health(cx.now).await?;
    let changes = cx.asker.as_ref().is_some_and(|asker| asker.admin);
    let name = org.scope_name(&receipt.scope);
    let effort = &loaded.effort;
    let zone = org.zone_for(&Scope::Organisation);
    Ok(card::card(&card::About { found, effort, org, name: &name, receipt, health, changes, zone }))
}

/// The card of a receipt, counted again.
async fn again(cx: &Cx, receipt: &Receipt) -> Result<Card, Failure> {
    let org = cx.store.org_version(receipt.org_version).await?;
    let loaded = load(cx, &receipt.scope, &receipt.window, receipt.asked_at, &org.org).await?;
    let found = loaded.investment(cx, &org.org, &receipt.scope);
    build(cx, &loaded, &found, &org.org, receipt).await
}

#[cfg(test)]
mod tests;
