//! Receipts: the rows recount to each value, late facts are told, later ones and reorganisations change nothing.

use pacer::domain::time::{At, DAY, HOUR};
use serde_json::{Value, json};

use crate::harness::Harness;
use crate::harness::facts::{ORG, deployment, figures, incident, lines, metric, sample, sample_events};

/// The median of type 7, counted here on its own.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few thousand values")]
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    let at = last as f64 / 2.0;
    let (below, above) = (at.floor() as usize, at.ceil() as usize);
    Some(values[below] + (values[above] - values[below]) * (at - at.floor()))
}

/// The five values from nothing but the rows of `why`.
#[allow(clippy::cast_precision_loss, reason = "a few thousand rows")]
fn recounted(why: &Value) -> [(&'static str, Option<f64>, usize); 5] {
    let rows = why["rows"].as_array().expect("rows");
    assert_eq!(why["rows_total"], rows.len(), "all rows are there");
    let at = |which: &str| At::parse(why["window"][which].as_str().expect("an instant")).expect("RFC 3339").0 as f64;
    let weeks = (at("to") - at("from")) / 604_800e6;
    let numbers =
        |row: &Value| row["lead_seconds"].as_array().expect("leads").iter().map(|lead| lead.as_f64().expect("seconds")).collect::<Vec<_>>();
    let leads: Vec<f64> = rows.iter().flat_map(numbers).collect();
    let recoveries: Vec<f64> = rows.iter().filter_map(|row| row["recovery_seconds"].as_f64()).collect();
    let counted: Vec<&Value> = rows.iter().filter(|row| row["rollback"] == false).collect();
    let some = |row: &&&Value, list: &str| row[list].as_array().is_some_and(|list| !list.is_empty());
    let failed = counted.iter().filter(|row| some(row, "failed")).count();
    let rework = rows.iter().collect::<Vec<_>>().iter().filter(|row| some(row, "rework")).count();
    let share = |hits: usize, of: usize| (of > 0).then(|| hits as f64 / of as f64);
    [
        ("deployment_frequency", Some(rows.len() as f64 / weeks), rows.len()),
        ("change_lead_time", median(leads.clone()), leads.len()),
        ("failed_deployment_recovery_time", median(recoveries.clone()), recoveries.len()),
        ("change_fail_rate", share(failed, counted.len()), counted.len()),
        ("deployment_rework_rate", share(rework, rows.len()), rows.len()),
    ]
}

async fn verify(t: &Harness, receipt: &str) -> (bool, String) {
    let cx = t.app.cx(None).await.expect("a context");
    let verified = pacer::features::verify::verify(&cx, receipt).await.expect("verified");
    (verified.equal, verified.lines.join("\n"))
}

/// Facts with every kind of failure and rework: incidents, a rollback by flag and one by commit, a hotfix, an open incident.
fn eventful() -> Vec<Value> {
    let mut events = sample_events();
    let last = At::parse("2026-11-22T12:00:00Z").expect("an instant");
    let mut rollback = deployment("checkout", 900, last.plus(HOUR));
    rollback["flags"] = json!(["rollback"]);
    let mut again = deployment("search", 901, last.plus(2 * HOUR));
    again["commit"] = json!(crate::harness::facts::sha("search", 461));
    again["commits"] = json!([]);
    let mut open = incident("search", 47, last.plus(-2 * DAY));
    open.as_object_mut().expect("an object").remove("resolved_at");
    let unlinked = json!({"type": "incident", "id": "i-lost", "service": "nowhere", "started_at": last.rfc3339(), "resolved_at": last.plus(HOUR).rfc3339()});
    events.extend([rollback, again, open, unlinked]);
    events
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rows_behind_a_receipt_recount_to_every_value() {
    let t = Harness::http().await;
    t.import_json(&lines(&eventful())).await;
    t.apply_org(ORG).await;
    for question in
        ["dora", "dora 30d", "dora team:payments 6m", "dora service:search 12w", "dora Q3 2026", "dora service:checkout since 2026-11-20"]
    {
        let answer = t.ask(question).await;
        let receipt = answer["receipt"].as_str().expect("a receipt");
        let why = t.ask(&format!("why {receipt}")).await;
        assert_eq!(why["equal"], true, "{question}");
        for (id, value, n) in recounted(&why) {
            let shown = metric(&answer, id);
            assert_eq!(shown["n"], n, "{question} {id}");
            match (shown["value"].as_f64(), value) {
                (None, None) => assert!(shown["reason"].is_string(), "{question} {id}: null says why"),
                (Some(shown), Some(value)) => {
                    assert!((shown - value).abs() <= 1e-9 * value.abs().max(1.0), "{question} {id}: {shown} {value}");
                }
                (shown, value) => panic!("{question} {id}: shown {shown:?}, recounted {value:?}"),
            }
        }
        let (equal, said) = verify(&t, receipt).await;
        assert!(equal, "{question}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_verifies_against_itself() {
    let t = Harness::http().await;
    t.import_json(&sample()).await;
    let mut receipts = Vec::new();
    for question in ["dora", "trend", "trend deployment_frequency", "benchmark"] {
        let answer = t.ask(&format!("{question} 30d")).await;
        receipts.push((question, answer["receipt"].as_str().expect("a receipt").to_owned()));
    }
    t.advance(HOUR);
    t.import_json(&lines(&[deployment("checkout", 502, t.clock.now().plus(-3 * DAY))])).await;
    for (question, receipt) in receipts {
        let (equal, said) = verify(&t, &receipt).await;
        assert!(!equal && said.contains("late deployment: checkout-502"), "{question}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fact_that_arrives_late_is_named_and_one_that_happens_later_is_not() {
    let t = Harness::http().await;
    t.import_json(&sample()).await;
    let answer = t.ask("dora service:checkout 30d").await;
    let receipt = answer["receipt"].as_str().expect("a receipt");
    t.advance(DAY);
    t.import_json(&lines(&[deployment("checkout", 500, t.clock.now().plus(-HOUR))])).await;
    let (equal, said) = verify(&t, receipt).await;
    assert!(equal, "it happened after the asking: {said}");
    t.import_json(&lines(&[deployment("checkout", 501, t.clock.now().plus(-3 * DAY))])).await;
    let (equal, said) = verify(&t, receipt).await;
    assert!(!equal && said.contains("late deployment: checkout-501"), "{said}");
    assert!(!said.contains("checkout-500"), "{said}");
    let why = t.ask(&format!("why {receipt}")).await;
    // What a receipt keeps was read from text once.
    let kept: Value = serde_json::from_str(&answer["metrics"].to_string()).expect("JSON");
    assert_eq!((&why["equal"], &why["metrics"]), (&json!(false), &kept), "what was answered stands");
    let seen = t.slash("ana", &format!("why {receipt}")).await;
    assert!(seen.text.contains("The figures changed since"), "{}", seen.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reorganisation_does_not_change_an_old_receipt() {
    let t = Harness::http().await;
    t.import_json(&sample()).await;
    t.apply_org(ORG).await;
    let before = t.ask("dora team:payments 90d").await;
    t.advance(HOUR);
    t.apply_org(&ORG.replace(r#"services = ["checkout"]"#, r#"services = ["checkout", "ledger"]"#).replace("2d", "1h")).await;
    t.import_json(&lines(&[deployment("ledger", 1, t.clock.now().plus(-DAY))])).await;
    let (equal, said) = verify(&t, before["receipt"].as_str().expect("a receipt")).await;
    assert!(equal, "{said}");
    let after = t.ask("dora team:payments 90d").await;
    assert_ne!(figures(&before), figures(&after), "a new answer is under the new organisation");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_from_the_future_does_not_exist_yet() {
    let t = Harness::http().await;
    t.import_json(&sample()).await;
    let answer = t.ask("dora 30d").await;
    t.clock.set(t.clock.now().plus(-DAY));
    let why = t.ask(&format!("why {}", answer["receipt"].as_str().expect("a receipt"))).await;
    assert_eq!(why["error"]["kind"], "unknown_receipt");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_a_receipt_differ_is_named_by_row_and_by_member() {
    let t = Harness::http().await;
    let quiet: Vec<Value> = (0..40).map(|number| deployment("shop", number, t.clock.now().plus(-(120 - 3 * number) * DAY))).collect();
    t.import_json(&lines(&quiet)).await;
    let receipt = async |question: &str| t.ask(question).await["receipt"].as_str().expect("a receipt").to_owned();
    let alone = receipt("dora service:shop 30d").await;
    t.advance(HOUR);
    t.import_json(&lines(&[incident("elsewhere", 1, t.clock.now().plus(-2 * DAY))])).await;
    let (equal, said) = verify(&t, &alone).await;
    assert!(!equal && said.contains("late incident: elsewhere-i1"), "{said}");
    assert!(
        said.contains("change_fail_rate: value none then, 0 % now") && said.contains("reason no_incident_source then, none now"),
        "{said}"
    );

    let again = receipt("dora service:shop 30d").await;
    t.advance(HOUR);
    let mut moved = quiet[35].clone();
    moved["service"] = json!("other");
    moved["updated_at"] = json!("2026-11-23T13:00:00Z");
    let mut past = quiet[36].clone();
    past["finished_at"] = json!("2026-12-01T00:00:00Z");
    past["updated_at"] = json!("2026-11-23T13:00:00Z");
    t.import_json(&lines(&[moved, past])).await;
    let (equal, said) = verify(&t, &again).await;
    assert!(!equal && said.contains("late deployment: shop-35 (other") && said.contains("late deployment: shop-36"), "{said}");
    assert!(!said.contains("changed by hand"), "{said}");

    let before = receipt("dora service:shop 10d").await;
    t.advance(HOUR);
    t.import_json(&lines(&[deployment("shop", 77, t.clock.now().plus(-15 * DAY))])).await;
    let (equal, said) = verify(&t, &before).await;
    assert!(!equal && said.contains("deployment_frequency: previous.n ") && !said.contains("deployment_frequency: value"), "{said}");
    assert!(said.contains("late deployment: shop-77"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_failure_is_listed_with_its_age_and_why_says_how_old_its_data_is() {
    let t = Harness::http().await;
    let deployed: Vec<Value> = (0..10).map(|number| deployment("shop", number, t.clock.now().plus(-(20 - number) * DAY))).collect();
    let mut open = incident("shop", 7, t.clock.now().plus(-13 * DAY));
    open.as_object_mut().expect("an object").remove("resolved_at");
    let bare = json!({"type": "deployment", "id": "bare", "service": "shop", "status": "success",
        "finished_at": t.clock.now().plus(-HOUR).rfc3339()});
    t.import_json(&lines(&deployed)).await;
    t.import_json(&lines(&[open, bare])).await;
    let answer = t.ask("dora service:shop 30d").await;
    assert_eq!(answer["open_failures"][0]["age_seconds"], json!(13.0 * 86_400.0));
    let seen = t.slash("ana", "dora service:shop 30d").await;
    let text = serde_json::to_string(&seen.blocks).expect("JSON");
    assert!(text.contains("1 still open for 13 days"), "{text}");
    let receipt = answer["receipt"].as_str().expect("a receipt");
    let why = t.ask(&format!("why {receipt}")).await;
    let row = why["rows"].as_array().expect("rows").iter().find(|row| row["open"] == true).expect("the open one");
    assert_eq!(row["open_seconds"], json!(13.0 * 86_400.0));
    assert_eq!(why["health"][0]["source"], "json");
    let seen = t.slash("ana", &format!("why {receipt}")).await;
    let text = serde_json::to_string(&seen.blocks).expect("JSON");
    for words in ["still open after 13 days", "it names no commit", "Latest data", "no data"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("no_data"), "{text}");
}
