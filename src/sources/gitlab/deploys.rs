//! What tells of deployments and runs: deployment, pipeline and release, from webhooks and from the API.

use super::repository;
use crate::domain::event::{Deployment, Event, Outcome as Ended, Run, Status};
use crate::domain::time::At;
use crate::sources::commits::is_sha;
use crate::sources::object::Object;
use crate::sources::{Fact, Outcome, Read};

/// A status that tells nothing of an attempt.
const SKIPPED: &str = "a skipped deployment was never tried";

/// A deployment of a repository that has only an id and a kind so far.
pub fn of_repository(id: String, repository: &str, via: &str) -> Deployment {
    Deployment { repository: Some(repository.into()), ..Deployment::new(id, via) }
}

/// What a deployment's status says; an error: the reason to ignore it.
pub fn status_of(word: &str) -> Result<Status, String> {
    match word {
        "success" => Ok(Status::Success),
        "failed" | "canceled" => Ok(Status::Failure), // either way nothing was deployed
        "created" | "running" | "blocked" => Ok(Status::Pending),
        "skipped" => Err(SKIPPED.into()),
        other => Err(format!("pacer knows no deployment status `{other}`")),
    }
}

/// `deployment`: how it goes.
pub fn deployment(payload: &Object<'_>) -> Read {
    let repository = repository(payload)?;
    let id = payload.need_count("deployment_id")?.to_string();
    let status = match status_of(&payload.need_text("status")?) {
        Ok(status) => status,
        Err(why) => return Ok(Outcome::Ignored(why)),
    };
    let at = payload.time("status_changed_at")?;
    let deployment = Deployment {
        environment: payload.text("environment")?,
        production: payload.text("environment_tier")?.map(|tier| tier == "production"),
        status,
        started_at: at.filter(|_| status == Status::Pending),
        finished_at: if status == Status::Pending { None } else { Some(payload.needed("status_changed_at", at)?) },
        // The whole sha is in the commit's address only.
        sha: payload.text("commit_url")?.as_deref().and_then(sha_in).or(payload.text("short_sha")?),
        ..of_repository(id, &repository, "deployment")
    };
    Ok(Outcome::one(Event::Deployment(deployment), at))
}

/// The sha at the end of a commit's address.
fn sha_in(url: &str) -> Option<String> {
    let (_, sha) = url.rsplit_once("/commit/")?;
    is_sha(sha).then(|| sha.to_owned())
}

/// `pipeline`: a run of continuous integration.
pub fn pipeline(payload: &Object<'_>) -> Read {
    let repository = repository(payload)?;
    let pipeline = payload.object("object_attributes")?;
    if pipeline.text("source")?.as_deref() == Some("parent_pipeline") {
        return Ok(Outcome::ignored("a child pipeline is part of its parent"));
    }
    let branch = if pipeline.is_true("tag")? { None } else { pipeline.text("ref")? };
    let finished_at = pipeline.time("finished_at")?;
    let run = run(&pipeline, branch, finished_at.or(pipeline.time("created_at")?), &repository)?;
    // A pipeline that was retried runs under the end it had before, so the end of the new round is the later version.
    Ok(Outcome::one(Event::Run(run), finished_at.or(pipeline.time("created_at")?)))
}

/// A pipeline as a run; `ended_at` counts where its status says that it ended. It begins when it is created: the wait for a
/// runner is part of the wait for an answer. It is named after itself, else after what started it (`push`, `schedule`).
pub fn run(pipeline: &Object<'_>, branch: Option<String>, ended_at: Option<At>, repository: &str) -> Result<Run, String> {
    let outcome = match pipeline.need_text("status")?.as_str() {
        "success" => Ended::Success,
        "failed" => Ended::Failure,
        "canceled" | "skipped" => Ended::Cancelled,
        _ => Ended::Running, // `manual` waits for a person
    };
    let finished_at = if outcome == Ended::Running { None } else { Some(pipeline.needed("finished_at", ended_at)?) };
    Ok(Run {
        id: format!("pipeline:{}", pipeline.need_count("id")?),
        repository: Some(repository.into()),
        workflow: pipeline.text("name")?.or(pipeline.text("source")?),
        branch,
        sha: pipeline.text("sha")?,
        outcome,
        started_at: pipeline.time("created_at")?,
        finished_at,
    })
}

/// `release`: a deployment for a service that deploys by releases.
pub fn release(payload: &Object<'_>) -> Read {
    let repository = repository(payload)?;
    if payload.text("action")?.as_deref() == Some("delete") {
        return Ok(Outcome::ignored("a deleted release was still a deployment"));
    }
    let tag = payload.need_text("tag")?;
    Ok(match released(payload, &tag, &repository)? {
        Some((event, version)) => Outcome::one(event, version),
        None => Outcome::ignored("a pre-release is not a deployment to production"),
    })
}

/// A release as a deployment, known by its tag: the API gives it no number. `None` for a pre-release.
pub fn released(release: &Object<'_>, tag: &str, repository: &str) -> Result<Option<Fact>, String> {
    if is_pre_release(tag) {
        return Ok(None);
    }
    let created_at = release.time("created_at")?;
    let released_at = release.needed("released_at", release.time("released_at")?.or(created_at))?;
    let deployment = Deployment {
        status: Status::Success,
        started_at: created_at.filter(|created_at| *created_at <= released_at),
        finished_at: Some(released_at),
        sha: release.text("commit/id")?,
        ..of_repository(format!("release:{repository}@{tag}"), repository, "release")
    };
    Ok(Some((Event::Deployment(deployment), Some(released_at))))
}

/// GitLab has no mark for it, so the version must say so: a word of semantic versioning's practice behind a digit.
fn is_pre_release(tag: &str) -> bool {
    const WORDS: [&str; 9] = ["alpha", "beta", "rc", "pre", "dev", "snapshot", "nightly", "canary", "preview"];
    let lower = tag.to_lowercase();
    lower.char_indices().filter(|(_, letter)| letter.is_ascii_digit()).any(|(at, _)| {
        let behind = lower[at + 1..].trim_start_matches(['-', '.', '_']);
        WORDS.iter().any(|word| behind.strip_prefix(word).is_some_and(|end| !end.starts_with(|letter: char| letter.is_ascii_alphabetic())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_says_that_it_is_a_pre_release() {
        let check = |tag: &str, expect: bool| assert_eq!(is_pre_release(tag), expect, "{tag}");
        check("v1.2.0-rc1", true);
        check("1.0.0-beta.2", true);
        check("1.0rc2", true);
        check("2.0.0-SNAPSHOT", true);
        check("checkout-v3.0.0-alpha", true);
        check("v1.2.0", false);
        check("16.0.0-ee", false);
        check("prepaid-1.0", false);
        check("v2-present", false);
        check("2026-11-02", false);
    }

    #[test]
    fn only_a_whole_sha_is_taken_from_an_address() {
        let sha = "279484c09fbe69ededfced8c1bb6e6d24616b468";
        assert_eq!(sha_in(&format!("https://x/g/a/-/commit/{sha}")).as_deref(), Some(sha));
        assert_eq!(sha_in(&format!("https://x/g/a/commit/{sha}")).as_deref(), Some(sha));
        assert_eq!(sha_in("https://x/g/a/-/commit/279484c0"), None);
        assert_eq!(sha_in("https://x/g/a"), None);
    }
}
