//! Batches of any facts: how they are cut and ordered changes nothing, and undoing them leaves what would be there had they never come.

use proptest::prelude::*;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Row};

use super::*;
use crate::ingest::Ingest;

/// Every fact, without the numbers of deliveries.
async fn facts(store: &Store) -> Vec<String> {
    let tables = [
        ("deployment", "id, service, status, finished_at, sha, commits, updated_at"),
        ("incident", "id, service, started_at, resolved_at, deployment, updated_at"),
        ("change", "id, repository, opened_at, merged_at, title, updated_at"),
        ("review", "id, change, reviewer, at, state"),
        ("item", "id, project, started_at, done_at, status, updated_at"),
        ("run", "id, repository, outcome, finished_at"),
        ("activity", "person, kind, item, at"),
        ("commits", "sha, repository, authored_at, author, subject"),
    ];
    let mut all = Vec::new();
    for (table, columns) in tables {
        let texts: Vec<String> = columns.split(", ").map(|column| format!("coalesce(cast({column} as text), '-')")).collect();
        let sql = format!("select {} from {table}", texts.join(" || ' ' || "));
        for row in sqlx::query(AssertSqlSafe(sql)).fetch_all(&store.pool).await.unwrap() {
            all.push(format!("{table} {}", row.try_get::<String, _>(0).unwrap()));
        }
    }
    all.sort();
    all
}

/// One event among few ids, so that batches meet.
fn event() -> impl Strategy<Value = Value> {
    let time = |hour: i64| hour_text(hour);
    (0..7_u8, 0..3_u8, 1..6_i64, 1..4_i64).prop_map(move |(kind, id, at, version)| {
        let updated = time(100 + version);
        match kind {
            0 => json!({"type": "deployment", "id": format!("d{id}"), "service": format!("s{}", at % 2), "status": "success",
                "finished_at": time(at), "commits": [{"sha": format!("c{id}"), "authored_at": time(0)}], "updated_at": updated}),
            1 => json!({"type": "incident", "id": format!("i{id}"), "service": "s1", "started_at": time(at), "deployment": format!("d{id}"), "updated_at": updated}),
            2 => json!({"type": "change", "id": format!("o/r#{id}"), "repository": "o/r", "opened_at": time(0), "merged_at": time(at),
                "title": format!("version {version}"), "commits": [{"sha": format!("c{id}"), "author": format!("a{version}")}], "updated_at": updated}),
            3 => json!({"type": "review", "id": format!("r{id}"), "change": format!("o/r#{id}"), "reviewer": "bo", "at": time(at), "updated_at": updated}),
            4 => json!({"type": "item", "id": format!("P-{id}"), "project": "p", "started_at": time(0), "done_at": time(at), "updated_at": updated}),
            5 => json!({"type": "run", "id": format!("n{id}"), "repository": "o/r", "status": "success", "finished_at": time(at), "updated_at": updated}),
            _ => json!({"type": "activity", "person": "u1", "kind": "commit", "item": format!("P-{id}"), "at": time(at)}),
        }
    })
}

fn hour_text(at: i64) -> String {
    super::hour(at).rfc3339()
}

fn body(events: &[Value]) -> Vec<u8> {
    events.iter().map(Value::to_string).collect::<Vec<_>>().join("\n").into_bytes()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 25, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn undone_batches_leave_what_the_others_say(
        batches in prop::collection::vec(prop::collection::vec(event(), 1..5), 2..7),
        undone in prop::collection::vec(any::<bool>(), 7),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (left, never) = runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let open = |name: &str| format!("sqlite://{}/{name}.db", folder.path().display());
            let all = Store::open(&open("all"), &TaskTracker::new()).await.unwrap();
            let some = Store::open(&open("some"), &TaskTracker::new()).await.unwrap();
            let (ingest, other) = (Ingest::new(all.clone()), Ingest::new(some.clone()));
            let mut taken = Vec::new();
            for (place, (batch, gone)) in batches.iter().zip(&undone).enumerate() {
                let received = hour(200 + i64::try_from(place).unwrap());
                let tally = ingest.events(body(batch), received).await.unwrap();
                // The same content again is the same batch: it is undone only if every time it came.
                let again = batches.iter().zip(&undone).any(|(same, gone)| same == batch && !gone);
                if *gone && !again {
                    taken.push(tally.batch);
                } else {
                    other.events(body(batch), received).await.unwrap();
                }
            }
            for batch in &taken {
                ingest.undo(batch).await.unwrap();
            }
            let told = |store: Store| async move {
                // That the source was heard stays true.
                let pool = Pool { alive: true, ..pool(&store, &[("s0", ALWAYS), ("s1", ALWAYS)], 100).await };
                (facts(&store).await, format!("{pool:?}"))
            };
            let answer = (told(all.clone()).await, told(some.clone()).await);
            all.close().await;
            some.close().await;
            answer
        });
        prop_assert_eq!(left.0, never.0);
        prop_assert_eq!(left.1, never.1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 25, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_repetition_and_splitting_change_nothing(
        (events, turned) in prop::collection::vec(event(), 1..14).prop_flat_map(|events| {
            let twice = [events.clone(), events.clone()].concat();
            (Just(events), Just(twice).prop_shuffle())
        }),
        cuts in prop::collection::vec(1..4_usize, 30),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (one, other) = runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let told = |name: &str, batches: Vec<Vec<Value>>| {
                let url = format!("sqlite://{}/{name}.db", folder.path().display());
                async move {
                    let store = Store::open(&url, &TaskTracker::new()).await.unwrap();
                    let ingest = Ingest::new(store.clone());
                    for batch in batches {
                        ingest.events(body(&batch), hour(200)).await.unwrap();
                        store.refresh(None).await.unwrap(); // each step derives, so that a missing mark shows
                    }
                    let mut pool = pool(&store, &[("s0", ALWAYS), ("s1", ALWAYS)], 100).await;
                    // By these shared commits were counted once; a service that shares none any more may still keep them.
                    pool.deployments.iter_mut().for_each(|it| it.keys.clear());
                    let answer = (facts(&store).await, format!("{pool:?}"));
                    store.close().await;
                    answer
                }
            };
            let mut rest = turned.as_slice();
            let mut pieces = Vec::new();
            for cut in cuts.into_iter().chain(std::iter::repeat(3)) {
                if rest.is_empty() {
                    break;
                }
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                pieces.push(piece.to_vec());
                rest = after;
            }
            (told("one", vec![events]).await, told("other", pieces).await)
        });
        prop_assert_eq!(one.0, other.0);
        prop_assert_eq!(one.1, other.1);
    }
}

#[test]
fn a_batch_is_undone_on_each_database() {
    on_each(|store| async move {
        let ingest = Ingest::new(store.clone());
        let deploy = |id: &str, version: i64| {
            json!({"type": "deployment", "id": id, "service": "a", "status": "success",
            "finished_at": hour_text(version), "updated_at": hour_text(100 + version)})
        };
        let one = ingest.events(body(&[deploy("d1", 1), deploy("d2", 2)]), hour(1)).await.unwrap();
        let two = ingest.events(body(&[deploy("d1", 3), deploy("d3", 4)]), hour(2)).await.unwrap();
        let finished =
            async || pool(&store, &[("a", ALWAYS)], 100).await.deployments.iter().map(|it| it.at / HOUR - 1_000).collect::<Vec<_>>();
        assert_eq!(finished().await, [2, 3, 4]);
        let undone = ingest.undo(&two.batch).await.unwrap().unwrap();
        assert_eq!((undone.removed, undone.restored, finished().await), (2, 1, vec![1, 2]));
        assert_eq!(ingest.undo(&two.batch).await.unwrap(), None, "it is gone");
        let again = ingest.events(body(&[deploy("d1", 3), deploy("d3", 4)]), hour(3)).await.unwrap();
        assert_eq!((again.new, again.updated, finished().await), (1, 1, vec![2, 3, 4]), "and may come again");
        ingest.undo(&one.batch).await.unwrap();
        assert_eq!(finished().await, [3, 4], "what a later batch said of the same deployment stays");
    });
}
