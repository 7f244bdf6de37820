//! What Slack sends, read leniently: whatever is missing or of another type is empty, and nothing else is lost.
//!
//! Why not slack-morphism's types: they reject `team: null` and further shapes that Slack does send.

use std::collections::BTreeMap;

use serde_json::Value;
use zeroize::{Zeroize, Zeroizing};

/// A slash command.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "each field is named as Slack names it")]
pub struct Slash {
    pub text: String,
    pub user_id: String,
    pub team_id: String,
    pub enterprise_id: String,
    pub channel_id: String,
    pub response_url: String,
    pub trigger_id: String,
    /// Slack checks our certificate: nothing is asked.
    pub ssl_check: bool,
}

impl Slash {
    /// From a form, as HTTP carries it.
    pub fn from_form(form: &str) -> Option<Self> {
        let fields: BTreeMap<String, String> = serde_urlencoded::from_str::<Vec<(String, String)>>(form).ok()?.into_iter().collect();
        Some(Self::from_fields(|name| fields.get(name).cloned().unwrap_or_default()))
    }

    /// From JSON, as Socket Mode carries it.
    pub fn from_json(payload: &Value) -> Self {
        Self::from_fields(|name| payload[name].as_str().unwrap_or_default().to_owned())
    }

    fn from_fields(field: impl Fn(&str) -> String) -> Self {
        Self {
            text: field("text"),
            user_id: field("user_id"),
            team_id: field("team_id"),
            enterprise_id: field("enterprise_id"),
            channel_id: field("channel_id"),
            response_url: field("response_url"),
            trigger_id: field("trigger_id"),
            ssl_check: field("ssl_check") == "1",
        }
    }
}

/// The `payload` of an interaction's form.
pub fn payload_of_form(form: &str) -> Option<Value> {
    let fields: Vec<(String, String)> = serde_urlencoded::from_str(form).ok()?;
    let payload = Zeroizing::new(fields.into_iter().find(|(name, _)| name == "payload")?.1);
    serde_json::from_str(&payload).ok()
}

/// Wipes every text of a payload from memory: one of them may be the answer to a survey.
pub fn wipe(payload: &mut Value) {
    match payload {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A click, a form sent, a modal closed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "each field is named as Slack names it")]
pub struct Interaction {
    pub kind: String,
    pub user_id: String,
    pub team_id: String,
    pub enterprise_id: String,
    pub trigger_id: String,
    pub response_url: String,
    pub channel_id: String,
    pub message_ts: String,
    /// Whether only that person sees the message.
    pub is_ephemeral: bool,
    /// The modal or Home tab it happened in; empty: a message.
    pub view_id: String,
    /// Whether it is the Home tab.
    pub is_home: bool,
    /// The modal below it on the stack; the same where there is none.
    pub root_view_id: String,
    pub callback_id: String,
    pub private_metadata: String,
    pub action_id: String,
    /// The button's value, or what was selected.
    pub action_value: String,
    /// A form's values by block id; several values are lines.
    pub fields: BTreeMap<String, String>,
}

impl Interaction {
    /// From the payload.
    pub fn read(payload: &Value) -> Self {
        let text = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let first = |pointers: &[&str]| pointers.iter().map(|pointer| text(pointer)).find(|found| !found.is_empty()).unwrap_or_default();
        Self {
            kind: text("/type"),
            user_id: text("/user/id"),
            team_id: first(&["/team/id", "/user/team_id"]),
            enterprise_id: first(&["/enterprise/id", "/team/enterprise_id"]),
            trigger_id: text("/trigger_id"),
            response_url: first(&["/response_url", "/response_urls/0/response_url"]),
            channel_id: first(&["/channel/id", "/container/channel_id", "/response_urls/0/channel_id"]),
            message_ts: first(&["/container/message_ts", "/message/ts"]),
            is_ephemeral: payload.pointer("/container/is_ephemeral").and_then(Value::as_bool) == Some(true),
            view_id: first(&["/view/id", "/container/view_id"]),
            is_home: text("/view/type") == "home",
            root_view_id: text("/view/root_view_id"),
            callback_id: text("/view/callback_id"),
            private_metadata: text("/view/private_metadata"),
            action_id: text("/actions/0/action_id"),
            action_value: payload.pointer("/actions/0").map(value_of).unwrap_or_default(),
            fields: fields_of(payload.pointer("/view/state/values")),
        }
    }

    /// The action's name: what stands before the suffix that makes it unique in its message.
    pub fn action(&self) -> &str {
        self.action_id.split(':').next().unwrap_or_default()
    }

    /// Wipes from memory what was pressed or put in; the names of the inputs stay.
    pub fn wipe(&mut self) {
        self.action_id.zeroize();
        self.action_value.zeroize();
        self.fields.values_mut().for_each(Zeroize::zeroize);
    }
}

/// A form's values by block id; each block has one input.
fn fields_of(values: Option<&Value>) -> BTreeMap<String, String> {
    let blocks = values.and_then(Value::as_object);
    blocks
        .into_iter()
        .flatten()
        .filter_map(|(block, actions)| Some((block.clone(), value_of(actions.as_object()?.values().next()?))))
        .collect()
}

/// What an element holds, whatever its kind.
fn value_of(element: &Value) -> String {
    let pointers = ["/value", "/selected_option/value", "/selected_date", "/selected_user", "/selected_conversation", "/selected_channel"];
    if let Some(several) = element["selected_users"].as_array() {
        return several.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n");
    }
    pointers.iter().find_map(|pointer| element.pointer(pointer)?.as_str()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_command_reads_the_same_from_a_form_and_from_json() {
        let form =
            "text=dora+team%3Apayments&user_id=U1&team_id=T1&response_url=https%3A%2F%2Fhooks.slack.com%2Fx&new_field=1&text_two=%F0%9F";
        let json = json!({ "text": "dora team:payments", "user_id": "U1", "team_id": "T1", "response_url": "https://hooks.slack.com/x", "enterprise_id": null });
        assert_eq!(Slash::from_form(form), Some(Slash::from_json(&json)));
    }

    #[test]
    fn an_interaction_survives_nulls_and_wrong_types() {
        let check = |payload: Value, expect: Interaction| assert_eq!(Interaction::read(&payload), expect);
        check(json!(null), Interaction::default());
        check(
            json!({ "type": 7, "team": null, "user": { "id": "U1", "team_id": "T1" } }),
            Interaction { user_id: "U1".into(), team_id: "T1".into(), ..Interaction::default() },
        );
        check(
            json!({ "type": "view_submission", "view": { "id": "V1", "callback_id": "period", "state": { "values": {
                "window": { "value": { "type": "plain_text_input", "value": "30d" } },
                "team": { "value": { "selected_option": { "value": "payments" } } },
                "people": { "value:1f": { "type": "multi_users_select", "selected_users": ["U1", "U2"] } },
                "nobody": { "value": { "type": "multi_users_select", "selected_users": [] } },
                "note": { "value": { "value": null } }, "odd": 7 } } } }),
            Interaction {
                kind: "view_submission".into(),
                view_id: "V1".into(),
                callback_id: "period".into(),
                fields: [("window", "30d"), ("team", "payments"), ("people", "U1\nU2"), ("nobody", ""), ("note", "")]
                    .map(|(id, value)| (id.to_owned(), value.to_owned()))
                    .into(),
                ..Interaction::default()
            },
        );
    }

    #[test]
    fn a_suffix_keeps_buttons_apart_and_is_no_part_of_the_name() {
        assert_eq!(Interaction { action_id: "why:3".into(), ..Interaction::default() }.action(), "why");
    }

    #[test]
    fn half_a_payload_is_none() {
        assert_eq!(payload_of_form("payload=%7B%22type%22"), None);
        assert_eq!(payload_of_form("other=1"), None);
    }
}
