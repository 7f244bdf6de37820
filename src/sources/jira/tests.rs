//! The jira source, from payloads to events. The payloads are made by us in the shape that Atlassian documents
//! (<https://developer.atlassian.com/cloud/jira/platform/webhooks/> and the REST API v3, Data Center: "Managing webhooks" in
//! its administrator's guide), with the traits of ones that people published; `tests/fixtures/NOTICE.md` names them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Headers, SOURCE, parse};
use crate::domain::event::{Activity, Event, Item, Parsed, Stated};
use crate::domain::part::{Part, whole};
use crate::domain::time::At;
use crate::sources::golden;
use crate::sources::pages::{Ask, Page, STATUS};

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

fn item_in(facts: &[Stated]) -> Item {
    let found = facts.iter().find_map(|stated| if let Event::Item(item) = &stated.event { Some(item.clone()) } else { None });
    found.expect("an item")
}

fn item(payload: &Value) -> Item {
    item_in(&facts(payload))
}

fn starts(facts: &[Stated]) -> Vec<(Part, Option<At>)> {
    let parts = facts.iter().filter_map(|stated| if let Event::Part(part) = &stated.event { Some(part) } else { None });
    parts.map(|part| (part.clone(), None)).collect()
}

fn activities(facts: &[Stated]) -> Vec<&Activity> {
    facts.iter().filter_map(|stated| if let Event::Activity(activity) = &stated.event { Some(activity) } else { None }).collect()
}

/// What the store ends up with: the newest statement of the item, with the earliest beginning laid over it.
fn stored(facts: &[Stated]) -> Item {
    let items = facts.iter().filter(|stated| matches!(stated.event, Event::Item(_)));
    let content = |stated: &Stated| serde_json::to_string(&stated.event).expect("plain data");
    let newest = items.max_by_key(|stated| (stated.updated_at, content(stated))).expect("an item");
    match whole(Some(&newest.event), &starts(facts)) {
        Some(Event::Item(item)) => item,
        other => panic!("{other:?}"),
    }
}

fn time(text: &str) -> Option<At> {
    At::parse(text)
}

#[test]
fn every_recorded_payload_is_used_or_ignored_for_a_reason() {
    golden::same_as_snapshot("jira", &golden::walk(&SOURCE));
}

#[test]
fn the_published_signature_holds_and_secrets_rotate() {
    let check = |value: Option<&str>, secrets: &[&str], expect: Option<&str>| {
        let headers = Headers(value.map(|value| ("x-hub-signature".to_owned(), value.to_owned())).into_iter().collect());
        let secrets: Vec<String> = secrets.iter().map(|secret| (*secret).to_owned()).collect();
        let said = (SOURCE.verify)(&headers, b"Hello World!", &secrets, At(0)).err().map(|why| why.to_string());
        match expect {
            None => assert_eq!(said, None),
            Some(words) => assert!(said.as_ref().is_some_and(|said| said.contains(words)), "{said:?} does not say {words:?}"),
        }
    };
    // Atlassian's own example, at "Secure admin webhooks".
    let right = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9";
    let secret = "It's a Secret to Everybody";
    check(Some(right), &[secret], None);
    check(Some(right), &["new", secret], None);
    check(Some(right), &["other"], Some("is wrong"));
    check(Some(right), &[], Some("is wrong"));
    check(Some(&right[..31]), &[secret], Some("is wrong"));
    check(Some(&right.replace("sha256", "sha1")), &[secret], Some("is not `sha256=`"));
    check(None, &[secret], Some("X-Hub-Signature is missing"));
    let headers = Headers([("x-atlassian-webhook-identifier".to_owned(), "w1".to_owned())].into());
    assert_eq!((SOURCE.delivery_id)(&headers, b"{}").as_deref(), Some("w1"));
}

#[test]
fn an_issue_that_moved_keeps_its_id_and_tells_its_former_key() {
    let moved = item(&fixture("issue_updated.moved"));
    assert_eq!((moved.id.as_str(), moved.key.as_deref(), moved.project.as_deref()), ("10042", Some("SHOP-130"), Some("SHOP")));
    assert_eq!(moved.former_keys, ["PAY-12"]);
    assert_eq!(moved.url.as_deref(), Some("https://your-domain.atlassian.net/browse/SHOP-130"));
    assert_eq!(item(&fixture("issue_created.cloud")).id, moved.id);
}

#[test]
fn a_deleted_issue_has_ended_and_outranks_its_last_update() {
    let deleted = facts(&fixture("issue_deleted.cloud"));
    let told = item_in(&deleted);
    assert_eq!((told.status.as_deref(), told.done_at), (Some("deleted"), time("2026-05-20T08:00:00Z")));
    assert_eq!(deleted[0].updated_at, time("2026-05-20T08:00:00Z"));
    let mut all = deleted;
    all.extend(facts(&fixture("issue_created.subtask")));
    assert_eq!(stored(&all).status.as_deref(), Some("deleted"));
}

#[test]
fn a_parent_is_named_by_its_key_old_epics_too() {
    assert_eq!(item(&fixture("issue_created.cloud")).parent.as_deref(), Some("PAY-1"));
    let sub = item(&fixture("issue_created.subtask"));
    assert_eq!((sub.parent.as_deref(), sub.kind.as_deref()), (Some("PAY-12"), Some("sub-task")));
    assert_eq!(item(&fixture("issue_created.epic_link")).parent.as_deref(), Some("PAY-1"));
    assert_eq!(item(&fixture("issue_updated.data_center")).parent, None, "there the field is another one");
}

#[test]
fn nobody_may_be_assigned_and_data_center_names_people_otherwise() {
    assert_eq!(item(&fixture("issue_created.cloud")).assignee, None);
    assert_eq!(item(&fixture("issue_updated.started")).assignee.as_deref(), Some("712020:2c3d-ben"));
    assert_eq!(item(&fixture("issue_updated.data_center")).assignee.as_deref(), Some("cleo"));
    let keyed = changed("issue_updated.data_center", &[("/issue/fields/assignee", json!({"key": "JIRAUSER10100", "displayName": "C"}))]);
    assert_eq!(item(&keyed).assignee.as_deref(), Some("JIRAUSER10100"));
    let nameless = changed("issue_updated.data_center", &[("/issue/fields/assignee", json!({"displayName": "C"}))]);
    assert_eq!(item(&nameless).assignee, None);
}

#[test]
fn a_change_of_many_fields_is_one_transition_by_a_person() {
    let check = |name: &str, expect: &[(&str, &str)]| {
        let told = facts(&fixture(name));
        let told: Vec<_> = activities(&told).into_iter().map(|it| (it.person.as_str(), it.kind.as_str())).collect();
        assert_eq!(told, expect, "{name}");
    };
    check("issue_updated.started", &[("712020:2c3d-ben", "transition")]);
    check("issue_updated.custom_status", &[("712020:2c3d-ben", "transition")]);
    check("issue_updated.moved", &[("557058:0a1b-ada", "transition")]);
    check("issue_updated.data_center", &[("cleo", "transition")]);
    check("issue_updated.reopened", &[]); // an app did it
    check("issue_created.cloud", &[]); // its first status is no transition
    check("issue_updated.documented", &[]);
    let told = facts(&fixture("issue_updated.started"));
    let moved = activities(&told)[0];
    assert_eq!((moved.item.as_deref(), Some(moved.at)), (Some("10042"), time("2026-05-04T07:15:30.120Z")));
}

#[test]
fn work_began_when_the_issue_was_first_in_progress_whatever_that_is_called() {
    let check = |payload: &Value, expect: Option<&str>| {
        let told = facts(payload);
        let starts = starts(&told);
        assert_eq!(starts.iter().map(|(part, _)| part.at).next(), expect.and_then(time), "{payload}");
        assert_eq!(item_in(&told).started_at, None);
    };
    check(&fixture("issue_created.cloud"), None);
    check(&fixture("issue_updated.started"), Some("2026-05-04T07:15:30.102Z"));
    check(&fixture("issue_updated.custom_status"), Some("2026-05-04T07:15:30.102Z")); // since when it is in that category
    check(&fixture("issue_updated.done"), None);
    check(&fixture("issue_updated.reopened"), None);
    check(&fixture("issue_created.subtask"), Some("2026-05-04T10:00:00Z")); // created so
    check(&fixture("issue_updated.data_center"), Some("2026-05-02T10:04:13.771Z"));
    check(&fixture("issue_updated.data_center_commented"), None); // it does not say since when
    // Since the change, the issue went on: to which category the change led is not said.
    let went_on = changed("issue_updated.data_center", &[("/issue/fields/status/id", json!("10023"))]);
    check(&went_on, None);
    let odd = changed("issue_updated.data_center", &[("/issue/fields/status/statusCategory/key", json!("undefined"))]);
    check(&odd, None);
}

#[test]
fn an_issue_is_done_as_stated_and_open_again_when_reopened() {
    let check = |payload: &Value, expect: Option<&str>| assert_eq!(item(payload).done_at, expect.and_then(time), "{payload}");
    check(&fixture("issue_updated.started"), None);
    check(&fixture("issue_updated.done"), Some("2026-05-08T15:05:09.990Z"));
    check(&changed("issue_updated.done", &[("/issue/fields/resolutiondate", Value::Null)]), Some("2026-05-08T15:05:10.020Z"));
    check(&fixture("issue_updated.reopened"), None); // though its resolution was forgotten
    check(&fixture("issue_updated.data_center_done"), Some("2026-05-03T10:00:00Z"));
    let nothing_said = changed("issue_updated.data_center_done", &[("/changelog", Value::Null)]);
    check(&nothing_said, Some("2026-05-03T10:00:00Z")); // its last change
    let no_category = changed("issue_updated.done", &[("/issue/fields/status", Value::Null)]);
    check(&no_category, Some("2026-05-08T15:05:09.990Z"));
}

#[test]
fn any_order_and_repetition_of_deliveries_ends_the_same() {
    let names = ["issue_created.cloud", "issue_updated.started", "issue_updated.custom_status", "issue_updated.done"];
    let told: Vec<Vec<Stated>> = names.iter().map(|name| facts(&fixture(name))).collect();
    let expect = stored(&told.concat());
    assert_eq!((expect.status.as_deref(), expect.started_at), (Some("Done"), time("2026-05-04T07:15:30.102Z")));
    for order in [[3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1], [3, 3, 1, 1], [1, 3, 3, 2]] {
        let shuffled: Vec<Stated> = order.iter().flat_map(|at| told[*at].clone()).collect();
        assert_eq!(stored(&shuffled), expect, "an update older than what is known changes nothing: {order:?}");
    }
}

#[test]
fn a_comment_is_an_activity_once_however_it_is_told() {
    let of = |name: &str| {
        let told = facts(&fixture(name));
        activities(&told).into_iter().cloned().collect::<Vec<_>>()
    };
    let cloud = of("comment_created.cloud");
    assert_eq!((cloud.len(), cloud[0].kind.as_str(), cloud[0].item.as_deref()), (1, "comment", Some("10042")));
    assert_eq!(of("comment_created.data_center"), of("issue_updated.data_center_commented"), "told twice, known once");
    let nobody = changed("comment_created.data_center", &[("/comment/author", json!({"displayName": "dan"}))]);
    assert!(read(&nobody).ignored.is_some_and(|why| why.contains("names no account")));
    let nowhere = changed("comment_created.data_center", &[("/comment/self", json!("https://jira.example.org/x"))]);
    assert!(read(&nowhere).rejected[0].reason.contains("it has no issue.id"));
}

#[test]
fn descriptions_and_huge_fields_are_stepped_over() {
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let mut text = fixture("issue_created.cloud").to_string();
    text = text.replacen("\"description\":{", &format!("\"deep\":{deep},\"huge\":\"{}\",\"description\":{{", "x".repeat(2 << 20)), 1);
    let parsed = parse(&Headers::default(), text.as_bytes());
    assert_eq!(parsed.events, facts(&fixture("issue_created.cloud")));
    assert_eq!((SOURCE.check)(&Headers::default(), text.as_bytes()), Ok(()));
}

#[test]
fn a_link_is_made_of_the_site_and_a_plain_key_alone() {
    let check = |own: &str, key: &str, expect: Option<&str>| {
        let payload = changed("issue_created.cloud", &[("/issue/self", json!(own)), ("/issue/key", json!(key))]);
        assert_eq!(item(&payload).url.as_deref(), expect, "{own} {key}");
    };
    check("https://x.atlassian.net/rest/api/2/10042", "PAY-12", Some("https://x.atlassian.net/browse/PAY-12"));
    check("http://jira.local:8080/jira/rest/api/2/issue/1", "PAY_2-1", Some("http://jira.local:8080/jira/browse/PAY_2-1"));
    check("https://api.atlassian.com/ex/jira/11/rest/api/3/issue/1", "PAY-12", None);
    check("javascript:alert(1)/rest/", "PAY-12", None);
    check("https://x.atlassian.net/rest/api/2/1", "PAY-12?a=\"><b>", None);
    check("nowhere", "PAY-12", None);
}

#[test]
fn what_jira_would_not_send_is_refused_or_rejected_by_name() {
    let check = |place: &str, value: Value, expect: &str| {
        let parsed = read(&changed("issue_updated.started", &[(place, value)]));
        assert_eq!(golden::reasons(&parsed), [format!("jira:issue_updated: {expect}")], "{place}");
    };
    check("/issue", json!(5), "issue must be an object, not 5");
    check("/issue", Value::Null, "it has no issue.id");
    check("/issue/id", json!([1]), "issue.id must be a text or a whole number, not [1]");
    check("/issue/key", Value::Null, "it has no issue.key");
    check("/issue/fields", Value::Null, "it has no issue.fields");
    check("/issue/fields/labels", json!("x"), "issue.fields.labels must be a list, not \"x\"");
    check("/issue/fields/status", json!("Done"), "issue.fields.status must be an object, not \"Done\"");
    check("/issue/fields/status/name", json!({}), "issue.fields.status.name must be a text, not {}");
    check("/issue/fields/updated", json!("yesterday"), "issue.fields.updated must be a time, not \"yesterday\"");
    check("/issue/fields/assignee", json!("ben"), "issue.fields.assignee must be an object, not \"ben\"");
    check("/changelog/items", json!({}), "changelog.items must be a list, not {}");
    check("/changelog/items/1", json!("status"), "changelog.items[1] must be an object, not \"status\"");
    check("/changelog/items/1/to", json!(1.5), "changelog.items[1].to must be a text or a whole number, not 1.5");
    check("/user", json!("ben"), "user must be an object, not \"ben\"");
    let late = changed("issue_deleted.cloud", &[("/timestamp", json!("now"))]);
    golden::assert_rejected(&read(&late), "timestamp must be a time, not \"now\"");
    let kindless = read(&json!({"issue": {}}));
    assert_eq!(kindless.rejected[0].reason, "delivery: it has no webhookEvent");
    assert!((SOURCE.check)(&Headers::default(), b"[]").is_err());
}

#[test]
fn a_payload_cut_off_anywhere_is_refused() {
    let whole = fixture("issue_updated.moved").to_string().into_bytes();
    for end in (0..whole.len()).step_by(53) {
        assert!((SOURCE.check)(&Headers::default(), &whole[..end]).is_err(), "{end} bytes");
        assert_eq!(parse(&Headers::default(), &whole[..end]).rejected.len(), 1, "{end} bytes");
    }
}

fn first(scope: &str, since: Option<&str>) -> Ask {
    let [ask] = golden::begin(&SOURCE, scope, since).try_into().expect("one stream");
    ask
}

fn page(ask: &Ask, answer: &Value) -> Result<Page, String> {
    golden::page(&SOURCE, ask, &[], answer.to_string())
}

#[test]
fn the_pages_of_cloud() {
    golden::same_as_snapshot("jira_cloud_pages", &golden::stream(&SOURCE, first("PAY", Some("2026-05-01T00:30:00Z")), "cloud."));
}

/// What a refusal of that status leads to.
fn refused(ask: &Ask, status: u16) -> Result<Page, String> {
    golden::page(&SOURCE, ask, &[(STATUS, &status.to_string())], "")
}

#[test]
fn the_pages_of_data_center() {
    let statuses = refused(&first("OPS", None), 404).expect("no count there").next.expect("the statuses");
    golden::same_as_snapshot("jira_data_center_pages", &golden::stream(&SOURCE, statuses.clone(), "data_center."));
    assert!(refused(&statuses, 404).is_err_and(|why| why.contains("status 404")));
    assert!(refused(&first("OPS", None), 403).is_err());
}

#[test]
fn a_page_and_the_deliveries_of_the_same_issue_agree() {
    let mut told = page_of_the_moved_issue();
    assert_eq!(stored(&told).started_at, time("2026-05-04T07:15:30.120Z"));
    let acts =
        |told: &[Stated]| activities(told).into_iter().map(|act| serde_json::to_string(act).expect("plain")).collect::<BTreeSet<_>>();
    let by_page = acts(&told);
    let by_webhook: Vec<Stated> = ["started", "custom_status", "done", "reopened", "moved"]
        .iter()
        .flat_map(|name| facts(&fixture(&format!("issue_updated.{name}"))))
        .collect();
    assert_eq!(acts(&by_webhook), by_page, "the same acts at the same moments");
    told.extend(by_webhook);
    let (id, key) = (stored(&told).id, stored(&told).key);
    assert_eq!((id.as_str(), key.as_deref()), ("10042", Some("SHOP-130")));
    assert_eq!(stored(&told).started_at, time("2026-05-04T07:15:30.102Z"), "a few milliseconds apart, the earlier counts");
}

fn page_of_the_moved_issue() -> Vec<Stated> {
    let memory = json!({"issues": "project = \"PAY\"", "started": ["10117", "3"]});
    let ask =
        Ask { path: "/rest/api/3/search/jql".into(), memory: Some(memory.to_string()), body: Some("{}".into()), ..first("PAY", None) };
    let mut answer = fixture("pages/cloud.3.search");
    answer["issues"].as_array_mut().expect("a list").truncate(1);
    page(&ask, &answer).expect("a page").events
}

#[test]
fn a_project_from_outside_is_data_in_the_search() {
    let check = |scope: &str, expect: &str, path: &str| {
        let count = first(scope, None);
        assert_eq!(count.body, Some(json!({"jql": expect}).to_string()), "{scope}");
        let statuses = page(&count, &json!({"count": 1})).expect("a page").next.expect("the statuses");
        assert_eq!((statuses.path, statuses.body), (format!("/rest/api/3/project/{path}/statuses"), None));
    };
    check("PAY", "project = \"PAY\"", "PAY");
    check("A\" OR project = \"B", "project = \"A\\\" OR project = \\\"B\"", "A%22%20OR%20project%20%3D%20%22B");
    check("A\\", "project = \"A\\\\\"", "A%5C");
    check("A\nB/ü", "project = \"A\\u000aB/ü\"", "A%0AB%2F%C3%BC");
}

#[test]
fn a_search_since_an_instant_begins_a_day_before_as_the_accounts_time_zone_is_unknown() {
    let memory = first("PAY", Some("2026-03-01T00:00:00Z")).memory.expect("the search");
    assert!(memory.contains("updated >= \\\"2026-02-28\\\""), "{memory}");
}

#[test]
fn a_changelog_that_is_cut_off_is_asked_for() {
    let ask = Ask { path: "/rest/api/3/search/jql".into(), body: Some("{}".into()), ..first("PAY", None) };
    let history = json!({"id": "1", "created": "2026-05-01T10:00:00.000+0200", "items": []});
    let check = |count: usize, total: Value, expect: usize| {
        let mut answer = fixture("pages/cloud.4.search");
        answer["issues"].as_array_mut().expect("a list").truncate(1);
        answer["issues"][0]["changelog"] =
            json!({"startAt": 0, "maxResults": count, "total": total, "histories": vec![history.clone(); count]});
        assert_eq!(page(&ask, &answer).expect("a page").inner.len(), expect, "{count} of {total}");
    };
    check(2, json!(2), 0);
    check(2, json!(42), 1);
    check(39, Value::Null, 0);
    check(40, json!(40), 1); // as many as Cloud lists: there may be more
    let mut none = fixture("pages/cloud.4.search");
    none["issues"][1].as_object_mut().expect("an issue").remove("changelog");
    let told = page(&ask, &none).expect("a page");
    assert_eq!(told.inner.iter().filter(|ask| ask.path.contains("/10061/")).count(), 1, "no changelog is not an empty one");
}

#[test]
fn an_answer_that_cannot_be_read_is_told_with_where_and_why() {
    let search = Ask { path: "/rest/api/3/search/jql".into(), body: Some("{\"nextPageToken\":\"t\"}".into()), ..first("PAY", None) };
    let check = |ask: &Ask, answer: &Value, expect: &str| {
        let said = page(ask, answer).expect_err(expect);
        assert!(said.contains(expect), "{said:?} does not say {expect:?}");
        assert_eq!(golden::parsed(&SOURCE, &golden::asked(ask), answer).rejected.len(), 1, "a stored page too");
    };
    let mut wrong = fixture("pages/cloud.4.search");
    wrong["issues"][0]["fields"]["labels"] = json!(7);
    let told = golden::parsed(&SOURCE, &golden::asked(&search), &wrong);
    let reasons: Vec<(u64, &str)> = told.rejected.iter().map(|row| (row.line, row.reason.as_str())).collect();
    assert_eq!(reasons, [(1, "issues: PAY-30: issues[0].fields.labels must be a list, not 7")]);
    assert_eq!((told.read, item_in(&told.events).key.as_deref()), (2, Some("PAY-31")), "the other one is read");
    check(&search, &json!({"issues": [], "nextPageToken": "t"}), "the same nextPageToken again");
    check(&search, &json!([]), "the answer to /rest/api/3/search/jql is not what it should be: it cannot be read");
    check(&Ask { path: "/else".into(), ..first("PAY", None) }, &json!({}), "pacer never asked that");
    check(&Ask { memory: None, ..search.clone() }, &json!({}), "another version of pacer kept the ask, so `--again` must read all of it");
    assert_eq!(page(&search, &json!({"issues": [], "isLast": true})).expect("an end").next, None);
    assert_eq!(page(&search, &json!({"issues": [], "isLast": true, "nextPageToken": "t"})).expect("an end").next, None);
}

#[test]
fn a_token_with_an_address_is_clouds_and_one_alone_is_a_bearer() {
    let proof = |token: &str| (SOURCE.pages.expect("pages").headers)(token)[0].1.clone();
    assert_eq!(proof("ada@example.com:tok"), "Basic YWRhQGV4YW1wbGUuY29tOnRvaw==");
    assert_eq!(proof("NjQ1"), "Bearer NjQ1");
}
