//! The five figures against the Quick Check's tables, and the spread of the organisation's own teams. Pure.

use super::choice::Choice;
use crate::domain::benchmark::answer::Answer;
use crate::domain::benchmark::quick_check::QUESTIONS;
use crate::domain::card::Metric;
use crate::domain::metric::DORA;
use crate::domain::stats;
use crate::features::dora::compute::Dora;

/// An interval that spans more percentiles than this is not separable: a quarter of all who answered.
pub const NOT_SEPARABLE: f64 = 25.0;
/// A spread over fewer teams would be a list of them.
pub const FEWEST_TEAMS: usize = 3;

/// One of the five against the tables.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// The answer in the survey; none without a value, or where nothing was deployed.
    pub answer: Option<Answer>,
    /// Against each of [`Choice::groups`]; none where that year did not ask.
    pub against: Vec<Option<Against>>,
}

/// A figure against one group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Against {
    /// The group's mean score; 10 is best.
    pub mean: f64,
    /// Its standard deviation.
    pub deviation: f64,
    /// How many in a hundred the figure is ahead of; none where that is not separable or there is too little.
    pub percentile: Option<f64>,
    /// The same of the two ends of the interval, the lesser first; none where there is too little.
    pub range: Option<[f64; 2]>,
}

/// Where the organisation's own teams lie in one of the five.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// In [`DORA`].
    pub place: usize,
    /// How many teams have enough data.
    pub teams: usize,
    /// Least, lower quartile, median, upper quartile, greatest, in the metric's unit.
    pub points: [f64; 5],
}

/// Scores of the survey as a whole, from 0 to 10; none where an answer is missing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[allow(missing_docs, reason = "plain names")]
pub struct Scores {
    pub overall: Option<f64>,
    pub throughput: Option<f64>,
    pub stability: Option<f64>,
    /// The first group's mean of the same questions.
    pub mean: Option<f64>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Benchmark {
    /// What is compared with.
    pub choice: Choice,
    /// In the order of [`DORA`].
    pub compared: Vec<Compared>,
    /// Of those with at least [`FEWEST_TEAMS`].
    pub spread: Vec<Spread>,
    /// Of all questions of the year.
    pub scores: Scores,
}

/// Compares the five with the tables; `teams` are the figures of each team for the spread.
pub fn compute(dora: &Dora, choice: Choice, teams: &[Vec<Metric>]) -> Benchmark {
    let compared: Vec<Compared> = (0..DORA.len()).map(|place| compare(dora, &choice, place)).collect();
    let scores = scores(&compared, &choice);
    let spread = (0..DORA.len()).filter_map(|place| spread(teams, place)).collect();
    Benchmark { choice, compared, spread, scores }
}

fn compare(dora: &Dora, choice: &Choice, place: usize) -> Compared {
    let metric = &dora.metrics[place];
    let answer_of = |value: f64| Answer::of(&metric.id, value);
    // Nothing deployed in three months may be once in six, or less: no answer.
    let answer = metric.value.filter(|_| metric.n > 0).and_then(answer_of);
    // As with bands: no judgement on too little, nor where an open failure could move the median.
    let judged = metric.reason.is_none();
    let ends = metric.interval.filter(|_| judged && answer.is_some()).and_then(|[low, high]| Some([answer_of(low)?, answer_of(high)?]));
    let against = choice.groups().map(|group| {
        let published = group.published(&metric.id)?;
        let at_value = answer.map(|answer| answer.percentile(published));
        let range = ends.zip(at_value).map(|(ends, at_value)| {
            let [one, other] = ends.map(|answer| answer.percentile(published));
            [one.min(other).min(at_value), one.max(other).max(at_value)]
        });
        let percentile = at_value.filter(|_| range.is_some_and(|[low, high]| high - low <= NOT_SEPARABLE));
        Some(Against { mean: published.mean, deviation: published.deviation, percentile, range })
    });
    Compared { answer, against: against.collect() }
}

/// Means of the scores, as dora.dev has them: only where every question of the year has an answer.
fn scores(compared: &[Compared], choice: &Choice) -> Scores {
    let group = choice.groups().next().unwrap_or(choice.edition.everybody());
    let asked = |percentages: &[bool]| -> Vec<usize> {
        let of = QUESTIONS.iter().filter(|(id, _, percentage)| percentages.contains(percentage) && group.published(id).is_some());
        of.filter_map(|(id, ..)| DORA.iter().position(|known| known.id == *id)).collect()
    };
    let mean_of = |percentages: &[bool], of: &dyn Fn(&Compared) -> Option<f64>| {
        let values = asked(percentages).into_iter().map(|place| of(&compared[place])).collect::<Option<Vec<f64>>>()?;
        Some(values.iter().sum::<f64>() / f64::from(u32::try_from(values.len()).ok().filter(|count| *count > 0)?))
    };
    let score = |compared: &Compared| compared.answer.map(Answer::score);
    let mean = |compared: &Compared| compared.against.first().copied().flatten().map(|against| against.mean);
    Scores {
        overall: mean_of(&[false, true], &score),
        throughput: mean_of(&[false], &score),
        stability: mean_of(&[true], &score),
        mean: mean_of(&[false, true], &mean),
    }
}

/// The spread over the teams with enough data for that metric.
fn spread(teams: &[Vec<Metric>], place: usize) -> Option<Spread> {
    let enough = |metric: &&Metric| metric.reason.is_none();
    let mut values: Vec<f64> = teams.iter().filter_map(|team| team.get(place)).filter(enough).filter_map(|metric| metric.value).collect();
    values.sort_by(f64::total_cmp);
    if values.len() < FEWEST_TEAMS {
        return None;
    }
    let at = |p: f64| stats::quantile(&values, p);
    Some(Spread { place, teams: values.len(), points: [at(0.0)?, at(0.25)?, at(0.5)?, at(0.75)?, at(1.0)?] })
}
