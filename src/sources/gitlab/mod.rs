//! GitLab's webhooks and its REST API: pushes, merge requests and notes on them, issues and other work items, deployments,
//! pipelines, releases.
//!
//! The kind of a delivery is in its body, so recorded bodies need no headers. A project is known by its full path as it is at
//! the time: `group/app`, whose merge requests are `group/app!12` and issues `group/app#12`. After a rename or transfer its
//! history stays under the old path; a backfill under the new one states it anew.
//!
//! Deliveries are told apart by `Idempotency-Key`, which stays when GitLab sends one again. `X-Gitlab-Event-UUID` is shared
//! by all webhooks of a chain of events and `X-Gitlab-Webhook-UUID` is new with each attempt, so neither is used.
//! Facts of the format: <https://docs.gitlab.com/user/project/integrations/webhook_events/>.

mod deploys;
mod facts;
mod pages;
mod people;
mod work;

use super::object::{self, Object};
use super::{Headers, Outcome, Read, Refused, Source, check_object, filled, recorded, signature};
use crate::domain::event::Parsed;

/// The registration.
pub const SOURCE: Source = Source {
    slug: "gitlab",
    name: "GitLab",
    verify: signature::verify_gitlab,
    delivery_id: |headers, _| filled(headers.get("idempotency-key").map(Into::into)),
    check,
    parse,
    webhook: true,
    recorded: |file_name| recorded::kind(EVENT, file_name),
    pages: Some(pages::PAGES),
};

const EVENT: &str = "x-gitlab-event";

fn check(headers: &Headers, body: &[u8]) -> Result<(), Refused> {
    check_object(body)?;
    let named = Object::parse(body).and_then(|sent| kind(&sent, headers.get(EVENT).unwrap_or_default()));
    if named.is_ok_and(|kind| kind.is_empty()) {
        return Err(Refused::Syntax("neither the header X-Gitlab-Event nor `object_kind` in the body names the event".into()));
    }
    Ok(())
}

fn parse(headers: &Headers, body: &[u8]) -> Parsed {
    let header = headers.get(EVENT).unwrap_or_default();
    let webhook = || object::parsed(body, |sent| kind(sent, header), outcome);
    super::pages::stored(&pages::PAGES, headers, body).unwrap_or_else(webhook)
}

/// The body's own word on what it is, else the header's: `Merge Request Hook`, or a file name's beginning.
fn kind(sent: &Object<'_>, header: &str) -> Result<String, String> {
    let header = || header.trim().to_lowercase().trim_end_matches(" hook").replace(' ', "_");
    Ok(sent.first_text(&["object_kind", "event_name"])?.map_or_else(header, |own| own.to_lowercase()))
}

fn outcome(payload: &Object<'_>, kind: &str) -> Read {
    match kind {
        "push" => work::push(payload),
        "tag_push" => Ok(Outcome::ignored(work::TAGS)),
        "merge_request" => work::merge_request(payload),
        "note" => work::note(payload),
        "issue" | "work_item" => work::issue(payload),
        "deployment" => deploys::deployment(payload),
        "pipeline" => deploys::pipeline(payload),
        "release" => deploys::release(payload),
        "build" | "job" => Ok(Outcome::ignored("a job is told by its pipeline, and a deployment by its own webhook")),
        "project_rename" | "project_transfer" => {
            Ok(Outcome::ignored("the project has another path now; name it in the organisation file and run a backfill"))
        }
        other => Ok(Outcome::Ignored(format!("pacer uses nothing of `{other}` deliveries"))),
    }
}

/// The project's full path.
fn repository(payload: &Object<'_>) -> Result<String, String> {
    payload.need_text("project/path_with_namespace")
}

/// The names of labels: texts in the API, objects with a `title` in webhooks.
fn labels(of: &Object<'_>) -> Result<Vec<String>, String> {
    of.texts("labels").map(Option::unwrap_or_default).or_else(|_| of.texts_of("labels", "title"))
}

#[cfg(test)]
mod tests;
