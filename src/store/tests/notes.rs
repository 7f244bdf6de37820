//! Notes of retrospectives, thank-yous, actions after a survey: kept once, changed by whoever saw them last, taken back in time.

use chrono::NaiveDate;

use super::*;
use crate::domain::time::DAY;
use crate::store::notes::{Kudos, Note};
use crate::store::outbox::Wanted;
use crate::store::survey::{ActionItem, Standing};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn note(id: &str, team: &str, at: i64) -> Note {
    Note {
        id: id.into(),
        team: team.into(),
        at: hour(at),
        author: "U0BEN".into(),
        well: "it's \"well\"\n<!channel>".into(),
        hurt: String::new(),
        surprise: "ü 🎉".into(),
        metrics: vec!["change_lead_time".into(), "wip".into()],
        decision: "smaller changes".into(),
        owner: "U0CHEN".into(),
        review_on: day("2026-12-21"),
        channel: Some("C0PAYMENTS".into()),
        verdicts: Vec::new(),
    }
}

fn kudos(id: &str, giver: &str, receiver: &str, at: i64) -> Kudos {
    Kudos {
        id: id.into(),
        giver: giver.into(),
        receiver: receiver.into(),
        channel: "C0PAYMENTS".into(),
        decision: "stopping the velocity chart".into(),
        evidence: "it misled".into(),
        at: hour(at),
        shared: false,
    }
}

fn action(id: &str) -> ActionItem {
    ActionItem {
        id: id.into(),
        wave: "w1".into(),
        node: "payments".into(),
        category: "review".into(),
        text: "a rota for reviews".into(),
        owner: "U0CHEN".into(),
        due: day("2026-12-01"),
        standing: Standing::Open,
        author: "U0BEN".into(),
        why: String::new(),
        settled_on: None,
    }
}

#[test]
fn a_note_is_kept_once_and_found_by_team_and_time() {
    on_each(async |store| {
        let first = note("aaaaaaaa", "payments", 1);
        store.keep_note(first.clone()).await.unwrap();
        store.keep_note(Note { decision: "another".into(), ..first.clone() }).await.unwrap(); // the form was sent twice
        let private = Note { channel: None, metrics: Vec::new(), ..note("bbbbbbbb", "payments", 3) };
        store.keep_note(private.clone()).await.unwrap();
        store.keep_note(note("cccccccc", "search", 2)).await.unwrap();
        assert_eq!(store.note("aaaaaaaa").await.unwrap(), Some(first.clone()));
        assert_eq!(store.note("nobody's").await.unwrap(), None);
        let found = async |teams: &[&str], from: i64, to: i64| {
            let teams: Vec<String> = teams.iter().map(|team| (*team).to_owned()).collect();
            let notes = store.notes(&teams, hour(from), hour(to)).await.unwrap();
            notes.into_iter().map(|note| note.id).collect::<Vec<_>>()
        };
        assert_eq!(found(&["payments"], 0, 9).await, ["aaaaaaaa", "bbbbbbbb"]);
        assert_eq!(found(&["search", "payments", "none"], 1, 2).await, ["aaaaaaaa", "cccccccc"], "both ends are in");
        assert_eq!(found(&[], 0, 9).await, [""; 0]);
        assert_eq!(store.notes(&["payments".into()], hour(3), hour(3)).await.unwrap(), [private]);
    });
}

#[test]
fn each_person_has_one_word_on_a_decision_and_may_change_it() {
    on_each(async |store| {
        store.keep_note(note("aaaaaaaa", "payments", 1)).await.unwrap();
        store.keep_note(note("bbbbbbbb", "payments", 2)).await.unwrap();
        for (person, word) in [("U2", "yes"), ("U1", "no"), ("U2", "yes"), ("U1", "partly")] {
            store.keep_verdict("aaaaaaaa", person, word).await.unwrap();
        }
        let said = vec![("U1".to_owned(), "partly".to_owned()), ("U2".to_owned(), "yes".to_owned())];
        assert_eq!(store.note("aaaaaaaa").await.unwrap().unwrap().verdicts, said);
        let all = store.notes(&["payments".into()], hour(0), hour(9)).await.unwrap();
        assert_eq!(all.into_iter().map(|note| note.verdicts).collect::<Vec<_>>(), [said, Vec::new()]);
    });
}

#[test]
fn a_thank_you_stands_only_by_its_receivers_word() {
    on_each(async |store| {
        let keep = async |it: Kudos| store.keep_kudos(it).await.unwrap();
        let shared = async || store.shared_kudos("C0PAYMENTS", 9).await.unwrap();
        let answer = async |id: &str, who: &str, share: bool| store.answer_kudos(id, who, share, hour(5)).await.unwrap();
        let first = kudos("aaaaaaaa", "U0ANA", "U0BEN", 1);
        assert!(keep(first.clone()).await && keep(first.clone()).await, "the form was sent twice");
        assert!(!keep(kudos("bbbbbbbb", "U0ANA", "U0BEN", 2)).await, "one waits already");
        assert!(keep(kudos("cccccccc", "U0CHEN", "U0BEN", 2)).await, "of somebody else");
        assert_eq!(answer("aaaaaaaa", "U0ANA", true).await, None, "not the giver's to say");
        assert!(shared().await.is_empty());
        let stands = Kudos { shared: true, at: hour(5), ..first };
        assert_eq!(answer("aaaaaaaa", "U0BEN", true).await, Some(stands.clone()));
        assert_eq!(store.answer_kudos("aaaaaaaa", "U0BEN", true, hour(8)).await.unwrap(), Some(stands.clone()), "said twice");
        assert_eq!(answer("aaaaaaaa", "U0BEN", false).await, Some(stands.clone()), "it stands by now");
        assert_eq!(shared().await, [stands]);
        assert!(answer("cccccccc", "U0BEN", false).await.is_some_and(|it| !it.shared));
        assert_eq!(answer("cccccccc", "U0BEN", true).await, None, "nothing of it is kept");
        assert!(keep(kudos("bbbbbbbb", "U0ANA", "U0BEN", 6)).await, "the first was answered");
        assert_eq!(store.forget_kudos(hour(6)).await.unwrap(), 0);
        assert_eq!(store.forget_kudos(hour(7)).await.unwrap(), 1, "only what waits");
        assert_eq!(shared().await.len(), 1);
        assert!(store.shared_kudos("C0OTHER", 9).await.unwrap().is_empty());
    });
}

#[test]
fn two_answers_at_one_time_are_one() {
    on_each(async |store| {
        store.keep_kudos(kudos("aaaaaaaa", "U0ANA", "U0BEN", 1)).await.unwrap();
        let (yes, no) =
            tokio::join!(store.answer_kudos("aaaaaaaa", "U0BEN", true, hour(2)), store.answer_kudos("aaaaaaaa", "U0BEN", false, hour(2)),);
        let (yes, no) = (yes.unwrap(), no.unwrap());
        let stands = !store.shared_kudos("C0PAYMENTS", 9).await.unwrap().is_empty();
        assert_eq!((yes.is_some(), no.is_none_or(|it| it.shared)), (stands, stands), "whoever came first decided");
    });
}

#[test]
fn an_action_is_changed_by_who_saw_it_as_it_is_and_takes_back_what_waits() {
    on_each(async |store| {
        let first = action("aaaaaaaa");
        store.keep_action(first.clone()).await.unwrap();
        let wanted = |key: &str| Wanted {
            key: key.into(),
            subscription: None,
            channel: "U0CHEN".into(),
            thread_of: None,
            body: "{}".into(),
            not_before: hour(100),
            reminds_of: None,
        };
        store.say(vec![wanted("action/aaaaaaaa/2026-12-01/U0CHEN"), wanted("action/aaaaaaab/2026-12-01/U0CHEN")], hour(1)).await.unwrap();
        let waits = async || store.outbox_depth(hour(200)).await.unwrap().waiting;
        assert_eq!(waits().await, 2);
        let done = ActionItem { standing: Standing::Done, settled_on: Some(day("2026-11-30")), ..first.clone() };
        let later = ActionItem { due: day("2027-01-01"), ..first.clone() };
        let (one, two) = tokio::join!(store.change_action(&first, done.clone()), store.change_action(&first, later.clone()));
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_ne!(one, two, "the second of two saw something else");
        assert_eq!(store.actions().await.unwrap(), [if one { done.clone() } else { later.clone() }]);
        assert_eq!(waits().await, 1, "that of the other action");
        let dropped = ActionItem { standing: Standing::Dropped, why: "we can't".into(), ..done };
        assert!(!store.change_action(&action("nobodyss"), dropped).await.unwrap());
        assert_eq!(store.forget_kudos(hour(1).plus(DAY)).await.unwrap(), 0);
    });
}
