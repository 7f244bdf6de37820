//! The Home tab: what one sees first in the morning. My teams, what waits for me, what my channels hear, whether the data is whole.
//!
//! Only teams whose figures the person may see, each against itself, in the order of names. What waits is the person's own and shown
//! to nobody else. Figures here have no receipt: opening a tab is no question; the button beside each asks it.

use std::collections::BTreeMap;

use futures::future::BoxFuture;

use super::{Action, COMMANDS, Cx, Effect, Press, SUBSCRIBED, access, dora, health, help, me, pulse, setup, waiting};
use crate::domain::card::{Button, Card, Line, Part, Scope};
use crate::domain::subscription::{State, Subscription};
use crate::domain::window::Window;
use crate::domain::words;
use crate::error::{Failure, Kind, UserError};
use crate::store::lease::Slot;

/// "Pause" and "Go on" beside a subscription. Value: its id, and `on` to go on.
pub const PAUSE: Action = Action { name: "home_pause", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(pause(cx, press)) } };

/// Teams whose figures are shown; the others are named.
const TEAMS: usize = 6;
/// Things that wait, shown of each kind.
const WAITING: usize = 3;
/// Subscriptions shown.
const HEARD: usize = 10;
/// Days of the figures.
const DAYS: u32 = 90;

/// The tab of the asker.
pub async fn home(cx: &Cx) -> Result<Card, Failure> {
    let mut parts = pulse::answer::waiting(cx).await?;
    parts.extend(teams(cx).await?);
    parts.extend(waiting(cx).await?);
    parts.extend(heard(cx).await?);
    parts.push(Part::Heading("Data".into()));
    parts.push(beside(health::verdict(cx, window(cx, &Scope::Organisation)).await?, "Details", "health team:all"));
    parts.push(Part::Heading("Ask".into()));
    let admin = cx.asker.as_ref().is_some_and(|asker| asker.admin);
    let commands = COMMANDS.iter().filter(|command| admin || command.name != setup::COMMAND.name);
    parts.push(Part::List(commands.map(help::line).collect(), Some("/metrics help".into())));
    Ok(Card {
        title: "pacer".into(),
        verdict: Line::plain("Ask with ")
            .code("/metrics")
            .and(" in any channel or direct message; only you see the answer until you share it."),
        parts,
        ..Card::default()
    })
}

fn beside(line: Line, label: &str, ask: &str) -> Part {
    Part::Beside(line, Button { label: label.into(), action: "ask".into(), value: ask.into(), primary: false })
}

async fn teams(cx: &Cx) -> Result<Vec<Part>, Failure> {
    let org = &cx.org.org;
    let mut mine: Vec<(String, &str)> = me::teams(cx).into_iter().map(|id| (org.scope_name(&Scope::Team(id.into())), id)).collect();
    mine.sort();
    let mut parts = vec![Part::Heading(if mine.len() == 1 { "My team" } else { "My teams" }.into())];
    if mine.is_empty() {
        let line = figures(cx, &Scope::Organisation, "The whole organisation").await?;
        parts.push(beside(line, "Details", "dora team:all"));
        parts.push(Part::Text(
            Line::plain("You are in no team that pacer knows. An admin changes that with ").code("/metrics setup").and("."),
        ));
        return Ok(parts);
    }
    for (name, id) in mine.iter().take(TEAMS) {
        let line = figures(cx, &Scope::Team((*id).into()), name).await?;
        parts.push(beside(line, "Details", &format!("dora team:{id}")));
    }
    if let Some(rest) = mine.get(TEAMS..).filter(|rest| !rest.is_empty()) {
        let names: Vec<String> = rest.iter().map(|(name, _)| name.clone()).collect();
        parts.push(Part::Text(Line::plain(format!("Also {}: ", words::join(&names))).code(format!("/metrics dora team:{}", rest[0].1))));
    }
    Ok(parts)
}

async fn figures(cx: &Cx, scope: &Scope, name: &str) -> Result<Line, Failure> {
    let org = &cx.org.org;
    let window = window(cx, scope);
    let shown = access::Shown { from: window.from, to: window.to, compares: true };
    if access::Sight::of(cx).check(scope, org, shown).is_err() {
        return Ok(Line::default()
            .strong(words::capitalised(name))
            .and(": what it owns is of teams that keep their figures to themselves."));
    }
    let figures = dora::load(cx, scope, &window, cx.now, org).await?;
    Ok(dora::brief(&figures, name))
}

fn window(cx: &Cx, scope: &Scope) -> Window {
    Window::days(DAYS, cx.now, cx.org.org.zone_for(scope))
}

async fn waiting(cx: &Cx) -> Result<Vec<Part>, Failure> {
    let Some(me) = me::me(cx).await? else { return Ok(Vec::new()) };
    let changes = cx.store.open_changes_of(cx.now, |change| me.is_in(change)).await?;
    let found = waiting::compute::compute(&changes, |word, source| me.is(word, source), &me.calendar, cx.now);
    let mut parts = vec![Part::Heading("Waiting for me".into()), beside(waiting::card::verdict(&found), "All", "waiting")];
    let lines = waiting::card::lines(&found, WAITING);
    if !lines.is_empty() {
        parts.push(Part::List(lines, Some("/metrics waiting".into())));
    }
    Ok(parts)
}

/// Whether the person made a subscription, or it is of a channel that means a team of theirs; an admin sees all.
fn is_shown(cx: &Cx, it: &Subscription) -> bool {
    let Some(asker) = &cx.asker else { return false };
    let team = cx.org.org.team_of_channel(&it.channel);
    asker.admin
        || it.author == asker.user
        || team.is_some_and(|team| me::teams(cx).iter().any(|own| access::belongs(&cx.org.org, own, team)))
}

async fn heard(cx: &Cx) -> Result<Vec<Part>, Failure> {
    let all: Vec<Subscription> = cx.store.subscriptions().await?.into_iter().filter(|it| is_shown(cx, it)).collect();
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let slots = cx.store.last_outcomes().await?;
    let mut parts = vec![Part::Heading("What my channels hear".into())];
    parts.extend(all.iter().take(HEARD).map(|it| subscription(cx, it, &slots)));
    if let Some(more) = all.len().checked_sub(HEARD).filter(|more| *more > 0) {
        parts.push(Part::Text(Line::plain(format!("And {}: ask in their channels.", words::count(more as u64, "more", "more")))));
    }
    Ok(parts)
}

fn subscription(cx: &Cx, it: &Subscription, slots: &BTreeMap<String, Slot>) -> Part {
    let zone = it.zone;
    let described = SUBSCRIBED.iter().find(|kind| kind.kind == it.kind).map(|kind| (kind.describe)(&cx.org.org, it));
    let mut line = Line::default().mention(it.channel.clone()).and(" ");
    line.0.extend(described.unwrap_or_else(|| Line::plain(it.kind.clone())).0);
    line = match &it.state {
        _ if it.speaks(cx.now) => line,
        State::Paused { until: Some(until), .. } => line.and(format!(" · paused until {}", words::moment(*until, cx.now, zone))),
        State::Paused { .. } => line.and(" · paused"),
        State::Stopped { why } => line.and(" · stopped: Slack says ").code(why.clone()),
        State::Active => line,
    };
    if let Some(slot) = slots.get(&format!("{}/{}", it.kind, it.id)) {
        let when = words::moment(slot.due_at, cx.now, zone);
        line = match (slot.outcome.as_deref().unwrap_or_default(), &slot.note) {
            ("said", _) => line.and(format!(" · spoke {when}")),
            ("quiet", Some(note)) => line.and(format!(" · quiet {when}: {note}")),
            (word @ ("skipped" | "failed"), Some(note)) => line.and(format!(" · {word} {when}: {note}")),
            _ => line,
        };
    }
    let (label, value) = if it.speaks(cx.now) { ("Pause", it.id.clone()) } else { ("Go on", format!("{} on", it.id)) };
    Part::Beside(line, Button { label: label.into(), action: PAUSE.name.into(), value, primary: false })
}

async fn pause(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (id, on) = press.value.split_once(' ').map_or((press.value.as_str(), false), |(id, _)| (id, true));
    let shown = cx.store.subscription(id).await?.is_some_and(|it| is_shown(cx, &it));
    let state = if on { State::Active } else { State::Paused { until: None, by: cx.user() } };
    if !shown || !cx.store.set_subscription_state(id, state, cx.now).await? {
        let message = "This subscription is not here any more.";
        return Err(UserError::new(Kind::NotUnderstood, message, "Open the Home tab again.").into());
    }
    Ok(Effect::Home(Box::new(home(cx).await?)))
}
