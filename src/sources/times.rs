//! Times as vendors write them: RFC 3339, its variants without a colon in the offset (Jira, Bitbucket) or with blanks (GitLab),
//! and milliseconds since 1970 (Atlassian, Linear). One reader for all, as none of the forms means two instants.
//!
//! Never read seconds here: a number of them would pass for a day in January 1970.

use chrono::DateTime;

use crate::domain::time::At;

/// Microseconds in a millisecond.
pub const MILLISECOND: i64 = 1_000;
/// How the times of .NET and Go begin that were never set.
const NEVER: &str = "0001-01-01";

/// The instant that a text says. One before 1970 means that it never was.
pub fn parse(text: &str) -> Option<At> {
    let text = text.trim();
    if text.starts_with(NEVER) {
        return Some(At::default());
    }
    let loose = |text: &str, form: &str| DateTime::parse_from_str(text, form).ok().map(|at| At(at.timestamp_micros()));
    At::parse(text).or_else(|| loose(text, "%Y-%m-%dT%H:%M:%S%.f%z")).or_else(|| {
        let numeric = text.strip_suffix(" UTC").map(|text| format!("{text} +0000"));
        loose(numeric.as_deref().unwrap_or(text), "%Y-%m-%d %H:%M:%S%.f %z")
    })
}

/// The instant that is so many milliseconds after 1970 began.
pub fn from_millis(millis: i64) -> At {
    At(millis.saturating_mul(MILLISECOND))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_means_one_instant() {
        let check = |text: &str, expect: Option<&str>| assert_eq!(parse(text).map(At::rfc3339).as_deref(), expect, "{text}");
        check("2026-05-01T12:00:00+02:00", Some("2026-05-01T10:00:00Z"));
        check(" 2026-05-01T10:00:00.5Z ", Some("2026-05-01T10:00:00.500Z"));
        check("2014-05-02T19:17:13.3309587Z", Some("2014-05-02T19:17:13.330958Z")); // Azure DevOps
        check("2026-05-01T10:00:00.000+0200", Some("2026-05-01T08:00:00Z")); // Jira
        check("2026-05-01T10:00:00.123-0530", Some("2026-05-01T15:30:00.123Z"));
        check("2019-03-01T10:37:14+0100", Some("2019-03-01T09:37:14Z")); // Bitbucket Data Center
        check("2023-11-27 12:00:00 UTC", Some("2023-11-27T12:00:00Z")); // GitLab
        check("2023-11-27 12:00:00 +0200", Some("2023-11-27T10:00:00Z"));
        check("2023-11-27 12:00:00 -0730", Some("2023-11-27T19:30:00Z"));
        check("2023-11-27 12:00:00.25 UTC", Some("2023-11-27T12:00:00.250Z"));
        check("0001-01-01T00:00:00", Some("1970-01-01T00:00:00Z"));
        check("2023-11-27 12:00:00", None);
        check("2023-11-27 12:00:00 CET", None);
        check("2019-2-27 13:30:21,620", None);
        check("2026-05-01", None);
        check("yesterday", None);
        assert_eq!(from_millis(1_551_432_675_860).rfc3339(), "2019-03-01T09:31:15.860Z");
        assert_eq!(from_millis(i64::MAX), At(i64::MAX));
    }
}
