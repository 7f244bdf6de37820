//! Improvements: declared in words and by the form, held against the weeks before as they were known then, seen to take hold or not.

use pacer::domain::time::{At, DAY, HOUR, WEEK};
use pacer::features::{self, Effect};
use serde_json::{Value, json};

use crate::harness::facts::{ORG, lines, sha};
use crate::harness::forms::{act, form, message_of, refused};
use crate::harness::{Harness, NOW, labels};

/// The Monday on which the story begins, in Berlin.
const START: &str = "2026-11-22T23:00:00Z";
/// Weeks of data before it.
const BEFORE: i64 = 30;

fn start() -> At {
    At::parse(START).unwrap()
}

/// How long before its deployment a commit was written, in a week that is counted from the start: about two days, and a day less once
/// it is better; it varies from week to week.
fn lead(week: i64, nth: i64, better: bool) -> i64 {
    let level = if better { 24 } else { 48 };
    (level + [3, -2, 1, -4, 2, -1, 4, -3][usize::try_from(week.rem_euclid(8)).unwrap()]) * HOUR + nth * 600_000_000
}

/// Three to five deployments of a service in a week, from Tuesday on, each of one commit.
fn week(service: &str, week: i64, better: bool) -> Vec<Value> {
    let deployments = [4, 3, 5, 4][usize::try_from(week.rem_euclid(4)).unwrap()];
    let one = |nth: i64| {
        let at = start().plus(week * WEEK + DAY + nth * DAY / 2);
        let commit = json!({"sha": sha(service, week * 10 + nth + 10_000), "authored_at": at.plus(-lead(week, nth, better)).rfc3339()});
        json!({"type": "deployment", "id": format!("{service}-{week}-{nth}"), "service": service, "status": "success", "finished_at": at.rfc3339(),
            "commit": commit["sha"], "commits": [commit]})
    };
    (0..deployments).map(one).collect()
}

/// Weeks of both services, of which checkout is better from the start on.
fn weeks(from: i64, to: i64) -> String {
    let events: Vec<Value> = (from..to).flat_map(|it| [week("checkout", it, it >= 0), week("search", it, false)]).flatten().collect();
    lines(&events)
}

/// Sends events.
async fn sent(t: &Harness, lines: &str) {
    t.import_json(lines).await;
    t.parsed().await;
}

async fn begun() -> Harness {
    let t = Harness::http().await;
    sent(&t, &weeks(-BEFORE, 0)).await;
    t.apply_org(&ORG.replace("services = [\"checkout\"]", "services = [\"checkout\"]\nchannels = [\"C0PAYMENTS\"]")).await;
    t
}

/// Lets weeks pass with what happens in them, to the Monday noon after the last.
async fn pass(t: &Harness, weeks: std::ops::Range<i64>) {
    let until = start().plus(weeks.end * WEEK + 13 * HOUR);
    t.advance(until.since(t.clock.now()));
    sent(t, &self::weeks(weeks.start, weeks.end)).await;
}

fn seconds(micros: i64) -> f64 {
    f64::from(i32::try_from(micros / 1_000_000).unwrap())
}

/// The middle of the middles of each week: another way than pacer's, from what was sent.
fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len() % 2 == 1 { values[half] } else { f64::midpoint(values[half - 1], values[half]) }
}

fn level(weeks: std::ops::Range<i64>, better: bool) -> f64 {
    let of_week = |week: i64| {
        let deployments = [4, 3, 5, 4][usize::try_from(week.rem_euclid(4)).unwrap()];
        middle((0..deployments).map(|nth| seconds(lead(week, nth, better))).collect())
    };
    middle(weeks.map(of_week).collect())
}

fn only(answer: &Value) -> &Value {
    let all = answer["improvements"].as_array().unwrap_or_else(|| panic!("no improvements in {answer}"));
    assert_eq!(all.len(), 1, "{answer}");
    &all[0]
}

const WORDS: &str =
    "goals improvement \"Smaller batches\" metric:change_lead_time metric:deployment_frequency since:2026-11-23 team:payments";

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_improvement_takes_hold_and_what_stayed_has_no_clear_change() {
    let t = begun().await;
    let answer = t.ask_as(Some("ben"), WORDS).await;
    let declared = only(&answer).clone();
    let id = declared["id"].as_str().unwrap().to_owned();
    assert_eq!((&declared["scope"], &declared["start"]), (&json!("team:payments"), &json!("2026-11-23")));
    let metric = |told: &Value, at: usize| told["metrics"][at].clone();
    let first = metric(&declared, 0);
    // The first week begins before the data, which begin on its Tuesday: 29 of 30 weeks are whole.
    assert_eq!((&first["wanted"], &first["verdict"], &first["weeks"]), (&json!("less"), &json!("not_enough_data"), &json!([29, 0])));
    let said = message_of(&t.slash("ben", &format!("goals improvement {id}")).await);
    assert!(
        said.contains("29 weeks before the start and 0 after say something; 8 and 4 are needed. A verdict is possible from 21 Dec on."),
        "{said}"
    );
    assert!(
        said.contains("as they were known when it was declared: what arrived later does not move them") && said.contains("Declared by <@"),
        "{said}"
    );

    pass(&t, 0..8).await;
    let told = only(&t.ask(&format!("goals improvement {id}")).await).clone();
    let lead_time = metric(&told, 0);
    assert_eq!((&lead_time["verdict"], &lead_time["weeks"]), (&json!("taking_hold"), &json!([29, 8])), "{told}");
    let [before, after] = ["before", "after"].map(|side| lead_time["effect"][side].as_f64().unwrap());
    assert!((before - level(-29..0, false)).abs() < 1e-3, "{before}");
    assert!((after - level(0..8, true)).abs() < 1e-3, "{after}");
    let frequency = metric(&told, 1);
    assert_eq!(
        (&frequency["verdict"], &frequency["because"], &frequency["wanted"]),
        (&json!("no_clear_change"), &json!("within_chance"), &json!("more"))
    );
    // Week -29 has 4, and then each four weeks have 4 + 3 + 5 + 4.
    assert!((frequency["effect"]["before"].as_f64().unwrap() - (4.0 + 7.0 * 16.0) / 29.0).abs() < 1e-9, "{frequency}");
    let said = message_of(&t.slash("ben", "goals").await);
    assert!(said.contains("1 improvement of Payments is under way: *it is taking hold*."), "{said}");
    assert!(said.contains("*Smaller batches* · since 23 Nov 2026"), "{said}");
    assert!(
        said.contains("Taking hold: ")
            && said.contains("No clear change yet: ")
            && said.contains("does not mean that the improvement failed"),
        "{said}"
    );

    // Its trend carries the mark, and says whether it takes hold.
    let trend = t.ask("trend change_lead_time team:payments").await;
    assert_eq!(trend["marks"], json!([{"at": START, "what": "\"Smaller batches\" began"}]), "{trend}");
    assert_eq!(trend["improvements"][0]["metrics"][0]["verdict"], "taking_hold");
    let said = message_of(&t.slash("ben", "trend change_lead_time").await);
    assert!(said.contains("Is it taking hold?") && said.contains("*Smaller batches*, since 23 Nov 2026 · Taking hold: "), "{said}");
    assert_eq!(t.ask("trend change_lead_time service:search").await["marks"], json!([]), "another one's trend has none");
    let of_service = t.ask("trend change_lead_time service:checkout").await;
    assert_eq!((of_service["marks"].as_array().map(Vec::len), &of_service["improvements"]), (Some(1), &json!([])), "{of_service}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_arrives_late_does_not_move_the_frozen_weeks_and_receipts_say_what_it_moves() {
    let t = begun().await;
    t.ask_as(Some("ben"), WORDS).await;
    pass(&t, 0..6).await;
    let answer = t.ask("goals team:payments").await;
    let before = only(&answer)["metrics"][0]["effect"]["before"].clone();
    let receipt = answer["receipt"].as_str().unwrap().to_owned();
    let verify = async || features::verify::verify(&t.app.cx(None).await.unwrap(), &receipt).await.unwrap();
    assert!(verify().await.equal);
    let of_trend = t.ask("trend change_lead_time team:payments").await["receipt"].as_str().unwrap().to_owned();
    let trend = async || features::verify::verify(&t.app.cx(None).await.unwrap(), &of_trend).await.unwrap();
    assert!(trend().await.equal);
    // A year's worth of quick deployments, told of only now: all of the weeks before would be better.
    let late = |it: i64| {
        let at = start().plus(-it * WEEK + 3 * DAY);
        let commit = |nth: i64| json!({"sha": sha("late", it * 100 + nth), "authored_at": at.plus(-HOUR).rfc3339()});
        json!({"type": "deployment", "id": format!("late-{it}"), "service": "checkout", "status": "success", "finished_at": at.rfc3339(),
            "commit": sha("late", it * 100), "commits": (0..9).map(commit).collect::<Vec<_>>()})
    };
    sent(&t, &lines(&(1..BEFORE).map(late).collect::<Vec<_>>())).await;
    let now = t.ask("goals team:payments").await;
    assert_eq!(only(&now)["metrics"][0]["effect"]["before"], before, "frozen");
    assert_eq!(now["metrics"], answer["metrics"]);
    assert!(verify().await.equal, "they are no part of it");
    let told = trend().await;
    assert!(!told.equal && told.lines.iter().any(|line| line.contains("late deployment: late-1")), "a trend's are: {:?}", told.lines);
    // Who declares another one now freezes what is known now.
    let other = t.ask_as(Some("ana"), "goals improvement Another metric:change_lead_time since:2026-11-23 team:payments").await;
    let moved = only(&other)["metrics"][0]["effect"]["before"].as_f64().unwrap();
    assert!((moved - 3_600.0).abs() < 1e-6, "{other}");
    // A late row of the weeks since does move it, and the receipt says so.
    let slow = json!({"type": "deployment", "id": "slow", "service": "checkout", "status": "success", "finished_at": start().plus(WEEK + DAY).rfc3339(),
        "commit": sha("slow", 1), "commits": (0..9).map(|nth| json!({"sha": sha("slow", nth), "authored_at": start().plus(-WEEK).rfc3339()})).collect::<Vec<_>>()});
    sent(&t, &lines(&[slow])).await;
    let told = verify().await;
    assert!(!told.equal && told.lines.iter().any(|line| line.contains("late deployment: slow")), "{:?}", told.lines);
    let why = t.ask(&format!("why {receipt}")).await;
    assert_eq!(why["rows_total"], 2 * (29 + 6), "{why}");
}

/// Four teams with a service each; one of them declares.
async fn among_others(others_too: bool) -> Value {
    let t = Harness::http().await;
    let names = ["own", "one", "two", "three"];
    let team = |name: &str| format!("[[teams]]\nid = \"{name}\"\nservices = [\"{name}\"]\n");
    t.apply_org(&format!("time_zone = \"Europe/Berlin\"\n{}", names.map(team).concat())).await;
    let of = |it: i64| names.map(|name| week(name, it, it >= 0 && (others_too || name == "own"))).concat();
    sent(&t, &lines(&(-BEFORE..0).flat_map(of).collect::<Vec<_>>())).await;
    t.ask_as(Some("ana"), "goals improvement Batches metric:change_lead_time since:2026-11-23 team:own").await;
    t.advance(start().plus(10 * WEEK + 13 * HOUR).since(t.clock.now()));
    sent(&t, &lines(&(0..10).flat_map(of).collect::<Vec<_>>())).await;
    let answer = t.ask("goals team:own").await;
    only(&answer)["metrics"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_moves_other_teams_as_much_is_not_this_ones() {
    let alone = among_others(false).await;
    assert_eq!((&alone["verdict"], &alone["others"]), (&json!("taking_hold"), &json!(3)), "{alone}");
    // From about 48 to about 24 hours is half, and the others did not move.
    assert!((alone["against_others"]["value"].as_f64().unwrap() + 0.5).abs() < 0.05, "{alone}");
    let together = among_others(true).await;
    assert_eq!((&together["verdict"], &together["because"]), (&json!("early_sign"), &json!("others_too")), "{together}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_format_shows_them() {
    let t = begun().await;
    t.ask_as(Some("ben"), WORDS).await;
    pass(&t, 0..8).await;
    let cx = t.app.cx(None).await.unwrap();
    for (text, marked) in [("goals team:payments", false), ("trend change_lead_time team:payments", true)] {
        let Ok(features::Reply::Card(card)) = features::answer(&cx, text).await else { panic!("{text}") };
        let page = pacer::render::page(&card);
        assert!(page.contains("Smaller batches") && page.contains("Taking hold"), "{page}");
        assert!(pacer::render::text(&card, false, 100).contains("Taking hold"));
        assert_eq!(page.contains("<svg") && page.contains("began"), marked, "{page}");
        assert!(pacer::render::csv(&card).contains("change_lead_time") || marked);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_declares_and_says_what_is_wrong() {
    let t = begun().await;
    let card = t.slash_in("ben", "payments", "goals").await;
    assert!(card.text.contains("Payments has no improvement under way. Declare one"), "{}", card.text);
    let none = t.ask_as(Some("ben"), "goals").await;
    let receipt = none["receipt"].as_str().expect("a receipt");
    assert!(features::verify::verify(&t.app.cx(None).await.unwrap(), receipt).await.unwrap().equal);
    assert!(t.ask_as(Some("ben"), &format!("why {receipt}")).await["error"].is_null());
    t.press(&card, "Declare one").await;
    let asked = form(&t, "ben", "goals_sent").await;
    assert_eq!(asked.body["title"]["text"], "Declare an improvement");
    let fields = [
        ("name", "Smaller batches"),
        ("scope", "team:payments"),
        ("metric1", "change_lead_time"),
        ("way", "better"),
        ("start", "2026-11-16"),
    ];
    let state = asked.body["private_metadata"].as_str().unwrap().to_owned();
    let with = |field: &str, value: &'static str| fields.map(|(known, old)| (known, if known == field { value } else { old }));
    let wrong = async |changed: [(&str, &str); 5]| match act(&t, "ben", "C0PAYMENTS", "goals_sent", "abcdefgh", &changed).await {
        Ok(Effect::Wrong(_, wrong)) => wrong.into_iter().map(|(field, why)| format!("{field}: {why}")).collect::<Vec<_>>().join("; "),
        other => panic!("{other:?}"),
    };
    for (field, value, expect) in [
        ("name", "", "name: An improvement needs a name"),
        ("start", "2026-11-24", "start: 2026-11-24 is still to come"),
        ("start", "2026-01-05", "metric1: Change lead time of Payments is known since"),
        ("start", "soon", "start: Choose a day."),
        ("metric1", "none", "metric1: An improvement needs a metric"),
        ("metric1", "velocity", "metric1: There is no such metric"),
        ("metric1", "ai_assisted_share", "metric1: Neither more nor less of AI-assisted changes is better"),
        ("metric1", "failed_deployment_recovery_time", "metric1: Failed deployment recovery time of Payments is not known"),
        ("metric1", "items_done", "metric1: Items done of Payments is not known"),
        ("scope", "team:finders", "scope: "),
    ] {
        let said = wrong(with(field, value)).await;
        assert!(said.contains(expect), "{field} {value}: {said}");
    }
    assert!(!state.is_empty());
    assert_eq!(t.database.count("improvement"), 0);
    for _ in 0..2 {
        let Ok(Effect::Modal(card)) = act(&t, "ben", "C0PAYMENTS", "goals_sent", "abcdefgh", &fields).await else { panic!("declared") };
        assert!(card.verdict.text().starts_with("Declared. "), "{}", card.verdict.text());
    }
    assert_eq!(t.database.count("improvement"), 1, "sent twice it is one");
    let answer = t.ask_as(Some("ben"), "goals improvement \"Smaller Batches\" metric:wip team:payments").await;
    assert!(answer["error"]["message"].as_str().unwrap().contains("has an improvement of that name already, since 16 Nov"), "{answer}");

    // Under eight weeks before: declared all the same, and it says when there could be a verdict.
    let early = t.ask_as(Some("ben"), "goals improvement Early metric:change_lead_time less since:2026-05-25 team:payments").await;
    assert_eq!(only(&early)["metrics"][0]["weeks"][0], 3, "{early}");
    let id = only(&early)["id"].as_str().unwrap().to_owned();
    let said = message_of(&t.slash("ben", &format!("goals improvement {id}")).await);
    assert!(said.contains("with a start on 29 Jun or later there will be a verdict"), "{said}");

    // Ended and removed by whoever declared it, and by admins.
    for action in ["goals_end", "goals_remove", "goals_removed"] {
        assert!(refused(act(&t, "chen", "", action, &id, &[]).await).contains("by whoever declared it, and by admins"));
    }
    let card = t.slash("ben", &format!("goals improvement {id}")).await;
    assert!(labels(&card.blocks).ends_with(&["End it".into(), "Remove it".into()]), "{:?}", labels(&card.blocks));
    act(&t, "ben", "", "goals_end", &id, &[]).await.expect("ended");
    let said = message_of(&t.slash("ben", "goals").await);
    assert!(said.contains("1 improvement of Payments is under way") && said.contains("Ended"), "{said}");
    let Effect::Form(asked) = act(&t, "ana", "", "goals_remove", &id, &[]).await.expect("asks") else { panic!("a form") };
    act(&t, "ana", "", &asked.action, &asked.state, &[]).await.expect("removed");
    assert_eq!(only(&t.ask("goals team:payments").await)["name"], "Smaller batches");
    let receipt = early["receipt"].as_str().unwrap();
    assert!(features::verify::verify(&t.app.cx(None).await.unwrap(), receipt).await.unwrap().equal, "answers given before still recompute");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_to_a_closed_team_sees_nothing_of_its_improvements() {
    let t = begun().await;
    let declared = t.ask_as(Some("daria"), "goals improvement Secret metric:change_lead_time since:2026-10-05 team:finders").await;
    let id = only(&declared)["id"].as_str().unwrap().to_owned();
    for text in [format!("goals improvement {id}"), "goals team:finders".into(), format!("why {}", declared["receipt"].as_str().unwrap())] {
        let answer = t.ask_as(Some("chen"), &text).await;
        assert_eq!(answer["error"]["kind"], "not_allowed", "{text}: {answer}");
    }
    for action in ["goals_open", "goals_end", "goals_remove", "goals_removed"] {
        assert!(refused(act(&t, "chen", "", action, &id, &[]).await).contains("members only"), "{action}");
    }
    assert!(refused(act(&t, "chen", "", "goals_open", "zzzzzzzz", &[]).await).contains("no such improvement"));
    for asker in ["chen", "daria", "ana"] {
        for text in ["goals team:all", "trend change_lead_time team:all"] {
            let answer = t.ask_as(Some(asker), text).await;
            assert!(!answer.to_string().contains("Secret") && answer["error"].is_null(), "{asker} {text}: {answer}");
        }
    }
    for asker in ["daria", "ana"] {
        assert_eq!(only(&t.ask_as(Some(asker), "goals team:finders").await)["name"], "Secret");
        assert_eq!(t.ask_as(Some(asker), "trend change_lead_time team:finders").await["marks"].as_array().map(Vec::len), Some(1));
    }
    // Who is in no team declares nothing; nor does nobody.
    for asker in [Some("chen"), None] {
        let answer = t.ask_as(asker, WORDS).await;
        assert_eq!(answer["error"]["kind"], "not_allowed", "{answer}");
    }
    assert_eq!(At::parse(NOW).unwrap(), t.clock.now());
}
