//! The store contract: on SQLite always, and on PostgreSQL where `PACER_TEST_DATABASE_URL` names a server, each test in a
//! database of its own.

mod setup;
mod undo;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use super::receipts::{Receipt, new_id};
use super::*;
use crate::domain::card::Scope;
use crate::domain::derive::day::PackedRecovery;
use crate::domain::event::{Change, Commit, Deployment, Event, Incident, Item, Parsed, Rejected, Stated, Status};
use crate::domain::org::{Org, Service, Span};
use crate::domain::part::{Of, Part, Step};
use crate::domain::pool::Pool;
use crate::domain::time::{At, HOUR};
use crate::domain::window::Window;

/// Numbers the databases of this run.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// Runs a story on each database there is.
fn on_each<F: Future<Output = ()>>(story: impl Fn(Store) -> F) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    runtime.block_on(async {
        let file = format!("sqlite://{}/pacer.db", folder.path().display());
        let sqlite = Store::open(&file, &TaskTracker::new()).await.unwrap();
        story(sqlite.clone()).await;
        sqlite.close().await;
        let Some(server) = std::env::var_os("PACER_TEST_DATABASE_URL").and_then(|url| url.into_string().ok()) else { return };
        let name = format!("pacer_store_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let admin = AnyPool::connect(&server).await.unwrap();
        admin.execute(sqlx::AssertSqlSafe(format!("create database {name} template template0"))).await.unwrap();
        let (base, _) = server.rsplit_once('/').unwrap();
        let postgres = Store::open(&format!("{base}/{name}"), &TaskTracker::new()).await.unwrap();
        story(postgres.clone()).await;
        postgres.close().await;
        admin.execute(sqlx::AssertSqlSafe(format!("drop database {name} with (force)"))).await.unwrap();
    });
}

fn hour(hour: i64) -> At {
    At(1_000 * HOUR + hour * HOUR)
}

fn commit(sha: &str, at: i64) -> Commit {
    Commit { sha: sha.into(), authored_at: Some(hour(at)), ..Commit::default() }
}

fn deployed(service: &str, id: &str, at: i64, commits: Option<Vec<Commit>>) -> Deployment {
    Deployment {
        id: id.into(),
        service: Some(service.into()),
        repository: None,
        environment: None,
        production: None,
        status: Status::Success,
        started_at: None,
        finished_at: Some(hour(at)),
        sha: None,
        commits,
        hotfix: false,
        rollback: false,
        previous: None,
        via: "deployment".into(),
    }
}

fn incident(service: Option<&str>, id: &str, at: i64, deployment: Option<&str>) -> Incident {
    Incident {
        id: id.into(),
        service: service.map(Into::into),
        repository: None,
        started_at: hour(at),
        resolved_at: Some(hour(at + 1)),
        deployment: deployment.map(Into::into),
        severity: None,
        title: None,
    }
}

fn stated(event: Event, version: i64) -> Stated {
    Stated { event, updated_at: Some(hour(version)), line: 1 }
}

fn delivery(source: &str, key: &str) -> Delivery {
    Delivery { source: source.into(), key: Some(key.into()), headers: BTreeMap::default(), body: b"x".to_vec(), received_at: hour(500) }
}

/// One delivery of that source with those events.
async fn tell(store: &Store, source: &str, key: &str, events: Vec<Stated>) -> Tally {
    let parsed = Parsed { read: events.len() as u64, events, ..Parsed::default() };
    store.ingest(delivery(source, key), parsed).await.unwrap()
}

async fn say(store: &Store, key: &str, event: Event, version: i64) -> Tally {
    tell(store, "json", key, vec![stated(event, version)]).await
}

const ALWAYS: &[Span] = &[Span::ALWAYS];

/// The pool of those services over all hours, as of an hour.
async fn pool(store: &Store, services: &[(&str, &[Span])], now: i64) -> Pool {
    let org = store.org(hour(now)).await.unwrap();
    pool_under(store, services, now, &org.org).await
}

async fn pool_under(store: &Store, services: &[(&str, &[Span])], now: i64, org: &Org) -> Pool {
    let services = services.iter().map(|(name, spans)| ((*name).to_string(), spans.to_vec())).collect();
    let window = Window { from: hour(0), to: hour(now), zone: chrono_tz::UTC, label: String::new() };
    store.pool(&services, window.from, &window, hour(now), org).await.unwrap()
}

fn failures(pool: &Pool) -> usize {
    pool.deployments.iter().filter(|it| it.failed).count()
}

fn leads(pool: &Pool) -> Vec<usize> {
    pool.deployments.iter().map(|it| it.leads.len()).collect()
}

#[test]
fn order_and_repetition_of_events_change_nothing() {
    let events = || {
        [
            stated(Event::Deployment(Deployment { status: Status::Pending, finished_at: None, ..deployed("a", "d1", 5, None) }), 1),
            stated(Event::Deployment(deployed("a", "d1", 5, Some(vec![commit("c1", 1)]))), 1),
            stated(Event::Deployment(deployed("b", "d2", 6, Some(vec![commit("c1", 1), commit("c2", 2)]))), 2),
            stated(Event::Deployment(deployed("a", "d2", 6, Some(vec![commit("c2", 2)]))), 3),
            stated(Event::Incident(incident(Some("b"), "i1", 7, Some("d1"))), 1),
            stated(Event::Incident(incident(Some("b"), "i1", 7, None)), 2),
        ]
    };
    let orders = [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [3, 5, 1, 0, 4, 2], [2, 4, 0, 5, 3, 1], [1, 0, 5, 2, 3, 4]];
    let seen = std::sync::Mutex::new(Vec::new());
    for order in orders {
        on_each(|store| {
            let seen = &seen;
            async move {
                for (place, index) in order.iter().chain(&order[..3]).enumerate() {
                    tell(&store, "json", &format!("k{place}"), vec![events()[*index].clone()]).await;
                    store.refresh(None).await.unwrap(); // each step derives, so that a missing mark shows
                }
                let pools = (pool(&store, &[("a", ALWAYS)], 100).await, pool(&store, &[("a", ALWAYS), ("b", ALWAYS)], 100).await);
                assert_eq!(leads(&pools.0), [1, 1], "{order:?}");
                seen.lock().unwrap().push(pools);
            }
        });
    }
    let seen = seen.into_inner().unwrap();
    assert!(seen.iter().all(|pools| *pools == seen[0]), "{seen:#?}");
}

#[test]
fn of_a_group_only_the_write_that_fails_fails() {
    on_each(|store| async move {
        let lease = |job: &'static str| store.take_lease(job, hour(1), "me", hour(1));
        let broken = store.writer.write(|conn| {
            Box::pin(async move {
                conn.execute("insert into lease (job, due_at, holder, taken_at) values ('half', 1, 'x', 1)").await?;
                anyhow::bail!("disk full") as Result<()>
            })
        });
        let (first, failed, second) = tokio::join!(lease("a"), broken, lease("b"));
        assert!(first.unwrap() && second.unwrap());
        assert!(failed.unwrap_err().to_string().contains("disk full"));
        assert!(lease("half").await.unwrap(), "nothing of a failed write stays");
    });
}

#[test]
fn a_slot_is_leased_once() {
    on_each(|store| async move {
        assert!(store.take_lease("digest", hour(1), "one", hour(1)).await.unwrap());
        assert!(!store.take_lease("digest", hour(1), "two", hour(2)).await.unwrap());
        assert!(store.take_lease("digest", hour(2), "two", hour(2)).await.unwrap());
    });
}

#[test]
fn a_late_commit_makes_the_deployment_that_lists_it_stale() {
    on_each(|store| async move {
        let bare = Commit { sha: "c1".into(), ..Commit::default() };
        say(&store, "d", Event::Deployment(deployed("a", "d1", 5, Some(vec![bare]))), 1).await;
        let before = pool(&store, &[("a", ALWAYS)], 100).await;
        assert_eq!((leads(&before), before.deployments[0].reason), (vec![0], 2), "a name without a date is unknown, and said");
        tell(&store, "git", "g", vec![stated(Event::Commit(Commit { repository: Some("o/r".into()), ..commit("c1", 1) }), 1)]).await;
        let after = pool(&store, &[("a", ALWAYS)], 100).await;
        assert_eq!((leads(&after), after.deployments[0].reason), (vec![1], 0));
    });
}

#[test]
fn an_incident_that_names_another_services_deployment_fails_it_until_it_no_longer_does() {
    on_each(|store| async move {
        say(&store, "a", Event::Deployment(deployed("a", "d1", 5, None)), 1).await;
        say(&store, "b", Event::Deployment(deployed("b", "d2", 5, None)), 1).await;
        assert_eq!(failures(&pool(&store, &[("a", ALWAYS), ("b", ALWAYS)], 100).await), 0);
        say(&store, "i1", Event::Incident(incident(Some("b"), "i1", 90, Some("d1"))), 1).await;
        assert_eq!(failures(&pool(&store, &[("a", ALWAYS)], 100).await), 1);
        assert_eq!(pool(&store, &[("b", ALWAYS)], 100).await.unlinked, []);
        say(&store, "i2", Event::Incident(incident(Some("b"), "i1", 90, None)), 2).await;
        assert_eq!(failures(&pool(&store, &[("a", ALWAYS)], 100).await), 0, "the old reference makes its service stale too");
        assert_eq!(pool(&store, &[("b", ALWAYS)], 100).await.unlinked, [hour(90)]);
    });
}

#[test]
fn an_incident_fails_one_deployment_where_ids_repeat_across_sources() {
    on_each(|store| async move {
        tell(&store, "gitlab", "b", vec![stated(Event::Deployment(deployed("b", "1", 5, None)), 1)]).await;
        tell(&store, "json", "i", vec![stated(Event::Incident(incident(Some("c"), "i1", 6, Some("1"))), 1)]).await;
        assert_eq!(failures(&pool(&store, &[("a", ALWAYS), ("b", ALWAYS)], 100).await), 1);
        tell(&store, "json", "a", vec![stated(Event::Deployment(deployed("a", "1", 5, None)), 1)]).await;
        assert_eq!(failures(&pool(&store, &[("a", ALWAYS)], 100).await), 1, "its own source's");
        assert_eq!(failures(&pool(&store, &[("b", ALWAYS)], 100).await), 0);
        assert_eq!(failures(&pool(&store, &[("a", ALWAYS), ("b", ALWAYS)], 100).await), 1);
    });
}

#[test]
fn a_deployment_that_moves_makes_both_services_stale() {
    on_each(|store| async move {
        say(&store, "1", Event::Deployment(deployed("a", "d1", 5, None)), 1).await;
        assert_eq!(pool(&store, &[("a", ALWAYS)], 100).await.deployments.len(), 1);
        say(&store, "2", Event::Deployment(deployed("b", "d1", 5, None)), 2).await;
        assert_eq!(pool(&store, &[("a", ALWAYS)], 100).await.deployments.len(), 0);
        assert_eq!(pool(&store, &[("b", ALWAYS)], 100).await.deployments.len(), 1);
    });
}

#[test]
fn a_merged_change_makes_its_repositorys_services_stale() {
    on_each(|store| async move {
        let own = |sha: &str, parent: &[&str], at| Commit {
            repository: Some("o/r".into()),
            parents: Some(parent.iter().map(|sha| (*sha).to_string()).collect()),
            ..commit(sha, at)
        };
        let commits = [own("base", &[], 1), own("squash", &["base"], 4), own("o1", &["base"], 2), own("o2", &["o1"], 3)];
        tell(&store, "json", "c", commits.into_iter().map(|commit| stated(Event::Commit(commit), 1)).collect()).await;
        for (id, sha, at) in [("d1", "base", 5), ("d2", "squash", 6)] {
            say(&store, id, Event::Deployment(Deployment { sha: Some(sha.into()), ..deployed("a", id, at, None) }), 1).await;
        }
        assert_eq!(leads(&pool(&store, &[("a", ALWAYS)], 100).await), [0, 1]);
        let change = Change {
            id: "o/r#1".into(),
            repository: Some("o/r".into()),
            merged_at: Some(hour(4)),
            merge_commit: Some("squash".into()),
            head: Some("o2".into()),
            ..Change::default()
        };
        say(&store, "m", Event::Change(change), 1).await;
        assert_eq!(leads(&pool(&store, &[("a", ALWAYS)], 100).await), [0, 2], "the squash stands for its two commits");
    });
}

#[test]
fn an_incident_told_in_steps_waits_for_its_beginning() {
    on_each(|store| async move {
        say(&store, "d", Event::Deployment(deployed("a", "d1", 5, None)), 1).await;
        let part = |step, at| Event::Part(Part { service: Some("a".into()), ..Part::new(Of::Incident, "i1", step, hour(at)) });
        say(&store, "e", part(Step::Ended, 9), 9).await;
        assert_eq!(failures(&pool(&store, &[("a", ALWAYS)], 100).await), 0);
        say(&store, "b", part(Step::Began, 6), 6).await;
        let pool = pool(&store, &[("a", ALWAYS)], 100).await;
        assert_eq!(pool.deployments[0].recovery, PackedRecovery::After(4 * HOUR));
    });
}

#[test]
fn an_item_began_at_the_earliest_that_any_delivery_tells() {
    let item = |id: &str, title: &str, started_at: Option<i64>| {
        Event::Item(Item { id: id.into(), title: Some(title.into()), started_at: started_at.map(hour), ..Item::default() })
    };
    let began = |id: &str, at| Event::Part(Part::new(Of::Item, id, Step::Started, hour(at)));
    on_each(|store| async move {
        for n in 0..24 {
            let id = n.to_string();
            let told = [(item(&id, "new", None), 9), (item(&id, "old", Some(7)), 2), (began(&id, 8), 9), (began(&id, 3), 1)];
            let mut left: Vec<usize> = (0..4).collect();
            let order = [n / 6, n / 2 % 3, n % 2, 0].map(|place| left.remove(place));
            // The first of them comes again at the end.
            for (place, at) in order.iter().chain(&order[..1]).enumerate() {
                say(&store, &format!("{id} {place}"), told[*at].0.clone(), told[*at].1).await;
            }
            let row = sqlx::query("select title, started_at from item where id = $1").bind(id).fetch_one(&store.pool).await.unwrap();
            let row: (String, i64) = (sqlx::Row::get(&row, 0), sqlx::Row::get(&row, 1));
            assert_eq!(row, ("new".into(), hour(3).0), "{order:?}");
        }
    });
}

#[test]
fn a_beginning_alone_makes_no_item() {
    on_each(|store| async move {
        say(&store, "1", Event::Part(Part::new(Of::Item, "10042", Step::Started, hour(3))), 1).await;
        let row = sqlx::query("select count(*) from item").fetch_one(&store.pool).await.unwrap();
        assert_eq!(sqlx::Row::get::<i64, _>(&row, 0), 0);
    });
}

#[test]
fn deriving_keeps_a_mark_that_came_meanwhile() {
    on_each(|store| async move {
        say(&store, "1", Event::Deployment(deployed("a", "d1", 5, None)), 1).await;
        let stale = || async {
            let row = sqlx::query("select stale from service where name = 'a'").fetch_one(&store.pool).await.unwrap();
            sqlx::Row::get::<i64, _>(&row, 0)
        };
        assert!(stale().await > 0);
        let (refreshed, _) = tokio::join!(store.refresh(None), say(&store, "2", Event::Deployment(deployed("a", "d2", 6, None)), 1));
        refreshed.unwrap();
        assert_eq!(pool(&store, &[("a", ALWAYS)], 100).await.deployments.len(), 2);
        assert_eq!(stale().await, 0);
    });
}

/// Two services of one repository; both bring commit `x`, b first.
async fn monorepo(store: &Store) {
    let of = |service, id, at, list| {
        Event::Deployment(Deployment { repository: Some("o/mono".into()), ..deployed(service, id, at, Some(list)) })
    };
    say(store, "b1", of("b", "b1", 5, vec![commit("x", 1)]), 1).await;
    say(store, "a1", of("a", "a1", 6, vec![commit("x", 1), commit("y", 2)]), 1).await;
}

#[test]
fn a_pool_counts_a_shared_commit_once_while_its_service_counts() {
    on_each(|store| async move {
        monorepo(&store).await;
        assert_eq!(leads(&pool(&store, &[("a", ALWAYS), ("b", ALWAYS)], 100).await), [1, 1]);
        assert_eq!(leads(&pool(&store, &[("a", ALWAYS)], 100).await), [2]);
        let later = [Span { from: Some(hour(6)), until: None }];
        assert_eq!(leads(&pool(&store, &[("a", ALWAYS), ("b", &later)], 100).await), [2], "b's did not count then");
    });
}

#[test]
fn a_pool_counts_a_shared_commit_once_though_one_service_has_a_later_fact() {
    on_each(|store| async move {
        monorepo(&store).await;
        for (key, late) in [("a", "a"), ("b", "b")] {
            say(&store, key, Event::Deployment(deployed(late, &format!("{late}9"), 90, None)), 1).await;
            assert_eq!(leads(&pool(&store, &[("a", ALWAYS), ("b", ALWAYS)], 50).await), [1, 1], "{late} is derived as of then");
        }
    });
}

#[test]
fn figures_as_of_a_receipt_keep_the_rules_of_its_organisation() {
    on_each(|store| async move {
        say(&store, "d", Event::Deployment(deployed("a", "d1", 5, None)), 1).await;
        say(&store, "i", Event::Incident(incident(Some("a"), "i1", 8, None)), 1).await;
        let declared = |window| {
            let service = Service { incident_window: Some(window), ..Service::default() };
            Org { services: [("a".to_string(), service)].into(), ..Org::default() }
        };
        let nothing = store.org_version(0).await.unwrap();
        let first = store.apply_org(&nothing, declared(24 * HOUR), hour(10)).await.unwrap();
        let first = store.org_version(first).await.unwrap();
        store.apply_org(&first, declared(HOUR), hour(20)).await.unwrap();
        assert_eq!(failures(&pool(&store, &[("a", ALWAYS)], 100).await), 0, "the newest file's window is an hour");
        assert_eq!(failures(&pool_under(&store, &[("a", ALWAYS)], 100, &first.org).await), 1);
        assert_eq!(store.org(hour(15)).await.unwrap().version, 1);
        assert_eq!(store.org(hour(5)).await.unwrap().version, 1, "before the first file, the first holds");
    });
}

#[test]
fn mapping_a_repository_moves_what_named_only_the_repository() {
    on_each(|store| async move {
        let plain = Deployment { service: None, repository: Some("o/mono".into()), ..deployed("", "d1", 5, None) };
        say(&store, "d1", Event::Deployment(plain), 1).await;
        say(&store, "d2", Event::Deployment(Deployment { repository: Some("o/mono".into()), ..deployed("own", "d2", 5, None) }), 1).await;
        for (id, service) in [("i1", None), ("i2", Some("own"))] {
            say(&store, id, Event::Incident(Incident { repository: Some("o/mono".into()), ..incident(service, id, 6, None) }), 1).await;
        }
        let failed = |name: &'static str| {
            let store = store.clone();
            async move { failures(&pool(&store, &[(name, ALWAYS)], 100).await) }
        };
        assert_eq!((failed("mono").await, failed("own").await), (1, 1));
        let shop = Service { repository: Some("o/mono".into()), ..Service::default() };
        let org = Org { services: [("shop".to_string(), shop)].into(), ..Org::default() };
        let first = store.apply_org(&store.org_version(0).await.unwrap(), org, hour(10)).await.unwrap();
        assert_eq!((failed("mono").await, failed("shop").await, failed("own").await), (0, 1, 1), "an event's own word stays");
        let first = store.org_version(first).await.unwrap();
        store.apply_org(&first, Org::default(), hour(20)).await.unwrap();
        assert_eq!((failed("mono").await, failed("shop").await, failed("own").await), (1, 0, 1), "and back");
    });
}

#[test]
fn a_mended_parser_replaces_what_it_made_before() {
    on_each(|store| async move {
        let stored = store.record(delivery("github", "k")).await.unwrap();
        assert!(!stored.duplicate);
        assert!(store.record(delivery("github", "k")).await.unwrap().duplicate);
        let waiting = store.pending(10).await.unwrap().remove(0);
        let says = |at| Parsed { read: 1, events: vec![stated_at("d1", at)], ..Parsed::default() };
        store.apply(&waiting, says(9)).await.unwrap();
        for at in [5, 7] {
            store.reapply(&waiting, says(at)).await.unwrap();
            assert_eq!(pool(&store, &[("a", ALWAYS)], 100).await.deployments[0].at, hour(at).0);
        }
        assert!(store.pending(10).await.unwrap().is_empty());
    });
}

fn stated_at(id: &str, at: i64) -> Stated {
    stated(Event::Deployment(deployed("a", id, at, None)), 1)
}

#[test]
fn retention_keeps_facts_and_seq_never_goes_back() {
    on_each(|store| async move {
        for key in ["1", "2", "3"] {
            tell(&store, "json", key, vec![stated_at(key, 5)]).await;
        }
        assert_eq!(store.forget_deliveries(hour(1_000)).await.unwrap(), 2);
        assert_eq!(store.watermark().await.unwrap(), 3);
        tell(&store, "json", "4", vec![]).await;
        assert_eq!(store.watermark().await.unwrap(), 4);
        assert_eq!(pool(&store, &[("a", ALWAYS)], 100).await.deployments.len(), 3);
    });
}

#[test]
fn freshness_is_as_of_an_instant() {
    on_each(|store| async move {
        tell(&store, "json", "1", vec![stated_at("d1", 5), stated_at("d2", 9)]).await;
        for (now, expect) in [(4, None), (5, Some(hour(5))), (100, Some(hour(9)))] {
            assert_eq!(store.freshness(hour(now)).await.unwrap()[0].health.last_event, expect, "{now}");
        }
    });
}

#[test]
fn a_receipt_is_read_as_it_was_written_and_late_rows_are_named() {
    on_each(|store| async move {
        tell(&store, "json", "1", vec![stated_at("d1", 5)]).await;
        let id = new_id();
        assert!(id.len() == 8 && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()), "{id}");
        let window = Window { from: hour(0), to: hour(50), zone: chrono_tz::Europe::Berlin, label: String::new() };
        let receipt = Receipt {
            id: id.clone(),
            command: "dora service:a".into(),
            scope: Scope::Service("a".into()),
            window,
            asked_at: hour(50),
            org_version: 0,
            watermark: store.watermark().await.unwrap(),
            definitions: 1,
            metrics: Vec::new(),
        };
        store.keep_receipt(receipt.clone()).await.unwrap();
        let read = store.receipt(&id.to_uppercase()).await.unwrap().unwrap();
        let label = read.window.label.clone();
        assert_eq!(Receipt { window: Window { label: String::new(), ..read.window.clone() }, ..read }, receipt);
        assert!(!label.is_empty(), "a card must be able to say its period");
        assert!(store.receipt("zzzzzzzz").await.unwrap().is_none());
        let late = || async { store.late_rows(&["a".into()], &receipt, 10).await.unwrap() };
        assert!(late().await.is_empty());
        tell(&store, "json", "2", vec![stated_at("d2", 9), stated_at("d3", 51)]).await;
        assert_eq!(late().await.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["d2"], "d3 is later than the receipt");
    });
}

#[test]
fn a_database_from_a_newer_version_is_refused_untouched() {
    on_each(|store| async move {
        let newer = "insert into _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) \
                     select 999, description, installed_on, success, checksum, execution_time from _sqlx_migrations where version = 1";
        store.pool.execute(newer).await.unwrap();
        let error = schema::migrate(&store.pool, store.dialect).await.unwrap_err().to_string();
        assert!(error.contains("newer pacer"), "{error}");
        assert!(store.ready().await.is_err());
        tell(&store, "json", "1", vec![stated_at("d1", 5)]).await; // its tables are as they were
    });
}

#[test]
fn a_delivery_that_says_nothing_readable_is_kept_and_not_tried_again() {
    on_each(|store| async move {
        let rejected = vec![Rejected { line: 1, reason: "no".into() }];
        store.ingest(delivery("json", "1"), Parsed { read: 1, rejected, ..Parsed::default() }).await.unwrap();
        assert!(store.pending(10).await.unwrap().is_empty());
        assert_eq!(store.deliveries_after(0, 10).await.unwrap().len(), 1);
    });
}
