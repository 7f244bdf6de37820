//! What a launch would do, read before anything is stored: the message, the questions, who is asked, which groups will be shown.
//!
//! Counts alone, and a reason of fewer than five people is not told: who plans a survey learns no more of anybody than who reads it.
//! Pure.

use std::collections::BTreeMap;

use super::{Launch, people, when};
use crate::domain::card::{Card, Line};
use crate::domain::form::Field;
use crate::domain::survey::LEAST_SCORE;
use crate::domain::survey::invite::{BETWEEN_ASKS, LeftOut, NEW_FOR};
use crate::domain::survey::items::Category;
use crate::domain::survey::release::{Membership, STRICT_UNDER, home, shown};
use crate::domain::survey::tree::Tree;
use crate::domain::words;
use crate::features::pulse::answer;
use crate::features::typed::note;

/// Groups that are named; the others are counted.
const NAMED: usize = 12;

/// Lines to be read above the form.
pub fn notes(launch: &Launch, categories: &[Category], zone: chrono_tz::Tz) -> Vec<Field> {
    let (card, group) = first_message(launch, zone);
    vec![
        note("note_message", &format!("Nothing is stored yet. What somebody in {group} gets:"), [card.lines(), card.notes].concat()),
        note("note_questions", "What is asked", vec![Line::plain(asked(launch, categories))]),
        note("note_people", "Who is asked, and when", whom(launch, zone)),
        note("note_groups", "Which groups will be shown", groups(launch)),
    ]
}

/// As it is for most: in the group that has most people of its own.
fn first_message(launch: &Launch, zone: chrono_tz::Tz) -> (Card, String) {
    let (tree, wave) = (&launch.wave.tree, &launch.wave);
    let own = people::own(tree, &wave.invited);
    let node = (0..own.len()).max_by_key(|node| (own[*node], std::cmp::Reverse(*node))).unwrap_or(0);
    let card = answer::invitation(&launch.survey, wave, zone, &tree.summed(&own), node, answer::Round::Invitation);
    (card, tree.nodes()[node].name.clone())
}

fn asked(launch: &Launch, categories: &[Category]) -> String {
    let items = &launch.wave.rules.items;
    let has = |category: &&Category| items.iter().any(|item| item.category == category.id);
    let names: Vec<String> = categories.iter().filter(has).map(|category| category.name.clone()).collect();
    let of = words::count(names.len() as u64, "category", "categories");
    format!("{} of {of}: {}. Everybody is asked the same.", words::count(items.len() as u64, "question", "questions"), names.join(", "))
}

fn whom(launch: &Launch, zone: chrono_tz::Tz) -> Vec<Line> {
    let wave = &launch.wave;
    let people = words::count(wave.invited.len() as u64, "person is", "people are");
    let mut lines = vec![format!(
        "{people} asked, each counted in one team and in the groups above it. Who leads a team counts in the group above it."
    )];
    if launch.half {
        lines.push("That is half of each group, drawn by lot from those who were longest not asked. The next wave asks the others.".into());
    }
    if !launch.left_out.is_empty() {
        lines.push(left_out(&launch.left_out));
    }
    if let Some(why) = &launch.silent {
        lines.push(format!(
            "Slack does not say who is a bot or left, nor in which zone people are ({why}). They are asked as the organisation file has them, in their team's zone."
        ));
    }
    lines.push(begins(launch));
    lines.push(format!("It closes on {} at 17:00 ({zone}).", when::day(wave.closes_on)));
    lines.into_iter().map(Line::plain).collect()
}

/// When people are asked, and how often they are reminded.
pub fn begins(launch: &Launch) -> String {
    let first = if launch.at_once {
        "Each is asked as soon as they are at work: now where it is between 9:00 and 17:00 of a working day, else at 10:00 of the next one"
            .to_owned()
    } else {
        format!("Each is asked on {} at 10:00 of their own clock", when::day(launch.wave.opens_on))
    };
    format!("{first}. Who has not answered is reminded at most twice, on the second and fourth working day after, while it is open.")
}

fn reason(reason: LeftOut) -> String {
    match reason {
        LeftOut::NoSlackId => "without a Slack id in the organisation file".into(),
        LeftOut::Bot => "bots".into(),
        LeftOut::Deactivated => "deactivated in Slack".into(),
        LeftOut::Stopped => "who stopped surveys".into(),
        LeftOut::Absent => "away for half of it or more".into(),
        LeftOut::New => format!("in their first {NEW_FOR} days"),
        LeftOut::AskedLately => format!("asked by a survey in the last {BETWEEN_ASKS} days"),
    }
}

/// How many are not asked: a reason of few is not told.
fn left_out(counts: &BTreeMap<LeftOut, u64>) -> String {
    let told = |n: &u64| *n >= u64::from(LEAST_SCORE);
    let mut parts: Vec<String> =
        counts.iter().filter(|(_, n)| told(n)).map(|(why, n)| format!("{} {}", words::number(*n), reason(*why))).collect();
    let others: u64 = counts.values().filter(|n| !told(n)).sum();
    if others > 0 {
        let why =
            if parts.is_empty() { "for reasons of fewer than 5 people each" } else { "for other reasons, of fewer than 5 people each" };
        parts.push(format!("{} {why}", words::number(others)));
    }
    format!("Left out, of every count too: {}.", words::join(&parts))
}

/// Half of each count, so that halves of sums are right too.
fn halved(own: &[u32]) -> Vec<u32> {
    let mut sum = 0;
    let half = |n: &u32| {
        let before = sum / 2;
        sum += n;
        sum / 2 - before
    };
    own.iter().map(half).collect()
}

fn groups(launch: &Launch) -> Vec<Line> {
    let (tree, minima) = (&launch.wave.tree, launch.wave.rules.minima);
    let membership = Membership::new(tree, &launch.wave.invited, &launch.past);
    let own = people::own(tree, &launch.wave.invited);
    let sums = tree.summed(&own);
    let would = |own: &[u32], least: u32| shown(tree, own, least, Some(&membership));
    let all = would(&own, minima.score);
    let half = would(&halved(&own), minima.score);
    let counts = would(&own, minima.counts);
    let besides = |others: &[bool]| if *others == all { "the same".to_owned() } else { named(tree, others, &sums, false) };
    let at_half = if half[0] {
        format!("If half of each group answers: {}.", besides(&half))
    } else {
        "If only half of them answer, nothing at all is shown: better ask a larger group.".to_owned()
    };
    let mut lines = vec![
        format!("If all answer: {}.", named(tree, &all, &sums, true)),
        at_half,
        format!(
            "With {} answers a group is shown roughly, in fifths; with {} it is shown in counts: if all answer, {}.",
            minima.score,
            minima.counts,
            besides(&counts)
        ),
    ];
    let (mut changed, mut folded) = (Vec::new(), BTreeMap::<usize, Vec<String>>::new());
    for (node, sum) in sums.iter().enumerate() {
        let name = || tree.nodes()[node].name.clone();
        match home(tree, node, &all).filter(|into| *into != node && *sum > 0) {
            Some(_) if (minima.score..STRICT_UNDER).contains(sum) && membership.changed(tree, node, minima.score) => changed.push(name()),
            Some(into) => folded.entry(into).or_default().push(name()),
            None => {}
        }
    }
    if !changed.is_empty() {
        lines.push(format!("{}: not shown, a few of its people changed since it was last shown.", few(changed)));
    }
    for (into, names) in folded {
        let (verb, into) = (if names.len() == 1 { "counts" } else { "count" }, &tree.nodes()[into].name);
        lines.push(format!("Not shown alone, since a few people could be told apart: {} {verb} in {into}.", few(names)));
    }
    lines.into_iter().map(Line::plain).collect()
}

/// The names of nodes, with how many are asked. One whose people are exactly those of a group below it is named beside that one.
fn named(tree: &Tree, shown: &[bool], asked: &[u32], sizes: bool) -> String {
    let same_below = |node: usize| tree.children(node).find(|child| shown[*child] && asked[*child] == asked[node]);
    let name = |node: usize| {
        let above: Vec<String> = tree
            .path(node)
            .skip(1)
            .take_while(|at| shown[*at] && asked[*at] == asked[node])
            .map(|at| tree.nodes()[at].name.clone())
            .collect();
        let size = sizes.then(|| words::number(asked[node].into()));
        let all_of = (!above.is_empty()).then(|| format!("all of {}", words::join(&above)));
        let more: Vec<String> = size.into_iter().chain(all_of).collect();
        let name = &tree.nodes()[node].name;
        if more.is_empty() { name.clone() } else { format!("{name} ({})", more.join(", ")) }
    };
    let names: Vec<String> = (0..shown.len()).filter(|node| shown[*node] && same_below(*node).is_none()).map(name).collect();
    if names.is_empty() { "no group".into() } else { few(names) }
}

fn few(mut names: Vec<String>) -> String {
    let more = names.len().saturating_sub(NAMED);
    if more > 0 {
        names.truncate(NAMED);
        names.push(format!("{more} more"));
    }
    words::join(&names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_of_few_people_is_not_told() {
        let check = |counts: &[(LeftOut, u64)], expect: &str| assert_eq!(left_out(&counts.iter().copied().collect()), expect);
        check(
            &[(LeftOut::AskedLately, 12), (LeftOut::Absent, 5)],
            "Left out, of every count too: 5 away for half of it or more and 12 asked by a survey in the last 12 days.",
        );
        check(
            &[(LeftOut::New, 6), (LeftOut::Stopped, 1), (LeftOut::Bot, 4)],
            "Left out, of every count too: 6 in their first 30 days and 5 for other reasons, of fewer than 5 people each.",
        );
        check(&[(LeftOut::Stopped, 1)], "Left out, of every count too: 1 for reasons of fewer than 5 people each.");
    }

    #[test]
    fn halves_add_up() {
        for own in [vec![1, 1, 1, 1], vec![5, 4, 3], vec![0, 0, 7], vec![]] {
            assert_eq!(halved(&own).iter().sum::<u32>(), own.iter().sum::<u32>() / 2, "{own:?}");
        }
    }

    #[test]
    fn many_groups_are_counted() {
        assert_eq!(few(vec!["A".into(), "B".into()]), "A and B");
        let many: Vec<String> = (0..30).map(|n| format!("T{n}")).collect();
        assert!(few(many).ends_with("T11 and 18 more"));
    }
}
