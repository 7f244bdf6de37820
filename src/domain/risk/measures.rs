//! How well chances tell late projects from others: the area under the curve with its interval, precision of the first few, a median.
//!
//! Weekly snapshots of one project share their fate, so that a hundred of them are one case: the interval comes from drawing whole projects
//! again, with a fixed seed. Checked against scikit-learn (`tests/statistics/risk.py`).

use super::super::stats::{SplitMix64, quantile};

/// Draws of projects for an interval.
const DRAWS: usize = 1_000;
const SEED: u64 = 20_261_124;

/// The chances of one project, and whether it was late.
pub(super) type Chances = (Vec<f64>, bool);

/// The area under the curve: how often a week of a late project had a higher chance than a week of another one, a tie being half. With its
/// 95 % interval; none where all or none were late.
pub(super) fn area(projects: &[Chances]) -> Option<(f64, [f64; 2])> {
    let of =
        |late: bool| projects.iter().filter(move |project| project.1 == late && !project.0.is_empty()).map(|project| sorted(&project.0));
    let (late, others): (Vec<Vec<f64>>, Vec<Vec<f64>>) = (of(true).collect(), of(false).collect());
    if late.is_empty() || others.is_empty() {
        return None;
    }
    let wins: Vec<Vec<f64>> = late.iter().map(|late| others.iter().map(|other| above(late, other)).collect()).collect();
    let share = |of_late: &[usize], of_others: &[usize]| {
        let (mut won, mut all) = (0.0, 0.0);
        for l in of_late {
            for o in of_others {
                won += wins[*l][*o];
                all += real(late[*l].len()) * real(others[*o].len());
            }
        }
        won / all
    };
    let every = |len: usize| (0..len).collect::<Vec<_>>();
    let found = share(&every(late.len()), &every(others.len()));
    let mut random = SplitMix64::new(SEED);
    let mut draw = |len: usize| (0..len).map(|_| random.below(len)).collect::<Vec<_>>();
    let mut drawn: Vec<f64> = (0..DRAWS).map(|_| share(&draw(late.len()), &draw(others.len()))).collect();
    drawn.sort_unstable_by(f64::total_cmp);
    let [low, high] = [0.025, 0.975].map(|p| quantile(&drawn, p).unwrap_or(found));
    Some((found, [low.min(found), high.max(found)]))
}

/// The area alone.
pub(super) fn area_alone(projects: &[Chances]) -> Option<f64> {
    let of =
        |late: bool| sorted(&projects.iter().filter(|project| project.1 == late).flat_map(|project| project.0.clone()).collect::<Vec<_>>());
    let (late, others) = (of(true), of(false));
    (!late.is_empty() && !others.is_empty()).then(|| above(&late, &others) / real(late.len()) / real(others.len()))
}

/// Of all pairs of two sorted lists, how often the first is above the second, a tie being half.
fn above(first: &[f64], second: &[f64]) -> f64 {
    first
        .iter()
        .map(|value| {
            let (less, not_more) = (second.partition_point(|other| other < value), second.partition_point(|other| other <= value));
            real(less) + 0.5 * real(not_more - less)
        })
        .sum()
}

/// The share that was late among the `k` with the highest chances; of equal ones the first. None of fewer.
pub(super) fn precision(week: &[(f64, bool)], k: usize) -> Option<f64> {
    let mut order: Vec<&(f64, bool)> = week.iter().collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    let first = order.get(..k)?;
    Some(real(first.iter().filter(|one| one.1).count()) / real(k))
}

/// The median of values.
pub(super) fn middle(values: &[f64]) -> Option<f64> {
    quantile(&sorted(values), 0.5)
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// A length as a real number.
#[allow(clippy::cast_precision_loss, reason = "lengths in memory are far below 2^53, so nothing is lost")]
pub(super) fn real(len: usize) -> f64 {
    len as f64
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const RECORDED: &str = include_str!("../../../tests/statistics/risk.json");

    #[test]
    fn agrees_with_scikit_learn() {
        let recorded: Value = serde_json::from_str(RECORDED).unwrap();
        let all = recorded["area"].as_array().unwrap();
        assert!(all.len() >= 4);
        for case in all {
            let project = |it: &Value| -> Chances {
                (it[0].as_array().unwrap().iter().map(|chance| chance.as_f64().unwrap()).collect(), it[1].as_bool().unwrap())
            };
            let projects: Vec<Chances> = case["projects"].as_array().unwrap().iter().map(project).collect();
            let (found, [low, high]) = area(&projects).unwrap();
            assert!((found - case["area"].as_f64().unwrap()).abs() < 1e-12, "{found} {case}");
            assert!((area_alone(&projects).unwrap() - found).abs() < 1e-12);
            assert!(low <= found && found <= high && high <= 1.0 && low >= 0.0);
            // Ours and theirs draw differently: a twentieth is the noise of a thousand draws of so few projects.
            let theirs = case["interval"].as_array().unwrap();
            assert!(
                (low - theirs[0].as_f64().unwrap()).abs() < 0.05 && (high - theirs[1].as_f64().unwrap()).abs() < 0.05,
                "{low} {high} {theirs:?}"
            );
        }
    }

    #[test]
    fn all_or_none_late_have_no_area() {
        assert_eq!(area(&[(vec![0.5], true), (vec![0.1], true)]), None);
        assert_eq!(area(&[]), None);
        assert_eq!(area_alone(&[(vec![0.5], false)]), None);
    }

    #[test]
    fn precision_is_of_the_first_few() {
        let week = [(0.9, true), (0.2, true), (0.8, false), (0.7, true)];
        assert_eq!([1, 2, 3, 5].map(|k| precision(&week, k)), [Some(1.0), Some(0.5), Some(2.0 / 3.0), None]);
    }
}
