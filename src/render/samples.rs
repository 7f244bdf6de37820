//! Cards for the tests of every format: a realistic `dora`, and one past every limit.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use serde_json::json;

use crate::domain::card::{Band, Button, Card, Figure, Line, Metric, Part, Previous, Scope, SourceHealth, Table, Target, Tone};
use crate::domain::time::{At, DAY};
use crate::domain::window::Window;

fn at(text: &str) -> At {
    At::parse(text).expect("a valid time")
}

fn metric(id: &str, unit: &str, value: Option<f64>, n: u64) -> Metric {
    let interval = value.map(|x| [x * 0.75, x * 1.25]);
    let band = Band { name: Some("high".into()), candidates: vec![], source: "DORA 2024".into() };
    let previous = value.map(|x| Previous { value: Some(x * 1.16), n, reason: None });
    let reason = value.is_none().then(|| "no_data".to_owned());
    let band = value.is_some().then_some(band);
    Metric {
        id: id.into(),
        value,
        unit: unit.into(),
        n,
        interval,
        previous,
        band,
        target: None,
        percentiles: None,
        quantiles: None,
        excluded: BTreeMap::new(),
        reason,
    }
}

fn figure(name: &str, value: &str, change: Option<(Tone, &str)>, spark: Vec<Option<f64>>, band: &str, detail: &str) -> Figure {
    let change = change.map(|(tone, words)| (tone, words.to_owned()));
    Figure { name: name.into(), value: value.into(), change, spark, band: Some(band.into()), target: None, detail: detail.into() }
}

fn metrics() -> Vec<Metric> {
    let mut lead = metric("change_lead_time", "seconds", Some(164_160.0), 131);
    lead.target = Some(Target { value: 172_800.0, status: Some("met".into()) });
    lead.percentiles = Some(BTreeMap::from([("75".into(), 200_000.0), ("90".into(), 400_000.0)]));
    lead.excluded = BTreeMap::from([("bot".into(), 12), ("no_baseline".into(), 3)]);
    vec![
        metric("deployment_frequency", "per_week", Some(4.3), 56),
        lead,
        metric("change_fail_rate", "fraction", Some(0.089), 56),
        metric("failed_deployment_recovery_time", "seconds", Some(7_560.0), 5),
        metric("deployment_rework_rate", "fraction", None, 0),
    ]
}

fn figures() -> Vec<Figure> {
    let some = |weeks: &[f64]| weeks.iter().map(|x| Some(*x)).collect::<Vec<_>>();
    let gaps = vec![None, Some(2.0), None, None, Some(1.0), Some(4.0), None, Some(2.5), None, None, Some(1.5), None, Some(2.0)];
    let mut out = vec![
        figure(
            "Deployment frequency",
            "4.3 a week",
            Some((Tone::Good, "↑ 26 % better")),
            some(&[3., 3., 4., 3., 4., 4., 5., 4., 5., 4., 5., 6., 5.]),
            "high (DORA 2024)",
            "n 56 deployments, 95 % 3.5 to 5.4 a week",
        ),
        figure(
            "Change lead time",
            "1.9 days",
            Some((Tone::Good, "↓ 14 % better")),
            some(&[2.6, 2.4, 2.5, 2.2, 2.3, 2.1, 2.0, 2.2, 1.9, 1.8, 1.9, 1.7, 1.8]),
            "high (DORA 2024)",
            "n 131 commits, 95 % 1.5 to 2.4 days",
        ),
        figure(
            "Change fail rate",
            "8.9 %",
            Some((Tone::Neutral, "no clear change")),
            some(&[0., 0.2, 0., 0.1, 0., 0.25, 0., 0., 0.2, 0., 0., 0.1, 0.2]),
            "not separable: elite, high or medium",
            "n 56 deployments, 95 % 3.9 to 19 %",
        ),
        figure("Failed deployment recovery time", "2.1 h", None, gaps, "too few for a band", "n 5 failures"),
        figure("Deployment rework rate", "no data", None, vec![], "no published band", "nothing says which deployments were unplanned"),
    ];
    out[1].target = Some((Tone::Good, "target under 2 days: met".into()));
    out[2].target = Some((Tone::Bad, "target under 5 %: missed".into()));
    out
}

/// As the command `dora` answers for a team.
pub fn dora() -> Card {
    let button = |label: &str, action: &str, value: &str, primary| Button {
        label: label.into(),
        action: action.into(),
        value: value.into(),
        primary,
    };
    Card {
        zone: None,
        command: "dora".into(),
        title: "DORA - Payments - 90 days to 23 Nov".into(),
        scope: Scope::Team("payments".into()),
        window: Some(Window {
            from: at("2026-08-25T00:00:00Z"),
            to: at("2026-11-23T00:00:00Z"),
            zone: Tz::Europe__Berlin,
            label: "90 days".into(),
        }),
        verdict: Line::plain("Payments ")
            .strong("delivers faster")
            .and(" than in the 90 days before (lead time 1.9 days, ↓ 14 %), and fails no less often (8.9 %)."),
        parts: vec![
            Part::Figures(figures()),
            Part::Text(Line::plain("Faster delivery with a steady fail rate: did smaller batches let reviews keep up?")),
        ],
        metrics: metrics(),
        notes: vec![
            Line::plain("Bands: DORA 2024. Pool of 3 services: ")
                .code("payments_api")
                .and(", ")
                .code("ledger")
                .and(", ")
                .code("checkout")
                .and("."),
            Line::plain("Left out: 12 commits by bots, 3 deployments without a baseline."),
        ],
        health: vec![
            SourceHealth { source: "github".into(), last_event: Some(at("2026-11-22T22:41:00Z")) },
            SourceHealth { source: "git".into(), last_event: None },
        ],
        receipt: Some("7f3a9c2k".into()),
        buttons: vec![
            button("Share to channel", "share", "7f3a9c2k", true),
            button("Why these numbers", "why", "7f3a9c2k", false),
            button("30 days", "period", "dora team:payments 30d", false),
            button("6 months", "period", "dora team:payments 6m", false),
        ],
        data: serde_json::Map::new(),
    }
}

/// Text of `n` characters with everything in it that could hurt.
pub fn nasty(n: usize) -> String {
    const SEED: &str =
        "<!channel> & *bold* _it_ ~x~ `code` <@U1> @here :tada: \u{1b}[31m \u{7}\u{202e} 👩\u{200d}💻 e\u{301} \"q\" \\ 漢字 >q\n\t\u{0}";
    SEED.chars().cycle().take(n).collect()
}

/// Past every limit there is.
pub fn extreme() -> Card {
    extreme_of(200, 300, 60, 10_000)
}

/// So many figures, rows and items, buttons, characters in each text.
pub fn extreme_of(figures: usize, rows: usize, buttons: usize, chars: usize) -> Card {
    let text = nasty(chars);
    let one = Figure {
        name: text.clone(),
        value: text.clone(),
        change: Some((Tone::Bad, text.clone())),
        spark: vec![Some(1.0); chars.min(500)],
        band: Some(text.clone()),
        target: Some((Tone::Good, text.clone())),
        detail: text.clone(),
    };
    let table = |columns: usize, cell: &str| {
        Part::Table(Table {
            columns: vec![cell.to_owned(); columns],
            numeric: vec![false, true],
            rows: vec![vec![cell.to_owned(); columns]; rows],
            more: Some(format!("/metrics why {text}")),
        })
    };
    let line = Line::plain(&text).strong(&text).code(&text);
    let short = nasty(6);
    Card {
        command: text.clone(),
        title: text.clone(),
        verdict: line.clone(),
        parts: vec![
            Part::Text(line.clone()),
            table(3, &short),
            Part::Heading(text.clone()),
            Part::Divider,
            Part::Figures(vec![one; figures]),
            Part::List(vec![line.clone(); rows], None),
            Part::Beside(line.clone(), Button { label: text.clone(), action: text.clone(), value: text.clone(), primary: true }),
            table(9, &text),
            Part::Text(Line::default()),
        ],
        notes: vec![line; 30],
        health: vec![SourceHealth { source: text.clone(), last_event: Some(At(DAY)) }; 40],
        receipt: Some("7f3a9c2k".into()),
        buttons: (0..buttons)
            .map(|n| Button { label: text.clone(), action: "why".into(), value: nasty(chars.min(n * 50)), primary: true })
            .collect(),
        data: serde_json::Map::from_iter([("rows".to_owned(), json!([text]))]),
        ..Card::default()
    }
}
