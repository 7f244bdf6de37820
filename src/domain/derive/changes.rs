//! The stages of each merged change, as `metrics.md` defines flow.
//!
//! Coding: first commit to opened. Pickup: opened, or ready where it was a draft, to the first review by a human who is
//! not the author. Review: from there to the merge. Deploy: from the merge to the first production deployment that
//! contains it. A stage that is not known is left out, never zero; one that ends before it begins is kept negative here,
//! to be counted and left out.
//!
//! The cycle is the sum of what is known of the four. Of a change that nobody reviewed, the time from ready to merge
//! belongs to neither pickup nor review, but to the cycle. Time as a draft is in no stage.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::contents::Contents;
use super::graph::{Graph, Node};
use super::{ChangeRow, DeploymentRow, Reason, ServiceFacts};
use crate::domain::machines::is_assistant;
use crate::domain::time::At;

/// More commits than one change has: a walk that comes so far has left the branch.
const LONGEST_BRANCH: usize = 400;

/// A merged change with its stages, in microseconds.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "named as the stages are")]
pub struct Merged {
    pub source: String,
    pub id: String,
    pub repository: String,
    pub merged_at: At,
    pub coding: Option<i64>,
    pub pickup: Option<i64>,
    pub review: Option<i64>,
    pub deploy: Option<i64>,
    /// The sum of the stages that are known, an unreviewed wait included; none where a stage is negative.
    pub cycle: Option<i64>,
    /// Lines added and removed.
    pub lines: Option<i64>,
    /// Opened by a bot: counted, and left out.
    pub bot: bool,
    /// Whether an assistant wrote along; none where nothing could tell.
    pub ai: Option<bool>,
    /// Who reviewed it, once each: for the spread of reviews over a team, never listed.
    pub reviewers: Vec<String>,
    pub seq: i64,
}

/// The service's changes that were merged up to `as_of`, in order of (merge, id).
pub fn merged(facts: &ServiceFacts, graph: &Graph<'_>, contents: &Contents, rows: &[&DeploymentRow], as_of: At) -> Vec<Merged> {
    let deployed = first_deployments(contents);
    let merges: HashMap<(&str, &str), At> = if facts.rules.deploys_by == "merge" {
        rows.iter().filter_map(|row| Some(((row.source.as_str(), row.id.as_str()), row.finished_at?))).collect()
    } else {
        HashMap::new()
    };
    let mut branches = Branches { graph, covered: vec![false; graph.len()] };
    let mut changes: Vec<&ChangeRow> = facts.changes.iter().filter(|change| change.merged_at.is_some_and(|at| at <= as_of)).collect();
    changes.sort_by(|a, b| (a.merged_at, &a.id, &a.source).cmp(&(b.merged_at, &b.id, &b.source)));
    let mut found = Vec::new();
    for change in changes {
        let commits = branches.commits(change);
        let Some(merged_at) = change.merged_at.filter(|_| is_own(change, &commits, facts, graph)) else { continue };
        let deployed_at = merges.get(&(change.source.as_str(), change.id.as_str())).copied();
        let deployed_at = deployed_at.or_else(|| reached(change, &commits, graph, &deployed)).filter(|at| *at <= as_of);
        found.push(stages(change, merged_at, deployed_at, &commits, graph, as_of));
    }
    found
}

fn stages(change: &ChangeRow, merged_at: At, deployed_at: Option<At>, commits: &[Node], graph: &Graph<'_>, as_of: At) -> Merged {
    let written = commits.iter().filter_map(|node| graph.commit(*node)?.authored_at).min();
    let ready_at = change.ready_at.or(change.opened_at);
    let looked_at = change.reviews.iter().map(|review| review.at).chain(change.first_review_at).filter(|at| *at <= as_of).min();
    // A review before the change was ready is a look at a draft; one after the merge came too late to be waited for.
    let first_review = looked_at.filter(|at| *at <= merged_at).map(|at| change.ready_at.map_or(at, |ready| at.max(ready.min(merged_at))));
    let coding = written.zip(change.opened_at).map(|(from, to)| to.since(from));
    let pickup = ready_at.zip(first_review).map(|(from, to)| to.since(from));
    let review = first_review.map(|from| merged_at.since(from));
    let deploy = deployed_at.map(|at| at.since(merged_at));
    let open = ready_at.map(|from| merged_at.since(from));
    let known = [coding, open, deploy].into_iter().flatten();
    let cycle = (open.is_some() && known.clone().all(|stage| stage >= 0)).then(|| known.sum());
    let told: Vec<bool> = commits.iter().filter_map(|node| graph.commit(*node)?.ai).collect();
    let assisted = change.author.as_deref().is_some_and(is_assistant) || told.contains(&true);
    let ai = (assisted || !told.is_empty()).then_some(assisted);
    let mut reviewers: Vec<String> =
        change.reviews.iter().filter(|review| review.at <= as_of).map(|review| review.reviewer.clone()).collect();
    reviewers.sort_unstable();
    reviewers.dedup();
    Merged {
        source: change.source.clone(),
        id: change.id.clone(),
        repository: change.repository.clone().unwrap_or_default(),
        merged_at,
        coding,
        pickup,
        review,
        deploy,
        cycle,
        lines: change.lines,
        bot: change.bot,
        ai,
        reviewers,
        seq: change.seq,
    }
}

/// Whether the change is one of the service.
fn is_own(change: &ChangeRow, commits: &[Node], facts: &ServiceFacts, graph: &Graph<'_>) -> bool {
    let claims = change.repository.as_deref().and_then(|repository| facts.claims.get(repository));
    let Some(claims) = claims else { return change.service.as_deref().is_none_or(|service| service == facts.service) };
    let files = change.paths.clone().or_else(|| {
        let known: Vec<&str> = commits.iter().filter_map(|node| graph.commit(*node)?.paths.as_deref()).collect();
        (!known.is_empty()).then(|| known.join("\n"))
    });
    claims.of_change(change.service.as_deref(), files.as_deref(), &change.labels).contains(&facts.service.as_str())
}

/// When each commit first reached production, where that can be told.
fn first_deployments(contents: &Contents) -> BTreeMap<Node, At> {
    let mut first = BTreeMap::new();
    for (shipped, brought) in contents.shipped.iter().zip(&contents.brought) {
        if shipped.reason == Reason::Known {
            for node in brought {
                let at = first.entry(*node).or_insert(shipped.finished_at);
                *at = shipped.finished_at.min(*at);
            }
        }
    }
    first
}

/// When the change was in production: its merge commit, else its head, else the last of its commits.
fn reached(change: &ChangeRow, commits: &[Node], graph: &Graph<'_>, deployed: &BTreeMap<Node, At>) -> Option<At> {
    let at = |sha: &Option<String>| deployed.get(&graph.find(sha.as_deref()?)?).copied();
    at(&change.merge_commit).or_else(|| at(&change.head)).or_else(|| {
        let all: Option<Vec<At>> = commits.iter().map(|node| deployed.get(node).copied()).collect();
        all?.into_iter().max()
    })
}

/// Which commits each change brought. Changes are asked for in the order of their merges.
struct Branches<'a, 'g> {
    graph: &'a Graph<'g>,
    /// On the main line before the merge at hand.
    covered: Vec<bool>,
}

impl Branches<'_, '_> {
    /// The change's commits: as listed, else those behind its head that the main line did not have; with its merge commit
    /// where that stands for them. Empty where it can't be told.
    fn commits(&mut self, change: &ChangeRow) -> Vec<Node> {
        let find = |sha: &Option<String>| sha.as_deref().and_then(|sha| self.graph.find(sha));
        let (merge, head) = (find(&change.merge_commit), find(&change.head));
        let listed: Vec<Node> = change.commits.iter().flatten().filter_map(|sha| self.graph.find(sha)).collect();
        let bases: Vec<Node> =
            merge.map_or_else(Vec::new, |merge| self.graph.parents(merge).iter().copied().filter(|node| Some(*node) != head).collect());
        self.cover(bases);
        let mut commits = if listed.is_empty() { head.map_or_else(Vec::new, |head| self.branch(head)) } else { listed };
        if let Some(merge) = merge {
            self.cover(vec![merge]);
            // A squash stands for what it squashed where nothing else is known, and carries the whole message.
            let is_merge = self.graph.commit(merge).is_some_and(|row| row.parents.as_ref().is_some_and(|parents| parents.len() > 1));
            if !is_merge && self.graph.commit(merge).is_some() && !commits.contains(&merge) {
                commits.push(merge);
            }
        }
        commits
    }

    fn cover(&mut self, mut stack: Vec<Node>) {
        while let Some(node) = stack.pop() {
            if !std::mem::replace(&mut self.covered[node as usize], true) {
                stack.extend_from_slice(self.graph.parents(node));
            }
        }
    }

    fn branch(&self, head: Node) -> Vec<Node> {
        let (mut found, mut seen, mut stack) = (Vec::new(), HashSet::new(), vec![head]);
        while let Some(node) = stack.pop() {
            if self.covered[node as usize] || self.graph.commit(node).is_none() || !seen.insert(node) {
                continue;
            }
            found.push(node);
            if found.len() > LONGEST_BRANCH {
                return Vec::new();
            }
            stack.extend_from_slice(self.graph.parents(node));
        }
        found
    }
}
