//! The Home tab: what one sees first in the morning, each their own, and what one can press there.

use std::time::Duration;

use chrono_tz::Tz;
use pacer::domain::subscription::{State, Subscription};
use pacer::domain::time::DAY;
use serde_json::{Value, json};

use crate::harness::facts::{ORG, days_ago, lines, sample};
use crate::harness::forms::words;
use crate::harness::{BOTH, Harness};

const WAIT: Duration = Duration::from_secs(20);

async fn home(t: &Harness, person: &str) -> pacer::sandbox::View {
    let user = format!("U0{}", person.to_uppercase());
    let before = t.slack.home_of(&user).map(|view| view.hash);
    t.slack.open_home(&user).await.expect("acknowledged");
    t.slack.next_home(&user, WAIT, |view| Some(&view.hash) != before.as_ref()).await.expect("a Home tab")
}

fn review(id: &str, reviewer: &str) -> Value {
    json!({"type": "change", "id": id, "repository": "acme/shop", "title": format!("Title of {id}"), "author": "daria", "reviewers": [reviewer],
        "opened_at": days_ago(7).rfc3339(), "ready_at": days_ago(7).rfc3339(), "updated_at": days_ago(7).rfc3339()})
}

fn subscription(t: &Harness, id: &str, channel: &str, author: &str) -> Subscription {
    let now = t.clock.now();
    Subscription {
        id: id.into(),
        kind: "digest".into(),
        channel: channel.into(),
        crontab: "0 9 * * mon".into(),
        zone: Tz::Europe__Berlin,
        settings: json!({}),
        memory: Value::Null,
        author: author.into(),
        created_at: now,
        changed_at: now.plus(-DAY),
        state: State::Active,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_finds_their_teams_what_waits_for_them_and_whether_the_data_is_whole() {
    for transport in BOTH {
        let t = Harness::on(transport).await;
        t.import_json(&sample()).await;
        t.import_json(&lines(&[review("acme/shop#1", "ben")])).await;
        t.apply_org(ORG).await;
        let ben = words(&home(&t, "ben").await);
        assert!(ben.contains("*My team*") && ben.contains("*Payments* deploys "), "{ben}");
        assert!(ben.contains("1 review waits for you, for 5 working days.") && ben.contains("Title of acme/shop#1"), "{ben}");
        assert!(ben.contains("needs a look") || ben.contains("need a look") || ben.contains("fresh"), "{ben}");
        assert!(!ben.contains("What my channels hear"), "{ben}");
        // Daria's team keeps its figures to itself, and she is in it. Chen is in none.
        let daria = words(&home(&t, "daria").await);
        assert!(daria.contains("*Finders* deploys ") && !daria.contains("Title of"), "{daria}");
        let chen = words(&home(&t, "chen").await);
        assert!(chen.contains("*The whole organisation* deploys ") && chen.contains("You are in no team"), "{chen}");
        assert!(!chen.contains("Finders") && !chen.contains("Title of"), "{chen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pressed_there_opens_and_can_be_asked_on() {
    for transport in BOTH {
        let t = Harness::on(transport).await;
        t.import_json(&sample()).await;
        t.apply_org(ORG).await;
        let tab = home(&t, "ben").await;
        t.press_in(&tab, "Details").await;
        let modal = t.next_view("ben", |view| view.body.to_string().contains("DORA - Payments")).await;
        let labels: Vec<&str> =
            modal.body["blocks"].as_array().unwrap().iter().filter_map(|it| it["elements"][0]["text"]["text"].as_str()).collect();
        assert_eq!(labels, ["Why these numbers"], "what needs a channel is not offered: {}", modal.body);
        t.press_in(&modal, "Why these numbers").await;
        t.next_view("ben", |view| view.body.to_string().contains("Deployments")).await;
        assert_eq!(t.heard("chat.postEphemeral") + t.heard("chat.postMessage"), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_is_paused_and_goes_on() {
    let t = Harness::http().await;
    t.apply_org(&format!("{ORG}\n[[teams]]\nid = \"shop\"\nchannels = [\"C0GENERAL\"]\nmembers = [{{ person = \"ben\" }}]\n")).await;
    let keep = async |it: Subscription| t.app.store.keep_subscription(it).await.expect("kept");
    keep(subscription(&t, "aaaaaaaa", "C0GENERAL", "U0CHEN")).await;
    keep(subscription(&t, "bbbbbbbb", "C0RANDOM", "U0DARIA")).await;
    let seen = async |person: &str| words(&home(&t, person).await);
    let ben = seen("ben").await;
    assert!(ben.contains("<#C0GENERAL>") && !ben.contains("<#C0RANDOM>"), "his team's channel: {ben}");
    assert!(seen("daria").await.contains("<#C0RANDOM>"), "her own");
    let ana = seen("ana").await;
    assert!(ana.contains("<#C0GENERAL>") && ana.contains("<#C0RANDOM>"), "an admin sees all: {ana}");
    let tab = home(&t, "ben").await;
    t.press_in(&tab, "Pause").await;
    let paused = t.slack.next_home("U0BEN", WAIT, |view| view.body.to_string().contains("paused")).await.expect("published again");
    let kept = async || t.app.store.subscription("aaaaaaaa").await.expect("read").expect("there").state;
    assert_eq!(kept().await, State::Paused { until: None, by: "U0BEN".into() });
    t.press_in(&paused, "Go on").await;
    t.slack.next_home("U0BEN", WAIT, |view| !view.body.to_string().contains("paused")).await.expect("published again");
    assert_eq!(kept().await, State::Active);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_of_thirty_teams_sees_the_first_and_the_names_of_the_others() {
    let t = Harness::http().await;
    t.import_json(&sample()).await;
    let team = |n: usize| format!("[[teams]]\nid = \"t{n:02}\"\nname = \"Team {n:02}\"\nmembers = [{{ person = \"ben\" }}]\n");
    let people = "[[people]]\nid = \"ben\"\nslack = \"U0BEN\"\n";
    t.apply_org(&format!("{}{people}", (1..=30).map(team).collect::<String>())).await;
    let many: Vec<Value> = (0..40).map(|n| review(&format!("acme/shop#{n}"), "ben")).collect();
    t.import_json(&lines(&many)).await;
    for n in 0..40 {
        t.app.store.keep_subscription(subscription(&t, &format!("aaaaaa{n:02}"), "C0GENERAL", "U0BEN")).await.expect("kept");
    }
    let tab = home(&t, "ben").await;
    let said = words(&tab);
    assert!(
        said.contains("*Team 06*") && !said.contains("*Team 07*") && said.contains("Also Team 07, ") && said.contains("Team 30"),
        "{said}"
    );
    assert!(said.contains("40 reviews wait for you") && said.contains("And 30 more: ask in their channels."), "{said}");
    assert!(said.contains("`/metrics help"), "the end is there: {said}");
}
