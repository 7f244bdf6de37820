//! The bitbucket source, from payloads to events.

use super::{Headers, KIND, SOURCE, parse, recorded};
use crate::domain::event::{Change, Commit, Event, Parsed, Review};
use crate::domain::time::At;
use crate::sources::golden;
use serde_json::{Value, json};

#[test]
fn every_recorded_payload_is_used_or_ignored_for_a_reason() {
    golden::same_as_snapshot("bitbucket", &golden::walk(&SOURCE));
}

fn headers(key: &str) -> Headers {
    Headers([(KIND.to_owned(), key.to_owned())].into())
}

fn read(key: &str, mut payload: Value) -> Parsed {
    payload["repository"] = json!({"full_name": "acme/shop"});
    parse(&headers(key), payload.to_string().as_bytes())
}

fn events(key: &str, payload: Value) -> Vec<Event> {
    golden::facts(read(key, payload)).into_iter().map(|stated| stated.event).collect()
}

#[test]
fn a_file_is_called_after_its_kind_with_a_colon_or_without() {
    let check = |name: &str, expect: Option<&str>| assert_eq!(recorded(name).get(KIND), expect, "{name}");
    check("pullrequest_fulfilled.1.json", Some("pullrequest:fulfilled"));
    check("pullrequest:fulfilled.json", Some("pullrequest:fulfilled"));
    check("pullrequest_changes_request_created_2.json", Some("pullrequest:changes_request_created"));
    check("repo_push.json", Some("repo:push"));
    check("pr_reviewer_approved.json", Some("pr:reviewer_approved"));
    check("pr:reviewer:approved-3.json", Some("pr:reviewer:approved"));
    check("2026.json", None);
    let merged = |key: &str| read(key, json!({"pullrequest": {"id": 1, "state": "MERGED", "updated_on": "2026-05-01T10:00:00Z"}})).events;
    assert_eq!(merged("pullrequest:fulfilled"), merged("pullrequest_fulfilled"));
    assert_eq!(merged("pullrequest:fulfilled").len(), 1);
}

fn push(change: &Value) -> Vec<Commit> {
    let commits = events("repo:push", json!({"push": {"changes": [change]}})).into_iter();
    commits.map(|event| if let Event::Commit(commit) = event { commit } else { panic!("{event:?}") }).collect()
}

#[test]
fn the_commits_of_a_push_are_the_newest_first() {
    let plain = |sha: &str| json!({"hash": sha, "date": "2026-05-01T10:00:00Z", "author": {"raw": "Ann <ann@example.com>"}});
    let change = |truncated: bool, forced: bool| json!({"new": {"type": "branch"}, "old": {"target": {"hash": "base"}}, "truncated": truncated, "forced": forced, "commits": [plain("b2"), plain("a1")]});
    let parents = |change: &Value| {
        push(change)
            .into_iter()
            .map(|commit| (commit.sha, commit.parents.unwrap_or_default().concat(), commit.exact_parents))
            .collect::<Vec<_>>()
    };
    let told = |sha: &str, parent: &str| (sha.to_owned(), parent.to_owned(), false);
    assert_eq!(parents(&change(false, false)), [told("b2", "a1"), told("a1", "base")]);
    assert_eq!(parents(&change(true, false)), [told("b2", "a1"), told("a1", "")], "what lies between is not known");
    assert_eq!(parents(&change(false, true)), [told("b2", "a1"), told("a1", "")], "a forced push left it behind");
    let mut exact = change(true, false);
    exact["commits"][0]["parents"] = json!([{"hash": "a1"}, {"hash": "x9"}]);
    assert_eq!(push(&exact)[0].parents.as_deref(), Some(&["a1".to_owned(), "x9".to_owned()][..]));
    assert_eq!(
        (push(&change(false, false))[0].author.as_deref(), push(&change(false, false))[0].bot),
        (Some("ann@example.com"), Some(false))
    );
}

fn pull_request(key: &str, state: &str, extra: &Value) -> Vec<Event> {
    let mut payload = json!({"pullrequest": {"id": 7, "state": state, "title": "PAY-12 Add cache", "created_on": "2026-05-01T08:00:00Z", "updated_on": "2026-05-01T09:00:00Z",
        "author": {"account_id": "1:ann"}, "reviewers": [{"account_id": "1:bob"}, {"account_id": "1:eve"}],
        "participants": [{"user": {"account_id": "1:bob"}, "approved": true}], "merge_commit": {"hash": "764413d85e29"}}});
    extra.as_object().expect("an object").iter().for_each(|(name, value)| payload[name] = value.clone());
    events(key, payload)
}

fn change(events: &[Event]) -> &Change {
    events.iter().find_map(|event| if let Event::Change(change) = event { Some(change) } else { None }).expect("a change")
}

fn review(events: &[Event]) -> &Review {
    events.iter().find_map(|event| if let Event::Review(review) = event { Some(review) } else { None }).expect("a review")
}

#[test]
fn a_pull_request_ends_once() {
    let open = pull_request("pullrequest:created", "OPEN", &json!({}));
    let told = change(&open);
    assert_eq!(
        (told.id.as_str(), told.merged_at, told.merge_commit.as_ref(), told.item.as_deref()),
        ("acme/shop#7", None, None, Some("PAY-12"))
    );
    assert_eq!(told.reviewers, ["1:eve"], "bob has answered");
    let merged = pull_request("pullrequest:fulfilled", "MERGED", &json!({}));
    assert_eq!(
        (change(&merged).merged_at, change(&merged).merge_commit.as_deref()),
        (At::parse("2026-05-01T09:00:00Z"), Some("764413d85e29"))
    );
    let declined = pull_request("pullrequest:rejected", "DECLINED", &json!({}));
    assert_eq!((change(&declined).merged_at, change(&declined).closed_at.is_some()), (None, true));
    let late = read("pullrequest:updated", json!({"pullrequest": {"id": 7, "state": "MERGED", "updated_on": "2026-05-02T09:00:00Z"}}));
    assert!(late.ignored.expect("a reason").contains("closed already"));
}

#[test]
fn a_review_is_an_approval_a_request_for_changes_or_a_comment() {
    let by = |who: &str| json!({"date": "2026-05-01T09:30:00Z", "user": {"account_id": who}});
    let approved = pull_request("pullrequest:approved", "OPEN", &json!({"approval": by("1:bob")}));
    assert_eq!(
        (review(&approved).state.as_str(), review(&approved).reviewer.as_deref(), review(&approved).change.as_str()),
        ("approved", Some("1:bob"), "acme/shop#7")
    );
    let asked = pull_request("pullrequest:changes_request_created", "OPEN", &json!({"changes_request": by("1:bob")}));
    assert_eq!(review(&asked).state, "changes_requested");
    assert_ne!(review(&asked).id, review(&approved).id);
    let late = pull_request(
        "pullrequest:comment_created",
        "MERGED",
        &json!({"comment": {"id": 18, "created_on": "2026-05-03T09:30:00Z", "user": {"account_id": "1:bob"}}}),
    );
    assert_eq!(
        (late.len(), review(&late).id.as_str(), review(&late).state.as_str()),
        (1, "18", "commented"),
        "the closed one is not stated anew"
    );
}

#[test]
fn an_issue_is_done_when_its_state_says_so_first() {
    let issue = |changes: Value| json!({"issue": {"id": 5, "state": "resolved", "created_on": "2026-05-01T07:00:00Z", "updated_on": "2026-05-01T12:00:00Z"}, "changes": changes});
    let done = events("issue:updated", issue(json!({"status": {"old": "open", "new": "resolved"}})));
    assert!(
        matches!(&done[0], Event::Item(item) if item.done_at == At::parse("2026-05-01T12:00:00Z") && item.id == "acme/shop#5"),
        "{done:?}"
    );
    assert!(read("issue:updated", issue(json!({"title": {"old": "a", "new": "b"}}))).ignored.expect("a reason").contains("done already"));
}

#[test]
fn a_data_center_tells_the_same_with_other_words() {
    let folder = format!("{}/tests/fixtures/bitbucket", env!("CARGO_MANIFEST_DIR"));
    let told = |name: &str| parse(&recorded(name), &std::fs::read(format!("{folder}/{name}")).expect("a fixture")).events;
    let merged = told("pr_merged.json");
    assert!(
        matches!(&merged[0].event, Event::Change(change) if change.merge_commit.as_ref().is_some_and(|sha| sha.len() == 40) && change.merged_at == At::parse("2026-05-01T09:30:00Z"))
    );
    assert_eq!(merged[0].updated_at, At::parse("2026-05-01T09:30:00Z"));
    let merge = told("repo_refs_changed.1.json").remove(0).event;
    assert!(
        matches!(&merge, Event::Commit(commit) if commit.exact_parents && commit.parents.as_ref().map(Vec::len) == Some(2)),
        "{merge:?}"
    );
}

#[test]
fn what_bitbucket_would_not_send_is_refused_or_rejected() {
    assert!((SOURCE.check)(&Headers::default(), b"{}").expect_err("no key").to_string().contains("X-Event-Key is missing"));
    assert!((SOURCE.check)(&headers("repo:push"), b"{\"push\":").is_err());
    let rejected = |key: &str, payload: Value, expect: &str| {
        golden::assert_rejected(&read(key, payload), expect);
    };
    rejected(
        "repo:push",
        json!({"push": {"changes": [{"new": {"type": "branch"}, "commits": [{}]}]}}),
        "repo:push: it has no push.changes[0].commits[0].hash",
    );
    rejected("pullrequest:created", json!({"pullrequest": {"state": "OPEN"}}), "it has no pullrequest.updated_on");
    rejected("pullrequest:approved", json!({"pullrequest": {"id": 1}}), "it has no approval.date");
    rejected("repo:commit_status_created", json!({}), "it has no commit_status.commit.hash");
    assert_eq!(parse(&headers("repo:push"), b"{}").rejected[0].reason, "repo:push: it has no repository.full_name");
}

#[test]
fn the_published_vector_holds_and_the_request_is_the_delivery() {
    // Atlassian's test values, as in "Manage webhooks"; computed again with openssl.
    let mut sent = headers("repo:push");
    sent.0.insert("x-hub-signature".into(), "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9".into());
    let verify = |body: &[u8], secret: &str| (SOURCE.verify)(&sent, body, &["old".into(), secret.into()], At(0));
    assert_eq!(verify(b"Hello World!", "It's a Secret to Everybody"), Ok(()));
    assert!(verify(b"Hello World", "It's a Secret to Everybody").is_err());
    assert!(verify(b"Hello World!", "other").is_err());
    assert!(
        (SOURCE.verify)(&Headers::default(), b"", &["x".into()], At(0))
            .expect_err("none")
            .to_string()
            .contains("X-Hub-Signature is missing")
    );
    for name in ["x-request-uuid", "x-request-id"] {
        assert_eq!((SOURCE.delivery_id)(&Headers([(name.to_owned(), "r1".to_owned())].into()), b"").as_deref(), Some("r1"));
    }
}
