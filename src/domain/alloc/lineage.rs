//! From an item to its portfolio project and its category.
//!
//! The project: by the one rule of [`portfolio`](crate::domain::portfolio). The category: the project's; else the nearest label's; else that of
//! the repository; else that of the type of commit. What none of these tells is *unattributed*: never dropped, never spread over the
//! others, since that would invent what nobody said.

use std::collections::{BTreeMap, BTreeSet};

use super::input::{Category, Item, Rules};
use crate::domain::portfolio::{Clue, Named, Portfolio, Stands};

/// Where the time of an item goes. Both none: unattributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) struct Place {
    /// The number of the project.
    pub project: Option<u32>,
    pub category: Option<Category>,
}

/// Where each item goes.
pub(super) struct Lineage<'a> {
    items: BTreeMap<&'a str, &'a Item>,
    /// Project, if any, and category of each that was asked for.
    places: BTreeMap<&'a str, (Option<String>, Option<Category>)>,
    /// The ids of the projects, by number.
    pub projects: Vec<String>,
    /// Sentences on what is wrong with the rules and items.
    pub problems: BTreeSet<String>,
}

impl<'a> Lineage<'a> {
    /// Places the items of these ids, of which some may be known by no row.
    pub fn new(items: &'a [Item], rules: &'a Rules, ids: &BTreeSet<&'a str>) -> Self {
        let mut by_id: BTreeMap<&str, &Item> = BTreeMap::new();
        for item in items {
            by_id.entry(item.id.as_str()).or_insert(item);
        }
        let portfolio = Portfolio::new(rules.projects.iter().map(named), by_id.values().map(|item| clue(item)).collect());
        let categories = Categories::new(rules);
        let (mut places, mut problems) = (BTreeMap::new(), portfolio.problems.clone());
        for id in ids {
            let item = by_id.get(id).copied();
            let stands = portfolio.place(item.map_or(Clue { id, ..Clue::default() }, clue));
            if stands.in_a_ring {
                let ring = stands.line.iter().map(|item| item.id).min().unwrap_or_default();
                problems.insert(format!("The items above `{ring}` go in a ring; correct the parents in the tracker."));
            }
            places.insert(*id, (stands.project.map(str::to_owned), categories.of(item, &stands)));
        }
        let declared = rules.projects.iter().map(|project| project.id.clone());
        let projects: BTreeSet<String> = declared.chain(places.values().filter_map(|(project, _)| project.clone())).collect();
        Self { items: by_id, places, projects: projects.into_iter().collect(), problems }
    }

    /// The item of an id.
    pub fn item(&self, id: &str) -> Option<&'a Item> {
        self.items.get(id).copied()
    }

    /// Where an item's time goes.
    pub fn place(&self, id: &str) -> Place {
        let Some((project, category)) = self.places.get(id) else { return Place::default() };
        let number = project.as_ref().and_then(|id| self.projects.binary_search(id).ok());
        Place { project: number.and_then(|number| u32::try_from(number).ok()), category: *category }
    }
}

/// What tells a category.
struct Categories<'a> {
    projects: BTreeMap<&'a str, Category>,
    labels: BTreeMap<String, Category>,
    repositories: BTreeMap<String, Category>,
    types: BTreeMap<String, Category>,
}

impl<'a> Categories<'a> {
    fn new(rules: &'a Rules) -> Self {
        let lower = |pairs: &[(String, Category)]| pairs.iter().rev().map(|(name, category)| (name.to_lowercase(), *category)).collect();
        Self {
            projects: rules.projects.iter().filter_map(|project| Some((project.id.as_str(), project.category?))).collect(),
            labels: lower(&rules.labels),
            repositories: lower(&rules.repositories),
            types: lower(&rules.commit_types),
        }
    }

    fn of(&self, item: Option<&Item>, stands: &Stands<'_>) -> Option<Category> {
        let of_project = stands.project.and_then(|id| self.projects.get(id));
        let mut labels = stands.line.iter().flat_map(|item| item.labels);
        let by_repository = || self.repositories.get(&item?.repository.as_ref()?.to_lowercase());
        let by_type = || self.types.get(&item?.commit_type.as_ref()?.to_lowercase());
        let by_label = || labels.find_map(|label| self.labels.get(&label.to_lowercase()));
        of_project.or_else(by_label).or_else(by_repository).or_else(by_type).copied()
    }
}

fn named(project: &super::Project) -> Named<'_> {
    Named { id: &project.id, epics: &project.epics, labels: &project.labels, repositories: &project.repositories, paths: &project.paths }
}

fn clue(item: &Item) -> Clue<'_> {
    Clue {
        source: "",
        id: &item.id,
        key: item.key.as_deref(),
        parent: item.parent.as_deref(),
        project: item.project.as_deref(),
        labels: &item.labels,
        repository: item.repository.as_deref(),
        paths: &item.paths,
    }
}
