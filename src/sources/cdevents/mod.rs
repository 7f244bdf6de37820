//! `CDEvents` 0.3, 0.4 and 0.5 over `CloudEvents` HTTP (binary, structured, batch), and bare in files.
//!
//! The type carries its own version, of which nothing is asked: fields are read where they are, so an unknown minor
//! version still parses. A deployment is known by the event that tells it, `SOURCE#ID`, as the specification makes that pair
//! unique. Incidents, changes and tickets are told in steps, so they become [`Part`]s of the subject's id.
//! Facts of the format: <https://cdevents.dev/docs/>.

mod envelope;

use envelope::{CdEvent, Content, Reference};

use super::{Headers, Outcome, Read, Refused, Source, check_object, filled, needed, signature, without_nul};
use crate::domain::event::{Deployment, Event, Parsed, Rejected, Review, Stated, Status};
use crate::domain::part::{Of, Part, Step};
use crate::domain::time::At;

/// The registration.
pub const SOURCE: Source = Source {
    slug: "cdevents",
    name: "CDEvents",
    verify: |headers, _, tokens, _| signature::verify_bearer(headers, tokens),
    delivery_id,
    check,
    parse,
    webhook: true,
    recorded: |_| Headers::default(),
    pages: None,
};

/// The most events that one batch may bring.
const MOST_EVENTS: usize = 10_000;

/// Source, id and type: the pair is unique by the specification, the type guards against senders that reuse it.
fn delivery_id(headers: &Headers, body: &[u8]) -> Option<String> {
    let events = envelope::open(headers, &without_nul(body)).ok()?;
    let [CdEvent { context: Some(context), .. }] = events.as_slice() else { return None };
    Some(format!("{}#{}#{}", context.source.as_deref()?, context.id.as_deref()?, context.kind.as_deref()?))
}

fn check(_: &Headers, body: &[u8]) -> Result<(), Refused> {
    if !body.trim_ascii_start().starts_with(b"[") {
        return check_object(body);
    }
    let batch: Vec<serde::de::IgnoredAny> =
        serde_json::from_slice(body).map_err(|error| Refused::Syntax(format!("the body is not JSON: {error}")))?;
    if batch.len() > MOST_EVENTS {
        return Err(Refused::TooLarge(format!("the batch has more than {MOST_EVENTS} events; send them in several requests")));
    }
    Ok(())
}

fn parse(headers: &Headers, body: &[u8]) -> Parsed {
    let mut parsed = Parsed::default();
    match envelope::open(headers, &without_nul(body)) {
        Err(reason) => {
            parsed.read = 1;
            parsed.rejected.push(Rejected { line: 1, reason });
        }
        Ok(events) => {
            let mut ignored = None;
            for (line, event) in (1..).zip(events) {
                parsed.read += 1;
                match outcome(event) {
                    Ok(Outcome::Facts(facts)) => {
                        parsed.events.extend(facts.into_iter().map(|(event, updated_at)| Stated { event, updated_at, line }));
                    }
                    Ok(Outcome::Ignored(why)) => ignored = Some(why),
                    Err(reason) => parsed.rejected.push(Rejected { line, reason }),
                }
            }
            parsed.ignored = ignored.filter(|_| parsed.events.is_empty() && parsed.rejected.is_empty());
        }
    }
    parsed
}

/// What to make of a type.
enum Reading {
    Part(Of, Step),
    Deployment { rollback: bool },
    Review,
    Ignored(String),
}

fn reading(subject: &str, predicate: &str) -> Reading {
    match (subject, predicate) {
        ("service", "deployed" | "upgraded") => Reading::Deployment { rollback: false },
        ("service", "rolledback") => Reading::Deployment { rollback: true },
        ("service", "removed") => Reading::Ignored("a removed service is not a deployment".into()),
        ("service", "published") => Reading::Ignored("a published service was deployed before".into()),
        ("incident", "detected") => Reading::Part(Of::Incident, Step::Began),
        ("incident", "reported") => Reading::Part(Of::Incident, Step::Reported),
        ("incident", "resolved") => Reading::Part(Of::Incident, Step::Ended),
        ("change", "created") => Reading::Part(Of::Change, Step::Began),
        ("change", "updated") => Reading::Part(Of::Change, Step::Updated),
        ("change", "merged") => Reading::Part(Of::Change, Step::Merged),
        ("change", "abandoned") => Reading::Part(Of::Change, Step::Ended),
        ("change", "reviewed") => Reading::Review,
        ("ticket", "created") => Reading::Part(Of::Item, Step::Began),
        ("ticket", "updated") => Reading::Part(Of::Item, Step::Updated),
        ("ticket", "closed") => Reading::Part(Of::Item, Step::Ended),
        ("pipelinerun", _) => Reading::Ignored("a pipeline run names no service, so it tells no deployment".into()),
        _ => Reading::Ignored(format!("pacer uses nothing of `{subject}.{predicate}` events")),
    }
}

/// What every event that is used needs.
struct Told {
    /// `SOURCE#ID` of the event itself.
    identity: String,
    /// The subject's id.
    id: String,
    at: At,
    content: Content,
    severity: Option<String>,
}

fn outcome(event: CdEvent) -> Read {
    let kind = needed(event.context.as_ref().and_then(|context| context.kind.clone()), "context.type")?;
    let Some(words) = kind.strip_prefix("dev.cdevents.") else {
        return Ok(Outcome::Ignored(format!("`{kind}` is not a type of CDEvents")));
    };
    let mut words = words.split('.');
    let (subject, predicate) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let reading = reading(subject, predicate);
    if let Reading::Ignored(why) = reading {
        return Ok(Outcome::Ignored(why));
    }
    let told = told(event).map_err(|reason| format!("{subject}.{predicate}: {reason}"))?;
    let at = told.at;
    let fact = match reading {
        Reading::Part(of, step) => Event::Part(part(told, of, step)),
        Reading::Deployment { rollback } => Event::Deployment(deployment(told, rollback)),
        Reading::Review => Event::Review(review(told)),
        Reading::Ignored(why) => return Ok(Outcome::Ignored(why)),
    };
    Ok(Outcome::one(fact, Some(at)))
}

fn id_of(reference: Option<Reference>) -> Option<String> {
    filled(reference.and_then(|reference| reference.id))
}

fn told(event: CdEvent) -> Result<Told, String> {
    let context = event.context.unwrap_or_default();
    let subject = needed(event.subject, "subject")?;
    let id = needed(filled(subject.id), "subject.id")?;
    let event_id = needed(filled(context.id), "context.id")?;
    Ok(Told {
        identity: format!("{}#{event_id}", context.source.unwrap_or_default()),
        id,
        at: needed(context.timestamp, "context.timestamp")?,
        content: subject
            .content
            .map_or_else(|| Ok(Content::default()), serde_json::from_value)
            .map_err(|error| format!("subject.content cannot be read: {error}"))?,
        severity: event.custom_data.and_then(|data| Some(data.get("severity")?.as_str()?.to_owned())),
    })
}

fn deployment(told: Told, rollback: bool) -> Deployment {
    let artifact = told.content.artifact_id.unwrap_or_default();
    Deployment {
        service: Some(told.id),
        repository: id_of(told.content.repository).or_else(|| github_repository(&artifact)),
        environment: id_of(told.content.environment),
        status: Status::Success,
        finished_at: Some(told.at),
        sha: commit_of(&artifact),
        rollback,
        ..Deployment::new(told.identity, "deployment")
    }
}

/// The commit that a package URL names plainly: 40 hex digits as its version or at the end of `vcs_url`.
fn commit_of(artifact: &str) -> Option<String> {
    let plain = artifact.replace("%40", "@");
    plain.split('@').skip(1).find_map(|behind| {
        let digits = behind.find(|letter: char| !letter.is_ascii_hexdigit()).unwrap_or(behind.len());
        (digits == 40).then(|| behind[..40].to_lowercase())
    })
}

/// `owner/name` of `pkg:github/owner/name@...`.
fn github_repository(artifact: &str) -> Option<String> {
    let path = artifact.strip_prefix("pkg:github/")?.split(['@', '?', '#']).next()?;
    path.split_once('/').filter(|(owner, name)| !owner.is_empty() && !name.is_empty()).map(|_| path.to_owned())
}

fn review(told: Told) -> Review {
    Review { id: told.identity, change: told.id, reviewer: None, bot: false, at: told.at, state: Review::COMMENTED.into() }
}

fn part(told: Told, of: Of, step: Step) -> Part {
    let content = told.content;
    let mut part = Part::new(of, told.id, step, told.at);
    part.repository = id_of(content.repository);
    match of {
        Of::Incident => {
            part.service = id_of(content.service);
            // What resolved it is no name for it.
            part.title = filled(content.description).filter(|_| step != Step::Ended);
            part.severity = filled(told.severity);
        }
        Of::Change => part.title = filled(content.description),
        Of::Item => {
            part.title = filled(content.summary).or(filled(content.description));
            part.kind = filled(content.ticket_type);
            part.project = filled(content.group);
            part.assignee = content.assignees.and_then(|assignees| assignees.into_iter().next());
            part.labels = content.labels.unwrap_or_default();
            part.status = filled(content.resolution).or((step == Step::Ended).then(|| "closed".into()));
        }
    }
    part
}

#[cfg(test)]
mod tests;
