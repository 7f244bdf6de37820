//! GitHub's webhooks and its API: deployments and their statuses, pushes, pull requests and reviews, releases, workflow runs,
//! issues.
//!
//! A deployment is known by GitHub's id; each status carries its deployment, so one status is enough and the order of
//! deliveries is immaterial: `updated_at` decides. A release (`release:ID`) is a deployment of another kind, which counts only
//! for a service that says so; a workflow run (`run:ID`) is a run, and likewise. `inactive`, GitHub's own mark on the deployment
//! that a newer one replaced, says nothing about success and is ignored. Facts of the format:
//! <https://docs.github.com/webhooks/webhook-events-and-payloads>.

mod deploys;
mod pages;
mod payload;
mod work;

use std::borrow::Cow;

use payload::Payload;

use super::{Headers, Outcome, Read, Refused, Source, check_kind, check_object, filled, needed, recorded, signature};
use crate::domain::event::Parsed;

/// The registration.
pub const SOURCE: Source = Source {
    slug: "github",
    name: "GitHub",
    verify: |headers, body, secrets, _| signature::verify_github(headers, body, secrets),
    delivery_id: |headers, _| headers.get(DELIVERY).map(Into::into),
    check,
    parse,
    webhook: true,
    recorded: |file_name| recorded::kind(KIND, file_name),
    pages: Some(pages::PAGES),
};

const KIND: &str = "x-github-event";
const DELIVERY: &str = "x-github-delivery";

/// The JSON of a delivery, which GitHub may send as a form's field `payload`.
fn json<'a>(headers: &Headers, body: &'a [u8]) -> Result<Cow<'a, [u8]>, String> {
    if !headers.get("content-type").is_some_and(|kind| kind.trim().starts_with("application/x-www-form-urlencoded")) {
        return Ok(super::without_nul(body));
    }
    let fields: Vec<(String, String)> = serde_urlencoded::from_bytes(body).map_err(|error| format!("the form cannot be read: {error}"))?;
    let payload = fields.into_iter().find(|(name, _)| name == "payload").ok_or("the form has no field `payload`")?;
    Ok(Cow::Owned(super::without_nul(payload.1.as_bytes()).into_owned()))
}

fn check(headers: &Headers, body: &[u8]) -> Result<(), Refused> {
    check_kind(headers, "X-GitHub-Event")?;
    check_object(&json(headers, body).map_err(Refused::Syntax)?)
}

fn parse(headers: &Headers, body: &[u8]) -> Parsed {
    let webhook = || {
        let kind = headers.get(KIND).unwrap_or_default();
        Outcome::parsed(outcome(kind, headers, body), kind)
    };
    super::pages::stored(&pages::PAGES, headers, body).unwrap_or_else(webhook)
}

fn outcome(kind: &str, headers: &Headers, body: &[u8]) -> Read {
    let read = match kind {
        "ping" => return Ok(Outcome::ignored("ping")),
        "deployment" => deploys::deployment,
        "deployment_status" => deploys::deployment_status,
        "release" => deploys::release,
        "workflow_run" => deploys::workflow_run,
        "push" => work::push,
        "pull_request" => work::pull_request,
        "pull_request_review" => work::review,
        "issues" => work::issue,
        other => return Ok(Outcome::Ignored(format!("pacer uses nothing of `{other}` deliveries"))),
    };
    let json = json(headers, body)?;
    let payload: Payload = super::read(&json)?;
    let repository = filled(payload.repository.as_ref().and_then(|repository| repository.full_name.clone()));
    read(payload, &needed(repository, "repository.full_name")?)
}

#[cfg(test)]
mod tests;
