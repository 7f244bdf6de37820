//! Entries of the REST API's lists, each as the facts it states and what paging needs to know of it.
//!
//! An entry states the same ids as the webhook of the same thing, and its version in the same terms, so that the two may come
//! in any order.
//!
//! Approvals are read from the notes that GitLab itself writes, as they carry their moment on every version of GitLab; the
//! list of approvals does not.

use super::super::people::{User, author};
use super::super::{deploys, facts, labels};
use super::Memory;
use crate::domain::event::{Commit, Deployment, Event, Review, Status};
use crate::domain::time::At;
use crate::sources::Fact;
use crate::sources::commits::follow_each_other;
use crate::sources::object::Object;

/// An entry of a list.
#[derive(Debug, Default)]
pub struct Listed {
    /// What it states.
    pub facts: Vec<Fact>,
    /// Its number in its list: `iid`, else `id`.
    pub number: u64,
    /// When it was last changed: the order of its list.
    pub updated_at: Option<At>,
    /// The number of a merge request's author.
    pub author: Option<u64>,
    /// Whether a merge request's commits were squashed into one.
    pub squashed: bool,
    /// Whether an environment is of the production tier, where GitLab tells.
    pub production: Option<bool>,
}

/// An entry, or why it can't be read.
type Read = Result<Listed, String>;

fn listed(fields: &Object<'_>, number: &str, facts: impl IntoIterator<Item = Fact>) -> Read {
    let number = fields.need_count(number)?;
    Ok(Listed { facts: facts.into_iter().collect(), number, updated_at: fields.time("updated_at")?, ..Listed::default() })
}

/// Of `merge_requests`.
pub fn merge_request(request: &Object<'_>, scope: &str) -> Read {
    let author = User::of(&request.object("author")?)?;
    let around = facts::Around {
        author: author.username,
        bot: author.bot,
        head: request.text("sha")?,
        url: request.text("web_url")?,
        reviewers: User::all(request, "reviewers")?.into_iter().filter_map(|user| user.username).collect(),
        labels: labels(request)?,
        ready_at: None, // its notes tell
        merged_at: request.time("merged_at")?,
        closed_at: request.time("closed_at")?,
    };
    let fact = facts::change(request, around, scope)?;
    let squashed = request.text("squash_commit_sha")?.is_some();
    Ok(Listed { author: author.id, squashed, ..listed(request, "iid", fact)? })
}

/// What GitLab writes when a draft becomes ready, and wrote in former years.
const READY: [&str; 3] = [
    "marked this merge request as **ready**",
    "unmarked as a **work in progress**",
    "unmarked this merge request as a **work in progress**",
];

/// Of a merge request's `notes`.
pub fn note(note: &Object<'_>, memory: &Memory) -> Read {
    let change = memory.change.clone().unwrap_or_default();
    let wrote = User::of(&note.object("author")?)?;
    let own = wrote.id.is_some() && wrote.id == memory.author;
    let written = note.word("body")?.trim().to_lowercase();
    let at = note.need_time("created_at")?;
    let fact = match (note.is_true("system")?, written.as_str()) {
        (true, text) if READY.contains(&text) => Some(facts::ready(&change, at)),
        _ if own => None,
        (true, "approved this merge request") => facts::approval(change, wrote, Review::APPROVED, at),
        (true, "unapproved this merge request") => facts::approval(change, wrote, Review::DISMISSED, at),
        (true, "requested changes") => Some(facts::note(note, change, wrote, Review::CHANGES_REQUESTED)?),
        (true, _) => None,
        (false, _) => Some(facts::note(note, change, wrote, Review::COMMENTED)?),
    };
    listed(note, "id", fact)
}

/// Of the repository's `commits`, or those of a merge request.
pub fn commit(commit: &Object<'_>, scope: &str) -> Read {
    let (author, email, bot) = author(commit.text("author_name")?, commit.text("author_email")?);
    let parents = commit.texts("parent_ids")?;
    let fact = Commit {
        sha: commit.need_text("id")?,
        repository: Some(scope.into()),
        authored_at: commit.time("authored_date")?,
        committed_at: commit.time("committed_date")?,
        author,
        email,
        bot: Some(bot),
        message: commit.text("message")?,
        exact_parents: parents.is_some(),
        parents,
        ..Commit::default()
    };
    Ok(Listed { facts: vec![(Event::Commit(fact), None)], ..Listed::default() })
}

/// The commits of a merge request come without parents, the newest first: each then lies on the next one.
pub fn chain(commits: &mut [Read]) {
    let mut newest_first = Vec::with_capacity(commits.len());
    for (event, _) in commits.iter_mut().flatten().flat_map(|listed| &mut listed.facts) {
        if let Event::Commit(commit) = event {
            if commit.parents.as_ref().is_some_and(Vec::is_empty) {
                (commit.parents, commit.exact_parents) = (None, false);
            }
            newest_first.push(commit);
        }
    }
    follow_each_other(newest_first.into_iter().rev(), None);
}

/// Of `environments`.
pub fn environment(environment: &Object<'_>) -> Read {
    let production = environment.text("tier")?.map(|tier| tier == "production");
    Ok(Listed { production, ..listed(environment, "id", None)? })
}

/// Of `deployments`.
pub fn deployment(deployment: &Object<'_>, scope: &str, memory: &Memory) -> Read {
    let Ok(status) = deploys::status_of(&deployment.need_text("status")?) else {
        return listed(deployment, "id", None);
    };
    let (environment, job) = (deployment.object("environment")?, deployment.object("deployable")?);
    let updated_at = deployment.time("updated_at")?;
    let id = deployment.need_count("id")?.to_string();
    let ended = status != Status::Pending;
    let fact = Deployment {
        environment: environment.text("name")?,
        production: environment.count("id")?.and_then(|id| memory.production(id)),
        status,
        started_at: job.time("started_at")?.or(deployment.time("created_at")?),
        finished_at: if ended { Some(deployment.needed("updated_at", job.time("finished_at")?.or(updated_at))?) } else { None },
        sha: deployment.text("sha")?,
        ..deploys::of_repository(id, scope, "deployment")
    };
    listed(deployment, "id", [(Event::Deployment(fact), updated_at)])
}

/// Of `pipelines`. The list does not say when one ended; its last change is that, unless it was retried since.
pub fn pipeline(pipeline: &Object<'_>, scope: &str) -> Read {
    let updated_at = pipeline.time("updated_at")?;
    // A pipeline of a merge request runs on a ref of its own, which is no branch.
    let branch = pipeline.text("ref")?.filter(|name| !name.starts_with("refs/"));
    let fact = deploys::run(pipeline, branch, updated_at, scope)?;
    listed(pipeline, "id", [(Event::Run(fact), updated_at)])
}

/// Of `issues`.
pub fn issue(issue: &Object<'_>, scope: &str) -> Read {
    let assignee = User::all(issue, "assignees")?.into_iter().find_map(|user| user.username);
    let facts = facts::issue(issue, labels(issue)?, assignee, issue.text("web_url")?, scope)?;
    listed(issue, "iid", facts)
}

/// Of `releases`.
pub fn release(release: &Object<'_>, scope: &str) -> Read {
    let tag = release.need_text("tag_name")?;
    Ok(Listed { facts: deploys::released(release, &tag, scope)?.into_iter().collect(), ..Listed::default() })
}
