//! A survey that is under way, as the launch leaves it: frozen, open, each asked by a direct message.

use chrono::NaiveDate;
use pacer::app::App;
use pacer::domain::post::Post;
use pacer::domain::survey::Minima;
use pacer::domain::survey::items::shipped;
use pacer::domain::survey::tally::Rules;
use pacer::domain::survey::tree::Tree;
use pacer::domain::survey::wave::{Length, questions};
use pacer::features::pulse::answer::{Round, invitation};
use pacer::sandbox::Message;
use pacer::store::keys::KeyDir;
use pacer::store::survey::{Marked, NewWave, Survey};

use super::{Harness, id};

/// The wave of the stories.
pub const WAVE: &str = "w1";

fn survey(kind: &str) -> Survey {
    Survey {
        id: kind.into(),
        title: "How it goes".into(),
        kind: Length::of(kind).expect("a kind"),
        root: None,
        channel: None,
        minima: Minima::default(),
        created_by: "U0ANA".into(),
    }
}

/// A wave that asks some people of Payments.
pub async fn launched(app: &App, kind: &str, people: &[&str]) -> NewWave {
    KeyDir::open(&app.config.key_dir).expect("a folder of keys");
    assert_eq!(app.store.keep_survey(survey(kind)).await.expect("kept"), Ok(()));
    let named = [("all", "Acme", None), ("commerce", "Commerce", Some("all")), ("payments", "Payments", Some("commerce"))];
    let tree = Tree::named(&named.map(|(id, name, parent)| (id.into(), name.into(), parent.map(Into::into)))).expect("a tree");
    let node = tree.find("payments").expect("a team");
    let length = if kind == "pulse" { Length::Pulse } else { Length::Full };
    let wave = NewWave {
        id: WAVE.into(),
        survey: kind.into(),
        opens_on: NaiveDate::from_ymd_opt(2026, 11, 23).expect("a day"),
        closes_on: NaiveDate::from_ymd_opt(2026, 12, 3).expect("a day"),
        rules: Rules { minima: Minima::default(), strict_membership: true, items: questions(length, &shipped(), &[]) },
        tree,
        invited: people.iter().map(|person| (id(person), node)).collect(),
    };
    assert_eq!(app.store.launch_wave(&app.keys, wave.clone()).await.expect("launched"), Ok(()));
    wave
}

/// What asks somebody.
pub fn post(wave: &NewWave, person: &str, round: Round) -> Post {
    let count = u32::try_from(wave.invited.len()).expect("few");
    let user = id(person);
    let (suffix, reminds_of) = match round {
        Round::Invitation => ("", None),
        Round::Reminder { last: false } => ("/1", Some(wave.id.clone())),
        Round::Reminder { last: true } => ("/2", Some(wave.id.clone())),
    };
    let card = invitation(&survey(&wave.survey), wave, chrono_tz::Tz::UTC, &[count; 3], 2, round);
    Post { key: format!("survey/{}/{user}{suffix}", wave.id), channel: user, thread_of: None, card, not_before: None, reminds_of }
}

impl Harness {
    /// The direct message that asks somebody.
    pub async fn invited(&self, wave: &NewWave, person: &str) -> Message {
        let now = self.clock.now();
        self.app.store.say(App::wanted(vec![post(wave, person, Round::Invitation)], None, now), now).await.expect("said");
        let mut sent = self.sent().await;
        if sent.is_empty() {
            sent.push(self.next_message().await);
        }
        sent.pop().expect("one")
    }

    /// What somebody marked so far.
    pub async fn marked(&self, person: &str) -> Marked {
        self.app.store.marked(&self.app.keys, WAVE, &id(person)).await.expect("read").expect("they are asked")
    }

    /// Whether the wave waits for somebody.
    pub async fn waits_for(&self, person: &str) -> bool {
        self.app.store.waits_for(&self.app.keys, WAVE, &id(person)).await.expect("read")
    }
}
