//! The buttons of a digest: below the list, where they replace it, and below a digest that was posted, where they answer privately.
//!
//! A value is the subscription's id; `ID:said` below a posted message, which stays as it is for everybody else.

use std::collections::BTreeMap;

use futures::future::BoxFuture;

use super::settings::Settings;
use super::{KIND, facts, list, slot, when};
use crate::domain::card::{Card, Line};
use crate::domain::subscription::{State, Subscription};
use crate::domain::time::WEEK;
use crate::domain::words;
use crate::error::{Failure, Kind, UserError};
use crate::features::{Action, Cx, Effect, Press, access, receipts, why};

/// One of several. Value: its id.
pub const ONE: Action = Action { name: "digest_one", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(one(cx, press)) } };
/// What it would say now.
pub const PREVIEW: Action = Action { name: "digest_preview", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(preview(cx, press)) } };
/// Silence until somebody goes on.
pub const PAUSE: Action = Action { name: "digest_pause", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(pause(cx, press)) } };
/// Goes on.
pub const RESUME: Action = Action { name: "digest_resume", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(resume(cx, press)) } };
/// Silence for a week.
pub const SNOOZE: Action = Action { name: "digest_snooze", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(snooze(cx, press)) } };
/// Every second week, then once a month.
pub const LESS: Action = Action { name: "digest_less", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(less(cx, press)) } };
/// Ends it.
pub const END: Action = Action { name: "digest_end", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(end(cx, press)) } };
/// The figures behind a digest. Value: the receipt of the five.
pub const DETAILS: Action = Action { name: "digest_details", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(details(cx, press)) } };
/// Somebody found it useful: counted, without who.
pub const USEFUL: Action = Action { name: "digest_useful", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(useful(cx, press)) } };

/// The digest of that id.
pub async fn subscription(cx: &Cx, id: &str) -> Result<Subscription, Failure> {
    Ok(cx.store.subscription(id).await?.filter(|it| it.kind == KIND).ok_or_else(gone)?)
}

fn gone() -> UserError {
    let hint = "Type `/metrics digest` in the channel to see what it hears.";
    UserError::new(Kind::NotUnderstood, "There is no such digest any more: somebody has ended it.", hint)
}

/// The subscription that a press is about, and whether it was pressed below a posted digest.
async fn pressed(cx: &Cx, press: &Press) -> Result<(Subscription, bool), Failure> {
    let (id, said) = press.value.split_once(':').map_or((press.value.as_str(), false), |(id, _)| (id, true));
    Ok((subscription(cx, id).await?, said))
}

/// Only whoever subscribed it, and admins.
pub fn owned(cx: &Cx, subscription: &Subscription) -> Result<(), Failure> {
    if cx.may_change(subscription) {
        return Ok(());
    }
    let hint = "You may pause it, snooze it or make it rarer. Else ask:";
    let error = UserError::new(Kind::NotAllowed, "Whoever subscribed this channel, and admins, may change or end its digest.", hint);
    Err(error.asking(std::slice::from_ref(&subscription.author)).into())
}

/// Lets it speak or be silent, and shows it.
async fn turned(cx: &Cx, subscription: Subscription, state: State, said: bool, done: String) -> Result<Effect, Failure> {
    if !cx.store.set_subscription_state(&subscription.id, state.clone(), cx.now).await? {
        return Err(gone().into());
    }
    shown(cx, &Subscription { state, changed_at: cx.now, ..subscription }, said, done).await
}

/// It as it is now: privately below a posted digest, else in the place of the list.
async fn shown(cx: &Cx, subscription: &Subscription, said: bool, done: String) -> Result<Effect, Failure> {
    if said { Ok(answer(done)) } else { Ok(Effect::Replace(Box::new(list::one(cx, subscription).await?))) }
}

fn answer(done: String) -> Effect {
    let notes = vec![Line::code(Line::default(), "/metrics digest").and(" shows and changes what this channel hears.")];
    Effect::Answer(Box::new(Card { command: KIND.into(), title: "Digest".into(), verdict: Line::plain(done), notes, ..Card::default() }))
}

async fn one(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (subscription, _) = pressed(cx, &press).await?;
    Ok(Effect::Replace(Box::new(list::one(cx, &subscription).await?)))
}

async fn preview(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (subscription, _) = pressed(cx, &press).await?;
    let settings = Settings::read(&subscription.settings)?;
    for scope in &settings.scopes {
        access::check_days(cx, scope, facts::DAYS)?;
    }
    let outcome = slot::outcome(cx, &settings, &BTreeMap::new(), cx.now, "").await?;
    let Some((card, _)) = outcome.cards else { return Ok(answer(format!("It would be quiet now. {}", outcome.quiet))) };
    let note = Line::plain("A preview for you alone: as if nothing had been told before.");
    Ok(Effect::Answer(Box::new(Card { title: format!("Preview - {}", card.title), notes: [vec![note], card.notes].concat(), ..card })))
}

async fn pause(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (subscription, said) = pressed(cx, &press).await?;
    let state = State::Paused { until: None, by: cx.user() };
    turned(cx, subscription, state, said, "Paused until somebody lets it go on.".into()).await
}

async fn resume(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (subscription, said) = pressed(cx, &press).await?;
    turned(cx, subscription, State::Active, said, "It goes on.".into()).await
}

async fn snooze(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (subscription, said) = pressed(cx, &press).await?;
    if !subscription.speaks(cx.now) && said {
        return Ok(answer("It is silent already.".into()));
    }
    let until = cx.now.plus(WEEK);
    let done = format!("Snoozed until {}.", words::moment(until, cx.now, subscription.zone));
    let state = State::Paused { until: Some(until), by: cx.user() };
    turned(cx, subscription, state, said, done).await
}

async fn less(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (subscription, said) = pressed(cx, &press).await?;
    let settings = Settings::read(&subscription.settings)?;
    let (crontab, zone) = (subscription.crontab.as_str(), subscription.zone);
    if when::of_week(crontab).is_none() {
        let hint = "Press Change below `/metrics digest` and type a rarer one.";
        return Err(UserError::new(Kind::NotAllowed, format!("This digest follows a crontab of its own, `{crontab}`."), hint).into());
    }
    let last = when::past(crontab, zone, &settings, (cx.now.plus(-WEEK), cx.now), 1).pop().unwrap_or(cx.now);
    let Some(rhythm) = settings.rhythm.rarer(last, zone) else {
        let hint = "Press Pause or Unsubscribe below `/metrics digest` to hear nothing.";
        return Err(UserError::new(Kind::NotAllowed, "It comes once a month already.", hint).into());
    };
    let settings = Settings { rhythm, ..settings };
    let next = when::next(crontab, zone, &settings, cx.now);
    let next = next.map_or_else(String::new, |at| format!(" Next: {}.", words::moment(at, cx.now, zone)));
    let done = format!("From now on: {}.{next}", when::words(crontab, zone, rhythm));
    let subscription = Subscription { settings: settings.kept(), ..subscription };
    cx.store.keep_subscription(subscription.clone()).await?;
    shown(cx, &subscription, said, done).await
}

async fn end(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (subscription, _) = pressed(cx, &press).await?;
    owned(cx, &subscription)?;
    cx.store.end_subscription(&subscription.id).await?;
    let about = Settings::read(&subscription.settings)?.about(&cx.org.org);
    Ok(Effect::Replace(Box::new(Card {
        command: KIND.into(),
        title: "Digest".into(),
        verdict: Line::mention(Line::default(), &subscription.channel)
            .and(format!(" hears no digest of {about} any more. What was posted stays.")),
        buttons: vec![list::subscribe(&subscription.channel, "Subscribe again", false)],
        ..Card::default()
    })))
}

async fn details(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let receipt = why::receipt(cx, &press.value).await?;
    Ok(Effect::Answer(Box::new((receipts::recount(&receipt)?.card)(cx, &receipt).await?)))
}

async fn useful(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (subscription, _) = pressed(cx, &press).await?;
    let settings = Settings::read(&subscription.settings)?;
    let settings = Settings { useful: settings.useful.saturating_add(1), ..settings };
    cx.store.keep_subscription(Subscription { settings: settings.kept(), ..subscription }).await?;
    Ok(answer("Thanks: counted, without your name.".into()))
}
