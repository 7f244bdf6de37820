//! `whatif`: the same forecast with other scope, people, work in progress, or without another project.
//!
//! Paired: both answers come from the same sums, so that a difference is the change's alone and no change gives exactly none. What a change
//! does to the pace is arithmetic that the answer says (`domain::forecast::whatif`), not a promise: new people slow a team
//! down first. People are a number, never a name.
//!
//! JSON: `metrics` with `done_by` as things stand and `done_by_changed` as they would be; `weeks_gained` by chance, `speed`, `item_time`.

mod card;
mod change;
mod form;

use futures::future::BoxFuture;

use super::forecast::{self, Forecast, Plan};
use super::portfolio::Work;
use super::receipts::{self, Recount};
use super::{Command, Cx, Reply, understood};
use crate::domain::ask::{Ask, Words};
use crate::domain::card::{Card, Metric, Scope};
use crate::domain::forecast::whatif::{self, Comparison, Standing};
use crate::domain::org::Org;
use crate::domain::time::At;
use crate::error::{Failure, Kind, UserError};
use crate::store::receipts::Receipt;
use change::{Changes, Wrong};
pub use form::{ACTION, SENT};

/// The registration.
pub const COMMAND: Command = Command {
    name: "whatif",
    usage: "PROJECT [CHANGES]",
    summary: "a project's forecast with other scope, people, limit of work in progress, or without another project",
    example: "whatif project:wallet items:-9",
    private: false,
    words: Words::Ahead,
    period: forecast::HORIZON,
    recount: Some(Recount {
        compares: false,
        card: |cx, receipt| -> BoxFuture<'_, _> { Box::pin(again(cx, receipt)) },
        evidence: |cx, receipt| -> BoxFuture<'_, _> { Box::pin(forecast::evidence(cx, receipt)) },
    }),
    run: |cx, ask| -> BoxFuture<'_, _> { Box::pin(run(cx, ask)) },
};

/// What can be typed behind the project.
const HINT: &str = "Try `/metrics whatif project:NAME items:-9 people:+1 wip:6 drop:OTHER`, each of them or several.";

/// Two answers side by side.
struct Paired {
    now: At,
    forecast: std::sync::Arc<Forecast>,
    changes: Changes,
    compared: Comparison,
    /// The names of dropped projects, and their share of the team's finished items.
    dropped: Vec<String>,
}

async fn run(cx: &Cx, ask: Ask) -> Result<Reply, Failure> {
    let Scope::Project(id) = &ask.scope else {
        return Err(UserError::new(Kind::NotUnderstood, "`whatif` is about one project, and none is named.", HINT).into());
    };
    if ask.window_named {
        let message = "`whatif` takes no period: it compares the dates at which all is done.";
        return Err(UserError::new(Kind::NotUnderstood, message, HINT).into());
    }
    if ask.words.is_empty() && cx.asker.is_some() {
        return Ok(Reply::Form(form::form(cx, id, &ask.canonical(), &std::collections::BTreeMap::new()).await?));
    }
    let card = answered(cx, &ask).await?.map_err(|wrong| said(&wrong))?;
    Ok(Reply::Card(Box::new(card)))
}

/// The sentences of what is wrong, as one error.
fn said(wrong: &[Wrong]) -> UserError {
    let sentences: Vec<&str> = wrong.iter().map(|(_, sentence)| sentence.as_str()).collect();
    UserError::new(Kind::NotUnderstood, sentences.join(" "), HINT)
}

/// Answers it and keeps its receipt; or what is wrong with which change.
async fn answered(cx: &Cx, ask: &Ask) -> Result<Result<Card, Vec<Wrong>>, Failure> {
    let org = &cx.org.org;
    let paired = match paired(cx, ask, cx.now, org).await? {
        Ok(paired) => paired,
        Err(wrong) => return Ok(Err(wrong)),
    };
    let receipt = receipts::receipt(cx, ask, &metrics(&paired)).await?;
    let health = cx.health(cx.now).await?;
    let card = card::card(&paired, &receipt, org, health);
    cx.store.keep_receipt(receipt).await?;
    Ok(Ok(card))
}

/// The card of a receipt, counted again.
async fn again(cx: &Cx, receipt: &Receipt) -> Result<Card, Failure> {
    let version = cx.store.org_version(receipt.org_version).await?;
    let ask = Ask { scope: receipt.scope.clone(), window: receipt.window.clone(), ..understood(cx, &receipt.command).await? };
    let paired = paired(cx, &ask, receipt.asked_at, &version.org).await?.map_err(|wrong| said(&wrong))?;
    let receipt = Receipt { metrics: metrics(&paired), ..receipt.clone() };
    Ok(card::card(&paired, &receipt, &version.org, cx.health(cx.now).await?))
}

async fn paired(cx: &Cx, ask: &Ask, now: At, org: &Org) -> Result<Result<Paired, Vec<Wrong>>, Failure> {
    let Scope::Project(id) = &ask.scope else { return Err(anyhow::anyhow!("a what-if of no project").into()) };
    let known = forecast::known(cx, now, org).await?;
    let work = &known.work;
    let changes = match Changes::read(&ask.words, id, work, org) {
        Ok(changes) => changes,
        Err(wrong) => return Ok(Err(wrong)),
    };
    let forecast = forecast::load(cx, &known, &ask.scope, now, org).await?;
    let name = org.scope_name(&ask.scope);
    let Some(plan) = forecast.plan.as_ref().filter(|plan| plan.scope.items > 0 || plan.done == 0) else {
        let message = format!("{} is done: nothing remains that a change could move.", crate::domain::words::capitalised(&name));
        return Err(UserError::new(Kind::NotUnderstood, message, "`/metrics forecast project:NAME` says when it was done.").into());
    };
    if let Some(wrong) = cut_too_many(&changes, plan.scope.items) {
        return Ok(Err(vec![wrong]));
    }
    let mut outlook = forecast.outlook.clone().map_err(|refusal| forecast::too_little(&forecast, &ask.scope, &name, &refusal))?;
    let shares = shares(&changes, plan, work, org, now);
    let standing = match standing(plan, &changes, org, now) {
        Ok(standing) => standing,
        Err(wrong) => return Ok(Err(vec![wrong])),
    };
    let wrong: Vec<Wrong> = changes
        .alone(shares)
        .filter_map(|(field, one)| Some((field, whatif::compare(&mut outlook, &standing, &one).err()?)))
        .map(|(field, why)| (field, sentence(&why)))
        .collect();
    if !wrong.is_empty() {
        return Ok(Err(wrong));
    }
    let compared = match whatif::compare(&mut outlook, &standing, &changes.all(shares)) {
        Ok(compared) => compared,
        Err(why) => return Ok(Err(vec![("people", sentence(&why))])),
    };
    let dropped = changes.drop.iter().map(|id| org.project_name(id)).collect();
    Ok(Ok(Paired { now, forecast, changes, compared, dropped }))
}

/// What is wrong where more items are cut than remain.
fn cut_too_many(changes: &Changes, remaining: u32) -> Option<Wrong> {
    let remain = crate::domain::words::count(u64::from(remaining), "item remains", "items remain");
    let too_many = changes.items < 0 && changes.items.unsigned_abs() > remaining;
    too_many.then(|| ("items", format!("Only {remain}: cut at most {remaining}.")))
}

/// Why, as a sentence.
fn sentence(why: &whatif::Impossible) -> String {
    format!("{}.", crate::domain::words::capitalised(&why.to_string()))
}

/// The share of those dropped of what the project's team finished lately.
fn shares(changes: &Changes, plan: &Plan, work: &Work, org: &Org, now: At) -> f64 {
    changes.drop.iter().map(|id| forecast::share(work, org, plan.team.as_deref(), id, now)).sum()
}

/// How things stand: the people seen on it lately, else those of its team; a part of it that no change needs is as if whole.
fn standing(plan: &Plan, changes: &Changes, org: &Org, now: At) -> Result<Standing, Wrong> {
    let people = plan.workers(org, now);
    let moves_people = changes.people.abs() > 0.0 || changes.wip_limit.is_some();
    let people = if people == 0 && !moves_people { 1 } else { people };
    if changes.drop.is_empty() || plan.share > 0.0 {
        let share = if changes.drop.is_empty() { 1.0 } else { plan.share };
        let people = f64::from(u32::try_from(people).unwrap_or(u32::MAX));
        return Ok(Standing { scope: plan.scope.clone(), people, in_work: plan.in_work, share });
    }
    Err(("drop", "Nothing of it was finished in the last 13 weeks, so that what another project would leave it can't be told.".into()))
}

fn metrics(paired: &Paired) -> Vec<Metric> {
    let days = |dates| paired.forecast.days(dates);
    let n = paired.forecast.rests;
    vec![forecast::done_by("done_by", n, days(&paired.compared.now)), forecast::done_by("done_by_changed", n, days(&paired.compared.then))]
}
