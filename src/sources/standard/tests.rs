//! The standard source, from payloads to events.

use super::{Headers, SOURCE, parse};
use crate::domain::event::{Event, Parsed};
use crate::sources::golden;
use serde_json::{Value, json};

#[test]
fn every_recorded_payload_is_used_or_ignored_for_a_reason() {
    golden::same_as_snapshot("standard", &golden::walk(&SOURCE));
}

fn read(payload: &Value) -> Parsed {
    parse(&Headers::default(), payload.to_string().as_bytes())
}

#[test]
fn the_type_and_the_time_fill_in_what_is_missing() {
    let check = |kind: &str, data: Value, expect: Value| {
        let parsed = read(&json!({"type": kind, "timestamp": "2026-05-01T11:00:00Z", "data": data}));
        assert_eq!(parsed.rejected, [], "{kind}");
        let event = serde_json::to_value(&parsed.events[0].event).expect("plain data");
        for (name, value) in expect.as_object().expect("an object") {
            assert_eq!(event[name], *value, "{kind}: {name} of {event}");
        }
        assert!(parsed.events[0].updated_at.is_some());
    };
    let at = "2026-05-01T11:00:00Z";
    check(
        "deployment.succeeded",
        json!({"id": "d", "service": "s"}),
        json!({"type": "deployment", "status": "success", "finished_at": at}),
    );
    check("deployment.failed", json!({"id": "d", "service": "s"}), json!({"status": "failure", "finished_at": at}));
    check("deployment.started", json!({"id": "d", "service": "s"}), json!({"status": "pending", "started_at": at, "finished_at": null}));
    check("deployment.cancelled", json!({"id": "d", "service": "s"}), json!({"status": "failure"}));
    check("deployment.finished", json!({"id": "d", "service": "s", "status": "failure"}), json!({"status": "failure", "finished_at": at}));
    check(
        "deployment.done",
        json!({"id": "d", "service": "s", "status": "success", "finished_at": "2026-05-01T10:00:00Z"}),
        json!({"finished_at": "2026-05-01T10:00:00Z"}),
    );
    check("run.cancelled", json!({"id": "r", "repository": "o/r"}), json!({"type": "run", "outcome": "cancelled", "finished_at": at}));
    check("incident.created", json!({"id": "i", "service": "s"}), json!({"type": "incident", "started_at": at, "resolved_at": null}));
    check(
        "incident.resolved",
        json!({"id": "i", "started_at": "2026-05-01T10:00:00Z"}),
        json!({"resolved_at": at, "started_at": "2026-05-01T10:00:00Z"}),
    );
    check("incident.acknowledged", json!({"id": "i", "started_at": "2026-05-01T10:00:00Z"}), json!({"resolved_at": null}));
    check("item.done", json!({"id": "P-1"}), json!({"type": "item", "done_at": at}));
    check("x.y", json!({"type": "activity", "person": "u1", "kind": "comment"}), json!({"type": "activity", "at": at}));
}

#[test]
fn fields_may_stand_beside_the_type_and_nothing_is_written_over() {
    let parsed =
        read(&json!({"type": "incident.resolved", "timestamp": "2026-05-01T11:00:00Z", "id": "i", "started_at": "2026-05-01T10:00:00Z",
        "resolved_at": "2026-05-01T10:30:00Z", "updated_at": "2026-05-01T10:31:00Z"}));
    let Event::Incident(incident) = &parsed.events[0].event else { panic!("an incident") };
    assert_eq!(
        (incident.resolved_at.expect("an end").rfc3339(), parsed.events[0].updated_at.expect("a version").rfc3339()),
        ("2026-05-01T10:30:00Z".into(), "2026-05-01T10:31:00Z".into())
    );
}

#[test]
fn what_is_no_generic_event_is_ignored_and_a_thin_one_rejected() {
    for payload in
        [json!({"type": "user.created", "data": {"id": "1"}}), json!({"type": "incidents", "data": {}}), json!({}), json!({"type": 7})]
    {
        assert!(read(&payload).ignored.expect("a reason").contains("is no generic event"), "{payload}");
    }
    let rejected = |payload: Value, expect: &str| {
        golden::assert_rejected(&read(&payload), expect);
    };
    rejected(json!({"type": "deployment.succeeded", "data": {"id": "1f81eb52"}}), "a deployment needs \"service\" or \"repository\"");
    rejected(
        json!({"type": "incident.created", "timestamp": "now", "data": {"id": "i"}}),
        "incident.created: \"timestamp\" is not an RFC 3339 time",
    );
    assert_eq!(parse(&Headers::default(), b"[]").rejected.len(), 1);
}
