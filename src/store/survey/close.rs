//! Close: open, closing, closed; then the key goes, then the files are cleaned. Each step can be cut off and taken again.
//!
//! 1. `begin_close`: closing. From here on nothing is taken, since submitting looks at the state in its own transaction.
//! 2. `tally_wave`: seals are opened in memory and added up; tally, comments and the removal of every ballot are **one** transaction.
//! 3. `clean_wave`: the key is destroyed; then the database is made to forget in its files what it has forgotten in its tables.
//!
//! Killed anywhere there are ballots or a tally, never both and never neither. Two replicas that close at once add up the same, and one
//! of them writes. Why the files matter: SQLite leaves removed rows in its log and free pages; all of it is ciphertext, and after step 3
//! without a key, but a promise to forget is better kept twice.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use sqlx::{AnyConnection, Executor, Row};

use super::{Audited, KeyDir, Refusal, State, Store, audit, frozen, words};
use crate::domain::survey::seal::{Tag, WaveKeys};
use crate::domain::survey::tally::{Opened, Tally, tally};
use crate::domain::time::At;
use crate::store::Dialect;
use crate::store::bulk::{self, Val};

/// Whether the files are clean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scrub {
    /// Nothing of any ballot is in them.
    Done,
    /// Not yet, and why: to be tried again.
    Later(String),
}

impl Store {
    /// Closes a wave, from wherever it stands.
    pub async fn close_wave(&self, keys: &KeyDir, wave: &str, now: At) -> Result<Result<Scrub, Refusal>> {
        if let Err(refusal) = self.begin_close(keys, wave).await? {
            return Ok(Err(refusal));
        }
        if let Err(refusal) = self.tally_wave(keys, wave, now).await? {
            return Ok(Err(refusal));
        }
        self.clean_wave(keys, wave).await.map(Ok)
    }

    /// Step 1: takes no more answers. Again does no harm.
    pub async fn begin_close(&self, keys: &KeyDir, wave: &str) -> Result<Result<(), Refusal>> {
        let has_key = keys.has(wave)?;
        let id = wave.to_owned();
        self.writer
            .write_unread(move |conn| {
                let id = id.clone();
                Box::pin(async move {
                    match super::state(conn, &id).await? {
                        None => return Ok(Err(Refusal::Unknown)),
                        Some(State::Draft | State::Void) => return Ok(Err(Refusal::NotOpen)),
                        Some(State::Open) if !has_key => return Ok(Err(Refusal::Suspended)),
                        Some(State::Open) => {
                            sqlx::query("update wave set state = 'closing' where id = $1").bind(id).execute(conn).await?;
                        }
                        Some(State::Closing | State::Closed) => {}
                    }
                    Ok(Ok(()))
                })
            })
            .await
            .context("beginning to close a wave")
    }

    /// Step 2: adds up. Again, and beside another replica, does no harm.
    pub async fn tally_wave(&self, keys: &KeyDir, wave: &str, now: At) -> Result<Result<(), Refusal>> {
        match self.wave(wave).await?.map(|wave| wave.state) {
            Some(State::Closing) => {}
            Some(State::Closed) => return Ok(Ok(())),
            None => return Ok(Err(Refusal::Unknown)),
            Some(_) => return Ok(Err(Refusal::NotOpen)),
        }
        let Some(key) = keys.read(wave)? else {
            // Another replica may have closed it and destroyed the key since.
            let closed = self.wave(wave).await?.is_some_and(|wave| wave.state == State::Closed);
            return Ok(if closed { Ok(()) } else { Err(Refusal::Suspended) });
        };
        let mut conn = self.pool.acquire().await.context("taking a connection")?;
        let frozen = frozen::read(&mut conn, wave).await?.context("a wave that was there a moment ago")?;
        if frozen.digest != key.frozen {
            return Ok(Err(Refusal::Tampered));
        }
        let Some((ballots, read)) = open_all(&mut conn, &key.keys, wave, &frozen).await? else { return Ok(Err(Refusal::Tampered)) };
        let past = frozen::history(&mut conn).await?;
        drop(conn);
        let tally = tally(&frozen.rules, &frozen.tree, &frozen.invited, &ballots, &past, rand::random::<u64>);
        drop(ballots);
        let id = wave.to_owned();
        self.writer
            .write_unread(move |conn| {
                let (id, tally) = (id.clone(), tally.clone());
                Box::pin(async move { replace(conn, &id, tally, read, now).await })
            })
            .await
            .context("writing a tally")?;
        Ok(Ok(()))
    }

    /// Step 3: destroys the key and cleans the files. For a wave that is closed or void; again does no harm.
    pub async fn clean_wave(&self, keys: &KeyDir, wave: &str) -> Result<Scrub> {
        let state = self.wave(wave).await?.map(|wave| wave.state);
        ensure!(matches!(state, Some(State::Closed | State::Void)), "the wave {wave} is not over, so its key stays");
        keys.destroy(wave)?;
        if let Err(error) = self.clean_files().await {
            return Ok(Scrub::Later(format!("{error:#}")));
        }
        let id = wave.to_owned();
        let done = self.writer.write_unread(move |conn| {
            let id = id.clone();
            Box::pin(async move {
                sqlx::query("update wave set cleaned = 1 where id = $1").bind(id).execute(conn).await?;
                Ok(())
            })
        });
        done.await.context("noting that a wave is cleaned up")?;
        Ok(Scrub::Done)
    }

    /// Ends a wave without a result: its answers are destroyed.
    pub async fn void_wave(&self, keys: &KeyDir, wave: &str, now: At) -> Result<Result<Scrub, Refusal>> {
        let id = wave.to_owned();
        let voided = self.writer.write_unread(move |conn| {
            let id = id.clone();
            Box::pin(async move {
                match super::state(conn, &id).await? {
                    None => return Ok(Err(Refusal::Unknown)),
                    Some(State::Closed) => return Ok(Err(Refusal::NotOpen)),
                    Some(State::Void) => {}
                    Some(_) => audit::note(conn, Audited::Voided, Some(&id), now.to_string()).await?,
                }
                sqlx::query("update wave set state = 'void', suspended_on = null where id = $1")
                    .bind(id.clone())
                    .execute(&mut *conn)
                    .await?;
                remove_ballots(conn, &id).await?;
                Ok(Ok(()))
            })
        });
        match voided.await.context("voiding a wave")? {
            Ok(()) => self.clean_wave(keys, wave).await.map(Ok),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Makes the database's files forget what its tables have forgotten.
    async fn clean_files(&self) -> Result<()> {
        let mut conn = self.pool.acquire().await.context("taking a connection")?;
        match self.dialect {
            Dialect::Sqlite => {
                truncate_log(&mut conn).await?;
                conn.execute("vacuum").await.context("rewriting the database's file")?;
                truncate_log(&mut conn).await
            }
            Dialect::Postgres => {
                for table in ["vacuum (full) ballot", "vacuum (full) ballot_text"] {
                    conn.execute(table).await.with_context(|| format!("rewriting a table's file: {table}"))?;
                }
                Ok(())
            }
        }
    }
}

/// Moves the whole write-ahead log into the database and cuts it to nothing.
async fn truncate_log(conn: &mut AnyConnection) -> Result<()> {
    let row = sqlx::query("pragma wal_checkpoint(truncate)").fetch_one(conn).await.context("emptying the write-ahead log")?;
    let busy: i64 = row.try_get(0).or_else(|_| row.try_get::<i32, _>(0).map(i64::from))?;
    ensure!(busy == 0, "the write-ahead log is in use, so it could not be emptied");
    Ok(())
}

/// Every ballot of the invited, opened, and how many rows there are; none where one does not open.
async fn open_all(conn: &mut AnyConnection, keys: &WaveKeys, wave: &str, frozen: &frozen::Frozen) -> Result<Option<(Vec<Opened>, i64)>> {
    let seals = sealed(conn, "select tag, seal from ballot where wave_id = $1", wave).await?;
    let texts = sealed(conn, "select tag2, seal from ballot_text where wave_id = $1", wave).await?;
    let mut ballots = Vec::new();
    for (user, node) in &frozen.invited {
        let tag = keys.tag(user);
        let Some(seal) = seals.get(tag.as_slice()) else { continue };
        let Some(answers) = keys.open(&tag, seal) else { return Ok(None) };
        let mut comments = Vec::new();
        for item in frozen.rules.texts() {
            let tag: Tag = keys.text_tag(user, &item.id);
            let Some(seal) = texts.get(tag.as_slice()) else { continue };
            let Some(text) = keys.open_text(&tag, seal) else { return Ok(None) };
            comments.push((item.id.clone(), text));
        }
        ballots.push(Opened { node: *node, answers, comments });
    }
    let rows = i64::try_from(seals.len())?;
    Ok(Some((ballots, rows)))
}

async fn sealed(conn: &mut AnyConnection, sql: &'static str, wave: &str) -> Result<BTreeMap<Vec<u8>, Vec<u8>>> {
    let rows = sqlx::query(sql).bind(wave.to_owned()).fetch_all(conn).await.context("reading sealed ballots")?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// The tally in place of the ballots.
async fn replace(conn: &mut AnyConnection, id: &str, tally: Tally, read: i64, now: At) -> Result<()> {
    if super::state(conn, id).await? != Some(State::Closing) {
        return Ok(()); // another replica was first
    }
    let rows: i64 =
        sqlx::query("select count(*) from ballot where wave_id = $1").bind(id.to_owned()).fetch_one(&mut *conn).await?.try_get(0)?;
    ensure!(rows == read, "a ballot was withdrawn while the wave {id} was added up: close it again");
    let whole = |n: u64| Val::from(i64::try_from(n).unwrap_or(i64::MAX));
    let cells = tally.cells.into_iter().map(|cell| {
        let answered = Val::from(cell.answered.and_then(|n| i64::try_from(n).ok()));
        vec![id.into(), cell.id.into(), cell.label.into(), whole(cell.invited), answered]
    });
    bulk::insert(conn, "insert into cell (wave_id, cell_id, label, n_invited, n_answered)", "", cells.collect()).await?;
    let mut values = Vec::new();
    for row in tally.rows {
        for (word, n) in words(&row.kept) {
            values.push(vec![id.into(), row.cell.clone().into(), row.item.clone().into(), word.into(), whole(n)]);
        }
    }
    bulk::insert(conn, "insert into tally (wave_id, cell_id, item_id, value, n)", "", values).await?;
    // By their random ids: the order of rows is that of the ids.
    let comments: BTreeMap<String, _> = tally.comments.into_iter().map(|it| (format!("{:032x}", rand::random::<u128>()), it)).collect();
    let comments = comments
        .into_iter()
        .map(|(key, it)| vec![key.into(), id.into(), it.cell.into(), it.category.into(), it.body.into(), "shown".into()]);
    bulk::insert(conn, "insert into comment (id, wave_id, cell_id, category, body, state)", "", comments.collect()).await?;
    remove_ballots(conn, id).await?;
    let sql = "update wave set state = 'closed', closed_at = $2 where id = $1";
    sqlx::query(sql).bind(id.to_owned()).bind(now.0).execute(&mut *conn).await?;
    audit::note(conn, Audited::Closed, Some(id), now.to_string()).await?;
    Ok(())
}

/// Every ballot of a wave, and the invitations of who asked to be forgotten.
async fn remove_ballots(conn: &mut AnyConnection, id: &str) -> Result<()> {
    for sql in [
        "delete from ballot where wave_id = $1",
        "delete from ballot_text where wave_id = $1",
        "delete from invite where wave_id = $1 and user_id in (select user_id from survey_optout where scope = 'forget')",
    ] {
        sqlx::query(sql).bind(id.to_owned()).execute(&mut *conn).await?;
    }
    let sql = "delete from survey_optout where scope = 'forget' and user_id not in (select user_id from invite)";
    sqlx::query(sql).execute(conn).await?;
    Ok(())
}
