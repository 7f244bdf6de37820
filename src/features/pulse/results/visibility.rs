//! Who sees which cell of a closed wave, and from when. Pure.
//!
//! Everybody who counts in a cell or below it sees it from the close; all others, admins included, a day later: a team reads its own
//! result before anybody asks it about it. A team that keeps its figures to itself (`visibility = "team"`) is hidden from who does not
//! belong to it, **together with the cells beside it** and all below them: else its parent less its shown siblings were its result.
//! Whoever is in one of those siblings sees their own.
//!
//! Where even that would give the closed cell (its parent holds nobody but the two of them), one's own is hidden too; where the parent
//! holds nobody but the closed team, the parent is. That is looked at question by question, in the numbers of answers that are kept.
//! The tests check it by linear algebra, without knowing of these rules. A cell reads the same for everybody who sees it: what differs
//! is only which cells somebody sees. Never to be widened by a role.

use std::collections::BTreeSet;

use crate::domain::org::{Org, Person, is_slack_person};
use crate::domain::survey::tree::Tree;
use crate::domain::time::At;

/// What is kept of a wave, as far as it decides who sees what.
#[derive(Debug, Clone)]
pub struct Kept<'a> {
    /// The teams.
    pub tree: &'a Tree,
    /// Which nodes are cells that may be shown at all; the parent of one is one.
    pub shown: Vec<bool>,
    /// Which nodes are teams that keep their figures to themselves.
    pub closed: Vec<bool>,
    /// Of each question, how many answered in each node where that is kept.
    pub answers: Vec<Vec<Option<u64>>>,
}

/// Who looks: nodes, each with all above it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Viewer {
    /// Where they count: they see it from the close.
    pub counts: BTreeSet<usize>,
    /// Where they belong: a closed team is not closed to them.
    pub belongs: BTreeSet<usize>,
}

impl Viewer {
    /// Who counts in one node and belongs there.
    pub fn within(tree: &Tree, node: usize) -> Self {
        let path: BTreeSet<usize> = tree.path(node).collect();
        Self { counts: path.clone(), belongs: path }
    }

    /// Somebody by their Slack id: the node that counted them, else their teams now of which somebody was asked, the node above each
    /// that they lead.
    pub fn of(tree: &Tree, invited: &[(String, usize)], org: &Org, user: &str, email: Option<&str>, now: At) -> Self {
        let leads = |team: &str| {
            let person = org.who(user, email);
            org.teams.get(team).is_some_and(|it| it.leads.iter().any(|lead| lead == user || Some(lead.as_str()) == person))
        };
        let teams: BTreeSet<&str> = org.teams_of_user(user, email, now).into_iter().collect();
        let led = org.live_teams().map(|(id, _)| id).filter(|id| leads(id));
        let nodes: Vec<(usize, bool)> = teams.iter().copied().chain(led).filter_map(|id| Some((tree.find(id)?, leads(id)))).collect();
        let counted = |(node, leads): &(usize, bool)| if *leads { tree.nodes()[*node].parent.unwrap_or(*node) } else { *node };
        let asked = |node: usize| invited.is_empty() || invited.iter().any(|(_, at)| tree.path(*at).any(|at| at == node));
        let own: Vec<usize> = match invited.iter().find(|(known, _)| known == user) {
            Some((_, node)) => vec![*node],
            None => nodes.iter().filter(|(node, _)| asked(*node)).map(counted).collect(),
        };
        let counts: BTreeSet<usize> = own.iter().flat_map(|node| tree.path(*node)).collect();
        let belongs = nodes.iter().flat_map(|(node, _)| tree.path(*node)).chain(counts.iter().copied()).collect();
        Self { counts, belongs }
    }
}

/// The Slack id of a lead as a team names them: a Slack id itself, or a person's.
pub fn slack_of<'a>(org: &'a Org, lead: &'a str) -> Option<&'a str> {
    match org.people.get(lead) {
        Some(Person { slack, .. }) => slack.as_deref(),
        None => is_slack_person(lead).then_some(lead),
    }
}

impl Kept<'_> {
    /// Which cells somebody sees; `day_over`: whether a day has gone by since the close.
    pub fn seen(&self, viewer: &Viewer, day_over: bool) -> Vec<bool> {
        let mut barred = BTreeSet::new();
        loop {
            let seen = self.seen_without(viewer, day_over, &barred);
            let Some(node) = self.told_by_subtraction(viewer, &seen) else { return seen };
            let below: Vec<usize> = self.tree.children(node).filter(|child| seen[*child]).collect();
            barred.extend(if below.is_empty() { vec![node] } else { below });
        }
    }

    fn is_closed_to(&self, viewer: &Viewer, node: usize) -> bool {
        self.closed[node] && !viewer.belongs.contains(&node)
    }

    fn seen_without(&self, viewer: &Viewer, day_over: bool, barred: &BTreeSet<usize>) -> Vec<bool> {
        let mut seen = vec![false; self.shown.len()];
        for node in 0..seen.len() {
            let own = viewer.counts.contains(&node) || (day_over && viewer.belongs.contains(&node));
            let held = |at: usize| self.shown[at] && (self.is_closed_to(viewer, at) || barred.contains(&at));
            seen[node] = self.shown[node]
                && !barred.contains(&node)
                && match self.tree.nodes()[node].parent {
                    None => !self.is_closed_to(viewer, node) && (own || day_over),
                    Some(parent) => seen[parent] && (own || (day_over && !self.tree.children(parent).any(held))),
                };
        }
        seen
    }

    /// A seen cell that, less its seen children, is just the result of a closed cell below it.
    fn told_by_subtraction(&self, viewer: &Viewer, seen: &[bool]) -> Option<usize> {
        let closed = (0..seen.len())
            .filter(|node| self.shown[*node] && !seen[*node] && self.tree.path(*node).any(|above| self.is_closed_to(viewer, above)));
        closed.into_iter().find_map(|node| {
            let above = self.tree.path(node).find(|at| seen[*at])?;
            let told = self.answers.iter().any(|answers| {
                let below = || self.tree.children(above).filter(|child| seen[*child]).filter_map(|child| answers[child]);
                let (Some(all), Some(hidden)) = (answers[above], answers[node]) else { return false };
                hidden > 0 && all.saturating_sub(below().sum()) == hidden
            });
            told.then_some(above)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::survey::release;

    /// A tree, how many of each node's own people answered each question, and which teams are closed.
    fn kept<'a>(tree: &'a Tree, own: &[Vec<u32>], closed: &[bool]) -> Kept<'a> {
        let shown: Vec<Vec<bool>> = own.iter().map(|own| release::shown(tree, own, 5, None)).collect();
        let answers = own
            .iter()
            .zip(&shown)
            .map(|(own, shown)| tree.summed(own).into_iter().zip(shown).map(|(n, shown)| shown.then_some(u64::from(n))).collect());
        let any = (0..tree.nodes().len()).map(|node| shown.iter().any(|shown| shown[node])).collect();
        Kept { tree, shown: any, closed: closed.to_vec(), answers: answers.collect() }
    }

    fn names(kept: &Kept<'_>, seen: &[bool]) -> String {
        let names = kept.tree.nodes().iter().zip(seen).filter(|(_, seen)| **seen).map(|(node, _)| node.id.clone());
        names.collect::<Vec<_>>().join(" ")
    }

    const TREE: [(&str, Option<&str>); 7] = [
        ("all", None),
        ("shop", Some("all")),
        ("find", Some("all")),
        ("infra", Some("all")),
        ("cart", Some("shop")),
        ("pay", Some("shop")),
        ("rank", Some("find")),
    ];

    /// What somebody of a node sees at once and a day later, where some teams are closed; `-` looks from outside.
    fn check(closed: &[&str], of: &str, expect: [&str; 2]) {
        let tree = Tree::new(&TREE).unwrap();
        let own: Vec<u32> = tree.nodes().iter().map(|node| if node.id == "all" { 0 } else { 9 }).collect();
        let is_closed: Vec<bool> = tree.nodes().iter().map(|node| closed.contains(&node.id.as_str())).collect();
        let kept = kept(&tree, &[own], &is_closed);
        let viewer = tree.find(of).map_or_else(Viewer::default, |node| Viewer::within(&tree, node));
        let told = [false, true].map(|day_over| names(&kept, &kept.seen(&viewer, day_over)));
        assert_eq!(told, expect.map(str::to_owned), "{of} of {closed:?}");
    }

    #[test]
    fn ones_own_at_once_the_others_a_day_later() {
        let everything = "all find infra shop rank cart pay";
        check(&[], "-", ["", everything]);
        check(&[], "all", ["all", everything]);
        check(&[], "cart", ["all shop cart", everything]);
    }

    #[test]
    fn a_closed_team_is_hidden_with_those_beside_it_and_below_them() {
        check(&["shop"], "-", ["", "all"]);
        check(&["shop"], "cart", ["all shop cart", "all find infra shop rank cart pay"]);
        check(&["shop"], "rank", ["all find rank", "all find rank"]);
        check(&["cart"], "-", ["", "all find infra shop rank"]);
        check(&["cart"], "infra", ["all infra", "all find infra shop rank"]);
        // Nine of shop's own count in shop alone, so that shop less pay is not cart.
        check(&["cart"], "pay", ["all shop pay", "all find infra shop rank pay"]);
        check(&["all"], "-", ["", ""]);
    }

    #[test]
    fn where_the_rest_is_the_closed_team_ones_own_is_hidden_too() {
        let tree = Tree::new(&[("all", None), ("open", Some("all")), ("closed", Some("all"))]).unwrap();
        let closed: Vec<bool> = tree.nodes().iter().map(|node| node.id == "closed").collect();
        let seen = |own: Vec<Vec<u32>>, of: &str| {
            let kept = kept(&tree, &own, &closed);
            let viewer = tree.find(of).map_or_else(Viewer::default, |node| Viewer::within(&tree, node));
            names(&kept, &kept.seen(&viewer, true))
        };
        // Nodes: all, closed, open.
        assert_eq!(seen(vec![vec![0, 9, 9]], "open"), "all");
        assert_eq!(seen(vec![vec![6, 9, 9]], "open"), "all open");
        assert_eq!(seen(vec![vec![6, 9, 9], vec![0, 9, 9]], "open"), "all", "one question is enough");
        assert_eq!(seen(vec![vec![0, 9, 0]], "open"), "", "all is the closed team");
        assert_eq!(seen(vec![vec![0, 9, 9]], "closed"), "all closed open");
    }

    #[test]
    fn who_somebody_is_comes_from_the_wave_else_from_their_teams_now() {
        let file = crate::domain::org::OrgFile::parse(
            "[[teams]]\nid = \"shop\"\n[[teams]]\nid = \"cart\"\nparent = \"shop\"\nmembers = [{ person = \"ben\" }, { person = \"lea\" }]\n\
             [[teams]]\nid = \"pay\"\nparent = \"shop\"\n[[people]]\nid = \"ben\"\nslack = \"U0BEN\"\n[[people]]\nid = \"lea\"\nslack = \"U0LEA\"\n",
        );
        let mut org = crate::domain::org::apply(&Org::default(), file.unwrap(), At(0)).unwrap();
        org.teams.get_mut("cart").unwrap().leads = vec!["lea".into()];
        let tree = Tree::new(&[("all", None), ("shop", Some("all")), ("cart", Some("shop")), ("pay", Some("shop"))]).unwrap();
        let of = |user: &str, invited: &[(String, usize)]| {
            let viewer = Viewer::of(&tree, invited, &org, user, None, At(1));
            [viewer.counts, viewer.belongs]
                .map(|nodes| nodes.into_iter().map(|at| tree.nodes()[at].id.as_str()).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(of("U0BEN", &[]), ["all shop cart"; 2]);
        assert_eq!(of("U0LEA", &[]), ["all shop", "all shop cart"]);
        let moved = [("U0BEN".to_owned(), tree.find("pay").unwrap())];
        assert_eq!(of("U0BEN", &moved), ["all shop pay", "all shop cart pay"]);
        assert_eq!(of("U0CHEN", &[]), ["", ""]);
        assert_eq!((slack_of(&org, "lea"), slack_of(&org, "U9X"), slack_of(&org, "gone")), (Some("U0LEA"), Some("U9X"), None));
    }

    /// Whether a vector is a linear combination of others, by elimination.
    fn spans(basis: &[Vec<f64>], wanted: &[f64]) -> bool {
        let rank = |rows: &[Vec<f64>]| {
            let mut rows = rows.to_vec();
            let mut rank = 0;
            for column in 0..wanted.len() {
                let Some(pivot) = (rank..rows.len()).find(|row| rows[*row][column].abs() > 1e-9) else { continue };
                rows.swap(rank, pivot);
                for row in 0..rows.len() {
                    if row != rank && rows[row][column].abs() > 1e-9 {
                        let factor = rows[row][column] / rows[rank][column];
                        let top = rows[rank].clone();
                        rows[row].iter_mut().zip(top).for_each(|(x, y)| *x -= factor * y);
                    }
                }
                rank += 1;
            }
            rank
        };
        rank(basis) == rank(&[basis, &[wanted.to_vec()]].concat())
    }

    /// The people of a cell who answered a question: one unknown for each node's own people, where there are any.
    fn vector(tree: &Tree, own: &[u32], cell: usize) -> Vec<f64> {
        (0..own.len()).map(|node| if own[node] > 0 && tree.path(node).any(|at| at == cell) { 1.0 } else { 0.0 }).collect()
    }

    /// Closed cells that come out of what somebody sees.
    fn given_away(kept: &Kept<'_>, own: &[Vec<u32>], viewer: &Viewer, seen: &[bool]) -> Vec<usize> {
        let closed = |node: usize| kept.tree.path(node).any(|at| kept.closed[at] && !viewer.belongs.contains(&at));
        let mut found = Vec::new();
        for (own, answers) in own.iter().zip(&kept.answers) {
            let basis: Vec<Vec<f64>> =
                (0..seen.len()).filter(|node| seen[*node] && answers[*node].is_some()).map(|node| vector(kept.tree, own, node)).collect();
            let hidden = (0..seen.len()).filter(|node| answers[*node].is_some_and(|n| n > 0) && closed(*node));
            found.extend(hidden.filter(|node| spans(&basis, &vector(kept.tree, own, *node))));
        }
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_500))]
        #[test]
        fn no_combination_of_seen_cells_is_a_closed_one(
            parents in proptest::collection::vec(0..8_usize, 1..9),
            counts in proptest::collection::vec(proptest::collection::vec(prop_oneof![Just(0_u32), 3..14_u32], 9), 1..3),
            closed in proptest::collection::vec(proptest::bool::weighted(0.25), 9),
            own in proptest::collection::vec(0..9_usize, 0..3),
            day_over in any::<bool>(),
        ) {
            let ids: Vec<String> = (0..=parents.len()).map(|at| format!("t{at}")).collect();
            let teams: Vec<(&str, Option<&str>)> =
                ids.iter().enumerate().map(|(at, id)| (id.as_str(), (at > 0).then(|| ids[parents[at - 1] % at].as_str()))).collect();
            let tree = Tree::new(&teams).unwrap();
            let own_counts: Vec<Vec<u32>> = counts.iter().map(|counts| counts[..ids.len()].to_vec()).collect();
            let kept = kept(&tree, &own_counts, &closed[..ids.len()]);
            let counts: BTreeSet<usize> = own.iter().filter(|at| **at < ids.len()).flat_map(|at| tree.path(*at)).collect();
            let viewer = Viewer { belongs: counts.clone(), counts };
            let seen = kept.seen(&viewer, day_over);
            prop_assert!(given_away(&kept, &own_counts, &viewer, &seen).is_empty(), "{:?}", names(&kept, &seen));
            // Nothing is seen that is not shown, nor without what is above it, and a day more hides nothing of one's own.
            for node in 0..ids.len() {
                prop_assert!(!seen[node] || kept.shown[node]);
                prop_assert!(!seen[node] || tree.nodes()[node].parent.is_none_or(|parent| seen[parent]));
            }
        }
    }

    /// The rule that most people would write: each closed team is hidden, and nothing else.
    #[test]
    fn hiding_the_closed_team_alone_gives_it_away() {
        let tree = Tree::new(&[("all", None), ("a", Some("all")), ("b", Some("all")), ("c", Some("all"))]).unwrap();
        let own = vec![vec![0, 9, 9, 9]];
        let kept = kept(&tree, &own, &[false, false, false, true]);
        let naive = vec![true, true, true, false];
        assert_eq!(given_away(&kept, &own, &Viewer::default(), &naive), [3]);
        assert!(given_away(&kept, &own, &Viewer::default(), &kept.seen(&Viewer::default(), true)).is_empty());
    }
}
