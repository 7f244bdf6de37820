//! Slots and messages on each database: who takes one, what comes of it, and what a second replica sees.

use super::*;
use crate::domain::subscription::{State, Subscription};
use crate::domain::time::{DAY, SECOND};
use crate::store::lease::{Lease, Outcome, Slot};
use crate::store::outbox::{Claim, Depth, Fate, Pace, WORKSPACE, Wanted};

const PACE: Pace = Pace { channel: SECOND, workspace: SECOND / 5, burst: 20, lease: 60 * SECOND, late: DAY };

fn second(seconds: i64) -> At {
    hour(1).plus(seconds * SECOND)
}

fn wanted(key: &str, channel: &str, thread_of: Option<&str>, body: &str) -> Wanted {
    Wanted {
        key: key.into(),
        subscription: Some("s1".into()),
        channel: channel.into(),
        thread_of: thread_of.map(str::to_owned),
        body: body.into(),
        not_before: second(0),
        reminds_of: None,
    }
}

async fn claim(store: &Store, at: i64) -> Vec<Claim> {
    store.claim_messages(PACE, 100, second(at)).await.unwrap()
}

fn keys(claims: &[Claim]) -> Vec<&str> {
    claims.iter().map(|claim| claim.key.as_str()).collect()
}

async fn stands(store: &Store, claim: &Claim, at: i64) -> bool {
    let ts = format!("{}.1", claim.key);
    let fate = Fate::Stands { place: claim.channel.clone(), ts, revision: claim.revision, note: None };
    store.settle_message(claim, fate, second(at)).await.unwrap()
}

async fn depth(store: &Store, at: i64) -> (u64, u64, u64) {
    let Depth { waiting, parked, dropped, .. } = store.outbox_depth(second(at)).await.unwrap();
    (waiting, parked, dropped)
}

#[test]
fn a_slot_is_leased_once_and_taken_over_when_its_lease_ends() {
    on_each(|store| async move {
        let take =
            async |due: i64, holder: &str, at: i64| store.take_lease("d", hour(due), holder, second(at + 60), second(at)).await.unwrap();
        assert_eq!(take(1, "one", 0).await, Some(Lease { fence: 1, tries: 1 }));
        assert_eq!(take(1, "two", 59).await, None);
        assert_eq!(take(2, "two", 59).await, Some(Lease { fence: 1, tries: 1 }));
        assert_eq!(take(1, "two", 60).await, Some(Lease { fence: 2, tries: 2 }));
        let said = |key: &str| Outcome { posts: vec![wanted(key, "C1", None, "x")], word: "said", ..Outcome::default() };
        assert!(!store.finish_lease("d", hour(1), 1, said("stale"), second(61)).await.unwrap());
        assert!(store.finish_lease("d", hour(1), 2, said("fresh"), second(61)).await.unwrap());
        assert!(!store.finish_lease("d", hour(1), 2, said("twice"), second(62)).await.unwrap());
        assert_eq!(take(1, "three", 1_000).await, None, "it is done");
        assert_eq!(keys(&claim(&store, 70).await), ["fresh"]);
        let failed = Outcome { word: "failed", note: Some("why".into()), again_at: Some(second(300)), ..Outcome::default() };
        assert!(store.finish_lease("d", hour(2), 1, failed, second(100)).await.unwrap());
        assert_eq!(store.last_slots(hour(9)).await.unwrap(), BTreeMap::from([("d".to_owned(), hour(1))]), "it is not done yet");
        assert_eq!((take(2, "one", 299).await, take(2, "one", 300).await), (None, Some(Lease { fence: 2, tries: 2 })));
        let told = store.outcomes("d", 9).await.unwrap();
        assert_eq!(told[0], Slot { due_at: hour(2), outcome: Some("failed".into()), note: Some("why".into()) });
    });
}

#[test]
fn a_channel_has_its_messages_in_order_one_a_second_and_the_workspace_a_budget() {
    on_each(|store| async move {
        let posts = vec![
            wanted("a1", "C1", None, "x"),
            wanted("b1", "C2", None, "x"),
            wanted("a2", "C1", Some("a1"), "x"),
            wanted("a3", "C1", None, "x"),
            Wanted { not_before: second(10), ..wanted("c1", "C3", None, "x") },
        ];
        store.say(posts, second(0)).await.unwrap();
        let first = claim(&store, 0).await;
        assert_eq!(keys(&first), ["a1", "b1"]);
        assert!(claim(&store, 1).await.is_empty(), "both channels are busy");
        assert!(stands(&store, &first[0], 1).await);
        let next = claim(&store, 1).await;
        assert_eq!((keys(&next), next[0].thread_ts.as_deref()), (vec!["a2"], Some("a1.1")));
        assert!(stands(&store, &next[0], 1).await);
        assert!(claim(&store, 1).await.is_empty(), "a second after the last");
        assert_eq!(keys(&claim(&store, 2).await), ["a3"]);
        assert_eq!(keys(&claim(&store, 10).await), ["c1"], "not before its time");
        assert_eq!(store.next_message_at(PACE).await.unwrap(), Some(second(60)), "when b1 is taken over");
        let many = (0..50).map(|number| wanted(&format!("m{number:02}"), &format!("D{number}"), None, "x")).collect();
        store.say(many, second(20)).await.unwrap();
        assert_eq!(claim(&store, 30).await.len(), 20, "a burst");
        assert_eq!(claim(&store, 30).await.len(), 0);
        assert_eq!(claim(&store, 31).await.len(), 5);
        assert_eq!(store.claim_messages(PACE, 3, second(40)).await.unwrap().len(), 3, "as many as are asked for");
    });
}

#[test]
fn a_claim_that_was_not_settled_is_taken_over_and_in_doubt() {
    on_each(|store| async move {
        store.say(vec![wanted("a", "C1", None, "x"), wanted("b", "C1", None, "x")], second(0)).await.unwrap();
        let lost = claim(&store, 0).await.remove(0);
        assert_eq!(lost.asked_at, None);
        assert!(claim(&store, 59).await.is_empty());
        let taken = claim(&store, 60).await.remove(0);
        assert_eq!((taken.key.as_str(), taken.asked_at, taken.fence), ("a", Some(second(0)), 2));
        assert!(!stands(&store, &lost, 61).await, "the old fence");
        assert!(store.settle_message(&taken, Fate::Unsure("why".into()), second(61)).await.unwrap());
        let again = claim(&store, 70).await.remove(0);
        assert_eq!((again.key.as_str(), again.asked_at), ("a", Some(second(0))), "in doubt since the first time");
        assert!(store.settle_message(&again, Fate::Again("why".into()), second(71)).await.unwrap());
        let again = claim(&store, 80).await.remove(0);
        assert_eq!((again.key.as_str(), again.asked_at), ("a", None), "surely nothing was done");
        assert!(stands(&store, &again, 80).await);
        assert_eq!(keys(&claim(&store, 90).await), ["b"]);
    });
}

#[test]
fn said_again_with_other_words_it_is_edited_with_the_same_it_rests() {
    on_each(|store| async move {
        store.say(vec![wanted("a", "C1", None, "one")], second(0)).await.unwrap();
        let first = claim(&store, 0).await.remove(0);
        store.say(vec![wanted("a", "C1", None, "two")], second(1)).await.unwrap(); // while it is sent
        assert!(stands(&store, &first, 2).await);
        let edit = claim(&store, 2).await.remove(0);
        assert_eq!((edit.ts.as_deref(), edit.body.as_str(), edit.revision, edit.asked_at), (Some("a.1"), "two", 2, None));
        assert!(stands(&store, &edit, 3).await);
        store.say(vec![wanted("a", "C1", None, "two")], second(4)).await.unwrap();
        assert!(claim(&store, 5).await.is_empty() && depth(&store, 5).await == (0, 0, 0));
        store.say(vec![wanted("a", "C1", None, "three")], second(6)).await.unwrap();
        let edit = claim(&store, 7).await.remove(0);
        assert_eq!(edit.revision, 3);
        assert!(claim(&store, 66).await.is_empty());
        let again = claim(&store, 67).await.remove(0);
        assert_eq!((again.asked_at, again.ts.as_deref()), (None, Some("a.1")), "an edit is never in doubt");
        assert_eq!(store.forget_messages(second(-1)).await.unwrap(), 0);
        assert!(stands(&store, &again, 68).await);
        assert_eq!(store.forget_messages(second(68)).await.unwrap(), 0);
        assert_eq!(store.forget_messages(second(69)).await.unwrap(), 1);
    });
}

#[test]
fn what_is_parked_waits_for_a_person_and_takes_its_thread_with_it() {
    on_each(|store| async move {
        let thread = |root: &str| vec![wanted(root, root, None, "x"), wanted(&format!("{root}-reply"), root, Some(root), "x")];
        for root in ["P1", "P2", "P3"] {
            store.say(thread(root), second(0)).await.unwrap();
        }
        store.say(vec![wanted("orphan", "C9", Some("unknown"), "x")], second(0)).await.unwrap();
        let claims = claim(&store, 0).await;
        assert_eq!(keys(&claims), ["P1", "P2", "P3"]);
        for (claim, fate) in claims.iter().zip([Fate::Parked("doubt".into()), Fate::Refused("no".into()), Fate::Dropped("gone".into())]) {
            assert!(store.settle_message(claim, fate, second(1)).await.unwrap());
        }
        assert!(claim(&store, 5).await.is_empty());
        assert_eq!(depth(&store, 5).await, (0, 5, 2));
        let parked = store.parked().await.unwrap();
        let told: Vec<_> = parked.iter().map(|it| (it.key.as_str(), it.problem.as_str(), it.may_stand)).collect();
        let (thread, lost) =
            ("The message in whose thread it stands is parked.", "The message in whose thread it stands is not known any more.");
        assert_eq!(
            told,
            [("P1", "doubt", true), ("P1-reply", thread, false), ("P2", "no", false), ("P2-reply", thread, false), ("orphan", lost, false)]
        );
        store.say(vec![wanted("P1", "P1", None, "other")], second(6)).await.unwrap();
        assert!(claim(&store, 7).await.is_empty(), "in doubt, other words change nothing");
        store.say(vec![wanted("P2", "P2", None, "other")], second(8)).await.unwrap();
        let revived = claim(&store, 9).await;
        assert_eq!(keys(&revived), ["P2"], "refused, other words may be taken");
        assert!(store.resend("P1", second(10)).await.unwrap() && !store.resend("P3", second(10)).await.unwrap());
        let again = claim(&store, 11).await;
        assert_eq!((keys(&again), again[0].asked_at, again[0].revision), (vec!["P1"], None, 2));
        assert!(stands(&store, &again[0], 12).await);
        assert_eq!(keys(&claim(&store, 13).await), ["P1-reply"]);
        assert!(store.give_up("orphan", second(14)).await.unwrap() && !store.give_up("orphan", second(14)).await.unwrap());
    });
}

#[test]
fn a_days_old_first_post_of_a_subscription_is_dropped_a_note_or_an_edit_never() {
    on_each(|store| async move {
        let note = |key: &str| Wanted { subscription: None, ..wanted(key, key, None, "x") };
        store.say(vec![wanted("old", "C1", None, "x"), wanted("stands", "C2", None, "x"), note("note")], second(0)).await.unwrap();
        let quiet = Wanted { not_before: second(2 * 86_400), ..wanted("quiet hours", "C3", None, "x") };
        store.say(vec![quiet], second(0)).await.unwrap();
        let hold = |at: i64| store.hold(WORKSPACE, 0, "Slack is down.", second(at));
        let claims = claim(&store, 0).await;
        assert_eq!(keys(&claims), ["old", "stands", "note"]);
        assert!(store.settle_message(&claims[0], Fate::Again("down".into()), second(1)).await.unwrap());
        assert!(stands(&store, &claims[1], 1).await);
        assert!(store.settle_message(&claims[2], Fate::Again("down".into()), second(1)).await.unwrap());
        hold(1).await.unwrap();
        store.say(vec![wanted("stands", "C2", None, "y")], second(2)).await.unwrap();
        assert!(claim(&store, 3).await.is_empty(), "the workspace is held");
        assert_eq!(store.outbox_depth(second(3)).await.unwrap().held.as_deref(), Some("Slack is down."));
        let day = 86_400;
        store.release(WORKSPACE, second(day + 9)).await.unwrap();
        assert_eq!(keys(&claim(&store, day + 9).await), ["stands", "note"]);
        assert_eq!(depth(&store, day + 9).await, (2, 0, 1));
        assert!(keys(&claim(&store, 2 * day).await).contains(&"quiet hours"), "said days ago, wanted now");
    });
}

#[test]
fn what_is_taken_back_is_dropped_and_a_reminder_leaves_no_row() {
    on_each(|store| async move {
        let reminder = |key: &str| Wanted { reminds_of: Some("w1".into()), ..wanted(key, "U1", None, "x") };
        store.say(vec![reminder("survey/w1/U1/1")], second(0)).await.unwrap();
        let sent = claim(&store, 1).await;
        assert!(store.settle_message(&sent[0], Fate::Reminded, second(1)).await.unwrap());
        store
            .say(vec![wanted("survey/w1/U1", "U1", None, "x"), reminder("survey/w1/U1/2"), reminder("survey/w2/U1/1")], second(2))
            .await
            .unwrap();
        assert_eq!(store.unsay("survey/w1/", "It ended.").await.unwrap(), 2);
        assert_eq!(depth(&store, 3).await, (1, 0, 1), "the other wave's waits, the invitation is dropped");
        let evidence = store.survey_evidence(&crate::store::keys::KeyDir::at("none".as_ref())).await.unwrap();
        let left: Vec<(&str, bool)> = evidence.reminders.iter().map(|it| (it.key.as_str(), it.tells)).collect();
        assert_eq!(left, [("survey/w1/U1/1", false), ("survey/w2/U1/1", false)]);
    });
}

#[test]
fn a_hold_grows_with_each_failure_and_ends_with_a_success() {
    on_each(|store| async move {
        store.say(vec![wanted("a", "C1", None, "x")], second(0)).await.unwrap();
        let mut waits = Vec::new();
        let mut now = 0;
        for _ in 0..4 {
            let claim = claim(&store, now).await.remove(0);
            store.hold("C1", 0, "429", second(now)).await.unwrap();
            assert!(store.settle_message(&claim, Fate::Again("429".into()), second(now)).await.unwrap());
            let hold = store.hold_of("C1").await.unwrap().unwrap();
            waits.push(hold.until.since(second(now)));
            now += hold.until.since(second(now)) / SECOND + 1;
        }
        let between = |wait: i64, seconds: i64| (seconds * SECOND / 2..=seconds * SECOND).contains(&wait);
        assert!(waits.iter().zip([2, 4, 8, 16]).all(|(wait, most)| between(*wait, most)), "{waits:?}");
        let last = claim(&store, now).await.remove(0);
        assert!(stands(&store, &last, now).await);
        assert_eq!(store.hold_of("C1").await.unwrap(), None);
        store.hold(WORKSPACE, 90 * SECOND, "down", second(now)).await.unwrap();
        store.hold(WORKSPACE, 0, "down", second(now)).await.unwrap();
        assert_eq!(store.hold_of(WORKSPACE).await.unwrap().unwrap().strikes, 1, "calls under way say the same once more");
    });
}

#[test]
fn a_stop_is_told_once_and_drops_what_waits() {
    on_each(|store| async move {
        let it = Subscription {
            id: "s1".into(),
            kind: "digest".into(),
            channel: "C1".into(),
            crontab: "0 9 * * mon".into(),
            zone: chrono_tz::UTC,
            settings: serde_json::Value::Null,
            memory: serde_json::Value::Null,
            author: "U1".into(),
            created_at: second(0),
            changed_at: second(0),
            state: State::Active,
        };
        store.keep_subscription(it).await.unwrap();
        store.say(vec![wanted("a", "C1", None, "x"), wanted("b", "C2", None, "x")], second(0)).await.unwrap();
        let note = |key: &str| Some(Wanted { subscription: None, ..wanted(key, "U1", None, "stopped") });
        assert!(store.stop_subscription("s1", "is_archived", note("n1"), second(1)).await.unwrap());
        assert!(!store.stop_subscription("s1", "is_archived", note("n2"), second(2)).await.unwrap());
        assert_eq!(store.drop_messages("C1", "gone").await.unwrap(), 1);
        let stopped = store.subscription("s1").await.unwrap().unwrap();
        assert_eq!((stopped.state, stopped.changed_at), (State::Stopped { why: "is_archived".into() }, second(1)));
        assert_eq!(keys(&claim(&store, 3).await), ["b", "n1"]);
        store.pool.execute("update subscription set settings = 'no json'").await.unwrap();
        assert!(store.subscriptions().await.unwrap().is_empty(), "a row that can't be read stops no other");
    });
}

/// Both replicas claim at once, over and over: nobody gets what the other has.
#[test]
fn two_replicas_share_what_waits() {
    on_each(|store| async move {
        let other = store.clone();
        let many = (0..60).map(|number| wanted(&format!("m{number}"), &format!("C{}", number % 20), None, "x")).collect();
        store.say(many, second(0)).await.unwrap();
        let mut seen = Vec::new();
        for round in 0..40 {
            let at = second(round);
            let (mine, theirs) = tokio::join!(store.claim_messages(PACE, 8, at), other.claim_messages(PACE, 8, at));
            let both: Vec<Claim> = mine.unwrap().into_iter().chain(theirs.unwrap()).collect();
            let mut channels: Vec<&str> = both.iter().map(|claim| claim.channel.as_str()).collect();
            channels.sort_unstable();
            channels.dedup();
            assert_eq!(channels.len(), both.len(), "one of a channel");
            for claim in &both {
                assert!(stands(&store, claim, round).await);
                seen.push(claim.key.clone());
            }
        }
        seen.sort();
        seen.dedup();
        assert_eq!((seen.len(), depth(&store, 40).await), (60, (0, 0, 0)));
    });
}
