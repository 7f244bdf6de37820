//! [`Tree`]: the teams of a wave, frozen at launch. One root; every other node has one parent.
//!
//! Why frozen: a reorganisation after launch would draw new groups around the same answers, and two ways to group them can be subtracted.

use std::collections::BTreeMap;

/// A team to be frozen: its id, name, and its parent's id.
pub type Team = (String, String, Option<String>);

/// A team of the frozen tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The team's id; the root's is its own.
    pub id: String,
    /// As it is shown.
    pub name: String,
    /// Where its parent stands among the nodes, always before it; none: the root.
    pub parent: Option<usize>,
}

/// Nodes level by level, the root first, each level by parent and id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    nodes: Vec<Node>,
    children: Vec<Vec<usize>>,
    places: BTreeMap<String, usize>,
}

impl Tree {
    /// From ids and parents' ids, in any order; names are the ids.
    ///
    /// # Errors
    /// A sentence where that is no tree.
    pub fn new(teams: &[(&str, Option<&str>)]) -> Result<Self, String> {
        let named: Vec<Team> = teams.iter().map(|(id, parent)| ((*id).to_owned(), (*id).to_owned(), parent.map(str::to_owned))).collect();
        Self::named(&named)
    }

    /// From ids, names and parents' ids, in any order.
    ///
    /// # Errors
    /// A sentence where that is no tree.
    pub fn named(teams: &[Team]) -> Result<Self, String> {
        let mut roots = teams.iter().filter(|(_, _, parent)| parent.is_none());
        let Some(root) = roots.next() else { return Err("A survey needs at least one team, and one that has no parent.".into()) };
        if let Some(other) = roots.next() {
            return Err(format!("The teams of a survey need one root, but `{}` and `{}` both have no parent.", root.0, other.0));
        }
        let mut nodes = vec![Node { id: root.0.clone(), name: root.1.clone(), parent: None }];
        let mut by_parent: BTreeMap<&str, Vec<&Team>> = BTreeMap::new();
        for team in teams {
            if let Some(parent) = &team.2 {
                by_parent.entry(parent).or_default().push(team);
            }
        }
        for below in by_parent.values_mut() {
            below.sort();
        }
        let mut at = 0;
        while at < nodes.len() && nodes.len() <= teams.len() {
            let below = by_parent.get(nodes[at].id.as_str()).cloned().unwrap_or_default();
            nodes.extend(below.into_iter().map(|(id, name, _)| Node { id: id.clone(), name: name.clone(), parent: Some(at) }));
            at += 1;
        }
        let places: BTreeMap<String, usize> = nodes.iter().enumerate().map(|(at, node)| (node.id.clone(), at)).collect();
        if nodes.len() != teams.len() || places.len() != teams.len() {
            return Err("The teams of a survey are no tree: an id stands twice, a parent is unknown, or parents go in a ring.".into());
        }
        let mut children = vec![Vec::new(); nodes.len()];
        for (at, node) in nodes.iter().enumerate() {
            if let Some(parent) = node.parent {
                children[parent].push(at);
            }
        }
        Ok(Self { nodes, children, places })
    }

    /// All nodes.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Where a team stands.
    pub fn find(&self, id: &str) -> Option<usize> {
        self.places.get(id).copied()
    }

    /// How many nodes stand above one.
    pub fn depth(&self, node: usize) -> usize {
        self.path(node).count() - 1
    }

    /// A node, its parent, and so on up to the root.
    pub fn path(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(Some(node), |at| self.nodes[*at].parent)
    }

    /// The nodes right below one.
    pub fn children(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        self.children[node].iter().copied()
    }

    /// How many of these stand in each node itself: a node for each person.
    pub fn counted(&self, nodes: impl IntoIterator<Item = usize>) -> Vec<u32> {
        let mut own = vec![0; self.nodes.len()];
        nodes.into_iter().for_each(|node| own[node] += 1);
        own
    }

    /// Counts of each node's own people, summed over what is below it.
    pub fn summed(&self, own: &[u32]) -> Vec<u32> {
        let mut sums = own.to_vec();
        for node in (1..self.nodes.len()).rev() {
            if let Some(parent) = self.nodes[node].parent {
                sums[parent] += sums[node];
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_stand_before_their_children_whatever_the_order() {
        let tree = Tree::new(&[("c", Some("b")), ("a", None), ("b", Some("a"))]).unwrap();
        assert_eq!(tree.nodes().iter().map(|node| node.id.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!((tree.depth(2), tree.path(2).collect::<Vec<_>>(), tree.summed(&[1, 2, 4])), (2, vec![2, 1, 0], vec![7, 6, 4]));
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        for teams in [
            &[][..],
            &[("a", None), ("b", None)],
            &[("a", None), ("b", Some("c"))],
            &[("a", Some("b")), ("b", Some("a"))],
            &[("a", None), ("a", None)],
        ] {
            assert!(Tree::new(teams).is_err(), "{teams:?}");
        }
    }
}
