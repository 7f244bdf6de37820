//! What is kept of ballots, and what of them never is.

use std::collections::BTreeMap;

use super::super::items::{Kind, shipped};
use super::*;
use crate::domain::stats::SplitMix64;

fn rules() -> Rules {
    let items = shipped().into_iter().filter(|category| category.core).flat_map(|category| category.items).collect();
    Rules { minima: Minima::default(), strict_membership: true, items }
}

fn two_teams() -> Tree {
    Tree::new(&[("all", None), ("a", Some("all")), ("b", Some("all"))]).unwrap()
}

/// A ballot that answers the first question.
fn ballot(node: usize, value: u8, comment: &str) -> Opened {
    let mut answers = Answers::blank();
    assert!(answers.set(0, (value > 0).then_some(value)));
    Opened { node, answers, comments: vec![("overall_slowed".into(), Zeroizing::new(comment.into()))] }
}

fn kept(ballots: &[Opened]) -> Tally {
    let invited: Vec<(String, usize)> = ballots.iter().enumerate().map(|(at, ballot)| (format!("u{at:03}"), ballot.node)).collect();
    let mut random = SplitMix64::new(1);
    tally(&rules(), &two_teams(), &invited, ballots, &History::new(), || random.next_bits())
}

fn of(tally: &Tally, cell: &str) -> Option<Kept> {
    tally.rows.iter().find(|row| row.cell == cell && row.item == "overall_satisfied").map(|row| row.kept)
}

fn ballots(node: usize, values: &[u8]) -> Vec<Opened> {
    values.iter().map(|value| ballot(node, *value, "")).collect()
}

fn both(mut some: Vec<Opened>, others: Vec<Opened>) -> Vec<Opened> {
    some.extend(others);
    some
}

#[test]
fn five_equal_answers_are_a_band_and_ten_an_edge() {
    let five = kept(&ballots(1, &[5; 5]));
    assert_eq!(of(&five, "a"), Some(Kept::Band { band: Band::of(5, 5), answers: 5 }));
    assert_eq!(of(&five, "all"), of(&five, "a"));
    let ten = kept(&ballots(1, &[5; 10]));
    assert_eq!(of(&ten, "a"), Some(Kept::Edge { high: true, answers: 10 }));
    assert_eq!(of(&ten, "all"), of(&ten, "a"));
    assert_eq!(of(&kept(&ballots(0, &[1; 12])), "all"), Some(Kept::Edge { high: false, answers: 12 }));
    let nearly = [&[5; 9][..], &[1]].concat();
    assert_eq!(of(&kept(&ballots(0, &nearly)), "all"), Some(Kept::Edge { high: true, answers: 10 }), "one of ten looks the same as none");
    let mixed = [&[5; 8][..], &[1, 2]].concat();
    assert_eq!(of(&kept(&ballots(0, &mixed)), "all"), Some(Kept::Counts([1, 1, 0, 0, 8])));
    assert_eq!(kept(&ballots(0, &[3; 4])), Tally::default());
}

#[test]
fn an_edge_can_not_be_had_by_subtraction() {
    // All of a agree; b is mixed. The counts of all less those of b would be a's.
    let tally = kept(&both(ballots(1, &[5; 12]), ballots(2, &[1, 2, 1, 2, 5, 5, 4, 4, 3, 3, 3])));
    assert!(matches!(of(&tally, "all"), Some(Kept::Counts(_))));
    assert_eq!(of(&tally, "a"), Some(Kept::Edge { high: true, answers: 12 }));
    assert!(matches!(of(&tally, "b"), Some(Kept::Band { .. })), "{tally:?}");
}

/// In random trees with random answers, among which whole teams agree: whatever part counts can be isolated for, is not of one mind.
#[test]
fn no_counts_that_can_be_derived_say_what_all_think() {
    let mut random = SplitMix64::new(3);
    let item = Item { id: "q".into(), category: "c".into(), kind: Kind::Agree, reversed: false, text: "?".into() };
    let (mut exact, mut naive) = (0, 0);
    for _ in 0..2_000 {
        let nodes = 1 + random.below(12);
        let ids: Vec<String> = (0..nodes).map(|node| format!("{node:02}")).collect();
        let parents: Vec<usize> = (0..nodes).map(|node| random.below(node.max(1))).collect();
        let teams: Vec<(&str, Option<&str>)> =
            (0..nodes).map(|node| (ids[node].as_str(), (node > 0).then(|| ids[parents[node]].as_str()))).collect();
        let tree = Tree::new(&teams).unwrap();
        let mut given = Vec::new();
        for node in 0..nodes {
            let one_mind = random.below(3) == 0;
            for _ in 0..random.below(16) {
                let value = if one_mind { 5 } else { 1 + u8::try_from(random.below(5)).unwrap() };
                given.push((node, value));
            }
        }
        let kept: BTreeMap<usize, Kept> = question_kept(&tree, &item, &given, Minima::default(), None).into_iter().collect();
        let shown: Vec<usize> = kept.iter().filter(|(_, kept)| matches!(kept, Kept::Counts(_))).map(|(node, _)| *node).collect();
        exact += shown.len();
        // Who is in the same shown cells is a part of its own, and in a tree each part can be isolated.
        let mut parts: BTreeMap<Vec<usize>, (u64, u64)> = BTreeMap::new();
        for (node, value) in &given {
            let cells: Vec<usize> = tree.path(*node).filter(|at| shown.contains(at)).collect();
            let part = parts.entry(cells).or_default();
            *part = (part.0 + u64::from(*value > 3), part.1 + 1);
        }
        for (cells, (good, n)) in &parts {
            assert!(cells.is_empty() || (*n >= 10 && !extreme(*good, *n)), "{good} of {n} in {cells:?}");
        }
        naive += usize::from(parts.len() > 1);
    }
    println!("{exact} exact cells in 2000 trees, {naive} trees with parts");
    assert!(exact > 1_000);
}

#[test]
fn comments_of_small_cells_are_lifted_and_their_order_is_not_that_of_ballots() {
    let says = |node: usize, count: usize| -> Vec<Opened> { (0..count).map(|at| ballot(node, 3, &format!("{node}-{at:02}"))).collect() };
    let tally = kept(&both(says(1, 12), says(2, 4)));
    assert_eq!(tally.comments.len(), 16);
    assert!(tally.comments.iter().all(|comment| comment.cell == "all"), "b has four, and all less a would be b");
    let tally = kept(&both(says(1, 12), says(2, 11)));
    assert!(tally.comments.iter().all(|comment| comment.cell == if comment.body.starts_with('1') { "a" } else { "b" }));
    let order: Vec<&str> = tally.comments.iter().map(|comment| comment.body.as_str()).collect();
    assert!(!order.is_sorted());
    assert!(kept(&says(1, 9)).comments.is_empty(), "nine people are too few for any comment");
}

#[test]
fn comments_are_plain_text() {
    assert_eq!(plain(" \u{202e}Ask <@U1>\u{0}\r\nplease\u{7}\n "), "Ask <@U1>\nplease");
    assert_eq!(plain("\u{1}\u{200f}"), "");
}

#[test]
fn a_ballot_that_says_nothing_is_no_answer() {
    let tally = kept(&both(ballots(1, &[4, 2, 4, 2, 5]), ballots(1, &[0, 0, 0])));
    assert_eq!(tally.cells[0], Cell { id: "all".into(), label: "all".into(), invited: 8, answered: Some(5) });
}
