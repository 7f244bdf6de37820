//! What a picture costs: an answer's five figures as PNG, a trend of 26 weeks as SVG in a page and as PNG.
//!
//! `cargo bench --bench pictures`; seconds. Figures mean something only beside others of the same run.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use pacer::domain::card::{Card, Figure, Line, Part, Tone};
use pacer::domain::chart::{Chart, Lines, Steps};
use pacer::domain::time::{At, WEEK};
use pacer::render::svg::theme::Theme;
use pacer::render::{png, svg};

/// So many weeks that go up and down, one in nine without data.
fn values(count: u32) -> Vec<Option<f64>> {
    (0..count).map(|week| (week % 9 != 8).then(|| 200_000.0 + f64::from(week * 7 % 11) * 9_000.0 - f64::from(week) * 2_000.0)).collect()
}

fn dora() -> Card {
    let figure = |name: &str| Figure {
        name: name.into(),
        value: "1.9 days".into(),
        change: Some((Tone::Good, "↓ 14 % better".into())),
        spark: values(13),
        band: Some("high (DORA 2024)".into()),
        target: Some((Tone::Good, "target 2 days or less: met".into())),
        detail: "131 commits, 95 % 1.5 to 2.4 days".into(),
    };
    let names =
        ["Deployment frequency", "Change lead time", "Failed deployment recovery time", "Change fail rate", "Deployment rework rate"];
    Card {
        command: "dora".into(),
        title: "DORA - Payments - 90 days to 23 Nov".into(),
        verdict: Line::plain("Payments deploys 4.3 times a week, and a commit takes 1.9 days to production (median)."),
        parts: vec![Part::Figures(names.map(figure).to_vec())],
        ..Card::default()
    }
}

fn trend() -> Chart {
    let weeks = (0..26).map(|week| At(20_000 * WEEK / 7).plus(week * WEEK));
    let band = values(26).into_iter().map(|value| value.map(|x| [x * 0.8, x * 1.25])).collect();
    let lines = Lines::new("seconds", Steps::time(weeks, chrono_tz::Tz::Europe__Berlin), "Payments", values(26));
    Chart::new(
        "Change lead time by week",
        lines.band("95 % interval", band).previous("26 weeks before", values(26)).target(172_800.0, "target"),
    )
}

fn pictures(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pictures");
    group.sample_size(20).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3));
    let (card, chart) = (dora(), trend());
    group.bench_function("trend of 26 weeks as svg in a page", |bench| bench.iter(|| svg::inline(black_box(&chart), "c1")));
    group.bench_function("dora as svg", |bench| bench.iter(|| svg::draw_card(black_box(&card), Theme::Light).file()));
    group.bench_function("dora as png", |bench| bench.iter(|| png::card(black_box(&card)).expect("a picture")));
    group.bench_function("trend of 26 weeks as png", |bench| bench.iter(|| png::chart(black_box(&chart), 600.0).expect("a picture")));
    group.finish();
}

criterion_group!(benches, pictures);
criterion_main!(benches);
