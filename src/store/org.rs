//! Versions of the organisation.

use crate::domain::org::Org;
use crate::domain::time::At;

/// The organisation under its version.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OrgVersion {
    /// Grows by one with each `org apply`; 0 before the first.
    pub version: i64,
    /// When it was applied.
    pub applied_at: At,
    /// What was declared.
    pub org: Org,
    /// Every service that was declared or seen in an event, in order.
    pub services: Vec<String>,
}
