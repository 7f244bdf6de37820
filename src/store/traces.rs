//! The traces that work left in a span: see [`Traces`].

use anyhow::{Context, Result};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::Store;
use crate::domain::time::{At, DAY};
use crate::domain::traces::{Acted, Made, Reviewed, Traces, Written};

/// How long after a change is over it may still be reviewed, commented on or committed to, and be known as that change.
const AFTERWARDS: i64 = 30 * DAY;

impl Store {
    /// What people did from `from` to `until`, as known at `now`, each kind in the order of time and id.
    pub async fn traces(&self, [from, until]: [At; 2], now: At) -> Result<Traces> {
        let until = until.min(now.plus(1));
        Ok(Traces {
            commits: self.written(from, until).await.context("reading commits")?,
            changes: self.made(from, until, now).await.context("reading changes")?,
            reviews: self.reviewed(from, until).await.context("reading reviews")?,
            activities: self.acted(from, until).await.context("reading activities")?,
            keys: self.keys().await.context("reading the keys of items")?,
        })
    }

    async fn written(&self, from: At, until: At) -> Result<Vec<Written>> {
        let sql = "select sha, repository, authored_at, author, email, bot, subject, coauthors, paths from commits \
                   where authored_at >= $1 and authored_at < $2 and (exact = 0 or parents is null or parents not like '% %') \
                   order by authored_at, sha";
        let commit = |row: &AnyRow| {
            Ok(Written {
                sha: row.try_get(0)?,
                repository: row.try_get(1)?,
                at: At(row.try_get(2)?),
                author: row.try_get(3)?,
                email: row.try_get(4)?,
                bot: row.try_get::<Option<i64>, _>(5)? == Some(1),
                subject: row.try_get(6)?,
                coauthors: lines(row.try_get(7)?).unwrap_or_default(),
                paths: lines(row.try_get(8)?),
            })
        };
        let rows = sqlx::query(sql).bind(from.0).bind(until.0).fetch_all(&self.pool).await?;
        rows.iter().map(commit).collect()
    }

    async fn made(&self, from: At, until: At, now: At) -> Result<Vec<Made>> {
        let sql = "select source, id, repository, opened_at, merged_at, author, bot, title, labels, item, commits, head, merge_commit, paths \
                   from change where coalesce(opened_at, merged_at, 0) <= $2 and coalesce(merged_at, closed_at, $3) >= $1 order by opened_at, source, id";
        let change = |row: &AnyRow| {
            let at = |index: usize| -> Result<Option<At>> {
                Ok(row.try_get::<Option<i64>, _>(index)?.map(At).filter(|at| from <= *at && *at < until))
            };
            let (labels, commits): (String, Option<String>) = (row.try_get(8)?, row.try_get(10)?);
            let mut shas: Vec<String> = commits.and_then(|list| serde_json::from_str(&list).ok()).unwrap_or_default();
            for index in [11, 12] {
                shas.extend(row.try_get::<Option<String>, _>(index)?);
            }
            Ok(Made {
                source: row.try_get(0)?,
                id: row.try_get(1)?,
                repository: row.try_get(2)?,
                opened_at: at(3)?,
                merged_at: at(4)?,
                author: row.try_get(5)?,
                bot: row.try_get::<i64, _>(6)? == 1,
                title: row.try_get(7)?,
                labels: serde_json::from_str(&labels).unwrap_or_default(),
                item: row.try_get(9)?,
                commits: shas,
                paths: lines(row.try_get(13)?),
            })
        };
        let rows = sqlx::query(sql).bind(from.plus(-AFTERWARDS).0).bind(now.0).bind(i64::MAX).fetch_all(&self.pool).await?;
        rows.iter().map(change).collect()
    }

    async fn reviewed(&self, from: At, until: At) -> Result<Vec<Reviewed>> {
        let sql = "select source, change, reviewer, at from review where at >= $1 and at < $2 and bot = 0 and reviewer is not null order by at, source, id";
        let rows = sqlx::query(sql).bind(from.0).bind(until.0).fetch_all(&self.pool).await?;
        let review = |row: &AnyRow| {
            Ok(Reviewed { source: row.try_get(0)?, change: row.try_get(1)?, reviewer: row.try_get(2)?, at: At(row.try_get(3)?) })
        };
        rows.iter().map(review).collect()
    }

    async fn acted(&self, from: At, until: At) -> Result<Vec<Acted>> {
        let sql = "select source, person, kind, item, at from activity where at >= $1 and at < $2 order by at, source, hash";
        let rows = sqlx::query(sql).bind(from.0).bind(until.0).fetch_all(&self.pool).await?;
        let acted = |row: &AnyRow| {
            Ok(Acted {
                source: row.try_get(0)?,
                person: row.try_get(1)?,
                kind: row.try_get(2)?,
                item: row.try_get(3)?,
                at: At(row.try_get(4)?),
            })
        };
        rows.iter().map(acted).collect()
    }

    async fn keys(&self) -> Result<Vec<(String, String, String)>> {
        let rows = sqlx::query("select key, source, id from item_key order by key, source, id").fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
    }
}

/// A list that is kept one a line; none where it is not known.
fn lines(text: Option<String>) -> Option<Vec<String>> {
    Some(text?.lines().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{commit, hour, on_each, say, stated, tell};
    use super::*;
    use crate::domain::event::{Activity, Change, Commit, Event, Item, Review};

    fn change(id: &str, opened: i64, merged: Option<i64>) -> Change {
        Change {
            id: id.into(),
            repository: Some("acme/shop".into()),
            opened_at: Some(hour(opened)),
            merged_at: merged.map(hour),
            author: Some("ada".into()),
            ..Change::default()
        }
    }

    fn review(id: &str, at: i64, bot: bool) -> Event {
        let (reviewer, state) = (Some("bo".into()), Review::APPROVED.into());
        Event::Review(Review { id: id.into(), change: "#1".into(), reviewer, bot, at: hour(at), state })
    }

    #[test]
    fn traces_are_those_of_the_span_as_known_then_in_any_order_of_arrival() {
        on_each(|store| async move {
            let wrote = |sha: &str, at: i64, message: &str| Commit { message: Some(message.into()), ..commit(sha, at) };
            let merge = Commit { parents: Some(vec!["c1".into(), "x".into()]), exact_parents: true, ..commit("m", 12) };
            let acted = |kind: &str, at: i64| {
                Event::Activity(Activity { person: "cy".into(), kind: kind.into(), item: Some("PAY-1".into()), at: hour(at) })
            };
            let item = Item { id: "1".into(), key: Some("PAY-1".into()), former_keys: vec!["OLD-1".into()], ..Item::default() };
            let inner = |sha: &str| Commit { sha: sha.into(), ..Commit::default() };
            let events = vec![
                Event::Commit(wrote("c1", 11, "Add\n\nCo-authored-by: Bo <bo@x.org>")),
                Event::Commit(wrote("early", 9, "x")),
                Event::Commit(wrote("late", 21, "x")),
                Event::Commit(merge),
                Event::Change(Change { commits: Some(vec![inner("c1")]), merge_commit: Some("m".into()), ..change("#1", 5, Some(15)) }),
                Event::Change(change("#2", 12, Some(25))),
                Event::Change(change("#3", 21, None)),
                review("r1", 13, false),
                review("r2", 13, true),
                review("r3", 22, false),
                acted("comment", 14),
                acted("transition", 8),
                Event::Item(item),
            ];
            tell(&store, "json", "all", events.iter().rev().map(|event| stated(event.clone(), 1)).collect()).await;
            say(&store, "again", Event::Commit(commit("c1", 11)), 2).await;
            let found = store.traces([hour(10), hour(40)], hour(20)).await.unwrap();
            let names = |traces: &Traces| -> Vec<String> {
                let commits = traces.commits.iter().map(|it| format!("{} {}", it.sha, it.coauthors.join(",")));
                let changes = traces.changes.iter().map(|it| {
                    format!("{} {} {} {}", it.id, u8::from(it.opened_at.is_some()), u8::from(it.merged_at.is_some()), it.commits.join(","))
                });
                let reviews = traces.reviews.iter().map(|it| format!("{} {}", it.change, it.reviewer));
                let activities = traces.activities.iter().map(|it| format!("{} {}", it.kind, it.person));
                commits.chain(changes).chain(reviews).chain(activities).collect()
            };
            let expect = ["c1 Bo <bo@x.org>", "#1 0 1 c1,m", "#2 1 0 ", "#1 bo", "comment cy"];
            assert_eq!(names(&found), expect, "nothing of the merge itself, of a bot, of before, or of after hour 20");
            let keys: Vec<&str> = found.keys.iter().map(|(key, ..)| key.as_str()).collect();
            assert_eq!(keys, ["OLD-1", "PAY-1"]);
            assert_eq!(store.traces([hour(30), hour(40)], hour(50)).await.unwrap().commits, []);
        });
    }
}
