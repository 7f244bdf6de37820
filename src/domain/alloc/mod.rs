//! `alloc v1`: where the time of a team went, told from the traces that work leaves.
//!
//! | file | does |
//! |---|---|
//! | `input` | the rows that it is made of |
//! | `capacity` | how much of each day somebody had for work |
//! | `signals` | from commits, changes, reviews, comments and transitions to points |
//! | `lineage` | from an item to its project and category |
//! | `ledger` | each person-day shared out exactly, in whole micro-days |
//! | `roll_up` | weeks of a scope, as bands, for groups of three or more |
//! | `plan` | against plan and priority: when it is worth an alert |
//!
//! What it rests on: traces tell *which* items a day was about far better than how long it took, so a day is always one day of capacity,
//! whatever was done in it. Time that leaves no trace (talks, meetings, thought) follows the traces around it, or is shown as unobserved.
//! The categories are those of the balance of engineering investment: keeping the lights on, new things, improving things, productivity.
//!
//! Never to be used to measure people, to tell whether somebody worked, or to bill: it is an estimate of a group, with a band.

mod capacity;
mod input;
mod ledger;
mod lineage;
mod plan;
mod roll_up;
mod signals;

#[cfg(test)]
pub(in crate::domain) mod tests;

pub use capacity::{Away, person_days};
pub use input::{Assigned, Category, Input, Item, Kind, PERSON_DAY, Project, Rules, Signal, Worker};
pub use ledger::Ledger;
pub(in crate::domain) use ledger::Share;
pub use plan::{Alert, FTE, POINTS, Planned, RUNNING, alerts, off_plan, problems};
pub use roll_up::{Band, FEWEST_PEOPLE, Figures, Leaf, Time, Week, monday, period};
