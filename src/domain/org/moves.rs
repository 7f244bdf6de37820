//! What a change of the organisation would count elsewhere, and what in it is worth a look, in lines for the person who is
//! about to do it. The counting of rows is the store's; here is what it means.

use std::collections::{BTreeMap, BTreeSet};

use super::identity::Name;
use super::{Org, Span};
use crate::domain::time::At;
use crate::domain::words;

/// What kind of row it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "plain names")]
pub enum Kind {
    Deployment,
    Change,
    Item,
}

impl Kind {
    fn count(self, n: u64) -> String {
        match self {
            Self::Deployment => words::count(n, "deployment", "deployments"),
            Self::Change => words::count(n, "change", "changes"),
            Self::Item => words::count(n, "item", "items"),
        }
    }
}

/// Where a row counts: a service (none for an item) and a team.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "plain names")]
pub struct Place {
    pub service: Option<String>,
    pub team: Option<String>,
}

impl Place {
    fn text(&self) -> String {
        match (&self.service, &self.team) {
            (Some(service), Some(team)) => format!("{service}, team {team}"),
            (Some(service), None) => format!("{service} (unassigned)"),
            (None, Some(team)) => format!("team {team}"),
            (None, None) => "no team".into(),
        }
    }
}

/// A row of the period, where it counts and where it would.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "plain names")]
pub struct Placed {
    pub kind: Kind,
    pub before: BTreeSet<Place>,
    pub after: BTreeSet<Place>,
}

/// Lines such as "service checkout: 41 deployments since 2026-08-26 move from mono (unassigned) to checkout, team payments".
/// Rows that stay where they are give none.
pub fn lines(rows: impl IntoIterator<Item = Placed>, since: chrono::NaiveDate) -> Vec<String> {
    let mut counts: BTreeMap<(Vec<Place>, Vec<Place>, Kind), u64> = BTreeMap::new();
    for row in rows {
        let from: Vec<Place> = row.before.difference(&row.after).cloned().collect();
        let to: Vec<Place> = row.after.difference(&row.before).cloned().collect();
        if !from.is_empty() || !to.is_empty() {
            *counts.entry((from, to, row.kind)).or_default() += 1;
        }
    }
    let all = |places: &[Place]| places.iter().map(Place::text).collect::<Vec<_>>().join(" and ");
    let line = |((from, to, kind), n): (&(Vec<Place>, Vec<Place>, Kind), &u64)| {
        let (rows, one) = (kind.count(*n), *n == 1);
        let verb = |one_does: &'static str, many_do: &'static str| if one { one_does } else { many_do };
        let moved = match (from.as_slice(), to.as_slice()) {
            ([], to) => format!("{} for {}, too", verb("counts", "count"), all(to)),
            (from, []) => format!("{} for {}", verb("counts no longer", "count no longer"), all(from)),
            (from, to) => format!("{} from {} to {}", verb("moves", "move"), all(from), all(to)),
        };
        let services: Vec<&str> = to.iter().chain(from).filter_map(|place| place.service.as_deref()).collect();
        let about = services.first().map_or_else(String::new, |service| format!("service {service}: "));
        format!("{about}{rows} since {since} {moved}")
    };
    counts.iter().map(line).collect()
}

/// Which teams own each service, when.
pub struct Owners<'a>(BTreeMap<&'a str, Vec<(&'a str, Span)>>);

impl<'a> Owners<'a> {
    /// As the organisation says.
    pub fn of(org: &'a Org) -> Self {
        let mut owners: BTreeMap<&str, Vec<(&str, Span)>> = BTreeMap::new();
        for (id, team) in &org.teams {
            for (service, span) in &team.services {
                owners.entry(service).or_default().push((id, *span));
            }
        }
        Self(owners)
    }

    /// Where a row of a service counts at an instant.
    pub fn places(&self, service: &str, at: At) -> BTreeSet<Place> {
        let owners = self.0.get(service).into_iter().flatten().filter(|(_, span)| span.holds(at));
        let place = |team: Option<&str>| Place { service: Some(service.to_owned()), team: team.map(str::to_owned) };
        let places: BTreeSet<Place> = owners.map(|(team, _)| place(Some(team))).collect();
        if places.is_empty() { [place(None)].into() } else { places }
    }

    /// The services whose owners are others under another organisation at some instant within a span.
    pub fn differ(&self, other: &Owners<'_>, within: Span) -> BTreeSet<String> {
        let clipped = |owners: &Owners<'_>, service: &str| -> BTreeSet<(String, Span)> {
            let spans = owners.0.get(service).into_iter().flatten().map(|(team, span)| ((*team).to_owned(), span.both(within)));
            spans.filter(|(_, span)| !span.is_empty()).collect()
        };
        let all: BTreeSet<&str> = self.0.keys().chain(other.0.keys()).copied().collect();
        all.into_iter().filter(|service| clipped(self, service) != clipped(other, service)).map(str::to_owned).collect()
    }
}

/// The teams of people, by every name that tools know them by.
#[derive(PartialEq, Eq)]
pub struct Assignees(BTreeMap<Name, Vec<(String, Span)>>);

impl Assignees {
    /// As the organisation says.
    pub fn of(org: &Org) -> Self {
        let mut teams: BTreeMap<Name, Vec<(String, Span)>> = BTreeMap::new();
        for (id, team) in &org.teams {
            for (person, span) in org.members_of(team) {
                for name in org.names_of(&person) {
                    teams.entry(name).or_default().push((id.clone(), span));
                }
            }
        }
        Self(teams)
    }

    /// Where an item counts whose assignee a source calls so.
    pub fn places(&self, assignee: &str, source: &str, at: At) -> BTreeSet<Place> {
        let name = |source: Option<&str>| Name { name: assignee.to_lowercase(), source: source.map(str::to_owned) };
        let known = [name(None), name(Some(source))];
        let spans = known.iter().filter_map(|name| self.0.get(name)).flatten().filter(|(_, span)| span.holds(at));
        let places: BTreeSet<Place> = spans.map(|(team, _)| Place { service: None, team: Some(team.clone()) }).collect();
        if places.is_empty() { [Place { service: None, team: None }].into() } else { places }
    }
}

/// What is worth a look in an organisation: a service or team, and a sentence without its full stop.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "plain names")]
pub struct Doubt {
    pub about: String,
    pub text: String,
}

/// A glob and what is known of the files that it could match.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "plain names")]
pub struct Unmatched {
    pub service: String,
    pub glob: String,
    pub repository: String,
    /// Whether any file of the repository is known.
    pub files_known: bool,
}

/// "2 members of team pay are not in `[[people]]` (ghost, zoe)"; none where there are none.
fn some(people: &[&str], team: &str, what: &str) -> Option<String> {
    const NAMED: usize = 5;
    let names = people.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let more = if people.len() > NAMED { ", …" } else { "" };
    let count = words::count(people.len() as u64, "member", "members");
    let are = if people.len() == 1 { "is" } else { "are" };
    (!people.is_empty()).then(|| format!("{count} of team {team} {are} {what} ({names}{more})"))
}

/// What can be told of members, and of what the store counted: services with a deployment, globs without a file.
pub fn doubts(org: &Org, deployed: &BTreeSet<String>, unmatched: &[Unmatched], now: At) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    for (id, team) in org.live_teams() {
        let live = |(_, span): &&(String, Span)| span.until.is_none_or(|until| until > now);
        let members: BTreeSet<&str> = team.members.iter().filter(live).map(|(person, _)| person.as_str()).collect();
        let followed: BTreeSet<&str> = team.followed.iter().filter(live).map(|(slack, _)| slack.as_str()).collect();
        let slack = |person: &str| org.people.get(person).and_then(|person| person.slack.as_deref());
        let unknown: Vec<&str> = members.iter().copied().filter(|person| !org.people.contains_key(*person)).collect();
        let twice: Vec<&str> =
            members.iter().copied().filter(|person| slack(person).is_some_and(|slack| followed.contains(slack))).collect();
        let unknown = some(&unknown, id, "not in [[people]]").map(|text| format!("{text}: only items assigned to exactly that name count"));
        let twice = some(&twice, id, "in its Slack group as well").map(|text| format!("{text}: whom the group lets go still counts"));
        doubts.extend([unknown, twice].into_iter().flatten().map(|text| Doubt { about: id.into(), text }));
    }
    let owners = Owners::of(org);
    for service in org.service_names() {
        let owned = owners.0.get(service).into_iter().flatten().any(|(_, span)| span.holds(now));
        let wanted = owned || org.services.contains_key(service);
        if wanted && !deployed.contains(service) {
            doubts.push(Doubt { about: service.into(), text: format!("service {service}: no production deployment of it is known") });
        }
    }
    for it in unmatched {
        let text = if it.files_known {
            format!("service {}: `{}` matches no known file of {}", it.service, it.glob, it.repository)
        } else {
            let mend = "`pacer import git PATH --no-deployments` tells them";
            format!("service {}: no file of {} is known, so `{}` decides nothing yet: {mend}", it.service, it.repository, it.glob)
        };
        doubts.push(Doubt { about: it.service.clone(), text });
    }
    doubts
}

#[cfg(test)]
mod tests {
    use super::super::{OrgFile, apply};
    use super::*;

    fn org(file: &str) -> Org {
        apply(&Org::default(), OrgFile::parse(file).unwrap_or_else(|error| panic!("{error}")), At(0)).expect("applies")
    }

    fn day() -> chrono::NaiveDate {
        chrono::NaiveDate::from_ymd_opt(2026, 8, 26).expect("a date")
    }

    #[test]
    fn rows_that_move_are_counted_by_where_from_and_where_to() {
        let before = org("[[teams]]\nid='old'\nservices=['ledger']");
        let after = org(
            "[[teams]]\nid='pay'\nservices=['checkout', {id='ledger', from=1970-01-02}]\n[[teams]]\nid='old'\nservices=[{id='ledger', until=1970-01-02}]",
        );
        let (one, two) = (Owners::of(&before), Owners::of(&after));
        let row = |kind: Kind, from: &str, to: &str, at: i64| Placed {
            kind,
            before: one.places(from, At(at)),
            after: if to.is_empty() { BTreeSet::new() } else { two.places(to, At(at)) },
        };
        let late = 2 * crate::domain::time::DAY;
        let rows = [
            row(Kind::Deployment, "mono", "checkout", 1),
            row(Kind::Deployment, "mono", "checkout", 2),
            row(Kind::Change, "mono", "checkout", 2),
            row(Kind::Deployment, "ledger", "ledger", 1),
            row(Kind::Deployment, "ledger", "ledger", late),
            row(Kind::Deployment, "mono", "mono", 1),
            row(Kind::Deployment, "mono", "", 1),
        ];
        let expect = [
            "service ledger: 1 deployment since 2026-08-26 moves from ledger, team old to ledger, team pay",
            "service mono: 1 deployment since 2026-08-26 counts no longer for mono (unassigned)",
            "service checkout: 2 deployments since 2026-08-26 move from mono (unassigned) to checkout, team pay",
            "service checkout: 1 change since 2026-08-26 moves from mono (unassigned) to checkout, team pay",
        ];
        assert_eq!(lines(rows, day()), expect);
        let differ = |from: i64, until: i64| one.differ(&two, Span { from: Some(At(from)), until: Some(At(until)) });
        assert_eq!(differ(0, late), ["checkout", "ledger"].map(str::to_owned).into());
        assert_eq!(differ(0, late / 2), ["checkout".to_owned()].into(), "before it moves nothing of it differs");
    }

    #[test]
    fn a_row_of_two_services_counts_for_both() {
        let places = |names: &[&str]| names.iter().map(|name| Place { service: Some((*name).into()), team: None }).collect();
        let row = Placed { kind: Kind::Deployment, before: places(&["mono"]), after: places(&["mono", "web"]) };
        assert_eq!(lines([row], day()), ["service web: 1 deployment since 2026-08-26 counts for web (unassigned), too"]);
    }

    #[test]
    fn an_item_is_its_assignees_teams() {
        let people = "[[people]]\nid='ana'\naliases={ github='ana-f' }\nemails=['ana@x.org']";
        let org = org(&format!("[[teams]]\nid='pay'\nmembers=[{{person='ana', until=1970-01-02}}]\n{people}"));
        let assignees = Assignees::of(&org);
        let check = |word: &str, source: &str, at: i64, team: Option<&str>| {
            let expect = BTreeSet::from([Place { service: None, team: team.map(str::to_owned) }]);
            assert_eq!(assignees.places(word, source, At(at)), expect, "{word} at {source}");
        };
        check("Ana-F", "github", 1, Some("pay"));
        check("ana-f", "jira", 1, None);
        check("ANA@x.org", "jira", 1, Some("pay"));
        check("ana", "json", 3 * crate::domain::time::DAY, None);
        let row = Placed { kind: Kind::Item, before: assignees.places("x", "json", At(1)), after: assignees.places("ana", "json", At(1)) };
        assert_eq!(lines([row], day()), ["1 item since 2026-08-26 moves from no team to team pay"]);
    }

    #[test]
    fn what_is_worth_a_look() {
        let mut org = org(
            "[[teams]]\nid='pay'\nservices=['checkout', 'ledger']\nmembers=['ana', 'ghost', {person='gone', until=1970-01-02}]\nslack_group='S1'\n\
            [[people]]\nid='ana'\nslack='U1'\n[[services]]\nid='web'",
        );
        org.teams.get_mut("pay").expect("there").followed = vec![("U1".into(), Span::ALWAYS)];
        let glob = |files_known| Unmatched { service: "web".into(), glob: "web/**".into(), repository: "o/mono".into(), files_known };
        let now = At(5 * crate::domain::time::DAY);
        let found = doubts(&org, &["checkout".to_owned()].into(), &[glob(true), glob(false)], now);
        let texts: Vec<&str> = found.iter().map(|doubt| doubt.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "1 member of team pay is not in [[people]] (ghost): only items assigned to exactly that name count",
                "1 member of team pay is in its Slack group as well (ana): whom the group lets go still counts",
                "service ledger: no production deployment of it is known",
                "service web: no production deployment of it is known",
                "service web: `web/**` matches no known file of o/mono",
                "service web: no file of o/mono is known, so `web/**` decides nothing yet: `pacer import git PATH --no-deployments` tells them",
            ]
        );
    }
}
