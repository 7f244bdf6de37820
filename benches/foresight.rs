//! What forecasts cost beside the plainest ways to the same: a thousand projects against a Monte Carlo of 10,000 trials of the same question,
//! and against reading their items alone; the past asked again beside one forecast of it.
//!
//! `cargo bench --bench foresight`. To be read as ratios within one run.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use pacer::domain::forecast::backtest::replay;
use pacer::domain::forecast::drift::Spread;
use pacer::domain::forecast::project::{Life, ahead};
use pacer::domain::forecast::throughput::Span;
use pacer::domain::time::{At, DAY, WEEK};
use pacer::store::Store;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use sqlx::any::AnyPoolOptions;
use tokio::runtime::Runtime;
use tokio_util::task::TaskTracker;

const PROJECTS: usize = 1_000;
const WEEKS: i64 = 60;
const TRIALS: usize = 10_000;
/// Items that remain in each.
const LEFT: usize = 40;

fn now() -> At {
    At(WEEKS * WEEK)
}

fn calendar() -> Vec<Span> {
    (0..WEEKS).map(|week| Span { from: At(week * WEEK), to: At((week + 1) * WEEK), days: 5.0 }).collect()
}

/// A project of about three items a week, with a few added meanwhile.
fn project(seed: u64) -> Vec<Life> {
    let mut random = SmallRng::seed_from_u64(seed);
    let mut lives = Vec::new();
    for week in 0..WEEKS {
        for _ in 0..random.random_range(0..7) {
            let done = At(week * WEEK + random.random_range(0..7) * DAY);
            let created = if random.random_range(0..5) == 0 { done.plus(-WEEK) } else { At(0) };
            lives.push(Life { created_at: Some(created), started_at: Some(done.plus(-3 * DAY)), done_at: Some(done) });
        }
    }
    lives.extend((0..LEFT).map(|_| Life { created_at: Some(At(0)), ..Life::default() }));
    lives
}

/// The same question by drawing: the week by which `need` items are done, with drift of the rate, in the median and at 85 and 95 %.
fn drawn(weeks: &[u32], need: u32, random: &mut SmallRng) -> [u32; 3] {
    let mut ends: Vec<u32> = (0..TRIALS)
        .map(|_| {
            let normal: f64 = (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
            let mut done = 0.0;
            (1..=52)
                .find(|week| {
                    done += f64::from(weeks[random.random_range(0..weeks.len())]);
                    done * (0.4 * normal * (f64::from(*week).min(13.0) / 13.0).sqrt()).exp() >= f64::from(need)
                })
                .unwrap_or(52)
        })
        .collect();
    ends.sort_unstable();
    [50, 85, 95].map(|percent| ends[TRIALS * percent / 100])
}

fn foresight(bench: &mut Criterion) {
    let projects: Vec<Vec<Life>> = (0..PROJECTS as u64).map(project).collect();
    let calendar = calendar();
    let weeks: Vec<Vec<u32>> = projects
        .iter()
        .map(|lives| {
            ahead(lives, &calendar, 5.0, Spread::even(0.4), 0.05, now())
                .weeks
                .iter()
                .map(|week| week.week.finished)
                .rev()
                .take(26)
                .collect()
        })
        .collect();
    let mut group = bench.benchmark_group("foresight");
    group.sample_size(10);
    group.bench_function("forecast 1,000 projects", |bench| {
        bench.iter(|| {
            for lives in &projects {
                black_box(ahead(lives, &calendar, 5.0, Spread::even(0.4), 0.05, now()).dates());
            }
        });
    });
    group.bench_function("base: 1,000 Monte Carlos of 10,000 trials", |bench| {
        bench.iter(|| {
            let mut random = SmallRng::seed_from_u64(7);
            for weeks in &weeks {
                black_box(drawn(weeks, 42, &mut random));
            }
        });
    });
    let one = ahead(&projects[0], &calendar, 5.0, Spread::even(0.4), 0.05, now());
    group.bench_function("the past of one project asked again", |bench| {
        bench.iter(|| black_box(replay(&one.weeks, 5.0).expect("in order")));
    });
    let (runtime, folder) = (Runtime::new().expect("a runtime"), tempfile::tempdir().expect("a folder"));
    let url = format!("sqlite://{}/bench.db", folder.path().display());
    let store = runtime.block_on(Store::open(&url, &TaskTracker::new())).expect("a database");
    runtime.block_on(fill(&url, &projects));
    group.bench_function("base: reading the items alone", |bench| {
        bench.iter(|| black_box(runtime.block_on(store.work_items(now())).expect("read").len()));
    });
    group.finish();
    runtime.block_on(store.close());
}

async fn fill(url: &str, projects: &[Vec<Life>]) {
    let pool = AnyPoolOptions::new().max_connections(1).connect(url).await.expect("a database");
    let mut transaction = pool.begin().await.expect("begun");
    let sql = "insert into item (source, id, project, labels, created_at, started_at, done_at, updated_at, hash, seq) values ('bench', $1, $2, '[]', $3, $4, $5, 0, '', 1)";
    for (at, lives) in projects.iter().enumerate() {
        for (nth, life) in lives.iter().enumerate() {
            let query = sqlx::query(sql).bind(format!("{at}-{nth}")).bind(format!("p{at}")).bind(life.created_at.map(|at| at.0));
            query
                .bind(life.started_at.map(|at| at.0))
                .bind(life.done_at.map(|at| at.0))
                .execute(&mut *transaction)
                .await
                .expect("inserted");
        }
    }
    transaction.commit().await.expect("committed");
}

criterion_group!(benches, foresight);
criterion_main!(benches);
