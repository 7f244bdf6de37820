//! The five fields as sets of numbers, and what is wrong with those that are none.

use chrono::{Datelike, Days, NaiveDate};

/// A field: its name, what it may hold, and the words that stand for numbers.
struct Kind {
    name: &'static str,
    low: u32,
    high: u32,
    words: &'static [&'static str],
}

impl Kind {
    /// How many numbers there are: a range that wraps goes round them.
    fn round(&self) -> u32 {
        self.high - self.low + 1
    }
}

const MINUTE: Kind = Kind { name: "minute", low: 0, high: 59, words: &[] };
const HOUR: Kind = Kind { name: "hour", low: 0, high: 23, words: &[] };
const DAY_OF_MONTH: Kind = Kind { name: "day of the month", low: 1, high: 31, words: &[] };
const MONTH: Kind =
    Kind { name: "month", low: 1, high: 12, words: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"] };
/// 7 is Sunday, too.
const WEEKDAY: Kind = Kind { name: "weekday", low: 0, high: 6, words: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] };

/// Names that stand for five fields.
const NAMED: &[(&str, &str)] = &[
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
];

/// Days of the longest February, April, ...: of each month, the most it ever has.
const LENGTHS: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// A set of small numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Set(u64);

impl Set {
    fn put(&mut self, number: u32) {
        self.0 |= 1 << number;
    }

    /// Whether it is in.
    pub fn has(self, number: u32) -> bool {
        self.0 & (1 << number) != 0
    }

    /// Its numbers in order.
    pub fn numbers(self) -> Vec<u32> {
        (0..64).filter(|number| self.has(*number)).collect()
    }

    fn list(self) -> String {
        self.numbers().iter().map(u32::to_string).collect::<Vec<_>>().join(",")
    }
}

/// The five fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fields {
    /// As it was typed, without needless space.
    pub text: String,
    pub minutes: Set,
    pub hours: Set,
    pub days: Set,
    pub months: Set,
    /// 0 is Sunday.
    pub weekdays: Set,
    /// Whether the day of the month, or the weekday, is enough: neither field begins with `*`.
    pub either: bool,
}

impl Fields {
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let five = named(&text)?;
        let parts: Vec<&str> = five.split(' ').collect();
        let [minute, hour, day, month, weekday] = parts.as_slice() else { return Err(miscounted(&text, parts.len())) };
        let fields = Self {
            minutes: read(minute, &MINUTE)?,
            hours: read(hour, &HOUR)?,
            days: read(day, &DAY_OF_MONTH)?,
            months: read(month, &MONTH)?,
            weekdays: read(weekday, &WEEKDAY)?,
            either: !day.starts_with('*') && !weekday.starts_with('*'),
            text: text.clone(),
        };
        if !fields.ever_fires() {
            return Err(format!("`{text}` never comes: no month that it names has such a day"));
        }
        Ok(fields)
    }

    /// Whether any day matches.
    fn ever_fires(&self) -> bool {
        let in_a_month = |month: u32| (1..=LENGTHS[month as usize - 1]).any(|day| self.days.has(day));
        self.either || self.months.numbers().into_iter().any(in_a_month)
    }

    /// Whether a day matches.
    pub fn is_on(&self, date: NaiveDate) -> bool {
        let (day, weekday) = (self.days.has(date.day()), self.weekdays.has(date.weekday().num_days_from_sunday()));
        self.months.has(date.month()) && if self.either { day || weekday } else { day && weekday }
    }

    /// What the `cron` crate takes: seconds first, weekdays from 1 = Sunday, plain lists. Two where either day is enough.
    pub fn six(&self) -> Vec<String> {
        let mut shifted = Set::default();
        for weekday in self.weekdays.numbers() {
            shifted.put(weekday + 1);
        }
        let six = |days: &str, weekdays: &str| {
            format!("0 {} {} {days} {} {weekdays}", self.minutes.list(), self.hours.list(), self.months.list())
        };
        if self.either {
            vec![six(&self.days.list(), "*"), six("*", &shifted.list())]
        } else {
            vec![six(&self.days.list(), &shifted.list())]
        }
    }

    /// Minutes since midnight at which it fires on a day that matches.
    pub fn times(&self) -> Vec<u32> {
        self.hours.numbers().iter().flat_map(|hour| self.minutes.numbers().into_iter().map(move |minute| hour * 60 + minute)).collect()
    }

    /// Minutes between the two slots that are closest together.
    pub fn closest_minutes(&self) -> i64 {
        const DAY: u32 = 24 * 60;
        let times = self.times();
        let within = times.windows(2).map(|two| two[1] - two[0]).min().unwrap_or(DAY);
        let over_midnight = match (times.first(), times.last()) {
            (Some(first), Some(last)) if self.has_two_days_running() => DAY - last + first,
            _ => DAY,
        };
        i64::from(within.min(over_midnight))
    }

    /// Whether two days that follow each other match. Four years hold each pair that the calendar has but those around a leap
    /// day, which fall on other weekdays each time: so the 28 years of a whole round.
    fn has_two_days_running(&self) -> bool {
        let Some(first) = NaiveDate::from_ymd_opt(2000, 1, 1) else { return true };
        let days: Vec<bool> = (0..28 * 366).filter_map(|day| first.checked_add_days(Days::new(day))).map(|day| self.is_on(day)).collect();
        days.windows(2).any(|two| two[0] && two[1])
    }
}

/// The fields behind a name; the text itself where it is none.
fn named(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("a crontab is empty: write five fields, as in `0 9 * * mon` for Mondays at 09:00".into());
    }
    if !text.starts_with('@') {
        return Ok(text.to_owned());
    }
    if text.eq_ignore_ascii_case("@reboot") {
        return Err("`@reboot` is no time: name one, as in `0 9 * * mon`".into());
    }
    let found = NAMED.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    found.map(|(_, five)| (*five).to_owned()).ok_or_else(|| {
        let known: Vec<String> = NAMED.iter().map(|(name, _)| format!("`{name}`")).collect();
        format!("`{text}` is not known: there are {}", known.join(", "))
    })
}

fn miscounted(text: &str, count: usize) -> String {
    let order = "minute, hour, day of the month, month, weekday";
    let more = if count == 6 { "; leave out the seconds" } else { "" };
    let fields = if count == 1 { "1 field".to_owned() } else { format!("{count} fields") };
    format!("`{text}` has {fields}, and a crontab has five ({order}){more}")
}

/// A field: a list of ranges with steps.
fn read(text: &str, kind: &Kind) -> Result<Set, String> {
    let mut set = Set::default();
    for item in text.split(',') {
        let (range, step) = match item.split_once('/') {
            None => (item, None),
            Some((range, step)) => match step.parse::<u32>() {
                Ok(step) if step > 0 && step <= kind.round() => (range, Some(step)),
                _ => return Err(format!("`{item}`: a step in the {} is a number from 1 to {}", kind.name, kind.round())),
            },
        };
        let round = kind.round();
        let (from, length) = match range.split_once('-') {
            _ if range == "*" => (kind.low, round),
            Some((from, to)) => span(number(from, kind)?, number(to, kind)?, kind),
            // As cron reads it: `5/15` goes on to the end.
            None => {
                let from = number(range, kind)? % (kind.high + 1);
                (from, if step.is_some() { kind.high - from + 1 } else { 1 })
            }
        };
        for at in (0..length).step_by(step.unwrap_or(1) as usize) {
            set.put(kind.low + (from - kind.low + at) % round);
        }
    }
    Ok(set)
}

/// Where a range begins and how many numbers it has. Sunday is 7 at the end of a week and 0 at its beginning.
fn span(from: u32, to: u32, kind: &Kind) -> (u32, u32) {
    let round = kind.round();
    let length = if from <= to { (to - from + 1).min(round) } else { (to + round - from) % round + 1 };
    (if from > kind.high { kind.low } else { from }, length)
}

/// A number or its word; 7 stays 7 for weekdays.
fn number(text: &str, kind: &Kind) -> Result<u32, String> {
    let word = text.to_ascii_lowercase();
    let words = kind.words;
    if let Some(at) = words.iter().position(|known| *known == word) {
        return Ok(kind.low + u32::try_from(at).unwrap_or_default());
    }
    let highest = if kind.name == WEEKDAY.name { 7 } else { kind.high };
    let allowed = match words {
        [first, .., last] => format!("a number from {} to {highest}, or a name from {first} to {last}", kind.low),
        _ => format!("a number from {} to {highest}", kind.low),
    };
    match text.parse::<u32>() {
        Ok(number) if (kind.low..=highest).contains(&number) => Ok(number),
        _ => Err(format!("`{text}` is no {}: it is {allowed}", kind.name)),
    }
}
