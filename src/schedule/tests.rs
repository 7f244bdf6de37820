//! The schedule on a clock that the test sets: what is due, who runs it, what becomes of one that fails.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::*;
use crate::app::tests::app;
use crate::domain::card::{Card, Line};
use crate::domain::post::Post;
use crate::domain::time::WEEK;

const GRACE: i64 = 6 * HOUR;

fn at(text: &str) -> At {
    At::parse(text).unwrap_or_else(|| panic!("{text}"))
}

fn subscription(id: &str, crontab: &str, zone: &str) -> Subscription {
    let long_ago = at("2025-12-01T00:00:00Z");
    Subscription {
        id: id.into(),
        kind: "test".into(),
        channel: "C1".into(),
        crontab: crontab.into(),
        zone: zone.parse().unwrap(),
        settings: serde_json::Value::Null,
        memory: serde_json::Value::Null,
        author: "U1".into(),
        created_at: long_ago,
        changed_at: long_ago,
        state: State::Active,
    }
}

#[test]
fn every_jobs_crontab_is_read_and_has_a_slot_a_day() {
    let now = at("2026-11-24T09:00:00Z");
    for job in JOBS {
        let crontab = Crontab::parse(job.cron).unwrap();
        let slot = latest(&crontab, now.plus(-DAY), now, chrono_tz::UTC).unwrap();
        assert!(slot <= now && now.since(slot) <= DAY, "{}: {slot}", job.name);
    }
}

#[test]
fn what_is_due() {
    let monday = subscription("a", "0 9 * * mon", "Europe/Berlin");
    let nine = at("2026-11-23T08:00:00Z");
    let check = |subscription: &Subscription, last: Option<At>, now: At, expect: Option<(At, bool)>| {
        let found = due(subscription, last, now, GRACE).unwrap();
        assert_eq!(found.map(|slot| (slot.at, slot.late)), expect, "{subscription:?} at {now}");
    };
    let before = nine.plus(-WEEK);
    check(&monday, Some(before), nine.plus(-1), None);
    check(&monday, Some(before), nine, Some((nine, false)));
    check(&monday, Some(before), nine.plus(GRACE), Some((nine, false)));
    check(&monday, Some(before), nine.plus(GRACE + 1), Some((nine, true)));
    check(&monday, Some(nine), nine.plus(HOUR), None); // done
    check(&monday, Some(nine.plus(-3 * WEEK)), nine, Some((nine, false))); // of what was missed, the latest alone
    check(&monday, Some(nine), nine.plus(-HOUR), None); // the clock was set back
    check(&monday, Some(nine), before.plus(HOUR), None); // far back
    check(&monday, Some(nine), nine.plus(DAY), None); // and ahead
    check(&monday, None, nine.plus(40 * DAY), Some((at("2026-12-28T08:00:00Z"), true)));
    let yearly = subscription("b", "0 9 1 1 *", "UTC");
    check(&yearly, None, at("2026-01-30T08:59:59Z"), Some((at("2026-01-01T09:00:00Z"), true)));
    check(&yearly, None, at("2026-01-30T09:00:00Z"), None); // its row may be forgotten already
    let changed = Subscription { changed_at: nine.plus(60), ..monday.clone() };
    check(&changed, Some(before), nine.plus(HOUR), None); // what was due before it was changed is nobody's
    let paused = |until: Option<At>| Subscription { state: State::Paused { until, by: "U1".into() }, ..monday.clone() };
    check(&paused(None), Some(before), nine, None);
    check(&paused(Some(nine.plus(HOUR))), Some(before), nine, None);
    check(&paused(Some(nine.plus(HOUR))), Some(before), nine.plus(2 * HOUR), None); // it fell into the pause
    check(&paused(Some(nine.plus(HOUR))), Some(before), nine.plus(WEEK), Some((nine.plus(WEEK), false)));
    check(&Subscription { state: State::Stopped { why: "is_archived".into() }, ..monday.clone() }, None, nine, None);
    assert!(due(&subscription("c", "0 0 9 * * mon", "UTC"), None, nine, GRACE).unwrap_err().to_string().contains("6 fields"));
}

/// A year of looks at the clock, about an hour apart, through both jumps of four zones. Now and then pacer is down for
/// a while, or the clock is set back an hour or ahead a day and back: each slot is run once, in order; one is missed only where
/// pacer was down over its whole grace or the clock stood behind what was done.
#[test]
fn over_a_year_each_slot_is_run_once() {
    let zones = [
        ("0 9 * * mon", "Europe/Berlin"),
        ("30 2 * * *", "America/New_York"),
        ("30 0 * * fri,sat", "Africa/Cairo"),
        ("15 2 * * *", "Australia/Lord_Howe"),
    ];
    let begins = at("2026-01-01T00:00:00Z");
    for (seed, (crontab, zone)) in (1..).zip(zones) {
        let subscription = subscription("a", crontab, zone);
        let all: Vec<At> =
            Crontab::parse(crontab).unwrap().slots(begins, subscription.zone).take_while(|at| at.since(begins) < 365 * DAY).collect();
        for faults in [false, true] {
            let mut done: BTreeMap<At, u32> = BTreeMap::new();
            let mut last = Some(begins);
            let (mut now, mut dice) = (begins, seed);
            while now.since(begins) < 365 * DAY + HOUR {
                dice = (dice * 1_103_515_245 + 12_345) % 2_147_483_648;
                now = now.plus((41 + dice / 65_536 % 23) * 60 * SECOND);
                let shown = match dice / 65_536 % 1_000 {
                    0..9 if faults => {
                        now = now.plus(3 * HOUR);
                        now
                    }
                    9..18 if faults => now.plus(-HOUR),
                    _ => now,
                };
                if let Some(slot) = due(&subscription, last, shown, GRACE).unwrap() {
                    assert!(last.is_none_or(|last| slot.at > last) && slot.at <= shown && !slot.late);
                    *done.entry(slot.at).or_default() += 1;
                    last = Some(slot.at);
                }
            }
            assert!(done.values().all(|times| *times == 1));
            assert_eq!(done.keys().copied().collect::<Vec<_>>(), all, "{crontab} in {zone}");
        }
    }
}

/// How often the test's kind ran, and how it ends: 0 well, 1 with an error, 2 with a panic, 3 never.
static RUNS: AtomicI64 = AtomicI64::new(0);

fn kind(run: for<'a> fn(&'a crate::features::Cx, &'a Due) -> BoxFuture<'a, Result<Said, Failure>>) -> Subscribed {
    Subscribed { kind: "test", grace: GRACE, describe: |_, _| "test".into(), run }
}

fn says(due: &Due) -> Said {
    let post = Post {
        key: format!("test/{}/{}", due.subscription.id, due.at),
        channel: due.subscription.channel.clone(),
        thread_of: None,
        card: Card { title: "Test".into(), verdict: Line::plain("Said."), ..Card::default() },
        not_before: None,
        reminds_of: None,
    };
    Said { posts: vec![post], memory: Some(serde_json::json!({"last": due.at})), quiet: None }
}

fn well<'a>(_: &'a crate::features::Cx, due: &'a Due) -> BoxFuture<'a, Result<Said, Failure>> {
    Box::pin(async move { Ok(says(due)) })
}

/// Fails as the subscription's id says.
fn as_named<'a>(_: &'a crate::features::Cx, due: &'a Due) -> BoxFuture<'a, Result<Said, Failure>> {
    Box::pin(async move {
        match due.subscription.id.as_str() {
            "fails" => Err(Failure::Ours(anyhow!("The database hiccups"))),
            "panics" => panic!("as the test wants"),
            "counted" => {
                RUNS.fetch_add(1, Ordering::SeqCst);
                Err(Failure::Ours(anyhow!("Not yet")))
            }
            _ => Ok(says(due)),
        }
    })
}

/// The words of a subscription's slots, the newest first.
async fn words(app: &App, id: &str) -> Vec<String> {
    let outcomes = app.store.outcomes(&format!("test/{id}"), 20).await.unwrap();
    outcomes.into_iter().map(|slot| format!("{}: {}", slot.outcome.unwrap_or("under way".into()), slot.note.unwrap_or_default())).collect()
}

async fn waiting(app: &Arc<App>) -> u64 {
    app.store.outbox_depth(app.clock.now()).await.unwrap().waiting
}

const NINE: &str = "2026-11-23T08:00:00Z";

#[tokio::test]
async fn one_that_fails_panics_or_cant_be_read_stops_no_other() {
    let (app, _folder) = app(&[]).await;
    app.clock.set(at(NINE));
    for id in ["aaa", "fails", "panics", "zzz"] {
        app.store.keep_subscription(subscription(id, "0 9 * * mon", "Europe/Berlin")).await.unwrap();
    }
    app.store.keep_subscription(subscription("broken", "0 0 9 * * mon", "Europe/Berlin")).await.unwrap();
    let ran = step_with(&app, "me", &[], &[kind(as_named)]).await.unwrap();
    assert_eq!(ran, ["test/aaa", "test/fails", "test/panics", "test/zzz"]);
    assert_eq!(words(&app, "aaa").await, ["said: "]);
    assert_eq!(words(&app, "fails").await, ["failed: The database hiccups"]);
    assert_eq!(words(&app, "panics").await, ["failed: It panicked: the log says where"]);
    assert_eq!((waiting(&app).await, app.metrics.panics()), (2, 1));
    assert_eq!(app.store.subscription("aaa").await.unwrap().unwrap().memory["last"], NINE);
    assert!(step_with(&app, "me", &[], &[kind(as_named)]).await.unwrap().is_empty(), "each once");
}

#[tokio::test]
async fn a_failed_slot_is_tried_again_a_few_times_and_then_told() {
    let (app, _folder) = app(&[]).await;
    app.store.keep_subscription(subscription("counted", "0 9 * * mon", "Europe/Berlin")).await.unwrap();
    let mut runs = Vec::new();
    for minute in 0..120 {
        app.clock.set(at(NINE).plus(minute * 60 * SECOND));
        if !step_with(&app, "me", &[], &[kind(as_named)]).await.unwrap().is_empty() {
            runs.push(minute);
        }
    }
    assert_eq!((runs, RUNS.load(Ordering::SeqCst)), (vec![0, 1, 6, 26], 4));
    assert_eq!(words(&app, "counted").await, ["failed: Not yet"]);
    assert_eq!(app.store.leases_under_way(app.clock.now()).await.unwrap(), 0);
}

#[tokio::test]
async fn a_slot_missed_for_longer_than_its_grace_is_skipped_and_says_so() {
    let (app, _folder) = app(&[]).await;
    app.store.keep_subscription(subscription("a", "0 9 * * mon", "Europe/Berlin")).await.unwrap();
    app.clock.set(at(NINE).plus(GRACE + SECOND));
    assert!(step_with(&app, "me", &[], &[kind(well)]).await.unwrap().is_empty());
    assert_eq!(words(&app, "a").await, ["skipped: pacer was not running when it was due, nor soon after."]);
    app.clock.set(at(NINE).plus(WEEK + GRACE));
    assert_eq!(step_with(&app, "me", &[], &[kind(well)]).await.unwrap(), ["test/a"]);
    assert_eq!(words(&app, "a").await.len(), 2);
}

#[tokio::test]
async fn clocks_set_back_and_ahead_repeat_nothing() {
    let (app, _folder) = app(&[]).await;
    app.store.keep_subscription(subscription("a", "0 * * * *", "UTC")).await.unwrap();
    let run = async |hours: i64, expect: usize| {
        app.clock.set(at(NINE).plus(hours * HOUR));
        let ran = step_with(&app, "me", &[], &[kind(well)]).await.unwrap();
        assert_eq!(ran.len(), expect, "{hours} h");
    };
    run(0, 1).await;
    run(0, 0).await;
    run(-1, 0).await; // an hour back: nothing earlier than what is done
    run(0, 0).await;
    run(1, 1).await;
    run(25, 1).await; // a day ahead: one catch-up, not twenty-four
    run(2, 0).await; // and back again
    run(26, 1).await;
    run(24 * 20, 1).await; // weeks ahead
    run(27, 1).await; // and back: that clock was wrong, and silences nobody for weeks
    assert_eq!(words(&app, "a").await.len(), 6);
    assert_eq!(waiting(&app).await, 5, "one message each; the one of the wrong clock is not due yet");
}

/// Of two replicas, one takes a slot and is paused for a minute; the other takes it over.
#[tokio::test]
async fn whoever_comes_back_with_an_old_fence_changes_nothing() {
    let (app, _folder) = app(&[]).await;
    app.store.keep_subscription(subscription("a", "0 9 * * mon", "Europe/Berlin")).await.unwrap();
    let nine = at(NINE);
    let paused = app.store.take_lease("test/a", nine, "one", nine.plus(LEASE), nine).await.unwrap().unwrap();
    app.clock.set(nine.plus(59 * SECOND));
    assert!(step_with(&app, "two", &[], &[kind(well)]).await.unwrap().is_empty(), "one has it still");
    app.clock.set(nine.plus(60 * SECOND));
    assert_eq!(app.store.leases_under_way(nine).await.unwrap(), 1);
    assert_eq!(step_with(&app, "two", &[], &[kind(well)]).await.unwrap(), ["test/a"]);
    let other = Outcome { memory: Some("{\"last\":0}".into()), subscription: Some("a".into()), word: "quiet", ..Outcome::default() };
    assert!(!app.store.finish_lease("test/a", nine, paused.fence, other, app.clock.now()).await.unwrap());
    assert_eq!(words(&app, "a").await, ["said: "]);
    assert_eq!(app.store.subscription("a").await.unwrap().unwrap().memory["last"], NINE);
    assert_eq!(waiting(&app).await, 1);
}

#[tokio::test]
async fn runs_that_end_pacer_itself_are_given_up() {
    let (app, _folder) = app(&[]).await;
    app.store.keep_subscription(subscription("a", "0 9 * * mon", "Europe/Berlin")).await.unwrap();
    let nine = at(NINE);
    for crash in 0..TRIES {
        let now = nine.plus(crash * LEASE);
        assert_eq!(app.store.take_lease("test/a", nine, "dies", now.plus(LEASE), now).await.unwrap().unwrap().tries, crash + 1);
    }
    app.clock.set(nine.plus(TRIES * LEASE));
    assert!(step_with(&app, "me", &[], &[kind(well)]).await.unwrap().is_empty());
    assert_eq!(words(&app, "a").await, ["failed: Each of 4 runs ended in the middle, and pacer with it"]);
}

#[tokio::test]
async fn what_was_stopped_or_ended_while_it_ran_says_nothing() {
    let (app, _folder) = app(&[]).await;
    let nine = at(NINE);
    app.clock.set(nine);
    let said = || Outcome {
        posts: App::wanted(says(&Due { subscription: subscription("a", "0 9 * * mon", "UTC"), at: nine }).posts, Some("a"), nine),
        subscription: Some("a".into()),
        memory: Some("1".into()),
        word: "said",
        ..Outcome::default()
    };
    let lease = app.store.take_lease("test/a", nine, "me", nine.plus(LEASE), nine).await.unwrap().unwrap();
    assert!(app.store.finish_lease("test/a", nine, lease.fence, said(), nine).await.unwrap());
    assert_eq!(
        (words(&app, "a").await, waiting(&app).await),
        (vec!["skipped: It was paused, stopped or ended while this ran.".to_owned()], 0)
    );
}
