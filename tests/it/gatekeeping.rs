//! Who is let in, what is refused and in which words, and what Slack's own troubles come to.

use std::time::Duration;

use pacer::domain::time::DAY;
use pacer::sandbox::{Fault, Unanswered};
use serde_json::{Value, json};

use crate::harness::facts::{ORG, days_ago, deployment, lines, sample};
use crate::harness::{BOTH, Harness, Transport};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_wrong_is_answered_with_what_mends_it() {
    for transport in BOTH {
        let t = Harness::on(transport).await;
        t.import_json(&sample()).await;
        t.apply_org(ORG).await;
        let check = async |typed: &str, words: &[&str]| {
            let answer = t.slash("ana", typed).await;
            assert_eq!(answer.only_for.as_deref(), Some("U0ANA"), "{typed}");
            let said = format!("{} {}", answer.text, serde_json::to_string(&answer.blocks).expect("JSON"));
            for word in words {
                assert!(said.contains(word), "`{typed}`: {word} is not in {said}");
            }
        };
        check("", &["DORA", "Change lead time"]).await;
        check("help", &["/metrics dora", "/metrics why"]).await;
        check("dorra", &["Did you mean", "dora"]).await;
        check("dora team:payment", &["I do not know the team", "Did you mean `payments`", "`finders`"]).await;
        check("dora team:nobody", &["I do not know the team", "`payments`"]).await;
        check("dora service:checkot", &["I do not know the service", "`checkout`", "`search`"]).await;
        check("dora 0d", &["0d"]).await;
        check("dora 2026-03..2026-01", &["2026-03"]).await;
        check("dora since 2031-01-01", &["2031"]).await;
        check("why zzzzzzzz", &["No answer has the receipt", "zzzzzzzz"]).await;
        check("why", &["needs the receipt"]).await;
        let (code, _) = t.get("/healthz").await;
        assert_eq!(code, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_askers_own_team_is_what_nothing_means() {
    let t = Harness::http().await;
    t.import_json(&sample()).await;
    t.apply_org(ORG).await;
    let answer = t.slash("ben", "").await;
    assert!(answer.text.contains("Payments") || answer.text.contains("payments"), "{}", answer.text);
    assert_eq!(t.ask_as(Some("ben"), "").await["scope"], json!({"team": "payments"}));
    assert_eq!(t.ask_as(Some("chen"), "").await["scope"], json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_from_outside_ping_nobody() {
    let t = Harness::http().await;
    let mut deployed: Vec<Value> = (0..6).map(|number| deployment("<!channel>", number, days_ago(20 - number))).collect();
    deployed[0]["id"] = json!("<@U0BEN> & <!here>");
    t.import_json(&lines(&deployed)).await;
    let answer = t.slash("ana", "dora service:<!channel> 30d").await;
    t.press(&answer, "Share to channel").await;
    let posted = t.next_message().await;
    let replaced = t.next_message().await;
    t.press_as("ben", &posted, "Why these numbers").await;
    let why = t.next_view("ben", |view| view.body.to_string().contains("Deployments")).await;
    let blocks = |blocks: &[Value]| serde_json::to_string(blocks).expect("JSON");
    for said in [&answer.text, &blocks(&answer.blocks), &posted.text, &blocks(&posted.blocks), &replaced.text, &why.body.to_string()] {
        assert!(!said.contains("<!channel>") && !said.contains("<!here>"), "{said}");
        assert!(!said.replace("Shared by <@U0BEN>", "").contains("<@U0BEN>"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_workspace_is_refused_and_nothing_of_it_is_stored() {
    for transport in BOTH {
        let t = Harness::with(transport, &[("PACER_SLACK_TEAMS", "T0OTHER")]).await;
        let asked = t.slack.slash("U0ANA", "general", "/metrics", "dora").await;
        match transport {
            Transport::Http => {
                assert_eq!(asked, Err(Unanswered::Status(403)));
                assert!(t.next_message().await.text.contains("failed"), "Slackbot tells the person");
            }
            Transport::Socket => assert_eq!(asked.expect("acknowledged").message, None, "acknowledged with nothing"),
        }
        let _ = t.slack.open_home("U0ANA").await;
        assert_eq!((t.database.count("receipt"), t.database.count("delivery")), (0, 0));
        assert_eq!(t.slack.home_of("U0ANA"), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_slack_signed_a_moment_ago_is_taken() {
    let t = Harness::http().await;
    let now = t.clock.now().utc().timestamp();
    let body = "team_id=T0SANDBOX&user_id=U0ANA&text=help";
    let check = async |headers: &[(&str, String)], body: &str, expect: u16| {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (status, answer) = t.post("/slack/commands", &headers, body.to_owned()).await;
        assert_eq!(status, expect, "{answer}");
    };
    let signed = |at: i64, body: &str| vec![("x-slack-request-timestamp", at.to_string()), ("x-slack-signature", t.slack.sign(at, body))];
    check(&signed(now, body), body, 200).await;
    check(&signed(now, "ssl_check=1&token=x"), "ssl_check=1&token=x", 200).await;
    check(&signed(now - 301, body), body, 401).await;
    check(&signed(now, body), "team_id=T0SANDBOX&user_id=U0BEN&text=help", 401).await;
    check(&[], body, 401).await;
    check(&signed(now, body)[..1], body, 401).await;
    check(&[signed(now, body).remove(0), ("x-slack-signature", format!("v0={}", "0".repeat(64)))], body, 401).await;
    assert_eq!(t.database.count("receipt"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_21st_question_of_a_minute_is_told_to_wait() {
    let t = Harness::with(Transport::Http, &[("PACER_RATE_LIMIT", "20")]).await;
    for _ in 0..20 {
        assert!(t.slash("ben", "help").await.text.contains("What you can ask"));
    }
    let limited = t.slash("ben", "help").await;
    assert!(limited.text.contains("You asked 20 times in a minute"), "{}", limited.text);
    assert_eq!(limited.only_for.as_deref(), Some("U0BEN"));
    assert!(t.slash("chen", "help").await.text.contains("What you can ask"), "each person has an own limit");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_that_slack_sends_twice_is_carried_out_once() {
    for transport in BOTH {
        let t = Harness::on(transport).await;
        t.import_json(&sample()).await;
        let answer = t.slash("ana", "dora 30d").await;
        t.press(&answer, "Share to channel").await;
        t.press(&answer, "Share to channel").await;
        let (posted, replaced) = (t.next_message().await, t.next_message().await);
        assert_eq!((posted.only_for, replaced.ts), (None, answer.ts));
        // Answered after both clicks: had the second one been taken, it would have posted by then.
        t.slash("ana", "help").await;
        t.until("presses end", async || t.app.metrics.text().contains("outcome=\"double_click\"")).await;
        assert_eq!(t.heard("chat.postMessage"), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sharing_where_pacer_is_not_says_how_to_invite_it() {
    for transport in BOTH {
        let t = Harness::on(transport).await;
        t.import_json(&sample()).await;
        let answer = t.slash_in("ana", "random", "dora 30d").await;
        t.press(&answer, "Share to channel").await;
        let told = t.next_message().await;
        assert!(told.text.contains("not in this channel") && serde_json::to_string(&told.blocks).expect("JSON").contains("/invite @pacer"));
        assert_eq!(told.only_for.as_deref(), Some("U0ANA"));
        t.slack.invite_app("random");
        t.advance(10_000_000);
        t.press(&answer, "Share to channel").await;
        assert_eq!(t.next_message().await.channel, "C0RANDOM");
        assert!(t.next_message().await.text.starts_with("Shared to"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn slacks_troubles_while_sharing_come_to_a_clear_sentence() {
    for fault in [Fault::RateLimited(600), Fault::Status(500), Fault::Reset] {
        let t = Harness::http().await;
        t.import_json(&sample()).await;
        let answer = t.slash("ana", "dora 30d").await;
        t.slack.fault("chat.postMessage", fault.clone());
        t.press(&answer, "Share to channel").await;
        let told = t.next_message().await;
        assert_eq!(told.only_for.as_deref(), Some("U0ANA"), "{fault:?}");
        assert!(told.text.contains("Slack") && told.text.to_lowercase().contains("share"), "{fault:?}: {}", told.text);
        assert!(t.slack.messages("general", "U0BEN").is_empty(), "nothing was posted, and pacer does not say it was");
        t.advance(DAY / 24);
        t.press(&answer, "Share to channel").await;
        assert_eq!(t.next_message().await.only_for, None, "{fault:?}: pressing again shares it");
        t.next_message().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_pause_that_slack_asks_for_is_kept_and_the_answer_shared() {
    let t = Harness::http().await;
    t.import_json(&sample()).await;
    let answer = t.slash("ana", "dora 30d").await;
    t.slack.fault("chat.postMessage", Fault::RateLimited(0));
    t.press(&answer, "Share to channel").await;
    assert_eq!(t.next_message().await.only_for, None);
    assert!(t.next_message().await.text.starts_with("Shared to"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_that_expired_is_told_where_the_person_looks() {
    let t = Harness::http().await;
    t.import_json(&sample()).await;
    let answer = t.slash("ana", "dora 30d").await;
    t.slack.fault("views.open", Fault::Error("expired_trigger_id".to_owned()));
    t.press(&answer, "Why these numbers").await;
    let told = t.next_message().await;
    assert_eq!(told.only_for.as_deref(), Some("U0ANA"));
    assert!(told.text.contains("too long"), "{}", told.text);
    assert!(serde_json::to_string(&told.blocks).expect("JSON").contains("again"), "{:?}", told.blocks);
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_the_home_tab_publishes_it_once_an_event() {
    for transport in BOTH {
        let t = Harness::on(transport).await;
        t.slack.open_home("U0BEN").await.expect("acknowledged");
        let home = t.slack.next_home("U0BEN", Duration::from_secs(20), |_| true).await.expect("a Home tab");
        assert!(home.body.to_string().contains("`/metrics dora "), "{}", home.body);
        let event = json!({"type": "app_home_opened", "user": "U0CHEN", "tab": "home"});
        t.slack.event_with_id(event.clone(), "Ev1").await.expect("acknowledged");
        t.slack.event_with_id(event, "Ev1").await.expect("acknowledged");
        t.slack.next_home("U0CHEN", Duration::from_secs(20), |_| true).await.expect("a Home tab");
        assert_eq!(t.heard("views.publish"), 2, "a redelivered event does nothing");
    }
}
