//! The linear source, from payloads to events. The payloads are made by us in the shape that Linear documents
//! (<https://linear.app/developers/webhooks>, and the types `IssueWebhookPayload`, `CommentWebhookPayload` and `Issue` of the
//! GraphQL schema in its SDK); `tests/fixtures/NOTICE.md` names them.

use serde_json::{Value, json};

use super::{Headers, SOURCE, parse};
use crate::domain::event::{Activity, Event, Item, Parsed, Stated};
use crate::domain::time::At;
use crate::sources::golden;
use crate::sources::pages::{Ask, Page};
use crate::sources::signature::hmac_sha256_hex;

fn fixture(name: &str) -> Value {
    golden::payload(&SOURCE, name)
}

/// A fixture with other values at some places.
fn changed(name: &str, places: &[(&str, Value)]) -> Value {
    golden::changed(fixture(name), places)
}

fn read(payload: &Value) -> Parsed {
    golden::parsed(&SOURCE, &Headers::default(), payload)
}

fn facts(payload: &Value) -> Vec<Stated> {
    golden::facts(read(payload))
}

fn item(payload: &Value) -> Item {
    match facts(payload).remove(0).event {
        Event::Item(item) => item,
        other => panic!("{other:?}"),
    }
}

fn activity(payload: &Value) -> Option<Activity> {
    facts(payload).into_iter().find_map(|stated| if let Event::Activity(it) = stated.event { Some(it) } else { None })
}

fn time(text: &str) -> Option<At> {
    At::parse(text)
}

#[test]
fn every_recorded_payload_is_used_or_ignored_for_a_reason() {
    golden::same_as_snapshot("linear", &golden::walk(&SOURCE));
}

#[test]
fn the_signature_and_the_time_it_was_sent_are_checked() {
    // Computed by `printf '%s' BODY | openssl dgst -sha256 -hmac 'lin_wh_one'`.
    let (body, digest) =
        (r#"{"type":"Issue","webhookTimestamp":1777881330500}"#, "55145e53bf7f34fa2f14aa9e9737e2b00af4891a49df8e146bcd3657eb6d2083");
    let secrets = ["lin_wh_two".to_owned(), "lin_wh_one".to_owned()];
    let check = |body: &str, digest: &str, secrets: &[String], now: i64, expect: Option<&str>| {
        let headers = Headers([("linear-signature".to_owned(), digest.to_owned())].into());
        let said = (SOURCE.verify)(&headers, body.as_bytes(), secrets, At(now * 1_000)).err().map(|why| why.to_string());
        match expect {
            None => assert_eq!(said, None),
            Some(words) => assert!(said.as_ref().is_some_and(|said| said.contains(words)), "{said:?} does not say {words:?}"),
        }
    };
    let sent = 1_777_881_330_500;
    check(body, digest, &secrets, sent, None);
    check(body, digest, &secrets, sent + 60_000, None);
    check(body, digest, &secrets, sent - 60_000, None);
    check(body, digest, &secrets, sent + 60_001, Some("not within 60 seconds of now"));
    check(body, digest, &secrets, sent - 60_001, Some("not within 60 seconds of now"));
    check(body, digest, &secrets[..1], sent, Some("is wrong"));
    check(&body.replace("500}", "501}"), digest, &secrets, sent, Some("is wrong"));
    check(body, "xyz", &secrets, sent, Some("Linear-Signature is not hex digits"));
    let signed = |body: &str, expect: &str| check(body, &hmac_sha256_hex("lin_wh_one", body.as_bytes()), &secrets, sent, Some(expect));
    signed(r#"{"type":"Issue"}"#, "it has no webhookTimestamp");
    signed(r#"{"webhookTimestamp":"now"}"#, "webhookTimestamp must be a time, not \"now\"");
    signed(r#"{"webhookTimestamp":9223372036854775807}"#, "not within 60 seconds");
    signed("[]", "not a JSON object");
    assert!((SOURCE.verify)(&Headers::default(), body.as_bytes(), &secrets, At(0)).is_err());
    let headers = Headers([("linear-delivery".to_owned(), "d1".to_owned())].into());
    assert_eq!((SOURCE.delivery_id)(&headers, b"{}").as_deref(), Some("d1"));
}

#[test]
fn an_issue_is_stated_whole() {
    let begun = item(&fixture("issue.update.started"));
    assert_eq!(
        (begun.key.as_deref(), begun.project.as_deref(), begun.parent.as_deref()),
        (Some("ENG-12"), Some("ENG"), Some("Calm deploys"))
    );
    assert_eq!((begun.started_at, begun.done_at), (time("2026-05-04T07:15:30.431Z"), None));
    assert_eq!(begun.assignee.as_deref(), Some("ben@example.com"));
    assert_eq!(item(&fixture("issue.create")).assignee, None);
    assert_eq!(item(&fixture("issue.update.done")).done_at, time("2026-05-08T15:05:10.431Z"));
    assert_eq!(item(&fixture("issue.update.canceled")).done_at, time("2026-05-13T09:00:00.031Z"));
    let again = item(&fixture("issue.update.reopened"));
    assert_eq!((again.done_at, again.started_at), (None, begun.started_at));
    let nameless = changed("issue.update.started", &[("/data/assignee", Value::Null)]);
    assert_eq!(item(&nameless).assignee.as_deref(), Some("aacdca22-6266-4c0a-ab3c-8fa70a26765c"));
}

#[test]
fn an_issue_that_moved_to_another_team_keeps_its_id_and_tells_its_former_key() {
    let moved = item(&fixture("issue.update.moved"));
    assert_eq!((moved.key.as_deref(), moved.project.as_deref()), (Some("OPS-3"), Some("OPS")));
    assert_eq!((moved.former_keys.as_slice(), &moved.id), (&["ENG-12".to_owned()][..], &item(&fixture("issue.create")).id));
    assert_eq!(moved.parent.as_deref(), Some("99999999-f7c8-44e3-bbf3-2d60b5ea8bc9"), "an issue is the nearer parent");
}

#[test]
fn a_removed_issue_outranks_its_last_update_and_one_brought_back_outranks_that() {
    let removed = facts(&fixture("issue.remove")).remove(0);
    let Event::Item(told) = &removed.event else { panic!("{removed:?}") };
    assert_eq!((told.status.as_deref(), told.done_at), (Some("deleted"), time("2026-05-20T08:00:00.031Z")));
    assert!(removed.updated_at > facts(&fixture("issue.create"))[0].updated_at);
    let places = [
        ("/action", json!("update")),
        ("/createdAt", json!("2026-05-21T08:00:00.000Z")),
        ("/data/archivedAt", Value::Null),
        ("/data/trashed", Value::Null),
    ];
    let mut back = changed("issue.remove", &places);
    back["updatedFrom"] = json!({"archivedAt": "2026-05-20T08:00:00.031Z", "trashed": true});
    let back = facts(&back).remove(0);
    assert!(back.updated_at > removed.updated_at);
    assert!(matches!(back.event, Event::Item(Item { done_at: None, .. })));
}

#[test]
fn people_act_and_programs_do_not() {
    let moved = activity(&fixture("issue.update.started")).expect("a transition");
    assert_eq!(
        (moved.person.as_str(), moved.kind.as_str(), Some(moved.at)),
        ("ben@example.com", "transition", time("2026-05-04T07:15:30.450Z"))
    );
    assert_eq!(moved.item.as_deref(), Some("2174add1-f7c8-44e3-bbf3-2d60b5ea8bc9"));
    assert_eq!(activity(&fixture("issue.update.done")), None, "an integration did it");
    assert_eq!(activity(&fixture("issue.create")), None);
    let titled = changed("issue.update.started", &[("/updatedFrom", json!({"title": "x"}))]);
    assert_eq!(activity(&titled), None);
    let comment = activity(&fixture("comment.create")).expect("a comment");
    assert_eq!((comment.person.as_str(), comment.kind.as_str()), ("ada@example.com", "comment"));
    let sketch = activity(&fixture("comment.create.sketch")).expect("a comment");
    assert_eq!((sketch.person.as_str(), sketch.item), ("b5ea5f1f-8adc-4f52-b4bd-ab4e84cf51ba", comment.item));
    let outside = changed("comment.create", &[("/data/user", Value::Null), ("/data/userId", Value::Null)]);
    assert!(read(&outside).ignored.is_some());
}

#[test]
fn what_linear_would_not_send_is_refused_or_rejected_by_name() {
    let check = |place: &str, value: Value, expect: &str| {
        let parsed = read(&changed("issue.update.started", &[(place, value)]));
        assert_eq!(golden::reasons(&parsed), [format!("Issue.update: {expect}")], "{place}");
    };
    check("/data", Value::Null, "it has no data.id");
    check("/data", json!("x"), "data must be an object, not \"x\"");
    check("/data/id", Value::Null, "it has no data.id");
    check("/data/identifier", json!(12), "data.identifier must be a text, not 12");
    check("/data/updatedAt", json!("now"), "data.updatedAt must be a time, not \"now\"");
    check("/data/startedAt", json!([]), "data.startedAt must be a time, not []");
    check("/data/labels", json!({}), "data.labels must be a list, not {}");
    check("/data/labels/0", json!("bug"), "data.labels[0] must be an object, not \"bug\"");
    check("/data/state", json!([]), "data.state must be an object, not []");
    check("/data/previousIdentifiers", json!("ENG-1"), "data.previousIdentifiers must be a list, not \"ENG-1\"");
    check("/updatedFrom", json!([]), "updatedFrom must be an object, not []");
    check("/actor", json!("ben"), "actor must be an object, not \"ben\"");
    assert_eq!(read(&json!({"type": "Issue"})).rejected[0].reason, "delivery: it has no action");
    let link = changed("issue.create", &[("/data/url", json!("javascript:alert(1)"))]);
    assert_eq!(item(&link).url, None);
}

#[test]
fn a_payload_cut_off_anywhere_is_refused() {
    let whole = fixture("issue.update.moved").to_string().into_bytes();
    for end in (0..whole.len()).step_by(53) {
        assert!((SOURCE.check)(&Headers::default(), &whole[..end]).is_err(), "{end} bytes");
        assert_eq!(parse(&Headers::default(), &whole[..end]).rejected.len(), 1, "{end} bytes");
    }
}

fn begin(since: Option<&str>) -> [Ask; 2] {
    golden::begin(&SOURCE, "ENG", since).try_into().expect("two streams")
}

fn page(ask: &Ask, answer: &Value) -> Result<Page, String> {
    golden::page(&SOURCE, ask, &[], answer.to_string())
}

#[test]
fn the_pages_of_a_team() {
    let [issues, comments] = begin(Some("2026-05-01T00:30:00Z"));
    let mut lines = golden::stream(&SOURCE, issues, "issues.");
    lines.extend(golden::stream(&SOURCE, comments, "comments."));
    golden::same_as_snapshot("linear_pages", &lines);
}

#[test]
fn a_page_and_a_delivery_state_an_issue_alike() {
    let told = page(&begin(None)[0], &fixture("pages/issues.1")).expect("a page").events.remove(0);
    assert_eq!(told.event, Event::Item(item(&fixture("issue.update.reopened"))));
}

#[test]
fn an_answer_that_cannot_be_read_is_told_with_where_and_why() {
    let [issues, comments] = begin(None);
    assert!(!issues.body.as_ref().expect("a body").contains("updatedAt\":"), "everything is asked for");
    let check = |ask: &Ask, answer: &Value, expect: &str| {
        let said = page(ask, answer).expect_err(expect);
        assert!(said.contains(expect), "{said:?} does not say {expect:?}");
    };
    check(&issues, &json!({"errors": [{"message": "Query too complex"}], "data": null}), "it was refused: Query too complex");
    check(&comments, &json!({}), "it has no data.rows.nodes");
    let mut wrong = fixture("pages/issues.1");
    wrong["data"]["rows"]["nodes"][0]["id"] = json!(7);
    let told = golden::parsed(&SOURCE, &golden::asked(&issues), &wrong);
    let reasons: Vec<(u64, &str)> = told.rejected.iter().map(|row| (row.line, row.reason.as_str())).collect();
    assert_eq!(
        (reasons.as_slice(), told.events.len()),
        (&[(1, "issues: data.rows.nodes[0].id must be a text, not 7")][..], 1),
        "the other one is read"
    );
    let more = |cursor: &str| json!({"data": {"rows": {"nodes": [], "pageInfo": {"hasNextPage": true, "endCursor": cursor}}}});
    let next = page(&issues, &more("c1")).expect("a page").next.expect("more");
    check(&next, &more("c1"), "the same after again");
    assert!(page(&next, &more("c2")).is_ok());
    check(&Ask { body: None, ..issues.clone() }, &more("c1"), "it has no body that was sent");
}

#[test]
fn a_personal_key_stands_alone() {
    let proof = |token: &str| (SOURCE.pages.expect("pages").headers)(token)[0].1.clone();
    assert_eq!(proof("lin_api_x"), "lin_api_x");
    assert_eq!(proof("lin_oauth_x"), "Bearer lin_oauth_x");
}
