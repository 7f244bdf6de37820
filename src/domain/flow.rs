//! [`FlowPool`]: the changes, work items and runs of a scope over a period, as the figures of flow are computed from.

use super::derive::change_day::{PackedChange, PackedRun};
use super::org::{Owned, Span};
use super::time::At;

/// What flows through a scope.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FlowPool {
    /// How many services are in it.
    pub services: usize,
    /// Merged changes in order of time, each once.
    pub merged: Vec<PackedChange>,
    /// Changes that are open at `open_at`.
    pub open: Vec<OpenChange>,
    /// The instant of `open`: the end of the window.
    pub open_at: Option<At>,
    /// Work items, finished or in progress, that touch the period.
    pub items: Vec<ItemSpan>,
    /// Runs that passed or failed, in order of time.
    pub runs: Vec<PackedRun>,
    /// The first change, item and run of the scope.
    pub first: Firsts,
    /// Whether the scope has work items at all; a service has none of its own.
    pub tracked: bool,
    /// When the scope owned any service.
    pub owned: Owned,
    /// Where items are those of a scope's members: when each of them was in it. None: they belong to no such group.
    pub people: Option<Vec<Vec<Span>>>,
    /// Whether a source was heard since the window began.
    pub alive: bool,
}

/// When each kind of fact begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Firsts {
    /// The first merged change.
    pub change: Option<At>,
    /// The first work item.
    pub item: Option<At>,
    /// The first run.
    pub run: Option<At>,
}

/// An open change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenChange {
    /// When it was opened, or became ready.
    pub since: At,
    /// Still a draft.
    pub draft: bool,
    /// Whether somebody else than its author has looked at it.
    pub reviewed: bool,
}

/// A work item's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemSpan {
    /// When work on it began, where known.
    pub started_at: Option<At>,
    /// When it was done.
    pub done_at: Option<At>,
}

/// Statuses of items that are over without having been done: they are neither finished nor in progress.
const NEVER_DONE: [&str; 14] = [
    "deleted",
    "transferred",
    "cancelled",
    "canceled",
    "not_planned",
    "duplicate",
    "wont_do",
    "won't do",
    "won't fix",
    "wontfix",
    "abandoned",
    "declined",
    "rejected",
    "obsolete",
];

/// Whether an item of that status was dropped rather than done.
pub fn is_dropped(status: &str) -> bool {
    NEVER_DONE.iter().any(|known| status.trim().eq_ignore_ascii_case(known))
}
