//! The modal of a thank-you; what was typed behind the command stands in it.

use super::message::WHY;
use super::{SENT, here, message};
use crate::domain::card::{Card, Line};
use crate::domain::form::{Form, Input};
use crate::domain::org::is_slack_person;
use crate::error::Failure;
use crate::features::typed::{Typed, field};
use crate::features::{Cx, Effect, Press};
use crate::store::notes::Kudos;
use crate::store::receipts::new_id;

/// Characters of the decision, and of the evidence.
const DECISION: usize = 300;
const EVIDENCE: usize = 500;
/// Characters of a receipt's id.
const ID: usize = 8;

/// What stands in the form.
struct Values {
    receiver: String,
    decision: String,
    evidence: String,
    channel: String,
}

/// With what was typed: `@ana for stopping the velocity chart`.
pub fn typed(cx: &Cx, words: &[String]) -> Form {
    let (receiver, decision) = read_words(words);
    let channel = here(cx).unwrap_or_default().to_owned();
    form(&new_id(), Values { receiver, decision, evidence: String::new(), channel })
}

/// Who is named first, and the rest without them.
fn read_words(words: &[String]) -> (String, String) {
    let id = |word: &str| {
        let id = word.strip_prefix("<@")?.split(['|', '>']).next()?;
        is_slack_person(id).then(|| id.to_owned())
    };
    let named = words.iter().position(|word| id(word).is_some());
    let receiver = named.and_then(|at| id(&words[at])).unwrap_or_default();
    let rest: Vec<&str> = words.iter().enumerate().filter(|(at, _)| Some(*at) != named).map(|(_, word)| word.as_str()).collect();
    let rest = rest.join(" ");
    let decision = if receiver.is_empty() { rest.as_str() } else { rest.strip_prefix("for ").unwrap_or(&rest) };
    (receiver, decision.to_owned())
}

fn form(id: &str, values: Values) -> Form {
    let people = Some(values.receiver).filter(|id| !id.is_empty()).into_iter().collect();
    let channel = Some(values.channel).filter(|id| !id.is_empty());
    let decision = "A decision made on data: something begun, changed or stopped. To stop a metric counts.";
    let evidence = "What one can look at: a receipt such as 7f3a9c2k, a link, or words.";
    let place = "They are asked first. pacer must be in the channel: /invite @pacer.";
    Form {
        title: "Thank somebody".into(),
        submit: "Ask them".into(),
        action: SENT.name.into(),
        state: id.to_owned(),
        fields: vec![
            field("receiver", "Whom", "One person.", false, Input::People(people)),
            field("decision", "For", decision, false, Input::Lines(values.decision)),
            field("evidence", "Evidence", evidence, false, Input::Text(values.evidence)),
            field("channel", "Where to share it", place, false, Input::Channel(channel)),
        ],
    }
}

/// The form sent.
pub async fn sent(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let mut typed = Typed::of(&press);
    let receiver = typed.colleague("receiver", cx).await;
    if receiver == cx.user() {
        typed.wrong("receiver", "That is you. Somebody else may thank you.");
    }
    let decision = typed.needed("decision", DECISION, "Say which decision you thank for.");
    let evidence = typed.needed("evidence", EVIDENCE, "Say what shows it: a receipt, a link, or words.");
    let is_receipt = evidence.len() == ID && cx.store.receipt(&evidence).await?.is_some();
    let evidence = if is_receipt { format!("{WHY}{evidence}") } else { evidence };
    let channel = typed.raw("channel").to_owned();
    if !channel.starts_with(['C', 'G']) || !channel.bytes().all(|letter| letter.is_ascii_alphanumeric()) {
        typed.wrong("channel", "Choose a channel.");
    }
    let it = Kudos { id: press.value.clone(), giver: cx.user(), receiver, channel, decision, evidence, at: cx.now, shared: false };
    if !typed.is_wrong() && !cx.store.keep_kudos(it.clone()).await? {
        typed.wrong("receiver", "Another thank-you of yours waits for their answer: give them time.");
    }
    if typed.is_wrong() {
        let values = Values { receiver: it.receiver, decision: it.decision, evidence: it.evidence, channel: it.channel };
        return Ok(Effect::Wrong(form(&press.value, values), typed.into_wrong()));
    }
    let verdict = Line::default().mention(&it.receiver).and(" is asked first. It stands in ").mention(&it.channel);
    let card = Card {
        title: "Asked".into(),
        verdict: verdict.and(" only if they say so, and you hear nothing if they don't."),
        ..Card::default()
    };
    Ok(Effect::Say(vec![message::question(&it, None)], Box::new(Effect::Modal(Box::new(card)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_who_and_for_what() {
        let check = |text: &str, expect: (&str, &str)| {
            let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
            assert_eq!(read_words(&words), (expect.0.into(), expect.1.into()));
        };
        check("<@U0ANA|ana> for stopping the velocity chart", ("U0ANA", "stopping the velocity chart"));
        check("<@U0ANA> stopping it", ("U0ANA", "stopping it"));
        check("thank <@W0ANA> and <@U0BEN>", ("W0ANA", "thank and <@U0BEN>"));
        check("@ana for it", ("", "@ana for it"));
        check("for <!channel>", ("", "for <!channel>"));
        check("<@U0ANA|ana>", ("U0ANA", ""));
        check("<@bad id> x", ("", "<@bad id> x"));
    }
}
