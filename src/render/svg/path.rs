//! Points by two quantities, joined in their order: where one came from and where one is. The last point is filled, the others
//! hollow, and each is named where its name has room.

use super::axis::{TICK, Values};
use super::canvas::{Anchor, Area, Canvas, Stroke, Type, number};
use super::theme::Ink;
use crate::domain::chart::{Quantity, Trail};
use crate::domain::words::{self, Better};

const NAME: Type = Type::plain(12.0);
const R: f64 = 5.0;

/// Draws from `y` down; gives where it ends.
pub(super) fn draw(canvas: &mut Canvas, trail: &Trail, [x, y, w]: [f64; 3]) -> f64 {
    let points: Vec<Option<[f64; 2]>> = (0..trail.points.len()).map(|nth| trail.at(nth)).collect();
    let across = Values::of(&trail.x.unit, points.iter().flatten().map(|at| Some(at[0])));
    let up = Values::of(&trail.y.unit, points.iter().flatten().map(|at| Some(at[1])));
    let left = up.width() + 8.0;
    canvas.text(x, y + 12.0, TICK, &TICK.cut(&axis_name(&trail.y, "↑", "↓"), w));
    let plot = Area { x: x + left, y: y + 26.0, w: w - left - 34.0, h: (w * 0.4).clamp(180.0, 280.0) };
    up.draw(canvas, plot);
    across.draw_below(canvas, plot);
    let bottom = plot.y + plot.h + 38.0;
    canvas.text(x + w, bottom, TICK.anchor(Anchor::End), &TICK.cut(&axis_name(&trail.x, "→", "←"), w));
    let place = |[x, y]: [f64; 2]| [plot.x + plot.w * across.share(x), plot.y + plot.h * (1.0 - up.share(y))];
    let places: Vec<Option<[f64; 2]>> = points.iter().map(|point| point.map(place)).collect();
    join(canvas, &places);
    let last = places.iter().rposition(Option::is_some);
    for (nth, at) in places.iter().enumerate() {
        let Some(at) = at else { continue };
        canvas.sign(*at, if Some(nth) == last { R + 1.0 } else { R }, 0, Ink::Series(0), Some(nth) != last);
    }
    if places.iter().all(Option::is_none) {
        canvas.text_on_lines(
            plot.x + plot.w / 2.0,
            plot.y + plot.h / 2.0 + 4.0,
            Type::soft(13.0).anchor(Anchor::Middle),
            "no data in this period",
        );
    }
    name_points(canvas, trail, &places, plot);
    bottom + 8.0
}

/// "Change lead time, less is better ←".
fn axis_name(quantity: &Quantity, more: &str, less: &str) -> String {
    match quantity.better {
        Better::Lower => format!("{}, less is better {less}", quantity.name),
        Better::Higher => format!("{}, more is better {more}", quantity.name),
        Better::Neither => quantity.name.clone(),
    }
}

/// Lines between neighbours, each with an arrow's head in its middle.
fn join(canvas: &mut Canvas, places: &[Option<[f64; 2]>]) {
    for two in places.windows(2) {
        let (Some(from), Some(to)) = (two[0], two[1]) else { continue };
        canvas.line(from, to, Stroke::solid(Ink::Series(0), 1.75));
        let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
        let length = dx.hypot(dy);
        if length < 4.0 * R {
            continue;
        }
        let (ux, uy) = (dx / length, dy / length);
        let tip = [f64::midpoint(from[0], to[0]) + ux * 5.0, f64::midpoint(from[1], to[1]) + uy * 5.0];
        let wing = |side: f64| format!("{} {}", number(tip[0] - ux * 9.0 - uy * side), number(tip[1] - uy * 9.0 + ux * side));
        canvas.filled(&format!("M{} {}L{}L{}Z", number(tip[0]), number(tip[1]), wing(4.5), wing(-4.5)), Ink::Series(0), 1.0);
    }
}

/// The last point's name first, then the first's, then the others', each on the first side that has room.
fn name_points(canvas: &mut Canvas, trail: &Trail, places: &[Option<[f64; 2]>], plot: Area) {
    let known: Vec<usize> = (0..places.len()).filter(|nth| places[*nth].is_some()).collect();
    let order = known.iter().rev().take(1).chain(known.iter().take(known.len().saturating_sub(1)));
    let frame = Area { x: plot.x, y: plot.y - 12.0, w: plot.w + 34.0, h: plot.h + 12.0 };
    for nth in order {
        let Some([x, y]) = places[*nth] else { continue };
        let last = known.last() == Some(nth);
        let look = Type { bold: last, ..NAME };
        let mut label = look.cut(&trail.points[*nth].0, 120.0);
        if last && let Some([right, up]) = trail.at(*nth) {
            label = format!("{label}: {}, {}", words::value(&trail.x.unit, right), words::value(&trail.y.unit, up));
        }
        let sides = [
            (R + 5.0, 4.2, Anchor::Start),
            (-R - 5.0, 4.2, Anchor::End),
            (0.0, -R - 5.0, Anchor::Middle),
            (0.0, R + 14.0, Anchor::Middle),
            (R + 3.0, -R - 3.0, Anchor::Start),
            (-R - 3.0, -R - 3.0, Anchor::End),
            (R + 3.0, R + 12.0, Anchor::Start),
            (-R - 3.0, R + 12.0, Anchor::End),
        ];
        let free = |(dx, dy, anchor): &(f64, f64, Anchor)| {
            let area = look.anchor(*anchor).area(x + dx, y + dy, &label);
            let others = places.iter().enumerate().filter(|(other, _)| other != nth).filter_map(|(_, at)| *at);
            let clear = others.map(|[x, y]| Area { x: x - R, y: y - R, w: 2.0 * R, h: 2.0 * R }).all(|sign| !sign.meets(&area));
            frame.holds(&area) && clear && canvas.is_free(&area)
        };
        let crossed = |(dx, dy, anchor): &(f64, f64, Anchor)| {
            let area = look.anchor(*anchor).area(x + dx, y + dy, &label);
            places.windows(2).filter(|two| two[0].zip(two[1]).is_some_and(|(from, to)| crosses(from, to, &area))).count()
        };
        // The side that fewest lines cross, the first of those.
        let best = sides.iter().enumerate().filter(|(_, side)| free(side)).min_by_key(|(nth, side)| (crossed(side), *nth));
        if let Some((_, (dx, dy, anchor))) = best {
            canvas.text_on_lines(x + dx, y + dy, look.anchor(*anchor), &label);
        }
    }
}

/// Whether a line runs through an area, looked at in 24 places.
fn crosses(from: [f64; 2], to: [f64; 2], area: &Area) -> bool {
    (0..=24).map(|nth| f64::from(nth) / 24.0).any(|share| {
        let [x, y] = [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
        x > area.x - 1.0 && x < area.x + area.w + 1.0 && y > area.y && y < area.y + area.h
    })
}
