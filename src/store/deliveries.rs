//! Raw deliveries: what arrived, as it arrived, before anything is made of it.
//!
//! A delivery is identified by its sender's id, else by a hash of its content, so that a redelivery is one row.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use futures::TryStreamExt;
use serde::Serialize;
use sha2::{Digest, Sha256};
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::{Store, facts};
use crate::domain::event::{Parsed, Rejected};
use crate::domain::said::{self, Said};
use crate::domain::time::At;

/// Something that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The source's slug.
    pub source: String,
    /// The sender's delivery id, where it gives one.
    pub key: Option<String>,
    /// Header names in lower case; those that prove origin are not kept.
    pub headers: BTreeMap<String, String>,
    /// The body as it came.
    pub body: Vec<u8>,
    /// When.
    pub received_at: At,
}

/// What recording did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The name under which it can be undone.
    pub batch: String,
    /// Whether it was known already.
    pub duplicate: bool,
}

/// What became of a batch of events.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// The name under which it can be undone.
    pub batch: String,
    /// Rows or deliveries read.
    pub read: u64,
    /// Facts not known before.
    pub new: u64,
    /// Facts known in another form, now replaced.
    pub updated: u64,
    /// Facts known already, or older than what is known.
    pub duplicate: u64,
    /// Rows refused.
    pub rejected: Vec<Rejected>,
}

impl Tally {
    /// Adds another's counts.
    pub fn add(&mut self, other: Self) {
        self.read += other.read;
        self.new += other.new;
        self.updated += other.updated;
        self.duplicate += other.duplicate;
        self.rejected.extend(other.rejected);
    }
}

/// A delivery that waits to be parsed.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its place in commit order.
    pub seq: i64,
    /// As recorded.
    pub delivery: Delivery,
}

/// Bytes of bodies read at once, one larger delivery aside.
const ROOM: i64 = 16 << 20;

impl Stored {
    fn origin(&self) -> facts::Origin<'_> {
        self.delivery.origin(self.seq)
    }
}

/// Headers that are kept; all others, signatures and tokens among them, are not. Those of a page of an API are kept as they
/// are ([`page`](Store::page)): no sender may claim to be one.
const KEPT: &[&str] = &[
    "content-type",
    "x-github-event",
    "x-github-delivery",
    "x-gitlab-event",
    "x-event-key",
    "ce-id",
    "ce-type",
    "ce-source",
    "ce-specversion",
    "ce-time",
    "x-pacer-type",
    said::SERVICE,
    said::ENVIRONMENT,
];

impl Delivery {
    /// The same content of which something else is said is another delivery.
    fn dedupe(&self) -> String {
        let key = self.key.clone().unwrap_or_else(|| format!("sha256:{}", hex::encode(Sha256::digest(&self.body))));
        let said = Said::of(&self.headers);
        let word = |word: Option<String>| word.unwrap_or_default();
        if said.is_empty() { key } else { format!("{key} {}@{}", word(said.service), word(said.environment)) }
    }

    /// Where its facts come from.
    pub(super) fn origin(&self, seq: i64) -> facts::Origin<'_> {
        facts::Origin { source: &self.source, seq, received_at: self.received_at, said: Said::of(&self.headers) }
    }

    fn kept_headers(&self) -> String {
        let kept: BTreeMap<&String, &String> = self.headers.iter().filter(|(name, _)| KEPT.contains(&name.as_str())).collect();
        serde_json::to_string(&kept).unwrap_or_else(|_| "{}".into())
    }
}

impl Store {
    /// Makes a delivery durable; it is parsed later, and then answers see it.
    pub async fn record(&self, delivery: Delivery) -> Result<Recorded> {
        let delivery = std::sync::Arc::new(delivery); // its body may be large
        self.writer
            .write_unread(move |conn| {
                let delivery = delivery.clone();
                Box::pin(async move { Ok(insert(conn, &delivery, &delivery.kept_headers()).await?.1) })
            })
            .await
            .context("recording a delivery")
    }

    /// Makes a delivery and its facts durable in one transaction. `raw` false keeps no copy of the body (git: the
    /// repository is its own).
    pub async fn ingest(&self, delivery: Delivery, parsed: Parsed) -> Result<Tally> {
        let (delivery, parsed) = (std::sync::Arc::new(delivery), std::sync::Arc::new(parsed));
        self.writer
            .write(move |conn| {
                let (delivery, parsed) = (delivery.clone(), parsed.clone());
                Box::pin(async move {
                    let (seq, recorded) = insert(conn, &delivery, &delivery.kept_headers()).await?;
                    let mut tally = facts::apply(conn, &delivery.origin(seq), &parsed, false).await?;
                    settle(conn, seq, &parsed).await?;
                    tally.batch = recorded.batch;
                    Ok(tally)
                })
            })
            .await
            .context("storing events")
    }

    /// Stores what a recorded delivery was parsed to.
    pub async fn apply(&self, stored: &Stored, parsed: Parsed) -> Result<Tally> {
        self.settle(stored, parsed, false).await
    }

    /// Stores what a delivery is parsed to now, over what it was parsed to before.
    pub async fn reapply(&self, stored: &Stored, parsed: Parsed) -> Result<Tally> {
        self.settle(stored, parsed, true).await
    }

    async fn settle(&self, stored: &Stored, parsed: Parsed, again: bool) -> Result<Tally> {
        let (stored, parsed) = (std::sync::Arc::new(stored.clone()), std::sync::Arc::new(parsed));
        self.writer
            .write(move |conn| {
                let (stored, parsed) = (stored.clone(), parsed.clone());
                Box::pin(async move {
                    let tally = facts::apply(conn, &stored.origin(), &parsed, again).await?;
                    settle(conn, stored.seq, &parsed).await?;
                    Ok(tally)
                })
            })
            .await
            .context("storing events")
    }

    /// Deliveries that wait to be parsed, oldest first: as many as there is room for, at least one.
    pub async fn pending(&self, limit: i64) -> Result<Vec<Stored>> {
        self.oldest("state = 'pending'", 0, limit).await.context("reading waiting deliveries")
    }

    /// Raw deliveries after `seq`, oldest first: as many as there is room for, at least one. For `replay`.
    pub async fn deliveries_after(&self, seq: i64, limit: i64) -> Result<Vec<Stored>> {
        self.oldest("1 = 1", seq, limit).await.context("reading deliveries")
    }

    async fn oldest(&self, condition: &str, after: i64, limit: i64) -> Result<Vec<Stored>> {
        let sizes = format!("select seq, cast(length(body) as bigint) from delivery where {condition} and seq > $1 order by seq limit $2");
        let (mut last, mut bytes) = (None, 0);
        for row in sqlx::query(AssertSqlSafe(sizes)).bind(after).bind(limit).fetch_all(&self.pool).await? {
            bytes += row.try_get::<i64, _>(1)?;
            if last.is_some() && bytes > ROOM {
                break;
            }
            last = Some(row.try_get::<i64, _>(0)?);
        }
        let Some(last) = last else { return Ok(Vec::new()) };
        let sql = format!("{STORED} where {condition} and seq > $1 and seq <= $2 order by seq");
        let mut rows = sqlx::query(AssertSqlSafe(sql)).bind(after).bind(last).fetch(&self.pool);
        let mut found = Vec::new();
        while let Some(row) = rows.try_next().await? {
            found.push(stored(&row)?);
        }
        Ok(found)
    }

    /// Deletes raw deliveries older than `before`; their facts stay.
    pub async fn forget_deliveries(&self, before: At) -> Result<u64> {
        self.writer
            .write_unread(move |conn| {
                Box::pin(async move {
                    // The newest row stays, so that `seq` never goes back.
                    let sql =
                        "delete from delivery where received_at < $1 and state <> 'pending' and seq < (select max(seq) from delivery)";
                    Ok(sqlx::query(sql).bind(before.0).execute(conn).await?.rows_affected())
                })
            })
            .await
            .context("deleting old deliveries")
    }

    /// The delivery of a batch, and those behind it, near and far: what an undo needs parsed. None: no such batch is kept.
    pub async fn undo_plan(&self, batch: &str) -> Result<Option<(Stored, Vec<Stored>)>> {
        let one = format!("{STORED} where batch = $1");
        let Some(row) =
            sqlx::query(AssertSqlSafe(one)).bind(batch.to_string()).fetch_optional(&self.pool).await.context("looking for a batch")?
        else {
            return Ok(None);
        };
        let own = stored(&row)?;
        let losers = format!(
            "with recursive behind(seq) as (select loser from outranked where winner = $1 \
             union select o.loser from outranked o join behind on o.winner = behind.seq) \
             {STORED} where seq in (select seq from behind) and seq <> $1 and state = 'parsed' order by seq"
        );
        let rows =
            sqlx::query(AssertSqlSafe(losers)).bind(own.seq).fetch_all(&self.pool).await.context("looking for what a batch outranks")?;
        Ok(Some((own, rows.iter().map(stored).collect::<Result<_>>()?)))
    }

    /// Takes back what a delivery told, in one transaction with what stands again in its place.
    pub async fn undo(&self, own: (Stored, Parsed), restored: Vec<(Stored, Parsed)>) -> Result<Undone> {
        let (own, restored) = (std::sync::Arc::new(own), std::sync::Arc::new(restored));
        self.writer
            .write(move |conn| {
                let (own, restored) = (own.clone(), restored.clone());
                Box::pin(async move {
                    let (stored, parsed) = &*own;
                    let removed = facts::undo(conn, &stored.origin(), parsed).await?;
                    // What it had outranked itself stands behind what outranks it.
                    let sql = "insert into outranked (loser, winner) select a.loser, b.winner from outranked a join outranked b on b.loser = a.winner \
                               where a.winner = $1 and a.loser <> b.winner on conflict do nothing";
                    sqlx::query(sql).bind(stored.seq).execute(&mut *conn).await?;
                    for (other, parsed) in &*restored {
                        facts::apply(conn, &other.origin(), parsed, false).await?;
                    }
                    sqlx::query("delete from outranked where winner = $1 or loser = $1").bind(stored.seq).execute(&mut *conn).await?;
                    sqlx::query("delete from delivery where seq = $1").bind(stored.seq).execute(&mut *conn).await?;
                    Ok(Undone { removed, restored: restored.len() as u64 })
                })
            })
            .await
            .context("undoing a batch")
    }
}

/// What an undo did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Undone {
    /// Facts taken back.
    pub removed: u64,
    /// Earlier deliveries whose facts stand again.
    pub restored: u64,
}

/// The columns that [`stored`] reads.
const STORED: &str = "select seq, source, dedupe, headers, body, received_at from delivery";

fn stored(row: &sqlx::any::AnyRow) -> Result<Stored> {
    let headers: String = row.try_get(3)?;
    Ok(Stored {
        seq: row.try_get(0)?,
        delivery: Delivery {
            source: row.try_get(1)?,
            key: Some(row.try_get(2)?),
            headers: serde_json::from_str(&headers).unwrap_or_default(),
            body: row.try_get(4)?,
            received_at: At(row.try_get(5)?),
        },
    })
}

/// Inserts a delivery, or finds the one it repeats.
pub(super) async fn insert(conn: &mut AnyConnection, delivery: &Delivery, headers: &str) -> Result<(i64, Recorded)> {
    let dedupe = delivery.dedupe();
    let batch = format!("b{:016x}", rand::random::<u64>());
    let sql = "insert into delivery (seq, source, dedupe, batch, received_at, headers, body, state) \
               values ((select coalesce(max(seq), 0) + 1 from delivery), $1, $2, $3, $4, $5, $6, 'pending') \
               on conflict (source, dedupe) do nothing returning seq";
    let inserted = sqlx::query(sql)
        .bind(delivery.source.clone())
        .bind(dedupe.clone())
        .bind(batch.clone())
        .bind(delivery.received_at.0)
        .bind(headers.to_string())
        .bind(delivery.body.as_slice())
        .fetch_optional(&mut *conn)
        .await?;
    if let Some(row) = inserted {
        return Ok((row.try_get(0)?, Recorded { batch, duplicate: false }));
    }
    let known = "select seq, batch from delivery where source = $1 and dedupe = $2";
    let row = sqlx::query(known).bind(delivery.source.clone()).bind(dedupe).fetch_one(&mut *conn).await?;
    Ok((row.try_get(0)?, Recorded { batch: row.try_get(1)?, duplicate: true }))
}

/// Notes what a delivery was parsed to.
pub(super) async fn settle(conn: &mut AnyConnection, seq: i64, parsed: &Parsed) -> Result<()> {
    let (state, note) = match (&parsed.ignored, parsed.events.is_empty() && !parsed.rejected.is_empty()) {
        (Some(reason), _) => ("ignored", Some(reason.clone())),
        (None, true) => ("failed", parsed.rejected.first().map(|rejected| rejected.reason.clone())),
        (None, false) => ("parsed", None),
    };
    let rejected = if parsed.rejected.is_empty() { None } else { Some(serde_json::to_string(&parsed.rejected)?) };
    sqlx::query("update delivery set state = $1, note = $2, events = $3, rejected = $4 where seq = $5")
        .bind(state.to_string())
        .bind(note)
        .bind(i64::try_from(parsed.events.len()).unwrap_or(i64::MAX))
        .bind(rejected)
        .bind(seq)
        .execute(conn)
        .await?;
    Ok(())
}
