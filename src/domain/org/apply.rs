//! Joins a file to the organisation so far. History is kept: what was in force before the apply stays known.
//!
//! Decisions, for services of a team and likewise for its members ("entry" is one name in one team):
//!
//! - An unchanged entry stays as it was. One without `from` is the entry already in force, whenever that began.
//! - A new entry without `from` counts from the time of apply if any team ever had that name, for then it is a change;
//!   else from the beginning, since nobody's figures are rewritten by it. So the first file counts from the beginning.
//! - An entry that is gone is closed, never deleted: where another team takes the name over with an explicit `from`, at
//!   that date (so that a move has no gap and no overlap), else at the time of apply. One that had not begun is dropped.
//! - An explicit `from` or `until` is taken as said, also in the past: it is the one way to correct a date, and `preview`
//!   shows it. Spans that ended before the apply are kept beside it.
//! - Spans of one entry never overlap: where an explicit `from` lies before the end of one that is over, that one ends there.
//! - Who follows from a Slack group stays as the group last had them while the team follows one (the next reading of Slack
//!   settles it), and so do the people whom only the group brought; a team that follows none any more loses them from then on.
//! - A team that is gone is *dissolved*: all its entries close, and it stays known for the time before. A new parent counts
//!   from the time of apply; the old one is kept in `past_parents`.
//! - All else (names, zones, targets, leads, absences, own survey questions, declarations): the newest file holds. A team that is
//!   gone has no lead. A wave that is open keeps the questions that it was launched with.

use std::collections::{BTreeMap, BTreeSet};

use super::{FileError, Org, OrgFile, Problem, Span, Team};
use crate::domain::time::At;
use crate::domain::window::local;

type Entries = Vec<(String, Span)>;
type Pairs = BTreeMap<(String, String), Vec<Span>>;

/// The organisation after a file. The same file again changes nothing.
///
/// # Errors
/// An entry without `from` that would end before it could begin.
pub fn apply(old: &Org, file: OrgFile, at: At) -> Result<Org, FileError> {
    let OrgFile { declared: mut new, lines } = file;
    let mut problems = Vec::new();
    let services = settle(old, &new, |team| &team.services, &lines.services, at, &mut problems);
    let members = settle(old, &new, |team| &team.members, &lines.members, at, &mut problems);
    if !problems.is_empty() {
        return Err(FileError { problems });
    }
    for (id, team) in &mut new.teams {
        if let Some(before) = old.teams.get(id) {
            keep_parents(team, before, at);
            team.followed = if team.slack_group.is_some() { before.followed.clone() } else { ended(&before.followed, at) };
        }
    }
    for (id, team) in &old.teams {
        if !new.teams.contains_key(id) {
            let dissolved = team.dissolved.or(Some(at));
            let gone = Team { dissolved, followed: ended(&team.followed, at), channels: Vec::new(), leads: Vec::new(), ..team.clone() };
            new.teams.insert(id.clone(), gone);
        }
    }
    keep_people(old, &mut new);
    for (id, team) in &mut new.teams {
        team.services = of_team(&services, id);
        team.members = of_team(&members, id);
    }
    Ok(new)
}

/// The spans, none of them beyond an instant.
pub(super) fn ended(spans: &Entries, at: At) -> Entries {
    let ended = spans.iter().map(|(name, span)| (name.clone(), span.both(Span { from: None, until: Some(at) })));
    ended.filter(|(_, span)| !span.is_empty()).collect()
}

/// People whom a Slack group brought and whom the file does not name otherwise.
fn keep_people(old: &Org, new: &mut Org) {
    let named: BTreeSet<String> = new.people.values().filter_map(|person| person.slack.clone()).collect();
    let followed = new.teams.values().flat_map(|team| &team.followed).map(|(slack, _)| slack.clone()).collect::<BTreeSet<_>>();
    for slack in followed.difference(&named) {
        if let Some(person) = old.people.get(slack).filter(|person| person.slack.as_ref() == Some(slack)) {
            new.people.entry(slack.clone()).or_insert_with(|| person.clone());
        }
    }
}

fn of_team(pairs: &Pairs, id: &str) -> Entries {
    let mine = pairs.range((id.to_owned(), String::new())..).take_while(|((team, _), _)| team == id);
    mine.flat_map(|((_, name), spans)| spans.iter().map(|span| (name.clone(), *span))).collect()
}

fn pairs_of(org: &Org, list: impl Fn(&Team) -> &Entries) -> Pairs {
    let mut pairs = Pairs::new();
    for (id, team) in &org.teams {
        for (name, span) in list(team) {
            pairs.entry((id.clone(), name.clone())).or_default().push(*span);
        }
    }
    pairs
}

fn keep_parents(team: &mut Team, before: &Team, at: At) {
    team.past_parents.clone_from(&before.past_parents);
    if before.dissolved.is_none() && before.parent == team.parent {
        team.parent_since = before.parent_since;
        return;
    }
    let span = Span { from: before.parent_since, until: before.dissolved.or(Some(at)) };
    if let Some(parent) = &before.parent
        && !span.is_empty()
    {
        team.past_parents.push((parent.clone(), span));
    }
    team.parent_since = team.parent.is_some().then_some(at);
}

/// All entries of one kind after the apply.
fn settle(
    old: &Org,
    file: &Org,
    list: impl Fn(&Team) -> &Entries + Copy,
    lines: &BTreeMap<(String, String), usize>,
    at: At,
    problems: &mut Vec<Problem>,
) -> Pairs {
    let (had, said) = (pairs_of(old, list), pairs_of(file, list));
    let mut takers: Takers<'_> = BTreeMap::new();
    for (pair, spans) in &said {
        takers.entry(&pair.1).or_default().push((spans, had.get(pair).map_or(&[][..], Vec::as_slice)));
    }
    let ever: BTreeSet<&str> = had.keys().map(|(_, name)| name.as_str()).collect();
    let mut out = Pairs::new();
    for pair in had.keys().chain(said.keys()).collect::<BTreeSet<_>>() {
        let before = had.get(pair).map_or(&[][..], Vec::as_slice);
        let mut spans: Vec<Span> = match said.get(pair) {
            None => before.iter().map(|span| vanish(*span, takers.get(pair.1.as_str()).map_or(&[][..], Vec::as_slice), at)).collect(),
            Some(said) => match restate(said, before, ever.contains(pair.1.as_str()), at) {
                Ok(spans) => spans,
                Err(until) => {
                    let zone = file.teams.get(&pair.0).and_then(|team| team.time_zone).or(file.time_zone).unwrap_or(chrono_tz::Tz::UTC);
                    let (name, team, until) = (&pair.1, &pair.0, local::text(zone, until));
                    let message = format!("`{name}` in team `{team}` ends {until}, before this change could begin: say its `from`");
                    problems.push(Problem { line: lines.get(pair).copied(), message });
                    continue;
                }
            },
        };
        spans.retain(|span| !span.is_empty());
        let spans = apart(spans);
        if !spans.is_empty() {
            out.insert(pair.clone(), spans);
        }
    }
    out
}

/// In order, and the same instants in spans that do not overlap: one ends where the next begins, one within another is left out.
fn apart(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| span.from);
    let mut out: Vec<Span> = Vec::new();
    for span in spans {
        if let Some(last) = out.last_mut().filter(|last| !last.both(span).is_empty()) {
            let goes_on = last.until.is_some_and(|until| span.until.is_none_or(|other| other > until));
            match goes_on {
                false => continue,
                true if last.from == span.from => {
                    *last = span;
                    continue;
                }
                true => last.until = span.from,
            }
        }
        out.push(span);
    }
    out
}

fn is_live(span: Span, at: At) -> bool {
    span.until.is_none_or(|until| until > at)
}

/// Who lists a name in the file, team by team: the spans that the file says, and those that stood before.
type Takers<'a> = BTreeMap<&'a str, Vec<(&'a [Span], &'a [Span])>>;

/// A span of an entry that the file no longer has.
fn vanish(span: Span, takers: &[(&[Span], &[Span])], at: At) -> Span {
    if !is_live(span, at) {
        return span;
    }
    let mut close = None;
    for (spans, before) in takers {
        for taker in spans.iter().filter(|taker| is_live(**taker, at)) {
            if taker.from.is_some() && taker.from == span.until {
                return span; // a handover that an earlier apply has already written down
            }
            let gained = match taker.from {
                Some(from) => !before.iter().any(|held| held.from == Some(from)),
                None => !before.iter().any(|held| is_live(*held, at)),
            };
            let takes_over = taker.from.unwrap_or(at);
            let within = span.from.is_none_or(|from| from < takes_over) && span.until.is_none_or(|until| takes_over < until);
            if gained && within {
                close = Some(close.map_or(takes_over, |close: At| close.min(takes_over)));
            }
        }
    }
    span.both(Span { from: None, until: Some(close.unwrap_or(at)) })
}

/// The spans of an entry that the file has. The error is an end that comes before the beginning it would get.
fn restate(said: &[Span], before: &[Span], ever: bool, at: At) -> Result<Vec<Span>, At> {
    let mut left = before.to_vec();
    let mut out = Vec::new();
    for span in said.iter().filter(|span| span.from.is_none()) {
        let same = left.iter().position(|held| held.until == span.until);
        let live = || left.iter().position(|held| is_live(*held, at) && !Span { until: span.until, ..*held }.is_empty());
        out.push(match same.or_else(live) {
            Some(index) => Span { until: span.until, ..left.remove(index) },
            None if !ever => *span,
            None => match span.until {
                Some(until) if until <= at => return Err(until),
                until => Span { from: Some(at), until },
            },
        });
    }
    for span in said.iter().filter(|span| span.from.is_some()) {
        if let Some(index) = left.iter().position(|held| held.from == span.from) {
            left.remove(index);
        }
        out.push(*span);
    }
    let corrected = |held: &Span| said.iter().any(|span| span.from.is_some_and(|from| from <= at) && !span.both(*held).is_empty());
    for held in left {
        match is_live(held, at) {
            false => out.push(held),
            true if corrected(&held) => {}
            true => out.push(held.both(Span { from: None, until: Some(at) })),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::org::preview;

    fn at(date: &str) -> At {
        At::parse(&format!("{date}T00:00:00Z")).unwrap()
    }

    fn step(old: &Org, toml: &str, date: &str) -> Org {
        apply(old, OrgFile::parse(toml).unwrap_or_else(|error| panic!("{error}")), at(date)).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Who owns what, in one line: "payments: checkout ..2026-05-01; search: checkout 2026-05-01..".
    fn owners(org: &Org) -> String {
        let day = |at: Option<At>| at.map_or_else(String::new, |at| at.rfc3339()[..10].to_owned());
        let span = |(name, span): &(String, Span)| format!("{name} {}..{}", day(span.from), day(span.until));
        let team = |(id, team): (&String, &Team)| {
            let entries: Vec<String> = team.services.iter().chain(&team.members).map(span).collect();
            format!("{id}: {}", entries.join(", "))
        };
        org.teams.iter().map(team).collect::<Vec<_>>().join("; ")
    }

    /// Applies each file on its date and compares who owns what; the same file again, then or later, changes nothing.
    fn check(files: &[(&str, &str)], expect: &str) -> Org {
        let mut org = Org::default();
        for (date, services) in files {
            let file: String = services.split(';').filter(|team| !team.trim().is_empty()).fold(String::new(), |file, team| {
                let (id, services) = team.split_once(':').unwrap();
                file + &format!("[[teams]]\nid = \"{}\"\nservices = [{services}]\n", id.trim())
            });
            org = step(&org, &file, date);
            for later in [date, "2027-06-01"] {
                let again = step(&org, &file, later);
                assert_eq!((&again, preview(&org, &again)), (&org, vec![]), "applied twice");
            }
        }
        assert_eq!(owners(&org), expect);
        org
    }

    #[test]
    fn the_first_file_counts_from_the_beginning() {
        check(&[("2026-01-01", "a: 'x', 'y'")], "a: x .., y ..");
        check(&[("2026-01-01", "a: {id='x', from=2025-03-01}")], "a: x 2025-03-01..");
    }

    #[test]
    fn a_move_counts_from_the_apply_or_from_its_date() {
        check(&[("2026-01-01", "a: 'x'; b:"), ("2026-06-01", "a: ; b: 'x'")], "a: x ..2026-06-01; b: x 2026-06-01..");
        check(&[("2026-01-01", "a: 'x'; b:"), ("2026-06-01", "a: ; b: {id='x', from=2026-05-01}")], "a: x ..2026-05-01; b: x 2026-05-01..");
        check(&[("2026-01-01", "a: 'x'; b:"), ("2026-06-01", "a: ; b: {id='x', from=2026-09-01}")], "a: x ..2026-09-01; b: x 2026-09-01..");
        check(
            &[("2026-01-01", "a: 'x'; b:"), ("2026-06-01", "a: {id='x', until=2026-05-01}; b: {id='x', from=2026-05-01}")],
            "a: x ..2026-05-01; b: x 2026-05-01..",
        );
        // One that ends by itself before another team begins is no handover.
        check(
            &[("2026-01-01", "a: {id='x', until=2026-09-01}; b:"), ("2026-06-01", "a: ; b: {id='x', from=2026-10-01}")],
            "a: x ..2026-06-01; b: x 2026-10-01..",
        );
        // There and back again.
        check(
            &[("2026-01-01", "a: 'x'; b:"), ("2026-06-01", "a: ; b: 'x'"), ("2026-07-01", "a: 'x'; b:")],
            "a: x ..2026-06-01, x 2026-07-01..; b: x 2026-06-01..2026-07-01",
        );
    }

    #[test]
    fn new_entries_of_a_later_file() {
        check(&[("2026-01-01", "a: 'x'"), ("2026-06-01", "a: 'x', 'y'")], "a: x .., y .."); // nobody ever owned y
        check(&[("2026-01-01", "a: 'x'"), ("2026-06-01", "a: 'x'; b: 'x'")], "a: x ..; b: x 2026-06-01.."); // two owners from now on
        check(&[("2026-01-01", "a: 'x'"), ("2026-06-01", "a: {id='x', from=2026-05-01}")], "a: x 2026-05-01.."); // a corrected date
        check(&[("2026-01-01", "a: 'x'"), ("2026-06-01", "a: {id='x', from=2026-09-01}")], "a: x ..2026-06-01, x 2026-09-01.."); // a pause
        check(&[("2026-01-01", "a: {id='x', from=2026-09-01}"), ("2026-06-01", "a:")], "a: "); // never began
        let ended = ("2026-01-01", "a: {id='x', until=2026-05-01}");
        check(&[ended, ("2026-06-01", "a: {id='x', from=2026-03-01}")], "a: x ..2026-03-01, x 2026-03-01.."); // over, and taken up before
        check(&[ended, ("2026-06-01", "a: {id='x', from=2026-03-01, until=2026-04-01}")], "a: x ..2026-05-01"); // known already
    }

    #[test]
    fn a_team_that_is_gone_is_known_for_its_past() {
        let org = check(&[("2026-01-01", "a: 'x'; b:"), ("2026-06-01", "b: 'x'")], "a: x ..2026-06-01; b: x 2026-06-01..");
        assert_eq!(org.teams["a"].dissolved, Some(at("2026-06-01")));
        assert_eq!(org.team_by("A").map(|(id, _)| id), Some("a"));
        assert_eq!(org.live_teams().count(), 1);
    }

    #[test]
    fn a_contradictory_entry_is_refused() {
        let org = step(&Org::default(), "[[teams]]\nid='a'\nservices=['x']\n[[teams]]\nid='b'", "2026-01-01");
        let file = OrgFile::parse("[[teams]]\nid='a'\n[[teams]]\nid='b'\nservices=[{id='x', until=2026-05-01}]").unwrap();
        let error = apply(&org, file, at("2026-06-01")).expect_err("ends before it could begin").to_string();
        assert_eq!(error, "line 5: `x` in team `b` ends 2026-05-01, before this change could begin: say its `from`.");
        let zoned = "time_zone='Europe/Berlin'\n[[teams]]\nid='a'\n[[teams]]\nid='b'\nmembers=[\n'y',\n{person='x', until=2026-05-01}]";
        let org = step(&Org::default(), "[[teams]]\nid='a'\nmembers=['x']\n[[teams]]\nid='b'", "2026-01-01");
        let error = apply(&org, OrgFile::parse(zoned).unwrap(), at("2026-06-01")).expect_err("as above").to_string();
        assert!(error.starts_with("line 8: `x` in team `b` ends 2026-05-01, before"), "{error}");
    }

    #[test]
    fn pools_follow_the_tree_over_time() {
        let tree = |parent: &str| {
            format!(
                "[[teams]]\nid='north'\n[[teams]]\nid='south'\n[[teams]]\nid='a'\nparent='{parent}'\nservices=['x']\nmembers=['u1']\n[[people]]\nid='u1'\nslack='U1'"
            )
        };
        let first = step(&Org::default(), &tree("north"), "2026-01-01");
        assert_eq!(first.owned("north"), vec![("x".to_owned(), Span::ALWAYS)]);
        assert_eq!(first.children("north"), ["a"]);
        let then = step(&first, &tree("south"), "2026-06-01");
        assert_eq!(preview(&first, &then), ["team a moves from north to south"]);
        assert_eq!(then.owned("north"), vec![("x".to_owned(), Span { from: None, until: Some(at("2026-06-01")) })]);
        assert_eq!(then.owned("south"), vec![("x".to_owned(), Span { from: Some(at("2026-06-01")), until: None })]);
        assert_eq!(then.owned("a"), vec![("x".to_owned(), Span::ALWAYS)]);
        assert_eq!(then.teams_at("u1", at("2026-03-01")), ["a"]);
        assert!(then.teams_at("u2", at("2026-03-01")).is_empty());
    }

    #[test]
    fn a_preview_names_moves() {
        let check = |before: &str, after: &str, expect: &[&str]| {
            let old = step(&Org::default(), before, "2026-01-01");
            assert_eq!(preview(&old, &step(&old, after, "2026-06-01")), expect);
        };
        let two = |a: &str, b: &str| format!("[[teams]]\nid='payments'\nservices=[{a}]\n[[teams]]\nid='search'\nservices=[{b}]\n");
        check(
            &two("'checkout'", ""),
            &two("", "{id='checkout', from=2026-05-01}"),
            &["checkout moves from payments to search from 2026-05-01"],
        );
        check(&two("'checkout'", ""), &two("", ""), &["checkout leaves payments from 2026-06-01"]);
        check(&two("", ""), &two("'checkout'", ""), &["checkout joins payments from the beginning"]);
        let dated = two("{id='checkout', from=2026-05-01}", "");
        check(&two("'checkout'", ""), &dated, &["checkout counts in payments from 2026-05-01, no longer from the beginning"]);
        let gone = "[[teams]]\nid='search'\ntargets={change_lead_time='2d'}\n";
        let lines = [
            "team payments is dissolved; its past is kept",
            "the target change_lead_time of team search is now 2d",
            "checkout leaves payments from 2026-06-01",
        ];
        check(&two("'checkout'", ""), gone, &lines);
    }

    #[test]
    fn a_preview_names_what_else_changes() {
        let check = |before: &str, after: &str, expect: &[&str]| {
            let old = step(&Org::default(), before, "2026-01-01");
            assert_eq!(preview(&old, &step(&old, after, "2026-06-01")), expect);
        };
        let team = |more: &str| format!("[[teams]]\nid='pay'\n{more}\n[[teams]]\nid='web'\n");
        check(
            &team(""),
            &team("slack_group='S1'\nvisibility='team'\ntime_zone='Asia/Tokyo'"),
            &[
                "team pay counts its days in Asia/Tokyo",
                "team pay shows its figures to its members only",
                "team pay follows the Slack group S1: who is in it counts here, too",
            ],
        );
        check(&team("visibility='team'"), &team("visibility='organisation'"), &["team pay shows its figures to everybody"]);
        check(&team("channels=['C1', 'C2']"), &team("channels=['C2']"), &["channel C1 means no team any more"]);
        check(&team("channels=['C1']"), &team("").replace("id='web'", "id='web'\nchannels=['C1']"), &["channel C1 means team web"]);
        check(
            "[[services]]\nid='x'\npaths=['a/**']\nrepository='o/q'\n",
            "[[services]]\nid='x'\npaths=['b/**']\nrepository='o/r'\n",
            &["the declaration of service x changes: paths, repository"],
        );
        // Who leads, who is away, what surveys ask.
        let people = |leads: &str, away: &str| {
            format!("[[teams]]\nid='pay'\nleads=[{leads}]\n[[people]]\nid='ana'\naway=[{away}]\n[[people]]\nid='ben'\n")
        };
        check(
            &people("'ana'", "{from=2026-12-21, until=2026-12-31}"),
            &people("'ben'", "{from=2026-12-24, until=2026-12-24}"),
            &["ana leads pay no more", "ben leads pay", "ana is no longer away from 2026-12-21 to 2026-12-31", "ana is away on 2026-12-24"],
        );
        let asked = |name: &str, core: bool, text: &str| {
            format!(
                "[[survey.categories]]\nid='own'\nname='{name}'\ncore={core}\n[[survey.categories.items]]\nid='own_one'\nkind='agree'\ntext='{text}'\n"
            )
        };
        let placed = "[[survey.items]]\ncategory='ci'\nid='ci_queue'\nkind='often'\ntext='How often?'\n";
        check(
            placed,
            &asked("Own", false, "Is it?"),
            &["surveys ask `ci_queue` no more", "surveys ask `own_one` in own: Is it?", "surveys have a category Own, asked in turn"],
        );
        check(
            &asked("Own", false, "Is it?"),
            &asked("Ours", true, "Is it so?"),
            &[
                "the question `own_one` becomes another one, so its past and its next waves can't be compared: Is it so?",
                "the category own of surveys is now called Ours",
                "the category own of surveys is now asked in each full wave",
            ],
        );
        // Whom a group brings is counted, not listed.
        let old = step(&Org::default(), &team("slack_group='S1'"), "2026-01-01");
        let people = (0..3).map(|n| format!("U{n}")).collect();
        let members = Some(super::super::follow::GroupMembers { people, ..Default::default() });
        let group = super::super::follow::SlackGroup { id: "S1".into(), members, ..Default::default() };
        let followed = super::super::follow::follow(&old, Ok(&[group]), at("2026-06-01")).0;
        assert_eq!(preview(&old, &followed), ["3 people join pay by its Slack group"]);
        let none = step(&followed, &team(""), "2026-07-01");
        let lines = ["team pay follows no Slack group any more", "3 people leave pay by its Slack group"];
        assert_eq!(preview(&followed, &none), lines);
    }

    /// What a file declares of a new team stands in its preview, and an instant is a local time.
    #[test]
    fn a_preview_tells_what_a_new_team_is_and_when_in_local_time() {
        let old = step(&Org::default(), "time_zone='Europe/Berlin'\n[[teams]]\nid='shop'\nservices=['x']", "2026-01-01");
        let file = "time_zone='Europe/Berlin'\n[[teams]]\nid='shop'\n[[teams]]\nid='pay'\nname='Payments'\nparent='shop'\ntime_zone='Asia/Tokyo'\n\
                    visibility='team'\ntargets={change_lead_time='5d'}\nservices=['x']";
        let after = apply(&old, OrgFile::parse(file).unwrap(), At::parse("2026-11-24T11:18:22.389486Z").unwrap()).unwrap();
        let lines = [
            "team pay is new in shop",
            "team pay is called Payments",
            "the target change_lead_time of team pay is 5d",
            "team pay counts its days in Asia/Tokyo",
            "team pay shows its figures to its members only",
            "x moves from shop to pay from 2026-11-24 12:18",
        ];
        assert_eq!(preview(&old, &after), lines);
    }

    /// What grows with the square of the teams takes minutes here: a chain of parents, and as many services that move.
    #[test]
    fn thousands_of_teams_are_read_applied_and_asked_in_seconds() {
        const TEAMS: usize = 4_000;
        let chain = |shift: usize| -> String {
            let team = |n: usize| {
                let parent = if n == 0 { String::new() } else { format!("parent='t{}'\n", n - 1) };
                format!("[[teams]]\nid='t{n}'\n{parent}services=['s{}']\nmembers=['p{}']\n", (n + shift) % TEAMS, (n + shift) % TEAMS)
            };
            (0..TEAMS).map(team).collect()
        };
        let begun = std::time::Instant::now();
        let first = step(&Org::default(), &chain(0), "2026-01-01");
        let then = step(&first, &chain(1), "2026-06-01");
        assert_eq!(preview(&first, &then).len(), 2 * TEAMS);
        assert_eq!(then.owned("t0").len(), TEAMS);
        assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
    }

    /// Which of three teams lists which of three services; no entry says a date.
    fn plain_file() -> impl Strategy<Value = Vec<Vec<bool>>> {
        proptest::collection::vec(proptest::collection::vec(any::<bool>(), 4), 3)
    }

    fn file_of(teams: &[Vec<bool>]) -> OrgFile {
        let mut file = OrgFile::default();
        for (id, bits) in ["a", "b", "c"].iter().zip(teams) {
            let services: Entries =
                ["x", "y", "z"].iter().zip(bits).filter(|(_, on)| **on).map(|(name, _)| ((*name).to_owned(), Span::ALWAYS)).collect();
            if bits[3] {
                file.declared.teams.insert((*id).to_owned(), Team { members: services.clone(), services, ..Team::default() });
            }
        }
        file
    }

    proptest! {
        #[test]
        fn history_is_never_rewritten(files in proptest::collection::vec(plain_file(), 1..5)) {
            let mut org = Org::default();
            for (step, teams) in files.iter().enumerate() {
                let now = At(i64::try_from(step).unwrap() * 10 + 10);
                let next = apply(&org, file_of(teams), now).unwrap();
                prop_assert_eq!(&apply(&next, file_of(teams), now.plus(5)).unwrap(), &next);
                for before in (0..now.0).map(At) {
                    for service in ["x", "y", "z"] {
                        let holders = |org: &Org| org.owners(service).iter().filter(|(_, span)| span.holds(before)).map(|(id, _)| (*id).to_owned()).collect::<Vec<_>>();
                        if !org.owners(service).is_empty() {
                            prop_assert_eq!(holders(&next), holders(&org), "{} at {:?}", service, before);
                        }
                    }
                }
                for (id, bits) in ["a", "b", "c"].iter().zip(teams) {
                    for (name, on) in ["x", "y", "z"].iter().zip(bits) {
                        let owns = next.owned(id).iter().any(|(service, span)| service == name && span.holds(now));
                        prop_assert_eq!(owns, *on && bits[3]);
                    }
                }
                org = next;
            }
        }
    }
}
