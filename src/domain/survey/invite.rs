//! Who is asked, and in which one team each counts.
//!
//! Left out, of the denominator too: new joiners, absentees, bots, deactivated people, who stopped surveys, and whoever was asked by any
//! survey in the last 12 days; and who has no Slack id, since they can't be. Why one team a person: somebody in two cells would join them into sums that tell of few. A lead counts in
//! the node above the team, since a team's answers are read by its lead. Never to be used to see who has answered.

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;

use super::tree::Tree;

/// Nobody is asked more than once in so many days, across all surveys.
pub const BETWEEN_ASKS: u64 = 12;
/// Who joined fewer days ago is not asked yet.
pub const NEW_FOR: u64 = 30;

/// What Slack says of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InSlack {
    /// A machine.
    pub bot: bool,
    /// Slack no longer lets them in.
    pub deactivated: bool,
    /// The zone of their clock, where Slack tells one.
    pub zone: Option<Tz>,
}

/// What is known of a person when a wave is launched.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(clippy::struct_excessive_bools, reason = "independent facts of Slack and the person")]
pub struct Candidate {
    /// Slack user id; empty: none is known.
    pub user: String,
    /// The first day in any team, where it is known.
    pub joined: Option<NaiveDate>,
    /// Away for the days of the wave.
    pub absent: bool,
    /// A machine.
    pub bot: bool,
    /// Slack no longer lets them in.
    pub deactivated: bool,
    /// They stopped this survey, or all.
    pub stopped: bool,
    /// When any survey last asked them.
    pub last_asked: Option<NaiveDate>,
}

/// Why somebody is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "plain names")]
pub enum LeftOut {
    NoSlackId,
    Bot,
    Deactivated,
    Stopped,
    Absent,
    New,
    AskedLately,
}

impl Candidate {
    /// Why this person is not asked by a wave that opens on a day; none: they are.
    pub fn left_out(&self, opens_on: NaiveDate) -> Option<LeftOut> {
        let within = |day: Option<NaiveDate>, days: u64| {
            day.is_some_and(|day| day.checked_add_days(Days::new(days)).is_none_or(|until| opens_on < until))
        };
        let reasons = [
            (self.user.is_empty(), LeftOut::NoSlackId),
            (self.bot, LeftOut::Bot),
            (self.deactivated, LeftOut::Deactivated),
            (self.stopped, LeftOut::Stopped),
            (self.absent, LeftOut::Absent),
            (within(self.joined, NEW_FOR), LeftOut::New),
            (within(self.last_asked, BETWEEN_ASKS), LeftOut::AskedLately),
        ];
        reasons.into_iter().find(|(holds, _)| *holds).map(|(_, reason)| reason)
    }
}

/// The one node somebody counts in: of their teams the deepest, between equals the first by id; above each team they lead.
///
/// None where the tree has none of the teams.
pub fn primary(tree: &Tree, teams: &[(&str, bool)]) -> Option<usize> {
    let mut known: Vec<(usize, bool)> = teams.iter().filter_map(|(team, leads)| Some((tree.find(team)?, *leads))).collect();
    known.sort_by(|a, b| (tree.depth(b.0), &tree.nodes()[a.0].id).cmp(&(tree.depth(a.0), &tree.nodes()[b.0].id)));
    let (node, leads) = *known.first()?;
    Some(if leads { tree.nodes()[node].parent.unwrap_or(node) } else { node })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn who_is_left_out_and_why() {
        let check =
            |candidate: Candidate, expect: Option<LeftOut>| assert_eq!(candidate.left_out(day("2026-11-24")), expect, "{candidate:?}");
        let somebody = Candidate { user: "U1".into(), ..Candidate::default() };
        let known = Candidate { joined: Some(day("2026-01-01")), ..somebody.clone() };
        check(known.clone(), None);
        check(somebody, None);
        check(Candidate { bot: true, ..Candidate::default() }, Some(LeftOut::NoSlackId));
        check(Candidate { bot: true, ..known.clone() }, Some(LeftOut::Bot));
        check(Candidate { deactivated: true, ..known.clone() }, Some(LeftOut::Deactivated));
        check(Candidate { stopped: true, absent: true, ..known.clone() }, Some(LeftOut::Stopped));
        check(Candidate { absent: true, ..known.clone() }, Some(LeftOut::Absent));
        check(Candidate { joined: Some(day("2026-10-26")), ..known.clone() }, Some(LeftOut::New));
        check(Candidate { joined: Some(day("2026-10-25")), ..known.clone() }, None);
        check(Candidate { last_asked: Some(day("2026-11-13")), ..known.clone() }, Some(LeftOut::AskedLately));
        check(Candidate { last_asked: Some(day("2026-11-12")), ..known }, None);
    }

    #[test]
    fn a_person_counts_once_the_deepest_team_first_and_leads_above() {
        let tree = Tree::new(&[("all", None), ("tribe", Some("all")), ("b", Some("tribe")), ("a", Some("tribe"))]).unwrap();
        let check =
            |teams: &[(&str, bool)], expect: &str| assert_eq!(primary(&tree, teams).map(|at| tree.nodes()[at].id.as_str()), Some(expect));
        check(&[("all", false), ("tribe", false), ("b", false), ("a", false), ("gone", false)], "a");
        check(&[("tribe", false), ("b", true)], "tribe");
        check(&[("all", true)], "all");
        assert_eq!(primary(&tree, &[("gone", false)]), None);
    }
}
