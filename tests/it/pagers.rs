//! Incidents by the pagers' webhooks, and Bitbucket's and Azure's deliveries, from the wire to the figures.

use pacer::domain::time::{At, DAY, HOUR};
use serde_json::{Value, json};

use crate::harness::facts::{days_ago, deployment, github_signature, lines, metric};
use crate::harness::{Harness, Transport};

const SECRETS: [(&str, &str); 6] = [
    ("PACER_PAGERDUTY_SECRET", "old,new"),
    ("PACER_ROOTLY_SECRET", "rootly"),
    ("PACER_INCIDENTIO_SECRET", "whsec_c2VjcmV0"),
    ("PACER_STANDARD_SECRET", "whsec_c2VjcmV0"),
    ("PACER_BITBUCKET_SECRET", "bitbucket"),
    ("PACER_AZURE_SECRET", "pacer:azure"),
];

/// The hex of a body's HMAC.
fn hex_of(secret: &str, body: &str) -> String {
    github_signature(secret, body).replace("sha256=", "")
}

async fn pagerduty(t: &Harness, id: &str, kind: &str, at: At, data: Value) -> (u16, Value) {
    let body =
        json!({"event": {"id": format!("{id}-{kind}-{at}"), "event_type": kind, "occurred_at": at.rfc3339(), "data": data}}).to_string();
    // Both sides rotate: PagerDuty signs with two secrets, of which pacer knows one.
    let signature = format!("v1={},v1={}", hex_of("newest", &body), hex_of("new", &body));
    t.post("/hooks/pagerduty", &[("x-pagerduty-signature", &signature), ("x-webhook-id", "w1")], body).await
}

fn incident(id: &str, status: &str, began: At, resolve_reason: &Value) -> Value {
    json!({"id": id, "type": "incident", "status": status, "created_at": began.rfc3339(), "title": "Down", "urgency": "high",
        "service": {"id": "PF9KMXH", "summary": "checkout"}, "resolve_reason": resolve_reason})
}

/// Numerator over denominator of the change fail rate.
fn fail_rate(answer: &Value) -> (Value, Value) {
    let figure = metric(answer, "change_fail_rate");
    (figure["value"].clone(), figure["excluded"]["unlinked"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pagers_incident_fails_the_deployment_before_it_unless_it_was_none() {
    let t = Harness::with(Transport::Http, &SECRETS).await;
    let deployments: Vec<Value> = (0..10).map(|number| deployment("checkout", number, days_ago(40 - 3 * number))).collect();
    t.import_json(&lines(&deployments)).await;
    let began = days_ago(40).plus(HOUR);
    let sent = async |id: &str, kind: &str, after: i64, data: Value| {
        let (status, answer) = pagerduty(&t, id, kind, began.plus(after), data).await;
        assert_eq!(status, 202, "{answer}");
        t.parsed().await;
    };
    sent("P1", "incident.resolved", HOUR, incident("P1", "resolved", began, &Value::Null)).await;
    sent("P1", "incident.triggered", 0, incident("P1", "triggered", began, &Value::Null)).await;
    let (value, unlinked) = fail_rate(&t.ask("dora service:checkout 90d").await);
    assert_eq!((value, unlinked), (json!(0.1), Value::Null), "one of ten, in whatever order it came");
    // Another one, on the next deployment, turns out to be a part of something else.
    let other = began.plus(3 * DAY);
    sent("P2", "incident.triggered", 3 * DAY, incident("P2", "triggered", other, &Value::Null)).await;
    assert_eq!(fail_rate(&t.ask("dora service:checkout 90d").await).0, json!(0.2));
    let merged = json!({"type": "merge_resolve_reason", "incident": {"id": "P1"}});
    sent("P2", "incident.resolved", 3 * DAY + HOUR, incident("P2", "resolved", other, &merged)).await;
    assert_eq!(fail_rate(&t.ask("dora service:checkout 90d").await), (json!(0.1), json!(1)), "shown, and not in the ratio");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_proven_or_is_old_is_refused_and_stored_nowhere() {
    let t = Harness::with(Transport::Http, &SECRETS).await;
    let now = t.app.clock.now().0 / 1_000_000;
    let body = json!({"event": {"id": "e1", "type": "incident.created", "issued_at": "2026-11-23T12:00:00Z"}, "data": {}}).to_string();
    let rootly = async |at: i64, secret: &str| {
        let signature = format!("t={at},v1={}", hex_of(secret, &format!("{at}{body}")));
        t.post("/hooks/rootly", &[("x-rootly-signature", &signature)], body.clone()).await
    };
    for (at, secret, expect) in [(now, "other", 401), (now - 301, "rootly", 401), (now + 301, "rootly", 401)] {
        let (status, answer) = rootly(at, secret).await;
        assert_eq!((status, &answer["error"]["kind"]), (expect, &json!("unauthorized")), "{answer}");
    }
    let (status, _) = t.post("/hooks/azure", &[("authorization", "Basic cGFjZXI6b3RoZXI=")], "{}").await;
    assert_eq!(status, 401);
    let (status, _) = t.post("/hooks/incidentio", &[("webhook-id", "m1")], "{}").await;
    assert_eq!(status, 401);
    assert_eq!(t.database.count("delivery"), 0, "refused before it is stored");
    assert_eq!(rootly(now - 299, "rootly").await.1["duplicate"], json!(0));
    assert_eq!(rootly(now, "rootly").await.1["duplicate"], json!(1), "signed anew, the event's id tells that it is the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn bitbuckets_and_azures_deliveries_end_in_facts() {
    let t = Harness::with(Transport::Http, &SECRETS).await;
    let recorded = |slug: &str, name: &str| {
        std::fs::read_to_string(format!("{}/tests/fixtures/{slug}/{name}.json", env!("CARGO_MANIFEST_DIR"))).expect("a fixture")
    };
    for (key, name) in [("repo:push", "repo_push.1"), ("pullrequest:fulfilled", "pullrequest_fulfilled.1"), ("pr:merged", "pr_merged")] {
        let body = recorded("bitbucket", name);
        let signature = github_signature("bitbucket", &body);
        let (status, answer) =
            t.post("/hooks/bitbucket", &[("x-event-key", key), ("x-request-uuid", name), ("x-hub-signature", &signature)], body).await;
        assert_eq!(status, 202, "{answer}");
    }
    let azure = [("authorization", "Basic cGFjZXI6YXp1cmU=")]; // pacer:azure
    for name in ["git.push", "stage-state-changed.2", "build.complete", "workitem.created"] {
        assert_eq!(t.post("/hooks/azure", &azure, recorded("azure", name)).await.0, 202);
    }
    t.parsed().await;
    let counts = ["commits", "change", "deployment", "run", "item"].map(|table| t.database.count(table));
    assert_eq!(counts, [3 + 2, 2, 1, 1, 1]);
}
