//! Notes of retrospectives: written by the team, shared when asked to, looked at again on a date, marked in the trends they explain.

use pacer::domain::card::Part;
use pacer::domain::time::{At, DAY, HOUR};
use pacer::error::Failure;
use pacer::features::{self, Effect, Reply};
use pacer::sandbox::Fault;
use serde_json::{Value, json};

use crate::harness::facts::{ORG, sample};
use crate::harness::forms::{act, errors, form, initial, message_of, outbox, refused, updated, words};
use crate::harness::{Harness, id, labels};

const CHANNEL: &str = "C0PAYMENTS";

/// Payments has its channel, Ben in it and Chen as its lead; Finders is closed and has Daria.
fn org() -> String {
    let channels = "services = [\"checkout\"]\nchannels = [\"C0PAYMENTS\"]";
    ORG.replace("services = [\"checkout\"]", channels)
        .replace("services = [\"search\"]", "services = [\"search\"]\nchannels = [\"C0SEARCH\"]")
}

async fn begun() -> Harness {
    let t = Harness::http().await;
    t.import_json(&sample()).await;
    t.parsed().await;
    t.apply_org(&org()).await;
    t.lead("payments", "U0CHEN").await;
    t
}

const NOTE: [(&str, &str); 8] = [
    ("well", "reviews were quick"),
    ("hurt", ""),
    ("metric1", "change_lead_time"),
    ("metric2", "none"),
    ("decision", "merge in the morning"),
    ("owner", "U0BEN"),
    ("review", "2026-12-21"),
    ("share", "yes"),
];

fn with<'a>(field: &str, value: &'a str) -> Vec<(&'static str, &'a str)> {
    NOTE.iter().map(|(known, old)| (*known, if *known == field { value } else { *old })).collect()
}

async fn wrote(t: &Harness, person: &str, state: &str, fields: &[(&str, &str)]) -> Result<Effect, Failure> {
    act(t, person, CHANNEL, "retro_sent", state, fields).await
}

fn standing(t: &Harness, channel: &str) -> Vec<pacer::sandbox::Message> {
    t.slack.standing(channel)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_writes_shares_and_says_later_whether_it_worked() {
    let t = begun().await;
    let card = t.slash_in("ben", "payments", "retro").await;
    assert!(card.text.contains("Payments has no note yet"), "{}", card.text);
    t.press(&card, "Write one").await;
    let asked = form(&t, "ben", "retro_sent").await;
    let element = |field: &str| {
        let block = asked.body["blocks"].as_array().unwrap().iter().find(|block| block["block_id"] == field).cloned();
        block.unwrap_or_else(|| panic!("no {field}"))["element"].clone()
    };
    assert_eq!(asked.body["title"]["text"], "Retro: Payments");
    assert_eq!((&element("review")["initial_date"], initial(&asked, "owner")), (&json!("2026-12-21"), json!(["U0BEN"])));
    assert_eq!((&element("share")["type"], initial(&asked, "share")), (&json!("radio_buttons"), json!("no")));
    let done =
        words(&updated(t.submit(&asked, &[("hurt", "a freeze"), ("metric2", "wip"), ("decision", "merge daily"), ("share", "yes")]).await));
    assert!(done.contains("It is shared in <#C0PAYMENTS>. On 21 Dec I ask there whether it worked."), "{done}");
    t.sent().await;
    let summary = standing(&t, CHANNEL);
    assert_eq!(summary.len(), 1, "only the summary yet: {summary:?}");
    let said = message_of(&summary[0]);
    for expect in ["Decided: *merge daily* · <@U0BEN> · review on 21 Dec", "*Hurt:* a freeze", "Work in progress", "Written by <@U0BEN>"]
    {
        assert!(said.contains(expect), "{expect}: {said}");
    }
    assert!(!said.contains("Went well"), "what was left empty is not said: {said}");
    let review = outbox(&t).into_iter().find(|row| row.key.ends_with("/review")).expect("a row");
    assert_eq!((review.channel.as_str(), review.not_before.rfc3339().as_str()), (CHANNEL, "2026-12-21T09:00:00Z"));
    let note = review.key.split('/').nth(1).unwrap().to_owned();
    let word = async |person: &str, word: &str| act(&t, person, CHANNEL, "retro_verdict", &format!("{note} {word}"), &[]).await;
    assert!(refused(word("ben", "yes").await).contains("too early"));

    t.advance(review.not_before.since(t.clock.now()) - 60_000_000);
    t.sent().await;
    assert_eq!(standing(&t, CHANNEL).len(), 1, "a minute early");
    t.advance(120_000_000);
    t.sent().await;
    let question = standing(&t, CHANNEL).pop().expect("a question");
    let said = message_of(&question);
    assert!(said.contains("On 23 Nov Payments decided: *merge daily* · <@U0BEN>. Did it work?"), "{said}");
    assert_eq!(labels(&question.blocks), ["Yes", "Partly", "No"]);
    t.press_as("ben", &question, "Yes").await;
    t.until("it is counted", async || t.database.count("retro_verdict") == 1).await;
    t.until("Ben is told", async || t.slack.unread().iter().any(|it| it.text.contains("Counted: Yes"))).await;
    word("chen", "partly").await.expect("the lead's");
    word("ana", "no").await.expect("an admin's");
    word("ana", "no").await.expect("said twice");
    word("ben", "no").await.expect("changed");
    for person in ["daria", "finn"] {
        assert!(refused(word(person, "yes").await).contains("for the team to say"), "{person}");
    }
    assert!(refused(word("ben", "perhaps").await).contains("none of them"));
    t.sent().await;
    let all = standing(&t, CHANNEL);
    let said = message_of(all.last().unwrap());
    assert_eq!(all.len(), 2, "the question is edited");
    assert!(said.contains("*Partly:* <@U0CHEN>") && said.contains("*No:* <@U0ANA>, <@U0BEN>") && !said.contains("*Yes:*"), "{said}");
    let list = t.ask("retro team:payments").await;
    assert_eq!(list["notes"][0]["worked"], json!({"yes": 0, "partly": 1, "no": 2}), "{list}");
    let card = t.slash_in("chen", "payments", "retro").await;
    assert!(message_of(&card).contains("merge daily · <@U0BEN> · partly for 1, did not for 2"), "{}", message_of(&card));
    // Later than the message is known it is not posted anew.
    t.advance(40 * DAY);
    let job = features::JOBS.iter().find(|job| job.name == "retention").expect("a job");
    (job.run)(&t.app.cx(None).await.unwrap()).await.expect("runs");
    word("ben", "partly").await.expect("late");
    t.sent().await;
    assert_eq!(standing(&t, CHANNEL).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_note_is_posted_nowhere_and_its_owner_is_asked() {
    let t = begun().await;
    wrote(&t, "ben", "payments aaaaaaaa", &with("share", "no")).await.expect("kept");
    wrote(&t, "ben", "payments aaaaaaaa", &with("share", "no")).await.expect("sent twice");
    assert_eq!((t.database.count("retro_note"), t.sent().await.len()), (1, 0));
    t.advance(28 * DAY);
    t.sent().await;
    assert!(standing(&t, CHANNEL).is_empty());
    let asked = standing(&t, "D0BEN");
    assert!(asked.len() == 1 && asked[0].text.contains("Did it work?"), "{asked:?}");
    // Its owner left: Slack takes no message to them, and the note stays.
    wrote(&t, "ben", "payments bbbbbbbb", &[with("share", "no"), vec![("owner", "U0GITA"), ("review", "2027-01-04")]].concat())
        .await
        .expect("kept");
    t.slack.fault("conversations.open", Fault::Error("user_disabled".into()));
    t.advance(14 * DAY);
    t.sent().await;
    assert_eq!(t.ask("retro team:payments").await["notes"].as_array().map(Vec::len), Some(2));
    let row = outbox(&t).into_iter().find(|row| row.key == "retro/bbbbbbbb/2027-01-04/review").expect("a row");
    assert_eq!(row.state, "dropped");
    act(&t, "ben", CHANNEL, "retro_verdict", "bbbbbbbb yes", &[]).await.expect("who wrote it may say");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_wrote_a_note_and_admins_change_or_remove_it() {
    let t = begun().await;
    wrote(&t, "ben", "payments aaaaaaaa", &NOTE).await.expect("kept");
    t.sent().await;
    for person in ["chen", "finn"] {
        for action in ["retro_change", "retro_remove", "retro_removed"] {
            let why = refused(act(&t, person, CHANNEL, action, "aaaaaaaa", &[]).await);
            assert!(why.contains("by whoever wrote it, and by admins"), "{person} {action}: {why}");
        }
        assert!(refused(wrote(&t, person, "payments change:aaaaaaaa", &NOTE).await).contains("by whoever wrote it"), "{person}");
    }
    let card = t.slash_in("ben", "payments", "retro").await;
    t.press(&card, "Read").await;
    let note = t.next_message().await;
    assert_eq!(labels(&note.blocks), ["Change", "Remove"]);
    t.press(&note, "Change").await;
    let asked = form(&t, "ben", "retro_sent").await;
    assert_eq!((initial(&asked, "well"), initial(&asked, "metric1")), (json!("reviews were quick"), json!("change_lead_time")));
    assert!(words(&asked).contains("It is shared there, and what stands there changes with it."), "{}", words(&asked));
    let fields = [("decision", "merge at ten"), ("review", "2026-12-14"), ("owner", "U0CHEN"), ("metric1", "none")];
    let done = words(&updated(t.submit(&asked, &fields).await));
    assert!(done.contains("On 14 Dec I ask there"), "{done}");
    t.sent().await;
    let all = standing(&t, CHANNEL);
    assert_eq!(all.len(), 1, "the message is edited: {all:?}");
    assert!(message_of(&all[0]).contains("Decided: *merge at ten* · <@U0CHEN> · review on 14 Dec"), "{}", message_of(&all[0]));
    let reviews = || outbox(&t).into_iter().map(|row| row.key).filter(|key| key.ends_with("/review")).collect::<Vec<_>>();
    assert_eq!(reviews(), ["retro/aaaaaaaa/2026-12-14/review"], "the question of the old day is taken back");
    let list = t.ask("retro team:payments").await;
    assert_eq!((&list["notes"][0]["author"], &list["notes"][0]["metrics"]), (&json!("U0BEN"), &json!([])), "{list}");

    // Once it was asked, its day may stay as it is; another decision has no words yet; whoever wrote it hears of an admin's change.
    t.advance(At::parse("2026-12-14T09:01:00Z").unwrap().since(t.clock.now()));
    t.sent().await;
    act(&t, "ben", CHANNEL, "retro_verdict", "aaaaaaaa yes", &[]).await.expect("said");
    t.advance(DAY);
    let same = |decision: &'static str| [with("decision", decision), vec![("review", "2026-12-14"), ("owner", "U0CHEN")]].concat();
    wrote(&t, "ben", "payments change:aaaaaaaa", &same("merge at ten")).await.expect("changed");
    assert_eq!(t.database.count("retro_verdict"), 1);
    wrote(&t, "ana", "payments change:aaaaaaaa", &same("merge at noon")).await.expect("changed");
    assert_eq!((t.database.count("retro_verdict"), t.database.count("retro_note")), (0, 1));
    t.sent().await;
    let all = standing(&t, CHANNEL);
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all.iter().all(|message| message_of(message).contains("merge at noon")), "{all:?}");
    let heard = message_of(&standing(&t, "D0BEN").pop().expect("a message"));
    assert!(heard.contains("<@U0ANA> changed the note that you wrote on 23 Nov"), "{heard}");

    let Effect::Form(asked) = act(&t, "ana", "", "retro_remove", "aaaaaaaa", &[]).await.expect("asks") else { panic!("a form") };
    assert_eq!((asked.action.as_str(), asked.state.as_str()), ("retro_removed", "aaaaaaaa"));
    act(&t, "ana", "", "retro_removed", "aaaaaaaa", &[]).await.expect("gone");
    t.sent().await;
    let all = standing(&t, CHANNEL);
    assert_eq!(all.len(), 2, "{all:?}");
    for message in &all {
        let said = message_of(message);
        assert!(said.contains("The note of 23 Nov was removed by <@U0ANA>.") && !said.contains("merge"), "{said}");
        assert!(labels(&message.blocks).is_empty(), "{said}");
    }
    assert_eq!(t.database.count("retro_note"), 0);
    for (action, value) in [("retro_removed", "aaaaaaaa"), ("retro_sent", "payments change:aaaaaaaa"), ("retro_verdict", "aaaaaaaa yes")] {
        assert!(refused(act(&t, "ben", CHANNEL, action, value, &NOTE).await).contains("There is no such note"), "{action}");
    }

    // One that waits for its day and is not shared leaves nothing behind.
    wrote(&t, "ben", "payments bbbbbbbb", &[with("share", "no"), vec![("review", "2027-01-11")]].concat()).await.expect("kept");
    act(&t, "ben", "", "retro_removed", "bbbbbbbb", &[]).await.expect("gone");
    assert!(outbox(&t).iter().all(|row| !row.key.starts_with("retro/bbbbbbbb")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_stands_under_its_field() {
    let t = begun().await;
    let long = "x".repeat(10_000);
    let check = async |field: &'static str, value: &str, expect: &str| {
        let effect = wrote(&t, "ben", "payments aaaaaaaa", &with(field, value)).await;
        let Ok(Effect::Wrong(_, wrong)) = effect else { panic!("refused: {effect:?}") };
        assert_eq!(wrong.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), [field]);
        assert!(wrong[0].1.contains(expect), "{wrong:?}");
    };
    check("well", " ", "at least one of the three").await;
    check("well", &long, "room for 600").await;
    check("hurt", "\u{0}", "control characters").await;
    check("decision", "", "Say what you decided").await;
    check("decision", &long, "room for 300").await;
    check("owner", "", "Choose a person").await;
    check("owner", "U0BEN\nU0CHEN", "One person").await;
    check("review", "2026-11-22", "is over").await;
    check("review", "2028-01-01", "more than 365 days").await;
    check("metric1", "velocity", "no such metric").await;
    assert_eq!(t.database.count("retro_note"), 0);
    let card = t.slash_in("ben", "payments", "retro").await;
    t.press(&card, "Write one").await;
    let found = errors(t.submit(&form(&t, "ben", "retro_sent").await, &[("decision", "x")]).await);
    assert!(found["well"].contains("at least one"), "{found:?}");
    // Text is data: it calls nobody.
    let loud = [with("decision", "<!channel> *now* & <@U0ANA>"), vec![("metric2", "change_lead_time")]].concat();
    wrote(&t, "ben", "payments bbbbbbbb", &loud).await.expect("kept");
    t.sent().await;
    let said = message_of(&standing(&t, CHANNEL)[0]);
    assert!(said.contains("&lt;!channel&gt;") && !said.contains("<!channel>") && !said.contains("<@U0ANA>"), "{said}");
    assert_eq!(t.ask("retro team:payments").await["notes"][0]["metrics"], json!(["change_lead_time"]), "named twice is named once");
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_note_it_is_and_who_may_write_and_read_it() {
    let t = begun().await;
    // In the team's channel the team is clear, for who is in it and for who is in none.
    for person in ["ben", "finn"] {
        assert!(t.slash_in(person, "payments", "retro").await.text.contains("Payments"), "{person}");
    }
    let card = t.slash_in("finn", "payments", "retro").await;
    assert!(labels(&card.blocks).is_empty() && message_of(&card).contains("written by its members, its leads and admins"), "{card:?}");
    let answer = t.ask_as(Some("finn"), "retro").await;
    assert_eq!(answer["error"]["kind"], "unknown_team", "{answer}");
    assert!(t.ask_as(Some("ben"), "retro").await["error"].is_null(), "his only team");
    for person in ["finn", "daria"] {
        assert!(refused(wrote(&t, person, "payments aaaaaaaa", &NOTE).await).contains("written by its members"), "{person}");
    }
    for (person, note) in [("chen", "aaaaaaaa"), ("ana", "bbbbbbbb")] {
        wrote(&t, person, &format!("payments {note}"), &NOTE).await.expect("a lead, an admin");
    }
    assert!(refused(wrote(&t, "ana", "nobody aaaaaaab", &NOTE).await).contains("no longer in the organisation"));
    // A closed team's notes are for its members and admins.
    act(&t, "daria", "C0SEARCH", "retro_sent", "finders cccccccc", &NOTE).await.expect("kept");
    for person in [Some("daria"), Some("ana"), None] {
        assert_eq!(t.ask_as(person, "retro team:finders").await["notes"].as_array().map(Vec::len), Some(1), "{person:?}");
    }
    for person in ["ben", "finn"] {
        assert_eq!(t.ask_as(Some(person), "retro team:finders").await["error"]["kind"], "not_allowed");
        assert!(refused(act(&t, person, "", "retro_read", "cccccccc", &[]).await).contains("members only"));
        assert!(refused(act(&t, person, "", "retro_verdict", "cccccccc yes", &[]).await).contains("members only"));
    }
    t.sent().await;
    assert_eq!((standing(&t, CHANNEL).len(), standing(&t, "C0SEARCH").len()), (2, 1), "each in its own channel");
    // Prose behind the command is the decision.
    t.slack.slash(&id("ben"), "payments", "/metrics", "retro stop estimating in hours").await.expect("heard");
    assert_eq!(initial(&form(&t, "ben", "retro_sent").await, "decision"), json!("stop estimating in hours"));
}

/// The card of a question.
async fn card(t: &Harness, person: Option<&str>, text: &str) -> pacer::domain::card::Card {
    let cx = t.app.cx(person.map(|person| t.app.asker(&id(person)))).await.expect("a context");
    match features::answer(&cx, text).await.expect("an answer") {
        Reply::Card(card) => *card,
        Reply::Form(form) => panic!("a form: {}", form.title),
    }
}

fn numbers(answer: &Value) -> Vec<(u64, String)> {
    let all = answer["annotations"].as_array().unwrap_or_else(|| panic!("no annotations in {answer}"));
    all.iter().map(|it| (it["number"].as_u64().unwrap(), it["decision"].as_str().unwrap().to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trend_marks_the_notes_that_explain_it() {
    let t = begun().await;
    wrote(&t, "ben", "payments aaaaaaaa", &NOTE).await.expect("kept");
    t.advance(DAY);
    let before = t.ask("trend change_lead_time team:payments").await;
    t.advance(20 * DAY);
    let unnamed = [with("metric1", "none"), vec![("decision", "pair on Mondays"), ("review", "2027-01-11"), ("share", "no")]].concat();
    wrote(&t, "ben", "payments bbbbbbbb", &unnamed).await.expect("kept");
    act(
        &t,
        "daria",
        "C0SEARCH",
        "retro_sent",
        "finders cccccccc",
        &[with("decision", "a secret"), vec![("review", "2027-01-11")]].concat(),
    )
    .await
    .expect("kept");
    t.advance(7 * DAY + HOUR);
    t.sent().await;
    let both = vec![(1, "merge in the morning".to_owned()), (2, "pair on Mondays".to_owned())];
    assert_eq!(numbers(&t.ask("trend change_lead_time team:payments").await), both);
    assert_eq!(numbers(&t.ask("trend wip team:payments").await), [(1, "pair on Mondays".into())], "only those that name it, or none");
    assert_eq!(numbers(&t.ask("trend team:payments").await), both);
    assert_eq!(numbers(&t.ask("trend change_lead_time team:payments 2026-06-01..2026-11-20").await), []);
    assert_eq!(numbers(&t.ask("trend change_lead_time team:all").await), [], "the organisation has no notes of its own");
    // In letters, in Slack and as a picture.
    let card = card(&t, Some("ben"), "trend change_lead_time team:payments").await;
    let text = pacer::render::text(&card, false, 100);
    assert!(text.contains("marked: note 1, note 2") && text.contains("1 · 23 Nov: merge in the morning"), "{text}");
    let chart =
        card.parts.iter().find_map(|part| if let Part::Chart(chart) = part { Some(chart.clone()) } else { None }).expect("a picture");
    assert!(chart.said().contains("marked: note 1 (week of "), "{}", chart.said());
    let drawn = pacer::render::svg::inline(&chart, "x");
    assert!(drawn.contains(">note 1<") && drawn.contains(">note 2<"), "{drawn}");
    let message = pacer::render::blocks::message(&card).to_string();
    assert!(message.contains("note 1 (week of") && message.contains("*2* · 14 Dec: pair on Mondays"), "{message}");
    // An answer that is looked at again says what was noted by then.
    let id = before["receipt"].as_str().expect("a receipt");
    let Effect::Replace(again) = act(&t, "ben", CHANNEL, "chart", id, &[]).await.expect("again") else { panic!("an answer") };
    assert_eq!(numbers(&pacer::render::json(&again)), [(1, "merge in the morning".into())]);
    assert_eq!(At::parse("2026-12-21T13:00:00Z").map(|at| t.clock.now().since(at).abs() < HOUR), Some(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_closed_team_noted_stands_only_beside_its_own_figures() {
    let t = Harness::http().await;
    t.import_json(&sample()).await;
    t.parsed().await;
    let above = "[[teams]]\nid = \"tribe\"\nservices = [\"checkout\"]\n";
    t.apply_org(&format!("{}{above}", org().replace("id = \"finders\"", "id = \"finders\"\nparent = \"tribe\""))).await;
    act(&t, "daria", "C0SEARCH", "retro_sent", "finders cccccccc", &with("decision", "a secret")).await.expect("kept");
    t.advance(HOUR);
    for person in [Some("daria"), Some("ana"), None] {
        assert_eq!(numbers(&t.ask_as(person, "trend change_lead_time team:finders").await).len(), 1, "{person:?}");
        let above = t.ask_as(person, "trend change_lead_time team:tribe").await;
        assert_eq!(numbers(&above), [], "an answer of the team above may be shared: {person:?}");
    }
    assert!(!t.ask_as(Some("finn"), "trend change_lead_time team:tribe").await.to_string().contains("secret"));
    t.sent().await;
}
