//! Forecasts on the real app: a project's dates from imported items, a team's counts, what is refused, the record, other plans.

use pacer::domain::card::Scope;
use pacer::domain::time::{At, DAY, HOUR, WEEK};
use pacer::features;
use serde_json::{Value, json};

use crate::harness::Harness;
use crate::harness::facts::{days_ago, lines, metric};
use crate::harness::forms::act;

const ORG: &str = r#"
time_zone = "UTC"
[calendar]
holidays = ["2026-12-25", "2027-01-01"]
[[teams]]
id = "payments"
name = "Payments"
members = ["ana", "ben", "cleo"]
[[teams]]
id = "pair"
members = ["dan", "eve"]
[[projects]]
id = "wallet"
name = "Wallet 2"
due = 2027-02-12
priority = 1
labels = ["wallet"]
[[projects]]
id = "empty"
name = "Nothing yet"
"#;

fn item(id: &str, project: &str, assignee: &str, created: At, done: Option<At>) -> Value {
    let mut item = json!({"type": "item", "id": id, "key": id.to_uppercase(), "project": project, "title": "t", "assignee": assignee,
        "created_at": created.rfc3339()});
    if let Some(done) = done {
        item["started_at"] = json!(done.plus(-2 * DAY).rfc3339());
        item["done_at"] = json!(done.rfc3339());
    }
    item
}

const PEOPLE: [&str; 3] = ["ana", "ben", "cleo"];

/// A project of which `pace` items were finished on each Wednesday of so many past weeks, all planned before; `left` remain.
fn steady(project: &str, weeks: i64, pace: usize, left: usize) -> Vec<Value> {
    let planned = days_ago(weeks * 7 + 20);
    let mut events = Vec::new();
    for week in 1..=weeks {
        for nth in 0..pace {
            let done = days_ago(week * 7 - 2).plus(i64::try_from(nth).unwrap_or(0) * HOUR);
            events.push(item(&format!("{project}-{week}-{nth}"), project, PEOPLE[nth % 3], planned, Some(done)));
        }
    }
    for nth in 0..left {
        let mut open = item(&format!("{project}-left-{nth}"), project, PEOPLE[nth % 3], planned, None);
        if nth < 3 {
            open["started_at"] = json!(days_ago(i64::try_from(nth).unwrap_or(0) * 7 + 1).rfc3339());
        }
        events.push(open);
    }
    events
}

async fn begun(events: &[Value]) -> Harness {
    let t = Harness::http().await;
    t.import_json(&lines(events)).await;
    t.parsed().await;
    t.apply_org(ORG).await;
    t
}

fn quantile<'a>(answer: &'a Value, id: &str, chance: &str) -> &'a Value {
    &metric(answer, id)["quantiles"][chance]
}

fn kind(answer: &Value) -> (&str, &str) {
    let error = &answer["error"];
    (error["kind"].as_str().unwrap_or_default(), error["message"].as_str().unwrap_or_default())
}

async fn verified(t: &Harness, answer: &Value) -> bool {
    let cx = t.app.cx(None).await.unwrap();
    features::verify::verify(&cx, answer["receipt"].as_str().unwrap()).await.unwrap().equal
}

async fn run_job(t: &Harness) {
    let job = features::JOBS.iter().find(|job| job.name == "forecast").unwrap();
    let cx = t.app.cx(None).await.unwrap();
    assert!((job.run)(&cx).await.unwrap().is_empty(), "it says nothing in Slack");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_has_dates_and_counts_that_recompute() {
    // Two a week, always: with 20 left and a slow end of 5 %, 21 are needed, which is 10.5 weeks.
    let t = begun(&steady("wallet", 24, 2, 20)).await;
    let answer = t.ask("forecast project:wallet 13w").await;
    let again = t.ask("forecast wallet 13w").await;
    let plain = |answer: &Value| {
        let mut answer = answer.clone();
        answer["receipt"] = Value::Null;
        answer
    };
    assert_eq!(plain(&answer), plain(&again));
    assert_eq!(plain(&answer), plain(&t.ask("forecast \"Wallet 2\"").await), "13 weeks are the default");
    assert_eq!(answer["scope"], json!({"project": "wallet"}));
    assert_eq!((&answer["window"]["from"], &answer["window"]["to"]), (&json!("2026-11-23T12:00:00Z"), &json!("2027-02-22T12:00:00Z")));
    // Eleven weeks of five working days from Monday the 23rd, with two holidays between: the 8th of February and two days.
    assert_eq!(quantile(&answer, "done_by", "50"), "2027-02-10", "{answer}");
    let days: Vec<&str> = ["50", "85", "95"].iter().map(|chance| quantile(&answer, "done_by", chance).as_str().unwrap()).collect();
    assert!(days.is_sorted() && days[0] < days[1], "{days:?}");
    let items: Vec<u64> = ["50", "85", "95"].iter().map(|chance| quantile(&answer, "items_by_date", chance).as_u64().unwrap()).collect();
    assert!(items.iter().rev().is_sorted() && items[0] == 20 && items[2] > 5, "no more than remain: {items:?}");
    let chance = metric(&answer, "meets_date")["value"].as_f64().unwrap();
    assert!((0.4..0.75).contains(&chance), "due on the 12th, as likely as not by the 10th: {chance}");
    assert_eq!((&answer["plan"]["remaining"], &answer["plan"]["done"], &answer["plan"]["in_work"]), (&json!(20), &json!(48), &json!(3)));
    assert_eq!(answer["record"]["issued"], Value::Null);
    assert!(answer["record"]["replayed"][1]["of"].as_u64().unwrap() > 0, "{answer}");
    // Each took two days from Monday to Wednesday; one of those in work is from the day before, the others from last week and before.
    assert_eq!(answer["service_level"]["older"], 2, "{}", answer["service_level"]);
    assert!(verified(&t, &answer).await);
    let why = t.ask(&format!("why {}", answer["receipt"].as_str().unwrap())).await;
    let rows = why["rows"].as_array().unwrap();
    let finished: u64 = rows.iter().filter_map(|row| row["finished"].as_u64()).sum();
    assert_eq!((finished, why["remaining"].as_array().unwrap().len()), (48, 20), "{why}");
    // A later horizon moves the counts, never the dates.
    let nearer = t.ask("forecast wallet by 2026-12-21").await;
    assert_eq!(metric(&nearer, "done_by"), metric(&answer, "done_by"));
    let fewer = quantile(&nearer, "items_by_date", "50").as_u64().unwrap();
    assert!((7..=9).contains(&fewer), "four weeks of two: {fewer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_slack_the_verdict_comes_first_and_can_be_shared_and_changed() {
    let t = begun(&steady("wallet", 24, 2, 20)).await;
    let message = t.slash("ana", "forecast wallet").await;
    let first = &message.text;
    assert!(first.contains("Wallet 2: likely done by") && first.contains("Due 12 Feb"), "{first}");
    for jargon in ["P50", "P85", "quantile", "bootstrap", "Monte"] {
        assert!(!json!(message.blocks).to_string().contains(jargon), "{jargon}");
    }
    t.press(&message, "What if").await;
    let view = t.next_view("ana", |view| view.body["title"]["text"] == "What if").await;
    t.submit(&view, &[("items", "-10"), ("people", "1")]).await;
    let compared = t.next_message().await;
    assert!(compared.text.contains("10 items fewer and 1 person more") && compared.text.contains("earlier"), "{}", compared.text);
    let cx = t.app.cx(None).await.unwrap();
    let Ok(features::Reply::Card(card)) = features::answer(&cx, "forecast wallet").await else { panic!("a card") };
    let csv = pacer::render::csv(&card);
    for written in [pacer::render::page(&card), csv.clone(), pacer::render::text(&card, false, 100)] {
        assert!(written.contains("2027") || written.contains("Feb"), "{written}");
        println!("{written}");
    }
    assert!(csv.contains("Chance to be done by week"), "{csv}");
    assert!(pacer::render::png::card(&card).unwrap().starts_with(b"\x89PNG"));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_plans_are_paired_and_the_impossible_is_a_sentence() {
    let mut events = steady("wallet", 24, 2, 20);
    events.extend(steady("search", 24, 2, 30));
    let t = begun(&events).await;
    let dates = |answer: &Value, id: &str| metric(answer, id)["quantiles"].clone();
    let same = t.ask("whatif wallet").await;
    assert_eq!(dates(&same, "done_by"), dates(&same, "done_by_changed"), "no change is exactly none");
    assert_eq!(same["weeks_gained"], json!({"50": 0, "85": 0, "95": 0}));
    assert_eq!(dates(&same, "done_by"), dates(&t.ask("forecast wallet").await, "done_by"));
    // Half of the team's items are the other project's: without it the pace is twice as high.
    let dropped = t.ask("whatif project:wallet drop:search").await;
    assert_eq!(dropped["speed"], 2.0, "{dropped}");
    // 10 items and their slow end are 10.5, of two a week six weeks instead of eleven; 30 working days from the 23rd and two holidays.
    let cut = t.ask("whatif wallet items:-10").await;
    // Three are in work.
    let limited = t.ask("whatif wallet wip:3").await;
    assert_eq!((&limited["speed"], &limited["weeks_gained"]["85"]), (&json!(1.0), &json!(0)), "{limited}");
    assert_eq!((&dates(&cut, "done_by_changed")["50"], &cut["weeks_gained"]["50"]), (&json!("2027-01-06"), &json!(5)), "{cut}");
    assert!(verified(&t, &cut).await && verified(&t, &dropped).await);
    for (text, sentence) in [
        ("whatif wallet people:-9", "Only 3 people work on it: take away fewer."),
        ("whatif wallet wip:0", "A WIP limit of 0 stops all work: choose at least 1."),
        ("whatif wallet drop:nothing", "I do not know the project `nothing`: choose one that has work items."),
        ("whatif wallet items:lots", "`lots` is no number of items: say how many are added, as in 4, or cut, as in -9."),
        ("whatif wallet items:-21", "Only 20 items remain: cut at most 20."),
        ("whatif wallet items:5 items:6", "`items` is said twice: say it once."),
        ("whatif wallet 13w items:5", "`whatif` takes no period: it compares the dates at which all is done."),
        ("whatif team:payments items:1", "`whatif` is about one project, and none is named."),
    ] {
        let answer = t.ask(text).await;
        assert_eq!(kind(&answer), ("not_understood", sentence), "{text}");
    }
    let wrong =
        async |fields: &[(&str, &str)]| match act(&t, "ana", "C0GENERAL", "whatif_sent", "whatif project:wallet", fields).await.unwrap() {
            features::Effect::Wrong(_, wrong) => wrong.into_iter().map(|(field, _)| field).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
    assert_eq!(wrong(&[("items", "x"), ("people", "-9"), ("wip", "0")]).await, ["items"]);
    assert_eq!(wrong(&[("people", "-9"), ("wip", "0"), ("drop", "-")]).await, ["people", "wip"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_has_counts_ages_and_its_projects() {
    let mut events = steady("wallet", 24, 2, 20);
    events.extend(steady("loose", 24, 1, 5));
    let t = begun(&events).await;
    let answer = t.ask("forecast team:payments").await;
    let median = quantile(&answer, "items_by_date", "50").as_u64().unwrap();
    assert!((37..=41).contains(&median), "13 weeks of three are 39, less two holidays: {median}");
    let four = answer["items_in_4_weeks"]["50"].as_u64().unwrap();
    assert!((11..=13).contains(&four), "{four}");
    let projects: Vec<&str> = answer["projects"].as_array().unwrap().iter().map(|row| row["project"].as_str().unwrap()).collect();
    assert_eq!(projects, ["wallet", "loose"], "declared ones first");
    let wallet = t.ask("forecast wallet").await;
    assert_eq!(&answer["projects"][0]["done_by"]["85"], quantile(&wallet, "done_by", "85"));
    assert_eq!(answer["service_level"]["items"], Value::Null, "of a team no item is named");
    assert!(verified(&t, &answer).await);
    let mine = t.slash("ana", "forecast").await;
    assert!(mine.text.contains("the one date, of Wallet 2 ("), "{}", mine.text);
    assert_eq!(kind(&t.ask("forecast team:pair").await).0, "no_person_metrics");
    assert_eq!(kind(&t.ask("forecast service:x").await).0, "unknown_service");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_little_says_what_is_missing() {
    let mut events = steady("young", 2, 3, 4);
    events.extend(steady("zero", 0, 0, 7));
    events.extend((0..40).map(|nth| item(&format!("giant-{nth}"), "giant", "zoe", days_ago(90), Some(days_ago(20)))));
    events.push(item("giant-open", "giant", "zoe", days_ago(90), None));
    events.extend(steady("done", 24, 1, 0));
    events.extend((1..=20).map(|week| item(&format!("solo-{week}"), "solo", "zoe", days_ago(200), Some(days_ago(week * 7 - 2)))));
    events.extend((0..6).map(|nth| item(&format!("solo-open-{nth}"), "solo", "zoe", days_ago(200), None)));
    let t = begun(&events).await;
    for (text, expected, part) in [
        ("forecast walet", "unknown_project", "Did you mean `wallet`?"),
        ("forecast project:wallet 0w", "bad_window", "is no time at all"),
        ("forecast wallet by 2020-01-01", "bad_window", "is past already"),
        ("forecast wallet 5y", "bad_window", "more than a year ahead"),
        ("forecast empty", "not_enough_history", "no work item of it is known"),
        ("forecast team:payments service:young", "unknown_service", "young"),
    ] {
        let answer = t.ask(text).await;
        let (kind, message) = kind(&answer);
        assert!(kind == expected && message.contains(part), "{text}: {answer}");
    }
    // Two weeks of its own, but the team that works on it finished more: its share of that pace.
    let young = t.ask("forecast young").await;
    assert_eq!(young["pace"]["of"], "payments", "{young}");
    assert!(verified(&t, &young).await);
    let zero = t.ask("forecast zero").await;
    assert_eq!(kind(&zero).0, "not_enough_history", "{zero}");
    let done = t.ask("forecast done").await;
    assert_eq!((&done["plan"]["remaining"], &done["plan"]["done_at"]), (&json!(0), &json!("2026-11-18T12:00:00Z")), "{done}");
    assert!(done["metrics"].as_array().unwrap().iter().all(|metric| metric["id"] != "done_by"));
    assert_eq!(metric(&done, "items_by_date")["value"], 0.0, "nothing is left that could be finished");
    let solo = t.ask("forecast solo").await;
    assert_eq!(solo["service_level"], Value::Null, "how old one person's items are is told to nobody");
    assert!(quantile(&solo, "done_by", "50").is_string());
    let giant = t.ask("forecast giant").await;
    assert!(giant["error"].is_object() || giant["pace"]["of"] != "own", "one week is no pace: {giant}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_later_is_not_seen() {
    let t = begun(&steady("wallet", 24, 2, 20)).await;
    let before = t.ask("forecast wallet").await;
    // Planted: all that is left is done tomorrow, and there is much more of it next week.
    let later = days_ago(-1);
    let mut planted: Vec<Value> =
        (0..20).map(|nth| item(&format!("wallet-left-{nth}"), "wallet", PEOPLE[nth % 3], days_ago(188), Some(later))).collect();
    for (nth, planted) in planted.iter_mut().enumerate() {
        let started = if nth < 3 { days_ago(i64::try_from(nth).unwrap() * 7 + 1) } else { later.plus(-HOUR) };
        planted["started_at"] = json!(started.rfc3339());
        planted["updated_at"] = json!(later.rfc3339());
    }
    planted.extend((0..300).map(|nth| item(&format!("new-{nth}"), "wallet", "ana", days_ago(-7), None)));
    let mut undated = item("undated", "wallet", "ana", days_ago(-2), Some(days_ago(-9)));
    undated.as_object_mut().unwrap().remove("created_at");
    planted.push(undated);
    t.import_json(&lines(&planted)).await;
    t.parsed().await;
    let after = t.ask("forecast wallet").await;
    assert_eq!(before["metrics"], after["metrics"]);
    assert_eq!(before["plan"], after["plan"]);
    assert!(verified(&t, &before).await);
    t.advance(2 * DAY);
    let done = t.ask("forecast wallet by 2026-12-20").await;
    assert_eq!(done["plan"]["remaining"], 0, "once it has happened it is: {}", done["plan"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn forecasts_are_issued_once_a_week_and_scored_when_they_end() {
    let t = begun(&steady("wallet", 24, 2, 6)).await;
    run_job(&t).await;
    let issued = t.app.store.open_forecasts().await.unwrap();
    let told: Vec<_> = issued.iter().map(|open| (&open.issued.scope, open.issued.kind, open.issued.weeks)).collect();
    assert_eq!(told.len(), 5, "a team at 4 and 13 weeks, a project at both and its date: {told:?}");
    assert!(issued.iter().all(|open| open.issued.issued_at == t.clock.now()));
    run_job(&t).await;
    assert_eq!(t.app.store.open_forecasts().await.unwrap(), issued, "once a week");
    // Three of what is left are done a week on, the others a week later: by the date that was likely.
    t.advance(2 * WEEK + HOUR);
    let finish = |nth: usize| {
        let done = days_ago(if nth < 3 { -7 } else { -14 });
        let mut finished = item(&format!("wallet-left-{nth}"), "wallet", PEOPLE[nth % 3], days_ago(188), Some(done));
        finished["updated_at"] = json!(done.rfc3339());
        finished
    };
    let finished: Vec<Value> = (0..6).map(finish).collect();
    t.import_json(&lines(&finished)).await;
    t.parsed().await;
    run_job(&t).await;
    let project = Scope::Project("wallet".into());
    assert_eq!(t.app.store.track_record(&project, t.clock.now()).await.unwrap(), (1, 1), "its date held; its counts are open");
    assert_eq!(t.app.store.track_record(&project, t.clock.now().plus(-1)).await.unwrap(), (0, 0), "and that was not known before");
    t.advance(2 * WEEK);
    run_job(&t).await;
    let (held, of) = t.app.store.track_record(&project, t.clock.now()).await.unwrap();
    assert_eq!(of, 2, "four weeks have passed: {held} of {of}");
    let team = t.app.store.track_record(&Scope::Team("payments".into()), t.clock.now()).await.unwrap();
    assert_eq!(team.1, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_organisation_is_forecast_whole() {
    let t = Harness::demo().await;
    for text in ["forecast team:all", "forecast team:payments 3m"] {
        let begin = std::time::Instant::now();
        let answer = t.ask(text).await;
        println!("{text}: {:?} {answer}", begin.elapsed());
        assert!(answer["metrics"].is_array(), "{text}: {answer}");
    }
}
