//! [`At`]: an instant in microseconds since 1970 UTC, the one unit of time in facts, store and figures.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in an hour.
pub const HOUR: i64 = 3_600 * SECOND;
/// Microseconds in 24 hours.
pub const DAY: i64 = 24 * HOUR;
/// Microseconds in seven times 24 hours.
pub const WEEK: i64 = 7 * DAY;

/// An instant, in microseconds since 1970-01-01T00:00:00Z. In JSON an RFC 3339 string in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct At(pub i64);

impl At {
    /// Parses RFC 3339, with any offset. `None` where it is not one, or out of chrono's range.
    pub fn parse(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text.trim()).ok().map(|at| Self(at.timestamp_micros()))
    }

    /// Parses the date of an HTTP header (RFC 2822): `Mon, 23 Nov 2026 10:00:00 GMT`.
    pub fn parse_http(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc2822(text.trim()).ok().map(|at| Self(at.timestamp_micros()))
    }

    /// From seconds since 1970.
    pub fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(SECOND))
    }

    /// The same instant as chrono speaks it; an instant outside chrono's range becomes 1970.
    pub fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }

    /// This instant moved by `micros`, saturating.
    #[must_use]
    pub fn plus(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// Microseconds from `earlier` to this instant; negative where it is later.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Days since 1970 in UTC, the key of the daily roll-up.
    pub fn day(self) -> i64 {
        self.0.div_euclid(DAY)
    }

    /// RFC 3339 in UTC, with fractions of a second only where there are any.
    pub fn rfc3339(self) -> String {
        self.utc().to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }
}

impl From<DateTime<Utc>> for At {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at.timestamp_micros())
    }
}

impl std::fmt::Display for At {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.rfc3339())
    }
}

impl Serialize for At {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.rfc3339())
    }
}

impl<'de> Deserialize<'de> for At {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not an RFC 3339 time")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_offset_is_read_and_utc_is_written() {
        let at = At::parse("2026-05-01T12:00:00+02:00").expect("valid");
        assert_eq!(at.rfc3339(), "2026-05-01T10:00:00Z");
        assert_eq!(At::parse("2026-05-01T10:00:00.25Z").expect("valid").rfc3339(), "2026-05-01T10:00:00.250Z");
        assert_eq!(At::parse("yesterday"), None);
        assert_eq!(At::parse_http("Fri, 01 May 2026 10:00:00 GMT"), At::parse("2026-05-01T10:00:00Z"));
    }

    #[test]
    fn days_before_1970_count_downwards() {
        assert_eq!(At(-1).day(), -1);
        assert_eq!(At(DAY).day(), 1);
    }
}
