//! What surveys cost beside the plainest way to write as much: closing a wave of 10,000 answers beside inserting as many rows, casting a
//! ballot beside an upsert of one row, and the attack's search of the database's files beside reading every row of its tables.
//!
//! `cargo bench --bench surveys`. To be read as ratios within one run.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pacer::domain::survey::Minima;
use pacer::domain::survey::items::{Item, shipped};
use pacer::domain::survey::tally::Rules;
use pacer::domain::survey::tree::Tree;
use pacer::domain::survey::wave::Length;
use pacer::domain::time::At;
use pacer::store::keys::KeyDir;
use pacer::store::survey::{Marked, NewWave, Survey, scan};
use pacer::store::{Store, file};
use sqlx::any::AnyPoolOptions;
use sqlx::{AnyPool, Row};
use tokio::runtime::Runtime;
use tokio_util::task::TaskTracker;
use zeroize::Zeroizing;

const PEOPLE: usize = 10_000;
const TEAMS: usize = 500;
/// Ballots under way at once.
const AT_ONCE: usize = 512;

struct Place {
    _folder: tempfile::TempDir,
    url: String,
    store: Store,
    keys: KeyDir,
}

fn items() -> Vec<Item> {
    shipped().into_iter().flat_map(|category| category.items).filter(Item::rated).take(29).chain(text()).collect()
}

fn text() -> Option<Item> {
    shipped().into_iter().flat_map(|category| category.items).find(|item| !item.rated())
}

async fn place(wave: &str, people: usize) -> Place {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}/bench.db", folder.path().display());
    let store = Store::open(&url, &TaskTracker::new()).await.expect("a database");
    let keys = KeyDir::open(&folder.path().join("keys")).expect("a folder of keys");
    let survey = Survey {
        id: "full".into(),
        title: "Bench".into(),
        kind: Length::Full,
        root: None,
        channel: None,
        minima: Minima::default(),
        created_by: "U1".into(),
    };
    store.keep_survey(survey).await.expect("kept").expect("kept");
    let names: Vec<String> = (0..TEAMS).map(|at| format!("t{at:03}")).collect();
    let teams: Vec<(&str, Option<&str>)> =
        std::iter::once(("all", None)).chain(names.iter().map(|id| (id.as_str(), Some("all")))).collect();
    let tree = Tree::new(&teams).expect("a tree");
    let invited = (0..people).map(|at| (user(at), 1 + at % TEAMS)).collect();
    let day = |text: &str| text.parse().expect("a date");
    let rules = Rules { minima: Minima::default(), strict_membership: true, items: items() };
    let launched =
        NewWave { id: wave.into(), survey: "full".into(), opens_on: day("2026-11-02"), closes_on: day("2026-11-13"), rules, tree, invited };
    store.launch_wave(&keys, launched).await.expect("launched").expect("launched");
    Place { _folder: folder, url, store, keys }
}

fn user(at: usize) -> String {
    format!("U{at:06}")
}

fn marked(at: usize) -> Marked {
    let rating = |(n, item): (usize, Item)| (item.id, Some(u8::try_from(1 + (at * 7 + n * 3) % 5).expect("small")));
    let ratings: BTreeMap<_, _> = items().into_iter().filter(Item::rated).enumerate().map(rating).collect();
    let texts = text().filter(|_| at.is_multiple_of(10)).map(|item| (item.id, Zeroizing::new("Builds are slow".to_owned())));
    Marked { ratings, texts: texts.into_iter().collect() }
}

async fn cast(place: &Place, wave: &str, from: usize, count: usize) {
    let cast = (from..from + count).map(|at| async move { place.store.cast(&place.keys, wave, &user(at), marked(at)).await });
    for done in futures::future::join_all(cast).await {
        done.expect("stored").expect("taken");
    }
}

async fn pool(url: &str) -> AnyPool {
    AnyPoolOptions::new().max_connections(1).connect(url).await.expect("opens")
}

/// Rows as a plain program would write them: one transaction, one statement a row.
async fn plain(pool: &AnyPool, rows: usize) {
    let mut conn = pool.acquire().await.expect("a connection");
    sqlx::query("begin").execute(&mut *conn).await.expect("begins");
    for at in 0..rows {
        let sql = "insert into plain (id, answers) values ($1, $2) on conflict (id) do update set answers = excluded.answers";
        sqlx::query(sql).bind(user(at)).bind(vec![3_u8; 104]).execute(&mut *conn).await.expect("written");
    }
    sqlx::query("commit").execute(&mut *conn).await.expect("commits");
}

fn close(c: &mut Criterion, runtime: &Runtime) {
    let mut group = c.benchmark_group("10,000 answers of 30 questions");
    group.bench_function("insert of as many rows", |b| {
        b.iter_custom(|times| {
            runtime.block_on(async {
                let mut took = Duration::ZERO;
                for _ in 0..times {
                    let place = place("w1", 1).await;
                    let pool = pool(&place.url).await;
                    sqlx::query("create table plain (id text primary key, answers bytea)").execute(&pool).await.expect("made");
                    let begun = Instant::now();
                    plain(&pool, PEOPLE).await;
                    took += begun.elapsed();
                }
                took
            })
        });
    });
    let mut timed = |name: &str, files: bool| {
        group.bench_function(name, |b| {
            b.iter_custom(|times| {
                runtime.block_on(async {
                    let mut took = Duration::ZERO;
                    for _ in 0..times {
                        let place = place("w1", PEOPLE).await;
                        cast(&place, "w1", 0, PEOPLE).await;
                        let begun = Instant::now();
                        place.store.begin_close(&place.keys, "w1").await.expect("begun").expect("begun");
                        place.store.tally_wave(&place.keys, "w1", At(0)).await.expect("added up").expect("added up");
                        if files {
                            place.store.clean_wave(&place.keys, "w1").await.expect("cleaned");
                        }
                        took += begun.elapsed();
                    }
                    took
                })
            });
        });
    };
    timed("close: opened, added up, ballots removed", false);
    timed("close, and the files rewritten", true);
    group.finish();
}

fn ballots(c: &mut Criterion, runtime: &Runtime) {
    let place = runtime.block_on(place("w1", PEOPLE));
    let pool = runtime.block_on(pool(&place.url));
    runtime.block_on(sqlx::query("create table plain (id text primary key, answers bytea)").execute(&pool)).expect("made");
    let mut group = c.benchmark_group("durable ballots");
    group.throughput(Throughput::Elements(1));
    let mut at = 0;
    group.bench_function("upsert of one row", |b| b.iter(|| runtime.block_on(plain(&pool, 1))));
    group.bench_function("one by one", |b| {
        b.iter(|| {
            at = (at + 1) % PEOPLE;
            runtime.block_on(cast(&place, "w1", at, 1));
        });
    });
    group.throughput(Throughput::Elements(AT_ONCE as u64));
    group.bench_function("512 at once", |b| b.iter(|| runtime.block_on(cast(&place, "w1", 0, AT_ONCE))));
    group.finish();
}

fn search(c: &mut Criterion, runtime: &Runtime) {
    let place = runtime.block_on(place("w1", PEOPLE));
    runtime.block_on(cast(&place, "w1", 0, PEOPLE));
    let pool = runtime.block_on(pool(&place.url));
    let path = file(&place.url).expect("a file");
    let bytes: u64 = scan::files(&path).iter().map(|path| path.metadata().map_or(0, |known| known.len())).sum();
    let mut group = c.benchmark_group("10,000 sealed ballots in the files");
    group.throughput(Throughput::Bytes(bytes));
    group.bench_function("read of every row", |b| {
        b.iter(|| {
            runtime.block_on(async {
                let mut read = 0;
                for sql in ["select tag, seal from ballot", "select tag2, seal from ballot_text"] {
                    for row in sqlx::query(sql).fetch_all(&pool).await.expect("rows") {
                        read += row.get::<Vec<u8>, _>(1).len();
                    }
                }
                black_box(read)
            })
        });
    });
    group.bench_function("search for waves that are over", |b| {
        b.iter(|| scan::files(&path).iter().map(|path| scan::ballots_in(path, &["w9", "v1"]).expect("read").len()).sum::<usize>());
    });
    group.bench_function("everything the attack reads", |b| {
        b.iter(|| runtime.block_on(place.store.survey_evidence(&place.keys)).expect("read").waves.len());
    });
    group.finish();
}

fn surveys(c: &mut Criterion) {
    sqlx::any::install_default_drivers();
    let runtime = Runtime::new().expect("a runtime");
    close(c, &runtime);
    ballots(c, &runtime);
    search(c, &runtime);
}

fn short() -> Criterion {
    Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3))
}

criterion_group! { name = benches; config = short(); targets = surveys }
criterion_main!(benches);
