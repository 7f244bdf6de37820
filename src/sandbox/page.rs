//! The browser page and what it calls under `/sandbox`: one state to read, one act to post, one WebSocket that says
//! "something changed".
//!
//! Why no diff on the wire: everything is on this machine, so the page reads the whole state again and redraws what
//! differs. Acts need a JSON body, which a foreign site can't post without a preflight that is never answered.

use axum::extract::ws::{Message as Frame, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::state::dm_of;
use super::{Choice, Place, Unanswered, Workspace};

/// What the page may load: its own files, nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page's files: path, media type, content.
const FILES: &[(&str, &str, &str)] = &[
    ("/", "text/html; charset=utf-8", include_str!("page/index.html")),
    ("/sandbox/style.css", "text/css; charset=utf-8", include_str!("page/style.css")),
    ("/sandbox/blocks.css", "text/css; charset=utf-8", include_str!("page/blocks.css")),
    ("/sandbox/app.js", "text/javascript; charset=utf-8", include_str!("page/app.js")),
    ("/sandbox/dom.js", "text/javascript; charset=utf-8", include_str!("page/dom.js")),
    ("/sandbox/blocks.js", "text/javascript; charset=utf-8", include_str!("page/blocks.js")),
    ("/sandbox/elements.js", "text/javascript; charset=utf-8", include_str!("page/elements.js")),
    ("/sandbox/chart.js", "text/javascript; charset=utf-8", include_str!("page/chart.js")),
    ("/sandbox/modal.js", "text/javascript; charset=utf-8", include_str!("page/modal.js")),
    ("/sandbox/mrkdwn.js", "text/javascript; charset=utf-8", include_str!("page/mrkdwn.js")),
];

pub(super) fn router() -> Router<Workspace> {
    let mut router = Router::new().route("/sandbox/state", get(state)).route("/sandbox/act", post(act)).route("/sandbox/live", get(live));
    for (path, kind, content) in FILES {
        let headers = [
            (header::CONTENT_TYPE, *kind),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::CACHE_CONTROL, "no-cache"),
        ];
        router = router.route(path, get(move || async move { (headers, *content) }));
    }
    router
}

#[derive(Deserialize)]
struct Looking {
    user: Option<String>,
    channel: Option<String>,
}

/// All that one person's screen needs.
async fn state(State(workspace): State<Workspace>, Query(looking): Query<Looking>) -> Json<Value> {
    let options = workspace.options();
    let user = looking.user.or_else(|| options.people.first().map(|person| person.id.clone())).unwrap_or_default();
    let state = workspace.lock();
    let direct = dm_of(&user);
    let mut channels: Vec<Value> =
        state.channels.iter().filter(|channel| channel.is_seen_by(&user)).map(|channel| json!(channel)).collect();
    channels.push(
        json!({"id": direct, "name": options.bot_name, "is_private": true, "is_archived": false, "has_app": true, "is_direct": true}),
    );
    for channel in &mut channels {
        let id = channel["id"].as_str().unwrap_or_default().to_owned();
        let seen =
            state.messages.iter().rfind(|message| message.channel == id && message.only_for.as_deref().is_none_or(|only| only == user));
        channel["latest"] = json!(seen.map(|message| &message.ts));
    }
    let channel = looking.channel.unwrap_or_else(|| options.channels.first().map(|channel| channel.id.clone()).unwrap_or_default());
    let modals = state.modals.get(&user).cloned().unwrap_or_default();
    let home = state.homes.get(&user).cloned();
    let people: Vec<Value> = state.people.iter().map(|person| json!(person)).collect();
    let connected = !state.sockets.is_empty() || state.app_url.is_some();
    let groups = state.groups.clone();
    drop(state);
    Json(
        json!({"team": options.team_name, "command": options.command, "suggestions": options.suggestions, "user": user, "channel": channel,
        "app": {"user": options.bot_user, "name": options.bot_name, "connected": connected}, "people": people, "channels": channels,
        "groups": groups, "messages": workspace.messages(&channel, &user), "modals": modals, "home": home}),
    )
}

/// What the page does for a person.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Act {
    Send { user: String, channel: String, text: String, thread_ts: Option<String> },
    Choose { user: String, message: Option<String>, view: Option<String>, block_id: String, action_id: String, choice: Choice },
    Submit { user: String, view: String, values: Vec<(String, String, Choice)> },
    Close { user: String },
    Home { user: String },
    Dismiss { user: String, message: String },
}

async fn act(State(workspace): State<Workspace>, Json(act): Json<Act>) -> Json<Value> {
    let done = match act {
        Act::Send { user, channel, text, thread_ts } => workspace.send(&user, &channel, &text, thread_ts.as_deref()).await,
        Act::Choose { user, message, view, block_id, action_id, choice } => {
            let place = message.map(Place::Message).or(view.map(Place::View));
            match place {
                Some(place) => workspace.choose(&user, &place, &block_id, &action_id, &choice).await.map(|_| ()),
                None => Err(Unanswered::Impossible("an act needs a message or a view".to_owned())),
            }
        }
        Act::Submit { user, view, values } => {
            let values: Vec<(&str, &str, Choice)> =
                values.iter().map(|(block, action, choice)| (block.as_str(), action.as_str(), choice.clone())).collect();
            workspace.submit_view(&user, &view, &values).await.map(|_| ())
        }
        Act::Close { user } => workspace.close_view(&user).await,
        Act::Home { user } => workspace.open_home(&user).await,
        Act::Dismiss { user, message } => {
            workspace.lock().messages.retain(|known| !(known.ts == message && known.only_for.as_deref() == Some(user.as_str())));
            workspace.changed();
            Ok(())
        }
    };
    Json(done.map_or_else(|why| json!({"ok": false, "error": why.to_string()}), |()| json!({"ok": true})))
}

impl Workspace {
    /// What Enter does with a line: a slash command or a message. `/invite @pacer` works as in Slack.
    async fn send(&self, user: &str, channel: &str, text: &str, thread_ts: Option<&str>) -> Result<(), Unanswered> {
        let text = text.trim();
        if !text.starts_with('/') {
            return self.say(user, channel, text, thread_ts).await.map(|_| ());
        }
        let (command, words) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        if command == "/invite" && words.trim().trim_start_matches('@') == self.options.bot_name {
            self.invite_app(channel);
            return Ok(());
        }
        if command != self.options.command {
            return Err(Unanswered::Impossible(format!("{command} is not a valid command here. Try {} help.", self.options.command)));
        }
        self.slash(user, channel, command, words.trim()).await.map(|_| ())
    }
}

/// Only a page of this very server may listen.
async fn live(State(workspace): State<Workspace>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    let text = |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
    let origin = text(header::ORIGIN).and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    if origin.is_some() && origin != text(header::HOST) {
        return (StatusCode::FORBIDDEN, "another origin").into_response();
    }
    upgrade.on_upgrade(move |socket| async move { workspace.tell(socket).await })
}

impl Workspace {
    async fn tell(self, mut socket: WebSocket) {
        let mut versions = self.version.subscribe();
        loop {
            tokio::select! {
                changed = versions.changed() => {
                    let version = *versions.borrow_and_update();
                    if changed.is_err() || socket.send(Frame::Text(version.to_string().into())).await.is_err() {
                        return;
                    }
                }
                frame = socket.recv() => match frame {
                    Some(Ok(Frame::Close(_)) | Err(_)) | None => return,
                    Some(Ok(_)) => {}
                }
            }
        }
    }
}
