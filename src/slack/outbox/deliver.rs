//! One message: opened, looked for, posted or edited; then its row says what came of it.

use std::sync::Arc;

use anyhow::Result;
use serde_json::{Value, json};

use super::verdict::{Step, Verdict, judge};
use super::{EVENT_TYPE, PACE, stops, trouble};
use crate::app::App;
use crate::domain::time::{At, HOUR, SECOND};
use crate::features;
use crate::slack::client::CallError;
use crate::slack::outgoing;
use crate::store::outbox::{Claim, Fate, WORKSPACE};

/// A post is begun only so soon after its claim; later another may have it.
const FRESH: i64 = PACE.lease / 3;
/// Clocks of ours and of Slack's may be so far apart.
const SKEW: i64 = 600 * SECOND;
/// A message on which Slack failed so often is given to a person: it would hold up all others for ever.
const TRIES: i64 = 6;
/// What leaves so soon after its instant, at ten in the morning of whom it asks, leaves by day.
const OFFICE_HOURS: i64 = 7 * HOUR;
/// Messages a page of history, and pages that are looked through.
const PAGE: u32 = 200;
const PAGES: usize = 10;

/// Sends a message and settles its claim.
pub async fn deliver(app: &App, claim: &Claim) {
    let done = async {
        if let Some(at) = after_hours(app, claim).await? {
            app.store.settle_message(claim, Fate::Later(at), app.clock.now()).await?;
            return Ok(());
        }
        if let Some(wave) = &claim.reminds_of {
            return remind(app, claim, wave).await;
        }
        let fate = match attempt(app, claim).await {
            Ok(Some(fate)) => fate,
            Ok(None) => {
                tracing::warn!(key = claim.key, "this message was claimed too long ago; it is left to whoever has it now");
                return Ok(());
            }
            Err((step, error)) => failed(app, claim, step, &error).await?,
        };
        if !app.store.settle_message(claim, fate, app.clock.now()).await? {
            tracing::warn!(key = claim.key, fence = claim.fence, "this message was taken over meanwhile: what came of it here is dropped");
        }
        Ok::<_, anyhow::Error>(())
    };
    // The row stays as it was claimed, and is looked for when the claim has run out.
    if let Err(error) = done.await {
        tracing::error!(key = claim.key, "what came of a message could not be kept: {error:#}");
    }
}

/// When a survey's message to a person may leave that comes so late that it may be night where they are; none: now.
async fn after_hours(app: &App, claim: &Claim) -> Result<Option<At>> {
    let now = app.clock.now();
    let is_to_a_person = claim.key.starts_with("survey/") && claim.channel.starts_with(['U', 'W']);
    if !is_to_a_person || claim.ts.is_some() || now.since(claim.not_before) < OFFICE_HOURS {
        return Ok(None);
    }
    let org = app.store.org(now).await?;
    Ok(Some(features::pulse::at_work(&org.org, &claim.channel, now)).filter(|at| *at > now))
}

/// Reminds whoever has not answered. The row is settled first and in the same way for all: a crash, a refusal or an outage after that
/// leaves the same traces as an answer given, which are none. So a reminder is sent once at most.
async fn remind(app: &App, claim: &Claim, wave: &str) -> Result<()> {
    let waits = app.store.waits_for(&app.keys, wave, &claim.channel).await.unwrap_or_else(|error| {
        tracing::warn!("reminders of a survey are not sent: {error:#}");
        false
    });
    let message = message(claim, claim.place.as_ref().unwrap_or(&claim.channel));
    if !app.store.settle_message(claim, Fate::Reminded, app.clock.now()).await? || !waits {
        return Ok(());
    }
    let (client, under_way) = (Arc::clone(&app.slack.client), Arc::clone(&app.slack.reminding).read_owned().await);
    app.tasks.spawn("reminder", async move {
        client.post_unseen(&message).await;
        drop(under_way);
    });
    Ok(())
}

type Failed = (Step, CallError);

/// What came of it; none where the claim is too old to post.
async fn attempt(app: &App, claim: &Claim) -> Result<Option<Fate>, Failed> {
    let place = place(app, claim).await?;
    if let Some(ts) = &claim.ts {
        return edit(app, claim, &place, ts).await.map(Some);
    }
    if let Some(asked_at) = claim.asked_at {
        match look(app, claim, &place, asked_at).await? {
            Found::Stands { ts, revision } => {
                tracing::info!(key = claim.key, "a message in doubt stands in Slack");
                return Ok(Some(Fate::Stands { place, ts, revision, note: None }));
            }
            Found::TooMany => return Ok(Some(Fate::Parked(in_doubt("so much was said there since that it was not found")))),
            Found::Not => {}
        }
    }
    if app.clock.now().since(claim.claimed_at) > FRESH {
        return Ok(None);
    }
    post(app, claim, &place).await.map(Some)
}

/// The channel to call: of a person, the direct message.
async fn place(app: &App, claim: &Claim) -> Result<String, Failed> {
    if let Some(place) = &claim.place {
        return Ok(place.clone());
    }
    if !claim.channel.starts_with(['U', 'W']) {
        return Ok(claim.channel.clone());
    }
    let opened = app.slack.client.call_single("conversations.open", &json!({ "users": claim.channel })).await;
    match opened {
        Ok(answer) => match answer["channel"]["id"].as_str() {
            Some(place) => {
                keep_place(app, claim, place).await;
                Ok(place.to_owned())
            }
            None => Ok(claim.channel.clone()),
        },
        Err(error) if judge(Step::Open, &error) == Verdict::ByPerson => Ok(claim.channel.clone()),
        Err(error) => Err((Step::Open, error)),
    }
}

async fn keep_place(app: &App, claim: &Claim, place: &str) {
    if let Err(error) = app.store.keep_place(&claim.channel, place).await {
        tracing::warn!("the channel of a direct message could not be kept; it is asked for again: {error:#}");
    }
}

/// The message as Slack is told it.
fn message(claim: &Claim, place: &str) -> Value {
    let mut message: Value = serde_json::from_str(&claim.body).unwrap_or_else(|_| json!({ "text": claim.body }));
    message["channel"] = json!(place);
    message["unfurl_links"] = json!(false);
    message["unfurl_media"] = json!(false);
    message["metadata"] = json!({ "event_type": EVENT_TYPE, "event_payload": { "key": claim.key, "revision": claim.revision } });
    message
}

async fn post(app: &App, claim: &Claim, place: &str) -> Result<Fate, Failed> {
    let mut message = message(claim, place);
    if let Some(thread) = &claim.thread_ts {
        message["thread_ts"] = json!(thread);
    }
    let answer = outgoing::post_single(app, "chat.postMessage", &message).await.map_err(|error| (Step::Post, error))?;
    let text = |name: &str| answer[name].as_str().map(str::to_owned);
    let ts = text("ts").ok_or((Step::Post, CallError::Silent("its answer names no message")))?;
    Ok(Fate::Stands { place: text("channel").unwrap_or_else(|| place.to_owned()), ts, revision: claim.revision, note: None })
}

async fn edit(app: &App, claim: &Claim, place: &str, ts: &str) -> Result<Fate, Failed> {
    let mut message = message(claim, place);
    message["ts"] = json!(ts);
    outgoing::post_single(app, "chat.update", &message).await.map_err(|error| (Step::Edit, error))?;
    Ok(Fate::Stands { place: place.to_owned(), ts: ts.to_owned(), revision: claim.revision, note: None })
}

enum Found {
    Stands { ts: String, revision: i64 },
    Not,
    TooMany,
}

/// Looks for a message by its metadata, in the channel or thread, since Slack was first asked to post it.
async fn look(app: &App, claim: &Claim, place: &str, asked_at: At) -> Result<Found, Failed> {
    let oldest = asked_at.plus(-SKEW);
    let oldest = format!("{}.{:06}", oldest.0.div_euclid(SECOND), oldest.0.rem_euclid(SECOND));
    let mut question = json!({ "channel": place, "oldest": oldest, "inclusive": true, "limit": PAGE, "include_all_metadata": true });
    let method = match &claim.thread_ts {
        Some(thread) => {
            question["ts"] = json!(thread);
            "conversations.replies"
        }
        None => "conversations.history",
    };
    for _ in 0..PAGES {
        let answer = app.slack.client.call_single(method, &question).await.map_err(|error| (Step::Look, error))?;
        let is_it = |found: &&Value| {
            found["metadata"]["event_type"] == EVENT_TYPE && found["metadata"]["event_payload"]["key"] == claim.key.as_str()
        };
        if let Some(found) = answer["messages"].as_array().into_iter().flatten().find(is_it) {
            let revision = found["metadata"]["event_payload"]["revision"].as_i64().unwrap_or_default();
            return Ok(Found::Stands { ts: found["ts"].as_str().unwrap_or_default().to_owned(), revision });
        }
        match answer["response_metadata"]["next_cursor"].as_str() {
            Some(next) if !next.is_empty() => question["cursor"] = json!(next),
            _ => return Ok(Found::Not),
        }
    }
    Ok(Found::TooMany)
}

/// A message on which Slack fails each time.
fn worn_out(claim: &Claim, problem: &str) -> Fate {
    tracing::error!(key = claim.key, problem, "Slack failed on a message each time, and it is not tried any more");
    let note = format!("Slack failed on it {} times: {problem}", claim.tries);
    if claim.ts.is_some() { as_it_is(claim, note) } else { Fate::Parked(note) }
}

/// A message that stays as it stands.
fn as_it_is(claim: &Claim, note: String) -> Fate {
    let place = claim.place.clone().unwrap_or_else(|| claim.channel.clone());
    Fate::Stands { place, ts: claim.ts.clone().unwrap_or_default(), revision: claim.revision, note: Some(note) }
}

fn in_doubt(why: &str) -> String {
    format!("Slack did not say whether it took this message, and {why}.")
}

/// What a failed call leads to, its waits and stops included.
async fn failed(app: &App, claim: &Claim, step: Step, error: &CallError) -> Result<Fate> {
    let now = app.clock.now();
    let problem = format!("{error}.");
    // Before the post, what was in doubt is so still.
    let in_doubt_before = claim.asked_at.is_some() && matches!(step, Step::Open | Step::Look);
    let later = |doubt: bool| if doubt { Fate::Unsure(problem.clone()) } else { Fate::Again(problem.clone()) };
    Ok(match judge(step, error) {
        Verdict::ChannelWaits(micros) => {
            app.store.hold(&claim.channel, micros, &problem, now).await?;
            later(in_doubt_before)
        }
        Verdict::AllWait { micros, may_be_done } => {
            tracing::warn!(%error, key = claim.key, "a message waits, and all others with it");
            app.store.hold(WORKSPACE, micros, &problem, now).await?;
            if may_be_done && claim.tries >= TRIES {
                return Ok(worn_out(claim, &problem));
            }
            later(in_doubt_before || (step == Step::Post && may_be_done))
        }
        Verdict::NoToken => {
            trouble(app, error).await?;
            later(in_doubt_before)
        }
        Verdict::Gone => {
            let CallError::Api(why) = error else { return Ok(later(in_doubt_before)) };
            stops::channel_gone(app, &claim.channel, why).await?;
            Fate::Dropped(stops::dropped(why))
        }
        Verdict::StaysAsItIs => {
            tracing::warn!(%error, key = claim.key, "a message could not be edited, and stays as it stands");
            as_it_is(claim, problem)
        }
        Verdict::Hidden => Fate::Parked(in_doubt("pacer may not look: the scopes `channels:history` and `groups:history` would let it")),
        Verdict::Refused | Verdict::ByPerson => {
            tracing::error!(%error, key = claim.key, "Slack refuses a message");
            let is_off = matches!(error, CallError::Api(code) if code == "messages_tab_disabled");
            let way = if is_off { " Turn the app's Messages Tab on, under App Home." } else { "" };
            Fate::Refused(format!("{problem}{way}"))
        }
    })
}
