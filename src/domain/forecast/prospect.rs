//! [`Prospect`]: the chance to meet a date, in words: the same words at the same limits in every answer, so that two never disagree.
//!
//! Four, because two limits decide something: a promise is made at 85 %, and a project is warned of from an even chance to miss on. Never
//! to be said without the chance itself beside it.

/// How likely a date is to be met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Prospect {
    /// At most a quarter.
    VeryUnlikely,
    /// At most a half.
    Unlikely,
    /// Up to the promise.
    Uncertain,
    /// As sure as what is promised, or surer.
    Likely,
}

impl Prospect {
    /// Of a chance to meet the date.
    pub fn of(chance: f64) -> Self {
        let [_, promise, _] = super::PROMISES;
        if chance >= promise - super::HAIR {
            Self::Likely
        } else if chance > 0.5 {
            Self::Uncertain
        } else if chance > 0.25 {
            Self::Unlikely
        } else {
            Self::VeryUnlikely
        }
    }

    /// As it is said of a date: "likely in time".
    pub fn words(self) -> &'static str {
        match self {
            Self::Likely => "likely in time",
            Self::Uncertain => "uncertain",
            Self::Unlikely => "unlikely in time",
            Self::VeryUnlikely => "very unlikely in time",
        }
    }

    /// Whether it is to be warned of.
    pub fn is_warned_of(self) -> bool {
        self <= Self::Unlikely
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_change_at_a_quarter_a_half_and_the_promise() {
        let words: Vec<&str> = [0.0, 0.25, 0.26, 0.5, 0.51, 0.84, 0.85, 1.0].map(|chance| Prospect::of(chance).words()).to_vec();
        let expect = [
            "very unlikely in time",
            "very unlikely in time",
            "unlikely in time",
            "unlikely in time",
            "uncertain",
            "uncertain",
            "likely in time",
            "likely in time",
        ];
        assert_eq!(words, expect);
        assert!(Prospect::of(0.5).is_warned_of() && !Prospect::of(0.51).is_warned_of());
    }
}
