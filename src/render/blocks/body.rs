//! The parts of a card as blocks, in order, as many as the room allows; what is left is counted and the way to it named.

use serde_json::{Value, json};

use super::super::limits;
use super::super::outside::{escape, mrkdwn};
use super::super::small_print::{more, rest_command};
use super::super::spark;
use super::super::table::{aligned, spoken};
use super::{Room, actions, chart, context, mrkdwn_object, section, section_of, size};
use crate::domain::card::{Button, Card, Figure, Line, Part, Place, Table, Tone};

/// Characters of one figure's line, of a list's item, of a section of rows.
const FIGURE_LINE: usize = 200;
const ITEM: usize = 500;
const ROWS_CHARS: usize = 2_900;
/// Kept for the line that says how much is left: one block.
const MORE_CHARS: usize = 400;

/// The body. Always leaves room for saying what was cut.
pub(super) fn parts(card: &Card, mut room: Room) -> Vec<Value> {
    let mut out = Vec::new();
    let command = rest_command(card);
    room.blocks = room.blocks.saturating_sub(1);
    room.chars = room.chars.saturating_sub(MORE_CHARS);
    let parts = card.parts_in(Place::Message);
    for (at, part) in parts.iter().copied().enumerate() {
        let left = match part {
            Part::Text(line) => one(line, &mut room, &mut out, section(line, limits::SECTION)),
            Part::Heading(text) => one(&Line::plain(text), &mut room, &mut out, section(&Line::default().strong(text), 300)),
            Part::Only(..) => 0,
            Part::Divider => usize::from(!room.put(&mut out, json!({"type": "divider"}))),
            Part::Chart(chart) => chart::put(chart, &mut room, &mut out),
            Part::Figures(figures) => put_figures(figures, &mut room, &mut out),
            Part::Table(table) => put_table(table, &mut room, &mut out),
            Part::List(lines, _) => put_list(lines, &mut room, &mut out),
            Part::Buttons(buttons) => actions(buttons).map_or(0, |row| usize::from(!room.put(&mut out, row))),
            Part::Beside(line, button) => one(line, &mut room, &mut out, beside(line, button)),
        };
        if left == 0 {
            continue;
        }
        let own = match part {
            Part::Table(table) => table.more.as_deref(),
            Part::List(_, own) => own.as_deref(),
            _ => None,
        };
        let rest = parts.len() - at - 1;
        // With a cut table as the last part, its rows are what is left; else the parts after it are, too.
        let line = if rest == 0 { more(left, own.or(command.as_deref())) } else { more(left + rest, command.as_deref().or(own)) };
        room.blocks += 1;
        room.chars += MORE_CHARS;
        room.put(&mut out, context(&[mrkdwn(&line, MORE_CHARS - 100)]));
        break;
    }
    out
}

/// One block; nothing where the line is empty, which Slack would refuse. Returns how many didn't fit.
fn one(line: &Line, room: &mut Room, out: &mut Vec<Value>, block: Value) -> usize {
    usize::from(!line.text().trim().is_empty() && !room.put(out, block))
}

/// A line with its button.
fn beside(line: &Line, button: &Button) -> Value {
    let mut block = section(line, limits::SECTION);
    if let Some(Value::Object(actions)) = actions(std::slice::from_ref(button))
        && let Some(element) = actions.get("elements").and_then(|elements| elements.get(0))
    {
        block["accessory"] = element.clone();
    }
    block
}

/// Sections of up to ten fields, a field a figure; one alone has the whole width.
fn put_figures(figures: &[Figure], room: &mut Room, out: &mut Vec<Value>) -> usize {
    if let [figure] = figures {
        return usize::from(!room.put(out, json!({"type": "section", "text": mrkdwn_object(&field(figure))})));
    }
    let mut left = figures.len();
    for chunk in figures.chunks(limits::FIELDS) {
        let mut fields: Vec<Value> = Vec::new();
        let mut used = 40;
        for figure in chunk {
            let field = mrkdwn_object(&field(figure));
            used += size(&field) + 1;
            if used > room.chars {
                break;
            }
            fields.push(field);
        }
        let count = fields.len();
        if count == 0 || !room.put(out, json!({"type": "section", "fields": fields})) {
            return left;
        }
        left -= count;
        if count < chunk.len() {
            return left;
        }
    }
    left
}

/// Name; value and change; the weeks; target and band; n and interval.
fn field(figure: &Figure) -> String {
    let mut value = Line::plain(&figure.value);
    if let Some((_, change)) = &figure.change {
        value = value.and(" · ").and(change);
    }
    let target = figure.target.as_ref().map(|(tone, words)| Line::plain(format!("{} {words}", light(*tone))));
    let lines = [
        Some(Line::default().strong(if figure.name.trim().is_empty() { "Figure" } else { &figure.name })),
        Some(value),
        Some(Line::plain(spark::line(&figure.spark))),
        target,
        figure.band.as_ref().map(Line::plain),
        Some(Line::plain(&figure.detail)),
    ];
    let lines: Vec<String> = lines.iter().flatten().map(|line| mrkdwn(line, FIGURE_LINE)).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

/// Beside a word that says the same.
fn light(tone: Tone) -> char {
    match tone {
        Tone::Good => '🟢',
        Tone::Bad => '🔴',
        Tone::Neutral => '⚪',
    }
}

/// Aligned in a code block where that fits the width, else a line a row.
fn put_table(table: &Table, room: &mut Room, out: &mut Vec<Value>) -> usize {
    if let Some((head, rows)) = aligned(table, room.columns) {
        let code = |line: &str| escape(&line.replace('`', "'"));
        let head = Some(code(&head)).filter(|head| !head.is_empty());
        return pack(&rows.iter().map(|row| code(row)).collect::<Vec<_>>(), head.as_deref(), true, room, out);
    }
    let line = |row: &Vec<String>| {
        let (first, rest) = spoken(table, row);
        mrkdwn(&Line::default().strong(first).and(if rest.is_empty() { "" } else { " · " }).and(rest), ITEM)
    };
    pack(&table.rows.iter().map(line).collect::<Vec<_>>(), None, false, room, out)
}

fn put_list(lines: &[Line], room: &mut Room, out: &mut Vec<Value>) -> usize {
    let items: Vec<String> =
        lines.iter().map(|line| mrkdwn(line, ITEM)).filter(|line| !line.is_empty()).map(|line| format!("• {line}")).collect();
    pack(&items, None, false, room, out)
}

/// Lines packed into sections, the head repeated in each; returns how many lines didn't fit.
fn pack(lines: &[String], head: Option<&str>, fence: bool, room: &mut Room, out: &mut Vec<Value>) -> usize {
    let mut rest = lines;
    let frame = |body: &str| match (fence, head) {
        (true, Some(head)) => format!("```\n{head}\n{body}\n```"),
        (true, None) => format!("```\n{body}\n```"),
        (false, _) => body.to_owned(),
    };
    while !rest.is_empty() {
        let overhead = size(&section_of(&frame("")));
        let max = ROWS_CHARS.min(room.chars.saturating_sub(overhead + 1));
        let mut used = frame("").chars().count();
        // A line break and a quotation mark are two characters in JSON.
        let cost = |line: &String| line.chars().map(|letter| if matches!(letter, '"' | '\\') { 2 } else { 1 }).sum::<usize>() + 2;
        let count = rest
            .iter()
            .take_while(|line| {
                used += cost(line);
                used <= max
            })
            .count();
        let body = rest[..count].join("\n");
        if count == 0 || body.trim().is_empty() || !room.put(out, section_of(&frame(&body))) {
            return rest.len();
        }
        rest = &rest[count..];
    }
    0
}
