//! Deliveries of Bitbucket Cloud.

use super::super::Outcome;
use super::super::tree::Tree;
use super::{Read, branch, reviewed};
use crate::domain::event::{Change, Commit, Event, Item, Outcome as Ended, Review, Run};
use crate::domain::item_link::item_of;
use crate::domain::machines::is_bot;
use crate::domain::time::At;

fn repository(sent: Tree<'_>) -> Result<String, String> {
    sent.need("repository/full_name")
}

/// As pacer names a person: by the account id, else by what is left of a name.
fn person(user: Tree<'_>) -> Option<String> {
    ["account_id", "nickname", "username", "display_name", "uuid"].into_iter().find_map(|name| user.text(name))
}

fn bot(user: Tree<'_>) -> bool {
    ["nickname", "display_name"].iter().any(|name| is_bot(user.word(name))) || matches!(user.word("type"), "app_user" | "AppUser")
}

/// `repo:push`: at most five commits of each branch, the newest first.
pub fn push(sent: Tree<'_>, _: &str) -> Read {
    let repository = repository(sent)?;
    let mut facts = Vec::new();
    for change in sent.list("push/changes").filter(|change| change.word("new/type") != "tag") {
        let listed: Vec<Tree<'_>> = change.list("commits").collect();
        // Where all are listed, the oldest follows what the branch was on before.
        let whole = !change.truth("truncated") && !change.truth("forced");
        let before = change.text("old/target/hash").filter(|_| whole);
        for (place, commit) in listed.iter().enumerate() {
            let behind = listed.get(place + 1).map_or_else(|| before.clone(), |next| next.text("hash"));
            facts.push((Event::Commit(self::commit(*commit, &repository, behind)?), None));
        }
    }
    if facts.is_empty() { Ok(Outcome::ignored("the push brings no commits to a branch")) } else { Ok(Outcome::Facts(facts)) }
}

fn commit(commit: Tree<'_>, repository: &str, behind: Option<String>) -> Result<Commit, String> {
    let exact: Vec<String> = commit.list("parents").filter_map(|parent| parent.text("hash")).collect();
    let (name, email) = split_author(commit.word("author/raw"));
    let user = commit.at("author/user");
    Ok(Commit {
        sha: commit.need("hash")?,
        repository: Some(repository.into()),
        authored_at: commit.time("date"),
        bot: Some(bot(user) || is_bot(name) || email.is_some_and(is_bot)),
        author: person(user).or_else(|| email.map(Into::into)).or_else(|| Some(name.to_owned()).filter(|name| !name.is_empty())),
        email: email.map(Into::into),
        message: commit.text("message"),
        exact_parents: !exact.is_empty(),
        parents: if exact.is_empty() { behind.map(|sha| vec![sha]) } else { Some(exact) },
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
pub fn pull_request(sent: Tree<'_>, key: &str) -> Read {
    let (state, request) = (sent.word("pullrequest/state"), sent.at("pullrequest"));
    if state != "OPEN" && key.ends_with("updated") {
        return Ok(Outcome::ignored("the pull request is closed already, and this does not say since when"));
    }
    let at = request.need_time("updated_on")?;
    let mut change = change(sent)?;
    if key.ends_with("fulfilled") {
        (change.merged_at, change.closed_at) = (Some(at), Some(at));
        change.merge_commit = request.text("merge_commit/hash");
    } else if key.ends_with("rejected") {
        change.closed_at = Some(at);
    }
    Ok(Outcome::one(Event::Change(change), Some(at)))
}

fn change(sent: Tree<'_>) -> Result<Change, String> {
    let (repository, request) = (repository(sent)?, sent.at("pullrequest"));
    let (branch, title) = (request.text("source/branch/name").map(|name| branch(&name)), request.text("title"));
    let item = item_of(branch.as_deref(), title.as_deref(), Some(request.word("description")), &repository);
    // Who has answered is no longer asked.
    let answered: Vec<Option<String>> = request
        .list("participants")
        .filter(|it| it.truth("approved") || it.text("state").is_some())
        .map(|it| person(it.at("user")))
        .collect();
    Ok(Change {
        id: format!("{repository}#{}", request.need("id")?),
        opened_at: request.time("created_on"),
        head: request.text("source/commit/hash"),
        author: person(request.at("author")),
        bot: bot(request.at("author")),
        draft: request.truth("draft"),
        reviewers: request.list("reviewers").map(person).filter(|who| !answered.contains(who)).flatten().collect(),
        url: request.text("links/html/href"),
        repository: Some(repository),
        branch,
        title,
        item,
        ..Change::default()
    })
}

/// `pullrequest:approved`, `changes_request_created`, `comment_created`.
pub fn review(sent: Tree<'_>, key: &str) -> Read {
    let (made, state, date) = if key.ends_with("approved") {
        (sent.at("approval"), "approved", "date")
    } else if key.ends_with("comment_created") {
        (sent.at("comment"), "commented", "created_on")
    } else {
        (sent.at("changes_request"), "changes_requested", "date")
    };
    let (change, at) = (change(sent)?, made.need_time(date)?);
    let reviewer = if made.at("user").is_some() { made.at("user") } else { sent.at("actor") };
    let who = person(reviewer);
    let review = Review {
        // A comment has an id; a vote is told by who gave it when.
        id: made.text("id").unwrap_or_else(|| format!("{} {state} {} {at}", change.id, who.as_deref().unwrap_or_default())),
        change: change.id.clone(),
        bot: bot(reviewer),
        reviewer: who,
        at,
        state: state.into(),
    };
    let version = sent.time("pullrequest/updated_on").filter(|_| sent.word("pullrequest/state") == "OPEN");
    Ok(reviewed(version.map(|version| (Event::Change(change), version.max(at))), review, at))
}

/// `repo:commit_status_created`, `updated`: a build, as the tool that runs it tells Bitbucket.
pub fn commit_status(sent: Tree<'_>, _: &str) -> Read {
    let (repository, status) = (repository(sent)?, sent.at("commit_status"));
    let linked = || status.text("links/commit/href").and_then(|href| Some(href.rsplit('/').next()?.to_owned()));
    let sha = status.text("commit/hash").or_else(linked).ok_or("it has no commit_status.commit.hash")?;
    let outcome = match status.word("state") {
        "SUCCESSFUL" => Ended::Success,
        "FAILED" => Ended::Failure,
        "STOPPED" => Ended::Cancelled,
        "INPROGRESS" => Ended::Running,
        other => return Ok(Outcome::Ignored(format!("pacer knows no build state `{other}`"))),
    };
    let at = status.need_time("updated_on")?;
    let run = Run {
        id: format!("{sha} {}", status.need("key")?),
        repository: Some(repository),
        workflow: status.text("name").or_else(|| status.text("key")),
        branch: status.text("refname").map(|name| branch(&name)),
        sha: Some(sha),
        outcome,
        started_at: status.time("created_on"),
        finished_at: (outcome != Ended::Running).then_some(at),
    };
    Ok(Outcome::one(Event::Run(run), Some(at)))
}

/// `issue:created`, `updated`.
pub fn issue(sent: Tree<'_>, key: &str) -> Read {
    let (repository, issue) = (repository(sent)?, sent.at("issue"));
    let at = issue.need_time("updated_on")?;
    let done = matches!(issue.word("state"), "resolved" | "closed" | "duplicate" | "invalid" | "wontfix");
    if done && key.ends_with("updated") && !sent.at("changes/status").is_some() {
        return Ok(Outcome::ignored("the issue is done already, and this does not say since when"));
    }
    let item = Item {
        id: format!("{repository}#{}", issue.need("id")?),
        kind: issue.text("kind").or_else(|| issue.text("type")),
        labels: ["component/name", "component", "priority"].into_iter().filter_map(|path| issue.text(path)).collect(),
        title: issue.text("title"),
        created_at: issue.time("created_on"),
        done_at: done.then_some(at),
        status: issue.text("state"),
        assignee: person(issue.at("assignee")),
        url: issue.text("links/html/href"),
        project: Some(repository),
        ..Item::default()
    };
    Ok(Outcome::one(Event::Item(item), Some::<At>(at)))
}
