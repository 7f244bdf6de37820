//! The lists: what is asked first, where a list ends, and why nothing is lost when it moves while it is read.
//!
//! Why not `sort=updated&direction=asc` for pull requests: their list takes no `since`, so pages are places in it. What is
//! changed on a page already read moves to the end, everything behind it moves forward by one, and the first of the next
//! page slips onto the page already read. Last changed first, everything moves backwards and comes twice at worst; what
//! moves to the front is met when the front is read again.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{GRAPHQL, Memory, ask, changes, deployments, facts, items, next_page, one};
use crate::domain::time::{At, DAY, SECOND};
use crate::sources;
use crate::sources::pages::{Answer, Ask, Page};

pub(super) const DEPLOYMENTS: &str = "deployments";
pub(super) const COMMITS: &str = "commits";
pub(super) const PULLS: &str = "pull requests";
pub(super) const RELEASES: &str = "releases";
pub(super) const RUNS: &str = "workflow runs";
pub(super) const ISSUES: &str = "issues";

/// The first page of pull requests, the last changed first.
const PULLS_PATH: &str = "pulls?state=all&sort=updated&direction=desc&per_page=100";

/// Issues, the first changed first.
const ISSUES_PATH: &str = "issues?state=all&sort=updated&direction=asc&per_page=100";
/// Things on a full page.
const PAGE: usize = 100;

/// How long before `since` a deployment or a run may have been created that ended after it.
const RUNNING: i64 = 7 * DAY;
/// How long before `since` a commit may have been made that came to the default branch after it. Those that come through a
/// pull request come with it, however old.
const UNPUSHED: i64 = 30 * DAY;

/// Where a list stands.
#[derive(Clone, Copy)]
pub(super) struct Stand {
    pub since: Option<At>,
    pub mark: Option<At>,
    pub first: bool,
}

/// The first ask of each stream: first what the DORA figures are made of. None for what is no repository's name: it may come
/// from outside, and becomes part of a path.
pub(super) fn begin(scope: &str, since: Option<At>) -> Vec<Ask> {
    let plain = |part: &str| {
        !part.is_empty()
            && !part.trim_matches('.').is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    if !matches!(scope.split('/').collect::<Vec<_>>()[..], [owner, name] if plain(owner) && plain(name)) {
        return Vec::new();
    }
    let list = Memory::List { since, mark: None, first: true };
    let issues = since.map_or_else(String::new, |at| format!("&since={}", seconds(at)));
    let first = |stream: &str, path: &str, memory: &Memory| {
        let like = Ask { stream: stream.into(), scope: scope.into(), ..Ask::default() };
        ask(&like, format!("/repos/{scope}/{path}"), memory)
    };
    vec![
        first(DEPLOYMENTS, "deployments?per_page=100", &list),
        first(COMMITS, "commits?per_page=1", &Memory::Tip { since }),
        first(PULLS, PULLS_PATH, &list),
        first(RELEASES, "releases?per_page=100", &list),
        // Without `created`: with it GitHub gives 1,000 runs at most.
        first(RUNS, "actions/runs?per_page=100", &list),
        first(ISSUES, &format!("{ISSUES_PATH}{issues}"), &list),
    ]
}

/// An instant as GitHub's parameters take it: whole seconds.
fn seconds(at: At) -> String {
    At::from_secs(at.0.div_euclid(SECOND)).rfc3339()
}

/// What a list tells of a thing on it, to find the way.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Listed {
    pub number: Option<u64>,
    pub node_id: Option<String>,
    pub created_at: Option<At>,
    pub updated_at: Option<At>,
}

/// A page of a list.
pub(super) fn list(asked: &Ask, answer: &Answer, body: &[u8], stand: Stand) -> Result<Page, String> {
    let runs = asked.stream == RUNS;
    let (things, total) = items(body, runs.then_some("workflow_runs"))?;
    let mut page = Page { listed: things.len() as u64, total, ..Page::default() };
    let ways: Vec<Listed> = things.iter().map(|item| one(item).unwrap_or_default()).collect();
    match asked.stream.as_str() {
        PULLS => pulls(asked, answer, &ways, stand, &mut page),
        ISSUES => issues(asked, &things, &ways, stand, &mut page),
        DEPLOYMENTS => {
            newest_first(asked, answer, &ways, stand, Some(RUNNING), &mut page);
            deployments::listed(asked, &things, &mut page);
        }
        RUNS => {
            newest_first(asked, answer, &ways, stand, Some(RUNNING), &mut page);
            facts::runs(asked, &things, &mut page);
        }
        RELEASES => {
            // All of them, always: one may be published long after its commit, by which they are in order.
            newest_first(asked, answer, &ways, stand, None, &mut page);
            facts::releases(asked, &things, &mut page);
        }
        COMMITS => {
            page.next = next_page(asked, answer, &Memory::List { since: stand.since, mark: None, first: false });
            facts::commits(asked, &things, &mut page);
        }
        other => return Err(format!("pacer knows no stream `{other}` of GitHub")),
    }
    if stand.first {
        how_many(asked, answer, things.len(), &mut page);
    }
    Ok(page)
}

/// How many there are in all: as many as on the page where it is the only one, else the source is asked. Not of releases,
/// whose list holds drafts.
fn how_many(asked: &Ask, answer: &Answer, here: usize, page: &mut Page) {
    let path = match asked.stream.as_str() {
        DEPLOYMENTS => "deployments?per_page=1",
        PULLS => "pulls?state=all&per_page=1",
        ISSUES => return page.inner.insert(0, count_of_issues(asked)),
        _ => return,
    };
    match answer.link("next") {
        None => page.total = Some(here as u64),
        Some(_) => page.inner.insert(0, ask(asked, format!("/repos/{}/{path}", asked.scope), &Memory::Count)),
    }
}

/// The list of issues holds the pull requests too, so its length says nothing.
fn count_of_issues(asked: &Ask) -> Ask {
    const QUERY: &str = "query($owner:String!,$name:String!){repository(owner:$owner,name:$name){issues{totalCount}}}";
    let (owner, name) = asked.scope.split_once('/').unwrap_or_default();
    let body = serde_json::json!({"query": QUERY, "variables": {"owner": owner, "name": name}}).to_string();
    Ask { body: Some(body), ..ask(asked, GRAPHQL, &Memory::Count) }
}

/// The answer to how many there are.
pub(super) fn count(asked: &Ask, answer: &Answer, body: &[u8]) -> Result<Page, String> {
    let total = if asked.body.is_some() {
        let said: serde_json::Value = sources::read(body)?;
        said.pointer("/data/repository/issues/totalCount").and_then(serde_json::Value::as_u64)
    } else {
        last_page(answer).or(Some(items(body, None)?.0.len() as u64))
    };
    Ok(Page { total, ..Page::default() })
}

/// The number of the last page, which is how many things there are where each page holds one.
fn last_page(answer: &Answer) -> Option<u64> {
    Ask { path: answer.link("last")?.into(), ..Ask::default() }.query("page")?.parse().ok()
}

/// The tip of the default branch: its history is listed from that commit on, so that nothing moves.
pub(super) fn tip(asked: &Ask, answer: &Answer, body: &[u8], since: Option<At>) -> Result<Page, String> {
    #[derive(Deserialize)]
    struct Tip {
        sha: String,
    }
    let (things, _) = items(body, None)?;
    let Some(tip) = things.first() else { return Ok(Page::default()) };
    let tip: Tip = one(tip)?;
    let total = last_page(answer).or(Some(1));
    let from = since.map_or_else(String::new, |at| format!("&since={}", seconds(at.plus(-UNPUSHED))));
    let path = format!("/repos/{}/commits?sha={}&per_page=100{from}", asked.scope, tip.sha);
    let next = Some(ask(asked, path, &Memory::List { since, mark: None, first: false }));
    Ok(Page { next, total, ..Page::default() })
}

fn newest_first(asked: &Ask, answer: &Answer, ways: &[Listed], stand: Stand, lookback: Option<i64>, page: &mut Page) {
    let oldest = ways.iter().filter_map(|way| way.created_at).min();
    let reached = lookback.zip(stand.since).zip(oldest).is_some_and(|((lookback, since), oldest)| oldest < since.plus(-lookback));
    if !reached {
        page.next = next_page(asked, answer, &Memory::List { since: stand.since, mark: None, first: false });
    }
}

/// Last changed first, down to `since`; then the front again, until it holds nothing that changed since it was read.
fn pulls(asked: &Ask, answer: &Answer, ways: &[Listed], stand: Stand, page: &mut Page) {
    let newest = ways.iter().filter_map(|way| way.updated_at).max();
    let oldest = ways.iter().filter_map(|way| way.updated_at).min();
    let mark = stand.mark.or(newest);
    let reached = stand.since.zip(oldest).is_some_and(|(since, oldest)| oldest < since);
    let memory = Memory::List { since: stand.since, mark, first: false };
    page.next = next_page(asked, answer, &memory).filter(|_| !reached);
    if page.next.is_none() && stand.mark.is_some() {
        let front = format!("/repos/{}/{PULLS_PATH}", asked.scope);
        page.next = Some(ask(asked, front, &Memory::List { since: mark, mark: None, first: false }));
    }
    for (line, _) in (1..).zip(ways).filter(|(_, way)| way.number.is_none()) {
        page.take(line, Err("it has no number".into()));
    }
    let changed = ways.iter().filter(|way| way.updated_at >= stand.since);
    page.listed = changed.clone().count() as u64;
    page.inner = changes::details(asked, changed);
}

/// First changed first: the next page is asked for by the instant of the last thing on this one. What changes meanwhile
/// moves to the end, which is still to come; what is deleted moves nothing.
fn issues(asked: &Ask, things: &[&RawValue], ways: &[Listed], stand: Stand, page: &mut Page) {
    let whole = |way: &&Listed| way.number.is_some();
    let last = ways.iter().filter(whole).filter_map(|way| way.updated_at).max();
    if let Some(last) = last.filter(|_| things.len() >= PAGE) {
        // A second earlier, whether `since` takes its own second in or not.
        let from = last.plus(-SECOND);
        let (from, number) =
            if stand.since.is_none_or(|since| since < from) { (from, 1) } else { (stand.since.unwrap_or(from), 1 + page_of(asked)) };
        let path = format!("/repos/{}/{ISSUES_PATH}&since={}&page={number}", asked.scope, seconds(from));
        page.next = Some(ask(asked, path, &Memory::List { since: Some(from), mark: None, first: false }));
    }
    facts::issues(asked, things, page);
}

fn page_of(asked: &Ask) -> u64 {
    asked.query("page").and_then(|page| page.parse().ok()).unwrap_or(1)
}
