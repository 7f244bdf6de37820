//! [`Window`]: a half-open period of time in a zone, and the grammar people name one in.
//!
//! Why a period never ends after now: the part that has not happened would dilute every rate. So `this quarter`, `2026`
//! in 2026 or a range into the future keep their named end only once it is past; until then they end now. A period that
//! has not begun is refused as `bad_window`, as is one that would begin before 1970, where no event can be.
//!
//! Why the label carries the grammar: every label that [`Window::parse`] writes (but those of explicit instants) is itself
//! a period one may type, so [`Window::text`] prints any window as a command without a further field. A window whose label
//! is not a period (`the 90 days before`, or one read from JSON) prints as its two instants.

mod grammar;
pub mod local;
mod period;

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

pub use grammar::Trouble;
pub use period::{Length, Mark, Period, Rolling};

use super::time::{At, WEEK};
use crate::error::{Kind, UserError};

/// A period `[from, to)` and the zone it was named in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Window {
    /// Its first instant.
    pub from: At,
    /// The first instant after it.
    pub to: At,
    /// The zone in which months, quarters and days were counted.
    pub zone: Tz,
    /// As people say it: "90 days", "last quarter", "Q3 2026".
    #[serde(skip)]
    pub label: String,
}

/// What to try instead of a window that was refused.
pub const EXAMPLES: &str = "Try `30d`, `12w`, `6m`, `last quarter`, `Q3 2026`, `2026-01..2026-03` or `since 2026-05-01`.";

/// What to try instead of a horizon that was refused.
pub const HORIZONS: &str = "Try `13w`, `3m`, `90d` or `by 2027-02-01`: at most a year from now.";

impl Window {
    /// Reads a horizon as people type it, from now on: `13w`, `3m`, `by 2027-02-01`. What looks back elsewhere looks ahead here.
    ///
    /// # Errors
    /// `bad_window`, naming what is wrong.
    pub fn ahead(text: &str, now: At, zone: Tz) -> Result<Self, UserError> {
        let period = Period::parse(text, local::wall(zone, now).date());
        // A count too great to be one lies ahead here.
        let ahead = |trouble| {
            if trouble == Trouble::too_old() && text.trim_end().ends_with(char::is_alphabetic) { Trouble::too_far() } else { trouble }
        };
        period.map_err(ahead).and_then(|period| period.ahead(now, zone)).map_err(|trouble| bad(text, trouble, HORIZONS))
    }
    /// Reads a period as people type it; see [`Period`] for the forms. An empty text is the default of 90 days.
    ///
    /// # Errors
    /// `bad_window`, naming what is wrong.
    pub fn parse(text: &str, now: At, zone: Tz) -> Result<Self, UserError> {
        if text.trim().is_empty() {
            return Ok(Self::days(90, now, zone));
        }
        Period::parse(text, local::wall(zone, now).date())
            .and_then(|period| period.window(now, zone))
            .map_err(|trouble| bad(text, trouble, EXAMPLES))
    }
    /// So many times 24 hours before now.
    pub fn days(days: u32, now: At, zone: Tz) -> Self {
        let label = Period::Back(days, Length::Day).label();
        Self { from: now.plus(-i64::from(days) * super::time::DAY), to: now, zone, label }
    }
    /// Its length in microseconds.
    pub fn micros(&self) -> i64 {
        self.to.since(self.from)
    }
    /// Its length in weeks of 604,800 seconds.
    #[allow(clippy::cast_precision_loss, reason = "a window is far shorter than 2^53 microseconds")]
    pub fn weeks(&self) -> f64 {
        self.micros() as f64 / WEEK as f64
    }
    /// Whether it holds the instant.
    pub fn holds(&self, at: At) -> bool {
        self.from <= at && at < self.to
    }
    /// The window of the same length just before.
    #[must_use]
    pub fn previous(&self) -> Self {
        Self { from: self.from.plus(-self.micros()), to: self.from, zone: self.zone, label: format!("the {} before", self.label) }
    }
    /// The whole weeks of 7 times 24 hours in it, counted back from its end, oldest first: the steps of a sparkline.
    pub fn whole_weeks(&self) -> Vec<(At, At)> {
        let count = self.micros().max(0) / WEEK;
        (1..=count).rev().map(|back| (self.to.plus(-back * WEEK), self.to.plus(-(back - 1) * WEEK))).collect()
    }
    /// The last day that it touches, in its zone.
    pub fn last_day(&self) -> NaiveDate {
        local::wall(self.zone, self.to.plus(-1)).date()
    }
    /// Its end in short, for a title: "to 23 Nov".
    pub fn until_day(&self) -> String {
        self.last_day().format("to %-d %b").to_string()
    }
    /// Its name with its end, for a title: "90 days to 23 Nov"; a period that says its dates itself stays as it is: "Q3 2026".
    pub fn title(&self) -> String {
        match self.period() {
            Some(Period::Stretch(..) | Period::By(_)) | None => self.label.clone(),
            Some(Period::This(Rolling::Day) | Period::Last(Rolling::Day)) => {
                format!("{}, {}", self.label, self.last_day().format("%-d %b"))
            }
            Some(_) => format!("{} {}", self.label, self.until_day()),
        }
    }
    /// As one types it: `90d`, `last quarter`, `2026-Q3`; where its label is not a period, its instants as in [`Window::instants`].
    pub fn text(&self) -> String {
        self.period().map_or_else(|| self.instants(), Period::text)
    }
    /// Its two instants as one types them, which mean the same at any later time: `2026-05-01T00:00:00Z..2026-05-02T00:00:00Z`.
    pub fn instants(&self) -> String {
        format!("{}..{}", self.from, self.to)
    }

    fn period(&self) -> Option<Period> {
        Period::parse(&self.label, local::wall(self.zone, self.to).date()).ok().filter(|period| period.label() == self.label)
    }
}

fn bad(text: &str, trouble: Trouble, hint: &str) -> UserError {
    let said: String = text.trim().chars().take(60).collect();
    let message = match trouble {
        Trouble::Unknown => format!("`{said}` is not a period that I know."),
        Trouble::Wrong(what) => format!("`{said}` {what}."),
    };
    UserError::new(Kind::BadWindow, message, hint)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: &str = "2026-11-23T12:30:00Z";

    fn window(text: &str, now: &str, zone: &str) -> Result<Window, UserError> {
        Window::parse(text, At::parse(now).unwrap(), zone.parse().unwrap())
    }

    fn check(text: &str, from: &str, to: &str, label: &str) {
        let window = window(text, NOW, "Europe/Berlin").unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((window.from.rfc3339().as_str(), window.to.rfc3339().as_str()), (from, to), "{text}");
        assert_eq!(window.label, label, "{text}");
    }

    #[test]
    fn relative_periods_end_now() {
        check("", "2026-08-25T12:30:00Z", NOW, "90 days");
        for text in ["30d", "30D", " 30 days ", "last 30 days", "past 30 days"] {
            check(text, "2026-10-24T12:30:00Z", NOW, "30 days");
        }
        check("1d", "2026-11-22T12:30:00Z", NOW, "1 day");
        check("12w", "2026-08-31T12:30:00Z", NOW, "12 weeks");
        check("6m", "2026-05-23T11:30:00Z", NOW, "6 months"); // the same wall clock, an hour earlier in UTC
        check("3 months", "2026-08-23T11:30:00Z", NOW, "3 months");
        check("1y", "2025-11-23T12:30:00Z", NOW, "12 months");
        check("2 quarters", "2026-05-23T11:30:00Z", NOW, "6 months");
    }

    #[test]
    fn a_horizon_looks_ahead() {
        let (now, berlin) = (At::parse(NOW).unwrap(), chrono_tz::Europe::Berlin);
        let check = |text: &str, to: &str, typed: &str| {
            let window = Window::ahead(text, now, berlin).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((window.from, window.to.rfc3339().as_str(), window.text().as_str()), (now, to, typed), "{text}");
            assert_eq!(Window::ahead(&window.text(), now, berlin).unwrap(), window);
            assert_eq!(Window::ahead(&window.instants(), now, berlin).unwrap().to, window.to);
        };
        check("13w", "2027-02-22T12:30:00Z", "13w");
        check("3 months", "2027-02-23T12:30:00Z", "3m");
        check("90d", "2027-02-21T12:30:00Z", "90d");
        check("by 2027-02-01", "2027-02-01T23:00:00Z", "by 2027-02-01");
        check("2027-02-01", "2027-02-01T23:00:00Z", "2027-02-01");
        check("by March 2027", "2027-03-31T22:00:00Z", "by 2027-03");
        let refused = |text: &str| Window::ahead(text, now, berlin).unwrap_err().message;
        assert_eq!(refused("0w"), "`0w` is no time at all.");
        assert_eq!(refused("by 2026-02-01"), "`by 2026-02-01` is past already, and a forecast is about what comes.");
        assert_eq!(refused("2y"), "`2y` is more than a year ahead, further than past weeks can tell.");
        assert_eq!(refused("900000m"), "`900000m` is more than a year ahead, further than past weeks can tell.");
        assert_eq!(refused("last quarter"), "`last quarter` is no time from now on.");
        let far = "is more than a year ahead, further than past weeks can tell";
        assert_eq!(refused("100000000000w"), format!("`100000000000w` {far}."));
        assert_eq!(
            refused("2027-01..2027-03"),
            "`2027-01..2027-03` is a stretch, and a forecast begins now: say only when it ends, as in `by 2027-03`."
        );
        assert_eq!(refused("soon"), "`soon` is not a period that I know.");
        assert_eq!(refused("by 2027-02-30"), "`by 2027-02-30` is not a period: there is no such day.");
        assert_eq!(window("by 2027-02-01", NOW, "UTC").unwrap_err().message, "`by 2027-02-01` lies ahead, and this looks back.");
    }

    #[test]
    fn months_go_back_on_the_calendar() {
        let from = |text, now, zone| window(text, now, zone).unwrap().from.rfc3339();
        assert_eq!(from("1m", "2026-03-31T10:00:00Z", "UTC"), "2026-02-28T10:00:00Z");
        assert_eq!(from("1m", "2028-03-31T10:00:00Z", "UTC"), "2028-02-29T10:00:00Z");
        assert_eq!(from("1m", "2026-04-29T00:30:00Z", "Europe/Berlin"), "2026-03-29T01:30:00Z"); // 02:30 is missing that day
        assert_eq!(from("1m", "2026-11-25T01:30:00Z", "Europe/Berlin"), "2026-10-25T00:30:00Z"); // 02:30 comes twice that day
        assert_eq!(from("1m", "2026-12-31T23:30:00Z", "Asia/Tokyo"), "2026-11-30T23:30:00Z"); // 1 January 08:30 there
    }

    #[test]
    fn named_periods_begin_at_local_midnight() {
        check("last quarter", "2026-06-30T22:00:00Z", "2026-09-30T22:00:00Z", "last quarter");
        check("Last Month", "2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z", "last month");
        check("last week", "2026-11-15T23:00:00Z", "2026-11-22T23:00:00Z", "last week");
        check("last year", "2024-12-31T23:00:00Z", "2025-12-31T23:00:00Z", "last year");
        check("yesterday", "2026-11-21T23:00:00Z", "2026-11-22T23:00:00Z", "yesterday");
        check("Q3 2026", "2026-06-30T22:00:00Z", "2026-09-30T22:00:00Z", "Q3 2026");
        check("2026-q3", "2026-06-30T22:00:00Z", "2026-09-30T22:00:00Z", "Q3 2026");
        check("q3", "2026-06-30T22:00:00Z", "2026-09-30T22:00:00Z", "Q3 2026");
        check("2025", "2024-12-31T23:00:00Z", "2025-12-31T23:00:00Z", "2025");
        check("2026-03", "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z", "March 2026");
        check("2026-05-01", "2026-04-30T22:00:00Z", "2026-05-01T22:00:00Z", "1 May 2026");
    }

    #[test]
    fn a_period_that_contains_now_ends_now() {
        check("today", "2026-11-22T23:00:00Z", NOW, "today");
        check("this week", "2026-11-22T23:00:00Z", NOW, "this week");
        check("this month", "2026-10-31T23:00:00Z", NOW, "this month");
        check("this quarter", "2026-09-30T22:00:00Z", NOW, "this quarter");
        check("this year", "2025-12-31T23:00:00Z", NOW, "this year");
        check("2026", "2025-12-31T23:00:00Z", NOW, "2026");
        check("2026-10..2027-03", "2026-09-30T22:00:00Z", NOW, "October 2026 to March 2027");
        check("since 2026-05-01", "2026-04-30T22:00:00Z", NOW, "since 1 May 2026");
        check("Since 2026-05", "2026-04-30T22:00:00Z", NOW, "since May 2026");
        check("since 1 May 2026", "2026-04-30T22:00:00Z", NOW, "since 1 May 2026");
    }

    #[test]
    fn both_ends_of_a_range_are_whole() {
        for text in
            ["2026-01..2026-03", "2026-01 .. 2026-03", "2026-01…2026-03", "2026-01 to 2026-03", "January to March 2026", "2026-Q1..2026-Q1"]
        {
            let label = if text.contains('Q') { "Q1 2026" } else { "January to March 2026" };
            check(text, "2025-12-31T23:00:00Z", "2026-03-31T22:00:00Z", label);
        }
        check("2026-01-15..2026-02-10", "2026-01-14T23:00:00Z", "2026-02-10T23:00:00Z", "15 January to 10 February 2026");
        check("2026-01-15..2026-01-20", "2026-01-14T23:00:00Z", "2026-01-20T23:00:00Z", "15 to 20 January 2026");
        check("2026-Q1..2026-Q2", "2025-12-31T23:00:00Z", "2026-06-30T22:00:00Z", "Q1 to Q2 2026");
        check(
            "2026-05-01T00:00:00Z..2026-05-02T06:00:00+02:00",
            "2026-05-01T00:00:00Z",
            "2026-05-02T04:00:00Z",
            "1 May 2026 02:00 to 2 May 2026 06:00",
        );
    }

    #[test]
    fn a_bad_window_says_what_is_wrong() {
        let check = |text: &str, says: &str| {
            let error = window(text, NOW, "UTC").expect_err(text);
            assert_eq!((error.kind, error.hint.as_str()), (Kind::BadWindow, EXAMPLES));
            assert!(error.message.contains(says), "{text}: {}", error.message);
        };
        check("0d", "is empty");
        check("0 weeks", "is empty");
        check("2026-05-01T00:00:00Z..2026-05-01T00:00:00Z", "is empty");
        check("2026-03..2026-01", "ends before it begins");
        check("2026-05-02..2026-05-01", "ends before it begins");
        check("2027", "has not begun");
        check("since 2026-12-01", "has not begun");
        check("2027-01..2027-02", "has not begun");
        check("99999d", "begins before 1970");
        check("999999y", "begins before 1970");
        check("99999999999999999999d", "begins before 1970");
        check("1969", "begins before 1970");
        check("2026-13", "no month 13");
        check("2026-02-30", "no such day");
        check("Q5 2026", "quarters 1 to 4");
        for text in [
            "90x",
            "last fortnight",
            "soon",
            "2026-01..",
            "..",
            "-5d",
            "5",
            "2026-01..2026-02..2026-03",
            "since",
            "last",
            "1.5d",
            "q",
            "𝟛d",
        ] {
            check(text, "is not a period");
        }
    }

    #[test]
    fn titles_and_weeks_serve_the_cards() {
        let default = window("", "2026-11-23T00:00:00Z", "Europe/Berlin").unwrap();
        assert_eq!((default.title().as_str(), default.until_day().as_str()), ("90 days to 23 Nov", "to 23 Nov"));
        assert_eq!(default.whole_weeks().len(), 12);
        let quarter = window("last quarter", NOW, "Europe/Berlin").unwrap();
        assert_eq!(quarter.title(), "last quarter to 30 Sep");
        assert_eq!(window("Q3 2026", NOW, "UTC").unwrap().title(), "Q3 2026");
        assert_eq!(window("today", NOW, "UTC").unwrap().title(), "today, 23 Nov");
        let weeks = quarter.whole_weeks();
        assert!(weeks.windows(2).all(|two| two[0].1 == two[1].0) && weeks.iter().all(|(from, to)| to.since(*from) == WEEK));
        assert_eq!(weeks.last().unwrap().1, quarter.to);
        assert!(window("6d", NOW, "UTC").unwrap().whole_weeks().is_empty());
    }

    fn mark() -> impl Strategy<Value = Mark> {
        prop_oneof![
            (1990..2026_i32).prop_map(Mark::Year),
            (1990..2026_i32, 1..=4_u32).prop_map(|(year, quarter)| Mark::Quarter(year, quarter)),
            (1990..2026_i32, 1..=12_u32).prop_map(|(year, month)| Mark::Month(year, month)),
            (0..12_000_u64).prop_map(|days| Mark::Day(NaiveDate::from_ymd_opt(1990, 1, 1).unwrap() + chrono::Days::new(days))),
        ]
    }

    fn period() -> impl Strategy<Value = Period> {
        let rolling =
            || prop_oneof![Just(Rolling::Day), Just(Rolling::Week), Just(Rolling::Month), Just(Rolling::Quarter), Just(Rolling::Year)];
        prop_oneof![
            (0..9_999_u32, prop_oneof![Just(Length::Day), Just(Length::Week), Just(Length::Month)])
                .prop_map(|(n, unit)| Period::Back(n, unit)),
            rolling().prop_map(Period::This),
            rolling().prop_map(Period::Last),
            mark().prop_map(Period::Since),
            (mark(), mark()).prop_map(|(from, to)| Period::Stretch(from, to)),
            mark().prop_map(|mark| Period::Stretch(mark, mark)),
        ]
    }

    proptest! {
        #[test]
        fn what_is_printed_parses_to_the_same(period in period(), zone in prop_oneof![Just("UTC"), Just("Europe/Berlin"), Just("America/Havana")]) {
            let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
            prop_assert_eq!(Period::parse(&period.label(), today).unwrap(), period);
            prop_assert_eq!(Period::parse(&period.text(), today).unwrap(), period);
            if let Ok(window) = window(&period.text(), NOW, zone) {
                prop_assert_eq!(&super::Window::parse(&window.text(), At::parse(NOW).unwrap(), window.zone).unwrap(), &window);
                let frozen = super::Window::parse(&window.instants(), At::parse("2030-01-01T00:00:00Z").unwrap(), window.zone).unwrap();
                prop_assert_eq!((frozen.from, frozen.to), (window.from, window.to));
                prop_assert!(window.from < window.to && window.to <= At::parse(NOW).unwrap());
                let previous = window.previous();
                prop_assert_eq!((previous.to, previous.micros()), (window.from, window.micros()));
            }
        }

        #[test]
        fn no_text_breaks_the_grammar(text in "\\PC{0,40}|[0-9qdwmy .\\-to:]{0,20}") {
            let _ = window(&text, NOW, "Europe/Berlin");
        }
    }
}
