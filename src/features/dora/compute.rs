//! The five figures of a pool over a window, exactly as `metrics.md` defines them. Pure.

use std::collections::BTreeMap;

use crate::domain::benchmark;
use crate::domain::card::{Metric, Previous, Target};
use crate::domain::derive::day::{Packed, PackedRecovery};
use crate::domain::pool::Pool;
use crate::domain::stats;
use crate::domain::time::{At, WEEK};
use crate::domain::window::Window;

/// Under these counts a value stands with `too_few` and no band.
const FEW_DEPLOYMENTS: u64 = 5;
const FEW_COMMITS: u64 = 8;
const FEW_RECOVERIES: u64 = 8;
/// Microseconds in a second.
const MICROS: f64 = 1e6;
/// The bootstrap's seed: the same rows always give the same interval.
const SEED: u64 = 0x7061_6365;

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
    /// P75 and P90, of lead times.
    pub percentiles: Option<BTreeMap<String, f64>>,
    /// Open failures that could move the median: no band.
    pub unsettled: bool,
    /// It rests on reverts alone.
    pub inferred: bool,
}

/// The five over one period.
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(missing_docs, reason = "named as the metrics are")]
pub struct Five {
    pub deployment_frequency: Figure,
    pub change_lead_time: Figure,
    pub failed_deployment_recovery_time: Figure,
    pub change_fail_rate: Figure,
    pub deployment_rework_rate: Figure,
}

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Dora {
    /// Over the window.
    pub now: Five,
    /// Over the window before; none where it begins before the first event.
    pub before: Option<Five>,
    /// In machine form, in the order of [`METRICS`].
    pub metrics: Vec<Metric>,
    /// Failed attempts in the window.
    pub attempts: u64,
    /// How many services are in the pool.
    pub services: usize,
    /// Weekly values, oldest first, for sparklines; in the order of [`METRICS`].
    pub weekly: [Vec<Option<f64>>; 5],
}

/// Ids with their units, in the order shown.
pub const METRICS: [(&str, &str); 5] = [
    ("deployment_frequency", "per_week"),
    ("change_lead_time", "seconds"),
    ("failed_deployment_recovery_time", "seconds"),
    ("change_fail_rate", "fraction"),
    ("deployment_rework_rate", "fraction"),
];

impl Five {
    /// In the order of [`METRICS`].
    pub fn all(&self) -> [&Figure; 5] {
        [
            &self.deployment_frequency,
            &self.change_lead_time,
            &self.failed_deployment_recovery_time,
            &self.change_fail_rate,
            &self.deployment_rework_rate,
        ]
    }
}

/// Computes the five for a window, with the window before, bands and targets.
pub fn compute(pool: &Pool, window: &Window, targets: &BTreeMap<String, f64>) -> Dora {
    let previous = window.previous();
    let now = five(pool, window);
    let begins_before = |window: &Window| pool.first_event.is_none_or(|first| window.from < first);
    let before = (!begins_before(&previous)).then(|| five(pool, &previous));
    let early = begins_before(window);
    let mut metrics = Vec::new();
    for (place, (id, unit)) in METRICS.iter().enumerate() {
        let figure = now.all()[place];
        let reason = figure.reason.or_else(|| (early && figure.value.is_some()).then_some("before_data"));
        let band = if reason.is_none() && !figure.unsettled { benchmark::band(id, figure.interval, figure.value) } else { None };
        let target = targets.get(*id).map(|target| Target {
            value: *target,
            status: benchmark::target_status(id, *target, figure.value, figure.interval).map(str::to_string),
        });
        metrics.push(Metric {
            id: (*id).to_string(),
            value: figure.value,
            unit: (*unit).to_string(),
            n: figure.n,
            interval: figure.interval,
            previous: previous_of(pool, &previous, before.as_ref().map(|before| before.all()[place])),
            band,
            target,
            percentiles: figure.percentiles.clone(),
            excluded: figure.excluded.clone(),
            reason: reason.map(str::to_string),
        });
    }
    let attempts = pool.attempts.iter().filter(|at| window.holds(**at)).count() as u64;
    Dora { now, before, metrics, attempts, services: pool.services, weekly: weekly(pool, window) }
}

fn previous_of(pool: &Pool, window: &Window, figure: Option<&Figure>) -> Option<Previous> {
    match figure {
        Some(figure) => Some(Previous { value: figure.value, n: figure.n, reason: figure.reason.map(str::to_string) }),
        None if pool.first_event.is_some_and(|first| first < window.to) => {
            Some(Previous { value: None, n: 0, reason: Some("before_data".into()) })
        }
        None => None,
    }
}

fn five(pool: &Pool, window: &Window) -> Five {
    let deployments = within(&pool.deployments, window.from, window.to);
    if !pool.ever_deployed || (deployments.is_empty() && !pool.alive) {
        let none = Figure { reason: Some("no_data"), ..Figure::default() };
        let mut five = Five {
            deployment_frequency: none.clone(),
            change_lead_time: none.clone(),
            failed_deployment_recovery_time: none.clone(),
            change_fail_rate: none.clone(),
            deployment_rework_rate: none,
        };
        leave_out(&mut five.change_fail_rate, "unlinked", unlinked(pool, window));
        return five;
    }
    Five {
        deployment_frequency: frequency(pool, deployments, window),
        change_lead_time: lead_time(deployments),
        failed_deployment_recovery_time: recovery_time(deployments, pool.evidence),
        change_fail_rate: fail_rate(pool, deployments, window),
        deployment_rework_rate: rework_rate(deployments, pool.evidence),
    }
}

/// The deployments of a period; they are in order of time.
fn within(deployments: &[Packed], from: At, to: At) -> &[Packed] {
    let start = deployments.partition_point(|it| it.finished_at() < from);
    let end = deployments.partition_point(|it| it.finished_at() < to);
    &deployments[start..end]
}

fn unlinked(pool: &Pool, window: &Window) -> u64 {
    pool.unlinked.iter().filter(|at| window.holds(**at)).count() as u64
}

fn leave_out(figure: &mut Figure, code: &str, count: u64) {
    if count > 0 {
        figure.excluded.insert(code.to_string(), count);
    }
}

fn frequency(pool: &Pool, deployments: &[Packed], window: &Window) -> Figure {
    let n = deployments.len() as u64;
    let weeks = window.weeks();
    let counts: Vec<u64> = window.whole_weeks().into_iter().map(|(from, to)| within(&pool.deployments, from, to).len() as u64).collect();
    Figure {
        value: Some(to_f64(n) / weeks),
        n,
        interval: Some(stats::poisson_weekly(n, weeks, &counts)),
        reason: (n < FEW_DEPLOYMENTS).then_some("too_few"),
        ..Figure::default()
    }
}

fn lead_time(deployments: &[Packed]) -> Figure {
    let leads = sorted(deployments.iter().flat_map(|it| it.leads.iter().copied()));
    let n = leads.len() as u64;
    let mut figure = Figure { n, reason: few(n, FEW_COMMITS), value: median_secs(&leads), ..Figure::default() };
    if n > 0 {
        let clusters: Vec<&[i64]> = deployments.iter().filter(|it| !it.leads.is_empty()).map(|it| it.leads.as_slice()).collect();
        figure.interval = stats::cluster_bootstrap_median(&clusters, SEED).map(in_seconds);
        let at = |name: &str, p| stats::quantile_of_whole(&leads, p).map(|micros| (name.to_string(), micros / MICROS));
        figure.percentiles = Some([at("75", 0.75), at("90", 0.9)].into_iter().flatten().collect());
    }
    for (code, count) in [
        ("negative_span", sum(deployments, |it| it.negative.count)),
        ("bot", sum(deployments, |it| it.bots.count)),
        ("merge", sum(deployments, |it| it.merges.count)),
        ("no_baseline", sum(deployments, |it| u32::from(it.reason == 1))),
        ("unknown_commit", sum(deployments, |it| u32::from(it.reason == 2))),
        ("shallow", sum(deployments, |it| u32::from(it.reason == 3))),
    ] {
        leave_out(&mut figure, code, count);
    }
    figure
}

fn recovery_time(deployments: &[Packed], evidence: bool) -> Figure {
    let ends = deployments.iter().filter_map(|it| if let PackedRecovery::After(micros) = it.recovery { Some(micros) } else { None });
    let recoveries = sorted(ends.clone().filter(|micros| *micros >= 0));
    let n = recoveries.len() as u64;
    let open = deployments.iter().filter(|it| it.recovery == PackedRecovery::Open).count();
    let mut figure = Figure { n, value: median_secs(&recoveries), ..Figure::default() };
    figure.reason = if !evidence && !deployments.is_empty() { Some("no_incident_source") } else { few(n, FEW_RECOVERIES) };
    if n > 0 {
        figure.interval = stats::median_interval(&recoveries).map(in_seconds);
        let with_open: Vec<i64> = recoveries.iter().copied().chain(std::iter::repeat_n(i64::MAX, open)).collect();
        figure.unsettled = open > 0 && stats::quantile_of_whole(&with_open, 0.5) != stats::quantile_of_whole(&recoveries, 0.5);
        figure.inferred = deployments.iter().filter(|it| it.failed).all(|it| it.inferred);
    }
    leave_out(&mut figure, "open", open as u64);
    leave_out(&mut figure, "negative_span", ends.filter(|micros| *micros < 0).count() as u64);
    figure
}

fn fail_rate(pool: &Pool, deployments: &[Packed], window: &Window) -> Figure {
    let counted: Vec<&Packed> = deployments.iter().filter(|it| !it.rollback).collect();
    let failed = counted.iter().filter(|it| it.failed).count() as u64;
    let mut figure = share(failed, counted.len() as u64, pool.evidence);
    figure.inferred = failed > 0 && counted.iter().filter(|it| it.failed).all(|it| it.inferred);
    leave_out(&mut figure, "unlinked", unlinked(pool, window));
    leave_out(&mut figure, "revert_unmatched", sum(deployments, |it| it.unmatched_reverts));
    figure
}

fn rework_rate(deployments: &[Packed], evidence: bool) -> Figure {
    let rework = deployments.iter().filter(|it| it.rework).count() as u64;
    let mut figure = share(rework, deployments.len() as u64, evidence);
    figure.inferred = rework > 0 && deployments.iter().filter(|it| it.rework).all(|it| it.inferred);
    leave_out(&mut figure, "revert_unmatched", sum(deployments, |it| it.unmatched_reverts));
    figure
}

/// A share of deployments with Wilson's interval. No evidence is not zero.
fn share(hits: u64, n: u64, evidence: bool) -> Figure {
    if n == 0 {
        return Figure { reason: Some("no_data"), ..Figure::default() };
    }
    if !evidence {
        return Figure { n, reason: Some("no_incident_source"), ..Figure::default() };
    }
    let reason = (n < FEW_DEPLOYMENTS).then_some("too_few");
    Figure { value: Some(to_f64(hits) / to_f64(n)), n, interval: Some(stats::wilson(hits, n)), reason, ..Figure::default() }
}

fn few(n: u64, least: u64) -> Option<&'static str> {
    match n {
        0 => Some("no_data"),
        n if n < least => Some("too_few"),
        _ => None,
    }
}

/// Each figure week by week, for the sparklines.
fn weekly(pool: &Pool, window: &Window) -> [Vec<Option<f64>>; 5] {
    let mut series: [Vec<Option<f64>>; 5] = Default::default();
    for (from, to) in window.whole_weeks() {
        let week = within(&pool.deployments, from, to);
        let known = pool.first_event.is_some_and(|first| first < to);
        let counted = week.iter().filter(|it| !it.rollback).count();
        let leads = sorted(week.iter().flat_map(|it| it.leads.iter().copied()));
        let recoveries = week.iter().filter_map(|it| if let PackedRecovery::After(micros) = it.recovery { Some(micros) } else { None });
        let recoveries = sorted(recoveries.filter(|micros| *micros >= 0));
        let part = |hits: usize, n: usize| (n > 0 && pool.evidence).then(|| to_f64(hits as u64) / to_f64(n as u64));
        series[0].push(known.then(|| to_f64(week.len() as u64) * to_f64(WEEK.unsigned_abs()) / to_f64(to.since(from).unsigned_abs())));
        series[1].push(median_secs(&leads));
        series[2].push(median_secs(&recoveries));
        series[3].push(part(week.iter().filter(|it| it.failed && !it.rollback).count(), counted));
        series[4].push(part(week.iter().filter(|it| it.rework).count(), week.len()));
    }
    series
}

fn sum(deployments: &[Packed], of: impl Fn(&Packed) -> u32) -> u64 {
    deployments.iter().map(|it| u64::from(of(it))).sum()
}

fn sorted(micros: impl Iterator<Item = i64>) -> Vec<i64> {
    let mut sorted: Vec<i64> = micros.collect();
    sorted.sort_unstable();
    sorted
}

/// The median of sorted spans in microseconds, in seconds.
fn median_secs(sorted: &[i64]) -> Option<f64> {
    stats::quantile_of_whole(sorted, 0.5).map(|micros| micros / MICROS)
}

fn in_seconds([low, high]: [f64; 2]) -> [f64; 2] {
    [low / MICROS, high / MICROS]
}

#[allow(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn to_f64(n: u64) -> f64 {
    n as f64
}
