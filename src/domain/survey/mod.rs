//! Pulse surveys: what is asked, of whom, what of the answers may be shown, and what it says.
//!
//! The promise that binds all of it: while a survey is open, answers are stored encrypted under a key that is not in the database; when
//! it closes they become counts of groups of at least five, and the key is destroyed. Never to be called anonymous, and never a figure
//! for one person: nothing here gives one.
//!
//! | file | does |
//! |---|---|
//! | `items` | the shipped questions, their kinds and answers |
//! | `file` | own questions and categories, by TOML |
//! | `wave` | which questions a wave asks: full or pulse, categories in turn |
//! | `invite` | who is asked, and which one team each counts in |
//! | `tree` | the tree of teams, frozen at launch |
//! | `release` | which cells may be shown, so that no sum or difference of them tells of a few |
//! | `tally` | from opened ballots to all that is kept: bands, counts, comments |
//! | `score` | shares, scores and their intervals |
//! | `change` | whether a category moved between two waves, in honest words |
//! | `seal` | tags and sealed answers |
//! | `attack` | what could be worked out of all that is kept, as an attacker would |

pub mod attack;
pub mod change;
pub mod file;
pub mod invite;
pub mod items;
pub mod release;
pub mod score;
pub mod seal;
pub mod tally;
pub mod tree;
pub mod wave;

/// What every respondent is told, to the letter, wherever they answer.
pub const PROMISE: &str = "While a survey is open your answers are stored encrypted, under a key that is not in the database. When it closes, pacer adds them into counts for groups of at least 5 people and destroys the key. After that nobody, the admin included, can look up your answer in pacer. Not protected: someone who controls the server while it is open or keeps a copy of it from that time, Slack itself, your writing style in comments.";

/// Fewest answers of which a band may be shown.
pub const LEAST_SCORE: u32 = 5;
/// Fewest answers of which counts may be shown, and anything computed from counts.
pub const LEAST_COUNTS: u32 = 10;
/// Fewest people among whom a comment may stand.
pub const LEAST_TEXT: u32 = 10;

/// The least number of answers for each kind of output. Never below the three constants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Minima {
    /// For a band.
    pub score: u32,
    /// For counts and anything exact.
    pub counts: u32,
    /// For comments.
    pub text: u32,
}

impl Default for Minima {
    fn default() -> Self {
        Self { score: LEAST_SCORE, counts: LEAST_COUNTS, text: LEAST_TEXT }
    }
}

impl Minima {
    /// These raised to others.
    ///
    /// # Errors
    /// Where one of the others is lower: a sentence.
    pub fn raised(self, to: Self) -> Result<Self, String> {
        for (what, from, to) in [("bands", self.score, to.score), ("counts", self.counts, to.counts), ("comments", self.text, to.text)] {
            if to < from {
                return Err(format!(
                    "The least group for {what} is {from} and can't be lowered to {to}: people answered, or will, under that promise. Give {from} or more."
                ));
            }
        }
        Ok(to.floored())
    }

    /// The higher of each.
    #[must_use]
    pub fn at_least(self, other: Self) -> Self {
        Self { score: self.score.max(other.score), counts: self.counts.max(other.counts), text: self.text.max(other.text) }.floored()
    }

    /// These, but nowhere below what pacer promises.
    #[must_use]
    pub fn floored(self) -> Self {
        let score = self.score.max(LEAST_SCORE);
        Self { score, counts: self.counts.max(LEAST_COUNTS).max(score), text: self.text.max(LEAST_TEXT) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minima_only_rise() {
        let now = Minima { score: 6, counts: 12, text: 10 };
        assert_eq!(now.raised(Minima { score: 8, counts: 12, text: 15 }), Ok(Minima { score: 8, counts: 12, text: 15 }));
        let lowered = now.raised(Minima { score: 5, counts: 12, text: 10 });
        assert!(lowered.is_err_and(|sentence| sentence.contains("bands is 6 and can't be lowered to 5")));
        assert_eq!(now.at_least(Minima { score: 5, counts: 20, text: 0 }), Minima { score: 6, counts: 20, text: 10 });
        assert_eq!(Minima { score: 1, counts: 1, text: 0 }.floored(), Minima::default());
        assert_eq!(Minima { score: 20, counts: 10, text: 10 }.floored().counts, 20, "counts tell more than a band");
    }
}
