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

use super::facts;
use crate::domain::time::At;
use crate::sources::object::Object;
use crate::sources::pages::{Answer, Ask, Page, Pages, encoded};
use crate::sources::times::MILLISECOND;
use crate::sources::without_nul;
use listed::Listed;

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
    /// Whether an environment is of the production tier, where GitLab tells.
    fn production(&self, environment: u64) -> Option<bool> {
        self.tiers.then(|| self.production.contains(&environment))
    }
}

fn begin(scope: &str, since: Option<At>) -> Vec<Ask> {
    let scope = scope.trim_matches('/');
    let ask = |stream: &str, path: String| Ask { stream: stream.into(), scope: scope.into(), path, ..Ask::default() };
    let project = project(scope);
    let from = since.unwrap_or_default();
    let mut commits = vec![("all", "true".to_owned())];
    commits.extend(since.map(|at| ("since", at.rfc3339())));
    vec![
        ask("merge requests", by_time(&format!("{project}/merge_requests"), &[("scope", "all"), ("state", "all")], from)),
        ask("commits", query(&format!("{project}/repository/commits"), commits)),
        // First the environments, which alone tell their tier; the deployments follow.
        ask("deployments", query(&format!("{project}/environments"), vec![])).remembering(&Memory { since, ..Memory::default() }),
        ask("pipelines", by_time(&format!("{project}/pipelines"), &[], from)),
        ask("issues", by_time(&format!("{project}/issues"), &[("scope", "all")], from)),
        ask("releases", query(&format!("{project}/releases"), vec![])),
    ]
}

/// The path of a project: its full path, with its slashes coded.
fn project(scope: &str) -> String {
    format!("/projects/{}", encoded(scope))
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

/// The path with a field of its query set.
fn with(path: &str, name: &str, value: String) -> String {
    let (start, query) = path.split_once('?').unwrap_or((path, ""));
    let mut fields: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    fields.retain(|(known, _)| known != name);
    fields.push((name.into(), value));
    format!("{start}?{}", serde_urlencoded::to_string(fields).unwrap_or_default())
}

/// What an entry says; `None` for a list that pacer does not ask for.
fn entry(list: &[&str], entry: &Object<'_>, ask: &Ask, memory: &Memory) -> Option<Result<Listed, String>> {
    Some(match list {
        ["merge_requests"] => listed::merge_request(entry, &ask.scope),
        ["merge_requests", _, "notes"] => listed::note(entry, memory),
        ["merge_requests", _, "commits"] | ["repository", "commits"] => listed::commit(entry, &ask.scope),
        ["environments"] => listed::environment(entry),
        ["deployments"] => listed::deployment(entry, &ask.scope, memory),
        ["pipelines"] => listed::pipeline(entry, &ask.scope),
        ["issues"] => listed::issue(entry, &ask.scope),
        ["releases"] => listed::release(entry, &ask.scope),
        _ => return None,
    })
}

fn read(ask: &Ask, answer: &Answer) -> Result<Page, String> {
    let (list, memory): (Vec<&str>, Memory) = (segments(&ask.path), ask.remembered()?);
    let unknown = || format!("pacer does not ask GitLab for `{}`", list.join("/"));
    let json = without_nul(&answer.body);
    let mut entries = Vec::new();
    for told in Object::parse_list(&json)? {
        entries.push(told.map_or_else(|reason| Some(Err(reason)), |told| entry(&list, &told, ask, &memory)).ok_or_else(unknown)?);
    }
    if list.ends_with(&["commits"]) && list.starts_with(&["merge_requests"]) {
        listed::chain(&mut entries);
    }
    let (count, next) = (entries.len(), answer.link("next"));
    let (mut page, mut known) = (Page::default(), Vec::with_capacity(count));
    for (line, listed) in (1..).zip(entries) {
        match listed {
            Ok(mut listed) => {
                page.facts(line, std::mem::take(&mut listed.facts));
                known.push(listed);
            }
            Err(reason) => page.take(line, Err(reason)),
        }
    }
    if list == ["environments"] {
        page.next = Some(after_environments(ask, memory, &known, next));
        return Ok(page);
    }
    let first = memory.seen.is_empty() && ask.query("page").is_none_or(|page| page == "1");
    let by_time = ask.query("updated_after").is_some();
    if list == ["merge_requests"] {
        page.inner = known.iter().flat_map(|listed| inner(ask, listed)).collect();
    }
    // What belongs to a merge request is none of the things that its stream counts.
    let counted = list.first() != Some(&"merge_requests") || list.len() == 1;
    if counted {
        page.listed = (count - known.iter().filter(|listed| memory.seen.contains(&listed.number)).count()) as u64;
    }
    if counted && (first || !by_time) {
        page.total = answer.headers.get("x-total").and_then(|total| total.trim().parse().ok());
    }
    page.next = match next {
        None if count < PER_PAGE => None,
        _ if by_time => Some(after(ask, memory, &known)),
        next => next.map(|url| Ask { path: url.into(), ..ask.clone() }),
    };
    Ok(page)
}

/// The page behind one that is in the order of time: from the millisecond before its last entry on; by number where that
/// would not lead on, as all of its entries are of one instant.
fn after(ask: &Ask, mut memory: Memory, page: &[Listed]) -> Ask {
    let began = ask.query("updated_after").as_deref().and_then(At::parse).unwrap_or_default();
    let ended = page.iter().filter_map(|listed| listed.updated_at).max().map_or(began, |at| at.plus(-MILLISECOND));
    let path = if ended > began {
        let again = page.iter().filter(|listed| listed.updated_at.is_some_and(|at| at >= ended));
        memory.seen = again.map(|listed| listed.number).collect();
        with(&with(&ask.path, "updated_after", ended.rfc3339()), "page", "1".into())
    } else {
        let number = ask.query("page").and_then(|page| page.parse::<u64>().ok()).unwrap_or(1);
        with(&ask.path, "page", number.saturating_add(1).to_string())
    };
    ask.to(path).remembering(&memory)
}

/// More environments, else the deployments into them.
fn after_environments(ask: &Ask, mut memory: Memory, page: &[Listed], next: Option<&str>) -> Ask {
    memory.tiers |= page.iter().any(|listed| listed.production.is_some());
    memory.production.extend(page.iter().filter(|listed| listed.production == Some(true)).map(|listed| listed.number));
    if let Some(url) = next {
        return ask.to(url).remembering(&memory);
    }
    let from = memory.since.take().unwrap_or_default();
    let path = by_time(&format!("{}/deployments", project(&ask.scope)), &[], from);
    ask.to(path).remembering(&memory)
}

/// What must be asked about a merge request.
fn inner(ask: &Ask, request: &Listed) -> Vec<Ask> {
    let path = format!("{}/merge_requests/{}", project(&ask.scope), request.number);
    let memory = Memory { change: Some(facts::change_id(&ask.scope, request.number)), author: request.author, ..Memory::default() };
    let order = vec![("sort", "asc".to_owned()), ("order_by", "created_at".to_owned())];
    let notes = ask.to(query(&format!("{path}/notes"), order)).remembering(&memory);
    let commits = ask.to(query(&format!("{path}/commits"), vec![])).remembering(&memory);
    if request.squashed { vec![notes, commits] } else { vec![notes] }
}

#[cfg(test)]
mod tests;
