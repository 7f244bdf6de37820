//! Facts that a list tells whole: commits, releases, workflow runs, issues.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::super::pages::Ask;
use super::super::super::{Outcome, needed};
use super::super::payload::{Issue, Payload, Person, Release, User, WorkflowRun};
use super::super::{deploys, work};
use super::{Found, one};
use crate::domain::event::{Commit, Event};
use crate::domain::time::At;

/// Where a thing says which repository it is of: its own URL, or its repository's.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Whereabouts {
    url: Option<String>,
    repository_url: Option<String>,
}

/// The repository's name now, as the things on the page have it: the scope may be an old name, or written in another case.
pub(super) fn repository_of(asked: &Ask, things: &[&RawValue]) -> String {
    let first: Whereabouts = things.first().and_then(|item| one(item).ok()).unwrap_or_default();
    let named = |url: Option<String>| named(url.as_deref());
    named(first.repository_url).or_else(|| named(first.url)).unwrap_or_else(|| asked.scope.clone())
}

/// The repository that a URL of the API lies in.
pub(super) fn named(url: Option<&str>) -> Option<String> {
    let mut parts = url?.split_once("/repos/")?.1.split('/');
    Some(format!("{}/{}", parts.next()?, parts.next().filter(|name| !name.is_empty())?))
}

/// A commit as the REST API lists it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Listed {
    sha: Option<String>,
    commit: Inner,
    /// The account behind the author's address, where there is one.
    author: Option<User>,
    parents: Option<Vec<Parent>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Inner {
    message: Option<String>,
    author: Option<Signed>,
    committer: Option<Signed>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Signed {
    name: Option<String>,
    email: Option<String>,
    date: Option<At>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Parent {
    sha: Option<String>,
}

/// Commits with git's own parents.
pub(super) fn commits(asked: &Ask, things: &[&RawValue], found: &mut Found) {
    let repository = repository_of(asked, things);
    for (line, item) in things.iter().enumerate() {
        found.take(line, one(item).and_then(|listed| commit(listed, &repository)), "commit");
    }
}

fn commit(listed: Listed, repository: &str) -> Result<Outcome, String> {
    let account = listed.author.unwrap_or_default();
    let signed = listed.commit.author.unwrap_or_default();
    let person = Person { name: signed.name, email: signed.email, username: account.login.clone() };
    let commit = Commit {
        sha: needed(listed.sha, "sha")?,
        repository: Some(repository.into()),
        authored_at: signed.date,
        committed_at: listed.commit.committer.and_then(|committer| committer.date),
        bot: Some(account.bot() || person.bot()),
        email: person.email.clone(),
        author: person.named(),
        message: listed.commit.message,
        parents: Some(needed(listed.parents, "parents")?.into_iter().filter_map(|parent| parent.sha).collect()),
        exact_parents: true,
        ..Commit::default()
    };
    Ok(Outcome::one(Event::Commit(commit), None))
}

/// Published releases.
pub(super) fn releases(asked: &Ask, things: &[&RawValue], found: &mut Found) {
    let repository = repository_of(asked, things);
    for (line, item) in things.iter().enumerate() {
        let said = one::<Release>(item)
            .and_then(|release| deploys::release(Payload { release: Some(release), ..Payload::default() }, &repository));
        found.take(line, said, "release");
    }
}

/// Runs of workflows.
pub(super) fn runs(asked: &Ask, things: &[&RawValue], found: &mut Found) {
    let repository = repository_of(asked, things);
    for (line, item) in things.iter().enumerate() {
        let said = one::<WorkflowRun>(item)
            .and_then(|run| deploys::workflow_run(Payload { workflow_run: Some(run), ..Payload::default() }, &repository));
        found.take(line, said, "workflow run");
    }
}

/// Issues; the list holds pull requests too, which are left to their own stream.
pub(super) fn issues(asked: &Ask, things: &[&RawValue], found: &mut Found) {
    let repository = repository_of(asked, things);
    found.page.listed = 0;
    for (line, item) in things.iter().enumerate() {
        let issue = one::<Issue>(item);
        if issue.as_ref().is_ok_and(|issue| issue.pull_request.is_some()) {
            continue;
        }
        found.page.listed += 1;
        found.take(line, issue.and_then(|issue| work::issue(Payload { issue: Some(issue), ..Payload::default() }, &repository)), "issue");
    }
}
