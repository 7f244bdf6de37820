//! The Slack door: commands, buttons, forms and events come in, over signed HTTP or Socket Mode; answers go out.
//!
//! ```text
//!  POST /slack/... --verify--\                       /-- acknowledgement (an answer ready within 1.5 s)
//!                             commands, interactions --
//!  Socket Mode ---- socket --/        events         \-- client: Web API, response URL
//! ```
//!
//! Both transports end in the same three functions, which take JSON that is read leniently ([`inbound`]) and return
//! the acknowledgement's body. Why not slack-morphism's own listeners: they read a body of any size before the
//! signature, lose fields, and put whole interactions into error values.

pub mod admission;
pub mod client;
pub mod commands;
pub mod effects;
pub mod events;
pub mod groups;
pub mod inbound;
pub mod interactions;
pub mod origins;
pub mod outbox;
pub mod outgoing;
pub mod people;
mod profiles;
pub mod scopes;
mod sealed;
mod socket;
pub mod verify;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use zeroize::Zeroize;

use crate::app::App;
use crate::config::Config;
use crate::telemetry::Metrics;
use admission::{Admission, RateLimit, Recent, Workspaces};
use client::Client;
use origins::Origins;
use verify::Signed;

/// What this door remembers.
pub struct Slack {
    /// Calls to Slack.
    pub client: Arc<Client>,
    /// Who may call.
    pub workspaces: Workspaces,
    /// How often a person may ask.
    pub limit: RateLimit,
    /// What Slack said of people.
    pub profiles: profiles::Profiles,
    /// Clicks just taken.
    pub clicks: Recent,
    /// Events just taken.
    pub events: Recent,
    /// Where a modal's answer goes.
    pub origins: Origins,
    /// Whether native charts are taken.
    pub charts: outgoing::Charts,
    /// Held by whoever sends what the outbox has.
    sending: tokio::sync::Mutex<()>,
    /// Held for reading by each reminder of a survey that is on its way.
    reminding: Arc<tokio::sync::RwLock<()>>,
    state: AtomicU8,
    metrics: Metrics,
}

/// How pacer is connected to Slack: told by `/readyz`, never a reason for it to be red.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Connection {
    /// Nothing of Slack is set.
    Off,
    /// Not reached yet, or lost.
    Connecting,
    /// Slack knows our token, or Socket Mode is connected.
    Connected,
    /// Slack refuses our token.
    Refused,
}

impl Connection {
    /// As `/readyz` says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Refused => "refused",
        }
    }
}

impl Slack {
    /// Prepares the door; nothing runs yet.
    ///
    /// # Errors
    /// Where the connector can't be built.
    pub fn new(config: &Config, metrics: Metrics) -> anyhow::Result<Self> {
        Ok(Self {
            client: Arc::new(Client::new(config, metrics.clone())?),
            workspaces: Workspaces::new(config.slack.teams.clone()),
            limit: RateLimit::new(config.rate_limit),
            profiles: profiles::Profiles::default(),
            clicks: Recent::new(),
            events: Recent::new(),
            origins: Origins::new(),
            charts: outgoing::Charts::new(),
            sending: tokio::sync::Mutex::default(),
            reminding: Arc::default(),
            state: AtomicU8::new(Connection::Off as u8),
            metrics,
        })
    }

    /// How pacer is connected now.
    pub fn connection(&self) -> Connection {
        let all = [Connection::Off, Connection::Connecting, Connection::Connected, Connection::Refused];
        let state = self.state.load(Ordering::Relaxed);
        all.into_iter().find(|each| *each as u8 == state).unwrap_or(Connection::Off)
    }

    fn set_connection(&self, connection: Connection) {
        self.state.store(connection as u8, Ordering::Relaxed);
        self.metrics.set_slack_connected(connection == Connection::Connected);
    }
}

/// Starts what runs in the background: learning which workspace the token belongs to, the outbox, and Socket Mode.
pub fn start(app: &Arc<App>) {
    let slack = &app.config.slack;
    if slack.bot_token.is_some() {
        app.slack.set_connection(Connection::Connecting);
        app.tasks.spawn("slack identity", admission::learn(Arc::clone(app)));
        app.tasks.spawn("outbox", outbox::run(Arc::clone(app)));
    } else if slack.teams.is_empty() && (slack.signing_secret.is_some() || slack.app_token.is_some()) {
        tracing::warn!("neither SLACK_BOT_TOKEN nor PACER_SLACK_TEAMS is set: every call from Slack is refused. Set one of them");
    }
    if slack.app_token.is_some() {
        app.tasks.spawn("socket mode", socket::run(Arc::clone(app)));
    }
}

/// The largest request Slack may post.
const BODY_CAP: usize = 1024 * 1024;

/// `POST /slack/commands`, `/slack/interactions`, `/slack/events`.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/slack/commands", post(post_command))
        .route("/slack/interactions", post(post_interaction))
        .route("/slack/events", post(post_event))
        .layer(DefaultBodyLimit::max(BODY_CAP))
}

/// The call came from another workspace, or from one that can't be told yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stranger(pub Admission);

/// The acknowledgement's body; null is an empty one.
pub type Answer = Result<Value, Stranger>;

async fn post_command(State(app): State<Arc<App>>, signed: Signed) -> Response {
    match inbound::Slash::from_form(&signed.body) {
        Some(slash) => acknowledge(commands::slash(&app, slash).await),
        None => malformed(),
    }
}

async fn post_interaction(State(app): State<Arc<App>>, mut signed: Signed) -> Response {
    let payload = inbound::payload_of_form(&signed.body);
    signed.body.zeroize(); // it may hold the answer to a survey
    match payload {
        Some(payload) => acknowledge(interactions::interact(&app, payload).await),
        None => malformed(),
    }
}

async fn post_event(State(app): State<Arc<App>>, signed: Signed) -> Response {
    match serde_json::from_str::<Value>(&signed.body) {
        Ok(payload) => acknowledge(events::event(&app, &payload)),
        Err(_) => malformed(),
    }
}

fn acknowledge(answer: Answer) -> Response {
    match answer {
        Ok(Value::Null) => StatusCode::OK.into_response(),
        Ok(body) => Json(body).into_response(),
        Err(Stranger(admission)) => refuse(
            StatusCode::FORBIDDEN,
            "other_workspace",
            admission.sentence(),
            "An admin of pacer lists allowed workspaces in PACER_SLACK_TEAMS.",
        ),
    }
}

fn malformed() -> Response {
    refuse(StatusCode::BAD_REQUEST, "bad_syntax", "The body is not what Slack sends.", "Check that the path fits the kind of request.")
}

/// An error in the shape that every error of pacer has.
fn refuse(status: StatusCode, kind: &str, message: &str, hint: &str) -> Response {
    (status, Json(json!({ "error": { "kind": kind, "message": message, "hint": hint } }))).into_response()
}

#[cfg(test)]
mod tests;
