//! Who may call, and how often: the allowed workspaces, the limit per person, and what was taken a moment ago.
//!
//! Why a workspace that can't be told yet is refused: between start and the first answer of `auth.test` pacer does not
//! know its own workspace, and letting everybody in for that while would be worse than a second try.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use serde_json::json;

use super::Connection;
use super::client::CallError;
use crate::app::App;
use crate::domain::time::{At, SECOND};

/// Whether a workspace may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It may.
    Welcome,
    /// It is another one.
    Stranger,
    /// Our own is not known yet.
    NotYet,
}

impl Admission {
    /// For the person who was refused.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Welcome => "",
            Self::Stranger => "This pacer belongs to another Slack workspace.",
            Self::NotYet => "pacer has just started and does not know its Slack workspace yet. Try again in a minute.",
        }
    }
}

/// The workspaces that may call.
#[derive(Debug, Default)]
pub struct Workspaces {
    listed: Vec<String>,
    own: OnceLock<String>,
}

impl Workspaces {
    /// The listed ones; where none is, the token's own once it is learnt.
    pub fn new(listed: Vec<String>) -> Self {
        Self { listed, own: OnceLock::new() }
    }

    /// Whether a workspace, or the organisation of workspaces around it, may call.
    pub fn admit(&self, team: &str, enterprise: &str) -> Admission {
        let allowed = |id: &String| !id.is_empty() && (id == team || id == enterprise);
        match self.own.get() {
            _ if self.listed.iter().any(allowed) => Admission::Welcome,
            _ if !self.listed.is_empty() => Admission::Stranger,
            Some(own) if allowed(own) => Admission::Welcome,
            Some(_) => Admission::Stranger,
            None => Admission::NotYet,
        }
    }

    /// Keeps the token's own workspace. The first answer stands.
    pub fn learn(&self, team: &str) {
        let _ = self.own.set(team.to_owned());
    }
}

/// Asks Slack which workspace the bot token belongs to, until it answers.
pub async fn learn(app: Arc<App>) {
    let token = app.tasks.token();
    let nothing = json!({});
    let mut pause = Duration::from_secs(1);
    loop {
        let asked = tokio::select! {
            () = token.cancelled() => return,
            asked = app.slack.client.call("auth.test", &nothing) => asked,
        };
        match asked {
            Ok(answer) => {
                let team = answer["team_id"].as_str().unwrap_or_default();
                app.slack.workspaces.learn(team);
                // With Socket Mode it is the socket that tells.
                if app.config.slack.app_token.is_none() {
                    app.slack.set_connection(Connection::Connected);
                }
                tracing::info!(team, "Slack knows the bot token");
                if app.slack.workspaces.admit(team, "") == Admission::Stranger {
                    tracing::warn!(team, "the bot token's own workspace is not in PACER_SLACK_TEAMS");
                }
                return;
            }
            Err(CallError::Api(code)) => {
                app.slack.set_connection(Connection::Refused);
                tracing::error!(code, "Slack refuses SLACK_BOT_TOKEN: copy it anew from OAuth & Permissions. Trying again in 5 minutes");
                pause = Duration::from_mins(5);
            }
            Err(error) => tracing::warn!(%error, "Slack can't be reached; trying again in {} s", pause.as_secs()),
        }
        tokio::select! {
            () = token.cancelled() => return,
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(Duration::from_mins(1)),
        }
    }
}

/// How often a person may ask.
pub struct RateLimit {
    per_minute: Option<(u32, DefaultKeyedRateLimiter<String>)>,
}

impl RateLimit {
    /// So many a minute, or as many as one likes.
    pub fn new(per_minute: Option<NonZeroU32>) -> Self {
        Self { per_minute: per_minute.map(|limit| (limit.get(), DefaultKeyedRateLimiter::keyed(Quota::per_minute(limit)))) }
    }

    /// Counts a question of a person; the sentence where it is one too many.
    pub fn refuse(&self, user: &str) -> Option<String> {
        let (limit, limiter) = self.per_minute.as_ref()?;
        if limiter.len() > 10_000 {
            limiter.retain_recent();
        }
        let early = limiter.check_key(&user.to_owned()).err()?;
        let wait = early.wait_time_from(DefaultClock::default().now());
        Some(format!("You asked {limit} times in a minute; try again in {} s.", wait.as_secs() + 1))
    }
}

/// Keys seen a moment ago, so that a second click or a redelivered event does nothing.
#[derive(Default)]
pub struct Recent {
    seen: Mutex<HashMap<String, At>>,
}

/// More keys than this are never kept.
const KEPT: usize = 20_000;

impl Recent {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the key was seen within the last `secs`; from now on it was.
    pub fn again(&self, key: String, now: At, secs: i64) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= KEPT {
            seen.retain(|_, at| now.since(*at) < secs * SECOND);
        }
        if seen.len() >= KEPT {
            seen.clear();
        }
        seen.insert(key, now).is_some_and(|at| now.since(at) < secs * SECOND)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listed_workspaces_alone_may_call_else_the_tokens_own() {
        let check = |listed: &[&str], own: Option<&str>, team: &str, enterprise: &str, expect: Admission| {
            let workspaces = Workspaces::new(listed.iter().map(|id| (*id).to_owned()).collect());
            if let Some(own) = own {
                workspaces.learn(own);
            }
            assert_eq!(workspaces.admit(team, enterprise), expect, "{listed:?} {own:?} {team} {enterprise}");
        };
        check(&["T1"], None, "T1", "", Admission::Welcome);
        check(&["T1", "E1"], None, "T9", "E1", Admission::Welcome);
        check(&["T1"], Some("T2"), "T2", "", Admission::Stranger);
        check(&[], Some("T1"), "T1", "", Admission::Welcome);
        check(&[], Some("T1"), "T2", "", Admission::Stranger);
        check(&[], Some(""), "", "", Admission::Stranger);
        check(&[], None, "T1", "", Admission::NotYet);
    }

    #[test]
    fn the_question_over_the_limit_is_told_when_to_come_back() {
        let limit = RateLimit::new(NonZeroU32::new(20));
        assert!((0..20).all(|_| limit.refuse("U1").is_none()));
        let sentence = limit.refuse("U1").expect("the 21st");
        assert!(
            ["2 s.", "3 s."].iter().any(|wait| sentence == format!("You asked 20 times in a minute; try again in {wait}")),
            "{sentence}"
        );
        assert_eq!(limit.refuse("U2"), None);
        let off = RateLimit::new(None);
        assert!((0..100).all(|_| off.refuse("U1").is_none()));
    }

    #[test]
    fn a_key_is_forgotten_after_its_time() {
        let recent = Recent::new();
        let check = |key: &str, secs: i64, expect: bool| assert_eq!(recent.again(key.to_owned(), At::from_secs(secs), 3), expect);
        check("a", 100, false);
        check("a", 102, true);
        check("b", 102, false);
        check("a", 106, false);
    }
}
