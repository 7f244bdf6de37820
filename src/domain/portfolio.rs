//! [`Portfolio`]: to which portfolio project each item belongs: the one rule for forecasts, risk, investment, flow and `mywork`.
//!
//! The nearest of the item, its epic, its initiative and so on that a project names; else the nearest label that a project names; else the
//! tracker's own project, of the item or of what is above it; else the repository that its changes are in; else the paths that all its
//! files match. A tracker's project that nobody declared is a portfolio project of that id; one that is a repository which a project
//! names (GitHub's and GitLab's issues stand in repositories) is that project. Each item belongs to at most one, so that nothing is
//! counted twice; of several that would do the first by id has it. Names match in any letter case.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use globset::GlobMatcher;

use super::glob;
use super::org::Org;
use super::work::WorkItem;

/// What a portfolio project names as its own.
#[derive(Debug, Clone, Copy, Default)]
#[allow(missing_docs, reason = "each field is named as in the organisation file")]
pub struct Named<'a> {
    pub id: &'a str,
    pub epics: &'a [String],
    pub labels: &'a [String],
    pub repositories: &'a [String],
    pub paths: &'a [String],
}

/// What tells where an item belongs.
#[derive(Debug, Clone, Copy, Default)]
#[allow(missing_docs, reason = "plain names, as in a work item")]
pub struct Clue<'a> {
    pub source: &'a str,
    pub id: &'a str,
    pub key: Option<&'a str>,
    pub parent: Option<&'a str>,
    pub project: Option<&'a str>,
    pub labels: &'a [String],
    /// The one repository that its changes are in.
    pub repository: Option<&'a str>,
    /// The files that its changes touch.
    pub paths: &'a [String],
}

/// Where an item stands.
#[derive(Debug, Clone)]
pub struct Stands<'a> {
    /// Its portfolio project.
    pub project: Option<&'a str>,
    /// The item and what is above it, nearest first; cut where it goes in a ring.
    pub line: Vec<Clue<'a>>,
    /// Whether it does.
    pub in_a_ring: bool,
}

/// The rule over some items, made ready to be asked.
pub struct Portfolio<'a> {
    epics: BTreeMap<String, &'a str>,
    labels: BTreeMap<String, &'a str>,
    repositories: BTreeMap<String, &'a str>,
    paths: Vec<(GlobMatcher, &'a str)>,
    items: Vec<Clue<'a>>,
    by_name: HashMap<String, Vec<usize>>,
    /// Sentences on what is wrong with what projects name.
    pub problems: BTreeSet<String>,
}

impl<'a> Portfolio<'a> {
    /// Of projects, and all the items that others may be below.
    pub fn new(projects: impl IntoIterator<Item = Named<'a>>, items: Vec<Clue<'a>>) -> Self {
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, item) in items.iter().enumerate() {
            for name in std::iter::once(item.id).chain(item.key) {
                by_name.entry(name.to_lowercase()).or_default().push(index);
            }
        }
        let (mut paths, mut problems) = (Vec::new(), BTreeSet::new());
        let (mut epics, mut labels, mut repositories) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let projects: BTreeMap<&str, Named> = projects.into_iter().map(|project| (project.id, project)).collect();
        for (id, project) in projects {
            for (names, known, what) in [
                (project.epics, &mut epics, ""),
                (project.labels, &mut labels, "the label "),
                (project.repositories, &mut repositories, "the repository "),
            ] {
                for name in names {
                    if *known.entry(name.to_lowercase()).or_insert(id) != id {
                        problems.insert(format!("Two projects name {what}`{name}`; the first by id has it. Name it in one of them only."));
                    }
                }
            }
            for pattern in project.paths {
                match glob::files(pattern) {
                    Ok(glob) => paths.push((glob.compile_matcher(), id)),
                    Err(problem) => drop(problems.insert(problem)),
                }
            }
        }
        Self { epics, labels, repositories, paths, items, by_name, problems }
    }

    /// The item that another one of a source names.
    fn named(&self, name: &str, source: &str) -> Option<Clue<'a>> {
        let all = self.by_name.get(&name.to_lowercase())?;
        all.iter().map(|index| self.items[*index]).find(|item| item.source == source).or_else(|| Some(self.items[*all.first()?]))
    }

    /// Where an item stands. What is further above it than [`LEVELS`] is no longer its project's: no tracker nests work that deep, and a
    /// chain of thousands would otherwise be walked from each of its items.
    pub fn place(&self, item: Clue<'a>) -> Stands<'a> {
        let (mut line, mut seen, mut next, mut in_a_ring) = (Vec::new(), BTreeSet::new(), Some(item), false);
        while let Some(item) = next.filter(|_| line.len() < LEVELS) {
            in_a_ring = !seen.insert((item.source, item.id));
            if in_a_ring {
                break;
            }
            line.push(item);
            next = item.parent.and_then(|parent| self.named(parent, item.source));
        }
        let names = line.iter().flat_map(|item| [Some(item.id), item.key, item.parent]).flatten();
        let by_epic = names.map(str::to_lowercase).find_map(|name| self.epics.get(&name).copied());
        let labelled = |item: &Clue<'_>| item.labels.iter().filter_map(|label| self.labels.get(&label.to_lowercase()).copied()).min();
        let by_label = || line.iter().find_map(labelled);
        let of_repository = |name: &str| self.repositories.get(&name.to_lowercase()).copied();
        let own = || line.iter().find_map(|item| item.project).filter(|own| !own.is_empty()).map(|own| of_repository(own).unwrap_or(own));
        let by_repository = || of_repository(item.repository?);
        let all_match = |matcher: &GlobMatcher| !item.paths.is_empty() && item.paths.iter().all(|path| matcher.is_match(path));
        let by_paths = || self.paths.iter().find(|(matcher, _)| all_match(matcher)).map(|(_, id)| *id);
        let project = by_epic.or_else(by_label).or_else(own).or_else(by_repository).or_else(by_paths);
        Stands { project, line, in_a_ring }
    }
}

/// How far up the tree of work one goes.
const LEVELS: usize = 16;

/// What the projects of an organisation name.
pub fn declared(org: &Org) -> impl Iterator<Item = Named<'_>> {
    org.projects.iter().map(|(id, project)| Named {
        id,
        epics: &project.epics,
        labels: &project.labels,
        repositories: &project.repositories,
        paths: &project.paths,
    })
}

/// The portfolio project of each item, in the order of the items.
pub fn projects_of(items: &[WorkItem], org: &Org) -> Vec<Option<String>> {
    let clues: Vec<Clue<'_>> = items.iter().map(clue).collect();
    let portfolio = Portfolio::new(declared(org), clues.clone());
    clues.into_iter().map(|item| portfolio.place(item).project.map(str::to_owned)).collect()
}

/// What a work item tells.
fn clue(item: &WorkItem) -> Clue<'_> {
    Clue {
        source: &item.source,
        id: &item.id,
        key: item.key.as_deref(),
        parent: item.parent.as_deref(),
        project: item.project.as_deref(),
        labels: &item.labels,
        ..Clue::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::org::OrgFile;

    /// Items as `id parent project label`, `-` for none; the projects of all of them.
    fn check(items: &[&str], expect: &[&str]) {
        let file = "[[projects]]\nid = 'wallet'\nepics = ['PAY-1']\nlabels = ['wallet']\n[[projects]]\nid = 'search'\nepics = ['SRC-1']\nrepositories = ['acme/search']";
        let org = OrgFile::parse(file).expect("a file").declared;
        let items: Vec<WorkItem> = items
            .iter()
            .map(|line| {
                let words: Vec<Option<String>> = line.split(' ').map(|word| (word != "-").then(|| word.to_owned())).collect();
                let labels = words[3].iter().cloned().collect();
                WorkItem {
                    id: words[0].clone().unwrap(),
                    parent: words[1].clone(),
                    project: words[2].clone(),
                    labels,
                    ..WorkItem::default()
                }
            })
            .collect();
        let found: Vec<String> = projects_of(&items, &org).into_iter().map(|project| project.unwrap_or_else(|| "-".into())).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn the_nearest_that_a_project_names_has_it() {
        check(&["PAY-1 - - -", "PAY-7 PAY-1 - -", "PAY-8 pay-7 PAY -"], &["wallet", "wallet", "wallet"]);
        check(&["A SRC-1 wallet wallet", "B - other wallet", "C - other -", "D - - -"], &["search", "wallet", "other", "-"]);
        check(&["E F - -", "F E tracker -"], &["tracker", "tracker"]);
        check(&["G - acme/search -", "H - Acme/Search -"], &["search", "search"]);
    }
}
