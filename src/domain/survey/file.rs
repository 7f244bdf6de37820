//! Own categories and questions: the tables `survey` of the organisation file. They stand behind the shipped ones and may not change them.
//!
//! ```toml
//! [[survey.categories]]
//! id = "onboarding"
//! name = "Onboarding"
//! core = false
//! [[survey.categories.items]]
//! id = "onboarding_first_week"
//! kind = "effort"       # agree, satisfied, often, effort, text
//! reversed = true
//! text = "How hard was your first week?"
//! ```
//!
//! An own question may be put to a shipped category by `[[survey.items]]` with `category = "ci"`. Why nothing shipped can be changed: a
//! figure over waves is only worth something while the question stays the same.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::items::{Category, Item, Kind, shipped};
use super::wave::MOST_ITEMS;

/// Longest question, as it must fit a Slack block with its number.
const LONGEST: usize = 200;

/// The tables as the file has them.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct RawSurvey {
    categories: Vec<RawCategory>,
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

    /// Every own question.
    pub fn questions(&self) -> impl Iterator<Item = &Item> {
        self.categories.iter().flat_map(|category| &category.items).chain(&self.items)
    }
}

/// What a category is called that has no name.
pub fn name_of(id: &str) -> String {
    id.replace('_', " ")
}

/// The own questions of a file; what is wrong in them is noted at its place and left out.
pub fn own_questions(raw: &RawSurvey, note: &mut dyn FnMut(Range<usize>, String)) -> OwnQuestions {
    let mut own = OwnQuestions::default();
    let ids = shipped().into_iter().flat_map(|category| category.items).map(|item| item.id).collect();
    let mut read = Read { note, ids };
    for category in &raw.categories {
        read.category(category, &mut own);
    }
    for placed in &raw.items {
        let RawPlaced { category, id, kind, reversed, text } = placed;
        let all = own.with_shipped();
        if !all.iter().any(|it| it.id == *category.get_ref()) {
            let known: Vec<&str> = all.iter().map(|it| it.id.as_str()).collect();
            read.add(category, format!("there is no category `{}`: it may be {}", category.get_ref(), known.join(", ")));
            continue;
        }
        let Some(item) = read.item(category.get_ref(), id, kind, reversed.as_ref(), text) else { continue };
        match own.categories.iter_mut().find(|it| it.id == item.category) {
            Some(category) => category.items.push(item),
            None => own.items.push(item),
        }
    }
    let first = raw.categories.first().map(|it| it.id.span()).or(raw.items.first().map(|it| it.id.span()));
    if let (Some(at), Some(message)) = (first, too_many(&own.with_shipped())) {
        (read.note)(at, message);
    }
    own
}

struct Read<'a> {
    note: &'a mut dyn FnMut(Range<usize>, String),
    ids: BTreeSet<String>,
}

impl Read<'_> {
    fn add<T>(&mut self, at: &Spanned<T>, message: String) {
        (self.note)(at.span(), message);
    }

    fn category(&mut self, raw: &RawCategory, own: &mut OwnQuestions) {
        let id = raw.id.get_ref().clone();
        if !well_formed(&id) {
            self.add(&raw.id, format!("the id `{}` of a category may have lower-case letters, digits and `_` only", id.escape_debug()));
        }
        if own.with_shipped().iter().any(|known| known.id == id) {
            let message =
                format!("the category `{id}` is there already: put its own questions in `[[survey.items]]` with `category = \"{id}\"`");
            self.add(&raw.id, message);
            return;
        }
        if raw.items.is_empty() {
            self.add(&raw.id, format!("the category `{id}` has no question: add `[[survey.categories.items]]`"));
        }
        let items = raw.items.iter().filter_map(|it| self.item(&id, &it.id, &it.kind, it.reversed.as_ref(), &it.text)).collect();
        let name = raw.name.clone().unwrap_or_else(|| name_of(&id));
        own.categories.push(Category { id, name, core: raw.core, pairs_with: String::new(), items });
    }

    fn item(
        &mut self,
        category: &str,
        id: &Spanned<String>,
        kind: &Spanned<String>,
        reversed: Option<&Spanned<bool>>,
        text: &Spanned<String>,
    ) -> Option<Item> {
        let mut right = true;
        let mut wrong = |read: &mut Self, at: Range<usize>, message: String| {
            right = false;
            (read.note)(at, message);
        };
        let name = id.get_ref();
        if !well_formed(name) {
            let message = format!("the id `{}` of a question may have lower-case letters, digits and `_` only", name.escape_debug());
            wrong(self, id.span(), message);
        } else if !self.ids.insert(name.clone()) {
            wrong(self, id.span(), format!("the question `{name}` is there already: give yours another id"));
        }
        let known = Kind::ALL.iter().find(|(word, _)| word == kind.get_ref()).map(|(_, kind)| *kind);
        if known.is_none() {
            let words: Vec<&str> = Kind::ALL.iter().map(|(word, _)| *word).collect();
            wrong(self, kind.span(), format!("`kind` is `{}`: it may be {}", kind.get_ref().escape_debug(), words.join(", ")));
        }
        let reversed = reversed.filter(|reversed| *reversed.get_ref());
        if let Some(reversed) = reversed.filter(|_| known == Some(Kind::Text)) {
            wrong(self, reversed.span(), format!("`{name}` is a text and can't be reversed: leave `reversed` out"));
        }
        let said = text.get_ref().trim();
        if said.is_empty() || said.chars().any(char::is_control) {
            wrong(self, text.span(), format!("the text of `{name}` is empty or has more than one line"));
        } else if said.chars().count() > LONGEST {
            wrong(self, text.span(), format!("the text of `{name}` has more than {LONGEST} characters: nobody reads it to its end"));
        }
        let item =
            Item { id: name.clone(), category: category.to_owned(), kind: known?, reversed: reversed.is_some(), text: said.to_owned() };
        right.then_some(item)
    }
}

/// The core, and the core with any one more, must fit a wave.
fn too_many(categories: &[Category]) -> Option<String> {
    let core: usize = categories.iter().filter(|it| it.core).map(|it| it.items.len()).sum();
    let largest = categories.iter().filter(|it| !it.core).map(|it| it.items.len()).max().unwrap_or(0);
    (core + largest > MOST_ITEMS).then(|| {
        format!(
            "the core categories have {core} questions and the largest other one {largest}: together at most {MOST_ITEMS} fit a wave, so make fewer of them core"
        )
    })
}

fn well_formed(id: &str) -> bool {
    !id.is_empty() && id.len() <= 40 && id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::org::OrgFile;

    const OWN: &str = "[[teams]]\nid = 'a'\n[[survey.categories]]\nid = 'onboarding'\nname = 'Onboarding'\n[[survey.categories.items]]\n\
                       id = 'onboarding_week'\nkind = 'effort'\nreversed = true\ntext = 'How hard was your first week?'\n[[survey.items]]\n\
                       category = 'ci'\nid = 'ci_queue'\nkind = 'often'\nreversed = true\ntext = 'How often did you wait for a runner?'\n\
                       [[survey.items]]\ncategory = 'onboarding'\nid = 'onboarding_say'\nkind = 'text'\ntext = 'What was missing?'\n";

    #[test]
    fn own_questions_stand_behind_the_shipped_ones() {
        let own = OrgFile::parse(OWN).unwrap_or_else(|error| panic!("{error}")).declared.survey;
        assert_eq!(own.questions().map(|item| item.id.as_str()).collect::<Vec<_>>(), ["onboarding_week", "onboarding_say", "ci_queue"]);
        let all = own.with_shipped();
        let last = all.last().unwrap();
        assert_eq!((last.id.as_str(), last.name.as_str(), last.core, last.items.len()), ("onboarding", "Onboarding", false, 2));
        assert_eq!((last.items[0].kind, last.items[0].reversed), (Kind::Effort, true));
        let ci = all.iter().find(|category| category.id == "ci").unwrap();
        assert_eq!(ci.items.last().map(|item| item.id.as_str()), Some("ci_queue"));
        assert_eq!(OrgFile::parse("").unwrap().declared.survey.with_shipped(), shipped());
    }

    #[test]
    fn each_mistake_is_one_sentence_with_its_line() {
        // Behind other tables, so that lines are those of the whole file.
        let check = |text: &str, expect: &str| {
            let error = OrgFile::parse(&format!("[[teams]]\nid='a'\n{text}")).expect_err(text).to_string();
            assert!(error.lines().any(|line| line.contains(expect)), "{text}\n{error}");
        };
        let item = |rest: &str| format!("[[survey.items]]\ncategory='ci'\n{rest}");
        check("[[survey.categories]]\nid='Ci Ci'", "line 4: the id `Ci Ci` of a category may have");
        check("[[survey.categories]]\nid='ci'", "line 4: the category `ci` is there already");
        check("[[survey.categories]]\nid='own'", "line 4: the category `own` has no question");
        check(
            "[[survey.items]]\ncategory='nope'\nid='a'\nkind='text'\ntext='Why?'",
            "line 4: there is no category `nope`: it may be overall,",
        );
        check(&item("id='ci_fast'\nkind='often'\ntext='Why?'"), "line 5: the question `ci_fast` is there already");
        check(&item("id='own'\nkind='stars'\ntext='Why?'"), "line 6: `kind` is `stars`: it may be agree, satisfied, often, effort, text");
        check(&item("id='own'\nkind='text'\nreversed=true\ntext='Why?'"), "line 7: `own` is a text and can't be reversed");
        check(&item("id='own'\nkind='often'\ntext=' '"), "line 7: the text of `own` is empty");
        check(&item(&format!("id='own'\nkind='often'\ntext='{}'", "x".repeat(201))), "line 7: the text of `own` has more than 200");
        check(&item("id='own'\nkind='often'\ntxt='Why?'"), "line 7: unknown field `txt`");
        check("[survey]\nitem=[]", "line 4: unknown field `item`");
        let many: Vec<String> = (0..25).map(|n| format!("[[survey.categories.items]]\nid='q{n}'\nkind='agree'\ntext='Is it?'\n")).collect();
        let many = format!("[[survey.categories]]\nid='own'\ncore=true\n{}", many.concat());
        check(&many, "line 4: the core categories have 35 questions");
    }
}
