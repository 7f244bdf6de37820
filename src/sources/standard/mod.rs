//! Any sender of Standard Webhooks (<https://www.standardwebhooks.com>) that tells generic events: a deploy script, an
//! internal incident tool, a gateway that turns one format into another.
//!
//! The body is `{"type": "incident.resolved", "timestamp": T, "data": {...}}`, `data` being a generic event as
//! `POST /v1/events` takes it, or the event's fields stand beside `type`. `type` begins with the name of the generic event
//! (`deployment`, `change`, `review`, `incident`, `item`, `activity`, `run`), unless `data` has a `type` that is one. What
//! follows the dot, and `timestamp`, fill in what is missing: `resolved`, `closed` or `done` end an incident or item;
//! `succeeded`, `failed`, `cancelled`, `started` and the like are the status of a deployment or run; `timestamp` is the time of
//! the end, of a beginning that is nowhere said, and the version. Other types are ignored, thin payloads rejected for what they
//! lack.

use serde_json::{Map, Value};

use super::generic::row;
use super::{Headers, Outcome, Read, Source, check_object, signature, without_nul};
use crate::domain::event::Parsed;

/// The registration.
pub const SOURCE: Source = Source {
    slug: "standard",
    name: "Standard Webhooks",
    verify: signature::verify_standard,
    delivery_id: |headers, _| headers.get("webhook-id").map(Into::into),
    check: |_, body| check_object(body),
    parse,
    webhook: true,
    recorded: |_| Headers::default(),
    pages: None,
};

const EVENTS: [&str; 7] = ["deployment", "change", "review", "incident", "item", "activity", "run"];

fn parse(_: &Headers, body: &[u8]) -> Parsed {
    match super::read::<Map<String, Value>>(&without_nul(body)) {
        Ok(sent) => {
            let kind = sent.get("type").and_then(Value::as_str).unwrap_or("event").to_owned();
            Outcome::parsed(outcome(sent, &kind), &kind)
        }
        Err(reason) => Outcome::parsed(Err(reason), "delivery"),
    }
}

fn outcome(mut sent: Map<String, Value>, kind: &str) -> Read {
    let timestamp = sent.remove("timestamp").filter(Value::is_string);
    // The fields may stand beside `type` instead.
    let mut event = match sent.remove("data") {
        Some(Value::Object(data)) => data,
        _ => sent,
    };
    let (named, verb) = kind.split_once('.').unwrap_or((kind, ""));
    let own = event.get("type").and_then(Value::as_str).filter(|own| EVENTS.contains(own));
    let Some(name) = own.or_else(|| EVENTS.into_iter().find(|event| *event == named)).map(str::to_owned) else {
        return Ok(Outcome::Ignored(format!("`{kind}` is no generic event")));
    };
    if let Some(Err(why)) = timestamp.as_ref().and_then(Value::as_str).map(row::Time::parse) {
        return Err(format!("\"timestamp\" {why}"));
    }
    fill(&mut event, &name, verb, timestamp);
    event.insert("type".into(), name.into());
    let stated = row::parse_value(Value::Object(event), 1, false).map_err(|rejected| rejected.reason)?;
    Ok(Outcome::one(stated.event, stated.updated_at))
}

/// Fills in what the verb and the time of the delivery say.
fn fill(event: &mut Map<String, Value>, name: &str, verb: &str, timestamp: Option<Value>) {
    let mut put = |field: &str, value: Option<Value>| {
        if let (Some(value), None | Some(Value::Null)) = (value, event.get(field)) {
            event.insert(field.into(), value);
        }
    };
    let verb = verb.rsplit('.').next().unwrap_or_default().to_lowercase();
    let status = match verb.as_str() {
        "succeeded" | "success" => Some("success"),
        "failed" | "failure" | "errored" => Some("failure"),
        "started" | "created" | "queued" | "running" => Some("pending"),
        // Of a deployment nothing came about: an attempt that failed.
        "cancelled" | "canceled" => Some(if name == "run" { "cancelled" } else { "failure" }),
        _ => None,
    };
    let ended = matches!(verb.as_str(), "resolved" | "closed" | "done");
    match name {
        "deployment" | "run" => {
            put("status", status.map(Into::into));
            let over =
                !matches!(event.get("status").and_then(Value::as_str), None | Some("pending" | "queued" | "in_progress" | "running"));
            let field = if over { "finished_at" } else { "started_at" };
            if !matches!(event.get(field), Some(Value::String(_))) {
                event.extend(timestamp.clone().map(|at| (field.to_owned(), at)));
            }
        }
        "incident" if ended => put("resolved_at", timestamp.clone()),
        "incident" => put("started_at", timestamp.clone()),
        "item" if ended => put("done_at", timestamp.clone()),
        "item" if verb == "created" => put("created_at", timestamp.clone()),
        "activity" | "review" => put("at", timestamp.clone()),
        _ => {}
    }
    if let (Some(at), None | Some(Value::Null)) = (timestamp, event.get("updated_at")) {
        event.insert("updated_at".into(), at);
    }
}

#[cfg(test)]
mod tests;
