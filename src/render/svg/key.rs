//! A key: what each texture or ink stands for, in the order in which they stand in the picture. Only where there is no room for
//! names at the things themselves.

use super::canvas::{Area, Canvas, Type};
use super::theme::Ink;

const NAME: Type = Type::plain(12.0);
const SWATCH: f64 = 12.0;
const LINE: f64 = 19.0;

/// Draws the names in as many lines as they need; gives where it ends.
pub(super) fn draw(canvas: &mut Canvas, names: &[&str], textured: bool, [x, y, w]: [f64; 3]) -> f64 {
    let (mut left, mut top) = (x, y + 2.0);
    for (nth, name) in names.iter().enumerate() {
        let name = NAME.cut(name, (w * 0.45).min(w - SWATCH - 6.0));
        let wide = SWATCH + 6.0 + NAME.width(&name);
        if left > x && left + wide > x + w {
            (left, top) = (x, top + LINE);
        }
        let swatch = Area { x: left, y: top, w: SWATCH, h: SWATCH };
        if textured {
            canvas.bar(swatch, nth, "");
        } else {
            canvas.rect(swatch, 0.0, Ink::Series(nth), 1.0, "");
        }
        canvas.text(left + SWATCH + 6.0, top + 10.2, NAME, &name);
        left += wide + 18.0;
    }
    top + LINE
}
