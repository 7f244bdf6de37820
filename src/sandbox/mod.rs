//! Sandbox: a Slack workspace inside this process, used by `pacer demo` and by tests.
//!
//! It is reached as Slack is: the Web API over HTTP with bearer tokens, commands and clicks over HTTP with real
//! signatures or over a Socket Mode WebSocket, response URLs. A person acts through [`Workspace`]'s methods in tests
//! and through the page in the browser; both take the same way to pacer.
//!
//! Why in this process and not a mock of a client: the journeys then cover extractors, signatures, serialisation and
//! Slack's limits, and the demo is what tests test. The workspace spawns no tasks: acts run in the caller's.

mod act;
pub mod blocks;
mod channels;
mod deliver;
mod options;
mod page;
mod response;
mod socket;
mod state;
mod web;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

pub use act::{Ack, Choice, Place, Submitted};
pub use deliver::Unanswered;
pub use options::{Channel, Group, Now, Options, Person, SCOPES};
pub use state::{Call, Fault, Message, View};

use crate::domain::time::At;
use state::State;

/// A handle on the workspace; clones share it.
#[derive(Clone)]
pub struct Workspace {
    options: Arc<Options>,
    state: Arc<Mutex<State>>,
    version: Arc<watch::Sender<u64>>,
    http: reqwest::Client,
}

/// The Web API under `/api`, response URLs, uploads, Socket Mode, and the browser page under `/`.
pub fn router(workspace: Workspace) -> axum::Router {
    axum::Router::new().merge(web::router()).merge(response::router()).merge(socket::router()).merge(page::router()).with_state(workspace)
}

impl Workspace {
    /// A workspace nobody has spoken in. Tell it where it is with [`Self::at`], and where pacer is with [`Self::app_at`].
    pub fn new(options: Options) -> anyhow::Result<Self> {
        let state = State::new(&options);
        Ok(Self { http: deliver::client()?, options: Arc::new(options), state: Arc::new(Mutex::new(state)), version: Arc::default() })
    }

    /// Sets the workspace's own address, `http://127.0.0.1:8080`, once its port is known.
    pub fn at(&self, base_url: &str) {
        base_url.trim_end_matches('/').clone_into(&mut self.lock().base_url);
    }

    /// Sets the address under which pacer's `/slack/*` paths are. Not needed with Socket Mode, which goes first.
    pub fn app_at(&self, url: &str) {
        self.lock().app_url = Some(url.trim_end_matches('/').to_owned());
    }

    /// What the workspace was started with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The address for `SLACK_API_URL`.
    pub fn api_url(&self) -> String {
        format!("{}/api", self.lock().base_url)
    }

    /// Calls received so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.iter().cloned().collect()
    }

    /// Queues a fault for the next call of a method (`chat.postMessage`, `response_url`, `upload`).
    pub fn fault(&self, method: &str, fault: Fault) {
        self.lock().faults.entry(method.to_owned()).or_default().push_back(fault);
    }

    /// Messages of a channel (id or name) as a person sees them, in order, their ephemeral ones included.
    pub fn messages(&self, channel: &str, user: &str) -> Vec<Message> {
        let state = self.lock();
        let Some(channel) = state.channel(channel) else { return Vec::new() };
        let visible = |message: &&Message| message.channel == channel.id && message.only_for.as_deref().is_none_or(|only| only == user);
        state.messages.iter().filter(visible).cloned().collect()
    }

    /// The modal on top of a person's screen.
    pub fn view_of(&self, user: &str) -> Option<View> {
        self.lock().modals.get(user).and_then(|stack| stack.last().cloned())
    }

    /// A person's Home tab, once it was published.
    pub fn home_of(&self, user: &str) -> Option<View> {
        self.lock().homes.get(user).cloned()
    }

    /// The next message that the app or Slackbot posted or edited and this did not return yet; none after `timeout`.
    pub async fn next_message(&self, timeout: Duration) -> Option<Message> {
        self.wait(timeout, |state| state.unread.pop_front()).await
    }

    /// Messages that [`Self::next_message`] has not returned yet: a test's leftovers.
    pub fn unread(&self) -> Vec<Message> {
        self.lock().unread.iter().cloned().collect()
    }

    /// Waits until a person has a modal that `wanted` accepts.
    pub async fn next_view(&self, user: &str, timeout: Duration, wanted: impl Fn(&View) -> bool) -> Option<View> {
        self.wait(timeout, |state| state.modals.get(user).and_then(|stack| stack.last()).filter(|view| wanted(view)).cloned()).await
    }

    /// Waits until a person's Home tab is one that `wanted` accepts.
    pub async fn next_home(&self, user: &str, timeout: Duration, wanted: impl Fn(&View) -> bool) -> Option<View> {
        self.wait(timeout, |state| state.homes.get(user).filter(|view| wanted(view)).cloned()).await
    }

    /// Waits until pacer is connected by Socket Mode; whether it is.
    pub async fn connected(&self, timeout: Duration) -> bool {
        self.wait(timeout, |state| (!state.sockets.is_empty()).then_some(())).await.is_some()
    }

    /// Adds a person, or changes who they are.
    pub fn put_person(&self, person: Person) {
        let mut state = self.lock();
        state.people.retain(|known| known.id != person.id);
        state.people.push(person);
        drop(state);
        self.changed();
    }

    /// Makes a user group, or changes who is in it.
    pub fn put_group(&self, group: Group) {
        let mut state = self.lock();
        state.groups.retain(|known| known.id != group.id);
        state.groups.push(group);
        drop(state);
        self.changed();
    }

    /// Deletes a user group.
    pub fn delete_group(&self, id: &str) {
        self.lock().groups.retain(|known| known.id != id);
        self.changed();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> At {
        (self.options.now)()
    }

    /// Tells waiters and pages that something is different.
    fn changed(&self) {
        self.version.send_modify(|version| *version += 1);
    }

    /// Waits until `look` finds something, looking again at each change.
    async fn wait<T>(&self, timeout: Duration, mut look: impl FnMut(&mut State) -> Option<T>) -> Option<T> {
        let mut changes = self.version.subscribe();
        let found = async {
            loop {
                changes.borrow_and_update();
                if let Some(found) = look(&mut self.lock()) {
                    return Some(found);
                }
                changes.changed().await.ok()?;
            }
        };
        tokio::time::timeout(timeout, found).await.ok().flatten()
    }
}

#[cfg(test)]
mod tests;
