//! Which item a trace is on, and what is told twice.

use super::super::tests::{acted, at, made, org, ticket, wrote};
use super::*;
use crate::domain::traces::Reviewed;

/// The signals of some traces: kind, people, item, change.
fn signals(traces: &Traces, work: &[WorkItem]) -> Vec<String> {
    let org = org("[[people]]\nid='ada'\nemails=['ada@x.org']\n[[people]]\nid='bo'");
    let found = input(traces, work, &org, &People::new(&org, &[]));
    let line = |signal: &Signal| {
        let change = signal.change.as_deref().unwrap_or("-");
        format!("{:?} {} {} {change}", signal.kind, signal.people.join("+"), signal.item)
    };
    found.signals.iter().map(line).collect()
}

#[test]
fn a_trace_is_on_the_item_that_its_change_names() {
    let work = [ticket("PAY-7", None, &[]), ticket("PAY-8", None, &[])];
    let merged = |change: Made| Made { merged_at: Some(at("17 09:00")), ..change };
    let traces = Traces {
        changes: vec![
            Made { commits: vec!["c1".into()], ..merged(made("s#1", "bo", Some("old-7"))) },
            merged(made("s#2", "bo", Some("GONE-1"))),
            merged(made("s#3", "bo", None)),
            Made { bot: true, ..merged(made("s#4", "bo", None)) },
        ],
        commits: vec![
            wrote("c1", "16 09:00", "Ada", "ada@x.org"),
            Written { subject: Some("PAY-8: tidy".into()), ..wrote("c2", "16 10:00", "Ada", "ada@x.org") },
            Written { subject: Some("UTF-8".into()), ..wrote("c3", "16 11:00", "Ada", "ada@x.org") },
        ],
        reviews: vec![Reviewed { source: "github".into(), change: "s#1".into(), reviewer: "bo".into(), at: at("16 12:00") }],
        activities: vec![acted("github", "bo", "comment", "s#2", "16 13:00"), acted("jira", "bo", "comment", "1PAY-8", "16 13:00")],
        keys: vec![("OLD-7".into(), "jira".into(), "1PAY-7".into())],
    };
    let expect = [
        "Merged bo PAY-7 s#1",
        "Merged bo GONE-1 s#2",
        "Merged bo s#3 s#3",
        "Commit ada PAY-7 s#1",
        "Commit ada PAY-8 -",
        "Commit ada acme/shop -",
        "Review bo PAY-7 s#1",
        "Comment bo GONE-1 -",
        "Comment bo PAY-8 -",
    ];
    assert_eq!(signals(&traces, &work), expect);
}

#[test]
fn an_activity_beside_its_commit_or_review_is_told_once() {
    let work = [ticket("PAY-7", None, &[])];
    let check = |kind: &str, person: &str, item: &str, when: &str, counts: bool| {
        let traces = Traces {
            changes: vec![Made { commits: vec!["c1".into()], ..made("s#1", "bo", Some("PAY-7")) }],
            commits: vec![wrote("c1", "16 09:10", "Ada", "ada@x.org")],
            reviews: vec![Reviewed { source: "github".into(), change: "s#1".into(), reviewer: "bo".into(), at: at("16 12:00") }],
            activities: vec![acted("json", person, kind, item, when)],
            ..Traces::default()
        };
        assert_eq!(signals(&traces, &work).len(), 2 + usize::from(counts), "{kind} of {person} on {item} at {when}");
    };
    check("commit", "ada", "PAY-7", "16 09:10", false);
    check("commit", "ada", "PAY-7", "16 09:50", false); // the same hour on the same item
    check("commit", "ada", "OTHER", "16 09:10", false); // the same instant
    check("commit", "ada", "OTHER", "16 09:20", true);
    check("commit", "ada", "PAY-7", "16 10:10", true);
    check("commit", "bo", "PAY-7", "16 09:10", true);
    check("review", "bo", "PAY-7", "16 17:00", false);
    check("review", "bo", "PAY-7", "17 12:00", true);
    check("comment", "ada", "PAY-7", "16 09:10", true);
    check("wave", "ada", "PAY-7", "16 09:10", false);
}

#[test]
fn what_the_changes_of_an_item_tell_is_kept_where_it_is_one_thing() {
    let org = org("[[people]]\nid='ada'\n[investment]\ncommit_types={ feat = 'improving', spike = 'new' }\nunplanned=['urgent']");
    let change = |id: &str, item: Option<&str>, title: &str, paths: Option<&[&str]>| Made {
        title: Some(title.into()),
        paths: paths.map(|paths| paths.iter().map(|path| (*path).to_owned()).collect()),
        labels: vec!["urgent".into()],
        ..made(id, "ada", item)
    };
    let traces = Traces {
        changes: vec![
            change("s#1", Some("PAY-7"), "feat(cart)!: add", Some(&["pay/a"])),
            change("s#2", Some("PAY-7"), "feat: more", Some(&["pay/b"])),
            change("s#3", None, "fix: x", Some(&["web/a"])),
            change("s#4", None, "Tidy up: all", None),
        ],
        ..Traces::default()
    };
    let mut work = [ticket("PAY-7", None, &["x"]), ticket("PAY-8", None, &["Urgent"])];
    work[0].kind = Some("bug".into());
    let found = input(&traces, &work, &org, &People::new(&org, &[]));
    let item = |id: &str| found.items.iter().find(|item| item.id == id).expect("an item");
    let seven = item("PAY-7");
    assert_eq!(
        (seven.labels.join(" "), seven.paths.join(" "), seven.repository.as_deref()),
        ("x".into(), "pay/a pay/b".into(), Some("acme/shop"))
    );
    assert_eq!((seven.commit_type.as_deref(), seven.unplanned, item("PAY-8").unplanned), (Some("feat"), Some(false), Some(true)));
    assert_eq!(
        (item("s#3").commit_type.as_deref(), item("s#3").unplanned, item("s#4").commit_type.as_deref()),
        (Some("fix"), Some(true), None)
    );
    let types: Vec<_> = found.rules.commit_types.iter().filter(|(name, _)| name == "feat" || name == "spike").collect();
    assert_eq!(types, [&("feat".to_owned(), Category::Improving), &("spike".to_owned(), Category::New)]);
    let usual = input(&traces, &work, &Org::default(), &People::new(&Org::default(), &[]));
    assert_eq!(usual.items.iter().find(|item| item.id == "PAY-7").and_then(|item| item.unplanned), Some(true), "a bug, by the usual words");
}
