//! Who could be asked by a wave, and in which group each counts: pure, from the organisation and what Slack says.
//!
//! The tree is that of the live teams, below one root. Somebody in five teams is one candidate, known by their Slack id. Who is left out
//! is only counted, by reason: no list of them is made, and none may be.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use chrono_tz::Tz;

use crate::domain::calendar::WorkCalendar;
use crate::domain::card::Scope;
use crate::domain::org::{EVERYTHING, Org, Person, Span, is_slack_person};
use crate::domain::survey::invite::{Candidate, InSlack, LeftOut, primary};
use crate::domain::survey::tree::{Team as Named, Tree};
use crate::domain::time::At;
use crate::domain::window::local;

/// The root above all teams, as people read it.
const ROOT: &str = "Whole organisation";
/// Somebody away for at least this share of a wave's working days, as one in so many, is not asked.
const AWAY_SHARE: usize = 2;

/// The tree that a wave freezes: all live teams below the organisation, or a team and what is below it.
///
/// # Errors
/// A sentence where there is no such team.
pub fn tree(org: &Org, root: Option<&str>) -> Result<Tree, String> {
    let live: BTreeMap<&str, _> = org.live_teams().collect();
    let parent = |id: &str| live.get(id).and_then(|team| team.parent.as_deref()).filter(|parent| live.contains_key(parent));
    let named = |id: &str, parent: Option<&str>| -> Named {
        (id.to_owned(), org.scope_name(&Scope::Team(id.to_owned())), parent.map(str::to_owned))
    };
    let Some(root) = root else {
        let all = std::iter::once((EVERYTHING.to_owned(), ROOT.to_owned(), None));
        let teams = live.keys().map(|id| named(id, Some(parent(id).unwrap_or(EVERYTHING))));
        return Tree::named(&all.chain(teams).collect::<Vec<_>>());
    };
    if !live.contains_key(root) {
        return Err(format!("There is no team {root} now."));
    }
    // No longer than there are teams, should parents go in a ring.
    let is_below = |id: &str| std::iter::successors(Some(id), |id| parent(id)).take(live.len() + 1).any(|above| above == root);
    let below = live.keys().filter(|id| is_below(id)).map(|id| named(id, parent(id).filter(|_| *id != root)));
    Tree::named(&below.collect::<Vec<_>>())
}

/// Somebody who is in a team of the tree now.
#[derive(Debug, Clone, PartialEq)]
pub struct Someone<'a> {
    /// Slack user id; none is known.
    pub slack: Option<&'a str>,
    /// As the organisation file knows them.
    pub person: Option<&'a Person>,
    /// Where they count.
    pub node: usize,
    /// The first day in any team; none: known long, or not declared.
    pub joined: Option<NaiveDate>,
    /// The zone of the group they count in.
    pub zone: Tz,
}

/// Everybody in the live teams of a tree, each once.
pub fn people<'a>(org: &'a Org, tree: &Tree, now: At) -> Vec<Someone<'a>> {
    let by_slack: BTreeMap<&str, &str> =
        org.people.iter().filter_map(|(id, person)| Some((person.slack.as_deref()?, id.as_str()))).collect();
    // By Slack id, where there is one: two entries of the file with the same one are one person.
    let key = |name: &'a str| -> &'a str { org.people.get(name).map_or(name, |person| person.slack.as_deref().unwrap_or(name)) };
    let mut teams: BTreeMap<&str, BTreeMap<&str, bool>> = BTreeMap::new();
    let mut since: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
    for (id, team) in &org.teams {
        let leads: BTreeSet<&str> = team.leads.iter().map(|name| key(name)).collect();
        for (name, span) in team.members.iter().chain(&team.followed) {
            let person = key(name);
            since.entry(person).or_default().push(*span);
            if team.dissolved.is_none() && span.holds(now) && tree.find(id).is_some() {
                teams.entry(person).or_default().insert(id, leads.contains(person));
            }
        }
    }
    let someone = |(name, teams): (&'a str, BTreeMap<&str, bool>)| {
        let node = primary(tree, &teams.into_iter().collect::<Vec<_>>())?;
        let person = org.people.get(*by_slack.get(name).unwrap_or(&name));
        let slack = by_slack.contains_key(name) || (person.is_none() && is_slack_person(name));
        let zone = org.zone_for(&Scope::Team(tree.nodes()[node].id.clone()));
        let joined = since.get(name).and_then(|spans| spans.iter().map(|span| span.from).min().flatten());
        Some(Someone { slack: slack.then_some(name), person, node, joined: joined.map(|at| local::wall(zone, at).date()), zone })
    };
    teams.into_iter().filter_map(someone).collect()
}

/// What is known besides the organisation.
#[derive(Debug, Default)]
pub struct Known {
    /// What Slack says of people, by id; empty where it does not answer.
    pub slack: BTreeMap<String, InSlack>,
    /// Who stopped this survey, or all.
    pub stopped: BTreeSet<String>,
    /// When any survey last asked somebody.
    pub last_asked: BTreeMap<String, NaiveDate>,
}

impl Known {
    /// The zone of somebody's clock.
    pub fn zone(&self, someone: &Someone<'_>) -> Tz {
        self.slack.get(someone.slack.unwrap_or_default()).and_then(|it| it.zone).unwrap_or(someone.zone)
    }
}

/// Who is asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    /// Slack user and node; each once.
    pub invited: Vec<(String, usize)>,
    /// The zone of each, by Slack user.
    pub zones: BTreeMap<String, Tz>,
    /// How many are not, by reason.
    pub left_out: BTreeMap<LeftOut, u64>,
}

/// How many of the invited count in each node itself.
pub fn own(tree: &Tree, invited: &[(String, usize)]) -> Vec<u32> {
    tree.counted(invited.iter().map(|(_, node)| *node))
}

/// Of these people, whom a wave asks that is open from one day to another, both included.
pub fn asked(people: &[Someone<'_>], known: &Known, calendar: &WorkCalendar, days: (NaiveDate, NaiveDate)) -> Asked {
    let working: Vec<NaiveDate> = days.0.iter_days().take_while(|day| *day <= days.1).filter(|day| calendar.is_working(*day)).collect();
    let mut asked = Asked::default();
    for someone in people {
        let user = someone.slack.unwrap_or_default().to_owned();
        let in_slack = known.slack.get(&user).copied().unwrap_or_default();
        let away = |day: &&NaiveDate| someone.person.is_some_and(|it| it.away.iter().any(|(from, to)| (*from..=*to).contains(*day)));
        let absent = working.iter().filter(away).count();
        let candidate = Candidate {
            joined: someone.joined,
            absent: absent > 0 && absent * AWAY_SHARE >= working.len(),
            bot: in_slack.bot || someone.person.is_some_and(|it| it.bot),
            deactivated: in_slack.deactivated,
            stopped: known.stopped.contains(&user),
            last_asked: known.last_asked.get(&user).copied(),
            user,
        };
        if let Some(reason) = candidate.left_out(days.0) {
            *asked.left_out.entry(reason).or_default() += 1;
        } else {
            asked.zones.insert(candidate.user.clone(), known.zone(someone));
            asked.invited.push((candidate.user, someone.node));
        }
    }
    asked
}

/// When somebody was last asked, their lot, and who it is.
type Lot<'a> = (Option<NaiveDate>, u64, &'a String);

/// Half of each group's own people, rounded up: those longest not asked first, by lot between equals. The next wave asks the others,
/// since these were asked later.
pub fn half(asked: &Asked, last_asked: &BTreeMap<String, NaiveDate>, mut random: impl FnMut() -> u64) -> Vec<(String, usize)> {
    let mut groups: BTreeMap<usize, Vec<Lot<'_>>> = BTreeMap::new();
    for (user, node) in &asked.invited {
        groups.entry(*node).or_default().push((last_asked.get(user).copied(), random(), user));
    }
    let drawn = groups.into_iter().flat_map(|(node, mut group)| {
        group.sort();
        let size = group.len().div_ceil(2);
        group.into_iter().take(size).map(move |(.., user)| (user.clone(), node))
    });
    drawn.collect()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::domain::org::{OrgFile, apply};

    const NOW: &str = "2026-11-23T12:00:00Z";

    fn org(toml: &str) -> Org {
        let file = OrgFile::parse(&format!("time_zone = 'Europe/Berlin'\n{toml}")).unwrap_or_else(|error| panic!("{error}"));
        apply(&Org::default(), file, At::parse("2025-01-01T00:00:00Z").unwrap()).unwrap_or_else(|error| panic!("{error}"))
    }

    fn now() -> At {
        At::parse(NOW).unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// Who counts where: `U1 in a` each, in order.
    fn placed(org: &Org, root: Option<&str>) -> Vec<String> {
        let tree = tree(org, root).unwrap();
        let place = |it: Someone<'_>| format!("{} in {}", it.slack.unwrap_or("?"), tree.nodes()[it.node].id);
        people(org, &tree, now()).into_iter().map(place).collect()
    }

    const TREE: &str = "[[teams]]\nid = 'tribe'\nmembers = ['head']\n[[teams]]\nid = 'b'\nparent = 'tribe'\nmembers = ['lead', 'one', 'U0TWO']\n\
        [[teams]]\nid = 'c'\nmembers = ['one', 'nobody']\n[[people]]\nid = 'lead'\nslack = 'U0LEAD'\n[[people]]\nid = 'one'\nslack = 'U0ONE'\n\
        [[people]]\nid = 'head'\nslack = 'U0HEAD'\n";

    #[test]
    fn each_counts_once_in_their_deepest_team_and_leads_above_it() {
        // As the file would say: `leads = ["lead"]`.
        let mut org = org(TREE);
        for lead in ["lead", "U0LEAD"] {
            org.teams.get_mut("b").unwrap().leads = vec![lead.into()];
            assert_eq!(placed(&org, None), ["U0HEAD in tribe", "U0LEAD in tribe", "U0ONE in b", "U0TWO in b", "? in c"]);
            assert_eq!(placed(&org, Some("tribe")), ["U0HEAD in tribe", "U0LEAD in tribe", "U0ONE in b", "U0TWO in b"]);
            assert_eq!(placed(&org, Some("b")), ["U0LEAD in b", "U0ONE in b", "U0TWO in b"], "the root has nothing above it");
            assert_eq!(placed(&org, Some("c")), ["U0ONE in c", "? in c"]);
        }
        assert!(tree(&org, Some("gone")).is_err_and(|sentence| sentence == "There is no team gone now."));
    }

    #[test]
    fn who_left_or_follows_a_slack_group() {
        let mut org = org(
            "[[teams]]\nid = 'a'\nmembers = [{ person = 'u1', until = 2026-11-01 }, { person = 'u2', from = 2026-11-10 }, { person = 'u3', from = 2026-12-01 }]\n\
             [[people]]\nid = 'u1'\nslack = 'U1A'\n[[people]]\nid = 'u2'\nslack = 'U2A'\n[[people]]\nid = 'u3'\nslack = 'U3A'\n",
        );
        org.teams.get_mut("a").unwrap().followed =
            vec![("U2A".into(), Span::ALWAYS), ("U9A".into(), Span { from: Some(now()), until: None })];
        let tree = tree(&org, None).unwrap();
        let found: Vec<(Option<&str>, Option<NaiveDate>)> =
            people(&org, &tree, now()).into_iter().map(|it| (it.slack, it.joined)).collect();
        assert_eq!(found, [(Some("U2A"), None), (Some("U9A"), Some(day("2026-11-23")))], "one entry without a beginning: known long");
    }

    #[test]
    fn a_tree_twelve_deep_and_a_dissolved_team_above() {
        let mut toml = String::from("[[teams]]\nid = 't0'\n");
        for depth in 1..12 {
            writeln!(toml, "[[teams]]\nid = 't{depth}'\nparent = 't{}'\nmembers = ['U{depth}A']", depth - 1).unwrap();
        }
        let mut org = org(&toml);
        let whole = tree(&org, None).unwrap();
        assert_eq!((whole.nodes().len(), whole.depth(whole.find("t11").unwrap())), (13, 12));
        assert_eq!(tree(&org, Some("t6")).unwrap().nodes().len(), 6);
        org.teams.get_mut("t5").unwrap().dissolved = Some(now());
        let whole = tree(&org, None).unwrap();
        assert_eq!(
            (whole.nodes().len(), whole.depth(whole.find("t6").unwrap())),
            (12, 1),
            "what stood below it stands below the organisation"
        );
    }

    /// Who of six is asked, and why the others are not.
    fn check(known: &Known, users: &str, reasons: &[LeftOut]) {
        let mut org = org(
            "[[teams]]\nid = 'a'\nmembers = ['u1', { person = 'u2', from = 2026-11-10 }, 'u3', 'u4', 'robot', 'u6']\n[[people]]\nid = 'u1'\nslack = 'U1A'\n\
             [[people]]\nid = 'u2'\nslack = 'U2A'\n[[people]]\nid = 'u3'\nslack = 'U3A'\n[[people]]\nid = 'u4'\nslack = 'U4A'\n\
             [[people]]\nid = 'robot'\nslack = 'U5A'\nbot = true\n",
        );
        // As the file would say: two of the wave's three days, and one of them.
        org.people.get_mut("u3").unwrap().away = vec![(day("2026-11-20"), day("2026-11-25"))];
        org.people.get_mut("u4").unwrap().away = vec![(day("2026-11-24"), day("2026-11-24"))];
        let tree = tree(&org, None).unwrap();
        let calendar = WorkCalendar::new(&org.calendar, Tz::UTC);
        let asked = asked(&people(&org, &tree, now()), known, &calendar, (day("2026-11-24"), day("2026-11-26")));
        assert_eq!(asked.invited.iter().map(|(user, _)| user.as_str()).collect::<Vec<_>>().join(" "), users);
        assert_eq!(asked.left_out.into_iter().flat_map(|(why, n)| vec![why; usize::try_from(n).unwrap()]).collect::<Vec<_>>(), reasons);
    }

    #[test]
    fn who_is_left_out_of_a_wave_of_three_days() {
        use LeftOut::{Absent, AskedLately, Bot, Deactivated, New, NoSlackId, Stopped};
        check(&Known::default(), "U1A U4A", &[NoSlackId, Bot, Absent, New]);
        let slack = BTreeMap::from([
            ("U1A".to_owned(), InSlack { deactivated: true, ..InSlack::default() }),
            ("U4A".to_owned(), InSlack { bot: true, ..InSlack::default() }),
        ]);
        check(&Known { slack, ..Known::default() }, "", &[NoSlackId, Bot, Bot, Deactivated, Absent, New]);
        let stopped = BTreeSet::from(["U1A".to_owned()]);
        let last_asked = BTreeMap::from([("U4A".to_owned(), day("2026-11-13"))]);
        check(&Known { stopped, last_asked, ..Known::default() }, "", &[NoSlackId, Bot, Stopped, Absent, New, AskedLately]);
    }

    #[test]
    fn the_clock_is_slacks_else_the_teams_else_the_organisations() {
        let org = org("[[teams]]\nid = 'a'\ntime_zone = 'Asia/Tokyo'\nmembers = ['U1A']\n[[teams]]\nid = 'b'\nmembers = ['U2A', 'U3A']\n");
        let tree = tree(&org, None).unwrap();
        let slack = BTreeMap::from([("U3A".to_owned(), InSlack { zone: Some(Tz::America__New_York), ..InSlack::default() })]);
        let known = Known { slack, ..Known::default() };
        let zones: Vec<Tz> = people(&org, &tree, now()).iter().map(|someone| known.zone(someone)).collect();
        assert_eq!(zones, [Tz::Asia__Tokyo, Tz::Europe__Berlin, Tz::America__New_York]);
    }

    #[test]
    fn two_halves_ask_everybody_once_and_nobody_can_tell_which_comes_first() {
        let invited: Vec<(String, usize)> = (0..20).map(|n| (format!("U{n:02}"), 1)).chain((0..7).map(|n| (format!("V{n}"), 2))).collect();
        let asked = Asked { invited: invited.clone(), ..Asked::default() };
        let mut seen = BTreeSet::new();
        for seed in 0..20_u64 {
            let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            let mut random = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                state >> 16
            };
            let first = half(&asked, &BTreeMap::new(), &mut random);
            assert_eq!((first.iter().filter(|(_, node)| *node == 1).count(), first.len()), (10, 14));
            let last_asked = first.iter().map(|(user, _)| (user.clone(), day("2026-09-01"))).collect();
            let second = half(&asked, &last_asked, &mut random);
            let both: BTreeSet<&String> = first.iter().chain(&second).map(|(user, _)| user).collect();
            assert_eq!((second.len(), both.len()), (14, 27), "the odd one of seven is asked twice, nobody is left out");
            seen.insert(first);
        }
        assert!(seen.len() > 15, "drawn anew each time");
    }
}
