//! The workspace over real HTTP and WebSocket, against a tiny stand-in for pacer.

use std::sync::atomic::{AtomicI64, Ordering};

use axum::body::Bytes;
use axum::http::HeaderMap;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message as Frame;

use super::*;
use crate::domain::time::SECOND;

const WAIT: Duration = Duration::from_secs(5);

/// A workspace on a port of its own, with a clock set by hand and, on another port, a stand-in for pacer.
struct Stage {
    workspace: Workspace,
    clock: Arc<AtomicI64>,
    got: Arc<Mutex<Vec<(String, HeaderMap, String)>>>,
    answer: Arc<Mutex<Value>>,
    _servers: JoinSet<()>,
}

async fn serve(servers: &mut JoinSet<()>, router: axum::Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    servers.spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

impl Stage {
    async fn new(change: impl FnOnce(&mut Options)) -> Self {
        let clock = Arc::new(AtomicI64::new(1_790_000_000 * SECOND));
        let ticks = Arc::clone(&clock);
        let mut options = Options::new(Arc::new(move || At(ticks.load(Ordering::SeqCst))));
        change(&mut options);
        let workspace = Workspace::new(options).unwrap();
        let mut servers = JoinSet::new();
        workspace.at(&serve(&mut servers, router(workspace.clone())).await);
        let (got, answer) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Value::Null)));
        let (seen, said) = (Arc::clone(&got), Arc::clone(&answer));
        let pacer = axum::Router::new().fallback(move |uri: axum::http::Uri, headers: HeaderMap, body: Bytes| async move {
            seen.lock().unwrap().push((uri.path().to_owned(), headers, String::from_utf8(body.to_vec()).unwrap()));
            let answer = said.lock().unwrap().clone();
            if answer.is_null() {
                axum::response::IntoResponse::into_response("")
            } else {
                axum::response::IntoResponse::into_response(axum::Json(answer))
            }
        });
        workspace.app_at(&serve(&mut servers, pacer).await);
        Self { workspace, clock, got, answer, _servers: servers }
    }

    fn advance(&self, secs: i64) {
        self.clock.fetch_add(secs * SECOND, Ordering::SeqCst);
    }

    fn pacer_answers(&self, answer: Value) {
        *self.answer.lock().unwrap() = answer;
    }

    /// The last interaction pacer got.
    fn payload(&self) -> Value {
        let got = self.got.lock().unwrap();
        let (path, _, body) = got.last().unwrap();
        assert_eq!(path, "/slack/interactions");
        let form: Vec<(String, String)> = serde_urlencoded::from_str(body).unwrap();
        serde_json::from_str(&form[0].1).unwrap()
    }

    /// The last slash command's member.
    fn command(&self, name: &str) -> String {
        let got = self.got.lock().unwrap();
        let form: Vec<(String, String)> = serde_urlencoded::from_str(&got.last().unwrap().2).unwrap();
        form.into_iter().find(|(known, _)| known == name).unwrap().1
    }

    async fn call(&self, method: &str, body: Value) -> Value {
        self.call_as("xoxb-sandbox-bot", method, body).await
    }

    /// As methods that do not read JSON are called.
    async fn read(&self, method: &str, arguments: &str) -> Value {
        let url = format!("{}/{method}?{arguments}", self.workspace.api_url());
        self.workspace.http.get(url).bearer_auth("xoxb-sandbox-bot").send().await.unwrap().json().await.unwrap()
    }

    async fn call_as(&self, token: &str, method: &str, body: Value) -> Value {
        let url = format!("{}/{method}", self.workspace.api_url());
        let response = self.workspace.http.post(url).bearer_auth(token).json(&body).send().await.unwrap();
        response.json().await.unwrap()
    }

    async fn post(&self, url: &str, body: Value) -> (u16, Value) {
        let response = self.workspace.http.post(url).json(&body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }
}

fn buttons() -> Value {
    json!([{"type": "section", "text": {"type": "mrkdwn", "text": "*Answer*"}},
        {"type": "actions", "block_id": "acts", "elements": [
            {"type": "button", "action_id": "share", "value": "r1", "text": {"type": "plain_text", "text": "Share to channel"}},
            {"type": "static_select", "action_id": "period", "options": [{"text": {"type": "plain_text", "text": "30 days"}, "value": "30d"}]}]}])
}

#[tokio::test]
async fn the_web_api_refuses_what_slack_refuses() {
    let stage = Stage::new(|options| options.scopes.retain(|scope| scope != "users:read")).await;
    let long = "x".repeat(40_001);
    let check = [
        ("chat.postMessage", json!({"channel": "C0NONE", "text": "a"}), "channel_not_found"),
        ("chat.postMessage", json!({"channel": "C0FINANCE", "text": "a"}), "channel_not_found"),
        ("chat.postMessage", json!({"channel": "C0RANDOM", "text": "a"}), "not_in_channel"),
        ("chat.postMessage", json!({"channel": "C0OLD", "text": "a"}), "is_archived"),
        ("chat.postMessage", json!({"channel": "C0GENERAL"}), "no_text"),
        ("chat.postMessage", json!({"channel": "C0GENERAL", "text": long}), "msg_too_long"),
        ("chat.postMessage", json!({"channel": "C0GENERAL", "blocks": [{"type": "header"}]}), "invalid_blocks"),
        ("chat.postMessage", json!({"channel": "C0GENERAL", "blocks": "[{"}), "invalid_blocks_format"),
        ("chat.postEphemeral", json!({"channel": "C0GENERAL", "user": "U0NONE", "text": "a"}), "user_not_found"),
        ("chat.postEphemeral", json!({"channel": "C0LEADS", "user": "U0FINN", "text": "a"}), "user_not_in_channel"),
        ("chat.update", json!({"channel": "C0GENERAL", "ts": "1.2", "text": "a"}), "message_not_found"),
        ("users.list", json!({}), "missing_scope"),
        ("conversations.history", json!({"channel": "C0GENERAL"}), "missing_scope"),
        ("users.lookupByEmail", json!({"email": "no@where"}), "users_not_found"),
        ("views.open", json!({"trigger_id": "t"}), "invalid_arguments"),
        ("apps.connections.open", json!({}), "not_allowed_token_type"),
        ("chat.scheduleMessage", json!({}), "unknown_method"),
    ];
    for (method, body, error) in check {
        let answer = stage.call(method, body.clone()).await;
        assert_eq!((answer["ok"].as_bool(), answer["error"].as_str()), (Some(false), Some(error)), "{method} {body}");
    }
    assert_eq!(stage.call_as("xoxb-wrong", "auth.test", json!({})).await["error"], "invalid_auth");
    let bare = stage.workspace.http.post(format!("{}/auth.test", stage.workspace.api_url())).send().await.unwrap();
    assert_eq!(bare.json::<Value>().await.unwrap()["error"], "not_authed");
    assert_eq!(stage.call("users.list", json!({})).await["needed"], "users:read");
    let details = stage.call("chat.postMessage", json!({"channel": "C0GENERAL", "blocks": [{"type": "header"}]})).await;
    assert!(details["response_metadata"]["messages"][0].as_str().unwrap().contains("missing required field: text"));
}

#[tokio::test]
async fn a_message_is_posted_edited_linked_and_deleted() {
    let stage = Stage::new(|options| options.one_message_a_second = true).await;
    let form = [("channel", "C0GENERAL"), ("text", "hello"), ("blocks", r#"[{"type":"divider"}]"#)];
    let request = stage.workspace.http.post(format!("{}/chat.postMessage", stage.workspace.api_url())).bearer_auth("xoxb-sandbox-bot");
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(serde_urlencoded::to_string(form).unwrap());
    let posted: Value = request.send().await.unwrap().json().await.unwrap();
    let ts = posted["ts"].as_str().unwrap();
    assert!(posted["message"]["blocks"][0]["block_id"].is_string());
    let again = stage.call("chat.postMessage", json!({"channel": "C0GENERAL", "text": "too soon"})).await;
    assert_eq!(again["error"], "ratelimited");
    let link = stage.call("chat.getPermalink", json!({"channel": "C0GENERAL", "message_ts": ts})).await;
    assert!(link["permalink"].as_str().unwrap().contains("C0GENERAL"));
    stage.call("chat.update", json!({"channel": "C0GENERAL", "ts": ts, "text": "changed"})).await;
    let seen = stage.workspace.messages("general", "U0BEN");
    assert_eq!((seen.len(), seen[0].text.as_str(), seen[0].edited), (1, "changed", true));
    assert_eq!(stage.workspace.next_message(WAIT).await.unwrap().text, "hello");
    assert_eq!(stage.workspace.next_message(WAIT).await.unwrap().text, "changed");
    assert!(stage.workspace.unread().is_empty());
    assert_eq!(stage.call("chat.delete", json!({"channel": "C0GENERAL", "ts": ts})).await["ok"], true);
    assert!(stage.workspace.messages("general", "U0BEN").is_empty());
}

#[tokio::test]
async fn a_command_is_signed_and_its_acknowledgement_shown_to_the_asker_alone() {
    let stage = Stage::new(|_| {}).await;
    stage.pacer_answers(json!({"text": "DORA: 3 a week", "blocks": buttons()}));
    let ack = stage.workspace.slash("U0ANA", "payments", "/metrics", "dora for #search").await.unwrap();
    assert_eq!(ack.message.unwrap().only_for.as_deref(), Some("U0ANA"));
    assert_eq!(stage.workspace.messages("payments", "U0ANA").len(), 1);
    assert!(stage.workspace.messages("payments", "U0BEN").is_empty());
    let (path, headers, body) = stage.got.lock().unwrap()[0].clone();
    assert_eq!(path, "/slack/commands");
    assert_eq!(headers["x-slack-request-timestamp"], "1790000000");
    assert_eq!(headers["x-slack-signature"].to_str().unwrap(), stage.workspace.sign(1_790_000_000, &body));
    assert_eq!(stage.command("text"), "dora for <#C0SEARCH|search>");
}

#[test]
fn the_signature_is_slacks() {
    // The worked example of Slack's own documentation.
    let mut options = Options::new(Arc::new(At::default));
    "8f742231b10e8888abcd99yyyzzz85a5".clone_into(&mut options.signing_secret);
    let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar\
                &user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com\
                %2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    let signature = Workspace::new(options).unwrap().sign(1_531_420_618, body);
    assert_eq!(signature, "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503");
}

#[tokio::test]
async fn a_response_url_works_five_times_in_thirty_minutes() {
    let stage = Stage::new(|_| {}).await;
    stage.workspace.slash("U0ANA", "random", "/metrics", "dora").await.unwrap();
    let url = stage.command("response_url");
    for turn in 1..=5 {
        assert_eq!(stage.post(&url, json!({"text": format!("turn {turn}")})).await.0, 200);
    }
    assert_eq!(stage.post(&url, json!({"text": "six"})).await, (404, json!({"ok": false, "error": "used_url"})));
    assert_eq!(stage.workspace.messages("random", "U0ANA").len(), 5);
    stage.workspace.slash("U0ANA", "random", "/metrics", "dora").await.unwrap();
    let url = stage.command("response_url");
    stage.advance(30 * 60 + 1);
    assert_eq!(stage.post(&url, json!({"text": "late"})).await, (404, json!({"ok": false, "error": "expired_url"})));
}

#[tokio::test]
async fn a_press_carries_container_and_response_url_that_replaces_the_original() {
    let stage = Stage::new(|_| {}).await;
    stage.pacer_answers(json!({"text": "answer", "blocks": buttons()}));
    let message = stage.workspace.slash("U0ANA", "general", "/metrics", "").await.unwrap().message.unwrap();
    stage.pacer_answers(Value::Null);
    let place = Place::Message(message.ts.clone());
    stage.workspace.choose("U0ANA", &place, "acts", "period", &Choice::one("30d")).await.unwrap();
    assert_eq!(stage.payload()["actions"][0]["selected_option"]["value"], "30d");
    stage.workspace.press("U0ANA", &message, "Share to channel").await.unwrap();
    let payload = stage.payload();
    assert_eq!(payload["actions"][0]["value"], "r1");
    assert_eq!(payload["container"]["is_ephemeral"], true);
    assert!(payload.get("message").is_none(), "Slack leaves an ephemeral message out");
    assert_eq!(payload["state"]["values"]["acts"]["period"]["selected_option"]["value"], "30d");
    stage.post(payload["response_url"].as_str().unwrap(), json!({"replace_original": true, "text": "Shared"})).await;
    let seen = stage.workspace.messages("general", "U0ANA");
    assert_eq!((seen.len(), seen[0].text.as_str(), seen[0].only_for.as_deref()), (1, "Shared", Some("U0ANA")));
    stage.post(payload["response_url"].as_str().unwrap(), json!({"delete_original": true})).await;
    assert!(stage.workspace.messages("general", "U0ANA").is_empty());
    assert!(stage.workspace.press("U0BEN", &message, "Share to channel").await.is_err(), "nobody else sees it");
}

#[tokio::test]
async fn a_trigger_lives_three_seconds_and_works_once() {
    let stage = Stage::new(|_| {}).await;
    let view = json!({"type": "modal", "title": {"type": "plain_text", "text": "Why"}, "blocks": []});
    let open =
        async |stage: &Stage| stage.call("views.open", json!({"trigger_id": stage.command("trigger_id"), "view": view.clone()})).await;
    stage.workspace.slash("U0ANA", "general", "/metrics", "").await.unwrap();
    stage.advance(3);
    assert_eq!(open(&stage).await["view"]["title"]["text"], "Why");
    assert_eq!(open(&stage).await["error"], "exchanged_trigger_id");
    stage.workspace.slash("U0ANA", "general", "/metrics", "").await.unwrap();
    stage.advance(4);
    assert_eq!(open(&stage).await["error"], "expired_trigger_id");
    let shown = stage.workspace.view_of("U0ANA").unwrap();
    assert_eq!(stage.call("views.update", json!({"view_id": shown.id, "hash": "old", "view": view})).await["error"], "hash_conflict");
    stage.workspace.close_view("U0ANA").await.unwrap();
    assert!(stage.workspace.view_of("U0ANA").is_none());
}

#[tokio::test]
async fn a_submission_is_checked_answered_and_closed() {
    let stage = Stage::new(|_| {}).await;
    stage.workspace.slash("U0ANA", "general", "/metrics", "").await.unwrap();
    let input = json!({"type": "input", "block_id": "name", "label": {"type": "plain_text", "text": "Name"}, "element": {"type": "plain_text_input", "action_id": "typed"}});
    let word = |word: &str| json!({"type": "plain_text", "text": word});
    let view = json!({"type": "modal", "title": word("Goal"), "submit": word("Save"), "notify_on_close": true, "blocks": [input]});
    stage.call("views.open", json!({"trigger_id": stage.command("trigger_id"), "view": view})).await;
    let id = stage.workspace.view_of("U0ANA").unwrap().id;
    let before = stage.got.lock().unwrap().len();
    assert!(matches!(stage.workspace.submit_view("U0ANA", &id, &[]).await.unwrap(), Submitted::Errors(_)));
    assert_eq!(stage.got.lock().unwrap().len(), before, "Slack's client keeps an empty form back");
    stage.pacer_answers(json!({"response_action": "errors", "errors": {"name": "Taken"}}));
    let typed = [("name", "typed", Choice::one("speed"))];
    assert!(
        matches!(stage.workspace.submit_view("U0ANA", &id, &typed).await.unwrap(), Submitted::Errors(errors) if errors["name"] == "Taken")
    );
    assert_eq!(stage.payload()["view"]["state"]["values"]["name"]["typed"]["value"], "speed");
    stage.pacer_answers(json!({"response_action": "errors", "errors": {"nowhere": "?"}}));
    assert!(matches!(stage.workspace.submit_view("U0ANA", &id, &typed).await.unwrap(), Submitted::Trouble(_)));
    stage.pacer_answers(Value::Null);
    assert_eq!(stage.workspace.submit_view("U0ANA", &id, &typed).await.unwrap(), Submitted::Closed);
    assert!(stage.workspace.view_of("U0ANA").is_none());
}

#[tokio::test]
async fn faults_come_in_order_and_are_used_up() {
    let stage = Stage::new(|_| {}).await;
    let faults = [Fault::RateLimited(7), Fault::Status(500), Fault::Malformed, Fault::Error("fatal_error".to_owned())];
    for fault in faults {
        stage.workspace.fault("auth.test", fault);
    }
    let url = format!("{}/auth.test", stage.workspace.api_url());
    let send = || stage.workspace.http.post(&url).bearer_auth("xoxb-sandbox-bot").send();
    let limited = send().await.unwrap();
    assert_eq!((limited.status().as_u16(), limited.headers()["retry-after"].to_str().unwrap()), (429, "7"));
    assert_eq!(send().await.unwrap().status().as_u16(), 500);
    assert!(send().await.unwrap().json::<Value>().await.is_err());
    assert_eq!(send().await.unwrap().json::<Value>().await.unwrap()["error"], "fatal_error");
    assert_eq!(send().await.unwrap().json::<Value>().await.unwrap()["ok"], true);
    stage.workspace.fault("chat.postMessage", Fault::Reset);
    stage.workspace.fault("chat.postMessage", Fault::ResetAfter);
    for known in [0, 1] {
        let post = stage.workspace.http.post(format!("{}/chat.postMessage", stage.workspace.api_url())).bearer_auth("xoxb-sandbox-bot");
        assert!(post.json(&json!({"channel": "C0GENERAL", "text": "a"})).send().await.is_err());
        assert_eq!(stage.workspace.messages("general", "U0ANA").len(), known);
    }
    let calls = stage.workspace.calls();
    assert_eq!(calls.iter().map(|call| call.status).collect::<Vec<_>>(), [429, 500, 200, 200, 200, 0, 0]);
    assert_eq!(calls[6].body["text"], "a");
}

#[tokio::test]
async fn socket_mode_carries_commands_and_goes_before_http() {
    let stage = Stage::new(|options| options.acknowledge_within = Duration::from_millis(200)).await;
    let opened = stage.call_as("xapp-sandbox-app", "apps.connections.open", json!({})).await;
    let url = opened["url"].as_str().unwrap();
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    let read = async |socket: &mut tokio_tungstenite::WebSocketStream<_>| -> Value {
        serde_json::from_str(socket.next().await.unwrap().unwrap().to_text().unwrap()).unwrap()
    };
    assert_eq!(read(&mut socket).await["type"], "hello");
    assert!(stage.workspace.connected(WAIT).await);
    assert!(tokio_tungstenite::connect_async(url).await.is_err(), "a ticket works once");
    let pacer = async {
        let envelope = read(&mut socket).await;
        assert_eq!((envelope["type"].as_str(), envelope["payload"]["text"].as_str()), (Some("slash_commands"), Some("dora")));
        let ack = json!({"envelope_id": envelope["envelope_id"], "payload": {"response_type": "in_channel", "text": "here"}});
        socket.send(Frame::text(ack.to_string())).await.unwrap();
    };
    let (ack, ()) = tokio::join!(stage.workspace.slash("U0ANA", "general", "/metrics", "dora"), pacer);
    assert_eq!(ack.unwrap().message.unwrap().only_for, None);
    assert!(stage.got.lock().unwrap().is_empty(), "nothing went over HTTP");
    let late = stage.workspace.slash("U0ANA", "general", "/metrics", "dora").await;
    assert_eq!(late.unwrap_err(), Unanswered::Timeout);
    let seen = stage.workspace.messages("general", "U0ANA");
    assert!(seen.last().unwrap().text.ends_with("failed with the error \"operation_timeout\""));
    read(&mut socket).await;
    stage.workspace.refresh_sockets();
    assert_eq!(read(&mut socket).await["reason"], "refresh_requested");
}

#[tokio::test]
async fn events_and_the_home_tab() {
    let stage = Stage::new(|_| {}).await;
    let home = json!({"type": "home", "blocks": [{"type": "divider"}]});
    assert_eq!(stage.call("views.publish", json!({"user_id": "U0BEN", "view": home})).await["ok"], true);
    stage.workspace.open_home("U0BEN").await.unwrap();
    stage.workspace.mention("U0BEN", "general", "dora & <more>").await.unwrap();
    stage.workspace.dm("U0BEN", "how is lead time?").await.unwrap();
    stage.workspace.say("U0BEN", "general", "no bot here", None).await.unwrap();
    let got = stage.got.lock().unwrap();
    let events: Vec<Value> = got.iter().map(|(_, _, body)| serde_json::from_str::<Value>(body).unwrap()["event"].take()).collect();
    let kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["app_home_opened", "app_mention", "message"]);
    assert_eq!(events[0]["view"]["type"], "home");
    assert_eq!(events[1]["text"], "<@U0PACER> dora &amp; &lt;more&gt;");
    assert_eq!(events[2]["channel_type"], "im");
}

#[tokio::test]
async fn a_file_is_announced_sent_and_shared() {
    let stage = Stage::new(|_| {}).await;
    let announced = stage.call("files.getUploadURLExternal", json!({"filename": "dora.png", "length": 4})).await;
    let url = announced["upload_url"].as_str().unwrap();
    let wrong = stage.workspace.http.post(url).body("12345").send().await.unwrap();
    assert_eq!(wrong.status().as_u16(), 400);
    let form = "--b\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n1234\r\n--b--\r\n";
    let sent = stage.workspace.http.post(url).header("content-type", "multipart/form-data; boundary=b").body(form).send().await.unwrap();
    assert_eq!(sent.status().as_u16(), 200);
    let complete = json!({"files": [{"id": announced["file_id"], "title": "DORA"}], "channel_id": "C0GENERAL"});
    assert_eq!(stage.call("files.completeUploadExternal", complete.clone()).await["ok"], true);
    assert_eq!(stage.call("files.completeUploadExternal", complete).await["error"], "file_not_found");
    assert_eq!(stage.workspace.messages("general", "U0ANA")[0].files[0]["title"], "DORA");
}

#[tokio::test]
async fn lists_come_in_pages() {
    let stage = Stage::new(|_| {}).await;
    let first = stage.read("users.list", "limit=5").await;
    assert_eq!(first["members"].as_array().unwrap().len(), 5);
    let cursor = first["response_metadata"]["next_cursor"].as_str().unwrap();
    let rest = stage.read("users.list", &format!("limit=5&cursor={cursor}")).await;
    assert_eq!((rest["members"].as_array().unwrap().len(), rest["response_metadata"]["next_cursor"].as_str()), (3, Some("")));
    let channels = stage.call("conversations.list", json!({"exclude_archived": true})).await;
    assert_eq!(channels["channels"].as_array().unwrap().len(), 5);
    assert_eq!(stage.call("conversations.list", json!({"types": "private_channel"})).await["needed"], "groups:read");
    for users in [json!("U0BEN"), json!(["U0BEN"])] {
        assert_eq!(stage.call("conversations.open", json!({"users": users})).await["channel"]["id"], "D0BEN");
    }
    assert_eq!(stage.call("conversations.open", json!({"users": "U0BEN,U0ANA"})).await["needed"], "mpim:write");
}

#[tokio::test]
async fn user_groups_change_and_are_read_by_query_only() {
    let stage = Stage::new(|_| {}).await;
    assert_eq!(stage.read("usergroups.users.list", "usergroup=S0PAYMENTS").await["users"], json!(["U0BEN", "U0CHEN"]));
    let by_json = stage.call("usergroups.users.list", json!({"usergroup": "S0PAYMENTS"})).await;
    assert_eq!(by_json["error"], "invalid_arguments", "JSON is not read");
    let group = Group { users: vec!["U0BEN".into()], is_archived: true, ..stage.workspace.options().groups[0].clone() };
    stage.workspace.put_group(group);
    assert_eq!(stage.read("usergroups.list", "").await["usergroups"], json!([]));
    let all = stage.read("usergroups.list", "include_disabled=true").await;
    assert_eq!((&all["usergroups"][0]["user_count"], all["usergroups"][0]["date_delete"].as_i64() > Some(0)), (&json!(1), true));
    assert_eq!(stage.read("usergroups.users.list", "usergroup=S0PAYMENTS").await["error"], "no_such_subteam");
    stage.workspace.delete_group("S0PAYMENTS");
    assert_eq!(stage.read("usergroups.list", "include_disabled=true").await["usergroups"], json!([]));
    let gone = Person { is_deactivated: true, ..stage.workspace.options().people[1].clone() };
    stage.workspace.put_person(gone);
    assert_eq!(stage.read("users.info", "user=U0BEN").await["user"]["deleted"], true);
}

#[tokio::test]
async fn a_form_filled_with_somebody_unknown_is_refused() {
    let stage = Stage::new(|_| {}).await;
    let select = |users: &[&str]| {
        json!({"type": "modal", "title": {"type": "plain_text", "text": "Team"}, "submit": {"type": "plain_text", "text": "Send"},
            "blocks": [{"type": "input", "label": {"type": "plain_text", "text": "People"},
                "element": {"type": "multi_users_select", "action_id": "value", "initial_users": users}}]})
    };
    let open = async |users: &[&str]| {
        let trigger = stage.workspace.lock().trigger("U0ANA", stage.workspace.now());
        stage.call("views.open", json!({"trigger_id": trigger, "view": select(users)})).await
    };
    assert_eq!(open(&["U0BEN"]).await["ok"], true);
    assert_eq!(open(&["U0BEN", "U0NOBODY"]).await["error"], "invalid_arguments");
}

#[tokio::test]
async fn the_page_is_served_and_acts() {
    let stage = Stage::new(|_| {}).await;
    let base = stage.workspace.api_url().replace("/api", "");
    let page = stage.workspace.http.get(&base).send().await.unwrap();
    assert!(page.headers()["content-security-policy"].to_str().unwrap().contains("script-src 'self'"));
    let html = page.text().await.unwrap();
    let scripts = ["app", "blocks", "elements", "chart", "modal", "mrkdwn", "dom"].map(|name| format!("/sandbox/{name}.js"));
    for path in scripts.into_iter().chain(["/sandbox/style.css".to_owned(), "/sandbox/blocks.css".to_owned()]) {
        let file = stage.workspace.http.get(format!("{base}{path}")).send().await.unwrap();
        assert_eq!(file.status().as_u16(), 200, "{path}");
        let text = file.text().await.unwrap();
        assert!(!text.contains("innerHTML") && !text.contains("http://127") && !text.contains("eval("), "{path}");
    }
    assert!(!html.contains("<style") && !html.contains("onclick"), "the policy allows nothing inline");
    stage.pacer_answers(json!({"text": "an answer"}));
    let line = |text: &str| json!({"do": "send", "user": "U0ANA", "channel": "C0GENERAL", "text": text});
    assert_eq!(stage.post(&format!("{base}/sandbox/act"), line("/metrics dora")).await, (200, json!({"ok": true})));
    assert_eq!(stage.post(&format!("{base}/sandbox/act"), line("/weather")).await.1["ok"], false);
    let screen: Value =
        stage.workspace.http.get(format!("{base}/sandbox/state?user=U0ANA&channel=C0GENERAL")).send().await.unwrap().json().await.unwrap();
    assert_eq!(screen["messages"][0]["text"], "an answer");
    let act = |body: Value| {
        stage.workspace.http.post(format!("{base}/sandbox/act")).header("content-type", "text/plain").body(body.to_string()).send()
    };
    assert_eq!(act(line("/metrics")).await.unwrap().status().as_u16(), 415, "a foreign page can't post it");
}
