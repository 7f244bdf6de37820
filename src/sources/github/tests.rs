//! The github source, from payloads to events.

use super::{DELIVERY, Headers, KIND, Parsed, SOURCE, parse};
use crate::domain::event::Event;
use crate::domain::event::{Change, Commit, Deployment, Incident, Item, Outcome, Status};
use crate::domain::time::At;
use crate::sources::golden;
use serde_json::{Value, json};

fn headers(kind: &str) -> Headers {
    Headers([(KIND.to_owned(), kind.to_owned()), (DELIVERY.to_owned(), "72d3162e".to_owned())].into())
}

/// Parses a payload of that kind for `org/app`.
fn read(kind: &str, mut payload: Value) -> Parsed {
    payload["repository"] = json!({"full_name": "org/app"});
    parse(&headers(kind), payload.to_string().as_bytes())
}

fn events(kind: &str, payload: Value) -> Vec<Event> {
    let parsed = read(kind, payload);
    assert_eq!((parsed.rejected.len(), &parsed.ignored), (0, &None), "{:?}", parsed.rejected);
    parsed.events.into_iter().map(|stated| stated.event).collect()
}

fn deployment(kind: &str, payload: Value) -> Deployment {
    match events(kind, payload).remove(0) {
        Event::Deployment(deployment) => deployment,
        other => panic!("{other:?}"),
    }
}

fn time(text: &str) -> Option<At> {
    At::parse(text)
}

#[test]
fn every_recorded_payload_is_used_or_ignored_for_a_reason() {
    let lines = golden::walk(&SOURCE);
    assert!(lines.len() >= 114, "{} lines", lines.len());
    golden::same_as_snapshot("github", &lines);
}

fn status(state: &str, minute: u32) -> Value {
    let at = format!("2026-05-01T10:{minute:02}:00Z");
    json!({
        "deployment_status": {"state": state, "created_at": at, "updated_at": at, "environment": "production"},
        "deployment": {"id": 7, "sha": "abc", "environment": "production", "production_environment": true, "created_at": "2026-05-01T10:00:00Z"},
    })
}

#[test]
fn a_status_tells_its_deployment() {
    let check = |state: &str, expect: Status| {
        let told = deployment("deployment_status", status(state, 5));
        assert_eq!((told.id.as_str(), told.status, told.production), ("7", expect, Some(true)), "{state}");
        assert_eq!(told.finished_at.is_some(), expect != Status::Pending, "{state}");
    };
    check("success", Status::Success);
    check("failure", Status::Failure);
    check("error", Status::Failure);
    check("pending", Status::Pending);
    check("queued", Status::Pending);
    check("in_progress", Status::Pending);
    assert!(read("deployment_status", status("inactive", 5)).ignored.expect("a reason").contains("inactive"));
    assert!(read("deployment_status", status("odd", 5)).ignored.expect("a reason").contains("`odd`"));
}

#[test]
fn the_newest_status_wins_in_any_order() {
    let mut payloads = vec![status("success", 9), status("in_progress", 3), status("queued", 1)];
    payloads.push(
        json!({"action": "created", "deployment": {"id": 7, "created_at": "2026-05-01T10:00:00Z", "updated_at": "2026-05-01T10:30:00Z"}}),
    );
    let kinds = ["deployment_status", "deployment_status", "deployment_status", "deployment"];
    let winner = |order: &[usize]| {
        let facts = order.iter().flat_map(|at| read(kinds[*at], payloads[*at].clone()).events);
        facts.max_by_key(|stated| stated.updated_at).map(|stated| stated.event)
    };
    let expect = winner(&[0, 1, 2, 3]);
    assert!(
        matches!(&expect, Some(Event::Deployment(told)) if told.status == Status::Success && told.finished_at == time("2026-05-01T10:09:00Z"))
    );
    for order in [[3, 2, 1, 0], [1, 0, 3, 2], [2, 0, 1, 3]] {
        assert_eq!(winner(&order), expect);
    }
}

#[test]
fn a_redelivery_says_the_same_under_the_same_id() {
    let body = status("success", 1).to_string();
    let id = (SOURCE.delivery_id)(&headers("deployment_status"), body.as_bytes());
    assert_eq!(id.as_deref(), Some("72d3162e"));
    let again = || parse(&headers("deployment_status"), body.as_bytes());
    assert_eq!(again(), again());
}

#[test]
fn a_release_is_a_deployment_of_its_kind() {
    let release = |draft: bool, prerelease: bool| {
        json!({"action": "published", "release": {"id": 3, "draft": draft, "prerelease": prerelease,
            "target_commitish": "main", "created_at": "2026-05-01T09:00:00Z", "published_at": "2026-05-01T10:00:00Z"}})
    };
    let told = deployment("release", release(false, false));
    assert_eq!((told.id.as_str(), told.via.as_str(), told.sha), ("release:3", "release", None));
    assert_eq!((told.status, told.finished_at), (Status::Success, time("2026-05-01T10:00:00Z")));
    assert!(read("release", release(true, false)).ignored.is_some());
    assert!(read("release", release(false, true)).ignored.is_some());
}

#[test]
fn a_workflow_run_passes_fails_or_does_neither() {
    let run = |conclusion: Value| {
        let payload = json!({"action": "completed", "workflow": {"name": "ship"}, "workflow_run": {"id": 4, "name": "", "head_sha": "abc",
            "head_branch": "main", "conclusion": conclusion, "run_started_at": "2026-05-01T10:00:00Z", "updated_at": "2026-05-01T10:04:00Z"}});
        let Event::Run(run) = events("workflow_run", payload).remove(0) else { panic!("a run") };
        run
    };
    let told = run(json!("success"));
    assert_eq!((told.id.as_str(), told.workflow.as_deref(), told.sha.as_deref()), ("run:4", Some("ship"), Some("abc")));
    assert_eq!((told.outcome, told.finished_at, told.branch.as_deref()), (Outcome::Success, time("2026-05-01T10:04:00Z"), Some("main")));
    assert_eq!(run(json!("timed_out")).outcome, Outcome::Failure);
    assert_eq!((run(Value::Null).outcome, run(Value::Null).finished_at), (Outcome::Running, None));
    assert_eq!((run(json!("skipped")).outcome, run(json!("cancelled")).outcome), (Outcome::Cancelled, Outcome::Cancelled));
}

fn push(before: &str, forced: bool) -> Vec<Commit> {
    let commit = |sha: &str, author: &str| json!({"id": sha, "message": "One\n\nwhole", "timestamp": "2026-05-01T12:00:00+02:00", "author": {"name": author, "email": "a@b.c"}});
    let payload = json!({"ref": "refs/heads/main", "before": before, "forced": forced, "commits": [commit("a1", "Ann"), commit("b2", "dependabot[bot]")]});
    let facts = events("push", payload).into_iter();
    facts.map(|event| if let Event::Commit(commit) = event { commit } else { panic!("{event:?}") }).collect()
}

#[test]
fn the_commits_of_a_push_follow_each_other() {
    let commits = push("base", false);
    assert_eq!(commits[0].parents, Some(vec!["base".to_owned()]));
    assert_eq!(commits[1].parents, Some(vec!["a1".to_owned()]));
    assert_eq!((commits[0].authored_at, commits[0].committed_at), (time("2026-05-01T10:00:00Z"), None));
    assert_eq!((commits[0].bot, commits[1].bot, commits[0].exact_parents), (Some(false), Some(true), false));
    assert_eq!((commits[0].message.as_deref(), commits[0].author.as_deref()), (Some("One\n\nwhole"), Some("a@b.c")));
    assert_eq!(push(&"0".repeat(40), false)[0].parents, None, "a new branch");
    assert_eq!(push("base", true)[0].parents, None, "a forced push left `before` behind");
}

#[test]
fn a_pull_request_is_told_whole_and_its_ready_time_as_a_part() {
    let payload = |action: &str, draft: bool, merged: bool| {
        json!({"action": action, "pull_request": {"number": 12, "title": "t", "user": {"login": "ann", "type": "User"}, "labels": [{"name": "x"}],
            "head": {"sha": "h"}, "draft": draft, "requested_reviewers": [{"login": "bo"}], "requested_teams": [{"slug": "core"}], "merged": merged, "merge_commit_sha": "m", "additions": 3, "deletions": 1,
            "created_at": "2026-05-01T10:00:00Z", "updated_at": "2026-05-01T11:00:00Z",
            "merged_at": merged.then_some("2026-05-01T11:00:00Z"), "closed_at": merged.then_some("2026-05-01T11:00:00Z")}})
    };
    let change = |action: &str, draft: bool, merged: bool| match events("pull_request", payload(action, draft, merged)).pop() {
        Some(Event::Change(change)) => change,
        other => panic!("{other:?}"),
    };
    let opened: Change = change("opened", false, false);
    assert_eq!((opened.id.as_str(), opened.merge_commit, opened.ready_at), ("org/app#12", None, time("2026-05-01T10:00:00Z")));
    assert_eq!(opened.reviewers, ["bo", "@core"]);
    assert_eq!(change("opened", true, false).ready_at, None);
    let merged = change("closed", false, true);
    assert_eq!((merged.merge_commit.as_deref(), merged.merged_at), (Some("m"), time("2026-05-01T11:00:00Z")));
    assert!(
        matches!(&events("pull_request", payload("ready_for_review", false, false))[0], Event::Part(part) if Some(part.at) == time("2026-05-01T11:00:00Z"))
    );
}

#[test]
fn an_issue_is_an_item_and_by_its_label_an_incident() {
    let payload = |label: &str, state: &str| {
        json!({"action": "x", "issue": {"number": 5, "title": "Down", "labels": [{"name": label}], "state": state,
            "created_at": "2026-05-01T10:00:00Z", "updated_at": "2026-05-01T12:00:00Z", "closed_at": "2026-05-01T11:00:00Z"}})
    };
    let incident = |label: &str, state: &str| -> Option<Incident> {
        events("issues", payload(label, state))
            .into_iter()
            .find_map(|event| if let Event::Incident(incident) = event { Some(incident) } else { None })
    };
    for label in ["incident", "Incident: database", "type: incident", "SEV2"] {
        let told = incident(label, "closed").expect(label);
        assert_eq!((told.resolved_at, told.repository.as_deref()), (time("2026-05-01T11:00:00Z"), Some("org/app")), "{label}");
    }
    assert_eq!(incident("SEV2", "open").map(|told| (told.severity, told.resolved_at)), Some((Some("sev2".into()), None)));
    for label in ["bug", "sev5", "no-incident"] {
        assert_eq!(incident(label, "closed"), None, "{label}");
    }
    let item = |state: &str| -> Item {
        match events("issues", payload("bug", state)).remove(0) {
            Event::Item(item) => item,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((item("closed").done_at, item("open").done_at), (time("2026-05-01T11:00:00Z"), None));
}

#[test]
fn a_form_carries_the_same_payload() {
    let body = json!({"zen": "a b&c", "deployment_status": status("success", 1)["deployment_status"], "deployment": {"id": 7}, "repository": {"full_name": "o/r"}});
    let mut form = headers("deployment_status");
    form.0.insert("content-type".into(), "application/x-www-form-urlencoded; charset=utf-8".into());
    let coded = serde_urlencoded::to_string([("payload", body.to_string())]).expect("plain text");
    assert_eq!((SOURCE.check)(&form, coded.as_bytes()), Ok(()));
    assert_eq!(parse(&form, coded.as_bytes()), parse(&headers("deployment_status"), body.to_string().as_bytes()));
    assert!((SOURCE.check)(&form, b"other=1").is_err());
}

#[test]
fn what_github_would_not_send_is_refused_or_rejected() {
    let refused = |kind: &str, body: &[u8], expect: &str| {
        let said = (SOURCE.check)(&headers(kind), body).expect_err(expect).to_string();
        assert!(said.contains(expect), "{said:?} does not say {expect:?}");
    };
    refused("", b"{}", "X-GitHub-Event is missing");
    refused("push", b"", "not JSON");
    refused("push", b"{\"ref\":\"refs/hea", "not JSON");
    refused("push", b"[]", "not a JSON object");
    refused("push", b"{\"a\":\"\xff\"}", "not valid UTF-8 from byte 7 on");
    let rejected = |kind: &str, payload: Value, expect: &str| {
        let reasons: Vec<String> = read(kind, payload).rejected.into_iter().map(|row| row.reason).collect();
        assert!(reasons.len() == 1 && reasons[0].contains(expect), "{reasons:?} does not say {expect:?}");
    };
    rejected("deployment_status", json!({"deployment_status": {"state": "success"}}), "it has no deployment");
    rejected("deployment_status", json!({"deployment_status": "success"}), "invalid type: string \"success\"");
    rejected("push", json!({"ref": 5}), "invalid type: integer `5`");
    rejected("issues", json!({"issue": {"number": 1, "created_at": "yesterday", }}), "`yesterday` is not an RFC 3339 time");
    let nowhere = parse(&headers("push"), b"{}");
    assert!(nowhere.rejected[0].reason.contains("it has no repository.full_name"));
}

#[test]
fn a_payload_cut_off_anywhere_is_refused() {
    let path = format!("{}/tests/fixtures/github/push.4.json", env!("CARGO_MANIFEST_DIR"));
    let whole = std::fs::read(path).expect("a fixture");
    let whole = whole.trim_ascii();
    for end in (0..whole.len()).step_by(101) {
        let cut = &whole[..end];
        assert!((SOURCE.check)(&headers("push"), cut).is_err(), "{end} bytes");
        assert_eq!(parse(&headers("push"), cut).rejected.len(), 1, "{end} bytes");
    }
}
