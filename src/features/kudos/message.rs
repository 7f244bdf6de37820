//! The question to who is thanked, as it stands before and after their answer; and what stands in the channel. Pure.

use super::{DECLINE, KEEP, SHARE};
use crate::domain::card::{Button, Card, Line, Part, Web};
use crate::domain::post::Post;
use crate::store::notes::Kudos;

/// What shows a receipt: evidence that names one is kept with it.
pub const WHY: &str = "/metrics why ";

/// What becomes of a thank-you.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It stands in the channel.
    Share,
    /// It stays between the two.
    Keep,
    /// Nothing of it stays.
    Decline,
}

fn post(key: String, channel: &str, card: Card) -> Post {
    Post { key, channel: channel.to_owned(), thread_of: None, card, not_before: None, reminds_of: None }
}

/// The direct message.
pub fn question(it: &Kudos, answer: Option<Answer>) -> Post {
    let button = |label: &str, action: &str| Button { label: label.into(), action: action.into(), value: it.id.clone(), primary: false };
    let card = match answer {
        None => Card {
            title: "A thank-you for you".into(),
            verdict: Line::default()
                .mention(&it.giver)
                .and(" would like to thank you in ")
                .mention(&it.channel)
                .and(" for ")
                .strong(&it.decision)
                .and(". Share it?"),
            parts: vec![evidence(it)],
            notes: vec![Line::plain("It stands there only if you say so. Whoever thanks you does not hear of another answer.")],
            buttons: vec![button("Yes, share", SHARE.name), button("Keep it between us", KEEP.name), button("No, thanks", DECLINE.name)],
            ..Card::default()
        },
        Some(Answer::Decline) => Card { title: "A thank-you".into(), verdict: said(it, Answer::Decline), ..Card::default() },
        Some(answer) => Card {
            title: "A thank-you for you".into(),
            verdict: Line::default().mention(&it.giver).and(" thanks you for ").strong(&it.decision).and("."),
            parts: vec![evidence(it), Part::Text(said(it, answer))],
            ..Card::default()
        },
    };
    post(format!("kudos/{}", it.id), &it.receiver, card)
}

/// What stands in the channel.
pub fn shared(it: &Kudos) -> Post {
    let card = Card {
        title: "Kudos".into(),
        verdict: Line::default().mention(&it.giver).and(" thanks ").mention(&it.receiver).and(" for ").strong(&it.decision).and("."),
        parts: vec![evidence(it)],
        ..Card::default()
    };
    post(format!("kudos/{}/shared", it.id), &it.channel, card)
}

/// What came of it, to the receiver.
pub fn said(it: &Kudos, answer: Answer) -> Line {
    match answer {
        Answer::Share => Line::plain("It is shared in ")
            .mention(&it.channel)
            .and(". If it does not appear there, pacer is not in that channel: type ")
            .code("/invite @pacer")
            .and(" there, and an admin sends it with ")
            .code("/metrics health")
            .and("."),
        Answer::Keep => Line::plain("It stays between you and ").mention(&it.giver).and(", and is posted nowhere."),
        Answer::Decline => Line::plain("It is posted nowhere, and nothing of it is kept."),
    }
}

/// The evidence: a receipt, a link, or words.
fn evidence(it: &Kudos) -> Part {
    let line = Line::plain("Evidence: ");
    let text = it.evidence.as_str();
    Part::Text(if text.starts_with(WHY) {
        line.code(text)
    } else if Web::parse(text).is_some() {
        line.link(text, Some(text))
    } else {
        line.and(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::At;
    use crate::render::blocks;

    fn kudos(decision: &str, evidence: &str) -> Kudos {
        Kudos {
            id: "aaaaaaaa".into(),
            giver: "U0ANA".into(),
            receiver: "U0BEN".into(),
            channel: "C0PAYMENTS".into(),
            decision: decision.into(),
            evidence: evidence.into(),
            at: At(0),
            shared: false,
        }
    }

    #[test]
    fn the_question_names_who_where_and_for_what_and_pings_nobody_else() {
        let it = kudos("stopping <!channel> & *velocity*", "it misled @here");
        let message = blocks::message(&question(&it, None).card).to_string();
        for expect in ["<@U0ANA>", "<#C0PAYMENTS>", "&lt;!channel&gt; &amp;", "Yes, share", "Keep it between us", "No, thanks"] {
            assert!(message.contains(expect), "{expect}: {message}");
        }
        assert!(!message.contains("<!channel>"), "{message}");
    }

    #[test]
    fn evidence_is_a_receipt_a_link_or_words() {
        let check = |evidence: &str, expect: &str| {
            let message = blocks::message(&shared(&kudos("it", evidence)).card).to_string();
            assert!(message.contains(expect), "{message}");
        };
        check("/metrics why 7f3a9c2k", "`/metrics why 7f3a9c2k`");
        check("feedback", "Evidence: feedback");
        check("https://wiki.example/velocity", "<https://wiki.example/velocity|https://wiki.example/velocity>");
        check("javascript:alert(1)", "Evidence: javascript:alert(1)");
        check("we <b>saw</b> it", "Evidence: we &lt;b&gt;saw&lt;/b&gt; it");
    }

    #[test]
    fn after_a_no_nothing_of_it_is_said() {
        let message = blocks::message(&question(&kudos("a secret", "hidden"), Some(Answer::Decline)).card).to_string();
        assert!(!message.contains("secret") && !message.contains("hidden") && !message.contains("U0ANA"), "{message}");
        let message = blocks::message(&question(&kudos("a reason", "words"), Some(Answer::Keep)).card).to_string();
        assert!(message.contains("a reason") && message.contains("posted nowhere") && !message.contains("kudos_share"), "{message}");
    }
}
