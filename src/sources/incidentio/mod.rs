//! incident.io's webhooks (V2): incidents as they are accepted, change their status and end.
//!
//! Signed as Standard Webhooks. The status's category decides: `triage` and `declined` are no incidents, `live` and `paused`
//! are open ones, `learning` and `closed` are over, `merged` and `canceled` were none after all. It began when its impact did,
//! where a timestamp says so, else when it was created; it ended at the timestamp "Resolved at", else when its status said so
//! first. Its services are the values of a custom field called service or services (affected, impacted), from the catalog,
//! options or text. Test and tutorial incidents do not count, private ones come without anything but their id. Facts of the
//! format: <https://docs.incident.io/api-reference>, webhooks of incidents V2.

use super::incidents::{none_after_all, on_each};
use super::object::{self, Object};
use super::{Headers, Outcome, Read, Source, check_object, signature};
use crate::domain::event::Incident;
use crate::domain::time::At;

/// The registration.
pub const SOURCE: Source = Source {
    slug: "incidentio",
    name: "incident.io",
    verify: signature::verify_standard,
    delivery_id: |headers, _| headers.get("webhook-id").map(Into::into),
    check: |_, body| check_object(body),
    parse: |_, body| object::parsed(body, |sent| sent.need_text("event_type"), outcome),
    webhook: true,
    recorded: |_| Headers::default(),
    pages: None,
};

fn outcome(event: &Object<'_>, kind: &str) -> Read {
    let (way, is_update) = match kind {
        "public_incident.incident_created_v2" | "public_incident.incident_updated_v2" => (kind.to_owned(), false),
        "public_incident.incident_status_updated_v2" => (format!("{kind}/incident"), true),
        _ if kind.starts_with("private_") => return Ok(Outcome::ignored("a private incident comes without anything but its id")),
        _ => return Ok(Outcome::Ignored(format!("pacer uses nothing of `{kind}`"))),
    };
    // The type names the field that holds what it is about.
    let data = event.object(&way)?;
    if matches!(data.word("mode")?.as_str(), "test" | "tutorial") {
        return Ok(Outcome::ignored("a test or a tutorial is no incident"));
    }
    let category = data.need_text("incident_status/category")?;
    let version = data.need_time("updated_at")?;
    let incident = incident(&data)?;
    let incident = match category.as_str() {
        "triage" => return Ok(Outcome::ignored("nobody has accepted it as an incident yet")),
        "declined" => return Ok(Outcome::ignored("it was declined: it is no incident")),
        "merged" => none_after_all(incident, "merged into another", version),
        "canceled" => none_after_all(incident, "cancelled", version),
        "live" | "paused" => incident,
        "learning" | "closed" => {
            let before = event.word(&format!("{kind}/previous_status/category"))?;
            let now = Some(version).filter(|_| is_update && !matches!(before.as_str(), "learning" | "closed"));
            let Some(resolved_at) = timestamp(&data, |name| name.starts_with("resolved"))?.or(now) else {
                return Ok(Outcome::ignored("the incident is over already, and this does not say since when"));
            };
            Incident { resolved_at: Some(resolved_at), ..incident }
        }
        other => return Ok(Outcome::Ignored(format!("pacer knows no status category `{other}`"))),
    };
    Ok(on_each(&incident, services(&data)?, version))
}

fn incident(data: &Object<'_>) -> Result<Incident, String> {
    let impact = timestamp(data, |name| name.starts_with("impact start") || name.starts_with("started"))?;
    Ok(Incident {
        id: data.need_id("id")?,
        service: None,
        repository: None,
        started_at: impact.map_or_else(|| data.need_time("created_at"), Ok)?,
        resolved_at: None,
        deployment: None,
        severity: data.text("severity/name")?,
        title: data.text("name")?,
    })
}

/// The first timestamp of the incident with such a name.
fn timestamp(data: &Object<'_>, called: fn(&str) -> bool) -> Result<Option<At>, String> {
    for entry in data.objects("incident_timestamp_values")? {
        if let Some(at) = entry.time("value/value")?
            && called(&entry.word("incident_timestamp/name")?.to_lowercase())
        {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

fn services(data: &Object<'_>) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    for entry in data.objects("custom_field_entries")? {
        let name = entry.word("custom_field/name")?.to_lowercase();
        if matches!(name.trim_start_matches("affected ").trim_start_matches("impacted "), "service" | "services") {
            for value in entry.objects("values")? {
                found.extend(value.first_text(&["value_catalog_entry/name", "value_option/value", "value_text"])?);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
