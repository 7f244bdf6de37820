//! The shapes of the organisation file, as `sources.md` documents them, and what is said when a file does not have them.
//!
//! Why every mistake at once: a file is written by hand and applied seldom; one mistake a run would be a slow game. Only a
//! mistake of TOML itself, or an unknown key, stands alone.
//!
//! Why what stands already is not refused again ([`OrgFile::parse_over`]): rules grow stricter, and an organisation that was
//! taken under the old ones must still be exported, changed in Slack and applied again.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use toml::{Spanned, Value};

use super::Org;
use crate::domain::survey::file::RawSurvey;

/// An organisation file, read and checked. Its spans are as the file says them: an open beginning means "not said".
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OrgFile {
    /// What the file declares.
    pub declared: Org,
    /// Where its entries stand.
    pub(super) lines: EntryLines,
}

/// Lines, counted from 1, by team and name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct EntryLines {
    pub(super) services: BTreeMap<(String, String), usize>,
    pub(super) members: BTreeMap<(String, String), usize>,
}

/// Bytes that a file may have; it is read whole, and every version of it is kept.
const MOST_BYTES: usize = 2_000_000;
/// Teams that a file may have.
const MOST_TEAMS: usize = 5_000;

impl OrgFile {
    /// Reads a TOML file.
    ///
    /// # Errors
    /// All that is wrong in it, with lines.
    pub fn parse(text: &str) -> Result<Self, FileError> {
        Self::parse_over(text, &Org::default())
    }

    /// Reads the bytes of a TOML file where an organisation stands already.
    ///
    /// # Errors
    /// As [`OrgFile::parse_over`], and where they are no text, or too many.
    pub fn parse_bytes(bytes: &[u8], known: &Org) -> Result<Self, FileError> {
        if bytes.len() > MOST_BYTES {
            return Err(FileError::of(None, "the file has more than 2 MB, the most that an organisation file may have"));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line = 1 + bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count();
            FileError::of(Some(line), "this is not UTF-8 text: save the file as UTF-8 and try again")
        })?;
        Self::parse_over(text, known)
    }

    /// Reads a TOML file where an organisation stands already: what it has of it is not refused again by rules that came later.
    ///
    /// # Errors
    /// All that is wrong in it, with lines.
    pub fn parse_over(text: &str, known: &Org) -> Result<Self, FileError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.len() > MOST_BYTES {
            return Err(FileError::of(None, "the file has more than 2 MB, the most that an organisation file may have"));
        }
        let raw: RawFile = toml::from_str(text).map_err(|error| brackets(text).unwrap_or_else(|| unread(text, &error)))?;
        if raw.teams.len() > MOST_TEAMS {
            let message = format!("the file has {} teams: an organisation has at most 5,000", raw.teams.len());
            return Err(FileError::of(None, &message));
        }
        let mut problems = Problems::new(text);
        let declared = super::read::organisation(&raw, &mut problems);
        super::check::all(&raw, &declared, &mut problems);
        super::check::strictly(&raw, &declared, known, &mut problems);
        problems.found.sort_by_key(|problem| problem.line);
        if !problems.found.is_empty() {
            return Err(FileError { problems: problems.found });
        }
        let lines = EntryLines {
            services: entry_lines(&raw, &problems, |team| &team.services, "id"),
            members: entry_lines(&raw, &problems, |team| &team.members, "person"),
        };
        Ok(Self { declared, lines })
    }
}

/// What TOML itself says.
fn unread(text: &str, error: &toml::de::Error) -> FileError {
    let mut problems = Problems::new(text);
    let message = error.message().lines().collect::<Vec<_>>().join("; ");
    match error.span() {
        Some(span) => problems.add(span, message),
        None => problems.found.push(Problem { line: None, message }),
    }
    FileError { problems: problems.found }
}

/// `[teams]` where `[[teams]]` is meant: TOML's own words for it are "invalid type: map, expected a sequence".
fn brackets(text: &str) -> Option<FileError> {
    let table: toml::Table = toml::from_str(text).ok()?;
    let lists = ["teams", "services", "people", "objectives", "projects", "survey.categories", "survey.items"];
    let at = |path: &str| {
        path.split('.').try_fold(None, |above: Option<&Value>, key| Some(Some(above.map_or_else(|| table.get(key), |it| it.get(key))?)))
    };
    let single = lists.into_iter().find(|path| at(path).flatten().is_some_and(Value::is_table))?;
    let head = |line: &str| line.trim_start().strip_prefix('[').is_some_and(|rest| rest.trim_start().starts_with(single));
    let line = text.lines().position(head).map(|index| index + 1);
    Some(FileError::of(line, &format!("write `[[{single}]]` with two brackets above each entry: `[{single}]` is a single table")))
}

/// Where the entries of a list stand, the first of each name.
fn entry_lines(
    raw: &RawFile,
    problems: &Problems,
    list: impl Fn(&RawTeam) -> &Vec<Spanned<Value>>,
    key: &str,
) -> BTreeMap<(String, String), usize> {
    let mut lines = BTreeMap::new();
    for team in &raw.teams {
        for entry in list(team) {
            let name = entry.get_ref().as_str().or_else(|| entry.get_ref().get(key)?.as_str()).unwrap_or_default();
            lines.entry((team.id.get_ref().clone(), name.to_owned())).or_insert_with(|| problems.line(entry.span().start));
        }
    }
    lines
}

/// Why a file was refused: nothing of it was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError {
    /// In the order of the file; never empty.
    pub problems: Vec<Problem>,
}

impl FileError {
    fn of(line: Option<usize>, message: &str) -> Self {
        Self { problems: vec![Problem { line, message: message.to_owned() }] }
    }
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, counted from 1, if known.
    pub line: Option<usize>,
    /// What is wrong, in a sentence without its full stop.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(out, "line {line}: {}.", self.message),
            None => write!(out, "{}.", self.message),
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.problems.iter().enumerate() {
            write!(out, "{}{problem}", if at == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for FileError {}

/// Mistakes as they are found in a text.
pub(super) struct Problems {
    /// Where the lines of the text end, in order.
    ends: Vec<usize>,
    found: Vec<Problem>,
}

impl Problems {
    fn new(text: &str) -> Self {
        Self { ends: text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect(), found: Vec::new() }
    }

    /// The line of a place, counted from 1.
    fn line(&self, place: usize) -> usize {
        1 + self.ends.partition_point(|end| *end < place)
    }

    /// Notes a mistake at a place of the text.
    pub(super) fn add(&mut self, at: Range<usize>, message: impl Into<String>) {
        self.found.push(Problem { line: Some(self.line(at.start)), message: message.into() });
    }

    /// What was read, or a note.
    pub(super) fn keep<T>(&mut self, at: Range<usize>, read: Result<T, String>) -> Option<T> {
        read.map_err(|message| self.add(at, message)).ok()
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawFile {
    pub(super) time_zone: Option<Spanned<String>>,
    pub(super) calendar: RawCalendar,
    pub(super) teams: Vec<RawTeam>,
    pub(super) services: Vec<RawService>,
    pub(super) people: Vec<RawPerson>,
    pub(super) objectives: Vec<RawObjective>,
    pub(super) projects: Vec<RawProject>,
    pub(super) survey: RawSurvey,
    pub(super) investment: RawInvestment,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawCalendar {
    pub(super) holidays: Vec<Spanned<Value>>,
    pub(super) working_days: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTeam {
    pub(super) id: Spanned<String>,
    pub(super) name: Option<String>,
    pub(super) parent: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) services: Vec<Spanned<Value>>,
    #[serde(default)]
    pub(super) members: Vec<Spanned<Value>>,
    #[serde(default)]
    pub(super) leads: Vec<Spanned<String>>,
    pub(super) visibility: Option<Spanned<String>>,
    pub(super) time_zone: Option<Spanned<String>>,
    pub(super) slack_group: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) channels: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) targets: BTreeMap<String, Spanned<Value>>,
}

/// An entry of `services` in its long form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOwned {
    pub(super) id: String,
    pub(super) from: Option<Value>,
    pub(super) until: Option<Value>,
}

/// An entry of `members` in its long form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMember {
    pub(super) person: String,
    pub(super) from: Option<Value>,
    pub(super) until: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawService {
    pub(super) id: Spanned<String>,
    pub(super) repository: Option<String>,
    #[serde(default)]
    pub(super) paths: Vec<Spanned<String>>,
    pub(super) tags: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) environments: Vec<String>,
    pub(super) incident_window: Option<Spanned<String>>,
    pub(super) deploys_by: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPerson {
    pub(super) id: Spanned<String>,
    pub(super) slack: Option<String>,
    #[serde(default)]
    pub(super) emails: Vec<String>,
    #[serde(default)]
    pub(super) aliases: BTreeMap<String, String>,
    pub(super) fte: Option<Spanned<f64>>,
    #[serde(default)]
    pub(super) bot: bool,
    #[serde(default)]
    pub(super) away: Vec<Spanned<Value>>,
}

/// An entry of `away`: days, both included. No times and no reasons.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAway {
    pub(super) from: Value,
    pub(super) until: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawObjective {
    pub(super) id: Spanned<String>,
    pub(super) name: Option<String>,
    pub(super) owner: Option<String>,
    pub(super) period: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawProject {
    pub(super) id: Spanned<String>,
    pub(super) name: Option<String>,
    pub(super) priority: Option<Spanned<Value>>,
    pub(super) planned_share: Option<Spanned<Value>>,
    pub(super) due: Option<Spanned<Value>>,
    pub(super) objective: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) epics: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) labels: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) repositories: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) paths: Vec<Spanned<String>>,
    pub(super) category: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawInvestment {
    pub(super) labels: BTreeMap<String, Spanned<String>>,
    pub(super) commit_types: BTreeMap<String, Spanned<String>>,
    pub(super) repositories: BTreeMap<String, Spanned<String>>,
    pub(super) unplanned: Option<Vec<Spanned<String>>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
time_zone = "Europe/Berlin"
[calendar]
holidays = ["2026-12-25", 2026-12-26]
working_days = ["mon", "Tuesday"]
[[teams]]
id = "tribe"
[[teams]]
id = "payments"
name = "Payments"
parent = "tribe"
services = ["checkout", { id = "ledger", from = 2026-05-01, until = "2026-06-01T12:00:00Z" }, { id = "ledger", from = 2026-07-01T10:00:00 }]
members = [{ person = "u1", from = 2026-01-01 }, "u2"]
leads = ["u1", "u2", "U0LEAD"]
visibility = "team"
time_zone = "America/New_York"
slack_group = "S1"
channels = ["C1", "G2"]
targets = { change_lead_time = "2d", deployment_frequency = "5/week", change_fail_rate = "10%" }
[[services]]
id = "checkout"
repository = "acme/shop"
paths = ["checkout/**"]
tags = "checkout-v*"
environments = ["production"]
incident_window = "48h"
deploys_by = "workflow:Deploy"
[[people]]
id = "u1"
slack = "U1"
emails = ["u1@example.com"]
aliases = { github = "u-one" }
fte = 1
bot = false
away = [{ from = 2026-12-28, until = "2026-12-31" }, { from = 2026-12-21, until = 2026-12-21 }]
[[objectives]]
id = "grow"
name = "Grow"
owner = "u1"
period = "2026-Q4"
[[projects]]
id = "wallet"
name = "Wallet"
priority = 1
planned_share = 0.3
due = 2026-12-01
objective = "grow"
epics = ["PAY-1"]
labels = ["wallet"]
repositories = ["acme/wallet"]
paths = ["wallet/**"]
category = "new"
[investment]
labels = { bug = "ktlo" }
commit_types = { feat = "improving" }
repositories = { "acme/infra" = "productivity" }
unplanned = ["incident"]
[[survey.categories]]
id = "first_weeks"
[[survey.categories.items]]
id = "first_weeks_hard"
kind = "effort"
reversed = true
text = "How hard were your first weeks?"
[[survey.items]]
category = "ci"
id = "ci_queue"
kind = "often"
text = "How often did you wait for a runner?"
"#;

    #[test]
    fn every_documented_shape_is_read() {
        let org = OrgFile::parse(WHOLE).unwrap_or_else(|error| panic!("{error}")).declared;
        let team = &org.teams["payments"];
        let from = |index: usize| team.services[index].1.from.map(crate::domain::time::At::rfc3339);
        assert_eq!(team.services[0], ("checkout".into(), crate::domain::org::Span::ALWAYS));
        assert_eq!(from(1).as_deref(), Some("2026-05-01T04:00:00Z")); // midnight in New York
        assert_eq!(team.services[1].1.until.map(crate::domain::time::At::rfc3339).as_deref(), Some("2026-06-01T12:00:00Z"));
        assert_eq!(from(2).as_deref(), Some("2026-07-01T14:00:00Z"));
        assert_eq!((team.members.len(), team.targets["change_lead_time"], team.targets["deployment_frequency"]), (2, 172_800.0, 5.0));
        assert_eq!((team.slack_group.as_deref(), team.channels.join(" ")), (Some("S1"), "C1 G2".into()));
        assert_eq!(org.services["checkout"].incident_window, Some(48 * crate::domain::time::HOUR));
        assert_eq!((org.calendar.holidays.len(), org.calendar.working_days.join(" ")), (2, "mon tue".into()));
        assert_eq!(org.projects["wallet"].due.map(|due| due.to_string()).as_deref(), Some("2026-12-01"));
        assert_eq!(team.leads, ["u1", "u2", "U0LEAD"]);
        let away: Vec<String> = org.people["u1"].away.iter().map(|(from, until)| format!("{from} {until}")).collect();
        assert_eq!(away, ["2026-12-21 2026-12-21", "2026-12-28 2026-12-31"], "in the order of days");
        assert_eq!((org.survey.categories[0].name.as_str(), org.survey.items[0].id.as_str()), ("first weeks", "ci_queue"));
        assert_eq!(
            (org.projects["wallet"].repositories.join(" "), org.projects["wallet"].paths.join(" ")),
            ("acme/wallet".into(), "wallet/**".into())
        );
        assert_eq!((org.investment.labels["bug"].as_str(), org.investment.commit_types["feat"].as_str()), ("ktlo", "improving"));
        assert_eq!(
            (org.investment.repositories["acme/infra"].as_str(), org.investment.unplanned.as_deref()),
            ("productivity", Some(&["incident".to_owned()][..]))
        );
        assert_eq!(OrgFile::parse("").unwrap().declared, Org::default());
    }

    #[test]
    fn what_could_never_hold_is_refused_unless_it_stands_already() {
        let check = |text: &str, expect: &str| {
            let error = OrgFile::parse(text).expect_err(text).to_string();
            assert!(error.lines().any(|line| line.contains(expect)), "{text}\n{error}");
        };
        let mut standing = Org::default();
        for id in ["a<b", "a>b", "a&b", "<!here>", "a\u{202e}b", "a\u{200b}b"] {
            for kind in ["teams", "services", "people", "objectives", "projects"] {
                check(&format!("[[{kind}]]\nid = '{id}'"), "line 2: the id `");
                check(&format!("[[{kind}]]\nid = '{id}'"), "or a letter that nobody sees.");
            }
            standing.teams.insert(id.into(), super::super::Team::default());
            OrgFile::parse_over(&format!("[[teams]]\nid = '{id}'"), &standing).unwrap_or_else(|error| panic!("{error}"));
        }
        // A name from events may be owned, whatever it is.
        OrgFile::parse("[[teams]]\nid='a'\nservices=['R&D']").expect("a service of an event");
        let service = |keys: &str| format!("[[services]]\nid='x'\n{keys}");
        check(&service("repository='o/r'\npaths=['a/**', '']"), "line 4: `` in `paths` of service `x`: an empty path matches no file.");
        check(&service("repository='o/r'\npaths=['../x']"), "line 4: `../x` in `paths` of service `x`: a path with `..` matches no file");
        check(&service("repository='o/r'\npaths=['!a/**']"), "line 4: `!a/**` in `paths` of service `x`: a path that begins with `!`");
        check(&service("paths=['a/**']"), "line 3: the `paths` of service `x` need its `repository`, such as `acme/shop`");
        check(&service("incident_window='0h'"), "line 3: `incident_window` of service `x` is no time at all");
        OrgFile::parse(&service("repository='o/r'\npaths=['/abs/**', './b']\nincident_window='1h'")).expect("from the top, as glob says");
        standing.services.insert("x".into(), super::super::Service { paths: vec!["!a/**".into()], ..Default::default() });
        OrgFile::parse_over(&service("paths=['!a/**']"), &standing).expect("as it stands");
        OrgFile::parse_over(&service("paths=['!b/**']"), &standing).expect_err("changed, it is looked at");
        let days = "[calendar]\nholidays=['2026-12-25', 2026-12-25]\nworking_days=['mon', 'Monday']";
        check(days, "line 2: `2026-12-25` stands in `holidays` twice.");
        check(days, "line 3: `Monday` stands in `working_days` twice.");
    }

    #[test]
    fn a_file_that_is_no_such_file_is_told_in_a_sentence() {
        let refused = |bytes: &[u8]| OrgFile::parse_bytes(bytes, &Org::default()).expect_err("refused").to_string();
        assert_eq!(
            refused(b"[teams]\nid = 'a'"),
            "line 1: write `[[teams]]` with two brackets above each entry: `[teams]` is a single table."
        );
        assert_eq!(
            refused(b"[[teams]]\nid = 'a'\n[survey.items]\nid = 'a'"),
            "line 3: write `[[survey.items]]` with two brackets above each entry: `[survey.items]` is a single table."
        );
        assert_eq!(
            refused(b"\n[services.x]\nid = 'a'").lines().next().map(|line| line.contains("line 2: write `[[services]]`")),
            Some(true)
        );
        assert_eq!(refused(b"# ok\n[[teams]]\nid = 'caf\xe9'"), "line 3: this is not UTF-8 text: save the file as UTF-8 and try again.");
        let many = |teams: usize| (0..teams).fold(String::new(), |all, n| all + &format!("[[teams]]\nid='t{n}'\n"));
        assert_eq!(refused(many(MOST_TEAMS + 1).as_bytes()), "the file has 5001 teams: an organisation has at most 5,000.");
        assert_eq!(OrgFile::parse(&many(MOST_TEAMS)).map(|file| file.declared.teams.len()), Ok(MOST_TEAMS));
        assert!(refused(&vec![b'#'; MOST_BYTES + 1]).starts_with("the file has more than 2 MB"));
    }

    #[test]
    fn each_mistake_is_one_sentence_with_its_line() {
        let check = |text: &str, expect: &str| {
            let error = OrgFile::parse(text).expect_err(text).to_string();
            assert!(error.lines().any(|line| line.contains(expect)), "{text}\n{error}");
        };
        check("[[teams]]\nid = 'a'\nparent = 'b'", "line 3: the parent `b` of team `a` is not in `[[teams]]`.");
        check(
            "[[teams]]\nid='a'\nparent='b'\n[[teams]]\nid='b'\nparent='c'\n[[teams]]\nid='c'\nparent='a'",
            "line 3: teams are in a ring of parents: `a` in `b` in `c` in `a`.",
        );
        check("[[teams]]\nid='a'\nparent='a'", "ring of parents: `a` in `a`");
        check(
            "[[teams]]\nid='a'\nparent='c'\n[[teams]]\nid='b'\nparent='c'\n[[teams]]\nid='c'\nparent='b'",
            "line 6: teams are in a ring of parents: `b` in `c` in `b`.",
        );
        check("[[teams]]\nid = 'a'\n[[teams]]\nid = 'A'", "line 4: the team `A` is declared twice.");
        check(
            "[[teams]]\nid='a'\nservices=[{id='x', from=2026-05-01, until=2026-04-01}]",
            "line 3: `x` in `services` ends before it begins.",
        );
        check(
            "[[teams]]\nid='a'\nservices=['x', {id='x', from=2026-04-01}]",
            "line 3: `x` stands in `services` of team `a` twice at the same time.",
        );
        check("[[teams]]\nid='a'\nmembers=['u1', 'u1']", "`u1` stands in `members` of team `a` twice");
        check("[[teams]]\nid='a'\nmembers=[{id='u1'}]", "line 3: an entry of `members` is wrong: unknown field `id`");
        check("[[teams]]\nid='a'\nmembers=[{person='u1', from='soon'}]", "`soon` is not a date");
        check(
            "[[teams]]\nid='a'\nleads=[\n'nobody']",
            "line 4: the lead `nobody` of team `a` is not in `[[people]]` and no member of a team",
        );
        check("[[teams]]\nid='a'\nmembers=['u1']\nleads=['u1', 'u1']", "line 4: `u1` stands in `leads` of team `a` twice.");
        let away = |entry: &str| format!("[[people]]\nid='u1'\naway=[{entry}]");
        check(&away("{from=2026-12-31, until=2026-12-21}"), "line 3: the absence of `u1` from 2026-12-31 ends before it begins");
        check(&away("{from=2026-12-21T10:00:00, until=2026-12-31}"), "line 3: `2026-12-21T10:00:00` is not a date");
        check(&away("{from=2026-12-21}"), "line 3: an entry of `away` is wrong: missing field `until`");
        check(&away("{from=2026-12-21, until=2026-12-22, why='rest'}"), "line 3: an entry of `away` is wrong: unknown field `why`");
        check("[[projects]]\nid='p'\nobjective='o'", "line 3: the objective `o` of project `p` is not in `[[objectives]]`.");
        check("[[projects]]\nid='p'\nplanned_share=30.0", "line 3: `planned_share` of `p` is 30: it is a fraction between 0 and 1.");
        check(
            "[[projects]]\nid='p'\nplanned_share='20%'",
            "line 3: `planned_share` of `p` is \"20%\": write a fraction between 0 and 1, such as 0.2.",
        );
        for priority in ["-1", "0.5", "'high'", "5000000000"] {
            let said = priority.replace('\'', "\"");
            check(
                &format!("[[projects]]\nid='p'\npriority={priority}"),
                &format!("line 3: `priority` of `p` is {said}: write a whole number such as 1, which is the most urgent."),
            );
        }
        for key in ["epics", "labels"] {
            check(&format!("[[projects]]\nid='p'\n{key}=['A-1', ' ']"), &format!("line 3: an entry of `{key}` of project `p` is empty"));
        }
        check(
            "[[projects]]\nid='p'\nplanned_share=0",
            "line 3: `p` has a planned share of 0 %; write one above 0 and up to 1, or leave it out.",
        );
        check(
            "[[projects]]\nid='p'\nplanned_share=0.7\n[[projects]]\nid='q'\nplanned_share=0.4",
            "line 6: the planned shares add up to 110 %, more than there is; lower them to 100 % or less.",
        );
        let none = "is no category: write `ktlo`, `new`, `improving` or `productivity`.";
        check("[[projects]]\nid='p'\ncategory='fun'", &format!("line 3: `fun` {none}"));
        for key in ["labels", "commit_types", "repositories"] {
            check(&format!("[investment]\n{key} = {{ 'acme/x' = 'fun' }}"), &format!("line 2: `fun` {none}"));
        }
        check("[investment]\nunplanned = ['a', ' ']", "line 2: an entry of `unplanned` is empty: write a label or a kind of item");
        check("[investment]\nlabel = { bug = 'ktlo' }", "line 2: unknown field `label`");
        check("[[projects]]\nid='p'\npaths=['pay/{a']", "line 3: `pay/{a` is not a glob of files");
        check(
            "[[projects]]\nid='p'\nrepositories=['shop']",
            "line 3: `shop` in `repositories` of project `p` is no repository: write it with its owner, such as `acme/shop`.",
        );
        check("time_zone='Mars/Base'", "line 1: `Mars/Base` is not a time zone");
        check("[[services]]\nid='my service'", "line 2: the id `my service` of a service is empty or has a space");
        check("[[teams]]\nid='all'", "no team may have the id `all`");
        check("[[teams]]\nid='a'\ntargets={velocity='2d'}", "`deployment_frequency`, `change_lead_time`");
        check("[[teams]]\nid='a'\nvisibility='none'", "`visibility` is `none`: it may be `organisation`, `team`.");
        check("[[services]]\nid='a'\ndeploys_by='workflow:'", "`deploys_by` is `workflow:`");
        check("[[services]]\nid='a'\ndeploys_by='workflow:NAME'\nincident_window='2'", "`2` is not a duration");
        check("[[services]]\nid='a'\npaths=['a/**', 'pay/{a']", "line 3: `pay/{a` is not a glob of files");
        check("[[services]]\nid='a'\ntags='v[9-0]'", "line 3: `v[9-0]` is not a glob of tags");
        check("[[teams]]\nid='a'\n\nnmae='A'", "line 4: unknown field `nmae`");
        check("[[teams]]\nname='A'", "missing field `id`");
        check("[[teams]", "line 1:");
        check("[[people]]\nid='a'\nslack='U1'\n[[people]]\nid='b'\nslack='U1'", "line 5: `U1` stands with two people, `a` and `b`.");
        check(
            "[[people]]\nid='a'\nemails=['x@y.org']\n[[people]]\nid='b'\nemails=['X@y.org']",
            "line 5: `X@y.org` stands with two people, `a` and `b`.",
        );
        let alias = |one: &str, two: &str| format!("[[people]]\nid='a'\naliases={{ {one} }}\n[[people]]\nid='b'\naliases={{ {two} }}");
        check(&alias("github='octo'", "github='Octo'"), "line 5: `Octo` at `github` stands with two people, `a` and `b`.");
        assert!(OrgFile::parse(&alias("github='octo'", "jira='octo'")).is_ok(), "two tools may know two people by one name");
        check("[[services]]\nid='a'\npaths=[\n'a/**',\n'b/{c']", "line 5: `b/{c` is not a glob of files: unclosed alternate group");
        let channels = |one: &str, two: &str| format!("[[teams]]\nid='a'\nchannels=[{one}]\n[[teams]]\nid='b'\nchannels=[{two}]");
        check(&channels("'C1'", "'C2', 'C1'"), "line 6: the channel `C1` stands with two teams, `a` and `b`.");
        check(
            &channels("'#payments'", ""),
            "line 3: `#payments` is not the id of a channel: Slack shows it at the end of the channel's details",
        );
        check("[[teams]]\nid='a'\nslack_group='@payments'", "line 3: `@payments` is not the id of a Slack user group");
        check("[calendar]\nworking_days=['someday']", "line 2: `someday` is not a day of the week");
        check("[calendar]\nworking_days=['money']", "line 2: `money` is not a day of the week");
        let dates = "[calendar]\nholidays = [\n '2026-02-30',\n 2026-12-25,\n 'Easter',\n 2026-12-25T10:00:00,\n 7]";
        for expect in
            ["line 3: `2026-02-30` is not a date", "line 5: `Easter` is not", "line 6: `2026-12-25T10:00:00` is", "line 7: `7` is not"]
        {
            check(dates, expect);
        }
    }
}
