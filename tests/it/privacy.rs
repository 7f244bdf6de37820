//! What is promised to respondents, looked at from outside: `/metrics privacy`, and `pacer privacy attack`, which must find what is wrong.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use pacer::domain::survey::items::shipped;
use pacer::domain::survey::tally::Rules;
use pacer::domain::survey::tree::Tree;
use pacer::domain::survey::wave::Length;
use pacer::domain::survey::{Minima, PROMISE};
use pacer::domain::time::At;
use pacer::store::Store;
use pacer::store::keys::KeyDir;
use pacer::store::survey::{Audited, Marked, NewWave, Survey};
use serde_json::Value;
use tokio_util::task::TaskTracker;
use zeroize::Zeroizing;

use crate::harness::binary::{Outcome, Pacer};
use crate::harness::database::Database;
use crate::harness::facts::ORG;
use crate::harness::forms::{form, updated, words};
use crate::harness::{Harness, NOW, id, labels};

fn day(text: &str) -> chrono::NaiveDate {
    text.parse().unwrap()
}

/// A survey, and a wave of it that asks these people.
async fn launched(store: &Store, keys: &KeyDir, wave: &str, opens_on: &str, people: &[(String, &str)]) {
    let survey = Survey {
        id: "full".into(),
        title: "Quarterly survey".into(),
        kind: Length::Full,
        root: None,
        channel: None,
        minima: Minima::default(),
        created_by: "U0ANA".into(),
    };
    assert_eq!(store.keep_survey(survey).await.unwrap(), Ok(()));
    let tree = Tree::new(&[("all", None), ("payments", Some("all")), ("search", Some("all")), ("ops", Some("all"))]).unwrap();
    let items = shipped().into_iter().filter(|category| category.core).flat_map(|category| category.items).collect();
    let invited = people.iter().map(|(user, team)| (user.clone(), tree.find(team).unwrap())).collect();
    let rules = Rules { minima: Minima::default(), strict_membership: true, items };
    let closes_on = day(opens_on) + chrono::Days::new(7);
    let wave = NewWave { id: wave.into(), survey: "full".into(), opens_on: day(opens_on), closes_on, rules, tree, invited };
    assert_eq!(store.launch_wave(keys, wave).await.unwrap(), Ok(()));
}

fn people(team: &'static str, count: usize) -> Vec<(String, &'static str)> {
    (0..count).map(|at| (format!("U{}{at:03}", team.to_uppercase()), team)).collect()
}

async fn answers(store: &Store, keys: &KeyDir, wave: &str, user: &str, value: u8) {
    let ratings = BTreeMap::from([("overall_satisfied".to_owned(), Some(value))]);
    let texts = BTreeMap::from([("overall_slowed".to_owned(), Zeroizing::new(format!("slow builds {value}")))]);
    assert_eq!(store.cast(keys, wave, user, Marked { ratings, texts }).await.unwrap(), Ok(()));
}

/// A wave that closed in October and one that is open, both answered.
async fn two_waves(database: &Database) {
    let store = Store::open(&database.url, &TaskTracker::new()).await.unwrap();
    let keys = KeyDir::at(&database.folder.path().join("pacer-keys"));
    let asked = [people("payments", 12), people("search", 6), people("ops", 3)].concat();
    for (wave, opens_on) in [("full-1", "2026-10-01"), ("full-2", "2026-11-20")] {
        launched(&store, &keys, wave, opens_on, &asked).await;
        for (at, (user, _)) in asked.iter().enumerate() {
            answers(&store, &keys, wave, user, [2, 4, 5][at % 3]).await;
        }
        if wave == "full-1" {
            store.close_wave(&keys, wave, At::parse("2026-10-08T15:00:00Z").unwrap()).await.unwrap().unwrap();
        }
    }
    store.close().await;
}

struct Attacked {
    pacer: Pacer,
}

impl Attacked {
    async fn new() -> Self {
        let pacer = Pacer::new();
        two_waves(&pacer.database).await;
        Self { pacer }
    }

    fn run(&self) -> Outcome {
        self.pacer.run_at(NOW, &["privacy", "attack"])
    }

    /// Every attack comes to nothing.
    fn holds(&self) {
        let outcome = self.run().ok();
        assert!(outcome.last() == "No attack succeeded." && !outcome.stdout.contains("FAILED"), "{}", outcome.stdout);
        assert_eq!(outcome.stdout.lines().count(), 11, "a line an attack: {}", outcome.stdout);
    }

    /// Just this attack succeeds, with these words.
    fn breaks(outcome: &Outcome, attack: &str, words: &str) {
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        let failed: Vec<&str> = outcome.stdout.lines().filter(|line| line.contains(" FAILED: ")).collect();
        assert!(failed.iter().any(|line| line.starts_with(attack) && line.contains(words)), "{attack} {words}\n{}", outcome.stdout);
        assert!(outcome.last().contains("what was promised to respondents does not hold here"));
    }

    /// Planted it is found, taken away it is not.
    fn finds(&self, plant: &[&str], undo: &[&str], attack: &str, words: &str) {
        for sql in plant {
            self.pacer.database.execute(sql);
        }
        Self::breaks(&self.run(), attack, words);
        for sql in undo {
            self.pacer.database.execute(sql);
        }
        self.holds();
    }

    fn keys(&self) -> PathBuf {
        self.pacer.database.folder.path().join("pacer-keys")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_attack_finds_what_is_shown_of_too_few() {
    let t = Attacked::new().await;
    t.holds();
    let tally = "insert into tally (wave_id, cell_id, item_id, value, n) values ('full-1', 'search', 'overall_satisfied', 'band3', 6)";
    t.finds(
        &[tally],
        &["delete from tally where cell_id = 'search'"],
        "7 8",
        "overall_satisfied in `all`, or in what is left of it without the groups below, is of 3",
    );
    let cell = "insert into cell (wave_id, cell_id, label, n_invited, n_answered) values ('full-1', 'ops', 'ops', 3, 3)";
    t.finds(&[cell], &["delete from cell where cell_id = 'ops'"], "7 8", "how many answered in `ops`");
    let given = |value: u8, n: u8| {
        format!(
            "update tally set n = {n} where wave_id = 'full-1' and cell_id = 'all' and item_id = 'overall_satisfied' and value = '{value}'"
        )
    };
    t.finds(&[&given(2, 1), &given(4, 13)], &[&given(2, 7), &given(4, 7)], "7 8", "but one at most agree");
    let comment =
        "insert into comment (id, wave_id, cell_id, category, body, state) values ('c', 'full-1', 'search', 'overall', 'x', 'shown')";
    t.finds(&[comment], &["delete from comment where id = 'c'"], "19", "comments stand in `search`");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_attack_finds_a_promise_that_was_lowered_and_rows_that_tell() {
    let t = Attacked::new().await;
    t.finds(
        &["update survey set k_score = 4"],
        &["update survey set k_score = 5"],
        "10",
        "the survey full has least groups of 4, 10 and 10",
    );
    let (low, back) = (
        "update wave set rules = replace(rules, '\"text\":10}', '\"text\":1}') where id = 'full-1'",
        "update wave set rules = replace(rules, '\"text\":1}', '\"text\":10}') where id = 'full-1'",
    );
    t.finds(&[low], &[back], "10", "the wave full-1 has least groups of 5, 10 and 1");
    let named = |name: &str| format!("update wave_node set name = '{name}' where wave_id = 'full-2' and node_id = 'ops'");
    t.finds(&[&named("others")], &[&named("ops")], "10", "what full-2 froze at launch was changed");
    t.finds(
        &["alter table invite add column answered bigint"],
        &["alter table invite drop column answered"],
        "3",
        "the table invite has a column `answered`",
    );
    let reminder = "insert into outbox (key, seq, channel, body, revision, sent_revision, state, not_before, said_at, tries, fence, reminds_of, ts) \
                    values ('survey/full-2/U1/1', 1, 'U1', '{}', 1, 1, 'sent', 0, 0, 0, 0, 'full-2', '1.2')";
    t.finds(&[reminder], &["update outbox set ts = null"], "15", "the reminder survey/full-2/U1/1 of full-2 says what Slack made of it");
    t.finds(
        &["insert into survey_optout (user_id, scope) values ('UX', 'forget')"],
        &["delete from survey_optout"],
        "22",
        "1 person who asked to be forgotten is still written down",
    );
    let late = t.pacer.run_at("2027-06-01T00:00:00Z", &["privacy", "attack"]);
    Attacked::breaks(&late, "22", "the invitations of full-1 are kept for longer than 200 days");
    let later = t.pacer.run_at("2027-11-01T00:00:00Z", &["privacy", "attack"]);
    Attacked::breaks(&later, "22", "(and 1 more)");
    if t.pacer.database.is_sqlite() {
        let by_order = ["alter table tally rename to kept", "create table tally as select * from kept"];
        t.finds(
            &by_order,
            &["drop table tally", "alter table kept rename to tally"],
            "3",
            "the table tally keeps the order in which rows came",
        );
    }
    // Answers in the clear, and a length of their own; these are not mended.
    let bytes = |hex: &str| if t.pacer.database.is_sqlite() { format!("x'{hex}'") } else { format!("'\\x{hex}'::bytea") };
    let one = "tag = (select min(tag) from ballot where wave_id = 'full-2')";
    let seal = |seal: String| {
        format!("update ballot set seal = {seal} where wave_id = 'full-2' and {one}")
            .replace("min(tag)", if t.pacer.database.is_sqlite() { "min(tag)" } else { "tag" })
    };
    let first = if t.pacer.database.is_sqlite() {
        seal(bytes("aa"))
    } else {
        seal(bytes("aa")).replace("where wave_id = 'full-2')", "where wave_id = 'full-2' order by tag limit 1)")
    };
    t.pacer.database.execute(&first);
    Attacked::breaks(&t.run(), "1 ", "sealed answers of full-2 have a length of their own in 1 row");
    t.pacer.database.execute(&first.replace("aa", "0501040203030204"));
    Attacked::breaks(&t.run(), "1 ", "answers of full-2 can be read in 1 row");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_attack_finds_ballots_and_keys_that_are_left() {
    let t = Attacked::new().await;
    let copy = "insert into ballot (wave_id, tag, seal) select 'full-1', tag, seal from ballot where wave_id = 'full-2'";
    t.pacer.database.execute(copy);
    Attacked::breaks(&t.run(), "2 5", "full-1 is over, and 21 rows of its ballots are left");
    t.pacer.database.execute("delete from ballot where wave_id = 'full-1'");
    if t.pacer.database.is_sqlite() {
        Attacked::breaks(&t.run(), "2 5", "ballots of full-1 still lie in ");
        t.pacer.database.execute("vacuum");
        t.pacer.database.execute("pragma wal_checkpoint(truncate)");
    }
    t.holds();
    t.finds(
        &["update wave set cleaned = 0 where id = 'full-1'"],
        &["update wave set cleaned = 1 where id = 'full-1'"],
        "2 5",
        "files are not cleaned yet",
    );
    let left = t.keys().join("full-1.key");
    fs::write(&left, [7; 64]).unwrap();
    fs::set_permissions(&left, Permissions::from_mode(0o600)).unwrap();
    let outcome = t.run();
    Attacked::breaks(&outcome, "2 5", "full-1 is over, and its key is left");
    Attacked::breaks(&outcome, "6", "`full-1.key` lies among the keys and is no key of an open wave");
    fs::rename(&left, t.keys().join("full-2.key.bak")).unwrap();
    Attacked::breaks(&t.run(), "6", "`full-2.key.bak` lies among the keys");
    fs::remove_file(t.keys().join("full-2.key.bak")).unwrap();
    t.holds();
    fs::set_permissions(t.keys().join("full-2.key"), Permissions::from_mode(0o640)).unwrap();
    Attacked::breaks(&t.run(), "14", "others may read `full-2.key`, its mode is 0640");
    fs::set_permissions(t.keys().join("full-2.key"), Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(t.keys(), Permissions::from_mode(0o755)).unwrap();
    Attacked::breaks(&t.run(), "14", "others may look into");
    fs::set_permissions(t.keys(), Permissions::from_mode(0o700)).unwrap();
    let elsewhere = |folder: &str| {
        t.pacer.command(&["privacy", "attack"]).env("PACER_NOW", NOW).env("PACER_KEY_DIR", folder).output().expect("it runs")
    };
    let said = |output: std::process::Output| String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said(elsewhere("nowhere")).contains("is not there, but a wave is open"));
    assert!(!t.pacer.database.is_sqlite() || said(elsewhere(".")).contains("the keys lie in the database's own folder"));
    // What doctor says of it.
    let doctor =
        |folder: &str| said(t.pacer.command(&["doctor"]).env("PACER_NOW", NOW).env("PACER_KEY_DIR", folder).output().expect("it runs"));
    let line = |text: &str, name: &str| text.lines().find(|line| line[7..].starts_with(name)).unwrap_or_default().to_owned();
    assert!(line(&doctor("pacer-keys"), "surveys").starts_with("ok     surveys        1 wave is open"));
    let gone = doctor("nowhere");
    assert!(
        line(&gone, "survey keys").starts_with("to do")
            && line(&gone, "surveys").contains("full-2 is suspended: its key is not in PACER_KEY_DIR")
    );
    let late = said(t.pacer.command(&["doctor"]).env("PACER_NOW", "2026-12-24T12:00:00Z").output().expect("it runs"));
    assert!(line(&late, "surveys").contains("full-2 should have closed on 2026-11-27"), "{late}");
    let fresh = Pacer::new().run_at(NOW, &["doctor"]).stdout;
    assert!(line(&fresh, "survey keys").starts_with("ok") && line(&fresh, "surveys").starts_with("off"), "{fresh}");
}

/// The texts of a message's blocks, a line each.
fn lines(blocks: &[Value]) -> String {
    fn all(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => map.iter().for_each(|(key, value)| match value.as_str() {
                Some(text) if key == "text" => found.push(text.to_owned()),
                _ => all(value, found),
            }),
            Value::Array(list) => list.iter().for_each(|value| all(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for block in blocks {
        all(block, &mut found);
    }
    found.join("")
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_reads_what_is_kept_of_them_stops_and_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    let t = Harness::with(crate::harness::Transport::Http, &[("PACER_KEY_DIR", keys.to_str().unwrap())]).await;
    t.apply_org(&format!("{ORG}\n[[survey.items]]\ncategory = \"ci\"\nid = \"ci_queue\"\nkind = \"often\"\ntext = \"How often?\"\n")).await;
    let said = lines(&t.slash("ben", "privacy").await.blocks);
    assert!(said.contains("No survey has an invitation of yours") && said.contains(PROMISE), "{said}");
    assert!(!said.contains("For admins"), "the log is for admins");
    // One wave is over, one is open and answered.
    let asked: Vec<(String, &str)> = [people("payments", 11), vec![(id("ben"), "payments")]].concat();
    let (store, keys) = (&t.app.store, &t.app.keys);
    launched(store, keys, "full-1", "2026-08-03", &asked).await;
    for (user, _) in &asked {
        answers(store, keys, "full-1", user, 4).await;
    }
    store.close_wave(keys, "full-1", At::parse("2026-08-10T15:00:00Z").unwrap()).await.unwrap().unwrap();
    launched(store, keys, "full-2", "2026-11-20", &asked).await;
    let before = lines(&t.slash("ben", "privacy").await.blocks);
    assert!(before.contains("It holds no ballot of yours."), "{before}");
    answers(store, keys, "full-2", &id("ben"), 2).await;
    let card = t.slash("ben", "privacy").await;
    let said = lines(&card.blocks);
    for expect in [
        "2 invitations to surveys, 1 sealed ballot",
        "closed, 2026-08-03 to 2026-08-10: that you were asked, and counted in Payments. Whether you answered is not kept.",
        "at the latest on 2027-02-26",
        "open until 2026-11-27: that you are asked, and count in Payments. It holds a sealed ballot of yours; only you are told.",
        "You are in Payments",
        PROMISE,
        "Invitations to surveys: until the next wave has closed, at most 200 days.",
    ] {
        assert!(said.contains(expect), "`{expect}` is not in {said}");
    }
    assert!(!said.contains("UPAYMENTS") && labels(&card.blocks).contains(&"Stop surveys".to_owned()));
    // Nobody else is told.
    assert!(lines(&t.slash("daria", "privacy").await.blocks).contains("No survey has an invitation of yours"));
    let refused = t.ask("privacy").await;
    assert_eq!(refused["error"]["kind"], "not_allowed", "{refused}");
    // What stands under their name; of a thank-you that waits who gives it is not told, since its end would tell them of the answer.
    t.database.execute(
        "insert into kudos (id, giver, receiver, channel, decision, evidence, at, shared) values ('k1', 'U0BEN', 'U0ANA', 'C1', 'd', 'e', 0, 0)",
    );
    t.database.execute("insert into retro_verdict (note, person, word) values ('n1', 'U0BEN', 'yes')");
    let said = lines(&t.slash("ben", "privacy").await.blocks);
    assert!(said.contains("1 word of yours on whether a decision worked") && !said.contains("thank-you that names you"), "{said}");
    assert!(lines(&t.slash("ana", "privacy").await.blocks).contains("1 thank-you that names you"));
    t.database.execute("update kudos set shared = 1");
    assert!(lines(&t.slash("ben", "privacy").await.blocks).contains("1 thank-you that names you"));
    // Stop, and again.
    t.press(&card, "Stop surveys").await;
    let stopped = t.next_message().await;
    assert!(lines(&stopped.blocks).contains("You stopped all surveys: that is kept until you take it back."));
    assert!(!store.waits_for(keys, "full-2", &id("ben")).await.unwrap());
    t.press(&stopped, "Ask me again").await;
    let again = t.next_message().await;
    assert!(!lines(&again.blocks).contains("You stopped"));
    // Forget me.
    t.press(&again, "Forget me in surveys").await;
    let asked = form(&t, "ben", "privacy_forget_sent").await;
    let what = words(&asked);
    for expect in [
        "1 sealed ballot of yours, which will not be counted",
        "1 invitation to waves that are over",
        "on 2026-11-27, since who was asked is frozen",
        "what you said under your name: notes of retrospectives, which you change or remove in `/metrics retro`",
    ] {
        assert!(what.contains(expect), "`{expect}` is not in {what}");
    }
    let done = updated(t.submit(&asked, &[]).await);
    assert!(words(&done).contains("Your ballot is gone. The last invitation goes when its wave ends, on 2026-11-27."), "{}", words(&done));
    assert_eq!((t.database.count("ballot"), t.database.count("ballot_text")), (0, 0));
    let after = lines(&t.slash("ben", "privacy").await.blocks);
    assert!(after.contains("1 invitation to a survey, no ballot") && after.contains("You asked to be forgotten"), "{after}");
    // What was done, without a name: the day of the person, the moment of the rest.
    store.audit(Audited::CommentHidden, Some("full-1"), "2026-11-23T11:00:00Z").await.unwrap();
    let log = lines(&t.slash("ana", "privacy").await.blocks);
    for expect in
        ["23 Nov: somebody had themselves forgotten", "a comment was hidden", "20 Nov:", "launched, by an admin", "closed and added up"]
    {
        assert!(log.contains(expect), "`{expect}` is not in {log}");
    }
    assert!(!log.contains("U0BEN"));
    store.void_wave(keys, "full-2", t.clock.now()).await.unwrap().unwrap();
    assert!(lines(&t.slash("ana", "privacy").await.blocks).contains("made void, its answers destroyed"));
    assert!(lines(&t.slash("ben", "privacy").await.blocks).contains("No survey has an invitation of yours"));
    let metrics = t.client.get(format!("{}/metrics", t.url)).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("pacer_survey_waves{state=\"open\"} 0"), "{metrics}");
}
