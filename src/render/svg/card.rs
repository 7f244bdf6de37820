//! A whole answer as one drawing: title, verdict, figures with their sparklines, pictures, tables, small print.
//!
//! Why a layout of its own and not the page in a browser: a container has no browser. 600 pixels wide, drawn at twice that: Slack
//! shows it in a message without making 12-pixel labels unreadable.

use super::canvas::{Area, Canvas, Stroke, Type};
use super::theme::{Ink, Theme};
use super::{Drawing, prose, spark, tabular};
use crate::domain::card::{Card, Figure, Line, Part, Place, Tone};
use crate::render::html::symbol;
use crate::render::outside::clean;
use crate::render::small_print;

/// The picture's width, and its margin.
pub const WIDTH: f64 = 600.0;
const MARGIN: f64 = 28.0;
const INNER: f64 = WIDTH - 2.0 * MARGIN;
/// Nothing more is begun below this: a picture is for looking at.
const LOWEST: f64 = 3_000.0;
/// Figures and items of a list that are drawn; the others are counted.
const FIGURES: usize = 30;
const ITEMS: usize = 30;

const TITLE: Type = Type::bold(13.0).ink(Ink::Soft);
const VERDICT: Type = Type::plain(18.0);
const HEADING: Type = Type::bold(15.0);
const BODY: Type = Type::plain(13.5);
const SMALL: Type = Type::soft(11.5);

/// The answer as a drawing.
pub fn draw(card: &Card, theme: Theme) -> Drawing {
    let mut canvas = Canvas::new(theme, "card");
    let mut top = canvas.lines(&card.title, TITLE, [MARGIN, MARGIN - 4.0, INNER], 18.0, 2);
    top = prose::write(&mut canvas, &card.verdict, VERDICT, [MARGIN, top + 6.0, INNER], 25.0, 8) + 8.0;
    let parts = card.parts_in(Place::Picture);
    for (at, part) in parts.iter().enumerate() {
        if top > LOWEST {
            let more = small_print::more(parts.len() - at, small_print::rest_command(card).as_deref());
            top = prose::write(&mut canvas, &more, SMALL, [MARGIN, top + 8.0, INNER], 16.0, 2);
            break;
        }
        top = put(&mut canvas, part, top + 8.0);
    }
    let small: Vec<Line> = small_print::lines(card);
    if !small.is_empty() {
        top += 18.0;
        canvas.line([MARGIN, top], [WIDTH - MARGIN, top], Stroke::solid(Ink::Line, 1.0));
        top += 10.0;
    }
    for line in small.iter().take(12) {
        top = prose::write(&mut canvas, line, SMALL, [MARGIN, top, INNER], 16.0, 3) + 1.0;
    }
    let (body, texts) = canvas.finish();
    let height = (top + MARGIN - 6.0).ceil();
    Drawing { width: WIDTH, height, theme, body, title: clean(&card.title), said: clean(&card.verdict.text()), texts }
}

/// One part from `top` down; gives where it ends.
fn put(canvas: &mut Canvas, part: &Part, top: f64) -> f64 {
    match part {
        Part::Text(line) | Part::Beside(line, _) => prose::write(canvas, line, BODY, [MARGIN, top, INNER], 20.0, 12),
        Part::Heading(text) => prose::write(canvas, &Line::plain(text), HEADING, [MARGIN, top + 10.0, INNER], 20.0, 2),
        Part::Buttons(_) | Part::Only(..) => top,
        Part::Divider => {
            canvas.line([MARGIN, top + 8.0], [WIDTH - MARGIN, top + 8.0], Stroke::solid(Ink::Line, 1.0));
            top + 16.0
        }
        Part::Figures(figures) => put_figures(canvas, figures, top + 6.0),
        Part::Table(table) => tabular::draw(canvas, table, [MARGIN, top + 4.0, INNER]),
        Part::Chart(chart) => super::put(canvas, chart, [MARGIN, top + 14.0, INNER]) + 6.0,
        Part::List(lines, own) => {
            let mut top = top;
            for line in lines.iter().take(ITEMS) {
                canvas.text(MARGIN, top + BODY.size, BODY, "•");
                top = prose::write(canvas, line, BODY, [MARGIN + 18.0, top, INNER - 18.0], 20.0, 3);
            }
            more(canvas, lines.len(), ITEMS, own.as_deref(), top)
        }
    }
}

/// "and 12 more: `command`", where something was left out.
fn more(canvas: &mut Canvas, all: usize, drawn: usize, command: Option<&str>, top: f64) -> f64 {
    match all.checked_sub(drawn).filter(|left| *left > 0) {
        Some(left) => prose::write(canvas, &small_print::more(left, command), SMALL, [MARGIN, top + 4.0, INNER], 16.0, 2),
        None => top,
    }
}

/// A figure's ground, the space in it and between two.
const PAD: f64 = 14.0;
const BETWEEN: f64 = 12.0;
const HALF: f64 = (INNER - BETWEEN) / 2.0;

/// Two side by side, of the same height.
fn put_figures(canvas: &mut Canvas, figures: &[Figure], top: f64) -> f64 {
    let mut top = top;
    for pair in figures[..figures.len().min(FIGURES)].chunks(2) {
        // Laid out once to learn the height, then drawn on their ground.
        let tall = pair.iter().map(|figure| put_figure(&mut Canvas::new(Theme::Light, ""), figure, 0.0, 0.0)).fold(0.0, f64::max);
        let mut left = MARGIN;
        for figure in pair {
            canvas.rect(Area { x: left, y: top, w: HALF, h: tall }, 8.0, Ink::Card, 1.0, "");
            put_figure(canvas, figure, left, top);
            left += HALF + BETWEEN;
        }
        top += tall + BETWEEN;
    }
    more(canvas, figures.len(), FIGURES, None, top)
}

fn put_figure(canvas: &mut Canvas, figure: &Figure, left: f64, top: f64) -> f64 {
    const NAME: Type = Type::bold(12.5).ink(Ink::Soft);
    const VALUE: Type = Type::bold(24.0);
    const WORD: Type = Type::plain(12.5);
    const DETAIL: Type = Type::soft(12.0);
    let (x, w) = (left + PAD, HALF - 2.0 * PAD);
    let mut top = canvas.lines(&figure.name, NAME, [x, top + PAD, w], 17.0, 2);
    let (value, leading) = if VALUE.width(&figure.value) > w { (Type::bold(15.0), 20.0) } else { (VALUE, 30.0) };
    top = canvas.lines(&figure.value, value, [x, top, w], leading, 2);
    if let Some((tone, words)) = &figure.change {
        top = canvas.lines(words, WORD.ink(ink(*tone)), [x, top, w], 18.0, 2);
    }
    if spark_has_data(figure) {
        spark::draw(canvas, &figure.spark, Area { x, y: top + 6.0, w, h: 36.0 });
        top += 50.0;
    }
    if let Some((tone, words)) = &figure.target {
        top = canvas.lines(&format!("{} {words}", symbol(*tone)), WORD.ink(ink(*tone)), [x, top, w], 17.0, 2);
    }
    top = canvas.lines(figure.band.as_deref().unwrap_or_default(), DETAIL, [x, top, w], 17.0, 2);
    canvas.lines(&figure.detail, DETAIL, [x, top, w], 17.0, 4) + PAD - 3.0
}

fn spark_has_data(figure: &Figure) -> bool {
    crate::render::spark::top(crate::render::spark::recent(&figure.spark)).is_some()
}

fn ink(tone: Tone) -> Ink {
    match tone {
        Tone::Good => Ink::Good,
        Tone::Bad => Ink::Bad,
        Tone::Neutral => Ink::Text,
    }
}
