//! Closes waves whose last day is over, tells their results, goes on with what was cut off, and forgets what is kept long enough.
//!
//! Every step can run again: a wave closes once, a message that stands is left alone. One wave that fails stops no other. Where pacer was
//! killed between an action and its reminder, the reminder is said here.

use futures::future::BoxFuture;

use super::{actions, end, launch, results};
use crate::domain::card::Scope;
use crate::domain::post::Post;
use crate::domain::time::DAY;
use crate::error::Failure;
use crate::features::typed::today;
use crate::features::{Cx, Done, Job};
use crate::store::survey::{State, Wave};

/// The registration: every ten minutes, and at each start.
pub const JOB: Job = Job { name: "pulse", cron: "*/10 * * * *", run: |cx| -> BoxFuture<'_, _> { Box::pin(run(cx)) } };
/// The registration of what is forgotten: nightly.
pub const FORGET: Job = Job { name: "pulse_forget", cron: "50 3 * * *", run: |cx| -> BoxFuture<'_, _> { Box::pin(forget(cx)) } };

/// For so long after the close its results are said again, which changes nothing where they stand: teams hear at once, others in a day or
/// on the working day after it, and then a team's result is seen beside the other groups'.
const TOLD_FOR: i64 = 8 * DAY;

async fn run(cx: &Cx) -> Done {
    let mut posts = Vec::new();
    for wave in cx.store.waves().await? {
        match tended(cx, &wave).await {
            Ok(said) => posts.extend(said),
            Err(error) => tracing::error!(wave = wave.id, "a survey could not be tended, trying again: {error:#}"),
        }
    }
    posts.extend(actions::lost_reminders(cx).await?);
    for trouble in cx.store.tend_waves(&cx.keys, today(cx, &Scope::Organisation), cx.now).await? {
        tracing::warn!(wave = trouble.wave, "{}", trouble.sentence);
    }
    Ok(posts)
}

async fn tended(cx: &Cx, wave: &Wave) -> Result<Vec<Post>, Failure> {
    let zone = cx.org.org.zone_for(&Scope::Organisation);
    match wave.state {
        State::Open | State::Closing if launch::when::closes_at(zone, wave.closes_on) <= cx.now || wave.state == State::Closing => {
            match end::close(cx, wave).await? {
                Ok(posts) => Ok(posts),
                Err(refusal) => {
                    tracing::warn!(wave = wave.id, "a survey can't be closed: {refusal}");
                    Ok(Vec::new())
                }
            }
        }
        State::Open => launch::unsaid(cx, wave).await,
        State::Closed if wave.closed_at.is_some_and(|at| cx.now.since(at) < TOLD_FOR) => results::posts(cx, wave).await,
        State::Draft | State::Closing | State::Closed | State::Void => Ok(Vec::new()),
    }
}

async fn forget(cx: &Cx) -> Done {
    cx.store.forget_old(today(cx, &Scope::Organisation)).await?;
    Ok(Vec::new())
}
