//! What is connected: sources, services with their teams, teams with their people, the portfolio, the latest changes.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::org::moves::Owners;
use crate::domain::org::{Project, Team};
use crate::error::Failure;
use crate::features::Cx;
use crate::features::host::Feed;
use crate::store::following::Followed;
use crate::store::org::OrgChange;
use crate::store::sources::Freshness;

/// Changes that are told.
const CHANGES: i64 = 3;

/// All of it.
#[derive(Debug, Clone, Default)]
pub struct Overview {
    /// Sources that were heard.
    pub sources: Vec<Freshness>,
    /// Sources that have a webhook.
    pub feeds: Vec<Feed>,
    /// Those without a team first, then by name.
    pub services: Vec<ServiceRow>,
    /// By id.
    pub teams: Vec<TeamRow>,
    /// The portfolio, by id.
    pub projects: BTreeMap<String, Project>,
    /// Newest first.
    pub changes: Vec<OrgChange>,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceRow {
    pub name: String,
    /// The teams that own it now, by name.
    pub teams: Vec<String>,
    pub repository: Option<String>,
    pub declared: bool,
}

/// A team.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TeamRow {
    pub id: String,
    pub name: String,
    pub parent: Option<String>,
    pub services: u64,
    pub people: u64,
    /// Teams right below it.
    pub below: u64,
    /// The Slack group that it follows, once it was read.
    pub group: Option<Followed>,
    /// Whether it follows one.
    pub follows: bool,
    pub channels: Vec<String>,
}

impl Overview {
    /// How many services no team owns.
    pub fn unassigned(&self) -> usize {
        self.services.iter().filter(|it| it.teams.is_empty()).count()
    }
}

/// Loads it.
pub async fn load(cx: &Cx) -> Result<Overview, Failure> {
    let org = &cx.org.org;
    let mut followed: BTreeMap<String, Followed> = cx.store.followed().await?.into_iter().map(|it| (it.team.clone(), it)).collect();
    let names: BTreeSet<String> =
        cx.store.services().await?.into_iter().chain(org.service_names().into_iter().map(str::to_owned)).collect();
    let mut services: Vec<ServiceRow> = Vec::new();
    let owners = Owners::of(org);
    for name in names {
        let owners = owners.places(&name, cx.now).into_iter().filter_map(|place| place.team);
        let teams = owners.filter_map(|id| org.teams.get(&id)).map(|team| team.name.clone()).collect();
        let declared = org.services.get(&name);
        services.push(ServiceRow { teams, repository: declared.and_then(|it| it.repository.clone()), declared: declared.is_some(), name });
    }
    services.sort_by_key(|it| !it.teams.is_empty());
    let holds = |list: &[(String, crate::domain::org::Span)]| {
        list.iter().filter(|(_, span)| span.holds(cx.now)).map(|(name, _)| name.clone()).collect::<BTreeSet<_>>().len() as u64
    };
    let mut below: BTreeMap<&str, u64> = BTreeMap::new();
    for parent in org.live_teams().filter_map(|(_, team)| team.parent.as_deref()) {
        *below.entry(parent).or_default() += 1;
    }
    let row = |(id, team): (&str, &Team)| TeamRow {
        id: id.to_owned(),
        name: team.name.clone(),
        parent: team.parent.as_deref().and_then(|id| org.teams.get(id)).map(|parent| parent.name.clone()),
        services: holds(&team.services),
        people: holds(&org.members_of(team)),
        below: below.get(id).copied().unwrap_or_default(),
        group: followed.remove(id),
        follows: team.slack_group.is_some(),
        channels: team.channels.clone(),
    };
    let teams = org.live_teams().map(row).collect();
    Ok(Overview {
        sources: cx.store.freshness(cx.now).await?,
        feeds: cx.host.feeds.clone(),
        services,
        teams,
        projects: org.projects.clone(),
        changes: cx.store.org_changes(cx.now, CHANGES).await?,
    })
}
