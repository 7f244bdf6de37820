//! Survey waves on a whole pacer: launched, answered and closed in one call, and every output of a card in one place.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use pacer::domain::card::Card;
use pacer::domain::survey::Minima;
use pacer::domain::survey::items::{Item, shipped};
use pacer::domain::survey::tally::Rules;
use pacer::domain::survey::tree::Tree;
use pacer::domain::survey::wave::Length;
use pacer::error::Failure;
use pacer::features::{self, Reply};
use pacer::store::survey::{Marked, NewWave, Scrub, Survey};
use tempfile::TempDir;
use zeroize::Zeroizing;

use super::{Harness, Transport};

/// A pacer with a folder of keys.
pub async fn with_keys() -> (Harness, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = folder.path().join("keys");
    pacer::store::keys::KeyDir::open(&keys).expect("a folder of keys");
    let t = Harness::with(Transport::Http, &[("PACER_KEY_DIR", keys.to_str().expect("a path"))]).await;
    (t, folder)
}

/// Everything that a wave is made of.
pub struct Held<'a> {
    pub id: &'a str,
    pub survey: Survey,
    pub tree: Tree,
    /// Slack id and team.
    pub people: Vec<(String, &'a str)>,
    pub items: Vec<Item>,
}

/// The quarterly survey of the whole organisation; its result goes to #general.
pub fn full() -> Survey {
    Survey {
        id: "full".into(),
        title: "How it goes".into(),
        kind: Length::Full,
        root: None,
        channel: Some("C0GENERAL".into()),
        minima: Minima::default(),
        created_by: "U0ANA".into(),
    }
}

/// The questions of some categories.
pub fn items(categories: &[&str]) -> Vec<Item> {
    shipped().into_iter().filter(|it| categories.contains(&it.id.as_str())).flat_map(|it| it.items).collect()
}

/// So many people of a team: `UPAYMENTS000`, ...
pub fn people(team: &str, count: usize) -> Vec<(String, &str)> {
    (0..count).map(|at| (format!("U{}{at:03}", team.to_uppercase()), team)).collect()
}

/// An answer of 1 to 5 that looks drawn, but is the same each time.
pub fn drawn(user: &str, item: &str, salt: u64) -> u8 {
    let mut state = salt ^ 0x9e37_79b9_7f4a_7c15;
    for byte in user.bytes().chain(item.bytes()) {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        state ^= state >> 29;
    }
    u8::try_from(1 + (state >> 13) % 5).expect("1 to 5")
}

/// Holds a wave that closes now: who gives none as an answer to every question does not answer.
pub async fn hold(t: &Harness, held: &Held<'_>, answer: impl Fn(&str, &Item) -> Option<u8>, comment: impl Fn(&str) -> Option<String>) {
    let (store, keys, now) = (&t.app.store, &t.app.keys, t.clock.now());
    store.keep_survey(held.survey.clone()).await.unwrap().unwrap();
    let closes_on: NaiveDate = now.utc().date_naive();
    let wave = NewWave {
        id: held.id.into(),
        survey: held.survey.id.clone(),
        opens_on: closes_on.checked_sub_days(Days::new(7)).expect("a day"),
        closes_on,
        rules: Rules { minima: Minima::default(), strict_membership: true, items: held.items.clone() },
        tree: held.tree.clone(),
        invited: held.people.iter().map(|(user, team)| (user.clone(), held.tree.find(team).expect("a team"))).collect(),
    };
    store.launch_wave(keys, wave).await.unwrap().unwrap();
    for (user, _) in &held.people {
        let rated = held.items.iter().filter(|item| item.rated());
        let ratings: BTreeMap<String, Option<u8>> = rated.filter_map(|item| Some((item.id.clone(), Some(answer(user, item)?)))).collect();
        let text = held.items.iter().find(|item| !item.rated()).and_then(|item| Some((item.id.clone(), Zeroizing::new(comment(user)?))));
        if ratings.is_empty() && text.is_none() {
            continue;
        }
        let marked = Marked { ratings, texts: text.into_iter().collect() };
        store.cast(keys, held.id, user, marked).await.unwrap().unwrap();
    }
    assert_eq!(store.close_wave(keys, held.id, now).await.unwrap(), Ok(Scrub::Done));
}

/// What is answered to that person, or to the organisation itself; an error as its sentences.
pub async fn asked(t: &Harness, user: Option<&str>, text: &str) -> Result<Card, String> {
    let cx = t.app.cx(user.map(|user| t.app.asker(user))).await.expect("a context");
    match features::answer(&cx, text).await {
        Ok(Reply::Card(card)) => Ok(*card),
        Err(Failure::User(error)) => Err(format!("{} {}", error.message, error.hint)),
        other => panic!("{other:?}"),
    }
}

/// Every way in which a card goes out, as bytes, by name.
pub fn outputs(card: &Card) -> Vec<(&'static str, Vec<u8>)> {
    let mut all = written(card);
    all.push(("png", pacer::render::png::card(card).expect("a picture")));
    all
}

/// Those that are letters. A picture's own letters are in the page, which draws the same.
pub fn written(card: &Card) -> Vec<(&'static str, Vec<u8>)> {
    let message = pacer::render::message(card);
    vec![
        ("blocks", serde_json::to_vec(&message).expect("JSON")),
        ("letters", serde_json::to_vec(&pacer::render::without_charts(message)).expect("JSON")),
        ("json", pacer::render::json(card).to_string().into_bytes()),
        ("csv", pacer::render::csv(card).into_bytes()),
        ("html", pacer::render::page(card).into_bytes()),
        ("text", pacer::render::text(card, false, 4_000).into_bytes()),
    ]
}
