//! Who sees what: the groups in which one person's answers may be counted, with their real sizes, from the frozen wave. Pure.
//!
//! It says what the release rule can promise before anybody has answered: which group is large enough, and which is the next. It says
//! nothing of who has answered, which it does not know.

use super::message::About;
use crate::domain::card::{Card, Line, Part};
use crate::domain::survey::PROMISE;
use crate::domain::survey::release::{History, Membership, shown};
use crate::domain::survey::tree::Tree;
use crate::domain::words;
use crate::features::pulse::launch::own;

/// "You count in Payments (6 asked). Only groups are shown, never you."
pub fn counts_in(tree: &Tree, asked: &[u32], node: usize) -> Line {
    Line::plain("You count in ")
        .strong(&tree.nodes()[node].name)
        .and(format!(" ({} asked). Answers are sealed, and only groups are shown, never you.", asked[node]))
}

/// The whole answer to "Who sees what", of who is asked and who was in each group when it was last shown.
pub fn card(about: &About<'_>, tree: &Tree, invited: &[(String, usize)], past: &History, node: usize) -> Card {
    let least = about.rules.minima;
    let own = own(tree, invited);
    let asked = tree.summed(&own);
    let shown = shown(tree, &own, least.score, Some(&Membership::new(tree, invited, past)));
    let mut groups = Vec::new();
    for (step, at) in tree.path(node).enumerate() {
        let (name, size) = (&tree.nodes()[at].name, asked[at]);
        let line = Line::plain(if step == 0 { "You count in " } else { "You count in the group above too: " }).strong(name);
        let shown = match size {
            size if size < least.score => format!(" ({size} asked). Too few to be shown alone, whatever they answer."),
            size if !shown[at] => {
                format!(" ({size} asked). Most likely not shown alone this time, since a few people could be told apart.")
            }
            size if size < least.counts => {
                format!(" ({size} asked). Its result is shown as a band, a fifth of the scale, if {} or more answer.", least.score)
            }
            size => format!(
                " ({size} asked). Its result is shown as a band, a fifth of the scale, if {} or more answer, as counts from {}.",
                least.score, least.counts
            ),
        };
        groups.push(line.and(shown));
    }
    let when = words::count(24, "hour", "hours");
    let rules = [
        "Your answers are part of your team's result and of every group above it. A group that is too small is not shown alone: its answers are seen only as a part of the group above.".to_owned(),
        format!("Comments are shown word for word, in a random order, in the nearest group where {} or more answer.", least.text),
        format!(
            "Your team sees its result when the survey closes; leads and everybody else see it {when} later. Who leads a team counts in the group above it, not in the team."
        ),
        "Whether you answered is told to nobody, and there is no list of who has not.".to_owned(),
    ];
    Card {
        command: "pulse".into(),
        title: "Who sees what".into(),
        verdict: PROMISE.into(),
        parts: vec![
            Part::Heading("Your groups".into()),
            Part::List(groups, None),
            Part::Heading("What is shown".into()),
            Part::List(rules.into_iter().map(Line::plain).collect(), None),
        ],
        notes: vec![Line::plain("What pacer keeps about you, and how to have it forgotten: ").code("/metrics privacy").and(".")],
        ..Card::default()
    }
}
