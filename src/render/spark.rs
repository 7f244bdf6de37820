//! A weekly series as a line of Unicode bars.
//!
//! Why from zero and not from the minimum: between 1.9 and 2.1 days there is no story, and a scale that begins at 1.9 would
//! tell one. Why a middle dot for a week without data: a blank at either end is trimmed away, and the lowest bar would say 0.

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// At most this many weeks, the last ones.
pub const WEEKS: usize = 26;

/// The last [`WEEKS`] weeks.
pub fn recent(series: &[Option<f64>]) -> &[Option<f64>] {
    &series[series.len().saturating_sub(WEEKS)..]
}

/// Bars from zero to the greatest value; a dot for a week without data. Empty where no week has any.
pub fn line(series: &[Option<f64>]) -> String {
    let weeks = recent(series);
    let Some(top) = top(weeks) else { return String::new() };
    weeks.iter().map(|week| week.filter(|x| x.is_finite()).map_or('·', |x| bar(x, top))).collect()
}

/// The greatest finite value; none where there is no value at all.
pub fn top(weeks: &[Option<f64>]) -> Option<f64> {
    weeks.iter().flatten().copied().filter(|x| x.is_finite()).reduce(f64::max)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=7 before the cast")]
fn bar(x: f64, top: f64) -> char {
    let share = if top > 0.0 { x.max(0.0) / top } else { 0.0 };
    BARS[(share * 7.0).round().clamp(0.0, 7.0) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_on_zero_and_gaps_stay_gaps() {
        let check = |series: &[Option<f64>], expect: &str| assert_eq!(line(series), expect);
        check(&[], "");
        check(&[None, None], "");
        check(&[Some(0.0), Some(3.5), Some(7.0)], "▁▅█");
        check(&[Some(1.9), None, Some(2.0)], "█·█");
        check(&[Some(0.0), Some(0.0)], "▁▁");
        check(&[Some(f64::NAN), Some(f64::INFINITY), Some(-1.0), Some(1.0)], "··▁█");
    }

    #[test]
    fn only_the_last_weeks_are_drawn() {
        assert_eq!(line(&vec![Some(1.0); 60]).chars().count(), WEEKS);
    }
}
