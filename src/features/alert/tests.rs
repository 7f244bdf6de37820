//! False alarms and flapping on simulated years; the messages as Slack would show them.

use super::judge::MARGIN;
use super::list;
use super::measure::{Facts, LAST, RANGE, Reading, Week, days, mondays, own_range};
use super::memory::tests::settings;
use super::memory::{Episode, Held, Memory, Over, Why};
use super::message::{self, About};
use super::preview::{self, Preview};
use super::row::Row;
use super::rule::{Rule, Settings};
use crate::domain::card::{Line, Scope};
use crate::domain::derive::day::Packed;
use crate::domain::figure::Figure;
use crate::domain::metric::{self, Definition};
use crate::domain::pool::Pool;
use crate::domain::stats::SplitMix64;
use crate::domain::subscription::{State, Subscription};
use crate::domain::time::{At, DAY, HOUR, WEEK};
use crate::domain::window::{Window, local};
use crate::render::blocks;
use crate::store::alerts::Mark;

const NOW: &str = "2026-11-23T12:00:00Z";
/// Simulated years a cell.
const YEARS: usize = 200;

fn at(text: &str) -> At {
    At::parse(text).unwrap()
}

fn known(id: &str) -> &'static Definition {
    metric::find(id).unwrap()
}

struct Dice(SplitMix64);

impl Dice {
    #[allow(clippy::cast_precision_loss, reason = "31 bits")]
    fn unit(&mut self) -> f64 {
        (self.0.below(1 << 31) as f64 + 0.5) / f64::from(1_u32 << 31)
    }
    fn normal(&mut self) -> f64 {
        (-2.0 * self.unit().ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }
    fn poisson(&mut self, mean: f64) -> u64 {
        let (mut count, mut left) = (0, self.unit());
        let mut part = (-mean).exp();
        while left > part && count < 10_000 {
            left -= part;
            count += 1;
            part *= mean / f64::from(u32::try_from(count).unwrap());
        }
        count
    }
    /// A stationary AR(1) series of standard deviation 1.
    fn series(&mut self, weeks: usize, rho: f64) -> Vec<f64> {
        let mut last = self.normal();
        let mut step = || {
            last = rho * last + (1.0 - rho * rho).sqrt() * self.normal();
            last
        };
        (0..weeks).map(|_| step()).collect()
    }
}

/// Weeks with a value each.
fn weeks_of(values: &[Option<f64>]) -> Vec<Week> {
    let week = |(number, value): (i64, &Option<f64>)| Week {
        from: At(number * WEEK),
        to: At((number + 1) * WEEK),
        figure: Figure { value: *value, n: 20, ..Figure::default() },
    };
    (0..).zip(values).map(week).collect()
}

/// Episodes that begin in the weeks after the first range.
fn episodes(values: &[f64], known: &Definition) -> usize {
    let settings = Settings { metric: known.id.into(), least: 0, ..settings(Rule::OwnRange) };
    let weeks = weeks_of(&values.iter().copied().map(Some).collect::<Vec<_>>());
    let (mut memory, mut begun) = (Memory::default(), 0);
    for end in RANGE + LAST..=weeks.len() {
        let limit = memory.open().map(|open| open.limit);
        let reading = own_range(&weeks[end - RANGE - LAST..end], known, 0, limit);
        begun += usize::from(memory.take(&settings, &reading, weeks[end - 1].to, true));
    }
    begun
}

#[test]
#[allow(clippy::cast_precision_loss, reason = "small counts")]
fn the_own_range_gives_a_false_alarm_a_year_at_most() {
    let (rising, falling) = (known("change_lead_time"), known("deployment_frequency"));
    let mut dice = Dice(SplitMix64::new(20_261_124));
    for rho in [0.0, 0.2, 0.4, 0.7] {
        let year = |dice: &mut Dice| dice.series(RANGE + LAST + 52, rho);
        let mut spans = 0; // medians of spans: skewed, no count behind them
        let mut counts = [0; 3]; // counts: Poisson, and 3 and 6 times as uneven
        for _ in 0..YEARS {
            let values: Vec<f64> = year(&mut dice).iter().map(|x| (0.5 * x).exp()).collect();
            spans += episodes(&values, rising);
            for (uneven, found) in [1.0_f64, 3.0, 6.0].into_iter().zip(&mut counts) {
                // Variance over mean at a mean of 10: 1 + 10 (exp(s^2) - 1).
                let spread = (1.0 + (uneven - 1.0) / 10.0).ln().sqrt();
                let counts: Vec<f64> =
                    year(&mut dice).iter().map(|x| dice.poisson(10.0 * (spread * x - spread * spread / 2.0).exp()) as f64).collect();
                *found += episodes(&counts, falling);
            }
        }
        let a_year = |found: usize| found as f64 / YEARS as f64;
        let [poisson, three, six] = counts.map(a_year);
        println!(
            "autocorrelation {rho}: spans {:.2}, counts {poisson:.2}, uneven x3 {three:.2}, x6 {six:.2} false alarms a year",
            a_year(spans)
        );
        let most = if rho <= 0.4 { 1.0 } else { 1.5 };
        for found in [a_year(spans), poisson, three, six] {
            assert!(found <= most, "autocorrelation {rho}: {found} a year");
        }
    }
}

#[test]
#[allow(clippy::cast_precision_loss, reason = "small counts")]
fn a_shift_by_two_standard_deviations_is_seen_within_weeks() {
    let rising = known("change_lead_time");
    let mut dice = Dice(SplitMix64::new(7));
    for (rho, least) in [(0.0, 0.65), (0.4, 0.65)] {
        let mut seen = [0; 2];
        for _ in 0..YEARS {
            let values = dice.series(RANGE + LAST + 8, rho);
            let shifted = |weeks: usize| -> Vec<f64> {
                let shift = |(week, x): (usize, &f64)| (0.5 * (x + if week >= RANGE + LAST { 2.0 } else { 0.0 })).exp();
                values.iter().enumerate().take(RANGE + LAST + weeks).map(shift).collect()
            };
            for (weeks, seen) in [4, 8].into_iter().zip(&mut seen) {
                *seen += usize::from(episodes(&shifted(weeks), rising) > 0);
            }
        }
        let [four, eight] = seen.map(|seen| seen as f64 / YEARS as f64);
        println!("autocorrelation {rho}: a shift of 2 sd is seen within 4 weeks {four:.2}, within 8 {eight:.2}");
        assert!(four >= least && eight >= four, "{four} {eight}");
    }
}

/// A year and more of deployments, some of which fail.
fn deploying(dice: &mut Dice, a_day: f64, fails: impl Fn(i64) -> f64) -> Facts {
    let (mut deployments, now) = (Vec::new(), at(NOW));
    for day in (0..400).rev() {
        let noon = now.plus(-day * DAY - HOUR);
        for number in 0..i64::try_from(dice.poisson(a_day)).unwrap() {
            let failed = dice.unit() < fails(day);
            deployments.push(Packed { at: noon.plus(number * HOUR / 100).0, failed, ..Packed::default() });
        }
    }
    Facts::Dora(Pool {
        services: 1,
        first_event: Some(now.plus(-401 * DAY)),
        deployments,
        as_of: now,
        ever_deployed: true,
        alive: true,
        evidence: true,
        ..Pool::default()
    })
}

fn played(facts: &Facts, settings: &Settings) -> Preview {
    preview::play(settings, known(&settings.metric), facts, at(NOW), chrono_tz::Europe::Berlin)
}

#[test]
#[allow(clippy::cast_precision_loss, reason = "small counts")]
fn a_rate_that_lies_on_its_limit_does_not_flap() {
    let settings = settings(Rule::Above(0.15));
    let mut dice = Dice(SplitMix64::new(99));
    for (a_day, most) in [(1.0, 7.0), (4.0, 7.0)] {
        let (mut begun, mut crossings) = (0, 0);
        for _ in 0..20 {
            let facts = deploying(&mut dice, a_day, |_| 0.15);
            begun += played(&facts, &settings).episodes.len();
            crossings += crossings_of(&facts, 0.15);
        }
        let (begun, crossings) = (begun as f64 / 20.0, crossings as f64 / 20.0);
        println!(
            "{a_day} deployments a day, failing as often as the limit: {crossings:.1} crossings, {begun:.1} episodes a year (margin {MARGIN})"
        );
        assert!(begun <= most && begun < crossings * 0.6, "{begun} of {crossings}");
    }
}

/// How often the figure of 28 days crosses a limit from below, looked at daily.
fn crossings_of(facts: &Facts, limit: f64) -> usize {
    let known = known("change_fail_rate");
    let settings = Settings { least: 0, ..settings(Rule::Above(limit)) };
    let above = |day: i64| matches!(facts.threshold(&settings, known, at(NOW).plus(-day * DAY), chrono_tz::UTC), Reading::Known(it) if it.value > limit);
    let all: Vec<bool> = (0..365).rev().map(above).collect();
    all.windows(2).filter(|two| !two[0] && two[1]).count()
}

#[test]
fn a_year_is_told_with_its_episodes_and_how_loud_that_is() {
    let mut dice = Dice(SplitMix64::new(3));
    let check = |settings: &Settings, facts: &Facts, expect: &[&str]| {
        let preview = played(facts, settings);
        let lines = preview.told(settings, known(&settings.metric), at(NOW), chrono_tz::Europe::Berlin);
        let said = lines.iter().map(Line::text).collect::<Vec<_>>().join("\n");
        for part in expect {
            assert!(said.contains(part), "{part}: {said}");
        }
    };
    // Two bad months: 200 to 170 and 90 to 60 days ago.
    let bad = |day: i64| if (170..200).contains(&day) || (60..90).contains(&day) { 0.5 } else { 0.03 };
    let facts = deploying(&mut dice, 3.0, bad);
    check(&settings(Rule::Above(0.2)), &facts, &["it would have fired 2 times: ", " at worst), ", "2 a year.", "Now: ", "limit 20 %."]);
    check(&settings(Rule::Above(0.9)), &facts, &["would never have fired.", "Mind: a limit that is never reached"]);
    let most = Settings { least: 5_000, ..settings(Rule::Above(0.2)) };
    check(
        &most,
        &facts,
        &["never enough to judge it by", "Mind: it can't fire until there is more data", "On 366 of 366 days", "too few: "],
    );
    check(&settings(Rule::OwnRange), &facts, &["it would have fired ", " at worst)"]);
    // One that hovers: a limit at what is usual, few of n.
    let hover = Settings { least: 0, ..settings(Rule::Above(0.03)) };
    let facts = deploying(&mut dice, 0.15, |day| if day % 24 < 3 { 0.9 } else { 0.0 });
    let preview = Preview { episodes: vec![(at(NOW), None, 0.3); 13], ..played(&facts, &hover) };
    let said: String = preview.told(&hover, known("change_fail_rate"), at(NOW), chrono_tz::UTC).iter().map(Line::text).collect();
    assert!(said.contains("13 times") && said.contains("7 more before") && said.contains("Mind: more than one a month"), "{said}");
    assert!(said.contains("until now (30 % at worst)") && said.contains("About 1.1 a month."), "{said}");
}

#[test]
fn weeks_begin_on_monday_where_people_are_also_when_the_clock_changes() {
    let check = |now: &str, zone: chrono_tz::Tz, expect: [&str; 3]| {
        let found: Vec<String> = mondays(at(now), zone, 2).into_iter().map(At::rfc3339).collect();
        assert_eq!(found, expect, "{now}");
    };
    let berlin = chrono_tz::Europe::Berlin;
    check("2026-11-23T12:00:00Z", berlin, ["2026-11-08T23:00:00Z", "2026-11-15T23:00:00Z", "2026-11-22T23:00:00Z"]);
    check("2026-11-22T22:30:00Z", berlin, ["2026-11-01T23:00:00Z", "2026-11-08T23:00:00Z", "2026-11-15T23:00:00Z"]);
    check("2026-10-28T12:00:00Z", berlin, ["2026-10-11T22:00:00Z", "2026-10-18T22:00:00Z", "2026-10-25T23:00:00Z"]);
    check("2026-11-23T12:00:00Z", chrono_tz::UTC, ["2026-11-09T00:00:00Z", "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"]);
    let monday = local::wall(berlin, mondays(at(NOW), berlin, 0)[0]);
    assert_eq!(monday.to_string(), "2026-11-23 00:00:00");
}

#[test]
fn the_own_range_says_what_it_can_and_what_it_can_not() {
    let fail = known("change_fail_rate");
    let check = |before: &[Option<f64>], last: [Option<f64>; 4], least: u64, expect: &str| {
        let values: Vec<Option<f64>> = before.iter().copied().chain(last).collect();
        let found = match own_range(&weeks_of(&values), fail, least, None) {
            Reading::Known(it) => format!("{:?} {} against {}", it.side, it.value, it.limit),
            Reading::Unknown(why) => why,
        };
        assert_eq!(found, expect);
    };
    // 0.01 to 0.26: all but two are at most 0.24.
    let usual: Vec<Option<f64>> = (1..=26).map(|week| Some(f64::from(week) / 100.0)).collect();
    let last = |values: [f64; 4]| values.map(Some);
    check(&usual, last([0.3, 0.05, 0.25, 0.31]), 10, "Beyond 0.31 against 0.24");
    check(&usual, last([0.24, 0.24, 0.24, 0.24]), 10, "Inside 0.24 against 0.24");
    check(&usual, last([0.05, 0.05, 0.3, 0.3]), 10, "Edge 0.3 against 0.24");
    check(&usual, last([0.3, 0.3, 0.05, 0.06]), 10, "Inside 0.06 against 0.24");
    check(&usual, [Some(0.3), Some(0.3), None, None], 10, "too few: 2 of the last 4 weeks are known");
    check(&usual, last([0.3; 4]), 81, "too few: 80 where 81 are needed");
    let sparse = |known: usize| -> Vec<Option<f64>> { usual.iter().enumerate().map(|(at, value)| value.filter(|_| at < known)).collect() };
    check(&sparse(13), last([0.3; 4]), 10, "Beyond 0.3 against 0.12");
    check(&sparse(12), last([0.3; 4]), 10, "too few: 12 of the 26 weeks before are known, 13 are needed");
    check(&[], last([0.3; 4]), 10, "too few: 0 of the 26 weeks before are known, 13 are needed");
    let neither = own_range(&weeks_of(&usual), known("ai_assisted_share"), 0, None);
    assert_eq!(neither, Reading::Unknown("it has no better side".into()));
    let frequency = known("deployment_frequency");
    let low: Vec<Option<f64>> = usual.iter().copied().chain(last([0.01, 0.02, 0.06, 0.0])).collect();
    let found = own_range(&weeks_of(&low), frequency, 0, None);
    assert!(matches!(&found, Reading::Known(it) if it.side == super::judge::Side::Beyond && it.value.abs() < 1e-9), "{found:?}");
    // The range of an episode under way is the one at its beginning.
    let values: Vec<Option<f64>> = usual.iter().copied().chain(last([0.3; 4])).collect();
    let frozen = own_range(&weeks_of(&values), fail, 0, Some(0.5));
    assert!(matches!(&frozen, Reading::Known(it) if it.side == super::judge::Side::Inside), "{frozen:?}");
}

#[test]
fn the_quick_figure_is_the_figure() {
    let facts = deploying(&mut Dice(SplitMix64::new(5)), 2.0, |_| 0.2);
    let Facts::Dora(pool) = &facts else { panic!("deployments") };
    let window = Window::days(28, at(NOW), chrono_tz::UTC);
    let five = crate::features::dora::compute::five(pool, &window);
    for (place, figure) in five.all().into_iter().enumerate() {
        let quick = crate::features::dora::compute::quick(pool, &window, place);
        assert_eq!((quick.value, quick.n, quick.reason), (figure.value, figure.n, figure.reason), "{place}");
    }
    assert_eq!((days(known("change_fail_rate")), days(known("failed_deployment_recovery_time"))), (28, 84));
}

fn episode(rule: Rule) -> Episode {
    let start = at("2026-11-18T08:12:00Z");
    Episode {
        start,
        since: start.plus(-HOUR),
        settings: settings(rule),
        limit: 0.15,
        value: 0.24,
        n: 42,
        interval: Some([0.13, 0.39]),
        weeks: Vec::new(),
        worst: 0.31,
        receipt: Some("7f3a9c2k".into()),
        question: "Do checks before release keep up with the new pace?".into(),
        told: Some(start),
        held: None,
        others: None,
        over: None,
    }
}

fn shown(episode: &Episode, marks: &[Mark], snoozed: Option<(At, &str)>) -> (String, Vec<String>, usize) {
    let zone = chrono_tz::Europe::Berlin;
    let card = message::card(&About { id: "k3j9m2q7", episode, marks, name: "Payments", zone, author: "U0BEN", snoozed });
    let body = blocks::message(&card);
    let labels = card.buttons.iter().map(|button| button.label.clone()).collect();
    let small =
        body["blocks"].as_array().unwrap().iter().filter(|block| block["type"] == "context").map(ToString::to_string).collect::<String>();
    (format!("{}\n{small}", body["text"].as_str().unwrap()), labels, body.to_string().chars().count())
}

#[test]
fn messages_say_what_where_since_when_and_how_sure() {
    let check = |episode: &Episode, marks: &[Mark], snoozed: Option<(At, &str)>, parts: &[&str], buttons: &[&str]| {
        let (text, labels, size) = shown(episode, marks, snoozed);
        println!("{text}\n");
        for part in parts {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(labels, buttons);
        assert!(size < 9_900);
    };
    let all = ["Acknowledge", "Wrong? Tell me", "Details", "Snooze"];
    let alert = episode(Rule::Above(0.15));
    let said = [
        "Alert - Payments - Change fail rate. Change fail rate of Payments is 24 %, above the limit of 15 % since 18 Nov 08:12 (n 42, 95 % 13 to 39 %).",
        "The interval holds the limit, so that chance alone could do this.",
        "Worth asking: Do checks before release keep up",
        "Change fail rate above 15 %, over 28 days, n at least 10. Set by <@U0BEN>",
        "Receipt `7f3a9c2k`: `/metrics why 7f3a9c2k`",
    ];
    check(&alert, &[], None, &said, &all);
    let sure = Episode { interval: Some([0.16, 0.39]), others: Some((2, 3)), ..alert.clone() };
    check(&sure, &[], None, &["2 more alerts were held back: this channel hears at most 3 alerts a week."], &all);
    assert!(!shown(&sure, &[], None).0.contains("chance alone"));
    let mark = |person: &str, start: At| Mark {
        episode: start,
        kind: "acknowledged".into(),
        person: person.into(),
        at: start.plus(2 * HOUR),
        choice: None,
        words: None,
    };
    let marks = [mark("U0ANA", At(1)), mark("U0CHEN", alert.start), mark("U0ANA", alert.start)];
    let seen = ["Acknowledged by <@U0CHEN>, 18 Nov 11:12."];
    check(&alert, &marks, None, &seen, &all[1..]);
    check(&alert, &[], Some((alert.start.plus(7 * DAY), "U0ANA")), &["Snoozed by <@U0ANA> until 25 Nov 09:12: "], &all);
    let own = Episode { weeks: vec![Some(0.24), None, Some(0.2), Some(0.31)], interval: None, value: 0.31, ..episode(Rule::OwnRange) };
    let said = [
        "left its own range: 24 %, unknown, 20 % and 31 % in the last four weeks, where the half year before hardly ever was above 15 % (n 42).",
        "3 of the last 4 whole weeks worse than nearly all of the 26 before",
    ];
    check(&own, &[], None, &said, &all);
    let over = |why: Why, value: Option<f64>| Episode { over: Some(Over { at: alert.start.plus(9 * DAY), value, why }), ..alert.clone() };
    let said = [
        "Resolved - Payments - Change fail rate. Change fail rate of Payments is back inside: 9.5 %, limit 15 %. It was beyond for 9 days, since 18 Nov 08:12, 31 % at worst.",
    ];
    check(&over(Why::Inside, Some(0.095)), &[], None, &said, &["Wrong? Tell me", "Details"]);
    check(
        &over(Why::NewRange, Some(0.2)),
        &[],
        None,
        &["has been 20 % or so for a quarter: that is its range now."],
        &["Wrong? Tell me", "Details"],
    );
    check(
        &over(Why::Changed, None),
        &[],
        None,
        &["is no longer watched like this: the alert was changed or removed."],
        &["Wrong? Tell me", "Details"],
    );
    let below = Episode {
        settings: Settings { metric: "deployment_frequency".into(), scope: Scope::Organisation, ..settings(Rule::Below(2.0)) },
        limit: 2.0,
        value: 0.5,
        interval: Some([0.1, 1.2]),
        n: 2,
        ..alert.clone()
    };
    check(&below, &[], None, &["is 0.5 a week, below the limit of 2 a week since 18 Nov 08:12 (n 2, 95 % 0.1 to 1.2 a week)."], &all);
}

#[test]
fn names_from_outside_stay_names() {
    let evil = Episode { question: "<!channel> & `rm`".into(), ..episode(Rule::Above(0.15)) };
    let zone = chrono_tz::UTC;
    let name = "<!channel|everybody> *bold*";
    let body =
        blocks::message(&message::card(&About { id: "k3j9m2q7", episode: &evil, marks: &[], name, zone, author: "U0BEN", snoozed: None }));
    assert!(!body.to_string().contains("<!channel"), "{body}");
    let long = "n".repeat(5_000);
    let body = blocks::message(&message::card(&About {
        id: "k3j9m2q7",
        episode: &evil,
        marks: &[],
        name: &long,
        zone,
        author: "U0BEN",
        snoozed: None,
    }));
    assert!(body.to_string().chars().count() < 9_900);
}

#[test]
fn a_long_list_stays_within_the_limits_and_keeps_its_buttons() {
    let subscription = |number: usize| Subscription {
        id: format!("alert{number:03}"),
        kind: "alert".into(),
        channel: "C0PAYMENTS".into(),
        crontab: "7 * * * *".into(),
        zone: chrono_tz::UTC,
        settings: serde_json::Value::Null,
        memory: serde_json::Value::Null,
        author: "U0BEN".into(),
        created_at: at(NOW),
        changed_at: at(NOW),
        state: State::Active,
    };
    let memory = || {
        let mut memory = Memory::default();
        memory.episodes.push(episode(Rule::OwnRange));
        memory
    };
    let row = |number: usize| Row {
        it: subscription(number),
        settings: Settings { scope: Scope::Service("<!here> ".repeat(40)), ..settings(Rule::OwnRange) },
        memory: memory(),
        marks: Vec::new(),
        open: true,
    };
    let check = |count: usize, labels: usize| {
        let rows: Vec<Row> = (0..count).map(row).collect();
        let org = crate::domain::org::Org::default();
        let card = list::card(&rows, &list::About { org: &org, now: at(NOW), channel: Some("C0PAYMENTS") });
        let body = blocks::message(&card).to_string();
        assert!(body.chars().count() < 9_900 && !body.contains("<!here"), "{count}: {}", body.chars().count());
        assert_eq!((card.buttons.len(), card.data["alerts"].as_array().map(Vec::len)), (labels, Some(count)));
    };
    check(0, 1);
    check(1, 6);
    check(2, 3);
    check(60, 21);
}

#[test]
fn what_a_button_carries_is_read_again() {
    let start = at(NOW);
    assert_eq!(message::read_value(&message::value("k3j9m2q7", start)), Some(("k3j9m2q7", start)));
    assert_eq!((message::read_value("k3j9m2q7"), message::read_value("k3j9m2q7:x")), (None, None));
    assert_eq!(message::key("k3j9m2q7", start), "alert/k3j9m2q7/2026-11-23T12:00:00Z");
    let held = Episode { told: None, held: Some(Held::Budget), ..episode(Rule::Above(0.15)) };
    let memory: Memory = serde_json::from_value(
        serde_json::json!({"row": {"beyond": 0, "beyond_since": null, "inside_since": null}, "last": null, "episodes": [held]}),
    )
    .unwrap();
    assert_eq!(super::budget::held_back(&memory, held_at(&memory).plus(DAY)), 1);
    assert_eq!(super::budget::held_back(&memory, held_at(&memory).plus(8 * DAY)), 0);
}

fn held_at(memory: &Memory) -> At {
    memory.episodes[0].start
}
