//! Pictures for the tests of every format: one of each kind as a feature would make it, and some that nobody would.

use chrono_tz::Tz;

use super::samples::nasty;
use crate::domain::card::{Card, Part};
use crate::domain::chart::{Bars, Chart, Lines, Quantity, Shares, Spark, Steps, Strip, Trail};
use crate::domain::time::{At, DAY, WEEK};
use crate::domain::words::Better;

const DAY_SECS: f64 = 86_400.0;

/// So many weeks before 23 November 2026 in Berlin.
pub fn weeks(count: i64) -> Steps {
    let end = At::parse("2026-11-22T23:00:00Z").expect("a time");
    Steps::time((1..=count).rev().map(|n| end.plus(-n * WEEK)), Tz::Europe__Berlin)
}

/// A series that drifts from one value to another with an even unevenness; every so many steps a gap (0: none).
#[allow(clippy::cast_precision_loss, reason = "few steps")]
pub fn drift(count: usize, from: f64, to: f64, gap_every: usize) -> Vec<Option<f64>> {
    let wave = |nth: usize| ((nth * 7 + 3) % 11) as f64 / 11.0 - 0.5;
    let at = |nth: usize| from + (to - from) * nth as f64 / (count.max(2) - 1) as f64;
    (0..count).map(|nth| (gap_every == 0 || nth % gap_every != gap_every - 1).then(|| at(nth) + wave(nth) * from * 0.25)).collect()
}

fn around(values: &[Option<f64>], share: f64) -> Vec<Option<[f64; 2]>> {
    values.iter().map(|value| value.map(|x| [x * (1.0 - share), x * (1.0 + share)])).collect()
}

/// A trend over 26 weeks with everything a trend has.
pub fn trend() -> Chart {
    let values = drift(26, 3.2 * DAY_SECS, 1.8 * DAY_SECS, 9);
    let lines = Lines::new("seconds", weeks(26), "Payments", values.clone())
        .band("95 % interval", around(&values, 0.25))
        .previous("26 weeks before", drift(26, 3.4 * DAY_SECS, 3.1 * DAY_SECS, 0))
        .mark(At::parse("2026-08-04T09:00:00Z").expect("a time"), "Trunk-based development")
        .mark(At::parse("2026-09-16T09:00:00Z").expect("a time"), "Review rota")
        .target(2.0 * DAY_SECS, "target");
    Chart::new("Change lead time by week", lines).subtitle("Payments, 26 weeks to 22 Nov, median")
}

/// One line over a quarter.
pub fn quarter() -> Chart {
    Chart::new("Deployments a week", Lines::new("per_week", weeks(12), "Payments", drift(12, 4.0, 6.0, 0)))
        .subtitle("Payments, 12 weeks to 22 Nov")
}

/// Six teams.
pub fn six() -> Chart {
    let lines = Lines::new("fraction", weeks(12), "Payments", drift(12, 0.2, 0.08, 0))
        .and("Search", drift(12, 0.1, 0.09, 5))
        .and("Mobile applications for everybody", drift(12, 0.05, 0.1, 0))
        .and("Platform", drift(12, 0.3, 0.12, 0))
        .and("Data", drift(9, 0.15, 0.11, 0))
        .and("Web", drift(12, 0.12, 0.115, 0));
    Chart::new("Change fail rate by week", lines).subtitle("Six teams, 12 weeks to 22 Nov")
}

/// Columns a week.
pub fn columns() -> Chart {
    let values = drift(12, 9.0, 14.0, 5).into_iter().map(|value| value.map(f64::round)).collect();
    Chart::new("Finished items by week", Bars::new("count", weeks(12), "Finished", values)).subtitle("Payments, 12 weeks to 22 Nov")
}

/// Two columns a week.
pub fn grouped() -> Chart {
    let round = |values: Vec<Option<f64>>| values.into_iter().map(|value| value.map(f64::round)).collect();
    let bars = Bars::new("count", weeks(10), "Arrived", round(drift(10, 12.0, 15.0, 0))).and("Finished", round(drift(10, 9.0, 14.0, 7)));
    Chart::new("Arrived and finished by week", bars.and("Dropped", round(drift(10, 3.0, 1.0, 0))))
}

/// A row a service.
pub fn rows() -> Chart {
    let names = ["checkout", "ledger", "payments-api", "fraud-detection-with-a-very-long-name", "invoices"];
    let bars = Bars::new(
        "seconds",
        Steps::named(names),
        "Lead time",
        vec![Some(86_400.0), Some(3.4 * DAY_SECS), Some(1.9 * DAY_SECS), None, Some(7_200.0)],
    );
    Chart::new("Change lead time by service", bars).subtitle("90 days to 22 Nov, median")
}

/// Where effort went.
pub fn shares() -> Chart {
    let shares = Shares::new(["New things", "Improving things", "KTLO", "Productivity", "Unattributed"])
        .row("June", vec![38.0, 22.0, 30.0, 6.0, 4.0])
        .row("July", vec![41.0, 20.0, 28.0, 8.0, 3.0])
        .row("August", vec![])
        .row("September", vec![47.0, 18.0, 22.0, 10.0, 3.0])
        .row("October", vec![52.0, 16.0, 19.0, 11.0, 2.0])
        .row("November", vec![55.0, 15.0, 17.0, 12.0, 1.0]);
    Chart::new("Where effort went", shares).subtitle("Share of person-days, by month")
}

/// Speed against quality.
pub fn trail() -> Chart {
    let trail = Trail::new(
        Quantity::new("Change lead time (median)", "seconds", Better::Lower),
        Quantity::new("Change fail rate", "fraction", Better::Lower),
    );
    let months = [("Jun", 6.1, 0.14), ("Jul", 5.8, 0.15), ("Aug", 5.1, 0.12), ("Sep", 4.9, 0.13), ("Oct", 4.3, 0.09), ("Nov", 4.0, 0.08)];
    let trail = months.into_iter().fold(trail, |trail, (name, days, share)| trail.point(name, Some([days * DAY_SECS, share])));
    Chart::new("Speed against quality", trail).subtitle("Payments, a point a month")
}

/// Projects a day.
#[allow(clippy::cast_precision_loss, reason = "few")]
pub fn strip() -> Chart {
    let first = At::parse("2026-10-25T23:00:00Z").expect("a time");
    let days = Steps::time((0..28).map(|day| first.plus(day * DAY)), Tz::Europe__Berlin);
    let row = |seed: usize| -> Vec<Option<f64>> { (0..28).map(|day| (day % 7 < 5).then_some(((day * seed + seed) % 6) as f64)).collect() };
    let strip = Strip::new("projects", "count", days).row("Payments", row(5), "2.1 a day").row("Search and discovery", row(3), "2.8 a day");
    Chart::new("Projects a day", strip.row("Mobile", row(7), "1.9 a day")).subtitle("4 weeks to 22 Nov; weekends have no data")
}

/// A small line.
pub fn spark() -> Chart {
    Chart::new("Deployment frequency by week", Spark::new("per_week", drift(13, 3.0, 5.0, 6)))
}

/// One of each, with a name for a file.
pub fn all() -> Vec<(&'static str, Chart)> {
    vec![
        ("trend", trend()),
        ("quarter", quarter()),
        ("six", six()),
        ("columns", columns()),
        ("grouped", grouped()),
        ("rows", rows()),
        ("shares", shares()),
        ("trail", trail()),
        ("strip", strip()),
        ("spark", spark()),
    ]
}

/// What nobody would draw and somebody's data will: long names, one point, nothing, zeros, all sizes, below zero, 1 to 6 series.
pub fn hard() -> Vec<(String, Chart)> {
    let mut out = Vec::new();
    let mut add = |name: String, chart: Chart| out.push((name, chart));
    let long = nasty(300);
    for count in [0, 1, 2, 6, 12, 20, 26, 52, 104] {
        let values = |from: f64, to: f64| drift(usize::try_from(count).expect("small"), from, to, 0);
        add(
            format!("{count} weeks"),
            Chart::new(
                "By week",
                Lines::new("seconds", weeks(count), "Payments", values(1e5, 3e5)).band("95 % interval", around(&values(1e5, 3e5), 0.3)),
            ),
        );
        add(format!("{count} weeks of bars"), Chart::new("By week", Bars::new("count", weeks(count), "Payments", values(5.0, 9.0))));
    }
    for series in 1..=8 {
        let name = |nth: usize| if nth.is_multiple_of(2) { long.clone() } else { format!("series {nth}") };
        let lines = (1..series).fold(Lines::new("per_week", weeks(26), name(0), drift(26, 5.0, 4.0, 4)), |lines, nth| {
            lines.and(name(nth), drift(26, 5.0, 4.0, 0))
        });
        let lines = (0..series).fold(lines, |lines, nth| {
            lines.mark(At::parse("2026-11-17T00:00:00Z").expect("a time").plus(-i64::try_from(nth).expect("small") * 9 * DAY), name(nth))
        });
        add(format!("{series} lines"), Chart::new(long.clone(), lines.target(4.0, long.clone())).subtitle(long.clone()));
        let bars = |steps: Steps, count: usize| {
            (1..series).fold(Bars::new("seconds", steps, name(0), drift(count, 5e5, 4e4, 4)), |bars, nth| {
                bars.and(name(nth), drift(count, 5e5, 4e4, 3))
            })
        };
        add(format!("{series} columns"), Chart::new(long.clone(), bars(weeks(12), 12)));
        add(format!("{series} rows"), Chart::new(long.clone(), bars(Steps::named(vec![long.clone(); 5]), 5)));
        let shares = Shares::new((0..series).map(name));
        add(
            format!("{series} parts"),
            Chart::new(long.clone(), (0..4).fold(shares, |shares, row| shares.row(name(row), vec![1.0; series]))),
        );
    }
    for (name, value) in [
        ("none", None),
        ("zero", Some(0.0)),
        ("tiny", Some(3e-9)),
        ("huge", Some(7e17)),
        ("negative", Some(-4.0)),
        ("endless", Some(f64::INFINITY)),
    ] {
        for unit in ["seconds", "per_week", "fraction", "count"] {
            let values = vec![value, None, value.map(|x| x / 3.0), value];
            add(
                format!("{name} {unit} lines"),
                Chart::new(name, Lines::new(unit, weeks(4), "x", values.clone()).band("95 % interval", around(&values, 0.5))),
            );
            add(
                format!("{name} {unit} columns"),
                Chart::new(name, Bars::new(unit, weeks(4), "x", values.clone()).and("y", values.clone())),
            );
            add(format!("{name} {unit} rows"), Chart::new(name, Bars::new(unit, Steps::named(["a", "b", "c", "d"]), "x", values.clone())));
            let quantity = || Quantity::new(long.clone(), unit, Better::Higher);
            let point = |value: Option<f64>| value.map(|x| [x, x]);
            let trail = values.iter().fold(Trail::new(quantity(), quantity()), |trail, value| trail.point(long.clone(), point(*value)));
            add(format!("{name} {unit} trail"), Chart::new(name, trail));
            add(
                format!("{name} {unit} strip"),
                Chart::new(
                    name,
                    Strip::new(long.clone(), unit, weeks(4)).row(long.clone(), values.clone(), long.clone()).row("b", vec![], ""),
                ),
            );
            add(format!("{name} {unit} spark"), Chart::new(name, Spark::new(unit, values)));
        }
    }
    let close = (0..30)
        .fold(Trail::new(Quantity::new("x", "count", Better::Neither), Quantity::new("y", "count", Better::Neither)), |trail, nth| {
            trail.point(format!("point {nth}"), Some([5.0 + f64::from(nth % 3) * 0.01, 5.0]))
        });
    add("close points".into(), Chart::new("Close", close));
    add("no rows".into(), Chart::new("", Shares::new(["a"])));
    add("no strip".into(), Chart::new("", Strip::new("x", "count", weeks(0))));
    add(
        "many rows".into(),
        Chart::new("Many", (0..90).fold(Shares::new(["a", "b"]), |shares, nth| shares.row(format!("row {nth}"), vec![1.0, 2.0]))),
    );
    add("many bars".into(), Chart::new("Many", Bars::new("count", Steps::named((0..90).map(|n| n.to_string())), "x", vec![Some(2.0); 90])));
    add(
        "many strips".into(),
        Chart::new(
            "Many",
            (0..90).fold(Strip::new("x", "count", weeks(52)), |strip, nth| strip.row(nth.to_string(), vec![Some(1.0); 52], "")),
        ),
    );
    out
}

/// An answer with a trend, as `trend` will give it.
pub fn trend_card() -> Card {
    let mut card = super::samples::dora();
    card.command = "trend".into();
    card.title = "Trend - Payments - 26 weeks to 22 Nov".into();
    card.parts = vec![Part::Chart(trend()), Part::Chart(columns()), Part::Text("The rest is quiet.".into())];
    card.metrics = Vec::new();
    card
}

/// An answer with one of each.
pub fn every_kind() -> Card {
    Card { parts: all().into_iter().map(|(_, chart)| Part::Chart(chart)).collect(), ..trend_card() }
}
