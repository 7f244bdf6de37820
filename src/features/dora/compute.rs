//! The five figures of a pool over a window, exactly as `metrics.md` defines them. Pure.

use std::collections::BTreeMap;

use crate::domain::card::Metric;
use crate::domain::derive::day::{Packed, PackedRecovery};
use crate::domain::figure::{Against, Figure, few_of_median, in_seconds, is_before_data, median_secs, sorted, to_f64, weekly_rate};
use crate::domain::metric::DORA;
use crate::domain::org::Owned;
use crate::domain::pool::Pool;
use crate::domain::stats;
use crate::domain::time::At;
use crate::domain::window::Window;

/// The bootstrap's seed: the same rows always give the same interval.
const SEED: u64 = 0x7061_6365;

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
    /// Over the window before, to compare with; none where it begins before the first event.
    pub before: Option<Five>,
    /// In machine form, in the order of [`DORA`].
    pub metrics: Vec<Metric>,
    /// Failed attempts in the window.
    pub attempts: u64,
    /// When the deployments finished whose failures are open, oldest first.
    pub open: Vec<At>,
    /// The instant up to which facts exist.
    pub as_of: At,
    /// How many services are in the pool.
    pub services: usize,
    /// When the scope owned any service.
    pub owned: Owned,
    /// The first event of the scope.
    pub first_event: Option<At>,
    /// Weekly values, oldest first, for sparklines; in the order of [`DORA`].
    pub weekly: [Vec<Option<f64>>; 5],
}

impl Five {
    /// In the order of [`DORA`].
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
    let against = Against { window, first: pool.first_event, target: None };
    let now = five(pool, window);
    let before = against.has_some_before().then(|| five(pool, &window.previous()));
    let metrics = DORA.iter().enumerate().map(|(place, definition)| {
        let against = Against { target: targets.get(definition.id).copied(), ..against };
        against.metric(definition, now.all()[place], before.as_ref().map(|before| before.all()[place]))
    });
    let metrics = metrics.collect();
    let attempts = pool.attempts.iter().filter(|at| window.holds(**at)).count() as u64;
    let within = within(&pool.deployments, window.from, window.to);
    let open = within.iter().filter(|it| it.recovery == PackedRecovery::Open).map(Packed::finished_at).collect();
    Dora {
        now,
        before: before.filter(|_| against.has_before() && pool.owned.any_in(&window.previous())),
        metrics,
        attempts,
        open,
        as_of: pool.as_of,
        services: pool.services,
        owned: pool.owned.clone(),
        first_event: pool.first_event,
        weekly: weekly(pool, window),
    }
}

impl Dora {
    /// How long each open failure has lasted, in seconds, oldest first.
    pub fn open_ages(&self) -> impl Iterator<Item = f64> {
        self.open.iter().map(|at| to_f64(self.as_of.since(*at).max(0).unsigned_abs()) / 1e6)
    }
}

/// The five over one period.
pub fn five(pool: &Pool, window: &Window) -> Five {
    let deployments = within(&pool.deployments, window.from, window.to);
    let unknown = match () {
        () if !pool.owned.any_in(window) => Some("no_data"),
        () if is_before_data(pool.first_event, window) => Some("before_data"),
        () if !pool.ever_deployed || (deployments.is_empty() && !pool.alive) => Some("no_data"),
        () => None,
    };
    if let Some(reason) = unknown {
        let none = Figure::none(reason);
        let mut five = Five {
            deployment_frequency: none.clone(),
            change_lead_time: none.clone(),
            failed_deployment_recovery_time: none.clone(),
            change_fail_rate: none.clone(),
            deployment_rework_rate: none,
        };
        five.change_fail_rate.leave_out("unlinked", unlinked(pool, window));
        return five;
    }
    let one = |place: usize| figure(pool, deployments, window, place, Some(SEED));
    Five {
        deployment_frequency: one(0),
        change_lead_time: one(1),
        failed_deployment_recovery_time: one(2),
        change_fail_rate: one(3),
        deployment_rework_rate: one(4),
    }
}

/// One of the five over a period, by its place in [`DORA`], as [`five`] has it but for the interval of the lead time: for whoever
/// asks for each day of a year, since that one is drawn a thousand times.
pub fn quick(pool: &Pool, window: &Window, place: usize) -> Figure {
    let deployments = within(&pool.deployments, window.from, window.to);
    if !pool.ever_deployed || (deployments.is_empty() && !pool.alive) {
        return Figure::none("no_data");
    }
    figure(pool, deployments, window, place, None)
}

fn figure(pool: &Pool, deployments: &[Packed], window: &Window, place: usize, seed: Option<u64>) -> Figure {
    match place {
        0 => Figure::rate(&deployments.iter().map(Packed::finished_at).collect::<Vec<_>>(), window),
        1 => lead_time(deployments, seed),
        2 => recovery_time(deployments, pool.evidence, window),
        3 => fail_rate(pool, deployments, window),
        _ => rework_rate(deployments, pool.evidence),
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

/// With an interval where there is a seed to draw it with.
fn lead_time(deployments: &[Packed], seed: Option<u64>) -> Figure {
    let leads = sorted(deployments.iter().flat_map(|it| it.leads.iter().copied()));
    let n = leads.len() as u64;
    let mut figure = Figure { n, reason: few_of_median(n), value: median_secs(leads.iter().copied()), ..Figure::default() };
    if n > 0 {
        let clusters: Vec<&[i64]> = deployments.iter().filter(|it| !it.leads.is_empty()).map(|it| it.leads.as_slice()).collect();
        figure.interval = seed.and_then(|seed| stats::cluster_bootstrap_median(&clusters, seed)).map(in_seconds);
        if clusters.len() < stats::FEWEST_CLUSTERS {
            figure.reason = figure.reason.or(Some("too_few")); // many commits of few deployments
        }
        let at = |name: &str, p| stats::quantile_of_whole(&leads, p).map(|micros| (name.to_string(), micros / 1e6));
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
        figure.leave_out(code, count);
    }
    figure
}

fn recovery_time(deployments: &[Packed], evidence: bool, window: &Window) -> Figure {
    let ends = deployments.iter().filter_map(|it| if let PackedRecovery::After(micros) = it.recovery { Some(micros) } else { None });
    let recoveries = sorted(ends.clone().filter(|micros| *micros >= 0));
    let n = recoveries.len() as u64;
    // An open failure ends after the window at the earliest, and perhaps never.
    let ages: Vec<i64> =
        deployments.iter().filter(|it| it.recovery == PackedRecovery::Open).map(|it| window.to.since(it.finished_at()).max(0)).collect();
    let open = ages.len();
    let mut figure = Figure { n, value: median_secs(recoveries.iter().copied()), ..Figure::default() };
    figure.reason = if !evidence && !deployments.is_empty() { Some("no_incident_source") } else { few_of_median(n) };
    if n > 0 {
        figure.interval = stats::median_interval(&recoveries).map(in_seconds);
        let moved_by = |ends: &[i64]| {
            let with_open = sorted(recoveries.iter().chain(ends).copied());
            stats::quantile_of_whole(&with_open, 0.5) != stats::quantile_of_whole(&recoveries, 0.5)
        };
        figure.unsettled = open > 0 && (moved_by(&vec![i64::MAX; open]) || moved_by(&ages));
        if figure.unsettled {
            figure.reason = figure.reason.or(Some("too_few"));
        }
        figure.inferred = deployments.iter().filter(|it| it.failed).all(|it| it.inferred);
    }
    figure.leave_out("open", open as u64);
    figure.leave_out("negative_span", ends.filter(|micros| *micros < 0).count() as u64);
    figure
}

fn fail_rate(pool: &Pool, deployments: &[Packed], window: &Window) -> Figure {
    let counted: Vec<&Packed> = deployments.iter().filter(|it| !it.rollback).collect();
    let failed = counted.iter().filter(|it| it.failed).count() as u64;
    let mut figure = share(failed, counted.len() as u64, pool.evidence);
    figure.inferred = failed > 0 && counted.iter().filter(|it| it.failed).all(|it| it.inferred);
    figure.leave_out("unlinked", unlinked(pool, window));
    figure.leave_out("revert_unmatched", sum(deployments, |it| it.unmatched_reverts));
    figure
}

fn rework_rate(deployments: &[Packed], evidence: bool) -> Figure {
    let rework = deployments.iter().filter(|it| it.rework).count() as u64;
    let mut figure = share(rework, deployments.len() as u64, evidence);
    figure.inferred = rework > 0 && deployments.iter().filter(|it| it.rework).all(|it| it.inferred);
    figure.leave_out("revert_unmatched", sum(deployments, |it| it.unmatched_reverts));
    figure
}

/// A share of deployments. No evidence is not zero.
fn share(hits: u64, n: u64, evidence: bool) -> Figure {
    if n > 0 && !evidence {
        return Figure { n, ..Figure::none("no_incident_source") };
    }
    Figure::share(hits, n)
}

/// Each figure week by week, for the sparklines.
fn weekly(pool: &Pool, window: &Window) -> [Vec<Option<f64>>; 5] {
    let mut series: [Vec<Option<f64>>; 5] = Default::default();
    for (from, to) in window.whole_weeks() {
        let week = within(&pool.deployments, from, to);
        let part = Window { from, to, zone: window.zone, label: String::new() };
        let known = pool.first_event.is_some_and(|first| first < to) && pool.owned.any_in(&part);
        let counted = week.iter().filter(|it| !it.rollback).count();
        let leads = week.iter().flat_map(|it| it.leads.iter().copied());
        let recoveries = week.iter().filter_map(|it| if let PackedRecovery::After(micros) = it.recovery { Some(micros) } else { None });
        let share = |hits: usize, n: usize| (n > 0 && pool.evidence).then(|| to_f64(hits as u64) / to_f64(n as u64));
        series[0].push(known.then(|| weekly_rate(week.len(), (from, to))));
        series[1].push(median_secs(leads));
        series[2].push(median_secs(recoveries.filter(|micros| *micros >= 0)));
        series[3].push(share(week.iter().filter(|it| it.failed && !it.rollback).count(), counted));
        series[4].push(share(week.iter().filter(|it| it.rework).count(), week.len()));
    }
    series
}

fn sum(deployments: &[Packed], of: impl Fn(&Packed) -> u32) -> u64 {
    deployments.iter().map(|it| u64::from(of(it))).sum()
}
