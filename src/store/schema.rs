//! Migrations: one portable set, embedded, append-only once landed.

use anyhow::{Context, Result};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AnyPool, Row, SqlSafeStr};

use super::Dialect;

/// (version, name, SQL), in order. A landed line is never edited: its checksum is in every database.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "facts", include_str!("../../migrations/0001_facts.sql")),
    (2, "version", include_str!("../../migrations/0002_version.sql")),
    (3, "flow", include_str!("../../migrations/0003_flow.sql")),
    (4, "backfill", include_str!("../../migrations/0004_backfill.sql")),
    (5, "people", include_str!("../../migrations/0005_people.sql")),
    (6, "setup", include_str!("../../migrations/0006_setup.sql")),
    (7, "outbox", include_str!("../../migrations/0007_outbox.sql")),
    (8, "alert", include_str!("../../migrations/0008_alert.sql")),
    (9, "stated", include_str!("../../migrations/0009_stated.sql")),
    (10, "survey", include_str!("../../migrations/0010_survey.sql")),
    (11, "notes", include_str!("../../migrations/0011_notes.sql")),
    (12, "forecast", include_str!("../../migrations/0012_forecast.sql")),
    (13, "effort", include_str!("../../migrations/0013_effort.sql")),
    (14, "improvement", include_str!("../../migrations/0014_improvement.sql")),
    (15, "risk", include_str!("../../migrations/0015_risk.sql")),
];

/// Where a table is to be stored by its primary key, so that no order of insertion remains. Only SQLite has words for it.
const BY_KEY: &str = "/* without rowid */";

fn migrator(dialect: Dialect) -> Migrator {
    let words = if dialect == Dialect::Sqlite { "without rowid" } else { "" };
    let all = MIGRATIONS
        .iter()
        .map(|(version, name, sql)| {
            let sql = sqlx::AssertSqlSafe(sql.replace(BY_KEY, words)).into_sql_str();
            Migration::new(*version, (*name).into(), MigrationType::Simple, sql, false)
        })
        .collect();
    Migrator::with_migrations(all)
}

/// Brings the schema up to date, or refuses before touching anything.
pub async fn migrate(pool: &AnyPool, dialect: Dialect) -> Result<()> {
    let applied = applied(pool, dialect).await?;
    let newest = MIGRATIONS.last().map_or(0, |(version, ..)| *version);
    if let Some(newer) = applied.iter().find(|version| **version > newest) {
        anyhow::bail!(
            "the database was written by a newer pacer (its schema is {newer}, this one knows {newest}): upgrade this pacer, or restore a backup from before"
        );
    }
    if applied.len() == MIGRATIONS.len() {
        return Ok(());
    }
    migrator(dialect).run(pool).await.context("migrating the database")
}

/// Whether the schema is exactly ours.
pub async fn check(pool: &AnyPool) -> Result<()> {
    let row = sqlx::query("select count(*), max(version) from _sqlx_migrations")
        .fetch_one(pool)
        .await
        .context("asking the database for its schema")?;
    let (count, newest): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    let known = MIGRATIONS.last().map_or(0, |(version, ..)| *version);
    anyhow::ensure!(
        newest == known,
        "the database has schema {newest} ({count} migrations), this pacer knows {known}: run `pacer migrate`"
    );
    Ok(())
}

async fn applied(pool: &AnyPool, dialect: Dialect) -> Result<Vec<i64>> {
    let exists = match dialect {
        Dialect::Sqlite => "select count(*) from sqlite_master where type = 'table' and name = '_sqlx_migrations'",
        Dialect::Postgres => {
            "select count(*) from information_schema.tables where table_schema = current_schema() and table_name = '_sqlx_migrations'"
        }
    };
    let tables: i64 = sqlx::query(exists).fetch_one(pool).await.context("looking at the database")?.try_get(0)?;
    if tables == 0 {
        return Ok(Vec::new());
    }
    let rows =
        sqlx::query("select version from _sqlx_migrations order by version").fetch_all(pool).await.context("reading applied migrations")?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
