//! Many rows in few statements, with few statement texts, so that each is prepared once.

use anyhow::Result;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe};

/// A value to bind.
#[derive(Debug, Clone, PartialEq)]
pub enum Val {
    /// bigint
    Int(Option<i64>),
    /// text
    Text(Option<String>),
    /// bytea
    Bytes(Vec<u8>),
}

impl From<i64> for Val {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}
impl From<Option<i64>> for Val {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}
impl From<bool> for Val {
    fn from(value: bool) -> Self {
        Self::Int(Some(i64::from(value)))
    }
}
impl From<&str> for Val {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_string()))
    }
}
impl From<String> for Val {
    fn from(value: String) -> Self {
        Self::Text(Some(value))
    }
}
impl From<Option<String>> for Val {
    fn from(value: Option<String>) -> Self {
        Self::Text(value)
    }
}
impl From<Option<crate::domain::time::At>> for Val {
    fn from(value: Option<crate::domain::time::At>) -> Self {
        Self::Int(value.map(|at| at.0))
    }
}

/// Rows a statement: few sizes, so few texts.
const SIZES: [usize; 3] = [100, 10, 1];

/// Inserts rows: `head` is "insert into t (a, b)", `tail` what follows the values.
pub async fn insert(conn: &mut AnyConnection, head: &str, tail: &str, rows: Vec<Vec<Val>>) -> Result<()> {
    let mut rows = rows.into_iter().peekable();
    let mut left = rows.len();
    while let Some(first) = rows.peek() {
        let columns = first.len();
        let size = SIZES.into_iter().find(|size| *size <= left).unwrap_or(1);
        let sql = format!("{head} values {} {tail}", tuples(size, columns));
        let values = rows.by_ref().take(size).flatten();
        bind(sqlx::query(AssertSqlSafe(sql)), values).execute(&mut *conn).await?;
        left -= size;
    }
    Ok(())
}

/// Selects by a list of keys: `sql` holds `{keys}` where "$2, $3" goes; `first` binds to $1.
pub async fn select_in(conn: &mut AnyConnection, sql: &str, first: &str, keys: &[&str]) -> Result<Vec<AnyRow>> {
    let mut found = Vec::new();
    for chunk in keys.chunks(SIZES[0]) {
        let size = SIZES.into_iter().rev().find(|size| chunk.len() <= *size).unwrap_or(SIZES[0]);
        let holes: Vec<String> = (2..2 + size).map(|n| format!("${n}")).collect();
        let mut query = sqlx::query(AssertSqlSafe(sql.replace("{keys}", &holes.join(", ")))).bind(first.to_string());
        for at in 0..size {
            query = query.bind(chunk[at.min(chunk.len() - 1)].to_string()); // padded with its last key
        }
        found.extend(query.fetch_all(&mut *conn).await?);
    }
    Ok(found)
}

fn tuples(rows: usize, columns: usize) -> String {
    let mut text = String::with_capacity(rows * columns * 5);
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns {
            if column > 0 {
                text.push(',');
            }
            text.push('$');
            text.push_str(&(row * columns + column + 1).to_string());
        }
        text.push(')');
    }
    text
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments>;

/// Binds values in order.
pub fn bind(mut query: Query<'_>, values: impl IntoIterator<Item = Val>) -> Query<'_> {
    for value in values {
        query = match value {
            Val::Int(value) => query.bind(value),
            Val::Text(value) => query.bind(value),
            Val::Bytes(value) => query.bind(value),
        };
    }
    query
}
