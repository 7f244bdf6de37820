//! Alerts: set in Slack with a preview on the last year, fired once, acknowledged, resolved in the same message, held back at night
//! and beyond the channel's budget, silent where the data is.

use std::collections::BTreeMap;

use pacer::app::App;
use pacer::domain::card::Card;
use pacer::domain::time::{At, DAY, HOUR};
use pacer::error::Failure;
use pacer::features::{self, Effect, Press};
use pacer::sandbox::Submitted;
use pacer::schedule;
use pacer::store::outbox::Wanted;
use serde_json::{Value, json};

use crate::harness::facts::{ORG, deployment, incident, lines, sample};
use crate::harness::forms::{form, updated, words};
use crate::harness::{BOTH, Harness, id, labels};

const CHANNEL: &str = "C0PAYMENTS";

/// A story with the sample's data, and a counter for more.
struct Story {
    t: Harness,
    next: std::cell::Cell<i64>,
}

impl Story {
    async fn new() -> Self {
        let t = Harness::http().await;
        t.import_json(&sample()).await;
        t.parsed().await;
        t.apply_org(ORG).await;
        Self { t, next: std::cell::Cell::new(1_000) }
    }

    /// So many deployments of `checkout` now, which fail or not.
    async fn deploy(&self, count: i64, fail: bool) {
        let mut events = Vec::new();
        for place in 0..count {
            let number = self.next.get();
            self.next.set(number + 1);
            let at = self.t.clock.now().plus(-(count - place) * 60_000_000);
            events.push(deployment("checkout", number, at));
            if fail {
                let mut trouble = incident("checkout", number, at);
                trouble["started_at"] = json!(at.plus(1_000_000).rfc3339());
                trouble["resolved_at"] = json!(at.plus(30_000_000).rfc3339());
                events.push(trouble);
            }
        }
        self.t.import_json(&lines(&events)).await;
        self.t.parsed().await;
    }

    /// Runs what is due and sends what may be sent. The sender runs by itself, too, but the story's days pass in moments.
    async fn step(&self) {
        schedule::step(&self.t.app, "test").await.expect("runs");
        pacer::slack::outbox::step(&self.t.app).await.expect("sends");
    }

    /// So many hours, with what is due in each.
    async fn hours(&self, count: usize) {
        for _ in 0..count {
            self.t.advance(HOUR);
            self.step().await;
        }
    }

    /// Until the clock in Berlin shows so many minutes past 12:00 UTC of that day.
    async fn until(&self, text: &str) {
        let at = At::parse(text).expect("an instant");
        while self.t.clock.now() < at {
            self.hours(1).await;
        }
    }

    async fn outbox(&self) -> Vec<Wanted> {
        self.t.app.store.alert_messages().await.expect("rows")
    }

    /// What stands in the channel, once all that pacer says went out.
    async fn told(&self) -> Vec<String> {
        self.t.sent().await;
        self.t.slack.standing(CHANNEL).into_iter().map(|message| message.text).collect()
    }

    /// The channel shows what the outbox says, each message once.
    async fn stands_as_said(&self) {
        let mut said: Vec<String> = self.outbox().await.iter().map(text).collect();
        let mut told = self.told().await;
        said.sort();
        told.sort();
        assert_eq!(told, said);
    }

    /// The only message, as a notification reads it.
    async fn only(&self) -> String {
        let rows = self.outbox().await;
        assert_eq!(rows.len(), 1, "{rows:?}");
        text(&rows[0])
    }

    async fn press(&self, person: &str, action: &str, value: &str, fields: &[(&str, &str)]) -> Result<Effect, Failure> {
        let app: &App = &self.t.app;
        let cx = app.cx(Some(app.asker(&id(person)).in_channel(CHANNEL))).await.expect("a context");
        let fields: BTreeMap<String, String> = fields.iter().map(|(field, value)| ((*field).to_owned(), (*value).to_owned())).collect();
        let effect = features::press(&cx, action, Press { value: value.to_owned(), fields }).await?;
        if let Effect::Say(posts, then) = effect {
            app.store.say(App::wanted(posts, None, cx.now), cx.now).await.expect("said");
            return Ok(*then);
        }
        Ok(effect)
    }

    /// Sets an alert on change fail rate of payments, seen through its preview; its id.
    async fn set(&self, person: &str, fields: &[(&str, &str)]) -> String {
        let mut all = vec![
            ("metric", "change_fail_rate"),
            ("scope", "team:payments"),
            ("rule", "above"),
            ("limit", "30%"),
            ("least", ""),
            ("hours", "working"),
            ("weekly", "3"),
        ];
        for (field, value) in fields {
            all.retain(|(known, _)| known != field);
            all.push((field, value));
        }
        let Effect::Form(form) = self.press(person, "alert_sent", "|", &all).await.expect("a preview") else { panic!("no preview") };
        let before: Vec<String> = self.t.app.store.subscriptions().await.expect("rows").into_iter().map(|row| row.id).collect();
        let Effect::Modal(_) = self.press(person, "alert_sent", &form.state, &all).await.expect("set") else { panic!("not set") };
        let rows = self.t.app.store.subscriptions().await.expect("rows");
        let new = rows.into_iter().find(|row| !before.contains(&row.id));
        new.expect("one more").id
    }

    async fn refused(&self, person: &str, fields: &[(&str, &str)]) -> Vec<(String, String)> {
        let base = [("metric", "change_fail_rate"), ("scope", "team:payments"), ("rule", "above"), ("limit", "30%"), ("least", "")];
        let mut all: Vec<(&str, &str)> = base.into_iter().filter(|(field, _)| fields.iter().all(|(known, _)| known != field)).collect();
        all.extend(fields);
        match self.press(person, "alert_sent", "|", &all).await {
            Ok(Effect::Wrong(_, errors)) => errors,
            other => panic!("errors under fields: {other:?}"),
        }
    }

    async fn listed(&self) -> Value {
        self.t.ask("alert").await["alerts"].clone()
    }
}

fn text(row: &Wanted) -> String {
    serde_json::from_str::<Value>(&row.body).expect("JSON")["text"].as_str().expect("text").to_owned()
}

/// What a button below the only message carries.
fn carried(row: &Wanted) -> String {
    let body: Value = serde_json::from_str(&row.body).expect("JSON");
    let blocks = body["blocks"].as_array().expect("blocks");
    let mut elements = blocks.iter().filter_map(|block| block["elements"].as_array()).flatten();
    elements.find_map(|element| element["value"].as_str()).expect("a button").to_owned()
}

fn said(card: &Card) -> String {
    pacer::render::blocks::message(card)["text"].as_str().expect("text").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_typed_previewed_and_set_in_slack() {
    for transport in BOTH {
        let t = Harness::on(transport).await;
        t.import_json(&sample()).await;
        t.parsed().await;
        t.apply_org(ORG).await;
        let none = t.slash_in("ben", "payments", "alert").await;
        assert!(none.text.contains("No alert is set here yet."), "{}", none.text);
        assert_eq!(labels(&none.blocks), ["Set an alert"]);
        t.slack.slash("U0BEN", "payments", "/metrics", "alert change fail rate above 20 % team:payments").await.expect("acknowledged");
        let sent = form(&t, "ben", "alert_sent").await;
        let text = sent.body.to_string();
        assert!(text.contains("\"initial_value\":\"20 %\"") && text.contains("Team Payments"), "{text}");
        assert!(!text.contains("finders"), "a team that keeps its figures to itself is not offered: {text}");
        let wrong = t.submit(&sent, &[("limit", "150%")]).await;
        assert!(
            matches!(&wrong, Submitted::Errors(errors) if format!("{errors:?}").contains("a share is at most 100 %. Type 15%.")),
            "{wrong:?}"
        );
        let preview = updated(t.submit(&sent, &[("limit", "20%")]).await);
        let said = words(&preview);
        assert!(said.contains("Nothing is set yet") && said.contains("In the last 12 months it would have fired"), "{said}");
        assert_eq!(t.app.store.subscriptions().await.unwrap().len(), 0, "nothing is stored yet");
        let done = updated(t.submit(&preview, &[]).await);
        assert!(words(&done).contains("Change fail rate above 20 %"), "{}", words(&done));
        let list = t.slash_in("chen", "payments", "alert").await;
        assert!(list.text.contains("1 alert, not beyond its limit now."), "{}", list.text);
        assert!(
            list.text.contains("1. Change fail rate above 20 % of Payments (over 28 days, n at least 10). Not looked at yet."),
            "{}",
            list.text
        );
        assert_eq!(labels(&list.blocks), ["Set an alert", "Change", "Pause", "Snooze", "Preview", "Remove"]);
        t.press(&list, "Pause").await;
        let no = t.next_message().await;
        assert!(no.text.contains("An alert is changed by whoever set it, and by admins.") && no.text.contains("U0BEN"), "{}", no.text);
        let list = t.slash_in("ben", "payments", "alert").await;
        t.press(&list, "Pause").await;
        let paused = t.next_message().await;
        assert!(paused.text.contains("It is paused until somebody lets it go on."), "{}", paused.text);
        t.press(&paused, "Go on").await;
        let going = t.next_message().await;
        t.press(&going, "Preview").await;
        let played = t.next_message().await;
        assert!(played.text.contains("In the last 12 months"), "{}", played.text);
        t.press(&played, "Remove").await;
        let sure = t.next_message().await;
        t.press(&sure, "Remove it").await;
        let gone = t.next_message().await;
        assert!(gone.text.contains("No alert is set here yet."), "{}", gone.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_fires_once_is_acknowledged_and_resolves_in_the_same_message() {
    let story = Story::new().await;
    story.set("ben", &[]).await;
    story.hours(2).await;
    assert!(story.outbox().await.is_empty(), "14 % is no news");
    story.deploy(10, true).await;
    story.hours(1).await;
    assert!(story.outbox().await.is_empty(), "once is not yet twice in a row");
    story.hours(3).await;
    let alert = story.only().await;
    println!("{alert}\n");
    assert!(alert.contains("Change fail rate of Payments is") && alert.contains("above the limit of 30 % since 23 Nov"), "{alert}");
    assert!(alert.contains("Worth asking: "), "{alert}");
    let row = story.outbox().await.remove(0);
    assert_eq!((row.channel.as_str(), &row.thread_of), (CHANNEL, &None));
    assert!(labels(serde_json::from_str::<Value>(&row.body).unwrap()["blocks"].as_array().unwrap()).contains(&"Acknowledge".to_owned()));

    // Its receipt holds: the rows, counted again, give the figure.
    let receipt = row.body.split("/metrics why ").nth(1).unwrap()[..8].to_owned();
    let why = story.t.ask(&format!("why {receipt}")).await;
    assert!(why["error"].is_null() && why.to_string().contains("change_fail_rate"), "{why}");
    let value = carried(&row);
    assert!(why["differs"].as_array().is_none_or(Vec::is_empty), "{why}");
    let Ok(Effect::Answer(card)) = story.press("daria", "alert_details", &value, &[]).await else { panic!("details") };
    assert!(card.title.starts_with("Change fail rate - Payments"), "{}", card.title);

    // The first who acknowledges stands in the message; the second hears who.
    let Ok(Effect::Answer(card)) = story.press("chen", "alert_acknowledge", &value, &[]).await else { panic!("private") };
    assert!(said(&card).contains("Everybody sees"), "{}", said(&card));
    story.t.advance(1_000_000);
    let Ok(Effect::Answer(card)) = story.press("ana", "alert_acknowledge", &value, &[]).await else { panic!("private") };
    assert!(said(&card).contains("<@U0CHEN> has seen to it already."), "{}", said(&card));
    let seen = story.only().await;
    println!("{seen}\n");
    assert!(seen.contains("Acknowledged by <@U0CHEN>, 23 Nov"), "{seen}");
    story.hours(2).await;
    assert_eq!(story.only().await, seen, "a slot says the same again");

    // What is wrong with it is kept, with what mends it.
    let Ok(Effect::Form(ask)) = story.press("chen", "alert_wrong", &value, &[]).await else { panic!("a form") };
    let told = [("choice", "too_sensitive"), ("words", "we had a drill")];
    let Ok(Effect::Modal(card)) = story.press("chen", "alert_wrong_sent", &ask.state, &told).await else { panic!("thanks") };
    println!("{}\n", said(&card));
    assert!(
        said(&card).contains("it would not have fired this time") && said(&card).contains("It is changed by <@U0BEN>"),
        "{}",
        said(&card)
    );
    let Ok(Effect::Modal(card)) = story.press("ben", "alert_wrong_sent", &ask.state, &[("choice", "wrong_data")]).await else {
        panic!("thanks")
    };
    assert!(said(&card).contains("/metrics health team:payments") && said(&card).contains("/metrics why"), "{}", said(&card));
    let mut marks = story.t.app.store.marks(value.split(':').next().unwrap()).await.unwrap();
    marks.sort_by_key(|mark| mark.person == "U0BEN");
    let wrong: Vec<_> = marks
        .iter()
        .filter(|mark| mark.kind == "wrong")
        .map(|mark| (mark.person.as_str(), mark.choice.as_deref(), mark.words.as_deref()))
        .collect();
    assert_eq!(wrong, [("U0CHEN", Some("too_sensitive"), Some("we had a drill")), ("U0BEN", Some("wrong_data"), None)]);

    // Thirty that hold: back inside by a margin, and so for a day.
    story.deploy(30, false).await;
    story.hours(20).await;
    assert!(story.only().await.contains("Alert - Payments"), "not yet for a day");
    story.deploy(1, false).await;
    story.hours(8).await;
    let over = story.only().await;
    println!("{over}\n");
    assert!(over.contains("Resolved - Payments") && over.contains("is back inside: ") && over.contains("It was beyond for 1"), "{over}");
    assert!(over.contains("Acknowledged by <@U0CHEN>"), "{over}");
    let list = story.listed().await;
    assert_eq!((list[0]["state"].as_str(), list[0]["fired_90_days"].as_i64()), (Some("inside"), Some(1)), "{list}");
    let Ok(Effect::Replace(card)) = story.press("ben", "alert_list", "", &[]).await else { panic!("a list") };
    println!("{}\n", said(&card));
    assert!(
        said(&card).contains("Fired 1 time in 90 days, last from 23 Nov for 1") && said(&card).contains("2 people called it wrong."),
        "{}",
        said(&card)
    );
    story.stands_as_said().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_hears_so_many_a_week_and_the_rest_is_held_back() {
    let story = Story::new().await;
    for limit in ["30%", "28%", "26%", "24%", "22%"] {
        story.set("ben", &[("limit", limit)]).await;
    }
    story.deploy(12, true).await;
    story.hours(4).await;
    assert_eq!(story.outbox().await.len(), 3, "at most three a week");
    let Ok(Effect::Replace(card)) = story.press("ana", "alert_list", "", &[]).await else { panic!("a list") };
    println!("{}\n", said(&card));
    let list = pacer::render::json(&card);
    assert_eq!(list["alerts"].as_array().unwrap().iter().filter(|alert| alert["held_back"] == 1).count(), 2);
    assert!(said(&card).contains("5 alerts, 5 of them beyond their limit now."), "{}", said(&card));
    // One that may be told more often is, and tells of the others.
    story.set("ben", &[("limit", "20%"), ("weekly", "10"), ("hours", "any")]).await;
    story.hours(3).await;
    let rows = story.outbox().await;
    assert_eq!(rows.len(), 4);
    let others =
        rows.iter().filter(|row| row.body.contains("2 more alerts were held back: this channel hears at most 3 alerts a week.")).count();
    assert_eq!(others, 1, "told in one line");
    // However many ask at one time, a channel's places are given once, and to the same messages.
    let now = story.t.clock.now();
    let ask = |number: usize| {
        let kept = &story.t.app.store;
        async move { kept.take_alert_place("C0SEARCH", &format!("alert/x/{number}"), 3, now).await.expect("an answer") }
    };
    let first = futures::future::join_all((0..10).map(ask)).await;
    assert_eq!(first.iter().filter(|taken| **taken).count(), 3);
    assert_eq!(futures::future::join_all((0..10).map(ask)).await, first);
    // A week later they are still beyond, and told.
    for _ in 0..8 {
        story.hours(24).await;
        story.deploy(1, true).await;
    }
    assert_eq!(story.outbox().await.len(), 6);
    story.stands_as_said().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_at_night_and_what_came_and_went_is_not_told_at_all() {
    let story = Story::new().await;
    story.set("ben", &[]).await;
    let loud = story.set("ben", &[("hours", "any"), ("limit", "29%")]).await;
    story.until("2026-11-23T18:00:00Z").await;
    story.deploy(10, true).await;
    story.until("2026-11-24T06:00:00Z").await;
    let rows = story.outbox().await;
    assert_eq!(rows.iter().filter(|row| row.key.contains(&loud)).count(), rows.len(), "only what may be told at any hour");
    assert_eq!(rows.len(), 1);
    story.until("2026-11-24T08:30:00Z").await;
    let rows = story.outbox().await;
    assert_eq!(rows.len(), 2, "8:00 in Berlin is past");
    let quiet = rows.iter().find(|row| !row.key.contains(&loud)).map(text).unwrap();
    assert!(quiet.contains("since 23 Nov 19:") || quiet.contains("since 23 Nov 20:"), "{quiet}");

    // What begins on Saturday and is over on Sunday night is listed, and nobody hears of it.
    story.stands_as_said().await;
    let story = Story::new().await;
    story.set("ben", &[]).await;
    for day in 24..=27 {
        story.until(&format!("2026-11-{day}T12:00:00Z")).await;
        story.deploy(1, false).await;
    }
    story.until("2026-11-28T09:00:00Z").await;
    story.deploy(10, true).await;
    story.hours(3).await;
    story.deploy(30, false).await;
    story.until("2026-11-30T10:00:00Z").await;
    assert!(story.outbox().await.is_empty());
    let list = story.listed().await;
    assert_eq!((list[0]["state"].as_str(), list[0]["fired_90_days"].as_i64()), (Some("inside"), Some(1)), "{list}");
    story.stands_as_said().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn paused_snoozed_too_few_and_stale_alerts_neither_begin_nor_end() {
    let story = Story::new().await;
    let paused = story.set("ben", &[]).await;
    let few = story.set("ben", &[("least", "500"), ("limit", "29%")]).await;
    let fires = story.set("ben", &[("limit", "28%")]).await;
    assert!(matches!(story.press("chen", "alert_pause", &paused, &[]).await, Err(Failure::User(_))));
    story.press("ana", "alert_pause", &paused, &[]).await.expect("an admin may");
    story.deploy(10, true).await;
    story.hours(4).await;
    let rows = story.outbox().await;
    assert_eq!(rows.iter().map(|row| row.key.contains(&fires)).collect::<Vec<_>>(), [true]);
    let of = |list: &Value, id: &str| list.as_array().unwrap().iter().find(|alert| alert["id"] == id).unwrap().clone();
    let list = story.listed().await;
    assert_eq!(of(&list, &paused)["state"], "paused");
    assert_eq!((of(&list, &few)["state"].as_str(), of(&list, &few)["value"].is_null()), (Some("not_judged"), true));
    assert!(of(&list, &few)["why"].as_str().unwrap().contains("where 500 are needed"), "{list}");

    // The source falls silent: the alert stays as it is, and says why.
    let before = story.only().await;
    story.t.advance(22 * DAY);
    story.hours(3).await;
    assert_eq!(story.only().await, before, "three weeks later most of what is known is out of the window");
    let list = story.listed().await;
    let why = of(&list, &fires)["why"].as_str().unwrap().to_owned();
    assert!(why.starts_with("paused: json has told nothing for ") && why.ends_with("working days"), "{why}");
    assert_eq!(of(&list, &fires)["state"], "beyond");

    // Snoozed from the list, it is let go on by whoever set it.
    let Ok(Effect::Form(ask)) = story.press("chen", "alert_snooze", &format!("{few}:"), &[]).await else { panic!("a form") };
    story.press("chen", "alert_snooze_sent", &ask.state, &[("days", "1")]).await.expect("snoozed");
    assert_eq!(of(&story.listed().await, &few)["state"], "paused");
    story.press("ben", "alert_go_on", &few, &[]).await.expect("goes on");
    assert_ne!(of(&story.listed().await, &few)["state"], "paused");

    // Snoozed below its message: the message says so, and nothing is looked at.
    let value = carried(&story.outbox().await[0]);
    let Ok(Effect::Form(ask)) = story.press("chen", "alert_snooze", &value, &[]).await else { panic!("a form") };
    let Ok(Effect::Modal(_)) = story.press("chen", "alert_snooze_sent", &ask.state, &[("days", "7")]).await else { panic!("snoozed") };
    assert!(story.only().await.contains("Snoozed by <@U0CHEN> until "), "{}", story.only().await);
    story.deploy(20, false).await;
    story.hours(30).await;
    assert!(story.only().await.contains("Snoozed by"), "not looked at");
    assert_eq!(of(&story.listed().await, &fires)["state"], "paused");
    story.stands_as_said().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_an_alert_is_said_under_its_field() {
    let story = Story::new().await;
    let check = async |person: &str, fields: &[(&str, &str)], field: &str, part: &str| {
        let errors = story.refused(person, fields).await;
        assert!(errors.iter().any(|(under, error)| under == field && error.contains(part)), "{fields:?}: {errors:?}");
    };
    check("ben", &[("limit", "abc")], "limit", "abc is no limit for change fail rate: I can't read it. Type 15%.").await;
    check("ben", &[("limit", "")], "limit", "Type the limit, for example 15%.").await;
    check("ben", &[("limit", "-5%")], "limit", "a limit is 0 or more").await;
    check("ben", &[("limit", "150%")], "limit", "a share is at most 100 %").await;
    check("ben", &[("limit", "100%")], "limit", "No share is above 100 %").await;
    check("ben", &[("limit", "0%"), ("rule", "below")], "limit", "Nothing is below 0").await;
    check("ben", &[("metric", "change_lead_time"), ("limit", "15%")], "limit", "Type 3d or 36h.").await;
    check("ben", &[("metric", "velocity")], "metric", "There is no metric Velocity").await;
    check("ben", &[("metric", "ai_assisted_share"), ("rule", "own")], "rule", "neither better nor worse").await;
    check("ben", &[("least", "many")], "least", "many is not a count").await;
    check("ben", &[("scope", "team:paymnets")], "scope", "Did you mean `payments`?").await;
    check("ben", &[("scope", "service:nope")], "scope", "I do not know the service `nope`.").await;
    check("ben", &[("scope", "payments 30d")], "scope", "one team, one service or the whole organisation").await;
    check("ben", &[("scope", "team:finders")], "scope", "shows its figures to its members only").await;
    check("ben", &[("scope", "service:search")], "scope", "shows its figures to its members only").await;
    check("daria", &[("scope", "team:finders")], "scope", "this is not a channel of theirs").await;
    assert!(story.t.app.store.subscriptions().await.unwrap().is_empty());
    // Typed, a metric that there is none of is said at once; and set twice it is set once.
    let no = story.t.slash_in("ben", "payments", "alert velocity above 3").await;
    assert!(no.text.contains("I do not know the metric `velocity`."), "{}", no.text);
    let terminal = story.t.ask("alert change_fail_rate above 15%").await;
    assert!(terminal.to_string().contains("An alert is set in Slack."), "{terminal}");
    story.set("ben", &[]).await;
    let same = [
        ("metric", "change_fail_rate"),
        ("scope", "team:payments"),
        ("rule", "above"),
        ("limit", "0.3"),
        ("least", "10"),
        ("hours", "working"),
        ("weekly", "3"),
    ];
    let Ok(Effect::Modal(card)) = story.press("chen", "alert_sent", "|", &same).await else { panic!("told") };
    assert!(said(&card).contains("is set already, just like this"), "{}", said(&card));
    // A button of an alert that is gone.
    let Err(Failure::User(error)) = story.press("ben", "alert_acknowledge", "zzzzzzzz:1", &[]).await else { panic!("gone") };
    assert_eq!(error.message, "This alert was removed.");
    // A team that keeps its figures to itself has them in its own channel alone.
    story.t.apply_org(&ORG.replace("visibility = \"team\"", "visibility = \"team\"\nchannels = [\"C0PAYMENTS\"]")).await;
    let id = story.set("daria", &[("scope", "team:finders")]).await;
    let list = story.t.slash_in("ben", "payments", "alert").await;
    assert!(list.text.contains("Its figures are its team's own."), "{}", list.text);
    assert!(matches!(story.press("ben", "alert_preview", &id, &[]).await, Err(Failure::User(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_team_shows_to_its_members_alone_is_told_nowhere_else_and_what_is_removed_says_so() {
    let story = Story::new().await;
    let id = story.set("ben", &[("hours", "any")]).await;
    // The team closes its figures: this channel is not one of theirs.
    let closed = ORG.replacen("members = [{ person = \"ben\" }]", "members = [{ person = \"ben\" }]\nvisibility = \"team\"", 1);
    story.t.apply_org(&closed).await;
    story.deploy(10, true).await;
    story.hours(3).await;
    assert!(story.outbox().await.is_empty());
    assert!(story.listed().await[0]["at"].is_null(), "not even looked at");
    // It becomes one of theirs.
    story.t.apply_org(&closed.replacen("visibility", "channels = [\"C0PAYMENTS\"]\nvisibility", 1)).await;
    story.hours(2).await;
    assert!(story.only().await.contains("Alert - Payments"));
    let value = carried(&story.outbox().await[0]);
    assert!(matches!(story.press("daria", "alert_details", &value, &[]).await, Err(Failure::User(_))), "figures are its members'");
    // Two see to it at the same moment: one of them stands in the message, and both are kept.
    let (one, two) =
        tokio::join!(story.press("ben", "alert_acknowledge", &value, &[]), story.press("chen", "alert_acknowledge", &value, &[]));
    one.and(two).expect("both are answered");
    story.hours(1).await;
    assert!(story.only().await.contains("Acknowledged by <@U0"), "{}", story.only().await);
    // Changed to another limit, the episode under way ends as that; removed, likewise.
    let Ok(Effect::Form(form)) = story.press("ben", "alert_change", &id, &[]).await else { panic!("a form") };
    let fields = [("metric", "change_fail_rate"), ("scope", "team:payments"), ("rule", "above"), ("limit", "20%")];
    let Ok(Effect::Form(form)) = story.press("ben", "alert_sent", &form.state, &fields).await else { panic!("a preview") };
    story.press("ben", "alert_sent", &form.state, &fields).await.expect("changed");
    story.hours(3).await;
    let rows: Vec<String> = story.outbox().await.iter().map(text).collect();
    assert_eq!(rows.iter().filter(|text| text.contains("the alert was changed or removed.")).count(), 1, "{rows:?}");
    assert!(rows.iter().any(|text| text.starts_with("Alert - ") && text.contains("the limit of 20 %")), "{rows:?}");
    story.press("ben", "alert_removed", &id, &[]).await.expect("removed");
    let rows: Vec<String> = story.outbox().await.iter().map(text).collect();
    assert!(rows.len() == 2 && rows.iter().all(|text| text.contains("the alert was changed or removed.")), "{rows:?}");
    assert!(story.listed().await.as_array().is_some_and(Vec::is_empty));
    story.stands_as_said().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_of_slots_says_what_happened_and_nothing_else() {
    let story = Story::new().await;
    story.set("ben", &[("metric", "deployment_frequency"), ("rule", "below"), ("limit", "2/week"), ("hours", "any")]).await;
    story.set("ben", &[("rule", "own"), ("limit", ""), ("hours", "any")]).await;
    // A deployment a day; none in a fortnight of spring and three weeks of autumn, while an incident of another service shows
    // that the source is alive.
    for day in 0..365 {
        let dry = (120..150).contains(&day) || (250..285).contains(&day);
        if dry {
            story.t.import_json(&lines(&[deployment("search", 5_000 + day, story.t.clock.now().plus(-HOUR))])).await;
        } else {
            story.deploy(1, day % 8 == 0).await;
        }
        story.t.advance(DAY);
        story.step().await;
    }
    story.t.parsed().await;
    let told = story.told().await;
    for text in &told {
        println!("{text}\n");
    }
    let of = |metric: &str| told.iter().filter(|text| text.contains(metric)).collect::<Vec<_>>();
    let rare = of(" - Payments - Deployment frequency");
    assert_eq!(rare.len(), 2, "one message an episode");
    assert!(rare.iter().all(|text| text.starts_with("Resolved - ")), "{rare:?}");
    assert!(of("Change fail rate").len() <= 1, "{told:?}");
}

/// What 1,000 alerts cost on the sample organisation of the demo: `cargo test --test it alerts_cost -- --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn a_thousand_alerts_cost_little() {
    let t = Harness::demo().await;
    let teams: Vec<String> =
        t.app.store.org(t.clock.now()).await.expect("organisation").org.live_teams().map(|(id, _)| id.to_owned()).collect();
    let metrics: Vec<&str> = pacer::domain::metric::with_target().map(|known| known.id).collect();
    let ana = |t: &Harness| t.app.asker("U0ANA").in_channel(CHANNEL);
    for scope in ["team:payments", "team:all"] {
        for (metric, rule, limit) in [
            ("change_fail_rate", "above", "15%"),
            ("change_lead_time", "above", "2d"),
            ("cycle_time", "above", "3d"),
            ("wip", "above", "40"),
            ("change_lead_time", "own", ""),
            ("deployment_frequency", "own", ""),
        ] {
            let began = std::time::Instant::now();
            let cx = t.app.cx(Some(ana(&t))).await.expect("a context");
            let fields = [("metric", metric), ("scope", scope), ("rule", rule), ("limit", limit), ("least", "")];
            let fields = fields.map(|(field, value)| (field.to_owned(), value.to_owned())).into();
            let Effect::Form(form) = features::press(&cx, "alert_sent", Press { value: "|".into(), fields }).await.expect("a preview")
            else {
                panic!("no preview")
            };
            println!("preview {scope} {metric} {rule} {limit}: {} ms\n  {:?}", began.elapsed().as_millis(), form.fields[0].input);
        }
    }
    for number in 0..1_000_usize {
        let own = number % 4 == 0;
        let metric = metrics[number % metrics.len()];
        let limit = match pacer::domain::metric::find(metric).expect("known").unit {
            "seconds" => 172_800.0,
            "fraction" => 0.15,
            _ => 5.0,
        };
        let scope = if number % 10 == 0 { json!("organisation") } else { json!({"team": teams[number % teams.len()]}) };
        let rule = if own { json!("own_range") } else { json!({"above": limit}) };
        t.app
            .store
            .keep_subscription(pacer::domain::subscription::Subscription {
                id: format!("alert{number:03}"),
                kind: "alert".into(),
                channel: format!("C0{}", number % 200),
                crontab: format!("{} * * * *", number % 60),
                zone: chrono_tz::UTC,
                settings: json!({"metric": metric, "scope": scope, "rule": rule, "least": 5, "any_hour": true, "weekly": 3}),
                memory: Value::Null,
                author: "U0ANA".into(),
                created_at: t.clock.now(),
                changed_at: t.clock.now(),
                state: pacer::domain::subscription::State::Active,
            })
            .await
            .expect("kept");
    }
    let all = t.app.store.subscriptions().await.expect("rows");
    let alone = std::time::Instant::now();
    for subscription in all {
        let due = pacer::domain::subscription::Due { subscription, at: t.clock.now() };
        let cx = t.app.cx(None).await.expect("a context");
        (features::SUBSCRIBED.iter().find(|kind| kind.kind == "alert").expect("in the table").run)(&cx, &due).await.expect("evaluated");
    }
    println!("an evaluation alone, without its lease and writes: {} us", alone.elapsed().as_micros() / 1_000);
    for hour in 0..3 {
        let (began, mut ran, mut slowest) = (std::time::Instant::now(), 0, 0);
        for _ in 0..60 {
            t.advance(60_000_000);
            let step = std::time::Instant::now();
            ran += schedule::step(&t.app, "test").await.expect("runs").iter().filter(|name| name.starts_with("alert/")).count();
            slowest = slowest.max(step.elapsed().as_millis());
        }
        let idle = std::time::Instant::now();
        schedule::step(&t.app, "test").await.expect("runs");
        println!(
            "hour {hour}: {ran} evaluations in {} ms, slowest minute {slowest} ms, a tick with nothing due {} ms, {} messages",
            began.elapsed().as_millis(),
            idle.elapsed().as_millis(),
            t.app.store.alert_messages().await.expect("rows").len()
        );
    }
    let rows = t.app.store.alert_messages().await.expect("rows");
    for row in rows.iter().take(3) {
        println!("{}", text(row));
    }
}
