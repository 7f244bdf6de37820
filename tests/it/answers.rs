//! An answer and its buttons, over both transports: ask, share, ask why, change the period.

use pacer::sandbox::{Message, Submitted};
use serde_json::json;

use crate::harness::facts::{ORG, days_ago, deployment, figures, lines, sample};
use crate::harness::{BOTH, Harness, labels};

/// What stands in the blocks, as one text.
fn shown(message: &Message) -> String {
    serde_json::to_string(&message.blocks).expect("JSON")
}

/// The receipt at the end of an answer: it is the value of its buttons.
fn receipt(message: &Message) -> String {
    let elements = message.blocks.iter().filter_map(|block| block["elements"].as_array()).flatten();
    let found = elements.filter(|element| element["text"]["text"] == "Why these numbers").find_map(|element| element["value"].as_str());
    found.expect("a receipt").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn dora_is_answered_in_the_acknowledgement_for_the_asker_alone() {
    for transport in BOTH {
        let t = Harness::on(transport).await;
        t.import_json(&sample()).await;
        t.apply_org(ORG).await;
        let answer = t.slash("ana", "dora team:payments 30d").await;
        assert_eq!(answer.only_for.as_deref(), Some("U0ANA"));
        assert_eq!(t.heard("response_url") + t.heard("chat.postMessage"), 0, "nothing but the acknowledgement");
        let asked = t.ask("dora team:payments 30d").await;
        assert_eq!(asked["metrics"][0]["n"], 15, "{asked}");
        for number in ["15 deployments", "3.5 a week", "95 %", "13 %"] {
            assert!(answer.text.contains(number), "{number} is not in the text: {}", answer.text);
        }
        assert!(answer.blocks.iter().any(|block| block["type"] == "header" && block["text"]["text"].to_string().contains("Payments")));
        let receipt = receipt(&answer);
        assert_eq!(receipt.len(), 8);
        assert!(
            shown(&answer).contains(&format!("why {receipt}")) || shown(&answer).contains(&format!("`{receipt}`")),
            "{}",
            shown(&answer)
        );
        assert_eq!(labels(&answer.blocks), ["Share to channel", "Why these numbers", "Trend", "Change period"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn share_posts_the_answer_naming_who_shared_it_and_replaces_the_private_one() {
    for transport in BOTH {
        let t = Harness::on(transport).await;
        t.import_json(&sample()).await;
        let answer = t.slash("ben", "dora 30d").await;
        t.press(&answer, "Share to channel").await;
        let posted = t.next_message().await;
        assert_eq!((posted.only_for.as_deref(), posted.channel.as_str()), (None, "C0GENERAL"));
        assert!(shown(&posted).contains("Shared by <@U0BEN>"), "{}", shown(&posted));
        assert_eq!(posted.text, answer.text, "the same figures");
        assert_eq!(labels(&posted.blocks), ["Why these numbers", "Trend"], "the private buttons are gone");
        let replaced = t.next_message().await;
        assert_eq!((replaced.ts, replaced.text.as_str()), (answer.ts, "Shared to <#C0GENERAL> by <@U0BEN>."));
        // Anybody may ask why.
        t.press_as("chen", &posted, "Why these numbers").await;
        let why = t.next_view("chen", |view| view.body.to_string().contains("Deployments")).await;
        assert!(why.body.to_string().contains("checkout-105"), "{}", why.body);
        // And see the trend, for their own eyes: the shared answer stays.
        t.press_as("chen", &posted, "Trend").await;
        let trend = t.next_message().await;
        assert_eq!(trend.only_for.as_deref(), Some("U0CHEN"));
        assert!(trend.ts != posted.ts && trend.text.contains("weeks"), "{}", trend.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn why_opens_the_rows_and_pages_in_the_same_modal() {
    for transport in BOTH {
        let t = Harness::on(transport).await;
        t.import_json(&sample()).await;
        let answer = t.slash("ana", "dora service:checkout 90d").await;
        t.press(&answer, "Why these numbers").await;
        let first = t.next_view("ana", |view| view.body.to_string().contains("page 1 of 4")).await;
        assert!(first.body.to_string().contains("the figures are the same"), "{}", first.body);
        assert_eq!(t.heard("views.open"), 1);
        t.press_in(&first, "Next page").await;
        let second = t.next_view("ana", |view| view.body.to_string().contains("page 2 of 4")).await;
        assert_eq!(second.id, first.id, "the same modal");
        t.press_in(&second, "Earlier page").await;
        let back = t.next_view("ana", |view| view.body.to_string().contains("page 1 of 4")).await;
        assert_eq!((back.id, t.heard("views.open")), (first.id, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn change_period_asks_and_replaces_the_answer() {
    for transport in BOTH {
        let t = Harness::on(transport).await;
        t.import_json(&sample()).await;
        let answer = t.slash("ana", "dora service:checkout 90d").await;
        t.press(&answer, "Change period").await;
        let form = t.next_view("ana", |view| view.body["submit"].is_object()).await;
        let Submitted::Errors(errors) = t.submit(&form, &[("own", "someday")]).await else { panic!("an own period that is none") };
        assert_eq!(errors.keys().collect::<Vec<_>>(), ["own"], "under the field that it is about: {errors:?}");
        assert_eq!(t.submit(&form, &[("period", "30d"), ("own", "")]).await, Submitted::Closed);
        let replaced = t.next_message().await;
        assert_eq!(replaced.ts, answer.ts);
        assert!(replaced.text.contains("15 deployments"), "{}", replaced.text);
        assert_ne!(receipt(&replaced), receipt(&answer), "a receipt of its own");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn benchmark_compares_with_an_industry_and_turns_into_the_answers_to_enter() {
    for transport in BOTH {
        let t = Harness::on(transport).await;
        t.import_json(&sample()).await;
        t.apply_org(ORG).await;
        let answer = t.slash("ana", "benchmark technology 1,000 to 4,999 employees team:payments 90d").await;
        for number in
            ["Among respondents in Technology (DORA Quick Check 2025)", "Payments deploys more often than about", "45 deployments, 95 %"]
        {
            assert!(answer.text.contains(number), "{number} is not in the text: {}", answer.text);
        }
        assert!(shown(&answer).contains("CC BY 4.0") && shown(&answer).contains("not as a goal"), "{}", shown(&answer));
        assert!(!answer.text.contains("Spread"), "two teams, one of which keeps its figures to itself, are no spread");
        assert_eq!(receipt(&answer).len(), 8);
        t.press(&answer, "Quick Check answers").await;
        let replaced = t.next_message().await;
        assert_eq!(replaced.ts, answer.ts);
        assert!(replaced.text.contains("What Payments would answer in the DORA Quick Check 2025"), "{}", replaced.text);
        assert!(shown(&replaced).contains("industry=technology"), "{}", shown(&replaced));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_benchmark_has_the_figures_of_dora_and_a_receipt_that_recounts() {
    let t = Harness::http().await;
    t.import_json(&sample()).await;
    t.apply_org(ORG).await;
    let (dora, benchmark) = (t.ask("dora team:payments").await, t.ask("benchmark 2024 team:payments").await);
    assert_eq!(figures(&dora), figures(&benchmark));
    assert_eq!((&benchmark["benchmark"]["year"], &benchmark["benchmark"]["industry"]), (&json!(2024), &json!("all")));
    assert_eq!(benchmark["window"], dora["window"], "a year is a table, not a period");
    let why = t.ask(&format!("why {}", benchmark["receipt"].as_str().expect("a receipt"))).await;
    assert_eq!((&why["equal"], &why["rows_total"]), (&json!(true), &json!(45)));
    let error = t.ask("benchmark tecnology").await;
    assert_eq!(error["error"]["kind"], "not_understood");
    assert!(error["error"]["message"].as_str().is_some_and(|message| message.contains("Did you mean `technology`?")), "{error}");
}

/// Three services of their own teams, and one whose team keeps its figures to itself.
#[tokio::test(flavor = "multi_thread")]
async fn the_spread_of_teams_leaves_out_whoever_keeps_figures_private() {
    let t = Harness::http().await;
    let pace = [("one", 2), ("two", 4), ("three", 6), ("private", 1)];
    let mut events = Vec::new();
    for (service, days) in pace {
        events.extend((0..80 / days).map(|number| deployment(service, number, days_ago(80 - number * days))));
    }
    t.import_json(&lines(&events)).await;
    let team = |(name, _): &(&str, i64)| {
        let visibility = if *name == "private" { "visibility = \"team\"\n" } else { "" };
        format!("[[teams]]\nid = \"{name}-team\"\nname = \"{name}\"\nparent = \"all-of-us\"\nservices = [\"{name}\"]\n{visibility}")
    };
    t.apply_org(&format!("[[teams]]\nid = \"all-of-us\"\nname = \"All of us\"\n{}", pace.iter().map(team).collect::<String>())).await;
    let answer = t.ask("benchmark 80d").await;
    let spread = &answer["spread"][0];
    assert_eq!((&spread["id"], &spread["teams"]), (&json!("deployment_frequency"), &json!(3)), "{answer}");
    let a_week = |place: &str| spread[place].as_f64().map(|rate| (rate * 80.0 / 7.0).round());
    assert_eq!([a_week("min"), a_week("median"), a_week("max")], [Some(13.0), Some(20.0), Some(40.0)]);
    let slack = t.slash("ben", "benchmark 80d").await;
    assert!(slack.text.contains("Spread of our own teams") && !slack.text.contains("three-team"), "{}", slack.text);
}
