//! [`Model`]: from features to a score; and from the forecast alone to a band.
//!
//! The chance that is said is the forecast's, and the band is by it alone, with the limits of [`Prospect`] in whole percents as they are
//! shown: red is very unlikely, amber unlikely. On simulated portfolios the score was no better than the forecast alone, so it only orders
//! projects within a band and picks reasons. It is logistic: the log odds are the sum of each known feature times its weight.
//!
//! A warning is published where a project is amber or red on the third Monday running: most projects
//! are in doubt once. In simulated portfolios (seeds 1 to 4) half of all warnings were false at lower limits and on the second Monday, so a third is.

use serde::{Deserialize, Serialize};

use super::super::forecast::prospect::Prospect;
use super::feature::{Feature, Seen};
use super::snapshot::Snapshot;

/// On how many Mondays running a project is amber or red before it is warned of.
pub const RUNNING: usize = 3;

/// How a project stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "plain names, best first")]
pub enum Band {
    Green,
    Amber,
    Red,
}

impl Band {
    /// Of the forecast's chance to miss the date.
    pub fn of(chance: f64) -> Self {
        match prospect(chance) {
            Prospect::VeryUnlikely => Self::Red,
            Prospect::Unlikely => Self::Amber,
            Prospect::Uncertain | Prospect::Likely => Self::Green,
        }
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Amber => "amber",
            Self::Red => "red",
        }
    }

    /// Of a name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Green, Self::Amber, Self::Red].into_iter().find(|band| band.name() == name)
    }
}

/// The words of a chance to miss the date, by whole percents: what is shown as 50 % is in the words of 50 %.
pub fn prospect(chance: f64) -> Prospect {
    Prospect::of(((1.0 - chance) * 100.0).round() / 100.0)
}

/// Whether a warning stands: the bands of weeks in a row, latest last.
pub fn is_flagged(bands: &[Band]) -> bool {
    bands.len() >= RUNNING && bands.iter().rev().take(RUNNING).all(|band| *band >= Band::Amber)
}

/// How much each feature counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// The log odds of a project of which nothing is known or all is usual.
    pub start: f64,
    /// By place in [`Feature::ALL`].
    pub weights: [f64; Feature::ALL.len()],
    /// From how many ended projects it was learnt; 0: as published.
    pub learnt_from: u32,
}

/// What a feature adds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// As it was seen.
    pub seen: Seen,
    /// How much it counts.
    pub weight: f64,
    /// What it adds to the log odds.
    pub adds: f64,
}

/// How a project stands, with the reasons.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// The chance, as forecast.
    pub chance: f64,
    /// The weighted score: it orders projects within a band.
    pub score: f64,
    /// The band of the chance.
    pub band: Band,
    /// What each known feature adds, most first.
    pub parts: Vec<Part>,
}

impl Default for Model {
    fn default() -> Self {
        Self { start: 0.0, weights: Feature::ALL.map(Feature::weight), learnt_from: 0 }
    }
}

impl Model {
    /// The weighted score, as a chance.
    pub fn chance(&self, features: &[Seen]) -> f64 {
        let sum: f64 = features.iter().map(|seen| self.weights[seen.feature.place()] * seen.scaled()).sum();
        logistic(self.start + sum)
    }

    /// The score of a project; none where there is no forecast, since the rest alone says nothing of a date.
    pub fn score(&self, snapshot: &Snapshot) -> Option<Score> {
        let chance = snapshot.forecast()?;
        let part = |seen: &Seen| {
            let weight = self.weights[seen.feature.place()];
            Part { seen: *seen, weight, adds: weight * seen.scaled() }
        };
        let mut parts: Vec<Part> = snapshot.features.iter().map(part).collect();
        parts.sort_by(|a, b| b.adds.total_cmp(&a.adds).then(a.seen.feature.cmp(&b.seen.feature)));
        let score = self.chance(&snapshot.features);
        Some(Score { chance, score, band: Band::of(chance), parts })
    }
}

/// The chance of log odds.
pub(super) fn logistic(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::At;

    fn snapshot(features: &[(Feature, f64, f64)]) -> Snapshot {
        let features =
            features.iter().map(|(feature, value, usual)| Seen { feature: *feature, value: *value, usual: *usual, n: 9 }).collect();
        Snapshot { project: "p".into(), at: At(0), due: At(1), done: 1, remaining: 9, features }
    }

    #[test]
    fn with_the_forecast_alone_the_chance_is_the_forecasts() {
        let check = |forecast: f64, band: Band| {
            let score = Model::default().score(&snapshot(&[(Feature::MissChance, forecast, 0.0)])).unwrap();
            assert!((score.chance - forecast).abs() < 1e-9, "{score:?}");
            assert_eq!(score.band, band);
        };
        check(0.1, Band::Green);
        check(0.49, Band::Green);
        check(0.497, Band::Amber); // shown as 50 %
        check(0.51, Band::Amber);
        check(0.74, Band::Amber);
        check(0.76, Band::Red);
        assert_eq!(Model::default().score(&snapshot(&[(Feature::Silence, 30.0, 1.0)])), None);
    }

    #[test]
    fn parts_add_up_to_the_log_odds_most_first() {
        let facts = [(Feature::MissChance, 0.5, 6.0), (Feature::Slide, 0.5, 0.2), (Feature::Pace, 2.0, 5.0), (Feature::Growth, 0.0, 0.1)];
        let score = Model::default().score(&snapshot(&facts)).unwrap();
        let expected = 0.3 * 0.3 + 0.1 * 2.0_f64.ln() - 0.05;
        assert!((score.parts.iter().map(|part| part.adds).sum::<f64>() - expected).abs() < 1e-9);
        assert!((score.score - 1.0 / (1.0 + (-expected).exp())).abs() < 1e-9);
        let order: Vec<Feature> = score.parts.iter().map(|part| part.seen.feature).collect();
        assert_eq!((score.chance, score.band), (0.5, Band::Amber), "by the forecast alone");
        assert_eq!(order, [Feature::Slide, Feature::Pace, Feature::MissChance, Feature::Growth]);
    }

    #[test]
    fn only_the_third_week_running_is_a_warning() {
        use Band::{Amber, Green, Red};
        let check = |bands: &[Band], expect: bool| assert_eq!(is_flagged(bands), expect, "{bands:?}");
        check(&[], false);
        check(&[Red], false);
        check(&[Red, Red], false);
        check(&[Amber, Red, Amber], true);
        check(&[Green, Red, Amber, Amber], true);
        check(&[Red, Red, Green, Red, Red], false);
    }
}
