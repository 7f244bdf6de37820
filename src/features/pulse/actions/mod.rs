//! You said, we do: what was promised after a wave, by whom, until when; or that there will be no action, and why.
//!
//! | file | does |
//! |---|---|
//! | `form` | one is written or changed, by who counts in the group it is for, or leads it |
//! | `press` | it is done, or dropped and why |
//! | `list` | `pulse actions` |
//! | `reminder` | the one direct message to its owner, on the morning it is due |
//!
//! The next wave of a survey waits for an action, or for the reason that there is none. Actions are named and public, but for those
//! of closed teams. Never to be counted by person.
//!
//! JSON, and a row each in CSV: `actions`, each `{"id","team","text","owner","person","due","state","category","cell","wave","why",
//! "settled_on"}`; `person` is the organisation's id of the owner, else the Slack id; `state` is `open`, `done`, `dropped` or `none`,
//! where `text` is the reason.

mod form;
mod list;
mod press;
mod reminder;

pub use reminder::lost as lost_reminders;

use futures::future::BoxFuture;

use crate::domain::ask::Ask;
use crate::domain::card::Scope;
use crate::domain::org::EVERYTHING;
use crate::domain::post::Post;
use crate::domain::time::DAY;
use crate::error::{Failure, Kind, UserError};
use crate::features::retention::MESSAGES_DAYS;
use crate::features::{Action, Cx, Reply, access, me};
use crate::store::survey::{ActionItem, Frozen, State, Wave};

/// "Add an action". Value: `WAVE CELL`.
pub const ADD: Action = Action { name: "pulse_action", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(form::add(cx, press)) } };
/// The form of one. State: `WAVE CELL ID`, with `new:` before the id of one that is not kept yet.
pub const SENT: Action = Action { name: "pulse_action_sent", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(form::sent(cx, press)) } };
/// "Change". Value: its id, as of the next two; ` said` behind it where it was pressed in the reminder.
pub const CHANGE: Action =
    Action { name: "pulse_action_change", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(form::change(cx, press)) } };
/// "Done".
pub const DONE: Action = Action { name: "pulse_action_done", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::done(cx, press)) } };
/// "Drop": asks why.
pub const DROP: Action = Action { name: "pulse_action_drop", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::drop(cx, press)) } };
/// Why it is dropped.
pub const DROPPED: Action =
    Action { name: "pulse_action_dropped", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::dropped(cx, press)) } };

/// `pulse actions`.
pub async fn run(cx: &Cx, ask: &Ask) -> Result<Reply, Failure> {
    Ok(Reply::Card(Box::new(list::load(cx, &ask.scope).await?)))
}

/// The last closed wave of a survey, where nothing was promised after it and nobody said why: the next one waits for that. A wave that
/// showed nothing asks for nothing.
pub async fn unanswered(cx: &Cx, survey: &str) -> Result<Option<Wave>, Failure> {
    let waves = cx.store.waves().await?;
    let last = waves.into_iter().filter(|wave| wave.survey == survey && wave.state == State::Closed).max_by_key(|wave| wave.closed_at);
    let Some(wave) = last else { return Ok(None) };
    let answered = cx.store.actions().await?.iter().any(|it| it.wave == wave.id);
    Ok(if answered || cx.store.cells(&wave.id).await?.is_empty() { None } else { Some(wave) })
}

/// Whether the asker may write an action for a cell: who counts in it, then or now, who leads it or a team above it, and admins.
pub(super) fn may_add(cx: &Cx, frozen: &Frozen, cell: &str) -> bool {
    let Some(asker) = &cx.asker else { return false };
    let (org, tree) = (&cx.org.org, &frozen.tree);
    let counted = |node: usize| tree.path(node).any(|at| tree.nodes()[at].id == cell);
    let is_in = |team: &str| cell == EVERYTHING || access::belongs(org, team, cell);
    asker.admin
        || frozen.invited.iter().any(|(user, node)| *user == asker.user && counted(*node))
        || me::teams(cx).iter().any(|team| is_in(team))
        || me::leads(cx, cell)
}

/// Whether the asker may change an action: its owner, whoever wrote it, and admins.
fn may_change(cx: &Cx, it: &ActionItem) -> bool {
    cx.asker.as_ref().is_some_and(|asker| asker.admin || asker.user == it.owner || asker.user == it.author)
}

/// The action of that id, if it is open and the asker may change it.
async fn open(cx: &Cx, id: &str) -> Result<ActionItem, Failure> {
    let hint = "`/metrics pulse actions` lists those that there are.";
    let gone = || UserError::new(Kind::NotUnderstood, "There is no such action.", hint);
    let it = cx.store.actions().await?.into_iter().find(|it| it.id == id).ok_or_else(gone)?;
    if it.standing != crate::store::survey::Standing::Open {
        return Err(UserError::new(Kind::NotAllowed, format!("This action is {} already.", it.standing.word()), hint).into());
    }
    if !may_change(cx, &it) {
        let message = "An action is changed by its owner, by whoever wrote it, and by admins.";
        return Err(UserError::new(Kind::NotAllowed, message, "Ask one of them:").asking(&[it.owner, it.author]).into());
    }
    Ok(it)
}

/// That somebody else changed it a moment ago.
fn too_late() -> UserError {
    let hint = "`/metrics pulse actions` shows it as it is now.";
    UserError::new(Kind::NotAllowed, "Somebody changed this action a moment ago, so nothing was done.", hint)
}

/// What the results should say now that an action changed. Messages that stand for longer than they are known are left as they are.
async fn told(cx: &Cx, wave: &str) -> Result<Vec<Post>, Failure> {
    let Some(wave) = cx.store.wave(wave).await? else { return Ok(Vec::new()) };
    let known = wave.closed_at.is_some_and(|at| cx.now.since(at) < (MESSAGES_DAYS - 1) * DAY);
    if known { super::results::posts(cx, &wave).await } else { Ok(Vec::new()) }
}

/// What a cell is called.
pub(super) fn cell_name(cx: &Cx, cell: &str) -> String {
    if cell == EVERYTHING { "Whole organisation".into() } else { cx.org.org.scope_name(&Scope::Team(cell.into())) }
}

/// A category's name.
fn category_name(cx: &Cx, id: &str) -> String {
    let known = cx.org.org.survey.with_shipped().into_iter().find(|it| it.id == id);
    known.map_or_else(|| id.to_owned(), |it| it.name)
}

/// The scope of a cell: its zone says which day it is.
fn scope_of(cell: &str) -> Scope {
    if cell == EVERYTHING { Scope::Organisation } else { Scope::Team(cell.into()) }
}
