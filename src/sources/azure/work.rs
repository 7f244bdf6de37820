//! Deliveries about work items: `workitem.created`, `updated`, `restored`, `deleted`, `commented`.
//!
//! An update holds what changed under `fields`, and the item as it is now under `revision`.

use super::person;
use crate::domain::event::{Activity, Event, Item};
use crate::sources::object::Object;
use crate::sources::{Outcome, Read};

fn id_of(resource: &Object<'_>) -> Result<String, String> {
    // Of an update `id` is the update's own.
    let id = resource.id("workItemId")?.map_or_else(|| resource.need_id("id"), Ok)?;
    Ok(format!("AB#{id}"))
}

/// The person in a field of a work item: an identity, or name and address in one text.
fn person_in(fields: &Object<'_>, field: &str) -> Result<Option<String>, String> {
    if !fields.is_text(field) {
        return person(&fields.object(field)?);
    }
    let address = |text: &str| Some(text.split_once('<')?.1.split_once('>')?.0.to_owned());
    Ok(fields.text(field)?.map(|text| address(&text).unwrap_or(text)))
}

/// The item as it is now.
pub fn item(sent: &Object<'_>) -> Read {
    let (kind, resource) = (sent.word("eventType")?, sent.object("resource")?);
    let now = resource.object("revision/fields")?;
    if kind == "workitem.updated" && !now.is_some() {
        return Ok(Outcome::ignored("the update does not hold the item; subscribe with all resource details"));
    }
    let fields = if now.is_some() { now } else { resource.object("fields")? };
    let gone = kind == "workitem.deleted";
    let version = fields.time("System.ChangedDate")?.max(if gone { sent.time("createdDate")? } else { None });
    let version = version.map_or_else(|| sent.need_time("createdDate"), Ok)?;
    let state = fields.text("System.State")?;
    let done = gone || matches!(state.as_deref(), Some("Closed" | "Done" | "Completed" | "Removed"));
    // A process may keep no date of closing; then it is when the state changed last.
    let closed = fields.time("Microsoft.VSTS.Common.ClosedDate")?.or(fields.time("Microsoft.VSTS.Common.StateChangeDate")?);
    let item = Item {
        id: id_of(&resource)?,
        project: fields.text("System.TeamProject")?,
        parent: fields.id("System.Parent")?.map(|id| format!("AB#{id}")),
        kind: fields.text("System.WorkItemType")?,
        labels: fields.word("System.Tags")?.split(';').map(str::trim).filter(|tag| !tag.is_empty()).map(Into::into).collect(),
        title: fields.text("System.Title")?,
        created_at: fields.time("System.CreatedDate")?,
        started_at: fields.time("Microsoft.VSTS.Common.ActivatedDate")?,
        done_at: done.then(|| closed.unwrap_or(version)),
        status: if gone { Some("deleted".into()) } else { state },
        assignee: person_in(&fields, "System.AssignedTo")?,
        url: resource.first_text(&["_links/html/href", "revision/_links/html/href"])?,
        ..Item::default()
    };
    Ok(Outcome::one(Event::Item(item), Some(version)))
}

/// Somebody wrote something on an item.
pub fn comment(sent: &Object<'_>) -> Read {
    let resource = sent.object("resource")?;
    let fields = resource.object("fields")?;
    let Some(person) = person_in(&fields, "System.ChangedBy")? else {
        return Ok(Outcome::ignored("it does not say who wrote the comment"));
    };
    let at = fields.time("System.ChangedDate")?.map_or_else(|| sent.need_time("createdDate"), Ok)?;
    let activity = Activity { person, kind: "comment".into(), item: Some(id_of(&resource)?), at };
    Ok(Outcome::one(Event::Activity(activity), Some(at)))
}
