//! What pacer answers: one file a command or action, one line in a table.
//!
//! A feature loads facts through [`Cx`], hands them to a pure `compute`, and returns a [`Reply`]. It never talks
//! to Slack: features say, doors send.

mod access;
mod alert;
mod benchmark;
mod digest;
pub mod dora;
mod effort;
pub mod flow;
mod focus;
mod forecast;
pub mod goals;
pub mod groups;
mod health;
mod help;
pub mod home;
pub mod host;
mod investment;
mod kudos;
mod left_out;
mod me;
pub mod memo;
pub mod moves;
mod mywork;
mod portfolio;
mod press;
mod privacy;
pub mod pulse;
pub mod receipts;
mod retention;
mod retro;
mod risk;
mod scope;
mod setup;
mod tables;
mod trend;
mod typed;
mod verdict;
pub mod verify;
mod waiting;
mod whatif;
mod why;

pub use tables::{ACTIONS, AT_START, COMMANDS, JOBS, SEALED, SUBSCRIBED};

use std::sync::Arc;

use futures::future::BoxFuture;

use crate::domain::ask::{self, Ask, CommandWords, Words};
use crate::domain::card::{Card, Line, Scope, SourceHealth};
use crate::domain::form::Form;
use crate::domain::org::Org;
use crate::domain::post::{Post, Said};
use crate::domain::subscription::{Due, Subscription};
use crate::domain::time::At;
use crate::error::{Failure, Kind, UserError};
use crate::store::Store;
use crate::store::keys::KeyDir;
use crate::store::org::OrgVersion;

/// What a feature may use: the store inside `run`, the clock's reading, the organisation, who asks.
pub struct Cx {
    /// Facts.
    pub store: Store,
    /// The instant of asking. Facts later than it do not exist.
    pub now: At,
    /// The organisation as in force now.
    pub org: Arc<OrgVersion>,
    /// How many days raw deliveries are kept.
    pub retention_days: u32,
    /// Who asks; none is the organisation's own view (`pacer ask` without `--as`).
    pub asker: Option<Asker>,
    /// The process that runs this, and its workspace.
    pub host: host::Host,
    /// What was computed a moment ago.
    pub memo: memo::Memo,
    /// The folder of survey keys.
    pub keys: KeyDir,
}

impl Cx {
    /// Who asks or presses, by Slack id; empty: nobody in Slack.
    fn user(&self) -> String {
        self.asker.as_ref().map(|asker| asker.user.clone()).unwrap_or_default()
    }

    /// On what a [memo](memo::Memo) of facts holds: the instant of asking, the organisation, the last delivery. None where it is asked under
    /// another organisation than the one in force. What differs beside, such as another instant, belongs in the name.
    async fn basis(&self, org: &Org) -> Result<Option<String>, Failure> {
        let is_current = std::ptr::eq(org, &raw const self.org.org);
        Ok(if is_current { Some(format!("{} {} {}", self.now, self.org.version, self.store.watermark().await?)) } else { None })
    }

    /// The sources with their latest events as of an instant: what each answer ends with.
    async fn health(&self, at: At) -> Result<Vec<SourceHealth>, Failure> {
        Ok(self.store.freshness(at).await?.into_iter().map(|source| source.health).collect())
    }

    /// Whether they may change or end a subscription: whoever made it, and admins.
    fn may_change(&self, subscription: &Subscription) -> bool {
        self.asker.as_ref().is_some_and(|asker| asker.admin || asker.user == subscription.author)
    }
}

/// A person who asks, by Slack id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// Slack user id.
    pub user: String,
    /// Their address as Slack confirmed it, where it was asked for.
    pub email: Option<String>,
    /// Whether this person may do what admins may.
    pub admin: bool,
    /// The Slack channel or direct message in which they ask.
    pub channel: Option<String>,
}

impl Asker {
    /// The same person in a channel; an empty id is none.
    #[must_use]
    pub fn in_channel(self, channel: &str) -> Self {
        Self { channel: (!channel.is_empty()).then(|| channel.to_owned()), ..self }
    }
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
    /// A form's values by field id, several values as lines; empty for a button.
    pub fields: std::collections::BTreeMap<String, String>,
}

/// What a press leads to; the door carries it out.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Post the card in the channel for everybody, naming who shared it, and replace the private answer by "Shared".
    Share(Box<Card>),
    /// Replace the private answer.
    Replace(Box<Card>),
    /// A private answer of its own, below.
    Answer(Box<Card>),
    /// Show in a modal (update it where the press came from one).
    Modal(Box<Card>),
    /// The same, and in the place of the direct message from which the modal was opened.
    Finish(Box<Card>),
    /// Ask back in a modal.
    Form(Form),
    /// The form that was sent stays, with a sentence under each field that is wrong.
    Wrong(Form, Vec<(String, String)>),
    /// The asker's Home tab as it is now.
    Home(Box<Card>),
    /// Messages in channels, by way of the outbox; then what the person sees.
    Say(Vec<Post>, Box<Effect>),
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
    /// Which words it takes beyond a scope and a window.
    pub words: Words,
    /// The period where none is named: [`PERIOD`] for nearly all.
    pub period: &'static str,
    /// How an answer is counted again under its receipt; none: its answers have none.
    pub recount: Option<receipts::Recount>,
    /// Answers it.
    pub run: for<'a> fn(&'a Cx, Ask) -> BoxFuture<'a, Result<Reply, Failure>>,
}

/// The period where none is named.
pub const PERIOD: &str = "90d";

/// A button or form, by the name in its `action_id`.
pub struct Action {
    /// The name.
    pub name: &'static str,
    /// Carries it out.
    pub run: for<'a> fn(&'a Cx, Press) -> BoxFuture<'a, Result<Effect, Failure>>,
}

/// What came of a job: all that should then stand in Slack.
pub type Done = Result<Vec<Post>, Failure>;

/// A job of the schedule.
pub struct Job {
    /// Its name: half of the lease's key.
    pub name: &'static str,
    /// Five-field crontab, in UTC.
    pub cron: &'static str,
    /// Does it; what should then stand in Slack.
    pub run: for<'a> fn(&'a Cx) -> BoxFuture<'a, Done>,
}

/// What a channel can be subscribed to.
pub struct Subscribed {
    /// Its name: the subscription's kind.
    pub kind: &'static str,
    /// How late a slot may be made up for, in microseconds; later it is skipped, and that is said.
    pub grace: i64,
    /// What it is, as the Home tab and lists name it: "digest of Payments, Mondays at 09:00".
    pub describe: fn(&Org, &Subscription) -> Line,
    /// What a slot says. It may run twice for one slot, and then says the same.
    pub run: for<'a> fn(&'a Cx, &'a Due) -> BoxFuture<'a, Result<Said, Failure>>,
}

/// Answers what was typed after `/metrics`: the one way in for Slack, the terminal and tests.
///
/// # Errors
/// What the person can mend as [`Failure::User`], all else as [`Failure::Ours`].
pub async fn answer(cx: &Cx, text: &str) -> Result<Reply, Failure> {
    let ask = understood(cx, text).await?;
    answer_ask(cx, ask).await
}

/// What was typed, as a question. Boxed, since commands in the table ask it again of a receipt.
fn understood<'a>(cx: &'a Cx, text: &'a str) -> BoxFuture<'a, Result<Ask, Failure>> {
    Box::pin(async move {
        let services = cx.store.services().await?;
        let projects = cx.store.projects().await?;
        let commands: Vec<CommandWords<'_>> =
            COMMANDS.iter().map(|command| CommandWords { name: command.name, words: command.words, period: command.period }).collect();
        let context = ask::Context {
            commands: &commands,
            org: &cx.org.org,
            services: &services,
            projects: &projects,
            now: cx.now,
            default_scope: default_scope(cx),
        };
        Ok(ask::parse(text, &context)?)
    })
}

/// Answers a question that is understood already.
pub async fn answer_ask(cx: &Cx, ask: Ask) -> Result<Reply, Failure> {
    let command = COMMANDS
        .iter()
        .find(|known| known.name == ask.command)
        .ok_or_else(|| anyhow::anyhow!("no command `{}` in the table", ask.command))?;
    if command.private && cx.asker.is_none() {
        let hint = "Ask it in Slack, or with `pacer ask --as USER`.";
        return Err(UserError::new(Kind::NotAllowed, format!("`{}` is about the person who asks.", command.name), hint).into());
    }
    if command.recount.is_some() || command.name == health::COMMAND.name {
        let compares = command.recount.as_ref().is_some_and(|recount| recount.compares);
        let shown = access::Shown { from: ask.window.from, to: ask.window.to, compares };
        access::Sight::of(cx).check(&ask.scope, &cx.org.org, shown)?;
        portfolio::check(cx, &ask.scope).await?;
    }
    (command.run)(cx, ask).await
}

/// The asker's teams together, without those that lie below another of theirs; where they have none the team of the channel, if
/// it shows its figures to them; else the whole organisation.
///
/// Why together: who is in two teams asks about their own work, of which neither team is the whole, and side by side the
/// two would be a comparison that nobody asked for. Each alone is `team:T`.
fn default_scope(cx: &Cx) -> Scope {
    let mine = me::teams(cx);
    if mine.is_empty() {
        let channel = cx.asker.as_ref().and_then(|asker| asker.channel.as_deref());
        let team = channel.and_then(|channel| cx.org.org.team_of_channel(channel)).map(|team| Scope::Team(team.to_string()));
        let sight = access::Sight::of(cx);
        return team.filter(|team| !team.teams().iter().any(|team| sight.hides_team(team))).unwrap_or_default();
    }
    let below = |team: &str| mine.iter().any(|other| *other != team && access::belongs(&cx.org.org, team, other));
    Scope::of_teams(mine.iter().copied().filter(|team| !below(team)))
}

/// The command that a text begins with, as [`answer`] would read it.
fn command_of(text: &str) -> Option<&'static Command> {
    let mut words = text.split_whitespace().skip_while(|word| word.eq_ignore_ascii_case("/metrics"));
    let name = words.next()?;
    COMMANDS.iter().find(|command| command.name.eq_ignore_ascii_case(name))
}

/// What a door must find out about who asks, beyond their id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// By which address tools know them: the question is about them alone.
    pub names: bool,
    /// Whether they are an admin.
    pub admin: bool,
}

impl Needs {
    /// Of what was typed.
    pub fn of_text(text: &str) -> Self {
        let command = command_of(text);
        Self {
            names: command.is_some_and(|it| it.private),
            admin: command.is_some_and(|it| {
                [
                    setup::COMMAND,
                    health::COMMAND,
                    pulse::COMMAND,
                    retro::COMMAND,
                    privacy::COMMAND,
                    investment::COMMAND,
                    risk::COMMAND,
                    goals::COMMAND,
                ]
                .iter()
                .any(|known| known.name == it.name)
            }),
        }
    }

    /// Of a button or form, which may carry a question.
    pub fn of_press(action: &str, value: &str) -> Self {
        let asked = Self::of_text(value);
        Self {
            admin: asked.admin
                || ["setup_", "outbox_", "digest_", "alert_", "pulse_", "retro_", "privacy_", "investment_", "risk_", "goals_"]
                    .iter()
                    .any(|of| action.starts_with(of)),
            ..asked
        }
    }
}

/// Carries out a press of a button or a form sent.
///
/// # Errors
/// As [`answer`]; an action that is not in the table is ours.
pub async fn press(cx: &Cx, action: &str, press: Press) -> Result<Effect, Failure> {
    let known = SEALED
        .iter()
        .chain(ACTIONS)
        .find(|known| known.name == action)
        .ok_or_else(|| anyhow::anyhow!("no action `{action}` in the table"))?;
    (known.run)(cx, press).await
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_in_each_table_are_unique() {
        let unique = |names: Vec<&str>| assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len(), "{names:?}");
        unique(COMMANDS.iter().map(|it| it.name).collect());
        unique(SEALED.iter().chain(ACTIONS).map(|it| it.name).collect());
        unique(JOBS.iter().map(|it| it.name).collect());
        unique(SUBSCRIBED.iter().map(|it| it.kind).collect());
    }
}
