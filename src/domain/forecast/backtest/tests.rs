//! The backtest on real series, against an independent one in Python; and that nothing later than a cut can be seen.

use super::super::oracle;
use super::*;
use crate::domain::forecast::throughput::weekly;
use crate::domain::time::{DAY, WEEK};

/// Weeks of five working days with these counts.
fn weeks(counts: &[u32]) -> Vec<PastWeek> {
    counts.iter().zip(1..).map(|(&finished, week)| PastWeek { to: At(week * WEEK), week: Week { finished, days: 5.0 } }).collect()
}

fn series(name: &str) -> Vec<u32> {
    oracle::counts(&oracle::recorded("series")[name])
}

#[test]
fn a_planted_future_row_fails() {
    let mut rows = weeks(&[5; 40]);
    assert!(run(&rows, 5.0).is_ok());
    rows[20].to = At(35 * WEEK + 1);
    let error = run(&rows, 5.0).unwrap_err();
    assert_eq!((error.row, error.cut), (At(35 * WEEK + 1), At(22 * WEEK)));
}

#[test]
fn what_comes_later_changes_no_forecast() {
    let counts = series("avro");
    let (mut other, cut) = (counts.clone(), 60);
    for count in &mut other[cut..] {
        *count = 97 - *count;
    }
    let said = |counts: &[u32]| {
        let rows = weeks(counts);
        let past = Past::before(&rows, rows[cut - 1].to).unwrap();
        let mut outlook = outlook(past, 5.0, Spread::even(0.4)).unwrap();
        (outlook.how_many(13.0, 1.0), outlook.when(&Scope::of(30), 1.0))
    };
    assert_eq!(said(&counts), said(&other));
}

/// The record of a part of a series, against the independent one.
fn check(name: &str, part: &str) {
    let recorded = oracle::recorded("backtest")[name][part].clone();
    let counts = series(name);
    let [from, to] = [0, 1].map(|at| oracle::count(&recorded["weeks"][at]) as usize);
    for (ours, recorded) in run(&weeks(&counts[from..to]), 5.0).unwrap().iter().zip(recorded["records"].as_array().unwrap()) {
        let what = format!("{name} {part}, {} weeks", ours.weeks);
        assert_eq!(ours.made, oracle::count(&recorded["made"]), "{what}");
        assert_eq!(ours.refused, oracle::count(&recorded["refused"]), "{what}");
        assert_eq!(ours.held.map(|held| held.held).to_vec(), oracle::counts(&recorded["held"]), "{what}");
        assert_eq!(ours.plain_held.map(|held| held.held).to_vec(), oracle::counts(&recorded["plain_held"]), "{what}");
        for (ours, recorded) in ours.crps.iter().zip(oracle::numbers(&recorded["crps"])) {
            assert!((ours - recorded).abs() < 1e-9, "{what}: {ours} {recorded}");
        }
        for (ours, recorded) in ours.pinball[0].iter().zip(oracle::numbers(&recorded["pinball"])) {
            assert!((ours - recorded).abs() < 1e-9, "{what}: {ours} {recorded}");
        }
        for (ours, recorded) in ours.dates_held.iter().zip(recorded["dates_held"].as_array().into_iter().flatten()) {
            assert_eq!([ours.held, ours.of - ours.held].to_vec(), oracle::counts(recorded), "{what}: dates");
        }
        let late = ours.late.unwrap();
        assert!((late.score - oracle::number(&recorded["late"][0])).abs() < 1e-9, "{what}");
        assert!((late.skill.unwrap() - oracle::number(&recorded["late"][1])).abs() < 1e-9, "{what}");
    }
}

/// The weeks that Python counted are those that we count, from the published times.
#[test]
fn the_recorded_weeks_are_those_of_the_files() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("shared/fixtures/throughput"));
    let Some(folder) = folder.into_iter().find(|folder| folder.is_dir()) else {
        println!("skipped: the folder shared/fixtures/throughput is absent");
        return;
    };
    for (name, file) in [("avro", "apache_avro-jira-first-commit.csv"), ("kafka", "apache_kafka-jira-first-commit.csv")] {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let finished: Vec<At> = text.lines().skip(1).filter_map(|line| At::parse(line.split(',').nth(1)?)).collect();
        let (first, last) = (finished.iter().min().unwrap(), finished.iter().max().unwrap());
        let monday = |at: &At| At((at.0 - 4 * DAY).div_euclid(WEEK) * WEEK + 4 * DAY); // 5 January 1970 was one
        let mut calendar = vec![Span { from: monday(first), to: monday(first).plus(WEEK), days: 5.0 }];
        while calendar[calendar.len() - 1].to <= *last {
            let from = calendar[calendar.len() - 1].to;
            calendar.push(Span { from, to: from.plus(WEEK), days: 5.0 });
        }
        let counted: Vec<u32> = weekly(&finished, &calendar, *last).iter().map(|week| week.finished).collect();
        assert_eq!(counted, series(name), "{name}");
    }
}

#[test]
fn agrees_with_an_independent_backtest() {
    check("avro", "part");
    check("p1", "part");
}

#[test]
#[ignore = "half a minute with optimisation: all of the four series, and the table at the head of this module"]
fn agrees_with_an_independent_backtest_of_all_weeks() {
    for name in ["kafka", "avro", "p0", "p1"] {
        check(name, "all");
        print(name, &series(name));
    }
    print("p1, to its last whole quarter", &series("p1")[..178]);
}

/// Rows of the table.
fn print(name: &str, counts: &[u32]) {
    let percent = |coverage: &Coverage| {
        let [low, high] = coverage.interval.map(|end| 100.0 * end);
        format!("{:.0} ({low:.0}-{high:.0})", 100.0 * coverage.share().unwrap_or(f64::NAN))
    };
    let three = |coverages: &[Coverage; 3]| coverages.iter().map(percent).collect::<Vec<_>>().join(" | ");
    for record in run(&weeks(counts), 5.0).unwrap() {
        let [ours, plain, average] = record.crps;
        let short = |coverages: &[Coverage; 3]| {
            coverages.iter().map(|c| format!("{:.0}", 100.0 * c.share().unwrap_or(f64::NAN))).collect::<Vec<_>>().join(" ")
        };
        let late = record.late.unwrap();
        println!(
            "//! | {name} | {} | {} | {} | {} | {} | {ours:.3} | {plain:.3} | {average:.3} | {:.2} | {:?} {:.3} {}",
            record.weeks,
            record.made,
            three(&record.held),
            short(&record.plain_held),
            short(&record.dates_held),
            late.skill.unwrap(),
            record.pinball[0].map(|loss| (loss * 1000.0).round() / 1000.0),
            late.score,
            record.refused,
        );
    }
}

#[test]
fn a_series_without_change_is_foretold_and_a_broken_one_is_not() {
    let steady = run(&weeks(&[6, 8, 7, 9, 5, 7, 8, 6].repeat(8)), 5.0).unwrap();
    assert!(steady.iter().all(|record| record.made > 30 && record.held[1].share().unwrap() > 0.9), "{steady:?}");
    assert!(steady[1].is_no_better(), "an average is better where nothing drifts, and the record says so: {steady:?}");
    let mut halved = vec![40; 30];
    halved.extend([4; 13]);
    let broken = run(&weeks(&halved), 5.0).unwrap();
    assert!(broken[1].held[1].share().unwrap() < 0.7, "{broken:?}");
    let nothing = run(&weeks(&[0; 40]), 5.0).unwrap();
    assert!(nothing.iter().all(|record| record.made == 0 && record.refused == 28 && record.is_no_better() && record.late.is_none()));
    assert!(run(&[], 5.0).unwrap().iter().all(|record| record.made == 0));
}
