//! What each button of a survey leads to. Whoever presses is the one whose answers are meant: no value names a person.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use zeroize::Zeroizing;

use super::message::{self, About};
use super::{STOPPED, groups as sight, pages};
use crate::domain::card::{Card, Line, Scope};
use crate::domain::form::{Form, Input};
use crate::domain::survey::tally::Rules;
use crate::error::Failure;
use crate::features::typed::{field, note};
use crate::features::{Cx, Effect, Press};
use crate::store::survey::{Marked, Refusal, State, Survey, Wave};

/// A wave with all that its messages say of it. Not its people: a tap that read thousands of them would be slow for nothing.
struct Known {
    wave: Wave,
    survey: Survey,
    rules: Rules,
    zone: Tz,
}

impl Known {
    async fn of(cx: &Cx, id: &str) -> Result<Option<Self>, Failure> {
        let Some(wave) = cx.store.wave(id).await? else { return Ok(None) };
        let Some(survey) = cx.store.survey(&wave.survey).await? else { return Ok(None) };
        let Some(rules) = cx.store.rules(id).await? else { return Ok(None) };
        Ok(Some(Self { wave, survey, rules, zone: cx.org.org.zone_for(&Scope::Organisation) }))
    }

    fn about(&self) -> About<'_> {
        About { wave: &self.wave.id, survey: &self.survey, closes_on: self.wave.closes_on, zone: self.zone, rules: &self.rules }
    }

    /// Why somebody of whom nothing can be read may not answer.
    async fn refusal(&self, cx: &Cx) -> Result<Refusal, Failure> {
        Ok(match self.wave.state {
            State::Open if !cx.store.is_asked(&self.wave.id, &cx.user()).await? => Refusal::NotInvited,
            State::Open => Refusal::Suspended,
            over => over.refusal(),
        })
    }
}

fn replace(card: Card) -> Effect {
    Effect::Replace(Box::new(card))
}

fn modal(card: Card) -> Effect {
    Effect::Modal(Box::new(card))
}

/// In the place of a message that leads nowhere any more; beside one whose buttons may work in a while.
fn refused(title: &str, refusal: &Refusal) -> Effect {
    let card = Box::new(message::refused(title, refusal));
    match refusal {
        Refusal::Suspended | Refusal::NoSuchQuestion | Refusal::TooLong => Effect::Answer(card),
        _ => Effect::Replace(card),
    }
}

fn unknown() -> Effect {
    refused("Survey", &Refusal::Unknown)
}

/// An answer in the message: stored, then the next question.
pub async fn tap(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let value = Zeroizing::new(press.value);
    let mut words = value.split(' ');
    let (wave, item) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let number: u8 = words.next().and_then(|number| number.parse().ok()).unwrap_or(u8::MAX);
    // Read first: once it is stored, nothing may fail.
    let Some(known) = Known::of(cx, wave).await? else { return Ok(unknown()) };
    let marked = Marked { ratings: BTreeMap::from([(item.to_owned(), Some(number))]), texts: BTreeMap::new() };
    Ok(match cx.store.cast(&cx.keys, wave, &cx.user(), marked).await? {
        Ok(()) => replace(message::after(&known.about(), item, true)),
        Err(refusal) => refused(&known.survey.title, &refusal),
    })
}

/// An empty ballot: not counted, and no reminder.
pub async fn skip(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let Some(known) = Known::of(cx, &press.value).await? else { return Ok(unknown()) };
    Ok(match cx.store.cast(&cx.keys, &known.wave.id, &cx.user(), Marked::default()).await? {
        Ok(()) => replace(message::skipped(&known.about())),
        Err(refusal) => refused(&known.survey.title, &refusal),
    })
}

/// A page: stored, then the next page or thanks.
pub async fn page(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (wave, page) = press.value.split_once(' ').unwrap_or((&press.value, ""));
    let page: usize = page.parse().unwrap_or_default();
    let Some(known) = Known::of(cx, wave).await? else { return Ok(modal(message::refused("Survey", &Refusal::Unknown))) };
    let about = known.about();
    let pages = pages::pages(&about.rules.items);
    let next = pages::next(page, pages.len(), &press.fields);
    let marked = match pages::read(pages.get(page).copied().unwrap_or_default(), press.fields) {
        Ok(marked) => marked,
        // The door sets the sentences under the inputs, which stay as they are.
        Err(wrong) => return Ok(Effect::Wrong(pages::form(&about, page, &Marked::default(), &names(cx)), wrong)),
    };
    let before = match next {
        Some(next) => cx.store.marked(&cx.keys, wave, &cx.user()).await?.map(|before| (next, before)),
        None => None,
    };
    if let Err(refusal) = cx.store.cast(&cx.keys, wave, &cx.user(), marked).await? {
        return Ok(modal(message::refused(&known.survey.title, &refusal)));
    }
    // Of another page nothing was changed by this one.
    Ok(match before {
        Some((next, before)) => Effect::Form(pages::form(&about, next, &before, &names(cx))),
        None => Effect::Finish(Box::new(message::thanks(&about))),
    })
}

/// The categories' names by id.
fn names(cx: &Cx) -> BTreeMap<String, String> {
    cx.org.org.survey.with_shipped().into_iter().map(|category| (category.id, category.name)).collect()
}

/// The first page, or why there is none.
async fn first_page(cx: &Cx, wave: &str) -> Result<Result<Form, Card>, Failure> {
    let Some(known) = Known::of(cx, wave).await? else { return Ok(Err(message::refused("Survey", &Refusal::Unknown))) };
    Ok(match cx.store.marked(&cx.keys, wave, &cx.user()).await? {
        Some(marked) => Ok(pages::form(&known.about(), 0, &marked, &names(cx))),
        None => Err(message::refused(&known.survey.title, &known.refusal(cx).await?)),
    })
}

/// Opens the pages from the direct message, of which a refusal takes the place.
pub async fn start(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    Ok(first_page(cx, &press.value).await?.map_or_else(replace, Effect::Form))
}

/// Opens the pages from anywhere.
pub async fn open(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    Ok(first_page(cx, &press.value).await?.map_or_else(modal, Effect::Form))
}

/// "Not now": the message shrinks, and that is all.
pub async fn later(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let Some(known) = Known::of(cx, &press.value).await? else { return Ok(unknown()) };
    Ok(match known.wave.state {
        State::Open => replace(message::later(&known.about())),
        over => refused(&known.survey.title, &over.refusal()),
    })
}

/// The first question after "Not now".
pub async fn again(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let Some(known) = Known::of(cx, &press.value).await? else { return Ok(unknown()) };
    Ok(match (known.wave.state, message::first(&known.about())) {
        (State::Open, Some(card)) => replace(card),
        (over, _) => refused(&known.survey.title, &over.refusal()),
    })
}

/// The next question, without an answer to this one.
pub async fn next(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (wave, item) = press.value.split_once(' ').unwrap_or((&press.value, ""));
    let Some(known) = Known::of(cx, wave).await? else { return Ok(unknown()) };
    Ok(match known.wave.state {
        State::Open => replace(message::after(&known.about(), item, false)),
        over => refused(&known.survey.title, &over.refusal()),
    })
}

/// "Who sees what", of the groups that the asker counts in.
pub async fn groups(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let Some(known) = Known::of(cx, &press.value).await? else { return Ok(unknown()) };
    let (past, user) = (cx.store.shown_before().await?, cx.user());
    let Some(frozen) = cx.store.frozen_wave(&known.wave.id).await? else { return Ok(unknown()) };
    Ok(modal(match frozen.invited.iter().find(|(invited, _)| *invited == user) {
        Some((_, node)) => sight::card(&known.about(), &frozen.tree, &frozen.invited, &past, *node),
        None => message::refused(&known.survey.title, &Refusal::NotInvited),
    }))
}

/// "Stop": asks whether this survey or all of them.
pub async fn stop(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let Some(known) = Known::of(cx, &press.value).await? else { return Ok(unknown()) };
    let choices = [("survey", format!("This one: {}", known.survey.title)), ("all", "All surveys of pacer".to_owned())];
    let choices = choices.map(|(value, label)| (value.to_owned(), label)).into();
    let lines = ["What you have answered stays sealed and is counted.", "Start again at any time: /metrics privacy."];
    Ok(Effect::Form(Form {
        title: "Stop surveys".into(),
        submit: "Stop".into(),
        action: STOPPED.name.into(),
        state: known.wave.id,
        fields: vec![
            field("scope", "You are not asked any more by", "", false, Input::Choice(choices, Some("survey".into()))),
            note("note", "Before you stop", lines.map(Line::plain).into()),
        ],
    }))
}

/// Stopped, and how to start again.
pub async fn stopped(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let Some(known) = Known::of(cx, &press.value).await? else { return Ok(unknown()) };
    let all = press.fields.get("scope").is_some_and(|scope| scope == "all");
    let scope = if all { "all" } else { known.survey.id.as_str() };
    cx.store.stop_surveys(&cx.user(), scope, true).await?;
    Ok(replace(message::stopped(&known.about(), scope)))
}

/// "Ask me again": what was stopped goes on.
pub async fn resume(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (wave, scope) = press.value.split_once(' ').unwrap_or((&press.value, ""));
    let Some(known) = Known::of(cx, wave).await?.filter(|known| scope == "all" || scope == known.survey.id) else { return Ok(unknown()) };
    cx.store.stop_surveys(&cx.user(), scope, false).await?;
    Ok(match known.wave.state {
        State::Open => replace(message::resumed(&known.about())),
        over => refused(&known.survey.title, &over.refusal()),
    })
}
