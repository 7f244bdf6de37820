//! Socket Mode: the WebSocket that `apps.connections.open` gives an address of; envelopes out, acknowledgements in.

use axum::extract::ws::{Message as Frame, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use super::Workspace;
use super::state::Socket;

pub(super) fn router() -> axum::Router<Workspace> {
    axum::Router::new().route("/link/{ticket}", axum::routing::get(link))
}

/// A ticket is good for one connection.
async fn link(State(workspace): State<Workspace>, Path(ticket): Path<String>, upgrade: WebSocketUpgrade) -> Response {
    let mut state = workspace.lock();
    let Some(nth) = state.tickets.iter().position(|known| *known == ticket) else {
        return (StatusCode::FORBIDDEN, "unknown or used ticket").into_response();
    };
    state.tickets.remove(nth);
    drop(state);
    upgrade.on_upgrade(move |socket| async move { workspace.converse(socket).await })
}

impl Workspace {
    async fn converse(self, mut socket: WebSocket) {
        let (frames, mut outgoing) = mpsc::unbounded_channel();
        let (id, connections) = {
            let mut state = self.lock();
            let id = state.count();
            (id, state.sockets.len() + 1)
        };
        let hello = json!({"type": "hello", "num_connections": connections, "connection_info": {"app_id": self.options.app_id},
            "debug_info": {"host": "sandbox", "build_number": 1, "approximate_connection_time": 18_060}});
        if socket.send(Frame::Text(hello.to_string().into())).await.is_err() {
            return;
        }
        self.lock().sockets.push(Socket { id, frames });
        self.changed();
        loop {
            tokio::select! {
                frame = outgoing.recv() => {
                    let Some(frame) = frame else { break };
                    let last = frame["type"] == "disconnect";
                    if socket.send(Frame::Text(frame.to_string().into())).await.is_err() || last {
                        break;
                    }
                }
                frame = socket.recv() => match frame {
                    Some(Ok(Frame::Text(text))) => self.acknowledged(&text),
                    Some(Ok(Frame::Close(_)) | Err(_)) | None => break,
                    Some(Ok(_)) => {}
                }
            }
        }
        self.lock().sockets.retain(|known| known.id != id);
        self.changed();
    }

    fn acknowledged(&self, text: &str) {
        let Ok(frame) = serde_json::from_str::<Value>(text) else { return };
        let waiting = frame["envelope_id"].as_str().and_then(|id| self.lock().pending.remove(id));
        if let Some(waiting) = waiting {
            // Nobody waits any more where the acknowledgement came too late.
            let _ = waiting.send(frame.get("payload").cloned().unwrap_or_default());
        }
    }

    /// Sends an envelope on one connection; the receiver gets the acknowledgement's payload. None without a connection.
    pub(super) fn envelope(&self, kind: &str, accepts_payload: bool, payload: &Value) -> Option<oneshot::Receiver<Value>> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.lock();
        let id = format!("{:08x}-{:04x}", rand::random::<u32>(), state.count());
        let nth = usize::try_from(state.count()).unwrap_or(0) % state.sockets.len().max(1);
        let envelope = json!({"type": kind, "envelope_id": id, "payload": payload, "accepts_response_payload": accepts_payload});
        state.pending.retain(|_, waiting| !waiting.is_closed());
        state.sockets.get(nth)?.frames.send(envelope).ok()?;
        state.pending.insert(id, sender);
        Some(receiver)
    }

    /// Tells every Socket Mode connection to come again, as Slack does some times a day, and closes it.
    pub fn refresh_sockets(&self) {
        let frame = json!({"type": "disconnect", "reason": "refresh_requested", "debug_info": {"host": "sandbox"}});
        for socket in self.lock().sockets.drain(..) {
            // A connection that is already gone needs no word.
            let _ = socket.frames.send(frame.clone());
        }
    }

    /// Cuts every Socket Mode connection without a word.
    pub fn drop_sockets(&self) {
        self.lock().sockets.clear();
        self.changed();
    }
}
