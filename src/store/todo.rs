//! What is open for somebody: changes with their reviews, work items with those above them; and the names that sources told.
//!
//! Facts later than `now` do not exist: what was merged, closed or done since is open. Who is asked to review is told as of the
//! newest version of a change, since older ones are not kept.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::{Store, bulk};
use crate::domain::org::identity::Told;
use crate::domain::time::At;
use crate::domain::todo::{Given, OpenChange, OpenItem, Place};

/// Items of one name at most: more is nobody's to-do list.
const ITEMS: i64 = 500;
/// How far up the tree of work one goes: item, story, epic, initiative, and one to spare.
const LEVELS: usize = 5;

impl Store {
    /// All that sources told of these names and addresses, both in lower case; of a name that goes with such an address, all
    /// of its addresses.
    pub async fn told(&self, names: &[String], emails: &[String]) -> Result<Vec<Told>> {
        let mut conn = self.pool.acquire().await?;
        let columns = "select source, name, email, folded from identity where $1 <> ''";
        let emails: Vec<&str> = emails.iter().map(String::as_str).collect();
        let by_address = bulk::select_in(&mut conn, &format!("{columns} and email in ({{keys}})"), "all", &emails).await?;
        let found: Vec<String> = by_address.iter().map(|row| row.try_get(3)).collect::<sqlx::Result<_>>()?;
        let names: BTreeSet<&str> = names.iter().chain(&found).map(String::as_str).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let mut told = BTreeSet::new();
        for row in bulk::select_in(&mut conn, &format!("{columns} and folded in ({{keys}})"), "all", &names).await? {
            told.insert(told_of(&row)?);
        }
        Ok(told.into_iter().collect())
    }

    /// Changes that are open at `now` and `wanted`, by whether the author or somebody asked to review is meant.
    pub async fn open_changes_of(&self, now: At, wanted: impl Fn(&OpenChange) -> bool) -> Result<Vec<OpenChange>> {
        let mut conn = self.pool.acquire().await?;
        let columns = "select source, id, repository, title, url, author, draft, opened_at, ready_at, first_review_at, reviewers, \
                       updated_at, item from change where opened_at <= $1";
        let mut found = Vec::new();
        // Each by an index of its own: open now, merged since, closed since.
        for sql in ["merged_at is null and closed_at is null", "merged_at > $1", "merged_at is null and closed_at > $1"] {
            let sql = format!("{columns} and {sql}");
            let rows = sqlx::query(AssertSqlSafe(sql)).bind(now.0).fetch_all(&mut *conn).await.context("reading open changes")?;
            for row in rows {
                let change = open_change(&row, now)?;
                if wanted(&change) {
                    found.push(change);
                }
            }
        }
        let ids: Vec<&str> = found.iter().map(|change| change.id.as_str()).collect();
        let sql = "select source, change, reviewer, at, state from review where $1 <> '' and bot = 0 and reviewer is not null and change in ({keys})";
        let mut reviews: BTreeMap<(String, String), Vec<Given>> = BTreeMap::new();
        for row in bulk::select_in(&mut conn, sql, "all", &ids).await.context("reading reviews")? {
            let given = Given { reviewer: row.try_get(2)?, at: At(row.try_get(3)?), state: row.try_get(4)? };
            if given.at <= now {
                reviews.entry((row.try_get(0)?, row.try_get(1)?)).or_default().push(given);
            }
        }
        for change in &mut found {
            change.reviews = reviews.remove(&(change.source.clone(), change.id.clone())).unwrap_or_default();
            change.reviews.sort_by(|a, b| (a.at, &a.reviewer, &a.state).cmp(&(b.at, &b.reviewer, &b.state)));
        }
        Ok(found)
    }

    /// Items that are assigned to one of these (source, name as written there) and not done at `now`, with those above them.
    pub async fn open_items_of(&self, names: &BTreeSet<(String, String)>, now: At) -> Result<Vec<OpenItem>> {
        let mut conn = self.pool.acquire().await?;
        let sql = "select source, id, key, parent, project, labels, title, url, status, assignee, created_at, started_at from item \
                   where assignee = $1 and source = $2 and (done_at is null or done_at > $3) \
                   order by case when started_at is null then 1 else 0 end, created_at desc, id limit $4";
        let mut items = Vec::new();
        for (source, name) in names {
            let rows = sqlx::query(sql).bind(name.clone()).bind(source.clone()).bind(now.0).bind(ITEMS);
            for row in rows.fetch_all(&mut *conn).await.context("reading work items")? {
                items.push(open_item(&row, now)?);
            }
        }
        items.retain(|item| item.created_at.is_none_or(|at| at <= now));
        let mut known: BTreeMap<(String, String), Place> = BTreeMap::new();
        for _ in 1..LEVELS {
            let mut asked: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for (source, parent) in items.iter().filter_map(parent_of).filter(|parent| !known.contains_key(parent)) {
                asked.entry(source).or_default().insert(parent);
            }
            for (source, parents) in asked {
                places(&mut conn, &source, &parents, &mut known).await.context("reading the items above")?;
            }
            for item in &mut items {
                let above = parent_of(item).and_then(|parent| known.get(&parent));
                // A ring of parents ends where it would begin again.
                let above = above.filter(|above| above.id != item.own.id && item.above.iter().all(|seen| seen.id != above.id));
                item.above.extend(above.cloned());
            }
        }
        Ok(items)
    }
}

/// Source and name of the item above the highest one known.
fn parent_of(item: &OpenItem) -> Option<(String, String)> {
    let top = item.above.last().unwrap_or(&item.own);
    top.parent.clone().map(|parent| (item.source.clone(), parent))
}

/// Items of a source by what others name them by: id, key or a former key.
async fn places(
    conn: &mut AnyConnection,
    source: &str,
    names: &BTreeSet<String>,
    known: &mut BTreeMap<(String, String), Place>,
) -> Result<()> {
    let keys: Vec<&str> = names.iter().map(String::as_str).collect();
    let columns = "select i.source, i.id, i.key, i.parent, i.project, i.labels";
    let by_key = format!(
        "{columns}, k.key from item_key k join item i on i.source = k.source and i.id = k.id where k.source = $1 and k.key in ({{keys}})"
    );
    let by_id = format!("{columns}, i.id from item i where i.source = $1 and i.id in ({{keys}})");
    for sql in [by_key, by_id] {
        for row in bulk::select_in(conn, &sql, source, &keys).await? {
            known.insert((row.try_get(0)?, row.try_get(6)?), place(&row)?);
        }
    }
    Ok(())
}

/// Of a row that begins with source, id, key, parent, project, labels.
fn place(row: &AnyRow) -> Result<Place> {
    let labels: String = row.try_get(5)?;
    Ok(Place {
        id: row.try_get(1)?,
        key: row.try_get(2)?,
        parent: row.try_get(3)?,
        project: row.try_get(4)?,
        labels: serde_json::from_str(&labels).unwrap_or_default(),
    })
}

pub(super) fn told_of(row: &AnyRow) -> Result<Told> {
    let email: String = row.try_get(2)?;
    Ok(Told { source: row.try_get(0)?, name: row.try_get(1)?, email: Some(email).filter(|email| !email.is_empty()) })
}

fn open_change(row: &AnyRow, now: At) -> Result<OpenChange> {
    let at = |place: usize| -> Result<Option<At>> { Ok(row.try_get::<Option<i64>, _>(place)?.map(At).filter(|at| *at <= now)) };
    let reviewers: Option<String> = row.try_get(10)?;
    let version: i64 = row.try_get(11)?;
    Ok(OpenChange {
        source: row.try_get(0)?,
        id: row.try_get(1)?,
        repository: row.try_get(2)?,
        title: row.try_get(3)?,
        url: row.try_get(4)?,
        author: row.try_get(5)?,
        draft: row.try_get::<i64, _>(6)? == 1,
        opened_at: At(row.try_get(7)?),
        ready_at: at(8)?,
        first_review_at: at(9)?,
        reviewers: reviewers.and_then(|names| serde_json::from_str(&names).ok()).unwrap_or_default(),
        stated_at: (version != i64::MIN).then_some(At(version)),
        item: row.try_get(12)?,
        reviews: Vec::new(),
    })
}

fn open_item(row: &AnyRow, now: At) -> Result<OpenItem> {
    Ok(OpenItem {
        source: row.try_get(0)?,
        own: place(row)?,
        title: row.try_get(6)?,
        url: row.try_get(7)?,
        status: row.try_get(8)?,
        assignee: row.try_get(9)?,
        created_at: row.try_get::<Option<i64>, _>(10)?.map(At),
        started_at: row.try_get::<Option<i64>, _>(11)?.map(At).filter(|at| *at <= now),
        above: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{hour, on_each, say, stated, tell};
    use super::*;
    use crate::domain::event::{Activity, Change, Commit, Event, Item, Review};

    fn change(id: &str, author: &str, reviewers: &[&str]) -> Change {
        Change {
            id: id.into(),
            repository: Some("acme/shop".into()),
            opened_at: Some(hour(1)),
            author: Some(author.into()),
            reviewers: reviewers.iter().map(|name| (*name).to_string()).collect(),
            ..Change::default()
        }
    }

    fn review(id: &str, change: &str, reviewer: &str, at: i64) -> Event {
        let (id, change, reviewer, state) = (id.into(), change.into(), Some(reviewer.into()), "approved".into());
        Event::Review(Review { id, change, reviewer, bot: false, at: hour(at), state })
    }

    #[test]
    fn names_are_kept_once_with_each_address_and_found_by_either() {
        on_each(|store| async move {
            let commit = |sha: &str, author: &str, email: &str| Commit {
                sha: sha.into(),
                authored_at: Some(hour(5)),
                author: Some(author.into()),
                email: Some(email.into()),
                ..Commit::default()
            };
            let events = vec![
                Event::Commit(commit("c1", "Ada-L", "Ada@x.org")),
                Event::Commit(commit("c2", "Ada-L", "ada@home.org")),
                Event::Commit(Commit { bot: Some(true), ..commit("c3", "robo", "robo@x.org") }),
                Event::Commit(commit("c4", "renovate[bot]", "r@x.org")),
                Event::Change(change("#1", "bo", &["cy", "Ada-L"])),
                Event::Change(Change { bot: true, ..change("#2", "machine", &[]) }),
                Event::Item(Item { id: "i".into(), assignee: Some("dan".into()), created_at: Some(hour(1)), ..Item::default() }),
                Event::Activity(Activity { person: "eva".into(), kind: "comment".into(), item: None, at: hour(2) }),
                review("r1", "#1", "fay", 3),
            ];
            for _ in 0..2 {
                let events = events.iter().map(|event| stated(event.clone(), 1)).collect();
                tell(&store, "github", &format!("k{}", rand::random::<u32>()), events).await;
            }
            tell(&store, "git", "g", vec![stated(Event::Commit(commit("c1", "ada@x.org", "ada@x.org")), 1)]).await;
            let all = |told: Vec<Told>| -> Vec<String> {
                told.into_iter().map(|it| format!("{} {} {}", it.source, it.name, it.email.unwrap_or_default())).collect()
            };
            let mut known = all(store.told_since(hour(0)).await.unwrap());
            known.sort();
            let ada = ["git ada@x.org ada@x.org", "github Ada-L ", "github Ada-L ada@home.org", "github Ada-L ada@x.org"];
            let others = ["github bo ", "github cy ", "github dan ", "github eva ", "github fay "];
            assert_eq!(known, [&ada[..], &others[..]].concat());
            assert_eq!(all(store.told(&[], &["ada@x.org".into()]).await.unwrap()), ada, "the login, and all of its addresses");
            assert_eq!(all(store.told(&["cy".into(), "nobody".into()], &[]).await.unwrap()), ["github cy "]);
            assert_eq!(store.told_since(hour(600)).await.unwrap(), []);
        });
    }

    #[test]
    fn the_migration_finds_the_names_that_are_stored_already() {
        on_each(|store| async move {
            let commit = Commit {
                sha: "c1".into(),
                repository: Some("acme/shop".into()),
                authored_at: Some(hour(30)),
                author: Some("Ada-L".into()),
                email: Some("ada@x.org".into()),
                ..Commit::default()
            };
            let events = vec![
                Event::Change(change("#1", "bo", &[])),
                Event::Change(Change { bot: true, ..change("#2", "machine", &[]) }),
                Event::Item(Item { id: "i".into(), assignee: Some("dan".into()), created_at: Some(hour(1)), ..Item::default() }),
                Event::Activity(Activity { person: "eva".into(), kind: "comment".into(), item: None, at: hour(2) }),
                Event::Item(Item { id: "j".into(), assignee: Some("Renovate".into()), created_at: Some(hour(1)), ..Item::default() }),
                review("r1", "#1", "fay", 3),
                Event::Commit(commit.clone()),
                Event::Commit(Commit { sha: "c2".into(), authored_at: Some(hour(60)), ..commit.clone() }),
                Event::Commit(Commit { sha: "c3".into(), repository: Some("else/where".into()), author: Some("gil".into()), ..commit }),
            ];
            tell(&store, "github", "k", events.into_iter().map(|event| stated(event, 1)).collect()).await;
            let all = async || -> Vec<(String, String, String, i64)> {
                let rows = sqlx::query("select name, email, folded, last_day from identity where source = 'github' order by name, email");
                let rows = rows.fetch_all(&store.pool).await.unwrap();
                rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect()
            };
            let mut expect = all().await;
            expect.retain(|(name, ..)| name != "gil"); // no source tells of changes there
            assert_eq!((expect.len(), expect[0].3), (5, hour(60).day()));
            for sql in [
                "drop table identity; drop index delivery_rejected; drop index commits_period; create index commits_repository on commits (repository)",
                include_str!("../../migrations/0005_people.sql"),
            ] {
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&store.pool).await.unwrap();
            }
            assert_eq!(all().await, expect);
        });
    }

    #[test]
    fn open_changes_come_with_their_own_sources_reviews_as_of_then() {
        on_each(|store| async move {
            let open = change("#1", "bo", &["ana"]);
            say(&store, "1", Event::Change(open.clone()), 7).await;
            say(&store, "2", Event::Change(Change { merged_at: Some(hour(50)), ..change("#2", "ana", &[]) }), 7).await;
            say(&store, "3", Event::Change(Change { closed_at: Some(hour(40)), ..change("#3", "ana", &[]) }), 7).await;
            say(&store, "4", Event::Change(Change { opened_at: Some(hour(60)), ..change("#4", "ana", &[]) }), 7).await;
            say(&store, "5", Event::Change(change("#5", "cy", &["dan"])), 7).await;
            tell(&store, "gitlab", "6", vec![stated(Event::Change(open), 8), stated(review("g1", "#1", "zed", 9), 9)]).await;
            tell(&store, "json", "7", vec![stated(review("r1", "#1", "ana", 20), 9), stated(review("r2", "#1", "cy", 10), 9)]).await;
            let seen = async |now: i64| -> Vec<String> {
                let wanted = |change: &OpenChange| change.author.iter().chain(&change.reviewers).any(|name| name == "ana");
                let found = store.open_changes_of(hour(now), wanted).await.unwrap();
                let row = |it: OpenChange| {
                    let reviews: Vec<String> = it
                        .reviews
                        .iter()
                        .map(|review| format!("{}@{}", review.reviewer, review.at.since(hour(0)) / crate::domain::time::HOUR))
                        .collect();
                    assert_eq!(it.stated_at, Some(hour(if it.source == "gitlab" { 8 } else { 7 })));
                    format!("{} {} {}", it.source, it.id, reviews.join(" "))
                };
                let mut rows: Vec<String> = found.into_iter().map(row).collect();
                rows.sort();
                rows
            };
            assert_eq!(seen(100).await, ["gitlab #1 zed@9", "json #1 cy@10 ana@20", "json #4 "]);
            assert_eq!(seen(45).await, ["gitlab #1 zed@9", "json #1 cy@10 ana@20", "json #2 "]);
            assert_eq!(seen(15).await, ["gitlab #1 zed@9", "json #1 cy@10", "json #2 ", "json #3 "]);
        });
    }

    #[test]
    fn open_items_come_with_all_that_is_above_them_and_a_ring_ends() {
        on_each(|store| async move {
            let item = |id: &str, key: &str, parent: Option<&str>, assignee: &str| Item {
                id: id.into(),
                key: Some(key.into()),
                parent: parent.map(str::to_string),
                assignee: Some(assignee.into()),
                created_at: Some(hour(1)),
                labels: vec![format!("label of {key}")],
                ..Item::default()
            };
            let events = vec![
                Event::Item(Item { started_at: Some(hour(5)), ..item("1", "PAY-1", Some("PAY-2"), "ana") }),
                Event::Item(Item { former_keys: vec!["OLD-2".into()], ..item("2", "PAY-2", Some("3"), "bo") }),
                Event::Item(item("3", "PAY-3", None, "bo")),
                Event::Item(item("4", "PAY-4", Some("OLD-2"), "ana")),
                Event::Item(Item { done_at: Some(hour(50)), ..item("5", "PAY-5", None, "ana") }),
                Event::Item(item("6", "PAY-6", Some("PAY-7"), "ana")),
                Event::Item(item("7", "PAY-7", Some("PAY-6"), "bo")),
                Event::Item(item("8", "PAY-8", Some("PAY-404"), "ana")),
                Event::Item(Item { created_at: Some(hour(90)), ..item("9", "PAY-9", None, "ana") }),
            ];
            tell(&store, "jira", "k", events.into_iter().map(|event| stated(event, 1)).collect()).await;
            tell(&store, "linear", "l", vec![stated(Event::Item(item("1", "LIN-1", Some("PAY-2"), "ana")), 1)]).await;
            let seen = async |sources: &[&str], now: i64| -> Vec<String> {
                let names = sources.iter().map(|source| ((*source).to_string(), "ana".to_string())).collect();
                let mut found = store.open_items_of(&names, hour(now)).await.unwrap();
                found.sort_by(|a, b| (&a.source, &a.own.id).cmp(&(&b.source, &b.own.id)));
                let row = |it: &OpenItem| {
                    let above: Vec<&str> = it.above.iter().map(Place::name).collect();
                    format!("{}{} < {}", it.own.name(), if it.started_at.is_some() { "*" } else { "" }, above.join(" "))
                };
                found.iter().map(row).collect()
            };
            assert_eq!(seen(&["jira"], 60).await, ["PAY-1* < PAY-2 PAY-3", "PAY-4 < PAY-2 PAY-3", "PAY-6 < PAY-7", "PAY-8 < "]);
            assert_eq!(seen(&["linear"], 60).await, ["LIN-1 < "], "another source's key is no parent");
            assert_eq!(seen(&["jira"], 3).await, ["PAY-1 < PAY-2 PAY-3", "PAY-4 < PAY-2 PAY-3", "PAY-5 < ", "PAY-6 < PAY-7", "PAY-8 < "]);
            assert_eq!(
                store.open_items_of(&[("jira".into(), "ANA".into())].into(), hour(60)).await.unwrap(),
                [],
                "names are as written there"
            );
        });
    }
}
