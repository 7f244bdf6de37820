//! GitLab's REST API v4 for backfill: what to ask for a project, and where each list goes on. What the lists hold is read in
//! [`listed`].
//!
//! Lists that have `updated_at` are read in its order, and the next page is asked for by the time at which this one ended,
//! not by its number: what is changed while the backfill runs moves to the end, and a numbered page would then skip what slid
//! into its place. It also knows no limit of 50,000 rows. Things of the boundary come twice, which facts do not mind and the
//! count leaves out. Lists without that order go on by their `Link`.
//!
//! Costs: one request for 100 things, and one more for each merge request, whose notes tell approvals, review comments and
//! the moment it became ready; a squashed one costs another, for its original commits, which no branch holds any more. Lines
//! added and removed are not asked for: the API has them only as whole diffs, which would put the code into pacer's database.

mod listed;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::without_nul;
use super::facts::{self, Fact};
use listed::Listed;

use crate::domain::event::{Parsed, Rejected, Stated};
use crate::domain::time::At;
use crate::sources::pages::{Answer, Ask, Page, Pages, Unread, link};

/// How the API is read.
pub const PAGES: Pages = Pages {
    url: "https://gitlab.com/api/v4",
    headers: |token| vec![("authorization", format!("Bearer {token}")), ("accept", "application/json".into())],
    scope: "project",
    begin,
    read,
};

/// Things on a page.
const PER_PAGE: usize = 100;
/// A millisecond: the API cuts times off there.
const MILLISECOND: i64 = 1_000;

/// What an ask remembers of those before it: ids, and since when.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// Of the page before: what will come again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    seen: Vec<u64>,
    /// Environments of the production tier.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    production: Vec<u64>,
    /// Whether GitLab tells the tiers of environments: from 13.10 on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    tiers: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<At>,
    /// The merge request that notes or commits belong to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// The number of its author.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<u64>,
}

impl Memory {
    pub fn of(ask: &Ask) -> Self {
        ask.memory.as_deref().and_then(|memory| serde_json::from_str(memory).ok()).unwrap_or_default()
    }

    /// Whether an environment is of the production tier, where GitLab tells.
    fn production(&self, environment: u64) -> Option<bool> {
        self.tiers.then(|| self.production.contains(&environment))
    }

    fn kept(&self) -> Option<String> {
        serde_json::to_string(self).ok().filter(|json| json != "{}")
    }
}

fn begin(scope: &str, since: Option<At>) -> Vec<Ask> {
    let scope = scope.trim_matches('/');
    let ask =
        |stream: &str, path: String, memory: Option<String>| Ask { stream: stream.into(), scope: scope.into(), path, body: None, memory };
    let project = project(scope);
    let from = since.unwrap_or_default();
    let mut commits = vec![("all", "true".to_owned())];
    commits.extend(since.map(|at| ("since", at.rfc3339())));
    vec![
        ask("merge requests", by_time(&format!("{project}/merge_requests"), &[("scope", "all"), ("state", "all")], from), None),
        ask("commits", query(&format!("{project}/repository/commits"), commits), None),
        // First the environments, which alone tell their tier; the deployments follow.
        ask("deployments", query(&format!("{project}/environments"), vec![]), Memory { since, ..Memory::default() }.kept()),
        ask("pipelines", by_time(&format!("{project}/pipelines"), &[], from), None),
        ask("issues", by_time(&format!("{project}/issues"), &[("scope", "all")], from), None),
        ask("releases", query(&format!("{project}/releases"), vec![]), None),
    ]
}

/// The path of a project: its full path, with its slashes coded.
fn project(scope: &str) -> String {
    let coded = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    format!("/projects/{}", scope.bytes().map(coded).collect::<String>())
}

fn query(path: &str, mut fields: Vec<(&str, String)>) -> String {
    fields.push(("per_page", PER_PAGE.to_string()));
    format!("{path}?{}", serde_urlencoded::to_string(fields).unwrap_or_default())
}

/// A list in the order of `updated_at`, from an instant on.
fn by_time(path: &str, more: &[(&str, &str)], from: At) -> String {
    let mut fields: Vec<(&str, String)> = more.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    fields.extend([("order_by", "updated_at".to_owned()), ("sort", "asc".to_owned()), ("updated_after", from.rfc3339())]);
    query(path, fields)
}

/// Which list a path asks for: its segments behind the project, as in `merge_requests`, `12`, `notes`.
fn segments(path: &str) -> Vec<&str> {
    let behind = path.split_once("/projects/").map_or("", |(_, behind)| behind);
    behind.split('?').next().unwrap_or_default().split('/').skip(1).collect()
}

/// The value of a field in a path's query.
fn asked_for(path: &str, name: &str) -> Option<String> {
    let (_, query) = path.split_once('?')?;
    let fields: Vec<(String, String)> = serde_urlencoded::from_str(query).ok()?;
    fields.into_iter().find_map(|(known, value)| (known == name).then_some(value))
}

/// The path with a field of its query set.
fn with(path: &str, name: &str, value: String) -> String {
    let (start, query) = path.split_once('?').unwrap_or((path, ""));
    let mut fields: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    fields.retain(|(known, _)| known != name);
    fields.push((name.into(), value));
    format!("{start}?{}", serde_urlencoded::to_string(fields).unwrap_or_default())
}

/// A page's entries.
fn entries(body: &[u8]) -> Result<Vec<Value>, String> {
    match serde_json::from_slice(body) {
        Ok(Value::Array(entries)) => Ok(entries),
        Ok(_) => Err("GitLab answered with something else than a list".into()),
        Err(error) => Err(format!("GitLab's answer cannot be read: {error}")),
    }
}

/// What an entry says; `None` for a list that pacer does not ask for.
fn entry(list: &[&str], value: &Value, ask: &Ask, memory: &Memory) -> Option<Result<Listed, String>> {
    Some(match list {
        ["merge_requests"] => listed::merge_request(value, &ask.scope),
        ["merge_requests", _, "notes"] => listed::note(value, memory),
        ["merge_requests", _, "commits"] | ["repository", "commits"] => listed::commit(value, &ask.scope),
        ["environments"] => listed::environment(value),
        ["deployments"] => listed::deployment(value, &ask.scope, memory),
        ["pipelines"] => listed::pipeline(value, &ask.scope),
        ["issues"] => listed::issue(value, &ask.scope),
        ["releases"] => listed::release(value, &ask.scope),
        _ => return None,
    })
}

/// A page's entries with what each says.
fn all(ask: &Ask, body: &[u8]) -> Result<Vec<Result<Listed, String>>, String> {
    let (list, memory) = (segments(&ask.path), Memory::of(ask));
    let unknown = || format!("pacer does not ask GitLab for `{}`", list.join("/"));
    let mut found: Vec<_> =
        entries(body)?.iter().map(|value| entry(&list, value, ask, &memory).ok_or_else(unknown)).collect::<Result<_, _>>()?;
    if list.ends_with(&["commits"]) && list.starts_with(&["merge_requests"]) {
        listed::chain(&mut found);
    }
    Ok(found)
}

/// A stored page as the store takes it: what can't be read is rejected with its place.
pub fn parse(ask: &Ask, body: &[u8]) -> Parsed {
    let mut parsed = Parsed::default();
    let found = match all(ask, body) {
        Ok(found) => found,
        Err(reason) => return Parsed { read: 1, rejected: vec![Rejected { line: 1, reason }], ..parsed },
    };
    parsed.read = found.len() as u64;
    for (line, listed) in (1..).zip(found) {
        match listed {
            Ok(listed) => parsed.events.extend(stated(listed.facts, line)),
            Err(reason) => parsed.rejected.push(Rejected { line, reason: format!("{}: {reason}", ask.stream) }),
        }
    }
    parsed
}

fn stated(facts: Vec<Fact>, line: u64) -> impl Iterator<Item = Stated> {
    facts.into_iter().map(move |(event, updated_at)| Stated { event, updated_at, line })
}

fn read(ask: &Ask, answer: &Answer) -> Result<Page, Unread> {
    let body = without_nul(&answer.body);
    let found = all(ask, &body).map_err(Unread)?;
    let more = found.len() >= PER_PAGE || link(&answer.headers, "next").is_some();
    let (list, memory) = (segments(&ask.path), Memory::of(ask));
    let listed = found.len();
    let mut page = Page::default();
    let mut known = Vec::with_capacity(listed);
    for (line, mut listed) in (1..).zip(found).filter_map(|(line, listed)| Some((line, listed.ok()?))) {
        page.events.extend(stated(std::mem::take(&mut listed.facts), line));
        known.push(listed);
    }
    if list == ["environments"] {
        page.next = Some(after_environments(ask, memory, &known, link(&answer.headers, "next")));
        return Ok(page);
    }
    let first = memory.seen.is_empty() && asked_for(&ask.path, "page").is_none_or(|page| page == "1");
    let by_time = asked_for(&ask.path, "updated_after").is_some();
    if list == ["merge_requests"] {
        page.inner = known.iter().flat_map(|listed| inner(ask, listed)).collect();
    }
    // What belongs to a merge request is none of the things that its stream counts.
    let counted = list.first() != Some(&"merge_requests") || list.len() == 1;
    if counted {
        page.listed = (listed - known.iter().filter(|listed| memory.seen.contains(&listed.number)).count()) as u64;
    }
    if counted && (first || !by_time) {
        page.total = answer.headers.get("x-total").and_then(|total| total.trim().parse().ok());
    }
    page.next = match link(&answer.headers, "next") {
        _ if !more => None,
        _ if by_time => Some(after(ask, memory, &known)),
        next => next.map(|url| Ask { path: url.into(), ..ask.clone() }),
    };
    Ok(page)
}

/// The page behind one that is in the order of time: from the millisecond before its last entry on; by number where that
/// would not lead on, as all of its entries are of one instant.
fn after(ask: &Ask, mut memory: Memory, page: &[Listed]) -> Ask {
    let began = asked_for(&ask.path, "updated_after").as_deref().and_then(At::parse).unwrap_or_default();
    let ended = page.iter().filter_map(|listed| listed.updated_at).max().map_or(began, |at| at.plus(-MILLISECOND));
    let path = if ended > began {
        let again = page.iter().filter(|listed| listed.updated_at.is_some_and(|at| at >= ended));
        memory.seen = again.map(|listed| listed.number).collect();
        with(&with(&ask.path, "updated_after", ended.rfc3339()), "page", "1".into())
    } else {
        let number = asked_for(&ask.path, "page").and_then(|page| page.parse::<u64>().ok()).unwrap_or(1);
        with(&ask.path, "page", number.saturating_add(1).to_string())
    };
    Ask { path, memory: memory.kept(), ..ask.clone() }
}

/// More environments, else the deployments into them.
fn after_environments(ask: &Ask, mut memory: Memory, page: &[Listed], next: Option<&str>) -> Ask {
    memory.tiers |= page.iter().any(|listed| listed.production.is_some());
    memory.production.extend(page.iter().filter(|listed| listed.production == Some(true)).map(|listed| listed.number));
    if let Some(url) = next {
        return Ask { path: url.into(), memory: memory.kept(), ..ask.clone() };
    }
    let from = memory.since.take().unwrap_or_default();
    let path = by_time(&format!("{}/deployments", project(&ask.scope)), &[], from);
    Ask { path, memory: memory.kept(), ..ask.clone() }
}

/// What must be asked about a merge request.
fn inner(ask: &Ask, request: &Listed) -> Vec<Ask> {
    let path = format!("{}/merge_requests/{}", project(&ask.scope), request.number);
    let memory = Memory { change: Some(facts::change_id(&ask.scope, request.number)), author: request.author, ..Memory::default() };
    let order = vec![("sort", "asc".to_owned()), ("order_by", "created_at".to_owned())];
    let notes = Ask { path: query(&format!("{path}/notes"), order), memory: memory.kept(), ..ask.clone() };
    let commits = Ask { path: query(&format!("{path}/commits"), vec![]), memory: memory.kept(), ..ask.clone() };
    if request.squashed { vec![notes, commits] } else { vec![notes] }
}

#[cfg(test)]
mod tests;
