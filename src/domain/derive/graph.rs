//! The commits of a service's repositories as a graph of small numbers.
//!
//! A sha may be told abbreviated: in a revert's trailer, by a deploy script, by Bitbucket Cloud in its pull requests. It stands
//! for the one commit whose sha begins so, and for none where two do.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{CommitRow, ServiceFacts};
use crate::domain::time::At;

/// A commit's place in the graph.
pub type Node = u32;

/// What the merge of a change put on the branch.
#[derive(Debug, Clone)]
pub struct Merge {
    /// The last commit of the change's branch, where known.
    pub head: Option<Node>,
    /// Its commits, where listed.
    pub listed: Vec<Node>,
}

/// Commits and their parents. A sha that is only named as a parent has a node without a commit.
pub struct Graph<'a> {
    nodes: HashMap<&'a str, Node>,
    shas: Vec<&'a str>,
    commits: Vec<Option<&'a CommitRow>>,
    parents: Vec<Vec<Node>>,
    /// By merge commit.
    merges: HashMap<Node, Merge>,
    subjects: HashMap<&'a str, Vec<Node>>,
    /// The nodes in the order of their shas; only where something is told abbreviated.
    ordered: BTreeMap<&'a str, Node>,
    messages: bool,
}

/// Of how many digits an abbreviated sha has at least; a whole one has 40 or 64.
const LEAST: usize = 7;

impl<'a> Graph<'a> {
    /// The graph of all commits of the facts; changes merged after `as_of` do not exist.
    pub fn new(facts: &'a ServiceFacts, as_of: At) -> Self {
        let mut graph = Self {
            nodes: HashMap::with_capacity(facts.commits.len()),
            shas: Vec::with_capacity(facts.commits.len()),
            commits: Vec::with_capacity(facts.commits.len()),
            parents: Vec::with_capacity(facts.commits.len()),
            merges: HashMap::new(),
            subjects: HashMap::new(),
            ordered: BTreeMap::new(),
            messages: false,
        };
        for commit in &facts.commits {
            let node = graph.node(&commit.sha);
            graph.commits[node as usize] = Some(commit);
            if let Some(subject) = &commit.subject {
                graph.messages = true;
                graph.subjects.entry(subject).or_default().push(node);
            }
        }
        for commit in &facts.commits {
            let node = graph.node(&commit.sha);
            let parents = commit.parents.iter().flatten().map(|parent| graph.node(parent)).collect();
            graph.parents[node as usize] = parents;
        }
        let told = facts.changes.iter().flat_map(|change| [&change.merge_commit, &change.head]);
        let mut told = told.chain(facts.deployments.iter().map(|row| &row.sha)).flatten();
        if facts.commits.iter().any(|commit| !commit.reverts.is_empty()) || told.any(|sha| (LEAST..40).contains(&sha.len())) {
            graph.ordered = graph.nodes.iter().map(|(sha, node)| (*sha, *node)).collect();
        }
        for change in &facts.changes {
            if change.merged_at.is_none_or(|at| at > as_of) {
                continue;
            }
            let Some(merge) = &change.merge_commit else { continue };
            let merge = graph.find(merge).unwrap_or_else(|| graph.node(merge));
            let head = change.head.as_deref().and_then(|head| graph.find(head)).filter(|head| graph.commit(*head).is_some());
            let listed = change.commits.iter().flatten().filter_map(|sha| graph.find(sha)).collect();
            graph.merges.insert(merge, Merge { head, listed });
        }
        graph
    }

    fn node(&mut self, sha: &'a str) -> Node {
        if let Some(node) = self.nodes.get(sha) {
            return *node;
        }
        let node = Node::try_from(self.shas.len()).expect("a service's repositories hold fewer than 2^32 commits");
        self.nodes.insert(sha, node);
        if !self.ordered.is_empty() {
            self.ordered.insert(sha, node);
        }
        self.shas.push(sha);
        self.commits.push(None);
        self.parents.push(Vec::new());
        node
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.shas.len()
    }
    /// Whether any commit's message is known.
    pub fn has_messages(&self) -> bool {
        self.messages
    }
    /// The node of a sha, or of an abbreviated one where exactly one begins so.
    pub fn find(&self, sha: &str) -> Option<Node> {
        if let Some(node) = self.nodes.get(sha) {
            return Some(*node);
        }
        if sha.len() < LEAST {
            return None;
        }
        let mut found = self.ordered.range(sha..).take_while(|(known, _)| known.starts_with(sha)).map(|(_, node)| *node);
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }
    /// What is known of a node; none where it was only named as a parent.
    pub fn commit(&self, node: Node) -> Option<&'a CommitRow> {
        self.commits[node as usize]
    }
    /// Its parents.
    pub fn parents(&self, node: Node) -> &[Node] {
        &self.parents[node as usize]
    }
    /// The change whose merge this commit is.
    pub fn merge(&self, node: Node) -> Option<&Merge> {
        self.merges.get(&node)
    }
    /// The commits with that subject.
    pub fn with_subject(&self, subject: &str) -> &[Node] {
        self.subjects.get(subject).map_or(&[], Vec::as_slice)
    }
    /// Those of `candidates` that are ancestors of `from`.
    pub fn ancestors_among(&self, from: Node, candidates: &HashSet<Node>) -> Vec<Node> {
        let mut found = Vec::new();
        let mut seen = vec![false; self.len()];
        let mut stack = self.parents(from).to_vec();
        while let Some(node) = stack.pop() {
            if std::mem::replace(&mut seen[node as usize], true) {
                continue;
            }
            if candidates.contains(&node) {
                found.push(node);
                if found.len() == candidates.len() {
                    break;
                }
            }
            stack.extend_from_slice(self.parents(node));
        }
        found
    }
}
