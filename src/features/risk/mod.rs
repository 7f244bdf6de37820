//! `risk`: which projects may need intervention, why, what would change it, and how past warnings turned out?
//!
//! A portfolio project is judged by its chance to miss its commitment date: the forecast of its own items and whatever else is known of it, as
//! [`risk`](crate::domain::risk) defines. What is not known is absent and said. Each Monday the job here keeps how every project looks and
//! publishes warnings before their outcome; the answer ends with how they turned out.
//!
//! | file | does |
//! |---|---|
//! | `load` | every project as of an instant, with weights, labels and the record of that instant |
//! | `card` | the answer |
//! | `press` | acknowledge, snooze, wake, wrong |
//! | `weekly` | the job |
//! | `evidence` | each feature with its number and baseline |
//!
//! A project of which all known people are in teams that keep their figures to themselves is seen by these and by admins. Never to be used
//! to judge the people of a project, or to compare teams: a date may be missed because it was never to be held.
//!
//! JSON: `projects`, each `{"id","name","priority","due","state","prospect","chance_to_miss","meets_date","score","done","remaining","reasons","flip","features",
//! "missing","acknowledged","snoozed","called_wrong"}`. `state` is `red`, `amber`, `green`, `late`, `done`, `no_date`, `no_items` or
//! `no_history`; `meets_date` is the
//! chance that `forecast` has, `chance_to_miss` the rest of it, `prospect` its words; the band is by it alone. `score` weighs other features
//! too and orders projects within a band: on simulated portfolios it was no better than the forecast alone. `flip` is `{"to","items","people","pace","weeks"}`, each change by itself;
//! `features` are `{"feature","value","unit","usual","items_expected","n","weight","adds"}`; `acknowledged` is `{"by","at"}`, `snoozed` is
//! `{"by","until"}`. `record` is `{"ended","flagged","slipped","unseen","days","stands"}`, `learnt_from` the number of projects that weights
//! were learnt from, 0: as published. In `metrics` each project is `risk:ID`, whose value is the chance to miss the date.

mod card;
mod evidence;
mod load;
mod press;
mod weekly;

use futures::future::BoxFuture;

use super::receipts::{self, Recount};
use super::{Action, Command, Cx, Job, PERIOD, Reply, understood};
use crate::domain::ask::{Ask, Words, scope_text};
use crate::domain::card::{Card, Scope};
use crate::error::{Failure, Kind, UserError};
use crate::store::receipts::Receipt;

/// The registration.
pub const COMMAND: Command = Command {
    name: "risk",
    usage: "[team:T|project:P]",
    summary: "projects that may need intervention, why, what would change it, and how past warnings turned out",
    example: "risk",
    private: false,
    words: Words::Names,
    period: PERIOD,
    recount: Some(Recount {
        compares: false,
        card: |cx, receipt| -> BoxFuture<'_, _> { Box::pin(again(cx, receipt)) },
        evidence: |cx, receipt| -> BoxFuture<'_, _> { Box::pin(evidence::evidence(cx, receipt)) },
    }),
    run: |cx, ask| -> BoxFuture<'_, _> { Box::pin(run(cx, ask)) },
};

/// At an hour at which it is Monday everywhere; at each start too, for a week that was missed.
pub const JOB: Job = Job { name: "risk_weekly", cron: "30 12 * * 1", run: |cx| -> BoxFuture<'_, _> { Box::pin(weekly::run(cx)) } };

/// "Acknowledge". Value: `DUE PROJECT`, the instant at which it is late, as of the next four.
pub const ACKNOWLEDGE: Action =
    Action { name: "risk_acknowledge", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::acknowledge(cx, press)) } };
/// "Snooze": asks until when.
pub const SNOOZE: Action = Action { name: "risk_snooze", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::snooze(cx, press)) } };
/// Until when. Field: `until`.
pub const SNOOZE_SENT: Action =
    Action { name: "risk_snooze_sent", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::snooze_sent(cx, press)) } };
/// "Wake": ends a snooze.
pub const WAKE: Action = Action { name: "risk_wake", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::wake(cx, press)) } };
/// "Wrong?": asks why.
pub const WRONG: Action = Action { name: "risk_wrong", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::wrong(cx, press)) } };
/// Why. Fields: `choice`, `words`.
pub const WRONG_SENT: Action =
    Action { name: "risk_wrong_sent", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::wrong_sent(cx, press)) } };

async fn run(cx: &Cx, ask: Ask) -> Result<Reply, Failure> {
    let ask = named(cx, ask).await?;
    let seen = load::seen(cx, &ask.scope).await?;
    let receipt = receipts::receipt(cx, &ask, &seen.metrics()).await?;
    let card = card::card(&card::About { cx, seen: &seen, receipt: &receipt, health: cx.health(cx.now).await? });
    cx.store.keep_receipt(receipt).await?;
    Ok(Reply::Card(Box::new(card)))
}

/// The question with a project that is named without `project:`; what is neither that nor a scope is refused, and so is a period.
async fn named(cx: &Cx, ask: Ask) -> Result<Ask, Failure> {
    const HINT: &str = "Try `/metrics risk`, `/metrics risk project:NAME`, or `/metrics risk team:all` for everything.";
    if ask.window_named {
        let message = "`risk` is of how projects stand now, and takes no period.";
        return Err(UserError::new(Kind::NotUnderstood, message, HINT).into());
    }
    if ask.words.is_empty() {
        return Ok(ask);
    }
    let name = ask.words.join(" ");
    if ["all", "everything", "org", "organisation", "whole organisation"].contains(&name.to_lowercase().as_str()) {
        return Err(UserError::new(Kind::NotUnderstood, format!("`risk` takes no word like `{name}`."), HINT).into());
    }
    understood(cx, &format!("risk {}", scope_text(&Scope::Project(name)))).await
}

/// The card of a receipt, counted again.
async fn again(cx: &Cx, receipt: &Receipt) -> Result<Card, Failure> {
    let seen = load::again(cx, receipt).await?;
    Ok(card::card(&card::About { cx, seen: &seen, receipt, health: cx.health(cx.now).await? }))
}
