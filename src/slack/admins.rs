//! Who administers the workspace: pacer's admins where `PACER_ADMINS` names none.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Slack;
use crate::domain::time::{At, HOUR};

/// How long Slack's word holds.
const HOLDS: i64 = HOUR / 6;
/// How long a person waits for Slack's word at most: without it nobody is an admin.
const LIMIT: Duration = Duration::from_millis(800);

/// What Slack said, by user id.
#[derive(Default)]
pub struct Admins(Mutex<HashMap<String, (bool, At)>>);

impl Admins {
    fn known(&self, user: &str, now: At) -> Option<bool> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(user).filter(|(_, at)| now.since(*at) < HOLDS).map(|(admin, _)| *admin)
    }

    fn keep(&self, user: &str, admin: bool, now: At) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (_, at)| now.since(*at) < HOLDS);
        known.insert(user.to_owned(), (admin, now));
    }
}

impl Slack {
    /// Whether a person is an admin or owner of the workspace; false where Slack does not say in time.
    pub async fn is_workspace_admin(&self, user: &str, now: At) -> bool {
        if let Some(admin) = self.admins.known(user, now) {
            return admin;
        }
        match tokio::time::timeout(LIMIT, self.client.user_is_admin(user)).await {
            Ok(Ok(admin)) => {
                self.admins.keep(user, admin, now);
                admin
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "Slack did not say who is an admin: name them in PACER_ADMINS");
                false
            }
            Err(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slacks_word_holds_for_ten_minutes() {
        let (admins, now) = (Admins::default(), At(0));
        admins.keep("U1", true, now);
        assert_eq!(admins.known("U1", now.plus(HOLDS - 1)), Some(true));
        assert_eq!(admins.known("U1", now.plus(HOLDS)), None);
        assert_eq!(admins.known("U2", now), None);
    }
}
