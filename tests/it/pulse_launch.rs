//! A survey is launched by a form, read before anything is stored; each hears of it at ten of their own clock; it closes by itself.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use pacer::app::App;
use pacer::clock::Clock;
use pacer::config::Config;
use pacer::domain::form::Input;
use pacer::domain::time::{At, DAY, HOUR};
use pacer::error::Failure;
use pacer::features::{self, Effect, Press};
use pacer::sandbox::{Fault, Person};
use pacer::schedule;
use pacer::store::keys::KeyDir;
use pacer::store::survey::{ActionItem, Marked, Standing, State};
use serde_json::json;

use crate::harness::forms::{form, initial, updated, words};
use crate::harness::{Harness, NOW, Transport, id, labels};

/// pacer with a folder of keys, which goes with it.
struct Place {
    t: Harness,
    keys: tempfile::TempDir,
}

impl Place {
    async fn with(org: &str) -> Self {
        let keys = tempfile::tempdir().unwrap();
        let path = keys.path().join("keys");
        KeyDir::open(&path).unwrap();
        let t = Harness::with(Transport::Http, &[("PACER_KEY_DIR", path.to_str().unwrap())]).await;
        t.apply_org(org).await;
        Self { t, keys }
    }

    /// Another replica on the same database and folder.
    async fn replica(&self) -> Arc<App> {
        let path = self.keys.path().join("keys");
        let vars = [
            ("PACER_DATABASE_URL", self.t.database.url.clone()),
            ("SLACK_API_URL", self.t.slack.api_url()),
            ("SLACK_BOT_TOKEN", self.t.slack.options().bot_token.clone()),
            ("PACER_ADMINS", "U0ANA".to_owned()),
            ("PACER_KEY_DIR", path.to_str().unwrap().to_owned()),
        ];
        let config = Config::from_vars(vars.map(|(name, value)| (name.to_owned(), value)).into()).unwrap();
        App::open(config, Clock::standing(self.t.clock.now())).await.unwrap()
    }

    /// Messages of surveys: key, and when each may leave.
    fn messages(&self, like: &str) -> Vec<(String, String)> {
        let sql = format!("select key || '|' || not_before from outbox where key like 'survey/{like}' order by key");
        let read = |row: String| {
            let (key, at) = row.split_once('|').unwrap();
            (key.to_owned(), At(at.parse().unwrap()).rfc3339())
        };
        self.t.database.texts(&sql).into_iter().map(read).collect()
    }

    fn check(&self, user: &str, expect: [&str; 3]) {
        let keys = ["", "/1", "/2"].map(|nth| format!("survey/full-1/{user}{nth}"));
        let expect: Vec<(String, String)> = keys.into_iter().zip(expect.map(str::to_owned)).collect();
        assert_eq!(self.messages(&format!("%/{user}%")), expect);
    }
}

/// A team of that many people, each with an id of that letter.
fn team(name: &str, parent: Option<&str>, letter: &str, count: usize, more: &[&str]) -> String {
    let own = (1..=count).map(|n| format!("U0{letter}{n:02}"));
    let members: Vec<String> = own.chain(more.iter().map(|id| (*id).to_owned())).map(|id| format!("'{id}'")).collect();
    let parent = parent.map_or_else(String::new, |parent| format!("parent = '{parent}'\n"));
    let shown = name[..1].to_uppercase() + &name[1..];
    format!("[[teams]]\nid = '{name}'\nname = '{shown}'\n{parent}members = [{}]\n", members.join(", "))
}

/// 21 people in three teams, of whom one is in five; and three who can't be asked. The 24th and the 27th are holidays.
fn sample() -> String {
    let mut org = "time_zone = 'Europe/Berlin'\n[calendar]\nholidays = [2026-11-24, 2026-11-27]\n[[teams]]\nid = 'tribe'\nname = 'Tribe'\n"
        .to_owned();
    org += &team("payments", Some("tribe"), "P", 12, &["U0GONE", "U0PACER"]);
    org += &team("search", None, "S", 6, &["U0P01"]);
    org += &team("mobile", None, "M", 3, &["U0P01", "nobody"]);
    org += &team("infra", None, "I", 0, &["U0P01"]);
    org += &team("ops", None, "O", 0, &["U0P01"]);
    org
}

async fn sample_place() -> Place {
    let place = Place::with(&sample()).await;
    let mut zones = BTreeMap::from([("U0S01", "Asia/Tokyo"), ("U0M01", "America/Los_Angeles")]);
    let people =
        (1..=12).map(|n| format!("U0P{n:02}")).chain((1..=6).map(|n| format!("U0S{n:02}"))).chain((1..=3).map(|n| format!("U0M{n:02}")));
    for user in people.chain(["U0GONE".to_owned()]) {
        let mut person = Person::new(&user, &user.to_lowercase(), &user, "developer");
        if let Some(zone) = zones.remove(user.as_str()) {
            zone.clone_into(&mut person.zone);
        }
        person.is_deactivated = user == "U0GONE";
        place.t.slack.put_person(person);
    }
    place
}

/// Presses as that person on an app, without Slack.
async fn pressed(app: &App, person: &str, action: &str, value: &str, fields: &[(&str, &str)]) -> Result<Effect, Failure> {
    let cx = app.cx(Some(app.asker(&id(person)))).await.unwrap();
    let fields = fields.iter().map(|(field, value)| ((*field).to_owned(), (*value).to_owned())).collect();
    features::press(&cx, action, Press { value: value.to_owned(), fields }).await
}

/// The sentences under fields.
fn wrong(result: Result<Effect, Failure>) -> String {
    match result {
        Ok(Effect::Wrong(_, errors)) => errors.into_iter().map(|(field, error)| format!("{field}: {error}")).collect::<Vec<_>>().join("\n"),
        Ok(other) => panic!("refused: {other:?}"),
        Err(error) => format!("{error}"),
    }
}

/// State and words of a preview.
fn preview(result: Result<Effect, Failure>) -> (String, String) {
    let form = match result.unwrap() {
        Effect::Form(form) => form,
        other => panic!("a preview: {other:?}"),
    };
    let mut said = String::new();
    for field in &form.fields {
        if let Input::Note(lines) = &field.input {
            writeln!(said, "{}", field.label).unwrap();
            for line in lines {
                writeln!(said, "{}", line.text()).unwrap();
            }
        }
    }
    (form.state, said)
}

/// Launches what the form begins with, and these values; puts the messages into the outbox as the door does.
async fn launched(place: &Place, fields: &[(&str, &str)]) -> String {
    let app = &place.t.app;
    let (state, _) = preview(pressed(app, "ana", "pulse_launch_sent", "full|", fields).await);
    match pressed(app, "ana", "pulse_launch_sent", &state, fields).await.unwrap() {
        Effect::Say(posts, then) => {
            app.store.say(App::wanted(posts, None, app.clock.now()), app.clock.now()).await.unwrap();
            format!("{then:?}")
        }
        other => panic!("launched: {other:?}"),
    }
}

/// Something came of the first wave.
async fn acted(place: &Place) {
    let action = ActionItem {
        id: "first".into(),
        wave: "full-1".into(),
        node: "all".into(),
        category: "review".into(),
        text: "Review before lunch".into(),
        owner: "U0ANA".into(),
        due: "2026-12-24".parse().unwrap(),
        standing: Standing::Done,
        author: "U0ANA".into(),
        why: String::new(),
        settled_on: None,
    };
    place.t.app.store.keep_action(action).await.unwrap();
}

async fn states(place: &Place) -> Vec<State> {
    place.t.app.store.waves().await.unwrap().into_iter().map(|wave| wave.state).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_reads_what_would_happen_and_launches_it() {
    let place = sample_place().await;
    let t = &place.t;
    let card = t.slash("ana", "pulse").await;
    assert!(
        card.text.contains("No survey is open, and none was closed yet") && card.text.contains("To begin: press Launch a full survey"),
        "{}",
        card.text
    );
    assert_eq!(labels(&card.blocks), ["Launch a full survey", "Launch a pulse"]);
    let member = t.slash("ben", "pulse").await;
    assert!(member.text.contains("An admin of pacer launches one") && labels(&member.blocks).is_empty(), "{}", member.text);
    t.press(&card, "Launch a full survey").await;
    let asked = form(t, "ana", "pulse_launch_sent").await;
    let begins = ["about", "title", "half", "when", "lasts", "bands", "counts"].map(|field| initial(&asked, field));
    assert_eq!(json!(begins), json!(["team:all", "How it goes", "all", "week", "7", "5", "10"]));
    let read = updated(t.submit(&asked, &[("title", "Autumn"), ("channel", "C0GENERAL")]).await);
    let said = words(&read);
    for line in [
        "*Nothing is stored yet. What somebody in Payments gets:*",
        "*What is asked*",
        " questions of ",
        "30 questions of 13 categories: Overall, ",
        ", CI and tests, Code review, ",
        "Everybody is asked the same.",
        "• 21 people are asked, each counted in one team and in the groups above it. Who leads a team counts in the group above it.",
        "• Left out, of every count too: 3 for reasons of fewer than 5 people each.",
        "• Each is asked on Wednesday 25 November at 10:00 of their own clock. Who has not answered is reminded at most twice, on the second and fourth working day after, while it is open.",
        "• It closes on Friday 4 December at 17:00 (Europe/Berlin).",
        "• If all answer: Whole organisation (21) and Payments (12, all of Tribe).",
        "• If half of each group answers: Whole organisation.",
        "• With 5 answers a group is shown roughly, in fifths; with 10 it is shown in counts: if all answer, Whole organisation.",
        "• Not shown alone, since a few people could be told apart: Mobile and Search count in Whole organisation.",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    assert_eq!((t.database.count("survey"), t.database.count("wave"), t.database.count("outbox")), (0, 0, 0), "nothing is stored yet");
    assert_eq!(std::fs::read_dir(place.keys.path().join("keys")).unwrap().count(), 0);
    // Other values than were read are read again.
    let again = updated(t.submit(&read, &[("title", "Autumn survey")]).await);
    assert!(words(&again).contains("Nothing is stored yet") && t.database.count("wave") == 0, "{}", words(&again));
    let done = words(&updated(t.submit(&again, &[]).await));
    for line in [
        "*Autumn survey* is launched: 21 people are asked.",
        "Each team sees its own results then; leads, and everybody else, a day later.",
        "C0GENERAL",
    ] {
        assert!(done.contains(line), "{line}\n{done}");
    }
    assert_eq!(t.database.count("outbox"), 63);
    assert_eq!(
        t.database.texts("select count(*) || ' ' || coalesce(reminds_of, 'asks') from outbox group by reminds_of order by 1"),
        ["21 asks", "42 full-1"]
    );
    // Ten of their clocks: in Berlin, in Tokyo and in Los Angeles; reminded on Monday, over holiday and weekend, and on Wednesday.
    place.check("U0P01", ["2026-11-25T09:00:00Z", "2026-11-30T09:00:00Z", "2026-12-02T09:00:00Z"]);
    place.check("U0S01", ["2026-11-25T01:00:00Z", "2026-11-30T01:00:00Z", "2026-12-02T01:00:00Z"]);
    place.check("U0M01", ["2026-11-25T18:00:00Z", "2026-11-30T18:00:00Z", "2026-12-02T18:00:00Z"]);
    for nobody in ["U0GONE", "U0PACER", "nobody"] {
        assert!(place.messages(&format!("%/{nobody}%")).is_empty(), "{nobody}");
    }
    let node = t.database.texts("select node_id from invite where user_id = 'U0P01'");
    assert_eq!(node, ["payments"], "of five teams the deepest");
    let open = t.slash("ben", "pulse").await;
    assert!(open.text.contains("A survey is open, and it does not wait for you."), "{}", open.text);
    assert!(open.text.contains("Autumn survey: asks 21 people of the whole organisation from Wednesday 25 November"), "{}", open.text);
    assert!(!open.text.contains("answered"), "no live counts: {}", open.text);
    assert_eq!(
        t.ask("pulse").await["waves"],
        json!([{"id": "full-1", "survey": "full", "state": "open", "opens_on": "2026-11-25", "closes_on": "2026-12-04"}])
    );
    let next = wrong(pressed(&t.app, "ana", "pulse_launch_sent", "full|", &[]).await);
    assert!(next.contains("about: A wave of this survey is open until 4 Dec 17:00"), "{next}");
    // Another survey asks nobody who was just asked.
    let other = wrong(pressed(&t.app, "ana", "pulse_launch_sent", "full|", &[("about", "payments")]).await);
    assert!(other.contains("Fewer than 5 people of Payments could be asked"), "{other}");
    for (action, value) in
        [("pulse_launch", "full"), ("pulse_launch_sent", "full|"), ("pulse_close", "full-1"), ("pulse_void_sent", "full-1")]
    {
        assert!(wrong(pressed(&t.app, "ben", action, value, &[]).await).contains("launched and ended by pacer's admins"), "{action}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_launch_one_wave() {
    let place = sample_place().await;
    let replica = place.replica().await;
    let (state, _) = preview(pressed(&place.t.app, "ana", "pulse_launch_sent", "full|", &[]).await);
    let (one, other) = tokio::join!(
        pressed(&place.t.app, "ana", "pulse_launch_sent", &state, &[]),
        pressed(&replica, "ana", "pulse_launch_sent", &state, &[])
    );
    let said = [one, other].into_iter().filter(|result| matches!(result, Ok(Effect::Say(..)))).count();
    assert_eq!((said, place.t.database.count("wave"), place.t.database.count("invite")), (1, 1, 21));
    replica.store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_surveys_at_once_ask_nobody_twice() {
    let place = sample_place().await;
    let replica = place.replica().await;
    let payments = [("about", "payments")];
    let (whole, _) = preview(pressed(&place.t.app, "ana", "pulse_launch_sent", "full|", &[]).await);
    let (part, _) = preview(pressed(&replica, "ana", "pulse_launch_sent", "full|", &payments).await);
    let (one, other) = tokio::join!(
        pressed(&place.t.app, "ana", "pulse_launch_sent", &whole, &[]),
        pressed(&replica, "ana", "pulse_launch_sent", &part, &payments)
    );
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    assert_eq!(place.t.database.texts("select user_id from invite group by user_id having count(*) > 1"), [""; 0]);
    assert_eq!(place.t.database.count("wave"), 1);
    replica.store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_at_work_is_asked_at_once() {
    let place = sample_place().await;
    launched(&place, &[("when", "now"), ("lasts", "3")]).await;
    // Monday 13:00 in Berlin; 21:00 in Tokyo and 4:00 in Los Angeles. The 24th is a holiday for all, so the last day is the 26th.
    let closes = place.t.database.texts("select closes_on from wave");
    assert_eq!(closes, ["2026-11-26"]);
    let due = |user: &str| place.messages(&format!("%/{user}%")).into_iter().map(|(_, at)| at).collect::<Vec<_>>();
    assert_eq!(due("U0P02"), [NOW, "2026-11-26T09:00:00Z"]);
    assert_eq!(due("U0S01"), ["2026-11-25T01:00:00Z"], "the second working day after is past the last one");
    assert_eq!(due("U0M01"), ["2026-11-23T18:00:00Z"], "ten in Los Angeles is after the close");
    place.t.sent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_shown_is_not_asked() {
    let place = sample_place().await;
    let app = &place.t.app;
    let check = async |value: &str, fields: &[(&str, &str)], expect: &str| {
        let said = wrong(pressed(app, "ana", "pulse_launch_sent", value, fields).await);
        assert!(said.contains(expect), "{expect}\n{said}");
    };
    check(
        "full|",
        &[("about", "mobile")],
        "about: Fewer than 5 people of Mobile could be asked, so nothing could be shown of what they say, and nobody is asked.",
    )
    .await;
    check("full|", &[("about", "nowhere")], "about: I know no team nowhere.").await;
    check(
        "full|",
        &[("half", "half")],
        "half: Half of Tribe would be fewer than 10 people, too few to count their answers. Ask everybody.",
    )
    .await;
    check("full|", &[("bands", "4")], "bands: A number from 5 to 1000").await;
    check("full|", &[("counts", "9")], "counts: A number from 10 to 1000").await;
    check("full|", &[("bands", "20")], "counts: Counts tell more than a rough place").await;
    check("full|", &[("title", "")], "title: Give it a title").await;
    check("full|", &[("title", "Hi <!channel>")], "title: Write the title without mentions").await;
    check("full|", &[("title", "two\nlines")], "title: Write the title in one line").await;
    check("full|", &[("title", "turned \u{202e}round")], "title: Write the title in one line").await;
    check("full|", &[("lasts", "365")], "lasts: Choose 3, 5, 7 or 10 working days.").await;
    check("pulse|", &[], "about: A pulse every other week starts once something came of a survey").await;
    assert!(wrong(pressed(app, "ana", "pulse_launch", "pulse", &[]).await).contains("starts once something came of a survey"));
    // Raised once, they are not lowered.
    launched(&place, &[("bands", "6"), ("counts", "12")]).await;
    pressed(app, "ana", "pulse_void_sent", "full-1", &[]).await.unwrap();
    place.t.clock.advance(20 * DAY);
    check("full|", &[("bands", "5"), ("counts", "12")], "bands: The least group for bands is 6 and can't be lowered to 5").await;
    check("full|", &[("bands", "6"), ("counts", "10")], "counts: The least group for counts is 12 and can't be lowered to 10").await;
    let (_, said) = preview(pressed(app, "ana", "pulse_launch_sent", "full|", &[]).await);
    assert!(said.contains("With 6 answers a group is shown roughly") && said.contains("with 12 it is shown in counts"), "{said}");
    place.t.sent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_of_large_groups_is_asked_and_the_other_half_next_time() {
    let place = Place::with(&(team("payments", None, "P", 40, &[]) + &team("search", None, "S", 21, &[]))).await;
    let (_, said) = preview(pressed(&place.t.app, "ana", "pulse_launch_sent", "full|", &[("half", "half")]).await);
    for line in [
        "31 people are asked",
        "That is half of each group, drawn by lot",
        "If all answer: Whole organisation (31), Payments (20) and Search (11).",
        "Slack",
    ] {
        assert_eq!(said.contains(line), line != "Slack", "{line}\n{said}");
    }
    launched(&place, &[("half", "half")]).await;
    let first = place.t.database.texts("select user_id from invite order by user_id");
    pressed(&place.t.app, "ana", "pulse_close_sent", "full-1", &[]).await.unwrap();
    place.t.clock.advance(30 * DAY);
    acted(&place).await;
    launched(&place, &[("half", "half")]).await;
    let second = place.t.database.texts("select user_id from invite where wave_id = 'full-2' order by user_id");
    let both: Vec<&String> = second.iter().filter(|user| first.contains(user)).collect();
    assert_eq!((first.len(), second.len(), both.len()), (31, 31, 1), "the odd one of 21");
    place.t.sent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_in_one_team_and_a_tree_twelve_deep() {
    let place = Place::with(&team("payments", None, "P", 9, &[])).await;
    let (_, said) = preview(pressed(&place.t.app, "ana", "pulse_launch_sent", "full|", &[]).await);
    assert!(
        said.contains("If all answer: Payments (9, all of Whole organisation).")
            && said.contains("If only half of them answer, nothing at all is shown: better ask a larger group."),
        "{said}"
    );
    let mut deep = team("t0", None, "A", 0, &[]);
    for depth in 1..12 {
        deep += &team(&format!("t{depth}"), Some(&format!("t{}", depth - 1)), &format!("D{}", char::from(b'A' + depth)), 1, &[]);
    }
    place.t.apply_org(&deep).await;
    let (_, said) = preview(pressed(&place.t.app, "ana", "pulse_launch_sent", "full|", &[]).await);
    assert!(said.contains("If all answer: T1 (11, all of T0 and Whole organisation).") && said.contains("11 people are asked"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_of_which_a_few_people_changed_is_known_before_the_launch() {
    let org = |search: &str| team("payments", None, "P", 12, &[]) + &team("search", None, "S", 5, &[search]);
    let place = Place::with(&org("U0OLD")).await;
    let (_, said) = preview(pressed(&place.t.app, "ana", "pulse_launch_sent", "full|", &[]).await);
    assert!(said.contains("If all answer: Whole organisation (18), Payments (12) and Search (6)."), "{said}");
    launched(&place, &[]).await;
    let app = &place.t.app;
    for user in place.t.database.texts("select user_id from invite") {
        let first = app.store.frozen_wave("full-1").await.unwrap().unwrap().rules.rated().next().unwrap().id.clone();
        let marked = Marked { ratings: BTreeMap::from([(first, Some(4))]), texts: BTreeMap::new() };
        app.store.cast(&app.keys, "full-1", &user, marked).await.unwrap().unwrap();
    }
    pressed(app, "ana", "pulse_close_sent", "full-1", &[]).await.unwrap();
    place.t.clock.advance(60 * DAY);
    acted(&place).await;
    place.t.apply_org(&org("U0NEW")).await;
    let (_, said) = preview(pressed(app, "ana", "pulse_launch_sent", "full|", &[]).await);
    for line in [
        "If all answer: Whole organisation (18) and Payments (12).",
        "Search: not shown, a few of its people changed since it was last shown.",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    let alone = wrong(pressed(app, "ana", "pulse_launch_sent", "full|", &[("about", "search")]).await);
    assert!(alone.contains("about: Nothing could be shown of what the people of Search say, and nobody is asked"), "{alone}");
    place.t.sent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_slacks_word_people_are_asked_as_the_file_has_them() {
    let place = sample_place().await;
    for _ in 0..8 {
        place.t.slack.fault("users.list", Fault::Error("missing_scope".into()));
    }
    let (_, said) = preview(pressed(&place.t.app, "ana", "pulse_launch_sent", "full|", &[]).await);
    assert!(
        said.contains("Slack does not say who is a bot or left, nor in which zone people are (") && said.contains("23 people are asked"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_keys_that_is_not_right_stores_nothing() {
    let place = sample_place().await;
    let (state, _) = preview(pressed(&place.t.app, "ana", "pulse_launch_sent", "full|", &[]).await);
    let folder = place.keys.path().join("keys");
    let check = async |expect: &str| {
        for value in ["full|", &state] {
            let said = wrong(pressed(&place.t.app, "ana", "pulse_launch_sent", value, &[]).await);
            assert!(
                said.contains(expect) && said.contains("about: No survey can be launched: ") && said.contains("Nothing was stored."),
                "{said}"
            );
        }
    };
    std::fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    check("others may look into the folder for survey keys").await;
    std::fs::remove_dir(&folder).unwrap();
    std::fs::write(&folder, "in the way").unwrap();
    check("can't be made").await;
    assert_eq!((place.t.database.count("survey"), place.t.database.count("wave")), (0, 0));
    // The first launch makes it.
    std::fs::remove_file(&folder).unwrap();
    launched(&place, &[]).await;
    assert!(folder.join("full-1.key").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_launch_that_was_cut_off_is_healed_and_the_last_day_ends_it() {
    let place = sample_place().await;
    let t = &place.t;
    launched(&place, &[]).await;
    let before = place.messages("%");
    t.database.execute("delete from outbox");
    let run = async || {
        let ran = schedule::step(&t.app, "test").await.unwrap();
        assert!(ran.iter().any(|name| name == "pulse"), "{ran:?}");
    };
    t.advance(HOUR);
    run().await;
    assert_eq!(place.messages("%"), before, "the same messages at the same times");
    // 17:00 of the last day in Berlin.
    let close = At::parse("2026-12-04T16:00:00Z").unwrap();
    t.advance(close.since(t.clock.now()) - HOUR);
    run().await;
    assert_eq!(states(&place).await, [State::Open]);
    t.advance(HOUR);
    run().await;
    assert_eq!(states(&place).await, [State::Closed]);
    assert_eq!(std::fs::read_dir(place.keys.path().join("keys")).unwrap().count(), 0, "the key is destroyed");
    t.sent().await;
    let card = t.slash("ben", "pulse").await;
    assert!(card.text.contains("No survey is open. The last one closed on 4 Dec."), "{}", card.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_closes_one_early_and_voids_another() {
    let place = sample_place().await;
    let t = &place.t;
    launched(&place, &[]).await;
    let card = t.slash("ana", "pulse").await;
    t.press(&card, "Close now").await;
    let asked = form(t, "ana", "pulse_close_sent").await;
    let said = words(&asked);
    for line in [
        "*How it goes, until Friday 4 December at 17:00 (Europe/Berlin)*",
        "This can't be taken back.",
        "the teams hear their results at once",
        "Most people are not asked before Wednesday 25 November.",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    t.submit(&asked, &[]).await;
    t.until("it is closed", async || states(&place).await == [State::Closed]).await;
    assert_eq!(
        t.database.texts("select distinct state || ': ' || problem from outbox where problem is not null"),
        ["dropped: The survey ended before."]
    );
    t.sent().await;
    t.advance(20 * DAY);
    acted(&place).await;
    let (_, said) = preview(pressed(&t.app, "ana", "pulse_launch_sent", "pulse|", &[]).await);
    assert!(said.contains("3 questions of 2 categories: Overall, ") && said.contains("21 people are asked"), "{said}");
    launched(&place, &[]).await;
    let card = t.slash("ana", "pulse").await;
    t.press(&card, "Void").await;
    let asked = form(t, "ana", "pulse_void_sent").await;
    assert!(words(&asked).contains("All answers and their key are destroyed unread"), "{}", words(&asked));
    let done = words(&updated(t.submit(&asked, &[]).await));
    assert!(done.contains("is void: its answers are destroyed, and nobody is asked any more."), "{done}");
    assert_eq!(states(&place).await, [State::Closed, State::Void]);
    assert_eq!(t.database.texts("select distinct state from outbox where key like 'survey/full-2/%'"), ["dropped"]);
    let again = wrong(pressed(&t.app, "ana", "pulse_void_sent", "full-2", &[]).await);
    assert!(again.contains("This survey is over already."), "{again}");
    t.sent().await;
}
