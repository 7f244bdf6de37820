//! Is what came in whole? What `health` asks: when sources were heard, what was refused or ignored, what waits, whose commits,
//! files and owners are not known.
//!
//! Every question here is answered by an index, or looks at a bounded number of rows: it is asked when something is wrong, and
//! then the database is busy. Bodies are not read: SQLite finds a delivery's note behind its body, so that notes are read of
//! the newest deliveries only, as far as [`BODIES`] allows.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use sqlx::{AssertSqlSafe, Row};

use super::figures::Services;
use super::{Store, service_facts};
use crate::domain::derive::claims::Claims;
use crate::domain::derive::day::Packed;
use crate::domain::event::Rejected;
use crate::domain::org::Org;
use crate::domain::org::identity::Told;
use crate::domain::time::{At, DAY};
use crate::domain::window::Window;

/// Deliveries of one kind that are looked at, the newest.
pub const NEWEST: i64 = 500;
/// Bytes of bodies that notes may lie behind.
const BODIES: i64 = 32 * 1024 * 1024;
/// Commits without known files that are counted in one repository.
pub const COMMITS: i64 = 1_000;

/// Deliveries of a source that share a fate, of the newest [`NEWEST`] of all sources.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fate {
    /// How many deliveries.
    pub deliveries: u64,
    /// How many rows in them were refused; 0 for ignored ones.
    pub rows: u64,
    /// The oldest of them.
    pub first: At,
    /// Why, with how many deliveries each: of those whose notes were read.
    pub reasons: BTreeMap<String, u64>,
}

/// What is not known of a service's deployments and incidents in a period.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unknowns {
    /// The service; empty: of incidents that name none.
    pub service: String,
    /// Production deployments whose commits are in no history.
    pub unknown_commits: u64,
    /// The first of them.
    pub unknown_since: Option<At>,
    /// Those beyond the edge of a shallow history.
    pub shallow: u64,
    /// The first of them.
    pub shallow_since: Option<At>,
    /// Incidents that link to no deployment.
    pub unlinked: u64,
    /// The first of them.
    pub unlinked_since: Option<At>,
    /// Whether anything of the service lies in the period.
    pub alive: bool,
}

impl Store {
    /// The first delivery of each UTC day on which a source was heard in a period.
    pub async fn heard(&self, source: &str, from: At, to: At) -> Result<Vec<At>> {
        // One step of the index a day, rather than all deliveries.
        let sql = "with recursive heard(at) as (select min(received_at) from delivery where source = $1 and received_at >= $2 union all \
                   select (select min(d.received_at) from delivery d where d.source = $1 and d.received_at >= (heard.at / $3 + 1) * $3) \
                   from heard where heard.at is not null) select at from heard where at is not null";
        let rows = sqlx::query(sql).bind(source.to_string()).bind(from.0).bind(DAY).fetch_all(&self.pool).await;
        let rows = rows.with_context(|| format!("reading when {source} was heard"))?;
        let heard = rows.iter().map(|row| Ok(At(row.try_get(0)?))).collect::<Result<Vec<_>>>()?;
        Ok(heard.into_iter().filter(|at| *at <= to).collect())
    }

    /// How many deliveries wait to be parsed, and since when the first does.
    pub async fn oldest_waiting(&self) -> Result<Option<(u64, At)>> {
        let sql = "select received_at from delivery where state = 'pending' order by seq limit 1";
        let first = sqlx::query(sql).fetch_optional(&self.pool).await.context("looking for what waits")?;
        Ok(match first {
            None => None,
            Some(row) => Some((self.waiting().await?, At(row.try_get(0)?))),
        })
    }

    /// Deliveries that arrived in a period and of which something was refused, by source and whether nothing was taken of them.
    pub async fn refused(&self, from: At, to: At) -> Result<BTreeMap<(String, bool), Fate>> {
        let mut fates: BTreeMap<(String, bool), Fate> = BTreeMap::new();
        for noted in self.newest("rejected is not null", from, to).await? {
            let failed = noted.note.as_ref().is_some_and(|note| note.failed);
            fates.entry((noted.source.clone(), failed)).or_default().add(noted);
        }
        Ok(fates)
    }

    /// Deliveries that arrived in a period and carry nothing that pacer uses, by source.
    pub async fn ignored(&self, from: At, to: At) -> Result<BTreeMap<String, Fate>> {
        let mut fates: BTreeMap<String, Fate> = BTreeMap::new();
        for noted in self.newest("state = 'ignored'", from, to).await? {
            fates.entry(noted.source.clone()).or_default().add(noted);
        }
        Ok(fates)
    }

    /// The newest deliveries that are so, with what was noted of them.
    async fn newest(&self, so: &str, from: At, to: At) -> Result<Vec<Noted>> {
        let mut conn = self.pool.acquire().await?;
        // What stands before the body, and the body's length, are read without it.
        let sql =
            format!("select seq, source, received_at, cast(length(body) as bigint) from delivery where {so} order by seq desc limit $1");
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(NEWEST).fetch_all(&mut *conn).await.context("looking for refused deliveries")?;
        let (mut found, mut seqs, mut bodies) = (Vec::new(), Vec::new(), 0);
        for row in rows {
            let (seq, at): (i64, At) = (row.try_get(0)?, At(row.try_get(2)?));
            if from <= at && at <= to {
                bodies += row.try_get::<i64, _>(3)?;
                if bodies <= BODIES {
                    seqs.push(seq.to_string());
                }
                found.push((seq, Noted { source: row.try_get(1)?, at, note: None }));
            }
        }
        if seqs.is_empty() {
            return Ok(Vec::new());
        }
        // Refused rows are counted by the database: a batch may have ten thousand.
        let sql = format!(
            "select seq, state, note, cast(coalesce((length(rejected) - length(replace(rejected, '\"line\":', ''))) / 7, 0) as bigint), \
             substr(rejected, 1, 4000) from delivery where seq in ({})",
            seqs.join(", ")
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).persistent(false).fetch_all(&mut *conn).await;
        let mut notes = BTreeMap::new();
        for row in rows.context("reading why deliveries were refused")? {
            let (seq, state, note, rows): (i64, String, Option<String>, i64) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
            let rejected: Option<String> = row.try_get(4)?;
            let reasons = rejected.map_or_else(|| note.into_iter().collect(), |list| first_reasons(&list));
            notes.insert(seq, Note { failed: state == "failed", rows: rows.unsigned_abs(), reasons });
        }
        Ok(found.into_iter().map(|(seq, noted)| Noted { note: notes.remove(&seq), ..noted }).collect())
    }

    /// What is not known of each service in a period, as of `now`.
    pub async fn unknowns(&self, services: &Services, window: &Window, now: At, org: &Org) -> Result<Vec<Unknowns>> {
        let names: Vec<String> = services.iter().map(|(name, _)| name.clone()).collect();
        let current = self.derived_anew(&names).await?;
        let mut found = Vec::with_capacity(names.len());
        for (name, spans) in services {
            let one = vec![(name.clone(), spans.clone())];
            let pool = self.pool(&one, window.from, window, now, org).await?;
            let of = |reason: u8| pool.deployments.iter().filter(move |it| it.reason == reason);
            let state = current.state(name);
            found.push(Unknowns {
                service: name.clone(),
                unknown_commits: of(2).count() as u64,
                unknown_since: of(2).next().map(Packed::finished_at),
                shallow: of(3).count() as u64,
                shallow_since: of(3).next().map(Packed::finished_at),
                unlinked: pool.unlinked.len() as u64,
                unlinked_since: pool.unlinked.iter().min().copied(),
                alive: state.and_then(|state| state.last_fact).is_some_and(|at| at >= window.from),
            });
        }
        Ok(found)
    }

    /// Commits of a period whose files are not known, merges aside, in the services' repositories in which files tell the
    /// services apart: how many, at most [`COMMITS`], and the first one's date.
    pub async fn commits_without_files(&self, services: &[String], window: &Window, org: &Org) -> Result<Vec<(String, u64, Option<At>)>> {
        let mut conn = self.pool.acquire().await?;
        let declared = services.iter().filter_map(|name| org.services.get(name));
        let called = org.repository_names();
        let divided = declared.filter(|service| !service.paths.is_empty()).filter_map(|service| service.repository.as_deref());
        let repositories: BTreeSet<String> = divided.filter_map(|name| called.get(name)).flatten().map(|name| (*name).to_owned()).collect();
        let claims = service_facts::claims(&mut conn, &repositories, org).await?;
        let mut found = Vec::new();
        for repository in repositories.iter().filter(|name| claims.get(*name).is_some_and(Claims::by_files)) {
            let sql = "select count(*), min(authored_at) from (select authored_at from commits where repository = $1 and authored_at >= $2 \
                       and authored_at < $3 and paths is null and (parents is null or parents not like '% %') limit $4) as bare";
            let row = sqlx::query(sql).bind(repository.clone()).bind(window.from.0).bind(window.to.0).bind(COMMITS);
            let row = row.fetch_one(&mut *conn).await.with_context(|| format!("counting commits of {repository}"))?;
            let (count, first): (i64, Option<i64>) = (row.try_get(0)?, row.try_get(1)?);
            if count > 0 {
                found.push((repository.clone(), count.unsigned_abs(), first.map(At)));
            }
        }
        Ok(found)
    }

    /// Every name that did something since an instant, with all that was told of it.
    pub async fn told_since(&self, from: At) -> Result<Vec<Told>> {
        let sql = "select source, name, email from identity where last_day >= $1";
        let rows = sqlx::query(sql).bind(from.day()).fetch_all(&self.pool).await.context("reading who is named")?;
        rows.iter().map(super::todo::told_of).collect()
    }
}

/// A delivery that was refused or ignored.
struct Noted {
    source: String,
    at: At,
    /// None where it was not read.
    note: Option<Note>,
}

/// What was noted of one delivery.
struct Note {
    /// Nothing was taken of it.
    failed: bool,
    rows: u64,
    /// Each once.
    reasons: BTreeSet<String>,
}

impl Fate {
    fn add(&mut self, noted: Noted) {
        self.deliveries += 1;
        self.first = if self.deliveries == 1 { noted.at } else { self.first.min(noted.at) };
        let Some(note) = noted.note else { return };
        self.rows += note.rows;
        for reason in note.reasons {
            *self.reasons.entry(reason).or_default() += 1;
        }
    }
}

/// The reasons at the beginning of a list that may be cut off.
fn first_reasons(list: &str) -> BTreeSet<String> {
    let mut reasons = BTreeSet::new();
    let mut rest = list.trim_start_matches('[');
    loop {
        let mut items = serde_json::Deserializer::from_str(rest).into_iter::<Rejected>();
        let Some(Ok(rejected)) = items.next() else { return reasons };
        rest = rest[items.byte_offset()..].trim_start_matches(',');
        reasons.insert(rejected.reason);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{commit, delivery, deployed, hour, incident, on_each, say, stated, tell};
    use super::*;
    use crate::domain::event::{Commit, Deployment, Event, Parsed};
    use crate::domain::org::{Service, Span};
    use crate::store::Delivery;

    /// A delivery that arrived at an hour and was parsed to this.
    async fn arrives(store: &Store, source: &str, at: i64, parsed: Parsed) {
        let key = format!("{source} {at} {}", rand::random::<u32>());
        store.ingest(Delivery { received_at: hour(at), ..delivery(source, &key) }, parsed).await.unwrap();
    }

    fn refusing(reasons: &[&str], taken: bool) -> Parsed {
        let rejected = (1..).zip(reasons).map(|(line, reason)| Rejected { line, reason: (*reason).into() }).collect();
        let events = if taken { vec![stated(Event::Deployment(deployed("a", "d1", 5, None)), 1)] } else { Vec::new() };
        Parsed { events, rejected, ..Parsed::default() }
    }

    #[test]
    fn a_source_is_heard_once_a_day() {
        on_each(|store| async move {
            for at in [1, 3, 25, 30, 75, 200] {
                arrives(&store, "github", at, Parsed::default()).await;
            }
            arrives(&store, "json", 100, Parsed::default()).await;
            let heard = async |from: i64, to: i64| -> Vec<i64> {
                let days = store.heard("github", hour(from), hour(to)).await.unwrap();
                days.into_iter().map(|at| at.since(hour(0)) / crate::domain::time::HOUR).collect()
            };
            // Hour 0 is 16:00 of a day, so that hour 8 begins the next one.
            assert_eq!(heard(0, 300).await, [1, 25, 75, 200]);
            assert_eq!(heard(26, 199).await, [30, 75]);
            assert_eq!(store.heard("nobody", hour(0), hour(300)).await.unwrap(), []);
        });
    }

    #[test]
    fn refused_ignored_and_waiting_deliveries_are_told_by_source_and_reason() {
        on_each(|store| async move {
            assert_eq!(store.oldest_waiting().await.unwrap(), None);
            arrives(&store, "github", 1, refusing(&["no number"], false)).await;
            arrives(&store, "github", 2, refusing(&["no number"], false)).await;
            arrives(&store, "json", 3, refusing(&["no id", "no id", "a \"line\": of its own"], true)).await;
            arrives(&store, "json", 4, refusing(&["no time"], false)).await;
            arrives(&store, "json", 90, refusing(&["late"], false)).await;
            let ignored = |why: &str| Parsed { ignored: Some(why.into()), ..Parsed::default() };
            for at in [5, 6, 7] {
                arrives(&store, "github", at, ignored(if at == 5 { "ping" } else { "a draft" })).await;
            }
            for at in [8, 9] {
                store.record(Delivery { received_at: hour(at), ..delivery("github", &format!("w{at}")) }).await.unwrap();
            }
            let told = |fate: &Fate| {
                (
                    fate.deliveries,
                    fate.rows,
                    fate.first.since(hour(0)) / crate::domain::time::HOUR,
                    fate.reasons.iter().map(|(why, n)| format!("{why} {n}")).collect::<Vec<_>>().join(", "),
                )
            };
            let refused = store.refused(hour(0), hour(80)).await.unwrap();
            assert_eq!(told(&refused[&("github".into(), true)]), (2, 2, 1, "no number 2".into()));
            assert_eq!(told(&refused[&("json".into(), false)]), (1, 3, 3, "a \"line\": of its own 1, no id 1".into()));
            assert_eq!(told(&refused[&("json".into(), true)]), (1, 1, 4, "no time 1".into()));
            assert_eq!(refused.len(), 3);
            let ignored = store.ignored(hour(0), hour(80)).await.unwrap();
            assert_eq!((ignored.len(), told(&ignored["github"])), (1, (3, 0, 5, "a draft 2, ping 1".into())));
            assert_eq!(store.oldest_waiting().await.unwrap(), Some((2, hour(8))));
            assert_eq!(store.ignored(hour(20), hour(80)).await.unwrap().len(), 0);
        });
    }

    #[test]
    fn what_is_not_known_is_counted_by_service_and_repository() {
        on_each(|store| async move {
            let lost = |id: &str, at| Event::Deployment(Deployment { sha: Some(format!("lost {id}")), ..deployed("a", id, at, None) });
            say(&store, "d1", lost("d1", 5), 1).await;
            say(&store, "d2", lost("d2", 7), 1).await;
            say(&store, "d3", Event::Deployment(deployed("b", "d3", 9, Some(vec![commit("c1", 1)]))), 1).await;
            say(&store, "i1", Event::Incident(incident(Some("b"), "i1", 300, None)), 1).await;
            say(&store, "i2", Event::Incident(incident(None, "i2", 301, None)), 1).await;
            let bare = |sha: &str, at: i64| Commit { repository: Some("o/mono".into()), ..commit(sha, at) };
            let commits = vec![
                bare("m1", 10),
                bare("m2", 11),
                bare("m3", 900),
                Commit { paths: Some(vec!["pay/a.rs".into()]), ..bare("m4", 12) },
                Commit { parents: Some(vec!["m1".into(), "m2".into()]), exact_parents: true, ..bare("m5", 13) },
                Commit { repository: Some("o/plain".into()), ..commit("p1", 10) },
            ];
            tell(&store, "git", "g", commits.into_iter().map(|commit| stated(Event::Commit(commit), 1)).collect()).await;
            let mut org = Org::default();
            let service = |repository: &str, paths: &[&str]| Service {
                repository: Some(repository.into()),
                paths: paths.iter().map(|path| (*path).to_string()).collect(),
                ..Service::default()
            };
            org.services.insert("a".into(), service("o/mono", &["pay/**"]));
            org.services.insert("b".into(), service("o/plain", &[]));
            store.apply_org(&crate::store::org::OrgVersion::default(), org.clone(), hour(400)).await.unwrap();
            let window = Window { from: hour(0), to: hour(400), zone: chrono_tz::UTC, label: String::new() };
            let services: Services = ["a", "b", "c", ""].iter().map(|name| ((*name).to_string(), vec![Span::ALWAYS])).collect();
            let found = store.unknowns(&services, &window, hour(400), &org).await.unwrap();
            let row = |it: &Unknowns| {
                (
                    it.unknown_commits,
                    it.unknown_since.map(|at| at.since(hour(0)) / crate::domain::time::HOUR),
                    it.shallow,
                    it.unlinked,
                    it.alive,
                )
            };
            assert_eq!(
                found.iter().map(row).collect::<Vec<_>>(),
                [(2, Some(5), 0, 0, true), (0, None, 0, 1, true), (0, None, 0, 0, false), (0, None, 0, 1, true)]
            );
            let names: Vec<String> = ["a", "b"].map(str::to_string).to_vec();
            let files = store.commits_without_files(&names, &window, &org).await.unwrap();
            assert_eq!(files, [("o/mono".to_string(), 2, Some(hour(10)))]);
        });
    }

    #[test]
    fn the_reasons_of_a_list_are_read_as_far_as_it_goes() {
        let check = |list: &str, expect: &[&str]| assert_eq!(first_reasons(list).into_iter().collect::<Vec<_>>(), expect, "{list}");
        check(
            r#"[{"line":1,"reason":"no id"},{"line":7,"reason":"a \"line\": 3]"},{"line":9,"reason":"no id"}]"#,
            &["a \"line\": 3]", "no id"],
        );
        check(r#"[{"line":1,"reason":"no id"},{"line":7,"rea"#, &["no id"]);
        check("[]", &[]);
        check("", &[]);
    }
}
