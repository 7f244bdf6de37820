//! `forecast`: when will a project be done, how many items will a team finish by a date, and how often did such forecasts hold?
//!
//! Counted items and past weeks only: no points, no estimates, nothing per person. Each answer says what it rests on, how much was added
//! while work went on, and its record: of forecasts that were issued before their outcome (every Monday, [`JOB`]), or, where fewer than ten
//! of these ended, of the past asked again week by week with nothing later in sight. What is too little is refused with what it takes.
//!
//! JSON: `metrics` with `items_by_date`, `done_by` where work remains and `meets_date` where a date was promised, each with `quantiles`;
//! `plan`, `service_level` and `record`; of a team `projects` too.

mod ages;
mod answer;
mod card;
mod compute;
mod evidence;
mod issue;
mod lately;
mod overview;
mod picture;
mod said;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;

use super::access::{Shown, Sight};
use super::portfolio::{self, Work};
use super::receipts::{self, Recount};
use super::{Command, Cx, Reply};
use crate::domain::alloc::FEWEST_PEOPLE;
use crate::domain::ask::{Ask, Words, scope_text};
use crate::domain::card::{Card, Scope};
use crate::domain::forecast::known::LookAhead;
use crate::domain::members::Members;
use crate::domain::org::Org;
use crate::domain::time::{At, WEEK};
use crate::error::{Failure, Kind, UserError};
use crate::store::receipts::Receipt;
pub(super) use answer::{done_by, too_little};
pub(super) use card::{SAID, rounded};
use compute::Ended;
pub(super) use compute::{Forecast, Plan};
pub(super) use evidence::evidence;
pub use issue::JOB;
use lately::Lately;
pub(super) use lately::share;

/// The horizon where none is named.
pub(super) const HORIZON: &str = "13w";
/// Weeks of the past that an answer rests on.
const RESTS: i64 = 26;

/// The registration.
pub const COMMAND: Command = Command {
    name: "forecast",
    usage: "[PROJECT|project:P|team:T] [HORIZON]",
    summary: "when a project will be done, or how many items a team finishes, and how often such forecasts held",
    example: "forecast project:wallet 13w",
    private: false,
    words: Words::Ahead,
    period: HORIZON,
    recount: Some(Recount {
        compares: false,
        card: |cx, receipt| -> BoxFuture<'_, _> { Box::pin(again(cx, receipt)) },
        evidence: |cx, receipt| -> BoxFuture<'_, _> { Box::pin(evidence(cx, receipt)) },
    }),
    run: |cx, ask| -> BoxFuture<'_, _> { Box::pin(run(cx, ask)) },
};

async fn run(cx: &Cx, ask: Ask) -> Result<Reply, Failure> {
    if let Some(word) = ask.words.first() {
        let message = format!("`forecast` takes no word like `{word}`.");
        let hint = format!("Try `/metrics forecast {} 13w`; for other plans `/metrics whatif`.", scope_text(&ask.scope));
        return Err(UserError::new(Kind::NotUnderstood, message, hint).into());
    }
    let org = &cx.org.org;
    let asked = answer::asked(cx, &ask.scope, &ask.window, cx.now, org).await?;
    let receipt = receipts::receipt(cx, &ask, &answer::metrics(&asked)).await?;
    let card = card::card(&asked, &receipt, org);
    cx.store.keep_receipt(receipt).await?;
    Ok(Reply::Card(Box::new(card)))
}

/// The card of a receipt, counted again.
async fn again(cx: &Cx, receipt: &Receipt) -> Result<Card, Failure> {
    let org = cx.store.org_version(receipt.org_version).await?;
    let asked = answer::asked(cx, &receipt.scope, &receipt.window, receipt.asked_at, &org.org).await?;
    let metrics = answer::metrics(&asked);
    Ok(card::card(&asked, &Receipt { metrics, ..receipt.clone() }, &org.org))
}

/// All work known at an instant, and what ended projects teach.
pub(super) struct Known {
    pub work: Arc<Work>,
    pub ended: Ended,
    lately: Lately,
    /// Forecasts of people whose pace projects share, by scope: each is computed once for all of these.
    paces: Mutex<HashMap<String, Arc<Forecast>>>,
}

impl Known {
    fn new(work: Arc<Work>, org: &Org, now: At) -> Self {
        Self { ended: Ended::of(&work, org, now), lately: Lately::of(&work, org, now), work, paces: Mutex::default() }
    }

    fn of_people(&self, org: &Org, scope: &Scope, now: At) -> Result<Arc<Forecast>, LookAhead> {
        let name = scope_text(scope);
        if let Some(kept) = self.paces.lock().unwrap_or_else(PoisonError::into_inner).get(&name) {
            return Ok(kept.clone());
        }
        let forecast = Arc::new(compute::of_people(&self.work, org, scope, now)?);
        self.paces.lock().unwrap_or_else(PoisonError::into_inner).insert(name, forecast.clone());
        Ok(forecast)
    }
}

/// Reads it, once an answer.
pub(super) async fn known(cx: &Cx, now: At, org: &Org) -> Result<Arc<Known>, Failure> {
    let (basis, name) = (cx.basis(org).await?, format!("known {now}"));
    if let Some(known) = basis.as_ref().and_then(|basis| cx.memo.get(basis, &name)) {
        return Ok(known);
    }
    let work = portfolio::load(cx, now, org).await?;
    let known = Arc::new(Known::new(work, org, now));
    if let Some(basis) = basis {
        cx.memo.put(&basis, &name, &known);
    }
    Ok(known)
}

/// What is known of the coming weeks of a scope as of an instant. Memoised likewise; who may see it is asked each time.
pub(super) async fn load(cx: &Cx, known: &Known, scope: &Scope, now: At, org: &Org) -> Result<Arc<Forecast>, Failure> {
    check(cx, scope, now, org)?;
    unchecked(cx, known, scope, now, org).await
}

/// The same for whoever has asked who may see it.
pub(super) async fn unchecked(cx: &Cx, known: &Known, scope: &Scope, now: At, org: &Org) -> Result<Arc<Forecast>, Failure> {
    let (basis, name) = (cx.basis(org).await?, format!("forecast {now} {}", scope_text(scope)));
    if let Some(known) = basis.as_ref().and_then(|basis| cx.memo.get(basis, &name)) {
        return Ok(known);
    }
    // Each is some work for a processor; others may ask in between.
    tokio::task::yield_now().await;
    let forecast = Arc::new(forecast(known, scope, now, org)?);
    if let Some(basis) = basis {
        cx.memo.put(&basis, &name, &forecast);
    }
    Ok(forecast)
}

/// Refuses a scope that the asker may not see, or that is too few people.
fn check(cx: &Cx, scope: &Scope, now: At, org: &Org) -> Result<(), Failure> {
    Sight::of(cx).check_people(scope, org, Shown { from: now.plus(-RESTS * WEEK), to: now, compares: false })?;
    if let Some(few) = Members::count(scope, org, now).filter(|count| *count < FEWEST_PEOPLE) {
        let people = crate::domain::words::count(few as u64, "person", "people");
        let message = format!("{people} in a team: a forecast of fewer than 3 would be a figure of persons.");
        return Err(UserError::new(Kind::NoPersonMetrics, message, "Ask for a project: `/metrics forecast project:NAME`.").into());
    }
    Ok(())
}

fn forecast(known: &Known, scope: &Scope, now: At, org: &Org) -> Result<Forecast, Failure> {
    match scope {
        Scope::Service(name) => {
            let message = format!("A forecast is about work items, and `{name}` is a service.");
            Err(UserError::new(Kind::NotUnderstood, message, "Ask for a project or a team: `/metrics forecast team:NAME`.").into())
        }
        Scope::Project(id) => Ok(compute::of_project(known, org, id, now).map_err(anyhow::Error::from)?),
        Scope::Organisation | Scope::Team(_) | Scope::Teams(_) => {
            Ok(compute::of_people(&known.work, org, scope, now).map_err(anyhow::Error::from)?)
        }
    }
}
