//! You said, we do: after a survey a group promises an action with an owner and a date, or says why not; and the owner hears of it once.

use std::collections::BTreeMap;

use pacer::domain::org::EVERYTHING;
use pacer::domain::survey::Minima;
use pacer::domain::survey::items::shipped;
use pacer::domain::survey::tally::Rules;
use pacer::domain::survey::tree::Tree;
use pacer::domain::survey::wave::Length;
use pacer::domain::time::{At, DAY, HOUR};
use pacer::error::Failure;
use pacer::features::Effect;
use pacer::sandbox::Fault;
use pacer::store::keys::KeyDir;
use pacer::store::survey::{Marked, NewWave, Survey};
use serde_json::{Value, json};

use crate::harness::facts::ORG;
use crate::harness::forms::{Row, act, form, initial, message_of, outbox, refused, updated, words};
use crate::harness::{Harness, Transport, labels};

const FIELDS: [(&str, &str); 5] =
    [("category", "review"), ("text", "a rota for reviews"), ("owner", "U0BEN"), ("due", "2026-12-01"), ("why", "")];

/// A survey of Payments (Ben and eleven others; Chen leads it) and of Finders, which is closed (Daria and eleven others): one wave, closed.
struct Story {
    t: Harness,
    _keys: tempfile::TempDir,
}

impl Story {
    async fn new() -> Self {
        let keys = tempfile::tempdir().expect("a folder");
        let folder = keys.path().join("keys");
        KeyDir::open(&folder).expect("a folder of keys");
        let t = Harness::with(Transport::Http, &[("PACER_KEY_DIR", &folder.display().to_string())]).await;
        t.apply_org(ORG).await;
        t.lead("payments", "U0CHEN").await;
        let story = Self { t, _keys: keys };
        story.wave("w1", 12).await;
        story
    }

    /// So many of each team answer, all of them alike.
    async fn wave(&self, id: &str, each: usize) {
        let (store, keys) = (&self.t.app.store, &self.t.app.keys);
        let survey = Survey {
            id: "full".into(),
            title: "How it goes".into(),
            kind: Length::Full,
            root: None,
            channel: None,
            minima: Minima::default(),
            created_by: "U0ANA".into(),
        };
        store.keep_survey(survey).await.unwrap().expect("kept");
        let team = |id: &str, name: &str, parent: Option<&str>| (id.to_owned(), name.to_owned(), parent.map(str::to_owned));
        let teams = [
            team(EVERYTHING, "Whole organisation", None),
            team("payments", "Payments", Some(EVERYTHING)),
            team("finders", "Finders", Some(EVERYTHING)),
        ];
        let tree = Tree::named(&teams).expect("a tree");
        let people = |team: &str, first: &str| {
            let node = tree.find(team).expect("a team");
            let others = (1..each).map(|at| format!("U{}{at:02}", team.to_uppercase()));
            std::iter::once(first.to_owned()).chain(others).map(|user| (user, node)).collect::<Vec<_>>()
        };
        let items = shipped().into_iter().filter(|it| it.core).flat_map(|it| it.items).collect();
        let wave = NewWave {
            id: id.into(),
            survey: "full".into(),
            opens_on: "2026-11-10".parse().unwrap(),
            closes_on: "2026-11-20".parse().unwrap(),
            rules: Rules { minima: Minima::default(), strict_membership: true, items },
            invited: [people("payments", "U0BEN"), people("finders", "U0DARIA")].concat(),
            tree,
        };
        let rated: Vec<String> = wave.rules.rated().map(|item| item.id.clone()).collect();
        let invited = wave.invited.clone();
        store.launch_wave(keys, wave).await.unwrap().expect("launched");
        for (at, (user, _)) in invited.iter().enumerate() {
            let ratings = rated.iter().map(|item| (item.clone(), Some(2 + u8::try_from(at % 3).unwrap()))).collect();
            store.cast(keys, id, user, Marked { ratings, texts: BTreeMap::new() }).await.unwrap().expect("taken");
        }
        store.close_wave(keys, id, self.t.clock.now()).await.unwrap().expect("closed");
    }

    async fn act(&self, person: &str, action: &str, value: &str, fields: &[(&str, &str)]) -> Result<Effect, Failure> {
        act(&self.t, person, "C0PAYMENTS", action, value, fields).await
    }

    /// Somebody promises something for a cell, under an id.
    async fn promise(&self, person: &str, cell: &str, id: &str, fields: &[(&str, &str)]) -> Result<Effect, Failure> {
        self.act(person, "pulse_action_sent", &format!("w1 {cell} new:{id}"), fields).await
    }

    async fn list(&self, person: &str, words: &str) -> Value {
        self.t.ask_as(Some(person), &format!("pulse actions {words}")).await
    }

    fn reminders(&self) -> Vec<Row> {
        outbox(&self.t).into_iter().filter(|row| row.key.starts_with("action/")).collect()
    }

    async fn until(&self, instant: &str) {
        self.t.advance(At::parse(instant).expect("an instant").since(self.t.clock.now()));
        self.t.sent().await;
    }
}

fn with<'a>(field: &str, value: &'a str) -> Vec<(&'static str, &'a str)> {
    FIELDS.iter().map(|(known, old)| (*known, if *known == field { value } else { *old })).collect()
}

fn because(why: &str) -> Vec<(&'static str, &str)> {
    vec![("category", "review"), ("text", ""), ("owner", ""), ("due", ""), ("why", why)]
}

fn states(answer: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = answer["actions"].as_array().unwrap_or_else(|| panic!("no actions in {answer}"));
    all.iter().map(|it| (text(&it["id"]), text(&it["state"]))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_promises_its_owner_is_asked_once_and_it_is_done() {
    let story = Story::new().await;
    let t = &story.t;
    let card = t.slash_in("ben", "payments", "pulse actions").await;
    assert!(message_of(&card).contains("*How it goes* closed, and nothing was promised yet"), "{}", message_of(&card));
    let value = card.blocks.iter().find_map(|block| block["accessory"]["value"].as_str()).expect("a button").to_owned();
    assert_eq!(value, "w1 payments", "his own group");
    t.press(&card, "Add an action").await;
    let asked = form(t, "ben", "pulse_action_sent").await;
    assert_eq!(initial(&asked, "owner"), json!(["U0BEN"]));
    let done = words(&updated(t.submit(&asked, &[("text", "a rota for reviews"), ("due", "2026-12-05")]).await));
    assert!(done.contains("Payments: *a rota for reviews*, by <@U0BEN>, due 5 Dec."), "{done}");
    let card = t.slash_in("ben", "payments", "pulse actions").await;
    let said = message_of(&card);
    assert!(said.contains("1 action is open, none of them overdue.") && !said.contains("nothing was promised"), "{said}");
    assert!(said.contains("*a rota for reviews*") && said.contains("<@U0BEN> · due 5 Dec"), "{said}");
    assert_eq!(labels(&card.blocks), ["Done", "Change", "Drop"]);
    let reminder = story.reminders().pop().expect("a row");
    assert_eq!((reminder.channel.as_str(), reminder.not_before.rfc3339().as_str()), ("U0BEN", "2026-12-07T09:00:00Z"), "a Saturday");
    story.until("2026-12-07T08:59:00Z").await;
    assert!(t.slack.standing("D0BEN").is_empty());
    story.until("2026-12-07T09:01:00Z").await;
    let asked = t.slack.standing("D0BEN").pop().expect("a reminder");
    assert!(message_of(&asked).contains("you took on: *a rota for reviews* (Payments, "), "{}", message_of(&asked));
    assert!(message_of(&t.slash_in("ben", "payments", "pulse actions").await).contains("*overdue since 5 Dec*"));
    t.press_as("ben", &asked, "Done").await;
    t.until("it is done", async || states(&story.list("ben", "").await)[0].1 == "done").await;
    t.until("Ben is told", async || t.slack.unread().iter().any(|it| it.text.contains("is done. Thank you."))).await;
    t.sent().await;
    let stands = t.slack.standing("D0BEN");
    assert!(stands.len() == 1 && labels(&stands[0].blocks).is_empty() && stands[0].text.contains("is done"), "{stands:?}");
    let row = &story.list("ben", "").await["actions"][0];
    assert_eq!(
        (&row["text"], &row["owner"], &row["due"], &row["cell"], &row["settled_on"], &row["why"]),
        (&json!("a rota for reviews"), &json!("U0BEN"), &json!("2026-12-05"), &json!("payments"), &json!("2026-12-07"), &Value::Null)
    );
    let card = t.slash_in("ben", "payments", "pulse actions").await;
    assert!(message_of(&card).contains("*Done and dropped lately*") && labels(&card.blocks).is_empty(), "{}", message_of(&card));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_or_ends_before_its_day_is_not_reminded_of() {
    let story = Story::new().await;
    for id in ["aaaaaaaa", "bbbbbbbb", "cccccccc", "dddddddd"] {
        story.promise("ben", "payments", id, &FIELDS).await.expect("kept");
    }
    story.promise("ben", "payments", "dddddddd", &FIELDS).await.expect("sent twice");
    assert_eq!(story.reminders().len(), 4);
    story.act("ben", "pulse_action_done", "aaaaaaaa", &[]).await.expect("done");
    story.act("ben", "pulse_action_dropped", "bbbbbbbb", &[("why", "the team was split")]).await.expect("dropped");
    let moved = [with("due", "2026-12-10"), vec![("owner", "U0CHEN")]].concat();
    story.act("ben", "pulse_action_sent", "w1 payments cccccccc", &moved).await.expect("changed");
    let rows: Vec<(String, String)> = story.reminders().into_iter().map(|row| (row.key, row.not_before.rfc3339())).collect();
    assert_eq!(
        rows,
        [
            ("action/cccccccc/2026-12-10/U0CHEN".into(), "2026-12-10T09:00:00Z".into()),
            ("action/dddddddd/2026-12-01/U0BEN".into(), "2026-12-01T09:00:00Z".into()),
        ]
    );
    story.until("2026-12-12T12:00:00Z").await;
    assert_eq!((story.t.slack.standing("D0BEN").len(), story.t.slack.standing("D0CHEN").len()), (1, 1));
    // Of one that was reminded of, the words change where they stand.
    story
        .act("ben", "pulse_action_sent", "w1 payments dddddddd", &[with("text", "reviews first"), vec![("due", "2026-12-12")]].concat())
        .await
        .expect("changed");
    story.until("2026-12-20T12:00:00Z").await;
    let told: Vec<String> = story.t.slack.standing("D0BEN").into_iter().map(|message| message.text).collect();
    assert!(told.len() == 2 && told[1].contains("reviews first"), "a new day has its own reminder: {told:?}");
    assert_eq!(states(&story.list("ben", "").await).len(), 4);
    let dropped = &story.list("ben", "").await["actions"].as_array().unwrap().iter().find(|it| it["id"] == "bbbbbbbb").cloned().unwrap();
    assert_eq!((&dropped["state"], &dropped["why"]), (&json!("dropped"), &json!("the team was split")));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_counts_in_the_group_leads_it_or_is_an_admin_may_promise() {
    let story = Story::new().await;
    let form = async |person: &str, cell: &str| story.act(person, "pulse_action", &format!("w1 {cell}"), &[]).await;
    for (person, cell) in
        [("ben", "payments"), ("ben", "all"), ("UPAYMENTS03", "payments"), ("chen", "payments"), ("ana", "finders"), ("daria", "finders")]
    {
        assert!(matches!(form(person, cell).await, Ok(Effect::Form(_))), "{person} {cell}");
    }
    for (person, cell) in [("daria", "payments"), ("ben", "finders"), ("chen", "finders"), ("finn", "all"), ("U0STRANGER", "payments")] {
        assert!(refused(form(person, cell).await).contains("is for those who count in it"), "{person} {cell}");
        assert!(
            refused(story.promise(person, cell, "aaaaaaaa", &FIELDS).await).contains("is for those who count in it"),
            "{person} {cell}"
        );
    }
    for value in ["w1", "w1 nobody", "w2 payments", "w1 payments x y", ""] {
        assert!(matches!(story.act("ana", "pulse_action", value, &[]).await, Err(Failure::User(_))), "{value}");
    }
    // Changed by its owner, by who wrote it, and by admins.
    story.promise("chen", "payments", "aaaaaaaa", &FIELDS).await.expect("kept");
    let why = refused(story.act("UPAYMENTS03", "pulse_action_done", "aaaaaaaa", &[]).await);
    assert!(why.contains("by its owner, by whoever wrote it") && why.contains("U0BEN U0CHEN"), "{why}");
    for person in ["ben", "chen", "ana"] {
        assert!(matches!(story.act(person, "pulse_action_change", "aaaaaaaa", &[]).await, Ok(Effect::Form(_))), "{person}");
    }
    // A closed team's actions are for its members and admins.
    story.promise("daria", "finders", "bbbbbbbb", &with("owner", "U0DARIA")).await.expect("kept");
    let seen = async |person: &str| states(&story.list(person, "team:all").await).into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    assert_eq!((seen("ben").await, seen("finn").await), (vec!["aaaaaaaa".to_owned()], vec!["aaaaaaaa".to_owned()]));
    assert_eq!((seen("daria").await.len(), seen("ana").await.len()), (2, 2));
    assert_eq!(story.list("ben", "team:finders").await["error"]["kind"], "not_allowed");
    let near = states(&story.list("daria", "").await);
    assert_eq!(near, [("bbbbbbbb".into(), "open".into())], "without a word it is about one's own groups");
    story.t.sent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_stands_under_its_field_and_a_reason_will_do() {
    let story = Story::new().await;
    let long = "x".repeat(10_000);
    let check = async |fields: &[(&str, &str)], field: &str, expect: &str| {
        let effect = story.promise("ben", "payments", "aaaaaaaa", fields).await;
        let Ok(Effect::Wrong(_, wrong)) = effect else { panic!("refused: {effect:?}") };
        assert_eq!(wrong.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), [field]);
        assert!(wrong[0].1.contains(expect), "{wrong:?}");
    };
    check(&with("text", ""), "text", "why there is no action").await;
    check(&with("text", &long), "text", "room for 300").await;
    check(&with("text", "\u{202e}\u{1}"), "text", "control characters").await;
    check(&with("owner", "U0BEN\nU0CHEN"), "owner", "One person").await;
    check(&with("owner", ""), "owner", "Choose a person").await;
    check(&with("due", "2026-11-22"), "due", "is over").await;
    check(&with("due", "2027-05-23"), "due", "more than 180 days").await;
    check(&with("category", "weather"), "category", "Choose what").await;
    check(&with("why", "no time for this"), "why", "clear one of the two").await;
    check(&because("no time"), "why", "at least 10 characters").await;
    assert!(states(&story.list("ben", "").await).is_empty() && story.reminders().is_empty());
    story.promise("ben", "payments", "aaaaaaaa", &because("a reorganisation comes first")).await.expect("kept");
    story.promise("ben", "payments", "aaaaaaaa", &because("a reorganisation comes first")).await.expect("sent twice");
    assert_eq!(states(&story.list("ben", "").await), [("aaaaaaaa".into(), "none".into())]);
    assert!(story.reminders().is_empty(), "nobody is reminded of nothing");
    let said = message_of(&story.t.slash_in("ben", "payments", "pulse actions").await);
    assert!(said.contains("a reorganisation comes first") && !said.contains("nothing was promised"), "{said}");
    assert!(refused(story.act("ben", "pulse_action_done", "aaaaaaaa", &[]).await).contains("is none already"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_at_once_and_an_owner_who_left() {
    let story = Story::new().await;
    story.promise("ben", "payments", "aaaaaaaa", &FIELDS).await.expect("kept");
    let (done, dropped) = tokio::join!(
        story.act("ben", "pulse_action_done", "aaaaaaaa", &[]),
        story.act("ana", "pulse_action_dropped", "aaaaaaaa", &[("why", "the team was split")]),
    );
    assert!(done.is_ok() != dropped.is_ok(), "{done:?} {dropped:?}");
    let state = states(&story.list("ben", "").await)[0].1.clone();
    assert_eq!(state, if done.is_ok() { "done" } else { "dropped" });
    let why = refused(if done.is_ok() { dropped } else { done });
    assert!(why.contains("a moment ago") || why.contains("already"), "{why}");
    // Gita owns one and leaves: Slack takes no message to her, and whoever wrote it finds another.
    story.promise("ben", "payments", "bbbbbbbb", &with("owner", "U0GITA")).await.expect("kept");
    story.t.slack.fault("conversations.open", Fault::Error("user_disabled".into()));
    story.until("2026-12-01T09:01:00Z").await;
    assert_eq!(story.reminders().iter().map(|row| row.state.as_str()).collect::<Vec<_>>(), ["dropped"]);
    story.act("ben", "pulse_action_sent", "w1 payments bbbbbbbb", &with("owner", "U0CHEN")).await.expect("changed");
    story.t.sent().await;
    assert_eq!(story.t.slack.standing("D0CHEN").len(), 1, "due today, so at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_that_was_lost_with_the_process_is_said_by_the_job() {
    let story = Story::new().await;
    let job = pacer::features::JOBS.iter().find(|job| job.name == "pulse").expect("a job");
    let lost = async || {
        let posts = (job.run)(&story.t.app.cx(None).await.unwrap()).await.expect("runs");
        posts.into_iter().map(|post| post.key).filter(|key| key.starts_with("action/")).collect::<Vec<_>>()
    };
    story.promise("ben", "payments", "aaaaaaaa", &with("due", "2026-12-05")).await.expect("kept");
    assert_eq!(lost().await, [""; 0], "it waits");
    // As if pacer had been killed between the two.
    story.t.database.execute("delete from outbox where key like 'action/%'");
    assert_eq!(lost().await, ["action/aaaaaaaa/2026-12-05/U0BEN"]);
    story.t.advance(At::parse("2026-12-06T12:00:00Z").unwrap().since(story.t.clock.now()));
    assert_eq!(lost().await.len(), 1, "it was due on a Saturday, and is asked for on Monday");
    story.t.advance(2 * DAY);
    assert_eq!(lost().await, [""; 0], "too late");
    story.promise("ben", "payments", "bbbbbbbb", &with("due", "2026-12-21")).await.expect("kept");
    story.act("ben", "pulse_action_done", "bbbbbbbb", &[]).await.expect("done");
    story.t.database.execute("delete from outbox where key like 'action/%'");
    assert_eq!(lost().await, [""; 0], "it is done");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_closed_wave_that_showed_something_waits_for_an_action() {
    let story = Story::new().await;
    let waits = async || message_of(&story.t.slash("ana", "pulse actions").await).contains("nothing was promised yet");
    assert!(waits().await);
    story.promise("ana", "all", "aaaaaaaa", &FIELDS).await.expect("kept");
    assert!(!waits().await);
    story.t.advance(90 * DAY + HOUR);
    story.t.sent().await;
    story.wave("w2", 12).await;
    assert!(waits().await, "the next one");
    story.act("ana", "pulse_action_sent", "w2 all new:bbbbbbbb", &because("nothing moved since")).await.expect("kept");
    assert!(!waits().await);
    story.t.advance(90 * DAY);
    story.wave("w3", 2).await;
    assert!(!waits().await, "a wave that showed nothing asks for nothing");
    assert_eq!(story.t.ask("pulse actions").await["actions"].as_array().map(Vec::len), Some(2));
}
