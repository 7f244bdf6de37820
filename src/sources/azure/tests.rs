//! The azure source, from payloads to events.

use super::{Headers, SOURCE};
use crate::domain::event::{Change, Deployment, Event, Item, Outcome, Parsed, Review, Run, Stated, Status};
use crate::domain::time::At;
use crate::sources::golden;
use serde_json::{Value, json};

#[test]
fn every_recorded_payload_is_used_or_ignored_for_a_reason() {
    golden::same_as_snapshot("azure", &golden::walk(&SOURCE));
}

const AT: &str = "2026-05-01T12:00:00Z";

fn read(kind: &str, resource: &Value) -> Parsed {
    let body = json!({"id": "e1", "notificationId": 3, "subscriptionId": "s1", "eventType": kind, "resource": resource, "createdDate": AT});
    (SOURCE.parse)(&Headers::default(), body.to_string().as_bytes())
}

fn told(kind: &str, resource: &Value) -> Vec<Stated> {
    golden::facts(read(kind, resource))
}

fn time(text: &str) -> Option<At> {
    At::parse(text)
}

fn request(status: &str, votes: &[(&str, i64)]) -> Value {
    let reviewers: Vec<Value> =
        votes.iter().map(|(who, vote)| json!({"id": who, "uniqueName": format!("{who}@x.org"), "vote": vote})).collect();
    json!({"repository": {"name": "Shop", "project": {"name": "Fab"}}, "pullRequestId": 21, "status": status, "title": "Add cache", "description": "see #77 and #5",
        "creationDate": "2026-05-01T08:00:00Z", "closedDate": (status != "active").then_some("2026-05-01T11:00:00Z"), "lastMergeCommit": {"commitId": "m"},
        "lastMergeSourceCommit": {"commitId": "h"}, "createdBy": {"uniqueName": "ann@x.org"}, "reviewers": reviewers})
}

fn change(events: &[Stated]) -> &Change {
    events.iter().find_map(|stated| if let Event::Change(change) = &stated.event { Some(change) } else { None }).expect("a change")
}

#[test]
fn a_pull_request_is_merged_by_its_status_not_by_a_trial_merge() {
    let trial = told("git.pullrequest.merged", &request("active", &[]));
    assert_eq!((change(&trial).merged_at, change(&trial).merge_commit.as_ref(), change(&trial).head.as_deref()), (None, None, Some("h")));
    let done = told("git.pullrequest.updated", &request("completed", &[]));
    assert_eq!((change(&done).merged_at, change(&done).merge_commit.as_deref()), (time("2026-05-01T11:00:00Z"), Some("m")));
    assert_eq!((change(&done).id.as_str(), change(&done).item.as_deref()), ("Fab/Shop#21", Some("AB#77")));
    let left = told("git.pullrequest.updated", &request("abandoned", &[]));
    assert_eq!((change(&left).merged_at, change(&left).closed_at.is_some()), (None, true));
}

#[test]
fn a_vote_is_a_review_at_the_time_it_was_first_told() {
    let events = told("git.pullrequest.updated", &request("active", &[("bob", 10), ("eve", -5), ("joe", 0)]));
    let reviews: Vec<&Review> =
        events.iter().filter_map(|stated| if let Event::Review(review) = &stated.event { Some(review) } else { None }).collect();
    let told_as: Vec<_> = reviews.iter().map(|review| (review.reviewer.as_deref().unwrap_or_default(), review.state.as_str())).collect();
    assert_eq!(told_as, [("bob@x.org", "approved"), ("eve@x.org", "changes_requested")]);
    assert_eq!(change(&events).reviewers, ["joe@x.org"]);
    // The version falls with time, so that a later repetition does not move it.
    let version = |stated: &Stated| stated.updated_at.expect("a version");
    assert!(version(&events[0]) < At(0) && version(events.last().expect("the change")) > At(0));
}

#[test]
fn a_deployment_of_a_release_is_told_apart_by_its_attempt() {
    let resource = |status: &str, extra: Value| {
        let mut resource = json!({"environment": {"id": 5, "releaseId": 430, "name": "Production", "status": status, "releaseDefinition": {"name": "Shop.Release"}}, "project": {"name": "Fab"}});
        extra.as_object().expect("an object").iter().for_each(|(name, value)| resource[name] = value.clone());
        resource
    };
    let deployment = |status: &str, extra: Value| -> Deployment {
        match told("ms.vss-release.deployment-completed-event", &resource(status, extra)).remove(0).event {
            Event::Deployment(deployment) => deployment,
            other => panic!("{other:?}"),
        }
    };
    let bare = deployment("succeeded", json!({}));
    assert_eq!(
        (bare.id.as_str(), bare.service.as_deref(), bare.environment.as_deref(), bare.finished_at),
        ("release:430:5:e1", Some("Shop.Release"), Some("Production"), time(AT))
    );
    let artifacts = json!([{"definitionReference": {"version": {"id": "1"}}}, {"definitionReference": {"repository": {"name": "Shop"}, "sourceVersion": {"id": "abc"}}}]);
    let full = deployment(
        "partiallySucceeded",
        json!({"deployment": {"attempt": 2, "startedOn": "2026-05-01T11:50:00Z", "completedOn": "2026-05-01T11:59:00Z", "release": {"artifacts": artifacts}}}),
    );
    assert_eq!((full.id.as_str(), full.status, full.sha.as_deref()), ("release:430:5:2", Status::Success, Some("abc")));
    assert_eq!(
        (full.repository.as_deref(), full.service, full.started_at, full.finished_at),
        (Some("Fab/Shop"), None, time("2026-05-01T11:50:00Z"), time("2026-05-01T11:59:00Z"))
    );
    assert_eq!(deployment("rejected", json!({})).status, Status::Failure);
    assert!(read("ms.vss-release.deployment-completed-event", &resource("odd", json!({}))).ignored.expect("a reason").contains("`odd`"));
}

#[test]
fn a_stage_is_a_deployment_into_an_environment_of_its_name() {
    let stage = |state: &str, result: &str| {
        let resource = json!({"stage": {"name": "prod_eu", "displayName": "Production EU", "state": state, "result": result}, "run": {"id": 9, "pipeline": {"name": "Shop-CD"}},
            "repositories": [{"url": "https://fab@dev.azure.com/fab/Fab%20Rik/_git/Shop", "change": {"version": "abc"}}]});
        read("ms.vss-pipelines.stage-state-changed-event", &resource)
    };
    let deployment = |state: &str, result: &str| match stage(state, result).events.remove(0).event {
        Event::Deployment(deployment) => deployment,
        other => panic!("{other:?}"),
    };
    let done = deployment("completed", "succeeded");
    assert_eq!(
        (done.id.as_str(), done.environment.as_deref(), done.repository.as_deref(), done.sha.as_deref()),
        ("stage:9:prod_eu", Some("Production EU"), Some("Fab Rik/Shop"), Some("abc"))
    );
    assert_eq!((done.status, done.finished_at), (Status::Success, time(AT)));
    assert_eq!((deployment("running", "").status, deployment("running", "").finished_at), (Status::Pending, None));
    assert_eq!(deployment("completed", "failed").status, Status::Failure);
    assert!(stage("completed", "skipped").ignored.is_some());
}

#[test]
fn a_build_outweighs_what_its_run_says_of_it() {
    let build = told(
        "build.complete",
        &json!({"id": 9, "result": "canceled", "finishTime": "2026-05-01T11:00:00Z", "startTime": "2026-05-01T10:50:00Z",
        "sourceBranch": "refs/heads/main", "sourceVersion": "abc", "repository": {"name": "Shop"}, "project": {"name": "Fab"}, "definition": {"name": "Shop-CI"}}),
    );
    let run = |state: &str| {
        told(
            "ms.vss-pipelines.run-state-changed-event",
            &json!({"run": {"id": 9, "state": state, "result": "failed", "createdDate": "2026-05-01T10:50:00Z", "finishedDate": "2026-05-01T11:00:00Z"}}),
        )
    };
    let fact = |stated: &Stated| -> Run { if let Event::Run(run) = &stated.event { run.clone() } else { panic!("{stated:?}") } };
    assert_eq!(
        (fact(&build[0]).id, fact(&build[0]).repository.as_deref(), fact(&build[0]).outcome),
        ("run:9".into(), Some("Fab/Shop"), Outcome::Cancelled)
    );
    assert_eq!(
        (fact(&run("completed")[0]).id, fact(&run("completed")[0]).outcome, fact(&run("inProgress")[0]).outcome),
        ("run:9".into(), Outcome::Failure, Outcome::Running)
    );
    assert!(build[0].updated_at > run("completed")[0].updated_at && run("completed")[0].updated_at > run("inProgress")[0].updated_at);
    let project = told(
        "build.complete",
        &json!({"id": 1, "result": "succeeded", "finishTime": AT, "repository": {"id": "acme/web", "type": "GitHub"}}),
    );
    assert_eq!(fact(&project[0]).repository.as_deref(), Some("acme/web"));
}

#[test]
fn a_work_item_is_read_as_it_is_now() {
    let fields = |state: &str| json!({"System.State": state, "System.TeamProject": "Fab", "System.Title": "t", "System.ChangedDate": "2026-05-01T11:00:00Z", "System.AssignedTo": "Bob Lee <bob@x.org>"});
    let item = |kind: &str, resource: Value| -> Item {
        if let Event::Item(item) = told(kind, &resource).remove(0).event { item } else { panic!("an item") }
    };
    let made = item("workitem.created", json!({"id": 5, "fields": fields("New")}));
    assert_eq!((made.id.as_str(), made.done_at, made.assignee.as_deref()), ("AB#5", None, Some("bob@x.org")));
    let updated = |state: &str| json!({"id": 2, "workItemId": 5, "fields": {"System.State": {"newValue": state}}, "revision": {"id": 5, "fields": fields(state)}});
    assert_eq!(
        (item("workitem.updated", updated("Done")).id.as_str(), item("workitem.updated", updated("Done")).done_at),
        ("AB#5", time("2026-05-01T11:00:00Z"))
    );
    assert_eq!(item("workitem.updated", updated("Active")).done_at, None);
    let gone = item("workitem.deleted", json!({"id": 5, "fields": fields("New")}));
    assert_eq!((gone.status.as_deref(), gone.done_at), (Some("deleted"), time(AT)));
    assert!(read("workitem.updated", &json!({"workItemId": 5, "fields": {}})).ignored.expect("a reason").contains("all resource details"));
}

#[test]
fn a_text_mentions_a_work_item_by_its_number() {
    let check = |text: &str, expect: Option<&str>| {
        let mut request = request("active", &[]);
        request["description"] = json!(text);
        assert_eq!(change(&told("git.pullrequest.created", &request)).item.as_deref(), expect, "{text}");
    };
    check("#12", Some("AB#12"));
    check("relates to AB#12.", Some("AB#12"));
    check("Fixes #12", Some("AB#12"));
    check("C#7 and x#1, #abc, #12px", None);
    check("größer #12", Some("AB#12"));
    check("PAY-7 and #12", Some("AB#12"));
}

#[test]
fn a_push_follows_one_branch_and_what_is_missing_is_named() {
    let push = |refs: Value| json!({"repository": {"name": "Shop", "project": {"name": "Fab"}}, "commits": [{"commitId": "b2"}, {"commitId": "a1"}], "refUpdates": refs});
    let parents = |refs: Value| -> Vec<Option<Vec<String>>> {
        told("git.push", &push(refs))
            .into_iter()
            .map(|stated| if let Event::Commit(commit) = stated.event { commit.parents } else { panic!("a commit") })
            .collect()
    };
    let one = |old: &str| json!([{"name": "refs/heads/main", "oldObjectId": old, "newObjectId": "b2"}]);
    assert_eq!(parents(one("base")), [Some(vec!["a1".into()]), Some(vec!["base".into()])]);
    assert_eq!(parents(one(&"0".repeat(40))), [Some(vec!["a1".into()]), None], "a new branch");
    assert_eq!(
        parents(json!([{"name": "refs/heads/main", "newObjectId": "b2"}, {"name": "refs/heads/x", "newObjectId": "a1"}])),
        [None, None]
    );
    assert!(read("git.push", &push(json!([{"name": "refs/tags/v1", "newObjectId": "b2"}]))).ignored.is_some());
    let rejected = |kind: &str, resource: Value, expect: &str| {
        golden::assert_rejected(&read(kind, &resource), expect);
    };
    rejected("git.push", json!({}), "git.push: it has no resource.repository.project.name");
    rejected("build.complete", json!({"id": 1}), "it has no resource.finishTime");
    rejected("build.complete", json!({"id": 1, "finishTime": AT, "result": "odd"}), "pacer knows no build result `odd`");
    rejected("workitem.created", json!({"fields": {}}), "it has no resource.id");
    assert_eq!((SOURCE.parse)(&Headers::default(), b"{}").rejected[0].reason, "delivery: it has no eventType");
}

#[test]
fn the_password_proves_and_the_notification_is_the_delivery() {
    // `printf 'pacer:s3cret:with:colons' | base64`
    let sent = Headers([("authorization".to_owned(), "Basic cGFjZXI6czNjcmV0OndpdGg6Y29sb25z".to_owned())].into());
    assert_eq!((SOURCE.verify)(&sent, b"", &["old:one".into(), "pacer:s3cret:with:colons".into()], At(0)), Ok(()));
    assert!((SOURCE.verify)(&sent, b"", &["pacer:other".into()], At(0)).is_err());
    assert!((SOURCE.verify)(&Headers::default(), b"", &["pacer:other".into()], At(0)).is_err());
    let id = |body: &str| (SOURCE.delivery_id)(&Headers::default(), body.as_bytes());
    assert_eq!(id(r#"{"id":"e1","notificationId":3,"subscriptionId":"s1"}"#).as_deref(), Some("e1#s1#3"));
    assert_eq!(id("{}"), None);
}
