//! The message of an episode: posted when it begins, edited when somebody has seen to it and when it is over. Pure, and the same
//! at any time, so that a slot that says it again edits nothing.

use chrono_tz::Tz;

use super::measure::days;
use super::memory::{Episode, Why};
use super::rule::{self, Rule, Settings};
use crate::domain::card::{Button, Card, Line, Part};
use crate::domain::metric::Definition;
use crate::domain::time::At;
use crate::domain::words;
use crate::features::verdict::lowered;
use crate::store::alerts::Mark;

/// What the message is about.
pub struct About<'a> {
    /// The alert's id.
    pub id: &'a str,
    pub episode: &'a Episode,
    /// What people said of the alert.
    pub marks: &'a [Mark],
    /// The scope, as people call it.
    pub name: &'a str,
    pub zone: Tz,
    /// Who set it.
    pub author: &'a str,
    /// Until when it is silent, and who wants so.
    pub snoozed: Option<(At, &'a str)>,
}

/// The key of an episode's message.
pub fn key(id: &str, start: At) -> String {
    format!("alert/{id}/{start}")
}

/// What a button says it is about.
pub fn value(id: &str, start: At) -> String {
    format!("{id}:{}", start.0)
}

/// Reads [`value`].
pub fn read_value(value: &str) -> Option<(&str, At)> {
    let (id, start) = value.split_once(':')?;
    Some((id, At(start.parse().ok()?)))
}

/// The message.
pub fn card(about: &About<'_>) -> Card {
    let (episode, settings) = (about.episode, &about.episode.settings);
    let Some(known) = settings.definition() else { return Card::default() };
    let head = if episode.over.is_some() { "Resolved" } else { "Alert" };
    let mut parts = Vec::new();
    if episode.over.is_none() {
        if could_be_chance(episode) {
            parts.push(Part::Text("The interval holds the limit, so that chance alone could do this.".into()));
        }
        parts.push(Part::Text(Line::default().strong("Worth asking: ").and(&*episode.question)));
    }
    if let Some(mark) = about.marks.iter().find(|mark| mark.kind == "acknowledged" && mark.episode == episode.start) {
        let when = words::moment(mark.at, episode.start, about.zone);
        parts.push(Part::Text(Line::plain("Acknowledged by ").mention(&mark.person).and(format!(", {when}."))));
    }
    if let Some((until, by)) = about.snoozed {
        let when = words::moment(until, episode.start, about.zone);
        parts.push(Part::Text(
            Line::plain("Snoozed by ").mention(by).and(format!(" until {when}: neither this alert nor its end is told before.")),
        ));
    }
    Card {
        command: "alert".into(),
        title: format!("{head} - {} - {}", words::capitalised(about.name), known.name),
        scope: settings.scope.clone(),
        verdict: if episode.over.is_some() { ended(about, known) } else { begun(about, known) },
        parts,
        notes: notes(about, known),
        receipt: episode.receipt.clone(),
        buttons: buttons(about),
        ..Card::default()
    }
}

fn could_be_chance(episode: &Episode) -> bool {
    episode.interval.is_some_and(|[low, high]| low <= episode.limit && episode.limit <= high)
}

/// "Change fail rate of Payments is 24 %, above its limit of 15 % since 23 Nov 09:12 (n 42, 95 % 13 to 39 %)."
fn begun(about: &About<'_>, known: &Definition) -> Line {
    let episode = about.episode;
    let line = Line::plain(format!("{} of {} ", known.name, about.name));
    let since = words::moment(episode.since, episode.start, about.zone);
    let interval =
        episode.interval.map_or_else(String::new, |interval| format!(", 95 % {}", rule::interval(known.unit, episode.value, interval)));
    let sure = format!("(n {}{interval})", words::number(episode.n));
    let value = |value: f64| rule::value(known.unit, value);
    let side = match episode.settings.rule {
        Rule::Above(_) => "above",
        Rule::Below(_) => "below",
        Rule::OwnRange => {
            let weeks: Vec<String> = episode.weeks.iter().map(|week| week.map_or_else(|| "unknown".into(), value)).collect();
            let line = line.and("left its own range: ").strong(words::join(&weeks)).and(" in the last four weeks");
            let edge = if episode.value > episode.limit { "above" } else { "below" };
            return line.and(format!(", where the half year before hardly ever was {edge} {} {sure}.", value(episode.limit)));
        }
    };
    line.and("is ").strong(value(episode.value)).and(format!(", {side} the limit of {} since {since} {sure}.", value(episode.limit)))
}

/// "Change fail rate of Payments is back inside: 9.5 %, limit 15 %. It was beyond for 9 days, 26 % at worst."
fn ended(about: &About<'_>, known: &Definition) -> Line {
    let episode = about.episode;
    let Some(over) = &episode.over else { return Line::default() };
    let value = |value: f64| rule::value(known.unit, value);
    let line = Line::plain(format!("{} of {} ", known.name, about.name));
    let limit = if episode.settings.rule == Rule::OwnRange { "edge of its range" } else { "limit" };
    let now = over.value.map_or_else(String::new, value);
    let line = match over.why {
        Why::Inside => line.and("is back inside: ").strong(now).and(format!(", {limit} {}.", value(episode.limit))),
        Why::NewRange => line.and("has been ").strong(now).and(" or so for a quarter: that is its range now."),
        Why::Changed => line.and("is no longer watched like this: the alert was changed or removed."),
    };
    let (lasted, since) = (lasted(episode, over.at), words::moment(episode.since, episode.start, about.zone));
    line.and(format!(" It was beyond for {lasted}, since {since}, {} at worst.", value(episode.worst)))
}

/// How long an episode lasted until an instant.
pub fn lasted(episode: &Episode, until: At) -> String {
    #[allow(clippy::cast_precision_loss, reason = "2^53 microseconds are 285 years")]
    let secs = until.since(episode.since).max(0) as f64 / 1e6;
    words::duration(secs)
}

/// How a rule is looked at: "over 28 days, n at least 10".
pub fn looked_at(settings: &Settings, known: &Definition) -> String {
    let period = match settings.rule {
        Rule::OwnRange => "3 of the last 4 whole weeks worse than nearly all of the 26 before".to_owned(),
        _ if super::measure::stands(known) => "as it stands".to_owned(),
        _ => format!("over {} days", days(known)),
    };
    if settings.least > 0 { format!("{period}, n at least {}", words::number(settings.least)) } else { period }
}

fn notes(about: &About<'_>, known: &Definition) -> Vec<Line> {
    let (episode, settings) = (about.episode, &about.episode.settings);
    let said = words::capitalised(&settings.said());
    let mut notes = vec![
        Line::plain(format!("{said}, {}. Set by ", looked_at(settings, known)))
            .mention(about.author)
            .and(format!(". Times in {}. ", about.zone.name()))
            .code("/metrics alert")
            .and(" changes it."),
    ];
    if let Some((others, weekly)) = episode.others {
        notes.push(Line::plain(format!(
            "{} held back: this channel hears at most {} a week.",
            words::count(others, "more alert was", "more alerts were"),
            words::count(weekly, "alert", "alerts")
        )));
    }
    notes
}

fn buttons(about: &About<'_>) -> Vec<Button> {
    let value = value(about.id, about.episode.start);
    let button = |label: &str, action: &str, primary| Button { label: label.into(), action: action.into(), value: value.clone(), primary };
    let seen = about.marks.iter().any(|mark| mark.kind == "acknowledged" && mark.episode == about.episode.start);
    let mut buttons = Vec::new();
    if about.episode.over.is_none() && !seen {
        buttons.push(button("Acknowledge", "alert_acknowledge", true));
    }
    buttons.push(button("Wrong? Tell me", "alert_wrong", false));
    buttons.push(button("Details", "alert_details", false));
    if about.episode.over.is_none() {
        buttons.push(button("Snooze", "alert_snooze", false));
    }
    buttons
}

/// The name of a metric inside a sentence.
pub fn metric_name(settings: &Settings) -> String {
    settings.definition().map_or_else(|| settings.metric.clone(), |known| lowered(known.name))
}
