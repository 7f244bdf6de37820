//! Azure DevOps' service hooks: pushes, pull requests, builds and pipeline runs, deployments of release pipelines and of the
//! stages of YAML pipelines, work items.
//!
//! Azure signs nothing, so the proof is the basic authentication that the webhook is given: `user:password` in the setting, or
//! a password that any user may bring. Every payload tells what happened (`eventType`), when (`createdDate`) and the thing as
//! it is now (`resource`). A repository is `project/name`, a work item `AB#5`. Subscribe the webhook with all resource details.
//! Facts of the format: <https://learn.microsoft.com/azure/devops/service-hooks/events>.

mod code;
mod pipelines;
mod work;

use super::object::{self, Object};
use super::{Headers, Outcome, Read, Source, check_object, signature};
use crate::domain::machines::is_bot;

/// The registration.
pub const SOURCE: Source = Source {
    slug: "azure",
    name: "Azure DevOps",
    verify: |headers, _, secrets, _| signature::verify_basic(headers, secrets),
    delivery_id,
    check: |_, body| check_object(body),
    parse: |_, body| object::parsed(body, |sent| sent.need_text("eventType"), outcome),
    webhook: true,
    recorded: |_| Headers::default(),
    pages: None,
};

/// The event's id, the subscription's and its own count of notifications: the id alone is the same in every test.
fn delivery_id(_: &Headers, body: &[u8]) -> Option<String> {
    let of = |path: &str| object::id_in(body, path);
    Some(format!("{}#{}#{}", of("id")?, of("subscriptionId").unwrap_or_default(), of("notificationId").unwrap_or_default()))
}

fn outcome(sent: &Object<'_>, kind: &str) -> Read {
    let read: fn(&Object<'_>) -> Read = match kind {
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
fn repository(repository: &Object<'_>) -> Result<String, String> {
    Ok(format!("{}/{}", repository.need_text("project/name")?, repository.need_text("name")?))
}

/// As pacer names a person: the account, which is an e-mail address, else the name.
fn person(identity: &Object<'_>) -> Result<Option<String>, String> {
    identity.first_text(&["uniqueName", "displayName"])
}

/// A bot by its account or its name.
fn bot(identity: &Object<'_>) -> Result<bool, String> {
    Ok(is_bot(&identity.word("displayName")?) || is_bot(&identity.word("uniqueName")?))
}

#[cfg(test)]
mod tests;
