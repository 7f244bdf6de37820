//! `chat.*`: posting, changing and removing messages, as strict as Slack about who may post what where.

use serde_json::{Value, json};

use super::super::options::Channel;
use super::super::state::{Message, message_json};
use super::super::{Workspace, blocks};
use super::{Answer, Args, Refused};
use crate::domain::time::SECOND;

/// Letters a message's text may have.
const TEXT_LETTERS: usize = 40_000;

/// The text and blocks of a message: there must be some, and they must be valid. Blocks come back as they were sent.
pub(in super::super) fn content(args: &Args, charts: bool) -> Result<(String, Value), Refused> {
    let text = args.json("text").and_then(Value::as_str).unwrap_or_default().to_owned();
    if text.chars().count() > TEXT_LETTERS {
        return Err(Refused::new("msg_too_long"));
    }
    let sent = match args.json("blocks") {
        Some(Value::String(string)) => serde_json::from_str(string).map_err(|_| Refused::new("invalid_blocks_format"))?,
        Some(value) => value.clone(),
        None => json!([]),
    };
    match sent.as_array().map(Vec::len) {
        None => return Err(Refused::new("invalid_blocks_format")),
        Some(0) if text.trim().is_empty() && args.json("attachments").is_none() => return Err(Refused::new("no_text")),
        Some(0) => {}
        Some(_) => blocks::check_message(&sent, charts)?,
    }
    Ok((text, sent))
}

/// A channel the app may post in. Private ones it is not in do not exist for it.
fn postable(workspace: &Workspace, args: &Args) -> Result<Channel, Refused> {
    let channel = workspace.known_channel(args.need("channel").map_err(|_| Refused::new("channel_not_found"))?)?;
    if channel.is_archived {
        return Err(Refused::new("is_archived"));
    }
    if !channel.has_app {
        return Err(Refused::new("not_in_channel"));
    }
    if channel.id.starts_with('D') && !workspace.options.messages_tab {
        return Err(Refused::new("messages_tab_disabled"));
    }
    Ok(channel)
}

impl Workspace {
    /// The channel of that id or name, unless it is hidden from the app.
    pub(super) fn known_channel(&self, id: &str) -> Result<Channel, Refused> {
        let channel = self.lock().channel(id).ok_or_else(|| Refused::new("channel_not_found"))?;
        if channel.is_private && !channel.has_app { Err(Refused::new("channel_not_found")) } else { Ok(channel) }
    }

    fn keep_rate(&self, channel: &str) -> Result<(), Refused> {
        let now = self.now();
        let mut state = self.lock();
        let last = state.last_post.get(channel).copied();
        if self.options.one_message_a_second && last.is_some_and(|last| now.0 - last.0 < SECOND) {
            return Err(Refused { retry_after_secs: Some(1), ..Refused::new("ratelimited") });
        }
        let chance = state.chance(self.options.seed);
        if chance % 1_000 < self.options.limited_per_mille {
            return Err(Refused {
                retry_after_secs: Some(1 + u32::try_from(chance >> 32).unwrap_or_default() % 3),
                ..Refused::new("ratelimited")
            });
        }
        state.last_post.insert(channel.to_owned(), now);
        Ok(())
    }

    fn app_message(&self, args: &Args, channel: &Channel, only_for: Option<String>) -> Result<Message, Refused> {
        let (text, sent) = content(args, self.options.charts)?;
        self.keep_rate(&channel.id)?;
        let now = self.now();
        let mut state = self.lock();
        let message = Message {
            ts: state.next_ts(now),
            channel: channel.id.clone(),
            user: self.options.bot_user.clone(),
            text,
            blocks: state.identified(&sent),
            thread_ts: args.string("thread_ts").map(str::to_owned),
            only_for,
            metadata: args.json("metadata").cloned(),
            edited: false,
            files: Vec::new(),
        };
        Ok(state.post(message))
    }

    /// The app's own message in a channel, not an ephemeral one.
    fn own_message(&self, args: &Args, error: &str) -> Result<(Channel, Message), Refused> {
        let channel = self.known_channel(args.need("channel").map_err(|_| Refused::new("channel_not_found"))?)?;
        let ts = args.string("ts").ok_or_else(|| Refused::new("message_not_found"))?;
        let found = self.lock().messages.iter().find(|message| message.channel == channel.id && message.ts == ts).cloned();
        let message = found.filter(|message| message.only_for.is_none()).ok_or_else(|| Refused::new("message_not_found"))?;
        if message.user == self.options.bot_user { Ok((channel, message)) } else { Err(Refused::new(error)) }
    }
}

pub(super) fn post_message(workspace: &Workspace, args: &Args) -> Answer {
    let channel = postable(workspace, args)?;
    if let Some(metadata) = args.json("metadata")
        && !(metadata["event_type"].is_string() && metadata["event_payload"].is_object())
    {
        return Err(Refused::new("invalid_metadata_format"));
    }
    let message = workspace.app_message(args, &channel, None)?;
    Ok(json!({"channel": channel.id, "ts": message.ts, "message": message_json(&message, &workspace.options)}))
}

pub(super) fn post_ephemeral(workspace: &Workspace, args: &Args) -> Answer {
    let channel = postable(workspace, args)?;
    let user = args.need("user")?;
    let state = workspace.lock();
    if state.person(user).is_none() {
        return Err(Refused::new("user_not_found"));
    }
    if !channel.is_seen_by(user) {
        return Err(Refused::new("user_not_in_channel"));
    }
    drop(state);
    let message = workspace.app_message(args, &channel, Some(user.to_owned()))?;
    Ok(json!({"message_ts": message.ts}))
}

pub(super) fn update(workspace: &Workspace, args: &Args) -> Answer {
    let (channel, old) = workspace.own_message(args, "cant_update_message")?;
    let (text, sent) = content(args, workspace.options.charts)?;
    let mut state = workspace.lock();
    let blocks = state.identified(&sent);
    let new = Message { text, blocks, edited: true, metadata: args.json("metadata").cloned().or_else(|| old.metadata.clone()), ..old };
    state.replace(&new);
    drop(state);
    Ok(json!({"channel": channel.id, "ts": new.ts, "text": new.text, "message": message_json(&new, &workspace.options)}))
}

pub(super) fn delete(workspace: &Workspace, args: &Args) -> Answer {
    let (channel, old) = workspace.own_message(args, "cant_delete_message")?;
    workspace.lock().messages.retain(|message| message.ts != old.ts);
    Ok(json!({"channel": channel.id, "ts": old.ts}))
}

pub(super) fn permalink(workspace: &Workspace, args: &Args) -> Answer {
    let channel = workspace.known_channel(args.need("channel").map_err(|_| Refused::new("channel_not_found"))?)?;
    let ts = args.string("message_ts").ok_or_else(|| Refused::new("message_not_found"))?;
    let state = workspace.lock();
    if !state.messages.iter().any(|message| message.channel == channel.id && message.ts == ts && message.only_for.is_none()) {
        return Err(Refused::new("message_not_found"));
    }
    let permalink = format!("{}/#/{}/p{}", state.base_url, channel.id, ts.replace('.', ""));
    Ok(json!({"channel": channel.id, "permalink": permalink}))
}
