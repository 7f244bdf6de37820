//! [`Window`]: a half-open period of time in a zone, and the grammar people name one in.

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::time::At;

/// A period `[from, to)` and the zone it was named in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Window {
    /// Its first instant.
    pub from: At,
    /// The first instant after it.
    pub to: At,
    /// The zone in which months, quarters and days were counted.
    pub zone: Tz,
    /// As people say it: "90 days", "last quarter", "Q3 2026".
    #[serde(skip)]
    pub label: String,
}

impl Window {
    /// Its length in microseconds.
    pub fn micros(&self) -> i64 {
        self.to.since(self.from)
    }
    /// Its length in weeks of 604,800 seconds.
    #[allow(clippy::cast_precision_loss, reason = "a window is far shorter than 2^53 microseconds")]
    pub fn weeks(&self) -> f64 {
        self.micros() as f64 / super::time::WEEK as f64
    }
    /// Whether it holds the instant.
    pub fn holds(&self, at: At) -> bool {
        self.from <= at && at < self.to
    }
    /// The window of the same length just before.
    #[must_use]
    pub fn previous(&self) -> Self {
        Self { from: self.from.plus(-self.micros()), to: self.from, zone: self.zone, label: format!("the {} before", self.label) }
    }
}
