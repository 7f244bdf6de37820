//! Bars: columns where the steps are time, rows where they are things. Several series stand side by side in the order of the key,
//! each with its own texture, so that colour says nothing alone. How sure the first series is stands on its bars as a line with two ends.

use super::axis::{self, TICK, Values};
use super::canvas::{Anchor, Area, Canvas, Stroke, Type};
use super::key;
use super::theme::{Ink, SERIES};
use crate::domain::chart::{Bars, Series, Steps, known};
use crate::domain::words;

const VALUE: Type = Type::plain(12.0);
const NAME: Type = Type::plain(13.0);
/// A row's bar, and what is between two rows.
const BAR: f64 = 16.0;
const GAP: f64 = 10.0;
/// Half of the line across an interval's end.
const TICKS: f64 = 3.5;
/// Rows that are drawn; the others are counted.
const ROWS: usize = 40;

/// Draws from `y` down; gives where it ends.
pub(super) fn draw(canvas: &mut Canvas, bars: &Bars, [x, y, w]: [f64; 3]) -> f64 {
    let series: Vec<&Series> = bars.series.iter().take(SERIES).collect();
    let names: Vec<&str> = series.iter().map(|one| one.name.as_str()).collect();
    let top = if series.len() > 1 { key::draw(canvas, &names, true, [x, y, w]) } else { y };
    match &bars.steps {
        Steps::Time(..) => columns(canvas, bars, &series, [x, top, w]),
        Steps::Named(names) => rows(canvas, bars, &series, names, [x, top, w]),
    }
}

fn value(series: &Series, step: usize) -> Option<f64> {
    known(series.values.get(step).copied().flatten())
}

#[allow(clippy::cast_precision_loss, reason = "few steps")]
fn columns(canvas: &mut Canvas, bars: &Bars, series: &[&Series], [x, y, w]: [f64; 3]) -> f64 {
    let steps = bars.steps.len();
    let ends = (0..steps).filter_map(|step| bars.interval(step)).flatten().map(Some);
    let axis = Values::of(&bars.unit, series.iter().flat_map(|one| one.values.iter().copied()).chain(ends).chain([bars.whole()]));
    let left = axis.width() + 8.0;
    let plot = Area { x: x + left, y: y + 18.0, w: (w - left).max(60.0), h: (w * 0.28).clamp(140.0, 190.0) };
    axis.draw(canvas, plot);
    let slot = plot.w / steps.max(1) as f64;
    let group = (slot * 0.76).min(64.0);
    let wide = group / series.len().max(1) as f64;
    let zero = plot.y + plot.h * (1.0 - axis.share(0.0));
    let mut tops = Vec::new();
    for step in 0..steps {
        for (nth, one) in series.iter().enumerate() {
            let Some(value) = value(one, step) else { continue };
            let at = plot.y + plot.h * (1.0 - axis.share(value));
            let left = plot.x + slot * (step as f64 + 0.5) - group / 2.0 + wide * nth as f64;
            // A zero that is known is a hair on the line; a gap is nothing.
            let area = Area { x: left, y: at.min(zero - 1.0), w: (wide - 1.0).max(1.0), h: (at - zero).abs().max(1.0) };
            let hint = format!("{}: {} {}", bars.steps.label(step), one.name, words::value(&bars.unit, value));
            canvas.bar(if value < 0.0 { Area { y: zero, ..area } } else { area }, nth, &hint);
            let mut top = at.min(zero);
            if let Some(ends) = bars.interval(step).filter(|_| nth == 0) {
                let [low, high] = ends.map(|end| plot.y + plot.h * (1.0 - axis.share(end)));
                let middle = left + wide / 2.0;
                whisker(canvas, [[middle, low], [middle, high]]);
                top = top.min(high);
            }
            tops.push((step, left + wide / 2.0, top, value));
        }
    }
    if tops.is_empty() {
        canvas.text_on_lines(
            plot.x + plot.w / 2.0,
            plot.y + plot.h / 2.0 + 4.0,
            Type::soft(13.0).anchor(Anchor::Middle),
            "no data in this period",
        );
    }
    if series.len() == 1 {
        label_tops(canvas, bars, &mut tops, plot);
    }
    axis::steps_below(canvas, &bars.steps, |at| plot.x + slot * (at + 0.5), plot.y + plot.h, [x, x + w]);
    plot.y + plot.h + axis::BELOW
}

/// An interval: a line from end to end, with a short one across each.
fn whisker(canvas: &mut Canvas, [low, high]: [[f64; 2]; 2]) {
    let pen = Stroke::solid(Ink::Text, 1.5);
    canvas.line(low, high, pen);
    let lies = (high[0] - low[0]).abs() > (high[1] - low[1]).abs();
    for [x, y] in [low, high] {
        let (dx, dy) = if lies { (0.0, TICKS) } else { (TICKS, 0.0) };
        canvas.line([x - dx, y - dy], [x + dx, y + dy], pen);
    }
}

/// Values above their columns: the last, the greatest, then as many of the others as have room.
fn label_tops(canvas: &mut Canvas, bars: &Bars, tops: &mut [(usize, f64, f64, f64)], plot: Area) {
    let last = tops.iter().map(|top| top.0).max().unwrap_or(0);
    let most = tops.iter().map(|top| top.3).fold(f64::NEG_INFINITY, f64::max);
    tops.sort_by_key(|(step, _, _, value)| (*step != last, (*value - most).abs() > 0.0, std::cmp::Reverse(*step)));
    for (_, x, y, value) in tops {
        let words = words::value(&bars.unit, *value);
        let look = VALUE.anchor(Anchor::Middle);
        let area = look.area(*x, *y - 5.0, &words);
        let padded = Area { x: area.x - 3.0, w: area.w + 6.0, ..area };
        let inside = Area { x: plot.x, y: plot.y - 16.0, w: plot.w, h: plot.h + 16.0 };
        if canvas.is_free(&padded) && inside.holds(&area) {
            canvas.text_on_lines(*x, *y - 5.0, look, &words);
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "few rows")]
fn rows(canvas: &mut Canvas, bars: &Bars, series: &[&Series], names: &[String], [x, y, w]: [f64; 3]) -> f64 {
    let ends = (0..names.len().min(ROWS)).filter_map(|step| bars.interval(step)).flatten().map(Some);
    let axis =
        Values::of(&bars.unit, series.iter().flat_map(|one| one.values.iter().take(ROWS).copied()).chain(ends).chain([bars.whole()]));
    let said = |value: Option<f64>| value.map_or_else(|| "no data".to_owned(), |value| words::value(&bars.unit, value));
    let widest =
        (0..names.len().min(ROWS)).flat_map(|step| series.iter().map(move |one| value(one, step))).map(|value| VALUE.width(&said(value)));
    let numbers = widest.fold(0.0, f64::max).min(w * 0.3);
    let left = names.iter().take(ROWS).map(|name| NAME.width(name)).fold(0.0, f64::max).min(w * 0.32) + 10.0;
    let plot = Area { x: x + left, y, w: (w - left - numbers - 10.0).max(40.0), h: 0.0 };
    let zero = plot.x + plot.w * axis.share(0.0);
    let mut top = y + 4.0;
    for (step, name) in names.iter().take(ROWS).enumerate() {
        let height = BAR * series.len() as f64;
        canvas.text(x, top + height / 2.0 + 4.5, NAME, &NAME.cut(name, left - 10.0));
        for (nth, one) in series.iter().enumerate() {
            let found = value(one, step);
            let at = top + BAR * nth as f64;
            if let Some(found) = found {
                let end = plot.x + plot.w * axis.share(found);
                let area = Area { x: end.min(zero), y: at, w: (end - zero).abs().max(1.5), h: BAR - 1.5 };
                canvas.bar(area, nth, &format!("{name}: {} {}", one.name, said(found.into())));
                if let Some(ends) = bars.interval(step).filter(|_| nth == 0) {
                    let middle = at + (BAR - 1.5) / 2.0;
                    whisker(canvas, ends.map(|end| [plot.x + plot.w * axis.share(end), middle]));
                }
            }
            let look = if found.is_some() { VALUE } else { TICK };
            canvas.text(x + w, at + BAR / 2.0 + 3.6, look.anchor(Anchor::End), &look.cut(&said(found), numbers));
        }
        top += height + GAP;
    }
    if names.is_empty() {
        canvas.text(x, top + 12.0, Type::soft(13.0), "no data in this period");
        return top + 20.0;
    }
    canvas.line([zero, y], [zero, top - GAP + 4.0], Stroke::solid(Ink::Soft, 1.0));
    if names.len() > ROWS {
        canvas.text(x, top + 10.0, TICK, &format!("and {} more", names.len() - ROWS));
        top += 18.0;
    }
    top
}
