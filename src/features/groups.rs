//! Teams that follow a Slack user group: who is in them, read hourly, at each start, and after `pacer org apply`.
//!
//! What a reading changes is decided in [`follow`]; nothing is stored where nothing changed, but for
//! when the groups were read last. A reading that fails changes nothing: it is logged, `setup` says it, and the next one mends it.

use std::collections::BTreeSet;

use futures::future::BoxFuture;

use super::host::Host;
use super::{Cx, Done, Job};
use crate::domain::org::Org;
use crate::domain::org::follow::{self, Following};
use crate::domain::time::At;
use crate::error::Failure;
use crate::store::org::Author;

/// The registration: hourly, away from the full hour.
pub const JOB: Job = Job { name: "slack_groups", cron: "17 * * * *", run: |cx| -> BoxFuture<'_, _> { Box::pin(run(cx)) } };

/// How often a reading is joined to an organisation that changed meanwhile.
const ROUNDS: usize = 3;

async fn run(cx: &Cx) -> Done {
    read(cx).await.map(|_| Vec::new())
}

/// An organisation that is not stored yet, with the members of the groups that its teams would follow anew: for a preview. As
/// it is where Slack does not tell.
pub async fn foreseen(host: &Host, old: &Org, new: Org, now: At) -> Org {
    let before = |id: &str| old.teams.get(id).and_then(|team| team.slack_group.as_ref());
    let others = new.live_teams().filter(|(id, team)| team.slack_group.as_ref() != before(id));
    let wanted: BTreeSet<String> = others.filter_map(|(_, team)| team.slack_group.clone()).collect();
    let Some(groups) = host.slack_groups.as_ref().filter(|_| !wanted.is_empty()) else { return new };
    match (groups.0)(wanted).await {
        Ok(groups) => follow::follow(&new, Ok(&groups), now).0,
        Err(_) => new,
    }
}

/// Reads the groups that teams follow, and stores what changed; how each team came out. None where no team follows one, or
/// Slack is not set up.
pub async fn read(cx: &Cx) -> Result<Vec<Following>, Failure> {
    let newest = cx.store.org_version(cx.store.newest_org().await?).await?;
    let wanted: BTreeSet<String> = newest.org.live_teams().filter_map(|(_, team)| team.slack_group.clone()).collect();
    let Some(groups) = cx.host.slack_groups.as_ref().filter(|_| !wanted.is_empty()) else {
        if wanted.is_empty() && !cx.store.followed().await?.is_empty() {
            cx.store.keep_followed(Vec::new(), cx.now).await?;
        }
        return Ok(Vec::new());
    };
    let told = (groups.0)(wanted).await;
    for _ in 0..ROUNDS {
        let before = cx.store.org_version(cx.store.newest_org().await?).await?;
        let (after, followings) = follow::follow(&before.org, told.as_deref().map_err(String::as_str), cx.now);
        let summary = follow::summary(&followings);
        if cx.store.change_org(&before, after, cx.now, Author::SlackGroup, summary).await?.is_none() {
            continue; // somebody changed the organisation meanwhile
        }
        for it in &followings {
            if let Some(problem) = &it.problem {
                tracing::warn!(team = it.team, group = it.group, "a user group could not be followed: {problem}");
            } else {
                let (people, not_counted) = (it.people, it.not_counted);
                tracing::info!(team = it.team, people, joined = it.joined, left = it.left, not_counted, "a user group was read");
            }
        }
        cx.store.keep_followed(followings.clone(), cx.now).await?;
        return Ok(followings);
    }
    Err(anyhow::anyhow!("the organisation kept changing while the user groups were read").into())
}
