//! A question back, as a modal: each field an input block whose `block_id` is the field's id and whose `action_id` is `value`.

use serde_json::{Value, json};

use super::super::limits;
use super::super::outside::clean;
use super::{plain_text, plain_text_ours, section};
use crate::domain::card::Line;
use crate::domain::form::{Field, Form, Input};

/// The modal. What can't be shown within Slack's limits is left out, never refused: a repeated id, options past 100.
pub fn form(form: &Form) -> Value {
    let mut seen: Vec<&str> = Vec::new();
    let mut blocks: Vec<Value> = Vec::new();
    for field in form.fields.iter().filter(|field| !field.id.is_empty() && field.id.chars().count() <= limits::ID) {
        if blocks.len() == limits::VIEW_BLOCKS || seen.contains(&field.id.as_str()) {
            continue;
        }
        seen.push(&field.id);
        blocks.push(input(field));
    }
    if blocks.is_empty() {
        blocks.push(section(&Line::plain("Nothing to fill in."), 100));
    }
    let state = if form.state.chars().count() <= limits::METADATA { form.state.as_str() } else { "" };
    json!({
        "type": "modal",
        "callback_id": form.action.chars().take(limits::ID).collect::<String>(),
        "private_metadata": state,
        "title": plain_text(&form.title, limits::VIEW_TITLE).unwrap_or_else(|| plain_text_ours("pacer")),
        "submit": plain_text(&form.submit, limits::VIEW_TITLE).unwrap_or_else(|| plain_text_ours("Send")),
        "close": plain_text_ours("Cancel"),
        "blocks": blocks,
    })
}

fn input(field: &Field) -> Value {
    let label = plain_text(&field.label, limits::LABEL).or_else(|| plain_text(&field.id, limits::LABEL));
    let label = label.unwrap_or_else(|| plain_text_ours("Value"));
    let mut hint = field.hint.clone().unwrap_or_default();
    let element = match &field.input {
        Input::Text(initial) => text_input(initial),
        Input::Select(options, initial) => {
            let shown = usable(options);
            if shown.is_empty() {
                return section(&Line::default().strong(&field.label).and(": there is nothing to choose from."), limits::SECTION);
            }
            if options.len() > shown.len() {
                let first = format!("The first {} of {}.", shown.len(), options.len());
                hint = if hint.is_empty() { first } else { format!("{hint} {first}") };
            }
            select(&shown, initial.as_deref())
        }
    };
    let mut block = json!({"type": "input", "block_id": field.id, "optional": field.optional, "label": label, "element": element});
    if let Some(hint) = plain_text(&hint, limits::LABEL) {
        block["hint"] = hint;
    }
    block
}

/// What stands in it first comes back as it is, so it is cleaned but not escaped.
fn text_input(initial: &str) -> Value {
    let mut element = json!({"type": "plain_text_input", "action_id": "value"});
    let initial: String = clean(initial).chars().take(limits::INITIAL).collect();
    if !initial.is_empty() {
        element["initial_value"] = json!(initial);
    }
    element
}

/// At most 100 options; one whose value would have to be cut would mean something else.
fn usable(options: &[(String, String)]) -> Vec<(&str, Value)> {
    let fits = |value: &str| !value.is_empty() && value.chars().count() <= limits::OPTION_VALUE;
    options
        .iter()
        .filter(|(value, _)| fits(value))
        .filter_map(|(value, label)| {
            let text = plain_text(label, limits::OPTION_TEXT).or_else(|| plain_text(value, limits::OPTION_TEXT))?;
            Some((value.as_str(), json!({"text": text, "value": value})))
        })
        .take(limits::OPTIONS)
        .collect()
}

fn select(options: &[(&str, Value)], initial: Option<&str>) -> Value {
    let all: Vec<&Value> = options.iter().map(|(_, option)| option).collect();
    let mut element = json!({"type": "static_select", "action_id": "value", "options": all});
    if let Some((_, option)) = options.iter().find(|(value, _)| Some(*value) == initial) {
        element["initial_option"] = option.clone();
    }
    element
}
