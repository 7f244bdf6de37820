//! Where steps stand, what a picture says.

use chrono_tz::Tz;

use super::*;
use crate::domain::time::{DAY, WEEK};

fn weeks(count: i64) -> Steps {
    let first = At::parse("2026-08-30T22:00:00Z").unwrap();
    Steps::time((0..count).map(|n| first.plus(n * WEEK)), Tz::Europe__Berlin)
}

#[test]
fn steps_are_named_by_the_zones_dates() {
    assert_eq!((weeks(3).label(0), weeks(3).label(2), weeks(3).noun()), ("31 Aug".to_owned(), "14 Sep".to_owned(), Some("week")));
    let winter = Steps::time([At::parse("2026-03-22T22:00:00Z").unwrap(), At::parse("2026-03-29T22:00:00Z").unwrap()], Tz::Europe__Berlin);
    assert_eq!((winter.label(0), winter.label(1)), ("23 Mar".to_owned(), "30 Mar".to_owned()), "the first begins at 23:00");
    let months = ["2026-06-30T22:00:00Z", "2026-07-31T22:00:00Z"].map(|at| At::parse(at).unwrap());
    let months = Steps::time(months, Tz::Europe__Berlin);
    assert_eq!((months.label(1), months.noun()), ("Aug 2026".to_owned(), Some("month")));
    assert_eq!((Steps::named(["a"]).label(0), Steps::named(["a"]).label(1), Steps::named(["a"]).noun()), ("a".into(), String::new(), None));
}

#[test]
fn a_moment_is_placed_within_its_step() {
    let first = At::parse("2026-08-30T22:00:00Z").unwrap();
    let check = |steps: &Steps, days: i64, expect: Option<f64>| assert_eq!(steps.place(first.plus(days * DAY)), expect, "{days}");
    check(&weeks(4), 0, Some(-0.5));
    check(&weeks(4), 7, Some(0.5));
    check(&weeks(4), 28, Some(3.5));
    check(&weeks(4), -1, None);
    check(&weeks(4), 29, None);
    check(&weeks(1), 1, None);
    check(&Steps::named(["a", "b"]), 1, None);
}

#[test]
fn a_picture_says_its_numbers() {
    let check = |chart: Chart, expect: &str| assert_eq!(chart.said(), expect);
    let day = 86_400.0;
    let lead = || Lines::new("seconds", weeks(4), "Payments", vec![Some(2.6 * day), None, Some(1.7 * day), Some(1.8 * day)]);
    check(
        Chart::new("Lead time", lead()),
        "Lead time: from 2.6 days (31 Aug) to 1.8 days (21 Sep), lowest 1.7 days (14 Sep), highest 2.6 days (31 Aug), 1 of 4 without data.",
    );
    let marked =
        lead().previous("before", vec![None; 4]).target(2.0 * day, "target").mark(At::parse("2026-09-09T10:00:00Z").unwrap(), "trunk");
    check(
        Chart::new("Lead time.", marked),
        "Lead time: Payments from 2.6 days (31 Aug) to 1.8 days (21 Sep), lowest 1.7 days (14 Sep), highest 2.6 days (31 Aug), 1 of 4 \
         without data; before no data; target 2 days; marked: trunk (week of 7 Sep).",
    );
    check(Chart::new("Flat", Spark::new("count", vec![Some(2.0), Some(2.0)])), "Flat: from 2 to 2, always the same.");
    check(Chart::new("One", Spark::new("count", vec![None, Some(2.0)])), "One: 2, 1 of 2 without data.");
    check(Chart::new("None", Spark::new("count", vec![Some(f64::NAN), Some(1e200)])), "None: no data.");
    let bars = Bars::new("count", Steps::named(["a", "b"]), "now", vec![Some(3.0), None]);
    check(Chart::new("Deployments", bars.clone()), "Deployments: a 3; b no data.");
    check(Chart::new("Deployments", bars.and("before", vec![Some(1.0), None])), "Deployments: a now 3, before 1; b no data.");
    let shares = Shares::new(["new", "kept"]).row("June", vec![3.0, 1.0]).row("July", vec![0.0]);
    check(Chart::new("Effort", shares), "Effort: June new 75 %, kept 25 %; July no data.");
    let trail = Trail::new(Quantity::new("lead time", "seconds", Better::Lower), Quantity::new("fail rate", "fraction", Better::Lower));
    check(
        Chart::new("Path", trail.point("Jun", Some([6.0 * day, 0.12])).point("Jul", None)),
        "Path: lead time, less is better and fail rate, less is better; Jun 6 days and 12 %; then Jul no data.",
    );
    let strip = Strip::new("projects", "count", weeks(2)).row("Payments", vec![Some(1.0), Some(4.0)], "2.5 a week").row("Web", vec![], "");
    check(Chart::new("Focus", strip), "Focus: Payments 2.5 a week, at most 4 projects (7 Sep); Web no data.");
    check(Chart::new("Own", Spark::new("", vec![])).saying("As I say."), "As I say.");
    let many = (0..9).fold(Shares::new(["x"]), |shares, n| shares.row(format!("r{n}"), vec![1.0]));
    assert!(Chart::new("Many", many).said().ends_with("r5 x 100 %; and 3 more."));
}

#[test]
fn shares_make_a_whole_and_nothing_is_a_gap() {
    let shares = Shares::new(["a", "b", "c"]).row("x", vec![1.0, -3.0, 1.0]).row("y", vec![0.0, f64::NAN]).row("z", vec![]);
    assert_eq!((shares.of(0), shares.of(1), shares.of(2), shares.of(3)), (Some(vec![0.5, 0.0, 0.5]), None, None, None));
}
