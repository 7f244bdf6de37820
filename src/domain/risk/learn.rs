//! [`learn`]: weights from projects whose date has passed, drawn towards the published ones.
//!
//! A logistic regression with a ridge: each weight is held near its published value as by a normal prior of standard deviation one half, so
//! that thirty projects move it a little and three hundred as far as they have a reason to. Every project counts the same, however many
//! weeks it was looked at. Under [`LEARNT_FROM`] projects the published weights stand.
//!
//! Newton's method, from the published weights, in a fixed order: the same projects give the same digits. Checked against `SciPy`
//! (`tests/statistics/risk.py`).

use super::super::time::At;
use super::feature::Feature;
use super::score::{Model, logistic};
use super::snapshot::Snapshot;

/// Projects from which on weights are learnt.
pub const LEARNT_FROM: usize = 30;
/// How strongly a weight is held: one over the square of one half.
const HOLD: f64 = 4.0;
/// Newton's steps; five are usual.
const STEPS: usize = 50;

/// All weights, the start first.
pub(super) const WIDTH: usize = Feature::ALL.len() + 1;
type Row = [f64; WIDTH];

/// What one ended project teaches.
#[derive(Debug, Clone, Copy)]
pub struct Lesson<'a> {
    /// When its outcome was known.
    pub known_at: At,
    /// Whether it missed its date.
    pub missed: bool,
    /// Its weekly snapshots.
    pub snapshots: &'a [Snapshot],
}

/// The weights as of an instant: from projects whose outcome was known by then.
pub fn learn(lessons: &[Lesson], now: At) -> Model {
    let published = Model::default();
    let known: Vec<(Vec<Row>, bool)> = lessons
        .iter()
        .filter(|lesson| lesson.known_at <= now)
        .map(|lesson| (lesson.snapshots.iter().filter(|it| it.forecast().is_some()).map(row).collect::<Vec<_>>(), lesson.missed))
        .filter(|(rows, _)| !rows.is_empty())
        .collect();
    if known.len() < LEARNT_FROM {
        return published;
    }
    let cases: Vec<(Row, bool, f64)> =
        known.iter().flat_map(|(rows, missed)| rows.iter().map(|row| (*row, *missed, 1.0 / real(rows.len())))).collect();
    let mut before = [0.0; WIDTH];
    before[0] = published.start;
    before[1..].copy_from_slice(&published.weights);
    let found = fit(&cases, &before, HOLD);
    let mut weights = published.weights;
    weights.copy_from_slice(&found[1..]);
    Model { start: found[0], weights, learnt_from: u32::try_from(known.len()).unwrap_or(u32::MAX) }
}

/// A snapshot as numbers; what is absent is that of a usual project.
fn row(snapshot: &Snapshot) -> Row {
    let mut row = [0.0; WIDTH];
    row[0] = 1.0;
    for seen in &snapshot.features {
        row[seen.feature.place() + 1] = seen.scaled();
    }
    row
}

/// The weights that fit cases (numbers, outcome, how much it counts) best while each is held near `before`.
pub(super) fn fit(cases: &[(Row, bool, f64)], before: &Row, hold: f64) -> Row {
    let mut weights = *before;
    for _ in 0..STEPS {
        let (mut slope, mut curve) = ([0.0; WIDTH], [[0.0; WIDTH]; WIDTH]);
        for (row, missed, counts) in cases {
            let chance = logistic(row.iter().zip(&weights).map(|(x, weight)| x * weight).sum());
            let off = counts * (f64::from(u8::from(*missed)) - chance);
            let steep = counts * chance * (1.0 - chance);
            for (at, x) in row.iter().enumerate().filter(|(_, x)| **x != 0.0) {
                slope[at] += off * x;
                for (to, sum) in curve[at].iter_mut().enumerate() {
                    *sum += steep * x * row[to];
                }
            }
        }
        for at in 0..WIDTH {
            slope[at] -= hold * (weights[at] - before[at]);
            curve[at][at] += hold;
        }
        let step = solve(curve, slope);
        weights.iter_mut().zip(&step).for_each(|(weight, step)| *weight += step);
        if step.iter().all(|step| step.abs() < 1e-12) {
            break;
        }
    }
    weights
}

/// Solves a system of a symmetric positive definite matrix, by elimination: such a one needs no exchange of rows.
fn solve(mut matrix: [Row; WIDTH], mut right: Row) -> Row {
    for at in 0..WIDTH {
        let pivot = matrix[at];
        for below in at + 1..WIDTH {
            let factor = matrix[below][at] / pivot[at];
            for to in at..WIDTH {
                matrix[below][to] -= factor * pivot[to];
            }
            right[below] -= factor * right[at];
        }
    }
    for at in (0..WIDTH).rev() {
        let known: f64 = (at + 1..WIDTH).map(|to| matrix[at][to] * right[to]).sum();
        right[at] = (right[at] - known) / matrix[at][at];
    }
    right
}

fn real(len: usize) -> f64 {
    f64::from(u32::try_from(len).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::feature::Seen;
    use super::*;

    const RECORDED: &str = include_str!("../../../tests/statistics/risk.json");

    #[test]
    fn agrees_with_scipy() {
        let recorded: Value = serde_json::from_str(RECORDED).unwrap();
        let numbers = |value: &Value| -> Row {
            let list: Vec<f64> = value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect();
            list.try_into().unwrap()
        };
        let all = recorded["ridge"].as_array().unwrap();
        assert!(all.len() >= 3);
        for case in all {
            let rows = case["rows"].as_array().unwrap().iter();
            let cases: Vec<(Row, bool, f64)> =
                rows.map(|row| (numbers(&row[0]), row[1].as_bool().unwrap(), row[2].as_f64().unwrap())).collect();
            let ours = fit(&cases, &numbers(&case["before"]), case["hold"].as_f64().unwrap());
            for (ours, theirs) in ours.iter().zip(numbers(&case["weights"])) {
                assert!((ours - theirs).abs() < 1e-6, "{ours} {theirs}");
            }
        }
    }

    fn snapshot(forecast: f64, silence: f64) -> Snapshot {
        let seen = |feature, value| Seen { feature, value, usual: 1.0, n: 5 };
        let features = vec![seen(Feature::MissChance, forecast), seen(Feature::Silence, silence)];
        Snapshot { project: "p".into(), at: At(0), due: At(9), done: 1, remaining: 5, features }
    }

    #[test]
    fn the_published_weights_stand_until_thirty_have_ended() {
        // Silent ones are late whatever the forecast says.
        let silent = vec![snapshot(0.5, 15.0); 4];
        let busy = vec![snapshot(0.5, 1.0); 9];
        let lessons = |count: usize| -> Vec<Lesson> {
            let one = |at: usize| {
                let missed = at.is_multiple_of(2);
                Lesson { known_at: At(5), missed, snapshots: if missed { &silent } else { &busy } }
            };
            (0..count).map(one).collect()
        };
        assert_eq!(learn(&lessons(29), At(5)), Model::default());
        assert_eq!(learn(&lessons(40), At(4)), Model::default(), "nothing was known by then");
        let learnt = learn(&lessons(40), At(5));
        assert_eq!(learnt.learnt_from, 40);
        let weight = |model: &Model| model.weights[Feature::Silence.place()];
        assert!(weight(&learnt) > weight(&Model::default()) + 0.3, "{learnt:?}");
        let focus = Feature::Focus.place();
        assert!((learnt.weights[focus] - Model::default().weights[focus]).abs() < 1e-12, "what was never seen is as published");
    }

    #[test]
    fn a_project_that_was_looked_at_often_counts_once() {
        let (often, seldom) = (vec![snapshot(0.5, 15.0); 40], vec![snapshot(0.5, 15.0)]);
        let of = |late: &[Snapshot]| {
            let lessons: Vec<Lesson> =
                (0..30).map(|at| Lesson { known_at: At(1), missed: at < 20, snapshots: if at < 20 { late } else { &seldom } }).collect();
            learn(&lessons, At(1))
        };
        let (a, b) = (of(&often), of(&seldom));
        assert!(a.weights.iter().zip(b.weights).all(|(a, b)| (a - b).abs() < 1e-9));
    }
}
