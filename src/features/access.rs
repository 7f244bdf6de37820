//! Who may see what: a team's figures are the organisation's, unless its file says `visibility = "team"`.
//!
//! Such a closed team's own figures are for its members, those of teams below it, and admins. To all others a service is hidden
//! for as long as a closed team owned it, and for all time while one owns it now; likewise items by who is in the team. A scope is
//! refused to them where, at some time in what its answer shows, everything that it owned was hidden: its total would be the closed
//! team's figures. Where only a part is hidden the total is given, and `why` withholds the rows of the hidden part: it says how many
//! there are.
//!
//! The limit of that: from two totals that differ by one closed team alone (an organisation with it and without it, or a total in
//! which all others did nothing), its figures can be told by subtraction. Who must not be told apart is not to be pooled with few
//! others. Never to be used for answers of surveys, which have a guard of their own.

use std::collections::BTreeSet;

use super::Cx;
use crate::domain::card::Scope;
use crate::domain::members::Members;
use crate::domain::org::{Org, Span};
use crate::domain::time::{At, DAY};
use crate::domain::words;
use crate::error::{Failure, Kind, UserError};
use crate::store::flow::Whose;

/// What an answer shows.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    /// Its period.
    pub from: At,
    /// The first instant after it.
    pub to: At,
    /// Whether the period before is shown too.
    pub compares: bool,
}

impl Shown {
    fn begin(self) -> At {
        if self.compares { self.from.plus(-self.to.since(self.from)) } else { self.from }
    }
}

/// What somebody may see.
pub struct Sight<'a> {
    org: &'a Org,
    now: At,
    /// Admins, and the organisation's own view.
    all: bool,
    /// Their teams.
    mine: Vec<&'a str>,
}

/// A part of a scope: a service, or a team of people; and when it is part of it.
type Part = (Hides, Span);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Hides {
    Service(String),
    Team(String),
}

impl<'a> Sight<'a> {
    /// Of the asker.
    pub fn of(cx: &'a Cx) -> Self {
        let all = cx.asker.as_ref().is_none_or(|asker| asker.admin);
        Self { org: &cx.org.org, now: cx.now, all, mine: if all { Vec::new() } else { super::me::teams(cx) } }
    }

    /// Of somebody who is in no team.
    pub fn outsider(cx: &'a Cx) -> Self {
        Self { org: &cx.org.org, now: cx.now, all: false, mine: Vec::new() }
    }

    /// Whether a team keeps its figures to others.
    pub fn hides_team(&self, team: &str) -> bool {
        !self.all && closed(self.org, team).is_some_and(|closed| !self.is_in(closed))
    }

    fn is_in(&self, team: &str) -> bool {
        self.mine.iter().any(|member| belongs(self.org, member, team))
    }

    /// Whether a service was a closed team's at an instant, or is one's now. One that two teams own may be seen by either, and who
    /// owned it sees what was theirs.
    pub fn hides(&self, service: &str, at: At) -> bool {
        if self.all {
            return false;
        }
        let owners = self.org.owners(service);
        let owners_at = |at: At| owners.iter().filter(move |(_, span)| span.holds(at)).map(|(team, _)| *team);
        let own = |at: At| owners_at(at).any(|team| self.is_in(closed(self.org, team).unwrap_or(team)));
        let kept = |at: At| owners_at(at).any(|team| self.hides_team(team)) && !own(at);
        kept(at) || (kept(self.now) && !own(at))
    }

    /// Whether a service is a closed team's at some time of a period.
    pub fn hides_in(&self, service: &str, from: At, to: At) -> bool {
        self.hidden_until(&[(Hides::Service(service.to_owned()), Span::ALWAYS)], from, to).is_some()
    }

    /// Everybody in teams that keep their figures to themselves, to be asked about items.
    pub fn hidden_members(&self) -> Members {
        if let Whose::People(people) = self.hidden_people() { Members::people(people) } else { Members::people([]) }
    }

    /// Everybody in teams that keep their figures to themselves.
    pub fn hidden_people(&self) -> Whose {
        let teams = self.org.teams.keys().filter(|team| self.hides_team(team));
        let people = teams.flat_map(|team| self.org.people_of(team));
        Whose::People(people.map(|(name, span)| (name, if span.holds(self.now) { Span::ALWAYS } else { span })).collect())
    }

    /// Refuses a scope that they may not see, whose services are as `org` has them.
    pub fn check(&self, scope: &Scope, org: &Org, shown: Shown) -> Result<(), Failure> {
        if let Some(team) = scope.teams().iter().find(|team| self.hides_team(team)) {
            let team = closed(self.org, team).unwrap_or(team);
            return Err(refused(format!("Team `{team}` shows its figures to its members only."), OTHERS));
        }
        let parts: Vec<Part> = match scope {
            Scope::Service(name) => vec![(Hides::Service(name.clone()), Span::ALWAYS)],
            _ => scope.teams().iter().flat_map(|team| org.owned(team)).map(|(name, span)| (Hides::Service(name), span)).collect(),
        };
        self.refuse(scope, &parts, shown)
    }

    /// Refuses a scope whose members are all of teams that they may not see, where people's work is counted.
    pub fn check_people(&self, scope: &Scope, org: &Org, shown: Shown) -> Result<(), Failure> {
        let people = scope.teams().iter().flat_map(|team| org.persons_of(team));
        let parts: Vec<Part> = people.map(|(team, _, span)| (Hides::Team(team), span)).collect();
        self.refuse(scope, &parts, shown)
    }

    fn refuse(&self, scope: &Scope, parts: &[Part], shown: Shown) -> Result<(), Failure> {
        let Some(until) = self.hidden_until(parts, shown.begin(), shown.to) else { return Ok(()) };
        let zone = self.org.zone_for(scope);
        let (what, whose) = if let Scope::Service(name) = scope {
            (format!("`{name}`"), format!("team `{}`, which shows its figures to its members only", self.hider(name, until)))
        } else {
            let teams: Vec<String> = scope.teams().iter().map(|team| format!("`{team}`")).collect();
            let noun = if teams.len() == 1 { "team" } else { "teams" };
            let what = format!("all that {noun} {} owned in this period", words::join(&teams));
            (what, "teams that show their figures to their members only".to_owned())
        };
        if until >= shown.to {
            return Err(refused(format!("{} belongs to {whose}.", words::capitalised(&what)), OTHERS));
        }
        let day = words::date(until, self.now, zone);
        let days = self.now.since(until) / DAY / if shown.compares { 2 } else { 1 };
        let message = format!("{} belonged to {whose}, until {day}.", words::capitalised(&what));
        let both = if shown.compares { ", and so does the one before it," } else { "," };
        let hint = match days {
            ..1 => format!("It is open since {day}. Ask again in a few days."),
            days => format!("It is open since {day}: ask for a period that begins then or later{both} such as `{days}d`."),
        };
        Err(refused(message, &hint))
    }

    /// The closed team that owns a service, or owned it just before an instant.
    fn hider(&self, service: &str, until: At) -> &str {
        let owners = self.org.owners(service).into_iter().filter(|(_, span)| span.holds(until.plus(-1)) || span.holds(self.now));
        owners.map(|(team, _)| team).filter(|team| self.hides_team(team)).find_map(|team| closed(self.org, team)).unwrap_or_default()
    }

    /// The end of the last time within a period in which the scope had parts and all of them were hidden.
    fn hidden_until(&self, parts: &[Part], from: At, to: At) -> Option<At> {
        if self.all || !self.org.teams.keys().any(|team| self.hides_team(team)) {
            return None;
        }
        let spans = parts.iter().flat_map(|(part, span)| {
            let owners = if let Hides::Service(name) = part { self.org.owners(name) } else { Vec::new() };
            std::iter::once(*span).chain(owners.into_iter().map(|(_, span)| span)).collect::<Vec<_>>()
        });
        let ends = spans.flat_map(|span| [span.from, span.until]).flatten().filter(|at| from < *at && *at < to);
        let steps: Vec<At> = ends.chain([from, to]).collect::<BTreeSet<_>>().into_iter().collect();
        let is_hidden = |at: At| {
            let held: BTreeSet<&Hides> = parts.iter().filter(|(_, span)| span.holds(at)).map(|(part, _)| part).collect();
            let hides = |part: &&Hides| match part {
                Hides::Service(name) => self.hides(name, at),
                Hides::Team(team) => self.hides_team(team),
            };
            !held.is_empty() && held.iter().all(hides)
        };
        steps.windows(2).rev().find(|step| is_hidden(step[0])).map(|step| step[1])
    }
}

/// Refuses a scope of which the asker may not see the last so many days.
pub fn check_days(cx: &Cx, scope: &Scope, days: i64) -> Result<(), Failure> {
    Sight::of(cx).check(scope, &cx.org.org, Shown { from: cx.now.plus(-days * DAY), to: cx.now, compares: false })
}

/// Refuses a scope with a team that keeps to itself what it says: for answers that count nothing.
pub fn check_teams(cx: &Cx, scope: &Scope) -> Result<(), Failure> {
    Sight::of(cx).check(scope, &cx.org.org, Shown { from: cx.now, to: cx.now, compares: false })
}

const OTHERS: &str = "Ask somebody of that team, or an admin. `/metrics dora` shows your own teams.";

fn refused(message: String, hint: &str) -> Failure {
    UserError::new(Kind::NotAllowed, message, hint).into()
}

/// The team, or the team above it, that keeps its figures to itself.
pub fn closed<'a>(org: &'a Org, team: &'a str) -> Option<&'a str> {
    lineage(org, team).find(|id| org.teams.get(*id).is_some_and(|team| team.visibility.as_deref() == Some("team")))
}

/// Whether a team is another one, or below it.
pub fn belongs(org: &Org, member: &str, team: &str) -> bool {
    lineage(org, member).any(|id| id == team)
}

/// A team and the teams above it.
fn lineage<'a>(org: &'a Org, team: &'a str) -> impl Iterator<Item = &'a str> {
    let mut left = org.teams.len() + 1; // the tree has no cycle, and this holds even if it had one
    std::iter::successors(Some(team), move |id| {
        left = left.checked_sub(1)?;
        org.teams.get(*id)?.parent.as_deref()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::org::{OrgFile, apply};

    const FILE: &str = "
[[teams]]
id = 'open'
services = ['a', {id = 'moved', from = 1970-02-01}]
[[teams]]
id = 'tribe'
[[teams]]
id = 'secret'
parent = 'tribe'
visibility = 'team'
services = ['b', {id = 'moved', until = 1970-02-01}, {id = 'taken', from = 1970-03-01}, 'shared']
[[teams]]
id = 'below'
parent = 'secret'
services = ['c']
[[teams]]
id = 'before'
services = [{id = 'taken', until = 1970-03-01}]
[[teams]]
id = 'other'
visibility = 'team'
services = ['shared']
";

    #[test]
    fn a_service_is_hidden_while_a_closed_team_owns_it_and_always_where_one_does_now() {
        let org = apply(&Org::default(), OrgFile::parse(FILE).expect("a file"), At(0)).expect("applies");
        let (january, february) = (At(20 * DAY), At(40 * DAY));
        let check = |mine: &[&'static str], service: &str, at: At, expect: bool| {
            let sight = Sight { org: &org, now: At(90 * DAY), all: false, mine: mine.to_vec() };
            assert_eq!(sight.hides(service, at), expect, "{service} for {mine:?} at {at}");
        };
        for mine in [&[] as &[&str], &["open"], &["tribe"]] {
            check(mine, "a", january, false);
            check(mine, "b", january, true);
            check(mine, "c", january, true);
            check(mine, "moved", january, true);
            check(mine, "moved", february, false);
            check(mine, "taken", january, true);
            check(mine, "shared", january, true);
            check(mine, "nobody's", january, false);
        }
        for mine in [&["secret"], &["below"]] {
            for service in ["a", "b", "c", "moved", "taken", "shared"] {
                check(mine, service, january, false);
            }
        }
        check(&["before"], "taken", january, false);
        check(&["before"], "taken", At(80 * DAY), true);
        check(&["other"], "shared", january, false);
        check(&["other"], "b", january, true);
        assert!(!Sight { org: &org, now: At(90 * DAY), all: true, mine: Vec::new() }.hides("b", january));
    }
}
