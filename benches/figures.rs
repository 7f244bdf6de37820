//! What figures cost without a database: deriving a service, packing its days, the five of a window, reading events, looking
//! back on forecasts.
//!
//! `cargo bench --bench figures`; seconds each. Figures mean something only beside others of the same run.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use pacer::domain::derive::day::{Day, Packed, pack};
use pacer::domain::derive::{CommitRow, DeploymentRow, Derived, IncidentRow, ServiceFacts, derive};
use pacer::domain::event::Status;
use pacer::domain::forecast::backtest::{HORIZONS, PastWeek, baseline, run};
use pacer::domain::forecast::throughput::Week;
use pacer::domain::pool::Pool;
use pacer::domain::time::{At, DAY, HOUR, WEEK};
use pacer::domain::window::Window;
use pacer::features::dora::compute::compute;
use pacer::sources::generic;

const DEPLOYMENTS: i64 = 2_000;
const COMMITS: i64 = 20_000;
const MINUTE: i64 = HOUR / 60;
/// A deployment each 8 hours: 2,000 of them are 667 days.
const APART: i64 = 8 * HOUR;
const BEGIN: At = At(20_000 * DAY);

/// A straight history in which each deployment brings ten commits, and one in ten fails.
fn facts() -> ServiceFacts {
    let sha = |n: i64| format!("{n:040x}");
    let finish = |n: i64| BEGIN.plus(n * APART);
    let commit = |n: i64| CommitRow {
        sha: sha(n),
        authored_at: Some(finish(n / 10).plus(-HOUR - n % 7 * DAY)),
        subject: Some(format!("change {n}")),
        parents: Some(if n == 0 { Vec::new() } else { vec![sha(n - 1)] }),
        exact: true,
        ..CommitRow::default()
    };
    let deployment = |n: i64| DeploymentRow {
        source: "bench".into(),
        id: format!("d{n}"),
        environment: Some("production".into()),
        via: "deployment".into(),
        status: Status::Success,
        finished_at: Some(finish(n)),
        sha: Some(sha(n * 10 + 9)),
        hotfix: n % 50 == 0,
        seq: n,
        ..DeploymentRow::default()
    };
    let incident = |n: i64| IncidentRow {
        source: "bench".into(),
        id: format!("i{n}"),
        started_at: finish(n).plus(10 * MINUTE),
        resolved_at: Some(finish(n).plus((20 + n % 90) * MINUTE)),
        deployment: Some(format!("d{n}")),
        title: None,
        seq: n,
    };
    ServiceFacts {
        service: "checkout".into(),
        deployments: (0..DEPLOYMENTS).map(deployment).collect(),
        commits: (0..COMMITS).map(commit).collect(),
        incidents: (0..DEPLOYMENTS).step_by(10).map(incident).collect(),
        ..ServiceFacts::default()
    }
}

fn pool(derived: &Derived) -> Pool {
    let days = pack(derived, false);
    let deployments: Vec<Packed> = days
        .iter()
        .flat_map(|(day, packed)| packed.deployments.iter().map(move |it| Packed { at: it.at + day * DAY, ..it.clone() }))
        .collect();
    Pool { services: 1, deployments, first_event: derived.first_event, ever_deployed: true, alive: true, evidence: true, ..Pool::default() }
}

fn figures(c: &mut Criterion) {
    let facts = facts();
    let end = BEGIN.plus(DEPLOYMENTS * APART);
    c.bench_function("derive 2,000 deployments, 20,000 commits", |b| b.iter(|| derive(black_box(&facts), end)));
    let derived = derive(&facts, end);
    let days = pack(&derived, false);
    let bytes: Vec<Vec<u8>> = days.values().map(|day| postcard::to_stdvec(day).expect("a day packs")).collect();
    c.bench_function("pack 667 days", |b| {
        b.iter(|| pack(black_box(&derived), false).values().map(|day| postcard::to_stdvec(day).expect("a day packs").len()).sum::<usize>());
    });
    c.bench_function("unpack 667 days", |b| {
        b.iter(|| {
            bytes.iter().map(|bytes| postcard::from_bytes::<Day>(black_box(bytes)).expect("a day unpacks").deployments.len()).sum::<usize>()
        });
    });
    let pool = pool(&derived);
    let window = Window::days(90, end, chrono_tz::UTC);
    c.bench_function("dora of 90 days, 270 deployments, 2,700 commits", |b| b.iter(|| compute(black_box(&pool), &window, &[].into())));
}

fn reading(c: &mut Criterion) {
    let line = |n: i64| {
        format!(
            r#"{{"type":"deployment","id":"d{n}","service":"checkout","repository":"acme/checkout","environment":"production","status":"success","finished_at":"{}","commit":"{n:040x}"}}"#,
            BEGIN.plus(n * MINUTE)
        )
    };
    let body = (0..1_000).map(line).collect::<Vec<_>>().join("\n");
    c.bench_function("read 1,000 JSON lines", |b| b.iter(|| generic::parse(black_box(body.as_bytes()), false).events.len()));
}

/// The last weeks of four real series: items finished in each.
fn real_series() -> Vec<Vec<u32>> {
    let recorded: serde_json::Value = serde_json::from_str(include_str!("../tests/statistics/forecast.json")).expect("recorded");
    let series = recorded["series"].as_object().expect("series").values();
    let counts = series.map(|counts| -> Vec<u32> { serde_json::from_value(counts.clone()).expect("counts") });
    counts.map(|counts| counts[counts.len().saturating_sub(LOOKED_AT)..].to_vec()).collect()
}

const LOOKED_AT: usize = 104;

/// All forecasts of two years of four series, learning on the way; the base: one plain bootstrap at the same origins and horizons.
fn looking_back(c: &mut Criterion) {
    let series = real_series();
    let weeks = |counts: &[u32]| -> Vec<PastWeek> {
        counts.iter().zip(1..).map(|(&finished, week)| PastWeek { to: At(week * WEEK), week: Week { finished, days: 5.0 } }).collect()
    };
    let rows: Vec<Vec<PastWeek>> = series.iter().map(|counts| weeks(counts)).collect();
    let mut group = c.benchmark_group("look back on 4 x 104 weeks");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    group.bench_function("backtest", |b| {
        b.iter(|| rows.iter().map(|rows| run(black_box(rows), 5.0).expect("nothing later").len()).sum::<usize>());
    });
    group.bench_function("base: plain bootstrap", |b| {
        b.iter(|| {
            let origins = |counts: &[u32]| -> usize {
                let ends = (baseline::WEEKS..counts.len()).flat_map(|origin| HORIZONS.map(|horizon| (origin, horizon)));
                ends.map(|(origin, horizon)| baseline::plain_bootstrap(black_box(&counts[..origin]), horizon).len()).sum()
            };
            series.iter().map(|counts| origins(counts)).sum::<usize>()
        });
    });
    group.finish();
}

fn short() -> Criterion {
    Criterion::default().sample_size(20).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2))
}

criterion_group! { name = benches; config = short(); targets = figures, reading, looking_back }
criterion_main!(benches);
