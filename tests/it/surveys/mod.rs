//! Pulse surveys on a real database with real files: the life of a wave, and the attacks on it.
//!
//! An attacker here holds what an admin, a thief of the disk or a thief of backups would hold. Each attack first runs against the store
//! that most people would write, and succeeds there; then against ours. The release rule against random trees (attack 7) and what is kept
//! of equal answers are tested where they are computed, in `domain::survey`.

mod app;
mod attacks;
mod children;
mod lifecycle;
mod naive;
mod outputs;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use pacer::domain::survey::Minima;
use pacer::domain::survey::items::{Item, shipped};
use pacer::domain::survey::tally::Rules;
use pacer::domain::survey::tree::Tree;
use pacer::domain::survey::wave::Length;
use pacer::domain::time::At;
use pacer::store::Store;
use pacer::store::keys::KeyDir;
use pacer::store::survey::{Marked, NewWave, Refusal, Scrub, Survey};
use sqlx::any::AnyPoolOptions;
use sqlx::{AnyPool, Row};
use tokio_util::task::TaskTracker;
use zeroize::Zeroizing;

use crate::harness::database::Database;

/// When waves close, as far as these tests care.
const NOW: At = At(1_800_000_000_000_000);
const SURVEY: &str = "quarterly";
/// What a planted comment has in it, and nothing else has.
const MARK: &str = "zanzibar-quokka";

/// A database with an open store, and a folder of keys.
struct Place {
    database: Database,
    store: Store,
    keys: KeyDir,
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

async fn open(database: &Database) -> (Store, KeyDir) {
    let store = Store::open(&database.url, &TaskTracker::new()).await.unwrap();
    (store, KeyDir::open(&key_folder(database)).unwrap())
}

fn key_folder(database: &Database) -> PathBuf {
    database.folder.path().join("keys")
}

impl Place {
    /// With a survey that has no wave yet.
    async fn on(database: Database) -> Self {
        let (store, keys) = open(&database).await;
        assert_eq!(store.keep_survey(survey(Minima::default())).await.unwrap(), Ok(()));
        Self { database, store, keys }
    }

    async fn new() -> Self {
        Self::on(Database::new()).await
    }

    /// With a wave that asks the given people, opened on a day.
    async fn launch(&self, wave: &str, opens_on: &str, people: &[(String, &str)]) {
        let done = self.store.launch_wave(&self.keys, new_wave(wave, opens_on, people)).await.unwrap();
        assert_eq!(done, Ok(()));
    }

    /// Everybody gives their answers.
    async fn answer(&self, wave: &str, user: &str, marked: Marked) -> Result<(), Refusal> {
        self.store.cast(&self.keys, wave, user, marked).await.unwrap()
    }

    async fn close(&self, wave: &str) {
        assert_eq!(self.store.close_wave(&self.keys, wave, NOW).await.unwrap(), Ok(Scrub::Done));
    }

    fn key_file(&self, wave: &str) -> PathBuf {
        key_folder(&self.database).join(format!("{wave}.key"))
    }

    async fn pool(&self) -> AnyPool {
        pool(&self.database.url).await
    }
}

async fn pool(url: &str) -> AnyPool {
    sqlx::any::install_default_drivers();
    AnyPoolOptions::new().max_connections(1).connect(url).await.unwrap()
}

fn survey(minima: Minima) -> Survey {
    Survey {
        id: SURVEY.into(),
        title: "How it goes".into(),
        kind: Length::Full,
        root: None,
        channel: None,
        minima,
        created_by: "UADMIN".into(),
    }
}

/// The core questions: ten, one of them in own words.
fn rules() -> Rules {
    let items = shipped().into_iter().filter(|category| category.core).flat_map(|category| category.items).collect();
    Rules { minima: Minima::default(), strict_membership: true, items }
}

fn new_wave(id: &str, opens_on: &str, people: &[(String, &str)]) -> NewWave {
    let tree = Tree::new(&[("all", None), ("payments", Some("all")), ("search", Some("all")), ("ops", Some("all"))]).unwrap();
    let invited = people.iter().map(|(user, team)| (user.clone(), tree.find(team).unwrap())).collect();
    let opens_on = day(opens_on);
    NewWave {
        id: id.into(),
        survey: SURVEY.into(),
        opens_on,
        closes_on: opens_on.checked_add_days(chrono::Days::new(7)).unwrap(),
        rules: rules(),
        tree,
        invited,
    }
}

/// So many people of a team.
fn people(team: &'static str, count: usize) -> Vec<(String, &'static str)> {
    (0..count).map(|at| (format!("U{}{at:03}", team.to_uppercase()), team)).collect()
}

fn rated() -> Vec<Item> {
    rules().rated().cloned().collect()
}

/// One answer to every rated question, by its place.
fn marked(value: impl Fn(usize) -> u8) -> Marked {
    let ratings = rated().into_iter().enumerate().map(|(at, item)| (item.id, Some(value(at)))).collect();
    Marked { ratings, texts: BTreeMap::new() }
}

fn saying(mut marked: Marked, comment: &str) -> Marked {
    marked.texts.insert("overall_slowed".into(), Zeroizing::new(comment.into()));
    marked
}

/// Every row of every table, as text; bytes as hex.
async fn dump(pool: &AnyPool, sqlite: bool) -> BTreeMap<String, Vec<String>> {
    let tables = if sqlite {
        "select name from sqlite_master where type = 'table' and name not like '\\_sqlx%' escape '\\'"
    } else {
        "select cast(table_name as text) from information_schema.tables where table_schema = current_schema() and table_name not like '\\_sqlx%'"
    };
    let mut dump = BTreeMap::new();
    for table in sqlx::query(tables).fetch_all(pool).await.unwrap() {
        let table: String = table.get(0);
        let columns = if sqlite {
            format!("select name from pragma_table_info('{table}') order by name")
        } else {
            format!(
                "select cast(column_name as text) from information_schema.columns where table_name = '{table}' and table_schema = current_schema() order by 1"
            )
        };
        let columns: Vec<String> =
            sqlx::query(sqlx::AssertSqlSafe(columns)).fetch_all(pool).await.unwrap().iter().map(|row| row.get(0)).collect();
        let shown = |column: &String| match (column.as_str(), sqlite) {
            ("tag" | "tag2" | "seal" | "body" | "days", true) => format!("hex({column})"),
            ("tag" | "tag2" | "seal", false) => format!("encode({column}, 'hex')"),
            _ => format!("coalesce(cast({column} as text), '-')"),
        };
        let sql = format!("select {} from {table}", columns.iter().map(shown).collect::<Vec<_>>().join(" || ' ' || "));
        let mut rows: Vec<String> = sqlx::query(sqlx::AssertSqlSafe(sql))
            .fetch_all(pool)
            .await
            .unwrap()
            .iter()
            .map(|row| row.try_get(0).unwrap_or_default())
            .collect();
        rows.sort();
        dump.insert(table, rows);
    }
    dump
}

/// Every file below a folder, and its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                // A server's files may go while one looks.
                path => drop(std::fs::read(&path).map(|bytes| found.insert(path, bytes))),
            }
        }
    }
    found
}

/// The files that a thief of the disk finds: the test's folder, and the server's own of this database and its log, where they can be read.
async fn stolen(place: &Place) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = files(place.database.folder.path());
    if !place.database.is_sqlite() {
        let pool = place.pool().await;
        sqlx::query("checkpoint").execute(&pool).await.unwrap();
        let text = async |sql: &'static str| sqlx::query(sql).fetch_one(&pool).await.unwrap().get::<String, _>(0);
        let folder = PathBuf::from(text("select current_setting('data_directory')").await);
        let number = text("select cast(oid as text) from pg_database where datname = current_database()").await;
        for below in [folder.join("base").join(number), folder.join("pg_wal")] {
            if below.is_dir() {
                found.extend(files(&below));
            }
        }
        pool.close().await;
    }
    found
}

/// The files that hold some bytes.
fn holding(files: &BTreeMap<PathBuf, Vec<u8>>, bytes: &[u8]) -> Vec<PathBuf> {
    let first = bytes[0];
    let holds = |file: &[u8]| {
        let mut at = 0;
        while let Some(next) = file[at..].iter().position(|byte| *byte == first) {
            at += next;
            if file[at..].starts_with(bytes) {
                return true;
            }
            at += 1;
        }
        false
    };
    files.iter().filter(|(_, file)| holds(file)).map(|(path, _)| path.clone()).collect()
}

/// Tags and seals as they stand in the tables.
async fn rows(place: &Place) -> Vec<(Vec<u8>, Vec<u8>)> {
    let pool = place.pool().await;
    let mut all = Vec::new();
    for sql in ["select tag, seal from ballot", "select tag2, seal from ballot_text"] {
        all.extend(sqlx::query(sql).fetch_all(&pool).await.unwrap().iter().map(|row| (row.get::<Vec<u8>, _>(0), row.get::<Vec<u8>, _>(1))));
    }
    pool.close().await;
    all
}
