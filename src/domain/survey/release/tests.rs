//! The release rule against an attacker who adds and subtracts shown cells as he likes. The check knows nothing of rests or trees: it
//! asks by ranks whether some linear combination of the shown cells counts only a few people.

use super::*;
use crate::domain::stats::SplitMix64;

/// A prime: ranks are taken modulo it.
const PRIME: i64 = (1 << 31) - 1;

/// Whether some combination of cells has people, but fewer than `least`, with a coefficient other than 0.
///
/// People in the same cells can't be told apart: they make a class. A combination that is 0 outside some classes exists if, and only if,
/// the cells' rank falls when those classes are left out. So each set of classes of 1 to `least` - 1 people is left out in turn.
fn leaks(cells: &[Vec<bool>], least: u32) -> bool {
    let people = cells.first().map_or(0, Vec::len);
    let mut classes: BTreeMap<Vec<bool>, u32> = BTreeMap::new();
    for person in 0..people {
        *classes.entry(cells.iter().map(|cell| cell[person]).collect()).or_default() += 1;
    }
    let classes: Vec<(Vec<bool>, u32)> = classes.into_iter().collect();
    let small = small_sets(&classes, least);
    let all = if small.is_empty() { 0 } else { rank(&classes, &[]) };
    small.iter().any(|left_out| rank(&classes, left_out) < all)
}

/// Every set of classes that has fewer people than `least`.
fn small_sets(classes: &[(Vec<bool>, u32)], least: u32) -> Vec<Vec<usize>> {
    let mut sets: Vec<(Vec<usize>, u32)> = vec![(Vec::new(), 0)];
    for (at, (_, people)) in classes.iter().enumerate() {
        let more: Vec<_> =
            sets.iter().filter(|(_, sum)| sum + people < least).map(|(set, sum)| ([&set[..], &[at]].concat(), sum + people)).collect();
        sets.extend(more);
    }
    sets.into_iter().skip(1).map(|(set, _)| set).collect()
}

fn rank(classes: &[(Vec<bool>, u32)], left_out: &[usize]) -> usize {
    let mut rows: Vec<Vec<i64>> = (0..classes.len())
        .filter(|at| !left_out.contains(at))
        .map(|at| classes[at].0.iter().map(|within| i64::from(*within)).collect())
        .collect();
    let columns = classes.first().map_or(0, |class| class.0.len());
    let mut rank = 0;
    for column in 0..columns {
        let Some(pivot) = (rank..rows.len()).find(|row| rows[*row][column] != 0) else { continue };
        rows.swap(rank, pivot);
        let inverse = power(rows[rank][column], PRIME - 2);
        for row in rank + 1..rows.len() {
            let factor = rows[row][column] * inverse % PRIME;
            let (above, below) = rows.split_at_mut(row);
            for (value, pivot) in below[0].iter_mut().zip(&above[rank]) {
                *value = (*value - factor * pivot % PRIME).rem_euclid(PRIME);
            }
        }
        rank += 1;
    }
    rank
}

fn power(mut base: i64, mut exponent: i64) -> i64 {
    let mut result = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result * base % PRIME;
        }
        base = base * base % PRIME;
        exponent >>= 1;
    }
    result
}

/// A random organisation of up to 24 teams and about 100 people, of whom some do not answer, and some leave the question blank.
struct Sample {
    tree: Tree,
    /// The node of each person who answered the question.
    answered: Vec<usize>,
}

impl Sample {
    fn random(random: &mut SplitMix64) -> Self {
        let nodes = 1 + random.below(24);
        let deep = random.below(2) == 0;
        let parents: Vec<Option<usize>> =
            (0..nodes).map(|node| (node > 0).then(|| if deep && random.below(3) > 0 { node - 1 } else { random.below(node) })).collect();
        let ids: Vec<String> = (0..nodes).map(|node| format!("{node:02}")).collect();
        let teams: Vec<(&str, Option<&str>)> =
            (0..nodes).map(|node| (ids[node].as_str(), parents[node].map(|at| ids[at].as_str()))).collect();
        let tree = Tree::new(&teams).unwrap();
        let (response, blank) = (40 + random.below(60), random.below(30));
        let mut answered = Vec::new();
        for node in 0..nodes {
            for _ in 0..random.below(13) {
                if random.below(100) < response && random.below(100) >= blank {
                    answered.push(node);
                }
            }
        }
        Self { tree, answered }
    }

    fn own(&self) -> Vec<u32> {
        let mut own = vec![0; self.tree.nodes().len()];
        for node in &self.answered {
            own[*node] += 1;
        }
        own
    }

    /// As organisations are: three levels, teams of 7 to 13 at the bottom, most people answer; a lead counts in the team or above it.
    fn usual(random: &mut SplitMix64, leads_above: bool) -> Self {
        let mut teams: Vec<(String, Option<String>)> = vec![("all".into(), None)];
        let mut people = Vec::new();
        for tribe in 0..2 + random.below(4) {
            let tribe = format!("t{tribe}");
            teams.push((tribe.clone(), Some("all".into())));
            people.push((if leads_above { "all".to_owned() } else { format!("{tribe}.0") }, 1));
            for team in 0..2 + random.below(5) {
                let team = format!("{tribe}.{team}");
                people.push((if leads_above { tribe.clone() } else { team.clone() }, 1));
                people.push((team.clone(), 6 + random.below(7)));
                teams.push((team, Some(tribe.clone())));
            }
        }
        let teams: Vec<(&str, Option<&str>)> = teams.iter().map(|(id, parent)| (id.as_str(), parent.as_deref())).collect();
        let tree = Tree::new(&teams).unwrap();
        let response = 70 + random.below(30);
        let homes = people.iter().flat_map(|(team, count)| std::iter::repeat_n(tree.find(team).unwrap(), *count));
        let answered = homes.filter(|_| random.below(100) < response).collect();
        Self { tree, answered }
    }

    /// Each shown cell: whether each person is in it.
    fn cells(&self, shown: &[bool]) -> Vec<Vec<bool>> {
        (0..shown.len())
            .filter(|node| shown[*node])
            .map(|node| self.answered.iter().map(|home| self.tree.path(*home).any(|at| at == node)).collect())
            .collect()
    }
}

/// What most tools do: a team under the least group is hidden, and that is all.
fn naive(sample: &Sample, least: u32) -> Vec<bool> {
    sample.tree.summed(&sample.own()).iter().map(|sum| *sum >= least).collect()
}

fn count(shown: &[bool]) -> usize {
    shown.iter().filter(|it| **it).count()
}

#[test]
fn hiding_small_teams_alone_leaks_in_most_trees() {
    let mut random = SplitMix64::new(1);
    let leaking = (0..1_000).filter(|_| {
        let sample = Sample::random(&mut random);
        leaks(&sample.cells(&naive(&sample, 5)), 5)
    });
    let leaking = leaking.count();
    println!("naive: {leaking} of 1000 trees leak");
    assert!(leaking > 500, "{leaking}");
}

/// Checks both kinds of output on many organisations; how many in a hundred cells that the naive rule shows are still shown.
fn kept(count_of: usize, mut sample: impl FnMut() -> Sample) -> [usize; 2] {
    let (mut kept, mut would) = ([0, 0], [0, 0]);
    for _ in 0..count_of {
        let sample = sample();
        let plans = [5, 10].map(|least| shown(&sample.tree, &sample.own(), least, None));
        for (at, least) in [(0, 5), (1, 10)] {
            assert!(!leaks(&sample.cells(&plans[at]), least), "{:?}", sample.tree);
            kept[at] += count(&plans[at]);
            would[at] += count(&naive(&sample, least));
        }
        // Bands and counts are read side by side: together they are the cells of bands.
        assert!(plans[0].iter().zip(&plans[1]).all(|(band, exact)| *band || !*exact), "{:?}", sample.tree);
    }
    [0, 1].map(|at| 100 * kept[at] / would[at])
}

#[test]
fn no_combination_of_shown_cells_tells_of_a_few() {
    let mut random = SplitMix64::new(2);
    let any = kept(8_000, || Sample::random(&mut random));
    let [above, within] = [true, false].map(|leads_above| kept(1_000, || Sample::usual(&mut random, leads_above)));
    println!(
        "cells still shown, bands and counts, in %: {any:?} of any trees, {above:?} of usual ones, {within:?} were leads counted in their teams"
    );
    assert!(any[0] > 40 && above[0] > 70 && within[0] > 90, "{any:?} {above:?} {within:?}");
}

#[test]
fn the_check_itself_sees_what_a_subtraction_gives() {
    let cell = |people: &[usize]| (0..12).map(|person| people.contains(&person)).collect::<Vec<bool>>();
    let (all, most, others): (Vec<usize>, Vec<usize>, Vec<usize>) = ((0..12).collect(), (0..9).collect(), (5..12).collect());
    assert!(leaks(&[cell(&all), cell(&most)], 5), "all less most is three people");
    assert!(!leaks(&[cell(&all), cell(&others)], 5));
    assert!(leaks(&[cell(&all), cell(&most), cell(&others)], 5), "most and others, less all, is four people");
    assert!(!leaks(&[cell(&all)], 5) && !leaks(&[], 5));
}

fn check(teams: &[(&str, Option<&str>)], own: &[u32], least: u32, expect: &str) {
    let tree = Tree::new(teams).unwrap();
    let shown = shown(&tree, own, least, None);
    let ids: Vec<&str> = (0..shown.len()).filter(|node| shown[*node]).map(|node| tree.nodes()[node].id.as_str()).collect();
    assert_eq!(ids.join(" "), expect);
}

#[test]
fn rests_fold_and_the_smallest_goes_first() {
    let teams = [("all", None), ("a", Some("all")), ("b", Some("all")), ("c", Some("all"))];
    check(&teams, &[0, 7, 6, 5], 5, "all a b c");
    check(&teams, &[0, 7, 6, 4], 5, "all a");
    check(&teams, &[1, 7, 6, 5], 5, "all a b");
    check(&teams, &[0, 1, 1, 1], 5, "");
    check(&teams, &[0, 5, 0, 0], 5, "all a");
    check(&teams, &[4, 5, 0, 0], 5, "all");
    check(&[("all", None), ("a", Some("all")), ("b", Some("a"))], &[2, 0, 9], 5, "all");
}

#[test]
fn a_tree_twelve_deep_and_everyone_in_one_team() {
    let ids: Vec<String> = (0..12).map(|depth| format!("{depth:02}")).collect();
    let chain: Vec<(&str, Option<&str>)> = (0..12).map(|at| (ids[at].as_str(), at.checked_sub(1).map(|up| ids[up].as_str()))).collect();
    let last = |count: u32| [vec![0; 11], vec![count]].concat();
    check(&chain, &last(9), 5, &ids.join(" "));
    check(&chain, &last(3), 5, "");
    check(&chain, &[1; 12], 5, "00"); // one person at each level: hiding the second hides all below
}

/// Members of team `a`, shown before as `then`; now `now`, all of whom answer. Whether `a` is shown, beside `b` of ten.
fn shown_again(then: &[&str], now: &[&str], least: u32) -> bool {
    let tree = Tree::new(&[("all", None), ("a", Some("all")), ("b", Some("all"))]).unwrap();
    let invited = |people: &[&str]| -> Vec<(String, usize)> {
        people.iter().map(|user| ((*user).to_owned(), 1)).chain((0..10).map(|n| (format!("b{n}"), 2))).collect()
    };
    let before = members(&tree, &invited(then), &[true; 3]);
    let past: History = tree.nodes().iter().zip(before).map(|(node, past)| (node.id.clone(), past)).collect();
    let now = invited(now);
    let own = [0, u32::try_from(now.len()).unwrap() - 10, 10];
    shown(&tree, &own, least, Some(&Membership::new(&tree, &now, &past)))[1]
}

#[test]
fn a_small_cell_with_a_leaver_or_joiner_folds() {
    let people = ["u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8", "u9"];
    assert!(shown_again(&people[..7], &people[..7], 5), "nobody changed");
    assert!(!shown_again(&people[..7], &people[..6], 5), "a leaver");
    assert!(!shown_again(&people[..6], &people[..7], 5), "a joiner");
    assert!(shown_again(&people[..9], &people[..8], 5), "eight answers are not held to it");
    assert!(shown_again(&people[..7], &["v1", "v2", "v3", "v4", "v5"], 5), "all changed");
}

#[test]
fn a_small_rest_with_a_leaver_folds_too() {
    let tree = Tree::new(&[("all", None), ("a", Some("all"))]).unwrap();
    let invited = |own: usize| -> Vec<(String, usize)> {
        (0..own).map(|n| (format!("r{n}"), 0)).chain((0..20).map(|n| (format!("a{n:02}"), 1))).collect()
    };
    let past: History = ["all", "a"].into_iter().map(String::from).zip(members(&tree, &invited(6), &[true, true])).collect();
    let plan = |own: usize| {
        let now = invited(own);
        shown(&tree, &[u32::try_from(own).unwrap(), 20], 5, Some(&Membership::new(&tree, &now, &past)))
    };
    assert_eq!(plan(6), [true, true]);
    assert_eq!(plan(5), [true, false], "all less a, then and now, would be the leaver");
}
