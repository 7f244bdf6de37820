//! Card, form and error to Slack's Block Kit, within Slack's limits.
//!
//! The figures of an answer are the fields of one section: Slack sets them in two columns on a desk and in one on a phone,
//! each figure stays whole, and the verdict above them is read first.
//!
//! Why plain JSON values and not slack-morphism's block types: they check nothing that Slack checks, and the sandbox, the
//! tests and `pacer ask --format blocks` all want the JSON itself.

mod body;
mod chart;
mod fallback;
mod form;

use serde_json::{Value, json};

use super::limits::{self, cut};
use super::outside::{escaped_len, mrkdwn, plain};
use super::small_print;
use crate::domain::card::{Button, Card, Line};
use crate::error::UserError;
pub use chart::{has_charts, without_button, without_charts};
pub use form::{form, form_with_errors, without_people};

/// Actions that only the asker's own, private answer can carry out; a shared one drops their buttons.
pub const PRIVATE_ONLY: &[&str] = &["share", "period", "change_period", "chart"];

/// Characters of a message kept for buttons and for small print.
const ACTIONS_CHARS: usize = 3_000;
const SMALL_PRINT_CHARS: usize = 1_500;
const VERDICT_CHARS: usize = 1_200;

/// People named in an error at most.
const ASKED: usize = 10;

/// Columns of a code block that Slack doesn't wrap, in a message on a desk and in the narrower modal.
const MESSAGE_COLUMNS: usize = 70;
const MODAL_COLUMNS: usize = 60;

/// How many blocks, characters and native charts are left, and how wide a code block may be.
#[derive(Debug, Clone, Copy)]
struct Room {
    blocks: usize,
    chars: usize,
    columns: usize,
    charts: usize,
}

impl Room {
    /// Adds the block if it fits.
    fn put(&mut self, out: &mut Vec<Value>, block: Value) -> bool {
        let size = size(&block) + 1;
        if self.blocks == 0 || self.chars < size {
            return false;
        }
        self.blocks -= 1;
        self.chars -= size;
        out.push(block);
        true
    }
}

/// Characters as sent.
fn size(value: &Value) -> usize {
    value.to_string().chars().count()
}

/// An answer as a message: `text`, which carries all the numbers, and `blocks`.
pub fn message(card: &Card) -> Value {
    let text = fallback::text(card, limits::FALLBACK_CHARS);
    let used = size(&json!({"text": text, "blocks": []}));
    let room =
        Room { blocks: limits::MESSAGE_BLOCKS, chars: limits::MESSAGE_CHARS - used, columns: MESSAGE_COLUMNS, charts: limits::CHARTS };
    json!({"text": text, "blocks": blocks(card, room, limits::HEADER)})
}

/// An answer as a modal, in which Slack takes no native chart. `private_metadata` is the receipt's id.
pub fn modal(card: &Card) -> Value {
    let title = plain_text(short_title(&card.title), limits::VIEW_TITLE).unwrap_or_else(|| plain_text_ours("pacer"));
    // A title that had to be cut stands whole in the body.
    let header = if card.title.chars().count() > limits::VIEW_TITLE { limits::HEADER } else { 0 };
    let room = Room { blocks: limits::VIEW_BLOCKS, chars: limits::VIEW_CHARS, columns: MODAL_COLUMNS, charts: 0 };
    json!({"type": "modal", "title": title, "close": plain_text_ours("Close"), "private_metadata": metadata(card), "blocks": blocks(card, room, header)})
}

/// As many whole pieces of "DORA - Payments - 90 days" as a modal's title holds; all of it where not even one fits.
fn short_title(title: &str) -> &str {
    let fits = |part: &str| part.chars().map(escaped_len).sum::<usize>() <= limits::VIEW_TITLE;
    let ends = title.match_indices(" - ").map(|(at, _)| at).chain([title.len()]);
    ends.map(|end| &title[..end]).filter(|part| fits(part)).last().unwrap_or(title)
}

/// An answer as the Home tab.
pub fn home(card: &Card) -> Value {
    let room = Room { blocks: limits::VIEW_BLOCKS, chars: limits::VIEW_CHARS, columns: MESSAGE_COLUMNS, charts: 0 };
    json!({"type": "home", "private_metadata": metadata(card), "blocks": blocks(card, room, limits::HEADER)})
}

/// What the person can mend, as a private message: what is wrong, then what to do, and the reference that stands in the log.
pub fn error(error: &UserError, reference: &str) -> Value {
    let small = Line::plain("Reference ").code(reference);
    let ask = error.ask.iter().take(ASKED).fold(Line::sentence(&error.hint), |line, id| line.and(" ").mention(id));
    private(&[mrkdwn(&Line::sentence(&error.message), 1_400), mrkdwn(&ask, 1_400), mrkdwn(&small, 600)])
}

/// What is ours to mend, as a private message with the reference that stands in the log.
pub fn broken(reference: &str) -> Value {
    let hint = Line::plain("Try again; if it stays, give the reference ").code(reference).and(" to whoever runs pacer.");
    private(&["Something broke on our side.".to_owned(), mrkdwn(&hint, 600)])
}

/// The modal that opens at once, while figures are counted.
pub fn loading() -> Value {
    json!({"type": "modal", "title": plain_text_ours("One moment"), "close": plain_text_ours("Close"),
           "blocks": [section(&Line::plain("Counting…"), 100)]})
}

/// What replaces the private answer once `user` has shared it in `channel`.
pub fn shared(user: &str, channel: &str) -> Value {
    let text = format!("Shared to <#{}> by <@{}>.", id(channel), id(user));
    let mut value = private(&[text]);
    value["replace_original"] = json!(true);
    value
}

/// A message for everybody: names who shared it, and drops the buttons that only the asker's own answer can carry out.
pub fn with_sharer(mut message: Value, user: &str) -> Value {
    let Some(blocks) = message.get_mut("blocks").and_then(Value::as_array_mut) else { return message };
    for block in blocks.iter_mut() {
        if let Some(elements) = block.get_mut("elements").and_then(Value::as_array_mut) {
            elements.retain(|element| element["action_id"].as_str().is_none_or(|action| !private_only(action)));
        }
    }
    blocks.retain(|block| block["elements"].as_array().is_none_or(|elements| !elements.is_empty()));
    let last = blocks.iter().rposition(|block| block["type"] != "actions").map_or(0, |at| at + 1);
    blocks.truncate(limits::MESSAGE_BLOCKS); // `body` keeps one block free; a foreign message may not
    if blocks.len() < limits::MESSAGE_BLOCKS {
        blocks.insert(last.min(blocks.len()), context(&[format!("Shared by <@{}>", id(user))]));
    }
    message
}

fn private_only(action: &str) -> bool {
    PRIVATE_ONLY.contains(&action.split(':').next().unwrap_or(action))
}

/// Header, verdict, body, small print, buttons, within `room`. `header` is 0 where the title stands elsewhere.
fn blocks(card: &Card, mut room: Room, header: usize) -> Vec<Value> {
    room.blocks -= 1; // for "Shared by"
    room.chars = room.chars.saturating_sub(200);
    let mut head = Vec::new();
    if let Some(text) = plain_text(&card.title, header) {
        room.put(&mut head, json!({"type": "header", "text": text}));
    }
    if !card.verdict.text().trim().is_empty() {
        room.put(&mut head, section(&card.verdict, VERDICT_CHARS));
    }
    let mut foot = Vec::new();
    let small: Vec<String> = small_print::lines(card).iter().map(|line| mrkdwn(line, 400)).collect();
    if let Some(lines) = within(&small, SMALL_PRINT_CHARS) {
        room.put(&mut foot, context(&[lines]));
    }
    if let Some(block) = actions(&card.buttons) {
        room.put(&mut foot, block);
    }
    head.extend(body::parts(card, room));
    head.extend(foot);
    if head.is_empty() {
        head.push(section(&Line::plain("Nothing to show."), 100));
    }
    head
}

/// Lines one below the other, as many as fit; the last one (the receipt) always.
fn within(lines: &[String], max: usize) -> Option<String> {
    let (last, others) = lines.split_last()?;
    let mut out = String::new();
    for line in others {
        if out.chars().count() + line.chars().count() + last.chars().count() + 2 > max {
            break;
        }
        out.push_str(line);
        out.push('\n');
    }
    out.push_str(last);
    Some(out)
}

/// The buttons, in one block. One whose value is too long would do something else than it says: it is left out.
fn actions(buttons: &[Button]) -> Option<Value> {
    let mut elements: Vec<Value> = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    let mut left = ACTIONS_CHARS;
    let mut primary = false;
    for button in buttons.iter().filter(|button| button.value.chars().count() <= limits::BUTTON_VALUE) {
        let action = unique(&button.action, &seen);
        let label = plain_text(&button.label, limits::BUTTON_TEXT).or_else(|| plain_text(&button.action, limits::BUTTON_TEXT));
        let Some(label) = label else { continue };
        let mut element = json!({"type": "button", "action_id": action, "text": label});
        if !button.value.is_empty() {
            element["value"] = json!(button.value);
        }
        if button.primary && !primary {
            element["style"] = json!("primary");
        }
        let cost = size(&element) + 1;
        if elements.len() == limits::ACTIONS || cost > left {
            break;
        }
        primary |= button.primary;
        left -= cost;
        seen.push(action);
        elements.push(element);
    }
    (!elements.is_empty()).then(|| json!({"type": "actions", "elements": elements}))
}

/// The action's name, with `:2`, `:3` where it repeats in a block. The door strips what follows the colon.
fn unique(action: &str, seen: &[String]) -> String {
    let base: String = action.chars().take(limits::ID - 8).collect();
    let base = if base.is_empty() { "none".to_owned() } else { base };
    let mut name = base.clone();
    let mut n = 2;
    while seen.contains(&name) {
        name = format!("{base}:{n}");
        n += 1;
    }
    name
}

/// A private message of one section, a line below the other.
fn private(lines: &[String]) -> Value {
    let lines: Vec<&str> = lines.iter().map(String::as_str).filter(|line| !line.is_empty()).collect();
    let text = if lines.is_empty() { "That did not work.".to_owned() } else { lines.join("\n") };
    json!({"response_type": "ephemeral", "text": text, "blocks": [section_of(&text)]})
}

fn section(line: &Line, max: usize) -> Value {
    section_of(&mrkdwn(line, max.min(limits::SECTION)))
}

fn section_of(text: &str) -> Value {
    json!({"type": "section", "text": mrkdwn_object(text)})
}

fn context(texts: &[String]) -> Value {
    let elements: Vec<Value> = texts.iter().take(limits::CONTEXT_ELEMENTS).map(|text| mrkdwn_object(text)).collect();
    json!({"type": "context", "elements": elements})
}

/// Already escaped. `verbatim`: Slack makes no links and no mentions out of plain words.
fn mrkdwn_object(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

/// Text from outside; none where nothing is left of it, which Slack would refuse.
fn plain_text(text: &str, max: usize) -> Option<Value> {
    let text = plain(text, max);
    (!text.is_empty()).then(|| json!({"type": "plain_text", "text": text, "emoji": false}))
}

/// Text of ours.
fn plain_text_ours(text: &str) -> Value {
    json!({"type": "plain_text", "text": text, "emoji": false})
}

/// Ids only.
fn metadata(card: &Card) -> String {
    card.receipt.as_deref().filter(|id| id.chars().count() <= limits::METADATA).unwrap_or_default().to_owned()
}

/// A Slack id, and nothing that could end the mention it stands in.
fn id(text: &str) -> String {
    cut(&text.chars().filter(char::is_ascii_alphanumeric).collect::<String>(), 64)
}

#[cfg(test)]
pub(crate) mod tests;
