//! An improvement with what became of it: the weeks since are read as of an instant, those before are as they were frozen.
//!
//! The same facts, instant and organisation tell the same to the last digit: chance is drawn from a seed that is the improvement's own.

use serde_json::{Value, json};

use super::weeks;
use crate::domain::ask::scope_text;
use crate::domain::card::Metric;
use crate::domain::figure::Figure;
use crate::domain::improvement::{
    Because, FEWEST_AFTER, FEWEST_BEFORE, Finding, Series, Verdict, Wanted, Watched, Weekly, headline, judge, sentence,
};
use crate::domain::metric::{self, Definition};
use crate::domain::org::Org;
use crate::domain::time::{At, WEEK};
use crate::domain::words;
use crate::error::Failure;
use crate::features::Cx;
use crate::features::access::Shown;
use crate::features::verdict::lowered;
use crate::store::improvements::Improvement;

/// A metric of an improvement, and what became of it.
pub struct Moved {
    pub definition: &'static Definition,
    pub wanted: Wanted,
    pub before: Series,
    pub after: Series,
    pub finding: Finding,
    /// How many other teams it was held against.
    pub others: usize,
}

/// An improvement, and what became of it.
pub struct Told {
    pub improvement: Improvement,
    /// Up to when weeks count: now, or its end.
    pub until: At,
    pub metrics: Vec<Moved>,
}

/// Reads the weeks since and judges them.
pub async fn tell(cx: &Cx, improvement: Improvement, now: At, org: &Org) -> Result<Told, Failure> {
    let until = improvement.ended_at.unwrap_or(now);
    let (scope, start) = (improvement.scope.clone(), improvement.starts_at);
    let watched: Vec<_> = improvement.watched.iter().filter_map(|it| Some((metric::find(&it.metric)?, it))).collect();
    let known: Vec<&'static Definition> = watched.iter().map(|(known, _)| *known).collect();
    let since = weeks::since(&scope, org, start, until);
    let after = weeks::figures(cx, &scope, &known, &since, (now, org)).await?;
    let after: Vec<Series> = known.iter().zip(&after).map(|(known, weeks)| Series::of(known.unit, weeks)).collect();
    let mut judged: Vec<Watched> = watched
        .iter()
        .zip(&after)
        .map(|((_, it), after)| Watched {
            before: it.before.weekly.clone(),
            after: after.weekly.clone(),
            wanted: it.wanted,
            others: Vec::new(),
        })
        .collect();
    let mut found = judge(&judged, seed(&improvement.id));
    // Other teams can only take back what is proven: where nothing is, they are not read.
    let proven = |finding: &Finding| [Verdict::TakingHold, Verdict::Reversing].contains(&finding.verdict);
    let places: Vec<usize> = (0..found.len()).filter(|at| proven(&found[*at])).collect();
    if !places.is_empty() {
        let asked: Vec<&'static Definition> = places.iter().map(|at| known[*at]).collect();
        let all: Vec<(At, At)> = weeks::before(&scope, org, start).into_iter().chain(since).collect();
        let shown = Shown { from: all.first().map_or(start, |(from, _)| *from), to: until, compares: false };
        for other in weeks::others(cx, &scope, org, shown) {
            for (at, weeks) in places.iter().zip(weeks::figures(cx, &other, &asked, &all, (now, org)).await?) {
                let (before, after): (Vec<_>, Vec<_>) = weeks.into_iter().partition(|(from, _)| *from < start);
                let of = |weeks: &[(At, Figure)]| Series::of(known[*at].unit, weeks);
                judged[*at].others.push([of(&before).since_known().weekly, of(&after).weekly]);
            }
        }
        found = judge(&judged, seed(&improvement.id));
    }
    let told = |at: usize, finding: Finding, after: Series| Moved {
        definition: known[at],
        wanted: judged[at].wanted,
        before: watched[at].1.before.clone(),
        after,
        others: judged[at].others.iter().filter(|[before, after]| enough(before, after)).count(),
        finding,
    };
    let metrics = found.into_iter().zip(after).enumerate().map(|(at, (finding, after))| told(at, finding, after)).collect();
    Ok(Told { improvement, until, metrics })
}

fn enough(before: &Weekly, after: &Weekly) -> bool {
    before.known() >= FEWEST_BEFORE && after.known() >= FEWEST_AFTER
}

/// Where the draws of an improvement begin.
fn seed(id: &str) -> u64 {
    id.bytes().fold(7, |seed, letter| seed * 131 + u64::from(letter))
}

/// A name of ours in machine form.
fn snake<T: std::fmt::Debug>(name: T) -> String {
    let name = format!("{name:?}");
    let letter = |(at, letter): (usize, char)| {
        let blank = (at > 0 && letter.is_uppercase()).then_some('_');
        blank.into_iter().chain(letter.to_lowercase()).collect::<String>()
    };
    name.chars().enumerate().map(letter).collect()
}

/// How a metric moved beside other teams; `apart` is the difference of the effects.
fn beside(unit: &str, apart: f64, others: usize) -> String {
    let size = words::percent(apart.abs());
    let size = if unit == "fraction" { size.replace('%', "points") } else { size };
    let way = if apart < 0.0 { "down" } else { "up" };
    format!("That is {size} further {way} than in {} in the same weeks.", words::count(others as u64, "other team", "other teams"))
}

impl Moved {
    /// What is to be seen, as sentences.
    pub fn sentence(&self, told: &Told, org: &Org) -> String {
        let finding = &self.finding;
        let beside = finding
            .against_others
            .filter(|_| finding.because == Because::Proven)
            .map(|apart| beside(self.definition.unit, apart.value, self.others));
        let all = [Some(sentence(finding, self.definition.unit)), beside, self.awaited(told, org)];
        all.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// When a verdict can be given, where it can't yet.
    fn awaited(&self, told: &Told, org: &Org) -> Option<String> {
        let (improvement, now) = (&told.improvement, told.until);
        let zone = org.zone_for(&improvement.scope);
        let [before, after] = self.finding.weeks;
        if self.finding.verdict != Verdict::NotEnoughData || improvement.ended_at.is_some() {
            return None;
        }
        let missing = |have: usize, need: usize| i64::try_from(need.saturating_sub(have)).unwrap_or_default();
        if before < FEWEST_BEFORE {
            let start = improvement.starts_at.plus(missing(before, FEWEST_BEFORE) * WEEK);
            let day = words::date(start, now, zone);
            return Some(format!(
                "The weeks before are too few for this start, and stay as they are: with a start on {day} or later there will be a verdict."
            ));
        }
        let weeks = missing(after, FEWEST_AFTER);
        let next = weeks::since(&improvement.scope, org, improvement.starts_at, now.plus(2 * WEEK)).into_iter().find(|(_, to)| *to > now);
        let day = next.map(|(_, to)| words::date(to.plus((weeks - 1) * WEEK), now, zone))?;
        (weeks > 0).then(|| format!("A verdict is possible from {day} on."))
    }

    /// As in JSON.
    fn data(&self) -> Value {
        let finding = &self.finding;
        let effect = finding.effect.map(|effect| {
            json!({"before": effect.levels[0], "after": effect.levels[1], "moved": effect.moved.value, "interval": finite(effect.moved.interval),
                "ratio": effect.is_ratio, "unit": self.definition.unit})
        });
        json!({"id": self.definition.id, "wanted": snake(self.wanted), "verdict": snake(finding.verdict), "because": snake(finding.because),
            "weeks": finding.weeks, "effect": effect, "others": self.others,
            "against_others": finding.against_others.map(|apart| json!({"value": apart.value, "interval": finite(apart.interval)}))})
    }

    /// The effect as a figure of the answer, which a receipt keeps: its 90 % interval, the weeks that say something, and the verdict.
    fn metric(&self, id: &str) -> Metric {
        let effect = self.finding.effect;
        let unit = if effect.is_some_and(|effect| effect.is_ratio) { "fraction" } else { self.definition.unit };
        Metric {
            id: format!("{id}/{}", self.definition.id),
            value: effect.map(|effect| effect.moved.value),
            unit: unit.to_owned(),
            n: self.finding.weeks.iter().sum::<usize>() as u64,
            interval: finite(effect.and_then(|effect| effect.moved.interval)),
            reason: Some(snake(self.finding.verdict)),
            ..Metric::default()
        }
    }
}

/// An interval both of whose ends are numbers.
fn finite(interval: Option<[f64; 2]>) -> Option<[f64; 2]> {
    interval.filter(|ends| ends.iter().all(|end| end.is_finite()))
}

impl Told {
    /// The verdict that an improvement as a whole has: reversing where one of its metrics is, else the best of them.
    pub fn verdict(&self) -> Verdict {
        let all = || self.metrics.iter().map(|it| it.finding.verdict);
        let reversing = all().find(|verdict| *verdict == Verdict::Reversing);
        reversing.or_else(|| all().min_by_key(|verdict| *verdict as usize)).unwrap_or(Verdict::NotEnoughData)
    }

    /// The same as a heading.
    pub fn headline(&self) -> &'static str {
        headline(self.verdict())
    }

    /// "change lead time down, deployment frequency up".
    pub fn aims(&self) -> String {
        let one = |it: &Moved| {
            let way = if it.wanted == Wanted::More { "up" } else { "down" };
            format!("{} {way}", lowered(it.definition.name))
        };
        words::join(&self.metrics.iter().map(one).collect::<Vec<_>>())
    }

    /// As in JSON.
    pub fn data(&self) -> Value {
        let it = &self.improvement;
        json!({"id": it.id, "name": it.name, "scope": scope_text(&it.scope), "start": it.starts_on, "declared_at": it.declared_at,
            "ended_at": it.ended_at, "done": it.done, "verdict": snake(self.verdict()),
            "metrics": self.metrics.iter().map(Moved::data).collect::<Vec<_>>()})
    }

    /// Its effects as figures of the answer.
    pub fn figures(&self) -> Vec<Metric> {
        self.metrics.iter().map(|it| it.metric(&self.improvement.id)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beside_other_teams_it_says_which_way_it_moved_further() {
        let check = |unit: &str, apart: f64, expect: &str| assert_eq!(beside(unit, apart, 4), expect);
        check("seconds", -0.45, "That is 45 % further down than in 4 other teams in the same weeks.");
        check("per_week", 0.2, "That is 20 % further up than in 4 other teams in the same weeks.");
        check("fraction", -0.04, "That is 4 points further down than in 4 other teams in the same weeks.");
    }

    #[test]
    fn names_in_machine_form() {
        assert_eq!(
            (snake(Verdict::TakingHold), snake(Because::OthersToo), snake(Wanted::Less)),
            ("taking_hold".into(), "others_too".into(), "less".into())
        );
    }

    #[test]
    fn every_improvement_has_draws_of_its_own() {
        assert_eq!(seed("abcdefgh"), seed("abcdefgh"));
        assert_ne!(seed("abcdefgh"), seed("abcdefgk"));
        assert_ne!(seed("zzzzzzzz"), seed("zzzzzzz9"));
    }
}
