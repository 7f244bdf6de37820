//! GitLab's webhooks, from the token to the figure.

use pacer::domain::time::{At, HOUR};
use serde_json::{Value, json};

use crate::harness::facts::{days_ago, figures, metric};
use crate::harness::{Harness, Transport};

const SECRETS: (&str, &str) = ("PACER_GITLAB_SECRET", "new-token,old-token");

/// A payload of the kind, changed.
fn recorded(name: &str, change: impl FnOnce(&mut Value)) -> String {
    let path = format!("{}/tests/fixtures/gitlab/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let mut payload: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("a fixture")).expect("JSON");
    change(&mut payload);
    payload.to_string()
}

fn deployed(id: u64, sha: &str, at: At) -> String {
    recorded("own.deployment_success", |payload| {
        payload["deployment_id"] = json!(id);
        payload["commit_url"] = json!(format!("https://gitlab.example.com/group/sub/app/-/commit/{sha}"));
        payload["status_changed_at"] = json!(at.utc().format("%Y-%m-%d %H:%M:%S +0000").to_string());
    })
}

async fn send(t: &Harness, token: &str, key: &str, body: &str) -> (u16, Value) {
    let headers = [("content-type", "application/json"), ("x-gitlab-token", token), ("idempotency-key", key)];
    t.post("/hooks/gitlab", &headers, body.to_owned()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn gitlabs_webhooks_end_in_figures_and_what_is_sent_again_is_one_row() {
    let t = Harness::with(Transport::Http, &[SECRETS]).await;
    let (before, after, at) = ("a".repeat(40), "b".repeat(40), days_ago(10));
    let push = recorded("own.push_default_branch", |push| {
        push["commits"] = json!([push["commits"][0]]);
        push["commits"][0]["timestamp"] = json!(at.plus(-5 * HOUR).rfc3339());
        push["total_commits_count"] = json!(1);
    });
    let story = [("k1", deployed(2, &after, at)), ("k2", push), ("k3", deployed(1, &before, at.plus(-24 * HOUR)))];
    for (key, body) in &story {
        assert_eq!(send(&t, "old-token", key, body).await.0, 202);
    }
    t.parsed().await;
    let answer = t.ask("dora service:app 30d").await;
    let told = [
        &metric(&answer, "deployment_frequency")["n"],
        &metric(&answer, "change_lead_time")["value"],
        &metric(&answer, "change_lead_time")["n"],
    ];
    assert_eq!(told, [&json!(2), &json!(5.0 * 3600.0), &json!(1)], "{answer}");
    let again = send(&t, "new-token", "k2", &story[1].1).await;
    assert_eq!((again.0, &again.1["duplicate"]), (202, &json!(1)));
    assert_eq!(send(&t, "new-token", "k4", &story[1].1).await.0, 202, "another webhook of the same push");
    t.parsed().await;
    assert_eq!((t.database.count("delivery"), figures(&t.ask("dora service:app 30d").await)), (4, figures(&answer)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gitlab_webhook_without_the_token_stores_nothing_and_no_token_is_kept() {
    let t = Harness::with(Transport::Http, &[SECRETS]).await;
    let body = recorded("own.emoji", |_| {});
    assert_eq!(send(&t, "another", "k1", &body).await.0, 401);
    assert_eq!(send(&t, "", "k1", &body).await.0, 401);
    assert_eq!(t.post("/hooks/gitlab", &[("content-type", "application/json")], body.clone()).await.0, 401);
    assert_eq!(send(&t, "new-token", "k1", &body[..body.len() / 2]).await.0, 400);
    assert_eq!(t.database.count("delivery"), 0);
    assert_eq!(send(&t, "new-token", "k1", &body).await.0, 202);
    assert_eq!(t.database.number("select count(*) from delivery where headers like '%new-token%'"), 0);
    let off = Harness::with(Transport::Http, &[("PACER_GITLAB_SECRET", "")]).await;
    assert_eq!(send(&off, "", "k1", &body).await.0, 404);
}
