//! Response URLs: at most five uses in 30 minutes of the workspace's time, replacing, deleting or adding a message.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;
use serde_json::{Map, Value, json};

use super::Workspace;
use super::state::{Message, ResponseUrl};
use super::web::{Args, Refused, content};
use crate::domain::time::SECOND;

/// How often one may be used.
const USES: u32 = 5;
/// How long it lives.
const LIFE_SECS: i64 = 30 * 60;

pub(super) fn router() -> axum::Router<Workspace> {
    axum::Router::new().route("/response/{token}", post(respond))
}

/// Where an answer to a person's act goes.
pub(super) struct Target {
    pub user: String,
    pub channel: String,
    pub origin: Option<String>,
    pub thread_ts: Option<String>,
}

async fn respond(State(workspace): State<Workspace>, Path(token): Path<String>, body: Bytes) -> Response {
    let sent: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut response = workspace
        .answer("response_url", sent.clone(), || {
            let target = workspace.use_response_url(&token)?;
            let Value::Object(members) = sent else { return Err(Refused::new("invalid_payload")) };
            workspace.apply(&target, &Args::of(members))?;
            Ok(json!({}))
        })
        .await;
    // Slack says 404 for an address that no longer works; the body tells why.
    let known = workspace.lock().responses.get(&token).is_some_and(|known| known.uses <= USES);
    if !known && response.status().is_success() {
        *response.status_mut() = axum::http::StatusCode::NOT_FOUND;
    }
    response
}

impl Workspace {
    fn use_response_url(&self, token: &str) -> Result<Target, Refused> {
        let now = self.now();
        let mut state = self.lock();
        let known = state.responses.get_mut(token).ok_or_else(|| Refused::new("expired_url"))?;
        if now.0 - known.at.0 > LIFE_SECS * SECOND {
            state.responses.remove(token);
            return Err(Refused::new("expired_url"));
        }
        known.uses += 1;
        if known.uses > USES {
            return Err(Refused::new("used_url"));
        }
        let ResponseUrl { user, channel, origin, thread_ts, .. } = known;
        Ok(Target { user: user.clone(), channel: channel.clone(), origin: origin.clone(), thread_ts: thread_ts.clone() })
    }

    /// Applies an answer: replaces or deletes the message it came from, or adds one, ephemeral unless `in_channel`.
    pub(super) fn apply(&self, target: &Target, args: &Args) -> Result<Option<Message>, Refused> {
        let origin = target.origin.as_deref().and_then(|ts| self.lock().messages.iter().find(|message| message.ts == ts).cloned());
        if args.flag("delete_original") {
            self.lock().messages.retain(|message| Some(&message.ts) != origin.as_ref().map(|origin| &origin.ts));
            return Ok(None);
        }
        let (text, sent) = content(args, self.options.charts)?;
        let kind = args.string("response_type").unwrap_or("ephemeral");
        if !["ephemeral", "in_channel"].contains(&kind) {
            return Err(Refused::new("invalid_response_type"));
        }
        let now = self.now();
        let mut state = self.lock();
        let blocks = state.identified(&sent);
        // A message that stays is not made private: said to be ephemeral, the new one is a message of its own.
        let private = args.string("response_type") == Some("ephemeral");
        let replaces = |origin: &Message| args.flag("replace_original") && (origin.only_for.is_some() || !private);
        if let Some(origin) = origin.filter(replaces) {
            let new = Message { text, blocks, edited: true, ..origin };
            state.replace(&new);
            return Ok(Some(new));
        }
        let message = Message {
            ts: state.next_ts(now),
            channel: target.channel.clone(),
            user: self.options.bot_user.clone(),
            text,
            blocks,
            thread_ts: args.string("thread_ts").map(str::to_owned).or_else(|| target.thread_ts.clone()),
            only_for: (kind == "ephemeral").then(|| target.user.clone()),
            metadata: None,
            edited: false,
            files: Vec::new(),
        };
        Ok(Some(state.post(message)))
    }

    /// Applies what stood in the acknowledgement of a slash command: nothing, plain text, or a message.
    pub(super) fn apply_acknowledgement(&self, target: &Target, body: &Value) -> Result<Option<Message>, Refused> {
        match body {
            Value::Null => Ok(None),
            Value::String(text) if text.trim().is_empty() => Ok(None),
            Value::String(text) => self.apply(target, &Args::of(Map::from_iter([("text".to_owned(), json!(text))]))),
            Value::Object(members) if members.is_empty() => Ok(None),
            Value::Object(members) => self.apply(target, &Args::of(members.clone())),
            _ => Err(Refused::new("invalid_command_response")),
        }
    }
}
