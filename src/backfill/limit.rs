//! How long a source wants to be left alone, as its headers say it. Pure.
//!
//! GitHub counts requests an hour (`x-ratelimit-remaining`, `-reset` in seconds since 1970) and has a secondary limit that
//! is told by a 403 and a sentence; GitLab and `PagerDuty` say `ratelimit-*`, the latter in seconds from now; Jira gives an
//! RFC 3339 instant. `Retry-After` is seconds or an HTTP date. Instants are compared with the source's own clock.

use std::time::Duration;

use crate::domain::time::{At, SECOND};
use crate::sources::Headers;

/// A wait where the source says that it wants one and not how long; it doubles each time.
const UNSAID: i64 = 60 * SECOND;
/// A reset in fewer seconds than this is counted from now, not from 1970.
const LEAST_EPOCH: i64 = 1_000_000_000;

/// What time it is where the answer comes from; `now` where it does not say.
pub fn source_time(headers: &Headers, now: At) -> At {
    headers.get("date").and_then(At::parse_http).unwrap_or(now)
}

/// When requests count anew, where none is left; in the source's own time.
pub fn used_up(headers: &Headers, now: At) -> Option<At> {
    let of = |name: &str| headers.get(&format!("x-ratelimit-{name}")).or_else(|| headers.get(&format!("ratelimit-{name}"))).map(str::trim);
    if of("remaining")? != "0" {
        return None;
    }
    let reset = of("reset")?;
    match reset.parse::<i64>() {
        Ok(secs) if secs < LEAST_EPOCH => Some(source_time(headers, now).plus(secs.saturating_mul(SECOND))),
        Ok(secs) => Some(At::from_secs(secs)),
        Err(_) => At::parse(reset),
    }
}

/// `Retry-After`, as a length of time.
pub fn retry_after(headers: &Headers, now: At) -> Option<Duration> {
    let text = headers.get("retry-after")?.trim();
    match text.parse::<u64>() {
        Ok(secs) => Some(Duration::from_secs(secs)),
        Err(_) => Some(until(At::parse_http(text)?, source_time(headers, now))),
    }
}

/// From an instant to a later one; nothing where it is past.
pub fn until(then: At, now: At) -> Duration {
    Duration::from_micros(u64::try_from(then.since(now)).unwrap_or(0))
}

/// How long to wait before asking again, where an answer says that there was too much of it; `again` counts such answers in
/// a row. `None`: it says something else.
pub fn wait(status: u16, headers: &Headers, words: &str, now: At, again: u32) -> Option<Duration> {
    let told = retry_after(headers, now);
    let reset = used_up(headers, now);
    let words = words.to_lowercase();
    let limited = told.is_some() || reset.is_some() || words.contains("rate limit") || words.contains("abuse detection");
    if status != 429 && !(status == 403 && limited) {
        return None;
    }
    let unsaid = Duration::from_micros(UNSAID.unsigned_abs() << again.min(6));
    // A second more than to the reset, since it is told in whole seconds.
    let reset = reset.map(|at| until(at.plus(SECOND), source_time(headers, now)));
    Some(told.or(reset).unwrap_or(unsaid))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: At = At(1_800_000_000 * SECOND);

    fn headers(list: &[(&str, &str)]) -> Headers {
        Headers(list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    fn check(status: u16, list: &[(&str, &str)], words: &str, expect: Option<u64>) {
        let wait = wait(status, &headers(list), words, NOW, 0);
        assert_eq!(wait.map(|wait| wait.as_secs()), expect, "{status} {list:?} {words}");
    }

    #[test]
    fn a_source_is_left_alone_for_as_long_as_it_says() {
        check(429, &[("retry-after", "7")], "", Some(7));
        check(403, &[("retry-after", "7")], "", Some(7));
        check(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1800000090")], "API rate limit exceeded", Some(91));
        check(429, &[("ratelimit-remaining", "0"), ("ratelimit-reset", "12")], "", Some(13));
        check(429, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "2027-01-15T08:00:30Z")], "", Some(31));
        check(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1700000000")], "", Some(0));
        check(403, &[], "You have exceeded a secondary rate limit. Please wait a few minutes", Some(60));
        check(429, &[], "", Some(60));
    }

    #[test]
    fn other_refusals_are_no_limits() {
        check(403, &[("x-ratelimit-remaining", "4999"), ("x-ratelimit-reset", "1800000090")], "Resource not accessible", None);
        check(401, &[("retry-after", "7")], "Bad credentials", None);
        check(404, &[], "rate limit", None);
    }

    #[test]
    fn a_date_is_compared_with_the_clock_of_the_source() {
        let date = ("date", "Fri, 15 Jan 2027 10:00:00 GMT"); // two hours after our clock
        check(429, &[date, ("retry-after", "Fri, 15 Jan 2027 10:00:20 GMT")], "", Some(20));
        check(429, &[date, ("retry-after", "Fri, 15 Jan 2027 09:59:20 GMT")], "", Some(0));
        check(429, &[date, ("retry-after", "soon")], "", Some(60));
        check(403, &[date, ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1800007230")], "", Some(31));
    }

    #[test]
    fn an_unsaid_wait_doubles_and_ends_somewhere() {
        let after = |again: u32| wait(429, &Headers::default(), "", NOW, again).expect("a wait").as_secs();
        assert_eq!([after(0), after(1), after(2)], [60, 120, 240]);
        assert_eq!(after(60), after(6));
    }

    #[test]
    fn nothing_is_used_up_while_something_is_left() {
        let used = |left: &str| used_up(&headers(&[("x-ratelimit-remaining", left), ("x-ratelimit-reset", "1800000090")]), NOW);
        assert_eq!((used("1"), used("0")), (None, Some(At::from_secs(1_800_000_090))));
        assert_eq!(used_up(&headers(&[("x-ratelimit-remaining", "0")]), NOW), None);
    }
}
