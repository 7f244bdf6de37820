//! `PagerDuty`'s V3 webhooks and its REST API: incidents.
//!
//! Each delivery of a kind that changes an incident holds the incident whole, so one is enough and the time of the event
//! decides. Its service is `PagerDuty`'s name of it, which must then be the name of the service that is deployed. It began when
//! it was triggered and ends when it is resolved; reopened, it is open again from the beginning. One that was merged into
//! another is resolved with that as its reason, and is no incident of its own any more. Deliveries about notes, responders,
//! workflows and services change no incident. Facts of the format: the event types and payloads of
//! <https://developer.pagerduty.com/docs/webhooks-overview>.

mod pages;

use super::incidents::none_after_all;
use super::object::{self, Object};
use super::{Fact, Headers, Outcome, Read, Source, check_object, signature};
use crate::domain::event::{Event, Incident, Parsed};
use crate::domain::time::At;

/// The registration.
pub const SOURCE: Source = Source {
    slug: "pagerduty",
    name: "PagerDuty",
    verify: |headers, body, secrets, _| signature::verify_hmac(headers, "X-PagerDuty-Signature", "v1=", body, secrets),
    delivery_id,
    check: |_, body| check_object(body),
    parse,
    webhook: true,
    recorded: |_| Headers::default(),
    pages: Some(pages::PAGES),
};

/// The event's own id, which two subscriptions to the same incident share; `X-Webhook-Id` differs between them.
fn delivery_id(headers: &Headers, body: &[u8]) -> Option<String> {
    object::id_in(body, "event/id").or_else(|| headers.get("x-webhook-id").map(Into::into))
}

fn parse(headers: &Headers, body: &[u8]) -> Parsed {
    let webhook = || object::parsed(body, |sent| sent.need_text("event/event_type"), |sent, kind| outcome(&sent.object("event")?, kind));
    super::pages::stored(&pages::PAGES, headers, body).unwrap_or_else(webhook)
}

fn outcome(event: &Object<'_>, kind: &str) -> Read {
    if kind == "pagey.ping" {
        return Ok(Outcome::ignored("ping"));
    }
    let data = event.object("data")?;
    if !kind.starts_with("incident.") || !data.is("type", "incident")? {
        return Ok(Outcome::Ignored(format!("`{kind}` changes no incident")));
    }
    let at = event.need_time("occurred_at")?;
    let ended = ended(&data)?.or(Some(at).filter(|_| kind == "incident.resolved"));
    if data.is("status", "resolved")? && ended.is_none() {
        return Ok(Outcome::ignored("the incident is resolved already, and this does not say since when"));
    }
    // A triggered incident begins with the event; older payloads leave `created_at` out.
    let began = data.time("created_at")?.or(Some(at).filter(|_| kind == "incident.triggered"));
    Ok(Outcome::one(Event::Incident(incident(&data, began, ended)?), Some(at)))
}

/// When it was resolved, where the incident itself says so.
fn ended(incident: &Object<'_>) -> Result<Option<At>, String> {
    Ok(incident.time("resolved_at")?.or(incident.time("last_status_change_at")?))
}

/// An incident as webhooks and the API state it.
fn incident(data: &Object<'_>, began: Option<At>, ended: Option<At>) -> Result<Incident, String> {
    let is_resolved = data.is("status", "resolved")?;
    let incident = Incident {
        id: data.need_id("id")?,
        service: data.first_text(&["service/summary", "service/id"])?,
        repository: None,
        started_at: data.needed("created_at", began)?,
        resolved_at: ended.filter(|_| is_resolved),
        deployment: None,
        severity: data.first_text(&["priority/summary", "urgency"])?,
        title: data.first_text(&["title", "summary"])?,
    };
    match incident.resolved_at {
        Some(at) if data.is("resolve_reason/type", "merge_resolve_reason")? => {
            let into = data.id("resolve_reason/incident/id")?.unwrap_or_else(|| "another".into());
            Ok(none_after_all(incident, &format!("merged into {into}"), at))
        }
        _ => Ok(incident),
    }
}

/// An incident as the API lists it.
fn listed(data: &Object<'_>) -> Result<Fact, String> {
    let ended = ended(data)?;
    let fact = incident(data, data.time("created_at")?, ended)?;
    Ok((Event::Incident(fact), data.time("updated_at")?.or(ended)))
}

#[cfg(test)]
mod tests;
