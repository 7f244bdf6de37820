//! `focus`: over how many projects is a team's work spread, and do people work on one at a time?
//!
//! From the same shares of time as `investment`. Told are whole weeks, Monday to Monday, of groups of three or more: how many projects a person
//! has in a week, how many different mixes stand side by side, how many days belong to one project, how much came unplanned; each against the
//! same weeks before, with bands that are the organisation's own once eight weeks are known. Teams stand by name, each by itself.
//!
//! Never to be used to rank teams or to judge people: no figure of fewer than three leaves it, and what goes along with less work done is an
//! association, not a cause.
//!
//! JSON: `metrics` with the ids of [`FOCUS`](crate::domain::metric::FOCUS), `n` being weeks; `people`, most in a week; `weeks`
//! `{"known","asked"}`; `bands` `{"ends","provisional"}`; `raised`; `switching`, ids of at most three projects; `by_week`, one for each week
//! asked for, null or `{"people","within","between","ratio","unplanned"}`; `teams`, each
//! `{"id","name","people","weeks","focus_within","focus_ratio","band","raised","reason"}`; `days`, each `{"team","day","projects"}`.

mod card;
mod compute;
mod evidence;

use std::sync::Arc;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use futures::future::BoxFuture;

use super::access::{Shown, Sight, belongs};
use super::effort::{self, Effort};
use super::receipts::{self, Recount};
use super::{Command, Cx, Reply, portfolio};
use crate::domain::ask::{Ask, Words};
use crate::domain::card::{Card, Scope};
use crate::domain::org::Org;
use crate::domain::time::At;
use crate::domain::window::{Window, local};
use crate::domain::words;
use crate::error::{Failure, Kind, UserError};
use crate::store::receipts::Receipt;
use compute::{Focusing, Group, Weeks, compute};
use evidence::evidence;

/// The period where none is named.
const TWELVE_WEEKS: &str = "12w";
/// Weeks that bands rest on at least, however short the period is.
const HISTORY: u64 = 12;
/// Weeks of the strip at most.
const STRIP: usize = 12;

/// The registration.
pub const COMMAND: Command = Command {
    name: "focus",
    usage: "[team:T] [WINDOW]",
    summary: "over how many projects work is spread, and whether people work on one at a time",
    example: "focus team:payments 12w",
    private: false,
    words: Words::None,
    period: TWELVE_WEEKS,
    recount: Some(Recount {
        compares: true,
        card: |cx, receipt| -> BoxFuture<'_, _> { Box::pin(again(cx, receipt)) },
        evidence: |cx, receipt| -> BoxFuture<'_, _> { Box::pin(evidence(cx, receipt)) },
    }),
    run: |cx, ask| -> BoxFuture<'_, _> { Box::pin(run(cx, ask)) },
};

async fn run(cx: &Cx, ask: Ask) -> Result<Reply, Failure> {
    if let Scope::Service(_) | Scope::Project(_) = ask.scope {
        let hint = "Ask for a team, as in `/metrics focus team:NAME`. Where a project's effort goes is `/metrics investment`.";
        return Err(UserError::new(Kind::NotUnderstood, "Focus is of people, who are in teams.", hint).into());
    }
    let read = load(cx, &ask.scope, &ask.window, cx.now, &cx.org.org).await?;
    let receipt = receipts::receipt(cx, &ask, &read.focusing.metrics).await?;
    let card = build(cx, &read, &receipt, &cx.org.org).await?;
    cx.store.keep_receipt(receipt).await?;
    Ok(Reply::Card(Box::new(card)))
}

/// "Search works on about five projects a person and week, thin in two of the last three weeks", where the focus of a scope is at high risk in
/// the weeks to an instant.
pub(super) async fn risk(cx: &Cx, scope: &Scope, to: At) -> Result<Option<String>, Failure> {
    if let Scope::Service(_) | Scope::Project(_) = scope {
        return Ok(None);
    }
    let org = &cx.org.org;
    let window = Window::parse(TWELVE_WEEKS, to, org.zone_for(scope))?;
    let read = load(cx, scope, &window, cx.now, org).await?;
    Ok(card::risk(&read.focusing.whole, &words::capitalised(&org.scope_name(scope))))
}

/// What is told, with what it was told from.
struct Read {
    focusing: Focusing,
    effort: Arc<Effort>,
    asked: Weeks,
    days: Vec<NaiveDate>,
    /// Teams of the scope that are not listed, since they keep their figures to themselves.
    hidden: usize,
}

/// The focus of a scope and window as of an instant, under an organisation.
async fn load(cx: &Cx, scope: &Scope, window: &Window, now: At, org: &Org) -> Result<Read, Failure> {
    let sight = Sight::of(cx);
    sight.check_people(scope, org, Shown { from: window.from, to: window.to, compares: true })?;
    let asked = weeks(scope, window, now, org)?;
    let zone = org.zone_for(scope);
    let effort = effort::load(cx, org, span(&asked, zone), now).await?;
    let below = |team: &str| scope.teams().is_empty() || scope.teams().iter().any(|above| belongs(org, team, above));
    let scopes: Vec<Scope> = org.lowest_teams().map(|id| Scope::Team(id.to_owned())).collect();
    let is_shown = |id: &str| below(id) && !sight.hides_team(id);
    let group = |scope: &'_ Scope, shown: bool| Group {
        id: scope.teams().first().cloned().unwrap_or_default(),
        name: org.scope_name(scope),
        people: people(org, scope, window),
        shown,
        within: Box::new(|_, _| false),
    };
    let teams: Vec<Group<'_>> = scopes
        .iter()
        .map(|team| Group { within: Box::new(effort::within(org, team)), ..group(team, team.teams().iter().all(|id| is_shown(id))) })
        .collect();
    let whole = Group { id: String::new(), within: Box::new(effort::within(org, scope)), ..group(scope, true) };
    let focusing = compute(&effort.ledger, &asked, &whole, &teams);
    let hidden = org.lowest_teams().filter(|id| below(id) && sight.hides_team(id)).count();
    drop((whole, teams));
    let calendar = portfolio::calendar(scope, org);
    let last = &asked.now[asked.now.len().saturating_sub(STRIP)..];
    let days = last.iter().flat_map(|monday| monday.iter_days().take(7)).filter(|day| calendar.is_working(*day)).collect();
    Ok(Read { focusing, effort, asked, days, hidden })
}

/// The weeks of a window that are over, and as many before them.
fn weeks(scope: &Scope, window: &Window, now: At, org: &Org) -> Result<Weeks, Failure> {
    let zone = org.zone_for(scope);
    let spans = portfolio::calendar(scope, org).weeks(window.from, window.to.min(now));
    let mondays: Vec<NaiveDate> = spans.iter().map(|span| local::wall(zone, span.from).date()).collect();
    let Some(first) = mondays.first().copied() else {
        let hint = "Focus is told of weeks that are over, Monday to Sunday: ask for `4w` or more.";
        return Err(UserError::new(Kind::BadWindow, "No whole week of this period is over yet.", hint).into());
    };
    let before = (1..=mondays.len() as u64).rev().filter_map(|back| first.checked_sub_days(Days::new(7 * back))).collect();
    Ok(Weeks { now: mondays, before })
}

/// From when to when the ledger is read: the weeks, those before, and enough for bands.
fn span(asked: &Weeks, zone: chrono_tz::Tz) -> [At; 2] {
    let last = asked.now.last().copied().unwrap_or_default();
    let end = last.checked_add_days(Days::new(7)).unwrap_or(last);
    let begin = end.checked_sub_days(Days::new(7 * HISTORY)).unwrap_or(end);
    let begin = asked.before.first().map_or(begin, |before| begin.min(*before));
    debug_assert_eq!(begin.weekday(), Weekday::Mon, "weeks begin on Mondays");
    [begin, end].map(|day| local::midnight(zone, day))
}

/// How many people are in a scope at some time of a window; none where it is the whole organisation.
fn people(org: &Org, scope: &Scope, window: &Window) -> Option<usize> {
    let within = |span: &crate::domain::org::Span| {
        span.from.is_none_or(|from| from < window.to) && span.until.is_none_or(|until| until > window.from)
    };
    org.people_in(scope).map(|people| people.iter().filter(|spans| spans.iter().any(within)).count())
}

async fn build(cx: &Cx, read: &Read, receipt: &Receipt, org: &Org) -> Result<Card, Failure> {
    let health = cx.health(cx.now).await?;
    Ok(card::card(&card::About {
        focusing: &read.focusing,
        scope: &receipt.scope,
        name: &org.scope_name(&receipt.scope),
        window: &receipt.window,
        days: &read.days,
        weeks: &read.asked.now,
        project: &|id| org.project_name(id),
        hidden: read.hidden,
        problems: &read.effort.problems,
        receipt: &receipt.id,
        health,
    }))
}

/// The card of a receipt, counted again.
async fn again(cx: &Cx, receipt: &Receipt) -> Result<Card, Failure> {
    let org = cx.store.org_version(receipt.org_version).await?;
    let read = load(cx, &receipt.scope, &receipt.window, receipt.asked_at, &org.org).await?;
    build(cx, &read, receipt, &org.org).await
}

#[cfg(test)]
mod tests;
