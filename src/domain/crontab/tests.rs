//! Crontabs, against tables and against a walker that looks at each minute of a zone's clock by itself.

use chrono::{Datelike, NaiveDateTime, TimeDelta, Timelike};
use proptest::prelude::*;

use super::*;
use crate::domain::time::HOUR;

fn at(text: &str) -> At {
    At::parse(text).unwrap_or_else(|| panic!("{text}"))
}

fn zone(name: &str) -> Tz {
    name.parse().unwrap()
}

fn crontab(text: &str) -> Crontab {
    Crontab::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"))
}

/// The first few slots, as the zone's clock shows them.
fn shown(text: &str, name: &str, after: &str, count: usize) -> Vec<String> {
    let zone = zone(name);
    let slots = crontab(text).slots(at(after), zone).take(count).collect::<Vec<_>>();
    slots.into_iter().map(|at| at.utc().with_timezone(&zone).format("%a %d %b %H:%M %z").to_string()).collect()
}

#[test]
fn five_fields_are_read_as_cron_reads_them() {
    let check = |text: &str, expect: &[&str]| {
        let found = shown(text, "UTC", "2026-11-20T10:00:00Z", expect.len()); // a Friday
        let found: Vec<&str> = found.iter().map(|slot| slot.trim_end_matches(" +0000")).collect();
        assert_eq!(found, expect, "{text}");
    };
    check("0 9 * * mon", &["Mon 23 Nov 09:00", "Mon 30 Nov 09:00"]);
    check("  0   9 *\t* MoN ", &["Mon 23 Nov 09:00"]);
    check("0 9 * * 1", &["Mon 23 Nov 09:00"]);
    check("0 9 * * 0", &["Sun 22 Nov 09:00", "Sun 29 Nov 09:00"]);
    check("0 9 * * 7", &["Sun 22 Nov 09:00", "Sun 29 Nov 09:00"]);
    check("30 8 * * 1-5", &["Mon 23 Nov 08:30", "Tue 24 Nov 08:30", "Wed 25 Nov 08:30", "Thu 26 Nov 08:30", "Fri 27 Nov 08:30"]);
    check("0 9 * * fri-mon", &["Sat 21 Nov 09:00", "Sun 22 Nov 09:00", "Mon 23 Nov 09:00", "Fri 27 Nov 09:00"]);
    check("0 9 * * 5-7", &["Sat 21 Nov 09:00", "Sun 22 Nov 09:00", "Fri 27 Nov 09:00"]);
    check("0 9 * * 7-1", &["Sun 22 Nov 09:00", "Mon 23 Nov 09:00", "Sun 29 Nov 09:00"]);
    check("0 22-2 * * *", &["Fri 20 Nov 22:00", "Fri 20 Nov 23:00", "Sat 21 Nov 00:00", "Sat 21 Nov 01:00", "Sat 21 Nov 02:00"]);
    check("0 22-2/2 * * *", &["Fri 20 Nov 22:00", "Sat 21 Nov 00:00", "Sat 21 Nov 02:00", "Sat 21 Nov 22:00"]);
    check("0 0 1 nov-feb *", &["Tue 01 Dec 00:00", "Fri 01 Jan 00:00", "Mon 01 Feb 00:00", "Mon 01 Nov 00:00"]);
    check("*/20 * * * *", &["Fri 20 Nov 10:20", "Fri 20 Nov 10:40", "Fri 20 Nov 11:00"]);
    check("5/25 12 * * *", &["Fri 20 Nov 12:05", "Fri 20 Nov 12:30", "Fri 20 Nov 12:55", "Sat 21 Nov 12:05"]);
    check("0,30 9,17 * * *", &["Fri 20 Nov 17:00", "Fri 20 Nov 17:30", "Sat 21 Nov 09:00"]);
    check("@hourly", &["Fri 20 Nov 11:00"]);
    check("@Daily", &["Sat 21 Nov 00:00"]);
    check("@midnight", &["Sat 21 Nov 00:00"]);
    check("@weekly", &["Sun 22 Nov 00:00"]);
    check("@monthly", &["Tue 01 Dec 00:00"]);
    check("@yearly", &["Fri 01 Jan 00:00"]);
    check("@annually", &["Fri 01 Jan 00:00"]);
    // Both days restricted: either is enough. A field that begins with * restricts nothing, so then both must match.
    check("0 9 1,24 * mon", &["Mon 23 Nov 09:00", "Tue 24 Nov 09:00", "Mon 30 Nov 09:00", "Tue 01 Dec 09:00"]);
    check("0 9 1-7 * */7", &["Sun 06 Dec 09:00", "Sun 03 Jan 09:00"]);
    check("0 9 */2 * mon", &["Mon 23 Nov 09:00", "Mon 07 Dec 09:00"]);
    check("0 0 31 2 mon", &["Mon 01 Feb 00:00"]);
    check("0 12 29 2 *", &["Tue 29 Feb 12:00", "Sun 29 Feb 12:00"]); // 2028 and 2032
    check("0 12 31 * *", &["Thu 31 Dec 12:00", "Sun 31 Jan 12:00", "Wed 31 Mar 12:00"]);
}

#[test]
fn what_is_no_crontab_is_refused_with_what_to_do() {
    let check = |text: &str, says: &[&str]| match Crontab::parse(text) {
        Ok(_) => panic!("{text} was taken"),
        Err(why) => assert!(!why.ends_with('.') && says.iter().all(|words| why.contains(words)), "{text}: {why}"),
    };
    check("", &["empty", "0 9 * * mon"]);
    check("  \n", &["empty"]);
    check("0 0 9 * * mon", &["6 fields", "five", "leave out the seconds"]);
    check("0 9 * *", &["4 fields", "minute, hour, day of the month, month, weekday"]);
    check("monday", &["1 field"]);
    check("@reboot", &["no time"]);
    check("@fortnightly", &["not known", "`@weekly`"]);
    check("60 9 * * *", &["`60` is no minute", "0 to 59"]);
    check("0 24 * * *", &["`24` is no hour", "0 to 23"]);
    check("0 9 0 * *", &["`0` is no day of the month", "1 to 31"]);
    check("0 9 * 13 *", &["`13` is no month", "1 to 12", "jan to dec"]);
    check("0 9 * * 8", &["`8` is no weekday", "0 to 7", "sun to sat"]);
    check("0 9 * * moo", &["`moo` is no weekday"]);
    check("0 9 * * monday", &["`monday` is no weekday"]);
    check("0 mon * * *", &["`mon` is no hour"]);
    check("*/0 * * * *", &["a step in the minute is a number from 1 to 60"]);
    check("*/61 * * * *", &["a step"]);
    check("0-5/x * * * *", &["a step"]);
    check("1,,2 * * * *", &["`` is no minute"]);
    check("-5 * * * *", &["is no minute"]);
    check("1-2-3 * * * *", &["`2-3` is no minute"]);
    check("? * * * *", &["`?` is no minute"]);
    check("0 9 31 2 *", &["never comes"]);
    check("0 9 31 feb,apr,jun,sep,nov *", &["never comes"]);
    check("0 9 30 2 */2", &["never comes"]);
    check("99999999999 * * * *", &["is no minute"]);
}

#[test]
fn how_often_it_comes_is_told_before_it_does() {
    const MINUTE: i64 = 60 * SECOND;
    let check = |text: &str, closest: i64| {
        assert!(!crontab(text).is_oftener_than(closest * MINUTE), "{text}: not oftener than {closest} min");
        assert!(crontab(text).is_oftener_than((closest + 1) * MINUTE), "{text}: no rarer than {closest} min");
    };
    check("* * * * *", 1);
    check("*/15 * * * *", 15);
    check("*/40 * * * *", 20);
    check("0 9 * * *", 24 * 60);
    check("0 9 * * mon", 24 * 60); // at least a day; the exact gap is of no use to anybody
    check("0,10 9 * * mon", 10);
    check("55,0 0,23 * * *", 5); // over midnight
    check("55,0 0,23 * * mon", 55); // never over midnight
    check("55,0 0,23 28,1 * *", 5); // 28 February and 1 March
}

#[test]
fn a_crontab_in_words() {
    let check = |text: &str, expect: &str| assert_eq!(crontab(text).words(), expect);
    check("0 9 * * mon", "Mondays at 09:00");
    check("30 8 * * 1-5", "weekdays at 08:30");
    check("30 8 * * mon-fri", "weekdays at 08:30");
    check("0 10 * * sat,sun", "weekends at 10:00");
    check("0 9 * * mon,thu", "Mondays and Thursdays at 09:00");
    check("0 9 * * sun,mon,wed", "Mondays, Wednesdays and Sundays at 09:00");
    check("0 9,16 * * *", "every day at 09:00 and 16:00");
    check("5 0 * * *", "every day at 00:05");
    check("0 9 1 * *", "the 1st of each month at 09:00");
    check("0 9 2,13,23 * *", "the 2nd, 13th and 23rd of each month at 09:00");
    check("@weekly", "Sundays at 00:00");
    check("@hourly", "every hour");
    check("15 * * * *", "every hour at 15 minutes past");
    check("0 * * * mon-fri", "every hour, weekdays");
    check("@yearly", "1 January each year at 00:00");
    check("  */15   * * * *", "*/15 * * * *");
    check("0 9 1 * mon", "0 9 1 * mon");
    check("0 9 * jan mon", "0 9 * jan mon");
}

#[test]
fn clocks_that_jump_skip_and_repeat_nothing() {
    let check = |name: &str, text: &str, after: &str, expect: &[&str]| {
        assert_eq!(shown(text, name, after, expect.len()), expect, "{text} in {name}");
    };
    // Ahead: what falls into the gap comes as if the clock had not been moved yet.
    check("Europe/Berlin", "30 2 * * *", "2026-03-28T12:00:00Z", &["Sun 29 Mar 03:30 +0200", "Mon 30 Mar 02:30 +0200"]);
    check("Europe/Berlin", "0 2,3 * * *", "2026-03-29T00:00:00Z", &["Sun 29 Mar 03:00 +0200", "Mon 30 Mar 02:00 +0200"]); // one instant
    check("Europe/Berlin", "30 2,3 29 3 *", "2026-03-29T00:00:00Z", &["Sun 29 Mar 03:30 +0200", "Mon 29 Mar 02:30 +0200"]);
    check(
        "Europe/Berlin",
        "0,30 2-3 * * *",
        "2026-03-29T00:00:00Z",
        &["Sun 29 Mar 03:00 +0200", "Sun 29 Mar 03:30 +0200", "Mon 30 Mar 02:00 +0200"],
    );
    check("Europe/Berlin", "45 2 * * *", "2026-03-29T01:40:00Z", &["Sun 29 Mar 03:45 +0200"]); // asked from inside the hour after
    check("America/New_York", "30 2 * * *", "2026-03-07T12:00:00Z", &["Sun 08 Mar 03:30 -0400", "Mon 09 Mar 02:30 -0400"]);
    check("Africa/Cairo", "30 0 * * *", "2026-04-23T12:00:00Z", &["Fri 24 Apr 01:30 +0300", "Sat 25 Apr 00:30 +0300"]);
    check("Australia/Lord_Howe", "15 2 * * *", "2026-10-03T00:00:00Z", &["Sun 04 Oct 02:45 +1100", "Mon 05 Oct 02:15 +1100"]);
    // Back: the first of the two.
    check("Europe/Berlin", "30 2 * * *", "2026-10-24T12:00:00Z", &["Sun 25 Oct 02:30 +0200", "Mon 26 Oct 02:30 +0100"]);
    check("Europe/Berlin", "30 2 * * *", "2026-10-25T00:30:00Z", &["Mon 26 Oct 02:30 +0100"]);
    check("America/New_York", "30 1 * * *", "2026-10-31T12:00:00Z", &["Sun 01 Nov 01:30 -0400", "Mon 02 Nov 01:30 -0500"]);
    check("Africa/Cairo", "30 23 * * *", "2026-10-29T12:00:00Z", &["Thu 29 Oct 23:30 +0300", "Fri 30 Oct 23:30 +0200"]);
    check("Australia/Lord_Howe", "45 1 * * *", "2026-04-04T00:00:00Z", &["Sun 05 Apr 01:45 +1100", "Mon 06 Apr 01:45 +1030"]);
}

#[test]
fn far_slots_and_long_windows_cost_little() {
    let began = std::time::Instant::now();
    let berlin = zone("Europe/Berlin");
    assert_eq!(crontab("0 12 29 2 *").next(at("2028-03-01T00:00:00Z"), berlin), Some(at("2032-02-29T11:00:00Z")));
    assert_eq!(crontab("0 12 29 2 *").next(at("2096-03-01T00:00:00Z"), berlin), None); // the crate's years end with 2100
    let minutely = crontab("* * * * *");
    assert_eq!(minutely.latest(at("1990-01-01T00:00:00Z"), at("2026-11-24T10:00:30Z"), berlin), Some(at("2026-11-24T10:00:00Z")));
    assert_eq!(crontab("0 12 29 2 *").latest(At(0), at("2027-01-01T00:00:00Z"), berlin), Some(at("2024-02-29T11:00:00Z")));
    assert_eq!(crontab("0 9 * * mon").latest(at("2026-11-23T08:00:00Z"), at("2026-11-30T07:59:00Z"), berlin), None);
    assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
}

/// Looks at each minute of the zone's clock: a wall time fires when it is first shown; one that is left out fires when it would
/// have been shown had the clock not been moved.
fn walked(matches: impl Fn(NaiveDateTime) -> bool, zone: Tz, after: At, until: At) -> Vec<At> {
    const MINUTE: i64 = 60 * SECOND;
    let wall = |at: At| at.utc().with_timezone(&zone).naive_local();
    let mut found = BTreeSet::new();
    let start = At(after.plus(-2 * DAY).0.div_euclid(MINUTE) * MINUTE);
    let (mut now, mut newest) = (start, wall(start));
    while now <= until {
        now = now.plus(MINUTE);
        let shows = wall(now);
        let mut expected = newest + TimeDelta::minutes(1);
        let mut late = now;
        while expected < shows && shows - newest > TimeDelta::minutes(1) {
            if matches(expected) {
                found.insert(late);
            }
            expected += TimeDelta::minutes(1);
            late = late.plus(MINUTE);
        }
        if shows > newest {
            if matches(shows) {
                found.insert(now);
            }
            newest = shows;
        }
    }
    found.into_iter().filter(|at| *at > after && *at <= until).collect()
}

/// A field as text, and the numbers in it.
fn field(low: u32, high: u32) -> impl Strategy<Value = (String, Vec<u32>)> {
    let ring =
        move |from: u32, to: u32| -> Vec<u32> { if from <= to { (from..=to).collect() } else { (from..=high).chain(low..=to).collect() } };
    let some = proptest::collection::btree_set(low..=high, 1..4);
    prop_oneof![
        Just(("*".to_owned(), (low..=high).collect())),
        (2..=9u32).prop_map(move |step| (format!("*/{}", step.min(high)), (low..=high).step_by(step.min(high) as usize).collect())),
        some.prop_map(|set| (set.iter().map(u32::to_string).collect::<Vec<_>>().join(","), set.into_iter().collect())),
        (low..=high, low..=high).prop_map(move |(from, to)| (format!("{from}-{to}"), ring(from, to))),
        (low..=high, low..=high, 1..=3u32).prop_map(move |(from, to, step)| {
            (format!("{from}-{to}/{step}"), ring(from, to).into_iter().step_by(step as usize).collect())
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Around the jumps of four zones, against the walker.
    #[test]
    fn slots_are_those_that_a_clock_on_the_wall_would_show(
        (minute, minutes) in field(0, 59), (hour, hours) in field(0, 23), (day, days) in field(1, 31), (weekday, weekdays) in field(0, 6),
        place in 0..8usize, offset in -30..30i64,
    ) {
        let places = [
            ("Europe/Berlin", "2026-03-29T01:00:00Z"), ("Europe/Berlin", "2026-10-25T01:00:00Z"),
            ("America/New_York", "2026-03-08T07:00:00Z"), ("America/New_York", "2026-11-01T06:00:00Z"),
            ("Africa/Cairo", "2026-04-23T22:00:00Z"), ("Africa/Cairo", "2026-10-29T21:00:00Z"),
            ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"), ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
        ];
        let (name, jump) = places[place];
        let zone = zone(name);
        let after = at(jump).plus(offset * HOUR / 10);
        let until = after.plus(4 * DAY);
        let either = !day.starts_with('*') && !weekday.starts_with('*');
        let matches = |wall: NaiveDateTime| {
            let (of_month, of_week) = (days.contains(&wall.day()), weekdays.contains(&wall.weekday().num_days_from_sunday()));
            minutes.contains(&wall.minute()) && hours.contains(&wall.hour()) && if either { of_month || of_week } else { of_month && of_week }
        };
        let text = format!("{minute} {hour} {day} * {weekday}");
        let crontab = crontab(&text);
        let expect = walked(matches, zone, after, until);
        let found: Vec<At> = crontab.slots(after, zone).take_while(|at| *at <= until).collect();
        prop_assert_eq!(&found, &expect, "{} in {}", text, name);
        prop_assert!(found.windows(2).all(|two| two[0] < two[1]));
        prop_assert_eq!(crontab.latest(after, until, zone), expect.last().copied());
        let middle = after.plus(offset.abs() * HOUR);
        prop_assert_eq!(crontab.next(middle, zone).filter(|at| *at <= until), expect.iter().copied().find(|at| *at > middle));
        prop_assert_eq!(crontab.latest(after, middle, zone), expect.iter().copied().rfind(|at| *at <= middle));
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,40}", fields in "[0-9*/,a-z -]{0,30}") {
        for text in [text, fields] {
            if let Ok(crontab) = Crontab::parse(&text) {
                let now = at("2026-11-24T10:00:00Z");
                prop_assert!(crontab.next(now, Tz::UTC).is_none_or(|next| next > now));
                prop_assert!(!crontab.words().is_empty());
            }
        }
    }
}
