//! Ratings on a scale of 1 to 5, known by their counts alone: the interval of a mean, and whether two samples differ.
//!
//! Several questions answered by the same people make one score, but counts do not say who answered what, so how the questions go
//! together is unknown. It is taken at its widest: as if the errors of all questions rose and fell together. Then quantiles add up, which
//! makes both the interval and the test honest whatever the truth is; a simulation in `domain::survey` shows both.
//!
//! The interval draws answers anew with replacement; its percentiles are Hesterberg's expanded ones, as for medians, and it shrinks by the
//! finite population correction. The test deals the answers of both samples out anew. Above [`LARGEST_DRAWN`] answers both are replaced by
//! their large-sample limit.

use super::gamma::{normal_tail, within_gamma};
use super::random::SplitMix64;
use super::student::student_95;
use super::{Z_95, quantile, real};

/// How many gave each of the answers 1 to 5.
pub type Ratings = [u64; 5];

/// Most answers for which draws are made.
const LARGEST_DRAWN: u64 = 500;
const DRAWS: usize = 2_000;

/// How many answers there are.
pub fn answers(ratings: &Ratings) -> u64 {
    ratings.iter().sum()
}

/// The mean answer, from 1 to 5; none of nothing.
pub fn mean_rating(ratings: &Ratings) -> Option<f64> {
    let n = answers(ratings);
    (n > 0).then(|| moment(ratings, |value| value) / real(n))
}

fn moment(ratings: &Ratings, of: impl Fn(f64) -> f64) -> f64 {
    ratings.iter().zip(1_u32..).map(|(count, value)| real(*count) * of(f64::from(value))).sum()
}

/// The variance of the answers themselves, as of a whole.
fn variance(ratings: &Ratings) -> f64 {
    let (n, mean) = (real(answers(ratings)), mean_rating(ratings).unwrap_or(0.0));
    moment(ratings, |value| (value - mean).powi(2)) / n
}

/// The share of the variance of a mean that is left where `n` of `population` answered.
pub(super) fn correction(n: u64, population: u64) -> f64 {
    if population <= n { 0.0 } else { real(population - n) / real(population - 1) }
}

/// The 95 % interval of a share in a group of `population`, `n` of whom answered: Wilson's, with finite population correction.
pub fn wilson_finite(successes: u64, n: u64, population: u64) -> [f64; 2] {
    if n == 0 {
        return [0.0, 1.0];
    }
    let (hits, trials) = (real(successes.min(n)), real(n));
    let share = hits / trials;
    let z2 = Z_95 * Z_95 * correction(n, population);
    let centre = (hits + z2 / 2.0) / (trials + z2);
    let half = z2.sqrt() / (trials + z2) * (hits * (trials - hits) / trials + z2 / 4.0).sqrt();
    [(centre - half).clamp(0.0, share), (centre + half).clamp(share, 1.0)]
}

/// The 95 % interval of the mean of the questions' mean answers, in a group of `population`; none where a question has under two answers.
pub fn mean_interval(questions: &[Ratings], population: u64, seed: u64) -> Option<[f64; 2]> {
    let mut sums = [0.0; 3];
    for (ratings, number) in questions.iter().zip(0..) {
        let mean = mean_rating(ratings).filter(|_| answers(ratings) >= 2)?;
        let [low, high] = errors(ratings, population, seed.wrapping_add(number));
        sums = [sums[0] + mean, sums[1] + low, sums[2] + high];
    }
    let count = f64::from(u32::try_from(questions.len()).ok().filter(|count| *count > 0)?);
    let [mean, low, high] = sums.map(|sum| sum / count);
    Some([(mean + low.min(0.0)).max(1.0), (mean + high.max(0.0)).min(5.0)])
}

/// How far below and above the mean of one question reaches.
fn errors(ratings: &Ratings, population: u64, seed: u64) -> [f64; 2] {
    let n = answers(ratings);
    let shrink = correction(n, population).sqrt();
    let degrees = usize::try_from(n - 1).unwrap_or(usize::MAX);
    let reach = student_95(degrees) * (real(n) / real(n - 1)).sqrt();
    if n > LARGEST_DRAWN {
        let half = reach * (variance(ratings) / real(n)).sqrt() * shrink;
        return [-half, half];
    }
    let mean = mean_rating(ratings).unwrap_or(0.0);
    let mut random = SplitMix64::new(seed);
    let values = listed(ratings);
    let mut drawn: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let sum: u64 = values.iter().map(|_| values[random.below(values.len())]).sum();
            real(sum) / real(n) - mean
        })
        .collect();
    drawn.sort_unstable_by(f64::total_cmp);
    let tail = normal_tail(reach);
    [tail, 1.0 - tail].map(|p| quantile(&drawn, p).unwrap_or(0.0) * shrink)
}

/// Each answer by itself, from least to greatest.
fn listed(ratings: &Ratings) -> Vec<u64> {
    ratings.iter().zip(1..).flat_map(|(count, value)| std::iter::repeat_n(value, usize::try_from(*count).unwrap_or(0))).collect()
}

/// The chance that two samples of the same questions differ in their mean as much as they do although nothing changed.
///
/// None where a question has no answer in one of them.
pub fn same_mean(questions: &[[Ratings; 2]], seed: u64) -> Option<f64> {
    let (mut apart, mut spread, mut least) = (0.0, 0.0, u64::MAX);
    for [before, after] in questions {
        apart += mean_rating(after)? - mean_rating(before)?;
        spread += deviation_if_same(before, after);
        least = least.min(answers(before)).min(answers(after));
    }
    if questions.is_empty() || spread <= 0.0 {
        return (!questions.is_empty()).then_some(1.0);
    }
    if least > LARGEST_DRAWN {
        return Some(beyond(apart.abs() / spread));
    }
    let mut sums = vec![0.0; DRAWS];
    for ([before, after], number) in questions.iter().zip(0..) {
        for (sum, dealt) in sums.iter_mut().zip(dealt(before, after, seed.wrapping_add(number))) {
            *sum += dealt;
        }
    }
    // A hair's breadth, since equal sums may differ in their last digit.
    let as_far = sums.iter().filter(|sum| sum.abs() >= apart.abs() - 1e-9).count();
    Some(real(as_far as u64 + 1) / real(DRAWS as u64 + 1))
}

/// The probability that a normal variable lies farther out than `z`, on either side.
fn beyond(z: f64) -> f64 {
    if z < 1.8 { 1.0 - within_gamma(0.5, z * z / 2.0) } else { 2.0 * normal_tail(z) }
}

fn pooled(before: &Ratings, after: &Ratings) -> Ratings {
    std::array::from_fn(|value| before[value] + after[value])
}

/// The standard deviation of the difference of means when answers are dealt out anew.
fn deviation_if_same(before: &Ratings, after: &Ratings) -> f64 {
    let (b, a) = (real(answers(before)), real(answers(after)));
    let all = a + b;
    (variance(&pooled(before, after)) * all / (all - 1.0) * (1.0 / a + 1.0 / b)).sqrt()
}

/// Differences of means when the answers are dealt out anew, from least to greatest.
fn dealt(before: &Ratings, after: &Ratings, seed: u64) -> Vec<f64> {
    let mut values = listed(&pooled(before, after));
    let (n_before, n_after) = (answers(before), answers(after));
    let few = usize::try_from(n_before.min(n_after)).unwrap_or(0);
    let all: u64 = values.iter().sum();
    let mut random = SplitMix64::new(seed);
    let mut differences: Vec<f64> = (0..DRAWS)
        .map(|_| {
            for at in 0..few {
                let other = at + random.below(values.len() - at);
                values.swap(at, other);
            }
            let sum: u64 = values[..few].iter().sum();
            let (sum_before, sum_after) = if n_before <= n_after { (sum, all - sum) } else { (all - sum, sum) };
            real(sum_after) / real(n_after) - real(sum_before) / real(n_before)
        })
        .collect();
    differences.sort_unstable_by(f64::total_cmp);
    differences
}

/// Cliff's delta: how much likelier an answer of `after` is above one of `before` than below it; none of nothing.
pub fn cliffs_delta(before: &Ratings, after: &Ratings) -> Option<f64> {
    let pairs = real(answers(before)) * real(answers(after));
    let (mut up, mut below) = (0.0, 0.0);
    for value in 0..5 {
        up += real(after[value]) * below;
        below += real(before[value]);
    }
    let ties: f64 = (0..5).map(|value| real(before[value]) * real(after[value])).sum();
    (pairs > 0.0).then(|| (up - (pairs - up - ties)) / pairs)
}

/// Holm's adjustment: of several questions asked at once, how likely each is by chance, the number of questions counted in.
pub fn holm(chances: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..chances.len()).collect();
    order.sort_by(|a, b| chances[*a].total_cmp(&chances[*b]));
    let (mut adjusted, mut highest) = (vec![1.0; chances.len()], 0.0_f64);
    for (rank, at) in order.into_iter().enumerate() {
        highest = highest.max(chances[at] * real((chances.len() - rank) as u64)).min(1.0);
        adjusted[at] = highest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::super::oracle::{self, count, number, numbers};
    use super::*;

    fn ratings(value: &serde_json::Value) -> Ratings {
        oracle::counts(value).try_into().unwrap()
    }

    #[test]
    fn shares_of_a_finite_group_agree_with_scipy() {
        let cases = oracle::cases("wilson_finite");
        assert!(cases.len() >= 20);
        for case in cases {
            let ours = wilson_finite(count(&case["successes"]), count(&case["n"]), count(&case["population"]));
            for (end, recorded) in ours.into_iter().zip(numbers(&case["interval"])) {
                assert!((end - recorded).abs() < 1e-9, "{case} {ours:?}");
            }
        }
    }

    #[test]
    fn intervals_agree_with_many_draws_by_numpy() {
        for case in oracle::cases("mean_interval") {
            let questions: Vec<Ratings> = case["questions"].as_array().unwrap().iter().map(ratings).collect();
            let ours = mean_interval(&questions, count(&case["population"]), 1).unwrap();
            let theirs = numbers(&case["interval"]);
            for end in 0..2 {
                assert!((ours[end] - theirs[end]).abs() < 0.06 * (theirs[1] - theirs[0]), "{case} {ours:?}");
            }
        }
    }

    #[test]
    fn chances_agree_with_scipy() {
        let cases = oracle::cases("same_mean");
        assert!(cases.len() >= 6);
        for case in cases {
            let ours = same_mean(&[[ratings(&case["before"]), ratings(&case["after"])]], 1).unwrap();
            let theirs = number(&case["chance"]);
            assert!((ours - theirs).abs() < 0.004 + 3.0 * (theirs * (1.0 - theirs) / 2_000.0).sqrt(), "{case} {ours}");
        }
    }

    #[test]
    fn effects_and_adjustments_agree_with_scipy() {
        for case in oracle::cases("cliffs_delta") {
            oracle::close(cliffs_delta(&ratings(&case["before"]), &ratings(&case["after"])), &case["delta"], 1e-12);
        }
        for case in oracle::cases("holm") {
            for (ours, recorded) in holm(&numbers(&case["chances"])).into_iter().zip(case["adjusted"].as_array().unwrap()) {
                oracle::close(Some(ours), recorded, 1e-12);
            }
        }
    }

    #[test]
    fn draws_and_their_limit_agree_at_the_switch() {
        let (before, after) = ([60, 90, 100, 150, 100], [50, 80, 100, 160, 110]);
        let drawn = same_mean(&[[before, after]], 3).unwrap();
        let (b, a) = (mean_rating(&before).unwrap(), mean_rating(&after).unwrap());
        let limit = beyond((a - b).abs() / deviation_if_same(&before, &after));
        assert!((drawn - limit).abs() < 0.03, "{drawn} {limit}");
        let [low, high] = errors(&before, 10_000, 1);
        let half = Z_95 * (variance(&before) / 500.0).sqrt() * correction(500, 10_000).sqrt();
        assert!((high - half).abs() < 0.1 * half && (low + half).abs() < 0.1 * half, "{low} {high} {half}");
    }

    #[test]
    fn nothing_and_all_the_same_say_nothing() {
        assert_eq!((mean_interval(&[], 10, 1), mean_interval(&[[1, 0, 0, 0, 0]], 10, 1), same_mean(&[], 1)), (None, None, None));
        assert_eq!(same_mean(&[[[0, 0, 0, 0, 20], [0, 0, 0, 0, 30]]], 1), Some(1.0));
        assert_eq!(same_mean(&[[[0; 5], [0, 0, 0, 0, 30]]], 1), None);
        assert!(wilson_finite(3, 10, 10).iter().all(|end| (end - 0.3).abs() < 1e-12), "who asks everybody knows");
    }

    /// The share of groups whose true share the interval holds: exactly, each sample weighed by its hypergeometric probability.
    fn coverage(n: u64, population: u64) -> f64 {
        let choose = |n: u64, k: u64| (0..k).map(|i| (real(n - i) / real(k - i)).ln()).sum::<f64>();
        let mut covered = 0.0;
        for hits in 0..=population {
            for k in hits.saturating_sub(population - n)..=n.min(hits) {
                let weight = (choose(hits, k) + choose(population - hits, n - k) - choose(population, n)).exp();
                let [low, high] = wilson_finite(k, n, population);
                let share = real(hits) / real(population);
                covered += if low - 1e-9 <= share && share <= high + 1e-9 { weight } else { 0.0 };
            }
        }
        covered / real(population + 1)
    }

    #[test]
    fn shares_of_a_finite_group_are_covered() {
        for (n, population) in [(10, 12), (10, 20), (15, 20), (20, 30), (40, 60), (60, 61), (80, 200), (50, 5_000)] {
            let covered = coverage(n, population);
            println!("{n} of {population}: covered {covered:.4}");
            assert!(covered >= 0.93, "{n} of {population}: {covered}");
        }
    }
}
