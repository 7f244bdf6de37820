//! What feeds pacer over HTTP: generic events, GitHub's webhooks, CDEvents. Order and repetition change nothing.

use std::io::Write;

use pacer::domain::time::{At, HOUR};
use serde_json::{Value, json};

use crate::harness::facts::{days_ago, deployment, figures, github_signature, incident, lines, metric, sample, sample_events};
use crate::harness::{Harness, TOKEN, Transport};

const NDJSON: (&str, &str) = ("content-type", "application/x-ndjson");

fn bearer() -> (&'static str, String) {
    ("authorization", format!("Bearer {TOKEN}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_needs_a_token_a_type_and_right_syntax() {
    let t = Harness::http().await;
    let line = lines(&[deployment("checkout", 1, days_ago(1))]);
    let (name, token) = bearer();
    let check = async |headers: &[(&str, &str)], body: Vec<u8>, expect: (u16, &str)| {
        let (status, answer) = t.post("/v1/events", headers, body).await;
        assert_eq!((status, answer["error"]["kind"].as_str().unwrap_or_default()), expect, "{answer}");
        answer["error"]["message"].as_str().unwrap_or_default().to_owned()
    };
    check(&[NDJSON], line.clone().into(), (401, "unauthorized")).await;
    check(&[NDJSON, (name, "Bearer wrong")], line.clone().into(), (401, "unauthorized")).await;
    check(&[("content-type", "text/csv"), (name, &token)], line.clone().into(), (415, "unsupported_type")).await;
    check(&[NDJSON, (name, &token), ("content-encoding", "br")], line.clone().into(), (415, "unsupported_type")).await;
    check(&[NDJSON, (name, &token)], vec![b' '; 5 * 1024 * 1024 + 1], (413, "too_large")).await;
    check(&[NDJSON, (name, &token)], lines(&vec![json!({}); 10_001]).into(), (413, "too_large")).await;
    let broken = format!("{line}{{\"type\":\n{line}");
    let said = check(&[NDJSON, (name, &token)], broken.into(), (400, "bad_syntax")).await;
    assert!(said.contains("line 2"), "{said}");
    assert_eq!(t.database.count("deployment") + t.database.count("delivery"), 0, "a broken batch leaves nothing");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(line.as_bytes()).expect("in memory");
    let zipped = [NDJSON, (name, token.as_str()), ("content-encoding", "gzip")];
    check(&zipped, gzip.finish().expect("in memory"), (202, "")).await;
    assert_eq!(t.database.count("deployment"), 1, "durable and applied before the 202");
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&vec![b' '; 64 * 1024 * 1024]).expect("in memory");
    check(&zipped, bomb.finish().expect("in memory"), (413, "too_large")).await;
    check(&zipped, b"no gzip".to_vec(), (400, "bad_syntax")).await;
    check(&[("content-type", "application/json"), (name, &token)], format!("[{}]", line.trim()).into(), (202, "")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_or_secret_the_doors_are_closed() {
    let t = Harness::with(Transport::Http, &[("PACER_EVENTS_TOKEN", ""), ("PACER_GITHUB_SECRET", "")]).await;
    for path in ["/v1/events", "/hooks/github", "/hooks/cdevents", "/hooks/nonsense", "/hooks/git"] {
        let (status, answer) = t.post(path, &[], "{}").await;
        assert_eq!((status, &answer["error"]["kind"]), (404, &json!("source_off")), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_makes_no_sense_is_refused_with_its_line_and_the_rest_is_kept() {
    let t = Harness::http().await;
    let good = |number| deployment("checkout", number, days_ago(number));
    let mut soon = good(2);
    soon["finished_at"] = json!("soon");
    let mut nameless = good(3);
    nameless.as_object_mut().expect("an object").remove("id");
    let answer = t.import_json(&lines(&[good(1), soon, json!({"type": "nonsense", "id": "x"}), nameless, good(5)])).await;
    assert_eq!(
        (&answer["read"], &answer["new"], &answer["updated"], &answer["duplicate"]),
        (&json!(5), &json!(2), &json!(0), &json!(0)),
        "{answer}"
    );
    let rejected = answer["rejected"].as_array().expect("rows");
    assert_eq!(rejected.iter().map(|row| row["line"].as_u64().expect("a line")).collect::<Vec<_>>(), [2, 3, 4]);
    for (row, word) in rejected.iter().zip(["finished_at", "nonsense", "id"]) {
        assert!(row["reason"].as_str().expect("a reason").contains(word), "{row}");
    }
    let again = t.import_json(&lines(&[good(1), good(5)])).await;
    assert_eq!((&again["new"], &again["duplicate"]), (&json!(0), &json!(2)), "{again}");
    let mut updated = good(1);
    updated["updated_at"] = json!(days_ago(0).rfc3339());
    updated["flags"] = json!(["hotfix"]);
    let updated = t.import_json(&lines(&[updated])).await;
    assert_eq!((&updated["new"], &updated["updated"]), (&json!(0), &json!(1)), "{updated}");
}

/// The figures after these batches, on a database of their own.
async fn figures_after(batches: &[String]) -> String {
    let t = Harness::http().await;
    for batch in batches {
        t.import_json(batch).await;
    }
    figures(&t.ask("dora 6m").await)
}

#[tokio::test(flavor = "multi_thread")]
async fn order_and_repetition_change_no_figure() {
    let events = sample_events();
    let straight = figures_after(&[lines(&events)]).await;
    let mut backwards = events.clone();
    backwards.reverse();
    // In steps of 67, which shares no factor with their number: every event once, none beside its neighbour.
    let dealt: Vec<Value> = (0..events.len()).map(|at| events[at * 67 % events.len()].clone()).collect();
    assert_eq!(figures_after(&[lines(&backwards)]).await, straight, "backwards");
    let repeated: Vec<String> = dealt.chunks(40).chain(events.chunks(90)).map(lines).collect();
    assert_eq!(figures_after(&repeated).await, straight, "dealt out in many batches, then all again");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_greatest_updated_at_wins_in_either_order() {
    let mut failed = deployment("checkout", 119, days_ago(1));
    failed["status"] = json!("failure");
    failed["updated_at"] = json!(days_ago(1).rfc3339());
    let mut succeeded = deployment("checkout", 119, days_ago(1));
    succeeded["updated_at"] = json!(days_ago(0).rfc3339());
    let mut resolved = incident("checkout", 110, days_ago(19));
    resolved["updated_at"] = json!(days_ago(3).rfc3339());
    let mut open = resolved.clone();
    open.as_object_mut().expect("an object").remove("resolved_at");
    open["updated_at"] = json!(days_ago(4).rfc3339());
    let base =
        sample_events().into_iter().filter(|event| !["checkout-119", "checkout-i110"].contains(&event["id"].as_str().unwrap_or_default()));
    let base = lines(&base.collect::<Vec<_>>());
    let (earlier, later) = (lines(&[failed, open]), lines(&[succeeded, resolved]));
    let forwards = figures_after(&[base.clone(), earlier.clone(), later.clone()]).await;
    assert_eq!(figures_after(&[later.clone(), earlier.clone(), base.clone()]).await, forwards);
    assert_eq!(figures_after(&[earlier.clone(), base.clone(), later.clone(), earlier]).await, forwards);
    assert_ne!(figures_after(std::slice::from_ref(&base)).await, forwards, "they do count");
}

/// A recorded payload of GitHub.
fn recorded(name: &str) -> Value {
    let path = format!("{}/tests/fixtures/github/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).expect("a fixture")).expect("JSON")
}

/// A recorded success, of another deployment, commit and time.
fn github_success(id: u64, sha: &str, at: At) -> String {
    let mut payload = recorded("deployment_status.created.0");
    payload["deployment"]["id"] = json!(id);
    payload["deployment"]["sha"] = json!(sha);
    for time in ["created_at", "updated_at"] {
        payload["deployment"][time] = json!(at.rfc3339());
        payload["deployment_status"][time] = json!(at.rfc3339());
    }
    payload.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn githubs_webhooks_end_in_figures_and_a_redelivery_is_one_row() {
    let t = Harness::http().await;
    let (before, after) = ("a".repeat(40), "b".repeat(40));
    let at = days_ago(10);
    let mut push = recorded("push.0");
    push["ref"] = json!("refs/heads/master");
    push["before"] = json!(before);
    push["after"] = json!(after);
    push["created"] = json!(false);
    push["deleted"] = json!(false);
    push["forced"] = json!(false);
    let author = json!({"name": "Codertocat", "email": "codertocat@sample.example"});
    push["commits"] =
        json!([{"id": after, "message": "Faster", "timestamp": at.plus(-5 * HOUR).rfc3339(), "author": author, "distinct": true}]);
    push["head_commit"] = push["commits"][0].clone();
    let story = [
        ("deployment_status", "d-1", github_success(1, &before, at.plus(-24 * HOUR))),
        ("deployment_status", "d-2", github_success(2, &after, at)),
        ("push", "d-3", push.to_string()),
        ("ping", "d-4", recorded("ping.0").to_string()),
    ];
    for (event, delivery, body) in &story {
        assert_eq!(t.github(event, delivery, body).await.0, 202);
    }
    assert_eq!(t.database.count("delivery"), 4, "each is durable before its 202");
    t.parsed().await;
    let answer = t.ask("dora service:Hello-World 30d").await;
    let five = [
        &metric(&answer, "deployment_frequency")["n"],
        &metric(&answer, "change_lead_time")["value"],
        &metric(&answer, "change_lead_time")["n"],
    ];
    assert_eq!(five, [&json!(2), &json!(5.0 * 3600.0), &json!(1)], "{answer}");
    let again = t.github("push", "d-3", &story[2].2).await;
    assert_eq!((again.0, &again.1["duplicate"]), (202, &json!(1)));
    t.parsed().await;
    assert_eq!((t.database.count("delivery"), figures(&t.ask("dora service:Hello-World 30d").await)), (4, figures(&answer)));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recorded_github_payload_is_taken_and_nothing_panics() {
    let t = Harness::http().await;
    let folder = format!("{}/tests/fixtures/github", env!("CARGO_MANIFEST_DIR"));
    let mut sent = 0;
    for entry in std::fs::read_dir(folder).expect("fixtures") {
        let path = entry.expect("a file").path();
        if path.is_dir() {
            continue; // pages of the API
        }
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let event = name.split('.').next().expect("the kind").to_owned();
        let body = std::fs::read_to_string(&path).expect("a fixture");
        assert_eq!(t.github(&event, &name, &body).await.0, 202, "{name}");
        sent += 1;
    }
    t.parsed().await;
    assert_eq!(t.database.count("delivery"), sent);
    assert_eq!(t.database.number("select count(*) from delivery where state = 'pending'"), 0);
    assert!(t.ask("help").await["commands"].is_array());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_without_proof_stores_nothing() {
    let t = Harness::http().await;
    let body = recorded("ping.0").to_string();
    let check = async |signature: Option<&str>, body: &str, expect: u16| {
        let mut headers = vec![("content-type", "application/json"), ("x-github-event", "ping"), ("x-github-delivery", "d-9")];
        headers.extend(signature.map(|signature| ("x-hub-signature-256", signature)));
        assert_eq!(t.post("/hooks/github", &headers, body.to_owned()).await.0, expect);
    };
    check(None, &body, 401).await;
    check(Some(&github_signature("another", &body)), &body, 401).await;
    check(Some(&github_signature(crate::harness::GITHUB_SECRET, &body)), "{}", 401).await;
    let cut = &body[..body.len() / 2];
    check(Some(&github_signature(crate::harness::GITHUB_SECRET, cut)), cut, 400).await;
    assert_eq!(t.database.count("delivery"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn cdevents_are_taken_binary_and_structured_and_count_once() {
    let t = Harness::http().await;
    let path = format!("{}/tests/fixtures/cdevents/service_deployed.json", env!("CARGO_MANIFEST_DIR"));
    let fixture: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("a fixture")).expect("JSON");
    let event = |id: &str, days: i64| {
        let mut event = fixture.clone();
        event["context"]["id"] = json!(id);
        event["context"]["timestamp"] = json!(days_ago(days).rfc3339());
        event["subject"]["content"]["environment"]["id"] = json!("production");
        event
    };
    let kind = fixture["context"]["type"].as_str().expect("a type").to_owned();
    let (name, token) = bearer();
    let binary = event("e-1", 3);
    let time = days_ago(3).rfc3339();
    let headers = [
        ("content-type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-id", "e-1"),
        ("ce-source", "/event/source/123"),
        ("ce-type", &kind),
        ("ce-time", &time),
    ];
    assert_eq!(t.post("/hooks/cdevents", &headers, binary.to_string()).await.0, 401, "without a token");
    let proven: Vec<(&str, &str)> = headers.into_iter().chain([(name, token.as_str())]).collect();
    let envelope = |id: &str, data: Value| {
        json!({"specversion": "1.0", "id": id, "source": "/event/source/123", "type": kind, "datacontenttype": "application/json", "data": data}).to_string()
    };
    let structured = [("content-type", "application/cloudevents+json"), (name, token.as_str())];
    for _ in 0..2 {
        assert_eq!(t.post("/hooks/cdevents", &proven, binary.to_string()).await.0, 202);
        assert_eq!(t.post("/hooks/cdevents", &structured, envelope("e-1", event("e-1", 3))).await.0, 202);
        assert_eq!(t.post("/hooks/cdevents", &structured, envelope("e-2", event("e-2", 2))).await.0, 202);
    }
    t.parsed().await;
    let answer = t.ask("dora service:mySubject123 30d").await;
    assert_eq!(metric(&answer, "deployment_frequency")["n"], 2, "{answer}");
    assert_eq!(t.database.count("deployment"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_stored_is_answered_503_and_readiness_says_so() {
    let t = Harness::http().await;
    t.import_json(&sample()).await;
    assert_eq!(t.get("/readyz").await.0, 200);
    t.app.store.close().await;
    let (name, token) = bearer();
    let request = t.client.post(format!("{}/v1/events", t.url)).header(name, token).header("content-type", "application/json").body("[]");
    let refused = request.send().await.expect("an answer");
    assert_eq!((refused.status().as_u16(), refused.headers().contains_key("retry-after")), (503, true));
    assert_eq!(t.github("ping", "d-1", &recorded("ping.0").to_string()).await.0, 503);
    assert_eq!((t.get("/readyz").await.0, t.get("/healthz").await.0), (503, 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_past_later_facts_do_not_exist() {
    let t = Harness::http().await;
    let events = sample_events();
    let now = t.clock.now();
    let cut = now.plus(-60 * 24 * HOUR);
    let is_before = |event: &&Value| {
        let at = event["finished_at"].as_str().or(event["started_at"].as_str()).expect("a time");
        At::parse(at).expect("RFC 3339") <= cut
    };
    let known: Vec<Value> = events.iter().filter(is_before).cloned().collect();
    t.clock.set(cut);
    t.import_json(&lines(&known)).await;
    let then = figures(&t.ask("dora 90d").await);
    t.clock.set(now);
    t.import_json(&lines(&events)).await;
    assert_ne!(figures(&t.ask("dora 90d").await), then);
    t.clock.set(cut);
    assert_eq!(figures(&t.ask("dora 90d").await), then, "as if nothing had come since");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_taken_back_by_the_name_that_its_answer_gave() {
    let t = Harness::http().await;
    t.import_json(&sample()).await;
    let before = figures(&t.ask("dora team:all").await);
    let wrong: Vec<Value> = (0..20).map(|number| deployment("checkout", 100 + number, days_ago(20 - number))).collect();
    let answer = t.import_json(&lines(&wrong)).await;
    assert_ne!(figures(&t.ask("dora team:all").await), before);
    let (name, token) = bearer();
    let undo = async |headers: &[(&str, &str)]| {
        let mut request = t.client.delete(format!("{}/v1/batches/{}", t.url, answer["batch"].as_str().expect("a name")));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.expect("an answer");
        (response.status().as_u16(), response.json::<Value>().await.expect("JSON"))
    };
    assert_eq!(undo(&[]).await.0, 401);
    let (status, undone) = undo(&[(name, token.as_str())]).await;
    assert_eq!((status, &undone["batch"], undone["restored"].as_u64()), (200, &answer["batch"], Some(1)), "{undone}");
    assert_eq!(figures(&t.ask("dora team:all").await), before);
    let (status, gone) = undo(&[(name, token.as_str())]).await;
    assert_eq!((status, &gone["error"]["kind"]), (404, &json!("unknown_batch")));
}
