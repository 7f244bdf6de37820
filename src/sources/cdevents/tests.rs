//! The cdevents source, from payloads to events.

use super::*;
use crate::domain::part::whole;
use crate::sources::golden;
use serde_json::{Value, json};

fn fixture(name: &str) -> Value {
    golden::payload(&SOURCE, name)
}

fn one(headers: &Headers, body: &Value) -> Event {
    let parsed = parse(headers, body.to_string().as_bytes());
    assert_eq!((parsed.rejected.as_slice(), parsed.ignored, parsed.events.len()), (&[][..], None, 1));
    parsed.events[0].event.clone()
}

#[test]
fn every_conformance_event_is_used_or_ignored_for_a_reason() {
    let lines = golden::walk(&SOURCE);
    assert_eq!(lines.len(), 45);
    golden::same_as_snapshot("cdevents", &lines);
}

#[test]
fn the_official_types_read_the_same_subject_and_time() {
    for name in ["service_deployed", "incident_detected", "change_merged", "ticket_closed"] {
        let event = fixture(name);
        let oracle: cdevents_sdk::CDEvent = serde_json::from_value(event.clone()).expect(name);
        let parsed = parse(&Headers::default(), event.to_string().as_bytes());
        let told = &parsed.events[0];
        let subject = match &told.event {
            Event::Deployment(deployment) => deployment.service.clone().unwrap_or_default(),
            Event::Part(part) => part.id.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(subject, oracle.subject().id().as_str(), "{name}");
        let micros = i64::try_from(oracle.timestamp().unix_timestamp_nanos() / 1000).expect("this century");
        assert_eq!(told.updated_at, Some(At(micros)), "{name}");
    }
}

#[test]
fn structured_binary_batch_and_bare_say_the_same() {
    let bare = fixture("service_upgraded");
    let expect = one(&Headers::default(), &bare);
    let cloud = json!({"specversion": "1.0", "id": "x", "source": "/s", "type": "dev.cdevents.service.upgraded.0.2.0",
        "datacontenttype": "application/json", "data": bare});
    assert_eq!(one(&Headers::default(), &cloud), expect, "structured");
    assert_eq!(one(&Headers::default(), &json!([cloud])), expect, "batch");
    let text = json!({"specversion": "1.0", "data": bare.to_string()});
    assert_eq!(one(&Headers::default(), &text), expect, "data as a text");
    let coded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bare.to_string());
    assert_eq!(one(&Headers::default(), &json!({"specversion": "1.0", "data_base64": coded})), expect, "data as base64");

    // A binary event may leave to the headers what its context does not say.
    let mut body = bare.clone();
    let context = body["context"].as_object_mut().expect("a context");
    let mut headers = Headers::default();
    for (name, header) in [("id", "ce-id"), ("source", "ce-source"), ("type", "ce-type"), ("timestamp", "ce-time")] {
        headers.0.insert(header.into(), context.remove(name).expect(name).as_str().expect(name).into());
    }
    assert_eq!(one(&headers, &body), expect, "binary");
    assert_eq!(
        (SOURCE.delivery_id)(&headers, body.to_string().as_bytes()).as_deref(),
        Some("/event/source/123#271069a8-fc18-44f1-b38f-9d70a1695819#dev.cdevents.service.upgraded.0.2.0")
    );
}

#[test]
fn any_version_of_a_type_is_read() {
    for kind in ["dev.cdevents.service.deployed.0.1.0", "dev.cdevents.service.deployed.0.9.7", "dev.cdevents.service.deployed.1.0.0-draft"]
    {
        let mut event = fixture("service_deployed");
        event["context"]["type"] = json!(kind);
        event["context"]["specversion"] = json!("0.9.0");
        event["subject"].as_object_mut().expect("a subject").remove("type");
        assert!(matches!(one(&Headers::default(), &event), Event::Deployment(_)), "{kind}");
    }
    let mut foreign = fixture("service_deployed");
    foreign["context"]["type"] = json!("com.example.deployed");
    assert!(parse(&Headers::default(), foreign.to_string().as_bytes()).ignored.expect("a reason").contains("com.example.deployed"));
}

#[test]
fn an_artifact_names_its_commit_only_plainly() {
    let sha = "0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa";
    let check = |artifact: &str, expect: Option<&str>| assert_eq!(commit_of(artifact).as_deref(), expect, "{artifact}");
    check(&format!("pkg:github/org/app@{sha}"), Some(sha));
    check(&format!("pkg:oci/app@1.2?vcs_url=git+https://h/o/r.git%40{sha}"), Some(sha));
    check(&format!("pkg:oci/app@sha256%3A{sha}151f221d1e8de6817db93427"), None);
    check(&format!("pkg:oci/app@{sha}00"), None);
    check("", None);
    assert_eq!(github_repository(&format!("pkg:github/org/app@{sha}")).as_deref(), Some("org/app"));
    assert_eq!(github_repository("pkg:oci/app@1"), None);
}

#[test]
fn an_incident_is_whole_in_any_order() {
    let part = |name: &str, at: &str| {
        let mut event = fixture(name);
        event["context"]["timestamp"] = json!(at);
        match one(&Headers::default(), &event) {
            Event::Part(part) => (part.clone(), Some(part.at)),
            other => panic!("{other:?}"),
        }
    };
    let detected = part("incident_detected", "2026-05-01T10:00:00Z");
    let resolved = part("incident_resolved", "2026-05-01T11:00:00Z");
    let expect = whole(None, &[detected.clone(), resolved.clone()]);
    let Some(Event::Incident(incident)) = &expect else { panic!("{expect:?}") };
    assert_eq!((incident.id.as_str(), incident.service.as_deref()), ("incident-123", Some("myApp")));
    assert_eq!(incident.resolved_at, At::parse("2026-05-01T11:00:00Z"));
    assert_eq!(incident.title.as_deref(), Some("Response time above threshold of 100ms"));
    assert_eq!(whole(None, &[resolved, detected]), expect);
}

#[test]
fn what_is_no_cdevent_is_refused_or_rejected() {
    let refused = |body: &[u8], expect: &str| {
        let said = (SOURCE.check)(&Headers::default(), body).expect_err(expect).to_string();
        assert!(said.contains(expect), "{said:?} does not say {expect:?}");
    };
    refused(b"", "not JSON");
    refused(b"{\"context\":{", "not JSON");
    refused(b"[{]", "not JSON");
    refused(b"\"x\"", "not a JSON object");
    refused(b"{\"a\":\"\xff\"}", "not valid UTF-8");
    let rejected = |body: Value, expect: &str| {
        let reasons: Vec<String> =
            parse(&Headers::default(), body.to_string().as_bytes()).rejected.into_iter().map(|row| row.reason).collect();
        assert!(reasons.len() == 1 && reasons[0].contains(expect), "{reasons:?} does not say {expect:?}");
    };
    rejected(json!({}), "it has no context.type");
    rejected(json!({"specversion": "1.0"}), "has no `data`");
    let mut event = fixture("service_deployed");
    event["context"]["timestamp"] = json!("yesterday");
    rejected(event.clone(), "`yesterday` is not an RFC 3339 time");
    event["context"].as_object_mut().expect("a context").remove("timestamp");
    rejected(event.clone(), "service.deployed: it has no context.timestamp");
    event["context"]["timestamp"] = json!("2026-05-01T10:00:00Z");
    event["subject"]["id"] = json!(" ");
    rejected(event.clone(), "it has no subject.id");
    event["subject"] = json!({"id": "s", "content": {"environment": 5}});
    rejected(event, "subject.content cannot be read");
}
