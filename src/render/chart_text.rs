//! A picture in letters, for terminals and for Slack where no picture can stand: a row a series or thing, with its bars and its
//! numbers.

use super::spark;
use crate::domain::chart::{Bars, Chart, Kind, Lines, Series, Steps, known};
use crate::domain::words;

/// A row: whose it is, bars, numbers in words. Any of them may be empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "plain names")]
pub struct Row {
    pub name: String,
    pub bars: String,
    pub words: String,
}

/// Letters of the longest bar of a thing.
const LONGEST: f64 = 12.0;

/// The picture's rows.
pub fn rows(chart: &Chart) -> Vec<Row> {
    match &chart.kind {
        Kind::Line(lines) => of_lines(lines),
        Kind::Bars(bars) if matches!(bars.steps, Steps::Named(_)) => of_things(bars),
        Kind::Bars(bars) => of_time(&bars.series, &bars.unit),
        Kind::Stacked(shares) => (0..shares.rows.len())
            .map(|row| {
                let said = |parts: Vec<f64>| {
                    let part = |(name, share): (&String, f64)| format!("{name} {}", words::percent(share));
                    shares.parts.iter().zip(parts).map(part).collect::<Vec<_>>().join(", ")
                };
                let words = shares.of(row).map_or_else(|| "no data".to_owned(), said);
                Row { name: shares.rows[row].0.clone(), bars: String::new(), words }
            })
            .collect(),
        Kind::Path(trail) => (0..trail.points.len())
            .map(|point| {
                let said = |[x, y]: [f64; 2]| format!("{}, {}", words::value(&trail.x.unit, x), words::value(&trail.y.unit, y));
                let words = trail.at(point).map_or_else(|| "no data".to_owned(), said);
                Row { name: trail.points[point].0.clone(), bars: String::new(), words }
            })
            .collect(),
        Kind::Strip(strip) => {
            let row = |row: &crate::domain::chart::StripRow| Row {
                name: row.name.clone(),
                bars: spark::line(&row.values),
                words: row.note.clone(),
            };
            strip.rows.iter().map(row).collect()
        }
        Kind::Spark(spark) => vec![of_series(&Series { name: String::new(), values: spark.values.clone() }, &spark.unit)],
    }
}

fn of_lines(lines: &Lines) -> Vec<Row> {
    let mut out = of_time(&lines.series, &lines.unit);
    if let Some((value, name)) = &lines.target {
        out.push(Row { name: name.clone(), bars: String::new(), words: words::value(&lines.unit, *value) });
    }
    out
}

/// A row a series. Of a single one the title says whose it is.
fn of_time(series: &[Series], unit: &str) -> Vec<Row> {
    let mut out: Vec<Row> = series.iter().map(|one| of_series(one, unit)).collect();
    if let [only] = out.as_mut_slice() {
        only.name.clear();
    }
    out
}

/// "3 days to 1.5 days, lowest 1.4 days, highest 3.5 days": of all of them, though the bars are those of the last 26.
fn of_series(series: &Series, unit: &str) -> Row {
    let all: Vec<f64> = series.values.iter().filter_map(|value| known(*value)).collect();
    let say = |x: f64| words::value(unit, x);
    let (lowest, highest) = all.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(*x), high.max(*x)));
    let words = match all.as_slice() {
        [] => "no data".to_owned(),
        [only] => say(*only),
        [first, .., last] => format!("{} to {}, lowest {}, highest {}", say(*first), say(*last), say(lowest), say(highest)),
    };
    Row { name: series.name.clone(), bars: spark::line(&series.values), words }
}

/// A bar a thing, from zero.
fn of_things(bars: &Bars) -> Vec<Row> {
    let value = |series: &Series, step: usize| known(series.values.get(step).copied().flatten());
    let top = bars.series.iter().flat_map(|one| one.values.iter().filter_map(|value| known(*value))).fold(0.0, f64::max);
    let top = bars.whole().unwrap_or(top);
    let mut out = Vec::new();
    for step in 0..bars.steps.len() {
        for series in &bars.series {
            let found = value(series, step);
            let share = if top > 0.0 { found.unwrap_or(0.0).max(0.0) / top } else { 0.0 };
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of 12")]
            let long = (share * LONGEST).round() as usize;
            let name = bars.steps.label(step);
            let name = if bars.series.len() > 1 { format!("{name}, {}", series.name) } else { name };
            let interval = found.and_then(|x| Some(words::interval(&bars.unit, x, bars.interval(step)?)));
            let interval = interval.filter(|_| bars.series.len() == 1).map_or_else(String::new, |ends| format!(" ({ends})"));
            let words = found.map_or_else(|| "no data".to_owned(), |x| format!("{}{interval}", words::value(&bars.unit, x)));
            out.push(Row { name, bars: "█".repeat(long), words });
        }
    }
    out
}

/// Below the picture's name in a terminal: what it is about, and what is marked in it.
pub fn notes(chart: &Chart) -> Vec<String> {
    let marks = match &chart.kind {
        Kind::Line(lines) => lines.marks.iter().map(|mark| mark.label.clone()).collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    let marks = if marks.is_empty() { String::new() } else { format!("marked: {}", marks.join(", ")) };
    [chart.subtitle.clone(), marks].into_iter().filter(|line| !line.trim().is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::chart_samples;

    #[test]
    fn each_kind_in_letters() {
        let show = |(name, chart): (&str, Chart)| {
            let rows: Vec<String> = rows(&chart).into_iter().map(|row| format!("  {} | {} | {}", row.name, row.bars, row.words)).collect();
            format!("{name}\n{}\n", rows.join("\n"))
        };
        insta::assert_snapshot!(chart_samples::all().into_iter().map(show).collect::<String>());
    }
}
