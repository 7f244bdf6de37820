//! [`ahead`]: a portfolio project as it stood at an instant: what is done, what remains, how fast it goes, and when it will be done.
//!
//! Counted items only: no containers, nothing dropped. Weeks are those since its first item was created or begun, at most the last that a pace
//! reads. What is added while work goes on is growth; what was there when the first item was finished is the plan.

use super::super::calendar::WorkCalendar;
use super::super::time::{At, WEEK};
use super::super::work::WorkItem;
use super::backtest::PastWeek;
use super::drift::Spread;
use super::engine::{Dates, Outlook};
use super::scope::{Grid, Scope};
use super::throughput::{self, Pace, Refusal, Span, Week};

/// Fewest items of an ended project that says how plans grow and end.
const TELLING: usize = 20;

/// The life of one item of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "plain names")]
pub struct Life {
    pub created_at: Option<At>,
    pub started_at: Option<At>,
    pub done_at: Option<At>,
}

impl Life {
    /// Of a work item.
    pub fn of(item: &WorkItem) -> Self {
        Self { created_at: item.created_at, started_at: item.started_at, done_at: item.done_at }
    }

    /// When it was first heard of.
    pub fn born(&self) -> Option<At> {
        self.created_at.into_iter().chain(self.started_at).chain(self.done_at).min()
    }
}

/// A project as of an instant.
#[derive(Debug, Clone)]
pub struct Ahead {
    /// Items done.
    pub done: u32,
    /// Items not done.
    pub remaining: u32,
    /// Of these, begun.
    pub in_work: u32,
    /// Its whole weeks.
    pub weeks: Vec<PastWeek>,
    /// Items added in each of the same weeks.
    pub added: Vec<u32>,
    /// What has to be done.
    pub scope: Scope,
    /// What is to be expected of the coming weeks; a refusal says what is missing.
    pub outlook: Result<Outlook, Refusal>,
}

impl Ahead {
    /// When it will be done, as weeks from now.
    pub fn dates(&self) -> Option<Dates> {
        let mut outlook = self.outlook.clone().ok()?;
        Some(outlook.when(&self.scope, 1.0))
    }
}

/// Items finished in each week of a project that is over, from its first finished item to its last: what [`super::scope::tail`] learns from.
/// None where an item is open, where there are too few to tell, and within two weeks of the last.
pub fn ended(lives: &[Life], calendar: &WorkCalendar, now: At) -> Option<Vec<u32>> {
    let done: Vec<At> = lives.iter().filter_map(|life| life.done_at).collect();
    let (first, last) = (done.iter().min()?, done.iter().max()?);
    if done.len() < TELLING || done.len() < lives.len() || now.since(*last) < 2 * WEEK {
        return None;
    }
    let counts = throughput::weekly(&done, &calendar.weeks(*first, now), now);
    let end = counts.iter().rposition(|week| week.finished > 0).map_or(0, |last| last + 1);
    Some(counts[..end].iter().map(|week| week.finished).collect())
}

/// How a project stood at an instant. `calendar`: weeks of the calendar, oldest first; `full`: the working days of an ordinary week.
pub fn ahead(lives: &[Life], calendar: &[Span], full: f64, spread: Spread, tail: f64, now: At) -> Ahead {
    let by = |at: Option<At>| at.is_some_and(|at| at <= now);
    let known: Vec<&Life> = lives.iter().filter(|life| life.created_at.is_none_or(|at| at <= now)).collect();
    let count = |of: &dyn Fn(&Life) -> bool| u32::try_from(known.iter().filter(|life| of(life)).count()).unwrap_or(u32::MAX);
    let done = count(&|life| by(life.done_at));
    let in_work = count(&|life| by(life.started_at) && !by(life.done_at));
    let remaining = count(&|life| !by(life.done_at));
    let first = known.iter().filter_map(|life| life.born()).min();
    let own: Vec<Span> = calendar.iter().filter(|week| first.is_some_and(|first| first < week.to) && week.to <= now).copied().collect();
    let finished: Vec<At> = known.iter().filter_map(|life| life.done_at).filter(|at| *at <= now).collect();
    let created: Vec<At> = known.iter().filter_map(|life| life.created_at).collect();
    let weeks: Vec<Week> = throughput::weekly(&finished, &own, now);
    let added: Vec<u32> = throughput::weekly(&created, &own, now).iter().map(|week| week.finished).collect();
    // Growth is told from the first week in which something was finished.
    let begun = weeks.iter().position(|week| week.finished > 0).map_or(weeks.len(), |first| first + 1);
    let read = begun.max(weeks.len().saturating_sub(throughput::WINDOW));
    let pairs: Vec<(u32, u32)> = added[read..].iter().zip(&weeks[read..]).map(|(added, week)| (*added, week.finished)).collect();
    let scope = Scope { items: remaining, growth: Grid::growth(&pairs), splitting: Grid::sure(1.0), tail };
    let outlook = Pace::learn(&weeks, full).map(|pace| Outlook::new(pace, spread));
    Ahead { done, remaining, in_work, weeks: PastWeek::all(&own, &weeks), added, scope, outlook }
}
