//! Whether a category moved between two waves, in honest words.
//!
//! The answers to each question of both waves are dealt out anew (a permutation test); the questions of a category are taken to rise and
//! fall together, which is the most careful reading of counts. Holm over the categories asked about at once. Under 20 answers in either
//! wave the words are always "no clear change". Why no p-value is shown: the words carry the decision, the effect says how large it is.
//! Never to be read as what a change of tools or people caused.
//!
//! In 400 simulated waves of four categories of three questions, by answers and by how a person's answers to a category go together
//! (correlation), % of waves that name a change where there is none, and % of times half a point of one category is seen:
//!
//! | answers | correlation | false alarm | half a point seen |
//! |---|---|---|---|
//! | 20 | 0 | 0.0 | 10 |
//! | 20 | 0.6 | 0.8 | 16 |
//! | 20 | 0.95 | 2.0 | 19 |
//! | 40 | 0.6 | 1.8 | 44 |
//! | 40 | 0.95 | 4.5 | 44 |
//! | 100 | 0.6 | 0.5 | 89 |

use crate::domain::stats::{Ratings, answers, cliffs_delta, holm, same_mean};

/// Answers that both waves need.
pub const FEWEST: u64 = 20;
/// Likelier than this by chance: no clear change.
const CHANCE: f64 = 0.05;
/// Where draws start.
const SEED: u64 = 0x4368_616E;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "plain names")]
pub enum Direction {
    Better,
    Worse,
    NotClear,
}

/// How a category moved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// In which direction, if in one.
    pub direction: Direction,
    /// Cliff's delta, from -1 to 1, the mean of the questions'; none where there is nothing to compare.
    pub effect: Option<f64>,
}

impl Change {
    const NOT_CLEAR: Self = Self { direction: Direction::NotClear, effect: None };

    /// As it is shown.
    pub fn words(&self) -> &'static str {
        let large = self.effect.unwrap_or(0.0).abs();
        // The usual bounds of Cliff's delta (Romano and others 2006).
        match (self.direction, large) {
            (Direction::NotClear, _) => "no clear change",
            (Direction::Better, ..0.33) => "slightly better",
            (Direction::Better, 0.33..0.474) => "better",
            (Direction::Better, _) => "much better",
            (Direction::Worse, ..0.33) => "slightly worse",
            (Direction::Worse, 0.33..0.474) => "worse",
            (Direction::Worse, _) => "much worse",
        }
    }
}

/// How each category moved; of each, the directed ratings of the questions that both waves asked, before and after.
pub fn changes(categories: &[Vec<[Ratings; 2]>]) -> Vec<Change> {
    let enough =
        |questions: &&Vec<[Ratings; 2]>| !questions.is_empty() && questions.iter().flatten().all(|ratings| answers(ratings) >= FEWEST);
    let asked: Vec<usize> = (0..categories.len()).filter(|at| enough(&&categories[*at])).collect();
    let chances: Vec<f64> =
        asked.iter().zip(0..).map(|(at, number)| same_mean(&categories[*at], SEED + 100 * number).unwrap_or(1.0)).collect();
    let mut moved = vec![Change::NOT_CLEAR; categories.len()];
    for (at, chance) in asked.into_iter().zip(holm(&chances)) {
        let deltas: Vec<f64> = categories[at].iter().filter_map(|[before, after]| cliffs_delta(before, after)).collect();
        let effect = deltas.iter().sum::<f64>() / f64::from(u32::try_from(deltas.len()).unwrap_or(1).max(1));
        let direction = match effect {
            _ if chance > CHANCE => Direction::NotClear,
            0.0.. => Direction::Better,
            _ => Direction::Worse,
        };
        moved[at] = Change { direction, effect: Some(effect) };
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::super::score::tests::{counted, people};
    use super::*;
    use crate::domain::stats::SplitMix64;

    fn moved(random: &mut SplitMix64, n: usize, categories: usize, shift: f64, together: f64) -> usize {
        let questions = 3;
        let of = |random: &mut SplitMix64| -> Vec<[Ratings; 2]> {
            let before = counted(&people(random, n, questions, 0.0, together), questions);
            let after = counted(&people(random, n, questions, shift, together), questions);
            before.into_iter().zip(after).map(|(before, after)| [before, after]).collect()
        };
        let categories: Vec<Vec<[Ratings; 2]>> = (0..categories).map(|_| of(random)).collect();
        changes(&categories).iter().filter(|change| change.direction != Direction::NotClear).count()
    }

    #[test]
    #[ignore = "the long run whose figures stand at the head of this file"]
    fn long_simulation() {
        for (n, together) in [(20, 0.0), (20, 0.6), (20, 0.95), (40, 0.6), (40, 0.95), (100, 0.6)] {
            let mut random = SplitMix64::new(6);
            let alarms = (0..400).filter(|_| moved(&mut random, n, 4, 0.0, together) > 0).count();
            let seen = (0..400).filter(|_| moved(&mut random, n, 1, 0.5, together) == 1).count();
            println!("| {n} | {together} | {:.1} | {:.1} |", percent(alarms), percent(seen));
        }
    }

    fn percent(of_400: usize) -> f64 {
        f64::from(u32::try_from(of_400).unwrap()) / 4.0
    }

    #[test]
    fn false_alarms_are_at_most_five_in_a_hundred_waves() {
        for (n, together) in [(20, 0.0), (20, 0.6), (20, 0.95)] {
            let mut random = SplitMix64::new(4);
            let waves = 80;
            let alarms = (0..waves).filter(|_| moved(&mut random, n, 3, 0.0, together) > 0).count();
            println!("{n} answers, correlation {together}: {alarms} of {waves} waves without a change name one");
            // At 5 in 100 true, more than 8 of 80 come about once in 60 runs; the seed is fixed, and the long run below is exact.
            assert!(alarms <= 8, "{alarms}");
        }
    }

    #[test]
    fn half_a_point_is_seen_by_many_and_rarely_by_few() {
        let seen = |n: usize, together: f64| {
            let mut random = SplitMix64::new(5);
            (0..40).filter(|_| moved(&mut random, n, 1, 0.5, together) == 1).count()
        };
        let (few, many) = (seen(20, 0.5), seen(80, 0.5));
        println!("half a point is seen in {few} of 40 at 20 answers, {many} of 40 at 80");
        assert!(many > 24 && few < many, "{few} {many}");
        assert_eq!(seen(19, 0.5), 0, "under twenty nothing is clear");
    }

    #[test]
    fn words_say_direction_and_size() {
        let check = |before: Ratings, after: Ratings, expect: &str| assert_eq!(changes(&[vec![[before, after]]])[0].words(), expect);
        check([0, 0, 20, 10, 0], [0, 0, 2, 10, 18], "much better");
        check([0, 0, 2, 10, 18], [0, 0, 20, 10, 0], "much worse");
        check([10, 40, 100, 40, 10], [4, 24, 96, 56, 20], "slightly better");
        check([0, 0, 20, 10, 0], [0, 0, 19, 11, 0], "no clear change");
        check([0, 0, 19, 0, 0], [0, 0, 0, 0, 40], "no clear change");
        assert_eq!(changes(&[vec![]])[0].words(), "no clear change");
    }
}
