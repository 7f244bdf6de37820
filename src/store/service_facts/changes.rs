//! The merged changes of a service's repositories with their reviews, and the commits there.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::Result;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::super::bulk;
use super::texts;
use crate::domain::derive::{ChangeRow, CommitRow, DeploymentRow, ReviewRow};
use crate::domain::org::identity::Bots;
use crate::domain::time::At;

pub(super) async fn changes(conn: &mut AnyConnection, repositories: &BTreeSet<String>, bots: &Bots) -> Result<Vec<ChangeRow>> {
    let keys: Vec<&str> = repositories.iter().map(String::as_str).collect();
    let sql = "select source, id, repository, opened_at, ready_at, first_review_at, merged_at, merge_commit, head, commits, author, bot, labels, \
               lines_added, lines_removed, service, paths, seq from change where $1 <> '' and merged_at is not null and repository in ({keys})";
    let rows = bulk::select_in(conn, sql, "all", &keys).await?;
    let mut reviews = reviews(conn, &keys).await?;
    rows.iter()
        .map(|row| {
            let mut change = change(row)?;
            change.bot |= change.author.as_deref().is_some_and(|author| bots.has(author, Some(&change.source)));
            let mut own = reviews.remove(&(change.source.clone(), change.id.clone())).unwrap_or_default();
            own.retain(|review| change.author.as_ref() != Some(&review.reviewer) && !bots.has(&review.reviewer, Some(&change.source)));
            own.sort();
            change.reviews = own;
            Ok(change)
        })
        .collect()
}

fn change(row: &AnyRow) -> Result<ChangeRow> {
    let at = |place: usize| -> Result<Option<At>> { Ok(row.try_get::<Option<i64>, _>(place)?.map(At)) };
    let (added, removed): (Option<i64>, Option<i64>) = (row.try_get(13)?, row.try_get(14)?);
    Ok(ChangeRow {
        source: row.try_get(0)?,
        id: row.try_get(1)?,
        repository: row.try_get(2)?,
        opened_at: at(3)?,
        ready_at: at(4)?,
        first_review_at: at(5)?,
        merged_at: at(6)?,
        merge_commit: row.try_get(7)?,
        head: row.try_get(8)?,
        commits: texts(row.try_get(9)?),
        author: row.try_get(10)?,
        bot: row.try_get::<i64, _>(11)? == 1,
        labels: texts(row.try_get(12)?).unwrap_or_default(),
        lines: if added.is_none() && removed.is_none() { None } else { Some(added.unwrap_or(0).saturating_add(removed.unwrap_or(0))) },
        service: row.try_get(15)?,
        paths: row.try_get(16)?,
        reviews: Vec::new(),
        seq: row.try_get(17)?,
    })
}

/// Reviews by humans, by change. One without a reviewer's name is a review by somebody.
async fn reviews(conn: &mut AnyConnection, repositories: &[&str]) -> Result<HashMap<(String, String), Vec<ReviewRow>>> {
    let sql = "select r.source, r.change, r.reviewer, r.at from review r join change c on c.source = r.source and c.id = r.change \
               where $1 <> '' and r.bot = 0 and r.state <> 'dismissed' and c.merged_at is not null and c.repository in ({keys})";
    let mut found: HashMap<(String, String), Vec<ReviewRow>> = HashMap::new();
    for row in bulk::select_in(conn, sql, "all", repositories).await? {
        let reviewer: Option<String> = row.try_get(2)?;
        let review = ReviewRow { at: At(row.try_get(3)?), reviewer: reviewer.unwrap_or_default() };
        found.entry((row.try_get(0)?, row.try_get(1)?)).or_default().push(review);
    }
    Ok(found)
}

/// Files are read only where they decide whose a commit is; who wrote it, only where the file declares bots.
const COMMIT: &str = "select sha, authored_at, bot, subject, reverts, parents, exact, shallow, ai, {paths}, repository, {who} from commits where $1 <> '' and";

/// The commits of the repositories, and those that lists name with the other repositories they lie in (`""`: in none).
pub(super) async fn commits(
    conn: &mut AnyConnection,
    repositories: &BTreeSet<String>,
    deployments: &[DeploymentRow],
    changes: &[ChangeRow],
    with_paths: bool,
    bots: &Bots,
) -> Result<(Vec<CommitRow>, BTreeSet<String>)> {
    let select = COMMIT.replace("{paths}", if with_paths { "paths" } else { "cast(null as text)" });
    let select = select.replace("{who}", if bots.is_empty() { "cast(null as text), cast(null as text)" } else { "author, email" });
    let keys: Vec<&str> = repositories.iter().map(String::as_str).collect();
    let mut found: BTreeMap<String, CommitRow> = BTreeMap::new();
    for row in bulk::select_in(conn, &format!("{select} repository in ({{keys}})"), "all", &keys).await? {
        let commit = commit(&row, bots)?;
        found.insert(commit.sha.clone(), commit);
    }
    let listed =
        deployments.iter().flat_map(|row| row.commits.iter().flatten()).chain(changes.iter().flat_map(|row| row.commits.iter().flatten()));
    let missing: BTreeSet<&str> = listed.map(String::as_str).filter(|sha| !found.contains_key(*sha)).collect();
    let missing: Vec<&str> = missing.into_iter().collect();
    let mut elsewhere = BTreeSet::new();
    for row in bulk::select_in(conn, &format!("{select} sha in ({{keys}})"), "all", &missing).await? {
        let commit = commit(&row, bots)?;
        found.insert(commit.sha.clone(), commit);
        elsewhere.insert(row.try_get::<Option<String>, _>(10)?.unwrap_or_default());
    }
    Ok((found.into_values().collect(), elsewhere))
}

fn commit(row: &AnyRow, bots: &Bots) -> Result<CommitRow> {
    let words =
        |text: Option<String>| text.map(|text| text.split(' ').filter(|word| !word.is_empty()).map(str::to_string).collect::<Vec<_>>());
    let (author, email): (Option<String>, Option<String>) = (row.try_get(11)?, row.try_get(12)?);
    let declared = [author, email].into_iter().flatten().any(|name| bots.has(&name, None));
    Ok(CommitRow {
        sha: row.try_get(0)?,
        authored_at: row.try_get::<Option<i64>, _>(1)?.map(At),
        bot: declared || row.try_get::<Option<i64>, _>(2)? == Some(1),
        subject: row.try_get(3)?,
        reverts: words(row.try_get(4)?).unwrap_or_default(),
        parents: words(row.try_get(5)?),
        exact: row.try_get::<i64, _>(6)? == 1,
        shallow: row.try_get::<i64, _>(7)? == 1,
        ai: row.try_get::<Option<i64>, _>(8)?.map(|flag| flag == 1),
        paths: row.try_get(9)?,
    })
}
