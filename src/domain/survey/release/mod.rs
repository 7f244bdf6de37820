//! Which cells of a question may be shown: **atoms**, so that no sum or difference of shown cells tells of fewer than k answers.
//!
//! A cell is a node with all below it. Under a shown node, what is left when its shown children are taken away (its rest) has no answer or
//! at least k; hiding a node hides all below it; a node under k is never shown; a root under k leaves nothing. Where a rest is too small,
//! the smallest shown child folds in, and again. Any linear combination of shown cells is made of rests, so it has 0 answers or at least k;
//! the tests check that by ranks, without knowing of rests. Hiding teams under 5 alone fails the same check in most random trees.
//!
//! **Strict membership**: two waves can be subtracted too. A cell, or a rest, of fewer than [`STRICT_UNDER`] answers whose people changed
//! by 1 to k - 1 since it was last shown folds in. Why rests as well: a leaver of a rest shows in the parent just so.
//!
//! Computed once, at close, per question and kind of output, from counts and names alone; `tally` bars what would tell that all agree.

use std::collections::{BTreeMap, BTreeSet};

use super::tree::Tree;

/// Cells of fewer answers are held to strict membership.
pub const STRICT_UNDER: u32 = 8;

/// Who was in a cell and its rest when it was last shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Past {
    /// All invited below and in the node.
    pub whole: BTreeSet<String>,
    /// Those outside its shown children.
    pub rest: BTreeSet<String>,
}

/// By the team's id.
pub type History = BTreeMap<String, Past>;

/// Who is invited where, now, against who was when each cell was last shown.
pub struct Membership<'a> {
    /// By node.
    whole: Vec<BTreeSet<&'a str>>,
    past: &'a History,
}

impl<'a> Membership<'a> {
    /// Of these people, user and node.
    pub fn new(tree: &Tree, invited: &'a [(String, usize)], past: &'a History) -> Self {
        let mut whole = vec![BTreeSet::new(); tree.nodes().len()];
        for (user, node) in invited {
            for at in tree.path(*node) {
                whole[at].insert(user.as_str());
            }
        }
        Self { whole, past }
    }

    /// Whether a few of a node's people changed since it was last shown, so that it can't be shown while it is small.
    pub fn changed(&self, tree: &Tree, node: usize, least: u32) -> bool {
        self.past.get(&tree.nodes()[node].id).is_some_and(|past| Self::nearly(&self.whole[node], &past.whole, least))
    }

    /// Whether by how many people two sets differ lies within 1 and k - 1.
    fn nearly(now: &BTreeSet<&str>, then: &BTreeSet<String>, least: u32) -> bool {
        let then: BTreeSet<&str> = then.iter().map(String::as_str).collect();
        let changed = now.symmetric_difference(&then).count();
        changed > 0 && changed < least as usize
    }
}

/// Who of the invited counts in each node's cell, and in its rest under these shown nodes.
pub fn members(tree: &Tree, invited: &[(String, usize)], shown: &[bool]) -> Vec<Past> {
    let mut all = vec![Past::default(); tree.nodes().len()];
    for (user, node) in invited {
        for at in tree.path(*node) {
            all[at].whole.insert(user.clone());
        }
        if let Some(home) = home(tree, *node, shown) {
            all[home].rest.insert(user.clone());
        }
    }
    all
}

/// The nearest shown node from a node upwards: where a comment of somebody in it stands.
pub fn home(tree: &Tree, node: usize, shown: &[bool]) -> Option<usize> {
    tree.path(node).find(|at| shown[*at])
}

/// Which nodes may be shown, given how many answers each node's own people gave, and the least group.
pub fn shown(tree: &Tree, own: &[u32], least: u32, membership: Option<&Membership<'_>>) -> Vec<bool> {
    shown_without(tree, own, least, membership, BTreeSet::new())
}

/// The same where some nodes must not be shown in any case.
pub fn shown_without(tree: &Tree, own: &[u32], least: u32, membership: Option<&Membership<'_>>, mut barred: BTreeSet<usize>) -> Vec<bool> {
    let sums = tree.summed(own);
    loop {
        let shown = atoms(tree, &sums, least, &barred);
        let broken = membership.map(|membership| broken(tree, &sums, least, &shown, membership)).unwrap_or_default();
        if broken.is_empty() {
            return shown;
        }
        barred.extend(broken);
    }
}

fn atoms(tree: &Tree, sums: &[u32], least: u32, barred: &BTreeSet<usize>) -> Vec<bool> {
    let may = |node: usize| sums[node] >= least && !barred.contains(&node);
    let mut shown = vec![false; sums.len()];
    shown[0] = may(0);
    for node in 0..sums.len() {
        if !shown[node] {
            continue;
        }
        let mut children: Vec<usize> = tree.children(node).filter(|child| may(*child)).collect();
        // The smallest last, so that it is the first to go.
        children.sort_by_key(|child| (std::cmp::Reverse(sums[*child]), *child));
        let mut rest = sums[node] - children.iter().map(|child| sums[*child]).sum::<u32>();
        while rest > 0 && rest < least {
            let Some(smallest) = children.pop() else { break };
            rest += sums[smallest];
        }
        for child in children {
            shown[child] = true;
        }
    }
    shown
}

/// The nodes that must fold in since their people changed by a few; where there is none, those whose parent's rest did.
fn broken(tree: &Tree, sums: &[u32], least: u32, shown: &[bool], membership: &Membership<'_>) -> Vec<usize> {
    let few = |answers: u32| answers > 0 && answers < STRICT_UNDER;
    let known = (0..sums.len()).filter(|node| shown[*node]).filter_map(|node| Some((node, membership.past.get(&tree.nodes()[node].id)?)));
    let known: Vec<(usize, &Past)> = known.collect();
    let cells = known.iter().filter(|(node, past)| few(sums[*node]) && Membership::nearly(&membership.whole[*node], &past.whole, least));
    let cells: Vec<usize> = cells.map(|(node, _)| *node).collect();
    if !cells.is_empty() {
        return cells;
    }
    let rests = known.iter().filter(|(node, past)| {
        let below = || tree.children(*node).filter(|child| shown[*child]);
        let left = || membership.whole[*node].iter().copied().filter(|user| !below().any(|child| membership.whole[child].contains(user)));
        few(rest(tree, sums, shown, *node)) && Membership::nearly(&left().collect(), &past.rest, least)
    });
    rests.filter_map(|(node, _)| smallest(tree, sums, shown, *node)).collect()
}

/// What is left of a node's count without its shown children.
pub fn rest(tree: &Tree, sums: &[u32], shown: &[bool], node: usize) -> u32 {
    sums[node] - tree.children(node).filter(|child| shown[*child]).map(|child| sums[child]).sum::<u32>()
}

/// The shown child of a node that folds in first.
pub fn smallest(tree: &Tree, sums: &[u32], shown: &[bool], node: usize) -> Option<usize> {
    tree.children(node).filter(|child| shown[*child]).min_by_key(|child| (sums[*child], std::cmp::Reverse(*child)))
}

#[cfg(test)]
mod tests;
