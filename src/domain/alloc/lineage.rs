//! From an item to its portfolio project and its category.
//!
//! The project: the nearest of the item, its epic, its initiative and so on that a project names; else the nearest label that a project names;
//! else what is usual in the repository; else of the paths. The category: the project's; else by label, repository, paths, type of commit. What
//! none of these tells is *unattributed*: never dropped, never spread over the others, since that would invent what nobody said.

use std::collections::{BTreeMap, BTreeSet};

use globset::GlobMatcher;

use super::input::{Category, Item, Rules, Usual};
use crate::domain::glob;

/// Where the time of an item goes. Both none: unattributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) struct Place {
    /// The number of the project.
    pub project: Option<u32>,
    pub category: Option<Category>,
}

/// The rules, made ready to be asked.
pub(super) struct Lineage<'a> {
    rules: &'a Rules,
    items: BTreeMap<&'a str, &'a Item>,
    /// Projects by id, each with its number.
    numbers: BTreeMap<&'a str, u32>,
    epics: BTreeMap<&'a str, u32>,
    labels: BTreeMap<String, u32>,
    categories: BTreeMap<String, Category>,
    paths: Vec<(GlobMatcher, &'a Usual)>,
    /// Sentences on what is wrong with the rules and items.
    pub problems: BTreeSet<String>,
}

impl<'a> Lineage<'a> {
    pub fn new(items: &'a [Item], rules: &'a Rules) -> Self {
        let mut problems = BTreeSet::new();
        let mut projects: Vec<_> = rules.projects.iter().collect();
        projects.sort_by(|a, b| a.id.cmp(&b.id));
        projects.dedup_by(|a, b| a.id == b.id);
        let numbered = || (0_u32..).zip(&projects);
        let (mut epics, mut labels) = (BTreeMap::new(), BTreeMap::new());
        for (number, project) in numbered() {
            for epic in &project.epics {
                if *epics.entry(epic.as_str()).or_insert(number) != number {
                    problems.insert(format!("Two projects name `{epic}`; its time goes to the first by id. Name it in one of them only."));
                }
            }
            for label in &project.labels {
                if *labels.entry(label.to_lowercase()).or_insert(number) != number {
                    problems.insert(format!("Two projects name the label `{label}`; the first by id counts. Name it in one of them only."));
                }
            }
        }
        let matcher = |(pattern, usual): &'a (String, Usual)| match glob::files(pattern) {
            Ok(glob) => Ok((glob.compile_matcher(), usual)),
            Err(problem) => Err(problem),
        };
        let (mut paths, mut by_id) = (Vec::new(), BTreeMap::new());
        for path in rules.paths.iter().map(matcher) {
            match path {
                Ok(path) => paths.push(path),
                Err(problem) => drop(problems.insert(problem)),
            }
        }
        for item in items {
            by_id.entry(item.id.as_str()).or_insert(item);
        }
        let numbers = numbered().map(|(number, project)| (project.id.as_str(), number)).collect();
        let categories = rules.labels.iter().map(|(label, category)| (label.to_lowercase(), *category)).collect();
        Self { rules, items: by_id, numbers, epics, labels, categories, paths, problems }
    }

    /// The ids of the projects, by number.
    pub fn projects(&self) -> Vec<String> {
        self.numbers.keys().map(|id| (*id).to_owned()).collect()
    }

    /// The item of an id.
    pub fn item(&self, id: &str) -> Option<&'a Item> {
        self.items.get(id).copied()
    }

    /// Where an item's time goes.
    pub fn place(&mut self, id: &str) -> Place {
        let line = self.line(id);
        let by_epic = std::iter::once(id).chain(line.iter().map(|item| item.id.as_str()));
        let by_epic = by_epic.chain(line.last().and_then(|top| top.parent.as_deref())).find_map(|id| self.epics.get(id)).copied();
        let all_labels = || line.iter().flat_map(|item| &item.labels).map(|label| label.to_lowercase());
        let usual = self.item(id).map(|item| self.usual(item)).unwrap_or_default();
        let number = |usual: &&Usual| usual.project.as_deref().and_then(|project| self.numbers.get(project)).copied();
        let by_label = || all_labels().find_map(|label| self.labels.get(&label)).copied();
        let project = by_epic.or_else(by_label).or_else(|| usual.iter().find_map(number));
        let of_project = project.and_then(|number| {
            let id = self.numbers.iter().find(|(_, known)| **known == number)?.0;
            self.rules.projects.iter().find(|project| project.id == **id)?.category
        });
        let by_type = || {
            let kind = self.item(id)?.commit_type.as_deref()?;
            self.rules.commit_types.iter().find(|(name, _)| name.eq_ignore_ascii_case(kind)).map(|(_, category)| *category)
        };
        let category = of_project
            .or_else(|| all_labels().find_map(|label| self.categories.get(&label)).copied())
            .or_else(|| usual.iter().find_map(|usual| usual.category))
            .or_else(by_type);
        Place { project, category }
    }

    /// An item and what it belongs to, nearest first; cut where it goes in a ring.
    fn line(&mut self, id: &str) -> Vec<&'a Item> {
        let (mut line, mut seen) = (Vec::new(), BTreeSet::new());
        let mut next = self.item(id);
        while let Some(item) = next {
            if !seen.insert(item.id.as_str()) {
                let ring = line.iter().map(|item: &&Item| item.id.as_str()).min().unwrap_or_default();
                self.problems.insert(format!("The items above `{ring}` go in a ring; correct the parents in the tracker."));
                break;
            }
            line.push(item);
            next = item.parent.as_deref().and_then(|parent| self.item(parent));
        }
        line
    }

    /// What is usual where an item's changes are: of its repository, then of its paths.
    fn usual(&self, item: &Item) -> Vec<&'a Usual> {
        let repository = self.rules.repositories.iter().find(|(name, _)| Some(name) == item.repository.as_ref()).map(|(_, usual)| usual);
        let all_match = |matcher: &GlobMatcher| !item.paths.is_empty() && item.paths.iter().all(|path| matcher.is_match(path));
        let paths = self.paths.iter().find(|(matcher, _)| all_match(matcher)).map(|(_, usual)| *usual);
        repository.into_iter().chain(paths).collect()
    }
}
