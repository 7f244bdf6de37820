//! A note that stands is changed or removed by whoever wrote it, and by admins; of an admin's deed whoever wrote it hears.
//!
//! What stands in the channel changes with it. Words on whether a decision worked go where the decision becomes another.

use super::{CHANGE, Note, REMOVE, REMOVED, form as forms, message};
use crate::domain::card::{Button, Card, Line, Scope};
use crate::domain::form::Form;
use crate::domain::post::Post;
use crate::domain::words;
use crate::error::{Failure, Kind, UserError};
use crate::features::{Cx, Effect, Press, typed};

/// Whether the asker may.
pub fn may(cx: &Cx, note: &Note) -> bool {
    cx.asker.as_ref().is_some_and(|asker| asker.admin || asker.user == note.author)
}

/// Below the whole note.
pub fn buttons(id: &str) -> [Button; 2] {
    let button = |label: &str, action: &str| Button { label: label.into(), action: action.into(), value: id.into(), primary: false };
    [button("Change", CHANGE.name), button("Remove", REMOVE.name)]
}

/// The note of that id, if the asker may change it.
pub async fn own(cx: &Cx, id: &str) -> Result<Note, Failure> {
    let note = super::note(cx, id).await?;
    if may(cx, &note) {
        return Ok(note);
    }
    let message = "A note is changed and removed by whoever wrote it, and by admins.";
    Err(UserError::new(Kind::NotAllowed, message, "Ask:").asking(&[note.author]).into())
}

/// "Change".
pub async fn form(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let note = own(cx, &press.value).await?;
    Ok(Effect::Form(forms::form_of(cx, &note)))
}

/// Keeps it as it was changed; what should then stand in Slack.
pub async fn keep(cx: &Cx, seen: &Note, note: &Note) -> Result<Vec<Post>, Failure> {
    if !cx.store.change_note(note.clone()).await? {
        return Err(gone());
    }
    // Read again: words on another decision went.
    let note = cx.store.note(&note.id).await?.ok_or_else(gone)?;
    let is_new = seen.channel.is_none();
    let shared = note.channel.as_deref().filter(|_| is_new || message::is_fresh(cx, &note));
    let mut posts: Vec<Post> = shared.map(|channel| message::summary(cx, &note, channel)).into_iter().collect();
    if message::is_known(cx, &note) {
        posts.push(message::review(cx, &note));
    }
    posts.extend(told(cx, &note, "changed"));
    Ok(posts)
}

fn gone() -> Failure {
    UserError::new(
        Kind::NotUnderstood,
        "This note was removed meanwhile, so nothing was changed.",
        "`/metrics retro` lists those that there are.",
    )
    .into()
}

/// "Remove".
pub async fn ask(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let note = own(cx, &press.value).await?;
    let lines = vec![
        Line::default().strong(&note.decision),
        "The note goes, with what was said of whether it worked, and with its mark in trends. This can't be taken back.".into(),
        "Where it is shared, its message says that it was removed. Digests that named it stay as they were sent.".into(),
    ];
    let field = typed::note("what", "What goes", lines);
    Ok(Effect::Form(Form {
        title: "Remove this note?".into(),
        submit: "Remove it".into(),
        action: REMOVED.name.into(),
        state: note.id,
        fields: vec![field],
    }))
}

/// The same, meant.
pub async fn removed(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let note = own(cx, &press.value).await?;
    cx.store.remove_note(&note.id).await?;
    let name = words::capitalised(&cx.org.org.scope_name(&Scope::Team(note.team.clone())));
    let card = || Card {
        title: format!("Retrospective - {name}"),
        verdict: Line::plain(format!("The note of {} was removed by ", message::day(cx, &note))).mention(cx.user()).and("."),
        ..Card::default()
    };
    let mut posts = Vec::new();
    if let Some(channel) = note.channel.as_deref().filter(|_| message::is_fresh(cx, &note)) {
        posts.push(Post { card: card(), ..message::summary(cx, &note, channel) });
    }
    let review = message::review(cx, &note);
    if message::is_known(cx, &note) && cx.store.said_any(&review.key).await? {
        posts.push(Post { card: card(), ..review });
    }
    posts.extend(told(cx, &note, "removed"));
    let done = Card { title: "Removed".into(), verdict: "The note is gone.".into(), ..Card::default() };
    Ok(Effect::Say(posts, Box::new(Effect::Modal(Box::new(done)))))
}

/// What whoever wrote a note hears of another's deed.
fn told(cx: &Cx, note: &Note, what: &str) -> Option<Post> {
    let user = cx.user();
    let line = Line::default().mention(&user).and(format!(" {what} the note that you wrote on {}. ", message::day(cx, note)));
    let card = Card {
        title: format!("A note of yours was {what}"),
        verdict: line.and("It says: ").strong(&note.decision).and("."),
        ..Card::default()
    };
    (user != note.author).then(|| Post {
        key: format!("retro/{}/{what}/{user}", note.id),
        channel: note.author.clone(),
        thread_of: None,
        card,
        not_before: None,
        reminds_of: None,
    })
}
