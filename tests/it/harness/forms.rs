//! What a story reads off a modal: its words, what stands in its inputs, and what came of sending it.

use std::collections::BTreeMap;

use pacer::app::App;
use pacer::domain::time::At;
use pacer::error::Failure;
use pacer::features::{self, Effect, Press};
use pacer::sandbox::{Message, Submitted, View};
use serde_json::Value;

use super::{Harness, id};

/// A modal of that person for an action.
pub async fn form(t: &Harness, person: &str, action: &str) -> View {
    t.next_view(person, |view| view.body["callback_id"] == action).await
}

/// What stands in a modal or tab, as one text.
pub fn words(view: &View) -> String {
    let texts = view.body["blocks"].as_array().into_iter().flatten().filter_map(|block| block["text"]["text"].as_str());
    texts.collect::<Vec<_>>().join("\n")
}

/// What stands in an input first.
pub fn initial(view: &View, field: &str) -> Value {
    let block = view.body["blocks"].as_array().into_iter().flatten().find(|block| block["block_id"] == field);
    let element = &block.unwrap_or_else(|| panic!("no {field} in {}", view.body))["element"];
    let known = ["initial_value", "initial_users"].into_iter().map(|name| element[name].clone()).find(|value| !value.is_null());
    known.unwrap_or_else(|| element["initial_option"]["value"].clone())
}

/// The modal that a form sent leads to.
pub fn updated(submitted: Submitted) -> View {
    match submitted {
        Submitted::Updated(view) => view,
        other => panic!("the modal goes on: {other:?}"),
    }
}

/// The sentences under the fields of a form that was refused.
pub fn errors(submitted: Submitted) -> BTreeMap<String, String> {
    match submitted {
        Submitted::Errors(errors) => errors.into_iter().collect(),
        other => panic!("errors under fields: {other:?}"),
    }
}

/// Presses a button or sends a form as that person in a channel, without Slack; what is to be posted is in the outbox then.
pub async fn act(t: &Harness, person: &str, channel: &str, action: &str, value: &str, fields: &[(&str, &str)]) -> Result<Effect, Failure> {
    let cx = t.app.cx(Some(t.app.asker(&id(person)).in_channel(channel))).await.expect("a context");
    let fields = fields.iter().map(|(field, value)| ((*field).to_owned(), (*value).to_owned())).collect();
    match features::press(&cx, action, Press { value: value.to_owned(), fields }).await? {
        Effect::Say(posts, then) => {
            t.app.store.say(App::wanted(posts, None, cx.now), cx.now).await.expect("said");
            Ok(*then)
        }
        effect => Ok(effect),
    }
}

/// Why a press was refused, and what to do.
pub fn refused(result: Result<Effect, Failure>) -> String {
    match result {
        Err(Failure::User(error)) => format!("{} {} {}", error.message, error.hint, error.ask.join(" ")),
        other => panic!("refused: {other:?}"),
    }
}

/// A message's blocks as one text.
pub fn message_of(message: &Message) -> String {
    let texts = |block: &Value| -> Vec<String> {
        let own = block["text"]["text"].as_str().map(str::to_owned);
        let elements = block["elements"].as_array().into_iter().flatten().filter_map(|it| it["text"].as_str().map(str::to_owned));
        own.into_iter().chain(elements).collect()
    };
    message.blocks.iter().flat_map(texts).collect::<Vec<_>>().join("\n")
}

/// A row of the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub key: String,
    pub channel: String,
    pub state: String,
    pub not_before: At,
    pub body: String,
}

/// The outbox, in the order of keys.
pub fn outbox(t: &Harness) -> Vec<Row> {
    let sql = "select key || '|' || channel || '|' || state || '|' || not_before || '|' || body from outbox order by key";
    let read = |row: String| {
        let parts: Vec<&str> = row.splitn(5, '|').collect();
        let not_before = At(parts[3].parse().expect("an instant"));
        Row { key: parts[0].into(), channel: parts[1].into(), state: parts[2].into(), not_before, body: parts[4].into() }
    };
    t.database.texts(sql).into_iter().map(read).collect()
}
