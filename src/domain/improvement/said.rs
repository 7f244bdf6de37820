//! A verdict in words: what is seen, from what to what, how sure, on how many weeks.
//!
//! "No clear change" always goes on to say that it is no proof of failure. Never to be shortened to the effect alone: without its interval and
//! weeks an effect reads as a fact.

use super::judge::{Because, FEWEST_AFTER, FEWEST_BEFORE, Finding, Verdict};
use super::weekly::Effect;
use crate::domain::words;

/// The verdict, as a heading.
pub fn headline(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::TakingHold => "Taking hold",
        Verdict::EarlySign => "Early sign",
        Verdict::NoClearChange => "No clear change yet",
        Verdict::Reversing => "Reversing",
        Verdict::NotEnoughData => "Not enough data",
    }
}

/// All of it, as sentences; `unit` is that of the metric.
pub fn sentence(finding: &Finding, unit: &str) -> String {
    let head = headline(finding.verdict);
    let [before, after] = finding.weeks;
    let Some(effect) = finding.effect else {
        if before >= FEWEST_BEFORE && after >= FEWEST_AFTER {
            return format!("{head}: nothing was counted in the weeks before or after the start, so there is nothing to compare.");
        }
        return format!(
            "{head}: {} before the start and {after} after say something; {FEWEST_BEFORE} and {FEWEST_AFTER} are needed.",
            words::count(before as u64, "week", "weeks")
        );
    };
    let [was, now] = effect.levels.map(|level| words::value(unit, level));
    let level = match unit {
        "per_week" => "mean",
        "fraction" => "share",
        _ => "median",
    };
    let facts = format!("{now} ({level} of the {after} weeks since), was {was} (of the {before} weeks before), {}", change(&effect, unit));
    let reason = match finding.because {
        Because::Proven | Because::TooFew => "",
        Because::WithinChance if [1.0, -1.0].iter().any(|sign| effect.moved.is_clearly(*sign)) => {
            " In so few weeks even this can be chance; it does not mean that the improvement failed."
        }
        Because::WithinChance => " Weeks differ as much as this by chance; it does not mean that the improvement failed.",
        Because::NotYetProven => " It points that way, but more weeks are needed to be sure.",
        Because::AlreadyImproving => " It was already moving this way before the start, so the start may have nothing to do with it.",
        Because::OthersToo => " Other teams moved about as much in the same weeks.",
        Because::GainFades => " It had taken hold; the latest weeks have lost more than half of it.",
    };
    format!("{head}: {facts}.{reason}")
}

/// The effect with its interval: "1.2 to 3.1 days less at 90 %".
fn change(effect: &Effect, unit: &str) -> String {
    let unit = if effect.is_ratio { "fraction" } else { unit };
    let Some([low, high]) = effect.moved.interval.filter(|ends| ends.iter().all(|end| end.is_finite())) else {
        return "too uncertain for an interval".to_owned();
    };
    let is_share = unit == "fraction" && !effect.is_ratio;
    let one = |end: f64| if is_share { points(end) } else { words::value(unit, end) };
    let range = |ends: [f64; 2]| {
        if is_share { format!("{} to {}", words::short(ends[0] * 100.0), points(ends[1])) } else { words::interval(unit, ends[1], ends) }
    };
    if high < 0.0 {
        format!("{} less at 90 %", range([-high, -low]))
    } else if low > 0.0 {
        format!("{} more at 90 %", range([low, high]))
    } else {
        format!("between {} less and {} more at 90 %", one(-low), one(high))
    }
}

/// A difference of shares: "4.2 points".
fn points(fraction: f64) -> String {
    let number = words::short(fraction * 100.0);
    if number == "1" { "1 point".to_owned() } else { format!("{number} points") }
}
