//! What surveys need from time to time: going on after a crash, ending what can't be read any more, forgetting.
//!
//! Invitations are kept until the survey's next wave has closed, since strict membership compares with them; those of small cells that
//! the next wave did not show stay until a later one shows them, at most 200 days. Why: a cell hidden for a leaver would else be shown,
//! one wave on, with nothing left to compare it to.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use chrono::{Days, NaiveDate};
use sqlx::{AnyConnection, Row};

use super::{Audited, KeyDir, Refusal, Scrub, State, Store, Wave, audit, frozen};
use crate::domain::survey::release::STRICT_UNDER;
use crate::domain::time::At;

/// Days after which a wave without its key is void.
const SUSPENDED_FOR: u64 = 7;
/// Days that an invitation is kept at most.
pub const INVITES_FOR: u64 = 200;
/// Days that a comment is kept.
pub const COMMENTS_FOR: u64 = 365;

/// What an admin should know; never who or what was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Which wave.
    pub wave: String,
    /// What is wrong and what to do.
    pub sentence: String,
}

/// What is stored about one person, for that person alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stored {
    /// Waves they are or were asked by, and the team they count in.
    pub invitations: Vec<(String, String)>,
    /// Open waves that hold a sealed ballot of theirs.
    pub ballots: Vec<String>,
    /// What they stopped.
    pub stopped: Vec<String>,
}

impl Store {
    /// Goes on with every wave that needs it: at start, and each day.
    pub async fn tend_waves(&self, keys: &KeyDir, today: NaiveDate, now: At) -> Result<Vec<Trouble>> {
        let mut troubles = Vec::new();
        for wave in self.waves().await? {
            let told = match wave.state {
                State::Draft => None,
                State::Open => self.tend_open(keys, &wave, today, now).await?,
                State::Closing => match self.close_wave(keys, &wave.id, now).await? {
                    Ok(scrub) => later(scrub),
                    Err(Refusal::Suspended) => self.suspend(keys, &wave, today, now).await?,
                    Err(refusal) => Some(refusal.to_string()),
                },
                State::Closed | State::Void if wave.cleaned && !keys.has(&wave.id)? => None,
                State::Closed | State::Void => later(self.clean_wave(keys, &wave.id).await?),
            };
            troubles.extend(told.map(|sentence| Trouble { wave: wave.id, sentence }));
        }
        Ok(troubles)
    }

    async fn tend_open(&self, keys: &KeyDir, wave: &Wave, today: NaiveDate, now: At) -> Result<Option<String>> {
        match keys.read(&wave.id) {
            // A key that is there but can't be read may yet be: that alone never ends a wave.
            Err(error) => Ok(Some(format!("The survey wave {} takes no answers: {error:#}.", wave.id))),
            Ok(None) => self.suspend(keys, wave, today, now).await,
            Ok(Some(_)) => {
                if wave.suspended_on.is_some() {
                    self.mark_suspended(&wave.id, None, now).await?;
                }
                Ok(None)
            }
        }
    }

    async fn suspend(&self, keys: &KeyDir, wave: &Wave, today: NaiveDate, now: At) -> Result<Option<String>> {
        let since = wave.suspended_on.unwrap_or(today);
        let until = since.checked_add_days(Days::new(SUSPENDED_FOR)).unwrap_or(today);
        if today >= until {
            return Ok(match self.void_wave(keys, &wave.id, now).await? {
                Ok(scrub) => later(scrub),
                Err(refusal) => Some(refusal.to_string()),
            });
        }
        if wave.suspended_on.is_none() {
            self.mark_suspended(&wave.id, Some(since), now).await?;
        }
        Ok(Some(format!(
            "The survey wave {} is suspended since {since}: its key is not in PACER_KEY_DIR, so no answer can be taken or read. Put the file back \
             before {until}, or void the wave; on that day it is void by itself.",
            wave.id
        )))
    }

    async fn mark_suspended(&self, wave: &str, since: Option<NaiveDate>, now: At) -> Result<()> {
        let (wave, since) = (wave.to_owned(), since.map(|day| day.to_string()));
        self.writer
            .write_unread(move |conn| {
                let (wave, since) = (wave.clone(), since.clone());
                Box::pin(async move {
                    if since.is_some() {
                        audit::note(conn, Audited::KeyMissing, Some(&wave), now.to_string()).await?;
                    }
                    sqlx::query("update wave set suspended_on = $2 where id = $1").bind(wave).bind(since).execute(conn).await?;
                    Ok(())
                })
            })
            .await
            .context("noting that a wave is suspended")
    }

    /// Removes invitations and comments that have been kept long enough.
    pub async fn forget_old(&self, today: NaiveDate) -> Result<()> {
        self.writer
            .write_unread(move |conn| {
                Box::pin(async move {
                    let sql = format!("{} where state in ('closed', 'void') order by closes_on desc, id desc", super::WAVE);
                    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&mut *conn).await?;
                    let waves = rows.iter().map(super::wave).collect::<Result<Vec<Wave>>>()?;
                    // From the newest: cells that a later wave shows need no earlier one.
                    let (mut shown_later, mut surveys) = (BTreeSet::new(), BTreeSet::new());
                    for wave in waves {
                        let old = |days: u64| wave.closes_on.checked_add_days(Days::new(days)).is_some_and(|until| until < today);
                        if old(COMMENTS_FOR) {
                            sqlx::query("delete from comment where wave_id = $1").bind(wave.id.clone()).execute(&mut *conn).await?;
                        }
                        if wave.state == State::Void || old(INVITES_FOR) {
                            sqlx::query("delete from invite where wave_id = $1").bind(wave.id.clone()).execute(&mut *conn).await?;
                        } else {
                            let newest = surveys.insert(wave.survey.clone());
                            thin_out(conn, &wave.id, newest, &mut shown_later).await?;
                        }
                    }
                    Ok(())
                })
            })
            .await
            .context("forgetting what surveys need no longer")
    }

    /// Stops a survey, or `all`, for somebody; or lets it ask again.
    pub async fn stop_surveys(&self, user: &str, scope: &str, stop: bool) -> Result<()> {
        let (user, scope) = (user.to_owned(), scope.to_owned());
        let sql = if stop {
            "insert into survey_optout (user_id, scope) values ($1, $2) on conflict do nothing"
        } else {
            "delete from survey_optout where user_id = $1 and scope = $2"
        };
        self.writer
            .write_unread(move |conn| {
                let (user, scope) = (user.clone(), scope.clone());
                Box::pin(async move {
                    sqlx::query(sql).bind(user).bind(scope).execute(conn).await?;
                    Ok(())
                })
            })
            .await
            .context("stopping surveys")
    }

    /// What is stored about somebody. For themselves alone.
    pub async fn stored_about(&self, keys: &KeyDir, user: &str) -> Result<Stored> {
        let texts =
            async |sql: &'static str| sqlx::query(sql).bind(user.to_owned()).fetch_all(&self.pool).await.context("reading what is stored");
        let mut stored = Stored::default();
        for row in texts("select wave_id, node_id from invite where user_id = $1 order by wave_id").await? {
            stored.invitations.push((row.try_get(0)?, row.try_get(1)?));
        }
        for row in texts("select scope from survey_optout where user_id = $1 order by scope").await? {
            stored.stopped.push(row.try_get(0)?);
        }
        for (wave, _) in &stored.invitations {
            let Some(key) = keys.read(wave)? else { continue };
            let sql = "select count(*) from ballot where wave_id = $1 and tag = $2";
            let row = sqlx::query(sql).bind(wave.clone()).bind(key.keys.tag(user).to_vec()).fetch_one(&self.pool).await?;
            if row.try_get::<i64, _>(0)? > 0 {
                stored.ballots.push(wave.clone());
            }
        }
        Ok(stored)
    }

    /// Forgets somebody: their sealed ballots and old invitations now, an open wave's invitation when it ends. A stop stays, or they would
    /// be asked again. What was added up holds nothing of them alone, and comments belong to nobody.
    pub async fn forget(&self, keys: &KeyDir, user: &str, today: NaiveDate) -> Result<()> {
        let mut tags: Vec<(&'static str, String, Vec<u8>)> = Vec::new();
        for wave in self.stored_about(keys, user).await?.ballots {
            let Some(key) = keys.read(&wave)? else { continue };
            let mut conn = self.pool.acquire().await.context("taking a connection")?;
            let Some(frozen) = frozen::read(&mut conn, &wave).await? else { continue };
            tags.push(("delete from ballot where wave_id = $1 and tag = $2", wave.clone(), key.keys.tag(user).to_vec()));
            for item in frozen.rules.texts() {
                tags.push((
                    "delete from ballot_text where wave_id = $1 and tag2 = $2",
                    wave.clone(),
                    key.keys.text_tag(user, &item.id).to_vec(),
                ));
            }
        }
        let user = user.to_owned();
        self.writer
            .write_unread(move |conn| {
                let (user, tags) = (user.clone(), tags.clone());
                Box::pin(async move {
                    forget(conn, user, tags).await?;
                    audit::note(conn, Audited::Forgotten, None, today.to_string()).await
                })
            })
            .await
            .context("forgetting somebody")
    }
}

async fn forget(conn: &mut AnyConnection, user: String, tags: Vec<(&'static str, String, Vec<u8>)>) -> Result<()> {
    for (sql, wave, tag) in tags {
        // A wave that is being added up keeps what it reads; it is over in a moment.
        if super::state(conn, &wave).await? == Some(State::Open) {
            sqlx::query(sql).bind(wave).bind(tag).execute(&mut *conn).await?;
        }
    }
    let sql = "delete from invite where user_id = $1 and wave_id in (select id from wave where state in ('closed', 'void', 'draft'))";
    sqlx::query(sql).bind(user.clone()).execute(&mut *conn).await?;
    let sql = "insert into survey_optout (user_id, scope) select distinct user_id, 'forget' from invite where user_id = $1 on conflict do nothing";
    sqlx::query(sql).bind(user).execute(conn).await?;
    Ok(())
}

/// Of a closed wave, keeps the invitations that a later close compares with.
async fn thin_out(conn: &mut AnyConnection, wave: &str, newest: bool, shown_later: &mut BTreeSet<String>) -> Result<()> {
    let Some(frozen) = frozen::read(conn, wave).await? else { return Ok(()) };
    let mut needed = BTreeSet::new();
    let sql = "select cell_id, n_answered from cell where wave_id = $1";
    for row in sqlx::query(sql).bind(wave.to_owned()).fetch_all(&mut *conn).await? {
        let (cell, answered): (String, Option<i64>) = (row.try_get(0)?, row.try_get(1)?);
        // Small itself, or with a rest that may be.
        let small = answered.is_none_or(|n| n < i64::from(STRICT_UNDER))
            || frozen.tree.find(&cell).is_some_and(|at| frozen.tree.children(at).next().is_some());
        if shown_later.insert(cell.clone()) && small {
            needed.extend(frozen.tree.find(&cell));
        }
    }
    if newest {
        return Ok(());
    }
    let idle = frozen.invited.iter().filter(|(_, node)| !frozen.tree.path(*node).any(|at| needed.contains(&at)));
    for (user, _) in idle {
        let sql = "delete from invite where wave_id = $1 and user_id = $2";
        sqlx::query(sql).bind(wave.to_owned()).bind(user.clone()).execute(&mut *conn).await?;
    }
    Ok(())
}

fn later(scrub: Scrub) -> Option<String> {
    match scrub {
        Scrub::Done => None,
        Scrub::Later(why) => {
            Some(format!("A survey wave is over, but the database's files are not cleaned yet ({why}). It is tried again each day."))
        }
    }
}
