//! The pagerduty source, from deliveries and pages to events.

use super::pages::PAGES;
use super::{Headers, SOURCE, parse};
use crate::domain::event::{Event, Incident};
use crate::domain::time::{At, DAY, SECOND};
use crate::sources::golden;
use crate::sources::pages::{Answer, Ask, Page};
use serde_json::{Value, json};

#[test]
fn every_recorded_payload_is_used_or_ignored_for_a_reason() {
    golden::same_as_snapshot("pagerduty", &golden::walk(&SOURCE));
}

fn time(text: &str) -> At {
    At::parse(text).expect("a time")
}

/// A delivery about the incident `P1`.
fn sent(kind: &str, at: &str, status: &str) -> Value {
    json!({"event": {"id": "e1", "event_type": kind, "occurred_at": at, "data": {"id": "P1", "type": "incident", "status": status,
        "created_at": "2026-05-01T10:00:00Z", "title": "Down", "service": {"id": "PF9KMXH", "summary": "checkout"}, "urgency": "high"}}})
}

fn told(payload: &Value) -> (Incident, Option<At>) {
    let mut parsed = parse(&Headers::default(), payload.to_string().as_bytes());
    match parsed.events.pop() {
        Some(stated) => match stated.event {
            Event::Incident(incident) => (incident, stated.updated_at),
            other => panic!("{other:?}"),
        },
        None => panic!("{parsed:?}"),
    }
}

#[test]
fn the_last_word_wins_in_any_order_and_a_reopened_incident_is_open() {
    let all = [
        sent("incident.triggered", "2026-05-01T10:00:00.1Z", "triggered"),
        sent("incident.acknowledged", "2026-05-01T10:01:00Z", "acknowledged"),
        sent("incident.resolved", "2026-05-01T11:00:00Z", "resolved"),
        sent("incident.reopened", "2026-05-01T12:00:00Z", "triggered"),
        sent("incident.resolved", "2026-05-01T13:00:00Z", "resolved"),
    ];
    let winner = |order: &[usize]| {
        order.iter().map(|at| told(&all[*at])).max_by_key(|(_, version)| *version).map(|(incident, _)| incident).expect("some")
    };
    let check = |order: &[usize], resolved: Option<&str>| {
        let incident = winner(order);
        assert_eq!((incident.started_at, incident.resolved_at), (time("2026-05-01T10:00:00Z"), resolved.map(time)), "{order:?}");
    };
    check(&[0, 1], None);
    check(&[2, 0, 1], Some("2026-05-01T11:00:00Z"));
    check(&[3, 2, 1, 0], None);
    check(&[4, 1, 3, 0, 2], Some("2026-05-01T13:00:00Z"));
}

#[test]
fn a_merged_incident_is_none_of_its_own() {
    let mut merged = sent("incident.resolved", "2026-05-01T11:00:00Z", "resolved");
    merged["event"]["data"]["resolve_reason"] = json!({"type": "merge_resolve_reason", "incident": {"id": "P2"}});
    let (incident, _) = told(&merged);
    assert_eq!((incident.deployment.as_deref(), incident.resolved_at), (Some("none: merged into P2"), Some(time("2026-05-01T11:00:00Z"))));
}

#[test]
fn what_is_missing_or_odd_is_named_and_what_is_not_read_may_be_anything() {
    let rejected = |payload: Value, expect: &str| {
        golden::assert_rejected(&golden::parsed(&SOURCE, &Headers::default(), &payload), expect);
    };
    let without = |field: &str| {
        let mut payload = sent("incident.acknowledged", "2026-05-01T10:00:00Z", "acknowledged");
        payload["event"]["data"].as_object_mut().expect("an object").remove(field);
        payload
    };
    rejected(json!({}), "delivery: it has no event.event_type");
    rejected(without("id"), "incident.acknowledged: it has no event.data.id");
    rejected(without("created_at"), "it has no event.data.created_at");
    let mut odd = sent("incident.acknowledged", "soon", "acknowledged");
    rejected(odd.clone(), "event.occurred_at must be a time, not \"soon\"");
    odd["event"]["occurred_at"] = json!("2026-05-01T10:05:00Z");
    for field in ["teams", "assignees", "conference_bridge"] {
        odd["event"]["data"][field] = json!([{"a": 7}]);
    }
    assert_eq!(told(&odd).0.service.as_deref(), Some("checkout"));
    odd["event"]["data"]["service"] = json!([7]);
    rejected(odd, "event.data.service must be an object, not [7]");
    // Older payloads leave the beginning out.
    let mut old = without("created_at");
    old["event"]["event_type"] = json!("incident.triggered");
    assert_eq!(told(&old).0.started_at, time("2026-05-01T10:00:00Z"));
}

#[test]
fn a_redelivery_has_the_events_own_id() {
    let with = |name: &str| Headers([(name.to_owned(), "hook-1".to_owned())].into());
    let body = sent("incident.triggered", "2026-05-01T10:00:00Z", "triggered").to_string();
    assert_eq!((SOURCE.delivery_id)(&with("x-webhook-id"), body.as_bytes()).as_deref(), Some("e1"));
    assert_eq!((SOURCE.delivery_id)(&with("x-webhook-id"), b"{}").as_deref(), Some("hook-1"));
    // `printf '{}' | openssl dgst -sha256 -hmac secret`
    let signed = Headers(
        [("x-pagerduty-signature".to_owned(), "v1=00,v1=77325902caca812dc259733aacd046b73817372c777b8d95b402647474516e13".to_owned())]
            .into(),
    );
    assert_eq!((SOURCE.verify)(&signed, b"{}", &["old".into(), "secret".into()], At(0)), Ok(()));
    assert!((SOURCE.verify)(&signed, b"{ }", &["secret".into()], At(0)).is_err());
}

// The API.

const NOW: &str = "Mon, 23 Nov 2026 10:00:00 GMT";

fn answer(body: &Value) -> Answer {
    Answer { headers: Headers([("date".to_owned(), NOW.to_owned())].into()), body: body.to_string().into_bytes() }
}

fn row(id: &str, at: At, service: &str) -> Value {
    json!({"id": id, "type": "incident", "status": "resolved", "created_at": at.rfc3339(), "updated_at": at.plus(7_200 * SECOND).rfc3339(),
        "last_status_change_at": at.plus(3_600 * SECOND).rfc3339(), "title": id, "service": {"id": "PF9KMXH", "summary": service}, "priority": {"summary": "P2"}, "urgency": "low"})
}

/// An account of that many incidents, an hour apart, the last one before now, as `PagerDuty` answers.
struct Account {
    incidents: Vec<(At, Value)>,
}

impl Account {
    fn new(count: usize, apart: i64, service: fn(usize) -> &'static str) -> Self {
        let last = time("2026-11-23T09:00:00Z");
        let at = |place: usize| last.plus(-apart * i64::try_from(count - 1 - place).expect("few"));
        Self { incidents: (0..count).map(|place| (at(place), row(&format!("P{place}"), at(place), service(place)))).collect() }
    }

    fn get(&self, ask: &Ask) -> Answer {
        let query: Vec<(String, String)> =
            serde_urlencoded::from_str(ask.path.strip_prefix("/incidents?").expect("its path")).expect("a query");
        let value = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let number = |name: &str| value(name).and_then(|value| value.parse::<usize>().ok()).expect("a number");
        let (offset, limit) = (number("offset"), number("limit"));
        assert!(offset + limit <= 10_000 && limit <= 100, "{}", ask.path);
        let bounds = (value("since").and_then(At::parse), value("until").and_then(At::parse));
        if let (Some(since), Some(until)) = bounds {
            assert!(until.since(since) <= 180 * DAY, "{}", ask.path);
        }
        let open = value("statuses[]") == Some("triggered");
        let mut found: Vec<&Value> = self
            .incidents
            .iter()
            .filter(|(at, _)| bounds.0.is_none_or(|since| *at >= since) && bounds.1.is_none_or(|until| *at <= until) && !open)
            .filter(|(_, row)| value("service_ids[]").is_none_or(|id| row["service"]["id"] == id))
            .map(|(_, row)| row)
            .collect();
        if value("sort_by") == Some("resolved_at:desc") {
            found.reverse();
        }
        let page: Vec<&Value> = found.iter().skip(offset).take(limit).copied().collect();
        answer(
            &json!({"incidents": page, "limit": limit, "offset": offset, "more": offset + page.len() < found.len(), "total": found.len()}),
        )
    }

    /// Asks until the end: pages, ids, things listed, and the total.
    fn walk(&self, scope: &str, since: Option<At>) -> (usize, Vec<String>, u64, Option<u64>) {
        let (mut asks, mut ids, mut listed, mut total) = (0, Vec::new(), 0, None);
        let mut next = (PAGES.begin)(scope, since).pop();
        while let Some(ask) = next {
            asks += 1;
            assert!(asks < 500, "it does not end: {}", ask.path);
            let page: Page = (PAGES.read)(&ask, &self.get(&ask)).expect("an answer");
            ids.extend(
                page.events
                    .iter()
                    .map(|stated| if let Event::Incident(incident) = &stated.event { incident.id.clone() } else { panic!("{stated:?}") }),
            );
            (listed, total, next) = (listed + page.listed, total.or(page.total), page.next);
        }
        ids.sort();
        ids.dedup();
        (asks, ids, listed, total)
    }
}

#[test]
fn all_incidents_are_found_once_however_many_and_however_old() {
    let check = |account: &Account, expect: usize| {
        let (_, ids, listed, total) = account.walk("account", None);
        assert_eq!((ids.len(), listed, total), (expect, expect as u64, Some(expect as u64)));
    };
    let one = |_| "checkout";
    check(&Account::new(0, DAY, one), 0);
    check(&Account::new(1, DAY, one), 1);
    check(&Account::new(100, DAY, one), 100);
    check(&Account::new(1_001, DAY, one), 1_001); // 20 months: several stretches
    check(&Account::new(25_000, 60 * SECOND, one), 25_000); // 17 days: more than a stretch may list
}

#[test]
fn one_service_is_found_by_id_and_by_name() {
    let account = Account::new(250, DAY, |place| if place % 5 == 0 { "Checkout" } else { "basket" });
    let (_, ids, listed, total) = account.walk("checkout", None);
    assert_eq!((ids.len(), listed, total), (50, 50, None), "by name");
    let (_, ids, listed, total) = account.walk("PF9KMXH", None);
    assert_eq!((ids.len(), listed, total), (250, 250, Some(250)), "by id");
}

#[test]
fn what_changed_since_is_what_began_is_open_or_ended_since() {
    let account = Account::new(1_000, DAY, |_| "checkout");
    let (asks, ids, ..) = account.walk("account", Some(time("2026-11-13T09:30:00Z")));
    assert_eq!(asks, 3, "one stretch, the open ones, those resolved since");
    // Those of ten days, and that of the day before, which ended half an hour after.
    let since: Vec<&str> = ["P989", "P990", "P991", "P999"].into_iter().filter(|id| ids.iter().any(|found| found == id)).collect();
    assert_eq!(since, ["P989", "P990", "P991", "P999"]);
}

#[test]
fn a_listed_incident_is_stated_as_a_webhook_states_it_and_replayed_from_its_page() {
    let body = json!({"incidents": [row("P1", time("2026-05-01T10:00:00Z"), "checkout"), {"id": "P2"}], "more": false});
    let ask = (PAGES.begin)("account", Some(time("2026-05-01T00:00:00Z"))).remove(0);
    let page = (PAGES.read)(&ask, &answer(&body)).expect("a page");
    assert_eq!((page.events.len(), page.listed), (1, 2), "one can't be read, and is listed all the same");
    let Event::Incident(incident) = &page.events[0].event else { panic!("an incident") };
    assert_eq!((incident.service.as_deref(), incident.severity.as_deref()), (Some("checkout"), Some("P2")));
    assert_eq!((incident.resolved_at, page.events[0].updated_at), (Some(time("2026-05-01T11:00:00Z")), Some(time("2026-05-01T12:00:00Z"))));
    let replayed = golden::parsed(&SOURCE, &golden::asked(&ask), &body);
    assert_eq!((replayed.read, &replayed.events), (2, &page.events));
    assert!(
        replayed.rejected[0].reason.contains("it has no incidents[1].created_at") && replayed.rejected[0].line == 2,
        "{:?}",
        replayed.rejected
    );
}

#[test]
fn an_answer_that_is_none_is_told() {
    let ask = (PAGES.begin)("account", None).remove(0);
    let check = |body: &str, expect: &str| {
        let said = (PAGES.read)(&ask, &Answer { body: body.into(), ..Answer::default() }).expect_err(expect);
        assert!(said.contains(expect), "{said}");
    };
    check("<html>", "it cannot be read");
    check("{}", "it has no incidents");
    let stretch = (PAGES.begin)("account", Some(At(0))).remove(0);
    let timeless = Answer { body: b"{\"incidents\":[]}".to_vec(), ..Answer::default() };
    assert!((PAGES.read)(&stretch, &timeless).expect_err("no time").contains("no header Date"));
    assert_eq!((PAGES.headers)("tok")[0], ("authorization", "Token token=tok".to_owned()));
}
