//! [`Owned`]: when a scope owned any service at all. A time in which it owned nothing has no value: it is neither a quiet
//! time (0) nor one to compare with. Never to be used to tell how much a team owned.

use super::resolve::merged;
use super::{Org, Span};
use crate::domain::card::Scope;
use crate::domain::time::At;
use crate::domain::window::Window;
use crate::domain::words;

/// When a scope owned any service, in as few spans as can be; always where nothing was declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned(Vec<Span>);

impl Default for Owned {
    fn default() -> Self {
        Self(vec![Span::ALWAYS])
    }
}

impl Owned {
    /// From the spans of each of its services.
    pub fn of<'a>(services: impl IntoIterator<Item = &'a [Span]>) -> Self {
        Self(merged(services.into_iter().flatten().copied().collect()))
    }

    /// Whether it owned anything in some part of a period.
    pub fn any_in(&self, window: &Window) -> bool {
        self.within(window).next().is_some()
    }

    /// Whether it owned anything at an instant.
    pub fn holds(&self, at: At) -> bool {
        self.0.iter().any(|span| span.holds(at))
    }

    /// What to mind where it owned something for a part of a period alone: "Old owned a service only until 1 Oct".
    pub fn note(&self, name: &str, window: &Window) -> Option<String> {
        let parts: Vec<(At, At)> = self.within(window).collect();
        let date = |at: At| words::date(at, window.to, window.zone);
        let when = match parts[..] {
            [] => return None,
            [(from, to)] => match (from > window.from, to < window.to) {
                (false, false) => return None,
                (false, true) => format!("until {}", date(to)),
                (true, false) => format!("since {}", date(from)),
                (true, true) => format!("from {} to {}", date(from), date(to)),
            },
            _ => "for parts of this period".into(),
        };
        Some(format!("{} owned a service only {when}; rates a week are over the whole period", words::capitalised(name)))
    }

    /// Its parts of a period.
    fn within(&self, window: &Window) -> impl Iterator<Item = (At, At)> {
        let (from, to) = (window.from, window.to);
        let clipped = self.0.iter().map(move |span| (span.from.map_or(from, |at| at.max(from)), span.until.map_or(to, |at| at.min(to))));
        clipped.filter(|(from, to)| from < to)
    }
}

impl Org {
    /// When each person was in the teams of a scope and those below them; none where the scope is not about teams. Bots aside.
    pub fn people_in(&self, scope: &Scope) -> Option<Vec<Vec<Span>>> {
        let teams = scope.teams();
        if teams.is_empty() {
            return None;
        }
        let mut people: std::collections::BTreeMap<String, Vec<Span>> = std::collections::BTreeMap::new();
        for (person, span) in teams.iter().flat_map(|team| self.persons_of(team)).map(|(_, person, span)| (person, span)) {
            if !self.people.get(&person).is_some_and(|known| known.bot) {
                people.entry(person).or_default().push(span);
            }
        }
        Some(people.into_values().collect())
    }

    /// Who is or was in a team or one below it, when: the team itself, the person, the time.
    pub fn persons_of(&self, team: &str) -> Vec<(String, String, Span)> {
        let mut found = Vec::new();
        for (id, belonged) in self.pool(team) {
            for (person, span) in self.teams.get(&id).into_iter().flat_map(|team| self.members_of(team)) {
                let both = span.both(belonged);
                if !both.is_empty() {
                    found.push((id.clone(), person, both));
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::DAY;

    #[test]
    fn a_part_of_a_period_is_noted_and_a_time_without_a_service_is_none() {
        let at = |day: i64| At(20_000 * DAY + day * DAY);
        let span = |from: Option<i64>, until: Option<i64>| Span { from: from.map(at), until: until.map(at) };
        let window = Window { from: at(10), to: at(20), zone: chrono_tz::Tz::UTC, label: String::new() };
        let check = |spans: &[Span], any: bool, note: Option<&str>| {
            let owned = Owned::of([spans]);
            assert_eq!(owned.any_in(&window), any, "{spans:?}");
            let said = owned.note("old", &window);
            assert_eq!(said.as_deref().map(|said| said.split(';').next().unwrap_or_default()), note);
        };
        check(&[], false, None);
        check(&[Span::ALWAYS], true, None);
        check(&[span(None, Some(10))], false, None);
        check(&[span(Some(20), None)], false, None);
        check(&[span(None, Some(15))], true, Some("Old owned a service only until 19 Oct"));
        check(&[span(Some(15), None)], true, Some("Old owned a service only since 19 Oct"));
        check(&[span(Some(12), Some(15))], true, Some("Old owned a service only from 16 Oct to 19 Oct"));
        check(&[span(None, Some(12)), span(Some(15), None)], true, Some("Old owned a service only for parts of this period"));
        check(&[span(None, Some(12)), span(Some(12), None)], true, None);
    }
}
