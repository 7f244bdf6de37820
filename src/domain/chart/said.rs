//! A picture in words: what [`Chart::said`](super::Chart::said) says where the feature says nothing of its own.

use super::{Chart, Kind, Lines, Series, Shares, Steps, Strip, Trail, known};
use crate::domain::words::{self, Better};

/// Rows, bars or points that are told one by one; the others are counted.
const TOLD: usize = 6;

/// The whole sentence, with the picture's title.
pub(super) fn said(chart: &Chart) -> String {
    let body = match &chart.kind {
        Kind::Line(lines) => of_lines(lines),
        Kind::Bars(bars) if matches!(bars.steps, Steps::Named(_)) => {
            let step = |at: usize| {
                let told = bars.series.iter().filter_map(|one| {
                    let value = known(one.values.get(at).copied().flatten())?;
                    let interval = bars.interval(at).filter(|_| bars.series.len() == 1);
                    let value = match interval {
                        Some(ends) => format!("{} ({})", words::value(&bars.unit, value), words::interval(&bars.unit, value, ends)),
                        None => words::value(&bars.unit, value),
                    };
                    Some(if bars.series.len() == 1 { value } else { format!("{} {value}", one.name) })
                });
                let told: Vec<String> = told.collect();
                format!("{} {}", bars.steps.label(at), if told.is_empty() { "no data".to_owned() } else { told.join(", ") })
            };
            listed(bars.steps.len(), "; ", step)
        }
        Kind::Bars(bars) => joined(bars.series.iter().map(|one| of_series(one, &bars.unit, &bars.steps, bars.series.len() > 1))),
        Kind::Stacked(shares) => of_shares(shares),
        Kind::Path(trail) => of_trail(trail),
        Kind::Strip(strip) => of_strip(strip),
        Kind::Spark(spark) => {
            let series = Series { name: String::new(), values: spark.values.clone() };
            of_series(&series, &spark.unit, &Steps::Named(Vec::new()), false)
        }
    };
    let title = chart.title.trim().trim_end_matches(['.', ':']);
    if title.is_empty() { format!("{body}.") } else { format!("{title}: {body}.") }
}

fn of_lines(lines: &Lines) -> String {
    let many = lines.series.len() > 1;
    let mut told: Vec<String> = lines.series.iter().map(|one| of_series(one, &lines.unit, &lines.steps, many)).collect();
    if let Some((value, name)) = &lines.target {
        told.push(format!("{name} {}", words::value(&lines.unit, *value)));
    }
    let marks = lines.marks.iter().map(|mark| {
        // A mark stands somewhere within a step; the step says when.
        let step = (0..lines.steps.len()).min_by(|one, other| gap(mark.at, *one).total_cmp(&gap(mark.at, *other))).unwrap_or(0);
        let noun = lines.steps.noun().map_or_else(String::new, |noun| format!("{noun} of "));
        format!("{} ({noun}{})", mark.label, lines.steps.label(step))
    });
    let marks: Vec<String> = marks.collect();
    if !marks.is_empty() {
        told.push(format!("marked: {}", marks.join(", ")));
    }
    told.join("; ")
}

#[allow(clippy::cast_precision_loss, reason = "few steps")]
fn gap(at: f64, step: usize) -> f64 {
    (at - step as f64).abs()
}

/// "from 2.6 days (31 Aug) to 1.8 days (16 Nov), lowest 1.7 days (9 Nov), highest 2.6 days (31 Aug), 1 of 12 without data".
fn of_series(series: &Series, unit: &str, steps: &Steps, named: bool) -> String {
    let name = if named { format!("{} ", series.name) } else { String::new() };
    let all: Vec<(usize, f64)> = series.values.iter().enumerate().filter_map(|(at, value)| Some((at, known(*value)?))).collect();
    let (Some(first), Some(last)) = (all.first(), all.last()) else { return format!("{name}no data") };
    let at = |(step, x): &(usize, f64)| {
        let label = steps.label(*step);
        let value = words::value(unit, *x);
        if label.is_empty() { value } else { format!("{value} ({label})") }
    };
    if all.len() == 1 {
        return format!("{name}{}{}", at(first), gaps(series.values.len(), 1));
    }
    let lowest = all.iter().copied().reduce(|a, b| if b.1 < a.1 { b } else { a }).unwrap_or(*first);
    let highest = all.iter().copied().reduce(|a, b| if b.1 > a.1 { b } else { a }).unwrap_or(*first);
    let range =
        if lowest.1 < highest.1 { format!(", lowest {}, highest {}", at(&lowest), at(&highest)) } else { ", always the same".to_owned() };
    format!("{name}from {} to {}{range}{}", at(first), at(last), gaps(series.values.len(), all.len()))
}

fn gaps(all: usize, known: usize) -> String {
    if known == all { String::new() } else { format!(", {} of {all} without data", all - known) }
}

fn of_shares(shares: &Shares) -> String {
    listed(shares.rows.len(), "; ", |row| {
        let told = shares.of(row).map_or_else(
            || "no data".to_owned(),
            |parts| {
                let part = |(name, share): (&String, f64)| format!("{name} {}", words::percent(share));
                shares.parts.iter().zip(parts).map(part).collect::<Vec<_>>().join(", ")
            },
        );
        format!("{} {told}", shares.rows[row].0)
    })
}

fn of_trail(trail: &Trail) -> String {
    let at = |point: usize| {
        let label = &trail.points[point].0;
        match trail.at(point) {
            Some([x, y]) => format!("{label} {} and {}", words::value(&trail.x.unit, x), words::value(&trail.y.unit, y)),
            None => format!("{label} no data"),
        }
    };
    let way = |better: Better| match better {
        Better::Lower => ", less is better",
        Better::Higher => ", more is better",
        Better::Neither => "",
    };
    let axes = format!("{}{} and {}{}", trail.x.name, way(trail.x.better), trail.y.name, way(trail.y.better));
    format!("{axes}; {}", listed(trail.points.len(), "; then ", at))
}

fn of_strip(strip: &Strip) -> String {
    listed(strip.rows.len(), "; ", |row| {
        let row = &strip.rows[row];
        let all: Vec<(usize, f64)> = row.values.iter().enumerate().filter_map(|(at, value)| Some((at, known(*value)?))).collect();
        let most = all.iter().copied().reduce(|a, b| if b.1 > a.1 { b } else { a });
        let told = most.map_or_else(
            || "no data".to_owned(),
            |(at, x)| format!("at most {} {} ({})", words::value(&strip.unit, x), strip.of, strip.steps.label(at)),
        );
        let note = if row.note.is_empty() { String::new() } else { format!("{}, ", row.note) };
        format!("{} {note}{told}{}", row.name, gaps(row.values.len(), all.len()))
    })
}

/// The first few one by one, the others counted.
fn listed(count: usize, glue: &str, told: impl Fn(usize) -> String) -> String {
    if count == 0 {
        return "no data".to_owned();
    }
    let all: Vec<String> = (0..count.min(TOLD)).map(told).collect();
    let rest = if count > TOLD { format!("{glue}and {} more", count - TOLD) } else { String::new() };
    format!("{}{rest}", all.join(glue))
}

fn joined(all: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = all.collect();
    if all.is_empty() { "no data".to_owned() } else { all.join("; ") }
}
