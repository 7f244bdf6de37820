//! A table as lines: aligned columns where they fit the width, else one line a row. Used by the terminal and by Slack.
//!
//! Why 70: a code block wraps near there in Slack's middle column, and a wrapped row is worse than none. The widest text
//! column gives way first (a commit's subject), numbers and names never.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::limits::cut_by;
use super::outside::clean;
use crate::domain::card::Table;

/// A text column is never narrower than this; below it, rows are written as lines.
const NARROWEST: usize = 14;
/// Between columns.
const GAP: usize = 2;

/// Aligned columns within `width`: the head, then one line a row. None where they don't fit.
pub fn aligned(table: &Table, width: usize) -> Option<(String, Vec<String>)> {
    let cells: Vec<Vec<String>> = table.rows.iter().map(|row| row.iter().map(|cell| cell_of(cell)).collect()).collect();
    let heads: Vec<String> = table.columns.iter().map(|head| cell_of(head)).collect();
    let columns = cells.iter().map(Vec::len).chain([heads.len()]).max().filter(|columns| *columns > 0)?;
    let numeric = |column: usize| table.numeric.get(column).copied().unwrap_or(false);
    let mut widths: Vec<usize> = (0..columns)
        .map(|column| cells.iter().chain([&heads]).filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0))
        .collect();
    while widths.iter().sum::<usize>() + GAP * (columns - 1) > width {
        let over = widths.iter().sum::<usize>() + GAP * (columns - 1) - width;
        let widest = (0..columns).filter(|column| !numeric(*column)).max_by_key(|column| widths[*column])?;
        if widths[widest] <= NARROWEST {
            return None;
        }
        let second = (0..columns).filter(|c| !numeric(*c) && *c != widest).map(|c| widths[c]).max().unwrap_or(0);
        widths[widest] = widths[widest].saturating_sub(over).max(second.saturating_sub(1)).max(NARROWEST).min(widths[widest] - 1);
    }
    let set = |row: &Vec<String>| {
        let line: Vec<String> =
            (0..columns).map(|column| pad(row.get(column).map_or("", String::as_str), widths[column], numeric(column))).collect();
        line.join(&" ".repeat(GAP)).trim_end().to_owned()
    };
    Some((set(&heads), cells.iter().map(set).collect()))
}

/// A cell is for looking at: what is past 300 characters is in JSON, CSV and HTML.
fn cell_of(text: &str) -> String {
    clean(&cut_by(text, 300, |_| 1))
}

/// One row as words: "first cell: head value, head value".
pub fn spoken(table: &Table, row: &[String]) -> (String, String) {
    let first = row.first().map(|cell| cell_of(cell)).unwrap_or_default();
    let rest: Vec<String> = row
        .iter()
        .enumerate()
        .skip(1)
        .filter(|(_, cell)| !cell.trim().is_empty())
        .map(|(column, cell)| match table.columns.get(column).map(|head| cell_of(head)).filter(|head| !head.trim().is_empty()) {
            Some(head) => format!("{head} {}", cell_of(cell)),
            None => cell_of(cell),
        })
        .collect();
    (first, rest.join(" · "))
}

/// Cut or filled with blanks to exactly `width` columns of a terminal.
pub fn pad(text: &str, width: usize, right: bool) -> String {
    let text = cut_by(text, width, |letter| letter.width().unwrap_or(0));
    let fill = " ".repeat(width.saturating_sub(text.width()));
    if right { format!("{fill}{text}") } else { format!("{text}{fill}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: &[&str], numeric: &[bool], rows: &[&[&str]]) -> Table {
        let own = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
        Table { columns: own(columns), numeric: numeric.to_vec(), rows: rows.iter().map(|row| own(row)).collect(), more: None }
    }

    #[test]
    fn numbers_stand_to_the_right_and_wide_letters_count_double() {
        let table = table(&["team", "n"], &[false, true], &[&["Payments", "7"], &["支払い", "131"]]);
        let (head, rows) = aligned(&table, 70).unwrap();
        assert_eq!(head, "team        n");
        assert_eq!(rows, ["Payments    7", "支払い    131"]);
    }

    #[test]
    fn the_widest_text_gives_way_and_too_many_columns_become_lines() {
        let long = "a subject that goes on and on and on";
        let one = table(&["sha", "subject", "days"], &[false, false, true], &[&["1a2b3c4d", long, "1.9"]]);
        let (_, rows) = aligned(&one, 36).unwrap();
        assert_eq!(rows[0].width(), 36);
        assert!(rows[0].ends_with("…   1.9") && rows[0].starts_with("1a2b3c4d  a subject"), "{}", rows[0]);
        assert!(aligned(&one, 20).is_none());
        assert_eq!(spoken(&one, &one.rows[0]), ("1a2b3c4d".to_owned(), format!("subject {long} · days 1.9")));
    }

    #[test]
    fn ragged_and_empty_tables_hold() {
        assert!(aligned(&Table::default(), 70).is_none());
        let ragged = table(&["a"], &[], &[&["1", "2", "3"], &[]]);
        assert_eq!(aligned(&ragged, 70).unwrap().1, ["1  2  3", ""]);
    }
}
