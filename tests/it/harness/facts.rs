//! What stories tell of: generic events, an organisation, signatures.

use hmac::{Hmac, KeyInit, Mac};
use pacer::domain::time::{At, DAY, HOUR, SECOND};
use serde_json::{Value, json};
use sha2::Sha256;

use super::NOW;

/// The instant so many days before the story's beginning.
pub fn days_ago(days: i64) -> At {
    At::parse(NOW).expect("an instant").plus(-days * DAY)
}

/// A deployment that brings two commits, six hours and a day old, more or less.
pub fn deployment(service: &str, number: i64, finished_at: At) -> Value {
    let commit = |which: i64, age: i64| json!({"sha": sha(service, number * 10 + which), "authored_at": finished_at.plus(-age).rfc3339()});
    json!({"type": "deployment", "id": format!("{service}-{number}"), "service": service, "status": "success",
        "finished_at": finished_at.rfc3339(), "commit": sha(service, number * 10 + 1),
        "commits": [commit(1, 6 * HOUR + number * 97 * SECOND), commit(2, DAY + number * 61 * SECOND)]})
}

/// An incident of a deployment that lasts an hour, more or less.
pub fn incident(service: &str, number: i64, deployed_at: At) -> Value {
    json!({"type": "incident", "id": format!("{service}-i{number}"), "service": service, "deployment": format!("{service}-{number}"),
        "started_at": deployed_at.plus(10 * 60 * SECOND).rfc3339(), "resolved_at": deployed_at.plus(HOUR + number * 60 * SECOND).rfc3339()})
}

/// A commit's name that nothing else has.
pub fn sha(service: &str, number: i64) -> String {
    use sha2::Digest;
    let mut hash = hex::encode(Sha256::digest(format!("{service}/{number}")));
    hash.truncate(40);
    hash
}

/// JSON lines.
pub fn lines(events: &[Value]) -> String {
    let mut lines = events.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    lines.push('\n');
    lines
}

/// 240 days of `checkout` (every two days; each sixth one fails, each tenth is a hotfix) and `search` (every five days).
pub fn sample_events() -> Vec<Value> {
    let mut events = Vec::new();
    for number in 0..120 {
        let at = days_ago(239 - 2 * number);
        let mut deployed = deployment("checkout", number, at);
        if number % 10 == 3 {
            deployed["flags"] = json!(["hotfix"]);
        }
        events.push(deployed);
        if number % 6 == 2 {
            events.push(incident("checkout", number, at));
        }
    }
    for number in 0..48 {
        events.push(deployment("search", number, days_ago(238 - 5 * number)));
    }
    events
}

/// [`sample_events`] as JSON lines.
pub fn sample() -> String {
    lines(&sample_events())
}

/// Two teams; `payments` has `checkout`, and `search` keeps its figures to itself.
pub const ORG: &str = r#"
time_zone = "Europe/Berlin"
[[teams]]
id = "payments"
name = "Payments"
services = ["checkout"]
members = [{ person = "ben" }]
targets = { change_lead_time = "2d", change_fail_rate = "5%" }
[[teams]]
id = "finders"
services = ["search"]
members = [{ person = "daria" }]
visibility = "team"
[[people]]
id = "ben"
slack = "U0BEN"
[[people]]
id = "daria"
slack = "U0DARIA"
"#;

/// GitHub's signature of a body.
pub fn github_signature(secret: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(body.as_bytes());
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// The figures of an answer as text: what must be equal byte for byte.
pub fn figures(answer: &Value) -> String {
    assert!(answer["metrics"].is_array(), "{answer}");
    answer["metrics"].to_string()
}

/// A metric of an answer.
pub fn metric<'a>(answer: &'a Value, id: &str) -> &'a Value {
    let metrics = answer["metrics"].as_array().unwrap_or_else(|| panic!("no metrics in {answer}"));
    metrics.iter().find(|metric| metric["id"] == id).expect("a metric of that id")
}
