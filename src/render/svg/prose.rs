//! Paragraphs: words of different weight in lines of one width.

use super::canvas::{Canvas, Type};
use super::measure;
use crate::domain::card::{Line, Span};
use crate::render::outside::together;

/// Words in a line, each with whether it is bold; one may run on into the next without a blank.
type Words = Vec<(String, bool)>;

/// Writes a line of text in at most `most` lines of `w` pixels, `leading` apart; gives where it ends.
pub fn write(canvas: &mut Canvas, line: &Line, look: Type, [x, y, w]: [f64; 3], leading: f64, most: usize) -> f64 {
    let mut top = y;
    for words in wrap(line, look, w, most) {
        canvas.rich_text(x, top + look.size, look, &words);
        top += leading;
    }
    top
}

/// The lines. Where there are too many, the last ends in an ellipsis.
fn wrap(line: &Line, look: Type, w: f64, most: usize) -> Vec<Words> {
    let wide = |word: &str, bold: bool| measure::width(word, look.size, bold || look.bold);
    let blank = wide(" ", true);
    let mut out: Vec<Words> = vec![Vec::new()];
    let mut used = 0.0;
    for word in words(line) {
        let width: f64 = word.iter().map(|(piece, bold)| wide(piece, *bold)).sum();
        if used > 0.0 && used + blank + width > w {
            if out.len() == most {
                let last = out.last_mut().expect("never empty");
                let ellipsis = wide(" …", true);
                while used + ellipsis > w
                    && let Some((piece, bold)) = last.pop()
                {
                    used -= wide(&piece, bold);
                }
                last.push((if last.last().is_none_or(|(piece, _)| piece == " ") { "…" } else { " …" }.to_owned(), false));
                return out;
            }
            out.push(Vec::new());
            used = 0.0;
        }
        let now = out.last_mut().expect("never empty");
        if used > 0.0 {
            now.push((" ".to_owned(), false));
            used += blank;
        }
        for (piece, bold) in word {
            let piece = measure::cut(&piece, look.size, bold || look.bold, w - used);
            used += wide(&piece, bold);
            now.push((piece, bold));
        }
    }
    out.retain(|words| !words.is_empty());
    out
}

/// Words, each of pieces of one weight: a name and its comma.
fn words(line: &Line) -> Vec<Words> {
    let mut out: Vec<Words> = vec![Vec::new()];
    for span in &line.0 {
        let (text, bold) = match span {
            Span::Plain(text) | Span::Code(text) | Span::Mention(text) => (text, false),
            Span::Strong(text) | Span::Link(text, _) => (text, true),
        };
        // What is past some pages is never drawn.
        let text: String = together(&text.chars().take(4_000).collect::<String>());
        for (nth, piece) in text.split(' ').enumerate() {
            if nth > 0 {
                out.push(Vec::new());
            }
            if !piece.is_empty() {
                out.last_mut().expect("never empty").push((piece.to_owned(), bold));
            }
        }
    }
    out.retain(|word| !word.is_empty());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_their_weight_and_their_comma() {
        let line = Line::plain("a ").strong("bold one").and(", then plain words that go on");
        let lines: Vec<String> = wrap(&line, Type::plain(10.0), 90.0, 9)
            .into_iter()
            .map(|words| words.into_iter().map(|(word, bold)| if bold { format!("*{word}*") } else { word }).collect())
            .collect();
        assert_eq!(lines, ["a *bold* *one*, then", "plain words that", "go on"]);
        let short = wrap(&line, Type::plain(10.0), 90.0, 2);
        assert_eq!(short[1].iter().map(|(word, _)| word.as_str()).collect::<String>(), "plain words …");
        assert!(wrap(&Line::default(), Type::plain(10.0), 90.0, 2).is_empty());
    }
}
