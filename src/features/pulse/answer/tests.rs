//! The direct message, its pages and its groups, as people read them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::pages::{form, pages, read};
use super::*;
use crate::domain::form::{Form, Input};
use crate::domain::survey::items::{Item, shipped};
use crate::domain::survey::release::{History, Past};
use crate::domain::survey::seal::LONGEST_COMMENT;
use crate::domain::survey::tally::Rules;
use crate::domain::survey::tree::Tree;
use crate::domain::survey::wave::{Length, questions};
use crate::domain::survey::{Minima, PROMISE};
use crate::render::blocks;
use crate::store::survey::Marked;

const ZONE: Tz = Tz::Europe__Berlin;

fn survey(kind: &str) -> Survey {
    Survey {
        id: kind.into(),
        title: "How it goes".into(),
        kind: Length::of(kind).expect("a kind"),
        root: None,
        channel: None,
        minima: Minima::default(),
        created_by: "U0ANA".into(),
    }
}

fn rules(length: Length) -> Rules {
    Rules { minima: Minima::default(), strict_membership: true, items: questions(length, &shipped(), &[]) }
}

fn tree() -> Tree {
    let named = [("all", "Acme", None), ("commerce", "Commerce", Some("all")), ("payments", "Payments", Some("commerce"))];
    Tree::named(&named.map(|(id, name, parent)| (id.into(), name.into(), parent.map(Into::into)))).unwrap()
}

fn wave(length: Length) -> NewWave {
    NewWave {
        id: "w1".into(),
        survey: "pulse".into(),
        opens_on: NaiveDate::from_ymd_opt(2026, 11, 24).unwrap(),
        closes_on: NaiveDate::from_ymd_opt(2026, 12, 3).unwrap(),
        rules: rules(length),
        tree: tree(),
        invited: Vec::new(),
    }
}

fn invited(kind: &str, round: Round) -> Card {
    let length = if kind == "pulse" { Length::Pulse } else { Length::Full };
    let wave = wave(length);
    invitation(&survey(kind), &wave, ZONE, &[40, 14, 6], wave.tree.find("payments").unwrap(), round)
}

fn text(card: &Card) -> String {
    blocks::message(card)["text"].as_str().unwrap().to_owned()
}

/// Every button of a card.
fn buttons(card: &Card) -> Vec<Button> {
    let rows = card.parts.iter().filter_map(|part| if let Part::Buttons(row) = part { Some(row.clone()) } else { None });
    rows.flatten().chain(card.buttons.clone()).collect()
}

#[test]
fn the_message_says_who_why_how_long_and_until_when_and_asks_at_once() {
    let card = invited("pulse", Round::Invitation);
    assert_eq!(
        text(&card),
        "How it goes. <@U0ANA> asks how your work goes, so that what gets in its way is seen and changed: 3 questions, under a minute, until \
         Thursday 3 December, 17:00 (Europe/Berlin). You count in Payments (6 asked). Answers are sealed, and only groups are shown, never you. Question 1 of \
         3: Taking everything together, how satisfied are you with the experience of building software here? To press: Very dissatisfied, \
         Dissatisfied, Neither, Satisfied, Very satisfied"
    );
    let labels: Vec<String> = buttons(&card).into_iter().map(|button| button.label).collect();
    assert_eq!(labels[..5], ["Very dissatisfied", "Dissatisfied", "Neither", "Satisfied", "Very satisfied"]);
    assert_eq!(labels[5..], ["Not now", "Skip this one", "Stop", "Who sees what"]);
    assert_eq!(buttons(&card)[3].value, "w1 overall_satisfied 4");
}

#[test]
fn a_full_wave_has_one_way_in_and_reminders_say_which_they_are() {
    let card = invited("full", Round::Invitation);
    let labels: Vec<String> = buttons(&card).into_iter().map(|button| button.label).collect();
    assert_eq!(labels, ["Start", "Not now", "Skip this one", "Stop", "Who sees what"]);
    assert!(
        text(&card).contains("30 questions, about 6 minutes") || text(&card).contains(" questions, about 5 minutes"),
        "{}",
        text(&card)
    );
    for (last, words) in [(false, "This is the first of two reminders"), (true, "This is the last of two reminders")] {
        let said = text(&invited("pulse", Round::Reminder { last }));
        assert!(said.contains(words) && said.contains("nobody is told who that is"), "{said}");
    }
}

#[test]
fn values_are_ids_and_a_number_and_no_word_is_anonymous() {
    for kind in ["pulse", "full"] {
        let known = survey(kind);
        let rules = rules(Length::Pulse);
        let about =
            About { wave: "w1", survey: &known, closes_on: NaiveDate::from_ymd_opt(2026, 12, 3).unwrap(), zone: ZONE, rules: &rules };
        let mut cards: Vec<Card> = vec![message::thanks(&about), message::later(&about), message::skipped(&about)];
        cards.extend(rules.items.iter().map(|item| message::after(&about, &item.id, true)));
        cards.extend(message::first(&about));
        cards.push(invited(kind, Round::Reminder { last: true }));
        cards.push(groups::card(&about, &tree(), &people([40, 14, 6]), &History::new(), 2));
        for card in cards {
            let whole = blocks::message(&card).to_string();
            assert!(!whole.to_lowercase().contains("anonym"), "{whole}");
            for button in buttons(&card) {
                let words: Vec<&str> = button.value.split(' ').collect();
                let items: BTreeSet<&str> = rules.items.iter().map(|item| item.id.as_str()).collect();
                let right = words[0] == "w1"
                    && words.get(1).is_none_or(|item| items.contains(item))
                    && words.get(2).is_none_or(|number| number.parse::<u8>().is_ok());
                assert!(right && words.len() <= 3, "{button:?}");
            }
        }
    }
}

#[test]
fn a_tap_leads_on_in_order_and_ends_with_thanks() {
    let (known, rules) = (survey("pulse"), rules(Length::Pulse));
    let about = About { wave: "w1", survey: &known, closes_on: NaiveDate::from_ymd_opt(2026, 12, 3).unwrap(), zone: ZONE, rules: &rules };
    let ids: Vec<&str> = rules.items.iter().map(|item| item.id.as_str()).collect();
    let second = text(&message::after(&about, ids[0], true));
    assert!(second.contains("Saved, sealed. Question 2 of 3: ") && !second.contains("Taking everything"), "{second}");
    assert!(text(&message::after(&about, ids[1], false)).contains("Left out. Question 3 of 3: "));
    assert!(text(&message::after(&about, ids[2], true)).contains("Thank you."));
    assert!(text(&message::after(&about, "no_such_question", true)).contains("Thank you."));
}

#[test]
fn groups_have_their_real_sizes_and_the_promise_stands_to_the_letter() {
    let check = |minima: Minima, asked: [u32; 3], past: &[&str], expect: &[&str]| {
        let known = survey("pulse");
        let rules = Rules { minima, ..rules(Length::Pulse) };
        let about =
            About { wave: "w1", survey: &known, closes_on: NaiveDate::from_ymd_opt(2026, 12, 3).unwrap(), zone: ZONE, rules: &rules };
        let whole = past.iter().map(|user| (*user).to_owned()).collect();
        let past =
            if past.is_empty() { History::new() } else { History::from([("payments".to_owned(), Past { whole, ..Past::default() })]) };
        let card = groups::card(&about, &tree(), &people(asked), &past, 2);
        assert_eq!(card.verdict.text(), PROMISE);
        let Part::List(lines, _) = &card.parts[1] else { panic!("a list") };
        assert_eq!(lines.iter().map(Line::text).collect::<Vec<_>>(), expect);
    };
    check(
        Minima::default(),
        [40, 14, 6],
        &[],
        &[
            "You count in Payments (6 asked). Its result is shown as a band, a fifth of the scale, if 5 or more answer.",
            "You count in the group above too: Commerce (14 asked). Its result is shown as a band, a fifth of the scale, if 5 or more answer, as counts from 10.",
            "You count in the group above too: Acme (40 asked). Its result is shown as a band, a fifth of the scale, if 5 or more answer, as counts from 10.",
        ],
    );
    check(
        Minima { score: 7, counts: 12, text: 10 },
        [14, 14, 6],
        &[],
        &[
            "You count in Payments (6 asked). Too few to be shown alone, whatever they answer.",
            "You count in the group above too: Commerce (14 asked). Its result is shown as a band, a fifth of the scale, if 7 or more answer, as counts from 12.",
            "You count in the group above too: Acme (14 asked). Its result is shown as a band, a fifth of the scale, if 7 or more answer, as counts from 12.",
        ],
    );
    // One of them was another when it was last shown, and the launch knows it.
    check(
        Minima::default(),
        [40, 14, 6],
        &["U20", "U21", "U22", "U23", "U24", "U0GONE"],
        &[
            "You count in Payments (6 asked). Most likely not shown alone this time, since a few people could be told apart.",
            "You count in the group above too: Commerce (14 asked). Its result is shown as a band, a fifth of the scale, if 5 or more answer, as counts from 10.",
            "You count in the group above too: Acme (40 asked). Its result is shown as a band, a fifth of the scale, if 5 or more answer, as counts from 10.",
        ],
    );
}

/// People of whom so many are asked in each node and below it.
fn people(asked: [u32; 3]) -> Vec<(String, usize)> {
    let own = [asked[0] - asked[1], asked[1] - asked[2], asked[2]];
    own.into_iter().enumerate().flat_map(|(node, n)| (0..n).map(move |at| (format!("U{node}{at}"), node))).collect()
}

fn page_form(page: usize, marked: &Marked) -> Form {
    let (known, rules) = (survey("full"), rules(Length::Full));
    let about = About { wave: "w1", survey: &known, closes_on: NaiveDate::from_ymd_opt(2026, 12, 3).unwrap(), zone: ZONE, rules: &rules };
    form(&about, page, marked, &BTreeMap::new())
}

#[test]
fn pages_hold_a_category_or_two_and_every_question_once() {
    let items = rules(Length::Full).items;
    let pages = pages(&items);
    assert_eq!(pages.concat(), items);
    for page in &pages {
        let categories: BTreeSet<&str> = page.iter().map(|item| item.category.as_str()).collect();
        assert!(categories.len() <= 2 && (page.len() <= 8 || categories.len() == 1), "{categories:?}");
    }
    let all: Vec<Item> = shipped().into_iter().flat_map(|category| category.items).collect();
    assert_eq!(super::pages::pages(&all).concat(), all);
    assert!(super::pages::pages(&[]).is_empty());
}

#[test]
fn the_first_page_begins_with_the_promise_and_no_state_holds_an_answer() {
    let mut marked = Marked::default();
    marked.ratings.insert("overall_good_work".into(), Some(2));
    marked.texts.insert("overall_slowed".into(), zeroize::Zeroizing::new("The build.\nAnd the tests.".into()));
    let form = page_form(0, &marked);
    let Input::Note(lines) = &form.fields[0].input else { panic!("a note") };
    assert_eq!(lines[0].text(), PROMISE);
    assert!(blocks::form(&form).to_string().contains(PROMISE), "not cut");
    assert_eq!((form.state.as_str(), form.submit.as_str()), ("w1 0", "Save this page"));
    assert!(form.title.starts_with("Page 1 of "));
    let ids: Vec<&str> = form.fields.iter().map(|field| field.id.as_str()).collect();
    assert!(ids.contains(&"overall_good_work:was") && ids.contains(&"overall_slowed:was") && ids.contains(&"overall_satisfied"), "{ids:?}");
    let choices = |id: &str| match &form.fields.iter().find(|field| field.id == id).unwrap().input {
        Input::Choice(options, initial) => (options.len(), initial.clone()),
        other => panic!("{other:?}"),
    };
    assert_eq!((choices("overall_satisfied"), choices("overall_good_work:was")), ((5, None), (6, Some("2".into()))));
    let (then, questions) = form.fields.split_last().unwrap();
    assert!(questions.iter().all(|field| field.optional));
    let Input::Select(options, Some(next)) = &then.input else { panic!("the way to another page: {then:?}") };
    assert_eq!((next.as_str(), options[0].1.as_str(), options.last().unwrap().1.as_str()), ("1", "Page 1: Overall, Scoping", "Finish"));
    assert!(then.hint.as_ref().unwrap().contains("Cancel leaves this page as it was and keeps the others"));
    let last = page_form(99, &Marked::default());
    assert!(matches!(&last.fields.last().unwrap().input, Input::Select(_, Some(next)) if next == "finish"));
    assert!(!last.fields.iter().any(|field| field.id == "promise"));
}

#[test]
fn another_page_is_the_one_that_was_chosen() {
    let check = |chosen: Option<&str>, expect: Option<usize>| {
        let fields = chosen.map(|page| ("page:next".to_owned(), page.to_owned())).into_iter().collect();
        assert_eq!(super::pages::next(3, 7, &fields), expect, "{chosen:?}");
    };
    check(None, Some(4));
    check(Some("1"), Some(1));
    check(Some("finish"), None);
    check(Some("7"), None);
    check(Some("elsewhere"), None);
}

#[test]
fn what_was_touched_counts_and_what_was_emptied_is_taken_back() {
    let items: Vec<Item> = shipped().remove(0).items;
    let check = |fields: &[(&str, &str)], ratings: &[(&str, Option<u8>)], texts: &[(&str, &str)]| {
        let fields = fields.iter().map(|(id, value)| ((*id).to_owned(), (*value).to_owned())).collect();
        let Ok(marked) = read(&items, fields) else { panic!("taken") };
        assert_eq!(marked.ratings.iter().map(|(id, value)| (id.as_str(), *value)).collect::<Vec<_>>(), ratings);
        assert_eq!(marked.texts.iter().map(|(id, text)| (id.as_str(), text.as_str())).collect::<Vec<_>>(), texts);
    };
    check(&[("overall_satisfied", "4"), ("overall_good_work", ""), ("overall_slowed", "")], &[("overall_satisfied", Some(4))], &[]);
    check(
        &[("overall_satisfied:was", "0"), ("overall_good_work:was", "5")],
        &[("overall_good_work", Some(5)), ("overall_satisfied", None)],
        &[],
    );
    check(&[("overall_satisfied:was", ""), ("overall_slowed:was", " \n")], &[("overall_satisfied", None)], &[("overall_slowed", "")]);
    check(&[("overall_slowed", "<@U1> & <!channel> *x*"), ("ci_fast", "3")], &[], &[("overall_slowed", "<@U1> & <!channel> *x*")]);
    check(&[("overall_satisfied", "seven")], &[("overall_satisfied", Some(u8::MAX))], &[]);
    let long = "é".repeat(LONGEST_COMMENT + 7_000);
    let fields = BTreeMap::from([("overall_slowed".to_owned(), long), ("overall_satisfied".to_owned(), "4".to_owned())]);
    let Err(wrong) = read(&items, fields) else { panic!("too long") };
    let fields = BTreeMap::from([("overall_slowed".to_owned(), "x".repeat(LONGEST_COMMENT + 1))]);
    let Err(one) = read(&items, fields) else { panic!("too long") };
    assert!(one[0].1.starts_with("1 character too long: a comment has at most 3\u{202f}000."), "{one:?}");
    assert!(wrong.len() == 1 && wrong[0].0 == "overall_slowed" && wrong[0].1.contains("7\u{202f}000 characters too long"), "{wrong:?}");
}
