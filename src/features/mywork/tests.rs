//! Where items lead, from an organisation file and items in a few words.

use chrono_tz::Tz;

use super::compute::{Lead, MyWork, compute};
use crate::domain::calendar::WorkCalendar;
use crate::domain::org::{Calendar, Org, OrgFile};
use crate::domain::time::{At, HOUR};
use crate::domain::todo::{OpenChange, OpenItem, Place};

pub(super) const ORG: &str = "[[objectives]]\nid='grow'\nname='Grow orders by a fifth'\n\
    [[projects]]\nid='wallet'\nname='Wallet'\npriority=1\nobjective='grow'\nepics=['PAY-1']\nlabels=['wallet']\n\
    [[projects]]\nid='safety'\nname='Safety'\npriority=2\nlabels=['safe']\n\
    [[projects]]\nid='tidy'\nname='Tidy'\n";

pub(super) fn org(text: &str) -> Org {
    OrgFile::parse(text).unwrap_or_else(|error| panic!("{error}")).declared
}

/// Monday 16 November 2026, 00:00.
pub(super) fn hour(hour: i64) -> At {
    At::parse("2026-11-16T00:00:00Z").unwrap().plus(hour * HOUR)
}

/// "PAY-7 in PAY labels wallet,x under PAY-3" and what is above it after each `<`.
fn place(text: &str) -> Place {
    let words: Vec<&str> = text.split_whitespace().collect();
    let after = |key: &str| words.iter().position(|word| *word == key).map(|at| words[at + 1].to_string());
    let labels = after("labels").map(|list| list.split(',').map(str::to_string).collect()).unwrap_or_default();
    Place { id: format!("id of {}", words[0]), key: Some(words[0].into()), parent: after("under"), project: after("in"), labels }
}

pub(super) fn item(text: &str, created: i64, started: Option<i64>) -> OpenItem {
    let mut places = text.split('<').map(place);
    let own = places.next().unwrap();
    OpenItem {
        source: "jira".into(),
        title: Some(format!("Title of {}", own.name())),
        status: Some(if started.is_some() { "in_progress" } else { "todo" }.into()),
        own,
        assignee: "ana".into(),
        created_at: Some(hour(created)),
        started_at: started.map(hour),
        above: places.collect(),
        ..OpenItem::default()
    }
}

pub(super) fn work(items: Vec<OpenItem>, changes: Vec<OpenChange>, org: &Org) -> MyWork {
    compute(items, changes, org, &WorkCalendar::new(&Calendar::default(), Tz::UTC), hour(180))
}

#[test]
fn an_item_leads_to_the_project_it_names_or_hangs_under_or_is_labelled_for() {
    let check = |text: &str, expect: Option<&str>| {
        let found = work(vec![item(text, 0, Some(9))], Vec::new(), &org(ORG));
        assert_eq!(found.begun[0].lead, expect.map_or(Lead::Nowhere, |id| Lead::Project(id.into())), "{text}");
    };
    check("PAY-7 in wallet", Some("wallet"));
    check("PAY-7 in PAY under PAY-1", Some("wallet"));
    check("PAY-7 in PAY labels Wallet", Some("wallet"));
    check("PAY-7 in PAY labels x", None);
    check("PAY-7 in PAY", None); // the tracker's own project is none of the portfolio
    check("PAY-7 labels safe,wallet", Some("safety")); // the first by id, as everywhere
    check("PAY-7 in tidy labels wallet", Some("wallet")); // a label goes before the tracker's own project
    check("PAY-7 in tidy labels x", Some("tidy"));
    check("PAY-1 in PAY", Some("wallet")); // the epic itself
    check("PAY-7 under PAY-3 < PAY-3 under PAY-1", Some("wallet"));
    check("PAY-7 under PAY-3 < PAY-3 under PAY-2 < PAY-2 labels safe", Some("safety"));
    check("PAY-7 labels safe under PAY-1", Some("wallet"));
    check("PAY-7 under PAY-3 < PAY-3 in safety labels wallet", Some("wallet"));
}

#[test]
fn an_item_is_begun_by_the_tools_word_or_by_an_open_change() {
    let change = |id: &str, item: &str, at: i64| OpenChange {
        source: "github".into(),
        id: id.into(),
        item: Some(item.into()),
        opened_at: hour(at),
        ..OpenChange::default()
    };
    let items = vec![
        item("PAY-7", 0, Some(60)),
        item("PAY-8", 0, None),
        item("PAY-9", 0, None),
        item("PAY-10", 5, None),
        item("PAY-11", 0, Some(30)),
    ];
    let changes = vec![change("#2", "pay-8", 20), change("#1", "PAY-11", 9), change("#3", "ZZ-1", 100)];
    let found = work(items, changes, &org(ORG));
    let rows = |rows: &[super::compute::Row]| -> Vec<(String, i64)> {
        rows.iter().map(|row| (row.item.own.name().to_string(), row.age / HOUR)).collect()
    };
    // From 60, 20, and 9 (the change is older than the tool's word) to 180, less a weekend of 48 hours.
    assert_eq!(rows(&found.begun), [("PAY-11".into(), 123), ("PAY-8".into(), 112), ("PAY-7".into(), 72)]);
    assert_eq!(rows(&found.next), [("PAY-10".into(), 127), ("PAY-9".into(), 132)]);
    assert_eq!(found.changes.iter().map(|own| own.change.id.as_str()).collect::<Vec<_>>(), ["#1", "#2", "#3"]);
}

#[test]
fn an_item_that_leads_nowhere_is_told_ways_out() {
    let ways =
        |items: Vec<OpenItem>, org: &Org| -> Vec<String> { work(items, Vec::new(), org).ways.into_iter().map(|way| way.project).collect() };
    let lost = || item("PAY-7", 0, Some(9));
    assert_eq!(ways(vec![lost()], &org(ORG)), ["wallet", "safety"]); // Tidy has neither label nor epic
    assert_eq!(ways(vec![lost(), item("PAY-8 labels safe", 0, None)], &org(ORG)), ["safety", "wallet"]); // where one is already
    assert_eq!(ways(vec![item("PAY-8 labels safe", 0, None)], &org(ORG)), [""; 0]);
    assert_eq!(ways(vec![lost()], &Org::default()), [""; 0]);
    let far = "[[projects]]\nid='app'\npriority=1\nepics=['MOB-1']\n[[projects]]\nid='shop'\npriority=1\nepics=['CHK-1']\n\
        [[projects]]\nid='wallet'\npriority=3\nepics=['PAY-1']\n";
    assert_eq!(ways(vec![lost()], &org(far)), ["wallet", "app"]); // of the same tracker project
}
