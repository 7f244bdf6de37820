//! A channel that can't be written to any more: its subscriptions stop, what waits for it is dropped, and whoever subscribed it is
//! told once what stopped, why, and how to go on.
//!
//! Heard of when a message is refused, or by an event where the app is subscribed to it. A channel that is renamed stays the same:
//! everything here goes by ids. Never for trouble with the token, which is no channel's.

use anyhow::Result;

use crate::app::App;
use crate::domain::card::{Card, Line};
use crate::domain::crontab::Crontab;
use crate::domain::post::Post;
use crate::domain::subscription::{State, Subscription};
use crate::domain::words;

/// Stops what the channel is subscribed to.
pub async fn channel_gone(app: &App, channel: &str, why: &str) -> Result<()> {
    let now = app.clock.now();
    for subscription in app.store.subscriptions().await?.iter().filter(|it| it.channel == channel) {
        if matches!(subscription.state, State::Stopped { .. }) {
            continue;
        }
        // Whoever can't be written to is not told.
        let note = (subscription.author != channel).then(|| note(subscription, why));
        let note = App::wanted(note.into_iter().collect(), None, now).pop();
        if app.store.stop_subscription(&subscription.id, why, note, now).await? {
            tracing::warn!(subscription = subscription.id, kind = subscription.kind, channel, why, "a subscription was stopped");
        }
    }
    let gone = app.store.drop_messages(channel, &dropped(why)).await?;
    if gone > 0 {
        tracing::warn!(channel, why, gone, "messages that waited for a channel were dropped");
    }
    Ok(())
}

/// What the row of a dropped message says.
pub fn dropped(why: &str) -> String {
    format!("It was not sent: {}.", reason(why).0)
}

/// Why, and what lets it go on.
fn reason(why: &str) -> (&'static str, &'static str) {
    match why {
        "is_archived" => ("the channel is archived", "Unarchive it"),
        "not_in_channel" => ("pacer is not in the channel any more", "Type `/invite @pacer` there"),
        "channel_not_found" => {
            ("the channel is deleted, or pacer is not in it any more", "Type `/invite @pacer` there, if it is still there")
        }
        why if why.starts_with("user") || why == "cannot_dm_bot" => {
            ("this person can't be written to", "Ask an admin whether the account is active")
        }
        _ => ("the rules of the channel don't let pacer post there", "Let apps post there"),
    }
}

/// The one note. Its key holds when the subscription was last changed: gone on with and stopped again, it is another.
fn note(subscription: &Subscription, why: &str) -> Post {
    let (said, way) = reason(why);
    let when = Crontab::parse(&subscription.crontab).map(|crontab| format!(", {}", crontab.words())).unwrap_or_default();
    let begin = Line::plain(format!("The {} that you subscribed ", subscription.kind)).mention(&subscription.channel);
    let verdict = begin.and(format!(" to{when}, has stopped: {said}. {way}, then type ")).code(format!("/metrics {}", subscription.kind));
    Post {
        key: format!("stopped/{}/{}", subscription.id, subscription.changed_at.0),
        channel: subscription.author.clone(),
        thread_of: None,
        card: Card {
            title: format!("{} stopped", words::capitalised(&subscription.kind)),
            verdict: verdict.and(" there to go on. Nothing is said there until then."),
            ..Card::default()
        },
        not_before: None,
        reminds_of: None,
    }
}
