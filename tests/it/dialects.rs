//! One organisation's delivery, told by GitHub, by GitLab with Jira, and by generic events: the figures are the same.
//!
//! The story has what all of them can tell. Lines changed are left out: GitLab's webhooks have none.

use pacer::domain::time::{At, DAY, HOUR, SECOND};
use serde_json::{Value, json};

use crate::harness::facts::{days_ago, github_signature, sha};
use crate::harness::{GITHUB_SECRET, Harness, Transport};

const REPOSITORY: &str = "acme/shop";
const MINUTE: i64 = 60 * SECOND;
const SECRETS: [(&str, &str); 2] = [("PACER_GITLAB_SECRET", "gitlab-token"), ("PACER_JIRA_SECRET", "jira-secret")];

/// A piece of work: an item, a branch of one commit, a run, a review, a merge.
struct Change {
    number: i64,
    opened: At,
    item_created: At,
}

impl Change {
    fn sha(&self) -> String {
        sha("shop", self.number)
    }
    fn before(&self) -> String {
        sha("shop", self.number - 1)
    }
    fn written(&self) -> At {
        self.opened.plus(-3 * HOUR - self.number * MINUTE)
    }
    fn reviewed(&self) -> At {
        self.opened.plus(4 * HOUR + self.number * 7 * MINUTE)
    }
    fn merged(&self) -> At {
        self.opened.plus(9 * HOUR + self.number * 11 * MINUTE)
    }
    fn reviewer(&self) -> &'static str {
        if self.number % 3 == 0 { "cem" } else { "bo" }
    }
    fn run_ended(&self) -> At {
        self.written().plus((10 + self.number) * MINUTE)
    }
    fn run_failed(&self) -> bool {
        self.number % 5 == 0
    }
    /// Only what was merged by an even number is deployed, with the one before it.
    fn deployed(&self) -> Option<At> {
        (self.number % 2 == 0).then(|| self.merged().plus(DAY))
    }
    /// A fault of that deployment, from when to when.
    fn incident(&self) -> Option<(At, At)> {
        let from = self.deployed().filter(|_| self.number % 6 == 0)?.plus(HOUR);
        Some((from, from.plus((20 + self.number) * MINUTE)))
    }
}

fn story() -> Vec<Change> {
    (1..=16)
        .map(|number| {
            let opened = days_ago(70 - 4 * number);
            Change { number, opened, item_created: opened.plus(-number * 5 * HOUR) }
        })
        .collect()
}

/// A delivery: path, headers, body.
type Sent = (&'static str, Vec<(&'static str, String)>, String);

fn by_github(story: &[Change]) -> Vec<Sent> {
    let signed = |event: &str, mut payload: Value| -> Sent {
        payload["repository"] = json!({"full_name": REPOSITORY});
        let body = payload.to_string();
        let headers = vec![
            ("x-github-event", event.to_owned()),
            ("x-github-delivery", sha("delivery", i64::try_from(body.len()).expect("short")) + &sha(&body, 0)),
            ("x-hub-signature-256", github_signature(GITHUB_SECRET, &body)),
        ];
        ("/hooks/github", headers, body)
    };
    let mut sent = Vec::new();
    for change in story {
        let (number, head) = (change.number, change.sha());
        let request = |updated: At, merged: bool| {
            let ended = merged.then(|| change.merged().rfc3339());
            json!({"number": number, "title": format!("Faster {number}"), "body": format!("Closes #{}", 100 + number), "user": {"login": "ana"},
                "head": {"sha": head, "ref": format!("faster-{number}")}, "draft": false, "merged": merged, "merge_commit_sha": merged.then_some(&head),
                "created_at": change.opened.rfc3339(), "updated_at": updated.rfc3339(), "merged_at": ended, "closed_at": ended})
        };
        sent.push(signed("pull_request", json!({"action": "opened", "pull_request": request(change.opened, false)})));
        sent.push(signed("pull_request", json!({"action": "closed", "pull_request": request(change.merged(), true)})));
        let review = json!({"id": 500 + number, "user": {"login": change.reviewer()}, "state": "approved", "submitted_at": change.reviewed().rfc3339()});
        let reviewed = json!({"action": "submitted", "review": review, "pull_request": request(change.reviewed(), false)});
        sent.push(signed("pull_request_review", reviewed));
        let commit = json!({"id": head, "message": format!("Faster {number}"), "timestamp": change.written().rfc3339(),
            "author": {"name": "Ana", "email": "ana@sample.example"}, "added": ["a"], "modified": [], "removed": []});
        sent.push(signed(
            "push",
            json!({"ref": "refs/heads/main", "before": change.before(), "after": head, "commits": [commit], "head_commit": commit}),
        ));
        let run = json!({"id": 900 + number, "name": "Test", "head_sha": head, "head_branch": format!("faster-{number}"), "status": "completed",
            "conclusion": if change.run_failed() { "failure" } else { "success" }, "run_started_at": change.written().rfc3339(),
            "created_at": change.written().rfc3339(), "updated_at": change.run_ended().rfc3339()});
        sent.push(signed("workflow_run", json!({"action": "completed", "workflow": {"name": "Test"}, "workflow_run": run})));
        let issue = |number: i64, labels: &[&str], from: At, until: At| {
            let labels: Vec<Value> = labels.iter().map(|label| json!({"name": label})).collect();
            let issue = json!({"number": number, "title": "Slow", "state": "closed", "state_reason": "completed", "labels": labels,
                "created_at": from.rfc3339(), "updated_at": until.rfc3339(), "closed_at": until.rfc3339()});
            json!({"action": "closed", "issue": issue})
        };
        sent.push(signed("issues", issue(100 + number, &[], change.item_created, change.merged())));
        if let Some(at) = change.deployed() {
            let deployment = json!({"id": 300 + number, "sha": head, "environment": "production", "created_at": at.rfc3339()});
            let status = json!({"state": "success", "environment": "production", "created_at": at.rfc3339(), "updated_at": at.rfc3339()});
            sent.push(signed("deployment_status", json!({"deployment": deployment, "deployment_status": status})));
        }
        if let Some((from, until)) = change.incident() {
            sent.push(signed("issues", issue(700 + number, &["incident"], from, until)));
        }
    }
    sent
}

fn by_gitlab_and_jira(story: &[Change]) -> Vec<Sent> {
    let gitlab_time = |at: At| at.utc().format("%Y-%m-%d %H:%M:%S UTC").to_string();
    let gitlab = |mut payload: Value| -> Sent {
        payload["project"] = json!({"path_with_namespace": REPOSITORY, "default_branch": "main"});
        ("/hooks/gitlab", vec![("x-gitlab-token", "gitlab-token".to_owned())], payload.to_string())
    };
    let jira = |payload: Value| -> Sent {
        let body = payload.to_string();
        ("/hooks/jira", vec![("x-hub-signature", github_signature("jira-secret", &body))], body)
    };
    let mut sent = Vec::new();
    for change in story {
        let (number, head) = (change.number, change.sha());
        let request = |action: &str, state: &str, at: At, user: &str, user_id: i64| {
            gitlab(json!({"object_kind": "merge_request", "user": {"id": user_id, "username": user}, "object_attributes": {
                "iid": number, "author_id": 1, "action": action, "state": state, "title": format!("PAY-{number} Faster"), "source_branch": format!("faster-{number}"),
                "created_at": gitlab_time(change.opened), "updated_at": gitlab_time(at), "draft": false, "last_commit": {"id": head},
                "merge_commit_sha": (state == "merged").then_some(&head)}}))
        };
        sent.push(request("open", "opened", change.opened, "ana", 1));
        sent.push(request("approved", "opened", change.reviewed(), change.reviewer(), 2 + number % 3));
        sent.push(request("merge", "merged", change.merged(), "ana", 1));
        let commit = json!({"id": head, "message": format!("Faster {number}"), "timestamp": change.written().rfc3339(),
            "author": {"name": "Ana", "email": "ana@sample.example"}, "added": ["a"], "modified": [], "removed": []});
        sent.push(gitlab(json!({"object_kind": "push", "ref": "refs/heads/main", "before": change.before(), "after": head, "total_commits_count": 1, "commits": [commit]})));
        sent.push(gitlab(
            json!({"object_kind": "pipeline", "object_attributes": {"id": 900 + number, "name": "Test", "ref": format!("faster-{number}"),
            "sha": head, "source": "push", "status": if change.run_failed() { "failed" } else { "success" },
            "created_at": gitlab_time(change.written()), "finished_at": gitlab_time(change.run_ended())}}),
        ));
        let (id, key) = ((10_000 + number).to_string(), format!("PAY-{number}"));
        let stated = |kind: &str, status: Value, updated: At, resolved: Option<At>| {
            jira(
                json!({"webhookEvent": kind, "timestamp": updated.0 / 1_000, "issue": {"id": id, "key": key, "self": "https://acme.example/rest/api/2/issue/1", "fields": {
                "summary": "Slow", "project": {"key": "PAY"}, "issuetype": {"name": "Task"}, "status": status, "labels": [],
                "created": change.item_created.rfc3339(), "updated": updated.rfc3339(), "resolutiondate": resolved.map(At::rfc3339)}}}),
            )
        };
        let to_do = json!({"id": "1", "name": "To Do", "statusCategory": {"key": "new"}});
        let done = json!({"id": "3", "name": "Done", "statusCategory": {"key": "done"}});
        sent.push(stated("jira:issue_created", to_do, change.item_created, None));
        sent.push(stated("jira:issue_updated", done, change.merged(), Some(change.merged())));
        if let Some(at) = change.deployed() {
            let url = format!("https://gitlab.example.com/{REPOSITORY}/-/commit/{head}");
            sent.push(gitlab(
                json!({"object_kind": "deployment", "deployment_id": 300 + number, "status": "success", "environment": "production",
                "status_changed_at": gitlab_time(at), "commit_url": url, "short_sha": &head[..8]}),
            ));
        }
        if let Some((from, until)) = change.incident() {
            sent.push(gitlab(json!({"object_kind": "issue", "object_attributes": {"iid": 700 + number, "type": "Incident", "title": "Slow", "state": "closed",
                "created_at": gitlab_time(from), "updated_at": gitlab_time(until), "closed_at": gitlab_time(until)}})));
        }
    }
    sent
}

fn by_generic_events(story: &[Change]) -> Vec<Sent> {
    let signed = |event: Value| -> Sent {
        let headers = vec![("authorization", format!("Bearer {}", crate::harness::TOKEN))];
        ("/v1/events", headers, event.to_string())
    };
    let commit = |change: &Change| json!({"sha": change.sha(), "authored_at": change.written().rfc3339(), "message": format!("Faster {}", change.number), "author": "ana"});
    let mut sent = Vec::new();
    for (place, change) in story.iter().enumerate() {
        let number = change.number;
        let (id, item) = (format!("c{number}"), format!("PAY-{number}"));
        sent.push(signed(json!({"type": "change", "id": id, "repository": REPOSITORY, "author": "ana", "opened_at": change.opened.rfc3339(), "merged_at": change.merged().rfc3339(),
            "closed_at": change.merged().rfc3339(), "head": change.sha(), "merge_commit": change.sha(), "item": item, "branch": format!("faster-{number}"), "commits": [commit(change)]})));
        sent.push(signed(
            json!({"type": "review", "change": id, "reviewer": change.reviewer(), "state": "approved", "at": change.reviewed().rfc3339()}),
        ));
        sent.push(signed(json!({"type": "run", "id": format!("r{number}"), "repository": REPOSITORY, "workflow": "Test", "branch": format!("faster-{number}"), "commit": change.sha(),
            "status": if change.run_failed() { "failure" } else { "success" }, "started_at": change.written().rfc3339(), "finished_at": change.run_ended().rfc3339()})));
        let task = |id: &str, from: At, until: At| {
            signed(
                json!({"type": "item", "id": id, "project": "PAY", "kind": "task", "status": "done", "created_at": from.rfc3339(), "done_at": until.rfc3339()}),
            )
        };
        sent.push(task(&item, change.item_created, change.merged()));
        if let Some(at) = change.deployed() {
            // The first brings what came before, which nobody can tell.
            let commits = (number > 2).then(|| vec![commit(&story[place - 1]), commit(change)]);
            sent.push(signed(json!({"type": "deployment", "id": format!("d{number}"), "repository": REPOSITORY, "status": "success", "environment": "production",
                "finished_at": at.rfc3339(), "commit": change.sha(), "commits": commits})));
        }
        if let Some((from, until)) = change.incident() {
            let id = format!("PAY-{}", 700 + number);
            sent.push(signed(json!({"type": "incident", "id": id, "repository": REPOSITORY, "started_at": from.rfc3339(), "resolved_at": until.rfc3339()})));
            sent.push(task(&id, from, until));
        }
    }
    sent
}

/// Id, value, count, interval, previous and what was left out, for every metric of every question.
async fn figures_of(sent: Vec<Sent>) -> Vec<String> {
    let t = Harness::with(Transport::Http, &SECRETS).await;
    for (path, headers, body) in sent {
        let mut headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        headers.push(("content-type", "application/json"));
        let (status, answer) = t.post(path, &headers, body.clone()).await;
        let rejected = answer["rejected"].as_array().map_or(0, Vec::len);
        assert_eq!((status, rejected), (202, 0), "{path}: {answer} to {body}");
    }
    t.parsed().await;
    let mut told = Vec::new();
    for question in
        ["dora service:shop 60d", "dora 60d", "flow service:shop 60d", "flow 60d", "trend deployment_frequency service:shop 60d"]
    {
        let answer = t.ask(question).await;
        let metrics = answer["metrics"].as_array().unwrap_or_else(|| panic!("{question}: {answer}"));
        assert!(!metrics.is_empty());
        for metric in metrics {
            told.push(format!("{question}: {metric}"));
        }
    }
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_delivery_has_the_same_figures_whoever_tells_it() {
    let story = story();
    let github = figures_of(by_github(&story)).await;
    assert!(github.iter().any(|line| line.contains("\"deployment_frequency\"") && line.contains("\"n\":7")), "{github:#?}");
    let diff = |other: &[String]| {
        let pairs = github.iter().zip(other).filter(|(one, two)| one != two);
        pairs.map(|(one, two)| format!("  {one}\n  {two}")).collect::<Vec<_>>().join("\n")
    };
    for (who, other) in [("GitLab and Jira", by_gitlab_and_jira(&story)), ("generic events", by_generic_events(&story))] {
        let other = figures_of(other).await;
        assert!(github == other, "GitHub, then {who}:\n{}", diff(&other));
    }
}
