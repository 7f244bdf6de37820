//! Events: Slack's handshake, the Home tab, channels and tokens that are gone, and everything else acknowledged by kind.
//!
//! Of channels pacer hears only where an admin subscribed the app to `channel_archive`, `channel_deleted`, `channel_left` or their
//! kin for private ones: without them it hears when a message is refused.

use std::sync::Arc;

use serde_json::{Value, json};

use super::admission::Admission;
use super::{Answer, Stranger, outbox};
use crate::app::App;
use crate::error::Failure;
use crate::features::{self, Needs};
use crate::render::blocks;

/// Slack redelivers an event within minutes.
const REDELIVERED_SECS: i64 = 3_600;

/// Takes an event; what it leads to runs on after the acknowledgement.
///
/// # Errors
/// Where it comes from another workspace.
pub fn event(app: &Arc<App>, payload: &Value) -> Answer {
    let text = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    if text("/type") == "url_verification" {
        return Ok(json!({ "challenge": text("/challenge") }));
    }
    match app.slack.workspaces.admit(text("/team_id"), text("/enterprise_id")) {
        Admission::Welcome => {}
        other => {
            tracing::warn!(team = text("/team_id"), "an event was refused: {}", other.sentence());
            return Err(Stranger(other));
        }
    }
    let id = text("/event_id");
    if !id.is_empty() && app.slack.events.again(id.to_owned(), app.clock.now(), REDELIVERED_SECS) {
        return Ok(Value::Null);
    }
    match (text("/event/type"), text("/event/tab")) {
        ("app_home_opened", "home" | "") => publish_home(app, text("/event/user")),
        ("app_uninstalled", _) => token_gone(app, "app_uninstalled"),
        ("tokens_revoked", _) if payload["event"]["tokens"]["bot"].as_array().is_some_and(|bots| !bots.is_empty()) => {
            token_gone(app, "token_revoked");
        }
        ("channel_archive" | "group_archive", _) => channel_gone(app, text("/event/channel"), "is_archived"),
        ("channel_left" | "group_left", _) => channel_gone(app, text("/event/channel"), "not_in_channel"),
        ("channel_deleted" | "group_deleted", _) => channel_gone(app, text("/event/channel"), "channel_not_found"),
        (kind, _) => tracing::debug!(kind, "an event of this kind is not used"),
    }
    Ok(Value::Null)
}

fn token_gone(app: &Arc<App>, why: &'static str) {
    let app = Arc::clone(app);
    app.clone().tasks.spawn("token gone", async move { outbox::token_gone(&app, why).await });
}

fn channel_gone(app: &Arc<App>, channel: &str, why: &'static str) {
    let (app, channel) = (Arc::clone(app), channel.to_owned());
    app.clone().tasks.spawn("channel gone", async move {
        if let Err(error) = outbox::stops::channel_gone(&app, &channel, why).await {
            tracing::error!(channel, "what a channel is subscribed to could not be stopped: {error:#}");
        }
    });
}

fn publish_home(app: &Arc<App>, user: &str) {
    let (app, user) = (Arc::clone(app), user.to_owned());
    app.clone().tasks.spawn("home", async move {
        if let Err(error) = publish(&app, &user).await {
            tracing::warn!("the Home tab could not be shown: {error:#}");
        }
    });
}

async fn publish(app: &App, user: &str) -> Result<(), Failure> {
    let asker = app.asker_in_slack(user, Needs { names: true, admin: true }).await?;
    let cx = app.cx(Some(asker)).await?;
    let view = blocks::home(&features::home::home(&cx).await?);
    app.slack.client.call("views.publish", &json!({ "user_id": user, "view": view })).await.map_err(anyhow::Error::from)?;
    Ok(())
}
