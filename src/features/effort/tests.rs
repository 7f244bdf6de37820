//! Three people and one week, computed by hand; whose days count when.

use super::input::input;
use super::*;
use crate::domain::alloc::{Category, Kind, PERSON_DAY};
use crate::domain::org::OrgFile;
use crate::domain::org::identity::Told;
use crate::domain::traces::{Acted, Made, Reviewed, Traces, Written};
use crate::domain::work::WorkItem;

const ORG: &str = "
[[people]]
id = 'ada'
emails = ['ada@x.org']
aliases = { github = 'ada-l', jira = '5f' }
[[people]]
id = 'bo'
emails = ['bo@x.org']
fte = 0.5
[[people]]
id = 'cy'
aliases = { github = 'cy-g' }
[[people]]
id = 'ci'
aliases = { github = 'acme-ci' }
bot = true
[[projects]]
id = 'wallet'
epics = ['PAY-1']
category = 'new'
[[projects]]
id = 'ops'
labels = ['ops']
[investment]
labels = { ops = 'ktlo' }
";

pub(super) fn org(text: &str) -> Org {
    OrgFile::parse(text).unwrap_or_else(|error| panic!("{error}")).declared
}

/// An instant of November 2026, as "16 09:00".
pub(super) fn at(text: &str) -> At {
    let (day, time) = text.split_once(' ').expect("a day and a time");
    At::parse(&format!("2026-11-{day}T{time}:00Z")).expect("an instant")
}

pub(super) fn wrote(sha: &str, when: &str, author: &str, email: &str) -> Written {
    let (author, email) = (Some(author.to_owned()), Some(email.to_owned()));
    Written { sha: sha.into(), repository: Some("acme/shop".into()), at: at(when), author, email, ..Written::default() }
}

pub(super) fn made(id: &str, author: &str, item: Option<&str>) -> Made {
    Made {
        source: "github".into(),
        id: id.into(),
        repository: Some("acme/shop".into()),
        author: Some(author.into()),
        item: item.map(str::to_owned),
        ..Made::default()
    }
}

pub(super) fn acted(source: &str, person: &str, kind: &str, item: &str, when: &str) -> Acted {
    Acted { source: source.into(), person: person.into(), kind: kind.into(), item: Some(item.into()), at: at(when) }
}

pub(super) fn ticket(id: &str, parent: Option<&str>, labels: &[&str]) -> WorkItem {
    WorkItem {
        source: "jira".into(),
        id: format!("1{id}"),
        key: Some(id.into()),
        parent: parent.map(str::to_owned),
        project: None,
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        ..WorkItem::default()
    }
}

/// The ledger of the week of Monday 16 November 2026.
fn ledger(traces: &Traces, work: &[WorkItem], org: &Org, told: &[Told]) -> Ledger {
    let people = People::new(org, told);
    let mut input = input(traces, work, org, &people);
    input.workers = workers(&input, org, &people, [at("16 00:00"), at("23 00:00")]);
    Ledger::new(&input)
}

/// What a week shows: micro-days by project and category.
fn shown(ledger: &Ledger, within: impl Fn(&str, NaiveDate) -> bool) -> Vec<(String, Option<Category>, i64)> {
    let week = ledger.weeks(within).remove(0);
    let figures = week.figures.expect("three people");
    figures.leaves.iter().map(|leaf| (leaf.project.clone().unwrap_or_default(), leaf.category, leaf.time.all())).collect()
}

/// A week in which each of the three works on each of the two projects.
fn week() -> (Traces, Vec<WorkItem>) {
    let commits = vec![
        wrote("c1", "16 09:00", "Ada", "ada@x.org"),
        wrote("c2", "16 10:00", "Bo", "bo@x.org"),
        wrote("bot", "16 11:00", "x[bot]", "x@x.org"),
    ];
    let change = Made { commits: vec!["c1".into(), "c2".into(), "bot".into()], ..made("acme/shop#1", "ada-l", Some("PAY-7")) };
    let reviews = vec![Reviewed { source: "github".into(), change: "acme/shop#1".into(), reviewer: "cy-g".into(), at: at("16 12:00") }];
    let activities = vec![
        acted("jira", "5f", "comment", "OPS-2", "16 13:00"),
        acted("jira", "bo", "transition", "1OPS-2", "16 14:00"),
        acted("jira", "cy", "comment", "OPS-2", "16 15:00"),
        acted("jira", "ci", "comment", "OPS-2", "16 15:00"),
        acted("jira", "stranger", "comment", "OPS-2", "16 15:00"),
    ];
    let work = vec![ticket("PAY-7", Some("1PAY-1"), &[]), ticket("PAY-1", None, &[]), ticket("OPS-2", None, &["ops"])];
    (Traces { commits, changes: vec![change], reviews, activities, keys: Vec::new() }, work)
}

#[test]
fn three_people_and_one_week_by_hand() {
    let (traces, work) = week();
    let found = ledger(&traces, &work, &org(ORG), &[]);
    // Monday: ada 3 of 4 points on PAY-7, bo 3 of 4 of half a day, cy 2 of 3. Tuesday to Thursday are inferred in the same shares;
    // Friday lies four days away: unobserved, of all three.
    let (ada, bo, cy) = ([750_000, 250_000], [375_000, 125_000], [666_667, 333_333]);
    let expect = |part: usize| 4 * (ada[part] + bo[part] + cy[part]);
    let all = shown(&found, |_, _| true);
    assert_eq!(all, [("ops".into(), Some(Category::Ktlo), expect(1)), ("wallet".into(), Some(Category::New), expect(0))]);
    let week = found.weeks(|_, _| true).remove(0);
    let figures = week.figures.clone().expect("three people");
    assert_eq!((figures.people, figures.capacity, figures.unobserved), (3, 25 * PERSON_DAY / 2, 5 * PERSON_DAY / 2));
    let wallet = &figures.leaves[1];
    assert_eq!(
        (wallet.items.as_slice(), wallet.signals[Kind::Commit as usize], wallet.signals[Kind::Review as usize]),
        (&["PAY-7".to_owned()][..], 2, 1)
    );
    assert_eq!(found.signals_of_nobody, 1, "of a stranger");
}

#[test]
fn an_item_that_moves_to_another_project_takes_exactly_its_time_along() {
    let (traces, mut work) = week();
    let before = shown(&ledger(&traces, &work, &org(ORG), &[]), |_, _| true);
    work[0].parent = None;
    work[0].labels = vec!["ops".into()];
    let after = shown(&ledger(&traces, &work, &org(ORG), &[]), |_, _| true);
    assert_eq!(after, [("ops".into(), Some(Category::Ktlo), before[0].2 + before[1].2)]);
}

#[test]
fn co_authors_share_a_commit_and_an_assistant_has_no_part() {
    let along = |who: &[&str]| Written {
        coauthors: who.iter().map(|who| (*who).to_owned()).collect(),
        subject: Some("PAY-7: pair".into()),
        ..wrote("c", "16 09:00", "Ada", "ada@x.org")
    };
    let people = |commit: Written| -> Vec<Vec<String>> {
        let (org, work) = (org(ORG), [ticket("PAY-7", None, &[])]);
        let traces = Traces { commits: vec![commit], ..Traces::default() };
        input(&traces, &work, &org, &People::new(&org, &[])).signals.into_iter().map(|signal| signal.people).collect()
    };
    assert_eq!(people(along(&["Bo <BO@x.org>", "Claude <noreply@anthropic.com>"])), [["ada", "bo"]]);
    assert_eq!(people(along(&["Someone <s@y.org>"])), [["ada", "? someone"]]);
    assert_eq!(people(Written { bot: true, ..along(&[]) }), Vec::<Vec<String>>::new());
}

#[test]
fn a_day_counts_while_somebody_is_in_a_team_and_there_at_noon() {
    let text = "time_zone = 'Europe/Berlin'\n[calendar]\nholidays = [2026-11-19]\n[[teams]]\nid = 'pay'\n\
        members = [{ person = 'ada', until = 2026-11-18 }, 'bo', 'ghost', 'zero']\n[[people]]\nid = 'alone'\naway = [{ from = 2026-11-16, until = 2026-11-17 }]\n[[people]]\nid = 'zero'\nfte = 0.0\n\
        [[people]]\nid = 'robot'\nbot = true";
    let org = org(text);
    let people = People::new(&org, &[]);
    let all = workers(&Input::default(), &org, &people, [at("15 23:00"), at("22 23:00")]);
    let days = |id: &str| all.iter().find(|worker| worker.id == id).map(|worker| worker.days.len());
    assert_eq!((days("ada"), days("bo"), days("ghost"), days("alone"), days("zero")), (Some(2), Some(4), Some(4), Some(2), Some(0)));
    let scope = within(&org, &Scope::Team("pay".into()));
    let day = |text: &str| text.parse().expect("a date");
    assert!(scope("ada", day("2026-11-17")) && !scope("ada", day("2026-11-18")) && scope("ghost", day("2026-11-18")));
    assert!(!scope("alone", day("2026-11-17")) && within(&org, &Scope::Organisation)("alone", day("2026-11-17")));
}

#[test]
fn where_nobody_is_declared_each_name_has_the_days_from_its_first_to_its_last_trace() {
    let activities = vec![
        acted("jira", "x", "comment", "A", "17 09:00"),
        acted("jira", "X", "comment", "A", "19 09:00"),
        acted("jira", "y", "comment", "A", "18 09:00"),
        acted("jira", "z", "comment", "A", "18 09:00"),
        acted("jira", "z[bot]", "comment", "A", "16 09:00"),
    ];
    let found = ledger(&Traces { activities, ..Traces::default() }, &[], &Org::default(), &[]);
    let week = found.weeks(|_, _| true).remove(0).figures.expect("three people");
    assert_eq!((week.people, week.capacity), (3, 5 * PERSON_DAY));
}
