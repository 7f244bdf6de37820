//! Card as CSV: a row a metric where it has metrics, else its first table, else its verdict.
//!
//! Why a leading apostrophe: a spreadsheet runs a cell that begins with `=`, `+`, `-` or `@`, and a commit's subject is
//! text from outside. A cell that is a plain number stays one.

use crate::domain::card::{Card, Metric, Part};

const HEAD: [&str; 9] = ["id", "value", "unit", "n", "low", "high", "previous", "band", "reason"];

/// The whole file, with a head and `\n` after each row.
pub fn csv(card: &Card) -> String {
    if !card.metrics.is_empty() {
        let rows = card.metrics.iter().map(metric);
        return write(std::iter::once(HEAD.map(str::to_owned).to_vec()).chain(rows));
    }
    let table = card.parts.iter().find_map(|part| if let Part::Table(table) = part { Some(table) } else { None });
    match table {
        Some(table) => {
            let width = table.rows.iter().map(Vec::len).chain([table.columns.len()]).max().unwrap_or(0);
            let filled = |row: &Vec<String>| (0..width).map(|at| row.get(at).map_or(String::new(), |cell| guarded(cell))).collect();
            write(std::iter::once(&table.columns).chain(&table.rows).map(filled))
        }
        None => write([vec!["verdict".to_owned()], vec![guarded(&card.verdict.text())]].into_iter()),
    }
}

fn metric(metric: &Metric) -> Vec<String> {
    let plain = |x: Option<f64>| x.filter(|x| x.is_finite()).map_or(String::new(), |x| x.to_string());
    let band = metric.band.as_ref().map(|band| band.name.clone().unwrap_or_else(|| band.candidates.join(" or ")));
    vec![
        guarded(&metric.id),
        plain(metric.value),
        guarded(&metric.unit),
        metric.n.to_string(),
        plain(metric.interval.map(|ends| ends[0])),
        plain(metric.interval.map(|ends| ends[1])),
        plain(metric.previous.as_ref().and_then(|previous| previous.value)),
        guarded(&band.unwrap_or_default()),
        guarded(metric.reason.as_deref().unwrap_or_default()),
    ]
}

fn guarded(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if formula && cell.parse::<f64>().is_err() { format!("'{cell}") } else { cell.to_owned() }
}

fn write(rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut out = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for row in rows {
        out.write_record(&row).expect("writing to memory cannot fail, and rows may be of any length");
    }
    let bytes = out.into_inner().expect("flushing to memory cannot fail");
    String::from_utf8(bytes).expect("only whole strings were written")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::card::Table;
    use crate::render::samples;

    #[test]
    fn a_row_a_metric() {
        insta::assert_snapshot!(csv(&samples::dora()));
    }

    #[test]
    fn formulas_from_outside_are_text() {
        let check = |cell: &str, expect: &str| assert_eq!(guarded(cell), expect);
        check("=HYPERLINK(1)", "'=HYPERLINK(1)");
        check("@SUM(A1)", "'@SUM(A1)");
        check("+1 from me", "'+1 from me");
        check("-3.5", "-3.5");
        check("fix: a=b", "fix: a=b");
    }

    #[test]
    fn without_metrics_the_first_table_then_the_verdict() {
        let rows = vec![vec!["a, \"b\"".to_owned()], vec!["=1+1".to_owned(), "2".to_owned()]];
        let table = Table { columns: vec!["x".into(), "y".into()], numeric: vec![], rows, more: None };
        let mut card = Card { verdict: "Fine.".into(), ..Card::default() };
        assert_eq!(csv(&card), "verdict\nFine.\n");
        card.parts.push(Part::Table(table));
        assert_eq!(csv(&card), "x,y\n\"a, \"\"b\"\"\",\n'=1+1,2\n");
    }
}
