//! An improvement is ended or removed by whoever declared it, and by admins.
//!
//! Ended, it stays with its verdict as of that day. Removed, it stands in no answer and in no trend from then on; receipts of answers given
//! before still recompute.

use super::{REMOVED, improvement};
use crate::domain::card::{Card, Line};
use crate::domain::form::Form;
use crate::error::{Failure, Kind, UserError};
use crate::features::{Cx, Effect, Press, typed};
use crate::store::improvements::Improvement;

/// Whether the asker may.
pub fn may(cx: &Cx, it: &Improvement) -> bool {
    cx.asker.as_ref().is_some_and(|asker| asker.admin || asker.user == it.author)
}

async fn own(cx: &Cx, id: &str) -> Result<Improvement, Failure> {
    let it = improvement(cx, id).await?;
    if may(cx, &it) {
        return Ok(it);
    }
    let message = "An improvement is ended and removed by whoever declared it, and by admins.";
    Err(UserError::new(Kind::NotAllowed, message, "Ask:").asking(&[it.author]).into())
}

/// "End it".
pub async fn end(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let it = own(cx, &press.value).await?;
    cx.store.end_improvement(&it.id, cx.now).await?;
    let verdict =
        Line::default().strong(&it.name).and(" has ended: weeks from now on do not count. It stays in the list, with its verdict.");
    Ok(Effect::Answer(Box::new(done("Ended", verdict))))
}

/// "Remove it".
pub async fn ask(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let it = own(cx, &press.value).await?;
    let lines = vec![
        Line::default().strong(&it.name),
        "It goes from lists and trends, with the weeks that were frozen for it. This can't be taken back.".into(),
        "Where it is over but was right to try, end it instead: then its verdict stays.".into(),
    ];
    Ok(Effect::Form(Form {
        title: "Remove it?".into(),
        submit: "Remove it".into(),
        action: REMOVED.name.into(),
        state: it.id,
        fields: vec![typed::note("what", "What goes", lines)],
    }))
}

/// The same, meant.
pub async fn removed(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let it = own(cx, &press.value).await?;
    cx.store.remove_improvement(&it.id, cx.now).await?;
    Ok(Effect::Modal(Box::new(done("Removed", Line::default().strong(&it.name).and(" is gone.")))))
}

fn done(title: &str, verdict: Line) -> Card {
    Card { title: title.into(), verdict, notes: vec![Line::default().code("/metrics goals").and(" shows the others.")], ..Card::default() }
}
