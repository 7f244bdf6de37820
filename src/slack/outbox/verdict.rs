//! What an error of Slack means for a message: a table of words and of what may have happened. Pure.

use crate::domain::time::SECOND;
use crate::slack::client::CallError;

/// Up to this a pause is the channel's, whose limit is a second.
const OWN_PAUSE: i64 = 5 * SECOND;

/// What was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// `conversations.open`.
    Open,
    /// `conversations.history`, `conversations.replies`.
    Look,
    /// `chat.postMessage`.
    Post,
    /// `chat.update`.
    Edit,
}

/// What an error means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The channel is asked to wait so long.
    ChannelWaits(i64),
    /// The workspace is asked to wait so long, or fails.
    AllWait {
        /// At least.
        micros: i64,
        /// Whether the call may have been carried out nevertheless.
        may_be_done: bool,
    },
    /// The token, or one of its scopes, does not do.
    NoToken,
    /// The channel can't be written to any more: Slack's word.
    Gone,
    /// The message can't be edited any more: it stays as it stands.
    StaysAsItIs,
    /// The direct message can't be opened: it is posted to the person's id.
    ByPerson,
    /// Whether it stands can't be looked up.
    Hidden,
    /// Slack does not take it.
    Refused,
}

const GONE: &[&str] = &[
    "channel_not_found",
    "is_archived",
    "not_in_channel",
    "restricted_action",
    "restricted_action_read_only_channel",
    "restricted_action_non_threadable_channel",
    "restricted_action_thread_locked",
    "cannot_reply_to_message",
    "user_not_found",
    "users_not_found",
    "user_disabled",
    "user_not_visible",
    "cannot_dm_bot",
    "method_not_supported_for_channel_type",
];
const NO_TOKEN: &[&str] = &[
    "not_authed",
    "invalid_auth",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "app_uninstalled",
    "not_allowed_token_type",
    "missing_scope",
    "no_permission",
    "org_login_required",
    "ekm_access_denied",
    "access_denied",
    "accesslimited",
    "team_access_not_granted",
    "team_added_to_org",
];
const TOO_MANY: &[&str] = &["message_limit_exceeded", "request_timeout"];
const NOT_EDITED: &[&str] =
    &["message_not_found", "edit_window_closed", "cant_update_message", "cant_edit_message", "is_inactive", "update_failed"];

/// Reads it.
pub fn judge(step: Step, error: &CallError) -> Verdict {
    match error {
        CallError::Pause(pause) => {
            let micros = pause.map_or(SECOND, |pause| i64::try_from(pause.as_micros()).unwrap_or(i64::MAX));
            if micros <= OWN_PAUSE { Verdict::ChannelWaits(micros) } else { Verdict::AllWait { micros, may_be_done: false } }
        }
        CallError::Unreached | CallError::Ours(_) | CallError::Busy(503 | 400..=499) => Verdict::AllWait { micros: 0, may_be_done: false },
        // Long enough that what was taken is to be found.
        CallError::Busy(_) | CallError::Silent(_) => Verdict::AllWait { micros: 15 * SECOND, may_be_done: true },
        CallError::Api(code) => of_code(step, code),
    }
}

fn of_code(step: Step, code: &str) -> Verdict {
    let is_in = |list: &[&str]| list.contains(&code);
    match step {
        Step::Open if code == "missing_scope" => Verdict::ByPerson,
        Step::Look if code == "missing_scope" || code == "no_permission" || code == "not_allowed_token_type" => Verdict::Hidden,
        Step::Edit if is_in(NOT_EDITED) => Verdict::StaysAsItIs,
        _ if is_in(TOO_MANY) => Verdict::AllWait { micros: 60 * SECOND, may_be_done: code == "request_timeout" },
        _ if is_in(NO_TOKEN) => Verdict::NoToken,
        _ if is_in(GONE) => Verdict::Gone,
        Step::Look => Verdict::Hidden,
        Step::Edit => Verdict::StaysAsItIs,
        Step::Open | Step::Post => Verdict::Refused,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_error_has_one_meaning_at_each_step() {
        let check = |step: Step, error: CallError, expect: Verdict| assert_eq!(judge(step, &error), expect, "{step:?} {error}");
        let api = |code: &str| CallError::Api(code.to_owned());
        let all = |micros: i64, may_be_done: bool| Verdict::AllWait { micros, may_be_done };
        check(Step::Post, CallError::Pause(Some(Duration::from_secs(3))), Verdict::ChannelWaits(3 * SECOND));
        check(Step::Post, CallError::Pause(None), Verdict::ChannelWaits(SECOND));
        check(Step::Post, CallError::Pause(Some(Duration::from_secs(30))), all(30 * SECOND, false));
        check(Step::Post, api("message_limit_exceeded"), all(60 * SECOND, false));
        check(Step::Post, CallError::Unreached, all(0, false));
        check(Step::Post, CallError::Busy(503), all(0, false));
        check(Step::Post, CallError::Busy(407), all(0, false));
        for unknown in [CallError::Busy(500), CallError::Busy(502), CallError::Busy(504), CallError::Silent("nothing within 10 s")] {
            check(Step::Post, unknown, all(15 * SECOND, true));
        }
        for token in ["invalid_auth", "token_revoked", "account_inactive", "missing_scope"] {
            check(Step::Post, api(token), Verdict::NoToken);
        }
        check(Step::Open, api("missing_scope"), Verdict::ByPerson);
        check(Step::Look, api("missing_scope"), Verdict::Hidden);
        check(Step::Look, api("thread_not_found"), Verdict::Hidden);
        for gone in ["is_archived", "not_in_channel", "channel_not_found", "user_disabled"] {
            check(Step::Post, api(gone), Verdict::Gone);
            check(Step::Edit, api(gone), Verdict::Gone);
        }
        for kept in ["message_not_found", "edit_window_closed", "cant_update_message", "invalid_blocks"] {
            check(Step::Edit, api(kept), Verdict::StaysAsItIs);
        }
        check(Step::Post, api("invalid_blocks"), Verdict::Refused);
        check(Step::Post, api("msg_too_long"), Verdict::Refused);
        check(Step::Post, api("messages_tab_disabled"), Verdict::Refused);
    }
}
