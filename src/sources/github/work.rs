//! Deliveries that tell of work: `push`, `pull_request`, `pull_request_review`, `issues`.

use super::payload::{Issue, Named, Payload, PullRequest, PushCommit};
use crate::domain::event::{ASKED_TEAM, Change, Commit, Event, Incident, Item, Review};
use crate::domain::item_link::item_of;
use crate::domain::part::{Of, Part, Step};
use crate::domain::time::At;
use crate::sources::commits::{follow_each_other, is_nothing, paths};
use crate::sources::incident_label::{say_incident, severity};
use crate::sources::{Outcome, Read, needed};

/// GitHub lists at most so many commits of a push; what lies before the first one listed is then not known.
const MOST_COMMITS: usize = 2048;

/// `push`: the commits of a branch, each behind the one before it in the push.
pub fn push(payload: Payload, repository: &str) -> Read {
    let branch = needed(payload.git_ref, "ref")?;
    if branch.starts_with("refs/tags/") {
        return Ok(Outcome::ignored("a tag push brings no commits; releases and deployments tell what was shipped"));
    }
    if payload.deleted == Some(true) {
        return Ok(Outcome::ignored("a deleted branch brings no commits"));
    }
    let listed = payload.commits.unwrap_or_default();
    let whole = listed.len() < MOST_COMMITS && payload.forced != Some(true);
    let before = payload.before.filter(|sha| whole && !is_nothing(sha));
    if listed.is_empty() {
        // A branch put on a commit that is known elsewhere: its words are news, its parents are not.
        let Some(head) = payload.head_commit else { return Ok(Outcome::ignored("the push brings no commits")) };
        return Ok(Outcome::one(Event::Commit(commit(head, repository)?), None));
    }
    let mut commits = listed.into_iter().map(|pushed| commit(pushed, repository)).collect::<Result<Vec<_>, _>>()?;
    follow_each_other(commits.iter_mut(), before);
    Ok(Outcome::Facts(commits.into_iter().map(|commit| (Event::Commit(commit), None)).collect()))
}

fn commit(pushed: PushCommit, repository: &str) -> Result<Commit, String> {
    let author = pushed.author.unwrap_or_default();
    Ok(Commit {
        sha: needed(pushed.id, "commits.id")?,
        repository: Some(repository.into()),
        authored_at: pushed.timestamp,
        bot: Some(author.bot()),
        email: author.email.clone(),
        author: author.named(),
        paths: paths([pushed.added, pushed.modified, pushed.removed]),
        message: pushed.message,
        ..Commit::default()
    })
}

/// `pull_request`: the whole of it, whatever was done.
pub fn pull_request(payload: Payload, repository: &str) -> Read {
    let request = needed(payload.pull_request, "pull_request")?;
    let id = format!("{repository}#{}", needed(request.number, "pull_request.number")?);
    let (action, updated_at, draft) = (payload.action.unwrap_or_default(), request.updated_at, request.draft == Some(true));
    let ready_at = match action.as_str() {
        "ready_for_review" => updated_at,
        "opened" if !draft => request.created_at,
        _ => None,
    };
    let mut facts = Vec::new();
    // The moment a draft became ready is in this delivery only; as a part it outlives later ones.
    if let (Some(at), "ready_for_review") = (ready_at, action.as_str()) {
        facts.push((Event::Part(Part::new(Of::Change, id.clone(), Step::Ready, at)), updated_at));
    }
    let mut change = change(request, id, repository);
    change.ready_at = ready_at;
    facts.push((Event::Change(change), updated_at));
    Ok(Outcome::Facts(facts))
}

/// A pull request as a fact; when it became ready is not in it.
pub fn change(request: PullRequest, id: String, repository: &str) -> Change {
    let merged = request.merged.unwrap_or(request.merged_at.is_some());
    let author = request.user.unwrap_or_default();
    let (head, branch) = request.head.map(|head| (head.sha, head.branch)).unwrap_or_default();
    let people = request.requested_reviewers.unwrap_or_default().into_iter().filter_map(|user| user.login);
    let teams = request.requested_teams.unwrap_or_default().into_iter().filter_map(|team| team.slug);
    let item = item_of(branch.as_deref(), request.title.as_deref(), request.body.as_deref(), repository);
    Change {
        id,
        item,
        branch,
        reviewers: people.chain(teams.map(|slug| format!("{ASKED_TEAM}{slug}"))).collect(),
        url: request.html_url,
        repository: Some(repository.into()),
        opened_at: request.created_at,
        merged_at: request.merged_at.filter(|_| merged),
        closed_at: request.closed_at,
        // Before the merge it is GitHub's trial merge, which is on no branch.
        merge_commit: request.merge_commit_sha.filter(|_| merged),
        head,
        bot: author.bot(),
        author: author.login,
        draft: request.draft == Some(true),
        title: request.title,
        labels: names(request.labels),
        lines_added: request.additions,
        lines_removed: request.deletions,
        ..Change::default()
    }
}

/// `pull_request_review`: submitted, edited or dismissed.
pub fn review(payload: Payload, repository: &str) -> Read {
    let review = needed(payload.review, "review")?;
    let request = needed(payload.pull_request, "pull_request")?;
    let Some(at) = review.submitted_at else { return Ok(Outcome::ignored("the review is not submitted yet")) };
    let reviewer = review.user.unwrap_or_default();
    let fact = Review {
        id: needed(review.id, "review.id")?.to_string(),
        change: format!("{repository}#{}", needed(request.number, "pull_request.number")?),
        bot: reviewer.bot(),
        reviewer: reviewer.login,
        at,
        state: needed(review.state, "review.state")?.to_lowercase(),
    };
    Ok(Outcome::one(Event::Review(fact), review.updated_at.or(request.updated_at)))
}

/// `issues`: a work item, and an incident too where a label says so.
pub fn issue(payload: Payload, repository: &str) -> Read {
    let mut issue = needed(payload.issue, "issue")?;
    if issue.pull_request.is_some() {
        return Ok(Outcome::ignored("the issue is a pull request"));
    }
    let gone = payload.action.filter(|action| matches!(action.as_str(), "deleted" | "transferred"));
    let id = format!("{repository}#{}", needed(issue.number, "issue.number")?);
    let open = gone.is_none() && issue.state.as_deref() != Some("closed");
    let ended_at = if open { None } else { issue.closed_at.or(issue.updated_at) };
    let version = issue.updated_at;
    let mut facts = Vec::with_capacity(2);
    let labels = names(issue.labels.take());
    if say_incident(&labels) {
        let incident = Incident {
            id: id.clone(),
            service: None,
            repository: Some(repository.into()),
            started_at: needed(issue.created_at, "issue.created_at")?,
            resolved_at: ended_at,
            deployment: None,
            severity: severity(&labels),
            title: issue.title.clone(),
        };
        facts.push((Event::Incident(incident), version));
    }
    facts.push((Event::Item(item(issue, id, repository, labels, gone, ended_at)), version));
    Ok(Outcome::Facts(facts))
}

fn item(issue: Issue, id: String, project: &str, labels: Vec<String>, gone: Option<String>, done_at: Option<At>) -> Item {
    Item {
        id,
        project: Some(project.into()),
        kind: issue.kind.and_then(|kind| kind.name),
        labels,
        title: issue.title,
        created_at: issue.created_at,
        done_at,
        status: gone.or(issue.state_reason).or(issue.state),
        assignee: issue.assignee.and_then(|user| user.login),
        url: issue.html_url,
        ..Item::default()
    }
}

fn names(labels: Option<Vec<Named>>) -> Vec<String> {
    labels.unwrap_or_default().into_iter().filter_map(|label| label.name).collect()
}
