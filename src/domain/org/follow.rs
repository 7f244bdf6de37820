//! Teams whose members are those of a Slack user group: what a reading of the workspace changes.
//!
//! Decisions:
//!
//! - Somebody new in a group counts from now on if they ever were in any team, for then it is a change; else from the
//!   beginning, as a new entry of the organisation file does. Who leaves the group leaves from now on; history is kept.
//! - A group that Slack does not tell, that is deleted or archived, or that is said to hold nobody, changes nothing: members
//!   stay as they were last known, and whoever reads it says so. A group that is gone is no sign that everybody left.
//! - Bots and deactivated members are nobody's colleagues: they do not count, and leave like others.
//! - Somebody whom the file does not know by Slack id becomes a person with that id, so that aliases can be added to them.
//! - `members` of the file count beside the group's: for people without Slack, and for the time before the group was followed.
//!   Somebody in both counts once.

use std::collections::{BTreeMap, BTreeSet};

use super::apply::ended;
use super::{Org, Person, Span};
use crate::domain::time::At;

/// A user group of the workspace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SlackGroup {
    /// `S0123ABCD`.
    pub id: String,
    /// `payments`, as one mentions it.
    pub handle: String,
    /// As shown.
    pub name: String,
    /// Whether it is archived: nobody can mention it any more.
    pub archived: bool,
    /// Who is in it; none where that was not asked, or Slack did not say.
    pub members: Option<GroupMembers>,
}

/// Who is in a group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupMembers {
    /// People, by Slack id.
    pub people: BTreeSet<String>,
    /// How many bots are in it besides.
    pub bots: usize,
    /// How many deactivated members are in it besides.
    pub deactivated: usize,
}

/// How the members of a team came out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Following {
    /// The team.
    pub team: String,
    /// The group's id.
    pub group: String,
    /// `payments`; empty where Slack does not know the group.
    pub handle: String,
    /// People who count.
    pub people: usize,
    /// How many joined and left with this reading.
    pub joined: usize,
    /// See above.
    pub left: usize,
    /// Bots and deactivated members in the group.
    pub not_counted: usize,
    /// Why the members are those last known, in a sentence without its full stop; none: they are the group's.
    pub problem: Option<String>,
}

/// The organisation after reading the groups, and how each team that follows one came out. The same groups again change
/// nothing. `groups` are all of the workspace, or why there are none.
pub fn follow(old: &Org, groups: Result<&[SlackGroup], &str>, at: At) -> (Org, Vec<Following>) {
    let mut new = old.clone();
    let mut followings = Vec::new();
    let ever: BTreeSet<String> = old.teams.values().flat_map(|team| old.members_of(team)).map(|(person, _)| person).collect();
    let by_slack: BTreeMap<&str, &str> =
        old.people.iter().filter_map(|(id, person)| Some((person.slack.as_deref()?, id.as_str()))).collect();
    for (id, team) in new.teams.iter_mut().filter(|(_, team)| team.dissolved.is_none()) {
        let Some(group) = team.slack_group.clone() else { continue };
        let mut following = Following { team: id.clone(), group: group.clone(), ..Following::default() };
        match told(&group, groups, &mut following) {
            Ok(members) => {
                let live = |span: &Span| span.until.is_none_or(|until| until > at);
                let (stay, leave): (Vec<_>, Vec<_>) =
                    team.followed.drain(..).partition(|(slack, span)| !live(span) || members.people.contains(slack));
                following.left = leave.len();
                team.followed = stay;
                team.followed.extend(ended(&leave, at));
                let held: BTreeSet<String> = team.followed.iter().filter(|(_, span)| live(span)).map(|(slack, _)| slack.clone()).collect();
                for slack in members.people.difference(&held) {
                    let person = *by_slack.get(slack.as_str()).unwrap_or(&slack.as_str());
                    team.followed.push((slack.clone(), Span { from: ever.contains(person).then_some(at), until: None }));
                    following.joined += 1;
                    if !by_slack.contains_key(slack.as_str()) {
                        let person = Person { slack: Some(slack.clone()), ..Person::default() };
                        new.people.entry(slack.clone()).or_insert(person);
                    }
                }
                team.followed.sort();
                following.not_counted = members.bots + members.deactivated;
            }
            Err(problem) => following.problem = Some(problem),
        }
        following.people = team.followed.iter().filter(|(_, span)| span.holds(at)).count();
        followings.push(following);
    }
    (new, followings)
}

/// Who is in the group, or why that is not known.
fn told<'a>(id: &str, groups: Result<&'a [SlackGroup], &str>, following: &mut Following) -> Result<&'a GroupMembers, String> {
    let group = groups?.iter().find(|group| group.id == id).ok_or("Slack knows no such user group any more: choose another")?;
    following.handle.clone_from(&group.handle);
    if group.archived {
        return Err("the group is archived in Slack: choose another, or bring it back".into());
    }
    let members = group.members.as_ref().ok_or("Slack did not say who is in it")?;
    if members.people.is_empty() && members.bots + members.deactivated == 0 {
        return Err("Slack says that nobody is in it".into());
    }
    Ok(members)
}

/// What a reading changed, a line a team: "payments follows @payments-team: 2 joined, 1 left".
pub fn summary(followings: &[Following]) -> Vec<String> {
    let moved = followings.iter().filter(|it| it.joined + it.left > 0);
    moved.map(|it| format!("{} follows @{}: {} joined, {} left", it.team, it.handle, it.joined, it.left)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{OrgFile, apply};
    use super::*;

    fn group(id: &str, people: &str) -> SlackGroup {
        let people = people.split_whitespace().map(str::to_owned).collect();
        SlackGroup {
            id: id.into(),
            handle: "pay".into(),
            members: Some(GroupMembers { people, bots: 1, deactivated: 0 }),
            ..SlackGroup::default()
        }
    }

    fn org() -> Org {
        let file = "[[teams]]\nid='pay'\nslack_group='S1'\nmembers=['ana']\n[[teams]]\nid='other'\nmembers=['bo']\n\
            [[people]]\nid='ana'\nslack='U1'\n[[people]]\nid='bo'\nslack='U2'\n";
        apply(&Org::default(), OrgFile::parse(file).expect("a file"), At(0)).expect("applies")
    }

    /// Who was in `pay` when, in one line: "U1 ..9; U2 5..".
    fn followed(org: &Org) -> String {
        let at = |at: Option<At>| at.map_or_else(String::new, |at| at.0.to_string());
        let spans = org.teams["pay"].followed.iter().map(|(slack, span)| format!("{slack} {}..{}", at(span.from), at(span.until)));
        spans.collect::<Vec<_>>().join("; ")
    }

    /// Reads `pay`'s group at each instant; each reading again, then or later, changes nothing.
    fn check(readings: &[(i64, &str)], expect: &str) -> Org {
        let mut org = org();
        for (at, people) in readings {
            let groups = [group("S1", people)];
            org = follow(&org, Ok(&groups), At(*at)).0;
            for later in [*at, at + 3] {
                let (again, followings) = follow(&org, Ok(&groups), At(later));
                assert_eq!((&again, summary(&followings)), (&org, vec![]), "read twice");
            }
        }
        assert_eq!(followed(&org), expect);
        org
    }

    #[test]
    fn who_joins_and_leaves_does_so_from_then_on_and_comes_back_later() {
        check(&[(5, "U9")], "U9 ..");
        check(&[(5, "U2 U9")], "U2 5..; U9 .."); // U2 was in a team before
        check(&[(5, "U8 U9"), (9, "U9")], "U8 ..9; U9 ..");
        let org = check(&[(5, "U8 U9"), (9, "U9"), (20, "U8 U9")], "U8 ..9; U8 20..; U9 ..");
        assert_eq!(org.people["U8"].slack.as_deref(), Some("U8"));
        assert_eq!(org.teams_of_user("U8", None, At(8)), ["pay"]);
        assert!(org.teams_of_user("U8", None, At(12)).is_empty());
        assert!(!org.people.contains_key("U2") && org.people.contains_key("bo"));
    }

    #[test]
    fn a_declared_member_counts_beside_the_group_and_once() {
        let org = check(&[(5, "U1 U9")], "U1 5..; U9 ..");
        assert_eq!(org.teams_of_user("U1", None, At(9)), ["pay"]);
        assert_eq!(org.teams_of_user("U9", None, At(0)), ["pay"]);
    }

    #[test]
    fn what_slack_does_not_tell_changes_nothing_and_is_said() {
        let before = check(&[(5, "U8 U9")], "U8 ..; U9 ..");
        let check = |groups: Result<&[SlackGroup], &str>, says: &str| {
            let (after, followings) = follow(&before, groups, At(9));
            assert_eq!(after, before);
            let problem = followings[0].problem.clone().unwrap_or_default();
            assert!(problem.contains(says) && followings[0].people == 2, "{followings:?}");
        };
        check(Err("Slack did not answer"), "did not answer");
        check(Ok(&[]), "no such user group");
        check(Ok(&[SlackGroup { archived: true, ..group("S1", "U9") }]), "archived");
        check(Ok(&[SlackGroup { members: None, ..group("S1", "") }]), "did not say who");
        check(Ok(&[SlackGroup { members: Some(GroupMembers::default()), ..group("S1", "") }]), "nobody");
        // Only bots are left: that is told, and everybody leaves.
        let (after, followings) = follow(&before, Ok(&[group("S1", "")]), At(9));
        assert_eq!((followed(&after), followings[0].left, followings[0].not_counted), ("U8 ..9; U9 ..9".into(), 2, 1));
    }

    #[test]
    fn a_thousand_members_are_joined() {
        let people: Vec<String> = (0..1_000).map(|n| format!("U{n:04}")).collect();
        let (org, followings) = follow(&org(), Ok(&[group("S1", &people.join(" "))]), At(5));
        assert_eq!((org.teams["pay"].followed.len(), followings[0].joined, org.people.len()), (1_000, 1_000, 1_002));
        assert_eq!(org.people_of("pay").len(), 1_001); // and Ana, whom the file declares
    }

    #[test]
    fn an_applied_file_keeps_whom_a_group_brought_until_it_is_followed_no_more() {
        let before = check(&[(5, "U8 U9")], "U8 ..; U9 ..");
        let file = |team: &str, more: &str| {
            let people = "[[people]]\nid='ana'\nslack='U1'\n[[people]]\nid='bo'\nslack='U2'\n";
            OrgFile::parse(&format!("[[teams]]\nid='pay'\n{team}\n{people}{more}")).expect("a file")
        };
        let same = apply(&before, file("slack_group='S1'", ""), At(7)).expect("applies");
        assert_eq!((followed(&same).as_str(), same.people.len()), ("U8 ..; U9 ..", 4));
        let named = apply(&before, file("slack_group='S1'", "[[people]]\nid='eve'\nslack='U8'"), At(7)).expect("applies");
        assert_eq!((named.person_by_slack("U8").map(|(id, _)| id), named.people.contains_key("U8")), (Some("eve"), false));
        assert_eq!(named.teams_of("eve").len(), 1);
        let none = apply(&before, file("", ""), At(7)).expect("applies");
        assert_eq!(followed(&none), "U8 ..7; U9 ..7");
        let gone = apply(&before, OrgFile::parse("").expect("a file"), At(7)).expect("applies");
        assert_eq!(followed(&gone), "U8 ..7; U9 ..7");
    }
}
