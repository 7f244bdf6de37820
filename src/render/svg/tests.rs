//! Every kind as a snapshot, and what must hold for any data: no text over another, none outside, well-formed, the same twice.

use super::*;
use crate::domain::card::{Card, Part};
use crate::render::{chart_samples, samples};

/// Panics where texts meet or leave the drawing.
fn check_texts(name: &str, drawing: &Drawing) {
    let whole = Area { x: 0.0, y: 0.0, w: drawing.width, h: drawing.height };
    for (nth, text) in drawing.texts.iter().enumerate() {
        assert!(whole.holds(text), "{name}: a text leaves the picture {whole:?}: {text:?}\n{}", drawing.file());
        let over = drawing.texts[..nth].iter().find(|other| other.meets(text));
        assert!(over.is_none(), "{name}: {text:?} over {over:?}\n{}", drawing.file());
    }
    assert!(!drawing.body.contains("NaN") && !drawing.body.contains("inf"), "{name}: {}", drawing.body);
}

#[test]
fn each_kind() {
    for (name, chart) in chart_samples::all() {
        insta::assert_snapshot!(name, inline(&chart, "p1").replace("/><", "/>\n<").replace("</text><", "</text>\n<"));
    }
}

#[test]
fn no_text_meets_another_or_leaves_the_picture() {
    for (name, chart) in chart_samples::all().into_iter().map(|(name, chart)| (name.to_owned(), chart)).chain(chart_samples::hard()) {
        for width in [420.0, 544.0, PAGE_WIDTH, 960.0] {
            check_texts(&format!("{name} at {width}"), &draw(&chart, width, Theme::Light, "x"));
        }
    }
}

#[test]
fn nor_in_a_whole_answer() {
    let hard = Card { parts: chart_samples::hard().into_iter().take(60).map(|(_, chart)| Part::Chart(chart)).collect(), ..Card::default() };
    let cards = [
        ("dora", samples::dora()),
        ("trend", chart_samples::trend_card()),
        ("every kind", chart_samples::every_kind()),
        ("extreme", samples::extreme()),
        ("empty", Card::default()),
        ("short texts", samples::extreme_of(3, 4, 2, 40)),
        ("hard", hard),
    ];
    for (name, card) in cards {
        let drawing = draw_card(&card, Theme::Light);
        check_texts(name, &drawing);
        assert!(drawing.height < 9_000.0, "{name} is {} tall", drawing.height);
    }
}

#[test]
fn the_same_data_gives_the_same_bytes() {
    for (_, chart) in chart_samples::all() {
        assert_eq!(inline(&chart, "a"), inline(&chart, "a"));
    }
    assert_eq!(draw_card(&samples::dora(), Theme::Dark).file(), draw_card(&samples::dora(), Theme::Dark).file());
}

#[test]
fn a_picture_in_a_page_is_named_told_and_harmless() {
    for (name, chart) in chart_samples::all() {
        let svg = inline(&chart, "p1");
        assert!(svg.contains("role=\"img\" aria-labelledby=\"p1-n p1-d\"") && svg.contains(&escaped(&chart.said())), "{name}");
        assert!(!svg.contains("style=") && !svg.contains("href") && !svg.contains("font-family"), "{name}");
        for (at, _) in svg.match_indices('#') {
            let changes = svg[..at].ends_with("url(") || svg[..at].rfind("var(--").is_some_and(|from| at - from <= 12);
            assert!(changes, "{name}: a colour that no dark page can change: {}", &svg[at..at + 7]);
        }
    }
    for (name, chart) in chart_samples::hard() {
        let svg = inline(&chart, "p1\"><script>");
        assert!(!svg.contains("<script") && !svg.contains("<!channel") && !svg.contains('\u{1b}'), "{name}");
    }
}

#[test]
fn alone_it_has_literal_colours_and_a_ground() {
    let file = draw(&chart_samples::trend(), 600.0, Theme::Dark, "x").file();
    assert!(!file.contains("var(") && file.contains("font-family=\"Inter\"") && file.contains("fill=\"#1a1a1d\""), "{file}");
}
