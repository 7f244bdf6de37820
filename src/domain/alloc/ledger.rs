//! [`Ledger`]: each person-day shared out over the items that it was about. It is closed: what leaves it are figures of three or more people.
//!
//! A day's capacity is shared in the proportion of its points, by the method of the largest remainder, so that the parts add up to the
//! day exactly, in whole micro-days; of equal remainders the first item by id takes the rest. A day without points takes the proportions of that
//! person's days within three working days and is called *inferred*; where those have none either, it is *unobserved*, and shown as that.
//!
//! The method never lowers an item's share when only its own points rise (the paradoxes of largest remainders need two weights to move).
//!
//! Never to be asked for a person: rows about persons stay in here, are not stored, and are not logged.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::input::{Input, Kind, PERSON_DAY};
use super::lineage::{Lineage, Place};
use super::signals::{self, Capacity, Did};

/// How many working days away a day may lie that another one is inferred from.
const NEAR: usize = 3;

/// A part of a person-day. It cannot be printed, so that it is in no log.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::domain) struct Share {
    /// The number of the person.
    pub person: u32,
    pub date: NaiveDate,
    /// The number of the item; none: unobserved.
    pub item: Option<u32>,
    /// In micro-days.
    pub micro: i64,
    pub inferred: bool,
    pub signals: [u32; Kind::ALL.len()],
}

/// An item that has time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed {
    pub id: String,
    pub place: Place,
    pub unplanned: Option<bool>,
}

/// All person-days, shared out.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Ledger {
    pub(super) people: Vec<String>,
    pub(super) items: Vec<Placed>,
    pub(super) projects: Vec<String>,
    /// By person and date, each day together.
    pub(super) shares: Vec<Share>,
    /// How many signals count for nobody: of people unknown, or of a week in which somebody had no capacity.
    pub signals_of_nobody: u64,
    /// Sentences on what is wrong with rules and items, in order.
    pub problems: Vec<String>,
}

impl std::fmt::Debug for Ledger {
    /// How large it is, and nothing on a person.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Ledger").field("items", &self.items.len()).field("shares", &self.shares.len()).finish_non_exhaustive()
    }
}

impl Ledger {
    /// Shares out all person-days. The order of rows is immaterial, and so is how often a row stands in the input.
    pub fn new(input: &Input) -> Self {
        let capacity = capacity(input);
        let (points, signals_of_nobody) = signals::points(input, &capacity);
        let names: BTreeSet<&str> = points.iter().map(|did| did.item).collect();
        let numbers: BTreeMap<&str, u32> = names.iter().copied().zip(0..).collect();
        let lineage = Lineage::new(&input.items, &input.rules, &names);
        let place = |id: &&str| {
            let unplanned = lineage.item(id).and_then(|item| item.unplanned);
            Placed { id: (*id).to_owned(), place: lineage.place(id), unplanned }
        };
        let items = names.iter().map(place).collect();
        let mut left = points.as_slice();
        let shares = (0..).zip(capacity.values()).flat_map(|(person, days)| {
            let (own, rest) = left.split_at(left.partition_point(|did| did.person <= person));
            left = rest;
            of_person(person, days, own, &numbers)
        });
        let shares = shares.collect();
        Self {
            people: capacity.keys().cloned().collect(),
            items,
            projects: lineage.projects,
            shares,
            signals_of_nobody,
            problems: lineage.problems.into_iter().collect(),
        }
    }

    /// The parts of each person-day in a scope, one person-day after the other. For figures of groups alone.
    pub(in crate::domain) fn person_days(&self, in_scope: impl Fn(&str, NaiveDate) -> bool) -> impl Iterator<Item = &[Share]> {
        let days = self.shares.chunk_by(|a, b| (a.person, a.date) == (b.person, b.date));
        days.filter(move |day| in_scope(&self.people[day[0].person as usize], day[0].date))
    }

    /// The observed time on a project of each of its people, on days that count. For figures of groups alone.
    pub(in crate::domain) fn on_project(&self, project: &str, counts: impl Fn(NaiveDate) -> bool) -> BTreeMap<&str, i64> {
        let mut time = BTreeMap::new();
        let wanted = self.projects.iter().zip(0..).find(|(id, _)| *id == project).map(|(_, number)| number);
        let own = |share: &&Share| wanted.is_some() && !share.inferred && self.project_of(share) == wanted && counts(share.date);
        for share in self.shares.iter().filter(own) {
            *time.entry(self.people[share.person as usize].as_str()).or_default() += share.micro;
        }
        time
    }

    /// The number of the portfolio project that a share went to.
    pub(in crate::domain) fn project_of(&self, share: &Share) -> Option<u32> {
        self.items[share.item? as usize].place.project
    }

    /// The id of the portfolio project of a number.
    pub(in crate::domain) fn project_id(&self, number: u32) -> &str {
        &self.projects[number as usize]
    }

    /// Whether the item of a share came unplanned; none: not known.
    pub(in crate::domain) fn unplanned(&self, share: &Share) -> Option<bool> {
        self.items[share.item? as usize].unplanned
    }
}

/// The capacity of each person's days above 0. Of a day given twice the greater counts.
fn capacity(input: &Input) -> Capacity {
    let machines: BTreeSet<&str> = input.workers.iter().filter(|worker| worker.bot).map(|worker| worker.id.as_str()).collect();
    let mut capacity = Capacity::new();
    for worker in input.workers.iter().filter(|worker| !machines.contains(worker.id.as_str())) {
        let days = capacity.entry(worker.id.clone()).or_default();
        for (date, micro) in worker.days.iter().filter(|(_, micro)| *micro > 0) {
            let known = days.entry(*date).or_default();
            *known = (*known).max((*micro).min(PERSON_DAY));
        }
    }
    capacity
}

/// An item that a day was about: its number, micro-days, signals of each kind.
type Observed = (u32, i64, [u32; Kind::ALL.len()]);

/// The shares of one person's days.
fn of_person(person: u32, days: &BTreeMap<NaiveDate, i64>, mut own: &[Did], numbers: &BTreeMap<&str, u32>) -> Vec<Share> {
    let quiet = [0; Kind::ALL.len()];
    // Of each day what was observed: items with micro-days.
    let observed: Vec<(NaiveDate, i64, Vec<Observed>)> = days
        .iter()
        .map(|(date, capacity)| {
            let (today, rest) = own.split_at(own.partition_point(|did| did.date <= *date));
            own = rest;
            let parts = apportion(*capacity, &today.iter().map(|did| did.parts).collect::<Vec<_>>());
            (*date, *capacity, today.iter().zip(parts).map(|(did, micro)| (numbers[did.item], micro, did.signals)).collect())
        })
        .collect();
    let mut shares = Vec::new();
    for (at, (date, capacity, items)) in observed.iter().enumerate() {
        let share = |item: Option<u32>, micro: i64, inferred: bool, signals| Share { person, date: *date, item, micro, inferred, signals };
        if !items.is_empty() {
            shares.extend(items.iter().map(|(item, micro, signals)| share(Some(*item), *micro, false, *signals)));
            continue;
        }
        let mut near: BTreeMap<u32, i64> = BTreeMap::new();
        for (_, _, items) in &observed[at.saturating_sub(NEAR)..(at + NEAR + 1).min(observed.len())] {
            for (item, micro, _) in items {
                *near.entry(*item).or_default() += micro;
            }
        }
        let parts = apportion(*capacity, &near.values().copied().collect::<Vec<_>>());
        if parts.is_empty() {
            shares.push(share(None, *capacity, false, quiet));
        }
        shares.extend(near.keys().zip(parts).map(|(item, micro)| share(Some(*item), micro, true, quiet)));
    }
    shares
}

/// A total in the proportion of weights by the largest remainder; of equal ones the first takes the rest. Empty where no weight is above 0.
pub(super) fn apportion(total: i64, weights: &[i64]) -> Vec<i64> {
    let sum: i128 = weights.iter().copied().map(i128::from).sum();
    if sum <= 0 {
        return Vec::new();
    }
    let quota = |weight: i64| i128::from(total) * i128::from(weight);
    let mut parts: Vec<i64> = weights.iter().map(|weight| i64::try_from(quota(*weight) / sum).unwrap_or(0)).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(quota(weights[*at]) % sum));
    let left = total - parts.iter().sum::<i64>();
    for at in order.into_iter().take(usize::try_from(left).unwrap_or(0)) {
        parts[at] += 1;
    }
    parts
}
