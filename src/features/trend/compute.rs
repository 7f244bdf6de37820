//! A metric week by week, its two halves, and what changed in its scope. Pure.

use std::collections::BTreeMap;

use crate::domain::card::{Metric, Scope, Target, Tone};
use crate::domain::figure::{self, Against, Figure};
use crate::domain::flow::FlowPool;
use crate::domain::metric::{DORA, Definition, FLOW};
use crate::domain::org::{Org, Owned};
use crate::domain::pool::Pool;
use crate::domain::time::At;
use crate::domain::window::Window;
use crate::features::{dora, flow};

/// A metric over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Trend {
    /// Which.
    pub definition: &'static Definition,
    /// Over the whole period, in machine form.
    pub metric: Metric,
    /// A point a week, oldest first.
    pub points: Vec<Point>,
    /// The earlier half of the period; none where the data begins later.
    pub earlier: Option<Figure>,
    /// The later half.
    pub later: Figure,
    /// What is aimed at, and how the later half stands to it; the whole period where that half has no value.
    pub target: Option<Target>,
    /// Why the halves are not compared.
    pub uncompared: Option<Uncompared>,
    /// The length of a half in weeks.
    pub half_weeks: usize,
    /// When the scope owned any service; always for what people do.
    pub owned: Owned,
    /// The first fact that it counts.
    pub first: Option<At>,
    /// What changed in the scope, oldest first.
    pub marks: Vec<Mark>,
}

/// Why the halves of a period are not compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uncompared {
    /// There are less than two weeks.
    Short,
    /// The data begins after the earlier half does.
    BeforeData,
    /// The scope owned no service in one of them.
    NotOwned,
}

/// One week.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Its first instant.
    pub from: At,
    /// The first instant after it.
    pub to: At,
    /// The figure; without a value where the data begins later.
    pub figure: Figure,
}

/// Something that happened to the scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: At,
    /// What, in a few words.
    pub what: String,
}

impl Trend {
    /// Whether a fact that it counts was ever told.
    pub fn is_fed(&self) -> bool {
        self.first.is_some() || self.metric.value.is_some() || self.metric.reason.as_deref() == Some("too_few_people")
    }

    /// How the later half stands to the earlier one.
    pub fn moved(&self) -> Option<(Tone, String)> {
        figure::moved(self.definition, &self.later, self.earlier.as_ref()?)
    }
}

/// What trends are made of.
struct Catalogue<'a> {
    all: &'static [Definition],
    /// When the scope owned any service.
    owned: &'a Owned,
    /// The first fact that a metric counts.
    first: &'a dyn Fn(&str) -> Option<At>,
    /// Whether a metric counts what people do rather than services.
    of_items: &'a dyn Fn(&str) -> bool,
    /// All metrics over a period.
    figures: &'a dyn Fn(&Window) -> Vec<Figure>,
}

/// Trends of DORA's metrics.
pub fn of_dora(
    pool: &Pool,
    wanted: &[&'static Definition],
    window: &Window,
    targets: &BTreeMap<String, f64>,
    marks: &[Mark],
) -> Vec<Trend> {
    let five = |window: &Window| -> Vec<Figure> { dora::compute::five(pool, window).all().into_iter().cloned().collect() };
    let catalogue = Catalogue { all: &DORA, owned: &pool.owned, first: &|_| pool.first_event, of_items: &|_| false, figures: &five };
    trends(&catalogue, wanted, window, targets, marks)
}

/// Trends of flow's.
pub fn of_flow(
    pool: &FlowPool,
    wanted: &[&'static Definition],
    window: &Window,
    targets: &BTreeMap<String, f64>,
    marks: &[Mark],
) -> Vec<Trend> {
    let catalogue = Catalogue {
        all: &FLOW,
        owned: &pool.owned,
        first: &|id| flow::compute::first(pool, id),
        of_items: &|id| flow::compute::is_of_items(pool, id),
        figures: &|window| flow::compute::figures(pool, window),
    };
    trends(&catalogue, wanted, window, targets, marks)
}

/// A metric of DORA's in each of some weeks, oldest first, as [`of_dora`] has its points but without the interval of the lead time.
pub fn weeks_of_dora(pool: &Pool, known: &Definition, weeks: &[(At, At)]) -> Vec<(At, Figure)> {
    let place = DORA.iter().position(|it| it.id == known.id).unwrap_or_default();
    let figure = |window: &Window| {
        if pool.owned.any_in(window) { dora::compute::quick(pool, window, place) } else { Figure::none("no_data") }
    };
    in_weeks(pool.first_event, weeks, figure)
}

/// One of flow's, likewise.
pub fn weeks_of_flow(pool: &FlowPool, known: &Definition, weeks: &[(At, At)]) -> Vec<(At, Figure)> {
    let place = FLOW.iter().position(|it| it.id == known.id).unwrap_or_default();
    let figure = |window: &Window| flow::compute::figures(pool, window).swap_remove(place);
    let hidden = |window: &Window| flow::compute::withheld(pool, known.id, window);
    in_weeks(flow::compute::first(pool, known.id), weeks, |window| hidden(window).map_or_else(|| figure(window), Figure::none))
}

/// A figure of whole weeks. That in which the data begins is none of them either: it would look like a quiet one.
fn in_weeks(first: Option<At>, weeks: &[(At, At)], figure: impl Fn(&Window) -> Figure) -> Vec<(At, Figure)> {
    let one = |(from, to): &(At, At)| {
        let window = Window { from: *from, to: *to, zone: chrono_tz::Tz::UTC, label: String::new() };
        let known = first.is_some_and(|first| first <= *from);
        (*from, if known { figure(&window) } else { Figure::none("before_data") })
    };
    weeks.iter().map(one).collect()
}

fn trends(
    catalogue: &Catalogue<'_>,
    wanted: &[&'static Definition],
    window: &Window,
    targets: &BTreeMap<String, f64>,
    marks: &[Mark],
) -> Vec<Trend> {
    let figures = catalogue.figures;
    let weeks = window.whole_weeks();
    let part = |from: At, to: At| Window { from, to, zone: window.zone, label: String::new() };
    let by_week: Vec<(At, At, Vec<Figure>)> = weeks.iter().map(|(from, to)| (*from, *to, figures(&part(*from, *to)))).collect();
    let half = weeks.len() / 2;
    let middle = weeks.len().checked_sub(half).and_then(|place| weeks.get(place)).map_or(window.from, |(from, _)| *from);
    let start = weeks.get(weeks.len() - 2 * half).map_or(window.from, |(from, _)| *from);
    let (before, after) = (part(start, middle), part(middle, window.to));
    let (earlier, later, whole) = (figures(&before), figures(&after), figures(window));
    let one = |definition: &'static Definition| {
        let place = catalogue.all.iter().position(|known| known.id == definition.id)?;
        let first = (catalogue.first)(definition.id);
        let owned = if (catalogue.of_items)(definition.id) { Owned::default() } else { catalogue.owned.clone() };
        let known = |to: At| first.is_some_and(|first| first < to);
        let point = |(from, to, figures): &(At, At, Vec<Figure>)| {
            let figure = if known(*to) { figures[place].clone() } else { Figure::none("before_data") };
            Point { from: *from, to: *to, figure }
        };
        let against = Against { window, first, target: targets.get(definition.id).copied() };
        let metric = Metric { previous: None, ..against.metric(definition, &whole[place], None) };
        let recent = (half > 0 && later[place].value.is_some())
            .then(|| Against { window: &after, ..against }.metric(definition, &later[place], None));
        let uncompared = match () {
            () if half == 0 => Some(Uncompared::Short),
            () if !owned.any_in(&before) || !owned.any_in(&after) => Some(Uncompared::NotOwned),
            () if first.is_none_or(|first| first > start) => Some(Uncompared::BeforeData),
            () => None,
        };
        Some(Trend {
            definition,
            target: recent.map_or_else(|| metric.target.clone(), |recent| recent.target),
            metric,
            points: by_week.iter().map(point).collect(),
            earlier: uncompared.is_none().then(|| earlier[place].clone()),
            uncompared,
            later: later[place].clone(),
            half_weeks: half,
            owned,
            first,
            marks: marks.to_vec(),
        })
    };
    wanted.iter().filter_map(|definition| one(definition)).collect()
}

/// Services that joined or left a team within the period.
pub fn marks(org: &Org, scope: &Scope, window: &Window) -> Vec<Mark> {
    let mut marks: Vec<Mark> = scope
        .teams()
        .iter()
        .flat_map(|team| org.owned(team))
        .flat_map(|(service, span)| {
            let joined = span.from.map(|at| Mark { at, what: format!("{service} joined") });
            let left = span.until.map(|at| Mark { at, what: format!("{service} left") });
            [joined, left]
        })
        .flatten()
        .filter(|mark| window.holds(mark.at))
        .collect();
    marks.sort_by(|a, b| (a.at, &a.what).cmp(&(b.at, &b.what)));
    marks.dedup();
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::derive::day::Packed;
    use crate::domain::metric;
    use crate::domain::org::{OrgFile, apply};
    use crate::domain::time::{DAY, WEEK};

    fn window(weeks: i64) -> Window {
        Window { from: At(100 * WEEK - weeks * WEEK), to: At(100 * WEEK), zone: chrono_tz::Tz::UTC, label: String::new() }
    }

    fn deploying(first: i64, each: impl Fn(i64) -> i64) -> Pool {
        let weeks = (first..100).flat_map(|week| (0..each(week)).map(move |n| week * WEEK + n * DAY / 2));
        let deployments: Vec<Packed> = weeks.map(|at| Packed { at, ..Packed::default() }).collect();
        Pool {
            services: 1,
            first_event: deployments.first().map(Packed::finished_at),
            deployments,
            ever_deployed: true,
            alive: true,
            ..Pool::default()
        }
    }

    fn frequency(pool: &Pool, weeks: i64) -> Trend {
        let wanted = [metric::find("deployment_frequency").expect("known")];
        of_dora(pool, &wanted, &window(weeks), &BTreeMap::new(), &[]).remove(0)
    }

    #[test]
    fn weeks_add_up_to_the_whole_and_halves_are_compared() {
        let trend = frequency(&deploying(50, |week| if week < 87 { 3 } else { 9 }), 26);
        let values: Vec<f64> = trend.points.iter().filter_map(|point| point.figure.value).collect();
        assert_eq!((values.len(), values[0], values[25]), (26, 3.0, 9.0));
        assert_eq!(trend.points.iter().map(|point| point.figure.n).sum::<u64>(), trend.metric.n);
        assert_eq!((trend.later.n, trend.earlier.as_ref().map(|it| it.n), trend.half_weeks), (117, Some(39), 13));
        assert_eq!(trend.moved().map(|(tone, _)| tone), Some(Tone::Good));
    }

    #[test]
    fn weeks_before_the_data_are_gaps_and_no_half_is_compared() {
        let trend = frequency(&deploying(90, |_| 4), 26);
        let known: Vec<bool> = trend.points.iter().map(|point| point.figure.value.is_some()).collect();
        assert_eq!((known.iter().filter(|known| **known).count(), known[15], known[16]), (10, false, true));
        assert_eq!((trend.moved(), trend.metric.reason.as_deref()), (None, Some("before_data")));
    }

    #[test]
    fn a_window_shorter_than_two_weeks_has_no_halves() {
        let trend = frequency(&deploying(50, |_| 4), 1);
        assert_eq!((trend.points.len(), trend.half_weeks, trend.moved()), (1, 0, None));
    }

    #[test]
    fn weeks_have_the_points_of_the_trend_but_for_the_one_in_which_the_data_begin() {
        let mut pool = deploying(90, |week| week % 3 + 2);
        pool.deployments.remove(0); // the data begin within the week
        pool.first_event = pool.deployments.first().map(Packed::finished_at);
        let trend = frequency(&pool, 26);
        let weeks: Vec<(At, At)> = trend.points.iter().map(|point| (point.from, point.to)).collect();
        let told: Vec<Option<f64>> = weeks_of_dora(&pool, trend.definition, &weeks).into_iter().map(|(_, figure)| figure.value).collect();
        let points: Vec<Option<f64>> = trend.points.iter().map(|point| point.figure.value).collect();
        assert_eq!((told[..17].iter().flatten().count(), &told[17..]), (0, &points[17..]));
        assert_eq!((points[16].is_some(), told.iter().flatten().count()), (true, 9));
        let idle = Pool { owned: Owned::of([]), ..pool };
        assert!(weeks_of_dora(&idle, trend.definition, &weeks).iter().all(|(_, figure)| figure.value.is_none()), "it owned nothing");
    }

    #[test]
    fn a_service_that_joins_or_leaves_leaves_a_mark() {
        let file =
            "[[teams]]\nid='pay'\nservices=['a', {id='b', from=1971-10-01}, {id='c', until=1971-11-01}, {id='d', from=1970-01-02}]\n";
        let org = apply(&Org::default(), OrgFile::parse(file).expect("a file"), At(0)).expect("applies");
        let told: Vec<String> = marks(&org, &Scope::Team("pay".into()), &window(26)).into_iter().map(|mark| mark.what).collect();
        assert_eq!(told, ["b joined", "c left"]);
    }
}
