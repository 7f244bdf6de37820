//! Trust, Usefulness and Safety: what people think of the metrics themselves.

use crate::domain::ask::Ask;
use crate::domain::card::Card;
use crate::error::Failure;
use crate::features::{Cx, Reply};

/// `pulse perception`.
pub async fn run(_cx: &Cx, ask: &Ask) -> Result<Reply, Failure> {
    Ok(Reply::Card(Box::new(Card { command: ask.command.clone(), ..Card::default() })))
}
