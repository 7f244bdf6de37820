//! The only place that speaks SQL: deliveries, facts, figures, receipts, the organisation.
//!
//! **One SQL text for SQLite and PostgreSQL**, through sqlx's `Any`. The rules: `$1` placeholders; `bigint`
//! microseconds for time; `bigint` 0/1 for flags; `text` for ids and JSON, no JSON operators; `bytea` for packed
//! bytes; every `sum` and `avg` cast; no medians in SQL. What differs is in [`Dialect`].
//!
//! **One writer**: every change goes through [`writer`], which commits what waits as a group. Write transactions
//! are serial, over all processes: so `seq` grows in commit order, and read-modify-write is safe.
//!
//! **Invariants**: a delivery is durable before its 202; facts that touch a service raise its `stale` in the same
//! transaction; nobody reads the packed days of a stale service; what changes anything an answer reads raises the
//! version of the facts ([`current`]) in the same transaction.

pub mod about;
pub mod alerts;
pub mod backfill;
mod bulk;
mod current;
pub mod deliveries;
pub mod facts;
pub mod figures;
pub mod flow;
pub mod following;
pub mod forecasts;
pub mod improvements;
mod kept;
pub mod keys;
mod late;
pub mod lease;
pub mod moves;
pub mod notes;
mod open;
pub mod org;
pub mod outbox;
pub mod quality;
mod queue;
pub mod receipts;
mod refresh;
pub mod risk;
pub mod runs;
mod schema;
mod seen;
mod service_facts;
pub mod sources;
pub mod subscriptions;
pub mod survey;
pub mod todo;
pub mod traces;
pub mod work;
mod writer;

use std::sync::{Arc, RwLock};
use std::time::Duration;

use anyhow::{Context, Result};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, AnyPool, Connection, Executor};
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

pub use deliveries::{Delivery, Recorded, Tally};
pub use open::{file, trouble};
use org::OrgVersion;

/// What differs between the two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// One file, WAL, `synchronous=FULL`.
    Sqlite,
    /// A server.
    Postgres,
}

impl Dialect {
    fn of(url: &str) -> Result<Self> {
        match url.split(':').next() {
            Some("sqlite") => Ok(Self::Sqlite),
            Some("postgres" | "postgresql") => Ok(Self::Postgres),
            _ => anyhow::bail!("PACER_DATABASE_URL must begin with `sqlite://` or `postgres://`"),
        }
    }

    /// Begins a write transaction that no other writer, in this process or another, runs beside.
    async fn begin_write(self, conn: &mut AnyConnection) -> sqlx::Result<()> {
        match self {
            Self::Sqlite => conn.execute("begin immediate").await.map(drop),
            Self::Postgres => {
                conn.execute("begin").await?;
                conn.execute("select pg_advisory_xact_lock(7203515)").await.map(drop)
            }
        }
    }
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pool: AnyPool,
    dialect: Dialect,
    writer: writer::Writer,
    reader: current::Reader,
    org: Arc<RwLock<Option<Arc<OrgVersion>>>>,
    /// Rung when a message was put into the outbox.
    said: Arc<Notify>,
    /// What this clone reads, where it was told to stay at one version.
    pinned: Option<Arc<current::Current>>,
}

impl Store {
    /// Opens the database, creates it where it is a file that does not exist, and migrates it. The writer runs on
    /// `tasks` until the last clone of the store is gone.
    pub async fn open(url: &str, tasks: &TaskTracker) -> Result<Self> {
        let store = Self::connect(url, tasks).await?;
        schema::migrate(&store.pool, store.dialect).await?;
        Ok(store)
    }

    /// Opens without migrating: for `doctor`, which only looks.
    pub async fn connect(url: &str, tasks: &TaskTracker) -> Result<Self> {
        sqlx::any::install_default_drivers();
        let dialect = Dialect::of(url)?;
        let url = match dialect {
            Dialect::Sqlite if !url.contains('?') => format!("{url}?mode=rwc"),
            _ => url.to_string(),
        };
        let options: AnyConnectOptions = url.parse().context("reading PACER_DATABASE_URL")?;
        open::try_file(dialect, &url, &options).await?;
        let pool = AnyPoolOptions::new()
            .max_connections(if dialect == Dialect::Sqlite { 8 } else { 16 })
            .acquire_timeout(Duration::from_secs(10))
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(dialect == Dialect::Postgres)
            .after_connect(move |conn, _| Box::pin(async move { prepare(dialect, conn).await }))
            .connect_with(options)
            .await
            .map_err(|error| open::no_server(&url, &error))?;
        let writer = writer::Writer::start(pool.clone(), dialect, tasks);
        let reader = current::Reader::start(pool.clone(), tasks);
        Ok(Self { pool, dialect, writer, reader, org: Arc::default(), said: Arc::default(), pinned: None })
    }

    /// The store as one answer reads it: it asks once, now, whether facts changed, and all reads that are kept in
    /// memory stay at that version. Not for what writes first and then reads what it wrote.
    pub async fn reading(&self) -> Result<Self> {
        Ok(Self { pinned: Some(self.reader.current().await?), ..self.clone() })
    }

    async fn current(&self) -> Result<Arc<current::Current>> {
        match &self.pinned {
            Some(current) => Ok(Arc::clone(current)),
            None => self.reader.current().await,
        }
    }

    /// Whether the database answers, its schema is ours, and it took what was written last.
    pub async fn ready(&self) -> Result<()> {
        self.writer.ready()?;
        schema::check(&self.pool).await
    }

    /// Copies the database to a file while it is in use. SQLite only: PostgreSQL has `pg_dump`.
    pub async fn backup(&self, file: &str) -> Result<()> {
        anyhow::ensure!(self.dialect == Dialect::Sqlite, "PostgreSQL is backed up with its own tools: run `pg_dump`");
        anyhow::ensure!(!std::path::Path::new(file).exists(), "{file} exists already: name a new file");
        sqlx::query("vacuum into $1")
            .bind(file.to_string())
            .execute(&self.pool)
            .await
            .with_context(|| format!("copying the database to {file}"))?;
        Ok(())
    }

    /// Waits for what is being written and closes.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Which database it is.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }
}

async fn prepare(dialect: Dialect, conn: &mut AnyConnection) -> sqlx::Result<()> {
    if dialect == Dialect::Sqlite {
        for pragma in
            ["busy_timeout=5000", "journal_mode=wal", "synchronous=full", "foreign_keys=on", "secure_delete=on", "cache_size=-32000"]
        {
            conn.execute(sqlx::AssertSqlSafe(format!("pragma {pragma}"))).await?;
        }
    }
    conn.ping().await
}

/// A database URL without its password.
pub fn redacted(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => format!("{}://***{}", &url[..scheme], &url[at..]),
        _ => url.to_string(),
    }
}

#[cfg(test)]
mod tests;
