//! Facts of work that webhooks and the API tell alike: merge requests, reviews, issues. What only one of them says comes in
//! beside the common fields.
//!
//! Why a microsecond for an end ([`version`]): older webhooks tell time in whole seconds, so that an approval and the merge
//! that it lets through may be of the same one; without it the content's hash would choose between open and merged.

use super::people::User;
use crate::domain::event::{Change, Event, Incident, Item, Review};
use crate::domain::item_link::item_of;
use crate::domain::machines::is_bots_branch;
use crate::domain::part::{Of, Part, Step};
use crate::domain::time::At;
use crate::sources::Fact;
use crate::sources::incident_label::{say_incident, severity};
use crate::sources::object::Object;

/// The version of a fact: of two of one instant, the one that ended it is the later.
fn version(updated_at: Option<At>, ended: bool) -> Option<At> {
    updated_at.map(|at| at.plus(i64::from(ended)))
}

/// As GitLab writes a reference: `group/app!12`.
pub fn change_id(repository: &str, iid: u64) -> String {
    format!("{repository}!{iid}")
}

/// What a payload says of a merge request outside the common fields.
#[derive(Debug, Default)]
pub struct Around {
    pub author: Option<String>,
    pub bot: bool,
    pub head: Option<String>,
    pub url: Option<String>,
    pub reviewers: Vec<String>,
    pub labels: Vec<String>,
    pub ready_at: Option<At>,
    pub merged_at: Option<At>,
    pub closed_at: Option<At>,
}

/// A merge request as a change. `None`: it ended, and the payload does not say when.
pub fn change(request: &Object<'_>, around: Around, repository: &str) -> Result<Option<Fact>, String> {
    let state = request.text("state")?;
    let (merged, closed) = (state.as_deref() == Some("merged"), state.as_deref() == Some("closed"));
    let merged_at = around.merged_at.filter(|_| merged);
    // A merged one has ended too, as it has on GitHub.
    let closed_at = merged_at.or(around.closed_at.filter(|_| closed));
    if (merged || closed) && closed_at.is_none() {
        return Ok(None);
    }
    let (title, branch) = (request.text("title")?, request.text("source_branch")?);
    let fact = Change {
        id: change_id(repository, request.need_count("iid")?),
        repository: Some(repository.into()),
        opened_at: request.time("created_at")?,
        ready_at: around.ready_at,
        merged_at,
        closed_at,
        merge_commit: if merged { merge_commit(request)?.or_else(|| around.head.clone()) } else { None },
        head: around.head,
        author: around.author,
        bot: around.bot || branch.as_deref().is_some_and(is_bots_branch),
        draft: is_draft(request)?,
        item: item_of(branch.as_deref(), title.as_deref(), request.text("description")?.as_deref(), repository),
        title,
        labels: around.labels,
        branch,
        reviewers: around.reviewers,
        url: around.url,
        ..Change::default()
    };
    let version = version(request.time("updated_at")?, closed_at.is_some());
    Ok(Some((Event::Change(fact), version)))
}

/// Whether it is a draft, by the flag of either name.
pub fn is_draft(request: &Object<'_>) -> Result<bool, String> {
    Ok(request.truth("draft")?.or(request.truth("work_in_progress")?) == Some(true))
}

/// The commit that stands for the merge request on the target branch: the squashed one, which a merge commit may lie on top
/// of; else the merge commit; a fast-forward has neither, and its head is there itself.
fn merge_commit(request: &Object<'_>) -> Result<Option<String>, String> {
    request.first_text(&["squash_commit_sha", "merge_commit_sha"])
}

/// A person's approval, or its withdrawal: one fact a person and merge request, of which the last word counts.
pub fn approval(change: String, reviewer: User, state: &str, at: At) -> Option<Fact> {
    let username = reviewer.username?;
    let id = format!("approval:{change}:{username}");
    let fact = Review { id, change, reviewer: Some(username), bot: reviewer.bot, at, state: state.into() };
    Some((Event::Review(fact), Some(at)))
}

/// A note on a merge request as a review; `state` is what it says.
pub fn note(note: &Object<'_>, change: String, reviewer: User, state: &str) -> Result<Fact, String> {
    let at = note.need_time("created_at")?;
    let id = format!("note:{}", note.need_count("id")?);
    let fact = Review { id, change, reviewer: reviewer.username, bot: reviewer.bot, at, state: state.into() };
    Ok((Event::Review(fact), note.time("updated_at")?.or(Some(at))))
}

/// A draft became ready: a moment that later payloads no longer tell, so it is a part.
pub fn ready(change: &str, at: At) -> Fact {
    (Event::Part(Part::new(Of::Change, change, Step::Ready, at)), Some(at))
}

/// What kind of work item it is, in lower case: `issue`, `incident`, `task`, `test_case`.
pub fn kind_of(issue: &Object<'_>) -> Result<Option<String>, String> {
    Ok(issue.first_text(&["type", "issue_type"])?.map(|kind| kind.to_lowercase().replace(' ', "_")))
}

/// An issue or other work item: an item, and an incident too where its type or a label says so.
pub fn issue(
    issue: &Object<'_>,
    labels: Vec<String>,
    assignee: Option<String>,
    url: Option<String>,
    repository: &str,
) -> Result<Vec<Fact>, String> {
    let (created_at, updated_at) = (issue.time("created_at")?, issue.time("updated_at")?);
    let (kind, state) = (kind_of(issue)?, issue.text("state")?);
    let id = format!("{repository}#{}", issue.need_count("iid")?);
    let ended_at = if state.as_deref() == Some("closed") { issue.time("closed_at")?.or(updated_at) } else { None };
    let version = version(updated_at, ended_at.is_some());
    // What is confidential in GitLab must not be read in Slack.
    let title = if issue.is_true("confidential")? { None } else { issue.text("title")? };
    let gone = [("moved_to_id", "moved"), ("duplicated_to_id", "duplicate")];
    let mut status = state;
    for (field, word) in gone {
        if issue.count(field)?.is_some() {
            status = Some(word.into());
        }
    }
    let mut facts = Vec::with_capacity(2);
    if kind.as_deref() == Some("incident") || say_incident(&labels) {
        let graded = issue.text("severity")?.map(|severity| severity.to_lowercase()).filter(|severity| severity != "unknown");
        let incident = Incident {
            id: id.clone(),
            service: None,
            repository: Some(repository.into()),
            started_at: issue.needed("created_at", created_at)?,
            resolved_at: ended_at,
            deployment: None,
            severity: graded.or_else(|| severity(&labels)),
            title: title.clone(),
        };
        facts.push((Event::Incident(incident), version));
    }
    let item = Item {
        id,
        project: Some(repository.into()),
        kind,
        labels,
        title,
        created_at,
        done_at: ended_at,
        status,
        assignee,
        url,
        ..Item::default()
    };
    facts.push((Event::Item(item), version));
    Ok(facts)
}
