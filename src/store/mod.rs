//! The only place that speaks SQL.

pub mod org;

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {}
