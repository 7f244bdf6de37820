//! The workspace's user groups and who is in them, for teams that follow one.
//!
//! Three methods, all read-only: the groups, the members of those asked for, and the members of the workspace, since a group's
//! own list does not say who is a bot or deactivated. The last is read in pages of 1,000 (Slack's largest), to the end only
//! where it must be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::FutureExt;
use serde_json::Value;

use super::Slack;
use super::client::{CallError, Client};
use crate::domain::org::follow::{GroupMembers, SlackGroup};
use crate::features::host::SlackGroups;

/// Members of the workspace a page.
const PAGE: &str = "1000";
/// Pages at most: a million people.
const PAGES: usize = 1_000;

/// What reads them, for features.
pub fn reader(slack: &Slack) -> SlackGroups {
    let client = Arc::clone(&slack.client);
    SlackGroups(Arc::new(move |wanted| {
        let client = Arc::clone(&client);
        async move { read(&client, &wanted).await.map_err(|error| sentence(&error)) }.boxed()
    }))
}

/// Every group of the workspace; those of the ids with their members.
async fn read(client: &Client, wanted: &BTreeSet<String>) -> Result<Vec<SlackGroup>, CallError> {
    let answer = client.read("usergroups.list", &[("include_disabled", "true")]).await?;
    let mut groups: Vec<SlackGroup> = answer["usergroups"].as_array().into_iter().flatten().map(group).collect();
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for group in groups.iter().filter(|group| wanted.contains(&group.id) && !group.archived) {
        let answer = client.read("usergroups.users.list", &[("usergroup", &group.id)]).await;
        match answer {
            Ok(answer) => {
                let users = answer["users"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
                ids.insert(group.id.clone(), users.collect());
            }
            // One group that can't be read is no reason to read none.
            Err(CallError::Api(code)) => tracing::warn!(group = group.id, code, "a user group could not be read"),
            Err(error) => return Err(error),
        }
    }
    let (bots, deactivated) = left_out(client, ids.values().flatten().cloned().collect()).await?;
    for group in &mut groups {
        group.members = ids.remove(&group.id).map(|users| GroupMembers {
            bots: users.intersection(&bots).count(),
            deactivated: users.intersection(&deactivated).count(),
            people: users.into_iter().filter(|user| !bots.contains(user) && !deactivated.contains(user)).collect(),
        });
    }
    Ok(groups)
}

fn group(value: &Value) -> SlackGroup {
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    SlackGroup {
        id: text("id"),
        handle: text("handle"),
        name: text("name"),
        archived: value["date_delete"].as_i64().unwrap_or_default() > 0,
        members: None,
    }
}

/// Which of these members of the workspace are bots, and which are deactivated.
async fn left_out(client: &Client, mut wanted: BTreeSet<String>) -> Result<(BTreeSet<String>, BTreeSet<String>), CallError> {
    let (mut bots, mut deactivated) = (BTreeSet::new(), BTreeSet::new());
    let mut cursor = String::new();
    for _ in 0..PAGES {
        if wanted.is_empty() {
            break;
        }
        let answer = client.read("users.list", &[("limit", PAGE), ("cursor", &cursor)]).await?;
        for user in answer["members"].as_array().into_iter().flatten() {
            let Some(id) = user["id"].as_str().filter(|id| wanted.remove(*id)) else { continue };
            if user["deleted"] == true {
                deactivated.insert(id.to_owned());
            } else if user["is_bot"] == true || id == "USLACKBOT" {
                bots.insert(id.to_owned());
            }
        }
        answer["response_metadata"]["next_cursor"].as_str().unwrap_or_default().clone_into(&mut cursor);
        if cursor.is_empty() {
            break;
        }
    }
    Ok((bots, deactivated))
}

/// Why there is nothing to tell, and what to do, without the full stop.
fn sentence(error: &CallError) -> String {
    match error {
        CallError::Api(code) if code == "missing_scope" => {
            "the bot token lacks the scope usergroups:read: add it under OAuth & Permissions and reinstall the app".into()
        }
        CallError::Api(code) if code == "plan_upgrade_required" => "this workspace's plan has no user groups".into(),
        other => format!("{other}; the next try is within the hour"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_failure_says_what_to_do() {
        let check = |error: CallError, says: &str| assert!(sentence(&error).contains(says), "{}", sentence(&error));
        check(CallError::Api("missing_scope".into()), "usergroups:read");
        check(CallError::Api("plan_upgrade_required".into()), "plan");
        check(CallError::Silent("nothing within 10 s"), "did not answer (nothing within 10 s); the next try is within the hour");
    }
}
