//! Periods in which a scope owned little, or of which nothing is known: no value, no comparison, and the reason in words.

use serde_json::{Value, json};

use crate::harness::Harness;
use crate::harness::facts::{days_ago, deployment, lines, metric};

/// `shop` goes from `old` to `new` on 1 October, 53 days before the stories begin.
const ORG: &str = "
[[teams]]
id = \"old\"
services = [{ id = \"shop\", until = 2026-10-01 }]
[[teams]]
id = \"new\"
services = [{ id = \"shop\", from = 2026-10-01 }]
";

/// `shop` deploys, and a run of its repository ends, every second day for 160 days; every fourth run fails.
async fn story() -> Harness {
    let t = Harness::http().await;
    let events = (0..80).flat_map(|number| {
        let at = days_ago(160 - 2 * number);
        let run = json!({"type": "run", "id": format!("r{number}"), "service": "shop", "repository": "acme/shop",
            "status": if number % 4 == 0 { "failure" } else { "success" }, "started_at": at.plus(-1).rfc3339(), "finished_at": at.rfc3339()});
        let change = json!({"type": "change", "id": format!("c{number}"), "repository": "acme/shop", "service": "shop", "state": "merged",
            "title": "t", "author": "x", "opened_at": at.plus(-1_000_000).rfc3339(), "merged_at": at.rfc3339()});
        [deployment("shop", number, at), run, change]
    });
    t.import_json(&lines(&events.collect::<Vec<_>>())).await;
    t.apply_org(ORG).await;
    t
}

async fn said(t: &Harness, question: &str) -> String {
    let seen = t.slash("ana", question).await;
    format!("{} {}", seen.text, serde_json::to_string(&seen.blocks).expect("JSON"))
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_of_a_service_that_changed_hands_are_counted_for_one_team_at_a_time() {
    let t = story().await;
    for (question, id) in [("flow", "ci_pass_rate"), ("flow", "changes_merged"), ("dora", "deployment_frequency")] {
        let n = async |team: &str| metric(&t.ask(&format!("{question} team:{team} 90d")).await, id)["n"].as_u64().expect("a count");
        let (old, new, all) = (n("old").await, n("new").await, n("all").await);
        assert_eq!((old + new, old > 0, new > 0), (all, true, true), "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_that_gave_its_service_away_has_no_value_and_not_zero() {
    let t = story().await;
    for question in ["dora team:old 40d", "flow team:old 40d", "trend team:old 40d"] {
        let answer = t.ask(question).await;
        for figure in answer["metrics"].as_array().expect("metrics") {
            assert_eq!((&figure["value"], &figure["reason"]), (&Value::Null, &json!("no_data")), "{question}: {figure}");
        }
        let said = said(&t, question).await;
        assert!(said.contains("Old owned no service in this period") && !said.contains("alive"), "{said}");
    }
    // Weeks without a service are gaps, and are compared with nothing.
    let trend = t.ask("trend deployment_frequency team:old 12w").await;
    let weeks: Vec<bool> =
        trend["series"]["deployment_frequency"].as_array().expect("weeks").iter().map(|week| week["value"].is_number()).collect();
    assert_eq!(weeks, [true, true, true, true, true, false, false, false, false, false, false, false]);
    for question in ["trend team:old 12w", "trend team:new 20w"] {
        let said = said(&t, question).await;
        assert!(said.contains("It owned no service in one half of this period") && !said.contains("worse"), "{said}");
    }
    let after = t.ask("dora team:new 50d").await;
    assert!(metric(&after, "deployment_frequency")["previous"]["value"].is_number(), "of a part of it something is known");
    t.advance(3 * 86_400_000_000);
    let said_of = said(&t, "dora team:new 2026-10-01..2026-11-23").await;
    assert!(said_of.contains("There is no full period before this one to compare with"), "{said_of}");
    // A part of the period is noted.
    for (question, words) in [
        ("dora team:old 90d", "Old owned a service only until 1 Oct"),
        ("flow team:old 90d", "Old owned a service only until 1 Oct"),
        ("trend team:new 12w", "New owned a service only since 1 Oct"),
    ] {
        let said = said(&t, question).await;
        assert!(said.contains(words), "{question}: {said}");
    }
    assert!(!said(&t, "dora team:all 90d").await.contains("owned a service only"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_period_that_begins_before_the_data_says_so_whatever_else_there_is_to_mind() {
    let t = story().await;
    let five = said(&t, "trend 40w").await;
    assert!(five.contains("The data begins within this period") && !five.contains("no clear change"), "{five}");
    for question in ["dora last year", "flow last year", "trend last year"] {
        for figure in t.ask(question).await["metrics"].as_array().expect("metrics") {
            let (value, reason) = (&figure["value"], figure["reason"].as_str().expect("a reason"));
            // Of items nothing was ever known.
            assert!(
                value.is_null() && (reason == "before_data" || figure["id"].as_str().is_some_and(|id| id == "items_done")),
                "{question}: {figure}"
            );
        }
        let said = said(&t, question).await;
        assert!(said.contains("begins on 16 Jun") && !said.contains("alive"), "{question}: {said}");
    }
    // Three deployments are few, and the period begins before them.
    let few = t.ask("dora 2026-05-01..2026-06-20").await;
    let frequency = metric(&few, "deployment_frequency");
    assert_eq!((&frequency["n"], &frequency["reason"]), (&json!(3), &json!("before_data")), "{frequency}");
    assert_eq!(frequency["previous"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_of_nobody_has_no_items() {
    let t = story().await;
    let item = |number: i64| {
        json!({"type": "item", "id": format!("i{number}"), "title": "t", "assignee": "ada", "created_at": days_ago(9).rfc3339(),
        "started_at": days_ago(8).rfc3339(), "done_at": days_ago(number).rfc3339()})
    };
    t.import_json(&lines(&[item(1), item(2)])).await;
    let answer = t.ask("flow team:new 30d").await;
    let items = metric(&answer, "items_done");
    assert_eq!((&items["value"], &items["reason"]), (&Value::Null, &json!("no_data")));
    let said = said(&t, "flow team:new 30d").await;
    assert!(!said.contains("finished") && !said.contains("0 items"), "{said}");
    let all = t.slash("ana", "flow team:all 30d").await;
    let all = serde_json::to_string(&all.blocks).expect("JSON");
    assert!(all.contains("2 items, 95 %"), "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rows_behind_a_pass_rate_are_runs_and_recount_to_it() {
    let t = story().await;
    let answer = t.ask("trend ci_pass_rate team:new 12w").await;
    let why = t.ask(&format!("why {}", answer["receipt"].as_str().expect("a receipt"))).await;
    let rows = why["rows"].as_array().expect("rows");
    let sum = |member: &str| rows.iter().filter_map(|row| row[member].as_u64()).sum::<u64>();
    let rate = metric(&answer, "ci_pass_rate");
    assert_eq!(json!(sum("runs")), rate["n"], "{why}");
    #[allow(clippy::cast_precision_loss, reason = "a few dozen")]
    let share = sum("passed") as f64 / sum("runs") as f64;
    assert!(rate["value"].as_f64().is_some_and(|value| (value - share).abs() < 1e-12), "{rate} {share}");
    assert!(rows.iter().all(|row| row["repository"] == "acme/shop" && row.get("change").is_none()), "{why}");
    // Other figures list what they count alone.
    let id = t.ask("trend changes_merged team:new 12w").await["receipt"].as_str().expect("a receipt").to_owned();
    let why = t.ask(&format!("why {id}")).await;
    assert!(why["rows"][0]["change"].is_string() && why.get("runs").is_none(), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_a_kind_is_told_in_the_singular() {
    let t = Harness::http().await;
    t.import_json(&lines(&[
        deployment("shop", 1, days_ago(5)),
        json!({"type": "change", "id": "c0", "repository": "acme/shop", "service": "shop", "state": "merged", "title": "t", "author": "x",
            "opened_at": days_ago(9).rfc3339(), "merged_at": days_ago(6).rfc3339()}),
        json!({"type": "change", "id": "c1", "repository": "acme/shop", "service": "shop", "title": "t", "author": "x",
            "opened_at": days_ago(3).rfc3339()}),
    ]))
    .await;
    let said = said(&t, "flow 7d").await;
    assert!(said.contains("1 change a week is merged") && said.contains("1 change is in progress"), "{said}");
    assert!(!said.contains("1 changes"), "{said}");
    let answer = t.ask("trend wip").await;
    let cx = t.app.cx(None).await.expect("a context");
    let verified = pacer::features::verify::verify(&cx, answer["receipt"].as_str().expect("a receipt")).await.expect("verifies");
    assert!(verified.lines[0].starts_with("equal: 1 figure of "), "{:?}", verified.lines);
}
