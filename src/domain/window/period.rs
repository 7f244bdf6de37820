//! [`Period`]: a period as named, before it is laid on a calendar, and how it is printed.
//!
//! | form | examples |
//! |---|---|
//! | back from now | `30d`, `12w`, `6m`, `1y`, `90 days`, `last 30 days` |
//! | rolling | `today`, `yesterday`, `this quarter`, `last week` (weeks begin on Monday) |
//! | a mark of the calendar | `2026`, `Q3 2026`, `2026-Q3`, `2026-03`, `March 2026`, `2026-05-01`, `1 May 2026`; `Q3` alone is the latest begun |
//! | a range of marks, both whole | `2026-01..2026-03`, `January to March 2026`, `2026-01-15..2026-02-10` |
//! | instants | `2026-05-01T00:00:00Z..2026-05-02T00:00:00Z` |
//! | since a mark | `since 2026-05-01`, `since Q1 2026` |
//! | by a mark, ahead only | `by 2027-02-01`, `by March 2027` |

use chrono::{Datelike, Days, Months, NaiveDate};
use chrono_tz::Tz;

use super::grammar::Trouble;
use super::{Window, local};
use crate::domain::time::{At, DAY, WEEK};

/// A period as named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// So many lengths back from now.
    Back(u32, Length),
    /// The rolling period that contains now.
    This(Rolling),
    /// The one before that.
    Last(Rolling),
    /// From the beginning of one mark to the end of another, or of the same.
    Stretch(Mark, Mark),
    /// From the beginning of a mark until now.
    Since(Mark),
    /// From now to the end of a mark: only of what lies ahead.
    By(Mark),
}

/// A length that one counts back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "plain names")]
pub enum Length {
    Day,
    Week,
    Month,
}

/// A period that now is always in one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "plain names")]
pub enum Rolling {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// A piece of the calendar, or an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// A year.
    Year(i32),
    /// A quarter of a year, 1 to 4.
    Quarter(i32, u32),
    /// A month of a year, 1 to 12.
    Month(i32, u32),
    /// A day.
    Day(NaiveDate),
    /// An instant, which has no length.
    Instant(At),
}

impl Period {
    /// Lays it on the calendar of a zone. It ends now at the latest.
    ///
    /// # Errors
    /// What is wrong with it: empty, inverted, in the future, before 1970.
    pub fn window(self, now: At, zone: Tz) -> Result<Window, Trouble> {
        let today = local::wall(zone, now).date();
        let (from, to) = match self {
            Self::Back(0, _) => return Err(Trouble::wrong("is empty")),
            Self::Back(count, length) => (back(count, length, now, zone).ok_or_else(Trouble::too_old)?, now),
            Self::This(rolling) => (local::midnight(zone, rolling.first(today)), now),
            Self::Last(rolling) => {
                let first = rolling.first(today);
                let before = rolling.first(first.pred_opt().unwrap_or(first));
                (local::midnight(zone, before), local::midnight(zone, first))
            }
            Self::Stretch(first, last) => (first.begins(zone), last.ends(zone)),
            Self::Since(mark) => (mark.begins(zone), now),
            Self::By(_) => return Err(Trouble::wrong("lies ahead, and this looks back")),
        };
        if let Self::Stretch(first, last) = self
            && from >= to
        {
            return Err(Trouble::wrong(if first == last { "is empty" } else { "ends before it begins" }));
        }
        if from.day() < -1 {
            return Err(Trouble::too_old());
        }
        if from >= now {
            return Err(Trouble::wrong("has not begun yet"));
        }
        Ok(Window { from, to: to.min(now), zone, label: self.label_in(zone) })
    }

    /// Lays it on the calendar of a zone from now on; see [`Window::ahead`].
    pub(super) fn ahead(self, now: At, zone: Tz) -> Result<Window, Trouble> {
        let to = match self {
            Self::Back(0, _) => return Err(Trouble::wrong("is no time at all")),
            Self::Back(count, length) => on(count, length, now, zone).ok_or_else(Trouble::too_far)?,
            Self::By(mark) => mark.ends(zone),
            Self::Stretch(first, last) if first == last || matches!((first, last), (Mark::Instant(_), Mark::Instant(_))) => last.ends(zone),
            Self::Stretch(_, last) if last.ends(zone) > now => {
                let by = Self::By(last).text();
                return Err(Trouble::wrong(format!("is a stretch, and a forecast begins now: say only when it ends, as in `{by}`")));
            }
            Self::This(_) | Self::Last(_) | Self::Since(_) | Self::Stretch(..) => return Err(Trouble::wrong("is no time from now on")),
        };
        if to <= now {
            return Err(Trouble::wrong("is past already, and a forecast is about what comes"));
        }
        // A day more than a leap year: a date a year from today is its whole day.
        if to.since(now) > 367 * DAY {
            return Err(Trouble::too_far());
        }
        Ok(Window { from: now, to, zone, label: self.label_in(zone) })
    }

    /// As people say it: "90 days", "January to March 2026".
    pub fn label(self) -> String {
        self.label_in(Tz::UTC)
    }

    fn label_in(self, zone: Tz) -> String {
        match self {
            Self::Back(count, length) => format!("{count} {}{}", length.word(), if count == 1 { "" } else { "s" }),
            Self::This(Rolling::Day) => "today".into(),
            Self::Last(Rolling::Day) => "yesterday".into(),
            Self::This(rolling) => format!("this {}", rolling.word()),
            Self::Last(rolling) => format!("last {}", rolling.word()),
            Self::Since(mark) => format!("since {}", mark.label(zone)),
            Self::By(mark) => format!("by {}", mark.label(zone)),
            Self::Stretch(first, last) if first == last => first.label(zone),
            Self::Stretch(first, last) => format!("{} to {}", first.label_before(last, zone), last.label(zone)),
        }
    }

    /// As one types it, shortest: `90d`, `2026-01..2026-03`.
    pub fn text(self) -> String {
        match self {
            Self::Back(count, length) => format!("{count}{}", &length.word()[..1]),
            Self::Since(mark) => format!("since {}", mark.text()),
            Self::By(mark) => format!("by {}", mark.text()),
            Self::Stretch(first, last) if first == last => first.text(),
            Self::Stretch(first, last) => format!("{}..{}", first.text(), last.text()),
            Self::This(_) | Self::Last(_) => self.label(),
        }
    }
}

fn back(count: u32, length: Length, now: At, zone: Tz) -> Option<At> {
    match length {
        Length::Day => now.0.checked_sub(DAY.checked_mul(count.into())?).map(At),
        Length::Week => now.0.checked_sub(WEEK.checked_mul(count.into())?).map(At),
        Length::Month => Some(local::instant(zone, local::wall(zone, now).checked_sub_months(Months::new(count))?)),
    }
}

fn on(count: u32, length: Length, now: At, zone: Tz) -> Option<At> {
    match length {
        Length::Day => now.0.checked_add(DAY.checked_mul(count.into())?).map(At),
        Length::Week => now.0.checked_add(WEEK.checked_mul(count.into())?).map(At),
        Length::Month if count > 1_200 => None,
        Length::Month => Some(local::instant(zone, local::wall(zone, now).checked_add_months(Months::new(count))?)),
    }
}

impl Length {
    fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

impl Rolling {
    fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// The first day of the one that holds `day`.
    fn first(self, day: NaiveDate) -> NaiveDate {
        match self {
            Self::Day => day,
            Self::Week => day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())).unwrap_or(day),
            Self::Month => first_of(day.year(), day.month()),
            Self::Quarter => first_of(day.year(), day.month0() / 3 * 3 + 1),
            Self::Year => first_of(day.year(), 1),
        }
    }
}

fn first_of(year: i32, month: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, 1).unwrap_or_default()
}

impl Mark {
    fn first_day(self) -> NaiveDate {
        match self {
            Self::Year(year) => first_of(year, 1),
            Self::Quarter(year, quarter) => first_of(year, quarter * 3 - 2),
            Self::Month(year, month) => first_of(year, month),
            Self::Day(day) => day,
            Self::Instant(at) => at.utc().date_naive(),
        }
    }

    fn begins(self, zone: Tz) -> At {
        if let Self::Instant(at) = self { at } else { local::midnight(zone, self.first_day()) }
    }

    fn ends(self, zone: Tz) -> At {
        let months = match self {
            Self::Instant(at) => return at,
            Self::Day(day) => return local::midnight(zone, day.succ_opt().unwrap_or(day)),
            Self::Year(_) => 12,
            Self::Quarter(..) => 3,
            Self::Month(..) => 1,
        };
        local::midnight(zone, self.first_day() + Months::new(months))
    }

    /// Its year, unless it is an instant.
    pub(super) fn year(self) -> Option<i32> {
        (!matches!(self, Self::Instant(_))).then(|| self.first_day().year())
    }

    /// The name of its month, where it is a month or a day.
    pub(super) fn month_name(self) -> Option<String> {
        matches!(self, Self::Month(..) | Self::Day(_)).then(|| self.first_day().format("%B").to_string())
    }

    fn label(self, zone: Tz) -> String {
        match self {
            Self::Year(year) => year.to_string(),
            Self::Quarter(year, quarter) => format!("Q{quarter} {year}"),
            Self::Month(..) => self.first_day().format("%B %Y").to_string(),
            Self::Day(day) => day.format("%-d %B %Y").to_string(),
            Self::Instant(at) => local::wall(zone, at).format("%-d %B %Y %H:%M").to_string(),
        }
    }

    /// Its label in front of "to LAST", without the year or month that both share.
    fn label_before(self, last: Self, zone: Tz) -> String {
        if self.year().is_none() || self.year() != last.year() {
            return self.label(zone);
        }
        match (self, last) {
            (Self::Quarter(_, quarter), Self::Quarter(..)) => format!("Q{quarter}"),
            (Self::Month(..), Self::Month(..)) => self.first_day().format("%B").to_string(),
            (Self::Day(day), Self::Day(other)) if day.month() == other.month() => day.day().to_string(),
            (Self::Day(day), Self::Day(_)) => day.format("%-d %B").to_string(),
            _ => self.label(zone),
        }
    }

    fn text(self) -> String {
        match self {
            Self::Year(year) => year.to_string(),
            Self::Quarter(year, quarter) => format!("{year}-Q{quarter}"),
            Self::Month(..) => self.first_day().format("%Y-%m").to_string(),
            Self::Day(day) => day.to_string(),
            Self::Instant(at) => at.rfc3339(),
        }
    }
}
