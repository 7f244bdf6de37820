//! What the workspace remembers: messages, views, triggers, response URLs, faults, calls. All of it in memory.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio::sync::{mpsc, oneshot};

use super::options::{Channel, Group, Options, Person};
use crate::domain::time::{At, SECOND};

/// How many calls and unread messages are kept, the newest.
const KEPT: usize = 20_000;

/// A message as people see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Message {
    /// Its id in the channel, and here in the workspace: `1790000000.000100`.
    pub ts: String,
    /// Channel id.
    pub channel: String,
    /// Author: a person, the bot user, or `USLACKBOT`.
    pub user: String,
    /// Fallback text.
    pub text: String,
    /// Blocks, each with a `block_id`.
    pub blocks: Vec<Value>,
    /// The message it replies to.
    pub thread_ts: Option<String>,
    /// The only person who sees it.
    pub only_for: Option<String>,
    /// Message metadata.
    pub metadata: Option<Value>,
    /// Whether it was changed after it was posted.
    pub edited: bool,
    /// Files shared with it: `id`, `title`, `mimetype`, `url`.
    pub files: Vec<Value>,
}

/// A modal or Home view on somebody's screen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct View {
    /// `V0000001`.
    pub id: String,
    /// Changes with each update.
    pub hash: String,
    /// Whose screen it is on.
    pub user: String,
    /// The first view of its stack.
    pub root: String,
    /// The view under it.
    pub previous: Option<String>,
    /// As the app sent it, with block ids filled in.
    pub body: Value,
    /// Validation errors by block id.
    pub errors: BTreeMap<String, String>,
}

/// A call that reached the Web API or a response URL, or an acknowledgement.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// `chat.postMessage`, `response_url`, `upload`, `ack`.
    pub method: String,
    /// What was sent, with form fields decoded.
    pub body: Value,
    /// What was answered; null where the connection was dropped.
    pub answer: Value,
    /// HTTP status answered; 0 where the connection was dropped.
    pub status: u16,
    /// When, by the workspace's clock.
    pub at: At,
}

/// A scripted fault, used up by one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// 429 with `Retry-After` in seconds.
    RateLimited(u32),
    /// An HTTP status with a body that is not JSON.
    Status(u16),
    /// `{"ok":false,"error":...}`.
    Error(String),
    /// Answer later, in real time.
    Delay(Duration),
    /// The connection drops before anything was done.
    Reset,
    /// It is done, then the connection drops before the answer.
    ResetAfter,
    /// It is done, and the answer comes later, in real time.
    Late(Duration),
    /// It is done, but the answer is half JSON.
    Malformed,
}

pub(super) struct Trigger {
    pub user: String,
    pub at: At,
    pub used: bool,
}

pub(super) struct ResponseUrl {
    pub user: String,
    pub channel: String,
    /// The message it came from, where it did.
    pub origin: Option<String>,
    pub thread_ts: Option<String>,
    pub at: At,
    pub uses: u32,
}

#[derive(Default)]
pub(super) struct Upload {
    pub name: String,
    pub length: usize,
    pub bytes: Option<axum::body::Bytes>,
    pub shared: bool,
}

/// A Socket Mode connection.
pub(super) struct Socket {
    pub id: u64,
    pub frames: mpsc::UnboundedSender<Value>,
}

#[derive(Default)]
pub(super) struct State {
    pub base_url: String,
    pub app_url: Option<String>,
    pub people: Vec<Person>,
    pub channels: Vec<Channel>,
    pub groups: Vec<Group>,
    pub messages: Vec<Message>,
    pub unread: VecDeque<Message>,
    pub modals: HashMap<String, Vec<View>>,
    pub homes: HashMap<String, View>,
    /// What was picked in a message or view, by (user, ts or view id), then block, then action.
    pub picked: HashMap<(String, String), BTreeMap<String, Map<String, Value>>>,
    pub triggers: HashMap<String, Trigger>,
    pub responses: HashMap<String, ResponseUrl>,
    pub uploads: BTreeMap<String, Upload>,
    pub faults: HashMap<String, VecDeque<Fault>>,
    /// What every call meets that no scripted fault does.
    pub outage: Option<Fault>,
    /// Why the bot token is refused.
    pub token_refused: Option<String>,
    pub calls: VecDeque<Call>,
    pub last_post: HashMap<String, At>,
    pub tickets: Vec<String>,
    pub sockets: Vec<Socket>,
    pub pending: HashMap<String, oneshot::Sender<Value>>,
    rolls: u64,
    counter: u64,
    last_ts: i64,
}

impl State {
    pub fn new(options: &Options) -> Self {
        Self {
            base_url: "http://127.0.0.1:8080".to_owned(),
            people: options.people.clone(),
            channels: options.channels.clone(),
            groups: options.groups.clone(),
            ..Self::default()
        }
    }

    /// The next number, for ids.
    pub fn count(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// A timestamp id, later than every one before.
    pub fn next_ts(&mut self, now: At) -> String {
        self.last_ts = now.0.max(self.last_ts + 1);
        format!("{}.{:06}", self.last_ts.div_euclid(SECOND), self.last_ts.rem_euclid(SECOND))
    }

    /// The person of that id.
    pub fn person(&self, id: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.id == id)
    }

    /// The channel of that id or name, direct messages included.
    pub fn channel(&self, id: &str) -> Option<Channel> {
        let name = id.trim_start_matches('#');
        if let Some(channel) = self.channels.iter().find(|channel| channel.id == id || channel.name == name) {
            return Some(channel.clone());
        }
        let person = self.people.iter().find(|person| dm_of(&person.id) == id || person.id == id)?;
        let mut direct = Channel::public(&dm_of(&person.id), &person.name, true);
        direct.is_private = true;
        direct.members = vec![person.id.clone()];
        Some(direct)
    }

    /// Adds a message and, where the app or Slackbot wrote it, makes it unread for tests.
    pub fn post(&mut self, message: Message) -> Message {
        self.note_unread(&message);
        self.messages.push(message.clone());
        message
    }

    /// Puts a message, new or edited, in the queue `next_message` reads.
    pub fn note_unread(&mut self, message: &Message) {
        if self.person(&message.user).is_none() {
            self.unread.push_back(message.clone());
            if self.unread.len() > KEPT {
                self.unread.pop_front();
            }
        }
    }

    /// Puts a changed message in the place of the old one.
    pub fn replace(&mut self, message: &Message) {
        if let Some(old) = self.messages.iter_mut().find(|old| old.ts == message.ts) {
            old.clone_from(message);
        }
        self.note_unread(message);
    }

    /// Writes a call in the log.
    pub fn log(&mut self, call: Call) {
        self.calls.push_back(call);
        if self.calls.len() > KEPT {
            self.calls.pop_front();
        }
    }

    /// The next scripted fault of a method.
    pub fn fault(&mut self, method: &str) -> Option<Fault> {
        self.faults.get_mut(method).and_then(VecDeque::pop_front).or_else(|| self.outage.clone())
    }

    /// The next number by chance, the same each time for a seed: `SplitMix64`.
    pub fn chance(&mut self, seed: u64) -> u64 {
        self.rolls = self.rolls.wrapping_add(1);
        let mut mixed = seed.wrapping_add(self.rolls.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The blocks with a `block_id` and every element with an `action_id`, as Slack fills them in.
    pub fn identified(&mut self, blocks: &Value) -> Vec<Value> {
        let mut blocks = blocks.as_array().cloned().unwrap_or_default();
        for block in &mut blocks {
            if block["block_id"].as_str().is_none() {
                block["block_id"] = json!(format!("b{:04x}", self.count()));
            }
            for name in ["element", "accessory"] {
                if block.get(name).is_some_and(|element| element["type"] != "image" && element["action_id"].as_str().is_none()) {
                    block[name]["action_id"] = json!(format!("a{:04x}", self.count()));
                }
            }
            if block["type"] == "actions" {
                for element in block["elements"].as_array_mut().into_iter().flatten() {
                    if element["action_id"].as_str().is_none() {
                        element["action_id"] = json!(format!("a{:04x}", self.count()));
                    }
                }
            }
        }
        blocks
    }

    /// A new trigger of a person's act.
    pub fn trigger(&mut self, user: &str, now: At) -> String {
        let id = format!("{}.{}.{:016x}", now.0 / 1_000, self.count(), rand::random::<u64>());
        self.triggers.retain(|_, trigger| now.0 - trigger.at.0 < 3_600 * SECOND);
        self.triggers.insert(id.clone(), Trigger { user: user.to_owned(), at: now, used: false });
        id
    }

    /// A new response URL.
    pub fn response_url(&mut self, response: ResponseUrl) -> String {
        let token = format!("{:016x}{:016x}", rand::random::<u64>(), rand::random::<u64>());
        let url = format!("{}/response/{token}", self.base_url);
        self.responses.insert(token, response);
        url
    }

    /// The view of that id, on anybody's screen.
    pub fn view_mut(&mut self, id: &str) -> Option<&mut View> {
        self.modals.values_mut().flatten().chain(self.homes.values_mut()).find(|view| view.id == id)
    }
}

/// The id of a person's direct message with the app.
pub(super) fn dm_of(user: &str) -> String {
    format!("D{}", user.trim_start_matches('U'))
}

/// A message as the Web API shows it.
pub(super) fn message_json(message: &Message, options: &Options) -> Value {
    let mut json = json!({"type": "message", "ts": message.ts, "user": message.user, "text": message.text, "team": options.team_id});
    if message.user == options.bot_user {
        json["bot_id"] = json!(options.bot_id);
        json["app_id"] = json!(options.app_id);
    }
    if !message.blocks.is_empty() {
        json["blocks"] = json!(message.blocks);
    }
    if let Some(thread) = &message.thread_ts {
        json["thread_ts"] = json!(thread);
    }
    if let Some(metadata) = &message.metadata {
        json["metadata"] = metadata.clone();
    }
    if message.edited {
        json["edited"] = json!({"user": message.user, "ts": message.ts});
    }
    if !message.files.is_empty() {
        json["files"] = json!(message.files);
    }
    json
}

/// A view as the Web API and payloads show it.
pub(super) fn view_json(view: &View, options: &Options) -> Value {
    let mut json = view.body.clone();
    let defaults = json!({"private_metadata": "", "callback_id": "", "external_id": "", "clear_on_close": false, "notify_on_close": false});
    for (name, value) in defaults.as_object().into_iter().flatten() {
        if json.get(name).is_none() {
            json[name] = value.clone();
        }
    }
    json["id"] = json!(view.id);
    json["team_id"] = json!(options.team_id);
    json["app_id"] = json!(options.app_id);
    json["bot_id"] = json!(options.bot_id);
    json["hash"] = json!(view.hash);
    json["root_view_id"] = json!(view.root);
    json["previous_view_id"] = json!(view.previous);
    json["app_installed_team_id"] = json!(options.team_id);
    json["state"] = json!({"values": {}});
    json
}
