//! What differs between a figure as answered and as counted again: each member of it, not the value alone.

use serde_json::Value;

use crate::domain::card::Metric;
use crate::domain::words;

/// Members whose numbers are in the metric's unit.
const MEASURED: [&str; 4] = ["value", "interval", "percentiles", "target"];

/// A figure of which something differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differs {
    /// The metric.
    pub id: String,
    /// What differs: the member, as answered, as counted now.
    pub members: Vec<(String, String, String)>,
}

impl Differs {
    /// "value 2 days then, 3 days now; n 12 then, 13 now".
    pub fn text(&self) -> String {
        let member = |(name, then, now): &(String, String, String)| format!("{name} {then} then, {now} now");
        self.members.iter().map(member).collect::<Vec<_>>().join("; ")
    }
}

/// What differs, where anything does: the value first, then in the order of names.
pub fn differs(then: &Metric, now: &Metric) -> Option<Differs> {
    let plain = |metric: &Metric| serde_json::to_value(metric).unwrap_or_default();
    let mut leaves = Vec::new();
    walk("", &plain(then), &plain(now), &mut leaves);
    leaves.sort_by_key(|(path, ..)| (path != "value", path != "n", path.clone()));
    let members = leaves.into_iter().map(|(path, before, after)| {
        let measured = MEASURED.contains(&path.rsplit('.').find(|part| part.parse::<u8>().is_err()).unwrap_or_default())
            || MEASURED.contains(&path.split('.').next().unwrap_or_default());
        let unit = if measured { then.unit.as_str() } else { "" };
        let (said, says) = (leaf(&before, unit), leaf(&after, unit));
        // Rounded they may look the same: then the numbers themselves are told.
        if said == says { (path, leaf(&before, ""), leaf(&after, "")) } else { (path, said, says) }
    });
    let members: Vec<_> = members.collect();
    (!members.is_empty()).then(|| Differs { id: then.id.clone(), members })
}

/// Every leaf in which two trees differ.
fn walk(path: &str, then: &Value, now: &Value, leaves: &mut Vec<(String, Value, Value)>) {
    let below = |name: &str| if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
    match (then, now) {
        _ if then == now => {}
        (Value::Object(a), Value::Object(b)) => {
            let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for name in names {
                walk(&below(name), a.get(name).unwrap_or(&Value::Null), b.get(name).unwrap_or(&Value::Null), leaves);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (place, (a, b)) in a.iter().zip(b).enumerate() {
                walk(&below(&place.to_string()), a, b, leaves);
            }
        }
        // One side has no such member: its parts are told one by one.
        (Value::Object(a), Value::Null) => a.iter().for_each(|(name, a)| walk(&below(name), a, &Value::Null, leaves)),
        (Value::Null, Value::Object(b)) => b.iter().for_each(|(name, b)| walk(&below(name), &Value::Null, b, leaves)),
        _ => leaves.push((path.to_string(), then.clone(), now.clone())),
    }
}

fn leaf(value: &Value, unit: &str) -> String {
    match value {
        Value::Null => "none".into(),
        Value::String(text) => text.clone(),
        Value::Number(number) if !unit.is_empty() => {
            number.as_f64().map_or_else(|| number.to_string(), |number| words::value(unit, number))
        }
        Value::Array(list) => format!("[{}]", list.iter().map(|value| leaf(value, unit)).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::card::Previous;

    fn metric() -> Metric {
        Metric {
            id: "change_lead_time".into(),
            value: Some(7_200.0),
            unit: "seconds".into(),
            n: 12,
            interval: Some([3_600.0, 10_800.0]),
            previous: Some(Previous { value: Some(7_200.0), n: 9, reason: None }),
            band: None,
            target: None,
            percentiles: None,
            quantiles: None,
            excluded: [("bot".to_string(), 2)].into(),
            reason: None,
        }
    }

    fn check(change: impl Fn(&mut Metric), expect: Option<&str>) {
        let mut now = metric();
        change(&mut now);
        assert_eq!(differs(&metric(), &now).map(|differs| differs.text()).as_deref(), expect);
    }

    #[test]
    fn the_member_that_differs_is_named() {
        check(|_| {}, None);
        check(|now| (now.value, now.n) = (Some(10_800.0), 13), Some("value 2 h then, 3 h now; n 12 then, 13 now"));
        check(|now| now.value = Some(7_200.000_001), Some("value 7200.0 then, 7200.000001 now"));
        check(|now| now.interval = None, Some("interval [1 h, 3 h] then, none now"));
        check(|now| now.interval = Some([3_600.0, 14_400.0]), Some("interval.1 3 h then, 4 h now"));
        check(|now| now.previous = None, Some("previous.n 9 then, none now; previous.value 2 h then, none now"));
        check(|now| now.excluded = [("bot".to_string(), 3)].into(), Some("excluded.bot 2 then, 3 now"));
        check(|now| now.reason = Some("too_few".into()), Some("reason none then, too_few now"));
    }
}
