//! Deliveries about code: `git.push`, `git.pullrequest.*`, comments on pull requests.

use super::super::Outcome;
use super::super::tree::Tree;
use super::{Read, bot, person, repository};
use crate::domain::event::{Change, Commit, Event, Review};
use crate::domain::item_link::{azures_item_in, item_of};
use crate::domain::machines::is_bot;
use crate::domain::time::At;

/// `git.push`: the commits, the newest first.
pub fn push(sent: Tree<'_>) -> Read {
    let push = sent.at("resource");
    let repository = repository(push.at("repository"))?;
    let branches: Vec<Tree<'_>> = push.list("refUpdates").filter(|it| it.word("name").starts_with("refs/heads/")).collect();
    let listed: Vec<Tree<'_>> = push.list("commits").collect();
    if branches.is_empty() || listed.is_empty() {
        return Ok(Outcome::ignored("the push brings no commits to a branch"));
    }
    // Of one branch the order is known, and what it was on before; the parents are not told.
    let one = <&[Tree<'_>; 1]>::try_from(branches.as_slice())
        .ok()
        .map(|[one]| *one)
        .filter(|one| listed[0].word("commitId") == one.word("newObjectId"));
    let before = one.and_then(|one| one.text("oldObjectId")).filter(|sha| !sha.bytes().all(|byte| byte == b'0'));
    let facts = listed.iter().enumerate().map(|(place, commit)| {
        let behind = listed.get(place + 1).map_or_else(|| before.clone(), |next| next.text("commitId"));
        Ok((Event::Commit(self::commit(*commit, &repository, behind.filter(|_| one.is_some()))?), None))
    });
    Ok(Outcome::Facts(facts.collect::<Result<_, String>>()?))
}

fn commit(commit: Tree<'_>, repository: &str, behind: Option<String>) -> Result<Commit, String> {
    let email = commit.text("author/email");
    Ok(Commit {
        sha: commit.need("commitId")?,
        repository: Some(repository.into()),
        authored_at: commit.time("author/date"),
        committed_at: commit.time("committer/date"),
        bot: Some(["author/name", "author/email"].into_iter().any(|path| is_bot(commit.word(path)))),
        author: email.clone().or_else(|| commit.text("author/name")),
        email,
        message: commit.text("comment"),
        parents: behind.map(|sha| vec![sha]),
        ..Commit::default()
    })
}

/// `git.pullrequest.created`, `updated`, and `merged`, which only says that a merge was tried: the status tells.
pub fn pull_request(sent: Tree<'_>) -> Read {
    let (request, at) = (sent.at("resource"), sent.need_time("createdDate")?);
    let change = change(request)?;
    let mut facts = Vec::new();
    for reviewer in request.list("reviewers").filter(|reviewer| is_person(*reviewer)) {
        let state = match reviewer.number("vote") {
            Some(5 | 10) => "approved",
            Some(-5 | -10) => "changes_requested",
            _ => continue,
        };
        // Later deliveries repeat the vote, so the first that tells it says when it was given.
        facts.push((Event::Review(review(&change.id, state, reviewer, at)), Some(earliest(at))));
    }
    facts.push((Event::Change(change), Some(at)));
    Ok(Outcome::Facts(facts))
}

/// A team may be asked too; its vote is that of one of its members.
fn is_person(reviewer: Tree<'_>) -> bool {
    !reviewer.truth("isContainer")
}

/// A version by which the earliest wins.
fn earliest(at: At) -> At {
    At(at.0.saturating_neg())
}

fn review(change: &str, state: &str, reviewer: Tree<'_>, at: At) -> Review {
    let who = person(reviewer);
    let id = format!("{change} {state} {}", reviewer.text("id").or_else(|| who.clone()).unwrap_or_default());
    Review { id, change: change.into(), bot: bot(reviewer), reviewer: who, at, state: state.into() }
}

fn change(request: Tree<'_>) -> Result<Change, String> {
    let repository = repository(request.at("repository"))?;
    let branch = request.text("sourceRefName").map(|name| name.strip_prefix("refs/heads/").unwrap_or(&name).to_owned());
    let (title, description) = (request.text("title"), request.word("description"));
    let item = item_of(branch.as_deref(), title.as_deref(), Some(description), "AB")
        .or_else(|| [title.as_deref().unwrap_or_default(), description].into_iter().find_map(azures_item_in));
    let (done, closed_at) = (request.word("status") == "completed", request.time("closedDate"));
    let waiting = request.list("reviewers").filter(|reviewer| is_person(*reviewer)).filter(|it| it.number("vote") == Some(0));
    Ok(Change {
        id: format!("{repository}#{}", request.need("pullRequestId")?),
        opened_at: request.time("creationDate"),
        merged_at: closed_at.filter(|_| done),
        closed_at,
        // Before that it is a trial merge, which is on no branch.
        merge_commit: request.text("lastMergeCommit/commitId").filter(|_| done),
        head: request.text("lastMergeSourceCommit/commitId"),
        author: person(request.at("createdBy")),
        bot: bot(request.at("createdBy")),
        draft: request.truth("isDraft"),
        labels: request.list("labels").filter_map(|label| label.text("name")).collect(),
        reviewers: waiting.filter_map(person).collect(),
        url: request.text("_links/web/href"),
        repository: Some(repository),
        branch,
        title,
        item,
        ..Change::default()
    })
}

/// A comment on a pull request.
pub fn comment(sent: Tree<'_>) -> Read {
    let (comment, request) = (sent.at("resource/comment"), sent.at("resource/pullRequest"));
    if comment.word("commentType") == "system" {
        return Ok(Outcome::ignored("Azure's own note is no review"));
    }
    let change = format!("{}#{}", repository(request.at("repository"))?, request.need("pullRequestId")?);
    let at = comment.time("publishedDate").map_or_else(|| sent.need_time("createdDate"), Ok)?;
    let author = comment.at("author");
    // Comments are counted anew in each thread, so the id alone is not enough.
    let id = format!("{change} commented {} {at}", comment.need("id")?);
    let review = Review { id, change, bot: bot(author), reviewer: person(author), at, state: "commented".into() };
    Ok(Outcome::one(Event::Review(review), Some(at)))
}
