//! [`take`]: the features of one project as of an instant, from facts known by then.
//!
//! An item that tells of something later is an error ([`Past`]): who asks the past makes [`known_by`] of the items first. What a tracker
//! tells only as it is now (whether an item was dropped, to which project it belongs) and the commitment date itself are as they are now.
//!
//! A feature that can't be told is left out, never 0. Weeks are whole ones of the calendar; the time to the date is counted as `forecast`
//! counts it: full weeks from tomorrow on, so that holidays ahead are known. A date more than a year away is not forecast.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::super::calendar::WorkCalendar;
use super::super::capacity::Capacity;
use super::super::forecast::drift::Spread;
use super::super::forecast::engine::{LONGEST, Outlook};
use super::super::forecast::known::{Dated, LookAhead, Past};
use super::super::forecast::project::{Ahead, Life, ahead};
use super::super::forecast::scope::Scope;
use super::super::forecast::service_level::{Age, ServiceLevel};
use super::super::forecast::throughput::Refusal;
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
    /// The forecast as of the same instant, where one was asked for; else it is of its own weeks.
    pub forecast: Option<Asked>,
}

/// What `forecast` says of a project: the chance to miss the date is then the rest of its chance to meet it, to the digit.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What is to be expected of the coming weeks.
    pub outlook: Result<Outlook, Refusal>,
    /// What has to be done.
    pub scope: Scope,
    /// Full weeks to the date.
    pub left: f64,
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
    /// Full weeks to the date.
    pub left: f64,
}

impl Taken {
    /// Items that are expected to be added by the date, beside those that are expected to be finished.
    pub fn added(&self) -> f64 {
        let growth: f64 = self.ahead.scope.growth.values().iter().map(|(value, chance)| value * chance).sum();
        self.snapshot.seen(Feature::MissChance).map_or(0.0, |seen| seen.usual * growth)
    }
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

/// The first instant after a commitment date: from then on it is late.
pub fn late_from(calendar: &WorkCalendar, due: NaiveDate) -> At {
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
        let first = lives.iter().filter_map(Life::born).min();
        let weeks = first.map(|first| facts.calendar.weeks(first, at)).unwrap_or_default();
        ahead(lives, &weeks, full, facts.spread, facts.tail, at)
    };
    let capacity = Capacity::of_days(facts.calendar.clone());
    let mut now = stand(lives, at);
    let mut left = capacity.weeks_until(at, due);
    if let Some(asked) = &facts.forecast {
        (now.outlook, now.scope, left) = (asked.outlook.clone(), asked.scope.clone(), asked.left);
    }
    let mut features = Vec::new();
    if let Some(chance) = miss_chance(&now, left, 0, 1.0) {
        let pace = now.outlook.as_ref().map_or(0.0, Outlook::mean);
        features.push(Seen { feature: Feature::MissChance, value: chance, usual: pace * left, n: now.remaining });
        let before = at.plus(-SLIDE_WEEKS * WEEK);
        let then = stand(&known_by(lives, before), before);
        let usual = miss_chance(&then, capacity.weeks_until(before, due), 0, 1.0).filter(|_| then.done > 0);
        features.extend(usual.map(|usual| Seen { feature: Feature::Slide, value: chance, usual, n: now.remaining }));
    }
    if now.remaining > 0 {
        features.extend([growth(&now), pace(&now), old_work(lives, at), silence(lives, facts.calendar, at)].into_iter().flatten());
    }
    features.extend(facts.beside.iter().copied());
    features.sort_by_key(|seen| seen.feature);
    let (done, remaining) = (now.done, now.remaining);
    let snapshot = Snapshot { project: facts.project.to_owned(), at, due, done, remaining, features };
    Ok(Taken { snapshot, ahead: now, left })
}

/// The chance not to be done in so many weeks, with so many items less and at `speed` times the pace; none where there is too little
/// history or the date is too far.
pub(super) fn miss_chance(ahead: &Ahead, left: f64, cut: u32, speed: f64) -> Option<f64> {
    let mut outlook = ahead.outlook.clone().ok()?;
    if left > f64::from(LONGEST) {
        return None;
    }
    let scope = Scope { items: ahead.remaining.saturating_sub(cut), ..ahead.scope.clone() };
    Some(1.0 - outlook.chance_within(&scope, speed, left))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::org::Calendar;

    /// A Monday.
    const BEGIN: i64 = 20_500;

    fn day(day: i64) -> At {
        At((BEGIN + day) * DAY)
    }

    fn date(day: u64) -> NaiveDate {
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
        epoch.checked_add_days(Days::new(u64::try_from(BEGIN).unwrap() + day)).unwrap()
    }

    fn life(created: i64, started: Option<i64>, done: Option<i64>) -> Life {
        Life { created_at: Some(day(created)), started_at: started.map(day), done_at: done.map(day) }
    }

    /// Sixty items from the start and six from the ninth week; four are finished a week, one in each of the last three of twelve.
    fn project() -> Vec<Life> {
        let done = (0..12).flat_map(|week| vec![7 * week + 2; if week < 9 { 4 } else { 1 }]);
        let mut lives: Vec<Life> = done.map(|done| life(0, Some(done - 6), Some(done))).collect();
        lives.extend([life(0, Some(79), None), life(0, Some(79), None), life(0, Some(79), None), life(0, Some(50), None)]);
        lives.resize(60, life(0, None, None));
        lives.extend([life(60, None, None); 6]);
        lives
    }

    fn taken(lives: &[Life], at: i64, due: u64) -> Result<Taken, LookAhead> {
        let calendar = WorkCalendar::new(&Calendar::default(), chrono_tz::UTC);
        let facts = Facts {
            project: "p",
            lives,
            calendar: &calendar,
            due: date(due),
            spread: Spread::even(0.4),
            tail: 0.05,
            beside: vec![],
            forecast: None,
        };
        take(&facts, day(at))
    }

    /// What is seen of a feature: value, usual, of how many.
    fn check(taken: &Taken, feature: Feature, expect: Option<(f64, f64, u32)>) {
        let seen = taken.snapshot.seen(feature).map(|seen| (seen.value, seen.usual, seen.n));
        let same = match (seen, expect) {
            (Some((value, usual, n)), Some(expect)) => (value - expect.0).abs() < 1e-9 && (usual - expect.1).abs() < 1e-9 && n == expect.2,
            (seen, expect) => seen == expect,
        };
        assert!(same, "{feature:?}: {seen:?}, expected {expect:?}");
    }

    #[test]
    fn each_feature_is_what_one_counts_by_hand() {
        let found = taken(&project(), 84, 107).unwrap();
        assert_eq!((found.snapshot.done, found.snapshot.remaining, found.snapshot.due), (39, 27, day(108)));
        check(&found, Feature::Pace, Some((3.0, 12.0, 36)));
        check(&found, Feature::Growth, Some((0.1, 0.0, 60)));
        check(&found, Feature::OldWork, Some((0.25, 0.15, 4)));
        let silence = found.snapshot.seen(Feature::Silence).unwrap();
        assert!((silence.value - 3.0).abs() < 1e-9, "Wednesday to Friday: {silence:?}");
        assert!((found.left - 3.4).abs() < 1e-9, "from Tuesday to a Wednesday: {}", found.left);
        let chance = found.snapshot.forecast().unwrap();
        let dates = found.ahead.dates().unwrap();
        assert!((chance - (1.0 - dates.chance_by(3))).abs() < 1e-12, "three whole weeks, as forecasts have it: {chance}");
        let slide = found.snapshot.seen(Feature::Slide).unwrap();
        assert!((slide.value - chance).abs() < 1e-12 && slide.usual < chance, "{slide:?}");
        for absent in [Feature::Rework, Feature::FailRate, Feature::Focus, Feature::Investment, Feature::LargestShare, Feature::Survey] {
            check(&found, absent, None);
        }
    }

    #[test]
    fn what_can_not_be_told_is_absent() {
        let young = taken(&[life(0, Some(1), Some(3)), life(0, None, None)], 14, 60).unwrap();
        assert_eq!(young.snapshot.features.iter().map(|seen| seen.feature).collect::<Vec<_>>(), [Feature::Silence]);
        assert_eq!(taken(&project(), 84, 84 + 400).unwrap().snapshot.forecast(), None, "more than a year away");
        let done = taken(&[life(0, Some(1), Some(3))], 14, 60).unwrap();
        assert_eq!((done.snapshot.remaining, done.snapshot.features.len()), (0, 0));
        assert_eq!(taken(&[], 14, 60).unwrap().snapshot.features, []);
        let over = taken(&project(), 84, 70).unwrap();
        assert_eq!(over.snapshot.forecast(), Some(1.0), "the date is over");
    }

    #[test]
    fn a_planted_later_row_is_an_error() {
        for planted in [life(85, None, None), life(0, Some(85), None), life(0, Some(3), Some(85))] {
            let mut lives = project();
            lives.insert(7, planted);
            let error = taken(&lives, 84, 108).unwrap_err();
            assert_eq!((error.row, error.cut), (day(85), day(84)));
        }
    }

    #[test]
    fn a_date_is_missed_where_an_item_of_then_was_open() {
        let calendar = WorkCalendar::new(&Calendar::default(), chrono_tz::UTC);
        let check = |lives: &[Life], now: i64, expect: Option<bool>| {
            let found = outcome(lives, &calendar, date(10), day(now));
            assert_eq!(found, expect.map(|missed| (day(11), missed)), "{lives:?} {now}");
        };
        check(&[life(0, None, Some(10))], 10, None);
        check(&[life(0, None, Some(10))], 11, Some(false));
        check(&[life(0, None, Some(12))], 20, Some(true));
        check(&[life(0, None, Some(3)), life(0, None, None)], 11, Some(true));
        check(&[life(0, None, Some(3)), life(12, None, None)], 20, Some(false));
        check(&[life(12, None, None)], 20, None);
        check(&[], 20, None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn whatever_comes_later_changes_nothing(later in prop::collection::vec((0..200_i64, 0..80_i64, 0..80_i64), 0..30), at in 60..90_i64) {
            let before = known_by(&project(), day(at));
            let mut with_later = project();
            with_later.extend(later.iter().map(|(created, begun, took)| {
                let created = at + 1 + created;
                life(created, Some(created + begun), Some(created + begun + took))
            }));
            let one = taken(&before, at, 150).unwrap().snapshot;
            let other = taken(&known_by(&with_later, day(at)), at, 150).unwrap().snapshot;
            prop_assert_eq!(one, other);
        }
    }
}
