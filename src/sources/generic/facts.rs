//! What each type of generic event needs, and the fact that it makes.

use super::fields::short;
use super::row::{Row, RowCommit, at, filled, lines, name, needed, sha};
use crate::domain::event::{Activity, Change, Commit, Deployment, Event, Incident, Item, Outcome, Review, Run, Stated, Status};
use crate::domain::machines::is_bot;

/// The types, as messages name them.
pub const TYPES: &str = "deployment, change, review, incident, item, activity and run";

impl Row {
    /// The fact that it states; one that is placed needs no service of its own.
    pub(super) fn stated(mut self, line: u64, placed: bool) -> Result<Stated, String> {
        let updated_at = at(self.updated_at);
        let event = match filled(self.event.take()).as_deref() {
            Some("deployment") => Event::Deployment(self.deployment(placed)?),
            Some("change") => Event::Change(self.change()?),
            Some("incident") => Event::Incident(self.incident()?),
            Some("item") => Event::Item(self.item()?),
            Some("activity") => Event::Activity(self.activity()?),
            Some("review") => Event::Review(self.review()?),
            Some("run") => Event::Run(self.run()?),
            Some(other) => return Err(format!("\"type\" is \"{}\"; {TYPES} are known", short(other))),
            None => return Err(format!("\"type\" is missing; it is one of {TYPES}")),
        };
        Ok(Stated { event, updated_at, line })
    }

    fn deployment(self, placed: bool) -> Result<Deployment, String> {
        const EVENT: &str = "deployment";
        let id = needed(EVENT, "id", name("id", self.id)?)?;
        let (service, repository) = (name("service", self.service)?, name("repository", self.repository)?);
        if service.is_none() && repository.is_none() && !placed {
            return Err("a deployment needs \"service\" or \"repository\"".into());
        }
        let status = status(&needed(EVENT, "status", filled(self.status))?)?;
        if status == Status::Success && self.finished_at.is_none() {
            return Err("a deployment that is a success needs \"finished_at\"".into());
        }
        let (mut hotfix, mut rollback) = (false, false);
        for flag in self.flags.unwrap_or_default() {
            match flag.trim() {
                "hotfix" => hotfix = true,
                "rollback" => rollback = true,
                "" => {}
                other => return Err(format!("\"flags\" has \"{}\"; hotfix and rollback are known", short(other))),
            }
        }
        Ok(Deployment {
            id,
            environment: name("environment", self.environment)?,
            production: None,
            status,
            started_at: at(self.started_at),
            finished_at: at(self.finished_at),
            sha: sha("commit", self.commit)?,
            commits: commits(self.commits, repository.as_deref())?,
            service,
            repository,
            hotfix,
            rollback,
            previous: name("previous", self.previous)?,
            via: EVENT.into(),
        })
    }

    fn change(self) -> Result<Change, String> {
        const EVENT: &str = "change";
        let id = needed(EVENT, "id", name("id", self.id)?)?;
        let repository = needed(EVENT, "repository", name("repository", self.repository)?)?;
        let author = name("author", self.author)?;
        Ok(Change {
            id,
            opened_at: at(self.opened_at),
            ready_at: at(self.ready_at),
            first_review_at: at(self.first_review_at),
            merged_at: at(self.merged_at),
            closed_at: at(self.closed_at),
            merge_commit: sha("merge_commit", self.merge_commit)?,
            head: sha("head", self.head)?,
            commits: commits(self.commits, Some(&repository))?,
            bot: self.bot.unwrap_or_else(|| author.as_deref().is_some_and(is_bot)),
            author,
            draft: self.draft.unwrap_or(false),
            title: filled(self.title),
            labels: names("labels", self.labels)?,
            lines_added: lines("lines_added", self.lines_added)?,
            lines_removed: lines("lines_removed", self.lines_removed)?,
            item: name("item", self.item)?,
            service: name("service", self.service)?,
            branch: name("branch", self.branch)?,
            reviewers: names("reviewers", self.reviewers)?,
            paths: self.paths,
            url: filled(self.url),
            repository: Some(repository),
        })
    }

    fn incident(self) -> Result<Incident, String> {
        const EVENT: &str = "incident";
        let id = needed(EVENT, "id", name("id", self.id)?)?;
        let started_at = needed(EVENT, "started_at", at(self.started_at))?;
        let resolved_at = at(self.resolved_at);
        if let Some(resolved_at) = resolved_at.filter(|resolved_at| *resolved_at < started_at) {
            return Err(format!("\"resolved_at\" is before \"started_at\": {resolved_at} and {started_at}"));
        }
        Ok(Incident {
            id,
            service: name("service", self.service)?,
            repository: name("repository", self.repository)?,
            started_at,
            resolved_at,
            deployment: name("deployment", self.deployment)?,
            severity: name("severity", self.severity)?,
            title: filled(self.title),
        })
    }

    fn item(self) -> Result<Item, String> {
        Ok(Item {
            id: needed("item", "id", name("id", self.id)?)?,
            project: name("project", self.project)?,
            parent: name("parent", self.parent)?,
            kind: name("kind", self.kind)?,
            labels: names("labels", self.labels)?,
            title: filled(self.title),
            created_at: at(self.created_at),
            started_at: at(self.started_at),
            done_at: at(self.done_at),
            status: name("status", self.status)?,
            assignee: name("assignee", self.assignee)?,
            key: name("key", self.key)?,
            former_keys: Vec::new(),
            url: filled(self.url),
        })
    }

    fn activity(self) -> Result<Activity, String> {
        const EVENT: &str = "activity";
        let person = needed(EVENT, "person", name("person", self.person)?)?;
        let kind = needed(EVENT, "kind", filled(self.kind))?;
        if !["commit", "review", "comment", "transition"].contains(&kind.as_str()) {
            return Err(format!("\"kind\" is \"{}\"; commit, review, comment and transition are known", short(&kind)));
        }
        Ok(Activity { person, kind, item: name("item", self.item)?, at: needed(EVENT, "at", at(self.at))? })
    }

    fn review(self) -> Result<Review, String> {
        const EVENT: &str = "review";
        let change = needed(EVENT, "change", name("change", self.change)?)?;
        let reviewer = name("reviewer", self.reviewer)?;
        let at = needed(EVENT, "at", at(self.at))?;
        let state = filled(self.state).unwrap_or_else(|| Review::COMMENTED.into());
        if !Review::STATES.contains(&state.as_str()) {
            return Err(format!("\"state\" is \"{}\"; approved, changes_requested, commented and dismissed are known", short(&state)));
        }
        // Who reviewed what, when, is one review; most senders number them.
        let id = name("id", self.id)?.unwrap_or_else(|| format!("{change} {} {at}", reviewer.as_deref().unwrap_or_default()));
        Ok(Review { id, change, bot: self.bot.unwrap_or_else(|| reviewer.as_deref().is_some_and(is_bot)), reviewer, at, state })
    }

    fn run(self) -> Result<Run, String> {
        const EVENT: &str = "run";
        let outcome = match needed(EVENT, "status", filled(self.status))?.as_str() {
            "success" => Outcome::Success,
            "failure" => Outcome::Failure,
            "cancelled" => Outcome::Cancelled,
            "running" | "pending" | "queued" | "in_progress" => Outcome::Running,
            other => return Err(format!("\"status\" is \"{}\"; success, failure, cancelled and running are known", short(other))),
        };
        let finished_at = at(self.finished_at);
        if outcome != Outcome::Running && finished_at.is_none() {
            return Err("a run that has ended needs \"finished_at\"".into());
        }
        Ok(Run {
            id: needed(EVENT, "id", name("id", self.id)?)?,
            repository: Some(needed(EVENT, "repository", name("repository", self.repository)?)?),
            workflow: name("workflow", self.workflow)?,
            branch: name("branch", self.branch)?,
            sha: sha("commit", self.commit)?,
            outcome,
            started_at: at(self.started_at),
            finished_at,
        })
    }
}

fn names(field: &str, list: Option<Vec<String>>) -> Result<Vec<String>, String> {
    list.unwrap_or_default().into_iter().filter_map(|text| name(field, Some(text)).transpose()).collect()
}

fn status(text: &str) -> Result<Status, String> {
    match text {
        "success" => Ok(Status::Success),
        "failure" => Ok(Status::Failure),
        "pending" | "queued" | "in_progress" => Ok(Status::Pending),
        other => Err(format!("\"status\" is \"{}\"; success, failure and pending are known", short(other))),
    }
}

fn commits(list: Option<Vec<RowCommit>>, repository: Option<&str>) -> Result<Option<Vec<Commit>>, String> {
    let Some(list) = list else { return Ok(None) };
    let commits = list.into_iter().enumerate().map(|(at_index, commit)| {
        let place = |field: &str| format!("commits[{at_index}].{field}");
        let author = name(&place("author"), commit.author)?;
        Ok(Commit {
            sha: sha(&place("sha"), commit.sha)?.ok_or_else(|| format!("\"{}\" is missing", place("sha")))?,
            repository: repository.map(Into::into),
            authored_at: at(commit.authored_at),
            committed_at: at(commit.committed_at),
            bot: commit.bot.or_else(|| author.as_deref().map(is_bot)),
            author,
            message: commit.message,
            email: name(&place("email"), commit.email)?,
            paths: commit.paths,
            ..Commit::default()
        })
    });
    commits.collect::<Result<_, String>>().map(Some)
}
