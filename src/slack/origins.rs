//! [`Origins`]: for each open modal, the message it came from, so that its outcome can go there.
//!
//! Why in memory and not in `private_metadata`: metadata holds ids only, and a response URL is a key to post with.
//! After a restart, or 30 minutes, the outcome comes as a new private message instead.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::time::{At, SECOND};

/// Where an answer stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "plain names")]
pub struct Origin {
    pub channel_id: String,
    /// Empty where it is not known any more.
    pub response_url: String,
    /// Slack's name of the message, where it is not private to one person but stays: it can be edited.
    pub lasting_ts: String,
}

/// Slack's own limit for a response URL.
const LIFE_SECS: i64 = 30 * 60;
/// More modals than this are not kept.
const KEPT: usize = 5_000;

/// Origins by the modal's id.
#[derive(Default)]
pub struct Origins {
    by_view: Mutex<HashMap<String, (Origin, At)>>,
}

impl Origins {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps where a modal came from.
    pub fn keep(&self, view_id: &str, origin: Origin, now: At) {
        if view_id.is_empty() || origin == Origin::default() {
            return;
        }
        let mut by_view = self.by_view.lock().unwrap_or_else(PoisonError::into_inner);
        if by_view.len() >= KEPT {
            by_view.retain(|_, (_, at)| now.since(*at) < LIFE_SECS * SECOND);
        }
        if by_view.len() < KEPT {
            by_view.insert(view_id.to_owned(), (origin, now));
        }
    }

    /// Where the first known of these modals came from.
    pub fn of(&self, view_ids: [&str; 2], now: At) -> Option<Origin> {
        let by_view = self.by_view.lock().unwrap_or_else(PoisonError::into_inner);
        let young = |id: &str| by_view.get(id).filter(|(_, at)| now.since(*at) < LIFE_SECS * SECOND);
        view_ids.into_iter().find_map(young).map(|(origin, _)| origin.clone())
    }

    /// Forgets a modal that was closed.
    pub fn forget(&self, view_id: &str) {
        self.by_view.lock().unwrap_or_else(PoisonError::into_inner).remove(view_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_lives_half_an_hour_and_is_found_by_the_modal_below() {
        let origins = Origins::new();
        let origin = Origin { channel_id: "C1".into(), response_url: "https://hooks.slack.com/x".into(), ..Origin::default() };
        origins.keep("V1", origin.clone(), At::from_secs(0));
        let check =
            |views: [&str; 2], secs: i64, expect: Option<&Origin>| assert_eq!(origins.of(views, At::from_secs(secs)).as_ref(), expect);
        check(["V1", ""], 1_799, Some(&origin));
        check(["V2", "V1"], 10, Some(&origin));
        check(["V2", "V3"], 10, None);
        check(["V1", ""], 1_800, None);
        origins.forget("V1");
        check(["V1", ""], 10, None);
    }
}
