//! Digests: a channel subscribes by a form, hears what is new once, and can quiet it; closed teams stay closed.

use std::collections::BTreeMap;
use std::time::Instant;

use pacer::domain::card::Scope;
use pacer::domain::post::Said;
use pacer::domain::subscription::{Due, State, Subscription};
use pacer::domain::time::{At, DAY, HOUR, SECOND, WEEK};
use pacer::error::Failure;
use pacer::features::{self, Effect, Press, SUBSCRIBED};
use pacer::sandbox::Message;
use pacer::schedule;
use serde_json::{Value, json};

use crate::harness::facts::{ORG, days_ago, deployment, incident, lines, sample};
use crate::harness::forms::{errors, form, initial, updated, words};
use crate::harness::{Harness, id, labels};

/// The Monday after the story's beginning, at 9 in Berlin: 20 hours short of a week later.
const TO_MONDAY: i64 = WEEK - 4 * HOUR;

/// The sample's `checkout` and Payments, in which Ben is.
async fn begun() -> Harness {
    let t = Harness::http().await;
    t.import_json(&sample()).await;
    t.apply_org(ORG).await;
    t
}

/// What `checkout` deploys in the `n`-th week after the story's beginning, as before: every two days, some of it failing.
async fn another_week(t: &Harness, n: i64) {
    let days = (0..7).filter(|day| (7 * n + day) % 2 == 1);
    let mut events = Vec::new();
    for day in days {
        let since = 7 * n + day;
        let (number, at) = (120 + since / 2, days_ago(-since));
        events.push(deployment("checkout", number, at));
        if number % 6 == 2 {
            events.push(incident("checkout", number, at));
        }
    }
    t.import_json(&lines(&events)).await;
}

/// Subscribes a channel to what the form begins with, and with these values.
async fn subscribed(t: &Harness, person: &str, fields: &[(&str, &str)]) -> Subscription {
    let card = t.slash_in(person, "payments", "digest").await;
    let label = labels(&card.blocks).into_iter().find(|label| ["Subscribe this channel", "Add another"].contains(&label.as_str()));
    t.press(&card, &label.expect("a button")).await;
    let preview = updated(t.submit(&form(t, person, "digest_sent").await, fields).await);
    updated(t.submit(&preview, &[]).await);
    t.app.store.subscriptions().await.unwrap().pop().expect("one")
}

async fn step(t: &Harness) -> Vec<String> {
    let ran = schedule::step(&t.app, "test").await.expect("runs");
    t.sent().await;
    ran.into_iter().filter(|name| name.starts_with("digest/")).collect()
}

/// Key, thread and text of each row of the outbox, in the order of keys.
fn outbox(t: &Harness) -> Vec<(String, String, String)> {
    let rows = t.database.texts("select key || '|' || coalesce(thread_of, '') || '|' || body from outbox order by key");
    let read = |row: String| {
        let parts: Vec<&str> = row.splitn(3, '|').collect();
        let body: Value = serde_json::from_str(parts[2]).expect("JSON");
        (parts[0].to_owned(), parts[1].to_owned(), body["text"].as_str().expect("a text").to_owned())
    };
    rows.into_iter().map(read).collect()
}

/// The last slots of a subscription: what came of them and why.
async fn outcomes(t: &Harness, subscription: &Subscription) -> Vec<(String, String)> {
    let slots = t.app.store.outcomes(&format!("digest/{}", subscription.id), 9).await.unwrap();
    slots.into_iter().map(|slot| (slot.outcome.unwrap_or_default(), slot.note.unwrap_or_default())).collect()
}

/// Presses a button as that person, without Slack.
async fn pressed(t: &Harness, person: &str, action: &str, value: &str) -> Result<Effect, Failure> {
    let asker = t.app.asker(&id(person)).in_channel("C0PAYMENTS");
    let cx = t.app.cx(Some(asker)).await.unwrap();
    features::press(&cx, action, Press { value: value.to_owned(), ..Press::default() }).await
}

fn refused(result: Result<Effect, Failure>) -> String {
    match result {
        Err(Failure::User(error)) => format!("{} {} {}", error.message, error.hint, error.ask.join(" ")),
        other => panic!("refused: {other:?}"),
    }
}

fn answered(result: Result<Effect, Failure>) -> String {
    match result.expect("done") {
        Effect::Answer(card) => pacer::render::blocks::message(&card)["text"].as_str().expect("a text").to_owned(),
        other => panic!("a private answer of its own: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_subscribes_her_channel_and_it_hears_what_is_new_once() {
    let t = begun().await;
    // The last deployment failed, and its incident is open.
    let mut open = incident("checkout", 119, days_ago(1));
    open.as_object_mut().expect("an object").remove("resolved_at");
    t.import_json(&lines(&[open])).await;
    let card = t.slash_in("ben", "payments", "digest").await;
    assert!(card.text.contains("This channel hears no digest yet"), "{}", card.text);
    t.press(&card, "Subscribe this channel").await;
    let asked = form(&t, "ben", "digest_sent").await;
    let begins = ["about", "template", "day", "hour", "often", "zone"].map(|field| initial(&asked, field));
    assert_eq!(json!(begins), json!(["payments", "team", "mon", "9", "each", "Europe/Berlin"]));
    let preview = updated(t.submit(&asked, &[]).await);
    let said = words(&preview);
    for expect in [
        "Nothing is stored yet. What the channel would hear now:",
        "Payments deployed 14 times",
        "1 failed deployment is not recovered yet, for 1 day",
        "Over the last 12 weeks it would have posted",
        "`/invite @pacer`",
    ] {
        assert!(said.contains(expect), "{expect}\n{said}");
    }
    assert!(t.app.store.subscriptions().await.unwrap().is_empty(), "nothing is stored yet");
    let done = words(&updated(t.submit(&preview, &[]).await));
    assert!(done.contains("hears a digest of Payments: Mondays at 09:00 (Europe/Berlin). First on 30 Nov 09:00."), "{done}");
    let subscription = t.app.store.subscriptions().await.unwrap().pop().expect("one");
    assert_eq!((subscription.channel.as_str(), subscription.author.as_str()), ("C0PAYMENTS", "U0BEN"));

    another_week(&t, 0).await;
    t.advance(TO_MONDAY - HOUR);
    assert!(step(&t).await.is_empty(), "an hour early");
    t.advance(HOUR + 20_000_000);
    assert_eq!(step(&t).await, [format!("digest/{}", subscription.id)]);
    assert!(step(&t).await.is_empty(), "once");
    let rows = outbox(&t);
    let key = format!("digest/{}/2026-11-30T08:00:00Z", subscription.id);
    assert_eq!(
        rows.iter().map(|(key, thread, _)| (key, thread)).collect::<Vec<_>>(),
        [(&key, &String::new()), (&format!("{key}/0"), &key)]
    );
    assert!(rows[0].2.starts_with("Digest - Payments - 4 weeks to 30 Nov. Payments deployed 14 times"), "{}", rows[0].2);
    assert!(rows[1].2.contains("All figures of Payments") && rows[1].2.contains("Change lead time"), "{}", rows[1].2);
    // Its figures have receipts like any answer.
    let receipts = t.database.texts("select id from receipt where command like 'dora%4w' order by asked_at desc");
    let why = t.ask(&format!("why {}", receipts[0])).await;
    assert_eq!((&why["rows_total"], &why["equal"], &why["scope"]), (&json!(14), &json!(true), &json!({"team": "payments"})));

    another_week(&t, 1).await;
    t.advance(WEEK);
    assert_eq!(step(&t).await.len(), 1);
    assert_eq!(outcomes(&t, &subscription).await[0], ("quiet".into(), "Nothing new: what was told before still holds.".into()));
    assert_eq!(outbox(&t).len(), 2, "a quiet week posts nothing");
    let card = t.slash_in("chen", "payments", "digest").await;
    for expect in
        ["hears a digest of Payments on Mondays at 09:00", "7 Dec 09:00: quiet. Nothing new", "30 Nov 09:00: said", "Next: 14 Dec 09:00"]
    {
        assert!(card.text.contains(expect), "{expect}: {}", card.text);
    }
    let row = &t.ask("digest").await["subscriptions"][0];
    assert_eq!(
        (&row["about"], &row["last"]["outcome"], &row["next"]),
        (&json!("Payments"), &json!("quiet"), &json!("2026-12-14T08:00:00Z"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_runs_again_says_the_same_under_the_same_key() {
    let t = begun().await;
    let before = subscribed(&t, "ben", &[]).await;
    t.advance(TO_MONDAY);
    let at = t.clock.now();
    step(&t).await;
    let run = async |subscription: &Subscription| -> Said {
        let due = Due { subscription: subscription.clone(), at };
        (SUBSCRIBED[0].run)(&t.app.cx(None).await.unwrap(), &due).await.unwrap()
    };
    let after = t.app.store.subscription(&before.id).await.unwrap().expect("kept");
    assert_ne!(after.memory, before.memory);
    let (first, again) = (run(&before).await, run(&after).await);
    assert_eq!(first, again);
    let bodies =
        |said: Said| said.posts.into_iter().map(|post| pacer::render::blocks::message(&post.card)["text"].clone()).collect::<Vec<_>>();
    assert_eq!(json!(bodies(again)), json!(outbox(&t).into_iter().map(|(_, _, text)| text).collect::<Vec<_>>()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_stands_under_its_field() {
    let t = begun().await;
    let card = t.slash_in("ben", "payments", "digest").await;
    t.press(&card, "Subscribe this channel").await;
    let asked = form(&t, "ben", "digest_sent").await;
    let check = async |fields: &[(&str, &str)], field: &str, expect: &str| {
        let right = [("zone", "Europe/Berlin"), ("crontab", ""), ("more", "")].into_iter().filter(|(known, _)| *known != field);
        let errors = errors(t.submit(&asked, &right.chain(fields.iter().copied()).collect::<Vec<_>>()).await);
        assert_eq!(errors.keys().collect::<Vec<_>>(), [field]);
        assert!(errors[field].contains(expect), "{}", errors[field]);
    };
    check(&[("zone", "Mars")], "zone", "There is no zone of that name").await;
    check(&[("zone", "berlin")], "zone", "Did you mean Europe/Berlin?").await;
    check(&[("crontab", "*/30 * * * *")], "crontab", "at most once an hour").await;
    check(&[("crontab", "every monday")], "crontab", "0 9 * * mon").await;
    check(&[("more", "paymnts")], "more", "I know no team paymnts. Did you mean payments?").await;
    check(&[("more", "finders")], "more", "Team `finders` shows its figures to its members only".replace('`', "").as_str()).await;
    let all = errors(t.submit(&asked, &[("zone", "Mars"), ("crontab", "x"), ("more", "nobody")]).await);
    assert_eq!(all.keys().collect::<Vec<_>>(), ["crontab", "more", "zone"]);
    assert!(t.app.store.subscriptions().await.unwrap().is_empty());
    // Right at last, and then exactly the same once more.
    let right = updated(t.submit(&asked, &[("zone", "Europe/Berlin"), ("crontab", ""), ("more", "")]).await);
    updated(t.submit(&right, &[]).await);
    let card = t.slash_in("ben", "payments", "digest").await;
    t.press(&card, "Add another").await;
    let again = errors(t.submit(&form(&t, "ben", "digest_sent").await, &[]).await);
    assert_eq!(again["about"], "This channel hears exactly that already.");
}

#[tokio::test(flavor = "multi_thread")]
async fn anybody_quiets_it_but_only_its_author_or_an_admin_changes_or_ends_it() {
    let t = begun().await;
    let subscription = subscribed(&t, "ben", &[]).await;
    let id = subscription.id.as_str();
    let state = async || t.app.store.subscription(id).await.unwrap().expect("kept").state;
    let shown = async |message: &Message, label: &str| {
        t.advance(10 * SECOND); // no double click
        t.press(message, label).await;
        t.next_message().await
    };
    let card = t.slash_in("chen", "payments", "digest").await;
    assert_eq!(labels(&card.blocks), ["Preview", "Change", "Pause", "Snooze a week", "Less often", "Unsubscribe", "Add another"]);
    let paused = shown(&card, "Pause").await;
    assert!(paused.text.contains("Paused by <@U0CHEN>"), "{}", paused.text);
    assert_eq!(state().await, State::Paused { until: None, by: "U0CHEN".into() });
    t.advance(TO_MONDAY);
    assert!(step(&t).await.is_empty());
    let resumed = shown(&paused, "Resume").await;
    assert!(resumed.text.contains("Next: 7 Dec 09:00"), "{}", resumed.text);
    let snoozed = shown(&resumed, "Snooze a week").await;
    assert!(snoozed.text.contains("Snoozed by <@U0CHEN> until 7 Dec 09:00. Next: 14 Dec 09:00"), "{}", snoozed.text);
    let resumed = shown(&snoozed, "Resume").await;
    let rarer = shown(&resumed, "Less often").await;
    assert!(rarer.text.contains("every second Monday at 09:00 (Europe/Berlin)") && rarer.text.contains("Next: 14 Dec"), "{}", rarer.text);
    let rarer = shown(&rarer, "Less often").await;
    assert!(rarer.text.contains("the first Monday of a month") && rarer.text.contains("Next: 7 Dec"), "{}", rarer.text);
    assert!(refused(pressed(&t, "chen", "digest_less", id).await).contains("once a month already"));
    for action in ["digest_end", "digest_change"] {
        let no = refused(pressed(&t, "chen", action, id).await);
        assert!(no.contains("Whoever subscribed this channel") && no.contains("U0BEN"), "{no}");
    }
    assert!(matches!(pressed(&t, "ana", "digest_change", id).await, Ok(Effect::Form(_))), "an admin");
    let card = t.slash_in("ben", "payments", "digest").await;
    let ended = shown(&card, "Unsubscribe").await;
    assert!(ended.text.contains("hears no digest of Payments any more"), "{}", ended.text);
    assert!(refused(pressed(&t, "ben", "digest_pause", id).await).contains("no such digest any more"));
    t.advance(2 * WEEK);
    assert!(step(&t).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn below_a_posted_digest_a_press_answers_privately_and_changes_no_message() {
    let t = begun().await;
    let subscription = subscribed(&t, "ben", &[]).await;
    t.advance(TO_MONDAY);
    step(&t).await;
    let said = format!("{}:said", subscription.id);
    let body: Value = serde_json::from_str(&t.database.texts("select body from outbox where thread_of is null")[0]).unwrap();
    let buttons: Vec<&Value> = body["blocks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|block| block["type"] == "actions")
        .flat_map(|block| block["elements"].as_array().unwrap())
        .collect();
    let values: Vec<(&str, &str)> =
        buttons.iter().map(|button| (button["action_id"].as_str().unwrap(), button["value"].as_str().unwrap())).collect();
    assert_eq!(labels(body["blocks"].as_array().unwrap()), ["Details", "Useful", "Less often", "Snooze a week"]);
    assert_eq!(values[1..], [("digest_useful", said.as_str()), ("digest_less", &said), ("digest_snooze", &said)]);
    let details = answered(pressed(&t, "chen", values[0].0, values[0].1).await);
    assert!(details.starts_with("DORA - Payments - 4 weeks to 30 Nov"), "{details}");
    for _ in 0..2 {
        assert!(answered(pressed(&t, "chen", "digest_useful", &said).await).contains("Thanks: counted, without your name."));
    }
    let kept = t.app.store.subscription(&subscription.id).await.unwrap().unwrap();
    assert_eq!((kept.settings["useful"].clone(), kept.settings.to_string().contains("U0CHEN")), (json!(2), false));
    assert!(
        answered(pressed(&t, "chen", "digest_less", &said).await)
            .contains("every second Monday at 09:00 (Europe/Berlin). Next: 14 Dec 09:00.")
    );
    assert!(answered(pressed(&t, "chen", "digest_snooze", &said).await).contains("Snoozed until 7 Dec 09:00."));
    assert!(answered(pressed(&t, "chen", "digest_snooze", &said).await).contains("silent already"));
    // A slot within a snooze is none; the next one that is used is, and says nothing new.
    t.advance(WEEK);
    assert!(step(&t).await.is_empty());
    assert_eq!(outcomes(&t, &subscription).await.len(), 1);
    t.advance(WEEK);
    step(&t).await;
    assert_eq!(outcomes(&t, &subscription).await[0].0, "quiet");
    assert_eq!(outbox(&t).len(), 2, "nothing new");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_team_is_heard_only_where_one_of_its_members_says_so() {
    let t = begun().await;
    let subscription = subscribed(&t, "daria", &[("about", "finders")]).await;
    assert_eq!(subscription.settings["scopes"], json!([{"team": "finders"}]));
    let card = t.slash_in("daria", "payments", "digest").await;
    t.press(&card, "Change").await;
    let preview = updated(t.submit(&form(&t, "daria", "digest_sent").await, &[("hour", "8")]).await);
    assert!(
        words(&preview).contains("finders shows its figures to its members only: everybody in this channel will read this digest"),
        "{}",
        words(&preview)
    );
    // Whoever may not see the team may neither preview nor read the details.
    assert!(refused(pressed(&t, "ben", "digest_preview", &subscription.id).await).contains("members only"));
    let due = |subscription: &Subscription| Due { subscription: subscription.clone(), at: t.clock.now() };
    let cx = t.app.cx(None).await.unwrap();
    let heard = (SUBSCRIBED[0].run)(&cx, &due(&subscription)).await.unwrap();
    assert!(heard.quiet.is_none_or(|why| !why.contains("members only")));
    let mut settings = subscription.settings.clone();
    settings["by"] = json!("U0BEN");
    settings["person"] = json!("ben");
    let by_ben = Subscription { settings, ..subscription.clone() };
    let why = (SUBSCRIBED[0].run)(&cx, &due(&by_ben)).await.unwrap();
    assert!(why.posts.is_empty() && why.quiet.as_deref().is_some_and(|why| why.contains("members only")), "{why:?}");
    let gone = Subscription { settings: json!({"scopes": [Scope::Team("gone".into())]}), ..subscription };
    let why = (SUBSCRIBED[0].run)(&cx, &due(&gone)).await.unwrap();
    assert!(why.quiet.is_some_and(|why| why.contains("Team `gone` is no longer in the organisation.")));
}

#[tokio::test(flavor = "multi_thread")]
async fn over_a_year_each_slot_is_run_once_through_both_jumps_of_the_clock() {
    let t = begun().await;
    let weekly = subscribed(&t, "ben", &[("template", "planning")]).await;
    let monthly = subscribed(&t, "ben", &[("about", "team:all"), ("often", "month"), ("day", "sun"), ("hour", "2")]).await;
    let mut ran: BTreeMap<String, usize> = BTreeMap::new();
    let mut said = 0;
    let mut keys = std::collections::BTreeSet::new();
    for _ in 0..365 {
        for _ in 0..2 {
            for name in step(&t).await {
                *ran.entry(name).or_default() += 1;
            }
        }
        for (key, thread, _) in outbox(&t) {
            said += usize::from(keys.insert(key) && thread.is_empty());
        }
        t.advance(DAY);
    }
    assert_eq!(ran.get(&format!("digest/{}", weekly.id)), Some(&52), "{ran:?}");
    assert_eq!(ran.get(&format!("digest/{}", monthly.id)), Some(&52), "{ran:?}");
    assert!(said > 0);
    let hours: Vec<String> = keys
        .iter()
        .filter(|key| key.contains(&weekly.id))
        .filter_map(|key| key.split('T').nth(1))
        .map(|time| time[..5].to_owned())
        .collect();
    assert!(hours.iter().all(|hour| hour == "08:00" || hour == "07:00"), "9 in Berlin: {hours:?}");
}

fn subscription(n: usize, template: &str, scopes: &[Scope], now: At) -> Subscription {
    Subscription {
        id: format!("7f3a{n:04}"),
        kind: "digest".into(),
        channel: format!("C{n}"),
        crontab: "0 14 * * mon".into(),
        zone: chrono_tz::Tz::Europe__Berlin,
        settings: json!({"template": template, "scopes": scopes}),
        memory: Value::Null,
        author: "U0ANA".into(),
        created_at: now,
        changed_at: now,
        state: State::Active,
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "prints what the channels of `pacer demo` would hear, and how long a slot takes"]
async fn what_the_demo_would_hear() {
    let t = Harness::demo().await;
    let cx = t.app.cx(None).await.unwrap();
    let teams = |ids: &[&str]| ids.iter().map(|id| Scope::Team((*id).to_owned())).collect::<Vec<_>>();
    for (template, scopes, weeks) in [
        ("team", teams(&["payments"]), 6),
        ("team", teams(&["checkout"]), 0),
        ("leadership", vec![Scope::Organisation], 0),
        ("leadership", teams(&["checkout", "payments", "platform", "search"]), 6),
        ("planning", teams(&["payments"]), 0),
        ("retrospective", teams(&["payments"]), 6),
        ("team", teams(&["search"]), 0),
    ] {
        let due = Due { subscription: subscription(0, template, &scopes, cx.now), at: cx.now.plus(-weeks * WEEK) };
        let began = Instant::now();
        let said = (SUBSCRIBED[0].run)(&cx, &due).await.unwrap();
        println!("\n=== {template}, {weeks} weeks ago, in {:?}: {:?}", began.elapsed(), said.quiet);
        for post in said.posts {
            println!("{}\n", pacer::render::blocks::message(&post.card)["text"].as_str().unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures: a thousand channels that are due at the same minute"]
async fn a_thousand_channels() {
    let t = Harness::demo().await;
    let teams = ["payments", "checkout", "search", "platform", "mobile", "labs", "commerce"];
    for n in 0..1_000 {
        let scopes = [Scope::Team(teams[n % teams.len()].to_owned())];
        t.app.store.keep_subscription(subscription(n, "planning", &scopes, t.clock.now())).await.unwrap();
    }
    t.advance(WEEK + HOUR);
    let began = Instant::now();
    assert_eq!(step(&t).await.len(), 1_000);
    println!("{:?}, {} messages, {} receipts", began.elapsed(), t.database.count("outbox"), t.database.count("receipt"));
}
