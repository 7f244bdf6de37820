//! What Slack says of a person: whether they administer the workspace, and their address. The first makes pacer's admins where
//! `PACER_ADMINS` names none; the second tells whose to-do is whose where the organisation file does not know the Slack user.
//!
//! The address is used for that alone: never stored, never logged, never shown to anybody else.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::Slack;
use crate::domain::time::{At, HOUR};

/// How long Slack's word holds.
const HOLDS: i64 = HOUR / 6;
/// How long a person waits for Slack's word at most: without it nobody is an admin, and nobody is known by address.
const LIMIT: Duration = Duration::from_millis(800);

/// What Slack says of a person.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Profile {
    /// An admin or owner of the workspace.
    pub admin: bool,
    /// The address, in lower case; none where Slack does not tell or has not confirmed it, or it is another workspace's guest.
    pub email: Option<String>,
}

impl Profile {
    /// From the member `user` of `users.info`.
    fn of(user: &Value) -> Self {
        let flag = |name: &str| user[name].as_bool();
        let sure = flag("is_email_confirmed") != Some(false) && flag("is_stranger") != Some(true);
        let email = user.pointer("/profile/email").and_then(Value::as_str).filter(|email| sure && email.contains('@'));
        Self {
            admin: flag("is_admin") == Some(true) || flag("is_owner") == Some(true),
            email: email.map(|email| email.trim().to_lowercase()),
        }
    }
}

/// What Slack said, by user id.
#[derive(Default)]
pub struct Profiles(Mutex<HashMap<String, (Profile, At)>>);

impl Profiles {
    fn known(&self, user: &str, now: At) -> Option<Profile> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(user).filter(|(_, at)| now.since(*at) < HOLDS).map(|(profile, _)| profile.clone())
    }

    fn keep(&self, user: &str, profile: Profile, now: At) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (_, at)| now.since(*at) < HOLDS);
        known.insert(user.to_owned(), (profile, now));
    }
}

impl Slack {
    /// What Slack says of a person; nothing where it does not answer in time.
    pub async fn profile(&self, user: &str, now: At) -> Profile {
        if let Some(profile) = self.profiles.known(user, now) {
            return profile;
        }
        match tokio::time::timeout(LIMIT, self.client.user_info(user)).await {
            Ok(Ok(answer)) => {
                let profile = Profile::of(&answer["user"]);
                self.profiles.keep(user, profile.clone(), now);
                profile
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "Slack did not say who a person is: name admins in PACER_ADMINS, and people in the organisation file");
                Profile::default()
            }
            Err(_) => Profile::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn slacks_word_holds_for_ten_minutes() {
        let (profiles, now) = (Profiles::default(), At(0));
        profiles.keep("U1", Profile { admin: true, email: None }, now);
        assert_eq!(profiles.known("U1", now.plus(HOLDS - 1)).map(|profile| profile.admin), Some(true));
        assert!(profiles.known("U1", now.plus(HOLDS)).is_none());
        assert!(profiles.known("U2", now).is_none());
    }

    #[test]
    fn an_address_counts_only_where_it_is_surely_the_persons() {
        let check = |user: Value, admin: bool, email: Option<&str>| {
            let profile = Profile::of(&user);
            assert_eq!((profile.admin, profile.email.as_deref()), (admin, email), "{user}");
        };
        check(json!({"profile": {"email": " Ada@X.org "}}), false, Some("ada@x.org"));
        check(json!({"is_owner": true, "is_email_confirmed": true, "profile": {"email": "ada@x.org"}}), true, Some("ada@x.org"));
        check(json!({"is_admin": true, "is_email_confirmed": false, "profile": {"email": "ada@x.org"}}), true, None);
        check(json!({"is_stranger": true, "profile": {"email": "ada@x.org"}}), false, None);
        check(json!({"profile": {"email": ""}}), false, None);
        check(json!({}), false, None);
        check(Value::Null, false, None);
    }
}
