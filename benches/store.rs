//! What the store and a whole answer cost: 128 webhooks committed as a group and one by one, `dora` from question to
//! card, the card as Block Kit.
//!
//! `cargo bench --bench store`. The first two are to be read as a ratio: at least 4.

#![allow(clippy::format_push_string, clippy::range_plus_one, reason = "a bench writes its own input")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use chrono_tz::UTC;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pacer::domain::card::Card;
use pacer::domain::time::{At, DAY, HOUR};
use pacer::features::{self, Cx, Reply};
use pacer::ingest::Ingest;
use pacer::render;
use pacer::store::{Delivery, Store};
use tokio::runtime::Runtime;
use tokio_util::task::TaskTracker;

const NOW: At = At(20_700 * DAY);
/// Webhooks under way at once.
const AT_ONCE: u64 = 128;

fn webhook(n: u64) -> Delivery {
    let body = format!(r#"{{"deployment_status":{{"id":{n},"state":"success"}},"repository":{{"full_name":"acme/checkout"}}}}"#);
    let headers = BTreeMap::from([("x-github-event".to_string(), "deployment_status".to_string())]);
    Delivery {
        source: "github".into(),
        key: Some(format!("{:016x}{n}", rand::random::<u64>())),
        headers,
        body: body.into_bytes(),
        received_at: NOW,
    }
}

async fn record(store: &Store, n: u64) {
    store.record(webhook(n)).await.expect("recorded");
}

fn commits(c: &mut Criterion, runtime: &Runtime, store: &Store) {
    let mut group = c.benchmark_group("128 durable webhooks");
    group.throughput(Throughput::Elements(AT_ONCE));
    group.bench_function("one by one", |b| {
        b.iter(|| {
            runtime.block_on(async {
                for n in 0..AT_ONCE {
                    record(store, n).await;
                }
            });
        });
    });
    group.bench_function("as a group", |b| {
        b.iter(|| runtime.block_on(async { futures::future::join_all((0..AT_ONCE).map(|n| record(store, n))).await }));
    });
    group.finish();
}

/// A year of one service, three deployments a day, one in twelve failing.
fn year() -> Vec<u8> {
    let mut lines = String::new();
    for n in 0..1_095 {
        let at = NOW.plus((n - 1_095) * 8 * HOUR);
        let commit = |k: i64| format!(r#"{{"sha":"{:040x}","authored_at":"{}"}}"#, n * 8 + k, at.plus(-k * 5 * HOUR - HOUR));
        let list = (0..n % 6 + 1).map(commit).collect::<Vec<_>>().join(",");
        lines += &format!(
            "{{\"type\":\"deployment\",\"id\":\"d{n}\",\"service\":\"checkout\",\"status\":\"success\",\"finished_at\":\"{at}\",\"commits\":[{list}]}}\n"
        );
        if n % 12 == 0 {
            let end = at.plus((n % 5 + 1) * HOUR);
            lines += &format!(
                "{{\"type\":\"incident\",\"id\":\"i{n}\",\"service\":\"checkout\",\"started_at\":\"{at}\",\"resolved_at\":\"{end}\",\"deployment\":\"d{n}\"}}\n"
            );
        }
    }
    lines.into_bytes()
}

async fn dora(store: &Store) -> Card {
    let store = store.reading().await.expect("the store reads");
    let org = store.org(NOW).await.expect("an organisation");
    let cx = Cx {
        store,
        now: NOW,
        org,
        asker: None,
        retention_days: 90,
        host: features::host::Host::default(),
        memo: features::memo::Memo::default(),
        keys: pacer::store::keys::KeyDir::at(std::path::Path::new("pacer-keys")),
    };
    match features::answer(&cx, "dora service:checkout 90d").await {
        Ok(Reply::Card(card)) => *card,
        other => panic!("a card was expected: {other:?}"),
    }
}

fn answers(c: &mut Criterion, runtime: &Runtime, store: &Store) {
    runtime.block_on(Ingest::new(store.clone()).events(year(), NOW)).expect("stored");
    c.bench_function("dora of 90 days, question to card, receipt durable", |b| b.iter(|| runtime.block_on(dora(store))));
    let card = Arc::new(runtime.block_on(dora(store)));
    assert_eq!(card.window.as_ref().map(|window| window.zone), Some(UTC));
    c.bench_function("card to Block Kit", |b| b.iter(|| render::message(black_box(&card)).to_string().len()));
}

fn store(c: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}/bench.db", folder.path().display());
    let store = runtime.block_on(Store::open(&url, &TaskTracker::new())).expect("a database");
    commits(c, &runtime, &store);
    answers(c, &runtime, &store);
}

fn short() -> Criterion {
    Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3))
}

criterion_group! { name = benches; config = short(); targets = store }
criterion_main!(benches);
