//! Azure DevOps service hooks: pushes, pull requests, builds and pipeline runs, deployments of release pipelines and of the
//! stages of YAML pipelines, work items.
//!
//! Azure signs nothing, so the proof is the basic authentication that the web hook is given: `user:password` in the setting, or
//! a password that any user may bring. Every payload tells what happened (`eventType`), when (`createdDate`) and the thing as
//! it is now (`resource`). A repository is `project/name`, a work item `AB#5`. Subscribe the webhook with all resource details.
//! Facts of the format: <https://learn.microsoft.com/azure/devops/service-hooks/events>.

mod code;
mod pipelines;
mod work;

use super::tree::{self, Tree};
use super::{Headers, Outcome, Source, check_object, signature};
use crate::domain::machines::is_bot;

/// The registration.
pub const SOURCE: Source = Source {
    slug: "azure",
    name: "Azure DevOps",
    verify: |headers, _, secrets, _| signature::verify_basic(headers, secrets),
    delivery_id,
    check: |_, body| check_object(body),
    parse: |_, body| tree::parsed(body, "eventType", outcome),
    webhook: true,
    recorded: |_| Headers::default(),
    pages: None,
};

type Read = Result<Outcome, String>;

/// The event's id, the subscription's and its own count of notifications: the id alone is the same in every test.
fn delivery_id(_: &Headers, body: &[u8]) -> Option<String> {
    let value = tree::read(body).ok()?;
    let sent = Tree::new(&value);
    let of = |path: &str| sent.text(path).unwrap_or_default();
    Some(format!("{}#{}#{}", sent.text("id")?, of("subscriptionId"), of("notificationId")))
}

fn outcome(sent: Tree<'_>) -> Read {
    let kind = sent.need("eventType")?;
    let read: fn(Tree<'_>) -> Read = match kind.as_str() {
        "git.push" => code::push,
        "git.pullrequest.created" | "git.pullrequest.updated" | "git.pullrequest.merged" => code::pull_request,
        "ms.vss-code.git-pullrequest-comment-event" => code::comment,
        "build.complete" => pipelines::build,
        "ms.vss-pipelines.run-state-changed-event" => pipelines::run,
        "ms.vss-pipelines.stage-state-changed-event" => pipelines::stage,
        "ms.vss-release.deployment-completed-event" => pipelines::release,
        "workitem.created" | "workitem.updated" | "workitem.restored" | "workitem.deleted" => work::item,
        "workitem.commented" => work::comment,
        _ => return Ok(Outcome::Ignored(format!("pacer uses nothing of `{kind}`"))),
    };
    read(sent)
}

/// `project/name`.
fn repository(repository: Tree<'_>) -> Result<String, String> {
    Ok(format!("{}/{}", repository.need("project/name")?, repository.need("name")?))
}

/// As pacer names a person: the account, which is an e-mail address, else the name. Work items write both in one text.
fn person(identity: Tree<'_>) -> Option<String> {
    let written = identity.text("uniqueName").or_else(|| identity.text("displayName"));
    written.or_else(|| {
        let text = identity.text("")?;
        Some(text.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(text.as_str(), |(email, _)| email).to_owned())
    })
}

/// A bot by its account or its name.
fn bot(identity: Tree<'_>) -> bool {
    ["displayName", "uniqueName"].iter().any(|name| is_bot(identity.word(name)))
}

#[cfg(test)]
mod tests;
