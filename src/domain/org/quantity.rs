//! Dates, durations and targets as people write them in the organisation file.
//!
//! A date is the local midnight that begins it, in the team's zone, else the organisation's; so `until = 2026-05-01` holds
//! through 30 April. A target ends up in its metric's unit: seconds, a week, or a fraction.

use chrono::{NaiveDate, NaiveDateTime};
use chrono_tz::Tz;
use toml::Value;

use crate::domain::metric::{self, Definition};
use crate::domain::time::{At, SECOND};
use crate::domain::window::local;

/// An instant from a TOML date, date-time or string.
pub(super) fn instant(value: &Value, zone: Tz) -> Result<At, String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Datetime(at) => at.to_string(),
        other => return Err(format!("`{other}` is not a date: write `2026-05-01`")),
    };
    if let Some(at) = At::parse(&text) {
        return Ok(at);
    }
    if let Ok(date) = NaiveDate::parse_from_str(&text, "%Y-%m-%d") {
        return Ok(local::midnight(zone, date));
    }
    let local_forms = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"];
    let local = local_forms.iter().find_map(|form| NaiveDateTime::parse_from_str(&text, form).ok());
    local.map(|local| local::instant(zone, local)).ok_or_else(|| format!("`{text}` is not a date: write `2026-05-01`"))
}

/// A calendar date from a TOML date or string.
pub(super) fn date(value: &Value) -> Result<NaiveDate, String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    };
    NaiveDate::parse_from_str(&text, "%Y-%m-%d").map_err(|_| format!("`{text}` is not a date: write `2026-05-01`"))
}

/// A duration in microseconds: `2d`, `36h`, `45m`, `90s`, `1.5d`.
pub(super) fn duration(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is not a duration: write `2d`, `36h`, `45m` or `90s`");
    let compact: String = text.split_whitespace().collect();
    let (number, unit) = compact.split_at(compact.find(|letter: char| letter.is_ascii_alphabetic()).ok_or_else(wrong)?);
    let secs = match unit {
        "w" => 604_800,
        "d" => 86_400,
        "h" => 3_600,
        "m" | "min" => 60,
        "s" => 1,
        _ => return Err(wrong()),
    };
    let micros = i128::from(secs * SECOND);
    let (whole, tenths) = number.split_once('.').unwrap_or((number, ""));
    let plain = |digits: &str| digits.len() <= 12 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(tenths) || (number.contains('.') && tenths.is_empty()) {
        return Err(wrong());
    }
    let digits: i128 = format!("{whole}{tenths}").parse().map_err(|_| wrong())?;
    let scale = (0..tenths.len()).fold(1_i128, |scale, _| scale * 10);
    i64::try_from(digits * micros / scale).map_err(|_| format!("`{text}` is longer than I can count"))
}

/// A target in the unit of its metric.
pub(super) fn target(metric: &str, value: &Value) -> Result<f64, String> {
    let Some(known) = metric::with_target().find(|known| known.id == metric) else {
        let all: Vec<String> = metric::with_target().map(|known| format!("`{}`", known.id)).collect();
        return Err(format!("`{metric}` is not a metric with a target: those are {}", all.join(", ")));
    };
    quantity(known, value).map_err(|example| format!("the target of `{metric}` is `{}`: write {example}", plain(value)))
}

/// A value of a metric as people type it: `15%`, `3d`, `2/week`. Else an example of what to type.
pub fn typed(known: &Definition, text: &str) -> Result<f64, String> {
    quantity(known, &Value::String(text.into())).map_err(|example| example.replace('"', ""))
}

/// A number in a metric's unit, else an example of one.
fn quantity(known: &Definition, value: &Value) -> Result<f64, &'static str> {
    let number = match value {
        #[allow(clippy::cast_precision_loss, reason = "a target is far smaller than 2^53")]
        Value::Integer(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let text = value.as_str().unwrap_or_default();
    let (read, example) = match known.unit {
        "per_week" => (number.or_else(|| rate(text)), "`\"5/week\"`, `\"1/day\"` or `\"2/month\"`"),
        "seconds" => {
            #[allow(clippy::cast_precision_loss, reason = "a target is far shorter than 2^53 microseconds")]
            let secs = duration(text).ok().map(|micros| micros as f64 / SECOND as f64);
            (number.or(secs), "a duration such as `\"2d\"` or `\"36h\"`")
        }
        "fraction" => {
            let percent = text.trim().strip_suffix('%').and_then(|digits| digits.trim().parse::<f64>().ok()).map(|percent| percent / 100.0);
            (percent.or(number).filter(|fraction| *fraction <= 1.0), "`\"10%\"` or `0.1`")
        }
        _ => (number, "a number such as `200`"),
    };
    read.filter(|number| number.is_finite() && *number >= 0.0).ok_or(example)
}

/// A length of time as [`duration`] reads it, in the largest unit of which it is a whole number.
pub fn duration_text(micros: i64) -> String {
    let units = [("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];
    match units.iter().find(|(_, secs)| micros % (secs * SECOND) == 0) {
        Some((unit, secs)) => format!("{}{unit}", micros / (secs * SECOND)),
        None => format!("{}.{:06}s", micros / SECOND, micros % SECOND),
    }
}

/// A target as people write it: [`target`] reads the very same number.
pub fn target_text(metric: &str, value: f64) -> String {
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "only where it is a whole number of seconds")]
    let text = match metric::find(metric).map_or("", |known| known.unit) {
        "per_week" => format!("{value}/week"),
        "fraction" => format!("{}%", (value * 100.0).round()),
        "seconds" if value.fract() == 0.0 && value.abs() < 9e12 => duration_text(value as i64 * SECOND),
        _ => String::new(),
    };
    let same = target(metric, &Value::String(text.clone())).is_ok_and(|read| read.to_bits() == value.to_bits());
    if same { text } else { format!("{value:?}") }
}

/// `5/week` in a week. A month is 30 days, as in the bands.
fn rate(text: &str) -> Option<f64> {
    let (number, unit) = text.split_once('/')?;
    let number: f64 = number.trim().parse().ok()?;
    Some(match unit.trim() {
        "d" | "day" => number * 7.0,
        "w" | "week" => number,
        "m" | "month" => number * 7.0 / 30.0,
        _ => return None,
    })
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_of_any_size() {
        let check = |text: &str, expect: Option<i64>| assert_eq!(duration(text).ok(), expect.map(|secs| secs * SECOND), "{text}");
        check("2d", Some(172_800));
        check("36h", Some(129_600));
        check("1000h", Some(3_600_000));
        check("45m", Some(2_700));
        check("90s", Some(90));
        check("1.5d", Some(129_600));
        check("0.1h", Some(360));
        for wrong in ["", "2", "d", "-2d", "2x", "2 fortnights", "1.d", ".5d", "1.2.3d", "999999999999d", "1e3d"] {
            check(wrong, None);
        }
    }

    #[test]
    fn what_is_read_is_written_as_people_write_it() {
        let check = |metric: &str, text: &str| {
            let read = target(metric, &Value::String(text.into())).unwrap();
            assert_eq!(target_text(metric, read), text, "{metric}");
        };
        check("change_lead_time", "2d");
        check("change_lead_time", "90m");
        check("failed_deployment_recovery_time", "0.25");
        check("change_fail_rate", "7%");
        check("change_fail_rate", "0.075");
        check("deployment_frequency", "5/week");
        check("deployment_frequency", "2.5/week");
        for micros in [1, SECOND, 90 * SECOND, 48 * 3_600 * SECOND, 5 * 3_600 * SECOND + 1] {
            assert_eq!(duration(&duration_text(micros)), Ok(micros), "{}", duration_text(micros));
        }
    }

    #[test]
    fn targets_are_in_the_unit_of_the_metric() {
        let check = |metric: &str, toml: &str, expect: Option<f64>| {
            let value = toml::from_str::<toml::Table>(&format!("x = {toml}")).unwrap()["x"].clone();
            match (target(metric, &value), expect) {
                (Ok(read), Some(expect)) => assert!((read - expect).abs() < 1e-9, "{toml}: {read}"),
                (Err(_), None) => {}
                (read, _) => panic!("{metric} {toml}: {read:?}"),
            }
        };
        check("change_lead_time", "\"2d\"", Some(172_800.0));
        check("failed_deployment_recovery_time", "3600", Some(3_600.0));
        check("change_fail_rate", "\"10%\"", Some(0.1));
        check("change_fail_rate", "0.15", Some(0.15));
        check("deployment_frequency", "\"5/week\"", Some(5.0));
        check("deployment_frequency", "\"1/day\"", Some(7.0));
        check("deployment_frequency", "\"30/month\"", Some(7.0));
        check("deployment_frequency", "2.5", Some(2.5));
        check("cycle_time", "\"3d\"", Some(259_200.0));
        check("batch_size", "200", Some(200.0));
        check("ci_pass_rate", "\"95%\"", Some(0.95));
        for (metric, wrong) in [
            ("change_fail_rate", "10"),
            ("change_fail_rate", "\"110%\""),
            ("change_fail_rate", "-0.1"),
            ("change_lead_time", "\"10%\""),
            ("deployment_frequency", "\"5/year\""),
            ("change_lead_time", "nan"),
            ("change_lead_time", "[1]"),
            ("batch_size", "\"2d\""),
            ("ai_assisted_share", "\"20%\""),
            ("velocity", "\"2d\""),
        ] {
            check(metric, wrong, None);
        }
    }
}
