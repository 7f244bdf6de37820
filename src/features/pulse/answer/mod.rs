//! A wave is answered: in the direct message by five buttons, or in the pages of a modal.

use crate::domain::card::{Card, Part};
use crate::error::Failure;
use crate::features::Cx;
use crate::store::survey::{NewWave, Survey};

/// Which message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// The first one.
    Invitation,
    /// A reminder: the first, or the last.
    Reminder {
        /// No other follows.
        last: bool,
    },
}

/// The direct message that asks somebody who counts in a node; `asked` is how many are asked in each node and below it.
pub fn invitation(_survey: &Survey, _wave: &NewWave, _asked: &[u32], _node: usize, _round: Round) -> Card {
    Card::default()
}

/// What waits for the asker: a line a wave with a button that opens it. Nothing where none waits.
pub async fn waiting(_cx: &Cx) -> Result<Vec<Part>, Failure> {
    Ok(Vec::new())
}
