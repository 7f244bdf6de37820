//! From shares to the weeks of a scope: how much time went to each portfolio project and category, as a band, for groups of three or more.
//!
//! The band of a share goes from what was observed for it alone, to that with what was inferred for it and all time of which no project
//! (or category) is known. It is out of the time that is known to have gone to something: unobserved time is shown beside it, and in none.
//!
//! A leaf is what went to one project under one category. A leaf of one or two people would tell their days, so it is not shown: it goes
//! to `withheld`, with the next smallest leaf as long as that has fewer than three people too, so that no difference of what is shown gives a
//! person's time. All figures are sums of leaves shown. Of several weeks only the sum of
//! these weeks may be shown ([`period`]), never leaves anew.
//!
//! Two scopes one of which lies in the other can still be subtracted; a page that shows a team and the same team without two people must
//! not be built. Never to be used to compare people, or to tell whether somebody worked.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days, NaiveDate};

use super::input::{Category, Kind, PERSON_DAY};
use super::ledger::Ledger;
use super::lineage::Place;

/// Fewest people that a figure may be of.
pub const FEWEST_PEOPLE: usize = 3;

/// Time in micro-days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Time {
    /// Told by signals of the day.
    pub observed: i64,
    /// Carried from days near by.
    pub inferred: i64,
}

impl Time {
    /// Both.
    pub fn all(self) -> i64 {
        self.observed + self.inferred
    }
}

impl std::ops::AddAssign for Time {
    fn add_assign(&mut self, other: Self) {
        self.observed += other.observed;
        self.inferred += other.inferred;
    }
}

/// What went to one project under one category; where both are none it is unattributed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The portfolio project's id.
    pub project: Option<String>,
    /// The category.
    pub category: Option<Category>,
    /// How much.
    pub time: Time,
    /// The items it went to, by id: the receipt.
    pub items: Vec<String>,
    /// Signals of each kind, in the order of [`Kind::ALL`].
    pub signals: [u32; Kind::ALL.len()],
}

/// A week of a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Week {
    /// Its first day.
    pub monday: NaiveDate,
    /// How many days somebody of the scope worked on.
    pub working_days: u32,
    /// None: fewer than three people had capacity, so that nothing is shown.
    pub figures: Option<Figures>,
}

/// How a scope's week was spent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figures {
    /// How many people had capacity; of several weeks, in the one with most.
    pub people: usize,
    /// All of it, in micro-days: leaves, withheld and unobserved.
    pub capacity: i64,
    /// What went where, by project and category.
    pub leaves: Vec<Leaf>,
    /// Of leaves that are not shown.
    pub withheld: i64,
    /// Of days that nothing tells of.
    pub unobserved: i64,
}

/// How much went to a project or category.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// Part of the time known to have gone to something: observed only, and with all that may be its besides.
    pub share: [f64; 2],
    /// The same as full-time people.
    pub fte: [f64; 2],
}

impl Week {
    /// What a portfolio project got; none where nothing may be shown: effort that is withheld is never nothing.
    pub fn project(&self, id: &str) -> Option<Band> {
        self.band(|leaf| leaf.project.as_deref() == Some(id), |leaf| leaf.project.is_none())
    }

    /// What a category got.
    pub fn category(&self, category: Category) -> Option<Band> {
        self.band(|leaf| leaf.category == Some(category), |leaf| leaf.category.is_none())
    }

    /// What the leaves of `own` got, where those of `unknown` may be theirs. None, not 0, where it shows no leaf of theirs and withholds some:
    /// whose that is must not be told.
    pub fn band(&self, own: impl Fn(&Leaf) -> bool, unknown: impl Fn(&Leaf) -> bool) -> Option<Band> {
        let figures = self.figures.as_ref()?;
        if figures.withheld > 0 && !figures.leaves.iter().any(&own) {
            return None;
        }
        let (mut time, mut open) = (Time::default(), figures.withheld);
        for leaf in &figures.leaves {
            if own(leaf) {
                time += leaf.time;
            } else if unknown(leaf) {
                open += leaf.time.all();
            }
        }
        let base = figures.capacity - figures.unobserved;
        let ends = [time.observed, time.all() + open];
        let per_week = real(PERSON_DAY) * f64::from(self.working_days);
        (base > 0).then(|| Band { share: ends.map(|end| real(end) / real(base)), fte: ends.map(|end| real(end) / per_week) })
    }

    /// The full-time people that a part of the known time is.
    pub fn fte_of(&self, share: f64) -> Option<f64> {
        let figures = self.figures.as_ref().filter(|_| self.working_days > 0)?;
        Some(share * real(figures.capacity - figures.unobserved) / real(PERSON_DAY) / f64::from(self.working_days))
    }
}

/// Several weeks as one: the sum of what they show, as of the first Monday; none where none of them shows anything.
pub fn period(weeks: &[Week]) -> Option<Week> {
    let mut shown = weeks.iter().filter_map(|week| Some((week, week.figures.as_ref()?)));
    let (first, figures) = shown.next()?;
    let mut sum = Week { figures: None, ..first.clone() };
    let mut all = figures.clone();
    for (week, figures) in shown {
        sum.working_days += week.working_days;
        all.people = all.people.max(figures.people);
        all.capacity += figures.capacity;
        all.withheld += figures.withheld;
        all.unobserved += figures.unobserved;
        for leaf in &figures.leaves {
            match all.leaves.iter_mut().find(|known| (&known.project, known.category) == (&leaf.project, leaf.category)) {
                Some(known) => known.add(leaf),
                None => all.leaves.push(leaf.clone()),
            }
        }
    }
    all.leaves.sort_by(|a, b| (&a.project, a.category).cmp(&(&b.project, b.category)));
    Some(Week { figures: Some(all), ..sum })
}

impl Leaf {
    fn add(&mut self, other: &Self) {
        self.time += other.time;
        let items: BTreeSet<String> = self.items.drain(..).chain(other.items.iter().cloned()).collect();
        self.items.extend(items);
        for (sum, count) in self.signals.iter_mut().zip(other.signals) {
            *sum += count;
        }
    }
}

/// Micro-days as a real number.
#[allow(clippy::cast_precision_loss, reason = "2^53 micro-days are 24 million years of a person")]
fn real(micro: i64) -> f64 {
    micro as f64
}

/// What a leaf is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Work(Place),
    Unobserved,
}

/// A leaf before it is known whether it may be shown.
#[derive(Debug, Clone, Default)]
pub(super) struct Raw {
    pub time: Time,
    pub people: BTreeSet<u32>,
    pub items: BTreeSet<u32>,
    pub signals: [u32; Kind::ALL.len()],
}

#[derive(Debug, Default)]
struct RawWeek {
    days: BTreeSet<NaiveDate>,
    people: BTreeSet<u32>,
    capacity: i64,
    leaves: BTreeMap<Key, Raw>,
}

/// The Monday of a date's ISO week.
pub fn monday(date: NaiveDate) -> NaiveDate {
    date.checked_sub_days(Days::new(date.weekday().num_days_from_monday().into())).unwrap_or(date)
}

impl Ledger {
    /// The weeks of a scope in which it had capacity, in order. `in_scope`: whether a person belongs to it on a day.
    pub fn weeks(&self, in_scope: impl Fn(&str, NaiveDate) -> bool) -> Vec<Week> {
        let mut weeks: BTreeMap<NaiveDate, RawWeek> = BTreeMap::new();
        for share in self.person_days(in_scope).flatten() {
            let week = weeks.entry(monday(share.date)).or_default();
            week.days.insert(share.date);
            week.people.insert(share.person);
            week.capacity += share.micro;
            let key = share.item.map_or(Key::Unobserved, |item| Key::Work(self.items[item as usize].place));
            let leaf = week.leaves.entry(key).or_default();
            let (observed, inferred) = if share.inferred { (0, share.micro) } else { (share.micro, 0) };
            leaf.time += Time { observed, inferred };
            leaf.people.insert(share.person);
            leaf.items.extend(share.item);
            for (sum, count) in leaf.signals.iter_mut().zip(share.signals) {
                *sum += count;
            }
        }
        weeks.into_iter().map(|(monday, raw)| self.shown(monday, raw)).collect()
    }

    fn shown(&self, monday: NaiveDate, mut raw: RawWeek) -> Week {
        let working_days = u32::try_from(raw.days.len()).unwrap_or(7);
        let withheld = hide(&mut raw.leaves);
        let unobserved = raw.leaves.remove(&Key::Unobserved).map_or(0, |leaf| leaf.time.all());
        let leaf = |(key, raw): (Key, Raw)| {
            let Key::Work(place) = key else { return None };
            let items = raw.items.iter().map(|item| self.items[*item as usize].id.clone()).collect();
            let project = place.project.map(|number| self.projects[number as usize].clone());
            Some(Leaf { project, category: place.category, time: raw.time, items, signals: raw.signals })
        };
        let leaves = raw.leaves.into_iter().filter_map(leaf).collect();
        let figures = Figures { people: raw.people.len(), capacity: raw.capacity, leaves, withheld, unobserved };
        Week { monday, working_days, figures: (raw.people.len() >= FEWEST_PEOPLE).then_some(figures) }
    }
}

/// Takes out the leaves that may not be shown, and tells their time.
pub(super) fn hide(leaves: &mut BTreeMap<Key, Raw>) -> i64 {
    let (mut time, mut people) = (0, BTreeSet::new());
    loop {
        let smallest = leaves.iter().map(|(key, leaf)| (leaf.people.len(), leaf.time.all(), *key)).min();
        let Some((count, _, key)) = smallest else { return time };
        let too_few = !people.is_empty() && people.len() < FEWEST_PEOPLE;
        if count >= FEWEST_PEOPLE && !too_few {
            return time;
        }
        if let Some(leaf) = leaves.remove(&key) {
            time += leaf.time.all();
            people.extend(leaf.people);
        }
    }
}
