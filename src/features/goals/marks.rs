//! What `trend` says of improvements: a mark where one began, and one sentence on whether one that watches the metric is taking hold. And
//! what a digest tells once: that one takes hold, or reverses.
//!
//! Marked are those of the scope, of teams above it, of teams that own the service, and of the organisation; whoever may see the trend may
//! see them.

use serde_json::Value;

use super::told::{Told, tell};
use crate::domain::card::{Line, Scope};
use crate::domain::improvement::{Verdict, headline};
use crate::domain::metric::Definition;
use crate::domain::org::Org;
use crate::domain::time::At;
use crate::domain::window::Window;
use crate::domain::words;
use crate::error::Failure;
use crate::features::access::belongs;
use crate::features::trend::compute::Mark;
use crate::features::{Cx, access};
use crate::store::improvements::Improvement;

/// Letters of a name in a picture.
const LETTERS: usize = 32;
/// Sentences at most.
const SENTENCES: usize = 2;

/// Where improvements of a scope began within a period, as they were known at an instant.
pub async fn marks(cx: &Cx, scope: &Scope, window: &Window, now: At, org: &Org) -> Result<Vec<Mark>, Failure> {
    let all = cx.store.improvements(now).await?.into_iter().filter(|it| touches(it, scope, now, org) && window.holds(it.starts_at));
    Ok(all.map(|it| Mark { at: it.starts_at, what: format!("\"{}\" began", shortened(&it.name)) }).collect())
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= LETTERS { name.to_owned() } else { name.chars().take(LETTERS - 3).chain("...".chars()).collect() }
}

/// Whether an improvement is of a scope, of a team above it or of everybody.
fn touches(it: &Improvement, scope: &Scope, now: At, org: &Org) -> bool {
    let above = |team: &str, below: &str| belongs(org, below, team);
    match (&it.scope, scope) {
        (Scope::Organisation, _) => true,
        (own, asked) if own == asked => true,
        (Scope::Team(team), Scope::Team(_) | Scope::Teams(_)) => {
            scope.teams().iter().any(|below| above(team, below)) && open(org, team, scope)
        }
        (Scope::Team(team), Scope::Service(name)) => {
            org.owners(name).iter().any(|(owner, span)| span.holds(now) && above(team, owner)) && open(org, team, scope)
        }
        _ => false,
    }
}

/// Whether a team's improvements may stand beside figures of a scope: a closed team's beside those of that team alone.
fn open(org: &Org, team: &str, scope: &Scope) -> bool {
    let Some(closed) = access::closed(org, team) else { return true };
    match scope {
        Scope::Service(name) => org.owners(name).iter().all(|(owner, _)| belongs(org, owner, closed)),
        _ => scope.teams().iter().all(|below| belongs(org, below, closed)),
    }
}

/// Improvements of exactly this scope that are taking hold or reversing: for each metric what tells the verdict from others, and a sentence.
pub async fn verdicts(cx: &Cx, scope: &Scope, now: At, org: &Org) -> Result<Vec<(String, String)>, Failure> {
    let mut found = Vec::new();
    for it in cx.store.improvements(now).await?.into_iter().filter(|it| it.scope == *scope && it.ended_at.is_none()) {
        let told = tell(cx, it, now, org).await?;
        let since = words::date(told.improvement.starts_at, now, org.zone_for(scope));
        for moved in told.metrics.iter().filter(|moved| [Verdict::TakingHold, Verdict::Reversing].contains(&moved.finding.verdict)) {
            let id = format!("{}/{}/{}", told.improvement.id, moved.definition.id, headline(moved.finding.verdict));
            let (name, metric) = (&told.improvement.name, moved.definition.name);
            found.push((id, format!("{name}, since {since} · {metric} · {}", moved.sentence(&told, org))));
        }
    }
    Ok(found)
}

/// Is it taking hold? A sentence for each of the latest improvements of exactly this scope that watch the metric, and the same in
/// machine form.
pub async fn holds(cx: &Cx, scope: &Scope, known: &Definition, now: At, org: &Org) -> Result<(Vec<Line>, Vec<Value>), Failure> {
    let all = cx.store.improvements(now).await?;
    let watches =
        |it: &Improvement| it.scope == *scope && it.ended_at.is_none() && it.watched.iter().any(|frozen| frozen.metric == known.id);
    let (mut lines, mut data) = (Vec::new(), Vec::new());
    for it in all.into_iter().filter(watches).take(SENTENCES) {
        let told: Told = tell(cx, it, now, org).await?;
        let since = words::date(told.improvement.starts_at, now, org.zone_for(scope));
        let of_it = told.metrics.iter().find(|moved| moved.definition.id == known.id);
        lines.extend(
            of_it.map(|moved| {
                Line::default().strong(&told.improvement.name).and(format!(", since {since} · {}", moved.sentence(&told, org)))
            }),
        );
        data.push(told.data());
    }
    Ok((lines, data))
}
