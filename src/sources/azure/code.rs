//! Deliveries about code: `git.push`, `git.pullrequest.*`, comments on pull requests.

use super::{bot, person, repository};
use crate::domain::event::{Change, Commit, Event, Review};
use crate::domain::item_link::{azures_item_in, item_of};
use crate::domain::machines::is_bot;
use crate::domain::time::At;
use crate::sources::commits::{branch, follow_each_other, is_nothing};
use crate::sources::object::Object;
use crate::sources::{Fact, Outcome, Read};

/// `git.push`: the commits, the newest first.
pub fn push(sent: &Object<'_>) -> Read {
    let push = sent.object("resource")?;
    let repository = repository(&push.object("repository")?)?;
    let mut branches = Vec::new();
    for update in push.objects("refUpdates")? {
        if update.word("name")?.starts_with("refs/heads/") {
            branches.push((update.text("newObjectId")?, update.text("oldObjectId")?));
        }
    }
    let mut commits = push.objects("commits")?.iter().map(|told| commit(told, &repository)).collect::<Result<Vec<_>, _>>()?;
    let Some(newest) = commits.first().map(|commit| commit.sha.clone()).filter(|_| !branches.is_empty()) else {
        return Ok(Outcome::ignored("the push brings no commits to a branch"));
    };
    // Of one branch the order is known, and what it was on before; the parents are not told.
    if let [(Some(now), before)] = &branches[..]
        && *now == newest
    {
        follow_each_other(commits.iter_mut().rev(), before.clone().filter(|sha| !is_nothing(sha)));
    }
    Ok(Outcome::Facts(commits.into_iter().map(|commit| (Event::Commit(commit), None)).collect()))
}

fn commit(told: &Object<'_>, repository: &str) -> Result<Commit, String> {
    let (name, email) = (told.text("author/name")?, told.text("author/email")?);
    let bot = [&name, &email].into_iter().flatten().any(|name| is_bot(name));
    Ok(Commit {
        sha: told.need_text("commitId")?,
        repository: Some(repository.into()),
        authored_at: told.time("author/date")?,
        committed_at: told.time("committer/date")?,
        bot: Some(bot),
        author: email.clone().or(name),
        email,
        message: told.text("comment")?,
        ..Commit::default()
    })
}

/// `git.pullrequest.created`, `updated`, and `merged`, which only says that a merge was tried: the status tells.
pub fn pull_request(sent: &Object<'_>) -> Read {
    let (request, at) = (sent.object("resource")?, sent.need_time("createdDate")?);
    let mut change = change(&request)?;
    let mut facts: Vec<Fact> = Vec::new();
    for reviewer in request.objects("reviewers")? {
        let state = match reviewer.number("vote")? {
            _ if reviewer.is_true("isContainer")? => continue, // a team, whose vote is that of one of its members
            Some(5 | 10) => Review::APPROVED,
            Some(-5 | -10) => Review::CHANGES_REQUESTED,
            Some(0) => {
                change.reviewers.extend(person(&reviewer)?);
                continue;
            }
            _ => continue,
        };
        // Later deliveries repeat the vote, so the first that tells it says when it was given.
        facts.push((Event::Review(vote(&change.id, state, &reviewer, at)?), Some(earliest(at))));
    }
    facts.push((Event::Change(change), Some(at)));
    Ok(Outcome::Facts(facts))
}

/// A version by which the earliest wins.
fn earliest(at: At) -> At {
    At(at.0.saturating_neg())
}

fn vote(change: &str, state: &str, reviewer: &Object<'_>, at: At) -> Result<Review, String> {
    let who = person(reviewer)?;
    let id = format!("{change} {state} {}", reviewer.id("id")?.or_else(|| who.clone()).unwrap_or_default());
    Ok(Review { id, change: change.into(), bot: bot(reviewer)?, reviewer: who, at, state: state.into() })
}

/// A pull request; who is asked to review it is not in it.
fn change(request: &Object<'_>) -> Result<Change, String> {
    let repository = repository(&request.object("repository")?)?;
    let branch = request.text("sourceRefName")?.map(|name| branch(&name));
    let (title, description) = (request.text("title")?, request.text("description")?);
    let item = item_of(branch.as_deref(), title.as_deref(), description.as_deref(), "AB")
        .or_else(|| [&title, &description].into_iter().flatten().find_map(|text| azures_item_in(text)));
    let (done, closed_at) = (request.is("status", "completed")?, request.time("closedDate")?);
    let author = request.object("createdBy")?;
    Ok(Change {
        id: change_id(request, &repository)?,
        opened_at: request.time("creationDate")?,
        merged_at: closed_at.filter(|_| done),
        closed_at,
        // Before that it is a trial merge, which is on no branch.
        merge_commit: request.text("lastMergeCommit/commitId")?.filter(|_| done),
        head: request.text("lastMergeSourceCommit/commitId")?,
        author: person(&author)?,
        bot: bot(&author)?,
        draft: request.is_true("isDraft")?,
        labels: request.texts_of("labels", "name")?,
        url: request.text("_links/web/href")?,
        repository: Some(repository),
        branch,
        title,
        item,
        ..Change::default()
    })
}

fn change_id(request: &Object<'_>, repository: &str) -> Result<String, String> {
    Ok(format!("{repository}#{}", request.need_id("pullRequestId")?))
}

/// A comment on a pull request.
pub fn comment(sent: &Object<'_>) -> Read {
    let (comment, request) = (sent.object("resource/comment")?, sent.object("resource/pullRequest")?);
    if comment.is("commentType", "system")? {
        return Ok(Outcome::ignored("Azure's own note is no review"));
    }
    let change = change_id(&request, &repository(&request.object("repository")?)?)?;
    let at = comment.time("publishedDate")?.map_or_else(|| sent.need_time("createdDate"), Ok)?;
    let author = comment.object("author")?;
    // Comments are counted anew in each thread, so the id alone is not enough.
    let id = format!("{change} commented {} {at}", comment.need_id("id")?);
    let review = Review { id, change, bot: bot(&author)?, reviewer: person(&author)?, at, state: Review::COMMENTED.into() };
    Ok(Outcome::one(Event::Review(review), Some(at)))
}
