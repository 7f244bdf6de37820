//! Deliveries that tell of deployments: `deployment`, `deployment_status`, `release`, `workflow_run`.

use super::payload::{self, Payload};
use crate::domain::event::{Deployment, Event, Outcome as Ended, Run, Status};
use crate::sources::commits::is_sha;
use crate::sources::{Outcome, Read, filled, needed};

fn of_repository(id: String, repository: &str, via: &str) -> Deployment {
    Deployment { repository: Some(repository.into()), ..Deployment::new(id, via) }
}

fn begun(deployment: payload::Deployment, repository: &str) -> Result<Deployment, String> {
    let id = needed(deployment.id, "deployment.id")?.to_string();
    Ok(Deployment {
        environment: deployment.environment,
        production: deployment.production_environment,
        started_at: deployment.created_at,
        sha: deployment.sha,
        ..of_repository(id, repository, "deployment")
    })
}

/// `deployment`: asked for, not ended yet.
pub fn deployment(payload: Payload, repository: &str) -> Read {
    let deployment = needed(payload.deployment, "deployment")?;
    // A deployment's own `updated_at` moves with its statuses, so it must not outrank them.
    let version = deployment.created_at;
    Ok(Outcome::one(Event::Deployment(begun(deployment, repository)?), version))
}

/// `deployment_status`: how it goes.
pub fn deployment_status(payload: Payload, repository: &str) -> Read {
    let said = needed(payload.deployment_status, "deployment_status")?;
    let mut deployment = begun(needed(payload.deployment, "deployment")?, repository)?;
    deployment.environment = filled(said.environment).or(deployment.environment);
    deployment.status = match needed(said.state.as_deref(), "deployment_status.state")? {
        "success" => Status::Success,
        "failure" | "error" => Status::Failure,
        "pending" | "queued" | "in_progress" | "waiting" => Status::Pending,
        "inactive" => return Ok(Outcome::ignored("`inactive` is GitHub's mark on a replaced deployment")),
        other => return Ok(Outcome::Ignored(format!("pacer knows no deployment state `{other}`"))),
    };
    if deployment.status != Status::Pending {
        deployment.finished_at = Some(needed(said.created_at, "deployment_status.created_at")?);
    }
    Ok(Outcome::one(Event::Deployment(deployment), said.updated_at.or(said.created_at)))
}

/// `release`: a published one is a deployment for a service that deploys by releases.
pub fn release(payload: Payload, repository: &str) -> Read {
    let release = needed(payload.release, "release")?;
    if payload.action.as_deref() == Some("deleted") {
        return Ok(Outcome::ignored("a deleted release was still a deployment"));
    }
    if release.draft == Some(true) {
        return Ok(Outcome::ignored("a draft release is not published"));
    }
    if release.prerelease == Some(true) {
        return Ok(Outcome::ignored("a pre-release is not a deployment to production"));
    }
    let Some(published_at) = release.published_at else {
        return Ok(Outcome::ignored("the release is not published"));
    };
    let id = format!("release:{}", needed(release.id, "release.id")?);
    let deployment = Deployment {
        status: Status::Success,
        started_at: release.created_at.filter(|created_at| *created_at <= published_at),
        finished_at: Some(published_at),
        sha: release.target_commitish.filter(|target| is_sha(target)),
        ..of_repository(id, repository, "release")
    };
    Ok(Outcome::one(Event::Deployment(deployment), release.updated_at.or(Some(published_at))))
}

/// `workflow_run`: a run of continuous integration; a service may say that it deploys by that workflow.
pub fn workflow_run(payload: Payload, repository: &str) -> Read {
    let run = needed(payload.workflow_run, "workflow_run")?;
    let version = run.updated_at;
    let name = payload.workflow.and_then(|workflow| workflow.name);
    Ok(Outcome::one(Event::Run(run_of(run, name, repository)?), version))
}

/// A workflow run as a fact.
pub fn run_of(run: payload::WorkflowRun, workflow: Option<String>, repository: &str) -> Result<Run, String> {
    let outcome = match run.conclusion.as_deref().filter(|_| run.status.as_deref().is_none_or(|status| status == "completed")) {
        Some("success") => Ended::Success,
        Some("failure" | "timed_out" | "startup_failure") => Ended::Failure,
        Some("action_required") | None => Ended::Running,
        Some(_) => Ended::Cancelled, // cancelled, skipped, stale, neutral: neither passed nor failed
    };
    let finished_at = if outcome == Ended::Running { None } else { Some(needed(run.updated_at, "workflow_run.updated_at")?) };
    Ok(Run {
        id: format!("run:{}", needed(run.id, "workflow_run.id")?),
        repository: Some(repository.into()),
        workflow: filled(workflow).or(filled(run.name)),
        branch: run.head_branch,
        sha: run.head_sha,
        outcome,
        started_at: run.run_started_at.or(run.created_at),
        finished_at,
    })
}
