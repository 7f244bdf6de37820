//! [`Subscription`]: a channel that hears from pacer by itself, when, and who asked for it.

use chrono_tz::Tz;
use serde_json::Value;

use super::time::At;

/// A channel that hears from pacer on a schedule.
#[derive(Debug, Clone, PartialEq)]
pub struct Subscription {
    /// Eight base-32 letters.
    pub id: String,
    /// A name in the table SUBSCRIBED: `digest`, `alert`.
    pub kind: String,
    /// Slack id of a channel, or of a person.
    pub channel: String,
    /// Five fields, read in `zone`.
    pub crontab: String,
    /// Where its hours are counted.
    pub zone: Tz,
    /// The kind's own settings.
    pub settings: Value,
    /// What the kind must know of its last slot; null at first.
    pub memory: Value,
    /// Slack id of whoever subscribed the channel.
    pub author: String,
    /// When.
    pub created_at: At,
    /// When its settings or state last changed.
    pub changed_at: At,
    /// Whether it speaks.
    pub state: State,
}

/// Whether a subscription speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It does.
    Active,
    /// Somebody wants it silent, until then or until somebody goes on.
    Paused {
        /// When it goes on by itself.
        until: Option<At>,
        /// Slack id of who paused it.
        by: String,
    },
    /// pacer stopped it, since the channel can't be reached: `is_archived`, `not_in_channel`, ...
    Stopped {
        /// Slack's word.
        why: String,
    },
}

impl Subscription {
    /// Whether it speaks at an instant.
    pub fn speaks(&self, now: At) -> bool {
        match &self.state {
            State::Active => true,
            State::Paused { until, .. } => until.is_some_and(|until| until <= now),
            State::Stopped { .. } => false,
        }
    }
}

/// A slot that is due.
#[derive(Debug, Clone, PartialEq)]
pub struct Due {
    /// Whose.
    pub subscription: Subscription,
    /// When it was due; a run that was missed comes later.
    pub at: At,
}
