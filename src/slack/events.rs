//! Events: Slack's handshake, the Home tab, and everything else acknowledged by kind.

use std::sync::Arc;

use serde_json::{Value, json};

use super::admission::Admission;
use super::{Answer, Stranger};
use crate::app::App;
use crate::domain::card::{Card, Line, Part};
use crate::features::COMMANDS;
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
        (kind, _) => tracing::debug!(kind, "an event of this kind is not used"),
    }
    Ok(Value::Null)
}

fn publish_home(app: &Arc<App>, user: &str) {
    let body = json!({ "user_id": user, "view": blocks::home(&home()) });
    let app = Arc::clone(app);
    app.clone().tasks.spawn("home", async move {
        if let Err(error) = app.slack.client.call("views.publish", &body).await {
            tracing::warn!(%error, "the Home tab could not be shown");
        }
    });
}

/// What to type.
fn home() -> Card {
    let examples = COMMANDS.iter().map(|command| Line::default().code(command.example).and(format!("  {}", command.summary))).collect();
    Card {
        title: "pacer".into(),
        verdict: Line::plain("Ask in any channel or direct message; only you see the answer until you share it."),
        parts: vec![Part::List(examples, Some("/metrics help".into()))],
        ..Card::default()
    }
}
