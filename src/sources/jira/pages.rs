//! What Jira holds already, by its REST API: how many issues there are, which statuses of the project are "in progress",
//! then the issues with their changelogs. Data Center is known by not knowing the first of these.
//!
//! Cloud pages by a token and cuts an issue's changelog off, so that the rest is asked for. What changes while pages are read
//! goes to the end, and is read there. Data Center pages by offset and lists changelogs whole; there the order is by key,
//! for what changes its place would shift all behind it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::issue::{Change, EPIC_LINK, Fact, Issue, Started, changes, person, told_apart};
use crate::domain::event::{Rejected, Stated};
use crate::domain::time::{At, DAY};
use crate::sources::generic::fields::short;
use crate::sources::object::Object;
use crate::sources::pages::{Answer, Ask, Page, Pages, Unread, encoded, refused};
use crate::sources::{needed, without_nul};

/// How it is read. Each installation has its own address.
pub const PAGES: Pages = Pages { url: "", headers, scope: "project", begin, read: |ask, answer| read(ask, answer).map(|found| found.0) };

/// Issues and changes that one page holds at most.
const PAGE: i64 = 100;
/// Cloud lists at most so many of an issue's changes, the newest, whatever their number.
const INLINED: usize = 40;
const FIELDS: [&str; 12] = [
    "summary",
    "status",
    "issuetype",
    "project",
    "parent",
    "labels",
    "created",
    "updated",
    "resolutiondate",
    "statuscategorychangedate",
    "assignee",
    EPIC_LINK,
];

/// What the asks of a stream remember.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Memory {
    /// The condition of the search, in JQL.
    issues: String,
    #[serde(default, skip_serializing_if = "Started::is_empty")]
    started: Started,
    /// Whose changelog is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issue: Option<String>,
}

/// `EMAIL:TOKEN` is Cloud's; a token alone is Data Center's, or that of an app.
fn headers(token: &str) -> Vec<(&'static str, String)> {
    let proof = if token.contains(':') { format!("Basic {}", STANDARD.encode(token)) } else { format!("Bearer {token}") };
    vec![("authorization", proof), ("accept", "application/json".into()), ("content-type", "application/json".into())]
}

fn begin(scope: &str, since: Option<At>) -> Vec<Ask> {
    // JQL reads a date in the time zone of the account, which pacer does not know: the day before is early enough.
    let since = since.map(|since| format!(" AND updated >= \"{}\"", since.plus(-DAY).utc().format("%Y-%m-%d")));
    let issues = format!("project = {}{}", quoted(scope), since.unwrap_or_default());
    let (path, body) = ("/rest/api/3/search/approximate-count".into(), json!({"jql": issues}).to_string());
    let first = Ask { stream: "issues".into(), scope: scope.into(), path, body: Some(body), memory: None };
    vec![remembering(first, &Memory { issues, ..Memory::default() })]
}

/// A text as JQL writes it.
fn quoted(text: &str) -> String {
    let letter = |letter: char| match letter {
        '"' | '\\' => format!("\\{letter}"),
        letter if letter.is_control() => format!("\\u{:04x}", u32::from(letter)),
        letter => letter.to_string(),
    };
    format!("\"{}\"", text.chars().map(letter).collect::<String>())
}

fn remembering(ask: Ask, memory: &Memory) -> Ask {
    Ask { memory: serde_json::to_string(memory).ok(), ..ask }
}

/// Reads an answer: the page, and the issues on it that could not be read.
pub fn read(ask: &Ask, answer: &Answer) -> Result<(Page, Vec<Rejected>), Unread> {
    let memory: Memory = serde_json::from_str(ask.memory.as_deref().unwrap_or_default())
        .map_err(|error| Unread(format!("the cursor of {} cannot be read, so begin again: {error}", ask.scope)))?;
    let json = without_nul(&answer.body);
    let path = ask.path.split('?').next().unwrap_or_default();
    let whole = |page: Page| (page, Vec::new());
    let found = match (path.rsplit('/').next().unwrap_or_default(), refused(answer)) {
        ("approximate-count", Some(404 | 405)) => Ok(whole(Page { next: Some(of_project(ask, &memory, 2)), ..Page::default() })),
        (_, Some(status)) => Err(format!("status {status}")),
        ("approximate-count", None) => count(ask, &memory, &json).map(whole),
        ("statuses", None) => statuses(ask, memory, &json).map(whole),
        ("jql", None) => cloud(ask, &memory, &json),
        ("search", None) => data_center(ask, &memory, &json),
        ("changelog", None) => changelog(ask, &memory, &json).map(whole),
        _ => Err("pacer never asked that".into()),
    };
    found.map_err(|reason| Unread(format!("Jira's answer to {path} is not what it should be: {reason}")))
}

fn count(ask: &Ask, memory: &Memory, json: &[u8]) -> Result<Page, String> {
    let total = Object::parse(json)?.whole("count")?.and_then(|count| u64::try_from(count).ok());
    Ok(Page { next: Some(of_project(ask, memory, 3)), total, ..Page::default() })
}

/// The ask for the statuses of a project, in the version of the API that Cloud has (3) or Data Center (2).
fn of_project(ask: &Ask, memory: &Memory, version: u8) -> Ask {
    let path = format!("/rest/api/{version}/project/{}/statuses", encoded(&ask.scope));
    remembering(Ask { path, body: None, ..ask.clone() }, memory)
}

/// The statuses of each type of issue in the project.
fn statuses(ask: &Ask, mut memory: Memory, json: &[u8]) -> Result<Page, String> {
    for kind in Object::parse_list(json)? {
        for status in kind.objects("statuses")? {
            let category = status.object("statusCategory")?.map(|category| category.text("key")).transpose()?.flatten();
            if category.as_deref() == Some("indeterminate") {
                memory.started.extend(status.id("id")?);
            }
        }
    }
    let issues = &memory.issues;
    let (path, body) = if ask.path.starts_with("/rest/api/3/") {
        let jql = format!("{issues} ORDER BY updated ASC");
        ("/rest/api/3/search/jql", json!({"jql": jql, "fields": FIELDS, "expand": "changelog", "maxResults": PAGE}))
    } else {
        let jql = format!("{issues} ORDER BY key ASC");
        ("/rest/api/2/search", json!({"jql": jql, "fields": FIELDS, "expand": ["changelog"], "maxResults": PAGE, "startAt": 0}))
    };
    let next = Ask { path: path.into(), body: Some(body.to_string()), ..ask.clone() };
    Ok(Page { next: Some(remembering(next, &memory)), ..Page::default() })
}

fn cloud(ask: &Ask, memory: &Memory, json: &[u8]) -> Result<(Page, Vec<Rejected>), String> {
    let told = Object::parse(json)?;
    let (mut page, rejected) = issues(ask, memory, &told.objects("issues")?, true);
    let token = told.text("nextPageToken")?.filter(|_| !matches!(told.truth("isLast"), Ok(Some(true))));
    if let Some(token) = token {
        let next = with(ask, "nextPageToken", json!(token))?;
        if next.body == ask.body {
            return Err("it gives the same nextPageToken again, so it has no end".into());
        }
        page.next = Some(next);
    }
    Ok((page, rejected))
}

fn data_center(ask: &Ask, memory: &Memory, json: &[u8]) -> Result<(Page, Vec<Rejected>), String> {
    let told = Object::parse(json)?;
    let list = told.objects("issues")?;
    let (mut page, rejected) = issues(ask, memory, &list, false);
    let (start, total) = (told.whole("startAt")?.unwrap_or(0), needed(told.whole("total")?, "total")?);
    let end = start.saturating_add(i64::try_from(list.len()).unwrap_or(0));
    page.total = u64::try_from(total).ok();
    if end < total && !list.is_empty() {
        page.next = Some(with(ask, "startAt", json!(end))?);
    }
    Ok((page, rejected))
}

/// The same ask with another field in its body.
fn with(ask: &Ask, field: &str, value: Value) -> Result<Ask, String> {
    let body = ask.body.as_deref().and_then(|body| serde_json::from_str(body).ok());
    let mut body: serde_json::Map<String, Value> = needed(body, "body that was sent")?;
    body.insert(field.into(), value);
    Ok(Ask { body: Some(Value::Object(body).to_string()), ..ask.clone() })
}

fn issues(ask: &Ask, memory: &Memory, list: &[Object<'_>], cuts_off: bool) -> (Page, Vec<Rejected>) {
    let (mut page, mut rejected) = (Page { listed: list.len() as u64, ..Page::default() }, Vec::new());
    for (line, told) in (1..).zip(list) {
        match issue(told, memory, cuts_off) {
            Ok((facts, rest)) => {
                page.events.extend(stated(facts, line));
                page.inner.extend(rest.map(|id| of_issue(ask, memory, &id, 0)));
            }
            Err(reason) => {
                let key = told.text("key").ok().flatten().unwrap_or_default();
                rejected.push(Rejected { line, reason: format!("{}: {reason}", short(&key)) });
            }
        }
    }
    (page, rejected)
}

/// The facts of an issue on a page, and its id where its changelog is cut off.
fn issue(told: &Object<'_>, memory: &Memory, cuts_off: bool) -> Result<(Vec<Fact>, Option<String>), String> {
    let read = Issue::read(told)?;
    let log = told.object("changelog")?;
    let entries = log.as_ref().map(|log| log.objects("histories")).transpose()?.unwrap_or_default();
    let total = log.as_ref().map(|log| log.whole("total")).transpose()?.flatten();
    let has_all = total.is_none_or(|total| usize::try_from(total).is_ok_and(|total| total <= entries.len()));
    let is_whole = log.is_some() && (!cuts_off || (has_all && entries.len() < INLINED));
    let rest = (cuts_off && !is_whole).then(|| read.item.id.clone());
    Ok((read.facts(&history(&entries)?, &memory.started, is_whole), rest))
}

fn stated(facts: Vec<Fact>, line: u64) -> impl Iterator<Item = Stated> {
    facts.into_iter().map(move |(event, updated_at)| Stated { event, updated_at, line })
}

/// The entries of a changelog, each by one person at a moment.
fn history(entries: &[Object<'_>]) -> Result<Vec<Change>, String> {
    let mut found = Vec::new();
    for entry in entries {
        let at = entry.needed(entry.at("created")?, "created")?;
        found.extend(changes(&entry.objects("items")?, at, person(entry.object("author")?)?.as_deref())?);
    }
    Ok(found)
}

fn of_issue(ask: &Ask, memory: &Memory, id: &str, start: i64) -> Ask {
    let path = format!("/rest/api/3/issue/{}/changelog?startAt={start}&maxResults={PAGE}", encoded(id));
    let memory = Memory { issues: String::new(), started: memory.started.clone(), issue: Some(id.into()) };
    remembering(Ask { stream: ask.stream.clone(), scope: ask.scope.clone(), path, ..Ask::default() }, &memory)
}

/// A page of one issue's changelog, the oldest first.
fn changelog(ask: &Ask, memory: &Memory, json: &[u8]) -> Result<Page, String> {
    let told = Object::parse(json)?;
    let id = needed(memory.issue.as_deref(), "issue that it was asked for")?;
    let entries = told.objects("values")?;
    let events = stated(told_apart(id, &history(&entries)?, &memory.started), 1).collect();
    let mut page = Page { events, ..Page::default() };
    let end = told.whole("startAt")?.unwrap_or(0).saturating_add(i64::try_from(entries.len()).unwrap_or(0));
    let is_last = told.truth("isLast")?.unwrap_or(told.whole("total")?.is_none_or(|total| total <= end));
    if !is_last && !entries.is_empty() {
        page.next = Some(of_issue(ask, memory, id, end));
    }
    Ok(page)
}
