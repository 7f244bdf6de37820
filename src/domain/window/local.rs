//! Local time to instants: what a wall clock in a zone shows, and when it shows it.
//!
//! Why our own rule: chrono answers "none" or "two" where a clock jumps. In a gap we take the instant as far after the
//! jump as the missing time is after its start, so a missing midnight is the first instant of that day; of a repeated
//! time we take the first. Rejected: refusing such times, since nobody who types `6m` knows of the jump.

use chrono::{Days, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone};
use chrono_tz::Tz;

use crate::domain::time::At;

/// When a clock in `zone` shows `local`.
pub fn instant(zone: Tz, local: NaiveDateTime) -> At {
    match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(at) => at.to_utc().into(),
        MappedLocalTime::Ambiguous(one, other) => [one, other].into_iter().min().unwrap_or(one).to_utc().into(),
        MappedLocalTime::None => {
            let before_the_gap = local.checked_sub_days(Days::new(1)).unwrap_or(local);
            let offset = zone.offset_from_utc_datetime(&before_the_gap).fix().local_minus_utc();
            At::from(local.and_utc()).plus(-i64::from(offset) * crate::domain::time::SECOND)
        }
    }
}

/// The first instant of a day in `zone`.
pub fn midnight(zone: Tz, date: NaiveDate) -> At {
    instant(zone, date.and_time(NaiveTime::MIN))
}

/// What a clock in `zone` shows at an instant.
pub fn wall(zone: Tz, at: At) -> NaiveDateTime {
    at.utc().with_timezone(&zone).naive_local()
}

/// A local midnight as its date, any other instant as what a clock shows: "2026-11-24 12:18".
pub fn text(zone: Tz, at: At) -> String {
    let wall = wall(zone, at);
    if wall.time() == NaiveTime::MIN { wall.date().to_string() } else { wall.format("%Y-%m-%d %H:%M").to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(zone: &str, local: &str, expect: &str) {
        let zone: Tz = zone.parse().unwrap();
        let local = NaiveDateTime::parse_from_str(local, "%Y-%m-%d %H:%M").unwrap();
        assert_eq!(instant(zone, local).rfc3339(), expect, "{local} in {zone}");
    }

    #[test]
    fn jumps_of_the_clock_have_one_answer() {
        check("Europe/Berlin", "2026-05-01 00:00", "2026-04-30T22:00:00Z");
        check("Europe/Berlin", "2026-03-29 02:30", "2026-03-29T01:30:00Z"); // gap: reads 03:30
        check("Europe/Berlin", "2026-10-25 02:30", "2026-10-25T00:30:00Z"); // twice: the first
        check("America/Havana", "2026-03-08 00:00", "2026-03-08T05:00:00Z"); // no midnight: reads 01:00
        check("America/Havana", "2026-11-01 00:00", "2026-11-01T04:00:00Z"); // midnight twice
        check("America/Sao_Paulo", "2018-11-04 00:00", "2018-11-04T03:00:00Z"); // no midnight
        check("America/Sao_Paulo", "2018-02-18 00:00", "2018-02-18T03:00:00Z"); // 23:00 twice, midnight once
        check("Pacific/Apia", "2011-12-30 00:00", "2011-12-30T10:00:00Z"); // a day that never was
    }
}
