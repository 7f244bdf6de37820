//! What GitHub holds already, page by page: the REST API's lists, and for what a list leaves out one GraphQL request of many
//! things.
//!
//! | stream | how | why nothing is lost while it is read |
//! |---|---|---|
//! | deployments, workflow runs, releases | newest first | what is new goes before what was read |
//! | commits | the default branch, pinned to its tip | the history of a commit never changes |
//! | pull requests | last changed first | what changes moves to the front: the front is read again until it is quiet |
//! | issues | first changed first, from the last instant read | each page is a new question, not a place in a list |
//!
//! Why GraphQL for details: a list of pull requests has no lines, reviews or commits, one of deployments no statuses. Asked
//! for one by one that is 300 requests for a page of 100, or 1,600 pull requests an hour under GitHub's limit; by node ids
//! it is 4 requests of about two points each, or 60,000 an hour. Where GraphQL does not answer (a proxy that lets GET through,
//! a server that only resembles GitHub, one that is too old), each thing is asked for by itself.
//!
//! Facts and their ids are those of the webhooks, made by the same functions.

mod changes;
mod deployments;
mod facts;
mod lists;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::domain::time::At;
use crate::sources::pages::{Answer, Ask, Page, Pages};
use crate::sources::{self, without_nul};

/// The registration.
pub const PAGES: Pages = Pages {
    url: "https://api.github.com",
    headers: |token| {
        vec![
            ("authorization", format!("Bearer {token}")),
            ("accept", "application/vnd.github+json".into()),
            ("x-github-api-version", "2022-11-28".into()),
        ]
    },
    scope: "repository",
    begin: lists::begin,
    read,
};

/// GraphQL beside the REST API: `https://api.github.com/graphql`, and on an enterprise server `/api/graphql` beside `/api/v3`.
const GRAPHQL: &str = "/../graphql";

/// What an ask is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
enum Memory {
    /// A page of a list, for what changed since an instant.
    List {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<At>,
        /// The newest change on the list's first page, from the second page on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mark: Option<At>,
        /// Whether this is the list's first page in this run.
        #[serde(default)]
        first: bool,
    },
    /// How many things a list has.
    Count,
    /// The newest commit of the default branch, then its history.
    Tip {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<At>,
    },
    /// Pull requests whole: number and node id.
    Pulls { pulls: Vec<(u64, String)> },
    /// One pull request whole.
    Pull { number: u64 },
    /// The reviews of one.
    Reviews { number: u64, updated_at: Option<At> },
    /// The commits of one.
    Commits,
    /// The statuses of deployments.
    Statuses { repository: String, deployments: Vec<deployments::Known> },
}

fn read(ask: &Ask, answer: &Answer) -> Result<Page, String> {
    let memory: Memory = ask.remembered()?;
    if let Some(status) = answer.refused() {
        return refused(ask, &memory, status);
    }
    let body = without_nul(&answer.body);
    match memory {
        Memory::List { since, mark, first } => lists::list(ask, answer, &body, lists::Stand { since, mark, first }),
        Memory::Count => lists::count(ask, answer, &body),
        Memory::Tip { since } => lists::tip(ask, answer, &body, since),
        Memory::Pulls { pulls } => changes::pulls(ask, &body, &pulls),
        Memory::Pull { number } => changes::pull(ask, &body, number),
        Memory::Reviews { number, updated_at } => changes::reviews(ask, answer, &body, number, updated_at),
        Memory::Commits => changes::commits(ask, answer, &body),
        Memory::Statuses { repository, deployments } => deployments::statuses(ask, answer, &body, &repository, deployments),
    }
}

/// What a refusal means where it is no failure.
fn refused(ask: &Ask, memory: &Memory, status: u16) -> Result<Page, String> {
    let inner = match (memory, status) {
        // Issues are switched off; a repository without a commit has no history; how many there are is good to know, no more.
        (Memory::Tip { .. }, 409) | (Memory::Count, _) => Vec::new(),
        (Memory::List { .. }, 410) if ask.stream == lists::ISSUES => Vec::new(),
        (Memory::Pulls { pulls }, _) if ask.body.is_some() => pulls.iter().map(|(number, _)| changes::alone(ask, *number)).collect(),
        (Memory::Statuses { repository, deployments }, _) if ask.body.is_some() => {
            deployments.iter().map(|known| deployments::alone(ask, repository, known)).collect()
        }
        _ => return Err(format!("status {status}")),
    };
    Ok(Page { inner, ..Page::default() })
}

/// An ask of the same stream and scope.
fn ask(like: &Ask, path: impl Into<String>, memory: &Memory) -> Ask {
    like.to(path).remembering(memory)
}

/// The next page of the same list, where there is one.
fn next_page(like: &Ask, answer: &Answer, memory: &Memory) -> Option<Ask> {
    answer.link("next").map(|url| ask(like, url, memory))
}

/// A GraphQL request about nodes.
fn about_nodes(like: &Ask, query: &str, ids: &[&str], memory: &Memory) -> Ask {
    let body = serde_json::json!({"query": query, "variables": {"ids": ids}}).to_string();
    Ask { body: Some(body), ..ask(like, GRAPHQL, memory) }
}

/// The nodes of a GraphQL answer, in pieces, in the order in which they were asked for; where it failed as a whole, as many
/// times nothing.
fn nodes(body: &[u8], count: usize) -> Result<Vec<Option<&RawValue>>, String> {
    #[derive(Deserialize)]
    struct Said<'a> {
        #[serde(borrow)]
        data: Option<Data<'a>>,
        #[serde(default)]
        errors: Vec<Complaint>,
    }
    #[derive(Deserialize)]
    struct Data<'a> {
        #[serde(borrow)]
        nodes: Option<Vec<Option<&'a RawValue>>>,
    }
    #[derive(Deserialize)]
    struct Complaint {
        #[serde(rename = "type")]
        kind: Option<String>,
    }
    let said: Said<'_> = sources::read(body)?;
    if said.errors.iter().any(|error| error.kind.as_deref() == Some("RATE_LIMITED")) {
        return Err("no more requests are taken for now".into());
    }
    let nodes = said.data.and_then(|data| data.nodes).filter(|nodes| nodes.len() == count);
    Ok(nodes.unwrap_or_else(|| vec![None; count]))
}

/// The things of a list, each in a piece of its own, so that one that can't be read leaves the others.
fn items<'a>(body: &'a [u8], key: Option<&str>) -> Result<(Vec<&'a RawValue>, Option<u64>), String> {
    #[derive(Deserialize)]
    struct Keyed<'a> {
        total_count: Option<u64>,
        #[serde(borrow)]
        workflow_runs: Vec<&'a RawValue>,
    }
    match key {
        None => Ok((sources::read(body)?, None)),
        Some(_) => sources::read::<Keyed<'_>>(body).map(|keyed| (keyed.workflow_runs, keyed.total_count)),
    }
}

fn one<T: DeserializeOwned>(item: &RawValue) -> Result<T, String> {
    sources::read(item.get().as_bytes())
}

#[cfg(test)]
mod tests;
