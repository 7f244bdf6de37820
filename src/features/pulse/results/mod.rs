//! What a closed wave says.

use crate::domain::ask::Ask;
use crate::domain::card::{Card, Line};
use crate::domain::post::Post;
use crate::error::Failure;
use crate::features::{Cx, Reply};
use crate::store::survey::Wave;

/// `pulse results`.
pub async fn run(_cx: &Cx, ask: &Ask) -> Result<Reply, Failure> {
    Ok(Reply::Card(Box::new(Card { command: ask.command.clone(), ..Card::default() })))
}

/// Everything that should stand in Slack about a wave that is closed: to the teams at once, to their leads and the organisation's channel
/// a day later. Said again it changes nothing.
pub async fn posts(_cx: &Cx, _wave: &Wave) -> Result<Vec<Post>, Failure> {
    Ok(Vec::new())
}

/// What the last closed wave said to this asker, in a line; none where there is none that they may see.
pub async fn latest(_cx: &Cx) -> Result<Option<Line>, Failure> {
    Ok(None)
}
