//! `setup`: what is connected, and how does one connect more? Forms for a service, a team, a channel
//! and a portfolio project.
//!
//! A form says the same as an organisation file would: what is sent is written into the text of the organisation as it is, that
//! text is read and checked as any file, and applied from now on as a new version, with who did it. So there is one set of
//! rules, `pacer org export` shows what a form made, and a later `pacer org apply` of an older file is a change that
//! `pacer org preview` tells. Before anything is stored the form comes back once with what would move.
//!
//! Admins only, each press anew: a button may be pressed long after. Without a person (`pacer ask setup`) it only lists.
//!
//! JSON: `services`, each `{"name","teams","repository","declared"}`; `teams`, each
//! `{"id","name","services","people","slack_group","channels","problem"}`; `projects`, each
//! `{"id","name","priority","planned_share","due"}`; `feeds`, each `{"slug","on"}`.

mod card;
mod change;
mod channel;
mod next;
mod overview;
mod project;
mod service;
mod team;

use futures::future::BoxFuture;

use super::{Command, Cx, PERIOD, Reply};
use crate::domain::ask::{Ask, Words, closest};
use crate::error::{Failure, Kind, UserError};
pub use channel::{CHANNEL, CHANNEL_SENT};
pub use project::{PROJECT, PROJECT_CHOSEN, PROJECT_SENT};
pub use service::{SERVICE, SERVICE_CHOSEN, SERVICE_SENT};
pub use team::{TEAM, TEAM_CHOSEN, TEAM_SENT};

/// The registration.
pub const COMMAND: Command = Command {
    name: "setup",
    usage: "[NAME]",
    summary: "for admins: what is connected, and forms to connect a service, a team or a channel, or to change NAME",
    example: "setup",
    private: false,
    words: Words::Names,
    period: PERIOD,
    recount: None,
    run: |cx, ask| -> BoxFuture<'_, _> { Box::pin(run(cx, ask)) },
};

async fn run(cx: &Cx, ask: Ask) -> Result<Reply, Failure> {
    if cx.asker.is_some() {
        admin(cx)?;
    }
    let overview = overview::load(cx).await?;
    let Some(name) = (!ask.words.is_empty()).then(|| ask.words.join(" ")) else {
        return Ok(Reply::Card(Box::new(card::card(&overview, cx))));
    };
    if cx.asker.is_none() {
        let hint = "Forms open in Slack. Here, `pacer org export` prints the organisation as a file to edit and apply.";
        return Err(UserError::new(Kind::NotAllowed, format!("`setup {name}` opens a form."), hint).into());
    }
    let same = |other: &str| other.to_lowercase() == name.to_lowercase();
    if let Some(service) = overview.services.iter().find(|it| same(&it.name)) {
        return Ok(Reply::Form(service::form_of(cx, &service.name).await?));
    }
    if let Some((id, _)) = cx.org.org.team_by(&name).filter(|(_, team)| team.dissolved.is_none()) {
        return Ok(Reply::Form(team::form_of(cx, id).await?));
    }
    if let Some(id) = project::declared(&cx.org.org, &name) {
        return Ok(Reply::Form(project::form_of(cx, &id).await?));
    }
    let known = overview.services.iter().map(|it| it.name.as_str()).chain(cx.org.org.live_teams().map(|(id, _)| id));
    let known = known.chain(cx.org.org.projects.keys().map(String::as_str));
    let near = closest(&name, known.map(|name| (name, name))).map_or_else(String::new, |near| format!(" Did you mean `{near}`?"));
    let hint = "`/metrics setup` lists what there is, and its buttons connect what is new.";
    Err(UserError::new(Kind::UnknownService, format!("I know no service, no team and no portfolio project `{name}`.{near}"), hint).into())
}

/// The admin who asks, by Slack id.
///
/// # Errors
/// Who may, where this person may not.
fn admin(cx: &Cx) -> Result<String, Failure> {
    if let Some(asker) = cx.asker.as_ref().filter(|asker| asker.admin) {
        return Ok(asker.user.clone());
    }
    let error = |hint: &str| UserError::new(Kind::NotAllowed, "Setting up is for pacer's admins.", hint);
    let error = if cx.host.admins.is_empty() {
        error("Ask an admin or owner of this workspace. Are you one? Then Slack did not say so in time: try again.")
    } else {
        error("Ask one of them:").asking(&cx.host.admins)
    };
    Err(error.into())
}

#[cfg(test)]
mod tests;
