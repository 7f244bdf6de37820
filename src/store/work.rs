//! Work items as they were known at an instant: see [`WorkItem`].

use anyhow::Result;
use sqlx::Row;

use super::Store;
use crate::domain::flow::is_dropped;
use crate::domain::time::At;
use crate::domain::work::WorkItem;

impl Store {
    /// Every work item known by an instant, in order of (source, id); what is created, begun or done later has not happened yet.
    pub async fn work_items(&self, now: At) -> Result<Vec<WorkItem>> {
        let sql = "select source, id, key, project, parent, kind, labels, title, url, status, assignee, created_at, started_at, done_at \
                   from item where coalesce(created_at, started_at, done_at, $1) <= $1 order by source, id";
        let rows = sqlx::query(sql).bind(now.0).fetch_all(&self.pool).await?;
        let item = |row: sqlx::any::AnyRow| {
            let at = |index: usize| -> Result<Option<At>> { Ok(row.try_get::<Option<i64>, _>(index)?.map(At).filter(|at| *at <= now)) };
            let labels: String = row.try_get(6)?;
            let status: Option<String> = row.try_get(9)?;
            Ok(WorkItem {
                source: row.try_get(0)?,
                id: row.try_get(1)?,
                key: row.try_get(2)?,
                project: row.try_get(3)?,
                parent: row.try_get(4)?,
                kind: row.try_get(5)?,
                labels: serde_json::from_str(&labels).unwrap_or_default(),
                title: row.try_get(7)?,
                url: row.try_get(8)?,
                dropped: status.as_deref().is_some_and(is_dropped),
                status,
                assignee: row.try_get(10)?,
                created_at: at(11)?,
                started_at: at(12)?,
                done_at: at(13)?,
            })
        };
        rows.into_iter().map(item).collect()
    }
}
