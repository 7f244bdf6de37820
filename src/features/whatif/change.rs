//! [`Changes`]: what would be otherwise, as typed: `items:-9 people:+1 wip:6 drop:search`. Each mistake is a sentence of one field.

use std::collections::BTreeSet;

use crate::domain::forecast::whatif::Change;
use crate::domain::org::Org;
use crate::features::portfolio::Work;

/// A field and what is wrong with it.
pub type Wrong = (&'static str, String);

/// The fields, as typed and in the form.
pub const FIELDS: [&str; 4] = ["items", "people", "wip", "drop"];
/// More items or people than this is a slip of the hand.
const MOST: f64 = 10_000.0;

/// What would be otherwise.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changes {
    /// Items added, or cut where negative.
    pub items: i32,
    /// Full-time people added, or taken away where negative.
    pub people: f64,
    /// At most so many items in work.
    pub wip_limit: Option<u32>,
    /// Projects dropped, by id.
    pub drop: Vec<String>,
}

impl Changes {
    /// Reads words of the form `field:value`, about a project. Only `drop` may be said more than once.
    ///
    /// # Errors
    /// A sentence for each word that is no change.
    pub fn read(words: &[String], project: &str, work: &Work, org: &Org) -> Result<Self, Vec<Wrong>> {
        let (mut changes, mut wrong, mut seen) = (Self::default(), Vec::new(), BTreeSet::new());
        for word in words {
            let (key, value) = word.split_once(':').map_or(("", word.as_str()), |(key, value)| (key, value.trim()));
            let Some(field) = FIELDS.into_iter().find(|field| field.eq_ignore_ascii_case(key)) else {
                let said: String = word.chars().take(60).collect();
                wrong.push(("items", format!("`{said}` is no change that I know.")));
                continue;
            };
            if field != "drop" && !seen.insert(field) {
                wrong.push((field, format!("`{field}` is said twice: say it once.")));
                continue;
            }
            if let Err(why) = changes.take(field, value, project, work, org) {
                wrong.push((field, why));
            }
        }
        if wrong.is_empty() { Ok(changes) } else { Err(wrong) }
    }

    fn take(&mut self, field: &str, value: &str, project: &str, work: &Work, org: &Org) -> Result<(), String> {
        let said: String = value.chars().take(60).collect();
        // A minus sign as chat clients write it.
        let number = value.replace(['−', '–'], "-");
        match field {
            "items" => {
                let items = number.parse::<i32>().ok().filter(|items| f64::from(*items).abs() <= MOST);
                self.items = items.ok_or(format!("`{said}` is no number of items: say how many are added, as in 4, or cut, as in -9."))?;
            }
            "people" => {
                let people = number.replace(',', ".").parse::<f64>().ok().filter(|people| people.abs() <= MOST);
                self.people =
                    people.ok_or(format!("`{said}` is no number of people: say how many more, as in 1 or 0.5, or fewer, as in -1."))?;
            }
            "wip" => {
                let limit = number.parse::<u32>().ok();
                self.wip_limit = Some(limit.ok_or(format!("`{said}` is no limit: say how many items may be in work at once, as in 6."))?);
            }
            _ => {
                let id = known(value, work, org).ok_or(format!("I do not know the project `{said}`: choose one that has work items."))?;
                if id == project {
                    return Err("That is the project itself: choose another one to drop.".into());
                }
                if self.drop.contains(&id) {
                    return Err(format!("`{said}` is named twice."));
                }
                self.drop.push(id);
            }
        }
        Ok(())
    }

    /// Whether nothing is otherwise.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// All of it, where the dropped projects have such a share.
    pub fn all(&self, dropped: f64) -> Change {
        Change { items: self.items, people: self.people, wip_limit: self.wip_limit, dropped }
    }

    /// Each by itself, with its field.
    pub fn alone(&self, dropped: f64) -> impl Iterator<Item = (&'static str, Change)> {
        let all = self.all(dropped);
        [
            ("people", Change { people: all.people, ..Change::default() }),
            ("wip", Change { wip_limit: all.wip_limit, ..Change::default() }),
            ("drop", Change { dropped, ..Change::default() }),
        ]
        .into_iter()
    }
}

/// The project that a name means: its id or name in any letter case.
fn known(name: &str, work: &Work, org: &Org) -> Option<String> {
    let wanted = name.to_lowercase();
    let tracked = || work.by_project().into_keys().map(str::to_owned).collect::<Vec<_>>();
    let by_name = || org.projects.iter().find(|(_, project)| project.name.to_lowercase() == wanted).map(|(id, _)| id.clone());
    let declared = org.projects.keys().find(|id| id.to_lowercase() == wanted).cloned();
    declared.or_else(|| tracked().into_iter().find(|id| id.to_lowercase() == wanted)).or_else(by_name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::work::WorkItem;

    fn check(words: &[&str], expect: Result<Changes, &[&str]>) {
        let items = vec![WorkItem { id: "1".into(), ..WorkItem::default() }; 2];
        let work = Work::new(items, vec![Some("wallet".into()), Some("Search".into())]);
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let read = Changes::read(&words, "wallet", &work, &Org::default());
        let fields = |wrong: Vec<Wrong>| wrong.into_iter().map(|(field, _)| field.to_owned()).collect::<Vec<_>>();
        assert_eq!(read.map_err(fields), expect.map_err(|all| all.iter().map(|field| (*field).to_owned()).collect()), "{words:?}");
    }

    #[test]
    fn changes_are_read_and_each_mistake_has_its_field() {
        check(&[], Ok(Changes::default()));
        let all = Changes { items: -9, people: 1.5, wip_limit: Some(6), drop: vec!["Search".into()] };
        check(&["items:−9", "people:+1,5", "wip:6", "drop:search"], Ok(all));
        check(&["items:many", "people:NaN", "wip:-1", "drop:nothing"], Err(&["items", "people", "wip", "drop"]));
        check(&["drop:wallet"], Err(&["drop"]));
        check(&["drop:search", "drop:Search"], Err(&["drop"]));
        check(&["items:5", "ITEMS:6", "wip:3", "wip:3"], Err(&["items", "wip"]));
        check(&["points:5", "items:4000000000", "people:inf"], Err(&["items", "items", "people"]));
    }
}
