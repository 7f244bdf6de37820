//! Socket Mode: Slack's calls over a WebSocket that pacer opens, so that no public address is needed.
//!
//! Why an own loop: slack-morphism's brings no certificates without its feature for native ones, acknowledges only
//! after the callback returned, and reads payloads with the types that [`inbound`](super::inbound) avoids.
//!
//! When Slack says that it will close a connection, the next one is opened at once, while the old one goes on until
//! Slack closes it: nothing sent in between is lost.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::Uri;
use backon::{BackoffBuilder, ExponentialBuilder};
use futures::{SinkExt, StreamExt};
use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::inbound::Slash;
use super::{Answer, Connection, commands, events, interactions};
use crate::app::App;

/// Longest wait for a connection to stand.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// Slack pings every few seconds; a connection silent for this long is dead.
const SILENCE_LIMIT: Duration = Duration::from_mins(2);
/// How long a connection that is being left may go on.
const LEAVING_LIMIT: Duration = Duration::from_secs(10);
/// A connection that stood for less is followed by a pause, so that Slack closing each at once is no busy loop.
const STABLE: Duration = Duration::from_secs(10);

/// What a WebSocket runs on: TLS, or plain TCP on loopback.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}
type Socket = WebSocketStream<Box<dyn Wire>>;

/// Keeps a connection until pacer stops.
pub async fn run(app: Arc<App>) {
    let stop = app.tasks.token();
    let mut waits = pauses();
    while !stop.is_cancelled() {
        let (leaving, left) = oneshot::channel();
        let opened = tokio::select! {
            () = stop.cancelled() => return,
            opened = open(&app) => opened,
        };
        let opened_at = Instant::now();
        let at_once = match opened {
            Ok(socket) => {
                app.slack.set_connection(Connection::Connected);
                tracing::info!("Socket Mode is connected");
                let session = Session { app: Arc::clone(&app), next: Some(leaving) };
                app.tasks.spawn("socket session", session.run(socket));
                let told = left.await.is_ok();
                let stable = opened_at.elapsed() >= STABLE;
                if stable {
                    waits = pauses();
                }
                told && stable
            }
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "Socket Mode can't connect");
                false
            }
        };
        if at_once {
            continue;
        }
        app.slack.set_connection(Connection::Connecting);
        let pause = waits.next().unwrap_or(Duration::from_secs(30));
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// From a quarter of a second to half a minute, with jitter, for ever.
fn pauses() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_jitter()
        .with_min_delay(Duration::from_millis(250))
        .with_max_delay(Duration::from_secs(30))
        .without_max_times()
        .build()
}

/// Asks Slack for an address and connects to it.
async fn open(app: &App) -> anyhow::Result<Socket> {
    let answer = app.slack.client.call_as_app("apps.connections.open").await?;
    let url = answer["url"].as_str().unwrap_or_default();
    let address = Address::read(url, app.slack.client.is_local())?;
    let connected = async {
        let tcp = TcpStream::connect((address.host.as_str(), address.port)).await?;
        tcp.set_nodelay(true)?;
        let wire: Box<dyn Wire> = if address.secure {
            let name = ServerName::try_from(address.host.clone())?;
            Box::new(tokio_rustls::TlsConnector::from(app.slack.client.tls()).connect(name, tcp).await?)
        } else {
            Box::new(tcp)
        };
        let (socket, _) = tokio_tungstenite::client_async(url, wire).await?;
        anyhow::Ok(socket)
    };
    tokio::time::timeout(CONNECT_LIMIT, connected).await.map_err(|_| anyhow::anyhow!("no connection within 10 s"))?
}

/// Where to connect.
#[derive(Debug, PartialEq, Eq)]
struct Address {
    host: String,
    port: u16,
    secure: bool,
}

impl Address {
    /// Slack's own hosts over TLS; loopback in plain only where Slack is played there.
    fn read(url: &str, local: bool) -> anyhow::Result<Self> {
        let uri: Uri = url.parse().map_err(|_| anyhow::anyhow!("Slack gave an address that can't be read"))?;
        let secure = uri.scheme_str() == Some("wss");
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let slacks = secure && (host == "slack.com" || host.ends_with(".slack.com"));
        let here = local && matches!(uri.scheme_str(), Some("ws" | "wss")) && crate::config::is_loopback_url(url);
        anyhow::ensure!(slacks || here, "Slack gave an address that is not its own");
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        Ok(Self { host, port, secure })
    }
}

/// One connection.
struct Session {
    app: Arc<App>,
    /// Told once Slack will close this connection, so that the next is opened; dropped where it just ended.
    next: Option<oneshot::Sender<()>>,
}

impl Session {
    async fn run(mut self, socket: Socket) {
        let (mut to_slack, mut from_slack) = socket.split();
        let (owe, mut owed) = mpsc::channel::<Value>(256);
        let stop = self.app.tasks.token();
        let mut owe = Some(owe);
        let after = |limit: Duration| tokio::time::Instant::now() + limit;
        let mut until = after(SILENCE_LIMIT);
        loop {
            tokio::select! {
                () = stop.cancelled(), if owe.is_some() => {
                    // From here on nothing more is taken, and the channel ends with the last acknowledgement owed.
                    owe = None;
                    until = after(LEAVING_LIMIT);
                }
                () = tokio::time::sleep_until(until) => break,
                acknowledgement = owed.recv() => match acknowledgement {
                    Some(body) => if to_slack.send(Message::text(body.to_string())).await.is_err() { break },
                    None => break,
                },
                came = from_slack.next() => match came {
                    Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                    Some(Ok(message)) => {
                        // Any sign of life puts the end off, unless the end is near anyway.
                        if owe.is_some() && self.next.is_some() {
                            until = after(SILENCE_LIMIT);
                        }
                        let Message::Text(text) = message else { continue };
                        if !self.take(text.as_str(), owe.as_ref())
                            && let Some(next) = self.next.take()
                        {
                            until = after(LEAVING_LIMIT);
                            let _ = next.send(());
                        }
                    }
                },
            }
        }
        let _ = tokio::time::timeout(Duration::from_secs(1), to_slack.close()).await;
    }

    /// Takes a message; false where Slack says that it will close the connection.
    fn take(&self, text: &str, owe: Option<&mpsc::Sender<Value>>) -> bool {
        let Ok(message) = serde_json::from_str::<Value>(text) else {
            tracing::warn!("Slack sent something over Socket Mode that is not JSON");
            return true;
        };
        match message["type"].as_str().unwrap_or_default() {
            "hello" => tracing::debug!("Slack says hello"),
            "disconnect" => {
                tracing::info!(reason = message["reason"].as_str(), "Slack will close this connection; opening the next");
                return false;
            }
            _ => {
                // Without `owe` pacer stops: what is not acknowledged, Slack tells the person.
                if let (Some(envelope_id), Some(owe)) = (message["envelope_id"].as_str(), owe) {
                    let (app, owe, envelope_id) = (Arc::clone(&self.app), owe.clone(), envelope_id.to_owned());
                    self.app.tasks.spawn("envelope", async move {
                        let acknowledgement = acknowledge(&envelope_id, dispatch(&app, message).await);
                        let _ = owe.send(acknowledgement).await;
                    });
                }
            }
        }
        true
    }
}

/// Hands an envelope's payload to the same functions that HTTP uses.
async fn dispatch(app: &Arc<App>, mut envelope: Value) -> Answer {
    let payload = envelope["payload"].take();
    match envelope["type"].as_str().unwrap_or_default() {
        "slash_commands" => commands::slash(app, Slash::from_json(&payload)).await,
        "interactive" => interactions::interact(app, payload).await,
        "events_api" => events::event(app, &payload),
        kind => {
            tracing::info!(kind, "an envelope of this kind is not used");
            Ok(Value::Null)
        }
    }
}

/// A refused call is acknowledged too: Slack would send it again, and it would be refused again.
fn acknowledge(envelope_id: &str, answer: Answer) -> Value {
    match answer {
        Ok(Value::Null) | Err(_) => json!({ "envelope_id": envelope_id }),
        Ok(payload) => json!({ "envelope_id": envelope_id, "payload": payload }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_go_to_slacks_hosts_over_tls_or_to_loopback_where_slack_is_played() {
        let check = |url: &str, local: bool, expect: Option<(&str, u16, bool)>| {
            let read = Address::read(url, local).ok();
            assert_eq!(read, expect.map(|(host, port, secure)| Address { host: host.into(), port, secure }), "{url}");
        };
        check("wss://wss-primary.slack.com/link/?ticket=1", false, Some(("wss-primary.slack.com", 443, true)));
        check("ws://wss-primary.slack.com/link", false, None);
        check("wss://slack.com.evil.example/", false, None);
        check("ws://127.0.0.1:9/x", false, None);
        check("ws://127.0.0.1:9/x", true, Some(("127.0.0.1", 9, false)));
        check("ws://10.0.0.1:9/x", true, None);
        check("", true, None);
    }

    #[test]
    fn an_acknowledgement_carries_the_answer_where_there_is_one() {
        let check = |answer: Answer, expect: Value| assert_eq!(acknowledge("e1", answer), expect);
        check(Ok(Value::Null), json!({ "envelope_id": "e1" }));
        check(Ok(json!({ "text": "x" })), json!({ "envelope_id": "e1", "payload": { "text": "x" } }));
        check(Err(super::super::Stranger(super::super::admission::Admission::Stranger)), json!({ "envelope_id": "e1" }));
    }
}
