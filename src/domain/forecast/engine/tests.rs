//! The engine against simulations of the same model, ours and `NumPy`'s, and what has to be true of any answer.

use proptest::prelude::*;

use super::super::oracle;
use super::super::scope::Grid;
use super::super::throughput::Week;
use super::super::urn::drawn;
use super::*;
use crate::domain::stats::SplitMix64;

fn pace(counts: &[u32]) -> Pace {
    let weeks: Vec<Week> = counts.iter().map(|&finished| Week { finished, days: 5.0 }).collect();
    Pace::learn(&weeks, 5.0).unwrap()
}

fn outlook(counts: &[u32], spread: f64) -> Outlook {
    Outlook::new(pace(counts), Spread::even(spread))
}

const STEADY: [u32; 12] = [7, 9, 4, 8, 6, 11, 7, 5, 9, 8, 6, 10];

/// The weeks of the three promises for so many items, and the least counts in so many weeks.
fn check(counts: &[u32], items: u32, weeks: f64, dates: [Option<u32>; 3], promised: [u32; 3]) {
    let mut outlook = outlook(counts, 0.4);
    assert_eq!(outlook.when(&Scope::of(items), 1.0).promised(), dates, "when {items} are done");
    assert_eq!(outlook.how_many(weeks, 1.0).promised(), promised, "how many in {weeks}");
}

/// The figures are those of a million draws of the same model in `NumPy`.
#[test]
fn answers_in_round_figures() {
    check(&[8; 12], 0, 0.0, [Some(0); 3], [0; 3]);
    check(&[8; 12], 8, 1.0, [Some(1), Some(2), Some(2)], [8, 7, 7]);
    check(&STEADY, 110, 13.0, [Some(15), Some(22), Some(29)], [100, 65, 50]);
    check(&[0, 0, 0, 30, 0, 2, 1, 1, 0, 1, 0, 1], 40, 4.0, [Some(36), None, None], [3, 1, 0]); // one giant week
    check(&[1, 1, 2, 2, 3, 1], 2_000, 4.5, [None; 3], [8, 5, 4]);
}

#[test]
fn agrees_with_numpy_within_the_error_of_its_draws() {
    let cases = oracle::cases("engine");
    assert!(cases.len() >= 8);
    for case in cases {
        let weeks: Vec<Week> = oracle::counts(&case["finished"]).into_iter().map(|finished| Week { finished, days: 5.0 }).collect();
        let spread = Spread { near: oracle::number(&case["near"]), far: oracle::number(&case["far"]) };
        let mut outlook = Outlook::new(Pace::learn(&weeks, 5.0).unwrap(), spread);
        let speed = oracle::number(&case["speed"]);
        let counts = outlook.how_many(oracle::number(&case["weeks"]), speed);
        let grid = |name: &str| Grid::sure(oracle::number(&case[name]));
        let scope = Scope {
            items: oracle::count(&case["items"]),
            growth: grid("growth"),
            splitting: grid("splitting"),
            tail: oracle::number(&case["tail"]),
        };
        let dates = outlook.when(&scope, speed);
        for asked in case["how_many"].as_array().unwrap() {
            let (least, share) = (oracle::count(&asked[0]), oracle::number(&asked[1]));
            within(counts.chance_of(least), share, oracle::count(&case["draws"]), &format!("at least {least}: {case}"));
        }
        for asked in case["when"].as_array().unwrap() {
            let (week, share) = (oracle::count(&asked[0]), oracle::number(&asked[1]));
            within(dates.chance_by(week), share, oracle::count(&case["draws"]), &format!("by {week}: {case}"));
        }
    }
}

/// Within 4.5 standard errors of a share of draws, and a thousandth for the grid.
fn within(ours: f64, share: f64, draws: u32, what: &str) {
    let error = (share * (1.0 - share) / f64::from(draws)).sqrt();
    assert!((ours - share).abs() <= 4.5 * error + 0.001, "{ours} against {share} of {draws}: {what}");
}

#[test]
fn agrees_with_our_own_simulation() {
    let (draws, weeks, spread) = (20_000_u32, 9_u32, Spread { near: 0.3, far: 0.6 });
    let mut outlook = Outlook::new(pace(&STEADY), spread);
    let counts = outlook.how_many(f64::from(weeks), 1.0);
    let mut random = SplitMix64::new(11);
    let mut seen = vec![0_u32; 400];
    for _ in 0..draws {
        // Dirichlet weights through gamma variables would need a quantile; the urn is the same thing, draw by draw.
        let sum = drawn(outlook.pace().atoms(), weeks as usize, &mut random);
        let scaled = f64::from(sum) * (spread.over(9.0) * random.normal()).exp();
        seen[whole(scaled + random.unit()) as usize] += 1;
    }
    for least in [20_u32, 40, 50, 60, 70, 80, 100, 130] {
        let share = f64::from(seen[least as usize..].iter().sum::<u32>()) / f64::from(draws);
        within(counts.chance_of(least), share, draws, &format!("at least {least}"));
    }
}

#[test]
fn an_unsure_scope_is_the_mean_of_sure_ones() {
    let mut outlook = outlook(&STEADY, 0.4);
    let unsure =
        Scope { growth: Grid::growth(&[(0, 4), (4, 9), (1, 4)]), splitting: Grid::splitting(&[(5, 3), (4, 4)]), tail: 0.05, items: 30 };
    let mut expected = [0.0; 9];
    for (growth, of_growth) in unsure.growth.values() {
        for (splitting, of_splitting) in unsure.splitting.values() {
            let sure = Scope { growth: Grid::sure(*growth), splitting: Grid::sure(*splitting), ..unsure.clone() };
            let dates = outlook.when(&sure, 1.0);
            (0..9).zip(&mut expected).for_each(|(week, sum)| *sum += of_growth * of_splitting * dates.chance_by(week));
        }
    }
    let dates = outlook.when(&unsure, 1.0);
    assert!((0..9).zip(expected).all(|(week, expected)| (dates.chance_by(week) - expected).abs() < 1e-9), "{dates:?} {expected:?}");
}

#[test]
fn what_is_done_stays_done() {
    // Near forecasts drift much and far ones not at all: the chance of a far-off count would fall again.
    let mut outlook = Outlook::new(pace(&STEADY), Spread { near: 1.2, far: 0.0 });
    let dates = outlook.when(&Scope::of(250), 1.0);
    assert!((0..LONGEST).all(|week| dates.chance_by(week) <= dates.chance_by(week + 1)), "{dates:?}");
}

#[test]
fn nobody_working_finishes_nothing() {
    let mut outlook = outlook(&STEADY, 0.4);
    assert_eq!(outlook.when(&Scope::of(3), 0.0).promised(), [None; 3]);
    assert_eq!(outlook.when(&Scope::of(0), 0.0).promised(), [Some(0); 3]);
    assert_eq!(outlook.how_many(4.0, 0.0).promised(), [0; 3]);
}

#[test]
fn a_second_question_does_not_change_the_first() {
    let (mut asked, mut fresh) = (outlook(&STEADY, 0.4), outlook(&STEADY, 0.4));
    asked.when(&Scope::of(400), 0.7);
    assert_eq!(asked.how_many(5.0, 1.0), fresh.how_many(5.0, 1.0));
    assert_eq!(asked.when(&Scope::of(60), 1.0), fresh.when(&Scope::of(60), 1.0));
}

/// The standard deviation.
fn deviation(counts: &Counts) -> f64 {
    let mean: f64 = counts.chances().iter().zip(0..).map(|(chance, count)| chance * f64::from(count)).sum();
    counts.chances().iter().zip(0..).map(|(chance, count)| chance * (f64::from(count) - mean).powi(2)).sum::<f64>().sqrt()
}

fn history() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(0..12_u32, 6..20).prop_map(|mut counts| {
        for count in counts.iter_mut().rev().take(6) {
            *count += 2;
        }
        counts
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn promises_are_ordered_and_chances_add_up(counts in history(), spread in 0.0..1.2_f64, weeks in 0.0..14.0_f64, items in 0..90_u32) {
        let mut outlook = outlook(&counts, spread);
        let many = outlook.how_many(weeks, 1.0);
        prop_assert!((many.chances().iter().sum::<f64>() - 1.0).abs() < 1e-9);
        prop_assert!(many.promised().is_sorted_by(|a, b| a >= b));
        let dates = outlook.when(&Scope::of(items), 1.0);
        prop_assert!(dates.promised().map(|week| week.unwrap_or(u32::MAX)).is_sorted());
        for promise in PROMISES {
            let count = many.at_least(promise);
            prop_assert!(many.chance_of(count) >= promise - 1e-6 && many.chance_of(count + 1) < promise + 1e-6);
        }
    }

    #[test]
    fn more_to_do_is_never_earlier_and_more_speed_never_later(
        counts in history(), spread in 0.0..1.0_f64, items in 0..60_u32, more in 0..30_u32, growth in 0.0..0.5_f64, tail in 0.0..0.12_f64, faster in 1.0..2.0_f64,
    ) {
        let mut outlook = outlook(&counts, spread);
        let mut promised = |scope: &Scope, speed: f64| outlook.when(scope, speed).promised().map(|week| week.unwrap_or(u32::MAX));
        let plain = promised(&Scope::of(items), 1.0);
        let longer = [
            promised(&Scope::of(items + more), 1.0),
            promised(&Scope { growth: Grid::sure(growth), ..Scope::of(items) }, 1.0),
            promised(&Scope { tail, ..Scope::of(items) }, 1.0),
            promised(&Scope { splitting: Grid::sure(1.0 + growth), ..Scope::of(items) }, 1.0),
        ];
        let sooner = promised(&Scope::of(items), faster);
        for at in 0..3 {
            prop_assert!(longer.iter().all(|weeks| weeks[at] >= plain[at]), "{:?} {:?}", plain, longer);
            prop_assert!(sooner[at] <= plain[at]);
        }
    }

    #[test]
    fn when_and_how_many_agree(counts in history(), spread in 0.0..0.6_f64, weeks in 1..14_u32) {
        let mut outlook = outlook(&counts, spread);
        for promise in PROMISES {
            let count = outlook.how_many(f64::from(weeks), 1.0).at_least(promise);
            let by = outlook.when(&Scope::of(count), 1.0).by(promise);
            prop_assert!(by.is_some_and(|by| by <= weeks), "{} items in {} weeks, but by {:?}", count, weeks, by);
        }
    }

    #[test]
    fn more_history_of_the_same_is_never_wider(pattern in prop::collection::vec(2..15_u32, 6..9), spread in 0.0..0.8_f64, weeks in 1..14_u32) {
        let widths: Vec<f64> = (1..=3)
            .map(|times| deviation(&outlook(&pattern.repeat(times), spread).how_many(f64::from(weeks), 1.0)))
            .collect();
        prop_assert!(widths.is_sorted_by(|a, b| a + 1e-9 >= *b), "{:?}", widths);
    }

    #[test]
    fn more_drift_is_never_narrower_for_what_is_promised(counts in history(), spread in 0.0..0.8_f64, weeks in 1..14_u32) {
        let promised = |spread: f64| outlook(&counts, spread).how_many(f64::from(weeks), 1.0).at_least(0.85);
        prop_assert!(promised(spread + 0.3) <= promised(spread) + 1);
    }
}
