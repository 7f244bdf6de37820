//! From signals to points: how much each item counts on each day of each person.
//!
//! | signal | points | how often |
//! |---|---|---|
//! | commit | 3 | once per change and hour |
//! | change opened, change merged | 3 | once each |
//! | review | 2 | once per change and day |
//! | comment, own transition | 1 | each |
//! | in progress and assigned | 2 a day | from a day with an own signal on it to the tenth working day after the last one |
//!
//! At most 6 points for a person, day and item. Signals of a day off go to the next working day of that ISO week; where there is none (a
//! Saturday), to the last one before it in that week; where the whole week is off, nowhere, since there is no time that they could be of.
//! Co-authors share a commit's points evenly; machines take no part.
//!
//! Points say which items a day was about, never how much was done: a day with one commit counts as much as a day with thirty.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, Timelike};

use super::input::{Input, Kind, Signal};

/// How finely a point can be shared; 2 to 10 co-authors share it without rest.
const PARTS: i64 = 2_520;
/// Most points of a person, day and item.
const CAP: i64 = 6 * PARTS;
/// Points of an assigned item in progress.
const PRESENT: i64 = 2 * PARTS;
/// For how many working days after the last own signal.
const PRESENT_FOR: usize = 10;

/// The capacity of the working days of each person by id, machines left out.
pub(super) type Capacity = BTreeMap<String, BTreeMap<NaiveDate, i64>>;

/// What one person did on one item on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Did<'a> {
    /// The number of the person among those of the capacity.
    pub person: u32,
    pub date: NaiveDate,
    pub item: &'a str,
    /// In parts of a point, capped.
    pub parts: i64,
    /// Signals of each kind that counted.
    pub signals: [u32; Kind::ALL.len()],
}

/// What makes two signals of a person on an item one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Once<'a> {
    Hour(Option<&'a str>, NaiveDate, u32),
    Day(Option<&'a str>, NaiveDate),
    Change(&'a str),
    Moment(NaiveDateTime),
}

fn once(signal: &Signal) -> Once<'_> {
    let (change, day) = (signal.change.as_deref(), signal.at.date());
    match (signal.kind, change) {
        (Kind::Commit, _) => Once::Hour(change, day, signal.at.hour()),
        (Kind::Review, _) => Once::Day(change, day),
        (Kind::Opened | Kind::Merged, Some(change)) => Once::Change(change),
        _ => Once::Moment(signal.at),
    }
}

/// One signal that counts, or one day of an assigned item in progress (without a kind).
type Row<'a> = (u32, NaiveDate, &'a str, Option<(Kind, Once<'a>)>, i64);

/// All points, by person, date and item. Second: how many signals went nowhere, for they are of nobody who had capacity that week.
pub(super) fn points<'a>(input: &'a Input, capacity: &Capacity) -> (Vec<Did<'a>>, u64) {
    let machines: BTreeSet<&str> = input.workers.iter().filter(|worker| worker.bot).map(|worker| worker.id.as_str()).collect();
    let days: BTreeMap<&str, (u32, &BTreeMap<NaiveDate, i64>)> =
        (0..).zip(capacity).map(|(number, (id, days))| (id.as_str(), (number, days))).collect();
    let mut rows: Vec<Row> = Vec::new();
    let mut nowhere = BTreeSet::new();
    for signal in &input.signals {
        let mut people: Vec<&str> = signal.people.iter().map(String::as_str).filter(|person| !machines.contains(person)).collect();
        people.sort_unstable();
        people.dedup();
        let share = signal.kind.points() * PARTS / i64::try_from(people.len().max(1)).unwrap_or(i64::MAX);
        for person in people {
            let counts = days.get(person).and_then(|(number, days)| Some((*number, working_day(days, signal.at.date())?)));
            let what = (signal.kind, once(signal));
            match counts {
                Some((number, day)) => rows.push((number, day, signal.item.as_str(), Some(what), share)),
                None => drop(nowhere.insert((person, signal.item.as_str(), what))),
            }
        }
    }
    // Of the same signal known twice the greater share counts.
    rows.sort_unstable();
    rows.dedup_by(|later, kept| {
        let same = (later.0, later.1, later.2, later.3) == (kept.0, kept.1, kept.2, kept.3);
        kept.4 = if same { kept.4.max(later.4) } else { kept.4 };
        same
    });
    let present = present(input, &days, &rows);
    rows.extend(present.into_iter().map(|(person, date, item)| (person, date, item, None, PRESENT)));
    rows.sort_unstable();
    let did = rows.chunk_by(|a, b| (a.0, a.1, a.2) == (b.0, b.1, b.2)).map(|same| {
        let mut signals = [0; Kind::ALL.len()];
        for (kind, _) in same.iter().filter_map(|row| row.3) {
            signals[kind as usize] += 1;
        }
        let (person, date, item, ..) = same[0];
        Did { person, date, item, parts: same.iter().map(|row| row.4).sum::<i64>().min(CAP), signals }
    });
    (did.collect(), nowhere.len() as u64)
}

/// The day on which something done on a date counts.
fn working_day(days: &BTreeMap<NaiveDate, i64>, date: NaiveDate) -> Option<NaiveDate> {
    if days.contains_key(&date) {
        return Some(date);
    }
    let into_week = u64::from(date.weekday().num_days_from_monday());
    let (monday, sunday) = (date.checked_sub_days(Days::new(into_week))?, date.checked_add_days(Days::new(6 - into_week))?);
    let next = days.range(date..=sunday).next();
    next.or_else(|| days.range(monday..date).next_back()).map(|(day, _)| *day)
}

/// Each person, day and item on which the item was in progress and assigned, near enough to an own signal.
fn present<'a>(
    input: &'a Input,
    days: &BTreeMap<&str, (u32, &BTreeMap<NaiveDate, i64>)>,
    own: &[Row<'a>],
) -> BTreeSet<(u32, NaiveDate, &'a str)> {
    let known = input.assigned.iter().filter_map(|assigned| Some((assigned, *days.get(assigned.person.as_str())?)));
    let known: Vec<_> = known.collect();
    let mut signalled: BTreeMap<(u32, &str), BTreeSet<NaiveDate>> =
        known.iter().map(|(assigned, (person, _))| ((*person, assigned.item.as_str()), BTreeSet::new())).collect();
    for (person, date, item, ..) in own {
        if let Some(dates) = signalled.get_mut(&(*person, *item)) {
            dates.insert(*date);
        }
    }
    let mut found = BTreeSet::new();
    for (assigned, (person, days)) in known {
        for date in &signalled[&(person, assigned.item.as_str())] {
            let span = days.range(*date..).map(|(day, _)| *day).take(PRESENT_FOR + 1);
            let held = span.filter(|day| assigned.from <= *day && assigned.until.is_none_or(|until| *day < until));
            found.extend(held.map(|day| (person, day, assigned.item.as_str())));
        }
    }
    found
}
