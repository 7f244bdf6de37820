//! Alerts as they are kept: found by id, by channel, and who may change one.

use super::memory::Memory;
use super::preview;
use super::rule::Settings;
use super::slot::KIND;
use crate::domain::subscription::Subscription;
use crate::error::{Failure, Kind, UserError};
use crate::features::{Cx, access};
use crate::store::alerts::Mark;

/// An alert with what is known of it.
pub struct Row {
    pub it: Subscription,
    pub settings: Settings,
    pub memory: Memory,
    pub marks: Vec<Mark>,
    /// Whether the asker may see its figures.
    pub open: bool,
}

/// The alerts of a channel, or all of them, in the order they were set.
pub async fn rows(cx: &Cx, channel: Option<&str>) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for it in cx.store.subscriptions().await? {
        if it.kind != KIND || channel.is_some_and(|channel| it.channel != channel) {
            continue;
        }
        if let Ok(settings) = serde_json::from_value::<Settings>(it.settings.clone()) {
            rows.push(row(cx, it, settings).await?);
        }
    }
    Ok(rows)
}

/// An alert with what is known of it.
pub async fn row(cx: &Cx, it: Subscription, settings: Settings) -> Result<Row, Failure> {
    let (memory, marks) = (Memory::read(&it.memory), cx.store.marks(&it.id).await?);
    let open = access::check_days(cx, &settings.scope, preview::DAYS).is_ok();
    Ok(Row { it, settings, memory, marks, open })
}

/// That an alert is not there any more.
pub fn gone() -> UserError {
    UserError::new(Kind::NotUnderstood, "This alert was removed.", "`/metrics alert` lists those of this channel.")
}

/// The alert of that id.
///
/// # Errors
/// Where it was removed.
pub async fn find(cx: &Cx, id: &str) -> Result<(Subscription, Settings), Failure> {
    let it = cx.store.subscription(id).await?.filter(|it| it.kind == KIND).ok_or_else(gone)?;
    let settings = serde_json::from_value(it.settings.clone()).map_err(|_| gone())?;
    Ok((it, settings))
}

/// The alert of that id, if the asker may change it.
///
/// # Errors
/// Whom to ask, where they may not.
pub async fn owned(cx: &Cx, id: &str) -> Result<(Subscription, Settings), Failure> {
    let (it, settings) = find(cx, id).await?;
    if cx.may_change(&it) {
        return Ok((it, settings));
    }
    let hint = "Anybody may snooze it. To change it ask whoever set it, or an admin:";
    let error = UserError::new(Kind::NotAllowed, "An alert is changed by whoever set it, and by admins.", hint);
    Err(error.asking(std::slice::from_ref(&it.author)).into())
}
