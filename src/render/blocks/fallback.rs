//! The top-level `text`: the whole answer with its numbers, for notifications and screen readers, which never see blocks.

use super::super::chart_text;
use super::super::limits::cut;
use super::super::outside::{mrkdwn, plain};
use super::super::table::spoken;
use crate::domain::card::{Card, Figure, Line, Part, Place, Span};
use crate::domain::chart::Chart;

/// Rows of a table and items of a list that are read out.
const SPOKEN_ROWS: usize = 5;
/// Characters of one piece.
const PIECE: usize = 300;
/// Characters of a picture's sentence.
const CHART_PIECE: usize = 500;

/// Title, verdict, then each part in words; whole pieces only, as many as fit `max`.
pub fn text(card: &Card, max: usize) -> String {
    let mut out = plain(&card.title, 150);
    let mut add = |piece: &str| {
        let piece = piece.trim();
        let glue = if out.is_empty() || out.ends_with(['.', '!', '?']) { " " } else { ". " };
        let fits = out.chars().count() + glue.len() + piece.chars().count() < max;
        if fits && !piece.is_empty() {
            out.push_str(if out.is_empty() { "" } else { glue });
            out.push_str(piece);
        }
        fits
    };
    add(&bare(&card.verdict, 900));
    for piece in card.parts_in(Place::Message).into_iter().flat_map(pieces) {
        if !add(&piece) {
            break;
        }
    }
    if out.is_empty() { "pacer".to_owned() } else { out }
}

fn pieces(part: &Part) -> Vec<String> {
    match part {
        Part::Text(line) | Part::Beside(line, _) => vec![bare(line, PIECE)],
        Part::Heading(text) => vec![bare(&Line::plain(text), PIECE)],
        Part::Figures(figures) => figures.iter().map(|figure| bare(&Line::plain(spoken_figure(figure)), PIECE)).collect(),
        Part::Table(table) => table.rows.iter().take(SPOKEN_ROWS).map(|row| spoken_row(&spoken(table, row))).collect(),
        Part::List(lines, _) => lines.iter().take(SPOKEN_ROWS).map(|line| bare(line, PIECE)).collect(),
        Part::Chart(chart) => vec![bare(&Line::plain(spoken_chart(chart)), CHART_PIECE)],
        Part::Buttons(row) => {
            let labels: Vec<&str> = row.iter().map(|button| button.label.as_str()).collect();
            vec![bare(&Line::plain(format!("To press: {}", labels.join(", "))), PIECE)]
        }
        Part::Divider | Part::Only(..) => Vec::new(),
    }
}

/// "Change lead time 1.9 days (n 131, 95 % 1.5 to 2.4 days; ↓ 14 % better; high (DORA 2024))".
fn spoken_figure(figure: &Figure) -> String {
    let more = [
        Some(figure.detail.as_str()),
        figure.change.as_ref().map(|(_, words)| words.as_str()),
        figure.band.as_deref(),
        figure.target.as_ref().map(|(_, words)| words.as_str()),
    ];
    let more: Vec<&str> = more.into_iter().flatten().filter(|words| !words.trim().is_empty()).collect();
    let head = format!("{} {}", figure.name, figure.value);
    if more.is_empty() { head } else { format!("{head} ({})", more.join("; ")) }
}

/// The sentence, and the bars of what the picture is about.
fn spoken_chart(chart: &Chart) -> String {
    let bars = chart_text::rows(chart).into_iter().next().map(|row| row.bars).unwrap_or_default();
    format!("{} {bars}", cut(&chart.said(), CHART_PIECE - 40))
}

fn spoken_row((first, rest): &(String, String)) -> String {
    bare(&Line::plain(if rest.is_empty() { first.clone() } else { format!("{first}: {rest}") }), PIECE)
}

/// Without weight: a notification shows marks as they are. Of who is meant it shows the name.
fn bare(line: &Line, max: usize) -> String {
    let light = |span: &Span| match span {
        Span::Plain(text) | Span::Strong(text) | Span::Code(text) | Span::Link(text, _) => Span::Plain(text.clone()),
        Span::Mention(id) => Span::Mention(id.clone()),
    };
    mrkdwn(&Line(line.0.iter().map(light).collect()), max)
}
