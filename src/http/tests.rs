//! The HTTP door over a real listener: statuses, shapes of errors, caps, and the end.

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::app::App;

struct Served {
    app: Arc<App>,
    at: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinSet<anyhow::Result<()>>,
    _folder: tempfile::TempDir,
}

async fn serve(vars: &[(&str, &str)]) -> Served {
    let (app, folder) = crate::app::tests::app(vars).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let at = listener.local_addr().expect("bound");
    let (stop, stopped) = oneshot::channel();
    let mut ended = JoinSet::new();
    ended.spawn(super::serve(Arc::clone(&app), listener, async {
        let _ = stopped.await;
    }));
    Served { app, at, stop, ended, _folder: folder }
}

impl Served {
    /// Status, headers and JSON body of one request over a connection of its own.
    async fn send(&self, request: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, String, Value) {
        let mut stream = TcpStream::connect(self.at).await.expect("connects");
        let mut head = format!("{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        head.extend(headers.iter().flat_map(|(name, value)| [*name, ": ", *value, "\r\n"]));
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).await.expect("head sent");
        // A refused body is not read to its end.
        let _ = stream.write_all(body).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, head.to_owned(), serde_json::from_str(body).unwrap_or(Value::String(body.to_owned())))
    }

    async fn status_and_kind(&self, request: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, String) {
        let (status, _, body) = self.send(request, headers, body).await;
        let error = &body["error"];
        assert!(error.is_null() || error["message"].is_string() && error["hint"].is_string(), "{body}");
        (status, error["kind"].as_str().unwrap_or_default().to_owned())
    }
}

const BEARER: (&str, &str) = ("authorization", "Bearer tok");
const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn every_refusal_has_its_status_and_says_why() {
    let served = serve(&[("PACER_EVENTS_TOKEN", "tok"), ("PACER_RATE_LIMIT", "off")]).await;
    let check = async |request: &str, headers: &[(&str, &str)], body: &[u8], expect: (u16, &str)| {
        let (status, kind) = served.status_and_kind(request, headers, body).await;
        assert_eq!((status, kind.as_str()), expect, "{request} {headers:?}");
    };
    check("GET /nowhere", &[], b"", (404, "not_found")).await;
    check("GET /v1/events", &[], b"", (405, "method_not_allowed")).await;
    check("POST /hooks/github", &[], b"{}", (404, "source_off")).await;
    check("POST /hooks/nothing", &[], b"{}", (404, "source_off")).await;
    check("POST /slack/commands", &[], b"", (404, "off")).await;
    check("POST /v1/events", &[JSON], b"[]", (401, "unauthorized")).await;
    check("POST /v1/events", &[JSON, ("authorization", "Bearer no")], b"[]", (401, "unauthorized")).await;
    check("POST /v1/events", &[BEARER, ("content-type", "text/csv")], b"a", (415, "unsupported_type")).await;
    check("POST /v1/events", &[BEARER, JSON, ("content-encoding", "br")], b"[]", (415, "unsupported_type")).await;
    check("POST /v1/events", &[BEARER, JSON, ("content-encoding", "gzip")], b"[]", (400, "bad_syntax")).await;
    check("POST /v1/events", &[BEARER, JSON], &vec![b' '; 5 * 1024 * 1024 + 1], (413, "too_large")).await;
    assert_eq!(served.app.store.waiting().await.expect("counts"), 0);
}

#[tokio::test]
async fn a_delivery_of_20_mb_is_refused_whoever_sends_it() {
    let served = serve(&[("PACER_EVENTS_TOKEN", "tok"), ("PACER_GITHUB_SECRET", "shh"), ("PACER_GITLAB_SECRET", "shh")]).await;
    let check = async |path: &str, bytes: usize| {
        let (status, kind) = served.status_and_kind(&format!("POST {path}"), &[BEARER, JSON], &vec![b' '; bytes]).await;
        assert_eq!((status, kind.as_str()), (413, "too_large"), "{path} {bytes}");
    };
    for path in ["/hooks/github", "/hooks/gitlab", "/hooks/cdevents", "/v1/events"] {
        check(path, 20_000_000).await;
    }
    check("/hooks/cdevents", 1024 * 1024 + 1).await;
    assert_eq!(served.status_and_kind("POST /hooks/github", &[BEARER, JSON], &vec![b' '; 9_000_000]).await.0, 401, "read, and unproven");
    assert_eq!(served.app.store.waiting().await.expect("counts"), 0);
}

#[tokio::test]
async fn a_batch_is_answered_with_its_tally_and_with_503_where_it_can_not_be_stored() {
    let served = serve(&[("PACER_EVENTS_TOKEN", "old,tok")]).await;
    let (status, _, tally) = served.send("POST /v1/events", &[BEARER, JSON], b"[]").await;
    assert_eq!((status, &tally["read"], &tally["rejected"]), (202, &json!(0), &json!([])));
    served.app.store.close().await;
    let (status, head, body) = served.send("POST /v1/events", &[BEARER, JSON], b"[]").await;
    assert_eq!((status, &body["error"]["kind"]), (503, &json!("unavailable")));
    assert!(head.to_lowercase().contains("retry-after: 5"), "{head}");
    let (status, _, body) = served.send("GET /readyz", &[], b"").await;
    assert_eq!((status, &body["ready"]), (503, &json!(false)));
    assert_eq!(served.send("GET /healthz", &[], b"").await.0, 200);
}

#[tokio::test]
async fn ready_without_slack_and_counted_by_route() {
    let served = serve(&[]).await;
    let (status, head, body) = served.send("GET /readyz", &[], b"").await;
    assert_eq!((status, body), (200, json!({ "ready": true, "database": "ok", "migrations": "ok", "stopping": false, "slack": "off" })));
    assert!(head.contains("x-request-id: "), "{head}");
    let (_, _, text) = served.send("GET /metrics", &[], b"").await;
    let text = text.as_str().expect("text").to_owned();
    assert!(text.contains("pacer_http_requests_total{route=\"/readyz\",status=\"200\"} 1"), "{text}");
    assert_eq!(served.send("GET /metrics", &[("x-forwarded-for", "10.1.1.1")], b"").await.0, 401);
}

#[tokio::test]
async fn told_to_stop_it_ends_well_and_ends_its_tasks() {
    let mut served = serve(&[]).await;
    served.app.start();
    assert_eq!(served.app.tasks.running(), 1);
    served.stop.send(()).expect("it runs");
    served.ended.join_next().await.expect("one").expect("no panic").expect("no error");
    assert_eq!(served.app.tasks.running(), 0);
    assert!(TcpStream::connect(served.at).await.is_err());
}
