//! How messages leave: the one place that knows whether this workspace takes Slack's native charts.
//!
//! The roll-out of `data_visualization` is phased, and a workspace that doesn't know the block refuses the whole message with
//! `invalid_blocks`. So a message with charts is sent again once without them ([`blocks::without_charts`]); if that is taken, it
//! was the charts, and for a day none is tried. If it is refused too, the fault lies elsewhere and nothing is remembered.
//!
//! Why no chart ever goes out in an acknowledgement: it is the one way that is deaf. Slack reads the body of a command's 200, and
//! where a block in it is refused, the person gets an error and pacer hears nothing, so nothing can be sent again. The answer
//! stands in the acknowledgement with its line of bars and its numbers, and a button [`CHART`] that replaces it by the one with the
//! picture, to the press's own response URL, where a refusal is heard. Rejected: acknowledging with nothing and sending the whole
//! answer to the command's response URL, which makes every answer with a chart come later; and sending it there a second time,
//! since Slack replaces nothing there and the person would have two.
//!
//! Why in memory: after a restart one message is tried again, which costs one call.

use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::client::{CallError, INVALID_BLOCKS};
use crate::app::App;
use crate::domain::time::{At, DAY};
use crate::render::blocks;

/// The button that shows an answer with its picture.
const CHART: &str = "chart";

/// Whether charts were refused, and when.
#[derive(Debug, Default)]
pub struct Charts {
    refused: Mutex<Option<At>>,
}

impl Charts {
    /// Nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether they were refused within a day.
    pub fn are_refused(&self, now: At) -> bool {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|at| now.since(at) < DAY)
    }

    fn refuse(&self, now: At) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }
}

/// Calls a method that shows a message to somebody: `chat.postMessage`, `chat.postEphemeral`.
pub async fn post(app: &App, method: &'static str, message: &Value) -> Result<Value, CallError> {
    send(app, Way::Method(method), message).await
}

/// As [`post`], but never repeated: for the outbox, which keeps a queue of its own.
pub async fn post_single(app: &App, method: &'static str, message: &Value) -> Result<Value, CallError> {
    send(app, Way::Single(method), message).await
}

/// Posts a message to a response URL.
pub async fn respond(app: &App, response_url: &str, message: &Value) -> Result<(), CallError> {
    send(app, Way::ResponseUrl(response_url), message).await.map(|_| ())
}

/// What stands in a command's acknowledgement: the message without its pictures, and the way to them.
pub fn acknowledge(app: &App, message: Value) -> Value {
    if !blocks::has_charts(&message) {
        return message;
    }
    let refused = app.slack.charts.are_refused(app.clock.now());
    let plain = blocks::without_charts(message);
    if refused { blocks::without_button(plain, CHART) } else { plain }
}

#[derive(Clone, Copy)]
enum Way<'a> {
    Method(&'static str),
    Single(&'static str),
    ResponseUrl(&'a str),
}

impl Way<'_> {
    async fn take(self, app: &App, message: &Value) -> Result<Value, CallError> {
        match self {
            Self::Method(method) => app.slack.client.call_once(method, message).await,
            Self::Single(method) => app.slack.client.call_single(method, message).await,
            Self::ResponseUrl(url) => app.slack.client.respond(url, message).await.map(|()| Value::Null),
        }
    }
}

async fn send(app: &App, way: Way<'_>, message: &Value) -> Result<Value, CallError> {
    if !blocks::has_charts(message) {
        return way.take(app, message).await;
    }
    let plain = || blocks::without_button(blocks::without_charts(message.clone()), CHART);
    if app.slack.charts.are_refused(app.clock.now()) {
        return way.take(app, &plain()).await;
    }
    match way.take(app, &blocks::without_button(message.clone(), CHART)).await {
        Err(CallError::Api(code)) if code == INVALID_BLOCKS => {
            let done = way.take(app, &plain()).await?;
            app.slack.charts.refuse(app.clock.now());
            tracing::info!("this workspace takes no native charts yet; for a day they are sent as text");
            Ok(done)
        }
        done => done,
    }
}
