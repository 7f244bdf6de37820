//! Bitbucket's webhooks, of the Cloud and of a Data Center: pushes, pull requests and what reviewers say to them, build
//! statuses, issues.
//!
//! `X-Event-Key` names the kind; recorded files are called after it, `pullrequest_fulfilled.1.json` or with the colon. Bitbucket
//! sends no webhook about deployments: let the pipeline post them to `/v1/events`. A pull request is stated whole while it is
//! open, and once when it is merged or declined; what happens to a closed one would only move its end. People go by account
//! id (the Cloud has no user names any more, and Jira has the same ids) or, at a Data Center, by user name. Facts of the format:
//! <https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/> and
//! <https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html>.

mod cloud;
mod data_center;

use super::object::{self, Object};
use super::{Fact, Headers, Outcome, Read, Source, check_kind, check_object, signature};
use crate::domain::event::{Event, Parsed, Review};
use crate::domain::time::At;

/// The registration.
pub const SOURCE: Source = Source {
    slug: "bitbucket",
    name: "Bitbucket",
    verify: |headers, body, secrets, _| signature::verify_hmac(headers, "X-Hub-Signature", "sha256=", body, secrets),
    delivery_id: |headers, _| headers.get("x-request-uuid").or_else(|| headers.get("x-request-id")).map(Into::into),
    check: |headers, body| check_kind(headers, "X-Event-Key").and_then(|()| check_object(body)),
    parse,
    webhook: true,
    recorded,
    pages: None,
};

const KIND: &str = "x-event-key";

fn parse(headers: &Headers, body: &[u8]) -> Parsed {
    object::parsed(body, |_| Ok(headers.get(KIND).unwrap_or_default().to_owned()), outcome)
}

fn outcome(sent: &Object<'_>, key: &str) -> Read {
    let read: fn(&Object<'_>, &str) -> Read = match key.replace(':', "_").as_str() {
        "diagnostics_ping" => return Ok(Outcome::ignored("ping")),
        "repo_push" => cloud::push,
        "repo_commit_status_created" | "repo_commit_status_updated" => cloud::commit_status,
        "pullrequest_created" | "pullrequest_updated" | "pullrequest_fulfilled" | "pullrequest_rejected" => cloud::pull_request,
        "pullrequest_approved" | "pullrequest_changes_request_created" | "pullrequest_comment_created" => cloud::review,
        "issue_created" | "issue_updated" => cloud::issue,
        "repo_refs_changed" => data_center::refs_changed,
        "pr_opened" | "pr_modified" | "pr_from_ref_updated" | "pr_to_ref_updated" | "pr_reviewer_updated" | "pr_merged" | "pr_declined" => {
            data_center::pull_request
        }
        "pr_reviewer_approved" | "pr_reviewer_needs_work" | "pr_reviewer_changes_requested" | "pr_comment_added" => data_center::review,
        _ => return Ok(Outcome::Ignored(format!("pacer uses nothing of `{key}` deliveries"))),
    };
    read(sent, key)
}

/// The kind is the file name's beginning, with the colon of the key or an underscore in its place.
fn recorded(file_name: &str) -> Headers {
    let end = file_name.find(|letter: char| !letter.is_ascii_lowercase() && !matches!(letter, '_' | ':')).unwrap_or(file_name.len());
    let kind = file_name[..end].trim_end_matches('_');
    let key = if kind.contains(':') { kind.to_owned() } else { kind.replacen('_', ":", 1) };
    if kind.is_empty() { Headers::default() } else { Headers([(KIND.to_owned(), key)].into()) }
}

/// What a reviewer said of a change. A comment has an id; a vote is told by who gave it when.
fn review(comment: Option<String>, change: &str, state: &str, (reviewer, bot): (Option<String>, bool), at: At) -> Review {
    let id = comment.unwrap_or_else(|| format!("{change} {state} {} {at}", reviewer.as_deref().unwrap_or_default()));
    Review { id, change: change.into(), bot, reviewer, at, state: state.into() }
}

/// A review, and the change that it was made of, where that is not closed yet.
fn reviewed(change: Option<Fact>, review: Review) -> Outcome {
    let at = review.at;
    Outcome::Facts(change.into_iter().chain([(Event::Review(review), Some(at))]).collect())
}

#[cfg(test)]
mod tests;
