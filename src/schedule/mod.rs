//! The schedule: which job or subscription is due, who runs it, and what is done where that fails.
//!
//! Each slot is one row that one replica takes first ([`store::lease`](crate::store::lease)), so that of many replicas one runs it.
//! What a slot says, what its subscription keeps in mind and the slot's end are stored together. [`step`] is public so that tests
//! drive time; [`run`] calls it twice a minute.
//!
//! - **Missed** while pacer was down: the latest slot only, within a grace: a day for jobs, its own for each kind of subscription.
//!   Later it is skipped, and its row says so.
//! - **Clocks that jump**: nothing at or before the last slot that is done runs again, so a clock set back repeats nothing; one set
//!   ahead catches up once. A slot more than two days ahead of now is of a clock that was wrong, and is not looked at.
//! - **Killed or paused** in the middle: after [`LEASE`] another takes the slot over, under a new fence; whoever comes back with the
//!   old one changes nothing. 60 s, since a run is cut off after 50: so nobody who is alive loses a slot that they work on, and a
//!   digest of nine o'clock comes at 9:02 at the latest when its replica dies.
//! - **Failed**: a database's hiccup must not cost the week's digest, so a run that failed, panicked or was cut off is tried again
//!   after one, five and twenty minutes, while the grace lasts. Then its row says what failed. One that ended pacer itself each
//!   time is given up likewise.
//!
//! One that fails stops no other, nor does a row that can't be read. Never to be used for what must happen to the second.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use futures::StreamExt;
use futures::future::BoxFuture;

use crate::app::App;
use crate::domain::crontab::Crontab;
use crate::domain::post::Said;
use crate::domain::subscription::{Due, State, Subscription};
use crate::domain::time::{At, DAY, HOUR, SECOND};
use crate::error::Failure;
use crate::features::{AT_START, JOBS, Job, SUBSCRIBED, Subscribed};
use crate::store::lease::{Lease, Outcome};

/// How often the clock is looked at.
const TICK: Duration = Duration::from_secs(30);
/// After so long another takes over a slot of a subscription that was not finished.
const LEASE: i64 = 60 * SECOND;
/// A run of a subscription is cut off here, well before its lease ends.
const RUN: Duration = Duration::from_secs(50);
/// Jobs have no such limit: groups of a large workspace, or a first clean-up, take their time. Run twice they do no harm.
const JOB_LEASE: i64 = HOUR;
/// How late a job may be made up for.
const JOB_GRACE: i64 = DAY;
/// When a slot that failed is tried again.
const AGAIN: [i64; 3] = [60 * SECOND, 300 * SECOND, 1_200 * SECOND];
/// How often a slot is run at most.
const TRIES: i64 = 4;
/// Slots further back are nobody's: rows of slots that are done are kept for 30 days.
const FURTHEST: i64 = 29 * DAY;
/// A slot that is done further ahead than this is of a clock that was wrong.
const WRONG_CLOCK: i64 = 2 * DAY;
/// Subscriptions that run at one time.
const AT_ONCE: usize = 4;

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
        match app.tasks.guard("job", (job.run)(&cx)).await {
            Some(Ok(posts)) => app.store.say(App::wanted(posts, None, cx.now), cx.now).await?,
            Some(Err(error)) => tracing::error!(job = job.name, "a job failed: {error:#}"),
            None => {}
        }
    }
    Ok(())
}

/// Runs each job and subscription whose latest slot nobody took. Returns the names of those it ran.
pub async fn step(app: &App, holder: &str) -> Result<Vec<String>> {
    step_with(app, holder, JOBS, SUBSCRIBED).await
}

/// As [`step`], with other tables: for tests.
pub async fn step_with(app: &App, holder: &str, jobs: &[Job], kinds: &[Subscribed]) -> Result<Vec<String>> {
    let mut ran = Vec::new();
    let last = app.store.last_slots(app.clock.now().plus(WRONG_CLOCK)).await?;
    for job in jobs {
        match run_job(app, job, last.get(job.name).copied(), holder).await {
            Ok(true) => ran.push(job.name.to_owned()),
            Ok(false) => {}
            Err(error) => tracing::error!(job = job.name, "a job could not be run: {error:#}"),
        }
    }
    let mut runs: Vec<BoxFuture<'_, Option<String>>> = Vec::new();
    for subscription in app.store.subscriptions().await? {
        let Some(kind) = kinds.iter().find(|kind| kind.kind == subscription.kind) else { continue };
        let name = format!("{}/{}", subscription.kind, subscription.id);
        let last = last.get(&name).copied();
        runs.push(Box::pin(async move {
            let ran = run_subscription(app, kind, subscription, last, &name, holder).await;
            ran.inspect_err(|error| tracing::error!(job = name, "a subscription could not be run: {error:#}")).ok()?.then_some(name)
        }));
    }
    let names: Vec<Option<String>> = futures::stream::iter(runs).buffered(AT_ONCE).collect().await;
    ran.extend(names.into_iter().flatten());
    Ok(ran)
}

/// Runs the latest slot of a job where it is due and nobody took it; whether it went well.
async fn run_job(app: &App, job: &Job, last: Option<At>, holder: &str) -> Result<bool> {
    let now = app.clock.now();
    let crontab = Crontab::parse(job.cron).map_err(|why| anyhow!("{}: {why}", job.name))?;
    let Some(at) = latest(&crontab, now.plus(-JOB_GRACE).max(last.unwrap_or(At(0))), now, chrono_tz::UTC) else { return Ok(false) };
    let Some(lease) = app.store.take_lease(job.name, at, holder, now.plus(JOB_LEASE), now).await? else { return Ok(false) };
    let cx = app.cx(None).await?;
    let outcome = match app.tasks.guard("job", (job.run)(&cx)).await {
        Some(Ok(posts)) => Outcome { word: "said", posts: App::wanted(posts, None, now), ..Outcome::default() },
        Some(Err(error)) => failed(job.name, &error, lease, at, app.clock.now(), JOB_GRACE),
        None => failed(job.name, &panicked(), lease, at, app.clock.now(), JOB_GRACE),
    };
    let well = outcome.word == "said";
    finish(app, job.name, at, lease, outcome).await?;
    Ok(well)
}

/// A slot that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// When it was due.
    pub at: At,
    /// Whether that is longer ago than the grace: it is skipped.
    pub late: bool,
}

/// The slot of a subscription that is due, if any: the latest one since it was last changed, paused, or done.
///
/// # Errors
/// Where its crontab can't be read.
pub fn due(subscription: &Subscription, last: Option<At>, now: At, grace: i64) -> Result<Option<Slot>> {
    if !subscription.speaks(now) {
        return Ok(None);
    }
    let crontab = Crontab::parse(&subscription.crontab).map_err(|why| anyhow!(why))?;
    let silent_until = match &subscription.state {
        State::Paused { until: Some(until), .. } => *until,
        _ => At(0),
    };
    let from = subscription.changed_at.max(silent_until).max(last.unwrap_or(At(0))).max(now.plus(-FURTHEST));
    Ok(latest(&crontab, from, now, subscription.zone).map(|at| Slot { at, late: now.since(at) > grace }))
}

/// The latest slot; none where the clock was set back before `from`.
fn latest(crontab: &Crontab, from: At, now: At, zone: chrono_tz::Tz) -> Option<At> {
    (from < now).then(|| crontab.latest(from, now, zone)).flatten()
}

/// Runs the slot of a subscription that is due and that nobody took; whether it was run.
async fn run_subscription(
    app: &App,
    kind: &Subscribed,
    subscription: Subscription,
    last: Option<At>,
    name: &str,
    holder: &str,
) -> Result<bool> {
    let now = app.clock.now();
    let Some(Slot { at, late }) = due(&subscription, last, now, kind.grace)? else { return Ok(false) };
    let Some(lease) = app.store.take_lease(name, at, holder, now.plus(LEASE), now).await? else { return Ok(false) };
    if late {
        let note = Some("pacer was not running when it was due, nor soon after.".to_owned());
        finish(app, name, at, lease, Outcome { word: "skipped", note, ..Outcome::default() }).await?;
        return Ok(false);
    }
    if lease.tries > TRIES {
        let why = anyhow!("Each of {} runs ended in the middle, and pacer with it", lease.tries - 1);
        finish(app, name, at, lease, failed(name, &Failure::Ours(why), lease, at, now, kind.grace)).await?;
        return Ok(false);
    }
    let cx = app.cx(None).await?;
    let due = Due { subscription, at };
    let outcome = match tokio::time::timeout(RUN, app.tasks.guard("subscription", (kind.run)(&cx, &due))).await {
        Ok(Some(Ok(said))) => outcome(&due, said, now),
        Ok(Some(Err(error))) => failed(name, &error, lease, at, app.clock.now(), kind.grace),
        Ok(None) => failed(name, &panicked(), lease, at, app.clock.now(), kind.grace),
        Err(_) => failed(name, &Failure::Ours(anyhow!("It took longer than {} s", RUN.as_secs())), lease, at, app.clock.now(), kind.grace),
    };
    finish(app, name, at, lease, outcome).await?;
    Ok(true)
}

/// Ends a slot; where it was taken over meanwhile, nothing but a line in the log.
async fn finish(app: &App, name: &str, at: At, lease: Lease, outcome: Outcome) -> Result<()> {
    if !app.store.finish_lease(name, at, lease.fence, outcome, app.clock.now()).await? {
        tracing::warn!(job = name, slot = %at, fence = lease.fence, "this slot was taken over meanwhile: what came of it here is dropped");
    }
    Ok(())
}

fn outcome(due: &Due, said: Said, now: At) -> Outcome {
    let id = &due.subscription.id;
    Outcome {
        word: if said.quiet.is_some() { "quiet" } else { "said" },
        note: said.quiet,
        subscription: Some(id.clone()),
        memory: said.memory.map(|memory| memory.to_string()),
        posts: App::wanted(said.posts, Some(id), now),
        again_at: None,
    }
}

fn panicked() -> Failure {
    Failure::Ours(anyhow!("It panicked: the log says where"))
}

/// A run that failed: tried again while the grace lasts and tries are left.
fn failed(name: &str, error: &Failure, lease: Lease, at: At, now: At, grace: i64) -> Outcome {
    tracing::error!(job = name, tries = lease.tries, "a job failed: {error:#}");
    let wait = usize::try_from(lease.tries - 1).ok().and_then(|before| AGAIN.get(before));
    let again_at = wait.map(|wait| now.plus(*wait)).filter(|again| again.since(at) <= grace);
    Outcome { word: "failed", note: Some(error.to_string()), again_at, ..Outcome::default() }
}

#[cfg(test)]
mod tests;
