//! A picture in Slack: the native block where it can show it, else its rows in letters.
//!
//! The native block wants a number for every label, so it can't say "no data": a picture with a gap inside becomes letters,
//! rather than a line across the gap or a zero. Leading and trailing gaps are left off. A path and a heat strip it doesn't know.
//! Of longer series it shows the last 20 steps. What it has no place for (marks, intervals, older steps) the line below it says.
//!
//! Why [`without_charts`] works on the finished message: a workspace may refuse the block, which is heard only when the message is
//! on its way, by whoever sends it. Roll-out is phased; see `slack::outgoing`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::chart_text::{self, Row};
use super::super::limits::{self, cut};
use super::super::outside::{clean, escape, mrkdwn};
use super::super::spark;
use super::{Room, context, section_of};
use crate::domain::card::Line;
use crate::domain::chart::{Chart, Kind, Series, Steps, known};
use crate::domain::words::{self, Scale};

/// The block's type.
const KIND: &str = "data_visualization";
/// Rows in letters; the others are counted.
const ROWS: usize = 16;
/// Characters of a row, and of the sentence below a picture.
const ROW_CHARS: usize = 170;
const SAID_CHARS: usize = 600;

/// Adds a picture, native where that is possible; how many didn't fit.
pub(super) fn put(chart: &Chart, room: &mut Room, out: &mut Vec<Value>) -> usize {
    if room.charts > 0
        && room.blocks > 1
        && let Some(block) = native(chart)
    {
        let said = context(&[mrkdwn(&Line::plain(chart.said()), SAID_CHARS)]);
        let before = *room;
        if room.put(out, block) {
            if room.put(out, said) {
                room.charts -= 1;
                return 0;
            }
            out.pop();
        }
        *room = before;
    }
    usize::from(!room.put(out, section_of(&letters(chart))))
}

/// Title, subtitle and rows.
fn letters(chart: &Chart) -> String {
    let title = if chart.title.trim().is_empty() { "Chart" } else { &chart.title };
    let mut lines = vec![mrkdwn(&Line::default().strong(title), 200)];
    lines.extend(chart_text::notes(chart).iter().map(|note| mrkdwn(&Line::plain(note), ROW_CHARS)));
    let rows = chart_text::rows(chart);
    lines.extend(rows.iter().take(ROWS).map(|row| mrkdwn(&row_line(row), ROW_CHARS)));
    if rows.len() > ROWS {
        lines.push(format!("and {} more", rows.len() - ROWS));
    }
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

fn row_line(row: &Row) -> Line {
    let name = if row.name.trim().is_empty() { String::new() } else { format!("{}  ", cut(&row.name, 60)) };
    let bars = if row.bars.is_empty() { String::new() } else { format!("{}  ", row.bars) };
    Line::plain(format!("{name}{bars}{}", row.words))
}

/// The native block; none where it can't show this.
fn native(chart: &Chart) -> Option<Value> {
    let title = literal(&chart.title, limits::CHART_TITLE);
    if title.is_empty() {
        return None;
    }
    let (kind, unit, steps, series) = match &chart.kind {
        Kind::Line(lines) => {
            let mut series = lines.series.clone();
            if let Some((value, name)) = &lines.target {
                series.push(Series { name: name.clone(), values: vec![Some(*value); lines.steps.len()] });
            }
            ("line", lines.unit.as_str(), lines.steps.clone(), series)
        }
        Kind::Bars(bars) => ("bar", bars.unit.as_str(), bars.steps.clone(), bars.series.clone()),
        Kind::Stacked(shares) => {
            let rows: Vec<Option<Vec<f64>>> = (0..shares.rows.len()).map(|row| shares.of(row)).collect();
            let of = |part: usize| rows.iter().map(|row| row.as_ref().map(|shares| shares[part])).collect();
            let series = shares.parts.iter().enumerate().map(|(part, name)| Series { name: name.clone(), values: of(part) });
            ("bar", "fraction", Steps::named(shares.rows.iter().map(|(name, _)| name.clone())), series.collect())
        }
        Kind::Path(_) | Kind::Strip(_) | Kind::Spark(_) => return None,
    };
    let from = steps.len().saturating_sub(limits::CHART_POINTS);
    if from > 0 && matches!(steps, Steps::Named(_)) {
        return None; // which of the things would be left out?
    }
    let value = |series: &Series, step: usize| known(series.values.get(step).copied().flatten());
    let main = series.first()?;
    let first = (from..steps.len()).find(|step| value(main, *step).is_some())?;
    let last = (from..steps.len()).rfind(|step| value(main, *step).is_some())?;
    let whole = |one: &&Series| (first..=last).all(|step| value(one, step).is_some());
    // A further line with a gap is left to the sentence below; the first one can't be.
    let shown: Vec<&Series> = series.iter().filter(whole).collect();
    let all_whole = shown.len() == series.len();
    if last == first || !whole(&main) || series.len() > limits::CHART_SERIES || (!all_whole && kind == "bar") {
        return None;
    }
    let labels: Vec<String> = (first..=last).map(|step| literal(&steps.label(step), limits::CHART_LABEL)).collect();
    let names: Vec<String> = shown.iter().map(|one| literal(&one.name, limits::CHART_LABEL)).collect();
    if !all_differ(&labels) || !all_differ(&names) {
        return None;
    }
    let top = shown.iter().flat_map(|one| (first..=last).filter_map(|step| value(one, step))).fold(0.0, |top: f64, x| top.max(x.abs()));
    let scale = words::scale(unit, top);
    let data = |one: &Series| -> Vec<Value> {
        let point =
            |(label, step): (&String, usize)| json!({"label": label, "value": rounded(scale, value(one, step).unwrap_or_default())});
        labels.iter().zip(first..=last).map(point).collect()
    };
    let series: Vec<Value> = shown.iter().zip(&names).map(|(one, name)| json!({"name": name, "data": data(one)})).collect();
    let mut axis = json!({"categories": labels});
    if !scale.name().is_empty() {
        axis["y_label"] = json!(literal(scale.name(), limits::CHART_AXIS));
    }
    Some(json!({"type": KIND, "title": title, "chart": {"type": kind, "series": series, "axis_config": axis}}))
}

/// In the axis' unit, to the third digit that matters: a hint shows it whole.
fn rounded(scale: Scale, value: f64) -> f64 {
    format!("{:.2e}", scale.of(value)).parse().unwrap_or_default()
}

/// Neither empty nor twice the same.
fn all_differ(names: &[String]) -> bool {
    names.iter().all(|name| !name.is_empty()) && names.iter().collect::<BTreeSet<_>>().len() == names.len()
}

/// For a bare string of a block, of which it isn't said whether it is read as escaped: with look-alikes of what would need to be.
fn literal(text: &str, max: usize) -> String {
    cut(clean(text).replace('<', "‹").replace('>', "›").trim(), max)
}

/// Whether a message has a native chart.
pub fn has_charts(message: &Value) -> bool {
    message["blocks"].as_array().is_some_and(|blocks| blocks.iter().any(|block| block["type"] == KIND))
}

/// The same message with each native chart in letters, for a workspace that doesn't know the block.
pub fn without_charts(mut message: Value) -> Value {
    for block in message["blocks"].as_array_mut().into_iter().flatten().filter(|block| block["type"] == KIND) {
        *block = section_of(&spelt(block));
    }
    message
}

/// The same message without the buttons of an action.
pub fn without_button(mut message: Value, action: &str) -> Value {
    let Some(blocks) = message["blocks"].as_array_mut() else { return message };
    for block in blocks.iter_mut() {
        if let Some(elements) = block.get_mut("elements").and_then(Value::as_array_mut) {
            elements.retain(|element| element["action_id"] != action);
        }
    }
    blocks.retain(|block| block["elements"].as_array().is_none_or(|elements| !elements.is_empty()));
    message
}

/// A native block in letters: the sentence below it has the rest.
fn spelt(block: &Value) -> String {
    let mut lines = vec![format!("*{}*", escape(&block["title"].as_str().unwrap_or_default().replace('*', "∗")))];
    let unit = block["chart"]["axis_config"]["y_label"].as_str().unwrap_or_default();
    for series in block["chart"]["series"].as_array().into_iter().flatten() {
        let values: Vec<Option<f64>> = series["data"].as_array().into_iter().flatten().map(|point| point["value"].as_f64()).collect();
        let ends = [values.first(), values.last()].map(|value| value.copied().flatten().map(words::short).unwrap_or_default());
        let range = if ends[0] == ends[1] { ends[0].clone() } else { format!("{} to {}", ends[0], ends[1]) };
        let words = format!("{range} {unit}").trim_end().to_owned();
        let row = Row { name: series["name"].as_str().unwrap_or_default().to_owned(), bars: spark::line(&values), words };
        lines.push(mrkdwn(&row_line(&row), ROW_CHARS));
    }
    lines.join("\n")
}
