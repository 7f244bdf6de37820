//! What the organisation file lacks: services without a team, groups that can't be read, names of nobody. Pure.

use std::collections::BTreeSet;

use super::compute::{Facts, Finding, Source, listed};
use crate::domain::card::Line;
use crate::domain::time::At;
use crate::domain::words;
use crate::store::following::Followed;

pub(super) fn unassigned(facts: &Facts, _: &[Source], _: At) -> Vec<Finding> {
    if facts.unassigned.is_empty() {
        return Vec::new();
    }
    let count = facts.unassigned.len() as u64;
    let subject = listed(&facts.unassigned);
    vec![Finding {
        kind: "unassigned_services",
        count,
        what: format!("{} to no team", words::count(count, "service belongs", "services belong")),
        told: Line::plain(format!("{subject}: they count for the organisation only. Put them into a team's ")).code("services").and("."),
        mend: "pacer org preview FILE".into(),
        subject,
        ..Finding::default()
    }]
}

pub(super) fn unread_groups(facts: &Facts, _: &[Source], _: At) -> Vec<Finding> {
    let finding = |it: &Followed| Finding {
        kind: "unread_group",
        subject: it.team.clone(),
        count: 1,
        since: it.read_at,
        what: format!("team {} does not get its members from its Slack group", it.team),
        told: Line::plain(format!("{}. It is read again every hour. Or follow another group.", it.problem.clone().unwrap_or_default())),
        mend: format!("/metrics setup {}", it.team),
        ..Finding::default()
    };
    facts.unread_groups.iter().map(finding).collect()
}

pub(super) fn unmapped(facts: &Facts, _: &[Source], _: At) -> Vec<Finding> {
    if facts.unmapped.is_empty() {
        return Vec::new();
    }
    let count = facts.unmapped.len() as u64;
    let sources: BTreeSet<&str> = facts.unmapped.iter().map(|(source, _)| source.as_str()).collect();
    let subject = listed(&sources.into_iter().map(str::to_string).collect::<Vec<_>>());
    let names: Vec<String> = facts.unmapped.iter().map(|(source, name)| format!("{name} ({source})")).collect();
    let told = if facts.shows_names {
        Line::plain(format!("{}.", listed(&names)))
    } else {
        Line::plain("Admins see which: ").code("pacer ask health").and(".")
    };
    vec![Finding {
        kind: "unmapped_people",
        count,
        what: format!("{} to nobody in the organisation file", words::count(count, "name belongs", "names belong")),
        told: told.and(" What they do counts for no team. Add them to ").code("[[people]]").and(" as emails or aliases."),
        mend: "pacer org preview FILE".into(),
        subject,
        ..Finding::default()
    }]
}
