//! What ratings say: shares, scores from 0 to 100, bands, and how far each may be off.
//!
//! Favourable are the two best answers, neutral the middle one. A score is `(mean - 1) * 25`; a category's is the plain mean of its
//! questions', so that a question that some leave blank weighs no less. Intervals are about those who did not answer: the group is
//! finite, and where all answered nothing is left open. None of it under ten answers. Never of a person, and never a rank of teams.

use serde::{Deserialize, Serialize};

use super::items::Item;
use super::{LEAST_COUNTS, LEAST_SCORE};
use crate::domain::stats::{Ratings, answers, mean_interval, mean_rating, wilson_finite};
use crate::domain::words;

/// Categories of which a pulse index is made at least.
pub const FEWEST_CATEGORIES: usize = 8;
/// Below this response, results are to be read as notes.
pub const GOOD_RESPONSE: f64 = 0.5;
/// Draws start here: the same counts give the same interval for ever.
const SEED: u64 = 0x5075_6C73;

/// A fifth of 0 to 100 %, where more must not be said.
///
/// The outer two hold their inner ends: of five answers, none and one of five are one band, so no band says "nobody" or "everybody".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Band(u8);

impl Band {
    /// The band of a share.
    pub fn of(favourable: u64, n: u64) -> Self {
        let fifths = 5 * favourable;
        Self(if fifths >= 4 * n {
            5
        } else if fifths >= 3 * n {
            4
        } else if fifths > 2 * n {
            3
        } else if fifths > n {
            2
        } else {
            1
        })
    }

    /// From its number, 1 to 5.
    pub fn numbered(number: u8) -> Option<Self> {
        (1..=5).contains(&number).then_some(Self(number))
    }

    /// 1 to 5.
    pub fn number(self) -> u8 {
        self.0
    }

    /// As it is shown.
    pub fn label(self) -> &'static str {
        ["0 to 20 %", "20 to 40 %", "40 to 60 %", "60 to 80 %", "80 to 100 %"][usize::from(self.0 - 1)]
    }
}

/// Ratings in the direction of the score: 5 is good.
pub fn directed(item: &Item, given: Ratings) -> Ratings {
    let mut directed = given;
    if item.reversed {
        directed.reverse();
    }
    directed
}

/// How many of directed ratings are favourable.
pub fn favourable(directed: &Ratings) -> u64 {
    directed[3] + directed[4]
}

/// Fewer than two people on one side: a share that would say what all, or all but one, think.
pub fn extreme(favourable: u64, n: u64) -> bool {
    favourable < 2 || n - favourable < 2
}

/// The three shares of a question, each from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs, reason = "plain names")]
pub struct Shares {
    pub favourable: f64,
    pub neutral: f64,
    pub unfavourable: f64,
    /// Of the favourable share, 95 %.
    pub interval: [f64; 2],
}

/// Shares of directed ratings among so many invited; none under ten answers.
pub fn shares(directed: &Ratings, invited: u64) -> Option<Shares> {
    let n = answers(directed);
    let hits = favourable(directed);
    let share = |count: u64| ratio(count, n);
    (n >= u64::from(LEAST_COUNTS)).then(|| Shares {
        favourable: share(hits),
        neutral: share(directed[2]),
        unfavourable: share(directed[0] + directed[1]),
        interval: wilson_finite(hits, n, invited),
    })
}

/// A value with its 95 % interval, on 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs, reason = "plain names")]
pub struct Score {
    pub value: f64,
    pub interval: [f64; 2],
}

/// The score of a category from the directed ratings of its questions among so many invited; none where one has under ten answers.
pub fn category(questions: &[Ratings], invited: u64) -> Option<Score> {
    if questions.is_empty() || questions.iter().any(|ratings| answers(ratings) < u64::from(LEAST_COUNTS)) {
        return None;
    }
    let means: Vec<f64> = questions.iter().filter_map(mean_rating).collect();
    Some(Score { value: mean(&means).map(on_hundred)?, interval: mean_interval(questions, invited, SEED)?.map(on_hundred) })
}

/// The plain mean of category scores; none of fewer than eight.
pub fn pulse_index(categories: &[f64]) -> Option<f64> {
    mean(categories).filter(|_| categories.len() >= FEWEST_CATEGORIES)
}

/// How many of the invited answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "plain names")]
pub struct Response {
    pub answered: u64,
    pub invited: u64,
}

/// Silent people that leave it open for each whether they answered.
const SILENT: u64 = 2;

/// How many answered, as far as it may be said: where all did, or all but one, the figure would tell of each of them that they did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "plain names")]
pub enum Count {
    Exactly(u64),
    AtLeast(u64),
}

impl Count {
    /// Of so many asked.
    pub fn of(answered: u64, invited: u64) -> Self {
        if answered + SILENT > invited {
            Self::AtLeast(invited.saturating_sub(SILENT).max(u64::from(LEAST_SCORE)))
        } else {
            Self::Exactly(answered)
        }
    }

    /// So many did.
    pub fn least(self) -> u64 {
        match self {
            Self::Exactly(n) | Self::AtLeast(n) => n,
        }
    }

    /// Whether it is just so many.
    pub fn is_exact(self) -> bool {
        matches!(self, Self::Exactly(_))
    }

    /// "12" or "at least 16".
    pub fn words(self) -> String {
        match self {
            Self::Exactly(n) => words::number(n),
            Self::AtLeast(n) => format!("at least {}", words::number(n)),
        }
    }
}

/// How large a group is taken for in an interval: one in which all answered has none, and that would tell.
pub fn population(answered: u64, invited: u64) -> u64 {
    invited.max(answered + SILENT)
}

impl Response {
    /// How many answered; none where it were nearly all.
    pub fn told(self) -> Option<u64> {
        Count::of(self.answered, self.invited).is_exact().then_some(self.answered)
    }

    /// "12 of 14 answered."
    pub fn words(self) -> String {
        let invited = words::number(self.invited);
        self.told().map_or_else(
            || format!("Nearly all of {invited} answered."),
            |answered| format!("{} of {invited} answered.", words::number(answered)),
        )
    }

    /// Whether so few answered that results are notes, not measurements.
    pub fn read_as_notes(self) -> bool {
        ratio(self.answered, self.invited) < GOOD_RESPONSE
    }

    /// The favourable share if all others were unfavourable, and if all were favourable.
    pub fn bounds(self, directed: &Ratings) -> [f64; 2] {
        let silent = self.invited.saturating_sub(answers(directed));
        [favourable(directed), favourable(directed) + silent].map(|hits| ratio(hits, self.invited.max(answers(directed))))
    }
}

fn on_hundred(mean: f64) -> f64 {
    (mean - 1.0) * 25.0
}

#[allow(clippy::cast_precision_loss, reason = "counts of people")]
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn mean(values: &[f64]) -> Option<f64> {
    let count = u32::try_from(values.len()).ok().filter(|count| *count > 0)?;
    Some(values.iter().sum::<f64>() / f64::from(count))
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::items::Kind;
    use super::*;
    use crate::domain::stats::SplitMix64;

    #[test]
    fn a_count_never_says_that_all_or_all_but_one_answered() {
        let check = |answered: u64, invited: u64, expect: &str| {
            let response = Response { answered, invited };
            assert_eq!(format!("{} | {}", Count::of(answered, invited).words(), response.words()), expect);
        };
        check(12, 14, "12 | 12 of 14 answered.");
        check(13, 14, "at least 12 | Nearly all of 14 answered.");
        check(14, 14, "at least 12 | Nearly all of 14 answered.");
        check(5, 6, "at least 5 | Nearly all of 6 answered.");
        check(6, 6, "at least 5 | Nearly all of 6 answered.");
        assert_eq!([population(14, 14), population(13, 14), population(12, 14)], [16, 15, 14]);
    }

    #[test]
    fn no_band_tells_of_nobody_or_everybody() {
        let check = |favourable: u64, n: u64, expect: &str| assert_eq!(Band::of(favourable, n).label(), expect, "{favourable} of {n}");
        check(5, 5, "80 to 100 %");
        check(4, 5, "80 to 100 %");
        check(0, 5, "0 to 20 %");
        check(1, 5, "0 to 20 %");
        check(2, 5, "20 to 40 %");
        check(3, 5, "60 to 80 %");
        check(5, 10, "40 to 60 %");
        for n in 5..40 {
            let bands: Vec<Band> = (0..=n).map(|hits| Band::of(hits, n)).collect();
            assert!(bands[0] == bands[1] && bands.iter().rev().take(2).all(|band| band.number() == 5) && bands.is_sorted(), "{n}");
        }
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "small whole numbers")]
    fn shares_and_scores() {
        let item = Item { id: "x".into(), category: "c".into(), kind: Kind::Often, reversed: true, text: "?".into() };
        let ratings = directed(&item, [4, 3, 2, 1, 0]);
        assert_eq!(ratings, [0, 1, 2, 3, 4]);
        let shares = shares(&ratings, 12).unwrap();
        assert_eq!((shares.favourable, shares.neutral, shares.unfavourable), (0.7, 0.2, 0.1));
        let score = category(&[ratings], 12).unwrap();
        assert_eq!(score.value, 75.0);
        assert!(score.interval[0] < 75.0 && score.interval[1] > 75.0);
        assert_eq!(category(&[ratings, [0, 0, 0, 0, 9]], 12), None, "one question has nine answers");
        assert_eq!(super::shares(&[0, 0, 0, 0, 9], 12), None);
        assert_eq!((pulse_index(&[50.0; 7]), pulse_index(&[50.0; 8])), (None, Some(50.0)));
        let response = Response { answered: 10, invited: 25 };
        assert!(response.read_as_notes() && !Response { answered: 13, invited: 25 }.read_as_notes());
        assert_eq!(response.bounds(&ratings), [0.28, 0.88]);
    }

    /// Answers of people to questions that go together: each person has a leaning of their own.
    pub fn people(random: &mut SplitMix64, count: usize, questions: usize, shift: f64, together: f64) -> Vec<Vec<usize>> {
        let uniform = |random: &mut SplitMix64| f64::from(u32::try_from(random.below(1 << 30)).unwrap()) / f64::from(1 << 30);
        // A sum of twelve is as good as normal here.
        let normal = |random: &mut SplitMix64| (0..12).map(|_| uniform(random)).sum::<f64>() - 6.0;
        (0..count)
            .map(|_| {
                let leaning = normal(random);
                (0..questions)
                    .map(|_| {
                        let felt = 3.4 + shift + 1.1 * (together.sqrt() * leaning + (1.0 - together).sqrt() * normal(random));
                        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 5")]
                        let answer = felt.round().clamp(1.0, 5.0) as usize;
                        answer
                    })
                    .collect()
            })
            .collect()
    }

    pub fn counted(people: &[Vec<usize>], questions: usize) -> Vec<Ratings> {
        (0..questions)
            .map(|question| {
                let mut ratings = [0; 5];
                for person in people {
                    ratings[person[question] - 1] += 1;
                }
                ratings
            })
            .collect()
    }

    #[test]
    fn intervals_hold_the_score_of_the_whole_group() {
        for (n, invited, questions, together) in [(10, 14, 2, 0.0), (10, 40, 3, 0.5), (25, 40, 3, 0.9), (12, 200, 1, 0.0)] {
            let mut random = SplitMix64::new(9);
            let trials = 200;
            let covered = (0..trials).filter(|_| {
                let group = people(&mut random, invited, questions, 0.0, together);
                let truth = on_hundred(mean(&counted(&group, questions).iter().filter_map(mean_rating).collect::<Vec<_>>()).unwrap());
                let [low, high] = category(&counted(&group[..n], questions), invited as u64).unwrap().interval;
                low - 1e-9 <= truth && truth <= high + 1e-9
            });
            let covered = covered.count();
            println!("{n} of {invited}, {questions} questions, correlation {together}: {covered} of {trials} hold the truth");
            assert!(covered * 100 >= trials * 91, "{covered}");
        }
    }
}
