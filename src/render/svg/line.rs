//! Lines along steps: band, target, marks, the period before, and each line's name and last value at its end.
//!
//! Names stand at the ends of their lines rather than in a legend, so that nobody matches colours; besides, each line has its own
//! dashes and its own sign. A gap stays a gap: nothing is drawn across it, and a value between two gaps is a dot.

use super::axis::{self, Values};
use super::canvas::{Anchor, Area, Canvas, Stroke, Type, number};
use super::theme::{Ink, SERIES};
use crate::domain::chart::{Lines, Mark, known};
use crate::domain::words;

/// Dashes of the series.
const DASHES: [&str; SERIES] = ["", "7 4", "2 4", "9 3 2 3", "4 3", "12 4"];
/// A label's height at the end of a line.
const LABEL: f64 = 16.0;
/// A row of labels of marks.
const LANE: f64 = 16.0;
const MARK: Type = Type::soft(12.0);

/// What stands at the end of a line.
struct End {
    ink: Ink,
    bold: bool,
    text: String,
    /// Where the line ends.
    from: [f64; 2],
    y: f64,
}

/// Draws from `y` down; gives where it ends.
pub(super) fn draw(canvas: &mut Canvas, lines: &Lines, [x, y, w]: [f64; 3]) -> f64 {
    let band = lines.band.iter().flatten().flatten().copied().map(Some);
    let values = lines.series.iter().take(SERIES).flat_map(|one| one.values.iter().copied());
    let axis = Values::of(&lines.unit, values.chain(band).chain([lines.target.as_ref().map(|(value, _)| *value)]));
    let mut ends = ends(lines, w);
    let right = ends.iter().map(|end| Type { bold: end.bold, ..MARK }.width(&end.text)).fold(0.0, f64::max);
    #[allow(clippy::cast_precision_loss, reason = "at most seven")]
    let tall = (w * 0.3).clamp(150.0, 210.0).max(ends.len() as f64 * LABEL + 24.0);
    let left = axis.width() + 8.0;
    let inner = Area { x: x + left, y, w: (w - left - right - 16.0).max(60.0), h: tall };
    let place = Place { plot: inner, steps: lines.steps.len(), axis: &axis };
    let marks = mark_labels(&lines.marks, &place, x + w);
    let rows = marks.first().map_or(0, |mark| mark.rows);
    #[allow(clippy::cast_precision_loss, reason = "few rows")]
    let top = y + if rows == 0 { 8.0 } else { rows as f64 * LANE + 6.0 };
    let plot = Area { y: top, ..inner };
    let place = Place { plot, ..place };
    axis.draw(canvas, plot);
    let bottom = plot.y + plot.h;
    axis::steps_below(canvas, &lines.steps, |at| place.x(at), bottom, [x, x + w]);
    if place.is_empty(lines) {
        let look = Type::soft(13.0).anchor(Anchor::Middle);
        canvas.text_on_lines(plot.x + plot.w / 2.0, plot.y + plot.h / 2.0 + 4.0, look, "no data in this period");
    }
    draw_band(canvas, lines, &place);
    if let Some((value, _)) = &lines.target {
        let at = place.y(*value);
        canvas.line([plot.x, at], [plot.x + plot.w, at], Stroke::dashed(Ink::Text, 1.25, "1 4"));
    }
    for mark in &marks {
        canvas.line([mark.x, y + mark.above() + 2.0], [mark.x, bottom], Stroke::dashed(Ink::Soft, 1.0, "3 3"));
    }
    for nth in (0..lines.series.len().min(SERIES)).rev() {
        draw_series(canvas, lines, nth, &place);
    }
    for mark in &marks {
        canvas.text_on_lines(mark.label.x, y + mark.above() + 11.0, MARK, &mark.text);
    }
    for end in &mut ends {
        end.from = [plot.x + plot.w * end.from[0], place.y(end.from[1])];
        end.y = end.from[1];
    }
    draw_ends(canvas, ends, plot);
    let below = bottom + axis::BELOW;
    if lines.band.iter().flatten().next().is_none() {
        return below;
    }
    let name = if lines.series.len() > 1 { lines.series.first().map_or("", |one| one.name.as_str()) } else { "" };
    let of = if name.is_empty() { String::new() } else { format!(" of {name}") };
    let key = format!("Shaded: {}{of}", lines.band_name);
    canvas.filled(&format!("M{} {}h14v9h-14Z", number(plot.x), number(below + 2.0)), Ink::Series(0), 0.18);
    canvas.text(plot.x + 20.0, below + 11.0, MARK, &MARK.cut(&key, w - left - 24.0));
    below + 18.0
}

/// Where steps and values are.
#[derive(Clone, Copy)]
struct Place<'a> {
    plot: Area,
    steps: usize,
    axis: &'a Values,
}

#[allow(clippy::cast_precision_loss, reason = "few steps")]
impl Place<'_> {
    /// A step's place, in steps from the middle of the first; half a step is left free at both ends.
    fn x(&self, at: f64) -> f64 {
        self.plot.x + self.plot.w * self.share(at)
    }
    fn share(&self, at: f64) -> f64 {
        ((at + 0.5) / self.steps.max(1) as f64).clamp(0.0, 1.0)
    }
    fn y(&self, value: f64) -> f64 {
        self.plot.y + self.plot.h * (1.0 - self.axis.share(value))
    }
    fn at(&self, step: usize, value: f64) -> [f64; 2] {
        [self.x(step as f64), self.y(value)]
    }
    fn is_empty(&self, lines: &Lines) -> bool {
        lines.series.iter().take(SERIES).all(|one| one.values.iter().take(self.steps).all(|value| known(*value).is_none()))
    }
}

/// Runs of steps without a gap, by step and what is there.
fn runs<T>(count: usize, of: impl Fn(usize) -> Option<T>) -> Vec<Vec<(usize, T)>> {
    let mut out: Vec<Vec<(usize, T)>> = Vec::new();
    let mut open = false;
    for step in 0..count {
        match of(step) {
            Some(found) if open => out.last_mut().expect("a run was begun").push((step, found)),
            Some(found) => {
                out.push(vec![(step, found)]);
                open = true;
            }
            None => open = false,
        }
    }
    out
}

fn points(points: impl Iterator<Item = [f64; 2]>) -> String {
    points.enumerate().fold(String::new(), |all, (nth, [x, y])| {
        let letter = if nth == 0 { 'M' } else { 'L' };
        all + &format!("{letter}{} {}", number(x), number(y))
    })
}

fn draw_band(canvas: &mut Canvas, lines: &Lines, place: &Place<'_>) {
    let of = |step: usize| {
        let [low, high] = lines.band.get(step).copied().flatten()?;
        Some([known(Some(low))?, known(Some(high))?])
    };
    for run in runs(place.steps, of) {
        if let [(step, [low, high])] = run.as_slice() {
            let ([x, low], [_, high]) = (place.at(*step, *low), place.at(*step, *high));
            canvas.filled(&format!("M{} {}h6V{}h-6Z", number(x - 3.0), number(low), number(high)), Ink::Series(0), 0.18);
            continue;
        }
        let upper = run.iter().map(|(step, [_, high])| place.at(*step, *high));
        let lower = run.iter().rev().map(|(step, [low, _])| place.at(*step, *low));
        canvas.filled(&(points(upper.chain(lower)) + "Z"), Ink::Series(0), 0.18);
    }
}

fn draw_series(canvas: &mut Canvas, lines: &Lines, nth: usize, place: &Place<'_>) {
    let values = &lines.series[nth].values;
    let (ink, stroke) = if lines.previous == Some(nth) {
        (Ink::Soft, Stroke::dashed(Ink::Soft, 1.75, "5 4"))
    } else {
        (Ink::Series(nth), Stroke::dashed(Ink::Series(nth), 2.25, DASHES[nth % SERIES]))
    };
    let runs = runs(place.steps, |step| known(values.get(step).copied().flatten()));
    let last = runs.last().and_then(|run| run.last()).map(|(step, _)| *step);
    for run in &runs {
        if run.len() > 1 {
            canvas.path(&points(run.iter().map(|(step, value)| place.at(*step, *value))), stroke, "");
        }
        for (step, value) in run.iter().filter(|(step, _)| run.len() == 1 || Some(*step) == last) {
            canvas.sign(place.at(*step, *value), if Some(*step) == last { 4.5 } else { 3.5 }, nth, ink, false);
        }
    }
}

/// Names and last values, with their places as shares of the plot and values.
fn ends(lines: &Lines, w: f64) -> Vec<End> {
    let steps = lines.steps.len();
    let mut out = Vec::new();
    let many = lines.series.len() > 1;
    for (nth, one) in lines.series.iter().take(SERIES).enumerate() {
        let last = one.values.iter().take(steps).enumerate().rev().find_map(|(step, value)| Some((step, known(*value)?)));
        let Some((step, value)) = last else { continue };
        let bold = lines.previous != Some(nth);
        let words = words::value(&lines.unit, value);
        let name = if many { label(&one.name, &words, bold, w) } else { words };
        #[allow(clippy::cast_precision_loss, reason = "few steps")]
        let share = (step as f64 + 0.5) / steps as f64;
        out.push(End { ink: if bold { Ink::Series(nth) } else { Ink::Soft }, bold, text: name, from: [share, value], y: 0.0 });
    }
    if let Some((value, name)) = &lines.target {
        let text = label(name, &words::value(&lines.unit, *value), false, w);
        out.push(End { ink: Ink::Text, bold: false, text, from: [1.0, *value], y: 0.0 });
    }
    out
}

/// A name cut so that its value has room: at most three tenths of the picture.
fn label(name: &str, value: &str, bold: bool, w: f64) -> String {
    let look = Type { bold, ..MARK };
    let name = look.cut(name, (w * 0.3 - look.width(value) - 6.0).max(36.0));
    if name.is_empty() { value.to_owned() } else { format!("{name} {value}") }
}

/// Labels at the ends of lines, moved apart where they would meet, each joined to its line where it was moved or the line ends
/// early.
fn draw_ends(canvas: &mut Canvas, mut ends: Vec<End>, plot: Area) {
    ends.sort_by(|one, other| one.y.total_cmp(&other.y));
    let wanted: Vec<f64> = ends.iter().map(|end| end.y).collect();
    for (end, y) in ends.iter_mut().zip(spread(&wanted, LABEL, [plot.y + 4.0, plot.y + plot.h - 2.0])) {
        end.y = y;
    }
    let x = plot.x + plot.w + 10.0;
    for end in &ends {
        let [from_x, from_y] = end.from;
        if (end.y - from_y).abs() > 3.0 || from_x < plot.x + plot.w * 0.9 {
            let d = format!(
                "M{} {}L{} {}L{} {}",
                number(from_x + 6.0),
                number(from_y),
                number(plot.x + plot.w),
                number(end.y),
                number(x - 3.0),
                number(end.y)
            );
            canvas.path(&d, Stroke::dashed(Ink::Soft, 0.75, "1 2"), "");
        }
        canvas.text_on_lines(x, end.y + 4.2, Type { bold: end.bold, ..MARK }.ink(end.ink), &end.text);
    }
}

/// Places in order, moved as little as it takes to be `apart` and within the ends: what would meet becomes a group around its
/// own middle.
#[allow(clippy::cast_precision_loss, reason = "at most seven")]
fn spread(wanted: &[f64], apart: f64, [top, bottom]: [f64; 2]) -> Vec<f64> {
    let mut groups: Vec<(f64, usize)> = Vec::new(); // the middle of a group, and how many are in it
    let first = |(middle, count): (f64, usize)| middle - (count as f64 - 1.0) * apart / 2.0;
    let within = |(middle, count): (f64, usize)| {
        let half = (count as f64 - 1.0) * apart / 2.0;
        (middle.clamp((top + half).min(bottom), (bottom - half).max(top)), count)
    };
    for y in wanted {
        let mut now = within((*y, 1));
        while let Some(before) = groups.last().copied().filter(|before| first(now) < first(*before) + before.1 as f64 * apart) {
            groups.pop();
            let all = before.1 + now.1;
            now = within(((before.0 * before.1 as f64 + now.0 * now.1 as f64) / all as f64, all));
        }
        groups.push(now);
    }
    groups.into_iter().flat_map(|group| (0..group.1).map(move |nth| first(group) + nth as f64 * apart)).collect()
}

/// A mark's line and label: in the row of labels above the plot, 0 the lowest.
struct Lane {
    x: f64,
    row: usize,
    rows: usize,
    label: Area,
    text: String,
}

#[allow(clippy::cast_precision_loss, reason = "few rows")]
impl Lane {
    /// How far below the picture's top its label begins.
    fn above(&self) -> f64 {
        (self.rows - 1 - self.row) as f64 * LANE
    }
}

/// Labels to the right of their lines, from the last mark to the first, each in the lowest row in which it has room: so no line
/// runs through a label to its right.
fn mark_labels(marks: &[Mark], place: &Place<'_>, right: f64) -> Vec<Lane> {
    let mut out: Vec<Lane> = Vec::new();
    let mut marks: Vec<&Mark> = marks.iter().filter(|mark| mark.at.is_finite()).collect();
    marks.sort_by(|one, other| other.at.total_cmp(&one.at));
    for mark in marks {
        let x = place.x(mark.at);
        let label = if mark.label.trim().is_empty() { "•" } else { &mark.label };
        let text = MARK.cut(label, (right - x - 6.0).max(120.0));
        let w = MARK.width(&text);
        // Near the right end there is no room beside the line: the label ends at it, or as far right as it can.
        let left = (x + 4.0).min(right - w);
        let label = Area { x: left - 3.0, y: 0.0, w: w + 9.0, h: 1.0 };
        let row = (0..=out.len()).find(|row| out.iter().all(|lane| lane.row != *row || !lane.label.meets(&label))).unwrap_or(0);
        out.push(Lane { x, row, rows: 0, label: Area { x: left, ..label }, text });
    }
    let rows = out.iter().map(|lane| lane.row + 1).max().unwrap_or(0);
    for lane in &mut out {
        lane.rows = rows;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_would_meet_gather_around_their_middle() {
        let check = |wanted: &[f64], expect: &[f64]| assert_eq!(spread(wanted, 10.0, [0.0, 100.0]), expect, "{wanted:?}");
        check(&[], &[]);
        check(&[20.0, 50.0], &[20.0, 50.0]);
        check(&[50.0, 50.0], &[45.0, 55.0]);
        check(&[50.0, 52.0, 60.0], &[44.0, 54.0, 64.0]);
        check(&[0.0, 1.0, 50.0], &[0.0, 10.0, 50.0]);
        check(&[99.0, 100.0], &[90.0, 100.0]);
    }

    #[test]
    fn a_run_ends_at_a_gap() {
        let values = [Some(1), Some(2), None, Some(3)];
        assert_eq!(runs(4, |step| values[step]), vec![vec![(0, 1), (1, 2)], vec![(3, 3)]]);
    }
}
