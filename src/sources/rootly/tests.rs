//! The rootly source, from payloads to events.

use super::{Headers, SOURCE};
use crate::domain::event::{Event, Incident, Parsed};
use crate::domain::time::At;
use crate::sources::golden;
use serde_json::{Value, json};

#[test]
fn every_recorded_payload_is_used_or_ignored_for_a_reason() {
    golden::same_as_snapshot("rootly", &golden::walk(&SOURCE));
}

fn read(kind: &str, data: &Value) -> Parsed {
    let mut whole = json!({"id": "r1", "title": "Down", "kind": "normal", "status": "started", "created_at": "2026-05-01T10:05:00Z",
        "started_at": "2026-05-01T10:00:00Z", "updated_at": "2026-05-01T11:00:00Z", "severity": {"name": "SEV1"}, "services": [{"name": "checkout"}]});
    data.as_object().expect("an object").iter().for_each(|(name, value)| whole[name] = value.clone());
    let body = json!({"event": {"id": "e1", "type": kind, "issued_at": "2026-05-01T11:00:01Z"}, "data": whole});
    (SOURCE.parse)(&Headers::default(), body.to_string().as_bytes())
}

fn told(parsed: &Parsed) -> Vec<&Incident> {
    parsed.events.iter().map(|stated| if let Event::Incident(incident) = &stated.event { incident } else { panic!("{stated:?}") }).collect()
}

#[test]
fn it_ends_when_it_is_resolved_not_when_it_is_mitigated() {
    let check = |kind: &str, data: Value, expect: Option<&str>| {
        let parsed = read(kind, &data);
        assert_eq!(
            told(&parsed).iter().map(|told| told.resolved_at).collect::<Vec<_>>(),
            [expect.and_then(At::parse)],
            "{kind}: {parsed:?}"
        );
    };
    check("incident.created", json!({}), None);
    check("incident.mitigated", json!({"status": "mitigated", "mitigated_at": "2026-05-01T10:30:00Z"}), None);
    check("incident.resolved", json!({"status": "resolved", "resolved_at": "2026-05-01T10:50:00Z"}), Some("2026-05-01T10:50:00Z"));
    check("incident.resolved", json!({"status": "resolved"}), Some("2026-05-01T11:00:01Z"));
    check("incident.updated", json!({"status": "closed", "resolved_at": "2026-05-01T10:50:00Z"}), Some("2026-05-01T10:50:00Z"));
    assert!(read("incident.updated", &json!({"status": "closed"})).ignored.expect("a reason").contains("since when"));
}

#[test]
fn what_is_none_yet_or_was_none_after_all_fails_nothing() {
    for (kind, why) in [("incident.cancelled", "none: cancelled"), ("incident.deleted", "none: deleted")] {
        let parsed = read(kind, &json!({"cancelled_at": "2026-05-01T10:20:00Z"}));
        assert_eq!((told(&parsed)[0].deployment.as_deref(), told(&parsed)[0].resolved_at), (Some(why), At::parse("2026-05-01T10:20:00Z")));
    }
    let ignored = |kind: &str, data: Value| assert!(read(kind, &data).ignored.is_some(), "{kind} {data}");
    ignored("incident.cancelled", json!({"started_at": null}));
    ignored("incident.updated", json!({"status": "cancelled", "started_at": null}));
    ignored("incident.created", json!({"status": "in_triage", "started_at": null}));
    ignored("incident.created", json!({"kind": "test_sub"}));
    ignored("incident.created", json!({"kind": "scheduled"}));
    ignored("incident_post_mortem.created", json!({}));
}

#[test]
fn each_service_sees_it_and_what_is_missing_is_named() {
    let parsed = read("incident.updated", &json!({"services": [{"name": "web"}, {"name": "checkout"}, {"id": "nameless"}]}));
    assert_eq!(
        told(&parsed).iter().map(|told| (told.id.as_str(), told.service.as_deref())).collect::<Vec<_>>(),
        [("r1", Some("checkout")), ("r1#2", Some("web"))]
    );
    assert_eq!(told(&read("incident.created", &json!({"services": null})))[0].service, None);
    assert_eq!(told(&read("incident.created", &json!({"severity": "sev2"})))[0].severity.as_deref(), Some("sev2"));
    let late = read("incident.created", &json!({"started_at": null}));
    assert_eq!(told(&late)[0].started_at, At::parse("2026-05-01T10:05:00Z").expect("a time"));
    assert_eq!(read("incident.created", &json!({"id": null})).rejected[0].reason, "incident.created: it has no data.id");
    assert_eq!((SOURCE.parse)(&Headers::default(), b"{}").rejected[0].reason, "delivery: it has no event.type");
    assert_eq!((SOURCE.delivery_id)(&Headers::default(), br#"{"event":{"id":"e1"}}"#).as_deref(), Some("e1"));
}

#[test]
fn the_documented_header_is_checked() {
    // As in `signature`'s test: made with openssl.
    let headers = Headers(
        [("x-rootly-signature".to_owned(), "t=1492774588,v1=fc4ff773916e2dbc3d66fe31f1bde0281d67d91cbe805c466066a614a5cf1ad8".to_owned())]
            .into(),
    );
    let body = br#"{"event":{"type":"incident.created"}}"#;
    let verify = |now: i64| (SOURCE.verify)(&headers, body, &["webhook secret".into()], At::from_secs(now));
    assert_eq!(verify(1_492_774_600), Ok(()));
    assert!(verify(1_492_775_588).is_err(), "replayed later");
}
