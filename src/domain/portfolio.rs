//! [`projects_of`]: to which portfolio project each work item belongs: the one rule for forecasts, risk, investment and flow.
//!
//! The nearest of the item, its epic, its initiative and so on that a project names; else the nearest label that a project names; else the
//! tracker's own project, of the item or of what is above it. A tracker's project that nobody declared is a portfolio project of that id.
//! Each item belongs to at most one, so that nothing is counted twice; of several that would do the first by id has it.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::org::Org;
use super::work::WorkItem;

/// The portfolio project of each item, in the order of the items.
pub fn projects_of(items: &[WorkItem], org: &Org) -> Vec<Option<String>> {
    let mut by_name: HashMap<String, usize> = HashMap::new();
    for (index, item) in items.iter().enumerate() {
        for name in std::iter::once(&item.id).chain(&item.key) {
            by_name.entry(name.to_lowercase()).or_insert(index);
        }
    }
    let (mut epics, mut labels): (BTreeMap<String, &str>, BTreeMap<String, &str>) = (BTreeMap::new(), BTreeMap::new());
    for (id, project) in &org.projects {
        for epic in &project.epics {
            epics.entry(epic.to_lowercase()).or_insert(id);
        }
        for label in &project.labels {
            labels.entry(label.to_lowercase()).or_insert(id);
        }
    }
    let of = |start: usize| {
        let line = line(items, &by_name, start);
        let names = line.iter().flat_map(|item| [Some(&item.id), item.key.as_ref(), item.parent.as_ref()]).flatten();
        let by_epic = names.map(|name| name.to_lowercase()).find_map(|name| epics.get(&name).copied());
        let by_label = || line.iter().flat_map(|item| &item.labels).find_map(|label| labels.get(&label.to_lowercase()).copied());
        let own = || line.iter().find_map(|item| item.project.as_deref()).filter(|own| !own.is_empty());
        by_epic.or_else(by_label).or_else(own).map(str::to_owned)
    };
    (0..items.len()).map(of).collect()
}

/// An item and what is above it, nearest first; cut where it goes in a ring.
fn line<'a>(items: &'a [WorkItem], by_name: &HashMap<String, usize>, start: usize) -> Vec<&'a WorkItem> {
    let (mut line, mut seen, mut next) = (Vec::new(), HashSet::new(), Some(start));
    while let Some(index) = next.filter(|index| seen.insert(*index)) {
        line.push(&items[index]);
        next = items[index].parent.as_ref().and_then(|parent| by_name.get(&parent.to_lowercase())).copied();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::org::OrgFile;

    /// Items as `id parent project label`, `-` for none; the projects of all of them.
    fn check(items: &[&str], expect: &[&str]) {
        let file = "[[projects]]\nid = 'wallet'\nepics = ['PAY-1']\nlabels = ['wallet']\n[[projects]]\nid = 'search'\nepics = ['SRC-1']";
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
    }
}
