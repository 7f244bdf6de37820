//! Composition objects: texts, options, confirm dialogs, rich text.

use serde_json::Value;

use super::Findings;

/// Which text object is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Text {
    /// `plain_text` only.
    Plain,
    /// `plain_text` or `mrkdwn`.
    Any,
}

/// A text object of 1 to `most` letters, where it is there.
pub(super) fn text(findings: &mut Findings, at: &str, value: Option<&Value>, which: Text, most: usize) {
    let Some(value) = value.filter(|value| !value.is_null()) else { return };
    match (value["type"].as_str(), which) {
        (Some("plain_text"), _) => {
            findings.members(at, value, &["text"], &["emoji"]);
        }
        (Some("mrkdwn"), Text::Any) => {
            findings.members(at, value, &["text"], &["verbatim"]);
        }
        (_, Text::Plain) => findings.note(&format!("{at}/type"), "must be plain_text"),
        (_, Text::Any) => findings.note(&format!("{at}/type"), "must be plain_text or mrkdwn"),
    }
    findings.letters(&format!("{at}/text"), value.get("text"), 1, most);
}

/// A list of options; `mrkdwn` is allowed in checkboxes and radio buttons, `url` in overflow menus.
pub(super) fn options(findings: &mut Findings, at: &str, value: Option<&Value>, (least, most): (usize, usize), which: Text, url: bool) {
    for (nth, option) in findings.items(at, value, least, most).iter().enumerate() {
        let at = format!("{at}/{nth}");
        let optional: &[&str] = if url { &["description", "url"] } else { &["description"] };
        findings.members(&at, option, &["text", "value"], optional);
        text(findings, &format!("{at}/text"), option.get("text"), which, 75);
        text(findings, &format!("{at}/description"), option.get("description"), which, 75);
        findings.letters(&format!("{at}/value"), option.get("value"), 1, 150);
        findings.letters(&format!("{at}/url"), option.get("url"), 1, 3_000);
    }
}

/// A confirm dialog, where it is there.
pub(super) fn confirm(findings: &mut Findings, at: &str, value: Option<&Value>) {
    let Some(value) = value.filter(|value| !value.is_null()) else { return };
    findings.members(at, value, &["title", "text", "confirm", "deny"], &["style"]);
    text(findings, &format!("{at}/title"), value.get("title"), Text::Plain, 100);
    text(findings, &format!("{at}/text"), value.get("text"), Text::Any, 300);
    text(findings, &format!("{at}/confirm"), value.get("confirm"), Text::Plain, 30);
    text(findings, &format!("{at}/deny"), value.get("deny"), Text::Plain, 30);
    findings.one_of(&format!("{at}/style"), value.get("style"), &["primary", "danger"]);
}

/// Rich text's parts: known types with a list of elements each.
pub(super) fn rich_text(findings: &mut Findings, at: &str, value: Option<&Value>) {
    let parts = ["rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"];
    let leaves = ["text", "link", "emoji", "user", "channel", "usergroup", "broadcast", "date", "color"];
    for (nth, part) in findings.items(at, value, 1, 200).iter().enumerate() {
        let at = format!("{at}/{nth}");
        findings.one_of(&format!("{at}/type"), Some(&part["type"]), &parts);
        for (nth, leaf) in findings.items(&format!("{at}/elements"), Some(&part["elements"]), 0, 1_000).iter().enumerate() {
            let at = format!("{at}/elements/{nth}");
            let known: &[&str] = if part["type"] == "rich_text_list" { &["rich_text_section"] } else { &leaves };
            findings.one_of(&format!("{at}/type"), Some(&leaf["type"]), known);
            if leaf["type"] == "text" {
                findings.letters(&format!("{at}/text"), Some(&leaf["text"]), 1, 10_000);
            }
        }
    }
}
