//! Points, days, co-authors, inference and lineage, each by itself.

use super::*;

fn ledger(signals: Vec<Signal>) -> Ledger {
    Ledger::new(&Input { workers: vec![worker("ada"), worker("bob")], signals, ..Input::default() })
}

/// Ada's day in thousandths.
fn check(ledger: &Ledger, date: &str, expect: &[(&str, i64)]) {
    let seen: Vec<(String, i64)> = of_day(ledger, "ada", day(date)).into_iter().map(|(item, micro)| (item, micro / 1_000)).collect();
    let expect: Vec<(String, i64)> = expect.iter().map(|(item, milli)| ((*item).to_owned(), *milli)).collect();
    assert_eq!(seen, expect, "{date}");
}

#[test]
fn points_share_a_day() {
    let found = ledger(vec![
        signal("ada", "03", "09:00", Kind::Commit, "A"),
        signal("ada", "03", "11:00", Kind::Comment, "B"),
        signal("ada", "04", "09:00", Kind::Review, "A"),
        signal("ada", "04", "15:00", Kind::Review, "A"),
        signal("ada", "04", "15:00", Kind::Merged, "B"),
        signal("ada", "04", "16:00", Kind::Merged, "B"),
    ]);
    check(&found, "03", &[("A", 750), ("B", 250)]);
    check(&found, "04", &[("A", 400), ("B", 600)]); // one review a day, one merge for ever
}

#[test]
fn an_item_counts_six_points_a_day_at_most() {
    let mut signals: Vec<Signal> = (9..17).map(|hour| signal("ada", "03", &format!("{hour:02}:00"), Kind::Commit, "A")).collect();
    signals.push(signal("ada", "03", "09:30", Kind::Review, "B"));
    check(&ledger(signals), "03", &[("A", 750), ("B", 250)]);
}

#[test]
fn co_authors_share_a_commit_and_machines_take_no_part() {
    let with = |people: &str| {
        let mut input = Input { workers: vec![worker("ada"), worker("bob")], ..Input::default() };
        input.workers.push(Worker { bot: true, ..worker("robot") });
        input.signals = vec![signal(people, "03", "09:00", Kind::Commit, "A"), signal("ada", "03", "10:00", Kind::Commit, "B")];
        Ledger::new(&input)
    };
    check(&with("ada+bob"), "03", &[("A", 333), ("B", 666)]);
    check(&with("ada+robot"), "03", &[("A", 500), ("B", 500)]);
    check(&with("ada+a stranger"), "03", &[("A", 333), ("B", 666)]);
    assert_eq!(with("ada+a stranger").signals_of_nobody, 1);
    assert_eq!(with("robot").signals_of_nobody, 0);
}

#[test]
fn a_day_off_counts_on_the_next_working_day_of_its_week_else_on_the_last_before() {
    let mut ada = worker("ada");
    ada.days.retain(|(date, _)| *date != day("03") && !(day("16")..day("21")).contains(date));
    let signals = vec![
        signal("ada", "03", "09:00", Kind::Commit, "holiday"),
        signal("ada", "07", "09:00", Kind::Commit, "saturday"),
        signal("ada", "18", "09:00", Kind::Commit, "week off"),
    ];
    let found = Ledger::new(&Input { workers: vec![ada], signals, ..Input::default() });
    check(&found, "04", &[("holiday", 1_000)]);
    check(&found, "06", &[("saturday", 1_000)]);
    assert!(found.items.iter().all(|item| item.id != "week off"));
    assert_eq!(found.signals_of_nobody, 1);
}

#[test]
fn quiet_days_follow_those_within_three_working_days() {
    let found = ledger(vec![signal("ada", "10", "09:00", Kind::Commit, "A"), signal("ada", "12", "09:00", Kind::Comment, "B")]);
    check(&found, "04", &[("?", 1_000)]);
    check(&found, "05", &[("~A", 1_000)]); // a Thursday; three working days before Tuesday the 10th
    check(&found, "11", &[("~A", 500), ("~B", 500)]);
    check(&found, "17", &[("~B", 1_000)]);
    check(&found, "18", &[("?", 1_000)]);
}

#[test]
fn an_assigned_item_counts_for_ten_working_days_after_the_last_own_signal() {
    let assigned =
        |item: &str, until: Option<&str>| Assigned { person: "ada".into(), item: item.into(), from: day("02"), until: until.map(day) };
    let signals = vec![
        signal("ada", "02", "09:00", Kind::Transition, "A"),
        signal("ada", "02", "09:00", Kind::Transition, "B"),
        signal("bob", "16", "09:00", Kind::Comment, "C"),
        signal("ada", "16", "09:00", Kind::Comment, "D"),
        signal("ada", "17", "09:00", Kind::Comment, "D"),
    ];
    let assigned = vec![assigned("A", None), assigned("B", Some("05")), assigned("C", None)];
    let found = Ledger::new(&Input { workers: vec![worker("ada"), worker("bob")], signals, assigned, ..Input::default() });
    check(&found, "04", &[("A", 500), ("B", 500)]);
    check(&found, "05", &[("A", 1_000)]);
    check(&found, "16", &[("A", 666), ("D", 333)]);
    check(&found, "17", &[("D", 1_000)]);
}

#[test]
fn part_time_and_a_day_of_three_parts_add_up_exactly() {
    let mut ada = worker("ada");
    for (_, micro) in &mut ada.days {
        *micro = 500_000;
    }
    let signals = ["A", "B", "C"].map(|item| signal("ada", "03", "09:00", Kind::Comment, item)).to_vec();
    let found = Ledger::new(&Input { workers: vec![ada], signals, ..Input::default() });
    assert_eq!(of_day(&found, "ada", day("03")).into_values().collect::<Vec<_>>(), [166_667, 166_667, 166_666]);
}

/// Where an item's time goes: project and category.
fn place(items: Vec<Item>, rules: &Rules, id: &str) -> (Option<String>, Option<Category>, Vec<String>) {
    let signals = vec![signal("ada", "03", "09:00", Kind::Comment, id)];
    let found = Ledger::new(&Input { workers: vec![worker("ada")], signals, items, rules: rules.clone(), ..Input::default() });
    let place = found.items[0].place;
    (place.project.map(|number| found.projects[number as usize].clone()), place.category, found.problems)
}

#[test]
fn lineage_goes_before_labels_repository_paths_and_type() {
    let rules = Rules {
        projects: vec![
            project("by-epic", &["INIT-1"], Some(Category::Improving)),
            Project { labels: vec!["Mobile".into()], ..project("by-label", &[], None) },
            Project { paths: vec!["pay/**".into(), "pay/{".into()], ..project("by-path", &[], None) },
            Project { repositories: vec!["O/app".into()], ..project("by-repository", &[], None) },
        ],
        labels: vec![("toil".into(), Category::Ktlo)],
        repositories: vec![("o/app".into(), Category::Productivity)],
        ..Rules::default()
    };
    let check = |of: Item, project: Option<&str>, category: Option<Category>| {
        let epic = Item { labels: vec!["toil".into()], ..item("EPIC-1", Some("INIT-1")) };
        let (seen, seen_category, problems) = place(vec![of.clone(), epic], &rules, "X");
        assert_eq!((seen.as_deref(), seen_category), (project, category), "{of:?}");
        assert_eq!(problems.len(), 1, "the glob that is none: {problems:?}");
    };
    let plain = item("X", None);
    let labelled = Item { labels: vec!["mobile".into()], repository: Some("o/app".into()), ..plain.clone() };
    let in_paths = |paths: &[&str]| Item {
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        commit_type: Some("Fix".into()),
        ..plain.clone()
    };
    check(Item { parent: Some("EPIC-1".into()), ..labelled.clone() }, Some("by-epic"), Some(Category::Improving));
    check(labelled.clone(), Some("by-label"), Some(Category::Productivity));
    check(Item { labels: vec!["mobile".into(), "TOIL".into()], ..labelled }, Some("by-label"), Some(Category::Ktlo));
    check(Item { repository: Some("o/app".into()), ..in_paths(&["pay/a"]) }, Some("by-repository"), Some(Category::Productivity));
    check(in_paths(&["pay/a", "pay/b/c"]), Some("by-path"), Some(Category::Ktlo));
    check(in_paths(&["pay/a", "web/b"]), None, Some(Category::Ktlo));
    check(
        Item { project: Some("PAY".into()), repository: Some("o/app".into()), ..plain.clone() },
        Some("PAY"),
        Some(Category::Productivity),
    );
    check(Item { project: Some("o/app".into()), ..plain.clone() }, Some("by-repository"), None);
    check(plain, None, None);
}

#[test]
fn parents_in_a_ring_and_projects_that_share_an_epic_are_said() {
    let rules = Rules { projects: vec![project("one", &["E"], None), project("two", &["E"], None)], ..Rules::default() };
    let (project, _, problems) = place(vec![item("A", Some("B")), item("B", Some("A"))], &rules, "A");
    assert_eq!(project, None);
    assert_eq!(
        problems,
        [
            "The items above `A` go in a ring; correct the parents in the tracker.",
            "Two projects name `E`; the first by id has it. Name it in one of them only."
        ]
    );
    let (project, ..) = place(vec![item("A", Some("E"))], &rules, "A");
    assert_eq!(project.as_deref(), Some("one"), "the epic itself need not be known");
}
