//! A database of a test's own: a SQLite file in a temporary folder, or, where `PACER_TEST_DATABASE_URL` is set, a
//! PostgreSQL database that is created for the test and dropped after it.

use std::future::Future;
use std::io::Write;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::any::AnyPoolOptions;
use sqlx::{AnyPool, Row};

/// An empty database; it goes when this is dropped.
pub struct Database {
    /// For `PACER_DATABASE_URL`.
    pub url: String,
    /// Room for the test's files.
    pub folder: tempfile::TempDir,
    /// The server's own database and the name of ours; none: SQLite.
    created: Option<(String, String)>,
}

impl Database {
    /// On the database this run is about.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        match server() {
            None => Self { url: format!("sqlite://{}/pacer.db", folder.path().display()), folder, created: None },
            Some(server) => {
                let name = fresh_name();
                let (base, _) = server.rsplit_once('/').expect("PACER_TEST_DATABASE_URL ends with a database's name");
                execute(&server, &format!("create database {name} template template0"));
                Self { url: format!("{base}/{name}"), folder, created: Some((server.clone(), name)) }
            }
        }
    }

    /// On a SQLite file, for what only files do.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { url: format!("sqlite://{}/pacer.db", folder.path().display()), folder, created: None }
    }

    /// Whether it is a file.
    pub fn is_sqlite(&self) -> bool {
        self.created.is_none()
    }

    /// A path in the test's folder.
    pub fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Writes a file in the test's folder and gives its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).expect("a file");
        path
    }

    /// The one number that a query gives.
    pub fn number(&self, sql: &'static str) -> i64 {
        let url = self.url.clone();
        blocking(async move {
            let pool = open(&url).await;
            let row = sqlx::query(sql).fetch_one(&pool).await.expect("a row");
            pool.close().await;
            row.try_get(0).expect("a number")
        })
    }

    /// Rows of a table.
    pub fn count(&self, table: &str) -> i64 {
        let (url, sql) = (self.url.clone(), format!("select count(*) from {table}"));
        blocking(async move {
            let pool = open(&url).await;
            let row = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_one(&pool).await.expect("a row");
            pool.close().await;
            row.try_get(0).expect("a count")
        })
    }

    /// The texts that a query gives, a row each.
    pub fn texts(&self, sql: &str) -> Vec<String> {
        let (url, sql) = (self.url.clone(), sql.to_owned());
        blocking(async move {
            let pool = open(&url).await;
            let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&pool).await.expect("rows");
            pool.close().await;
            rows.iter().map(|row| row.try_get(0).expect("a text")).collect()
        })
    }

    /// Changes something behind pacer's back.
    pub fn execute(&self, sql: &str) {
        execute(&self.url, sql);
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some((server, name)) = self.created.take() {
            execute(&server, &format!("drop database if exists {name} with (force)"));
        }
    }
}

/// The PostgreSQL server to use; without one, says so once.
fn server() -> Option<String> {
    static SAID: Once = Once::new();
    let server = std::env::var_os("PACER_TEST_DATABASE_URL").and_then(|url| url.into_string().ok()).filter(|url| !url.is_empty());
    if server.is_none() {
        SAID.call_once(|| {
            let _ = writeln!(std::io::stderr(), "PostgreSQL is skipped: PACER_TEST_DATABASE_URL is not set");
        });
    }
    server
}

fn fresh_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("pacer_it_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

async fn open(url: &str) -> AnyPool {
    sqlx::any::install_default_drivers();
    AnyPoolOptions::new().max_connections(1).connect(url).await.expect("the database opens")
}

fn execute(url: &str, sql: &str) {
    let (url, sql) = (url.to_owned(), sql.to_owned());
    blocking(async move {
        let pool = open(&url).await;
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&pool).await.expect("done");
        pool.close().await;
    });
}

/// Runs to the end on a thread of its own, so that it may be called from anywhere, a drop in a task included.
fn blocking<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let run = move || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work);
    std::thread::spawn(run).join().expect("it ends")
}
