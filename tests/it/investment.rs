//! Where effort went, asked in Slack and by scripts, on the real app: figures computed by hand, who may see them, what is never shown.

use pacer::domain::time::{DAY, HOUR};
use serde_json::{Value, json};

use crate::harness::facts::{days_ago, lines};
use crate::harness::{Harness, labels};

const ORG: &str = r#"
time_zone = "Europe/Berlin"
[[teams]]
id = "payments"
name = "Payments"
members = ["ben", "p2", "p3", "p4"]
[[teams]]
id = "finders"
name = "Finders"
members = ["daria", "q2", "q3"]
visibility = "team"
[[teams]]
id = "solo"
members = ["ed"]
[[people]]
id = "ben"
slack = "U0BEN"
aliases = { github = "ben-g" }
[[people]]
id = "daria"
slack = "U0DARIA"
[[people]]
id = "ed"
fte = 0.0
[[people]]
id = "robot"
aliases = { json = "acme-ci" }
bot = true
[[projects]]
id = "wallet"
name = "Wallet"
priority = 1
planned_share = 0.5
epics = ["PAY-1"]
category = "new"
[[projects]]
id = "cloud"
name = "Cloud move"
priority = 3
planned_share = 0.2
labels = ["cloud"]
category = "improving"
"#;

/// Four weeks before Monday 23 November 2026, each working day at noon: those of Payments comment on one item of each project, those of
/// Finders on one of the cloud's, and a machine on everything.
fn events() -> Vec<Value> {
    let mut events = vec![
        json!({"type": "item", "id": "PAY-1", "kind": "epic"}),
        json!({"type": "item", "id": "PAY-7", "parent": "PAY-1"}),
        json!({"type": "item", "id": "CL-1", "labels": ["cloud"]}),
    ];
    let mut say = |person: &str, item: &str, at: String| {
        events.push(json!({"type": "activity", "person": person, "kind": "comment", "item": item, "at": at}));
    };
    for day in (1..=28_i64).filter(|day| ![1, 2].contains(&(day % 7))) {
        let at = |hour: i64| days_ago(day).plus(hour * HOUR).rfc3339();
        for person in ["ben", "p2", "p3", "p4"] {
            say(person, "PAY-7", at(0));
            say(person, "CL-1", at(1));
        }
        for person in ["daria", "q2", "q3", "acme-ci"] {
            say(person, "CL-1", at(2));
        }
    }
    events
}

async fn begun() -> Harness {
    let t = Harness::http().await;
    t.apply_org(ORG).await;
    t.import_json(&lines(&events())).await;
    t.parsed().await;
    t
}

fn project<'a>(answer: &'a Value, id: &str) -> &'a Value {
    let projects = answer["projects"].as_array().unwrap_or_else(|| panic!("{answer}"));
    projects.iter().find(|project| project["id"] == id).expect("a project of that id")
}

fn near(band: &Value, low: f64, high: f64) {
    let ends: Vec<f64> = band.as_array().expect("a band").iter().filter_map(Value::as_f64).collect();
    assert!((ends[0] - low).abs() < 1e-9 && (ends[1] - high).abs() < 1e-9, "{band} is not {low} to {high}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_executive_sees_each_project_against_its_plan_and_priority() {
    let t = begun().await;
    let answer = t.ask("investment 4w").await;
    // Of seven people four give half their time to the wallet: 10 of 35 days a week, two of seven people.
    near(&project(&answer, "wallet")["share"], 10.0 / 35.0, 10.0 / 35.0);
    near(&project(&answer, "wallet")["fte"], 2.0, 2.0);
    near(&project(&answer, "cloud")["share"], 25.0 / 35.0, 25.0 / 35.0);
    near(&project(&answer, "cloud")["fte"], 5.0, 5.0);
    assert_eq!(project(&answer, "wallet")["standing"], "below a lower priority");
    assert_eq!((&answer["unattributed"], &answer["unobserved"], &answer["people"]), (&json!(0.0), &json!(0.0), &json!(7)));
    assert_eq!(answer["weeks"].as_array().map(Vec::len), Some(4));
    let first = "Wallet, priority 1, got less than Cloud move, priority 3 in each of the last three weeks.";
    assert_eq!(answer["alerts"][0], first);
    assert_eq!(answer["alerts"][1], "Cloud move got more than the 20 % planned in each of the last three weeks (71 % in the last one).");
    let teams: Vec<&str> = answer["teams"].as_array().expect("teams").iter().filter_map(|team| team["id"].as_str()).collect();
    assert_eq!(teams, ["payments"], "Finders keep their figures to themselves, and nobody is alone");
    let text = answer.to_string();
    assert!(["ben", "daria", "p2", "acme-ci", "U0BEN"].iter().all(|name| !text.contains(name)), "{text}");

    let receipt = answer["receipt"].as_str().expect("a receipt");
    let why = t.ask(&format!("why {receipt}")).await;
    assert_eq!((&why["equal"], &why["rows_total"]), (&json!(true), &json!(2)));
    assert_eq!(why["rows"][0], json!({"item": "CL-1", "project": "cloud", "category": "improving"}));
    assert_eq!(why["signals"][0]["signals"], json!([0, 0, 0, 0, 140, 0]), "seven people, twenty days, the machine aside");
    assert!(["ben", "daria", "p2"].iter().all(|name| !why.to_string().contains(name)), "{why}");

    let message = t.slash("ana", "investment 4w").await;
    let said = first;
    assert!(message.text.contains("most effort goes to the portfolio, but") && message.text.contains(said), "{}", message.text);
    assert!(labels(&message.blocks).contains(&"Why these numbers".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_sees_its_own_and_a_closed_one_stays_closed() {
    let t = begun().await;
    let own = t.ask_as(Some("ben"), "investment 4w").await;
    assert_eq!(own["scope"], json!({"team": "payments"}));
    near(&project(&own, "wallet")["share"], 0.5, 0.5);
    near(&project(&own, "cloud")["fte"], 2.0, 2.0);
    assert_eq!((&project(&own, "wallet")["planned"], &own["objectives"]), (&Value::Null, &json!([])), "the plan is the organisation's");
    assert_eq!(t.ask_as(Some("ben"), "investment team:finders 4w").await["error"]["kind"], "not_allowed");
    near(&project(&t.ask_as(Some("daria"), "investment team:finders 4w").await, "cloud")["share"], 1.0, 1.0);

    let wallet = t.ask("investment project:wallet 4w").await;
    near(&project(&wallet, "wallet")["fte"], 2.0, 2.0);
    assert_eq!(wallet["teams"].as_array().expect("teams").len(), 1, "{wallet}");
    let why = t.ask(&format!("why {}", wallet["receipt"].as_str().expect("a receipt"))).await;
    assert_eq!((&why["equal"], &why["rows"]), (&json!(true), &json!([{"item": "PAY-7", "project": "wallet", "category": "new"}])));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_that_is_linked_elsewhere_takes_its_time_along_and_the_receipt_says_so() {
    let t = begun().await;
    let before = t.ask("investment 4w").await;
    t.advance(DAY / 24);
    t.import_json(&lines(&[json!({"type": "item", "id": "PAY-7", "labels": ["cloud"], "updated_at": days_ago(0).rfc3339()})])).await;
    t.parsed().await;
    let after = t.ask("investment 4w").await;
    near(&project(&after, "wallet")["share"], 0.0, 0.0);
    near(&project(&after, "cloud")["share"], 1.0, 1.0);
    let why = t.ask(&format!("why {}", before["receipt"].as_str().expect("a receipt"))).await;
    assert_eq!(why["equal"], json!(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_shown_is_said_in_a_sentence() {
    let t = begun().await;
    let verdict = async |person: &str, text: &str| {
        let message = t.slash(person, text).await;
        message.text
    };
    let check = async |text: &str, reason: &str, expect: &str| {
        let answer = t.ask(text).await;
        assert_eq!((&answer["reason"], &answer["receipt"]), (&json!(reason), &Value::Null), "{text}: {answer}");
        let said = verdict("ana", text).await;
        assert!(said.contains(expect), "{text}: {said}");
    };
    check("investment team:solo 12m", "no_data", "Nobody of Solo had a working day in this period").await;
    t.apply_org(&ORG.replace("fte = 0.0", "fte = 1.0")).await;
    t.advance(1);
    check("investment team:solo 12m", "too_few_people", "effort is shown of three people or more").await;
    check("investment 2025-11..2026-02", "no_data", "no trace of work is known in this period").await;
    assert_eq!(t.ask("investment since 2026-11-23").await["error"]["kind"], "bad_window");
    assert_eq!(t.ask("investment project:none").await["error"]["kind"], "unknown_project");
    assert_eq!(t.ask("investment 4w please").await["error"]["kind"], "not_understood");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_declaration_each_name_is_a_person_of_the_organisation() {
    let t = Harness::http().await;
    t.import_json(&lines(&events())).await;
    t.parsed().await;
    let answer = t.ask("investment 4w").await;
    assert_eq!(answer["people"], json!(8), "the machine too: nothing says that it is one");
    assert_eq!(answer["projects"], json!([]));
    assert_eq!(answer["unattributed"], json!(1.0));
    let said = t.slash("ana", "investment 4w").await.text;
    assert!(said.contains("100 % of effort is of no project that can be shown, so that little is certain."), "{said}");
}
