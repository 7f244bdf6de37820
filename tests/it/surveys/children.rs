//! What another process does and dies of: a close that is killed wherever it waits, a log that is read.

use std::future::Future;
use std::pin::pin;
use std::process::{Command, Output, Stdio};
use std::task::Poll;

use super::*;

/// What the child is told: what to do, the database, and after how many waits to die.
const TASK: &str = "PACER_TEST_CHILD";

fn child(task: &str, database: &Database, after: usize) -> Output {
    Command::new(std::env::current_exe().unwrap())
        .args(["surveys::children::a_child_of_another_test", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .env(TASK, format!("{task} {after} {} {}", database.url, key_folder(database).display()))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Lets a piece of work wait so many times, then dies as by a power cut.
async fn dies_after<T>(after: usize, work: impl Future<Output = T>) -> T {
    let (mut work, mut waits) = (pin!(work), 0);
    std::future::poll_fn(move |cx| match work.as_mut().poll(cx) {
        Poll::Pending if waits == after => std::process::abort(),
        Poll::Pending => {
            waits += 1;
            Poll::Pending
        }
        ready @ Poll::Ready(_) => ready,
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a part of other tests, which start it in a process of its own"]
async fn a_child_of_another_test() {
    let Some(task) = std::env::var_os(TASK).and_then(|task| task.into_string().ok()) else { return };
    let [task, after, url, folder] = task.split(' ').collect::<Vec<_>>().try_into().unwrap();
    let after: usize = after.parse().unwrap();
    if task == "log" {
        // Everything that any library would say, on stderr.
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(std::io::stderr).with_ansi(false).init();
    }
    let store = Store::open(url, &TaskTracker::new()).await.unwrap();
    let keys = KeyDir::open(Path::new(folder)).unwrap();
    match task {
        "close" => {
            let closed = dies_after(after, store.close_wave(&keys, "w1", NOW)).await;
            assert_eq!(closed.unwrap(), Ok(Scrub::Done));
        }
        "log" => {
            tracing::debug!("a naive log: {}", format!("{MARK}-naive"));
            let mine = saying(marked(|at| [5, 1, 4, 2, 3, 3, 2, 4, 1][at]), MARK);
            assert_eq!(store.cast(&keys, "w1", "UPAYMENTS000", mine).await.unwrap(), Ok(()));
            assert_eq!(store.close_wave(&keys, "w1", NOW).await.unwrap(), Ok(Scrub::Done));
        }
        other => panic!("{other}"),
    }
}

/// Ballots and tally rows of the wave.
fn left(database: &Database) -> (i64, i64) {
    (database.count("ballot"), database.count("tally"))
}

/// Attack 13. Naive: the tally is one transaction and the removal of ballots the next; killed between, both are there, and what a late
/// answer adds to one tally and not to the other is one person's.
#[tokio::test(flavor = "multi_thread")]
async fn attack_13_a_close_killed_wherever_it_waits_leaves_ballots_or_a_tally() {
    let naive = super::naive::Naive::new().await;
    naive.submit("U1", 5, "").await;
    let add_up = "create table tally as select value, count(*) as n from answer group by value";
    sqlx::query(add_up).execute(&naive.pool).await.unwrap();
    // Killed here, before the answers are removed.
    assert_eq!((naive.database.count("answer"), naive.database.count("tally")), (1, 1));

    let (mut deaths, mut seen) = (0, std::collections::BTreeSet::new());
    // Each wait of a close, until one ends.
    let step = if Database::new().is_sqlite() { 1 } else { 3 }; // a database on a server takes its time
    for after in (0..).step_by(step) {
        let place = Place::new().await;
        place.launch("w1", "2026-11-24", &people("payments", 12)).await;
        for (at, (user, _)) in people("payments", 12).iter().enumerate() {
            let said = saying(marked(|question| 1 + u8::try_from((at + question) % 5).unwrap()), &format!("{MARK} {at}"));
            assert_eq!(place.answer("w1", user, said).await, Ok(()));
        }
        place.store.close().await;
        let ended = child("close", &place.database, after);
        let (ballots, tally) = left(&place.database);
        assert!(
            (ballots == 12 && tally == 0) || (ballots == 0 && tally > 0),
            "after {after} waits: {ballots} ballots, {tally} rows of a tally"
        );
        let pool = place.pool().await;
        let state: String = sqlx::query("select state from wave").fetch_one(&pool).await.unwrap().get(0);
        pool.close().await;
        seen.insert((state, place.key_file("w1").exists()));
        // Started again, it goes on by itself, and ends as if nothing had been.
        let (store, keys) = open(&place.database).await;
        if store.wave("w1").await.unwrap().unwrap().state != pacer::store::survey::State::Open {
            assert_eq!(store.tend_waves(&keys, day("2026-12-02"), NOW).await.unwrap(), []);
        }
        assert_eq!(store.close_wave(&keys, "w1", NOW).await.unwrap(), Ok(Scrub::Done));
        assert!(left(&place.database).0 == 0 && left(&place.database).1 > 0 && !place.key_file("w1").exists());
        assert_eq!(place.database.count("comment"), 12);
        store.close().await;
        if ended.status.success() {
            break;
        }
        deaths += 1;
    }
    println!("{deaths} deaths, which left {seen:?}");
    assert!(deaths > 3 && seen.len() >= 3, "{seen:?}");
}

/// Attack 20. Naive: a form's values at debug level.
#[tokio::test(flavor = "multi_thread")]
async fn attack_20_logs_at_trace_hold_no_answer() {
    let place = Place::new().await;
    place.launch("w1", "2026-11-24", &people("payments", 12)).await;
    for (user, _) in people("payments", 12).iter().skip(1) {
        assert_eq!(place.answer("w1", user, marked(|at| 1 + u8::try_from(at % 5).unwrap())).await, Ok(()));
    }
    place.store.close().await;
    let child = child("log", &place.database, usize::MAX);
    let log = String::from_utf8_lossy(&child.stderr).into_owned() + &String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{log}");
    assert!(log.contains("insert into ballot") && log.contains(&format!("{MARK}-naive")), "the log does log: {} bytes", log.len());
    assert!(!log.replace(&format!("{MARK}-naive"), "").contains(MARK));
    for answers in ["[5, 1, 4, 2, 3, 3, 2, 4, 1", "UPAYMENTS000", "Marked", "Answers"] {
        assert!(!log.contains(answers), "{answers}");
    }
}
