//! The Slack door against a scripted Slack: who is let in, what is called, what is said.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::admission::Admission;
use super::effects::{Place, carry_out};
use super::origins::Origin;
use super::verify::tests::sign;
use super::*;
use crate::domain::card::{Button, Card, Part};
use crate::domain::chart::{Chart, Lines, Steps};
use crate::domain::form::Form;
use crate::domain::time::{At, HOUR, SECOND};
use crate::error::Failure;
use crate::features::Effect;

/// Status and body, in the order in which they are said.
type Answers = VecDeque<(u16, Value)>;

/// A Slack that says what it is told to, `{"ok":true}` otherwise, and remembers what it was asked.
#[derive(Clone, Default)]
struct Scripted {
    says: Arc<Mutex<HashMap<String, Answers>>>,
    heard: Arc<Mutex<Vec<(String, Value)>>>,
    called: Arc<tokio::sync::Notify>,
}

impl Scripted {
    fn say(&self, method: &str, status: u16, body: Value) {
        self.says.lock().expect("unpoisoned").entry(method.to_owned()).or_default().push_back((status, body));
    }

    fn heard(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut *self.heard.lock().expect("unpoisoned"))
    }

    fn methods(&self) -> Vec<String> {
        self.heard().into_iter().map(|(method, _)| method).collect()
    }
}

async fn called(State(slack): State<Scripted>, Path(method): Path<String>, Json(body): Json<Value>) -> Response {
    slack.heard.lock().expect("unpoisoned").push((method.clone(), body));
    slack.called.notify_one();
    let said = slack.says.lock().expect("unpoisoned").get_mut(&method).and_then(VecDeque::pop_front);
    let (status, body) = said.unwrap_or((200, json!({ "ok": true, "view": { "id": "V1" } })));
    let status = StatusCode::from_u16(status).expect("a status");
    (status, [("retry-after", "0")], Json(body)).into_response()
}

struct Door {
    app: Arc<App>,
    slack: Scripted,
    url: String,
    _server: JoinSet<()>,
    _folder: tempfile::TempDir,
}

async fn door(vars: &[(&str, &str)]) -> Door {
    let slack = Scripted::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let router = Router::new().route("/api/{method}", post(called)).with_state(slack.clone());
    let mut server = JoinSet::new();
    server.spawn(async move { axum::serve(listener, router).await.expect("serves") });
    let api = format!("{url}/api");
    let mut all = vec![("SLACK_API_URL", api.as_str()), ("SLACK_SIGNING_SECRET", "shh"), ("SLACK_BOT_TOKEN", "xoxb-1")];
    all.extend(vars);
    let (app, folder) = crate::app::tests::app(&all).await;
    Door { app, slack, url, _server: server, _folder: folder }
}

impl Door {
    /// Status and body of a signed post; the clock stands at 1,000,000 s.
    async fn post(&self, path: &str, body: &str, signed_at: i64) -> (u16, Value) {
        use axum::extract::FromRequest;
        let mut request = Request::post(path);
        for (name, value) in sign("shh", body, signed_at) {
            request = request.header(name, value);
        }
        let request = request.body(Body::from(body.to_owned())).expect("request");
        let response = match Signed::from_request(request, &self.app).await {
            Err(refused) => refused,
            Ok(signed) if path == "/slack/commands" => post_command(State(Arc::clone(&self.app)), signed).await,
            Ok(signed) if path == "/slack/interactions" => post_interaction(State(Arc::clone(&self.app)), signed).await,
            Ok(signed) => post_event(State(Arc::clone(&self.app)), signed).await,
        };
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 1_000_000).await.expect("body");
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    fn place(&self) -> Place {
        let origin = Origin { channel_id: "C1".into(), response_url: format!("{}/api/response_url", self.url), ..Origin::default() };
        Place { user_id: "U1".into(), trigger_id: "t1".into(), origin, ..Place::default() }
    }
}

fn card() -> Box<Card> {
    Box::new(Card { title: "DORA".into(), verdict: "Better.".into(), ..Card::default() })
}

const NOW: i64 = 1_000_000;

#[tokio::test]
async fn a_command_is_let_in_by_signature_time_and_workspace() {
    let door = door(&[("PACER_SLACK_TEAMS", "T1"), ("PACER_RATE_LIMIT", "off")]).await;
    let check = async |body: &str, signed_at: i64, expect: (u16, &str)| {
        let (status, answer) = door.post("/slack/commands", body, signed_at).await;
        assert_eq!((status, answer["error"]["kind"].as_str().unwrap_or_default()), expect, "{answer}");
    };
    check("team_id=T1&user_id=U1&text=help", NOW, (200, "")).await;
    check("team_id=T1&user_id=U1&text=help", NOW - 301, (401, "unsigned")).await;
    check("team_id=T1&user_id=U1&text=help", NOW + 301, (401, "unsigned")).await;
    check("team_id=T2&user_id=U1&text=help", NOW, (403, "other_workspace")).await;
    check("user_id=U1&text=help", NOW, (403, "other_workspace")).await;
    check("ssl_check=1&token=x", NOW, (200, "")).await;
    let body = format!(
        "payload={}",
        serde_urlencoded::to_string([("", r#"{"type":"block_actions","team":{"id":"T2"}}"#)]).expect("form").split_off(1)
    );
    assert_eq!(door.post("/slack/interactions", &body, NOW).await.0, 403);
    assert_eq!(door.post("/slack/interactions", "payload=%7B", NOW).await.0, 400);
    assert_eq!(door.post("/slack/events", "{", NOW).await.0, 400);
    assert_eq!(door.post("/slack/events", r#"{"type":"event_callback","team_id":"T2"}"#, NOW).await.0, 403);
}

#[tokio::test]
async fn before_its_own_workspace_is_known_nobody_is_let_in_and_then_only_that() {
    let door = door(&[]).await;
    let (status, answer) = door.post("/slack/commands", "team_id=T1&user_id=U1&text=help", NOW).await;
    assert_eq!((status, answer["text"].as_str()), (200, Some(Admission::NotYet.sentence())));
    door.slack.say("auth.test", 500, json!({}));
    door.slack.say("auth.test", 200, json!({ "ok": true, "team_id": "T1", "user_id": "UBOT" }));
    admission::learn(Arc::clone(&door.app)).await;
    assert_eq!(door.slack.methods(), ["auth.test", "auth.test"]);
    assert_eq!(door.app.slack.connection(), Connection::Connected);
    assert_eq!(door.app.slack.workspaces.admit("T1", ""), Admission::Welcome);
    assert_eq!(door.app.slack.workspaces.admit("T2", ""), Admission::Stranger);
}

#[tokio::test]
async fn the_21st_question_in_a_minute_is_told_to_wait_in_private() {
    let door = door(&[("PACER_SLACK_TEAMS", "T1")]).await;
    for _ in 0..20 {
        door.post("/slack/commands", "team_id=T1&user_id=U1&text=help", NOW).await;
    }
    let (status, answer) = door.post("/slack/commands", "team_id=T1&user_id=U1&text=help", NOW).await;
    assert_eq!((status, answer["response_type"].as_str()), (200, Some("ephemeral")));
    assert!(answer["text"].as_str().is_some_and(|text| text.starts_with("You asked 20 times in a minute; try again in ")), "{answer}");
    let (_, other) = door.post("/slack/commands", "team_id=T1&user_id=U2&text=help", NOW).await;
    assert!(!other["text"].as_str().unwrap_or_default().starts_with("You asked"), "{other}");
}

#[tokio::test]
async fn events_answer_slacks_challenge_and_a_redelivery_does_nothing() {
    let door = door(&[("PACER_SLACK_TEAMS", "T1")]).await;
    let (status, answer) = door.post("/slack/events", r#"{"type":"url_verification","challenge":"c1"}"#, NOW).await;
    assert_eq!((status, answer), (200, json!({ "challenge": "c1" })));
    let opened = json!({ "type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event": { "type": "app_home_opened", "tab": "home", "user": "U1" } });
    assert_eq!(door.post("/slack/events", &opened.to_string(), NOW).await.0, 200);
    assert_eq!(door.post("/slack/events", &opened.to_string(), NOW).await.0, 200);
    assert!(door.app.tasks.drain(std::time::Duration::from_secs(5)).await);
    let heard = door.slack.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!((heard[0].0.as_str(), &heard[0].1["user_id"]), ("views.publish", &json!("U1")));
}

#[tokio::test]
async fn sharing_posts_for_everybody_and_then_replaces_the_private_answer() {
    let door = door(&[]).await;
    carry_out(&door.app, &door.place(), Effect::Share(card())).await.expect("shared");
    let heard = door.slack.heard();
    assert_eq!(heard.iter().map(|(method, _)| method.as_str()).collect::<Vec<_>>(), ["chat.postMessage", "response_url"]);
    assert_eq!(heard[0].1["channel"], "C1");
    assert!(heard[0].1.to_string().contains("Shared by <@U1>"), "{}", heard[0].1);
    assert_eq!((&heard[1].1["replace_original"], &heard[1].1["response_type"]), (&json!(true), &json!("ephemeral")));
    assert!(heard[1].1["text"].as_str().is_some_and(|text| text.contains("<#C1>")), "{}", heard[1].1);
}

#[tokio::test]
async fn where_pacer_may_not_post_the_person_is_told_what_to_type() {
    let door = door(&[]).await;
    for code in ["not_in_channel", "channel_not_found"] {
        door.slack.say("chat.postMessage", 200, json!({ "ok": false, "error": code }));
        let failure = carry_out(&door.app, &door.place(), Effect::Share(card())).await.expect_err("not shared");
        let Failure::User(error) = failure else { panic!("{failure:?}") };
        assert_eq!(error.hint, "Type `/invite @pacer` here, then press Share again.");
        assert_eq!(door.slack.methods(), ["chat.postMessage"]);
    }
}

#[tokio::test]
async fn a_post_that_may_have_gone_out_is_not_repeated_and_a_refused_one_is() {
    let door = door(&[]).await;
    door.slack.say("chat.postMessage", 500, json!({}));
    assert!(carry_out(&door.app, &door.place(), Effect::Share(card())).await.is_err());
    assert_eq!(door.slack.methods(), ["chat.postMessage"]);
    door.slack.say("chat.postMessage", 429, json!({ "ok": false, "error": "ratelimited" }));
    carry_out(&door.app, &door.place(), Effect::Share(card())).await.expect("shared");
    assert_eq!(door.slack.methods(), ["chat.postMessage", "chat.postMessage", "response_url"]);
}

#[tokio::test]
async fn a_modal_opens_once_and_is_updated_where_one_stands_open() {
    let door = door(&[]).await;
    let check = async |place: Place, effect: Effect, expect: &[&str]| {
        carry_out(&door.app, &place, effect).await.expect("shown");
        assert_eq!(door.slack.methods(), expect);
    };
    let form =
        || Effect::Form(Form { title: "Period".into(), submit: "Show".into(), action: "period".into(), state: "x".into(), fields: vec![] });
    check(door.place(), Effect::Modal(card()), &["views.open"]).await;
    check(door.place(), form(), &["views.open"]).await;
    check(Place { view_id: "V9".into(), ..door.place() }, Effect::Modal(card()), &["views.update"]).await;
    check(Place { view_id: "V9".into(), ..door.place() }, form(), &["views.push"]).await;
    check(Place { loading_id: "V8".into(), ..door.place() }, Effect::Modal(card()), &["views.update"]).await;
    check(Place { loading_id: "V8".into(), ..door.place() }, Effect::Replace(card()), &["response_url", "views.update"]).await;
    let mut slow = door.place();
    slow.open_loading(&door.app).await;
    assert_eq!((slow.loading_id.as_str(), door.slack.methods()), ("V1", vec!["views.open".to_owned()]));
    assert_eq!(door.app.slack.origins.of(["V1", ""], door.app.clock.now()), Some(door.place().origin));
}

#[tokio::test]
async fn an_answer_whose_response_url_is_used_up_or_unknown_comes_as_a_new_private_message() {
    let door = door(&[]).await;
    door.slack.say("response_url", 404, json!({ "ok": false, "error": "used_url" }));
    carry_out(&door.app, &door.place(), Effect::Replace(card())).await.expect("answered");
    let heard = door.slack.heard();
    assert_eq!(heard.iter().map(|(method, _)| method.as_str()).collect::<Vec<_>>(), ["response_url", "chat.postEphemeral"]);
    assert_eq!((&heard[1].1["user"], &heard[1].1["channel"], &heard[1].1["replace_original"]), (&json!("U1"), &json!("C1"), &Value::Null));
    let unknown = Place { origin: Origin { channel_id: "C1".into(), ..Origin::default() }, ..door.place() };
    unknown.tell(&door.app, commands::say("No.")).await;
    assert_eq!(door.slack.methods(), ["chat.postEphemeral"]);
}

/// An answer with a native chart.
fn chart_card() -> Box<Card> {
    let steps = Steps::time((0..4).map(|week| At::from_secs(week * 7 * 86_400)), chrono_tz::Tz::UTC);
    let lines = Lines::new("count", steps, "Payments", vec![Some(1.0), Some(3.0), Some(2.0), Some(4.0)]);
    Box::new(Card { parts: vec![Part::Chart(Chart::new("Finished items", lines))], ..*card() })
}

/// What was called, and whether with a native chart.
fn with_charts(heard: &[(String, Value)]) -> Vec<(&str, bool)> {
    heard.iter().map(|(method, body)| (method.as_str(), body.to_string().contains("data_visualization"))).collect()
}

const REFUSED: &str = "invalid_blocks";

#[tokio::test]
async fn a_refused_chart_is_sent_again_as_letters_and_not_tried_for_a_day() {
    let door = door(&[]).await;
    door.slack.say("chat.postMessage", 200, json!({ "ok": false, "error": REFUSED }));
    carry_out(&door.app, &door.place(), Effect::Share(chart_card())).await.expect("shared");
    let heard = door.slack.heard();
    assert_eq!(with_charts(&heard), [("chat.postMessage", true), ("chat.postMessage", false), ("response_url", false)]);
    assert!(heard[1].1.to_string().contains("*Finished items*") && heard[1].1.to_string().contains("▃▆▅█"), "{}", heard[1].1);
    carry_out(&door.app, &door.place(), Effect::Replace(chart_card())).await.expect("answered");
    assert_eq!(with_charts(&door.slack.heard()), [("response_url", false)]);
    let check = |hours: i64, expect: bool| {
        let now = door.app.clock.now().plus(hours * HOUR);
        assert_eq!(door.app.slack.charts.are_refused(now), expect, "after {hours} h");
    };
    check(23, true);
    check(24, false);
}

#[tokio::test]
async fn where_the_message_is_refused_without_its_chart_too_the_chart_was_not_the_fault() {
    let door = door(&[]).await;
    for _ in 0..2 {
        door.slack.say("chat.postMessage", 200, json!({ "ok": false, "error": REFUSED }));
    }
    assert!(carry_out(&door.app, &door.place(), Effect::Share(chart_card())).await.is_err());
    assert_eq!(with_charts(&door.slack.heard()), [("chat.postMessage", true), ("chat.postMessage", false)]);
    assert!(!door.app.slack.charts.are_refused(door.app.clock.now()));
    // Another refusal has nothing to do with blocks: one call.
    door.slack.say("chat.postMessage", 200, json!({ "ok": false, "error": "not_in_channel" }));
    assert!(carry_out(&door.app, &door.place(), Effect::Share(chart_card())).await.is_err());
    assert_eq!(with_charts(&door.slack.heard()), [("chat.postMessage", true)]);
}

#[tokio::test]
async fn an_answer_with_a_chart_is_acknowledged_in_letters_with_a_button_to_it() {
    let door = door(&[]).await;
    let plain = commands::private(crate::render::message(&card()));
    assert_eq!(outgoing::acknowledge(&door.app, plain.clone()), plain);
    let mut card = chart_card();
    card.buttons.push(Button { label: "Chart".into(), action: "chart".into(), value: "7f3a9c2k".into(), primary: false });
    let answer = || commands::private(crate::render::message(&card));
    let body = outgoing::acknowledge(&door.app, answer()).to_string();
    assert!(body.contains("▃▆▅█") && body.contains("\"chart\"") && !body.contains("data_visualization"), "{body}");
    // Pressed, it is sent where a refusal is heard; a response URL says one with a status of its own. With the picture in it the
    // button has nothing to show, and where none is taken neither.
    let url = format!("{}/api/response_url", door.url);
    door.slack.say("response_url", 400, json!({ "ok": false, "error": REFUSED }));
    outgoing::respond(&door.app, &url, &answer()).await.expect("taken without it");
    let heard = door.slack.heard();
    assert_eq!(with_charts(&heard), [("response_url", true), ("response_url", false)]);
    assert!(heard.iter().all(|(_, body)| !body.to_string().contains("\"action_id\":\"chart\"")), "{heard:?}");
    let body = outgoing::acknowledge(&door.app, answer()).to_string();
    assert!(body.contains("▃▆▅█") && !body.contains("\"action_id\":\"chart\""), "{body}");
}

#[tokio::test]
async fn what_breaks_is_shown_with_a_reference_and_no_detail() {
    let body = commands::broke(&anyhow::anyhow!("password hunter2"), "dora");
    assert_eq!(body["response_type"], "ephemeral");
    assert!(!body.to_string().contains("hunter2"));
    let text = body["text"].as_str().expect("text");
    let reference = text.split('`').nth(1).expect("a reference");
    assert!(reference.len() == 8 && reference.chars().all(|digit| digit.is_ascii_hexdigit()), "{text}");
}

#[tokio::test]
async fn what_the_person_can_mend_carries_a_reference_too() {
    let error = crate::error::UserError::new(crate::error::Kind::UnknownTeam, "I do not know the team `x`.", "There is `y`.");
    let text = commands::said_no(&error, "dora")["text"].as_str().expect("text").to_owned();
    let reference = text.rsplit('`').nth(1).expect("a reference").to_owned();
    assert!(reference.len() == 8 && reference.chars().all(|digit| digit.is_ascii_hexdigit()), "{text}");
    let other = commands::said_no(&error, "dora")["text"].as_str().expect("text").to_owned();
    assert_ne!(text, other, "each has its own line in the log");
}

#[tokio::test]
async fn a_body_over_one_mebibyte_is_refused_before_it_is_hashed() {
    use axum::extract::FromRequest;
    let door = door(&[]).await;
    let request = |size: usize| {
        let mut request = Request::post("/slack/commands");
        for (name, value) in sign("shh", "", NOW) {
            request = request.header(name, value);
        }
        // The limit is the one that the router's layer sets.
        request.body(Body::from(vec![b'x'; size])).expect("request")
    };
    let refused = Signed::from_request(request(BODY_CAP * 3), &door.app).await.expect_err("too large");
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let refused = Signed::from_request(request(10), &door.app).await.expect_err("wrongly signed");
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(door.app.clock.now().0, NOW * SECOND);
}

/// The server's end of Socket Mode: each connection as it comes.
type Sockets = tokio::sync::mpsc::Sender<axum::extract::ws::WebSocket>;

async fn upgraded(upgrade: axum::extract::ws::WebSocketUpgrade, State(sockets): State<Sockets>) -> Response {
    upgrade.on_upgrade(async move |socket| sockets.send(socket).await.expect("the test takes it"))
}

#[tokio::test]
async fn socket_mode_answers_in_the_acknowledgement_reconnects_and_ends_well() {
    use axum::extract::ws::Message;
    let door = door(&[("PACER_SLACK_TEAMS", "T1"), ("SLACK_APP_TOKEN", "xapp-1")]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let link = format!("ws://{}/link?ticket=1", listener.local_addr().expect("bound"));
    let (sockets, mut opened) = tokio::sync::mpsc::channel(4);
    let mut server = JoinSet::new();
    let router = Router::new().route("/link", axum::routing::get(upgraded)).with_state(sockets);
    server.spawn(async move { axum::serve(listener, router).await.expect("serves") });
    door.slack.say("apps.connections.open", 500, json!({}));
    for _ in 0..2 {
        door.slack.say("apps.connections.open", 200, json!({ "ok": true, "url": link }));
    }
    door.app.tasks.spawn("socket mode", socket::run(Arc::clone(&door.app)));

    let mut first = opened.recv().await.expect("a connection");
    let ask = async |socket: &mut axum::extract::ws::WebSocket, envelope: Value| {
        socket.send(Message::text(envelope.to_string())).await.expect("sent");
        let answer = socket.recv().await.expect("open").expect("readable");
        serde_json::from_str::<Value>(answer.to_text().expect("text")).expect("JSON")
    };
    first.send(Message::text(json!({ "type": "hello" }).to_string())).await.expect("sent");
    first.send(Message::text("no JSON")).await.expect("sent");
    let slash = |id: &str, team: &str| json!({ "type": "slash_commands", "envelope_id": id, "accepts_response_payload": true, "payload": { "team_id": team, "user_id": "U1", "text": "help" } });
    let answer = ask(&mut first, slash("e1", "T1")).await;
    assert_eq!((&answer["envelope_id"], &answer["payload"]["response_type"]), (&json!("e1"), &json!("ephemeral")));
    assert_eq!(ask(&mut first, slash("e2", "T2")).await, json!({ "envelope_id": "e2" }));
    assert_eq!(ask(&mut first, json!({ "type": "odd", "envelope_id": "e3", "payload": null })).await, json!({ "envelope_id": "e3" }));
    assert_eq!(door.app.slack.connection(), Connection::Connected);

    first.send(Message::text(json!({ "type": "disconnect", "reason": "refresh_requested" }).to_string())).await.expect("sent");
    let mut second = opened.recv().await.expect("another connection");
    assert_eq!(ask(&mut first, slash("e4", "T1")).await["envelope_id"], "e4");
    assert_eq!(ask(&mut second, slash("e5", "T1")).await["envelope_id"], "e5");
    assert!(door.app.tasks.drain(std::time::Duration::from_secs(5)).await);
}

#[tokio::test]
async fn a_late_answer_follows_to_the_response_url_and_a_ready_one_does_not() {
    use futures::FutureExt;
    let door = door(&[]).await;
    let url = || format!("{}/api/response_url", door.url);
    let ready = async { commands::say("Now.") }.boxed();
    assert_eq!(commands::within(&door.app, std::time::Duration::ZERO, url(), ready).await["text"], "Now.");
    let (told, hears) = tokio::sync::oneshot::channel();
    let late = async { hears.await.unwrap_or_default() }.boxed();
    assert_eq!(commands::within(&door.app, std::time::Duration::ZERO, url(), late).await, Value::Null);
    assert_eq!(door.slack.methods(), Vec::<String>::new());
    told.send(commands::say("Later.")).expect("it waits");
    assert!(door.app.tasks.drain(std::time::Duration::from_secs(5)).await);
    assert_eq!(door.slack.heard(), [("response_url".to_owned(), json!({ "response_type": "ephemeral", "text": "Later." }))]);
}

#[tokio::test]
async fn a_slow_press_gets_a_loading_modal_that_becomes_the_answer_or_the_error() {
    use futures::FutureExt;
    let door = door(&[]).await;
    let check = async |result: Result<Effect, Failure>, slow: bool, expect: &[&str]| {
        // A slow one is ready once Slack was called: that is the loading modal.
        let called = Arc::clone(&door.slack.called);
        let _ = called.notified().now_or_never();
        let work = async move {
            if slow {
                called.notified().await;
            }
            result
        };
        interactions::carry(&door.app, "why", door.place(), work.boxed(), std::time::Duration::ZERO).await;
        let heard = door.slack.heard();
        assert_eq!(heard.iter().map(|(method, _)| method.as_str()).collect::<Vec<_>>(), expect);
        heard
    };
    check(Ok(Effect::Modal(card())), false, &["views.open"]).await;
    let heard = check(Ok(Effect::Modal(card())), true, &["views.open", "views.update"]).await;
    assert_eq!((&heard[0].1["trigger_id"], &heard[1].1["view_id"]), (&json!("t1"), &json!("V1")));
    let mended =
        || Failure::User(crate::error::UserError::new(crate::error::Kind::UnknownReceipt, "No receipt `x`.", "Type `/metrics dora`."));
    let heard = check(Err(mended()), false, &["response_url"]).await;
    assert_eq!((&heard[0].1["replace_original"], &heard[0].1["response_type"]), (&json!(false), &json!("ephemeral")));
    check(Err(mended()), true, &["views.open", "views.update"]).await;
    check(Err(Failure::Ours(anyhow::anyhow!("x"))), false, &["response_url"]).await;
}

#[tokio::test]
async fn a_double_click_counts_once_and_a_button_of_no_table_does_nothing() {
    let door = door(&[("PACER_SLACK_TEAMS", "T1")]).await;
    let url = format!("{}/api/response_url", door.url);
    let click = async |user: &str, action: &str| {
        let payload = json!({ "type": "block_actions", "team": { "id": "T1" }, "user": { "id": user }, "trigger_id": "t1", "response_url": url,
            "container": { "type": "message", "message_ts": "1.1", "channel_id": "C1" }, "channel": { "id": "C1" },
            "actions": [{ "action_id": action, "value": "00000000" }] });
        let body = serde_urlencoded::to_string([("payload", payload.to_string())]).expect("form");
        assert_eq!(door.post("/slack/interactions", &body, NOW).await, (200, Value::Null));
    };
    click("U1", "nothing_of_ours").await;
    let why = crate::features::ACTIONS.iter().find(|action| action.name.starts_with("why")).expect("a button for the rows").name;
    click("U1", why).await;
    click("U1", why).await;
    click("U2", why).await;
    assert!(door.app.tasks.drain(std::time::Duration::from_secs(5)).await);
    let heard = door.slack.heard();
    assert_eq!(heard.iter().map(|(method, _)| method.as_str()).collect::<Vec<_>>(), ["response_url", "response_url"], "{heard:?}");
    assert_eq!(heard[0].1["response_type"], "ephemeral");
}
