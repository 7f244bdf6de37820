//! [`Day`]: a service's production deployments of one UTC day, packed for the store.
//!
//! Figures over any window are exact from these: a day holds each deployment's instant and each commit's lead
//! time, so that medians need no rounding and windows may begin at any microsecond.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Cause, Derived, Reason, Recovery, Shipped};
use crate::domain::time::{At, DAY};

/// One day of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Day {
    /// Its production deployments in order.
    pub deployments: Vec<Packed>,
    /// Failed attempts, in microseconds of the day.
    pub attempts: Vec<i64>,
    /// Beginnings of incidents that link to no deployment, in microseconds of the day.
    pub unlinked: Vec<i64>,
}

/// A production deployment, packed.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own, and any of them may hold with any other")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Packed {
    /// Its finish in microseconds of the day; once read, since 1970.
    pub at: i64,
    /// Left out of the fail rate.
    pub rollback: bool,
    /// Made because of a production problem.
    pub rework: bool,
    /// It failed.
    pub failed: bool,
    /// It failed, or is rework, for no other reason than a revert.
    pub inferred: bool,
    /// How its failure ended.
    pub recovery: PackedRecovery,
    /// Why not all of its commits are known; 0: they are.
    pub reason: u8,
    /// Lead times in microseconds, sorted.
    pub leads: Vec<i64>,
    /// A key of each commit at the same place; empty where no other service may bring them.
    pub keys: Vec<u64>,
    /// Merge commits left out.
    pub merges: LeftOut,
    /// Commits by bots left out.
    pub bots: LeftOut,
    /// Commits left out because they are dated after it.
    pub negative: LeftOut,
    /// Reverts whose target could not be told.
    pub unmatched_reverts: u32,
}

/// Commits left out of the lead times for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct LeftOut {
    /// How many.
    pub count: u32,
    /// A key of each; empty where no other service may bring them.
    pub keys: Vec<u64>,
}

/// How a failure ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum PackedRecovery {
    /// It did not fail.
    #[default]
    None,
    /// It is open.
    Open,
    /// After so many microseconds; negative where an incident ended before the deployment did.
    After(i64),
}

/// The number that stands for a commit in [`Packed::keys`].
pub fn commit_key(sha: &str) -> u64 {
    // FNV-1a: a stable name for a commit among a pool's, not a defence.
    sha.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// Packs a service's deployments by day; `apart` where another service may bring its commits.
pub fn pack(derived: &Derived, apart: bool) -> BTreeMap<i64, Day> {
    let mut days: BTreeMap<i64, Day> = BTreeMap::new();
    for shipped in &derived.deployments {
        let day = shipped.finished_at.day();
        days.entry(day).or_default().deployments.push(packed(shipped, day * DAY, apart));
    }
    for at in &derived.attempts {
        days.entry(at.day()).or_default().attempts.push(at.0 - at.day() * DAY);
    }
    for incident in &derived.unlinked {
        let at = incident.started_at;
        days.entry(at.day()).or_default().unlinked.push(at.0 - at.day() * DAY);
    }
    days
}

/// One deployment, packed; `start` is subtracted from its instant.
pub fn packed(shipped: &Shipped, start: i64, apart: bool) -> Packed {
    let mut leads: Vec<(i64, u64)> = shipped.leads.iter().map(|lead| (lead.micros, commit_key(&lead.sha))).collect();
    leads.sort_unstable();
    let by_revert_alone = |cause: &Cause| matches!(cause, Cause::Reverted { .. });
    Packed {
        at: shipped.finished_at.0 - start,
        rollback: shipped.rollback,
        rework: !shipped.rework.is_empty(),
        failed: !shipped.causes.is_empty(),
        inferred: shipped.causes.iter().all(by_revert_alone) && shipped.rework.iter().all(|rework| *rework == super::Rework::Revert),
        recovery: match shipped.recovery {
            None => PackedRecovery::None,
            Some(Recovery::Open) => PackedRecovery::Open,
            Some(Recovery::At(at)) => PackedRecovery::After(at.since(shipped.finished_at)),
        },
        reason: match shipped.left_out() {
            Reason::Known => 0,
            Reason::NoBaseline => 1,
            Reason::UnknownCommit => 2,
            Reason::Shallow => 3,
        },
        keys: if apart { leads.iter().map(|(_, key)| *key).collect() } else { Vec::new() },
        leads: leads.into_iter().map(|(micros, _)| micros).collect(),
        merges: left_out(&shipped.merges, apart),
        bots: left_out(&shipped.bots, apart),
        negative: left_out(&shipped.negative, apart),
        unmatched_reverts: shipped.unmatched_reverts,
    }
}

fn left_out(shas: &[String], apart: bool) -> LeftOut {
    let keys = if apart { shas.iter().map(|sha| commit_key(sha)).collect() } else { Vec::new() };
    LeftOut { count: u32::try_from(shas.len()).unwrap_or(u32::MAX), keys }
}

impl LeftOut {
    /// Leaves the commits that a pool counts elsewhere; without keys there are none.
    pub fn retain(&mut self, counts: impl Fn(&u64) -> bool) {
        let before = self.keys.len();
        self.keys.retain(counts);
        self.count = self.count.saturating_sub(u32::try_from(before - self.keys.len()).unwrap_or(u32::MAX));
    }
}

impl Packed {
    /// Its finish, once the day it is packed in has been added.
    pub fn finished_at(&self) -> At {
        At(self.at)
    }
}
