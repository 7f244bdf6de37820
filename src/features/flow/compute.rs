//! The figures of flow over a window, exactly as `metrics.md` defines them. Pure.
//!
//! A change belongs to the window in which it was merged, an item to that in which it was done. Work in progress is what
//! there is at the end of the window.

use std::collections::{BTreeMap, HashMap};

use crate::domain::card::Metric;
use crate::domain::derive::change_day::{PackedChange, PackedRun};
use crate::domain::figure::{Against, FEW_OF_MEDIAN, Figure, is_before_data, median_secs, sorted, to_f64, within};
use crate::domain::flow::{FlowPool, ItemSpan};
use crate::domain::metric::{Definition, FLOW};
use crate::domain::org::Owned;
use crate::domain::stats;
use crate::domain::time::At;
use crate::domain::window::Window;

/// Fewer reviewers than this would tell of persons.
const LEAST_REVIEWERS: usize = 3;
/// What is counted by membership would be a figure of persons in a scope of fewer people than this.
const LEAST_PEOPLE: usize = 3;

/// What work in progress counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WorkOf {
    /// Work items of a tracker.
    #[default]
    Items,
    /// Open changes, where no tracker tells of items.
    Changes,
}

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// Over the window, in the order of [`FLOW`].
    pub now: Vec<Figure>,
    /// Over the window before, likewise, to compare with; none where that metric's data begins later.
    pub before: Vec<Option<Figure>>,
    /// In machine form.
    pub metrics: Vec<Metric>,
    /// Weekly values, oldest first, in the order of [`FLOW`].
    pub weekly: Vec<Vec<Option<f64>>>,
    /// What work in progress counts.
    pub work_of: WorkOf,
    /// Of the work in progress, how many are older than 85 % of finished ones took.
    pub aged: Option<u64>,
    /// How reviews are spread.
    pub reviews: Option<ReviewSpread>,
    /// The median run, in seconds.
    pub ci_secs: Option<f64>,
    /// How many services are in the pool.
    pub services: usize,
    /// When the scope owned any service.
    pub owned: Owned,
    /// The first merged change of the scope.
    pub first_change: Option<At>,
}

/// How the reviews of merged changes are spread over those who review: of the team, never of one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReviewSpread {
    /// Reviewed changes, once for each who reviewed it.
    pub n: u64,
    /// How many review.
    pub reviewers: u64,
    /// As if so many reviewed equally: the exponential of the entropy of their shares.
    pub effective: f64,
}

/// Computes them for a window, with the window before, and targets.
pub fn compute(pool: &FlowPool, window: &Window, targets: &BTreeMap<String, f64>) -> Flow {
    let now = figures(pool, window);
    let previous = window.previous();
    let mut earlier: Option<Vec<Figure>> = None;
    let (mut before, mut metrics) = (Vec::new(), Vec::new());
    for (place, definition) in FLOW.iter().enumerate() {
        let against = Against { window, first: first(pool, definition.id), target: targets.get(definition.id).copied() };
        let figure = against.has_some_before().then(|| earlier.get_or_insert_with(|| figures(pool, &previous))[place].clone());
        metrics.push(against.metric(definition, &now[place], figure.as_ref()));
        before.push(figure.filter(|figure| against.has_before() && figure.value.is_some()));
    }
    let work_of = work_of(pool);
    let spans = finished(pool, window);
    let limit = stats::quantile_of_whole(&spans, 0.85).filter(|_| spans.len() as u64 >= FEW_OF_MEDIAN);
    let told = in_progress_for(pool, window).value.is_some();
    #[allow(clippy::cast_precision_loss, reason = "spans stay far below 2^53 microseconds")]
    let aged = limit.filter(|_| told).map(|limit| ages(pool, window.to).into_iter().filter(|age| *age as f64 > limit).count() as u64);
    let runs = runs_within(&pool.runs, window);
    Flow {
        now,
        before,
        metrics,
        weekly: weekly(pool, window),
        work_of,
        aged,
        reviews: review_spread(merged_within(&pool.merged, window)),
        ci_secs: median_secs(runs.iter().filter_map(|run| run.span).filter(|span| *span >= 0)),
        services: pool.services,
        owned: pool.owned.clone(),
        first_change: pool.first.change,
    }
}

/// The first fact that a metric counts.
pub fn first(pool: &FlowPool, id: &str) -> Option<At> {
    match id {
        _ if is_of_items(pool, id) => pool.first.item,
        "ci_pass_rate" => pool.first.run,
        _ => pool.first.change,
    }
}

/// Whether a metric counts work items, which are people's and no service's.
pub fn is_of_items(pool: &FlowPool, id: &str) -> bool {
    id == "items_done" || (matches!(id, "wip" | "wip_age") && work_of(pool) == WorkOf::Items)
}

fn work_of(pool: &FlowPool) -> WorkOf {
    if pool.tracked && !pool.items.is_empty() { WorkOf::Items } else { WorkOf::Changes }
}

/// Each figure over a window, in the order of [`FLOW`].
pub fn figures(pool: &FlowPool, window: &Window) -> Vec<Figure> {
    let all = merged_within(&pool.merged, window);
    let by_people: Vec<&PackedChange> = all.iter().filter(|change| !change.bot).collect();
    let bots = (all.len() - by_people.len()) as u64;
    let stage = |of: fn(&PackedChange) -> Option<i64>| {
        let known: Vec<i64> = by_people.iter().filter_map(|change| of(change)).collect();
        let negative = known.iter().filter(|span| **span < 0).count() as u64;
        Figure::median_of_spans(known.into_iter().filter(|span| *span >= 0)).without("negative_span", negative).without("bot", bots)
    };
    let missing = |of: fn(&PackedChange) -> Option<i64>| by_people.iter().filter(|change| of(change).is_none()).count() as u64;
    let cycle = stage(|change| change.cycle);
    let pickup = stage(|change| change.pickup).without("unreviewed", missing(|change| change.pickup));
    let review = stage(|change| change.review).without("unreviewed", missing(|change| change.review));
    let deploy = stage(|change| change.deploy).without("not_deployed", missing(|change| change.deploy));
    let figures = vec![
        cycle,
        stage(|change| change.coding),
        pickup,
        review,
        deploy,
        merged_a_week(pool, &by_people, window).without("bot", bots),
        Figure::median_of_counts(by_people.iter().filter_map(|change| change.lines)).without("bot", bots),
        done_a_week(pool, window),
        in_progress(pool, window),
        in_progress_for(pool, window),
        passing(&pool.runs, window),
        assisted(all),
    ];
    let before_data = |id: &str| withheld(pool, id, window).is_none() && is_before_data(first(pool, id), window);
    let known = |(figure, definition): (Figure, &Definition)| {
        if before_data(definition.id) { Figure::none("before_data") } else { figure }
    };
    figures.into_iter().zip(&FLOW).map(known).collect()
}

/// Why a figure of items that are counted by membership is not told: nobody is in the scope, or so few that it would be a figure
/// of persons.
pub fn withheld(pool: &FlowPool, id: &str, window: &Window) -> Option<&'static str> {
    let people = pool.people.as_ref().filter(|_| is_of_items(pool, id))?;
    let count = |is_in: &dyn Fn(&Owned) -> bool| people.iter().filter(|spans| is_in(&Owned::of([spans.as_slice()]))).count();
    let mut least = count(&|spans| spans.any_in(window));
    if id != "items_done" {
        least = least.min(count(&|spans| spans.holds(window.to)));
    }
    match least {
        0 => Some("no_data"),
        few if few < LEAST_PEOPLE => Some("too_few_people"),
        _ => None,
    }
}

fn merged_a_week(pool: &FlowPool, changes: &[&PackedChange], window: &Window) -> Figure {
    if pool.first.change.is_none() || !pool.owned.any_in(window) || (changes.is_empty() && !pool.alive) {
        return Figure::none("no_data");
    }
    Figure::rate(&changes.iter().map(|change| change.merged_at()).collect::<Vec<_>>(), window)
}

fn done_a_week(pool: &FlowPool, window: &Window) -> Figure {
    if let Some(reason) = withheld(pool, "items_done", window) {
        return Figure::none(reason);
    }
    let done = done(pool);
    let within = within(&done, window.from, window.to);
    if done.is_empty() && (!pool.tracked || !pool.alive) {
        return Figure::none("no_data");
    }
    Figure::rate(within, window)
}

/// When items were done, in order.
fn done(pool: &FlowPool) -> Vec<At> {
    let mut done: Vec<At> = pool.items.iter().filter_map(|item| item.done_at).collect();
    done.sort_unstable();
    done
}

/// How long finished items took, sorted: of those done in the window.
fn finished(pool: &FlowPool, window: &Window) -> Vec<i64> {
    if work_of(pool) == WorkOf::Changes {
        let open = |change: &PackedChange| Some(change.cycle? - change.coding.unwrap_or(0).max(0) - change.deploy.unwrap_or(0).max(0));
        return sorted(merged_within(&pool.merged, window).iter().filter(|change| !change.bot).filter_map(open).filter(|span| *span >= 0));
    }
    let done = pool.items.iter().filter(|item| item.done_at.is_some_and(|at| window.holds(at)));
    sorted(done.filter_map(|item| Some(item.done_at?.since(item.started_at?))).filter(|span| *span >= 0))
}

/// The ages of what is in progress at an instant, sorted.
fn ages(pool: &FlowPool, at: At) -> Vec<i64> {
    match work_of(pool) {
        WorkOf::Items => {
            sorted(pool.items.iter().filter(|item| is_in_progress(item, at)).filter_map(|item| Some(at.since(item.started_at?))))
        }
        WorkOf::Changes => sorted(pool.open.iter().map(|change| at.since(change.since).max(0))),
    }
}

fn is_in_progress(item: &ItemSpan, at: At) -> bool {
    item.started_at.is_some_and(|started| started <= at) && item.done_at.is_none_or(|done| done > at)
}

/// Open changes are known as they are now, so that they tell nothing of an earlier instant, nor of services given away.
fn is_known_at(pool: &FlowPool, window: &Window, of: WorkOf) -> bool {
    of == WorkOf::Items || (pool.open_at.is_some_and(|at| at == window.to) && pool.owned.holds(window.to))
}

fn in_progress(pool: &FlowPool, window: &Window) -> Figure {
    if let Some(reason) = withheld(pool, "wip", window) {
        return Figure::none(reason);
    }
    let of = work_of(pool);
    if !is_known_at(pool, window, of) || first(pool, "wip").is_none_or(|first| first > window.to) {
        return Figure::none("no_data");
    }
    let n = ages(pool, window.to).len() as u64;
    Figure { value: Some(to_f64(n)), n, ..Figure::default() }
}

fn in_progress_for(pool: &FlowPool, window: &Window) -> Figure {
    if let Some(reason) = withheld(pool, "wip_age", window) {
        return Figure::none(reason);
    }
    if !is_known_at(pool, window, work_of(pool)) {
        return Figure::none("no_data");
    }
    let spans = finished(pool, window);
    let percentile = |name: &str, p: f64| stats::quantile_of_whole(&spans, p).map(|micros| (name.to_string(), micros / 1e6));
    let percentiles: BTreeMap<String, f64> =
        [percentile("50", 0.5), percentile("85", 0.85), percentile("95", 0.95)].into_iter().flatten().collect();
    let mut figure = Figure::median_of_spans(ages(pool, window.to));
    figure.percentiles = (!percentiles.is_empty()).then_some(percentiles);
    figure
}

fn passing(runs: &[PackedRun], window: &Window) -> Figure {
    let runs = runs_within(runs, window);
    Figure::share(runs.iter().filter(|run| run.passed).count() as u64, runs.len() as u64)
}

/// Of all merged changes, those by accounts of assistants too.
fn assisted(changes: &[PackedChange]) -> Figure {
    let known = changes.iter().filter_map(|change| change.ai.filter(|ai| *ai || !change.bot));
    let (hits, n) = known.fold((0, 0), |(hits, n), ai| (hits + u64::from(ai), n + 1));
    let unknown = changes.iter().filter(|change| !change.bot && change.ai.is_none()).count() as u64;
    Figure::share(hits, n).without("unknown_commit", unknown)
}

fn review_spread(changes: &[PackedChange]) -> Option<ReviewSpread> {
    let mut counts: HashMap<u64, u64> = HashMap::new();
    for reviewer in changes.iter().filter(|change| !change.bot).flat_map(|change| &change.reviewers) {
        *counts.entry(*reviewer).or_default() += 1;
    }
    let n: u64 = counts.values().sum();
    if counts.len() < LEAST_REVIEWERS {
        return None;
    }
    let mut shares: Vec<u64> = counts.into_values().collect();
    shares.sort_unstable(); // the same sum whatever the order of the map
    let entropy: f64 = shares.iter().map(|count| to_f64(*count) / to_f64(n)).map(|share| -share * share.ln()).sum();
    Some(ReviewSpread { n, reviewers: shares.len() as u64, effective: entropy.exp() })
}

/// The merged changes of a window; they are in order of time.
fn merged_within<'a>(changes: &'a [PackedChange], window: &Window) -> &'a [PackedChange] {
    let start = changes.partition_point(|change| change.merged_at() < window.from);
    let end = changes.partition_point(|change| change.merged_at() < window.to);
    &changes[start..end.max(start)]
}

fn runs_within<'a>(runs: &'a [PackedRun], window: &Window) -> &'a [PackedRun] {
    let start = runs.partition_point(|run| At(run.at) < window.from);
    let end = runs.partition_point(|run| At(run.at) < window.to);
    &runs[start..end.max(start)]
}

/// Each figure week by week, for the sparklines.
fn weekly(pool: &FlowPool, window: &Window) -> Vec<Vec<Option<f64>>> {
    let mut series = vec![Vec::new(); FLOW.len()];
    for (from, to) in window.whole_weeks() {
        let week = Window { from, to, zone: window.zone, label: String::new() };
        let figures = figures(pool, &week);
        for ((figure, definition), series) in figures.into_iter().zip(&FLOW).zip(&mut series) {
            let known = first(pool, definition.id).is_some_and(|first| first < to);
            series.push(figure.value.filter(|_| known));
        }
    }
    series
}
