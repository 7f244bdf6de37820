//! What a person picks in an element, as payloads and `state.values` show it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// What is done with an element. In JSON: null, a string, or a list of strings.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(untagged)]
pub enum Choice {
    /// A button is pressed; elsewhere nothing is picked.
    Press,
    /// One option by its value, a date, a time, a person, or typed text.
    One(String),
    /// Several options by their values, or several people.
    Many(Vec<String>),
}

impl Choice {
    /// A typed or picked string.
    pub fn one(value: &str) -> Self {
        Self::One(value.to_owned())
    }
}

/// Each interactive element with the id of its block.
pub(super) fn elements(blocks: &[Value]) -> impl Iterator<Item = (&str, &Value)> {
    blocks.iter().flat_map(|block| {
        let id = block["block_id"].as_str().unwrap_or_default();
        let single = ["accessory", "element"].into_iter().filter_map(|name| block.get(name));
        let several = if block["type"] == "actions" { block["elements"].as_array() } else { None };
        single.chain(several.into_iter().flatten()).filter(|element| element["action_id"].is_string()).map(move |element| (id, element))
    })
}

/// Whether an element's choice stays in the state: buttons and overflow menus forget.
pub(super) fn keeps(element: &Value) -> bool {
    !matches!(element["type"].as_str(), Some("button" | "overflow" | "image"))
}

fn option(element: &Value, value: &str) -> Result<Value, String> {
    let groups =
        element["option_groups"].as_array().into_iter().flatten().flat_map(|group| group["options"].as_array().into_iter().flatten());
    let found = element["options"].as_array().into_iter().flatten().chain(groups).find(|option| option["value"] == value);
    found.cloned().ok_or_else(|| format!("no option {value:?}"))
}

/// The element's state after a choice, or why it can't be made.
pub(super) fn chosen(element: &Value, choice: &Choice) -> Result<Value, String> {
    let kind = element["type"].as_str().unwrap_or_default();
    let mut state = json!({"type": kind});
    let picked = match (kind, choice) {
        ("button", Choice::Press) => {
            state["text"] = element["text"].clone();
            for name in ["value", "style"].into_iter().filter(|name| element.get(*name).is_some()) {
                state[name] = element[name].clone();
            }
            return Ok(state);
        }
        ("static_select" | "radio_buttons" | "overflow", Choice::One(value)) => option(element, value)?,
        ("multi_static_select" | "checkboxes", Choice::Many(values)) => {
            Value::Array(values.iter().map(|value| option(element, value)).collect::<Result<_, _>>()?)
        }
        ("multi_static_select" | "checkboxes", Choice::Press) => json!([]),
        (_, Choice::One(value)) => json!(value),
        (_, Choice::Many(values)) if kind.starts_with("multi_") => json!(values),
        (_, Choice::Press) => Value::Null,
        _ => return Err(format!("{kind} does not take {choice:?}")),
    };
    state[member(kind)] = picked;
    Ok(state)
}

/// The member of the state that holds an element's choice.
fn member(kind: &str) -> &'static str {
    match kind {
        "static_select" | "radio_buttons" | "overflow" => "selected_option",
        "multi_static_select" | "checkboxes" => "selected_options",
        "users_select" => "selected_user",
        "channels_select" => "selected_channel",
        "conversations_select" => "selected_conversation",
        "multi_users_select" => "selected_users",
        "multi_channels_select" => "selected_channels",
        "multi_conversations_select" => "selected_conversations",
        "datepicker" => "selected_date",
        "timepicker" => "selected_time",
        _ => "value",
    }
}

/// What an element holds before anybody touched it.
fn initial(element: &Value) -> Value {
    let kind = element["type"].as_str().unwrap_or_default();
    let member = member(kind);
    let name = if member == "value" { "initial_value".to_owned() } else { member.replacen("selected_", "initial_", 1) };
    let empty = if member.ends_with("options") { json!([]) } else { Value::Null };
    let mut state = json!({"type": kind});
    state[member] = element.get(&name).cloned().unwrap_or(empty);
    state
}

/// Whether the state of an element holds nothing.
pub(super) fn is_empty(state: &Value) -> bool {
    let held = |(name, value): (&String, &Value)| {
        let empty =
            value.is_null() || value.as_str().is_some_and(|string| string.trim().is_empty()) || value.as_array().is_some_and(Vec::is_empty);
        name != "type" && !empty
    };
    !state.as_object().into_iter().flatten().any(held)
}

/// `state.values` of some blocks: what was picked, else what they start with.
pub(super) fn values(blocks: &[Value], picked: Option<&BTreeMap<String, Map<String, Value>>>) -> Value {
    let mut values = json!({});
    for (block, element) in elements(blocks).filter(|(_, element)| keeps(element)) {
        let action = element["action_id"].as_str().unwrap_or_default();
        let held = picked.and_then(|picked| picked.get(block)?.get(action)).cloned();
        values[block][action] = held.unwrap_or_else(|| initial(element));
    }
    values
}
