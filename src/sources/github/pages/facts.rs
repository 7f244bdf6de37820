//! Facts that a list tells whole: commits, releases, workflow runs, issues.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::super::payload::{Issue, Payload, Person, Release, User, WorkflowRun};
use super::super::{deploys, work};
use super::one;
use crate::domain::event::{Commit, Event};
use crate::domain::time::At;
use crate::sources::pages::{Ask, Page};
use crate::sources::{Outcome, Read, needed};

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

/// What each thing on the page says, read as a webhook's delivery of the same thing.
fn each<T: DeserializeOwned>(asked: &Ask, things: &[&RawValue], page: &mut Page, says: impl Fn(T, &str) -> Read) {
    let repository = repository_of(asked, things);
    for (line, item) in (1..).zip(things) {
        page.take(line, one(item).and_then(|thing| says(thing, &repository)));
    }
}

/// Commits with git's own parents.
pub(super) fn commits(asked: &Ask, things: &[&RawValue], page: &mut Page) {
    each(asked, things, page, commit);
}

fn commit(listed: Listed, repository: &str) -> Read {
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
pub(super) fn releases(asked: &Ask, things: &[&RawValue], page: &mut Page) {
    each(asked, things, page, |release: Release, repository| {
        deploys::release(Payload { release: Some(release), ..Payload::default() }, repository)
    });
}

/// Runs of workflows.
pub(super) fn runs(asked: &Ask, things: &[&RawValue], page: &mut Page) {
    each(asked, things, page, |run: WorkflowRun, repository| {
        deploys::workflow_run(Payload { workflow_run: Some(run), ..Payload::default() }, repository)
    });
}

/// Issues; the list holds pull requests too, which are left to their own stream.
pub(super) fn issues(asked: &Ask, things: &[&RawValue], page: &mut Page) {
    #[derive(Deserialize)]
    struct Kind {
        pull_request: Option<serde::de::IgnoredAny>,
    }
    let is_request = |item: &&&RawValue| one::<Kind>(item).is_ok_and(|kind| kind.pull_request.is_some());
    page.listed -= things.iter().filter(is_request).count() as u64;
    each(asked, things, page, |issue: Issue, repository| work::issue(Payload { issue: Some(issue), ..Payload::default() }, repository));
}
