//! The figures `tests/statistics/forecast.py` recorded, for the tests of this folder.

use serde_json::Value;

const RECORDED: &str = include_str!("../../../tests/statistics/forecast.json");

/// What was recorded under a name.
pub(super) fn recorded(section: &str) -> Value {
    let recorded: Value = serde_json::from_str(RECORDED).unwrap();
    recorded[section].clone()
}

/// The cases of a section.
pub(super) fn cases(section: &str) -> Vec<Value> {
    recorded(section).as_array().unwrap_or_else(|| panic!("no section {section}")).clone()
}

/// A number of a case.
pub(super) fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// A count of a case.
pub(super) fn count(value: &Value) -> u32 {
    value.as_u64().and_then(|count| u32::try_from(count).ok()).unwrap_or_else(|| panic!("{value} is no count"))
}

/// A list of numbers of a case.
pub(super) fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

/// A list of counts of a case.
pub(super) fn counts(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(count).collect()
}
