//! A forecast as of an instant: what the past weeks of a project or a team say about the coming ones. Pure.
//!
//! A project's own weeks where they suffice; else the pace of its team, of which it gets the share that it had lately. How far the pace
//! drifts is learnt by asking the same past again, week by week, so that a receipt recomputes to the same digits.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::Known;
use super::ages::Ages;
use crate::domain::alloc::FEWEST_PEOPLE;
use crate::domain::capacity::Capacity;
use crate::domain::card::Scope as About;
use crate::domain::forecast::PROMISES;
use crate::domain::forecast::backtest::{self, Replay};
use crate::domain::forecast::calibrate::{self, Learnt, UNLEARNT};
use crate::domain::forecast::drift::Spread;
use crate::domain::forecast::engine::{Counts, Dates, Outlook, whole_weeks};
use crate::domain::forecast::known::LookAhead;
use crate::domain::forecast::project::{Ahead, Life, ahead, ended};
use crate::domain::forecast::scope::{self, Grid, Scope};
use crate::domain::forecast::throughput::{Refusal, WINDOW};
use crate::domain::members::Members;
use crate::domain::org::Org;
use crate::domain::time::{At, WEEK};
use crate::domain::work::WorkItem;
use crate::features::portfolio::{Work, calendar};

/// Weeks of the past that are asked again.
const REPLAYED: i64 = 78;
/// Where more is added for each finished item than this, work comes in about as fast as it goes out, and no list is its end.
const ENDLESS: f64 = 0.7;

/// What a pace is of.
#[derive(Debug, Clone, PartialEq)]
pub enum Basis {
    /// Its own past weeks.
    Own,
    /// The weeks of its team (none: of all teams), of which it gets a share.
    Share(Option<String>, f64),
}

/// What is known of the coming weeks.
#[derive(Debug, Clone)]
pub struct Forecast {
    pub now: At,
    pub capacity: Capacity,
    pub outlook: Result<Outlook, Refusal>,
    pub basis: Basis,
    pub replay: Replay,
    pub learnt: Learnt,
    /// Finished items that the pace rests on.
    pub rests: u64,
    pub ages: Ages,
    /// Of a project.
    pub plan: Option<Plan>,
}

/// A project's work.
#[derive(Debug, Clone)]
pub struct Plan {
    pub done: u32,
    pub in_work: u32,
    /// What has to be done yet.
    pub scope: Scope,
    /// When the last item was done.
    pub ended: Option<At>,
    /// Items finished and added since the first was finished, in the weeks that are read; and from when on.
    pub flow: Option<(u32, u32)>,
    pub since: Option<At>,
    pub due: Option<NaiveDate>,
    /// Its share of what its team finished lately.
    pub share: f64,
    pub team: Option<String>,
    /// People seen on it lately.
    pub people: usize,
}

impl Plan {
    /// The people whose work the pace is of: those seen on it lately, else those of its team.
    pub fn workers(&self, org: &Org, now: At) -> usize {
        let team = || self.team.as_ref().and_then(|team| Members::count(&About::Team(team.clone()), org, now)).unwrap_or(0);
        if self.people > 0 { self.people } else { team() }
    }
}

/// A question about a horizon, answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// At least so many items by the end of the horizon, for each promise.
    pub items: [u32; 3],
    /// The same of four weeks.
    pub four: [u32; 3],
    /// When all is done, where work remains.
    pub dates: Option<[Option<NaiveDate>; 3]>,
    /// The chance to meet the date that was promised.
    pub chance: Option<f64>,
}

fn since(now: At, lives: &[Life]) -> At {
    let first = lives.iter().filter_map(Life::born).min();
    first.unwrap_or(now).max(now.plus(-REPLAYED * WEEK))
}

/// The outlook of items, with what their own past teaches of drift.
fn taught(items: &[&WorkItem], capacity: &Capacity, tail: f64, now: At) -> Result<(Ahead, Replay, Learnt), LookAhead> {
    let lives: Vec<Life> = items.iter().map(|item| Life::of(item)).collect();
    let weeks = capacity.weeks(since(now, &lives), now);
    let mut ahead = ahead(&lives, &weeks, capacity.full_week(), Spread::even(UNLEARNT), tail, now);
    let replay = if ahead.outlook.is_ok() { backtest::replay(&ahead.weeks, capacity.full_week())? } else { Replay::default() };
    let learnt = calibrate::learn(&replay.resolved, now);
    ahead.outlook = ahead.outlook.map(|outlook| Outlook::new(outlook.pace().clone(), learnt.spread));
    Ok((ahead, replay, learnt))
}

fn rests(ahead: &Ahead) -> u64 {
    ahead.weeks.iter().rev().take(WINDOW).map(|week| u64::from(week.week.finished)).sum()
}

/// Of a team, several, or the organisation.
pub fn of_people(work: &Work, org: &Org, scope: &About, now: At) -> Result<Forecast, LookAhead> {
    let members = Members::of(scope, org);
    let items: Vec<&WorkItem> = work.items.iter().filter(|item| item.counts() && members.has(item, item.done_at.unwrap_or(now))).collect();
    let capacity = Capacity::of(scope, org, now);
    let (ahead, replay, learnt) = taught(&items, &capacity, 0.0, now)?;
    let ages = Ages::of(&items, capacity.calendar(), now);
    let rests = rests(&ahead);
    Ok(Forecast { now, capacity, outlook: ahead.outlook, basis: Basis::Own, replay, learnt, rests, ages, plan: None })
}

/// Of a portfolio project.
pub fn of_project(known: &Known, org: &Org, id: &str, now: At) -> Result<Forecast, LookAhead> {
    let (work, ended) = (&known.work, &known.ended);
    let items: Vec<&WorkItem> = work.of_project(id).collect();
    let capacity = Capacity::of_days(calendar(&About::Project(id.to_owned()), org));
    let (own, replay, learnt) = taught(&items, &capacity, ended.tail, now)?;
    let (team, share) = known.lately.whose(id);
    let begun = own.weeks.iter().position(|week| week.week.finished > 0).map_or(own.weeks.len(), |first| first + 1);
    let finished: u32 = own.weeks[begun..].iter().map(|week| week.week.finished).sum();
    let flow = (finished > 0).then(|| (finished, own.added[begun..].iter().sum()));
    let since = begun.checked_sub(1).and_then(|before| own.weeks.get(before)).map(|week| week.to).filter(|_| flow.is_some());
    let rests = rests(&own);
    let mut plan = Plan {
        done: own.done,
        in_work: own.in_work,
        scope: own.scope,
        ended: items.iter().filter_map(|item| item.done_at).max().filter(|_| own.remaining == 0),
        flow,
        since,
        due: org.projects.get(id).and_then(|project| project.due),
        share,
        team,
        people: known.lately.people(id),
    };
    if plan.flow.is_none() {
        // Before it has a past of its own, ended projects say what becomes of a plan.
        plan.scope.splitting = Grid::splitting(&ended.plans);
    }
    let mut ages = Ages::of(&items, capacity.calendar(), now);
    ages.hidden = (1..FEWEST_PEOPLE).contains(&plan.people);
    let own = Forecast { now, capacity, outlook: own.outlook, basis: Basis::Own, replay, learnt, rests, ages, plan: Some(plan) };
    shared(own, known, org, now)
}

/// The same on the pace of its team, where its own weeks are too few and the team finished some of it lately.
fn shared(own: Forecast, known: &Known, org: &Org, now: At) -> Result<Forecast, LookAhead> {
    let Some(plan) = own.plan.as_ref().filter(|plan| own.outlook.is_err() && plan.share > 0.0) else { return Ok(own) };
    let scope = plan.team.clone().map_or(About::Organisation, About::Team);
    let team = known.of_people(org, &scope, now)?;
    let Ok(outlook) = team.outlook.clone() else { return Ok(own) };
    let basis = Basis::Share(plan.team.clone(), plan.share);
    Ok(Forecast {
        outlook: Ok(outlook.of_share(plan.share)),
        capacity: team.capacity.clone(),
        replay: team.replay.clone(),
        learnt: team.learnt,
        rests: team.rests,
        basis,
        ..own
    })
}

/// What projects that are over teach.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// What the slow end costs.
    pub tail: f64,
    /// Items in the end, and those there were when the first was finished.
    pub plans: Vec<(u32, u32)>,
}

impl Ended {
    /// Of all projects of which nothing remains.
    pub fn of(work: &Work, org: &Org, now: At) -> Self {
        let capacity = Capacity::of_days(calendar(&About::Organisation, org));
        let mut weekly = Vec::new();
        let mut plans = Vec::new();
        for items in work.by_project().values() {
            let lives: Vec<Life> = items.iter().map(|item| Life::of(item)).collect();
            let Some(weeks) = ended(&lives, capacity.calendar(), now) else { continue };
            let first = items.iter().filter_map(|item| item.done_at).min();
            let planned = items.iter().filter(|item| item.created_at <= first).count();
            plans.push((weeks.iter().sum(), u32::try_from(planned).unwrap_or(u32::MAX)));
            weekly.push(weeks);
        }
        Self { tail: scope::tail(&weekly), plans }
    }
}

impl Work {
    /// The items that count of every project, by its id.
    pub fn by_project(&self) -> BTreeMap<&str, Vec<&WorkItem>> {
        let mut found: BTreeMap<&str, Vec<&WorkItem>> = BTreeMap::new();
        for (item, project) in self.items.iter().zip(&self.projects) {
            if let Some(project) = project.as_deref().filter(|_| item.counts()) {
                found.entry(project).or_default().push(item);
            }
        }
        found
    }
}

impl Forecast {
    /// How many by an instant, and when all is done.
    pub fn answer(&self, until: At) -> Result<Answer, Refusal> {
        let mut outlook = self.outlook.clone()?;
        let counts = outlook.how_many(self.capacity.weeks_until(self.now, until), 1.0);
        let four = outlook.how_many(self.capacity.weeks_until(self.now, self.now.plus(4 * WEEK)), 1.0);
        let dates = self.dates(&mut outlook);
        Ok(Answer {
            items: self.promised(&counts),
            four: self.promised(&four),
            chance: dates.as_ref().and_then(|dates| Some(self.chance_by(dates, self.due()?))),
            dates: dates.map(|dates| self.days(&dates)),
        })
    }

    /// When all is done, as weeks from now; none where nothing remains or it is no project.
    pub fn dates(&self, outlook: &mut Outlook) -> Option<Dates> {
        let plan = self.plan.as_ref().filter(|plan| plan.scope.items > 0)?;
        Some(outlook.when(&plan.scope, 1.0))
    }

    /// The days of the three promises.
    pub fn days(&self, dates: &Dates) -> [Option<NaiveDate>; 3] {
        dates.promised().map(|weeks| Some(self.capacity.day_after(self.now, weeks?)))
    }

    /// The end of the day that was promised.
    pub fn due(&self) -> Option<At> {
        let day = self.plan.as_ref()?.due?;
        Some(crate::domain::window::local::midnight(self.capacity.calendar().zone(), day.succ_opt()?))
    }

    /// The chance that all is done by an instant.
    pub fn chance_by(&self, dates: &Dates, until: At) -> f64 {
        if until <= self.now { 0.0 } else { dates.chance_by(whole_weeks(self.capacity.weeks_until(self.now, until))) }
    }

    /// How many, for each promise: no more than there is to do.
    fn promised(&self, counts: &Counts) -> [u32; 3] {
        let ends = self.plan.as_ref().filter(|plan| mean(&plan.scope.growth) < ENDLESS);
        let Some(plan) = ends else { return counts.promised() };
        let needs = Scope { tail: 0.0, ..plan.scope.clone() }.needs();
        let needed = |least: u32| needs.iter().filter(|(need, _)| *need >= least).map(|(_, chance)| chance).sum::<f64>();
        let most = needs.iter().map(|(need, _)| *need).max().unwrap_or(0);
        PROMISES.map(|promise| {
            let both = |least: u32| counts.chance_of(least) * needed(least) >= promise - 1e-9;
            (0..=counts.at_least(promise).min(most)).rev().find(|least| both(*least)).unwrap_or(0)
        })
    }
}

/// The mean of a grid.
pub fn mean(grid: &Grid) -> f64 {
    grid.values().iter().map(|(value, chance)| value * chance).sum()
}
