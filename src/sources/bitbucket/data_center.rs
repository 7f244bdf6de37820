//! Deliveries of a Bitbucket Data Center. The repository is `KEY/slug`; times are milliseconds, or text in newer versions.

use super::reviewed;
use crate::domain::event::{Change, Commit, Event, Review};
use crate::domain::item_link::item_of;
use crate::domain::machines::is_bot;
use crate::sources::commits::branch;
use crate::sources::object::Object;
use crate::sources::{Outcome, Read};

fn name_of(repository: &Object<'_>) -> Result<String, String> {
    Ok(format!("{}/{}", repository.need_text("project/key")?, repository.need_text("slug")?))
}

/// `repo:refs_changed`. Old versions list no commits.
pub fn refs_changed(sent: &Object<'_>, _: &str) -> Read {
    let repository = name_of(&sent.object("repository")?)?;
    let mut moves_branch = false;
    for change in sent.objects("changes")? {
        moves_branch |= change.is("ref/type", "BRANCH")? && !change.is("type", "DELETE")?;
    }
    if !moves_branch {
        return Ok(Outcome::ignored("the push brings no commits to a branch"));
    }
    let mut listed = sent.objects("commits")?;
    if listed.is_empty() {
        listed.extend(Some(sent.object("toCommit")?).filter(Object::is_some));
    }
    if listed.is_empty() {
        return Ok(Outcome::ignored("this Data Center lists no commits; `pacer import git` brings them"));
    }
    let commits = listed.iter().map(|told| Ok((Event::Commit(commit(told, &repository)?), None)));
    Ok(Outcome::Facts(commits.collect::<Result<_, String>>()?))
}

fn commit(told: &Object<'_>, repository: &str) -> Result<Commit, String> {
    let parents = told.texts_of("parents", "id")?;
    let (name, email) = (told.text("author/name")?, told.text("author/emailAddress")?);
    let bot = [&name, &email].into_iter().flatten().any(|name| is_bot(name));
    Ok(Commit {
        sha: told.need_text("id")?,
        repository: Some(repository.into()),
        authored_at: told.time("authorTimestamp")?,
        committed_at: told.time("committerTimestamp")?,
        bot: Some(bot),
        author: email.clone().or(name),
        email,
        message: told.text("message")?,
        exact_parents: !parents.is_empty(),
        parents: Some(parents).filter(|parents| !parents.is_empty()),
        ..Commit::default()
    })
}

/// `pr:opened`, `modified`, `from_ref_updated`, `to_ref_updated`, `reviewer:updated`, `merged`, `declined`.
pub fn pull_request(sent: &Object<'_>, _: &str) -> Read {
    let at = sent.need_time("date")?;
    Ok(Outcome::one(Event::Change(change(&sent.object("pullRequest")?)?), Some(at)))
}

fn change(request: &Object<'_>) -> Result<Change, String> {
    let repository = name_of(&request.object("toRef/repository")?)?;
    let branch = request.first_text(&["fromRef/displayId", "fromRef/id"])?.map(|name| branch(&name));
    let title = request.text("title")?;
    let (is_merged, closed_at) = (request.is("state", "MERGED")?, request.time("closedDate")?);
    let author = request.text("author/user/name")?;
    Ok(Change {
        id: format!("{repository}#{}", request.need_id("id")?),
        item: item_of(branch.as_deref(), title.as_deref(), request.text("description")?.as_deref(), &repository),
        opened_at: request.time("createdDate")?,
        merged_at: closed_at.filter(|_| is_merged),
        closed_at,
        merge_commit: request.text("properties/mergeCommit/id")?.filter(|_| is_merged),
        head: request.text("fromRef/latestCommit")?,
        bot: author.as_deref().is_some_and(is_bot),
        author,
        draft: request.is_true("draft")?,
        reviewers: asked(request)?,
        url: request.texts_of("links/self", "href")?.into_iter().next(),
        repository: Some(repository),
        branch,
        title,
        ..Change::default()
    })
}

/// Who is asked to review and has not answered.
fn asked(request: &Object<'_>) -> Result<Vec<String>, String> {
    let mut asked = Vec::new();
    for reviewer in request.objects("reviewers")? {
        if reviewer.is("status", "UNAPPROVED")? {
            asked.extend(reviewer.text("user/name")?);
        }
    }
    Ok(asked)
}

/// `pr:reviewer:approved`, `needs_work` (`changes_requested` in newer versions), `pr:comment:added`.
pub fn review(sent: &Object<'_>, key: &str) -> Read {
    let (change, at) = (change(&sent.object("pullRequest")?)?, sent.need_time("date")?);
    let state = match key.rsplit([':', '_']).next() {
        Some("approved") => Review::APPROVED,
        Some("added") => Review::COMMENTED,
        _ => Review::CHANGES_REQUESTED,
    };
    let reviewer = sent.first_text(&["participant/user/name", "actor/name"])?;
    let bot = reviewer.as_deref().is_some_and(is_bot);
    let review = super::review(sent.id("comment/id")?, &change.id, state, (reviewer, bot), at);
    Ok(reviewed(Some((Event::Change(change), Some(at))), review))
}
