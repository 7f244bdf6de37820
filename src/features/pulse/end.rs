//! A wave ends: when its last day is over, at once, or void. The first two are the same: its answers become counts, and the teams hear them.
//!
//! Both buttons ask first, in a form that says what happens. For admins. Never to be used to look at answers before: closing is the end.

use futures::future::BoxFuture;

use super::{admin, launch::when, results};
use crate::domain::card::{Card, Line, Scope};
use crate::domain::form::Form;
use crate::domain::post::Post;
use crate::error::{Failure, Kind, UserError};
use crate::features::typed::{note, today};
use crate::features::{Action, Cx, Effect, Press};
use crate::store::survey::{Refusal, Scrub, State, Survey, Wave};

/// "Close now". Value: the wave.
pub const CLOSE: Action = Action { name: "pulse_close", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(ask(cx, press, &CLOSING)) } };
/// The form sent. State: the wave.
pub const CLOSED: Action = Action { name: "pulse_close_sent", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(closed(cx, press)) } };
/// "Void". Value: the wave.
pub const VOID: Action = Action { name: "pulse_void", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(ask(cx, press, &VOIDING)) } };
/// The form sent. State: the wave.
pub const VOIDED: Action = Action { name: "pulse_void_sent", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(voided(cx, press)) } };

/// What a form asks and says.
struct Question {
    title: &'static str,
    submit: &'static str,
    action: &'static str,
    says: &'static [&'static str],
}

const CLOSING: Question = Question {
    title: "Close this survey now?",
    submit: "Close it now",
    action: CLOSED.name,
    says: &[
        "No answer is taken any more, and nobody is asked or reminded any more. This can't be taken back.",
        "The answers so far become counts of groups, the key is destroyed, and the teams hear their results at once.",
        "Leads, the organisation's channel and everybody else see them a day later, as always.",
    ],
};

const VOIDING: Question = Question {
    title: "Void this survey?",
    submit: "Void it",
    action: VOIDED.name,
    says: &[
        "All answers and their key are destroyed unread: there will be no results. This can't be taken back.",
        "Nobody is asked or reminded any more. Who presses a button of its message reads that it is closed.",
        "Who was asked counts as asked: no survey asks them again for 12 days, so that nobody is asked twice.",
    ],
};

/// The open wave of that id, and its survey.
async fn open(cx: &Cx, id: &str) -> Result<(Wave, Survey), Failure> {
    admin(cx)?;
    let wave = cx.store.wave(id).await?.filter(|wave| matches!(wave.state, State::Open | State::Closing));
    let gone = || UserError::new(Kind::NotAllowed, "This survey is over already.", "Type `/metrics pulse` to see what there is.");
    let wave = wave.ok_or_else(gone)?;
    let survey = cx.store.survey(&wave.survey).await?.ok_or_else(gone)?;
    Ok((wave, survey))
}

async fn ask(cx: &Cx, press: Press, question: &Question) -> Result<Effect, Failure> {
    let (wave, survey) = open(cx, &press.value).await?;
    let mut lines: Vec<Line> = question.says.iter().map(|line| Line::plain(*line)).collect();
    let zone = cx.org.org.zone_for(&Scope::Organisation);
    if wave.opens_on > today(cx, &Scope::Organisation) {
        lines.push(Line::plain(format!("Most people are not asked before {}.", when::day(wave.opens_on))));
    }
    let label = format!("{}, until {} at 17:00 ({zone})", survey.title, when::day(wave.closes_on));
    Ok(Effect::Form(Form {
        title: question.title.into(),
        submit: question.submit.into(),
        action: question.action.into(),
        state: wave.id,
        fields: vec![note("note", &label, lines)],
    }))
}

async fn closed(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (wave, survey) = open(cx, &press.value).await?;
    let posts = match close(cx, &wave).await? {
        Ok(posts) => posts,
        Err(refusal) => return Err(UserError::new(Kind::NotAllowed, refusal.to_string(), "`pacer doctor` says more.").into()),
    };
    let verdict = Line(Line::default().strong(survey.title).and(" is closed. ").0.into_iter().chain(heard(&wave.id, &posts).0).collect());
    Ok(Effect::Say(posts, Box::new(Effect::Modal(Box::new(Card { title: "Closed".into(), verdict, ..Card::default() })))))
}

/// Who hears of a wave that closed just now.
fn heard(wave: &str, posts: &[Post]) -> Line {
    let nothing = |post: &Post| post.key.starts_with(&format!("survey/{wave}/results/none")) || post.key.contains("/leads/none/");
    if posts.iter().any(nothing) {
        return Line::plain("Nothing could be shown: too few answered.");
    }
    let mut now: Vec<&str> = posts.iter().filter(|post| post.not_before.is_none()).map(|post| post.channel.as_str()).collect();
    now.dedup();
    let Some(first) = now.first() else {
        return Line::plain("No team's channel hears of it; `pulse results` shows it to its own people now, to everybody else in a day.");
    };
    let line = Line::default().mention(*first);
    let line = if now.len() > 1 { line.and(format!(" and {} more", now.len() - 1)) } else { line };
    line.and(if now.len() > 1 { " hear" } else { " hears" }).and(" the results now; leads and everybody else in a day.")
}

/// Closes a wave, from wherever it stands; what should then stand in Slack.
pub async fn close(cx: &Cx, wave: &Wave) -> Result<Result<Vec<Post>, Refusal>, Failure> {
    if let Err(refusal) = cx.store.close_wave(&cx.keys, &wave.id, cx.now).await? {
        return Ok(Err(refusal));
    }
    if wave.state == State::Open {
        unsaid(cx, wave).await?;
    }
    tracing::info!(wave = wave.id, "a survey is closed");
    match cx.store.wave(&wave.id).await? {
        Some(closed) => Ok(Ok(results::posts(cx, &closed).await?)),
        None => Ok(Ok(Vec::new())),
    }
}

/// Takes back what still waits to be sent of a wave that has ended just now. Never later: its results stand under the same name.
async fn unsaid(cx: &Cx, wave: &Wave) -> Result<(), Failure> {
    cx.store.unsay(&format!("survey/{}/", wave.id), "The survey ended before.").await?;
    Ok(())
}

async fn voided(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (wave, survey) = open(cx, &press.value).await?;
    let scrub = match cx.store.void_wave(&cx.keys, &wave.id, cx.now).await? {
        Ok(scrub) => scrub,
        Err(refusal) => {
            return Err(UserError::new(Kind::NotAllowed, refusal.to_string(), "Type `/metrics pulse` to see what there is.").into());
        }
    };
    unsaid(cx, &wave).await?;
    tracing::info!(wave = wave.id, "a survey is void");
    let tail = match scrub {
        Scrub::Done => "",
        Scrub::Later(_) => " The database's files are cleaned within the day.",
    };
    let verdict =
        Line::default().strong(survey.title).and(format!(" is void: its answers are destroyed, and nobody is asked any more.{tail}"));
    Ok(Effect::Modal(Box::new(Card { title: "Void".into(), verdict, ..Card::default() })))
}
