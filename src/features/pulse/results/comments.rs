//! What people said in own words, in a modal: shown to who sees the cell, each to be hidden by an admin or by whoever counts there.
//!
//! Hidden is gone for everybody. That one was hidden stands in the log without content. Comments stand in an order that says nothing.

use futures::future::BoxFuture;

use super::{Closed, when};
use crate::domain::card::{Button, Card, Line, Part};
use crate::error::{Failure, Kind, UserError};
use crate::features::{Action, Cx, Effect, Press};
use crate::store::survey::Audited;

/// The button below a result. Value: `WAVE CELL`.
pub const COMMENTS: Action = Action { name: "pulse_comments", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(open(cx, press)) } };
/// Hides one. Value: `WAVE CELL ID`.
pub const HIDE: Action = Action { name: HIDES, run: |cx, press| -> BoxFuture<'_, _> { Box::pin(hide(cx, press)) } };

const HIDES: &str = "pulse_comment_hide";
/// Comments that are listed; the others are counted.
const LISTED: usize = 60;

/// A cell of a closed wave that the presser sees, and whether they may hide what stands there.
async fn cell(cx: &Cx, wave: &str, cell: &str) -> Result<(Closed, usize, bool), Failure> {
    let gone =
        || UserError::new(Kind::NotAllowed, "You don't see this result, or it is not here any more.", "Type `/metrics pulse results`.");
    let wave = cx.store.wave(wave).await?.ok_or_else(gone)?;
    let closed = Closed::read(cx, &wave).await?.ok_or_else(gone)?;
    let node = closed.frozen.tree.find(cell).ok_or_else(gone)?;
    let viewer = closed.viewer(cx);
    if !closed.kept(cx).seen(&viewer, when::day_over(closed.closed_at, cx.now))[node] {
        return Err(gone().into());
    }
    let may_hide = cx.asker.as_ref().is_some_and(|asker| asker.admin) || viewer.counts.contains(&node);
    Ok((closed, node, may_hide))
}

async fn open(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let mut words = press.value.split(' ');
    let (wave, id) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (closed, node, may_hide) = cell(cx, wave, id).await?;
    Ok(Effect::Modal(Box::new(card(cx, &closed, node, may_hide).await?)))
}

async fn hide(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let mut words = press.value.split(' ');
    let (wave, id) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (closed, node, may_hide) = cell(cx, wave, id).await?;
    let comment = words.next().unwrap_or_default();
    let here = cx.store.comments(wave).await?.iter().any(|(known, it)| known == comment && it.cell == id);
    if !may_hide || !here {
        let hint = "An admin, or somebody who counts in the group, may.";
        return Err(UserError::new(Kind::NotAllowed, "You can't hide this comment, or it is hidden already.", hint).into());
    }
    if cx.store.hide_comment(comment).await? {
        cx.store.audit(Audited::CommentHidden, Some(wave), &cx.now.to_string()).await?;
    }
    Ok(Effect::Modal(Box::new(card(cx, &closed, node, may_hide).await?)))
}

async fn card(cx: &Cx, closed: &Closed, node: usize, may_hide: bool) -> Result<Card, Failure> {
    let (id, label) = (&closed.frozen.tree.nodes()[node].id, &closed.frozen.tree.nodes()[node].name);
    let all: Vec<_> = cx.store.comments(&closed.wave.id).await?.into_iter().filter(|(_, comment)| comment.cell == *id).collect();
    let categories = closed.org.org.survey.with_shipped();
    let mut parts = Vec::new();
    for category in &categories {
        let of_it: Vec<_> = all.iter().take(LISTED).filter(|(_, comment)| comment.category == category.id).collect();
        if of_it.is_empty() {
            continue;
        }
        parts.push(Part::Heading(category.name.clone()));
        for (comment, said) in of_it {
            let line = Line::plain(said.body.clone());
            let value = format!("{} {id} {comment}", closed.wave.id);
            let button = Button { label: "Hide".into(), action: HIDES.into(), value, primary: false };
            parts.push(if may_hide { Part::Beside(line, button) } else { Part::Text(line) });
        }
    }
    let verdict = if parts.is_empty() {
        Line::plain(format!("No comment of {label} is shown."))
    } else {
        Line::plain(format!("In people's own words, of at least {} who answered in {label}.", closed.frozen.rules.minima.text))
    };
    let notes = vec![
        Line::plain("In an order that says nothing. A style of writing can give somebody away: don't guess, and don't ask who it was."),
        Line::plain("Whoever counts in the group, and admins, may hide one. It is then gone for everybody."),
    ];
    Ok(Card { title: format!("Comments - {label}"), verdict, parts, notes, ..Card::default() })
}
