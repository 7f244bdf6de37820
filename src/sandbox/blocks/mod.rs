//! Blocks check: Block Kit's documented limits and required members, in one place, at least as strict as Slack.
//!
//! Why: a renderer tested against a lenient fake breaks in front of people. Members Slack does not know are refused
//! too, since Slack refuses them. Block types pacer never sends (video, carousel, ...) count as unknown.

mod chart;
mod element;
mod object;

use std::collections::BTreeSet;

use serde_json::Value;

use object::{Text, text};

/// Total of letters in a message's blocks at which Slack answers `msg_blocks_too_long` (undocumented, near 13,200).
pub const MESSAGE_LETTERS: usize = 13_200;
/// Blocks a message may hold.
pub const MESSAGE_BLOCKS: usize = 50;
/// Blocks a modal or a Home tab may hold.
pub const VIEW_BLOCKS: usize = 100;

/// Where blocks are shown: the limits differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// A message, posted or in an acknowledgement.
    Message,
    /// A modal.
    Modal,
    /// The app's Home tab.
    Home,
}

/// What is wrong with blocks, by Slack's error name and its detail lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// `invalid_blocks`, `msg_blocks_too_long`, `invalid_arguments`, ...
    pub error: &'static str,
    /// One line a finding, each with a JSON pointer.
    pub details: Vec<String>,
}

/// Findings so far, with the ids already seen.
#[derive(Default)]
pub(super) struct Findings {
    lines: Vec<String>,
    block_ids: BTreeSet<String>,
    charts_allowed: bool,
}

impl Findings {
    /// Notes a finding at a JSON pointer.
    pub(super) fn note(&mut self, at: &str, what: impl AsRef<str>) {
        self.lines.push(format!("[ERROR] {} [json-pointer:{at}]", what.as_ref()));
    }

    /// The members of the object at `at`: an object, nothing unknown, nothing required missing.
    pub(super) fn members(&mut self, at: &str, value: &Value, required: &[&str], optional: &[&str]) -> bool {
        let Some(object) = value.as_object() else {
            self.note(at, "must be an object");
            return false;
        };
        for name in required.iter().filter(|name| object.get(**name).is_none_or(Value::is_null)) {
            self.note(at, format!("missing required field: {name}"));
        }
        for name in object.keys().filter(|name| !["type", "block_id"].contains(&name.as_str())) {
            if !required.contains(&name.as_str()) && !optional.contains(&name.as_str()) {
                self.note(at, format!("invalid additional property: {name}"));
            }
        }
        true
    }

    /// A string member of at most `most` letters, where it is there; `least` letters at least.
    pub(super) fn letters(&mut self, at: &str, value: Option<&Value>, least: usize, most: usize) {
        let Some(value) = value else { return };
        let Some(string) = value.as_str() else {
            self.note(at, "must be a string");
            return;
        };
        let count = string.chars().count();
        if count < least {
            self.note(at, format!("must be more than {} characters", least.saturating_sub(1)));
        }
        if count > most {
            self.note(at, format!("must be less than {} characters", most + 1));
        }
    }

    /// The items of a list member with the number allowed in it.
    pub(super) fn items<'v>(&mut self, at: &str, value: Option<&'v Value>, least: usize, most: usize) -> &'v [Value] {
        let Some(value) = value else { return &[] };
        let Some(items) = value.as_array() else {
            self.note(at, "must be an array");
            return &[];
        };
        if items.len() < least {
            self.note(at, format!("no fewer than {least} items allowed"));
        }
        if items.len() > most {
            self.note(at, format!("no more than {most} items allowed"));
        }
        items
    }

    /// A member that must be one of some words, where it is there.
    pub(super) fn one_of(&mut self, at: &str, value: Option<&Value>, words: &[&str]) {
        if value.is_some_and(|value| !value.as_str().is_some_and(|word| words.contains(&word))) {
            self.note(at, format!("must be one of: {}", words.join(", ")));
        }
    }
}

/// Checks a message's blocks; `charts` says whether `data_visualization` is rolled out.
pub fn check_message(blocks: &Value, charts: bool) -> Result<(), Refusal> {
    let mut findings = Findings { charts_allowed: charts, ..Findings::default() };
    check_list(&mut findings, blocks, 1, MESSAGE_BLOCKS, Surface::Message);
    if !findings.lines.is_empty() {
        return Err(Refusal { error: "invalid_blocks", details: findings.lines });
    }
    let total = letters_in(blocks);
    if total > MESSAGE_LETTERS {
        let detail = format!("[ERROR] {total} characters in blocks, about {MESSAGE_LETTERS} allowed [json-pointer:/blocks]");
        return Err(Refusal { error: "msg_blocks_too_long", details: vec![detail] });
    }
    Ok(())
}

/// Checks a modal or Home view with its blocks. Slack calls what is wrong `invalid_arguments` here.
pub fn check_view(view: &Value, expected: Option<Surface>) -> Result<(), Refusal> {
    let mut findings = Findings::default();
    let surface = match view["type"].as_str() {
        Some("modal") => Surface::Modal,
        Some("home") => Surface::Home,
        _ => {
            findings.note("/view/type", "must be one of: modal, home");
            return Err(Refusal { error: "invalid_arguments", details: findings.lines });
        }
    };
    if expected.is_some_and(|expected| expected != surface) {
        findings.note("/view/type", "this method does not take a view of this type");
    }
    let shared = ["private_metadata", "callback_id", "external_id"];
    if surface == Surface::Modal {
        let optional =
            ["private_metadata", "callback_id", "external_id", "submit", "close", "clear_on_close", "notify_on_close", "submit_disabled"];
        findings.members("/view", view, &["title", "blocks"], &optional);
        for name in ["title", "submit", "close"] {
            text(&mut findings, &format!("/view/{name}"), view.get(name), Text::Plain, 24);
        }
        let inputs = view["blocks"].as_array().is_some_and(|blocks| blocks.iter().any(|block| block["type"] == "input"));
        if inputs && view.get("submit").is_none_or(Value::is_null) {
            findings.note("/view", "missing required field: submit (there is an input block)");
        }
    } else {
        findings.members("/view", view, &["blocks"], &shared);
    }
    findings.letters("/view/private_metadata", view.get("private_metadata"), 0, 3_000);
    findings.letters("/view/callback_id", view.get("callback_id"), 0, 255);
    findings.letters("/view/external_id", view.get("external_id"), 0, 255);
    check_list(&mut findings, &view["blocks"], 0, VIEW_BLOCKS, surface);
    if !findings.lines.is_empty() {
        return Err(Refusal { error: "invalid_arguments", details: findings.lines });
    }
    if view.to_string().len() > 250_000 {
        return Err(Refusal { error: "view_too_large", details: vec!["[ERROR] a view may have 250 kB".to_owned()] });
    }
    Ok(())
}

fn check_list(findings: &mut Findings, blocks: &Value, least: usize, most: usize, surface: Surface) {
    let list = findings.items("/blocks", Some(blocks), least, most);
    for (nth, block) in list.iter().enumerate() {
        check_block(findings, &format!("/blocks/{nth}"), block, surface);
    }
    for (kind, allowed) in [("table", 1), ("data_visualization", 2)] {
        if list.iter().filter(|block| block["type"] == kind).count() > allowed {
            findings.note("/blocks", format!("no more than {allowed} {kind} blocks allowed"));
        }
    }
}

fn check_block(findings: &mut Findings, at: &str, block: &Value, surface: Surface) {
    findings.letters(&format!("{at}/block_id"), block.get("block_id"), 1, 255);
    if let Some(id) = block["block_id"].as_str()
        && !findings.block_ids.insert(id.to_owned())
    {
        findings.note(&format!("{at}/block_id"), format!("`block_id` \"{id}\" already exists"));
    }
    match block["type"].as_str() {
        Some("divider") => {
            findings.members(at, block, &[], &[]);
        }
        Some("header") => {
            findings.members(at, block, &["text"], &["level"]);
            text(findings, &format!("{at}/text"), block.get("text"), Text::Plain, 150);
        }
        Some("section") => section(findings, at, block),
        Some("context") => context(findings, at, block),
        Some("actions") => {
            findings.members(at, block, &["elements"], &[]);
            element::check_all(findings, &format!("{at}/elements"), block.get("elements"), element::In::Actions);
        }
        Some("input") => input(findings, at, block),
        Some("image") => {
            findings.members(at, block, &["alt_text"], &["image_url", "slack_file", "title"]);
            text(findings, &format!("{at}/title"), block.get("title"), Text::Plain, 2_000);
            element::image(findings, at, block);
        }
        Some("rich_text") => {
            findings.members(at, block, &["elements"], &[]);
            object::rich_text(findings, &format!("{at}/elements"), block.get("elements"));
        }
        Some("table") if surface == Surface::Message => table(findings, at, block),
        Some("markdown") if surface == Surface::Message => {
            findings.members(at, block, &["text"], &[]);
            findings.letters(&format!("{at}/text"), block.get("text"), 1, 12_000);
        }
        Some("data_visualization") if surface == Surface::Message && findings.charts_allowed => chart::check(findings, at, block),
        Some(other) => findings.note(at, format!("unsupported type: {other}")),
        None => findings.note(at, "missing required field: type"),
    }
}

fn section(findings: &mut Findings, at: &str, block: &Value) {
    findings.members(at, block, &[], &["text", "fields", "accessory", "expand"]);
    if block.get("text").is_none_or(Value::is_null) && block.get("fields").is_none_or(Value::is_null) {
        findings.note(at, "missing required field: text or fields");
    }
    text(findings, &format!("{at}/text"), block.get("text"), Text::Any, 3_000);
    for (nth, field) in findings.items(&format!("{at}/fields"), block.get("fields"), 1, 10).iter().enumerate() {
        text(findings, &format!("{at}/fields/{nth}"), Some(field), Text::Any, 2_000);
    }
    if let Some(accessory) = block.get("accessory") {
        element::check(findings, &format!("{at}/accessory"), accessory, element::In::Accessory);
    }
}

fn context(findings: &mut Findings, at: &str, block: &Value) {
    findings.members(at, block, &["elements"], &[]);
    for (nth, item) in findings.items(&format!("{at}/elements"), block.get("elements"), 1, 10).iter().enumerate() {
        let at = format!("{at}/elements/{nth}");
        if item["type"] == "image" {
            findings.members(&at, item, &["alt_text"], &["image_url", "slack_file"]);
            element::image(findings, &at, item);
        } else {
            text(findings, &at, Some(item), Text::Any, 2_000);
        }
    }
}

fn input(findings: &mut Findings, at: &str, block: &Value) {
    findings.members(at, block, &["label", "element"], &["hint", "optional", "dispatch_action"]);
    text(findings, &format!("{at}/label"), block.get("label"), Text::Plain, 2_000);
    text(findings, &format!("{at}/hint"), block.get("hint"), Text::Plain, 2_000);
    if let Some(inner) = block.get("element") {
        element::check(findings, &format!("{at}/element"), inner, element::In::Input);
    }
}

fn table(findings: &mut Findings, at: &str, block: &Value) {
    findings.members(at, block, &["rows"], &["column_settings"]);
    findings.items(&format!("{at}/column_settings"), block.get("column_settings"), 0, 20);
    for (nth, row) in findings.items(&format!("{at}/rows"), block.get("rows"), 1, 100).iter().enumerate() {
        let at = format!("{at}/rows/{nth}");
        for (nth, cell) in findings.items(&at, Some(row), 1, 20).iter().enumerate() {
            let at = format!("{at}/{nth}");
            match cell["type"].as_str() {
                Some("raw_text") => {
                    findings.members(&at, cell, &["text"], &[]);
                    findings.letters(&format!("{at}/text"), cell.get("text"), 1, 10_000);
                }
                Some("rich_text") => object::rich_text(findings, &format!("{at}/elements"), cell.get("elements")),
                _ => findings.note(&at, "must be one of: raw_text, rich_text"),
            }
        }
    }
}

/// All letters people could read in the blocks.
fn letters_in(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(letters_in).sum(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| match member {
                Value::String(string) if ["text", "alt_text", "title", "label", "name"].contains(&name.as_str()) => string.chars().count(),
                other => letters_in(other),
            })
            .sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
