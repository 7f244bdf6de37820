//! [`Host`]: what features are told of the process that runs them and of its workspace.
//!
//! Why a way to Slack stands here although features never talk to Slack: who is in a user group can't be handed over before it
//! is known which teams follow which. The door makes [`SlackGroups`]; a feature only asks it, as it asks the store.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::BoxFuture;

use crate::domain::org::follow::SlackGroup;
use crate::domain::survey::invite::InSlack;

/// Where pacer runs, and with what.
#[derive(Clone, Default)]
pub struct Host {
    /// Where people reach pacer, without a slash at the end.
    pub public_url: Option<String>,
    /// Who may do what admins may, by Slack id; empty: the workspace's admins.
    pub admins: Vec<String>,
    /// The sources that have a webhook.
    pub feeds: Vec<Feed>,
    /// The workspace's user groups; none where Slack is not set up.
    pub slack_groups: Option<SlackGroups>,
    /// The workspace's people; none where Slack is not set up.
    pub slack_people: Option<SlackPeople>,
}

/// A source that delivers by webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feed {
    /// Its name in the path and, in capitals, the setting.
    pub slug: &'static str,
    /// As people write it.
    pub name: &'static str,
    /// Whether its secret is set.
    pub on: bool,
    /// Whether `pacer backfill` reads its API.
    pub backfill: bool,
}

impl Feed {
    /// The setting that holds its secret.
    pub fn setting(&self) -> String {
        if self.slug == "cdevents" { "PACER_EVENTS_TOKEN".into() } else { format!("PACER_{}_SECRET", self.slug.to_uppercase()) }
    }
}

/// Reads every user group of the workspace, those of the ids with their members; or says why not, without the full stop.
#[derive(Clone)]
#[allow(clippy::type_complexity, reason = "a name for it would say no more")]
pub struct SlackGroups(pub Arc<dyn Fn(BTreeSet<String>) -> BoxFuture<'static, Result<Vec<SlackGroup>, String>> + Send + Sync>);

/// Says of these people who is a bot, who is deactivated and in which zone they are; nothing of whom Slack does not know. Or why not,
/// without the full stop.
#[derive(Clone)]
#[allow(clippy::type_complexity, reason = "a name for it would say no more")]
pub struct SlackPeople(pub Arc<dyn Fn(BTreeSet<String>) -> BoxFuture<'static, Result<BTreeMap<String, InSlack>, String>> + Send + Sync>);
