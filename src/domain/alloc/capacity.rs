//! How much of each day somebody had for work: a working day that is no holiday and no day of absence, by their part of full time.
//!
//! Whole days only: no hours of work are known, and none are guessed. Never to be used to tell whether somebody worked.

use chrono::NaiveDate;

use super::input::PERSON_DAY;

/// Days of absence, both included.
pub type Away = (NaiveDate, NaiveDate);

/// The days from `from` up to, not including, `until` on which somebody had capacity, each with its micro-days. `fte`: none is full time.
pub fn person_days(
    [from, until]: [NaiveDate; 2],
    fte: Option<f64>,
    away: &[Away],
    is_working: impl Fn(NaiveDate) -> bool,
) -> Vec<(NaiveDate, i64)> {
    #[allow(clippy::cast_possible_truncation, reason = "from 0 to a million")]
    let capacity = (fte.unwrap_or(1.0).clamp(0.0, 1.0) * 1e6).round() as i64;
    let capacity = capacity.min(PERSON_DAY);
    let is_away = |day: NaiveDate| away.iter().any(|(first, last)| *first <= day && day <= *last);
    from.iter_days()
        .take_while(|day| *day < until)
        .filter(|day| capacity > 0 && is_working(*day) && !is_away(*day))
        .map(|day| (day, capacity))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Datelike;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn check(fte: Option<f64>, away: &[Away], expect: &[(u32, i64)]) {
        let weekday = |day: NaiveDate| day.weekday().num_days_from_monday() < 5 && day.day() != 25;
        let days = person_days([day("2026-11-23"), day("2026-11-30")], fte, away, weekday);
        assert_eq!(days.iter().map(|(day, micro)| (day.day(), *micro)).collect::<Vec<_>>(), expect);
    }

    #[test]
    fn a_week_with_a_holiday_absence_and_part_time() {
        check(None, &[], &[(23, 1_000_000), (24, 1_000_000), (26, 1_000_000), (27, 1_000_000)]);
        check(Some(0.5), &[(day("2026-11-26"), day("2026-12-04"))], &[(23, 500_000), (24, 500_000)]);
        check(Some(1.0 / 3.0), &[(day("2026-11-01"), day("2026-11-26"))], &[(27, 333_333)]);
        check(Some(0.0), &[], &[]);
        check(Some(f64::NAN), &[], &[]);
        check(Some(7.0), &[(day("2026-11-23"), day("2026-11-26"))], &[(27, 1_000_000)]);
    }
}
