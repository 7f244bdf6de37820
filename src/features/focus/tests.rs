//! What is told of ledgers that are made of a few words: who worked on which projects on each day of each week.

use chrono::{Datelike, Days, NaiveDate};

use super::card::{About, card, risk};
use super::compute::{Focusing, Group, Weeks, Why, compute};
use super::evidence::seen;
use crate::domain::alloc::{Input, Item, Kind, Ledger, Project, Signal, Worker, monday, person_days};
use crate::domain::card::{Card, Scope};
use crate::domain::focus::{Band, PROVISIONAL};
use crate::domain::time::At;
use crate::domain::window::Window;
use crate::render;

/// Monday 31 August 2026, and so many weeks after it.
fn week(number: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 8, 31).unwrap() + Days::new(7 * number)
}

/// Somebody, and the items of each working day of each week: "A" to "E" are in portfolio projects, "x" is in none, "-" is nothing.
type Worked<'a> = (&'a str, Vec<[&'a str; 5]>);

fn ledger(people: &[Worked<'_>]) -> Ledger {
    let mut input = Input::default();
    for (who, weeks) in people {
        let weekday = |date: NaiveDate| date.weekday().num_days_from_monday() < 5;
        input.workers.push(Worker {
            id: (*who).into(),
            bot: false,
            days: person_days([week(0), week(weeks.len() as u64)], None, &[], weekday),
        });
        for (number, days) in weeks.iter().enumerate() {
            for (date, items) in week(number as u64).iter_days().zip(days) {
                input.signals.extend(items.chars().filter(|item| *item != '-').map(|item| Signal {
                    people: vec![(*who).into()],
                    at: date.and_hms_opt(9, 0, 0).unwrap(),
                    kind: Kind::Comment,
                    item: format!("{item}-1"),
                    change: None,
                }));
            }
        }
    }
    let item = |id: &str| Item { id: format!("{id}-1"), parent: Some(format!("E{id}")), unplanned: Some(id == "C"), ..Item::default() };
    input.items = ["A", "B", "C", "D", "E"].map(item).into();
    let project = |id: &str| Project { id: id.into(), epics: vec![format!("E{id}")], ..Project::default() };
    input.rules.projects = ["A", "B", "C", "D", "E"].map(project).into();
    Ledger::new(&input)
}

/// A team of those people, called as its id with a capital.
fn team<'a>(id: &str, people: &'a [&'a str]) -> Group<'a> {
    let mut name = id.to_owned();
    name[..1].make_ascii_uppercase();
    Group { id: id.into(), name, people: Some(people.len()), shown: true, within: Box::new(move |who, _| people.contains(&who)) }
}

fn everybody<'a>() -> Group<'a> {
    Group { id: String::new(), name: "the whole organisation".into(), people: None, shown: true, within: Box::new(|_, _| true) }
}

/// The last so many of all weeks, and as many before them.
fn asked(all: u64, last: u64) -> Weeks {
    let before = (all - 2 * last.min(all / 2)..all - last).map(week).collect();
    Weeks { now: (all - last..all).map(week).collect(), before }
}

fn told(focusing: &Focusing, asked: &Weeks, scope: &Scope, name: &str) -> Card {
    let to = At::parse("2026-11-23T12:00:00Z").unwrap();
    let window = Window::parse(&format!("{}w", asked.now.len()), to, chrono_tz::Tz::UTC).unwrap();
    let days: Vec<NaiveDate> = asked.now.iter().flat_map(|monday| monday.iter_days().take(5)).collect();
    card(&About {
        focusing,
        scope,
        name,
        window: &window,
        days: &days,
        weeks: &asked.now,
        project: &|id| format!("Project {id}"),
        hidden: 1,
        problems: &["Two projects name `E`.".to_owned()],
        receipt: "7f3a9c2k",
        health: Vec::new(),
    })
}

fn text(card: &Card) -> String {
    render::text(card, false, 100)
}

const PAY: [&str; 3] = ["ada", "bob", "cat"];
const SEARCH: [&str; 3] = ["dan", "eve", "fay"];

/// Payments: each on a project of their own. Search: all on A and B every day.
fn two_teams(weeks: usize) -> Ledger {
    let solo = PAY.iter().zip(["A", "B", "C"]).map(|(who, item)| (*who, vec![[item; 5]; weeks]));
    let both = SEARCH.iter().map(|who| (*who, vec![["AB"; 5]; weeks]));
    ledger(&solo.chain(both).collect::<Vec<_>>())
}

#[test]
fn a_team_is_told_by_itself_and_the_organisation_by_name() {
    let (ledger, asked) = (two_teams(12), asked(12, 6));
    let found = compute(&ledger, &asked, &everybody(), &[team("search", &SEARCH), team("payments", &PAY)]);
    assert_eq!(found.teams.iter().map(|team| team.name.as_str()).collect::<Vec<_>>(), ["Payments", "Search"]);
    let of = |at: usize| found.teams[at].now.as_ref().unwrap();
    let values = |at: usize| of(at).figures.clone().map(|figure| figure.value);
    // Own projects: one each, three mixes, each day on one; a third of the time on C, which came unplanned.
    assert_eq!(values(0), [Some(1.0), Some(3.0), Some(1.0), Some(0.333_333)]);
    // Two halves: two each, one mix, no day on one.
    assert_eq!(values(1), [Some(2.0), Some(1.0), Some(0.0), Some(0.0)]);
    assert_eq!((of(0).people, of(0).weeks, of(0).figures[0].n), (3, 6, 6));
    // Of both together half of the time is with one project and half with two: exp(ln 2 / 2).
    let before = found.metrics[0].previous.as_ref().and_then(|it| it.value);
    for value in [found.metrics[0].value, before] {
        assert!((value.unwrap() - 2.0_f64.sqrt()).abs() < 1e-6, "{value:?}");
    }
    // Twelve weeks of two teams: a quarter of the team weeks is at 1, the middle between 1 and 2, three quarters at 2.
    assert_eq!((found.bands.ends, found.bands.provisional), ([1.0, 1.5, 2.5], false));
    assert_eq!((of(0).band, of(1).band), (Band::Focused, Band::HighRisk), "no day on one project is a risk however few there are");
    assert!(found.teams[1].raised && !found.teams[0].raised);
    assert_eq!(found.switching.iter().map(|it| it.project.as_str()).collect::<Vec<_>>(), ["A", "B"]);
    assert_eq!(found.teams[0].days.len(), 30);
    assert!(found.teams[0].days.values().all(|projects| *projects == 3));
}

#[test]
fn bands_are_provisional_until_eight_weeks_are_known() {
    let found = compute(&two_teams(7), &asked(7, 3), &everybody(), &[team("search", &SEARCH), team("payments", &PAY)]);
    assert_eq!((found.bands.ends, found.bands.provisional), (PROVISIONAL, true));
    let said = text(&told(&found, &asked(7, 3), &Scope::Organisation, "the whole organisation"));
    let said = said.replace('\n', " ");
    assert!(said.contains("Provisional limits until 8 weeks are known"), "{said}");
    let verdict = "The whole organisation: 1 of 2 teams is focused or normal. Spread thin: Search (2 projects a person and week, high risk \
                   in two of the last three weeks).";
    assert!(said.contains(verdict), "{said}");
}

#[test]
fn a_change_is_told_where_it_can_be_told_apart() {
    let weeks: Vec<[&str; 5]> = [["A"; 5]; 6].into_iter().chain([["ABC"; 5]; 6]).collect();
    let people: Vec<Worked<'_>> = PAY.iter().map(|who| (*who, weeks.clone())).collect();
    let (ledger, scope) = (ledger(&people), Scope::Team("payments".into()));
    let check = |weeks: &Weeks, expect: &str| {
        let found = compute(&ledger, weeks, &team("payments", &PAY), &[team("payments", &PAY)]);
        let said = text(&told(&found, weeks, &scope, "payments")).replace('\n', " ");
        assert!(said.contains(expect), "no `{expect}` in {said}");
    };
    check(&asked(12, 6), "works on about three projects a person and week");
    check(&asked(12, 6), "Against the weeks before: ↑ 3 times, worse.");
    check(&asked(12, 3), "No clear change against the weeks before.");
}

#[test]
fn one_hard_week_raises_nothing_and_two_of_three_do() {
    let (calm, hard) = (["A"; 5], ["ABCDE"; 5]);
    let check = |weeks: &[[&'static str; 5]], expect: bool| {
        let people: Vec<Worked<'_>> = PAY.iter().map(|who| (*who, weeks.to_vec())).collect();
        let asked = Weeks { now: (0..weeks.len() as u64).map(week).collect(), before: Vec::new() };
        let found = compute(&ledger(&people), &asked, &team("payments", &PAY), &[team("payments", &PAY)]);
        assert_eq!(found.whole.raised, expect);
        let said = risk(&found.whole, "Payments");
        assert_eq!(said.is_some(), expect);
        assert!(said.is_none_or(|said| said.ends_with("at high risk in two of the last three weeks")));
    };
    check(&[calm, calm, calm, hard], false);
    check(&[calm, hard, calm, hard], true);
    check(&[hard, hard, calm, calm], false);
}

#[test]
fn what_cannot_be_told_is_said_with_what_to_do() {
    let weeks = asked(4, 4);
    let check = |people: &[Worked<'_>], of: &[&str], why: Why, expect: &str| {
        let found = compute(&ledger(people), &weeks, &team("payments", of), &[team("payments", of)]);
        assert_eq!(found.whole.now, Err(why));
        assert!(found.metrics.iter().all(|metric| metric.value.is_none() && metric.reason.as_deref() == Some(why.reason())));
        assert!(found.whole.days.is_empty() || matches!(why, Why::Unlinked(_)));
        let said = text(&told(&found, &weeks, &Scope::Team("payments".into()), "payments")).replace('\n', " ");
        assert!(said.contains(expect), "no `{expect}` in {said}");
    };
    let all = |item: &'static str| -> Vec<Worked<'static>> { PAY.iter().map(|who| (*who, vec![[item; 5]; 4])).collect() };
    check(&all("A")[..2], &PAY[..2], Why::FewPeople, "is not shown: of fewer than 3 people it would be a figure of persons");
    check(&[], &PAY, Why::Nothing, "Nothing is known yet of what Payments worked on");
    check(&all("-"), &PAY, Why::Nothing, "Nothing is known yet of what Payments worked on");
    // One item of three is a project's: a third of each day.
    let found = compute(&ledger(&all("Axy")), &weeks, &team("payments", &PAY), &[]);
    let Err(Why::Unlinked(Some(part))) = found.whole.now else { panic!("{:?}", found.whole.now) };
    assert!((part - 1.0 / 3.0).abs() < 1e-5, "{part}");
    let said = text(&told(&found, &weeks, &Scope::Team("payments".into()), "payments")).replace('\n', " ");
    assert!(said.contains("Of 33 % of the time seen a portfolio project is known, and half of it must be."), "{said}");
    assert!(said.contains("give projects their epics and labels"), "{said}");
    // The third person is seen on a project on no day.
    let mut two = all("A");
    two[2].1 = vec![["x", "-", "-", "-", "-"]; 4];
    let found = compute(&ledger(&two), &weeks, &team("payments", &PAY), &[]);
    assert!(matches!(found.whole.now, Err(Why::FewOnProjects | Why::Unlinked(None))), "{:?}", found.whole.now);
}

#[test]
fn the_card_of_a_team_reads_plainly_and_names_nobody() {
    let mix = [["A", "AB", "B", "BC", "C"], ["A", "A", "AB", "B", "AC"], ["C", "C", "AC", "A", "ABC"]];
    let people: Vec<Worked<'_>> = PAY.iter().zip(mix).map(|(who, days)| (*who, vec![days; 8])).collect();
    let weeks = asked(8, 4);
    let found = compute(&ledger(&people), &weeks, &team("payments", &PAY), &[team("payments", &PAY)]);
    let shown = told(&found, &weeks, &Scope::Team("payments".into()), "payments");
    insta::assert_snapshot!(text(&shown));
    let whole = format!("{} {} {}", text(&shown), serde_json::to_string(&shown.data).unwrap(), render::message(&shown));
    for name in PAY {
        assert!(!whole.contains(name), "{name}");
    }
    assert_eq!(shown.data["days"].as_array().map(Vec::len), Some(20), "{}", shown.data["days"]);
}

#[test]
fn the_card_of_the_organisation_lists_teams_by_name_and_counts_those_that_keep_to_themselves() {
    let weeks = asked(12, 6);
    let few = ["gus", "hal"];
    let teams = [team("search", &SEARCH), team("tiny", &few), team("payments", &PAY)];
    let found = compute(&two_teams(12), &weeks, &everybody(), &teams);
    insta::assert_snapshot!(text(&told(&found, &weeks, &Scope::Organisation, "the whole organisation")));
}

#[test]
fn evidence_has_items_and_signs_by_week_and_project_of_three_or_more() {
    let ledger = two_teams(2);
    let rows = seen(&ledger.weeks(|_, _| true));
    let of = |project: &str| {
        rows.iter()
            .filter(|((_, id), _)| id == project)
            .map(|((monday, _), row)| (*monday, row.items.clone(), row.signals))
            .collect::<Vec<_>>()
    };
    // B: one of Payments and three of Search, each day: 20 comments a week. C is one person's alone, and is kept back with the next smallest,
    // since what is left of a sum would be that person's.
    assert_eq!(of("B"), [(week(0), vec!["B-1".to_owned()], 20), (week(1), vec!["B-1".to_owned()], 20)]);
    assert!(of("C").is_empty() && of("A").is_empty());
    assert!(rows.keys().all(|(date, _)| *date == monday(*date)));
}
