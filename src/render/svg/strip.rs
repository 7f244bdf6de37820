//! Rows of days: a bar a day, taller and darker where there is more, so that it can be read without colour. A known zero is a thin
//! line, a day without data is a dot.

use super::axis::{self, TICK};
use super::canvas::{Anchor, Area, Canvas, Type};
use super::theme::Ink;
use crate::domain::chart::{Strip, known};
use crate::domain::words;

const NAME: Type = Type::plain(13.0);
const ROW: f64 = 30.0;
const CELL: f64 = 22.0;
/// Rows that are drawn; the others are counted.
const ROWS: usize = 30;
/// Up to so many days a page tells each one's value where the pointer rests; beyond it would be most of the page's weight.
const HINTED: usize = 200;

/// Draws from `y` down; gives where it ends.
#[allow(clippy::cast_precision_loss, reason = "few steps and rows")]
pub(super) fn draw(canvas: &mut Canvas, strip: &Strip, [x, y, w]: [f64; 3]) -> f64 {
    let rows = &strip.rows[..strip.rows.len().min(ROWS)];
    let steps = strip.steps.len();
    let all = rows.iter().flat_map(|row| row.values.iter().take(steps)).filter_map(|value| known(*value));
    let most = all.fold(0.0, f64::max);
    let left = rows.iter().map(|row| NAME.width(&row.name)).fold(0.0, f64::max).min(w * 0.3) + 10.0;
    let notes = rows.iter().map(|row| TICK.width(&row.note)).fold(0.0, f64::max).min(w * 0.22);
    let right = if notes > 0.0 { notes + 10.0 } else { 0.0 };
    let wide = (w - left - right).max(60.0) / steps.max(1) as f64;
    let mut top = y + 4.0;
    for row in rows {
        canvas.text(x, top + CELL - 6.0, NAME, &NAME.cut(&row.name, left - 10.0));
        for step in 0..steps {
            let at = Area { x: x + left + wide * step as f64, y: top, w: if wide > 4.0 { wide - 1.0 } else { wide }, h: CELL };
            let value = known(row.values.get(step).copied().flatten());
            let hint = if rows.len() * steps <= HINTED { hint(strip, step, value) } else { String::new() };
            cell(canvas, at, value, most, &hint);
        }
        canvas.text(x + w, top + CELL - 6.0, TICK.anchor(Anchor::End), &TICK.cut(&row.note, notes));
        top += ROW;
    }
    if rows.is_empty() || steps == 0 {
        canvas.text(x, top + 14.0, Type::soft(13.0), "no data in this period");
        return top + 22.0;
    }
    axis::steps_below(canvas, &strip.steps, |step| x + left + wide * (step + 0.5), top - 4.0, [x, x + w]);
    top += axis::BELOW;
    let rest = strip.rows.len() - rows.len();
    let more = if rest > 0 { format!(" And {rest} more rows.") } else { String::new() };
    let noun = strip.steps.noun().unwrap_or("step");
    let full = words::value(&strip.unit, most);
    let said = if most > 0.0 {
        format!("A bar a {noun}: the tallest is {full} {}; a dot is a {noun} without data.{more}", strip.of)
    } else {
        format!("No {} in any {noun}; a dot is a {noun} without data.{more}", strip.of)
    };
    canvas.text(x, top + 10.0, TICK, &TICK.cut(&said, w));
    top + 16.0
}

fn hint(strip: &Strip, step: usize, value: Option<f64>) -> String {
    let words = value.map_or_else(|| "no data".to_owned(), |value| format!("{} {}", words::value(&strip.unit, value), strip.of));
    format!("{}: {words}", strip.steps.label(step))
}

fn cell(canvas: &mut Canvas, at: Area, value: Option<f64>, most: f64, hint: &str) {
    let bottom = at.y + at.h;
    match value {
        None => {
            let middle = Area { x: at.x + at.w / 2.0 - 1.0, y: bottom - 2.0, w: 2.0, h: 2.0 };
            canvas.rect(middle, 1.0, Ink::Soft, 1.0, hint);
        }
        Some(value) if value <= 0.0 || most <= 0.0 => canvas.rect(Area { y: bottom - 1.0, h: 1.0, ..at }, 0.0, Ink::Soft, 1.0, hint),
        Some(value) => {
            let share = (value / most).clamp(0.0, 1.0);
            let tall = 3.0 + (at.h - 3.0) * share;
            canvas.rect(Area { y: bottom - tall, h: tall, ..at }, 0.0, Ink::Series(0), 0.45 + 0.55 * share, hint);
        }
    }
}
