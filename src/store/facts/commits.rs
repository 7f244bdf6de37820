//! Commits, joined by sha across sources: what several sources say of one merges field by field.
//!
//! The merge is commutative and associative: git's own word (exact parents) stands over webhooks and lists;
//! among equals the least value of a field wins, parents add up, and a full clone stands over a shallow one. Files are the
//! same whoever lists them, so that the least list wins over all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use anyhow::Result;
use regex::Regex;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::super::bulk::{self, Val};
use super::registers::lines;
use super::touched::Touched;
use super::{Batch, Tally, inner_commits};
use crate::domain::event::{Commit, Event};
use crate::domain::machines::says_assisted;

/// What is kept of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Kept {
    repository: Option<String>,
    authored_at: Option<i64>,
    committed_at: Option<i64>,
    author: Option<String>,
    bot: Option<i64>,
    subject: Option<String>,
    reverts: Option<String>,
    parents: Option<BTreeSet<String>>,
    exact: bool,
    shallow: bool,
    email: Option<String>,
    /// One a line.
    paths: Option<String>,
    ai: Option<i64>,
    /// Who wrote along, as its trailers name them.
    coauthors: BTreeSet<String>,
}

static REVERTS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\bThis reverts commit ([0-9a-f]{7,64})\b").expect("a constant pattern that a test compiles"));

impl Kept {
    pub(super) fn of(commit: &Commit, repository: Option<&str>) -> Self {
        let message = commit.message.as_deref();
        let reverts: Vec<String> =
            message.map(|text| REVERTS.captures_iter(text).map(|found| found[1].to_lowercase()).collect()).unwrap_or_default();
        Self {
            repository: repository.map(str::to_string),
            authored_at: commit.authored_at.map(|at| at.0),
            committed_at: commit.committed_at.map(|at| at.0),
            author: commit.author.clone(),
            bot: commit.bot.map(i64::from),
            subject: message.map(|text| text.lines().next().unwrap_or("").trim().to_string()),
            reverts: (!reverts.is_empty()).then(|| reverts.join(" ")),
            parents: commit.parents.as_ref().map(|parents| parents.iter().cloned().collect()),
            exact: commit.exact_parents,
            shallow: commit.shallow,
            email: commit.email.as_ref().map(|email| email.to_lowercase()),
            paths: commit.paths.as_deref().map(lines),
            ai: message.map(|message| i64::from(says_assisted(message))),
            coauthors: message.map(coauthors).unwrap_or_default(),
        }
    }

    /// What two sources together say.
    pub(super) fn merge(mut self, mut other: Self) -> Self {
        let mut coauthors = std::mem::take(&mut self.coauthors);
        coauthors.append(&mut other.coauthors);
        if self.exact != other.exact {
            let (git, list) = if self.exact { (self, other) } else { (other, self) };
            return Self {
                repository: git.repository.or(list.repository),
                authored_at: git.authored_at.or(list.authored_at),
                committed_at: git.committed_at.or(list.committed_at),
                author: git.author.or(list.author),
                bot: git.bot.max(list.bot),
                subject: git.subject.or(list.subject),
                reverts: git.reverts.or(list.reverts),
                parents: git.parents,
                exact: true,
                shallow: git.shallow,
                email: git.email.or(list.email),
                paths: least(git.paths, list.paths),
                ai: git.ai.or(list.ai),
                coauthors,
            };
        }
        let parents = match (self.parents, other.parents) {
            (Some(a), Some(b)) if self.exact && self.shallow != other.shallow => Some(if self.shallow { b } else { a }),
            (Some(a), Some(b)) => Some(a.union(&b).cloned().collect()),
            (a, b) => a.or(b),
        };
        Self {
            repository: least(self.repository, other.repository),
            authored_at: least(self.authored_at, other.authored_at),
            committed_at: least(self.committed_at, other.committed_at),
            author: least(self.author, other.author),
            bot: self.bot.max(other.bot),
            subject: least(self.subject, other.subject),
            reverts: least(self.reverts, other.reverts),
            parents,
            exact: self.exact,
            shallow: self.shallow && other.shallow,
            email: least(self.email, other.email),
            paths: least(self.paths, other.paths),
            ai: self.ai.max(other.ai),
            coauthors,
        }
    }

    fn read(row: &AnyRow) -> Result<Self> {
        let parents: Option<String> = row.try_get(8)?;
        let coauthors: Option<String> = row.try_get(14)?;
        Ok(Self {
            repository: row.try_get(1)?,
            authored_at: row.try_get(2)?,
            committed_at: row.try_get(3)?,
            author: row.try_get(4)?,
            bot: row.try_get(5)?,
            subject: row.try_get(6)?,
            reverts: row.try_get(7)?,
            parents: parents.map(|text| text.split(' ').filter(|sha| !sha.is_empty()).map(str::to_string).collect()),
            exact: row.try_get::<i64, _>(9)? == 1,
            shallow: row.try_get::<i64, _>(10)? == 1,
            email: row.try_get(11)?,
            paths: row.try_get(12)?,
            ai: row.try_get(13)?,
            coauthors: coauthors.iter().flat_map(|lines| lines.lines()).map(str::to_owned).collect(),
        })
    }

    fn row(self, sha: &str, seq: i64) -> Vec<Val> {
        let parents = self.parents.map(|parents| parents.into_iter().collect::<Vec<_>>().join(" "));
        vec![
            sha.into(),
            self.repository.into(),
            self.authored_at.into(),
            self.committed_at.into(),
            self.author.into(),
            self.bot.into(),
            i64::from(self.subject.is_some()).into(),
            self.subject.into(),
            self.reverts.into(),
            parents.into(),
            self.exact.into(),
            self.shallow.into(),
            self.email.into(),
            self.paths.into(),
            self.ai.into(),
            (!self.coauthors.is_empty()).then(|| self.coauthors.into_iter().collect::<Vec<_>>().join("\n")).into(),
            seq.into(),
        ]
    }
}

/// Who a message's trailers say wrote along: `Name <address>`.
fn coauthors(message: &str) -> BTreeSet<String> {
    let named = |line: &str| {
        let (trailer, who) = line.trim().split_once(':')?;
        let who = who.trim();
        (trailer.eq_ignore_ascii_case("co-authored-by") && !who.is_empty()).then(|| who.to_owned())
    };
    message.lines().skip(1).filter_map(named).collect()
}

fn least<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

const COLUMNS: &str = "sha, repository, authored_at, committed_at, author, bot, messages, subject, reverts, parents, exact, shallow, email, paths, ai, coauthors, seq";

pub(super) async fn merge(conn: &mut AnyConnection, batch: &Batch<'_>, tally: &mut Tally, touched: &mut Touched) -> Result<()> {
    let mut stated: BTreeMap<&str, Kept> = BTreeMap::new();
    let mut counted: BTreeMap<&str, u64> = BTreeMap::new(); // commits that are events of their own
    for event in batch.events {
        for (commit, repository) in inner_commits(&event.event) {
            let kept = Kept::of(commit, repository);
            let merged = stated.remove(commit.sha.as_str()).map_or_else(|| kept.clone(), |known| known.merge(kept.clone()));
            stated.insert(&commit.sha, merged);
        }
        if let Event::Commit(commit) = &event.event {
            *counted.entry(&commit.sha).or_default() += 1;
        }
    }
    if stated.is_empty() {
        return Ok(());
    }
    let shas: Vec<&str> = stated.keys().copied().collect();
    let sql = "select sha, repository, authored_at, committed_at, author, bot, subject, reverts, parents, exact, shallow, email, paths, ai, coauthors, seq from commits where $1 <> '' and sha in ({keys})";
    let mut known: BTreeMap<String, Kept> = BTreeMap::new();
    for row in bulk::select_in(conn, sql, "all", &shas).await? {
        let seq: i64 = row.try_get(15)?;
        if seq != batch.seq {
            // Each says something of it: undone, either leaves the other's word.
            touched.outranked([(batch.seq, seq), (seq, batch.seq)]);
        }
        known.insert(row.try_get(0)?, Kept::read(&row)?);
    }
    let mut rows = Vec::new();
    for (sha, kept) in stated {
        let times = counted.get(sha).copied().unwrap_or(0);
        let merged = match known.remove(sha) {
            None => {
                tally.new += times.min(1);
                tally.duplicate += times.saturating_sub(1);
                kept
            }
            Some(known) => {
                let merged = known.clone().merge(kept);
                let changed = merged != known;
                tally.updated += if changed { times.min(1) } else { 0 };
                tally.duplicate += if changed { times.saturating_sub(1) } else { times };
                if !changed {
                    continue;
                }
                if known.repository.is_none() {
                    touched.listed_commit();
                }
                merged
            }
        };
        touched.commit(sha, merged.repository.as_deref());
        rows.push(merged.row(sha, batch.seq));
    }
    let set: Vec<String> = COLUMNS.split(", ").skip(1).map(|column| format!("{column} = excluded.{column}")).collect();
    let tail = format!("on conflict (sha) do update set {}", set.join(", "));
    bulk::insert(conn, &format!("insert into commits ({COLUMNS})"), &tail, rows).await
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kept() -> impl Strategy<Value = Kept> {
        let text = || proptest::option::of("[ab]{1,2}");
        let parents = proptest::option::of(proptest::collection::btree_set("[ab]", 0..3));
        let coauthors = proptest::collection::btree_set("[ab]", 0..3);
        (text(), proptest::option::of(0_i64..4), text(), proptest::option::of(0_i64..2), parents, any::<bool>(), text(), coauthors)
            .prop_map(|(repository, authored_at, subject, bot, parents, exact, paths, coauthors)| Kept {
                // git tells all of these; what it does not tell may come from any list.
                repository: if exact { Some("r".into()) } else { repository },
                authored_at: if exact { Some(1) } else { authored_at },
                committed_at: if exact { Some(1) } else { authored_at },
                bot,
                subject: if exact { Some("s".into()) } else { subject },
                parents: if exact { Some(parents.unwrap_or_default()) } else { parents },
                exact,
                paths,
                coauthors,
                ..Kept::default()
            })
    }

    proptest! {
        #[test]
        fn the_order_of_sources_is_immaterial(a in kept(), b in kept(), c in kept()) {
            prop_assert_eq!(a.clone().merge(b.clone()), b.clone().merge(a.clone()));
            prop_assert_eq!(a.clone().merge(b.clone()).merge(c.clone()), a.merge(b.merge(c)));
        }

        #[test]
        fn saying_it_again_changes_nothing(a in kept(), b in kept()) {
            let both = a.clone().merge(b.clone());
            prop_assert_eq!(both.clone().merge(b), both);
        }
    }

    #[test]
    fn trailers_are_read_from_anywhere_in_the_message() {
        let commit = Commit {
            message: Some("Revert \"x\"\n\nThis reverts commit ABCDEF1234567890abcdef1234567890abcdef12.\n\nco-authored-by: Bo B <bo@x.org>\nCo-authored-by:\n".into()),
            ..Commit::default()
        };
        let kept = Kept::of(&commit, None);
        assert_eq!(kept.reverts.as_deref(), Some("abcdef1234567890abcdef1234567890abcdef12"));
        assert_eq!(kept.subject.as_deref(), Some("Revert \"x\""));
        assert_eq!(kept.coauthors.into_iter().collect::<Vec<_>>(), ["Bo B <bo@x.org>"]);
        let subject = Commit { message: Some("Co-authored-by: nobody".into()), ..Commit::default() };
        assert!(Kept::of(&subject, None).coauthors.is_empty(), "a subject is no trailer");
    }
}
