//! From a ledger to what `focus` tells: the typical week of a scope, its bands, the teams of it side by side, each against itself. Pure.
//!
//! A figure is the median of the weeks that show one, so that one hard week does not make it. Bands rest on every team of the organisation at
//! the bottom of the tree, over all weeks loaded: those of the teams above would count the same people again. Listed are the same teams, for a
//! team beside the one above it would let two people's weeks be told by subtraction.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::domain::alloc::{FEWEST_PEOPLE, Ledger, period};
use crate::domain::card::{Band as Banded, Metric, Previous};
use crate::domain::figure::{Figure, few_of_median};
use crate::domain::focus::{Band, Bands, Focus, Switched, TeamWeek, switching, weeks};
use crate::domain::metric::{Definition, FOCUS};
use crate::domain::stats;

/// Whether a person of the ledger belongs to something on a day.
pub type Within<'a> = Box<dyn Fn(&str, NaiveDate) -> bool + Send + Sync + 'a>;

/// A group of people.
pub struct Group<'a> {
    /// The team's id; empty: the scope itself.
    pub id: String,
    pub name: String,
    /// How many people are in it at some time of the period; none where that is not known.
    pub people: Option<usize>,
    /// Whether it is listed.
    pub shown: bool,
    pub within: Within<'a>,
}

/// The Mondays of a period, and of the one before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Weeks {
    pub now: Vec<NaiveDate>,
    pub before: Vec<NaiveDate>,
}

/// Why there is no figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Why {
    /// Fewer than three people are in it.
    FewPeople,
    /// Nothing is known of what they worked on.
    Nothing,
    /// Too little of the time is known to belong to a project: this part of what was seen, where that can be told.
    Unlinked(Option<f64>),
    /// Fewer than three people were seen on projects.
    FewOnProjects,
}

impl Why {
    /// As in JSON.
    pub fn reason(self) -> &'static str {
        match self {
            Self::FewPeople | Self::FewOnProjects => "too_few_people",
            Self::Nothing => "no_data",
            Self::Unlinked(_) => "too_little_linked",
        }
    }
}

/// A typical week.
#[derive(Debug, Clone, PartialEq)]
pub struct Typical {
    /// In the order of [`FOCUS`].
    pub figures: [Figure; 4],
    /// Most people seen on projects in a week.
    pub people: usize,
    /// How many weeks show it.
    pub weeks: usize,
    pub band: Band,
}

/// A group over the period.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    pub id: String,
    pub name: String,
    pub now: Result<Typical, Why>,
    /// The weeks before.
    pub before: Option<Typical>,
    /// Whether high risk is raised: in two of the last three weeks.
    pub raised: bool,
    /// Each week of the period, in order; none where nothing may be shown.
    pub weeks: Vec<Option<Focus>>,
    /// Projects by day.
    pub days: BTreeMap<NaiveDate, usize>,
}

/// All of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Focusing {
    pub whole: Spread,
    /// Listed teams, by name.
    pub teams: Vec<Spread>,
    pub bands: Bands,
    pub switching: Vec<Switched>,
    pub metrics: Vec<Metric>,
}

/// Computes it. `whole`: the scope; `teams`: all teams at the bottom of the organisation, in any order.
pub fn compute(ledger: &Ledger, asked: &Weeks, whole: &Group<'_>, teams: &[Group<'_>]) -> Focusing {
    let of_teams: Vec<Vec<TeamWeek>> = teams.iter().map(|team| weeks(ledger, &team.within)).collect();
    let own = weeks(ledger, &whole.within);
    let bands = if teams.is_empty() { Bands::of(std::slice::from_ref(&own)) } else { Bands::of(&of_teams) };
    let shown = teams.iter().zip(&of_teams).filter(|(team, _)| team.shown);
    let mut listed: Vec<Spread> = shown.map(|(team, weeks)| spread(ledger, asked, team, weeks, &bands)).collect();
    listed.sort_by(|a, b| (a.name.to_lowercase(), &a.id).cmp(&(b.name.to_lowercase(), &b.id)));
    let whole_spread = spread(ledger, asked, whole, &own, &bands);
    let switched =
        switching(ledger, |person, date| asked.now.contains(&crate::domain::alloc::monday(date)) && (whole.within)(person, date));
    Focusing { metrics: metrics(&whole_spread, &bands), whole: whole_spread, teams: listed, bands, switching: switched }
}

fn spread(ledger: &Ledger, asked: &Weeks, group: &Group<'_>, weeks: &[TeamWeek], bands: &Bands) -> Spread {
    let of = |mondays: &[NaiveDate]| -> Vec<TeamWeek> { weeks.iter().filter(|week| mondays.contains(&week.monday)).cloned().collect() };
    let now = of(&asked.now);
    let typical_now = match group.people {
        Some(people) if people < FEWEST_PEOPLE => Err(Why::FewPeople),
        _ => typical(&now, bands).ok_or_else(|| why(ledger, asked, group)),
    };
    let shows = typical_now.is_ok();
    Spread {
        id: group.id.clone(),
        name: group.name.clone(),
        before: typical(&of(&asked.before), bands).filter(|_| shows),
        raised: shows && bands.raises(&now),
        weeks: asked.now.iter().map(|monday| now.iter().find(|week| week.monday == *monday)?.focus.clone()).collect(),
        days: now.iter().flat_map(|week| week.by_day.iter().copied()).collect(),
        now: typical_now,
    }
}

fn why(ledger: &Ledger, asked: &Weeks, group: &Group<'_>) -> Why {
    let weeks: Vec<_> = ledger.weeks(&group.within).into_iter().filter(|week| asked.now.contains(&week.monday)).collect();
    if weeks.is_empty() {
        return Why::Nothing;
    }
    let Some(figures) = period(&weeks).and_then(|week| week.figures) else { return Why::FewPeople };
    let observed =
        |known: bool| -> i64 { figures.leaves.iter().filter(|leaf| leaf.project.is_some() || !known).map(|leaf| leaf.time.observed).sum() };
    let (linked, all) = (observed(true), observed(false));
    match all {
        0 if figures.withheld == 0 => Why::Nothing,
        0 => Why::Unlinked(None),
        _ if linked * 2 < all => Why::Unlinked(Some(part(linked, all))),
        _ => Why::FewOnProjects,
    }
}

#[allow(clippy::cast_precision_loss, reason = "2^53 micro-days are 24 million years of a person")]
fn part(part: i64, whole: i64) -> f64 {
    part as f64 / whole as f64
}

/// The value of a week, in the order of [`FOCUS`].
pub fn value(focus: &Focus, place: usize) -> Option<f64> {
    match place {
        0 => Some(focus.within),
        1 => Some(focus.between),
        2 => Some(focus.ratio),
        _ => focus.unplanned,
    }
}

fn typical(weeks: &[TeamWeek], bands: &Bands) -> Option<Typical> {
    let shown: Vec<&Focus> = weeks.iter().filter_map(|week| week.focus.as_ref()).collect();
    let figures: [Figure; 4] = std::array::from_fn(|place| median(shown.iter().filter_map(|focus| value(focus, place)).collect()));
    let middle = |place: usize| figures[place].value;
    let of_week = Focus { within: middle(0)?, between: middle(1)?, ratio: middle(2)?, unplanned: middle(3), ..(*shown.first()?).clone() };
    let people = shown.iter().map(|focus| focus.people).max()?;
    Some(Typical { band: bands.band(&of_week), figures, people, weeks: shown.len() })
}

/// The median of weeks. Exact to a millionth, so that it recomputes to the same digits.
#[allow(clippy::cast_possible_truncation, reason = "numbers of projects and shares")]
fn median(values: Vec<f64>) -> Figure {
    let mut millionths: Vec<i64> = values.into_iter().map(|value| (value * 1e6).round() as i64).collect();
    millionths.sort_unstable();
    let n = millionths.len() as u64;
    Figure {
        value: stats::quantile_of_whole(&millionths, 0.5).map(|middle| middle / 1e6),
        n,
        interval: stats::median_interval(&millionths).map(|ends| ends.map(|end| end / 1e6)),
        reason: few_of_median(n),
        ..Figure::default()
    }
}

fn metrics(whole: &Spread, bands: &Bands) -> Vec<Metric> {
    let metric = |(place, definition): (usize, &Definition)| {
        let figure = match &whole.now {
            Ok(typical) => typical.figures[place].clone(),
            Err(why) => Figure::none(why.reason()),
        };
        let before = whole.before.as_ref().map(|before| &before.figures[place]);
        let band = whole.now.as_ref().ok().filter(|_| place == 0).map(|typical| Banded {
            name: Some(name(typical.band).to_owned()),
            candidates: Vec::new(),
            source: source(bands).to_owned(),
        });
        Metric {
            id: definition.id.to_owned(),
            value: figure.value,
            unit: definition.unit.to_owned(),
            n: figure.n,
            interval: figure.interval,
            previous: before.map(|it| Previous { value: it.value, n: it.n, reason: it.reason.map(str::to_owned) }),
            band,
            reason: figure.reason.map(str::to_owned),
            ..Metric::default()
        }
    };
    FOCUS.iter().enumerate().map(metric).collect()
}

/// A band as it is said.
pub fn name(band: Band) -> &'static str {
    match band {
        Band::Focused => "focused",
        Band::Normal => "normal",
        Band::Diluted => "diluted",
        Band::HighRisk => "high risk",
    }
}

/// Whose bands they are.
pub fn source(bands: &Bands) -> &'static str {
    if bands.provisional { "provisional bands" } else { "this organisation's own quartiles" }
}
