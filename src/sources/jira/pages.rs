//! What Jira holds already, by its REST API: how many issues there are, which statuses of the project are "in progress",
//! then the issues with their changelogs. Data Center is known by not knowing the first of these.
//!
//! Cloud pages by a token and cuts an issue's changelog off, so that the rest is asked for. What changes while pages are read
//! goes to the end, and is read there. Data Center pages by offset and lists changelogs whole; there the order is by key,
//! for what changes its place would shift all behind it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::issue::{Change, EPIC_LINK, Issue, Started, changes, person, told_apart};
use crate::domain::time::{At, DAY};
use crate::sources::generic::fields::short;
use crate::sources::object::Object;
use crate::sources::pages::{Answer, Ask, Page, Pages, encoded};
use crate::sources::{Fact, needed, without_nul};

/// How it is read. Each installation has its own address.
pub const PAGES: Pages = Pages { url: "", headers, scope: "project", begin, read };

/// Issues and changes that one page holds at most.
const PAGE: u64 = 100;
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
    vec![first.remembering(&Memory { issues, ..Memory::default() })]
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

fn read(ask: &Ask, answer: &Answer) -> Result<Page, String> {
    let memory: Memory = ask.remembered()?;
    let json = without_nul(&answer.body);
    let path = ask.path.split('?').next().unwrap_or_default();
    let found = match (path.rsplit('/').next().unwrap_or_default(), answer.refused()) {
        ("approximate-count", Some(404 | 405)) => Ok(Page { next: Some(of_project(ask, &memory, 2)), ..Page::default() }),
        (_, Some(status)) => Err(format!("status {status}")),
        ("approximate-count", None) => count(ask, &memory, &json),
        ("statuses", None) => statuses(ask, memory, &json),
        ("jql", None) => cloud(ask, &memory, &json),
        ("search", None) => data_center(ask, &memory, &json),
        ("changelog", None) => changelog(ask, &memory, &json),
        _ => Err("pacer never asked that".into()),
    };
    found.map_err(|reason| format!("the answer to {path} is not what it should be: {reason}"))
}

fn count(ask: &Ask, memory: &Memory, json: &[u8]) -> Result<Page, String> {
    Ok(Page { next: Some(of_project(ask, memory, 3)), total: Object::parse(json)?.count("count")?, ..Page::default() })
}

/// The ask for the statuses of a project, in the version of the API that Cloud has (3) or Data Center (2).
fn of_project(ask: &Ask, memory: &Memory, version: u8) -> Ask {
    ask.to(format!("/rest/api/{version}/project/{}/statuses", encoded(&ask.scope))).remembering(memory)
}

/// The statuses of each type of issue in the project.
fn statuses(ask: &Ask, mut memory: Memory, json: &[u8]) -> Result<Page, String> {
    for kind in Object::parse_list(json)? {
        for status in kind?.objects("statuses")? {
            if status.is("statusCategory/key", "indeterminate")? {
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
    let next = Ask { body: Some(body.to_string()), ..ask.to(path) };
    Ok(Page { next: Some(next.remembering(&memory)), ..Page::default() })
}

fn cloud(ask: &Ask, memory: &Memory, json: &[u8]) -> Result<Page, String> {
    let told = Object::parse(json)?;
    let mut page = issues(ask, memory, &told.objects("issues")?, true);
    let token = told.text("nextPageToken")?.filter(|_| !matches!(told.truth("isLast"), Ok(Some(true))));
    page.next = token.map(|token| ask.from("", "nextPageToken", token.into())).transpose()?;
    Ok(page)
}

fn data_center(ask: &Ask, memory: &Memory, json: &[u8]) -> Result<Page, String> {
    let told = Object::parse(json)?;
    let list = told.objects("issues")?;
    let mut page = issues(ask, memory, &list, false);
    let (end, total) = (told.count("startAt")?.unwrap_or(0).saturating_add(page.listed), told.need_count("total")?);
    page.total = Some(total);
    if end < total && !list.is_empty() {
        page.next = Some(ask.from("", "startAt", end.into())?);
    }
    Ok(page)
}

fn issues(ask: &Ask, memory: &Memory, list: &[Object<'_>], cuts_off: bool) -> Page {
    let mut page = Page { listed: list.len() as u64, ..Page::default() };
    for (line, told) in (1..).zip(list) {
        match issue(told, memory, cuts_off) {
            Ok((facts, rest)) => {
                page.facts(line, facts);
                page.inner.extend(rest.map(|id| of_issue(ask, memory, &id, 0)));
            }
            Err(reason) => {
                let key = told.text("key").ok().flatten().unwrap_or_default();
                page.take(line, Err(format!("{}: {reason}", short(&key))));
            }
        }
    }
    page
}

/// The facts of an issue on a page, and its id where its changelog is cut off.
fn issue(told: &Object<'_>, memory: &Memory, cuts_off: bool) -> Result<(Vec<Fact>, Option<String>), String> {
    let (read, log) = (Issue::read(told)?, told.object("changelog")?);
    let entries = log.objects("histories")?;
    let has_all = log.count("total")?.is_none_or(|total| total <= entries.len() as u64);
    let is_whole = log.is_some() && (!cuts_off || (has_all && entries.len() < INLINED));
    let rest = (cuts_off && !is_whole).then(|| read.item.id.clone());
    Ok((read.facts(&history(&entries)?, &memory.started, is_whole), rest))
}

/// The entries of a changelog, each by one person at a moment.
fn history(entries: &[Object<'_>]) -> Result<Vec<Change>, String> {
    let mut found = Vec::new();
    for entry in entries {
        found.extend(changes(&entry.objects("items")?, entry.need_time("created")?, person(&entry.object("author")?)?.as_deref())?);
    }
    Ok(found)
}

fn of_issue(ask: &Ask, memory: &Memory, id: &str, start: u64) -> Ask {
    let path = format!("/rest/api/3/issue/{}/changelog?startAt={start}&maxResults={PAGE}", encoded(id));
    ask.to(path).remembering(&Memory { issues: String::new(), started: memory.started.clone(), issue: Some(id.into()) })
}

/// A page of one issue's changelog, the oldest first.
fn changelog(ask: &Ask, memory: &Memory, json: &[u8]) -> Result<Page, String> {
    let told = Object::parse(json)?;
    let id = needed(memory.issue.as_deref(), "issue that it was asked for")?;
    let entries = told.objects("values")?;
    let mut page = Page::default();
    page.facts(1, told_apart(id, &history(&entries)?, &memory.started));
    let end = told.count("startAt")?.unwrap_or(0).saturating_add(entries.len() as u64);
    let is_last = told.truth("isLast")?.unwrap_or(told.count("total")?.is_none_or(|total| total <= end));
    if !is_last && !entries.is_empty() {
        page.next = Some(of_issue(ask, memory, id, end));
    }
    Ok(page)
}
