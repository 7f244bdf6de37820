//! What is for one person's eyes only: `waiting` and `mywork`, and how pacer knows who asks. And `health`, which is for all.

use pacer::domain::time::{DAY, HOUR};
use serde_json::{Value, json};

use crate::harness::binary::Pacer;
use crate::harness::facts::{ORG, days_ago, deployment, lines, sample};
use crate::harness::{BOTH, Harness, NOW, labels};

fn change(id: &str, author: &str, reviewers: &[&str], ready_days_ago: i64) -> Value {
    json!({"type": "change", "id": id, "repository": "acme/shop", "title": format!("Title of {id}"), "author": author, "reviewers": reviewers,
        "opened_at": days_ago(ready_days_ago).rfc3339(), "ready_at": days_ago(ready_days_ago).rfc3339(),
        "url": format!("https://git.example/{id}"), "updated_at": days_ago(ready_days_ago).rfc3339()})
}

fn review(change: &str, reviewer: &str, state: &str, days: i64) -> Value {
    json!({"type": "review", "change": change, "reviewer": reviewer, "state": state, "at": days_ago(days).rfc3339()})
}

/// Ben and Daria, an objective with its project.
fn org() -> String {
    format!(
        "{ORG}\n[[objectives]]\nid = \"grow\"\nname = \"Grow orders\"\n[[projects]]\nid = \"wallet\"\nname = \"Wallet\"\n\
         objective = \"grow\"\nepics = [\"PAY-1\"]\nlabels = [\"wallet\"]\n"
    )
}

fn work() -> String {
    let item = |id: &str, parent: Option<&str>, assignee: &str, started: Option<i64>| {
        json!({"type": "item", "id": id, "title": format!("Title of {id}"), "parent": parent, "assignee": assignee, "status": "doing",
            "created_at": days_ago(20).rfc3339(), "started_at": started.map(|days| days_ago(days).rfc3339())})
    };
    lines(&[
        change("acme/shop#1", "daria", &["ben"], 7),
        change("acme/shop#2", "ben", &["daria"], 3),
        change("acme/shop#3", "ben", &["daria"], 5),
        review("acme/shop#3", "daria", "changes_requested", 4),
        change("acme/shop#4", "daria", &["ben"], 6),
        review("acme/shop#4", "ben", "approved", 1),
        item("PAY-7", Some("PAY-1"), "ben", Some(7)),
        item("PAY-8", None, "ben", Some(3)),
        item("PAY-9", None, "ben", None),
        item("PAY-10", Some("PAY-1"), "daria", Some(3)),
    ])
}

fn shown(blocks: &[Value]) -> String {
    serde_json::to_string(blocks).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sees_what_waits_for_them_and_nothing_of_anybody_else() {
    for transport in BOTH {
        let t = Harness::on(transport).await;
        t.import_json(&work()).await;
        t.apply_org(&org()).await;
        let ben = t.slash("ben", "waiting").await;
        assert_eq!(ben.only_for.as_deref(), Some("U0BEN"));
        // From Monday noon to Monday noon are five working days.
        assert!(
            ben.text.contains("1 review waits for you, for 5 working days. 1 change of yours waits for you, 1 for a first review"),
            "{}",
            ben.text
        );
        let said = shown(&ben.blocks);
        for (id, there) in [("#1", true), ("#2", true), ("#3", true), ("#4", false)] {
            assert_eq!(said.contains(&format!("Title of acme/shop{id}")), there, "{id}: {said}");
        }
        assert_eq!(labels(&ben.blocks), ["My work"], "never shared");
        let daria = t.slash("daria", "waiting").await;
        let said = shown(&daria.blocks);
        // She has reviewed Ben's third change; her own first one waits for him, and her fourth, which he approved on a Sunday, for her.
        for (id, there) in [("#1", true), ("#2", true), ("#3", false), ("#4", true)] {
            assert_eq!(said.contains(&format!("Title of acme/shop{id}")), there, "{id}: {said}");
        }
        assert!(said.contains("approved 13 h ago, not merged"), "{said}");
        assert_eq!(t.heard("users.info"), 0, "the file says who they are");
        let refused = t.ask("waiting").await;
        assert_eq!(refused["error"]["kind"], "not_allowed", "{refused}");
        let scoped = t.slash("ben", "waiting team:all").await;
        assert!(scoped.text.contains("is about you"), "{}", scoped.text);
        assert!(t.slash("ben", "waiting @daria").await.text.contains("teams, never persons"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_asked_of_a_team_waits_for_its_members() {
    let t = Harness::http().await;
    t.import_json(&lines(&[change("acme/shop#1", "cem", &["@payments"], 7), change("acme/shop#2", "cem", &["@finders"], 7)])).await;
    t.apply_org(&org()).await;
    for (person, own, other) in [("ben", "#1", "#2"), ("daria", "#2", "#1")] {
        let said = shown(&t.slash(person, "waiting").await.blocks);
        assert!(said.contains(&format!("acme/shop{own}")) && !said.contains(&format!("acme/shop{other}")), "{person}: {said}");
    }
    let health = t.ask("health team:all").await.to_string();
    assert!(!health.contains("@payments"), "a team is no person without a name: {health}");
}

#[tokio::test(flavor = "multi_thread")]
async fn mywork_names_the_objective_and_turns_into_waiting_and_back_in_private() {
    let t = Harness::http().await;
    t.import_json(&work()).await;
    t.apply_org(&org()).await;
    let work = t.slash("ben", "mywork").await;
    assert_eq!(work.only_for.as_deref(), Some("U0BEN"));
    for said in [
        "2 items of yours are in progress, the oldest for 5 working days; 1 leads to no objective",
        "Wallet → ",
        "Grow orders",
        "leads to no project",
    ] {
        assert!(work.text.contains(said), "{said}: {}", work.text);
    }
    assert!(!work.text.contains("PAY-10"), "Daria's: {}", work.text);
    assert_eq!(labels(&work.blocks), ["What waits for me"]);
    t.press(&work, "What waits for me").await;
    let waiting = t.next_message().await;
    assert_eq!((waiting.ts.as_str(), waiting.only_for.as_deref()), (work.ts.as_str(), Some("U0BEN")));
    assert!(waiting.text.contains("1 review waits for you"), "{}", waiting.text);
    t.press(&waiting, "My work").await;
    assert!(t.next_message().await.text.contains("2 items of yours"));
    assert_eq!(t.heard("chat.postMessage"), 0);
    let answer = t.ask_as(Some("ben"), "mywork").await;
    let first = &answer["items"][0];
    assert_eq!(
        (&first["id"], &first["project"], &first["objective"], &first["begun"], &first["working_seconds"]),
        (&json!("PAY-7"), &json!("wallet"), &json!("grow"), &json!(true), &json!(5 * 86_400))
    );
    assert_eq!((&answer["items"][1]["project"], &answer["items"][2]["begun"]), (&Value::Null, &json!(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_file_does_not_know_is_known_by_the_address_that_slack_confirms() {
    let t = Harness::http().await;
    t.apply_org(&org()).await;
    let stranger = t.slash("chen", "waiting").await;
    assert!(stranger.text.contains("I do not know which names") && stranger.text.contains("slack = \"U0CHEN\""), "{}", stranger.text);
    assert!(stranger.text.contains("emails = [\"chen@sample.example\"]"), "{}", stranger.text);
    // GitHub tells the login that an address belongs to, and asks that login for a review.
    let push = json!({"ref": "refs/heads/main", "repository": {"full_name": "acme/shop"}, "commits": [{"id": "a".repeat(40), "message": "x",
        "timestamp": days_ago(9).rfc3339(), "author": {"name": "Chen", "email": "Chen@sample.example", "username": "chen-w"}}]});
    t.github("push", "d1", &push.to_string()).await;
    let request = |reviewers: Value, updated: i64| {
        json!({"action": "opened", "repository": {"full_name": "acme/shop"}, "pull_request": {"number": 12, "title": "<!channel> & *more*",
            "html_url": "https://github.example/12", "user": {"login": "dan"}, "requested_reviewers": reviewers, "draft": false,
            "created_at": days_ago(4).rfc3339(), "updated_at": days_ago(updated).rfc3339()}})
    };
    t.github("pull_request", "d2", &request(json!([{"login": "Chen-W"}]), 4).to_string()).await;
    t.parsed().await;
    let known = t.slash("chen", "waiting").await;
    assert!(known.text.contains("1 review waits for you, for 2 working days"), "{}", known.text); // Thursday noon to Monday noon
    assert!(!shown(&known.blocks).contains("<!channel>"), "{}", shown(&known.blocks));
    assert_eq!(t.heard("users.info"), 1, "Slack is asked once");
    let gita = t.slash("gita", "waiting").await;
    assert!(gita.text.contains("I do not know which names") && !gita.text.contains("more"), "{}", gita.text);
    // Reviewed, it waits no longer; asked again, it does.
    let review = json!({"action": "submitted", "repository": {"full_name": "acme/shop"}, "pull_request": {"number": 12},
        "review": {"id": 5, "user": {"login": "chen-w"}, "state": "commented", "submitted_at": days_ago(3).rfc3339()}});
    t.github("pull_request_review", "d3", &review.to_string()).await;
    t.parsed().await;
    assert!(t.slash("chen", "waiting").await.text.contains("Nothing waits for you"));
    t.github("pull_request", "d4", &request(json!([{"login": "chen-w"}]), 2).to_string()).await;
    t.parsed().await;
    let again = t.slash("chen", "waiting").await;
    assert!(again.text.contains("asked again, 1 working day since your review"), "{}", again.text); // Friday noon to Monday noon
    // Other questions than one's own ask Slack nothing.
    let asked = t.heard("users.info");
    t.slash("finn", "help").await;
    assert_eq!(t.heard("users.info"), asked);
    // In the terminal there is no Slack: only the file tells.
    assert_eq!(t.ask_as(Some("chen"), "waiting").await["known"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_in_the_file_is_enough_to_be_in_a_team() {
    let t = Harness::http().await;
    t.import_json(&sample()).await;
    let file = "[[teams]]\nid = \"platform\"\nservices = [\"checkout\"]\nmembers = [\"gita\"]\nvisibility = \"team\"\n\
                [[people]]\nid = \"gita\"\nemails = [\"Gita@sample.example\"]\n";
    t.apply_org(file).await;
    let answer = t.slash("gita", "dora 30d").await;
    assert!(answer.text.contains("Platform"), "{}", answer.text);
    assert!(t.slash("finn", "dora team:platform 30d").await.text.contains("to its members only"));
}

#[tokio::test(flavor = "multi_thread")]
async fn health_tells_what_needs_a_look_and_who_may_see_whose_names() {
    let t = Harness::http().await;
    let nothing = t.slash("ana", "health").await;
    assert!(nothing.text.contains("Nothing has been read yet: begin with"), "{}", nothing.text);
    t.apply_org(ORG).await;
    t.import_json(&sample()).await;
    let well = t.ask("health").await;
    assert_eq!((&well["findings"], &well["sources"][0]["state"]), (&json!([]), &json!("fresh")), "{well}");
    // A service of nobody, an incident without a deployment, a name of nobody, and a delivery that can't be read.
    let incident = json!({"type": "incident", "id": "i1", "service": "cart", "started_at": days_ago(10).rfc3339()});
    t.import_json(&lines(&[deployment("cart", 1, days_ago(1)), incident, change("acme/cart#1", "stranger", &[], 2)])).await;
    t.github("pull_request", "d1", &json!({"repository": {"full_name": "acme/cart"}, "pull_request": {}}).to_string()).await;
    t.github("ping", "d2", &json!({"repository": {"full_name": "acme/cart"}}).to_string()).await;
    t.parsed().await;
    let answer = t.ask("health").await;
    let findings: Vec<(&str, u64, &str)> = answer["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|it| (it["kind"].as_str().unwrap(), it["count"].as_u64().unwrap(), it["mend"].as_str().unwrap()))
        .collect();
    assert_eq!(
        findings,
        [
            ("failed_deliveries", 1, "pacer replay"),
            ("unlinked_incidents", 1, "pacer org preview FILE"),
            ("unassigned_services", 1, "pacer org preview FILE"),
            ("unmapped_people", 1, "pacer org preview FILE"),
        ]
    );
    assert_eq!(answer["ignored"], json!([{"source": "github", "count": 1, "reasons": {"ping": 1}}]));
    let (admin, anybody) = (t.slash("ana", "health").await, t.slash("chen", "health").await);
    assert!(admin.text.contains("4 things need a look") && shown(&admin.blocks).contains("stranger (json)"), "{}", admin.text);
    assert!(
        shown(&anybody.blocks).contains("1 name belongs to nobody") && !shown(&anybody.blocks).contains("stranger"),
        "{}",
        anybody.text
    );
    let own = t.ask("health team:payments").await;
    assert_eq!(own["findings"].as_array().map(Vec::len), Some(1), "only what could not be read: {own}");
    assert_eq!(t.ask("health service:cart").await["findings"].as_array().map(Vec::len), Some(3));
    // Heard daily for a week, then not: on the fourth working day it is silent.
    for day in 0..7 {
        t.advance(DAY);
        t.import_json(&lines(&[deployment("checkout", 900 + day, days_ago(0))])).await;
    }
    let state = async || {
        t.ask("health").await["sources"].as_array().expect("sources").iter().find(|it| it["source"] == "json").cloned().expect("json")
    };
    assert_eq!(state().await["state"], "fresh");
    t.advance(2 * DAY + HOUR);
    let silent = state().await;
    assert_eq!((&silent["state"], &silent["usual_gap_working_seconds"]), (&json!("silent"), &json!(86_400)), "{silent}");
    assert_eq!(t.ask("health").await["findings"][0]["mend"], "pacer import json FILE");
}

#[test]
fn in_a_terminal_a_private_answer_needs_to_know_for_whom() {
    let pacer = Pacer::new();
    pacer.run(&["import", "json", &pacer.database.file("facts.json", work())]).ok();
    pacer.run(&["org", "apply", &pacer.database.file("org.toml", org())]).ok();
    for command in ["waiting", "mywork"] {
        let refused = pacer.run_at(NOW, &["ask", command, "--format", "json"]);
        assert_eq!((refused.code, &refused.json()["error"]["kind"]), (Some(1), &json!("not_allowed")));
        pacer.run_at(NOW, &["ask", command]).fails(1, &["is about the person who asks", "--as USER"]);
        let own = pacer.run_at(NOW, &["ask", command, "--as", "U0BEN"]).ok();
        assert!(own.stdout.contains("Title of") && !own.stdout.contains("PAY-10"), "{own:?}");
        assert!(pacer.run_at(NOW, &["ask", command, "--as", "U0NOBODY"]).ok().stdout.contains("slack = \"U0NOBODY\""));
    }
    let health = pacer.run_at(NOW, &["ask", "health"]).ok();
    assert!(health.stdout.contains("Data health"), "{health:?}");
}
