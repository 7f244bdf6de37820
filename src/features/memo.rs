//! [`Memo`]: figures that were computed a moment ago, so that a thousand channels that hear of the same teams at 9 on a Monday cost
//! one computation a team, and not a thousand.
//!
//! Kept for one basis at a time (the instant, the organisation, the last delivery): with another all are forgotten, so that nothing
//! old is ever shown, and what is kept stays small. Never for what depends on who asks.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

type Kept = HashMap<String, Arc<dyn Any + Send + Sync>>;

/// What was computed, by name, on one basis.
#[derive(Clone, Default)]
pub struct Memo(Arc<Mutex<(String, Kept)>>);

impl Memo {
    /// What was kept under a name on that basis.
    pub fn get<T: Send + Sync + 'static>(&self, basis: &str, name: &str) -> Option<Arc<T>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0 != basis {
            return None;
        }
        kept.1.get(name).cloned()?.downcast().ok()
    }

    /// Keeps it, and forgets all that has another basis.
    pub fn put<T: Send + Sync + 'static>(&self, basis: &str, name: &str, value: &Arc<T>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0 != basis {
            *kept = (basis.to_owned(), Kept::new());
        }
        let value: Arc<dyn Any + Send + Sync> = value.clone();
        kept.1.insert(name.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_given_on_another_basis() {
        let memo = Memo::default();
        memo.put("monday", "payments", &Arc::new(7_u32));
        memo.put("monday", "search", &Arc::new(8_u32));
        let get = |basis: &str, name: &str| memo.get::<u32>(basis, name).map(|value| *value);
        assert_eq!((get("monday", "payments"), get("monday", "search"), get("monday", "web")), (Some(7), Some(8), None));
        assert_eq!((get("tuesday", "payments"), memo.get::<u64>("monday", "payments")), (None, None));
        memo.put("tuesday", "payments", &Arc::new(9_u32));
        assert_eq!((get("tuesday", "payments"), get("monday", "payments"), get("tuesday", "search")), (Some(9), None, None));
    }
}
