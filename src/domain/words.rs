//! Words for numbers, as people read them: durations, rates, shares, intervals, changes, counts, dates and ages.
//!
//! Why two digits that matter: "1.9 days" can be said aloud and compared; "1 d 21 h 36 min" can't, and promises a
//! precision that a median of a hundred commits doesn't have. The exact value stands in JSON and behind the receipt.
//!
//! Why a change is only called better or worse where the intervals are apart: two windows always differ a little, and an
//! arrow on noise is a false alarm. The word stands beside the arrow because down is good for a lead time and bad for a
//! frequency.

use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;

use super::card::Tone;
use super::time::{At, DAY, HOUR, SECOND, WEEK};

/// Seconds in a minute, an hour, 24 hours, a week and a year of 365.25 days, with what one calls them.
const SECONDS: Unit = Unit { secs: 1.0, one: "s", many: "s" };
const MINUTES: Unit = Unit { secs: 60.0, one: "min", many: "min" };
const HOURS: Unit = Unit { secs: 3_600.0, one: "h", many: "h" };
const DAYS: Unit = Unit { secs: 86_400.0, one: "day", many: "days" };
const WEEKS: Unit = Unit { secs: 604_800.0, one: "week", many: "weeks" };
const YEARS: Unit = Unit { secs: 31_557_600.0, one: "year", many: "years" };

/// The unit and the number of it from which the next one reads better.
const LADDER: &[(Unit, f64)] = &[(SECONDS, 60.0), (MINUTES, 60.0), (HOURS, 24.0), (DAYS, 60.5), (WEEKS, 104.0), (YEARS, f64::INFINITY)];

#[derive(Clone, Copy, PartialEq)]
struct Unit {
    secs: f64,
    one: &'static str,
    many: &'static str,
}

impl Unit {
    /// Seconds and minutes are whole; the others as [`short`] has them.
    fn digits(self, secs: f64) -> String {
        if self.secs < HOURS.secs { format!("{:.0}", (secs / self.secs).round()) } else { short(secs / self.secs) }
    }
    fn name(self, digits: &str) -> &'static str {
        if digits == "1" { self.one } else { self.many }
    }
    /// The largest unit that `secs` reads well in, looking at what it would be rounded to.
    fn of(secs: f64) -> Self {
        let reads = |&&(unit, end): &&(Unit, f64)| unit.digits(secs).replace('\u{202f}', "").parse().unwrap_or(f64::INFINITY) < end;
        LADDER.iter().find(reads).map_or(YEARS, |(unit, _)| *unit)
    }
}

/// Whether less or more of a thing is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "plain names")]
pub enum Better {
    Lower,
    Higher,
    Neither,
}

/// A whole number in groups of three: "12 345" with a thin space that doesn't break.
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() * 2);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// A count with its noun: "1 deployment", "12 deployments".
pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

/// Working time, of which a working day has 24 hours: "under 1 h", "5 h", "1 working day", "3 working days".
pub fn working_time(micros: i64) -> String {
    match micros {
        micros if micros < HOUR => "under 1 h".to_owned(),
        micros if micros < DAY => format!("{} h", micros / HOUR),
        micros => count((micros / DAY).unsigned_abs(), "working day", "working days"),
    }
}

/// With its first letter large, as a sentence begins.
pub fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A number with one decimal below ten, whole above, without a trailing ".0".
pub fn short(x: f64) -> String {
    if !x.is_finite() {
        return "-".to_owned();
    }
    let tenths = (x * 10.0).round() / 10.0;
    if tenths.abs() < 10.0 {
        let text = format!("{tenths:.1}");
        let text = text.strip_suffix(".0").unwrap_or(&text);
        return if text == "-0" { "0".to_owned() } else { text.to_owned() };
    }
    let whole = format!("{:.0}", x.abs().round()).parse().map_or_else(|_| format!("{:.0}", x.abs()), number);
    if x < 0.0 { format!("-{whole}") } else { whole }
}

/// A length of time: "38 min", "4.2 h", "1.9 days", "12 weeks".
pub fn duration(secs: f64) -> String {
    if secs < 0.0 {
        return format!("-{}", duration(-secs));
    }
    if !secs.is_finite() {
        return "-".to_owned();
    }
    let unit = Unit::of(secs);
    let digits = unit.digits(secs);
    format!("{digits} {}", unit.name(&digits))
}

/// Deployments (or other things) a week: "4.3 a week", "3.1 a day" above 14 a week, "2.6 a month" below one a week.
pub fn per_week(rate: f64) -> String {
    let pace = Pace::of(rate);
    format!("{} a {}", short(rate * pace.factor()), pace.word())
}

/// The same of things with a name: "4.3 times a week", "1 time a week".
pub fn times(rate: f64, one: &str, many: &str) -> String {
    let pace = Pace::of(rate);
    let said = short(rate * pace.factor());
    format!("{said} {} a {}", if said == "1" { one } else { many }, pace.word())
}

#[derive(Clone, Copy)]
enum Pace {
    Day,
    Week,
    Month,
    Year,
}

impl Pace {
    fn of(rate: f64) -> Self {
        match rate {
            r if r > 14.0 => Self::Day,
            r if r >= 0.95 || r <= 0.0 || r.is_nan() => Self::Week,
            r if r * Self::Month.factor() >= 0.95 => Self::Month,
            _ => Self::Year,
        }
    }
    fn factor(self) -> f64 {
        match self {
            Self::Day => 1.0 / 7.0,
            Self::Week => 1.0,
            Self::Month => 30.0 / 7.0,
            Self::Year => 365.25 / 7.0,
        }
    }
    fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

/// A share: "7.4 %". A share that is small but not zero is never printed as zero.
pub fn percent(fraction: f64) -> String {
    if fraction > 0.0 && fraction < 0.000_5 { "under 0.1 %".to_owned() } else { format!("{} %", percent_digits(fraction)) }
}

/// As [`short`], but 99.97 isn't called 100.
fn percent_digits(fraction: f64) -> String {
    let hundred = fraction * 100.0;
    if (99.5..100.0).contains(&hundred) { format!("{:.1}", (hundred * 10.0).floor() / 10.0) } else { short(hundred) }
}

/// A value in words by the unit of a `Metric`: `seconds`, `per_week`, `fraction`, else a plain number.
pub fn value(unit: &str, x: f64) -> String {
    match unit {
        "seconds" => duration(x),
        "per_week" => per_week(x),
        "fraction" => percent(x),
        _ => short(x),
    }
}

/// The interval of a value in words, both ends in one unit: "1.5 to 2.4 days", "3.1 to 9.8 %"; a rate in the pace that the
/// value is said in, so that the two can be compared.
pub fn interval(unit: &str, value: f64, [low, high]: [f64; 2]) -> String {
    match unit {
        "seconds" => duration_interval(low, high),
        "per_week" => {
            let pace = Pace::of(value);
            format!("{} to {} a {}", short(low * pace.factor()), short(high * pace.factor()), pace.word())
        }
        "fraction" => format!("{} to {} %", percent_digits(low), percent_digits(high)),
        _ => format!("{} to {}", short(low), short(high)),
    }
}

/// In the unit of the upper end, unless the lower one would vanish in it: "2 min to 3.1 h".
fn duration_interval(low: f64, high: f64) -> String {
    let unit = Unit::of(high);
    let (first, last) = (unit.digits(low), unit.digits(high));
    if low / unit.secs < 0.1 && low > 0.0 {
        return format!("{} to {}", duration(low), duration(high));
    }
    format!("{first} to {last} {}", unit.name(&last))
}

/// One unit for all values of a picture, so that its axis reads in round numbers of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    factor: f64,
    one: &'static str,
    many: &'static str,
}

/// The unit in which values up to `top` read well: days for 2.6 days, "%" for a share.
pub fn scale(unit: &str, top: f64) -> Scale {
    let of = |factor, one, many| Scale { factor, one, many };
    match unit {
        "seconds" => {
            let unit = Unit::of(top.abs());
            of(1.0 / unit.secs, unit.one, unit.many)
        }
        "per_week" => match Pace::of(top.abs()) {
            Pace::Day => of(Pace::Day.factor(), "a day", "a day"),
            Pace::Week => of(1.0, "a week", "a week"),
            Pace::Month => of(Pace::Month.factor(), "a month", "a month"),
            Pace::Year => of(Pace::Year.factor(), "a year", "a year"),
        },
        "fraction" => of(100.0, "%", "%"),
        _ if top.abs() >= 1e9 => of(1e-9, "billion", "billion"),
        _ if top.abs() >= 1e6 => of(1e-6, "million", "million"),
        _ => of(1.0, "", ""),
    }
}

impl Scale {
    /// A value in this unit.
    pub fn of(self, value: f64) -> f64 {
        value * self.factor
    }
    /// The unit's name; empty where it has none.
    pub fn name(self) -> &'static str {
        self.many
    }
    /// A number of this unit with as many decimals as a step of `step` needs: "1.5 days", "0.02 %".
    pub fn words(self, number: f64, step: f64) -> String {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=6 before the cast")]
        let decimals = (-step.abs().log10().floor()).clamp(0.0, 6.0) as usize;
        let digits = if number == 0.0 {
            "0".to_owned()
        } else if number.abs() >= 1e9 || step.abs() < 1e-6 {
            format!("{number:.0e}")
        } else if decimals == 0 && number.abs() >= 1_000.0 {
            short(number)
        } else {
            format!("{number:.decimals$}")
        };
        let name = if digits == "1" { self.one } else { self.many };
        if name.is_empty() { digits } else { format!("{digits} {name}") }
    }
}

/// A figure and how sure one is of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// The value.
    pub value: f64,
    /// Its 95 % interval, where one can be given.
    pub interval: Option<[f64; 2]>,
}

/// A change against the previous window: "↓ 14 % better"; "no clear change" where the interval of the difference holds 0,
/// or where either figure has no interval. A share changes by points.
///
/// The interval of the difference is MOVER's (Zou and Donner 2008; for two shares by Wilson it is Newcombe's), from the two
/// intervals alone. Why not "do the intervals meet": two 95 % intervals that just meet differ at about 0.6 %, so that
/// many real changes would be called none.
pub fn change(unit: &str, now: Measured, before: Measured, better: Better) -> (Tone, String) {
    let difference = now.value - before.value;
    let apart = now.interval.zip(before.interval).is_some_and(|([low, high], [before_low, before_high])| {
        let up = (now.value - low).hypot(before_high - before.value);
        let down = (high - now.value).hypot(before.value - before_low);
        difference.abs() > if difference > 0.0 { up } else { down }
    });
    if !apart || difference.abs() < f64::EPSILON || !difference.is_finite() {
        return (Tone::Neutral, "no clear change".to_owned());
    }
    let up = difference > 0.0;
    let size = if unit == "fraction" {
        let points = short(difference.abs() * 100.0);
        format!("{points} {}", if points == "1" { "point" } else { "points" })
    } else if before.value.abs() < f64::EPSILON {
        "from 0".to_owned()
    } else {
        let times = now.value / before.value;
        if times >= 2.0 { format!("{} times,", short(times)) } else { format!("{} %", short((times - 1.0).abs() * 100.0)) }
    };
    let arrow = if up { '↑' } else { '↓' };
    match better {
        Better::Neither => (Tone::Neutral, format!("{arrow} {size} {}", if up { "more" } else { "less" })),
        Better::Higher if up => (Tone::Good, format!("{arrow} {size} better")),
        Better::Lower if !up => (Tone::Good, format!("{arrow} {size} better")),
        Better::Higher | Better::Lower => (Tone::Bad, format!("{arrow} {size} worse")),
    }
}

/// The day in a zone: "23 Nov", or "23 Nov 2025" where it is not the year of `now`.
pub fn date(at: At, now: At, zone: Tz) -> String {
    let on = |at: At| at.utc().with_timezone(&zone).date_naive();
    day(on(at), on(now))
}

/// A day: "23 Nov", or "23 Nov 2025" where it is not the year of `today`.
pub fn day(day: NaiveDate, today: NaiveDate) -> String {
    day.format(if day.year() == today.year() { "%-d %b" } else { "%-d %b %Y" }).to_string()
}

/// The day and the time in a zone: "23 Nov 09:12".
pub fn moment(at: At, now: At, zone: Tz) -> String {
    format!("{} {}", date(at, now, zone), at.utc().with_timezone(&zone).format("%H:%M"))
}

/// How long ago: "just now", "3 min ago", "5 h ago", "2 days ago", "12 weeks ago". The future is "just now".
pub fn age(at: At, now: At) -> String {
    let ago = |n: i64, one: &str, many: &str| format!("{} ago", count(n.unsigned_abs(), one, many));
    match now.since(at) {
        micros if micros < 60 * SECOND => "just now".to_owned(),
        micros if micros < HOUR => ago(micros / (60 * SECOND), "min", "min"),
        micros if micros < 2 * DAY => ago(micros / HOUR, "h", "h"),
        micros if micros < 61 * DAY => ago(micros / DAY, "day", "days"),
        micros => ago(micros / WEEK, "week", "weeks"),
    }
}

/// "a, b and c".
pub fn join(parts: &[String]) -> String {
    joined(parts, "and")
}

/// "a, b or c".
pub fn either(parts: &[String]) -> String {
    joined(parts, "or")
}

fn joined(parts: &[String], last_word: &str) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} {last_word} {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_the_digits_that_matter() {
        let check = |secs: f64, expect: &str| assert_eq!(duration(secs), expect, "{secs} s");
        check(0.0, "0 s");
        check(1.0, "1 s");
        check(59.4, "59 s");
        check(59.6, "1 min");
        check(2_280.0, "38 min");
        check(3_580.0, "1 h");
        check(15_120.0, "4.2 h");
        check(84_600.0, "1 day");
        check(86_400.0, "1 day");
        check(164_160.0, "1.9 days");
        check(59.0 * 86_400.0, "59 days");
        check(60.0 * 86_400.0, "60 days");
        check(84.0 * 86_400.0, "12 weeks");
        check(3.0 * 365.25 * 86_400.0, "3 years");
        check(-7_200.0, "-2 h");
        check(f64::NAN, "-");
        check(f64::INFINITY, "-");
    }

    #[test]
    fn rates_are_per_the_span_one_would_say() {
        let check = |rate: f64, expect: &str| assert_eq!(per_week(rate), expect, "{rate}");
        check(0.0, "0 a week");
        check(4.3, "4.3 a week");
        check(14.0, "14 a week");
        check(21.7, "3.1 a day");
        check(0.6, "2.6 a month");
        check(0.1, "5.2 a year");
        check(7_000.0 * 12.0, "12\u{202f}000 a day");
    }

    #[test]
    fn a_small_share_is_not_zero_and_a_large_one_not_all() {
        let check = |fraction: f64, expect: &str| assert_eq!(percent(fraction), expect, "{fraction}");
        check(0.0, "0 %");
        check(0.000_1, "under 0.1 %");
        check(0.074, "7.4 %");
        check(0.05, "5 %");
        check(0.123, "12 %");
        check(0.999_9, "99.9 %");
        check(1.0, "100 %");
    }

    #[test]
    fn an_interval_shares_its_unit() {
        let check = |unit: &str, ends: [f64; 2], expect: &str| assert_eq!(interval(unit, ends[1], ends), expect);
        assert_eq!(interval("per_week", 0.55, [0.2, 1.1]), "0.9 to 4.7 a month", "the pace of the value");
        check("seconds", [129_600.0, 207_360.0], "1.5 to 2.4 days");
        check("seconds", [64_800.0, 86_400.0 * 1.2], "0.8 to 1.2 days");
        check("seconds", [120.0, 11_160.0], "2 min to 3.1 h");
        check("seconds", [0.0, 3_600.0], "0 to 1 h");
        check("per_week", [3.5, 5.4], "3.5 to 5.4 a week");
        check("per_week", [10.0, 21.0], "1.4 to 3 a day");
        check("fraction", [0.031, 0.098], "3.1 to 9.8 %");
        check("count", [2.0, 1_200.0], "2 to 1\u{202f}200");
    }

    #[test]
    fn a_scale_has_one_unit_and_the_decimals_of_its_step() {
        let check = |unit: &str, top: f64, value: f64, step: f64, expect: &str| {
            let scale = scale(unit, top);
            assert_eq!(scale.words(scale.of(value), step), expect, "{value} {unit}");
        };
        check("seconds", 230_000.0, 43_200.0, 0.5, "0.5 days");
        check("seconds", 230_000.0, 86_400.0, 1.0, "1 day");
        check("seconds", 230_000.0, 86_400.0, 0.5, "1.0 days");
        check("seconds", 0.0, 0.0, 1.0, "0 s");
        check("per_week", 21.0, 14.0, 1.0, "2 a day");
        check("per_week", 4.0, 4.0, 1.0, "4 a week");
        check("fraction", 0.2, 0.1, 5.0, "10 %");
        check("fraction", 0.000_1, 0.000_05, 0.005, "0.005 %");
        check("count", 12_000.0, 12_000.0, 2_000.0, "12\u{202f}000");
        check("count", 2e7, 2e7, 5.0, "20 million");
        check("count", 3e18, 3e18, 1e9, "3e9 billion");
        check("count", 2e-9, 2e-9, 1e-9, "2e-9");
        check("count", 5.0, -2.0, 1.0, "-2");
        check("count", 5.0, -0.0, 1.0, "0");
    }

    #[test]
    fn a_change_is_named_only_where_the_interval_of_the_difference_leaves_zero_out() {
        let with = |value: f64, low: f64, high: f64| Measured { value, interval: Some([low, high]) };
        let bare = |value: f64| Measured { value, interval: None };
        let check = |unit: &str, now, before, better, tone, expect: &str| {
            assert_eq!(change(unit, now, before, better), (tone, expect.to_owned()));
        };
        check("seconds", with(86.0, 80.0, 90.0), with(100.0, 95.0, 105.0), Better::Lower, Tone::Good, "↓ 14 % better");
        check("seconds", with(120.0, 110.0, 130.0), with(100.0, 95.0, 112.0), Better::Lower, Tone::Bad, "↑ 20 % worse");
        check("per_week", with(5.0, 4.0, 6.0), with(2.0, 1.0, 3.0), Better::Higher, Tone::Good, "↑ 2.5 times, better");
        check("per_week", with(5.0, 4.0, 6.0), with(4.5, 3.0, 5.5), Better::Higher, Tone::Neutral, "no clear change");
        check("per_week", with(5.0, 4.0, 6.0), bare(2.0), Better::Higher, Tone::Neutral, "no clear change");
        check("per_week", bare(5.0), bare(2.0), Better::Higher, Tone::Neutral, "no clear change");
        check("fraction", with(0.05, 0.04, 0.06), with(0.08, 0.07, 0.09), Better::Lower, Tone::Good, "↓ 3 points better");
        check("count", with(5.0, 4.0, 6.0), with(0.0, 0.0, 0.5), Better::Neither, Tone::Neutral, "↑ from 0 more");
        check("count", with(5.0, 5.0, 5.0), bare(5.0), Better::Lower, Tone::Neutral, "no clear change");
    }

    #[test]
    fn counts_group_thousands_and_know_one() {
        let check = |n: u64, expect: &str| assert_eq!(count(n, "row", "rows"), expect);
        check(0, "0 rows");
        check(1, "1 row");
        check(999, "999 rows");
        check(1_000, "1\u{202f}000 rows");
        check(12_345_678, "12\u{202f}345\u{202f}678 rows");
    }

    #[test]
    fn dates_name_the_year_only_when_it_is_another() {
        let now = At::parse("2026-11-23T09:12:00Z").unwrap();
        let check = |at: &str, zone: Tz, expect: &str| assert_eq!(date(At::parse(at).unwrap(), now, zone), expect);
        check("2026-11-23T00:00:00Z", Tz::UTC, "23 Nov");
        check("2025-11-03T00:00:00Z", Tz::UTC, "3 Nov 2025");
        check("2025-12-31T23:30:00Z", Tz::Europe__Berlin, "1 Jan");
        assert_eq!(moment(now, now, Tz::Europe__Berlin), "23 Nov 10:12");
    }

    #[test]
    fn working_time_is_told_in_whole_units_that_have_passed() {
        let check = |micros: i64, expect: &str| assert_eq!(working_time(micros), expect, "{micros}");
        check(0, "under 1 h");
        check(HOUR - 1, "under 1 h");
        check(HOUR, "1 h");
        check(DAY - 1, "23 h");
        check(DAY, "1 working day");
        check(3 * DAY + 23 * HOUR, "3 working days");
    }

    #[test]
    fn ages_grow_coarser() {
        let now = At(1_000 * DAY);
        let check = |ago: i64, expect: &str| assert_eq!(age(now.plus(-ago), now), expect);
        check(-HOUR, "just now");
        check(59 * SECOND, "just now");
        check(3 * 60 * SECOND, "3 min ago");
        check(26 * HOUR, "26 h ago");
        check(2 * DAY, "2 days ago");
        check(84 * DAY, "12 weeks ago");
    }
}
