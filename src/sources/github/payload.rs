//! GitHub's payloads as far as pacer reads them: of webhooks, of the REST API and, under the same names, of GraphQL.
//! Everything may be absent: GitHub leaves fields out of older and partial payloads, and what is needed is asked for where it
//! is used.

#![allow(missing_docs, reason = "GitHub's own names")]

use serde::Deserialize;

use crate::domain::machines::is_bot;
use crate::domain::time::At;

/// A delivery of any kind.
#[derive(Debug, Default, Deserialize)]
pub struct Payload {
    pub action: Option<String>,
    pub repository: Option<Repository>,
    pub deployment: Option<Deployment>,
    pub deployment_status: Option<DeploymentStatus>,
    pub release: Option<Release>,
    pub workflow: Option<Named>,
    pub workflow_run: Option<WorkflowRun>,
    pub pull_request: Option<PullRequest>,
    pub review: Option<Review>,
    pub issue: Option<Issue>,
    // A push has its fields at the top.
    #[serde(rename = "ref")]
    pub git_ref: Option<String>,
    pub before: Option<String>,
    pub deleted: Option<bool>,
    pub forced: Option<bool>,
    pub commits: Option<Vec<PushCommit>>,
    pub head_commit: Option<PushCommit>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Repository {
    pub full_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Named {
    pub name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Deployment {
    pub id: Option<u64>,
    pub sha: Option<String>,
    pub environment: Option<String>,
    pub production_environment: Option<bool>,
    pub created_at: Option<At>,
}

#[derive(Debug, Default, Deserialize)]
pub struct DeploymentStatus {
    pub state: Option<String>,
    pub environment: Option<String>,
    pub created_at: Option<At>,
    pub updated_at: Option<At>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Release {
    pub id: Option<u64>,
    pub target_commitish: Option<String>,
    pub draft: Option<bool>,
    pub prerelease: Option<bool>,
    pub created_at: Option<At>,
    pub published_at: Option<At>,
    pub updated_at: Option<At>,
}

#[derive(Debug, Default, Deserialize)]
pub struct WorkflowRun {
    pub id: Option<u64>,
    pub name: Option<String>,
    pub head_sha: Option<String>,
    pub head_branch: Option<String>,
    pub status: Option<String>,
    pub conclusion: Option<String>,
    pub created_at: Option<At>,
    pub run_started_at: Option<At>,
    pub updated_at: Option<At>,
}

#[derive(Debug, Default, Deserialize)]
pub struct User {
    pub login: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Head {
    pub sha: Option<String>,
    #[serde(rename = "ref")]
    pub branch: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Team {
    pub slug: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub struct PullRequest {
    pub number: Option<u64>,
    pub title: Option<String>,
    pub body: Option<String>,
    pub html_url: Option<String>,
    pub user: Option<User>,
    pub requested_reviewers: Option<Vec<User>>,
    pub requested_teams: Option<Vec<Team>>,
    pub labels: Option<Vec<Named>>,
    pub head: Option<Head>,
    pub draft: Option<bool>,
    pub merged: Option<bool>,
    pub merge_commit_sha: Option<String>,
    pub additions: Option<i64>,
    pub deletions: Option<i64>,
    pub created_at: Option<At>,
    pub updated_at: Option<At>,
    pub merged_at: Option<At>,
    pub closed_at: Option<At>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Review {
    pub id: Option<u64>,
    pub user: Option<User>,
    pub state: Option<String>,
    pub submitted_at: Option<At>,
    pub updated_at: Option<At>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Issue {
    pub number: Option<u64>,
    pub title: Option<String>,
    pub html_url: Option<String>,
    pub labels: Option<Vec<Named>>,
    pub state: Option<String>,
    pub state_reason: Option<String>,
    pub assignee: Option<User>,
    #[serde(rename = "type")]
    pub kind: Option<Named>,
    pub pull_request: Option<serde::de::IgnoredAny>,
    pub created_at: Option<At>,
    pub updated_at: Option<At>,
    pub closed_at: Option<At>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Person {
    pub name: Option<String>,
    pub email: Option<String>,
    pub username: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub struct PushCommit {
    pub id: Option<String>,
    pub message: Option<String>,
    pub timestamp: Option<At>,
    pub author: Option<Person>,
    pub added: Option<Vec<String>>,
    pub modified: Option<Vec<String>>,
    pub removed: Option<Vec<String>>,
}

impl User {
    /// Whether it is a bot by GitHub's word or by its name.
    pub fn bot(&self) -> bool {
        self.kind.as_deref() == Some("Bot") || self.login.as_deref().is_some_and(is_bot)
    }
}

impl Person {
    /// Whether it is a bot by any of its names.
    pub fn bot(&self) -> bool {
        [&self.username, &self.name, &self.email].into_iter().flatten().any(|name| is_bot(name))
    }

    /// As GitHub names people, else as git does.
    pub fn named(self) -> Option<String> {
        self.username.or(self.email).or(self.name).filter(|name| !name.is_empty())
    }
}
