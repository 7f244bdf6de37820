//! Who owns what and who is where, when: the questions that answers ask of an [`Org`].
//!
//! A team is the pool of its services and those of its descendants, each for as long as the descendant belonged to it.
//! Ids and names match in any letter case; an exact id wins over an id in other case, and that over a name.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;

use super::{Org, Person, Service, Span, Team};
use crate::domain::card::Scope;
use crate::domain::time::At;
use crate::domain::words;

impl Org {
    /// What a team and its descendants own: services by name, each with the spans merged where they touch.
    pub fn owned(&self, team: &str) -> Vec<(String, Span)> {
        let mut spans: BTreeMap<String, Vec<Span>> = BTreeMap::new();
        for (id, belonged) in self.pool(team) {
            for (service, owned) in self.teams.get(&id).into_iter().flat_map(|team| &team.services) {
                let span = owned.both(belonged);
                if !span.is_empty() {
                    spans.entry(service.clone()).or_default().push(span);
                }
            }
        }
        spans.into_iter().flat_map(|(service, spans)| merged(spans).into_iter().map(move |span| (service.clone(), span))).collect()
    }

    /// A team and its descendants, each with a span in which it belonged there.
    pub(super) fn pool(&self, team: &str) -> Vec<(String, Span)> {
        let mut below: BTreeMap<&str, Vec<(&str, Span)>> = BTreeMap::new();
        for (id, team) in &self.teams {
            for (parent, span) in team.belonged() {
                below.entry(parent).or_default().push((id, span));
            }
        }
        let mut pool = Vec::new();
        let mut path = BTreeSet::new();
        let mut open = vec![(team, Some(Span::ALWAYS))]; // none: all below it is done
        while let Some((above, span)) = open.pop() {
            let Some(span) = span else {
                path.remove(above);
                continue;
            };
            if !path.insert(above) {
                continue;
            }
            open.push((above, None));
            for (id, belonged) in below.get(above).into_iter().flatten() {
                let both = belonged.both(span);
                if !both.is_empty() {
                    open.push((*id, Some(both)));
                }
            }
            pool.push((above.to_owned(), span));
        }
        pool
    }

    /// The teams right below one, now.
    #[cfg(test)]
    pub fn children(&self, team: &str) -> Vec<&str> {
        self.live_teams().filter(|(_, child)| child.parent.as_deref() == Some(team)).map(|(id, _)| id).collect()
    }

    /// Live teams without a team below them, by id: side by side they hold nobody twice for what lies above.
    pub fn lowest_teams(&self) -> impl Iterator<Item = &str> {
        let above: BTreeSet<&str> = self.live_teams().filter_map(|(_, team)| team.parent.as_deref()).collect();
        self.live_teams().map(|(id, _)| id).filter(move |id| !above.contains(id))
    }

    /// The teams that stand in the newest file, by id.
    pub fn live_teams(&self) -> impl Iterator<Item = (&str, &Team)> {
        self.teams.iter().filter(|(_, team)| team.dissolved.is_none()).map(|(id, team)| (id.as_str(), team))
    }

    /// A team by id or name. A dissolved one is found too, after the others: its past can still be asked for.
    pub fn team_by(&self, id_or_name: &str) -> Option<(&str, &Team)> {
        let wanted = id_or_name.to_lowercase();
        self.teams
            .iter()
            .filter_map(|(id, team)| {
                let rank = match () {
                    () if id == id_or_name => 0,
                    () if id.to_lowercase() == wanted => 1,
                    () if team.name.to_lowercase() == wanted => 2,
                    () => return None,
                };
                Some(((rank, team.dissolved.is_some()), (id.as_str(), team)))
            })
            .min_by_key(|(rank, _)| *rank)
            .map(|(_, found)| found)
    }

    /// The names of all services that are declared or were ever owned.
    pub fn service_names(&self) -> BTreeSet<&str> {
        let owned = self.teams.values().flat_map(|team| team.services.iter().map(|(service, _)| service.as_str()));
        self.services.keys().map(String::as_str).chain(owned).collect()
    }

    /// The repository that one named in an event is: the declared one where the event leaves out the owner, as a clone's
    /// folder does, and only one is called so; else the same.
    pub fn repository<'a>(&'a self, seen: &'a str) -> &'a str {
        let declared = || self.services.values().filter_map(|service| service.repository.as_deref());
        if seen.contains('/') || declared().any(|known| known == seen) {
            return seen;
        }
        let called: BTreeSet<&str> =
            declared().filter(|known| known.strip_suffix(seen).is_some_and(|owner| owner.ends_with('/'))).collect();
        if called.len() == 1 { called.first().copied().unwrap_or(seen) } else { seen }
    }

    /// What events may call each repository that services declare: its name, and its folder's where that is no other's.
    pub fn repository_names(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let declared: BTreeSet<&str> = self.services.values().filter_map(|service| service.repository.as_deref()).collect();
        let bare = |name: &str| -> usize { name.rfind('/').map_or(0, |slash| slash + 1) };
        let mut called: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for name in &declared {
            called.entry(&name[bare(name)..]).or_default().push(name);
        }
        let alone = |name: &str| !declared.contains(name) && called.get(name).is_some_and(|all| all.len() == 1);
        declared
            .iter()
            .map(|name| (*name, [*name, &name[bare(name)..]].into_iter().filter(|it| it == name || alone(it)).collect()))
            .collect()
    }

    /// The services that declare a repository, in order of name.
    pub fn declaring(&self, repository: &str) -> impl Iterator<Item = (&str, &Service)> {
        let meant = self.repository(repository).to_owned();
        let services = self.services.iter().filter(move |(_, service)| service.repository.as_deref() == Some(&meant));
        services.map(|(name, service)| (name.as_str(), service))
    }

    /// The names that events may give to the repository that a service declares.
    pub fn repositories_of(&self, service: &str) -> BTreeSet<&str> {
        let Some(declared) = self.services.get(service).and_then(|it| it.repository.as_deref()) else { return BTreeSet::new() };
        let bare = declared.rsplit('/').next().unwrap_or(declared);
        [declared, bare].into_iter().filter(|name| self.repository(name) == declared).collect()
    }

    /// The teams that own or owned a service themselves, when.
    pub fn owners(&self, service: &str) -> Vec<(&str, Span)> {
        self.pairs(|team| &team.services, service)
    }

    /// The teams that a person is or was in, when: as the file says, or a Slack group.
    pub fn teams_of(&self, person: &str) -> Vec<(&str, Span)> {
        let mut found = self.pairs(|team| &team.members, person);
        let slack = self.people.get(person).map_or(Some(person), |known| known.slack.as_deref());
        found.extend(slack.into_iter().flat_map(|slack| self.pairs(|team| &team.followed, slack)));
        found
    }

    /// Who is or was in a team itself, when, by person: as the file says, or the Slack group.
    pub fn members_of(&self, team: &Team) -> Vec<(String, Span)> {
        let known = || self.people.iter().filter_map(|(id, person)| Some((person.slack.as_deref()?, id.as_str())));
        let by_slack: BTreeMap<&str, &str> = if team.followed.is_empty() { BTreeMap::new() } else { known().collect() };
        let followed = team.followed.iter().map(|(slack, span)| (*by_slack.get(slack.as_str()).unwrap_or(&slack.as_str()), *span));
        team.members.iter().map(|(person, span)| (person.as_str(), *span)).chain(followed).map(|(id, span)| (id.to_owned(), span)).collect()
    }

    /// The team that a Slack channel means.
    pub fn team_of_channel(&self, channel: &str) -> Option<&str> {
        self.live_teams().find(|(_, team)| team.channels.iter().any(|known| known == channel)).map(|(id, _)| id)
    }

    fn pairs<'a>(&'a self, list: impl Fn(&'a Team) -> &'a Vec<(String, Span)>, wanted: &str) -> Vec<(&'a str, Span)> {
        let of = |(id, team): (&'a String, &'a Team)| list(team).iter().map(move |(name, span)| (id.as_str(), name, *span));
        self.teams.iter().flat_map(of).filter(|(_, name, _)| *name == wanted).map(|(id, _, span)| (id, span)).collect()
    }

    /// A person by Slack user id.
    pub fn person_by_slack(&self, user: &str) -> Option<(&str, &Person)> {
        self.people.iter().find(|(_, person)| person.slack.as_deref() == Some(user)).map(|(id, person)| (id.as_str(), person))
    }

    /// The ids of the teams that a person is in at an instant.
    pub fn teams_at(&self, person: &str, at: At) -> Vec<&str> {
        let mut teams: Vec<&str> = self.teams_of(person).into_iter().filter(|(_, span)| span.holds(at)).map(|(team, _)| team).collect();
        teams.sort_unstable();
        teams.dedup();
        teams
    }

    /// The zone in which days are counted: the team's, or that of all the teams where they have the same, else the
    /// organisation's, else UTC.
    pub fn zone_for(&self, scope: &Scope) -> Tz {
        let mut zones = scope.teams().iter().map(|id| self.teams.get(id).and_then(|team| team.time_zone));
        let first = zones.next().flatten().filter(|first| zones.all(|zone| zone == Some(*first)));
        first.or(self.time_zone).unwrap_or(Tz::UTC)
    }

    /// A scope as a title says it: "Payments", "checkout", "the whole organisation".
    pub fn scope_name(&self, scope: &Scope) -> String {
        let named = |name: Option<&String>, id: &String| name.filter(|name| !name.is_empty()).unwrap_or(id).clone();
        match scope {
            Scope::Organisation => "the whole organisation".into(),
            Scope::Team(_) | Scope::Teams(_) => {
                let teams = scope.teams().iter().map(|id| named(self.teams.get(id).map(|team| &team.name), id));
                words::join(&teams.collect::<Vec<_>>())
            }
            Scope::Service(name) => name.clone(),
            Scope::Project(id) => self.project_name(id),
        }
    }

    /// A portfolio project as people call it.
    pub fn project_name(&self, id: &str) -> String {
        self.projects.get(id).map(|project| &project.name).filter(|name| !name.is_empty()).map_or_else(|| id.to_owned(), Clone::clone)
    }
}

impl Team {
    /// The teams right above it, when.
    fn belonged(&self) -> impl Iterator<Item = (&str, Span)> {
        let now = self.parent.iter().map(|id| (id.as_str(), Span { from: self.parent_since, until: self.dissolved }));
        now.chain(self.past_parents.iter().map(|(id, span)| (id.as_str(), *span)))
    }
}

/// The same instants in as few spans as can be, in order.
pub(super) fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| span.from);
    let mut out: Vec<Span> = Vec::new();
    for span in spans {
        match out.last_mut() {
            Some(last) if last.until.is_none_or(|until| span.from.is_none_or(|from| from <= until)) => {
                last.until = last.until.zip(span.until).map(|(one, two)| one.max(two));
            }
            _ => out.push(span),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::OrgFile;

    #[test]
    fn a_repository_named_without_its_owner_is_the_declared_one_of_that_name_if_only_one_is() {
        let file = "[[services]]\nid='pay'\nrepository='acme/shop'\n[[services]]\nid='web'\nrepository='acme/shop'\n\
                    [[services]]\nid='a'\nrepository='acme/twice'\n[[services]]\nid='b'\nrepository='other/twice'\n\
                    [[services]]\nid='c'\nrepository='bare'\n[[services]]\nid='d'\nrepository='acme/bare'";
        let org = OrgFile::parse(file).expect("a file").declared;
        let check = |seen: &str, expect: &str, services: &[&str]| {
            assert_eq!(org.repository(seen), expect);
            assert_eq!(org.declaring(seen).map(|(name, _)| name).collect::<Vec<_>>(), services, "{seen}");
        };
        check("shop", "acme/shop", &["pay", "web"]);
        check("acme/shop", "acme/shop", &["pay", "web"]);
        check("fork/shop", "fork/shop", &[]);
        check("twice", "twice", &[]);
        check("bare", "bare", &["c"]);
        check("unknown", "unknown", &[]);
        let names = |service: &str| org.repositories_of(service).into_iter().collect::<Vec<_>>();
        assert_eq!((names("pay"), names("a"), names("d")), (vec!["acme/shop", "shop"], vec!["acme/twice"], vec!["acme/bare"]));
        assert_eq!((names("c"), names("nobody")), (vec!["bare"], vec![]));
        let all = org.repository_names();
        for (service, declared) in org.services.iter().filter_map(|(id, it)| Some((id, it.repository.as_deref()?))) {
            assert_eq!(all[declared], org.repositories_of(service), "{service}: all at once as one by one");
        }
    }
}
