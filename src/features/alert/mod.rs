//! `alert`: tells a channel when a metric leaves its limit or its own range, once, and again when it is back.
//!
//! A metric of a team, a service or the whole organisation is looked at every hour; [`measure`] defines when it is beyond, [`judge`] when
//! an episode begins and ends. An episode is one message: posted when it begins, edited when somebody has seen to it and when it
//! is over. [`budget`] holds back what comes at night or beyond what the channel wants to hear in a week. Before an alert is set,
//! [`preview`] plays it over the last year.
//!
//! Never to be used on a person's figures, nor to compare teams: an alert holds a metric against its own limit.
//!
//! JSON: `alerts`, each `{"id","channel","metric","scope","rule","least","any_hour","weekly","state","since","value","n","limit",
//! "why","at","fired_90_days","held_back","author"}`; `state` is `inside`, `beyond`, `not_judged`, `paused` or `stopped`, `rule` is
//! `{"above":X}`, `{"below":X}` or `"own_range"` in the metric's unit.

mod budget;
mod form;
mod judge;
mod list;
mod measure;
mod memory;
mod message;
mod press;
mod preview;
mod question;
mod row;
mod rule;
mod slot;

use futures::future::BoxFuture;

use super::{Action, Command, Cx, PERIOD, Reply, Subscribed};
use crate::domain::ask::{Ask, Words};
use crate::domain::card::Scope;
use crate::domain::time::HOUR;
use crate::error::{Failure, Kind, UserError};

/// The registration.
pub const COMMAND: Command = Command {
    name: "alert",
    usage: "[METRIC above|below LIMIT] [team:T|service:S]",
    summary: "tells this channel when a metric leaves its limit or its own range; lists, sets and previews such alerts",
    example: "alert change_fail_rate above 15% team:payments",
    private: false,
    words: Words::Prose,
    period: PERIOD,
    recount: None,
    run: |cx, ask| -> BoxFuture<'_, _> { Box::pin(run(cx, ask)) },
};

/// What a channel is subscribed to. A slot that was missed by an hour is the next one's.
pub const SUBSCRIBED: Subscribed = Subscribed {
    kind: slot::KIND,
    grace: HOUR,
    describe: rule::described,
    run: |cx, due| -> BoxFuture<'_, _> { Box::pin(slot::run(cx, due)) },
};

/// "Acknowledge" below a message. Value: `ID:START`, as of the next five.
pub const ACKNOWLEDGE: Action =
    Action { name: "alert_acknowledge", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::acknowledge(cx, press)) } };
/// "Details".
pub const DETAILS: Action = Action { name: "alert_details", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::details(cx, press)) } };
/// "Wrong? Tell me".
pub const WRONG: Action = Action { name: "alert_wrong", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::wrong(cx, press)) } };
/// What is wrong. Fields: `choice`, `words`.
pub const WRONG_SENT: Action =
    Action { name: "alert_wrong_sent", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::wrong_sent(cx, press)) } };
/// "Snooze"; from the list without a start.
pub const SNOOZE: Action = Action { name: "alert_snooze", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::snooze(cx, press)) } };
/// For how long. Field: `days`.
pub const SNOOZE_SENT: Action =
    Action { name: "alert_snooze_sent", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::snooze_sent(cx, press)) } };
/// "Set an alert".
pub const SET: Action = Action { name: "alert_set", run: |cx, _| -> BoxFuture<'_, _> { Box::pin(press::set(cx)) } };
/// "Change". Value: an alert, as of the others of the list.
pub const CHANGE: Action = Action { name: "alert_change", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::change(cx, press)) } };
/// The form of an alert. State: `ID|HASH`; fields as in [`form`].
pub const SENT: Action = Action { name: "alert_sent", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(form::sent(cx, press)) } };
/// "Pause".
pub const PAUSE: Action = Action { name: "alert_pause", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::pause(cx, press)) } };
/// "Go on".
pub const GO_ON: Action = Action { name: "alert_go_on", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::go_on(cx, press)) } };
/// "Manage".
pub const MANAGE: Action = Action { name: "alert_manage", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::manage(cx, press)) } };
/// "Preview".
pub const PREVIEW: Action =
    Action { name: "alert_preview", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::previewed(cx, press)) } };
/// "Remove": asks once more.
pub const REMOVE: Action = Action { name: "alert_remove", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::remove(cx, press)) } };
/// "Remove it".
pub const REMOVED: Action = Action { name: "alert_removed", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::removed(cx, press)) } };
/// "All alerts", "Keep it".
pub const LIST: Action = Action { name: "alert_list", run: |cx, _| -> BoxFuture<'_, _> { Box::pin(press::list(cx)) } };

async fn run(cx: &Cx, ask: Ask) -> Result<Reply, Failure> {
    let channel = cx.asker.as_ref().and_then(|asker| asker.channel.as_deref());
    if ask.words.is_empty() {
        let rows = row::rows(cx, channel).await?;
        return Ok(Reply::Card(Box::new(list::card(&rows, &list::About { org: &cx.org.org, now: cx.now, channel }))));
    }
    if channel.is_none() {
        let hint = "Type it in the channel that should hear of it. Here, `pacer ask alert` lists what is set.";
        return Err(UserError::new(Kind::NotAllowed, "An alert is set in Slack.", hint).into());
    }
    let scope = match ask.scope {
        Scope::Project(_) => Scope::Organisation,
        Scope::Teams(teams) => teams.into_iter().next().map_or(Scope::Organisation, Scope::Team),
        scope => scope,
    };
    Ok(Reply::Form(form::new_form(cx, &rule::read(&ask.words), &scope).await?))
}

#[cfg(test)]
mod tests;
