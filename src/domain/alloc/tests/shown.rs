//! Bands, what is withheld, and alerts.

use super::*;

/// A week of people who each worked on items, one comment a day on each; projects "top" (items T..), "low" (items L..).
fn weeks(people: &[(&str, &[&str])]) -> Vec<Week> {
    let mut input = Input::default();
    for (who, items) in people {
        input.workers.push(worker(who));
        for date in 2..28 {
            let each = items.iter().map(|item| signal(who, &format!("{date:02}"), "09:00", Kind::Comment, item));
            input.signals.extend(each);
        }
    }
    input.items = vec![item("T1", Some("ET")), item("T2", Some("ET")), item("L1", Some("EL"))];
    input.rules.projects = vec![project("top", &["ET"], Some(Category::New)), project("low", &["EL"], Some(Category::Ktlo))];
    Ledger::new(&input).weeks(|_, _| true)
}

fn close(band: Option<Band>, share: [f64; 2], fte: [f64; 2]) {
    let band = band.unwrap();
    for (seen, expect) in band.share.into_iter().zip(share).chain(band.fte.into_iter().zip(fte)) {
        assert!((seen - expect).abs() < 1e-5, "{band:?}");
    }
}

#[test]
fn a_band_goes_from_observed_to_all_that_may_be_its() {
    let found = weeks(&[("ada", &["T1", "X"]), ("bob", &["T1", "L1"]), ("cat", &["T2", "L1", "X"]), ("dan", &["L1", "X"])]);
    assert_eq!(found.len(), 4);
    // top .5 + .5 + 1/3, low .5 + 1/3 + .5, unattributed .5 + 1/3 + .5 of four.
    let third = 4.0 / 3.0;
    close(found[0].project("top"), [third / 4.0, 2.0 * third / 4.0], [third, 2.0 * third]);
    close(found[0].category(Category::Ktlo), [third / 4.0, 2.0 * third / 4.0], [third, 2.0 * third]);
    let figures = found[0].figures.as_ref().unwrap();
    assert_eq!((figures.people, figures.withheld, figures.unobserved, figures.capacity), (4, 0, 0, 20 * PERSON_DAY));
    let top = figures.leaves.iter().find(|leaf| leaf.project.as_deref() == Some("top")).unwrap();
    assert_eq!((top.items.join(" "), top.signals), ("T1 T2".to_owned(), [0, 0, 0, 0, 21, 0]), "a Saturday and a Sunday count on Friday");
}

#[test]
fn inferred_time_is_in_the_upper_end_alone_and_unobserved_time_in_none() {
    let mut input = Input { workers: ["ada", "bob", "cat"].map(worker).into(), ..Input::default() };
    input.signals = ["ada", "bob", "cat"].map(|who| signal(who, "02", "09:00", Kind::Comment, "T1")).into();
    input.items = vec![item("T1", Some("ET"))];
    input.rules.projects = vec![project("top", &["ET"], None)];
    let found = Ledger::new(&input).weeks(|_, _| true);
    // Of the first week Monday is observed, three days are inferred, Friday is unobserved.
    close(found[0].project("top"), [0.25, 1.0], [0.6, 2.4]);
    assert_eq!(found[0].figures.as_ref().unwrap().unobserved, 3 * PERSON_DAY);
    assert_eq!(found[1].project("top"), None, "a week of which nothing is known");
}

#[test]
fn a_leaf_of_one_is_withheld_along_with_another_that_would_tell_it() {
    let found = weeks(&[("ada", &["T1"]), ("bob", &["T1"]), ("cat", &["T1"]), ("dan", &["L1"])]);
    let figures = found[0].figures.as_ref().unwrap();
    assert_eq!((figures.leaves.len(), figures.withheld), (0, figures.capacity), "else the rest would be dan's");
    let found = weeks(&[("ada", &["T1"]), ("bob", &["T1"]), ("cat", &["T1"]), ("dan", &["L1"]), ("eve", &["L1"]), ("fay", &["X"])]);
    let figures = found[0].figures.as_ref().unwrap();
    assert_eq!((figures.leaves.len(), figures.withheld), (1, 15 * PERSON_DAY));
    close(found[0].project("top"), [0.5, 1.0], [3.0, 6.0]);
    assert_eq!(found[0].project("low"), None, "bob's and eve's half is withheld, which is not 0 %");
    assert_eq!(found[0].category(Category::Ktlo), None);
}

#[test]
fn several_weeks_are_the_sum_of_what_each_shows() {
    let found = weeks(&[("ada", &["T1", "X"]), ("bob", &["T2"]), ("cat", &["T1"]), ("dan", &["X"]), ("eve", &["X", "L1"])]);
    let quarter = period(&found).unwrap();
    let (one, all) = (found[1].figures.as_ref().unwrap(), quarter.figures.as_ref().unwrap());
    assert_eq!((quarter.working_days, quarter.monday, all.people), (20, day("02"), 5));
    assert_eq!((all.capacity, all.withheld, all.leaves.len()), (4 * one.capacity, 4 * one.withheld, one.leaves.len()));
    assert_eq!((all.leaves[0].time.all(), &all.leaves[0].items), (4 * one.leaves[0].time.all(), &one.leaves[0].items));
    let (week, sum) = (found[1].project("top").unwrap(), quarter.project("top").unwrap());
    assert!((0..2).all(|end| (week.share[end] - sum.share[end]).abs() < 1e-12 && (week.fte[end] - sum.fte[end]).abs() < 1e-12));
    assert_eq!(period(&[]), None);
    assert_eq!(period(&weeks(&[("ada", &["T1"])])), None);
}

#[test]
fn two_people_or_a_year_of_one_show_nothing() {
    let found = weeks(&[("ada", &["T1"]), ("bob", &["L1"])]);
    assert!(found.len() == 4 && found.iter().all(|week| week.figures.is_none() && week.project("top").is_none()));
    assert!(alerts(&found, &[planned("top", 1, 0.9)]).is_empty());
    assert!(Ledger::new(&Input::default()).weeks(|_, _| true).is_empty());
}

#[test]
fn only_what_nobody_worked_on_and_nothing_withheld_may_be_is_zero() {
    let three: [(&str, &[&str]); 3] = [("ada", &["T1"]), ("bob", &["T1"]), ("cat", &["T1"])];
    close(weeks(&three)[0].project("low"), [0.0, 0.0], [0.0, 0.0]);
    let found = weeks(&[&three[..], &[("dan", &["X"]), ("eve", &["X"]), ("fay", &["T1"])]].concat());
    assert!(found[0].figures.as_ref().unwrap().withheld > 0);
    assert_eq!(found[0].project("low"), None, "the withheld days may be its: to say that they are not would tell whose they are");
    let plan = [planned("top", 1, 0.0), planned("low", 2, 0.5)];
    assert!(said(&found, &plan).is_empty(), "a gap is no alert");
}

fn planned(project: &str, priority: u32, share: f64) -> Planned {
    Planned { project: project.into(), priority: Some(priority), share: (share > 0.0).then_some(share) }
}

/// Ten people, so many of whom work on each.
fn ten(top: usize, low: usize) -> Vec<Week> {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let items = |at: usize| -> &[&str] {
        if at < top {
            &["T1"]
        } else if at < top + low {
            &["L1"]
        } else {
            &["X"]
        }
    };
    weeks(&names.iter().enumerate().map(|(at, name)| (*name, items(at))).collect::<Vec<_>>())
}

fn said(weeks: &[Week], plan: &[Planned]) -> Vec<String> {
    let name = |alert: &Alert| match alert {
        Alert::OffPlan { project, more, .. } => format!("{project} {}", if *more { "more" } else { "less" }),
        Alert::PriorityBelow { top, lower, .. } => format!("{top} below {lower}"),
    };
    alerts(weeks, plan).iter().map(name).collect()
}

#[test]
fn an_alert_needs_the_whole_band_beyond_the_plan_for_three_weeks() {
    let found = ten(6, 4);
    assert_eq!(said(&found, &[planned("top", 1, 0.5), planned("low", 2, 0.5)]), ["top more", "low less"]);
    assert!(said(&found, &[planned("top", 1, 0.59), planned("low", 2, 0.41)]).is_empty(), "a tenth of a person");
    assert_eq!(said(&found, &[planned("top", 1, 0.57)]), ["top more"], "0.3 of a person though only 3 points");
    assert!(said(&found[..2], &[planned("top", 1, 0.2)]).is_empty(), "two weeks");
    let gap = [&found[..2], &found[3..]].concat();
    assert!(said(&gap, &[planned("top", 1, 0.2)]).is_empty(), "not in a row");
    assert_eq!(said(&ten(3, 4), &[planned("top", 1, 0.7)]), ["top less"], "the band of top goes to 6 of 10");
    assert!(said(&ten(3, 4), &[planned("top", 1, 0.5)]).is_empty(), "what is unattributed may be its");
}

#[test]
fn a_top_priority_may_not_get_less_than_a_lower_one_unless_it_is_planned_so() {
    assert_eq!(said(&ten(4, 6), &[planned("top", 1, 0.0), planned("low", 2, 0.0)]), ["top below low"]);
    assert!(said(&ten(4, 6), &[planned("top", 1, 0.4), planned("low", 2, 0.6)]).is_empty());
    assert!(said(&ten(6, 4), &[planned("top", 1, 0.0), planned("low", 2, 0.0)]).is_empty());
    assert!(said(&ten(4, 6), &[planned("top", 1, 0.0), planned("low", 1, 0.0)]).is_empty());
    assert!(said(&ten(3, 4), &[planned("top", 1, 0.0), planned("low", 2, 0.0)]).is_empty(), "bands that overlap");
}

#[test]
fn a_plan_that_cannot_be_is_said() {
    let plan = [planned("a", 1, 0.7), planned("b", 1, 1.3), Planned { share: Some(0.0), ..planned("c", 1, 0.0) }];
    assert_eq!(
        problems(&plan),
        [
            "`b` has a planned share of 130 %; write one above 0 and up to 1, or leave it out.",
            "`c` has a planned share of 0 %; write one above 0 and up to 1, or leave it out.",
            "The planned shares add up to 200 %, more than there is; lower them to 100 % or less."
        ]
    );
    assert!(problems(&[planned("a", 1, 0.6), planned("b", 2, 0.4)]).is_empty());
}
