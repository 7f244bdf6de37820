//! What needs a look, from deliveries and facts in a few words.

use std::collections::BTreeMap;

use chrono_tz::Tz;

use super::compute::{Facts, Finding, Health, Heard, State, compute};
use crate::domain::calendar::WorkCalendar;
use crate::domain::org::Calendar;
use crate::domain::time::{At, DAY, HOUR};
use crate::store::following::Followed;
use crate::store::quality::{Fate, Unknowns};

/// Monday 16 November 2026, 09:00, so many days on.
pub(super) fn day(days: i64) -> At {
    At::parse("2026-11-16T09:00:00Z").unwrap().plus(days * DAY)
}

pub(super) fn heard(source: &str, days: impl IntoIterator<Item = i64>) -> Heard {
    let days: Vec<At> = days.into_iter().map(day).collect();
    let last_received = days.last().copied().unwrap_or(day(0)).plus(HOUR);
    Heard { source: source.into(), last_event: Some(last_received), last_received, days }
}

/// Every working day of the eight weeks before day 0, which is a Monday, and that day.
pub(super) fn daily() -> impl Iterator<Item = i64> {
    (-56..=0).filter(|day: &i64| day.rem_euclid(7) < 5)
}

pub(super) fn health(facts: &Facts, now: At) -> Health {
    compute(facts, &WorkCalendar::new(&Calendar::default(), Tz::UTC), now)
}

#[test]
fn a_source_is_silent_when_it_is_longer_unheard_than_usual() {
    let check = |days: Vec<i64>, hours: i64, expect: State, usual: Option<i64>| {
        let facts = Facts { sources: vec![heard("github", days.clone())], ..Facts::default() };
        let last = facts.sources[0].last_received;
        let found = health(&facts, last.plus(hours * HOUR));
        let source = &found.sources[0];
        assert_eq!((source.state, source.usual.map(|gap| gap / HOUR)), (expect, usual), "{days:?}, {hours} hours on");
        assert_eq!(
            found.findings.iter().map(|it| it.kind).collect::<Vec<_>>(),
            if expect == State::Silent { vec!["silent_source"] } else { vec![] }
        );
    };
    let daily: Vec<i64> = daily().collect();
    check(daily.clone(), 24, State::Fresh, Some(24));
    check(daily.clone(), 48, State::Fresh, Some(24));
    check(daily.clone(), 49, State::Silent, Some(24));
    let to_friday: Vec<i64> = daily.iter().copied().filter(|day| *day < -2).collect();
    check(to_friday.clone(), 72, State::Fresh, Some(24)); // the weekend does not count
    check(to_friday, 97, State::Silent, Some(24));
    let weekly: Vec<i64> = (-8..=0).map(|week| week * 7).collect();
    check(weekly.clone(), 7 * 24, State::Fresh, Some(120)); // five working days
    check(weekly.clone(), 8 * 24, State::Fresh, Some(120));
    check(weekly, 8 * 24 + 1, State::Silent, Some(120));
    check(vec![-4, -3, 0], 48, State::Fresh, None);
    check(vec![-4, -3, 0], 72, State::Unclear, None); // two gaps say nothing
    let bursts: Vec<i64> = vec![-28, -27, -26, -25, -24, -14, -13, -12, -11, -10, 0]; // weeks on and weeks off
    check(bursts.clone(), 8 * 24, State::Fresh, Some(144)); // a week off and a Friday: it may be the next one
    check(bursts, 9 * 24 + 1, State::Silent, Some(144));
}

fn fate(deliveries: u64, rows: u64, reasons: &[(&str, u64)]) -> Fate {
    let reasons = reasons.iter().map(|(reason, count)| ((*reason).to_string(), *count)).collect();
    Fate { deliveries, rows, first: day(-3), reasons }
}

fn unknowns(service: &str, [unknown, shallow, unlinked]: [u64; 3]) -> Unknowns {
    let since = |count: u64, days: i64| (count > 0).then(|| day(days));
    Unknowns {
        service: service.into(),
        unknown_commits: unknown,
        unknown_since: since(unknown, -20),
        shallow,
        shallow_since: since(shallow, -10),
        unlinked,
        unlinked_since: since(unlinked, -5),
        alive: true,
    }
}

/// Everything is wrong at once.
pub(super) fn troubled() -> Facts {
    let name = |source: &str, name: &str| (source.to_string(), name.to_string());
    Facts {
        sources: vec![heard("csv", [-40]), heard("git", (-8..=0).map(|week| week * 7)), heard("github", daily().filter(|day| *day < -7))],
        pending: Some((3, day(0).plus(-2 * HOUR))),
        refused: BTreeMap::from([
            (("github".into(), true), fate(12, 12, &[("pull_request: it has no number", 10), ("push: it has no ref.", 2)])),
            (("json".into(), false), fate(3, 41, &[("\"id\" is missing", 2), ("\"status\" is \"<done>\"", 2), ("a", 1), ("b", 1)])),
        ]),
        ignored: BTreeMap::from([("github".into(), fate(500, 0, &[("ping", 480), ("the release is not published", 20)]))]),
        unknowns: vec![unknowns("", [0, 0, 1]), unknowns("checkout", [7, 0, 2]), unknowns("ledger", [1, 2, 0]), unknowns("cart", [0; 3])],
        unassigned: vec!["cart".into(), "ledger".into()],
        without_files: vec![("acme/shop".into(), 1_000, Some(day(-30))), ("acme/tools".into(), 2, Some(day(-3)))],
        unread_groups: vec![Followed {
            team: "payments".into(),
            group: "S0PAY".into(),
            handle: "payments-team".into(),
            people: 4,
            not_counted: 0,
            read_at: Some(day(-2)),
            problem: Some("@payments-team is archived in Slack".into()),
        }],
        unmapped: [name("github", "cy-2"), name("github", "dan"), name("jira", "5f1")].into(),
        shows_names: true,
        ..Facts::default()
    }
}

#[test]
fn each_finding_has_a_kind_a_count_and_one_command() {
    let found = health(&troubled(), day(0)).findings;
    let rows: Vec<String> =
        found.iter().map(|it| format!("{} {} {}{}", it.kind, it.subject, it.count, if it.at_least { "+" } else { "" })).collect();
    assert_eq!(
        rows,
        [
            "silent_source github 1",
            "waiting_deliveries  3",
            "failed_deliveries github 12",
            "rejected_rows json 41",
            "unlinked_incidents (none named) and checkout 3",
            "unknown_commits checkout and ledger 8",
            "shallow_history ledger 2",
            "commits_without_files acme/shop and acme/tools 1002+",
            "unassigned_services cart and ledger 2",
            "unread_group payments 1",
            "unmapped_people github and jira 3",
        ]
    );
    assert!(found.iter().all(|it| ["pacer ", "git ", "/metrics "].iter().any(|start| it.mend.starts_with(start))));
    let brief = Facts { pending: Some((3, day(0).plus(-HOUR / 12))), ..Facts::default() };
    assert!(health(&brief, day(0)).findings.iter().all(|it| it.kind == "no_source"), "what came five minutes ago is being parsed");
}

#[test]
fn services_of_a_closed_team_are_one_name() {
    let own = |of: [u64; 3]| Unknowns { service: "(a team's own)".into(), ..unknowns("x", of) };
    let closed = Facts { unknowns: vec![own([1, 0, 0]), own([2, 0, 0]), unknowns("cart", [1, 0, 0])], ..troubled() };
    let found: Vec<Finding> = health(&closed, day(0)).findings.into_iter().filter(|it| it.kind == "unknown_commits").collect();
    assert_eq!((found[0].count, found[0].subject.as_str()), (4, "(a team's own) and cart"));
}
