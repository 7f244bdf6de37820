//! The gitlab source's webhooks, from payloads to events.

use super::{EVENT, Headers, Parsed, SOURCE, parse};
use crate::domain::event::{Change, Commit, Deployment, Event, Incident, Item, Outcome, Review, Run, Status};
use crate::domain::part::Step;
use crate::domain::time::At;
use crate::sources::golden;
use serde_json::{Value, json};

const MAIN: &str = "refs/heads/main";

/// A recorded payload, changed.
fn payload(name: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut payload = golden::payload(&SOURCE, name);
    change(&mut payload);
    payload
}

fn read(payload: &Value) -> Parsed {
    golden::parsed(&SOURCE, &Headers::default(), payload)
}

fn events(payload: &Value) -> Vec<Event> {
    golden::facts(read(payload)).into_iter().map(|stated| stated.event).collect()
}

/// The first fact of a recorded payload that `pick` takes.
fn one<T>(name: &str, pick: impl FnMut(Event) -> Option<T>) -> T {
    events(&payload(name, |_| {})).into_iter().find_map(pick).expect(name)
}

fn change(event: Event) -> Option<Change> {
    if let Event::Change(change) = event { Some(change) } else { None }
}

fn review(event: Event) -> Option<Review> {
    if let Event::Review(review) = event { Some(review) } else { None }
}

fn deployment(event: Event) -> Option<Deployment> {
    if let Event::Deployment(deployment) = event { Some(deployment) } else { None }
}

fn run(event: Event) -> Option<Run> {
    if let Event::Run(run) = event { Some(run) } else { None }
}

fn item(event: Event) -> Option<Item> {
    if let Event::Item(item) = event { Some(item) } else { None }
}

fn incident(event: Event) -> Option<Incident> {
    if let Event::Incident(incident) = event { Some(incident) } else { None }
}

fn commits(payload: &Value) -> Vec<Commit> {
    events(payload).into_iter().map(|event| if let Event::Commit(commit) = event { commit } else { panic!("{event:?}") }).collect()
}

fn ignored(payload: &Value, expect: &str) {
    let parsed = read(payload);
    let why = parsed.ignored.unwrap_or_default();
    assert!(parsed.events.is_empty() && parsed.rejected.is_empty() && why.contains(expect), "{why:?} does not say {expect:?}");
}

fn time(text: &str) -> Option<At> {
    At::parse(text)
}

fn sha(letter: char) -> String {
    letter.to_string().repeat(40)
}

#[test]
fn every_recorded_payload_is_used_or_ignored_for_a_reason() {
    let lines = golden::walk(&SOURCE);
    assert!(lines.len() >= 70, "{} lines", lines.len());
    golden::same_as_snapshot("gitlab", &lines);
}

#[test]
fn the_kind_is_in_the_body_else_in_the_header_or_the_file_name() {
    let check = |header: &str, body: Value, expect: &str| {
        let headers = Headers([(EVENT.to_owned(), header.to_owned())].into());
        let why = parse(&headers, body.to_string().as_bytes()).ignored.unwrap_or_default();
        assert!(why.contains(&format!("`{expect}`")), "{header}: {why}");
    };
    check("Push Hook", json!({"object_kind": "wiki_page"}), "wiki_page");
    check("System Hook", json!({"event_name": "user_create"}), "user_create");
    check("Wiki Page Hook", json!({}), "wiki_page");
    check("Wiki Page Hook", json!({"object_kind": ""}), "wiki_page");
    let recorded = |name: &str| (SOURCE.recorded)(name).get(EVENT).map(str::to_owned);
    assert_eq!(recorded("merge_request.3.json").as_deref(), Some("merge_request"));
    assert_eq!(recorded("2026.json"), None);
    let body = json!({"ref": MAIN, "after": sha('b'), "project": {"path_with_namespace": "group/app"}, "commits": []});
    let parsed = parse(&(SOURCE.recorded)("push.1.json"), body.to_string().as_bytes());
    assert_eq!(parsed.ignored.as_deref(), Some("the push brings no commits"));
}

#[test]
fn a_delivery_is_known_by_the_key_that_stays_when_it_is_sent_again() {
    let id = |sent: &[(&str, &str)]| {
        let headers = sent.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        (SOURCE.delivery_id)(&Headers(headers), b"{}")
    };
    let shared = ("x-gitlab-event-uuid", "of a chain of events");
    let attempt = ("x-gitlab-webhook-uuid", "of an attempt");
    assert_eq!(id(&[shared, attempt, ("idempotency-key", "k1")]).as_deref(), Some("k1"));
    assert_eq!(id(&[shared, attempt, ("idempotency-key", "")]), None);
    assert_eq!(id(&[shared, attempt]), None);
    let payload = payload("push", |_| {});
    assert_eq!(read(&payload), read(&payload));
}

#[test]
fn the_commits_of_a_push_follow_each_other() {
    let pushed = commits(&payload("own.push_default_branch", |_| {}));
    assert_eq!(pushed[0].parents, Some(vec![sha('a')]));
    assert_eq!(pushed[1].parents, Some(vec![sha('b')]));
    assert_eq!((pushed[0].authored_at, pushed[0].committed_at), (time("2026-05-04T08:00:00Z"), time("2026-05-04T08:00:00Z")));
    assert_eq!((pushed[0].author.as_deref(), pushed[0].email.as_deref()), (Some("ada@example.com"), Some("ada@example.com")));
    assert_eq!((pushed[0].bot, pushed[0].exact_parents), (Some(false), false));
    assert_eq!(pushed[0].paths, Some(vec!["checkout/cache.rs".to_owned()]));
    assert_eq!(pushed[0].repository.as_deref(), Some("group/sub/app"));
    assert_eq!(commits(&payload("own.push_feature_branch", |_| {}))[0].bot, Some(true));
}

#[test]
fn of_more_than_20_commits_only_the_newest_are_listed_so_what_lies_before_them_is_unknown() {
    let push = |listed: usize, total: Value| {
        let commits: Vec<Value> = (0..listed).map(|at| json!({"id": format!("{at:040}")})).collect();
        payload("own.push_default_branch", |push| {
            push["commits"] = json!(commits);
            push["total_commits_count"] = total;
        })
    };
    let first = |push: Value| commits(&push).remove(0).parents;
    assert_eq!(first(push(20, json!(21))), None);
    assert_eq!(first(push(20, json!(20))), Some(vec![sha('a')]));
    assert_eq!(first(push(20, Value::Null)), None, "a GitLab that does not count");
    assert_eq!(first(push(19, Value::Null)), Some(vec![sha('a')]));
    assert_eq!(commits(&push(20, json!(21)))[19].parents, Some(vec![format!("{:040}", 18)]));
}

#[test]
fn a_push_to_more_than_three_branches_sends_no_webhook_so_backfill_lists_every_branchs_commits() {
    // Nothing arrives, so nothing can be read: the commits must come from the API, of all branches.
    let asks = (SOURCE.pages.expect("pages").begin)("group/app", None);
    assert!(asks.iter().any(|ask| ask.path.starts_with("/projects/group%2Fapp/repository/commits?all=true")), "{asks:?}");
}

#[test]
fn a_branch_that_begins_or_ends_has_a_sha_of_zeros_at_that_end() {
    assert_eq!(commits(&payload("own.push_new_branch", |_| {}))[0].parents, None);
    let on_main = payload("own.push_new_branch", |push| push["ref"] = json!(MAIN));
    assert_eq!(commits(&on_main)[0].parents, None, "the first push of a project");
    ignored(&payload("own.push_branch_deleted", |_| {}), "deleted branch");
    ignored(&payload("own.push_without_commits", |_| {}), "no commits");
    ignored(&payload("own.push_default_branch", |push| push["ref"] = json!("refs/tags/v1")), "tag push");
}

#[test]
fn a_forced_push_is_not_marked_so_only_guarded_branches_are_taken_to_build_on_what_was_there() {
    let parents = |branch: &str, guarded: Value, main: Value| {
        let push = payload("own.push_default_branch", |push| {
            push["ref"] = json!(format!("refs/heads/{branch}"));
            push["ref_protected"] = guarded;
            push["project"]["default_branch"] = main;
        });
        commits(&push).remove(0).parents
    };
    let before = Some(vec![sha('a')]);
    assert_eq!(parents("main", Value::Null, json!("main")), before);
    assert_eq!(parents("release/1", json!(true), json!("main")), before);
    assert_eq!(parents("pay-12", json!(false), json!("main")), None);
    assert_eq!(parents("pay-12", Value::Null, json!("main")), None);
    assert_eq!(parents("pay-12", Value::Null, Value::Null), None);
}

#[test]
fn a_merge_request_is_told_whole() {
    let told = one("own.merge_request_merged", change);
    assert_eq!((told.id.as_str(), told.repository.as_deref()), ("group/sub/app!12", Some("group/sub/app")));
    assert_eq!((told.opened_at, told.merged_at), (time("2026-05-04T08:00:00Z"), time("2026-05-04T10:06:00Z")));
    assert_eq!((told.closed_at, told.merge_commit.as_deref()), (told.merged_at, Some(sha('c').as_str())));
    assert_eq!((told.head.as_deref(), told.branch.as_deref()), (Some(sha('b').as_str()), Some("pay-12-cache")));
    assert_eq!((told.item.as_deref(), told.labels.as_slice()), (Some("PAY-12"), &["backend".to_owned()][..]));
    assert_eq!((told.reviewers.as_slice(), told.draft, told.bot), (&["bob".to_owned()][..], false, false));
    assert_eq!(told.url.as_deref(), Some("https://gitlab.example.com/group/sub/app/-/merge_requests/12"));
    let open = one("own.merge_request_ready", change);
    assert_eq!((open.merged_at, open.closed_at, open.merge_commit), (None, None, None));
    assert_eq!(open.author.as_deref(), Some("ada"), "told by number, named as the one who acts");
    let closed = one("own.merge_request_closed", change);
    assert_eq!((closed.merged_at, closed.closed_at), (None, time("2026-05-04T11:00:00Z")));
    let by_description = payload("own.merge_request_merged", |request| request["object_attributes"]["source_branch"] = json!("x"));
    assert_eq!(events(&by_description).into_iter().find_map(change).and_then(|told| told.item).as_deref(), Some("group/sub/app#7"));
}

#[test]
fn the_squashed_commit_stands_for_the_merge_request_and_its_head_where_it_was_fast_forwarded() {
    let check = |name: &str, expect: char| assert_eq!(one(name, change).merge_commit, Some(sha(expect)), "{name}");
    check("own.merge_request_merged", 'c');
    check("own.merge_request_squashed", 'e'); // a merge commit lies on top of it
    check("own.merge_request_fast_forward", 'b');
}

#[test]
fn when_it_merged_is_known_from_the_merge_or_from_its_own_field_alone() {
    assert_eq!(one("own.merge_request_squashed", change).merged_at, time("2026-05-04T10:06:00.371Z"));
    assert_eq!(one("own.merge_request_merged", change).merged_at, time("2026-05-04T10:06:00Z"));
    ignored(&payload("own.merge_request_label_after_merge", |_| {}), "does not say when");
    let newer = payload("own.merge_request_label_after_merge", |request| {
        request["object_attributes"]["merged_at"] = json!("2026-05-04 10:06:00 UTC");
    });
    let told = events(&newer).into_iter().find_map(change).expect("a change");
    assert_eq!(told.merged_at, time("2026-05-04T10:06:00Z"));
}

#[test]
fn of_one_second_the_end_is_the_later() {
    let approved =
        payload("own.merge_request_approval", |request| request["object_attributes"]["updated_at"] = json!("2026-05-04 10:06:00 UTC"));
    let merged = payload("own.merge_request_merged", |_| {});
    let mut both: Vec<_> = [approved, merged].iter().flat_map(|payload| read(payload).events).collect();
    both.retain(|stated| matches!(stated.event, Event::Change(_)));
    assert!(both[0].updated_at < both[1].updated_at, "{both:?}");
}

#[test]
fn a_draft_becomes_ready_in_one_delivery_so_the_moment_is_a_part() {
    let ready = |changes: Value| {
        let request = payload("own.merge_request_draft", |request| {
            request["object_attributes"]["action"] = json!("update");
            request["changes"] = changes;
        });
        events(&request).into_iter().find_map(|event| if let Event::Part(part) = event { Some(part) } else { None })
    };
    let told = ready(json!({"draft": {"previous": true, "current": false}, "updated_at": {"current": "2026-05-04 08:30:00 UTC"}}));
    let told = told.expect("a part");
    assert_eq!((told.id.as_str(), told.step, Some(told.at)), ("group/sub/app!12", Step::Ready, time("2026-05-04T08:30:00Z")));
    assert!(ready(json!({"work_in_progress": {"previous": true, "current": false}})).is_some());
    assert!(ready(json!({"title": {"previous": "WIP: Add cache", "current": "Add cache"}})).is_some());
    assert!(ready(json!({"title": {"previous": "[Draft] Add cache", "current": "Add cache"}})).is_some());
    assert!(ready(json!({"title": {"previous": "Draft: Add", "current": "Draft: Add cache"}})).is_none());
    assert!(ready(json!({"draft": {"previous": false, "current": true}})).is_none());
    assert!(ready(json!({"draft": {"previous": null, "current": false}})).is_none());
    assert_eq!(one("own.merge_request_draft", change).ready_at, None);
    assert!(one("own.merge_request_draft", change).draft);
    assert_eq!(one("merge_request", change).ready_at, time("2013-12-03T17:23:34Z"), "opened ready");
}

#[test]
fn an_approval_is_a_review_of_its_person_and_a_reset_by_a_push_is_none() {
    let approved = one("own.merge_request_approved", review);
    assert_eq!((approved.id.as_str(), approved.state.as_str()), ("approval:group/sub/app!12:bob", "approved"));
    assert_eq!((approved.reviewer.as_deref(), Some(approved.at)), (Some("bob"), time("2026-05-04T09:10:00Z")), "not `updated_at`");
    assert_eq!(one("own.merge_request_approval", review).state, "approved");
    let withdrawn = one("own.merge_request_unapproved", review);
    assert_eq!((withdrawn.id, withdrawn.state.as_str()), (approved.id, "dismissed"));
    for name in ["own.merge_request_approvals_reset", "own.merge_request_approved_by_author"] {
        assert_eq!(events(&payload(name, |_| {})).into_iter().find_map(review), None, "{name}");
    }
    let merged_before =
        payload("own.merge_request_label_after_merge", |request| request["object_attributes"]["action"] = json!("approval"));
    assert_eq!(events(&merged_before).len(), 1, "the review alone");
}

#[test]
fn who_has_reviewed_is_not_asked_any_more() {
    let asked = |state: Value, again: bool| {
        let request = payload("own.merge_request_ready", |request| {
            request["reviewers"] = json!([{"id": 6, "username": "bob", "state": state, "re_requested": again}]);
        });
        events(&request).into_iter().find_map(change).expect("a change").reviewers.len()
    };
    assert_eq!((asked(json!("unreviewed"), false), asked(json!("review_started"), false), asked(Value::Null, false)), (1, 1, 1));
    assert_eq!((asked(json!("approved"), false), asked(json!("reviewed"), false), asked(json!("requested_changes"), false)), (0, 0, 0));
    assert_eq!(asked(json!("approved"), true), 1);
}

#[test]
fn a_note_of_another_on_a_merge_request_is_a_review() {
    let told = one("own.note_of_the_reviewer", review);
    assert_eq!((told.id.as_str(), told.change.as_str(), told.state.as_str()), ("note:1244", "group/sub/app!12", "commented"));
    assert_eq!((told.reviewer.as_deref(), Some(told.at), told.bot), (Some("bob"), time("2026-05-04T09:00:00Z"), false));
    ignored(&payload("own.note_of_the_author", |_| {}), "author");
    ignored(&payload("own.note_of_the_reviewer", |note| note["object_attributes"]["system"] = json!(true)), "GitLab wrote");
    ignored(&payload("note_issue", |_| {}), "only notes on merge requests");
    let machine = payload("own.note_of_the_reviewer", |note| note["user"]["username"] = json!("project_15_bot_4f"));
    assert!(events(&machine).into_iter().find_map(review).expect("a review").bot);
}

#[test]
fn a_bots_merge_request_is_told_by_its_branch_where_another_merges_it() {
    assert!(one("own.merge_request_of_a_bot", change).bot);
    assert!(!one("own.merge_request_merged", change).bot);
    let docs = payload("own.merge_request_of_a_bot", |request| request["object_attributes"]["source_branch"] = json!("renovate-docs"));
    assert!(!events(&docs).into_iter().find_map(change).expect("a change").bot);
}

#[test]
fn a_deployments_status_is_success_failure_or_not_yet() {
    let check = |name: &str, expect: Status| {
        let told = one(name, deployment);
        assert_eq!((told.status, told.finished_at.is_some()), (expect, expect != Status::Pending), "{name}");
    };
    check("own.deployment_created", Status::Pending);
    check("own.deployment_running", Status::Pending);
    check("own.deployment_blocked", Status::Pending);
    check("own.deployment_success", Status::Success);
    check("own.deployment_failed", Status::Failure);
    check("own.deployment_canceled", Status::Failure);
    ignored(&payload("own.deployment_skipped", |_| {}), "never tried");
    ignored(&payload("own.deployment_success", |told| told["status"] = json!("odd")), "`odd`");
}

#[test]
fn the_production_tier_is_the_senders_word_on_production() {
    let told = one("own.deployment_success", deployment);
    assert_eq!((told.environment.as_deref(), told.production), (Some("europe"), Some(true)));
    assert_eq!(one("own.deployment_failed", deployment).production, Some(false));
    assert_eq!(one("deployment", deployment).production, None, "an older GitLab does not say");
}

#[test]
fn the_whole_sha_of_a_deployment_is_in_its_commits_address_alone() {
    let told = one("deployment", deployment);
    assert_eq!(told.sha.as_deref(), Some("279484c09fbe69ededfced8c1bb6e6d24616b468"));
    assert_eq!(one("own.deployment_without_commit", deployment).sha.as_deref(), Some("cccccccc"));
}

#[test]
fn three_formats_of_time_mean_what_they_say() {
    let finished = |at: &str| {
        let told = payload("own.deployment_success", |told| told["status_changed_at"] = json!(at));
        events(&told).into_iter().find_map(deployment).expect("a deployment").finished_at
    };
    assert_eq!(finished("2023-11-27 12:00:00 UTC"), time("2023-11-27T12:00:00Z"));
    assert_eq!(finished("2023-11-27 12:00:00 +0200"), time("2023-11-27T10:00:00Z"));
    assert_eq!(finished("2023-11-27T12:00:00.25+02:00"), time("2023-11-27T10:00:00.250Z"));
}

#[test]
fn the_newest_status_wins_in_any_order() {
    let names = ["own.deployment_created", "own.deployment_running", "own.deployment_success"];
    let winner = |order: [usize; 3]| {
        let facts = order.into_iter().flat_map(|at| read(&payload(names[at], |_| {})).events);
        facts.max_by_key(|stated| stated.updated_at).map(|stated| stated.event)
    };
    let expect = winner([0, 1, 2]);
    assert!(matches!(&expect, Some(Event::Deployment(told)) if told.finished_at == time("2026-05-04T10:14:00Z")), "{expect:?}");
    for order in [[2, 1, 0], [1, 2, 0], [0, 2, 1]] {
        assert_eq!(winner(order), expect);
    }
}

#[test]
fn a_pipeline_passes_fails_does_neither_or_goes_on() {
    let told = one("own.pipeline_failed", run);
    assert_eq!((told.id.as_str(), told.workflow.as_deref(), told.branch.as_deref()), ("pipeline:32", Some("push"), Some("main")));
    assert_eq!((told.started_at, told.finished_at), (time("2026-05-04T10:06:10Z"), time("2026-05-04T10:09:10Z")));
    let named = one("own.pipeline_of_a_tag", run);
    assert_eq!((named.workflow.as_deref(), named.branch), (Some("Ship v1.2.0"), None));
    let outcome = |status: &str| {
        let told = payload("own.pipeline_failed", |told| told["object_attributes"]["status"] = json!(status));
        let told = events(&told).into_iter().find_map(run).expect("a run");
        assert_eq!(told.finished_at.is_some(), told.outcome != Outcome::Running, "{status}");
        told.outcome
    };
    assert_eq!((outcome("success"), outcome("failed")), (Outcome::Success, Outcome::Failure));
    assert_eq!((outcome("canceled"), outcome("skipped")), (Outcome::Cancelled, Outcome::Cancelled));
    assert_eq!(
        (outcome("manual"), outcome("running"), outcome("waiting_for_resource")),
        (Outcome::Running, Outcome::Running, Outcome::Running)
    );
    ignored(&payload("own.pipeline_child", |_| {}), "part of its parent");
    ignored(&payload("job", |_| {}), "told by its pipeline");
}

#[test]
fn a_release_is_a_deployment_of_its_kind_known_by_its_tag() {
    let told = one("own.release_created", deployment);
    assert_eq!((told.id.as_str(), told.via.as_str()), ("release:group/sub/app@v1.2.0", "release"));
    assert_eq!((told.status, told.finished_at, told.sha), (Status::Success, time("2026-05-04T12:00:00Z"), Some(sha('c'))));
    ignored(&payload("own.release_candidate", |_| {}), "pre-release");
    ignored(&payload("own.release_deleted", |_| {}), "deleted release");
}

#[test]
fn an_issue_is_an_item_and_by_type_or_label_an_incident() {
    let told = one("own.issue_closed", item);
    assert_eq!(
        (told.id.as_str(), told.project.as_deref(), told.kind.as_deref()),
        ("group/sub/app#7", Some("group/sub/app"), Some("issue"))
    );
    assert_eq!((told.done_at, told.assignee.as_deref()), (time("2026-05-06T09:00:00Z"), Some("bob")));
    assert_eq!(one("own.work_item_task", item).kind.as_deref(), Some("task"));
    let told = one("own.work_item_incident", incident);
    assert_eq!((told.id.as_str(), told.severity.as_deref()), ("group/sub/app#8", Some("critical")));
    assert_eq!((Some(told.started_at), told.resolved_at), (time("2026-05-04T11:00:00Z"), time("2026-05-04T13:00:00Z")));
    let old = payload("own.issue_closed", |issue| {
        issue["object_attributes"]["type"] = Value::Null;
        issue["object_attributes"]["issue_type"] = json!("incident");
    });
    assert!(events(&old).into_iter().find_map(incident).is_some());
    let labelled = payload("own.issue_closed", |issue| issue["labels"] = json!([{"title": "sev2"}]));
    assert_eq!(events(&labelled).into_iter().find_map(incident).and_then(|told| told.severity).as_deref(), Some("sev2"));
    assert_eq!(events(&payload("own.issue_closed", |_| {})).into_iter().find_map(incident), None);
    assert_eq!(one("own.issue_moved", item).status.as_deref(), Some("moved"));
    ignored(&payload("own.work_item_epic", |_| {}), "belongs to a group");
}

#[test]
fn a_confidential_issue_keeps_its_title_to_itself() {
    assert_eq!(one("own.issue_confidential", item).title, None);
    let outage = payload("own.work_item_incident", |issue| issue["object_attributes"]["confidential"] = json!(true));
    assert_eq!(events(&outage).into_iter().find_map(incident).expect("an incident").title, None);
}

#[test]
fn a_project_is_known_by_its_path_at_the_time() {
    let moved = payload("own.merge_request_merged", |request| request["project"]["path_with_namespace"] = json!("group/shop"));
    let told = events(&moved).into_iter().find_map(change).expect("a change");
    assert_eq!((told.id.as_str(), told.repository.as_deref()), ("group/shop!12", Some("group/shop")));
    ignored(&payload("own.project_rename", |_| {}), "has another path now");
}

#[test]
fn what_gitlab_would_not_send_is_refused() {
    let refused = |headers: &Headers, body: &[u8], expect: &str| {
        let said = (SOURCE.check)(headers, body).expect_err(expect).to_string();
        assert!(said.contains(expect), "{said:?} does not say {expect:?}");
    };
    let headers = Headers([(EVENT.to_owned(), "Push Hook".to_owned())].into());
    refused(&headers, b"", "not JSON");
    refused(&headers, b"{\"ref\":\"refs/hea", "not JSON");
    refused(&headers, b"[]", "not a JSON object");
    refused(&headers, b"{\"a\":\"\xff\"}", "not valid UTF-8 from byte 7 on");
    refused(&Headers::default(), b"{}", "neither the header X-Gitlab-Event nor `object_kind`");
    assert_eq!((SOURCE.check)(&Headers::default(), b"{\"event_name\":\"push\"}"), Ok(()));
    assert_eq!((SOURCE.check)(&headers, b"{}"), Ok(()));
}

#[test]
fn a_field_of_another_type_is_rejected_by_its_name() {
    let rejected = |name: &str, spoil: fn(&mut Value), expect: &str| {
        assert_eq!(golden::reasons(&read(&payload(name, spoil))), [expect]);
    };
    rejected("push", |push| push["ref"] = json!(5), "push: ref must be a text, not 5");
    rejected("push", |push| push["commits"] = json!({}), "push: commits must be a list, not {}");
    rejected("push", |push| push["commits"][1]["added"] = json!([1]), "push: commits[1].added[0] must be a text, not 1");
    rejected("push", |push| push["commits"][0]["id"] = Value::Null, "push: it has no commits[0].id");
    rejected("push", |push| push["project"] = json!("app"), "push: project must be an object, not \"app\"");
    rejected("push", |push| push["project"] = Value::Null, "push: it has no project.path_with_namespace");
    rejected(
        "merge_request",
        |told| told["object_attributes"]["iid"] = json!("1"),
        "merge_request: object_attributes.iid must be a whole number, not \"1\"",
    );
    rejected(
        "merge_request",
        |told| told["object_attributes"]["updated_at"] = json!("soon"),
        "merge_request: object_attributes.updated_at must be a time, not \"soon\"",
    );
    rejected("merge_request", |told| told["labels"] = json!([7]), "merge_request: labels[0] must be an object, not 7");
    rejected(
        "issue",
        |told| told["object_attributes"]["confidential"] = json!("no"),
        "issue: object_attributes.confidential must be true or false, not \"no\"",
    );
    rejected("deployment", |told| told["deployment_id"] = Value::Null, "deployment: it has no deployment_id");
    rejected("deployment", |told| told["status_changed_at"] = Value::Null, "deployment: it has no status_changed_at");
    rejected("pipeline", |told| told["object_attributes"]["status"] = Value::Null, "pipeline: it has no object_attributes.status");
    rejected("release", |told| told["tag"] = Value::Null, "release: it has no tag");
    rejected(
        "note_merge_request",
        |told| told["object_attributes"]["created_at"] = json!({}),
        "note: object_attributes.created_at must be a time, not {}",
    );
    // GitLab's old documentation showed keys with a blank at their end; GitLab never sent them.
    rejected("rejected/group_merge_request", |_| {}, "merge_request: it has no object_attributes.iid");
}

#[test]
fn a_payload_cut_off_anywhere_is_refused() {
    let whole = golden::file(&SOURCE, "merge_request.json");
    let whole = whole.trim_ascii();
    let headers = Headers([(EVENT.to_owned(), "Merge Request Hook".to_owned())].into());
    for end in (0..whole.len()).step_by(101) {
        let cut = &whole[..end];
        assert!((SOURCE.check)(&headers, cut).is_err(), "{end} bytes");
        assert_eq!(parse(&headers, cut).rejected.len(), 1, "{end} bytes");
    }
}

#[test]
fn the_secret_is_asked_for() {
    let verify = |sent: &str, known: &[&str]| {
        let headers = Headers([("x-gitlab-token".to_owned(), sent.to_owned())].into());
        let known: Vec<String> = known.iter().map(|secret| (*secret).to_owned()).collect();
        (SOURCE.verify)(&headers, b"{}", &known, At(0)).is_ok()
    };
    assert!(verify("new", &["new", "old"]) && verify("old", &["new", "old"]));
    assert!(!verify("other", &["new", "old"]) && !verify("", &["new"]) && !verify("", &[""]) && !verify("x", &[]));
}
