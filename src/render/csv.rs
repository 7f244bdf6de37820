//! Card as CSV: a row a cell of a survey's result, a measure of perception, an action where it has any, else a row a value of its pictures, else a row a metric, else its
//! first table, else its verdict.
//!
//! Why pictures first: who wants the metrics of a trend as they stand has JSON; who asks for CSV wants to draw it again.
//!
//! Why a leading apostrophe: a spreadsheet runs a cell that begins with `=`, `+`, `-` or `@`, and a commit's subject is
//! text from outside. A cell that is a plain number stays one.

use serde_json::Value;

use crate::domain::card::{Card, Metric, Part, Place};
use crate::domain::chart::{Chart, Kind, Series, Steps, known};

const HEAD: [&str; 9] = ["id", "value", "unit", "n", "low", "high", "previous", "band", "reason"];

/// Columns of pictures. `at` is the first instant of a step of time, else a name; `low` and `high` an interval.
const POINTS: [&str; 7] = ["chart", "series", "at", "value", "unit", "low", "high"];

/// Members of the JSON answer that are rows of their own, with their columns; `low` and `high` are the two of `interval`. Of a survey's
/// cells, a group that is not shown has a row with what it folds into.
const ROWS: [(&str, &[&str]); 3] = [
    ("cells", &["label", "category", "n", "n_is", "score", "low", "high", "band", "change", "suppressed", "folds_into"]),
    ("measures", &["label", "wave", "closed_on", "measure", "n", "n_is", "score", "low", "high", "band", "suppressed"]),
    ("actions", &["id", "cell", "team", "category", "text", "person", "due", "state", "settled_on", "why", "wave"]),
];

/// The whole file, with a head and `\n` after each row.
pub fn csv(card: &Card) -> String {
    let member = |name: &str| card.data.get(name).and_then(Value::as_array);
    if let Some((all, columns)) = ROWS.iter().find_map(|(name, columns)| Some((member(name)?, *columns))) {
        let rows = all.iter().chain(member("suppressed").into_iter().flatten()).map(|row| cells(row, columns));
        return write(std::iter::once(columns.iter().map(|name| (*name).to_owned()).collect()).chain(rows));
    }
    let charts: Vec<&Chart> =
        card.parts_in(Place::Page).into_iter().filter_map(|part| if let Part::Chart(chart) = part { Some(chart) } else { None }).collect();
    if !charts.is_empty() {
        let rows = charts.into_iter().flat_map(points);
        return write(std::iter::once(POINTS.map(str::to_owned).to_vec()).chain(rows));
    }
    if !card.metrics.is_empty() {
        let rows = card.metrics.iter().map(metric);
        return write(std::iter::once(HEAD.map(str::to_owned).to_vec()).chain(rows));
    }
    let table = card.parts_in(Place::Page).into_iter().find_map(|part| if let Part::Table(table) = part { Some(table) } else { None });
    match table {
        Some(table) => {
            let width = table.rows.iter().map(Vec::len).chain([table.columns.len()]).max().unwrap_or(0);
            let filled = |row: &Vec<String>| (0..width).map(|at| row.get(at).map_or(String::new(), |cell| guarded(cell))).collect();
            write(std::iter::once(&table.columns).chain(&table.rows).map(filled))
        }
        None => write([vec!["verdict".to_owned()], vec![guarded(&card.verdict.text())]].into_iter()),
    }
}

fn cells(row: &Value, columns: &[&str]) -> Vec<String> {
    let of = |column: &&str| match *column {
        "low" => &row["interval"][0],
        "high" => &row["interval"][1],
        column => &row[column],
    };
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => guarded(text),
        other => other.to_string(),
    };
    columns.iter().map(|column| text(of(column))).collect()
}

/// A row for each value of a picture; a gap has an empty value.
fn points(chart: &Chart) -> Vec<Vec<String>> {
    let row = |series: &str, at: String, unit: &str, value: Option<f64>, [low, high]: [Option<f64>; 2]| {
        vec![guarded(&chart.title), guarded(series), guarded(&at), plain(value), guarded(unit), plain(low), plain(high)]
    };
    let along = |series: &[Series], steps: &Steps, unit: &str, band: &[Option<[f64; 2]>]| -> Vec<Vec<String>> {
        let all = series.iter().enumerate().flat_map(|(nth, one)| (0..steps.len()).map(move |step| (nth, one, step)));
        let ends = |nth: usize, step: usize| if nth == 0 { band.get(step).copied().flatten().map(|ends| ends.map(Some)) } else { None };
        let value = |one: &Series, step: usize| one.values.get(step).copied().flatten();
        all.map(|(nth, one, step)| row(&one.name, at(steps, step), unit, value(one, step), ends(nth, step).unwrap_or_default())).collect()
    };
    match &chart.kind {
        Kind::Line(lines) => along(&lines.series, &lines.steps, &lines.unit, &lines.band),
        Kind::Bars(bars) => along(&bars.series, &bars.steps, &bars.unit, &bars.intervals),
        Kind::Strip(strip) => {
            let rows: Vec<Series> = strip.rows.iter().map(|row| Series { name: row.name.clone(), values: row.values.clone() }).collect();
            along(&rows, &strip.steps, &strip.unit, &[])
        }
        Kind::Spark(spark) => {
            let steps = Steps::named((1..=spark.values.len()).map(|nth| nth.to_string()));
            along(&[Series { name: String::new(), values: spark.values.clone() }], &steps, &spark.unit, &[])
        }
        Kind::Stacked(shares) => {
            let all = (0..shares.rows.len()).flat_map(|nth| (0..shares.parts.len()).map(move |part| (nth, part)));
            all.map(|(nth, part)| {
                let share = shares.of(nth).map(|parts| parts[part]);
                row(&shares.parts[part], shares.rows[nth].0.clone(), "fraction", share, [None; 2])
            })
            .collect()
        }
        Kind::Path(trail) => {
            let all = trail.points.iter().enumerate().flat_map(|(nth, point)| [(nth, point, 0), (nth, point, 1)]);
            all.map(|(nth, (label, _), axis)| {
                let quantity = [&trail.x, &trail.y][axis];
                row(&quantity.name, label.clone(), &quantity.unit, trail.at(nth).map(|at| at[axis]), [None; 2])
            })
            .collect()
        }
    }
}

fn at(steps: &Steps, step: usize) -> String {
    match steps {
        Steps::Time(from, _) => from.get(step).map(ToString::to_string).unwrap_or_default(),
        Steps::Named(_) => steps.label(step),
    }
}

fn plain(x: Option<f64>) -> String {
    known(x).map_or(String::new(), |x| x.to_string())
}

fn metric(metric: &Metric) -> Vec<String> {
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
    use crate::render::{chart_samples, samples};

    #[test]
    fn a_row_a_metric() {
        insta::assert_snapshot!(csv(&samples::dora()));
    }

    #[test]
    fn a_row_a_value_of_a_picture() {
        let rows = csv(&chart_samples::every_kind());
        // The first rows of each picture.
        let mut seen = std::collections::BTreeMap::new();
        let few = rows.lines().filter(|line| {
            let count = seen.entry(line.split(',').take(2).collect::<String>()).or_insert(0);
            *count += 1;
            *count <= 2
        });
        insta::assert_snapshot!(few.collect::<Vec<_>>().join("\n"));
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
