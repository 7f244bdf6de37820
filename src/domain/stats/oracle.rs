//! The figures that the scripts in `tests/statistics` recorded, for the tests of this folder.

use serde_json::Value;

const RECORDED: [&str; 2] = [include_str!("../../../tests/statistics/oracle.json"), include_str!("../../../tests/statistics/change.json")];

/// The cases of a section.
pub(super) fn cases(section: &str) -> Vec<Value> {
    let files = RECORDED.map(|text| serde_json::from_str::<Value>(text).unwrap());
    files.iter().find_map(|file| file[section].as_array()).unwrap_or_else(|| panic!("no section {section}")).clone()
}

/// A number of a case.
pub(super) fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

/// A count of a case.
pub(super) fn count(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

/// A list of numbers of a case.
pub(super) fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

/// A list of counts of a case.
pub(super) fn counts(value: &Value) -> Vec<u64> {
    value.as_array().unwrap().iter().map(count).collect()
}

/// Fails unless ours is the recorded one, relative to its size.
pub(super) fn close(ours: Option<f64>, recorded: &Value, tolerance: f64) {
    match (ours, recorded.as_f64()) {
        (Some(a), Some(b)) => assert!((a - b).abs() <= tolerance * b.abs().max(f64::MIN_POSITIVE), "ours {a:e}, recorded {b:e}"),
        (None, None) => {}
        (a, b) => panic!("ours {a:?}, recorded {b:?}"),
    }
}

/// The same of both ends of an interval.
pub(super) fn close_interval(ours: Option<[f64; 2]>, recorded: &Value, tolerance: f64) {
    for end in 0..2 {
        close(ours.map(|interval| interval[end]), &recorded[end], tolerance);
    }
}
