//! From a scope to its services, each with the spans in which its deployments count.

use std::collections::BTreeMap;

use crate::domain::card::Scope;
use crate::domain::org::{Org, Span};
use crate::error::Failure;
use crate::store::Store;
use crate::store::figures::Services;

/// The services of a scope. The organisation's own also holds `""`: incidents that name no service.
pub async fn services(store: &Store, scope: &Scope, org: &Org) -> Result<Services, Failure> {
    Ok(match scope {
        Scope::Organisation => {
            let names = store.services().await?;
            names.into_iter().chain([String::new()]).map(|name| (name, vec![Span::default()])).collect()
        }
        Scope::Service(name) => vec![(name.clone(), vec![Span::default()])],
        Scope::Team(_) | Scope::Teams(_) => {
            let mut spans: BTreeMap<String, Vec<Span>> = BTreeMap::new();
            for (service, span) in scope.teams().iter().flat_map(|id| org.owned(id)) {
                spans.entry(service).or_default().push(span);
            }
            spans.into_iter().collect()
        }
        Scope::Project(_) => Vec::new(),
    })
}
