//! Shares of a whole, a row a whole: parts in the same order in each row, each with its share written in it where it has room,
//! with a line of the page's colour between two parts.

use super::axis::TICK;
use super::canvas::{Anchor, Area, Canvas, Stroke, Type};
use super::key;
use super::theme::{Ink, SERIES};
use crate::domain::chart::Shares;
use crate::domain::words;

const NAME: Type = Type::plain(13.0);
const SHARE: Type = Type::bold(12.0).ink(Ink::Page).anchor(Anchor::Middle);
const BAR: f64 = 24.0;
const GAP: f64 = 8.0;
/// Rows that are drawn; the others are counted.
const ROWS: usize = 40;

/// Draws from `y` down; gives where it ends.
pub(super) fn draw(canvas: &mut Canvas, shares: &Shares, [x, y, w]: [f64; 3]) -> f64 {
    let names: Vec<&str> = shares.parts.iter().take(SERIES).map(String::as_str).collect();
    let mut top = key::draw(canvas, &names, false, [x, y, w]) + 4.0;
    let left = shares.rows.iter().take(ROWS).map(|(name, _)| NAME.width(name)).fold(0.0, f64::max).min(w * 0.32) + 10.0;
    let wide = w - left;
    for (row, (name, _)) in shares.rows.iter().take(ROWS).enumerate() {
        canvas.text(x, top + BAR / 2.0 + 4.5, NAME, &NAME.cut(name, left - 10.0));
        match shares.of(row) {
            Some(parts) => draw_row(canvas, shares, &parts, [x + left, top, wide]),
            None => canvas.text(x + left + 4.0, top + BAR / 2.0 + 4.2, TICK, "no data"),
        }
        top += BAR + GAP;
    }
    if shares.rows.is_empty() {
        canvas.text(x, top + 12.0, Type::soft(13.0), "no data in this period");
        top += 20.0;
    }
    if shares.rows.len() > ROWS {
        canvas.text(x, top + 8.0, TICK, &format!("and {} more", shares.rows.len() - ROWS));
        top += 18.0;
    }
    top
}

fn draw_row(canvas: &mut Canvas, shares: &Shares, parts: &[f64], [x, top, wide]: [f64; 3]) {
    let mut at = x;
    for (nth, share) in parts.iter().take(SERIES).enumerate() {
        let part = wide * share;
        let words = words::percent(*share);
        let hint = format!("{} {words}", shares.parts[nth]);
        canvas.rect(Area { x: at, y: top, w: part, h: BAR }, 0.0, Ink::Series(nth), 1.0, &hint);
        // In a narrow part the number alone.
        let short = words.trim_end_matches(" %");
        if let Some(words) = [words.as_str(), short].into_iter().find(|words| SHARE.width(words) + 6.0 <= part) {
            canvas.text(at + part / 2.0, top + BAR / 2.0 + 4.2, SHARE, words);
        }
        if at > x && *share > 0.0 {
            canvas.line([at, top], [at, top + BAR], Stroke::solid(Ink::Page, 2.0));
        }
        at += part;
    }
}
