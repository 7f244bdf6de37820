//! The incidentio source, from payloads to events.

use super::{Headers, SOURCE};
use crate::domain::event::{Event, Incident, Parsed};
use crate::domain::time::At;
use crate::sources::golden;
use serde_json::{Value, json};

#[test]
fn every_recorded_payload_is_used_or_ignored_for_a_reason() {
    golden::same_as_snapshot("incidentio", &golden::walk(&SOURCE));
}

fn read(payload: &Value) -> Parsed {
    (SOURCE.parse)(&Headers::default(), payload.to_string().as_bytes())
}

fn payload(category: &str, before: Option<&str>, resolved: Option<&str>) -> Value {
    let incident = json!({"id": "I1", "name": "Down", "mode": "standard", "created_at": "2026-05-01T10:00:00Z", "updated_at": "2026-05-01T12:00:00Z",
        "incident_status": {"category": category}, "severity": {"name": "Major"},
        "incident_timestamp_values": [{"incident_timestamp": {"name": "Resolved at"}, "value": resolved.map(|at| json!({"value": at}))}]});
    match before {
        None => json!({"event_type": "public_incident.incident_updated_v2", "public_incident.incident_updated_v2": incident}),
        Some(before) => json!({"event_type": "public_incident.incident_status_updated_v2", "public_incident.incident_status_updated_v2":
            {"incident": incident, "previous_status": {"category": before}, "new_status": {"category": category}}}),
    }
}

#[test]
fn the_category_decides_and_the_end_is_where_it_was_said_first() {
    let check = |category: &str, before: Option<&str>, resolved: Option<&str>, expect: Option<Option<&str>>| {
        let parsed = read(&payload(category, before, resolved));
        let ended: Option<Option<At>> = parsed.events.first().map(|stated| match &stated.event {
            Event::Incident(Incident { resolved_at, deployment: None, .. }) => *resolved_at,
            other => panic!("{other:?}"),
        });
        assert_eq!(ended, expect.map(|at| at.and_then(At::parse)), "{category} {before:?} {resolved:?}: {parsed:?}");
        assert_eq!(parsed.ignored.is_some(), expect.is_none(), "{parsed:?}");
    };
    let (told, now) = (Some("2026-05-01T11:00:00Z"), Some("2026-05-01T12:00:00Z"));
    check("live", Some("triage"), None, Some(None));
    check("paused", Some("live"), None, Some(None));
    check("learning", Some("live"), None, Some(now));
    check("closed", Some("paused"), None, Some(now));
    check("learning", Some("live"), told, Some(told));
    check("closed", Some("learning"), told, Some(told));
    check("closed", Some("learning"), None, None);
    check("closed", None, None, None);
    check("closed", None, told, Some(told));
    check("live", Some("closed"), told, Some(None));
    check("triage", None, None, None);
    check("declined", Some("triage"), None, None);
    check("odd", None, None, None);
}

#[test]
fn what_was_none_after_all_fails_nothing() {
    for (category, expect) in [("merged", "none: merged into another"), ("canceled", "none: cancelled")] {
        let parsed = read(&payload(category, Some("live"), None));
        assert!(
            matches!(&parsed.events[0].event, Event::Incident(told) if told.deployment.as_deref() == Some(expect) && told.resolved_at.is_some()),
            "{parsed:?}"
        );
    }
}

#[test]
fn services_are_read_from_a_field_of_that_name() {
    let check = |name: &str, values: Value, expect: &[&str]| {
        let mut payload = payload("live", None, None);
        payload["public_incident.incident_updated_v2"]["custom_field_entries"] =
            json!([{"custom_field": {"name": name}, "values": values}]);
        let events = read(&payload).events;
        let services: Vec<&str> = events
            .iter()
            .filter_map(|stated| if let Event::Incident(told) = &stated.event { told.service.as_deref() } else { None })
            .collect();
        assert_eq!(services, expect, "{name}");
    };
    check("Service", json!([{"value_catalog_entry": {"name": "checkout"}}]), &["checkout"]);
    check("Affected services", json!([{"value_option": {"value": "web"}}, {"value_text": "cart"}]), &["cart", "web"]);
    check("IMPACTED SERVICE", json!([{"value_text": " "}, {"value_link": "https://x"}]), &[]);
    check("Service level", json!([{"value_text": "gold"}]), &[]);
}

#[test]
fn what_is_missing_is_named() {
    let rejected = |payload: Value, expect: &str| {
        golden::assert_rejected(&read(&payload), expect);
    };
    rejected(json!({}), "delivery: it has no event_type");
    rejected(json!({"event_type": "public_incident.incident_created_v2"}), ".incident_status.category");
    let mut timeless = payload("live", None, None);
    timeless["public_incident.incident_updated_v2"]["updated_at"] = json!(null);
    rejected(timeless, ".updated_at");
}
