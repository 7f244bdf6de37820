//! [`Said`]: what a person says of all rows of an import: the service that they belong to, and the environment of
//! deployments that name none (`pacer import ... --service S --env E`).
//!
//! It is kept apart from the facts, under the identity of each, and laid over them. A fact's version is its sender's; the
//! version of what was said is the moment of saying. So a later word wins over an earlier one for all rows alike, whatever
//! versions the rows have; a newer version of a row keeps what was said of it; and the order of deliveries is immaterial.
//!
//! Why not a part of the fact: content and word would share one version. Two imports of the same rows with different words
//! would then tie, and the hash decide row by row; or, with the moment as the row's version, an old copy of a row would
//! beat what its sender says later.

use std::collections::BTreeMap;

use super::event::{Deployment, Incident};

/// The header under which a delivery keeps the service.
pub const SERVICE: &str = "x-pacer-service";
/// The header under which a delivery keeps the environment.
pub const ENVIRONMENT: &str = "x-pacer-environment";

/// What is said; nothing where both are none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// The service, whatever the rows say.
    pub service: Option<String>,
    /// The environment of deployments that name none.
    pub environment: Option<String>,
}

impl Said {
    /// As the headers of a delivery keep it.
    pub fn of(headers: &BTreeMap<String, String>) -> Self {
        let word = |name: &str| headers.get(name).filter(|word| !word.is_empty()).cloned();
        Self { service: word(SERVICE), environment: word(ENVIRONMENT) }
    }

    /// For the headers of a delivery.
    pub fn headers(&self) -> impl Iterator<Item = (String, String)> {
        let word = |name: &str, word: &Option<String>| word.clone().map(|word| (name.to_string(), word));
        [word(SERVICE, &self.service), word(ENVIRONMENT, &self.environment)].into_iter().flatten()
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.service.is_none() && self.environment.is_none()
    }

    /// The deployment with what was said of it.
    pub fn over_deployment(&self, stated: &Deployment) -> Deployment {
        let mut deployment = stated.clone();
        if self.service.is_some() {
            deployment.service.clone_from(&self.service);
        }
        if self.environment.is_some() && deployment.environment.as_deref().is_none_or(|name| name.trim().is_empty()) {
            deployment.environment.clone_from(&self.environment);
        }
        deployment
    }

    /// The service of an incident with what was said of it.
    pub fn service_of<'a>(&'a self, incident: &'a Incident) -> Option<&'a str> {
        self.service.as_deref().or(incident.service.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_carry_it_and_nothing_said_carries_nothing() {
        let said = Said { service: Some("pay".into()), environment: None };
        let headers: BTreeMap<String, String> = said.headers().collect();
        assert_eq!((headers.len(), Said::of(&headers)), (1, said));
        assert!(Said::of(&BTreeMap::new()).is_empty() && Said::default().headers().count() == 0);
        assert!(Said::of(&[(SERVICE.to_string(), String::new())].into()).is_empty());
    }
}
