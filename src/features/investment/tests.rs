//! What is shown of a scope, and what a page must not show side by side.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::compute::{Basis, Investment, Standing, compute};
use crate::domain::alloc::{Category, Input, Item, Kind, Ledger, Project, Signal, Worker, person_days};
use crate::domain::card::Scope;
use crate::domain::org::{Org, OrgFile};
use crate::features::effort::Effort;

fn day(text: &str) -> NaiveDate {
    format!("2026-11-{text}").parse().expect("a date")
}

/// People who each commented once a working day on items, from 2 to 27 November: "ada:PAY-7,OPS-1". Items of `PAY` lie under the epic
/// `PAY-1`; those of `CL` are labelled `cloud`; the others are in the tracker's own project of their prefix, but for `X`, in none.
fn effort(people: &[&str]) -> Effort {
    let weekday = |date: NaiveDate| chrono::Datelike::weekday(&date).num_days_from_monday() < 5;
    let mut input = Input::default();
    for (name, items) in people.iter().filter_map(|text| text.split_once(':')) {
        let days = person_days([day("02"), day("28")], None, &[], weekday);
        for (date, _) in &days {
            let at = date.and_hms_opt(9, 0, 0).expect("a time");
            let each =
                items.split(',').map(|item| Signal { people: vec![name.into()], at, kind: Kind::Comment, item: item.into(), change: None });
            input.signals.extend(each);
        }
        for id in items.split(',') {
            let prefix = id.split('-').next().unwrap_or_default();
            let labels = if prefix == "CL" { vec!["cloud".to_owned()] } else { Vec::new() };
            let parent = (prefix == "PAY").then(|| "PAY-1".to_owned());
            let project = (!["PAY", "CL", "X"].contains(&prefix)).then(|| prefix.to_owned());
            input.items.push(Item { id: id.into(), parent, labels, project, ..Item::default() });
        }
        input.workers.push(Worker { id: name.into(), bot: false, days });
    }
    let wallet = Project { id: "wallet".into(), epics: vec!["PAY-1".into()], category: Some(Category::New), ..Project::default() };
    input.rules.projects = vec![wallet, Project { id: "cloud".into(), labels: vec!["cloud".into()], ..Project::default() }];
    Effort { ledger: Ledger::new(&input), problems: Vec::new(), places: BTreeMap::new() }
}

const ORG: &str = "
[[objectives]]
id = 'grow'
name = 'Grow orders'
[[projects]]
id = 'wallet'
name = 'Wallet'
priority = 1
planned_share = 0.5
objective = 'grow'
[[projects]]
id = 'cloud'
name = 'Cloud move'
priority = 3
planned_share = 0.2
[[projects]]
id = 'idle'
";

fn asked(people: &[&str], teams: &str, scope: &Scope) -> Investment {
    let org: Org = OrgFile::parse(&format!("{ORG}{teams}")).unwrap_or_else(|error| panic!("{error}")).declared;
    compute(&Basis { effort: &effort(people), org: &org, scope, mondays: [day("02"), day("30")], hides: &|team| team == "closed" })
}

/// Each row as "wallet 29-29 2.0 less than planned".
fn rows(found: &Investment) -> Vec<String> {
    let row = |row: &super::compute::Row| {
        let band = row.band.map_or_else(
            || "few".to_owned(),
            |band| {
                let [low, high] = band.share.map(|end| (end * 100.0).round());
                format!("{low}-{high} {:.1}", band.fte[0])
            },
        );
        format!("{} {band} {}", row.id, row.standing.word()).trim_end().to_owned()
    };
    found.rows.iter().map(row).collect()
}

#[test]
fn projects_stand_by_priority_against_their_plan_and_undeclared_ones_last() {
    // Of seven: wallet has four halves, cloud four halves less one and two, OPS three halves.
    let people = ["a:PAY-7,CL-1", "b:PAY-7,CL-1", "c:PAY-8,CL-1", "d:PAY-7,OPS-1", "e:CL-1,OPS-1", "f:CL-2,OPS-2", "g:CL-1"];
    let found = asked(&people, "", &Scope::Organisation);
    assert_eq!(
        rows(&found),
        [
            "wallet 29-29 2.0 below a lower priority",
            "cloud 50-50 3.5 more than planned",
            "idle 0-0 0.0",
            "OPS 21-21 1.5 not in the portfolio"
        ]
    );
    assert_eq!(found.rows[0].planned.zip(found.rows[0].objective.as_deref()), Some((0.5, "grow")));
    assert_eq!((found.rows[0].items, found.unattributed, found.unobserved, found.withheld), (2, 0.0, 0.0, 0.0));
    assert_eq!(
        found.objectives.iter().map(|(name, band)| (name.as_str(), (band.unwrap().share[0] * 700.0).round())).collect::<Vec<_>>(),
        [("Grow orders", 200.0)]
    );
    assert_eq!(found.alerts.len(), 3, "wallet below cloud, wallet less, cloud more");
    let new = found.categories.iter().find(|(category, _)| *category == Category::New).expect("new things");
    assert!((new.1.unwrap().share[0] - 2.0 / 7.0).abs() < 1e-9);
}

#[test]
fn what_belongs_to_nothing_is_in_the_upper_ends_and_said_by_where_it_lies() {
    let people = ["a:PAY-7,X-1", "b:PAY-7,X-2", "c:PAY-7,X-3", "d:PAY-7"];
    let found = asked(&people, "", &Scope::Organisation);
    assert_eq!(rows(&found), ["wallet 63-100 2.5 more than planned", "cloud 0-38 0.0 too wide to tell", "idle 0-38 0.0"]);
    assert_eq!((found.unattributed, found.places.as_slice()), (0.375, &[("X".to_owned(), 3)][..]));
    assert_eq!(found.rows[0].standing, Standing::More, "62.5 % lie beyond 50 %, whatever is unattributed");
}

const TEAMS: &str = "
[[teams]]
id = 'tribe'
members = ['boss']
[[teams]]
id = 'pay'
parent = 'tribe'
members = ['a', 'b', 'c']
[[teams]]
id = 'web'
parent = 'tribe'
members = ['d', 'e', 'f']
[[teams]]
id = 'closed'
parent = 'tribe'
visibility = 'team'
members = ['g', 'h', 'i']
";

/// What is said of each team below: "pay wallet cloud".
fn below(people: &[&str], scope: &Scope) -> Vec<String> {
    let team = |team: super::compute::Team| {
        let names: Vec<String> = team.projects.into_iter().map(|(name, _)| name).collect();
        format!("{}: {}", team.id, names.join(", "))
    };
    asked(people, TEAMS, scope).teams.into_iter().map(team).collect()
}

#[test]
fn a_part_beside_its_whole_tells_nobody_by_subtraction() {
    let tribe = Scope::Team("tribe".into());
    let check = |people: &[&str], expect: &[&str]| assert_eq!(below(people, &tribe), expect, "{people:?}");
    let (pay, closed) = (["a:PAY-7", "b:PAY-7", "c:PAY-7"], ["g:CL-1", "h:CL-1", "i:CL-1"]);
    let with = |rest: &[&'static str]| -> Vec<&'static str> { [&pay[..], &closed[..], rest].concat() };
    check(&with(&["d:CL-1", "e:CL-1", "f:CL-1"]), &["pay: Wallet", "web: Cloud move"]);
    // One other works on the wallet: the tribe's less that of the team would be theirs.
    check(&with(&["boss:PAY-7", "d:CL-1", "e:CL-1", "f:CL-1"]), &["web: Cloud move"]);
    check(&with(&["d:CL-1,PAY-7", "e:CL-1,PAY-7", "f:CL-1,PAY-7"]), &["pay: Wallet", "web: Cloud move, Wallet"]);
    check(&with(&["d:CL-1", "e:CL-1"]), &["pay: Wallet"]);
}

#[test]
fn a_project_is_said_by_the_teams_that_work_on_it() {
    let people = ["a:PAY-7", "b:PAY-7", "c:PAY-7", "d:CL-1,PAY-7", "e:CL-1,PAY-7", "f:CL-1,PAY-7", "g:PAY-7", "h:PAY-7", "i:PAY-7"];
    assert_eq!(below(&people, &Scope::Project("wallet".into())), ["pay: Wallet", "web: Wallet"]);
    assert_eq!(below(&people, &Scope::Team("pay".into())), Vec::<String>::new());
    let team = asked(&people, TEAMS, &Scope::Team("web".into()));
    assert_eq!(rows(&team), ["wallet 50-50 1.5", "cloud 50-50 1.5"], "a plan is the organisation's, and a team is shown what it worked on");
    assert!(team.objectives.is_empty() && team.alerts.is_empty());
}

#[test]
fn withheld_effort_is_never_zero() {
    let found = asked(&["a:PAY-7", "b:PAY-7", "c:PAY-7", "d:CL-1", "e:CL-1", "f:X-1"], "", &Scope::Organisation);
    assert_eq!(rows(&found), ["wallet 50-100 3.0 too wide to tell", "cloud few too few people to show", "idle few too few people to show"]);
    let cloud = super::card::metrics(&found).into_iter().find(|metric| metric.id == "effort_share:cloud").unwrap();
    assert_eq!((cloud.value, cloud.reason.as_deref()), (None, Some("too_few_people")));
    assert!(found.weeks.iter().all(|week| week.project("cloud").is_none()));
}

#[test]
fn a_project_with_an_alert_is_never_too_wide_to_tell() {
    let found = asked(&["a:PAY-7", "b:PAY-7", "c:PAY-7", "d:CL-1", "e:CL-1", "f:CL-1"], "", &Scope::Organisation);
    for alert in &found.alerts {
        if let crate::domain::alloc::Alert::OffPlan { project, .. } = alert {
            let row = found.rows.iter().find(|row| row.id == *project).unwrap();
            assert!(!matches!(row.standing, Standing::Unclear | Standing::AsPlanned), "{project} has an alert");
        }
    }
}

#[test]
fn a_team_is_told_only_of_projects_that_it_works_on() {
    // Of the organisation the wallet gets less than the cloud; web works on the cloud alone.
    let people = ["a:PAY-7", "b:PAY-7", "c:PAY-7", "d:CL-1", "e:CL-1", "f:CL-1", "g:CL-1", "h:CL-1", "i:CL-1"];
    let all = asked(&people, TEAMS, &Scope::Organisation);
    assert!(matches!(&all.alerts[0], crate::domain::alloc::Alert::PriorityBelow { top, .. } if top == "wallet"), "{:?}", all.alerts);
    assert!(asked(&people, TEAMS, &Scope::Team("web".into())).alerts.is_empty());
    assert_eq!(below(&people, &Scope::Organisation), ["pay: Wallet", "web: Cloud move"], "the teams that people are in, not the tribe");
    let project = asked(&people, TEAMS, &Scope::Project("cloud".into()));
    assert!(project.alerts.iter().all(|alert| matches!(alert, crate::domain::alloc::Alert::OffPlan { project, .. } if project == "cloud")));
}

#[test]
fn two_people_are_shown_nothing() {
    let found = asked(&["a:PAY-7", "b:PAY-7"], "", &Scope::Organisation);
    assert!(found.period.is_none() && found.rows.is_empty() && found.places.is_empty() && !found.weeks.is_empty());
}
