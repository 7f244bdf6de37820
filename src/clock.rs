//! [`Clock`]: the only reader of the machine's time. Everything else is given `now`.
//!
//! Why not a trait: three kinds of time are all there are, and an enum can be read in one glance.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use crate::domain::time::At;

/// What time it is. Cheap to clone; clones of a standing clock move together.
#[derive(Debug, Clone)]
pub struct Clock(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Real,
    Standing(Arc<AtomicI64>),
    Running { from: At, began: Instant },
}

impl Clock {
    /// The machine's time.
    pub fn real() -> Self {
        Self(Kind::Real)
    }

    /// Stands at an instant until it is [set](Self::set): `ask` and `verify` under `PACER_NOW`, and tests.
    pub fn standing(at: At) -> Self {
        Self(Kind::Standing(Arc::new(AtomicI64::new(at.0))))
    }

    /// Starts at an instant and runs on: `demo` under `PACER_NOW`.
    pub fn running(from: At) -> Self {
        Self(Kind::Running { from, began: Instant::now() })
    }

    /// The instant now.
    #[allow(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn now(&self) -> At {
        match &self.0 {
            Kind::Real => At::from(chrono::Utc::now()),
            Kind::Standing(micros) => At(micros.load(Ordering::SeqCst)),
            Kind::Running { from, began } => from.plus(i64::try_from(began.elapsed().as_micros()).unwrap_or(i64::MAX)),
        }
    }

    /// Moves a standing clock to an instant. The other kinds can't be moved and stay as they are.
    pub fn set(&self, at: At) {
        if let Kind::Standing(micros) = &self.0 {
            micros.store(at.0, Ordering::SeqCst);
        }
    }

    /// Moves a standing clock forward.
    pub fn advance(&self, micros: i64) {
        self.set(self.now().plus(micros));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::DAY;

    #[test]
    fn a_standing_clock_moves_only_when_moved_and_with_its_clones() {
        let clock = Clock::standing(At::from_secs(100));
        let clone = clock.clone();
        assert_eq!(clone.now(), At::from_secs(100));
        clock.advance(DAY);
        assert_eq!(clone.now(), At::from_secs(100 + 86_400));
    }

    #[test]
    fn a_running_clock_starts_where_told_and_never_goes_back() {
        let clock = Clock::running(At::from_secs(5));
        let first = clock.now();
        assert!(first >= At::from_secs(5) && first < At::from_secs(3_600));
        clock.set(At::from_secs(0));
        assert!(clock.now() >= first);
    }
}
