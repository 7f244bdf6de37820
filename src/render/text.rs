//! Card as text for a terminal: the verdict first, figures aligned below it, small print at the end.
//!
//! Colour only underlines what a word says already, and nothing from outside can send the terminal a command.

use unicode_width::UnicodeWidthStr;

use super::chart_text::{self, Row};
use super::outside::clean;
use super::table::{aligned, pad, spoken};
use super::{small_print, spark};
use crate::domain::card::{Card, Figure, Line, Part, Place, Span, Table, Tone};
use crate::domain::chart::Chart;
use crate::error::UserError;

/// Rows of a table and items of a list that are printed.
const ROWS: usize = 200;

/// The answer in at most `width` columns (words longer than that aside).
pub fn text(card: &Card, colour: bool, width: usize) -> String {
    let page = Page { ink: Ink(colour), width: width.max(20) };
    let mut out: Vec<String> = Vec::new();
    if !card.title.trim().is_empty() {
        out.push(page.ink.bold(&clean(&card.title)));
    }
    out.extend(page.wrapped(&card.verdict, "", ""));
    let mut after_heading = false;
    for part in card.parts_in(Place::Page) {
        let lines = page.part(part);
        if lines.is_empty() {
            continue;
        }
        if !after_heading {
            out.push(String::new());
        }
        out.extend(lines);
        after_heading = matches!(part, Part::Heading(_));
    }
    let small: Vec<Line> = small_print::notes(card).chain(receipt(card)).collect();
    if !small.is_empty() {
        out.push(String::new());
        out.extend(small.iter().flat_map(|line| page.wrapped(line, "", "  ")).map(|line| page.ink.dim(&line)));
    }
    out.join("\n").trim_matches('\n').to_owned() + "\n"
}

/// The receipt, and what one types next in a terminal.
fn receipt(card: &Card) -> Option<Line> {
    let id = card.receipt.as_ref()?;
    let rows = Line::plain(format!("Receipt {id}. Rows: ")).code(format!("pacer ask \"why {id}\"")).and(". Check: ");
    Some(rows.code(format!("pacer verify {id}")))
}

/// A command of Slack as one types it in a terminal.
fn typed(command: &str) -> String {
    command.strip_prefix("/metrics ").map_or_else(|| command.to_owned(), |words| format!("pacer ask \"{words}\""))
}

/// What is wrong, then what to do.
pub fn error_text(error: &UserError) -> String {
    let ask = error.ask.iter().fold(String::new(), |ask, id| format!("{ask} {}", clean(id)));
    format!("{}\n{}{ask}\n", clean(&error.message), clean(&error.hint))
}

struct Page {
    ink: Ink,
    width: usize,
}

impl Page {
    fn part(&self, part: &Part) -> Vec<String> {
        match part {
            Part::Text(line) => self.wrapped(line, "", ""),
            Part::Heading(text) => vec![self.ink.bold(&clean(text))],
            Part::Figures(figures) => self.figures(figures),
            Part::Table(table) => self.table(table),
            Part::List(lines, own) => {
                let items = lines.iter().take(ROWS).flat_map(|line| self.wrapped(line, "- ", "  "));
                items.chain(self.rest(lines.len(), own.as_deref())).collect()
            }
            Part::Beside(line, _) => self.wrapped(line, "- ", "  "),
            Part::Buttons(_) | Part::Only(..) => Vec::new(),
            Part::Divider => vec!["─".repeat(self.width.min(40))],
            Part::Chart(chart) => self.chart(chart),
        }
    }

    /// Two lines a figure: name, value, change, weeks; then target, band, n and interval.
    fn figures(&self, figures: &[Figure]) -> Vec<String> {
        let widest = |of: fn(&Figure) -> &str, most: usize| figures.iter().map(|f| clean(of(f)).width()).max().unwrap_or(0).min(most);
        let name = widest(|figure| &figure.name, 34);
        let value = widest(|figure| &figure.value, 24);
        let change = widest(|figure| figure.change.as_ref().map_or("", |(_, words)| words), 24);
        let mut out = Vec::new();
        for figure in figures {
            let (tone, words) = figure.change.as_ref().map_or((Tone::Neutral, ""), |(tone, words)| (*tone, words.as_str()));
            let first = [
                pad(&clean(&figure.name), name, false),
                self.ink.bold(&pad(&clean(&figure.value), value, false)),
                self.ink.tone(tone, &pad(&clean(words), change, false)),
            ];
            let weeks = spark::line(&figure.spark);
            let used = name + value + change + 6 + weeks.width();
            let weeks = if used <= self.width { weeks } else { String::new() };
            out.push(format!("{}  {weeks}", first.join("  ")).trim_end().to_owned());
            let target = figure.target.as_ref().map(|(_, words)| words.as_str());
            let more: Vec<&str> =
                [target, figure.band.as_deref(), Some(&figure.detail)].into_iter().flatten().filter(|words| !words.is_empty()).collect();
            out.extend(self.wrapped(&Line::plain(more.join(" · ")), "  ", "  ").iter().map(|line| self.ink.dim(line)));
        }
        out
    }

    fn table(&self, table: &Table) -> Vec<String> {
        let shown = Table { rows: table.rows.iter().take(ROWS).cloned().collect(), ..table.clone() };
        let rest = self.rest(table.rows.len(), table.more.as_deref());
        if let Some((head, rows)) = aligned(&shown, self.width) {
            return std::iter::once(self.ink.bold(&head)).chain(rows).chain(rest).collect();
        }
        let row = |row: &Vec<String>| {
            let (first, rest) = spoken(table, row);
            self.wrapped(&Line::plain(if rest.is_empty() { first } else { format!("{first} · {rest}") }), "", "  ")
        };
        shown.rows.iter().flat_map(row).chain(rest).collect()
    }

    /// Its name, then a row a series or thing, aligned; where that is too wide, its numbers below.
    fn chart(&self, chart: &Chart) -> Vec<String> {
        let mut out = vec![self.ink.bold(&clean(&chart.title))];
        out.extend(
            chart_text::notes(chart).iter().flat_map(|note| self.wrapped(&Line::plain(note), "", "")).map(|line| self.ink.dim(&line)),
        );
        let rows = chart_text::rows(chart);
        let widest = |of: fn(&Row) -> &str, most: usize| rows.iter().map(|row| clean(of(row)).width()).max().unwrap_or(0).min(most);
        let (name, bars) = (widest(|row| &row.name, 34), widest(|row| &row.bars, spark::WEEKS));
        let gap = |width: usize| if width > 0 { 2 } else { 0 };
        let before = name + gap(name) + bars + gap(bars);
        let beside = rows.iter().all(|row| before + clean(&row.words).width() <= self.width);
        for row in rows.iter().take(ROWS) {
            let head = format!("{}{}{}", pad(&clean(&row.name), name, false), " ".repeat(gap(name)), pad(&row.bars, bars, false));
            if beside {
                out.push(format!("{head}{}{}", " ".repeat(gap(bars)), clean(&row.words)).trim_end().to_owned());
            } else {
                out.push(head.trim_end().to_owned());
                out.extend(self.wrapped(&Line::plain(&row.words), "  ", "  "));
            }
        }
        out.extend(self.rest(rows.len(), None));
        out.retain(|line| !line.is_empty());
        out
    }

    fn rest(&self, all: usize, command: Option<&str>) -> Option<String> {
        let left = all.checked_sub(ROWS).filter(|left| *left > 0)?;
        Some(self.ink.dim(&clean(&small_print::more(left, command.map(typed).as_deref()).text())))
    }

    /// Words on lines of at most the width; `first` and `next` stand before them.
    fn wrapped(&self, line: &Line, first: &str, next: &str) -> Vec<String> {
        let mut out = Vec::new();
        let (mut now, mut used) = (first.to_owned(), first.width());
        let mut fresh = true;
        for (word, width) in self.words(line) {
            if !fresh && used + 1 + width > self.width {
                out.push(std::mem::replace(&mut now, next.to_owned()));
                used = next.width();
            } else if !fresh {
                now.push(' ');
                used += 1;
            }
            now.push_str(&word);
            used += width;
            fresh = false;
        }
        if !fresh {
            out.push(now);
        }
        out
    }

    /// The words of a line, inked, with their widths. A word may run through several spans: a name and its comma.
    fn words(&self, line: &Line) -> Vec<(String, usize)> {
        let mut words = vec![(String::new(), 0)];
        for span in &line.0 {
            let (text, strong) = match span {
                Span::Plain(text) | Span::Code(text) | Span::Mention(text) => (clean(text), false),
                Span::Strong(text) => (clean(text), true),
                // A terminal shows no link, but opens an address.
                Span::Link(text, web) => (clean(&format!("{text} ({})", web.as_str())), true),
            };
            for (at, piece) in text.split(' ').enumerate() {
                if at > 0 {
                    words.push((String::new(), 0));
                }
                if let Some((word, width)) = words.last_mut() {
                    word.push_str(&if strong { self.ink.bold(piece) } else { piece.to_owned() });
                    *width += piece.width();
                }
            }
        }
        words.retain(|(word, _)| !word.is_empty());
        words
    }
}

/// Weight and colour, where the terminal has them.
struct Ink(bool);

impl Ink {
    /// Blanks at the end stay outside, so that they can be trimmed.
    fn with(&self, code: &str, text: &str) -> String {
        let (text, blanks) = text.split_at(text.trim_end().len());
        if self.0 && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m{blanks}") } else { format!("{text}{blanks}") }
    }
    fn bold(&self, text: &str) -> String {
        self.with("1", text)
    }
    fn dim(&self, text: &str) -> String {
        self.with("2", text)
    }
    fn tone(&self, tone: Tone, text: &str) -> String {
        match tone {
            Tone::Good => self.with("32", text),
            Tone::Bad => self.with("31", text),
            Tone::Neutral => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{chart_samples, samples};

    #[test]
    fn dora_reads_calmly() {
        insta::assert_snapshot!(text(&samples::dora(), false, 96));
    }

    #[test]
    fn pictures_are_bars_and_numbers() {
        insta::assert_snapshot!(text(&chart_samples::every_kind(), false, 96));
    }

    #[test]
    fn a_narrow_terminal_wraps_a_pictures_numbers() {
        for width in [40, 60] {
            for line in text(&chart_samples::every_kind(), false, width).lines() {
                assert!(line.width() <= width.max(62), "{width}: {line}");
            }
        }
    }

    #[test]
    fn nothing_is_wider_than_the_terminal() {
        for width in [40, 60, 80, 120] {
            for line in text(&samples::dora(), false, width).lines() {
                let row = line.contains("a week") || line.contains("days") || line.contains('%') || line.contains("no data");
                assert!(line.width() <= width.max(if row { 60 } else { 0 }), "{width}: {line}");
            }
        }
    }

    #[test]
    fn outside_text_sends_no_commands_to_the_terminal() {
        let out = text(&samples::extreme_of(5, 250, 5, 500), false, 80);
        assert!(!out.contains('\u{1b}') && !out.contains('\u{7}'));
        assert!(out.contains("and 50 more: pacer ask \"why "));
    }

    #[test]
    fn colour_repeats_what_a_word_says() {
        let plain = text(&samples::dora(), false, 96);
        let coloured = text(&samples::dora(), true, 96);
        assert!(coloured.contains("\u{1b}[32m"));
        let mut bare = coloured.clone();
        for code in ["0", "1", "2", "31", "32"] {
            bare = bare.replace(&format!("\u{1b}[{code}m"), "");
        }
        assert_eq!(bare, plain);
    }

    #[test]
    fn an_error_says_what_to_do() {
        let error = UserError::new(crate::error::Kind::UnknownTeam, "There is no team `x`.", "Teams are `payments`.");
        assert_eq!(error_text(&error), "There is no team `x`.\nTeams are `payments`.\n");
    }
}
