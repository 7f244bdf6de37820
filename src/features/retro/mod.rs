//! `retro`: what a team noted in its retrospectives, what it decided, and whether that worked.
//!
//! A note is the team's, and named: who wrote it, who owns the decision, when it is looked at again. It may say which metrics it
//! explains: it then stands in their `trend` and beside the change in a digest. On its review date the team is asked whether the
//! decision worked, in its channel where the note is shared, else its owner is.
//!
//! | file | does |
//! |---|---|
//! | `form` | the modal |
//! | `list` | the last notes and what became of them |
//! | `change` | whoever wrote a note, and admins, change or remove it |
//! | `message` | a note as a card, the question on its review date |
//!
//! Notes of closed teams are for whom their figures are for. Never to be read as a proof: a note says what the team believes.
//!
//! JSON: `notes`, each `{"id","team","at","author","well","hurt","surprise","metrics","decision","owner","review_on","worked"}`;
//! `worked` is `{"yes":N,"partly":N,"no":N}`.

mod change;
mod form;
mod list;
mod message;

use futures::future::BoxFuture;

use super::{Action, Command, Cx, Effect, PERIOD, Press, Reply, access, default_scope, me};
use crate::domain::ask::{Ask, Words};
use crate::domain::card::{Card, Line, Scope};
use crate::domain::time::At;
use crate::error::{Failure, Kind, UserError};
use crate::store::notes::Note;

/// The registration.
pub const COMMAND: Command = Command {
    name: "retro",
    usage: "[DECISION] [team:T]",
    summary: "what a team noted in its retrospectives, what it decided, and whether that worked",
    example: "retro team:payments",
    private: false,
    words: Words::Prose,
    period: PERIOD,
    recount: None,
    run: |cx, ask| -> BoxFuture<'_, _> { Box::pin(run(cx, ask)) },
};

/// "Write one". Value: the team.
pub const WRITE: Action =
    Action { name: "retro_write", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(std::future::ready(form::write(cx, &press))) } };
/// The form. State: `TEAM ID`, with `change:` before the id of a note that stands already.
pub const SENT: Action = Action { name: "retro_sent", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(form::sent(cx, press)) } };
/// "Change": the form with what stands in the note. Value: its id, as of the next two.
pub const CHANGE: Action = Action { name: "retro_change", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(change::form(cx, press)) } };
/// "Remove": asks once more.
pub const REMOVE: Action = Action { name: "retro_remove", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(change::ask(cx, press)) } };
/// The same, meant.
pub const REMOVED: Action = Action { name: "retro_removed", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(change::removed(cx, press)) } };
/// "Read": the whole note. Value: its id.
pub const READ: Action = Action { name: "retro_read", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(read(cx, press)) } };
/// "Did it work?" Value: `ID WORD`.
pub const VERDICT: Action = Action { name: "retro_verdict", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(verdict(cx, press)) } };

async fn run(cx: &Cx, ask: Ask) -> Result<Reply, Failure> {
    let team = team(cx, &ask.scope)?;
    if ask.words.is_empty() {
        return Ok(Reply::Card(Box::new(list::load(cx, &team).await?)));
    }
    Ok(Reply::Form(form::new_form(cx, &team, &ask.words.join(" "))?))
}

/// The team that is meant: the one that was named, that of the channel, or the asker's only one.
fn team(cx: &Cx, scope: &Scope) -> Result<String, Failure> {
    let org = &cx.org.org;
    let channel = cx.asker.as_ref().and_then(|asker| asker.channel.as_deref());
    let here = channel.and_then(|channel| org.team_of_channel(channel));
    let (mine, named) = (me::teams(cx), *scope != default_scope(cx));
    let is_mine = |team: &str| mine.is_empty() || mine.iter().any(|own| access::belongs(org, own, team));
    let hint = "Type it in the team's channel, or name the team: `/metrics retro team:NAME`.";
    let team = match (here.filter(|here| !named && is_mine(here)), scope) {
        (Some(here), _) => here.to_owned(),
        (None, Scope::Team(id)) => id.clone(),
        (None, Scope::Teams(_)) => {
            return Err(UserError::new(Kind::UnknownTeam, "A retrospective is of one team, and you are in several.", hint).into());
        }
        (None, _) => return Err(UserError::new(Kind::UnknownTeam, "A retrospective is of a team, and I can't tell of which.", hint).into()),
    };
    seen(cx, &team)?;
    Ok(team)
}

/// Refuses a team that keeps to itself what it says.
fn seen(cx: &Cx, team: &str) -> Result<(), Failure> {
    access::check_teams(cx, &Scope::Team(team.to_owned()))
}

/// Whether the asker may write in a team's name: its members and those of teams below it, its leads, and admins.
fn may_write(cx: &Cx, team: &str) -> bool {
    let is_in = || me::teams(cx).iter().any(|own| access::belongs(&cx.org.org, own, team));
    cx.asker.as_ref().is_some_and(|asker| asker.admin) || is_in() || me::leads(cx, team)
}

/// The note of that id, if the asker may read it.
async fn note(cx: &Cx, id: &str) -> Result<Note, Failure> {
    let gone = || UserError::new(Kind::NotUnderstood, "There is no such note.", "`/metrics retro` lists those of a team.");
    let note = cx.store.note(id).await?.ok_or_else(gone)?;
    seen(cx, &note.team)?;
    Ok(note)
}

async fn read(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let note = note(cx, &press.value).await?;
    let mut buttons = if message::is_due(cx, &note) && may_judge(cx, &note) { message::buttons(&note.id) } else { Vec::new() };
    if change::may(cx, &note) {
        buttons.extend(change::buttons(&note.id));
    }
    Ok(Effect::Answer(Box::new(Card { buttons, ..message::card(cx, &note) })))
}

fn may_judge(cx: &Cx, note: &Note) -> bool {
    may_write(cx, &note.team) || [&note.owner, &note.author].contains(&&cx.user())
}

async fn verdict(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let (id, word) = press.value.split_once(' ').unwrap_or((&press.value, ""));
    let note = note(cx, id).await?;
    let hint = "`/metrics retro` shows what the team said.";
    let Some((word, label)) = message::WORDS.into_iter().find(|(known, _)| *known == word) else {
        return Err(UserError::new(Kind::NotUnderstood, "It worked, partly or not: this is none of them.", hint).into());
    };
    if !may_judge(cx, &note) {
        let message = "Whether a decision worked is for the team to say: its members, its leads, and who owns it.";
        return Err(UserError::new(Kind::NotAllowed, message, hint).into());
    }
    if !message::is_due(cx, &note) {
        return Err(UserError::new(Kind::NotAllowed, "It is too early to say: its review date is not here yet.", hint).into());
    }
    cx.store.keep_verdict(id, &cx.user(), word).await?;
    // Read again: somebody else may have said their word meanwhile.
    let note = cx.store.note(id).await?.unwrap_or(note);
    let card = Card {
        title: "Did it work?".into(),
        verdict: Line::plain("Counted: ").strong(label).and(". Press another button to change it."),
        ..Card::default()
    };
    let posts = if message::is_known(cx, &note) { vec![message::review(cx, &note)] } else { Vec::new() };
    Ok(Effect::Say(posts, Box::new(Effect::Answer(Box::new(card)))))
}

/// The notes of a scope's teams and those below them, written in a period: what its figures may be explained by. What a closed team
/// noted stands only beside figures of that team, since an answer may be shared.
pub(super) async fn noted(cx: &Cx, scope: &Scope, from: At, to: At) -> Result<Vec<Note>, Failure> {
    let (org, sight, tops) = (&cx.org.org, access::Sight::of(cx), scope.teams());
    let within = |id: &&String| tops.iter().any(|top| access::belongs(org, id, top));
    let open = |id: &&String| {
        let closed = access::closed(org, id);
        !sight.hides_team(id) && closed.is_none_or(|closed| tops.iter().any(|top| access::belongs(org, top, closed)))
    };
    let teams: Vec<String> = org.teams.keys().filter(within).filter(open).cloned().collect();
    Ok(cx.store.notes(&teams, from, to).await?)
}
