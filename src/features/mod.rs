//! What pacer answers: one file a command or action, one line in a table.
//!
//! A feature loads facts through [`Cx`], hands them to a pure `compute`, and returns a [`Reply`]. It never talks
//! to Slack: features say, doors send.

use std::sync::Arc;

use futures::future::BoxFuture;

use crate::domain::ask::Ask;
use crate::domain::card::Card;
use crate::domain::form::Form;
use crate::domain::time::At;
use crate::error::Failure;
use crate::store::Store;
use crate::store::org::OrgVersion;

/// What a feature may use: the store inside `run`, the clock's reading, the organisation, who asks.
pub struct Cx {
    /// Facts.
    pub store: Store,
    /// The instant of asking. Facts later than it do not exist.
    pub now: At,
    /// The organisation as in force now.
    pub org: Arc<OrgVersion>,
    /// Who asks; none is the organisation's own view (`pacer ask` without `--as`).
    pub asker: Option<Asker>,
}

/// A person who asks, by Slack id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// Slack user id.
    pub user: String,
    /// Whether this person may do what admins may.
    pub admin: bool,
}

/// What a feature says.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// An answer.
    Card(Box<Card>),
    /// A question back.
    Form(Form),
}

/// A press of a button, or a form sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Press {
    /// The button's value or the form's state: ids only.
    pub value: String,
    /// A form's values by field id; empty for a button.
    pub fields: std::collections::BTreeMap<String, String>,
}

/// What a press leads to; the door carries it out.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Post the card in the channel for everybody, naming who shared it, and replace the private answer by "Shared".
    Share(Box<Card>),
    /// Replace the private answer.
    Replace(Box<Card>),
    /// Show in a modal (update it where the press came from one).
    Modal(Box<Card>),
    /// Ask back in a modal.
    Form(Form),
}

/// A command of `/metrics`.
pub struct Command {
    /// What one types.
    pub name: &'static str,
    /// Its arguments, as help prints them.
    pub usage: &'static str,
    /// One line: what it answers.
    pub summary: &'static str,
    /// Something to type.
    pub example: &'static str,
    /// Shown to the asker only, and refused without one.
    pub private: bool,
    /// Answers it.
    pub run: for<'a> fn(&'a Cx, Ask) -> BoxFuture<'a, Result<Reply, Failure>>,
}

/// A button or form, by the name in its `action_id`.
pub struct Action {
    /// The name.
    pub name: &'static str,
    /// Carries it out.
    pub run: for<'a> fn(&'a Cx, Press) -> BoxFuture<'a, Result<Effect, Failure>>,
}

/// A job of the schedule.
pub struct Job {
    /// Its name: half of the lease's key.
    pub name: &'static str,
    /// Five-field crontab, in UTC.
    pub cron: &'static str,
    /// Does it.
    pub run: for<'a> fn(&'a Cx) -> BoxFuture<'a, Result<(), Failure>>,
}

/// Every command, in the order of help.
pub const COMMANDS: &[Command] = &[];
/// Every button and form.
pub const ACTIONS: &[Action] = &[];
/// Every job.
pub const JOBS: &[Job] = &[];

/// Answers what was typed after `/metrics`: the one way in for Slack, the terminal and tests.
///
/// # Errors
/// What the person can mend as [`Failure::User`], all else as [`Failure::Ours`].
pub async fn answer(cx: &Cx, text: &str) -> Result<Reply, Failure> {
    let _ = (cx, text);
    Err(Failure::Ours(anyhow::anyhow!("not wired yet")))
}

/// Carries out a press of a button or a form sent.
///
/// # Errors
/// As [`answer`]; an action that is not in the table is ours.
pub async fn press(cx: &Cx, action: &str, press: Press) -> Result<Effect, Failure> {
    let known = ACTIONS.iter().find(|known| known.name == action).ok_or_else(|| anyhow::anyhow!("no action `{action}` in the table"))?;
    (known.run)(cx, press).await
}
