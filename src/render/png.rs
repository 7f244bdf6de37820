//! A drawing as PNG, by resvg with the embedded font alone: no system fonts, no files, no network.

use std::sync::Arc;

use anyhow::{Context, Result};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::{Database, Source};
use resvg::usvg::{Options, Tree};

use super::fonts;
use super::svg::theme::Theme;
use super::svg::{self, Drawing};
use crate::domain::card::Card;
use crate::domain::chart::Chart;

/// A picture is drawn twice as large as its pixels are named, for screens that show four dots a pixel.
pub const SCALE: f32 = 2.0;

/// A whole answer.
///
/// # Errors
/// Where resvg can't draw, which would be a mistake of ours.
pub fn card(card: &Card) -> Result<Vec<u8>> {
    encode(&svg::draw_card(card, Theme::Light), SCALE)
}

/// One picture of that width.
///
/// # Errors
/// As [`card`].
pub fn chart(chart: &Chart, width: f64) -> Result<Vec<u8>> {
    encode(&svg::draw(chart, width, Theme::Light, "c"), SCALE)
}

fn encode(drawing: &Drawing, scale: f32) -> Result<Vec<u8>> {
    paint(&drawing.file(), scale)?.encode_png().context("writing the PNG")
}

/// Draws an SVG of ours.
fn paint(svg: &str, scale: f32) -> Result<Pixmap> {
    let tree = Tree::from_str(svg, &options()).context("reading our own SVG")?;
    let size = tree.size().to_int_size().scale_by(scale).context("a picture without a size")?;
    let mut pixmap = Pixmap::new(size.width(), size.height()).context("a picture without a size")?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    Ok(pixmap)
}

fn options() -> Options<'static> {
    let mut fonts = Database::new();
    for weight in [fonts::REGULAR, fonts::SEMIBOLD] {
        fonts.load_font_source(Source::Binary(Arc::new(weight)));
    }
    Options { font_family: fonts::FAMILY.to_owned(), fontdb: Arc::new(fonts), ..Options::default() }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use resvg::tiny_skia::PremultipliedColorU8;
    use resvg::usvg::{FontResolver, Group, Node, Rect};

    use super::*;
    use crate::render::{chart_samples, samples};

    fn channels(pixel: PremultipliedColorU8) -> [i32; 3] {
        [pixel.red(), pixel.green(), pixel.blue()].map(i32::from)
    }

    fn distance(one: [i32; 3], other: [i32; 3]) -> i32 {
        one.iter().zip(other).map(|(a, b)| (a - b).abs()).sum()
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "places in a small picture")]
    fn pixel(pixmap: &Pixmap, x: f64, y: f64) -> [i32; 3] {
        let scale = f64::from(SCALE);
        channels(pixmap.pixel((x * scale) as u32, (y * scale) as u32).expect("inside"))
    }

    #[test]
    fn a_png_decodes_at_twice_its_size() {
        let check = |png: Vec<u8>, width: u32| {
            let pixmap = Pixmap::decode_png(&png).expect("a PNG");
            assert_eq!(pixmap.width(), width);
            assert_eq!(channels(pixmap.pixel(2, 2).unwrap()), [255; 3], "the ground is white");
        };
        check(card(&samples::dora()).unwrap(), 1_200);
        check(card(&Card::default()).unwrap(), 1_200);
        check(card(&samples::extreme()).unwrap(), 1_200);
        check(chart(&chart_samples::trend(), 544.0).unwrap(), 1_088);
        check(chart(&chart_samples::spark(), 544.0).unwrap(), 480);
    }

    /// Where the corners of the first path in that colour and width are.
    fn corners(svg: &str, look: &str) -> Vec<[f64; 2]> {
        let path = svg.split("<path").find(|path| path.contains(look)).expect("the line");
        let d = path.split("d=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("its corners");
        let place = |corner: &str| {
            let (x, y) = corner.split_once(' ').expect("two numbers");
            [x.parse().expect("x"), y.parse().expect("y")]
        };
        d.split(['M', 'L']).filter(|corner| !corner.is_empty()).map(place).collect()
    }

    #[test]
    fn the_line_is_where_the_drawing_says() {
        for (theme, blue) in [(Theme::Light, [0x2f, 0x5f, 0xc4]), (Theme::Dark, [0x8f, 0xb0, 0xff])] {
            let svg = svg::draw(&chart_samples::quarter(), 544.0, theme, "c").file();
            let pixmap = paint(&svg, SCALE).unwrap();
            let colour = theme.colour(svg::theme::Ink::Series(0));
            let corners = corners(&svg, &format!("stroke=\"{colour}\" stroke-width=\"2.25\""));
            assert_eq!(corners.len(), 12);
            for two in corners.windows(2) {
                for share in [0.0, 0.5] {
                    let at = [0, 1].map(|axis| two[0][axis] + (two[1][axis] - two[0][axis]) * share);
                    let found = pixel(&pixmap, at[0], at[1]);
                    assert!(distance(found, blue) < 60, "{theme:?}: {found:?} at {at:?}");
                }
            }
        }
    }

    fn all_drawings() -> Vec<Drawing> {
        let cards = [samples::dora(), chart_samples::every_kind(), samples::extreme_of(3, 4, 2, 60)];
        let cards = cards.iter().map(|card| svg::draw_card(card, Theme::Light)).collect::<Vec<_>>();
        let charts =
            chart_samples::all().into_iter().map(|(_, chart)| chart).chain(chart_samples::hard().into_iter().map(|(_, chart)| chart));
        cards.into_iter().chain(charts.map(|chart| svg::draw(&chart, 544.0, Theme::Light, "c"))).collect()
    }

    /// The boxes of the texts that resvg laid out, in the order of the drawing.
    fn laid_out(group: &Group, out: &mut Vec<Rect>) {
        for node in group.children() {
            match node {
                Node::Group(group) => laid_out(group, out),
                Node::Text(text) => out.push(text.abs_bounding_box()),
                _ => {}
            }
        }
    }

    #[test]
    fn every_text_is_laid_out_no_wider_than_measured_and_none_is_blank() {
        for (nth, drawing) in all_drawings().into_iter().enumerate() {
            let tree = Tree::from_str(&drawing.file(), &options()).unwrap();
            let mut found = Vec::new();
            laid_out(tree.root(), &mut found);
            assert_eq!(found.len(), drawing.texts.len(), "a text was dropped: {}", drawing.file());
            for (found, measured) in found.iter().zip(&drawing.texts) {
                let (w, most) = (f64::from(found.width()), measured.w);
                assert!(w > 0.0 && w <= most + 0.5, "{w} of {most}: {measured:?}\n{}", drawing.file());
            }
            if nth >= 13 {
                continue; // what follows is drawn by the same hand; laying it out was the point
            }
            let pixmap = paint(&drawing.file(), SCALE).unwrap();
            for text in &drawing.texts {
                let ground = pixel(&pixmap, text.x.max(1.0) - 1.0, text.y);
                let inked = |step: i32| {
                    let across = text.x + text.w * f64::from(step % 60) / 60.0;
                    distance(pixel(&pixmap, across, text.y + text.h * (0.2 + f64::from(step / 60) / 15.0)), ground) > 90
                };
                assert!((0..600).any(inked), "a blank text at {text:?}\n{}", drawing.file());
            }
        }
    }

    /// Characters for which the font has nothing.
    fn lacking(svg: &str) -> Vec<char> {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        let mut options = options();
        options.font_resolver = FontResolver {
            select_fallback: Box::new(move |letter, _, _| {
                heard.lock().unwrap().push(letter);
                None
            }),
            ..FontResolver::default()
        };
        Tree::from_str(svg, &options).unwrap();
        asked.lock().unwrap().clone()
    }

    #[test]
    fn no_character_is_dropped() {
        let bare =
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"><text font-family=\"Inter\" y=\"9\">a漢</text></svg>";
        assert_eq!(lacking(bare), ['漢'], "the test hears of what is lacking");
        for drawing in all_drawings() {
            assert!(lacking(&drawing.file()).is_empty(), "{}", drawing.file());
        }
        // All that the font is said to have, and then some.
        let everything = ('\u{20}'..'\u{3000}')
            .chain(['漢', '👩', '\u{1f3fd}', '\u{e000}'])
            .fold(String::new(), |all, letter| all + &format!("a{letter} "));
        for piece in everything.split_inclusive(' ').collect::<Vec<_>>().chunks(120) {
            let card = Card { verdict: piece.concat().into(), ..Card::default() };
            let file = svg::draw_card(&card, Theme::Light).file();
            assert!(!file.contains("> …<"), "all of it is drawn: {file}");
            assert!(lacking(&file).is_empty(), "{:?} {file}", lacking(&file));
        }
    }
}
