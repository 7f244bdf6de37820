//! The workspace's user groups and who is in them, for teams that follow one.
//!
//! Three methods, all read-only: the groups, the members of those asked for, and the members of the workspace ([`people`]), since a
//! group's own list does not say who is a bot or deactivated.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::FutureExt;
use serde_json::Value;

use super::client::{CallError, Client};
use super::{Slack, people};
use crate::domain::org::follow::{GroupMembers, SlackGroup};
use crate::domain::survey::invite::InSlack;
use crate::features::host::SlackGroups;

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
    let known = people::read(client, ids.values().flatten().cloned().collect()).await?;
    let is = |user: &String, what: fn(&InSlack) -> bool| known.get(user).is_some_and(what);
    for group in &mut groups {
        group.members = ids.remove(&group.id).map(|users| GroupMembers {
            bots: users.iter().filter(|user| is(user, |it| it.bot && !it.deactivated)).count(),
            deactivated: users.iter().filter(|user| is(user, |it| it.deactivated)).count(),
            people: users.into_iter().filter(|user| !is(user, |it| it.bot || it.deactivated)).collect(),
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
