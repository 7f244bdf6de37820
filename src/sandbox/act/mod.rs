//! Acting as a person: commands, clicks, submissions, mentions. Tests and the page take this one way to pacer.

mod choice;
mod submit;

use std::time::Duration;

use serde_json::{Value, json};

pub use choice::Choice;
pub use submit::Submitted;

use super::deliver::Kind;
use super::response::Target;
use super::state::{Message, ResponseUrl, State, dm_of, message_json, view_json};
use super::{Unanswered, View, Workspace};
use crate::domain::time::SECOND;

/// An acknowledged act.
#[derive(Debug, Clone, PartialEq)]
pub struct Ack {
    /// What stood in the acknowledgement: null, a string, or JSON.
    pub body: Value,
    /// The message it made, where it made one.
    pub message: Option<Message>,
    /// How long it took, in real time.
    pub took: Duration,
}

/// A place with what is there.
struct Scene {
    blocks: Vec<Value>,
    message: Option<Message>,
    view: Option<View>,
    /// The message's `ts` or the view's id.
    id: String,
}

/// Where a button or menu stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the message of that `ts`.
    Message(String),
    /// In the modal or Home view of that id.
    View(String),
}

impl Workspace {
    /// Types a slash command in a channel (id or name; a person's own id for the direct message with the app).
    pub async fn slash(&self, user: &str, channel: &str, command: &str, text: &str) -> Result<Ack, Unanswered> {
        let (payload, target) = self.command_payload(user, channel, command, text)?;
        let result = match self.deliver(Kind::Command, &payload).await {
            Ok((body, took)) => match self.apply_acknowledgement(&target, &body) {
                Ok(message) => Ok(Ack { body, message, took }),
                Err(refused) => Err(Unanswered::BadAnswer(refused.json().to_string())),
            },
            Err(why) => Err(why),
        };
        if let Err(why) = &result {
            self.slackbot(&target, &format!("{command} failed with the error \"{why}\""));
        }
        self.changed();
        result
    }

    fn command_payload(&self, user: &str, channel: &str, command: &str, text: &str) -> Result<(Value, Target), Unanswered> {
        let now = self.now();
        let mut state = self.lock();
        let known = state.channel(channel).filter(|channel| channel.is_seen_by(user) && !channel.is_archived);
        let channel = known.ok_or_else(|| Unanswered::Impossible(format!("{user} can't write in {channel}")))?;
        let name = state.person(user).map(|person| person.name.clone());
        let name = name.ok_or_else(|| Unanswered::Impossible(format!("nobody is {user}")))?;
        let text = linked(&state.people, &state.channels, text, true);
        let response = ResponseUrl { user: user.to_owned(), channel: channel.id.clone(), origin: None, thread_ts: None, at: now, uses: 0 };
        let response_url = state.response_url(response);
        let trigger_id = state.trigger(user, now);
        let shown = if channel.id.starts_with('D') { "directmessage" } else { &channel.name };
        let payload = json!({"token": "sandbox", "team_id": self.options.team_id, "team_domain": "sandbox", "channel_id": channel.id,
            "channel_name": shown, "user_id": user, "user_name": name, "command": command, "text": text,
            "api_app_id": self.options.app_id, "is_enterprise_install": "false", "response_url": response_url, "trigger_id": trigger_id});
        Ok((payload, Target { user: user.to_owned(), channel: channel.id, origin: None, thread_ts: None }))
    }

    /// What Slackbot says to one person when an act failed.
    fn slackbot(&self, target: &Target, text: &str) {
        let now = self.now();
        let mut state = self.lock();
        let message = Message {
            ts: state.next_ts(now),
            channel: target.channel.clone(),
            user: "USLACKBOT".to_owned(),
            text: text.to_owned(),
            blocks: Vec::new(),
            thread_ts: None,
            only_for: Some(target.user.clone()),
            metadata: None,
            edited: false,
            files: Vec::new(),
        };
        state.post(message);
    }

    /// Presses the button with that label in a message.
    pub async fn press(&self, user: &str, message: &Message, label: &str) -> Result<Ack, Unanswered> {
        let blocks = self.scene(user, &Place::Message(message.ts.clone()))?.blocks;
        let found = choice::elements(&blocks).find(|(_, element)| element["type"] == "button" && element["text"]["text"] == label);
        let (block, element) = found.ok_or_else(|| Unanswered::Impossible(format!("no button {label:?}")))?;
        let action = element["action_id"].as_str().unwrap_or_default();
        self.choose(user, &Place::Message(message.ts.clone()), block, action, &Choice::Press).await
    }

    /// Presses or chooses something in a message, modal or Home tab.
    pub async fn choose(&self, user: &str, place: &Place, block_id: &str, action_id: &str, choice: &Choice) -> Result<Ack, Unanswered> {
        let payload = self.action_payload(user, place, block_id, action_id, choice)?;
        let result = self.deliver(Kind::Interaction, &payload).await;
        self.changed();
        let (body, took) = result?;
        Ok(Ack { body, message: None, took })
    }

    /// What a person sees at a place.
    fn scene(&self, user: &str, place: &Place) -> Result<Scene, Unanswered> {
        let mut state = self.lock();
        match place {
            Place::Message(ts) => {
                let found =
                    state.messages.iter().find(|message| message.ts == *ts && message.only_for.as_deref().is_none_or(|only| only == user));
                let message = found.cloned().ok_or_else(|| Unanswered::Impossible(format!("{user} sees no message {ts}")))?;
                Ok(Scene { blocks: message.blocks.clone(), message: Some(message), view: None, id: ts.clone() })
            }
            Place::View(id) => {
                let view = state.view_mut(id).filter(|view| view.user == user).cloned();
                let view = view.ok_or_else(|| Unanswered::Impossible(format!("{user} sees no view {id}")))?;
                let blocks = view.body["blocks"].as_array().cloned().unwrap_or_default();
                Ok(Scene { blocks, message: None, view: Some(view), id: id.clone() })
            }
        }
    }

    fn action_payload(&self, user: &str, place: &Place, block_id: &str, action_id: &str, choice: &Choice) -> Result<Value, Unanswered> {
        let Scene { blocks, message, view, id } = self.scene(user, place)?;
        let here = |(block, element): &(&str, &Value)| *block == block_id && element["action_id"] == action_id;
        let found = choice::elements(&blocks).find(here);
        let (_, element) = found.ok_or_else(|| Unanswered::Impossible(format!("no element {action_id}")))?;
        let mut action = choice::chosen(element, choice).map_err(Unanswered::Impossible)?;
        let now = self.now();
        let mut state = self.lock();
        let key = (user.to_owned(), id);
        if choice::keeps(element) {
            let picked = state.picked.entry(key.clone()).or_default().entry(block_id.to_owned()).or_default();
            picked.insert(action_id.to_owned(), action.clone());
        }
        action["action_id"] = json!(action_id);
        action["block_id"] = json!(block_id);
        action["action_ts"] = json!(state.next_ts(now));
        let values = choice::values(&blocks, state.picked.get(&key));
        let mut payload = self.interaction("block_actions", user, &state);
        payload["trigger_id"] = json!(state.trigger(user, now));
        payload["actions"] = json!([action]);
        if let Some(message) = message {
            self.stand_in_message(&mut payload, user, &message, &mut state);
            payload["state"] = json!({"values": values});
        } else if let Some(view) = view {
            payload["container"] = json!({"type": "view", "view_id": view.id});
            payload["view"] = view_json(&view, &self.options);
            payload["view"]["state"] = json!({"values": values});
        }
        Ok(payload)
    }

    /// The members of a click in a message. Slack leaves an ephemeral message itself out.
    fn stand_in_message(&self, payload: &mut Value, user: &str, message: &Message, state: &mut State) {
        let ephemeral = message.only_for.is_some();
        payload["container"] =
            json!({"type": "message", "message_ts": message.ts, "channel_id": message.channel, "is_ephemeral": ephemeral});
        if let Some(thread) = &message.thread_ts {
            payload["container"]["thread_ts"] = json!(thread);
        }
        if !ephemeral {
            payload["message"] = message_json(message, &self.options);
        }
        let name = state.channel(&message.channel).map(|channel| channel.name).filter(|_| !message.channel.starts_with('D'));
        payload["channel"] = json!({"id": message.channel, "name": name.unwrap_or_else(|| "directmessage".to_owned())});
        let (channel, thread_ts, origin) = (message.channel.clone(), message.thread_ts.clone(), Some(message.ts.clone()));
        let response = ResponseUrl { user: user.to_owned(), channel, origin, thread_ts, at: self.now(), uses: 0 };
        payload["response_url"] = json!(state.response_url(response));
    }

    /// The members every interaction has.
    fn interaction(&self, kind: &str, user: &str, state: &State) -> Value {
        let name = state.person(user).map(|person| person.name.clone());
        json!({"type": kind, "token": "sandbox", "api_app_id": self.options.app_id, "team": {"id": self.options.team_id, "domain": "sandbox"},
            "user": {"id": user, "username": name, "name": name, "team_id": self.options.team_id},
            "enterprise": null, "is_enterprise_install": false})
    }

    /// Says something in a channel or direct message. Where the app must know of it, it is told.
    pub async fn say(&self, user: &str, channel: &str, text: &str, thread_ts: Option<&str>) -> Result<Message, Unanswered> {
        let (message, has_app) = self.post_as(user, channel, text, thread_ts)?;
        self.changed();
        let direct = message.channel.starts_with('D');
        let mentioned = message.text.contains(&format!("<@{}>", self.options.bot_user));
        if direct || mentioned && has_app {
            let mut event = message_json(&message, &self.options);
            event["type"] = json!(if direct { "message" } else { "app_mention" });
            event["channel"] = json!(message.channel);
            event["event_ts"] = json!(message.ts);
            if direct {
                event["channel_type"] = json!("im");
            }
            self.event(event).await?;
        }
        Ok(message)
    }

    /// Mentions the app in a channel: `@pacer` and a text.
    pub async fn mention(&self, user: &str, channel: &str, text: &str) -> Result<Message, Unanswered> {
        self.say(user, channel, &format!("@{} {text}", self.options.bot_name), None).await
    }

    /// Writes to the app in its direct message.
    pub async fn dm(&self, user: &str, text: &str) -> Result<Message, Unanswered> {
        self.say(user, &dm_of(user), text, None).await
    }

    fn post_as(&self, user: &str, channel: &str, text: &str, thread_ts: Option<&str>) -> Result<(Message, bool), Unanswered> {
        let now = self.now();
        let mut state = self.lock();
        let known = state.channel(channel).filter(|channel| channel.is_seen_by(user) && !channel.is_archived);
        let channel = known.ok_or_else(|| Unanswered::Impossible(format!("{user} can't write in {channel}")))?;
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let text = linked(&state.people, &state.channels, &escaped, false)
            .replace(&format!("@{}", self.options.bot_name), &format!("<@{}>", self.options.bot_user));
        let message = Message {
            ts: state.next_ts(now),
            channel: channel.id,
            user: user.to_owned(),
            text,
            blocks: Vec::new(),
            thread_ts: thread_ts.map(str::to_owned),
            only_for: None,
            metadata: None,
            edited: false,
            files: Vec::new(),
        };
        Ok((state.post(message), channel.has_app))
    }

    /// Opens the app's Home tab.
    pub async fn open_home(&self, user: &str) -> Result<(), Unanswered> {
        let now = self.now();
        let event = {
            let mut state = self.lock();
            let mut event =
                json!({"type": "app_home_opened", "user": user, "channel": dm_of(user), "tab": "home", "event_ts": state.next_ts(now)});
            if let Some(view) = state.homes.get(user) {
                event["view"] = view_json(view, &self.options);
            }
            event
        };
        self.event(event).await
    }

    /// Sends an event under a new event id.
    pub async fn event(&self, event: Value) -> Result<(), Unanswered> {
        let id = format!("Ev{:08}", self.lock().count());
        self.event_with_id(event, &id).await
    }

    /// Sends an event under an id of the caller's: sent twice, it is a redelivery.
    pub async fn event_with_id(&self, event: Value, event_id: &str) -> Result<(), Unanswered> {
        let options = &self.options;
        let payload = json!({"token": "sandbox", "type": "event_callback", "team_id": options.team_id, "api_app_id": options.app_id,
            "event": event, "event_id": event_id, "event_time": self.now().0.div_euclid(SECOND),
            "authorizations": [{"team_id": options.team_id, "user_id": options.bot_user, "is_bot": true, "is_enterprise_install": false}]});
        self.deliver(Kind::Event, &payload).await.map(|_| ())
    }
}

/// Turns `@ana` and `#general` into Slack's links, with the name as a label where a command asked for escaping.
fn linked(people: &[super::Person], channels: &[super::Channel], text: &str, labelled: bool) -> String {
    let link = |word: &str| {
        let name = word.get(1..)?;
        let (mark, id) = match word.chars().next()? {
            '@' => ('@', &people.iter().find(|person| person.name == name)?.id),
            '#' => ('#', &channels.iter().find(|channel| channel.name == name && !channel.is_private)?.id),
            _ => return None,
        };
        Some(if labelled || mark == '#' { format!("<{mark}{id}|{name}>") } else { format!("<{mark}{id}>") })
    };
    text.split(' ').map(|word| link(word).unwrap_or_else(|| word.to_owned())).collect::<Vec<_>>().join(" ")
}
