//! What an alert keeps in mind from slot to slot: the row of its evaluations, its last reading, its episodes. Pure; kept as the
//! memory of its subscription, which slots alone change.

use serde::{Deserialize, Serialize};

use super::judge::{Row, Turn};
use super::measure::{Known, Reading};
use super::rule::{Rule, Settings};
use crate::domain::time::{At, DAY, WEEK};
use crate::domain::words::Better;

/// How long an episode that is over is kept.
const KEPT: i64 = 120 * DAY;
/// Weeks after which a range that was left is the range.
const NEW_RANGE: i64 = 13 * WEEK;

/// What is kept in mind.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Memory {
    row: Row,
    /// The last evaluation.
    pub last: Option<Last>,
    /// Oldest first; only the last one may be under way.
    pub episodes: Vec<Episode>,
}

/// An evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "as in Known")]
pub struct Last {
    pub at: At,
    pub value: Option<f64>,
    pub n: u64,
    pub limit: Option<f64>,
    /// Why there is no value.
    pub why: Option<String>,
}

/// From beyond the limit to back inside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    /// When it began: with the alert's id its name.
    pub start: At,
    /// When the figure was beyond first.
    pub since: At,
    /// What it was set to then.
    pub settings: Settings,
    /// The limit, or the edge of the range.
    pub limit: f64,
    /// The figure then, n and interval, and the weeks that made it.
    pub value: f64,
    pub n: u64,
    pub interval: Option<[f64; 2]>,
    pub weeks: Vec<Option<f64>>,
    /// The figure at its worst.
    pub worst: f64,
    /// The receipt of the figure then.
    pub receipt: Option<String>,
    /// What is worth asking.
    pub question: String,
    /// When the channel was told; none: not yet, or never.
    pub told: Option<At>,
    /// Why it was not told.
    pub held: Option<Held>,
    /// How many others were held back when it was told, and how many a week those may be.
    pub others: Option<(u64, u64)>,
    /// How it came to an end.
    pub over: Option<Over>,
}

/// Why an episode was not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// It is night, a weekend or a holiday.
    Quiet,
    /// The channel heard enough this week.
    Budget,
}

/// The end of an episode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Over {
    /// When.
    pub at: At,
    /// The figure then, where it is why.
    pub value: Option<f64>,
    /// Why.
    pub why: Why,
}

/// Why an episode is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The figure is back inside.
    Inside,
    /// It has been like this for so long that it is its range now.
    NewRange,
    /// The alert was set to something else.
    Changed,
}

impl Memory {
    /// Reads what a subscription keeps; nothing of ours is none.
    pub fn read(value: &serde_json::Value) -> Self {
        serde_json::from_value(value.clone()).unwrap_or_default()
    }

    /// The episode under way.
    pub fn open(&self) -> Option<&Episode> {
        self.episodes.last().filter(|episode| episode.over.is_none())
    }

    /// As [`Memory::open`], to be changed.
    pub fn open_mut(&mut self) -> Option<&mut Episode> {
        self.episodes.last_mut().filter(|episode| episode.over.is_none())
    }

    /// The episode of that beginning.
    pub fn episode(&self, start: At) -> Option<&Episode> {
        self.episodes.iter().find(|episode| episode.start == start)
    }

    /// Ends an episode of other settings: what it says is no longer asked for.
    pub fn settle(&mut self, settings: &Settings, at: At) {
        let same = |episode: &Episode| {
            (&episode.settings.metric, &episode.settings.scope, episode.settings.rule) == (&settings.metric, &settings.scope, settings.rule)
        };
        if let Some(open) = self.open_mut().filter(|open| !same(open)) {
            open.over = Some(Over { at, value: None, why: Why::Changed });
            self.row = Row::default();
        }
    }

    /// Takes an evaluation. True where an episode begins.
    pub fn take(&mut self, settings: &Settings, reading: &Reading, at: At, sparse: bool) -> bool {
        self.episodes.retain(|episode| episode.over.as_ref().is_none_or(|over| at.since(over.at) < KEPT));
        let known = match reading {
            Reading::Known(known) => known,
            Reading::Unknown(why) => {
                self.last = Some(Last { at, value: None, n: 0, limit: None, why: Some(why.clone()) });
                return false;
            }
        };
        self.last = Some(Last { at, value: Some(known.value), n: known.n, limit: Some(known.limit), why: None });
        let up = worse_is_more(settings);
        if let Some(open) = self.open_mut() {
            open.worst = if up { open.worst.max(known.value) } else { open.worst.min(known.value) };
            if settings.rule == Rule::OwnRange && at.since(open.start) >= NEW_RANGE {
                open.over = Some(Over { at, value: Some(known.value), why: Why::NewRange });
                self.row = Row::default();
                return false;
            }
        }
        match self.row.step(at, Some(known.side), self.open().is_some(), sparse) {
            Turn::Begins(since) => {
                self.episodes.push(begun(settings, known, at, since));
                true
            }
            Turn::Ends => {
                if let Some(open) = self.open_mut() {
                    open.over = Some(Over { at, value: Some(known.value), why: Why::Inside });
                }
                false
            }
            Turn::Same => false,
        }
    }
}

fn begun(settings: &Settings, known: &Known, start: At, since: At) -> Episode {
    Episode {
        start,
        since,
        settings: settings.clone(),
        limit: known.limit,
        value: known.value,
        n: known.n,
        interval: known.interval,
        weeks: known.weeks.clone(),
        worst: known.value,
        receipt: None,
        question: String::new(),
        told: None,
        held: None,
        others: None,
        over: None,
    }
}

fn worse_is_more(settings: &Settings) -> bool {
    match settings.rule {
        Rule::Above(_) => true,
        Rule::Below(_) => false,
        Rule::OwnRange => settings.definition().is_none_or(|it| it.better != Better::Higher),
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::domain::card::Scope;
    use crate::domain::time::HOUR;
    use crate::features::alert::judge::side;

    /// An alert on change fail rate.
    pub fn settings(rule: Rule) -> Settings {
        Settings { metric: "change_fail_rate".into(), scope: Scope::Team("payments".into()), rule, least: 10, any_hour: false, weekly: 3 }
    }

    /// A reading of 24 of 100 and the like.
    pub fn reading(value: f64, limit: f64) -> Reading {
        let side = side(value, limit, true);
        let interval = Some([value * 0.6, value * 1.5]);
        Reading::Known(Known { value, n: 42, interval, limit, side, from: At(0), to: At(0), weeks: Vec::new() })
    }

    #[test]
    fn an_episode_keeps_its_worst_and_ends_with_the_value_then() {
        let settings = settings(Rule::Above(0.15));
        let (mut memory, mut at) = (Memory::default(), At(0));
        let mut hour = |value: Option<f64>, memory: &mut Memory| {
            at = at.plus(HOUR);
            let reading = value.map_or_else(|| Reading::Unknown("no data".into()), |value| reading(value, 0.15));
            memory.take(&settings, &reading, at, false)
        };
        let begins: Vec<bool> = [Some(0.1), Some(0.2), None, Some(0.24), Some(0.31)].map(|value| hour(value, &mut memory)).to_vec();
        assert_eq!(begins, [false, false, false, true, false]);
        for _ in 0..26 {
            hour(Some(0.09), &mut memory);
        }
        let episode = &memory.episodes[0];
        assert_eq!((episode.since, episode.start, episode.value, episode.worst), (At(2 * HOUR), At(4 * HOUR), 0.24, 0.31));
        assert_eq!(episode.over, Some(Over { at: At(30 * HOUR), value: Some(0.09), why: Why::Inside }));
        assert_eq!(memory.open(), None);
        let text = serde_json::to_value(&memory).unwrap();
        assert_eq!(Memory::read(&text), memory);
        assert_eq!(Memory::read(&serde_json::json!({"other": 1})).episodes, []);
    }

    #[test]
    fn an_alert_set_to_something_else_ends_what_was_under_way() {
        let old = settings(Rule::Above(0.15));
        let mut memory = Memory::default();
        memory.take(&old, &reading(0.2, 0.15), At(HOUR), false);
        memory.take(&old, &reading(0.2, 0.15), At(2 * HOUR), false);
        memory.settle(&Settings { least: 20, ..old.clone() }, At(3 * HOUR));
        assert!(memory.open().is_some(), "another minimum is the same question");
        memory.settle(&settings(Rule::Above(0.25)), At(3 * HOUR));
        assert_eq!(memory.episodes[0].over.as_ref().map(|over| over.why), Some(Why::Changed));
    }

    #[test]
    fn what_was_left_for_a_quarter_is_the_new_range() {
        let own = settings(Rule::OwnRange);
        let mut memory = Memory::default();
        for week in 0..16 {
            memory.take(&own, &reading(0.3, 0.2), At(week * WEEK), true);
        }
        assert_eq!(memory.episodes[0].over.as_ref().map(|over| (over.at, over.why)), Some((At(13 * WEEK), Why::NewRange)));
    }

    #[test]
    fn old_episodes_are_forgotten() {
        let settings = settings(Rule::Above(0.15));
        let mut memory = Memory::default();
        for hour in 0..2 {
            memory.take(&settings, &reading(0.2, 0.15), At(hour * HOUR), false);
        }
        for hour in 3..30 {
            memory.take(&settings, &reading(0.1, 0.15), At(hour * HOUR), false);
        }
        assert_eq!(memory.episodes.len(), 1);
        memory.take(&settings, &reading(0.1, 0.15), At(150 * DAY), false);
        assert_eq!(memory.episodes.len(), 0);
    }
}
