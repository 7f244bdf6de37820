//! Projects that may need intervention: a slip turns amber, then red; what people say of it; what came of it; nothing later is seen.

use pacer::domain::time::{At, DAY, WEEK};
use pacer::features;
use serde_json::{Value, json};

use crate::harness::facts::{ORG, lines, metric};
use crate::harness::forms::{act, errors, form, message_of, refused, updated, words};
use crate::harness::{Harness, labels};

const PROJECTS: &str = r#"
[[projects]]
id = "wallet"
name = "Wallet"
priority = 1
due = 2027-02-05
[[projects]]
id = "atlas"
name = "Atlas"
priority = 2
due = 2027-04-30
[[projects]]
id = "docs"
name = "Docs"
[[projects]]
id = "fresh"
name = "Fresh"
due = 2027-07-30
[[projects]]
id = "empty"
name = "Empty"
due = 2027-03-31
[[projects]]
id = "vault"
name = "Vault"
due = 2027-03-31
"#;

/// Items of a project, all known from the start, of which so many are finished in each week from the first one on.
fn items(project: &str, assignee: &str, all: usize, pace: impl Fn(i64) -> usize) -> Vec<Value> {
    let start = At::parse("2026-08-03T08:00:00Z").unwrap();
    let mut finished: Vec<Option<At>> = Vec::new();
    for week in 0..60 {
        finished.extend((0..pace(week)).map(|nth| Some(start.plus(week * WEEK + i64::try_from(nth % 5).unwrap() * DAY))));
    }
    finished.resize(finished.len().max(all), None);
    let item = |(number, done): (usize, &Option<At>)| {
        json!({"type": "item", "id": format!("{project}-{number}"), "title": "t", "project": project, "assignee": assignee,
               "created_at": start.plus(-20 * DAY).rfc3339(), "started_at": done.map(|at| at.plus(-2 * DAY).rfc3339()),
               "done_at": done.map(At::rfc3339)})
    };
    finished.iter().take(all).enumerate().map(item).collect()
}

/// Wallet does five items a week until 23 November and one from then on; Atlas does five for good; the vault is a closed team's.
async fn begun() -> Harness {
    let t = Harness::http().await;
    let mut events = items("wallet", "ben", 125, |week| if week < 16 { 5 } else { 1 });
    events.extend(items("atlas", "ben", 120, |_| 5));
    events.extend(items("vault", "daria", 100, |_| 4));
    events.extend(items("docs", "ben", 9, |_| 1));
    events.extend(items("fresh", "ben", 26, |week| usize::from(week >= 17) * 2));
    t.import_json(&lines(&events)).await;
    t.parsed().await;
    t.apply_org(&format!("{ORG}{PROJECTS}")).await;
    t
}

async fn monday(t: &Harness) {
    let job = features::JOBS.iter().find(|job| job.name == "risk_weekly").expect("a job");
    (job.run)(&t.app.cx(None).await.unwrap()).await.expect("runs");
}

fn of<'a>(answer: &'a Value, id: &str) -> &'a Value {
    answer["projects"].as_array().unwrap().iter().find(|it| it["id"] == id).unwrap_or_else(|| panic!("no {id}: {answer}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slip_turns_amber_then_red_is_seen_to_and_judged_by_its_outcome() {
    let t = begun().await;
    let first = t.ask("risk").await;
    let states: Vec<&str> = first["projects"].as_array().unwrap().iter().map(|it| it["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["green", "green", "no_date", "no_items", "no_history", "green"], "{first}");
    let card = message_of(&t.slash("chen", "risk").await);
    for expect in [
        "None of two projects needs intervention now.",
        "No intervention needed now: Wallet (",
        "Without a commitment date: Docs. An admin adds a date",
        "Without any item: Empty.",
        "Can't be judged yet: Fresh (not enough history: have",
        "No record yet: no project reached the date",
    ] {
        assert!(card.contains(expect), "{expect}: {card}");
    }
    assert!(!card.contains("Vault"), "all its people are in a closed team: {card}");

    let mut seen = Vec::new();
    let mut then = None;
    for week in 0..10 {
        monday(&t).await;
        monday(&t).await; // twice is once
        let answer = t.ask("risk project:wallet").await;
        let state = of(&answer, "wallet")["state"].as_str().unwrap().to_owned();
        if week == 3 {
            then = Some(answer);
        }
        seen.push(state);
        t.advance(WEEK);
    }
    let mut turns = seen.clone();
    turns.dedup();
    assert_eq!(turns, ["green", "amber", "red"], "{seen:?}");
    let amber = seen.iter().position(|state| state == "amber").unwrap();
    assert!((1..=4).contains(&amber), "{seen:?}");
    assert_eq!(t.database.number("select count(*) from risk_snapshot where project = 'wallet'"), 10);
    assert_eq!(t.database.number("select count(*) from risk_warning where project = 'wallet'"), 1, "{seen:?}");
    let flagged = t.database.number("select count(*) from risk_snapshot where project = 'wallet' and flagged = 1");
    assert_eq!(flagged, i64::try_from(10 - amber - 2).unwrap(), "from the third week on: {seen:?}");

    // 1 February 2027: Wallet's date is on Friday.
    t.advance(-3 * WEEK);
    let message = t.slash("ben", "risk team:payments").await;
    let card = message_of(&message);
    for expect in [
        "One of three projects may need intervention: Wallet.",
        "!! *Wallet*",
        "*Wallet* (priority 1): red, ",
        " to make 5 Feb 2027.",
        "in the last 3 weeks; usual is 11.",
        "expected to be finished by the date",
        "No longer very unlikely if ",
    ] {
        assert!(card.contains(expect), "{expect}: {card}");
    }
    // The very change that risk names moves the same chance over the limit in `whatif`; one item less does not.
    let answer = t.ask("risk project:wallet").await;
    let cut = of(&answer, "wallet")["flip"]["items"].as_i64().unwrap_or_else(|| panic!("{answer}"));
    for (items, crosses) in [(cut, true), (cut - 1, false)] {
        let said = message_of(&t.slash("ben", &format!("whatif project:wallet items:-{items}")).await);
        let chance = said.split(" % to meet it").next().unwrap().rsplit(' ').next().unwrap().parse::<f64>();
        assert_eq!(chance.unwrap_or_else(|_| panic!("{said}")) > 25.0, crosses, "{items}: {said}");
    }
    assert_eq!(labels(&message.blocks)[..5], ["Acknowledge", "Snooze", "Wrong?", "Forecast", "What if"]);
    t.press_as("ben", &message, "Acknowledge").await;
    t.until("it is kept", async || t.database.count("risk_label") == 1).await;
    assert!(message_of(&t.next_message().await).contains("*Wallet* is yours: everybody who asks sees"));
    let message = t.slash("chen", "risk").await;
    let card = message_of(&message);
    assert!(card.contains("Seen to by <@U0BEN> since 11 Jan.") && !card.contains("No longer very unlikely if "), "quieter: {card}");
    let value = format!("{} wallet", At::parse("2027-02-05T23:00:00Z").unwrap().0);
    act(&t, "chen", "C0PAYMENTS", "risk_acknowledge", &value, &[]).await.expect("answers");
    assert_eq!(t.database.count("risk_label"), 1, "the first one has it");

    t.press_as("chen", &message, "Snooze").await;
    let asked = form(&t, "chen", "risk_snooze_sent").await;
    assert!(errors(t.submit(&asked, &[("until", "2027-01-11")]).await)["until"].contains("choose a later day"));
    let done = words(&updated(t.submit(&asked, &[("until", "2027-01-18")]).await));
    assert!(done.contains("is snoozed until 18 Jan"), "{done}");
    let card = message_of(&t.slash("chen", "risk").await);
    assert!(card.contains("one more is snoozed") && card.contains("until 18 Jan by <@U0CHEN>"), "{card}");

    let snoozed = t.slash("chen", "risk").await;
    assert!(["Forecast", "What if", "Wake"].iter().all(|label| labels(&snoozed.blocks).iter().any(|it| it == label)));
    t.advance(DAY / 24);
    t.press_as("chen", &snoozed, "Wake").await;
    assert!(message_of(&t.next_message().await).contains("*Wallet* is awake"));
    assert!(!message_of(&t.slash("chen", "risk").await).contains("is snoozed"), "not apart any more");

    t.press_as("chen", &message, "Wrong?").await;
    let asked = form(&t, "chen", "risk_wrong_sent").await;
    let done = words(&updated(t.submit(&asked, &[("choice", "no_risk"), ("words", "two more join on Monday")]).await));
    assert!(done.contains("if the date holds, this warning counts as a false alarm"), "{done}");
    assert_eq!(t.database.texts("select words from risk_label where kind = 'wrong'"), ["two more join on Monday"]);
    t.advance(WEEK);
    let card = message_of(&t.slash("chen", "risk").await);
    assert!(card.contains("Called wrong by <@U0CHEN>") && !card.contains("Snoozed"), "the snooze is over: {card}");

    t.advance(3 * WEEK); // 8 February
    monday(&t).await;
    let answer = t.ask("risk").await;
    assert_eq!(of(&answer, "wallet")["state"], "late");
    assert_eq!(
        answer["record"],
        json!({"ended": 1, "flagged": 1, "slipped": 1, "unseen": 0, "days": answer["record"]["days"], "stands": false})
    );
    assert!(answer["record"]["days"].as_i64().unwrap() >= 28, "{answer}");
    let card = message_of(&t.slash("chen", "risk").await);
    assert!(card.contains("late: 5 Feb 2027 has passed and") && card.contains("No record yet: 1 project reached the date"), "{card}");
    let stale = refused(act(&t, "chen", "C0PAYMENTS", "risk_snooze", &value.replace("wallet", "atlas"), &[]).await);
    assert!(stale.contains("has changed since"), "{stale}");

    // The same question at the instant of an earlier one gives the same answer, whatever came since.
    let (now, then) = (t.clock.now(), then.unwrap());
    let past = At::parse("2026-12-14T12:00:00Z").unwrap();
    t.advance(past.since(now));
    let again = t.ask("risk project:wallet").await;
    assert_eq!((&again["projects"], &again["record"], &again["metrics"]), (&then["projects"], &then["record"], &then["metrics"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chance_to_meet_a_date_is_the_one_that_forecast_has() {
    let t = begun().await;
    // Three items of its own are no history: it has its share of its team's pace.
    t.import_json(&lines(&items("fresh", "ben", 34, |week| usize::from(week >= 12)))).await;
    t.parsed().await;
    t.advance(2 * WEEK);
    let all = t.ask("risk").await;
    for id in ["wallet", "atlas", "vault", "fresh"] {
        let forecast = t.ask(&format!("forecast project:{id}")).await;
        let expect = metric(&forecast, "meets_date")["value"].as_f64().unwrap();
        let said = of(&all, id)["meets_date"].as_f64().unwrap_or_else(|| panic!("{id}: {all}"));
        assert!((said - expect).abs() < 1e-12, "{id}: risk {said}, forecast {expect}");
    }
    let chances: Vec<f64> = ["wallet", "fresh"].iter().map(|id| of(&all, id)["meets_date"].as_f64().unwrap()).collect();
    assert!(chances.iter().all(|chance| (0.0..0.99).contains(chance)), "not all for sure: {chances:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_teams_project_is_for_its_members_and_a_receipt_recounts() {
    let t = begun().await;
    assert_eq!(t.ask_as(Some("chen"), "risk project:vault").await["error"]["kind"], "not_allowed");
    for person in ["daria", "ana"] {
        assert_eq!(of(&t.ask_as(Some(person), "risk project:vault").await, "vault")["state"], "green", "{person}");
    }
    let all = t.ask("risk").await;
    let id = all["receipt"].as_str().unwrap().to_owned();
    assert_eq!(t.ask_as(Some("chen"), &format!("why {id}")).await["error"]["kind"], "not_allowed");
    t.advance(5 * WEEK);
    let cx = t.app.cx(None).await.unwrap();
    let verified = features::verify::verify(&cx, &id).await.unwrap();
    assert!(verified.equal, "{:?}", verified.lines);
    let why = t.ask(&format!("why {id}")).await;
    let text = why.to_string();
    assert!(text.contains("\"feature\":\"miss_chance\"") && text.contains("\"weight\":1.0"), "{text}");
    let wallet = of(&all, "wallet");
    let adds: f64 = wallet["features"].as_array().unwrap().iter().map(|it| it["adds"].as_f64().unwrap()).sum();
    let chance = wallet["score"].as_f64().unwrap();
    assert!((1.0 / (1.0 + (-adds).exp()) - chance).abs() < 1e-9, "parts add up: {wallet}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_portfolio_it_says_how_to_begin() {
    let t = Harness::http().await;
    let card = message_of(&t.slash("chen", "risk").await);
    assert!(card.contains("There is no portfolio project here yet. An admin adds a date"), "{card}");
    let t = begun().await;
    assert_eq!(t.ask("risk project:nothing").await["error"]["kind"], "unknown_project");
    assert_eq!(t.ask("risk wallet").await["projects"][0]["id"], "wallet", "a name as in forecast");
    for (text, kind) in [("risk zzz", "unknown_project"), ("risk 13w", "not_understood"), ("risk all", "not_understood")] {
        assert_eq!(t.ask(text).await["error"]["kind"], kind, "{text}");
    }
    assert!(t.ask("risk").await["health"].as_array().is_some_and(|health| !health.is_empty()));
}
