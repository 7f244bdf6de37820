//! A picture as SVG: the one builder, for the page, for print, and for what stands alone ([`super::png`]).
//!
//! Layout is arithmetic on text widths ([`measure`]) and on places already taken ([`canvas`]): a label goes where there is
//! room, never over another. The same data gives the same bytes.
//!
//! Accessible: `role="img"` with a title and a sentence ([`Chart::said`]); names at the things themselves; dashes, signs,
//! textures, heights and order beside colour ([`theme`]).
//!
//! Why not a chart library: the page takes no script, a picture must have the house's words on its axes, and plotters' and
//! charming's were tried and rejected (no gaps, no accessible text, a second way to write numbers).

mod axis;
mod bars;
mod canvas;
mod card;
mod key;
mod line;
mod measure;
mod path;
mod prose;
mod spark;
mod stacked;
mod strip;
mod tabular;
pub mod theme;

use super::fonts;
use super::outside::clean;
use crate::domain::chart::{Chart, Kind, Spark};
use canvas::{Area, Canvas, Type, escaped, number};
use theme::{Ink, Theme};

/// How wide a picture is in a page; it shrinks with it, down to where its text can still be read.
pub const PAGE_WIDTH: f64 = 640.0;
/// How wide a sparkline is where it is not stretched.
const SPARK: Area = Area { x: 0.0, y: 0.0, w: 240.0, h: 44.0 };

const TITLE: Type = Type::bold(15.0);
const SUBTITLE: Type = Type::soft(12.5);

/// A finished drawing.
pub struct Drawing {
    /// In pixels at scale 1.
    pub width: f64,
    /// In pixels at scale 1.
    pub height: f64,
    theme: Theme,
    body: String,
    title: String,
    said: String,
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests look through it for overlaps"))]
    pub(super) texts: Vec<Area>,
}

/// A picture for a page. `id` begins its ids and must differ from those of the page's other pictures.
pub fn inline(chart: &Chart, id: &str) -> String {
    let drawing = draw(chart, PAGE_WIDTH, Theme::Page, id);
    let stretch = if matches!(chart.kind, Kind::Spark(_)) { " preserveAspectRatio=\"none\"" } else { "" };
    let id = escaped(id);
    format!(
        "<svg viewBox=\"0 0 {} {}\"{stretch} role=\"img\" aria-labelledby=\"{id}-n {id}-d\"><title id=\"{id}-n\">{}</title><desc id=\"{id}-d\">{}</desc>{}</svg>",
        number(drawing.width),
        number(drawing.height),
        escaped(&drawing.title),
        escaped(&drawing.said),
        drawing.body,
    )
}

/// Around what stands alone.
const MARGIN: f64 = 20.0;

/// A picture of that width, with a margin where it stands alone.
pub fn draw(chart: &Chart, width: f64, theme: Theme, id: &str) -> Drawing {
    let mut canvas = Canvas::new(theme, id);
    let (width, height) = if let Kind::Spark(spark) = &chart.kind {
        spark::draw(&mut canvas, &spark.values, SPARK);
        (SPARK.w, SPARK.h)
    } else {
        let margin = if theme.stands_alone() { MARGIN } else { 0.0 };
        (width, put(&mut canvas, chart, [margin, margin, width - 2.0 * margin]) + margin.max(4.0))
    };
    let (body, texts) = canvas.finish();
    Drawing { width, height: height.ceil(), theme, body, title: clean(&chart.title), said: clean(&chart.said()), texts }
}

/// A whole answer, with its figures, pictures and small print.
pub use card::draw as draw_card;

/// A picture at a place; gives where it ends.
fn put(canvas: &mut Canvas, chart: &Chart, [x, y, w]: [f64; 3]) -> f64 {
    let mut top = canvas.lines(&chart.title, TITLE, [x, y, w], 20.0, 2);
    top = canvas.lines(&chart.subtitle, SUBTITLE, [x, top, w], 17.0, 2);
    let at = [x, if top > y { top + 8.0 } else { top }, w];
    match &chart.kind {
        Kind::Line(lines) => line::draw(canvas, lines, at),
        Kind::Bars(bars) => bars::draw(canvas, bars, at),
        Kind::Stacked(shares) => stacked::draw(canvas, shares, at),
        Kind::Path(trail) => path::draw(canvas, trail, at),
        Kind::Strip(strip) => strip::draw(canvas, strip, at),
        Kind::Spark(Spark { values, .. }) => {
            spark::draw(canvas, values, Area { x, y: at[1], w: SPARK.w.min(w), h: SPARK.h });
            at[1] + SPARK.h
        }
    }
}

impl Drawing {
    /// As a file of its own, on the page's ground.
    pub fn file(&self) -> String {
        let (w, h) = (number(self.width), number(self.height));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" role=\"img\" aria-labelledby=\"n d\" \
             font-family=\"{}\"><title id=\"n\">{}</title><desc id=\"d\">{}</desc><rect width=\"{w}\" height=\"{h}\" fill=\"{}\"/>{}</svg>",
            fonts::FAMILY,
            escaped(&self.title),
            escaped(&self.said),
            self.theme.colour(Ink::Page),
            self.body,
        )
    }
}

#[cfg(test)]
mod tests;
