//! One evaluation of an alert: the figure as of an instant, against its limit. Pure, but for the loading of facts.
//!
//! **Threshold**: the metric over the last 28 days (84 for recovery time, since failures are few; `wip` and `wip_age` as they stand)
//! against the limit. Under the minimum n, or where the data begins later, nothing can be told.
//!
//! **Own range**: whole calendar weeks, from Monday to Monday in the scope's zone. Beyond where 3 of the last 4 weeks were worse than
//! all but 2 of the 26 weeks before those four. While an episode is under way the range is the one at its beginning, so that a bad
//! month does not become the measure of itself; after 13 weeks it does, and the episode ends as "that is its range now". At least 13
//! of the 26 weeks must have a value (then all but 1), 3 of the last 4, and the last four together the minimum n.
//!
//! Why ranks of the series itself: they suppose no distribution, so that skewed spans, shares of few and counts that vary more than
//! Poisson's keep the same rate. Real weeks depend on each other: lag-1 autocorrelation is 0.24 to 0.80 in the series of
//! run-phase.md. Simulated in `tests.rs`, 200 years a cell, an AR(1) series without any other noise, which is the worst: false
//! alarms a year at autocorrelation 0, 0.4 and 0.7, and how often a shift by two standard deviations is seen within 4 and 8 weeks
//! at 0.4:
//!
//! | rule | false alarms a year | seen |
//! |---|---|---|
//! | 3 of 4 worse than all but 2 of 26 (this one) | 0.3, 0.8, 1.2 | 74 %, 90 % |
//! | 2 of 3 worse than all 26 | 0.2, 0.6, 1.0 | 60 %, 78 % |
//! | 2 of 3 worse than the P90 of 26 | 1.7, 2.2, 2.1 | |
//!
//! Weekly counts, whose own scatter hides the dependence, give 0.1 to 0.8 a year. Rejected beside these: `XmR` limits with the run
//! rule, wrong 50 % of the time at 0.4 (run-phase.md).
//!
//! Never to be used on a person's figures: there are none.

use chrono::{Datelike, Days};
use chrono_tz::Tz;

use super::judge::{Side, side};
use super::rule::{Rule, Settings};
use crate::domain::figure::Figure;
use crate::domain::flow::FlowPool;
use crate::domain::metric::{DORA, Definition, FLOW};
use crate::domain::pool::Pool;
use crate::domain::time::{At, DAY};
use crate::domain::window::{Window, local};
use crate::domain::words::Better;
use crate::error::Failure;
use crate::features::{Cx, dora, flow, left_out, scope};

/// Weeks that are judged, how many of them must be beyond, and the weeks before that are the range.
pub const LAST: usize = 4;
const BEYOND: usize = 3;
pub const RANGE: usize = 26;
/// Weeks of the range that must be known; of each so many the worst is left out of it.
const KNOWN: usize = 13;
/// The latest weeks that must be back inside.
const BACK: usize = 2;

/// The facts that a metric is counted from.
pub enum Facts {
    Dora(Pool),
    Flow(FlowPool),
}

/// A week and its figure.
#[derive(Debug, Clone)]
pub struct Week {
    pub from: At,
    pub to: At,
    pub figure: Figure,
}

/// What an evaluation found.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// Nothing can be told, and why, without a full stop.
    Unknown(String),
    /// The figure.
    Known(Known),
}

/// A figure against its limit.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    pub value: f64,
    pub n: u64,
    pub interval: Option<[f64; 2]>,
    pub limit: f64,
    pub side: Side,
    /// The period of the figure.
    pub from: At,
    pub to: At,
    /// The last weeks, oldest first, where they are what is judged.
    pub weeks: Vec<Option<f64>>,
}

impl Facts {
    /// What there is from an instant to another, as known at `known_at`.
    pub async fn load(cx: &Cx, settings: &Settings, from: At, to: At, known_at: At) -> Result<Self, Failure> {
        let org = &cx.org.org;
        let window = Window { from, to, zone: org.zone_for(&settings.scope), label: String::new() };
        if DORA.iter().any(|known| known.id == settings.metric) {
            let services = scope::services(&cx.store, &settings.scope, org).await?;
            return Ok(Self::Dora(cx.store.pool(&services, from, &window, known_at, org).await?));
        }
        Ok(Self::Flow(flow::pool(cx, &settings.scope, from, &window, known_at, org).await?))
    }

    /// A metric over a period.
    fn figure(&self, known: &Definition, window: &Window) -> Figure {
        let place = |all: &[Definition]| all.iter().position(|other| other.id == known.id);
        let figure = match self {
            Self::Dora(pool) => place(&DORA).map(|place| dora::compute::quick(pool, window, place)),
            Self::Flow(pool) => place(&FLOW).and_then(|place| flow::compute::figures(pool, window).into_iter().nth(place)),
        };
        figure.unwrap_or_else(|| Figure::none("no_data"))
    }

    /// When the data of a metric begins.
    fn first(&self, known: &Definition) -> Option<At> {
        match self {
            Self::Dora(pool) => pool.first_event,
            Self::Flow(pool) => flow::compute::first(pool, known.id),
        }
    }

    /// Whole calendar weeks that ended at or before an instant, oldest first.
    pub fn weeks(&self, known: &Definition, at: At, zone: Tz, count: usize) -> Vec<Week> {
        let first = self.first(known);
        let week = |(from, to): (At, At)| {
            let begun = first.is_some_and(|first| first <= from);
            let window = Window { from, to, zone, label: String::new() };
            let figure = if begun { self.figure(known, &window) } else { Figure::none("before_data") };
            Week { from, to, figure }
        };
        mondays(at, zone, count).windows(2).map(|two| week((two[0], two[1]))).collect()
    }

    /// The evaluation of a threshold at an instant.
    pub fn threshold(&self, settings: &Settings, known: &Definition, at: At, zone: Tz) -> Reading {
        let (limit, up) = match settings.rule {
            Rule::Above(limit) => (limit, true),
            Rule::Below(limit) => (limit, false),
            Rule::OwnRange => return Reading::Unknown("it has no limit".into()),
        };
        let window = Window::days(days(known), at, zone);
        if !stands(known) && self.first(known).is_none_or(|first| first > window.from) {
            return Reading::Unknown(format!("the data does not reach back {} days", days(known)));
        }
        let figure = self.figure(known, &window);
        let Some(value) = figure.value else { return Reading::Unknown(left_out::absent(figure.reason)) };
        if figure.n < settings.least {
            return Reading::Unknown(too_few(figure.n, settings.least));
        }
        let (n, interval) = (figure.n, figure.interval);
        Reading::Known(Known { value, n, interval, limit, side: side(value, limit, up), from: window.from, to: at, weeks: Vec::new() })
    }
}

/// The days over which a threshold is looked at.
pub fn days(known: &Definition) -> u32 {
    if known.id == "failed_deployment_recovery_time" { 84 } else { 28 }
}

/// Whether it is as it stands at an instant rather than over a period.
pub fn stands(known: &Definition) -> bool {
    matches!(known.id, "wip" | "wip_age")
}

fn too_few(n: u64, least: u64) -> String {
    format!("too few: {n} where {least} are needed")
}

/// Local midnights that begin a week, the last one at or before an instant, oldest first: one more than the weeks between them.
pub fn mondays(at: At, zone: Tz, weeks: usize) -> Vec<At> {
    let today = local::wall(zone, at).date();
    let monday = today - Days::new(u64::from(today.weekday().num_days_from_monday()));
    let back = |week: usize| local::midnight(zone, monday - Days::new(7 * week as u64));
    (0..=weeks).rev().map(back).collect()
}

/// The weeks of a reading as a period that one can ask for: whole days.
pub fn weeks_window(known: &Known, now: At, zone: Tz) -> Result<Window, Failure> {
    let day = |at: At| local::wall(zone, at).date();
    let last = day(known.to.plus(-1));
    Ok(Window::parse(&format!("{}..{last}", day(known.from)), now, zone)?)
}

/// The evaluation of the own range on the last weeks of a series; `limit`: the range of an episode under way.
pub fn own_range(weeks: &[Week], known: &Definition, least: u64, limit: Option<f64>) -> Reading {
    let up = match known.better {
        Better::Lower => true,
        Better::Higher => false,
        Better::Neither => return Reading::Unknown("it has no better side".into()),
    };
    let Some(begin) = weeks.len().checked_sub(LAST) else { return Reading::Unknown("too few weeks".into()) };
    let judged = &weeks[begin..];
    let before: Vec<f64> = weeks[begin.saturating_sub(RANGE)..begin].iter().filter_map(|week| week.figure.value).collect();
    let worst_first = |values: &[f64]| -> Vec<f64> {
        let mut sorted = values.to_vec();
        sorted.sort_by(|one, other| if up { other.total_cmp(one) } else { one.total_cmp(other) });
        sorted
    };
    let limit = match limit {
        Some(limit) => limit,
        None if before.len() < KNOWN => {
            return Reading::Unknown(format!("too few: {} of the {RANGE} weeks before are known, {KNOWN} are needed", before.len()));
        }
        None => worst_first(&before)[before.len() / KNOWN],
    };
    let values: Vec<Option<f64>> = judged.iter().map(|week| week.figure.value).collect();
    let n = judged.iter().map(|week| week.figure.n).sum();
    let given: Vec<f64> = values.iter().flatten().copied().collect();
    if given.len() < BEYOND {
        return Reading::Unknown(format!("too few: {} of the last {LAST} weeks are known", given.len()));
    }
    if n < least {
        return Reading::Unknown(too_few(n, least));
    }
    let beyond = |value: f64| if up { value > limit } else { value < limit };
    let side = match () {
        () if given.iter().filter(|value| beyond(**value)).count() >= BEYOND => Side::Beyond,
        () if given[given.len() - BACK..].iter().any(|value| beyond(*value)) => Side::Edge,
        () => Side::Inside,
    };
    let latest = given.last().copied().unwrap_or_default();
    let value = if side == Side::Beyond { worst_first(&given)[0] } else { latest };
    let (from, to) = (judged.first().map_or(At(0), |week| week.from), judged.last().map_or(At(0), |week| week.to));
    Reading::Known(Known { value, n, interval: None, limit, side, from, to, weeks: values })
}

/// The evaluation of an alert at an instant, from the facts as they were then. `limit`: that of an episode under way.
pub async fn evaluate(cx: &Cx, settings: &Settings, known: &Definition, at: At, limit: Option<f64>) -> Result<Reading, Failure> {
    let zone = cx.org.org.zone_for(&settings.scope);
    if settings.rule == Rule::OwnRange {
        let begin = mondays(at, zone, RANGE + LAST)[0];
        let facts = Facts::load(cx, settings, begin, at, at).await?;
        return Ok(own_range(&facts.weeks(known, at, zone, RANGE + LAST), known, settings.least, limit));
    }
    let facts = Facts::load(cx, settings, at.plus(-i64::from(days(known)) * DAY), at, at).await?;
    Ok(facts.threshold(settings, known, at, zone))
}
