//! A table in a drawing: columns where they fit, numbers to the right; else a line a row.

use super::canvas::{Anchor, Canvas, Stroke, Type};
use super::prose;
use super::theme::Ink;
use crate::domain::card::{Line, Table};
use crate::render::small_print;
use crate::render::table::spoken;

const HEAD: Type = Type::bold(11.5).ink(Ink::Soft);
const CELL: Type = Type::plain(12.5);
const SMALL: Type = Type::soft(11.5);
const ROW: f64 = 21.0;
const GAP: f64 = 14.0;
/// A text column is never narrower than this.
const NARROWEST: f64 = 64.0;
/// Rows that are drawn; the others are counted.
const ROWS: usize = 30;

/// Draws from `y` down; gives where it ends.
pub(super) fn draw(canvas: &mut Canvas, table: &Table, [x, y, w]: [f64; 3]) -> f64 {
    let rows = &table.rows[..table.rows.len().min(ROWS)];
    let mut top = match widths(table, rows, w) {
        Some(widths) => in_columns(canvas, table, rows, &widths, [x, y]),
        None => in_lines(canvas, table, rows, [x, y, w]),
    };
    if table.rows.len() > ROWS {
        let more = small_print::more(table.rows.len() - ROWS, table.more.as_deref());
        top = prose::write(canvas, &more, SMALL, [x, top + 4.0, w], 16.0, 2);
    }
    top
}

fn numeric(table: &Table, column: usize) -> bool {
    table.numeric.get(column).copied().unwrap_or(false)
}

/// As wide as the widest cell; the widest text gives way first. None where even that is not enough.
#[allow(clippy::cast_precision_loss, reason = "few columns")]
fn widths(table: &Table, rows: &[Vec<String>], w: f64) -> Option<Vec<f64>> {
    let columns = rows.iter().map(Vec::len).chain([table.columns.len()]).max().filter(|columns| *columns > 0)?;
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| CELL.width(&short(cell)));
        cells.chain(table.columns.get(column).map(|head| HEAD.width(&short(head)))).fold(0.0, f64::max)
    };
    let mut widths: Vec<f64> = (0..columns).map(widest).collect();
    loop {
        let over = widths.iter().sum::<f64>() + GAP * (columns as f64 - 1.0) - w;
        if over <= 0.0 {
            return Some(widths);
        }
        let giving = (0..columns).filter(|column| !numeric(table, *column)).max_by(|a, b| widths[*a].total_cmp(&widths[*b]))?;
        if widths[giving] <= NARROWEST {
            return None;
        }
        let second = (0..columns).filter(|c| !numeric(table, *c) && *c != giving).map(|c| widths[c]).fold(NARROWEST, f64::max);
        widths[giving] = (widths[giving] - over).max(second.min(widths[giving] - 1.0)).max(NARROWEST.min(widths[giving] - 1.0));
    }
}

/// What is past 300 letters isn't looked at.
fn short(cell: &str) -> String {
    cell.chars().take(300).collect()
}

fn in_columns(canvas: &mut Canvas, table: &Table, rows: &[Vec<String>], widths: &[f64], [x, y]: [f64; 2]) -> f64 {
    let mut set = |cells: &[String], look: Type, baseline: f64| {
        let mut left = x;
        for (column, width) in widths.iter().enumerate() {
            let cell = look.cut(&short(cells.get(column).map_or("", String::as_str)), *width);
            let (at, anchor) = if numeric(table, column) { (left + width, Anchor::End) } else { (left, Anchor::Start) };
            canvas.text(at, baseline, look.anchor(anchor), &cell);
            left += width + GAP;
        }
    };
    set(&table.columns, HEAD, y + 13.0);
    let mut top = y + ROW;
    for row in rows {
        set(row, CELL, top + 15.0);
        top += ROW;
    }
    let right = x + widths.iter().map(|width| width + GAP).sum::<f64>() - GAP;
    for nth in 0..rows.len() {
        #[allow(clippy::cast_precision_loss, reason = "few rows")]
        let at = y + ROW * (nth as f64 + 1.0) - 0.5;
        canvas.line([x, at], [right, at], Stroke::solid(Ink::Line, 1.0));
    }
    top + 4.0
}

fn in_lines(canvas: &mut Canvas, table: &Table, rows: &[Vec<String>], [x, y, w]: [f64; 3]) -> f64 {
    let mut top = y;
    for row in rows {
        let (first, rest) = spoken(table, row);
        let line = Line::default().strong(first).and(if rest.is_empty() { "" } else { " · " }).and(rest);
        top = prose::write(canvas, &line, CELL, [x, top, w], 18.0, 3) + 3.0;
    }
    top
}
