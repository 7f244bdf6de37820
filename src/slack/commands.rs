//! `/metrics ...`: the answer goes out in the acknowledgement where it is ready within 1.5 s and has no chart
//! ([`outgoing`]), else it follows to the response URL.
//!
//! Why the work is not a task of its own from the start: nearly every answer is ready in milliseconds, and moving it
//! to a task only where it is late keeps the short way short.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::admission::Admission;
use super::client::CallError;
use super::effects::{Place, carry_out};
use super::inbound::Slash;
use super::origins::Origin;
use super::{Answer, Stranger, outgoing};
use crate::app::App;
use crate::error::{Failure, UserError};
use crate::features::{self, COMMANDS, Effect, Needs, Reply};
use crate::render::blocks;

/// Slack waits 3 s; half of that is for the way.
const IN_ACKNOWLEDGEMENT: Duration = Duration::from_millis(1_500);

/// Answers a slash command.
///
/// # Errors
/// Where it comes from another workspace.
pub async fn slash(app: &Arc<App>, slash: Slash) -> Answer {
    if slash.ssl_check {
        return Ok(Value::Null);
    }
    match app.slack.workspaces.admit(&slash.team_id, &slash.enterprise_id) {
        Admission::Welcome => {}
        Admission::NotYet => {
            tracing::warn!("a command was refused: Slack has not said yet which workspace the token belongs to");
            return Ok(say(Admission::NotYet.sentence()));
        }
        Admission::Stranger => {
            tracing::warn!(team = slash.team_id, "a command from another workspace was refused");
            return Err(Stranger(Admission::Stranger));
        }
    }
    if let Some(sentence) = app.slack.limit.refuse(&slash.user_id) {
        app.metrics.command(name_of(&slash.text), "limited");
        return Ok(say(&sentence));
    }
    let response_url = slash.response_url.clone();
    let work = answer(Arc::clone(app), slash).boxed();
    Ok(within(app, IN_ACKNOWLEDGEMENT, response_url, work).await)
}

/// The acknowledgement's body where the work is ready in time; else an empty one, and the body follows; see [`outgoing`].
pub(super) async fn within(app: &Arc<App>, limit: Duration, response_url: String, mut work: BoxFuture<'static, Value>) -> Value {
    if let Ok(body) = tokio::time::timeout(limit, &mut work).await {
        return outgoing::acknowledge(app, body);
    }
    let late = Arc::clone(app);
    app.tasks.spawn("late answer", async move {
        let body = work.await;
        if !body.is_null() {
            follow_up(&late, &response_url, &body).await;
        }
    });
    Value::Null
}

/// The answer as a private message; null where it was shown in another way.
async fn answer(app: Arc<App>, slash: Slash) -> Value {
    let began = Instant::now();
    let name = name_of(&slash.text);
    let guarded = app.tasks.guard("command", ask(&app, &slash)).await;
    let result = guarded.unwrap_or_else(|| Err(Failure::Ours(anyhow::anyhow!("it panicked"))));
    let (body, outcome) = match result {
        Ok(body) => (body, "ok"),
        Err(Failure::User(error)) => (said_no(&error, name), "user_error"),
        Err(Failure::Ours(error)) => (broke(&error, name), "failed"),
    };
    app.metrics.command(name, outcome);
    tracing::info!(command = name, outcome, took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX), "answered");
    body
}

async fn ask(app: &Arc<App>, slash: &Slash) -> Result<Value, Failure> {
    let asker = app.asker_in_slack(&slash.user_id, Needs::of_text(&slash.text)).await?;
    let cx = app.cx(Some(asker.in_channel(&slash.channel_id))).await?;
    match features::answer(&cx, &slash.text).await? {
        Reply::Card(card) => Ok(private(blocks::message(&card))),
        Reply::Form(form) => {
            let place = Place {
                user_id: slash.user_id.clone(),
                trigger_id: slash.trigger_id.clone(),
                origin: Origin { channel_id: slash.channel_id.clone(), response_url: slash.response_url.clone(), ..Origin::default() },
                ..Place::default()
            };
            carry_out(app, &place, Effect::Form(form)).await?;
            Ok(Value::Null)
        }
    }
}

/// The name in the table, for logs and counters; `other` where there is none.
pub(super) fn name_of(text: &str) -> &'static str {
    let first = text.split_whitespace().next().unwrap_or("dora").to_lowercase();
    COMMANDS.iter().map(|command| command.name).find(|name| *name == first).unwrap_or("other")
}

/// Posts a late answer. It is not repeated: a response URL takes five posts, and a second one would be a second message.
pub(super) async fn follow_up(app: &App, response_url: &str, body: &Value) {
    match outgoing::respond(app, response_url, body).await {
        Ok(()) => {}
        Err(error @ CallError::Ours(_)) => tracing::error!(%error, "an answer could not be sent"),
        Err(error) => tracing::warn!(%error, "an answer did not reach Slack"),
    }
}

/// A message for the asker only.
pub(super) fn private(mut message: Value) -> Value {
    message["response_type"] = json!("ephemeral");
    message
}

/// A sentence of ours for the asker only.
pub(super) fn say(sentence: &str) -> Value {
    json!({ "response_type": "ephemeral", "text": sentence })
}

/// What the person can mend. It is logged under the reference that they see, so that whoever runs pacer can tell what
/// somebody ran into: by kind and command, never by what was typed.
pub(super) fn said_no(error: &UserError, name: &str) -> Value {
    let reference = reference();
    tracing::info!(reference, name, kind = ?error.kind, "refused, with what to do");
    private(blocks::error(error, &reference))
}

/// What we must mend: logged under the reference that the person sees.
pub(super) fn broke(error: &anyhow::Error, name: &str) -> Value {
    private(blocks::broken(&log_broken(error, name)))
}

/// A short name for one line of the log.
fn reference() -> String {
    format!("{:08x}", rand::random::<u32>())
}

/// Logs a failure of ours and gives the reference it stands under.
pub(super) fn log_broken(error: &anyhow::Error, name: &str) -> String {
    let reference = reference();
    tracing::error!(reference, name, error = format!("{error:#}"), "something broke");
    reference
}
