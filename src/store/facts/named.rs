//! The names that sources call people by, each once: who is who is told from these. Bots are nobody.
//!
//! Never to be counted up for one of them: a row says that a name exists, along with which address, and when it was last met.

use std::collections::BTreeMap;

use anyhow::Result;
use sqlx::AnyConnection;

use super::super::bulk::{self, Val};
use super::{Batch, inner_commits, instant};
use crate::domain::event::{ASKED_TEAM, Event};
use crate::domain::machines::is_bot;
use crate::domain::time::At;

/// Notes who is named in a batch, on which day: that of the fact or of its last change, at most that of `received_at`, which
/// also stands for what has no time of its own.
pub(super) async fn people<'b>(conn: &mut AnyConnection, batch: &Batch<'b>, received_at: At) -> Result<()> {
    let mut days: BTreeMap<(&'b str, String), i64> = BTreeMap::new();
    for stated in batch.events {
        let day = instant(&stated.event).max(stated.updated_at).map_or(received_at, |at| at.min(received_at)).day();
        let mut note = |name: Option<&'b str>, email: Option<&str>, day: i64| {
            if let Some(name) = name.filter(|name| !name.is_empty() && !name.starts_with(ASKED_TEAM) && !is_bot(name)) {
                let known = days.entry((name, email.unwrap_or_default().to_lowercase())).or_insert(day);
                *known = day.max(*known);
            }
        };
        match &stated.event {
            Event::Change(it) => {
                note(it.author.as_deref().filter(|_| !it.bot), None, day);
                it.reviewers.iter().for_each(|name| note(Some(name), None, day));
            }
            Event::Review(it) => note(it.reviewer.as_deref().filter(|_| !it.bot), None, day),
            Event::Item(it) => note(it.assignee.as_deref(), None, day),
            Event::Part(it) => note(it.assignee.as_deref(), None, day),
            Event::Activity(it) => note(Some(&it.person), None, day),
            Event::Deployment(_) | Event::Commit(_) | Event::Incident(_) | Event::Run(_) => {}
        }
        for (commit, _) in inner_commits(&stated.event).filter(|(commit, _)| commit.bot != Some(true)) {
            let day = commit.authored_at.map_or(day, |at| at.min(received_at).day());
            note(commit.author.as_deref(), commit.email.as_deref(), day);
        }
    }
    let row = |((name, email), day): ((&str, String), i64)| -> Vec<Val> {
        vec![batch.source.into(), name.into(), email.into(), name.to_lowercase().into(), day.into()]
    };
    // Written anew only on another day: nearly all that a webhook says of people is known.
    let tail = "on conflict (source, name, email) do update set last_day = excluded.last_day where excluded.last_day > identity.last_day";
    let rows = days.into_iter().map(row).collect();
    bulk::insert(conn, "insert into identity (source, name, email, folded, last_day)", tail, rows).await
}
