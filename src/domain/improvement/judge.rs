//! From weeks before and after a start to a verdict; the rules stand at the head of the folder.
//!
//! Pure: the same weeks and the same seed give the same verdict. Never to be fed a week that has not ended, nor weeks before the start that
//! were read anew after it: the baseline is what was known when the improvement was declared.

use serde::{Deserialize, Serialize};

use super::weekly::{Effect, Weekly};
use crate::domain::stats::{Estimate, Trend, benjamini_hochberg, block_permutation, mann_kendall, mean_of};

/// Fewest weeks before the start that say something.
pub const FEWEST_BEFORE: usize = 8;
/// Fewest weeks after it.
pub const FEWEST_AFTER: usize = 4;
/// Most weeks before the start that count, those next to it: a year.
pub const MOST_BEFORE: usize = 52;
/// Most weeks after it that count, the latest: half a year.
pub const MOST_AFTER: usize = 26;
/// Fewest other teams for a difference in differences.
pub const FEWEST_OTHERS: usize = 3;

/// Likelier than this by chance: no proof.
const CHANCE: f64 = 0.05;
/// Likelier than this by chance: not even an early sign.
const EARLY: f64 = 0.1;
/// From how many weeks on blocks are longer.
const LONGER_FROM: usize = 24;
/// How many of the latest weeks tell whether a gain is still there.
const LATEST: usize = 4;

/// Which way the figure should move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "plain names")]
pub enum Wanted {
    Less,
    More,
}

/// A metric that an improvement should move.
#[derive(Debug, Clone, PartialEq)]
pub struct Watched {
    /// The weeks before the start, frozen when it was declared, the last one next to the start.
    pub before: Weekly,
    /// The weeks since, of the same kind, in a row.
    pub after: Weekly,
    /// Which way is wanted.
    pub wanted: Wanted,
    /// The same weeks of teams that the improvement does not touch: before and after.
    pub others: Vec<[Weekly; 2]>,
}

/// What is to be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words are the definition; the rules stand at the head of the folder")]
pub enum Verdict {
    TakingHold,
    EarlySign,
    NoClearChange,
    Reversing,
    NotEnoughData,
}

/// Why it is no more, or no less, than that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    /// All that is asked for holds.
    Proven,
    /// Nothing that is asked for holds.
    WithinChance,
    /// Some of what is asked for holds, or not yet for two weeks.
    NotYetProven,
    /// It was getting better before the start.
    AlreadyImproving,
    /// Other teams moved as much.
    OthersToo,
    /// What was gained is going away.
    GainFades,
    /// Too few weeks say something.
    TooFew,
}

/// A verdict with what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The verdict.
    pub verdict: Verdict,
    /// Its reason.
    pub because: Because,
    /// How many weeks before and after say something.
    pub weeks: [usize; 2],
    /// What moved.
    pub effect: Option<Effect>,
    /// The slope a week since the start.
    pub slope: Option<Estimate>,
    /// The effect less the mean of the other teams', in parts of the level before (of shares: in fractions); none under three other teams.
    pub against_others: Option<Estimate>,
}

/// A verdict for each metric of one improvement.
pub fn judge(watched: &[Watched], seed: u64) -> Vec<Finding> {
    let cut: Vec<Watched> = watched
        .iter()
        .map(|metric| Watched { before: metric.before.last(MOST_BEFORE), after: metric.after.last(MOST_AFTER), ..metric.clone() })
        .collect();
    let now = looks(&cut, 0, seed);
    let before = looks(&cut, 1, seed);
    (0..cut.len()).map(|at| finding(&cut, at, [&now[at], &before[at]], seed)).collect()
}

/// How likely by chance one look is, in the wanted direction and in the other one, the number of metrics counted in.
type Look = [f64; 2];

/// How all metrics looked some weeks ago.
fn looks(watched: &[Watched], ago: usize, seed: u64) -> Vec<Look> {
    let past = watched.iter().map(|metric| Watched { after: metric.after.first(metric.after.len().saturating_sub(ago)), ..metric.clone() });
    let chances: Vec<[f64; 2]> = past.map(|metric| metric.chances(seed)).collect();
    let adjusted = [0, 1].map(|way| benjamini_hochberg(&chances.iter().map(|chance| chance[way]).collect::<Vec<_>>()));
    (0..watched.len()).map(|at| [0, 1].map(|way| adjusted[way][at])).collect()
}

impl Wanted {
    fn sign(self) -> f64 {
        if self == Self::More { 1.0 } else { -1.0 }
    }
}

impl Watched {
    fn enough(&self) -> bool {
        self.before.known() >= FEWEST_BEFORE && self.after.known() >= FEWEST_AFTER
    }

    fn effect(&self) -> Option<Effect> {
        Weekly::effect(&self.before, &self.after)
    }

    /// How likely the effect is by chance alone, in the wanted direction and in the other one: as the interval and the permutation say, the
    /// greater of both.
    fn chances(&self, seed: u64) -> [f64; 2] {
        let Some(effect) = self.effect().filter(|_| self.enough()) else { return [1.0; 2] };
        let by_interval = [1.0, -1.0].map(|way| effect.moved.chance(way * self.wanted.sign()));
        if by_interval.iter().all(|chance| *chance > EARLY) {
            return by_interval; // no draws needed
        }
        let [low, high] = self.permuted(seed);
        let by_permutation = if self.wanted == Wanted::More { [high, low] } else { [low, high] };
        [0, 1].map(|way| by_interval[way].max(by_permutation[way]))
    }

    /// The chances of a statistic as low, and as high, by dealing out blocks of weeks.
    fn permuted(&self, seed: u64) -> [f64; 2] {
        let weeks = self.before.len() + self.after.len();
        let block = if weeks < LONGER_FROM { 3 } else { 4 };
        block_permutation(weeks, block, seed, Weekly::statistic(&self.before, &self.after))
    }

    /// The trend of a span.
    fn trend(&self, span: &Weekly) -> Option<Trend> {
        mann_kendall(&span.points(), Weekly::autocorrelation(&self.before, &self.after))
    }

    /// Whether a span has a trend that is unlikely by chance, in that direction.
    fn runs(trend: Option<Trend>, sign: f64) -> bool {
        trend.is_some_and(|trend| trend.chance <= 2.0 * CHANCE && trend.score * sign > 0.0)
    }

    /// The effect less the mean effect of others.
    fn against_others(&self) -> Option<Estimate> {
        let is_share = matches!(self.before, Weekly::Shares(_));
        let comparable = |before: &Weekly, after: &Weekly| Weekly::effect(before, after)?.comparable(is_share);
        let others: Vec<f64> = self
            .others
            .iter()
            .filter(|[before, after]| before.known() >= FEWEST_BEFORE && after.known() >= FEWEST_AFTER)
            .filter_map(|[before, after]| Some(comparable(&before.last(MOST_BEFORE), &after.last(MOST_AFTER))?.value))
            .collect();
        let mean = mean_of(&others).filter(|_| others.len() >= FEWEST_OTHERS)?;
        Some(comparable(&self.before, &self.after)?.less(mean))
    }

    /// Whether the latest weeks have lost more than half of the effect.
    fn fades(&self, effect: &Effect) -> bool {
        let latest = Weekly::effect(&self.before, &self.after.last(LATEST));
        latest.is_some_and(|latest| latest.moved.value * self.wanted.sign() < effect.moved.value * self.wanted.sign() / 2.0)
    }
}

/// The verdict of one metric from its last two looks.
fn finding(watched: &[Watched], at: usize, [now, before]: [&Look; 2], seed: u64) -> Finding {
    let metric = &watched[at];
    let weeks = [metric.before.known(), metric.after.known()];
    let effect = metric.effect().filter(|_| metric.enough());
    let Some(effect) = effect else {
        let because = Because::TooFew;
        return Finding { verdict: Verdict::NotEnoughData, because, weeks, effect: None, slope: None, against_others: None };
    };
    let sign = metric.wanted.sign();
    let trend = metric.trend(&metric.after);
    let against_others = metric.against_others();
    let stands_out = |sign: f64| against_others.is_none_or(|apart| apart.is_clearly(sign));
    let proven = |way: usize| now[way] <= CHANCE && before[way] <= CHANCE;
    let (verdict, because) = if proven(0) && Watched::runs(metric.trend(&metric.before), sign) {
        (Verdict::EarlySign, Because::AlreadyImproving)
    } else if proven(0) && !stands_out(sign) {
        (Verdict::EarlySign, Because::OthersToo)
    } else if Watched::runs(trend, -sign) && metric.fades(&effect) && once_held(watched, at, seed) {
        (Verdict::Reversing, Because::GainFades)
    } else if proven(0) {
        (Verdict::TakingHold, Because::Proven)
    } else if proven(1) && stands_out(-sign) {
        (Verdict::Reversing, Because::Proven)
    } else if proven(1) {
        (Verdict::NoClearChange, Because::OthersToo)
    } else if effect.moved.value * sign > 0.0 && (now[0] <= EARLY || Watched::runs(trend, sign)) {
        (Verdict::EarlySign, Because::NotYetProven)
    } else {
        (Verdict::NoClearChange, Because::WithinChance)
    };
    Finding { verdict, because, weeks, effect: Some(effect), slope: trend.map(|trend| trend.slope), against_others }
}

/// Whether a metric was proven to hold at some earlier week.
fn once_held(watched: &[Watched], at: usize, seed: u64) -> bool {
    let longest = watched[at].after.len().saturating_sub(FEWEST_AFTER);
    let held: Vec<bool> = (0..=longest).map(|ago| looks(watched, ago, seed)[at][0] <= CHANCE).collect();
    held.windows(2).any(|pair| pair[0] && pair[1])
}

#[cfg(test)]
mod tests {
    use super::super::said::sentence;
    use super::*;

    /// Weeks about a level: a pattern that has no trend.
    fn about(level: f64, weeks: usize) -> Vec<Option<f64>> {
        let pattern = [0.3, -0.2, 0.1, -0.4, 0.2, -0.1, 0.4, -0.3];
        (0..weeks).map(|week| Some(level + pattern[week % pattern.len()])).collect()
    }

    fn less(before: Vec<Option<f64>>, after: Vec<Option<f64>>) -> Watched {
        Watched { before: Weekly::Values(before), after: Weekly::Values(after), wanted: Wanted::Less, others: Vec::new() }
    }

    fn check(watched: &Watched, verdict: Verdict, because: Because) -> Finding {
        let found = judge(std::slice::from_ref(watched), 7).remove(0);
        assert_eq!((found.verdict, found.because), (verdict, because), "{found:?}");
        found
    }

    #[test]
    fn a_clear_fall_takes_hold_after_five_weeks_and_not_before() {
        let at = |weeks| less(about(6.0, 26), about(4.0, weeks));
        check(&at(3), Verdict::NotEnoughData, Because::TooFew);
        check(&at(4), Verdict::EarlySign, Because::NotYetProven);
        let found = check(&at(5), Verdict::TakingHold, Because::Proven);
        assert_eq!(found.weeks, [26, 5]);
        check(&Watched { wanted: Wanted::More, ..at(9) }, Verdict::Reversing, Because::Proven);
        check(&less(about(6.0, 26), about(6.0, 9)), Verdict::NoClearChange, Because::WithinChance);
    }

    #[test]
    fn few_weeks_before_are_not_enough_and_weeks_without_a_value_do_not_count() {
        check(&less(about(6.0, 7), about(4.0, 20)), Verdict::NotEnoughData, Because::TooFew);
        let mut gaps = about(4.0, 8);
        for week in [0, 2, 4, 6, 7] {
            gaps[week] = None;
        }
        let found = check(&less(about(6.0, 26), gaps), Verdict::NotEnoughData, Because::TooFew);
        assert_eq!(found.weeks, [26, 3]);
    }

    #[test]
    fn what_was_falling_before_is_no_proof() {
        let falling = |from: f64, weeks| -> Vec<Option<f64>> {
            about(from, weeks).into_iter().zip(0..).map(|(value, week)| value.map(|value| value - 0.15 * f64::from(week))).collect()
        };
        check(&less(falling(10.0, 26), falling(6.1, 10)), Verdict::EarlySign, Because::AlreadyImproving);
    }

    #[test]
    fn a_gain_that_goes_away_is_said() {
        let back = (0..8).map(|week| Some(4.4 + 0.25 * f64::from(week)));
        let after = about(4.0, 12).into_iter().chain(back).collect();
        check(&less(about(6.0, 26), after), Verdict::Reversing, Because::GainFades);
    }

    #[test]
    fn others_that_moved_as_much_make_it_no_proof() {
        let team = less(about(6.0, 26), about(4.0, 10));
        let other = |level: f64, now: f64| [Weekly::Values(about(level, 26)), Weekly::Values(about(now, 10))];
        let with = |others: Vec<[Weekly; 2]>| Watched { others, ..team.clone() };
        let all_moved = vec![other(3.0, 2.1), other(9.0, 5.8), other(5.0, 3.4)];
        check(&with(all_moved.clone()), Verdict::EarlySign, Because::OthersToo);
        check(&with(all_moved[..2].to_vec()), Verdict::TakingHold, Because::Proven);
        let found = check(&with(vec![other(3.0, 3.1), other(9.0, 8.8), other(5.0, 5.0)]), Verdict::TakingHold, Because::Proven);
        assert!((found.against_others.unwrap().value + 1.0 / 3.0).abs() < 0.03, "two of six days");
        let worse = Watched { wanted: Wanted::More, ..with(all_moved) };
        check(&worse, Verdict::NoClearChange, Because::OthersToo);
    }

    #[test]
    fn counts_and_shares_have_effects_of_their_own() {
        let count = |low: u64, weeks| Weekly::Counts((0..weeks).map(|week| low + [3, 0, 2, 1][week % 4]).collect());
        let counts = Watched { before: count(4, 26), after: count(12, 10), wanted: Wanted::More, others: Vec::new() };
        let effect = check(&counts, Verdict::TakingHold, Because::Proven).effect.unwrap();
        assert!(effect.is_ratio && (effect.moved.value - (13.5 / 5.5 - 1.0)).abs() < 1e-12, "{effect:?}");
        let share = |hits: u64, weeks| Weekly::Shares((0..weeks).map(|week| [hits + week % 2, 20]).collect());
        let shares = Watched { before: share(8, 26), after: share(3, 10), wanted: Wanted::Less, others: Vec::new() };
        let effect = check(&shares, Verdict::TakingHold, Because::Proven).effect.unwrap();
        assert!((effect.moved.value + 0.25).abs() < 1e-12, "{effect:?}");
    }

    #[test]
    fn one_giant_week_zeros_and_nothing_at_all_say_nothing() {
        let mut one_giant = vec![5; 10];
        one_giant[4] = 5_000;
        let counts =
            |after| Watched { before: Weekly::Counts(vec![5; 26]), after: Weekly::Counts(after), wanted: Wanted::More, others: Vec::new() };
        check(&counts(one_giant), Verdict::NoClearChange, Because::WithinChance);
        let zeros = Watched { before: Weekly::Counts(vec![0; 26]), ..counts(vec![0; 10]) };
        let found = check(&zeros, Verdict::NotEnoughData, Because::TooFew);
        assert_eq!(
            sentence(&found, "per_week"),
            "Not enough data: nothing was counted in the weeks before or after the start, so there is nothing to compare."
        );
        let all_the_same = less(vec![Some(5.0); 26], vec![Some(5.0); 10]);
        check(&all_the_same, Verdict::NoClearChange, Because::WithinChance);
        check(&less(vec![Some(5.0); 26], vec![Some(4.0); 10]), Verdict::TakingHold, Because::Proven);
        check(&less(Vec::new(), Vec::new()), Verdict::NotEnoughData, Because::TooFew);
        assert!(judge(&[], 1).is_empty());
    }

    #[test]
    fn a_baseline_is_kept_as_it_was_frozen() {
        let kept = [Weekly::Values(vec![Some(1.5), None]), Weekly::Counts(vec![3, 0]), Weekly::Shares(vec![[1, 9]])];
        let text = serde_json::to_string(&kept).unwrap();
        assert_eq!(text, r#"[{"values":[1.5,null]},{"counts":[3,0]},{"shares":[[1,9]]}]"#);
        assert_eq!(serde_json::from_str::<Vec<Weekly>>(&text).unwrap(), kept);
    }

    #[test]
    fn the_words_say_effect_interval_and_weeks() {
        let days = |level: f64, weeks| about(level, weeks).into_iter().map(|value| value.map(|value| value * 86_400.0)).collect();
        let said = |found: &Finding| sentence(found, "seconds");
        let found = check(&less(days(6.0, 26), days(4.0, 9)), Verdict::TakingHold, Because::Proven);
        assert_eq!(
            said(&found),
            "Taking hold: 4.1 days (median of the 9 weeks since), was 6 days (of the 26 weeks before), 1.7 to 2.2 days less at 90 %."
        );
        let found = check(&less(days(6.0, 26), days(6.1, 9)), Verdict::NoClearChange, Because::WithinChance);
        assert!(said(&found).ends_with("it does not mean that the improvement failed."), "{}", said(&found));
        let found = check(&less(days(6.0, 1), days(6.1, 3)), Verdict::NotEnoughData, Because::TooFew);
        assert_eq!(said(&found), "Not enough data: 1 week before the start and 3 after say something; 8 and 4 are needed.");
    }

    #[test]
    fn an_effect_among_many_metrics_needs_more_than_one_alone() {
        let alone = less(about(6.0, 26), about(5.55, 9));
        let still = || less(about(6.0, 26), about(6.0, 9));
        check(&alone, Verdict::TakingHold, Because::Proven);
        let many: Vec<Watched> = std::iter::once(alone).chain((0..30).map(|_| still())).collect();
        let found = judge(&many, 7);
        assert!(found.iter().all(|finding| finding.verdict == Verdict::NoClearChange));
    }
}
