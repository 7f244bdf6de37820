//! What Slack says of people of the workspace: who is a bot, who is deactivated, and what their clock shows.
//!
//! The workspace's members are read in pages of 1,000 (Slack's largest), at most a few; the few people who are on none of them are asked
//! for one by one. Nothing of it is kept. Never to be used for addresses or names: those are in `profiles`, of who asks alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::FutureExt;
use serde_json::Value;

use super::Slack;
use super::client::{CallError, Client};
use crate::domain::survey::invite::InSlack;
use crate::features::host::SlackPeople;

/// Members of the workspace a page.
const PAGE: &str = "1000";
/// Pages at most, and members of whom it is asked one by one instead of reading on: a guest of another workspace stands in no
/// page at all, and a form waits for the answer.
const PAGES: usize = 20;
const FEW: usize = 20;

/// What reads them, for features.
pub fn reader(slack: &Slack) -> SlackPeople {
    let client = Arc::clone(&slack.client);
    SlackPeople(Arc::new(move |wanted| {
        let client = Arc::clone(&client);
        async move { read(&client, wanted).await.map_err(|error| error.to_string()) }.boxed()
    }))
}

/// What Slack says of these people; nothing of whom it does not know.
pub(super) async fn read(client: &Client, mut wanted: BTreeSet<String>) -> Result<BTreeMap<String, InSlack>, CallError> {
    let mut known = BTreeMap::new();
    let mut cursor = String::new();
    for page in 0..PAGES {
        if wanted.is_empty() || (page > 0 && wanted.len() <= FEW) {
            break;
        }
        let answer = client.read("users.list", &[("limit", PAGE), ("cursor", &cursor)]).await?;
        for user in answer["members"].as_array().into_iter().flatten() {
            if let Some(id) = user["id"].as_str().filter(|id| wanted.remove(*id)) {
                known.insert(id.to_owned(), said(user, id));
            }
        }
        answer["response_metadata"]["next_cursor"].as_str().unwrap_or_default().clone_into(&mut cursor);
        if cursor.is_empty() {
            break;
        }
    }
    if wanted.len() > FEW {
        tracing::warn!(people = wanted.len(), "Slack lists so many people that some were not looked up: they count as people");
    }
    for id in wanted.iter().take(FEW) {
        match client.user_info(id).await {
            Ok(answer) => drop(known.insert(id.clone(), said(&answer["user"], id))),
            // Slack tells no more of some guests: they are people all the same.
            Err(CallError::Api(code)) => tracing::debug!(code, "somebody could not be looked up"),
            Err(error) => return Err(error),
        }
    }
    Ok(known)
}

fn said(user: &Value, id: &str) -> InSlack {
    InSlack {
        bot: user["is_bot"] == true || id == "USLACKBOT",
        deactivated: user["deleted"] == true,
        zone: user["tz"].as_str().and_then(|zone| zone.parse().ok()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_read_of_a_member() {
        let check = |user: Value, id: &str, bot: bool, deactivated: bool, zone: Option<&str>| {
            let zone = zone.map(|zone| zone.parse().unwrap());
            assert_eq!(said(&user, id), InSlack { bot, deactivated, zone }, "{user}");
        };
        check(json!({"tz": "Asia/Tokyo", "is_bot": false, "deleted": false}), "U1", false, false, Some("Asia/Tokyo"));
        check(json!({"is_bot": true, "tz": null}), "U2", true, false, None);
        check(json!({"deleted": true}), "U3", false, true, None);
        check(json!({"tz": "Mars/Base"}), "USLACKBOT", true, false, None);
    }
}
