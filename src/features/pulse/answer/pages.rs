//! The pages of a wave as a modal: a category or two each, all of it optional, filled with what the person marked. Pure.
//!
//! A field is named by its question; `ID:was` where something stood in it when it was opened. So an input that is empty now and was not
//! then takes the answer back, and one that was never touched takes nothing: two windows do not undo each other. Slack lets nobody empty
//! radio buttons, so a marked question has "No answer" besides its five.

use std::collections::BTreeMap;

use zeroize::{Zeroize, Zeroizing};

use super::PAGE;
use super::message::{About, question};
use crate::domain::card::Line;
use crate::domain::form::{Field, Form, Input};
use crate::domain::survey::PROMISE;
use crate::domain::survey::items::Item;
use crate::domain::survey::seal::LONGEST_COMMENT;
use crate::domain::words;
use crate::features::typed::note;
use crate::store::survey::Marked;

/// Questions and categories of a page at most. A larger category has a page of its own.
const MOST: usize = 8;
const CATEGORIES: usize = 2;
/// Which page is next: no question is called so.
const NEXT: &str = "page:next";
const FINISH: &str = "finish";
/// What takes an answer back.
const NO_ANSWER: &str = "0";

/// The questions of each page.
pub fn pages(items: &[Item]) -> Vec<&[Item]> {
    let mut pages: Vec<&[Item]> = Vec::new();
    let (mut begins, mut categories) = (0, 0);
    let mut at = 0;
    for category in items.chunk_by(|a, b| a.category == b.category) {
        if at > begins && (categories == CATEGORIES || at + category.len() - begins > MOST) {
            pages.push(&items[begins..at]);
            (begins, categories) = (at, 0);
        }
        at += category.len();
        categories += 1;
    }
    if at > begins {
        pages.push(&items[begins..at]);
    }
    pages
}

/// A page, counted from nought, with what the person marked. `names` are the categories' by id.
pub fn form(about: &About<'_>, page: usize, marked: &Marked, names: &BTreeMap<String, String>) -> Form {
    let pages = pages(&about.rules.items);
    let page = page.min(pages.len().saturating_sub(1));
    let title_of = |id: &str| names.get(id).cloned().unwrap_or_else(|| words::capitalised(&id.replace('_', " ")));
    let mut fields = Vec::new();
    if page == 0 {
        let lines =
            vec![PROMISE.into(), Line::plain(format!("Answer what you like and leave out the rest. Open until {}.", about.until()))];
        fields.push(note("promise", &about.survey.title, lines));
    }
    for category in pages.get(page).into_iter().flat_map(|items| items.chunk_by(|a, b| a.category == b.category)) {
        let id = &category[0].category;
        fields.push(note(&format!("category:{id}"), &title_of(id), Vec::new()));
        fields.extend(category.iter().map(|item| field(about, item, marked)));
    }
    let last = page + 1 >= pages.len();
    if pages.len() > 1 {
        let name = |items: &[Item]| {
            let all = items.chunk_by(|a, b| a.category == b.category).map(|category| title_of(&category[0].category));
            all.collect::<Vec<_>>().join(", ")
        };
        let mut options: Vec<(String, String)> =
            pages.iter().enumerate().map(|(at, items)| (at.to_string(), format!("Page {}: {}", at + 1, name(items)))).collect();
        options.push((FINISH.into(), "Finish".into()));
        let next = if last { FINISH.to_owned() } else { (page + 1).to_string() };
        let hint = "This page is saved when you press the button below. Cancel leaves this page as it was and keeps the others.";
        fields.push(Field {
            id: NEXT.into(),
            label: "Then go to".into(),
            hint: Some(hint.into()),
            optional: false,
            input: Input::Select(options, Some(next)),
        });
    }
    Form {
        title: if pages.len() == 1 { "Your answers".into() } else { format!("Page {} of {}", page + 1, pages.len()) },
        submit: if pages.len() == 1 { "Save and finish" } else { "Save this page" }.into(),
        action: PAGE.name.into(),
        state: format!("{} {page}", about.wave),
        fields,
    }
}

fn field(about: &About<'_>, item: &Item, marked: &Marked) -> Field {
    let (was, hint, input) = if let Some(labels) = item.labels() {
        let given = marked.ratings.get(&item.id).copied().flatten().map(|number| number.to_string());
        let mut options: Vec<(String, String)> = (1..).zip(labels).map(|(number, label)| (i32::to_string(&number), label.into())).collect();
        if given.is_some() {
            options.push((NO_ANSWER.into(), "No answer".into()));
        }
        (given.is_some(), None, Input::Choice(options, given))
    } else {
        let said = marked.texts.get(&item.id).map(|text| text.as_str()).filter(|text| !text.is_empty()).unwrap_or_default();
        let least = about.rules.minima.text;
        let hint = format!(
            "At most {} characters. Shown word for word where {least} or more answer: leave out names, and what only you would write.",
            words::number(LONGEST_COMMENT as u64)
        );
        (!said.is_empty(), Some(hint), Input::Lines(said.to_owned()))
    };
    let id = if was { format!("{}:was", item.id) } else { item.id.clone() };
    Field { id, label: question(item), hint, optional: true, input }
}

/// The page that is wanted after one; none: it is the end.
pub fn next(page: usize, pages: usize, fields: &BTreeMap<String, String>) -> Option<usize> {
    match fields.get(NEXT).map(String::as_str) {
        Some(FINISH) => None,
        Some(other) => other.parse().ok().filter(|next| *next < pages),
        None => Some(page + 1).filter(|next| *next < pages),
    }
}

/// What somebody marked on a page; else the fields that can't be taken, each with a sentence.
pub fn read(items: &[Item], mut fields: BTreeMap<String, String>) -> Result<Marked, Vec<(String, String)>> {
    let (mut marked, mut wrong) = (Marked::default(), Vec::new());
    for item in items {
        for (name, was) in [(item.id.clone(), false), (format!("{}:was", item.id), true)] {
            let Some(value) = fields.remove(&name).map(Zeroizing::new) else { continue };
            if item.rated() {
                match value.as_str() {
                    NO_ANSWER => drop(marked.ratings.insert(item.id.clone(), None)),
                    "" if was => drop(marked.ratings.insert(item.id.clone(), None)),
                    "" => {}
                    number => drop(marked.ratings.insert(item.id.clone(), Some(number.parse().unwrap_or(u8::MAX)))),
                }
                continue;
            }
            let characters = value.chars().count();
            if characters > LONGEST_COMMENT {
                let over = words::count((characters - LONGEST_COMMENT) as u64, "character", "characters");
                let most = words::number(LONGEST_COMMENT as u64);
                wrong.push((
                    name,
                    format!(
                        "{over} too long: a comment has at most {most}. Shorten it and send this page again, which is not saved before."
                    ),
                ));
            } else if was || !value.trim().is_empty() {
                marked.texts.insert(item.id.clone(), if value.trim().is_empty() { Zeroizing::default() } else { value });
            }
        }
    }
    fields.values_mut().for_each(Zeroize::zeroize);
    if wrong.is_empty() { Ok(marked) } else { Err(wrong) }
}
