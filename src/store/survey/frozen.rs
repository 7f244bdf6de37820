//! A wave as it was launched: questions, minima, tree, who is asked. Written once, read again at close, never changed between.
//!
//! A digest of it stands beside the key, outside the database: who moves an invitation or lowers a minimum in the tables of an open wave
//! finds that it can only be voided.

use anyhow::{Context, Result};
use chrono::Days;
use sqlx::{AnyConnection, Row};

use super::{Audited, KeyDir, NaiveDate, Refusal, State, Store, Survey, audit, minima};
use crate::domain::survey::invite::BETWEEN_ASKS;
use crate::domain::survey::release::{History, members};
use crate::domain::survey::seal::{KEY, frozen_digest};
use crate::domain::survey::tally::Rules;
use crate::domain::survey::tree::{Team, Tree};
use crate::store::bulk::{self, Val};

/// A wave to be launched.
#[derive(Debug, Clone)]
pub struct NewWave {
    /// Letters, digits and `-`.
    pub id: String,
    /// Of which survey; its minima are taken where they are higher.
    pub survey: String,
    /// The first day.
    pub opens_on: NaiveDate,
    /// The last day.
    pub closes_on: NaiveDate,
    /// Questions and minima.
    pub rules: Rules,
    /// The teams.
    pub tree: Tree,
    /// Slack user and node; each once.
    pub invited: Vec<(String, usize)>,
}

/// A launched wave, read again.
#[derive(Debug, Clone)]
pub struct Frozen {
    /// Questions and minima.
    pub rules: Rules,
    /// The teams.
    pub tree: Tree,
    /// Slack user and node. For counting, never for a list.
    pub invited: Vec<(String, usize)>,
    pub(super) digest: [u8; KEY],
}

impl Store {
    /// Opens a wave of a survey that is kept: freezes it and makes its key, in one transaction.
    pub async fn launch_wave(&self, keys: &KeyDir, wave: NewWave) -> Result<Result<(), Refusal>> {
        self.launched(keys, None, wave).await
    }

    /// Keeps a survey and opens a wave of it, both or neither; refused while another wave of it is under way, and where another survey
    /// asked any of these people lately.
    pub async fn launch_survey(&self, keys: &KeyDir, survey: Survey, wave: NewWave) -> Result<Result<(), Refusal>> {
        self.launched(keys, Some(survey), wave).await
    }

    async fn launched(&self, keys: &KeyDir, survey: Option<Survey>, wave: NewWave) -> Result<Result<(), Refusal>> {
        let mut wave = wave;
        wave.invited.sort();
        wave.invited.dedup_by(|a, b| a.0 == b.0);
        if wave.invited.is_empty() || wave.rules.items.is_empty() || wave.closes_on < wave.opens_on {
            let missing = "A wave needs at least one question, one person to ask, and a last day that is not before its first.";
            return Ok(Err(Refusal::NoWave(missing.into())));
        }
        let keys = keys.clone();
        self.writer
            .write_unread(move |conn| {
                let (survey, wave, keys) = (survey.clone(), wave.clone(), keys.clone());
                Box::pin(async move {
                    if let Some(survey) = survey {
                        // Before anything is written: a refusal ends no transaction.
                        if super::state(conn, &wave.id).await?.is_some_and(|state| state != State::Draft) {
                            return Ok(Err(Refusal::Launched));
                        }
                        if super::under_way(conn, &survey.id).await? {
                            return Ok(Err(Refusal::OneAtATime));
                        }
                        let since = wave.opens_on.checked_sub_days(Days::new(BETWEEN_ASKS)).unwrap_or(wave.opens_on);
                        let lately = super::asked_after(conn, since).await?;
                        if wave.invited.iter().any(|(user, _)| lately.contains(user)) {
                            return Ok(Err(Refusal::AskedMeanwhile));
                        }
                        if let Err(refusal) = super::keep(conn, survey).await? {
                            return Ok(Err(refusal));
                        }
                    }
                    launch(conn, wave, &keys).await
                })
            })
            .await
            .context("launching a wave")
    }
}

/// Why the key is made within the transaction: it is the one place where no other launch can replace it.
async fn launch(conn: &mut AnyConnection, mut wave: NewWave, keys: &KeyDir) -> Result<Result<(), Refusal>> {
    if super::state(conn, &wave.id).await?.is_some_and(|state| state != State::Draft) {
        return Ok(Err(Refusal::Launched));
    }
    let sql = "select k_score, k_hist, k_text from survey where id = $1";
    let Some(row) = sqlx::query(sql).bind(wave.survey.clone()).fetch_optional(&mut *conn).await? else { return Ok(Err(Refusal::Unknown)) };
    wave.rules.minima = minima(&row, 0)?.at_least(wave.rules.minima);
    let rules = serde_json::to_string(&wave.rules)?;
    sqlx::query("delete from wave where id = $1").bind(wave.id.clone()).execute(&mut *conn).await?;
    let sql = "insert into wave (id, survey_id, state, opens_on, closes_on, rules, cleaned) values ($1, $2, 'open', $3, $4, $5, 0)";
    sqlx::query(sql)
        .bind(wave.id.clone())
        .bind(wave.survey)
        .bind(wave.opens_on.to_string())
        .bind(wave.closes_on.to_string())
        .bind(rules)
        .execute(&mut *conn)
        .await?;
    let nodes = wave.tree.nodes();
    let rows = nodes.iter().map(|node| {
        let parent = node.parent.map(|parent| nodes[parent].id.clone());
        vec![Val::from(wave.id.as_str()), node.id.as_str().into(), parent.into(), node.name.as_str().into()]
    });
    bulk::insert(conn, "insert into wave_node (wave_id, node_id, parent_id, name)", "", rows.collect()).await?;
    let rows =
        wave.invited.iter().map(|(user, node)| vec![Val::from(wave.id.as_str()), user.as_str().into(), nodes[*node].id.as_str().into()]);
    bulk::insert(conn, "insert into invite (wave_id, user_id, node_id)", "", rows.collect()).await?;
    let frozen = read(conn, &wave.id).await?.context("the wave that was just written")?;
    // The day alone: the caller's clock is not asked for a wave's beginning.
    audit::note(conn, Audited::Launched, Some(&wave.id), wave.opens_on.to_string()).await?;
    keys.create(&wave.id, &frozen.digest)?;
    Ok(Ok(()))
}

/// A wave as it stands in the tables.
pub(super) async fn read(conn: &mut AnyConnection, id: &str) -> Result<Option<Frozen>> {
    let Some(row) = sqlx::query("select survey_id, rules from wave where id = $1").bind(id.to_owned()).fetch_optional(&mut *conn).await?
    else {
        return Ok(None);
    };
    let (survey, rules): (String, String) = (row.try_get(0)?, row.try_get(1)?);
    let sql = "select node_id, name, parent_id from wave_node where wave_id = $1 order by node_id";
    let mut teams: Vec<Team> = Vec::new();
    for row in sqlx::query(sql).bind(id.to_owned()).fetch_all(&mut *conn).await? {
        teams.push((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
    }
    let mut people: Vec<(String, String)> = Vec::new();
    let sql = "select user_id, node_id from invite where wave_id = $1";
    for row in sqlx::query(sql).bind(id.to_owned()).fetch_all(&mut *conn).await? {
        people.push((row.try_get(0)?, row.try_get(1)?));
    }
    people.sort(); // by bytes: databases sort by their locale
    teams.sort();
    let texts = teams.iter().flat_map(|(id, name, parent)| [id.clone(), name.clone(), parent.clone().unwrap_or_default()]);
    let sizes = [teams.len().to_string(), people.len().to_string()];
    let parts = [survey, rules.clone()]
        .into_iter()
        .chain(sizes)
        .chain(texts)
        .chain(people.iter().flat_map(|(user, node)| [user.clone(), node.clone()]));
    let digest = frozen_digest(parts);
    let tree = Tree::named(&teams).map_err(anyhow::Error::msg)?;
    let invited = people.into_iter().filter_map(|(user, node)| Some((user, tree.find(&node)?))).collect();
    Ok(Some(Frozen { rules: serde_json::from_str(&rules).context("reading a wave's rules")?, tree, invited, digest }))
}

/// Who was in each cell when it was last shown by any survey, as far as invitations are still kept.
///
/// Why by any: two surveys may ask the same question, and can be subtracted just so.
pub(super) async fn history(conn: &mut AnyConnection) -> Result<History> {
    let mut history = History::new();
    let sql = "select id from wave where state = 'closed' order by closes_on desc, id desc";
    for row in sqlx::query(sql).fetch_all(&mut *conn).await? {
        let id: String = row.try_get(0)?;
        let Some(frozen) = read(conn, &id).await?.filter(|frozen| !frozen.invited.is_empty()) else { continue };
        let shown = shown(conn, &id, &frozen.tree).await?;
        for (node, past) in members(&frozen.tree, &frozen.invited, &shown).into_iter().enumerate().filter(|(node, _)| shown[*node]) {
            history.entry(frozen.tree.nodes()[node].id.clone()).or_insert(past);
        }
    }
    Ok(history)
}

/// Which nodes a closed wave shows.
pub(super) async fn shown(conn: &mut AnyConnection, wave: &str, tree: &Tree) -> Result<Vec<bool>> {
    let mut shown = vec![false; tree.nodes().len()];
    for row in sqlx::query("select cell_id from cell where wave_id = $1").bind(wave.to_owned()).fetch_all(conn).await? {
        if let Some(node) = tree.find(&row.try_get::<String, _>(0)?) {
            shown[node] = true;
        }
    }
    Ok(shown)
}
