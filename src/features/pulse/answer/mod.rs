//! A wave is answered: in the direct message by five buttons, or in the pages of a modal.
//!
//! | file | does |
//! |---|---|
//! | `message` | the direct message: who asks, a question with five buttons, the next one, thanks |
//! | `pages` | the pages of a modal, and what somebody marked on one |
//! | `groups` | who sees what: the person's own groups, with their sizes |
//! | `press` | what each button leads to |
//!
//! Three taps answer a pulse. No message ever says what was answered: a screen is shared, a notification is read by others. Only the
//! pages show it, to the person alone, so that they can change it. Never to be used to see whether or what somebody else answered:
//! everything here begins with who presses.

mod groups;
mod message;
mod pages;
mod press;

use chrono_tz::Tz;
use futures::future::BoxFuture;

use super::super::{Action, Cx};
use crate::domain::card::{Button, Card, Line, Part, Scope};
use crate::error::Failure;
use crate::store::survey::{NewWave, State, Survey, Wave};

use message::About;

/// One of the five answers. Value: wave, question, number.
pub const TAP: Action = Action { name: "survey_tap", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::tap(cx, press)) } };
/// This wave is left out: an empty ballot, and no reminder. Value: the wave.
pub const SKIP: Action = Action { name: "survey_skip", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::skip(cx, press)) } };
/// A page sent. Value: wave and page; fields: by question.
pub const PAGE: Action = Action { name: "survey_page", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::page(cx, press)) } };
/// Opens the pages from the direct message. Value: the wave.
pub const START: Action = Action { name: "survey_start", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::start(cx, press)) } };
/// Opens the pages from anywhere else. Value: the wave.
pub const OPEN: Action = Action { name: "survey_open", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::open(cx, press)) } };
/// "Not now": nothing is stored. Value: the wave.
pub const LATER: Action = Action { name: "survey_later", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::later(cx, press)) } };
/// The first question after "Not now". Value: the wave.
pub const ASK_AGAIN: Action = Action { name: "survey_again", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::again(cx, press)) } };
/// The next question, this one left out. Value: wave and question.
pub const NEXT: Action = Action { name: "survey_next", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::next(cx, press)) } };
/// "Who sees what". Value: the wave.
pub const GROUPS: Action = Action { name: "survey_groups", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::groups(cx, press)) } };
/// "Stop": asks what. Value: the wave.
pub const STOP: Action = Action { name: "survey_stop", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::stop(cx, press)) } };
/// What is stopped. Value: the wave; field: `scope`.
pub const STOPPED: Action = Action { name: "survey_stopped", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::stopped(cx, press)) } };
/// "Ask me again" after "Stop". Value: the wave, and what was stopped.
pub const RESUME: Action = Action { name: "survey_resume", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(press::resume(cx, press)) } };

/// Which message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// The first one.
    Invitation,
    /// A reminder: the first, or the last.
    Reminder {
        /// No other follows.
        last: bool,
    },
}

/// The direct message that asks somebody who counts in a node; it closes by `zone`; `asked` is how many are asked in each node and below it.
pub fn invitation(survey: &Survey, wave: &NewWave, zone: Tz, asked: &[u32], node: usize, round: Round) -> Card {
    let about = About { wave: &wave.id, survey, closes_on: wave.closes_on, zone, rules: &wave.rules };
    message::invitation(&about, &groups::counts_in(&wave.tree, asked, node), round)
}

/// How an open wave stands to the asker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It waits for their answers.
    Waits,
    /// They answered or skipped it, which is not told apart: a screen is shared.
    Changeable,
    /// It does not ask them, or they stopped it.
    Not,
}

impl Standing {
    /// A sentence for the end of a line, and the button beside it.
    pub fn tail(self, wave: &str) -> Option<(&'static str, Button)> {
        let (says, label) = match self {
            Self::Waits => (" It waits for your answers.", "Answer"),
            Self::Changeable => (" You may still change what you gave.", "Change"),
            Self::Not => return None,
        };
        Some((says, opens(label, wave)))
    }
}

fn opens(label: &str, wave: &str) -> Button {
    Button { label: label.into(), action: OPEN.name.into(), value: wave.into(), primary: false }
}

/// How a wave stands to the asker. A key that can't be read is for an admin: it takes nobody their Home tab.
pub async fn standing(cx: &Cx, wave: &Wave) -> Standing {
    let Some(asker) = cx.asker.as_ref().filter(|_| wave.state == State::Open) else { return Standing::Not };
    let found = async {
        anyhow::Ok(if cx.store.waits_for(&cx.keys, &wave.id, &asker.user).await? {
            Standing::Waits
        } else if cx.store.marked(&cx.keys, &wave.id, &asker.user).await?.is_some() {
            Standing::Changeable
        } else {
            Standing::Not
        })
    };
    found.await.unwrap_or(Standing::Not)
}

/// What waits for the asker: a line a wave with a button that opens it. Nothing where none waits.
pub async fn waiting(cx: &Cx) -> Result<Vec<Part>, Failure> {
    let (waves, surveys) = (cx.store.waves().await?, cx.store.surveys().await?);
    let zone = cx.org.org.zone_for(&Scope::Organisation);
    let mut parts = Vec::new();
    for wave in waves {
        if standing(cx, &wave).await == Standing::Waits {
            let title = surveys.iter().find(|survey| survey.id == wave.survey).map_or("A survey", |survey| survey.title.as_str());
            let until = message::until(wave.closes_on, zone);
            let line = Line::default().strong(title).and(format!(" waits for your answers until {until}."));
            parts.push(Part::Beside(line, opens("Answer", &wave.id)));
        }
    }
    Ok(parts)
}

#[cfg(test)]
mod tests;
