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
use super::tree::{self, Tree};
use super::{Headers, Outcome, Source, check_object, signature};
use crate::domain::event::{Event, Incident, Parsed, Stated};
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
    let event = tree::read(body).ok().and_then(|value| Tree::new(&value).text("event/id"));
    event.or_else(|| headers.get("x-webhook-id").map(Into::into))
}

fn parse(headers: &Headers, body: &[u8]) -> Parsed {
    if let Some(ask) = super::pages::asked(headers) {
        return pages::stored(&ask, body);
    }
    tree::parsed(body, "event/event_type", |sent| outcome(sent.at("event")))
}

fn outcome(event: Tree<'_>) -> Result<Outcome, String> {
    let kind = event.need("event_type")?;
    if kind == "pagey.ping" {
        return Ok(Outcome::ignored("ping"));
    }
    let data = event.at("data");
    if !kind.starts_with("incident.") || data.word("type") != "incident" {
        return Ok(Outcome::Ignored(format!("`{kind}` changes no incident")));
    }
    let at = event.need_time("occurred_at")?;
    let ended = ended(data).or(Some(at).filter(|_| kind == "incident.resolved"));
    if data.word("status") == "resolved" && ended.is_none() {
        return Ok(Outcome::ignored("the incident is resolved already, and this does not say since when"));
    }
    // A triggered incident begins with the event; older payloads leave `created_at` out.
    let began = data.time("created_at").or(Some(at).filter(|_| kind == "incident.triggered"));
    Ok(Outcome::one(Event::Incident(incident(data, began, ended)?), Some(at)))
}

/// When it was resolved, where the incident itself says so.
fn ended(incident: Tree<'_>) -> Option<At> {
    incident.time("resolved_at").or_else(|| incident.time("last_status_change_at"))
}

/// An incident as webhooks and the API state it.
fn incident(data: Tree<'_>, began: Option<At>, ended: Option<At>) -> Result<Incident, String> {
    let incident = Incident {
        id: data.need("id")?,
        service: data.text("service/summary").or_else(|| data.text("service/id")),
        repository: None,
        started_at: began.map_or_else(|| data.need_time("created_at"), Ok)?,
        resolved_at: ended.filter(|_| data.word("status") == "resolved"),
        deployment: None,
        severity: data.text("priority/summary").or_else(|| data.text("urgency")),
        title: data.text("title").or_else(|| data.text("summary")),
    };
    let merged = data.at("resolve_reason");
    match (incident.resolved_at, merged.word("type")) {
        (Some(at), "merge_resolve_reason") => {
            let into = merged.text("incident/id").unwrap_or_else(|| "another".into());
            Ok(none_after_all(incident, &format!("merged into {into}"), at))
        }
        _ => Ok(incident),
    }
}

/// An incident as the API lists it.
fn listed(data: Tree<'_>, line: u64) -> Result<Stated, String> {
    let fact = incident(data, None, ended(data))?;
    Ok(Stated { event: Event::Incident(fact), updated_at: data.time("updated_at").or_else(|| ended(data)), line })
}

#[cfg(test)]
mod tests;
