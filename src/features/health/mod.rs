//! `health`: is the data fresh and whole, and what mends it where it is not?
//!
//! A source is *silent* where it was not heard for longer than its own usual gap and a day more, at least two working days. The
//! usual gap is the one that 95 % of the gaps between the days on which it was heard are not longer than, over the 90 days before
//! its last delivery (or as long as deliveries are kept), in working time; with fewer than five gaps nothing is said. Deliveries
//! that failed, rows that were refused, incidents without a deployment, deployments without commits, commits without files where
//! files tell services apart, and services without a team are counted over the period, which by default is that of the
//! figures: what is wrong in it bends them. Names without a person are those of the last 90 days. Each finding names the one
//! command that mends it.
//!
//! Names of people whom the organisation file does not know are shown to admins only. Never to be used to tell who feeds tools
//! diligently.
//!
//! It says, too, where messages to Slack wait, and which ones wait for an admin: those that Slack may have taken without saying so.
//!
//! JSON: `findings`, the most pressing first, each `{"kind","subject","count","at_least","since","mend"}`; the kinds are
//! `no_source`, `silent_source`, `waiting_deliveries`, `waiting_messages`, `parked_messages`, `failed_deliveries`, `rejected_rows`,
//! `unlinked_incidents`, `unknown_commits`, `shallow_history`, `commits_without_files`, `unassigned_services`, `unread_group`,
//! `unmapped_people`. `sources`, each
//! `{"source","last_event","last_received","usual_gap_working_seconds","silent_working_seconds","state"}`, state being `fresh`,
//! `silent` or `unclear`. `ignored`, each `{"source","count","reasons"}`.

mod card;
mod compute;
mod organisation;
mod outbox;

use std::collections::BTreeSet;

use futures::future::BoxFuture;

use super::{Command, Cx, PERIOD, Reply, access, dora};
use crate::domain::ask::{Ask, Words};
use crate::domain::calendar::WorkCalendar;
use crate::domain::card::{Line, Scope};
use crate::domain::time::{At, DAY};
use crate::domain::window::Window;
use crate::error::Failure;
use crate::store::sources::Freshness;
use compute::{Facts, Heard};
pub use outbox::{DROP, SEND};

/// The registration.
pub const COMMAND: Command = Command {
    name: "health",
    usage: "[team:T|service:S] [WINDOW]",
    summary: "is the data fresh and whole? what is missing, and the command that mends it",
    example: "health",
    private: false,
    words: Words::None,
    period: PERIOD,
    recount: None,
    run: |cx, ask| -> BoxFuture<'_, _> { Box::pin(run(cx, ask)) },
};

/// Days before a source's last delivery from which its usual gap is told.
const DAYS: i64 = 90;
/// In the place of a service that keeps its figures to its team.
const WITHHELD: &str = "(a team's own)";

async fn run(cx: &Cx, ask: Ask) -> Result<Reply, Failure> {
    dora::refuse_project(&ask.command, &ask.scope)?;
    let facts = load(cx, &ask).await?;
    let calendar = WorkCalendar::new(&cx.org.org.calendar, cx.org.org.zone_for(&ask.scope));
    let health = compute::compute(&facts, &calendar, cx.now);
    let name = cx.org.org.scope_name(&ask.scope);
    let about = card::About { health: &health, ignored: &facts.ignored, ask: &ask, name: &name, now: cx.now };
    let mut card = card::card(&about);
    if facts.outbox.dropped > 0 {
        card.notes.push(outbox::dropped(facts.outbox.dropped));
    }
    if cx.asker.as_ref().is_some_and(|asker| asker.admin) {
        outbox::offer(&mut card, &facts.parked, cx.now, ask.window.zone);
    }
    Ok(Reply::Card(Box::new(card)))
}

/// The verdict for everybody over a period: for the Home tab.
pub(super) async fn verdict(cx: &Cx, window: Window) -> Result<Line, Failure> {
    let ask = Ask { command: "health".into(), scope: Scope::Organisation, window, window_named: false, words: Vec::new() };
    let calendar = WorkCalendar::new(&cx.org.org.calendar, ask.window.zone);
    Ok(card::verdict(&compute::compute(&load(cx, &ask).await?, &calendar, cx.now)))
}

/// A source that has told nothing for longer than it usually does, and for how long in working time: of those that speak as often
/// as people work (`steady`) also one of which too little is known to tell what is usual; the others may be silent because
/// nothing happens. So what figures that rest on it say is not what is.
pub(super) async fn stale(
    cx: &Cx,
    steady: &BTreeSet<String>,
    others: &BTreeSet<String>,
    calendar: &WorkCalendar,
    at: At,
) -> Result<Option<(String, i64)>, Failure> {
    let mut worst: Option<(String, i64)> = None;
    for fresh in cx.store.freshness(at).await? {
        let is_steady = steady.contains(&fresh.health.source);
        if !is_steady && !others.contains(&fresh.health.source) || calendar.between(fresh.last_received, at) <= compute::LEAST_SILENCE {
            continue;
        }
        let known = compute::source(&heard_of(cx, fresh, at).await?, calendar, at);
        let counts = known.state == compute::State::Silent || (is_steady && known.state == compute::State::Unclear);
        if counts && worst.as_ref().is_none_or(|(_, longest)| known.silence > *longest) {
            worst = Some((known.heard.source, known.silence));
        }
    }
    Ok(worst)
}

/// What is known of a scope; of deliveries and people, which belong to no team, what is known of all.
async fn load(cx: &Cx, ask: &Ask) -> Result<Facts, Failure> {
    let (store, org, window) = (&cx.store, &cx.org.org, &ask.window);
    let services = super::scope::services(store, &ask.scope, org).await?;
    let mut facts = Facts { shows_names: cx.asker.as_ref().is_none_or(|asker| asker.admin), ..Facts::default() };
    facts.sources = heard(cx).await?;
    (facts.outbox, facts.parked) = (store.outbox_depth(cx.now).await?, store.parked().await?);
    facts.pending = store.oldest_waiting().await?;
    facts.refused = store.refused(window.from, window.to).await?;
    facts.ignored = store.ignored(window.from, window.to).await?;
    facts.unknowns = store.unknowns(&services, window, cx.now, org).await?;
    let names: Vec<String> = services.into_iter().map(|(name, _)| name).filter(|name| !name.is_empty()).collect();
    let sight = access::Sight::of(cx);
    let open = |name: &String| !sight.hides_in(name, window.from, window.to);
    let seen: Vec<String> = names.iter().filter(|name| open(name)).cloned().collect();
    facts.without_files = store.commits_without_files(&seen, window, org).await?;
    let alive: BTreeSet<&str> = facts.unknowns.iter().filter(|it| it.alive).map(|it| it.service.as_str()).collect();
    let owned = |name: &str| org.owners(name).iter().any(|(_, span)| span.holds(cx.now));
    facts.unassigned = names.iter().filter(|name| alive.contains(name.as_str()) && !owned(name)).cloned().collect();
    let in_scope = |team: &str| match ask.scope.teams() {
        [] => ask.scope == Scope::Organisation,
        teams => teams.iter().any(|above| access::belongs(&cx.org.org, team, above)),
    };
    let unread = store.followed().await?.into_iter().filter(|it| it.problem.is_some() && in_scope(&it.team));
    facts.unread_groups = unread.collect();
    if ask.scope == Scope::Organisation {
        facts.unmapped = org.directory().unmapped(&store.told_since(cx.now.plus(-DAYS * DAY)).await?);
    }
    for unknown in facts.unknowns.iter_mut().filter(|it| !open(&it.service)) {
        unknown.service = WITHHELD.into();
    }
    facts.unknowns.sort_by(|a, b| a.service.cmp(&b.service));
    Ok(facts)
}

/// When each source was heard.
async fn heard(cx: &Cx) -> Result<Vec<Heard>, Failure> {
    let mut sources = Vec::new();
    for fresh in cx.store.freshness(cx.now).await? {
        sources.push(heard_of(cx, fresh, cx.now).await?);
    }
    Ok(sources)
}

/// When a source was heard, as of an instant.
async fn heard_of(cx: &Cx, fresh: Freshness, at: At) -> Result<Heard, Failure> {
    let (source, last_received) = (fresh.health.source, fresh.last_received);
    let days = cx.store.heard(&source, last_received.plus(-DAYS * DAY), last_received.min(at)).await?;
    Ok(Heard { source, last_event: fresh.health.last_event, last_received, days })
}

/// The sources that are silent, by name, each with a few words: "github is silent for 5 working days".
pub(super) async fn silent(cx: &Cx, calendar: &WorkCalendar) -> Result<Vec<(String, String)>, Failure> {
    let facts = Facts { sources: heard(cx).await?, ..Facts::default() };
    let findings = compute::compute(&facts, calendar, cx.now).findings;
    Ok(findings.into_iter().filter(|it| it.kind == "silent_source").map(|it| (it.subject, it.what)).collect())
}

#[cfg(test)]
mod tests;
