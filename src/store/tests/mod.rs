//! The store contract: on SQLite always, and on PostgreSQL where `PACER_TEST_DATABASE_URL` names a server, each test in a
//! database of its own.

mod batches;
mod improvements;
mod notes;
mod outbox;
mod setup;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use super::receipts::{Receipt, Rests, new_id};
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
pub(super) fn on_each<F: Future<Output = ()>>(story: impl Fn(Store) -> F) {
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

pub(super) fn hour(hour: i64) -> At {
    At(1_000 * HOUR + hour * HOUR)
}

pub(super) fn commit(sha: &str, at: i64) -> Commit {
    Commit { sha: sha.into(), authored_at: Some(hour(at)), ..Commit::default() }
}

pub(super) fn deployed(service: &str, id: &str, at: i64, commits: Option<Vec<Commit>>) -> Deployment {
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

pub(super) fn incident(service: Option<&str>, id: &str, at: i64, deployment: Option<&str>) -> Incident {
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

pub(super) fn stated(event: Event, version: i64) -> Stated {
    Stated { event, updated_at: Some(hour(version)), line: 1 }
}

pub(super) fn delivery(source: &str, key: &str) -> Delivery {
    Delivery { source: source.into(), key: Some(key.into()), headers: BTreeMap::default(), body: b"x".to_vec(), received_at: hour(500) }
}

/// One delivery of that source with those events.
pub(super) async fn tell(store: &Store, source: &str, key: &str, events: Vec<Stated>) -> Tally {
    let parsed = Parsed { read: events.len() as u64, events, ..Parsed::default() };
    store.ingest(delivery(source, key), parsed).await.unwrap()
}

pub(super) async fn say(store: &Store, key: &str, event: Event, version: i64) -> Tally {
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
        let lease = |job: &'static str| store.take_lease(job, hour(1), "me", hour(2), hour(1));
        let broken = store.writer.write(|conn| {
            Box::pin(async move {
                conn.execute("insert into lease (job, due_at, holder, taken_at) values ('half', 1, 'x', 1)").await?;
                anyhow::bail!("disk full") as Result<()>
            })
        });
        let (first, failed, second) = tokio::join!(lease("a"), broken, lease("b"));
        assert!(first.unwrap().is_some() && second.unwrap().is_some());
        assert!(failed.unwrap_err().to_string().contains("disk full"));
        assert!(lease("half").await.unwrap().is_some(), "nothing of a failed write stays");
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
        assert!(stale().await <= 0);
    });
}

#[test]
fn a_deriving_that_was_overtaken_does_not_hide_the_facts_after_it() {
    on_each(|store| async move {
        say(&store, "1", Event::Deployment(deployed("a", "d1", 5, None)), 1).await;
        let org = store.org(hour(100)).await.unwrap();
        let read = sqlx::query("select stale from service where name = 'a'").fetch_one(&store.pool).await.unwrap();
        let slow = store.derive_service("a", sqlx::Row::get(&read, 0), &org.org).await.unwrap();
        store.refresh(None).await.unwrap();
        say(&store, "2", Event::Deployment(deployed("a", "d2", 6, None)), 1).await;
        store.keep(slow).await.unwrap();
        assert_eq!(pool(&store, &[("a", ALWAYS)], 100).await.deployments.len(), 2);
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
        let rests = Rests { services: vec!["a".into()], flow: None };
        let late = || async { store.late_rows(&rests, &receipt, false, 10).await.unwrap() };
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

#[test]
fn a_pool_counts_a_commit_once_that_lists_of_two_services_name() {
    on_each(|store| async move {
        let list = || Some(vec![commit("x", 1)]);
        say(&store, "b", Event::Deployment(deployed("b", "b1", 10, list())), 1).await;
        say(&store, "a", Event::Deployment(deployed("a", "a1", 58, list())), 1).await;
        let both: &[(&str, &[Span])] = &[("a", ALWAYS), ("b", ALWAYS)];
        assert_eq!(leads(&pool(&store, both, 100).await), [1, 0], "at its earliest");
        assert_eq!(leads(&pool(&store, &[("a", ALWAYS)], 100).await), [1], "a service alone has its own");
        say(&store, "later", Event::Deployment(deployed("a", "a2", 200, None)), 1).await;
        assert_eq!(leads(&pool(&store, both, 100).await), [1, 0], "derived on the spot it is the same");
        say(&store, "b", Event::Deployment(deployed("b", "b1", 70, list())), 2).await;
        assert_eq!(leads(&pool(&store, both, 100).await), [1, 0], "and after a correction the other is the earlier");
    });
}

#[test]
fn a_pool_counts_a_commit_once_that_one_service_lists_and_another_reaches() {
    on_each(|store| async move {
        let own = |sha: &str, parent: &[&str], at| Commit {
            repository: Some("o/r".into()),
            parents: Some(parent.iter().map(|sha| (*sha).to_string()).collect()),
            exact_parents: true,
            ..commit(sha, at)
        };
        let named = Commit { sha: "c2".into(), ..Commit::default() };
        say(&store, "l", Event::Deployment(deployed("lists", "l1", 30, Some(vec![named]))), 1).await;
        let history = [own("c1", &[], 1), own("c2", &["c1"], 2)].map(|commit| stated(Event::Commit(commit), 1)).to_vec();
        tell(&store, "git", "g", history).await;
        for (id, sha, at) in [("d1", "c1", 10), ("d2", "c2", 20)] {
            say(&store, id, Event::Deployment(Deployment { sha: Some(sha.into()), ..deployed("reaches", id, at, None) }), 1).await;
        }
        let both: &[(&str, &[Span])] = &[("lists", ALWAYS), ("reaches", ALWAYS)];
        assert_eq!(leads(&pool(&store, both, 100).await), [0, 1, 0]);
        assert_eq!(leads(&pool(&store, &[("lists", ALWAYS)], 100).await), [1]);
    });
}

/// A deployment of a random story: service, hour, the commits that it lists, the tip that it names, its repository.
type Told = (usize, i64, Option<Vec<usize>>, Option<usize>, Option<usize>);

/// Commits 0 to 3 are a line in one repository, 4 to 7 in another, 8 to 10 are only ever listed.
const COMMITS: usize = 11;

fn stories() -> impl proptest::strategy::Strategy<Value = Vec<Told>> {
    use proptest::prelude::*;
    let list = prop::option::of(prop::collection::vec(0..COMMITS, 1..4));
    let told = (0..3_usize, 20..90_i64, list, prop::option::of(0..8_usize), prop::option::of(0..2_usize));
    prop::collection::vec(told, 2..9)
}

/// What a pool says, whichever way it was made: keys are only there to tell commits apart.
fn without_keys(mut pool: Pool) -> Pool {
    for it in &mut pool.deployments {
        it.keys.clear();
        it.leads.sort_unstable();
        for left_out in [&mut it.merges, &mut it.bots, &mut it.negative] {
            left_out.keys.clear();
        }
    }
    pool
}

#[test]
fn a_pool_of_packed_days_is_the_pool_derived_on_the_spot() {
    use proptest::strategy::{Strategy, ValueTree};
    on_each(|store| async move {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        for case in 0..30 {
            let story = stories().new_tree(&mut runner).unwrap().current();
            let sha = |place: usize| format!("{case}-{place}");
            let repository = |place: usize| format!("o/{case}-{place}");
            let service = |place: usize| format!("s{case}-{place}");
            let mut history = Vec::new();
            for place in 0..8_usize {
                let parents = if place % 4 == 0 { Vec::new() } else { vec![sha(place - 1)] };
                let own = Commit {
                    repository: Some(repository(place / 4)),
                    parents: Some(parents),
                    exact_parents: true,
                    ..commit(&sha(place), 2)
                };
                history.push(stated(Event::Commit(own), 1));
            }
            let mut events: Vec<Stated> = Vec::new();
            for (at, (own, hour, list, tip, place)) in story.iter().enumerate() {
                let list = list.as_ref().map(|list| list.iter().map(|place| commit(&sha(*place), 3)).collect());
                let told = Deployment {
                    repository: place.map(repository),
                    sha: tip.map(sha),
                    ..deployed(&service(*own), &format!("{case}-{at}"), *hour, list)
                };
                events.push(stated(Event::Deployment(told), 1));
            }
            let (first, rest) = events.split_at(events.len() / 2);
            tell(&store, "json", &format!("a{case}"), first.to_vec()).await;
            store.refresh(None).await.unwrap();
            tell(&store, "git", &format!("g{case}"), history).await;
            tell(&store, "json", &format!("b{case}"), rest.to_vec()).await;
            let names: Vec<String> = (0..3).map(service).collect();
            let from_60 = [Span { from: Some(hour(60)), until: None }];
            for spans in [[ALWAYS; 3], [ALWAYS, &from_60, ALWAYS]] {
                let services: Vec<(&str, &[Span])> = names.iter().map(String::as_str).zip(spans).collect();
                let days = without_keys(pool(&store, &services, 100).await);
                // A fact that lies later than the answer: the service is derived as of then.
                for (place, name) in names.iter().enumerate() {
                    let late = deployed(name, &format!("{case}-late-{place}-{}", spans[1].len()), 500, None);
                    say(&store, &format!("late{case}-{place}"), Event::Deployment(late), 1).await;
                    let spot = without_keys(pool(&store, &services, 100).await);
                    assert_eq!(spot.deployments, days.deployments, "case {case}, {} of 3 on the spot: {story:?}", place + 1);
                }
            }
        }
    });
}

#[test]
fn a_service_that_its_facts_have_left_is_not_known_in_any_order() {
    let versions = [("delta", 1), ("alpha", 2)];
    for order in [[0, 1], [1, 0]] {
        on_each(|store| async move {
            for place in order {
                let (service, version) = versions[place];
                say(&store, service, Event::Deployment(deployed(service, "d1", 5, None)), version).await;
                assert_eq!(store.services().await.unwrap().len(), 1, "{order:?}: at once, before anything is derived");
                store.refresh(None).await.unwrap();
            }
            assert_eq!(store.services().await.unwrap(), ["alpha"], "{order:?}");
        });
    }
}

#[test]
fn a_service_is_known_by_a_declaration_or_by_any_fact_of_its_own() {
    on_each(|store| async move {
        let staging = Deployment { environment: Some("staging".into()), ..deployed("elsewhere", "d1", 5, None) };
        say(&store, "1", Event::Deployment(staging), 1).await;
        say(&store, "2", Event::Incident(incident(Some("troubled"), "i1", 6, None)), 1).await;
        let run = crate::domain::event::Run {
            id: "r1".into(),
            repository: Some("o/built".into()),
            workflow: None,
            branch: None,
            sha: None,
            outcome: crate::domain::event::Outcome::Success,
            started_at: None,
            finished_at: Some(hour(7)),
        };
        say(&store, "3", Event::Run(run), 1).await;
        assert_eq!(store.services().await.unwrap(), ["built", "elsewhere", "troubled"], "not derived yet");
        store.refresh(None).await.unwrap();
        assert_eq!(store.services().await.unwrap(), ["built", "elsewhere", "troubled"]);
        let org = Org { services: [("declared".to_string(), Service::default())].into(), ..Org::default() };
        store.apply_org(&store.org_version(0).await.unwrap(), org, hour(10)).await.unwrap();
        store.refresh(None).await.unwrap();
        assert_eq!(store.services().await.unwrap(), ["built", "declared", "elsewhere", "troubled"]);
    });
}

#[test]
fn what_a_declared_bot_writes_is_left_out_as_a_bots() {
    on_each(|store| async move {
        let by = |sha: &str, author: &str, email: Option<&str>| Commit {
            author: Some(author.into()),
            email: email.map(Into::into),
            ..commit(sha, 1)
        };
        let list =
            vec![by("c1", "ada", None), by("c2", "Release Robot", Some("Robot@x.org")), by("c3", "rel-bot", None), by("c4", "robo", None)];
        say(&store, "d", Event::Deployment(deployed("a", "d1", 5, Some(list))), 1).await;
        assert_eq!(leads(&pool(&store, &[("a", ALWAYS)], 100).await), [4]);
        let robo = crate::domain::org::Person {
            emails: vec!["robot@x.org".into()],
            aliases: [("github".to_string(), "rel-bot".to_string())].into(),
            bot: true,
            ..Default::default()
        };
        let org = Org { people: [("robo".to_string(), robo)].into(), ..Org::default() };
        let nobody = store.org_version(0).await.unwrap();
        store.apply_org(&nobody, org, hour(10)).await.unwrap();
        let after = pool(&store, &[("a", ALWAYS)], 100).await;
        assert_eq!((leads(&after), after.deployments[0].bots.count), (vec![1], 3));
        let before = pool_under(&store, &[("a", ALWAYS)], 100, &nobody.org).await;
        assert_eq!(leads(&before), [4], "a receipt from before keeps its organisation");
    });
}

/// One import with what was said of all its rows, at an hour.
async fn import_as(store: &Store, at: i64, service: Option<&str>, environment: Option<&str>, events: &[Stated]) -> Tally {
    let said = crate::domain::said::Said { service: service.map(Into::into), environment: environment.map(Into::into) };
    let parsed = Parsed { read: events.len() as u64, events: events.to_vec(), ..Parsed::default() };
    let delivery = Delivery { headers: said.headers().collect(), received_at: hour(at), ..delivery("json", &format!("at {at}")) };
    store.ingest(delivery, parsed).await.unwrap()
}

async fn counts(store: &Store, services: &[&str]) -> Vec<usize> {
    let mut counts = Vec::new();
    for name in services {
        counts.push(pool(store, &[(*name, ALWAYS)], 100).await.deployments.len());
    }
    counts
}

#[test]
fn what_is_said_of_an_import_later_wins_for_all_rows_alike() {
    let bare = |id: &str| Deployment { service: None, repository: Some("o/shop".into()), ..deployed("", id, 5, None) };
    let rows = || {
        let dated = |id: &str, version| Stated { updated_at: version, ..stated(Event::Deployment(bare(id)), 1) };
        let incident = Incident { repository: Some("o/shop".into()), ..incident(None, "i1", 6, None) };
        vec![dated("d1", None), dated("d2", Some(hour(1))), dated("d3", Some(hour(400))), stated(Event::Incident(incident), 1)]
    };
    let says = [(200, None), (210, Some("x")), (220, Some("y")), (230, Some("x")), (240, None)];
    for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [3, 0, 4, 2, 1]] {
        on_each(|store| async move {
            for place in order.into_iter().chain(order) {
                import_as(&store, says[place].0, says[place].1, None, &rows()).await;
            }
            assert_eq!(counts(&store, &["shop", "x", "y"]).await, [0, 3, 0], "{order:?}");
            assert_eq!(failures(&pool(&store, &[("x", ALWAYS)], 100).await), 1, "the incident moved along");
            let again = import_as(&store, 250, Some("y"), None, &rows()).await;
            assert_eq!((again.new, again.updated, again.duplicate), (0, 4, 0));
            assert_eq!(counts(&store, &["x", "y"]).await, [0, 3]);
        });
    }
}

#[test]
fn what_is_said_of_a_row_holds_for_its_newer_versions_too() {
    on_each(|store| async move {
        let row = |at, version| stated(Event::Deployment(deployed("shop", "d1", at, None)), version);
        import_as(&store, 200, Some("x"), None, &[row(5, 1)]).await;
        tell(&store, "json", "webhook", vec![row(7, 3)]).await;
        let moved = pool(&store, &[("x", ALWAYS)], 100).await;
        assert_eq!(moved.deployments[0].at, hour(7).0, "the sender's newer version, under the service that was said");
        import_as(&store, 300, Some("y"), None, &[row(5, 1)]).await;
        assert_eq!(counts(&store, &["shop", "x", "y"]).await, [0, 0, 1], "an old copy still says whose it is");
        assert_eq!(pool(&store, &[("y", ALWAYS)], 100).await.deployments[0].at, hour(7).0, "and nothing else");
        let plain = store.deliveries_after(0, 10).await.unwrap();
        assert_eq!(plain.len(), 3, "the same rows of which something else is said are another delivery");
    });
}

#[test]
fn an_environment_that_is_said_is_that_of_rows_that_name_none() {
    on_each(|store| async move {
        let named = Deployment { environment: Some("production".into()), ..deployed("a", "d2", 6, None) };
        let rows = [stated(Event::Deployment(deployed("a", "d1", 5, None)), 1), stated(Event::Deployment(named), 1)];
        import_as(&store, 200, None, Some("staging"), &rows).await;
        assert_eq!(counts(&store, &["a"]).await, [1]);
        import_as(&store, 210, None, Some("production"), &rows).await;
        assert_eq!(counts(&store, &["a"]).await, [2]);
        import_as(&store, 205, None, Some("staging"), &rows).await;
        assert_eq!(counts(&store, &["a"]).await, [2], "what was said earlier changes nothing");
    });
}

/// A receipt of service `a` asked at hour 50, after all that was told so far.
async fn receipt_of_a(store: &Store) -> Receipt {
    Receipt {
        id: new_id(),
        command: "dora service:a".into(),
        scope: Scope::Service("a".into()),
        window: Window { from: hour(0), to: hour(50), zone: chrono_tz::UTC, label: String::new() },
        asked_at: hour(50),
        org_version: 0,
        watermark: store.watermark().await.unwrap(),
        definitions: 1,
        metrics: Vec::new(),
    }
}

/// "kind id place" of each row that is late for service `a`.
async fn late_for_a(store: &Store, receipt: &Receipt, flow: Option<flow::Whose>) -> Vec<String> {
    let rests = Rests { services: vec!["a".into()], flow };
    let late = store.late_rows(&rests, receipt, false, 100).await.unwrap();
    late.into_iter().map(|row| format!("{} {} {}", row.kind, row.id, row.place)).collect()
}

#[test]
fn rows_that_were_moved_away_are_late_rows() {
    on_each(|store| async move {
        tell(&store, "json", "1", vec![stated_at("d1", 5), stated_at("d2", 6), stated_at("d3", 7)]).await;
        for (id, reference) in [("i1", None), ("i2", Some("d1"))] {
            say(&store, id, Event::Incident(incident(Some(if reference.is_some() { "b" } else { "a" }), id, 8, reference)), 1).await;
        }
        let receipt = receipt_of_a(&store).await;
        assert!(late_for_a(&store, &receipt, None).await.is_empty());
        say(&store, "new", Event::Deployment(deployed("a", "d9", 60, None)), 1).await;
        assert!(late_for_a(&store, &receipt, None).await.is_empty(), "what happens later is not late");
        say(&store, "same", Event::Deployment(Deployment { hotfix: true, ..deployed("a", "d3", 7, None) }), 2).await;
        say(&store, "unlinked", Event::Incident(incident(Some("b"), "i2", 8, None)), 2).await;
        say(&store, "moved", Event::Deployment(deployed("b", "d1", 5, None)), 2).await;
        say(&store, "later", Event::Deployment(deployed("a", "d2", 70, None)), 2).await;
        say(&store, "elsewhere", Event::Incident(incident(Some("c"), "i1", 8, None)), 2).await;
        assert_eq!(
            late_for_a(&store, &receipt, None).await,
            ["deployment d1 b", "deployment d2 a", "deployment d3 a", "incident i1 c", "incident i2 b"]
        );
    });
}

#[test]
fn the_first_incident_of_anybody_is_late_where_there_was_no_source_of_incidents() {
    on_each(|store| async move {
        say(&store, "1", stated_at("d1", 5).event, 1).await;
        let receipt = receipt_of_a(&store).await;
        say(&store, "2", Event::Incident(incident(Some("b"), "i2", 9, None)), 1).await;
        say(&store, "3", Event::Incident(incident(Some("b"), "i1", 8, None)), 1).await;
        let rests = Rests { services: vec!["a".into()], flow: None };
        let late = store.late_rows(&rests, &receipt, true, 10).await.unwrap();
        assert_eq!(late.iter().map(|row| (row.id.as_str(), row.place.as_str())).collect::<Vec<_>>(), [("i1", "b")]);
        assert!(late_for_a(&store, &receipt, None).await.is_empty(), "it had one already");
    });
}

#[test]
fn a_receipt_of_flow_knows_late_changes_reviews_runs_and_items() {
    use crate::domain::event::{Item, Outcome, Review, Run};
    on_each(|store| async move {
        let change = |opened: i64, merged: Option<i64>| Change {
            id: "o/a#1".into(),
            repository: Some("o/a".into()),
            opened_at: Some(hour(opened)),
            merged_at: merged.map(hour),
            ..Change::default()
        };
        say(&store, "1", Event::Change(change(5, None)), 1).await;
        store.refresh(None).await.unwrap();
        let receipt = receipt_of_a(&store).await;
        say(&store, "2", Event::Change(change(5, Some(9))), 2).await;
        let review = Review {
            id: "r1".into(),
            change: "o/a#1".into(),
            reviewer: Some("bo".into()),
            bot: false,
            at: hour(8),
            state: "approved".into(),
        };
        say(&store, "3", Event::Review(review), 1).await;
        let run = |id: &str, at: i64| Run {
            id: id.into(),
            repository: Some("o/a".into()),
            workflow: None,
            branch: None,
            sha: None,
            outcome: Outcome::Success,
            started_at: None,
            finished_at: Some(hour(at)),
        };
        say(&store, "4", Event::Run(run("run1", 10)), 1).await;
        say(&store, "5", Event::Run(run("run2", 60)), 1).await;
        for (id, project) in [("PAY-1", "pay"), ("OPS-1", "ops")] {
            let item = Item {
                id: id.into(),
                project: Some(project.into()),
                created_at: Some(hour(4)),
                done_at: Some(hour(11)),
                ..Item::default()
            };
            say(&store, id, Event::Item(item), 1).await;
        }
        let all = ["review r1 o/a#1", "change o/a#1 o/a", "run run1 o/a"];
        let with = |items: &[&str]| all.iter().chain(items).map(|row| (*row).to_string()).collect::<Vec<_>>();
        assert_eq!(late_for_a(&store, &receipt, Some(flow::Whose::Nobody)).await, with(&[]));
        assert_eq!(late_for_a(&store, &receipt, Some(flow::Whose::Project("pay".into()))).await, with(&["item PAY-1 pay"]));
        assert_eq!(late_for_a(&store, &receipt, Some(flow::Whose::Project("x".into()))).await.len(), 5, "one of them may have been of it");
        assert_eq!(late_for_a(&store, &receipt, None).await, ["change o/a#1 o/a"]);
    });
}

#[test]
fn large_deliveries_are_taken_up_a_few_at_a_time() {
    on_each(|store| async move {
        for place in 0..5_u8 {
            let large = Delivery { body: vec![place; 7 << 20], ..delivery("github", &place.to_string()) };
            store.record(large).await.unwrap();
        }
        let mut taken = Vec::new();
        loop {
            let waiting = store.pending(500).await.unwrap();
            if waiting.is_empty() {
                break;
            }
            taken.push(waiting.len());
            for stored in &waiting {
                assert_eq!(stored.delivery.body.len(), 7 << 20);
                store.apply(stored, Parsed { read: 1, ..Parsed::default() }).await.unwrap();
            }
        }
        assert_eq!(taken, [2, 2, 1]);
        assert_eq!(store.deliveries_after(3, 500).await.unwrap().len(), 2);
    });
}
