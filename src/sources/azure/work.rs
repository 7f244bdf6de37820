//! Deliveries about work items: `workitem.created`, `updated`, `restored`, `deleted`, `commented`.
//!
//! An update holds what changed under `fields`, and the item as it is now under `revision`.

use super::super::Outcome;
use super::super::tree::Tree;
use super::{Read, person};
use crate::domain::event::{Activity, Event, Item};

fn id_of(resource: Tree<'_>) -> Result<String, String> {
    // Of an update `id` is the update's own.
    let id = resource.text("workItemId").or_else(|| resource.text("id")).ok_or("it has no resource.id")?;
    Ok(format!("AB#{id}"))
}

/// The item as it is now.
pub fn item(sent: Tree<'_>) -> Read {
    let resource = sent.at("resource");
    let is_update = resource.at("revision/fields").is_some();
    if !is_update && sent.word("eventType") == "workitem.updated" {
        return Ok(Outcome::ignored("the update does not hold the item; subscribe with all resource details"));
    }
    let fields = if is_update { resource.at("revision/fields") } else { resource.at("fields") };
    let gone = (sent.word("eventType") == "workitem.deleted").then(|| "deleted".to_owned());
    let version = fields.time("System.ChangedDate").max(gone.as_ref().and_then(|_| sent.time("createdDate")));
    let version = version.map_or_else(|| sent.need_time("createdDate"), Ok)?;
    let state = fields.text("System.State");
    let done = gone.is_some() || matches!(state.as_deref(), Some("Closed" | "Done" | "Completed" | "Removed"));
    // A process may keep no date of closing; then it is when the state changed last.
    let closed =
        ["Microsoft.VSTS.Common.ClosedDate", "Microsoft.VSTS.Common.StateChangeDate"].into_iter().find_map(|name| fields.time(name));
    let item = Item {
        id: id_of(resource)?,
        project: fields.text("System.TeamProject"),
        parent: fields.text("System.Parent").map(|id| format!("AB#{id}")),
        kind: fields.text("System.WorkItemType"),
        labels: fields.word("System.Tags").split(';').map(str::trim).filter(|tag| !tag.is_empty()).map(Into::into).collect(),
        title: fields.text("System.Title"),
        created_at: fields.time("System.CreatedDate"),
        started_at: fields.time("Microsoft.VSTS.Common.ActivatedDate"),
        done_at: done.then(|| closed.unwrap_or(version)),
        status: gone.or(state),
        assignee: person(fields.at("System.AssignedTo")),
        url: resource.text("_links/html/href").or_else(|| resource.text("revision/_links/html/href")),
        ..Item::default()
    };
    Ok(Outcome::one(Event::Item(item), Some(version)))
}

/// Somebody wrote something on an item.
pub fn comment(sent: Tree<'_>) -> Read {
    let resource = sent.at("resource");
    let fields = resource.at("fields");
    let Some(person) = person(fields.at("System.ChangedBy")) else { return Ok(Outcome::ignored("it does not say who wrote the comment")) };
    let at = fields.time("System.ChangedDate").map_or_else(|| sent.need_time("createdDate"), Ok)?;
    let activity = Activity { person, kind: "comment".into(), item: Some(id_of(resource)?), at };
    Ok(Outcome::one(Event::Activity(activity), Some(at)))
}
