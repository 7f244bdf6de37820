//! Events to facts, in one transaction: each table's rows, what they make stale, and what is counted.
//!
//! Deployments, changes, reviews, incidents and items are registers under (source, id): the greatest
//! ([`Version`]) wins, so order and repetition are immaterial. Commits merge field by field ([`commits`]).

mod commits;
mod left;
mod named;
mod parts;
mod registers;
mod said;
mod touched;
mod undo;
mod work;

use std::collections::{BTreeSet, HashMap, HashSet};

use anyhow::Result;
use sha2::{Digest, Sha256};
use sqlx::AnyConnection;

use super::bulk::Val;
use super::{Tally, org, sources};
use crate::domain::event::{Commit, Event, Parsed, Stated};
use crate::domain::said::Said;
use crate::domain::time::At;
use touched::Touched;
pub(super) use touched::mark as mark_stale;
pub(super) use undo::undo;

/// Rows handled at once: bounds memory and statement counts.
const CHUNK: usize = 1_000;

/// What decides between two versions of a fact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    /// The sender's version; least where it gives none.
    updated_at: i64,
    /// A terminal status outranks a running one.
    rank: i64,
    /// Of the content.
    hash: String,
}

/// Where facts come from.
pub(super) struct Origin<'a> {
    pub(super) source: &'a str,
    /// Of the delivery.
    pub(super) seq: i64,
    pub(super) received_at: At,
    /// What was said of all its rows.
    pub(super) said: Said,
}

/// Stores the facts of one delivery and marks what they make stale. `again`: over facts that this very delivery
/// made before, so that a mended parser's word replaces the old one's.
pub(super) async fn apply(conn: &mut AnyConnection, origin: &Origin<'_>, parsed: &Parsed, again: bool) -> Result<Tally> {
    let names = org::names(conn, parsed).await?;
    let mut tally = Tally { read: parsed.read, rejected: parsed.rejected.clone(), ..Tally::default() };
    let mut touched = Touched::default();
    for chunk in parsed.events.chunks(CHUNK) {
        let over = if again { Over::Own } else { Over::Nothing };
        let batch = Batch { source: origin.source, seq: origin.seq, over, events: chunk, said: &origin.said, at: origin.received_at };
        parts::parts(conn, &batch, &names, &mut tally, &mut touched).await?;
        registers::deployments(conn, &batch, &names, &mut tally, &mut touched).await?;
        registers::incidents(conn, &batch, &names, &mut tally, &mut touched).await?;
        registers::changes(conn, &batch, &names, &mut tally, &mut touched).await?;
        work::reviews(conn, &batch, &mut tally, &mut touched).await?;
        work::items(conn, &batch, &mut tally, &mut touched).await?;
        parts::lay_over(conn, &batch, &mut touched).await?;
        work::activities(conn, &batch, &mut tally, &mut touched).await?;
        work::runs(conn, &batch, &names, &mut tally, &mut touched).await?;
        commits::merge(conn, &batch, &mut tally, &mut touched).await?;
        named::people(conn, &batch, origin.received_at).await?;
    }
    let last_event = parsed.events.iter().filter_map(|stated| instant(&stated.event)).max();
    sources::seen(conn, origin.source, last_event, origin.received_at).await?;
    touched.mark(conn).await?;
    Ok(tally)
}

/// Some events of one delivery.
#[derive(Clone, Copy)]
struct Batch<'a> {
    source: &'a str,
    seq: i64,
    over: Over,
    events: &'a [Stated],
    /// What was said of all of them, and when.
    said: &'a Said,
    at: At,
}

/// Which stored facts count as unknown, so that they are written over whatever their version.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Over {
    Nothing,
    /// Those that this very delivery made before.
    Own,
    /// All: the rows are computed.
    All,
}

/// Whether a row is kept, and how it counts.
enum Verdict {
    New,
    Updated,
    /// As it is: written again, and counted as known.
    Same,
    Stale,
}

/// The versions known under each id: read once a chunk, kept up with the chunk's own rows.
struct Known {
    standing: HashMap<String, Version>,
    /// Those that this very delivery made before: to be written over, whatever their version.
    own: HashMap<String, Version>,
    /// The delivery that each standing version is from.
    from: HashMap<String, i64>,
    /// This delivery.
    seq: i64,
    /// Deliveries of which a version stands behind another's: the one that lost, and the one that won.
    outranked: BTreeSet<(i64, i64)>,
    /// Those to be written again although their version is known: something else was said of them.
    moved: HashSet<String>,
}

impl Known {
    fn decide(&mut self, id: &str, version: Version) -> Verdict {
        match self.standing.get_mut(id) {
            None => {
                self.moved.remove(id);
                let before = self.own.remove(id);
                let same = before.as_ref() == Some(&version);
                self.standing.insert(id.to_string(), version);
                match before {
                    None => Verdict::New,
                    Some(_) if same => Verdict::Same,
                    Some(_) => Verdict::Updated,
                }
            }
            Some(known) if version > *known || (version == *known && self.moved.contains(id)) => {
                *known = version;
                if let Some(other) = self.from.insert(id.to_string(), self.seq).filter(|other| *other != self.seq) {
                    self.outranked.insert((other, self.seq));
                }
                self.moved.remove(id);
                Verdict::Updated
            }
            Some(_) => {
                if let Some(other) = self.from.get(id).filter(|other| **other != self.seq) {
                    self.outranked.insert((self.seq, *other));
                }
                Verdict::Stale
            }
        }
    }
}

/// Keeps the winning row of each id in a chunk, in order, and counts.
#[derive(Default)]
struct Winners {
    rows: Vec<Option<Vec<Val>>>,
    places: HashMap<String, usize>,
}

impl Winners {
    fn take(&mut self, known: &mut Known, id: &str, version: Version, tally: &mut Tally, row: impl FnOnce() -> Vec<Val>) -> bool {
        match known.decide(id, version) {
            Verdict::New => tally.new += 1,
            Verdict::Updated => tally.updated += 1,
            Verdict::Same => tally.duplicate += 1,
            Verdict::Stale => {
                tally.duplicate += 1;
                return false;
            }
        }
        if let Some(place) = self.places.insert(id.to_string(), self.rows.len()) {
            self.rows[place] = None;
        }
        self.rows.push(Some(row()));
        true
    }

    fn into_rows(self) -> Vec<Vec<Val>> {
        self.rows.into_iter().flatten().collect()
    }
}

/// A short name for content: the same content has the same one, whatever its white space was.
pub(super) fn content_hash(event: &Event) -> String {
    let bytes = serde_json::to_vec(event).unwrap_or_default();
    hex::encode(&Sha256::digest(&bytes)[..16])
}

fn version(stated: &Stated, rank: i64) -> Version {
    Version { updated_at: stated.updated_at.map_or(i64::MIN, |at| at.0), rank, hash: content_hash(&stated.event) }
}

/// The event's own time.
fn instant(event: &Event) -> Option<At> {
    match event {
        Event::Deployment(it) => it.finished_at.or(it.started_at),
        Event::Commit(it) => it.committed_at.or(it.authored_at),
        Event::Change(it) => [it.opened_at, it.merged_at, it.closed_at, it.first_review_at].into_iter().flatten().max(),
        Event::Review(it) => Some(it.at),
        Event::Incident(it) => it.resolved_at.or(Some(it.started_at)),
        Event::Part(it) => Some(it.at),
        Event::Item(it) => [it.created_at, it.started_at, it.done_at].into_iter().flatten().max(),
        Event::Activity(it) => Some(it.at),
        Event::Run(it) => it.finished_at.or(it.started_at),
    }
}

/// The commits that events carry inside.
fn inner_commits(event: &Event) -> impl Iterator<Item = (&Commit, Option<&str>)> {
    let (list, repository): (&[Commit], Option<&str>) = match event {
        Event::Commit(commit) => (std::slice::from_ref(commit), commit.repository.as_deref()),
        Event::Deployment(it) => (it.commits.as_deref().unwrap_or(&[]), it.repository.as_deref()),
        Event::Change(it) => (it.commits.as_deref().unwrap_or(&[]), it.repository.as_deref()),
        _ => (&[], None),
    };
    list.iter().map(move |commit| (commit, commit.repository.as_deref().or(repository)))
}
