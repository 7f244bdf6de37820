//! The native chart, `data_visualization`: accepted only where the workspace has it rolled out.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Findings;

/// Checks a chart block.
pub(super) fn check(findings: &mut Findings, at: &str, block: &Value) {
    findings.members(at, block, &["title", "chart"], &[]);
    findings.letters(&format!("{at}/title"), block.get("title"), 1, 50);
    let chart = &block["chart"];
    let at = format!("{at}/chart");
    match chart["type"].as_str() {
        Some("pie") => {
            for (nth, segment) in findings.items(&format!("{at}/segments"), Some(&chart["segments"]), 1, 12).iter().enumerate() {
                point(findings, &format!("{at}/segments/{nth}"), segment);
            }
        }
        Some("line" | "bar" | "area") => series(findings, &at, chart),
        _ => findings.note(&format!("{at}/type"), "must be one of: pie, bar, area, line"),
    }
}

fn series(findings: &mut Findings, at: &str, chart: &Value) {
    findings.members(at, chart, &["series", "axis_config"], &[]);
    let config = &chart["axis_config"];
    findings.members(&format!("{at}/axis_config"), config, &["categories"], &["x_label", "y_label"]);
    let categories = findings.items(&format!("{at}/axis_config/categories"), Some(&config["categories"]), 1, 20);
    for (nth, category) in categories.iter().enumerate() {
        findings.letters(&format!("{at}/axis_config/categories/{nth}"), Some(category), 1, 20);
    }
    for name in ["x_label", "y_label"] {
        findings.letters(&format!("{at}/axis_config/{name}"), config.get(name), 1, 50);
    }
    let mut names = BTreeSet::new();
    for (nth, one) in findings.items(&format!("{at}/series"), Some(&chart["series"]), 1, 12).iter().enumerate() {
        let at = format!("{at}/series/{nth}");
        findings.members(&at, one, &["name", "data"], &[]);
        findings.letters(&format!("{at}/name"), one.get("name"), 1, 20);
        if !names.insert(one["name"].as_str().unwrap_or_default()) {
            findings.note(&format!("{at}/name"), "series names must differ");
        }
        let points = findings.items(&format!("{at}/data"), Some(&one["data"]), 1, 20);
        for (nth, value) in points.iter().enumerate() {
            point(findings, &format!("{at}/data/{nth}"), value);
        }
        let labels: BTreeSet<&str> = points.iter().filter_map(|point| point["label"].as_str()).collect();
        let wanted: BTreeSet<&str> = categories.iter().filter_map(Value::as_str).collect();
        if labels != wanted || points.len() != categories.len() {
            findings.note(&format!("{at}/data"), "must have one point for each category");
        }
    }
}

fn point(findings: &mut Findings, at: &str, value: &Value) {
    findings.members(at, value, &["label", "value"], &[]);
    findings.letters(&format!("{at}/label"), value.get("label"), 1, 20);
    if !value["value"].is_number() {
        findings.note(&format!("{at}/value"), "must be a number");
    }
}
