//! [`Effort`]: all person-days of a span, shared out by `alloc v1` ([`alloc`]): the one basis of investment, focus and risk.
//!
//! Loaded once an answer and memoised: a ledger is of the whole organisation, since a day of somebody in two teams is one day. Days are those
//! of the organisation's clock. Never to be asked for a person.

mod input;
mod people;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{Days, NaiveDate, NaiveTime};
use chrono_tz::Tz;

use super::{Cx, portfolio};
use crate::domain::alloc::{self, Input, Ledger, Planned, Worker, person_days};
use crate::domain::calendar::WorkCalendar;
use crate::domain::card::Scope;
use crate::domain::org::{Org, Span};
use crate::domain::time::At;
use crate::domain::window::local;
use crate::error::Failure;
use people::People;

/// The ledger of a span with what is wrong with the rules that made it.
#[derive(Default)]
pub(super) struct Effort {
    pub ledger: Ledger,
    /// Sentences for the person who can mend them.
    pub problems: Vec<String>,
    /// Each item's tracker or repository, by the item's id: for saying where unattributed time lies.
    pub places: BTreeMap<String, String>,
}

/// The effort from `from` to `until`, as known at `now`.
pub(super) async fn load(cx: &Cx, org: &Org, [from, until]: [At; 2], now: At) -> Result<Arc<Effort>, Failure> {
    let (basis, name) = (cx.basis(org).await?, format!("effort {now} {from} {until}"));
    if let Some(known) = basis.as_ref().and_then(|basis| cx.memo.get(basis, &name)) {
        return Ok(known);
    }
    let until = until.min(now);
    let traces = cx.store.traces([from, until], now).await?;
    let work = portfolio::load(cx, now, org).await?;
    let told = cx.store.told_since(At(0)).await?;
    let people = People::new(org, &told);
    let mut input = input::input(&traces, &work.items, org, &people);
    input.workers = workers(&input, org, &people, [from, until]);
    let places = input.items.iter().filter_map(|item| Some((item.id.clone(), item.project.clone().or(item.repository.clone())?)));
    let places = places.collect();
    let ledger = Ledger::new(&input);
    let problems = ledger.problems.iter().cloned().chain(alloc::problems(&plan(org))).collect();
    let effort = Arc::new(Effort { ledger, problems, places });
    if let Some(basis) = basis {
        cx.memo.put(&basis, &name, &effort);
    }
    Ok(effort)
}

/// What each portfolio project of an organisation should get.
pub(super) fn plan(org: &Org) -> Vec<Planned> {
    let planned = org.projects.iter();
    planned.map(|(id, it)| Planned { project: id.clone(), priority: it.priority, share: it.planned_share }).collect()
}

/// Whether a person of the ledger belongs to a scope on a day: the closure that `Ledger::weeks` and `focus::weeks` take.
pub(super) fn within(org: &Org, scope: &Scope) -> impl Fn(&str, NaiveDate) -> bool + use<> {
    let mut spans: BTreeMap<String, Vec<Stay>> = BTreeMap::new();
    let zone = zone(org);
    for (_, person, span) in scope.teams().iter().flat_map(|team| org.persons_of(team)) {
        spans.entry(person).or_default().push(Stay::of(span, zone));
    }
    let everybody = scope.teams().is_empty();
    move |person, day| everybody || spans.get(person).is_some_and(|stays| stays.iter().any(|stay| stay.holds(day)))
}

/// The zone whose days are counted.
fn zone(org: &Org) -> Tz {
    org.zone_for(&Scope::Organisation)
}

/// The days of a span: those at whose noon it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stay {
    from: Option<NaiveDate>,
    until: Option<NaiveDate>,
}

impl Stay {
    fn of(span: Span, zone: Tz) -> Self {
        let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default();
        let first = |at: At| {
            let wall = local::wall(zone, at);
            wall.date() + Days::new(u64::from(wall.time() > noon))
        };
        Self { from: span.from.map(first), until: span.until.map(first) }
    }

    fn holds(self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day < until)
    }
}

/// Everybody with their working days in a span: while they are in any team, always where they never are in one.
fn workers(input: &Input, org: &Org, people: &People<'_>, [from, until]: [At; 2]) -> Vec<Worker> {
    let (zone, calendar) = (zone(org), WorkCalendar::new(&org.calendar, zone(org)));
    let day = |at: At| local::wall(zone, at).date();
    let span = [day(from), day(until.plus(-1)) + Days::new(1)];
    let is_working = |date: NaiveDate| calendar.is_working(date);
    if people.are_unnamed() {
        let mut seen: BTreeMap<&str, [NaiveDate; 2]> = BTreeMap::new();
        for (person, date) in input.signals.iter().flat_map(|signal| signal.people.iter().map(|person| (person.as_str(), signal.at.date())))
        {
            let [first, last] = seen.entry(person).or_insert([date, date]);
            (*first, *last) = ((*first).min(date), (*last).max(date));
        }
        let worker = |(id, [first, last]): (&str, [NaiveDate; 2])| {
            let days = person_days([first, last + Days::new(1)], None, &[], is_working);
            Worker { id: id.to_owned(), bot: false, days }
        };
        return seen.into_iter().map(worker).collect();
    }
    let mut stays: BTreeMap<String, Vec<Stay>> = BTreeMap::new();
    for (person, span) in org.teams.values().flat_map(|team| org.members_of(team)) {
        stays.entry(person).or_default().push(Stay::of(span, zone));
    }
    let ids: BTreeSet<&String> = org.people.keys().chain(stays.keys()).collect();
    let worker = |id: &String| {
        let declared = org.people.get(id);
        let own = stays.get(id);
        let is_here = |date: NaiveDate| is_working(date) && own.is_none_or(|stays| stays.iter().any(|stay| stay.holds(date)));
        let away = declared.map_or(&[][..], |person| &person.away);
        let days = person_days(span, declared.and_then(|person| person.fte), away, is_here);
        Worker { id: id.clone(), bot: declared.is_some_and(|person| person.bot), days }
    };
    ids.into_iter().map(worker).collect()
}

#[cfg(test)]
mod tests;
