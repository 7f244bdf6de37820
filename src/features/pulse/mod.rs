//! `pulse`: how does it go, as the people who build it see it? Surveys: launched, answered, added up, acted on.
//!
//! | file | does |
//! |---|---|
//! | `overview` | `/metrics pulse`: what waits for the asker, what runs, what came of the last wave |
//! | `launch` | who is asked, a preview of what they see and which groups will be shown, the wave, its invitations and reminders |
//! | `end` | a wave is closed, by its last day or at once, or void |
//! | `answer` | the direct message with five buttons, the pages of a full wave, who sees what; answers go sealed into the store |
//! | `results` | what a closed wave says, to whom and when; three lines first, each beside its delivery metric |
//! | `actions` | you said, we do: action, owner, date; or why there is none |
//! | `perception` | Trust, Usefulness and Safety of the metrics themselves |
//! | `job` | closes waves whose last day is over, tells their results, forgets what is kept long enough |
//!
//! The promise that binds all of it stands at [`crate::domain::survey`]. Never to be used to find out what somebody answered, or whether.

mod actions;
pub mod answer;
mod end;
mod job;
mod launch;
mod overview;
pub mod perception;
pub mod results;

use futures::future::BoxFuture;

use super::{Command, Cx, PERIOD, Reply};
use crate::domain::ask::{Ask, Words, closest};
use crate::error::{Failure, Kind, UserError};

pub use actions::{
    ADD as ACTION_ADD, CHANGE as ACTION_CHANGE, DONE as ACTION_DONE, DROP as ACTION_DROP, DROPPED as ACTION_DROPPED, SENT as ACTION_SENT,
};
pub use end::{CLOSE, CLOSED, VOID, VOIDED};
pub use job::{FORGET, JOB};
pub use launch::{LAUNCH, LAUNCHED, at_work, messages};

/// The registration.
pub const COMMAND: Command = Command {
    name: "pulse",
    usage: "[results|actions|perception] [team:T]",
    summary: "surveys of how it goes: answer, launch, results, what was promised; answers are sealed, and only groups are shown",
    example: "pulse results",
    private: false,
    words: Words::Names,
    period: PERIOD,
    recount: None,
    run: |cx, ask| -> BoxFuture<'_, _> { Box::pin(run(cx, ask)) },
};

/// What may stand behind the command.
const VIEWS: [&str; 3] = ["results", "actions", "perception"];

/// Refuses whoever may not launch or end a survey.
fn admin(cx: &Cx) -> Result<(), Failure> {
    if cx.asker.as_ref().is_some_and(|asker| asker.admin) {
        return Ok(());
    }
    let error = |hint: &str| UserError::new(Kind::NotAllowed, "Surveys are launched and ended by pacer's admins.", hint);
    Err(if cx.host.admins.is_empty() {
        error("Ask an admin or owner of this workspace.").into()
    } else {
        error("Ask one of them:").asking(&cx.host.admins).into()
    })
}

async fn run(cx: &Cx, ask: Ask) -> Result<Reply, Failure> {
    let words: Vec<String> = ask.words.iter().map(|word| word.to_lowercase()).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => overview::run(cx, &ask).await,
        ["results"] => results::run(cx, &ask).await,
        ["actions"] => actions::run(cx, &ask).await,
        ["perception"] => perception::run(cx, &ask).await,
        [first, ..] => {
            let meant = closest(first, VIEWS.into_iter().map(|view| (view, view)))
                .map_or(String::new(), |meant| format!(" Did you mean `pulse {meant}`?"));
            let message = format!("`pulse` knows no `{first}`.{meant}");
            Err(UserError::new(
                Kind::NotUnderstood,
                message,
                "Type `/metrics pulse`, `pulse results`, `pulse actions` or `pulse perception`.",
            )
            .into())
        }
    }
}
