//! The buttons below alerts and their list.
//!
//! Below a message in a channel anybody may acknowledge, snooze, ask for details and say that it is wrong; what they see of it is
//! private, and what everybody should see is the same message, edited. To change, pause or remove is for whoever set it and for
//! admins.

use super::list::{self, About};
use super::memory::{Episode, Memory, Over, Why};
use super::message::{metric_name, read_value};
use super::row::{self, Row};
use super::rule::{self, Rule, Settings};
use super::slot::post;
use super::{form, preview};
use crate::domain::ask::scope_text;
use crate::domain::card::{Button, Card, Line, Part, Scope};
use crate::domain::form::{Field, Form, Input};
use crate::domain::subscription::{State, Subscription};
use crate::domain::time::{At, DAY};
use crate::domain::words;
use crate::error::{Failure, Kind, UserError};
use crate::features::{Cx, Effect, Press, Reply, access, answer};
use crate::store::alerts::Mark;

/// For how long one may snooze: as chosen, as read, in days.
const SNOOZES: [(&str, &str, i64); 4] = [("1", "A day", 1), ("7", "A week", 7), ("28", "Four weeks", 28), ("91", "A quarter", 91)];
/// What may be wrong with an alert.
const WRONGS: [(&str, &str); 3] = [
    ("too_sensitive", "Too sensitive: this is no news to us"),
    ("wrong_data", "The data is wrong"),
    ("expected", "True, but expected: a migration, a freeze, a holiday"),
];

/// Who presses, by Slack id.
fn person(cx: &Cx) -> Result<String, Failure> {
    let nobody = || UserError::new(Kind::NotAllowed, "This button is for people.", "Press it in Slack.");
    Ok(cx.asker.as_ref().map(|asker| asker.user.clone()).ok_or_else(nobody)?)
}

/// The alert and episode of a message.
async fn told(cx: &Cx, text: &str) -> Result<(Subscription, Settings, Episode), Failure> {
    let forgotten = || {
        UserError::new(
            Kind::NotUnderstood,
            "This was too long ago: I keep four months of alerts.",
            "`/metrics alert` lists what is set here.",
        )
    };
    let (id, start) = read_value(text).ok_or_else(forgotten)?;
    let (it, settings) = row::find(cx, id).await?;
    let memory = Memory::read(&it.memory);
    let episode = memory.episode(start).cloned().ok_or_else(forgotten)?;
    Ok((it, settings, episode))
}

fn answered(title: &str, verdict: Line) -> Effect {
    Effect::Answer(Box::new(Card { command: "alert".into(), title: title.into(), verdict, ..Card::default() }))
}

/// "Acknowledge": the first one stands in the message.
pub async fn acknowledge(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (it, _, episode) = told(cx, &press.value).await?;
    let mark = Mark { episode: episode.start, kind: "acknowledged".into(), person: person(cx)?, at: cx.now, choice: None, words: None };
    let first = |marks: &[Mark]| marks.iter().find(|mark| mark.kind == "acknowledged" && mark.episode == episode.start).cloned();
    if first(&cx.store.marks(&it.id).await?).is_none() {
        cx.store.keep_mark(&it.id, mark).await?;
    }
    let marks = cx.store.marks(&it.id).await?;
    let by = first(&marks).map_or_else(String::new, |mark| mark.person);
    let line = if by == person(cx)? {
        Line::plain("Everybody sees in the channel that you have seen to it. It is edited once more when it is over.")
    } else {
        Line::plain("").mention(&by).and(" has seen to it already.")
    };
    Ok(Effect::Say(vec![post(cx, &it, &episode, &marks, snoozed(&it, cx.now))], Box::new(answered("Acknowledged", line))))
}

fn snoozed(it: &Subscription, now: At) -> Option<(At, &str)> {
    match &it.state {
        State::Paused { until: Some(until), by } if *until > now => Some((*until, by)),
        _ => None,
    }
}

/// "Details": half a year of the metric, privately.
pub async fn details(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (_, settings, _) = told(cx, &press.value).await?;
    match answer(cx, &format!("trend {} {}", settings.metric, scope_text(&settings.scope))).await? {
        Reply::Card(card) => Ok(Effect::Answer(card)),
        Reply::Form(form) => Ok(Effect::Form(form)),
    }
}

/// "Wrong? Tell me": asks what.
pub async fn wrong(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    told(cx, &press.value).await?;
    let choices = WRONGS.map(|(value, label)| (value.to_owned(), label.to_owned())).to_vec();
    let field = |id: &str, label: &str, optional, input| Field { id: id.into(), label: label.into(), hint: None, optional, input };
    Ok(Effect::Form(Form {
        title: "What is wrong?".into(),
        submit: "Tell".into(),
        action: "alert_wrong_sent".into(),
        state: press.value,
        fields: vec![
            field("choice", "What is wrong with this alert", false, Input::Select(choices, Some("too_sensitive".into()))),
            field("words", "In your words", true, Input::Lines(String::new())),
        ],
    }))
}

/// What is wrong: kept with the episode, and what mends it.
pub async fn wrong_sent(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (it, settings, episode) = told(cx, &press.value).await?;
    let of = |field: &str| press.fields.get(field).map(|text| text.trim()).filter(|text| !text.is_empty());
    let choice = of("choice").filter(|choice| WRONGS.iter().any(|(known, _)| known == choice)).unwrap_or("too_sensitive");
    let words = of("words").map(|text| text.chars().take(3_000).collect());
    let (kind, choice_kept) = ("wrong".to_owned(), Some(choice.to_owned()));
    let mark = Mark { episode: episode.start, kind, person: person(cx)?, at: cx.now, choice: choice_kept, words };
    cx.store.keep_mark(&it.id, mark).await?;
    Ok(Effect::Modal(Box::new(mends(cx, choice, &it, &settings, &episode))))
}

fn mends(cx: &Cx, choice: &str, it: &Subscription, settings: &Settings, episode: &Episode) -> Card {
    let may = cx.may_change(it);
    let unit = settings.definition().map_or("", |known| known.unit);
    let value = |value: f64| rule::value(unit, value);
    let scope = scope_text(&settings.scope);
    let mut steps: Vec<Line> = Vec::new();
    match (choice, settings.rule) {
        ("wrong_data", _) => {
            steps.push(Line::plain("What is missing, and the command that mends it: ").code(format!("/metrics health {scope}")));
            if let Some(receipt) = &episode.receipt {
                steps.push(Line::plain("The rows behind the figure: ").code(format!("/metrics why {receipt}")));
            }
        }
        ("expected", _) => steps.push("Snooze it below its message until it is over: it tells nothing meanwhile.".into()),
        (_, Rule::OwnRange) => steps
            .push(Line::plain(format!("A larger minimum n than {} leaves weeks out that have too few to say anything.", settings.least))),
        (_, Rule::Above(_) | Rule::Below(_)) => {
            steps.push(Line::plain(format!("With a limit of {} it would not have fired this time.", value(episode.worst))));
            steps.push(Line::plain(format!("A larger minimum n than {} makes it wait until there is more to go by.", settings.least)));
        }
    }
    let change = Button { label: "Change the alert".into(), action: "alert_change".into(), value: it.id.clone(), primary: true };
    if choice != "wrong_data" && !may {
        steps.push(Line::plain("It is changed by ").mention(&it.author).and(" or an admin."));
    }
    Card {
        title: "Thank you".into(),
        verdict: Line::plain("It is kept with this alert, and its list says how many called it wrong."),
        parts: vec![Part::List(steps, None)],
        buttons: if may && choice == "too_sensitive" { vec![change] } else { Vec::new() },
        ..Card::default()
    }
}

/// "Snooze": asks for how long. Value: as below a message, or with no episode from the list.
pub async fn snooze(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (id, _) = press.value.split_once(':').unwrap_or((&press.value, ""));
    let (_, settings) = row::find(cx, id).await?;
    let lengths = SNOOZES.map(|(value, label, _)| (value.to_owned(), label.to_owned())).to_vec();
    let what = format!("{} of {}", words::capitalised(&metric_name(&settings)), cx.org.org.scope_name(&settings.scope));
    Ok(Effect::Form(Form {
        title: "Snooze".into(),
        submit: "Snooze".into(),
        action: "alert_snooze_sent".into(),
        state: press.value,
        fields: vec![Field {
            id: "days".into(),
            label: what,
            hint: Some("It is not looked at meanwhile. Everybody sees who snoozed it.".into()),
            optional: false,
            input: Input::Select(lengths, Some("7".into())),
        }],
    }))
}

/// For how long.
pub async fn snooze_sent(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (id, _) = press.value.split_once(':').unwrap_or((&press.value, ""));
    let (it, settings) = row::find(cx, id).await?;
    let chosen = press.fields.get("days").map(String::as_str);
    let days = SNOOZES.iter().find(|(value, ..)| Some(*value) == chosen).map_or(7, |(.., days)| *days);
    let (until, by) = (cx.now.plus(days * DAY), person(cx)?);
    set_state(cx, id, State::Paused { until: Some(until), by: by.clone() }).await?;
    let when = words::moment(until, cx.now, cx.org.org.zone_for(&settings.scope));
    let card = Card {
        title: "Snoozed".into(),
        verdict: Line::plain(format!("It tells nothing before {when}. ")).code("/metrics alert").and(" lets it go on earlier."),
        ..Card::default()
    };
    let memory = Memory::read(&it.memory);
    let marks = cx.store.marks(&it.id).await?;
    let open = memory.open().filter(|open| open.told.is_some());
    let posts = open.map(|open| post(cx, &it, open, &marks, Some((until, &by)))).into_iter().collect();
    Ok(Effect::Say(posts, Box::new(Effect::Modal(Box::new(card)))))
}

/// "Set an alert".
pub async fn set(cx: &Cx) -> Result<Effect, Failure> {
    let scope = match super::super::default_scope(cx) {
        scope @ (Scope::Team(_) | Scope::Service(_)) => scope,
        _ => Scope::Organisation,
    };
    Ok(Effect::Form(form::new_form(cx, &super::rule::Typed::default(), &scope).await?))
}

/// "Change".
pub async fn change(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (it, settings) = row::owned(cx, &press.value).await?;
    access::check_days(cx, &settings.scope, preview::DAYS)?;
    Ok(Effect::Form(form::form_of(cx, &it, &settings).await?))
}

/// "Pause".
pub async fn pause(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let state = State::Paused { until: None, by: person(cx)? };
    turned(cx, &press.value, state, "It is paused until somebody lets it go on.").await
}

/// "Go on".
pub async fn go_on(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    turned(cx, &press.value, State::Active, "It goes on: it is looked at every hour again.").await
}

async fn set_state(cx: &Cx, id: &str, state: State) -> Result<(), Failure> {
    if cx.store.set_subscription_state(id, state, cx.now).await? { Ok(()) } else { Err(row::gone().into()) }
}

async fn turned(cx: &Cx, id: &str, state: State, verdict: &str) -> Result<Effect, Failure> {
    row::owned(cx, id).await?;
    set_state(cx, id, state).await?;
    managed(cx, id, verdict.into(), Vec::new()).await
}

/// "Manage": one alert of several.
pub async fn manage(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    managed(cx, &press.value, "".into(), Vec::new()).await
}

/// "Preview": how often it would have fired in the last year.
pub async fn previewed(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (_, settings) = row::find(cx, &press.value).await?;
    access::check_days(cx, &settings.scope, preview::DAYS)?;
    let Some(known) = settings.definition() else {
        return managed(cx, &press.value, "This metric is no longer known.".into(), Vec::new()).await;
    };
    let zone = cx.org.org.zone_for(&settings.scope);
    let mut lines = preview::of(cx, &settings, known).await?.told(&settings, known, cx.now, zone);
    let first = lines.remove(0);
    managed(cx, &press.value, first, lines.into_iter().map(Part::Text).collect()).await
}

async fn managed(cx: &Cx, id: &str, verdict: Line, parts: Vec<Part>) -> Result<Effect, Failure> {
    let (it, settings) = row::find(cx, id).await?;
    let row = row::row(cx, it, settings).await?;
    Ok(Effect::Replace(Box::new(list::one(&row, &about(cx), verdict, parts))))
}

fn about(cx: &Cx) -> About<'_> {
    About { org: &cx.org.org, now: cx.now, channel: cx.asker.as_ref().and_then(|asker| asker.channel.as_deref()) }
}

/// "Remove": asked once more.
pub async fn remove(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (it, settings) = row::owned(cx, &press.value).await?;
    let button =
        |label: &str, action: &str, value: &str| Button { label: label.into(), action: action.into(), value: value.into(), primary: false };
    let scope = cx.org.org.scope_name(&settings.scope);
    Ok(Effect::Replace(Box::new(Card {
        command: "alert".into(),
        title: "Remove this alert?".into(),
        verdict: Line::default()
            .strong(words::capitalised(&settings.said()))
            .and(format!(" of {scope} would tell nothing any more. What it said stays in the channel.")),
        buttons: vec![button("Remove it", "alert_removed", &it.id), button("Keep it", "alert_list", "")],
        ..Card::default()
    })))
}

/// "Remove it".
pub async fn removed(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (it, _) = row::owned(cx, &press.value).await?;
    cx.store.end_subscription(&it.id).await?;
    let memory = Memory::read(&it.memory);
    let mut posts = Vec::new();
    if let Some(open) = memory.open().filter(|open| open.told.is_some()) {
        let over = Some(Over { at: cx.now, value: None, why: Why::Changed });
        posts.push(post(cx, &it, &Episode { over, ..open.clone() }, &cx.store.marks(&it.id).await?, None));
    }
    Ok(Effect::Say(posts, Box::new(list(cx).await?)))
}

/// The list again.
pub async fn list(cx: &Cx) -> Result<Effect, Failure> {
    let about = about(cx);
    let rows: Vec<Row> = row::rows(cx, about.channel).await?;
    Ok(Effect::Replace(Box::new(list::card(&rows, &about))))
}
