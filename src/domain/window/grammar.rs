//! Reads a [`Period`] from text. Letter case, spare spaces and the dots and dashes that chat clients "correct" do not matter.

use chrono::{Datelike, NaiveDate};

use super::period::{Length, Mark, Period, Rolling};
use crate::domain::time::At;

/// Why a text is no period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// It has no form of the grammar; perhaps it was not meant as one.
    Unknown,
    /// It has a form, and this is wrong with it: "ends before it begins".
    Wrong(String),
}

impl Trouble {
    pub(super) fn wrong(what: impl Into<String>) -> Self {
        Self::Wrong(what.into())
    }
    pub(super) fn too_old() -> Self {
        Self::wrong("begins before 1970, earlier than anything I can know of")
    }
    pub(super) fn too_far() -> Self {
        Self::wrong("is more than a year ahead, further than past weeks can tell")
    }
}

impl Period {
    /// Reads a period. `today` is the local date: a quarter without a year is the latest that has begun.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn parse(text: &str, today: NaiveDate) -> Result<Self, Trouble> {
        let text = text.to_lowercase().replace(['–', '—'], "-").replace('…', "..").replace("..", " .. ").replace(',', " ");
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            ["today"] => return Ok(Self::This(Rolling::Day)),
            ["yesterday"] => return Ok(Self::Last(Rolling::Day)),
            ["since", mark @ ..] => return read_mark(mark, today).map(Self::Since),
            ["by", mark @ ..] => return read_mark(mark, today).map(Self::By),
            [which, rest @ ..] => {
                let rolling = if let [one] = rest { read_rolling(one) } else { None };
                match (*which, rolling) {
                    ("this" | "current", Some(rolling)) => return Ok(Self::This(rolling)),
                    ("last" | "past" | "previous", Some(rolling)) => return Ok(Self::Last(rolling)),
                    ("last" | "past" | "previous", None) => return read_back(rest).unwrap_or(Err(Trouble::Unknown)),
                    _ => {}
                }
            }
            [] => return Err(Trouble::Unknown),
        }
        if let Some(at) = words.iter().position(|word| matches!(*word, ".." | "to")) {
            let first = usize::from(words[0] == "from");
            return read_range(words.get(first..at).unwrap_or_default(), &words[at + 1..], today);
        }
        read_back(&words).unwrap_or_else(|| match read_mark(&words, today)? {
            Mark::Instant(_) => Err(Trouble::wrong("is an instant, not a period: name two of them, as in `A..B`")),
            mark => Ok(Self::Stretch(mark, mark)),
        })
    }
}

fn read_rolling(word: &str) -> Option<Rolling> {
    Some(match word {
        "day" => Rolling::Day,
        "week" => Rolling::Week,
        "month" => Rolling::Month,
        "quarter" => Rolling::Quarter,
        "year" => Rolling::Year,
        _ => return None,
    })
}

/// `90d`, `90 days`. None: not of this form.
fn read_back(words: &[&str]) -> Option<Result<Period, Trouble>> {
    let (digits, unit) = match words {
        [word] => word.split_at(word.find(|letter: char| !letter.is_ascii_digit())?),
        [digits, unit] => (*digits, *unit),
        _ => return None,
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (times, length) = match unit {
        "d" | "day" | "days" => (1, Length::Day),
        "w" | "week" | "weeks" => (1, Length::Week),
        "m" | "mo" | "month" | "months" => (1, Length::Month),
        "q" | "quarter" | "quarters" => (3, Length::Month),
        "y" | "year" | "years" => (12, Length::Month),
        _ => return None,
    };
    let count = digits.parse::<u32>().ok().filter(|count| *count < 1_000_000).ok_or_else(Trouble::too_old);
    Some(count.map(|count| Period::Back(count * times, length)))
}

/// Both ends of a range. The first may leave out what it shares with the last: "January to March 2026", "1 to 3 May 2026".
fn read_range(first: &[&str], last: &[&str], today: NaiveDate) -> Result<Period, Trouble> {
    if first.is_empty() || last.is_empty() {
        return Err(Trouble::Unknown);
    }
    let end = read_mark(last, today)?;
    let (year, month) = (end.year().map(|year| year.to_string()), end.month_name().map(|name| name.to_lowercase()));
    let with = |more: &[&str]| read_mark(&[first, more].concat(), today).ok();
    let filled = year.as_deref().and_then(|year| with(&[year]).or_else(|| month.as_deref().and_then(|month| with(&[month, year]))));
    let begin = filled.map_or_else(|| read_mark(first, today), Ok)?;
    Ok(Period::Stretch(begin, end))
}

fn read_mark(words: &[&str], today: NaiveDate) -> Result<Mark, Trouble> {
    match words {
        [word] => read_word(word, today),
        [one, other] => {
            if let Some(month) = month_of(one) {
                return Ok(Mark::Month(read_year(other)?, month));
            }
            let (quarter, year) = if one.starts_with('q') { (one, other) } else { (other, one) };
            read_quarter(quarter, Some(year), today)
        }
        [one, other, year] => {
            let (day, name) = if month_of(one).is_some() { (other, one) } else { (one, other) };
            let month = month_of(name).ok_or(Trouble::Unknown)?;
            read_day(read_year(year)?, month, read_number(day, 2)?)
        }
        _ => Err(Trouble::Unknown),
    }
}

fn read_word(word: &str, today: NaiveDate) -> Result<Mark, Trouble> {
    if let Some(at) = At::parse(word) {
        return Ok(Mark::Instant(at));
    }
    let parts: Vec<&str> = word.split(['-', '/']).collect();
    match parts.as_slice() {
        [one] if one.starts_with('q') => read_quarter(one, None, today),
        [one] => match one.split_once('q') {
            Some((year, quarter)) if !quarter.is_empty() => read_quarter(&format!("q{quarter}"), Some(year), today),
            _ => read_year(one).map(Mark::Year),
        },
        [one, other] if one.starts_with('q') => read_quarter(one, Some(other), today),
        [one, other] if other.starts_with('q') => read_quarter(other, Some(one), today),
        // The month first: `1000-4999` has no form of a month, whatever its year.
        [year, month] => {
            let month = read_number(month, 2)?;
            read_month(read_year(year)?, month).map(|(year, month)| Mark::Month(year, month))
        }
        [year, month, day] => {
            let (year, month) = read_month(read_year(year)?, read_number(month, 2)?)?;
            read_day(year, month, read_number(day, 2)?)
        }
        _ => Err(Trouble::Unknown),
    }
}

fn read_number(digits: &str, most: usize) -> Result<u32, Trouble> {
    let plain = !digits.is_empty() && digits.len() <= most && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| plain).ok_or(Trouble::Unknown)
}

fn read_year(digits: &str) -> Result<i32, Trouble> {
    let year = read_number(digits, 4).ok().filter(|_| digits.len() == 4).and_then(|year| i32::try_from(year).ok());
    match year {
        Some(year) if year < 1970 => Err(Trouble::too_old()),
        Some(year) => Ok(year),
        None => Err(Trouble::Unknown),
    }
}

fn read_month(year: i32, month: u32) -> Result<(i32, u32), Trouble> {
    if (1..=12).contains(&month) { Ok((year, month)) } else { Err(Trouble::wrong(format!("is not a period: there is no month {month}"))) }
}

fn read_day(year: i32, month: u32, day: u32) -> Result<Mark, Trouble> {
    NaiveDate::from_ymd_opt(year, month, day).map(Mark::Day).ok_or_else(|| Trouble::wrong("is not a period: there is no such day"))
}

fn read_quarter(quarter: &str, year: Option<&str>, today: NaiveDate) -> Result<Mark, Trouble> {
    let number = read_number(quarter.strip_prefix('q').ok_or(Trouble::Unknown)?, 2)?;
    let this = today.month0() / 3 + 1;
    let year = year.map_or_else(|| Ok(if number > this { today.year() - 1 } else { today.year() }), read_year)?;
    if (1..=4).contains(&number) {
        Ok(Mark::Quarter(year, number))
    } else {
        Err(Trouble::wrong("is not a period: a year has quarters 1 to 4"))
    }
}

fn month_of(name: &str) -> Option<u32> {
    const NAMES: [&str; 12] =
        ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];
    if name == "sept" {
        return Some(9);
    }
    let at = NAMES.iter().position(|full| *full == name || (name.len() == 3 && full.starts_with(name)))?;
    u32::try_from(at + 1).ok()
}
