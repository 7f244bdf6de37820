//! The store that most people would write, for the attacks to succeed on: participation in one table, answers in another, nothing that
//! joins them, and a pseudonym keyed by a secret that lies in the database.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sqlx::{AnyPool, Row};

use super::pool;
use crate::harness::database::Database;

pub const SECRET: &str = "a-secret-among-the-settings";

pub struct Naive {
    pub database: Database,
    pub pool: AnyPool,
}

impl Naive {
    /// Always a file, so that what is wrong with it shows wherever the tests run.
    pub async fn new() -> Self {
        let mut database = Database::sqlite();
        database.url.push_str("?mode=rwc");
        let pool = pool(&database.url).await;
        for sql in [
            "pragma journal_mode = wal",
            "create table participation (user_id text)",
            "create table answer (pseudonym text, value bigint, comment text)",
            "create table setting (name text, value text)",
        ] {
            sqlx::query(sql).execute(&pool).await.unwrap();
        }
        sqlx::query("insert into setting values ('secret', $1)").bind(SECRET).execute(&pool).await.unwrap();
        Self { database, pool }
    }

    pub async fn submit(&self, user: &str, value: i64, comment: &str) {
        sqlx::query("insert into participation values ($1)").bind(user.to_owned()).execute(&self.pool).await.unwrap();
        let sql = "insert into answer values ($1, $2, $3)";
        sqlx::query(sql).bind(pseudonym(SECRET, user)).bind(value).bind(comment.to_owned()).execute(&self.pool).await.unwrap();
    }

    pub async fn texts(&self, sql: &'static str) -> Vec<String> {
        sqlx::query(sql).fetch_all(&self.pool).await.unwrap().iter().map(|row| row.get(0)).collect()
    }
}

pub fn pseudonym(secret: &str, user: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(user.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}
