//! What a sandbox workspace is made of: people, channels, tokens, scopes, and where pacer listens.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::time::At;

/// The workspace's clock: real in `demo`, set by hand in tests.
pub type Now = Arc<dyn Fn() -> At + Send + Sync>;

/// Scopes of `manifest.yml`, which the workspace grants unless told otherwise.
pub const SCOPES: &[&str] = &[
    "commands",
    "chat:write",
    "im:write",
    "im:history",
    "users:read",
    "users:read.email",
    "usergroups:read",
    "channels:read",
    "app_mentions:read",
    "assistant:write",
    "files:write",
    "links:read",
    "links:write",
];

/// A member of the workspace.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Person {
    /// `U0ANA`.
    pub id: String,
    /// The handle: `ana`.
    pub name: String,
    /// As shown: `Ana Flores`.
    pub real_name: String,
    /// The address that `users.lookupByEmail` finds.
    pub email: String,
    /// IANA zone.
    pub zone: String,
    /// What the page says beside the name: "lead, Payments".
    pub title: String,
    /// Whether they administer the workspace.
    pub is_admin: bool,
    /// Whether they left: Slack keeps them, deactivated.
    pub is_deactivated: bool,
}

impl Person {
    /// A person in Europe/Berlin, no admin.
    pub fn new(id: &str, name: &str, real_name: &str, title: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            real_name: real_name.to_owned(),
            email: format!("{name}@sample.example"),
            zone: "Europe/Berlin".to_owned(),
            title: title.to_owned(),
            is_admin: false,
            is_deactivated: false,
        }
    }

    /// The same person as an administrator of the workspace.
    #[must_use]
    pub fn admin(mut self) -> Self {
        self.is_admin = true;
        self
    }
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Channel {
    /// `C0GENERAL`.
    pub id: String,
    /// Without the hash.
    pub name: String,
    /// Seen by its members only.
    pub is_private: bool,
    /// Read only.
    pub is_archived: bool,
    /// People in it. Empty means everybody.
    pub members: Vec<String>,
    /// Whether the app was invited.
    pub has_app: bool,
}

impl Channel {
    /// A public channel with everybody in it.
    pub fn public(id: &str, name: &str, has_app: bool) -> Self {
        Self { id: id.to_owned(), name: name.to_owned(), is_private: false, is_archived: false, members: Vec::new(), has_app }
    }

    /// Whether a person sees it.
    pub fn is_seen_by(&self, user: &str) -> bool {
        self.members.is_empty() || self.members.iter().any(|member| member == user)
    }
}

/// A user group, `@payments`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Group {
    /// `S0PAYMENTS`.
    pub id: String,
    /// `payments`.
    pub handle: String,
    /// As shown.
    pub name: String,
    /// Ids of its people.
    pub users: Vec<String>,
    /// Whether it was archived.
    pub is_archived: bool,
}

/// Everything a workspace is started with.
#[derive(Clone)]
pub struct Options {
    /// What time it is.
    pub now: Now,
    /// Workspace id.
    pub team_id: String,
    /// Workspace name.
    pub team_name: String,
    /// The app.
    pub app_id: String,
    /// The app's bot user.
    pub bot_user: String,
    /// The app's bot id.
    pub bot_id: String,
    /// The bot's name as shown.
    pub bot_name: String,
    /// `xoxb-...`.
    pub bot_token: String,
    /// `xapp-...`.
    pub app_token: String,
    /// Signs what is sent to pacer.
    pub signing_secret: String,
    /// Scopes the bot token has.
    pub scopes: Vec<String>,
    /// Members, the first one being whom the page acts as at first.
    pub people: Vec<Person>,
    /// Channels, in the page's order.
    pub channels: Vec<Channel>,
    /// User groups, at first.
    pub groups: Vec<Group>,
    /// Whether `data_visualization` is rolled out to this workspace.
    pub charts: bool,
    /// Whether the app's Messages tab is on: without it the app can't write to people.
    pub messages_tab: bool,
    /// Whether a second message to a channel within one second is answered with 429.
    pub one_message_a_second: bool,
    /// Of a thousand messages, so many are answered with 429 for no reason that the app could know; which ones follows from the seed.
    pub limited_per_mille: u64,
    /// The seed of what happens by chance.
    pub seed: u64,
    /// How long an acknowledgement may take, in real time. Slack's is 3 s.
    pub acknowledge_within: Duration,
    /// The slash command the page hints at.
    pub command: String,
    /// What the page suggests to type first: a few texts after the command.
    pub suggestions: Vec<String>,
}

impl Options {
    /// The sample workspace: an admin, two leads, four developers, eight channels.
    pub fn new(now: Now) -> Self {
        Self {
            now,
            team_id: "T0SANDBOX".to_owned(),
            team_name: "Sample Organisation".to_owned(),
            app_id: "A0PACER".to_owned(),
            bot_user: "U0PACER".to_owned(),
            bot_id: "B0PACER".to_owned(),
            bot_name: "pacer".to_owned(),
            bot_token: "xoxb-sandbox-bot".to_owned(),
            app_token: "xapp-sandbox-app".to_owned(),
            signing_secret: "sandbox-signing-secret".to_owned(),
            scopes: SCOPES.iter().map(|scope| (*scope).to_owned()).collect(),
            people: sample_people(),
            channels: sample_channels(),
            groups: vec![Group {
                id: "S0PAYMENTS".to_owned(),
                handle: "payments-team".to_owned(),
                name: "Payments team".to_owned(),
                users: vec!["U0BEN".to_owned(), "U0CHEN".to_owned()],
                is_archived: false,
            }],
            charts: true,
            messages_tab: true,
            one_message_a_second: false,
            limited_per_mille: 0,
            seed: 0,
            acknowledge_within: Duration::from_secs(3),
            command: "/metrics".to_owned(),
            suggestions: vec!["dora".to_owned(), "help".to_owned()],
        }
    }
}

fn sample_people() -> Vec<Person> {
    vec![
        Person::new("U0ANA", "ana", "Ana Flores", "director, admin").admin(),
        Person::new("U0BEN", "ben", "Ben Okafor", "lead, Payments"),
        Person::new("U0CHEN", "chen", "Chen Wei", "developer, Payments"),
        Person::new("U0DARIA", "daria", "Daria Novak", "lead, Search"),
        Person::new("U0ELIF", "elif", "Elif Kaya", "developer, Search"),
        Person::new("U0FINN", "finn", "Finn Larsen", "developer, Mobile"),
        Person::new("U0GITA", "gita", "Gita Rao", "developer, Platform"),
    ]
}

fn sample_channels() -> Vec<Channel> {
    let mut private = Channel::public("C0LEADS", "leads", true);
    private.is_private = true;
    private.members = ["U0ANA", "U0BEN", "U0DARIA"].map(str::to_owned).to_vec();
    let mut hidden = Channel::public("C0FINANCE", "finance", false);
    hidden.is_private = true;
    hidden.members = vec!["U0ANA".to_owned()];
    let mut archived = Channel::public("C0OLD", "legacy-billing", true);
    archived.is_archived = true;
    vec![
        Channel::public("C0GENERAL", "general", true),
        Channel::public("C0PAYMENTS", "payments", true),
        Channel::public("C0SEARCH", "search", true),
        Channel::public("C0PLATFORM", "platform", true),
        Channel::public("C0RANDOM", "random", false),
        private,
        hidden,
        archived,
    ]
}
