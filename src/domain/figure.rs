//! [`Figure`]: one metric over one period, before it becomes a [`Metric`] of a card: how medians, rates and shares are made,
//! and when a value stands with a reason.

use std::collections::BTreeMap;

use super::benchmark;
use super::card::{Metric, Previous, Target, Tone};
use super::metric::Definition;
use super::stats;
use super::time::{At, WEEK};
use super::window::Window;
use super::words::{self, Measured};

/// Microseconds in a second.
const MICROS: f64 = 1e6;
/// Under these counts a rate or share, and a median, stand with `too_few`.
pub const FEW: u64 = 5;
/// As [`FEW`], for medians.
pub const FEW_OF_MEDIAN: u64 = 8;

/// One figure over one period.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Figure {
    /// In the metric's unit.
    pub value: Option<f64>,
    /// How many of what the metric counts.
    pub n: u64,
    /// 95 %.
    pub interval: Option<[f64; 2]>,
    /// Why there is no value, or what to mind beside it.
    pub reason: Option<&'static str>,
    /// What was left out.
    pub excluded: BTreeMap<String, u64>,
    /// Further percentiles, by name.
    pub percentiles: Option<BTreeMap<String, f64>>,
    /// Open failures could move the median: too few have ended to judge.
    pub unsettled: bool,
    /// It rests on reverts alone.
    pub inferred: bool,
}

impl Figure {
    /// No value, and why.
    pub fn none(reason: &'static str) -> Self {
        Self { reason: Some(reason), ..Self::default() }
    }

    /// Things a week: Poisson, widened by the dispersion of the whole weeks in the window.
    pub fn rate(times: &[At], window: &Window) -> Self {
        let n = times.len() as u64;
        let weeks = window.weeks();
        let counts: Vec<u64> = window.whole_weeks().into_iter().map(|(from, to)| within(times, from, to).len() as u64).collect();
        Self {
            value: Some(to_f64(n) / weeks),
            n,
            interval: Some(stats::poisson_weekly(n, weeks, &counts)),
            reason: (n < FEW).then_some("too_few"),
            ..Self::default()
        }
    }

    /// A share with Wilson's interval.
    pub fn share(hits: u64, n: u64) -> Self {
        if n == 0 {
            return Self::none("no_data");
        }
        let reason = (n < FEW).then_some("too_few");
        Self { value: Some(to_f64(hits) / to_f64(n)), n, interval: Some(stats::wilson(hits, n)), reason, ..Self::default() }
    }

    /// The median of spans in microseconds, in seconds, with the interval of its order statistics.
    pub fn median_of_spans(spans: impl IntoIterator<Item = i64>) -> Self {
        Self::median(sorted(spans), MICROS)
    }

    /// The median of whole numbers.
    pub fn median_of_counts(counts: impl IntoIterator<Item = i64>) -> Self {
        Self::median(sorted(counts), 1.0)
    }

    #[allow(clippy::needless_pass_by_value, reason = "both callers make it for this")]
    fn median(sorted: Vec<i64>, unit: f64) -> Self {
        let n = sorted.len() as u64;
        Self {
            value: stats::quantile_of_whole(&sorted, 0.5).map(|whole| whole / unit),
            n,
            interval: stats::median_interval(&sorted).map(|[low, high]| [low / unit, high / unit]),
            reason: few_of_median(n),
            ..Self::default()
        }
    }

    /// Notes what was left out, where there was any.
    pub fn leave_out(&mut self, code: &str, count: u64) {
        if count > 0 {
            self.excluded.insert(code.to_string(), count);
        }
    }

    /// With what was left out.
    #[must_use]
    pub fn without(mut self, code: &str, count: u64) -> Self {
        self.leave_out(code, count);
        self
    }
}

/// Whether a period ends before the data begins: then it has no value.
pub fn is_before_data(first: Option<At>, window: &Window) -> bool {
    first.is_some_and(|first| window.to <= first)
}

/// `no_data`, `too_few`, or nothing to mind.
pub fn few_of_median(n: u64) -> Option<&'static str> {
    match n {
        0 => Some("no_data"),
        n if n < FEW_OF_MEDIAN => Some("too_few"),
        _ => None,
    }
}

/// What a figure stands against.
#[derive(Debug, Clone, Copy)]
pub struct Against<'a> {
    /// The window.
    pub window: &'a Window,
    /// The first fact that the metric counts, of the scope.
    pub first: Option<At>,
    /// The team's own target.
    pub target: Option<f64>,
}

impl Against<'_> {
    /// Whether a period begins before the data.
    fn begins_before_data(&self, window: &Window) -> bool {
        self.first.is_none_or(|first| window.from < first)
    }

    /// Whether there is a whole period before to compare with.
    pub fn has_before(&self) -> bool {
        !self.begins_before_data(&self.window.previous())
    }

    /// Whether any part of the period before has data.
    pub fn has_some_before(&self) -> bool {
        self.first.is_some_and(|first| first < self.window.previous().to)
    }

    /// What is known of the period before; where it begins before the data it is told, and compared with nothing.
    fn previous(&self, figure: &Figure) -> Previous {
        let reason = if self.has_before() { figure.reason } else { Some("before_data") };
        Previous { value: figure.value, n: figure.n, reason: reason.map(str::to_string) }
    }

    /// The figure in machine form. `before` is that of the period before, where any part of that has data.
    pub fn metric(&self, definition: &Definition, now: &Figure, before: Option<&Figure>) -> Metric {
        let early = self.begins_before_data(self.window) && now.value.is_some();
        let reason = if early { Some("before_data") } else { now.reason };
        let banded = reason.is_none();
        Metric {
            id: definition.id.to_string(),
            value: now.value,
            unit: definition.unit.to_string(),
            n: now.n,
            interval: now.interval,
            previous: before.map(|before| self.previous(before)),
            band: if banded { benchmark::band(definition.id, now.interval, now.value) } else { None },
            target: self.target.map(|target| Target {
                value: target,
                status: benchmark::target_status(definition.id, target, now.value, now.interval).map(str::to_string),
            }),
            percentiles: now.percentiles.clone(),
            quantiles: None,
            excluded: now.excluded.clone(),
            reason: reason.map(str::to_string),
        }
    }
}

/// How a figure moved against the period before: its tone, and the words.
pub fn moved(definition: &Definition, now: &Figure, before: &Figure) -> Option<(Tone, String)> {
    let measured = |figure: &Figure| Some(Measured { value: figure.value?, interval: figure.interval });
    Some(words::change(definition.unit, measured(now)?, measured(before)?, definition.better))
}

/// The instants of a period; they are in order.
pub fn within(times: &[At], from: At, to: At) -> &[At] {
    let start = times.partition_point(|at| *at < from);
    let end = times.partition_point(|at| *at < to);
    &times[start..end.max(start)]
}

/// Things a week in one week of a series.
pub fn weekly_rate(count: usize, (from, to): (At, At)) -> f64 {
    to_f64(count as u64) * to_f64(WEEK.unsigned_abs()) / to_f64(to.since(from).unsigned_abs())
}

/// The median of spans in microseconds, in seconds.
pub fn median_secs(spans: impl IntoIterator<Item = i64>) -> Option<f64> {
    stats::quantile_of_whole(&sorted(spans), 0.5).map(|micros| micros / MICROS)
}

/// In order.
pub fn sorted(whole: impl IntoIterator<Item = i64>) -> Vec<i64> {
    let mut sorted: Vec<i64> = whole.into_iter().collect();
    sorted.sort_unstable();
    sorted
}

/// In seconds.
pub fn in_seconds([low, high]: [f64; 2]) -> [f64; 2] {
    [low / MICROS, high / MICROS]
}

/// A count as a number to reckon with.
#[allow(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub fn to_f64(n: u64) -> f64 {
    n as f64
}
