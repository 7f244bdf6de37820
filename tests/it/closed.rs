//! Teams that keep their figures to themselves, and scopes of one or two people: what others may not learn, by any way in.

use serde_json::{Value, json};

use crate::harness::Harness;
use crate::harness::facts::{ORG, days_ago, lines, metric, sample, sample_events};

/// Payments and finders, which is closed, below a team of their own each; Chen is of neither.
fn org() -> String {
    let above = "[[teams]]\nid = \"tribe\"\n[[teams]]\nid = \"both\"\n";
    let org = ORG
        .replace("id = \"finders\"", "id = \"finders\"\nparent = \"tribe\"")
        .replace("id = \"payments\"", "id = \"payments\"\nparent = \"both\"");
    format!("{org}{above}")
}

/// Who is refused, and in which words.
fn refused<'a>(answer: &'a Value, words: &str) -> &'a str {
    assert_eq!(answer["error"]["kind"], "not_allowed", "{answer}");
    let message = answer["error"]["message"].as_str().expect("a sentence");
    assert!(message.contains(words), "{message}");
    answer["error"]["hint"].as_str().expect("a hint")
}

const COMMANDS: [&str; 6] = ["dora", "trend", "trend wip", "flow", "health", "benchmark"];

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_whose_services_are_all_of_closed_teams_is_refused_to_others() {
    let t = Harness::http().await;
    t.import_json(&sample()).await;
    t.apply_org(&org()).await;
    for command in COMMANDS {
        for scope in ["team:tribe", "service:search"] {
            refused(&t.ask_as(Some("chen"), &format!("{command} {scope}")).await, "members only");
        }
        for (person, scope) in [("daria", "team:tribe"), ("ana", "team:tribe"), ("chen", "team:both"), ("chen", "team:all")] {
            let answer = t.ask_as(Some(person), &format!("{command} {scope}")).await;
            assert!(answer["error"].is_null(), "{person} {command} {scope}: {answer}");
        }
    }
    // Somebody else's receipt, and the buttons below it, are no way in either.
    let answer = t.ask("dora team:tribe").await;
    let id = answer["receipt"].as_str().expect("a receipt");
    refused(&t.ask_as(Some("chen"), &format!("why {id}")).await, "`tribe` owned in this period belongs to teams");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_only_a_part_of_a_scope_is_hidden_the_total_is_given() {
    let t = Harness::http().await;
    t.import_json(&sample()).await;
    t.apply_org(&org().replace("parent = \"both\"", "parent = \"tribe\"")).await;
    let answer = t.ask_as(Some("chen"), "dora team:tribe 30d").await;
    assert_eq!(metric(&answer, "deployment_frequency")["n"], 21);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_closed_teams_are_one_line_that_says_how_many() {
    let t = Harness::http().await;
    let lost = json!({"type": "incident", "id": "lost", "service": "search", "started_at": days_ago(1).rfc3339(), "deployment": "unknown"});
    let mut events = sample_events();
    events.push(lost);
    t.import_json(&lines(&events)).await;
    t.apply_org(ORG).await;
    for command in ["dora team:all 30d", "trend team:all 30d", "benchmark team:all 30d"] {
        let answer = t.ask_as(Some("chen"), command).await;
        let id = answer["receipt"].as_str().expect("a receipt").to_owned();
        let why = t.ask_as(Some("chen"), &format!("why {id}")).await;
        let rows = why["rows"].as_array().expect("rows");
        assert_eq!((rows.len() as u64, &why["rows_withheld"]), (15, &json!(6)), "{command}: {why}");
        assert_eq!(metric(&answer, "deployment_frequency")["n"], 21, "they add up to the value");
        assert!(rows.iter().all(|row| row["service"] == "checkout"), "{why}");
        assert_eq!((&why["unlinked"], &why["unlinked_withheld"]), (&json!([]), &json!(1)));
        let said = serde_json::to_string(&t.slash("chen", &format!("why {id}")).await.blocks).expect("JSON");
        for words in ["6 deployments of teams that keep their figures to themselves", "1 incident of teams that keep"] {
            assert!(said.contains(words), "{words}: {said}");
        }
        assert!(!said.contains("search") && !said.contains("lost"), "{said}");
        let own = t.ask_as(Some("daria"), &format!("why {id}")).await;
        assert_eq!((&own["rows_total"], &own["rows_withheld"]), (&json!(21), &json!(0)));
    }
}

/// A change of a service merged so many days ago, a run of its repository, and an item of somebody, done then.
fn flow_of(service: &str, assignee: &str, days: i64) -> [Value; 3] {
    let at = days_ago(days).rfc3339();
    let repository = format!("acme/{service}");
    [
        json!({"type": "change", "id": format!("{service}-c{days}"), "repository": repository, "service": service, "state": "merged", "title": "t",
            "author": "x", "opened_at": days_ago(days + 1).rfc3339(), "merged_at": at}),
        json!({"type": "run", "id": format!("{service}-r{days}"), "service": service, "repository": repository, "status": "success",
            "started_at": days_ago(days + 1).rfc3339(), "finished_at": at}),
        json!({"type": "item", "id": format!("{service}-{days}"), "title": "t", "assignee": assignee, "created_at": days_ago(days + 2).rfc3339(),
            "started_at": days_ago(days + 1).rfc3339(), "done_at": at}),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn items_changes_and_runs_of_closed_teams_are_withheld_too() {
    let t = Harness::http().await;
    let events: Vec<Value> = (1..10).flat_map(|day| [flow_of("checkout", "ben", day), flow_of("search", "daria", day)]).flatten().collect();
    t.import_json(&lines(&events)).await;
    t.apply_org(ORG).await;
    let answer = t.ask_as(Some("chen"), "flow team:all 30d").await;
    let id = answer["receipt"].as_str().expect("a receipt").to_owned();
    assert_eq!(metric(&answer, "items_done")["n"], 18);
    let why = t.ask_as(Some("chen"), &format!("why {id}")).await;
    for listing in ["rows", "items", "runs"] {
        assert_eq!((&why[format!("{listing}_total")], &why[format!("{listing}_withheld")]), (&json!(9), &json!(9)), "{listing}: {why}");
    }
    for listing in [&why["rows"], &why["items"], &why["runs"]] {
        assert!(!listing.to_string().contains("search"), "{listing}");
    }
    let own = t.ask_as(Some("daria"), &format!("why {id}")).await;
    assert_eq!((&own["items_total"], &own["items_withheld"]), (&json!(18), &json!(0)));
    // The items of a team are those of its members: of a closed one's alone they are refused.
    t.apply_org(&org()).await;
    t.advance(1);
    refused(&t.ask_as(Some("chen"), "trend items_done team:tribe").await, "members only");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_hidden_for_the_time_in_which_a_closed_team_owned_it() {
    let t = Harness::http().await;
    t.import_json(&sample()).await;
    let given = ORG
        .replace("services = [\"search\"]", "services = [{ id = \"search\", until = 2026-10-01 }]")
        .replace("services = [\"checkout\"]", "services = [\"checkout\", { id = \"search\", from = 2026-10-01 }]");
    t.apply_org(&given).await;
    let hint = t.ask_as(Some("chen"), "dora service:search").await;
    let hint = refused(&hint, "`search` belonged to team `finders`, which shows its figures to its members only, until 1 Oct.");
    assert!(hint.contains("open since 1 Oct") && hint.contains("`26d`"), "{hint}"); // 53 days, and as many before
    for question in
        ["dora service:search 26d", "trend service:search 50d", "health service:search 50d", "dora service:search 2026-09-01..2026-09-20"]
    {
        let answer = t.ask_as(Some("chen"), question).await;
        assert_eq!(answer["error"].is_null(), !question.contains(".."), "{question}: {answer}");
    }
    for question in ["dora service:search 40d", "trend service:search", "health service:search 60d"] {
        refused(&t.ask_as(Some("chen"), question).await, "until 1 Oct");
        assert!(t.ask_as(Some("daria"), question).await["error"].is_null(), "{question}");
    }
    // Whoever owns it now sees no more of the time before.
    refused(&t.ask_as(Some("ben"), "dora service:search 40d").await, "until 1 Oct");
    // In a team's answer the rows of that time are withheld; those since are there.
    let answer = t.ask_as(Some("chen"), "dora team:all 90d").await;
    let why = t.ask_as(Some("chen"), &format!("why {}", answer["receipt"].as_str().expect("a receipt"))).await;
    let searched: Vec<&str> = why["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .filter(|row| row["service"] == "search")
        .filter_map(|row| row["finished_at"].as_str())
        .collect();
    assert!(!searched.is_empty() && searched.iter().all(|at| *at > "2026-09-30T22"), "{searched:?}");
    assert_eq!(
        why["rows_total"].as_u64().zip(why["rows_withheld"].as_u64()).map(|(a, b)| a + b),
        metric(&answer, "deployment_frequency")["n"].as_u64()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_whose_people_are_all_of_a_closed_team_is_refused_to_others() {
    let t = Harness::http().await;
    let item = |number: i64, project: &str, assignee: &str| {
        let done = days_ago(number);
        json!({"type": "item", "id": format!("{project}-{number}"), "project": project, "assignee": assignee,
            "created_at": days_ago(number + 5).rfc3339(), "started_at": days_ago(number + 1).rfc3339(), "done_at": done.rfc3339()})
    };
    let mixed = |number: i64| item(number, "mixed", if number % 2 == 0 { "daria" } else { "ben" });
    let events: Vec<Value> = (1..70).flat_map(|number| [item(number, "secret", "daria"), mixed(number)]).collect();
    t.import_json(&lines(&events)).await;
    t.apply_org(ORG).await;
    for command in ["forecast", "whatif", "flow", "trend items_done", "risk", "investment"] {
        refused(&t.ask_as(Some("chen"), &format!("{command} project:secret")).await, "members only");
    }
    for command in ["forecast", "flow"] {
        let answer = t.ask(&format!("{command} project:secret")).await;
        refused(&t.ask_as(Some("chen"), &format!("why {}", answer["receipt"].as_str().expect("a receipt"))).await, "members only");
        for (person, project) in [("daria", "secret"), ("chen", "mixed")] {
            let answer = t.ask_as(Some(person), &format!("{command} project:{project}")).await;
            assert!(answer["error"].is_null(), "{person} {command} {project}: {answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_counted_by_membership_needs_three_people() {
    let t = Harness::http().await;
    let mut events: Vec<Value> = (1..10).flat_map(|day| flow_of("checkout", "ben", day)).collect();
    events.push(json!({"type": "item", "id": "open", "title": "t", "assignee": "ben", "created_at": days_ago(3).rfc3339(), "started_at": days_ago(2).rfc3339()}));
    t.import_json(&lines(&events)).await;
    t.apply_org(ORG).await;
    let answer = t.ask("flow team:payments 30d").await;
    for id in ["items_done", "wip", "wip_age"] {
        let figure = metric(&answer, id);
        assert_eq!((&figure["value"], &figure["reason"], &figure["n"]), (&Value::Null, &json!("too_few_people"), &json!(0)), "{id}");
    }
    assert_eq!(metric(&answer, "changes_merged")["n"], 9, "changes are the services'");
    let seen = t.slash("ana", "flow team:payments 30d").await;
    let said = serde_json::to_string(&seen.blocks).expect("JSON");
    assert!(said.contains("fewer than 3 people") && !said.contains("more than"), "{said}");
    for question in ["flow team:payments 30d", "trend items_done team:payments 30d", "trend wip team:payments 30d"] {
        let id = t.ask(question).await["receipt"].as_str().expect("a receipt").to_owned();
        let why = t.ask(&format!("why {id}")).await;
        let listing = if question.starts_with("flow") { "items" } else { "rows" };
        assert_eq!((&why[listing], &why["equal"]), (&json!([]), &json!(true)), "{question}: {why}");
        assert!(!why.to_string().contains("checkout-3\""), "{why}");
        let trend = t.ask(question).await;
        let points = trend["series"]["items_done"].as_array().cloned().unwrap_or_default();
        assert!(points.iter().all(|point| point["value"].is_null()), "{trend}");
    }
    let three = ORG.replace("members = [{ person = \"ben\" }]", "members = [{ person = \"ben\" }, \"gus\", \"hal\"]");
    t.apply_org(&three).await;
    t.advance(1);
    let answer = t.ask("flow team:payments 30d").await;
    assert_eq!((&metric(&answer, "items_done")["n"], &metric(&answer, "wip")["value"]), (&json!(9), &json!(1.0)));
    assert_eq!(metric(&t.ask("flow team:all 30d").await, "items_done")["n"], 9);
}
