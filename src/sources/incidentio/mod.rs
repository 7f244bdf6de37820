//! incident.io webhooks (V2): incidents as they are accepted, change their status and end.
//!
//! Signed as Standard Webhooks. The status's category decides: `triage` and `declined` are no incidents, `live` and `paused`
//! are open ones, `learning` and `closed` are over, `merged` and `canceled` were none after all. It began when its impact did,
//! where a timestamp says so, else when it was created; it ended at the timestamp "Resolved at", else when its status said so
//! first. Its services are the values of a custom field called service or services (affected, impacted), from the catalog,
//! options or text. Test and tutorial incidents do not count, private ones come without anything but their id. Facts of the
//! format: <https://docs.incident.io/api-reference>, webhooks of incidents V2.

use super::incidents::{none_after_all, on_each};
use super::tree::{self, Tree};
use super::{Headers, Outcome, Source, check_object, signature};
use crate::domain::event::Incident;
use crate::domain::time::At;

/// The registration.
pub const SOURCE: Source = Source {
    slug: "incidentio",
    name: "incident.io",
    verify: signature::verify_standard,
    delivery_id: |headers, _| headers.get("webhook-id").map(Into::into),
    check: |_, body| check_object(body),
    parse: |_, body| tree::parsed(body, "event_type", outcome),
    webhook: true,
    recorded: |_| Headers::default(),
    pages: None,
};

fn outcome(event: Tree<'_>) -> Result<Outcome, String> {
    let kind = event.need("event_type")?;
    // The type names the field that holds what it is about.
    let told = event.at(&kind);
    let (data, before) = match kind.as_str() {
        "public_incident.incident_created_v2" | "public_incident.incident_updated_v2" => (told, None),
        "public_incident.incident_status_updated_v2" => (told.at("incident"), Some(told.word("previous_status/category"))),
        _ if kind.starts_with("private_") => return Ok(Outcome::ignored("a private incident comes without anything but its id")),
        _ => return Ok(Outcome::Ignored(format!("pacer uses nothing of `{kind}`"))),
    };
    if matches!(data.word("mode"), "test" | "tutorial") {
        return Ok(Outcome::ignored("a test or a tutorial is no incident"));
    }
    let category = data.need("incident_status/category")?;
    let version = data.need_time("updated_at")?;
    let incident = incident(data)?;
    let incident = match category.as_str() {
        "triage" => return Ok(Outcome::ignored("nobody has accepted it as an incident yet")),
        "declined" => return Ok(Outcome::ignored("it was declined: it is no incident")),
        "merged" => none_after_all(incident, "merged into another", version),
        "canceled" => none_after_all(incident, "cancelled", version),
        "live" | "paused" => incident,
        "learning" | "closed" => {
            let now = Some(version).filter(|_| before.is_some_and(|category| !matches!(category, "learning" | "closed")));
            let Some(resolved_at) = timestamp(data, |name| name.starts_with("resolved")).or(now) else {
                return Ok(Outcome::ignored("the incident is over already, and this does not say since when"));
            };
            Incident { resolved_at: Some(resolved_at), ..incident }
        }
        other => return Ok(Outcome::Ignored(format!("pacer knows no status category `{other}`"))),
    };
    Ok(on_each(&incident, services(data), version))
}

fn incident(data: Tree<'_>) -> Result<Incident, String> {
    let impact = timestamp(data, |name| name.starts_with("impact start") || name.starts_with("started"));
    Ok(Incident {
        id: data.need("id")?,
        service: None,
        repository: None,
        started_at: impact.map_or_else(|| data.need_time("created_at"), Ok)?,
        resolved_at: None,
        deployment: None,
        severity: data.text("severity/name"),
        title: data.text("name"),
    })
}

/// The first timestamp of the incident with such a name.
fn timestamp(data: Tree<'_>, called: fn(&str) -> bool) -> Option<At> {
    let mut all = data.list("incident_timestamp_values");
    all.find_map(|entry| entry.time("value/value").filter(|_| called(&entry.word("incident_timestamp/name").to_lowercase())))
}

fn services(data: Tree<'_>) -> Vec<String> {
    let fields = data.list("custom_field_entries").filter(|entry| {
        let name = entry.word("custom_field/name").to_lowercase();
        matches!(name.trim_start_matches("affected ").trim_start_matches("impacted "), "service" | "services")
    });
    let value = |value: Tree<'_>| {
        let named = ["value_catalog_entry/name", "value_option/value", "value_text"];
        named.into_iter().find_map(|path| value.text(path))
    };
    fields.flat_map(|field| field.list("values")).filter_map(value).collect()
}

#[cfg(test)]
mod tests;
