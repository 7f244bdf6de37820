//! What the verdicts are worth: how often they speak of an improvement where nothing changed, and how soon they see one.
//!
//! Weeks are drawn from autoregressive series of lag 1, as values, as counts whose variance is 3 to 9 times their mean, and as shares of 20
//! trials. The long run is ignored by default; its figures stand at the head of the folder. Run it in a build with optimisation.

use super::{Verdict, Wanted, Watched, Weekly, judge};
use crate::domain::stats::SplitMix64;

/// Where draws start: another place than that by which the widening of intervals was chosen.
const SEED: u64 = 20_270_301;

/// A standard autoregressive series.
fn series(random: &mut SplitMix64, weeks: usize, rho: f64) -> Vec<f64> {
    let mut value = random.normal();
    (0..weeks)
        .map(|_| {
            let now = value;
            value = rho * value + (1.0 - rho * rho).sqrt() * random.normal();
            now
        })
        .collect()
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Values,
    Skewed,
    Counts,
    Shares,
}

/// Weeks of a kind from standard ones.
fn weekly(kind: Kind, random: &mut SplitMix64, standard: &[f64]) -> Weekly {
    match kind {
        Kind::Values => Weekly::Values(standard.iter().map(|value| Some(10.0 + value)).collect()),
        Kind::Skewed => Weekly::Values(standard.iter().map(|value| Some((0.7 * value).exp())).collect()),
        // Mean 20, variance 5 times that.
        Kind::Counts => Weekly::Counts(standard.iter().map(|value| u64::from(random.poisson((20.0 + 9.0 * value).max(0.0)))).collect()),
        Kind::Shares => {
            let hits = |random: &mut SplitMix64, share: f64| (0..20).map(|_| u64::from(random.unit() < share)).sum();
            Weekly::Shares(standard.iter().map(|value| [hits(random, (0.35 + 0.12 * value).clamp(0.0, 1.0)), 20]).collect())
        }
    }
}

/// What is simulated.
#[derive(Clone, Copy)]
struct Setting {
    kind: Kind,
    before: usize,
    after: usize,
    rho: f64,
    /// In standard deviations, from the start on.
    shift: f64,
    /// In how many weeks it is all there.
    ramp: u32,
    /// A drift over 26 weeks, before and after alike.
    drift: f64,
    /// How many other teams, and what all of them share from the start on.
    others: usize,
    shared: f64,
    /// Metrics of one improvement, and whether only the first of them moves.
    metrics: usize,
    only_first: bool,
    /// Declared in the week after a month that was this much worse than usual.
    after_bad_month: Option<f64>,
}

const PLAIN: Setting = Setting {
    kind: Kind::Values,
    before: 26,
    after: 13,
    rho: 0.4,
    shift: 0.0,
    ramp: 1,
    drift: 0.0,
    others: 0,
    shared: 0.0,
    metrics: 1,
    only_first: false,
    after_bad_month: None,
};

fn drawn(setting: &Setting, random: &mut SplitMix64, moved: f64) -> [Weekly; 2] {
    let mut standard = series(random, setting.before + setting.after, setting.rho);
    if let Some(worse) = setting.after_bad_month {
        while standard[setting.before - 4..setting.before].iter().sum::<f64>() / 4.0 > -worse {
            standard = series(random, setting.before + setting.after, setting.rho);
        }
    }
    for (week, value) in standard.iter_mut().enumerate() {
        *value += setting.drift * f64::from(u32::try_from(week).unwrap()) / 26.0;
        let since = u32::try_from(week.saturating_sub(setting.before) + 1).unwrap();
        let there = if week >= setting.before { f64::from(since.min(setting.ramp)) / f64::from(setting.ramp) } else { 0.0 };
        *value += moved * there;
    }
    let (before, after) = standard.split_at(setting.before);
    [weekly(setting.kind, random, before), weekly(setting.kind, random, after)]
}

/// The shares, in %, of improvements with each verdict for the first metric that has one; taking hold counts where any has it.
fn verdicts(setting: &Setting, trials: u32) -> [f64; 5] {
    let mut random = SplitMix64::new(SEED);
    let mut counts = [0_u32; 5];
    for trial in 0..trials {
        let watched: Vec<Watched> = (0..setting.metrics)
            .map(|metric| {
                let own = if metric > 0 && setting.only_first { 0.0 } else { setting.shift };
                let [before, after] = drawn(setting, &mut random, own + setting.shared);
                let others = (0..setting.others).map(|_| drawn(setting, &mut random, setting.shared)).collect();
                Watched { before, after, wanted: Wanted::More, others }
            })
            .collect();
        let found = judge(&watched, trial.into());
        // Where one metric moved its verdict counts, else the first verdict that any metric has.
        let judged = if setting.only_first { &found[..1] } else { &found[..] };
        let best = judged.iter().map(|finding| finding.verdict).min_by_key(|verdict| *verdict as usize).unwrap();
        counts[best as usize] += 1;
    }
    counts.map(|count| 100.0 * f64::from(count) / f64::from(trials))
}

/// The share, in %, of improvements that are ever called one by who looks each week for half a year.
fn ever(setting: &Setting, trials: u32) -> f64 {
    let mut random = SplitMix64::new(SEED);
    let called = (0..trials).filter(|trial| {
        let [before, after] = drawn(&Setting { after: 26, ..*setting }, &mut random, setting.shift);
        let at = |weeks| Watched { before: before.clone(), after: after.first(weeks), wanted: Wanted::More, others: Vec::new() };
        (4..=26).any(|weeks| judge(&[at(weeks)], (*trial).into())[0].verdict == Verdict::TakingHold)
    });
    100.0 * f64::from(u32::try_from(called.count()).unwrap()) / f64::from(trials)
}

fn print(name: &str, setting: &Setting, trials: u32) {
    let [hold, early, none, reversing, _] = verdicts(setting, trials);
    println!("{name:40} holds {hold:5.1} early {early:5.1} none {none:5.1} reversing {reversing:5.1}");
}

#[test]
#[ignore = "the long run whose figures stand at the head of the folder: three minutes with optimisation"]
fn long_simulation() {
    let trials = 3_000;
    for kind in [Kind::Values, Kind::Skewed, Kind::Counts, Kind::Shares] {
        for before in [8, 13, 26, 52] {
            for rho in [0.0, 0.4, 0.7] {
                let rates = [5, 8, 13, 18, 26].map(|after| {
                    let at = Setting { kind, before, after, rho, ..PLAIN };
                    let [changed, same] =
                        [2.0, 0.0].map(|shift| verdicts(&Setting { shift, ..at }, trials / 4 * if shift > 0.0 { 1 } else { 4 }));
                    format!("{after}: false {:.1} early {:.0} power {:.0} rev {:.1} |", same[0], same[1], changed[0], changed[3])
                });
                println!("{kind:?} {before} before, rho {rho}: {}", rates.join(" "));
            }
        }
    }
    for rho in [0.0, 0.4, 0.7] {
        println!("rho {rho}");
        let at = Setting { rho, ..PLAIN };
        println!("looked at each week from the 4th to the 26th, ever: {:.1}", ever(&at, trials / 4));
        print("five metrics, none moved", &Setting { metrics: 5, ..at }, trials);
        print("after a month 1 sd worse", &Setting { after_bad_month: Some(1.0), ..at }, trials / 4);
        print("after a month 1 sd worse, 8 before", &Setting { after_bad_month: Some(1.0), before: 8, ..at }, trials / 4);
        print("drift of 2 sd in 26 weeks", &Setting { drift: 2.0, ..at }, trials);
        print("all teams moved 2 sd, none known", &Setting { shared: 2.0, ..at }, trials);
        print("all teams moved 2 sd, 3 others", &Setting { shared: 2.0, others: 3, ..at }, trials);
        print("all teams moved 2 sd, 8 others", &Setting { shared: 2.0, others: 8, ..at }, trials);
        print("2 sd, 3 others", &Setting { shift: 2.0, others: 3, ..at }, trials);
        print("2 sd, 8 others", &Setting { shift: 2.0, others: 8, ..at }, trials);
        print("1 sd", &Setting { shift: 1.0, ..at }, trials);
        print("2 sd, reached over 13 weeks, after 13", &Setting { shift: 2.0, ramp: 13, ..at }, trials / 2);
        print("2 sd, reached over 13 weeks, after 26", &Setting { shift: 2.0, ramp: 13, after: 26, ..at }, trials / 2);
        print("2 sd worse", &Setting { shift: -2.0, ..at }, trials);
        print("2 sd in one of five metrics", &Setting { shift: 2.0, metrics: 5, only_first: true, ..at }, trials / 2);
    }
}

/// The promise on unchanged weeks, at one moment of each kind: 5 %, and what 150 trials add by chance.
#[test]
fn unchanged_weeks_are_seldom_called_an_improvement() {
    for kind in [Kind::Values, Kind::Skewed, Kind::Counts, Kind::Shares] {
        for rho in [0.0, 0.4, 0.7] {
            let [holds, early, ..] = verdicts(&Setting { kind, rho, ..PLAIN }, 150);
            assert!(holds <= 8.5, "{kind:?}, {rho}: {holds} %");
            assert!(early <= 16.0, "{kind:?}, {rho}: early {early} %");
        }
    }
}

/// How soon a shift of two standard deviations is seen.
#[test]
fn a_shift_of_two_deviations_is_seen() {
    for (rho, before, after) in [(0.0, 26, 8), (0.4, 26, 13), (0.7, 52, 26)] {
        let [holds, .., reversing, _] = verdicts(&Setting { rho, before, after, shift: 2.0, ..PLAIN }, 100);
        assert!(holds >= 80.0 && reversing <= 5.0, "{rho}: {holds} %, reversing {reversing} %");
    }
}

/// What all teams share is not this team's improvement.
#[test]
fn what_moves_all_teams_takes_hold_in_none() {
    let [holds, early, ..] = verdicts(&Setting { shared: 2.0, others: 3, ..PLAIN }, 60);
    assert!(holds <= 5.0 && early > 60.0, "{holds} {early}");
}
