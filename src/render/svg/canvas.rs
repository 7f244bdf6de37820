//! [`Canvas`]: the shapes and texts of a drawing, written as SVG in order, escaped, with every text's place remembered.
//!
//! Remembered places are how labels keep apart ([`Canvas::is_free`]), and what the tests look through for overlaps.

use std::fmt::Write as _;

use super::measure;
use super::theme::{Ink, Theme};
use crate::render::fonts;
use crate::render::outside::{clean, together};

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[allow(missing_docs, reason = "plain names")]
pub struct Area {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

impl Area {
    /// Whether two share more than a hair.
    pub fn meets(&self, other: &Self) -> bool {
        const HAIR: f64 = 0.2;
        self.x + self.w > other.x + HAIR
            && other.x + other.w > self.x + HAIR
            && self.y + self.h > other.y + HAIR
            && other.y + other.h > self.y + HAIR
    }
    /// Whether one is wholly inside another.
    pub fn holds(&self, other: &Self) -> bool {
        const HAIR: f64 = 0.2;
        other.x >= self.x - HAIR
            && other.y >= self.y - HAIR
            && other.x + other.w <= self.x + self.w + HAIR
            && other.y + other.h <= self.y + self.h + HAIR
    }
}

/// On which side of its place a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "plain names")]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs, reason = "plain names")]
pub struct Type {
    pub size: f64,
    pub bold: bool,
    pub ink: Ink,
    pub anchor: Anchor,
}

impl Type {
    /// Plain text of less weight, from its beginning.
    pub const fn soft(size: f64) -> Self {
        Self { size, bold: false, ink: Ink::Soft, anchor: Anchor::Start }
    }
    /// Plain text.
    pub const fn plain(size: f64) -> Self {
        Self { ink: Ink::Text, ..Self::soft(size) }
    }
    /// Bold text.
    pub const fn bold(size: f64) -> Self {
        Self { bold: true, ink: Ink::Text, ..Self::soft(size) }
    }
    /// In another ink.
    pub const fn ink(self, ink: Ink) -> Self {
        Self { ink, ..self }
    }
    /// On another side of its place.
    pub const fn anchor(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }
    /// How wide a text is, as it will be drawn.
    pub fn width(self, text: &str) -> f64 {
        measure::width(&clean(text), self.size, self.bold)
    }
    /// A text cut to so many pixels.
    pub fn cut(self, text: &str, max: f64) -> String {
        measure::cut(clean(text).trim(), self.size, self.bold, max)
    }
    /// A text in lines of so many pixels.
    pub fn wrap(self, text: &str, max: f64, lines: usize) -> Vec<String> {
        measure::wrap(&together(text), self.size, self.bold, max, lines)
    }
    /// Where a text will be whose baseline begins, centres or ends at a place.
    pub fn area(self, x: f64, y: f64, text: &str) -> Area {
        let w = self.width(text);
        let left = match self.anchor {
            Anchor::Start => x,
            Anchor::Middle => x - w / 2.0,
            Anchor::End => x - w,
        };
        Area { x: left, y: y - self.size * 0.78, w, h: self.size }
    }
}

/// A line's look.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs, reason = "plain names")]
pub struct Stroke {
    pub ink: Ink,
    pub width: f64,
    /// As `stroke-dasharray`; empty: none.
    pub dash: &'static str,
}

impl Stroke {
    /// Unbroken.
    pub const fn solid(ink: Ink, width: f64) -> Self {
        Self { ink, width, dash: "" }
    }
    /// Broken.
    pub const fn dashed(ink: Ink, width: f64, dash: &'static str) -> Self {
        Self { ink, width, dash }
    }
}

/// A drawing under way.
pub struct Canvas {
    theme: Theme,
    id: String,
    out: String,
    texts: Vec<Area>,
    textures: Vec<usize>,
}

/// A number as SVG takes it: at most one decimal, no `-0`.
pub fn number(x: f64) -> String {
    let text = format!("{x:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// For text and attributes alike.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

impl Canvas {
    /// An empty one. `id` begins the ids in it, which must differ within a page.
    pub fn new(theme: Theme, id: &str) -> Self {
        let id = id.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').collect();
        Self { theme, id, out: String::new(), texts: Vec::new(), textures: Vec::new() }
    }

    /// What was drawn, and where its texts are.
    pub fn finish(self) -> (String, Vec<Area>) {
        (self.out, self.texts)
    }

    fn attribute(&mut self, name: &str, value: &str) {
        let _ = write!(self.out, " {name}=\"{value}\"");
    }

    fn stroke(&mut self, stroke: Stroke) {
        let colour = self.theme.colour(stroke.ink);
        self.attribute("stroke", &colour);
        self.attribute("stroke-width", &number2(stroke.width));
        if !stroke.dash.is_empty() {
            self.attribute("stroke-dasharray", stroke.dash);
        }
    }

    /// A straight line.
    pub fn line(&mut self, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2], stroke: Stroke) {
        let d = format!("M{} {}L{} {}", number(x1), number(y1), number(x2), number(y2));
        self.path(&d, stroke, "");
    }

    /// A path that is not filled. `more` are further attributes of ours.
    pub fn path(&mut self, d: &str, stroke: Stroke, more: &str) {
        self.out.push_str("<path");
        self.attribute("d", d);
        self.out.push_str(" fill=\"none\"");
        self.stroke(stroke);
        self.out.push_str(" stroke-linejoin=\"round\" stroke-linecap=\"round\"");
        self.out.push_str(more);
        self.out.push_str("/>");
    }

    /// A filled path.
    pub fn filled(&mut self, d: &str, ink: Ink, opacity: f64) {
        let colour = self.theme.colour(ink);
        self.out.push_str("<path");
        self.attribute("d", d);
        self.attribute("fill", &colour);
        if opacity < 1.0 {
            self.attribute("fill-opacity", &number2(opacity));
        }
        self.out.push_str("/>");
    }

    /// A rectangle with round corners. Its hint is shown by pages where the pointer rests.
    pub fn rect(&mut self, area: Area, round: f64, ink: Ink, opacity: f64, hint: &str) {
        let colour = self.theme.colour(ink);
        self.boxed(area, round, &colour, opacity, hint);
    }

    fn boxed(&mut self, area: Area, round: f64, fill: &str, opacity: f64, hint: &str) {
        self.out.push_str("<rect");
        for (name, value) in [("x", area.x), ("y", area.y), ("width", area.w.max(0.0)), ("height", area.h.max(0.0))] {
            self.attribute(name, &number(value));
        }
        if round > 0.0 {
            self.attribute("rx", &number(round));
        }
        self.attribute("fill", fill);
        if opacity < 1.0 {
            self.attribute("fill-opacity", &number2(opacity));
        }
        self.close("rect", hint);
    }

    /// The element's end, with the hint inside it where there is one.
    fn close(&mut self, tag: &str, hint: &str) {
        if hint.is_empty() || self.theme.stands_alone() {
            self.out.push_str("/>");
        } else {
            let _ = write!(self.out, "><title>{}</title></{tag}>", escaped(&clean(hint)));
        }
    }

    /// A rectangle in a series' own texture, so that bars differ without colour too. The first series' is plain.
    pub fn bar(&mut self, area: Area, series: usize, hint: &str) {
        let colour = self.theme.colour(Ink::Series(series));
        let shape =
            ["", "M-1 1L1 -1M-1 9L9 -1M7 9L9 7", "M-1 4H9", "M-1 7L1 9M-1 -1L9 9M7 -1L9 1", "M4 -1V9", "M4 -1V9M-1 4H9"][series % 6];
        if shape.is_empty() {
            return self.boxed(area, 0.0, &colour, 1.0, hint);
        }
        let name = format!("{}-t{series}", self.id);
        if !self.textures.contains(&series) {
            self.textures.push(series);
            let page = self.theme.colour(Ink::Page);
            let _ = write!(
                self.out,
                "<pattern id=\"{name}\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\"><rect width=\"8\" height=\"8\" fill=\"{colour}\"/>\
                 <path d=\"{shape}\" stroke=\"{page}\" stroke-width=\"1.4\"/></pattern>"
            );
        }
        self.boxed(area, 0.0, &format!("url(#{name})"), 1.0, hint);
    }

    /// The sign of a series, filled or hollow: circle, square, triangle, diamond, triangle downwards, cross.
    pub fn sign(&mut self, [x, y]: [f64; 2], r: f64, series: usize, ink: Ink, hollow: bool) {
        let corner = |dx: f64, dy: f64| format!("{} {}", number(x + dx * r), number(y + dy * r));
        let d = match series % 6 {
            0 => format!("M{}A{r} {r} 0 1 1 {}A{r} {r} 0 1 1 {}Z", corner(-1.0, 0.0), corner(1.0, 0.0), corner(-1.0, 0.0), r = number(r)),
            1 => format!("M{}L{}L{}L{}Z", corner(-0.9, -0.9), corner(0.9, -0.9), corner(0.9, 0.9), corner(-0.9, 0.9)),
            2 => format!("M{}L{}L{}Z", corner(0.0, -1.2), corner(1.1, 0.8), corner(-1.1, 0.8)),
            3 => format!("M{}L{}L{}L{}Z", corner(0.0, -1.3), corner(1.3, 0.0), corner(0.0, 1.3), corner(-1.3, 0.0)),
            4 => format!("M{}L{}L{}Z", corner(0.0, 1.2), corner(1.1, -0.8), corner(-1.1, -0.8)),
            _ => format!("M{}L{}M{}L{}", corner(-1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0), corner(1.0, -1.0)),
        };
        if series % 6 == 5 {
            return self.path(&d, Stroke::solid(ink, 2.0), "");
        }
        let (fill, edge) = if hollow { (Ink::Page, ink) } else { (ink, Ink::Page) };
        let colour = self.theme.colour(fill);
        self.out.push_str("<path");
        self.attribute("d", &d);
        self.attribute("fill", &colour);
        self.stroke(Stroke::solid(edge, if hollow { 2.0 } else { 1.0 }));
        self.out.push_str("/>");
    }

    /// A text at a place of its baseline. Nothing where there is nothing to read.
    pub fn text(&mut self, x: f64, y: f64, look: Type, text: &str) {
        self.write(x, y, look, text, false);
    }

    /// The same with a rim of the page's colour, for what stands on lines.
    pub fn text_on_lines(&mut self, x: f64, y: f64, look: Type, text: &str) {
        self.write(x, y, look, text, true);
    }

    fn write(&mut self, x: f64, y: f64, look: Type, text: &str, rim: bool) {
        let text = clean(text);
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        self.texts.push(look.area(x, y, text));
        self.open_text(x, y, look);
        if rim {
            self.stroke(Stroke::solid(Ink::Page, 3.5));
            self.out.push_str(" stroke-linejoin=\"round\" paint-order=\"stroke\"");
        }
        let _ = write!(self.out, ">{}</text>", self.shown(text));
    }

    /// A text in at most `most` lines from `top` down, `leading` apart; gives where it ends.
    pub fn lines(&mut self, text: &str, look: Type, [x, top, w]: [f64; 3], leading: f64, most: usize) -> f64 {
        let lines = look.wrap(text, w, most);
        lines.iter().fold(top, |top, line| {
            self.text(x, top + look.size, look, line);
            top + leading
        })
    }

    /// Words of two weights in one line, from its beginning.
    pub fn rich_text(&mut self, x: f64, y: f64, look: Type, words: &[(String, bool)]) {
        let wide: f64 = words.iter().map(|(word, bold)| measure::width(word, look.size, *bold || look.bold)).sum();
        if wide == 0.0 {
            return;
        }
        self.texts.push(Area { w: wide, ..look.area(x, y, "") });
        self.open_text(x, y, look);
        self.out.push_str(" xml:space=\"preserve\">");
        for (word, bold) in words {
            let shown = self.shown(word);
            let _ = if *bold { write!(self.out, "<tspan font-weight=\"600\">{shown}</tspan>") } else { write!(self.out, "{shown}") };
        }
        self.out.push_str("</text>");
    }

    fn open_text(&mut self, x: f64, y: f64, look: Type) {
        let colour = self.theme.colour(look.ink);
        self.out.push_str("<text");
        self.attribute("x", &number(x));
        self.attribute("y", &number(y));
        self.attribute("font-size", &number(look.size));
        if look.bold {
            self.attribute("font-weight", "600");
        }
        match look.anchor {
            Anchor::Start => {}
            Anchor::Middle => self.attribute("text-anchor", "middle"),
            Anchor::End => self.attribute("text-anchor", "end"),
        }
        self.attribute("fill", &colour);
    }

    /// Escaped, and within what the font has where nothing else draws it.
    fn shown(&self, text: &str) -> String {
        escaped(&if self.theme.stands_alone() { fonts::printable(text) } else { text.to_owned() })
    }

    /// Whether no text is there yet.
    pub fn is_free(&self, area: &Area) -> bool {
        self.texts.iter().all(|text| !text.meets(area))
    }

    /// The texts so far.
    #[cfg(test)]
    pub fn texts(&self) -> &[Area] {
        &self.texts
    }
}

/// Two decimals, for widths and opacities.
fn number2(x: f64) -> String {
    let text = format!("{x:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_cleaned_and_remembered() {
        let mut canvas = Canvas::new(Theme::Light, "a\"b");
        canvas.text(10.0, 20.04, Type::plain(12.0), " <b>&\u{202e}\u{1b} \"x\" ");
        canvas.text(0.0, 0.0, Type::plain(12.0), "\u{7} ");
        assert_eq!(canvas.texts().len(), 1);
        assert!(!canvas.is_free(&Area { x: 12.0, y: 14.0, w: 1.0, h: 1.0 }) && canvas.is_free(&Area { x: 9.0, y: 14.0, w: 1.0, h: 1.0 }));
        let (out, _) = canvas.finish();
        assert_eq!(out, "<text x=\"10\" y=\"20\" font-size=\"12\" fill=\"#1d1c1d\">&lt;b&gt;&amp; &quot;x&quot;</text>");
    }

    #[test]
    fn a_texture_is_defined_once() {
        let mut canvas = Canvas::new(Theme::Page, "a\"b");
        for x in [0.0, 10.0] {
            canvas.bar(Area { x, y: -0.01, w: 5.0, h: 5.0 }, 1, "<hint>");
        }
        let (out, _) = canvas.finish();
        assert_eq!((out.matches("<pattern id=\"ab-t1\"").count(), out.matches("url(#ab-t1)").count()), (1, 2), "{out}");
        assert!(out.contains("<title>&lt;hint&gt;</title></rect>") && out.contains("y=\"0\""), "{out}");
    }
}
