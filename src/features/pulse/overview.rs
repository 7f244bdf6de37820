//! `/metrics pulse`: what waits for the asker, what runs, what came of the last wave, and for admins the way to launch one.

use crate::domain::ask::Ask;
use crate::domain::card::{Card, Line};
use crate::error::Failure;
use crate::features::{Cx, Reply};

/// The card.
pub async fn run(cx: &Cx, ask: &Ask) -> Result<Reply, Failure> {
    let parts = [super::answer::waiting(cx).await?, super::answer::changeable(cx).await?].concat();
    Ok(Reply::Card(Box::new(Card {
        command: ask.command.clone(),
        title: "Pulse".into(),
        verdict: Line::plain("No survey yet."),
        parts,
        ..Card::default()
    })))
}
