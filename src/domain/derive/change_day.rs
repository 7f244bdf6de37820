//! [`ChangeDay`]: the changes of a service that were merged on one UTC day, packed for the store; and [`RunDay`], a
//! repository's runs of continuous integration.
//!
//! As with deployments ([`super::day`]), everything that a figure of any window needs is in the day, so that medians stay
//! exact and their cost grows with the window alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::changes::Merged;
use super::day::commit_key;
use crate::domain::time::{At, DAY};

/// One day of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct ChangeDay(pub Vec<PackedChange>);

/// A merged change, packed. Spans are in microseconds; one that ends before it begins is negative, to be left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[allow(missing_docs, reason = "as in `Merged`")]
pub struct PackedChange {
    /// Its merge in microseconds of the day; once read, since 1970.
    pub at: i64,
    /// Stands for its source and id: a pool counts a change once.
    pub key: u64,
    pub coding: Option<i64>,
    pub pickup: Option<i64>,
    pub review: Option<i64>,
    pub deploy: Option<i64>,
    pub cycle: Option<i64>,
    pub lines: Option<i64>,
    pub bot: bool,
    pub ai: Option<bool>,
    /// Numbers that stand for who reviewed it: for the spread over a team alone.
    pub reviewers: Vec<u64>,
}

impl PackedChange {
    /// Its merge, once the day it is packed in has been added.
    pub fn merged_at(&self) -> At {
        At(self.at)
    }
}

/// One change, packed; `start` is subtracted from its instant.
pub fn packed_change(merged: &Merged, start: i64) -> PackedChange {
    PackedChange {
        at: merged.merged_at.0 - start,
        key: commit_key(&format!("{} {}", merged.source, merged.id)),
        coding: merged.coding,
        pickup: merged.pickup,
        review: merged.review,
        deploy: merged.deploy,
        cycle: merged.cycle,
        lines: merged.lines,
        bot: merged.bot,
        ai: merged.ai,
        reviewers: merged.reviewers.iter().map(|name| commit_key(name)).collect(),
    }
}

/// Packs a service's merged changes by day.
pub fn pack_changes(changes: &[Merged]) -> BTreeMap<i64, ChangeDay> {
    let mut days: BTreeMap<i64, ChangeDay> = BTreeMap::new();
    for merged in changes {
        let day = merged.merged_at.day();
        days.entry(day).or_default().0.push(packed_change(merged, day * DAY));
    }
    days
}

/// Runs of a repository that ended on one day: (end in microseconds of the day, span in microseconds, whether it passed).
/// Those that were cancelled are not here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct RunDay(pub Vec<PackedRun>);

/// A run that passed or failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackedRun {
    /// Its end in microseconds of the day; once read, since 1970.
    pub at: i64,
    /// How long it ran; none where its beginning is not known.
    pub span: Option<i64>,
    /// Whether it passed.
    pub passed: bool,
}
