//! The schedule: which job is due, who runs it.
//!
//! Each slot of a job is one row that one replica inserts first, so that of many replicas one runs it. [`step`] is
//! public so that tests drive time; [`run`] calls it twice a minute. A slot missed while pacer was down is run once
//! at the next start if it is less than a day old.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::app::App;
use crate::domain::time::{At, DAY};
use crate::features::{AT_START, JOBS, Job};

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

/// Runs each job whose latest slot nobody took. Returns the names of those it ran.
pub async fn step(app: &App, holder: &str) -> Result<Vec<&'static str>> {
    let now = app.clock.now();
    let mut ran = Vec::new();
    for job in JOBS {
        let Some(due_at) = latest_slot(job, now)? else { continue };
        if !app.store.take_lease(job.name, due_at, holder, now).await? {
            continue;
        }
        let cx = app.cx(None).await?;
        match (job.run)(&cx).await {
            Ok(()) => ran.push(job.name),
            Err(error) => tracing::error!(job = job.name, "a job failed: {error:#}"),
        }
        app.store.finish_lease(job.name, due_at, now).await?;
    }
    Ok(ran)
}

/// The latest slot of the last day.
fn latest_slot(job: &Job, now: At) -> Result<Option<At>> {
    let schedule = schedule(job.cron)?;
    let from = now.plus(-DAY).utc();
    Ok(schedule.after(&from).map(At::from).take_while(|at| *at <= now).last())
}

/// A five-field crontab in the six fields of the `cron` crate.
fn schedule(crontab: &str) -> Result<cron::Schedule> {
    cron::Schedule::from_str(&format!("0 {crontab}")).with_context(|| format!("reading the crontab `{crontab}`"))
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
