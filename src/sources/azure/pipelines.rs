//! Deliveries about pipelines: `build.complete` and `run-state-changed` are runs (a run's id is its build's), a stage of a
//! YAML pipeline and a stage of a release pipeline are deployments into an environment called like it.
//!
//! Why every stage: no payload says which stage deploys. Which of them is production the organisation file says, else the
//! name; the others are kept and left out. A deployment that only succeeded in part has deployed.

use super::super::Outcome;
use super::super::tree::Tree;
use super::Read;
use crate::domain::event::{Deployment, Event, Outcome as Ended, Run, Status};
use crate::domain::time::SECOND;

/// `build.complete`: the build with its commit.
pub fn build(sent: Tree<'_>) -> Read {
    let build = sent.at("resource");
    // Builds of before 2015's pipelines have the result in their status, and branch and commit in one text.
    let result = build.text("result").or_else(|| build.text("status")).unwrap_or_default();
    let old: Vec<&str> = build.word("sourceGetVersion").split(':').collect();
    let old = |place: usize| old.get(place).filter(|text| !text.is_empty()).map(|text| (*text).to_owned());
    let finished_at = build.need_time("finishTime")?;
    let branch = build.text("sourceBranch").or_else(|| old(1));
    let run = Run {
        id: format!("run:{}", build.need("id")?),
        repository: name_of(build),
        workflow: build.text("definition/name"),
        branch: branch.map(|name| name.strip_prefix("refs/heads/").unwrap_or(&name).to_owned()),
        sha: build.text("sourceVersion").or_else(|| old(2)),
        outcome: ended(&result).ok_or_else(|| format!("pacer knows no build result `{result}`"))?,
        started_at: build.time("startTime"),
        finished_at: Some(finished_at),
    };
    Ok(Outcome::one(Event::Run(run), Some(finished_at)))
}

/// The repository that a build or its project names. On GitHub its name has the owner in it.
fn name_of(build: Tree<'_>) -> Option<String> {
    let name = build.text("repository/name").or_else(|| build.text("repository/id").filter(|id| id.contains('/')))?;
    if name.contains('/') {
        Some(name)
    } else {
        Some(format!("{}/{name}", build.text("project/name").or_else(|| build.text("definition/project/name"))?))
    }
}

fn ended(result: &str) -> Option<Ended> {
    match result {
        "succeeded" | "partiallySucceeded" => Some(Ended::Success),
        "failed" | "rejected" => Some(Ended::Failure),
        "canceled" | "stopped" | "skipped" | "abandoned" => Some(Ended::Cancelled),
        _ => None,
    }
}

/// `run-state-changed`: the same run with fewer words, so that the build's outweigh them.
pub fn run(sent: Tree<'_>) -> Read {
    let run = sent.at("resource/run");
    let began = run.need_time("createdDate")?;
    let outcome = if run.word("state") == "completed" {
        let result = run.need("result")?;
        ended(&result).ok_or_else(|| format!("pacer knows no result `{result}`"))?
    } else {
        Ended::Running
    };
    let over = outcome != Ended::Running;
    let (repository, sha) = source_of(sent.at("resource"));
    let fact = Run {
        id: format!("run:{}", run.need("id")?),
        repository,
        workflow: run.text("pipeline/name").or_else(|| sent.text("resource/pipeline/name")),
        branch: None,
        sha,
        outcome,
        started_at: Some(began),
        finished_at: if over { Some(run.need_time("finishedDate")?) } else { None },
    };
    Ok(Outcome::one(Event::Run(fact), over.then_some(began)))
}

/// The first repository of a pipeline's run and its commit, where the payload has them.
fn source_of(resource: Tree<'_>) -> (Option<String>, Option<String>) {
    let Some(first) = resource.list("repositories").chain(resource.list("run/repositories")).next() else { return (None, None) };
    let sha = ["change/version", "change/commitId", "version"].into_iter().find_map(|path| first.text(path));
    (first.text("url").and_then(|url| of_url(&url)), sha)
}

/// `project/name` of `https://dev.azure.com/org/project/_git/name`, `owner/name` of GitHub's API.
fn of_url(url: &str) -> Option<String> {
    let parts: Vec<&str> = url.trim_end_matches('/').split('/').filter(|part| *part != "_git").collect();
    let [.., owner, name] = parts.as_slice() else { return None };
    (parts.len() > 3).then(|| format!("{owner}/{name}").replace("%20", " "))
}

/// `stage-state-changed`: a stage of a YAML pipeline. Run again, it is the same deployment.
pub fn stage(sent: Tree<'_>) -> Read {
    let (stage, run, at) = (sent.at("resource/stage"), sent.at("resource/run"), sent.need_time("createdDate")?);
    let name = stage.need("name")?;
    if name == "__default" {
        return Ok(Outcome::ignored("the pipeline has no stages; the run tells how it ended"));
    }
    let status = match (stage.word("state"), stage.word("result")) {
        ("completed", "succeeded" | "partiallySucceeded") => Status::Success,
        ("completed", "skipped") => return Ok(Outcome::ignored("the stage was skipped")),
        ("completed", _) => Status::Failure,
        _ => Status::Pending,
    };
    let pipeline = run.text("pipeline/name").or_else(|| sent.text("resource/pipeline/name"));
    let (repository, sha) = source_of(sent.at("resource"));
    let deployment = Deployment {
        started_at: stage.time("startTime"),
        finished_at: (status != Status::Pending).then(|| stage.time("finishTime").unwrap_or(at)),
        sha,
        ..into_stage(format!("stage:{}:{name}", run.need("id")?), stage.text("displayName").unwrap_or(name), status, repository, pipeline)
    };
    Ok(Outcome::one(Event::Deployment(deployment), Some(at)))
}

/// `deployment-completed`: a stage of a release pipeline.
pub fn release(sent: Tree<'_>) -> Read {
    let (resource, at) = (sent.at("resource"), sent.need_time("createdDate")?);
    let (stage, deployment) = (resource.at("environment"), resource.at("deployment"));
    let word = stage.text("status").or_else(|| deployment.text("deploymentStatus"));
    let status = match word.as_deref() {
        Some("succeeded" | "partiallySucceeded") => Status::Success,
        Some("rejected" | "failed" | "canceled") => Status::Failure,
        other => return Ok(Outcome::Ignored(format!("pacer knows no deployment status `{}`", other.unwrap_or("none")))),
    };
    let releases = [resource.at("release"), deployment.at("release"), stage.at("release")];
    let any = |path: &str| releases.into_iter().find_map(|release| release.text(path));
    let release = stage.text("releaseId").filter(|id| id != "0").or_else(|| any("id")).ok_or("it has no resource.environment.releaseId")?;
    // Without the number of the attempt, the event itself tells attempts apart.
    let attempt = deployment
        .text("attempt")
        .or_else(|| stage.list("deploySteps").filter_map(|step| step.number("attempt")).max().map(|number| number.to_string()));
    let attempt = attempt.map_or_else(|| sent.need("id"), Ok)?;
    let definition = stage.text("releaseDefinition/name").or_else(|| any("releaseDefinition/name"));
    let (repository, sha) = releases.into_iter().find_map(artifact).unwrap_or_default();
    let project = resource.text("project/name");
    let repository =
        repository.map(|name| if name.contains('/') { name } else { project.map_or(name.clone(), |project| format!("{project}/{name}")) });
    let finished_at = deployment.time("completedOn").unwrap_or(at);
    let took = time_to_deploy(stage);
    let deployment = Deployment {
        started_at: deployment.time("startedOn").or(took.map(|micros| finished_at.plus(-micros))),
        finished_at: Some(finished_at),
        sha,
        ..into_stage(format!("release:{release}:{}:{attempt}", stage.need("id")?), stage.need("name")?, status, repository, definition)
    };
    Ok(Outcome::one(Event::Deployment(deployment), Some(at)))
}

/// The repository and commit of a release's first artifact that has them, as the definition's references name them.
fn artifact(release: Tree<'_>) -> Option<(Option<String>, Option<String>)> {
    let mut references: Vec<Tree<'_>> = release.list("artifacts").map(|artifact| artifact.at("definitionReference")).collect();
    references.sort_by_key(|reference| !reference.at("sourceVersion").is_some());
    let reference = references.first()?;
    Some((reference.text("repository/name"), reference.text("sourceVersion/id")))
}

/// How long it took, in microseconds; the payload says it in minutes.
fn time_to_deploy(stage: Tree<'_>) -> Option<i64> {
    let minutes: f64 = stage.text("timeToDeploy")?.parse().ok()?;
    #[allow(clippy::cast_possible_truncation, reason = "at most 30 days of seconds")]
    (0.0..=43_200.0).contains(&minutes).then(|| (minutes * 60.0) as i64 * SECOND)
}

/// A deployment into a stage; the service is called after the repository, else after the pipeline.
fn into_stage(id: String, stage: String, status: Status, repository: Option<String>, pipeline: Option<String>) -> Deployment {
    Deployment {
        id,
        service: pipeline.filter(|_| repository.is_none()),
        repository,
        environment: Some(stage),
        production: None,
        status,
        started_at: None,
        finished_at: None,
        sha: None,
        commits: None,
        hotfix: false,
        rollback: false,
        previous: None,
        via: "deployment".into(),
    }
}
