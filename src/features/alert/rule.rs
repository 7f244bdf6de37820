//! What an alert watches: a metric of a scope, and when it is worth a message. As settings of a subscription, as people type it,
//! and in words.

use serde::{Deserialize, Serialize};

use crate::domain::card::{Line, Scope};
use crate::domain::figure::{FEW, FEW_OF_MEDIAN};
use crate::domain::metric::{self, Definition};
use crate::domain::org::{Org, target_text, typed};
use crate::domain::subscription::Subscription;
use crate::domain::words::{self, Better};
use crate::features::verdict::lowered;

/// What an alert is set to; the settings of its subscription.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// A metric's id.
    pub metric: String,
    /// Of what.
    pub scope: Scope,
    /// When it is beyond.
    pub rule: Rule,
    /// The fewest of what the metric counts that say anything.
    pub least: u64,
    /// Whether it is told at night and at weekends too.
    pub any_hour: bool,
    /// It is told where the channel heard fewer alerts than this in seven days.
    pub weekly: u64,
}

/// When a metric is beyond.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Greater than a limit, in the metric's unit.
    Above(f64),
    /// Less than one.
    Below(f64),
    /// Worse than its own last half year.
    OwnRange,
}

/// Alert messages that a channel hears in seven days, where nothing else is said.
pub const WEEKLY: u64 = 3;
/// The shortest and longest of what may be asked for as a minimum.
const MOST_LEAST: u64 = 100_000;

impl Settings {
    /// The metric; none where this version does not know it.
    pub fn definition(&self) -> Option<&'static Definition> {
        metric::find(&self.metric)
    }

    /// Whether it is beyond on the side that is worse, as far as the metric has one.
    pub fn is_bad(&self) -> bool {
        let better = self.definition().map(|known| known.better);
        match self.rule {
            Rule::Above(_) => better == Some(Better::Lower),
            Rule::Below(_) => better == Some(Better::Higher),
            Rule::OwnRange => true,
        }
    }

    /// "change fail rate above 15 %", "lead time worse than its own half year".
    pub fn said(&self) -> String {
        let Some(known) = self.definition() else { return format!("{} (no longer known)", self.metric) };
        let name = lowered(known.name);
        match self.rule {
            Rule::Above(limit) => format!("{name} above {}", value(known.unit, limit)),
            Rule::Below(limit) => format!("{name} below {}", value(known.unit, limit)),
            Rule::OwnRange => format!("{name} worse than its own half year"),
        }
    }
}

/// What it is, as the Home tab names it: "alert: change fail rate above 15 % of Payments".
pub fn described(org: &Org, it: &Subscription) -> Line {
    let Ok(settings) = serde_json::from_value::<Settings>(it.settings.clone()) else { return Line::plain(&it.kind) };
    Line::plain("alert: ").strong(settings.said()).and(format!(" of {}", org.scope_name(&settings.scope)))
}

/// The fewest that are asked for where nothing else is said. A rate counts its own events: few of them are the news, not a doubt.
pub fn usual_least(known: &Definition) -> u64 {
    match known.unit {
        "fraction" => 2 * FEW,
        "seconds" => FEW_OF_MEDIAN,
        _ if known.id == "batch_size" => FEW_OF_MEDIAN,
        _ => 0,
    }
}

/// A minimum as it was typed.
///
/// # Errors
/// A sentence.
pub fn least(typed: &str, known: &Definition) -> Result<u64, String> {
    if typed.is_empty() {
        return Ok(usual_least(known));
    }
    let whole = typed.parse::<u64>().ok().filter(|n| *n <= MOST_LEAST);
    whole.ok_or_else(|| format!("{typed} is not a count: type a whole number such as {}, or leave it empty.", usual_least(known).max(1)))
}

/// A limit as it was typed.
///
/// # Errors
/// A sentence.
pub fn limit(text: &str, known: &Definition) -> Result<f64, String> {
    if text.is_empty() {
        return Err(format!("Type the limit, for example {}.", example(known)));
    }
    typed(known, text).map_err(|_| {
        let shown: String = text.chars().take(40).collect();
        let why = match (known.unit, text.trim().starts_with('-')) {
            (_, true) => "a limit is 0 or more",
            ("fraction", _) if text.trim().trim_end_matches('%').trim().parse::<f64>().is_ok() => "a share is at most 100 %",
            _ => "I can't read it",
        };
        format!("{shown} is no limit for {}: {why}. Type {}.", lowered(known.name), example(known))
    })
}

/// What one types as a limit.
pub fn example(known: &Definition) -> &'static str {
    match known.unit {
        "per_week" => "2/week or 1/day",
        "seconds" => "3d or 36h",
        "fraction" => "15%",
        _ => "200",
    }
}

/// A limit as one types it again.
pub fn limit_text(settings: &Settings) -> String {
    match settings.rule {
        Rule::Above(limit) | Rule::Below(limit) => target_text(&settings.metric, limit),
        Rule::OwnRange => String::new(),
    }
}

/// A value in words. A rate is always said by the week, so that a figure and its limit can be compared.
pub fn value(unit: &str, x: f64) -> String {
    let by_week = unit == "per_week" && (x == 0.0 || x >= 0.05);
    if by_week { format!("{} a week", words::short(x)) } else { words::value(unit, x) }
}

/// An interval, likewise.
pub fn interval(unit: &str, of: f64, [low, high]: [f64; 2]) -> String {
    if unit == "per_week" {
        format!("{} to {} a week", words::short(low), words::short(high))
    } else {
        words::interval(unit, of, [low, high])
    }
}

/// The rule that suits a metric where none was named: its bad side.
pub fn usual_side(known: &Definition) -> &'static str {
    if known.better == Better::Higher { "below" } else { "above" }
}

/// What was typed behind `/metrics alert`: `change_fail_rate above 15%`, `lead time worse`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Typed {
    /// The words before the rule.
    pub metric: String,
    /// `above`, `below`, `own`; empty: none.
    pub side: &'static str,
    /// The words behind it.
    pub limit: String,
}

/// Cuts the words of a question into metric, rule and limit.
pub fn read(words: &[String]) -> Typed {
    let side = |word: &str| match word.to_lowercase().as_str() {
        "above" | "over" | ">" | "exceeds" => Some("above"),
        "below" | "under" | "<" => Some("below"),
        "worse" | "own" | "range" => Some("own"),
        _ => None,
    };
    let place = words.iter().position(|word| side(word).is_some());
    let Some(place) = place else { return Typed { metric: words.join(" "), ..Typed::default() } };
    let own = side(&words[place]) == Some("own");
    Typed {
        metric: words[..place].join(" "),
        side: side(&words[place]).unwrap_or_default(),
        limit: if own {
            String::new()
        } else {
            words[place + 1..].iter().filter(|word| *word != "than").cloned().collect::<Vec<_>>().join(" ")
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_into_metric_rule_and_limit() {
        let check = |text: &str, expect: (&str, &str, &str)| {
            let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            let typed = read(&words);
            assert_eq!((typed.metric.as_str(), typed.side, typed.limit.as_str()), expect, "{text}");
        };
        check("change_fail_rate above 15%", ("change_fail_rate", "above", "15%"));
        check("change lead time over 3 d", ("change lead time", "above", "3 d"));
        check("deployment_frequency below 2/week", ("deployment_frequency", "below", "2/week"));
        check("wip > 12", ("wip", "above", "12"));
        check("lead time worse than usual", ("lead time", "own", ""));
        check("cycle_time", ("cycle_time", "", ""));
        check("", ("", "", ""));
    }

    #[test]
    fn limits_are_read_in_the_unit_of_the_metric() {
        let check = |metric: &str, text: &str, expect: Result<f64, &str>| {
            let read = limit(text, metric::find(metric).unwrap());
            match expect {
                Ok(value) => assert_eq!(read, Ok(value), "{text}"),
                Err(part) => assert!(read.as_ref().is_err_and(|said| said.contains(part)), "{text}: {read:?}"),
            }
        };
        check("change_fail_rate", "15%", Ok(0.15));
        check("change_fail_rate", "15 %", Ok(0.15));
        check("change_fail_rate", "0.15", Ok(0.15));
        check("change_fail_rate", "150%", Err("at most 100 %"));
        check("change_fail_rate", "-5%", Err("0 or more"));
        check("change_fail_rate", "abc", Err("I can't read it. Type 15%."));
        check("change_fail_rate", "", Err("Type the limit, for example 15%."));
        check("change_lead_time", "3d", Ok(259_200.0));
        check("change_lead_time", "-3d", Err("0 or more"));
        check("change_lead_time", "soon", Err("Type 3d or 36h."));
        check("deployment_frequency", "2/week", Ok(2.0));
        check("deployment_frequency", "1/day", Ok(7.0));
        check("ai_assisted_share", "80%", Ok(0.8));
        check("wip", "12", Ok(12.0));
    }

    #[test]
    fn a_rule_reads_as_one_says_it_and_is_typed_again() {
        let check = |metric: &str, rule: Rule, said: &str, text: &str| {
            let settings = Settings { metric: metric.into(), scope: Scope::Organisation, rule, least: 0, any_hour: false, weekly: 3 };
            assert_eq!((settings.said().as_str(), limit_text(&settings).as_str()), (said, text));
        };
        check("change_fail_rate", Rule::Above(0.15), "change fail rate above 15 %", "15%");
        check("change_lead_time", Rule::Above(259_200.0), "change lead time above 3 days", "3d");
        check("deployment_frequency", Rule::Below(2.0), "deployment frequency below 2 a week", "2/week");
        check("ci_pass_rate", Rule::OwnRange, "CI pass rate worse than its own half year", "");
        check("velocity", Rule::OwnRange, "velocity (no longer known)", "");
    }

    #[test]
    fn a_minimum_is_a_whole_number() {
        let known = metric::find("change_fail_rate").unwrap();
        assert_eq!((least("", known), least("12", known), least("0", known)), (Ok(10), Ok(12), Ok(0)));
        for wrong in ["-1", "abc", "1.5", "99999999999"] {
            assert!(least(wrong, known).is_err_and(|said| said.contains("whole number")), "{wrong}");
        }
    }
}
