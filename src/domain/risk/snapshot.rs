//! [`take`]: the features of one project as of an instant, from facts known by then.
//!
//! An item that tells of something later is an error ([`Past`]): who asks the past makes [`known_by`] of the items first. What a tracker
//! tells only as it is now (whether an item was dropped, to which project it belongs) and the commitment date itself are as they are now.
//!
//! A feature that can't be told is left out, never 0. Weeks are whole ones of the calendar; the time to the date is counted in working
//! days, so that holidays ahead are known. A date more than a year away is not forecast.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::super::calendar::WorkCalendar;
use super::super::forecast::drift::Spread;
use super::super::forecast::engine::LONGEST;
use super::super::forecast::known::{Dated, LookAhead, Past};
use super::super::forecast::project::{Ahead, Life, ahead};
use super::super::forecast::scope::Scope;
use super::super::forecast::service_level::{Age, ServiceLevel};
use super::super::time::{At, DAY, WEEK};
use super::super::window::local;
use super::feature::{Feature, Seen};

/// Over how many weeks the slide is.
const SLIDE_WEEKS: i64 = 3;
/// Over how many weeks growth is, and the pace; and how many earlier ones say what is usual, at least and at most.
const GROWTH_WEEKS: usize = 4;
const PACE_WEEKS: usize = 3;
const EARLIER: (usize, usize) = (4, 13);
/// Fewest items in work of which a share is told.
const FEWEST_IN_WORK: usize = 3;
/// The share of items in work that is older than 85 % of finished ones where nothing is stuck.
const USUALLY_OLD: f64 = 0.15;
/// Items of how long ago say how long items take.
const LATELY: i64 = 26 * WEEK;

/// What a project is told from.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// Its id.
    pub project: &'a str,
    /// Its items that count.
    pub lives: &'a [Life],
    /// When people work.
    pub calendar: &'a WorkCalendar,
    /// The last day on which it is in time.
    pub due: NaiveDate,
    /// How far rates drift.
    pub spread: Spread,
    /// What the slow end costs.
    pub tail: f64,
    /// Features that items do not tell, as of the same instant.
    pub beside: Vec<Seen>,
}

/// The features of a project as of an instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its id.
    pub project: String,
    /// As of when.
    pub at: At,
    /// The first instant at which it is late.
    pub due: At,
    /// Items done.
    pub done: u32,
    /// Items not done.
    pub remaining: u32,
    /// What is known, in the order of [`Feature::ALL`].
    pub features: Vec<Seen>,
}

impl Dated for Snapshot {
    fn known_at(&self) -> At {
        self.at
    }
}

impl Snapshot {
    /// A feature, where it is known.
    pub fn seen(&self, feature: Feature) -> Option<&Seen> {
        self.features.iter().find(|seen| seen.feature == feature)
    }

    /// The chance to miss the date as forecast, before anything else is looked at.
    pub fn forecast(&self) -> Option<f64> {
        self.seen(Feature::MissChance).map(|seen| seen.value)
    }
}

/// A snapshot with what it takes to ask what would change it.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The features.
    pub snapshot: Snapshot,
    /// How the project stands.
    pub ahead: Ahead,
    /// Weeks of working days to the date.
    pub left: f64,
    /// What a week has: working days.
    pub full: f64,
}

impl Dated for Life {
    fn known_at(&self) -> At {
        self.created_at.into_iter().chain(self.started_at).chain(self.done_at).max().unwrap_or(At(i64::MIN))
    }
}

/// Items as they were known at an instant: what came later did not happen.
pub fn known_by(lives: &[Life], at: At) -> Vec<Life> {
    let by = |known: Option<At>| known.filter(|known| *known <= at);
    let born = |life: &&Life| life.created_at.or(life.started_at).or(life.done_at).is_none_or(|born| born <= at);
    let life = |life: &Life| Life { created_at: by(life.created_at), started_at: by(life.started_at), done_at: by(life.done_at) };
    lives.iter().filter(born).map(life).collect()
}

/// The first instant after a commitment date.
fn late_from(calendar: &WorkCalendar, due: NaiveDate) -> At {
    local::midnight(calendar.zone(), due.checked_add_days(Days::new(1)).unwrap_or(due))
}

/// Whether a project missed its date, told when the date is over: of the items that it had by then, whether one was open. None before, and
/// where there was no item.
pub fn outcome(lives: &[Life], calendar: &WorkCalendar, due: NaiveDate, now: At) -> Option<(At, bool)> {
    let late = late_from(calendar, due);
    let known = known_by(lives, late);
    (now >= late && !known.is_empty()).then(|| (late, known.iter().any(|life| life.done_at.is_none())))
}

/// The features of a project.
///
/// # Errors
/// Where an item tells of something later than the instant.
pub fn take(facts: &Facts, at: At) -> Result<Taken, LookAhead> {
    let lives = Past::only(facts.lives, at)?.rows();
    let due = late_from(facts.calendar, facts.due);
    let full = facts.calendar.full_week();
    let stand = |lives: &[Life], at: At| {
        let first = lives.iter().filter_map(|life| life.created_at.into_iter().chain(life.started_at).chain(life.done_at).min()).min();
        let weeks = first.map(|first| facts.calendar.weeks(first, at)).unwrap_or_default();
        ahead(lives, &weeks, full, facts.spread, facts.tail, at)
    };
    let left = |at: At| weeks_between(facts.calendar, at, due, full);
    let now = stand(lives, at);
    let mut features = Vec::new();
    if let Some(chance) = miss_chance(&now, left(at), 0, 1.0) {
        let pace = now.outlook.as_ref().map_or(0.0, |outlook| outlook.pace().mean());
        features.push(Seen { feature: Feature::MissChance, value: chance, usual: pace * left(at), n: now.remaining });
        let before = at.plus(-SLIDE_WEEKS * WEEK);
        let then = stand(&known_by(lives, before), before);
        let usual = miss_chance(&then, left(before), 0, 1.0).filter(|_| then.done > 0);
        features.extend(usual.map(|usual| Seen { feature: Feature::Slide, value: chance, usual, n: now.remaining }));
    }
    if now.remaining > 0 {
        features.extend([growth(&now), pace(&now), old_work(lives, at), silence(lives, facts.calendar, at)].into_iter().flatten());
    }
    features.extend(facts.beside.iter().copied());
    features.sort_by_key(|seen| seen.feature);
    let (done, remaining) = (now.done, now.remaining);
    let snapshot = Snapshot { project: facts.project.to_owned(), at, due, done, remaining, features };
    Ok(Taken { snapshot, ahead: now, left: left(at), full })
}

/// Weeks of working days between two instants.
#[allow(clippy::cast_precision_loss, reason = "2^53 microseconds are 285 years")]
fn weeks_between(calendar: &WorkCalendar, from: At, to: At, full: f64) -> f64 {
    if full > 0.0 { calendar.between(from, to) as f64 / DAY as f64 / full } else { 0.0 }
}

/// The chance not to be done in so many weeks, with so many items less and at `speed` times the pace; none where there is too little
/// history or the date is too far.
pub(super) fn miss_chance(ahead: &Ahead, left: f64, cut: u32, speed: f64) -> Option<f64> {
    let mut outlook = ahead.outlook.clone().ok()?;
    if left > f64::from(LONGEST) {
        return None;
    }
    let scope = Scope { items: ahead.remaining.saturating_sub(cut), ..ahead.scope.clone() };
    let counts = outlook.how_many(left, speed);
    let made: f64 = scope.needs().iter().map(|(need, chance)| chance * counts.chance_of(*need)).sum();
    Some((1.0 - made).clamp(0.0, 1.0))
}

/// Items added in the last four weeks, as a part of those known before; usual is its own earlier weeks.
fn growth(ahead: &Ahead) -> Option<Seen> {
    let begun = ahead.weeks.iter().position(|row| row.week.finished > 0)? + 1;
    let end = ahead.added.len();
    let split = end.checked_sub(GROWTH_WEEKS)?;
    let earlier = ahead.added.get(begun.max(split.saturating_sub(EARLIER.1))..split).filter(|weeks| weeks.len() >= EARLIER.0)?;
    let added: u32 = ahead.added[split..].iter().sum();
    let base = f64::from((ahead.done + ahead.remaining).checked_sub(added).filter(|base| *base > 0)?);
    let usual = f64::from(earlier.iter().sum::<u32>()) / real(earlier.len()) * real(GROWTH_WEEKS);
    Some(Seen { feature: Feature::Growth, value: f64::from(added) / base, usual: usual / base, n: ahead.done + ahead.remaining - added })
}

/// Items finished in the last three weeks; usual is what its earlier weeks make of as many working days.
fn pace(ahead: &Ahead) -> Option<Seen> {
    let split = ahead.weeks.len().checked_sub(PACE_WEEKS)?;
    let first = ahead.weeks.iter().position(|row| row.week.finished > 0)?;
    let earlier = ahead.weeks.get(first.max(split.saturating_sub(EARLIER.1))..split).filter(|weeks| weeks.len() >= EARLIER.0)?;
    let sums = |rows: &[super::super::forecast::backtest::PastWeek]| {
        rows.iter().fold((0_u32, 0.0), |(finished, days), row| (finished + row.week.finished, days + row.week.days))
    };
    let ((lately, days), (before, of_days)) = (sums(&ahead.weeks[split..]), sums(earlier));
    (days > 0.0 && of_days > 0.0).then(|| {
        let usual = f64::from(before) / of_days * days;
        Seen { feature: Feature::Pace, value: f64::from(lately), usual, n: before }
    })
}

/// The share of items in work that are older than 85 % of those finished in the last half year.
fn old_work(lives: &[Life], at: At) -> Option<Seen> {
    let lately = |life: &&Life| life.done_at.is_some_and(|done| at.since(done) <= LATELY);
    let times: Vec<i64> = lives.iter().filter(lately).filter_map(|life| Some(life.done_at?.since(life.started_at?))).collect();
    let level = ServiceLevel::learn(&times).ok()?;
    let ages: Vec<i64> =
        lives.iter().filter(|life| life.done_at.is_none()).filter_map(|life| life.started_at).map(|from| at.since(from)).collect();
    let old = ages.iter().filter(|age| level.age(**age) >= Age::OlderThanExpected).count();
    (ages.len() >= FEWEST_IN_WORK).then(|| {
        let n = u32::try_from(ages.len()).unwrap_or(u32::MAX);
        Seen { feature: Feature::OldWork, value: real(old) / real(ages.len()), usual: USUALLY_OLD, n }
    })
}

/// Working days since anything was added, begun or finished; usual is how many lay between two changes.
#[allow(clippy::cast_precision_loss, reason = "2^53 microseconds are 285 years")]
fn silence(lives: &[Life], calendar: &WorkCalendar, at: At) -> Option<Seen> {
    let since = at.plus(-LATELY);
    let changes: Vec<At> = lives.iter().flat_map(|life| [life.created_at, life.started_at, life.done_at]).flatten().collect();
    let (last, first) = (changes.iter().max()?, changes.iter().filter(|change| **change > since).min());
    let days = |from: At, to: At| calendar.between(from, to) as f64 / DAY as f64;
    let n = changes.iter().filter(|change| **change > since).count();
    let usual = first.map_or(0.0, |first| days(*first, *last) / real(n.max(2) - 1));
    Some(Seen { feature: Feature::Silence, value: days(*last, at), usual, n: u32::try_from(n).unwrap_or(u32::MAX) })
}

#[allow(clippy::cast_precision_loss, reason = "lengths in memory are far below 2^53, so nothing is lost")]
fn real(len: usize) -> f64 {
    len as f64
}
