//! What the warnings are worth on portfolios that were made up, with a seed: no public data holds plans with their outcomes.
//!
//! A project has items from its start on, a pace whose logarithm drifts as an autoregressive series (.24 to .80 from week to week) with
//! counts that vary 3 to 9 times as much as their mean, a trickle of growth, and a date set by somebody who hopes a little. Some slip on
//! purpose: the pace drops, the scope grows, people leave. Several weightings and limits were looked at on seeds 1 to 4 before these were
//! chosen, so that what those seeds say is too good. The figures that count are of seeds that nobody had looked at, run once after all was
//! chosen; the spread is the one that stands before anything is learnt. The long run is ignored by default: run it in a build with optimisation.
//!
//! | seed | projects, late | area (95 %) | 4, 8, 13 weeks before | late of first 1, 3, 5 | Brier, skill | warned, days | false alarms, a project and quarter |
//! |---|---|---|---|---|---|---|---|
//! | 101 | 150, 71 | .79 (.74-.84) | .91 .85 .77 | .93 .90 .84 | .189, .24 | 65, 91 | 35, .22 |
//! | 102 | 150, 70 | .80 (.75-.84) | .87 .83 .80 | .93 .92 .88 | .187, .25 | 61, 77 | 44, .31 |
//! | 103 | 150, 65 | .82 (.77-.86) | .85 .91 .81 | .87 .85 .83 | .176, .29 | 59, 77 | 36, .20 |
//! | 104 | 150, 68 | .82 (.77-.86) | .82 .88 .80 | .96 .92 .88 | .178, .29 | 58, 77 | 32, .23 |
//!
//! The last two columns, and what was warned of, were measured with the band by the weighted score, before the band was the forecast's alone.
//!
//! With outcomes dealt to other projects the area is .51 and the skill far below 0 each time, and no deal is as good as the truth. Of 390
//! projects that were warned of 243 were late, and 31 of 274 late ones were not warned of in time. The forecast alone does as well (.79, .80,
//! .82, .82; skill .25, .26, .30, .29): what else items tell is in it already, so that it says why and not how much. What items do not tell
//! (focus, investment, survey and so on) is not simulated, and shown to be worth nothing yet.

use chrono::{Days, NaiveDate};

use super::backtest::{Resolved, backtest, replay};
use super::feature::Feature;
use super::snapshot::{Facts, Snapshot};
use crate::domain::calendar::WorkCalendar;
use crate::domain::forecast::drift::Spread;
use crate::domain::forecast::project::Life;
use crate::domain::forecast::scope::TAIL_UNKNOWN;
use crate::domain::org::Calendar;
use crate::domain::stats::SplitMix64;
use crate::domain::time::{At, DAY, WEEK};

/// A Monday.
const BEGIN: i64 = 19_004 * DAY;

/// How a project goes wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Slip {
    None,
    PaceDrops,
    ScopeGrows,
    PeopleLeave,
}

/// A count of a mean whose variance is `over` times that: bursts of items that are finished together.
fn bursts(random: &mut SplitMix64, mean: f64, over: f64) -> u32 {
    // Bursts of geometric size g have a variance of (2 g - 1) times their mean.
    let size = f64::midpoint(over, 1.0);
    (0..random.poisson(mean / size))
        .map(|_| {
            let mut burst = 1;
            while random.unit() > 1.0 / size {
                burst += 1;
            }
            burst
        })
        .sum()
}

struct Made {
    lives: Vec<Life>,
    due: NaiveDate,
}

fn between(random: &mut SplitMix64, low: f64, high: f64) -> f64 {
    low + (high - low) * random.unit()
}

fn whole(number: f64) -> usize {
    let mut count = 0_u32;
    while f64::from(count) < number {
        count += 1;
    }
    count as usize
}

fn made(random: &mut SplitMix64, slip: Slip) -> Made {
    let start = BEGIN + i64::try_from(random.below(120)).unwrap() * WEEK;
    let (pace, over, rho) = (between(random, 4.0, 9.0), between(random, 3.0, 9.0), between(random, 0.24, 0.80));
    let planned = whole(between(random, 18.0, 34.0));
    let items = whole(pace * f64::from(u32::try_from(planned).unwrap()) * between(random, 0.75, 1.0));
    let begins = whole(f64::from(u32::try_from(planned).unwrap()) * between(random, 0.35, 0.75));
    let mut open: Vec<Life> = (0..items).map(|_| Life { created_at: Some(At(start)), ..Life::default() }).collect();
    let (mut done, mut drift) = (Vec::new(), 0.0);
    for week in 0..planned * 2 + 10 {
        let from = start + i64::try_from(week).unwrap() * WEEK;
        let wrong = week >= begins;
        drift = rho * drift + 0.25 * (1.0 - rho * rho).sqrt() * random.normal();
        let speed = match slip {
            Slip::PaceDrops if wrong => 0.55,
            Slip::PeopleLeave if wrong => (1.0 - 0.12 * f64::from(u32::try_from(week - begins).unwrap())).max(0.35),
            _ => 1.0,
        };
        let more = if slip == Slip::ScopeGrows && wrong { 0.7 } else { 0.08 };
        for _ in 0..random.poisson(pace * more) {
            open.push(Life { created_at: Some(At(from + DAY)), ..Life::default() });
        }
        // A handful is in work; the first in line are begun.
        let in_work = whole(pace);
        for life in open.iter_mut().take(in_work).filter(|life| life.started_at.is_none()) {
            life.started_at = Some(At(from + DAY).max(life.created_at.unwrap()));
        }
        let finished = bursts(random, pace * speed * drift.exp(), over).min(u32::try_from(open.len()).unwrap());
        for _ in 0..finished {
            let at = At(from + 2 * DAY + i64::try_from(random.below(3)).unwrap() * DAY);
            let mut life = open.remove(random.below(open.len().min(in_work.max(1))));
            life.started_at = life.started_at.or(Some(At(from + DAY)));
            life.done_at = Some(at.max(life.started_at.unwrap()));
            done.push(life);
        }
        if open.is_empty() {
            break;
        }
    }
    let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
    let day = u64::try_from(start / DAY).unwrap() + 7 * u64::try_from(planned).unwrap() + 4;
    done.extend(open);
    Made { lives: done, due: epoch.checked_add_days(Days::new(day)).unwrap() }
}

/// So many projects of which a third slips on purpose, replayed to their dates.
fn portfolio(seed: u64, projects: usize) -> Vec<Resolved> {
    let mut random = SplitMix64::new(seed);
    let calendar = WorkCalendar::new(&Calendar::default(), chrono_tz::UTC);
    let one = |at: usize| {
        let slip =
            [Slip::None, Slip::PaceDrops, Slip::None, Slip::ScopeGrows, Slip::None, Slip::PeopleLeave, Slip::None, Slip::None, Slip::None]
                [at % 9];
        let Made { lives, due } = made(&mut random, slip);
        let name = format!("p{at}");
        let facts = Facts {
            project: &name,
            lives: &lives,
            calendar: &calendar,
            due,
            spread: Spread::even(0.4),
            tail: TAIL_UNKNOWN,
            beside: Vec::new(),
            forecast: None,
        };
        replay(&facts, |facts, _| facts, At(BEGIN + 400 * WEEK)).unwrap()
    };
    (0..projects).filter_map(one).collect()
}

#[test]
fn late_projects_are_told_from_others_and_dealt_outcomes_are_not() {
    let tried = backtest(&portfolio(3, 36)).unwrap();
    let (area, [low, _]) = tried.area.unwrap();
    assert!(area > 0.7 && low > 0.55, "{tried:?}");
    let control = tried.control.unwrap();
    assert!(control.holds(), "{control:?}");
    assert!(tried.brier.unwrap().skill.unwrap() > control.skill, "{tried:?}");
}

#[test]
#[ignore = "the long run: minutes without optimisation"]
fn the_table() {
    for seed in [101, 102, 103, 104] {
        let resolved = portfolio(seed, 150);
        let tried = backtest(&resolved).unwrap();
        eprintln!("seed {seed}: {tried:?}\n{}", tried.verdict());
        // Of the forecast alone, so that it is seen what the rest adds.
        let alone: Vec<Resolved> = resolved
            .iter()
            .map(|one| {
                let forecast =
                    |it: &Snapshot| Snapshot { features: it.seen(Feature::MissChance).into_iter().copied().collect(), ..it.clone() };
                Resolved { snapshots: one.snapshots.iter().map(forecast).collect(), ..one.clone() }
            })
            .collect();
        let alone = backtest(&alone).unwrap();
        eprintln!("  the forecast alone: {:?} {:?}", alone.area, alone.brier);
    }
}
