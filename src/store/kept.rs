//! [`Kept`]: packed days, unpacked once and kept in memory while the facts stay at one version.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Days of one key, unpacked.
pub(super) trait Weigh {
    /// What they take, in units of some hundred bytes.
    fn weight(&self) -> usize;
}

/// Days by key (a service, a repository), each over a period.
pub(super) struct Kept<T> {
    room: usize,
    days: Mutex<HashMap<String, (Period, Arc<T>)>>,
}

/// From a day to a day, both included.
type Period = (i64, i64);

impl<T: Weigh> Kept<T> {
    /// None yet; at most `room` in weight.
    pub(super) fn new(room: usize) -> Self {
        Self { room, days: Mutex::default() }
    }

    /// A key's days, where all of that period are kept.
    pub(super) fn get(&self, key: &str, period: Period) -> Option<Arc<T>> {
        let days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        days.get(key).filter(|(known, _)| known.0 <= period.0 && period.1 <= known.1).map(|(_, days)| Arc::clone(days))
    }

    /// Keeps a key's days, instead of those it had; where there is no room, nothing but them.
    pub(super) fn put(&self, key: &str, period: Period, fresh: &Arc<T>) {
        let mut days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        days.remove(key);
        let taken: usize = days.values().map(|(_, days)| days.weight()).sum();
        if taken + fresh.weight() > self.room {
            days.clear();
        }
        if fresh.weight() <= self.room {
            days.insert(key.to_string(), (period, Arc::clone(fresh)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Weigh for usize {
        fn weight(&self) -> usize {
            *self
        }
    }

    #[test]
    fn what_is_kept_covers_the_period_and_stays_within_its_room() {
        let kept = Kept::new(10);
        kept.put("a", (1, 5), &Arc::new(4));
        assert_eq!(kept.get("a", (2, 5)).as_deref(), Some(&4));
        assert_eq!(kept.get("a", (2, 6)), None);
        kept.put("b", (1, 5), &Arc::new(6));
        assert!(kept.get("a", (1, 5)).is_some() && kept.get("b", (1, 5)).is_some());
        kept.put("c", (1, 5), &Arc::new(1)); // no room beside the others
        assert!(kept.get("a", (1, 5)).is_none() && kept.get("c", (1, 5)).is_some());
        kept.put("d", (1, 5), &Arc::new(11)); // never any room
        assert!(kept.get("d", (1, 5)).is_none());
    }
}
