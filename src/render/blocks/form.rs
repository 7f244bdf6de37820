//! A question back, as a modal: each field an input block whose `block_id` is the field's id.
//!
//! Why the `action_id` (`value`, `value:5f3a...`) depends on what stands in an input first: where a modal is updated, Slack
//! keeps what it knows of an input with the same `block_id` and `action_id` and ignores the new initial value. With another
//! `action_id` it is another input.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::super::limits;
use super::super::outside::{clean, mrkdwn};
use super::{plain_text, plain_text_ours, section, section_of};
use crate::domain::card::Line;
use crate::domain::form::{Field, Form, Input};

/// Characters of a line to be read.
const NOTE_LINE: usize = 500;

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

/// The same modal with what is wrong with the values on top, for where errors can't stand under their inputs any more.
pub fn form_with_errors(asked: &Form, errors: &[(String, String)]) -> Value {
    let label = |id: &str| asked.fields.iter().find(|field| field.id == id).map_or("", |field| field.label.as_str());
    let lines = errors.iter().map(|(id, error)| Line::default().strong(label(id)).and(format!(": {error}"))).collect();
    let note = Field { id: "errors".into(), label: "Not taken yet".into(), hint: None, optional: true, input: Input::Note(lines) };
    form(&Form { fields: std::iter::once(note).chain(asked.fields.iter().cloned()).collect(), ..asked.clone() })
}

/// A modal of inputs without those that are filled with people; none where there is no such input. One id that Slack does not
/// know makes it refuse the whole modal.
pub fn without_people(view: &Value) -> Option<Value> {
    let mut view = view.clone();
    let blocks = view["blocks"].as_array_mut()?;
    let filled = |block: &Value| block["element"]["initial_users"].is_array();
    let first = blocks.iter().position(filled)?;
    let sorry = "Slack does not know one of the people here, so they can't be changed in this form: mend their `slack` ids in the organisation file.";
    blocks[first] = section(&Line::sentence(sorry), 300);
    blocks.retain(|block| !filled(block));
    Some(view)
}

fn input(field: &Field) -> Value {
    let label = plain_text(&field.label, limits::LABEL).or_else(|| plain_text(&field.id, limits::LABEL));
    let label = label.unwrap_or_else(|| plain_text_ours("Value"));
    let mut hint = field.hint.clone().unwrap_or_default();
    let element = match &field.input {
        Input::Text(initial) => text_input(initial, false),
        Input::Lines(initial) => text_input(initial, true),
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
        Input::Choice(options, initial) => radio(&usable(options), initial.as_deref()),
        Input::Date(initial) => {
            let initial = initial.map(|day| day.to_string()).unwrap_or_default();
            filled("datepicker", "initial_date", &initial)
        }
        Input::Channel(initial) => channel(initial.as_deref().unwrap_or_default()),
        Input::People(initial) => people(initial),
        Input::Note(lines) => return note(&field.label, lines),
    };
    let mut block = json!({"type": "input", "block_id": field.id, "optional": field.optional, "label": label, "element": element});
    if let Some(hint) = plain_text(&hint, limits::LABEL) {
        block["hint"] = hint;
    }
    block
}

/// A heading and lines below it, as many as fit one section.
fn note(heading: &str, lines: &[Line]) -> Value {
    let mut text = mrkdwn(&Line::default().strong(heading), 300);
    for (at, line) in lines.iter().enumerate() {
        let line = format!("\n• {}", mrkdwn(line, NOTE_LINE));
        if text.chars().count() + line.chars().count() + 40 > limits::SECTION {
            let _ = write!(text, "\n… and {} more", lines.len() - at); // a String takes all that is written to it
            break;
        }
        text.push_str(&line);
    }
    if text.is_empty() { section(&Line::plain("Nothing to say."), 100) } else { section_of(&text) }
}

/// `value`, with what tells inputs of other initial values apart.
fn action_id(initial: &str) -> String {
    if initial.is_empty() {
        return "value".into();
    }
    // FNV-1a: the same on every replica and in every version.
    let hash = initial.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("value:{hash:016x}")
}

/// What stands in it first comes back as it is, so it is cleaned but not escaped.
fn text_input(initial: &str, lines: bool) -> Value {
    let initial: String = if lines { initial.lines().map(clean).collect::<Vec<_>>().join("\n") } else { clean(initial) }
        .chars()
        .take(limits::INITIAL)
        .collect();
    let mut element = json!({"type": "plain_text_input", "action_id": action_id(&initial)});
    if lines {
        element["multiline"] = json!(true);
    }
    if !initial.is_empty() {
        element["initial_value"] = json!(initial);
    }
    element
}

/// Slack itself lists who there is.
fn people(initial: &[String]) -> Value {
    let initial: Vec<&String> =
        initial.iter().filter(|id| super::super::outside::mention(id).is_some_and(|mention| mention.starts_with("<@"))).collect();
    let all = initial.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(" ");
    let mut element = json!({"type": "multi_users_select", "action_id": action_id(&all)});
    if !initial.is_empty() {
        element["initial_users"] = json!(initial);
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

/// All options at once, one tap each.
fn radio(options: &[(&str, Value)], initial: Option<&str>) -> Value {
    let mut element = select(&options[..options.len().min(limits::RADIO)], initial);
    element["type"] = json!("radio_buttons");
    element
}

/// A channel in which pacer could speak: public, or private and joined.
fn channel(initial: &str) -> Value {
    let mut element = filled("conversations_select", "initial_conversation", initial);
    element["filter"] = json!({"include": ["public", "private"], "exclude_bot_users": true});
    element
}

/// An element that Slack fills; without its initial value where there is none.
fn filled(kind: &str, name: &str, initial: &str) -> Value {
    let mut element = json!({"type": kind, "action_id": action_id(initial)});
    if !initial.is_empty() {
        element[name] = json!(initial);
    }
    element
}

fn select(options: &[(&str, Value)], initial: Option<&str>) -> Value {
    let all: Vec<&Value> = options.iter().map(|(_, option)| option).collect();
    let initial = options.iter().find(|(value, _)| Some(*value) == initial);
    let mut element = json!({"type": "static_select", "action_id": action_id(initial.map_or("", |(value, _)| value)), "options": all});
    if let Some((_, option)) = initial {
        element["initial_option"] = option.clone();
    }
    element
}
