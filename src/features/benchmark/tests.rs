//! The figures of a small pool against the tables, and the spread of teams.

use std::collections::BTreeMap;

use chrono_tz::Tz;

use super::choice::choose;
use super::compute::{Benchmark, compute};
use super::data::members;
use crate::domain::ask::Ask;
use crate::domain::card::{Metric, Scope};
use crate::domain::derive::day::{Packed, PackedRecovery};
use crate::domain::metric::{DORA, Definition};
use crate::domain::pool::Pool;
use crate::domain::time::{At, DAY, HOUR};
use crate::domain::window::Window;
use crate::features::dora::compute::{Dora, compute as dora};

/// 90 days from the 100th on.
fn window() -> Window {
    Window { from: At(100 * DAY), to: At(190 * DAY), zone: Tz::UTC, label: "90 days".into() }
}

/// A deployment at an hour, with commits so many hours old and, if it failed, hours to recovery.
fn deployed(hour: i64, leads: &[i64], recovery: Option<i64>) -> Packed {
    Packed {
        at: hour * HOUR,
        leads: leads.iter().map(|hours| hours * HOUR).collect(),
        failed: recovery.is_some(),
        recovery: recovery.map_or(PackedRecovery::None, |hours| PackedRecovery::After(hours * HOUR)),
        ..Packed::default()
    }
}

fn figures(deployments: Vec<Packed>, evidence: bool) -> Dora {
    let pool = Pool { services: 2, deployments, first_event: Some(At(0)), ever_deployed: true, alive: true, evidence, ..Pool::default() };
    dora(&pool, &window(), &BTreeMap::new())
}

/// 45 deployments, one in two days, each with commits of 20 to 47 hours; every fifth fails and recovers within 2 to 10 hours; none is
/// rework.
pub(super) fn eventful() -> Dora {
    let one = |number: i64| {
        let recovery = (number % 5 == 0).then_some(2 + number / 5);
        deployed(100 * 24 + number * 48, &[20 + number % 9 * 3, 23 + number % 9 * 3], recovery)
    };
    figures((0..45).map(one).collect(), true)
}

/// Four deployments of two commits each, without evidence of failures.
pub(super) fn spare() -> Dora {
    figures((0..4).map(|number| deployed(2_500 + number * 40, &[30, 40], None)).collect(), false)
}

/// Five teams that deploy once in 1 to 5 days, with the lead times of as many days; without evidence of failures.
pub(super) fn spread_out() -> Vec<Vec<Metric>> {
    let team = |days: i64| {
        let deployments = (0..80 / days).map(|number| deployed((101 + number * days) * 24, &[days * 24, days * 24], None));
        figures(deployments.collect(), false).metrics
    };
    (1..=5).map(team).collect()
}

pub(super) fn benchmark(dora: &Dora, words: &str, teams: &[Vec<Metric>]) -> Benchmark {
    compute(dora, choose(&typed(words)).expect("known words"), teams)
}

pub(super) fn asked(words: &str, scope: Scope) -> Ask {
    Ask { command: "benchmark".into(), scope, window: window(), window_named: false, words: typed(words) }
}

fn typed(words: &str) -> Vec<String> {
    words.split_whitespace().map(str::to_owned).collect()
}

/// `ID: answer, score, mean: percentile` against the first group, a line each; `-` where there is none.
fn told(dora: &Dora, words: &str) -> String {
    let told = benchmark(dora, words, &[]);
    let line = |(compared, known): (&super::compute::Compared, Definition)| {
        let answer = compared.answer.map_or("-".into(), |answer| format!("{} {:.1}", answer.number(), answer.score()));
        let against = compared.against[0].map_or("-".into(), |against| {
            let percentile = against.percentile.map_or("-".into(), |percentile| format!("{percentile:.1}"));
            let range = against.range.map_or("-".into(), |[low, high]| format!("{low:.1} to {high:.1}"));
            format!("{:.1}: {percentile} of {range}", against.mean)
        });
        format!("{} {answer} in {against}\n", known.id)
    };
    told.compared.iter().zip(DORA).map(line).collect()
}

/// Scores by hand from the table in `answer.rs`; percentiles from `SciPy`'s truncnorm at the ends of each answer.
#[test]
fn each_figure_is_placed_among_the_answers_or_says_that_it_cannot_be() {
    let expect = "deployment_frequency 4 6.0 in 4.8: 66.3 of 66.3 to 66.3\n\
        change_lead_time 4 6.0 in 5.5: 58.9 of 58.9 to 58.9\n\
        failed_deployment_recovery_time 5 8.0 in 7.4: 67.3 of 67.3 to 67.3\n\
        change_fail_rate 20 8.0 in 8.1: - of 29.1 to 79.3\n\
        deployment_rework_rate 0 10.0 in 7.8: 99.7 of 87.7 to 99.7\n";
    assert_eq!(told(&eventful(), ""), expect);
}

#[test]
fn too_little_is_answered_but_not_placed() {
    let expect = "deployment_frequency 3 4.0 in 4.8: - of -\n\
        change_lead_time 4 6.0 in 5.5: - of -\n\
        failed_deployment_recovery_time - in 7.4: - of -\n\
        change_fail_rate - in 8.1: - of -\n\
        deployment_rework_rate - in 7.8: - of -\n";
    assert_eq!(told(&spare(), ""), expect);
}

#[test]
fn nothing_deployed_in_the_period_is_no_answer() {
    let none = figures(vec![deployed(10, &[5], None)], true);
    assert_eq!(none.metrics[0].value, Some(0.0));
    let told = benchmark(&none, "", &[]);
    assert!(told.compared.iter().all(|compared| compared.answer.is_none() && compared.against[0].is_some_and(|it| it.range.is_none())));
    assert_eq!(told.scores.overall, None);
}

#[test]
fn an_open_failure_that_could_move_the_median_leaves_recovery_unplaced() {
    let mut deployments: Vec<Packed> = (0..10).map(|number| deployed(2_500 + number * 40, &[], Some(5 + number))).collect();
    let placed = figures(deployments.clone(), true);
    assert!(benchmark(&placed, "", &[]).compared[2].against[0].unwrap().percentile.is_some());
    for deployment in &mut deployments[..3] {
        deployment.recovery = PackedRecovery::Open;
    }
    let against = benchmark(&figures(deployments, true), "", &[]).compared[2].against[0].unwrap();
    assert_eq!((against.percentile, against.range), (None, None));
}

#[test]
fn scores_are_means_over_the_questions_of_the_year() {
    let scores = |words| benchmark(&eventful(), words, &[]).scores;
    // Lead time 6, deployments 6, recovery 8; fail rate 20 % is 8, rework 0 % is 10.
    let close = |one: Option<f64>, other: f64| assert!(one.is_some_and(|one| (one - other).abs() < 1e-9), "{one:?} {other}");
    let newest = scores("");
    close(newest.overall, 38.0 / 5.0);
    close(newest.throughput, 20.0 / 3.0);
    close(newest.stability, 9.0);
    close(newest.mean, 6.72);
    let before = scores("2024");
    close(before.overall, 28.0 / 4.0);
    close(before.stability, 8.0);
    close(before.mean, (5.1 + 5.3 + 7.5 + 8.3) / 4.0);
}

#[test]
fn the_spread_needs_three_teams_with_enough_data_and_names_none() {
    let teams = spread_out();
    let places = |teams: &[Vec<Metric>]| {
        let told = benchmark(&eventful(), "", teams);
        told.spread.iter().map(|spread| (spread.place, spread.teams)).collect::<Vec<_>>()
    };
    assert_eq!(places(&teams), [(0, 5), (1, 5)], "without evidence there is no fail rate to spread");
    assert_eq!(places(&teams[..3]), [(0, 3), (1, 3)]);
    assert_eq!(places(&teams[..2]), []);
    let mut few = teams.clone();
    for team in &mut few[..3] {
        team[1].reason = Some("too_few".into());
    }
    assert_eq!(places(&few), [(0, 5)]);
    let in_days = benchmark(&eventful(), "", &teams).spread[1].points.map(|secs| format!("{:.6}", secs / 86_400.0));
    assert_eq!(in_days, ["1.000000", "2.000000", "3.000000", "4.000000", "5.000000"]);
}

#[test]
fn the_machine_form_has_the_documented_members() {
    let dora = eventful();
    let data = members(&dora, &benchmark(&dora, "technology 1000-4999", &spread_out()));
    insta::assert_json_snapshot!(serde_json::Value::from(data));
    let quick = members(&dora, &benchmark(&dora, "quick-check 2024", &[]));
    assert_eq!(quick.keys().collect::<Vec<_>>(), ["benchmark", "quick_check"]);
    assert_eq!(quick["quick_check"]["questions"].as_array().map(Vec::len), Some(4), "rework was not asked");
}
