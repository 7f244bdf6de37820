//! One generic event as it is written, and the checks that make it a fact. JSON and CSV both come through here.
//!
//! Why a flat struct of all fields: serde reads it in one pass without a tree, which a million rows need; a row that
//! does not fit is read again as a tree, to name the field.

use std::fmt;

use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

use super::fields::{explain, short};
use crate::domain::event::{Activity, Change, Commit, Deployment, Event, Incident, Item, Rejected, Stated, Status, is_bot};
use crate::domain::time::At;
use crate::sources::without_nul;

/// The most characters a name may have: ids, services, people.
pub const LONGEST: usize = 512;
/// The first instant that is believed: the year 1970.
const EARLIEST: At = At(0);
/// The first instant that is believed no more: the year 2201.
const LATEST: At = At(7_289_654_400 * crate::domain::time::SECOND);

/// A time between 1970 and 2200.
#[derive(Debug, Clone, Copy)]
pub struct Time(At);

impl Time {
    /// Reads RFC 3339; else says what the text is not.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        match At::parse(text) {
            None => Err("is not an RFC 3339 time"),
            Some(at) if at < EARLIEST || at >= LATEST => Err("is not between the years 1970 and 2200"),
            Some(at) => Ok(Self(at)),
        }
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Time;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an RFC 3339 time")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Time, E> {
                Time::parse(text).map_err(E::custom)
            }
        }
        from.deserialize_str(Text)
    }
}

/// Any generic event.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Row {
    #[serde(rename = "type")]
    event: Option<String>,
    id: Option<String>,
    updated_at: Option<Time>,
    service: Option<String>,
    repository: Option<String>,
    environment: Option<String>,
    status: Option<String>,
    started_at: Option<Time>,
    finished_at: Option<Time>,
    commit: Option<String>,
    commits: Option<Vec<RowCommit>>,
    flags: Option<Vec<String>>,
    previous: Option<String>,
    opened_at: Option<Time>,
    ready_at: Option<Time>,
    first_review_at: Option<Time>,
    merged_at: Option<Time>,
    closed_at: Option<Time>,
    merge_commit: Option<String>,
    head: Option<String>,
    author: Option<String>,
    bot: Option<bool>,
    draft: Option<bool>,
    title: Option<String>,
    labels: Option<Vec<String>>,
    lines_added: Option<i64>,
    lines_removed: Option<i64>,
    item: Option<String>,
    resolved_at: Option<Time>,
    deployment: Option<String>,
    severity: Option<String>,
    project: Option<String>,
    parent: Option<String>,
    kind: Option<String>,
    created_at: Option<Time>,
    done_at: Option<Time>,
    assignee: Option<String>,
    person: Option<String>,
    at: Option<Time>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RowCommit {
    sha: Option<String>,
    authored_at: Option<Time>,
    committed_at: Option<Time>,
    author: Option<String>,
    bot: Option<bool>,
    message: Option<String>,
}

/// Reads one event. The reason names the field that is wrong.
pub fn parse_text(bytes: &[u8], line: u64) -> Result<Stated, Rejected> {
    let rejected = |reason: String| Rejected { line, reason };
    let bytes = without_nul(bytes);
    let text = std::str::from_utf8(&bytes).map_err(|_| rejected("it is not valid UTF-8".into()))?;
    // serde would read a list as the fields in their order.
    let read = if text.trim_start().starts_with('{') { serde_json::from_str(text).map_err(Some) } else { Err(None) };
    let row: Row = read.map_err(|error| rejected(reason_for(text, error.as_ref())))?;
    row.stated(line).map_err(rejected)
}

/// Reads one event from a tree, as the CSV reader makes it.
pub fn parse_value(value: Value, line: u64) -> Result<Stated, Rejected> {
    let rejected = |reason: String| Rejected { line, reason };
    if let Some(reason) = explain(&value) {
        return Err(rejected(reason));
    }
    let row: Row = serde_json::from_value(value).map_err(|error| rejected(format!("it cannot be read: {error}")))?;
    row.stated(line).map_err(rejected)
}

/// The sentence for a text that is no row: that it is not JSON, else which field is wrong.
fn reason_for(text: &str, error: Option<&serde_json::Error>) -> String {
    match serde_json::from_str::<Value>(text) {
        Ok(value) => explain(&value).unwrap_or_else(|| error.map_or_else(String::new, |error| format!("it cannot be read: {error}"))),
        Err(syntax) => not_json(&syntax),
    }
}

/// What serde says about a syntax error, as a sentence.
pub fn not_json(error: &serde_json::Error) -> String {
    format!("it is not JSON: {error}")
}

/// Trimmed, and none where nothing is left.
fn filled(text: Option<String>) -> Option<String> {
    let text = text?;
    let trimmed = text.trim();
    match trimmed.len() {
        0 => None,
        length if length == text.len() => Some(text),
        _ => Some(trimmed.to_owned()),
    }
}

/// A short name, if there is one.
fn name(field: &str, text: Option<String>) -> Result<Option<String>, String> {
    let text = filled(text);
    if text.as_ref().is_some_and(|text| text.len() > LONGEST && text.chars().count() > LONGEST) {
        return Err(format!("\"{field}\" is longer than {LONGEST} characters"));
    }
    Ok(text)
}

fn needed<T>(event: &str, field: &str, value: Option<T>) -> Result<T, String> {
    value.ok_or_else(|| {
        let article = if event.starts_with(['a', 'i']) { "an" } else { "a" };
        format!("{article} {event} needs \"{field}\"")
    })
}

/// A sha as git writes it.
fn sha(field: &str, text: Option<String>) -> Result<Option<String>, String> {
    Ok(name(field, text)?.map(|mut sha| {
        if sha.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            sha.make_ascii_lowercase();
        }
        sha
    }))
}

fn lines(field: &str, count: Option<i64>) -> Result<Option<i64>, String> {
    match count {
        Some(count) if count < 0 => Err(format!("\"{field}\" is below zero: {count}")),
        count => Ok(count),
    }
}

fn at(time: Option<Time>) -> Option<At> {
    time.map(|Time(at)| at)
}

fn labels(list: Option<Vec<String>>) -> Result<Vec<String>, String> {
    list.unwrap_or_default().into_iter().filter_map(|label| name("labels", Some(label)).transpose()).collect()
}

impl Row {
    fn stated(mut self, line: u64) -> Result<Stated, String> {
        let updated_at = at(self.updated_at);
        let event = match filled(self.event.take()).as_deref() {
            Some("deployment") => Event::Deployment(self.deployment()?),
            Some("change") => Event::Change(self.change()?),
            Some("incident") => Event::Incident(self.incident()?),
            Some("item") => Event::Item(self.item()?),
            Some("activity") => Event::Activity(self.activity()?),
            Some(other) => {
                return Err(format!("\"type\" is \"{}\"; deployment, change, incident, item and activity are known", short(other)));
            }
            None => return Err("\"type\" is missing; it is deployment, change, incident, item or activity".into()),
        };
        Ok(Stated { event, updated_at, line })
    }

    fn deployment(self) -> Result<Deployment, String> {
        const EVENT: &str = "deployment";
        let id = needed(EVENT, "id", name("id", self.id)?)?;
        let (service, repository) = (name("service", self.service)?, name("repository", self.repository)?);
        if service.is_none() && repository.is_none() {
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
            labels: labels(self.labels)?,
            lines_added: lines("lines_added", self.lines_added)?,
            lines_removed: lines("lines_removed", self.lines_removed)?,
            item: name("item", self.item)?,
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
            labels: labels(self.labels)?,
            title: filled(self.title),
            created_at: at(self.created_at),
            started_at: at(self.started_at),
            done_at: at(self.done_at),
            status: name("status", self.status)?,
            assignee: name("assignee", self.assignee)?,
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
            ..Commit::default()
        })
    });
    commits.collect::<Result<_, String>>().map(Some)
}
