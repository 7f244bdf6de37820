//! Risk: which portfolio projects may miss their commitment date, why, and what would change it.
//!
//! Pure and deterministic: no clock, no store; the same facts give the same digits. From facts to an answer:
//!
//! | file | does |
//! |---|---|
//! | `feature` | what is looked at, each with its published weight and the reason for it |
//! | `snapshot` | the features of a project as of an instant, from facts known by then; a later row is an error |
//! | `effort` | those that where the time goes tells, for groups of three or more |
//! | `score` | the score of the features, and the band of the forecast alone |
//! | `said` | the reasons as sentences, and what is missing |
//! | `flip` | the smallest single change that moves the band, by computing it again |
//! | `learn` | weights from projects that ended, drawn towards the published ones |
//! | `backtest` | what warnings would have said in each past week, and how it turned out |
//! | `measures` | the area under the curve with its interval, precision |
//! | `record` | how published warnings turned out |
//!
//! For callers of the backtest:
//!
//! - [`replay`]`(facts: &Facts, then: impl Fn(Facts, At) -> Facts, now: At) -> Result<Option<Resolved>, LookAhead>`: the weekly snapshots of
//!   a project whose date has passed, with its outcome; none where it has not. `facts.lives` may hold the whole life of each item.
//! - [`backtest()`]`(resolved: &[Resolved]) -> Result<Tried, LookAhead>`: the scores, and the control with shuffled outcomes;
//!   [`Tried::verdict`] says in a sentence what they are worth.
//!
//! What is not known of a project is absent and counts for nothing either way; it is never 0. A chance is not a promise, and of a small
//! portfolio nothing is proven: the sentences say so. Never to be used to judge the people of a project.

mod backtest;
mod effort;
mod feature;
mod flip;
mod learn;
mod measures;
mod record;
mod said;
mod score;
mod snapshot;

#[cfg(test)]
mod simulation;

pub use backtest::{Control, FEWEST, Resolved, Tried, backtest, replay};
pub use effort::of_effort;
pub use feature::{Feature, Seen};
pub use flip::{Flip, flip};
pub use learn::{LEARNT_FROM, Lesson, learn};
pub use record::{Ended, Record, record};
pub use said::{figure, missing, reason, reasons, unit};
pub use score::{Band, Model, Part, RUNNING, Score, is_flagged, prospect};
pub use snapshot::{Asked, Facts, Snapshot, Taken, known_by, late_from, outcome, take};
