//! One person's answers: sealed in memory, then written. The same row again for each edit, found by a tag that only the key explains.
//!
//! Nothing here is logged, queued or kept raw. Idempotent by the tag: pressed twice, replayed, or from two windows, it is one ballot, and
//! the last answer to a question counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use sqlx::{AnyConnection, Row};
use zeroize::{Zeroize, Zeroizing};

use super::{KeyDir, Refusal, State, Store};
use crate::domain::survey::seal::{Answers, LONGEST_COMMENT, NONCE, WaveKeys};
use crate::domain::survey::tally::Rules;

/// What somebody marked: answers by the id of their question. Wiped when dropped.
#[derive(Default)]
pub struct Marked {
    /// 1 to 5; none: taken back.
    pub ratings: BTreeMap<String, Option<u8>>,
    /// In own words; empty: taken back.
    pub texts: BTreeMap<String, Zeroizing<String>>,
}

impl Drop for Marked {
    fn drop(&mut self) {
        for value in self.ratings.values_mut() {
            value.zeroize();
        }
    }
}

impl Store {
    /// Adds what somebody marked to their ballot. Once this returns well, it is durable and will be counted.
    pub async fn cast(&self, keys: &KeyDir, wave: &str, user: &str, marked: Marked) -> Result<Result<(), Refusal>> {
        if marked.texts.values().any(|text| text.chars().count() > LONGEST_COMMENT) {
            return Ok(Err(Refusal::TooLong));
        }
        let Some(key) = keys.read(wave)? else {
            // Without a key it is either over or suspended; the row says which.
            return Ok(Err(match self.wave(wave).await? {
                None => Refusal::Unknown,
                Some(wave) if wave.state == State::Open => Refusal::Suspended,
                Some(wave) => wave.state.refusal(),
            }));
        };
        let shared = Arc::new((key.keys, wave.to_owned(), user.to_owned(), marked));
        self.writer
            .write_unread(move |conn| {
                let shared = Arc::clone(&shared);
                Box::pin(async move {
                    let (keys, wave, user, marked) = &*shared;
                    cast(conn, keys, wave, user, marked).await
                })
            })
            .await
            .context("storing a ballot")
    }

    /// What somebody has marked so far, for the form to begin with: none where the wave is not open or they are not asked.
    pub async fn marked(&self, keys: &KeyDir, wave: &str, user: &str) -> Result<Option<Marked>> {
        let Some(key) = keys.read(wave)? else { return Ok(None) };
        let mut conn = self.pool.acquire().await.context("taking a connection")?;
        let Ok(rules) = allowed(&mut conn, wave, user).await? else { return Ok(None) };
        let Some(answers) = opened(&mut conn, &key.keys, wave, user).await? else { return Ok(Some(Marked::default())) };
        let ratings = rules.rated().enumerate().filter_map(|(at, item)| Some((item.id.clone(), Some(answers.get(at)?))));
        let mut marked = Marked { ratings: ratings.collect(), texts: BTreeMap::new() };
        for item in rules.texts() {
            let tag = key.keys.text_tag(user, &item.id);
            let sql = "select seal from ballot_text where wave_id = $1 and tag2 = $2";
            if let Some(row) = sqlx::query(sql).bind(wave.to_owned()).bind(tag.to_vec()).fetch_optional(&mut *conn).await? {
                let text = key.keys.open_text(&tag, &row.try_get::<Vec<u8>, _>(0)?).context("a sealed comment does not open")?;
                marked.texts.insert(item.id.clone(), text);
            }
        }
        Ok(Some(marked))
    }
}

async fn cast(conn: &mut AnyConnection, keys: &WaveKeys, wave: &str, user: &str, marked: &Marked) -> Result<Result<(), Refusal>> {
    let rules = match allowed(conn, wave, user).await? {
        Ok(rules) => rules,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let mut answers = opened(conn, keys, wave, user).await?.unwrap_or_else(Answers::blank);
    for (id, value) in &marked.ratings {
        let question = rules.rated().position(|item| item.id == *id);
        if !question.is_some_and(|question| answers.set(question, *value)) {
            return Ok(Err(Refusal::NoSuchQuestion));
        }
    }
    if marked.texts.keys().any(|id| !rules.texts().any(|item| item.id == *id)) {
        return Ok(Err(Refusal::NoSuchQuestion));
    }
    let tag = keys.tag(user);
    let sql = "insert into ballot (wave_id, tag, seal) values ($1, $2, $3) on conflict (wave_id, tag) do update set seal = excluded.seal";
    let sealed = keys.seal(&tag, &answers, rand::random::<[u8; NONCE]>());
    sqlx::query(sql).bind(wave.to_owned()).bind(tag.to_vec()).bind(sealed).execute(&mut *conn).await?;
    for item in rules.texts() {
        // A blank one for everybody who answers, so that a row says nothing.
        let given = marked.texts.get(&item.id);
        let update = if given.is_some() { "update set seal = excluded.seal" } else { "nothing" };
        let sql = format!("insert into ballot_text (wave_id, tag2, seal) values ($1, $2, $3) on conflict (wave_id, tag2) do {update}");
        let tag = keys.text_tag(user, &item.id);
        let text = given.map_or("", |text| text.as_str());
        let Some(sealed) = keys.seal_text(&tag, text, rand::random::<[u8; NONCE]>()) else { return Ok(Err(Refusal::TooLong)) };
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(wave.to_owned()).bind(tag.to_vec()).bind(sealed).execute(&mut *conn).await?;
    }
    Ok(Ok(()))
}

/// The rules of an open wave that asks this person.
async fn allowed(conn: &mut AnyConnection, wave: &str, user: &str) -> Result<Result<Rules, Refusal>> {
    let Some(row) = sqlx::query("select state, rules from wave where id = $1").bind(wave.to_owned()).fetch_optional(&mut *conn).await?
    else {
        return Ok(Err(Refusal::Unknown));
    };
    let state = State::read(&row.try_get::<String, _>(0)?)?;
    if state != State::Open {
        return Ok(Err(state.refusal()));
    }
    // Who asked to be forgotten is still in the list until the wave ends, but is not asked any more.
    let sql = "select count(*) from invite where wave_id = $1 and user_id = $2 \
               and not exists (select 1 from survey_optout o where o.user_id = invite.user_id and o.scope = 'forget')";
    let invited: i64 = sqlx::query(sql).bind(wave.to_owned()).bind(user.to_owned()).fetch_one(&mut *conn).await?.try_get(0)?;
    if invited == 0 {
        return Ok(Err(Refusal::NotInvited));
    }
    Ok(Ok(serde_json::from_str(&row.try_get::<String, _>(1)?).context("reading a wave's rules")?))
}

/// The answers that somebody gave so far.
async fn opened(conn: &mut AnyConnection, keys: &WaveKeys, wave: &str, user: &str) -> Result<Option<Answers>> {
    let tag = keys.tag(user);
    let sql = "select seal from ballot where wave_id = $1 and tag = $2";
    let Some(row) = sqlx::query(sql).bind(wave.to_owned()).bind(tag.to_vec()).fetch_optional(conn).await? else { return Ok(None) };
    let opened = keys.open(&tag, &row.try_get::<Vec<u8>, _>(0)?);
    ensure!(opened.is_some(), "a sealed ballot of the wave {wave} does not open: it was changed in the database");
    Ok(opened)
}
