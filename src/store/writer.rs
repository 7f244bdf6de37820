//! The one writer: commits what waits as a group, so that a hundred webhooks cost one flush to the disk.
//!
//! Why a task and not a lock: a request whose client hangs up is dropped in the middle; a task is not, so no
//! other request's commit goes down with it. Where one write of a group fails, the group is rolled back and each
//! is tried alone, so that the one that fails fails alone.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use futures::future::BoxFuture;
use sqlx::{AnyConnection, AnyPool, Executor};
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::TaskTracker;

use super::Dialect;

/// Writes waiting at most; beyond it callers wait, which is the back-pressure.
const QUEUE: usize = 4_096;
/// Writes a transaction at most.
const GROUP: usize = 512;

/// How long a write that the database refused is taken for a sign that the next one would fail too.
const TROUBLE: Duration = Duration::from_secs(5);

/// Something to do in a write transaction. It may be tried twice.
type Work = Arc<dyn for<'c> Fn(&'c mut AnyConnection) -> BoxFuture<'c, Result<Box<dyn std::any::Any + Send>>> + Send + Sync>;

struct Waiting {
    work: Work,
    unread: bool,
    done: oneshot::Sender<Result<Box<dyn std::any::Any + Send>>>,
}

/// The way to the writer.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<Waiting>,
    trouble: Trouble,
}

/// When the database last refused a write, and why.
type Trouble = Arc<Mutex<Option<(Instant, String)>>>;

impl Writer {
    /// Starts the task.
    pub fn start(pool: AnyPool, dialect: Dialect, tasks: &TaskTracker) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let trouble = Trouble::default();
        tasks.spawn(run(pool, dialect, waiting, Arc::clone(&trouble)));
        Self { queue, trouble }
    }

    /// Fails where the database refused a write a moment ago: the disk is full, it is read-only or locked.
    pub fn ready(&self) -> Result<()> {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match trouble.as_ref().filter(|(at, _)| at.elapsed() < TROUBLE) {
            Some((_, why)) => Err(anyhow!("the database refused a write a moment ago: {why}")),
            None => Ok(()),
        }
    }

    /// Runs `work` in a write transaction and returns once it is durable.
    pub async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut AnyConnection) -> BoxFuture<'c, Result<T>> + Send + Sync + 'static,
    {
        self.queue(work, false).await
    }

    /// As [`Writer::write`], for what changes nothing that [`super::current::Current`] keeps: receipts, leases.
    pub async fn write_unread<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut AnyConnection) -> BoxFuture<'c, Result<T>> + Send + Sync + 'static,
    {
        self.queue(work, true).await
    }

    async fn queue<T, F>(&self, work: F, unread: bool) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut AnyConnection) -> BoxFuture<'c, Result<T>> + Send + Sync + 'static,
    {
        let work: Work = Arc::new(move |conn| {
            let running = work(conn);
            Box::pin(async move { Ok(Box::new(running.await?) as Box<dyn std::any::Any + Send>) })
        });
        let (done, result) = oneshot::channel();
        self.queue.send(Waiting { work, unread, done }).await.map_err(|_| anyhow!("the store is closed"))?;
        let value = result.await.map_err(|_| anyhow!("the store is closed"))??;
        Ok(*value.downcast::<T>().expect("the work made this value, so it has its type"))
    }
}

async fn run(pool: AnyPool, dialect: Dialect, mut queue: mpsc::Receiver<Waiting>, trouble: Trouble) {
    let mut group = Vec::new();
    while queue.recv_many(&mut group, GROUP).await > 0 {
        let works: Vec<Work> = group.iter().map(|waiting| waiting.work.clone()).collect();
        let unread = group.iter().all(|waiting| waiting.unread);
        match commit(&pool, dialect, &works, unread).await {
            Ok(values) => {
                for (waiting, value) in group.drain(..).zip(values) {
                    let _ = waiting.done.send(Ok(value)); // a caller that has gone needs no answer
                }
            }
            Err(error) if works.len() == 1 => {
                note(&trouble, &error);
                if let Some(waiting) = group.pop() {
                    let _ = waiting.done.send(Err(error));
                }
            }
            Err(_) => {
                for waiting in group.drain(..) {
                    let alone = commit(&pool, dialect, std::slice::from_ref(&waiting.work), waiting.unread).await;
                    let _ = alone.as_ref().inspect_err(|error| note(&trouble, error));
                    let _ = waiting.done.send(alone.map(|mut values| values.remove(0)));
                }
            }
        }
    }
}

/// Keeps what the database said; a write that was wrong in itself says nothing about the next one.
fn note(trouble: &Trouble, error: &anyhow::Error) {
    if error.chain().any(<dyn std::error::Error>::is::<sqlx::Error>) {
        *trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), format!("{error:#}")));
    }
}

async fn commit(pool: &AnyPool, dialect: Dialect, works: &[Work], unread: bool) -> Result<Vec<Box<dyn std::any::Any + Send>>> {
    let mut conn = pool.acquire().await.context("taking a connection to write")?;
    dialect.begin_write(&mut conn).await.context("beginning to write")?;
    let mut values = Vec::with_capacity(works.len());
    for work in works {
        match work(&mut conn).await {
            Ok(value) => values.push(value),
            Err(error) => {
                rollback(conn).await;
                return Err(error);
            }
        }
    }
    if let Err(error) = end(&mut conn, unread).await {
        rollback(conn).await;
        return Err(error).context("committing");
    }
    Ok(values)
}

/// Raises the version of the facts where they changed, and commits.
async fn end(conn: &mut AnyConnection, unread: bool) -> sqlx::Result<()> {
    if !unread {
        sqlx::query("update facts_version set version = version + 1").execute(&mut *conn).await?;
    }
    conn.execute("commit").await.map(drop)
}

/// Ends a failed transaction; a connection that can't even do that is thrown away.
async fn rollback(mut conn: sqlx::pool::PoolConnection<sqlx::Any>) {
    if conn.execute("rollback").await.is_err() {
        let _ = conn.close().await;
    }
}
