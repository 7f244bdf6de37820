//! A slot of an alert: evaluates it, and says what should stand in its channel.
//!
//! Facts are taken as of the slot, so that a slot made up for says what it would have said. Where a source behind the figure has
//! fallen silent the alert neither begins nor ends: the figure would be that of its silence. A message of which something was new
//! in the last week is said again by each slot, so that what a press overwrote at the same moment is mended by the next one; an
//! older one is left alone, since the outbox forgets it some day and would post it anew.

use super::budget;
use super::measure::{self, Reading, days, evaluate};
use super::memory::{Episode, Held, Memory};
use super::message::{self, About};
use super::question;
use super::rule::{self, Rule, Settings};
use crate::domain::calendar::WorkCalendar;
use crate::domain::card::Scope;
use crate::domain::metric::{DORA, Definition};
use crate::domain::post::{Post, Said};
use crate::domain::subscription::{Due, Subscription};
use crate::domain::time::{At, DAY, WEEK};
use crate::domain::window::Window;
use crate::domain::words;
use crate::error::Failure;
use crate::features::{Cx, access, dora, health, scope, trend};
use crate::store::alerts::Mark;
use crate::store::receipts::Receipt;

/// The name of the kind.
pub const KIND: &str = "alert";
/// How far back it is asked which sources told of a scope.
const HEARD: i64 = 90 * DAY;

/// Carries out a slot.
pub async fn run(cx: &Cx, due: &Due) -> Result<Said, Failure> {
    let (it, at) = (&due.subscription, due.at);
    let quiet = |why: String| Ok(Said { quiet: Some(why), ..Said::default() });
    let Ok(settings) = serde_json::from_value::<Settings>(it.settings.clone()) else {
        return quiet("Its settings are not ones that this version reads.".into());
    };
    let Some(known) = settings.definition() else { return quiet(format!("There is no metric {} any more.", settings.metric)) };
    if let Some(why) = not_here(cx, &settings.scope, &it.channel) {
        return quiet(format!("{why}."));
    }
    let calendar = WorkCalendar::new(&cx.org.org.calendar, cx.org.org.zone_for(&settings.scope));
    let mut memory = Memory::read(&it.memory);
    memory.settle(&settings, at);
    let reading = read(cx, &settings, known, &calendar, at, memory.open().map(|open| open.limit)).await?;
    if memory.take(&settings, &reading, at, false) {
        let (receipt, question) = evidence(cx, &settings, known, &reading, at).await?;
        if let Some(open) = memory.open_mut() {
            if settings.rule != Rule::OwnRange {
                open.interval = receipt.metrics.first().and_then(|metric| metric.interval);
            }
            (open.receipt, open.question) = (Some(receipt.id), question);
        }
    }
    let told = tell(cx, &settings, it, &mut memory, &reading, &calendar, at).await?;
    let posts = posts(cx, it, &memory, at).await?;
    Ok(Said {
        posts,
        quiet: (!told).then(|| said(known, &memory, &reading)),
        memory: Some(serde_json::to_value(&memory).map_err(anyhow::Error::from)?),
    })
}

/// Why a scope may not be told of in a channel: a team that shows its figures to its members alone is told of in its own channels.
pub fn not_here(cx: &Cx, scope: &Scope, channel: &str) -> Option<String> {
    let teams: Vec<&str> = match scope {
        Scope::Service(name) => cx.org.org.owners(name).into_iter().filter(|(_, span)| span.holds(cx.now)).map(|(team, _)| team).collect(),
        _ => scope.teams().iter().map(String::as_str).collect(),
    };
    let closed: Vec<&str> = teams.into_iter().filter_map(|team| access::closed(&cx.org.org, team)).collect();
    let here = cx.org.org.team_of_channel(channel);
    let refused = closed.iter().find(|team| !here.is_some_and(|here| access::belongs(&cx.org.org, here, team)));
    refused.map(|team| format!("Team {team} shows its figures to its members only, and this is not a channel of theirs"))
}

/// The evaluation, or why there can be none.
pub async fn read(
    cx: &Cx,
    settings: &Settings,
    known: &Definition,
    calendar: &WorkCalendar,
    at: At,
    limit: Option<f64>,
) -> Result<Reading, Failure> {
    if let Some((source, silence)) = silent(cx, settings, calendar, at).await? {
        return Ok(Reading::Unknown(format!("paused: {source} has told nothing for {}", words::working_time(silence))));
    }
    evaluate(cx, settings, known, at, limit).await
}

/// A source behind the figure that has fallen silent. Of the organisation, and of work items, which belong to no service, it is
/// any source that is known to be.
async fn silent(cx: &Cx, settings: &Settings, calendar: &WorkCalendar, at: At) -> Result<Option<(String, i64)>, Failure> {
    let since = at.plus(-HEARD);
    let of_items = matches!(settings.metric.as_str(), "items_done" | "wip" | "wip_age");
    if settings.scope == Scope::Organisation || of_items {
        let heard = cx.store.freshness(at).await?.into_iter().filter(|it| it.last_received >= since);
        let heard = heard.map(|it| it.health.source).collect();
        return health::stale(cx, &[].into(), &heard, calendar, at).await;
    }
    let services = scope::services(&cx.store, &settings.scope, &cx.org.org).await?;
    let names: Vec<&str> = services.iter().map(|(name, _)| name.as_str()).collect();
    let (steady, mut of_incidents) = cx.store.sources_behind(&names, since).await?;
    if !matches!(settings.metric.as_str(), "failed_deployment_recovery_time" | "change_fail_rate" | "deployment_rework_rate") {
        of_incidents.clear();
    }
    health::stale(cx, &steady, &of_incidents, calendar, at).await
}

/// The receipt of the figure, and the question to ask.
async fn evidence(
    cx: &Cx,
    settings: &Settings,
    known: &'static Definition,
    reading: &Reading,
    at: At,
) -> Result<(Receipt, String), Failure> {
    let zone = cx.org.org.zone_for(&settings.scope);
    let window = match reading {
        Reading::Known(figure) if settings.rule == Rule::OwnRange => measure::weeks_window(figure, at, zone)?,
        _ => Window::days(days(known), at, zone),
    };
    let receipt = trend::receipt_at(cx, known, &settings.scope, &window, at).await?;
    if !settings.is_bad() {
        return Ok((receipt, question::WANTED.to_owned()));
    }
    let mut asked = None;
    if DORA.contains(known) {
        asked = dora::question(&dora::load(cx, &settings.scope, &window, at, &cx.org.org).await?);
    }
    Ok((receipt, asked.unwrap_or(question::of(known.id)).to_owned()))
}

/// Whether the channel is told now of an episode that it has not heard of.
async fn tell(
    cx: &Cx,
    settings: &Settings,
    it: &Subscription,
    memory: &mut Memory,
    reading: &Reading,
    calendar: &WorkCalendar,
    at: At,
) -> Result<bool, Failure> {
    let still = matches!(reading, Reading::Known(known) if known.side != super::judge::Side::Inside);
    if !still || memory.open().is_none_or(|open| open.told.is_some()) {
        return Ok(false);
    }
    let Some(open) = memory.open_mut() else { return Ok(false) };
    let held = if !settings.any_hour && budget::is_quiet(calendar, at) {
        Some(Held::Quiet)
    } else if cx.store.take_alert_place(&it.channel, &message::key(&it.id, open.start), settings.weekly, at).await? {
        None
    } else {
        Some(Held::Budget)
    };
    // Held back for the budget it stays so at night, too.
    open.held = if open.held == Some(Held::Budget) { held.map(|_| Held::Budget) } else { held };
    if held.is_none() {
        (open.told, open.others) = (Some(at), held_back(cx, it, at).await?);
    }
    Ok(held.is_none())
}

/// How many episodes of the channel's other alerts were held back, and how many a week those may be.
async fn held_back(cx: &Cx, it: &Subscription, at: At) -> Result<Option<(u64, u64)>, Failure> {
    let others = cx.store.subscriptions().await?.into_iter();
    let others = others.filter(|other| other.kind == KIND && other.channel == it.channel && other.id != it.id);
    let back = others.map(|other| {
        let weekly = other.settings["weekly"].as_u64().unwrap_or_default();
        (budget::held_back(&Memory::read(&other.memory), at), weekly)
    });
    Ok(back.filter(|(back, _)| *back > 0).reduce(|one, other| (one.0 + other.0, one.1.max(other.1))))
}

/// The messages that should stand, of which something was new in the last week.
async fn posts(cx: &Cx, it: &Subscription, memory: &Memory, at: At) -> Result<Vec<Post>, Failure> {
    let told: Vec<&Episode> = memory.episodes.iter().filter(|episode| episode.told.is_some()).collect();
    if told.is_empty() {
        return Ok(Vec::new());
    }
    let marks = cx.store.marks(&it.id).await?;
    let newest = |episode: &Episode| {
        let marked = marks.iter().filter(|mark| mark.episode == episode.start).map(|mark| mark.at).max();
        episode.told.max(episode.over.as_ref().map(|over| over.at)).max(marked)
    };
    let standing = told.into_iter().filter(|episode| newest(episode).is_some_and(|newest| at.since(newest) < WEEK));
    Ok(standing.map(|episode| post(cx, it, episode, &marks, None)).collect())
}

/// The message of an episode.
pub fn post(cx: &Cx, it: &Subscription, episode: &Episode, marks: &[Mark], snoozed: Option<(At, &str)>) -> Post {
    let org = &cx.org.org;
    let scope = &episode.settings.scope;
    let name = org.scope_name(scope);
    let about = About { id: &it.id, episode, marks, name: &name, zone: org.zone_for(scope), author: &it.author, snoozed };
    Post {
        key: message::key(&it.id, episode.start),
        channel: it.channel.clone(),
        thread_of: None,
        card: message::card(&about),
        not_before: None,
        reminds_of: None,
    }
}

/// What a slot that tells nothing found.
fn said(known: &Definition, memory: &Memory, reading: &Reading) -> String {
    let figure = match reading {
        Reading::Unknown(why) => return format!("Not judged: {why}."),
        Reading::Known(figure) => figure,
    };
    let value = |value: f64| rule::value(known.unit, value);
    let now = format!("{} is {}, limit {}", known.name, value(figure.value), value(figure.limit));
    match memory.open().map(|open| (open.told, open.held)) {
        Some((None, Some(Held::Quiet))) => format!("{now}: held back until the next working morning."),
        Some((None, Some(Held::Budget))) => format!("{now}: held back, the channel heard enough alerts this week."),
        Some((Some(_), _)) => format!("{now}: told already."),
        _ => format!("{now}."),
    }
}
