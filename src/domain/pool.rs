//! [`Pool`]: the production deployments of a scope over a period, as the DORA figures are computed from.

use super::derive::day::Packed;
use super::org::Owned;
use super::time::At;

/// A pool of services: a team's, the organisation's, or one service.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pool {
    /// How many services are in it.
    pub services: usize,
    /// In order of time. `at` is in microseconds since 1970.
    pub deployments: Vec<Packed>,
    /// The instant up to which facts exist.
    pub as_of: At,
    /// Failed attempts: neither deployments nor failures.
    pub attempts: Vec<At>,
    /// Beginnings of incidents that link to no deployment.
    pub unlinked: Vec<At>,
    /// The first event of the scope.
    pub first_event: Option<At>,
    /// Whether any service of it ever deployed.
    pub ever_deployed: bool,
    /// Whether a source of it was heard since the window began.
    pub alive: bool,
    /// When the scope owned any service.
    pub owned: Owned,
    /// Whether failures could be known: the organisation ever received an incident, or a service has evidence of its own.
    pub evidence: bool,
}
