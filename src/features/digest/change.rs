//! Which figures changed: the last four weeks against the twelve before. Pure.
//!
//! A week alone is too small to judge: a team deploys a few times in it and fails once or never. Four weeks are compared with the
//! twelve before them, so that like weeks stand against like, and a figure *changed* only where three rules all say so:
//!
//! 1. the two figures can be told apart by their own 95 % intervals: the rule of every answer ([`figure::moved`]), which knows how
//!    many commits or deployments each rests on;
//! 2. the mean of the last four weekly values lies more than [`FAR`] standard deviations of single weeks from that of the twelve
//!    before. Deviations are within the two periods, of logarithms for spans and sizes, of square roots for weekly rates, of shares
//!    as they are;
//! 3. it is more than a tenth, or two points of a share: less is sure but no news.
//!
//! Why the second: weeks resemble their neighbours (lag-1 autocorrelation .24 to .80 in the real series of `run-phase.md`), so that
//! four weeks in a row that differ are less than they seem, and the first rule alone calls many unchanged series changed. And a
//! digest looks at fourteen figures every week: at the usual 5 % each, every second quiet digest would claim something. `FAR` is set so
//! that of digests of a scope in which nothing changes at most 5 % claim any change at all, whichever figure, where weekly levels
//! drift with an autocorrelation of up to .4; where they wander more it is more, for then the level of a month did differ, and may
//! go back. Measured through this code in `simulation.rs`, where the table stands. The price: a lead time that doubled is claimed
//! in one of four digests, one that tripled in three of four. A false alarm costs more here than a late one: the figures themselves are in the
//! thread every time, and `trend` shows the weeks.
//!
//! What is counted at one instant (work in progress and its age) is not judged so: it is the same from week to week. It is among
//! what needs a look.

use crate::domain::card::{Target, Tone};
use crate::domain::figure::{self, Figure};
use crate::domain::metric::{DORA, Definition, FLOW};
use crate::domain::words::{self, Better};
use crate::features::dora::compute::Dora;
use crate::features::flow::compute::Flow;

/// How many standard deviations of single weeks apart.
pub const FAR: f64 = 2.75;
/// A difference below this part of what it was, or these points of a share, is no news.
const LEAST: f64 = 0.1;
const LEAST_POINTS: f64 = 0.02;
/// Weeks with a value that either side needs.
const LATER_WEEKS: usize = 3;
const EARLIER_WEEKS: usize = 8;
/// Not judged: counted at one instant.
const AT_AN_INSTANT: [&str; 2] = ["wip", "wip_age"];

/// The same over the last four weeks and over the twelve before.
#[derive(Debug, Clone, PartialEq)]
pub struct Sides<T> {
    /// The last four weeks.
    pub now: T,
    /// The twelve before.
    pub before: T,
}

/// Which command tells more of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    Dora,
    Flow,
}

/// A figure, and whether it changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    pub definition: &'static Definition,
    pub family: Family,
    pub now: Figure,
    pub before: Figure,
    /// The team's own target.
    pub target: Option<Target>,
    pub outcome: Outcome,
}

/// Whether a figure changed.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// By more than chance: which way, in words with the size, and how far in weekly deviations.
    Changed { tone: Tone, words: String, far: f64 },
    /// Not by more than chance.
    Same,
    /// Too few data, or none, on either side.
    Unknown,
}

impl Judged {
    /// Its name; a stage's as one says it without the others beside it.
    pub fn name(&self) -> &'static str {
        match self.definition.id {
            "coding_time" => "Time to write a change",
            "pickup_time" => "Wait for a first review",
            "review_time" => "Time in review",
            "deploy_time" => "Wait for deployment",
            _ => self.definition.name,
        }
    }

    /// A value of it in words.
    pub fn words(&self, value: f64) -> String {
        let said = words::value(self.definition.unit, value);
        if self.definition.id == "batch_size" { format!("{said} lines") } else { said }
    }

    /// Whether and which way it changed.
    pub fn tone(&self) -> Tone {
        if let Outcome::Changed { tone, .. } = self.outcome { tone } else { Tone::Neutral }
    }
}

/// Every figure that gets better one way, those of DORA first.
pub fn judge(dora: &Sides<Dora>, flow: &Sides<Flow>) -> Vec<Judged> {
    let five = DORA.iter().enumerate().map(|(at, definition)| {
        let metric = [&dora.now.metrics[at], &dora.before.metrics[at]];
        let figures = [dora.now.now.all()[at], dora.before.now.all()[at]];
        one(definition, Family::Dora, figures, metric, [&dora.now.weekly[at], &dora.before.weekly[at]])
    });
    let flows = FLOW.iter().enumerate().map(|(at, definition)| {
        let metric = [&flow.now.metrics[at], &flow.before.metrics[at]];
        let figures = [&flow.now.now[at], &flow.before.now[at]];
        one(definition, Family::Flow, figures, metric, [&flow.now.weekly[at], &flow.before.weekly[at]])
    });
    five.chain(flows).filter(|it| it.definition.better != Better::Neither).collect()
}

type Weeks<'a> = &'a [Option<f64>];

fn one(
    definition: &'static Definition,
    family: Family,
    [now, before]: [&Figure; 2],
    metrics: [&crate::domain::card::Metric; 2],
    [later, earlier]: [Weeks<'_>; 2],
) -> Judged {
    let instant = AT_AN_INSTANT.contains(&definition.id);
    let told = metrics.iter().all(|metric| metric.reason.is_none() && metric.value.is_some());
    let moved = figure::moved(definition, now, before).filter(|_| told && !instant);
    let outcome = match (moved, deviations(definition, later, earlier)) {
        (Some((tone, words)), Some(far)) if tone != Tone::Neutral && far > FAR && is_much(definition.unit, now, before) => {
            Outcome::Changed { tone, words, far }
        }
        (Some(_), Some(_)) => Outcome::Same,
        _ => Outcome::Unknown,
    };
    Judged { definition, family, now: now.clone(), before: before.clone(), target: metrics[0].target.clone(), outcome }
}

/// Whether a difference is large enough to be told.
fn is_much(unit: &str, now: &Figure, before: &Figure) -> bool {
    let (Some(now), Some(before)) = (now.value, before.value) else { return false };
    let least = if unit == "fraction" { LEAST_POINTS } else { LEAST * before.abs() };
    (now - before).abs() >= least
}

/// How far the mean of the later weeks lies from that of the earlier ones, in standard deviations of single weeks; none where too
/// few weeks have a value.
fn deviations(definition: &Definition, later: Weeks<'_>, earlier: Weeks<'_>) -> Option<f64> {
    let scaled = |weeks: Weeks<'_>| -> Vec<f64> { weeks.iter().flatten().map(|value| scale(definition.unit, *value)).collect() };
    let (later, earlier) = (scaled(later), scaled(earlier));
    if later.len() < LATER_WEEKS || earlier.len() < EARLIER_WEEKS {
        return None;
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / figure::to_f64(values.len() as u64);
    let squares = |values: &[f64], mean: f64| values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    let (now, before) = (mean(&later), mean(&earlier));
    let freedom = figure::to_f64((later.len() + earlier.len() - 2) as u64);
    let deviation = ((squares(&later, now) + squares(&earlier, before)) / freedom).sqrt();
    let far = (now - before).abs();
    Some(if far == 0.0 { 0.0 } else { far / deviation }) // weeks that are all alike: any difference is far
}

/// A weekly value on the scale on which weeks differ evenly.
fn scale(unit: &str, value: f64) -> f64 {
    match unit {
        "seconds" | "count" => value.max(1.0).ln(),
        "per_week" => value.max(0.0).sqrt(),
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::metric;

    #[test]
    fn weeks_lie_apart_by_their_own_deviation() {
        let check = |id: &str, earlier: &[f64], later: &[f64], expect: Option<f64>| {
            let [earlier, later] = [earlier, later].map(|weeks| weeks.iter().map(|value| Some(*value)).collect::<Vec<_>>());
            let far = deviations(metric::find(id).unwrap(), &later, &earlier);
            assert_eq!(far.map(|far| (far * 100.0).round() / 100.0), expect, "{id} {earlier:?} {later:?}");
        };
        // Shares as they are: deviations of 0.1 around 0.5 on both sides, the means 0.3 apart: 0.3 / (0.1 * sqrt(12 / 10)).
        let even = [0.4, 0.6, 0.4, 0.6, 0.4, 0.6, 0.4, 0.6];
        check("ci_pass_rate", &even, &[0.7, 0.9, 0.7, 0.9], Some(2.74));
        check("ci_pass_rate", &even, &[0.4, 0.6, 0.4, 0.6], Some(0.0));
        check("ci_pass_rate", &even, &[0.7, 0.9], None);
        check("ci_pass_rate", &even[..7], &[0.7, 0.9, 0.7, 0.9], None);
        // Spans by their logarithm: twice as long is as far as half as long.
        let days = |values: &[f64]| values.iter().map(|days| days * 86_400.0).collect::<Vec<_>>();
        let earlier = days(&[1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0]);
        check("change_lead_time", &earlier, &days(&[4.0, 8.0, 4.0, 8.0]), Some(3.65));
        check("change_lead_time", &earlier, &days(&[0.25, 0.5, 0.25, 0.5]), Some(3.65));
        check("change_fail_rate", &[0.0; 12], &[0.0; 4], Some(0.0));
        check("change_fail_rate", &[0.0; 12], &[0.5; 4], Some(f64::INFINITY));
    }
}
