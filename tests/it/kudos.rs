//! A thank-you: who is thanked is asked first, and only with their word does it stand in the channel. Nothing is counted.

use pacer::domain::time::DAY;
use pacer::features::Effect;
use serde_json::json;

use crate::harness::facts::{ORG, sample};
use crate::harness::forms::{act, errors, form, initial, message_of, outbox, refused, updated, words};
use crate::harness::{Harness, id, labels};

const CHANNEL: &str = "C0PAYMENTS";
const FIELDS: [(&str, &str); 4] =
    [("receiver", "U0BEN"), ("decision", "stopping the velocity chart"), ("evidence", "it misled us"), ("channel", CHANNEL)];

async fn begun() -> Harness {
    let t = Harness::http().await;
    t.apply_org(ORG).await;
    t
}

/// Chen thanks somebody; the id of it.
async fn thanked(t: &Harness, state: &str, fields: &[(&str, &str)]) -> Result<Effect, pacer::error::Failure> {
    act(t, "chen", CHANNEL, "kudos_sent", state, fields).await
}

fn standing(t: &Harness, channel: &str) -> Vec<String> {
    t.slack.standing(channel).into_iter().map(|message| message.text).collect()
}

fn rows(t: &Harness) -> i64 {
    t.database.count("kudos")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thank_you_is_shared_by_who_is_thanked_and_by_nobody_else() {
    let t = begun().await;
    let card = t.slash_in("chen", "payments", "kudos").await;
    assert!(card.text.contains("Nothing was shared in this channel yet."), "{}", card.text);
    t.press(&card, "Thank somebody").await;
    let asked = updated(t.submit(&form(&t, "chen", "kudos_sent").await, &FIELDS).await);
    assert!(words(&asked).contains("<@U0BEN> is asked first") && words(&asked).contains("only if they say so"), "{}", words(&asked));
    let question = t.sent().await.pop().expect("a question");
    assert_eq!(
        (question.channel.as_str(), labels(&question.blocks)),
        ("D0BEN", ["Yes, share", "Keep it between us", "No, thanks"].map(str::to_owned).to_vec())
    );
    let said = message_of(&question);
    assert!(said.contains("<@U0CHEN> would like to thank you in <#C0PAYMENTS> for *stopping the velocity chart*. Share it?"), "{said}");
    assert!(standing(&t, CHANNEL).is_empty(), "nothing without consent");
    let state = t.database.texts("select id from kudos").pop().expect("a row");
    for (person, action) in [("chen", "kudos_share"), ("ana", "kudos_share"), ("daria", "kudos_decline")] {
        let why = refused(act(&t, person, "", action, &state, &[]).await);
        assert!(why.contains("not for you"), "{why}");
    }
    t.press_as("ben", &question, "Yes, share").await;
    t.until("it is shared", async || t.database.number("select shared from kudos") == 1).await;
    let told = async || t.slack.unread().iter().any(|it| it.text.contains("It is shared in") && it.text.contains("/invite @pacer"));
    t.until("Ben is told, and what to do where pacer is not in the channel", told).await;
    t.sent().await;
    let channel = standing(&t, CHANNEL);
    assert_eq!(channel.len(), 1, "{channel:?}");
    assert!(channel[0].contains("thanks") && channel[0].contains("stopping the velocity chart"), "{channel:?}");
    let asked: Vec<_> = t.slack.standing("D0BEN").into_iter().filter(|message| message.ts == question.ts).collect();
    assert!(labels(&asked[0].blocks).is_empty(), "nothing is left to press: {:?}", asked[0]);
    // Pressed again, on another device: it stands once.
    act(&t, "ben", "", "kudos_share", &state, &[]).await.expect("done");
    assert!(refused(act(&t, "ben", "", "kudos_decline", &state, &[]).await).contains("shared this already"));
    t.sent().await;
    assert_eq!(standing(&t, CHANNEL).len(), 1);
    // What was shared here is shown here, without a count, and nowhere else.
    let card = t.slash_in("daria", "payments", "kudos").await;
    let said = message_of(&card);
    assert!(said.contains("<@U0CHEN> thanks <@U0BEN> for *stopping the velocity chart*"), "{said}");
    assert!(t.slash_in("daria", "general", "kudos").await.text.contains("Nothing was shared"));
    assert_eq!(t.ask("kudos").await["kudos"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_declined_or_kept_between_two_is_posted_nowhere_and_leaves_no_row() {
    for (action, said) in [("kudos_decline", "nothing of it is kept"), ("kudos_keep", "stays between you and")] {
        let t = begun().await;
        thanked(&t, "aaaaaaaa", &FIELDS).await.expect("asked");
        t.sent().await;
        let Effect::Answer(card) = act(&t, "ben", "", action, "aaaaaaaa", &[]).await.expect("taken") else { panic!("an answer") };
        assert!(card.verdict.text().contains(said), "{}", card.verdict.text());
        t.sent().await;
        assert_eq!((rows(&t), standing(&t, CHANNEL)), (0, Vec::new()));
        let dm = outbox(&t).pop().expect("the question");
        assert_eq!((dm.key.as_str(), dm.body.contains("stopping the velocity chart")), ("kudos/aaaaaaaa", action == "kudos_keep"));
        assert!(!dm.body.contains("kudos_share"), "{}", dm.body);
        let why = refused(act(&t, "ben", "", "kudos_share", "aaaaaaaa", &[]).await);
        assert!(why.contains("answered already"), "{why}");
        t.sent().await;
        assert_eq!(standing(&t, CHANNEL), Vec::<String>::new());
        assert_eq!(outbox(&t).iter().filter(|row| row.channel == "U0CHEN").count(), 0, "whoever thanked hears nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_presses_at_one_time_have_one_outcome() {
    let t = begun().await;
    thanked(&t, "aaaaaaaa", &FIELDS).await.expect("asked");
    t.sent().await;
    let (yes, no) = tokio::join!(act(&t, "ben", "", "kudos_share", "aaaaaaaa", &[]), act(&t, "ben", "", "kudos_decline", "aaaaaaaa", &[]));
    assert!(yes.is_ok() != no.is_ok(), "{yes:?} {no:?}");
    t.sent().await;
    assert_eq!(standing(&t, CHANNEL).len(), usize::from(yes.is_ok()));
    assert_eq!(rows(&t), i64::from(yes.is_ok()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_sent_twice_asks_once_and_nobody_is_pressed() {
    let t = begun().await;
    for _ in 0..2 {
        thanked(&t, "aaaaaaaa", &FIELDS).await.expect("asked");
    }
    assert_eq!((rows(&t), t.sent().await.len()), (1, 1));
    let Ok(Effect::Wrong(_, wrong)) = thanked(&t, "bbbbbbbb", &FIELDS).await else { panic!("refused") };
    assert!(wrong[0].1.contains("waits for their answer"), "{wrong:?}");
    t.advance(31 * DAY);
    let job = pacer::features::JOBS.iter().find(|job| job.name == "retention").expect("a job");
    (job.run)(&t.app.cx(None).await.unwrap()).await.expect("runs");
    assert_eq!(rows(&t), 0, "forgotten after 30 days");
    assert!(refused(act(&t, "ben", "", "kudos_share", "aaaaaaaa", &[]).await).contains("30 days"));
    thanked(&t, "bbbbbbbb", &FIELDS).await.expect("asked again");
    assert_eq!(t.sent().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_stands_under_its_field() {
    let t = begun().await;
    t.apply_org(&format!("{ORG}\n[[people]]\nid = \"robo\"\nslack = \"U0FINN\"\nbot = true\n")).await;
    let long = "x".repeat(10_000);
    let check = async |field: &'static str, value: &str, expect: &str| {
        let fields: Vec<(&str, &str)> = FIELDS.iter().map(|(known, old)| (*known, if *known == field { value } else { *old })).collect();
        let effect = thanked(&t, "aaaaaaaa", &fields).await;
        let Ok(Effect::Wrong(_, wrong)) = effect else { panic!("refused: {effect:?}") };
        assert_eq!(wrong.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), [field]);
        assert!(wrong[0].1.contains(expect), "{wrong:?}");
    };
    check("receiver", "U0CHEN", "That is you").await;
    check("receiver", "U0FINN", "a bot").await;
    check("receiver", "USLACKBOT", "a bot").await;
    check("receiver", "U0PACER", "a bot").await; // only Slack knows
    check("receiver", "U0BEN\nU0ANA", "One person").await;
    check("receiver", "", "Choose a person").await;
    check("decision", "  ", "Say which decision").await;
    check("decision", &long, "10000 characters").await;
    check("decision", "a \u{1b}[2J", "control characters").await;
    check("evidence", "", "what shows it").await;
    check("channel", "D0BEN", "Choose a channel").await;
    check("channel", "<!channel>", "Choose a channel").await;
    assert_eq!((rows(&t), t.sent().await.len()), (0, 0));
    // Slack's own client shows the sentences, and the form stays.
    let card = t.slash_in("ben", "payments", "kudos").await;
    t.press(&card, "Thank somebody").await;
    let found = errors(t.submit(&form(&t, "ben", "kudos_sent").await, &FIELDS).await);
    assert!(found["receiver"].contains("That is you"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn prose_behind_the_command_fills_the_form_and_pings_nobody() {
    let t = begun().await;
    t.import_json(&sample()).await;
    let receipt = t.ask("dora team:payments").await["receipt"].as_str().expect("a receipt").to_owned();
    let ack = t.slack.slash("U0CHEN", "payments", "/metrics", "kudos <@U0BEN|ben> for stopping <!channel> 30d ago").await.expect("heard");
    assert!(ack.message.is_none());
    let asked = form(&t, "chen", "kudos_sent").await;
    assert_eq!(initial(&asked, "receiver"), json!(["U0BEN"]));
    assert_eq!(initial(&asked, "decision"), json!("stopping <!channel> 30d ago"));
    updated(t.submit(&asked, &[("evidence", &receipt)]).await);
    let question = t.sent().await.pop().expect("a question");
    let said = message_of(&question);
    assert!(said.contains("stopping &lt;!channel&gt; 30d ago") && !said.contains("<!channel>"), "{said}");
    assert!(said.contains(&format!("`/metrics why {receipt}`")), "{said}");
    // In a terminal there is nobody who thanks.
    let answer = t.ask("kudos @ben for nothing").await;
    assert_eq!(answer["error"]["kind"], "not_allowed");
    assert_eq!(id("ben"), "U0BEN");
}
