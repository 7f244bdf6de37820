//! Deliveries of Bitbucket Cloud.

use super::reviewed;
use crate::domain::event::{Change, Commit, Event, Item, Outcome as Ended, Review, Run};
use crate::domain::item_link::item_of;
use crate::domain::machines::is_bot;
use crate::sources::commits::{branch, follow_each_other};
use crate::sources::object::Object;
use crate::sources::{Outcome, Read};

fn repository(sent: &Object<'_>) -> Result<String, String> {
    sent.need_text("repository/full_name")
}

/// As pacer names a person: by the account id, else by what is left of a name.
fn person(user: &Object<'_>) -> Result<Option<String>, String> {
    user.first_text(&["account_id", "nickname", "username", "display_name", "uuid"])
}

fn bot(user: &Object<'_>) -> Result<bool, String> {
    let named = is_bot(&user.word("nickname")?) || is_bot(&user.word("display_name")?);
    Ok(named || matches!(user.word("type")?.as_str(), "app_user" | "AppUser"))
}

/// `repo:push`: at most five commits of each branch, the newest first.
pub fn push(sent: &Object<'_>, _: &str) -> Read {
    let (repository, mut facts) = (repository(sent)?, Vec::new());
    for change in sent.objects("push/changes")? {
        if change.is("new/type", "tag")? {
            continue;
        }
        let mut commits = change.objects("commits")?.iter().map(|told| commit(told, &repository)).collect::<Result<Vec<_>, _>>()?;
        // Where all are listed, the oldest follows what the branch was on before.
        let is_whole = !change.is_true("truncated")? && !change.is_true("forced")?;
        follow_each_other(commits.iter_mut().rev(), change.text("old/target/hash")?.filter(|_| is_whole));
        facts.extend(commits.into_iter().map(|commit| (Event::Commit(commit), None)));
    }
    if facts.is_empty() { Ok(Outcome::ignored("the push brings no commits to a branch")) } else { Ok(Outcome::Facts(facts)) }
}

fn commit(told: &Object<'_>, repository: &str) -> Result<Commit, String> {
    let exact = told.texts_of("parents", "hash")?;
    let (raw, user) = (told.word("author/raw")?, told.object("author/user")?);
    let (name, email) = split_author(&raw);
    Ok(Commit {
        sha: told.need_text("hash")?,
        repository: Some(repository.into()),
        authored_at: told.time("date")?,
        bot: Some(bot(&user)? || is_bot(name) || email.is_some_and(is_bot)),
        author: person(&user)?.or_else(|| email.map(Into::into)).or_else(|| Some(name.to_owned()).filter(|name| !name.is_empty())),
        email: email.map(Into::into),
        message: told.text("message")?,
        exact_parents: !exact.is_empty(),
        parents: Some(exact).filter(|exact| !exact.is_empty()),
        ..Commit::default()
    })
}

/// `Ann Lee <ann@example.com>` as git writes it.
fn split_author(raw: &str) -> (&str, Option<&str>) {
    match raw.split_once('<') {
        Some((name, rest)) => (name.trim(), rest.split('>').next().map(str::trim).filter(|email| !email.is_empty())),
        None => (raw.trim(), None),
    }
}

/// `pullrequest:created`, `updated`, `fulfilled` (merged), `rejected` (declined).
pub fn pull_request(sent: &Object<'_>, key: &str) -> Read {
    if key.ends_with("updated") && !sent.is("pullrequest/state", "OPEN")? {
        return Ok(Outcome::ignored("the pull request is closed already, and this does not say since when"));
    }
    let at = sent.need_time("pullrequest/updated_on")?;
    let mut change = change(sent)?;
    if key.ends_with("fulfilled") {
        (change.merged_at, change.closed_at) = (Some(at), Some(at));
        change.merge_commit = sent.text("pullrequest/merge_commit/hash")?;
    } else if key.ends_with("rejected") {
        change.closed_at = Some(at);
    }
    Ok(Outcome::one(Event::Change(change), Some(at)))
}

fn change(sent: &Object<'_>) -> Result<Change, String> {
    let (repository, request) = (repository(sent)?, sent.object("pullrequest")?);
    let branch = request.text("source/branch/name")?.map(|name| branch(&name));
    let title = request.text("title")?;
    let author = request.object("author")?;
    Ok(Change {
        id: format!("{repository}#{}", request.need_id("id")?),
        item: item_of(branch.as_deref(), title.as_deref(), request.text("description")?.as_deref(), &repository),
        opened_at: request.time("created_on")?,
        head: request.text("source/commit/hash")?,
        author: person(&author)?,
        bot: bot(&author)?,
        draft: request.is_true("draft")?,
        reviewers: asked(&request)?,
        url: request.text("links/html/href")?,
        repository: Some(repository),
        branch,
        title,
        ..Change::default()
    })
}

/// Who is asked to review. Who has answered is no longer asked.
fn asked(request: &Object<'_>) -> Result<Vec<String>, String> {
    let mut answered = Vec::new();
    for participant in request.objects("participants")? {
        if participant.is_true("approved")? || participant.text("state")?.is_some() {
            answered.push(person(&participant.object("user")?)?);
        }
    }
    let mut asked = request.objects("reviewers")?.iter().map(person).collect::<Result<Vec<_>, _>>()?;
    asked.retain(|who| !answered.contains(who));
    Ok(asked.into_iter().flatten().collect())
}

/// `pullrequest:approved`, `changes_request_created`, `comment_created`.
pub fn review(sent: &Object<'_>, key: &str) -> Read {
    let (made, state, date) = if key.ends_with("approved") {
        ("approval", Review::APPROVED, "date")
    } else if key.ends_with("comment_created") {
        ("comment", Review::COMMENTED, "created_on")
    } else {
        ("changes_request", Review::CHANGES_REQUESTED, "date")
    };
    let (change, made) = (change(sent)?, sent.object(made)?);
    let (at, comment) = (made.need_time(date)?, made.id("id")?);
    let user = made.object("user")?;
    let reviewer = if user.is_some() { user } else { sent.object("actor")? };
    let review = super::review(comment, &change.id, state, (person(&reviewer)?, bot(&reviewer)?), at);
    let version = if sent.is("pullrequest/state", "OPEN")? { sent.time("pullrequest/updated_on")? } else { None };
    Ok(reviewed(version.map(|version| (Event::Change(change), Some(version.max(at)))), review))
}

/// `repo:commit_status_created`, `updated`: a build, as the tool that runs it tells Bitbucket.
pub fn commit_status(sent: &Object<'_>, _: &str) -> Read {
    let (repository, status) = (repository(sent)?, sent.object("commit_status")?);
    let linked = status.text("links/commit/href")?.and_then(|href| Some(href.rsplit('/').next()?.to_owned()));
    let sha = status.needed("commit/hash", status.text("commit/hash")?.or(linked))?;
    let outcome = match status.word("state")?.as_str() {
        "SUCCESSFUL" => Ended::Success,
        "FAILED" => Ended::Failure,
        "STOPPED" => Ended::Cancelled,
        "INPROGRESS" => Ended::Running,
        other => return Ok(Outcome::Ignored(format!("pacer knows no build state `{other}`"))),
    };
    let at = status.need_time("updated_on")?;
    let run = Run {
        id: format!("{sha} {}", status.need_id("key")?),
        repository: Some(repository),
        workflow: status.first_text(&["name", "key"])?,
        branch: status.text("refname")?.map(|name| branch(&name)),
        sha: Some(sha),
        outcome,
        started_at: status.time("created_on")?,
        finished_at: (outcome != Ended::Running).then_some(at),
    };
    Ok(Outcome::one(Event::Run(run), Some(at)))
}

/// `issue:created`, `updated`.
pub fn issue(sent: &Object<'_>, key: &str) -> Read {
    let (repository, issue) = (repository(sent)?, sent.object("issue")?);
    let (at, state) = (issue.need_time("updated_on")?, issue.text("state")?);
    let done = matches!(state.as_deref(), Some("resolved" | "closed" | "duplicate" | "invalid" | "wontfix"));
    if done && key.ends_with("updated") && !sent.object("changes/status")?.is_some() {
        return Ok(Outcome::ignored("the issue is done already, and this does not say since when"));
    }
    let item = Item {
        id: format!("{repository}#{}", issue.need_id("id")?),
        kind: issue.first_text(&["kind", "type"])?,
        labels: [issue.text_or("component", "name")?, issue.text("priority")?].into_iter().flatten().collect(),
        title: issue.text("title")?,
        created_at: issue.time("created_on")?,
        done_at: done.then_some(at),
        status: state,
        assignee: person(&issue.object("assignee")?)?,
        url: issue.text("links/html/href")?,
        project: Some(repository),
        ..Item::default()
    };
    Ok(Outcome::one(Event::Item(item), Some(at)))
}
