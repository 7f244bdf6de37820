//! From a figure to the answer one would give in DORA's Quick Check, to its score, to a percentile.
//!
//! Source: <https://github.com/dora-team/dora.dev>, commit `fcaf07b4`, `svelte/quick-check/src/lib`: the answers are those of
//! `metrics_question_responses.json`, the scores those of `calculatePerformanceScore` in `data-service.ts`:
//!
//! | question | answer | score, 10 is best |
//! |---|---|---|
//! | lead time, deployment frequency, recovery | 1 (worst) to 6 (best) | 0, 2, 4, 6, 8, 10 |
//! | change fail rate, rework rate | a whole percentage | 10 at 0 %, 0 at 100 %, linear between |
//!
//! Which answer a figure is: a time that equals a cut begins the longer answer ("less than one day" is under it), a rate that
//! equals one begins the more frequent. A month is 30 days, or 1/12 of a year of 52 weeks for frequencies, as with the bands.
//!
//! Why "on demand" begins at two deployments a day: its own words, "multiple deploys per day", overlap with "between once per
//! hour and once per day", and data can't tell whether anybody demanded. Rejected: at one an hour, which would have teams that
//! deploy ten times a day deny that they deploy several times a day.
//!
//! Why a percentile counts half of those with the same answer: six answers make many ties. Without it the best answer would be
//! ahead of 100 % though many others gave it, and the worst ahead of none. The assumption behind it: the answers of a group are
//! spread as a normal distribution of its published mean and deviation, cut off at 0 and 10. No finer data is published.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::quick_check::{Published, QUESTIONS};
use crate::domain::stats;

const HOUR_SECS: f64 = 3_600.0;
const DAY_SECS: f64 = 86_400.0;
const MONTH_SECS: f64 = 30.0 * DAY_SECS;

/// Deployments a week from which each better answer begins: one in six months, in a month, a week, a day; several a day.
const OFTEN: [f64; 5] = [2.0 / 52.0, 12.0 / 52.0, 1.0, 7.0, 14.0];

/// The wording of the answers to be ticked, by question and number.
static TEXTS: LazyLock<BTreeMap<String, BTreeMap<u8, String>>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("dora-quick-check/metrics_question_responses.json")).expect("a test reads the embedded answers")
});

/// An answer of the Quick Check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// One of six, 1 the worst.
    Tick(u8),
    /// A percentage, 0 the best.
    Percent(u8),
}

impl Answer {
    /// The answer that a value of a metric is; none for a metric that is not asked about.
    pub fn of(metric_id: &str, value: f64) -> Option<Self> {
        if value.is_nan() {
            return None;
        }
        let count = |holds: &[bool]| holds.iter().fold(0, |sum, holds| sum + u8::from(*holds));
        Some(match metric_id {
            "change_lead_time" | "failed_deployment_recovery_time" => {
                let past = [HOUR_SECS, DAY_SECS, 7.0 * DAY_SECS, MONTH_SECS].map(|cut| value >= cut);
                Self::Tick(6 - count(&past) - u8::from(value > 6.0 * MONTH_SECS))
            }
            "deployment_frequency" => Self::Tick(1 + count(&OFTEN.map(|cut| value >= cut))),
            "change_fail_rate" | "deployment_rework_rate" => Self::Percent(percent(value)),
            _ => return None,
        })
    }

    /// As entered in the survey.
    pub fn number(self) -> u8 {
        match self {
            Self::Tick(number) | Self::Percent(number) => number,
        }
    }

    /// From 0 to 10, the best.
    pub fn score(self) -> f64 {
        match self {
            Self::Tick(number) => f64::from(number.clamp(1, 6) - 1) * 2.0,
            Self::Percent(percent) => (100.0 - f64::from(percent.min(100))) / 10.0,
        }
    }

    /// In the survey's own words: "Less than one day", "13 %".
    pub fn text(self, metric_id: &str) -> String {
        match self {
            Self::Tick(number) => {
                let name = QUESTIONS.iter().find(|(id, ..)| *id == metric_id).map_or("", |(_, name, _)| name);
                TEXTS.get(name).and_then(|texts| texts.get(&number)).cloned().unwrap_or_default()
            }
            Self::Percent(percent) => format!("{percent} %"),
        }
    }

    /// How many in a hundred of a group it is ahead of, half of those with the same answer among them.
    pub fn percentile(self, group: Published) -> f64 {
        let half_a_step = match self {
            Self::Tick(_) => 1.0,
            Self::Percent(_) => 0.05,
        };
        let below = |score: f64| stats::truncated_normal_below(score, group.mean, group.deviation, [0.0, 10.0]);
        50.0 * (below(self.score() - half_a_step) + below(self.score() + half_a_step))
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held to 0..=100 and rounded")]
fn percent(fraction: f64) -> u8 {
    (fraction.clamp(0.0, 1.0) * 100.0).round() as u8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::metric;
    use crate::domain::words::Better;

    const LEAD: &str = "change_lead_time";
    const OFTEN: &str = "deployment_frequency";
    const RECOVERY: &str = "failed_deployment_recovery_time";
    const FAIL: &str = "change_fail_rate";

    #[test]
    fn figures_become_the_survey_s_answers() {
        let check = |metric_id, value, number, text: &str, score: f64| {
            let answer = Answer::of(metric_id, value).unwrap();
            assert_eq!((answer.number(), answer.text(metric_id).as_str()), (number, text), "{metric_id} {value}");
            assert!((answer.score() - score).abs() < 1e-12, "{metric_id} {value}: {}", answer.score());
        };
        check(LEAD, 3_599.0, 6, "Less than one hour", 10.0);
        check(LEAD, 3_600.0, 5, "Less than one day", 8.0);
        check(LEAD, 86_399.0, 5, "Less than one day", 8.0);
        check(LEAD, 86_400.0, 4, "One day to one week", 6.0);
        check(LEAD, 7.0 * 86_400.0, 3, "One week to one month", 4.0);
        check(LEAD, 30.0 * 86_400.0, 2, "One to six months", 2.0);
        check(LEAD, 180.0 * 86_400.0, 2, "One to six months", 2.0);
        check(LEAD, 181.0 * 86_400.0, 1, "More than six months", 0.0);
        check(RECOVERY, 5_400.0, 5, "Less than one day", 8.0);
        check(OFTEN, 0.0, 1, "Less than once per six months", 0.0);
        check(OFTEN, 1.0 / 26.0, 2, "Between once per month and once every six months", 2.0);
        check(OFTEN, 12.0 / 52.0, 3, "Between once per week and once per month", 4.0);
        check(OFTEN, 1.0, 4, "Between once per day and once per week", 6.0);
        check(OFTEN, 6.99, 4, "Between once per day and once per week", 6.0);
        check(OFTEN, 7.0, 5, "Between once per hour and once per day", 8.0);
        check(OFTEN, 14.0, 6, "On demand (multiple deploys per day)", 10.0);
        check(FAIL, 0.0, 0, "0 %", 10.0);
        check(FAIL, 0.004, 0, "0 %", 10.0);
        check(FAIL, 0.125, 13, "13 %", 8.7);
        check("deployment_rework_rate", 1.0, 100, "100 %", 0.0);
        assert_eq!(Answer::of("cycle_time", 1.0), None);
        assert_eq!(Answer::of(LEAD, f64::NAN), None);
    }

    /// What dora.dev's own tests (`data-service.test.ts`, `quickcheck.spec.ts`) say of its `calculatePerformanceScore`.
    #[test]
    fn scores_are_those_of_dora_dev() {
        let check = |answer: Answer, score: f64| assert!((answer.score() - score).abs() < 1e-12, "{answer:?}");
        check(Answer::Tick(1), 0.0);
        check(Answer::Tick(6), 10.0);
        check(Answer::Percent(0), 10.0);
        check(Answer::Percent(50), 5.0);
        check(Answer::Percent(100), 0.0);
        check(Answer::Percent(47), 5.3);
    }

    #[test]
    fn every_answer_that_can_be_ticked_has_its_words() {
        for (metric_id, _, percentage) in QUESTIONS {
            let texts: Vec<String> = (1..=6).map(|number| Answer::Tick(number).text(metric_id)).collect();
            assert!(percentage || texts.iter().all(|text| text.len() > 10), "{texts:?}");
        }
    }

    /// Against `SciPy`: truncnorm.cdf at the two ends of an answer, halved.
    #[test]
    fn percentiles_count_half_of_the_same_answer() {
        let check = |answer: Answer, mean, deviation, expect: f64| {
            let ours = answer.percentile(Published { mean, deviation });
            assert!((ours - expect).abs() < 1e-6, "{answer:?} in {mean}, {deviation}: {ours}");
        };
        check(Answer::Tick(4), 5.5, 2.4, 58.915_366);
        check(Answer::Tick(6), 5.5, 2.4, 97.810_548);
        check(Answer::Tick(1), 4.8, 2.8, 2.385_093);
        check(Answer::Percent(13), 8.1, 2.1, 74.939_178);
        check(Answer::Percent(0), 8.1, 2.1, 99.609_860);
    }

    proptest! {
        #[test]
        fn a_better_figure_is_never_ahead_of_fewer(a in 0.0..2e7f64, b in 0.0..2e7f64, mean in 0.0..10.0f64, deviation in 0.5..4.0f64) {
            for (metric_id, scale) in [(LEAD, 1.0), (RECOVERY, 1.0), (FAIL, 2e7), (OFTEN, 1e6)] {
                let ahead = |value: f64| Answer::of(metric_id, value / scale).unwrap().percentile(Published { mean, deviation });
                let (less, more) = (ahead(a.min(b)), ahead(a.max(b)));
                let ordered = if metric::find(metric_id).unwrap().better == Better::Higher { less <= more } else { more <= less };
                prop_assert!(ordered && (0.0..=100.0).contains(&less), "{}: {} {}", metric_id, less, more);
            }
        }
    }
}
