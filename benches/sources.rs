//! What reading GitHub costs: webhooks and pages from bytes to events, beside `serde_json` alone; pages of a backfill from
//! a server on this machine to rows, beside the same requests with nothing done to the answers.
//!
//! `cargo bench --bench sources`. To be read as ratios of the same run.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::header;
use axum::response::IntoResponse;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pacer::backfill::api::{Answered, Api, Bounds, Time};
use pacer::backfill::place::{Place, Wish};
use pacer::backfill::walk::{Taken, Walk};
use pacer::domain::time::{At, HOUR};
use pacer::sources::pages::{ASKED, Ask, Pages};
use pacer::sources::{Headers, Source};
use pacer::store::backfill::Cursor;
use pacer::store::{Delivery, Store};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;

const NOW: At = At(1_800_000_000_000_000);
/// Pages of a backfill.
const PAGES: u64 = 50;

fn github() -> (&'static Source, &'static Pages) {
    let source = pacer::sources::source("github").expect("it is there");
    (source, source.pages.as_ref().expect("it has an API"))
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/fixtures/github/{name}", env!("CARGO_MANIFEST_DIR"))).expect("a fixture")
}

fn first(stream: &str) -> Ask {
    let asks = (github().1.begin)("acme/app", None);
    asks.into_iter().find(|ask| ask.stream == stream).expect("such a stream")
}

/// A recorded run, a hundred times under other ids, as a page of them.
fn runs(page: u64) -> String {
    let one: serde_json::Value = serde_json::from_slice(&fixture("pages/runs.json")).expect("JSON");
    let mut run = one["workflow_runs"][1].clone();
    let mut body = format!("{{\"total_count\": {}, \"workflow_runs\": [", PAGES * 100);
    for n in 0..100 {
        let at = NOW.plus(-HOUR * i64::try_from(page * 100 + n).expect("few")).rfc3339();
        run["id"] = (page * 100 + n).into();
        for key in ["created_at", "run_started_at", "updated_at"] {
            run[key] = at.clone().into();
        }
        write!(body, "{}{run}", if n == 0 { "" } else { "," }).expect("memory");
    }
    body + "]}"
}

/// What a delivery of a kind, or a page, is parsed as.
fn headers(kind: &str, ask: Option<&Ask>) -> Headers {
    let asked = ask.map(|ask| (ASKED.to_owned(), serde_json::to_string(ask).expect("plain data")));
    Headers([("x-github-event".to_owned(), kind.to_owned())].into_iter().chain(asked).collect())
}

fn parsing(c: &mut Criterion) {
    let list = first("workflow runs");
    let cases = [
        ("webhook, push", headers("push", None), fixture("push.4.json")),
        ("webhook, deployment_status", headers("deployment_status", None), fixture("deployment_status.created.0.json")),
        ("webhook, pull_request", headers("pull_request", None), fixture("pull_request.closed.3.json")),
        ("page of 100 workflow runs", headers("", Some(&list)), runs(0).into_bytes()),
    ];
    for (name, headers, body) in cases {
        let events = (github().0.parse)(&headers, &body).events.len() as u64;
        assert!(events > 0, "{name}");
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Elements(events));
        group.bench_function("serde_json alone", |b| {
            b.iter(|| serde_json::from_slice::<serde_json::Value>(black_box(&body)).expect("JSON"));
        });
        group.bench_function("to events", |b| b.iter(|| (github().0.parse)(black_box(&headers), black_box(&body))));
        group.finish();
    }
}

/// A GitHub with nothing but runs.
async fn serve(servers: &mut JoinSet<()>, bodies: Arc<Vec<String>>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let own = url.clone();
    let answer = async move |State(bodies): State<Arc<Vec<String>>>, Query(query): Query<BTreeMap<String, String>>| {
        let page: usize = query.get("page").map_or(1, |page| page.parse().expect("a number"));
        let link = format!("<{own}/repos/acme/app/actions/runs?per_page=100&page={}>; rel=\"next\"", page + 1);
        let link = if page < bodies.len() { link } else { String::new() };
        ([(header::LINK, link)], bodies[page - 1].clone()).into_response()
    };
    let router = axum::Router::new().fallback(answer).with_state(bodies);
    servers.spawn(async move { axum::serve(listener, router).await.expect("it serves") });
    url
}

fn api(url: &str) -> Api {
    let tls = rustls::ClientConfig::builder().with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    let time = Time { now: Arc::new(|| NOW), pause: Arc::new(|_, _| Box::pin(std::future::ready(()))) };
    let (source, pages) = github();
    Api::new(source, pages, url, "token", tls, Bounds::default(), time).expect("an API")
}

/// All pages, with nothing done to them.
async fn ask_only(api: &Api) {
    for page in 1..=PAGES {
        let path = format!("/repos/acme/app/actions/runs?per_page=100&page={page}");
        let answered = api.answer(&Ask { path, ..first("workflow runs") }, None).await.expect("an answer");
        assert!(matches!(answered, Answered::Whole(_)));
    }
}

/// All pages, to rows.
async fn read(api: &Api, store: &Store) {
    let (source, pages) = github();
    let first = first("workflow runs");
    let place = Place::start(NOW, None).anew(first.clone(), NOW, Wish::default());
    let take = async |taken: Taken| {
        let cursor = Cursor {
            source: "github".into(),
            scope: first.scope.clone(),
            stream: first.stream.clone(),
            asks: Some(serde_json::to_string(&taken.place.asks)?),
            etag: None,
            listed: taken.place.listed,
            total: taken.place.total,
            called: None,
            began_at: NOW,
            since: None,
            complete_to: None,
        };
        let (headers, body) = taken.delivery.expect("facts");
        let delivery = Delivery { source: "github".into(), key: None, headers: headers.0, body, received_at: NOW };
        store.page(Some(delivery), taken.parsed, cursor, NOW).await?;
        Ok(())
    };
    Walk { api, source, pages }.run(place, take).await.expect("it is read");
}

fn pages(c: &mut Criterion) {
    pacer::app::install_tls();
    let runtime = Runtime::new().expect("a runtime");
    let mut servers = JoinSet::new();
    let url = runtime.block_on(serve(&mut servers, Arc::new((0..PAGES).map(runs).collect())));
    let api = api(&url);
    let mut group = c.benchmark_group("50 pages of 100 workflow runs");
    group.throughput(Throughput::Elements(PAGES));
    group.bench_function("asked for alone", |b| b.iter(|| runtime.block_on(ask_only(&api))));
    group.bench_function("to rows of a new database", |b| {
        b.iter_batched(
            || {
                let folder = tempfile::tempdir().expect("a folder");
                let url = format!("sqlite://{}/bench.db", folder.path().display());
                (runtime.block_on(Store::open(&url, &TaskTracker::new())).expect("a database"), folder)
            },
            |(store, folder)| {
                runtime.block_on(read(&api, &store));
                (store, folder)
            },
            criterion::BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn short() -> Criterion {
    Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3))
}

criterion_group! { name = benches; config = short(); targets = parsing, pages }
criterion_main!(benches);
