//! GitLab: its webhooks (push, merge request, note, issue and work item, deployment, pipeline, release) and its REST API.
//!
//! The kind of a delivery is in its body, so recorded bodies need no headers. A project is known by its full path as it is at
//! the time: `group/app`, whose merge requests are `group/app!12` and issues `group/app#12`. After a rename or transfer its
//! history stays under the old path; a backfill under the new one states it anew.
//!
//! Deliveries are told apart by `Idempotency-Key`, which stays when GitLab sends one again. `X-Gitlab-Event-UUID` is shared
//! by all webhooks of a chain of events and `X-Gitlab-Webhook-UUID` is new with each attempt, so neither is used.

mod deploys;
mod facts;
mod fields;
mod pages;
mod people;
mod work;

use fields::Fields;
use serde_json::Value;

use super::pages::asked;
use super::{Headers, Outcome, Refused, Source, filled, recorded, signature};
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

/// What a webhook comes to, or why it can't be read.
type Read = Result<Outcome, String>;

fn check(headers: &Headers, body: &[u8]) -> Result<(), Refused> {
    if asked(headers).is_some() {
        return serde_json::from_slice::<serde::de::IgnoredAny>(body)
            .map(drop)
            .map_err(|error| Refused::Syntax(format!("the page is not JSON: {error}")));
    }
    super::check_object(body)?;
    if headers.get(EVENT).is_some_and(|event| !event.trim().is_empty()) {
        return Ok(());
    }
    let payload: Value = serde_json::from_slice(body).unwrap_or_default();
    let named = ["object_kind", "event_name"].iter().any(|name| payload[name].as_str().is_some_and(|kind| !kind.is_empty()));
    if named {
        Ok(())
    } else {
        Err(Refused::Syntax("neither the header X-Gitlab-Event nor `object_kind` in the body names the event".into()))
    }
}

fn parse(headers: &Headers, body: &[u8]) -> Parsed {
    let body = super::without_nul(body);
    if let Some(ask) = asked(headers) {
        return pages::parse(&ask, &body);
    }
    let header = headers.get(EVENT).unwrap_or_default();
    match serde_json::from_slice::<Value>(&body) {
        Err(error) => Outcome::parsed(Err(format!("it cannot be read: {error}")), header),
        Ok(payload) => {
            let kind = kind(&payload, header);
            Outcome::parsed(Fields::of(&payload).and_then(|payload| outcome(&kind, &payload)), &kind)
        }
    }
}

/// The body's own word on what it is, else the header's: `Merge Request Hook`, or a file name's beginning.
fn kind(payload: &Value, header: &str) -> String {
    let own = ["object_kind", "event_name"].iter().find_map(|name| payload[name].as_str().filter(|kind| !kind.is_empty()));
    let header = || header.trim().to_lowercase().trim_end_matches(" hook").replace(' ', "_");
    own.map_or_else(header, str::to_lowercase)
}

fn outcome(kind: &str, payload: &Fields<'_>) -> Read {
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
fn repository(payload: &Fields<'_>) -> Result<String, String> {
    let project = payload.object("project")?;
    project.needed("path_with_namespace", project.text("path_with_namespace")?)
}

#[cfg(test)]
mod tests;
