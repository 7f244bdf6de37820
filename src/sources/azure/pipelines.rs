//! Deliveries about pipelines: `build.complete` and `run-state-changed` are runs (a run's id is its build's), a stage of a
//! YAML pipeline and a stage of a release pipeline are deployments into an environment called like it.
//!
//! Why every stage: no payload says which stage deploys. Which of them is production the organisation file says, else the
//! name; the others are kept and left out. A deployment that only succeeded in part has deployed.

use crate::domain::event::{Deployment, Event, Outcome as Ended, Run, Status};
use crate::domain::time::SECOND;
use crate::sources::commits::branch;
use crate::sources::object::Object;
use crate::sources::{Outcome, Read};

/// `build.complete`: the build with its commit.
pub fn build(sent: &Object<'_>) -> Read {
    let build = sent.object("resource")?;
    // Builds of before 2015's pipelines have the result in their status, and branch and commit in one text.
    let result = build.first_text(&["result", "status"])?.unwrap_or_default();
    let old = build.word("sourceGetVersion")?;
    let old = |place: usize| old.split(':').nth(place).filter(|text| !text.is_empty()).map(str::to_owned);
    let finished_at = build.need_time("finishTime")?;
    let run = Run {
        id: format!("run:{}", build.need_id("id")?),
        repository: name_of(&build)?,
        workflow: build.text("definition/name")?,
        branch: build.text("sourceBranch")?.or_else(|| old(1)).map(|name| branch(&name)),
        sha: build.text("sourceVersion")?.or_else(|| old(2)),
        outcome: ended(&result).ok_or_else(|| format!("pacer knows no build result `{result}`"))?,
        started_at: build.time("startTime")?,
        finished_at: Some(finished_at),
    };
    Ok(Outcome::one(Event::Run(run), Some(finished_at)))
}

/// The repository that a build or its project names. On GitHub its name has the owner in it.
fn name_of(build: &Object<'_>) -> Result<Option<String>, String> {
    let id = build.text("repository/id")?.filter(|id| id.contains('/'));
    let name = build.text("repository/name")?.or(id);
    Ok(in_project(name, build.first_text(&["project/name", "definition/project/name"])?))
}

/// A repository's name with the project's before it, unless it has one.
fn in_project(name: Option<String>, project: Option<String>) -> Option<String> {
    let name = name?;
    if name.contains('/') { Some(name) } else { project.map(|project| format!("{project}/{name}")) }
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
pub fn run(sent: &Object<'_>) -> Read {
    let run = sent.object("resource/run")?;
    let began = run.need_time("createdDate")?;
    let outcome = if run.is("state", "completed")? {
        let result = run.need_text("result")?;
        ended(&result).ok_or_else(|| format!("pacer knows no result `{result}`"))?
    } else {
        Ended::Running
    };
    let over = outcome != Ended::Running;
    let (repository, sha) = source_of(sent)?;
    let fact = Run {
        id: format!("run:{}", run.need_id("id")?),
        repository,
        workflow: pipeline_of(sent)?,
        branch: None,
        sha,
        outcome,
        started_at: Some(began),
        finished_at: if over { Some(run.need_time("finishedDate")?) } else { None },
    };
    Ok(Outcome::one(Event::Run(fact), over.then_some(began)))
}

fn pipeline_of(sent: &Object<'_>) -> Result<Option<String>, String> {
    sent.first_text(&["resource/run/pipeline/name", "resource/pipeline/name"])
}

/// The first repository of a pipeline's run and its commit, where the payload has them.
fn source_of(sent: &Object<'_>) -> Result<(Option<String>, Option<String>), String> {
    let mut all = sent.objects("resource/repositories")?;
    all.extend(sent.objects("resource/run/repositories")?);
    let Some(first) = all.first() else { return Ok((None, None)) };
    let sha = first.first_text(&["change/version", "change/commitId", "version"])?;
    Ok((first.text("url")?.and_then(|url| of_url(&url)), sha))
}

/// `project/name` of `https://dev.azure.com/org/project/_git/name`, `owner/name` of GitHub's API.
fn of_url(url: &str) -> Option<String> {
    let parts: Vec<&str> = url.trim_end_matches('/').split('/').filter(|part| *part != "_git").collect();
    let [.., owner, name] = parts.as_slice() else { return None };
    (parts.len() > 3).then(|| format!("{owner}/{name}").replace("%20", " "))
}

/// `stage-state-changed`: a stage of a YAML pipeline. Run again, it is the same deployment.
pub fn stage(sent: &Object<'_>) -> Read {
    let (stage, at) = (sent.object("resource/stage")?, sent.need_time("createdDate")?);
    let name = stage.need_text("name")?;
    if name == "__default" {
        return Ok(Outcome::ignored("the pipeline has no stages; the run tells how it ended"));
    }
    let status = match (stage.word("state")?.as_str(), stage.word("result")?.as_str()) {
        ("completed", "succeeded" | "partiallySucceeded") => Status::Success,
        ("completed", "skipped") => return Ok(Outcome::ignored("the stage was skipped")),
        ("completed", _) => Status::Failure,
        _ => Status::Pending,
    };
    let finished_at = stage.time("finishTime")?.unwrap_or(at);
    let id = format!("stage:{}:{name}", sent.need_id("resource/run/id")?);
    let deployment = Deployment {
        environment: Some(stage.text("displayName")?.unwrap_or(name)),
        status,
        started_at: stage.time("startTime")?,
        finished_at: (status != Status::Pending).then_some(finished_at),
        ..into_stage(id, source_of(sent)?, pipeline_of(sent)?)
    };
    Ok(Outcome::one(Event::Deployment(deployment), Some(at)))
}

/// `deployment-completed`: a stage of a release pipeline.
pub fn release(sent: &Object<'_>) -> Read {
    let (resource, at) = (sent.object("resource")?, sent.need_time("createdDate")?);
    let (stage, told) = (resource.object("environment")?, resource.object("deployment")?);
    let word = stage.text("status")?.or(told.text("deploymentStatus")?);
    let status = match word.as_deref() {
        Some("succeeded" | "partiallySucceeded") => Status::Success,
        Some("rejected" | "failed" | "canceled") => Status::Failure,
        other => return Ok(Outcome::Ignored(format!("pacer knows no deployment status `{}`", other.unwrap_or("none")))),
    };
    let releases = [resource.object("release")?, told.object("release")?, stage.object("release")?];
    let mut release = stage.id("releaseId")?.filter(|id| id != "0");
    for named in &releases {
        release = release.or(named.id("id")?);
    }
    let id = format!("release:{}:{}:{}", stage.needed("releaseId", release)?, stage.need_id("id")?, attempt(sent, &stage, &told)?);
    let ways = ["environment", "release", "deployment/release", "environment/release"].map(|way| format!("{way}/releaseDefinition/name"));
    let definition = resource.first_text(&ways.each_ref().map(String::as_str))?;
    let (repository, sha) = artifact(&releases)?;
    let repository = in_project(repository.clone(), resource.text("project/name")?).or(repository);
    let finished_at = told.time("completedOn")?.unwrap_or(at);
    let deployment = Deployment {
        environment: Some(stage.need_text("name")?),
        status,
        started_at: told.time("startedOn")?.or(time_to_deploy(&stage)?.map(|micros| finished_at.plus(-micros))),
        finished_at: Some(finished_at),
        ..into_stage(id, (repository, sha), definition)
    };
    Ok(Outcome::one(Event::Deployment(deployment), Some(at)))
}

/// Which attempt it is. Where no number says so, the event itself tells attempts apart.
fn attempt(sent: &Object<'_>, stage: &Object<'_>, told: &Object<'_>) -> Result<String, String> {
    let steps = stage.objects("deploySteps")?;
    let steps = steps.iter().filter_map(|step| step.number("attempt").transpose()).collect::<Result<Vec<_>, _>>()?;
    let attempt = told.id("attempt")?.or_else(|| steps.into_iter().max().map(|number| number.to_string()));
    attempt.map_or_else(|| sent.need_id("id"), Ok)
}

/// The repository and commit of the first artifact that names a commit, else of the first one, as the definition's references
/// name them.
fn artifact(releases: &[Object<'_>]) -> Result<(Option<String>, Option<String>), String> {
    for release in releases {
        let artifacts = release.objects("artifacts")?;
        let names_commit = |artifact: &&Object<'_>| artifact.object("definitionReference/sourceVersion").is_ok_and(|it| it.is_some());
        if let Some(artifact) = artifacts.iter().find(names_commit).or(artifacts.first()) {
            let reference = artifact.object("definitionReference")?;
            return Ok((reference.text("repository/name")?, reference.text("sourceVersion/id")?));
        }
    }
    Ok((None, None))
}

/// How long it took, in microseconds; the payload says it in minutes.
fn time_to_deploy(stage: &Object<'_>) -> Result<Option<i64>, String> {
    let minutes = stage.decimal("timeToDeploy")?.filter(|minutes| (0.0..=43_200.0).contains(minutes));
    #[allow(clippy::cast_possible_truncation, reason = "at most 30 days of seconds")]
    Ok(minutes.map(|minutes| (minutes * 60.0) as i64 * SECOND))
}

/// A deployment into a stage; the service is called after the repository, else after the pipeline.
fn into_stage(id: String, (repository, sha): (Option<String>, Option<String>), pipeline: Option<String>) -> Deployment {
    Deployment { service: pipeline.filter(|_| repository.is_none()), repository, sha, ..Deployment::new(id, "deployment") }
}
