//! Own categories and questions, by TOML; they stand behind the shipped ones and may not change them.
//!
//! ```toml
//! [[categories]]
//! id = "onboarding"
//! name = "Onboarding"
//! core = false
//! [[categories.items]]
//! id = "onboarding_first_week"
//! kind = "effort"       # agree, satisfied, often, effort, text
//! reversed = true
//! text = "How hard was your first week?"
//! ```
//!
//! An own question may be put to a shipped category by `[[items]]` with `category = "ci"`. Why nothing shipped can be changed: a figure
//! over waves is only worth something while the question stays the same.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::items::{Category, Item, Kind, shipped};
use super::wave::MOST_ITEMS;
use crate::domain::org::{FileError, Problem};

/// Longest question, as it must fit a Slack block with its number.
const LONGEST: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    categories: Vec<RawCategory>,
    #[serde(default)]
    items: Vec<RawPlaced>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCategory {
    id: Spanned<String>,
    name: Option<String>,
    #[serde(default)]
    core: bool,
    #[serde(default)]
    items: Vec<RawItem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawItem {
    id: Spanned<String>,
    kind: Spanned<String>,
    reversed: Option<Spanned<bool>>,
    text: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPlaced {
    category: Spanned<String>,
    id: Spanned<String>,
    kind: Spanned<String>,
    reversed: Option<Spanned<bool>>,
    text: Spanned<String>,
}

/// Own questions: they stand behind the shipped ones.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OwnQuestions {
    /// Own categories, with their questions.
    pub categories: Vec<Category>,
    /// Own questions of shipped categories.
    pub items: Vec<Item>,
}

impl OwnQuestions {
    /// Everything that can be asked: the shipped categories with these.
    pub fn with_shipped(&self) -> Vec<Category> {
        let mut all = shipped();
        for item in &self.items {
            if let Some(category) = all.iter_mut().find(|category| category.id == item.category) {
                category.items.push(item.clone());
            }
        }
        all.extend(self.categories.iter().cloned());
        all
    }
}

/// The shipped categories with those of a file.
///
/// # Errors
/// All that is wrong in it, with lines.
pub fn parse(text: &str) -> Result<Vec<Category>, FileError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let line = |at: usize| Some(1 + text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count());
    let raw: RawFile = toml::from_str(text).map_err(|error| {
        let message = error.message().lines().collect::<Vec<_>>().join("; ");
        FileError { problems: vec![Problem { line: error.span().and_then(|span| line(span.start)), message }] }
    })?;
    let mut read = Read { line: &line, problems: Vec::new(), categories: shipped(), ids: BTreeSet::new() };
    read.ids = read.categories.iter().flat_map(|category| category.items.iter().map(|item| item.id.clone())).collect();
    for category in raw.categories {
        read.category(category);
    }
    for placed in raw.items {
        let RawPlaced { category, id, kind, reversed, text } = placed;
        let found = read.categories.iter().position(|it| it.id == *category.get_ref());
        let Some(found) = found else {
            let known: Vec<&str> = read.categories.iter().map(|it| it.id.as_str()).collect();
            let message = format!("there is no category `{}`: it may be {}", category.get_ref(), known.join(", "));
            read.add(&category, message);
            continue;
        };
        let item = read.item(&category.into_inner(), &RawItem { id, kind, reversed, text });
        read.categories[found].items.extend(item);
    }
    read.sizes();
    read.problems.sort_by_key(|problem| problem.line);
    if read.problems.is_empty() { Ok(read.categories) } else { Err(FileError { problems: read.problems }) }
}

struct Read<'a> {
    line: &'a dyn Fn(usize) -> Option<usize>,
    problems: Vec<Problem>,
    categories: Vec<Category>,
    ids: BTreeSet<String>,
}

impl Read<'_> {
    fn add<T>(&mut self, at: &Spanned<T>, message: String) {
        self.problems.push(Problem { line: (self.line)(at.span().start), message });
    }

    fn category(&mut self, raw: RawCategory) {
        let id = raw.id.get_ref().clone();
        if !well_formed(&id) {
            self.add(&raw.id, format!("the id `{}` of a category may have lower-case letters, digits and `_` only", id.escape_debug()));
        }
        if self.categories.iter().any(|known| known.id == id) {
            self.add(
                &raw.id,
                format!("the category `{id}` is there already: put its own questions in `[[items]]` with `category = \"{id}\"`"),
            );
            return;
        }
        if raw.items.is_empty() {
            self.add(&raw.id, format!("the category `{id}` has no question: add `[[categories.items]]`"));
        }
        let items = raw.items.iter().filter_map(|item| self.item(&id, item)).collect();
        let name = raw.name.unwrap_or_else(|| id.replace('_', " "));
        self.categories.push(Category { id, name, core: raw.core, pairs_with: String::new(), items });
    }

    fn item(&mut self, category: &str, raw: &RawItem) -> Option<Item> {
        let before = self.problems.len();
        let id = raw.id.get_ref();
        if !well_formed(id) {
            self.add(&raw.id, format!("the id `{}` of a question may have lower-case letters, digits and `_` only", id.escape_debug()));
        } else if !self.ids.insert(id.clone()) {
            self.add(&raw.id, format!("the question `{id}` is there already: give yours another id"));
        }
        let kind = Kind::ALL.iter().find(|(word, _)| word == raw.kind.get_ref()).map(|(_, kind)| *kind);
        if kind.is_none() {
            let words: Vec<&str> = Kind::ALL.iter().map(|(word, _)| *word).collect();
            self.add(&raw.kind, format!("`kind` is `{}`: it may be {}", raw.kind.get_ref().escape_debug(), words.join(", ")));
        }
        let reversed = raw.reversed.as_ref().filter(|reversed| *reversed.get_ref());
        if let Some(reversed) = reversed.filter(|_| kind == Some(Kind::Text)) {
            self.add(reversed, format!("`{id}` is a text and can't be reversed: leave `reversed` out"));
        }
        let text = raw.text.get_ref().trim();
        if text.is_empty() || text.chars().any(char::is_control) {
            self.add(&raw.text, format!("the text of `{id}` is empty or has more than one line"));
        } else if text.chars().count() > LONGEST {
            self.add(&raw.text, format!("the text of `{id}` has more than {LONGEST} characters: nobody reads it to its end"));
        }
        let item = Item { id: id.clone(), category: category.to_owned(), kind: kind?, reversed: reversed.is_some(), text: text.to_owned() };
        (self.problems.len() == before).then_some(item)
    }

    /// The core, and the core with any one more, must fit a wave.
    fn sizes(&mut self) {
        let core: usize = self.categories.iter().filter(|it| it.core).map(|it| it.items.len()).sum();
        let largest = self.categories.iter().filter(|it| !it.core).map(|it| it.items.len()).max().unwrap_or(0);
        if core + largest > MOST_ITEMS {
            let message = format!(
                "the core categories have {core} questions and the largest other one {largest}: together at most {MOST_ITEMS} fit a wave, so make fewer of them core"
            );
            self.problems.push(Problem { line: None, message });
        }
    }
}

fn well_formed(id: &str) -> bool {
    !id.is_empty() && id.len() <= 40 && id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "[[categories]]\nid = 'onboarding'\nname = 'Onboarding'\n[[categories.items]]\nid = 'onboarding_week'\nkind = 'effort'\n\
                       reversed = true\ntext = 'How hard was your first week?'\n[[items]]\ncategory = 'ci'\nid = 'ci_queue'\nkind = 'often'\nreversed = true\ntext = 'How often did you wait for a runner?'\n";

    #[test]
    fn own_questions_stand_behind_the_shipped_ones() {
        let all = parse(OWN).unwrap_or_else(|error| panic!("{error}"));
        let own = all.last().unwrap();
        assert_eq!((own.id.as_str(), own.name.as_str(), own.core, own.items.len()), ("onboarding", "Onboarding", false, 1));
        assert_eq!((own.items[0].kind, own.items[0].reversed), (Kind::Effort, true));
        let ci = all.iter().find(|category| category.id == "ci").unwrap();
        assert_eq!(ci.items.last().map(|item| item.id.as_str()), Some("ci_queue"));
        assert_eq!(parse("").unwrap(), shipped());
    }

    #[test]
    fn each_mistake_is_one_sentence_with_its_line() {
        let check = |text: &str, expect: &str| {
            let error = parse(text).expect_err(text).to_string();
            assert!(error.lines().any(|line| line.contains(expect)), "{text}\n{error}");
        };
        let item = |rest: &str| format!("[[items]]\ncategory='ci'\n{rest}");
        check("[[categories]]\nid='Ci Ci'", "line 2: the id `Ci Ci` of a category may have");
        check("[[categories]]\nid='ci'", "line 2: the category `ci` is there already");
        check("[[categories]]\nid='own'", "line 2: the category `own` has no question");
        check("[[items]]\ncategory='nope'\nid='a'\nkind='text'\ntext='Why?'", "line 2: there is no category `nope`: it may be overall,");
        check(&item("id='ci_fast'\nkind='often'\ntext='Why?'"), "line 3: the question `ci_fast` is there already");
        check(&item("id='own'\nkind='stars'\ntext='Why?'"), "line 4: `kind` is `stars`: it may be agree, satisfied, often, effort, text");
        check(&item("id='own'\nkind='text'\nreversed=true\ntext='Why?'"), "line 5: `own` is a text and can't be reversed");
        check(&item("id='own'\nkind='often'\ntext=' '"), "line 5: the text of `own` is empty");
        check(&item(&format!("id='own'\nkind='often'\ntext='{}'", "x".repeat(201))), "line 5: the text of `own` has more than 200");
        check(&item("id='own'\nkind='often'\ntxt='Why?'"), "line 5: unknown field `txt`");
        check("[[items]", "line 1:");
        let many: Vec<String> = (0..25).map(|n| format!("[[categories.items]]\nid='q{n}'\nkind='agree'\ntext='Is it?'\n")).collect();
        check(&format!("[[categories]]\nid='own'\ncore=true\n{}", many.concat()), "the core categories have 35 questions");
    }
}
