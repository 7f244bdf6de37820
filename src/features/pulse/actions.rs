//! You said, we do: what was promised after a wave.

use crate::domain::ask::Ask;
use crate::domain::card::Card;
use crate::error::Failure;
use crate::features::{Cx, Reply};
use crate::store::survey::Wave;

/// `pulse actions`.
pub async fn run(_cx: &Cx, ask: &Ask) -> Result<Reply, Failure> {
    Ok(Reply::Card(Box::new(Card { command: ask.command.clone(), ..Card::default() })))
}

/// The last closed wave of a survey, where nothing was promised after it and nobody said why: the next one waits for that.
pub async fn unanswered(_cx: &Cx, _survey: &str) -> Result<Option<Wave>, Failure> {
    Ok(None)
}
