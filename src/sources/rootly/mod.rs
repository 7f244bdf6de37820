//! Rootly's webhooks: incidents from their creation to their end.
//!
//! Each delivery holds the incident whole, with a time for each step; the time of its last change decides. It ends when it is
//! resolved: mitigated, it is still open, since nobody says yet that the service is back for good. In triage it is none yet;
//! cancelled or deleted, it was none after all, and where it never began it is left out. Tests, examples and scheduled
//! maintenance are no incidents; sub-incidents are incidents of their own. On several services it is told for each of them.
//! The signature covers the seconds and the body without anything between. Facts of the format:
//! <https://docs.rootly.com/configuration/webhooks> and its page of event payloads.

use super::incidents::{none_after_all, on_each};
use super::object::{self, Object};
use super::{Headers, Outcome, Read, Source, check_object, signature};
use crate::domain::event::Incident;

/// The registration.
pub const SOURCE: Source = Source {
    slug: "rootly",
    name: "Rootly",
    verify: |headers, body, secrets, now| signature::verify_timed(headers, "X-Rootly-Signature", body, secrets, now),
    delivery_id: |_, body| object::id_in(body, "event/id"),
    check: |_, body| check_object(body),
    parse: |_, body| object::parsed(body, |sent| sent.need_text("event/type"), outcome),
    webhook: true,
    recorded: |_| Headers::default(),
    pages: None,
};

fn outcome(sent: &Object<'_>, kind: &str) -> Read {
    let gone = match kind {
        "incident.created" | "incident.updated" | "incident.mitigated" | "incident.resolved" => false,
        "incident.cancelled" | "incident.deleted" => true,
        _ => return Ok(Outcome::Ignored(format!("pacer uses nothing of `{kind}`"))),
    };
    let (data, sort) = (sent.object("data")?, sent.word("data/kind")?);
    if ["test", "example", "scheduled"].iter().any(|unreal| sort.starts_with(unreal)) {
        return Ok(Outcome::Ignored(format!("`{sort}` is no real incident")));
    }
    let issued = sent.time("event/issued_at")?;
    let version = data.needed("updated_at", data.time("updated_at")?.or(issued))?;
    let status = data.word("status")?;
    let gone = gone || status == "cancelled";
    let began = data.time("started_at")?;
    if gone && began.is_none() {
        return Ok(Outcome::ignored("it was cancelled before it began"));
    }
    if status == "in_triage" {
        return Ok(Outcome::ignored("nobody has confirmed it as an incident yet"));
    }
    let ended = data.time("resolved_at")?.or_else(|| (kind == "incident.resolved").then_some(issued.unwrap_or(version)));
    if matches!(status.as_str(), "resolved" | "closed" | "completed") && ended.is_none() {
        return Ok(Outcome::ignored("the incident is over already, and this does not say since when"));
    }
    let incident = Incident {
        id: data.need_id("id")?,
        service: None,
        repository: None,
        started_at: began.map_or_else(|| data.need_time("created_at"), Ok)?,
        resolved_at: ended,
        deployment: None,
        severity: data.text_or("severity", "name")?,
        title: data.text("title")?,
    };
    let incident = if gone {
        let why = if kind == "incident.deleted" { "deleted" } else { "cancelled" };
        none_after_all(incident, why, data.time("cancelled_at")?.unwrap_or(version))
    } else {
        incident
    };
    Ok(on_each(&incident, data.texts_of("services", "name")?, version))
}

#[cfg(test)]
mod tests;
