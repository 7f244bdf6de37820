//! Warnings of projects that may miss their date: how each looked each Monday, what was published, what came of it, what people said.
//!
//! Written once and never changed: a snapshot taken again for the same week, a warning published again and an outcome told again are left as
//! they are. Whoever asks for an instant gets what was written by then.

use anyhow::{Context, Result};
use chrono::NaiveDate;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::Store;
use crate::domain::risk::{Band, Snapshot};
use crate::domain::time::At;

/// How a project looked on a Monday.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// The Monday.
    pub week: NaiveDate,
    /// Its features.
    pub snapshot: Snapshot,
    /// The chance to miss the date, and its band; none: there was no forecast.
    pub stood: Option<(f64, Band)>,
    /// Whether a warning stood.
    pub flagged: bool,
    /// When it was written.
    pub kept_at: At,
    /// What is published with it, where it is flagged: the reasons.
    pub reasons: Vec<String>,
}

/// A commitment that was looked at, with what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commitment {
    /// The project.
    pub project: String,
    /// The first instant at which it was late.
    pub due: At,
    /// When its first warning was published.
    pub warned: Option<At>,
    /// When its outcome was known, and whether it was late.
    pub outcome: Option<(At, bool)>,
}

/// What somebody said of a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Eight letters.
    pub id: String,
    /// The project.
    pub project: String,
    /// Its date then.
    pub due: At,
    /// `acknowledged`, `snoozed` or `wrong`.
    pub kind: String,
    /// Slack id.
    pub person: String,
    /// When.
    pub at: At,
    /// How the project stood.
    pub band: Band,
    /// Of a snooze: its end.
    pub until: Option<At>,
    /// Of a wrong one: `no_risk`, `wrong_data` or `date_moved`.
    pub choice: Option<String>,
    /// Why, in that person's words.
    pub words: Option<String>,
}

impl Store {
    /// Keeps the snapshots of a week and publishes the warnings among them.
    pub async fn keep_risk(&self, kept: Vec<Kept>) -> Result<()> {
        self.writer
            .write_unread(move |conn| {
                let kept = kept.clone();
                Box::pin(async move {
                    for one in kept {
                        let it = one.snapshot;
                        let (chance, band) = one.stood.map_or((String::new(), ""), |(chance, band)| (chance.to_string(), band.name()));
                        let sql = "insert into risk_snapshot (project, week, at, due, done, remaining, features, chance, band, flagged, kept_at) \
                                   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (project, week) do nothing";
                        let new = sqlx::query(sql)
                            .bind(it.project.clone())
                            .bind(one.week.to_string())
                            .bind(it.at.0)
                            .bind(it.due.0)
                            .bind(i64::from(it.done))
                            .bind(i64::from(it.remaining))
                            .bind(serde_json::to_string(&it.features)?)
                            .bind(chance.clone())
                            .bind(band.to_owned())
                            .bind(i64::from(one.flagged))
                            .bind(one.kept_at.0)
                            .execute(&mut *conn)
                            .await?;
                        if one.flagged && new.rows_affected() == 1 {
                            let sql = "insert into risk_warning (project, due, at, chance, band, reasons) values ($1, $2, $3, $4, $5, $6) \
                                       on conflict (project, due) do nothing";
                            sqlx::query(sql)
                                .bind(it.project)
                                .bind(it.due.0)
                                .bind(one.kept_at.0)
                                .bind(chance)
                                .bind(band.to_owned())
                                .bind(serde_json::to_string(&one.reasons)?)
                                .execute(&mut *conn)
                                .await?;
                        }
                    }
                    Ok(())
                })
            })
            .await
            .context("keeping how projects look")
    }

    /// Every snapshot written by an instant, in order of week and project.
    pub async fn risk_snapshots(&self, now: At) -> Result<Vec<Kept>> {
        let sql = "select project, week, at, due, done, remaining, features, chance, band, flagged, kept_at from risk_snapshot \
                   where kept_at <= $1 order by week, project";
        let rows = sqlx::query(sql).bind(now.0).fetch_all(&self.pool).await.context("reading how projects looked")?;
        rows.iter().map(kept).collect()
    }

    /// Every commitment that was looked at by an instant, in order of date and project, with what was known of it by then.
    pub async fn commitments(&self, now: At) -> Result<Vec<Commitment>> {
        let sql = "select s.project, s.due, w.at, o.known_at, o.missed from \
                   (select distinct project, due from risk_snapshot where kept_at <= $1) s \
                   left join risk_warning w on w.project = s.project and w.due = s.due and w.at <= $1 \
                   left join risk_outcome o on o.project = s.project and o.due = s.due and o.known_at <= $1 order by s.due, s.project";
        let rows = sqlx::query(sql).bind(now.0).fetch_all(&self.pool).await.context("reading what came of warnings")?;
        let commitment = |row: &AnyRow| {
            let known = row.try_get::<Option<i64>, _>(3)?.zip(row.try_get::<Option<i64>, _>(4)?);
            Ok(Commitment {
                project: row.try_get(0)?,
                due: At(row.try_get(1)?),
                warned: row.try_get::<Option<i64>, _>(2)?.map(At),
                outcome: known.map(|(at, missed)| (At(at), missed != 0)),
            })
        };
        rows.iter().map(commitment).collect()
    }

    /// Keeps what came of commitments: project, date, when it was known, whether it was late.
    pub async fn keep_outcomes(&self, outcomes: Vec<(String, At, At, bool)>) -> Result<()> {
        self.writer
            .write_unread(move |conn| {
                let outcomes = outcomes.clone();
                Box::pin(async move {
                    for (project, due, known_at, missed) in outcomes {
                        let sql = "insert into risk_outcome (project, due, known_at, missed) values ($1, $2, $3, $4) on conflict (project, due) do nothing";
                        sqlx::query(sql).bind(project).bind(due.0).bind(known_at.0).bind(i64::from(missed)).execute(&mut *conn).await?;
                    }
                    Ok(())
                })
            })
            .await
            .context("keeping what came of warnings")
    }

    /// Keeps what somebody said; sent twice it is one.
    pub async fn keep_risk_label(&self, label: Label) -> Result<()> {
        self.writer
            .write_unread(move |conn| {
                let it = label.clone();
                Box::pin(async move {
                    let sql = "insert into risk_label (id, project, due, kind, person, at, band, until_at, choice, words) \
                               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (id) do nothing";
                    sqlx::query(sql)
                        .bind(it.id)
                        .bind(it.project)
                        .bind(it.due.0)
                        .bind(it.kind)
                        .bind(it.person)
                        .bind(it.at.0)
                        .bind(it.band.name().to_owned())
                        .bind(it.until.map(|until| until.0))
                        .bind(it.choice)
                        .bind(it.words)
                        .execute(conn)
                        .await?;
                    Ok(())
                })
            })
            .await
            .context("keeping what somebody said of a warning")
    }

    /// What people said by an instant, in the order they said it.
    pub async fn risk_labels(&self, now: At) -> Result<Vec<Label>> {
        let sql = "select id, project, due, kind, person, at, band, until_at, choice, words from risk_label where at <= $1 order by at, id";
        let rows = sqlx::query(sql).bind(now.0).fetch_all(&self.pool).await.context("reading what people said of warnings")?;
        let label = |row: &AnyRow| {
            Ok(Label {
                id: row.try_get(0)?,
                project: row.try_get(1)?,
                due: At(row.try_get(2)?),
                kind: row.try_get(3)?,
                person: row.try_get(4)?,
                at: At(row.try_get(5)?),
                band: Band::parse(&row.try_get::<String, _>(6)?).unwrap_or(Band::Green),
                until: row.try_get::<Option<i64>, _>(7)?.map(At),
                choice: row.try_get(8)?,
                words: row.try_get(9)?,
            })
        };
        rows.iter().map(label).collect()
    }
}

fn kept(row: &AnyRow) -> Result<Kept> {
    let (chance, band): (String, String) = (row.try_get(7)?, row.try_get(8)?);
    let count = |at: usize| -> Result<u32> { Ok(u32::try_from(row.try_get::<i64, _>(at)?).unwrap_or(0)) };
    Ok(Kept {
        week: row.try_get::<String, _>(1)?.parse().context("a snapshot's Monday")?,
        snapshot: Snapshot {
            project: row.try_get(0)?,
            at: At(row.try_get(2)?),
            due: At(row.try_get(3)?),
            done: count(4)?,
            remaining: count(5)?,
            features: serde_json::from_str(&row.try_get::<String, _>(6)?).context("a snapshot's features")?,
        },
        stood: chance.parse().ok().zip(Band::parse(&band)),
        flagged: row.try_get::<i64, _>(9)? != 0,
        kept_at: At(row.try_get(10)?),
        reasons: Vec::new(),
    })
}
