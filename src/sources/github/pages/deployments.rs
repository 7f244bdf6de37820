//! Deployments with their statuses: which of them a deployment stands at is what its fact says.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::deploys;
use super::super::payload::{self, DeploymentStatus, Payload};
use super::{Memory, about_nodes, ask, facts, items, next_page, nodes, one};
use crate::domain::event::{Event, Status};
use crate::domain::time::At;
use crate::sources::pages::{Answer, Ask, Page};
use crate::sources::{Outcome, Read};

/// Deployments asked about at once.
const AT_ONCE: usize = 50;
/// Statuses of one that are asked for; one with more is asked about alone.
const QUERY: &str = "query($ids:[ID!]!){nodes(ids:$ids){...on Deployment{statuses(first:20){pageInfo{hasNextPage}nodes{state environment created_at:createdAt updated_at:updatedAt}}}}}";

/// What the list of deployments says of one: kept in the ask for its statuses, whose answer does not repeat it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Known {
    id: u64,
    #[serde(default, rename = "node_id", skip_serializing_if = "Option::is_none")]
    node: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    environment: Option<String>,
    #[serde(default, rename = "production_environment", skip_serializing_if = "Option::is_none")]
    production: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created_at: Option<At>,
}

impl Known {
    fn payload(&self) -> payload::Deployment {
        payload::Deployment {
            id: Some(self.id),
            sha: self.sha.clone(),
            environment: self.environment.clone(),
            production_environment: self.production,
            created_at: self.created_at,
        }
    }

    /// What its statuses make of it: the fact that would win over the others, were each delivered by itself.
    fn fact(&self, statuses: Vec<DeploymentStatus>, repository: &str) -> Read {
        let mut said = vec![deploys::deployment(Payload { deployment: Some(self.payload()), ..Payload::default() }, repository)?];
        for status in statuses {
            let payload = Payload { deployment: Some(self.payload()), deployment_status: Some(status), ..Payload::default() };
            said.push(deploys::deployment_status(payload, repository)?);
        }
        let facts = said.into_iter().flat_map(|outcome| if let Outcome::Facts(facts) = outcome { facts } else { Vec::new() });
        let ended = |event: &Event| matches!(event, Event::Deployment(it) if it.status != Status::Pending);
        Ok(Outcome::Facts(facts.max_by_key(|(event, version)| (*version, ended(event))).into_iter().collect()))
    }
}

/// A page of the list: its facts come with their statuses.
pub(super) fn listed(asked: &Ask, things: &[&RawValue], page: &mut Page) {
    let repository = facts::repository_of(asked, things);
    let mut known: Vec<Known> = Vec::with_capacity(things.len());
    for (line, item) in (1..).zip(things) {
        match one(item) {
            Ok(deployment) => known.push(deployment),
            Err(reason) => page.take(line, Err(reason)),
        }
    }
    let (named, alone): (Vec<Known>, Vec<Known>) = known.into_iter().partition(|known| known.node.is_some());
    for some in named.chunks(AT_ONCE) {
        let ids: Vec<&str> = some.iter().filter_map(|known| known.node.as_deref()).collect();
        let memory = Memory::Statuses { repository: repository.clone(), deployments: some.to_vec() };
        page.inner.push(about_nodes(asked, QUERY, &ids, &memory));
    }
    page.inner.extend(alone.iter().map(|known| self::alone(asked, &repository, known)));
}

/// The ask for the statuses of one deployment.
pub(super) fn alone(asked: &Ask, repository: &str, known: &Known) -> Ask {
    let memory = Memory::Statuses { repository: repository.into(), deployments: vec![known.clone()] };
    ask(asked, format!("/repos/{repository}/deployments/{}/statuses?per_page=100", known.id), &memory)
}

/// Statuses: of several deployments by GraphQL, or a list of one's.
pub(super) fn statuses(asked: &Ask, answer: &Answer, body: &[u8], repository: &str, deployments: Vec<Known>) -> Result<Page, String> {
    #[derive(Deserialize)]
    struct Node {
        statuses: Statuses,
    }
    #[derive(Deserialize)]
    struct Statuses {
        #[serde(rename = "pageInfo")]
        page: More,
        nodes: Vec<DeploymentStatus>,
    }
    #[derive(Deserialize)]
    struct More {
        #[serde(rename = "hasNextPage")]
        more: bool,
    }
    let mut page = Page::default();
    if asked.body.is_none() {
        let (things, _) = items(body, None)?;
        let statuses: Result<Vec<DeploymentStatus>, String> = things.iter().map(|item| one(item)).collect();
        let said = deployments.first().map(|known| statuses.and_then(|statuses| known.fact(statuses, repository)));
        page.take(1, said.unwrap_or(Ok(Outcome::ignored("no deployment"))));
        page.next = next_page(asked, answer, &Memory::Statuses { repository: repository.into(), deployments });
        return Ok(page);
    }
    for (line, (known, node)) in (1..).zip(deployments.iter().zip(nodes(body, deployments.len())?)) {
        match node.and_then(|node| one::<Node>(node).ok()).filter(|node| !node.statuses.page.more) {
            // It is deleted, has many statuses, or GraphQL could not say.
            None => page.inner.push(alone(asked, repository, known)),
            Some(node) => {
                // GraphQL writes states in capitals.
                let lower = |mut status: DeploymentStatus| {
                    status.state = status.state.map(|state| state.to_lowercase());
                    status
                };
                page.take(line, known.fact(node.statuses.nodes.into_iter().map(lower).collect(), repository));
            }
        }
    }
    Ok(page)
}
