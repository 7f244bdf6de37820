//! What happens to channels, to the app in them and to its token, and how Slack itself fails: the life a bot leads.

use super::{Channel, Fault, Workspace};

impl Workspace {
    /// Invites the app to a channel, as `/invite` does.
    pub fn invite_app(&self, channel: &str) {
        self.change_channel(channel, |it| it.has_app = true);
    }

    /// Removes the app from a channel.
    pub fn remove_app(&self, channel: &str) {
        self.change_channel(channel, |it| it.has_app = false);
    }

    /// Archives a channel.
    pub fn archive(&self, channel: &str) {
        self.change_channel(channel, |it| it.is_archived = true);
    }

    /// Brings an archived channel back.
    pub fn unarchive(&self, channel: &str) {
        self.change_channel(channel, |it| it.is_archived = false);
    }

    /// Renames a channel; its id stays.
    pub fn rename(&self, channel: &str, name: &str) {
        self.change_channel(channel, |it| name.clone_into(&mut it.name));
    }

    /// Makes a channel.
    pub fn put_channel(&self, channel: Channel) {
        let mut state = self.lock();
        state.channels.retain(|known| known.id != channel.id);
        state.channels.push(channel);
        drop(state);
        self.changed();
    }

    /// Deletes a channel.
    pub fn delete_channel(&self, id: &str) {
        self.lock().channels.retain(|known| known.id != id);
        self.changed();
    }

    fn change_channel(&self, channel: &str, change: impl FnOnce(&mut Channel)) {
        if let Some(known) = self.lock().channels.iter_mut().find(|known| known.id == channel || known.name == channel) {
            change(known);
        }
        self.changed();
    }

    /// Refuses the bot token with that error (`token_revoked`, `account_inactive`), or takes it again.
    pub fn refuse_token(&self, error: Option<&str>) {
        self.lock().token_refused = error.map(str::to_owned);
    }

    /// Lets every call meet a fault, until there is none: Slack is down.
    pub fn outage(&self, fault: Option<Fault>) {
        self.lock().outage = fault;
    }

    /// Everything that stands in a channel (id or name) for all: no private message, and nothing that was deleted.
    pub fn standing(&self, channel: &str) -> Vec<super::Message> {
        let state = self.lock();
        let Some(channel) = state.channel(channel) else { return Vec::new() };
        state.messages.iter().filter(|message| message.channel == channel.id && message.only_for.is_none()).cloned().collect()
    }
}
