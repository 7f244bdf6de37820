//! The sender: makes Slack show what the outbox says should stand there. The only one who calls Slack for digests, alerts and notes.
//!
//! - **Pace**: of each channel one message a second, threads and edits included, in the order they were said: Slack's limit. Of the
//!   workspace five a second after a burst of twenty: Slack has such a limit and publishes no number, so 300 a minute is our choice,
//!   and what it answers with 429 corrects it. Both are kept in the database, so replicas share them.
//! - **429**: `Retry-After` is obeyed. Slack does not say whose limit it was: a pause of up to five seconds is taken for the
//!   channel's, whose limit is a second, a longer one or `message_limit_exceeded` for the workspace's.
//! - **Outage**: nobody reached, 5xx, silence: the whole workspace waits, with jitter, two seconds to five minutes; then `auth.test`
//!   is asked first. So an outage leaves no more messages in doubt than were under way when it began. A message on which Slack fails
//!   six times while it answers otherwise is parked.
//! - **In doubt**: after a timeout, a cut connection, a 500, 502 or 504, or a crash between the call and our mark, a post may stand.
//!   It is looked for by its metadata (`event_type` [`EVENT_TYPE`], payload: key and revision) in the channel's history, which
//!   `channels:history` or `groups:history` allows; without them it is parked, and an admin sends it again or gives it up
//!   (`/metrics health`). It is never repeated unseen. 503 and a connection that never came did surely nothing. An edit does no
//!   harm twice and is repeated freely.
//! - **Taken over**: a claim lives 60 s and a call is begun in its first 20, so one that was paused for a minute calls nobody when it
//!   goes on. What stays open is a pause of a minute between that look at the clock and the first byte.
//! - **Late**: a first post of a digest or alert that could not leave for a day is dropped, and health says so: Monday's digest on
//!   Thursday is noise. Notes of pacer's own are sent however late.
//! - **Reminders** of a survey: whether somebody has answered is decided in memory, then the row is done, the same for all, and only
//!   then one attempt is made, by a task of its own that nobody waits for or counts. Cut off or refused, it is not made again.
//! - **Gone**: a channel that is archived, deleted or left stops its subscriptions ([`stops`]), with one note to whoever subscribed.
//!   Trouble with the token drops and stops nothing: all waits.
//!
//! A person's messages go to the direct message that `conversations.open` gives.

mod deliver;
pub mod stops;
mod verdict;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use futures::future::join_all;
use serde_json::json;

use super::Connection;
use super::client::CallError;
use crate::app::App;
use crate::domain::time::{DAY, SECOND};
use crate::store::outbox::{Pace, WORKSPACE};

/// Says in a message's metadata that it is ours.
pub const EVENT_TYPE: &str = "pacer_post";
/// How fast messages leave.
pub const PACE: Pace = Pace { channel: SECOND, workspace: SECOND / 5, burst: 20, lease: 60 * SECOND, late: DAY };
/// Channels that are sent to at one time.
const AT_ONCE: i64 = 16;
/// Longest time without a look: another replica may have said something.
const TICK: Duration = Duration::from_secs(5);
/// Shortest time between two looks that found nothing to do.
const REST: Duration = Duration::from_secs(1);
/// How long all waits for a token.
const TOKEN_WAIT: i64 = 300 * SECOND;

/// Sends what may be sent, now and again, until pacer stops.
pub async fn run(app: Arc<App>) {
    let stop = app.tasks.token();
    loop {
        if let Err(error) = send(&app).await {
            tracing::error!("the outbox failed, trying again: {error:#}");
        }
        let next = app.store.next_message_at(PACE).await.ok().flatten();
        let wait = next.map(|at| Duration::from_micros(at.since(app.clock.now()).max(0).unsigned_abs()).clamp(REST, TICK));
        tokio::select! {
            () = stop.cancelled() => return,
            () = app.store.something_said() => {}
            () = tokio::time::sleep(wait.unwrap_or(TICK)) => {}
        }
    }
}

/// Sends what may be sent now, reminders included; how many messages were tried. Public so that tests drive time.
pub async fn step(app: &App) -> Result<usize> {
    let tried = send(app).await;
    drop(app.slack.reminding.write().await);
    tried
}

/// As [`step`], but waits for no reminder: how long it takes would tell whether one went out.
async fn send(app: &App) -> Result<usize> {
    let _one_at_a_time = app.slack.sending.lock().await;
    let stop = app.tasks.token();
    let mut tried = 0;
    while !stop.is_cancelled() && is_open(app).await? {
        let claims = app.store.claim_messages(PACE, AT_ONCE, app.clock.now()).await?;
        if claims.is_empty() {
            break;
        }
        tried += claims.len();
        join_all(claims.iter().map(|claim| app.tasks.guard("message", deliver::deliver(app, claim)))).await;
    }
    Ok(tried)
}

/// Whether the workspace takes messages. After trouble, Slack is asked first, by a call that shows nobody anything.
async fn is_open(app: &App) -> Result<bool> {
    let now = app.clock.now();
    let Some(hold) = app.store.hold_of(WORKSPACE).await? else { return Ok(true) };
    if hold.until > now && hold.until.since(now) <= DAY {
        return Ok(false);
    }
    match app.slack.client.call_single("auth.test", &json!({})).await {
        Ok(_) => {
            app.store.release(WORKSPACE, now).await?;
            if app.config.slack.app_token.is_none() {
                app.slack.set_connection(Connection::Connected);
            }
            tracing::info!("Slack answers again; what waits in the outbox goes out");
            Ok(true)
        }
        Err(error) => {
            trouble(app, &error).await?;
            Ok(false)
        }
    }
}

/// All waits: Slack is out of reach, or takes no token.
async fn trouble(app: &App, error: &CallError) -> Result<()> {
    let refused = matches!(error, CallError::Api(_));
    if refused {
        app.slack.set_connection(Connection::Refused);
    }
    let at_least = match error {
        CallError::Pause(Some(pause)) => i64::try_from(pause.as_micros()).unwrap_or(TOKEN_WAIT),
        CallError::Api(_) => TOKEN_WAIT,
        _ => 0,
    };
    tracing::warn!(%error, "messages wait in the outbox");
    app.store.hold(WORKSPACE, at_least, &format!("{error}."), app.clock.now()).await
}

/// The app was uninstalled or its token revoked: all waits, nothing is dropped.
pub async fn token_gone(app: &App, why: &str) {
    if let Err(error) = trouble(app, &CallError::Api(why.to_owned())).await {
        tracing::error!("the outbox could not be held: {error:#}");
    }
}
