//! What the incident tools share: an incident on several services, and one that turned out to be none.
//!
//! Why an incident a service: a deployment fails by an incident of its own service, so what hit three services is told
//! three times. The first, by name, keeps the tool's id; the others are `ID#2`, `ID#3`. By place and not by name, so that a
//! service put in for a wrong one, or named only later, moves the same fact instead of leaving an open one behind. A service
//! that is taken off without another in its place keeps its incident; "wrong link" unlinks it.
//!
//! Why an incident that was declined, cancelled or merged is still stated: an earlier delivery may have told it as one, and a
//! fact is replaced, never taken back. It names a deployment that nobody has, so that it is shown as unlinked, with the
//! reason, and fails nothing. It must not be used for incidents that did happen.

use super::Outcome;
use crate::domain::event::{Event, Incident};
use crate::domain::time::At;

/// The incident on each of the services; on none: as it is.
pub(super) fn on_each(incident: &Incident, mut services: Vec<String>, version: At) -> Outcome {
    services.sort();
    services.dedup();
    let whole = |place: usize, service: Option<String>| {
        let id = if place == 0 { incident.id.clone() } else { format!("{}#{}", incident.id, place + 1) };
        (Event::Incident(Incident { id, service, ..incident.clone() }), Some(version))
    };
    if services.is_empty() {
        return Outcome::Facts(vec![whole(0, incident.service.clone())]);
    }
    Outcome::Facts(services.into_iter().enumerate().map(|(place, service)| whole(place, Some(service))).collect())
}

/// The incident as one that was none after all, from `at` on: `why` as in `merged into PT4KHLK`.
pub(super) fn none_after_all(incident: Incident, why: &str, at: At) -> Incident {
    Incident { deployment: Some(format!("none: {why}")), resolved_at: Some(at), ..incident }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incident() -> Incident {
        let [service, repository, deployment, severity, title] = [const { None }; 5];
        Incident { id: "i1".into(), service, repository, started_at: At(5), resolved_at: None, deployment, severity, title }
    }

    #[test]
    fn the_order_of_services_says_nothing_and_one_for_another_is_the_same_fact() {
        let check = |services: &[&str], expect: &[(&str, Option<&str>)]| {
            let services = services.iter().map(|service| (*service).to_owned()).collect();
            let Outcome::Facts(facts) = on_each(&incident(), services, At(9)) else { panic!("facts") };
            let told: Vec<_> = facts
                .iter()
                .map(|(event, version)| match event {
                    Event::Incident(told) if *version == Some(At(9)) => (told.id.as_str(), told.service.as_deref()),
                    other => panic!("{other:?}"),
                })
                .collect();
            assert_eq!(told, expect);
        };
        check(&[], &[("i1", None)]);
        check(&["pay"], &[("i1", Some("pay"))]);
        check(&["web", "pay", "web"], &[("i1", Some("pay")), ("i1#2", Some("web"))]);
        check(&["pay", "web"], &[("i1", Some("pay")), ("i1#2", Some("web"))]);
        check(&["cart", "web"], &[("i1", Some("cart")), ("i1#2", Some("web"))]);
    }

    #[test]
    fn what_was_none_ends_and_names_no_deployment_of_anybody() {
        let none = none_after_all(incident(), "declined", At(8));
        assert_eq!((none.resolved_at, none.deployment.as_deref()), (Some(At(8)), Some("none: declined")));
    }
}
