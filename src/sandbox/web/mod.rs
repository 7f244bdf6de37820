//! The Web API: `POST /api/{method}`, form or JSON, bearer token, Slack's answers.
//!
//! One table of methods with the token and scope each needs; a call passes, in this order, scripted faults, token,
//! scope, the method itself, and the log.

mod args;
mod chat;
mod conversations;
mod files;
mod people;
mod views;

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use serde_json::{Value, json};

use super::blocks::Refusal;
use super::{Call, Fault, Workspace};
pub(super) use args::Args;
pub(super) use chat::content;

/// What a method answers.
pub(super) type Answer = Result<Value, Refused>;

/// An `{"ok":false}` answer.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    pub error: String,
    pub details: Vec<String>,
    pub more: Value,
    /// 429 where a rate is exceeded, else 200.
    pub retry_after_secs: Option<u32>,
}

impl Refused {
    /// A refusal by its name alone.
    pub fn new(error: &str) -> Self {
        Self { error: error.to_owned(), details: Vec::new(), more: json!({}), retry_after_secs: None }
    }

    /// `invalid_arguments` with one line of detail.
    pub fn arguments(detail: impl Into<String>) -> Self {
        Self { details: vec![detail.into()], ..Self::new("invalid_arguments") }
    }

    /// The answer's body.
    pub fn json(&self) -> Value {
        let mut json = json!({"ok": false, "error": self.error});
        for (name, value) in self.more.as_object().into_iter().flatten() {
            json[name] = value.clone();
        }
        if !self.details.is_empty() {
            json["errors"] = json!(self.details);
            json["response_metadata"] = json!({"messages": self.details});
        }
        json
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { details: refusal.details, ..Self::new(refusal.error) }
    }
}

/// Methods whose documentation says that they do not read JSON: arguments sent so are as good as none.
const NO_JSON: &[&str] = &["usergroups.users.list", "users.list", "users.info", "users.lookupByEmail"];

/// What a method needs.
#[derive(Clone, Copy)]
enum Needs {
    /// The app-level token.
    App,
    /// The bot token, and a scope unless it is empty.
    Bot(&'static str),
}

type Method = (&'static str, Needs, fn(&Workspace, &Args) -> Answer);

const METHODS: &[Method] = &[
    ("auth.test", Needs::Bot(""), people::auth_test),
    ("apps.connections.open", Needs::App, people::connections_open),
    ("team.info", Needs::Bot("team:read"), people::team_info),
    ("users.list", Needs::Bot("users:read"), people::list),
    ("users.info", Needs::Bot("users:read"), people::info),
    ("users.lookupByEmail", Needs::Bot("users:read.email"), people::lookup_by_email),
    ("users.conversations", Needs::Bot("channels:read"), conversations::of_user),
    ("usergroups.list", Needs::Bot("usergroups:read"), people::groups),
    ("usergroups.users.list", Needs::Bot("usergroups:read"), people::group_users),
    ("chat.postMessage", Needs::Bot("chat:write"), chat::post_message),
    ("chat.postEphemeral", Needs::Bot("chat:write"), chat::post_ephemeral),
    ("chat.update", Needs::Bot("chat:write"), chat::update),
    ("chat.delete", Needs::Bot("chat:write"), chat::delete),
    ("chat.getPermalink", Needs::Bot(""), chat::permalink),
    ("conversations.list", Needs::Bot("channels:read"), conversations::list),
    ("conversations.info", Needs::Bot(""), conversations::info),
    ("conversations.members", Needs::Bot(""), conversations::members),
    ("conversations.history", Needs::Bot(""), conversations::history),
    ("conversations.replies", Needs::Bot(""), conversations::replies),
    ("conversations.open", Needs::Bot("im:write"), conversations::open),
    ("conversations.join", Needs::Bot("channels:join"), conversations::join),
    ("views.open", Needs::Bot(""), views::open),
    ("views.push", Needs::Bot(""), views::push),
    ("views.update", Needs::Bot(""), views::update),
    ("views.publish", Needs::Bot(""), views::publish),
    ("files.getUploadURLExternal", Needs::Bot("files:write"), files::upload_url),
    ("files.completeUploadExternal", Needs::Bot("files:write"), files::complete),
];

pub(super) fn router() -> axum::Router<Workspace> {
    let uploads = axum::Router::new().route("/upload/{id}", post(files::upload)).layer(DefaultBodyLimit::max(64 << 20));
    axum::Router::new()
        .route("/api/{method}", any(call))
        .route("/sandbox/files/{id}", axum::routing::get(files::show))
        .layer(DefaultBodyLimit::max(4 << 20))
        .merge(uploads)
}

async fn call(
    State(workspace): State<Workspace>,
    Path(method): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let args = Args::read(&headers, query.as_deref(), &body);
    let shown = args.as_ref().map(Args::body).unwrap_or_default();
    workspace
        .answer(&method, shown, || {
            let args = args?;
            workspace.dispatch(&method, &args)
        })
        .await
}

impl Workspace {
    /// Runs a call through its scripted fault and writes it in the log.
    pub(super) async fn answer(&self, method: &str, body: Value, run: impl FnOnce() -> Answer) -> Response {
        let fault = self.lock().fault(method);
        if let Some(Fault::Delay(time)) = &fault {
            tokio::time::sleep(*time).await;
        }
        let (status, answer, retry_after) = match &fault {
            Some(Fault::RateLimited(secs)) => (429, Refused::new("ratelimited").json(), Some(*secs)),
            Some(Fault::Status(status)) => (*status, Value::Null, None),
            Some(Fault::Error(error)) => (200, Refused::new(error).json(), None),
            Some(Fault::Reset) => (0, Value::Null, None),
            _ => outcome(run()),
        };
        if let Some(Fault::Late(time)) = &fault {
            self.changed();
            tokio::time::sleep(*time).await;
        }
        let dropped = matches!(fault, Some(Fault::Reset | Fault::ResetAfter));
        let seen = if dropped { 0 } else { status };
        self.lock().log(Call { method: method.to_owned(), body, answer: answer.clone(), status: seen, at: self.now() });
        self.changed();
        match fault {
            Some(Fault::Reset | Fault::ResetAfter) => dropped_connection(),
            Some(Fault::Status(_)) => (code(status), "upstream connect error").into_response(),
            Some(Fault::Malformed) => ([(header::CONTENT_TYPE, "application/json")], "{\"ok\":true,\"ts\":\"17").into_response(),
            _ => self.respond(status, &answer, retry_after),
        }
    }

    fn respond(&self, status: u16, answer: &Value, retry_after: Option<u32>) -> Response {
        let mut response = (code(status), axum::Json(answer)).into_response();
        if let Some(secs) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, secs.into());
        }
        if let Ok(scopes) = self.options.scopes.join(",").parse() {
            response.headers_mut().insert("x-oauth-scopes", scopes);
        }
        response
    }

    fn dispatch(&self, method: &str, args: &Args) -> Answer {
        let Some((_, needs, run)) = METHODS.iter().find(|(name, ..)| *name == method) else {
            return Err(Refused { more: json!({"req_method": method}), ..Refused::new("unknown_method") });
        };
        let args = &if NO_JSON.contains(&method) { args.without_json() } else { args.clone() };
        let token = args.token().ok_or_else(|| Refused::new("not_authed"))?;
        let (is_bot, is_app) = (token == self.options.bot_token, token == self.options.app_token);
        match needs {
            _ if !is_bot && !is_app => return Err(Refused::new("invalid_auth")),
            Needs::App if !is_app => return Err(Refused::new("not_allowed_token_type")),
            Needs::Bot(_) if is_bot && self.lock().token_refused.is_some() => {
                return Err(Refused::new(self.lock().token_refused.as_deref().unwrap_or("invalid_auth")));
            }
            Needs::Bot(_) if !is_bot => return Err(Refused::new("not_allowed_token_type")),
            Needs::Bot(scope) => self.need_scope(scope)?,
            Needs::App => {}
        }
        run(self, args)
    }

    /// Refuses with `missing_scope` unless the scope is granted; no scope is always granted.
    fn need_scope(&self, scope: &str) -> Result<(), Refused> {
        if scope.is_empty() || self.options.scopes.iter().any(|granted| granted == scope) {
            return Ok(());
        }
        let more = json!({"needed": scope, "provided": self.options.scopes.join(",")});
        Err(Refused { more, ..Refused::new("missing_scope") })
    }
}

/// Status, body and `Retry-After` of an answer.
fn outcome(answer: Answer) -> (u16, Value, Option<u32>) {
    match answer {
        Ok(mut answer) => {
            answer["ok"] = json!(true);
            (200, answer, None)
        }
        Err(refused) => (if refused.retry_after_secs.is_some() { 429 } else { 200 }, refused.json(), refused.retry_after_secs),
    }
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A response that can't be written: the server drops the connection before the first byte.
fn dropped_connection() -> Response {
    let broken = futures::stream::once(async { Err::<Bytes, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset)) });
    Response::new(Body::from_stream(broken))
}
