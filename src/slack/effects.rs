//! What a press leads to, carried out in Slack: a modal, a form, a replaced answer, a shared one.

use serde_json::{Value, json};

use super::client::CallError;
use super::inbound::Interaction;
use super::origins::Origin;
use super::outgoing;
use crate::app::App;
use crate::domain::card::Card;
use crate::error::{Failure, Kind, UserError};
use crate::features::Effect;
use crate::render::blocks::{self, without_people};

/// Where a press happened, and with it where its outcome goes.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "named as in Interaction")]
pub struct Place {
    pub user_id: String,
    pub trigger_id: String,
    /// The message behind it, as far as it is known.
    pub origin: Origin,
    /// The modal it happened in; empty: a message.
    pub view_id: String,
    /// The loading modal opened meanwhile; empty: none.
    pub loading_id: String,
}

impl Place {
    /// From a click or a form sent: the message behind a modal is looked up.
    pub fn of_click(app: &App, click: &Interaction) -> Self {
        let lasting_ts = if click.is_ephemeral { String::new() } else { click.message_ts.clone() };
        let own = Origin { channel_id: click.channel_id.clone(), response_url: click.response_url.clone(), lasting_ts };
        let kept = app.slack.origins.of([&click.view_id, &click.root_view_id], app.clock.now());
        Self {
            user_id: click.user_id.clone(),
            trigger_id: click.trigger_id.clone(),
            origin: if own.response_url.is_empty() { kept.unwrap_or(own) } else { own },
            view_id: if click.is_home { String::new() } else { click.view_id.clone() },
            loading_id: String::new(),
        }
    }

    /// Whether there is no message behind it: a press on the Home tab, or in a modal opened from there. Answers are modals then.
    fn has_no_message(&self) -> bool {
        self.origin.channel_id.is_empty() && self.origin.response_url.is_empty()
    }

    /// The modal that stands open now; empty: none.
    fn open_view(&self) -> &str {
        if self.loading_id.is_empty() { &self.view_id } else { &self.loading_id }
    }

    /// Opens a modal at once, within the trigger's life, so that a slow answer still has a place.
    pub async fn open_loading(&mut self, app: &App) {
        if !self.view_id.is_empty() || self.trigger_id.is_empty() {
            return;
        }
        match self.open(app, "views.open", &blocks::loading()).await {
            Ok(view_id) => self.loading_id = view_id,
            Err(error) => tracing::warn!(%error, "the loading modal could not be opened"),
        }
    }

    async fn open(&self, app: &App, method: &'static str, view: &Value) -> Result<String, CallError> {
        let opened = app.slack.client.call_once(method, &json!({ "trigger_id": self.trigger_id, "view": view })).await?;
        let view_id = opened["view"]["id"].as_str().unwrap_or_default().to_owned();
        app.slack.origins.keep(&view_id, self.origin.clone(), app.clock.now());
        Ok(view_id)
    }

    /// Shows a form in the modal that stands open, else in a new one; where Slack refuses its people, without them.
    async fn ask(&self, app: &App, view: &Value) -> Result<(), CallError> {
        match (self.show(app, view).await, without_people(view)) {
            (Err(CallError::Api(code)), Some(less)) if code == "invalid_arguments" => {
                tracing::warn!("Slack refused a form with people in it: one of their Slack ids is wrong");
                self.show(app, &less).await
            }
            (shown, _) => shown,
        }
    }

    /// Shows a view in the modal that stands open, else in a new one.
    async fn show(&self, app: &App, view: &Value) -> Result<(), CallError> {
        match self.open_view() {
            "" => self.open(app, "views.open", view).await.map(|_| ()),
            view_id => app.slack.client.call("views.update", &json!({ "view_id": view_id, "view": view })).await.map(|_| ()),
        }
    }

    /// Says something to this person only, below the message.
    async fn say(&self, app: &App, mut message: Value) -> Result<(), CallError> {
        message["replace_original"] = json!(false);
        self.answer(app, message).await
    }

    /// Says something to this person only, where they look: in the open modal, else below the message.
    pub async fn tell(&self, app: &App, message: Value) {
        let in_message = self.open_view().is_empty() && !self.has_no_message();
        let told = if in_message { self.say(app, message).await } else { self.show(app, &as_modal(&message)).await };
        if let Err(error) = told {
            tracing::warn!(%error, "a sentence did not reach Slack");
        }
    }

    /// Puts a message in the place of the private answer, or of one in the direct message; where that is out of reach, a new private one.
    /// What all of a channel see is not replaced by what one of them pressed.
    async fn replace(&self, app: &App, mut message: Value) -> Result<(), CallError> {
        match (self.origin.lasting_ts.is_empty(), self.origin.channel_id.starts_with('D')) {
            (false, true) => self.edit(app, message).await?,
            (private, _) => {
                message["replace_original"] = json!(private);
                self.answer(app, message).await?;
            }
        }
        if !self.loading_id.is_empty() {
            self.show(app, &as_modal(&json!({ "text": "Done: the answer in the channel is the new one." }))).await?;
        }
        Ok(())
    }

    /// Puts a message in the place of one that stays. Said to be private, it would be a second one: Slack makes no message private later.
    async fn edit(&self, app: &App, mut message: Value) -> Result<(), CallError> {
        message.as_object_mut().and_then(|message| message.remove("response_type"));
        if !self.origin.response_url.is_empty() {
            message["replace_original"] = json!(true);
            match outgoing::respond(app, &self.origin.response_url, &message).await {
                Err(CallError::Api(_) | CallError::Busy(400..=499)) => {}
                done => return done,
            }
        }
        message.as_object_mut().and_then(|message| message.remove("replace_original"));
        message["channel"] = json!(self.origin.channel_id);
        message["ts"] = json!(self.origin.lasting_ts);
        outgoing::post(app, "chat.update", &message).await.map(|_| ())
    }

    async fn answer(&self, app: &App, mut message: Value) -> Result<(), CallError> {
        message["response_type"] = json!("ephemeral");
        if !self.origin.response_url.is_empty() {
            match outgoing::respond(app, &self.origin.response_url, &message).await {
                // Used up or expired: there is another way.
                Err(CallError::Api(_) | CallError::Busy(400..=499)) => {}
                done => return done,
            }
        }
        message["channel"] = json!(self.origin.channel_id);
        message["user"] = json!(self.user_id);
        for of_response_url in ["response_type", "replace_original"] {
            message.as_object_mut().and_then(|message| message.remove(of_response_url));
        }
        outgoing::post(app, "chat.postEphemeral", &message).await.map(|_| ())
    }
}

/// Carries out an effect.
///
/// # Errors
/// What the person can mend (`/invite`), or a call that failed.
pub async fn carry_out(app: &App, place: &Place, effect: Effect) -> Result<(), Failure> {
    let done = match effect {
        Effect::Modal(card) => place.show(app, &blocks::modal(&card)).await,
        Effect::Finish(card) => {
            finish_message(app, place, &card).await;
            place.show(app, &blocks::modal(&card)).await
        }
        Effect::Form(form) if !place.view_id.is_empty() => place.open(app, "views.push", &blocks::form(&form)).await.map(|_| ()),
        Effect::Form(form) => place.ask(app, &blocks::form(&form)).await,
        Effect::Wrong(form, errors) => place.ask(app, &blocks::form_with_errors(&form, &errors)).await,
        Effect::Home(card) => {
            let body = json!({ "user_id": place.user_id, "view": blocks::home(&card) });
            app.slack.client.call("views.publish", &body).await.map(|_| ())
        }
        Effect::Replace(mut card) | Effect::Answer(mut card) if place.has_no_message() => {
            card.buttons.retain(|button| !blocks::PRIVATE_ONLY.contains(&button.action.as_str()));
            place.show(app, &blocks::modal(&card)).await
        }
        Effect::Replace(card) => place.replace(app, blocks::message(&card)).await,
        Effect::Answer(card) => place.say(app, blocks::message(&card)).await,
        Effect::Share(card) => return share(app, place, blocks::message(&card)).await,
        // Its messages are in the outbox since the press was carried out.
        Effect::Say(_, then) => return Box::pin(carry_out(app, place, *then)).await,
    };
    done.map_err(not_shown)
}

/// Shows in the direct message that a modal was opened from that all is done. Of another place it says nothing: an answer to a command is
/// the person's own list, and stays.
pub(super) async fn finish_message(app: &App, place: &Place, card: &Card) {
    if place.origin.lasting_ts.is_empty() || !place.origin.channel_id.starts_with('D') {
        return;
    }
    if let Err(error) = place.edit(app, blocks::message(card)).await {
        tracing::warn!(%error, "a direct message could not be brought up to date");
    }
}

/// A trigger lives 3 s: after that Slack opens no modal, and the person has only to press again.
fn not_shown(error: CallError) -> Failure {
    match &error {
        CallError::Api(code) if ["expired_trigger_id", "exchanged_trigger_id"].contains(&code.as_str()) => {
            let message = "That took too long, and Slack opens no window any more for this press.";
            UserError::new(Kind::NotAllowed, message, "Press the button again.").into()
        }
        _ => Failure::Ours(error.into()),
    }
}

/// Posts for everybody, then replaces the private answer.
async fn share(app: &App, place: &Place, message: Value) -> Result<(), Failure> {
    let mut message = blocks::with_sharer(message, &place.user_id);
    message["channel"] = json!(place.origin.channel_id);
    message["unfurl_links"] = json!(false);
    message["unfurl_media"] = json!(false);
    outgoing::post(app, "chat.postMessage", &message).await.map_err(not_shared)?;
    let shared = blocks::shared(&place.user_id, &place.origin.channel_id);
    if !place.view_id.is_empty() {
        let view = as_modal(&shared);
        place.show(app, &view).await.map_err(anyhow::Error::from)?;
    }
    // It is shared already: where the private answer can't be replaced, pressing again would post it twice.
    if let Err(error) = place.replace(app, shared).await {
        tracing::warn!(%error, "shared, but the private answer could not be replaced");
    }
    Ok(())
}

fn not_shared(error: CallError) -> Failure {
    let (message, hint) = match &error {
        CallError::Api(code) => match code.as_str() {
            "not_in_channel" | "channel_not_found" => {
                ("pacer is not in this channel, so it can't post here.", "Type `/invite @pacer` here, then press Share again.")
            }
            "is_archived" => ("This channel is archived.", "Ask again in another channel and share it there."),
            "restricted_action" | "restricted_action_read_only_channel" | "restricted_action_non_threadable_channel" => {
                ("This channel's rules don't let pacer post here.", "Ask again in another channel and share it there.")
            }
            _ => return Failure::Ours(error.into()),
        },
        CallError::Pause(_) => {
            ("Slack takes no more messages from pacer just now, so this was not shared.", "Press Share again in a few minutes.")
        }
        CallError::Busy(_) | CallError::Unreached | CallError::Silent(_) => {
            tracing::warn!(%error, "Slack did not confirm a shared answer");
            ("Slack did not confirm that it shared this.", "Look whether it stands in the channel; where it does not, press Share again.")
        }
        CallError::Ours(_) => return Failure::Ours(error.into()),
    };
    UserError::new(Kind::NotAllowed, message, hint).into()
}

/// A message's blocks as a modal.
pub(super) fn as_modal(message: &Value) -> Value {
    let text = message["text"].as_str().unwrap_or_default();
    let blocks = message["blocks"].as_array().filter(|blocks| !blocks.is_empty()).cloned();
    let blocks = blocks.unwrap_or_else(|| vec![json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })]);
    let plain = |text: &str| json!({ "type": "plain_text", "text": text });
    json!({ "type": "modal", "title": plain("pacer"), "close": plain("Close"), "blocks": blocks })
}
