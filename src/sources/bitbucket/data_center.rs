//! Deliveries of a Bitbucket Data Center. The repository is `KEY/slug`; times are milliseconds, or text in newer versions.

use super::super::Outcome;
use super::super::tree::Tree;
use super::{Read, branch, reviewed};
use crate::domain::event::{Change, Commit, Event, Review};
use crate::domain::item_link::item_of;
use crate::domain::machines::is_bot;
use crate::domain::time::At;

fn name_of(repository: Tree<'_>) -> Result<String, String> {
    Ok(format!("{}/{}", repository.need("project/key")?, repository.need("slug")?))
}

/// `repo:refs_changed`. Old versions list no commits.
pub fn refs_changed(sent: Tree<'_>, _: &str) -> Read {
    let repository = name_of(sent.at("repository"))?;
    let kept = |change: &Tree<'_>| change.word("ref/type") == "BRANCH" && change.word("type") != "DELETE";
    if sent.list("changes").filter(kept).count() == 0 {
        return Ok(Outcome::ignored("the push brings no commits to a branch"));
    }
    let mut listed: Vec<Tree<'_>> = sent.list("commits").collect();
    if listed.is_empty() && sent.at("toCommit").is_some() {
        listed.push(sent.at("toCommit"));
    }
    if listed.is_empty() {
        return Ok(Outcome::ignored("this Data Center lists no commits; `pacer import git` brings them"));
    }
    let commits = listed.into_iter().map(|listed| Ok((Event::Commit(commit(listed, &repository)?), None)));
    Ok(Outcome::Facts(commits.collect::<Result<_, String>>()?))
}

fn commit(commit: Tree<'_>, repository: &str) -> Result<Commit, String> {
    let parents: Vec<String> = commit.list("parents").filter_map(|parent| parent.text("id")).collect();
    let email = commit.text("author/emailAddress");
    Ok(Commit {
        sha: commit.need("id")?,
        repository: Some(repository.into()),
        authored_at: commit.time("authorTimestamp"),
        committed_at: commit.time("committerTimestamp"),
        bot: Some(["author/name", "author/emailAddress"].into_iter().any(|path| is_bot(commit.word(path)))),
        author: email.clone().or_else(|| commit.text("author/name")),
        email,
        message: commit.text("message"),
        exact_parents: !parents.is_empty(),
        parents: Some(parents).filter(|parents| !parents.is_empty()),
        ..Commit::default()
    })
}

/// `pr:opened`, `modified`, `from_ref_updated`, `to_ref_updated`, `reviewer:updated`, `merged`, `declined`.
pub fn pull_request(sent: Tree<'_>, _: &str) -> Read {
    let at = sent.need_time("date")?;
    Ok(Outcome::one(Event::Change(change(sent.at("pullRequest"))?), Some(at)))
}

fn change(request: Tree<'_>) -> Result<Change, String> {
    let repository = name_of(request.at("toRef/repository"))?;
    let (branch, title) =
        (request.text("fromRef/displayId").or_else(|| request.text("fromRef/id")).map(|name| branch(&name)), request.text("title"));
    let item = item_of(branch.as_deref(), title.as_deref(), Some(request.word("description")), &repository);
    let merged = request.word("state") == "MERGED";
    let waiting = request.list("reviewers").filter(|it| it.word("status") == "UNAPPROVED");
    Ok(Change {
        id: format!("{repository}#{}", request.need("id")?),
        opened_at: request.time("createdDate"),
        merged_at: request.time("closedDate").filter(|_| merged),
        closed_at: request.time("closedDate"),
        merge_commit: request.text("properties/mergeCommit/id").filter(|_| merged),
        head: request.text("fromRef/latestCommit"),
        author: request.text("author/user/name"),
        bot: is_bot(request.word("author/user/name")),
        draft: request.truth("draft"),
        reviewers: waiting.filter_map(|it| it.text("user/name")).collect(),
        url: request.list("links/self").find_map(|link| link.text("href")),
        repository: Some(repository),
        branch,
        title,
        item,
        ..Change::default()
    })
}

/// `pr:reviewer:approved`, `needs_work` (`changes_requested` in newer versions), `pr:comment:added`.
pub fn review(sent: Tree<'_>, key: &str) -> Read {
    let change = change(sent.at("pullRequest"))?;
    let at: At = sent.need_time("date")?;
    let comment = sent.text("comment/id");
    let state = match key.rsplit([':', '_']).next() {
        Some("approved") => "approved",
        Some("added") => "commented",
        _ => "changes_requested",
    };
    let reviewer = sent.text("participant/user/name").or_else(|| sent.text("actor/name"));
    let review = Review {
        id: comment.unwrap_or_else(|| format!("{} {state} {} {at}", change.id, reviewer.as_deref().unwrap_or_default())),
        change: change.id.clone(),
        bot: reviewer.as_deref().is_some_and(is_bot),
        reviewer,
        at,
        state: state.into(),
    };
    Ok(reviewed(Some((Event::Change(change), at)), review, at))
}
