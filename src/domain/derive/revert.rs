//! Rule 5(c): which commits take back another, and what a deployment brought by them.
//!
//! A revert is told by its trailer `This reverts commit SHA`, else by `Revert "SUBJECT"` equal to exactly one
//! earlier subject of that history. A revert of a revert is none. A revert of a commit that the same deployment
//! brought never met production: it fails nothing and is no rework.

use std::collections::{HashMap, HashSet};

use super::CommitRow;
use super::contents::Contents;
use super::graph::{Graph, Node};

/// A revert found in a deployment; `by` is the place of that deployment.
#[derive(Debug, Clone, PartialEq)]
pub enum Revert {
    /// It takes back a commit that the deployment at `failed` brought.
    Of {
        /// Place of the deployment that brought the commit.
        failed: usize,
        /// Place of the deployment with the revert.
        by: usize,
        /// The reverting commit.
        sha: String,
    },
    /// It takes back a commit in production before the first deployment whose contents are known.
    Older {
        /// Place of the deployment with the revert.
        by: usize,
    },
    /// What it takes back can't be told.
    Unmatched {
        /// Place of the deployment with the revert.
        by: usize,
    },
}

/// The reverts in each deployment whose contents are known.
pub fn find(contents: &Contents, graph: &Graph<'_>) -> Vec<Revert> {
    let mut brought: HashMap<&str, HashMap<Node, usize>> = HashMap::new();
    let mut found = Vec::new();
    for (by, (shipped, nodes)) in contents.shipped.iter().zip(&contents.brought).enumerate() {
        let here = brought.entry(shipped.environment.as_str()).or_default();
        for node in nodes {
            here.insert(*node, by);
        }
        if shipped.reason.code().is_some() {
            continue;
        }
        for node in nodes {
            let Some(commit) = graph.commit(*node) else { continue };
            match target(*node, commit, graph, here) {
                Target::Nothing => {}
                Target::Unknown => found.push(Revert::Unmatched { by }),
                Target::Commit(reverted) => match here.get(&reverted) {
                    None => found.push(Revert::Unmatched { by }),
                    Some(place) if *place == by => {}
                    Some(place) if contents.shipped[*place].reason.code().is_some() => found.push(Revert::Older { by }),
                    Some(place) => found.push(Revert::Of { failed: *place, by, sha: commit.sha.clone() }),
                },
            }
        }
    }
    found
}

enum Target {
    /// Not a revert, or a revert of one.
    Nothing,
    /// A revert whose target can't be told.
    Unknown,
    Commit(Node),
}

fn target(node: Node, commit: &CommitRow, graph: &Graph<'_>, brought: &HashMap<Node, usize>) -> Target {
    let subject = commit.subject.as_deref().unwrap_or("");
    if commit.reverts.is_empty() && reverted_subject(subject).is_none() {
        return Target::Nothing;
    }
    if subject.starts_with("Reapply \"") || reverted_subject(subject).is_some_and(|inner| inner.starts_with("Revert \"")) {
        return Target::Nothing;
    }
    let by_trailer = commit.reverts.iter().find_map(|sha| graph.find(sha).filter(|found| *found != node));
    let reverted = by_trailer.or_else(|| reverted_subject(subject).and_then(|inner| by_subject(node, commit, inner, graph, brought)));
    match reverted {
        None => Target::Unknown,
        Some(reverted) if graph.commit(reverted).is_some_and(is_revert) => Target::Nothing,
        Some(reverted) => Target::Commit(reverted),
    }
}

/// Whether a commit says that it takes back another.
fn is_revert(commit: &CommitRow) -> bool {
    !commit.reverts.is_empty() || commit.subject.as_deref().is_some_and(|subject| reverted_subject(subject).is_some())
}

/// The subject inside `Revert "..."`; a forge's trailing ` (#12)` is allowed.
fn reverted_subject(subject: &str) -> Option<&str> {
    let rest = subject.strip_prefix("Revert \"")?;
    let end = rest.rfind('"')?;
    let after = &rest[end + 1..];
    let number = after.strip_prefix(" (#").and_then(|text| text.strip_suffix(')'));
    (after.is_empty() || number.is_some_and(|text| text.chars().all(|c| c.is_ascii_digit()))).then_some(&rest[..end])
}

/// The one earlier commit with that subject: among the revert's ancestors, or, where ancestry isn't known, among
/// what production had.
fn by_subject(node: Node, commit: &CommitRow, subject: &str, graph: &Graph<'_>, brought: &HashMap<Node, usize>) -> Option<Node> {
    let candidates: HashSet<Node> = graph.with_subject(subject).iter().copied().filter(|candidate| *candidate != node).collect();
    if candidates.is_empty() {
        return None;
    }
    let mut earlier = graph.ancestors_among(node, &candidates);
    if earlier.is_empty() && !commit.exact {
        let before = |candidate: &Node| graph.commit(*candidate).is_some_and(|row| row.authored_at <= commit.authored_at);
        earlier = candidates.into_iter().filter(|candidate| brought.contains_key(candidate) && before(candidate)).collect();
    }
    match earlier[..] {
        [only] => Some(only),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subject_inside_a_revert_is_told_from_look_alikes() {
        let check = |subject: &str, expect: Option<&str>| assert_eq!(reverted_subject(subject), expect, "{subject}");
        check("Revert \"Add cache\"", Some("Add cache"));
        check("Revert \"Add cache (#12)\" (#14)", Some("Add cache (#12)"));
        check("Revert \"Say \"hello\"\"", Some("Say \"hello\""));
        check("Revert \"Add cache\" and more", None);
        check("Revert Add cache", None);
        check("revert \"Add cache\"", None);
    }
}
