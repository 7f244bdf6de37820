//! The workspace's user groups and who is in them, for teams that follow one.
//!
//! Three methods, all read-only: the groups, the members of those asked for, and the members of the workspace, since a group's
//! own list does not say who is a bot or deactivated. The last is read in pages of 1,000 (Slack's largest), at most a few; the
//! few members who are on none of them are asked for one by one.

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
/// Pages at most, and members of whom it is asked one by one instead of reading on: a guest of another workspace stands in no
/// page at all, and a form waits for the answer.
const PAGES: usize = 20;
const FEW: usize = 20;

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
    for page in 0..PAGES {
        if wanted.is_empty() || (page > 0 && wanted.len() <= FEW) {
            break;
        }
        let answer = client.read("users.list", &[("limit", PAGE), ("cursor", &cursor)]).await?;
        for user in answer["members"].as_array().into_iter().flatten() {
            if let Some(id) = user["id"].as_str().filter(|id| wanted.remove(*id)) {
                sort(user, id, &mut bots, &mut deactivated);
            }
        }
        answer["response_metadata"]["next_cursor"].as_str().unwrap_or_default().clone_into(&mut cursor);
        if cursor.is_empty() {
            break;
        }
    }
    if wanted.len() > FEW {
        tracing::warn!(
            members = wanted.len(),
            "Slack lists so many people that some members of groups were not looked up: they count as people"
        );
    }
    for id in wanted.iter().take(FEW) {
        match client.user_info(id).await {
            Ok(answer) => sort(&answer["user"], id, &mut bots, &mut deactivated),
            // Slack tells no more of some guests: they are people all the same.
            Err(CallError::Api(code)) => tracing::debug!(code, "a member of a group could not be looked up"),
            Err(error) => return Err(error),
        }
    }
    Ok((bots, deactivated))
}

/// Notes a member who is a bot or deactivated.
fn sort(user: &Value, id: &str, bots: &mut BTreeSet<String>, deactivated: &mut BTreeSet<String>) {
    if user["deleted"] == true {
        deactivated.insert(id.to_owned());
    } else if user["is_bot"] == true || id == "USLACKBOT" {
        bots.insert(id.to_owned());
    }
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
