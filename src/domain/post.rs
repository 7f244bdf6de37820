//! [`Post`]: a message that pacer sends by itself, said as what should stand in Slack rather than as a call.
//!
//! A key names the message. Said for the first time it is posted, said again with other words it is edited, said again with the
//! same it is left alone. So whoever posts says every time all that should stand, and a slot that runs twice repeats nothing.

use super::card::Card;
use super::time::At;

/// A message as it should stand.
#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    /// Names the message for ever: `digest/7f3a9c2k/2026-11-23T08:00:00Z`.
    pub key: String,
    /// Slack id of a channel, or of a person for a direct message.
    pub channel: String,
    /// The key of the message in whose thread it stands.
    pub thread_of: Option<String>,
    /// What it says.
    pub card: Card,
    /// Not sent before; none: at once.
    pub not_before: Option<At>,
    /// The wave of a survey of which it reminds: sent only to who has not answered by then. Its row is marked done either way, and says
    /// nothing of which it was.
    pub reminds_of: Option<String>,
}

/// What came of a slot of a subscription. Its posts, its memory and the slot's end are stored together or not at all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Said {
    /// All that should stand.
    pub posts: Vec<Post>,
    /// What the subscription must know at its next slot, as JSON of its own; none: as before.
    pub memory: Option<serde_json::Value>,
    /// Why nothing was posted, in a sentence: "Nothing changed by more than chance."
    pub quiet: Option<String>,
}
