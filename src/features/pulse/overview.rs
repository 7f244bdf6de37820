//! `/metrics pulse`: what waits for the asker, what runs, what came of the last wave, and for admins the way to launch one.
//!
//! Of a wave that runs it says whom it asks and until when, and never how many have answered: a number that grows by one while somebody
//! is known to have pressed a button tells of one. JSON: `waves`, each `{"id","survey","state","opens_on","closes_on"}`.

use serde_json::{Value, json};

use super::answer::{self, Standing};
use super::launch::when;
use super::{actions, end, launch, results};
use crate::domain::ask::Ask;
use crate::domain::card::{Button, Card, Line, Part, Scope};
use crate::domain::words;
use crate::error::Failure;
use crate::features::{Cx, Reply};
use crate::store::survey::{self, ActionItem, State, Survey, Wave};

/// What was promised, shown here; the others under `pulse actions`.
const PROMISED: usize = 5;

/// The card.
pub async fn run(cx: &Cx, ask: &Ask) -> Result<Reply, Failure> {
    let (waves, surveys) = (cx.store.waves().await?, cx.store.surveys().await?);
    let is_admin = cx.asker.as_ref().is_some_and(|asker| asker.admin);
    let open: Vec<&Wave> = waves.iter().filter(|wave| matches!(wave.state, State::Open | State::Closing)).collect();
    let closed = waves.iter().any(|wave| wave.state == State::Closed);
    let mut parts = Vec::new();
    let mut stand = Vec::new();
    for wave in &open {
        stand.push(answer::standing(cx, wave).await);
    }
    if !open.is_empty() {
        parts.push(Part::Heading("Open".into()));
        for (wave, standing) in open.iter().zip(&stand) {
            parts.extend(runs(cx, wave, &surveys, *standing, is_admin).await?);
        }
    }
    if let Some(line) = results::latest(cx).await? {
        parts.push(Part::Heading("Last results".into()));
        parts.push(Part::Beside(line, button("Results", "ask", "pulse results")));
    }
    parts.extend(promised(cx, &cx.store.actions().await?, closed));
    if waves.is_empty() {
        parts.push(Part::List(how(is_admin), None));
    }
    let mut buttons = Vec::new();
    if is_admin {
        buttons.push(Button { primary: open.is_empty(), ..button("Launch a full survey", launch::LAUNCH.name, "full") });
        buttons.push(button("Launch a pulse", launch::LAUNCH.name, "pulse"));
    }
    let rows: Vec<Value> = waves.iter().map(row).collect();
    Ok(Reply::Card(Box::new(Card {
        command: ask.command.clone(),
        title: "Pulse".into(),
        verdict: Line::plain(verdict(&stand, &waves, cx)),
        parts,
        buttons,
        data: serde_json::Map::from_iter([("waves".to_owned(), Value::from(rows))]),
        ..Card::default()
    })))
}

fn button(label: &str, action: &str, value: &str) -> Button {
    Button { label: label.into(), action: action.into(), value: value.into(), primary: false }
}

fn row(wave: &Wave) -> Value {
    json!({"id": wave.id, "survey": wave.survey, "state": wave.state.word(), "opens_on": wave.opens_on.to_string(), "closes_on": wave.closes_on.to_string()})
}

/// What the asker should do; else what there is.
fn verdict(open: &[Standing], all: &[Wave], cx: &Cx) -> String {
    let zone = cx.org.org.zone_for(&Scope::Organisation);
    let waits = open.iter().filter(|standing| **standing == Standing::Waits).count();
    match (waits, open.len()) {
        (0, 0) => {}
        (0, 1) => return "A survey is open, and it does not wait for you.".into(),
        (0, many) => return format!("{many} surveys are open, and none waits for you."),
        (1, _) => return "A survey waits for your answers: press Answer.".into(),
        (many, _) => return format!("{many} surveys wait for your answers: press Answer."),
    }
    match all.iter().rev().find(|wave| wave.state == State::Closed) {
        Some(last) => {
            let at = last.closed_at.map_or_else(|| when::day(last.closes_on), |at| words::date(at, cx.now, zone));
            format!("No survey is open. The last one closed on {at}.")
        }
        None => "No survey is open, and none was closed yet.".into(),
    }
}

/// A wave that is open: whom it asks, until when, whether it waits for the asker, and never more.
async fn runs(cx: &Cx, wave: &Wave, surveys: &[Survey], standing: Standing, is_admin: bool) -> Result<Vec<Part>, Failure> {
    let survey = surveys.iter().find(|survey| survey.id == wave.survey);
    let title = survey.map_or(wave.survey.as_str(), |survey| survey.title.as_str());
    let scope = survey.and_then(|survey| survey.root.clone()).map_or(Scope::Organisation, Scope::Team);
    let asked = words::count(cx.store.asked_by(&wave.id).await?, "person", "people");
    let zone = cx.org.org.zone_for(&Scope::Organisation);
    let line = Line::default().strong(title).and(format!(
        ": asks {asked} of {} from {}, closes on {} at 17:00 ({zone}).",
        cx.org.org.scope_name(&scope),
        when::day(wave.opens_on),
        when::day(wave.closes_on)
    ));
    let mut parts = vec![match standing.tail(&wave.id) {
        Some((says, button)) => Part::Beside(line.and(says), button),
        None => Part::Text(line),
    }];
    if wave.suspended_on.is_some() {
        parts.push(Part::Text(
            Line::plain("It takes no answers just now: its key is missing. ").code("pacer doctor").and(" says what to do."),
        ));
    }
    if is_admin {
        parts.push(Part::Buttons(vec![button("Close now", end::CLOSE.name, &wave.id), button("Void", end::VOID.name, &wave.id)]));
    }
    Ok(parts)
}

/// What was promised and is not done, the next first; the way there, once there is a wave to answer.
fn promised(cx: &Cx, all: &[ActionItem], closed: bool) -> Vec<Part> {
    let open: Vec<&ActionItem> = all.iter().filter(|action| action.standing == survey::Standing::Open).collect();
    if !closed && open.is_empty() {
        return Vec::new();
    }
    let mut parts = vec![Part::Heading("You said, we do".into())];
    let line = |action: &&ActionItem| {
        Line::default()
            .strong(actions::cell_name(cx, &action.node))
            .and(format!(": {}, ", action.text))
            .mention(&action.owner)
            .and(format!(", by {}", when::day(action.due)))
    };
    if !open.is_empty() {
        parts.push(Part::List(open.iter().take(PROMISED).map(line).collect(), Some("/metrics pulse actions".into())));
    }
    let sum = match open.len() {
        0 => "Nothing promised is open.".to_owned(),
        n => format!("{} open.", words::count(n as u64, "promise is", "promises are")),
    };
    parts.push(Part::Beside(Line::plain(sum), button("Actions", "ask", "pulse actions")));
    parts
}

/// What it is, while there was none yet.
fn how(is_admin: bool) -> Vec<Line> {
    let mut lines = vec![
        Line::plain(
            "A survey asks how it goes to build software here: a few questions each quarter, answered in a direct message by pressing a number.",
        ),
        Line::plain(
            "Answers are stored encrypted while it is open, then added into counts for groups of at least 5 people; after that nobody can look up your answer in pacer.",
        ),
        Line::plain("Each team sees its own results first. What will be done about them is said here, with an owner and a date."),
    ];
    if is_admin {
        lines.push(Line::plain("To begin: press Launch a full survey. You see who would be asked, what they get and which groups will be shown before anything is sent."));
        lines.push(Line::plain("A pulse of three questions every other week can follow once something came of the first survey."));
    } else {
        lines.push(Line::plain("An admin of pacer launches one; you hear of it in a direct message."));
    }
    lines
}
