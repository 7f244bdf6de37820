//! [`Members`]: whose items a scope's are: assigned to somebody who belonged to it then. Never to count one person.
//!
//! Read by `flow`, forecasts, risk and `pacer backtest`: one rule, so that what is foretold and what is looked back on are the same items.

use std::collections::HashMap;

use crate::domain::card::Scope;
use crate::domain::org::identity::Name;
use crate::domain::org::{Org, Span};
use crate::domain::time::At;
use crate::domain::work::WorkItem;

/// The people of a name: the one tool that knows it, and when they belonged.
type Named = Vec<(Option<String>, Span)>;

/// People by every name that tools know them by; none: everybody.
pub struct Members(Option<HashMap<String, Named>>);

impl Members {
    /// Of a scope.
    pub fn of(scope: &Scope, org: &Org) -> Self {
        match scope {
            Scope::Team(_) | Scope::Teams(_) => Self::people(scope.teams().iter().flat_map(|team| org.people_of(team))),
            _ => Self(None),
        }
    }

    /// Of some people, by the names that tools know them by.
    pub fn people(people: impl IntoIterator<Item = (Name, Span)>) -> Self {
        let mut by_name: HashMap<String, Named> = HashMap::new();
        for (name, span) in people {
            by_name.entry(name.name).or_default().push((name.source, span));
        }
        Self(Some(by_name))
    }

    /// Whether nobody is meant.
    pub fn is_nobody(&self) -> bool {
        self.0.as_ref().is_some_and(HashMap::is_empty)
    }

    /// Whether an item is one of theirs at an instant.
    pub fn has(&self, item: &WorkItem, at: At) -> bool {
        self.have(item.assignee.as_deref(), &item.source, at)
    }

    /// Whether what is assigned to a name of a source is theirs at an instant.
    pub fn have(&self, assignee: Option<&str>, source: &str, at: At) -> bool {
        let Some(by_name) = &self.0 else { return true };
        let names = assignee.and_then(|name| by_name.get(&name.to_lowercase()));
        names.is_some_and(|known| known.iter().any(|(only, span)| only.as_ref().is_none_or(|only| only == source) && span.holds(at)))
    }

    /// How many people are in a team at an instant, bots aside; none where it is no team.
    pub fn count(scope: &Scope, org: &Org, at: At) -> Option<usize> {
        let people = org.people_in(scope)?;
        Some(people.iter().filter(|spans| spans.iter().any(|span| span.holds(at))).count())
    }
}
