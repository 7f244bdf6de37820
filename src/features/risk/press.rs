//! The buttons beside a project: acknowledge, snooze, wake, wrong.
//!
//! Whoever may see a project may press them: what they say stands under their own name, and nobody says it for another. Nothing is deleted;
//! a later word of a kind stands in the place of the earlier one. What is called wrong is a label: `wrong_data` takes the warning out of the
//! record and of what weights are learnt from; the others are answered by the outcome.

use chrono::{Days, NaiveDate};

use super::load::{self, Project, Seen};
use crate::domain::card::{Card, Line, Part, Scope};
use crate::domain::form::{Form, Input};
use crate::domain::risk::Band;
use crate::domain::time::At;
use crate::domain::window::local;
use crate::domain::words;
use crate::error::{Failure, Kind, UserError};
use crate::features::typed::{Typed, field, today};
use crate::features::{Cx, Effect, Press};
use crate::store::receipts::stable_id;
use crate::store::risk::Label;

/// Days ahead that a snooze is offered for, and the most.
const OFFERED: u64 = 14;
const AHEAD: u64 = 91;
/// Characters of what is said of a wrong one.
const TEXT: usize = 600;
/// What may be wrong with a warning.
const WRONGS: [(&str, &str); 3] = [
    ("no_risk", "We will make it: it looks worse than it is"),
    ("wrong_data", "The data is wrong: items are missing, or not ours"),
    ("date_moved", "The date is no longer the one we committed to"),
];

/// What a press is about: the project, as it stands for whoever presses.
async fn about(cx: &Cx, value: &str) -> Result<(Seen, At), Failure> {
    let (due, id) = value.split_once(' ').unwrap_or(("", value));
    if cx.asker.is_none() {
        return Err(UserError::new(Kind::NotAllowed, "This button is for people.", "Press it in Slack.").into());
    }
    let seen = load::one(cx, id).await?;
    let due = due.parse().map(At).unwrap_or_default();
    let stands = seen.projects.first().and_then(Project::late_from);
    if stands != Some(due) {
        let message = "This project has changed since: its date moved, or nothing is left to warn of.";
        return Err(UserError::new(Kind::NotUnderstood, message, "`/metrics risk` shows how it stands now.").into());
    }
    Ok((seen, due))
}

fn project(seen: &Seen) -> Result<&Project, Failure> {
    Ok(seen.projects.first().ok_or_else(|| anyhow::anyhow!("a project that was just found"))?)
}

/// A label of whoever presses. Its id is of what it says, so that sent twice it is one.
fn label(cx: &Cx, seen: &Seen, due: At, kind: &str) -> Result<Label, Failure> {
    let project = project(seen)?;
    let (person, band) = (cx.user(), project.band().unwrap_or(Band::Green));
    let id = stable_id(&[kind, &project.id, &due.0.to_string(), &person, &cx.now.0.to_string()]);
    let (kind, project) = (kind.to_owned(), project.id.clone());
    Ok(Label { id, project, due, kind, person, at: cx.now, band, until: None, choice: None, words: None })
}

/// "Acknowledge": the first one has it, until the project stands worse.
pub async fn acknowledge(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (seen, due) = about(cx, &press.value).await?;
    let it = project(&seen)?;
    let mut line = Line::default().strong(&it.name);
    if let Some(other) = seen.acknowledged(it) {
        line = if other.person == cx.user() {
            line.and(" is yours already.")
        } else {
            line.and(" is seen to by ").mention(&other.person).and(" already.")
        };
    } else {
        cx.store.keep_risk_label(label(cx, &seen, due, "acknowledged")?).await?;
        line = line.and(" is yours: everybody who asks sees that you have seen to it. It is said quietly until it stands worse than now.");
    }
    Ok(Effect::Answer(Box::new(Card { command: "risk".into(), title: "Acknowledged".into(), verdict: line, ..Card::default() })))
}

fn form(title: &str, submit: &str, action: &str, state: String, fields: Vec<crate::domain::form::Field>) -> Form {
    Form { title: title.into(), submit: submit.into(), action: action.into(), state, fields }
}

fn snooze_form(cx: &Cx, name: &str, state: String, until: Option<NaiveDate>) -> Form {
    let until = until.or_else(|| today(cx, &Scope::Organisation).checked_add_days(Days::new(OFFERED)));
    let hint = "It stands in one line until then. Everybody sees who snoozed it; warnings are kept and judged all the same.";
    let label = format!("{} until", words::capitalised(name));
    form("Snooze", "Snooze", super::SNOOZE_SENT.name, state, vec![field("until", &label, hint, false, Input::Date(until))])
}

/// "Snooze": asks until when.
pub async fn snooze(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (seen, _) = about(cx, &press.value).await?;
    Ok(Effect::Form(snooze_form(cx, &project(&seen)?.name, press.value, None)))
}

/// Until when.
pub async fn snooze_sent(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (seen, due) = about(cx, &press.value).await?;
    let mut typed = Typed::of(&press);
    let today = today(cx, &Scope::Organisation);
    let until = typed.day("until", today, AHEAD);
    if until == today && !typed.is_wrong() {
        typed.wrong("until", "That is today: choose a later day.");
    }
    if typed.is_wrong() {
        let chosen = typed.raw("until").parse().ok();
        return Ok(Effect::Wrong(snooze_form(cx, &project(&seen)?.name, press.value.clone(), chosen), typed.into_wrong()));
    }
    let end = local::midnight(cx.org.org.zone_for(&Scope::Organisation), until);
    cx.store.keep_risk_label(Label { until: Some(end), ..label(cx, &seen, due, "snoozed")? }).await?;
    let line = Line::default()
        .strong(&project(&seen)?.name)
        .and(format!(" is snoozed until {}: it stands apart, in one line.", words::day(until, today)));
    Ok(Effect::Modal(Box::new(Card { title: "Snoozed".into(), verdict: line, ..Card::default() })))
}

/// "Wake": a snoozed project stands among the others again.
pub async fn wake(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (seen, due) = about(cx, &press.value).await?;
    cx.store.keep_risk_label(Label { until: Some(cx.now), ..label(cx, &seen, due, "snoozed")? }).await?;
    let line = Line::default().strong(&project(&seen)?.name).and(" is awake: it stands among the others again.");
    Ok(Effect::Answer(Box::new(Card { command: "risk".into(), title: "Awake".into(), verdict: line, ..Card::default() })))
}

fn wrong_form(name: &str, state: String, choice: Option<&str>, text: &str) -> Form {
    let choices = WRONGS.map(|(value, label)| (value.to_owned(), label.to_owned())).to_vec();
    let fields = vec![
        field("choice", &format!("What is wrong with the warning of {name}"), "", false, Input::Choice(choices, choice.map(str::to_owned))),
        field(
            "words",
            "Why",
            "It is kept for those who keep pacer. Whoever asks for risk sees that you called it wrong, with your name.",
            true,
            Input::Lines(text.to_owned()),
        ),
    ];
    form("What is wrong?", "Tell", super::WRONG_SENT.name, state, fields)
}

/// "Wrong?": asks why.
pub async fn wrong(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (seen, _) = about(cx, &press.value).await?;
    Ok(Effect::Form(wrong_form(&project(&seen)?.name, press.value, None, "")))
}

/// Why: kept, and what happens with it.
pub async fn wrong_sent(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (seen, due) = about(cx, &press.value).await?;
    let mut typed = Typed::of(&press);
    let text = typed.text("words", TEXT);
    let chosen = WRONGS.iter().find(|(value, _)| *value == typed.raw("choice"));
    if chosen.is_none() {
        typed.wrong("choice", "Choose what is wrong.");
    }
    let choice = chosen.map(|(choice, _)| *choice);
    let it = project(&seen)?;
    if typed.is_wrong() {
        return Ok(Effect::Wrong(wrong_form(&it.name, press.value.clone(), choice, &text), typed.into_wrong()));
    }
    let words = Some(text).filter(|text| !text.is_empty());
    cx.store.keep_risk_label(Label { choice: choice.map(str::to_owned), words, ..label(cx, &seen, due, "wrong")? }).await?;
    let steps: Vec<Line> = match choice {
        Some("wrong_data") => vec![
            "This warning counts neither for nor against the record, and weights are not learnt from it.".into(),
            Line::plain("Which rows it rests on: \"Why these numbers\" below ")
                .code("/metrics risk")
                .and("; what is missing: ")
                .code("/metrics health")
                .and("."),
        ],
        Some("date_moved") => vec![
            "The warning of the old date is judged by the old date: a date that moves is a slip too.".into(),
            Line::plain("An admin moves the date in ").code("/metrics setup").and("; from then on the new one is judged."),
        ],
        _ => vec![
            "The outcome decides: if the date holds, this warning counts as a false alarm in the record.".into(),
            format!(
                "Once {} dates have passed, weights are learnt from outcomes, and what misled here counts less.",
                crate::domain::risk::LEARNT_FROM
            )
            .into(),
        ],
    };
    let verdict = Line::plain("It is kept with this warning under your name. What happens with it:");
    Ok(Effect::Modal(Box::new(Card { title: "Thank you".into(), verdict, parts: vec![Part::List(steps, None)], ..Card::default() })))
}
