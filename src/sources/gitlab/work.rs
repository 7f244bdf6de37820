//! Webhooks that tell of work: push, merge request, note, issue and other work items.
//!
//! Why `before` is not always the parent of a push's first commit: GitLab does not say whether a push was forced. Only a
//! default or protected branch can be trusted to have been built upon; elsewhere the old head may be left behind, and its
//! commits would count as shipped. What a webhook leaves open, backfill fills in with git's own parents.

use super::people::{User, author};
use super::{facts, labels, repository};
use crate::domain::event::{Commit, Event, Review};
use crate::domain::time::At;
use crate::sources::commits::{follow_each_other, is_nothing, paths};
use crate::sources::object::Object;
use crate::sources::{Outcome, Read};

/// GitLab lists at most so many commits of a push, the newest; what lies before the first one listed is then not known.
const MOST_COMMITS: usize = 20;

/// Why a push of tags is ignored.
pub const TAGS: &str = "a tag push brings no commits; releases and deployments tell what was shipped";

/// `push`: the commits of a branch, each behind the one before it in the push.
pub fn push(payload: &Object<'_>) -> Read {
    let repository = repository(payload)?;
    let branch = payload.need_text("ref")?;
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
    let whole = match payload.count("total_commits_count")? {
        Some(total) => total <= listed.len() as u64,
        None => listed.len() < MOST_COMMITS,
    };
    let main = payload.text("project/default_branch")?;
    let guarded = payload.is_true("ref_protected")? || main.is_some() && branch.strip_prefix("refs/heads/") == main.as_deref();
    let before = payload.text("before")?.filter(|sha| whole && guarded && !is_nothing(sha));
    let mut commits = listed.iter().map(|pushed| commit(pushed, &repository)).collect::<Result<Vec<_>, _>>()?;
    follow_each_other(commits.iter_mut(), before);
    Ok(Outcome::Facts(commits.into_iter().map(|commit| (Event::Commit(commit), None)).collect()))
}

fn commit(pushed: &Object<'_>, repository: &str) -> Result<Commit, String> {
    let (author, email, bot) = author(pushed.text("author/name")?, pushed.text("author/email")?);
    // GitLab fills it with the committer's date; by the rule for pushes it stands for the author's, until git's is known.
    let timestamp = pushed.time("timestamp")?;
    Ok(Commit {
        sha: pushed.need_text("id")?,
        repository: Some(repository.into()),
        authored_at: timestamp,
        committed_at: timestamp,
        author,
        email,
        bot: Some(bot),
        message: pushed.text("message")?,
        paths: paths([pushed.texts("added")?, pushed.texts("modified")?, pushed.texts("removed")?]),
        ..Commit::default()
    })
}

/// `merge_request`: the whole of it, whatever was done; an approval is a review, too.
pub fn merge_request(payload: &Object<'_>) -> Read {
    let repository = repository(payload)?;
    let request = payload.object("object_attributes")?;
    let change = facts::change_id(&repository, request.need_count("iid")?);
    let (action, updated_at) = (request.word("action")?, request.time("updated_at")?);
    let (user, author) = (User::of(&payload.object("user")?)?, request.count("author_id")?);
    let mut found = Vec::new();
    if let Some(at) = became_ready(&payload.object("changes")?, updated_at)? {
        found.push(facts::ready(&change, at));
    }
    let around = around(payload, &request, &action, &user, author)?;
    found.extend(facts::change(&request, around, &repository)?);
    // The approvals that a push resets come under the name of the one who pushed.
    let by_hand = !request.is_true("system")? && (user.id.is_none() || user.id != author);
    let state = match action.as_str() {
        "approved" | "approval" => Some(Review::APPROVED),
        "unapproved" | "unapproval" => Some(Review::DISMISSED),
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

fn around(payload: &Object<'_>, request: &Object<'_>, action: &str, user: &User, author: Option<u64>) -> Result<facts::Around, String> {
    let updated_at = request.time("updated_at")?;
    let (assignees, reviewers) = (User::all(payload, "assignees")?, User::all(payload, "reviewers")?);
    // The author is told by number alone; its name is known where the payload holds it for another reason.
    let mut known = [user].into_iter().chain(&assignees).chain(&reviewers);
    let author = known.find(|known| known.id.is_some() && known.id == author).cloned().unwrap_or_default();
    let draft = facts::is_draft(request)?;
    Ok(facts::Around {
        author: author.username,
        bot: author.bot,
        head: request.text("last_commit/id")?,
        url: request.text("url")?,
        reviewers: asked(payload)?,
        labels: labels(payload)?,
        ready_at: request.time("created_at")?.filter(|_| action == "open" && !draft),
        merged_at: request.time("merged_at")?.or(updated_at.filter(|_| action == "merge")),
        closed_at: request.time("closed_at")?.or(updated_at.filter(|_| action == "close")),
    })
}

/// The reviewers who have not reviewed yet, as far as GitLab says (from 18.6 on).
fn asked(payload: &Object<'_>) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    for reviewer in payload.objects("reviewers")? {
        let done = matches!(reviewer.word("state")?.as_str(), "reviewed" | "requested_changes" | "approved" | "unapproved");
        if !done || reviewer.is_true("re_requested")? {
            names.extend(reviewer.text("username")?);
        }
    }
    Ok(names)
}

/// When a draft became ready in this delivery: by the flag of either name, else by its title.
fn became_ready(changes: &Object<'_>, updated_at: Option<At>) -> Result<Option<At>, String> {
    let mut ready = false;
    for name in ["draft", "work_in_progress"] {
        let change = changes.object(name)?;
        ready |= (change.truth("previous")?, change.truth("current")?) == (Some(true), Some(false));
    }
    if let (Some(previous), Some(current)) = (changes.text("title/previous")?, changes.text("title/current")?) {
        ready |= says_draft(&previous) && !says_draft(&current);
    }
    let at = changes.time("updated_at/current")?.or(updated_at);
    Ok(at.filter(|_| ready))
}

/// Whether a title makes its merge request a draft: `Draft:`, `[Draft]`, `(Draft)`, and `WIP` of old.
fn says_draft(title: &str) -> bool {
    let title = title.trim_start().to_lowercase();
    ["draft:", "[draft]", "(draft)", "wip:", "[wip]"].iter().any(|start| title.starts_with(start))
}

/// `note`: what somebody else than the author says on a merge request is a review.
pub fn note(payload: &Object<'_>) -> Read {
    let note = payload.object("object_attributes")?;
    if !note.is("noteable_type", "MergeRequest")? {
        return Ok(Outcome::ignored("only notes on merge requests are reviews"));
    }
    if note.is_true("system")? {
        return Ok(Outcome::ignored("GitLab wrote the note itself"));
    }
    let (repository, request) = (repository(payload)?, payload.object("merge_request")?);
    let change = facts::change_id(&repository, request.need_count("iid")?);
    let wrote = note.count("author_id")?;
    if wrote.is_some() && wrote == request.count("author_id")? {
        return Ok(Outcome::ignored("a note of the merge request's author is no review"));
    }
    let (event, version) = facts::note(&note, change, User::of(&payload.object("user")?)?, Review::COMMENTED)?;
    Ok(Outcome::one(event, version))
}

/// `issue` and `work_item`.
pub fn issue(payload: &Object<'_>) -> Read {
    let issue = payload.object("object_attributes")?;
    if facts::kind_of(&issue)?.as_deref() == Some("epic") {
        return Ok(Outcome::ignored("an epic belongs to a group; pacer reads the work items of projects"));
    }
    let repository = repository(payload)?;
    let labels = Some(labels(payload)?).filter(|labels| !labels.is_empty()).map_or_else(|| labels(&issue), Ok)?;
    let assignee = User::all(payload, "assignees")?.into_iter().find_map(|user| user.username);
    Ok(Outcome::Facts(facts::issue(&issue, labels, assignee, issue.text("url")?, &repository)?))
}
