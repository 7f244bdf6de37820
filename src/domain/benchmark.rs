//! Bands.
use super::card::Band;
/// Direction.
#[derive(Debug, PartialEq, Eq)]
pub enum Better {
    /// More.
    Higher,
    /// Less.
    Lower,
}
/// Direction of a metric.
pub fn better(id: &str) -> Better {
    if id == "deployment_frequency" { Better::Higher } else { Better::Lower }
}
/// Band.
pub fn band(_id: &str, _interval: Option<[f64; 2]>) -> Option<Band> {
    None
}
/// Status.
pub fn target_status(_id: &str, _target: f64, _value: f64, _interval: Option<[f64; 2]>) -> &'static str {
    "met"
}
