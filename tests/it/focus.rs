//! `focus` on the whole of pacer: what it says where nothing is known of effort, who may see what, and its receipt.

use serde_json::{Value, json};

use crate::harness::{BOTH, Harness, labels};

/// Payments has three people, web two; the finders keep their figures to themselves.
const TEAMS: &str = r#"
time_zone = "Europe/Berlin"
[[teams]]
id = "payments"
name = "Payments"
members = ["ben", "cleo", "eve"]
[[teams]]
id = "web"
members = ["finn", "gita"]
[[teams]]
id = "finders"
name = "Finders"
members = ["daria", "hal", "ivo"]
visibility = "team"
[[people]]
id = "ben"
slack = "U0BEN"
[[people]]
id = "daria"
slack = "U0DARIA"
"#;

const IDS: [&str; 4] = ["focus_within", "focus_between", "focus_ratio", "unplanned_share"];

fn reasons(answer: &Value) -> Vec<(&str, &str)> {
    let metrics = answer["metrics"].as_array().unwrap_or_else(|| panic!("{answer}"));
    metrics.iter().map(|it| (it["id"].as_str().unwrap(), it["reason"].as_str().unwrap_or("none"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_trace_of_work_it_says_so_and_the_answer_recounts() {
    for transport in BOTH {
        let t = Harness::on(transport).await;
        t.apply_org(TEAMS).await;
        let shown = t.slash("ben", "focus team:payments").await;
        let said = json!(shown.blocks).to_string();
        assert!(said.contains("Nothing is known yet of what Payments worked on"), "{said}");
        assert!(said.contains("Whole weeks: 31 Aug to 22 Nov."), "{said}");
        assert_eq!(labels(&shown.blocks)[..2], ["Share to channel", "Why these numbers"]);
        let answer = t.ask("focus team:payments").await;
        assert_eq!(reasons(&answer), IDS.map(|id| (id, "no_data")));
        assert_eq!(
            (&answer["weeks"], &answer["people"], &answer["raised"]),
            (&json!({"known": 0, "asked": 12}), &Value::Null, &json!(false))
        );
        assert_eq!(answer["bands"], json!({"ends": [1.5, 2.5, 4.0], "provisional": true}));
        let why = t.ask(&format!("why {}", answer["receipt"].as_str().unwrap())).await;
        assert_eq!((&why["equal"], &why["rows"]), (&json!(true), &json!([])));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_are_no_team_and_a_closed_team_is_its_own() {
    let t = Harness::http().await;
    t.apply_org(TEAMS).await;
    let few = t.ask("focus team:web").await;
    assert_eq!(reasons(&few), IDS.map(|id| (id, "too_few_people")));
    let said = json!(t.slash("ben", "focus team:web").await.blocks).to_string();
    assert!(said.contains("of fewer than 3 people it would be a figure of persons"), "{said}");
    let names = |answer: &Value| answer["teams"].as_array().unwrap().iter().map(|it| it["id"].clone()).collect::<Vec<_>>();
    // By name, whatever they are like.
    assert_eq!(names(&t.ask("focus team:all 8w").await), ["finders", "payments", "web"]);
    let ben = t.ask_as(Some("ben"), "focus team:all 8w").await;
    assert_eq!(names(&ben), ["payments", "web"]);
    let said = json!(t.slash("ben", "focus team:all 8w").await.blocks).to_string();
    assert!(said.contains("1 team keeps its figures to itself and is not listed."), "{said}");
    assert_eq!(t.ask_as(Some("ben"), "focus team:finders").await["error"]["kind"], "not_allowed");
    assert_eq!(reasons(&t.ask_as(Some("daria"), "focus team:finders").await), IDS.map(|id| (id, "no_data")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_cannot_be_asked_is_said() {
    let t = Harness::http().await;
    t.apply_org(&format!("{TEAMS}[[projects]]\nid = \"wallet\"\n")).await;
    let refused = async |question: &str| {
        let answer = t.ask(question).await;
        format!("{}: {} {}", answer["error"]["kind"].as_str().unwrap_or_default(), answer["error"]["message"], answer["error"]["hint"])
    };
    let said = refused("focus project:wallet").await;
    assert!(said.starts_with("not_understood") && said.contains("Focus is of people, who are in teams."), "{said}");
    let said = refused("focus team:payments today").await;
    assert!(said.starts_with("bad_window") && said.contains("No whole week of this period is over yet."), "{said}");
}
