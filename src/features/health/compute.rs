//! What needs a look, from what is known of deliveries, facts and names. Pure: each check is a function of [`Facts`], and a line
//! in [`CHECKS`].

use std::collections::{BTreeMap, BTreeSet};

use super::{organisation, outbox};
use crate::domain::calendar::WorkCalendar;
use crate::domain::card::Line;
use crate::domain::stats;
use crate::domain::time::{At, DAY, SECOND};
use crate::domain::words;
use crate::features::left_out::join;
use crate::store::following::Followed;
use crate::store::outbox::{Depth, Parked};
use crate::store::quality::{COMMITS, Fate, NEWEST, Unknowns};

/// Silence shorter than this never needs a look.
pub const LEAST_SILENCE: i64 = 2 * DAY;
/// The share of a source's own gaps that its usual one is not shorter than, and how many gaps it takes to tell.
const USUAL: f64 = 0.95;
const FEWEST_GAPS: usize = 5;
/// A delivery that waits for longer than this is not just being parsed.
pub(super) const PATIENCE: i64 = 600 * SECOND;
/// Names, reasons and sources named at most.
const NAMED: usize = 5;
const REASONS: usize = 3;

/// A source, and when it was heard.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Heard {
    /// Its slug.
    pub source: String,
    /// The latest event's own time.
    pub last_event: Option<At>,
    /// The last delivery.
    pub last_received: At,
    /// The first delivery of each day on which it was heard, in the 90 days before the last one.
    pub days: Vec<At>,
}

/// What is known.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Every source that was ever heard.
    pub sources: Vec<Heard>,
    /// How many deliveries wait to be parsed, and since when the first does.
    pub pending: Option<(u64, At)>,
    /// Deliveries of which something was refused, by source and whether nothing was taken.
    pub refused: BTreeMap<(String, bool), Fate>,
    /// Deliveries that carry nothing that pacer uses.
    pub ignored: BTreeMap<String, Fate>,
    /// What is not known of each service.
    pub unknowns: Vec<Unknowns>,
    /// Services without a team that did something in the period.
    pub unassigned: Vec<String>,
    /// Commits without known files, by repository.
    pub without_files: Vec<(String, u64, Option<At>)>,
    /// Teams whose Slack group could not be read at the last try.
    pub unread_groups: Vec<Followed>,
    /// Names that belong to nobody in the organisation file, by source.
    pub unmapped: BTreeSet<(String, String)>,
    /// Whether the asker may see those names.
    pub shows_names: bool,
    /// What waits to be sent to Slack.
    pub outbox: Depth,
    /// Messages of which an admin must decide.
    pub parked: Vec<Parked>,
}

/// Something that needs a look.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Finding {
    /// Its stable name.
    pub kind: &'static str,
    /// The source, services or repositories that it is about.
    pub subject: String,
    /// How many; where it is counted up to a limit only, at least so many.
    pub count: u64,
    /// Whether there may be more than `count`.
    pub at_least: bool,
    /// Since when.
    pub since: Option<At>,
    /// What is wrong, in a few words.
    pub what: String,
    /// More about it, and what to do.
    pub told: Line,
    /// The one command that mends it.
    pub mend: String,
}

/// How fresh a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Fresh,
    Silent,
    /// Not heard for some days, and too few gaps to tell whether that is usual.
    Unclear,
}

/// A source as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// When it was heard.
    pub heard: Heard,
    /// The gap that 95 % of its own are not longer than, in working time.
    pub usual: Option<i64>,
    /// For how long it has not been heard, in working time.
    pub silence: i64,
    /// Whether that is longer than usual.
    pub state: State,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Health {
    /// By name.
    pub sources: Vec<Source>,
    /// The most pressing first.
    pub findings: Vec<Finding>,
}

/// A check.
type Check = fn(&Facts, &[Source], At) -> Vec<Finding>;

/// What is asked, in the order of urgency. Another check is another line.
const CHECKS: &[Check] = &[
    nothing_yet,
    silent,
    waiting,
    outbox::unsent,
    failed,
    rejected,
    unlinked,
    unknown_commits,
    shallow,
    without_files,
    organisation::unassigned,
    organisation::unread_groups,
    organisation::unmapped,
];

/// All checks.
pub fn compute(facts: &Facts, calendar: &WorkCalendar, now: At) -> Health {
    let sources: Vec<Source> = facts.sources.iter().map(|heard| source(heard, calendar, now)).collect();
    let findings = CHECKS.iter().flat_map(|check| check(facts, &sources, now)).collect();
    Health { sources, findings }
}

/// How fresh a source is.
pub fn source(heard: &Heard, calendar: &WorkCalendar, now: At) -> Source {
    let mut gaps: Vec<i64> = heard.days.windows(2).map(|two| calendar.between(two[0], two[1])).collect();
    gaps.sort_unstable();
    #[allow(clippy::cast_possible_truncation, reason = "a gap of days")]
    let usual = stats::quantile_of_whole(&gaps, USUAL).filter(|_| gaps.len() >= FEWEST_GAPS).map(|gap| gap.round() as i64);
    let silence = calendar.between(heard.last_received, now);
    // A day more than usual: a source that is fed daily is heard at another hour each day.
    let state = match usual.map(|usual| usual + DAY) {
        _ if silence <= LEAST_SILENCE => State::Fresh,
        Some(limit) if silence <= limit => State::Fresh,
        Some(_) => State::Silent,
        None => State::Unclear,
    };
    Source { heard: heard.clone(), usual, silence, state }
}

fn nothing_yet(facts: &Facts, _: &[Source], _: At) -> Vec<Finding> {
    if !facts.sources.is_empty() {
        return Vec::new();
    }
    vec![Finding {
        kind: "no_source",
        what: "nothing has been read yet".into(),
        told: "Begin with a repository whose tags are deployments, or open a webhook.".into(),
        mend: "pacer import git PATH".into(),
        ..Finding::default()
    }]
}

fn silent(_: &Facts, sources: &[Source], _: At) -> Vec<Finding> {
    let silent = sources.iter().filter(|source| source.state == State::Silent);
    let finding = |source: &Source| {
        let usual = words::working_time(source.usual.unwrap_or_default().max(DAY));
        Finding {
            kind: "silent_source",
            subject: source.heard.source.clone(),
            count: 1,
            since: Some(source.heard.last_received),
            what: format!("{} is silent for {}", source.heard.source, words::working_time(source.silence)),
            told: Line::plain(format!(
                "Usually it is heard within {usual}. Is its webhook or job still there? Then fetch what was missed."
            )),
            mend: fetch(&source.heard.source),
            ..Finding::default()
        }
    };
    silent.map(finding).collect()
}

/// The command that brings what a source did not send.
fn fetch(source: &str) -> String {
    match source {
        "git" => "pacer import git PATH".into(),
        "json" | "csv" | "cdevents" => format!("pacer import {source} FILE"),
        "github" | "gitlab" | "jira" | "linear" | "pagerduty" => format!("pacer backfill {source}"),
        _ => "pacer doctor".into(),
    }
}

fn waiting(facts: &Facts, _: &[Source], now: At) -> Vec<Finding> {
    let waiting = facts.pending.filter(|(_, since)| now.since(*since) > PATIENCE);
    let finding = |(count, since): (u64, At)| Finding {
        kind: "waiting_deliveries",
        count,
        since: Some(since),
        what: format!("{} to be parsed", words::count(count, "delivery waits", "deliveries wait")),
        told: Line::plain(format!("The first arrived {}. They are parsed while pacer serves; does it log errors?", words::age(since, now))),
        mend: "pacer serve".into(),
        ..Finding::default()
    };
    waiting.map(finding).into_iter().collect()
}

fn failed(facts: &Facts, _: &[Source], _: At) -> Vec<Finding> {
    let failed = facts.refused.iter().filter(|((_, failed), _)| *failed);
    let finding = |((source, _), fate): (&(String, bool), &Fate)| Finding {
        kind: "failed_deliveries",
        subject: source.clone(),
        count: fate.deliveries,
        at_least: is_cut(facts),
        since: Some(fate.first),
        what: format!("{} of {source} could not be read", counted(fate.deliveries, is_cut(facts), "delivery", "deliveries")),
        told: Line::plain(format!("{}They are kept. Mend the sender, or upgrade pacer and parse them again.", reasons(fate))),
        mend: "pacer replay".into(),
    };
    failed.map(finding).collect()
}

fn rejected(facts: &Facts, _: &[Source], _: At) -> Vec<Finding> {
    let rejected = facts.refused.iter().filter(|((_, failed), _)| !failed);
    let finding = |((source, _), fate): (&(String, bool), &Fate)| {
        let rows = fate.rows.max(fate.deliveries);
        let of = words::count(fate.deliveries, "delivery", "deliveries");
        Finding {
            kind: "rejected_rows",
            subject: source.clone(),
            count: rows,
            at_least: is_cut(facts),
            since: Some(fate.first),
            what: format!("{} of {source} {} refused", counted(rows, is_cut(facts), "row", "rows"), if rows == 1 { "was" } else { "were" }),
            told: Line::plain(format!("{}The rest of {of} was taken. Mend the rows and send them again.", reasons(fate))),
            mend: if matches!(source.as_str(), "json" | "csv") { format!("pacer import {source} FILE") } else { "pacer replay".into() },
        }
    };
    rejected.map(finding).collect()
}

/// A count with its noun, which may be a lower bound.
fn counted(count: u64, at_least: bool, one: &str, many: &str) -> String {
    format!("{}{}", if at_least { "at least " } else { "" }, words::count(count, one, many))
}

/// Whether there may be more deliveries like those that were looked at.
fn is_cut(facts: &Facts) -> bool {
    facts.refused.values().map(|fate| fate.deliveries).sum::<u64>() >= NEWEST.unsigned_abs()
}

/// The commonest reasons as a sentence: "Why: it has no id (12); it has no time (3). "
fn reasons(fate: &Fate) -> String {
    let reasons = commonest(fate);
    if reasons.is_empty() { String::new() } else { format!("Why: {}. ", reasons.join("; ")) }
}

/// The commonest reasons with their counts.
pub fn commonest(fate: &Fate) -> Vec<String> {
    let mut reasons: Vec<(&String, u64)> = fate.reasons.iter().map(|(reason, count)| (reason, *count)).collect();
    reasons.sort_by(|a, b| (b.1, a.0).cmp(&(a.1, b.0)));
    reasons.iter().take(REASONS).map(|(reason, count)| format!("{} ({count})", reason.trim_end_matches('.'))).collect()
}

/// One finding about several services: those that have any, by name, with the sum of `of` and the first instant.
fn of_services(facts: &Facts, of: impl Fn(&Unknowns) -> (u64, Option<At>)) -> Option<(String, u64, Option<At>)> {
    let with: Vec<&Unknowns> = facts.unknowns.iter().filter(|it| of(it).0 > 0).collect();
    let count = with.iter().map(|it| of(it).0).sum();
    let since = with.iter().filter_map(|it| of(it).1).min();
    let name = |it: &&Unknowns| if it.service.is_empty() { "(none named)".to_string() } else { it.service.clone() };
    (count > 0).then(|| (listed(&with.iter().map(name).collect::<Vec<_>>()), count, since))
}

/// "a, b and c"; past the first few, how many more.
pub(super) fn listed(names: &[String]) -> String {
    let mut names: Vec<String> = names.to_vec();
    names.dedup(); // those that the asker may not see have one name
    if names.len() > NAMED + 1 {
        let more = names.len() - NAMED;
        names.truncate(NAMED);
        names.push(format!("{} more", words::number(more as u64)));
    }
    join(&names)
}

fn unlinked(facts: &Facts, _: &[Source], _: At) -> Vec<Finding> {
    let found = of_services(facts, |it| (it.unlinked, it.unlinked_since));
    let finding = |(subject, count, since): (String, u64, Option<At>)| Finding {
        kind: "unlinked_incidents",
        count,
        since,
        what: format!("{} to no deployment", words::count(count, "incident links", "incidents link")),
        told: Line::plain(format!(
            "Services: {subject}. They are no failures of a deployment until one is named, or the service has a longer "
        ))
        .code("incident_window")
        .and("."),
        mend: "pacer org preview FILE".into(),
        subject,
        ..Finding::default()
    };
    found.map(finding).into_iter().collect()
}

fn unknown_commits(facts: &Facts, _: &[Source], _: At) -> Vec<Finding> {
    let found = of_services(facts, |it| (it.unknown_commits, it.unknown_since));
    let finding = |(subject, count, since): (String, u64, Option<At>)| Finding {
        kind: "unknown_commits",
        count,
        since,
        what: format!("the commits of {} are not known", words::count(count, "deployment", "deployments")),
        told: Line::plain(format!("Services: {subject}. They have no lead time until the history of the repository is here.")),
        mend: "pacer import git PATH --no-deployments".into(),
        subject,
        ..Finding::default()
    };
    found.map(finding).into_iter().collect()
}

fn shallow(facts: &Facts, _: &[Source], _: At) -> Vec<Finding> {
    let found = of_services(facts, |it| (it.shallow, it.shallow_since));
    let finding = |(subject, count, since): (String, u64, Option<At>)| Finding {
        kind: "shallow_history",
        count,
        since,
        what: format!("{} beyond a shallow history", words::count(count, "deployment lies", "deployments lie")),
        told: Line::plain(format!("Services: {subject}. Run ")).code("git fetch --unshallow").and(" in the clone, then import it again."),
        mend: "pacer import git PATH --no-deployments".into(),
        subject,
        ..Finding::default()
    };
    found.map(finding).into_iter().collect()
}

fn without_files(facts: &Facts, _: &[Source], _: At) -> Vec<Finding> {
    let count: u64 = facts.without_files.iter().map(|(_, count, _)| count).sum();
    if count == 0 {
        return Vec::new();
    }
    let subject = listed(&facts.without_files.iter().map(|(name, ..)| name.clone()).collect::<Vec<_>>());
    let at_least = facts.without_files.iter().any(|(_, count, _)| *count >= COMMITS.unsigned_abs());
    vec![Finding {
        kind: "commits_without_files",
        count,
        at_least,
        since: facts.without_files.iter().filter_map(|(.., since)| *since).min(),
        what: format!("the files of {} are not known", counted(count, at_least, "commit", "commits")),
        told: Line::plain(format!("In {subject}, where files tell the services apart: such a commit counts for each of them.")),
        mend: "pacer import git PATH --no-deployments".into(),
        subject,
    }]
}
