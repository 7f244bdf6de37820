//! Messages that do not reach Slack: a finding, and for admins the way to send or drop those in doubt.
//!
//! pacer never repeats by itself what Slack may have taken: a channel that reads its digest twice trusts neither.

use chrono_tz::Tz;
use futures::future::BoxFuture;

use super::compute::{Facts, Finding, PATIENCE, Source};
use crate::domain::card::{Button, Card, Line, Part};
use crate::domain::time::At;
use crate::domain::words;
use crate::error::{Failure, Kind, UserError};
use crate::features::{Action, Cx, Effect, Press, Reply, answer};
use crate::store::outbox::{DROPPED_DAYS, Parked};

/// "Send again": a parked message. Value: its key.
pub const SEND: Action = Action { name: "outbox_send", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(decide(cx, press, true)) } };
/// "Drop": a parked message. Value: its key.
pub const DROP: Action = Action { name: "outbox_drop", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(decide(cx, press, false)) } };

/// Messages that are offered at once.
const OFFERED: usize = 5;

/// What does not reach Slack.
pub(super) fn unsent(facts: &Facts, _: &[Source], now: At) -> Vec<Finding> {
    waits(facts, now).into_iter().chain(parked(facts)).collect()
}

/// Messages that should have gone out by now.
fn waits(facts: &Facts, now: At) -> Option<Finding> {
    let outbox = &facts.outbox;
    let stuck = outbox.oldest.is_some_and(|oldest| now.since(oldest) > PATIENCE);
    if outbox.waiting == 0 || (outbox.held.is_none() && !stuck) {
        return None;
    }
    let why = outbox.held.as_ref().map_or_else(
        || "They leave while pacer serves; does it log errors?".to_owned(),
        |held| format!("{held} They leave by themselves once that is mended."),
    );
    Some(Finding {
        kind: "waiting_messages",
        count: outbox.waiting,
        since: outbox.oldest,
        what: format!("{} to Slack", words::count(outbox.waiting, "message waits for its way", "messages wait for their way")),
        told: Line::sentence(&why),
        mend: "pacer doctor".into(),
        ..Finding::default()
    })
}

/// Messages of which an admin must decide.
fn parked(facts: &Facts) -> Option<Finding> {
    let first = facts.parked.first()?;
    let count = facts.parked.len() as u64;
    let doubted = facts.parked.iter().filter(|it| it.may_stand).count() as u64;
    let told = if doubted > 0 {
        let told =
            "Slack did not say whether it took them, so they are not sent again unseen. An admin sends or drops them; with the scope ";
        Line::plain(told).code("channels:history").and(" pacer looks by itself.")
    } else {
        Line::sentence(&format!("{} An admin sends or drops them.", first.problem))
    };
    Some(Finding {
        kind: "parked_messages",
        count,
        since: facts.parked.iter().map(|it| it.said_at).min(),
        what: format!("{} for an admin to decide", words::count(count, "message waits", "messages wait")),
        told,
        mend: "/metrics health".into(),
        ..Finding::default()
    })
}

/// Small print about what was not sent.
pub(super) fn dropped(count: u64) -> Line {
    let messages = words::count(count, "message was", "messages were");
    Line::plain(format!(
        "{messages} not sent in the last {DROPPED_DAYS} days: a channel was gone, Slack could not be reached for a day, or an admin dropped it."
    ))
}

/// Adds the parked messages with their buttons.
pub(super) fn offer(card: &mut Card, parked: &[Parked], now: At, zone: Tz) {
    // Those of a thread go with their first message.
    let goes_along = |it: &Parked| parked.iter().any(|first| it.thread_of.as_ref() == Some(&first.key));
    let offered: Vec<&Parked> = parked.iter().filter(|it| !goes_along(it)).take(OFFERED).collect();
    if offered.is_empty() {
        return;
    }
    let line = |(index, it): (usize, &&Parked)| {
        let mut line = Line::default().strong(format!("{}", index + 1)).and(" for ").mention(&it.channel);
        line = line.and(format!(", {}. ", words::moment(it.said_at, now, zone)));
        line.0.extend(Line::sentence(&it.problem).0);
        line
    };
    card.parts.push(Part::Heading("Messages for you to decide".into()));
    card.parts.push(Part::List(offered.iter().enumerate().map(line).collect(), None));
    for (index, it) in offered.iter().enumerate() {
        let button = |label: &str, action: &Action| Button {
            label: format!("{label} {}", index + 1),
            action: action.name.into(),
            value: it.key.clone(),
            primary: false,
        };
        card.buttons.extend([button("Send", &SEND), button("Drop", &DROP)]);
    }
}

async fn decide(cx: &Cx, press: Press, again: bool) -> Result<Effect, Failure> {
    if !cx.asker.as_ref().is_some_and(|asker| asker.admin) {
        return Err(UserError::new(Kind::NotAllowed, "This is for pacer's admins.", "Ask one of them to look at `/metrics health`.").into());
    }
    // Decided meanwhile by somebody else, it is not parked any more, and the new answer shows that.
    if again {
        cx.store.resend(&press.value, cx.now).await?
    } else {
        cx.store.give_up(&press.value, cx.now).await?
    };
    match answer(cx, "health").await? {
        Reply::Card(card) => Ok(Effect::Replace(card)),
        Reply::Form(form) => Ok(Effect::Form(form)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{daily, day, health, heard};
    use super::*;
    use crate::domain::time::HOUR;
    use crate::render;
    use crate::store::outbox::Depth;

    fn facts(outbox: Depth, parked: Vec<Parked>) -> Facts {
        Facts { sources: vec![heard("github", daily())], outbox, parked, ..Facts::default() }
    }

    fn doubt(key: &str, problem: &str, may_stand: bool) -> Parked {
        let said_at = day(0).plus(-3 * HOUR);
        Parked {
            key: key.into(),
            subscription: None,
            channel: "C0PAYMENTS".into(),
            said_at,
            thread_of: key.split_once('/').map(|(first, _)| first.into()),
            problem: problem.into(),
            may_stand,
        }
    }

    #[test]
    fn messages_that_wait_longer_than_they_should_are_a_finding() {
        let check = |depth: Depth, expect: &[&str]| {
            let found = health(&facts(depth, Vec::new()), day(0)).findings;
            assert_eq!(found.iter().map(|it| it.what.as_str()).collect::<Vec<_>>(), expect);
        };
        let waits = |hours: i64, held: Option<&str>| Depth {
            waiting: 2,
            oldest: Some(day(0).plus(-hours * HOUR)),
            held: held.map(str::to_owned),
            ..Depth::default()
        };
        check(Depth::default(), &[]);
        check(waits(0, None), &[]);
        check(waits(1, None), &["2 messages wait for their way to Slack"]);
        check(waits(0, Some("Slack answered `token_revoked`.")), &["2 messages wait for their way to Slack"]);
        check(Depth { waiting: 0, ..waits(1, Some("x")) }, &[]);
    }

    #[test]
    fn an_admin_can_decide_of_what_is_in_doubt() {
        let parked = vec![
            doubt("a", "Slack did not say.", true),
            doubt("a/1", "The message in whose thread it stands is parked.", false),
            doubt("b", "Slack answered `invalid_blocks`.", false),
        ];
        let found = health(&facts(Depth::default(), parked.clone()), day(0)).findings;
        assert_eq!((found[0].kind, found[0].count, found[0].mend.as_str()), ("parked_messages", 3, "/metrics health"));
        let mut card = Card { title: "Health".into(), ..Card::default() };
        offer(&mut card, &parked, day(0), Tz::UTC);
        let buttons: Vec<_> = card.buttons.iter().map(|it| (it.label.as_str(), it.action.as_str(), it.value.as_str())).collect();
        assert_eq!(
            buttons,
            [
                ("Send 1", "outbox_send", "a"),
                ("Drop 1", "outbox_drop", "a"),
                ("Send 2", "outbox_send", "b"),
                ("Drop 2", "outbox_drop", "b")
            ]
        );
        let text = render::text(&card, false, 110);
        assert!(text.contains("1 for") && text.contains("Slack did not say.") && text.contains("invalid_blocks"), "{text}");
    }
}
