//! A survey is answered: three taps in the direct message, or page by page; put off, skipped, stopped; closed while somebody types.

use std::collections::BTreeMap;

use pacer::domain::survey::PROMISE;
use pacer::domain::time::SECOND;
use pacer::features;
use pacer::sandbox::{Fault, Message, Submitted, View};
use serde_json::{Value, json};

use crate::harness::forms::{errors, form, initial, updated, words};
use crate::harness::waves::{WAVE, launched};
use crate::harness::{BOTH, Harness, id, labels};

/// The five answers that are never shown again.
const SATISFIED: [&str; 5] = ["Very dissatisfied", "Dissatisfied", "Neither", "Satisfied", "Very satisfied"];
const PEOPLE: [&str; 6] = ["ben", "chen", "daria", "elif", "finn", "gita"];

/// Presses below the direct message and gives what takes its place.
async fn pressed(t: &Harness, person: &str, message: &Message, label: &str) -> Message {
    t.press_as(person, message, label).await;
    let next = t.next_message().await;
    assert_eq!((&next.ts, next.edited, &next.only_for), (&message.ts, true, &None), "it takes the message's place: {}", next.text);
    next
}

async fn ratings(t: &Harness, person: &str) -> BTreeMap<String, Option<u8>> {
    t.marked(person).await.ratings.clone()
}

async fn close(t: &Harness) {
    assert!(t.app.store.close_wave(&t.app.keys, WAVE, t.clock.now()).await.expect("closed").is_ok());
}

/// The words of a person's Home tab.
async fn home(t: &Harness, person: &str) -> String {
    let cx = t.app.cx(Some(t.app.asker(&id(person)))).await.expect("a context");
    pacer::render::blocks::home(&features::home::home(&cx).await.expect("a tab"))["blocks"].to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pulse_is_three_taps_and_no_message_tells_what_was_tapped() {
    for transport in BOTH {
        let t = Harness::on(transport).await;
        let wave = launched(&t.app, "pulse", &PEOPLE).await;
        let ids: Vec<String> = wave.rules.items.iter().map(|item| item.id.clone()).collect();
        let asked = t.invited(&wave, "ben").await;
        assert!(asked.text.contains("3 questions, under a minute, until Thursday 3 December, 17:00 (UTC)"), "{}", asked.text);
        assert_eq!(labels(&asked.blocks)[..5], SATISFIED);
        assert!(home(&t, "ben").await.contains("waits for your answers until Thursday 3 December, 17:00"));
        let second = pressed(&t, "ben", &asked, "Satisfied").await;
        assert!(second.text.contains("Question 2 of 3") && !second.text.contains("atisfied"), "{}", second.text);
        assert!(!json!(second.blocks).to_string().contains("overall_satisfied"), "not even by its name: {:?}", second.blocks);
        let label = labels(&second.blocks).remove(0);
        let third = pressed(&t, "ben", &second, &label).await;
        let label = labels(&third.blocks).remove(4);
        let thanks = pressed(&t, "ben", &third, &label).await;
        assert!(thanks.text.contains("Thank you.") && thanks.text.contains("a day later"), "{}", thanks.text);
        assert_eq!(labels(&thanks.blocks), ["Change an answer", "Who sees what"]);
        let given = [(ids[0].clone(), Some(4)), (ids[1].clone(), Some(1)), (ids[2].clone(), Some(5))];
        assert_eq!(ratings(&t, "ben").await, BTreeMap::from(given));
        assert!(!home(&t, "ben").await.contains("waits for your answers"), "only while it waits");
        assert!(home(&t, "chen").await.contains("waits for your answers"));
        // What stays in the direct message is one message, which was never said to be private.
        assert_eq!(t.slack.messages("U0BEN", "U0BEN").len(), 1);
        let said = t.slack.calls().into_iter().filter(|call| call.method == "response_url").collect::<Vec<_>>();
        assert!(said.len() == 3 && said.iter().all(|call| call.body.get("response_type").is_none()), "{said:?}");
        assert!(t.slack.calls().iter().filter(|call| call.method == "ack").all(|call| call.status == 200));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_changed_and_taken_back_in_pages_that_only_the_person_sees() {
    for transport in BOTH {
        let t = Harness::on(transport).await;
        let wave = launched(&t.app, "pulse", &PEOPLE).await;
        let asked = t.invited(&wave, "ben").await;
        let mut message = pressed(&t, "ben", &asked, "Satisfied").await;
        for _ in 0..2 {
            message = pressed(&t, "ben", &message, "Leave this one out").await;
        }
        t.press_as("ben", &message, "Change an answer").await;
        let page = form(&t, "ben", "survey_page").await;
        assert!(words(&page).contains(PROMISE), "to the letter: {}", words(&page));
        assert_eq!((initial(&page, "overall_satisfied:was"), page.body["private_metadata"].as_str()), (json!("4"), Some("w1 0")));
        let thanks = updated(t.submit(&page, &[("overall_satisfied:was", "2")]).await);
        assert!(words(&thanks).contains("Thank you.") && t.next_message().await.text.contains("Thank you."));
        assert_eq!(ratings(&t, "ben").await, BTreeMap::from([("overall_satisfied".to_owned(), Some(2))]));
        t.press_in(&thanks, "Change an answer").await;
        let again = form(&t, "ben", "survey_page").await;
        assert_eq!(initial(&again, "overall_satisfied:was"), json!("2"));
        updated(t.submit(&again, &[("overall_satisfied:was", "0")]).await);
        t.next_message().await;
        assert!(ratings(&t, "ben").await.is_empty() && !t.waits_for("ben").await, "taken back, and not reminded");
        // From the overview, and by somebody who has not answered: from the overview and from Home.
        let overview = t.slash("ben", "pulse").await;
        assert!(
            overview.text.contains("You may still change what you gave.") && overview.text.contains("it does not wait for you"),
            "{}",
            overview.text
        );
        let overview = t.slash("chen", "pulse").await;
        assert!(
            overview.text.contains("A survey waits for your answers: press Answer.")
                && overview.text.contains("It waits for your answers."),
            "{}",
            overview.text
        );
        t.press(&overview, "Answer").await;
        assert_eq!(form(&t, "chen", "survey_page").await.body["title"]["text"], "Your answers");
        t.slack.open_home("U0DARIA").await.expect("acknowledged");
        let tab = t.slack.next_home("U0DARIA", std::time::Duration::from_secs(20), |_| true).await.expect("a tab");
        t.press_in(&tab, "Answer").await;
        let page = form(&t, "daria", "survey_page").await;
        updated(t.submit(&page, &[("overall_satisfied", "5")]).await);
        assert_eq!(ratings(&t, "daria").await.len(), 1);
    }
}

/// Sends pages, each with what is given for it, until the thanks.
async fn through(t: &Harness, mut page: View, fields: impl Fn(usize, &View) -> Vec<(String, String)>) -> (usize, View) {
    for count in 1.. {
        let given = fields(count, &page);
        let given: Vec<(&str, &str)> = given.iter().map(|(field, value)| (field.as_str(), value.as_str())).collect();
        page = updated(t.submit(&page, &given).await);
        if page.body["callback_id"] != "survey_page" {
            return (count, page);
        }
    }
    unreachable!("pages end")
}

/// The inputs of a page and their kind.
fn inputs(page: &View) -> Vec<(String, String)> {
    let blocks = page.body["blocks"].as_array().expect("blocks").iter().filter(|block| block["type"] == "input");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    blocks.map(|block| (text(&block["block_id"]), text(&block["element"]["type"]))).collect()
}

/// Outside text at its worst.
const ODD: &str = "Ask <@U0ANA> & Chen: *bold* `code` <!channel>\u{202e} \u{0}\u{7}tab\tend\nsecond line 😀";

#[tokio::test(flavor = "multi_thread")]
async fn a_full_wave_is_saved_page_by_page_and_begins_again_where_one_was() {
    for transport in BOTH {
        let t = Harness::on(transport).await;
        let wave = launched(&t.app, "full", &PEOPLE).await;
        let asked = t.invited(&wave, "ben").await;
        assert_eq!(labels(&asked.blocks), ["Start", "Not now", "Skip this one", "Stop", "Who sees what"]);
        t.press_as("ben", &asked, "Start").await;
        let first = form(&t, "ben", "survey_page").await;
        assert!(
            first.body["title"]["text"].as_str().is_some_and(|title| title.starts_with("Page 1 of ")) && words(&first).contains(PROMISE)
        );
        // Too long: a sentence under the field, and the page stays with all that is in it.
        let long = "x".repeat(10_000);
        let wrong = errors(t.submit(&first, &[("overall_satisfied", "5"), ("overall_slowed", &long)]).await);
        assert!(wrong["overall_slowed"].contains("7\u{202f}000 characters too long"), "{wrong:?}");
        assert_eq!(t.database.count("ballot"), 0, "not half of a page");
        let second = updated(t.submit(&first, &[("overall_slowed", ODD)]).await);
        assert_eq!(t.database.count("ballot"), 1, "saved before the next page stands");
        let marked = t.marked("ben").await;
        assert_eq!(
            (marked.ratings["overall_satisfied"], marked.texts["overall_slowed"].as_str()),
            (Some(5), ODD),
            "what stood in it came along"
        );
        assert!(
            second.body["title"]["text"].as_str().is_some_and(|title| title.starts_with("Page 2 of ")) && !words(&second).contains(PROMISE)
        );
        // Left here, and opened again.
        t.slack.close_view("U0BEN").await.expect("closed");
        t.advance(60 * SECOND);
        t.press_as("ben", &asked, "Start").await;
        let again = form(&t, "ben", "survey_page").await;
        assert_eq!(initial(&again, "overall_satisfied:was"), json!("5"));
        let stands = initial(&again, "overall_slowed:was");
        assert!(stands.as_str().is_some_and(|text| text.contains("<@U0ANA> & Chen: *bold*") && !text.contains('\u{7}')), "{stands}");
        let (pages, thanks) = through(&t, again, |_, page| {
            let rated = inputs(page).into_iter().filter(|(_, kind)| kind == "radio_buttons");
            rated.map(|(field, _)| (field, "3".to_owned())).collect()
        })
        .await;
        let message = t.next_message().await;
        assert!(message.ts == asked.ts && message.text.contains("Thank you.") && !labels(&message.blocks).contains(&"Start".to_owned()));
        assert!((3..=8).contains(&pages) && words(&thanks).contains("Thank you."), "{pages}");
        let rated = wave.rules.rated().count();
        assert!(ratings(&t, "ben").await.values().all(|value| *value == Some(3)) && ratings(&t, "ben").await.len() == rated);
        assert_eq!(t.database.count("ballot"), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn put_off_skipped_and_stopped() {
    for transport in BOTH {
        let t = Harness::on(transport).await;
        let wave = launched(&t.app, "pulse", &PEOPLE).await;
        let asked = t.invited(&wave, "ben").await;
        let later = pressed(&t, "ben", &asked, "Not now").await;
        assert!(later.text.contains("Not now: nothing was stored.") && labels(&later.blocks) == ["Answer"], "{}", later.text);
        assert!(t.waits_for("ben").await && t.database.count("ballot") == 0 && t.database.count("survey_optout") == 0);
        let first = pressed(&t, "ben", &later, "Answer").await;
        assert_eq!(labels(&first.blocks)[..5], SATISFIED);
        let skipped = pressed(&t, "ben", &first, "Skip this one").await;
        assert!(skipped.text.contains("Skipped") && skipped.text.contains("/metrics pulse"), "{}", skipped.text);
        assert!(skipped.text.contains("with /metrics pulse until Thursday 3 December, 17:00 (UTC)."), "{}", skipped.text);
        assert!(!t.waits_for("ben").await && ratings(&t, "ben").await.is_empty() && t.database.count("ballot") == 1);
        t.advance(60 * SECOND); // the same button of the same message at the same moment is one press
        let after_all = pressed(&t, "ben", &skipped, "Answer after all").await;
        assert_eq!(labels(&after_all.blocks)[..5], SATISFIED);
        for (person, scope, kept, says) in
            [("chen", "survey", "pulse", "This survey does not ask you any more."), ("daria", "all", "all", "No survey asks you any more.")]
        {
            let asked = t.invited(&wave, person).await;
            t.press_as(person, &asked, "Stop").await;
            let stop = form(&t, person, "survey_stopped").await;
            assert_eq!(initial(&stop, "scope"), json!("survey"));
            assert_eq!(t.submit(&stop, &[("scope", scope)]).await, Submitted::Closed);
            let stopped = t.next_message().await;
            assert!(stopped.ts == asked.ts && stopped.text.contains(says) && stopped.text.contains("/metrics privacy"), "{}", stopped.text);
            assert_eq!(t.database.count(&format!("survey_optout where user_id = '{}' and scope = '{kept}'", id(person))), 1);
            assert!(!t.waits_for(person).await);
            let again = pressed(&t, person, &stopped, "Ask me again").await;
            assert!(again.text.contains("You are asked again.") && labels(&again.blocks) == ["Answer"], "{}", again.text);
            assert!(t.waits_for(person).await && t.database.count("survey_optout") == 0);
        }
        assert_eq!(t.database.count("ballot"), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sees_what_has_the_persons_own_groups_with_their_sizes() {
    let t = Harness::http().await;
    let wave = launched(&t.app, "pulse", &PEOPLE).await;
    let asked = t.invited(&wave, "ben").await;
    t.press_as("ben", &asked, "Who sees what").await;
    let modal = t.next_view("ben", |view| view.body["title"]["text"] == "Who sees what").await;
    let said = words(&modal);
    for expect in [
        PROMISE,
        "You count in *Payments* (6 asked)",
        "You count in the group above too: *Commerce* (6 asked)",
        "leads and everybody else see it 24 hours later",
    ] {
        assert!(said.contains(expect), "{expect}\n{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wave_that_closes_while_somebody_types_says_so_and_stores_nothing() {
    for transport in BOTH {
        let t = Harness::on(transport).await;
        let wave = launched(&t.app, "pulse", &PEOPLE).await;
        let asked = t.invited(&wave, "ben").await;
        let late = t.invited(&wave, "chen").await;
        t.press_as("ben", &asked, "Satisfied").await;
        let second = t.next_message().await;
        let overview = t.slash("daria", "pulse").await;
        t.press(&overview, "Answer").await;
        let page = form(&t, "daria", "survey_page").await;
        close(&t).await;
        let refusal = "This survey is closed: what you gave before is counted, this press is not.";
        let told = updated(t.submit(&page, &[("overall_satisfied", "1")]).await);
        assert!(words(&told).contains(refusal), "{}", words(&told));
        for (person, message, label) in [("ben", &second, "Leave this one out"), ("chen", &late, "Not now")] {
            let label = label.to_owned();
            assert!(pressed(&t, person, message, &label).await.text.contains(refusal));
        }
        assert_eq!((t.database.count("ballot"), t.database.count("ballot_text")), (0, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_storing_fails_the_person_is_told_that_nothing_was_stored_and_presses_again() {
    for transport in BOTH {
        let t = Harness::on(transport).await;
        let wave = launched(&t.app, "pulse", &PEOPLE).await;
        let asked = t.invited(&wave, "ben").await;
        let overview = t.slash("chen", "pulse").await;
        t.press(&overview, "Answer").await;
        let page = form(&t, "chen", "survey_page").await;
        t.database.execute("alter table ballot rename to broken");
        t.press_as("ben", &asked, "Satisfied").await;
        let told = t.next_message().await;
        assert!(told.text.contains("Nothing was stored") && told.only_for.as_deref() == Some("U0BEN"), "{}", told.text);
        let wrong = errors(t.submit(&page, &[("overall_satisfied", "1")]).await);
        assert!(wrong.values().any(|sentence| sentence.contains("Nothing was stored") && sentence.contains("again")), "{wrong:?}");
        t.database.execute("alter table broken rename to ballot");
        pressed(&t, "ben", &asked, "Satisfied").await;
        assert!(words(&updated(t.submit(&page, &[]).await)).contains("Thank you."), "what was typed is still in it");
        assert_eq!((ratings(&t, "ben").await.len(), ratings(&t, "chen").await.len()), (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_url_that_is_used_up_is_no_obstacle_and_a_missing_key_is_said() {
    let t = Harness::http().await;
    let wave = launched(&t.app, "pulse", &PEOPLE).await;
    let asked = t.invited(&wave, "ben").await;
    t.slack.fault("response_url", Fault::Error("used_url".into()));
    let second = pressed(&t, "ben", &asked, "Satisfied").await;
    assert!(second.text.contains("Question 2 of 3") && t.heard("chat.update") == 1);
    let key = t.app.config.key_dir.join(format!("{WAVE}.key"));
    std::fs::rename(&key, key.with_extension("away")).expect("moved");
    let label = labels(&second.blocks).remove(0);
    t.press_as("ben", &second, &label).await;
    let told = t.next_message().await;
    assert!(told.ts != second.ts && told.text.contains("its key is missing. Nothing was stored."), "{}", told.text);
    std::fs::rename(key.with_extension("away"), &key).expect("moved back");
    pressed(&t, "ben", &second, &label).await;
}
