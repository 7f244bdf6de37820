//! A sparkline: weeks from zero up, a gap where a week has no data, a dot where one stands alone and at the last one.

use super::canvas::{Area, Canvas, Stroke, number};
use super::theme::Ink;
use crate::domain::chart::known;
use crate::render::spark;

/// In a page the picture is stretched to its place; lines keep their width.
const UNSTRETCHED: &str = " vector-effect=\"non-scaling-stroke\"";

/// Draws into an area.
pub(super) fn draw(canvas: &mut Canvas, values: &[Option<f64>], area: Area) {
    let weeks = spark::recent(values);
    let Some(top) = spark::top(weeks) else { return };
    let (lines, dots) = paths(weeks, top, area);
    let floor = format!("M{} {}H{}", number(area.x), number(area.y + area.h - 1.0), number(area.x + area.w));
    canvas.path(&floor, Stroke::solid(Ink::Line, 1.0), UNSTRETCHED);
    canvas.path(&lines, Stroke::solid(Ink::Series(0), 1.75), UNSTRETCHED);
    canvas.path(&dots, Stroke::solid(Ink::Series(0), 4.5), UNSTRETCHED);
}

/// The line's path, and one with a dot at the last week and at each week between two gaps.
#[allow(clippy::cast_precision_loss, reason = "at most 26 weeks")]
fn paths(weeks: &[Option<f64>], top: f64, area: Area) -> (String, String) {
    let inset = 3.0;
    let step = (area.w - 2.0 * inset) / weeks.len().saturating_sub(1).max(1) as f64;
    let at = |week: usize| known(weeks.get(week).copied().flatten());
    let (mut lines, mut dots) = (String::new(), String::new());
    for week in 0..weeks.len() {
        let Some(x) = at(week) else { continue };
        let share = if top > 0.0 { (x.max(0.0) / top).min(1.0) } else { 0.0 };
        let up = area.y + area.h - 1.0 - share * (area.h - 4.0);
        let point = format!("{} {}", number(area.x + inset + week as f64 * step), number(up));
        let before = week.checked_sub(1).and_then(at).is_some();
        lines.push(if before { 'L' } else { 'M' });
        lines.push_str(&point);
        if week + 1 == weeks.len() || (!before && at(week + 1).is_none()) {
            dots.extend(["M", &point, "h0"]);
        }
    }
    (lines, dots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_no_line_and_a_lone_week_a_dot() {
        let area = Area { x: 0.0, y: 0.0, w: 106.0, h: 25.0 };
        let check =
            |weeks: &[Option<f64>], lines: &str, dots: &str| assert_eq!(paths(weeks, 2.0, area), (lines.to_owned(), dots.to_owned()));
        check(&[Some(0.0), Some(2.0)], "M3 24L103 3", "M103 3h0");
        check(&[Some(2.0), None, Some(1.0), Some(2.0), None], "M3 3M53 13.5L78 3", "M3 3h0");
        check(&[None, Some(-1.0)], "M103 24", "M103 24h0");
    }
}
