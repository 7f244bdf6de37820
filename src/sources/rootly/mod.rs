//! Rootly's outgoing webhooks: incidents from their creation to their end.
//!
//! Each delivery holds the incident whole, with a time for each step; the time of its last change decides. It ends when it is
//! resolved: mitigated, it is still open, since nobody says yet that the service is back for good. In triage it is none yet;
//! cancelled or deleted, it was none after all, and where it never began it is left out. Tests, examples and scheduled
//! maintenance are no incidents; sub-incidents are incidents of their own. On several services it is told for each of them.
//! The signature covers the seconds and the body without anything between. Facts of the format:
//! <https://docs.rootly.com/configuration/webhooks> and its page of event payloads.

use super::incidents::{none_after_all, on_each};
use super::tree::{self, Tree};
use super::{Headers, Outcome, Source, check_object, signature};
use crate::domain::event::Incident;

/// The registration.
pub const SOURCE: Source = Source {
    slug: "rootly",
    name: "Rootly",
    verify: |headers, body, secrets, now| signature::verify_timed(headers, "X-Rootly-Signature", body, secrets, now),
    delivery_id: |_, body| tree::read(body).ok().and_then(|value| Tree::new(&value).text("event/id")),
    check: |_, body| check_object(body),
    parse: |_, body| tree::parsed(body, "event/type", outcome),
    webhook: true,
    recorded: |_| Headers::default(),
    pages: None,
};

fn outcome(sent: Tree<'_>) -> Result<Outcome, String> {
    let kind = sent.need("event/type")?;
    let gone = match kind.as_str() {
        "incident.created" | "incident.updated" | "incident.mitigated" | "incident.resolved" => false,
        "incident.cancelled" | "incident.deleted" => true,
        _ => return Ok(Outcome::Ignored(format!("pacer uses nothing of `{kind}`"))),
    };
    let data = sent.at("data");
    if ["test", "example", "scheduled"].iter().any(|kind| data.word("kind").starts_with(kind)) {
        return Ok(Outcome::Ignored(format!("`{}` is no real incident", data.word("kind"))));
    }
    let issued = sent.time("event/issued_at");
    let version = data.time("updated_at").or(issued).map_or_else(|| data.need_time("updated_at"), Ok)?;
    let status = data.word("status");
    let gone = gone || status == "cancelled";
    let began = data.time("started_at");
    if gone && began.is_none() {
        return Ok(Outcome::ignored("it was cancelled before it began"));
    }
    if status == "in_triage" {
        return Ok(Outcome::ignored("nobody has confirmed it as an incident yet"));
    }
    let ended = data.time("resolved_at").or_else(|| (kind == "incident.resolved").then_some(issued.unwrap_or(version)));
    if matches!(status, "resolved" | "closed" | "completed") && ended.is_none() {
        return Ok(Outcome::ignored("the incident is over already, and this does not say since when"));
    }
    let incident = Incident {
        id: data.need("id")?,
        service: None,
        repository: None,
        started_at: began.map_or_else(|| data.need_time("created_at"), Ok)?,
        resolved_at: ended,
        deployment: None,
        severity: data.text("severity/name").or_else(|| data.text("severity")),
        title: data.text("title"),
    };
    let incident = if gone {
        let why = if kind == "incident.deleted" { "deleted" } else { "cancelled" };
        none_after_all(incident, why, data.time("cancelled_at").unwrap_or(version))
    } else {
        incident
    };
    let services = data.list("services").filter_map(|service| service.text("name")).collect();
    Ok(on_each(&incident, services, version))
}

#[cfg(test)]
mod tests;
