//! Resolves `team:T`, `service:S` and `project:P`, and says what there is where a name is unknown.

use std::collections::BTreeMap;

use super::{Context, words};
use crate::domain::card::Scope;
use crate::domain::org::EVERYTHING;
use crate::error::{Kind, UserError};

/// How many names a hint lists.
const MOST_LISTED: usize = 10;

/// A scope as one types it.
pub fn text(scope: &Scope) -> String {
    match scope {
        Scope::Organisation => format!("team:{EVERYTHING}"),
        Scope::Team(_) | Scope::Teams(_) => {
            scope.teams().iter().map(|id| format!("team:{}", words::quoted(id))).collect::<Vec<_>>().join(" ")
        }
        Scope::Service(name) => format!("service:{}", words::quoted(name)),
        Scope::Project(id) => format!("project:{}", words::quoted(id)),
    }
}

/// Whether a word, in small letters, is likely meant as `team:all`.
pub fn means_everything(word: &str) -> bool {
    [EVERYTHING, "company", "everybody", "everyone", "everything", "org", "organisation", "organization", "whole"].contains(&word)
}

/// The scope that a key and a value name.
pub(super) fn resolve(key: &str, value: &str, context: &Context<'_>) -> Result<Scope, UserError> {
    match key {
        "team" => team(value, context),
        "service" => {
            let mut known: BTreeMap<String, Vec<&str>> = BTreeMap::new();
            let declared = context.org.service_names().into_iter().map(str::to_owned);
            for name in declared.chain(context.services.iter().cloned()) {
                known.entry(name).or_default();
            }
            pick("service", Kind::UnknownService, value, &known).map(Scope::Service)
        }
        _ => {
            let mut known: BTreeMap<String, Vec<&str>> = BTreeMap::new();
            for (id, project) in &context.org.projects {
                known.insert(id.clone(), vec![project.name.as_str()]);
            }
            for id in context.projects {
                known.entry(id.clone()).or_default();
            }
            pick("project", Kind::UnknownProject, value, &known).map(Scope::Project)
        }
    }
}

fn team(value: &str, context: &Context<'_>) -> Result<Scope, UserError> {
    if value.eq_ignore_ascii_case(EVERYTHING) {
        return Ok(Scope::Organisation);
    }
    // A Slack user group: `<!subteam^S123|@payments>`.
    if let Some(group) = value.strip_prefix("<!subteam^") {
        let id = group.split(['|', '>']).next().unwrap_or_default();
        let found = context.org.live_teams().find(|(_, team)| team.slack_group.as_deref() == Some(id));
        if let Some((team, _)) = found {
            return Ok(Scope::Team(team.to_owned()));
        }
    }
    if let Some((id, _)) = context.org.team_by(value) {
        return Ok(Scope::Team(id.to_owned()));
    }
    let known = context.org.live_teams().map(|(id, team)| (id.to_owned(), vec![team.name.as_str()])).collect();
    pick("team", Kind::UnknownTeam, value, &known).map(Scope::Team)
}

/// The one of the known ids that a value names: by exact id, by id in any case, by other name.
fn pick(what: &str, kind: Kind, value: &str, known: &BTreeMap<String, Vec<&str>>) -> Result<String, UserError> {
    let wanted = value.to_lowercase();
    let exact = known.keys().find(|id| *id == value);
    let by_id = || known.keys().find(|id| id.to_lowercase() == wanted);
    let by_name = || known.iter().find(|(_, names)| names.iter().any(|name| name.to_lowercase() == wanted)).map(|(id, _)| id);
    if let Some(id) = exact.or_else(by_id).or_else(by_name) {
        return Ok(id.clone());
    }
    let message = if value.is_empty() {
        format!("There is no name after `{what}:`.")
    } else {
        let candidates = known.iter().flat_map(|(id, names)| names.iter().map(move |name| (*name, id)).chain([(id.as_str(), id)]));
        let near = closest(value, candidates).map_or_else(String::new, |id| format!(" Did you mean `{id}`?"));
        format!("I do not know the {what} `{}`.{near}", words::shortened(value))
    };
    Err(UserError::new(kind, message, listed(what, known.keys().map(String::as_str))))
}

fn listed<'a>(what: &str, ids: impl Iterator<Item = &'a str>) -> String {
    let ids: Vec<String> = ids.map(|id| format!("`{id}`")).collect();
    match ids.len() {
        0 => match what {
            "team" => "No team is declared yet: `pacer org apply FILE` does so.".into(),
            "service" => "No service is known yet: one appears with its first deployment.".into(),
            _ => "No project is known yet: declare them with `pacer org apply FILE`.".into(),
        },
        count if count > MOST_LISTED => format!("There are {}, and {} more.", ids[..MOST_LISTED].join(", "), count - MOST_LISTED),
        1 => format!("There is {}.", ids[0]),
        _ => format!("There are {}.", ids.join(", ")),
    }
}

/// What was perhaps meant: near enough in spelling, or begun in the same way.
pub fn closest<'a, T>(typed: &str, candidates: impl Iterator<Item = (&'a str, T)>) -> Option<T> {
    let typed: String = typed.to_lowercase().chars().take(60).collect();
    candidates
        .filter_map(|(name, what)| {
            let name = name.to_lowercase();
            let begun = typed.chars().count() >= 3 && name.starts_with(&typed);
            let near = if begun { 0.9 } else { strsim::normalized_damerau_levenshtein(&typed, &name) };
            (near >= 0.6).then_some((near, what))
        })
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, what)| what)
}
