//! The schedule: which job or subscription is due, who runs it.
//!
//! Each slot is one row that one replica inserts first, so that of many replicas one runs it. What a slot says, what its
//! subscription keeps in mind and the slot's end are stored together. [`step`] is public so that tests drive time; [`run`] calls it
//! twice a minute.
//!
//! A slot missed while pacer was down is made up for once, the latest only, within a grace: a day for jobs, its own for each kind of
//! subscription. Later it is skipped, and its row says so.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};

use crate::app::App;
use crate::domain::crontab::Crontab;
use crate::domain::post::Said;
use crate::domain::subscription::{Due, Subscription};
use crate::domain::time::{At, DAY};
use crate::error::Failure;
use crate::features::{AT_START, JOBS, Job, SUBSCRIBED, Subscribed};
use crate::store::lease::Outcome;

/// How often the clock is looked at.
const TICK: Duration = Duration::from_secs(30);

/// Runs what is due, now and again, until pacer stops.
pub async fn run(app: Arc<App>) {
    let stop = app.tasks.token();
    let holder = format!("{:08x}", rand::random::<u32>());
    if let Err(error) = start(&app).await {
        tracing::error!("what is done at each start failed: {error:#}");
    }
    loop {
        if let Err(error) = step(&app, &holder).await {
            tracing::error!("the schedule failed, trying again: {error:#}");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

/// Runs what is done once at each start, whoever else has done it: many replicas may start at one time.
pub async fn start(app: &App) -> Result<()> {
    for job in AT_START {
        let cx = app.cx(None).await?;
        if let Err(error) = (job.run)(&cx).await {
            tracing::error!(job = job.name, "a job failed: {error:#}");
        }
    }
    Ok(())
}

/// Runs each job and subscription whose latest slot nobody took. Returns the names of those it ran.
pub async fn step(app: &App, holder: &str) -> Result<Vec<String>> {
    let now = app.clock.now();
    let mut ran = Vec::new();
    for job in JOBS {
        let Some(due_at) = latest_slot(job, now)? else { continue };
        if !app.store.take_lease(job.name, due_at, holder, now).await? {
            continue;
        }
        let cx = app.cx(None).await?;
        let outcome = match (job.run)(&cx).await {
            Ok(()) => {
                ran.push(job.name.to_owned());
                Outcome { word: "said", ..Outcome::default() }
            }
            Err(error) => failed(job.name, &error),
        };
        app.store.finish_lease(job.name, due_at, outcome, now).await?;
    }
    for subscription in app.store.subscriptions().await? {
        let Some(kind) = SUBSCRIBED.iter().find(|kind| kind.kind == subscription.kind) else { continue };
        let name = format!("{}/{}", subscription.kind, subscription.id);
        if slot(app, kind, subscription, &name, holder).await? {
            ran.push(name);
        }
    }
    Ok(ran)
}

/// Runs the latest slot of a subscription where it is due and nobody took it.
async fn slot(app: &App, kind: &Subscribed, subscription: Subscription, name: &str, holder: &str) -> Result<bool> {
    let now = app.clock.now();
    if !subscription.speaks(now) {
        return Ok(false);
    }
    let crontab = Crontab::parse(&subscription.crontab).map_err(|why| anyhow!("{name}: {why}"))?;
    let from = subscription.changed_at.max(now.plus(-7 * DAY));
    let Some(at) = crontab.latest(from, now, subscription.zone) else { return Ok(false) };
    if !app.store.take_lease(name, at, holder, now).await? {
        return Ok(false);
    }
    if now.since(at) > kind.grace {
        let note = Some("pacer was not running when it was due, nor soon after.".to_owned());
        app.store.finish_lease(name, at, Outcome { word: "skipped", note, ..Outcome::default() }, now).await?;
        return Ok(false);
    }
    let cx = app.cx(None).await?;
    let due = Due { subscription, at };
    let outcome = match (kind.run)(&cx, &due).await {
        Ok(said) => outcome(&due, said, now),
        Err(error) => failed(name, &error),
    };
    app.store.finish_lease(name, at, outcome, now).await?;
    Ok(true)
}

fn outcome(due: &Due, said: Said, now: At) -> Outcome {
    let id = &due.subscription.id;
    Outcome {
        word: if said.quiet.is_some() { "quiet" } else { "said" },
        note: said.quiet,
        memory: said.memory.map(|memory| (id.clone(), memory.to_string())),
        posts: App::wanted(said.posts, Some(id), now),
    }
}

fn failed(name: &str, error: &Failure) -> Outcome {
    tracing::error!(job = name, "a job failed: {error:#}");
    Outcome { word: "failed", note: Some(error.to_string()), ..Outcome::default() }
}

/// The latest slot of the last day.
fn latest_slot(job: &Job, now: At) -> Result<Option<At>> {
    let crontab = Crontab::parse(job.cron).map_err(|why| anyhow!("{}: {why}", job.name))?;
    Ok(crontab.latest(now.plus(-DAY), now, chrono_tz::UTC))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_jobs_crontab_is_read_and_has_a_slot_a_day() {
        let now = At::parse("2026-11-24T09:00:00Z").unwrap();
        for job in JOBS {
            let slot = latest_slot(job, now).unwrap().unwrap();
            assert!(slot <= now && now.since(slot) <= DAY, "{}: {slot}", job.name);
        }
    }
}
