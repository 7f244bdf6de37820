//! Rule 3: what a deployment contains.
//!
//! By ancestry: the commits reachable from it and from no earlier production deployment of the same service
//! and environment, provided at least one earlier deployment is its ancestor. An explicit list needs no
//! baseline. A commit counts at the first deployment that contains it.

use std::collections::{HashMap, HashSet};

use super::graph::{Graph, Node};
use super::{DeploymentRow, Lead, Reason, Shipped};
use crate::domain::time::At;

/// The production deployments with their commits.
pub struct Contents {
    /// In the order given.
    pub shipped: Vec<Shipped>,
    /// Every commit that each brought, counted or not, at the same place.
    pub brought: Vec<Vec<Node>>,
}

/// What one environment has seen so far.
struct Stream {
    /// Reachable from an earlier deployment, or listed by one.
    covered: Vec<bool>,
    /// Deployed themselves.
    tips: HashSet<Node>,
    /// Explicitly listed shas that have no node.
    listed: HashSet<String>,
    any: bool,
}

/// A deployment's commits before they are counted.
#[derive(Default)]
struct Inside {
    nodes: Vec<Node>,
    /// Squash commits that stand for others: read for reverts, not counted.
    replaced: HashSet<Node>,
    /// Merge commits known by their change.
    merges: HashSet<Node>,
    reason: Reason,
}

/// What each production deployment contains; `successes` are in order of time.
pub fn contents(successes: &[&DeploymentRow], graph: &Graph<'_>) -> Contents {
    let mut streams: HashMap<String, Stream> = HashMap::new();
    let mut contents = Contents { shipped: Vec::with_capacity(successes.len()), brought: Vec::with_capacity(successes.len()) };
    let mut counted: HashSet<Node> = HashSet::new();
    for row in successes {
        let environment = row.environment_name();
        let stream = streams.entry(environment.clone()).or_insert_with(|| Stream {
            covered: vec![false; graph.len()],
            tips: HashSet::new(),
            listed: HashSet::new(),
            any: false,
        });
        let inside = stream.take(row, graph);
        contents.shipped.push(count(row, environment, &inside, graph, &mut counted));
        contents.brought.push(inside.nodes);
    }
    contents
}

impl Stream {
    /// What this deployment brings, and remember it as brought.
    fn take(&mut self, row: &DeploymentRow, graph: &Graph<'_>) -> Inside {
        let tip = row.sha.as_deref().and_then(|sha| graph.find(sha));
        let mut inside = match (&row.commits, tip) {
            (Some(list), _) => self.listed(list, graph),
            (None, None) => Inside { reason: self.unknown(row), ..Inside::default() },
            (None, Some(tip)) => self.ancestry(tip, graph),
        };
        if row.commits.is_some()
            && let Some(tip) = tip
        {
            self.walk(tip, graph); // covered from now on, though the list says what counts
        }
        if let Some(tip) = tip {
            self.tips.insert(tip);
        }
        if let Some(sha) = &row.sha {
            self.listed.insert(sha.clone());
        }
        self.any = true;
        if inside.reason == Reason::Known {
            self.replace_squashes(&mut inside, graph);
        }
        inside
    }

    /// A commit without history: redeploying it is a deployment without lead time, else it is unknown.
    fn unknown(&self, row: &DeploymentRow) -> Reason {
        match &row.sha {
            Some(sha) if self.listed.contains(sha) => Reason::Known,
            _ => Reason::UnknownCommit,
        }
    }

    fn listed(&mut self, list: &[String], graph: &Graph<'_>) -> Inside {
        let mut inside = Inside::default();
        for sha in list {
            if let Some(node) = graph.find(sha)
                && !std::mem::replace(&mut self.covered[node as usize], true)
            {
                inside.nodes.push(node);
            }
        }
        inside
    }

    fn ancestry(&mut self, tip: Node, graph: &Graph<'_>) -> Inside {
        if self.tips.contains(&tip) {
            return Inside::default(); // deployed before: a redeploy or a rollback brings nothing new
        }
        if graph.commit(tip).is_none() && !self.covered[tip as usize] {
            self.covered[tip as usize] = true;
            return Inside { reason: Reason::UnknownCommit, ..Inside::default() };
        }
        let first = !self.any;
        let walk = self.walk(tip, graph);
        let below = self.below(&walk.met, graph);
        let based = below == Below::Baseline;
        let reason = if first {
            Reason::NoBaseline
        } else if walk.shallow || (!based && (walk.cut || below == Below::Edge)) {
            Reason::Shallow
        } else if based {
            Reason::Known
        } else {
            Reason::NoBaseline
        };
        Inside { nodes: walk.fresh, reason, ..Inside::default() }
    }

    /// Covers everything reachable from `tip` that was not yet.
    fn walk(&mut self, tip: Node, graph: &Graph<'_>) -> Walk {
        let mut walk = Walk::default();
        let mut stack = vec![tip];
        while let Some(node) = stack.pop() {
            if std::mem::replace(&mut self.covered[node as usize], true) {
                walk.met.push(node);
                continue;
            }
            match graph.commit(node) {
                Some(commit) => {
                    walk.shallow |= commit.shallow;
                    walk.fresh.push(node);
                }
                None => walk.cut = true,
            }
            stack.extend_from_slice(graph.parents(node));
        }
        walk
    }

    /// What is found at `nodes` and their ancestors: a deployed commit, else whether the history is cut off there.
    fn below(&self, nodes: &[Node], graph: &Graph<'_>) -> Below {
        let mut below = Below::Nothing;
        let mut seen = HashSet::new();
        let mut stack = nodes.to_vec();
        while let Some(node) = stack.pop() {
            if self.tips.contains(&node) {
                return Below::Baseline;
            }
            if graph.commit(node).is_none_or(|commit| commit.shallow) {
                below = Below::Edge;
            }
            if seen.insert(node) {
                stack.extend_from_slice(graph.parents(node));
            }
        }
        below
    }

    /// A squash merge contributes its change's original commits, where they are known. A merge commit is known
    /// by its change when the change's head is on the branch.
    fn replace_squashes(&mut self, inside: &mut Inside, graph: &Graph<'_>) {
        let here: HashSet<Node> = inside.nodes.iter().copied().collect();
        let mut originals = Vec::new();
        for node in inside.nodes.clone() {
            let (Some(merge), Some(commit)) = (graph.merge(node), graph.commit(node)) else { continue };
            if commit.exact && commit.parents.as_ref().is_some_and(|parents| parents.len() > 1) {
                continue; // git itself says that it is a merge
            }
            let on_branch = merge.head.is_some_and(|head| here.contains(&head) || self.covered[head as usize]);
            if on_branch {
                if !commit.exact && merge.head != Some(node) {
                    inside.merges.insert(node);
                }
                continue;
            }
            let rebased = merge.head.and_then(|head| graph.commit(head)).is_some_and(|head| head.authored_at == commit.authored_at);
            if rebased {
                continue; // a rebase keeps the author dates: the commits on the branch are the originals
            }
            let before = originals.len();
            for listed in &merge.listed {
                if graph.commit(*listed).is_some() && !std::mem::replace(&mut self.covered[*listed as usize], true) {
                    originals.push(*listed);
                }
            }
            if merge.listed.is_empty()
                && let Some(head) = merge.head
            {
                originals.extend(self.walk(head, graph).fresh);
            }
            if originals.len() > before {
                inside.replaced.insert(node);
            }
        }
        inside.nodes.extend(originals);
    }
}

/// What the history below a deployment's new commits holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Below {
    /// An earlier deployment.
    Baseline,
    /// No deployment, but it is cut off, so that one may be hidden.
    Edge,
    /// No deployment down to the root.
    Nothing,
}

#[derive(Default)]
struct Walk {
    fresh: Vec<Node>,
    /// Commits covered before at which the walk ended.
    met: Vec<Node>,
    /// It came to the edge of a shallow clone.
    shallow: bool,
    /// It came to a commit that is only known by name.
    cut: bool,
}

/// Counts the commits of a deployment; a service counts each once, at its earliest, over its environments.
fn count(row: &DeploymentRow, environment: String, inside: &Inside, graph: &Graph<'_>, counted: &mut HashSet<Node>) -> Shipped {
    let finished_at = row.finished_at.unwrap_or_default();
    let mut shipped = Shipped {
        source: row.source.clone(),
        id: row.id.clone(),
        environment,
        finished_at,
        sha: row.sha.clone(),
        version: row.sha.clone(),
        seq: row.seq,
        reason: inside.reason,
        leads: Vec::new(),
        merges: Vec::new(),
        bots: Vec::new(),
        negative: Vec::new(),
        undated: 0,
        unmatched_reverts: 0,
        rollback: row.rollback,
        rework: Vec::new(),
        causes: Vec::new(),
        recovery: None,
    };
    if inside.reason != Reason::Known {
        return shipped;
    }
    for node in &inside.nodes {
        if inside.replaced.contains(node) || !counted.insert(*node) {
            continue;
        }
        let Some(commit) = graph.commit(*node) else { continue };
        let merge = inside.merges.contains(node) || (commit.exact && commit.parents.as_ref().is_some_and(|parents| parents.len() > 1));
        let authored_at: Option<At> = commit.authored_at;
        match authored_at {
            _ if merge => shipped.merges.push(commit.sha.clone()),
            _ if commit.bot => shipped.bots.push(commit.sha.clone()),
            None => shipped.undated += 1,
            Some(at) if at > finished_at => shipped.negative.push(commit.sha.clone()),
            Some(at) => shipped.leads.push(Lead { sha: commit.sha.clone(), authored_at: at, micros: finished_at.since(at) }),
        }
    }
    shipped.leads.sort_by(|a, b| (a.authored_at, &a.sha).cmp(&(b.authored_at, &b.sha)));
    for left_out in [&mut shipped.merges, &mut shipped.bots, &mut shipped.negative] {
        left_out.sort_unstable();
    }
    shipped
}
