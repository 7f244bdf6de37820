//! [`of_effort`]: what the ledger of person-days tells of a project: whether it gets what was planned, on how many projects its people work,
//! and the largest share of one of them.
//!
//! All of groups of three or more: where fewer were observed on it, nothing is told. Of the largest share only a yes or no leaves this file,
//! of five or more people: whether it is above a half. A number would be a figure of one person.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::super::alloc::{FEWEST_PEOPLE, Ledger, period};
use super::super::focus;
use super::feature::{Feature, Seen};

/// Projects that a focused person works on in a week.
const FOCUSED: f64 = 1.5;
/// From this share of one contributor on a project hangs on one.
const HALF: f64 = 0.5;
/// Fewest people of whom it is told.
const FEWEST_FOR_SHARE: usize = 5;

/// The features of a project, of the ledger's days from the first to the second; `planned` is the part of the organisation's time that it
/// should get. Those that can't be told are left out.
pub fn of_effort(ledger: &Ledger, project: &str, planned: Option<f64>, [from, until]: [NaiveDate; 2]) -> Vec<Seen> {
    let within = |date: NaiveDate| from <= date && date <= until;
    let mut seen = Vec::new();
    let all = period(&ledger.weeks(|_, date| within(date)));
    if let Some(((planned, band), figures)) =
        planned.zip(all.as_ref().and_then(|all| all.project(project))).zip(all.as_ref().and_then(|all| all.figures.as_ref()))
    {
        // Only what surely lies beyond the plan counts: the end of the band that is nearest to it.
        let value = planned.clamp(band.share[0], band.share[1]);
        seen.push(Seen { feature: Feature::Investment, value, usual: planned, n: count(figures.people) });
    }
    let shares = ledger.on_project(project, within);
    let n = count(shares.len());
    if shares.len() < FEWEST_PEOPLE {
        return seen;
    }
    let (time, most): (i64, i64) = (shares.values().sum(), shares.values().copied().max().unwrap_or(0));
    let largest = part_of(most, time);
    if shares.len() >= FEWEST_FOR_SHARE {
        seen.push(Seen { feature: Feature::LargestShare, value: f64::from(u8::from(largest > HALF)), usual: HALF, n });
    }
    let own: BTreeSet<&str> = shares.into_keys().collect();
    let weeks = focus::weeks(ledger, |person, date| within(date) && own.contains(person));
    let on: Vec<f64> = weeks.into_iter().filter_map(|week| Some(week.focus?.within)).collect();
    if !on.is_empty() {
        let value = on.iter().sum::<f64>() / f64::from(count(on.len()));
        seen.push(Seen { feature: Feature::Focus, value, usual: FOCUSED, n });
    }
    seen
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

#[allow(clippy::cast_precision_loss, reason = "2^53 micro-days are 24 million years of a person")]
fn part_of(part: i64, whole: i64) -> f64 {
    if whole > 0 { part as f64 / whole as f64 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alloc::tests::commented;

    fn day(date: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, date).unwrap()
    }

    fn check(people: &[(&str, [&str; 5])], planned: Option<f64>, expect: &[(Feature, f64)]) {
        let seen = of_effort(&commented(people), "A", planned, [day(2), day(8)]);
        let found: Vec<(Feature, f64)> = seen.iter().map(|seen| (seen.feature, (seen.value * 1e4).round() / 1e4)).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn the_largest_share_and_the_focus_are_of_three_or_more() {
        let three = [("ada", ["A"; 5]), ("bob", ["A"; 5]), ("cat", ["A", "B", "B", "B", "B"])];
        // 11 person-days on A, 5 of them one person's; cat's week is 0.2 and 0.8 of two projects.
        let entropy = -(0.2_f64 * 0.2_f64.ln() + 0.8 * 0.8_f64.ln()) / 3.0;
        let within = (entropy.exp() * 1e4).round() / 1e4;
        check(&three, None, &[(Feature::Focus, within)]);
        check(&three[..2], None, &[]);
        check(&[("ada", ["A"; 5]), ("bob", ["A"; 5]), ("cat", ["B"; 5])], None, &[]);
    }

    #[test]
    fn of_the_largest_share_only_a_yes_or_no_is_told_of_five_or_more() {
        let one = ["B", "B", "B", "B", "BBBBBBA"];
        let all = [("ada", ["A"; 5]), ("bob", one), ("cat", one), ("dan", one), ("eve", one)];
        let told = |people: &[(&str, [&str; 5])]| {
            let seen = of_effort(&commented(people), "A", None, [day(2), day(8)]);
            seen.iter().find(|seen| seen.feature == Feature::LargestShare).map(|seen| (seen.value, seen.n))
        };
        assert_eq!(told(&all), Some((1.0, 5)));
        assert_eq!(told(&all[..4]), None);
        assert_eq!(told(&["ada", "bob", "cat", "dan", "eve"].map(|who| (who, ["A"; 5]))), Some((0.0, 5)));
    }

    #[test]
    fn investment_is_what_surely_lies_beyond_the_plan() {
        let people = [("ada", ["A"; 5]), ("bob", ["B"; 5]), ("cat", ["B"; 5]), ("dan", ["B"; 5]), ("eve", ["A"; 5]), ("fin", ["A"; 5])];
        let of = |planned: f64| of_effort(&commented(&people), "A", Some(planned), [day(2), day(8)])[0];
        assert!((of(0.8).value - 0.5).abs() < 1e-9, "{:?}", of(0.8));
        assert!((of(0.5).value - 0.5).abs() < 1e-9);
        assert!((of(0.8).scaled() - 0.375).abs() < 1e-9);
    }

    #[test]
    fn an_empty_ledger_tells_nothing() {
        assert_eq!(of_effort(&Ledger::default(), "A", Some(0.4), [day(2), day(8)]), []);
    }
}
