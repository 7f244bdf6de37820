//! Webhooks that tell of work: push, merge request, note, issue and other work items.
//!
//! Why `before` is not always the parent of a push's first commit: GitLab does not say whether a push was forced. Only a
//! default or protected branch can be trusted to have been built upon; elsewhere the old head may be left behind, and its
//! commits would count as shipped. What a webhook leaves open, backfill fills in with git's own parents.

use super::super::Outcome;
use super::fields::Fields;
use super::people::{User, author};
use super::{Read, facts, repository};
use crate::domain::event::{Commit, Event};
use crate::domain::time::At;

/// GitLab lists at most so many commits of a push, the newest; what lies before the first one listed is then not known.
const MOST_COMMITS: usize = 20;

/// Why a push of tags is ignored.
pub const TAGS: &str = "a tag push brings no commits; releases and deployments tell what was shipped";

/// `push`: the commits of a branch, each behind the one before it in the push.
pub fn push(payload: &Fields<'_>) -> Read {
    let repository = repository(payload)?;
    let branch = payload.needed("ref", payload.text("ref")?)?;
    if branch.starts_with("refs/tags/") {
        return Ok(Outcome::ignored(TAGS));
    }
    if payload.text("after")?.as_deref().is_some_and(is_nothing) {
        return Ok(Outcome::ignored("a deleted branch brings no commits"));
    }
    let listed = payload.objects("commits")?;
    if listed.is_empty() {
        return Ok(Outcome::ignored("the push brings no commits"));
    }
    let whole = match payload.number("total_commits_count")? {
        Some(total) => total <= listed.len() as u64,
        None => listed.len() < MOST_COMMITS,
    };
    let main = payload.object("project")?.text("default_branch")?;
    let guarded = payload.flag("ref_protected")? == Some(true) || main.is_some() && branch.strip_prefix("refs/heads/") == main.as_deref();
    let mut before = payload.text("before")?.filter(|sha| whole && guarded && !is_nothing(sha));
    let mut found = Vec::with_capacity(listed.len());
    for pushed in listed {
        let commit = commit(&pushed, &repository, before.take())?;
        before = Some(commit.sha.clone());
        found.push((Event::Commit(commit), None));
    }
    Ok(Outcome::Facts(found))
}

/// The sha of no commit: before a branch began, after it was deleted.
fn is_nothing(sha: &str) -> bool {
    sha.bytes().all(|byte| byte == b'0')
}

fn commit(pushed: &Fields<'_>, repository: &str, parent: Option<String>) -> Result<Commit, String> {
    let wrote = pushed.object("author")?;
    let (author, email, bot) = author(wrote.text("name")?, wrote.text("email")?);
    let lists = [pushed.texts("added")?, pushed.texts("modified")?, pushed.texts("removed")?];
    let paths = lists.iter().any(Option::is_some).then(|| lists.into_iter().flatten().flatten().collect());
    // GitLab fills it with the committer's date; by the rule for pushes it stands for the author's, until git's is known.
    let timestamp = pushed.time("timestamp")?;
    Ok(Commit {
        sha: pushed.needed("id", pushed.text("id")?)?,
        repository: Some(repository.into()),
        authored_at: timestamp,
        committed_at: timestamp,
        author,
        email,
        bot: Some(bot),
        message: pushed.text("message")?,
        paths,
        parents: parent.map(|sha| vec![sha]),
        ..Commit::default()
    })
}

/// `merge_request`: the whole of it, whatever was done; an approval is a review, too.
pub fn merge_request(payload: &Fields<'_>) -> Read {
    let repository = repository(payload)?;
    let request = payload.object("object_attributes")?;
    let change = facts::change_id(&repository, request.needed("iid", request.number("iid")?)?);
    let (action, updated_at) = (request.text("action")?.unwrap_or_default(), request.time("updated_at")?);
    let (user, author) = (User::of(&payload.object("user")?)?, request.number("author_id")?);
    let mut found = Vec::new();
    if let Some(at) = became_ready(&payload.object("changes")?, updated_at)? {
        found.push(facts::ready(&change, at));
    }
    let around = around(payload, &request, &action, &user, author)?;
    found.extend(facts::change(&request, around, &repository)?);
    // The approvals that a push resets come under the name of the one who pushed.
    let by_hand = request.flag("system")? != Some(true) && (user.id.is_none() || user.id != author);
    let state = match action.as_str() {
        "approved" | "approval" => Some("approved"),
        "unapproved" | "unapproval" => Some("dismissed"),
        _ => None,
    };
    if let Some(state) = state.filter(|_| by_hand) {
        // `updated_at` may be older than the approval, which touches the merge request in a job of its own.
        let at = request.needed("updated_at", request.time("actioned_at")?.or(updated_at))?;
        found.extend(facts::approval(change, user, state, at));
    }
    if found.is_empty() {
        return Ok(Outcome::ignored("the merge request ended before, and this delivery does not say when"));
    }
    Ok(Outcome::Facts(found))
}

fn around(payload: &Fields<'_>, request: &Fields<'_>, action: &str, user: &User, author: Option<u64>) -> Result<facts::Around, String> {
    let updated_at = request.time("updated_at")?;
    let (assignees, reviewers) = (User::all(payload, "assignees")?, User::all(payload, "reviewers")?);
    // The author is told by number alone; its name is known where the payload holds it for another reason.
    let mut known = [user].into_iter().chain(&assignees).chain(&reviewers);
    let author = known.find(|known| known.id.is_some() && known.id == author).cloned().unwrap_or_default();
    let draft = request.flag("draft")?.or(request.flag("work_in_progress")?) == Some(true);
    Ok(facts::Around {
        author: author.username,
        bot: author.bot,
        head: request.object("last_commit")?.text("id")?,
        url: request.text("url")?,
        reviewers: asked(payload)?,
        labels: payload.labels()?,
        ready_at: request.time("created_at")?.filter(|_| action == "open" && !draft),
        merged_at: request.time("merged_at")?.or(updated_at.filter(|_| action == "merge")),
        closed_at: request.time("closed_at")?.or(updated_at.filter(|_| action == "close")),
    })
}

/// The reviewers who have not reviewed yet, as far as GitLab says (from 18.6 on).
fn asked(payload: &Fields<'_>) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    for reviewer in payload.objects("reviewers")? {
        let done = matches!(reviewer.text("state")?.as_deref(), Some("reviewed" | "requested_changes" | "approved" | "unapproved"));
        if !done || reviewer.flag("re_requested")? == Some(true) {
            names.extend(reviewer.text("username")?);
        }
    }
    Ok(names)
}

/// When a draft became ready in this delivery: by the flag of either name, else by its title.
fn became_ready(changes: &Fields<'_>, updated_at: Option<At>) -> Result<Option<At>, String> {
    let mut ready = false;
    for name in ["draft", "work_in_progress"] {
        let change = changes.object(name)?;
        ready |= (change.flag("previous")?, change.flag("current")?) == (Some(true), Some(false));
    }
    let title = changes.object("title")?;
    if let (Some(previous), Some(current)) = (title.text("previous")?, title.text("current")?) {
        ready |= is_draft(&previous) && !is_draft(&current);
    }
    let at = changes.object("updated_at")?.time("current")?.or(updated_at);
    Ok(at.filter(|_| ready))
}

/// Whether a title makes its merge request a draft: `Draft:`, `[Draft]`, `(Draft)`, and `WIP` of old.
fn is_draft(title: &str) -> bool {
    let title = title.trim_start().to_lowercase();
    ["draft:", "[draft]", "(draft)", "wip:", "[wip]"].iter().any(|start| title.starts_with(start))
}

/// `note`: what somebody else than the author says on a merge request is a review.
pub fn note(payload: &Fields<'_>) -> Read {
    let note = payload.object("object_attributes")?;
    if note.text("noteable_type")?.as_deref() != Some("MergeRequest") {
        return Ok(Outcome::ignored("only notes on merge requests are reviews"));
    }
    if note.flag("system")? == Some(true) {
        return Ok(Outcome::ignored("GitLab wrote the note itself"));
    }
    let (repository, request) = (repository(payload)?, payload.object("merge_request")?);
    let change = facts::change_id(&repository, request.needed("iid", request.number("iid")?)?);
    let wrote = note.number("author_id")?;
    if wrote.is_some() && wrote == request.number("author_id")? {
        return Ok(Outcome::ignored("a note of the merge request's author is no review"));
    }
    let (event, version) = facts::note(&note, change, User::of(&payload.object("user")?)?, "commented")?;
    Ok(Outcome::one(event, version))
}

/// `issue` and `work_item`.
pub fn issue(payload: &Fields<'_>) -> Read {
    let issue = payload.object("object_attributes")?;
    if facts::kind_of(&issue)?.as_deref() == Some("epic") {
        return Ok(Outcome::ignored("an epic belongs to a group; pacer reads the work items of projects"));
    }
    let repository = repository(payload)?;
    let labels = Some(payload.labels()?).filter(|labels| !labels.is_empty()).map_or_else(|| issue.labels(), Ok)?;
    let assignee = User::all(payload, "assignees")?.into_iter().find_map(|user| user.username);
    Ok(Outcome::Facts(facts::issue(&issue, labels, assignee, issue.text("url")?, &repository)?))
}
