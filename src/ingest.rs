//! From deliveries to facts: `/v1/events` at once, webhooks in the background, `replay` again after a fix.
//!
//! A webhook's journey: its raw delivery is durable before the 202 ([`Store::record`]), then this task parses it
//! and stores the facts. If the process dies in between, the delivery still waits and the next start takes it up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::domain::event::{Parsed, Rejected};
use crate::domain::time::At;
use crate::sources::{self, Headers};
use crate::store::deliveries::{Stored, Undone};
use crate::store::{Delivery, Store, Tally};

/// Deliveries parsed at once.
const BATCH: i64 = 500;
/// How long to wait after a failure (disk full, database gone) before trying again.
const PAUSE: Duration = Duration::from_secs(1);

/// Parses deliveries and stores their facts. Cheap to clone.
#[derive(Clone)]
pub struct Ingest {
    store: Store,
    waiting: Arc<Notify>,
}

impl Ingest {
    /// Over a store.
    pub fn new(store: Store) -> Self {
        Self { store, waiting: Arc::default() }
    }

    /// Parses and stores a body of generic events in one durable transaction.
    pub async fn events(&self, body: Vec<u8>, received_at: At) -> Result<Tally> {
        let headers = Headers::default();
        let parsed = (sources::generic::SOURCE.parse)(&headers, &body);
        let delivery = Delivery { source: sources::generic::SOURCE.slug.into(), key: None, headers: BTreeMap::new(), body, received_at };
        let tally = self.store.ingest(delivery, parsed).await?;
        self.wake();
        Ok(tally)
    }

    /// Says that recorded deliveries wait.
    pub fn wake(&self) {
        self.waiting.notify_one();
    }

    /// Parses what waits until told to stop, and keeps figures fresh while there is nothing else to do.
    pub async fn run(&self, stop: CancellationToken) {
        loop {
            let wait = match self.catch_up().await {
                Ok(()) => None,
                Err(error) => {
                    tracing::error!("taking up deliveries failed, trying again: {error:#}");
                    Some(PAUSE)
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.waiting.notified(), if wait.is_none() => {}
                () = tokio::time::sleep(wait.unwrap_or(PAUSE)), if wait.is_some() => {}
            }
        }
    }

    async fn catch_up(&self) -> Result<()> {
        self.drain().await?;
        self.store.refresh(None).await?;
        Ok(())
    }

    /// Parses everything that waits now.
    pub async fn drain(&self) -> Result<Tally> {
        let mut tally = Tally::default();
        loop {
            let waiting = self.store.pending(BATCH).await?;
            if waiting.is_empty() {
                return Ok(tally);
            }
            let settled = waiting.iter().map(|stored| self.store.apply(stored, parse(stored)));
            for done in futures::future::join_all(settled).await {
                tally.add(done?);
            }
        }
    }

    /// Takes back what a batch told; what it had replaced stands again. None: no such batch is kept.
    pub async fn undo(&self, batch: &str) -> Result<Option<Undone>> {
        self.drain().await?;
        let Some((own, losers)) = self.store.undo_plan(batch).await? else { return Ok(None) };
        let parsed = parse(&own);
        let restored = losers
            .into_iter()
            .map(|stored| {
                let parsed = parse(&stored);
                (stored, parsed)
            })
            .collect();
        let undone = self.store.undo((own, parsed), restored).await?;
        self.wake();
        Ok(Some(undone))
    }

    /// Parses every stored delivery again, in order, and lets the result replace what the same delivery made before.
    pub async fn replay(&self, mut progress: impl FnMut(&Tally)) -> Result<Tally> {
        let mut tally = Tally::default();
        let mut seq = 0;
        loop {
            let stored = self.store.deliveries_after(seq, BATCH).await?;
            let Some(last) = stored.last() else { break };
            seq = last.seq;
            for stored in &stored {
                if sources::source(&stored.delivery.source).is_some_and(|source| source.slug != sources::git::SOURCE.slug) {
                    tally.add(
                        self.store.reapply(stored, parse(stored)).await.with_context(|| format!("replaying delivery {}", stored.seq))?,
                    );
                }
            }
            progress(&tally);
        }
        self.store.refresh(None).await?;
        Ok(tally)
    }
}

/// What a stored delivery says. A source that this pacer does not know is kept and counted.
fn parse(stored: &Stored) -> Parsed {
    let delivery = &stored.delivery;
    let Some(source) = sources::source(&delivery.source) else {
        let reason = format!("this pacer has no source `{}`", delivery.source);
        return Parsed { ignored: Some(reason), read: 1, ..Parsed::default() };
    };
    let headers = Headers(delivery.headers.clone());
    // A page of an API is kept as it was sent.
    let body = sources::pages::plain(&headers, &delivery.body, usize::MAX).unwrap_or_default();
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| (source.parse)(&headers, &body))).unwrap_or_else(|_| Parsed {
        rejected: vec![Rejected {
            line: 1,
            reason: "the parser failed on it; it is kept, and `pacer replay` takes it up after a fix".into(),
        }],
        read: 1,
        ..Parsed::default()
    })
}
