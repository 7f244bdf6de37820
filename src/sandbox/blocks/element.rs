//! Interactive elements and images: what each needs, how long its parts may be, and where it may stand.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Findings;
use super::object::{Text, confirm, options, text};

/// Where an element stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum In {
    /// In an actions block.
    Actions,
    /// Beside a section.
    Accessory,
    /// In an input block.
    Input,
}

/// Selects whose choices Slack itself fills in, with their initial member.
const FILLED: &[(&str, &str)] = &[
    ("users_select", "initial_user"),
    ("channels_select", "initial_channel"),
    ("conversations_select", "initial_conversation"),
    ("multi_users_select", "initial_users"),
    ("multi_channels_select", "initial_channels"),
    ("multi_conversations_select", "initial_conversations"),
];

/// Checks a list of 1 to 25 elements, whose action ids differ.
pub(super) fn check_all(findings: &mut Findings, at: &str, value: Option<&Value>, place: In) {
    let mut seen = BTreeSet::new();
    for (nth, element) in findings.items(at, value, 1, 25).iter().enumerate() {
        let at = format!("{at}/{nth}");
        check(findings, &at, element, place);
        if let Some(id) = element["action_id"].as_str()
            && !seen.insert(id)
        {
            findings.note(&format!("{at}/action_id"), format!("`action_id` \"{id}\" already exists"));
        }
    }
}

/// Checks one element.
pub(super) fn check(findings: &mut Findings, at: &str, element: &Value, place: In) {
    let kind = element["type"].as_str().unwrap_or_default();
    let allowed = match kind {
        "image" => place == In::Accessory,
        "button" | "overflow" => place != In::Input,
        "plain_text_input" | "number_input" | "email_text_input" | "url_text_input" | "rich_text_input" | "file_input" => {
            place == In::Input
        }
        _ => true,
    };
    if !allowed {
        findings.note(at, format!("unsupported element here: {kind}"));
        return;
    }
    if kind != "image" {
        findings.letters(&format!("{at}/action_id"), element.get("action_id"), 1, 255);
        confirm(findings, &format!("{at}/confirm"), element.get("confirm"));
        text(findings, &format!("{at}/placeholder"), element.get("placeholder"), Text::Plain, 150);
    }
    match kind {
        "image" => {
            findings.members(at, element, &["alt_text"], &["image_url", "slack_file"]);
            image(findings, at, element);
        }
        "button" => button(findings, at, element),
        "overflow" => {
            findings.members(at, element, &["options"], &["action_id", "confirm"]);
            options(findings, &format!("{at}/options"), element.get("options"), (1, 5), Text::Plain, true);
        }
        "static_select" | "multi_static_select" => select(findings, at, element, kind),
        "radio_buttons" => {
            findings.members(at, element, &["options"], &["action_id", "confirm", "initial_option", "focus_on_load"]);
            options(findings, &format!("{at}/options"), element.get("options"), (1, 10), Text::Any, false);
            initial_among(findings, at, element);
        }
        "checkboxes" => {
            findings.members(at, element, &["options"], &["action_id", "confirm", "initial_options", "focus_on_load"]);
            options(findings, &format!("{at}/options"), element.get("options"), (1, 10), Text::Any, false);
            initial_among(findings, at, element);
        }
        "datepicker" => {
            findings.members(at, element, &[], &["action_id", "confirm", "initial_date", "placeholder", "focus_on_load"]);
            pattern(findings, &format!("{at}/initial_date"), element.get("initial_date"), "0000-00-00");
        }
        "timepicker" => {
            findings.members(at, element, &[], &["action_id", "confirm", "initial_time", "placeholder", "focus_on_load", "timezone"]);
            pattern(findings, &format!("{at}/initial_time"), element.get("initial_time"), "00:00");
        }
        "plain_text_input" => text_input(findings, at, element),
        "email_text_input" | "url_text_input" => {
            let optional = ["action_id", "initial_value", "dispatch_action_config", "focus_on_load", "placeholder"];
            findings.members(at, element, &[], &optional);
        }
        "number_input" => {
            let optional =
                ["action_id", "initial_value", "min_value", "max_value", "dispatch_action_config", "focus_on_load", "placeholder"];
            findings.members(at, element, &["is_decimal_allowed"], &optional);
        }
        _ => filled(findings, at, element, kind),
    }
}

/// An image's address and words.
pub(super) fn image(findings: &mut Findings, at: &str, element: &Value) {
    findings.letters(&format!("{at}/alt_text"), element.get("alt_text"), 1, 2_000);
    findings.letters(&format!("{at}/image_url"), element.get("image_url"), 1, 3_000);
    if element.get("image_url").is_some() == element.get("slack_file").is_some() {
        findings.note(at, "must have one of: image_url, slack_file");
    }
}

fn button(findings: &mut Findings, at: &str, element: &Value) {
    findings.members(at, element, &["text"], &["action_id", "url", "value", "style", "confirm", "accessibility_label"]);
    text(findings, &format!("{at}/text"), element.get("text"), Text::Plain, 75);
    findings.letters(&format!("{at}/value"), element.get("value"), 1, 2_000);
    findings.letters(&format!("{at}/url"), element.get("url"), 1, 3_000);
    findings.letters(&format!("{at}/accessibility_label"), element.get("accessibility_label"), 1, 75);
    findings.one_of(&format!("{at}/style"), element.get("style"), &["primary", "danger"]);
}

fn select(findings: &mut Findings, at: &str, element: &Value, kind: &str) {
    let initial = if kind == "static_select" { "initial_option" } else { "initial_options" };
    let optional = ["action_id", "options", "option_groups", "placeholder", "confirm", "focus_on_load", "max_selected_items", initial];
    findings.members(at, element, &[], &optional);
    if element.get("options").is_some() == element.get("option_groups").is_some() {
        findings.note(at, "must have one of: options, option_groups");
    }
    options(findings, &format!("{at}/options"), element.get("options"), (1, 100), Text::Plain, false);
    for (nth, group) in findings.items(&format!("{at}/option_groups"), element.get("option_groups"), 1, 100).iter().enumerate() {
        let at = format!("{at}/option_groups/{nth}");
        findings.members(&at, group, &["label", "options"], &[]);
        text(findings, &format!("{at}/label"), group.get("label"), Text::Plain, 75);
        options(findings, &format!("{at}/options"), group.get("options"), (1, 100), Text::Plain, false);
    }
    initial_among(findings, at, element);
}

/// What is chosen at first must be among the options, to the letter.
fn initial_among(findings: &mut Findings, at: &str, element: &Value) {
    let groups =
        element["option_groups"].as_array().into_iter().flatten().flat_map(|group| group["options"].as_array().into_iter().flatten());
    let known: Vec<&Value> = element["options"].as_array().into_iter().flatten().chain(groups).collect();
    let single = element.get("initial_option").into_iter();
    for chosen in single.chain(element["initial_options"].as_array().into_iter().flatten()) {
        if !known.contains(&chosen) {
            findings.note(at, "initial option is not among the options");
        }
    }
}

fn text_input(findings: &mut Findings, at: &str, element: &Value) {
    let optional =
        ["action_id", "initial_value", "multiline", "min_length", "max_length", "dispatch_action_config", "focus_on_load", "placeholder"];
    findings.members(at, element, &[], &optional);
    findings.letters(&format!("{at}/initial_value"), element.get("initial_value"), 0, 3_000);
    for name in ["min_length", "max_length"] {
        if element.get(name).is_some_and(|limit| limit.as_u64().is_none_or(|limit| limit > 3_000)) {
            findings.note(&format!("{at}/{name}"), "must be less than 3001");
        }
    }
}

fn filled(findings: &mut Findings, at: &str, element: &Value, kind: &str) {
    let Some((_, initial)) = FILLED.iter().find(|(name, _)| *name == kind) else {
        let name = if kind.is_empty() { "none" } else { kind };
        findings.note(at, format!("unsupported element type: {name}"));
        return;
    };
    let optional = [
        "action_id",
        "placeholder",
        "confirm",
        "focus_on_load",
        "max_selected_items",
        "response_url_enabled",
        "filter",
        "default_to_current_conversation",
        initial,
    ];
    findings.members(at, element, &[], &optional);
    if element.get("max_selected_items").is_some_and(|most| most.as_u64().is_none_or(|most| most == 0)) {
        findings.note(&format!("{at}/max_selected_items"), "must be more than 0");
    }
    let several = kind.starts_with("multi_");
    let misplaced =
        |value: &Value| if several { value.as_array().is_none_or(|all| all.iter().any(|id| !id.is_string())) } else { !value.is_string() };
    if element.get(*initial).is_some_and(misplaced) {
        findings.note(&format!("{at}/{initial}"), if several { "must be an array of strings" } else { "must be a string" });
    }
}

/// A string with a digit wherever the pattern has 0.
fn pattern(findings: &mut Findings, at: &str, value: Option<&Value>, pattern: &str) {
    let Some(value) = value else { return };
    let string = value.as_str().unwrap_or_default();
    let matches = string.len() == pattern.len()
        && string.bytes().zip(pattern.bytes()).all(|(got, want)| if want == b'0' { got.is_ascii_digit() } else { got == want });
    if !matches {
        findings.note(at, format!("must look like {pattern}"));
    }
}
